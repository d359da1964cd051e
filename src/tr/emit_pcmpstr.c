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

/* Both of these: res = IntRes1 of bytes. Strings are masks of a nibble per byte, of which those are set that lie at the
 * terminator or behind it. */
enum { ends_a = T0, ends_b = T1, res = T2 };

static void ends(struct tr *c, int d, int a)
{
	a_vcmeq_z(c, V16B, V1t, a);
	nibbles(c, d, V1t);
	upwards(c, d, T3);
}

static void equal_each(struct tr *c, int a, int b)
{
	ends(c, ends_a, a);
	a_vcmeq(c, V16B, V2t, a, b);
	nibbles(c, res, V2t);
	a_orr(c, 8, T3, ends_a, ends_b);        /* equal where both are valid, and beyond the end of both */
	a_bic(c, 8, res, res, T3);
	a_and(c, 8, T3, ends_a, ends_b);
	a_orr(c, 8, res, res, T3);
}

/* One character of the set after the other, up to its end. */
static void equal_any(struct tr *c, int a, int b)
{
	u32 *again, *end;

	a_vmovi(c, V16B, V2t, 0, 0);
	a_vmovi(c, V16B, V3t, 0, 0);
	a_vmov(c, V16B, V0t, a);
	again = c->code.p;
	a_vumov(c, 1, T3, V0t, 0);
	end = c->code.p;
	a_cbz(c, 4, T3, 0);
	a_vdup(c, V16B, V1t, T3);
	a_vcmeq(c, V16B, V1t, V1t, b);
	a_vorr(c, V16B, V2t, V2t, V1t);
	a_vext(c, V16B, V0t, V0t, V3t, 1);
	a_b(c, (u8 *)again - (u8 *)c->code.p);
	a_bind(c, end);
	nibbles(c, res, V2t);
	a_bic(c, 8, res, res, ends_b);
}

/* PCMPISTRI of bytes, least index. */
static void inlined(struct tr *c, struct insn *i)
{
	int a = i->o[0].reg, b = i->o[1].reg, polarity = i->imm & 0x30;
	bool each = i->imm & 8;

	if (i->o[1].kind == OP_MEM)
		tr_loadv(c, tr_ea(c, i, 16), 16, b = V_B);
	ends(c, ends_b, b);
	(each ? equal_each : equal_any)(c, a, b);
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
	if (each) {                             /* SF: is there a terminator in a? */
		a_lsr_i(c, 8, T0, ends_a, 63);
	} else {
		a_vuminv(c, V16B, V0t, a);
		a_fmov_xv(c, 4, T0, V0t);
		a_clz(c, 4, T0, T0);
		a_lsr_i(c, 4, T0, T0, 5);
	}
	a_extr(c, 8, T0, T0, ends_b, 63);       /* ZF: in b? */
	a_lsr_i(c, 4, T3, T3, 6);               /* C = !CF */
	a_orr_sh(c, 4, T3, T3, T0, LSL, 1);
	a_bfi(c, 4, res, T3, 1, 3);             /* bit 0: OF */
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
