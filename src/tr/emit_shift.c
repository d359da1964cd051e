/* emit_shift.c - shifts: SHL SHR SAR, SHLD SHRD.
 *
 * x86 masks the count to 5 bits (6 for 64-bit operands), as lslv and its kin do; a count of zero leaves every flag
 * alone. With dead flags a shift is one word. ARM64's shifts set no flags; what makes them:
 *   - the last bit shifted out goes to C by adding a value that holds it in its top bit to itself, which also gives
 *     V = the top two bits' exclusive or: exactly OF of SHL, ROL and ROR by one;
 *   - where S and Z must come from elsewhere, C and V are put in afterwards.
 * OF is defined for a count of one only; for 8 and 16 bits CF is what the CPU gives also where the manual is silent.
 * SDM vol. 2, SAL/SAR/SHL/SHR, SHLD, SHRD.
 */
#include "tr/emit_shift.h"
#include "tr/emit_bit.h"

void tr_set_cv(struct tr *c, int t, int m, int r, int n)
{
	bool cf = live(c, F_C), of = live(c, F_O), beside = cf && r == t && m == ((n + 1) & 63);

	if (!of) {
		tr_setflag_c_bit(c, t, m);
	} else if (has(c, HOST_FLAGM) && beside) {
		a_rmif(c, r, n, 3);
		c->cs = CS_ADD;
	} else if (has(c, HOST_FLAGM)) {
		a_rmif(c, r, n, 1);
		tr_setflag_c_bit(c, t, m);
	} else {
		a_mrs(c, T0, SR_NZCV);
		a_ror_i(c, 8, T1, r, n);
		a_bfi(c, 8, T0, T1, 28, beside ? 2 : 1);
		if (beside) {
			a_eor_i(c, 8, T0, T0, 1 << 29);
		} else if (cf) {
			a_mvn_sh(c, 8, T1, t, LSR, m);
			a_bfi(c, 8, T0, T1, 29, 1);
		}
		a_msr(c, SR_NZCV, T0);
		if (cf)
			c->cs = CS_SUB;
	}
}

/* ---- SHL */

static void shl_const(struct tr *c, struct insn *i, int d, int a, int k)
{
	int w = sh_regw(i), up = w * 8 - sh_bits(i);

	if (live(c, F_NZCV) && !up && k == 1) {
		a_adds(c, w, d, a, a);
		c->cs = CS_ADD;
		tr_pf(c, d);
		return;
	}
	if (live(c, F_NZCV)) {
		if (up + k - 1 < 32 || !up)
			a_lsl_i(c, w, T0, a, up + k - 1);
		sh_double(c, w, up + k - 1 < 32 || !up ? T0 : XZR);
	}
	a_lsl_i(c, w, d, a, k);
	tr_pf(c, d);
}

static void shl_var(struct tr *c, struct insn *i, int d, int a, int b)
{
	int w = sh_regw(i), up = w * 8 - sh_bits(i), from = a;
	u32 *none;

	if (live(c, F_ALL)) {
		enum csense cs = sh_settle(c);

		sh_masked(c, i, T2, b);
		none = c->code.p;
		a_cbz(c, 4, T2, 0);
		a_sub_i(c, 4, T2, T2, 1);
		if (up)
			a_lsl_i(c, w, from = T0, a, up);
		a_lsl(c, w, T0, from, T2);
		sh_double(c, w, T0);
		if (live(c, F_P | F_A))
			a_lsl(c, w, R_PF, a, b);
		tr_need(c, cs);
		a_bind(c, none);
	}
	a_lsl(c, w, d, a, b);
}

EMIT(shl, ANYIMM | VIA_PF)                             /* d = a << b */
{
	if (b != IMM)
		shl_var(c, i, d, a, b);
	else if (!sh_count(i, i->imm))
		sh_copy(c, i, d, a);
	else
		shl_const(c, i, d, a, sh_count(i, i->imm));
}

/* ---- SHR and SAR */

/* d = the operand's bits from k on, extended as the shift does; k may exceed a narrow operand's width. */
static void right(struct tr *c, struct insn *i, int d, int a, int k, bool arith)
{
	int w = sh_regw(i), n = sh_bits(i);

	if (arith)
		a_sbfm(c, w, d, a, k < n ? k : n - 1, n - 1);
	else if (k < n)
		a_ubfm(c, w, d, a, k, n - 1);
	else
		a_mov(c, w, d, XZR);
}

/* The bit of the operand that a shift by k puts into CF; -1: a zero. */
static int last_out(struct insn *i, int k, bool arith)
{
	int n = sh_bits(i);

	return k <= n ? k - 1 : arith ? n - 1 : -1;
}

/* T2 = CF of a shift by k, and nothing else */
static void out_bit(struct tr *c, struct insn *i, int a, int k, bool arith)
{
	int bit = last_out(i, k, arith);

	if (bit >= 0)
		a_ubfx(c, 8, T2, a, bit, 1);
	else
		a_mov(c, 4, T2, XZR);
}

/* All flags: S Z P of the result, then CF and OF out of the operand. */
static void right_flags(struct tr *c, struct insn *i, int d, int a, int k, bool arith)
{
	int bit = last_out(i, k, arith), top = sh_bits(i) - 1;
	int r = live(c, F_P | F_A) ? R_PF : d != a ? d : T3;
	u8 keep = c->live;

	right(c, i, r, a, k, arith);
	if (bit >= 0)
		c->live &= ~F_C;                /* it comes afterwards */
	sh_nz_of(c, sh_regw(i), r);             /* extended */
	c->live = keep;
	if (bit >= 0 && !arith && k == 1)
		tr_set_cv(c, a, bit, a, top);
	else if (bit >= 0)
		tr_setflag_c_bit(c, a, bit);
	if (r != d)
		a_mov(c, sh_regw(i), d, r);
}

static void right_const(struct tr *c, struct insn *i, int d, int a, int k, bool arith)
{
	bool of = live(c, F_O) && k == 1 && !arith;

	if (!live(c, F_C) && !of) {
		right(c, i, d, a, k, arith);
		sh_nz(c, i, d);
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
	if (!has(c, HOST_FLAGM) && !arith && !of && (i->w < 8 || k > 1)) {
		right(c, i, T2, a, k - 1, arith);       /* bit 0: CF */
		a_ror_i(c, 8, T0, T2, 1);       /* CF:0..0:result, doubled: Z is the result's, N = 0 */
		sh_double(c, 8, T0);
		right(c, i, d, a, k, arith);
		tr_pf(c, d);
	} else {
		right_flags(c, i, d, a, k, arith);
	}
}

static void right_var(struct tr *c, struct insn *i, int d, int a, int b, bool arith)
{
	int w = sh_regw(i), from = a;
	u32 *none;

	if (i->w < 4)
		right(c, i, from = T4, a, 0, arith);
	if (live(c, F_ALL)) {
		enum csense cs = sh_settle(c);
		int r = live(c, F_P | F_A) ? R_PF : T3;
		u8 keep = c->live;

		sh_masked(c, i, T2, b);
		none = c->code.p;
		a_cbz(c, 4, T2, 0);
		a_sub_i(c, 4, T2, T2, 1);
		(arith ? a_asr : a_lsr)(c, w, T2, from, T2);
		(arith ? a_asr_i : a_lsr_i)(c, w, r, T2, 1);
		c->live &= ~F_C;
		sh_nz_of(c, w, r);
		c->live = keep;
		if (arith)
			tr_setflag_c_bit(c, T2, 0);
		else
			tr_set_cv(c, T2, 0, T2, sh_bits(i) - 1);
		tr_need(c, cs);
		a_bind(c, none);
	}
	(arith ? a_asr : a_lsr)(c, w, d, from, b);
}

static void right_shift(struct tr *c, struct insn *i, int d, int a, int b, bool arith)
{
	if (b != IMM)
		right_var(c, i, d, a, b, arith);
	else if (!sh_count(i, i->imm))
		sh_copy(c, i, d, a);
	else
		right_const(c, i, d, a, sh_count(i, i->imm), arith);
}

EMIT(shr, ANYIMM | VIA_PF) { right_shift(c, i, d, a, b, false); }        /* d = a >> b, zeros come in */
EMIT(sar, ANYIMM | VIA_PF) { right_shift(c, i, d, a, b, true); }         /* d = a >> b, the sign comes in */

/* ---- SHLD and SHRD: a's bits with b's coming in behind */

/* By a constant. For 16 bits it may be up to 31: beyond 16 the second operand's bits are followed by the first's again. */
static void double_const(struct tr *c, struct insn *i, int d, int a, int b, int k, bool left)
{
	int w = sh_regw(i), n = w * 8, from = a, bit = left ? n - k : k - 1, r = d;
	bool of = k == 1 && live(c, F_O);

	if (live(c, F_P))
		r = R_PF;
	else if (live(c, F_ALL) && d == a)
		r = T4;
	if (i->w == 2) {
		bool ab = left == (k <= 16);            /* which one is above */

		a_lsl_i(c, 4, from = T2, ab ? a : b, 16);
		a_bfxil(c, 4, T2, ab ? b : a, 0, 16);
		bit = left ? k <= 16 ? 32 - k : 48 - k : k <= 16 ? k - 1 : k - 17;
		a_sbfx(c, 4, r, T2, left ? bit - 16 : bit + 1, 16);
	} else {
		a_extr(c, w, r, left ? a : b, left ? b : a, left ? bit : k);
	}
	if (of)                                 /* the sign's change; left: CF is beside it */
		a_eor_sh(c, w, T3, left ? from : a, left ? from : r, LSR, left);
	sh_nz_of(c, w, r);
	if (of)
		tr_set_cv(c, left ? T3 : from, bit, T3, left ? n - 2 : sh_bits(i) - 1);
	else
		tr_setflag_c_bit(c, from, bit);
	if (r != d)
		a_mov(c, w, d, r);
}

/* By CL, in T3 and not zero: r = the result, bit 0 of T2 = CF. */
static void double_wide(struct tr *c, int w, int r, int a, int b, bool left)
{
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

static void double_narrow(struct tr *c, int r, int a, int b, bool left)
{
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
	sh_nz(c, i, r);
	tr_set_cv(c, T2, 0, T3, sh_bits(i) - 1);
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

static void double_var(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	enum csense cs;
	u32 *none;

	if (!live(c, F_ALL) && i->w >= 4) {
		double_dead(c, i->w, d, a, b, left);
		return;
	}
	cs = sh_settle(c);
	sh_masked(c, i, T3, G(RCX));
	sh_copy(c, i, T4, a);
	none = c->code.p;
	a_cbz(c, 4, T3, 0);
	if (i->w == 2)
		double_narrow(c, T4, a, b, left);
	else
		double_wide(c, i->w, T4, a, b, left);
	if (live(c, F_ALL))
		double_flags(c, i, T4, a);
	tr_need(c, cs);
	a_bind(c, none);
	a_mov(c, sh_regw(i), d, T4);
}

static void double_shift(struct tr *c, struct insn *i, int d, int a, int b, bool left)
{
	int k = i->o[2].kind == OP_IMM ? sh_count(i, i->imm) : -1;

	if (k < 0)
		double_var(c, i, d, a, b, left);
	else if (!k)
		sh_copy(c, i, d, a);
	else
		double_const(c, i, d, a, b, k, left);
}

EMIT(shld, ANYIMM | VIA_PF) { double_shift(c, i, d, a, b, true); }
EMIT(shrd, ANYIMM | VIA_PF) { double_shift(c, i, d, a, b, false); }
