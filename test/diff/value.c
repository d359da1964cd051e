/* value.c - random numbers that repeat, and values at the edges of what operands can hold. */
#include "diff.h"
#include <string.h>

u64 rng = 1;

u64 rnd(void)                                   /* xorshift64* */
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return rng * 0x2545f4914f6cdd1d;
}

static const u64 ints[] = {
	0, 1, 2, 3, ~0ull, ~0ull - 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, 0x7f, 0x80, 0x81, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xffff,
	0x10000, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
	0x8000000000000001, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x0f0f0f0f0f0f0f0f, 0xffffffff00000000, 0xffffffff80000000,
};

u64 some_int(int w)
{
	u64 v = chance(60) ? ints[below(countof(ints))] : chance(50) ? rnd() : rnd() >> below(64);
	u64 mask = w >= 8 ? ~0ull : (1ull << w * 8) - 1;

	if (chance(15)) v = -v;
	return chance(60) ? v : (v & mask) | (rnd() & ~mask);
}

static const u64 doubles[] = {
	0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000000001234, 0xfff8000000004321, 0x7ff0000000000001, 0xfff0000000000123,
	1, 0x8000000000000001, 0x000fffffffffffff, 0x800fffffffffffff, 0x0010000000000000, 0x8010000000000000,
	0x7fefffffffffffff, 0xffefffffffffffff, 0x3ff8000000000000, 0x4004000000000000, 0xc004000000000000, 0x3fe0000000000000,
	0x3fdfffffffffffff, 0x3cb0000000000000, 0x41e0000000000000, 0x41dfffffffc00000, 0xc1e0000000000000, 0xc1e0000000200000,
	0x41dfffffffe00000, 0x43e0000000000000, 0xc3e0000000000000, 0x43dfffffffffffff, 0x4330000000000001, 0x36a0000000000000,
	0x380fffffffffffff, 0x47efffffe0000000, 0x47effffff0000000, 0x3690000000000000, 0x3ff0000010000000, 0x40091eb851eb851f,
};
static const u32 singles[] = {
	0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fc12345, 0xffc54321, 0x7f800001,
	0xff800123, 1, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x7f7fffff, 0xff7fffff, 0x3fc00000, 0x40200000,
	0xc0200000, 0x3f000000, 0x3effffff, 0x34000000, 0x4f000000, 0x4effffff, 0xcf000000, 0xcf000001, 0x5f000000, 0xdf000000,
	0x5effffff, 0x4b000001, 0x40490fdb, 0x20000000, 0x1fffffff, 0x00000100, 0x80400000,
};

/* A number of ordinary size. */
static u64 plain_double(void) { return (rnd() & 0x800fffffffffffff) | (u64)(1023 - 40 + below(80)) << 52; }
static u32 plain_single(void) { return (rnd() & 0x807fffff) | (127 - 20 + below(40)) << 23; }

void some_fp(u64 v[2], int w)
{
	for (int k = 0; k < 2; k++)
		v[k] = chance(60) ? doubles[below(countof(doubles))] : chance(80) ? plain_double() : rnd();
	if (w == 8) return;
	for (int k = 0; k < 4; k++) {
		u32 s = chance(60) ? singles[below(countof(singles))] : chance(80) ? plain_single() : rnd();

		memcpy((u8 *)v + 4 * k, &s, 4);
	}
}

void some_vec(u64 v[2])
{
	u8 b[16];

	switch (below(6)) {
	case 0: some_fp(v, 4); return;
	case 1: some_fp(v, 8); return;
	case 2: v[0] = rnd(); v[1] = rnd(); return;
	case 3: v[0] = some_int(8); v[1] = some_int(8); return;
	case 4:
		for (int k = 0; k < 16; k += 2) {
			u16 h = some_int(2);

			memcpy(b + k, &h, 2);
		}
		break;
	default:
		for (int k = 0; k < 16; k++)
			b[k] = chance(50) ? (u8[]){ 0, 1, 0x7f, 0x80, 0xff, 0x81, 16, 15 }[below(8)] : rnd();
	}
	memcpy(v, b, 16);
}
