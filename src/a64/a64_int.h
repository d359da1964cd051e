/* a64_int.h - general registers, branches, system instructions. Part of a64.h. Arm ARM C4.1.92..96, C6. */
#ifndef A64_INT_H
#define A64_INT_H

#include "a64.h"

enum {                                  /* system registers, for a_mrs and a_msr */
#define SYSREG(name, op0, op1, crn, crm, op2) \
	SR_##name = op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5,
#include "a64/a64_sys.def"
};

#define WORD(name, op)     static inline void a_##name(A c) { a_put(c, op); }
#define EXCEPTION(name, op) \
	static inline void a_##name(A c, int imm16) { a_put(c, (op) | a_field((u32)imm16, 16, 5)); }
#define SYSOP(name, op)    static inline void a_##name(A c, int t) { a_put(c, (op) | A_D(t)); }
#define RR(name, op) \
	static inline void a_##name(A c, int w, int d, int n) { a_put(c, A_SF(w) | (op) | A_N(n) | A_D(d)); }
#define RRR(name, op) \
	static inline void a_##name(A c, int w, int d, int n, int m) \
	{ a_put(c, A_SF(w) | (op) | A_M(m) | A_N(n) | A_D(d)); }
#define RRRR(name, op) \
	static inline void a_##name(A c, int w, int d, int n, int m, int a) \
	{ a_put(c, A_SF(w) | (op) | A_M(m) | A_A(a) | A_N(n) | A_D(d)); }
#define XWWX(name, op) \
	static inline void a_##name(A c, int d, int n, int m, int a) \
	{ a_put(c, (op) | A_M(m) | A_A(a) | A_N(n) | A_D(d)); }
#define XXX(name, op) \
	static inline void a_##name(A c, int d, int n, int m) { a_put(c, (op) | A_M(m) | A_N(n) | A_D(d)); }
#define CRC(name, op, mw)  XXX(name, op)
#define CSSC(name, op, opi, lo, hi) \
	RRR(name, op) \
	static inline void a_##name##_i(A c, int w, int d, int n, int imm) \
	{ \
		a_assert(imm >= lo && imm <= hi); \
		a_put(c, A_SF(w) | (opi) | (imm & 0xffu) << 10 | A_N(n) | A_D(d)); \
	}
#define SELECT(name, op) \
	static inline void a_##name(A c, int w, int d, int n, int m, int cc) \
	{ a_put(c, A_SF(w) | (op) | A_M(m) | A_CC(cc) | A_N(n) | A_D(d)); }
#define CCOMPARE(name, op) \
	static inline void a_##name(A c, int w, int n, int m, int nzcv, int cc) \
	{ a_put(c, A_SF(w) | (op) | A_M(m) | A_CC(cc) | A_N(n) | a_field((u32)nzcv, 4, 0)); } \
	static inline void a_##name##_i(A c, int w, int n, int imm5, int nzcv, int cc) \
	{ a_put(c, A_SF(w) | (op) | 0x800 | A_M(imm5) | A_CC(cc) | A_N(n) | a_field((u32)nzcv, 4, 0)); }
#define BITFIELD(name, op) \
	static inline void a_##name(A c, int w, int d, int n, int immr, int imms) \
	{ \
		a_assert(w == 8 || (immr < 32 && imms < 32)); \
		a_put(c, A_SF(w) | (u32)(w == 8) << 22 | (op) | a_field((u32)immr, 6, 16) | \
		         a_field((u32)imms, 6, 10) | A_N(n) | A_D(d)); \
	}
#define MOVEW(name, op) \
	static inline void a_##name(A c, int w, int d, int imm16, int shift) \
	{ \
		a_assert(shift % 16 == 0 && (w == 8 || shift < 32)); \
		a_put(c, A_SF(w) | (op) | a_field((u32)shift / 16, 2, 21) | a_field((u32)imm16, 16, 5) | \
		         A_D(d)); \
	}

/* Register 31 is XZR in a_x and a_x_sh, SP for d (not where flags are set) and n in a_x_i and a_x_ext. */
#define ARITH(name, op) \
	static inline void a_##name##_sh(A c, int w, int d, int n, int m, int shift, int amount) \
	{ \
		a_assert(shift != ROR && (w == 8 || amount < 32)); \
		a_put(c, A_SF(w) | 0x0b000000 | (op) | a_field((u32)shift, 2, 22) | A_M(m) | \
		         a_field((u32)amount, 6, 10) | A_N(n) | A_D(d)); \
	} \
	static inline void a_##name(A c, int w, int d, int n, int m) { a_##name##_sh(c, w, d, n, m, LSL, 0); } \
	static inline void a_##name##_ext(A c, int w, int d, int n, int m, int ext, int amount) \
	{ \
		a_assert(amount <= 4); \
		a_put(c, A_SF(w) | 0x0b200000 | (op) | A_M(m) | a_field((u32)ext, 3, 13) | \
		         a_field((u32)amount, 3, 10) | A_N(n) | A_D(d)); \
	} \
	static inline void a_##name##_i(A c, int w, int d, int n, u64 imm) \
	{ \
		a_assert(a_fits_arith(imm)); \
		a_put(c, A_SF(w) | 0x11000000 | (op) | A_N(n) | A_D(d) | \
		         (imm < 0x1000 ? (u32)imm << 10 : 0x400000 | (u32)imm >> 2)); \
	}
#define LOGIC_N(name, op) \
	static inline void a_##name##_sh(A c, int w, int d, int n, int m, int shift, int amount) \
	{ \
		a_assert(w == 8 || amount < 32); \
		a_put(c, A_SF(w) | 0x0a000000 | (op) | a_field((u32)shift, 2, 22) | A_M(m) | \
		         a_field((u32)amount, 6, 10) | A_N(n) | A_D(d)); \
	} \
	static inline void a_##name(A c, int w, int d, int n, int m) { a_##name##_sh(c, w, d, n, m, LSL, 0); }
#define LOGIC(name, op) \
	LOGIC_N(name, op) \
	static inline void a_##name##_i(A c, int w, int d, int n, u64 imm)   /* d: SP, but in ands */ \
	{ \
		u32 field = 0; \
		bool ok = a_encode_logic(w, imm, &field); \
		a_assert(ok); \
		(void)ok; \
		a_put(c, A_SF(w) | 0x12000000 | (op) | field | A_N(n) | A_D(d)); \
	}


#include "a64/a64_int.def"

/* ---- aliases of add, sub, and, orr */
static inline void a_cmp(A c, int w, int n, int m)                  { a_subs(c, w, XZR, n, m); }
static inline void a_cmp_i(A c, int w, int n, u64 imm)              { a_subs_i(c, w, XZR, n, imm); }
static inline void a_cmp_sh(A c, int w, int n, int m, int s, int k) { a_subs_sh(c, w, XZR, n, m, s, k); }
static inline void a_cmp_ext(A c, int w, int n, int m, int e, int k) { a_subs_ext(c, w, XZR, n, m, e, k); }
static inline void a_cmn(A c, int w, int n, int m)                  { a_adds(c, w, XZR, n, m); }
static inline void a_cmn_i(A c, int w, int n, u64 imm)              { a_adds_i(c, w, XZR, n, imm); }
static inline void a_cmn_sh(A c, int w, int n, int m, int s, int k) { a_adds_sh(c, w, XZR, n, m, s, k); }
static inline void a_cmn_ext(A c, int w, int n, int m, int e, int k) { a_adds_ext(c, w, XZR, n, m, e, k); }
static inline void a_neg(A c, int w, int d, int m)                  { a_sub(c, w, d, XZR, m); }
static inline void a_neg_sh(A c, int w, int d, int m, int s, int k) { a_sub_sh(c, w, d, XZR, m, s, k); }
static inline void a_negs(A c, int w, int d, int m)                 { a_subs(c, w, d, XZR, m); }
static inline void a_negs_sh(A c, int w, int d, int m, int s, int k) { a_subs_sh(c, w, d, XZR, m, s, k); }
static inline void a_ngc(A c, int w, int d, int m)                  { a_sbc(c, w, d, XZR, m); }
static inline void a_ngcs(A c, int w, int d, int m)                 { a_sbcs(c, w, d, XZR, m); }
static inline void a_tst(A c, int w, int n, int m)                  { a_ands(c, w, XZR, n, m); }
static inline void a_tst_i(A c, int w, int n, u64 imm)              { a_ands_i(c, w, XZR, n, imm); }
static inline void a_tst_sh(A c, int w, int n, int m, int s, int k) { a_ands_sh(c, w, XZR, n, m, s, k); }
static inline void a_mvn(A c, int w, int d, int m)                  { a_orn(c, w, d, XZR, m); }
static inline void a_mvn_sh(A c, int w, int d, int m, int s, int k) { a_orn_sh(c, w, d, XZR, m, s, k); }
static inline void a_mov(A c, int w, int d, int m)                  { a_orr(c, w, d, XZR, m); }
static inline void a_mov_sp(A c, int d, int n)                      { a_add_i(c, 8, d, n, 0); } /* 31 is SP */

/* Any constant in the fewest words (1..4). */
static inline void a_mov_i(A c, int w, int d, u64 x)
{
	u32 word[4];
	int n = a_mov_plan(w, x, word);

	for (int i = 0; i < n; i++)
		a_put(c, word[i] | A_D(d));
}

/* ---- aliases of the bit-field moves; lsb, width and shift count in bits */
static inline int a_bits(int w) { return w == 8 ? 64 : 32; }

#define SHIFTED(name, rname) \
	static inline void a_##name(A c, int w, int d, int n, int m) { a_##rname(c, w, d, n, m); }
SHIFTED(lsl, lslv)
SHIFTED(lsr, lsrv)
SHIFTED(asr, asrv)
SHIFTED(ror, rorv)
#undef SHIFTED

static inline void a_lsl_i(A c, int w, int d, int n, int k)
{
	a_assert(k >= 0 && k < a_bits(w));
	a_ubfm(c, w, d, n, -k & (a_bits(w) - 1), a_bits(w) - 1 - k);
}
static inline void a_lsr_i(A c, int w, int d, int n, int k)  { a_ubfm(c, w, d, n, k, a_bits(w) - 1); }
static inline void a_asr_i(A c, int w, int d, int n, int k)  { a_sbfm(c, w, d, n, k, a_bits(w) - 1); }
static inline void a_extr(A c, int w, int d, int n, int m, int lsb)     /* d = n:m >> lsb */
{
	a_assert(lsb < a_bits(w));
	a_put(c, A_SF(w) | (u32)(w == 8) << 22 | 0x13800000 | A_M(m) | a_field((u32)lsb, 6, 10) | A_N(n) |
	         A_D(d));
}
static inline void a_ror_i(A c, int w, int d, int n, int k)  { a_extr(c, w, d, n, n, k); }

/* x: take width bits from lsb on; iz: put the low width bits at lsb into zeros; i: the same, into d */
#define FIELD(x, iz, op) \
	static inline void a_##x(A c, int w, int d, int n, int lsb, int width) \
	{ \
		a_assert(width > 0 && lsb + width <= a_bits(w)); \
		a_##op(c, w, d, n, lsb, lsb + width - 1); \
	} \
	static inline void a_##iz(A c, int w, int d, int n, int lsb, int width) \
	{ \
		a_assert(width > 0 && lsb + width <= a_bits(w)); \
		a_##op(c, w, d, n, -lsb & (a_bits(w) - 1), width - 1); \
	}
FIELD(ubfx, ubfiz, ubfm)
FIELD(sbfx, sbfiz, sbfm)
FIELD(bfxil, bfi, bfm)
#undef FIELD
static inline void a_bfc(A c, int w, int d, int lsb, int width) { a_bfi(c, w, d, XZR, lsb, width); }
static inline void a_uxtb(A c, int d, int n)                    { a_ubfm(c, 4, d, n, 0, 7); }
static inline void a_uxth(A c, int d, int n)                    { a_ubfm(c, 4, d, n, 0, 15); }
static inline void a_sxtb(A c, int w, int d, int n)             { a_sbfm(c, w, d, n, 0, 7); }
static inline void a_sxth(A c, int w, int d, int n)             { a_sbfm(c, w, d, n, 0, 15); }
static inline void a_sxtw(A c, int d, int n)                    { a_sbfm(c, 8, d, n, 0, 31); }

static inline void a_rev(A c, int w, int d, int n)
{
	a_put(c, A_SF(w) | (w == 8 ? 0x5ac00c00 : 0x5ac00800) | A_N(n) | A_D(d));
}
static inline void a_rev32(A c, int d, int n) { a_put(c, 0xdac00800 | A_N(n) | A_D(d)); }

static inline void a_mul(A c, int w, int d, int n, int m)   { a_madd(c, w, d, n, m, XZR); }
static inline void a_mneg(A c, int w, int d, int n, int m)  { a_msub(c, w, d, n, m, XZR); }
static inline void a_smull(A c, int d, int n, int m)        { a_smaddl(c, d, n, m, XZR); }
static inline void a_umull(A c, int d, int n, int m)        { a_umaddl(c, d, n, m, XZR); }

static inline void a_cset(A c, int w, int d, int cc)        { a_csinc(c, w, d, XZR, XZR, a_invert(cc)); }
static inline void a_csetm(A c, int w, int d, int cc)       { a_csinv(c, w, d, XZR, XZR, a_invert(cc)); }
static inline void a_cinc(A c, int w, int d, int n, int cc) { a_csinc(c, w, d, n, n, a_invert(cc)); }
static inline void a_cinv(A c, int w, int d, int n, int cc) { a_csinv(c, w, d, n, n, a_invert(cc)); }
static inline void a_cneg(A c, int w, int d, int n, int cc) { a_csneg(c, w, d, n, n, a_invert(cc)); }

/* ---- flags: FEAT_FlagM */
static inline void a_setf8(A c, int n)  { a_put(c, 0x3a00080d | A_N(n)); }
static inline void a_setf16(A c, int n) { a_put(c, 0x3a00480d | A_N(n)); }
static inline void a_rmif(A c, int n, int ror, int mask)        /* NZCV bits of mask from n rotated */
{
	a_put(c, 0xba000400 | a_field((u32)ror, 6, 15) | A_N(n) | a_field((u32)mask, 4, 0));
}

/* ---- branches and addresses: off in bytes from the instruction */
static inline void a_b(A c, s64 off)                    { a_rel(c, 0x14000000, off, 26, 0); }
static inline void a_bl(A c, s64 off)                   { a_rel(c, 0x94000000, off, 26, 0); }
static inline void a_bcond(A c, int cc, s64 off)        { a_rel(c, 0x54000000 | a_field((u32)cc, 4, 0), off, 19, 5); }
static inline void a_cbz(A c, int w, int t, s64 off)    { a_rel(c, A_SF(w) | 0x34000000 | A_D(t), off, 19, 5); }
static inline void a_cbnz(A c, int w, int t, s64 off)   { a_rel(c, A_SF(w) | 0x35000000 | A_D(t), off, 19, 5); }
static inline u32 a_bit(int bit)                        { return (u32)(bit & 32) << 26 | (u32)(bit & 31) << 19; }
static inline void a_tbz(A c, int t, int bit, s64 off)  { a_rel(c, 0x36000000 | a_bit(bit) | A_D(t), off, 14, 5); }
static inline void a_tbnz(A c, int t, int bit, s64 off) { a_rel(c, 0x37000000 | a_bit(bit) | A_D(t), off, 14, 5); }
static inline void a_br(A c, int n)                     { a_put(c, 0xd61f0000 | A_N(n)); }
static inline void a_blr(A c, int n)                    { a_put(c, 0xd63f0000 | A_N(n)); }
static inline void a_ret(A c, int n)                    { a_put(c, 0xd65f0000 | A_N(n)); }
static inline void a_adr(A c, int d, s64 off)
{
	a_assert(off >= -(1 << 20) && off < 1 << 20);
	a_put(c, 0x10000000 | ((u32)off & 3) << 29 | ((u32)(off >> 2) & 0x7ffff) << 5 | A_D(d));
}
static inline void a_adrp(A c, int d, s64 off)          /* off: target page minus this instruction's page */
{
	a_assert(!(off & 0xfff) && off >= -(1ll << 32) && off < 1ll << 32);
	a_put(c, 0x90000000 | ((u32)(off >> 12) & 3) << 29 | ((u32)(off >> 14) & 0x7ffff) << 5 | A_D(d));
}
static inline void a_udf(A c, int imm16)                { a_put(c, a_field((u32)imm16, 16, 0)); }

/* ---- system */
enum { A_OSHLD = 1, A_OSHST, A_OSH, A_ISHLD = 9, A_ISHST, A_ISH, A_LD = 13, A_ST, A_SY };
static inline void a_mrs(A c, int t, int sr)            { a_put(c, 0xd5200000 | (u32)sr | A_D(t)); }
static inline void a_msr(A c, int sr, int t)            { a_put(c, 0xd5000000 | (u32)sr | A_D(t)); }
static inline void a_dmb(A c, int domain)               { a_put(c, 0xd50330bf | a_field((u32)domain, 4, 8)); }
static inline void a_dsb(A c, int domain)               { a_put(c, 0xd503309f | a_field((u32)domain, 4, 8)); }

#endif
