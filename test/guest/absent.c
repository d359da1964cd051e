/* absent.c - instructions of sets that CPUID may not tell of: each is #UD then, or what it was before there was such a
 * set, a NOP or a plainer instruction. Under stele none of these is told of, and each is judged; elsewhere they are only
 * run, since a hypervisor may hide what the CPU has. All are written to the same place, so what is #UD must be forgotten.
 */
#include "check.h"
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

enum { A, B, C, D };
enum { UD, NOP_ };                              /* without it */

static const struct { const char *name, *bytes; unsigned leaf, sub; signed char reg, bit; char is; } all[] = {
	{ "XBEGIN",         "c7 f8 00 00 00 00",            7, 0, B, 11, UD },
	{ "XABORT",         "c6 f8 00",                     7, 0, B, 11, UD },
	{ "XEND",           "0f 01 d5",                     7, 0, B, 11, UD },
	{ "XTEST",          "0f 01 d6",                     7, 0, B, 11, UD },
	{ "XSUSLDTRK",      "f2 0f 01 e8",                  7, 0, D, 16, UD },
	{ "XRESLDTRK",      "f2 0f 01 e9",                  7, 0, D, 16, UD },
	{ "UMONITOR",       "f3 0f ae f0",                  7, 0, C,  5, UD },
	{ "UMWAIT",         "f2 0f ae f1",                  7, 0, C,  5, UD },
	{ "TPAUSE",         "66 0f ae f1",                  7, 0, C,  5, UD },
	{ "SERIALIZE",      "0f 01 e8",                     7, 0, D, 14, UD },
	{ "MOVDIRI",        "0f 38 f9 07",                  7, 0, C, 27, UD },
	{ "MOVDIR64B",      "66 0f 38 f8 3f",               7, 0, C, 28, UD },
	{ "ENQCMD",         "f2 0f 38 f8 3f",               7, 0, C, 29, UD },
	{ "ENQCMDS",        "f3 0f 38 f8 3f",               7, 0, C, 29, UD },
	{ "PTWRITE",        "f3 0f ae e0",                  0x14, 0, B,  4, UD },
	{ "PTWRITE mem",    "f3 0f ae 27",                  0x14, 0, B,  4, UD },
	{ "RDPKRU",         "0f 01 ee",                     7, 0, C,  3, UD },
	{ "CLUI",           "f3 0f 01 ee",                  7, 0, D,  5, UD },
	{ "STUI",           "f3 0f 01 ef",                  7, 0, D,  5, UD },
	{ "TESTUI",         "f3 0f 01 ed",                  7, 0, D,  5, UD },
	{ "SENDUIPI",       "f3 0f c7 f0",                  7, 0, D,  5, UD },
	{ "AADD",           "0f 38 fc 07",                  7, 1, A,  3, UD },
	{ "LOADIWKEY",      "f3 0f 38 dc c1",               7, 0, C, 23, UD },
	{ "AESENC128KL",    "f3 0f 38 dc 07",               7, 0, C, 23, UD },
	{ "WRSSD",          "0f 38 f6 07",                  7, 0, C,  7, UD },
	{ "INCSSPD",        "f3 0f ae e8",                  7, 0, C,  7, UD },
	{ "SAVEPREVSSP",    "f3 0f 01 ea",                  7, 0, C,  7, UD },
	{ "VPDPBUSD",       "c4 e2 71 50 c2",               7, 1, A,  4, UD },
	{ "VPDPWSSDS",      "c4 e2 75 53 c2",               7, 1, A,  4, UD },
	{ "VPMADD52LUQ",    "c4 e2 f1 b4 c2",               7, 1, A, 23, UD },
	{ "VCVTNEPS2BF16",  "c4 e2 7a 72 c1",               7, 1, A,  5, UD },
	{ "VPDPBSSD",       "c4 e2 73 50 c2",               7, 1, D,  4, UD },
	{ "VPDPWUSD",       "c4 e2 71 d2 c2",               7, 1, D, 10, UD },
	{ "VSM3MSG1",       "c4 e2 70 da c2",               7, 1, A,  1, UD },
	{ "VSM4KEY4",       "c4 e2 72 da c2",               7, 1, A,  2, UD },
	{ "VSHA512MSG1",    "c4 e2 7f cc c1",               7, 1, A,  0, UD },
	{ "CMPOXADD",       "c4 e2 71 e0 07",               7, 1, A,  7, UD },
	{ "LDTILECFG",      "c4 e2 78 49 07",               7, 0, D, 24, UD },
	{ "TILERELEASE",    "c4 e2 78 49 c0",               7, 0, D, 24, UD },
	{ "TDPBF16PS",      "c4 e2 62 5c c1",               7, 0, D, 22, UD },
	{ "VPXORD zmm",     "62 f1 75 48 ef c2",            7, 0, B, 16, UD },
	{ "KMOVW",          "c5 f8 92 c8",                  7, 0, B, 16, UD },
	{ "VPDPBUSD evex",  "62 f2 75 48 50 c2",            7, 0, C, 11, UD },
	{ "VAESENC evex",   "62 f2 75 48 dc c2",            7, 0, B, 16, UD },
	{ "EXTRQ",          "66 0f 78 c0 04 04",            0x80000001, 0, C,  6, UD },
	{ "INSERTQ",        "f2 0f 79 c1",                  0x80000001, 0, C,  6, UD },
	{ "MOVNTSS",        "f3 0f 2b 07",                  0x80000001, 0, C,  6, UD },
	{ "MOVNTSD",        "f2 0f 2b 07",                  0x80000001, 0, C,  6, UD },
	{ "VFMADDPS",       "c4 e3 71 68 c2 30",            0x80000001, 0, C, 16, UD },
	{ "VFRCZPS",        "8f e9 78 80 c1",               0x80000001, 0, C, 11, UD },
	{ "VPCMOV",         "8f e8 70 a2 c2 30",            0x80000001, 0, C, 11, UD },
	{ "BEXTR imm",      "8f ea 78 10 c1 04 04 00 00",   0x80000001, 0, C, 21, UD },
	{ "BLCFILL",        "8f e9 78 01 c9",               0x80000001, 0, C, 21, UD },
	{ "LLWPCB",         "8f e9 78 12 c0",               0x80000001, 0, C, 15, UD },
	{ "PFADD",          "0f 0f c1 9e",                  0x80000001, 0, D, 31, UD },
	{ "FEMMS",          "0f 0e",                        0x80000001, 0, D, 31, UD },
	{ "MONITORX",       "0f 01 fa",                     0x80000001, 0, C, 29, UD },
	{ "CLZERO",         "0f 01 fc",                     0x80000008, 0, B,  0, UD },
	{ "RDPRU",          "0f 01 fd",                     0x80000008, 0, B,  4, UD },
	{ "MCOMMIT",        "f3 0f 01 fa",                  0x80000008, 0, B,  8, UD },
	{ "BNDCL",          "f3 0f 1a 07",                  7, 0, B, 14, NOP_ },
	{ "BNDMK",          "f3 0f 1b 07",                  7, 0, B, 14, NOP_ },
	{ "BNDSTX",         "0f 1b 07",                     7, 0, B, 14, NOP_ },
	{ "CLDEMOTE",       "0f 1c 07",                     7, 0, C, 25, NOP_ },
	{ "RDSSPQ",         "f3 48 0f 1e c8",               7, 0, C,  7, NOP_ },
	{ "ENDBR64",        "f3 0f 1e fa",                  7, 0, D, 20, NOP_ },
	{ "PREFETCHIT0",    "0f 18 3d 00 00 00 00",         7, 1, D, 14, NOP_ },
	{ "PREFETCHWT1",    "0f 0d 17",                     7, 0, C,  0, NOP_ },
	{ "XACQUIRE ADD",   "f2 f0 01 07",                  7, 0, B,  4, NOP_ },
	{ "XRELEASE MOV",   "f3 89 07",                     7, 0, B,  4, NOP_ },
};

static sigjmp_buf back;
static int signo;
static uint64_t area[64] __attribute__((aligned(64)));

static void on_signal(int sig)
{
	signo = sig;
	siglongjmp(back, 1);
}

static int told(unsigned leaf, unsigned sub, int reg, int bit)
{
	unsigned r[4] = { 0 };

	if (__get_cpuid_max(leaf & 0x80000000, 0) < leaf)
		return 0;
	__cpuid_count(leaf, sub, r[0], r[1], r[2], r[3]);
	return r[reg] >> bit & 1;
}

/* Runs bytes with rax = 0, rcx = 0, rdi = area; the signal, or 0. */
static int run(uint8_t *code, const char *bytes)
{
	char *end;
	int n = 0;
	uint64_t rax = 0;

	for (const char *p = bytes; *p; p = end)
		code[n++] = strtoul(p, &end, 16);
	code[n] = 0xc3;
	signo = 0;
	if (!sigsetjmp(back, 1))
		__asm__ volatile("sub $128, %%rsp\n\tcall *%2\n\tadd $128, %%rsp" : "+a" (rax) : "D" (area), "r" (code)
			: "rcx", "rdx", "cc", "memory", "xmm0", "xmm1");
	return signo;
}

int main(void)
{
	uint8_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int stele = under_stele(), tried = 0;

	signal(SIGILL, on_signal);
	signal(SIGSEGV, on_signal);
	signal(SIGFPE, on_signal);
	signal(SIGTRAP, on_signal);
	signal(SIGBUS, on_signal);
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		int there = told(all[k].leaf, all[k].sub, all[k].reg, all[k].bit), sig;

		if (there && !stele)
			continue;
		if (there) {
			say("%s is told of\n", all[k].name);
			failures++;
		}
		tried++;
		sig = run(code, all[k].bytes);
		if (stele && sig != (all[k].is == UD ? SIGILL : 0)) {
			say("%s: signal %d\n", all[k].name, sig);
			failures++;
		}
	}
	expect(tried > 20);
	return done();
}
