/* imm.h - which constants an ARM64 instruction can hold, and how. Arm ARM C3.4 (immediates), C6.2 (MOV), shared
 * pseudocode DecodeBitMasks, VFPExpandImm, AdvSIMDExpandImm. Pure functions.
 */
#ifndef A64_IMM_H
#define A64_IMM_H

#include "base.h"

/* add, sub: 12 bits, or 12 bits shifted by 12. */
static inline bool a_fits_arith(u64 x)
{
	return x < 0x1000 || (x < 0x1000000 && !(x & 0xfff));
}

/* and, orr, eor of w bytes (4: the upper half of x does not count; w < 4 is taken as 4): true and the fields
 * N:immr:imms at bits 22..10 of *field. */
bool a_encode_logic(int w, u64 x, u32 *field);
bool a_decode_logic(int w, u32 insn, u64 *x);

static inline bool a_fits_logic(int w, u64 x)
{
	u32 field;

	return a_encode_logic(w, x, &field);
}

/* The fewest instructions that make x in a general register, with register 0 as the destination: 1..4 words. */
int a_mov_plan(int w, u64 x, u32 word[4]);

/* fmov: the bits of a w-byte float (2, 4, 8) as imm8, -1 where there is none; and back. */
int a_encode_fp(int w, u64 bits);
u64 a_decode_fp(int w, int imm8);

/* movi, mvni, fmov (vector): one instruction that makes x in every 64-bit lane. True and op, cmode, imm8 as they
 * stand in the word (*field), without Q and register. */
bool a_encode_vec(u64 x, u32 *field);
bool a_decode_vec(u32 insn, u64 *x);

/* Offsets of loads and stores: ldr, str of w bytes (1..16), scaled or not; ldp, stp. */
static inline bool a_fits_scaled(int w, s64 off)   { return off >= 0 && off % w == 0 && off / w < 4096; }
static inline bool a_fits_unscaled(s64 off)        { return off >= -256 && off < 256; }
static inline bool a_fits_mem(int w, s64 off)      { return a_fits_scaled(w, off) || a_fits_unscaled(off); }
static inline bool a_fits_pair(int w, s64 off)     { return off % w == 0 && off / w >= -64 && off / w < 64; }

/* Branches and PC-relative forms (b bl b.cond cbz cbnz tbz tbnz adr, ldr literal): can this instruction hold that
 * byte offset, write it, read it. a_offset answers false for any other instruction. */
bool a_set_offset(u32 *insn, s64 off);
bool a_offset(u32 insn, s64 *off);

#endif
