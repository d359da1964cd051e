/* fp_loops.c - random loops of floating-point instructions, legacy and VEX, between moves, shuffles, string instructions and
 * pushes, on ordinary numbers: what registers and memory hold at the end, as one number for each loop.
 *
 * With such numbers the host needs no FEAT_AFP to be exact, so this sees what the translator does without it in longer code:
 * scalars that are read where they were made, lanes that nobody reads. Where a NaN comes up there is nothing to compare.
 */
#include "check.h"
#include "loops.h"
#include <sys/mman.h>

enum { LOOPS = 1200, ROOM = 1024, TIMES = 700 };

static const struct op ops[] = {
	{ 2, 0x58, 1 }, { 3, 0x58, 1 }, { 0, 0x58, 1 }, { 1, 0x58, 1 }, { 2, 0x59, 1 }, { 3, 0x59, 1 }, { 0, 0x59, 1 }, { 1, 0x59, 1 },
	{ 2, 0x5c, 1 }, { 3, 0x5c, 1 }, { 0, 0x5c, 1 }, { 1, 0x5c, 1 }, { 2, 0x5e, 1 }, { 3, 0x5e, 1 }, { 0, 0x5e, 1 }, { 1, 0x5e, 1 },
	{ 2, 0x5d, 1 }, { 3, 0x5d, 1 }, { 0, 0x5d, 1 }, { 1, 0x5d, 1 }, { 2, 0x5f, 1 }, { 3, 0x5f, 1 }, { 0, 0x5f, 1 }, { 1, 0x5f, 1 },
	{ 1, 0x7c, 1 }, { 3, 0x7c, 1 }, { 1, 0xd0, 1 }, { 3, 0xd0, 1 }, { 2, 0x10, 1 }, { 3, 0x10, 1 }, { 2, 0x10, 1 }, { 3, 0x10, 1 },
	{ 0, 0x28, 0 }, { 1, 0x28, 0 }, { 0, 0x10, 0 }, { 0, 0x12, 1 }, { 0, 0x16, 1 }, { 0, 0x14, 1 }, { 1, 0x14, 1 }, { 1, 0x15, 1 },
	{ 0, 0xc6, 1, 1 }, { 1, 0x70, 0, 1 }, { 0, 0x2e, 0 }, { 1, 0x2e, 0 },
};

static unsigned reg(void) { return below(3) ? below(5) : below(10); }

static void memory(void)                        /* movss, movsd, movups, movlps, movhps: r, [rdi + n] and back */
{
	static const char ops[][3] = { "\xf3\x0f\x10", "\xf2\x0f\x10", "\x0f\x10", "\x0f\x12", "\x0f\x16" };
	unsigned k = below(5);

	put(ops[k], k < 2 ? 3 : 2);
	if (below(2)) p[-1]++;                  /* the store */
	*p++ = 0x40 | below(8) << 3 | 7;
	*p++ = below(7) * 16;
}

static void integer(void)                       /* cvtsi2ss, cvtsi2sd of esi; push, pop; setcc; rep movsb, rep stosb */
{
	switch (below(5)) {
	case 0: put("\xf3\x0f\x2a", 3); *p++ = 0xc6 | below(8) << 3; break;
	case 1: put("\xf2\x0f\x2a", 3); *p++ = 0xc6 | below(8) << 3; break;
	case 2: put("\x56\x5e", 2); break;
	case 3: put("\x0f\x92\xc0\x00\xc2", 5); break;         /* setb al; add dl, al */
	case 4:
		put("\x57\x56\x51\x48\x8d\xb7\x00\x01\x00\x00\x48\x8d\xbf\x00\x02\x00\x00\xb9", 18);   /* from [rdi + 256] to [rdi + 512] */
		put((char *)&(uint32_t){ 1 + below(60) }, 4);
		put(below(2) ? "\xf3\xa4" : "\xf3\xaa", 2);
		put("\x59\x5e\x5f", 3);
	}
}

/* void loop(rdi: memory); all registers come from there in each round. */
static void make(int vex)
{
	unsigned n = 3 + below(18), times = below(3) ? TIMES : 2;
	uint8_t *top;

	put("\x53\xbe\x03\x00\x00\x00\x31\xd2\x31\xc0\xbb", 11);      /* push rbx; esi = 3; edx = eax = 0; ebx = times */
	put((char *)&times, 4);
	top = p;
	for (int k = 0; k < 10; k++) {                  /* movups xmmK, [rdi + 1024 + 16 * K] */
		if (k >= 8) *p++ = 0x44;
		put("\x0f\x10", 2);
		*p++ = 0x87 | (k & 7) << 3;
		put((char *)&(uint32_t){ 1024 + 16 * k }, 4);
	}
	while (n--) {
		unsigned k = below(100);

		if (k < 75) encode(&ops[below(sizeof ops / sizeof *ops)], vex && below(3), 0);
		else if (k < 90) memory();
		else integer();
	}
	put("\xff\xcb\x0f\x85", 4);                     /* dec ebx; jnz */
	put((char *)&(int32_t){ top - (p + 4) }, 4);
	for (int k = 0; k < 10; k++) {                  /* movups [rdi + 1536 + 16 * K], xmmK */
		if (k >= 8) *p++ = 0x44;
		put("\x0f\x11", 2);
		*p++ = 0x87 | (k & 7) << 3;
		put((char *)&(uint32_t){ 1536 + 16 * k }, 4);
	}
	put("\x88\x97\x00\x07\x00\x00\x5b\xc3", 8);     /* [rdi + 1792] = dl; pop rbx; ret */
}

static uint32_t data[512];

/* Numbers from 1 to 2, whether words are taken for singles or pairs of them for doubles. */
static void fill(void)
{
	for (int k = 0; k < 512; k++)
		data[k] = k & 1 ? 0x3ff00000 | below(1 << 20) : 0x3f800000 | below(1 << 23);
}

static int has_nan(void)
{
	for (int k = 0; k < 512; k++)
		if (data[k] << 1 > 0xff000000u || (k & 1 && data[k] << 1 > 0xffe00000u)) return 1;
	return 0;
}

int main(void)
{
	uint8_t *code = mmap(0, LOOPS * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int vex = __builtin_cpu_supports("avx"), compared = 0;

	expect(code != MAP_FAILED);
	for (int k = 0; k < LOOPS; k++) {
		p = code + k * ROOM;
		make(vex && k & 1);
		if (p > code + (k + 1) * ROOM) return 2;
	}
	mprotect(code, LOOPS * ROOM, PROT_READ | PROT_EXEC);
	for (int k = 0; k < LOOPS; k++) {
		uint64_t h = 1;

		fill();
		((void (*)(void *))(code + k * ROOM))(data);
		if (has_nan()) continue;
		compared++;
		for (int j = 0; j < 512; j++)
			h = (h ^ data[j]) * 0x100000001b3 + (h >> 29);
		say("%d %016llx\n", k, (unsigned long long)h);
	}
	expect(compared > LOOPS / 2);
	return done();
}
