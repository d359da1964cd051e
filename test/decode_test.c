/* decode_test.c - the decoder against Zydis: over random bytes, and over the x86-64 programs of this machine.
 *
 * decode_test [--random N] [--seed S] [--all] [--show]. Without arguments: a sample of both, for `make test`. --all sweeps every
 * x86-64 ELF file below /usr/bin and /usr/lib. --show prints every kind of difference, known ones too. What programs have and
 * a guest is not told of is listed by mnemonic, each with the reason; one without a reason fails.
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

#include "random_insn.h"
#include "decode_compare.h"
#include "x86/feature.h"

#define EVERYTHING  ((1ull << X86_NFEATURES) - 1)

static bool show;

/* Differences that are as they should be. pattern: of the line that decode_compare.h makes, for fnmatch. */
static const struct { const char *pattern, *why; } known[] = {
	/* Zydis knows what no feature of ours allows, or what is #UD outside the kernel in any case. */
	{ "zydis * AVX512*",             "AVX-512 is not announced: #UD" },
	{ "zydis * KNC*",                "Xeon Phi's vectors: #UD" },
	{ "zydis * AMX_*",               "AMX is not announced: #UD" },
	{ "zydis * AMD3DNOW *",          "3DNow! is gone from all CPUs: #UD" },
	{ "zydis * FMA4 *",              "AMD's, gone: #UD" },
	{ "zydis * XOP *",               "AMD's, gone: #UD" },
	{ "zydis * TBM *",               "AMD's, gone: #UD" },
	{ "zydis * LWP *",               "AMD's, gone: #UD" },
	{ "zydis * SSE4A *",             "AMD's alone: #UD" },
	{ "zydis * CLZERO *",            "AMD's alone: #UD" },
	{ "zydis * RDPRU *",             "AMD's alone: #UD" },
	{ "zydis * MCOMMIT *",           "AMD's alone: #UD" },
	{ "zydis * MONITORX *",          "AMD's alone: #UD" },
	{ "zydis * AMD_INVLPGB *",       "AMD's, for kernels: #UD" },
	{ "zydis * SVM *",               "virtual machines: #UD" },
	{ "zydis * SNP *",               "virtual machines: #UD" },
	{ "zydis * VTX *",               "virtual machines: #UD" },
	{ "zydis * VMFUNC *",            "virtual machines: #UD" },
	{ "zydis * TDX *",               "virtual machines: #UD" },
	{ "zydis * SMX *",               "measured launch: #UD" },
	{ "zydis * SGX*",                "enclaves: #UD" },
	{ "zydis * PCONFIG *",           "memory encryption, for kernels: #UD" },
	/* Zydis 4.1 knows these, 4.0 did not. */
	{ "zydis * AVX_VNNI_INT*",       "not announced: #UD" },
	{ "zydis * AVX_IFMA *",          "not announced: #UD" },
	{ "zydis * AVX_NE_CONVERT *",    "not announced: #UD" },
	{ "zydis * RAO_INT *",           "not announced: #UD" },
	{ "zydis * SM[34] *",            "not announced: #UD" },
	{ "zydis * SHA512 *",            "not announced: #UD" },
	{ "zydis * PCOMMIT *",           "gone from all CPUs: #UD" },
	{ "zydis * KEYLOCKER*",          "not announced: #UD" },
	{ "zydis * ENQCMD *",            "not announced: #UD" },
	{ "zydis * UINTR *",             "not announced: #UD" },
	{ "zydis * HRESET *",            "not announced, for kernels: #UD" },
	{ "zydis * RTM *",               "transactions are not announced: #UD" },
	{ "zydis * TSX_LDTRK *",         "transactions are not announced: #UD" },
	{ "zydis * CET *",               "shadow stacks are not announced: #UD but for the hints" },
	{ "zydis * PT *",                "not announced: #UD" },
	{ "zydis * PADLOCK_*",           "VIA's: #UD" },
	{ "zydis * MONITOR *",           "#UD outside the kernel" },
	{ "zydis * INVPCID *",           "not announced, for kernels: #UD" },
	{ "zydis * SMAP *",              "CLAC, STAC: #UD outside the kernel" },
	{ "zydis * XSAVES *",            "for kernels: #UD" },
	{ "zydis rsm *",                 "#UD outside system management mode" },
	{ "zydis sysenter *",            "SEP is not announced: #UD" },
	/* Names */
	{ "name prefetch* nop",          "0F 0D is a NOP but for /1: SDM, PREFETCHW" },
	{ "name f*_nop *",               "the 8087's and 287's FENI, FDISI, FSETPM: NOPs since" },
	/* Operands: those of a NOP and of UD0, UD1 are for show. */
	{ "operand nop *",               "a NOP's operands are for show" },
	{ "register nop *",              "a NOP's operands are for show" },
	{ "width nop *",                 "a NOP's operands are for show" },
	{ "width ud[01] *",              "no operand is ever touched" },
	{ "width l[as][rl] op1 2 for *", "only the selector's 16 bits are read" },
	{ "width *movmskp[sd] op0 4 for 8", "a 32-bit write zeroes the rest" },
	{ "width movsxd op1 2 for *",    "SDM: with 66, r16 and r/m16 (a CPU reads two bytes at the end of a page)" },
	{ "width movdir64b op0 8 for 4", "its register is an address: as wide as insn.aw" },
	{ "width umonitor op0 8 for 4",  "its register is an address: as wide as insn.aw" },
	/* Access: Zydis says written, we say kept as well. */
	{ "access cmov* op0 3 for 2",    "keeps the old value if the condition is false" },
	{ "access fcmov* op0 3 for 2",   "keeps the old value if the condition is false" },
	{ "access bs[fr] op0 3 for 2",   "keeps the old value if the source is zero" },
	{ "access l[as][rl] op0 3 for 2", "keeps the old value for a bad selector" },
	{ "access rdssp[dq] op0 3 for 2", "keeps the old value without a shadow stack" },
	{ "access mov[lh]* op0 3 for 2", "keeps the other half" },
	{ "access movs[sd] op0 3 for 2", "keeps the upper lanes" },
	{ "access sqrts[sd] op0 3 for 2", "keeps the upper lanes" },
	{ "access *rcps[sd] op0 3 for 2", "keeps the upper lanes" },
	{ "access *rsqrts[sd] op0 3 for 2", "keeps the upper lanes" },
	{ "access rounds[sd] op0 3 for 2", "keeps the upper lanes" },
	{ "access cvts?2s[sd] op0 3 for 2", "keeps the upper lanes" },
	/* Flags */
	{ "undefined sbb * for A",       "SDM: AF is set by the result" },
	{ "undefined sh[lr] A for OA",   "SDM: OF is defined for a count of one" },
	{ "undefined sar A for OA",      "SDM: OF is defined for a count of one" },
	{ "undefined ro[lr]  for O",     "SDM: OF is defined for a count of one" },
	{ "undefined rc[lr]  for O",     "SDM: OF is defined for a count of one" },
	{ "undefined bextr SAP for OSAPC", "SDM: OF and CF are cleared" },
	{ "writes vptest OSZAPC for ZC", "SDM: the others are cleared" },
	{ "writes vtestp[sd] OSZAPC for ZC", "SDM: the others are cleared" },
	{ "writes mov OSZAPC for ",      "SDM: all undefined after a move of a control or debug register" },
	{ "undefined mov OSZAPC for ",   "SDM: all undefined after a move of a control or debug register" },
	{ "reads scas[bwdq] D for ZD",   "REPE looks at the ZF that the step made, not at the one before" },
	{ "reads cmps[bwdq] D for ZD",   "REPE looks at the ZF that the step made, not at the one before" },
	{ "reads syscall OSZAPCD for ",  "R11 gets the flags" },
	{ "writes syscall  for OSZAPCD", "they come back from R11 as they were" },
	{ "writes sysret  for OSZAPCD",  "#GP outside the kernel" },
};

/* ---- counting ------------------------------------------------------------------------------------------- */

struct kind { char what[120]; u8 bytes[16]; u64 n; const char *why; };
struct tally {
	struct kind kinds[4096];
	int nkinds;
	u64 insns, ours, avx512;        /* that Zydis knows; of them, what we know, and AVX-512 */
	u8 hit[X86_NROWS];
	const u8 *at;                   /* bytes of the instruction being compared           */
	size_t left;
	struct lacking { u64 n; ZydisISASet isa; u16 row; bool has_row, other; } lacking[ZYDIS_MNEMONIC_MAX_VALUE + 1];
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
	to->avx512 += from->avx512;
	for (int k = 0; k < X86_NROWS; k++)
		to->hit[k] |= from->hit[k];
	for (size_t k = 0; k < countof(to->lacking); k++) {
		u64 n = to->lacking[k].n;

		if (from->lacking[k].n)
			to->lacking[k] = from->lacking[k];
		to->lacking[k].n += from->lacking[k].n ? n : 0;
	}
}

/* Is the instruction there for the guest, as the table means it? An encoding whose feature is not announced may be another
 * one: a NOP, mostly. */
static void note_lacking(struct tally *t, const struct insn *i, enum x86_status status, const struct zinsn *z, const u8 *p, size_t n)
{
	struct lacking *l = &t->lacking[z->i.mnemonic];
	struct insn other;

	if (status == X86_OK && X86_ANNOUNCED >> x86_rows[i->row].feature & 1)
		return;
	l->n++;
	l->isa = z->i.meta.isa_set;
	l->has_row = status == X86_OK;
	t->avx512 += !strncmp(ZydisISASetGetString(l->isa), "AVX512", 6);
	if (!l->has_row)
		return;
	l->row = i->row;
	l->other = x86_decode(&other, p, n, i->pc, X86_ANNOUNCED) == X86_OK;
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
	note_lacking(t, &i, status, &z, p, n);
	return z.i.length;
}

/* ---- random bytes --------------------------------------------------------------------------------------- */

static u64 random_count = 1000000, random_seed;

static void init(ZydisDecoder *zd)
{
	ZydisDecoderInit(zd, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	ZydisDecoderEnableMode(zd, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);         /* its encodings are NOPs */
}

static void *random_thread(void *arg)
{
	struct tally *t = arg;
	u64 seed = 0x9e3779b97f4a7c15 * (1 + t->insns + 2 * random_seed);
	ZydisDecoder zd;
	u8 b[16];

	t->insns = 0;
	init(&zd);
	for (u64 k = 0; k < random_count / 2; k++) {
		if (k & 1)
			random_bytes(b, &seed);
		else
			bytes_of_a_form(b, &seed);
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
	init(&zd);
	while ((k = __atomic_fetch_add(&next_file, stride, __ATOMIC_RELAXED)) < nfiles)
		sweep_file(t, &zd, files[k]);
	return 0;
}

/* Why a guest does not have it, or null; out may serve. */
static const char *reason(const struct lacking *l, ZydisMnemonic m, char *out, size_t size)
{
	char buf[120];

	static const char *const features[] = {
#define F(name, ...) #name,
#include "x86/feature.def"
#undef F
	};

	if (l->has_row) {
		snprintf(out, size, "%s is not announced: %s", features[x86_rows[l->row].feature], l->other ? "a NOP, as before it" : "#UD");
		return out;
	}
	snprintf(buf, sizeof buf, "zydis %s %s status %d", ZydisMnemonicGetString(m), ZydisISASetGetString(l->isa), X86_UD);
	for (size_t k = 0; k < countof(known); k++)
		if (!fnmatch(known[k].pattern, buf, 0))
			return known[k].why;
	return 0;
}

static const struct tally *sorting;
static int by_lacking(const void *a, const void *b)
{
	u64 x = sorting->lacking[*(const int *)a].n, y = sorting->lacking[*(const int *)b].n;

	return x < y ? 1 : x > y ? -1 : *(const int *)a - *(const int *)b;
}

/* Those with the reason why, n of them, most frequent first; forgets them. */
static void print_reason(const struct tally *t, int *m, int n, char (*why)[120], const char *this)
{
	int col = printf("# left out, %s:", this);

	for (int k = 0; k < n; k++) {
		if (!m[k] || strcmp(why[m[k]], this))
			continue;
		if (col > 100)
			col = printf("\n#    ");
		col += printf(" %s %llu", ZydisMnemonicGetString(m[k]), (unsigned long long)t->lacking[m[k]].n);
		m[k] = 0;
	}
	printf("\n");
}

/* Prints what programs have and a guest has not, by reason; how many have none. */
static int print_lacking(const struct tally *t)
{
	static char why[ZYDIS_MNEMONIC_MAX_VALUE + 1][120];
	static int m[ZYDIS_MNEMONIC_MAX_VALUE + 1];
	int n = 0, bad = 0;

	for (int k = 1; k <= ZYDIS_MNEMONIC_MAX_VALUE; k++) {
		const char *r;
		char buf[120];

		if (!t->lacking[k].n)
			continue;
		m[n++] = k;
		r = reason(&t->lacking[k], k, buf, sizeof buf);
		bad += !r;
		snprintf(why[k], sizeof why[k], "%s", r ? r : "for no reason");
	}
	sorting = t;
	qsort(m, n, sizeof *m, by_lacking);
	for (int k = 0; k < n; k++)
		if (m[k]) {
			char this[120];

			memcpy(this, why[m[k]], sizeof this);
			print_reason(t, m, n, why, this);
		}
	return bad;
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
	assert_int_equal(print_lacking(t), 0);
	assert_int_equal(report(t, "programs"), 0);
	assert_true(t->ours >= (t->insns - t->avx512) / 100 * 99);
	free(t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_programs) };

	for (int k = 1; k < argc; k++) {
		if (!strcmp(argv[k], "--random") && k + 1 < argc)
			random_count = strtoull(argv[++k], 0, 0);
		else if (!strcmp(argv[k], "--seed") && k + 1 < argc)
			random_seed = strtoull(argv[++k], 0, 0);
		else if (!strcmp(argv[k], "--all"))
			stride = 1;
		else if (!strcmp(argv[k], "--show"))
			show = true;
		else
			return 2;
	}
	return cmocka_run_group_tests(tests, 0, 0);
}
