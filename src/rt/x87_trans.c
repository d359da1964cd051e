/* x87_trans.c - exponential, logarithm, trigonometric functions, to well within a unit in the last place.
 *
 * They are computed with 128 bits of significand, so that what is rounded in the end is almost always the exact value.
 * Sine, cosine and tangent take the argument modulo a pi of 66 bits, as CPUs do (SDM vol. 1, 8.3.8); operands that are
 * no numbers, and those outside a function's range, as CPUs do too. Everything but a zero or an infinity counts as
 * inexact.
 */
#include "rt/x87.h"

#define ONE63  (1ull << 63)
#define ONE127 ((u128)1 << 127)

/* m / 2^127 * 2^e with m's top bit set; or zero, with m = 0. */
struct xf { bool neg; s32 e; u128 m; };
#define K(e, hi, lo) { false, e, (u128)hi << 64 | lo }

static const struct xf inverse_factorial[] = {      /* 1/n! */
	K(0, 0x8000000000000000, 0x0000000000000000), K(0, 0x8000000000000000, 0x0000000000000000),
	K(-1, 0x8000000000000000, 0x0000000000000000), K(-3, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab),
	K(-5, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab), K(-7, 0x8888888888888888, 0x8888888888888889),
	K(-10, 0xb60b60b60b60b60b, 0x60b60b60b60b60b6), K(-13, 0xd00d00d00d00d00d, 0x00d00d00d00d00d0),
	K(-16, 0xd00d00d00d00d00d, 0x00d00d00d00d00d0), K(-19, 0xb8ef1d2ab6399c7d, 0x560e4472800b8ef2),
	K(-22, 0x93f27dbbc4fae397, 0x780b69f5333c725b), K(-26, 0xd7322b3faa271c7f, 0x3a3f25c1bee38f10),
	K(-29, 0x8f76c77fc6c4bdaa, 0x26d4c3d67f425f60), K(-33, 0xb092309d43684be5, 0x1c198e91d7b4269e),
	K(-37, 0xc9cba54603e4e905, 0xd6f8a2efd1f27546), K(-41, 0xd73f9f399dc0f88e, 0xc32b58774657f48f),
	K(-45, 0xd73f9f399dc0f88e, 0xc32b58774657f48f), K(-49, 0xca963b81856a5359, 0x3028cbbb8d7ff53c),
	K(-53, 0xb413c31dcbecbbdd, 0x8024435161554bc3), K(-57, 0x97a4da340a0ab926, 0x50f61dbdcb3a5abf),
	K(-62, 0xf2a15d201011283d, 0x4e5695fc785d5dff), K(-66, 0xb8dc77b6e7ab8c5f, 0x78a37e77372290c2),
	K(-70, 0x8671cb6dbfc294a2, 0x86485bf99c763abc), K(-75, 0xbb0da098b1c0cecb, 0xdc3826ebfb13cc27),
	K(-80, 0xf96780cb97abbe65, 0x25a033e54ec51034), K(-84, 0x9f9e66e8b2fd46a7, 0x22520cbbb7885c4a),
	K(-89, 0xc4742fe35272cd1c, 0x790285d3580a4a34), K(-94, 0xe8d58e16e6751905, 0x4d0c78aea13b9a50),
};
static const struct xf inverse_odd[] = {            /* 1/(2n+1) */
	K(0, 0x8000000000000000, 0x0000000000000000), K(-2, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab),
	K(-3, 0xcccccccccccccccc, 0xcccccccccccccccd), K(-3, 0x9249249249249249, 0x2492492492492492),
	K(-4, 0xe38e38e38e38e38e, 0x38e38e38e38e38e4), K(-4, 0xba2e8ba2e8ba2e8b, 0xa2e8ba2e8ba2e8ba),
	K(-4, 0x9d89d89d89d89d89, 0xd89d89d89d89d89e), K(-4, 0x8888888888888888, 0x8888888888888889),
	K(-5, 0xf0f0f0f0f0f0f0f0, 0xf0f0f0f0f0f0f0f1), K(-5, 0xd79435e50d79435e, 0x50d79435e50d7943),
	K(-5, 0xc30c30c30c30c30c, 0x30c30c30c30c30c3), K(-5, 0xb21642c8590b2164, 0x2c8590b21642c859),
	K(-5, 0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a4), K(-5, 0x97b425ed097b425e, 0xd097b425ed097b42),
	K(-5, 0x8d3dcb08d3dcb08d, 0x3dcb08d3dcb08d3e), K(-5, 0x8421084210842108, 0x4210842108421084),
	K(-6, 0xf83e0f83e0f83e0f, 0x83e0f83e0f83e0f8), K(-6, 0xea0ea0ea0ea0ea0e, 0xa0ea0ea0ea0ea0ea),
};
static const struct xf arctan[] = {                 /* of (n+1)/16 */
	K(-5, 0xffaaddb967ef4e36, 0xcb2792dc0e2e0d51), K(-4, 0xfeadd4d5617b6e32, 0xc897989f3e888ef8),
	K(-3, 0xbdcbda5e72d81134, 0x7b0b4f881c9c7488), K(-3, 0xfadbafc96406eb15, 0x6dc79ef5f7a217e6),
	K(-2, 0x9b13b9b83f5e5e69, 0xc5abb498d27af328), K(-2, 0xb7b0ca0f26f78473, 0x8aa32122dcfe4483),
	K(-2, 0xd327761e611fe5b6, 0x427c95e9001e7136), K(-2, 0xed63382b0dda7b45, 0x6fe445ecbc3a8d03),
	K(-1, 0x832bf4a6d9867e2a, 0x4b6a09cb61a515c1), K(-1, 0x8f005d5ef7f59f9b, 0x5c835e1665c43748),
	K(-1, 0x9a2f80e671bdda20, 0x4226f8e2204ff3bd), K(-1, 0xa4bc7d1934f70924, 0x19a87f2a457dac9f),
	K(-1, 0xaeac4c38b4d8c080, 0x14725e2f3e52070a), K(-1, 0xb8053e2bc2319e73, 0xcb2da55210a4443d),
	K(-1, 0xc0ce85b8ac526640, 0x89dd62c46e92fa25), K(-1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1),
};
static const struct xf ln2 = K(-1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af), two_log2e = K(1, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89);
static const struct xf pi = K(1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);

/* --- arithmetic, truncating ----------------------------------------------------------------------------------- */

static struct xf norm(bool neg, s32 e, u128 m)
{
	int s = m ? clz128(m) : 0;

	return (struct xf){ neg, e - s, m << s };
}

static struct xf from_f80(struct f80 a)
{
	struct f80_parts p = f80_parts(a);

	return (struct xf){ p.neg, p.e, (u128)p.m << 64 };
}

static struct xf integer(s32 n)
{
	return norm(n < 0, 127, n < 0 ? -(u128)n : (u128)n);
}

static struct xf mul(struct xf a, struct xf b)
{
	u64 ah = a.m >> 64, al = a.m, bh = b.m >> 64, bl = b.m;
	u128 x = (u128)ah * bl, y = (u128)al * bh, low = (u128)(u64)x + (u64)y + (u64)((u128)al * bl >> 64);
	u128 m = (u128)ah * bh + (x >> 64) + (y >> 64) + (low >> 64);

	return m ? norm(a.neg ^ b.neg, a.e + b.e + 1, m) : (struct xf){ 0 };
}

static struct xf add(struct xf a, struct xf b)
{
	u128 x, y;

	if (!a.m || !b.m) return a.m ? a : b;
	if (a.e < b.e || (a.e == b.e && a.m < b.m)) { struct xf t = a; a = b; b = t; }
	x = a.m >> 1;
	y = shr_jam(b.m, a.e - b.e + 1);
	return norm(a.neg, a.e + 1, a.neg == b.neg ? x + y : x - y);
}

static struct xf negate(struct xf a) { a.neg = !a.neg; return a; }
static struct xf scale(struct xf a, int n) { a.e += n; return a; }

static struct xf divide(struct xf a, struct xf b)
{
	u128 rem = a.m, q = 0;
	bool top = false;

	if (!a.m) return a;
	for (int k = 0; k < 129 && !(q >> 127); k++) {  /* a quotient of 128 bits: its first digit may be zero */
		bool one = top || rem >= b.m;

		if (one) rem -= b.m;
		q = q << 1 | one;
		top = rem >> 127;
		rem <<= 1;
	}
	return (struct xf){ a.neg ^ b.neg, a.e - b.e - (a.m < b.m), q };
}

/* c[0] + c[1] x + ... + c[n-1] x^(n-1), taking every step-th coefficient from c. */
static struct xf polynomial(const struct xf *c, int n, int step, struct xf x)
{
	struct xf r = c[(n - 1) * step];

	for (int k = n - 2; k >= 0; k--)
		r = add(mul(r, x), c[k * step]);
	return r;
}

static struct f80 round_to(struct x87_env *v, struct xf a)
{
	struct f80 r = x87_round64(v, a.neg, a.e, a.m | 1);

	v->ex |= X87_PE;
	return r;
}

/* What is told to be inexact, and yet is r. */
static struct f80 exact(struct x87_env *v, struct xf a)
{
	struct f80 r = x87_round64(v, a.neg, a.e, a.m);

	v->ex |= X87_PE | (f80_denormal(r) ? X87_UE : 0);
	return r;
}

/* --- operands ---------------------------------------------------------------------------------------------------- */

static struct f80 invalid(struct x87_env *v)
{
	v->ex |= X87_IE;
	return F80_INDEFINITE;
}

static bool denormal(struct x87_env *v, struct f80 a, struct f80 b)
{
	if (f80_denormal(a) || f80_denormal(b)) v->ex |= X87_DE;
	return x87_stopped(v);
}

static struct f80 zero(bool neg) { return f80_make(neg, 0, 0); }
static struct f80 inf(bool neg)  { return f80_make(neg, 0x7fff, ONE63); }

/* --- 2^x - 1 ------------------------------------------------------------------------------------------------------ */

struct f80 x87_2xm1(struct x87_env *v, struct f80 a)
{
	struct xf x, r;
	struct f80 s;

	if (x87_special1(v, a, &s)) return s;
	if (f80_inf(a)) return f80_neg(a) ? f80_make(true, 0x3fff, ONE63) : a;
	if (f80_zero(a) || denormal(v, a, a)) return a;
	x = from_f80(a);
	if (x.e >= 0) {                         /* 2^-1 - 1, 2^1 - 1, out of range */
		v->ex |= X87_PE;
		return x.e == 0 && x.neg && x.m == ONE127 ? f80_make(true, 0x3ffe, ONE63) : a;
	}
	x = scale(mul(x, ln2), -4);
	r = mul(x, polynomial(inverse_factorial + 1, 15, 1, x));
	for (int k = 0; k < 4; k++)             /* (1 + r)^2 - 1 */
		r = add(mul(r, r), scale(r, 1));
	return round_to(v, r);
}

/* --- logarithm ------------------------------------------------------------------------------------------------------ */

/* log2((1 + t) / (1 - t)) */
static struct xf log2_ratio(struct xf t)
{
	struct xf r = mul(t, two_log2e);

	return t.m ? mul(r, polynomial(inverse_odd, 18, 1, mul(t, t))) : t;
}

static struct xf log2_of(struct xf a)
{
	static const struct xf one = { false, 0, ONE127 };
	s32 k = a.e;

	a.e = 0;
	if (a.m >> 64 > 0xb504f333f9de6484) {   /* between the root of one half and that of two */
		a.e = -1;
		k++;
	}
	return add(integer(k), log2_ratio(divide(add(a, negate(one)), add(a, one))));
}

struct f80 x87_yl2x(struct x87_env *v, struct f80 x, struct f80 y)
{
	bool below = f80_exp(x) < 0x3fff, one = !f80_neg(x) && f80_exp(x) == 0x3fff && x.m == ONE63;
	struct f80 s;
	struct xf r;

	if (x87_special2(v, x, y, &s)) return s;
	if ((f80_neg(x) && !f80_zero(x)) || (f80_zero(y) && (f80_zero(x) || f80_inf(x))) || (f80_inf(y) && one))
		return invalid(v);
	if (f80_zero(x)) {
		if (!f80_inf(y)) v->ex |= X87_ZE;
		return inf(!f80_neg(y));
	}
	if (denormal(v, x, y)) return y;
	if (f80_inf(x) || f80_inf(y)) return inf(f80_neg(y) ^ below);
	if (f80_zero(y) || one) return zero(f80_neg(y) ^ below);
	r = mul(log2_of(from_f80(x)), from_f80(y));
	return x.m << 1 ? round_to(v, r) : exact(v, r);         /* of a power of two */
}

/* Where 1 + x loses bits of x, its logarithm is made from x itself. Below -1 there is none; CPUs give x back. */
struct f80 x87_yl2xp1(struct x87_env *v, struct f80 x, struct f80 y)
{
	static const struct xf one = { false, 0, ONE127 }, two = { false, 1, ONE127 };
	struct f80 s;
	struct xf a;

	if (x87_special2(v, x, y, &s)) return s;
	if ((f80_inf(y) && f80_zero(x)) || (f80_inf(x) && (f80_zero(y) || f80_neg(x)))) return invalid(v);
	if (denormal(v, x, y)) return y;
	if (f80_inf(x) || f80_inf(y)) return inf(f80_neg(x) ^ f80_neg(y));
	if (f80_zero(x) || f80_zero(y)) return zero(f80_neg(x) ^ f80_neg(y));
	a = from_f80(x);
	if (a.neg && a.e >= 0) {
		v->ex |= X87_PE;
		return x;
	}
	a = a.e < -2 ? log2_ratio(divide(a, add(a, two))) : log2_of(add(a, one));
	return round_to(v, mul(a, from_f80(y)));
}

/* --- arc tangent ----------------------------------------------------------------------------------------------------- */

/* atan(y / x) for 0 < y <= x: from the nearest sixteenth c by atan c + atan((y - c x) / (x + c y)). */
static struct xf arc(struct xf y, struct xf x)
{
	struct xf t, r, c;
	int d = x.e - y.e, k = 0;

	if (d < 6) k = (u64)(y.m >> (d + 68)) / (u64)(x.m >> 73) + 1;  /* 32 y / x, then halved and rounded */
	k >>= 1;
	if (k > 16) k = 16;
	c = integer(k);
	t = divide(add(y, negate(scale(mul(c, x), -4))), add(x, scale(mul(c, y), -4)));
	r = mul(t, t);
	r.neg = true;
	if (!t.m) return arctan[k - 1];
	r = mul(t, polynomial(inverse_odd, 12, 1, r));
	return k ? add(r, arctan[k - 1]) : r;
}

static struct xf arc2(struct xf y, struct xf x)
{
	bool neg_y = y.neg, neg_x = x.neg, swap;
	struct xf r;

	y.neg = x.neg = false;
	swap = y.e > x.e || (y.e == x.e && y.m > x.m);
	r = swap ? arc(x, y) : arc(y, x);
	if (swap) r = add(scale(pi, -1), negate(r));
	if (neg_x) r = add(pi, negate(r));
	r.neg = neg_y;
	return r;
}

struct f80 x87_patan(struct x87_env *v, struct f80 x, struct f80 y)
{
	static const struct xf one = { false, 0, ONE127 };
	struct xf a, b;
	struct f80 s;

	if (x87_special2(v, x, y, &s)) return s;
	if (denormal(v, x, y)) return y;
	if (f80_zero(y) || (f80_inf(x) && !f80_inf(y))) {
		if (!f80_neg(x)) return zero(f80_neg(y));
		a = pi;
	} else if (f80_zero(x) || (f80_inf(y) && !f80_inf(x))) {
		a = scale(pi, -1);
	} else {
		a = f80_inf(x) ? one : from_f80(x);
		b = f80_inf(y) ? one : from_f80(y);
		a.neg = f80_neg(x);
		a = arc2(b, a);
	}
	a.neg = f80_neg(y);
	return round_to(v, a);
}

/* --- sine, cosine, tangent -------------------------------------------------------------------------------------------- */

/* Takes |a| modulo pi/2 into -pi/4..pi/4: exact, since a is a multiple of pi/2's last bit, 2^-65. */
static struct xf reduce(struct f80_parts a, int *quadrant)
{
	const u128 half_pi = (u128)3 << 64 | 0x243f6a8885a308d3;         /* 66 bits */
	u128 r = 0;
	u64 q = 0;

	*quadrant = 0;
	if (a.e < -1) return (struct xf){ false, a.e, (u128)a.m << 64 };
	for (int k = 63 + a.e + 2; k >= 0; k--) {
		r = r << 1 | (k > a.e + 1 ? a.m >> (k - a.e - 2) & 1 : 0);
		q <<= 1;
		if (r >= half_pi) {
			r -= half_pi;
			q |= 1;
		}
	}
	if (r > half_pi - r) {
		q++;
		*quadrant = q & 3;
		return norm(true, 127 - 65, half_pi - r);
	}
	*quadrant = q & 3;
	return norm(false, 127 - 65, r);
}

/* r - r^3/3! + ..., 1 - r^2/2! + ... */
static struct xf sine(struct xf r)
{
	struct xf s = mul(r, r);

	s.neg = true;
	return r.m ? mul(r, polynomial(inverse_factorial + 1, 13, 2, s)) : r;
}

static struct xf cosine(struct xf r)
{
	struct xf s = mul(r, r);

	s.neg = true;
	return r.m ? polynomial(inverse_factorial, 14, 2, s) : inverse_factorial[0];
}

/* The sine and the tangent of what is less than 2^-34 away from it. */
static bool itself(struct x87_env *v, struct f80 a, struct f80 *r)
{
	struct xf x = from_f80(a);

	if (x.e >= -34) return false;
	if (r) *r = exact(v, x);
	return true;
}

static struct f80 signed_result(struct x87_env *v, struct xf a, bool neg)
{
	if (!a.m) return zero(neg);
	a.neg ^= neg;
	return round_to(v, a);
}

/* What is no number in range: 0, 1 with the result in *r, or -1: out of range. */
static int outside(struct x87_env *v, struct f80 a, struct f80 *r)
{
	if (x87_special1(v, a, r)) return 1;
	if (f80_inf(a)) {
		*r = invalid(v);
		return 1;
	}
	if (f80_exp(a) >= 16383 + 63) return -1;
	*r = a;
	return denormal(v, a, a);
}

bool x87_sincos(struct x87_env *v, struct f80 a, struct f80 *sin, struct f80 *cos)
{
	struct xf x, s, c;
	struct f80 r;
	int q, what = outside(v, a, &r);

	if (what) {
		if (sin) *sin = r;
		if (cos) *cos = r;
		return what > 0;
	}
	if (f80_zero(a)) {
		if (sin) *sin = a;
		if (cos) *cos = f80_make(false, 0x3fff, ONE63);
		return true;
	}
	x = reduce(f80_parts(a), &q);
	if (!itself(v, a, sin) && sin) {
		s = q & 1 ? cosine(x) : sine(x);
		*sin = signed_result(v, s, f80_neg(a) ^ (q >= 2));
	}
	if (cos) {
		c = q & 1 ? sine(x) : cosine(x);
		*cos = signed_result(v, c, q == 1 || q == 2);
	}
	return true;
}

bool x87_tan(struct x87_env *v, struct f80 a, struct f80 *r)
{
	int q, what = outside(v, a, r);
	struct xf x, s, c;

	if (what) return what > 0;
	if (f80_zero(a) || itself(v, a, r)) return true;
	x = reduce(f80_parts(a), &q);
	s = sine(x);
	c = cosine(x);
	x = q & 1 ? divide(negate(c), s) : divide(s, c);
	*r = signed_result(v, x, f80_neg(a));
	return true;
}
