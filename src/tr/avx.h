/* avx.h - the upper halves of ymm registers, for the emitters that deal with them themselves. See avx.c. */
#ifndef TR_AVX_H
#define TR_AVX_H

#include "tr/vec.h"

int  y_high(struct tr *c, int n, int tmp);      /* a register with ymm n's upper half: its own, or tmp, loaded */
int  y_dst(int n);                              /* a register to make ymm n's upper half in: its own, or V5t */
void y_put(struct tr *c, int n, int r);         /* r becomes ymm n's upper half */
void y_copy(struct tr *c, int d, int n);        /* ymm d's upper half = ymm n's; may use V5t */
void y_clear(struct tr *c, int n);              /* ymm n's upper half = 0 */
void y_zero(struct tr *c, struct insn *i, int n);       /* ymm n's upper half = 0, unless it is, or nobody reads it */
int  y_source(struct tr *c, struct insn *i, int n, int tmp);    /* for WHOLE: operand n's upper half; of memory it is V5t */
static inline bool y_wide(const struct opnd *o) { return o->w == 32; }

#endif
