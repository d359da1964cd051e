/* pcmpstr.c - PCMPISTRI and PCMPESTRI with every immediate, on short strings over a small alphabet: a sum of the index and
 * the flags for each. The native twin is the judge.  cflags: -msse4.2 */
#include <stdint.h>
#include <stdio.h>

typedef uint8_t v16 __attribute__((vector_size(16)));

static uint32_t seed = 1;
static uint32_t rnd(void) { return (seed = seed * 1664525 + 1013904223) >> 8; }

static void fill(v16 *v)
{
	int end = rnd() % 24, kinds = 1 + rnd() % 4;

	for (int k = 0; k < 16; k++)
		((uint8_t *)v)[k] = k == end ? 0 : (rnd() % kinds + 1) * (rnd() & 64 ? 1 : 63);
}

#define CASE(n) \
	case n: \
		__asm__("pcmpistri %4, %3, %2\n\tpushfq\n\tpopq %1" : "=c" (c), "=r" (f) : "x" (a), "x" (b), "i" (n) : "cc"); \
		__asm__("pcmpestri %4, %3, %2\n\tpushfq\n\tpopq %1" : "=c" (c2), "=r" (f2) \
			: "x" (a), "x" (b), "i" (n), "a" (la), "d" (lb) : "cc"); \
		break;
#define CASES(n) CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3) CASE(n + 4) CASE(n + 5) CASE(n + 6) CASE(n + 7)

int main(void)
{
	for (int imm = 0; imm < 128; imm++) {
		uint64_t sum = 0;

		for (int k = 0; k < 1000; k++) {
			uint64_t c = 0, f = 0, c2 = 0, f2 = 0;
			int la = rnd() % 40 - 20, lb = rnd() % 40 - 20;
			v16 a, b;

			fill(&a);
			fill(&b);
			if (rnd() & 1)
				for (int n = rnd() % 17; n--; )
					((uint8_t *)&b)[n] = ((uint8_t *)&a)[n];
			switch (imm) {
			CASES(0) CASES(8) CASES(16) CASES(24) CASES(32) CASES(40) CASES(48) CASES(56)
			CASES(64) CASES(72) CASES(80) CASES(88) CASES(96) CASES(104) CASES(112) CASES(120)
			}
			sum = sum * 31 + (c << 16 | (f & 0x8d5));
			sum = sum * 31 + (c2 << 16 | (f2 & 0x8d5));
		}
		printf("%02x %016lx\n", imm, sum);
	}
	return 0;
}
