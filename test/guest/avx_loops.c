/* avx_loops.c - random loops of vector instructions, legacy and VEX, 128 and 256 bits, run often enough to be translated
 * with all that is known of their registers: what ymm registers hold at the end, as one number for each loop.
 *
 * No floating-point arithmetic, so that the answer is the same on every machine. Without AVX2 it says so.
 */
#include "check.h"
#include "loops.h"
#include <cpuid.h>
#include <sys/mman.h>

enum { LOOPS = 300, ROOM = 1024, TIMES = 700 };

static const struct op ops[] = {
	{ 1, 0xfe, 1 }, { 1, 0xef, 1 }, { 1, 0xdb, 1 }, { 1, 0xdf, 1 }, { 1, 0xeb, 1 }, { 1, 0xd4, 1 }, { 1, 0xfa, 1 }, { 1, 0xf4, 1 },
	{ 1, 0x61, 1 }, { 1, 0x6c, 1 }, { 1, 0x6d, 1 }, { 1, 0x67, 1 }, { 1, 0x75, 1 }, { 0, 0x14, 1 }, { 0, 0x57, 1 }, { 1, 0x54, 1 },
	{ 0, 0x28, 0 }, { 1, 0x6f, 0 }, { 2, 0x6f, 0 }, { 0, 0x28, 0 }, { 2, 0x12, 0 }, { 2, 0x16, 0 },
	{ 0, 0xc6, 1, 1 }, { 1, 0x70, 0, 1 }, { 2, 0x10, 1, 0, 1 }, { 3, 0x10, 1, 0, 1 }, { 2, 0x7e, 0, 0, 1 }, { 1, 0xf2, 1, 0, 0 },
	{ 1, 0xd2, 1, 0, 0 },
};

static unsigned reg(void) { return below(3) ? below(2) * 7 + below(3) : below(16); }    /* few, of both kinds */

static void across(void)                        /* vinsertf128, vextractf128, vperm2f128, vpermq */
{
	unsigned d = reg(), a = reg(), b = reg(), which = below(4);
	static const uint8_t op[] = { 0x18, 0x19, 0x06, 0x00 };

	*p++ = 0xc4;
	*p++ = !(d & 8) << 7 | 0x40 | !(b & 8) << 5 | 3;
	*p++ = (which == 3) << 7 | (which == 0 || which == 2 ? ~a & 15 : 15) << 3 | 4 | 1;
	*p++ = op[which];
	*p++ = 0xc0 | (d & 7) << 3 | (b & 7);
	*p++ = below(256);
}

static void memory(int store, int wide)         /* vmovdqu [rdi + n], r and back */
{
	unsigned d = reg();

	*p++ = 0xc4;
	*p++ = !(d & 8) << 7 | 0x61;
	*p++ = 0x78 | wide << 2 | 2;
	*p++ = store ? 0x7f : 0x6f;
	*p++ = 0x40 | (d & 7) << 3 | 7;
	*p++ = below(96);
}

static void one(void)
{
	unsigned k = below(100);

	if (k < 55) encode(&ops[below(sizeof ops / sizeof *ops)], 1, below(2));
	else if (k < 70) encode(&ops[below(sizeof ops / sizeof *ops)], 0, 0);
	else if (k < 80) across();
	else if (k < 92) memory(below(2), below(2));
	else if (k < 95) put("\xc5\xf8\x77", 3);        /* vzeroupper */
	else put("\xc5\xfc\x57\xc0", 4);                /* vxorps ymm0, ymm0, ymm0 */
}

/* void loop(rdi: memory, rsi: registers before and after); ecx counts. */
static void make(void)
{
	uint8_t *top;
	unsigned n = 3 + below(14);

	for (int k = 0; k < 16; k++) {                  /* vmovdqu ymmK, [rsi + 32 * K] */
		uint32_t at = 32 * k;

		*p++ = 0xc4; *p++ = !(k & 8) << 7 | 0x61; *p++ = 0x7e; *p++ = 0x6f; *p++ = 0x80 | (k & 7) << 3 | 6;
		put((char *)&at, 4);
	}
	put("\xb9", 1);
	put((char *)&(uint32_t){ TIMES }, 4);
	top = p;
	while (n--) {
		uint8_t *skip = 0;

		if (below(5) == 0) {                    /* test cl, imm; jz over it */
			put("\xf6\xc1", 2);
			*p++ = 1 << below(3);
			put("\x74\0", 2);
			skip = p;
		}
		one();
		if (skip) skip[-1] = p - skip;
	}
	put("\xff\xc9\x0f\x85", 4);
	put((char *)&(int32_t){ top - (p + 4) }, 4);
	for (int k = 0; k < 16; k++) {
		uint32_t at = 32 * k;

		*p++ = 0xc4; *p++ = !(k & 8) << 7 | 0x61; *p++ = 0x7e; *p++ = 0x7f; *p++ = 0x80 | (k & 7) << 3 | 6;
		put((char *)&at, 4);
	}
	put("\xc5\xf8\x77\xc3", 4);                     /* vzeroupper; ret */
}

static uint64_t registers[16][4], data[32];

static uint64_t hash(const void *v, size_t n, uint64_t h)
{
	for (const uint64_t *q = v; n; n -= 8)
		h = (h ^ *q++) * 0x100000001b3 + (h >> 29);
	return h;
}

int main(void)
{
	uint8_t *code = mmap(0, LOOPS * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!__builtin_cpu_supports("avx2")) {
		say("no AVX2 here\n");
		return 0;
	}
	expect(code != MAP_FAILED);
	for (int k = 0; k < LOOPS; k++) {
		p = code + k * ROOM;
		make();
		if (p > code + (k + 1) * ROOM) return 2;
	}
	mprotect(code, LOOPS * ROOM, PROT_READ | PROT_EXEC);
	for (int k = 0; k < LOOPS; k++) {
		for (size_t j = 0; j < sizeof registers / 8; j++)
			((uint64_t *)registers)[j] = (uint64_t)below(1u << 31) << 33 ^ below(1u << 31);
		for (size_t j = 0; j < sizeof data / 8; j++)
			data[j] = (uint64_t)below(1u << 31) << 33 ^ below(1u << 31);
		((void (*)(void *, void *))(code + k * ROOM))(data, registers);
		say("%d %016llx\n", k, (unsigned long long)hash(registers, sizeof registers, hash(data, sizeof data, 1)));
	}
	return done();
}
