/* sse.h - what the translator and the runtime agree on about floating point that is done whole in C (TR_H_SSE).
 *
 * Translated code comes there where the host's result or its flags could be other than x86's, or an exception is
 * unmasked: tr/fpcheck.c decides that, rt/sse.c computes. Vector registers are named as the host's: v0-v15, and V_A
 * or V_B for a memory operand, whose upper half is then in V5t.
 */
#ifndef TR_SSE_H
#define TR_SSE_H

#include "base.h"

enum sse_op {
	SSE_ADD, SSE_SUB, SSE_MUL, SSE_DIV, SSE_MIN, SSE_MAX, SSE_SQRT,
	SSE_CMP, SSE_COMI, SSE_UCOMI,   /* COMI, UCOMI: NZCV as fcmp leaves it                */
	SSE_ROUND,
	SSE_HADD, SSE_HSUB, SSE_ADDSUB, SSE_DP,
	SSE_FMA,                        /* a * b + z, imm: SSE_MINUS_...                      */
	SSE_TO_INT, SSE_TRUNCATE, SSE_FROM_INT,
	SSE_RESIZE,                     /* from one floating-point format to another          */
	SSE_OPS
};
enum { SSE_MINUS_Z_EVEN = 1, SSE_MINUS_Z_ODD = 2, SSE_MINUS_PRODUCT = 4 };
enum { SSE_PACKED, SSE_SCALAR, SSE_GPR };

/* As it stands in scratch[2]. An integer from a general register is in scratch[0]. */
union sse_desc {
	struct {
		u64 op : 6;
		u64 w : 4;              /* of a source's lane, in bytes                      */
		u64 to : 4;             /* of a result's                                     */
		u64 n : 4;              /* lanes of the result (SSE_DP: 16 bytes' at a time) */
		u64 kind : 2;           /* SSE_SCALAR: the other lanes are those of `upper`; SSE_GPR: d is an x86 general register */
		u64 imm : 8;
		u64 d : 6, a : 6, b : 6, z : 6, upper : 6;
	};
	u64 word;
};

#endif
