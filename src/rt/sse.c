/* sse.c - an instruction of SSE's or AVX's floating point, whole, from the descriptor that translated code left.
 *
 * All lanes are computed before anything is written. Exceptions of operands (IE, DE, ZE) that are not masked stop the
 * instruction before it tells of those of results. SDM vol. 1, 11.5.2 and 11.5.3.
 */
#include "rt/sse.h"
#include "rt/except.h"
#include "rt/mem.h"
#include "rt/signal.h"
#include "rt/string.h"
#include "tr/tr.h"

struct op {
	struct cpu *c;
	union sse_desc d;
	struct sse_env v;
	u64 out[8];                     /* results, a lane each */
};

/* --- lanes of vectors, which rt_vectors_save has put into cpu.v */

static u64 *half(struct cpu *c, int reg, bool upper)
{
	if (!upper) return c->v[reg];
	return reg < 16 ? cpu_ymmh(c, reg) : c->v[V5t];
}

static u64 lane(struct cpu *c, int reg, int w, int k)
{
	const u8 *p = (const u8 *)half(c, reg, k * w >= 16) + k * w % 16;
	u64 x = 0;

	memcpy(&x, p, w);
	return x;
}

static void set_lane(struct cpu *c, int reg, int w, int k, u64 x)
{
	memcpy((u8 *)half(c, reg, k * w >= 16) + k * w % 16, &x, w);
}

static u64 a(struct op *o, int k) { return lane(o->c, o->d.a, o->d.w, k); }
static u64 b(struct op *o, int k) { return lane(o->c, o->d.b, o->d.w, k); }
static u64 z(struct op *o, int k) { return lane(o->c, o->d.z, o->d.w, k); }

/* --- one lane */

/* Predicates (SDM, CMPPD) by what is compared: bit 0 less, 1 equal, 2 greater, 3 unordered. The upper half has the same
 * in the other sense of raising an invalid operation for a quiet NaN. */
static u64 compare(struct op *o, int k)
{
	static const u8 yes[16] = { 2, 1, 3, 8, 13, 14, 12, 7, 10, 9, 11, 0, 5, 6, 4, 15 };
	int p = o->d.imm & 31, q = p & 7;
	bool signals = (q == 1 || q == 2 || q == 5 || q == 6) != (p >> 4);
	enum sse_order r = sse_compare(&o->v, o->d.w, a(o, k), b(o, k), signals);

	return yes[p & 15] >> r & 1 ? ~0ull : 0;
}

static u64 multiply_add(struct op *o, int k)
{
	int how = o->d.imm;
	bool minus_z = how & (k & 1 ? SSE_MINUS_Z_ODD : SSE_MINUS_Z_EVEN);

	return sse_fma(&o->v, o->d.w, a(o, k), b(o, k), z(o, k), minus_z, how & SSE_MINUS_PRODUCT);
}

/* Of neighbours: the lower half of each 16 bytes comes from a, the upper one from b. */
static u64 neighbours(struct op *o, int k)
{
	int per = 16 / o->d.w, in = k % per, base = k - in, j = base + 2 * (in % (per / 2)), reg = in < per / 2 ? o->d.a : o->d.b;

	return sse_add(&o->v, o->d.w, lane(o->c, reg, o->d.w, j), lane(o->c, reg, o->d.w, j + 1), o->d.op == SSE_HSUB);
}

static u64 single_lane(struct op *o, int k)
{
	struct sse_env *v = &o->v;
	int w = o->d.w, to = o->d.to;

	switch ((enum sse_op)o->d.op) {
	case SSE_ADD:    return sse_add(v, w, a(o, k), b(o, k), false);
	case SSE_SUB:    return sse_add(v, w, a(o, k), b(o, k), true);
	case SSE_ADDSUB: return sse_add(v, w, a(o, k), b(o, k), !(k & 1));
	case SSE_MUL:    return sse_mul(v, w, a(o, k), b(o, k));
	case SSE_DIV:    return sse_div(v, w, a(o, k), b(o, k));
	case SSE_MIN:    return sse_minmax(v, w, a(o, k), b(o, k), false);
	case SSE_MAX:    return sse_minmax(v, w, a(o, k), b(o, k), true);
	case SSE_SQRT:   return sse_sqrt(v, w, a(o, k));
	case SSE_CMP:    return compare(o, k);
	case SSE_ROUND:  return sse_round(v, w, a(o, k), o->d.imm);
	case SSE_FMA:    return multiply_add(o, k);
	case SSE_HADD: case SSE_HSUB: return neighbours(o, k);
	case SSE_TO_INT:   return sse_to_int(v, w, to, a(o, k), false);
	case SSE_TRUNCATE: return sse_to_int(v, w, to, a(o, k), true);
	case SSE_FROM_INT: return sse_from_int(v, to, w, o->d.kind == SSE_SCALAR ? o->c->scratch[0] : a(o, k));
	case SSE_RESIZE:   return sse_resize(v, w, to, a(o, k), to == 2 && !(o->d.imm & 4) ? o->d.imm & 3 : sse_rc(v));
	case SSE_COMI: case SSE_UCOMI: case SSE_DP: case SSE_OPS: break;
	}
	return 0;
}

/* --- those that are no lanes */

static bool stopped(struct op *o) { return sse_unmasked(&o->v); }

/* Exceptions of one step, in all lanes, join those of the steps before. False: they end the instruction. */
static bool step(struct op *o, u32 *all)
{
	if (o->v.ex & SSE_BEFORE & ~(o->v.mxcsr >> 7)) o->v.ex &= SSE_BEFORE;
	*all = o->v.ex |= *all;
	if (stopped(o)) return false;
	o->v.ex = 0;
	return true;
}

/* Products, then sums of neighbours until one is left. */
static void dot(struct op *o)
{
	int w = o->d.w, per = 16 / w;
	u32 all = 0;
	u64 s[8];

	for (int k = 0; k < o->d.n; k++)
		s[k] = o->d.imm >> (4 + k % per) & 1 ? sse_mul(&o->v, w, a(o, k), b(o, k)) : 0;
	if (!step(o, &all)) return;
	for (int left = per; left > 1; left /= 2) {
		for (int k = 0; k < o->d.n; k++)
			if (k % per < left / 2) s[k] = sse_add(&o->v, w, s[k + k % per], s[k + k % per + 1], false);
		if (!step(o, &all)) return;
	}
	for (int k = 0; k < o->d.n; k++)
		o->out[k] = o->d.imm >> k % per & 1 ? s[k - k % per] : 0;
	o->v.ex = all;
}

static void comi(struct op *o)
{
	static const u32 nzcv[4] = { [SSE_LESS] = 8, [SSE_EQUAL] = 6, [SSE_GREATER] = 2, [SSE_UNORDERED] = 3 };
	enum sse_order r = sse_compare(&o->v, o->d.w, a(o, 0), b(o, 0), o->d.op == SSE_COMI);

	if (!stopped(o)) o->c->nzcv = (u64)nzcv[r] << 28;
}

static void compute(struct op *o)
{
	u32 all = 0;

	switch (o->d.op) {
	case SSE_COMI: case SSE_UCOMI: comi(o); return;
	case SSE_DP: dot(o); return;
	}
	for (int k = 0; k < o->d.n; k++)
		o->out[k] = single_lane(o, k);
	step(o, &all);
	o->v.ex = all;
}

static void write(struct op *o)
{
	int n = o->d.n, to = o->d.to;
	u64 keep[2];

	if (o->d.op == SSE_COMI || o->d.op == SSE_UCOMI) return;
	if (o->d.kind == SSE_GPR) {
		o->c->r[o->d.d] = to == 8 ? o->out[0] : (u32)o->out[0];
		return;
	}
	memcpy(keep, o->c->v[o->d.upper], sizeof keep);
	if (o->d.kind == SSE_SCALAR) memcpy(o->c->v[o->d.d], keep, sizeof keep);
	else if (n * to < 16) memset(o->c->v[o->d.d], 0, 16);
	for (int k = 0; k < n; k++)
		set_lane(o->c, o->d.d, to, k, o->out[k]);
	if (n * to > 16) o->c->ymmh_used = 1;
}

u64 rt_sse(struct thread *t, u64 host_ret)
{
	struct cpu *c = &t->cpu;
	struct op o = { .c = c, .d = { .word = c->scratch[2] } };

	rt_vectors_save(c);
	o.v.mxcsr = c->mxcsr;
	compute(&o);
	c->mxcsr |= o.v.ex;
	if (stopped(&o))
		return rt_raise_vector(t, VECTOR_XM, SIGFPE, x87_signal_code(x86_mxcsr(c) & ~(c->mxcsr >> 7) & 63), c->rip);
	write(&o);
	rt_vectors_load(c);
	return host_ret;
}

/* --- MXCSR's masks */

bool rt_mxcsr_unmasks(struct cpu *c)
{
	u32 open = ~(c->mxcsr >> 7) & 63;

	if (likely(!open)) return false;
	if (open & ~__atomic_fetch_or(&rt.fp_unmasked, open, __ATOMIC_SEQ_CST)) rt_code_changed(0, GUEST_LIMIT);
	return true;
}

u64 rt_mxcsr_new(struct thread *t, u64 host_ret)
{
	struct insn i;

	if (!rt_mxcsr_unmasks(&t->cpu) || !rt_insn_at(t->cpu.rip, &i)) return host_ret;
	t->cpu.rip = insn_next(&i);
	if (t->stepping) return rt_raise(t, SIGTRAP, TRAP_TRACE_, t->cpu.rip);
	return rt_code(t, t->cpu.rip);
}
