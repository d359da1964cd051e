/* form.h - how the decoder's tables are laid out: written by tool/mkdecode, read by decode.c.
 *
 * An opcode (map, byte) leads to a run of forms. What the prefixes and ModRM say is gathered into a 16-bit key, and the
 * first form whose feature is there and for which (key & mask) == value is the instruction. Runs are sorted so that
 * the form that asks for most comes first.
 */
#ifndef X86_FORM_H
#define X86_FORM_H

#include "x86/insn.h"

enum {
	K_PP = 3, K_66 = 1, K_F3 = 2, K_F2 = 3,   /* mandatory prefix: the last F3 or F2, else 66     */
	K_OPSZ = 4,                     /* 66 was there, whatever else it may mean; not with VEX  */
	K_W = 8, K_L = 16,              /* REX.W or VEX.W; VEX.L                                  */
	K_REGFORM = 32,                 /* ModRM.mod is 3                                         */
	K_REG_SHIFT = 6, K_REG = 7 << 6,
	K_RM_SHIFT = 9, K_RM = 7 << 9,
	K_B = 1 << 12,                  /* REX.B                                                  */
	K_V = 1 << 13,                  /* VEX.vvvv is not 1111                                   */
	K_LOCK = 1 << 14,
	K_NOAVX = 1 << 15,              /* AVX is not announced                                   */
};
#define K_CTX(key) ((key) >> 2 & 7)     /* OPSZ, W and L: what a width may depend on              */

struct form { u16 mask, value, row; u8 feature, last; };

enum { MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VEX, NMAPS = 7 }; /* MAP_VEX + 0..2: 0F 0F38 0F3A */
#define HEAD_MODRM 0x8000               /* in head[map][opcode], beside the index of the first form + 1 */

enum place {
	AT_NONE, AT_E, AT_G, AT_Z, AT_B, AT_REG, AT_SREG, AT_CR, AT_DR, AT_RCR,
	AT_W, AT_V, AT_H, AT_L, AT_XREG, AT_Q, AT_P, AT_VMEM, AT_STI,
	AT_IB, AT_IS, AT_IZ, AT_ONE, AT_J, AT_O, AT_X, AT_Y, AT_MREG, AT_FIXED,
};
/* A kind of operand: where it comes from, and the operand for each K_CTX, but for what its place has to fill in. */
struct spec { u8 place, pad[3]; struct opnd o[8]; };

enum { SHAPE_LOCK = 1, SHAPE_REP = 2, SHAPE_REPNE = 4, SHAPE_CC = 8, SHAPE_REL = 16, SHAPE_VSIB = 32,
       SHAPE_CHECK = 64,                /* some registers of the encoding do not exist             */
       SHAPE_NOMEM = 128 };             /* ModRM.rm is a register whatever mod says               */
/* What decoding needs of a row: its operands as indices of the spec table, its width, SHAPE_... */
struct shape { u8 op[4], nop, w, flags, pad; u16 mn; };

#endif
