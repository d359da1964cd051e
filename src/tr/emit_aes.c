/* emit_aes.c - AES and carry-less multiplication, on ARM64's own. SDM volume 2, FIPS 197, Arm ARM C7.2 (AESE, PMULL).
 *
 * ARM adds the round key before the substitution, x86 at the end: so ARM gets the state as its key and a zero state.
 */
#include "tr/vec.h"

typedef void aes2(A c, int d, int n);

static void round_(struct tr *c, aes2 *substitute, aes2 *mix, int d, int a, int b)
{
	a_vzero(c, V0t);
	substitute(c, V0t, a);
	if (mix)
		mix(c, V0t, V0t);
	a_veor(c, V16B, d, V0t, b);
}
EMIT(aesenc,     0) { round_(c, a_aese, a_aesmc, d, a, b); }
EMIT(aesenclast, 0) { round_(c, a_aese, 0, d, a, b); }
EMIT(aesdec,     0) { round_(c, a_aesd, a_aesimc, d, a, b); }
EMIT(aesdeclast, 0) { round_(c, a_aesd, 0, d, a, b); }
EMIT(aesimc,     0) { a_aesimc(c, d, a); }

/* SubWord of words 1 and 3, each also rotated and with the round constant. aese has shifted the rows, which the table
 * of bytes undoes. */
EMIT(aeskeygenassist, ANYIMM)
{
	a_vzero(c, V0t);
	a_aese(c, V0t, a);
	v_const(c, V1t, 0x040b0e010b0e0104, 0x0c0306090306090c);
	a_vtbl(c, V16B, d, V0t, 1, V1t);
	if (i->imm & 0xff) {
		a_mov_i(c, 8, T0, (i->imm & 0xffull) << 32);
		a_vdup(c, V2D, V0t, T0);
		a_veor(c, V16B, d, d, V0t);
	}
}

/* The product of a's half imm.0 and b's half imm.4. */
EMIT(pclmulqdq, ANYIMM)
{
	bool ha = i->imm & 1, hb = i->imm >> 4 & 1;

	if (ha != hb) {
		a_vdup_e(c, VD, V0t, ha ? a : b, 1);
		a_vpmull(c, V1D, d, V0t, ha ? b : a);
	} else if (ha) {
		a_vpmull2(c, V2D, d, a, b);
	} else {
		a_vpmull(c, V1D, d, a, b);
	}
}
