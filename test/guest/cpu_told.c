/* cflags: -D_GNU_SOURCE */
/* cpu_told.c - what a program is told of the CPU, in CPUID, /proc/cpuinfo and the auxiliary vector: one story, and true
 * of the instructions that are easily tried here.
 */
#include "check.h"
#include <asm/prctl.h>
#include <cpuid.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

static const unsigned leaves[][2] = { { 1, 0 }, { 7, 0 }, { 0x80000001, 0 }, { 0xd, 1 } };
static unsigned leaf[4][4];                     /* of these: eax ebx ecx edx */
static char info[8192];

static const struct { const char *name; int leaf, reg, bit; } flags[] = {
	{ "fpu", 0, 3, 0 }, { "cx8", 0, 3, 8 }, { "cmov", 0, 3, 15 }, { "fxsr", 0, 3, 24 }, { "sse", 0, 3, 25 }, { "sse2", 0, 3, 26 },
	{ "pni", 0, 2, 0 }, { "pclmulqdq", 0, 2, 1 }, { "ssse3", 0, 2, 9 }, { "fma", 0, 2, 12 }, { "cx16", 0, 2, 13 },
	{ "sse4_1", 0, 2, 19 }, { "sse4_2", 0, 2, 20 }, { "movbe", 0, 2, 22 }, { "popcnt", 0, 2, 23 }, { "aes", 0, 2, 25 },
	{ "xsave", 0, 2, 26 }, { "avx", 0, 2, 28 }, { "f16c", 0, 2, 29 }, { "rdrand", 0, 2, 30 },
	{ "bmi1", 1, 1, 3 }, { "avx2", 1, 1, 5 }, { "bmi2", 1, 1, 8 }, { "rdseed", 1, 1, 18 }, { "adx", 1, 1, 19 }, { "sha_ni", 1, 1, 29 },
	{ "gfni", 1, 2, 8 }, { "vaes", 1, 2, 9 }, { "vpclmulqdq", 1, 2, 10 },
	{ "fsgsbase", 1, 1, 0 }, { "erms", 1, 1, 9 }, { "clflushopt", 1, 1, 23 }, { "clwb", 1, 1, 24 }, { "rdpid", 1, 2, 22 },
	{ "fsrm", 1, 3, 4 }, { "xsaveopt", 3, 0, 0 }, { "xsavec", 3, 0, 1 },
	{ "lahf_lm", 2, 2, 0 }, { "abm", 2, 2, 5 }, { "3dnowprefetch", 2, 2, 8 }, { "rdtscp", 2, 3, 27 },
};

static int has_flag(const char *name)
{
	const char *p = strstr(info, "\nflags"), *end = p ? strchr(p + 1, '\n') : 0;
	size_t n = strlen(name);

	for (; p && (p = strstr(p, name)) && p < end; p += n)
		if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n')) return 1;
	return 0;
}

__attribute__((target("rdrnd,rdseed"))) static int random_numbers(void)
{
	unsigned long long v[4] = { 0 };
	unsigned short narrow;
	int got = 0;

	for (int tries = 0; tries < 1000 && got < 2; tries++) {
		got += __builtin_ia32_rdrand64_step(&v[got]);
		__builtin_ia32_rdrand16_step(&narrow);
	}
	for (int tries = 0; has_flag("rdseed") && tries < 100000 && got < 4; tries++)
		got += __builtin_ia32_rdseed_di_step(&v[got]);
	return got == (has_flag("rdseed") ? 4 : 2) && v[0] != v[1] && v[2] != v[0];
}

/* On one CPU, both ways to read TSC_AUX tell it. */
static int where_it_runs(void)
{
	unsigned long id = 0;
	unsigned lo, hi, aux, cpu, node;
	cpu_set_t one;

	syscall(SYS_getcpu, &cpu, &node, 0);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof one, &one)) return 0;
	syscall(SYS_getcpu, &cpu, &node, 0);
	__asm__ volatile("rdtscp" : "=a"(lo), "=d"(hi), "=c"(aux));
	if (has_flag("rdpid")) __asm__ volatile("rdpid %0" : "+r"(id));
	else id = aux;
	return id == aux && aux == (node << 12 | cpu);
}

__attribute__((target("fsgsbase"))) static int segment_bases(void)
{
	unsigned long long there[2] = { 1234567, 7654321 }, base = 0, seen = 0, narrow = ~0ull;

	syscall(SYS_arch_prctl, ARCH_GET_FS, &base);
	if (base != __builtin_ia32_rdfsbase64()) return 0;
	__asm__ volatile("rdfsbase %k0" : "+r"(narrow));
	if (narrow != (unsigned)base) return 0;
	__builtin_ia32_wrfsbase64(base);
	__builtin_ia32_wrgsbase64((unsigned long long)there);
	syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
	__asm__ volatile("mov %%gs:8, %0" : "=r"(seen));
	if (base != (unsigned long long)there || seen != 7654321) return 0;
	syscall(SYS_arch_prctl, ARCH_SET_GS, &there[1]);
	base = __builtin_ia32_rdgsbase64();
	__asm__ volatile("wrgsbase %k0" :: "r"(0x123456789ull));
	return base == (unsigned long long)&there[1] && __builtin_ia32_rdgsbase64() == 0x23456789;
}

int main(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	unsigned long hwcap = 0, hwcap2 = 0;
	int stele = under_stele();

	expect(f && fread(info, 1, sizeof info - 1, f) > 100);
	for (int k = 0; k < 4; k++)
		__get_cpuid_count(leaves[k][0], leaves[k][1], &leaf[k][0], &leaf[k][1], &leaf[k][2], &leaf[k][3]);
	for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
		int told = leaf[flags[k].leaf][flags[k].reg] >> flags[k].bit & 1;

		if (told && !stele && !strcmp(flags[k].name, "rdseed")) continue;       /* Linux keeps quiet of one that is broken */
		if (told != has_flag(flags[k].name)) {
			say("%s: CPUID says %d, /proc/cpuinfo %d\n", flags[k].name, told, !told);
			failures++;
		}
	}
	f = fopen("/proc/self/auxv", "r");              /* getauxval tells glibc's own idea of AT_HWCAP */
	for (unsigned long aux[2]; f && fread(aux, sizeof aux, 1, f) == 1; )
		if (aux[0] == AT_HWCAP) hwcap = aux[1];
		else if (aux[0] == AT_HWCAP2) hwcap2 = aux[1];
	expect(hwcap && (hwcap & ~(unsigned long)leaf[0][3]) == 0);
	expect((hwcap2 >> 1 & 1) == has_flag("fsgsbase"));
	expect(!has_flag("rdrand") || random_numbers());
	expect(!has_flag("rdtscp") || where_it_runs());
	expect(!has_flag("fsgsbase") || segment_bases());
	return done();
}
