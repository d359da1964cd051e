/* x87_prec.c - x87 code that computes with doubles at a precision of 53 bits: results that STELE_X87=double has to give
 * as well. Random numbers, and stacks that calls and loops pass on.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t state = 0x9e3779b97f4a7c15;
static uint64_t rnd(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}
static double number(void)
{
	uint64_t r = (rnd() & 0x800fffffffffffff) | (1023 - 30 + rnd() % 60) << 52;
	double d;

	if (rnd() % 16 == 0) r &= 1ull << 63;           /* a zero */
	if (rnd() % 16 == 0) r = (r & 1ull << 63) | 0x7ffull << 52;      /* an infinity */
	memcpy(&d, &r, 8);
	return d;
}

static uint64_t sum = 0xcbf29ce484222325;
static void add(const void *p, size_t n)
{
	for (const uint8_t *b = p; n--; b++)
		sum = (sum ^ *b) * 0x100000001b3;
}
static void number_out(double d)
{
	uint64_t r;

	memcpy(&r, &d, 8);
	if ((r & 0x7fffffffffffffff) > 0x7ffull << 52) r = 1;   /* a NaN: which one is not promised */
	add(&r, 8);
}
static void show(const char *name)
{
	printf("%s %016lx\n", name, (long)sum);
	sum = 0xcbf29ce484222325;
}

#define OP2(name, text) static void name(double a, double b) \
	{ double r; __asm__ volatile("fldl %2; fldl %1; " text "; fstpl %0" : "=m" (r) : "m" (a), "m" (b)); number_out(r); }
OP2(op_add, "faddp") OP2(op_mul, "fmulp") OP2(op_sub, "fsubp") OP2(op_subr, "fsubrp") OP2(op_div, "fdivp") OP2(op_divr, "fdivrp")
OP2(op_mem, "faddl %1; fsubrl %2; fmulp") OP2(op_xch, "fxch; fsub %%st(1), %%st; fabs; fchs; fstp %%st(1)")
OP2(op_sqrt, "fabs; fsqrt; fxch; fstp %%st(0)") OP2(op_rnd, "frndint; fxch; frndint; fstp %%st(1)")
OP2(op_ext, "fstp %%st(1); sub $16, %%rsp; fstpt (%%rsp); fldt (%%rsp); add $16, %%rsp")
OP2(op_cmov, "fcomi; fcmovb %%st(1), %%st; fcmovne %%st(1), %%st; fstp %%st(1)")
OP2(op_consts, "fstp %%st(0); fstp %%st(0); fldpi; fldl2t; fldl2e; fldlg2; fldln2; fld1; fstp %%st(0); fstp %%st(0); fxch; fstp %%st(0); fxch; fstp %%st(0)")

static void compares(double a, double b)
{
	uint16_t sw[3];
	uint64_t fl;

	__asm__ volatile("fldl %4; fldl %3; fcom; fnstsw %0; fucom; fnstsw %1; fcomi; fstp %%st(0); pushf; pop %2; fstp %%st(0)"
		: "=m" (sw[0]), "=m" (sw[1]), "=r" (fl) : "m" (a), "m" (b) : "cc");
	__asm__ volatile("fldl %1; ftst; fnstsw %0; fstp %%st(0)" : "=m" (sw[2]) : "m" (a));
	for (int k = 0; k < 3; k++)
		sw[k] &= 0x4500;
	fl &= 0x45;
	add(sw, sizeof sw);
	add(&fl, 8);
}

static void integers(double a, double b)
{
	int64_t q, i = (int64_t)rnd() >> rnd() % 52 >> 11;
	int32_t d, t;
	int16_t w;
	float f;
	double r;
	uint16_t cut = 0xe7f, old;

	a /= 1024;
	__asm__ volatile("fldl %5; fistl %1; fistps %2; fldl %5; fistpll %0; fnstcw %4; fldcw %6; fldl %5; fistpl %3; fldcw %4"
		: "=m" (q), "=m" (d), "=m" (w), "=m" (t), "=m" (old) : "m" (a), "m" (cut));
	add(&q, 8); add(&d, 4); add(&w, 2); add(&t, 4);
	__asm__ volatile("fildll %2; fstl %0; fstps %1" : "=m" (r), "=m" (f) : "m" (i));
	number_out(r);
	add(&f, 4);
	f = b;
	__asm__ volatile("flds %1; fadds %1; fimull %2; fstpl %0" : "=m" (r) : "m" (f), "m" (d));
	number_out(r);
}

static __attribute__((noinline)) long double horner(const double *k, int n, long double x)
{
	long double r = 0;

	for (int i = 0; i < n; i++)
		r = r * x + k[i];
	return r;
}

int main(void)
{
	static const struct { const char *name; void (*fn)(double, double); } ops[] = {
#define O(name) { #name, name },
		O(op_add) O(op_mul) O(op_sub) O(op_subr) O(op_div) O(op_divr) O(op_mem) O(op_xch) O(op_sqrt) O(op_rnd) O(op_ext)
		O(op_cmov) O(op_consts) O(compares) O(integers)
	};
	uint16_t cw = 0x27f;
	double k[16];

	__asm__ volatile("fldcw %0" : : "m" (cw));
	for (size_t n = 0; n < sizeof ops / sizeof *ops; n++) {
		for (int i = 0; i < 2000; i++)
			ops[n].fn(number(), number());
		show(ops[n].name);
	}
	for (int i = 0; i < 16; i++)
		k[i] = (double)(int64_t)rnd() / (1ull << 60);
	for (int i = 0; i < 2000; i++)
		number_out(horner(k, 16, (double)i / 512));
	show("horner");
	return 0;
}
