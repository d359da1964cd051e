/* vec.h - what the vector emitters share: constants, selections, and how a scalar result joins its register. */
#ifndef TR_VEC_H
#define TR_VEC_H

#include "tr/tr.h"

/* Emitters of one word: d = op(a, b), or op(a). */
#define VEC3(name, op, T)  EMIT(name, 0) { a_v##op(c, T, d, a, b); }
#define VEC2(name, op, T)  EMIT(name, 0) { a_v##op(c, T, d, a); }

/* T, or of MMX's 64 bits half of it. */
static inline int v_lanes(const struct insn *i, int T) { return i->o[0].kind == OP_MMX ? T & ~1 : T; }

/* vec.c */
void v_mov(struct tr *c, int d, int n);                         /* all of the register; nothing when d is n */
void v_const(struct tr *c, int d, u64 lo, u64 hi);              /* clobbers T0 */
bool v_tail(struct tr *c);                                      /* what v_const and fp_result left for the region's end */
void v_select(struct tr *c, int d, int m, int x, int y);        /* d = m ? x : y, bit by bit; m is scratch, from v_mask */
static inline int v_mask(int d, int x, int y) { return d == x || d == y ? V0t : d; }    /* where to make such a mask */

void v_fmax(struct tr *c, int T, int d, int n, int m);          /* vectors and scalars */

/* Scalar floating point of w bytes. The result goes to fp_dst's register: d itself where its upper lanes may be
 * lost, else V0t; fp_merge then makes d of a's upper lanes and the result. fp_put is the same for a result with garbage
 * above it, which is never in d. */
int  fp_dst(struct tr *c, struct insn *i, int d);
int  fp_dst1(struct tr *c, struct insn *i, int d, int a, int b);        /* for an operation with one source, b (-1: a general register) */
void fp_merge(struct tr *c, struct insn *i, int w, int d, int a, int r);
void fp_put(struct tr *c, struct insn *i, int w, int d, int a, int r);

/* Do the instructions of the block between k, which may be null, and i leave V0t and xmm register n (-1: any) alone? */
bool v_kept(struct tr *c, struct insn *k, struct insn *i, int n);

/* A register with the same low w bytes as xmm register n: n, or a scratch register that has them earlier. */
int  fp_low(struct tr *c, struct insn *i, int w, int n);

/* emit_mmx.c: MASKMOVQ and MASKMOVDQU, of 1 or 2 times 8 bytes */
void tr_maskmov(struct tr *c, struct insn *i, int data, int mask, int halves);

/* With FEAT_AFP the runtime sets FPCR.AH (x86's NaNs, minima and maxima) and FPCR.NEP (a scalar result keeps the
 * upper lanes: those of the first source, of the destination where there is one source). */
static inline bool fp_afp(struct tr *c) { return has(c, HOST_AFP); }

/* r = n with the signs of those lanes changed, but of no NaN; uses V1t, V2t, V3t, which r and n are not. */
enum { FLIP_EVEN = 1, FLIP_ODD = 2 };
void fp_flip(struct tr *c, int T, int r, int n, int lanes);

/* Does a result of w bytes (q: a vector of them) need x86's default NaN made from ARM's? The only place to ask. */
bool fp_fixes_nan(struct tr *c, bool rare);
void fp_result(struct tr *c, int w, bool q, int r, int a, int b);  /* r = op(a, b) is in none of a, b; b may be a */

#endif
