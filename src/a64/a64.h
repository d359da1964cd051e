/* a64.h - the ARM64 assembler: a small function for each instruction form, operands in the assembler's order.
 *
 * What every function keeps to:
 *   - the first argument is the code buffer, or a struct that begins with one (struct tr);
 *   - registers are ints 0..31; 31 is XZR or SP as the instruction says; V registers are 0..31 too;
 *   - w is a width in bytes: where the instruction computes, 8 is the 64-bit form and anything less the 32-bit
 *     form; exact where it accesses memory (1, 2, 4, 8, and 16 for V) and for scalar floating point (2, 4, 8);
 *   - T is a vector arrangement, V8B..V2D, or a scalar in a V register, VB..VD;
 *   - a_x the register form, a_x_i immediate, a_x_sh shifted register, a_x_ext extended register, a_x_z against
 *     zero, a_x_e by element; a_vx the vector form;
 *   - branch offsets are in bytes from the instruction itself; a_bind fills in a forward one;
 *   - nothing is checked in a build without A64_CHECK, neither operands nor room in the buffer.
 *
 * The regular forms are rows of a64_int.def, a64_mem.def, a64_vec.def; the irregular ones are written out in the
 * header beside each. Look for the mnemonic there. Arm ARM C4 (encodings), C6 (base), C7 (FP and vector).
 */
#ifndef A64_H
#define A64_H

#include "base.h"
#include "imm.h"

struct code {
	u32 *p, *end;
	ptrdiff_t exec;                 /* executable address of a word minus its writable one */
};

struct tr;
typedef union {
	struct code *code;
	struct tr *tr;
} A __attribute__((transparent_union));

#ifdef A64_CHECK
#define a_assert(x)  do { if (!(x)) __builtin_trap(); } while (0)
#else
#define a_assert(x)  ((void)sizeof (x))
#endif

enum {
	X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15,
	X16, X17, X18, X19, X20, X21, X22, X23, X24, X25, X26, X27, X28, X29, X30, XZR, SP = 31
};
enum {
	V0, V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, V12, V13, V14, V15,
	V16, V17, V18, V19, V20, V21, V22, V23, V24, V25, V26, V27, V28, V29, V30, V31
};

enum cc {
	CC_EQ, CC_NE, CC_HS, CC_LO, CC_MI, CC_PL, CC_VS, CC_VC, CC_HI, CC_LS, CC_GE, CC_LT, CC_GT, CC_LE, CC_AL
};

static inline int a_invert(int cc)
{
	a_assert((unsigned)cc < CC_AL);
	return cc ^ 1;
}

enum { LSL, LSR, ASR, ROR };
enum { UXTB, UXTH, UXTW, UXTX, SXTB, SXTH, SXTW, SXTX };

/* Arrangements: bit 0 is Q, bits 3:1 log2 of the element's bytes, bit 4 a scalar. */
enum {
	V8B, V16B, V4H, V8H, V2S, V4S, V1D, V2D, V1Q = 9,
	VB = 0x11, VH = 0x13, VS = 0x15, VD = 0x17, VQ = 0x19
};
enum {                                  /* sets of them, for a64_vec.def */
	T_B = 1 << V8B | 1 << V16B, T_H = 1 << V4H | 1 << V8H, T_S = 1 << V2S | 1 << V4S, T_D = 1 << V2D,
	T_V1D = 1 << V1D, T_BHS = T_B | T_H | T_S, T_BHSD = T_BHS | T_D, T_FP = T_S | T_D,
	T_VH = 1 << VH, T_VS = 1 << VS, T_VD = 1 << VD, T_VFP = T_VS | T_VD, T_SCALAR = 1 << VB | T_VH | T_VFP
};
#define a_width(T)    (1 << ((T) >> 1 & 7))                     /* bytes of an element */
#define a_q(T)        ((T) & 1)
#define a_vscalar(w)  (0x11 | __builtin_ctz(w) << 1)            /* VB..VQ of w bytes */
#define a_lanes(w, q) (__builtin_ctz(w) << 1 | !!(q))           /* V8B..V2D from the element's bytes */

static inline void a_put(A c, u32 word)
{
	*c.code->p++ = word;
}

/* Operand fields */
static inline u32 a_field(u64 x, int bits, int at)
{
	a_assert(x < 1ull << bits);
	return (u32)x << at;
}
#define A_D(r)        a_field((u32)(r), 5, 0)
#define A_N(r)        a_field((u32)(r), 5, 5)
#define A_A(r)        a_field((u32)(r), 5, 10)
#define A_M(r)        a_field((u32)(r), 5, 16)
#define A_SF(w)       ((u32)((w) == 8) << 31)
#define A_SIZE(w)     ((u32)__builtin_ctz(w) << 30)             /* of a memory access, 1..8 */
#define A_FTYPE(w)    ((w) == 8 ? 1u << 22 : (w) == 4 ? 0 : 3u << 22)
#define A_CC(cc)      a_field((u32)(cc), 4, 12)

/* A PC-relative form with its offset in words, a field of `bits` bits at `at`; the form must have room for it. */
static inline void a_rel(A c, u32 word, s64 off, int bits, int at)
{
	a_assert(!(off & 3) && off >= -(2ll << bits) && off < 2ll << bits);
	a_put(c, word | ((u32)(off >> 2) & ((1u << bits) - 1)) << at);
}

/* Makes the instruction at site reach target; false, and nothing written, if it cannot. */
static inline bool a_patch(u32 *site, const u32 *target)
{
	return a_set_offset(site, (const char *)target - (char *)site);
}

static inline bool a_bind(A c, u32 *site)
{
	return a_patch(site, c.code->p);
}

#include "a64_int.h"
#include "a64_mem.h"
#include "a64_vec.h"

#endif
