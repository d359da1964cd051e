/* emit_shift.c - shifts and rotates: SHL SHR SAR ROL ROR RCL RCR SHLD SHRD.
 *
 * x86 masks the count to 5 bits (6 for 64-bit operands), as lslv and its kin do; a count of zero leaves every flag
 * alone. With dead flags a shift is one word. ARM64's shifts set no flags; what makes them:
 *   - the last bit shifted out goes to C by adding a value that holds it in its top bit to itself, which also gives
 *     V = the top two bits' exclusive or: exactly OF of SHL, ROL and ROR by one;
 *   - where S and Z must come from elsewhere, C and V are put in afterwards.
 * OF is defined for a count of one only; for 8 and 16 bits CF is what the CPU gives also where the manual is silent.
 * SDM vol. 2, SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD, SHRD.
 */
#include "tr/emit_bit.h"

#define F_NZCV  (F_S | F_Z | F_C | F_O)

static int bits(const struct insn *i)     { return i->w * 8; }
static int regw(const struct insn *i)     { return i->w == 8 ? 8 : 4; }
static int count(const struct insn *i, s64 imm) { return imm & (i->w == 8 ? 63 : 31); }

/* OF = bit n of r and CF = bit 0 of t, where they are live; the others stay. Uses T0 T1. */
static void set_cv(struct tr *c, int t, int r, int n)
{
	bool cf = live(c, F_C), of = live(c, F_O);

	if (!of) {
		tr_setflag_c(c, t);
	} else if (has(c, HOST_FLAGM)) {
		a_rmif(c, r, n, 1);
		tr_setflag_c(c, t);
	} else {
		a_mrs(c, T0, SR_NZCV);
		a_lsr_i(c, 8, T1, r, n);
		a_bfi(c, 8, T0, T1, 28, 1);
		if (cf)
			a_bfi(c, 8, T0, t, 29, 1);
		a_msr(c, SR_NZCV, T0);
		if (cf)
			c->cs = CS_ADD;
	}
}

/* S Z P of r, C = V = 0. AF is undefined after these instructions, so it is not made. */
static void set_nz(struct tr *c, struct insn *i, int r)
{
	u8 keep = c->live;

	c->live &= ~F_A;
	tr_nz(c, i->w, r);
	c->live = keep;
}

/* Before and after code that may be branched around, or that writes some flags only: one sense on both ways. */
static void settle(struct tr *c) { tr_need(c, CS_ADD); }

/* d = the count in b, masked */
static void masked(struct tr *c, struct insn *i, int d, int b)
{
	a_and_i(c, 4, d, b, i->w == 8 ? 63 : 31);
}

/* CF = the top bit of t, and OF = that of SHL by one: t + t. */
static void flags_by_doubling(struct tr *c, int w, int t)
{
	a_cmn(c, w, t, t);
	c->cs = CS_ADD;
}

static void copy(struct tr *c, struct insn *i, int d, int a)
{
	if (d != a || i->w == 4)                /* a 32-bit operand's upper half is cleared in any case */
		a_mov(c, regw(i), d, a);
}

/* ---- SHL */
static void shl_const(struct tr *c, struct insn *i, int d, int a, int k)
{
	int w = regw(i), up = w * 8 - bits(i);

	if (live(c, F_NZCV) && !up && k == 1) {
		a_adds(c, w, d, a, a);
		c->cs = CS_ADD;
		tr_pf(c, d);
		return;
	}
	if (live(c, F_NZCV)) {
		if (up + k - 1 < 32 || !up)
			a_lsl_i(c, w, T0, a, up + k - 1);
		flags_by_doubling(c, w, up + k - 1 < 32 || !up ? T0 : XZR);
	}
	a_lsl_i(c, w, d, a, k);
	tr_pf(c, d);
}

static void shl_var(struct tr *c, struct insn *i, int d, int a, int b)
{
	int w = regw(i), up = w * 8 - bits(i), from = a;
	u32 *none;

	if (live(c, F_ALL)) {
		settle(c);
		masked(c, i, T2, b);
		none = c->code.p;
		a_cbz(c, 4, T2, 0);
		a_sub_i(c, 4, T2, T2, 1);
		if (up)
			a_lsl_i(c, w, from = T0, a, up);
		a_lsl(c, w, T0, from, T2);
		flags_by_doubling(c, w, T0);
		if (live(c, F_P | F_A))
			a_lsl(c, w, R_PF, a, b);
		settle(c);
		a_bind(c, none);
	}
	a_lsl(c, w, d, a, b);
}

EMIT(shl, ANYIMM)                               /* d = a << b */
{
	if (b != IMM)
		shl_var(c, i, d, a, b);
	else if (!count(i, i->imm))
		copy(c, i, d, a);
	else
		shl_const(c, i, d, a, count(i, i->imm));
}

/* ---- SHR and SAR */

/* d = the operand's bits from k on, extended as the shift does; k may exceed a narrow operand's width. */
static void right(struct tr *c, struct insn *i, int d, int a, int k, bool arith)
{
	int w = regw(i), n = bits(i);

	if (arith)
		a_sbfm(c, w, d, a, k < n ? k : n - 1, n - 1);
	else if (k < n)
		a_ubfm(c, w, d, a, k, n - 1);
	else
		a_mov(c, w, d, XZR);
}

/* S Z P of r, then CF = bit 0 of t, OF = bit v of t or 0 (v < 0). */
static void flags_nz_cv(struct tr *c, struct insn *i, int r, int t, int v)
{
	set_nz(c, i, r);
	if (v >= 0)
		set_cv(c, t, t, v);
	else
		tr_setflag_c(c, t);
}

/* T2 = CF of a shift by k, and nothing else */
static void out_bit(struct tr *c, struct insn *i, int a, int k, bool arith)
{
	int n = bits(i);

	if (k <= n)
		a_ubfx(c, 8, T2, a, k - 1, 1);
	else if (arith)
		a_ubfx(c, 8, T2, a, n - 1, 1);
	else
		a_mov(c, 4, T2, XZR);
}

static void right_const(struct tr *c, struct insn *i, int d, int a, int k, bool arith)
{
	bool of = live(c, F_O) && k == 1 && !arith;

	if (!live(c, F_C) && !of) {
		right(c, i, d, a, k, arith);
		set_nz(c, i, d);
		return;
	}
	if (!live(c, F_S | F_Z) && !of) {
		out_bit(c, i, a, k, arith);
		right(c, i, d, a, k, arith);
		if (!tr_carry_branch(c, i, T2, 0)) {
			a_cmp_i(c, 4, T2, 1);   /* C = CF, V = 0 */
			c->cs = CS_ADD;
		}
		tr_pf(c, d);
		return;
	}
	right(c, i, T2, a, k - 1, arith);       /* bit 0: CF */
	if (!arith && !of && (i->w < 8 || k > 1)) {
		a_ror_i(c, 8, T0, T2, 1);       /* CF:0..0:result, doubled: Z is the result's, N = 0 */
		flags_by_doubling(c, 8, T0);
		right(c, i, d, a, k, arith);
		tr_pf(c, d);
	} else {
		right(c, i, d, a, k, arith);
		flags_nz_cv(c, i, d, T2, of ? bits(i) - 1 : -1);
	}
}

static void right_var(struct tr *c, struct insn *i, int d, int a, int b, bool arith)
{
	int w = regw(i), from = a;
	u32 *none;

	if (i->w < 4)
		right(c, i, from = T4, a, 0, arith);
	if (live(c, F_ALL)) {
		settle(c);
		masked(c, i, T2, b);
		none = c->code.p;
		a_cbz(c, 4, T2, 0);
		a_sub_i(c, 4, T2, T2, 1);
		(arith ? a_asr : a_lsr)(c, w, T2, from, T2);
		(arith ? a_asr_i : a_lsr_i)(c, w, T3, T2, 1);
		flags_nz_cv(c, i, T3, T2, arith ? -1 : bits(i) - 1);
		settle(c);
		a_bind(c, none);
	}
	(arith ? a_asr : a_lsr)(c, w, d, from, b);
}

static void right_shift(struct tr *c, struct insn *i, int d, int a, int b, bool arith)
{
	if (b != IMM)
		right_var(c, i, d, a, b, arith);
	else if (!count(i, i->imm))
		copy(c, i, d, a);
	else
		right_const(c, i, d, a, count(i, i->imm), arith);
}

EMIT(shr, ANYIMM) { right_shift(c, i, d, a, b, false); }        /* d = a >> b, zeros come in */
EMIT(sar, ANYIMM) { right_shift(c, i, d, a, b, true); }         /* d = a >> b, the sign comes in */

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
	int w = regw(i), top = bits(i) - 1;

	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	of = of && live(c, F_O);
	if (!live(c, F_S | F_Z) && !left) {
		if (i->w < 4)
			a_lsl_i(c, w, T0, r, 31 - top);
		flags_by_doubling(c, w, i->w < 4 ? T0 : r);
		return;
	}
	if (!live(c, F_S | F_Z) && (!of || i->w >= 4)) {
		a_ror_i(c, w, T0, r, 1);
		flags_by_doubling(c, w, T0);
		return;
	}
	if (!left)
		a_lsr_i(c, w, T2, r, top);
	if (of) {                               /* left: top ^ bit 0; right: the two top bits */
		a_eor_sh(c, w, T3, r, r, left ? LSL : LSR, left ? top : 1);
		set_cv(c, left ? r : T2, T3, left ? top : top - 1);
	} else {
		tr_setflag_c(c, left ? r : T2);
	}
}

static void rotate_const(struct tr *c, struct insn *i, int d, int a, int k, bool left)
{
	int n = bits(i), w = regw(i);

	if (i->w == 2 && k % 16 == 8)
		a_rev16(c, 4, d, a);
	else
		a_ror_i(c, w, d, repeated(c, i, a, T0), (left ? n - k % n : k) % (w * 8));
	if (live(c, F_C | F_O))
		rotate_flags(c, i, d, left, k == 1);
}

static void rotate_var(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	bool flags = live(c, F_C | F_O);
	int w = regw(i), r = repeated(c, i, a, T0);
	u32 *none;

	if (flags)
		masked(c, i, T4, b);
	if (left)
		a_neg(c, w, T1, b);
	a_ror(c, w, d, r, left ? T1 : b);
	if (!flags)
		return;
	settle(c);
	none = c->code.p;
	a_cbz(c, 4, T4, 0);
	rotate_flags(c, i, d, left, true);
	settle(c);
	a_bind(c, none);
}

static void rotate(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	if (b != IMM)
		rotate_var(c, i, d, a, b, left);
	else if (!count(i, i->imm))
		copy(c, i, d, a);
	else
		rotate_const(c, i, d, a, count(i, i->imm), left);
}

EMIT(rol, ANYIMM) { rotate(c, i, d, a, b, true); }
EMIT(ror, ANYIMM) { rotate(c, i, d, a, b, false); }

/* ---- RCL and RCR: the operand and CF rotate together, one bit wider */

/* d = rotated, T3 = the new CF in bit 0, for a count in T2 that is below the width plus one. */
static void through_narrow(struct tr *c, struct insn *i, int d, int a, bool left)
{
	int n = bits(i);

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
	int n = bits(i);
	u32 *none = 0;

	if (b == IMM) {
		int k = count(i, i->imm);

		a_mov_i(c, 4, T2, n < 32 ? k % (n + 1) : k);
		return 0;
	}
	masked(c, i, T2, b);
	none = c->code.p;
	a_cbz(c, 4, T2, 0);
	if (n < 32) {
		a_mov_i(c, 4, T0, n + 1);
		a_udiv(c, 4, T1, T2, T0);
		a_msub(c, 4, T2, T1, T0, T2);
	}
	return none;
}

/* CF = bit 0 of T3; OF, for a count of one, from the result d. */
static void through_flags(struct tr *c, struct insn *i, int d, bool left)
{
	int w = regw(i), top = bits(i) - 1;

	if (left)                               /* top ^ CF */
		a_eor_sh(c, w, T2, d, T3, LSL, top);
	else                                    /* the two top bits */
		a_eor_sh(c, w, T2, d, d, LSR, 1);
	set_cv(c, T3, T2, left ? top : top - 1);
}

static void through(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	u32 *none;

	if (b == IMM && left && i->imm == 1 && i->w >= 4 && !live(c, F_S | F_Z)) {
		(live(c, F_C | F_O) ? a_adcs : a_adc)(c, i->w, d, a, a);
		return;
	}
	if (b == IMM && !count(i, i->imm)) {
		copy(c, i, d, a);
		return;
	}
	if (b != IMM)
		copy(c, i, T4, a);
	none = through_count(c, i, b);
	if (i->w == 8)
		through_wide(c, T4, a, left);
	else
		through_narrow(c, i, T4, a, left);
	if (live(c, F_C | F_O))
		through_flags(c, i, T4, left);
	settle(c);
	if (none)
		a_bind(c, none);
	a_mov(c, regw(i), d, T4);
}

/* CF goes in and comes out: with a memory operand it changes only after the store, which may fault. */
static void through_all(struct tr *c, struct insn *i, bool left)
{
	int b = i->o[1].kind == OP_IMM ? IMM : G(RCX), a, d;
	u8 keep = c->live;
	struct ea m;

	c->live |= F_C;
	settle(c);
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

/* ---- SHLD and SHRD: a's bits with b's coming in behind */

/* r = the result, T2 bit 0 = CF. k: the count, or -1: in T3, not zero. */
static void double_wide(struct tr *c, int w, int r, int a, int b, int k, bool left)
{
	if (k >= 0) {
		a_lsr_i(c, w, T2, a, left ? w * 8 - k : k - 1);
		if (left)
			a_extr(c, w, r, a, b, w * 8 - k);
		else
			a_extr(c, w, r, b, a, k);
		return;
	}
	a_neg(c, 4, T1, T3);
	(left ? a_lsr : a_lsl)(c, w, T0, b, T1);
	if (left) {
		a_lsr(c, w, T2, a, T1);
	} else {
		a_sub_i(c, 4, T1, T3, 1);
		a_lsr(c, w, T2, a, T1);
	}
	(left ? a_lsl : a_lsr)(c, w, r, a, T3);
	a_orr(c, w, r, r, T0);
}

/* 16 bits: the count goes up to 31; beyond 16 the second operand's bits are followed by the first's again. */
static void double_narrow(struct tr *c, int r, int a, int b, int k, bool left)
{
	if (k >= 0)
		a_mov_i(c, 4, T3, k);
	a_ubfx(c, 8, T0, a, 0, 16);
	a_orr_sh(c, 8, T0, T0, T0, LSL, 32);
	a_bfi(c, 8, T0, b, 16, 16);             /* a:b:a */
	if (left) {
		a_lsl(c, 8, T0, T0, T3);
		a_lsr_i(c, 8, T2, T0, 48);
		a_lsr_i(c, 8, r, T0, 32);
	} else {
		a_sub_i(c, 4, T2, T3, 1);
		a_lsr(c, 8, T2, T0, T2);
		a_lsr(c, 8, r, T0, T3);
	}
}

/* S Z P of r, CF in T2, and OF = the sign's change, which means something for a count of one. */
static void double_flags(struct tr *c, struct insn *i, int r, int a)
{
	if (live(c, F_O))
		a_eor(c, 8, T3, a, r);
	set_nz(c, i, r);
	set_cv(c, T2, T3, bits(i) - 1);
}

/* d = the result alone, by CL, which may be zero: b goes the other way by 1 and by 63 (31) - CL. */
static void double_dead(struct tr *c, int w, int d, int a, int b, bool left)
{
	a_mvn(c, 4, T1, G(RCX));
	(left ? a_lsr_i : a_lsl_i)(c, w, T0, b, 1);
	(left ? a_lsr : a_lsl)(c, w, T0, T0, T1);
	(left ? a_lsl : a_lsr)(c, w, T1, a, G(RCX));
	a_orr(c, w, d, T0, T1);
}

static void double_shift(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	int k = i->o[2].kind == OP_IMM ? count(i, i->imm) : -1;
	u32 *none = 0;

	if (k == 0) {
		copy(c, i, d, a);
		return;
	}
	if (k > 0 && !live(c, F_ALL) && i->w >= 4) {
		if (left)
			a_extr(c, i->w, d, a, b, bits(i) - k);
		else
			a_extr(c, i->w, d, b, a, k);
		return;
	}
	if (k < 0 && !live(c, F_ALL) && i->w >= 4) {
		double_dead(c, i->w, d, a, b, left);
		return;
	}
	if (k < 0) {
		settle(c);
		masked(c, i, T3, G(RCX));
		copy(c, i, T4, a);
		none = c->code.p;
		a_cbz(c, 4, T3, 0);
	}
	if (i->w == 2)
		double_narrow(c, T4, a, b, k, left);
	else
		double_wide(c, i->w, T4, a, b, k, left);
	if (live(c, F_ALL))
		double_flags(c, i, T4, a);
	if (none) {
		settle(c);
		a_bind(c, none);
	}
	a_mov(c, regw(i), d, T4);
}

EMIT(shld, ANYIMM) { double_shift(c, i, d, a, b, true); }
EMIT(shrd, ANYIMM) { double_shift(c, i, d, a, b, false); }
