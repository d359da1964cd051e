/* x87_conv.c - between the 80-bit format and single, double, integers and packed decimals. SDM vol. 1, 4.2, 8.3.3. */
#include "rt/x87.h"

/* --- loads ------------------------------------------------------------------------------------------------------- */

static struct f80 widen(struct x87_env *v, bool neg, int exp, u64 frac, int max, int bias)      /* frac: at the top */
{
	int s;

	if (exp == max) return f80_make(neg, 0x7fff, 1ull << 63 | frac >> 1);
	if (exp) return f80_make(neg, exp - bias + 16383, 1ull << 63 | frac >> 1);
	if (!frac) return f80_make(neg, 0, 0);
	v->denormal = true;
	s = __builtin_clzll(frac);
	return f80_make(neg, 16383 - bias - s, frac << s);
}

struct f80 x87_from_f32(struct x87_env *v, u32 x)
{
	return widen(v, x >> 31, x >> 23 & 0xff, (u64)x << 41, 0xff, 127);
}

struct f80 x87_from_f64(struct x87_env *v, u64 x)
{
	return widen(v, x >> 63, x >> 52 & 0x7ff, x << 12, 0x7ff, 1023);
}

struct f80 x87_from_int(s64 x)
{
	u64 m = x < 0 ? -(u64)x : (u64)x;
	int s;

	if (!m) return f80_make(false, 0, 0);
	s = __builtin_clzll(m);
	return f80_make(x < 0, 16383 + 63 - s, m << s);
}

/* Eighteen digits; those above nine count as they come. */
struct f80 x87_from_bcd(u64 lo, u16 hi)
{
	struct f80 r;
	u64 m = 0;

	for (int k = 1; k >= 0; k--)
		m = m * 10 + (hi >> 4 * k & 15);
	for (int k = 15; k >= 0; k--)
		m = m * 10 + (lo >> 4 * k & 15);
	r = x87_from_int((s64)m);
	r.se |= hi & 0x8000;
	return r;
}

/* --- stores ------------------------------------------------------------------------------------------------------ */

/* The format's bits: n of significand with the hidden one, exponent of `bits` bits. */
static u64 narrow(struct x87_env *v, struct f80 a, int n, int bits)
{
	int bias = (1 << (bits - 1)) - 1;
	struct x87_to f = { n, 1 - bias, bias, 0 };
	u64 sign = (u64)f80_neg(a) << (n - 1 + bits), top = (u64)(2 * bias + 1) << (n - 1), m;
	struct f80_parts x;
	struct f80 r;
	s32 e;

	if (x87_special1(v, a, &r))
		return (u64)f80_neg(r) << (n - 1 + bits) | top | r.m << 1 >> (65 - n);
	if (f80_inf(a)) return sign | top;
	if (f80_zero(a)) return sign;
	x = f80_parts(a);
	e = x.e;
	m = x87_finish(v, &f, x.neg, &e, (u128)x.m << 64);
	if (e > bias) return sign | top;
	return sign | (u64)(e + bias) << (n - 1) | m << 1 >> (65 - n);
}

u32 x87_to_f32(struct x87_env *v, struct f80 a) { return narrow(v, a, 24, 8); }
u64 x87_to_f64(struct x87_env *v, struct f80 a) { return narrow(v, a, 53, 11); }

/* |a| as an integer of 64 bits; false: it is not one, or too large. */
static bool magnitude(struct f80 a, int rc, struct rounded *r)
{
	int e = f80_exp(a) - 16383;

	if (f80_unsupported(a) || e > 63) return false;
	*r = x87_round_at(shr_jam((u128)a.m << 64, 63 - e), 64, f80_neg(a), rc);
	return !r->carry;
}

s64 x87_to_int(struct x87_env *v, struct f80 a, int w, int rc)
{
	u64 limit = (1ull << (8 * w - 1)) - !f80_neg(a);
	struct rounded r;

	if (!magnitude(a, rc, &r) || r.m > limit) {
		v->ex |= X87_IE;
		return (s64)(~0ull << (8 * w - 1));
	}
	v->ex |= r.inexact ? X87_PE : 0;
	v->up = r.up;
	return f80_neg(a) ? (s64)-r.m : (s64)r.m;
}

void x87_to_bcd(struct x87_env *v, struct f80 a, u64 out[2])
{
	struct rounded r;

	if (!magnitude(a, x87_rc(v), &r) || r.m > 999999999999999999ull) {
		v->ex |= X87_IE;
		out[0] = 3ull << 62;
		out[1] = 0xffff;
		return;
	}
	v->ex |= r.inexact ? X87_PE : 0;
	v->up = r.up;
	out[0] = 0;
	out[1] = (u64)f80_neg(a) << 15;
	for (int k = 0; k < 18; k++, r.m /= 10)
		out[k / 16] |= r.m % 10 << k % 16 * 4;
}
