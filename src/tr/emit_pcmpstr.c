/* emit_pcmpstr.c - PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM: a helper does them (rt/pcmpstr.c). SDM vol. 2. */
#include "tr/vec.h"

#define SCRATCH(n) (offsetof(struct cpu, scratch) + 8 * (n))

static void compare(struct tr *c, struct insn *i, int what)
{
	int b = i->o[1].reg;

	if (i->o[1].kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, 16), 16, b = V_B);
	if (i->prefix & PFX_REXW)
		what |= PCMPSTR_WIDE;
	a_strv_i(c, 16, i->o[0].reg, R_CPU, SCRATCH(0));
	a_strv_i(c, 16, b, R_CPU, SCRATCH(2));
	a_mov_i(c, 4, T0, (i->imm & 0x7f) | what);
	a_str_i(c, 8, T0, R_CPU, offsetof(struct cpu, spare));
	tr_helper(c, TR_H_PCMPSTR);
	c->cs = CS_SUB;
	if (what & PCMPSTR_MASK)
		a_ldrv_i(c, 16, V0, R_CPU, SCRATCH(0));
}
EMIT(pcmpestri, RAW | IMPLICIT) { compare(c, i, PCMPSTR_EXPLICIT); }
EMIT(pcmpestrm, RAW | IMPLICIT) { compare(c, i, PCMPSTR_EXPLICIT | PCMPSTR_MASK); }
EMIT(pcmpistri, RAW | IMPLICIT) { compare(c, i, 0); }
EMIT(pcmpistrm, RAW | IMPLICIT) { compare(c, i, PCMPSTR_MASK); }

_Static_assert(offsetof(struct cpu, scratch) % 16 == 0, "stored as vectors");
