/* decode_rule_test.c - the decoder's rules one by one: prefixes, features, ends of memory; and CPUID. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "gen/decode.h"
#include "x86/cpuid.h"
#include "x86/feature.h"
#include "x86/insn.h"

#define ALL   (~0ull)
#define NO(f) (ALL & ~X86_BIT(f))

static const struct { const char *bytes; u64 features; const char *text; } examples[] = {
	/* what the encoding is, in passing what the text looks like */
	{ "01 d8",                   ALL, "add eax, ebx" },
	{ "f0 48 0f b1 4c 88 10",    ALL, "lock cmpxchg qword ptr [rax+rcx*4+0x10], rcx" },
	{ "48 8b 05 f9 ff ff ff",    ALL, "mov rax, qword ptr [rip-0x7]" },
	{ "67 8b 03",                ALL, "mov eax, dword ptr [ebx]" },
	{ "64 48 8b 04 25 28 00 00 00", ALL, "mov rax, qword ptr fs:[0x28]" },
	{ "74 fe",                   ALL, "je 0x1000" },
	{ "66 0f 84 00 00 00 00",    ALL, "je 0x1007" },      /* 66 is ignored */
	{ "48 b8 88 77 66 55 44 33 22 11", ALL, "mov rax, 0x1122334455667788" },
	{ "a1 88 77 66 55 44 33 22 11", ALL, "mov eax, dword ptr [0x1122334455667788]" },
	{ "67 a1 88 77 66 f5",       ALL, "mov eax, dword ptr [0xf5667788]" },
	{ "c8 10 00 03",             ALL, "enter 0x10, 0x3" },
	{ "83 c0 ff",                ALL, "add eax, 0xffffffff" },
	{ "d7",                      ALL, "xlat al, byte ptr [rbx]" },
	{ "67 e3 00",                ALL, "jecxz 0x1003" },
	{ "d9 c9",                   ALL, "fxch st(0), st(1)" },
	/* byte registers: REX, whatever its bits, turns AH into SPL */
	{ "88 e0",                   ALL, "mov al, ah" },
	{ "40 88 e0",                ALL, "mov al, spl" },
	/* a REX that a prefix follows is void; W wins over 66 */
	{ "48 66 01 d8",             ALL, "add ax, bx" },
	{ "66 48 01 d8",             ALL, "add rax, rbx" },
	/* of the segments FS and GS only, and the last of them */
	{ "64 65 3e 8b 03",          ALL, "mov eax, dword ptr gs:[rbx]" },
	{ "36 8b 03",                ALL, "mov eax, dword ptr [rbx]" },
	/* mandatory prefixes: the last of F2 and F3, both before 66 */
	{ "f2 f3 0f 58 c1",          ALL, "addss xmm0, xmm1" },
	{ "f3 f2 0f 58 c1",          ALL, "addsd xmm0, xmm1" },
	{ "f2 66 0f 58 c1",          ALL, "addsd xmm0, xmm1" },
	{ "66 f2 0f 38 f1 c1",       ALL, "crc32 eax, cx" },
	{ "f3 66 0f b8 c1",          ALL, "popcnt ax, cx" },
	/* REP only where it means something; F2 repeats what has no condition */
	{ "f3 c3",                   ALL, "ret" },
	{ "f2 e9 00 00 00 00",       ALL, "jmp 0x1006" },
	{ "f3 a4",                   ALL, "rep movs byte ptr es:[rdi], byte ptr [rsi]" },
	{ "f2 a4",                   ALL, "rep movs byte ptr es:[rdi], byte ptr [rsi]" },
	{ "f2 ae",                   ALL, "repne scas al, byte ptr es:[rdi]" },
	{ "f3 a6",                   ALL, "repe cmps byte ptr [rsi], byte ptr es:[rdi]" },
	/* 90 */
	{ "90",                      ALL, "nop" },
	{ "41 90",                   ALL, "xchg r8d, eax" },
	{ "48 90",                   ALL, "nop" },
	{ "66 90",                   ALL, "nop" },
	{ "f3 90",                   ALL, "pause" },
	{ "f3 41 90",                ALL, "pause" },
	/* SIB: no index is 4 without REX.X; no base is 5 with mod 0, REX.B or not */
	{ "8b 04 24",                ALL, "mov eax, dword ptr [rsp]" },
	{ "42 8b 04 24",             ALL, "mov eax, dword ptr [rsp+r12]" },
	{ "41 8b 04 25 00 10 00 00", ALL, "mov eax, dword ptr [0x1000]" },
	{ "41 8b 45 00",             ALL, "mov eax, dword ptr [r13]" },
	{ "41 8b 05 00 00 00 00",    ALL, "mov eax, dword ptr [rip]" },
	/* a feature that is not there: another instruction, a NOP, or #UD */
	{ "f3 0f bc c1",             ALL, "tzcnt eax, ecx" },
	{ "f3 0f bc c1",             NO(BMI1), "bsf eax, ecx" },
	{ "f3 0f bd c1",             NO(LZCNT), "bsr eax, ecx" },
	{ "f3 48 0f 1e c8",          ALL, "rdsspq rax" },
	{ "f3 48 0f 1e c8",          NO(CETSS), "nop rax, rcx" },
	{ "f3 0f 1e fa",             NO(CETSS), "endbr64" },
	{ "0f 0d 08",                NO(PREFETCHW), "nop dword ptr [rax], ecx" },
	{ "f3 0f b8 c1",             NO(POPCNT), 0 },
	{ "0f a2",                   X86_BIT(BASE), "cpuid" },
	{ "0f 58 c1",                NO(SSE), 0 },
	{ "c5 f0 58 c1",             NO(AVX), 0 },
	{ "c4 e2 71 dc c1",          ALL, "vaesenc xmm0, xmm1, xmm1" },
	{ "c4 e2 71 dc c1",          NO(AVX), 0 },
	{ "c4 e2 70 f2 c1",          NO(AVX), "andn eax, ecx, ecx" },
	/* LOCK: with a memory destination, where a row says so */
	{ "f0 01 03",                ALL, "lock add dword ptr [rbx], eax" },
	{ "f0 03 03",                ALL, 0 },
	{ "f0 01 d8",                ALL, 0 },
	{ "f0 39 03",                ALL, 0 },
	{ "f0 8b 03",                ALL, 0 },
	{ "f0 0f ab 03",             ALL, "lock bts dword ptr [rbx], eax" },
	{ "f0 0f a3 03",             ALL, 0 },
	/* VEX: nothing of 66 F2 F3 F0 REX before it, vvvv free where unused, gathers' registers distinct */
	{ "c5 f1 fe c2",             ALL, "vpaddd xmm0, xmm1, xmm2" },
	{ "66 c5 f1 fe c2",          ALL, 0 },
	{ "f0 c5 f1 fe c2",          ALL, 0 },
	{ "48 c5 f1 fe c2",          ALL, 0 },
	{ "65 c5 f1 fe 03",          ALL, "vpaddd xmm0, xmm1, xmmword ptr gs:[rbx]" },
	{ "c5 f8 10 c2",             ALL, "vmovups xmm0, xmm2" },
	{ "c5 f0 10 c2",             ALL, 0 },
	{ "c4 e2 69 90 04 88",       ALL, "vpgatherdd xmm0, dword ptr [rax+xmm1*4], xmm2" },
	{ "c4 e2 71 90 04 88",       ALL, 0 },
	{ "c4 e2 79 90 04 88",       ALL, 0 },
	{ "c4 e2 69 90 00",          ALL, 0 },
	{ "c4 e3 71 4a c2 30",       ALL, "vblendvps xmm0, xmm1, xmm2, xmm3" },
	/* memory only, register only, no such register, not in 64-bit mode */
	{ "8d c0",                   ALL, 0 },
	{ "0f c7 c8",                ALL, 0 },
	{ "8e c8",                   ALL, 0 },
	{ "8e f8",                   ALL, 0 },
	{ "0f 20 c8",                ALL, 0 },
	{ "06",                      ALL, 0 },
	{ "27",                      ALL, 0 },
	{ "62 f1 7d 48 6f c1",       ALL, 0 },
	{ "82 c0 01",                ALL, 0 },
	{ "9a 00 00 00 00 00 00",    ALL, 0 },
	{ "d6",                      ALL, 0 },
	{ "0f 04",                   ALL, 0 },
	{ "8f c8",                   ALL, 0 },
};

static size_t parse(const char *s, u8 *b)
{
	size_t n = 0;

	while (*s)
		b[n++] = strtoul(s, (char **)&s, 16);
	return n;
}

static void test_examples(void **state)
{
	for (size_t k = 0; k < countof(examples); k++) {
		u8 b[16] = { 0 };
		size_t n = parse(examples[k].bytes, b);
		struct insn i;
		enum x86_status s = x86_decode(&i, b, n, 0x1000, examples[k].features);
		char text[100];

		if (!examples[k].text) {
			if (s != X86_UD)
				print_message("%s: status %d\n", examples[k].bytes, s);
			assert_int_equal(s, X86_UD);
			continue;
		}
		if (s)
			print_message("%s: status %d\n", examples[k].bytes, s);
		assert_int_equal(s, X86_OK);
		assert_int_equal(i.len, n);
		x86_text(text, sizeof text, &i);
		assert_string_equal(text, examples[k].text);
	}
}

static void test_length(void **state)
{
	u8 b[17];
	struct insn i;

	memset(b, 0x66, sizeof b);
	b[14] = b[15] = b[16] = 0x90;
	assert_int_equal(x86_decode(&i, b, 17, 0, ALL), X86_OK);
	assert_int_equal(i.len, 15);
	b[14] = 0x66;
	assert_int_equal(x86_decode(&i, b, 17, 0, ALL), X86_TOOLONG);
	assert_int_equal(x86_decode(&i, b, 14, 0, ALL), X86_SHORT);
	assert_int_equal(x86_decode(&i, b, 0, 0, ALL), X86_SHORT);
}

/* An instruction that ends before an unmapped page: all of it decodes, none of its beginnings does, and the byte
 * behind the end is never looked at. */
static void test_end_of_memory(void **state)
{
	u8 *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 s = 1;
	int decoded = 0;

	assert_ptr_not_equal(m, MAP_FAILED);
	assert_int_equal(mprotect(m + 4096, 4096, PROT_NONE), 0);
	for (int round = 0; round < 200000; round++) {
		u8 b[16];
		struct insn i, j;

		for (int k = 0; k < 16; k++) {
			s = s * 6364136223846793005 + 1442695040888963407;
			b[k] = s >> 56;
		}
		if (round & 1)
			b[round >> 1 & 1] = 0x0f;
		if (x86_decode(&i, b, 15, 0x1000, ALL) != X86_OK)
			continue;
		decoded++;
		memcpy(m + 4096 - i.len, b, i.len);
		assert_int_equal(x86_decode(&j, m + 4096 - i.len, i.len, 0x1000, ALL), X86_OK);
		assert_int_equal(j.len, i.len);
		assert_int_equal(j.row, i.row);
		for (int n = 0; n < i.len; n++) {
			memcpy(m + 4096 - n, b, n);
			assert_int_equal(x86_decode(&j, m + 4096 - n, n, 0x1000, ALL), X86_SHORT);
		}
	}
	assert_true(decoded > 100000);
	munmap(m, 8192);
}

/* Never a form whose feature is missing; and a missing feature changes only the forms that need it. */
static void test_features(void **state)
{
	u64 s = 7;

	for (int round = 0; round < 500000; round++) {
		u8 b[16];
		struct insn i, j;
		u64 mask;
		enum x86_status si, sj;

		for (int k = 0; k < 16; k++) {
			s = s * 6364136223846793005 + 1442695040888963407;
			b[k] = s >> 56;
		}
		mask = s | X86_BIT(BASE);
		b[0] = round & 1 ? 0x0f : (round & 2 ? 0xc5 : b[0]);
		if (round & 4) {
			memmove(b + 1, b, 15);
			b[0] = round & 8 ? 0xf3 : 0x66;
		}
		si = x86_decode(&i, b, 15, 0, ALL);
		sj = x86_decode(&j, b, 15, 0, mask);
		if (sj == X86_OK) {
			assert_true(mask >> x86_rows[j.row].feature & 1);
			if (x86_rows[j.row].attr & ROW_VEX && x86_rows[j.row].attr & ROW_VEC)
				assert_true(mask & X86_BIT(AVX));
		}
		if (si == X86_OK && mask >> x86_rows[i.row].feature & 1 && !(x86_rows[i.row].attr & ROW_VEX)) {
			assert_int_equal(sj, X86_OK);
			assert_int_equal(i.row, j.row);
		}
	}
}

static void test_text_fits(void **state)
{
	u8 b[] = { 0xf0, 0x48, 0x0f, 0xb1, 0x4c, 0x88, 0x10 };
	struct insn i;
	char text[100], small[10];
	int n;

	assert_int_equal(x86_decode(&i, b, sizeof b, 0, ALL), X86_OK);
	n = x86_text(text, sizeof text, &i);
	assert_int_equal(n, strlen(text));
	memset(small, '#', sizeof small);
	assert_int_equal(x86_text(small, 9, &i), n);
	assert_int_equal(small[8], 0);
	assert_int_equal(small[9], '#');
	assert_memory_equal(small, text, 8);
	assert_int_equal(x86_text(small, 0, &i), n);
}

/* ---- CPUID ---------------------------------------------------------------------------------------------- */

static void test_cpuid(void **state)
{
	struct x86_cpu cpu = { .features = X86_V3 | X86_BIT(LAHF), .cpu = 5, .ncpus = 6 };
	char name[49] = { 0 };
	u32 o[4];

	x86_cpuid(0, 0, &cpu, o);
	assert_int_equal(o[0], X86_CPUID_MAX);
	memcpy(name, &o[1], 4);
	memcpy(name + 4, &o[3], 4);
	memcpy(name + 8, &o[2], 4);
	assert_string_equal(name, "SteleVirtual");
	for (u32 k = 0; k < 3; k++) {
		x86_cpuid(0x80000002 + k, 0, &cpu, o);
		memcpy(name + 16 * k, o, 16);
	}
	assert_string_equal(name, "SteleVirtual @ 2.50GHz");

	x86_cpuid(1, 0, &cpu, o);
	assert_true(o[2] & 1 << 28 && o[2] & 1 << 27 && o[2] & 1 << 20);        /* AVX, OSXSAVE, SSE4.2 */
	assert_true(o[3] & 1 << 26 && o[3] & 1 << 0);                           /* SSE2, x87 */
	assert_int_equal(o[1] >> 24, 5);                                        /* APIC id */
	x86_cpuid(7, 0, &cpu, o);
	assert_true(o[1] & 1 << 5 && o[1] & 1 << 8);                            /* AVX2, BMI2 */
	assert_false(o[1] & 1 << 16);                                           /* AVX-512 */
	x86_cpuid(7, 2, &cpu, o);
	assert_int_equal(o[0] | o[1] | o[2] | o[3], 0);

	/* leaf 0BH: six CPUs in one package, told apart by three bits */
	x86_cpuid(0xb, 1, &cpu, o);
	assert_int_equal(o[0], 3);
	assert_int_equal(o[1], 6);
	assert_int_equal(o[2], 0x201);
	assert_int_equal(o[3], 5);
	x86_cpuid(0xb, 2, &cpu, o);
	assert_int_equal(o[0] | o[1], 0);
	assert_int_equal(o[2], 2);

	/* the last-level cache: 16 MiB, all share it */
	x86_cpuid(4, 3, &cpu, o);
	assert_int_equal((u64)((o[1] & 0xfff) + 1) * ((o[1] >> 22) + 1) * (o[2] + 1), 16 << 20);
	assert_int_equal((o[0] >> 14 & 0xfff) + 1, 8);
	x86_cpuid(4, 4, &cpu, o);
	assert_int_equal(o[0], 0);

	x86_cpuid(0xd, 0, &cpu, o);
	assert_int_equal(o[0], 7);
	assert_int_equal(o[1], 832);
	cpu.features &= ~X86_BIT(AVX);
	x86_cpuid(0xd, 0, &cpu, o);
	assert_int_equal(o[0], 3);
	assert_int_equal(o[1], 576);
	cpu.features &= ~X86_BIT(XSAVE);
	x86_cpuid(0xd, 0, &cpu, o);
	assert_int_equal(o[0], 0);

	x86_cpuid(0x80000008, 0, &cpu, o);
	assert_int_equal(o[0], 48 << 8 | 48);
	cpu.vendor = X86_VENDOR_AMD;
	x86_cpuid(1, 0, &cpu, o);
	assert_int_equal(o[0], 0x800f12);                                       /* family 23, model 1, stepping 2 */
}

/* Every announced feature with a bit is told of, and nothing else is. */
static void test_cpuid_features(void **state)
{
	static const struct { const char *name; u32 leaf, subleaf; int reg, bit; } at[] = {
#define A 0
#define B 1
#define C 2
#define D 3
#define F(name, leaf, subleaf, reg, bit, linux) { #name, leaf, subleaf, reg, bit },
#include "x86/feature.def"
	};

	for (size_t k = 0; k < countof(at); k++) {
		struct x86_cpu with = { .features = 1ull << k | X86_BIT(XSAVE) }, without = { .features = X86_BIT(XSAVE) };
		u32 o[4], p[4];

		if (at[k].bit < 0 || k == X86_XSAVE)
			continue;
		x86_cpuid(at[k].leaf, at[k].subleaf, &with, o);
		x86_cpuid(at[k].leaf, at[k].subleaf, &without, p);
		assert_int_equal(o[at[k].reg], p[at[k].reg] | 1u << at[k].bit);
		assert_false(p[at[k].reg] >> at[k].bit & 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples), cmocka_unit_test(test_length), cmocka_unit_test(test_end_of_memory),
		cmocka_unit_test(test_features), cmocka_unit_test(test_text_fits),
		cmocka_unit_test(test_cpuid), cmocka_unit_test(test_cpuid_features),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
