/* shrink.c - makes a sequence that is translated wrongly small: fewer instructions, plainer operands, a plainer state, as
 * long as it differs. What is tried at once goes into one batch.
 *
 * A change that makes the CPU itself end otherwise (by a signal, or by none) is no simplification but another case.
 */
#include "diff.h"
#include <stdlib.h>
#include <string.h>

enum { TRIES = 64, TURNS = 3 };                 /* TURNS: runs of each, since code gets hot */

struct trial { struct found f; bool in, bad; u32 code; };
int end_of(const struct tresult *r) { return r->sig << 16 | r->sigcode; }

static struct trial trial[TRIES];
static int ntrial, end_signal;

static struct found *try(const struct found *f)
{
	trial[ntrial].f = *f;
	return &trial[ntrial++].f;
}

static void note(void *ctx, u32 k, const struct tresult *want, const struct tresult *got)
{
	struct batch *b = ctx;

	(void)got;
	if (want && end_of(want) != end_signal) return;
	for (int j = 0; j < ntrial; j++)
		if (trial[j].in && trial[j].code == b->t[k].code) trial[j].bad = true;
}

/* A loop that has lost its counter would not end. */
static bool ends(const struct seq *s)
{
	for (int k = 0; k < s->n; k++) {
		int head = s->it[k].to;
		const struct pick *set = &s->it[head - 1].p, *dec = &s->it[k - 1].p;

		if (head < 0 || head > k || s->it[k].p.rip) continue;
		if (!head || strcmp(encs[set->row].name, "MOV") || strcmp(encs[set->row].opnds, "=Zv Iv") || set->imm > 8) return false;
		if (!strncmp(encs[s->it[k].p.row].name, "LOOP", 4)) continue;
		if (head == k || (strcmp(encs[dec->row].name, "DEC") && strcmp(encs[dec->row].name, "SUB")) || dec->rm != set->reg) return false;
	}
	return true;
}

static void run_some(int first, int n)
{
	struct batch b = { 0 };
	struct answers want;

	for (int k = first; k < first + n; k++) {
		struct tcode *c;
		int at;

		trial[k].bad = trial[k].in = false;
		c = ends(&trial[k].f.s) ? seq_add(&b, &trial[k].f.s, 0, &at) : 0;
		if (!c) continue;
		trial[k].in = true;
		trial[k].code = c - b.code;
		for (int j = 0; j < TURNS; j++) {
			struct tcase *t = batch_case(&b, c);
			u64 rip = t->rip;
			u32 code = t->code;

			*t = trial[k].f.t;
			t->rip = rip;
			t->code = code;
		}
	}
	if (b.n && run_batch(&want, &b, "", "", false)) {
		check(&b, &want, trial[first].f.env, note, &b);
		answers_free(&want);
	}
	free(b.code);
	free(b.t);
}

/* Runs the trials; takes the first that still differs. */
static bool better(struct found *f)
{
	int n = ntrial, took = -1;

	if (!f->died) run_some(0, n);
	for (int k = 0; k < n && took < 0; k++) {
		if (f->died) run_some(k, 1);
		if (trial[k].bad) took = k;
	}
	ntrial = 0;
	if (took >= 0) *f = trial[took].f;
	return took >= 0;
}

static void drop_items(struct found *f)
{
	for (int size = f->s.n / 2; size; ) {
		for (int k = 0; k + size <= f->s.n && ntrial < TRIES; k += size) {
			struct found *g = try(f);

			for (int j = 0; j < size; j++)
				seq_drop(&g->s, k);
		}
		if (!better(f)) size /= 2;
		else if (size > f->s.n) size = f->s.n;
	}
}

static void plainer_items(struct found *f)
{
	do {
		for (int k = 0; k < f->s.n && ntrial < TRIES - 6; k++) {
			struct pick *p = &f->s.it[k].p;

			if (p->mem && encs[p->row].rm_reg && f->s.it[k].to < 0) {
				struct found *g = try(f);

				g->s.it[k].p.mem = g->s.it[k].p.lock = g->s.it[k].p.a32 = g->s.it[k].p.rip = false;
				g->s.it[k].p.seg = 0;
				g->s.it[k].p.rm = RBX;
			}
			if (p->lock) try(f)->s.it[k].p.lock = false;
			if (p->rep && !encs[p->row].str) try(f)->s.it[k].p.rep = 0;
			if (p->imm > 1) try(f)->s.it[k].p.imm = 1;
		}
	} while (better(f));
}

static void plainer_state(struct found *f)
{
	do {
		struct tcase *t = &f->t;

		if (t->nset) try(f)->t.nset = 0;
		if (t->nset > 1) try(f)->t.nset--;
		if (t->mxcsr != 0x1f80) try(f)->t.mxcsr = 0x1f80;
		if (t->rflags != 0x202) try(f)->t.rflags = 0x202;
		for (int k = 0; k < 16; k++) {
			if (t->gpr[k] && k != RSP) try(f)->t.gpr[k] = 0;
			if (t->gpr[k] > 0xff && k != RSP) try(f)->t.gpr[k] &= 0xff;
			if (t->xmm[k][0] | t->xmm[k][1]) memset(try(f)->t.xmm[k], 0, 16);
			if (t->ymmh[k][0] | t->ymmh[k][1]) memset(try(f)->t.ymmh[k], 0, 16);
		}
	} while (better(f));
}

void shrink(struct found *f)
{
	end_signal = f->sig;
	run_quietly = true;
	try(f);
	f->alone = better(f);
	if (f->alone) {
		drop_items(f);
		plainer_items(f);
		plainer_state(f);
		drop_items(f);
	}
	run_quietly = false;
}
