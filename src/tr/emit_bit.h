/* emit_bit.h - what the plain and the LOCK forms of the bit tests share. */
#ifndef TR_EMIT_BIT_H
#define TR_EMIT_BIT_H

#include "tr/tr.h"

/* T_ADDR = the address of the operand of i->w bytes that holds the bit: a bit offset in a register reaches anywhere. */
void tr_bit_addr(struct tr *c, struct insn *i);
/* d = 1 << the bit's place in that operand. Uses T0. */
void tr_bit_mask(struct tr *c, struct insn *i, int d);
/* CF = that bit of r. */
void tr_bit_flag(struct tr *c, struct insn *i, int r);

#endif
