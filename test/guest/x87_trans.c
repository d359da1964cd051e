/* cflags: -D_GNU_SOURCE */
/* x87_trans.c - the transcendental instructions in many states. What can be seen afterwards must be what the CPU leaves,
 * bit for bit, but for C1 and for a result that is a finite number. That must be within one unit in the last place of the
 * true value, or where rounding is not to nearest one and a half, on either side (SDM vol. 1, 8.3.10). The truth is
 * computed here with 113 bits; sine, cosine and tangent take their argument
 * modulo a pi of 66 bits (SDM vol. 1, 8.3.8). `x87_trans OPCODE N` shows the states and the largest error.
 */
#include "x87_state.h"

typedef __float128 quad;
typedef unsigned __int128 u128;

enum { F2XM1 = 0xf0, FYL2X, FPTAN, FPATAN, FYL2XP1 = 0xf9, FSINCOS = 0xfb, FSIN = 0xfe, FCOS };

/* --- numbers */

union bits { quad q; struct { u64 lo, hi; }; };

static bool finite_number(u64 m, u16 se)        /* and neither zero nor unsupported */
{
	return (se & 0x7fff) != 0x7fff && m && (!(se & 0x7fff) || m >> 63);
}

static quad power(int n)                        /* 2^n */
{
	union bits b;

	if (n < -16382) return power(n + 8000) * power(-8000);
	b.lo = 0;
	b.hi = (u64)(n + 16383) << 48;
	return b.q;
}

static quad value(u64 m, u16 se)
{
	int e = se & 0x7fff;
	quad v = (quad)m * power((e ? e : 1) - 16383 - 32) * power(-31);

	return se & 0x8000 ? -v : v;
}

static int exponent(quad v)                     /* of a number that is not zero */
{
	union bits b = { v };
	int e = b.hi >> 48 & 0x7fff;

	return e ? e - 16383 : exponent(v * power(200)) - 200;
}

/* --- the truth */

static const quad ln2 = 0.693147180559945309417232121458176568075500134360255254120680Q;
static const quad pi = 3.14159265358979323846264338327950288419716939937510582097494Q;

static quad exp2m1(quad x)
{
	quad y = x * ln2, r = 1;

	for (int n = 40; n > 1; n--)
		r = 1 + y / n * r;
	return y * r;
}

static quad two_atanh(quad t)
{
	quad r = 0;

	for (int n = 61; n > 0; n -= 2)
		r = r * t * t + (quad)1 / n;
	return 2 * t * r;
}

static quad log_2(quad x)
{
	int k = exponent(x);
	quad m = x * power(-k / 2) * power(-(k - k / 2));

	if (m > 1.414213562373095Q) {
		m /= 2;
		k++;
	}
	return k + two_atanh((m - 1) / (m + 1)) / ln2;
}

static quad log_2_1p(quad x)
{
	return x > -0.3Q && x < 0.42Q ? two_atanh(x / (2 + x)) / ln2 : log_2(1 + x);
}

static quad arctan(quad t)                      /* 0 <= t <= 1: a continued fraction */
{
	quad r = 0;

	for (int n = 70; n > 0; n--)
		r = (quad)n * n * t * t / (2 * n + 1 + r);
	return t / (1 + r);
}

static quad arctan2(quad y, quad x)
{
	quad ay = y < 0 ? -y : y, ax = x < 0 ? -x : x, r;

	r = ay <= ax ? arctan(ay / ax) : pi / 2 - arctan(ax / ay);
	if (x < 0) r = pi - r;
	return y < 0 ? -r : r;
}

/* |x| < 2^63 modulo pi/2, into -pi/4..pi/4 */
static quad reduce(u64 m, u16 se, int *quadrant)
{
	const u128 half = (u128)3 << 64 | 0x243f6a8885a308d3;  /* times 2^-65 */
	int e = (se & 0x7fff) - 16383, n = e + 2;       /* m * 2^n in these units */
	u128 r = 0;
	u64 q = 0;
	quad v;

	*quadrant = 0;
	if (e < -1) return value(m, se & 0x7fff);
	for (int k = 63; k >= -n; k--) {                /* digit by digit */
		r = r << 1 | (k >= 0 ? m >> k & 1 : 0);
		q <<= 1;
		if (r >= half) r -= half, q++;
	}
	v = (quad)r * power(-65);
	if (r > half - r) {
		q++;
		v = -(quad)(half - r) * power(-65);
	}
	*quadrant = q & 3;
	return v;
}

static quad series(quad r, int n)               /* from r^n / n! on, every second */
{
	quad t = n ? r : 1, s = 0, terms[24];

	for (int k = 0; k < 24; k++) {
		terms[k] = t;
		t = -t * r * r / ((n + 1) * (n + 2));
		n += 2;
	}
	for (int k = 23; k >= 0; k--)
		s += terms[k];
	return s;
}

static void sin_cos(u64 m, u16 se, quad *s, quad *c)
{
	int q;
	quad r = reduce(m, se, &q), a = series(r, 1), b = series(r, 0);

	*s = q & 1 ? b : a;
	*c = q & 1 ? a : b;
	if (q == 2 || q == 3) *s = -*s;
	if (q == 1 || q == 2) *c = -*c;
	if (se & 0x8000) *s = -*s;
}

/* The true results for ST(0) (and what lies below it, if there are two); false: there is none to compare with. */
static bool truth(int op, const struct image *in, quad r[2])
{
	u64 m = in->st[0].m, m1 = in->st[1].m;
	u16 se = in->st[0].se, se1 = in->st[1].se;
	quad x = value(m, se), y = value(m1, se1), c;

	if (!finite_number(m, se)) return false;
	switch (op) {
	case F2XM1:
		r[0] = exp2m1(x);
		return x >= -1 && x <= 1;
	case FYL2X:
		if (!finite_number(m1, se1) || x <= 0) return false;
		r[0] = log_2(x) * y;
		return true;
	case FYL2XP1:
		if (!finite_number(m1, se1) || x <= -1) return false;
		r[0] = log_2_1p(x) * y;
		return true;
	case FPATAN:
		if (!finite_number(m1, se1)) return false;
		r[0] = arctan2(y, x);
		return true;
	default:
		if ((se & 0x7fff) >= 16383 + 63) return false;
		sin_cos(m, se, &r[0], &c);
		if (op == FCOS) r[0] = c;
		if (op == FPTAN) r[1] = r[0] / c, r[0] = 1;
		if (op == FSINCOS) r[1] = r[0], r[0] = c;
		return true;
	}
}

static double worst;

/* Is the number near enough? Beyond the range of exponents nothing is compared. */
static bool near(u64 m, u16 se, quad want, double limit)
{
	int e;
	double d;

	if (!want) return true;         /* it is smaller than a quad can be */
	if (!finite_number(m, se)) return false;
	e = exponent(want);
	if (e > 16380 || e < -16380) return true;
	d = (double)((value(m, se) - want) * power(63 - e));
	if (d < 0) d = -d;
	if (d / limit > worst) worst = d / limit;
	return d <= limit;
}

/* --- one state */

static bool empty(const struct image *in, int i) { return (in->tw >> 2 * (((in->sw >> 11) + i) & 7) & 3) == 3; }

/* Results that are as near as they must be become zero, and so does C1. */
static void judge(int op, struct state *s)
{
	bool two = op == FPTAN || op == FSINCOS;
	quad r[2];

	if (s->code || s->out.sw & ~s->in.cw & 7 || empty(&s->in, 0) || !truth(op, &s->in, r)) return;
	if (two ? !empty(&s->in, 7) : op != F2XM1 && op != FSIN && op != FCOS && empty(&s->in, 1)) return;
	for (int k = 0; k <= two; k++)
		if (near(s->out.st[k].m, s->out.st[k].se, r[k], s->in.cw & 0xc00 ? 1.5 : 1)) {
			s->out.st[k].m = 0;
			s->out.st[k].se &= 0x8000;
			s->out.sw &= ~0x200u;
		}
}

static void opcode(int op, int n, bool show)
{
	u64 h = 0xcbf29ce484222325;
	u8 *p = begin_code();

	*p++ = 0xd9;
	*p++ = op;
	end_code(p);
	seed[0] = 0x9e3779b97f4a7c15 + op;
	seed[1] = 0x123456789 ^ op;
	worst = 0;
	for (int k = 0; k < n; k++) {
		struct state s;

		state(&s);
		if (k & 3) {                    /* mostly what the functions are for */
			s.in.tw = random64() & 1 ? 0 : 3 << 2 * (((s.in.sw >> 11) + 7) & 7);    /* ST(7) empty */
			s.in.cw = 0x37f;
			for (int i = 0; i < 2; i++) {
				s.in.st[i].m |= 1ull << 63;
				s.in.st[i].se = (s.in.st[i].se & 0x8000) | (0x3fff - 40 + random64() % (k & 4 ? 80 : 44));
			}
		}
		run(&s);
		if (show) {
			printf("%d in  ", k);
			print(&s.in);
			printf("%d out ", k);
			print(&s.out);
		}
		judge(op, &s);
		h = sum(&s.out, sizeof s.out, h);
		h = sum(&s.rax, sizeof s - offsetof(struct state, rax), h);
		if (show) {
			printf("%d jud ", k);
			print(&s.out);
		}
	}
	printf("d9 %02x %016lx\n", op, (long)h);
	if (show) printf("largest error %.4f of what is allowed\n", worst);
}

int main(int argc, char **argv)
{
	static const u8 ops[] = { F2XM1, FYL2X, FPTAN, FPATAN, FYL2XP1, FSINCOS, FSIN, FCOS };
	int only = argc > 1 ? (int)strtol(argv[1], 0, 16) : 0, n = argc > 2 ? atoi(argv[2]) : 400;

	set_up();
	for (size_t k = 0; k < sizeof ops; k++)
		if (!only || only == ops[k]) opcode(ops[k], n, only);
	return 0;
}
