/* x87_inline.c - the x87's instructions as translated code.
 *
 * Loads, stores, exchanges, signs and movements of the stack are done here; arithmetic, compares and conversions of
 * ordinary numbers by the routines of rt/x87_fast.S, which change nothing but x6, x7, x11..x18, x30 and the flags.
 * Whatever these give up on, and an empty register, goes out of line and is done whole in C: until the end of an
 * instruction nothing of it may have changed.
 */
#include "tr/x87_emit.h"
#include "gen/decode.h"

#define SCRATCH(n) (offsetof(struct cpu, scratch) + 8 * (n))
#define SW         offsetof(struct cpu, x87.sw)
#define C1         offsetof(struct cpu, x87.c1)
#define PE         offsetof(struct cpu, x87.pe)
#define FCW        offsetof(struct cpu, fcw)

static void get(struct tr *c, int i, int m, int s) { a_ldp_i(c, 8, m, s, R_CPU, x87_place(c, i)); }
static void put(struct tr *c, int i, int m, int s) { a_stp_i(c, 8, m, s, R_CPU, x87_place(c, i)); }

bool x87_begin(struct tr *c, struct insn *i, u8 used, u8 free)
{
	u8 u = used & ~c->x87.used, f = free & ~c->x87.free;

	if (used & (c->x87.free | free) || free & c->x87.used || c->nx87_cold + 16 > countof(c->x87_cold))
		return false;
	tr_x87_flags(c, i);
	u = tr_x87_guard(c, u);
	if (x87_memory(i))                                  /* it may fault */
		tr_x87_sync(c);
	if (u | f)
		tr_x87_hold(c);
	for (int k = 7; k >= 0; k--)
		if ((u | f) >> k & 1) {
			(f >> k & 1 ? a_tbz : a_tbnz)(c, T5, k, 0);
			tr_x87_branch(c, X87_NOP);
		}
	c->x87.used |= used;
	c->x87.free |= free;
	return true;
}

void x87_done(struct tr *c, struct insn *i)
{
	union x87_desc d = tr_x87_desc(i);

	tr_x87_effect(&c->x87, d);
	tr_x87_end(c, i);
	if (d.op != X87_WAIT && d.op != X87_LDCW) {
		c->x87.ip = !c->env->x87_double;
		c->x87_last = i->pc;
	}
}

/* C1 = 0, unless the next instruction sets it anyway. */
static void clear_c1(struct tr *c, struct insn *i)
{
	struct insn *n = i + 1;

	if (c->env->x87_double)
		return;
	if (n < &c->ins[c->b->first + c->b->n] && tr_is_x87(n)) {
		union x87_desc d = tr_x87_desc(n);

		if (!x87_memory(n) && d.op < X87_LDCW && d.op != X87_NOP && d.op != X87_WAIT && d.op != X87_CMOV &&
		    d.op != X87_COMI && d.op != X87_UCOMI)
			return;
	}
	a_str_i(c, 1, XZR, R_CPU, C1);
}

void x87_routine(struct tr *c, enum x87_fast nr, bool keep_flags)
{
	bool keep = keep_flags && live(c, F_O | F_S | F_Z | F_C);

	if (keep) {
		a_mrs(c, T0, SR_NZCV);
		a_str_i(c, 8, T0, R_CPU, SCRATCH(3));
	}
	a_ldr_i(c, 8, X17, R_CPU, offsetof(struct cpu, x87.fast));
	a_ldr_i(c, 8, X17, X17, 8 * nr);
	a_blr(c, X17);
	c->page_ok = c->x87_held = false;
	if (keep) {
		a_ldr_i(c, 8, X15, R_CPU, SCRATCH(3));
		a_msr(c, SR_NZCV, X15);
	}
	if (nr != X87_FAST_ILD) {
		a_cbnz(c, 4, GAVE_UP, 0);
		tr_x87_branch(c, X87_NOP);
	}
}

void x87_widen(struct tr *c, int w, int raw, int m, int s)
{
	int frac = w == 8 ? 52 : 23, ebits = w == 8 ? 11 : 8;
	u32 *zero, *over;

	a_ubfx(c, 8, s, raw, frac, ebits);
	a_add_i(c, 4, T0, s, 1);
	a_and_i(c, 4, T0, T0, (1u << ebits) - 2);
	zero = c->code.p;
	a_cbz(c, 4, T0, 0);
	a_mov_i(c, 4, T0, 16383 - ((1 << (ebits - 1)) - 1));
	a_add(c, 4, s, s, T0);
	a_lsr_i(c, w, T0, raw, 8 * w - 1);
	a_lsl_i(c, 8, m, raw, 63 - frac);
	a_orr_i(c, 8, m, m, 1ull << 63);
	over = c->code.p;
	a_b(c, 0);
	a_bind(c, zero);
	a_lsl_i(c, 8, m, raw, 65 - 8 * w);
	a_cbnz(c, 8, m, 0);
	tr_x87_branch(c, X87_NOP);
	a_lsr_i(c, w, T0, raw, 8 * w - 1);
	a_bind(c, over);
	a_orr_sh(c, 4, s, s, T0, LSL, 15);
}

/* The memory operand into m, s. raw is for its bits on the way. */
static void operand(struct tr *c, struct insn *i, union x87_desc d, int m, int s)
{
	int w = x87_memory(i)->w;
	struct ea ea = tr_ea(c, i, w == 10 ? 8 : w);

	switch ((enum x87_fmt)d.fmt) {
	case X87_F32: case X87_F64:
		tr_load(c, ea, w, T2);
		x87_widen(c, w, T2, m, s);
		break;
	case X87_F80:
		tr_load(c, ea, 8, T2);
		tr_load(c, tr_ea_off(c, ea, 2, 8), 2, s);
		a_mov(c, 8, m, T2);
		break;
	default:
		tr_loads(c, ea, w, 8, AM);
		x87_routine(c, X87_FAST_ILD, true);
		if (m != AM) {
			a_mov(c, 8, m, AM);
			a_mov(c, 8, s, AS);
		}
	}
}

/* --- inline, one by one; false: nothing was emitted, it is to be done whole */

/* Those that are not exact are rounded to nearest here. */
static void constant(struct tr *c, int n)
{
	static const struct { u64 m; u16 se; bool exact; } k[7] = {
		{ 1ull << 63, 0x3fff, true }, { 0xd49a784bcd1b8afe, 0x4000 }, { 0xb8aa3b295c17f0bc, 0x3fff }, { 0xc90fdaa22168c235, 0x4000 },
		{ 0x9a209a84fbcff799, 0x3ffd }, { 0xb17217f7d1cf79ac, 0x3ffe }, { 0, 0, true },
	};

	if (!k[n].exact) {
		a_ldr_i(c, 4, T0, R_CPU, FCW);
		a_and_i(c, 4, T0, T0, 0xc00);
		a_cbnz(c, 4, T0, 0);
		tr_x87_branch(c, X87_NOP);
	}
	if (k[n].m) {
		a_mov_i(c, 8, AM, k[n].m);
		a_mov_i(c, 4, AS, k[n].se);
	}
	put(c, 7, k[n].m ? AM : XZR, k[n].m ? AS : XZR);
}

static bool load_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	bool reg = d.op == X87_LD && d.fmt == X87_REG;

	if (d.fmt == X87_BCD)
		return false;
	if (!x87_begin(c, i, reg ? x87_bit(c, d.i) : 0, x87_bit(c, 7)))
		return false;
	if (d.op == X87_LDC) {
		constant(c, d.i);
	} else {
		if (reg)
			get(c, d.i, AM, AS);
		else
			operand(c, i, d, AM, AS);
		put(c, 7, AM, AS);
	}
	clear_c1(c, i);
	x87_done(c, i);
	return true;
}

/* C1 and PE as a routine wants them, after the store that may fault: tr_ea and tr_store leave x16 alone. */
static void told(struct tr *c)
{
	a_ldr_i(c, 1, T2, R_CPU, PE);
	a_orr_sh(c, 4, TOLD, TOLD, T2, LSL, 8);
	a_str_i(c, 2, TOLD, R_CPU, C1);
}

static bool store_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	static const u8 nr[] = {
		[X87_F32] = X87_FAST_ST32, [X87_F64] = X87_FAST_ST64,
		[X87_I16] = X87_FAST_IST16, [X87_I32] = X87_FAST_IST32, [X87_I64] = X87_FAST_IST64,
	};

	if (d.fmt == X87_BCD || !x87_begin(c, i, x87_bit(c, 0), 0))
		return false;
	if (d.fmt == X87_REG) {
		if (d.i) {
			get(c, 0, AM, AS);
			put(c, d.i, AM, AS);
			tr_x87_write(c, x87_unknown(c, d.i), 0);
		}
		clear_c1(c, i);
	} else if (d.fmt == X87_F80) {
		get(c, 0, AM, AS);
		tr_x87_store(c, i, 10, AM, AS);
		clear_c1(c, i);
	} else {
		get(c, 0, AM, AS);
		x87_routine(c, nr[d.fmt] + (d.op == X87_STT ? X87_FAST_ISTT16 - X87_FAST_IST16 : 0), true);
		tr_x87_store(c, i, x87_memory(i)->w, AM, 0);
		told(c);
	}
	x87_done(c, i);
	return true;
}

/* dst = dst op src, or src op dst */
static bool arithmetic_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	static const u8 nr[] = {
		[X87_ADD] = X87_FAST_ADD, [X87_MUL] = X87_FAST_MUL, [X87_SUB] = X87_FAST_SUB, [X87_SUBR] = X87_FAST_SUB,
		[X87_DIV] = X87_FAST_DIV, [X87_DIVR] = X87_FAST_DIV,
	};
	bool reg = d.fmt == X87_REG, swap = d.op == X87_SUBR || d.op == X87_DIVR;
	int dst = d.to_i ? d.i : 0, src = d.to_i ? 0 : d.i;
	u8 used = x87_bit(c, 0) | (reg ? x87_bit(c, d.i) : 0);

	if (!x87_begin(c, i, used, 0))
		return false;
	if (reg)
		get(c, src, swap ? AM : BM, swap ? AS : BS);
	else
		operand(c, i, d, swap ? AM : BM, swap ? AS : BS);
	get(c, dst, swap ? BM : AM, swap ? BS : AS);
	x87_routine(c, nr[d.op], true);
	put(c, dst, AM, AS);
	x87_done(c, i);
	return true;
}

/* x13 = 0, 1, 2: below, equal, above. SF and OF are 0; without them below may look negative. */
static void into_flags(struct tr *c)
{
	if (live(c, F_S | F_O)) {
		a_mov_i(c, 4, T0, 0x260);               /* of Z C */
		a_lsl_i(c, 4, AM, AM, 2);
		a_lsr(c, 4, T0, T0, AM);
		a_lsl_i(c, 4, T0, T0, 28);
		a_msr(c, SR_NZCV, T0);
	} else {
		a_cmp_i(c, 4, AM, 1);
	}
	c->cs = CS_SUB;
	if (live(c, F_P | F_A)) {
		a_mov_i(c, 4, R_PF, 1);                 /* odd: PF = 0 */
		a_mov(c, 8, R_AF, R_PF);
	}
}

static void into_sw(struct tr *c, struct insn *i)
{
	a_mov_i(c, 4, T0, 0x4001);                      /* C0, C3, nothing */
	a_lsl_i(c, 4, AM, AM, 3);
	a_lsr(c, 4, T0, T0, AM);
	a_ubfiz(c, 4, T0, T0, 8, 8);
	a_ldr_i(c, 2, T1, R_CPU, SW);
	a_mov_i(c, 4, T2, 0x4500);
	a_bic(c, 4, T1, T1, T2);
	a_orr(c, 4, T1, T1, T0);
	a_str_i(c, 2, T1, R_CPU, SW);
	clear_c1(c, i);
}

static bool compare_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	bool reg = d.fmt == X87_REG, flags = d.op == X87_COMI || d.op == X87_UCOMI;
	u8 used = x87_bit(c, 0) | (reg && d.op != X87_TST ? x87_bit(c, d.i) : 0);

	if (!x87_begin(c, i, used, 0))
		return false;
	if (d.op == X87_TST) {
		a_mov(c, 8, BM, XZR);
		a_mov(c, 8, BS, XZR);
	} else if (reg) {
		get(c, d.i, BM, BS);
	} else {
		operand(c, i, d, BM, BS);
	}
	get(c, 0, AM, AS);
	x87_routine(c, X87_FAST_COM, !flags);
	if (flags)
		into_flags(c);
	else
		into_sw(c, i);
	x87_done(c, i);
	return true;
}

static bool root_inline(struct tr *c, struct insn *i)
{
	if (!x87_begin(c, i, x87_bit(c, 0), 0))
		return false;
	get(c, 0, AM, AS);
	x87_routine(c, X87_FAST_SQRT, true);
	put(c, 0, AM, AS);
	x87_done(c, i);
	return true;
}

static bool exchange_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	u8 used = x87_bit(c, 0) | x87_bit(c, d.i);

	if (!x87_begin(c, i, used, 0))
		return false;
	if (d.i) {
		get(c, 0, AM, AS);
		get(c, d.i, BM, BS);
		put(c, 0, BM, BS);
		put(c, d.i, AM, AS);
	}
	clear_c1(c, i);
	x87_done(c, i);
	return true;
}

static bool cmov_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	u8 used = x87_bit(c, 0) | x87_bit(c, d.i);
	u32 *skip;

	if (!x87_begin(c, i, used, 0))
		return false;
	tr_x87_condition(c, i, T2);
	skip = c->code.p;
	a_tbz(c, T2, 0, 0);
	get(c, d.i, AM, AS);
	put(c, 0, AM, AS);
	a_bind(c, skip);
	x87_done(c, i);
	return true;
}

static bool sign_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	if (!x87_begin(c, i, x87_bit(c, 0), 0))
		return false;
	a_ldr_i(c, 8, AS, R_CPU, x87_place(c, 0) + 8);
	(d.op == X87_CHS ? a_eor_i : a_and_i)(c, 4, AS, AS, d.op == X87_CHS ? 0x8000 : 0x7fff);
	a_str_i(c, 8, AS, R_CPU, x87_place(c, 0) + 8);
	clear_c1(c, i);
	x87_done(c, i);
	return true;
}

/* Nothing but what x87.c keeps of the stack. */
bool x87_stack_inline(struct tr *c, struct insn *i, union x87_desc d)
{
	if (!x87_begin(c, i, 0, 0))
		return false;
	if (d.op == X87_FREE)
		tr_x87_write(c, 0, x87_unknown(c, d.i) | (d.pops ? x87_unknown(c, 0) : 0));
	if (d.op != X87_NOP && d.op != X87_WAIT)
		clear_c1(c, i);
	x87_done(c, i);
	return true;
}

bool x87_ldcw_inline(struct tr *c, struct insn *i)
{
	if (!x87_begin(c, i, 0, 0))
		return false;
	tr_load(c, tr_ea(c, i, 2), 2, AM);
	x87_routine(c, X87_FAST_LDCW, true);
	x87_done(c, i);
	return true;
}

bool tr_x87_inline(struct tr *c, struct insn *i)
{
	union x87_desc d = tr_x87_desc(i);

	if (c->env->x87_double)
		return tr_x87_double(c, i);
	switch ((enum x87_op)d.op) {
	case X87_ADD: case X87_MUL: case X87_SUB: case X87_SUBR: case X87_DIV: case X87_DIVR:
		return arithmetic_inline(c, i, d);
	case X87_COM: case X87_UCOM: case X87_COMI: case X87_UCOMI: case X87_TST:
		return compare_inline(c, i, d);
	case X87_LD: case X87_LDC:  return load_inline(c, i, d);
	case X87_ST: case X87_STT:  return store_inline(c, i, d);
	case X87_XCH:               return exchange_inline(c, i, d);
	case X87_CMOV:              return cmov_inline(c, i, d);
	case X87_CHS: case X87_ABS: return sign_inline(c, i, d);
	case X87_SQRT:              return root_inline(c, i);
	case X87_LDCW:              return x87_ldcw_inline(c, i);
	case X87_FREE: case X87_INCSTP: case X87_DECSTP: case X87_NOP: case X87_WAIT:
		return x87_stack_inline(c, i, d);
	default:
		return false;
	}
}
