/* x87.c - the x87's stack, as far as it is known while a region is translated.
 *
 * Every block has an idea of the slot that ST(0) is in. Where that is not certain (at the region's entries, and where
 * paths meet that disagree) the first x87 instruction checks it, and the runtime turns the registers round if it is
 * wrong; the same check finds an exception that waits. Which slots are in use is learnt on the way. What instructions do
 * to top and tags goes to memory late, but before anything that may fault, leave the region or run C, with one
 * exception: x87.fip is written at a block's end, so that inside a block it may lag behind.
 *
 * An instruction that cannot be done inline (an empty register, an operand that is no ordinary number) is done whole in
 * C, out of line; if that leaves a stack fault or an exception behind, it does not come back to the region.
 */
#include "tr/tr.h"
#include "gen/decode.h"

#define STATE  offsetof(struct cpu, x87)
#define FIP    offsetof(struct cpu, x87.fip)
#define SCRATCH(n) (offsetof(struct cpu, scratch) + 8 * (n))

static bool is_mmx(const struct insn *i)
{
	return i->o[0].kind == OP_MMX || i->o[1].kind == OP_MMX;
}

bool tr_is_x87(const struct insn *i)
{
	return i->mn >= MN_FADD && i->mn <= MN_FWAIT;
}

/* --- what instructions do to the stack */

/* What is known is noted as a difference to what is in memory; where it is not known, the emitter has written it. */
static void take(struct x87_static *x, u8 bit)
{
	if (x->clear & bit) x->clear &= ~bit;
	else if (x->free & bit) x->set |= bit;
	x->used |= bit;
	x->free &= ~bit;
}

static void release(struct x87_static *x, int i)
{
	u8 bit = X87_SLOT((x->top + i) & 7);

	if (x->set & bit) x->set &= ~bit;
	else if (x->used & bit) x->clear |= bit;
	x->used &= ~bit;
	x->free |= bit;
}

static void turn(struct x87_static *x, int n)
{
	u8 to = (x->top + n) & 7;

	x->moved += to - x->top;
	x->top = to;
}

static void push(struct x87_static *x)
{
	turn(x, -1);
	take(x, X87_SLOT(x->top));
}

void tr_x87_effect(struct x87_static *x, union x87_desc d)
{
	if (d.op < X87_NOWAIT) x->sure = true;
	x->mmx = false;
	switch ((enum x87_op)d.op) {
	case X87_LD: case X87_LDC:
		push(x);
		break;
	case X87_ST:
		if (d.fmt == X87_REG) take(x, X87_SLOT((x->top + d.i) & 7));
		break;
	case X87_XTRACT:
		push(x);
		break;
	case X87_PTAN: case X87_SINCOS: /* they push, unless C2 */
		*x = (struct x87_static){ .top = (x->top - 1) & 7 };
		return;
	case X87_LDENV: case X87_RSTOR: case X87_STNC:
		*x = (struct x87_static){ .top = x->top };
		return;
	case X87_YL2X: case X87_YL2XP1: case X87_PATAN:
		release(x, 0);
		turn(x, 1);
		break;
	case X87_FREE:    release(x, d.i); break;
	case X87_INCSTP:  turn(x, 1); break;
	case X87_DECSTP:  turn(x, -1); break;
	case X87_INIT: case X87_SAVE:
		*x = (struct x87_static){ .sure = true, .free = 0xff };
		return;
	default:
		break;
	}
	for (int n = d.pops; n; n--) {
		release(x, 0);
		turn(x, 1);
	}
}

/* Others that change it. */
static bool restores(const struct insn *i)
{
	switch (i->mn) {
	case MN_FXRSTOR: case MN_FXRSTOR64: case MN_XRSTOR: case MN_XRSTOR64:
		return true;
	}
	return false;
}

/* What MMX leaves in the registers is no number: with doubles, the next x87 instruction asks. */
static struct x87_static mmx(const struct tr *c) { return (struct x87_static){ .sure = !c->env->x87_double, .used = 0xff, .mmx = true }; }
struct x87_static tr_x87_emptied(const struct tr *c) { return (struct x87_static){ .sure = !c->env->x87_double, .free = 0xff }; }

static void step(const struct tr *c, struct x87_static *x, const struct insn *i)
{
	if (tr_is_x87(i)) tr_x87_effect(x, tr_x87_desc(i));
	else if (restores(i)) *x = (struct x87_static){ .top = x->top };
	else if (is_mmx(i)) *x = mmx(c);
	else if (i->mn == MN_EMMS) *x = tr_x87_emptied(c);
}

/* --- the pass: forward over the region */

/* Does the block look at an ST(0) that it has not made? */
static bool takes(struct tr *c, const struct block *b)
{
	for (int n = b->first; n < b->first + b->n; n++) {
		union x87_desc d;

		if (!tr_is_x87(&c->ins[n])) continue;
		d = tr_x87_desc(&c->ins[n]);
		return d.op != X87_LDC && d.op < X87_LDCW && !(d.op == X87_LD && d.fmt != X87_REG);
	}
	return false;
}

/* x flows into b; true if that is news. */
static bool meet(struct block *b, struct x87_static x, bool *known)
{
	struct x87_static *in = &b->x87_in, old = *in;

	x = (struct x87_static){ x.top, x.sure, x.used, x.free, .mmx = x.mmx };
	if (b->entry) {
		x.sure = x.mmx = false;
		x.used = x.free = 0;
	}
	if (!*known) {
		*known = true;
		*in = x;
		return true;
	}
	if (x.top != in->top) x = (struct x87_static){ .top = x.top };
	in->sure &= x.sure;
	in->used &= x.used;
	in->free &= x.free;
	in->mmx &= x.mmx;
	return old.sure != in->sure || old.used != in->used || old.free != in->free || old.mmx != in->mmx;
}

void tr_x87(struct tr *c)
{
	bool known[TR_MAX_BLOCKS] = { true }, changed = true;

	for (u32 k = 0; k < c->nblk; k++)
		c->blk[k].x87_in = (struct x87_static){ .top = c->env->x87_top };
	while (changed) {
		changed = false;
		for (u32 n = 0; n < c->nblk; n++) {
			struct block *b = &c->blk[c->order[n]];
			struct x87_static x = b->x87_in;

			if (!known[c->order[n]]) continue;
			for (int k = b->first; k < b->first + b->n; k++)
				step(c, &x, &c->ins[k]);
			if (b->next.block >= 0) {
				struct block *t = &c->blk[b->next.block];

				if (b->call && takes(c, t) && !(x.used & X87_SLOT(x.top))) push(&x);    /* the result */
				changed |= meet(t, x, &known[b->next.block]);
			}
			if (b->taken.block >= 0) changed |= meet(&c->blk[b->taken.block], x, &known[b->taken.block]);
		}
	}
}

/* --- emission */

void tr_x87_block(struct tr *c, struct block *b)
{
	c->x87 = b->x87_in;
	c->x87_last = 0;
	c->x87_held = false;
}

void tr_x87_hold(struct tr *c)
{
	if (!c->x87_held) a_ldr_i(c, 4, T5, R_CPU, STATE);
	c->x87_held = true;
}

/* What the state's first two bytes have to become: so much more than they are. */
static int late(const struct x87_static *x) { return x->clear - x->set + x->moved * 256; }

static void add(struct tr *c, int k)
{
	(k < 0 ? a_sub_i : a_add_i)(c, 4, T5, T5, k < 0 ? -k : k);
}

/* Top and tags to memory. Keeps NZCV; changes T0, T5. */
void tr_x87_sync(struct tr *c)
{
	struct x87_static *x = &c->x87;
	int k = late(x);

	if (k && (x->used | x->free) == 0xff) {
		a_mov_i(c, 4, T0, x->free | (u32)x->top << 8);
		a_str_i(c, 2, T0, R_CPU, STATE);
		c->x87_held = false;
	} else if (k) {
		tr_x87_hold(c);
		add(c, k);
		a_str_i(c, 2, T5, R_CPU, STATE);
	}
	x->set = x->clear = 0;
	x->moved = 0;
}

void tr_x87_write(struct tr *c, u8 used, u8 free)
{
	if (!(used | free)) return;
	tr_x87_hold(c);
	for (u8 bit = 1; bit; bit <<= 1) {
		if (free & bit) a_orr_i(c, 4, T5, T5, bit);
		if (used & bit) a_and_i(c, 4, T5, T5, ~(u32)bit);
	}
	a_str_i(c, 1, T5, R_CPU, STATE);
}

void tr_x87_before(struct tr *c, struct insn *i)
{
	if (i && tr_is_x87(i)) {
		union x87_desc d = tr_x87_desc(i);

		if (d.op != X87_STENV && d.op != X87_SAVE && d.op != X87_LDCW) return; /* that may leave */
	}
	tr_x87_sync(c);
	c->x87_held = false;
	if (c->x87.ip && (!i || i->fact || x86_rows[i->row].attr & ROW_BRANCH || tr_emitter(i)->how & IMPLICIT)) {
		tr_gaddr(c, R_PAGE, c->x87_last);       /* a branch may count on what is in the others */
		a_str_i(c, 8, R_PAGE, R_CPU, FIP);
		c->page_ok = false;
		c->x87.ip = false;
	}
	if (i && restores(i)) c->x87 = (struct x87_static){ .top = c->x87.top };
}

static struct x87_cold *branch(struct tr *c, enum x87_op op)
{
	struct x87_cold *w = &c->x87_cold[c->nx87_cold++];

	*w = (struct x87_cold){ c->code.p - 1, c->code.p, c->i, c->x87, c->cs, op, c->crosses, c->page_ok, c->x87_held, c->page };
	return w;
}

void tr_x87_branch(struct tr *c, enum x87_op op)
{
	branch(c, op);
}

void tr_x87_end(struct tr *c, struct insn *i)
{
	for (u32 k = c->nx87_cold; k-- > 0 && c->x87_cold[k].i == i;) {
		struct x87_cold *w = &c->x87_cold[k];

		w->done = c->code.p;
		w->late = late(&c->x87);
		if (w->op != X87_NOP) continue;
		w->back = c->code.p;
		w->page_ok = c->page_ok;
		w->page = c->page;
		w->held = c->x87_held;
	}
}

/* Flags that i reads or that are read after it come into boundary form, as code out of line has it. */
void tr_x87_flags(struct tr *c, struct insn *i)
{
	if (x86_rows[i->row].writes) {                  /* all of them */
		c->cs = CS_SUB;
		return;
	}
	c->live |= insn_reads(i);
	if (c->live)
		tr_need(c, CS_SUB);
	c->live = i->live;
}

/* Is ST(0) where it is thought to be, and no exception waiting? And, if it costs nothing, are some of the slots of `used`
 * in use: those are no longer asked for. Changes T1, T5. */
u8 tr_x87_guard(struct tr *c, u8 used)
{
	u8 here = 0;

	if (c->x87.sure) return used;
	for (u8 bit = X87_SLOT(0); !c->x87.top && used & bit; bit >>= 1)
		here |= bit;
	tr_x87_hold(c);
	a_and_i(c, 4, T1, T5, 0x00ffff00 | here);       /* pending, top, empty */
	if (c->x87.top) a_sub_i(c, 4, T1, T1, c->x87.top << 8);
	a_cbnz(c, 4, T1, 0);
	branch(c, X87_GUARD)->used = here;
	c->x87.sure = true;
	c->x87.used |= here;
	return used & ~here;
}

/* The same for MMX. */
void tr_mmx_guard(struct tr *c)
{
	if (c->x87.mmx) return;
	tr_x87_flags(c, c->i);
	a_ldr_i(c, 4, T0, R_CPU, STATE);                /* all zero: pending, top, empty, bias */
	if (c->env->x87_double)
		a_eor_i(c, 4, T0, T0, X87_WIDE << 16);
	a_cbnz(c, 4, T0, 0);
	tr_x87_branch(c, X87_MMX);
	c->x87 = mmx(c);
}

static void turn_round(struct tr *c, enum x87_op op, int top)
{
	union x87_desc d = { .word = 0 };

	d.op = op;
	d.i = top;
	a_mov_i(c, 4, T0, d.word);
	a_str_i(c, 8, T0, R_CPU, SCRATCH(2));
	tr_helper(c, TR_H_X87);
}

static void go_back(struct tr *c, const struct x87_cold *w, u32 *to)
{
	if (w->page_ok) tr_gaddr(c, R_PAGE, w->page);
	a_b(c, (u8 *)to - (u8 *)c->code.p);
}

/* All of the instruction in C; but what the code in line has still to write is not in memory behind it. */
static void whole(struct tr *c, const struct x87_cold *w)
{
	tr_x87_whole(c, w->i);
	if (w->late || w->held) a_ldr_i(c, 4, T5, R_CPU, STATE);
	if (w->late) {
		add(c, -w->late);
		a_str_i(c, 2, T5, R_CPU, STATE);
	}
	go_back(c, w, w->done);
}

/* What branched here from one instruction goes the same way, with what all of them know. */
int tr_x87_tail(struct tr *c)
{
	for (u32 k = 0; k < c->nx87_cold; k++) {
		struct x87_cold *w = &c->x87_cold[k], *next = w + 1;

		if (c->code.p + TR_INSN_ROOM > c->code.end || !a_bind(c, w->site)) return -1;
		if (k + 1 < c->nx87_cold && next->i == w->i && next->op == w->op) {
			next->x.used &= w->x.used;
			next->x.free &= w->x.free;
			continue;
		}
		c->i = w->i;
		c->x87 = w->x;
		c->cs = w->cs;
		c->crosses = w->crosses;
		c->live = w->i->live;
		c->page_ok = c->x87_held = false;
		tr_note(c, w->i);
		if (w->op == X87_NOP) {
			whole(c, w);
			continue;
		}
		if (w->op == X87_MMX) {                 /* what waits comes first, then a fault, then the change */
			turn_round(c, X87_WAIT, 0);
			tr_mmx_probe(c, w->i);
		}
		turn_round(c, w->op, w->x.top);
		if (w->op == X87_GUARD) a_ldr_i(c, 4, T5, R_CPU, STATE);
		if (w->used) {                          /* one may be empty all the same */
			u32 *found = c->code.p + 1;

			a_and_i(c, 4, T1, T5, w->used);
			a_cbz(c, 4, T1, 0);
			whole(c, w);
			a_bind(c, found);
		}
		go_back(c, w, w->back);
	}
	return 0;
}
