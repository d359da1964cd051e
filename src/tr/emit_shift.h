/* emit_shift.h - counts, and the flags of shifts and rotates: shared by emit_shift.c and emit_rotate.c. */
#ifndef TR_EMIT_SHIFT_H
#define TR_EMIT_SHIFT_H

#include "tr/tr.h"

#define F_NZCV  (F_S | F_Z | F_C | F_O)

static inline int sh_bits(const struct insn *i)     { return i->w * 8; }
static inline int sh_regw(const struct insn *i)     { return i->w == 8 ? 8 : 4; }
static inline int sh_count(const struct insn *i, s64 imm) { return imm & (i->w == 8 ? 63 : 31); }

/* S Z P of r's w bytes, C = V = 0. AF is undefined after these instructions, so it is not made. */
static inline void sh_nz_of(struct tr *c, int w, int r)
{
	u8 keep = c->live;

	c->live &= ~F_A;
	tr_nz(c, w, r);
	c->live = keep;
}

static inline void sh_nz(struct tr *c, struct insn *i, int r)
{
	sh_nz_of(c, i->w, r);
}

/* Code that may be branched around, or that writes some flags only, has one sense of C on both ways: the one that stands. */
static inline enum csense sh_settle(struct tr *c)
{
	enum csense cs = c->cs == CS_ADD || c->cs == CS_ZERO ? CS_ADD : CS_SUB;

	tr_need(c, cs);
	return cs;
}

/* d = the count in b, masked */
static inline void sh_masked(struct tr *c, struct insn *i, int d, int b)
{
	a_and_i(c, 4, d, b, i->w == 8 ? 63 : 31);
}

/* CF = the top bit of t, and OF = that of SHL by one: t + t. */
static inline void sh_double(struct tr *c, int w, int t)
{
	a_cmn(c, w, t, t);
	c->cs = CS_ADD;
}

static inline void sh_copy(struct tr *c, struct insn *i, int d, int a)
{
	if (d != a || i->w == 4)                /* a 32-bit operand's upper half is cleared in any case */
		a_mov(c, sh_regw(i), d, a);
}

/* OF = bit n of r and CF = bit m of t, where they are live; the others stay. Uses T0 T1. */
void tr_set_cv(struct tr *c, int t, int m, int r, int n);

#endif
