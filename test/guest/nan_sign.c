/* nan_sign.c - the sign of the NaNs that divisions and square roots make, and of those that pass through sums by ADDSUBPx
 * and FMADDSUB, in every lane and register form: one line for each instruction and first operand.
 *
 * cflags: -O2 -mavx2 -mfma
 * Lanes with NaNs in two operands are left out, as are the NaNs that other instructions make: without FEAT_AFP the host's
 * choice and sign differ there (doc/float.md).
 */
#include "check.h"
#include <immintrin.h>
#include <stdint.h>

typedef union { uint32_t s[8]; uint64_t d[4]; __m256i v; } vec;
static vec a, b, c, r;
static uint64_t sum;

static const uint64_t values[] = {
	0, 1ull << 63, 0x3ff0000000000000, 0xc008000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
	0xfff8000000000000, 0x7ff8000020000000, 0xfff80000a0000000, 0x7ff4000020000000, 0xfff4000020000000,
};
enum { N = sizeof values / sizeof *values };

static void put(vec *x, int w, int lane, uint64_t v)
{
	if (w == 8) x->d[lane] = v;
	else x->s[lane] = v >> 32 & 0xc0000000 ? (v >> 32 & 0xc0000000) | (v >> 29 & 0x3fffffff) : v >> 29;
}

static uint64_t lane(const vec *x, int w, int k) { return w == 8 ? x->d[k] : x->s[k]; }
static int is_nan(uint64_t x, int w) { return w == 4 ? (uint32_t)x << 1 > 0xff000000 : x << 1 > 0xffe0000000000000; }

/* Infinity times zero, and a NaN: which of the two counts differs too. */
static int no_product(int w, int k)
{
	uint64_t x[3] = { lane(&a, w, k), lane(&b, w, k), lane(&c, w, k) };
	int zeros = 0, infs = 0;

	for (int n = 0; n < 3; n++) {
		uint64_t twice = w == 4 ? (uint32_t)x[n] << 1 : x[n] << 1;

		zeros += !twice;
		infs += twice == (w == 4 ? 0xff000000 : 0xffe0000000000000);
	}
	return zeros && infs;
}

static void mix(int w, int n, int makes)                /* makes: NaNs of its own count too */
{
	for (int k = 0; k < 32 / w; k++) {
		uint64_t x = lane(&r, w, k);
		int nans = is_nan(lane(&a, w, k), w) + is_nan(lane(&b, w, k), w) + (n > 2 && is_nan(lane(&c, w, k), w));

		if (is_nan(x, w) && (nans > 1 || (!nans && !makes) || (n > 2 && no_product(w, k)))) x = 1;
		sum = (sum ^ x) * 0x100000001b3;
	}
}

#define LEGACY(op) __asm__ volatile("movups %1, %%xmm1\n movups %2, %%xmm2\n" op " %%xmm2, %%xmm1\n movups %%xmm1, %0" \
	: "=m"(r) : "m"(a), "m"(b) : "xmm1", "xmm2")
#define VEX(op, y, d, n, m) __asm__ volatile("vmovups %1, %%ymm1\n vmovups %2, %%ymm2\n vmovups %3, %%ymm3\n" \
	op " %%" y #m ", %%" y #n ", %%" y #d "\n vmovups %%ymm" #d ", %0" \
	: "=m"(r) : "m"(a), "m"(b), "m"(c) : "xmm1", "xmm2", "xmm3", "xmm4", "xmm9")
#define VEX1(op, y, d) __asm__ volatile("vmovups %1, %%ymm1\n vmovups %2, %%ymm2\n" op " %%" y "2, %%" y #d "\n vmovups %%ymm" #d ", %0" \
	: "=m"(r) : "m"(a), "m"(b) : "xmm1", "xmm2", "xmm4")

#define EACH(name, w, n, makes, run) \
	for (int k = 0; k < N; k++) { \
		sum = 0xcbf29ce484222325; \
		for (int j = 0; j < N * N; j++) { \
			for (int l = 0; l < 32 / w; l++) { \
				put(&a, w, l, values[(k + l / 2) % N]); \
				put(&b, w, l, values[(j + l) % N]); \
				put(&c, w, l, values[(j / N + l) % N]); \
			} \
			memset(&r, 0, sizeof r); \
			run; \
			mix(w, n, makes); \
		} \
		printf("%s %d: %016llx\n", name, k, (unsigned long long)sum); \
	}
#define TWO(op, w, makes) \
	EACH(op, w, 2, makes, LEGACY(op)) \
	EACH("v" op, w, 2, makes, VEX("v" op, "xmm", 4, 1, 2)) EACH("v" op " d=a", w, 2, makes, VEX("v" op, "xmm", 1, 1, 2)) \
	EACH("v" op " d=b", w, 2, makes, VEX("v" op, "xmm", 2, 1, 2))
#define PACKED(op, w, makes) \
	TWO(op, w, makes) \
	EACH("v" op " ymm", w, 2, makes, VEX("v" op, "ymm", 4, 1, 2)) EACH("v" op " ymm9", w, 2, makes, VEX("v" op, "ymm", 9, 1, 2)) \
	EACH("v" op " ymm d=a", w, 2, makes, VEX("v" op, "ymm", 1, 1, 2)) EACH("v" op " ymm d=b", w, 2, makes, VEX("v" op, "ymm", 2, 1, 2))
#define ROOT(op, w) \
	EACH(op, w, 2, 1, LEGACY(op)) EACH("v" op, w, 2, 1, VEX1("v" op, "xmm", 4)) EACH("v" op " d=b", w, 2, 1, VEX1("v" op, "xmm", 2)) \
	EACH("v" op " ymm", w, 2, 1, VEX1("v" op, "ymm", 4)) EACH("v" op " ymm d=b", w, 2, 1, VEX1("v" op, "ymm", 2))
#define FUSED(op, w) \
	EACH(op, w, 3, 0, VEX(op, "xmm", 3, 1, 2)) EACH(op " ymm", w, 3, 0, VEX(op, "ymm", 3, 1, 2)) EACH(op " y", w, 3, 0, VEX(op, "ymm", 3, 2, 1))

int main(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
		printf("no AVX2\n");
		return 0;
	}
	TWO("divss", 4, 1)
	TWO("divsd", 8, 1)
	PACKED("divps", 4, 1)
	PACKED("divpd", 8, 1)
	EACH("sqrtss", 4, 2, 1, LEGACY("sqrtss"))
	EACH("sqrtsd", 8, 2, 1, LEGACY("sqrtsd"))
	EACH("vsqrtss", 4, 2, 1, VEX("vsqrtss", "xmm", 4, 1, 2))
	EACH("vsqrtsd", 8, 2, 1, VEX("vsqrtsd", "xmm", 4, 1, 2))
	ROOT("sqrtps", 4)
	ROOT("sqrtpd", 8)
	PACKED("addsubps", 4, 0)
	PACKED("addsubpd", 8, 0)
	FUSED("vfmaddsub132ps", 4)
	FUSED("vfmaddsub213pd", 8)
	FUSED("vfmaddsub231ps", 4)
	FUSED("vfmsubadd132pd", 8)
	FUSED("vfmsubadd213ps", 4)
	FUSED("vfmsubadd231pd", 8)
	return 0;
}
