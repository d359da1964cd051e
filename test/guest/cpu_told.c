/* cpu_told.c - what a program is told of the CPU, in CPUID, /proc/cpuinfo and the auxiliary vector: one story, and true
 * of the instructions that are easily tried here.
 */
#include "check.h"
#include <cpuid.h>
#include <sys/auxv.h>

static unsigned leaf[3][4];                     /* 1, 7, 80000001H: eax ebx ecx edx */
static char info[8192];

static const struct { const char *name; int leaf, reg, bit; } flags[] = {
	{ "fpu", 0, 3, 0 }, { "cx8", 0, 3, 8 }, { "cmov", 0, 3, 15 }, { "fxsr", 0, 3, 24 }, { "sse", 0, 3, 25 }, { "sse2", 0, 3, 26 },
	{ "pni", 0, 2, 0 }, { "pclmulqdq", 0, 2, 1 }, { "ssse3", 0, 2, 9 }, { "fma", 0, 2, 12 }, { "cx16", 0, 2, 13 },
	{ "sse4_1", 0, 2, 19 }, { "sse4_2", 0, 2, 20 }, { "movbe", 0, 2, 22 }, { "popcnt", 0, 2, 23 }, { "aes", 0, 2, 25 },
	{ "xsave", 0, 2, 26 }, { "avx", 0, 2, 28 }, { "f16c", 0, 2, 29 }, { "rdrand", 0, 2, 30 },
	{ "bmi1", 1, 1, 3 }, { "avx2", 1, 1, 5 }, { "bmi2", 1, 1, 8 }, { "rdseed", 1, 1, 18 }, { "adx", 1, 1, 19 }, { "sha_ni", 1, 1, 29 },
	{ "gfni", 1, 2, 8 }, { "vaes", 1, 2, 9 }, { "vpclmulqdq", 1, 2, 10 },
	{ "lahf_lm", 2, 2, 0 }, { "abm", 2, 2, 5 },
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

int main(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	unsigned long hwcap = 0;

	expect(f && fread(info, 1, sizeof info - 1, f) > 100);
	for (int k = 0; k < 3; k++)
		__get_cpuid_count((unsigned[]){ 1, 7, 0x80000001 }[k], 0, &leaf[k][0], &leaf[k][1], &leaf[k][2], &leaf[k][3]);
	for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
		int told = leaf[flags[k].leaf][flags[k].reg] >> flags[k].bit & 1;

		if (told != has_flag(flags[k].name)) {
			say("%s: CPUID says %d, /proc/cpuinfo %d\n", flags[k].name, told, !told);
			failures++;
		}
	}
	f = fopen("/proc/self/auxv", "r");              /* getauxval tells glibc's own idea of AT_HWCAP */
	for (unsigned long aux[2]; f && fread(aux, sizeof aux, 1, f) == 1; )
		if (aux[0] == AT_HWCAP) hwcap = aux[1];
	expect(hwcap && (hwcap & ~(unsigned long)leaf[0][3]) == 0);
	expect(!has_flag("rdrand") || random_numbers());
	return done();
}
