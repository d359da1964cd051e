/* operand.h - the operands of ARM64 instructions as text. For text.c. */
#ifndef A64_OPERAND_H
#define A64_OPERAND_H

#include "base.h"

struct out { char *p; size_t size, len; };

static inline u32 bits(u32 insn, int at, int n)
{
	return insn >> at & ((1u << n) - 1);
}

void put_c(struct out *o, char c);
void put_s(struct out *o, const char *s);
void put_hex(struct out *o, u64 x);

/* log2 of the element's bytes of a shift by a constant; 15 where immh is zero. */
int size_of_immh(u32 insn);

/* A register, by kind and field. Fields: d n a m stand at bits 0 5 10 16; D M are the registers after d, m. Kinds:
 *   r w x   general: by bit 31, 32 bits, 64 bits; R X the same, 31 is sp
 *   t e l   general: by size at 31:30, by bit 30, by bit 22
 *   f c     float: by ftype, by fcvt's opc
 *   k K     float in memory: by size and opc, by a pair's opc
 *   v V p   vector or scalar by size; its wide side; the same of as many bytes
 *   F g G   vector or scalar by sz; the halves of that; the wide side of these
 *   i I     vector or scalar by immh; its wide side
 *   b y Y   vector of bytes; scalar of the element by size, of twice that
 *   0       the number alone
 */
void put_register(struct out *o, u32 insn, char kind, char field);

/* The operand whose name stands at name, up to a brace; returns what follows the brace. */
const char *put_operand(struct out *o, u32 insn, u64 pc, const char *name);

#endif
