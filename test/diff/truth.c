/* truth.c - what the CPU left, as hashes: a machine without an x86-64 CPU makes the same cases and compares.
 *
 * Of each row its codes, of the random sequences a few at a time are a group: one hash for all their answers, and the
 * numbers of those of its cases that are not looked at, since anything may come of them. The inputs have a hash too, so
 * that truth about other cases is not taken for a difference. Nothing hashed depends on where code lies.
 */
#include "diff.h"
#include "x86/feature.h"
#include <stdlib.h>
#include <string.h>

u64 hash_more(u64 h, const void *p, size_t n)           /* FNV-1a */
{
	for (size_t k = 0; k < n; k++)
		h = (h ^ ((const u8 *)p)[k]) * 0x100000001b3;
	return h;
}

static u64 hash_string(u64 h, const char *s) { return hash_more(h, s, strlen(s) + 1); }

u64 row_key(int row)
{
	u64 h = hash_string(hash_string(hash_string(0xcbf29ce484222325, encs[row].name), encs[row].enc), encs[row].opnds);

	return h ^ h >> 29;                             /* its low bits are a generator's start */
}

static u64 hash_word(u64 h, const struct tcode *c, u64 v)
{
	if (v - c->rip < CODE_MAX) v = ~(v - c->rip);
	return hash_more(h, &v, 8);
}

static u64 hash_code(u64 h, const struct tcode *c)
{
	struct insn i;

	for (u32 at = 0; at < c->len; at += i.len) {
		u8 b[24] = { 0 };

		if (x86_decode(&i, c->b + at, c->len - at, c->rip + at, X86_ANNOUNCED) != X86_OK) break;
		h = hash_word(h, c, (u64)(s64)i.disp + (i.base == RIP ? insn_next(&i) : 0));
		h = hash_word(h, c, i.imm);
		h = hash_string(h, x86_rows[i.row].name);
		memcpy(b, i.o, sizeof i.o);
		b[16] = i.base, b[17] = i.index, b[18] = i.shift, b[19] = i.seg, b[20] = i.aw, b[21] = i.cc, b[22] = i.prefix, b[23] = i.imm2;
		h = hash_more(h, b, sizeof b);
	}
	return h;
}

u64 hash_input(u64 h, const struct tcode *c, const struct tcase *t)
{
	u64 v[2] = { t->rflags, t->mxcsr };

	h = hash_code(h, c);
	for (int k = 0; k < 16; k++)
		h = hash_word(h, c, t->gpr[k]);
	h = hash_more(h, v, sizeof v);
	h = hash_more(h, t->xmm, sizeof t->xmm);
	h = hash_more(h, t->ymmh, sizeof t->ymmh);
	for (u32 k = 0; k < t->nset; k++) {
		u64 w[(sizeof t->set[k].b + 7) / 8] = { 0 };

		memcpy(w, t->set[k].b, t->set[k].len);
		h = hash_more(h, &t->set[k].addr, 4);
		for (size_t j = 0; j < countof(w); j++)
			h = hash_word(h, c, w[j]);
	}
	return h;
}

void group_add(struct group *g, const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *r, bool store)
{
	u64 d;

	if (store && anything_goes(f, r) && g->n < 64) g->left_out |= 1ull << g->n;
	if (!(g->n < 64 && g->left_out >> g->n & 1)) {
		d = digest(f, c, t, r);
		g->hash = hash_more(g->hash, &d, 8);
	}
	g->n++;
}

static u32 folded(u64 h) { return h ^ h >> 32; }

void group_write(FILE *o, const struct group *g)
{
	fprintf(o, " %08x", folded(g->hash));
	if (g->left_out) fprintf(o, ":%llx", (unsigned long long)g->left_out);
}

bool group_read(const char **s, struct group *g)
{
	char *end;

	*g = (struct group){ .hash = strtoul(*s, &end, 16) };
	if (end == *s) return false;
	if (*end == ':') g->left_out = strtoull(end + 1, &end, 16);
	*s = end;
	return true;
}
