/* x87.c - the x87's instructions in C, whole: stack, tags, exceptions, results. SDM vol. 1, 8.
 *
 * Translated code comes here for what it does not do itself. An instruction stopped by an unmasked exception changes
 * nothing but the status word; the exception waits in x87.pending and becomes SIGFPE at the next waiting instruction.
 * A store to memory is done by translated code, between two visits: the first leaves the state that is to follow in
 * cpu.x87_next, X87_COMMIT makes it the state, so that a page fault in between finds nothing changed.
 */
#include "rt/x87.h"
#include "rt/except.h"
#include "rt/signal.h"
#include "rt/string.h"
#include "rt/asm.h"
#include "x86/insn.h"

_Static_assert(offsetof(struct cpu, fcw) == CPU_FCW && offsetof(struct cpu, x87.c1) == CPU_X87_C1, "asm.h");
_Static_assert(offsetof(struct cpu, x87.pe) == CPU_X87_C1 + 1, "x87_fast.S stores both at once");
_Static_assert(offsetof(struct cpu, x87.sw) == CPU_X87_C1 + 2 && offsetof(struct cpu, x87.fast) == CPU_X87_C1 + 4, "x87_fast.S");

extern const u64 x87_fast_table[], x87_slow_table[] __attribute__((visibility("hidden")));

#define ONE63 (1ull << 63)

/* --- status word and slots ------------------------------------------------------------------------------------ */

u16 x87_sw(const struct cpu *c)
{
	const struct x87 *x = &c->x87;

	return x->sw | (x->c1 ? X87_C1 : 0) | (x->pe ? X87_PE : 0) | ((x->top + x->bias) & 7) << 11 |
	       (x->pending & X87_WAITS ? X87_ES | X87_B : 0);
}

static u8 rotl8(u8 b, int n) { return b << (n & 7) | b >> (-n & 7); }

u8 x87_tag(const struct cpu *c)
{
	u8 tag = 0;

	for (int s = 0; s < 8; s++)
		if (!(c->x87.empty & X87_SLOT(s))) tag |= 1 << ((s + c->x87.bias) & 7);
	return tag;
}

static u16 unmasked(const struct cpu *c, const struct x87 *x)
{
	return (x->sw | (x->pe ? X87_PE : 0)) & ~c->fcw & 63;
}

/* x87_fast.S: its roundings, and PE masked? */
static void mode(const struct cpu *c, struct x87 *x)
{
	x->pending = (x->pending & X87_WIDE) | (unmasked(c, x) ? X87_WAITS : 0);
	x->fast = (u64)((c->fcw & 0xf20) == 0x320 ? x87_fast_table : x87_slow_table);
}

void x87_mode(struct cpu *c) { mode(c, &c->x87); }

void x87_rotate(struct cpu *c, int top)
{
	struct x87 *x = &c->x87;
	int n = (x->top - top) & 7;
	typeof(x->st) old;

	if (!n) return;
	memcpy(old, x->st, sizeof old);
	for (int i = 0; i < 8; i++)
		x->st[i] = old[(i + n) & 7];
	x->empty = rotl8(x->empty, n);
	x->bias = (x->bias + n) & 7;
	x->top = top;
}

/* The registers stay where they are, by their physical numbers. */
void x87_set(struct cpu *c, u16 cw, u16 sw, u8 tag)
{
	struct x87 *x = &c->x87;

	c->fcw = (cw & 0x1f3f) | 0x40;
	x87_rotate(c, (x->top + x->bias) & 7);          /* bias 0 */
	x->top = sw >> 11 & 7;
	x->empty = 0;
	for (int s = 0; s < 8; s++)
		if (!(tag >> s & 1)) x->empty |= X87_SLOT(s);
	x->c1 = !!(sw & X87_C1);
	x->pe = !!(sw & X87_PE);
	x->sw = sw & (X87_C0 | X87_C2 | X87_C3 | 0x5f);
	x->pending = rt.x87_double ? X87_WIDE : 0;
	x87_mode(c);
}

void x87_init(struct cpu *c)
{
	x87_set(c, 0x37f, 0, 0);
	c->x87.fip = c->fdp = c->fop = 0;
}

static inline int slot(const struct x87 *x, int i)   { return (x->top + i) & 7; }
static inline bool used(const struct x87 *x, int i)  { return !(x->empty & X87_SLOT(slot(x, i))); }
static struct f80 get(const struct x87 *x, int i)    { int s = slot(x, i); return (struct f80){ x->st[s].m, x->st[s].se }; }

static void put(struct x87 *x, int i, struct f80 a)
{
	int s = slot(x, i);

	x->st[s].m = a.m;
	x->st[s].se = a.se;
	x->empty &= ~X87_SLOT(s);
}

static void empty(struct x87 *x, int i) { x->empty |= X87_SLOT(slot(x, i)); }

static void pop(struct x87 *x, int n)
{
	for (; n; n--) {
		empty(x, 0);
		x->top = (x->top + 1) & 7;
	}
}

static void push(struct x87 *x, struct f80 a)
{
	x->top = (x->top - 1) & 7;
	put(x, 0, a);
}

/* --- exceptions -------------------------------------------------------------------------------------------------- */

struct op {
	struct cpu *c;
	struct x87 *x;                  /* the state that the instruction changes */
	union x87_desc d;
	struct x87_env v;
};

/* Linux's order (math_error). */
int x87_signal_code(u32 ex)
{
	return ex & X87_IE ? FPE_FLTINV_ : ex & X87_ZE ? FPE_FLTDIV_ : ex & X87_OE ? FPE_FLTOVF_ :
	       ex & (X87_UE | X87_DE) ? FPE_FLTUND_ : FPE_FLTRES_;
}

static bool underflow(struct op *o)
{
	o->v.ex |= X87_IE | X87_SF;
	o->v.up = false;
	return !(o->v.cw & X87_IE);
}

static bool overflow(struct op *o)
{
	underflow(o);
	o->v.up = true;
	return !(o->v.cw & X87_IE);
}

/* --- what instructions are made of ---------------------------------------------------------------------------- */

static struct f80 memory(struct op *o)
{
	const u64 *s = o->c->scratch;

	switch ((enum x87_fmt)o->d.fmt) {
	case X87_F32: return x87_from_f32(&o->v, s[0]);
	case X87_F64: return x87_from_f64(&o->v, s[0]);
	case X87_I16: return x87_from_int((s16)s[0]);
	case X87_I32: return x87_from_int((s32)s[0]);
	case X87_I64: return x87_from_int((s64)s[0]);
	case X87_BCD: return x87_from_bcd(s[0], s[1]);
	case X87_REG:
	case X87_F80: break;
	}
	return (struct f80){ s[0], s[1] & 0xffff };
}

/* ST(i) or the memory operand; false: an empty register. */
static bool source(struct op *o, int i, struct f80 *a)
{
	if (o->d.fmt != X87_REG) {
		*a = memory(o);
		return true;
	}
	*a = get(o->x, i);
	return used(o->x, i);
}

static struct f80 compute(struct op *o, struct f80 a, struct f80 b)
{
	struct x87_env *v = &o->v;

	switch ((enum x87_op)o->d.op) {
	case X87_ADD:  return x87_add(v, a, b, false);
	case X87_SUB:  return x87_add(v, a, b, true);
	case X87_SUBR: return x87_add(v, b, a, true);
	case X87_MUL:  return x87_mul(v, a, b);
	case X87_DIV:  return x87_div(v, a, b);
	default:       return x87_div(v, b, a);
	}
}

static void arithmetic(struct op *o)
{
	int i = o->d.fmt == X87_REG ? o->d.i : 0, dst = o->d.to_i ? i : 0, src = o->d.to_i ? 0 : i;
	struct f80 r = F80_INDEFINITE, b;

	if (!source(o, src, &b) || !used(o->x, dst)) {
		if (underflow(o)) return;
	} else {
		r = compute(o, get(o->x, dst), b);
		if (x87_stopped(&o->v)) return;
	}
	put(o->x, dst, r);
	pop(o->x, o->d.pops);
}

static void to_flags(struct cpu *c, u16 cc)
{
	c->nzcv = (u64)!!(cc & X87_C3) << 30 | (u64)!(cc & X87_C0) << 29;
	c->pf = c->af = cc & X87_C2 ? 0 : 1;
}

static void compare(struct op *o)
{
	bool quiet = o->d.op == X87_UCOM || o->d.op == X87_UCOMI, flags = o->d.op == X87_COMI || o->d.op == X87_UCOMI;
	u16 cc = X87_C3 | X87_C2 | X87_C0;
	struct f80 b = { 0, 0 };

	if (!used(o->x, 0) || (o->d.op != X87_TST && !source(o, o->d.i, &b)))
		underflow(o);
	else
		cc = x87_compare(&o->v, get(o->x, 0), b, quiet);
	if (flags) to_flags(o->c, cc);          /* even if the exception is unmasked */
	else o->x->sw = (o->x->sw & ~(X87_C3 | X87_C2 | X87_C0)) | cc;
	if (flags && !(o->v.ex & X87_SF)) o->v.up = o->x->c1;
	if (!x87_stopped(&o->v)) pop(o->x, o->d.pops);
}

/* Significands of the constants to 66 bits and more: rounded as the control word says, no exception. */
static struct f80 constant(struct op *o)
{
	static const struct { u64 m; u16 se; bool above; } k[7] = {      /* above: the true value is larger than m */
		{ ONE63, 0x3fff, 0 }, { 0xd49a784bcd1b8afe, 0x4000, 1 }, { 0xb8aa3b295c17f0bb, 0x3fff, 1 },
		{ 0xc90fdaa22168c234, 0x4000, 1 }, { 0x9a209a84fbcff798, 0x3ffd, 1 }, { 0xb17217f7d1cf79ab, 0x3ffe, 1 },
		{ 0, 0, 0 },
	};
	static const bool half[7] = { 0, 0, 1, 1, 1, 1, 0 };             /* and by more than half a unit */
	int i = o->d.i, rc = x87_rc(&o->v);

	return (struct f80){ k[i].m + (rc == RC_NEAREST ? half[i] : rc == RC_UP && k[i].above), k[i].se };
}

static void load(struct op *o)
{
	struct f80 a;

	if (o->d.op == X87_LD && !source(o, o->d.i, &a)) {
		if (underflow(o)) return;
		a = F80_INDEFINITE;
	} else if (used(o->x, 7)) {
		if (overflow(o)) return;
		a = F80_INDEFINITE;
	} else if (o->d.op == X87_LDC) {
		a = constant(o);
	} else if (o->d.fmt == X87_F32 || o->d.fmt == X87_F64) {
		if (o->v.denormal) o->v.ex |= X87_DE;
		x87_special1(&o->v, a, &a);
		if (o->v.ex & ~o->v.cw & X87_IE) return;        /* but not for a denormal */
	}
	push(o->x, a);
}

static void to_memory(struct op *o)
{
	struct f80 a = used(o->x, 0) ? get(o->x, 0) : F80_INDEFINITE;
	int rc = o->d.op == X87_STT ? RC_ZERO : x87_rc(&o->v);
	bool gone = !used(o->x, 0) && underflow(o);
	u64 *s = o->c->scratch;
	struct x87_env quiet = { .cw = 0x37f }, *v = used(o->x, 0) ? &o->v : &quiet;

	if (gone) return;
	switch ((enum x87_fmt)o->d.fmt) {
	case X87_F32: s[0] = x87_to_f32(v, a); break;
	case X87_F64: s[0] = x87_to_f64(v, a); break;
	case X87_I16: s[0] = x87_to_int(v, a, 2, rc); break;
	case X87_I32: s[0] = x87_to_int(v, a, 4, rc); break;
	case X87_I64: s[0] = x87_to_int(v, a, 8, rc); break;
	case X87_BCD: x87_to_bcd(v, a, s); break;
	case X87_REG:
	case X87_F80: s[0] = a.m; s[1] = a.se; break;
	}
	if (!(o->v.ex & ~o->v.cw & (X87_IE | X87_OE | X87_UE))) pop(o->x, o->d.pops);
}

static void store(struct op *o)
{
	struct f80 a = F80_INDEFINITE;

	if (o->d.fmt != X87_REG) {
		to_memory(o);
		return;
	}
	if (used(o->x, 0)) a = get(o->x, 0);
	else if (underflow(o)) return;
	put(o->x, o->d.i, a);
	pop(o->x, o->d.pops);
}

/* The undocumented FSTPNCE: an empty register is not stored, but popped. */
static void store_unchecked(struct op *o)
{
	if (used(o->x, 0)) put(o->x, o->d.i, get(o->x, 0));
	pop(o->x, o->d.pops);
}

static void exchange(struct op *o)
{
	struct f80 a = get(o->x, 0), b = get(o->x, o->d.i);
	bool ok = used(o->x, 0) && used(o->x, o->d.i);

	if (!ok && underflow(o)) return;
	if (!used(o->x, 0)) a = F80_INDEFINITE;
	if (!used(o->x, o->d.i)) b = F80_INDEFINITE;
	put(o->x, 0, b);
	put(o->x, o->d.i, a);
}

static void cmov(struct op *o)
{
	bool ok = used(o->x, 0) && used(o->x, o->d.i);

	if (!ok && underflow(o)) return;
	if (!ok) put(o->x, 0, F80_INDEFINITE);
	else o->v.up = o->x->c1;
	if (ok && o->c->scratch[0] & 1) put(o->x, 0, get(o->x, o->d.i));
}

static void examine(struct op *o)
{
	struct f80 a = get(o->x, 0);
	u16 cc = 0;

	if (!used(o->x, 0)) cc = X87_C3 | X87_C0;
	else if (f80_unsupported(a)) cc = 0;
	else if (f80_nan(a)) cc = X87_C0;
	else if (f80_inf(a)) cc = X87_C2 | X87_C0;
	else if (f80_zero(a)) cc = X87_C3;
	else if (f80_denormal(a)) cc = X87_C3 | X87_C2;
	else cc = X87_C2;
	o->v.up = f80_neg(a);
	o->x->sw = (o->x->sw & ~(X87_C3 | X87_C2 | X87_C0)) | cc;
}

static void sign(struct op *o)
{
	struct f80 a = get(o->x, 0);

	if (o->d.op == X87_CHS) a.se ^= 0x8000;
	else a.se &= 0x7fff;
	if (!used(o->x, 0)) {
		if (underflow(o)) return;
		a = F80_INDEFINITE;
	}
	put(o->x, 0, a);
}

/* ST(0) = f(ST(0)), or f(ST(0), ST(1)). */
static void function(struct op *o)
{
	struct f80 a = get(o->x, 0), b = get(o->x, 1), r = F80_INDEFINITE;
	bool two = o->d.op == X87_SCALE || o->d.op == X87_PREM || o->d.op == X87_PREM1;
	bool ok = used(o->x, 0) && (!two || used(o->x, 1));
	u16 cc = 0;

	if (!ok) underflow(o);
	else switch ((enum x87_op)o->d.op) {
	case X87_SQRT:   r = x87_sqrt(&o->v, a); break;
	case X87_RNDINT: r = x87_rndint(&o->v, a); break;
	case X87_SCALE:  r = x87_scale(&o->v, a, b); break;
	case X87_2XM1:   r = x87_2xm1(&o->v, a); break;
	default:         r = x87_rem(&o->v, a, b, o->d.op == X87_PREM1, &cc); break;
	}
	if (!x87_stopped(&o->v)) put(o->x, 0, r);
	if (o->d.op == X87_PREM || o->d.op == X87_PREM1) {       /* no quotient: its bits stay */
		u16 bits = !ok || f80_nan(r) || x87_stopped(&o->v) ? X87_C2 : X87_C3 | X87_C2 | X87_C0;

		o->x->sw = (o->x->sw & ~bits) | (cc & bits);
		o->v.up = cc & X87_C1;
	}
}

/* ST(1) = f(ST(0), ST(1)), and a pop. */
static void function_pop(struct op *o)
{
	struct f80 x = get(o->x, 0), y = get(o->x, 1), r = F80_INDEFINITE;
	bool ok = used(o->x, 0) && used(o->x, 1);

	if (!ok && underflow(o)) return;
	if (ok)
		r = o->d.op == X87_YL2X ? x87_yl2x(&o->v, x, y) : o->d.op == X87_PATAN ? x87_patan(&o->v, x, y) :
		    x87_yl2xp1(&o->v, x, y);
	if (x87_stopped(&o->v)) return;
	put(o->x, 1, r);
	pop(o->x, 1);
}

/* Those with two results, and FSIN and FCOS: C2 says that the operand is too large for them. */
static void trigonometric(struct op *o)
{
	struct f80 a = get(o->x, 0), r = F80_INDEFINITE, p = F80_INDEFINITE;
	enum x87_op op = o->d.op;
	bool two = op == X87_PTAN || op == X87_SINCOS || op == X87_XTRACT, in_range = true;

	if (op != X87_XTRACT) o->x->sw &= ~X87_C2;
	if (!used(o->x, 0)) {
		if (underflow(o)) return;
	} else if (two && used(o->x, 7)) {
		if (overflow(o)) return;
	} else if (op == X87_XTRACT) {
		p = x87_xtract(&o->v, a, &r);
	} else if (op == X87_PTAN) {
		in_range = x87_tan(&o->v, a, &r);
		p = f80_nan(r) ? r : f80_make(false, 0x3fff, ONE63);
	} else {
		in_range = x87_sincos(&o->v, a, op == X87_COS ? 0 : &r, op == X87_COS ? &r : op == X87_SINCOS ? &p : 0);
	}
	if (x87_stopped(&o->v)) return;
	if (!in_range) {
		o->x->sw |= X87_C2;
		return;
	}
	put(o->x, 0, r);
	if (two) push(o->x, p);
}

/* --- one instruction --------------------------------------------------------------------------------------------- */

static void execute(struct op *o)
{
	switch ((enum x87_op)o->d.op) {
	case X87_ADD: case X87_MUL: case X87_SUB: case X87_SUBR: case X87_DIV: case X87_DIVR: arithmetic(o); break;
	case X87_COM: case X87_UCOM: case X87_COMI: case X87_UCOMI: case X87_TST: compare(o); break;
	case X87_LD: case X87_LDC: load(o); break;
	case X87_ST: case X87_STT: store(o); break;
	case X87_XCH: exchange(o); break;
	case X87_CMOV: cmov(o); break;
	case X87_CHS: case X87_ABS: sign(o); break;
	case X87_XAM: examine(o); break;
	case X87_FREE: empty(o->x, o->d.i); pop(o->x, o->d.pops); break;
	case X87_STNC: store_unchecked(o); break;
	case X87_INCSTP: o->x->top = (o->x->top + 1) & 7; break;
	case X87_DECSTP: o->x->top = (o->x->top - 1) & 7; break;
	case X87_SQRT: case X87_RNDINT: case X87_SCALE: case X87_PREM: case X87_PREM1: case X87_2XM1: function(o); break;
	case X87_YL2X: case X87_YL2XP1: case X87_PATAN: function_pop(o); break;
	case X87_XTRACT: case X87_PTAN: case X87_SIN: case X87_COS: case X87_SINCOS: trigonometric(o); break;
	default: o->v.up = o->x->c1; break;
	}
	if (o->v.ex & X87_PE) o->x->pe = 1;
	o->x->sw |= o->v.ex & (63 | X87_SF) & ~X87_PE;
	o->x->c1 = o->v.up;
}

static u64 page_fault(struct thread *t, union x87_desc d)
{
	bool regs = d.op == X87_RSTOR || d.op == X87_SAVE;

	return rt_page_fault(t, t->cpu.scratch[0], x87_image_size(regs, d.narrow), d.op == X87_SAVE || d.op == X87_STENV);
}

/* Control instructions. Those that load the environment are no reason to stop before. */
static bool control(struct cpu *c, union x87_desc d)
{
	gaddr a = c->scratch[0];

	switch ((enum x87_op)d.op) {
	case X87_LDCW:
		c->fcw = (c->scratch[0] & 0x1f3f) | 0x40;
		x87_mode(c);
		return true;
	case X87_STSW:  c->scratch[0] = x87_sw(c); return true;
	case X87_INIT:  x87_init(c); return true;
	case X87_CLEX:
		c->x87.sw &= X87_C0 | X87_C2 | X87_C3;
		c->x87.pe = 0;
		c->x87.pending &= ~X87_WAITS;
		return true;
	case X87_STENV: return x87_stenv(c, a, d.narrow);
	case X87_LDENV: return x87_ldenv(c, a, d.narrow);
	case X87_SAVE:  return x87_save(c, a, d.narrow);
	case X87_RSTOR: return x87_rstor(c, a, d.narrow);
	default:        return false;
	}
}

static bool is_control(enum x87_op op)
{
	return op == X87_LDCW || op == X87_LDENV || op == X87_RSTOR || (op >= X87_NOWAIT && op < X87_COMMIT);
}

/* Of an instruction that leaves an unmasked exception behind, CPUs keep the opcode and the operand's address (SDM vol. 1,
 * 8.1.8 and 8.1.9; CPUID says FDP_EXCPTN_ONLY, and FCS and FDS deprecated). */
static void remember(struct cpu *c)
{
	struct insn i;
	u8 b[15];
	size_t n = sizeof b, k = 0;

	while (n && !rt_read(b, c->rip, n))
		n--;
	if (x86_decode(&i, b, n, c->rip, rt.x86) != X86_OK) return;
	while (k < i.len && (b[k] & 0xf8) != 0xd8)
		k++;
	c->fop = (b[k] & 7) << 8 | b[k + 1];
	for (k = 0; k < 2; k++)
		if (i.o[k].kind == OP_MEM) c->fdp = rt_address(c, &i);
}

/* The rest of the region counts on nothing waiting and on registers that are there: go on in another one. */
static u64 leave(struct thread *t, union x87_desc d)
{
	t->cpu.rip += d.len;
	if (t->stepping) return rt_raise(t, SIGTRAP, TRAP_TRACE_, t->cpu.rip);
	return rt_code(t, t->cpu.rip);
}

static u64 instruction(struct thread *t, u64 host_ret)
{
	struct cpu *c = &t->cpu;
	struct op o = { c, &c->x87, { .word = c->scratch[2] }, { .cw = c->fcw } };
	bool stores = (o.d.op == X87_ST || o.d.op == X87_STT) && o.d.fmt != X87_REG;

	if (c->x87.pending & X87_WAITS && o.d.op < X87_NOWAIT)
		return rt_raise_vector(t, VECTOR_MF, SIGFPE, x87_signal_code(unmasked(c, &c->x87)), c->rip);
	if (o.d.op == X87_GUARD) {
		x87_rotate(c, o.d.i);
		return host_ret;
	}
	if (o.d.op == X87_MMX) {
		x87_rotate(c, (c->x87.top + c->x87.bias) & 7);
		c->x87.top = 0;
		c->x87.empty = 0;
		return host_ret;
	}
	if (is_control(o.d.op)) {
		if (!control(c, o.d)) return page_fault(t, o.d);
		return c->x87.pending & X87_WAITS && o.d.op < X87_NOWAIT ? leave(t, o.d) : host_ret;
	}
	if (o.d.op == X87_COMMIT) {
		bool fault = !used(&c->x87, 0);

		c->x87 = c->x87_next;
		return c->x87.pending & X87_WAITS || fault ? leave(t, o.d) : host_ret;
	}
	if (stores) {
		c->x87_next = c->x87;
		o.x = &c->x87_next;
	}
	execute(&o);
	if (o.d.op != X87_WAIT) o.x->fip = c->rip;
	mode(c, o.x);
	if (o.x->pending & X87_WAITS) remember(c);
	if (stores && !(o.v.ex & ~c->fcw & (X87_IE | X87_OE | X87_UE))) return host_ret;
	if (stores) c->x87 = c->x87_next;
	return c->x87.pending & X87_WAITS || o.v.ex & X87_SF ? leave(t, o.d) : host_ret;
}

/* --- doubles ----------------------------------------------------------------------------------------------------- */

struct f80 x87_register(const struct cpu *c, int s)
{
	const typeof(*c->x87.st) *r = &c->x87.st[s & 7];
	struct x87_env v = { .cw = 0x37f };

	return r->se & X87_DOUBLE ? x87_from_f64(&v, r->m) : (struct f80){ r->m, r->se };
}

static void widen(struct cpu *c)
{
	for (int s = 0; s < 8; s++) {
		struct f80 a = x87_register(c, s);

		c->x87.st[s].m = a.m;
		c->x87.st[s].se = a.se;
	}
	c->x87.pending |= X87_WIDE;
}

static void narrow(struct cpu *c)
{
	for (int s = 0; s < 8; s++) {
		struct x87_env v = { .cw = 0x37f };

		c->x87.st[s].m = x87_to_f64(&v, x87_register(c, s));
		c->x87.st[s].se = X87_DOUBLE;
	}
	c->x87.pending &= ~X87_WIDE;
}

/* Does translated code count on doubles after d? Between the two visits of a store, and after what makes it ask, not. */
static bool narrows(union x87_desc d, bool wide)
{
	switch ((enum x87_op)d.op) {
	case X87_GUARD: case X87_COMMIT: case X87_INIT: case X87_SAVE: return true;
	case X87_MMX: case X87_LDENV: case X87_RSTOR: return false;
	case X87_ST: case X87_STT: return !wide && d.fmt == X87_REG;
	default: return !wide;
	}
}

u64 rt_x87(struct thread *t, u64 host_ret)
{
	union x87_desc d = { .word = t->cpu.scratch[2] };
	bool wide = t->cpu.x87.pending & X87_WIDE;
	u64 h;

	if (!rt.x87_double) return instruction(t, host_ret);
	widen(&t->cpu);
	h = instruction(t, host_ret);
	if (h == host_ret && narrows(d, wide)) narrow(&t->cpu);
	return h;
}
