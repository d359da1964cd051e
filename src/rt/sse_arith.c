/* sse_arith.c - single and double precision in general registers, as SSE computes: every value, NaN and flag.
 *
 * Exact values are made in 128 bits and rounded once. SDM vol. 1, 4.8.3 (NaNs), 4.9 and 11.5 (exceptions): tininess is
 * found after rounding, as if the exponent had no bounds; of two NaNs the first operand's is the result; what is
 * flushed to zero tells of underflow and inexactness.
 */
#include "rt/sse.h"

enum { IE = X87_IE, DE = X87_DE, ZE = X87_ZE, OE = X87_OE, UE = X87_UE, PE = X87_PE, DAZ = 64, FTZ = 1 << 15 };

static const struct format { u8 frac, bits; s16 emin, emax; } formats[] = {
	[2] = { 10, 16, -14, 15 }, [4] = { 23, 32, -126, 127 }, [8] = { 52, 64, -1022, 1023 },
};

enum class { ZERO, NUMBER, INF, QNAN, SNAN };
/* m's top bit is set, a number's value is m / 2^63 * 2^e; a NaN's fraction is in m, below its top bit. */
struct value { enum class c; bool neg, denormal; s32 e; u64 m; };

static struct value unpack(const struct sse_env *v, int w, u64 x)
{
	const struct format *f = &formats[w];
	u64 frac = x & ((1ull << f->frac) - 1);
	int e = x >> f->frac & ((1u << (f->bits - 1 - f->frac)) - 1), all = f->emax + 1 - f->emin + 1;
	struct value r = { .neg = x >> (f->bits - 1) & 1, .m = frac << (63 - f->frac) };

	if (e == all) {
		r.c = !frac ? INF : frac >> (f->frac - 1) ? QNAN : SNAN;
		r.m |= 1ull << 63;
	} else if (e) {
		r.c = NUMBER;
		r.e = e - 1 + f->emin;
		r.m |= 1ull << 63;
	} else if (frac && !(w > 2 && v->mxcsr & DAZ)) {
		int s = __builtin_clzll(r.m);

		r.c = NUMBER;
		r.denormal = w > 2;
		r.e = f->emin - s;
		r.m <<= s;
	}
	return r;
}

/* --- results */

static u64 sign(int w, bool neg) { return (u64)neg << (formats[w].bits - 1); }

/* e: from emin - 1, for denormals and zero, to emax + 1; m as in struct value. */
static u64 pack(int w, bool neg, s32 e, u64 m)
{
	const struct format *f = &formats[w];

	return sign(w, neg) | (u64)(e + 1 - f->emin) << f->frac | (m << 1) >> (64 - f->frac);
}

static u64 zero(int w, bool neg) { return sign(w, neg); }
static u64 inf(int w, bool neg)  { return pack(w, neg, formats[w].emax + 1, 0); }
static bool is_nan(struct value x)  { return x.c >= QNAN; }

/* Quiet, in the format's width. */
static u64 nan_of(int w, struct value x) { return pack(w, x.neg, formats[w].emax + 1, x.m | 3ull << 62); }

static u64 invalid(struct sse_env *v, int w)
{
	v->ex |= IE;
	return nan_of(w, (struct value){ .neg = true });
}

static u64 too_large(struct sse_env *v, int w, bool neg, int rc)
{
	bool up = rc == RC_NEAREST || rc == (neg ? RC_DOWN : RC_UP);

	v->ex |= PE;
	return up ? inf(w, neg) : pack(w, neg, formats[w].emax, ~0ull);
}

/* sig: the exact value, its top bit set, inexactness in its lowest bit. */
static u64 finish(struct sse_env *v, int w, bool neg, s32 e, u128 sig, int rc)
{
	const struct format *f = &formats[w];
	struct rounded r = x87_round_at(sig, f->frac + 1, neg, rc);
	u32 masked = v->mxcsr >> 7;
	s32 x = e + r.carry;

	if (x > f->emax) {
		v->ex |= OE;
		if (masked & OE) return too_large(v, w, neg, rc);
	} else if (x < f->emin && !(masked & UE)) {
		v->ex |= UE;
	} else if (x < f->emin && v->mxcsr & FTZ && w > 2) {
		v->ex |= UE | PE;
		return zero(w, neg);
	} else if (x < f->emin) {
		r = x87_round_at(shr_jam(sig, f->emin - e), f->frac + 1, neg, rc);
		v->ex |= r.inexact ? UE : 0;
		x = r.m >> 63 ? f->emin : f->emin - 1;
	}
	v->ex |= r.inexact ? PE : 0;
	return pack(w, neg, x, r.m);
}

/* --- operands */

static void denormal(struct sse_env *v, bool is) { v->ex |= is ? DE : 0; }

static bool nan2(struct sse_env *v, int w, struct value a, struct value b, u64 *r)
{
	if (!is_nan(a) && !is_nan(b)) return false;
	if (a.c == SNAN || b.c == SNAN) v->ex |= IE;
	*r = nan_of(w, is_nan(a) ? a : b);
	return true;
}

/* --- arithmetic */

struct exact { bool neg; s32 e; u128 sig; };             /* sig's top bit is set, or it is zero */

/* Of operands with 106 bits at most, so that what is shifted out is never needed but to say that there is something. */
static struct exact sum(struct exact a, struct exact b, int rc)
{
	u128 x, y, s;
	int n;

	if (!a.sig && !b.sig) return (struct exact){ a.neg == b.neg ? a.neg : rc == RC_DOWN, 0, 0 };
	if (!a.sig) return b;
	if (!b.sig) return a;
	if (a.e < b.e) { struct exact t = a; a = b; b = t; }
	x = a.sig >> 1;
	y = shr_jam(b.sig >> 1, a.e - b.e);
	s = a.neg == b.neg ? x + y : x - y;
	if (a.neg != b.neg && y > x) {
		s = y - x;
		a.neg = b.neg;
	}
	if (!s) return (struct exact){ rc == RC_DOWN, 0, 0 };
	n = clz128(s);
	return (struct exact){ a.neg, a.e + 1 - n, s << n };
}

static struct exact exact_of(struct value a)
{
	return (struct exact){ a.neg, a.e, a.c == NUMBER ? (u128)a.m << 64 : 0 };
}

static struct exact product(struct value a, struct value b)
{
	u128 p = (u128)a.m * b.m;
	int n = !(p >> 127);

	if (a.c == ZERO || b.c == ZERO) return (struct exact){ a.neg ^ b.neg, 0, 0 };
	return (struct exact){ a.neg ^ b.neg, a.e + b.e + 1 - n, p << n };
}

static u64 finish_exact(struct sse_env *v, int w, struct exact r)
{
	return r.sig ? finish(v, w, r.neg, r.e, r.sig, sse_rc(v)) : zero(w, r.neg);
}

u64 sse_add(struct sse_env *v, int w, u64 x, u64 y, bool sub)
{
	struct value a = unpack(v, w, x), b = unpack(v, w, y);
	u64 r;

	if (nan2(v, w, a, b, &r)) return r;
	b.neg ^= sub;
	if (a.c == INF && b.c == INF && a.neg != b.neg) return invalid(v, w);
	denormal(v, a.denormal || b.denormal);
	if (a.c == INF || b.c == INF) return inf(w, a.c == INF ? a.neg : b.neg);
	return finish_exact(v, w, sum(exact_of(a), exact_of(b), sse_rc(v)));
}

u64 sse_mul(struct sse_env *v, int w, u64 x, u64 y)
{
	struct value a = unpack(v, w, x), b = unpack(v, w, y);
	u64 r;

	if (nan2(v, w, a, b, &r)) return r;
	if ((a.c == INF && b.c == ZERO) || (a.c == ZERO && b.c == INF)) return invalid(v, w);
	denormal(v, a.denormal || b.denormal);
	if (a.c == INF || b.c == INF) return inf(w, a.neg ^ b.neg);
	return finish_exact(v, w, product(a, b));
}

u64 sse_div(struct sse_env *v, int w, u64 x, u64 y)
{
	struct value a = unpack(v, w, x), b = unpack(v, w, y);
	bool neg = a.neg ^ b.neg, below;
	u64 r, q, rem;

	if (nan2(v, w, a, b, &r)) return r;
	if (a.c == b.c && a.c != NUMBER) return invalid(v, w);
	if (b.c == ZERO && a.c == NUMBER) {
		v->ex |= ZE;
		return inf(w, neg);
	}
	denormal(v, a.denormal || b.denormal);
	if (a.c == INF || b.c == ZERO) return inf(w, neg);
	if (b.c == INF || a.c == ZERO) return zero(w, neg);
	below = a.m < b.m;
	q = below ? x87_div128(a.m, 0, b.m, &rem) : x87_div128(a.m >> 1, a.m << 63, b.m, &rem);
	return finish(v, w, neg, a.e - b.e - below, (u128)q << 64 | (rem != 0), sse_rc(v));
}

/* A digit at a time. */
u64 sse_sqrt(struct sse_env *v, int w, u64 x)
{
	struct value a = unpack(v, w, x);
	u128 rem = 0, in;
	u64 r, root = 0;

	if (nan2(v, w, a, a, &r)) return r;
	if (a.c == ZERO) return zero(w, a.neg);
	if (a.neg) return invalid(v, w);
	if (a.c == INF) return inf(w, false);
	denormal(v, a.denormal);
	in = (u128)a.m << (63 + (a.e & 1));
	for (int k = 0; k < 64; k++) {
		u128 t = (u128)root << 2 | 1;

		rem = rem << 2 | in >> 126;
		in <<= 2;
		root <<= 1;
		if (rem >= t) {
			rem -= t;
			root |= 1;
		}
	}
	return finish(v, w, false, (a.e - (a.e & 1)) / 2, (u128)root << 64 | (rem != 0), sse_rc(v));
}

u64 sse_fma(struct sse_env *v, int w, u64 x, u64 y, u64 u, bool minus_z, bool minus_product)
{
	struct value a = unpack(v, w, x), b = unpack(v, w, y), z = unpack(v, w, u);
	bool bad = (a.c == INF && b.c == ZERO) || (a.c == ZERO && b.c == INF), inf_product = a.c == INF || b.c == INF;
	struct exact p;
	u64 r;

	if (is_nan(a) || is_nan(b) || is_nan(z)) {
		if (a.c == SNAN || b.c == SNAN || z.c == SNAN) v->ex |= IE;
		nan2(v, w, is_nan(a) ? a : is_nan(b) ? b : z, z, &r);
		return r;
	}
	z.neg ^= minus_z;
	a.neg ^= minus_product;
	if (bad || (inf_product && z.c == INF && (a.neg ^ b.neg) != z.neg)) return invalid(v, w);
	denormal(v, a.denormal || b.denormal || z.denormal);
	if (inf_product) return inf(w, a.neg ^ b.neg);
	if (z.c == INF) return inf(w, z.neg);
	p = product(a, b);
	return finish_exact(v, w, sum(p, exact_of(z), sse_rc(v)));
}

/* --- compares */

static int compare(struct value a, struct value b)      /* of what is no NaN */
{
	int sa = a.c == ZERO ? 0 : a.neg ? -1 : 1, sb = b.c == ZERO ? 0 : b.neg ? -1 : 1;

	if (sa != sb) return sa < sb ? -1 : 1;
	if (!sa || (a.c == INF && b.c == INF)) return 0;
	if (a.c != b.c) return a.c == INF ? sa : -sa;
	if (a.e != b.e) return a.e < b.e ? -sa : sa;
	return a.m == b.m ? 0 : a.m < b.m ? -sa : sa;
}

enum sse_order sse_compare(struct sse_env *v, int w, u64 x, u64 y, bool signals)
{
	struct value a = unpack(v, w, x), b = unpack(v, w, y);
	int r;

	if (is_nan(a) || is_nan(b)) {
		if (signals || a.c == SNAN || b.c == SNAN) v->ex |= IE;
		return SSE_UNORDERED;
	}
	denormal(v, a.denormal || b.denormal);
	r = compare(a, b);
	return r < 0 ? SSE_LESS : r ? SSE_GREATER : SSE_EQUAL;
}

/* The second operand as it is, unless the first one is less (more); a denormal counts as zero with DAZ, and becomes one. */
u64 sse_minmax(struct sse_env *v, int w, u64 x, u64 y, bool max)
{
	enum sse_order o = sse_compare(v, w, x, y, true);
	bool first = o == (max ? SSE_GREATER : SSE_LESS);
	struct value r = unpack(v, w, first ? x : y);

	return r.c == ZERO ? zero(w, r.neg) : first ? x : y;
}

/* --- integers */

/* The integer nearest to a as rc says. */
static struct rounded integer(struct value a, int rc)
{
	return x87_round_at(shr_jam((u128)a.m << 64, 63 - a.e), 64, a.neg, rc);
}

u64 sse_round(struct sse_env *v, int w, u64 x, int imm)
{
	struct value a = unpack(v, w, x);
	struct rounded n;
	u64 r;
	int s;

	if (nan2(v, w, a, a, &r)) return r;
	if (a.c == ZERO) return zero(w, a.neg);
	if (a.c == INF || a.e >= formats[w].frac) return x;
	n = integer(a, imm & 4 ? sse_rc(v) : imm & 3);
	v->ex |= n.inexact && !(imm & 8) ? PE : 0;
	if (!n.m) return zero(w, a.neg);
	s = __builtin_clzll(n.m);
	return pack(w, a.neg, 63 - s, n.m << s);
}

u64 sse_to_int(struct sse_env *v, int w, int to, u64 x, bool truncate)
{
	struct value a = unpack(v, w, x);
	u64 most = 1ull << (8 * to - 1);
	struct rounded n;

	if (a.c == ZERO) return 0;
	if (a.c == NUMBER && a.e < 8 * to) {
		n = integer(a, truncate ? RC_ZERO : sse_rc(v));
		if (!n.carry && n.m <= most - !a.neg) {
			v->ex |= n.inexact ? PE : 0;
			return a.neg ? -n.m : n.m;
		}
	}
	v->ex |= IE;
	return most;
}

u64 sse_from_int(struct sse_env *v, int w, int from, u64 x)
{
	s64 n = from == 4 ? (s32)x : (s64)x;
	u64 m = n < 0 ? -(u64)n : (u64)n;
	int s;

	if (!m) return 0;
	s = __builtin_clzll(m);
	return finish(v, w, n < 0, 63 - s, (u128)(m << s) << 64, sse_rc(v));
}

u64 sse_resize(struct sse_env *v, int w, int to, u64 x, int rc)
{
	struct value a = unpack(v, w, x);

	if (a.c == SNAN) v->ex |= IE;
	if (is_nan(a)) return nan_of(to, a);
	if (a.c == INF) return inf(to, a.neg);
	if (a.c == ZERO) return zero(to, a.neg);
	denormal(v, a.denormal);
	return finish(v, to, a.neg, a.e, (u128)a.m << 64, rc);
}
