/* decode_test.c - the decoder against Zydis: over random bytes, and over the x86-64 programs of this machine.
 *
 * decode_test [--random N] [--all] [--show]. Without arguments: a sample of both, for `make test`. --all sweeps every
 * x86-64 ELF file below /usr/bin and /usr/lib. --show prints every kind of difference, known ones too.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "decode_compare.h"

#define EVERYTHING  ((1ull << X86_NFEATURES) - 1)

static bool show;

/* Differences that are as they should be. pattern: of the line that decode_compare.h makes. */
static const struct { const char *pattern, *why; } known[] = {
	{ "", "" },
};

/* ---- counting ------------------------------------------------------------------------------------------- */

struct kind { char what[120]; u8 bytes[16]; u64 n; const char *why; };
struct tally {
	struct kind kinds[4096];
	int nkinds;
	u64 insns, ours;                /* that Zydis knows; that we know too                */
	u8 hit[X86_NROWS];
	const u8 *at;                   /* bytes of the instruction being compared           */
	size_t left;
	struct { u64 n; } lacking[ZYDIS_MNEMONIC_MAX_VALUE + 1];
};

static void count(void *ctx, const char *what)
{
	struct tally *t = ctx;
	int k;

	for (k = 0; k < t->nkinds && strcmp(t->kinds[k].what, what); k++)
		;
	if (k == (int)countof(t->kinds))
		return;
	if (k == t->nkinds) {
		struct kind *new = &t->kinds[t->nkinds++];

		snprintf(new->what, sizeof new->what, "%s", what);
		memcpy(new->bytes, t->at, t->left < 15 ? t->left : 15);
		for (size_t n = 0; n < countof(known); n++)
			if (!fnmatch(known[n].pattern, what, 0))
				new->why = known[n].why;
	}
	t->kinds[k].n++;
}

static int by_count(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return x->n < y->n ? 1 : x->n > y->n ? -1 : 0;
}

/* Prints what differed; returns how many kinds nobody explains. */
static int report(struct tally *t, const char *where)
{
	int bad = 0;

	qsort(t->kinds, t->nkinds, sizeof *t->kinds, by_count);
	for (int k = 0; k < t->nkinds; k++) {
		struct kind *d = &t->kinds[k];
		char text[128];
		struct insn i;

		if (d->why && !show)
			continue;
		bad += !d->why;
		x86_decode(&i, d->bytes, 15, 0, EVERYTHING);
		x86_text(text, sizeof text, &i);
		printf("# %9llu %s |", (unsigned long long)d->n, d->what);
		for (int b = 0; b < 15; b++)
			printf(" %02x", d->bytes[b]);
		printf(" | %s%s%s\n", text, d->why ? " : " : "", d->why ? d->why : "");
	}
	printf("# %s: %llu instructions, %.4f %% in the table, %d kinds of difference, %d unexplained\n", where,
		(unsigned long long)t->insns, t->insns ? 100.0 * t->ours / t->insns : 0, t->nkinds, bad);
	return bad;
}

static void merge(struct tally *to, const struct tally *from)
{
	for (int k = 0; k < from->nkinds; k++) {
		to->at = from->kinds[k].bytes;
		to->left = 15;
		count(to, from->kinds[k].what);
		for (int n = 0; n < to->nkinds; n++)
			if (!strcmp(to->kinds[n].what, from->kinds[k].what))
				to->kinds[n].n += from->kinds[k].n - 1;
	}
	to->insns += from->insns;
	to->ours += from->ours;
	for (int k = 0; k < X86_NROWS; k++)
		to->hit[k] |= from->hit[k];
	for (size_t k = 0; k < countof(to->lacking); k++)
		to->lacking[k].n += from->lacking[k].n;
}

/* Decodes at p both ways; returns the length to go on by. */
static int both(struct tally *t, const ZydisDecoder *zd, const u8 *p, size_t n, gaddr pc)
{
	struct insn i;
	struct zinsn z;
	enum x86_status status = x86_decode(&i, p, n, pc, EVERYTHING);

	z.status = ZydisDecoderDecodeFull(zd, p, n < 15 ? n : 15, &z.i, z.o);
	t->at = p;
	t->left = n;
	compare(&i, status, &z, pc, count, t);
	if (status == X86_OK)
		t->hit[i.row] = 1;
	if (!ZYAN_SUCCESS(z.status))
		return status == X86_OK ? i.len : 1;
	t->insns++;
	t->ours += status == X86_OK;
	t->lacking[z.i.mnemonic].n += status != X86_OK;
	return z.i.length;
}

/* ---- random bytes --------------------------------------------------------------------------------------- */

static u64 next(u64 *s)                         /* xorshift64* */
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1d;
}

/* Sixteen bytes, bent towards what has a meaning: prefixes, escapes, VEX. */
static void random_bytes(u8 *b, u64 *s)
{
	static const u8 prefixes[] = { 0x66, 0x66, 0x66, 0xf2, 0xf2, 0xf3, 0xf3, 0x67, 0xf0, 0x64, 0x65, 0x2e, 0x26, 0x36, 0x3e };
	u64 r = next(s);
	int n = 0;

	for (int k = 0; k < 16; k += 8) {
		u64 v = next(s);

		memcpy(b + k, &v, 8);
	}
	for (; (r & 7) < 3 && n < 5; r >>= 3)
		b[n++] = prefixes[(r >> 8) % sizeof prefixes];
	r = next(s);
	if (r & 1 && (r >> 8 & 7))
		b[n++] = 0x40 | (r >> 4 & 15);
	switch (r >> 16 & 15) {
	case 0 ... 3: break;
	case 4 ... 7: b[n] = 0x0f; break;
	case 8: b[n] = 0x0f; b[n + 1] = 0x38; break;
	case 9: b[n] = 0x0f; b[n + 1] = 0x3a; break;
	case 10: b[n] = 0xc5; break;
	case 11: b[n] = 0xd8 | (r >> 24 & 7); break;
	default:
		n = r >> 40 & 7 ? 0 : n;        /* VEX, mostly with nothing before it and vvvv = 1111 */
		b[n] = 0xc4;
		b[n + 1] = (b[n + 1] & 0xe0) | (1 + (r >> 32) % 3);
		if (r >> 50 & 1)
			b[n + 2] |= 0x78;
	}
}

static u64 random_count = 1000000;

static void *random_thread(void *arg)
{
	struct tally *t = arg;
	u64 seed = 0x9e3779b97f4a7c15 * (1 + t->insns);
	ZydisDecoder zd;
	u8 b[16];

	t->insns = 0;
	ZydisDecoderInit(&zd, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (u64 k = 0; k < random_count / 2; k++) {
		random_bytes(b, &seed);
		both(t, &zd, b, 15, 0x7fff12345678);
	}
	return 0;
}

static void run_two(void *(*fn)(void *), struct tally *sum)
{
	struct tally *t = calloc(2, sizeof *t);
	pthread_t id[2];

	for (int k = 0; k < 2; k++) {
		t[k].insns = k;                 /* which of the two it is */
		pthread_create(&id[k], 0, fn, &t[k]);
	}
	for (int k = 0; k < 2; k++) {
		pthread_join(id[k], 0);
		merge(sum, &t[k]);
	}
	free(t);
}

static void test_random(void **state)
{
	struct tally *t = calloc(1, sizeof *t);
	int missed = 0;

	run_two(random_thread, t);
	for (int k = 0; k < X86_NROWS; k++)
		if (!t->hit[k]) {
			printf("# never met: %s %s\n", x86_rows[k].name, x86_rows[k].opnds);
			missed++;
		}
	assert_int_equal(report(t, "random"), 0);
	assert_int_equal(missed, 0);
	free(t);
}

/* ---- programs ------------------------------------------------------------------------------------------- */

static char *files[20000];
static size_t nfiles, next_file, stride = 40;

static int add_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	u8 head[20];
	int fd;

	if (flag != FTW_F || st->st_size < 4096 || nfiles == countof(files))
		return 0;
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, head, 20) == 20 && !memcmp(head, "\177ELF\2\1", 6) && head[18] == EM_X86_64 && !head[19])
		files[nfiles++] = strdup(path);
	if (fd >= 0)
		close(fd);
	return 0;
}

static void sweep(struct tally *t, const ZydisDecoder *zd, const u8 *p, size_t n, gaddr pc)
{
	for (size_t at = 0; at < n;)
		at += both(t, zd, p + at, n - at, pc + at);
}

static void sweep_file(struct tally *t, const ZydisDecoder *zd, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	const u8 *m;
	const Elf64_Ehdr *e;

	if (fd < 0 || fstat(fd, &st))
		return;
	m = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (m == MAP_FAILED)
		return;
	e = (const void *)m;
	if (e->e_shoff && e->e_shoff + e->e_shnum * sizeof(Elf64_Shdr) <= (u64)st.st_size)
		for (int k = 0; k < e->e_shnum; k++) {
			const Elf64_Shdr *s = (const Elf64_Shdr *)(m + e->e_shoff) + k;

			if (s->sh_flags & SHF_EXECINSTR && s->sh_type == SHT_PROGBITS && s->sh_offset + s->sh_size <= (u64)st.st_size)
				sweep(t, zd, m + s->sh_offset, s->sh_size, s->sh_addr);
		}
	munmap((void *)m, st.st_size);
}

static void *sweep_thread(void *arg)
{
	struct tally *t = arg;
	ZydisDecoder zd;
	size_t k;

	t->insns = 0;
	ZydisDecoderInit(&zd, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	while ((k = __atomic_fetch_add(&next_file, stride, __ATOMIC_RELAXED)) < nfiles)
		sweep_file(t, &zd, files[k]);
	return 0;
}

static void print_lacking(const struct tally *t)
{
	for (;;) {
		static u8 seen[ZYDIS_MNEMONIC_MAX_VALUE + 1];
		int best = 0;

		for (int k = 1; k <= ZYDIS_MNEMONIC_MAX_VALUE; k++)
			if (!seen[k] && t->lacking[k].n > t->lacking[best].n)
				best = k;
		if (!best || !t->lacking[best].n)
			return;
		seen[best] = 1;
		printf("# not in the table: %9llu %s\n", (unsigned long long)t->lacking[best].n, ZydisMnemonicGetString(best));
	}
}

static void test_programs(void **state)
{
	struct tally *t = calloc(1, sizeof *t);

	nftw("/usr/bin", add_file, 20, FTW_PHYS);
	nftw("/usr/lib", add_file, 20, FTW_PHYS);
	if (!nfiles) {
		printf("# no x86-64 program on this machine\n");
		skip();
	}
	run_two(sweep_thread, t);
	print_lacking(t);
	assert_int_equal(report(t, "programs"), 0);
	assert_true(t->ours >= t->insns / 100 * 99);
	free(t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_programs) };

	for (int k = 1; k < argc; k++) {
		if (!strcmp(argv[k], "--random") && k + 1 < argc)
			random_count = strtoull(argv[++k], 0, 0);
		else if (!strcmp(argv[k], "--all"))
			stride = 1;
		else if (!strcmp(argv[k], "--show"))
			show = true;
		else
			return 2;
	}
	return cmocka_run_group_tests(tests, 0, 0);
}
