/* live.c - what somebody still reads: flags, parts of general registers, upper lanes of xmm registers.
 *
 * Backwards over the region's control flow until nothing changes; outside the region everything is taken to be read,
 * but for the flags at a direct target, which a short look-ahead decodes.
 * Flags and lanes that are overwritten before any read may hold anything, even at a fault (DESIGN 4, Faults). General
 * registers are exact at every fault and safepoint, so an instruction that may fault reads them all.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define PARTS_ALL  (~0ull)

/* The parts of a register that an access of w bytes touches: bits 0-7, 8-15, 16-31, 32-63. */
static u64 parts(int reg, int w)
{
	static const u8 of[9] = { 0, 1, 3, 3, 7, 7, 7, 7, 15 };

	return (u64)of[w > 8 ? 8 : w] << reg * 4;
}

static bool may_fault(const struct insn *i)
{
	for (int n = 0; n < 4; n++)
		if (i->o[n].kind == OP_MEM && i->o[n].access)
			return true;
	return false;
}

static u64 parts_before(const struct insn *i, u64 after)
{
	u64 reads = 0, kills = 0;

	if (i->fact || may_fault(i) || tr_emitter(i)->how & IMPLICIT)
		return PARTS_ALL;
	for (int n = 0; n < 4; n++) {
		const struct opnd *o = &i->o[n];
		u64 p;

		if (o->kind == OP_GPR)
			p = parts(o->reg, o->w);
		else if (o->kind == OP_GPRH)
			p = 2ull << o->reg * 4;
		else
			continue;
		if (o->access & OP_READ)
			reads |= p;
		else if (o->access & OP_WRITE)
			kills |= o->w == 4 ? parts(o->reg, 8) : p;
	}
	if (i->base < 16)
		reads |= parts(i->base, 8);
	if (i->index < 16)
		reads |= parts(i->index, 8);
	return (after & ~kills) | reads;
}

/* Upper lanes of a register: bits 32..63, which only a scalar single leaves alone, and 64..127. */
#define MID(reg)  (0x10000u << ((reg) & 15))
#define HIGH(reg) (1u << ((reg) & 15))
#define UPPER(reg) (MID(reg) | HIGH(reg))
static u32 as_lanes_of(u32 mask, int from, int to)
{
	return (mask & HIGH(from) ? HIGH(to) : 0) | (mask & MID(from) ? MID(to) : 0);
}

/* A scalar operation takes the upper lanes of its result from its first source (SDM vol. 1, 4.6.2: legacy forms leave
 * them as they were); the register it does that for, or -1; and which lanes. */
static int merges(const struct insn *i)
{
	bool scalar = i->o[0].kind == OP_XMM && i->o[0].access == OP_WRITE && i->o[0].w <= 8;

	return scalar && i->o[1].kind == OP_XMM && i->o[2].kind && i->o[2].kind != OP_IMM ? i->o[1].reg : -1;
}
static u32 merged(const struct insn *i, int reg)
{
	return i->o[0].w == 4 ? UPPER(reg) : HIGH(reg);
}

static u32 hi_before(const struct insn *i, u32 after)
{
	u32 reads = 0, kills = 0;
	int from = merges(i);

	if (i->fact || tr_emitter(i)->how & IMPLICIT)
		return ~0u;
	for (int n = 0; n < 4; n++) {
		const struct opnd *o = &i->o[n];

		if (o->kind != OP_XMM)
			continue;
		if (o->access == OP_WRITE)
			kills |= UPPER(o->reg);
		else
			reads |= o->w > 8 ? UPPER(o->reg) : o->w > 4 ? MID(o->reg) : 0;
	}
	if (from >= 0)
		reads |= as_lanes_of(after & merged(i, i->o[0].reg), i->o[0].reg, from);
	return (after & ~kills) | reads;
}

static u32 zero_after(const struct insn *i, u32 before)
{
	const struct opnd *o = i->o;
	u32 zero = 0;

	if (i->fact || tr_emitter(i)->how & IMPLICIT)
		return 0;
	if (o[0].kind != OP_XMM || !(o[0].access & OP_WRITE))
		return before;
	if (merges(i) >= 0) {
		zero = as_lanes_of(before & merged(i, o[1].reg), o[1].reg, o[0].reg);
	} else {
		switch (x86_rows[i->row].mn) {
		case MN_PXOR: case MN_XORPS: case MN_XORPD:
			if (o[2].kind == OP_XMM && o[1].reg == o[2].reg)
				zero = UPPER(o[0].reg);
			break;
		case MN_MOVAPS: case MN_MOVAPD: case MN_MOVDQA: case MN_MOVUPS: case MN_MOVDQU:
			if (o[1].kind == OP_XMM)
				zero = as_lanes_of(before, o[1].reg, o[0].reg);
			break;
		case MN_MOVSS: case MN_MOVD:
			zero = UPPER(o[0].reg);
			break;
		case MN_MOVSD: case MN_MOVQ:
			zero = HIGH(o[0].reg);
			break;
		}
	}
	return (before & ~UPPER(o[0].reg)) | zero;
}

static u8 flags_before(const struct insn *i, u8 after)
{
	const struct x86_row *r = &x86_rows[i->row];

	if (i->fact)
		return F_ALL;
	if (!insn_maybe(i))
		after &= ~r->writes;
	return (after | insn_reads(i)) & F_ALL;
}

/* What is read at the far end of an edge. */
static u8 edge_flags(struct tr *c, struct edge *e)
{
	if (e->block >= 0)
		e->live = c->blk[e->block].live_in;
	return e->live & ~e->defer;
}

static bool is_call(struct tr *c, const struct block *b)
{
	const struct insn *i = &c->ins[b->first + b->n - 1];

	return !i->fact && x86_rows[i->row].mn == MN_CALL;
}

bool tr_returns_late(struct tr *c, struct block *b)
{
	const struct insn *i = &c->ins[b->first + b->n - 1];

	return !i->fact && x86_rows[i->row].mn == MN_RET && !c->env->single && !c->env->plain && tr_source(c, b);
}

static bool block(struct tr *c, struct block *b)
{
	u8 flags = b->next.pc ? 0 : F_ALL;
	u64 p = PARTS_ALL;
	u32 hi = ~0u;
	struct edge *e[2] = { &b->next, &b->taken };
	bool call = is_call(c, b), inside = !call && b->next.pc;

	if (tr_returns_late(c, b))
		flags = 0;
	if (call)
		flags = b->taken.pc ? b->taken.live : F_ALL;    /* the callee runs before the return site */
	for (int n = 0; n < 2 && !call; n++) {
		if (!e[n]->pc)
			continue;
		flags |= edge_flags(c, e[n]);
		inside &= e[n]->block >= 0;
	}
	if (inside) {
		p = hi = 0;
		for (int n = 0; n < 2; n++)
			if (e[n]->pc) {
				p |= c->blk[e[n]->block].parts_in;
				hi |= c->blk[e[n]->block].hi_in;
			}
	}
	for (int n = b->first + b->n - 1; n >= b->first; n--) {
		struct insn *i = &c->ins[n];

		i->live = flags;
		c->fact[n].parts = p;
		c->fact[n].hi = hi;
		flags = flags_before(i, flags);
		p = parts_before(i, p);
		hi = hi_before(i, hi);
	}
	if (b->entry || b->loop)                /* polls: a safepoint */
		p = PARTS_ALL;
	if (flags == b->live_in && p == b->parts_in && hi == b->hi_in)
		return false;
	b->live_in = flags;
	b->parts_in = p;
	b->hi_in = hi;
	return true;
}

static void zeros(struct tr *c)
{
	bool changed = true;

	for (u32 k = 0; k < c->nblk; k++)
		c->blk[k].zero_in = c->blk[k].entry ? 0 : ~0u;
	while (changed) {
		changed = false;
		for (u32 k = 0; k < c->nblk; k++) {
			struct block *b = &c->blk[c->order[k]];
			u32 z = b->zero_in;

			for (int n = b->first; n < b->first + b->n; n++) {
				c->fact[n].zero = z;
				z = zero_after(&c->ins[n], z);
			}
			for (int n = 0; n < 2; n++) {
				int to = n ? b->taken.block : b->next.block;

				if (to >= 0 && c->blk[to].zero_in & ~z) {
					c->blk[to].zero_in &= z;
					changed = true;
				}
			}
		}
	}
}

/* Straight-line look-ahead: stops at the first branch it cannot follow, and after a few instructions. */
u8 tr_flags_needed(struct tr *c, gaddr pc)
{
	u8 open = F_ALL, needed = 0;

	for (int n = 0; n < 8 && open; n++) {
		struct insn i;
		u8 buf[15];
		size_t got = 0;
		const struct x86_row *r;

		if (!c->env->stable || c->env->stable(c->env->ctx, pc))
			got = c->env->fetch(c->env->ctx, pc, buf, sizeof buf);
		if (!got || x86_decode(&i, buf, got, pc, c->env->x86) != X86_OK)
			break;
		r = &x86_rows[i.row];
		needed |= insn_reads(&i) & open;
		if (!insn_maybe(&i))
			open &= ~r->writes;
		pc = insn_next(&i);
		if (r->attr & ROW_BRANCH) {
			if ((r->mn != MN_JMP && r->mn != MN_CALL) || i.o[0].kind != OP_REL)
				break;
			pc = i.imm;
		}
	}
	return needed | open;
}

static void look_ahead(struct tr *c, struct edge *e)
{
	if (e->pc && e->block < 0)
		e->live = c->env->single || c->env->plain ? F_ALL : tr_flags_needed(c, e->pc);
}

void tr_live(struct tr *c)
{
	bool changed = true;

	for (u32 k = 0; k < c->nblk; k++) {
		struct block *b = &c->blk[k];

		b->live_in = 0;
		b->parts_in = b->hi_in = 0;
		look_ahead(c, &b->next);
		look_ahead(c, &b->taken);
		b->taken.defer = !c->env->plain && b->taken.block < 0 && !is_call(c, b) && tr_source(c, b) ? F_P | F_A : 0;
	}
	while (changed) {
		changed = false;
		for (u32 k = c->nblk; k-- > 0;)
			changed |= block(c, &c->blk[c->order[k]]);
	}
	zeros(c);
}

bool tr_hi_free(struct tr *c, struct insn *i, int d)
{
	const struct fact *f = &c->fact[i - c->ins];
	int from = merges(i);
	u32 zero = from >= 0 ? as_lanes_of(f->zero, from, d) : f->zero;

	return !(f->hi & ~zero & merged(i, d));
}

bool tr_above_free(struct tr *c, struct insn *i, int r, int w)
{
	u64 above = parts(r, 8) & ~parts(r, w);

	return !(c->fact[i - c->ins].parts & above);
}
