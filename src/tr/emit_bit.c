/* emit_bit.c - single bits, counts of bits, order of bytes: BT BTS BTR BTC, BSF BSR TZCNT LZCNT POPCNT, BSWAP MOVBE.
 *
 * The bit tests fetch their own operands: with memory and a bit offset in a register, a signed offset of the operand's
 * size picks the word, and its low bits the bit (SDM vol. 1 3.1.1.9, "bit string"). They leave ZF alone, and undefine
 * SF OF AF PF. Shared with the LOCK forms by emit_bit.h.
 */
#include "tr/emit_bit.h"
#include "gen/decode.h"

static int bits(const struct insn *i)     { return i->w * 8; }
static int regw(const struct insn *i)     { return i->w == 8 ? 8 : 4; }

static int bit_number(const struct insn *i)
{
	return i->o[1].kind == OP_IMM ? (int)(i->imm & (bits(i) - 1)) : -1;
}

void tr_bit_addr(struct tr *c, struct insn *i)
{
	int log = __builtin_ctz(bits(i)), w = i->aw == 4 && i->seg == SEG_NONE ? 4 : 8;

	int base;

	if (bit_number(i) >= 0) {
		tr_addr(c, i, T_ADDR);
		return;
	}
	base = tr_addr_in(c, i, T_ADDR);
	a_sbfx(c, 8, T0, G(i->o[1].reg), log, bits(i) - log);
	a_add_sh(c, w, T_ADDR, base, T0, LSL, log - 3);
}

int tr_bit_place(struct tr *c, struct insn *i)
{
	int b = G(i->o[1].reg & 15);

	if (bit_number(i) >= 0 || i->w > 2)
		return b;
	a_and_i(c, 4, T3, b, 15);
	return T3;
}

void tr_bit_mask(struct tr *c, struct insn *i, int d, int place)
{
	int k = bit_number(i);

	if (k >= 0) {
		a_mov_i(c, 8, d, 1ull << k);
		return;
	}
	a_mov_i(c, 4, d, 1);
	a_lsl(c, regw(i), d, d, place);
}

bool tr_carry_branch(struct tr *c, struct insn *i, int reg, int bit)
{
	struct insn *j = i + 1;

	if (c->replay || j >= &c->ins[c->b->first + c->b->n] || j->fact || j->live)
		return false;
	if (x86_rows[j->row].mn != MN_Jcc || j->cc >> 1 != COND_B >> 1)
		return false;
	c->zero.on = true;
	c->zero.reg = reg;
	c->zero.bit = bit;
	return true;
}

void tr_bit_flag(struct tr *c, struct insn *i, int r, int place, bool complement)
{
	int k = bit_number(i);
	bool stays = !(i->o[0].kind == OP_GPR && i->o[0].access & OP_WRITE), all = live(c, F_Z) || has(c, HOST_FLAGM), branch;

	if (!live(c, F_C) || (k >= 0 && stays && !complement && tr_carry_branch(c, i, r, k)))
		return;
	branch = !complement && tr_carry_branch(c, i, T2, 0);
	if (k >= 0 && (branch || !all))
		a_ubfx(c, 8, T2, r, k, 1);
	else if (k < 0)
		a_lsr(c, regw(i), T2, r, place);
	if (branch)
		return;
	if (all) {
		(complement ? tr_setflag_nc_bit : tr_setflag_c_bit)(c, k < 0 ? T2 : r, k < 0 ? 0 : k);
		return;
	}
	if (k < 0)
		a_and_i(c, 4, T2, T2, 1);
	a_cmp_i(c, 4, T2, 1);
	c->cs = complement ? CS_SUB : CS_ADD;
}

void tr_zf(struct tr *c, int r)
{
	if (!live(c, F_Z))
		return;
	if (!live(c, F_S | F_O | F_C | F_P)) {
		a_cmp_i(c, 8, r, 0);
		c->cs = CS_SUB;
		return;
	}
	if (c->cs == CS_FCMP || c->cs == CS_FORD)
		tr_need(c, CS_SUB);
	if (has(c, HOST_FLAGM)) {
		a_clz(c, 8, T0, r);             /* 64 for a zero */
		a_rmif(c, T0, 4, 4);
		return;
	}
	a_mrs(c, T1, SR_NZCV);
	a_cmp_i(c, 8, r, 0);
	a_cset(c, 4, T0, CC_EQ);
	a_bfi(c, 8, T1, T0, 30, 1);
	a_msr(c, SR_NZCV, T1);
}

/* d = a with the bit set ('s'), reset ('r') or complemented ('c') */
static void change(struct tr *c, struct insn *i, int d, int a, int place, char how)
{
	int k = bit_number(i), w = regw(i);

	if (k >= 0 && how == 'r') {
		a_and_i(c, w, d, a, ~(1ull << k));
	} else if (k >= 0) {
		(how == 's' ? a_orr_i : a_eor_i)(c, w, d, a, 1ull << k);
	} else {
		tr_bit_mask(c, i, T1, place);
		(how == 's' ? a_orr : how == 'r' ? a_bic : a_eor)(c, w, d, a, T1);
	}
}

/* BTC's flag comes from the new bit, which is the old one's complement, unless a branch looks at the old one, or the bit's
 * place changes with it. */
static bool from_new(struct tr *c, struct insn *i, char how)
{
	struct insn *j = i + 1;

	if (how != 'c' || (j < &c->ins[c->b->first + c->b->n] && x86_rows[j->row].mn == MN_Jcc))
		return false;
	return bit_number(i) >= 0 || i->o[0].kind == OP_MEM || i->o[0].reg != i->o[1].reg;
}

static void bit_test(struct tr *c, struct insn *i, char how)
{
	bool new = from_new(c, i, how);
	int place, a, d;

	if (i->o[0].kind == OP_MEM) {
		struct ea m;

		if (bit_number(i) >= 0) {
			m = tr_ea(c, i, i->w);
		} else {
			tr_bit_addr(c, i);
			m = tr_ea_reg(T_ADDR);
		}
		tr_load(c, m, i->w, T_SRC);
		place = tr_bit_place(c, i);
		if (how) {
			change(c, i, T_DST, T_SRC, place, how);
			tr_store(c, m, i->w, T_DST);
		}
		tr_bit_flag(c, i, new ? T_DST : T_SRC, place, new);
		return;
	}
	place = tr_bit_place(c, i);
	a = G(i->o[0].reg);
	d = how ? tr_dst(c, i, 0, T_DST) : -1;
	if (!new)
		tr_bit_flag(c, i, a, place, false);
	if (how)
		change(c, i, d, a, place, how);
	if (new)
		tr_bit_flag(c, i, d, place, true);
	if (how)
		tr_wb(c, i, 0, d);
}

EMIT(bt,  RAW) { bit_test(c, i, 0); }
EMIT(bts, RAW) { bit_test(c, i, 's'); }
EMIT(btr, RAW) { bit_test(c, i, 'r'); }
EMIT(btc, RAW) { bit_test(c, i, 'c'); }

/* ---- counts */

/* A source of 16 bits, extended; wider ones as they are. */
static int wide(struct tr *c, struct insn *i, int a, int t)
{
	if (i->w >= 4)
		return a;
	a_uxth(c, t, a);
	return t;
}

static void trailing(struct tr *c, int w, int d, int a)
{
	if (has(c, HOST_CSSC)) {
		a_ctz(c, w, d, a);
		return;
	}
	a_rbit(c, w, d, a);
	a_clz(c, w, d, d);
}

/* With a source of zero the destination stays: documented by AMD, and true of Intel's. */
EMIT(bsf, 0)                                    /* d = b ? lowest one of b : a */
{
	b = wide(c, i, b, T1);
	trailing(c, regw(i), T0, b);
	a_cmp_i(c, regw(i), b, 0);
	c->cs = CS_SUB;
	a_csel(c, 8, d, a, T0, CC_EQ);
}

EMIT(bsr, 0)                                    /* d = b ? highest one of b : a */
{
	b = wide(c, i, b, T1);
	a_clz(c, regw(i), T0, b);
	a_eor_i(c, regw(i), T0, T0, regw(i) * 8 - 1);
	a_cmp_i(c, regw(i), b, 0);
	c->cs = CS_SUB;
	a_csel(c, 8, d, a, T0, CC_EQ);
}

/* TZCNT, LZCNT: ZF = the count in d is 0, CF = it is the width. Shifted so far up that the width is shifted out, a count
 * is equal to itself if it is zero, below itself if it is the width, and else above. */
static void count_flags(struct tr *c, struct insn *i, int d)
{
	if (!live(c, F_Z | F_C))
		return;
	if (live(c, F_Z) && live(c, F_C)) {
		a_lsl_i(c, 8, T0, d, 64 - __builtin_ctz(bits(i)));
		a_cmp(c, 8, T0, d);
		c->cs = CS_SUB;
	} else {
		a_cmp_i(c, 4, d, live(c, F_Z) ? 0 : bits(i));
		c->cs = live(c, F_Z) ? CS_SUB : CS_ADD;
	}
}

EMIT(tzcnt, 0)                                  /* d = trailing zeros of a */
{
	if (i->w == 2)
		a_orr_i(c, 4, T0, a, 0x10000);
	trailing(c, regw(i), d, i->w == 2 ? T0 : a);
	count_flags(c, i, d);
}

EMIT(lzcnt, 0)                                  /* d = leading zeros of a */
{
	if (i->w == 2) {
		a_lsl_i(c, 4, T0, a, 16);
		a_orr_i(c, 4, a = T0, T0, 0x8000);
	}
	a_clz(c, regw(i), d, a);
	count_flags(c, i, d);
}

EMIT(popcnt, 0)                                 /* d = ones of a; ZF, and all other flags 0 */
{
	a = wide(c, i, a, T1);
	if (has(c, HOST_CSSC)) {
		a_cnt(c, regw(i), d, a);
	} else {
		a_fmov_vx(c, regw(i), V0t, a);          /* the upper lanes are cleared */
		a_vcnt(c, V8B, V0t, V0t);
		a_vaddv(c, V8B, V0t, V0t);
		a_fmov_xv(c, 4, d, V0t);
	}
	if (live(c, F_O | F_S | F_Z | F_C)) {
		a_cmp_i(c, 4, d, 0);
		c->cs = CS_SUB;
	}
	if (live(c, F_P | F_A)) {
		a_mov_i(c, 4, R_PF, 1);                 /* odd: PF = 0 */
		a_mov(c, 4, R_AF, R_PF);
	}
}

/* ---- order of bytes */

EMIT(bswap, 0)                                  /* d = a's bytes reversed; of 16 bits, undefined: the CPU gives 0 */
{
	if (i->w == 2)
		a_mov(c, 4, d, XZR);
	else
		a_rev(c, i->w, d, a);
}

EMIT(movbe, 0)
{
	if (i->w == 2)
		a_rev16(c, 4, d, a);
	else
		a_rev(c, i->w, d, a);
}
