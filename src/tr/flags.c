/* flags.c - the guest's flags in NZCV, x26 and x27. The only file that knows how each csense stands for them.
 *
 * SF ZF OF are N Z V. CF is C, its complement, or zero (csense). After fcmp nothing is in place yet: N Z C V read
 * 0011 unordered, 1000 less, 0110 equal, 0010 greater, which COMISD reports as ZF PF CF = 111, 001, 100, 000.
 */
#include "tr/tr.h"

static void cfinv(struct tr *c)
{
	if (has(c, HOST_FLAGM)) {
		a_cfinv(c);
		return;
	}
	a_mrs(c, T0, SR_NZCV);
	a_eor_i(c, 8, T0, T0, 1ull << 29);
	a_msr(c, SR_NZCV, T0);
}

/* From fcmp's result to ZF, PF, CF (C = !CF), SF = OF = AF = 0. */
static void from_fcmp(struct tr *c)
{
	if (live(c, F_P | F_A)) {
		a_cset(c, 4, R_PF, CC_VC);      /* one bit set: odd: ordered */
		a_mov(c, 8, R_AF, R_PF);
	}
	if (!live(c, F_O | F_S | F_Z | F_C))
		return;
	if (has(c, HOST_FLAGM2)) {
		a_axflag(c);
		return;
	}
	a_cset(c, 4, T0, CC_EQ);                /* less 0, equal -2, greater -1: */
	a_csinv(c, 4, T0, T0, T0, CC_LT);
	a_ccmn_i(c, 4, T0, 2, 4, CC_VC);        /* plus 2: Z C 00, 11, 01; unordered 10 */
}

void tr_need(struct tr *c, enum csense cs)
{
	if (c->cs == cs)
		return;
	if (c->cs == CS_FCMP || c->cs == CS_FORD) {
		from_fcmp(c);
		c->cs = CS_SUB;
	}
	if (live(c, F_C) && (c->cs == CS_SUB) != (cs == CS_SUB))
		cfinv(c);
	c->cs = cs;
	tr_sense(c);                            /* the instruction may go on to fault */
}

/* Where nothing but C has to stay in NZCV, ccmp inverts it: 0 - 0 has C = 1, and else it is given a 0. */
void tr_need_c(struct tr *c, enum csense cs, u8 stay)
{
	bool invert = c->cs < CS_FCMP && (c->cs == CS_SUB) != (cs == CS_SUB);
	u8 keep = c->live;

	if (invert && !has(c, HOST_FLAGM) && !(stay & (F_O | F_S | F_Z))) {
		a_ccmp(c, 8, XZR, XZR, 0, CC_LO);
		c->cs = cs;
		tr_sense(c);
		return;
	}
	c->live = F_C | stay | (keep & (F_P | F_A));
	tr_need(c, cs);
	c->live = keep;
}

int tr_cond(struct tr *c, int cc)
{
	static const u8 sub[16] = { CC_VS, CC_VC, CC_LO, CC_HS, CC_EQ, CC_NE, CC_LS, CC_HI,
	                            CC_MI, CC_PL, CC_AL, CC_AL, CC_LT, CC_GE, CC_LE, CC_GT };
	static const u8 fcmp[16] = { [COND_B] = CC_LT, [COND_AE] = CC_GE, [COND_BE] = CC_LE, [COND_A] = CC_GT,
	                             [COND_P] = CC_VS, [COND_NP] = CC_VC };
	u8 keep = c->live;
	int r;

	if (c->cs == CS_FORD && (cc == COND_E || cc == COND_NE))
		return cc == COND_E ? CC_EQ : CC_NE;
	if (c->cs == CS_FCMP || c->cs == CS_FORD) {
		if (fcmp[cc])
			return fcmp[cc];
		c->live |= x86_cc_reads[cc];
		tr_need(c, CS_SUB);
		c->live = keep;
		return sub[cc];
	}
	switch (cc) {
	case COND_B: case COND_AE:
		return c->cs == CS_SUB ? sub[cc] : a_invert(sub[cc]);
	case COND_BE: case COND_A:
		if (c->cs == CS_ZERO)
			return cc == COND_BE ? CC_EQ : CC_NE;
		c->live |= F_C;
		tr_need(c, CS_SUB);
		c->live = keep;
	}
	r = sub[cc];
	return r;
}

void tr_parity(struct tr *c, int d, bool pf)
{
	a_eor_sh(c, 4, d, R_PF, R_PF, LSR, 4);
	a_eor_sh(c, 4, d, d, d, LSR, 2);
	(pf ? a_eon_sh : a_eor_sh)(c, 4, d, d, d, LSR, 1);
}

void tr_pf(struct tr *c, int r)
{
	if (live(c, F_P | F_A) && r != R_PF)
		a_mov(c, 4, R_PF, r);
}

void tr_af(struct tr *c, int a, int b)
{
	if (live(c, F_A))
		a_eor(c, 4, R_AF, a, b);
}

/* A subtraction of zero has C = 1, CF = 0 in the boundary's sense, and leaves its operand in x26 or x27. */
bool tr_nz_sub(struct tr *c)
{
	return live(c, F_P | F_A) || (live(c, F_C) && !has(c, HOST_FLAGM));
}

/* N Z C V of a result that R_PF holds, and x27 = x26. */
static void nz_of_pf(struct tr *c, int w)
{
	a_subs_i(c, w, live(c, F_A) ? R_AF : XZR, R_PF, 0);
	c->cs = CS_SUB;
}

static void nz_wide(struct tr *c, int w, int r)
{
	if (!tr_nz_sub(c)) {
		a_tst(c, w, r, r);
		c->cs = CS_ZERO;
		return;
	}
	if (r == R_PF) {
		nz_of_pf(c, w);
		return;
	}
	if (r == XZR)
		a_subs(c, w, live(c, F_P | F_A) ? R_PF : XZR, r, r);
	else
		a_subs_i(c, w, live(c, F_P | F_A) ? R_PF : XZR, r, 0);
	c->cs = CS_SUB;
	if (live(c, F_A))
		a_mov(c, 4, R_AF, R_PF);
}

static void nz_narrow(struct tr *c, int w, int r)
{
	if (live(c, F_P | F_A)) {
		a_sbfx(c, 4, R_PF, r, 0, 8 * w);
		nz_of_pf(c, 4);
	} else if (live(c, F_C) && !has(c, HOST_FLAGM)) {
		a_lsl_i(c, 4, T0, r, 32 - 8 * w);
		a_cmp_i(c, 4, T0, 0);
		c->cs = CS_SUB;
	} else {
		a_cmn_sh(c, 4, XZR, r, LSL, 32 - 8 * w);
		c->cs = CS_ZERO;
	}
}

void tr_nz(struct tr *c, int w, int r)
{
	if (live(c, F_O | F_S | F_Z | F_C)) {
		(w < 4 ? nz_narrow : nz_wide)(c, w, r);
		return;
	}
	tr_pf(c, r);
	if (live(c, F_A))
		a_mov(c, 4, R_AF, R_PF);
}

void tr_getc(struct tr *c, int d)
{
	if (c->cs == CS_ZERO)
		a_mov(c, 4, d, XZR);
	else
		a_cset(c, 4, d, tr_cond(c, COND_B));
}

void tr_getc_ones(struct tr *c, int d)
{
	if (c->cs == CS_ZERO)
		a_mov(c, 4, d, XZR);
	else
		a_csetm(c, 4, d, tr_cond(c, COND_B));
}

void tr_put_c(struct tr *c, int r, int bit)
{
	if (has(c, HOST_FLAGM)) {
		a_rmif(c, r, (bit - 1) & 63, 2);
		return;
	}
	if (bit) {
		a_lsr_i(c, 8, T0, r, bit);
		r = T0;
	}
	a_mrs(c, T1, SR_NZCV);
	a_bfi(c, 8, T1, r, 29, 1);
	a_msr(c, SR_NZCV, T1);
}

/* Without rmif the boundary's sense costs no more: a shift complements as well. */
void tr_setflag_c_bit(struct tr *c, int r, int bit)
{
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	if (!live(c, F_C))
		return;
	if (has(c, HOST_FLAGM)) {
		tr_put_c(c, r, bit);
		c->cs = CS_ADD;
	} else {
		a_mvn_sh(c, 8, T0, r, LSR, bit);
		tr_put_c(c, T0, 0);
		c->cs = CS_SUB;
	}
}

void tr_setflag_nc_bit(struct tr *c, int r, int bit)
{
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	if (!live(c, F_C))
		return;
	tr_put_c(c, r, bit);
	c->cs = CS_SUB;
}
