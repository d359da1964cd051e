/* mask_fault.c - masked moves at the edges of what may be accessed: an element whose mask is clear does not fault, one whose
 * mask is set does, and a load that faults leaves its register. One line for each hundred.
 *
 * cflags: -O2 -mavx2
 */
#include "check.h"
#include <immintrin.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

enum { SIZE = 65536, TIMES = 6000 };
static sigjmp_buf back;
static uint64_t seed = 88172645463325252ull, sum = 0xcbf29ce484222325;
static __m256i mask, was, is;

static void fault(int sig) { siglongjmp(back, 1); }

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static void mix(const void *p, int n)
{
	for (int k = 0; k < n; k++)
		sum = (sum ^ ((const uint8_t *)p)[k]) * 0x100000001b3;
}

#define LOAD(op, r) __asm__ volatile("vmovdqu %1, %%ymm1\n vmovdqu %2, %%ymm2\n" op " (%3), %%" r "1, %%" r "2\n vmovdqu %%ymm2, %0" \
	: "=m"(is) : "m"(mask), "m"(was), "r"(p) : "xmm1", "xmm2", "memory")
#define STORE(op, r) __asm__ volatile("vmovdqu %0, %%ymm1\n vmovdqu %1, %%ymm2\n" op " %%" r "2, %%" r "1, (%2)" \
	: : "m"(mask), "m"(was), "r"(p) : "xmm1", "xmm2", "memory")

static void move(int op, uint8_t *p)
{
	switch (op) {
	case 0: LOAD("vmaskmovps", "xmm"); break;
	case 1: LOAD("vmaskmovpd", "xmm"); break;
	case 2: LOAD("vpmaskmovd", "ymm"); break;
	case 3: LOAD("vpmaskmovq", "ymm"); break;
	case 4: STORE("vpmaskmovd", "xmm"); break;
	case 5: STORE("vpmaskmovq", "xmm"); break;
	case 6: STORE("vmaskmovps", "ymm"); break;
	case 7: STORE("vmaskmovpd", "ymm"); break;
	}
}

int main(void)
{
	struct sigaction sa = { .sa_handler = fault };
	uint8_t *m = mmap(0, 3 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int faults = 0;

	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2")) {
		printf("no AVX2\n");
		return 0;
	}
	m += SIZE;
	mprotect(m, SIZE, PROT_READ | PROT_WRITE);
	sigaction(SIGSEGV, &sa, 0);
	for (int k = 0; k < SIZE; k++)
		m[k] = rnd();
	for (volatile int n = 0; n < TIMES; n++) {
		uint64_t bits[4];
		int op = rnd() % 8;
		uint8_t *p = n & 1 ? m + SIZE - rnd() % 40 : n & 2 ? m - rnd() % 40 : m + rnd() % (SIZE - 40);

		for (int k = 0; k < 4; k++)
			bits[k] = n % 7 == 0 ? ~0ull : n % 11 == 0 ? 0 : rnd() & rnd();
		memcpy(&mask, bits, sizeof mask);
		is = was = _mm256_set1_epi32(n);
		if (!sigsetjmp(back, 1)) {
			move(op, p);
		} else {
			faults++;
			for (int k = 0; k < 32 && op > 3; k++)  /* how much of it was stored is the CPU's affair */
				if (p + k >= m && p + k < m + SIZE) p[k] = k;
		}
		mix(&is, sizeof is);
		if (n % 100 == 99) printf("%d: %d faults, %016llx\n", n, faults, (unsigned long long)sum);
	}
	mix(m, SIZE);
	printf("%016llx\n", (unsigned long long)sum);
	return 0;
}
