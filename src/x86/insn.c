/* insn.c - what insn.def says of each form, as a table, and which flags a condition reads. */
#include "x86/insn.h"

#define X86_ROW_TABLE
#include "gen/decode.h"

/* SDM vol. 2 B.1.4.7, vol. 1 appendix B. */
const u8 x86_cc_reads[16] = {
	F_O, F_O, F_C, F_C, F_Z, F_Z, F_C | F_Z, F_C | F_Z,
	F_S, F_S, F_P, F_P, F_S | F_O, F_S | F_O, F_Z | F_S | F_O, F_Z | F_S | F_O,
};
