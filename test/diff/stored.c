/* stored.c - makes and uses test/diff/truth.txt: the rows' cases and a slice of the random sequences, what the CPU left
 * of them as hashes (truth.c). A line is a row, or TURN random sequences:
 *
 *   row KEY INPUTS HASH[:LEFT-OUT]...        # NAME operands
 *   random FIRST INPUTS HASH[:LEFT-OUT]...
 */
#include "diff.h"
#include "x86/feature.h"
#include <stdlib.h>
#include <string.h>

enum { FULL = 8000, TURN = 256, GROUP = 16, SLICE = 12032, STATES = 3 };

struct line { int row; u64 first, inputs; u32 g, n; };          /* row -1: random. Its groups: g .. g + n */
struct job {
	struct batch b;
	struct line line[512];
	int nlines;
	struct group *group;
	u32 ngroups, *of;               /* of: the group of each code                  */
	char **file;                    /* the lines of the stored truth; null: it is being made */
	bool *has;                      /* it has this row                             */
	FILE *out;
	u32 rows, wrong, stale;
	u64 cases;
};

static void new_group(struct job *j, u32 code)
{
	j->of = realloc(j->of, (code + 1) * sizeof *j->of);
	j->of[code] = j->ngroups++;
}

static struct line *new_line(struct job *j, int row, u64 first)
{
	struct line *l = &j->line[j->nlines++];

	*l = (struct line){ .row = row, .first = first, .inputs = 0xcbf29ce484222325, .g = j->ngroups };
	return l;
}

static void end_line(struct job *j, struct line *l, u32 cases)
{
	l->n = j->ngroups - l->g;
	for (u32 k = cases; k < j->b.n; k++)
		l->inputs = hash_input(l->inputs, &j->b.code[j->b.t[k].code], &j->b.t[k]);
}

static void add_row(struct job *j, int row)
{
	struct line *l = new_line(j, row, 0);
	u32 code = j->b.ncode, cases = j->b.n;

	rows_make(&j->b, row, 1);
	for (u32 k = code; k < j->b.ncode; k++)
		new_group(j, k);
	end_line(j, l, cases);
}

static void add_random(struct job *j, u64 first)
{
	struct line *l = new_line(j, -1, first);
	u32 cases = j->b.n;

	for (u32 n = 0; n < TURN; n++) {
		struct seq s;
		struct tcode *c = random_add(&j->b, 1, first + n, SEQ_FP | SEQ_STORED, STATES, &s);

		if (n % GROUP == 0) j->ngroups++;
		if (!c) continue;
		new_group(j, c - j->b.code);
		j->of[c - j->b.code] = --j->ngroups - 1;
	}
	end_line(j, l, cases);
}

static const char *find(struct job *j, int row, u64 first)      /* what is stored of it: its words behind the key */
{
	char key[40];

	if (row >= 0) snprintf(key, sizeof key, "row %016llx ", (unsigned long long)row_key(row));
	else snprintf(key, sizeof key, "random %llu ", (unsigned long long)first);
	for (char **f = j->file; *f; f++)
		if (!strncmp(*f, key, strlen(key))) return *f + strlen(key);
	return 0;
}

static void write_line(struct job *j, const struct line *l)
{
	if (l->row >= 0) fprintf(j->out, "row %016llx", (unsigned long long)row_key(l->row));
	else fprintf(j->out, "random %llu", (unsigned long long)l->first);
	fprintf(j->out, " %016llx", (unsigned long long)l->inputs);
	for (u32 k = l->g; k < l->g + l->n; k++)
		group_write(j->out, &j->group[k]);
	if (l->row >= 0) fprintf(j->out, " # %s %s", encs[l->row].name, encs[l->row].opnds);
	fputc('\n', j->out);
}

/* The cases of line l that are not looked at; false: nothing is stored of these cases. */
static bool prepare(struct job *j, const struct line *l)
{
	const char *s = find(j, l->row, l->first);
	char *end;

	if (!s || strtoull(s, &end, 16) != l->inputs) return false;
	s = end;
	for (u32 k = l->g; k < l->g + l->n; k++) {
		struct group g;

		if (!group_read(&s, &g)) return false;
		j->group[k].left_out = g.left_out;
	}
	return true;
}

static void say_codes(struct job *j, u32 group)
{
	for (u32 k = 0; k < j->b.ncode; k++) {
		const struct tcode *c = &j->b.code[k];
		struct flow f;
		char text[128];

		if (j->of[k] != group) continue;
		flow_of(&f, c);
		printf("   ");
		for (int i = 0; i < f.n; i++) {
			x86_text(text, sizeof text, &f.i[i]);
			printf(" %s;", text);
		}
		printf("\n");
	}
}

static void compare(struct job *j, const struct line *l)
{
	const char *s = find(j, l->row, l->first);
	char *end;
	bool told = false;

	strtoull(s, &end, 16);
	s = end;
	for (u32 k = l->g; k < l->g + l->n; k++) {
		struct group g;
		u64 h = j->group[k].hash;

		group_read(&s, &g);
		if ((u32)(h ^ h >> 32) == (u32)g.hash) continue;
		if (j->wrong++ < 20) say_codes(j, k);
		if (!told && l->row >= 0)
			printf("differs from what an x86-64 CPU left; there: build/host/mktest rows %s\n", encs[l->row].name);
		else if (l->row < 0 && j->wrong <= 20)
			printf("differs from what an x86-64 CPU left; there: build/host/mktest -s 1 -F %llu -n %d random\n",
			       (unsigned long long)l->first + (k - l->g) * GROUP, GROUP);
		told = true;
	}
}

static void run(struct job *j, const char *env)
{
	bool known[countof(j->line)];
	struct answers a;

	j->group = calloc(j->ngroups + 1, sizeof *j->group);
	for (int k = 0; k < j->nlines; k++)
		known[k] = !j->out && prepare(j, &j->line[k]);
	if (!run_batch(&a, &j->b, j->out ? "" : command, env, false)) {
		printf("mktest: case %u of %u was the last: code", a.n, j->b.n);
		say_codes(j, a.n < j->b.n ? j->of[j->b.t[a.n].code] : 0);
		j->wrong++;
	}
	for (u32 k = 0; k < a.n; k++) {
		const struct tcode *c = &j->b.code[j->b.t[k].code];
		struct flow f;

		flow_of(&f, c);
		group_add(&j->group[j->of[j->b.t[k].code]], &f, c, &j->b.t[k], a.r[k], j->out);
	}
	j->cases += a.n;
	for (int k = 0; k < j->nlines; k++) {
		if (j->out) write_line(j, &j->line[k]);
		else if (known[k]) compare(j, &j->line[k]);
		else j->stale++;
	}
	j->rows += j->nlines;
	answers_free(&a);
	free(j->group);
}

static void flush(struct job *j, const char *const *env, bool always)
{
	if (!j->b.n || (!always && j->b.n < FULL && j->nlines < (int)countof(j->line))) return;
	for (; *env; env++)
		run(j, *env);
	batch_clear(&j->b);
	j->nlines = j->ngroups = 0;
}

/* A row that came after the truth was made has none, and its random sequences are without it. A line of no row is of a row
 * that was changed. */
static u32 newer(struct job *j)
{
	bool *has = calloc(nrows, 1);
	u32 n = 0, used = 0, lines = 0;

	for (int row = 0; row < nrows; row++) {
		if (!tested(row)) continue;
		has[row] = find(j, row, 0);
		used += has[row];
		if (has[row]) continue;
		printf(n++ ? ", %s \"%s\"" : "newer than the stored truth, and so not in it: %s \"%s\"", encs[row].name, encs[row].opnds);
	}
	if (n) printf("\n");
	for (char **f = j->file; *f; f++)
		lines += !strncmp(*f, "row ", 4);
	j->stale += lines - used;
	random_rows(has);
	j->has = has;
	return n;
}

static void all(struct job *j, const char *const *env)
{
	for (int row = 0; row < nrows; row++) {
		if (!tested(row) || (j->has && !j->has[row])) continue;
		add_row(j, row);
		flush(j, env, false);
	}
	flush(j, env, true);
	for (u64 n = 0; n < SLICE; n += TURN) {
		add_random(j, n);
		flush(j, env, false);
	}
	flush(j, env, true);
}

int truth_store(const char *path)
{
	struct job j = { 0 };

	if (amd_cpu()) { fprintf(stderr, "mktest: the truth that is kept is an Intel CPU's\n"); return 2; }
	j.out = fopen(path, "w");
	if (!j.out) { perror(path); return 2; }
	fprintf(j.out, "# What an x86-64 CPU left of the test cases, as hashes: test/diff/stored.c. Made by `make truth`.\n");
	all(&j, (const char *const[]){ "", 0 });
	printf("%u lines, %llu cases\n", j.rows, (unsigned long long)j.cases);
	return fclose(j.out) || j.wrong;
}

static char **read_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	char **v = 0, *s = 0;
	size_t n = 0, room = 0;

	if (!f) { perror(path); exit(2); }
	do {
		v = realloc(v, (n + 2) * sizeof *v);
		s = 0;
	} while (getline(&s, &room, f) > 0 && (v[n++] = s, room = 0, true));
	v[n] = 0;
	fclose(f);
	return v;
}

int truth_check(const char *path, const char *const *env)
{
	struct job j = { .file = read_lines(path) };
	u32 n = newer(&j);

	all(&j, env);
	if (j.stale) printf("of %u lines nothing is stored, or of other cases: make truth, on an x86-64 machine\n", j.stale);
	printf("stored truth: %u lines, %llu cases: %u groups differ, %u lines without truth, %u rows are newer\n", j.rows,
	       (unsigned long long)j.cases, j.wrong, j.stale, n);
	return j.wrong || j.stale || !j.cases;
}
