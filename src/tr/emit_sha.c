/* emit_sha.c - SHA-1 and SHA-256 rounds and message schedules. SDM volume 2, FIPS 180-4, Arm ARM C7.2 (SHA1C, SHA256H).
 *
 * x86 has A in the highest lane, ARM in the lowest: where order matters, lanes are turned round on the way in and out.
 * Of SHA-256 x86 does two rounds at a time, ARM four: the state after two is the older half of that after four,
 * whatever the last two add. Without these instructions rounds are done in general registers, schedules in vectors.
 */
#include "tr/vec.h"

static const u8 gpr[10] = { T0, T1, T2, T3, T4, T5, T_SRC, T_SRC2, T_DST, T_ADDR };

/* d = every word of n, rotated left by k; d is not n. */
static void rotate(struct tr *c, int d, int n, int k)
{
	a_vushr_i(c, V4S, d, n, 32 - k);
	a_vsli_i(c, V4S, d, n, k);
}

/* ---- SHA-1 */

/* The table index that turns four words round, in V0t. Its own lowest word: */
enum { REVERSAL = 0x0f0e0d0c };
static void reversal(struct tr *c) { v_const(c, V0t, 0x0b0a09080f0e0d0c, 0x0302010007060504); }

static const u32 sha1_k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };

/* r = the round's function of B, C, D */
static void sha1_f(struct tr *c, int group, int r, int x, int y, int z, int tmp)
{
	switch (group) {
	case 0:                                         /* z ^ (x & (y ^ z)) */
		a_eor(c, 4, r, y, z);
		a_and(c, 4, r, r, x);
		a_eor(c, 4, r, r, z);
		break;
	case 2:                                         /* x ^ ((x ^ y) & (x ^ z)) */
		a_eor(c, 4, r, x, y);
		a_eor(c, 4, tmp, x, z);
		a_and(c, 4, r, r, tmp);
		a_eor(c, 4, r, r, x);
		break;
	default:
		a_eor(c, 4, r, x, y);
		a_eor(c, 4, r, r, z);
	}
}

static void sha1_rounds(struct tr *c, int group, int d, int a, int b)
{
	int s[5] = { gpr[0], gpr[1], gpr[2], gpr[3], gpr[4] }, f = gpr[5], tmp = gpr[6];
	u64 k = sha1_k[group] * 0x100000001ull;

	v_const(c, V0t, k, k);
	a_vadd(c, V4S, V0t, b, V0t);
	for (int n = 0; n < 4; n++)
		a_vumov(c, 4, s[n], a, 3 - n);
	for (int n = 0; n < 4; n++) {
		int e = s[4];

		a_vumov(c, 4, n ? tmp : e, V0t, 3 - n); /* the first word has E in it */
		if (n)
			a_add(c, 4, e, e, tmp);
		sha1_f(c, group, f, s[1], s[2], s[3], tmp);
		a_add(c, 4, e, e, f);
		a_ror_i(c, 4, tmp, s[0], 27);
		a_add(c, 4, e, e, tmp);
		a_ror_i(c, 4, s[1], s[1], 2);
		for (int m = 4; m; m--)
			s[m] = s[m - 1];
		s[0] = e;
	}
	for (int n = 0; n < 4; n++)
		a_vins(c, 4, d, 3 - n, s[n]);
}

/* ARM adds E by an operand of its own. It is in b's first word already: there V0t's word is added, and taken off the
 * constant. */
EMIT(sha1rnds4, ANYIMM)
{
	int group = i->imm & 3;
	u64 k = sha1_k[group];

	if (!has(c, HOST_SHA1)) {
		sha1_rounds(c, group, d, a, b);
		return;
	}
	reversal(c);
	v_const(c, V2t, k << 32 | k, (k - REVERSAL) << 32 | k);
	a_vadd(c, V4S, V2t, b, V2t);
	a_vtbl(c, V16B, V1t, a, 1, V0t);
	a_vtbl(c, V16B, V2t, V2t, 1, V0t);
	if (group == 0)
		a_sha1c(c, V1t, V0t, V2t);
	else if (group == 2)
		a_sha1m(c, V1t, V0t, V2t);
	else
		a_sha1p(c, V1t, V0t, V2t);
	a_vtbl(c, V16B, d, V1t, 1, V0t);
}

/* b, to whose highest word is added A rotated by 30 */
EMIT(sha1nexte, 0)
{
	if (has(c, HOST_SHA1)) {
		a_vdup_e(c, VS, V0t, a, 3);
		a_sha1h(c, V0t, V0t);
		a_vext(c, V16B, V0t, V0t, V0t, 4);
	} else {
		rotate(c, V1t, a, 30);
		a_vzero(c, V0t);
		a_vins_e(c, 4, V0t, 3, V1t, 3);
	}
	a_vadd(c, V4S, d, b, V0t);
}

EMIT(sha1msg1, 0)                               /* each word ^ the next but one */
{
	a_vext(c, V16B, V0t, b, a, 8);
	a_veor(c, V16B, d, a, V0t);
}

/* (Each word ^ the one three before it) rotated by 1; the last wants what the first became. */
EMIT(sha1msg2, 0)
{
	if (has(c, HOST_SHA1)) {
		reversal(c);
		a_vtbl(c, V16B, V1t, a, 1, V0t);
		a_vtbl(c, V16B, V2t, b, 1, V0t);
		a_sha1su1(c, V1t, V2t);
		a_vtbl(c, V16B, d, V1t, 1, V0t);
		return;
	}
	a_vzero(c, V0t);
	a_vext(c, V16B, V1t, V0t, b, 12);
	a_veor(c, V16B, V1t, a, V1t);
	rotate(c, V2t, V1t, 1);
	a_vext(c, V16B, V1t, V2t, V0t, 12);
	rotate(c, V3t, V1t, 1);
	a_veor(c, V16B, d, V2t, V3t);
}

/* ---- SHA-256 */

/* One round: s is A to H, wk a word and its constant. */
static void sha256_round(struct tr *c, int s[8], int wk, int lane)
{
	int t = gpr[8], u = gpr[9], h = s[7];

	a_vumov(c, 4, t, wk, lane);
	a_add(c, 4, h, h, t);
	a_eor_sh(c, 4, t, s[4], s[4], ROR, 5);          /* E rotated by 6, 11, 25 */
	a_eor_sh(c, 4, t, t, s[4], ROR, 19);
	a_ror_i(c, 4, t, t, 6);
	a_add(c, 4, h, h, t);
	a_eor(c, 4, t, s[5], s[6]);                     /* Ch(E, F, G) */
	a_and(c, 4, t, t, s[4]);
	a_eor(c, 4, t, t, s[6]);
	a_add(c, 4, h, h, t);
	a_add(c, 4, s[3], s[3], h);
	a_eor_sh(c, 4, t, s[0], s[0], ROR, 11);         /* A rotated by 2, 13, 22 */
	a_eor_sh(c, 4, t, t, s[0], ROR, 20);
	a_ror_i(c, 4, t, t, 2);
	a_add(c, 4, h, h, t);
	a_eor(c, 4, t, s[0], s[1]);                     /* Maj(A, B, C) */
	a_eor(c, 4, u, s[0], s[2]);
	a_and(c, 4, t, t, u);
	a_eor(c, 4, t, t, s[0]);
	a_add(c, 4, h, h, t);
	for (int n = 7; n; n--)
		s[n] = s[n - 1];
	s[0] = h;
}

static void sha256_rounds(struct tr *c, int d, int a, int b)
{
	int s[8];

	for (int n = 0; n < 8; n++) {                   /* A B E F lie in b, C D G H in a, the first in the highest lane */
		s[n] = gpr[n];
		a_vumov(c, 4, s[n], n & 2 ? a : b, 3 - (n >> 1 & 2) - (n & 1));
	}
	sha256_round(c, s, V0, 0);
	sha256_round(c, s, V0, 1);
	for (int n = 0; n < 4; n++)
		a_vins(c, 4, d, 3 - n, s[(n & 1) + (n & 2) * 2]);
}

EMIT(sha256rnds2, 0)
{
	if (!has(c, HOST_SHA2)) {
		sha256_rounds(c, d, a, b);
		return;
	}
	a_vrev64(c, V4S, V0t, b);
	a_vrev64(c, V4S, V1t, a);
	a_vzip2(c, V2D, V2t, V0t, V1t);                 /* A B C D */
	a_vzip1(c, V2D, V1t, V0t, V1t);                 /* E F G H */
	a_vmov(c, V16B, V0t, V2t);
	a_sha256h(c, V2t, V1t, V0);
	a_sha256h2(c, V1t, V0t, V0);
	a_vzip2(c, V2D, V0t, V1t, V2t);
	a_vrev64(c, V4S, d, V0t);
}

/* d = n rotated right by r1 ^ by r2 ^ shifted right by s */
static void sigma(struct tr *c, int d, int n, int r1, int r2, int s, int tmp)
{
	rotate(c, d, n, 32 - r1);
	rotate(c, tmp, n, 32 - r2);
	a_veor(c, V16B, d, d, tmp);
	a_vushr_i(c, V4S, tmp, n, s);
	a_veor(c, V16B, d, d, tmp);
}

EMIT(sha256msg1, 0)                             /* each word + sigma 0 of the next */
{
	if (has(c, HOST_SHA2)) {
		v_mov(c, d, a);                         /* another a than d: then b is not d (fuse.c) */
		a_sha256su0(c, d, b);
		return;
	}
	a_vext(c, V16B, V0t, a, b, 4);
	sigma(c, V1t, V0t, 7, 18, 3, V2t);
	a_vadd(c, V4S, d, a, V1t);
}

EMIT(sha256msg2, 0)                             /* each word + sigma 1 of the one two before, b's and then its own */
{
	a_vzero(c, V0t);
	if (has(c, HOST_SHA2)) {                        /* which would add words of V0t, V1t: these are zero */
		a_vzip2(c, V2D, V1t, V0t, b);
		v_mov(c, d, a);
		a_sha256su1(c, d, V0t, V1t);
		return;
	}
	a_vdup_e(c, VD, V1t, b, 1);
	sigma(c, V2t, V1t, 17, 19, 10, V3t);
	a_vadd(c, V4S, V4t, a, V2t);
	a_vzip1(c, V2D, V1t, V0t, V4t);
	sigma(c, V2t, V1t, 17, 19, 10, V3t);
	a_vadd(c, V4S, d, V4t, V2t);
}
