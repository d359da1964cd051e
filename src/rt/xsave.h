/* xsave.h - the state of x87, SSE and AVX as XSAVE has it in memory, in the standard format. SDM vol. 1, 13.4. */
#ifndef RT_XSAVE_H
#define RT_XSAVE_H

#include "rt/rt.h"

enum { XSAVE_X87 = 1, XSAVE_SSE = 2, XSAVE_AVX = 4 };
#define XSAVE_COMPACTED (1ull << 63)    /* in header.comp */

struct xsave_area {
	u8 fx[512];                     /* as FXSAVE, of which 416 bytes are used            */
	struct xsave_header { u64 bv, comp, zero[6]; } header;
	u64 ymmh[16][2];                /* where XSAVEC has it too: nothing lies before it   */
};
_Static_assert(sizeof(struct xsave_area) == 832, "XSAVE area");

u64  xsave_enabled(void);               /* XCR0 */
u64  xsave_in_use(struct cpu *c, const u8 fx[416]);      /* XINUSE (13.6); fx: what FXSAVE gives */
void xsave_upper(struct cpu *c, u64 y[16][2]);  /* the upper halves of all ymm registers */
bool xsave_header_valid(const struct xsave_header *h);
/* XRSTOR (13.8), with the vectors in cpu.v: of the components in want, those that the header has come from x, the others are
 * reset. wide: the x87's pointers have 64 bits. False: #GP, nothing changed. */
bool xsave_restore(struct cpu *c, const struct xsave_area *x, u64 want, bool wide);
/* Makes of FXSAVE's pointers of 64 bits what a form without REX.W has: 32 bits, and a selector that reads as zero. */
void xsave_narrow(u8 fx[416]);

#endif
