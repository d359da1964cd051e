/* decode.c - bytes to struct insn.
 *
 * Table-driven: what an opcode is stands in insn.def alone (form.h says how it arrives here); this file knows
 * prefixes, ModRM, SIB, VEX and where operands come from. SDM volume 2, chapter 2. The bytes are hostile: each is
 * looked at only after it is known to be there, and no more than 15 are.
 */
#include "x86/insn.h"
#include "x86/form.h"

#define X86_DECODE_TABLES
#include "gen/decode.h"

/* On the way through the bytes. */
struct dec {
	const u8 *p, *end;
	u32 key;                        /* K_...                                           */
	u8 r, x, b;                     /* REX.R X B, shifted to bit 3                     */
	u8 rex, vvvv;
	u8 mod, reg, rm, opcode;
};

typedef s16 __attribute__((aligned(1), may_alias)) packed_s16;
typedef s32 __attribute__((aligned(1), may_alias)) packed_s32;
typedef s64 __attribute__((aligned(1), may_alias)) packed_s64;

static inline bool left(const struct dec *d, size_t n) { return likely((size_t)(d->end - d->p) >= n); }

/* The next n = 1, 2, 4 or 8 bytes, sign-extended. Both hosts are little-endian. */
static inline bool take_signed(struct dec *d, unsigned n, s64 *v)
{
	const u8 *p = d->p;

	if (!left(d, n))
		return false;
	d->p += n;
	if (n == 1)
		*v = (s8)p[0];
	else if (n == 4)
		*v = *(const packed_s32 *)p;
	else if (n == 2)
		*v = *(const packed_s16 *)p;
	else
		*v = *(const packed_s64 *)p;
	return true;
}

static inline bool take_byte(struct dec *d, u8 *v)
{
	if (!left(d, 1))
		return false;
	*v = *d->p++;
	return true;
}

static inline bool is_prefix(u8 b)
{
	/* 26 2E 36 3E, 64 65 66 67, F0 F2 F3 */
	static const u64 map[4] = { 1ull << 0x26 | 1ull << 0x2e | 1ull << 0x36 | 1ull << 0x3e,
		15ull << (0x64 - 64), 0, 1ull << (0xf0 - 192) | 1ull << (0xf2 - 192) | 1ull << (0xf3 - 192) };

	return map[b >> 6] >> (b & 63) & 1;
}

/* Prefixes up to the opcode's first byte, which it takes too. A REX that another prefix follows is void; of F2 and
 * F3 the last counts, and of the segments the last of FS and GS: 64-bit mode ignores the others. */
static bool prefixes(struct dec *d, struct insn *i, u8 *opcode)
{
	u32 rep = 0;

	for (;;) {
		u8 b;

		if (!take_byte(d, &b))
			return false;
		if ((b & 0xf0) == 0x40) {
			d->rex = b;
			continue;
		}
		if (likely(!is_prefix(b))) {
			*opcode = b;
			break;
		}
		d->rex = 0;
		switch (b) {
		case 0x64: i->seg = SEG_FS; break;
		case 0x65: i->seg = SEG_GS; break;
		case 0x66: d->key |= K_OPSZ; break;
		case 0x67: i->aw = 4; break;
		case 0xf0: d->key |= K_LOCK; break;
		case 0xf2: rep = K_F2; break;
		case 0xf3: rep = K_F3; break;
		}
	}
	d->key |= rep ? rep : d->key & K_OPSZ ? K_66 : 0;
	d->r = d->rex << 1 & 8;
	d->x = d->rex << 2 & 8;
	d->b = d->rex << 3 & 8;
	d->key |= (d->rex & 8 ? K_W : 0) | (d->rex & 1 ? K_B : 0);
	return true;
}

/* The rest of a VEX prefix (C5: two bytes, C4: three) and the opcode; returns the map, or -1. */
static int vex(struct dec *d, struct insn *i, u8 c, u8 *opcode, enum x86_status *status)
{
	u8 b1, b2;
	int map = 1;

	*status = X86_UD;
	if (d->rex || d->key & (K_PP | K_LOCK))
		return -1;
	*status = X86_SHORT;
	if (!take_byte(d, &b1))
		return -1;
	d->r = ~b1 >> 4 & 8;
	b2 = b1;
	if (c == 0xc4) {
		d->x = ~b1 >> 3 & 8;
		d->b = ~b1 >> 2 & 8;
		map = b1 & 31;
		if (map < 1 || map > 3) {
			*status = X86_UD;
			return -1;
		}
		if (!take_byte(d, &b2))
			return -1;
		d->key |= b2 & 0x80 ? K_W : 0;
	}
	if (!take_byte(d, opcode))
		return -1;
	d->vvvv = ~b2 >> 3 & 15;
	d->key |= (b2 & 3) | (b2 & 4 ? K_L : 0) | (d->vvvv ? K_V : 0);
	i->prefix |= PFX_VEX;
	return MAP_VEX + map - 1;
}

/* Which map the opcode is in; takes its escape bytes. */
static inline int opcode_map(struct dec *d, struct insn *i, u8 *op, enum x86_status *status)
{
	*status = X86_SHORT;
	if ((*op & ~1) == 0xc4)
		return vex(d, i, *op, op, status);
	if (*op != 0x0f)
		return MAP_1;
	if (!take_byte(d, op))
		return -1;
	if (*op != 0x38 && *op != 0x3a)
		return MAP_0F;
	if (*op == 0x38)
		return take_byte(d, op) ? MAP_0F38 : -1;
	return take_byte(d, op) ? MAP_0F3A : -1;
}

static inline const struct form *find_form(unsigned at, u32 key, u64 features)
{
	const struct form *f;

	if (!at)
		return 0;
	for (f = &forms[at - 1];; f++) {
		if ((key & f->mask) == f->value && features >> f->feature & 1)
			return f;
		if (f->last)
			return 0;
	}
}

/* The memory operand that ModRM and SIB describe. vsib: its index is a vector, so that 4 is no exception. */
static bool memory(struct dec *d, struct insn *i, bool vsib)
{
	u8 base = d->rm;
	s64 disp = 0;
	unsigned n = d->mod == 1 ? 1 : d->mod == 2 ? 4 : 0;

	if (d->rm == 4) {
		u8 sib;

		if (!take_byte(d, &sib))
			return false;
		base = sib & 7;
		i->index = (sib >> 3 & 7) | d->x;
		i->shift = sib >> 6;
		if (i->index == 4 && !vsib) {
			i->index = NOREG;
			i->shift = 0;
		}
	}
	i->base = base | d->b;
	if (d->mod == 0 && base == 5) {
		i->base = d->rm == 4 ? NOREG : RIP;
		n = 4;
	}
	if (n && !take_signed(d, n, &disp))
		return false;
	i->disp = disp;
	return true;
}

/* A general register; without REX, byte registers 4 to 7 are AH to BH. */
static inline void put_gpr(const struct dec *d, struct opnd *o, u8 reg)
{
	o->reg = reg;
	if (unlikely(o->w == 1) && !d->rex && reg >= 4 && reg < 8) {
		o->kind = OP_GPRH;
		o->reg = reg - 4;
	}
}

/* ModRM says memory where a register of this kind could stand. */
static inline void put_mem(struct opnd *o, u8 kind)
{
	o->kind = OP_MEM;
	o->reg = kind;
}

static bool immediate(struct dec *d, struct insn *i, struct opnd *o, u8 place)
{
	u8 n = o->w;
	s64 v;

	if (!take_signed(d, n, &v))
		return false;
	if (place != AT_IB)
		o->w = i->w;
	else
		v &= n == 1 ? 0xff : 0xffff;
	if (o > i->o && o[-1].kind == OP_IMM)
		i->imm2 = v;            /* ENTER's second */
	else
		i->imm = v;
	return true;
}

/* Fills in one operand; false if the bytes end. */
static inline bool operand(struct dec *d, struct insn *i, struct opnd *o, const struct spec *s)
{
	*o = s->o[K_CTX(d->key)];
	switch (s->place) {
	case AT_E:
		if (d->mod != 3)
			put_mem(o, OP_GPR);
		else
			put_gpr(d, o, d->rm | d->b);
		return true;
	case AT_G: put_gpr(d, o, d->reg | d->r); return true;
	case AT_Z: put_gpr(d, o, (d->opcode & 7) | d->b); return true;
	case AT_W:
		if (d->mod != 3)
			put_mem(o, OP_XMM);
		else
			o->reg = d->rm | d->b;
		return true;
	case AT_Q:
		if (d->mod != 3)
			put_mem(o, OP_MMX);
		else
			o->reg = d->rm;
		return true;
	case AT_H:
		o->reg = i->prefix & PFX_VEX ? d->vvvv : i->o[0].reg;
		if (!(i->prefix & PFX_VEX))
			o->kind = i->o[0].kind;
		return true;
	case AT_V: case AT_CR: case AT_DR: o->reg = d->reg | d->r; return true;
	case AT_B: o->reg = d->vvvv; return true;
	case AT_SREG: case AT_P: o->reg = d->reg; return true;
	case AT_RCR: o->reg = d->rm | d->b; return true;
	case AT_STI: o->reg = d->rm; return true;
	case AT_L:
		if (!take_byte(d, &i->imm2))
			return false;
		o->reg = i->imm2 >> 4;
		return true;
	case AT_IB: case AT_IS: case AT_IZ: return immediate(d, i, o, s->place);
	case AT_ONE: i->imm = 1; return true;
	case AT_J:
		if (!take_signed(d, o->w, &i->imm))
			return false;
		o->w = 8;
		return true;
	case AT_O:
		i->base = MOFFS;
		if (!take_signed(d, i->aw, &i->imm))
			return false;
		if (i->aw == 4)
			i->imm &= 0xffffffff;
		return true;
	case AT_MREG:
		i->base = o->reg;
		o->reg = 0;
		return true;
	default: return true;                   /* as the form says */
	}
}

/* What a key cannot say: registers that do not exist, and a gather's, which must differ. */
static bool impossible(const struct insn *i, const struct dec *d, u8 flags)
{
	if (flags & SHAPE_VSIB)
		return d->rm != 4 || i->o[0].reg == i->index || i->o[2].reg == i->index || i->o[0].reg == i->o[2].reg;
	for (int k = 0; k < 2; k++) {
		const struct opnd *o = &i->o[k];

		if (o->kind == OP_SEG && (o->reg > SEG_GS || (o->reg == SEG_CS && o->access & OP_WRITE)))
			return true;
		if (o->kind == OP_CR && !(1 << o->reg & (1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8)))
			return true;
		if (o->kind == OP_DR && o->reg > 7)
			return true;
	}
	return false;
}

static inline void note_prefixes(struct insn *i, const struct dec *d, u8 flags)
{
	u32 key = d->key;

	_Static_assert(PFX_OPSZ == K_OPSZ << 1 && PFX_REXW == K_W << 3, "as written below");
	i->prefix |= (key & K_OPSZ) << 1 | (key & K_W) << 3 | (d->rex ? PFX_REX : 0) | (i->aw & 4) * (PFX_ADSZ / 4);
	if (unlikely(key & K_LOCK))
		i->prefix |= PFX_LOCK;
	if (unlikely(flags & (SHAPE_REP | SHAPE_REPNE)) && (key & K_PP) > K_66)
		i->prefix |= flags & SHAPE_REPNE && (key & K_PP) == K_F2 ? PFX_REPNE : PFX_REP;
}

/* After the opcode: the form, then ModRM's memory, then what the form's operands ask for, in order. */
static enum x86_status body(struct dec *d, struct insn *i, int map, u64 features)
{
	unsigned at = head[map][d->opcode];
	const struct form *f;
	const struct shape *s;

	d->mod = 3;
	if (at & HEAD_MODRM) {
		u8 modrm;

		if (!take_byte(d, &modrm))
			return X86_SHORT;
		d->mod = modrm >> 6;
		d->reg = modrm >> 3 & 7;
		d->rm = modrm & 7;
		d->key |= d->reg << K_REG_SHIFT | d->rm << K_RM_SHIFT | (d->mod == 3 ? K_REGFORM : 0);
	}
	f = find_form(at & ~HEAD_MODRM, d->key, features);
	if (!f)
		return X86_UD;
	i->row = f->row;
	s = &shapes[f->row];
	i->mn = s->mn;
	if (unlikely(d->key & K_LOCK) && (!(s->flags & SHAPE_LOCK) || d->mod == 3))
		return X86_UD;
	if (unlikely(s->flags & SHAPE_VSIB) && d->rm != 4)
		return X86_UD;
	if (d->mod != 3 && !(s->flags & SHAPE_NOMEM) && !memory(d, i, s->flags & SHAPE_VSIB))
		return X86_SHORT;
	i->w = widths[s->w][K_CTX(d->key)];
	if (s->flags & SHAPE_CC)
		i->cc = d->opcode & 15;
	note_prefixes(i, d, s->flags);
	for (unsigned k = 0; k < s->nop; k++)
		if (!operand(d, i, &i->o[k], &specs[s->op[k]]))
			return X86_SHORT;
	if (unlikely(s->flags & (SHAPE_CHECK | SHAPE_VSIB)) && impossible(i, d, s->flags))
		return X86_UD;
	return X86_OK;
}

/* By hand: this runs where there is no memset, and for every instruction. */
static inline void clear(struct insn *i, gaddr pc)
{
	i->pc = pc;
	i->imm = 0;
	i->disp = 0;
	i->row = 0;
	i->len = i->w = 0;
	for (int k = 0; k < 4; k++)
		i->o[k] = (struct opnd){ 0 };
	i->base = i->index = NOREG;
	i->seg = SEG_NONE;
	i->aw = 8;
	i->shift = i->cc = i->prefix = i->imm2 = i->live = i->fact = 0;
	i->mn = X86_NMN;
}

enum x86_status x86_decode(struct insn *i, const u8 *p, size_t n, gaddr pc, u64 features)
{
	struct dec d = { .p = p, .end = p + (n < 15 ? n : 15), .key = features >> X86_AVX & 1 ? 0 : K_NOAVX };
	enum x86_status status = X86_SHORT;
	int map = -1;

	clear(i, pc);
	if (prefixes(&d, i, &d.opcode))
		map = opcode_map(&d, i, &d.opcode, &status);
	if (map >= 0)
		status = body(&d, i, map, features);
	if (status == X86_SHORT && n >= 15)
		status = X86_TOOLONG;
	i->len = d.p - p;
	if (status == X86_OK && i->o[0].kind == OP_REL)
		i->imm += pc + i->len;
	return status;
}
