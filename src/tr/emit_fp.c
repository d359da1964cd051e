/* emit_fp.c - floating point: arithmetic, compares, rounding, sums of neighbours. SDM volume 2, and 1 4.8 and 11.5.
 *
 * Names end as the SDM's: ss sd scalar, ps pd packed. Scalar forms keep a's upper lanes (vec.h). The rounding mode,
 * DAZ and FTZ stand in FPCR. What x86 and ARM do differently: the default NaN's sign (fp_result), minimum and
 * maximum, and, without FEAT_AFP, which of two NaNs is the result: there ARM prefers a signalling one.
 */
#include "tr/vec.h"

typedef void op1(A c, int w, int d, int n);             /* w: bytes of a scalar, or a vector's arrangement */
typedef void op2(A c, int w, int d, int n, int m);

/* ---- arithmetic; rare: a division */

static void scalar2(struct tr *c, struct insn *i, op2 *op, int w, int d, int a, int b, bool rare)
{
	int r;

	if (fp_afp(c)) {                                /* NEP merges */
		op(c, w, d, a, b);
	} else if (fp_fixes_nan(c, rare)) {
		op(c, w, V0t, a, b);
		fp_result(c, w, false, V0t, a, b);
		fp_put(c, i, w, d, a, V0t);
	} else {
		r = fp_dst(c, i, d);
		op(c, w, r, fp_low(c, i, w, a), fp_low(c, i, w, b));
		fp_merge(c, i, w, d, a, r);
	}
}

static void packed2(struct tr *c, op2 *op, int T, int d, int a, int b, bool rare)
{
	bool fix = fp_fixes_nan(c, rare);
	int r = fix && (d == a || d == b) ? V0t : d;

	op(c, T, r, a, b);
	if (fix)
		fp_result(c, a_width(T), true, r, a, b);
	v_mov(c, d, r);
}

#define ARITHMETIC(name, rare) \
	EMIT(name##_ss, 0) { scalar2(c, i, a_##name, 4, d, a, b, rare); } \
	EMIT(name##_sd, 0) { scalar2(c, i, a_##name, 8, d, a, b, rare); } \
	EMIT(name##_ps, 0) { packed2(c, a_v##name, V4S, d, a, b, rare); } \
	EMIT(name##_pd, 0) { packed2(c, a_v##name, V2D, d, a, b, rare); }
ARITHMETIC(fadd, false)
ARITHMETIC(fsub, false)
ARITHMETIC(fmul, false)
ARITHMETIC(fdiv, true)

/* ---- one source: b in scalar forms, where a gives the upper lanes */

static void scalar1(struct tr *c, struct insn *i, op1 *op, int w, int d, int a, int b)
{
	int r = fp_dst1(c, i, d, a, b);

	op(c, w, r, fp_low(c, i, w, b));
	fp_merge(c, i, w, d, a, r);
}

/* Every root has the sign of its source, those of -0 and of NaNs too, if what a negative number gives is negative. */
static void sqrt_s(struct tr *c, struct insn *i, int w, int d, int a, int b)
{
	int T = a_lanes(w, 1), top = 8 * w - 1;

	if (fp_fixes_nan(c, true)) {
		a_vushr_i(c, T, V1t, b, top);
		a_fsqrt(c, w, V0t, b);
		a_vsli_i(c, T, V0t, V1t, top);
		fp_put(c, i, w, d, a, V0t);
	} else {
		scalar1(c, i, a_fsqrt, w, d, a, b);
	}
}
static void sqrt_p(struct tr *c, int T, int d, int a)
{
	bool fix = fp_fixes_nan(c, true);
	int top = 8 * a_width(T) - 1;

	if (fix)
		a_vushr_i(c, T, V1t, a, top);
	a_vfsqrt(c, T, d, a);
	if (fix)
		a_vsli_i(c, T, d, V1t, top);
}
EMIT(fsqrt_ss, 0) { sqrt_s(c, i, 4, d, a, b); }
EMIT(fsqrt_sd, 0) { sqrt_s(c, i, 8, d, a, b); }
EMIT(fsqrt_ps, 0) { sqrt_p(c, V4S, d, a); }
EMIT(fsqrt_pd, 0) { sqrt_p(c, V2D, d, a); }

/* RCP and RSQRT give what Intel's CPUs give, bit for bit: that of the middle of the interval that the source's first 11
 * (RSQRT: 10) fraction bits name, to 12 bits; found by trying every interval, in every rounding mode. Denormals count as
 * zeros. They are rare and long, so they are routines: V0t = of V4t. Scalars go through all four lanes. */
static void estimate(A c, bool root)
{
	int n = V4t, drop = root ? 13 : 12;

	a_vushr_i(c, V4S, V0t, n, drop);
	a_vshl_i(c, V4S, V0t, V0t, drop);
	a_vorr_i(c, V4S, V0t, root ? 0x10 : 0x08, 8);   /* the middle */
	a_vadd(c, V4S, V1t, n, n);                      /* without the sign */
	a_vmovi(c, V4S, V2t, 0xff, 24);
	a_vcmhs(c, V4S, V2t, V1t, V2t);
	a_vbit(c, V16B, V0t, n, V2t);                   /* infinities and NaNs as they are */
	a_vmovi(c, V4S, V2t, 1, 24);
	a_vcmhi(c, V4S, V2t, V2t, V1t);
	a_vbic(c, V16B, V0t, V0t, V2t);                 /* denormals: zero */
	if (root)
		a_vfsqrt(c, V4S, V0t, V0t);
	a_vmov_const(c, V4S, V2t, 0x3f800000);
	a_vfdiv(c, V4S, V3t, V2t, V0t);
	if (!root) {                                    /* rounded down in all modes: one less where 1 - x * r < 0 */
		a_vfmls(c, V4S, V2t, V0t, V3t);
		a_vfcmlt_z(c, V4S, V2t, V2t);
		a_vadd(c, V4S, V3t, V3t, V2t);
	}
	a_vurshr_i(c, V4S, V0t, V3t, 11);
	a_vshl_i(c, V4S, V0t, V0t, 11);
	if (!root) {                                    /* from 2^126 on: zero */
		a_vmovi(c, V4S, V2t, 0xfd, 24);
		a_vcmhs(c, V4S, V1t, V1t, V2t);
		a_vbic(c, V16B, V0t, V0t, V1t);
	}
	a_vfcmeq(c, V4S, V1t, n, n);
	a_vbif(c, V16B, V0t, V3t, V1t);                 /* a NaN keeps its fraction */
	a_vmovi(c, V4S, V1t, 0x80, 24);
	a_vbit(c, V16B, V0t, n, V1t);                   /* all results have the source's sign */
	a_ret(c, X30);
}

void tr_routines(u32 *base)
{
	struct code rcp = { base + TR_STUB_RCP / 4, base + TR_STUB_RSQRT / 4 };
	struct code rsqrt = { base + TR_STUB_RSQRT / 4, base + TR_STUBS_SIZE / 4 };

	estimate(&rcp, false);
	estimate(&rsqrt, true);
}

static void estimated(struct tr *c, bool root)
{
	bool quiet = c->env->fp_check || c->env->fp_exact;      /* the CPU's raises nothing */

	if (quiet)
		a_mrs(c, T1, SR_FPSR);
	tr_stub(c, root ? TR_STUB_RSQRT : TR_STUB_RCP);
	if (quiet)
		a_msr(c, SR_FPSR, T1);
}

/* With RPRES and AH ARM64's own estimates are the same, tried likewise; like x86's they heed and report nothing. */
static void frsqrte(A c, int w, int d, int n) { a_vfrsqrte(c, a_vscalar(w), d, n); }
static void frecpe(A c, int w, int d, int n)  { a_vfrecpe(c, a_vscalar(w), d, n); }
static void estimate_s(struct tr *c, struct insn *i, int d, int a, int b, bool root)
{
	if (has(c, HOST_RPRES)) {
		scalar1(c, i, root ? frsqrte : frecpe, 4, d, a, b);
		return;
	}
	a_vdup_e(c, V4S, V4t, b, 0);
	estimated(c, root);
	fp_put(c, i, 4, d, a, V0t);
}
static void estimate_p(struct tr *c, int d, int a, bool root)
{
	if (has(c, HOST_RPRES)) {
		(root ? a_vfrsqrte : a_vfrecpe)(c, V4S, d, a);
	} else {
		a_vmov(c, V16B, V4t, a);
		estimated(c, root);
		a_vmov(c, V16B, d, V0t);
	}
}
EMIT(frsqrt_ps, 0) { estimate_p(c, d, a, true); }
EMIT(frcp_ps,   0) { estimate_p(c, d, a, false); }
EMIT(frsqrt_ss, 0) { estimate_s(c, i, d, a, b, true); }
EMIT(frcp_ss,   0) { estimate_s(c, i, d, a, b, false); }

/* ---- minimum and maximum: the second operand if one is a NaN or both are zeros; FPCR.AH gives ARM's just that.
 * Without AH a denormal result is not flushed, DAZ or not. */

static void minmax_p(struct tr *c, op2 *op, int T, int d, int a, int b, bool max)
{
	int m = v_mask(d, a, b);

	if (fp_afp(c)) {
		op(c, T, d, a, b);
		return;
	}
	a_vfcmgt(c, T, m, max ? a : b, max ? b : a);
	v_select(c, d, m, a, b);
}
static void minmax_s(struct tr *c, struct insn *i, op2 *op, int w, int d, int a, int b, bool max)
{
	int x, y, m;

	if (fp_afp(c)) {
		op(c, w, d, a, b);
		return;
	}
	x = fp_low(c, i, w, a);
	y = fp_low(c, i, w, b);
	m = x == V0t || y == V0t ? V1t : V0t;
	a_vfcmgt(c, a_vscalar(w), m, max ? x : y, max ? y : x);
	if (w == 8 && d == a && tr_hi_free(c, i, d)) {
		a_vbif(c, V8B, d, b, m);
	} else {
		a_vbsl(c, V8B, m, x, y);
		fp_put(c, i, w, d, a, m);
	}
}
EMIT(fmin_ss, 0) { minmax_s(c, i, a_fmin, 4, d, a, b, false); }
EMIT(fmin_sd, 0) { minmax_s(c, i, a_fmin, 8, d, a, b, false); }
EMIT(fmin_ps, 0) { minmax_p(c, a_vfmin, V4S, d, a, b, false); }
EMIT(fmin_pd, 0) { minmax_p(c, a_vfmin, V2D, d, a, b, false); }
EMIT(fmax_ss, 0) { minmax_s(c, i, a_fmax, 4, d, a, b, true); }
EMIT(fmax_sd, 0) { minmax_s(c, i, a_fmax, 8, d, a, b, true); }
EMIT(fmax_ps, 0) { minmax_p(c, a_vfmax, V4S, d, a, b, true); }
EMIT(fmax_pd, 0) { minmax_p(c, a_vfmax, V2D, d, a, b, true); }

/* ---- compares into masks */

/* Predicates (SDM, CMPPD): what is compared, and whether the mask is to be inverted. From 16 on they are the same but for
 * which raise an invalid operation for a quiet NaN: the orders do below, the others above. */
enum { EQ, LT, LE, ORD, GE, GT, NEITHER, NEVER, NOT = 8, SIGNALS = 16 };
static const u8 predicates[16] = {
	EQ, LT | SIGNALS, LE | SIGNALS, ORD | NOT, EQ | NOT, LT | NOT | SIGNALS, LE | NOT | SIGNALS, ORD,
	NEITHER | NOT, GE | NOT | SIGNALS, GT | NOT | SIGNALS, NEVER, NEITHER, GE | SIGNALS, GT | SIGNALS, NEVER | NOT,
};

static int predicate(struct insn *i)
{
	int p = predicates[i->imm & (i->prefix & PFX_VEX ? 15 : 7)];

	return i->prefix & PFX_VEX && i->imm & 16 ? p ^ SIGNALS : p;
}

/* Neither is a NaN. Without AH the greater of two is one if either is. */
static void ordered(struct tr *c, int T, int d, int a, int b, int tmp)
{
	if (a == b) {
		a_vfcmeq(c, T, d, a, a);
	} else if (fp_afp(c)) {
		a_vfcmeq(c, T, tmp, a, a);
		a_vfcmeq(c, T, d, b, b);
		a_vand(c, V16B, d, d, tmp);
	} else {
		v_fmax(c, T, tmp, a, b);
		a_vfcmeq(c, T, d, tmp, tmp);
	}
}

/* NEITHER: ordered and not equal. */
static void compare(struct tr *c, int T, int what, int d, int a, int b)
{
	switch (what) {
	case EQ: a_vfcmeq(c, T, d, b, a); break;
	case LT: a_vfcmgt(c, T, d, b, a); break;
	case LE: a_vfcmge(c, T, d, b, a); break;
	case GE: a_vfcmge(c, T, d, a, b); break;
	case GT: a_vfcmgt(c, T, d, a, b); break;
	case ORD:
		ordered(c, T, d, a, b, V1t);
		break;
	case NEITHER:
		a_vfcmeq(c, T, V2t, a, b);
		ordered(c, T, d, a, b, V1t);
		a_vbic(c, V16B, d, d, V2t);
		break;
	case NEVER: a_vzero(c, d); break;
	}
}

/* ARM's compares for order raise an invalid operation for quiet NaNs, the others do not. Where x86's does, such a one is
 * made besides; where it must not, lanes with a NaN are compared as zeros, which are neither LT nor GT. */
static void compare_raising(struct tr *c, int T, int p, int d, int a, int b)
{
	int what = p & 7;
	bool raises = what == LT || what == LE || what == GE || what == GT;

	if (raises == !!(p & SIGNALS)) {
		if (what == NEVER)                      /* SNaNs raise it all the same */
			a_vfcmeq(c, T, V1t, a, b);
		compare(c, T, what, d, a, b);
	} else if (!raises) {
		a_vfcmge(c, T, V1t, a, b);
		compare(c, T, what, d, a, b);
	} else {
		ordered(c, T, V1t, a, b, V2t);
		a_vand(c, V16B, V2t, a, V1t);
		a_vand(c, V16B, V3t, b, V1t);
		compare(c, T, what, d, V2t, V3t);
		a_vand(c, V16B, d, d, V1t);
	}
}

static void compare_p(struct tr *c, struct insn *i, int T, int d, int a, int b)
{
	int p = predicate(i);

	compare_raising(c, T, p, d, a, b);
	if (p & NOT)
		a_vmvn(c, V16B, d, d);
}
/* With NEP a compare's upper lanes are those of its second operand, which a is here; a mask of ones is a NaN, so a compare of
 * the mask with itself inverts it. False: not a predicate of these. */
static bool compare_merging(struct tr *c, int w, int p, int d, int a, int b)
{
	int T = a_vscalar(w), what = p & 7, r = p & NOT ? V0t : d;
	bool orders = what == LT || what == LE;

	if (!fp_afp(c) || (what != EQ && what != ORD && !orders) || (orders && !(p & SIGNALS)))
		return false;
	if (p & SIGNALS && !orders)
		a_vfcmge(c, T, V1t, a, b);
	if (what == ORD) {                              /* is a what it is, if b is a number? */
		a_vfcmeq(c, T, V0t, b, b);
		a_vorn(c, V8B, V0t, a, V0t);
		a_vfcmeq(c, T, r, V0t, a);
	} else {
		compare(c, T, what, r, a, b);
	}
	if (p & NOT)
		a_vfcmeq(c, T, d, V0t, V0t);
	return true;
}
static void compare_s(struct tr *c, struct insn *i, int w, int d, int a, int b)
{
	int p = predicate(i), r = p & NOT ? V0t : fp_dst(c, i, d);

	if (compare_merging(c, w, p, d, a, b))
		return;
	compare_raising(c, a_vscalar(w), p, r, a, b);
	if (p & NOT) {
		a_vmvn(c, V8B, r, r);
		fp_put(c, i, w, d, a, r);
	} else {
		fp_merge(c, i, w, d, a, r);
	}
}
EMIT(fcmp_ss, ANYIMM) { compare_s(c, i, 4, d, a, b); }
EMIT(fcmp_sd, ANYIMM) { compare_s(c, i, 8, d, a, b); }
EMIT(fcmp_ps, ANYIMM) { compare_p(c, i, V4S, d, a, b); }
EMIT(fcmp_pd, ANYIMM) { compare_p(c, i, V2D, d, a, b); }

/* Into the flags. COMISx raises an invalid operation for quiet NaNs too. */
static void comi(struct tr *c, struct insn *i, int w, int a, int b, bool signals)
{
	a = fp_low(c, i, w, a);
	b = fp_low(c, i, w, b);
	if (signals)
		a_fcmpe(c, w, a, b);
	else
		a_fcmp(c, w, a, b);
	c->cs = CS_FCMP;
}
EMIT(fucomi_ss, 0) { comi(c, i, 4, a, b, false); }
EMIT(fucomi_sd, 0) { comi(c, i, 8, a, b, false); }
EMIT(fcomi_ss,  0) { comi(c, i, 4, a, b, true); }
EMIT(fcomi_sd,  0) { comi(c, i, 8, a, b, true); }

/* ---- rounding: imm 3: not to report inexactness; 2: MXCSR's mode, else 1:0 is nearest, down, up, to zero */

static op1 *const round_s[4] = { a_frintn, a_frintm, a_frintp, a_frintz };
static op1 *const round_p[4] = { a_vfrintn, a_vfrintm, a_vfrintp, a_vfrintz };

static op1 *rounding(int imm, op1 *const fixed[4], op1 *quiet, op1 *exact)
{
	return !(imm & 4) ? fixed[imm & 3] : imm & 8 ? quiet : exact;
}

static void round_s_(struct tr *c, struct insn *i, int w, int d, int a, int b)
{
	if (!(i->imm & 12))                             /* for the inexact flag: frintn and its like do not raise it */
		a_frintx(c, w, V1t, b);
	scalar1(c, i, rounding(i->imm, round_s, a_frinti, a_frintx), w, d, a, b);
}
static void round_p_(struct tr *c, struct insn *i, int T, int d, int a)
{
	if (!(i->imm & 12))
		a_vfrintx(c, T, V1t, a);
	rounding(i->imm, round_p, a_vfrinti, a_vfrintx)(c, T, d, a);
}
EMIT(fround_ss, ANYIMM) { round_s_(c, i, 4, d, a, b); }
EMIT(fround_sd, ANYIMM) { round_s_(c, i, 8, d, a, b); }
EMIT(fround_ps, ANYIMM) { round_p_(c, i, V4S, d, a); }
EMIT(fround_pd, ANYIMM) { round_p_(c, i, V2D, d, a); }

/* ---- neighbours */

static void pairs(struct tr *c, op2 *op, int T, int d, int a, int b)
{
	a_vuzp1(c, T, V0t, a, b);
	a_vuzp2(c, T, V3t, a, b);
	packed2(c, op, T, d, V0t, V3t, false);
}
static void add_pairs(struct tr *c, int T, int d, int a, int b)
{
	if (fp_fixes_nan(c, false))
		pairs(c, a_vfadd, T, d, a, b);
	else
		a_vfaddp(c, T, d, a, b);
}
EMIT(faddp_ps, 0) { add_pairs(c, V4S, d, a, b); }
EMIT(faddp_pd, 0) { add_pairs(c, V2D, d, a, b); }
EMIT(fsubp_ps, 0) { pairs(c, a_vfsub, V4S, d, a, b); }
EMIT(fsubp_pd, 0) { pairs(c, a_vfsub, V2D, d, a, b); }

/* Of one and minus one, by lane. */
static void ones(struct tr *c, int T, int r, int minus)
{
	u64 one = T == V4S ? 0x3f8000003f800000 : 0x3ff0000000000000, odd = minus & FLIP_ODD ? 1ull << 63 : 0;
	u64 even = !(minus & FLIP_EVEN) ? 0 : T == V4S ? 1ull << 31 : 1ull << 63;

	v_const(c, r, one ^ (T == V4S ? even | odd : even), one ^ (T == V4S ? even | odd : odd));
}

void fp_flip(struct tr *c, int T, int r, int n, int lanes)
{
	u64 even = lanes & FLIP_EVEN ? 1ull << (8 * a_width(T) - 1) : 0, odd = lanes & FLIP_ODD ? 1ull << 63 : 0;
	u64 inf2 = T == V4S ? 0xff000000ff000000 : 0xffe0000000000000;

	if (!fp_afp(c)) {                               /* FTZ is DAZ too here, so what is not zero is no denormal */
		ones(c, T, V1t, lanes);
		a_vfmul(c, T, r, n, V1t);
		return;
	}
	v_const(c, r == n ? V3t : r, T == V4S ? even | odd : even, T == V4S ? even | odd : odd);
	v_const(c, V2t, inf2, inf2);
	a_vadd(c, T, V1t, n, n);                        /* a compare of floating point would report denormals */
	a_vcmhi(c, T, V1t, V1t, V2t);
	a_vbic(c, V16B, V1t, r == n ? V3t : r, V1t);
	a_veor(c, V16B, r, V1t, n);
}

/* Even lanes a - b, odd ones a + b: one operation, lest a lane raise what it does not do. A fused product by one or minus one
 * rounds as a sum, and leaves a NaN's sign alone, as FCADD does only with AH. But with AH its choice among NaNs is another. */
static void add_sub(struct tr *c, int T, int d, int a, int b)
{
	int r = d == b ? V0t : d;

	if (!fp_afp(c)) {
		ones(c, T, V3t, FLIP_EVEN);
		v_mov(c, r, a);
		a_vfmla(c, T, r, b, V3t);
		v_mov(c, d, r);
	} else if (has(c, HOST_FCMA)) {
		if (T == V4S)
			a_vrev64(c, T, V0t, b);
		else
			a_vext(c, V16B, V0t, b, b, 8);
		a_vfcadd(c, T, d, a, V0t, 90);
	} else {
		fp_flip(c, T, V0t, b, FLIP_EVEN);
		a_vfadd(c, T, d, a, V0t);
	}
}
EMIT(faddsub_ps, 0) { add_sub(c, V4S, d, a, b); }
EMIT(faddsub_pd, 0) { add_sub(c, V2D, d, a, b); }

/* Dot product: imm 7:4 say which products count, 3:0 which lanes of the result get the sum; others are zero. What does
 * not count is not even multiplied, or it would raise exceptions; what nobody gets raises them all the same. */
static bool lanes_mask(struct tr *c, int T, int r, int lanes)   /* false: all */
{
	u64 lane = a_width(T) == 8 ? ~0ull : 0xffffffff, half[2] = { 0, 0 };
	int n = 16 / a_width(T);

	if ((lanes & ((1 << n) - 1)) == (1 << n) - 1)
		return false;
	for (int k = 0; k < n; k++)
		if (lanes >> k & 1)
			half[2 * k / n] |= lane << 64 * k * 2 / n % 64;
	v_const(c, r, half[0], half[1]);
	return true;
}
static void spread(struct tr *c, int T, int d, int n, int lanes)        /* n has the sum in all of them */
{
	if (lanes == 0)
		a_vzero(c, d);
	else if (lanes == 1)
		a_fmov(c, a_width(T), d, n);
	else if (lanes == 3 && T == V4S)
		a_fmov(c, 8, d, n);
	else if (lanes == 5)
		a_vuxtl(c, V2S, d, n);
	else if (lanes == 10)
		a_vshl_i(c, V2D, d, n, 32);
	else if (lanes_mask(c, T, V0t, lanes))
		a_vand(c, V16B, d, n, V0t);
}
static void dot(struct tr *c, struct insn *i, int T, int d, int a, int b)
{
	int all = T == V4S ? 15 : 3, lanes = i->imm & all, last = lanes == all ? d : V3t;

	if (!(i->imm >> 4 & all)) {
		a_vzero(c, d);
		return;
	}
	if (lanes_mask(c, T, V1t, i->imm >> 4)) {
		a_vand(c, V16B, V0t, a, V1t);
		a_vand(c, V16B, V1t, b, V1t);
		packed2(c, a_vfmul, T, V3t, V0t, V1t, false);
	} else {
		packed2(c, a_vfmul, T, V3t, a, b, false);
	}
	add_pairs(c, T, T == V4S ? V3t : last, V3t, V3t);
	if (T == V4S)
		add_pairs(c, T, last, V3t, V3t);
	spread(c, T, d, V3t, lanes);
}
EMIT(fdp_ps, ANYIMM) { dot(c, i, V4S, d, a, b); }
EMIT(fdp_pd, ANYIMM) { dot(c, i, V2D, d, a, b); }
