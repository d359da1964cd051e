/* codegen.c - how many ARM64 instructions the x86 ones of bench/codegen.tsv become, beside what FEX-Emu's tests expect of it.
 *
 *   codegen COUNTS REASONS OUT     suites and totals to stdout, a line for each row to OUT; OUT.asm, OUT.bin are left there
 *
 * A row is a region with an unknown successor: registers, lanes and the six flags are live at its end, in boundary form. The
 * host has exactly the features named, and LSE: FEX's counts of XCHG and LOCK take it for granted everywhere. Not counted: the
 * entry's own words, polls, ways out (also the table of indirect targets, and a return's comparison), constants, and what
 * lies out of line to raise a fault or to call C. What lies out of line and computes (a NaN's sign, flags made late) is.
 * The second number is of a region behind which all flags are overwritten.
 * Rows without a goal are listed apart: x87 (but not as doubles) and SSE4.2's strings, where FEX calls helpers, SVE, those where
 * we call C or one of the arena's routines (H), those that we do not announce.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tr/tr.h"
#include "a64/text.h"
#include "x86/feature.h"

#define AT     0x555555555000ull         /* as test/golden_test.c: a PIE and its arena */
#define ARENA  0x555556000000ull
#define OTHER  (ARENA + 0x400000)        /* where all other code is */
enum { WORSE = 2, TEXT = 1 << 16 };

enum kind { COUNTED, HELPER, UNANNOUNCED, UNKNOWN_TEXT, KINDS };
static const char kind_mark[KINDS] = { '-', 'H', 'N', '?' };
static const char *const kind_text[KINDS] = { "counted", "H: calls C or a routine", "N: not announced", "?: nasm does not assemble it" };

struct suite { char name[48], features[80]; u64 host; bool tso, doubles, helpers, sve; u32 of[KINDS]; u64 stele, dead, fex; };
struct row { u32 suite, line, fex, stele, dead, at, len; enum kind kind; char *x86, *text; const char *reason; };
struct reason { char *suite, *x86, *why; u32 used; };
static struct suite *suites;
static struct row *rows;
static struct reason *reasons;
static u32 nsuites, nrows, nreasons;

static void die(const char *what, const char *of)
{
	fprintf(stderr, "codegen: %s: %s\n", of, what);
	exit(2);
}

static void *grow(void *p, u32 n, size_t size)
{
	if (n & (n - 1)) return p;
	p = realloc(p, (n ? 2 * n : 1) * size);
	if (!p) die("no memory", "rows");
	return p;
}

/* ---- what is read -------------------------------------------------------------------------------------------- */

/* FEX's names for what a host has; those that translations never ask for have no bit here. */
static void features(struct suite *s)
{
	static const struct { const char *name; u64 bits; } of[] = {
		{ "-", 0 }, { "AFP", HOST_AFP }, { "FRINTTS", HOST_FRINTTS }, { "FLAGM", HOST_FLAGM }, { "FLAGM2", HOST_FLAGM2 },
		{ "CRYPTO", HOST_AES | HOST_PMULL | HOST_SHA1 | HOST_SHA2 | HOST_CRC32 }, { "RNG", HOST_RNG }, { "MOPS", HOST_MOPS },
		{ "CSSC", HOST_CSSC }, { "LRCPC", HOST_LRCPC }, { "LRCPC2", HOST_LRCPC2 }, { "TSO", 0 }, { "RPRES", HOST_RPRES }, { "FCMA", HOST_FCMA },
		{ "CLZERO", 0 }, { "SVE128", 0 }, { "SVE256", 0 }, { "SVEBITPERM", 0 },
	};
	char copy[sizeof s->features];

	s->host = HOST_LSE;
	strcpy(copy, s->features);
	for (char *f = strtok(copy, "+"); f; f = strtok(0, "+")) {
		size_t k = 0;

		while (k < countof(of) && strcmp(of[k].name, f))
			k++;
		if (k == countof(of)) die("an unknown host feature", f);
		s->host |= of[k].bits;
		s->tso |= !strcmp(f, "TSO");
		s->sve |= !strncmp(f, "SVE", 3);
	}
	s->doubles = strstr(s->name, "x87_f64");
	s->helpers = !s->doubles && (strstr(s->name, "x87") || strstr(s->name, "X87") || strstr(s->name, "SSE42_Strings"));
}

static void read_counts(const char *path)
{
	static char s[TEXT];
	FILE *f = fopen(path, "r");
	u32 line = 0;

	if (!f) die("cannot be read", path);
	while (fgets(s, sizeof s, f)) {
		char *tab = strchr(s, '\t');

		line++;
		s[strcspn(s, "\n")] = 0;
		if (*s == '#' || !*s) continue;
		if (*s == '@') {
			suites = grow(suites, nsuites, sizeof *suites);
			memset(&suites[nsuites], 0, sizeof *suites);
			if (sscanf(s, "@%47s %79s", suites[nsuites].name, suites[nsuites].features) != 2) die("no suite and features", s);
			features(&suites[nsuites++]);
			continue;
		}
		if (!tab || !nsuites || !isdigit(*s)) die("no row", s);
		rows = grow(rows, nrows, sizeof *rows);
		rows[nrows++] = (struct row){ nsuites - 1, line, atoi(s), .x86 = strdup(tab + 1) };
	}
	fclose(f);
	if (!nrows) die("has no rows", path);
}

/* REASONS: suite, x86 text, why; the first two are patterns as the shell's. */
static void read_reasons(const char *path)
{
	static char s[TEXT];
	FILE *f = fopen(path, "r");

	if (!f) die("cannot be read", path);
	while (fgets(s, sizeof s, f)) {
		char *x86, *why;

		s[strcspn(s, "\n")] = 0;
		if (*s == '#' || !*s) continue;
		if (!(x86 = strchr(s, '\t')) || !(why = strchr(x86 + 1, '\t'))) die("no suite, text and reason", s);
		*x86++ = *why++ = 0;
		reasons = grow(reasons, nreasons, sizeof *reasons);
		reasons[nreasons++] = (struct reason){ strdup(s), strdup(x86), strdup(why) };
	}
	fclose(f);
}

/* ---- bytes, by one run of nasm --------------------------------------------------------------------------------- */

/* A table of offsets comes first: where each row begins, and the end. */
static void write_asm(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f) die("cannot be written", path);
	fprintf(f, "bits 64\n");
	for (u32 k = 0; k <= nrows; k++)
		fprintf(f, "dd row%u - $$\n", k);
	for (u32 k = 0; k < nrows; k++) {
		fprintf(f, "%%line %u+0 row\nrow%u:\n", rows[k].line, k);
		if (rows[k].kind == UNKNOWN_TEXT) continue;
		for (const char *p = rows[k].x86, *end; *p; p = *end ? end + 1 : end) {
			end = p + strcspn(p, ";");
			fprintf(f, "%.*s\n", (int)(end - p), p);
		}
	}
	fprintf(f, "row%u:\n", nrows);
	if (fclose(f)) die("cannot be written", path);
}

/* False: some rows could not be assembled; they are marked, and the others want another run. */
static bool nasm(const char *from, const char *to)
{
	char cmd[1024], s[1024];
	u32 bad = 0, line;
	FILE *p;

	snprintf(cmd, sizeof cmd, "nasm -w-all -f bin -o '%s' '%s' 2>&1", to, from);
	if (!(p = popen(cmd, "r"))) die("cannot be started", "nasm");
	while (fgets(s, sizeof s, p)) {
		if (sscanf(s, "row:%u:", &line) != 1) {
			fputs(s, stderr);
			continue;
		}
		for (u32 k = 0; k < nrows; k++)
			if (rows[k].line == line && rows[k].kind != UNKNOWN_TEXT) {
				rows[k].kind = UNKNOWN_TEXT;
				bad++;
			}
	}
	if (pclose(p) && !bad) die("fails", "nasm");
	return !bad;
}

static u8 *assemble(const char *out)
{
	static char from[256], to[256];
	static u8 bytes[1 << 20];
	FILE *f;
	size_t n;
	u32 at[2];

	snprintf(from, sizeof from, "%s.asm", out);
	snprintf(to, sizeof to, "%s.bin", out);
	do {
		write_asm(from);
	} while (!nasm(from, to));
	if (!(f = fopen(to, "rb"))) die("cannot be read", to);
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	for (u32 k = 0; k < nrows; k++) {
		if (n < (k + 2) * 4) die("too short", to);
		memcpy(at, bytes + 4 * k, 8);
		if (at[0] > at[1] || at[1] > n) die("no offsets", to);
		rows[k].at = at[0];
		rows[k].len = at[1] - at[0];
	}
	return bytes;
}

/* ---- counting -------------------------------------------------------------------------------------------------- */

static const u8 *code;
static u32 ncode;
static bool flags_dead;

static size_t fetch(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	static const u8 test_r15d[] = { 0x45, 0x85, 0xff };      /* overwrites all flags */
	bool inside = pc >= AT && pc < AT + ncode;
	const u8 *from = inside ? code + (pc - AT) : test_r15d;
	size_t left = inside ? AT + ncode - pc : flags_dead ? sizeof test_r15d : 0;

	if (!inside) {
		if (n > left) n = left;
		memcpy(buf, from, n);
		return n;
	}
	if (n > left) {                         /* a row's end, and what stands behind it */
		memcpy(buf, from, left);
		return left + fetch(ctx, AT + ncode, buf + left, n - left);
	}
	memcpy(buf, from, n);
	return n;
}

static u64 known_code(void *ctx, gaddr pc, bool call) { return OTHER; }

static struct tr tr;
static u32 words[TR_INSN_ROOM * (TR_MAX_INSNS + 8)];

/* Words that do nothing but leave: how many from p on. */
static u32 leaves(const u32 *p)
{
	static u32 pat[8];
	struct code c = { pat, pat + countof(pat) };
	s64 off;
	u64 at = (u64)p + tr.code.exec;

	if ((*p >> 26 == 5 || *p >> 26 == 0x25) && a_offset(*p, &off) && (at + off == OTHER || at + off == OTHER - 4)) return 1;
	if (*p >> 26 == 5 && a_offset(*p, &off) && at + off == tr.env->stubs + TR_STUB_LOOKUP) return 1;
	a_ubfx(&c, 8, T1, T0, 0, JTAB_BITS);
	a_add_sh(&c, 8, T1, R_CPU, T1, LSL, 4);
	a_ldp_post(&c, 8, T1, X30, SP, 16);
	if (p[0] == pat[0] && p[1] == pat[1]) return 6;
	return p[0] == pat[2] ? 4 : 0;
}

static bool calls(const u32 *p)
{
	s64 off;
	u64 to;

	if (*p >> 26 != 0x25 || !a_offset(*p, &off)) return false;
	to = (u64)p + tr.code.exec + off;
	return to >= ARENA + TR_STUB_SYSCALL && to < ARENA + TR_STUBS_SIZE;
}

static char text[TEXT];

/* The words of [from, to) that count; their text is added to text[]. */
static u32 count(const u32 *from, const u32 *to, struct row *r)
{
	static u32 poll;
	struct code c = { &poll, &poll + 1 };
	size_t n = strlen(text);
	u32 sum = 0, k;

	a_ldr_i(&c, 8, XZR, R_POLL, 0);
	for (const u32 *p = from; p < to; p += k ? k : 1) {
		k = *p == poll ? 1 : leaves(p);
		if (k) continue;
		if (calls(p)) r->kind = HELPER;
		sum++;
		if (n + 128 > sizeof text) continue;
		n += snprintf(text + n, sizeof text - n, n ? "; " : "");
		a_text(text + n, sizeof text - n, *p, 0);
		n += strlen(text + n);
	}
	return sum;
}

/* FEX has no AES and no carry-less product but by the host's instructions, so its rows of them take these for granted. */
static u64 implied(const struct insn *i)
{
	switch (x86_rows[i->row].feature) {
	case X86_AES: case X86_VAES: return HOST_AES;
	case X86_PCLMUL: case X86_VPCLMUL: return HOST_AES | HOST_PMULL;
	}
	return 0;
}

static u32 translate(struct row *r, const u8 *bytes, bool dead)
{
	const struct suite *s = &suites[r->suite];
	static struct tr_env env;
	struct insn i;
	u32 n = 0;

	env = (struct tr_env){ .host = s->host, .x86 = X86_ANNOUNCED, .near = true, .fetch = fetch, .code = known_code,
	                       .stubs = ARENA, .order = s->tso ? TR_TSO : TR_PLAIN, .x87_double = s->doubles };
	code = bytes + r->at;
	ncode = r->len;
	flags_dead = dead;
	for (u32 at = 0; at < ncode; at += i.len, n++) {
		if (x86_decode(&i, code + at, ncode - at, AT + at, env.x86) != X86_OK) {
			r->kind = UNANNOUNCED;
			return 0;
		}
		env.host |= implied(&i);
	}
	env.max_insns = n;
	tr.env = &env;
	tr.code = (struct code){ words + TR_STUBS_SIZE / 4, words + countof(words), ARENA - (u64)words };
	tr_forget(&tr);
	if (tr_translate(&tr, AT)) die("does not fit", r->x86);
	*text = 0;
	n = count(tr.start + tr.entry[0].host / 4 + (s->tso ? 1 : 0), tr.part[TR_EDGES], r);
	n += count(tr.part[TR_EDGES], tr.part[TR_RARE], r);
	return n + count(tr.part[TR_REPAIRS], tr.part[TR_LITERALS], r);
}

static void measure(struct row *r, const u8 *bytes)
{
	struct suite *s = &suites[r->suite];

	if (r->kind != UNKNOWN_TEXT) {
		r->dead = translate(r, bytes, true);
		r->stele = translate(r, bytes, false);
		r->text = strdup(text);
	}
	s->of[r->kind]++;
	if (r->kind != COUNTED) return;
	s->stele += r->stele;
	s->dead += r->dead;
	s->fex += r->fex;
	for (u32 k = 0; k < nreasons && !r->reason && r->stele > r->fex + WORSE; k++)
		if (!fnmatch(reasons[k].suite, s->name, 0) && !fnmatch(reasons[k].x86, r->x86, 0)) {
			r->reason = reasons[k].why;
			reasons[k].used++;
		}
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static bool has_goal(const struct suite *s) { return !s->sve && !s->helpers && s->fex; }
static double ratio(u64 a, u64 b) { return b ? (double)a / b : 0; }

static void lines(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f) die("cannot be written", path);
	fprintf(f, "# suite, what it is (");
	for (int k = 0; k < KINDS; k++)
		fprintf(f, "%s%c %s", k ? ", " : "", kind_mark[k], kind_text[k]);
	fprintf(f, "), stele, stele with flags dead, FEX, x86, ARM64, reason\n");
	for (const struct row *r = rows; r < rows + nrows; r++)
		fprintf(f, "%s\t%c\t%u\t%u\t%u\t%s\t%s\t%s\n", suites[r->suite].name, kind_mark[r->kind], r->stele, r->dead, r->fex, r->x86,
			r->text ? r->text : "", r->reason ? r->reason : "");
	if (fclose(f)) die("cannot be written", path);
}

static void suite_line(const struct suite *s)
{
	printf("%-32s %6llu %6llu %6.3f %9llu", s->name, (unsigned long long)s->stele, (unsigned long long)s->fex, ratio(s->stele, s->fex),
	       (unsigned long long)s->dead);
	for (int k = 1; k < KINDS; k++)
		if (s->of[k]) printf("  %u%c", s->of[k], kind_mark[k]);
	printf("\n");
}

static u32 without_reason(void)
{
	u32 n = 0;

	for (const struct row *r = rows; r < rows + nrows; r++) {
		if (r->kind != COUNTED || !has_goal(&suites[r->suite]) || r->stele <= r->fex + WORSE || r->reason) continue;
		if (!n++) printf("\nWorse by more than %d, and no reason given:\n", WORSE);
		printf("%-32s %6u %6u  %.80s\n", suites[r->suite].name, r->stele, r->fex, r->x86);
	}
	for (const struct reason *k = reasons; k < reasons + nreasons; k++)
		if (!k->used) printf("A reason without a row: %s %s\n", k->suite, k->x86);
	return n;
}

int main(int argc, char **argv)
{
	static const char *const blocks[] = { "*/HotBlocks*", "*/MultiInst*", "*/FlagOpts*" };
	struct suite b = { .name = "blocks" }, all = { .name = "all" };
	double logs = 0;
	u32 n = 0, bad;
	u8 *bytes;

	if (argc != 4) die("usage: codegen COUNTS REASONS OUT", argv[0]);
	read_counts(argv[1]);
	read_reasons(argv[2]);
	bytes = assemble(argv[3]);
	for (struct row *r = rows; r < rows + nrows; r++)
		measure(r, bytes);
	lines(argv[3]);
	printf("%-32s %6s %6s %6s %9s\n", "suite", "stele", "fex", "ratio", "flags dead");
	for (struct suite *s = suites; s < suites + nsuites; s++) {
		for (int k = 0; k < KINDS; k++)
			all.of[k] += s->of[k];
		if (!has_goal(s)) continue;
		suite_line(s);
		n++;
		logs += log(ratio(s->stele, s->fex));
		all.stele += s->stele;
		all.dead += s->dead;
		all.fex += s->fex;
		for (size_t k = 0; k < countof(blocks); k++)
			if (!fnmatch(blocks[k], s->name, 0)) b.stele += s->stele, b.dead += s->dead, b.fex += s->fex;
	}
	printf("\nWithout a goal (against helper calls, SVE, or nothing that counts):\n");
	for (struct suite *s = suites; s < suites + nsuites; s++)
		if (!has_goal(s)) suite_line(s);
	bad = without_reason();
	printf("\n%u rows of %u counted; ", all.of[COUNTED], nrows);
	for (int k = 1; k < KINDS; k++)
		printf("%s%u %s", k > 1 ? ", " : "", all.of[k], kind_text[k]);
	printf("; %u worse by more than %d without a reason\n", bad, WORSE);
	suite_line(&b);
	printf("%-32s %6llu %6llu %6.3f %9llu\n", all.name, (unsigned long long)all.stele, (unsigned long long)all.fex, exp(logs / n),
	       (unsigned long long)all.dead);
	printf("goals: blocks 0.750 %s, all 0.900 %s\n", ratio(b.stele, b.fex) <= 0.75 ? "met" : "MISSED", exp(logs / n) <= 0.9 ? "met" : "MISSED");
	return 0;
}
