/* emit_mul.c - multiplication and division: MUL IMUL MULX DIV IDIV, CWD CDQ CQO.
 *
 * Products and dividends of up to 64 bits are made in one register. A 128-bit dividend whose upper half says nothing
 * new is divided here, any other by a C helper. #DE comes from one compare: unsigned, the quotient fits exactly if the
 * upper half is below the divisor, which a divisor of zero never lets happen. SDM vol. 2, MUL, IMUL, DIV, IDIV.
 */
#include "tr/tr.h"
#include "gen/decode.h"

static int bits(const struct insn *i)     { return i->w * 8; }
static int sext(const struct insn *i)     { return i->w == 1 ? SXTB : i->w == 2 ? SXTH : SXTW; }

/* CF = OF = not equal, of the comparison just made */
static void overflow_if_ne(struct tr *c)
{
	a_ccmp_i(c, 8, XZR, 0, 1, CC_EQ);       /* equal: C V = 1 0, else 0 1 */
	c->cs = CS_SUB;
}

EMIT(imul, 0)                                   /* d = a * b; CF = OF = it does not fit */
{
	if (!live(c, F_C | F_O)) {
		a_mul(c, i->w == 8 ? 8 : 4, d, a, b);
		return;
	}
	switch (i->w) {
	case 8:
		a_smulh(c, T0, a, b);
		a_mul(c, 8, d, a, b);
		a_cmp_sh(c, 8, T0, d, ASR, 63);
		break;
	case 4:
		a_smull(c, T0, a, b);
		a_mov(c, 4, d, T0);
		a_cmp_ext(c, 8, T0, T0, SXTW, 0);
		break;
	default:
		a_sxth(c, 4, T0, a);
		a_sxth(c, 4, T1, b);
		a_mul(c, 4, T0, T0, T1);
		a_mov(c, 4, d, T0);
		a_cmp_ext(c, 4, T0, T0, SXTH, 0);
	}
	overflow_if_ne(c);
}

/* rDX:rAX = rAX * operand (AX = AL * operand) */
static void product(struct tr *c, struct insn *i, bool sign)
{
	int ax = G(RAX), dx = G(RDX), s = i->w >= 4 ? tr_src(c, i, 0, T_SRC) : (sign ? tr_srcs : tr_srcz)(c, i, 0, T_SRC);
	bool flags = live(c, F_C | F_O);

	if (i->w == 8) {
		int hi = s == dx ? T0 : dx;

		(sign ? a_smulh : a_umulh)(c, hi, ax, s);
		a_mul(c, 8, ax, ax, s);
		if (hi != dx)
			a_mov(c, 8, dx, hi);
		if (flags && sign)
			a_cmp_sh(c, 8, dx, ax, ASR, 63);
		else if (flags)
			a_cmp_i(c, 8, dx, 0);
	} else if (i->w == 4) {
		(sign ? a_smull : a_umull)(c, T0, ax, s);
		a_mov(c, 4, ax, T0);
		a_lsr_i(c, 8, dx, T0, 32);
		if (flags && !sign)
			a_cmp_i(c, 4, dx, 0);
	} else {
		(sign ? a_sbfx : a_ubfx)(c, 4, T0, ax, 0, bits(i));
		a_mul(c, 4, T0, T0, s);
		a_bfi(c, 8, ax, T0, 0, 16);
		a_lsr_i(c, 4, T1, T0, bits(i));
		if (i->w == 2)
			a_bfi(c, 8, dx, T1, 0, 16);
		if (flags && !sign)
			a_cmp_i(c, 4, T1, 0);
	}
	if (flags && sign && i->w < 8)
		a_cmp_ext(c, i->w * 2 >= 8 ? 8 : 4, T0, T0, sext(i), 0);
	if (flags)
		overflow_if_ne(c);
}

EMIT(mul,   RAW | IMPLICIT) { product(c, i, false); }
EMIT(imul1, RAW | IMPLICIT) { product(c, i, true); }

EMIT(mulx, RAW | IMPLICIT)                      /* high half, then low half = rDX * operand; no flags */
{
	int s = tr_src(c, i, 2, T_SRC), hi = G(i->o[0].reg), lo = G(i->o[1].reg);

	if (i->w == 8) {
		int t = hi == G(RDX) || hi == s || hi == lo ? T0 : hi;

		a_umulh(c, t, G(RDX), s);
		a_mul(c, 8, lo, G(RDX), s);
		if (t != hi)
			a_mov(c, 8, hi, t);     /* last: it wins where both are one register */
	} else {
		a_umull(c, T0, G(RDX), s);
		a_mov(c, 4, lo, T0);
		a_lsr_i(c, 8, hi, T0, 32);
	}
}

/* ---- division */

static bool writes(const struct insn *i, int reg)
{
	for (int n = 0; n < 4; n++)
		if ((i->o[n].kind == OP_GPR || i->o[n].kind == OP_GPRH) && i->o[n].reg == reg && i->o[n].access & OP_WRITE)
			return true;
	return false;
}

/* Does rDX say nothing that rAX does not: was it cleared (unsigned), or made from rAX by CDQ or CQO (signed), just
 * before i in its block? */
static bool upper_known(struct tr *c, struct insn *i, bool sign)
{
	for (struct insn *j = i - 1; j >= &c->ins[c->b->first] && j >= i - 4; j--) {
		const struct opnd *o = j->o;

		if (j->fact || (sign && !writes(j, RDX) && writes(j, RAX)))
			return false;
		if (!writes(j, RDX)) {
			if (tr_emitter(j)->how & IMPLICIT)
				return false;
			continue;
		}
		if (o[0].kind != OP_GPR || o[0].w < 4)
			return false;
		switch (x86_rows[j->row].mn) {
		case MN_CDQ: case MN_CQO:
			return sign && o[0].w == i->w;
		case MN_XOR: case MN_SUB:
			return !sign && o[1].kind == OP_GPR && o[1].reg == RDX;
		case MN_MOV:
			return !sign && o[1].kind == OP_IMM && j->imm == 0;
		}
		return false;
	}
	return false;
}

/* rAX / operand, 32 or 64 bits. #DE: a divisor of zero, or the most negative number by -1. */
static void divide_single(struct tr *c, struct insn *i, bool sign)
{
	int w = i->w, ax = G(RAX), s = tr_src(c, i, 0, T_SRC);

	if (sign) {
		a_cmn_i(c, w, s, 1);
		a_ccmp_i(c, w, ax, 1, 0, CC_EQ);        /* s == -1: V = (rAX - 1 overflows) */
		a_ccmp_i(c, w, s, 0, 4, CC_VC);
		a_bcond(c, CC_EQ, 0);
	} else {
		a_cbz(c, w, s, 0);
	}
	tr_cold(c, TR_H_DE);
	(sign ? a_sdiv : a_udiv)(c, w, T1, ax, s);
	a_msub(c, w, G(RDX), T1, s, ax);
	a_mov(c, w, ax, T1);
}

/* rDX:rAX / operand, 128 by 64 bits */
static void divide_wide(struct tr *c, struct insn *i, bool sign)
{
	int ax = G(RAX), dx = G(RDX), s = tr_src(c, i, 0, T_SRC);
	u32 *slow[2], *done;

	slow[0] = c->code.p;
	a_cbz(c, 8, s, 0);
	if (sign) {                             /* -1 goes the slow way too: the quotient may not fit */
		a_cmp_sh(c, 8, dx, ax, ASR, 63);
		a_ccmn_i(c, 8, s, 1, 4, CC_EQ);
		slow[1] = c->code.p;
		a_bcond(c, CC_EQ, 0);
	} else {
		slow[1] = c->code.p;
		a_cbnz(c, 8, dx, 0);
	}
	(sign ? a_sdiv : a_udiv)(c, 8, T0, ax, s);
	a_msub(c, 8, dx, T0, s, ax);
	a_mov(c, 8, ax, T0);
	done = c->code.p;
	a_b(c, 0);
	a_bind(c, slow[0]);
	a_bind(c, slow[1]);
	a_str_i(c, 8, s, R_CPU, offsetof(struct cpu, scratch));
	tr_helper(c, sign ? TR_H_IDIV : TR_H_DIV);
	a_bind(c, done);
}

/* T0 = the dividend, of 16, 32 or 64 bits */
static int dividend(struct tr *c, struct insn *i, bool sign)
{
	if (i->w == 1) {
		(sign ? a_sbfx : a_ubfx)(c, 4, T0, G(RAX), 0, 16);
		return 4;
	}
	if (i->w == 2)
		a_uxth(c, T0, G(RAX));
	else
		a_mov(c, 4, T0, G(RAX));
	a_bfi(c, 8, T0, G(RDX), bits(i), bits(i));
	return i->w == 2 ? 4 : 8;
}

/* Branches to #DE unless the quotient fits: before an unsigned division, after a signed one (quotient in T1). */
static void check_unsigned(struct tr *c, struct insn *i, int s)
{
	if (i->w == 4)
		a_cmp(c, 4, s, G(RDX));
	else
		a_cmp_sh(c, 4, s, T0, LSR, bits(i));
	a_bcond(c, CC_LS, 0);
	tr_cold(c, TR_H_DE);
}

static void check_signed(struct tr *c, struct insn *i, int w, int s)
{
	a_cmp_ext(c, w, T1, T1, sext(i), 0);
	a_ccmp_i(c, w, s, 0, 4, CC_EQ);         /* it fits: is the divisor zero? */
	a_bcond(c, CC_EQ, 0);
	tr_cold(c, TR_H_DE);
}

static void divide(struct tr *c, struct insn *i, bool sign)
{
	int ax = G(RAX), dx = G(RDX), s, w;

	if (i->w >= 4 && upper_known(c, i, sign)) {
		divide_single(c, i, sign);
		return;
	}
	if (i->w == 8) {
		divide_wide(c, i, sign);
		return;
	}
	s = (sign ? tr_srcs : tr_srcz)(c, i, 0, T_SRC);
	w = dividend(c, i, sign);
	if (!sign)
		check_unsigned(c, i, s);
	(sign ? a_sdiv : a_udiv)(c, w, T1, T0, s);
	if (sign)
		check_signed(c, i, w, s);
	a_msub(c, w, T2, T1, s, T0);
	if (i->w == 4) {
		a_mov(c, 4, ax, T1);
		a_mov(c, 4, dx, T2);
	} else if (i->w == 2) {
		a_bfi(c, 8, ax, T1, 0, 16);
		a_bfi(c, 8, dx, T2, 0, 16);
	} else {
		a_bfi(c, 4, T1, T2, 8, 8);
		a_bfi(c, 8, ax, T1, 0, 16);
	}
}

/* rAX, rDX = quotient, remainder of rDX:rAX / operand; flags are undefined, and the checks leave anything in NZCV */
EMIT(div,  RAW | IMPLICIT) { divide(c, i, false); c->cs = CS_SUB; }
EMIT(idiv, RAW | IMPLICIT) { divide(c, i, true); c->cs = CS_SUB; }

EMIT(cwd, 0)                                    /* d = a's sign in every bit */
{
	a_sbfm(c, i->w == 8 ? 8 : 4, d, a, bits(i) - 1, bits(i) - 1);
}
