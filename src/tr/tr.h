/* tr.h - the translator: x86-64 bytes in, ARM64 words and side tables out. A pure function.
 *
 * A region is the set of blocks reachable from an entry by direct jumps, up to a bound (region.c). The passes
 * annotate its decoded instructions (live.c), emit.c walks the blocks and calls one emitter per instruction.
 *
 * Registers, the same everywhere:
 *   rdi rsi rdx r10 r8 r9 = x0..x5; rax rcx r11 = x8 x9 x10; rbx rbp rsp r12..r15 = x19..x25; xmm0-15 = v0-v15
 *   x26: the last result's low byte (PF); x27: x26 ^ x27 has AF in bit 4; x28: struct cpu; x29: poll page
 *   sp: the stack of (guest return address, host return address) pairs
 *   x11-x14, v24, v25: operands on their way, owned by the driver; x15-x18 x6 x7, v26-v31: free for emitters
 *   v16-v23: upper halves of ymm0-7 (avx.c)
 *   x30: a guest page's address that neighbours share (c->page); a return address between bl and its target
 *
 * Flags: N Z V are SF ZF OF. C's sense is tracked in c->cs; at entries, exits and calls into C it is CS_SUB.
 */
#ifndef TR_TR_H
#define TR_TR_H

#include "a64/a64.h"
#include "a64/host.h"
#include "tr/cpu.h"
#include "tr/x87.h"
#include "x86/feature.h"
#include "x86/insn.h"

enum { R_PF = X26, R_AF = X27, R_CPU = X28, R_POLL = X29, R_PAGE = X30 };
enum { T_ADDR = X11, T_SRC = X12, T_SRC2 = X13, T_DST = X14 };         /* the driver's */
enum { T0 = X16, T1 = X17, T2 = X15, T3 = X6, T4 = X7, T5 = X18 };  /* an emitter's */
enum { TR_ATOMIC_WORD = T4, TR_ATOMIC_SHIFT = T3 };     /* a misaligned atomic operation (atomic.c): bits from the aligned word up */
enum { V_A = 24, V_B = 25, V0t = 26, V1t, V2t, V3t, V4t, V5t };
enum { IMM = 64 };                      /* as operand b: the value is i->imm, encodable in the form asked for */

extern const u8 tr_greg[16];            /* x86 number -> host register */
#define G(r) tr_greg[r]

/* How the flags stand in NZCV. */
enum csense {
	CS_SUB,                         /* C = !CF: after subs; the boundary form            */
	CS_ADD,                         /* C = CF: after adds                                */
	CS_ZERO,                        /* CF = 0 and C = 0: after ands                      */
	CS_FCMP,                        /* raw result of fcmp: unordered is N Z C V = 0 0 1 1 */
	CS_FORD,                        /* the same, known to be ordered                     */
};

enum tr_order { TR_PLAIN, TR_TSO, TR_HWTSO };

/* What a translation depends on besides the bytes. */
struct tr_env {
	u64 host;                       /* HOST_... of a64/host.h                            */
	u64 x86;                        /* announced features, bit X86_...                   */
	enum tr_order order;
	bool scalar_order;              /* TR_TSO orders general registers' accesses alone */
	bool fp_exact;
	bool fp_check;                  /* what the host may do otherwise than x86 is looked for (fpcheck.c) */
	bool fp_traps, fp_inexact;      /* some exception of SSE's, inexactness, is not masked */
	bool x87_double;                /* the x87's numbers are doubles (x87_double.c)     */
	bool align;                     /* legacy SSE's alignment is checked also where that costs something (align.c) */
	bool near;                      /* code lies within adrp's reach of the guest's image */
	bool single;                    /* translate one instruction only, unlinked (TF, self-modifying stores) */
	bool unlinked;                  /* every way out goes through the dispatcher (STELE_TRACE) */
	bool general;                   /* nothing assumed that the entry would have to check */
	bool cold;                      /* run for the first time: take in little, count entries (TR_LINK_HOT) */
	bool selfcheck;                 /* somebody else may write these bytes: compared at each entry (selfcheck.c) */
	bool plain;                     /* nothing clever: one instruction a region, everything taken to be read */
	u32 count;                      /* a cold region's index in cpu.counts               */
	u64 stubs;                      /* executable address of the arena's stubs, see TR_STUB_... */
	u32 max_insns;                  /* the region's bound; 0: the default                */
	/* Up to n bytes at pc that the guest may execute, copied to buf; returns how many. */
	size_t (*fetch)(void *ctx, gaddr pc, u8 *buf, size_t n);
	u8 x87_top;                     /* where ST(0) may be expected at the entry: only a hint */
	void *ctx;
	/* Is there a translation of pc already? Cold regions link to what there is; hot ones take in, behind a conditional
	 * branch, only that: it has been run. Null: take in all but for a cold region's branches. */
	bool (*known)(void *ctx, gaddr pc);
	/* The host address of pc's code, to branch to at once (call: to its word before the entry); 0: not there. May be null.
	 * Bit 0: the code is cold, so the branch may have to be moved: it is put into tr.link. */
	u64 (*code)(void *ctx, gaddr pc, bool call);
	bool (*crosses)(void *ctx, gaddr pc);   /* has the access at pc been seen to cross what ordered accesses can do? Null: no. */
	bool (*stable)(void *ctx, gaddr pc);    /* will the bytes at pc stay as long as code that looked at them? Null: yes. */
};

/* An arena starts with these stubs, each an ldr x17,[x28,...] + br x17 (8 bytes), and with tr_routines. */
enum { TR_STUB_LINK = 0, TR_STUB_LOOKUP = 8, TR_STUB_SYSCALL = 16, TR_STUB_HELPER = 24, TR_STUB_RETMISS = 32,
       TR_STUB_RCP = 64, TR_STUB_RSQRT = 192, TR_STUBS_SIZE = 320 };

/* Instead of a site in a link record: the code that this record ends has been entered TR_HOT_AFTER times. */
#define TR_LINK_HOT   1
#define TR_LINK_GENERAL  2              /* or: what its region assumes does not hold */
#define TR_LINK_BACK  3                 /* or: none, the record itself becomes a branch, backward in the guest: a loop */
#define TR_HOT_AFTER  600              /* fewer: more is translated twice; more: loops stay cold longer (measured: 48 to 4000) */
#define TR_COUNTS     32768             /* cold regions beyond share counters */

/* Side table: where the code of each guest instruction starts; ascending in host. */
struct tr_map  { u32 host; u32 guest; };  /* offsets in bytes from the region's code and from region.lo */
enum { TR_SENSE = 0xfff0,               /* a guest offset from here up: the flags stand as (offset - TR_SENSE) from there on */
       TR_PUT_OFF = 0xfffe,             /* those that the instruction of the entry before sets are put off from there on */
       TR_MADE };                       /* they are not */
struct tr_link { gaddr pc; u32 *site; bool call; };     /* a branch to cold code that tr_env.code knew */
struct tr_entry { gaddr pc; u32 host; };  /* an address that may be entered in boundary state */

#define TR_MAX_INSNS   192
#define TR_MAX_BLOCKS   96
#define TR_MAX_LITERALS 256
#define TR_INSN_ROOM   256              /* words that one instruction may take at most      */

/* A way out of a block. */
struct edge {
	gaddr pc;                       /* where it goes; 0: there is no such way            */
	s16 block;                      /* inside the region, or -1: it leaves               */
	u8 live;                        /* flags that may be read there                      */
	u8 defer;                       /* of them, those that are made only on the way      */
};

struct block {
	gaddr pc;
	u32 len;                        /* in bytes                                          */
	u16 first, n;                   /* instructions                                      */
	struct edge next, taken;        /* fall through; direct branch or call               */
	u8 npred;                       /* edges from inside the region                      */
	bool entry;                     /* may be entered from outside, in boundary state     */
	bool loop;                      /* target of a backward edge: polls                   */
	bool call;                      /* ends with a call: taken is the callee, next the return site */
	u8 live_in;                     /* flags                                             */
	enum csense cs_in;              /* inherited from the only predecessor, else CS_SUB  */
	u64 hi_in;                      /* xmm upper lanes that somebody reads               */
	u64 zero_in;                    /* xmm upper lanes known to be zero                  */
	u64 parts_in;                   /* register parts, see live.c                        */
	s16 src_in, src;                /* the instruction that set all flags last, at its start and end; -1: see defer.c */
	bool puts_off;                  /* what src sets is made by a return only            */
	struct x87_static x87_in;
	u32 *host;
};

/* What stands out of line behind a region's blocks, in this order. */
enum tr_part { TR_EDGES, TR_RARE, TR_REPAIRS, TR_LITERALS, TR_PARTS };

/* Facts of one instruction; its flags are in insn.live. */
struct fact {
	u64 parts;                      /* register parts that may be read after it, 4 bits a register */
	u64 hi;                         /* xmm and ymm upper lanes that may be read after it; bits as in live.c */
	u64 zero;                       /* xmm upper lanes known to be zero before it        */
};

struct tr {
	struct code code;               /* first: emitters pass c to the assembler           */
	const struct tr_env *env;
	struct insn ins[TR_MAX_INSNS + 1];
	struct block blk[TR_MAX_BLOCKS];
	struct fact fact[TR_MAX_INSNS + 1];
	u16 order[TR_MAX_BLOCKS];       /* blocks by guest address: the order of emission    */
	struct { gaddr lo; u32 n; bool end; u8 bytes[256]; } window;    /* tr_bytes: end: fewer than asked for were there */
	struct insn decoded[1024];       /* by address: what looking ahead decodes is decoded again soon; emptied by tr_forget */
	struct { gaddr pc; u8 flags; } needed[1024];     /* what tr_flags_needed found; emptied by tr_forget */
	bool loops;                     /* there are backward edges                          */
	bool lanes;                     /* there are writes of less than an xmm register     */
	bool fine;                      /* fact[] is filled in: some instruction may gain from it */
	u32 guard;                      /* upper lanes that are taken to be zero at the entry, which checks it; see live.c */
	u32 nins, nblk;
	gaddr lo, hi;                   /* guest bytes covered                               */
	u32 *start;
	u32 *part[TR_PARTS];            /* where the tail's parts begin                      */
	/* emission */
	enum csense cs, noted;          /* how the flags stand; how map[] says so last       */
	bool puts_off; s16 noted_off;   /* a return puts off flags; what map[] says of that last */
	u8 live;                        /* flags live after the instruction being emitted    */
	struct block *b;
	bool replay;                    /* tr_replay is at work                              */
	s8 direction;                   /* of the string instruction being emitted, where it is known (emit_str.c) */
	bool crosses;                   /* ordered accesses of this instruction go by plain ones and barriers */
	int third;                      /* a VEX form's third source                         */
	struct insn *first;             /* a mov that the instruction being emitted takes in */
	struct { bool on; u8 reg, w, bit; } zero;       /* jcc branches on this register being zero, or on its bit */
	u8 mod16[16];                   /* what is known of the general registers (align.c)  */
	u64 page; bool page_ok;         /* guest page whose address R_PAGE holds             */
	struct insn *i;                 /* the instruction being emitted                     */
	u32 at;                         /* index in order[] of the block being emitted       */
	struct fix { u32 *site; struct edge e; enum csense cs; bool call; struct block *from; } fix[2 * TR_MAX_BLOCKS];
	u32 nfix;                       /* branches whose target is bound at the region's end */
	struct { u32 *site; struct insn *i; u8 helper; enum csense cs; } cold[TR_MAX_INSNS + 8];       /* the last one, IRET, has four */
	struct { u32 *site; struct block *b; } late[TR_MAX_BLOCKS]; u32 nlate;  /* returns whose flags are made late */
	u32 ncold;                      /* branches to a tr_fault                            */
	struct { struct insn *i; u8 of, in, w; } low;   /* since i, xmm `of`'s low w bytes are in vector register `in` too */
	struct insn *zeroed;            /* since this one, V0t is zero (emit_aes.c) */
	struct { u32 *site; u64 x[2]; u8 w; } lit[TR_MAX_LITERALS]; u32 nlit;     /* constants at the region's end (vec.c) */
	struct { u32 *site; u8 T, r, a, b; } nan[64]; u32 nnan;           /* repairs there (vec.c)  */
	struct fp_cold { u32 *site, *back; struct insn *i; enum csense cs; u64 desc; } fp_cold[TR_MAX_INSNS];
	u32 nfp_cold; bool fp_open;     /* instructions in C out of line; one whose end is still to come (fpcheck.c) */
	bool has_x87; struct x87_static x87; gaddr x87_last;            /* x87.c */
	bool x87_held;                  /* T5 holds cpu.x87's first four bytes, and what is written there */
	struct x87_cold {               /* a way out of line, and back, where c->page_ok, c->page and c->x87_held are as here */
		u32 *site, *back; struct insn *i; struct x87_static x; enum csense cs; u8 op; bool crosses, page_ok, held; u64 page;
		u32 *done; s16 late;    /* if all of the instruction was done there: its end, and what is not in memory then */
		u8 used;                /* a guard's: slots that it has found to be in use    */
	} x87_cold[4 * TR_MAX_INSNS];
	u32 nx87_cold;
	u32 *guarded;                   /* the branch of tr_guard                            */
	u32 *count;                     /* a cold region's branch when its count is zero     */
	u32 *miss[2 * TR_MAX_BLOCKS]; u32 nmiss; /* branches to a stub, out of their reach */
	struct tr_map map[8 * TR_MAX_INSNS]; u32 nmap;
	s16 put_off[TR_MAX_INSNS];      /* the instruction whose flags are put off at each, or -1; if puts_off */
	struct tr_entry entry[TR_MAX_BLOCKS]; u32 nentry;
	struct tr_link link[2 * TR_MAX_BLOCKS]; u32 nlink;
	const char *why;                /* why translation stopped early                     */
};

/* Translates the region of pc into c->code. 0, or -ENOSPC when the buffer is too small. The caller sets c->code
 * and c->env; results: c->entry[], c->map[], c->lo, c->hi, words from c->start to c->code.p. */
int tr_translate(struct tr *c, gaddr pc);

/* passes, in order */
void tr_region(struct tr *c, gaddr pc);
void tr_sources(struct tr *c);
void tr_live(struct tr *c);
void tr_x87(struct tr *c);
int  tr_emit(struct tr *c);
const struct insn *tr_peek(struct tr *c, gaddr pc);      /* the instruction at pc, or null */
void tr_forget(struct tr *c);                   /* guest code changed: nothing that was seen of it holds any more */
u8   tr_flags_needed(struct tr *c, gaddr pc);   /* which flags code at pc may read before it sets them; bounded look-ahead */

/* --- for emitters ------------------------------------------------------------------------------------------ */

/* EMIT(name, how) { ... } defines emitter `name`: d = result, a = first source, b = second, all host registers
 * (general, or vector for xmm operands). Sources narrower than 32 bits have garbage above; so may d. */
enum { RAW = 1,                         /* fetches its own operands                          */
       ARITH = 2, LOGIC = 4, ANYIMM = 8,  /* b may be IMM: 12-bit, bitmask, any               */
       IMPLICIT = 16,                   /* touches registers that are no operands            */
       PROBE = 32,                      /* reads flags that it overwrites: a memory destination is stored to once before, so that the instruction can be restarted */
       WHOLE = 64,                      /* 256 bits are not twice 128 here: see avx.c */
       VIA_PF = 128 };                  /* the result may be made in x26, where it belongs too */
#define UPPER_IMM(n)  ((n) << 8)        /* of 256 bits, the upper half has the immediate's bits from n on */
struct emitter { void (*fn)(struct tr *c, struct insn *i, int d, int a, int b); u16 how; };
#define EMIT(name, how) \
	static void name##_(struct tr *, struct insn *, int, int, int); \
	const struct emitter emit_##name = { name##_, how }; \
	static void name##_(__attribute__((unused)) struct tr *c, __attribute__((unused)) struct insn *i, \
		__attribute__((unused)) int d, __attribute__((unused)) int a, __attribute__((unused)) int b)

/* May a write to xmm register d clear its upper lanes (beyond the scalar) here? */
bool tr_hi_free(struct tr *c, struct insn *i, int d);
/* Is ymm n's upper half known to be zero, before and after a write to xmm n, or read by nobody after it? */
bool tr_ymm_free(struct tr *c, struct insn *i, int n);
/* Is nobody reading the bits of general register r (x86 number) above its low w bytes after i? */
bool tr_above_free(struct tr *c, struct insn *i, int r, int w);

/* Each row's emitter. */
extern const struct emitter *const tr_emit_tab[];
static inline const struct emitter *tr_emitter(const struct insn *i) { return tr_emit_tab[i->row]; }
/* emit_lock.c: i has a LOCK prefix (or is XCHG with memory): the whole instruction, all its operands. */
void tr_lock(struct tr *c, struct insn *i);

static inline bool live(struct tr *c, int flags) { return c->live & flags; }
static inline bool has(struct tr *c, u64 host)   { return (c->env->host & host) == host; }

/* What the guest is told of on such a host. Where an aligned access of 16 bytes is not a single one, AVX is not there: it
 * promises that (SDM volume 3, 9.1.1). */
static inline u64 tr_announced(u64 host)
{
	u64 avx = X86_BIT(AVX) | X86_BIT(AVX2) | X86_BIT(FMA) | X86_BIT(F16C) | X86_BIT(VAES) | X86_BIT(VPCLMUL);

	return X86_ANNOUNCED & ~(host & HOST_LSE2 ? 0 : avx);
}

/* operands (emit.c): n is the operand's index */
int  tr_src (struct tr *c, struct insn *i, int n, int tmp);     /* a register with the value; tmp is used if need be */
int  tr_srcz(struct tr *c, struct insn *i, int n, int tmp);     /* zero-extended to 64 bits */
int  tr_srcs(struct tr *c, struct insn *i, int n, int tmp);     /* sign-extended to 64 bits */
int  tr_dst (struct tr *c, struct insn *i, int n, int tmp);     /* a register to compute operand n into */
void tr_wb  (struct tr *c, struct insn *i, int n, int r);       /* r becomes operand n: store, insert, or nothing */
void tr_mov_gpr(struct tr *c, int w, int d, int a);             /* x86's rule: 4 clears the upper half, 1 and 2 insert */

void tr_operands(struct tr *c, struct insn *i, const struct emitter *e);        /* the driver for an emitter that is not RAW */
void tr_avx(struct tr *c, struct insn *i, const struct emitter *e);     /* (avx.c) the same for VEX forms of vectors */

/* checked floating point (fpcheck.c): around e's code. True: the instruction has been done in C, e has nothing to do. */
bool tr_fp_before(struct tr *c, struct insn *i, const struct emitter *e, int d, int a, int b);
void tr_fp_after(struct tr *c);
bool tr_fp_tail(struct tr *c);                                  /* false: no room */
bool tr_fp_checked(struct tr *c, const struct insn *i);         /* it may raise an exception, or be done in C */

/* peephole (fuse.c): see there */
int tr_fuse(struct tr *c, struct insn *i, struct insn *end);
bool tr_only_branches(struct tr *c, struct insn *i, bool sign);
void tr_sense(struct tr *c);                                    /* side table: the flags stand as c->cs, if that is new */
void tr_note(struct tr *c, const struct insn *i);               /* side table: code for i starts here */

/* memory (emit_mem.c): the only places that load and store guest memory */
struct ea { u8 base, index, ext, scaled; s32 off; };            /* scaled: the index's shift */
struct ea tr_ea(struct tr *c, struct insn *i, int w);           /* the instruction's memory operand, for an access of w bytes; may use T_ADDR, R_PAGE */
struct ea tr_ea_off(struct tr *c, struct ea m, int w, s32 off); /* the same plus off, for another access; may use T_ADDR */
struct ea tr_ea_reg(int reg);                                   /* [reg] */
void tr_addr (struct tr *c, struct insn *i, int d);             /* the effective address itself (LEA; with segment base) */
int  tr_addr_in(struct tr *c, struct insn *i, int tmp);         /* the same in a register: tmp, or the base that it is */
void tr_load (struct tr *c, struct ea m, int w, int t);         /* zero-extends */
void tr_loads(struct tr *c, struct ea m, int w, int dw, int t); /* sign-extends to dw */
void tr_store(struct tr *c, struct ea m, int w, int t);
void tr_loadv(struct tr *c, struct ea m, int w, int v);         /* w = 1 2 4 8 16; clears the rest of v; may use T_DST */
void tr_storev(struct tr *c, struct ea m, int w, int v);
bool tr_lane(struct tr *c, struct ea m);                        /* may a lane be loaded or stored there by a_vld1_e, a_vst1_e? */
void tr_loadv2(struct tr *c, struct ea m, int lo, int hi);      /* 32 bytes; m from tr_ea(c, i, 32) */
void tr_storev2(struct tr *c, struct ea m, int lo, int hi);
void tr_lea  (struct tr *c, struct insn *i, int w, int d);      /* the same without the segment's base */
void tr_add_const(struct tr *c, int w, int d, int n, s64 k);    /* d = n + k, any k; d may be n */
bool tr_imm_ok(const struct insn *i, int how);                  /* may i's immediate stay one, for an emitter of that kind? */
void tr_gaddr(struct tr *c, int d, gaddr a);                    /* a guest address as a constant */
void tr_push (struct tr *c, int w, int r);                      /* rsp changes only after the access */
void tr_pop  (struct tr *c, int w, int r);

void tr_selfcheck(struct tr *c, struct block *b);               /* selfcheck.c: at an entry or a loop's head */
/* alignment (align.c): before and after each instruction of a block */
void tr_align_start(struct tr *c);
void tr_align_check(struct tr *c, struct insn *i);
void tr_align_after(struct tr *c, const struct insn *i);

/* flags (flags.c) */
void tr_need(struct tr *c, enum csense cs);                     /* bring NZCV into that sense (CS_SUB or CS_ADD) */
void tr_need_c(struct tr *c, enum csense cs, u8 stay);          /* the same for an instruction that reads CF, and after which those that stay are read */
int  tr_cond(struct tr *c, int cc);                             /* CC_... for x86 condition cc, not parity (but after fcmp); may change C's sense */
void tr_parity(struct tr *c, int d, bool pf);                   /* bit 0 of d = PF, or !PF; the bits above are garbage; keeps NZCV */
void tr_nz(struct tr *c, int w, int r);                         /* S Z P A(=0) of a logical result, C = V = 0: ands-like */
bool tr_nz_sub(struct tr *c);                                   /* will it do so by a subtraction of zero? w >= 4 */
void tr_pf(struct tr *c, int r);                                /* if P or A is live: x26 = r */
void tr_af(struct tr *c, int a, int b);                         /* if A is live: x27 = a ^ b; tr_pf too */
void tr_getc(struct tr *c, int d);                              /* d = CF as 0 or 1; keeps NZCV */
void tr_getc_ones(struct tr *c, int d);                         /* d = CF as 0 or 32 ones */
void tr_setflag_c_bit(struct tr *c, int r, int bit);            /* CF = that bit of r, the others stay; uses T0 T1 */
void tr_setflag_nc_bit(struct tr *c, int r, int bit);           /* CF = its complement */
void tr_put_c(struct tr *c, int r, int bit);                    /* C = that bit of r, whatever its sense */

/* flags made late (defer.c) */
struct insn *tr_source(struct tr *c, struct block *b);
struct insn *tr_source_unseen(struct tr *c, struct block *b);   /* the same, null if a fault or safepoint may come between */
bool tr_returns_late(struct tr *c, struct block *b);            /* (live.c) b ends with a return whose flags are */
void tr_replay(struct tr *c, struct insn *i, struct block *b);

void tr_routines(u32 *base);                                    /* (emit_fp.c) what translations call, where an arena begins */

/* leaving (emit_jump.c) */
void tr_stub(struct tr *c, int stub);                           /* bl to TR_STUB_... */
void tr_next(struct tr *c, struct block *b);                    /* after a block's last instruction */
void tr_guard(struct tr *c);                                    /* at the entry of a region that assumes something */
void tr_count(struct tr *c);                                    /* at a cold region's entry */
int  tr_tail(struct tr *c);                                     /* out-of-line code at a region's end; -1: no room */
void tr_exit_to(struct tr *c, gaddr pc);                        /* a linkable direct jump, flags in boundary form */
void tr_exit_reg(struct tr *c, int r);                          /* indirect jump to the guest address in r */
void tr_helper(struct tr *c, int helper);                       /* call C: TR_H_..., all guest state visible and changeable */
void tr_fault(struct tr *c, int helper);                        /* the same, but it never comes back here */
u32 *tr_cold(struct tr *c, int helper);                         /* records the branch just emitted (c->code.p - 1): it goes to a tr_fault out of line */

/* the x87's stack (x87.c) */
void tr_x87_block(struct tr *c, struct block *b);               /* b begins */
void tr_x87_before(struct tr *c, struct insn *i);               /* i comes next, null at a block's end: what it may see goes to memory */
int  tr_x87_tail(struct tr *c);
union x87_desc tr_x87_desc(const struct insn *i);               /* (emit_x87.c) */
void tr_x87_whole(struct tr *c, struct insn *i);                /* (emit_x87.c) all of i in C */
void tr_x87_store(struct tr *c, struct insn *i, int w, int lo, int hi);
void tr_x87_condition(struct tr *c, struct insn *i, int d);
bool tr_x87_inline(struct tr *c, struct insn *i);               /* (x87_inline.c) false: not so, nothing was emitted */
void tr_x87_effect(struct x87_static *x, union x87_desc d);
void tr_x87_sync(struct tr *c);
u8 tr_x87_guard(struct tr *c, u8 used);
void tr_x87_hold(struct tr *c);                                 /* T5 = the state's first word */
void tr_x87_write(struct tr *c, u8 used, u8 free);              /* tags of slots of which nothing was known, at once */
void tr_x87_end(struct tr *c, struct insn *i);                  /* here code goes on where i was done whole out of line */
void tr_x87_flags(struct tr *c, struct insn *i);
void tr_x87_branch(struct tr *c, enum x87_op op);               /* the branch just emitted goes out of line: X87_GUARD, X87_MMX, or X87_NOP: c->i whole in C */
void tr_mmx_guard(struct tr *c);                                /* before an instruction: the state is MMX's */
void tr_mmx_probe(struct tr *c, struct insn *i);                /* (emit_mmx.c) its memory operand is as i needs it, or faults */
struct x87_static tr_x87_emptied(const struct tr *c);            /* after EMMS */
bool tr_is_x87(const struct insn *i);

/* For TR_H_PCMPSTR, beside the immediate: lengths in rax and rdx, in all of them; the result is a mask. */
enum { PCMPSTR_EXPLICIT = 0x100, PCMPSTR_WIDE = 0x200, PCMPSTR_MASK = 0x400 };

/* C helpers by number, since code is position-independent: rt/helper.c has the table. i->pc is in cpu.rip. */
enum tr_helper {
	TR_H_NONE,
	TR_H_UD,                        /* #UD: SIGILL                                       */
	TR_H_UNKNOWN,                   /* not translated yet: says so, then SIGILL          */
	TR_H_INT3, TR_H_INT, TR_H_DE, TR_H_GP, TR_H_BADFETCH,
	TR_H_CPUID, TR_H_RDTSC, TR_H_RDTSCP, TR_H_XGETBV,
	TR_H_RDPID,                     /* scratch[0] = TSC_AUX                              */
	TR_H_FXSAVE, TR_H_FXRSTOR, TR_H_XSAVE, TR_H_XSAVEOPT, TR_H_XSAVEC, TR_H_XRSTOR, TR_H_LDMXCSR, TR_H_STMXCSR,
	TR_H_DIV, TR_H_IDIV,            /* 128 / 64 bits: cpu.scratch[0] = divisor           */
	TR_H_PUSHF, TR_H_POPF,
	TR_H_RANDOM,                    /* scratch[0] = a random number, CF whether it is one */
	TR_H_SPLITLOCK,
	TR_H_CHANGED,                   /* the bytes at rip are others now                   */
	TR_H_X87,                       /* scratch[2]: union x87_desc of tr/x87.h            */
	TR_H_SSE,                       /* scratch[2]: union sse_desc of tr/sse.h            */
	TR_H_PCMPSTR,                   /* scratch[0..3] = the operands, spare = immediate and PCMPSTR_... */
	TR_H_COUNT
};

#endif
