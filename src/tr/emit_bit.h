/* emit_bit.h - bits of registers as operands and as CF: shared by the bit tests, their LOCK forms and the shifts. */
#ifndef TR_EMIT_BIT_H
#define TR_EMIT_BIT_H

#include "tr/tr.h"

/* T_ADDR = the address of the operand of i->w bytes that holds the bit: a bit offset in a register reaches anywhere. Uses T0. */
void tr_bit_addr(struct tr *c, struct insn *i);
/* The bit's place in that operand, as a register, where it is no constant; may be T3. */
int tr_bit_place(struct tr *c, struct insn *i);
/* d = 1 << that place */
void tr_bit_mask(struct tr *c, struct insn *i, int d, int place);
/* CF = that bit of r, or its complement. Uses T0 T1 T2. */
void tr_bit_flag(struct tr *c, struct insn *i, int r, int place, bool complement);
/* Is the next instruction a branch that alone reads i's flags, on CF? Then that branch looks at the bit of reg, which
 * must last until there. */
bool tr_carry_branch(struct tr *c, struct insn *i, int reg, int bit);
/* ZF = (r == 0), the others stay. Uses T0 T1. */
void tr_zf(struct tr *c, int r);

#endif
