/* region.c - from an entry address to blocks of decoded instructions.
 *
 * A block is decoded until it branches; its ways out are followed, fall-through first, until the bound is reached.
 * A cold region (tr_env.cold) ends at conditional branches: what is translated should be run.
 * Code that has a translation already is linked to, not taken in. A direct call's return site belongs to the region
 * too, as an entry of its own: the callee comes back to it in boundary state.
 * Instructions of a block are neighbours in c->ins, so a branch into a block's middle splits it in place.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define DEFAULT_INSNS  160
#define MOST_UNROLLED  16

/* How many blocks start at or below pc: c->order is sorted. */
static u32 below(struct tr *c, gaddr pc)
{
	u32 lo = 0, hi = c->nblk;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (c->blk[c->order[mid]].pc <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Makes the block that follows the last one part of the region; at blocks start at or below it. */
static void insert(struct tr *c, u32 at)
{
	u32 j = c->nblk;

	for (; j > at; j--)
		c->order[j] = c->order[j - 1];
	c->order[at] = c->nblk++;
}

/* Index of the instruction at pc, in the block *at, or -1. Where code overlaps, as what is jumped into the middle of an
 * instruction does, one that is there may not be found: it is taken in again then. */
static int find(struct tr *c, gaddr pc, u32 *at)
{
	u32 k = pc - c->lo < c->hi - c->lo ? below(c, pc) : 0;
	struct block *b;

	if (!k)
		return -1;
	*at = c->order[k - 1];
	b = &c->blk[*at];
	if (pc - b->pc >= b->len)
		return -1;
	for (u32 n = b->first; n < b->first + b->n && c->ins[n].pc <= pc; n++)
		if (c->ins[n].pc == pc)
			return n;
	return -1;
}

static bool has_insn(struct tr *c, gaddr pc)
{
	u32 k;

	return find(c, pc, &k) >= 0;
}

/* The block that starts at instruction n of block k, splitting that one; -1 when there is no room. */
static int block_at(struct tr *c, u32 k, u32 n)
{
	struct block *old = &c->blk[k], *new = &c->blk[c->nblk];
	u32 id = c->nblk;

	if (old->first == n)
		return k;
	if (id == TR_MAX_BLOCKS)
		return -1;
	*new = *old;
	new->pc = c->ins[n].pc;
	new->len = old->len - (new->pc - old->pc);
	new->first = n;
	new->n = old->first + old->n - n;
	new->entry = new->loop = false;
	old->len -= new->len;
	old->n = n - old->first;
	old->call = false;
	old->next = (struct edge){ .pc = new->pc, .block = id };
	old->taken = (struct edge){ .block = -1 };
	insert(c, below(c, new->pc));
	return id;
}

/* Fetches guest bytes from pc on, a larger piece than one instruction, but only up to the end of a page: the next one may
 * not be meant to be looked at. */
static void fetch(struct tr *c, gaddr pc)
{
	u32 most = c->env->cold ? 64 : sizeof c->window.bytes, want = 4096 - pc % 4096;

	if (want > most)
		want = most;
	if (want < 15)
		want = 15;
	c->window.lo = pc;
	c->window.n = c->env->fetch(c->env->ctx, pc, c->window.bytes, want);
	c->window.end = c->window.n < 15;
}

static inline enum x86_status fresh(struct tr *c, gaddr pc, struct insn *i)
{
	u64 at = pc - c->window.lo;
	enum x86_status s;

	if (at >= c->window.n || (c->window.n - at < 15 && !c->window.end)) {
		fetch(c, pc);
		at = 0;
	}
	s = at < c->window.n ? x86_decode(i, c->window.bytes + at, c->window.n - at, pc, c->env->x86) : X86_SHORT;
	i->fact = 0;
	return s;
}

/* How many bytes there are at pc, where `fresh` has found too few. */
static u32 fetched(const struct tr *c, gaddr pc)
{
	u64 at = pc - c->window.lo;

	return at < c->window.n ? c->window.n - at : 0;
}

/* What is decoded once, looking ahead or for a cold region, will soon be wanted again, so it is kept. */
const struct insn *tr_peek(struct tr *c, gaddr pc)
{
	struct insn *d = &c->decoded[pc % countof(c->decoded)];

	if (d->pc == pc && d->len)
		return d;
	if (fresh(c, pc, d) == X86_OK)
		return d;
	d->len = 0;
	return 0;
}

static enum x86_status decode(struct tr *c, gaddr pc, struct insn *i)
{
	const struct insn *d = c->env->single ? 0 : tr_peek(c, pc);     /* a single one's bytes may change any time */

	if (!d)
		return fresh(c, pc, i);
	*i = *d;
	return X86_OK;
}

/* May facts about register parts or upper lanes make i cheaper? */
static void gains(struct tr *c, const struct insn *i)
{
	const struct opnd *o = &i->o[0];

	if (!(o->access & OP_WRITE) || (o->w > 8 && !(i->prefix & PFX_VEX)))
		return;
	c->lanes |= o->kind == OP_XMM;
	c->fine |= o->kind == OP_XMM || (o->kind == OP_GPR && o->w < 4);
}

static void reach(struct tr *c, gaddr end)
{
	if (end > c->hi)
		c->hi = end;
}

/* Decodes the instruction at pc into c->ins[c->nins]. A page that cannot be fetched, or bytes that are no
 * instruction, become an instruction of length 0 that faults when it is reached. The region is of those bytes too, and of
 * the first that is not there: they may change. */
static struct insn *take(struct tr *c, gaddr pc)
{
	struct insn *i = &c->ins[c->nins];
	enum x86_status s = decode(c, pc, i);

	if (s != X86_OK) {
		reach(c, pc + (s == X86_SHORT ? fetched(c, pc) + 1 : i->len));
		i->pc = pc;
		i->fact = s == X86_UD ? TR_H_UD : s == X86_SHORT ? TR_H_BADFETCH : s == X86_TOOLONG ? TR_H_GP : TR_H_UNKNOWN;
		i->len = i->prefix = 0;
		i->mn = X86_NMN;
	}
	if (!c->env->cold)
		gains(c, i);
	c->has_x87 |= (x86_rows[i->row].attr & ROW_X87) != 0;
	c->nins++;
	return i;
}

/* The ways out of a block that ends with i. */
static bool ends(struct tr *c, struct block *b, struct insn *i)
{
	gaddr to = i->imm, next = insn_next(i);

	if (i->fact)
		return true;
	if (!(x86_rows[i->row].attr & ROW_BRANCH))
		return false;
	switch (i->mn) {
	case MN_Jcc: case MN_JRCXZ: case MN_LOOP: case MN_LOOPE: case MN_LOOPNE:
		b->taken.pc = to;
		b->next.pc = next;
		break;
	case MN_JMP:
		if (i->o[0].kind == OP_REL)
			b->next.pc = to;
		break;
	case MN_CALL:
		if (i->o[0].kind == OP_REL)
			b->taken.pc = to;
		b->next.pc = next;
		b->call = true;
		break;
	}
	return true;
}

static struct insn *last(struct tr *c, const struct block *b)
{
	return &c->ins[b->first + b->n - 1];
}

/* Decodes one block at pc, which has no instruction yet. */
static struct block *grow(struct tr *c, gaddr pc, u32 max)
{
	struct block *b = &c->blk[c->nblk];
	u32 above = below(c, pc);
	gaddr stop = above < c->nblk ? c->blk[c->order[above]].pc : ~0ull;
	struct insn *i;

	b->pc = pc;
	b->len = b->n = b->npred = 0;
	b->first = c->nins;
	b->next = b->taken = (struct edge){ .block = -1 };
	b->entry = b->loop = b->call = false;
	insert(c, above);
	if (pc < c->lo)
		c->lo = pc;
	for (;;) {
		i = take(c, pc);
		pc = insn_next(i);
		if (ends(c, b, i))
			break;
		if (c->nins >= max || (pc >= stop && has_insn(c, pc))) {
			b->next.pc = pc;
			break;
		}
	}
	b->n = c->nins - b->first;
	b->len = pc - b->pc;
	reach(c, pc);
	return b;
}

/* Is code at pc worth taking in? branch: it lies behind a conditional branch. */
static bool wanted(struct tr *c, gaddr pc, bool branch, u32 max)
{
	if (c->nins >= max || c->nblk == TR_MAX_BLOCKS || c->env->single || c->env->selfcheck)
		return false;
	if (pc - c->lo + 0x4000 > 0x8000)
		return false;
	return !c->env->known || !(c->env->cold || branch) || c->env->known(c->env->ctx, pc) != c->env->cold;
}

/* Index of the block that an edge leads to, splitting one if need be, or -1: it leaves the region. */
static int target(struct tr *c, const struct edge *e)
{
	u32 k;
	int n = e->pc && !c->env->single ? find(c, e->pc, &k) : -1;

	return n < 0 ? -1 : block_at(c, k, n);
}

/* Ways out that stay inside become edges; the head of a loop is where an edge goes backward. */
static void connect(struct tr *c)
{
	for (u32 k = 0; k < c->nblk; k++) {     /* splitting appends blocks: they are seen too */
		if (!c->blk[k].call)
			c->blk[k].taken.block = target(c, &c->blk[k].taken);
		c->blk[k].next.block = target(c, &c->blk[k].next);
	}
	for (u32 k = 0; k < c->nblk; k++) {
		struct block *b = &c->blk[k];
		struct edge *e[2] = { &b->next, &b->taken };

		for (int n = 0; n < 2; n++) {
			struct block *to = &c->blk[e[n]->block];

			if (e[n]->block < 0)
				continue;
			to->npred += to->npred < 255;
			if (b->call)
				to->entry = true;
			if (to->pc <= last(c, b)->pc)
				c->loops = to->loop = true;
		}
	}
}

/* A block that loops to itself is there twice, the first time with its condition inverted, so that every other round
 * does without a poll. */
static void unroll(struct tr *c, u32 k)
{
	struct block *b = &c->blk[k], *twin = &c->blk[c->nblk];
	u32 at = 0;

	if (b->taken.block != (s16)k || last(c, b)->mn != MN_Jcc)
		return;
	if (b->n > MOST_UNROLLED || c->nblk == TR_MAX_BLOCKS || c->nins + b->n > TR_MAX_INSNS)
		return;
	*twin = *b;
	twin->first = c->nins;
	twin->npred = 1;
	twin->entry = twin->loop = false;
	for (u32 n = 0; n < b->n; n++)
		c->ins[c->nins++] = c->ins[b->first + n];
	if (b->next.block >= 0)
		c->blk[b->next.block].npred++;
	b->taken = b->next;
	b->next = (struct edge){ .pc = b->pc, .block = c->nblk };
	last(c, b)->cc ^= 1;
	last(c, b)->imm = b->taken.pc;
	while (c->order[at] != k)
		at++;
	for (u32 j = c->nblk++; j > at + 1; j--)
		c->order[j] = c->order[j - 1];
	c->order[at + 1] = b->next.block;
}

void tr_region(struct tr *c, gaddr pc)
{
	u32 max = c->env->single || c->env->plain ? 1 : c->env->max_insns ? c->env->max_insns : DEFAULT_INSNS;
	gaddr todo[TR_MAX_BLOCKS];
	u32 ntodo = 0;

	if (max > TR_MAX_INSNS)
		max = TR_MAX_INSNS;
	c->window.n = 0;
	c->nins = c->nblk = 0;
	c->fine = c->lanes = c->loops = c->has_x87 = false;
	c->lo = c->hi = pc;
	for (gaddr at = pc;;) {
		struct block *b = grow(c, at, max);
		bool cond = b->taken.pc && !b->call;

		if (cond && !c->env->cold && ntodo < countof(todo))
			todo[ntodo++] = b->taken.pc;
		at = cond && c->env->cold ? 0 : b->next.pc;
		if (at && !has_insn(c, at) && wanted(c, at, cond, max))
			continue;
		do {
			at = ntodo ? todo[--ntodo] : 0;
		} while (at && (has_insn(c, at) || !wanted(c, at, true, max)));
		if (!at)
			break;
	}
	connect(c);
	c->blk[0].entry = true;
	if (!c->env->cold && !c->env->selfcheck && max > 1)
		for (u32 k = 0, n = c->nblk; k < n; k++)
			unroll(c, k);
}
