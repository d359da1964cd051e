/* sse.h - SSE's and AVX's floating point in C: one lane's arithmetic. */
#ifndef RT_SSE_H
#define RT_SSE_H

#include "rt/x87.h"
#include "tr/sse.h"

/* What an operation is told: MXCSR. What it tells: exceptions raised, in MXCSR's bits, which are the x87's too. */
struct sse_env { u32 mxcsr; u32 ex; };

static inline int sse_rc(const struct sse_env *v) { return v->mxcsr >> 13 & 3; }
/* Exceptions that nobody masks: those before a result is computed, and after. */
enum { SSE_BEFORE = X87_IE | X87_DE | X87_ZE, SSE_AFTER = X87_OE | X87_UE | X87_PE };
static inline u32 sse_unmasked(const struct sse_env *v) { return v->ex & ~(v->mxcsr >> 7) & 63; }

/* --- sse_arith.c. w: bytes of the format, 4 or 8 (2: halves, in sse_resize only). Where an exception that is not masked
 * was raised, the result is not used. */
u64 sse_add(struct sse_env *v, int w, u64 a, u64 b, bool sub);
u64 sse_mul(struct sse_env *v, int w, u64 a, u64 b);
u64 sse_div(struct sse_env *v, int w, u64 a, u64 b);
u64 sse_sqrt(struct sse_env *v, int w, u64 a);
u64 sse_fma(struct sse_env *v, int w, u64 a, u64 b, u64 z, bool minus_z, bool minus_product);
u64 sse_minmax(struct sse_env *v, int w, u64 a, u64 b, bool max);
u64 sse_round(struct sse_env *v, int w, u64 a, int imm);
u64 sse_to_int(struct sse_env *v, int w, int to, u64 a, bool truncate);
u64 sse_from_int(struct sse_env *v, int w, int from, u64 a);
u64 sse_resize(struct sse_env *v, int w, int to, u64 a, int rc);
enum sse_order { SSE_LESS, SSE_EQUAL, SSE_GREATER, SSE_UNORDERED };
enum sse_order sse_compare(struct sse_env *v, int w, u64 a, u64 b, bool signals);       /* signals: for quiet NaNs too */

/* --- sse.c */
u64  rt_sse(struct thread *t, u64 host_ret);             /* TR_H_SSE */
/* After a change of MXCSR: where it does not mask everything, code that looks for exceptions is made from now on. true:
 * code that is about to go on may be of the other kind. */
bool rt_mxcsr_unmasks(struct cpu *c);
u64  rt_mxcsr_new(struct thread *t, u64 host_ret);       /* ends a helper: goes on behind the instruction, in such code if need be */

#endif
