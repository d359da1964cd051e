/* x87_double.c - STELE_X87=double: the x87's numbers kept as doubles, for speed; asked for by name, never the default.
 *
 * While x87_static.sure holds, every slot is a double (tr/x87.h, X87_DOUBLE). Arithmetic is the host's, in MXCSR's
 * rounding mode: exceptions gather in MXCSR; no C1, no precision control, FIP stays. Conversions to integers heed the
 * control word. Whatever has no simple double (a long double in memory that is none, an integer out of range, all other
 * instructions) is done whole in C, which computes with 80 bits and keeps the nearest double.
 */
#include "tr/x87_emit.h"
#include "tr/vec.h"

#define FCW  offsetof(struct cpu, fcw)
#define SW   offsetof(struct cpu, x87.sw)

static void get(struct tr *c, int v, int i) { a_ldrv_i(c, 8, v, R_CPU, x87_place(c, i)); }
static void put(struct tr *c, int i, int v) { a_strv_i(c, 8, v, R_CPU, x87_place(c, i)); }

/* The memory operand as a double in v. */
static void operand(struct tr *c, struct insn *i, union x87_desc d, int v)
{
	int w = x87_memory(i)->w;
	struct ea m = tr_ea(c, i, w == 10 ? 8 : w);

	switch ((enum x87_fmt)d.fmt) {
	case X87_F64:
		tr_loadv(c, m, 8, v);
		break;
	case X87_F32:
		tr_loadv(c, m, 4, v);
		a_fcvt(c, 8, 4, v, v);
		break;
	case X87_F80:
		tr_load(c, m, 8, T2);
		tr_load(c, tr_ea_off(c, m, 2, 8), 2, AS);
		a_mov(c, 8, AM, T2);
		x87_routine(c, X87_FAST_ST64, true);
		a_fmov_vx(c, 8, v, AM);
		break;
	default:
		tr_loads(c, m, w, 8, T2);
		a_scvtf(c, 8, 8, v, T2);
	}
}

static bool load(struct tr *c, struct insn *i, union x87_desc d)
{
	static const u64 constants[7] = {
		0x3ff0000000000000, 0x400a934f0979a371, 0x3ff71547652b82fe, 0x400921fb54442d18,
		0x3fd34413509f79ff, 0x3fe62e42fefa39ef, 0,
	};
	bool reg = d.op == X87_LD && d.fmt == X87_REG;

	if (d.fmt == X87_BCD || !x87_begin(c, i, reg ? x87_bit(c, d.i) : 0, x87_bit(c, 7)))
		return false;
	if (d.op == X87_LDC) {
		if (constants[d.i])
			a_mov_i(c, 8, T0, constants[d.i]);
		a_str_i(c, 8, constants[d.i] ? T0 : XZR, R_CPU, x87_place(c, 7));
	} else {
		if (reg)
			get(c, V_A, d.i);
		else
			operand(c, i, d, V_A);
		put(c, 7, V_A);
	}
	x87_done(c, i);
	return true;
}

/* AM = V_A as an integer of w bytes. */
static void to_integer(struct tr *c, union x87_desc d, int w)
{
	u32 *done = 0;

	a_fmov_xv(c, 8, T0, V_A);                       /* |a| < 2^63? */
	a_ubfx(c, 8, T0, T0, 52, 11);
	a_sub_i(c, 4, T0, T0, 1023 + 63);
	a_tbz(c, T0, 31, 0);
	tr_x87_branch(c, X87_NOP);
	if (d.op != X87_STT) {
		a_ldr_i(c, 4, T0, R_CPU, FCW);
		a_ubfx(c, 4, T0, T0, 10, 2);
		a_fcvtns(c, 8, 8, AM, V_A);
		done = c->code.p;
		a_cbz(c, 4, T0, 0);
		a_sub_i(c, 4, T0, T0, 3);
		a_cbnz(c, 4, T0, 0);
		tr_x87_branch(c, X87_NOP);
	}
	a_fcvtzs(c, 8, 8, AM, V_A);
	if (done)
		a_bind(c, done);
	if (w == 8)
		return;
	a_sbfx(c, 8, T0, AM, 0, 8 * w);
	a_eor(c, 8, T0, T0, AM);
	a_cbnz(c, 8, T0, 0);
	tr_x87_branch(c, X87_NOP);
}

static bool store(struct tr *c, struct insn *i, union x87_desc d)
{
	const struct opnd *m = x87_memory(i);

	if (d.fmt == X87_BCD || !x87_begin(c, i, x87_bit(c, 0), 0))
		return false;
	if (d.fmt != X87_REG || d.i)
		get(c, V_A, 0);
	switch ((enum x87_fmt)d.fmt) {
	case X87_REG:
		if (d.i) {
			put(c, d.i, V_A);
			tr_x87_write(c, x87_unknown(c, d.i), 0);
		}
		break;
	case X87_F64:
		tr_storev(c, tr_ea(c, i, 8), 8, V_A);
		break;
	case X87_F32:
		a_fcvt(c, 4, 8, V_A, V_A);
		tr_storev(c, tr_ea(c, i, 4), 4, V_A);
		break;
	case X87_F80:
		a_fmov_xv(c, 8, T2, V_A);
		x87_widen(c, 8, T2, AM, AS);
		tr_x87_store(c, i, 10, AM, AS);
		break;
	default:
		to_integer(c, d, m->w);
		tr_x87_store(c, i, m->w, AM, 0);
	}
	x87_done(c, i);
	return true;
}

/* dst = dst op src, or src op dst */
static bool arithmetic(struct tr *c, struct insn *i, union x87_desc d)
{
	bool reg = d.fmt == X87_REG, swap = d.op == X87_SUBR || d.op == X87_DIVR, rare = d.op == X87_DIV || d.op == X87_DIVR;
	int dst = d.to_i ? d.i : 0, src = d.to_i ? 0 : d.i, a = swap ? V_B : V_A, b = swap ? V_A : V_B;
	u8 used = x87_bit(c, 0) | (reg ? x87_bit(c, d.i) : 0);

	if (!x87_begin(c, i, used, 0))
		return false;
	if (!reg)
		operand(c, i, d, V_B);
	else if (src != dst)
		get(c, V_B, src);
	else
		a = b = V_A;
	get(c, V_A, dst);
	switch ((enum x87_op)d.op) {
	case X87_ADD: a_fadd(c, 8, V0t, a, b); break;
	case X87_MUL: a_fmul(c, 8, V0t, a, b); break;
	case X87_SUB: case X87_SUBR: a_fsub(c, 8, V0t, a, b); break;
	default:      a_fdiv(c, 8, V0t, a, b); break;
	}
	if (fp_fixes_nan(c, rare))
		fp_result(c, 8, false, V0t, a, b);
	put(c, dst, V0t);
	x87_done(c, i);
	return true;
}

/* C3, C2, C0 from NZCV as fcmp leaves it: 1 0 0 equal, 0 0 1 below, 1 1 1 unordered. Nothing else is in sw's upper byte. */
static void into_sw(struct tr *c)
{
	a_cset(c, 4, T0, CC_MI);
	a_mov_i(c, 4, T1, 0x40);
	a_csel(c, 4, T0, T1, T0, CC_EQ);
	a_mov_i(c, 4, T1, 0x45);
	a_csel(c, 4, T0, T1, T0, CC_VS);
	a_str_i(c, 1, T0, R_CPU, SW + 1);
}

static bool compare(struct tr *c, struct insn *i, union x87_desc d)
{
	bool reg = d.fmt == X87_REG, flags = d.op == X87_COMI || d.op == X87_UCOMI;
	bool keep = !flags && live(c, F_O | F_S | F_Z | F_C);
	u8 used = x87_bit(c, 0) | (reg && d.op != X87_TST ? x87_bit(c, d.i) : 0);

	if (!x87_begin(c, i, used, 0))
		return false;
	if (d.op != X87_TST && !reg)
		operand(c, i, d, V_B);
	else if (d.op != X87_TST && d.i)
		get(c, V_B, d.i);
	get(c, V_A, 0);
	if (keep)
		a_mrs(c, T3, SR_NZCV);
	if (d.op == X87_TST)
		a_fcmp_z(c, 8, V_A);
	else
		a_fcmp(c, 8, V_A, reg && !d.i ? V_A : V_B);
	if (flags) {
		c->cs = CS_FCMP;
		tr_need(c, CS_SUB);                     /* as code out of line leaves them */
	} else {
		into_sw(c);
	}
	if (keep)
		a_msr(c, SR_NZCV, T3);
	x87_done(c, i);
	return true;
}

/* ST(0) = f(ST(0)) */
static bool function(struct tr *c, struct insn *i, union x87_desc d)
{
	if (!x87_begin(c, i, x87_bit(c, 0), 0))
		return false;
	if (d.op == X87_RNDINT) {                       /* to nearest */
		a_ldr_i(c, 4, T0, R_CPU, FCW);
		a_and_i(c, 4, T0, T0, 0xc00);
		a_cbnz(c, 4, T0, 0);
		tr_x87_branch(c, X87_NOP);
	}
	get(c, V_A, 0);
	switch ((enum x87_op)d.op) {
	case X87_SQRT:
		a_fsqrt(c, 8, V0t, V_A);
		if (fp_fixes_nan(c, true))
			fp_result(c, 8, false, V0t, V_A, V_A);
		break;
	case X87_RNDINT: a_frintn(c, 8, V0t, V_A); break;
	case X87_CHS:    a_fneg(c, 8, V0t, V_A); break;
	default:         a_fabs(c, 8, V0t, V_A); break;
	}
	put(c, 0, V0t);
	x87_done(c, i);
	return true;
}

static bool exchange(struct tr *c, struct insn *i, union x87_desc d)
{
	u8 used = x87_bit(c, 0) | x87_bit(c, d.i);

	if (!x87_begin(c, i, used, 0))
		return false;
	if (d.i) {
		get(c, V_A, 0);
		get(c, V_B, d.i);
		put(c, 0, V_B);
		put(c, d.i, V_A);
	}
	x87_done(c, i);
	return true;
}

static bool move_if(struct tr *c, struct insn *i, union x87_desc d)
{
	u8 used = x87_bit(c, 0) | x87_bit(c, d.i);
	u32 *skip;

	if (!x87_begin(c, i, used, 0))
		return false;
	tr_x87_condition(c, i, T2);
	skip = c->code.p;
	a_tbz(c, T2, 0, 0);
	get(c, V_A, d.i);
	put(c, 0, V_A);
	a_bind(c, skip);
	x87_done(c, i);
	return true;
}

bool tr_x87_double(struct tr *c, struct insn *i)
{
	union x87_desc d = tr_x87_desc(i);

	switch ((enum x87_op)d.op) {
	case X87_ADD: case X87_MUL: case X87_SUB: case X87_SUBR: case X87_DIV: case X87_DIVR:
		return arithmetic(c, i, d);
	case X87_COM: case X87_UCOM: case X87_COMI: case X87_UCOMI: case X87_TST:
		return compare(c, i, d);
	case X87_SQRT: case X87_RNDINT: case X87_CHS: case X87_ABS:
		return function(c, i, d);
	case X87_LD: case X87_LDC: return load(c, i, d);
	case X87_ST: case X87_STT: return store(c, i, d);
	case X87_XCH:              return exchange(c, i, d);
	case X87_CMOV:             return move_if(c, i, d);
	case X87_LDCW:             return x87_ldcw_inline(c, i);
	case X87_FREE: case X87_INCSTP: case X87_DECSTP: case X87_NOP: case X87_WAIT:
		return x87_stack_inline(c, i, d);
	default:
		return false;
	}
}
