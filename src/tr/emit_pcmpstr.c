/* emit_pcmpstr.c - PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM: a helper does them (rt/pcmpstr.c), but for what strcmp and its
 * like are made of. SDM vol. 1 12.10.3, vol. 2 4.1.
 */
#include "tr/avx.h"

#define SCRATCH(n) (offsetof(struct cpu, scratch) + 8 * (n))

static void compare(struct tr *c, struct insn *i, int what)
{
	int b = i->o[1].reg;

	if (i->o[1].kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, 16), 16, b = V_B);
	if (i->prefix & PFX_REXW)
		what |= PCMPSTR_WIDE;
	a_strv_i(c, 16, i->o[0].reg, R_CPU, SCRATCH(0));
	a_strv_i(c, 16, b, R_CPU, SCRATCH(2));
	a_mov_i(c, 4, T0, (i->imm & 0x7f) | what);
	a_str_i(c, 8, T0, R_CPU, offsetof(struct cpu, spare));
	tr_helper(c, TR_H_PCMPSTR);
	c->cs = CS_SUB;
	if (what & PCMPSTR_MASK)
		a_ldrv_i(c, 16, V0, R_CPU, SCRATCH(0));
	if (what & PCMPSTR_MASK && i->prefix & PFX_VEX)
		y_zero(c, i, 0);
}
EMIT(pcmpestri, RAW | IMPLICIT) { compare(c, i, PCMPSTR_EXPLICIT); }
EMIT(pcmpestrm, RAW | IMPLICIT) { compare(c, i, PCMPSTR_EXPLICIT | PCMPSTR_MASK); }

/* d = four ones for each byte that is not zero in mask register v. */
static void nibbles(struct tr *c, int d, int v)
{
	a_vshrn_i(c, V8B, v, v, 4);
	a_fmov_xv(c, 8, d, v);
}

/* d |= all that lies above its lowest one. */
static void upwards(struct tr *c, int d, int t)
{
	a_neg(c, 8, t, d);
	a_orr(c, 8, d, d, t);
}

/* Both of these: res = IntRes1 of bytes, ends_a, ends_b = where the strings are not valid, V0t, V1t = where they are zero. */
enum { ends_a = T0, ends_b = T1, res = T2 };

static void equal_each(struct tr *c, int a, int b)
{
	a_vcmeq(c, V16B, V2t, a, b);
	nibbles(c, res, V2t);
	a_orr(c, 8, T3, ends_a, ends_b);        /* equal where both are valid, and beyond the end of both */
	a_bic(c, 8, res, res, T3);
	a_and(c, 8, T3, ends_a, ends_b);
	a_orr(c, 8, res, res, T3);
}

static void equal_any(struct tr *c, int a, int b)
{
	u32 *none, *again;

	a_vmovi(c, V16B, V2t, 0, 0);
	a_rbit(c, 8, T3, ends_a);
	a_clz(c, 8, T3, T3);
	a_lsr_i(c, 4, T3, T3, 2);
	none = c->code.p;
	a_cbz(c, 4, T3, 0);
	v_mov(c, V0t, a);
	again = c->code.p;
	a_vdup_e(c, V16B, V1t, V0t, 0);           /* one character of the set after the other */
	a_vcmeq(c, V16B, V1t, V1t, b);
	a_vorr(c, V16B, V2t, V2t, V1t);
	a_vext(c, V16B, V0t, V0t, V0t, 1);
	a_sub_i(c, 4, T3, T3, 1);
	a_cbnz(c, 4, T3, (u8 *)again - (u8 *)c->code.p);
	a_bind(c, none);
	nibbles(c, res, V2t);
	a_bic(c, 8, res, res, ends_b);
}

/* PCMPISTRI of bytes, least index: strings as masks of a nibble per byte, of which those are set that lie at the terminator
 * or behind it. */
static void inlined(struct tr *c, struct insn *i)
{
	int a = i->o[0].reg, b = i->o[1].reg, polarity = i->imm & 0x30;

	if (i->o[1].kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, 16), 16, b = V_B);
	a_vcmeq_z(c, V16B, V0t, a);
	a_vcmeq_z(c, V16B, V1t, b);
	nibbles(c, ends_a, V0t);
	nibbles(c, ends_b, V1t);
	upwards(c, ends_a, T3);
	upwards(c, ends_b, T3);
	(i->imm & 8 ? equal_each : equal_any)(c, a, b);
	if (polarity == 0x10)
		a_mvn(c, 8, res, res);
	else if (polarity == 0x30)
		a_eon(c, 8, res, res, ends_b);
	a_rbit(c, 8, T3, res);
	a_clz(c, 8, T3, T3);                    /* 64: none */
	a_lsr_i(c, 4, G(RCX), T3, 2);
	c->cs = CS_SUB;
	if (live(c, F_P | F_A)) {
		a_mov_i(c, 4, R_PF, 1);
		a_mov(c, 8, R_AF, R_PF);
	}
	if (!live(c, F_O | F_S | F_Z | F_C))
		return;
	a_cmp_i(c, 8, res, 0);                  /* the top bit of ends_a: SF, of ends_b: ZF */
	a_cset(c, 4, T3, CC_EQ);                /* C = !CF */
	a_lsr_i(c, 8, ends_a, ends_a, 63);
	a_bfi(c, 4, res, T3, 1, 1);             /* bit 0: OF */
	a_lsr_i(c, 8, ends_b, ends_b, 63);
	a_bfi(c, 4, res, ends_b, 2, 1);
	a_bfi(c, 4, res, ends_a, 3, 1);
	a_lsl_i(c, 4, res, res, 28);
	a_msr(c, SR_NZCV, res);
}

EMIT(pcmpistri, RAW | IMPLICIT)
{
	if ((i->imm & 0x45) == 0)
		inlined(c, i);
	else
		compare(c, i, 0);
}
EMIT(pcmpistrm, RAW | IMPLICIT) { compare(c, i, PCMPSTR_MASK); }

_Static_assert(offsetof(struct cpu, scratch) % 16 == 0, "stored as vectors");
