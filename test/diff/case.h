/* case.h - what tool/mktest and the oracle (test/guest/oracle.c) say to each other: batches of cases, and results.
 *
 * A batch is a file: this header, the code of all cases (mapped from the file at DIFF_CODE, never written, so that a
 * translator meets no self-modifying code), then the cases. Several cases may share code. Every address a case can
 * reach is fixed and below 2^31, so that results compare as plain numbers and every addressing form reaches them.
 * A case's code ends by jumping through DIFF_EXIT.
 */
#ifndef DIFF_CASE_H
#define DIFF_CASE_H

#include <stdint.h>

enum {
	DIFF_CTX  = 0x1f000000,                 /* struct ctx of the oracle; one page, and its stack above */
	DIFF_EXIT = DIFF_CTX + 8,               /* pointer to the way back                    */
	DIFF_DATA = 0x20000000,                 /* two pages to read and write; nothing mapped before and behind */
	DIFF_DATA_SIZE = 0x2000,
	DIFF_RO   = 0x20004000,                 /* a page to read; nothing mapped behind      */
	DIFF_CODE = 0x30000000,
	DIFF_FS   = 0x1fe01000, DIFF_GS = 0x10000000,   /* segment bases                      */
	DIFF_SLOTS = 96,                        /* words of changed memory that a result lists at most */
	DIFF_MAGIC = 0x31464644,
};

enum { CASE_SEG = 1, CASE_FPU = 2 };            /* the case may change FS or GS; x87 state */

struct tset { uint32_t addr, len; uint8_t b[48]; };     /* bytes of memory to put there before */

struct tcase {
	uint64_t gpr[16], rflags, rip;
	uint64_t xmm[16][2], ymmh[16][2];       /* ymmh: upper halves; see tbatch.avx */
	uint32_t mxcsr, flags;
	uint32_t code, nset;                    /* code: index, for the report                */
	struct tset set[4];
};

struct tword { uint64_t addr, value; };

/* sig 0: it came to its end. rip: where the signal's frame says. Followed by nmem (at most DIFF_SLOTS) tword. */
struct tresult {
	uint64_t gpr[16], rflags, rip;
	uint64_t xmm[16][2], ymmh[16][2];
	uint32_t mxcsr;
	int32_t  sig, sigcode;
	uint32_t nmem;
	uint64_t sigaddr, memhash;
	uint64_t fpu;                           /* a hash of the x87's state, without its pointers, if CASE_FPU */
};

struct tbatch {
	uint32_t magic, ncases;
	uint32_t code_off, code_size;           /* bytes; whole pages                         */
	uint32_t case_off;
	uint16_t careful, avx;                  /* each result is written at once; upper halves are loaded and saved */
};

#endif
