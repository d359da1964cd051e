/* mktest.c - differential tests: the same bytes and state executed by a CPU and by the translation.
 *
 *   mktest rows [NAME...]        every translated row of insn.def (or those of a name), in every form
 * Options: -r COMMAND  what runs x86-64 programs through the translation; -n REPEAT  more cases a form;
 *          -m COUNT  mismatches printed at most; -1  the machine's own CPU on both sides (does the test itself repeat?)
 */
#include "diff/diff.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *command = "build/qemu10/qemu-aarch64 -cpu max build/stele";
static u32 repeat = 1, most = 20, bad;
static u64 passed[4096], failed[4096], total;

/* Runs the batch on both sides and judges it. */
static void judge_batch(struct batch *b)
{
	struct answers want, got;
	struct flow f;

	if (!b->n) return;
	if (!run_batch(&want, b, "")) {
		u32 k = want.n < b->n ? b->t[want.n].code : b->ncode - 1;

		printf("mktest: the CPU did not finish this batch: %u of %u, row %d %s\n", want.n, b->n, b->code[k].row, encs[b->code[k].row].name);
		bad++;
		b->n = want.n;
	}
	if (!run_batch(&got, b, command)) {
		u32 k = got.n < b->n ? b->t[got.n].code : b->ncode - 1;

		bad++;
		if (b->code[k].row >= 0) failed[b->code[k].row]++;
		printf("MISMATCH: the translation died in or after case %u of %u, code %u:", got.n, b->n, k);
		for (u32 j = 0; j < b->code[k].len; j++)
			printf(" %02x", b->code[k].b[j]);
		printf("\n");
	}
	for (u32 k = 0; k < got.n && k < want.n; k++) {
		struct tcode *c = &b->code[b->t[k].code];
		bool ok;

		flow_of(&f, c);
		ok = same(&f, &b->t[k], want.r[k], got.r[k]);
		total++;
		if (c->row >= 0) (ok ? passed : failed)[c->row]++;
		if (!ok && bad++ < most) report(&f, c, &b->t[k], want.r[k], got.r[k]);
	}
	answers_free(&want);
	answers_free(&got);
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

static int rows(char **names)
{
	struct batch b = { 0 };
	int n = 0, without = 0, wrong = 0;

	for (int row = 0; row < nrows; row++) {
		if (!wanted(row, names)) continue;
		n++;
		rows_make(&b, row, repeat);
		if (b.n > 8000) judge_batch(&b);
	}
	judge_batch(&b);
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
	return wrong || without || !n;
}

int main(int argc, char **argv)
{
	int opt;

	if (getenv("DIFF_RUN")) command = getenv("DIFF_RUN");
	if (getenv("TMPDIR")) scratch = getenv("TMPDIR");
	while ((opt = getopt(argc, argv, "r:n:m:1")) != -1)
		switch (opt) {
		case 'r': command = optarg; break;
		case 'n': repeat = atoi(optarg); break;
		case 'm': most = atoi(optarg); break;
		case '1': command = ""; break;
		default: return 2;
		}
	encode_init();
	if (optind < argc && !strcmp(argv[optind], "rows")) return rows(argv + optind + 1);
	fprintf(stderr, "usage: mktest [options] rows [NAME...]\n");
	return 2;
}
