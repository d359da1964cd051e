/* seq.c - a sequence of instructions as choices with labels: its bytes at a place, and states to start it in. */
#include "diff.h"
#include <string.h>

/* Bytes of item k at pc, its target at to. A short branch that does not reach says so by a length of 0. */
static u32 item_code(const struct seq *s, int k, u8 *out, gaddr pc, gaddr to)
{
	struct pick p = s->it[k].p;
	u32 n;

	if (s->it[k].to >= 0 && p.rip) p.disp = to;
	else if (s->it[k].to >= 0) p.target = to;
	n = encode(out, &p, pc);
	if (n && encs[p.row].rel == 1 && (s64)(to - pc - n) != (s8)(to - pc - n)) return 0;
	return n;
}

u32 seq_code(const struct seq *s, u8 *out, gaddr pc)
{
	u32 at[SEQ_MAX + 1] = { 0 }, n;
	u8 b[16];

	for (int k = 0; k < s->n; k++) {
		struct pick p = s->it[k].p;

		n = encode(b, &p, pc);
		if (!n) return 0;
		at[k + 1] = at[k] + n;
	}
	if (at[s->n] + 8 > CODE_MAX) return 0;
	for (int k = 0; k < s->n; k++) {
		n = item_code(s, k, b, pc + at[k], pc + at[s->it[k].to >= 0 ? s->it[k].to : 0]);
		if (n != at[k + 1] - at[k]) return 0;
		memcpy(out + at[k], b, n);
	}
	return at[s->n];
}

void seq_drop(struct seq *s, int k)
{
	memmove(s->it + k, s->it + k + 1, (s->n - k - 1) * sizeof *s->it);
	s->n--;
	for (int j = 0; j < s->n; j++)
		if (s->it[j].to > k) s->it[j].to--;
}

struct tcode *seq_add(struct batch *b, const struct seq *s, u32 states, int *at)
{
	u8 bytes[CODE_MAX];
	u32 len = seq_code(s, bytes, DIFF_CODE);
	struct tcode *c;
	struct flow f;

	*at = -1;
	if (!len) return 0;
	c = batch_code(b, len);
	c->len = seq_code(s, c->b, c->rip);
	flow_of(&f, c);
	if (!f.ok) {
		for (int k = 0; k < f.n; k++)
			if (insn_reads(&f.i[k]) & f.undef[k]) *at = k;
		b->ncode--;
		return 0;
	}
	batch_done(b, c);
	for (u32 k = 0; k < states; k++)
		seq_state(batch_case(b, c), s);
	return c;
}

static u64 pointer(const struct val *v)
{
	u32 span = v->hi - v->lo, a = v->align ? v->align : 1;

	return DIFF_DATA + v->lo + below(span / a + 1) * a;
}

void seq_state(struct tcase *t, const struct seq *s)
{
	int wild = chance(4) ? (int)below(16) : -1, fpw = chance(50) ? 4 : 8;
	bool over = chance(60), aligned = chance(80);

	for (int k = 0; k < s->n; k++)          /* with an empty mask CPUs differ in what they look at */
		if (emits(s->it[k].p.row, "vmaskmovdqu")) wild = -1;
	state_random(t);
	for (int k = 0; k < 16; k++) {
		u64 mem[6];

		if (s->in[k].kind == SMALL) t->gpr[k] = below(256);
		if (s->in[k].kind == PTR) {
			t->gpr[k] = pointer(&s->in[k]);
			for (int j = 0; j < 6; j += 2)
				if (s->fp && chance(70)) some_fp(mem + j, chance(80) ? fpw : 12 - fpw);
				else some_vec(mem + j);
			if (k != RSP) set_mem(t, (t->gpr[k] & ~7ull) - 16, mem, 48);
			if (k == wild && k != RSP) t->gpr[k] = some_place(over ? AT_OVER : AT_NOWHERE, 16, aligned);
		}
		if (s->fp && chance(85)) some_fp(t->xmm[k], chance(80) ? fpw : 12 - fpw);
		if (s->fp && chance(85)) some_fp(t->ymmh[k], chance(80) ? fpw : 12 - fpw);
	}
	if (s->fp && chance(40)) t->mxcsr = 0x1f80 | below(4) << 13 | (chance(15) ? 0x8000 : 0) | (chance(15) ? 0x40 : 0);
	if (s->x87 || s->mmx) t->flags |= CASE_FPU;
	if (s->open && chance(80)) t->mxcsr = some_open_mxcsr();
}
