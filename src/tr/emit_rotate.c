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
		tr_set_cv(c, !left && i->w >= 4 ? T3 : r, left ? 0 : top, T3, left ? top : top - 1);
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

/* CF = bit m of t; OF = bit n of r, where the count may be one. */
static void through_flags(struct tr *c, int t, int m, int r, int n, bool of)
{
	if (of && live(c, F_O))
		tr_set_cv(c, t, m, r, n);
	else
		tr_setflag_c_bit(c, t, m);
}

/* 8 and 16 bits by a constant: T2 = CF:a, with CF's copies above. */
static void const_narrow(struct tr *c, struct insn *i, int d, int a, int k, bool left)
{
	int n = sh_bits(i), r = d == a ? T3 : d;
	bool of = k == 1;

	k %= n + 1;
	if (!k) {
		sh_copy(c, i, d, a);
		return;
	}
	tr_getc_ones(c, T2);
	a_bfi(c, 4, T2, a, 0, n);
	a_lsr_i(c, 4, r, T2, left ? n + 1 - k : k);
	if (left && k < n)
		a_bfi(c, 4, r, a, k, n - k);
	else if (!left && k > 1)
		a_bfi(c, 4, r, a, n + 1 - k, k - 1);
	if (of && live(c, F_O) && left)         /* top ^ the next one; right: CF ^ top */
		a_eor_sh(c, 4, T2, a, a, LSL, 1);
	else if (of && live(c, F_O))
		a_eor_sh(c, 4, T2, T2, T2, LSR, 1);
	through_flags(c, a, left ? n - k : k - 1, T2, n - 1, of);
	if (r != d)
		a_mov(c, 4, d, r);
}

/* 32 and 64 bits: the flags first, since d may be a. */
static void const_wide(struct tr *c, struct insn *i, int d, int a, int k, bool left)
{
	int n = sh_bits(i), w = i->w;

	tr_getc(c, T2);
	if (k == 1 && live(c, F_O)) {           /* the new CF and OF side by side */
		if (!left)
			a_ror_i(c, w, T3, a, 1);
		a_eor_sh(c, w, T3, left ? a : T3, left ? a : T2, left ? LSR : LSL, left ? 1 : n - 2);
		tr_set_cv(c, T3, n - 1, T3, n - 2);
	} else {
		tr_setflag_c_bit(c, a, left ? n - k : k - 1);
	}
	if (k == 1 && left) {
		a_orr_sh(c, w, d, T2, a, LSL, 1);
	} else if (k == 1) {
		a_extr(c, w, d, T2, a, 1);
	} else if (left) {
		a_extr(c, w, T2, T2, a, 1);
		a_extr(c, w, d, a, T2, n - k);
	} else {
		a_orr_sh(c, w, T2, T2, a, LSL, 1);
		a_extr(c, w, d, T2, a, k);
	}
}

/* The count in T2 may exceed the width: CF:a over and over. */
static void var_narrow(struct tr *c, struct insn *i, int d, int a, bool left)
{
	int n = sh_bits(i);

	tr_getc(c, T0);
	a_ubfx(c, 4, T3, a, 0, n);
	a_bfi(c, 4, T3, T0, n, 1);
	for (int len = n + 1; len < 32 + n; len *= 2)
		a_orr_sh(c, 8, T3, T3, T3, LSL, len);
	if (left) {
		a_mov_i(c, 4, T1, n == 8 ? 36 : 34);
		a_sub(c, 4, T2, T1, T2);
	}
	a_lsr(c, 8, d, T3, T2);
	if (live(c, F_O))
		a_eor_sh(c, 4, T2, d, d, LSR, 1);
	through_flags(c, d, n, T2, left ? n - 1 : n - 2, true);
}

/* Left, by 1 to n - 1: T3 = a after all but the last place, with what comes in where there is room: its top bit is CF. */
static void var_left(struct tr *c, struct insn *i, int d, int a)
{
	tr_getc(c, T0);
	a_extr(c, i->w, T0, T0, a, 1);
	if (i->w == 4) {
		a_bfi(c, 8, T0, a, 32, 32);
		a_sub_i(c, 4, T2, T2, 1);
		a_lsl(c, 8, T3, T0, T2);
		a_ubfx(c, 8, d, T3, 31, 32);
	} else {
		a_neg(c, 4, T1, T2);
		a_lsr(c, 8, T0, T0, T1);
		a_sub_i(c, 4, T2, T2, 1);
		a_lsl(c, 8, T3, a, T2);
		a_orr_sh(c, 8, d, T0, T3, LSL, 1);
	}
	if (live(c, F_O))
		a_eor_sh(c, 8, T3, T3, T3, LSR, 1);
	through_flags(c, T3, 63, T3, 62, true);
}

/* Right: CF is bit 32 of T3, or bit 0 for 64 bits. */
static void var_right(struct tr *c, struct insn *i, int d, int a)
{
	tr_getc(c, T0);
	a_orr_sh(c, 8, T0, T0, a, LSL, 1);
	if (i->w == 4) {
		a_mov(c, 4, T3, a);
		a_bfi(c, 8, T3, T0, 32, 32);
		a_lsr(c, 8, T3, T3, T2);
		a_mov(c, 4, d, T3);
	} else {
		a_neg(c, 4, T1, T2);
		a_lsl(c, 8, T0, T0, T1);
		a_sub_i(c, 4, T2, T2, 1);
		a_lsr(c, 8, T3, a, T2);
		a_orr_sh(c, 8, d, T0, T3, LSR, 1);
	}
	if (live(c, F_O))
		a_eor_sh(c, i->w, T2, d, d, LSR, 1);
	through_flags(c, T3, i->w == 4 ? 32 : 0, T2, sh_bits(i) - 2, true);
}

static void through_var(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	enum csense cs = c->cs;
	u32 *none;

	sh_masked(c, i, T2, b);
	sh_copy(c, i, d, a);
	none = c->code.p;
	a_cbz(c, 4, T2, 0);
	if (i->w < 4)
		var_narrow(c, i, d, a, left);
	else
		(left ? var_left : var_right)(c, i, d, a);
	tr_need(c, cs);
	a_bind(c, none);
}

static void through(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	int k = b == IMM ? sh_count(i, i->imm) : -1;

	if (k < 0)
		through_var(c, i, d, a, b, left);
	else if (!k)
		sh_copy(c, i, d, a);
	else
		(i->w < 4 ? const_narrow : const_wide)(c, i, d, a, k, left);
}

/* RCL by one with no S or Z to keep is an addition to itself. */
static bool doubles(struct tr *c, const struct insn *i, int b, bool left)
{
	return b == IMM && left && sh_count(i, i->imm) == 1 && i->w >= 4 && i->o[0].kind != OP_MEM && !live(c, F_S | F_Z);
}

/* CF goes in and comes out: with a memory operand it changes only after the store, which may fault. */
static void through_all(struct tr *c, struct insn *i, bool left)
{
	int b = i->o[1].kind == OP_IMM ? IMM : G(RCX), a, d;
	u8 keep = c->live;
	struct ea m;

	if (doubles(c, i, b, left)) {
		a = G(i->o[0].reg);
		tr_need_c(c, CS_ADD, 0);
		(live(c, F_C | F_O) ? a_adcs : a_adc)(c, i->w, a, a, a);
		return;
	}
	c->live |= F_C;
	sh_settle(c);
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
