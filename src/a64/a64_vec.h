/* a64_vec.h - scalar floating point and vectors. Part of a64.h. Arm ARM C4.1.97, C7. */
#ifndef A64_VEC_H
#define A64_VEC_H

#include "a64.h"

#define A_T(T)       ((u32)((T) & 1) << 30 | (u32)((T) >> 1 & 3) << 22 | (u32)((T) >> 4 & 1) << 28)
#define A_TQ(T)      ((u32)((T) & 1) << 30)
#define A_TF(T)      (A_TQ(T) | (u32)((T) >> 1 == 3 || (T) == VD) << 22 | (u32)((T) >> 4 & 1) << 28)
#define A_TSIZE(T)   ((u32)((T) >> 1 & 3) << 22)                /* no Q: the name says which half */
#define A_HIGH       (1u << 30)
#define A_ALLOWED(set, T) a_assert((set) >> (T) & 1)
#define A_DNM(d, n, m)    (A_M(m) | A_N(n) | A_D(d))

/* ---- scalar floating point */
#define FFF(name, op) \
	static inline void a_##name(A c, int w, int d, int n, int m) \
	{ a_put(c, (op) | A_FTYPE(w) | A_DNM(d, n, m)); }
#define FF(name, op) \
	static inline void a_##name(A c, int w, int d, int n) { a_put(c, (op) | A_FTYPE(w) | A_N(n) | A_D(d)); }
#define FF_SD(name, op) FF(name, op)
#define FFFF(name, op) \
	static inline void a_##name(A c, int w, int d, int n, int m, int a) \
	{ a_put(c, (op) | A_FTYPE(w) | A_A(a) | A_DNM(d, n, m)); }
#define FCOMPARE(name, op) \
	static inline void a_##name(A c, int w, int n, int m) { a_put(c, (op) | A_FTYPE(w) | A_M(m) | A_N(n)); } \
	static inline void a_##name##_z(A c, int w, int n)    { a_put(c, (op) | 8 | A_FTYPE(w) | A_N(n)); }
#define FCCOMPARE(name, op) \
	static inline void a_##name(A c, int w, int n, int m, int nzcv, int cc) \
	{ a_put(c, (op) | A_FTYPE(w) | A_M(m) | A_CC(cc) | A_N(n) | a_field((u32)nzcv, 4, 0)); }
#define F_TO_INT(name, op) \
	static inline void a_##name(A c, int dw, int w, int d, int n) \
	{ a_put(c, A_SF(dw) | (op) | A_FTYPE(w) | A_N(n) | A_D(d)); }
#define INT_TO_F(name, op) \
	static inline void a_##name(A c, int dw, int w, int d, int n) \
	{ a_put(c, A_SF(w) | (op) | A_FTYPE(dw) | A_N(n) | A_D(d)); }

/* ---- vector shapes */
#define V3(name, op, set) \
	static inline void a_v##name(A c, int T, int d, int n, int m) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_T(T) | A_DNM(d, n, m)); }
#define V3Q(name, op) \
	static inline void a_v##name(A c, int T, int d, int n, int m) \
	{ a_put(c, (op) | A_TQ(T) | A_DNM(d, n, m)); }
#define V3F(name, op, set) \
	static inline void a_v##name(A c, int T, int d, int n, int m) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_TF(T) | A_DNM(d, n, m)); }
#define V2(name, op, set) \
	static inline void a_v##name(A c, int T, int d, int n) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_T(T) | A_N(n) | A_D(d)); }
#define V2Q(name, op) \
	static inline void a_v##name(A c, int T, int d, int n) { a_put(c, (op) | A_TQ(T) | A_N(n) | A_D(d)); }
#define V2F(name, op, set) \
	static inline void a_v##name(A c, int T, int d, int n) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_TF(T) | A_N(n) | A_D(d)); }
#define V2Z(name, op, set)   V2(name##_z, op, set)
#define V2FZ(name, op, set)  V2F(name##_z, op, set)
#define VHALVES(name, op, set) \
	static inline void a_v##name(A c, int T, int d, int n, int m) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_TSIZE(T) | A_DNM(d, n, m)); } \
	static inline void a_v##name##2(A c, int T, int d, int n, int m) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_HIGH | A_TSIZE(T) | A_DNM(d, n, m)); }
#define VLONG(name, op, set) VHALVES(name, op, set)
#define VWIDE(name, op)      VHALVES(name, op, T_BHS)
#define VHIGH(name, op)      VHALVES(name, op, T_BHS)
#define VNARROW(name, op) \
	static inline void a_v##name(A c, int T, int d, int n) \
	{ A_ALLOWED(T_BHS, T); a_put(c, (op) | A_TSIZE(T) | A_N(n) | A_D(d)); } \
	static inline void a_v##name##2(A c, int T, int d, int n) \
	{ A_ALLOWED(T_BHS, T); a_put(c, (op) | A_HIGH | A_TSIZE(T) | A_N(n) | A_D(d)); }
#define VPAIRLONG(name, op)   V2(name, op, T_BHS)
#define VACROSS(name, op)     V2(name, op, T_B | T_H | 1 << V4S)
#define VACROSSLONG(name, op) V2(name, op, T_B | T_H | 1 << V4S)
#define VACROSSF(name, op) \
	static inline void a_v##name(A c, int d, int n) { a_put(c, (op) | A_N(n) | A_D(d)); }
#define VPAIRF(name, op) \
	static inline void a_v##name##_s(A c, int w, int d, int n) \
	{ a_put(c, (op) | (u32)(w == 8) << 22 | A_N(n) | A_D(d)); }

/* Shifts by a constant: immh:immb is element bits + shift to the left, 2 * element bits - shift to the right. */
static inline u32 a_shl_field(int width, int shift)
{
	a_assert(shift >= 0 && shift < 8 * width);
	return (u32)(8 * width + shift) << 16;
}
static inline u32 a_shr_field(int width, int shift)
{
	a_assert(shift > 0 && shift <= 8 * width);
	return (u32)(16 * width - shift) << 16;
}
#define A_TSCALAR(T) (A_TQ(T) | (u32)((T) >> 4 & 1) << 28)
#define VSHIFTL(name, op, set) \
	static inline void a_v##name##_i(A c, int T, int d, int n, int shift) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_TSCALAR(T) | a_shl_field(a_width(T), shift) | A_N(n) | A_D(d)); }
#define VSHIFTR(name, op, set) \
	static inline void a_v##name##_i(A c, int T, int d, int n, int shift) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_TSCALAR(T) | a_shr_field(a_width(T), shift) | A_N(n) | A_D(d)); }
#define VSHIFTHALVES(name, op, field) \
	static inline void a_v##name##_i(A c, int T, int d, int n, int shift) \
	{ A_ALLOWED(T_BHS, T); a_put(c, (op) | field(a_width(T), shift) | A_N(n) | A_D(d)); } \
	static inline void a_v##name##2_i(A c, int T, int d, int n, int shift) \
	{ A_ALLOWED(T_BHS, T); a_put(c, (op) | A_HIGH | field(a_width(T), shift) | A_N(n) | A_D(d)); }
#define VSHIFTN(name, op)    VSHIFTHALVES(name, op, a_shr_field)
#define VSHIFTLONG(name, op) VSHIFTHALVES(name, op, a_shl_field)

#define VTABLE(name, op) \
	static inline void a_v##name(A c, int T, int d, int n, int count, int m) \
	{ \
		A_ALLOWED(T_B, T); \
		a_put(c, (op) | A_TQ(T) | a_field((u32)count - 1, 2, 13) | A_DNM(d, n, m)); \
	}
#define VDOT(name, op) \
	static inline void a_v##name(A c, int T, int d, int n, int m) \
	{ A_ALLOWED(T_S, T); a_put(c, (op) | A_TQ(T) | A_DNM(d, n, m)); }
#define VCADD(name, op) \
	static inline void a_v##name(A c, int T, int d, int n, int m, int rot) \
	{ A_ALLOWED(T_FP, T); a_put(c, (op) | A_T(T) | (u32)(rot == 270) << 12 | A_DNM(d, n, m)); }

/* By element: the index is H:L:M for halfwords (m < 16), H:L for words, H for doublewords. */
static inline u32 a_element(int width, int m, int i)
{
	u32 hlm = (u32)(i << (__builtin_ctz(width) - 1)) & 7;

	a_assert(i >= 0 && i < 16 / width && (width > 2 || m < 16));
	return (hlm & 4) << 9 | (hlm & 2) << 20 | (width == 2 ? (hlm & 1) << 20 : 0) | A_M(m);
}
#define VBYELEM(name, op) \
	static inline void a_v##name##_e(A c, int T, int d, int n, int m, int i) \
	{ A_ALLOWED(T_H | T_S, T); a_put(c, (op) | A_T(T) | a_element(a_width(T), m, i) | A_N(n) | A_D(d)); }
#define VBYELEMF(name, op) \
	static inline void a_v##name##_e(A c, int T, int d, int n, int m, int i) \
	{ \
		A_ALLOWED(T_FP | T_VFP, T); \
		a_put(c, (op) | A_TF(T) | a_element(a_width(T), m, i) | A_N(n) | A_D(d)); \
	}

#define CRYPTO2(name, op, td, tn) \
	static inline void a_##name(A c, int d, int n) { a_put(c, (op) | A_N(n) | A_D(d)); }
#define CRYPTO3(name, op, td, tn, tm) \
	static inline void a_##name(A c, int d, int n, int m) { a_put(c, (op) | A_DNM(d, n, m)); }
#define CRYPTO4(name, op) \
	static inline void a_##name(A c, int d, int n, int m, int a) \
	{ a_put(c, (op) | A_A(a) | A_DNM(d, n, m)); }
#include "a64/a64_vec.def"
#undef VHALVES
#undef VSHIFTHALVES

/* ---- scalar floating point, irregular */
static inline void a_fcsel(A c, int w, int d, int n, int m, int cc)
{
	a_put(c, 0x1e200c00 | A_FTYPE(w) | A_CC(cc) | A_DNM(d, n, m));
}
static inline void a_fcvt(A c, int dw, int w, int d, int n)     /* from w bytes to dw, different */
{
	a_assert(dw != w);
	a_put(c, 0x1e224000 | A_FTYPE(w) | A_FTYPE(dw) >> 7 | A_N(n) | A_D(d));
}
static inline void a_fjcvtzs(A c, int d, int n)           { a_put(c, 0x1e7e0000 | A_N(n) | A_D(d)); }

/* Between the files: _xv to a general register, _vx from one; w 4 or 8. _xv1, _vx1: the upper 64 bits of V. */
static inline u32 a_fmov_op(int w)                        { return w == 8 ? 0x9e660000 : 0x1e260000; }
static inline void a_fmov_xv(A c, int w, int d, int n)    { a_put(c, a_fmov_op(w) | A_N(n) | A_D(d)); }
static inline void a_fmov_vx(A c, int w, int d, int n)
{
	a_put(c, a_fmov_op(w) | 0x10000 | A_N(n) | A_D(d));
}
static inline void a_fmov_xv1(A c, int d, int n)          { a_put(c, 0x9eae0000 | A_N(n) | A_D(d)); }
static inline void a_fmov_vx1(A c, int d, int n)          { a_put(c, 0x9eaf0000 | A_N(n) | A_D(d)); }
static inline void a_fmov_i(A c, int w, int d, u64 bits)  /* bits of the float, see a_encode_fp */
{
	a_assert(a_encode_fp(w, bits) >= 0);
	a_put(c, 0x1e201000 | A_FTYPE(w) | (u32)a_encode_fp(w, bits) << 13 | A_D(d));
}

/* ---- vector, irregular. T of fcvtl, fcvtn is the narrow side: V4H (of 4S) or V2S (of 2D); fcvtxn: V2S. */
#define FCONVERT(name, op, set) \
	static inline void a_v##name(A c, int T, int d, int n) \
	{ A_ALLOWED(set, T); a_put(c, (op) | (u32)(a_width(T) == 4) << 22 | A_N(n) | A_D(d)); } \
	static inline void a_v##name##2(A c, int T, int d, int n) \
	{ A_ALLOWED(set, T); a_put(c, (op) | A_HIGH | (u32)(a_width(T) == 4) << 22 | A_N(n) | A_D(d)); }
FCONVERT(fcvtl,  0x0e217800, T_H | T_S)
FCONVERT(fcvtn,  0x0e216800, T_H | T_S)
FCONVERT(fcvtxn, 0x2e216800, T_S)
#undef FCONVERT

static inline void a_vmov(A c, int T, int d, int n)              { a_vorr(c, T, d, n, n); }
static inline void a_vmvn(A c, int T, int d, int n)              { a_vnot(c, T, d, n); }
static inline void a_vaddp_s(A c, int d, int n)                  { a_put(c, 0x5ef1b800 | A_N(n) | A_D(d)); }
static inline void a_vsxtl(A c, int T, int d, int n)             { a_vsshll_i(c, T, d, n, 0); }
static inline void a_vsxtl2(A c, int T, int d, int n)            { a_vsshll2_i(c, T, d, n, 0); }
static inline void a_vuxtl(A c, int T, int d, int n)             { a_vushll_i(c, T, d, n, 0); }
static inline void a_vuxtl2(A c, int T, int d, int n)            { a_vushll2_i(c, T, d, n, 0); }
static inline void a_vext(A c, int T, int d, int n, int m, int i)        /* bytes from i on of m:n */
{
	a_assert(i >= 0 && i < (a_q(T) ? 16 : 8));
	a_put(c, 0x2e000000 | A_TQ(T) | (u32)i << 11 | A_DNM(d, n, m));
}

/* Lanes: element i of w bytes */
static inline u32 a_lane(int w, int i)
{
	a_assert(i >= 0 && i < 16 / w);
	return (u32)(2 * i + 1) << __builtin_ctz(w) << 16;
}
static inline void a_vdup(A c, int T, int d, int n)              /* every lane = general register n */
{
	a_put(c, 0x0e000c00 | A_TQ(T) | a_lane(a_width(T), 0) | A_N(n) | A_D(d));
}
static inline void a_vdup_e(A c, int T, int d, int n, int i)     /* every lane, or the scalar d, = n's lane i */
{
	a_put(c, 0x0e000400 | A_TSCALAR(T) | a_lane(a_width(T), i) | A_N(n) | A_D(d));
}
static inline void a_vins(A c, int w, int d, int i, int n)       /* d's lane i = general register n */
{
	a_put(c, 0x4e001c00 | a_lane(w, i) | A_N(n) | A_D(d));
}
static inline void a_vins_e(A c, int w, int d, int i, int n, int j)      /* d's lane i = n's lane j */
{
	a_assert(j >= 0 && j < 16 / w);
	a_put(c, 0x6e000400 | a_lane(w, i) | (u32)j << __builtin_ctz(w) << 11 | A_N(n) | A_D(d));
}
static inline void a_vumov(A c, int w, int d, int n, int i)      /* general register d = lane i, zeros above */
{
	a_put(c, 0x0e003c00 | (u32)(w == 8) << 30 | a_lane(w, i) | A_N(n) | A_D(d));
}
static inline void a_vsmov(A c, int w, int dw, int d, int n, int i)      /* sign-extended to dw bytes */
{
	a_assert(w < dw && dw >= 4);
	a_put(c, 0x0e002c00 | (u32)(dw == 8) << 30 | a_lane(w, i) | A_N(n) | A_D(d));
}

/* ---- vector immediates: imm8 shifted by shift (8H: 0, 8; 4S: 0..24) in every lane */
static inline u32 a_imm8(int imm8)
{
	a_assert((imm8 & 0xff) == imm8);
	return ((u32)imm8 & 0xe0) << 11 | ((u32)imm8 & 0x1f) << 5;
}
static inline u32 a_cmode(int T, int shift)
{
	a_assert((T_BHS >> T & 1) && shift % 8 == 0 && shift >= 0 && shift < 8 * a_width(T));
	return a_width(T) == 1 ? 0xe000 : (a_width(T) == 2 ? 0x8000 : 0) | (u32)shift / 8 << 13;
}
static inline void a_vmovi(A c, int T, int d, int imm8, int shift)
{
	a_put(c, 0x0f000400 | A_TQ(T) | a_cmode(T, shift) | a_imm8(imm8) | A_D(d));
}
static inline void a_vmvni(A c, int T, int d, int imm8, int shift)
{
	a_assert(a_width(T) > 1);
	a_put(c, 0x2f000400 | A_TQ(T) | a_cmode(T, shift) | a_imm8(imm8) | A_D(d));
}
static inline void a_vorr_i(A c, int T, int d, int imm8, int shift)
{
	a_assert(a_width(T) > 1);
	a_put(c, 0x0f001400 | A_TQ(T) | a_cmode(T, shift) | a_imm8(imm8) | A_D(d));
}
static inline void a_vbic_i(A c, int T, int d, int imm8, int shift)
{
	a_assert(a_width(T) > 1);
	a_put(c, 0x2f001400 | A_TQ(T) | a_cmode(T, shift) | a_imm8(imm8) | A_D(d));
}

/* Makes x, of T's element width, in every lane, in one word; false, and nothing emitted, where none does that. */
static inline bool a_vmov_const(A c, int T, int d, u64 x)
{
	u32 field;

	for (int bits = 8 * a_width(T); bits < 64; bits *= 2)
		x = (x & ((1ull << bits) - 1)) << bits | (x & ((1ull << bits) - 1));
	if (!a_encode_vec(x, &field))
		return false;
	if (!a_q(T) && (field & 0x2000f000) == 0x2000f000)      /* fmov of doubles has no 64-bit vector form */
		a_put(c, 0x1e601000 | (field >> 16 & 7) << 18 | (field >> 5 & 31) << 13 | A_D(d));
	else
		a_put(c, 0x0f000400 | A_TQ(T) | field | A_D(d));
	return true;
}
static inline void a_vzero(A c, int d) { a_put(c, 0x6f00e400 | A_D(d)); }        /* movi d.2d, #0 */

/* d = n ^ m rotated right by k, 2D. FEAT_SHA3 */
static inline void a_xar(A c, int d, int n, int m, int k)
{
	a_put(c, 0xce800000 | a_field((u32)k, 6, 10) | A_DNM(d, n, m));
}

#endif
