/* imm.c - which constants an ARM64 instruction can hold, and how. Decoders follow the manual's pseudocode;
 * encoders make the only candidate and, where that is the shorter proof, decode it again.
 */
#include "imm.h"

/* A logical immediate is an element of 2, 4 .. 64 bits, repeated; the element a rotated run of ones. */
bool a_encode_logic(int w, u64 x, u32 *field)
{
	int size = 64, low, ones;
	u64 mask, run;

	if (w < 8)
		x = (x & 0xffffffff) | x << 32;
	if (x + 1 < 2)
		return false;                                   /* 0 and all ones */
	while (size > 2 && (x ^ x >> size / 2) << (64 - size / 2) == 0)
		size /= 2;
	mask = ~0ull >> (64 - size);
	x &= mask;

	run = x & 1 && x >> (size - 1) ? ~x & mask : x;         /* if the ones wrap around, the zeros do not */
	low = __builtin_ctzll(run);
	ones = __builtin_ctzll(~(run >> low));
	if (run >> low >> ones)
		return false;
	if (run != x) {
		low += ones;
		ones = size - ones;
	}
	*field = (u32)(size == 64) << 22 | (u32)((size - low) % size) << 16 |
	         (u32)((-2 * size | (ones - 1)) & 0x3f) << 10;
	return true;
}

bool a_decode_logic(int w, u32 insn, u64 *x)
{
	int imms = insn >> 10 & 0x3f, immr = insn >> 16 & 0x3f, size = 64;
	int key = (insn >> 22 & 1) << 6 | (~imms & 0x3f);       /* its highest bit is the size */
	u64 run;

	while (size > 1 && !(key & size))
		size /= 2;
	imms &= size - 1;
	immr &= size - 1;
	if (size < 2 || imms == size - 1 || (w < 8 && size == 64))
		return false;
	run = (2ull << imms) - 1;
	if (immr)
		run = (run >> immr | run << (size - immr)) & (~0ull >> (64 - size));
	for (; size < 64; size *= 2)
		run |= run << size;
	*x = w < 8 ? run & 0xffffffff : run;
	return true;
}

enum { MOVN = 0x12800000, MOVZ = 0x52800000, MOVK = 0x72800000, ORR = 0x320003e0, W64 = 1u << 31 };

static u32 half(u64 x, int i)
{
	return (u32)(x >> 16 * i) & 0xffff;
}

static u32 move(u32 op, u64 x, int i)
{
	return op | (u32)i << 21 | half(x, i) << 5;
}

/* movz or movn, then a movk for each half that the fill does not make. */
static int plan_halves(u32 sf, int halves, u64 x, u32 fill, u32 *word)
{
	u64 first = fill ? ~x : x;
	int n = 0;

	for (int i = 0; i < halves; i++) {
		if (half(x, i) == fill)
			continue;
		word[n] = n ? sf | move(MOVK, x, i) : sf | move(fill ? MOVN : MOVZ, first, i);
		n++;
	}
	if (!n)
		word[n++] = sf | move(fill ? MOVN : MOVZ, first, 0);
	return n;
}

static u64 with_half(u64 x, int i, u32 h)
{
	return (x & ~(0xffffull << 16 * i)) | (u64)h << 16 * i;
}

/* orr, then a movk for each of count (0, 1, 2) halves that keep x from being a logical immediate. A half that
 * movk will set may be taken as zeros, ones, or like any other: with none of these does any other value help. */
static int plan_orr(u64 x, u64 y, int from, int count, u32 *word)
{
	u32 field;
	int n = 0;

	if (count == 0) {
		if (!a_encode_logic(8, y, &field))
			return 0;
		word[n++] = W64 | ORR | field;
		for (int i = 0; i < 4; i++)
			if (half(x, i) != half(y, i))
				word[n++] = W64 | move(MOVK, x, i);
		return n;
	}
	for (int i = from; i < 4; i++) {
		for (int k = 0; k < 6 && !n; k++) {
			u32 h = k == 4 ? 0 : k == 5 ? 0xffff : half(x, k);

			n = plan_orr(x, with_half(y, i, h), i + 1, count - 1, word);
		}
	}
	return n;
}

int a_mov_plan(int w, u64 x, u32 word[4])
{
	u32 sf = w == 8 && x >> 32 ? W64 : 0, field;
	int halves = sf ? 4 : 2, zeros = 0, ones = 0, n;

	if (!sf)
		x &= 0xffffffff;
	for (int i = 0; i < halves; i++) {
		zeros += half(x, i) == 0;
		ones += half(x, i) == 0xffff;
	}
	n = halves - (zeros > ones ? zeros : ones);
	if (n > 1 && a_encode_logic(sf ? 8 : 4, x, &field)) {
		word[0] = sf | ORR | field;
		return 1;
	}
	for (int k = 1; k < n - 1; k++) {
		int m = plan_orr(x, x, 0, k, word);

		if (m)
			return m;
	}
	return plan_halves(sf, halves, x, ones > zeros ? 0xffff : 0, word);
}

u64 a_decode_fp(int w, int imm8)
{
	int bits = 8 * w, exp = w == 8 ? 11 : w == 4 ? 8 : 5, frac = bits - exp - 1;
	u64 rep = (imm8 >> 6 & 1) ? (1ull << (exp - 3)) - 1 : 0;

	return (u64)(imm8 >> 7 & 1) << (bits - 1) | (u64)(~imm8 >> 6 & 1) << (bits - 2) |
	       rep << (frac + 2) | (u64)(imm8 & 0x3f) << (frac - 4);
}

int a_encode_fp(int w, u64 x)
{
	int bits = 8 * w, frac = bits - 1 - (w == 8 ? 11 : w == 4 ? 8 : 5);
	u64 imm8 = (x >> (bits - 1) & 1) << 7 | (x >> (bits - 3) & 1) << 6 | (x >> (frac - 4) & 0x3f);

	return a_decode_fp(w, (int)imm8) == x ? (int)imm8 : -1;
}

static u64 bytes_of_mask(int mask)
{
	u64 x = 0;

	for (int i = 0; i < 8; i++)
		if (mask >> i & 1)
			x |= 0xffull << 8 * i;
	return x;
}

/* AdvSIMDExpandImm, for the encodings that are movi, mvni or fmov: an odd cmode below 12 is orr or bic. */
bool a_decode_vec(u32 insn, u64 *x)
{
	int op = insn >> 29 & 1, cmode = insn >> 12 & 15, imm8 = (insn >> 11 & 0xe0) | (insn >> 5 & 0x1f);
	u64 y = (u64)imm8;

	if (cmode < 12 && cmode & 1)
		return false;
	if (cmode < 8)
		y = (y << 4 * cmode) * 0x100000001;
	else if (cmode < 12)
		y = (y << 4 * (cmode - 8)) * 0x0001000100010001;
	else if (cmode == 12)
		y = (y << 8 | 0xff) * 0x100000001;
	else if (cmode == 13)
		y = (y << 16 | 0xffff) * 0x100000001;
	else if (cmode == 14 && !op)
		y *= 0x0101010101010101;
	else if (cmode == 14)
		y = bytes_of_mask(imm8);
	else
		y = op ? a_decode_fp(8, imm8) : a_decode_fp(4, imm8) * 0x100000001;
	*x = op && cmode < 14 ? ~y : y;
	return true;
}

static int mask_of_bytes(u64 x)
{
	int mask = 0;

	for (int i = 0; i < 8; i++)
		mask |= (int)(x >> 8 * i & 1) << i;
	return mask;
}

bool a_encode_vec(u64 x, u32 *field)
{
	static const u8 shift[14] = { 0, 0, 8, 0, 16, 0, 24, 0, 0, 0, 8, 0, 8, 16 };    /* by cmode */
	u64 y;

	for (int op = 0; op < 2; op++) {
		for (int cmode = 0; cmode < 16; cmode++) {
			int imm8;

			if (cmode < 14)
				imm8 = (int)((op ? ~x : x) >> shift[cmode] & 0xff);
			else if (cmode == 14)
				imm8 = op ? mask_of_bytes(x) : (int)(x & 0xff);
			else
				imm8 = op ? a_encode_fp(8, x) : a_encode_fp(4, x & 0xffffffff);
			if (imm8 < 0)
				continue;
			*field = (u32)op << 29 | (u32)cmode << 12 | (imm8 & 0xe0u) << 11 | (imm8 & 0x1fu) << 5;
			if (a_decode_vec(*field, &y) && y == x)
				return true;
		}
	}
	return false;
}

/* The instructions with an offset in words: where it stands in the word. */
static const struct rel { u32 mask, value; u8 at, bits; } rels[] = {
	{ 0x7c000000, 0x14000000, 0, 26 },              /* b, bl */
	{ 0xff000010, 0x54000000, 5, 19 },              /* b.cond */
	{ 0x7e000000, 0x34000000, 5, 19 },              /* cbz, cbnz */
	{ 0x7e000000, 0x36000000, 5, 14 },              /* tbz, tbnz */
	{ 0x3b000000, 0x18000000, 5, 19 },              /* ldr literal */
};

static bool is_adr(u32 insn)
{
	return (insn & 0x9f000000) == 0x10000000;       /* its offset is in bytes, the low two bits apart */
}

static const struct rel *find_rel(u32 insn)
{
	for (size_t i = 0; i < countof(rels); i++)
		if ((insn & rels[i].mask) == rels[i].value)
			return &rels[i];
	return NULL;
}

bool a_set_offset(u32 *insn, s64 off)
{
	const struct rel *r = find_rel(*insn);
	u32 field;

	if (r) {
		if (off & 3 || off < -(2ll << r->bits) || off >= 2ll << r->bits)
			return false;
		field = ((1u << r->bits) - 1) << r->at;
		*insn = (*insn & ~field) | ((u32)(off >> 2) << r->at & field);
		return true;
	}
	if (!is_adr(*insn) || off < -(1 << 20) || off >= 1 << 20)
		return false;
	*insn = (*insn & 0x9f00001f) | ((u32)off & 3) << 29 | ((u32)(off >> 2) & 0x7ffff) << 5;
	return true;
}

bool a_offset(u32 insn, s64 *off)
{
	const struct rel *r = find_rel(insn);

	if (r)
		*off = ((s64)((u64)insn << (64 - r->at - r->bits)) >> (64 - r->bits)) * 4;
	else if (is_adr(insn))
		*off = (s64)((u64)(insn >> 5 & 0x7ffff) << 45 | (u64)(insn >> 29 & 3) << 43) >> 43;
	else
		return false;
	return true;
}
