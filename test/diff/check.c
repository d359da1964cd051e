/* check.c - runs a batch under the translation and compares with what the CPU left. A case in which the translation dies
 * is found, reported and passed over.
 */
#include "diff.h"
#include <stdio.h>

#ifdef __aarch64__
const char *command = "env STELE_HOST=+lse2 build/stele";      /* where it is not there, AVX is not announced */
#else
const char *command = "build/qemu10/qemu-aarch64 -cpu max build/stele";
#endif

/* Which case from the first on kills the translation? b->n: none does when they are run apart from those before. */
static u32 deadly(const struct batch *b, u32 first, const char *env)
{
	struct batch part = *b;
	struct answers a;
	u32 n;

	part.t += first;
	part.n -= first;
	if (part.n > 400) part.n = 400;
	n = run_batch(&a, &part, command, env, true) ? b->n : first + a.n;
	answers_free(&a);
	return n;
}

/* The hashes of stored truth must say the same. */
static bool differs_in_digest(const struct flow *f, const struct batch *b, const struct tcase *t, const struct tresult *want, const struct tresult *got)
{
	const struct tcode *c = &b->code[t->code];

	return !rough_fp && !anything_goes(f, want) && !flags_away(f, want) && !not_stored(f, want, got) && digest(f, c, t, want) != digest(f, c, t, got);
}

u32 check(const struct batch *b, const struct answers *want, const char *env, bad_fn *bad, void *ctx)
{
	u32 first = 0, total = 0;

	while (first < b->n) {
		struct batch part = *b;
		struct answers got;
		bool done;
		u32 dead = b->n;

		part.t += first;
		part.n -= first;
		done = run_batch(&got, &part, command, env, false);
		if (!done) dead = deadly(b, first + got.n, env);
		for (u32 k = 0; k < got.n && first + k < dead && first + k < want->n; k++) {
			const struct tcase *t = &b->t[first + k];
			struct flow f;

			flow_of(&f, &b->code[t->code]);
			total++;
			if (!same(&f, t, want->r[first + k], got.r[k]) || differs_in_digest(&f, b, t, want->r[first + k], got.r[k]))
				bad(ctx, first + k, want->r[first + k], got.r[k]);
		}
		first += got.n;
		answers_free(&got);
		if (done) break;
		if (dead == b->n) {
			fprintf(stderr, "mktest: the translation died about case %u, but not when that is run apart\n", first);
			bad(ctx, first < b->n ? first : b->n - 1, 0, 0);
			first += 400;
		} else {
			bad(ctx, dead, dead < want->n ? want->r[dead] : 0, 0);
			first = dead + 1;
		}
	}
	return total;
}
