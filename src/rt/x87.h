/* x87.h - the x87 in C: 80-bit arithmetic in general registers, and the instructions made of it. */
#ifndef RT_X87_H
#define RT_X87_H

#include "rt/rt.h"
#include "tr/x87.h"

typedef unsigned __int128 u128;

struct f80 { u64 m, se; };              /* as cpu.x87.st */

/* What an operation is told: the control word, and whether its memory operand was denormal. What it tells: exceptions
 * raised, and C1's rounding direction. */
struct x87_env { u16 cw; bool denormal; u16 ex; bool up; };

enum { X87_IE = 1, X87_DE = 2, X87_ZE = 4, X87_OE = 8, X87_UE = 16, X87_PE = 32, X87_SF = 64,
       X87_C0 = 0x100, X87_C1 = 0x200, X87_C2 = 0x400, X87_C3 = 0x4000, X87_ES = 0x80, X87_B = 0x8000 };
enum { RC_NEAREST, RC_DOWN, RC_UP, RC_ZERO };

static inline int x87_rc(const struct x87_env *e) { return e->cw >> 10 & 3; }
/* Exceptions that stop an operation before it has computed anything. */
static inline bool x87_stopped(const struct x87_env *e) { return e->ex & ~e->cw & (X87_IE | X87_DE | X87_ZE); }

static inline int  f80_exp(struct f80 a)         { return a.se & 0x7fff; }
static inline bool f80_neg(struct f80 a)         { return a.se >> 15 & 1; }
static inline bool f80_unsupported(struct f80 a) { return f80_exp(a) && !(a.m >> 63); }
static inline bool f80_nan(struct f80 a)         { return f80_exp(a) == 0x7fff && a.m > 1ull << 63; }
static inline bool f80_snan(struct f80 a)        { return f80_nan(a) && !(a.m >> 62 & 1); }
static inline bool f80_inf(struct f80 a)         { return f80_exp(a) == 0x7fff && a.m == 1ull << 63; }
static inline bool f80_zero(struct f80 a)        { return !f80_exp(a) && !a.m; }
static inline bool f80_denormal(struct f80 a)    { return !f80_exp(a) && a.m; }
static inline struct f80 f80_make(bool neg, int exp, u64 m) { return (struct f80){ m, (u64)neg << 15 | (u64)exp }; }
#define F80_INDEFINITE ((struct f80){ 3ull << 62, 0xffff })

/* A finite number that is not zero: m's top bit is set, the value is m / 2^63 * 2^e. */
struct f80_parts { bool neg; s32 e; u64 m; };
struct f80_parts f80_parts(struct f80 a);

/* --- x87_round.c. sig: the exact value, its top bit set, inexactness in its lowest bit; e its exponent. */
struct x87_to { u8 n; s16 emin, emax, adjust; };         /* bits, exponents, what an unmasked over- or underflow adds */
u64 x87_finish(struct x87_env *v, const struct x87_to *f, bool neg, s32 *e, u128 sig);
struct f80 x87_round(struct x87_env *v, bool neg, s32 e, u128 sig);              /* to the precision that the control word asks for */
struct f80 x87_round64(struct x87_env *v, bool neg, s32 e, u128 sig);            /* to 64 bits */
struct rounded { u64 m; bool carry, inexact, up; };
struct rounded x87_round_at(u128 sig, int n, bool neg, int rc);
static inline int clz128(u128 x) { return x >> 64 ? __builtin_clzll(x >> 64) : 64 + __builtin_clzll((u64)x); }
static inline u128 shr_jam(u128 x, int n)               /* what is shifted out shows in the lowest bit */
{
	return n <= 0 ? x : n > 127 ? x != 0 : x >> n | ((x << (128 - n)) != 0);
}

/* --- x87_arith.c */
bool x87_special2(struct x87_env *v, struct f80 a, struct f80 b, struct f80 *r);  /* a NaN or an unsupported format: r */
bool x87_special1(struct x87_env *v, struct f80 a, struct f80 *r);
struct f80 x87_add(struct x87_env *v, struct f80 a, struct f80 b, bool sub);
struct f80 x87_mul(struct x87_env *v, struct f80 a, struct f80 b);
struct f80 x87_div(struct x87_env *v, struct f80 a, struct f80 b);
struct f80 x87_sqrt(struct x87_env *v, struct f80 a);
struct f80 x87_rndint(struct x87_env *v, struct f80 a);
struct f80 x87_scale(struct x87_env *v, struct f80 a, struct f80 b);
struct f80 x87_rem(struct x87_env *v, struct f80 a, struct f80 b, bool nearest, u16 *cc);
struct f80 x87_xtract(struct x87_env *v, struct f80 a, struct f80 *exponent);    /* the significand */
u16 x87_compare(struct x87_env *v, struct f80 a, struct f80 b, bool quiet);      /* C3 C2 C0 */
u64 x87_div128(u64 hi, u64 lo, u64 d, u64 *rem);         /* hi < d */

/* --- x87_conv.c. Loads raise nothing: v->denormal, and NaNs stay as they are. */
struct f80 x87_from_f32(struct x87_env *v, u32 x);
struct f80 x87_from_f64(struct x87_env *v, u64 x);
struct f80 x87_from_int(s64 x);
struct f80 x87_from_bcd(u64 lo, u16 hi);
u32 x87_to_f32(struct x87_env *v, struct f80 a);
u64 x87_to_f64(struct x87_env *v, struct f80 a);
s64 x87_to_int(struct x87_env *v, struct f80 a, int w, int rc);
void x87_to_bcd(struct x87_env *v, struct f80 a, u64 out[2]);

/* --- x87_trans.c: within one unit in the last place; false: |a| is too large, C2 */
struct f80 x87_2xm1(struct x87_env *v, struct f80 a);
struct f80 x87_yl2x(struct x87_env *v, struct f80 x, struct f80 y);
struct f80 x87_yl2xp1(struct x87_env *v, struct f80 x, struct f80 y);
struct f80 x87_patan(struct x87_env *v, struct f80 x, struct f80 y);
bool x87_sincos(struct x87_env *v, struct f80 a, struct f80 *sin, struct f80 *cos);      /* either may be null */
bool x87_tan(struct x87_env *v, struct f80 a, struct f80 *r);

/* --- x87.c, x87_env.c */
u64  rt_x87(struct thread *t, u64 host_ret);             /* TR_H_X87 */
u16  x87_sw(const struct cpu *c);                       /* the status word, whole */
void x87_set(struct cpu *c, u16 cw, u16 sw, u8 tag);     /* tag: a bit a physical register */
u8   x87_tag(const struct cpu *c);
struct f80 x87_register(const struct cpu *c, int s);      /* what is in slot s mod 8 */
void x87_rotate(struct cpu *c, int top);                 /* ST(0) into slot top */
void x87_mode(struct cpu *c);                            /* after a change of the control word or the flags */
void x87_init(struct cpu *c);
int  x87_signal_code(u32 unmasked);                     /* si_code for exceptions, MXCSR's too */
bool x87_stenv(struct cpu *c, gaddr a, bool narrow);     /* false: memory is not accessible, nothing changed */
bool x87_ldenv(struct cpu *c, gaddr a, bool narrow);
bool x87_save(struct cpu *c, gaddr a, bool narrow);
bool x87_rstor(struct cpu *c, gaddr a, bool narrow);
static inline size_t x87_image_size(bool regs, bool narrow) { return (narrow ? 14 : 28) + (regs ? 80 : 0); }

#endif
