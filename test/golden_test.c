/* golden_test.c - what becomes of typical instructions and pairs: test/golden.txt, a line each,
 *
 *   add ebx, ecx | OSZC | 1 | adds w19, w19, w9 | 01 cb
 *
 * the x86 text; the flags that somebody reads behind it; how many ARM64 words it takes; these; its bytes. It fails when
 * a line says otherwise. `make golden` writes the file anew: then the diff shows what a change has won or lost. A new line
 * needs only its first two fields, in the GNU assembler's Intel syntax; instructions are separated by semicolons.
 *
 * The host's features are fixed, a server's of today: no AFP, no MOPS. What the text is worth: an instruction stands in
 * the middle of a hot region, behind a nop that takes the poll, before readers of just those flags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tr/tr.h"
#include "a64/text.h"
#include "x86/feature.h"

enum { BYTES = 256, TEXT = 4096 };
#define AT     0x555555555000ull         /* the instructions, and the code made of them: a PIE and its arena */
#define ARENA  0x555556000000ull
#define HOST (HOST_LSE | HOST_CRC32 | HOST_AES | HOST_PMULL | HOST_SHA1 | HOST_SHA2 | HOST_DOTPROD | HOST_FLAGM | HOST_LRCPC | \
              HOST_LRCPC2 | HOST_LSE2)

static u8 code[BYTES];
static u32 ncode;
static const char path[] = "test/golden.txt";

static size_t fetch(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	size_t left = pc >= AT && pc < AT + ncode ? AT + ncode - pc : 0;

	(void)ctx;
	if (n > left) n = left;
	memcpy(buf, code + (pc - AT), n);
	return n;
}

static void add(const char *bytes, u32 n)
{
	memcpy(code + ncode, bytes, n);
	ncode += n;
}

/* Behind the instruction: who reads those flags, then who overwrites them all. */
static void readers(const char *flags)
{
	static const struct { char flag; const char *set; } by[] = {
		{ 'O', "\x41\x0f\x90\xc7" }, { 'S', "\x41\x0f\x98\xc7" }, { 'Z', "\x41\x0f\x94\xc7" },
		{ 'P', "\x41\x0f\x9a\xc7" }, { 'C', "\x41\x0f\x92\xc7" },      /* setcc r15b */
	};

	if (strchr(flags, 'A')) add("\x9f", 1);         /* lahf */
	for (size_t k = 0; k < countof(by); k++)
		if (strchr(flags, by[k].flag)) add(by[k].set, 4);
	add("\x45\x85\xff\xcc", 4);                     /* test r15d, r15d; int3 */
}

static const struct insn *insn_at(const struct tr *c, gaddr pc)
{
	for (u32 k = 0; k < c->nins; k++)
		if (c->ins[k].pc == pc) return c->ins + k;
	return 0;
}

/* The ARM64 of the instructions in [AT + 1, end): how many words; their text. */
static int words_of(const struct tr *c, gaddr end, char *out, size_t size)
{
	const struct insn *last = 0;
	u32 m = 0;
	int n = 0;

	*out = 0;
	for (const u32 *p = c->start; p < c->code.p; p++) {
		u32 at = (p - c->start) * 4;
		char text[96];

		for (; m < c->nmap && c->map[m].host <= at; m++)
			if (c->map[m].guest < TR_SENSE) last = insn_at(c, c->lo + c->map[m].guest);
		if (!last || last->pc <= AT || last->pc >= end) continue;
		a_text(text, sizeof text, *p, 0);       /* distances, not addresses */
		snprintf(out + strlen(out), size - strlen(out), n ? "; %s" : "%s", text);
		n++;
	}
	return n;
}

static struct tr tr;
static u32 words[TR_INSN_ROOM * (TR_MAX_INSNS + 8)];

/* Translates bytes with these flags read behind them. */
static int translate(const u8 *b, u32 n, const char *flags, char *out, size_t size)
{
	static struct tr_env env = { .host = HOST, .x86 = X86_ANNOUNCED, .near = true, .fetch = fetch };

	ncode = 0;
	add("\x90", 1);
	add((const char *)b, n);
	readers(flags);
	env.stubs = ARENA;
	tr.env = &env;
	tr.code = (struct code){ words + TR_STUBS_SIZE / 4, words + countof(words), ARENA - (u64)words };
	tr_forget(&tr);
	if (tr_translate(&tr, AT)) return -1;
	return words_of(&tr, AT + 1 + n, out, size);
}

struct line { char x86[256], flags[16], text[TEXT]; int count; u8 b[BYTES / 2]; u32 n; bool blank; };

static char *field(char **s)
{
	char *f = *s, *end = f ? strstr(f, " | ") : 0;

	*s = end ? end + 3 : 0;
	if (end) *end = 0;
	while (f && *f == ' ') f++;
	return f;
}

static bool parse(struct line *l, char *s)
{
	char *f;

	memset(l, 0, sizeof *l);
	s[strcspn(s, "\n")] = 0;
	l->blank = !*s || *s == '#';
	if (l->blank) return true;
	if (!(f = field(&s))) return false;
	snprintf(l->x86, sizeof l->x86, "%s", f);
	if (!(f = field(&s))) return false;
	snprintf(l->flags, sizeof l->flags, "%.*s", (int)strcspn(f, " "), f);
	l->count = (f = field(&s)) ? atoi(f) : -1;
	if ((f = field(&s))) snprintf(l->text, sizeof l->text, "%s", f);
	f = field(&s);
	for (char *w = f ? strtok(f, " ") : 0; w && l->n < sizeof l->b; w = strtok(0, " "))
		l->b[l->n++] = strtoul(w, 0, 16);
	return true;
}

/* Does the text say what the bytes are? Of a single instruction only. */
static bool says_it(const struct line *l)
{
	struct insn i;
	char text[128];

	if (strchr(l->x86, ';')) return true;
	if (x86_decode(&i, l->b, l->n, 0, X86_ANNOUNCED) != X86_OK || i.len != l->n) return false;
	x86_text(text, sizeof text, &i);
	return !strcmp(text, l->x86);
}

static void test_golden(void **state)
{
	static char s[2 * TEXT], got[TEXT];
	FILE *f = fopen(path, "r");
	struct line l;
	int n = 0, wrong = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(s, sizeof s, f)) {
		int count;

		assert_true(parse(&l, s));
		if (l.blank) continue;
		n++;
		count = translate(l.b, l.n, l.flags, got, sizeof got);
		if (!says_it(&l)) {
			print_message("# %s: its bytes say something else\n", l.x86);
			wrong++;
		} else if (count != l.count || strcmp(got, l.text)) {
			print_message("# %s | %s: %s, %d words instead of %d\n#   was %s\n#   is  %s\n", l.x86, l.flags,
				      count > l.count ? "WORSE" : "changed", count, l.count, l.text, got);
			wrong++;
		}
	}
	fclose(f);
	print_message("# %d lines\n", n);
	if (wrong) print_message("# %d lines differ; if that is meant: make golden\n", wrong);
	assert_true(n > 100);
	assert_int_equal(wrong, 0);
}

/* Bytes of an x86 text, by the assembler. */
static bool assemble(struct line *l)
{
	const char *as = getenv("AS86") ? getenv("AS86") : "as";
	char dir[] = "/tmp/golden-XXXXXX", cmd[1024];
	FILE *p;

	if (!mkdtemp(dir)) return false;
	snprintf(cmd, sizeof cmd, "printf '.intel_syntax noprefix\\n%%s\\n' '%s' | %s -o %s/o - && objcopy -O binary -j .text %s/o %s/b && "
		 "od -An -v -tx1 %s/b; rm -rf %s", l->x86, as, dir, dir, dir, dir, dir);
	l->n = 0;
	if (!(p = popen(cmd, "r"))) return false;
	for (unsigned v; l->n < sizeof l->b && fscanf(p, "%x", &v) == 1; )
		l->b[l->n++] = v;
	return !pclose(p) && l->n;
}

static int write_anew(void)
{
	static char s[2 * TEXT], keep[2 * TEXT], got[TEXT];
	FILE *f = fopen(path, "r"), *o = fopen("test/golden.new", "w");
	struct line l;

	if (!f || !o) return 1;
	while (fgets(s, sizeof s, f)) {
		int count;

		strcpy(keep, s);
		if (!parse(&l, s)) { fprintf(stderr, "what is: %s", keep); return 1; }
		if (l.blank) { fputs(keep, o); continue; }
		if (!l.n && !assemble(&l)) { fprintf(stderr, "the assembler knows no \"%s\"\n", l.x86); return 1; }
		count = translate(l.b, l.n, l.flags, got, sizeof got);
		if (count < 0) { fprintf(stderr, "no translation of \"%s\"\n", l.x86); return 1; }
		if (!strchr(l.x86, ';')) {
			struct insn i;

			if (x86_decode(&i, l.b, l.n, 0, X86_ANNOUNCED) != X86_OK) { fprintf(stderr, "no instruction: \"%s\"\n", l.x86); return 1; }
			x86_text(l.x86, sizeof l.x86, &i);
		}
		fprintf(o, "%s | %s | %d | %s |", l.x86, *l.flags ? l.flags : "-", count, got);
		for (u32 k = 0; k < l.n; k++)
			fprintf(o, " %02x", l.b[k]);
		fputc('\n', o);
	}
	fclose(f);
	if (fclose(o)) return 1;
	return rename("test/golden.new", path) != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_golden) };

	if (argc > 1 && !strcmp(argv[1], "--write")) return write_anew();
	return cmocka_run_group_tests(tests, 0, 0);
}
