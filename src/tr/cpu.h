/* cpu.h - the guest CPU's state as translated code sees it: x28 points at a struct cpu.
 *
 * While translated code runs, the sixteen general registers, the vectors and the flags live in host registers (see
 * tr.h); r[], nzcv, pf and af are valid only while C runs: the stubs of enter.S save them on the way out and load
 * them on the way back. Vectors stay in their registers all the time, since no C code here uses them; whoever needs
 * their values (signal frames, clone) reads them with rt_vectors_save.
 * Offsets are baked into emitted code and into artifacts: TR_ABI counts their changes.
 */
#ifndef TR_CPU_H
#define TR_CPU_H

#include "base.h"

#define TR_ABI 1

/* The direct-mapped table of indirect branch targets: guest address -> host code. An empty place has an address that
 * belongs elsewhere: 1 in the first, 0 in all others. */
#define JTAB_BITS 11
struct jtab { gaddr guest; u64 host; };

struct cpu {
	u64 r[16];                      /* rax rcx rdx rbx rsp rbp rsi rdi r8..r15, in x86 numbering */
	gaddr rip;
	u64 nzcv;                       /* SF ZF OF in N Z V; C is the inverse of CF (ARM's sense of a subtraction) */
	u64 pf, af;                     /* PF = even parity of pf's low byte; AF = bit 4 of (pf ^ af) */
	u64 df;                         /* 1 or -1 (all ones): the step of string instructions */
	u64 rflags;                     /* the bits that are neither of the above: IF, TF, AC, ID, NT ... */
	u64 fs_base, gs_base;
	u32 mxcsr, fcw;                 /* MXCSR, with its sticky bits merged from FPSR only when read; x87 control word */
	u64 c_sp;                       /* the host stack that C runs on, while translated code has sp as its pair stack */
	u64 pair_base;                  /* sp with no pair on it: one sentinel lies there */
	u64 pair_sp;                    /* sp of translated code while C runs */
	u64 stub_link, stub_lookup, stub_syscall, stub_helper, stub_retmiss;     /* enter.S; arenas branch through these */
	u64 poll;                       /* x29's value when no signal waits */
	u64 scratch[4];                 /* for emitters: a value that must survive a helper */
	u32 *counts;                    /* entries of cold regions, counted down */
	u64 spare;
	u16 sel[4];                     /* selectors in ES, DS, FS, GS: cpu_sel              */
	u64 ymmh_used;                  /* not zero: some of ymmh[8..15] may not be zero */
	struct x87 {                    /* see tr/x87.h */
		u8 empty;               /* X87_SLOT bits: not in use                         */
		u8 top;                 /* the slot that ST(0) is in                         */
		u8 pending;             /* X87_WAITS: an unmasked exception; X87_WIDE         */
		u8 bias;                /* physical register = (slot + bias) mod 8           */
		u8 c1, pe;              /* of the status word: C1, PE                        */
		u16 sw;                 /* the rest of it: exceptions, stack fault, C0 C2 C3 */
		u64 fast;               /* rt/x87_fast.S's table of entries, as fcw asks for */
		u64 fip;
		struct { u64 m, se; } st[8];    /* slots: significand; sign and exponent in the low 16 bits */
	} x87;
	_Alignas(16) struct jtab jtab[1 << JTAB_BITS];  /* within ldp's reach of x28 */
	/* cold from here on */
	u64 ymmh[16][2];                /* upper halves; 0..7 are live in v16..v23 */
	u64 v[32][2];                   /* rt_vectors_save / rt_vectors_load: v0..v31 */
	u64 fpcr, fpsr;
	u64 fdp; u16 fop;               /* of the x87's last unmasked exception */
	struct x87 x87_next;            /* what a store to memory makes of the state, once it is done */
};

/* Where the selector in a data segment (enum x86_seg) lies in sel: ES is 0, DS to GS are 3 to 5. */
static inline int cpu_sel(int seg) { return seg ? seg - 2 : 0; }

/* Where ymm n's upper half is, between rt_vectors_save and rt_vectors_load. */
static inline u64 *cpu_ymmh(struct cpu *c, int n) { return n < 8 ? c->v[16 + n] : c->ymmh[n]; }

_Static_assert(offsetof(struct cpu, jtab) <= 504, "ldp reaches the table from x28");

#endif
