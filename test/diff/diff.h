/* diff.h - the differential tests' generator and judge: see tool/mktest.c.
 *
 * encode.c turns a row of insn.def and a choice into bytes, state.c gives a state in which its operands mean something,
 * rows.c makes batches out of both, run.c has the oracle execute them, judge.c compares.
 */
#ifndef DIFF_DIFF_H
#define DIFF_DIFF_H

#include "case.h"
#include "x86/insn.h"

enum { CODE_MAX = 256, SEQ_MAX = 24 };

/* ---- value.c ---- */
extern u64 rng;                                 /* the generator's state; set it to repeat  */
u64 rnd(void);
static inline u32 below(u32 n) { return (rnd() >> 33) % n; }
static inline bool chance(u32 percent) { return below(100) < percent; }
u64 some_int(int w);                            /* edge values of a width, in garbage       */
void some_vec(u64 v[2]);
void some_fp(u64 v[2], int w);                  /* lanes of floating-point edges            */

/* ---- encode.c ---- */
struct enc {                                    /* what a row's strings say                 */
	const char *name, *opnds, *emit;
	bool np, rexw, vex, modrm, lockable, rm_reg, rm_mem, rm_byte, reg_byte, vec, str, moffs;
	u8 pp, map, op, span, second_span, feature;
	s8 ext, vl, vw;                         /* -1: any                                  */
	s16 second;                             /* the whole ModRM byte, or -1              */
	u8 imm[2], rel;                         /* sizes; 255: by operand size; 254: also 8 bytes */
	u8 sizes;                               /* operand sizes there are, as a mask of bytes; 0: one only */
};
extern const struct enc *const encs;            /* one per row of x86_rows                  */
extern const int nrows;
void encode_init(void);

/* A choice among a row's forms. */
struct pick {
	int row;
	u8 opsz, cc, reg, rm, vvvv;
	bool mem, lock, rex, l, a32, rip;
	u8 rep, seg;                            /* the prefix bytes; 0: none                */
	u8 base, index, scale;                  /* NOREG: none                              */
	u8 dispw;                               /* 0 1 4                                    */
	s64 disp;                               /* RIP-relative and MOFFS: the address      */
	u64 imm, imm2;
	gaddr target;                           /* of a branch                              */
};
int encode(u8 *out, const struct pick *p, gaddr pc);   /* length; 0: cannot be said         */
bool tested(int row);                           /* translated and announced, and comparable */
const char *excused(int row);                   /* why not, or 0                            */

/* ---- state.c ---- */
/* Where a memory operand lies. */
enum place { AT_ANY, AT_ALIGNED, AT_LINE, AT_PAGE, AT_LAST, AT_RO, AT_OVER, AT_NOWHERE, PLACES };
gaddr some_place(enum place p, int w, bool align);
void state_random(struct tcase *t);
bool state_for(struct tcase *t, const struct insn *i, enum place p);   /* false: this form cannot point there */
void set_mem(struct tcase *t, gaddr at, const void *p, u32 n);

/* ---- batches ---- */
struct tcode {
	u8 b[CODE_MAX];
	u32 len;                                /* without the jump out                     */
	u32 rip;                                /* its place                                */
	int row;                                /* what it tests, or -1                     */
};
struct batch {
	struct tcode *code;
	struct tcase *t;
	u32 ncode, n, room_code, room, size;    /* size: bytes of code area                 */
};
struct tcode *batch_code(struct batch *b, u32 room);   /* the next one, its place decided; room: bytes it may take */
void batch_done(struct batch *b, struct tcode *c);     /* appends the jump out             */
struct tcase *batch_case(struct batch *b, struct tcode *c);
void batch_clear(struct batch *b);

void rows_make(struct batch *b, int row, u32 repeat);

/* ---- run.c ---- */
struct answers { u8 *p; const struct tresult **r; u32 n; };
static inline const struct tword *words_of(const struct tresult *r) { return (const void *)(r + 1); }
/* Executes a batch: command "" is this CPU, else what is put before the oracle's path. False: it did not finish; the
 * answers that came are there. */
bool run_batch(struct answers *a, const struct batch *b, const char *command);
void answers_free(struct answers *a);
extern const char *oracle, *scratch;            /* its path; a directory                    */

/* ---- judge.c ---- */
struct flow {                                   /* a case's code, decoded                   */
	struct insn i[SEQ_MAX];
	int n;
	u8 undef[SEQ_MAX + 1], live[SEQ_MAX + 1];       /* flags before each; [n]: at the end */
	bool ok;                                /* it decodes, and reads no undefined flag  */
	u16 approx;                             /* xmm registers that hold an approximation */
	u8 dot[16];                             /* xmm registers that hold a dot product: its lanes' width */
};
void flow_of(struct flow *f, const struct tcode *c);
bool same(const struct flow *f, const struct tcase *t, const struct tresult *want, const struct tresult *got);
void report(const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *want,
            const struct tresult *got);

#endif
