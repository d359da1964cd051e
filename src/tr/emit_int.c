/* emit_int.c - integer moves, arithmetic and logic.
 *
 * 8- and 16-bit operations that need flags are done at the top of a 32-bit register, where N Z C V come out right;
 * their sources are shifted up (lsl #24 or #16) first. SDM vol. 1, 7.3; Arm ARM C6.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define F_NZCV  (F_O | F_S | F_Z | F_C)

static int up(const struct insn *i) { return 32 - 8 * i->w; }

static u64 imm_of(const struct insn *i) { return i->w == 8 ? (u64)i->imm : (u32)i->imm; }

static u64 neg_of(const struct insn *i) { return i->w == 8 ? -(u64)i->imm : (u32)-(u32)i->imm; }

/* d = a + b or a - b, with or without NZCV; b may be IMM, of either sign. ARM's C is the same for a + -k as for a - k,
 * so c->cs is what the x86 operation asks for in both cases. */
static void addsub(struct tr *c, struct insn *i, bool sub, bool s, int d, int a, int b)
{
	int w = i->w;

	if (b == IMM && !a_fits_arith(imm_of(i))) {
		u64 k = neg_of(i);

		sub = !sub;
		(sub ? s ? a_subs_i : a_sub_i : s ? a_adds_i : a_add_i)(c, w, d, a, k);
	} else if (b == IMM) {
		(sub ? s ? a_subs_i : a_sub_i : s ? a_adds_i : a_add_i)(c, w, d, a, imm_of(i));
	} else {
		(sub ? s ? a_subs : a_sub : s ? a_adds : a_add)(c, w, d, a, b);
	}
}

/* AF's operand: x27 = a ^ b. */
static void af(struct tr *c, struct insn *i, int a, int b)
{
	if (!live(c, F_A))
		return;
	if (b != IMM)
		a_eor(c, 4, R_AF, a, b);
	else if (i->imm & 0x10)
		a_eor_i(c, 4, R_AF, a, 0x10);
	else
		a_mov(c, 4, R_AF, a);
}

/* T0 = a narrow a, sign-extended. */
static void widened(struct tr *c, struct insn *i, int a)
{
	a_sbfx(c, 4, T0, a, 0, 8 * i->w);
}

/* N Z V of the narrow number in r's low bits, the sum or difference of sign-extended ones, whose C is right already. */
static void narrow_flags(struct tr *c, struct insn *i, int r)
{
	(i->w == 1 ? a_setf8 : a_setf16)(c, r);
}

/* A narrow a +- b with flags; leaves the result in d when d >= 0. */
static void narrow(struct tr *c, struct insn *i, bool sub, int d, int a, int b)
{
	int to = d < 0 ? T0 : d;

	if (has(c, HOST_FLAGM) && (d >= 0 || b == IMM)) {
		widened(c, i, a);
		if (b == IMM && !a_fits_arith(imm_of(i)) && !a_fits_arith(neg_of(i)))
			a_mov_i(c, 4, T1, (u32)i->imm), b = T1;
		if (b == IMM || b == T1)
			addsub(c, i, sub, true, to, T0, b);
		else
			(sub ? a_subs_ext : a_adds_ext)(c, 4, to, T0, b, i->w == 1 ? SXTB : SXTH, 0);
		narrow_flags(c, i, to);
		return;
	}
	a_lsl_i(c, 4, T0, a, up(i));
	if (b == IMM && i->imm == 0) {
		(sub ? a_subs_i : a_adds_i)(c, 4, d < 0 ? XZR : T0, T0, 0);
	} else if (b == IMM) {
		a_mov_i(c, 4, T1, (u32)i->imm << up(i));
		(sub ? a_subs : a_adds)(c, 4, d < 0 ? XZR : T0, T0, T1);
	} else {
		(sub ? a_subs_sh : a_adds_sh)(c, 4, d < 0 ? XZR : T0, T0, b, LSL, up(i));
	}
	if (d >= 0)
		a_lsr_i(c, 4, d, T0, up(i));
}

static void sum(struct tr *c, struct insn *i, bool sub, int d, int a, int b)
{
	enum csense cs = sub ? CS_SUB : CS_ADD;

	af(c, i, a, b);
	if (!live(c, F_NZCV)) {
		if (b == IMM && !a_fits_arith(imm_of(i)) && !a_fits_arith(neg_of(i)))
			a_mov_i(c, 4, T1, (u32)i->imm), b = T1;
		addsub(c, i, sub, false, d, a, b);
	} else if (i->w >= 4) {
		addsub(c, i, sub, true, d, a, b);
		c->cs = cs;
	} else {
		narrow(c, i, sub, d, a, b);
		c->cs = cs;
	}
	tr_pf(c, d);
}

EMIT(add, ARITH | VIA_PF) { sum(c, i, false, d, a, b); }         /* d = a + b */
EMIT(sub, ARITH | VIA_PF) { sum(c, i, true, d, a, b); }          /* d = a - b */

/* The branch after i looks at register a alone: at a bit of it (for the sign: its top one), or whether it is zero. */
static bool zero_branch(struct tr *c, struct insn *i, int a, int bit)
{
	if (!tr_only_branches(c, i, bit < 0))
		return false;
	if (i[1].cc != COND_E && i[1].cc != COND_NE)
		bit = 8 * i->w - 1;
	else if (bit < 0 && i->w < 4) {
		if (i->o[0].kind != OP_MEM)
			a_ubfx(c, 4, T0, a, 0, 8 * i->w), a = T0;
	}
	c->zero.on = true;
	c->zero.reg = a;
	c->zero.w = i->w == 8 ? 8 : 4;
	c->zero.bit = bit < 0 ? 0xff : bit;
	return true;
}

/* flags of a - b. Where only ZF and CF are read, zero-extended operands give them directly. */
EMIT(cmp, ARITH)
{
	if (b == IMM && i->imm == 0 && zero_branch(c, i, a, -1))
		return;
	if (i->w < 4 && live(c, F_NZCV) && !live(c, F_O | F_S | F_P | F_A) && b == IMM) {
		if (i->o[0].kind == OP_GPR)
			a_ubfx(c, 4, T0, a, 0, 8 * i->w), a = T0;
		if (a_fits_arith(i->imm & (i->w == 1 ? 0xff : 0xffff)))
			a_cmp_i(c, 4, a, i->imm & (i->w == 1 ? 0xff : 0xffff));
		else
			a_mov_i(c, 4, T1, i->imm & 0xffff), a_cmp(c, 4, a, T1);
		c->cs = CS_SUB;
		return;
	}
	af(c, i, a, b);
	c->cs = live(c, F_NZCV) ? CS_SUB : c->cs;
	if (live(c, F_P | F_A) && (i->w >= 4 || (live(c, F_NZCV) && has(c, HOST_FLAGM)))) {
		if (i->w >= 4)
			addsub(c, i, true, live(c, F_NZCV), R_PF, a, b);
		else
			narrow(c, i, true, R_PF, a, b);
		return;
	}
	if (live(c, F_P | F_A)) {
		int with = b;

		if (b == IMM && !a_fits_arith(imm_of(i)) && !a_fits_arith(neg_of(i)))
			a_mov_i(c, 4, with = T1, (u32)i->imm);
		addsub(c, i, true, false, R_PF, a, with);
	}
	if (!live(c, F_NZCV))
		return;
	if (i->w >= 4)
		addsub(c, i, true, true, XZR, a, b);
	else
		narrow(c, i, true, -1, a, b);
}

/* d = a + b + CF, a - b - CF */
static void carry(struct tr *c, struct insn *i, bool sub, int d, int a, int b)
{
	bool flags = live(c, F_NZCV);

	tr_af(c, a, b);
	tr_need_c(c, sub ? CS_SUB : CS_ADD, 0);
	if (i->w >= 4) {
		(sub ? flags ? a_sbcs : a_sbc : flags ? a_adcs : a_adc)(c, i->w, d, a, b);
	} else if (flags && has(c, HOST_FLAGM)) {
		widened(c, i, a);
		if (i->o[1].kind != OP_IMM)
			a_sbfx(c, 4, T1, b, 0, 8 * i->w), b = T1;
		(sub ? a_sbcs : a_adcs)(c, 4, d, T0, b);
		narrow_flags(c, i, d);
	} else {
		/* at the top: where CF is set, ones below a (below b, subtracting) make it arrive, and leave zeros */
		if (!flags) {
			(sub ? a_sbc : a_adc)(c, 4, d, a, b);
		} else {
			a_csetm(c, 4, T0, sub ? CC_LO : CC_HS);
			a_bfi(c, 4, T0, sub ? b : a, up(i), 8 * i->w);
			a_lsl_i(c, 4, T1, sub ? a : b, up(i));
			(sub ? a_sbcs : a_adcs)(c, 4, T0, sub ? T1 : T0, sub ? T0 : T1);
			a_lsr_i(c, 4, d, T0, up(i));
		}
	}
	tr_pf(c, d);
}

EMIT(adc, PROBE | VIA_PF) { carry(c, i, false, d, a, b); }
EMIT(sbb, PROBE | VIA_PF) { carry(c, i, true, d, a, b); }

/* INC and DEC leave CF alone. */
static void step(struct tr *c, struct insn *i, bool sub, int d, int a)
{
	bool flags = live(c, F_O | F_S | F_Z), keep = flags && live(c, F_C);

	if (live(c, F_A))
		a_eor_i(c, 4, R_AF, a, 1);
	if (!flags) {
		(sub ? a_sub_i : a_add_i)(c, i->w, d, a, 1);
		tr_pf(c, d);
		return;
	}
	if (keep && (c->cs == CS_FCMP || c->cs == CS_FORD))
		tr_need(c, CS_SUB);
	if (i->w < 4 && has(c, HOST_FLAGM)) {   /* C stays as it is */
		widened(c, i, a);
		(sub ? a_sub_i : a_add_i)(c, 4, d, T0, 1);
		narrow_flags(c, i, d);
		c->cs = keep ? c->cs : CS_ADD;
		tr_pf(c, d);
		return;
	}
	if (keep)
		a_cset(c, 4, T2, c->cs == CS_SUB ? CC_HS : CC_LO);
	if (i->w >= 4) {
		(sub ? a_subs_i : a_adds_i)(c, i->w, d, a, 1);
	} else {
		a_lsl_i(c, 4, T0, a, up(i));
		a_mov_i(c, 4, T1, 1u << up(i));
		(sub ? a_subs : a_adds)(c, 4, T0, T0, T1);
		a_lsr_i(c, 4, d, T0, up(i));
	}
	c->cs = keep ? CS_SUB : CS_ADD;
	if (keep)
		tr_put_c(c, T2, 0);
	tr_pf(c, d);
}

EMIT(inc, VIA_PF) { step(c, i, false, d, a); }
EMIT(dec, VIA_PF) { step(c, i, true, d, a); }

EMIT(neg, VIA_PF)                                       /* d = 0 - a; CF = a != 0 */
{
	if (live(c, F_A))
		a_mov(c, 4, R_AF, a);
	if (!live(c, F_NZCV)) {
		a_neg(c, i->w, d, a);
	} else if (i->w >= 4) {
		a_negs(c, i->w, d, a);
	} else {
		a_negs_sh(c, 4, T0, a, LSL, up(i));
		a_lsr_i(c, 4, d, T0, up(i));
	}
	if (live(c, F_NZCV))
		c->cs = CS_SUB;
	tr_pf(c, d);
}

EMIT(complement, 0) { a_mvn(c, i->w, d, a); }

EMIT(not, RAW)                                          /* d = ~a; a part of a register is complemented in place */
{
	const struct opnd *o = &i->o[0];

	if (o->w < 4 && o->kind == OP_GPR)
		a_eor_i(c, 8, G(o->reg), G(o->reg), o->w == 1 ? 0xff : 0xffff);
	else if (o->kind == OP_GPRH)
		a_eor_i(c, 8, G(o->reg), G(o->reg), 0xff00);
	else
		tr_operands(c, i, &emit_complement);
}

/* --- logic: CF = OF = 0 */

static u64 logic_imm(struct tr *c, struct insn *i, int *b)
{
	u64 v = imm_of(i);

	if (*b == IMM && !a_fits_logic(i->w, v)) {      /* narrow: the bits above do not matter */
		u32 m = i->w == 1 ? 0xff : 0xffff;

		if (a_fits_logic(4, v & m))
			return v & m;
		a_mov_i(c, 4, T1, v & m);
		*b = T1;
	}
	return v;
}

/* -1 is no immediate of ARM64's: for XOR it is NOT, for OR the result, for AND and TEST no change. */
static bool all_ones(const struct insn *i, int b)
{
	return b == IMM && i->imm == -1 && i->w >= 4;
}

EMIT(and, LOGIC | VIA_PF)                                        /* d = a & b */
{
	u64 v;

	if (all_ones(i, b))
		b = a;
	v = logic_imm(c, i, &b);

	if (i->w >= 4 && live(c, F_NZCV) && !tr_nz_sub(c)) {
		if (b == IMM)
			a_ands_i(c, i->w, d, a, v);
		else
			a_ands(c, i->w, d, a, b);
		c->cs = CS_ZERO;
		tr_pf(c, d);
		return;
	}
	if (b == IMM)
		a_and_i(c, i->w, d, a, v);
	else
		a_and(c, i->w, d, a, b);
	tr_nz(c, i->w, d);
}

EMIT(or, LOGIC | VIA_PF)                                         /* d = a | b */
{
	bool ones = all_ones(i, b);
	u64 v = ones ? 0 : logic_imm(c, i, &b);

	if (ones)
		a_mvn(c, i->w, d, XZR);
	else if (b == IMM)
		a_orr_i(c, i->w, d, a, v);
	else if (a == b)
		tr_mov_gpr(c, i->w < 4 ? 4 : i->w, d, a);
	else
		a_orr(c, i->w, d, a, b);
	tr_nz(c, i->w, d);
}

EMIT(xor, LOGIC | VIA_PF)                                        /* d = a ^ b */
{
	u64 v;

	if (a == b) {
		a_mov(c, 4, d, XZR);
		tr_nz(c, 4, d == R_PF ? d : XZR);
		return;
	}
	if (all_ones(i, b)) {
		a_mvn(c, i->w, d, a);
		tr_nz(c, i->w, d);
		return;
	}
	v = logic_imm(c, i, &b);
	if (b == IMM)
		a_eor_i(c, i->w, d, a, v);
	else
		a_eor(c, i->w, d, a, b);
	tr_nz(c, i->w, d);
}

EMIT(test, LOGIC)                                       /* flags of a & b */
{
	u32 top = i->w == 1 ? 0x80 : 0x8000, m = top * 2 - 1;
	u64 mask = i->w == 8 ? ~0ull : (1ull << 8 * i->w) - 1;

	if (all_ones(i, b))
		b = a;
	if (a == b && zero_branch(c, i, a, -1))
		return;
	if (a == b) {
		tr_nz(c, i->w, a);
		return;
	}
	if (b == IMM && (i->imm & (i->imm - 1) & mask) == 0 && i->imm & mask && tr_only_branches(c, i, false)) {
		zero_branch(c, i, a, __builtin_ctzll(i->imm & mask));
		return;
	}
	if (i->w < 4 && b == IMM && (!live(c, F_S) || !(i->imm & top)) && a_fits_logic(4, i->imm & m)) {
		if (live(c, F_P | F_A) || (live(c, F_NZCV) && tr_nz_sub(c))) {
			int r = live(c, F_P | F_A) ? R_PF : T0;

			a_and_i(c, 4, r, a, i->imm & m);
			tr_nz(c, 4, r);
		} else if (live(c, F_NZCV)) {
			a_tst_i(c, 4, a, i->imm & m);
			c->cs = CS_ZERO;
		}
		return;
	}
	{
		u64 v = logic_imm(c, i, &b);
		int r = live(c, F_P | F_A) ? R_PF : T0;

		if (i->w >= 4 && live(c, F_NZCV) && !live(c, F_P | F_A) && !tr_nz_sub(c)) {
			if (b == IMM)
				a_tst_i(c, i->w, a, v);
			else
				a_tst(c, i->w, a, b);
			c->cs = CS_ZERO;
			return;
		}
		if (b == IMM)
			a_and_i(c, i->w, r, a, v);
		else
			a_and(c, i->w, r, a, b);
		tr_nz(c, i->w, r);
	}
}

/* --- moves */

EMIT(mov, RAW)
{
	struct opnd *to = &i->o[0], *from = &i->o[1];

	if (from->kind == OP_MEM && to->kind == OP_GPR) {
		int d = tr_dst(c, i, 0, T_SRC);

		tr_load(c, tr_ea(c, i, from->w), from->w, d);
		tr_wb(c, i, 0, d);
	} else if (from->kind == OP_IMM && to->kind == OP_GPR) {
		int d = tr_dst(c, i, 0, i->imm ? T_SRC : XZR);

		if (d != XZR)
			a_mov_i(c, to->w == 8 ? 8 : 4, d, to->w == 8 ? (u64)i->imm : (u32)i->imm & (to->w == 1 ? 0xff : to->w == 2 ? 0xffff : ~0u));
		tr_wb(c, i, 0, d);
	} else if (to->kind == OP_GPR && from->kind == OP_GPR && to->reg == from->reg) {
		tr_mov_gpr(c, to->w, G(to->reg), G(from->reg));         /* 32 bits: clears the upper half */
	} else {
		tr_wb(c, i, 0, tr_src(c, i, 1, T_SRC));
	}
}

/* Extensions: the destination is wider than the source, or the same for MOVSXD with a 32-bit destination. */
static void extend(struct tr *c, struct insn *i, bool sign)
{
	struct opnd *to = &i->o[0], *from = &i->o[1];
	int d = tr_dst(c, i, 0, T_DST), bits = from->w * 8, w = to->w == 8 ? 8 : 4;

	if (from->kind == OP_MEM) {
		struct ea m = tr_ea(c, i, from->w);

		if (sign)
			tr_loads(c, m, from->w, w, d);
		else
			tr_load(c, m, from->w, d);
	} else {
		int at = from->kind == OP_GPRH ? 8 : 0;

		if (bits >= 8 * w)
			a_mov(c, w, d, G(from->reg));
		else if (sign)
			a_sbfx(c, w, d, G(from->reg), at, bits);
		else
			a_ubfx(c, 4, d, G(from->reg), at, bits);
	}
	tr_wb(c, i, 0, d);
}

EMIT(movzx, RAW) { extend(c, i, false); }
EMIT(movsx, RAW) { extend(c, i, true); }

EMIT(lea, RAW)
{
	d = tr_dst(c, i, 0, T_DST);
	tr_lea(c, i, i->o[0].w, d);
	tr_wb(c, i, 0, d);
}

EMIT(push, RAW | IMPLICIT)
{
	int w = i->w == 2 ? 2 : 8;

	if (i->o[0].kind == OP_IMM) {
		if (i->imm)
			a_mov_i(c, 8, T_SRC, (u64)i->imm);
		tr_push(c, w, i->imm ? T_SRC : XZR);
	} else {
		tr_push(c, w, tr_src(c, i, 0, T_SRC));
	}
}

EMIT(pop, RAW | IMPLICIT)
{
	int w = i->w == 2 ? 2 : 8, sp = G(RSP);

	if (i->o[0].kind == OP_GPR && w == 8) {
		tr_pop(c, 8, G(i->o[0].reg));
		return;
	}
	if (i->o[0].kind == OP_GPR && i->o[0].reg != RSP) {
		tr_pop(c, 2, T_SRC);
		tr_wb(c, i, 0, T_SRC);
		return;
	}
	tr_load(c, tr_ea_reg(sp), w, T_SRC);
	if (i->o[0].kind == OP_GPR) {           /* POP SP: the 16 bits that were loaded win */
		a_add_i(c, 8, sp, sp, w);
		a_bfi(c, 8, sp, T_SRC, 0, 16);
		return;
	}
	if (i->base == RSP)                     /* the address counts from rsp after the pop */
		i->disp += w;
	tr_wb(c, i, 0, T_SRC);
	a_add_i(c, 8, sp, sp, w);
}

/* --- conditions */

EMIT(setcc, RAW)
{
	d = tr_dst(c, i, 0, T_DST);
	if (i->cc >> 1 == COND_P >> 1 && c->cs != CS_FCMP && c->cs != CS_FORD) {
		tr_parity(c, T0, i->cc == COND_P);
		a_and_i(c, 4, d, T0, 1);
	} else {
		int cc = tr_cond(c, i->cc);

		a_cset(c, 4, d, cc);
	}
	tr_wb(c, i, 0, d);
}

EMIT(cmov, 0)                                           /* d = cc ? b : a */
{
	if (i->cc >> 1 == COND_P >> 1 && c->cs != CS_FCMP && c->cs != CS_FORD) {
		tr_parity(c, T0, i->cc == COND_P);
		a_sbfx(c, 8, T0, T0, 0, 1);     /* all ones: it holds */
		a_eor(c, 8, T1, a, b);
		a_and(c, 8, T1, T1, T0);
		a_eor(c, i->w, d, a, T1);
		return;
	}
	a_csel(c, i->w, d, b, a, tr_cond(c, i->cc));
}
