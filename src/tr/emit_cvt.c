/* emit_cvt.c - conversions between integers, singles and doubles. SDM volume 2, and 1 4.9.1.
 *
 * What does not fit becomes x86's integer indefinite, the most negative number; ARM saturates, and makes 0 of a NaN.
 * FEAT_FRINTTS rounds to just what x86 gives. Without it everything whose exponent is too large is indefinite, and
 * so is the one such number that fits. But what does not fit must not be told of as inexact too, which rounding a double
 * first does: those fpcheck.c sends to C, when their exponents say that they may not fit. Scalar forms keep a's upper lanes.
 */
#include "tr/avx.h"

/* ---- to a general register */

static void to_int(struct tr *c, struct insn *i, int w, bool truncate, int d, int n)
{
	int dw = i->o[0].w, bias = w == 8 ? 1023 : 127;
	u32 *fits;

	n = fp_low(c, i, w, n);
	if (has(c, HOST_FRINTTS)) {
		if (dw == 8)
			(truncate ? a_frint64z : a_frint64x)(c, w, V0t, n);
		else
			(truncate ? a_frint32z : a_frint32x)(c, w, V0t, n);
		a_fcvtzs(c, dw, w, d, V0t);
		return;
	}
	if (!truncate) {
		a_frintx(c, w, V0t, n);
		n = V0t;
	}
	a_fcvtzs(c, dw, w, d, n);
	if (c->fp_open)
		return;
	a_fmov_xv(c, w, T0, n);
	a_ubfx(c, w, T0, T0, w == 8 ? 52 : 23, w == 8 ? 11 : 8);
	a_sub_i(c, 4, T0, T0, bias + 8 * dw - 1);
	fits = c->code.p;
	a_tbnz(c, T0, 31, 0);
	a_mov_i(c, dw, d, 1ull << (8 * dw - 1));
	a_bind(c, fits);
}
EMIT(cvtss2si,  0) { to_int(c, i, 4, false, d, a); }
EMIT(cvtsd2si,  0) { to_int(c, i, 8, false, d, a); }
EMIT(cvttss2si, 0) { to_int(c, i, 4, true, d, a); }
EMIT(cvttsd2si, 0) { to_int(c, i, 8, true, d, a); }

/* ---- scalars */

static void from_int(struct tr *c, struct insn *i, int w, int d, int a, int b)
{
	int r = fp_dst1(c, i, d, a, -1);

	a_scvtf(c, w, i->o[2].w, r, b);
	fp_merge(c, i, w, d, a, r);
}
EMIT(cvtsi2ss, 0) { from_int(c, i, 4, d, a, b); }
EMIT(cvtsi2sd, 0) { from_int(c, i, 8, d, a, b); }

static void resize(struct tr *c, struct insn *i, int to, int from, int d, int a, int b)
{
	int r = fp_dst1(c, i, d, a, b);

	a_fcvt(c, to, from, r, fp_low(c, i, from, b));
	fp_merge(c, i, to, d, a, r);
}
EMIT(cvtss2sd, 0) { resize(c, i, 8, 4, d, a, b); }
EMIT(cvtsd2ss, 0) { resize(c, i, 4, 8, d, a, b); }

/* ---- packed */

/* Of 256 bits, the upper half comes of the source's upper half, or goes there. */
EMIT(cvtps2pd, WHOLE)
{
	int n = i->o[0].reg;

	if (y_wide(&i->o[0])) {
		a_vfcvtl2(c, V2S, y_dst(n), a);
		y_put(c, n, y_dst(n));
	}
	a_vfcvtl(c, V2S, d, a);
}
EMIT(cvtpd2ps, WHOLE)
{
	if (y_wide(&i->o[1])) {
		int r = d == a ? V0t : d;

		a_vfcvtn(c, V2S, r, a);
		a_vfcvtn2(c, V2S, r, y_source(c, i, 1, V_B));
		v_mov(c, d, r);
	} else {
		a_vfcvtn(c, V2S, d, a);
	}
}
EMIT(cvtdq2ps, 0) { a_vscvtf(c, V4S, d, a); }
EMIT(cvtdq2pd, WHOLE)
{
	int n = i->o[0].reg, hi = y_dst(n);

	if (y_wide(&i->o[0])) {
		a_vsxtl2(c, V2S, hi, a);
		a_vscvtf(c, V2D, hi, hi);
		y_put(c, n, hi);
	}
	a_vsxtl(c, V2S, d, a);
	a_vscvtf(c, V2D, d, d);
}

static void singles_to_ints(struct tr *c, struct insn *i, bool truncate, int d, int a)
{
	int T = v_lanes(i, V4S);

	if (has(c, HOST_FRINTTS)) {
		(truncate ? a_vfrint32z : a_vfrint32x)(c, T, V0t, a);
		a_vfcvtzs(c, T, d, V0t);
		return;
	}
	if (!truncate) {
		a_vfrintx(c, T, V0t, a);
		a = V0t;
	}
	a_vshl_i(c, V4S, V1t, a, 1);                    /* a compare of floating point would report denormals */
	a_vmovi(c, V4S, V2t, 0x9e, 24);                 /* 2^31 so */
	a_vcmhs(c, V4S, V1t, V1t, V2t);
	a_vfcvtzs(c, T, d, a);
	a_vmovi(c, V4S, V0t, 0x80, 24);
	a_vbit(c, V16B, d, V0t, V1t);
}
EMIT(cvtps2dq,  0) { singles_to_ints(c, i, false, d, a); }
EMIT(cvttps2dq, 0) { singles_to_ints(c, i, true, d, a); }

static void doubles_to_ints(struct tr *c, bool truncate, int d, int a)
{
	if (has(c, HOST_FRINTTS)) {
		(truncate ? a_vfrint32z : a_vfrint32x)(c, V2D, V0t, a);
		a = V0t;
	} else if (!truncate) {
		a_vfrintx(c, V2D, V0t, a);
		a = V0t;
	}
	a_vfcvtzs(c, V2D, V1t, a);
	a_vxtn(c, V2S, d, V1t);
}
static void doubles(struct tr *c, struct insn *i, bool truncate, int d, int a)
{
	if (!y_wide(&i->o[1])) {
		doubles_to_ints(c, truncate, d, a);
		return;
	}
	doubles_to_ints(c, truncate, V3t, a);
	doubles_to_ints(c, truncate, V4t, y_source(c, i, 1, V_B));
	a_vzip1(c, V2D, d, V3t, V4t);
}
EMIT(cvtpd2dq,  WHOLE) { doubles(c, i, false, d, a); }
EMIT(cvttpd2dq, WHOLE) { doubles(c, i, true, d, a); }

/* ---- halves (F16C): DAZ and FTZ are for singles only, as FPCR's bits are */

EMIT(cvtph2ps, WHOLE)
{
	int n = i->o[0].reg;

	if (y_wide(&i->o[0])) {
		a_vfcvtl2(c, V4H, y_dst(n), a);
		y_put(c, n, y_dst(n));
	}
	a_vfcvtl(c, V4H, d, a);
}

static void round_as(struct tr *c, int imm)             /* T0: as it was */
{
	static const u8 rmode[4] = { 0, 2, 1, 3 };
	u64 mode = (u64)rmode[imm & 3] << 22, all = 3ull << 22;

	a_mrs(c, T0, SR_FPCR);
	if (mode != all)
		a_and_i(c, 8, T1, T0, ~all);
	if (mode)
		a_orr_i(c, 8, T1, mode == all ? T0 : T1, mode);
	a_msr(c, SR_FPCR, T1);
}

/* imm 2: MXCSR's rounding mode, else imm 1:0. */
static void to_halves(struct tr *c, struct insn *i, int r, int n)
{
	if (!(i->imm & 4))
		round_as(c, i->imm);
	if (y_wide(&i->o[1])) {
		int hi = y_high(c, n, V_A), to = r == n ? V0t : r;

		a_vfcvtn(c, V4H, to, n);
		a_vfcvtn2(c, V4H, to, hi);
		v_mov(c, r, to);
	} else {
		a_vfcvtn(c, V4H, r, n);
	}
	if (!(i->imm & 4))
		a_msr(c, SR_FPCR, T0);
}
EMIT(cvtps2ph, RAW)
{
	const struct opnd *to = &i->o[0];
	int n = i->o[1].reg, r = to->kind == OP_MEM ? V0t : to->reg;

	if (!tr_fp_before(c, i, tr_emitter(i), r, n, -1))
		to_halves(c, i, r, n);
	tr_fp_after(c);
	if (to->kind == OP_MEM)
		tr_storev(c, tr_ea(c, i, to->w), to->w, r);
}
