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

static u32 hash(gaddr pc) { return pc % countof(((struct tr *)0)->find); }

/* Index of the instruction at pc, or -1. */
static int find(struct tr *c, gaddr pc)
{
	for (u32 h = hash(pc); c->find[h]; h = (h + 1) % countof(c->find))
		if (c->ins[c->find[h] - 1].pc == pc)
			return c->find[h] - 1;
	return -1;
}

static void remember(struct tr *c, u32 n)
{
	u32 h = hash(c->ins[n].pc);

	while (c->find[h])
		h = (h + 1) % countof(c->find);
	c->find[h] = n + 1;
}

/* The block that starts at instruction n, splitting the one that holds it; -1 when there is no room. */
static int block_at(struct tr *c, u32 n)
{
	int b = c->in_block[n];
	struct block *old = &c->blk[b], *new = &c->blk[c->nblk];

	if (old->first == n)
		return b;
	if (c->nblk == TR_MAX_BLOCKS)
		return -1;
	*new = *old;
	new->pc = c->ins[n].pc;
	new->first = n;
	new->n = old->first + old->n - n;
	new->entry = new->loop = false;
	old->n = n - old->first;
	old->next = (struct edge){ .pc = new->pc, .block = -1 };
	old->taken = (struct edge){ .block = -1 };
	for (u32 k = n; k < n + new->n; k++)
		c->in_block[k] = c->nblk;
	return c->nblk++;
}

/* The guest's bytes at pc; *n is less than 15 only where they end. They are fetched in larger pieces, up to the end of
 * a page: the next one may not be meant to be looked at. */
static const u8 *bytes(struct tr *c, gaddr pc, u32 *n)
{
	u32 at = pc - c->window.lo, want = 4096 - pc % 4096;

	if (pc < c->window.lo || pc - c->window.lo >= c->window.n || (at + 15 > c->window.n && !c->window.end)) {
		if (want > sizeof c->window.bytes)
			want = sizeof c->window.bytes;
		if (want < 15)
			want = 15;
		c->window.lo = pc;
		c->window.n = c->env->fetch(c->env->ctx, pc, c->window.bytes, want);
		c->window.end = c->window.n < 15;
		at = 0;
	}
	*n = c->window.n - at;
	return c->window.bytes + at;
}

static enum x86_status fresh(struct tr *c, gaddr pc, struct insn *i)
{
	u32 n;
	const u8 *p = bytes(c, pc, &n);
	enum x86_status s = n ? x86_decode(i, p, n, pc, c->env->x86) : X86_SHORT;

	i->fact = 0;
	return s;
}

/* Looking ahead: what is decoded will soon be translated, so it is kept. */
const struct insn *tr_peek(struct tr *c, gaddr pc)
{
	struct insn *d = &c->decoded[pc % countof(c->decoded)];

	if ((d->pc != pc || !d->len) && fresh(c, pc, d) != X86_OK)
		d->len = 0;
	return d->len ? d : 0;
}

static enum x86_status decode(struct tr *c, gaddr pc, struct insn *i)
{
	struct insn *d = &c->decoded[pc % countof(c->decoded)];

	if (d->pc != pc || !d->len)
		return fresh(c, pc, i);
	*i = *d;
	return X86_OK;
}

/* May facts about register parts or upper lanes make i cheaper? */
static bool gains(const struct insn *i)
{
	const struct opnd *o = &i->o[0];

	return o->access & OP_WRITE && (o->kind == OP_XMM || (o->kind == OP_GPR && o->w < 4));
}

/* Decodes the instruction at pc into c->ins[c->nins]. A page that cannot be fetched, or bytes that are no
 * instruction, become an instruction of length 0 that faults when it is reached. */
static struct insn *take(struct tr *c, gaddr pc)
{
	struct insn *i = &c->ins[c->nins];
	enum x86_status s = decode(c, pc, i);

	if (s != X86_OK) {
		i->pc = pc;
		i->fact = s == X86_UD ? TR_H_UD : s == X86_SHORT ? TR_H_BADFETCH : s == X86_TOOLONG ? TR_H_GP : TR_H_UNKNOWN;
		i->len = 0;
		i->prefix = 0;
	}
	c->fine |= gains(i) && !c->env->cold;
	c->in_block[c->nins] = c->nblk;
	remember(c, c->nins++);
	if (pc < c->lo)
		c->lo = pc;
	if (pc + i->len > c->hi)
		c->hi = pc + i->len;
	return i;
}

/* The ways out of a block that ends with i. */
static bool ends(struct tr *c, struct block *b, struct insn *i)
{
	gaddr to = i->imm, next = insn_next(i);

	if (i->fact)
		return true;
	if (c->env->single) {
		if (!(x86_rows[i->row].attr & ROW_BRANCH)) {
			b->next.pc = next;
			return true;
		}
	}
	if (!(x86_rows[i->row].attr & ROW_BRANCH))
		return false;
	switch (x86_rows[i->row].mn) {
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
		break;
	}
	return true;
}

static struct insn *last(struct tr *c, const struct block *b)
{
	return &c->ins[b->first + b->n - 1];
}

static bool is_call(const struct insn *i)
{
	return !i->fact && x86_rows[i->row].mn == MN_CALL;
}

/* Decodes one block at pc, which has no instruction yet. */
static int grow(struct tr *c, gaddr pc, u32 max)
{
	struct block *b = &c->blk[c->nblk];
	struct insn *i;

	b->pc = pc;
	b->first = c->nins;
	b->n = 0;
	b->next = b->taken = (struct edge){ .block = -1 };
	b->npred = 0;
	b->entry = b->loop = false;
	for (;;) {
		i = take(c, pc);
		b->n++;
		if (ends(c, b, i))
			break;
		pc = insn_next(i);
		if (find(c, pc) >= 0 || c->nins >= max) {
			b->next.pc = pc;
			break;
		}
	}
	return c->nblk++;
}

/* Is code at pc worth taking in? branch: it lies behind a conditional branch. */
static bool wanted(struct tr *c, gaddr pc, bool branch, u32 max)
{
	if (c->nins >= max || c->nblk == TR_MAX_BLOCKS || c->env->single)
		return false;
	if (pc - c->lo + 0x4000 > 0x8000)
		return false;
	return !c->env->known || !(c->env->cold || branch) || c->env->known(c->env->ctx, pc) != c->env->cold;
}

/* Index of the block that an edge leads to, splitting one if need be, or -1: it leaves the region. */
static int target(struct tr *c, const struct edge *e)
{
	int n = e->pc ? find(c, e->pc) : -1;

	return n < 0 ? -1 : block_at(c, n);
}

static void join(struct tr *c, struct edge *e)
{
	struct block *t;

	e->block = target(c, e);
	if (e->block < 0)
		return;
	t = &c->blk[e->block];
	t->npred += t->npred < 255;
}

static void sort(struct tr *c)
{
	for (u32 k = 0; k < c->nblk; k++) {
		u32 j = k;

		for (; j && c->blk[c->order[j - 1]].pc > c->blk[k].pc; j--)
			c->order[j] = c->order[j - 1];
		c->order[j] = k;
	}
}

/* Ways out that stay inside become edges; the head of a loop is where an edge goes backward. */
static void connect(struct tr *c)
{
	for (u32 k = 0; k < c->nblk; k++) {     /* splitting appends blocks: they are seen too */
		target(c, &c->blk[k].taken);
		target(c, &c->blk[k].next);
	}
	for (u32 k = 0; k < c->nblk; k++) {
		if (!is_call(last(c, &c->blk[k])))
			join(c, &c->blk[k].taken);
		join(c, &c->blk[k].next);
	}
	for (u32 k = 0; k < c->nblk; k++) {
		struct block *b = &c->blk[k];
		struct insn *i = last(c, b);

		if (b->next.block >= 0 && is_call(i))
			c->blk[b->next.block].entry = true;
		if (b->next.block >= 0 && c->blk[b->next.block].pc <= i->pc)
			c->blk[b->next.block].loop = true;
		if (b->taken.block >= 0 && c->blk[b->taken.block].pc <= i->pc)
			c->blk[b->taken.block].loop = true;
	}
}

void tr_region(struct tr *c, gaddr pc)
{
	u32 max = c->env->single || c->env->plain ? 1 : c->env->max_insns ? c->env->max_insns : DEFAULT_INSNS;
	gaddr todo[TR_MAX_BLOCKS];
	u32 ntodo = 0;

	if (max > TR_MAX_INSNS)
		max = TR_MAX_INSNS;
	for (u32 k = 0; k < sizeof c->find / 8; k++)
		((u64 *)c->find)[k] = 0;
	c->window.n = 0;
	c->nins = c->nblk = 0;
	c->fine = false;
	c->lo = c->hi = pc;
	for (gaddr at = pc;;) {
		struct block *b = &c->blk[grow(c, at, max)];

		bool cond = b->taken.pc && !is_call(last(c, b));

		if (cond && !c->env->cold && ntodo < countof(todo))
			todo[ntodo++] = b->taken.pc;
		at = cond && c->env->cold ? 0 : b->next.pc;
		if (at && find(c, at) < 0 && wanted(c, at, cond, max))
			continue;
		do {
			at = ntodo ? todo[--ntodo] : 0;
		} while (at && (find(c, at) >= 0 || !wanted(c, at, true, max)));
		if (!at)
			break;
	}
	connect(c);
	c->blk[0].entry = true;
	sort(c);
}
