/* emit_rotate.c - rotates: ROL ROR RCL RCR. They write CF and OF only (OF is defined for a count of one); see
 * emit_shift.c for how. SDM vol. 2, RCL/RCR/ROL/ROR.
 */
#include "tr/emit_shift.h"

/* ---- ROL and ROR */

/* A narrow operand repeated over 32 bits, so that the 32-bit rotate rotates it. */
static int repeated(struct tr *c, struct insn *i, int a, int t)
{
	if (i->w >= 4)
		return a;
	if (i->w == 1) {
		a_uxtb(c, t, a);
		a_orr_sh(c, 4, t, t, t, LSL, 8);
	} else {
		a_mov(c, 4, t, a);
	}
	a_bfi(c, 4, t, t, 16, 16);
	return t;
}

/* CF and, for a count of one, OF out of the rotated r. S, Z, P and A stay. */
static void rotate_flags(struct tr *c, struct insn *i, int r, bool left, bool of)
{
	int w = sh_regw(i), top = sh_bits(i) - 1;

	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	of = of && live(c, F_O);
	if (!live(c, F_S | F_Z) && !left) {
		if (i->w < 4)
			a_lsl_i(c, w, T0, r, 31 - top);
		sh_double(c, w, i->w < 4 ? T0 : r);
		return;
	}
	if (!live(c, F_S | F_Z) && (!of || i->w >= 4)) {
		a_ror_i(c, w, T0, r, 1);
		sh_double(c, w, T0);
		return;
	}
	if (of) {                               /* left: top ^ bit 0; right: the two top bits */
		a_eor_sh(c, w, T3, r, r, left ? LSL : LSR, left ? top : 1);
		tr_set_cv(c, r, left ? 0 : top, T3, left ? top : top - 1);
	} else {
		tr_setflag_c_bit(c, r, left ? 0 : top);
	}
}

static void rotate_const(struct tr *c, struct insn *i, int d, int a, int k, bool left)
{
	int n = sh_bits(i), w = sh_regw(i);

	if (i->w == 2 && k % 16 == 8) {
		a_rev16(c, 4, d, a);
	} else if (i->w == 1) {                 /* twice is enough */
		a_uxtb(c, T0, a);
		a_orr_sh(c, 4, T0, T0, T0, LSL, 8);
		a_lsr_i(c, 4, d, T0, (left ? n - k % n : k) % n);
	} else {
		a_ror_i(c, w, d, repeated(c, i, a, T0), (left ? n - k % n : k) % (w * 8));
	}
	if (live(c, F_C | F_O))
		rotate_flags(c, i, d, left, k == 1);
}

static void rotate_var(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	bool flags = live(c, F_C | F_O);
	int w = sh_regw(i), r = repeated(c, i, a, T0);
	enum csense cs;
	u32 *none;

	if (flags)
		sh_masked(c, i, T4, b);
	if (left)
		a_neg(c, w, T1, b);
	a_ror(c, w, d, r, left ? T1 : b);
	if (!flags)
		return;
	cs = sh_settle(c);
	none = c->code.p;
	a_cbz(c, 4, T4, 0);
	rotate_flags(c, i, d, left, true);
	tr_need(c, cs);
	a_bind(c, none);
}

static void rotate(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	if (b != IMM)
		rotate_var(c, i, d, a, b, left);
	else if (!sh_count(i, i->imm))
		sh_copy(c, i, d, a);
	else
		rotate_const(c, i, d, a, sh_count(i, i->imm), left);
}

EMIT(rol, ANYIMM) { rotate(c, i, d, a, b, true); }
EMIT(ror, ANYIMM) { rotate(c, i, d, a, b, false); }

/* ---- RCL and RCR: the operand and CF rotate together, one bit wider */

/* d = rotated, T3 = the new CF in bit 0, for a count in T2 that is below the width plus one. */
static void through_narrow(struct tr *c, struct insn *i, int d, int a, bool left)
{
	int n = sh_bits(i);

	tr_getc(c, T0);
	if (i->w == 4)
		a_mov(c, 4, T3, a);
	else
		a_ubfx(c, 4, T3, a, 0, n);
	a_orr_sh(c, 8, T0, T3, T0, LSL, n);
	a_mov_i(c, 4, T1, n + 1);
	a_sub(c, 4, T1, T1, T2);
	(left ? a_lsl : a_lsr)(c, 8, T3, T0, T2);
	(left ? a_lsr : a_lsl)(c, 8, T0, T0, T1);
	a_orr(c, 8, T3, T3, T0);
	a_mov(c, 4, d, T3);
	a_lsr_i(c, 8, T3, T3, n);
}

/* The same for 64 bits and a count of 1..63: d = a << n | CF << n - 1 | a >> 65 - n, CF = bit 64 - n; or mirrored. */
static void through_wide(struct tr *c, int d, int a, bool left)
{
	tr_getc(c, T3);
	a_neg(c, 8, T1, T2);                    /* shifts by 64 - n */
	(left ? a_lsr : a_lsl)(c, 8, T0, a, T1);
	(left ? a_lsl : a_lsr)(c, 8, d, a, T2);
	a_orr_sh(c, 8, d, d, T0, left ? LSR : LSL, 1);
	if (left) {
		a_sub_i(c, 8, T1, T2, 1);
		a_lsl(c, 8, T3, T3, T1);
		a_orr(c, 8, d, d, T3);
		a_mov(c, 8, T3, T0);
	} else {
		a_lsl(c, 8, T3, T3, T1);
		a_orr(c, 8, d, d, T3);
		a_lsr_i(c, 8, T3, T0, 63);
	}
}

/* T2 = the count as it acts; where it is zero nothing happens, and the branch over it all is returned. */
static u32 *through_count(struct tr *c, struct insn *i, int b)
{
	int n = sh_bits(i);
	u32 *none;

	sh_masked(c, i, T2, b);
	none = c->code.p;
	a_cbz(c, 4, T2, 0);
	if (n < 32) {
		a_mov_i(c, 4, T0, n + 1);
		a_udiv(c, 4, T1, T2, T0);
		a_msub(c, 4, T2, T1, T0, T2);
	}
	return none;
}

/* CF = bit m of t; OF, for a count of one, from the result d. */
static void through_flags(struct tr *c, struct insn *i, int d, int t, int m, bool left, bool of)
{
	int top = sh_bits(i) - 1;

	if (!of || !live(c, F_O)) {
		tr_setflag_c_bit(c, t, m);
		return;
	}
	if (left && m <= top)                   /* top ^ CF */
		a_eor_sh(c, 8, T2, d, t, LSL, top - m);
	else                                    /* the two top bits; left: CF and the one below */
		a_eor_sh(c, 8, T2, d, d, LSR, 1);
	tr_set_cv(c, t, m, T2, left ? top : top - 1);
}

/* By a constant: what comes in beside the operand's bits is CF and the operand again, one place on. C = CF. */
static void through_const(struct tr *c, struct insn *i, int d, int a, int k, bool left)
{
	int n = sh_bits(i), w = sh_regw(i), m = left ? n - k : k - 1;
	bool flags = live(c, F_C | F_O);

	if (left && i->w >= 4) {
		a_cset(c, 4, T3, CC_HS);
		a_extr(c, w, T3, T3, a, 1);
		a_extr(c, w, T4, a, T3, n - k);
	} else if (i->w >= 4) {
		a_adc(c, w, T3, a, a);
		a_extr(c, w, T4, T3, a, k);
	} else {
		k %= n + 1;
		a_cset(c, 4, T0, CC_HS);
		a_ubfx(c, 4, T3, a, 0, n);
		a_orr_sh(c, 4, T0, T3, T0, LSL, n);
		a_orr_sh(c, 8, T0, T0, T0, LSL, n + 1);
		a_lsr_i(c, 8, d, T0, left ? n + 1 - k : k);
		if (flags)
			through_flags(c, i, d, d, n, left, k == 1);
		return;
	}
	if (flags)
		through_flags(c, i, T4, a, m, left, k == 1);
	a_mov(c, w, d, T4);
}

static void through(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	u32 *none;

	if (b == IMM && left && i->imm == 1 && i->w >= 4 && !live(c, F_S | F_Z)) {
		(live(c, F_C | F_O) ? a_adcs : a_adc)(c, i->w, d, a, a);
		return;
	}
	if (b == IMM && !sh_count(i, i->imm)) {
		sh_copy(c, i, d, a);
		return;
	}
	if (b == IMM) {
		through_const(c, i, d, a, sh_count(i, i->imm), left);
		return;
	}
	sh_copy(c, i, T4, a);
	none = through_count(c, i, b);
	if (i->w == 8)
		through_wide(c, T4, a, left);
	else
		through_narrow(c, i, T4, a, left);
	if (live(c, F_C | F_O))
		through_flags(c, i, T4, T3, 0, left, true);
	tr_need(c, CS_ADD);
	a_bind(c, none);
	a_mov(c, sh_regw(i), d, T4);
}

/* CF goes in and comes out: with a memory operand it changes only after the store, which may fault. */
static void through_all(struct tr *c, struct insn *i, bool left)
{
	int b = i->o[1].kind == OP_IMM ? IMM : G(RCX), a, d;
	u8 keep = c->live;
	struct ea m;

	c->live |= F_C;
	tr_need(c, CS_ADD);
	c->live = keep;
	if (i->o[0].kind != OP_MEM) {
		a = tr_src(c, i, 0, T_SRC);
		d = tr_dst(c, i, 0, T_DST);
		through(c, i, d, a, b, left);
		tr_wb(c, i, 0, d);
		return;
	}
	m = tr_ea(c, i, i->w);
	tr_load(c, m, i->w, T_SRC);
	c->live = 0;
	through(c, i, T_DST, T_SRC, b, left);
	tr_store(c, m, i->w, T_DST);
	c->live = keep;
	if (live(c, F_C | F_O))
		through(c, i, T_DST, T_SRC, b, left);
}

EMIT(rcl, RAW) { through_all(c, i, true); }
EMIT(rcr, RAW) { through_all(c, i, false); }
