/* x87_arith.c - 80-bit addition, multiplication, division, square root, remainder and their like.
 *
 * Exact values are made in 128 bits and rounded by x87_round.c. An operation that finds an unmasked invalid operand,
 * denormal or zero divide returns at once (x87_stopped): its result is not used. SDM vol. 1, 4.8.3 and 8.5; the choice
 * between NaNs: table 4-7.
 */
#include "rt/x87.h"

#define ONE63 (1ull << 63)

struct f80_parts f80_parts(struct f80 a)
{
	int s = __builtin_clzll(a.m), e = f80_exp(a);

	return (struct f80_parts){ f80_neg(a), (e ? e : 1) - 16383 - s, a.m << s };
}

/* --- operands that are no numbers --------------------------------------------------------------------------- */

static struct f80 invalid(struct x87_env *v)
{
	v->ex |= X87_IE;
	return F80_INDEFINITE;
}

static struct f80 quiet(struct f80 a)
{
	a.m |= 1ull << 62;
	return a;
}

/* Of two NaNs a quiet one goes before a signalling one, then the larger significand, then the positive one. */
static struct f80 choose(struct f80 a, struct f80 b)
{
	if (!f80_nan(b)) return quiet(a);
	if (!f80_nan(a)) return quiet(b);
	if (f80_snan(a) != f80_snan(b)) return f80_snan(a) ? b : a;
	if (a.m != b.m) return quiet(a.m > b.m ? a : b);
	return quiet(f80_neg(a) ? b : a);
}

bool x87_special2(struct x87_env *v, struct f80 a, struct f80 b, struct f80 *r)
{
	if (f80_unsupported(a) || f80_unsupported(b)) {
		*r = invalid(v);
		return true;
	}
	if (!f80_nan(a) && !f80_nan(b)) return false;
	if (f80_snan(a) || f80_snan(b)) v->ex |= X87_IE;
	*r = choose(a, b);
	return true;
}

bool x87_special1(struct x87_env *v, struct f80 a, struct f80 *r)
{
	return x87_special2(v, a, (struct f80){ 0, 0 }, r);
}

/* Notes a denormal operand; true: that stops the operation. */
static bool denormal(struct x87_env *v, struct f80 a, struct f80 b)
{
	if (v->denormal || f80_denormal(a) || f80_denormal(b)) v->ex |= X87_DE;
	return x87_stopped(v);
}

/* A pseudo-denormal as the number that it is. */
static struct f80 regular(struct f80 a)
{
	a.se += f80_denormal(a) && a.m >> 63;
	return a;
}

static struct f80 zero(bool neg) { return f80_make(neg, 0, 0); }
static struct f80 inf(bool neg)  { return f80_make(neg, 0x7fff, ONE63); }

/* --- sum, product, quotient --------------------------------------------------------------------------------- */

static struct f80 sum(struct x87_env *v, struct f80_parts a, struct f80_parts b)
{
	u128 x, y, s;
	int n;

	if (a.e < b.e) { struct f80_parts t = a; a = b; b = t; }
	x = (u128)a.m << 63;
	y = shr_jam((u128)b.m << 63, a.e - b.e);
	if (a.neg == b.neg) {
		s = x + y;
	} else if (x >= y) {
		s = x - y;
	} else {
		s = y - x;
		a.neg = b.neg;
	}
	if (!s) return zero(x87_rc(v) == RC_DOWN);
	n = clz128(s);
	return x87_round(v, a.neg, a.e + 1 - n, s << n);
}

struct f80 x87_add(struct x87_env *v, struct f80 a, struct f80 b, bool sub)
{
	struct f80_parts p;
	struct f80 r;

	if (x87_special2(v, a, b, &r)) return r;
	b.se ^= (u64)sub << 15;
	if (f80_inf(a) && f80_inf(b) && f80_neg(a) != f80_neg(b)) return invalid(v);
	if (denormal(v, a, b)) return a;
	if (f80_inf(a)) return a;
	if (f80_inf(b)) return b;
	if (f80_zero(a) && f80_zero(b)) return zero(f80_neg(a) == f80_neg(b) ? f80_neg(a) : x87_rc(v) == RC_DOWN);
	if (!f80_zero(a) && !f80_zero(b)) return sum(v, f80_parts(a), f80_parts(b));
	p = f80_parts(f80_zero(a) ? b : a);
	return x87_round(v, p.neg, p.e, (u128)p.m << 64);
}

struct f80 x87_mul(struct x87_env *v, struct f80 a, struct f80 b)
{
	bool neg = f80_neg(a) ^ f80_neg(b);
	struct f80_parts x, y;
	struct f80 r;
	u128 p;
	int n;

	if (x87_special2(v, a, b, &r)) return r;
	if ((f80_inf(a) && f80_zero(b)) || (f80_inf(b) && f80_zero(a))) return invalid(v);
	if (denormal(v, a, b)) return a;
	if (f80_inf(a) || f80_inf(b)) return inf(neg);
	if (f80_zero(a) || f80_zero(b)) return zero(neg);
	x = f80_parts(a);
	y = f80_parts(b);
	p = (u128)x.m * y.m;
	n = !(p >> 127);
	return x87_round(v, neg, x.e + y.e + 1 - n, p << n);
}

/* Knuth vol. 2, 4.3.1, algorithm D with two digits of 32 bits. */
u64 x87_div128(u64 hi, u64 lo, u64 d, u64 *rem)
{
	int s = __builtin_clzll(d);
	u64 d1, d0, q = 0;

	d <<= s;
	if (s) hi = hi << s | lo >> (64 - s);
	lo <<= s;
	d1 = d >> 32;
	d0 = (u32)d;
	for (int k = 32; k >= 0; k -= 32) {
		u64 next = (u32)(lo >> k), digit = hi / d1, r = hi % d1;
		while (digit >> 32 || digit * d0 > (r << 32 | next)) {
			digit--;
			r += d1;
			if (r >> 32) break;
		}
		hi = (hi << 32 | next) - digit * d;
		q = q << 32 | digit;
	}
	*rem = hi >> s;
	return q;
}

struct f80 x87_div(struct x87_env *v, struct f80 a, struct f80 b)
{
	bool neg = f80_neg(a) ^ f80_neg(b), below;
	struct f80_parts x, y;
	struct f80 r;
	u64 q, rem, rest;

	if (x87_special2(v, a, b, &r)) return r;
	if ((f80_inf(a) && f80_inf(b)) || (f80_zero(a) && f80_zero(b))) return invalid(v);
	if (f80_zero(b) && !f80_inf(a)) {
		v->ex |= X87_ZE;
		return inf(neg);
	}
	if (denormal(v, a, b)) return a;
	if (f80_inf(a)) return inf(neg);
	if (f80_inf(b) || f80_zero(a)) return zero(neg);
	x = f80_parts(a);
	y = f80_parts(b);
	below = x.m < y.m;
	q = below ? x87_div128(x.m, 0, y.m, &rem) : x87_div128(x.m >> 1, x.m << 63, y.m, &rem);
	rest = rem >= y.m - rem && rem ? ONE63 | (rem != y.m - rem) : rem != 0;
	return x87_round(v, neg, x.e - y.e - below, (u128)q << 64 | rest);
}

/* --- square root: a digit at a time --------------------------------------------------------------------------- */

struct f80 x87_sqrt(struct x87_env *v, struct f80 a)
{
	struct f80_parts x;
	struct f80 r;
	u128 rem = 0, in;
	u64 root = 0;

	if (x87_special1(v, a, &r)) return r;
	if (f80_zero(a)) return a;
	if (f80_neg(a)) return invalid(v);
	if (f80_inf(a)) return a;
	if (denormal(v, a, a)) return a;
	x = f80_parts(a);
	in = (u128)x.m << (63 + (x.e & 1));             /* an even exponent, and a root of 64 bits */
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
	/* root + 1/2 is never exact */
	return x87_round(v, false, (x.e - (x.e & 1)) / 2, (u128)root << 64 | (rem > root ? ONE63 | 1 : rem != 0));
}

/* --- to an integer, scaling, taking apart ---------------------------------------------------------------------- */

struct f80 x87_rndint(struct x87_env *v, struct f80 a)
{
	int e = f80_exp(a) - 16383;
	struct rounded r;
	struct f80 s;
	u128 x;

	if (x87_special1(v, a, &s)) return s;
	if (f80_zero(a) || f80_inf(a)) return a;
	if (denormal(v, a, a) || e >= 63) return a;
	x = shr_jam((u128)a.m << 64, 63 - e);           /* the integer part in the high half */
	r = x87_round_at(x, 64, f80_neg(a), x87_rc(v));
	v->ex |= r.inexact ? X87_PE : 0;
	v->up = r.up;
	if (!r.m) return zero(f80_neg(a));
	e = __builtin_clzll(r.m);
	return f80_make(f80_neg(a), 16383 + 63 - e, r.m << e);
}

struct f80 x87_scale(struct x87_env *v, struct f80 a, struct f80 b)
{
	int e = f80_exp(b) - 16383, n;
	struct f80_parts x;
	struct f80 r;

	if (x87_special2(v, a, b, &r)) return r;
	if (f80_inf(b) && (f80_neg(b) ? f80_inf(a) : f80_zero(a))) return invalid(v);
	if (denormal(v, a, b)) return a;
	if (f80_inf(a) || f80_zero(a)) return regular(a);
	if (f80_inf(b)) return f80_neg(b) ? zero(f80_neg(a)) : inf(f80_neg(a));
	n = f80_zero(b) || e < 0 ? 0 : e > 15 ? 0x10000 : (int)(b.m >> (63 - e));
	x = f80_parts(a);
	return x87_round64(v, x.neg, x.e + (f80_neg(b) ? -n : n), (u128)x.m << 64);
}

struct f80 x87_xtract(struct x87_env *v, struct f80 a, struct f80 *exponent)
{
	struct f80_parts x;
	struct f80 r;

	if (x87_special1(v, a, &r)) return *exponent = r;
	if (f80_inf(a)) {
		*exponent = inf(false);
		return a;
	}
	if (f80_zero(a)) {
		v->ex |= X87_ZE;
		*exponent = inf(true);
		return a;
	}
	if (denormal(v, a, a)) return a;
	x = f80_parts(a);
	*exponent = x87_from_int(x.e);
	return f80_make(x.neg, 16383, x.m);
}

/* --- remainder. An exponent difference of 64 and more is taken down by 32 to 63 at a time, as CPUs do. ---------- */

struct f80 x87_rem(struct x87_env *v, struct f80 a, struct f80 b, bool nearest, u16 *cc)
{
	struct f80_parts x, y;
	struct f80 r;
	u64 q = 0, rem;
	int d, n;

	*cc = 0;
	if (x87_special2(v, a, b, &r)) return r;
	if (f80_inf(a) || f80_zero(b)) return invalid(v);
	if (denormal(v, a, b)) return a;
	if (f80_zero(a)) return regular(a);
	x = f80_parts(a);
	y = f80_parts(b);
	d = x.e - y.e;
	if (f80_inf(b) || d < -1 || (d < 0 && !nearest)) return x87_round64(v, x.neg, x.e, (u128)x.m << 64);
	if (d >= 64) {                                  /* x.m * 2^n mod y.m, the quotient's bits thrown away */
		n = (d & 31) | 32;
		*cc = X87_C2;
	} else {
		n = d;
	}
	if (d < 0) {                                    /* half of y is the most x can be near to */
		rem = x.m;
	} else {
		q = x.m >= y.m;
		rem = x.m - (q ? y.m : 0);
		if (n) {
			u64 low;
			low = n == 64 ? 0 : x87_div128(rem >> (64 - n), rem << n, y.m, &rem);
			q = q << n | low;
		}
	}
	if (nearest && d < 64) {
		bool half = d < 0 ? rem > y.m : rem > y.m - rem || (rem == y.m - rem && q & 1);

		if (half) {                             /* in units of x's last bit, if d < 0 */
			x.neg = !x.neg;
			if (d < 0) {
				u128 t = ((u128)y.m << 1) - rem;
				int s = clz128(t);
				*cc = X87_C1;
				return x87_round64(v, x.neg, x.e + 64 - s, t << s);
			}
			rem = y.m - rem;
			q++;
		}
	}
	if (!*cc) *cc = (q & 1 ? X87_C1 : 0) | (q & 2 ? X87_C3 : 0) | (q & 4 ? X87_C0 : 0);
	if (!rem) return zero(f80_neg(a));
	if (d < 0) return x87_round64(v, x.neg, x.e, (u128)x.m << 64);
	d = __builtin_clzll(rem);
	return x87_round64(v, x.neg, y.e + (*cc == X87_C2 ? x.e - y.e - n : 0) - d, (u128)(rem << d) << 64);
}

/* --- compare -------------------------------------------------------------------------------------------------- */

enum { UNORDERED = X87_C3 | X87_C2 | X87_C0, LESS = X87_C0, EQUAL = X87_C3, GREATER = 0 };

u16 x87_compare(struct x87_env *v, struct f80 a, struct f80 b, bool quiet)
{
	u64 x, y;
	bool less;

	if (f80_unsupported(a) || f80_unsupported(b) || f80_snan(a) || f80_snan(b) ||
	    (!quiet && (f80_nan(a) || f80_nan(b))))
		v->ex |= X87_IE;
	if (f80_unsupported(a) || f80_unsupported(b) || f80_nan(a) || f80_nan(b)) return UNORDERED;
	denormal(v, a, b);
	if (f80_zero(a) && f80_zero(b)) return EQUAL;
	if (f80_neg(a) != f80_neg(b)) return f80_neg(a) ? LESS : GREATER;
	x = (u64)f80_exp(a) + (f80_denormal(a) && a.m >> 63);    /* a pseudo-denormal is that number with exponent 1 */
	y = (u64)f80_exp(b) + (f80_denormal(b) && b.m >> 63);
	if (x == y && a.m == b.m) return EQUAL;
	less = x != y ? x < y : a.m < b.m;
	return less != f80_neg(a) ? LESS : GREATER;
}
