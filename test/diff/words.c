/* words.c - every word that translations of the test cases are made of, for a host with given features: once each, as
 * a disassembler wants them. test/masked.t looks among them for instructions that such a host does not have.
 */
#include "diff.h"
#include "a64/host.h"
#include "tr/tr.h"
#include <stdlib.h>
#include <string.h>

enum { SEEN_BITS = 20, ROOM = 1 << 16, SEQUENCES = 3000 };

struct words { u32 *seen; u64 n; const struct tcode *code; struct tr *c; u32 *room; };

static void see(struct words *w, u32 word)              /* 0 counts as seen */
{
	u32 at = word * 2654435761u >> (32 - SEEN_BITS);

	while (w->seen[at] && w->seen[at] != word)
		at = (at + 1) & ((1 << SEEN_BITS) - 1);
	if (!w->seen[at] && word) w->n++;
	w->seen[at] = word;
	if (w->n > 3u << SEEN_BITS >> 2) { fprintf(stderr, "mktest: too many different words\n"); exit(2); }
}

static size_t fetch(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	const struct tcode *c = ((struct words *)ctx)->code;
	u64 at = pc - c->rip, len = c->len + 7;

	if (at >= len) return 0;
	if (n > len - at) n = len - at;
	memcpy(buf, c->b + at, n);
	return n;
}

/* Where data lie: literals, by the loads that name them, and link records, behind a bl to their stub. */
static void find_data(const struct tr *c, bool *data)
{
	u32 n = c->code.p - c->start;

	for (u32 k = 0; k < n; k++) {
		u32 x = c->start[k];
		bool load = (x & 0x3b000000) == 0x18000000;
		s64 to = k + ((s32)(x << 8) >> 13);
		int words = x >> 26 & 1 ? 1 << (x >> 30) : x >> 30 == 1 ? 2 : 1;

		for (int j = 0; load && j < words; j++)
			if (to + j >= 0 && to + j < n) data[to + j] = true;
		to = (s64)&c->start[k] + ((s64)((s32)(x << 6) >> 6) << 2);
		if (x >> 26 == 0x25 && to == (s64)(c->env->stubs + TR_STUB_LINK))
			for (u32 j = k + 1; j < k + 4 && j < n; j++) data[j] = true;
	}
}

static void translate(struct words *w, struct tr_env *env)
{
	bool data[ROOM] = { false };

	w->c->env = env;
	w->c->code = (struct code){ w->room + 64, w->room + ROOM, 0 };
	env->stubs = (u64)w->room;
	tr_forget(w->c);
	if (tr_translate(w->c, w->code->rip)) { fprintf(stderr, "mktest: a translation does not fit\n"); exit(2); }
	find_data(w->c, data);
	for (u32 *p = w->c->start; p < w->c->code.p; p++)
		if (!data[p - w->c->start]) see(w, *p);
}

static bool crosses(void *ctx, gaddr pc) { return true; }

/* In both orders, with what is seen to cross, cold, checked. */
static void all_ways(struct words *w, struct batch *b, u64 host)
{
	for (u32 k = 0; k < b->ncode; k++) {
		struct tr_env env = { .host = host, .x86 = tr_announced(host), .near = true, .fetch = fetch, .ctx = w };

		w->code = &b->code[k];
		translate(w, &env);
		env.order = TR_TSO;
		translate(w, &env);
		env.crosses = crosses;
		env.fp_check = env.fp_exact = env.cold = env.align = true;
		translate(w, &env);
		env = (struct tr_env){ .host = host, .x86 = env.x86, .fetch = fetch, .ctx = w, .x87_double = true, .single = true };
		translate(w, &env);
	}
	batch_clear(b);
}

int words_write(const char *path, const char *spec)
{
	struct words w = { .seen = calloc(1 << SEEN_BITS, 4), .c = calloc(1, sizeof *w.c), .room = calloc(ROOM, 4) };
	struct batch b = { 0 };
	u64 host = HOST_ALL & ~HOST_TSO, codes = 0;
	FILE *f = fopen(path, "w");
	struct seq s;

	if (!f || !host_mask(&host, spec)) { fprintf(stderr, "mktest: \"%s\" or \"%s\" will not do\n", path, spec); return 2; }
	for (int row = 0; row < nrows; row++) {
		if (!tested(row) && !excused(row)) continue;
		rows_make(&b, row, 1);
		codes += b.ncode;
		all_ways(&w, &b, host);
	}
	for (u64 n = 0; n < SEQUENCES; n++) {
		random_add(&b, 1, n, SEQ_FP, 1, &s);
		codes += b.ncode;
		all_ways(&w, &b, host);
	}
	for (u32 k = 0; k < 1 << SEEN_BITS; k++)
		if (w.seen[k] && fwrite(&w.seen[k], 4, 1, f) != 1) return 2;
	printf("%llu codes, %llu different words\n", (unsigned long long)codes, (unsigned long long)w.n);
	return fclose(f) || !codes;
}
