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

/* A register. Kinds: r R by bit 31, w x (31 is zr; R and X: sp), t by size 31:30, e by bit 30, l by bit 22, 0 the number
 * alone; f k K c scalar floats by ftype, by size and opc, by a pair's opc, by fcvt's opc; v F i vectors by size, by sz,
 * by immh, V G I p their wide sides (p: of as many bytes), b bytes; y Y scalars of the element and of twice that, z of sz. Fields: d n a m at bits 0 5 10 16,
 * D M: the register after d, m. */
void put_register(struct out *o, u32 insn, char kind, char field);

/* The operand whose name stands at name, up to a brace; returns what follows the brace. */
const char *put_operand(struct out *o, u32 insn, u64 pc, const char *name);

#endif
