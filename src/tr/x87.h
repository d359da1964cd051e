/* x87.h - what the translator and the runtime agree on about the x87.
 *
 * Registers live in slots: ST(i) is slot (top + i) mod 8. Which physical register a slot stands for is only seen
 * through the status word, the tag word and saved images, so it is kept apart, in x87.bias. The runtime may turn the
 * slots round (and change the bias): ST(0) then lies where translated code expects it.
 *
 * STELE_X87=double: a slot may hold a double, in m, with X87_DOUBLE beside it. X87_WIDE in x87.pending says that some
 * slot in use may hold none, so that translated code, which takes every slot to be a double, asks the runtime first.
 */
#ifndef TR_X87_H
#define TR_X87_H

#include "base.h"

/* A slot's bit. Slot 0, where ST(0) mostly is, lies beside top and pending in the state's first word, so that one mask
 * takes all three. */
#define X87_SLOT(n)  (0x80 >> (n))

enum { X87_DOUBLE = 0x10000 };          /* in st[].se */
enum { X87_WAITS = 1, X87_WIDE = 2 };   /* in pending: an unmasked exception; see above */

/* Operations of TR_H_X87. The arithmetic ones compute dst = dst op src, R reversed. */
enum x87_op {
	X87_ADD, X87_MUL, X87_SUB, X87_SUBR, X87_DIV, X87_DIVR,
	X87_COM, X87_UCOM, X87_COMI, X87_UCOMI, X87_TST,
	X87_LD, X87_LDC,                /* LDC: a constant, its number in `i`                */
	X87_ST, X87_STT, X87_STNC,      /* STT: truncating (FISTTP); STNC: without a check   */
	X87_XCH, X87_CMOV, X87_FREE, X87_INCSTP, X87_DECSTP, X87_NOP, X87_WAIT,
	X87_CHS, X87_ABS, X87_XAM,
	X87_SQRT, X87_RNDINT, X87_SCALE, X87_PREM, X87_PREM1, X87_XTRACT,
	X87_2XM1, X87_YL2X, X87_YL2XP1, X87_PTAN, X87_PATAN, X87_SIN, X87_COS, X87_SINCOS,
	X87_LDCW, X87_LDENV, X87_RSTOR,
	X87_GUARD,                      /* before an instruction: ST(0) into slot `i`        */
	X87_MMX,                        /* likewise: MMX's state, slots are physical         */
	X87_NOWAIT,                     /* from here on: not stopped by a waiting exception  */
	X87_STENV = X87_NOWAIT, X87_SAVE, X87_CLEX, X87_INIT, X87_STSW,
	X87_COMMIT,                     /* the store of an X87_ST is done                    */
};

enum x87_fmt { X87_REG, X87_F32, X87_F64, X87_F80, X87_I16, X87_I32, X87_I64, X87_BCD };

/* One operation, as it stands in scratch[2]. A memory operand's value, or its address for an environment, goes through
 * scratch[0] and [1]; a result to be stored comes back there. */
union x87_desc {
	struct {
		u8 op;
		u8 i;                   /* ST(i)                                             */
		u8 fmt;                 /* of the source or the stored value                 */
		u8 pops : 2;
		u8 to_i : 1;            /* ST(i) is the destination, ST(0) the source        */
		u8 narrow : 1;          /* an environment's 16-bit layout                    */
		u8 len : 4;             /* of the instruction                                */
	};
	u32 word;
};

/* The table that x87.fast points at: rt/x87_fast.S. */
enum x87_fast {
	X87_FAST_ADD, X87_FAST_SUB, X87_FAST_MUL, X87_FAST_DIV, X87_FAST_SQRT,
	X87_FAST_ST32, X87_FAST_ST64, X87_FAST_COM,
	X87_FAST_IST16, X87_FAST_IST32, X87_FAST_IST64, X87_FAST_ISTT16, X87_FAST_ISTT32, X87_FAST_ISTT64,
	X87_FAST_ILD, X87_FAST_LDCW,
};

/* What is known of the stack at a point of a region (tr/x87.c). */
struct x87_static {
	u8 top;                         /* ST(0) is in this slot, if... */
	bool sure;                      /* this has been checked, and nothing is pending     */
	u8 used, free;                  /* slots known to be in use, and not to be           */
	s8 moved;                       /* by so much top has changed that is not in memory yet */
	u8 set, clear;                  /* nor are these: slots that came into use, and that got free */
	bool mmx;                       /* top 0, all in use, bias 0                         */
	bool ip;                        /* nor x87.fip: it is that of x87_last               */
};

#endif
