/* x87_round.c - from an exact value to a format: rounding, overflow, underflow. SDM vol. 1, 4.8.4 and 8.5.
 *
 * Tininess is found after rounding, as if the exponent had no bounds. Masked, underflow is told of only if the
 * denormal result is inexact; unmasked, the exponent is brought back into range for the handler.
 */
#include "rt/x87.h"

static const struct x87_to extended = { 64, -16382, 16383, 24576 };

struct rounded x87_round_at(u128 sig, int n, bool neg, int rc)
{
	u64 ulp = 1ull << (64 - n), kept = (u64)(sig >> 64) & -ulp;
	u128 rest = sig << n, half = (u128)1 << 127;
	struct rounded r = { kept, false, rest != 0, false };

	switch (rc) {
	case RC_NEAREST: r.up = rest > half || (rest == half && kept & ulp); break;
	case RC_DOWN:    r.up = neg && rest; break;
	case RC_UP:      r.up = !neg && rest; break;
	}
	if (r.up) {
		r.m += ulp;
		r.carry = !r.m;
		if (r.carry) r.m = 1ull << 63;
	}
	return r;
}

static u64 overflow(struct x87_env *v, const struct x87_to *f, bool neg, s32 *e)
{
	int rc = x87_rc(v);

	v->ex |= X87_OE | X87_PE;
	v->up = rc == RC_NEAREST || rc == (neg ? RC_DOWN : RC_UP);
	*e = f->emax + v->up;
	return v->up ? 1ull << 63 : ~0ull << (64 - f->n);
}

/* The significand; *e becomes its exponent: emax + 1 for an infinity, emin - 1 for a denormal. */
u64 x87_finish(struct x87_env *v, const struct x87_to *f, bool neg, s32 *e, u128 sig)
{
	struct rounded r = x87_round_at(sig, f->n, neg, x87_rc(v));
	s32 x = *e + r.carry;

	if (x > f->emax && v->cw & X87_OE) return overflow(v, f, neg, e);
	if (x < f->emin && v->cw & X87_UE) {
		r = x87_round_at(shr_jam(sig, f->emin - *e), f->n, neg, x87_rc(v));
		v->ex |= r.inexact ? X87_UE : 0;
		x = r.m >> 63 ? f->emin : f->emin - 1;
	} else if (x > f->emax || x < f->emin) {
		v->ex |= x > f->emax ? X87_OE : X87_UE;
		if (!f->adjust) return 0;               /* nothing is stored: that is all there is to tell */
		x += x > f->emax ? -f->adjust : f->adjust;
		if (x > f->emax || x < f->emin) {       /* FSCALE only */
			v->ex |= X87_PE;
			v->up = x > f->emax;
			*e = x > f->emax ? f->emax + 1 : f->emin - 1;
			return x > f->emax ? 1ull << 63 : 0;
		}
	}
	v->ex |= r.inexact ? X87_PE : 0;
	v->up = r.up;
	*e = x;
	return r.m;
}

static struct f80 to_f80(struct x87_env *v, const struct x87_to *f, bool neg, s32 e, u128 sig)
{
	u64 m = x87_finish(v, f, neg, &e, sig);

	return f80_make(neg, (e + 16383) & 0x7fff, m);
}

struct f80 x87_round64(struct x87_env *v, bool neg, s32 e, u128 sig)
{
	return to_f80(v, &extended, neg, e, sig);
}

struct f80 x87_round(struct x87_env *v, bool neg, s32 e, u128 sig)
{
	static const u8 bits[4] = { 24, 64, 53, 64 };   /* the second is reserved */
	struct x87_to f = extended;

	f.n = bits[v->cw >> 8 & 3];
	return to_f80(v, &f, neg, e, sig);
}
