/* defer.c - flags that are made only where somebody turns out to read them.
 *
 * At a return nobody usually reads the flags, but who is returned to is not known. A call whose return site may read
 * them pushes its pair off by one (emit_jump.c), so a return that finds its pair knows that they are dead there; one
 * that does not makes them out of line, from the operands of the instruction that set them last. Likewise PF and AF,
 * which cost two words, are made on the way out of the region and not before a branch that stays inside.
 *
 * That instruction is the block's flag source: it must write all six flags, be the same on every path, and its
 * operands must still be in their registers.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define NONE  (-1)
#define TOP   (-2)                      /* not reached yet */

static bool is_reg(const struct opnd *o) { return o->kind == OP_GPR && o->w >= 4; }

static bool zeroes(const struct insn *i)
{
	return i->mn == MN_XOR && i->o[0].kind == OP_GPR && i->o[1].kind == OP_GPR && i->o[0].reg == i->o[1].reg;
}

/* Can i's flags be made again later, from registers? */
static bool replayable(const struct insn *i)
{
	switch (i->mn) {
	case MN_ADD: case MN_SUB:
		return is_reg(&i->o[0]) && (i->o[1].kind == OP_IMM || (is_reg(&i->o[1]) && i->o[1].reg != i->o[0].reg));
	case MN_CMP: case MN_TEST:
		return is_reg(&i->o[0]) && (i->o[1].kind == OP_IMM || is_reg(&i->o[1]));
	case MN_AND: case MN_OR: case MN_XOR:
		return is_reg(&i->o[0]);
	}
	return false;
}

/* General registers that making i's flags again needs. */
static u16 needs(const struct insn *i)
{
	u16 m = 1u << i->o[0].reg;

	if (zeroes(i))
		return 0;
	if (i->o[1].kind == OP_GPR && i->mn != MN_AND && i->mn != MN_OR && i->mn != MN_XOR)
		m |= 1u << i->o[1].reg;
	return m;
}

/* General registers that i changes; pushes and pops aside, rsp by a known amount is not a change here. */
static u16 changes(const struct insn *i)
{
	u16 m = 0;

	if (i->fact)
		return 0xffff;
	switch (i->mn) {
	case MN_PUSH:
		return 1u << RSP;
	case MN_POP:
		return i->o[0].kind == OP_GPR ? 1u << i->o[0].reg | 1u << RSP : 0xffff;
	case MN_RET:
		return 0;
	}
	if (tr_emitter(i)->how & IMPLICIT)
		return 0xffff;
	for (int n = 0; n < 4; n++)
		if ((i->o[n].kind == OP_GPR || i->o[n].kind == OP_GPRH) && i->o[n].access & OP_WRITE)
			m |= 1u << i->o[n].reg;
	return m;
}

/* rsp += k, which later pops and the return may move further: it can be computed back. */
static bool moves_rsp(const struct insn *i)
{
	return (i->mn == MN_ADD || i->mn == MN_SUB) && is_reg(&i->o[0]) && i->o[0].reg == RSP && i->o[0].w == 8 &&
	       i->o[1].kind == OP_IMM;
}

/* The last instruction of b that writes flags, or -1. */
static int writer(struct tr *c, struct block *b)
{
	int n = b->first + b->n - 1;

	while (n >= b->first && !c->ins[n].fact && !(x86_rows[c->ins[n].row].writes & F_ALL))
		n--;
	return n < b->first ? -1 : n;
}

/* Is i a source as it stands: all six flags, whatever they were? */
static bool source(const struct insn *i)
{
	return !i->fact && (x86_rows[i->row].writes & F_ALL) == F_ALL && !insn_maybe(i) && !(i->prefix & PFX_LOCK) && replayable(i);
}

/* Do the instructions of b from n on leave alone what src needs? */
static bool kept(struct tr *c, struct block *b, int n, int src)
{
	u16 need = needs(&c->ins[src]);
	bool rsp = moves_rsp(&c->ins[src]) && src >= b->first;

	for (; n < b->first + b->n; n++) {
		u16 m = changes(&c->ins[n]);

		if (rsp && (c->ins[n].mn == MN_POP || c->ins[n].mn == MN_RET))
			m &= ~(1u << RSP);
		if (need & m)
			return false;
	}
	return true;
}

/* How far rsp has moved since i, in b, up to b's end with its RET done. */
static s64 moved(struct tr *c, struct insn *i, struct block *b)
{
	s64 n = 0;

	for (struct insn *j = i + 1; j < &c->ins[b->first + b->n]; j++) {
		if (j->mn == MN_POP)
			n += j->o[0].w == 2 ? 2 : 8;
		if (j->mn == MN_RET)
			n += 8 + (j->o[0].kind == OP_IMM ? (u16)j->imm : 0);
	}
	return n;
}

/* A source that needs rsp holds good behind b only where rsp is as it was, or moved by a known amount before a RET. */
static int at_end(struct tr *c, struct block *b, int src)
{
	bool ret = c->ins[b->first + b->n - 1].mn == MN_RET;

	if (src < 0 || !(needs(&c->ins[src]) & 1u << RSP))
		return src;
	if (ret)
		return src >= b->first && moves_rsp(&c->ins[src]) ? src : NONE;
	return src >= b->first && moved(c, &c->ins[src], b) ? NONE : src;
}

static void meet(struct block *t, int src, bool *changed)
{
	int s = t->src_in == TOP ? src : t->src_in == src ? src : NONE;

	if (s != t->src_in) {
		t->src_in = s;
		*changed = true;
	}
}

/* The source of a cold block, where finding one must cost nearly nothing: just before its conditional branch. */
static int adjacent(struct tr *c, struct block *b)
{
	int n = b->first + b->n - 2;

	return n >= b->first && c->ins[n + 1].mn == MN_Jcc && source(&c->ins[n]) ? n : NONE;
}

static bool within(const struct block *b, int n) { return n >= b->first && n < b->first + b->n; }

/* Does a return behind e make the flags that b's source sets? */
static bool awaited(struct tr *c, const struct block *b, const struct edge *e)
{
	const struct block *to = e->block >= 0 ? &c->blk[e->block] : 0;

	return to && to->puts_off && to->src == b->src && !within(to, to->src);
}

/* Where flags are put off to a return: behind the source, on all ways from there to the return. Who leaves the region there
 * makes them (rt/putoff.c). */
static void put_off(struct tr *c)
{
	bool changed = false;

	for (struct block *b = c->blk; b < c->blk + c->nblk; b++) {
		b->puts_off = tr_returns_late(c, b);
		c->puts_off |= b->puts_off;
		changed |= b->puts_off && !within(b, b->src);
	}
	if (!c->puts_off)
		return;
	while (changed) {
		changed = false;
		for (u32 k = c->nblk; k--; ) {
			struct block *b = &c->blk[c->order[k]];

			if (b->puts_off || b->src < 0 || !(awaited(c, b, &b->next) || awaited(c, b, &b->taken)))
				continue;
			b->puts_off = changed = true;
		}
	}
	__builtin_memset(c->put_off, 0xff, c->nins * sizeof *c->put_off);
	for (struct block *b = c->blk; b < c->blk + c->nblk; b++)
		for (int n = within(b, b->src) ? b->src + 1 : b->first; b->puts_off && n < b->first + b->n; n++)
			c->put_off[n] = b->src;
}

void tr_sources(struct tr *c)
{
	s16 w[TR_MAX_BLOCKS];                   /* each block's own source; NONE: it writes flags otherwise; TOP: it does not */
	bool changed = true;

	c->puts_off = false;
	if (c->env->cold) {
		for (u32 k = 0; k < c->nblk; k++)
			c->blk[k].src = adjacent(c, &c->blk[k]);
		return;
	}
	for (u32 k = 0; k < c->nblk; k++) {
		struct block *b = &c->blk[k];
		int n = writer(c, b);

		w[k] = n < 0 ? TOP : source(&c->ins[n]) && kept(c, b, n + 1, n) ? at_end(c, b, n) : NONE;
		b->src_in = b->entry ? NONE : TOP;
	}
	while (changed) {
		changed = false;
		for (u32 k = 0; k < c->nblk; k++) {
			struct block *b = &c->blk[c->order[k]];
			int s = w[c->order[k]];

			if (s == TOP && b->src_in >= 0)
				s = kept(c, b, b->first, b->src_in) ? at_end(c, b, b->src_in) : NONE;
			else if (s == TOP)
				s = b->src_in;
			b->src = s;
			if (s == TOP)
				continue;
			if (b->next.block >= 0)
				meet(&c->blk[b->next.block], s, &changed);
			if (b->taken.block >= 0)
				meet(&c->blk[b->taken.block], s, &changed);
		}
	}
	put_off(c);
}

/* The flag source seen from behind b's last instruction, or null. */
struct insn *tr_source(struct tr *c, struct block *b)
{
	return b->src >= 0 ? &c->ins[b->src] : 0;
}

/* May it be interrupted, with flags in the guest's frame? */
static bool may_fault(struct tr *c, const struct insn *i)
{
	if (i->fact || tr_fp_checked(c, i) || tr_emitter(i)->how & IMPLICIT || i->mn == MN_DIV || i->mn == MN_IDIV)
		return true;
	for (int n = 0; n < 4 && i->o[n].kind; n++)
		if (i->o[n].kind != OP_GPR && i->o[n].kind != OP_GPRH && i->o[n].kind != OP_IMM && i->o[n].kind != OP_XMM &&
		    i->o[n].kind != OP_REL)
			return true;
	return false;
}

static struct block *only_pred(struct tr *c, struct block *b)
{
	int n = b - c->blk;

	if (b->npred == 1 && !b->entry && !b->loop)
		for (u32 k = 0; k < c->nblk; k++)
			if (c->blk[k].next.block == n || c->blk[k].taken.block == n)
				return &c->blk[k];
	return 0;
}

/* The source, if nobody can look at the flags between it and b's end: those that are put off are not there. */
struct insn *tr_source_unseen(struct tr *c, struct block *b)
{
	struct insn *src = tr_source(c, b);

	for (struct block *at = b; src && at; at = only_pred(c, at)) {
		bool here = src >= &c->ins[at->first] && src < &c->ins[at->first + at->n];

		for (struct insn *i = here ? src + 1 : &c->ins[at->first]; i < &c->ins[at->first + at->n]; i++)
			if (may_fault(c, i))
				return 0;
		if (here)
			return src;
	}
	return 0;
}

/* Makes the flags of c->live as i set them, at the end of b. Changes T0 T1 T2, T_SRC, T_SRC2, T_DST. */
void tr_replay(struct tr *c, struct insn *i, struct block *b)
{
	const struct emitter *e = tr_emitter(i);
	int a = G(i->o[0].reg), v = i->o[1].kind == OP_GPR ? G(i->o[1].reg) : IMM;
	bool sub = i->mn == MN_SUB;

	c->i = i;
	if (!(tr_emitter(i)->how & LOGIC))
		c->live &= ~(x86_rows[i->row].undef & F_A);
	c->replay = true;
	switch (i->mn) {
	case MN_AND: case MN_OR: case MN_XOR:
		tr_nz(c, zeroes(i) ? 4 : i->w, zeroes(i) ? XZR : a);
		break;
	default:
		if (v == IMM && !tr_imm_ok(i, e->how))
			v = tr_src(c, i, 1, T_SRC2);
		if (i->mn == MN_ADD || sub) {           /* the operand before: d -+ b */
			s64 k = moves_rsp(i) ? moved(c, i, b) : 0;

			if (k) {
				a_mov_i(c, 8, T_DST, k);
				a_sub(c, 8, T_SRC, a, T_DST);
				a = T_SRC;
			}
			if (v != IMM)
				(sub ? a_add : a_sub)(c, i->w, T_SRC, a, v);
			else
				tr_add_const(c, i->w, T_SRC, a, sub ? i->imm : -i->imm);
			a = T_SRC;
		}
		e->fn(c, i, T_DST, a, v);
	}
	c->replay = false;
}
