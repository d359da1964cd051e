/* a64_mem.h - loads and stores. Part of a64.h. w is the width of the access, dw that of the register which a
 * sign-extending load fills. Arm ARM C4.1.94 (loads and stores), C3.2.
 */
#ifndef A64_MEM_H
#define A64_MEM_H

#include "a64.h"

#define MEM_TN(name, op) \
	static inline void a_##name(A c, int w, int t, int n) { a_put(c, A_SIZE(w) | (op) | A_N(n) | A_D(t)); }
#define MEM_STN(name, op) \
	static inline void a_##name(A c, int w, int s, int t, int n) \
	{ a_put(c, A_SIZE(w) | (op) | A_M(s) | A_N(n) | A_D(t)); }
#define MEM_TTN(name, op) \
	static inline void a_##name(A c, int w, int t, int t2, int n) \
	{ a_put(c, (u32)(w == 8) << 30 | (op) | A_A(t2) | A_N(n) | A_D(t)); }
#define MEM_STTN(name, op) \
	static inline void a_##name(A c, int w, int s, int t, int t2, int n) \
	{ a_put(c, (u32)(w == 8) << 30 | (op) | A_M(s) | A_A(t2) | A_N(n) | A_D(t)); }
#define CAS(name, op)      MEM_STN(name, op)
#define ATOMIC(name, op)   MEM_STN(name, op)
#define CASP(name, op) \
	static inline void a_##name(A c, int w, int s, int t, int n) \
	{ \
		a_assert(!((s | t) & 1)); \
		a_put(c, (u32)(w == 8) << 30 | (op) | A_M(s) | A_N(n) | A_D(t)); \
	}
#define MOPS(name, op) \
	static inline void a_##name(A c, int d, int s, int n) { a_put(c, (op) | A_M(s) | A_N(n) | A_D(d)); }
#define MOPS_SET(name, op) \
	static inline void a_##name(A c, int d, int n, int s) { a_put(c, (op) | A_M(s) | A_N(n) | A_D(d)); }
#include "a64/a64_mem.def"

/* ---- the opcode of a load or store: size, V, opc as they stand in the word */
static inline u32 a_op_str(int w)          { return A_SIZE(w) | 0x38000000; }
static inline u32 a_op_ldr(int w)          { return a_op_str(w) | 1u << 22; }
static inline u32 a_op_ldrs(int w, int dw) { return a_op_str(w) | (dw == 8 ? 2u : 3u) << 22; }
static inline u32 a_op_strv(int w)         { return (w == 16 ? 0x3c800000 : A_SIZE(w) | 0x3c000000); }
static inline u32 a_op_ldrv(int w)         { return a_op_strv(w) | 1u << 22; }

static inline u32 a_imm9(s64 off)
{
	a_assert(a_fits_unscaled(off));
	return ((u32)off & 0x1ff) << 12;
}

/* Base and offset: the scaled form where it fits, else the unscaled one; a_fits_mem says whether either does. */
static inline void a_mem_i(A c, u32 op, int w, int t, int n, s64 off)
{
	if (a_fits_scaled(w, off))
		a_put(c, op | 0x01000000 | (u32)(off / w) << 10 | A_N(n) | A_D(t));
	else
		a_put(c, op | a_imm9(off) | A_N(n) | A_D(t));
}

/* Base and index: ext is UXTW, SXTW, UXTX (a 64-bit index) or SXTX; scaled: index times w. */
static inline void a_mem_r(A c, u32 op, int t, int n, int m, int ext, int scaled)
{
	a_assert(ext & 2);
	a_put(c, op | 0x00200800 | A_M(m) | a_field((u32)ext, 3, 13) | (u32)!!scaled << 12 | A_N(n) | A_D(t));
}
static inline void a_mem_pre(A c, u32 op, int t, int n, s64 off)
{
	a_put(c, op | 0xc00 | a_imm9(off) | A_N(n) | A_D(t));
}
static inline void a_mem_post(A c, u32 op, int t, int n, s64 off)
{
	a_put(c, op | 0x400 | a_imm9(off) | A_N(n) | A_D(t));
}

/* a_x_i (offset), a_x_u (offset, always the unscaled form), a_x_r (index), a_x_pre, a_x_post (write back) */
#define MEM(name) \
	static inline void a_##name##_i(A c, int w, int t, int n, s64 off) \
	{ a_mem_i(c, a_op_##name(w), w, t, n, off); } \
	static inline void a_##name##_u(A c, int w, int t, int n, s64 off) \
	{ a_put(c, a_op_##name(w) | a_imm9(off) | A_N(n) | A_D(t)); } \
	static inline void a_##name##_r(A c, int w, int t, int n, int m, int ext, int scaled) \
	{ a_mem_r(c, a_op_##name(w), t, n, m, ext, scaled); } \
	static inline void a_##name##_pre(A c, int w, int t, int n, s64 off) \
	{ a_mem_pre(c, a_op_##name(w), t, n, off); } \
	static inline void a_##name##_post(A c, int w, int t, int n, s64 off) \
	{ a_mem_post(c, a_op_##name(w), t, n, off); }
MEM(ldr)
MEM(str)
MEM(ldrv)
MEM(strv)
#undef MEM

static inline void a_ldrs_i(A c, int w, int dw, int t, int n, s64 off)
{
	a_mem_i(c, a_op_ldrs(w, dw), w, t, n, off);
}
static inline void a_ldrs_r(A c, int w, int dw, int t, int n, int m, int ext, int scaled)
{
	a_mem_r(c, a_op_ldrs(w, dw), t, n, m, ext, scaled);
}
static inline void a_ldrs_pre(A c, int w, int dw, int t, int n, s64 off)
{
	a_mem_pre(c, a_op_ldrs(w, dw), t, n, off);
}
static inline void a_ldrs_post(A c, int w, int dw, int t, int n, s64 off)
{
	a_mem_post(c, a_op_ldrs(w, dw), t, n, off);
}

/* ---- FEAT_LRCPC2: ordered, with an unscaled offset of 9 bits */
static inline void a_stlur(A c, int w, int t, int n, s64 off)
{
	a_put(c, A_SIZE(w) | 0x19000000 | a_imm9(off) | A_N(n) | A_D(t));
}
static inline void a_ldapur(A c, int w, int t, int n, s64 off)
{
	a_put(c, A_SIZE(w) | 0x19400000 | a_imm9(off) | A_N(n) | A_D(t));
}
static inline void a_ldapurs(A c, int w, int dw, int t, int n, s64 off)
{
	a_put(c, A_SIZE(w) | (dw == 8 ? 0x19800000 : 0x19c00000) | a_imm9(off) | A_N(n) | A_D(t));
}

/* ---- pairs: a_x_i, a_x_pre, a_x_post; w 4, 8 (V: 4, 8, 16). a_fits_pair says whether the offset fits. */
static inline void a_pair(A c, u32 op, int w, int t, int t2, int n, s64 off)
{
	a_assert(a_fits_pair(w, off));
	a_put(c, op | ((u32)(off / w) & 0x7f) << 15 | A_A(t2) | A_N(n) | A_D(t));
}
#define PAIR(name, opc, op) \
	static inline void a_##name##_i(A c, int w, int t, int t2, int n, s64 off) \
	{ a_pair(c, (opc) | (op) | 0x01000000, w, t, t2, n, off); } \
	static inline void a_##name##_pre(A c, int w, int t, int t2, int n, s64 off) \
	{ a_pair(c, (opc) | (op) | 0x01800000, w, t, t2, n, off); } \
	static inline void a_##name##_post(A c, int w, int t, int t2, int n, s64 off) \
	{ a_pair(c, (opc) | (op) | 0x00800000, w, t, t2, n, off); }
PAIR(stp,  A_SF(w), 0x28000000)
PAIR(ldp,  A_SF(w), 0x28400000)
PAIR(stpv, (u32)(w >> 3) << 30, 0x2c000000)
PAIR(ldpv, (u32)(w >> 3) << 30, 0x2c400000)
#undef PAIR
static inline void a_ldpsw_i(A c, int t, int t2, int n, s64 off)  { a_pair(c, 0x69400000, 4, t, t2, n, off); }
static inline void a_stnp_i(A c, int w, int t, int t2, int n, s64 off)
{
	a_pair(c, A_SF(w) | 0x28000000, w, t, t2, n, off);
}
static inline void a_stnpv_i(A c, int w, int t, int t2, int n, s64 off)
{
	a_pair(c, (u32)(w >> 3) << 30 | 0x2c000000, w, t, t2, n, off);
}

/* ---- literals: off in bytes from the instruction; w 4, 8 (V: 4, 8, 16) */
static inline void a_ldr_lit(A c, int w, int t, s64 off)
{
	a_rel(c, 0x18000000 | (u32)(w == 8) << 30 | A_D(t), off, 19, 5);
}
static inline void a_ldrsw_lit(A c, int t, s64 off)
{
	a_rel(c, 0x98000000 | A_D(t), off, 19, 5);
}
static inline void a_ldrv_lit(A c, int w, int t, s64 off)
{
	a_rel(c, 0x1c000000 | (u32)(w >> 3) << 30 | A_D(t), off, 19, 5);
}

/* ---- prefetch hints; off a multiple of 8 */
enum { PLDL1KEEP, PLDL1STRM, PLDL2KEEP, PLDL2STRM, PLDL3KEEP, PLDL3STRM, PSTL1KEEP = 16, PSTL1STRM, PSTL2KEEP };
static inline void a_prfm_i(A c, int hint, int n, s64 off)
{
	a_assert(a_fits_mem(8, off));
	a_mem_i(c, 0xf8800000, 8, hint, n, off);                /* prfm, or prfum for an unscaled offset */
}
static inline void a_prfm_r(A c, int hint, int n, int m, int ext, int scaled)
{
	a_mem_r(c, 0xf8800000, hint, n, m, ext, scaled);
}

/* ---- whole vectors: count registers from t on (1..4, wrapping at 31), in memory order */
static inline u32 a_vmulti(int T, int count)
{
	static const u32 opcode[] = { 0x7000, 0xa000, 0x6000, 0x2000 };

	return (u32)a_q(T) << 30 | (u32)(T >> 1 & 3) << 10 | opcode[(count - 1) & 3];
}
/* One lane of w bytes. The index stands in Q (w 8), Q:S (4), Q:S:size<1> (2), Q:S:size (1). */
static inline u32 a_vlane(int w, int i)
{
	static const u32 opcode[] = { 0, 0x4000, 0x8000, 0x8400 };
	int at = __builtin_ctz(w), x = i << at;

	a_assert(x < 16);
	return (u32)(x >> 3 & 1) << 30 | (u32)(x >> 2 & 1) << 12 | (u32)(x & 3) << 10 | opcode[at & 3];
}
#define MEMV(name, l) \
	static inline void a_v##name(A c, int T, int count, int t, int n) \
	{ a_put(c, 0x0c000000 | (l) | a_vmulti(T, count) | A_N(n) | A_D(t)); } \
	static inline void a_v##name##_post(A c, int T, int count, int t, int n)        /* n += their size */ \
	{ a_put(c, 0x0c9f0000 | (l) | a_vmulti(T, count) | A_N(n) | A_D(t)); } \
	static inline void a_v##name##_e(A c, int w, int t, int i, int n) \
	{ a_put(c, 0x0d000000 | (l) | a_vlane(w, i) | A_N(n) | A_D(t)); }
MEMV(ld1, 0x400000)
MEMV(st1, 0)
#undef MEMV
static inline void a_vld1r(A c, int T, int t, int n)
{
	a_put(c, 0x0d40c000 | (u32)a_q(T) << 30 | (u32)(T >> 1 & 3) << 10 | A_N(n) | A_D(t));
}

#endif
