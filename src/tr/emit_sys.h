/* emit_sys.h - shared by the emitters that deal with the system's registers. */
#ifndef TR_EMIT_SYS_H
#define TR_EMIT_SYS_H

#include "tr/tr.h"

#define SCRATCH(n)   (offsetof(struct cpu, scratch) + 8 * (n))

/* Where struct cpu has the base of FS or GS. */
static inline int tr_seg_base(int seg)
{
	return seg == SEG_FS ? offsetof(struct cpu, fs_base) : offsetof(struct cpu, gs_base);
}

/* RFLAGS = the low w bytes of T_SRC. */
void tr_set_rflags(struct tr *c, int w);

#endif
