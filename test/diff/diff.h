/* diff.h - the differential tests' generator and judge: see tool/mktest.c.
 *
 * encode.c turns a row of insn.def and a choice into bytes, state.c gives a state in which its operands mean something,
 * rows.c makes batches out of both, random.c makes sequences and seq.c lays them out, run.c has the oracle execute them,
 * judge.c compares, shrink.c makes what differs small, casefile.c keeps it.
 */
#ifndef DIFF_DIFF_H
#define DIFF_DIFF_H

#include <stdio.h>
#include "case.h"
#include "x86/insn.h"

enum { CODE_MAX = 384, SEQ_MAX = 40 };

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
	const char *name, *enc, *opnds, *emit;
	bool np, rexw, vex, modrm, lockable, rm_reg, rm_mem, rm_byte, reg_byte, vec, str, moffs, vsib, vvvv;
	u8 pp, map, op, span, second_span, feature;
	s8 ext, vl, vw;                         /* -1: any                                  */
	s16 second;                             /* the whole ModRM byte, or -1              */
	u8 imm[2], rel;                         /* sizes; 255: by operand size; 254: also 8 bytes */
	u8 sizes;                               /* operand sizes there are, as a mask of bytes; 0: one only */
};
extern const struct enc *const encs;            /* one per row of x86_rows                  */
extern const int nrows;
void encode_init(void);
extern u64 announced;                           /* features that are tested, bit X86_...     */

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
bool emits(int row, const char *list);          /* is the row's emitter among these words?   */

/* ---- rows.c: one instruction ---- */
enum pick_kind { REG_ANY, REG_SAME, REG_HIGH, REG_REX, REG_LOW, MEM_BASE, MEM_D8, MEM_D32, MEM_INDEX, MEM_NOBASE, MEM_RIP, MEM_ABS,
		 MEM_A32, MEM_A32X, MEM_FS, MEM_GS, MEM_RSP, MEM_RBP, NKINDS };
struct pick choose(int row, int opsz, enum pick_kind kind);

/* ---- state.c ---- */
/* Where a memory operand lies. */
enum place { AT_ANY, AT_ALIGNED, AT_LINE, AT_PAGE, AT_LAST, AT_RO, AT_OVER, AT_NOWHERE, PLACES };
gaddr some_place(enum place p, int w, bool align);
void state_random(struct tcase *t);
extern bool unmask;                             /* state_for: MXCSR leaves exceptions unmasked */
u32 some_mxcsr(void);                           /* one that masks all */
u32 some_open_mxcsr(void);                      /* one that masks less */
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
bool row_fp(int row);                           /* does MXCSR rule it? */

/* ---- seq.c: several instructions, not yet at a place ---- */
/* What is known of a general register: nothing; DIFF_DATA + lo .. hi, in steps of align; 0..255. */
enum { ANY, PTR, SMALL };
struct val { u8 kind, align; s16 lo, hi; };
/* to: where it branches, or what address it takes: an item's index, n for the end; -1: nothing. */
struct item { struct pick p; s8 to; };
struct seq {
	struct item it[SEQ_MAX];
	int n;
	struct val in[16];                      /* what the registers must hold at its start        */
	bool fp;                                /* it computes in floating point                    */
	bool open;                              /* with exceptions that MXCSR does not mask         */
	bool x87;                               /* with x87 and MMX instructions; what they leave is stored at the end */
	bool mmx;                               /* it writes MMX registers                          */
};
u32 seq_code(const struct seq *s, u8 *out, gaddr pc);  /* length; 0: it cannot be said              */
void seq_drop(struct seq *s, int k);            /* without item k                           */
/* Appends code and states; 0: it does not encode, or a flag is read that may be undefined (then *at is the reader). */
struct tcode *seq_add(struct batch *b, const struct seq *s, u32 states, int *at);
void seq_state(struct tcase *t, const struct seq *s);

/* ---- random.c ---- */
/* Floating point; with exceptions unmasked; x87 and MMX; just those that the stored truth is of; mostly flags. */
enum { SEQ_FP = 1, SEQ_OPEN = 2, SEQ_X87 = 4, SEQ_STORED = 8, SEQ_FLAGS = 16 };
void random_seq(struct seq *s, int with);        /* it may be empty */
void random_rows(const bool *rows);              /* before the first: take no rows but these, by index */
/* Number n of a seed, with its states; null where it came to nothing. */
struct tcode *random_add(struct batch *b, u64 seed, u64 n, int with, u32 states, struct seq *s);


/* ---- run.c ---- */
struct answers { u8 *p; const struct tresult **r; u32 n; };
static inline const struct tword *words_of(const struct tresult *r) { return (const void *)(r + 1); }
/* Executes a batch: command "" is this CPU, else what is put before the oracle's path. env: "NAME=VALUE ..." for it.
 * False: it did not finish; the answers that came are there, all of them if careful. */
bool run_batch(struct answers *a, const struct batch *b, const char *command, const char *env, bool careful);
void answers_free(struct answers *a);
u64 features_of(const char *command, const char *env); /* what CPUID says there             */
extern const char *oracle, *scratch;            /* its path; a directory                    */
extern bool run_quietly;                        /* what dies says nothing, and has less time */

/* ---- judge.c ---- */
struct flow {                                   /* a case's code, decoded                   */
	struct insn i[SEQ_MAX];
	int n;
	u8 undef[SEQ_MAX + 1], live[SEQ_MAX + 1];       /* flags before each; [n]: at the end */
	bool ok;                                /* it decodes, and reads no undefined flag  */
	u16 approx;                             /* xmm registers that hold an approximation */
	u8 dot[16];                             /* xmm registers that hold a dot product: its lanes' width */
};
bool amd_cpu(void);                              /* this machine's */
extern bool strict_fp;                           /* every flag must be the CPU's: STELE_FP=exact */
extern bool rough_fp;                            /* the translation gives up what doc/float.md says (in single rows) */
void flow_of(struct flow *f, const struct tcode *c);
bool same(const struct flow *f, const struct tcase *t, const struct tresult *want, const struct tresult *got);
/* What of r counts, as a number: the same for both sides where they are the same(), wherever the code lies. */
u64 digest(const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *r);
u64 flags_away(const struct flow *f, const struct tresult *want);      /* bits of RFLAGS of which only the digest says anything */
bool not_stored(const struct flow *f, const struct tresult *want, const struct tresult *got);  /* both are right */
bool anything_goes(const struct flow *f, const struct tresult *want);  /* whatever the translation leaves is right */
void report(const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *want,
            const struct tresult *got);

/* ---- check.c: both sides of a batch ---- */
extern const char *command;                     /* what runs x86-64 programs through the translation */
/* Runs a batch on the CPU and under command in the setting env; bad(ctx, case, want, got) for each that differs, got null
 * for one in which the translation died. The number of cases compared. */
typedef void bad_fn(void *ctx, u32 k, const struct tresult *want, const struct tresult *got);
u32 check(const struct batch *b, const struct answers *want, const char *env, bad_fn *bad, void *ctx);

/* ---- truth.c: what the CPU left, kept as hashes for machines without one ---- */
u64 row_key(int row);                           /* by what the row says, not where it stands  */
u64 hash_more(u64 h, const void *p, size_t n);
u64 hash_input(u64 h, const struct tcode *c, const struct tcase *t);
/* A group of cases: its answers' hash, and which of them are not looked at. */
struct group { u64 hash; u64 left_out; u32 n; };
void group_add(struct group *g, const struct flow *f, const struct tcode *c, const struct tcase *t, const struct tresult *r, bool store);
void group_write(FILE *o, const struct group *g);
bool group_read(const char **s, struct group *g);      /* the next word of a line */

/* ---- stored.c ---- */
int truth_store(const char *path);
int truth_check(const char *path, const char *const *env);

/* ---- words.c ---- */
int words_write(const char *path, const char *spec);    /* spec: as in STELE_HOST */

/* ---- shrink.c, casefile.c ---- */
struct found {
	struct seq s;
	struct tcase t;
	const char *env;
	int sig;                                /* how the CPU ends it                      */
	bool died, alone;
	struct tresult *want, *got;
};
int end_of(const struct tresult *r);            /* by which signal, as one number            */
void shrink(struct found *f);                   /* alone: it differs without its batch too */
/* Writes f as a text into the directory; its path into out. */
bool case_write(const struct found *f, const char *dir, const char *suffix, char *out, size_t size);
bool case_read(struct batch *b, const char *path);      /* appends what such a text says */

#endif
