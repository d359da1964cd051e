/* insn.h - one decoded x86-64 instruction, and the facts its row of insn.def states.
 *
 * Decoding resolves prefixes, ModRM and SIB once; nobody downstream looks at bytes again. What is the same for
 * every occurrence of a form stays in its row (x86_row), what differs is here. SDM volume 2, chapters 2 and 3.
 */
#ifndef X86_INSN_H
#define X86_INSN_H

#include "base.h"

enum x86_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, RIP,
               MOFFS = 0xfe,            /* as a base (MOV A0..A3): the whole address is insn.imm; no index, no disp */
               NOREG = 0xff };
enum x86_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_NONE };

/* Flags as a mask. D is here because rows state it too; it lives in memory, not in NZCV. */
enum { F_O = 1, F_S = 2, F_Z = 4, F_A = 8, F_P = 16, F_C = 32, F_D = 64 };
#define F_ALL  (F_O | F_S | F_Z | F_A | F_P | F_C)

/* In the order of the opcodes' low four bits (SDM vol. 2 B.1.4.7): COND_x ^ 1 is the opposite. */
enum x86_cc { COND_O, COND_NO, COND_B, COND_AE, COND_E, COND_NE, COND_BE, COND_A,
              COND_S, COND_NS, COND_P, COND_NP, COND_L, COND_GE, COND_LE, COND_G };

enum opnd_kind {
	OP_NONE,
	OP_GPR,                         /* reg 0..15, low w bytes                         */
	OP_GPRH,                        /* AH CH DH BH: reg 0..3, bits 8..15              */
	OP_MEM,                         /* the instruction's one memory operand; w = 0: address only. reg: OP_GPR, OP_XMM or
	                                 * OP_MMX when its place could hold such a register too, else 0 */
	OP_IMM,                         /* insn.imm; ENTER's second: insn.imm2              */
	OP_REL,                         /* insn.imm: absolute branch target               */
	OP_XMM, OP_MMX, OP_ST,          /* reg; w is the width accessed, 4 for a scalar single */
	OP_SEG, OP_CR, OP_DR,
	OP_STR_SRC, OP_STR_DST,         /* seg:[rsi], es:[rdi] of a string instruction    */
	OP_VMEM,                        /* a gather's memory operand: index is an xmm register, w an element's width */
};
enum { OP_READ = 1, OP_WRITE = 2 };

struct opnd { u8 kind, reg, w, access; };

/* LOCK and REP only where they act; OPSZ, ADSZ, REX and REXW (also VEX.W): were there. */
enum { PFX_LOCK = 1, PFX_REP = 2, PFX_REPNE = 4, PFX_OPSZ = 8, PFX_ADSZ = 16,
       PFX_REX = 32, PFX_REXW = 64, PFX_VEX = 128 };

struct insn {
	gaddr pc;
	s64 imm;                        /* sign-extended, but for bytes and words that count or select (Ib, Iw) */
	s32 disp;
	u16 row;                        /* index of x86_rows: its place in insn.def         */
	u8 len;                         /* 1..15                                           */
	u8 w;                           /* operand size in bytes: 1 2 4 8 (16 32 for vectors) */
	struct opnd o[4];               /* destination first, as Intel writes them         */
	u8 base, index, shift;          /* base + (index << shift) + disp; RIP: disp from the next instruction */
	u8 seg;                         /* FS or GS where they matter, else SEG_NONE       */
	u8 aw;                          /* address size in bytes: 4 or 8                   */
	u8 cc;                          /* condition of Jcc SETcc CMOVcc                   */
	u8 prefix;                      /* PFX_...: those that act on this instruction     */
	u8 imm2;                        /* ENTER's level; VEX is4                          */
	/* facts, filled in by the passes of src/tr */
	u8 live;                        /* flags that somebody may read after it           */
	u8 fact;                        /* TR_... of tr.h                                  */
	u16 mn;                         /* its row's mnemonic, MN_...; none for one that only faults */
};

/* What insn.def says of a form. */
enum { ROW_BRANCH = 1,                  /* ends a block: jumps, calls, returns          */
       ROW_MAYBE = 2,                   /* may leave its flags as they were (a count of zero) */
       ROW_LOCK = 4,                    /* LOCK is allowed with a memory destination    */
       ROW_VEC = 8,                     /* has an xmm, mmx or ymm operand               */
       ROW_CC = 16,                     /* reads what insn.cc asks for: see insn_reads  */
       ROW_ALIGN = 32,                  /* its memory operand must be aligned to its width, else #GP */
       ROW_VEX = 64,                    /* VEX-encoded: zeroes the destination above its width */
       ROW_STR = 128,                   /* string instruction: takes REP                */
       ROW_X87 = 256,                   /* x87, or has an mmx operand: reads or writes the x87 state */
       ROW_TRAP = 512 };                /* raises in any case: a handler sees all flags  */
struct x86_row {
	const char *name;               /* mnemonic as in the SDM; "cc" stands for the condition */
	const char *opnds;              /* "+Ev Gv"                                        */
	u8 reads, writes, undef;        /* flags; undef is part of writes                  */
	u8 feature;                     /* enum x86_feature                                */
	u16 attr;                       /* ROW_...                                         */
	u16 mn;                         /* enum x86_mn of decode.h (generated): one per NAME, over all its forms */
};
extern const struct x86_row x86_rows[];
extern const u8 x86_cc_reads[16];

enum x86_feature {
#define F(name, ...) X86_##name,
#include "x86/feature.def"
#undef F
	X86_NFEATURES
};

/* Result of x86_decode: the length is 1..15 in i->len for X86_OK and X86_UD where it could be told. */
enum x86_status {
	X86_OK,
	X86_UD,                         /* the CPU would raise #UD (or the feature is not announced) */
	X86_TOOLONG,                    /* more than 15 bytes: #GP                          */
	X86_SHORT,                      /* the bytes end inside the instruction: fetch fault */
	X86_UNKNOWN,                    /* not returned: what has no row is #UD             */
};

/* Decodes the instruction at pc from n bytes at p. features: a mask, bit X86_... . Pure. */
enum x86_status x86_decode(struct insn *i, const u8 *p, size_t n, gaddr pc, u64 features);

/* Intel-syntax text into out; returns its length. */
int x86_text(char *out, size_t size, const struct insn *i);

static inline gaddr insn_next(const struct insn *i) { return i->pc + i->len; }

/* The flags this one reads: its row's, for Jcc SETcc CMOVcc those of its condition. */
static inline u8 insn_reads(const struct insn *i)
{
	const struct x86_row *r = &x86_rows[i->row];
	return r->attr & ROW_CC ? x86_cc_reads[i->cc] : r->reads;
}

/* The flags that it reads or that a handler of what it raises in any case is shown. */
static inline u8 insn_shows(const struct insn *i)
{
	return insn_reads(i) | (x86_rows[i->row].attr & ROW_TRAP ? F_ALL : 0);
}

/* May this one leave its flags as they were? A shift by an immediate that is not zero, and a string instruction without
 * REP, never do, although their rows say so of the form. */
static inline bool insn_maybe(const struct insn *i)
{
	const struct x86_row *r = &x86_rows[i->row];

	if (!(r->attr & ROW_MAYBE))
		return false;
	if (r->attr & ROW_STR)
		return i->prefix & (PFX_REP | PFX_REPNE);
	return (i->o[1].kind != OP_IMM && i->o[2].kind != OP_IMM) || !(i->imm & (i->w == 8 ? 63 : 31));
}

#endif
