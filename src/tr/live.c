/* live.c - what somebody still reads: flags, parts of general registers, upper lanes of xmm and ymm registers.
 *
 * Backwards over the region's control flow until nothing changes; outside the region everything is taken to be read,
 * but for the flags at a direct target, which a short look-ahead decodes.
 * Flags and lanes that are overwritten before any read may hold anything, even at a fault (DESIGN 4, Faults). General
 * registers are exact at every fault and safepoint, so an instruction that may fault reads them all.
 * Flags are followed always; parts and lanes where that can pay (tr.fine), else all of them are taken to be read.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define PARTS_ALL  (~0ull)

/* What an instruction reads and overwrites, of each kind of fact; read wins over overwritten. */
struct effect {
	u64 pr, pk;                     /* register parts                                    */
	u64 hr, hk;                     /* upper lanes                                       */
};

/* The parts of a register that an access of w bytes touches: bits 0-7, 8-15, 16-31, 32-63. */
static u64 parts(int reg, int w)
{
	static const u8 of[9] = { 0, 1, 3, 3, 7, 7, 7, 7, 15 };

	return (u64)of[w > 8 ? 8 : w] << reg * 4;
}

/* Upper lanes of a register: bits 32..63, which only a scalar single leaves alone, 64..127, and ymm's 128..255. */
#define MID(reg)  (0x10000ull << ((reg) & 15))
#define HIGH(reg) (1ull << ((reg) & 15))
#define UPPER(reg) (MID(reg) | HIGH(reg))
#define YMM(reg)  (1ull << 32 << ((reg) & 15))
#define YMM_ALL   (0xffffull << 32)
static u64 as_lanes_of(u64 mask, int from, int to)
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
static u64 merged(const struct insn *i, int reg)
{
	return i->o[0].w == 4 ? UPPER(reg) : HIGH(reg);
}

static void operand(struct effect *x, const struct opnd *o)
{
	u64 p;

	switch (o->kind) {
	case OP_GPR:
		p = parts(o->reg, o->w);
		if (o->access & OP_READ)
			x->pr |= p;
		else if (o->access & OP_WRITE)
			x->pk |= o->w == 4 ? parts(o->reg, 8) : p;
		break;
	case OP_GPRH:
		p = 2ull << o->reg * 4;
		if (o->access & OP_READ)
			x->pr |= p;
		else
			x->pk |= p;
		break;
	case OP_XMM:
		if (o->access == OP_WRITE)
			x->hk |= UPPER(o->reg);
		else
			x->hr |= o->w > 16 ? UPPER(o->reg) | YMM(o->reg) : o->w > 8 ? UPPER(o->reg) : o->w > 4 ? MID(o->reg) : 0;
		break;
	case OP_MEM: case OP_VMEM:
		if (o->access)                  /* may fault */
			x->pr = PARTS_ALL;
		break;
	}
}

/* Flags needed before i, of those needed after it. */
static inline u8 flags_before(const struct insn *i, u8 after)
{
	if (i->fact)
		return F_ALL;
	if (!insn_maybe(i))
		after &= ~x86_rows[i->row].writes;
	return after | (insn_shows(i) & F_ALL);
}

static struct effect effect(struct tr *c, const struct insn *i)
{
	const struct x86_row *r = &x86_rows[i->row];
	struct effect x = { 0 };
	int from;

	if (i->fact)
		return (struct effect){ PARTS_ALL, 0, ~0ull, 0 };
	if (tr_emitter(i)->how & IMPLICIT) {
		x.pr = PARTS_ALL;
		x.hr = ~0ull;
		return x;
	}
	if (tr_fp_checked(c, i))
		x.pr = PARTS_ALL;
	if (i->mn == MN_VZEROUPPER || i->mn == MN_VZEROALL)
		x.hk = YMM_ALL;
	for (int n = 0; n < 4 && i->o[n].kind; n++)
		operand(&x, &i->o[n]);
	if (i->base < 16)
		x.pr |= parts(i->base, 8);
	if (i->index < 16)
		x.pr |= parts(i->index, 8);
	if (r->attr & ROW_VEX && i->o[0].kind == OP_XMM && i->o[0].access & OP_WRITE)
		x.hk |= YMM(i->o[0].reg);       /* written or cleared; what is read goes before */
	if (i->o[1].kind == OP_VMEM)
		x.hr |= UPPER(i->index) | YMM(i->index);
	from = r->attr & ROW_VEC ? merges(i) : -1;
	if (from < 0)
		return x;
	if (from == i->o[0].reg)                /* the legacy form: they pass through */
		x.hk &= ~merged(i, from);
	else
		x.hr |= merged(i, from);
	return x;
}

/* What nobody reads after i is not cleared by it (avx.c), so it is not zero. */
static u64 zero_after(const struct insn *i, u64 before, u64 read)
{
	const struct opnd *o = i->o;
	u64 zero = 0;

	if (i->fact || tr_emitter(i)->how & IMPLICIT)
		return 0;
	if (i->mn == MN_VZEROUPPER)
		return before | (YMM_ALL & read);
	if (o[0].kind != OP_XMM || !(o[0].access & OP_WRITE))
		return before;
	if (o[0].w > 16)
		before &= ~YMM(o[0].reg);
	else if (i->prefix & PFX_VEX)
		before |= YMM(o[0].reg) & read;
	if (merges(i) >= 0) {
		zero = as_lanes_of(before & merged(i, o[1].reg), o[1].reg, o[0].reg);
	} else {
		switch (i->mn) {
		case MN_PXOR: case MN_XORPS: case MN_XORPD: case MN_VPXOR: case MN_VXORPS: case MN_VXORPD:
			if (o[2].kind == OP_XMM && o[1].reg == o[2].reg)
				zero = UPPER(o[0].reg) | (o[0].w > 16 ? YMM(o[0].reg) : 0);
			break;
		case MN_MOVAPS: case MN_MOVAPD: case MN_MOVDQA: case MN_MOVUPS: case MN_MOVDQU:
		case MN_VMOVAPS: case MN_VMOVAPD: case MN_VMOVDQA: case MN_VMOVUPS: case MN_VMOVDQU:
			if (o[1].kind == OP_XMM)
				zero = as_lanes_of(before, o[1].reg, o[0].reg);
			break;
		case MN_MOVSS: case MN_MOVD: case MN_VMOVSS: case MN_VMOVD:
			zero = UPPER(o[0].reg);
			break;
		case MN_MOVSD: case MN_MOVQ: case MN_VMOVSD: case MN_VMOVQ:
			zero = HIGH(o[0].reg);
			break;
		}
	}
	return (before & ~UPPER(o[0].reg)) | zero;
}

/* What is read at the far end of an edge. */
static u8 edge_flags(struct tr *c, struct edge *e)
{
	if (e->block >= 0)
		e->live = c->blk[e->block].live_in;
	return e->live & ~e->defer;
}

bool tr_returns_late(struct tr *c, struct block *b)
{
	const struct insn *i = &c->ins[b->first + b->n - 1];

	return i->mn == MN_RET && !c->env->single && !c->env->unlinked && !c->env->plain && tr_source(c, b);
}

/* What is read behind b's last instruction. */
static u8 flags_after(struct tr *c, struct block *b)
{
	u8 flags = 0;

	if (b->call)                            /* the callee runs before the return site */
		return b->taken.pc ? b->taken.live : F_ALL;
	if (!b->next.pc)
		return tr_returns_late(c, b) ? 0 : F_ALL;
	flags = edge_flags(c, &b->next);
	return b->taken.pc ? flags | edge_flags(c, &b->taken) : flags;
}

struct after { u64 p, hi; };

static struct after after(struct tr *c, struct block *b)
{
	struct after a = { PARTS_ALL, ~0ull };
	int next = b->next.block, taken = b->taken.block;

	if (b->call || next < 0 || (b->taken.pc && taken < 0))
		return a;
	a = (struct after){ c->blk[next].parts_in, c->blk[next].hi_in };
	if (taken >= 0) {
		a.p |= c->blk[taken].parts_in;
		a.hi |= c->blk[taken].hi_in;
	}
	return a;
}

static bool block_flags(struct tr *c, struct block *b)
{
	u8 flags = flags_after(c, b);

	for (int n = b->first + b->n - 1; n >= b->first; n--) {
		c->ins[n].live = flags;
		flags = flags_before(&c->ins[n], flags);
	}
	if (flags == b->live_in)
		return false;
	b->live_in = flags;
	return true;
}

static bool block_facts(struct tr *c, struct block *b, const struct effect *x)
{
	struct after a = after(c, b);

	for (int n = b->first + b->n - 1; n >= b->first; n--) {
		c->fact[n].parts = a.p;
		c->fact[n].hi = a.hi;
		a.p = (a.p & ~x[n].pk) | x[n].pr;
		a.hi = (a.hi & ~x[n].hk) | x[n].hr;
	}
	if (b->entry || b->loop)                /* polls: a safepoint */
		a.p = PARTS_ALL;
	if (a.p == b->parts_in && a.hi == b->hi_in)
		return false;
	b->parts_in = a.p;
	b->hi_in = a.hi;
	return true;
}

/* Which upper lanes are zero, forwards, when those in `entry` are at the region's entry. */
static void zeros(struct tr *c, u32 entry)
{
	bool changed = true;

	for (u32 k = 0; k < c->nblk; k++)
		c->blk[k].zero_in = c->blk[k].entry ? 0 : ~0ull;
	c->blk[0].zero_in = entry;
	while (changed) {
		changed = false;
		for (u32 k = 0; k < c->nblk; k++) {
			struct block *b = &c->blk[c->order[k]];
			u64 z = b->zero_in;

			for (int n = b->first; n < b->first + b->n; n++) {
				c->fact[n].zero = z;
				z = zero_after(&c->ins[n], z, c->fact[n].hi);
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

static bool in_loop(struct tr *c, const struct block *b)
{
	for (u32 k = 0; k < c->nblk; k++) {
		const struct block *from = &c->blk[k];
		int to[2] = { from->next.block, from->taken.block };

		for (int n = 0; n < 2; n++)
			if (to[n] >= 0 && c->blk[to[n]].pc <= b->pc && b->pc <= from->pc)
				return true;
	}
	return false;
}

/* The lanes that scalar operations in loops have to keep, as things are known now; *count: how many do. */
static u32 kept_lanes(struct tr *c, u32 *count)
{
	u32 lanes = 0;

	*count = 0;
	for (u32 k = 0; k < c->nblk; k++) {
		struct block *b = &c->blk[k];

		if (!in_loop(c, b))
			continue;
		for (int n = b->first; n < b->first + b->n; n++) {
			struct insn *i = &c->ins[n];

			if (i->fact || merges(i) < 0 || tr_hi_free(c, i, i->o[0].reg))
				continue;
			lanes |= merged(i, merges(i));
			++*count;
		}
	}
	return lanes;
}

/* What register copies carry from elsewhere. */
static u32 copied(struct tr *c, u32 lanes)
{
	for (u32 n = 0; n < c->nins; n++) {
		struct insn *i = &c->ins[n];

		if (i->fact || i->o[0].kind != OP_XMM || i->o[1].kind != OP_XMM || i->o[2].kind || i->o[0].access != OP_WRITE)
			continue;
		lanes |= as_lanes_of(lanes, i->o[0].reg, i->o[1].reg);
	}
	return lanes;
}

/* A hot region with scalar floating point in a loop is better made for upper lanes that are zero: its entry checks
 * that they are, and goes to a general version where they are not. */
static void lanes(struct tr *c)
{
	u32 before, after, want;

	zeros(c, 0);
	if (c->env->plain || c->env->single || c->env->general)
		return;
	want = kept_lanes(c, &before);
	if (!before)
		return;
	want = copied(c, copied(c, want)) & c->blk[0].hi_in;
	zeros(c, want);
	kept_lanes(c, &after);
	if (after < before)
		c->guard = want;
	else
		zeros(c, 0);
}

/* Straight-line look-ahead: stops at the first branch it cannot follow, and after a few instructions. */
static u8 needed(struct tr *c, gaddr pc)
{
	u8 open = F_ALL, needed = 0;
	gaddr page = ~0ull;

	for (int k = 0; k < 8 && open; k++) {
		const struct insn *i;
		const struct x86_row *r;

		if (c->env->stable && pc / 4096 != page && !c->env->stable(c->env->ctx, pc))
			break;
		page = pc / 4096;
		i = tr_peek(c, pc);
		if (!i)
			break;
		r = &x86_rows[i->row];
		needed |= insn_shows(i) & open;
		if (!insn_maybe(i))
			open &= ~r->writes;
		pc = insn_next(i);
		if (r->attr & ROW_BRANCH) {
			if ((i->mn != MN_JMP && i->mn != MN_CALL) || i->o[0].kind != OP_REL)
				break;
			pc = i->imm;
		}
	}
	return needed | open;
}

u8 tr_flags_needed(struct tr *c, gaddr pc)
{
	typeof(c->needed[0]) *e = &c->needed[pc % countof(c->needed)];

	if (e->pc != pc) {
		e->pc = pc;
		e->flags = needed(c, pc);
	}
	return e->flags;
}

void tr_forget(struct tr *c)
{
	for (u32 k = 0; k < countof(c->needed); k++)
		c->needed[k].pc = 0;
	for (u32 k = 0; k < countof(c->decoded); k++)
		c->decoded[k].len = 0;
}

/* A cold region's conditional branch is not looked behind: most are never taken, and decoding costs. */
static void look_ahead(struct tr *c, const struct block *b, struct edge *e)
{
	bool blind = c->env->single || c->env->plain || (c->env->cold && b->taken.pc && !b->call);

	if (e->pc && e->block < 0)
		e->live = blind ? F_ALL : tr_flags_needed(c, e->pc);
}

/* Parts and lanes, where some instruction may gain from knowing them. */
static void facts(struct tr *c)
{
	struct effect x[TR_MAX_INSNS];
	bool changed;

	for (u32 n = 0; n < c->nins; n++)
		x[n] = effect(c, &c->ins[n]);
	for (u32 k = 0; k < c->nblk; k++)
		c->blk[k].parts_in = c->blk[k].hi_in = 0;
	do {
		changed = false;
		for (u32 k = c->nblk; k-- > 0;)
			changed |= block_facts(c, &c->blk[c->order[k]], x);
	} while (changed && c->loops);
	if (c->lanes)
		lanes(c);
}

void tr_live(struct tr *c)
{
	bool changed;

	for (u32 k = 0; k < c->nblk; k++) {
		struct block *b = &c->blk[k];

		b->live_in = 0;
		look_ahead(c, b, &b->next);
		look_ahead(c, b, &b->taken);
		b->taken.defer = b->taken.live & (F_P | F_A) && !c->env->plain && b->taken.block < 0 && !b->call &&
		                 tr_source_unseen(c, b) ? F_P | F_A : 0;
	}
	do {                                    /* against the order of addresses: without loops once is enough */
		changed = false;
		for (u32 k = c->nblk; k-- > 0;)
			changed |= block_flags(c, &c->blk[c->order[k]]);
	} while (changed && c->loops);
	c->guard = 0;
	if (c->fine)
		facts(c);
}

bool tr_hi_free(struct tr *c, struct insn *i, int d)
{
	const struct fact *f = &c->fact[i - c->ins];
	int from = merges(i);
	u64 zero;

	if (!c->lanes || d >= 16)               /* 16 and up: an upper half of ymm */
		return false;
	zero = from >= 0 ? as_lanes_of(f->zero, from, d) : 0;  /* else they come from elsewhere */
	return !(f->hi & ~zero & merged(i, d));
}

bool tr_above_free(struct tr *c, struct insn *i, int r, int w)
{
	u64 above = parts(r, 8) & ~parts(r, w);

	return c->fine && !(c->fact[i - c->ins].parts & above);
}

bool tr_ymm_free(struct tr *c, struct insn *i, int n)
{
	const struct fact *f = &c->fact[i - c->ins];

	return c->lanes && (f->zero & YMM(n) || !(f->hi & YMM(n)));
}
