/* x87_emit.h - what x87_inline.c (80 bits) and x87_double.c share: how an x87 instruction is emitted inline. */
#ifndef TR_X87_EMIT_H
#define TR_X87_EMIT_H

#include "tr/tr.h"

/* The operands of rt/x87_fast.S's routines: significand; sign and exponent. And whether they gave up, C1 and PE. */
enum { AM = X13, AS = X14, BM = X11, BS = X12, GAVE_UP = X17, TOLD = X16 };

static inline const struct opnd *x87_memory(const struct insn *i)
{
	return i->o[0].kind == OP_MEM ? &i->o[0] : i->o[1].kind == OP_MEM ? &i->o[1] : 0;
}
static inline int x87_slot(struct tr *c, int i)  { return (c->x87.top + i) & 7; }
static inline int x87_place(struct tr *c, int i) { return offsetof(struct cpu, x87.st) + 16 * x87_slot(c, i); }
static inline u8  x87_bit(struct tr *c, int i)   { return X87_SLOT(x87_slot(c, i)); }

/* The slot of ST(i), if nothing is known of it. */
static inline u8  x87_unknown(struct tr *c, int i) { return x87_bit(c, i) & ~(c->x87.used | c->x87.free); }

/* Begins an instruction for which the slots of `used` must be in use and those of `free` not; false: it is known that
 * they are not so, nothing was emitted. Until x87_done nothing of it may have changed where a branch goes out of line. */
bool x87_begin(struct tr *c, struct insn *i, u8 used, u8 free);
void x87_done(struct tr *c, struct insn *i);
/* Calls a routine, which changes the flags; "gave up" goes out of line. */
void x87_routine(struct tr *c, enum x87_fast nr, bool keep_flags);
/* The single or double in raw as m, s, if it is ordinary or zero; else out of line. Through T0. */
void x87_widen(struct tr *c, int w, int raw, int m, int s);
bool x87_stack_inline(struct tr *c, struct insn *i, union x87_desc d);
bool x87_ldcw_inline(struct tr *c, struct insn *i);

bool tr_x87_double(struct tr *c, struct insn *i);       /* as tr_x87_inline */

#endif
