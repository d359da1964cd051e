/* emit_aes.c - AES and carry-less multiplication, on ARM64's own or without. SDM volume 2, FIPS 197, Arm ARM C7.2
 * (AESE, PMULL).
 *
 * ARM adds the round key before the substitution, x86 at the end: so ARM gets a zero key, which rounds in a row share.
 * A host without these instructions substitutes by the inverse of gf.h, and multiplies bytes.
 */
#include "tr/gf.h"

typedef void aes2(A c, int d, int n);

static void round_(struct tr *c, struct insn *i, aes2 *substitute, aes2 *mix, int d, int a, int b)
{
	if (d == a && d != b) {
		if (!v_kept(c, c->zeroed, i, -1) && !(d >= 16 && c->zeroed == i))   /* of ymm, the lower half was just made */
			a_vzero(c, V0t);
		c->zeroed = i;
		substitute(c, d, V0t);
		if (mix)
			mix(c, d, d);
		a_veor(c, V16B, d, d, b);
		return;
	}
	a_vzero(c, V0t);                                /* the state is zero, and its key the state */
	c->zeroed = 0;
	substitute(c, V0t, a);
	if (mix)
		mix(c, V0t, V0t);
	a_veor(c, V16B, d, V0t, b);
}

/* ---- without: V0t is the state, V1t-V4t come and go */

/* The substitution's affine map is of bits, and adds 63H: left to the caller. Its inverse's comes first. */
static const struct gf_map forward = {
	.low  = { 0x85841a1b9e9f0100, 0x94950b0a8f8e1011 }, .high  = { 0xe7aa0845a2ef4d00, 0x4904a6eb0c41e3ae },
	.first = { 0xb90848f1c8c0b100, 0x713931f980408879 }, .second = { 0x499ae9a047ddd300, 0x0ee77d3aae733494 },
}, backward = {
	.low  = { 0xd61d2ee529e2d11a, 0x418ab972be75468d }, .high  = { 0x7329267c0f555a00, 0x86dcd389faa0aff5 },
	.first = { 0xd052c010e5b78200, 0x35f5a74225927767 }, .second = { 0x8a47e66c6522cd00, 0xef094e2b83a1c4a8 },
};
static const u64 shift_rows[2] = { 0x030e09040f0a0500, 0x0b06010c07020d08 };
static const u64 unshift_rows[2] = { 0x0b0e0104070a0d00, 0x0306090c0f020508 };

static void twice(struct tr *c, int d, int n, int tmp)  /* d = 2 * n in GF(2^8); d may be n */
{
	a_vcmlt_z(c, V16B, tmp, n);
	a_vadd(c, V16B, d, n, n);
	a_vmovi(c, V16B, V4t, 0x1b, 0);
	a_vand(c, V16B, tmp, tmp, V4t);
	a_veor(c, V16B, d, d, tmp);
}

/* Of each column: 2 * (s0 ^ s1) ^ s1 ^ s2 ^ s3, and so round. */
static void mix_columns(struct tr *c)
{
	a_vushr_i(c, V4S, V1t, V0t, 8);
	a_vsli_i(c, V4S, V1t, V0t, 24);                 /* s1 */
	a_veor(c, V16B, V2t, V0t, V1t);
	a_vrev32(c, V8H, V3t, V2t);                     /* s2 ^ s3 */
	a_veor(c, V16B, V1t, V1t, V3t);
	twice(c, V2t, V2t, V3t);
	a_veor(c, V16B, V0t, V1t, V2t);
}

/* Its inverse is the same after s0 ^= 4 * (s0 ^ s2). */
static void unmix_columns(struct tr *c)
{
	a_vrev32(c, V8H, V1t, V0t);
	a_veor(c, V16B, V1t, V0t, V1t);
	twice(c, V1t, V1t, V3t);
	twice(c, V1t, V1t, V3t);
	a_veor(c, V16B, V0t, V0t, V1t);
	mix_columns(c);
}

static void add_63(struct tr *c, int d, int b)          /* d = V0t ^ b ^ 63H */
{
	a_vmovi(c, V16B, V1t, 0x63, 0);
	a_veor(c, V16B, V0t, V0t, V1t);
	a_veor(c, V16B, d, V0t, b);
}

/* d = a round of a, with key b. MixColumns leaves 63H in all bytes what it is. */
static void encrypt(struct tr *c, struct insn *i, bool last, int d, int a, int b)
{
	if (has(c, HOST_AES)) {
		round_(c, i, a_aese, last ? 0 : a_aesmc, d, a, b);
		return;
	}
	v_const(c, V1t, shift_rows[0], shift_rows[1]);
	a_vtbl(c, V16B, V0t, a, 1, V1t);
	gf_inverse(c, V0t, V0t, &forward);
	if (!last)
		mix_columns(c);
	add_63(c, d, b);
}
static void decrypt(struct tr *c, struct insn *i, bool last, int d, int a, int b)
{
	if (has(c, HOST_AES)) {
		round_(c, i, a_aesd, last ? 0 : a_aesimc, d, a, b);
		return;
	}
	v_const(c, V1t, unshift_rows[0], unshift_rows[1]);
	a_vtbl(c, V16B, V0t, a, 1, V1t);
	gf_inverse(c, V0t, V0t, &backward);
	if (!last)
		unmix_columns(c);
	a_veor(c, V16B, d, V0t, b);
}
EMIT(aesenc,     0) { encrypt(c, i, false, d, a, b); }
EMIT(aesenclast, 0) { encrypt(c, i, true, d, a, b); }
EMIT(aesdec,     0) { decrypt(c, i, false, d, a, b); }
EMIT(aesdeclast, 0) { decrypt(c, i, true, d, a, b); }
EMIT(aesimc,     0)
{
	if (has(c, HOST_AES)) {
		a_aesimc(c, d, a);
		return;
	}
	a_vmov(c, V16B, V0t, a);
	unmix_columns(c);
	v_mov(c, d, V0t);
}

/* SubWord of words 1 and 3, each also rotated and with the round constant. aese has shifted the rows, which the table
 * of bytes undoes. */
EMIT(aeskeygenassist, ANYIMM)
{
	bool own = has(c, HOST_AES);
	u64 rcon = (i->imm & 0xffull) << 32;

	if (own) {
		a_vzero(c, V0t);
		a_aese(c, V0t, a);
		v_const(c, V1t, 0x040b0e010b0e0104, 0x0c0306090306090c);
	} else {
		gf_inverse(c, V0t, a, &forward);
		v_const(c, V1t, 0x0407060507060504, 0x0c0f0e0d0f0e0d0c);
		rcon ^= 0x6363636363636363;
	}
	a_vtbl(c, V16B, d, V0t, 1, V1t);
	if (rcon) {
		a_mov_i(c, 8, T0, rcon);
		a_vdup(c, V2D, V0t, T0);
		a_veor(c, V16B, d, d, V0t);
	}
}

/* ---- products of 64 bits */

/* The table index of a shift by s bytes to the left, of words 0 to 7 - s; or of the others, which belong 8 bytes lower. */
static void shifted(u64 index[2], int s, bool wrapped)
{
	int lo = wrapped ? 8 - s : s, hi = wrapped ? 8 + s : 16 - s, by = wrapped ? s - 8 : s;

	for (int k = 0; k < 16; k++) {
		u64 v = k >= lo && k < hi ? (u64)(k - by) : 0xff;

		index[k / 8] = (k % 8 ? index[k / 8] : 0) | v << k % 8 * 8;
	}
}

/* With the bytes of x turned by s places, word n of the products of bytes is x[n + s] * y[n], and belongs at byte 2 * n + s;
 * where n + s is beyond 7 it is that of n + s - 8, and belongs 8 bytes lower. Turning y gives the same places to
 * x[n] * y[n + s]. So all 64 products are there when s has been 0 to 4. */
static void multiply(struct tr *c, int d, int x, int y)
{
	enum { sum = V2t, t = V3t, u = V4t };

	a_vpmull(c, V8B, sum, x, y);
	for (int s = 1; s <= 4; s++) {
		a_vext(c, V8B, t, x, x, s);
		a_vpmull(c, V8B, t, t, y);
		if (s < 4) {
			a_vext(c, V8B, u, y, y, s);
			a_vpmull(c, V8B, u, x, u);
			a_veor(c, V16B, t, t, u);
		}
		for (int wrapped = 0; wrapped < 2; wrapped++) {
			u64 index[2];

			shifted(index, s, wrapped);
			v_const(c, u, index[0], index[1]);
			a_vtbl(c, V16B, u, t, 1, u);
			a_veor(c, V16B, s == 4 && wrapped ? d : sum, sum, u);
		}
	}
}

/* The product of a's half imm.0 and b's half imm.4. */
EMIT(pclmulqdq, ANYIMM)
{
	bool ha = i->imm & 1, hb = i->imm >> 4 & 1;

	if (!has(c, HOST_PMULL)) {
		if (ha)
			a_vdup_e(c, VD, V0t, a, 1);
		if (hb)
			a_vdup_e(c, VD, V1t, b, 1);
		multiply(c, d, ha ? V0t : a, hb ? V1t : b);
	} else if (ha != hb) {
		a_vdup_e(c, VD, V0t, ha ? a : b, 1);
		a_vpmull(c, V1D, d, V0t, ha ? b : a);
	} else if (ha) {
		a_vpmull2(c, V2D, d, a, b);
	} else {
		a_vpmull(c, V1D, d, a, b);
	}
}
