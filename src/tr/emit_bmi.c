/* emit_bmi.c - extensions to the integer instructions: BMI1 and BMI2 (but TZCNT and MULX), ADX, CRC32.
 *
 * Three operands, of 32 or 64 bits, without AF and PF. SDM vol. 1 5.1.16, vol. 2.
 */
#include "tr/tr.h"

static int bits(const struct insn *i)     { return i->w * 8; }

/* ---- BMI1 */

static bool nzcv(struct tr *c) { return live(c, F_O | F_S | F_Z | F_C); }


EMIT(andn, 0)                                   /* d = ~a & b */
{
	(nzcv(c) ? a_bics : a_bic)(c, i->w, d, b, a);
	if (nzcv(c))
		c->cs = CS_ZERO;
}

/* Where CF is read, ccmp makes the flags of d, whose C is not CF, or those of a zero operand: nzcv. */
static void bls(struct tr *c, struct insn *i, int d, int a, void (*op)(A, int w, int d, int n, int m), int nzcv)
{
	(live(c, F_C) ? a_subs_i : a_sub_i)(c, i->w, T0, a, 1);
	op(c, i->w, d, a, T0);
	if (live(c, F_C)) {
		a_ccmp_i(c, i->w, d, 0, nzcv, CC_HS);
		c->cs = CS_SUB;
	} else if (live(c, F_O | F_S | F_Z)) {
		a_tst(c, i->w, d, d);
		c->cs = CS_ZERO;
	}
}

EMIT(blsr, 0)   { bls(c, i, d, a, a_and, 4); }  /* d = a & (a - 1); CF = (a == 0) */
EMIT(blsmsk, 0) { bls(c, i, d, a, a_eor, 8); }  /* d = a ^ (a - 1); CF = (a == 0) */

EMIT(blsi, 0)                                   /* d = a & -a; CF = (a != 0) */
{
	a_neg(c, i->w, T0, a);
	(nzcv(c) ? a_ands : a_and)(c, i->w, d, a, T0);
	if (live(c, F_C))
		a_ccmn_i(c, i->w, d, 0, 6, CC_NE);
	if (nzcv(c))
		c->cs = CS_SUB;
}

/* T1 = the bits from n on, n = r (zero-extended, may exceed the width: then none). Its top bit: there are some. */
static void high_bits(struct tr *c, int w, int r)
{
	a_mov_i(c, 8, T1, ~0ull);
	a_lsl(c, w, T1, T1, r);
	a_cmp_i(c, 4, r, w * 8);
	a_csel(c, w, T1, T1, XZR, CC_LO);
}

EMIT(bzhi, 0)                                   /* d = the low b[7:0] bits of a; CF = there are no more */
{
	a_uxtb(c, T0, b);
	high_bits(c, i->w, T0);
	(nzcv(c) ? a_bics : a_bic)(c, i->w, d, a, T1);
	if (!nzcv(c))
		return;
	c->cs = CS_ZERO;
	tr_setflag_nc_bit(c, T1, bits(i) - 1);
}

EMIT(bextr, 0)                                  /* d = b[15:8] bits of a from bit b[7:0] on */
{
	a_uxtb(c, T0, b);
	a_cmp_i(c, 4, T0, bits(i));
	a_lsr(c, i->w, T3, a, T0);
	a_csel(c, i->w, T3, XZR, T3, CC_HS);
	a_ubfx(c, 4, T0, b, 8, 8);
	high_bits(c, i->w, T0);
	(nzcv(c) ? a_bics : a_bic)(c, i->w, d, T3, T1);
	if (nzcv(c))
		c->cs = CS_ZERO;
}

/* ---- BMI2: no flags */

EMIT(shlx, 0)      { a_lsl(c, i->w, d, a, b); }
EMIT(shrx, 0)      { a_lsr(c, i->w, d, a, b); }
EMIT(sarx, 0)      { a_asr(c, i->w, d, a, b); }
EMIT(rorx, ANYIMM) { a_ror_i(c, i->w, d, a, i->imm & (bits(i) - 1)); }

/* From the mask's highest one down: T0 = T0 << 1 | that bit of a. */
EMIT(pext, 0)                                   /* d = the bits of a that mask b selects, packed */
{
	u32 *none, *loop;

	a_mov(c, i->w, T0, XZR);
	a_mov(c, i->w, T2, b);
	a_mov_i(c, i->w, T4, 1ull << (bits(i) - 1));
	none = c->code.p;
	a_cbz(c, i->w, T2, 0);
	loop = c->code.p;
	a_clz(c, i->w, T1, T2);
	a_lsl(c, i->w, T3, a, T1);
	a_extr(c, i->w, T0, T0, T3, bits(i) - 1);
	a_lsr(c, i->w, T3, T4, T1);
	a_bic(c, i->w, T2, T2, T3);
	a_cbnz(c, i->w, T2, (u8 *)loop - (u8 *)c->code.p);
	a_bind(c, none);
	a_mov(c, i->w, d, T0);
}

/* From the mask's lowest one up: a's bit 0 decides, and the next one moves there. */
EMIT(pdep, 0)                                   /* d = the low bits of a at the ones of mask b */
{
	u32 *none, *loop;

	a_mov(c, i->w, T0, XZR);
	a_mov(c, i->w, T2, b);
	a_mov(c, i->w, T4, a);
	none = c->code.p;
	a_cbz(c, i->w, T2, 0);
	loop = c->code.p;
	a_neg(c, i->w, T1, T2);
	a_and(c, i->w, T1, T1, T2);
	a_sbfx(c, i->w, T3, T4, 0, 1);
	a_bic(c, i->w, T2, T2, T1);
	a_and(c, i->w, T3, T3, T1);
	a_lsr_i(c, i->w, T4, T4, 1);
	a_orr(c, i->w, T0, T0, T3);
	a_cbnz(c, i->w, T2, (u8 *)loop - (u8 *)c->code.p);
	a_bind(c, none);
	a_mov(c, i->w, d, T0);
}

/* ---- ADX: an addition whose carry goes through one flag, C or O, while all others stay */

EMIT(adcx, 0)                                   /* d = a + b + CF, CF = carry */
{
	u8 stay = c->live & (F_S | F_Z | F_O);

	if (!live(c, F_C)) {
		tr_need_c(c, CS_ADD, stay);
		a_adc(c, i->w, d, a, b);
		return;
	}
	if (stay && c->cs >= CS_FCMP)
		tr_need(c, CS_SUB);
	if (stay)
		a_mrs(c, T2, SR_NZCV);
	tr_need_c(c, CS_ADD, 0);
	a_adcs(c, i->w, d, a, b);
	if (!stay)
		return;
	if (has(c, HOST_FLAGM)) {
		a_rmif(c, T2, 28, 13);          /* all but C */
		return;
	}
	a_cset(c, 4, T3, CC_LO);
	a_bfi(c, 8, T2, T3, 29, 1);
	a_msr(c, SR_NZCV, T2);
	c->cs = CS_SUB;
}

EMIT(adox, 0)                                   /* d = a + b + OF, OF = carry */
{
	u8 keep = c->live;

	c->live |= F_O;
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	c->live = keep;
	a_mrs(c, T2, SR_NZCV);
	a_ccmp(c, 8, XZR, XZR, 0, CC_VS);       /* C = V */
	a_adcs(c, i->w, d, a, b);
	a_cset(c, 4, T3, CC_HS);
	a_bfi(c, 8, T2, T3, 28, 1);
	a_msr(c, SR_NZCV, T2);
}

/* ---- CRC32: Castagnoli's polynomial, bit-reversed, as ARM64's crc32c */

/* Without the instructions: one bit a turn. The data beyond 32 bits wait above the remainder. */
static void crc_by_bits(struct tr *c, int w, int d, int a, int b)
{
	u32 *loop;

	a_mov(c, 4, T0, a);
	if (w < 4)
		a_ubfx(c, 4, T1, b, 0, w * 8);
	else
		a_mov(c, w, T1, b);
	a_eor(c, 8, T0, T0, T1);
	a_mov_i(c, 4, T3, 0x82f63b78);
	a_mov_i(c, 4, T2, w * 8);
	loop = c->code.p;
	a_sbfx(c, 8, T1, T0, 0, 1);
	a_and(c, 8, T1, T1, T3);
	a_eor_sh(c, 8, T0, T1, T0, LSR, 1);
	a_sub_i(c, 4, T2, T2, 1);
	a_cbnz(c, 4, T2, (u8 *)loop - (u8 *)c->code.p);
	a_mov(c, 4, d, T0);
}

EMIT(crc32, 0)                                  /* d = remainder of a with the bytes of b */
{
	switch (has(c, HOST_CRC32) ? i->o[1].w : 0) {
	case 1:  a_crc32cb(c, d, a, b); break;
	case 2:  a_crc32ch(c, d, a, b); break;
	case 4:  a_crc32cw(c, d, a, b); break;
	case 8:  a_crc32cx(c, d, a, b); break;
	default: crc_by_bits(c, i->o[1].w, d, a, b);
	}
}
