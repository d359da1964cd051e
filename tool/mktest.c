/* mktest.c - differential tests: the same bytes and state executed by a CPU and by the translation.
 *
 *   mktest rows [NAME...]        every translated row of insn.def (or those of a name), in every form
 *   mktest random                random sequences of 1 to 16 instructions and more; what differs is made small and kept
 *   mktest case FILE...          cases kept as texts (test/diff/casefile.c)
 *   mktest store FILE            what this CPU leaves of all rows and of a slice of the random sequences, as hashes
 *   mktest stored FILE           the translation against that: needs no x86-64 CPU
 *   mktest words FILE FEATURES   every word that translations for a host are made of, all features but FEATURES (-lse,...)
 * Options come first: -r COMMAND  what runs x86-64 programs through the translation; -m COUNT  mismatches printed at most;
 *          -1  the machine's own CPU on both sides (does the test itself repeat?)
 *          -a  rows: the translation runs without FEAT_AFP and may give up what doc/float.md says
 *          -x  the translation runs under STELE_FP=exact: every flag of MXCSR must be the CPU's
 *          -c "NAME=VALUE..."  an environment for the translation; several: each in turn (default for random and case:
 *              cold code, hot code, and code that gets hot)
 *          rows:   -n REPEAT  more cases a form
 *          random: -n COUNT  sequences; -s SEED; -F FIRST  of the seed; -t SECONDS  at most; -f  no floating point; -o DIR  where cases go
 *                  -8  every fourth sequence with x87 and MMX too
 *                  -e  each batch in one setting, in turn, not in all: QEMU's translating is what takes the time
 */
#include "diff/diff.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 8000, STATES = 3 };
static u32 repeat, most = 20, bad, seconds;
static u64 passed[4096], failed[4096], total, seed, start_at;
static const char *env[17], *dir = "build/diff";
static int nenv;
static bool with_x87, no_fp, in_turn;

static bool truth(struct answers *want, struct batch *b)
{
	if (run_batch(want, b, "", "", false)) return true;
	const struct tcode *c = &b->code[want->n < b->n ? b->t[want->n].code : b->ncode - 1];

	printf("mktest: the CPU did not finish this batch: %u of %u, row %d, code", want->n, b->n, c->row);
	for (u32 k = 0; k < c->len; k++)
		printf(" %02x", c->b[k]);
	printf(" at %x\n", c->rip);
	bad++;
	return false;
}

/* ---- rows -------------------------------------------------------------------------------------------------- */

static void row_bad(void *ctx, u32 k, const struct tresult *want, const struct tresult *got)
{
	struct batch *b = ctx;
	struct tcode *c = &b->code[b->t[k].code];
	struct flow f;

	if (c->row >= 0) failed[c->row]++, passed[c->row]--;
	if (bad++ >= most) return;
	flow_of(&f, c);
	if (got) {
		report(&f, c, &b->t[k], want, got);
		return;
	}
	printf("MISMATCH: the translation died in case %u of %u:", k, b->n);
	for (u32 j = 0; j < c->len; j++)
		printf(" %02x", c->b[j]);
	printf("\n");
}

static void judge_rows(struct batch *b)
{
	struct answers want;

	if (!b->n) return;
	truth(&want, b);
	for (int e = 0; e < nenv; e++) {
		for (u32 k = 0; k < want.n; k++)
			if (b->code[b->t[k].code].row >= 0) passed[b->code[b->t[k].code].row]++;
		total += check(b, &want, env[e], row_bad, b);
	}
	answers_free(&want);
	batch_clear(b);
}

static bool wanted(int row, char **names)
{
	if (!tested(row)) return false;
	if (!*names) return true;
	for (; *names; names++)
		if (!strcasecmp(*names, encs[row].name) || !strcasecmp(*names, encs[row].emit)) return true;
	return false;
}

/* Once an exception is unmasked, all code of the process looks for exceptions: those states come apart. */
static void rows_of(struct batch *b, char **names, bool open)
{
	unmask = open;
	for (int row = 0; row < nrows; row++) {
		bool sets = emits(row, "ldmxcsr fxrstor");

		if (!wanted(row, names) || (open && !row_fp(row))) continue;
		if (sets) judge_rows(b);
		rows_make(b, row, repeat ? repeat : 1);
		if (sets || b->n > BATCH) judge_rows(b);
	}
	judge_rows(b);
	unmask = false;
}

/* What is not announced in one of the settings is left out of all, and said to be. */
static void ask_features(void)
{
	u64 all = announced;
	int out = 0;

	for (int e = 0; e < nenv && *command; e++)
		announced &= features_of(command, env[e]);
	if (announced == all) return;
	for (int row = 0; row < nrows; row++) {
		u64 some = announced;
		bool now = tested(row);

		announced = all;
		out += tested(row) && !now;
		announced = some;
	}
	printf("%d rows are not announced there\n", out);
}

static int rows(char **names)
{
	struct batch b = { 0 };
	int n = 0, without = 0, wrong = 0;

	if (!nenv) env[nenv++] = "";
	ask_features();
	for (int row = 0; row < nrows; row++)
		n += wanted(row, names);
	rows_of(&b, names, false);
	if (!rough_fp) rows_of(&b, names, true);
	for (int row = 0; row < nrows; row++) {
		if (!wanted(row, names)) continue;
		wrong += failed[row] != 0;
		if (failed[row])
			printf("row %d %s \"%s\" (%s): %llu of %llu cases differ\n", row, encs[row].name, encs[row].opnds, encs[row].emit,
			       (unsigned long long)failed[row], (unsigned long long)(failed[row] + passed[row]));
		else if (!passed[row]) {
			without++;
			printf("row %d %s \"%s\" (%s) has no test\n", row, encs[row].name, encs[row].opnds, encs[row].emit);
		}
	}
	printf("%d rows, %llu cases: %d rows differ, %d rows have no test\n", n, (unsigned long long)total, wrong, without);
	return wrong || without || !n || bad;
}

/* ---- cases and random sequences ---------------------------------------------------------------------------- */

static void standard_settings(void)
{
	static const char *const all[] = { "STELE_HOT=1000000", "STELE_HOT=0", "STELE_HOT=2" };

	for (size_t k = 0; k < countof(all) && nenv < 16; k++)
		env[nenv++] = all[k];
}

struct run { struct batch b; struct seq *s; const char *env; struct found found[8]; u32 nfound, last; bool *told; };

static struct tresult *result_copy(const struct tresult *r)
{
	size_t n = r ? sizeof *r + r->nmem * sizeof(struct tword) : 0;

	return r ? memcpy(malloc(n), r, n) : 0;
}

static void case_bad(void *ctx, u32 k, const struct tresult *want, const struct tresult *got)
{
	struct run *r = ctx;
	struct found *f;

	if (r->told[r->b.t[k].code]) return;    /* one of each */
	r->told[r->b.t[k].code] = true;
	if (bad++ >= most) return;
	if (!r->s) {
		printf("%s\n", r->env);
		row_bad(&r->b, k, want, got);
		bad--;
		return;
	}
	if (r->nfound == countof(r->found)) return;
	f = &r->found[r->nfound++];
	f->s = r->s[r->b.t[k].code];
	f->t = r->b.t[k];
	f->env = r->env;
	f->died = !got;
	f->sig = want ? end_of(want) : 0;
	f->want = result_copy(want);
	f->got = result_copy(got);
}

static void show(void *ctx, u32 k, const struct tresult *want, const struct tresult *got)
{
	struct run *r = ctx;

	if (r->last++) return;
	bad--;
	row_bad(&r->b, k, want, got);
}

/* Says what was found, smaller. */
static void tell(struct found *f)
{
	struct run r = { 0 };
	struct answers want;
	char path[512];

	case_write(f, dir, "-whole", path, sizeof path);
	printf("\n%s found by %s\n", f->env, path);
	shrink(f);
	case_write(f, dir, "", path, sizeof path);
	if (!f->alone) printf("not when it is run without its batch\n");
	if (!f->alone && f->want && f->got && case_read(&r.b, path)) {
		struct flow flow;

		flow_of(&flow, r.b.code);
		report(&flow, r.b.code, &f->t, f->want, f->got);
	}
	if (f->alone && case_read(&r.b, path) && truth(&want, &r.b)) {
		check(&r.b, &want, f->env, show, &r);
		answers_free(&want);
	}
	printf("again: build/host/mktest -c \"%s\" case %s\n", f->env, path);
	fflush(stdout);
	free(f->want);
	free(f->got);
}

/* In one of the settings, or (-1) in all of them. */
static void judge_run(struct run *r, int only)
{
	struct answers want;

	if (!r->b.n || !truth(&want, &r->b)) return;
	r->told = calloc(r->b.ncode, 1);
	for (int e = only < 0 ? 0 : only; e < (only < 0 ? nenv : only + 1); e++) {
		r->env = env[e];
		r->nfound = 0;
		total += check(&r->b, &want, env[e], case_bad, r);
		for (u32 k = 0; k < r->nfound; k++)
			tell(&r->found[k]);
	}
	answers_free(&want);
	free(r->told);
}

static int cases(char **files)
{
	struct run r = { 0 };
	int n = 0;

	if (!nenv) {
		standard_settings();
		env[nenv++] = "STELE_ORDER=tso STELE_HOT=0";
		env[nenv++] = "STELE_ORDER=tso STELE_HOST=-flagm,-flagm2,-lse,-lrcpc STELE_HOT=0";
	}
	for (; *files; files++, n++)
		if (!case_read(&r.b, *files)) return 2;
	judge_run(&r, -1);
	printf("%d cases, each in %d settings: %u differ\n", n, nenv, bad);
	return bad || !n;
}

/* With exceptions unmasked, or not; for long enough to fill a batch, since code that looks for them is other code. */
static bool open_ones(u64 n) { return !no_fp && (n >> 11) % 4 == 3; }

static bool make(struct run *r, u64 n)
{
	struct seq s;
	int with = no_fp ? 0 : SEQ_FP | (open_ones(n) ? SEQ_OPEN : 0) | (with_x87 && n % 4 == 1 ? SEQ_X87 : 0) | (n % 4 == 2 ? SEQ_FLAGS : 0);
	struct tcode *c = random_add(&r->b, seed, n, with, STATES, &s);

	if (!c) return false;
	r->s = realloc(r->s, r->b.room_code * sizeof *r->s);
	r->s[c - r->b.code] = s;
	return true;
}

static int randoms(void)
{
	struct run r = { 0 };
	int turn = 0;
	u64 made = 0, n = start_at, count = repeat ? repeat : 10000;
	time_t start = time(0);

	if (!nenv) standard_settings();
	ask_features();
	if (!seed) seed = (u64)time(0) << 16 ^ getpid();
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	while (made < count && !(seconds && time(0) - start >= seconds)) {
		bool open = open_ones(n);

		for (batch_clear(&r.b); made < count && r.b.n < BATCH && open == open_ones(n); n++)
			made += make(&r, n);
		judge_run(&r, in_turn ? turn++ % nenv : -1);
	}
	printf("%llu sequences of seed %llu, %llu cases in %d settings: %u differ\n", (unsigned long long)made, (unsigned long long)seed,
	       (unsigned long long)total, nenv, bad);
	return bad || !made;
}

int main(int argc, char **argv)
{
	int opt;

	if (getenv("DIFF_RUN")) command = getenv("DIFF_RUN");
	if (getenv("TMPDIR")) scratch = getenv("TMPDIR");
	while ((opt = getopt(argc, argv, "+r:n:m:c:s:t:o:F:f1axe8")) != -1)
		switch (opt) {
		case 'r': command = optarg; break;
		case 'n': repeat = atoi(optarg); break;
		case 'm': most = atoi(optarg); break;
		case 'c': if (nenv < 16) env[nenv++] = optarg; break;
		case 's': seed = strtoull(optarg, 0, 0); break;
		case 't': seconds = atoi(optarg); break;
		case 'o': dir = optarg; break;
		case 'F': start_at = strtoull(optarg, 0, 0); break;
		case '8': with_x87 = true; break;
		case 'f': no_fp = true; break;
		case 'e': in_turn = true; break;
		case 'x': strict_fp = true; break;
		case 'a': rough_fp = true; break;
		case '1': command = ""; break;
		default: return 2;
		}
	encode_init();
	if (optind < argc && !strcmp(argv[optind], "rows")) return rows(argv + optind + 1);
	argc -= optind;
	argv += optind;
	if (argc && !strcmp(*argv, "random")) return randoms();
	if (argc > 1 && !strcmp(*argv, "case")) return cases(argv + 1);
	if (argc == 2 && !strcmp(*argv, "store")) return truth_store(argv[1]);
	if (argc == 3 && !strcmp(*argv, "words")) return words_write(argv[1], argv[2]);
	if (argc == 2 && !strcmp(*argv, "stored")) {
		if (!nenv) env[nenv++] = "STELE_HOT=0";
		return truth_check(argv[1], env);
	}
	fprintf(stderr, "usage: mktest [options] rows [NAME...] | random | case FILE... | store FILE | stored FILE | words FILE FEATURES\n");
	return 2;
}
