/* align.c - legacy SSE's memory operands of 16 bytes must be aligned, and those of some VEX forms to their 16 or 32 bytes, else
 * #GP (SDM vol. 1, 14.9; ROW_ALIGN).
 *
 * ARM64 does not mind, so somebody has to look: two words, and none where the address is known modulo 16. That is so
 * of RIP-relative addresses, and of registers once they were looked at or made from one that was, inside a block.
 * Where it costs something it is left out unless asked for (tr_env.align; doc/design.md says what it costs).
 */
#include "tr/tr.h"
#include "gen/decode.h"

enum { UNKNOWN = 0xff };

void tr_align_start(struct tr *c)
{
	__builtin_memset(c->mod16, UNKNOWN, sizeof c->mod16);
}

static const struct opnd *operand(const struct insn *i)
{
	if (i->fact || !(x86_rows[i->row].attr & ROW_ALIGN))
		return 0;
	for (int n = 0; n < 4; n++)
		if (i->o[n].kind == OP_MEM && i->o[n].w >= 16)
			return &i->o[n];
	return 0;
}

/* The address modulo 16, or UNKNOWN. */
static u8 known(struct tr *c, const struct insn *i)
{
	u8 base = i->base < 16 ? c->mod16[i->base] : 0;

	if (i->base == MOFFS || i->index != NOREG || i->seg == SEG_FS || i->seg == SEG_GS || base == UNKNOWN)
		return UNKNOWN;
	if (i->base == RIP)
		base = insn_next(i) & 15;
	return (base + i->disp) & 15;
}

void tr_align_check(struct tr *c, struct insn *i)
{
	const struct opnd *o = operand(i);
	u8 at = o ? known(c, i) : 0;
	int r = T_ADDR, low = o ? o->w - 1 : 0;

	if (!at && low <= 15)
		return;
	if (at && at != UNKNOWN) {                    /* it faults always */
		a_b(c, 0);
		tr_cold(c, TR_H_GP);
		return;
	}
	if (!c->env->align)
		return;
	if (i->index == NOREG && i->base < 16 && i->seg != SEG_FS && i->seg != SEG_GS && i->aw == 8) {
		c->mod16[i->base] = -i->disp & 15;
		if (i->disp & low)
			a_add_i(c, 8, T0, G(i->base), i->disp & low);
		r = i->disp & low ? T0 : G(i->base);
	} else {
		tr_addr(c, i, T_ADDR);
	}
	a_and_i(c, 8, T0, r, low);
	a_cbnz(c, 8, T0, 0);
	tr_cold(c, TR_H_GP);
}

static u8 plus(u8 mod, s64 k) { return mod == UNKNOWN ? UNKNOWN : (mod + k) & 15; }

/* What an instruction leaves in the register it writes, if that can be told. */
static u8 result(struct tr *c, const struct insn *i)
{
	const struct opnd *o = i->o;

	if (o[0].w != 8)
		return UNKNOWN;
	switch (i->mn) {
	case MN_ADD: return o[1].kind == OP_IMM ? plus(c->mod16[o[0].reg], i->imm) : UNKNOWN;
	case MN_SUB: return o[1].kind == OP_IMM ? plus(c->mod16[o[0].reg], -i->imm) : UNKNOWN;
	case MN_AND: return o[1].kind == OP_IMM && !(i->imm & 15) ? 0 : UNKNOWN;
	case MN_LEA: return i->aw == 8 ? known(c, i) : UNKNOWN;
	case MN_MOV: return o[1].kind == OP_GPR ? c->mod16[o[1].reg] : UNKNOWN;
	}
	return UNKNOWN;
}

void tr_align_after(struct tr *c, const struct insn *i)
{
	if (i->mn == MN_PUSH && i->w == 8) {
		c->mod16[RSP] = plus(c->mod16[RSP], -8);
		return;
	}
	if (i->mn == MN_POP && i->w == 8 && i->o[0].kind == OP_GPR) {
		c->mod16[RSP] = plus(c->mod16[RSP], 8);
		c->mod16[i->o[0].reg] = UNKNOWN;
		return;
	}
	if (i->fact || tr_emitter(i)->how & IMPLICIT) {
		tr_align_start(c);
		return;
	}
	for (int n = 0; n < 4; n++)
		if ((i->o[n].kind == OP_GPR || i->o[n].kind == OP_GPRH) && i->o[n].access & OP_WRITE)
			c->mod16[i->o[n].reg] = n || i->o[n].kind == OP_GPRH ? UNKNOWN : result(c, i);
}
