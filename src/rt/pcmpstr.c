/* pcmpstr.c - the string compares of SSE4.2, element by element. SDM vol. 1 12.10.3 and vol. 2 4.1, whose names these
 * are: an aggregation of all compares of two strings gives IntRes1, a polarity makes IntRes2 of it.
 */
#include "rt/pcmpstr.h"

struct string { s32 x[16]; int length; };       /* elements before length are valid */

enum { WORDS = 1, SIGNED = 2, AGGREGATION = 12, POLARITY = 48, WIDE_RESULT = 64 };
enum { EQUAL_ANY = 0, RANGES = 4, EQUAL_EACH = 8, EQUAL_ORDERED = 12 };

static void elements(struct string *s, const u64 v[2], int imm)
{
	for (int k = 0; k < 16; k++) {
		u64 lane = imm & WORDS ? v[k / 4 & 1] >> 16 * (k & 3) & 0xffff : v[k / 8] >> 8 * (k & 7) & 0xff;

		s->x[k] = !(imm & SIGNED) ? (s32)lane : imm & WORDS ? (s16)lane : (s8)lane;
	}
}

static int explicit_length(u64 r, bool wide, int n)
{
	s64 k = wide ? (s64)r : (s32)r;

	return k < -n || k > n ? n : k < 0 ? -k : k;
}

static int implicit_length(const struct string *s, int n)
{
	int k = 0;

	while (k < n && s->x[k])
		k++;
	return k;
}

static bool in_set(const struct string *a, s32 x)
{
	for (int k = 0; k < a->length; k++)
		if (a->x[k] == x)
			return true;
	return false;
}

static bool in_ranges(const struct string *a, s32 x)
{
	for (int k = 0; k + 1 < a->length; k += 2)
		if (a->x[k] <= x && x <= a->x[k + 1])
			return true;
	return false;
}

static bool begins(const struct string *a, const struct string *b, int at, int n)
{
	for (int k = 0; k < a->length && at + k < n; k++)
		if (at + k >= b->length || a->x[k] != b->x[at + k])
			return false;
	return true;
}

static bool aggregate(int imm, const struct string *a, const struct string *b, int at, int n)
{
	switch (imm & AGGREGATION) {
	case EQUAL_ANY: return at < b->length && in_set(a, b->x[at]);
	case RANGES:    return at < b->length && in_ranges(a, b->x[at]);
	case EQUAL_EACH:
		if (at < a->length && at < b->length)
			return a->x[at] == b->x[at];
		return at >= a->length && at >= b->length;
	default:        return begins(a, b, at, n);
	}
}

static void flags(struct cpu *c, u32 res, const struct string *a, const struct string *b, int n)
{
	bool nz[4] = { res & 1, !res, b->length < n, a->length < n };   /* V, C as a subtraction has it, Z, N */

	c->nzcv = 0;
	for (int k = 0; k < 4; k++)
		c->nzcv |= (u64)nz[k] << (28 + k);
	c->pf = c->af = 1;                      /* odd, and equal in bit 4: neither is set */
}

void rt_pcmpstr(struct cpu *c)
{
	int imm = c->spare, n = imm & WORDS ? 8 : 16, width = imm & WORDS ? 16 : 8;
	struct string a, b;
	u32 res = 0;

	elements(&a, &c->scratch[0], imm);
	elements(&b, &c->scratch[2], imm);
	if (imm & PCMPSTR_EXPLICIT) {
		a.length = explicit_length(c->r[0], imm & PCMPSTR_WIDE, n);
		b.length = explicit_length(c->r[2], imm & PCMPSTR_WIDE, n);
	} else {
		a.length = implicit_length(&a, n);
		b.length = implicit_length(&b, n);
	}
	for (int k = 0; k < n; k++) {
		bool r = aggregate(imm, &a, &b, k, n);

		if ((imm & POLARITY) == 16 || ((imm & POLARITY) == 48 && k < b.length))
			r = !r;
		res |= (u32)r << k;
	}
	flags(c, res, &a, &b, n);
	if (!(imm & PCMPSTR_MASK)) {
		c->r[1] = !res ? n : imm & WIDE_RESULT ? 31 - __builtin_clz(res) : __builtin_ctz(res);
		return;
	}
	c->scratch[0] = imm & WIDE_RESULT ? 0 : res;
	c->scratch[1] = 0;
	for (int k = 0; k < n && imm & WIDE_RESULT; k++)
		if (res >> k & 1)
			c->scratch[k * width / 64] |= ((1ull << width) - 1) << k * width % 64;
}
