/* emit_gfni.c - GF2P8MULB, GF2P8AFFINEQB, GF2P8AFFINEINVQB: arithmetic in GF(2^8) with the polynomial x^8+x^4+x^3+x+1,
 * and products with matrices of bits. SDM volume 2.
 *
 * ARM's PMUL multiplies bytes as polynomials, and keeps the low eight bits. Bit 7 of such a product with a byte turned
 * round is the parity of the AND with it: a row of a matrix product, sixteen at once.
 */
#include "tr/gf.h"

/* The product's upper byte h stands for h * x^8 = h * 1BH, which has up to eleven bits: those from 8 on are
 * h >> 4 ^ h >> 5, and stand for the same again. */
EMIT(gf2p8mulb, 0)
{
	a_vpmull(c, V8B, V0t, a, b);
	a_vpmull2(c, V16B, V1t, a, b);
	a_vuzp2(c, V16B, V2t, V0t, V1t);
	a_vuzp1(c, V16B, V0t, V0t, V1t);
	a_vushr_i(c, V16B, V3t, V2t, 4);
	a_vushr_i(c, V16B, V4t, V2t, 5);
	a_veor(c, V16B, V2t, V2t, V3t);
	a_veor(c, V16B, V2t, V2t, V4t);
	a_vmovi(c, V16B, V3t, 0x1b, 0);
	a_vpmul(c, V16B, V2t, V2t, V3t);
	a_veor(c, V16B, d, V0t, V2t);
}

/* ---- the inverse */

/* The halves of each byte of n. mask: 15 in each; lo may be n */
static void nibbles(struct tr *c, int lo, int hi, int n, int mask)
{
	a_vushr_i(c, V16B, hi, n, 4);
	a_vand(c, V16B, lo, n, mask);
}

/* By AES's substitution, whose own affine map is taken back. */
static void inverse_by_aes(struct tr *c, int d, int a)
{
	static const u64 unshift[2] = { 0x0b0e0104070a0d00, 0x0306090c0f020508 };
	static const u64 low[2] = { 0xf2b8662cdb914f05, 0xa0ea347e89c31d57 }, high[2] = { 0x7fdb3692ed49a400, 0x5afe13b7c86c8125 };

	a_vzero(c, V1t);
	a_aese(c, V1t, a);
	v_const(c, V2t, unshift[0], unshift[1]);
	a_vtbl(c, V16B, V1t, V1t, 1, V2t);
	a_vmovi(c, V16B, V2t, 15, 0);
	nibbles(c, V1t, V3t, V1t, V2t);
	gf_look(c, V1t, low, V1t, V2t);
	gf_look(c, V3t, high, V3t, V2t);
	a_veor(c, V16B, d, V1t, V3t);
}

/* Without it: a byte is k + i * y, i and k of GF(2^4), y = 09H, and z^4+z+1 = 0 for i's and k's bit 1 (5CH). With
 *
 *   N = k^2 + 4 * i * k + 4 * i^2,  io = 1 / (1 / i + 4 / k) + (i + k),  jo = 1 / (1 / (i + k) + 4 / k) + i
 *
 * 1 / io = (k + 4 * i) / N and 1 / jo = (5 * k + 4 * i) / N, of which the inverse is a sum with constant factors. 1 / 0 is
 * 80H, and stays beyond all tables (M. Hamburg, Accelerating AES with Vector Permute Instructions, 2009). */
const struct gf_map gf_plain = {
	.low  = { 0x85841a1b9e9f0100, 0x94950b0a8f8e1011 }, .high  = { 0xe7aa0845a2ef4d00, 0x4904a6eb0c41e3ae },
	.first = { 0xd052c010e5b78200, 0x35f5a74225927767 }, .second = { 0x8a47e66c6522cd00, 0xef094e2b83a1c4a8 },
};

void gf_inverse(struct tr *c, int d, int a, const struct gf_map *m)
{
	static const u64 four_over[2] = { 0x0b0f0a010d020480, 0x060c030e07050809 };
	static const u64 one_over[2] = { 0x06070b0d0e090180, 0x0803040a050c020f };
	enum { k = V1t, j = V1t, i = V2t, table = V3t, mask = V4t, ak = V4t };

	a_vmovi(c, V16B, mask, 15, 0);
	nibbles(c, V1t, V2t, a, mask);
	gf_look(c, V1t, m->low, V1t, table);
	gf_look(c, V2t, m->high, V2t, table);
	a_veor(c, V16B, V1t, V1t, V2t);
	nibbles(c, k, i, V1t, mask);
	gf_look(c, ak, four_over, k, table);
	a_veor(c, V16B, j, k, i);
	gf_look(c, d, one_over, i, table);
	a_veor(c, V16B, d, d, ak);
	a_vtbl(c, V16B, d, table, 1, d);
	a_veor(c, V16B, d, d, j);                       /* io */
	a_vtbl(c, V16B, j, table, 1, j);
	a_veor(c, V16B, j, j, ak);
	a_vtbl(c, V16B, j, table, 1, j);
	a_veor(c, V16B, j, j, i);                       /* jo */
	gf_look(c, d, m->first, d, table);
	gf_look(c, j, m->second, j, table);
	a_veor(c, V16B, d, d, j);
}

/* ---- the matrix */

/* d = m * x ^ imm, where V0t is m with the bits of its bytes turned round. The n-th byte of m makes bit 7 - n: it is
 * spread over its quadword by three steps, each of which keeps one half of what is left. */
static void affine(struct tr *c, struct insn *i, int d, int x)
{
	for (int n = 0; n < 8; n++) {
		if (n % 4 == 0)
			(n & 4 ? a_vtrn2 : a_vtrn1)(c, V4S, V1t, V0t, V0t);
		if (n % 2 == 0)
			(n & 2 ? a_vtrn2 : a_vtrn1)(c, V8H, V2t, V1t, V1t);
		(n & 1 ? a_vtrn2 : a_vtrn1)(c, V16B, V3t, V2t, V2t);
		a_vpmul(c, V16B, n ? V3t : V4t, V3t, x);
		if (n)
			a_vsri_i(c, V16B, V4t, V3t, n);
	}
	if (i->imm & 0xff) {
		a_vmovi(c, V16B, V0t, i->imm & 0xff, 0);
		a_veor(c, V16B, d, V4t, V0t);
	} else {
		a_vmov(c, V16B, d, V4t);
	}
}

EMIT(gf2p8affineqb, ANYIMM)
{
	a_vrbit(c, V16B, V0t, b);
	affine(c, i, d, a);
}

EMIT(gf2p8affineinvqb, ANYIMM)
{
	a_vrbit(c, V16B, V0t, b);                       /* b may be d */
	if (has(c, HOST_AES))
		inverse_by_aes(c, d, a);
	else
		gf_inverse(c, d, a, &gf_plain);
	affine(c, i, d, d);
}
