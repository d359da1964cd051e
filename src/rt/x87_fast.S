/* x87_fast.S - the x87's arithmetic on ordinary numbers, for translated code to call.
 *
 * A is x13 (significand) and x14 (sign and exponent), B is x11 and x12. They may change A, x6, x7, x15..x18 and the
 * flags. x17 says whether it is done: 0, and then the result is in A and C1 and PE are in struct cpu; else nothing has
 * happened, B is as it was, and rt/x87.c has to do it: operands that are not normal numbers, results near the ends of
 * the exponent's range. Rounding is to 64 bits, to nearest; x87_fast_table is used only while the control word says so
 * and masks PE, x87_slow_table otherwise. What is stored to memory comes back in x13, with what C1 (bit 0) and PE (bit
 * 8) are to be in x16, since the store may fault.
 */
#include "asm.h"

	.macro	func name
	.globl	\name
	.hidden	\name
	.type	\name, %function
	.p2align 4
\name:
	.endm

	.macro	done
	mov	x17, #0
	ret
	.endm

	/* to 9f unless both are normal numbers: x15, x16 */
	.macro	normal2
	and	x15, x13, x11
	add	x16, x14, #1
	tbz	x15, #63, 9f
	add	x15, x12, #1
	tst	x16, #0x7ffe
	b.eq	9f
	tst	x15, #0x7ffe
	b.eq	9f
	.endm

	.macro	normal1
	add	x16, x14, #1
	tbz	x13, #63, 9f
	tst	x16, #0x7ffe
	b.eq	9f
	.endm

	/* x13:x7 is rounded to x13, C1 and PE set; C is set if x13 came to be 0: x16, x18 */
	.macro	round
	mov	x18, #0x7fffffffffffffff
	and	x16, x13, #1
	add	x16, x16, x18
	adds	xzr, x7, x16
	cset	w16, cs
	adcs	x13, x13, xzr
	orr	w16, w16, #0x100
	strh	w16, [x28, #CPU_X87_C1]
	.endm

	.text
	.globl	x87_fast_begin, x87_fast_end
	.hidden	x87_fast_begin, x87_fast_end
x87_fast_begin:

/* A - B comes with B's sign turned; whoever calls turns it back if need be. */
func x87_fast_sub
	eor	x12, x12, #0x8000
func x87_fast_add
	normal2
	and	x15, x14, #0x7fff
	and	x16, x12, #0x7fff
	eor	x17, x14, x12
	subs	x15, x15, x16
	b.mi	1f
	cmp	x15, #63
	b.hi	9f
	lsl	x7, x11, #1
	mvn	x16, x15
	lsr	x6, x11, x15
	lsl	x7, x7, x16
	tbnz	x17, #15, 4f
	b	2f
1:	neg	x15, x15
	cmp	x15, #63
	b.hi	9f
	lsl	x7, x13, #1
	mvn	x16, x15
	lsr	x6, x13, x15
	lsl	x7, x7, x16
	mov	x13, x11
	mov	x14, x12
	tbnz	x17, #15, 4f
2:	adds	x13, x13, x6
	b.cs	3f
	cbz	x7, 7f
	round
	b.cs	6f
	done
3:	and	x16, x7, #1                     /* one digit more */
	extr	x7, x13, x7, #1
	lsr	x13, x13, #1
	orr	x7, x7, x16
	orr	x13, x13, #0x8000000000000000
	add	x14, x14, #1
	add	x16, x14, #1
	tst	x16, #0x7fff
	b.eq	9f
	cbz	x7, 7f
	round
	b.cs	6f
	done
4:	negs	x7, x7                          /* different signs */
	sbcs	x13, x13, x6
	b.cc	8f
5:	tbz	x13, #63, 5f
	cbz	x7, 7f
	round
	b.cs	6f
	done
5:	cbz	x13, 8f
	clz	x15, x13
	and	x16, x14, #0x7fff
	lsl	x13, x13, x15
	cmp	x16, x15
	b.ls	9f
	lsr	x6, x7, #1
	eor	x16, x15, #63
	lsl	x7, x7, x15
	lsr	x6, x6, x16
	sub	x14, x14, x15
	orr	x13, x13, x6
	cbz	x7, 7f
	round
	b.cs	6f
	done
6:	mov	x13, #0x8000000000000000
	add	x14, x14, #1                    /* not beyond the range: subtraction, or checked */
	add	x16, x14, #1
	tst	x16, #0x7fff
	b.eq	9f
	done
7:	strb	wzr, [x28, #CPU_X87_C1]         /* exact */
	done
8:	orr	x15, x13, x7                    /* zero, or B is the larger of two with the same exponent */
	cbz	x15, 10f
	cbnz	x7, 9f
	cbz	x13, 9f
	neg	x13, x13
	eor	x14, x14, #0x8000
	b	5b
10:	mov	x14, #0
	strb	wzr, [x28, #CPU_X87_C1]
	done
9:	mov	x17, #1
	ret

func x87_fast_mul
	normal2
	and	x15, x14, #0x7fff
	and	x16, x12, #0x7fff
	eor	x17, x14, x12
	add	x15, x15, x16
	and	x17, x17, #0x8000
	sub	x15, x15, #4, lsl #12
	mul	x7, x13, x11
	cmp	x15, #7, lsl #12
	b.hs	9f
	umulh	x13, x13, x11
	add	x14, x15, #2
	tbnz	x13, #63, 1f
	adds	x7, x7, x7
	adc	x13, x13, x13
	add	x14, x15, #1
1:	orr	x14, x14, x17
	cbz	x7, 7f
	round
	b.cs	6f
	done
6:	mov	x13, #0x8000000000000000
	add	x14, x14, #1
	done
7:	strb	wzr, [x28, #CPU_X87_C1]
	done
9:	mov	x17, #1
	ret

/* A / B: x6 / x13 in two digits of 32 bits (Knuth vol. 2, 4.3.1, algorithm D). */
func x87_fast_div
	normal2
	mov	x6, x13
	eor	x17, x14, x12
	and	x15, x14, #0x7fff
	and	x16, x12, #0x7fff
	mov	x13, x11
	sub	x15, x15, x16
	and	x14, x17, #0x8000
	add	x15, x15, #4, lsl #12           /* bias + 1 */
	mov	w18, w13                        /* the divisor's lower digit */
	sub	x16, x15, #4
	cmp	x16, #7, lsl #12
	b.hs	9f
	cmp	x6, x13
	b.lo	2f
	ubfiz	x7, x6, #31, #1
	lsr	x6, x6, #1
	sub	x15, x15, #1
	b	3f
2:	mov	x7, #0                          /* the dividend's next digit */
	sub	x15, x15, #2
3:	orr	x14, x14, x15
	lsr	x15, x13, #32                   /* the upper one */
	udiv	x16, x6, x15
	msub	x17, x16, x15, x6
	orr	x17, x7, x17, lsl #32
	mul	x7, x16, x18
	cmp	x7, x17
	b.ls	5f
4:	sub	x16, x16, #1
	adds	x17, x17, x13
	b.cs	5f
	cmp	x7, x17
	b.hi	4b
5:	sub	x17, x17, x7
	udiv	x6, x17, x15
	msub	x7, x6, x15, x17
	mul	x17, x6, x18
	lsl	x7, x7, #32
	cmp	x17, x7
	b.ls	5f
4:	sub	x6, x6, #1
	adds	x7, x7, x13
	b.cs	5f
	cmp	x17, x7
	b.hi	4b
5:	subs	x17, x7, x17                    /* the remainder */
	orr	x6, x6, x16, lsl #32
	b.eq	7f
	sub	x16, x13, x17
	mov	w18, #0x100
	cmp	x17, x16                        /* never half the divisor, or it would have 65 bits */
	cinc	w18, w18, hi
	strh	w18, [x28, #CPU_X87_C1]
	and	x18, x18, #1
	adds	x13, x6, x18
	b.cs	6f
	done
6:	mov	x13, #0x8000000000000000
	add	x14, x14, #1
	done
7:	mov	x13, x6
	strb	wzr, [x28, #CPU_X87_C1]
	done
9:	mov	x17, #1
	ret

/* The root of x13 * 2^63 or 2^64: 32 bits by Newton's iteration, 32 from one division (Zimmermann's recursion). */
func x87_fast_sqrt
	normal1
	tbnz	x14, #15, 9f
	add	x14, x14, #4, lsl #12           /* (e - bias) / 2 + bias, rounded down, is (e + bias) / 2 */
	sub	x14, x14, #1
	tst	x14, #1
	lsr	x14, x14, #1
	ubfiz	x15, x13, #31, #1               /* the digit below */
	lsr	x16, x13, #1
	csel	x13, x16, x13, eq
	csel	x15, x15, xzr, eq
	lsr	x6, x13, #33
	mov	x16, #0x60000000
	add	x6, x6, x16
	.rept	4
	udiv	x16, x13, x6
	add	x6, x6, x16
	lsr	x6, x6, #1
	.endr
	lsr	x16, x6, #32                    /* 2^32 is one too many */
	sub	x6, x6, x16
	mul	x16, x6, x6
	subs	x7, x13, x16
	b.hs	1f
	sub	x6, x6, #1
	add	x7, x7, x6, lsl #1
	add	x7, x7, #1
1:	lsl	x16, x7, #31                    /* (x7 : x15) / 2 x6 */
	orr	x16, x16, x15, lsr #1
	udiv	x17, x16, x6
	lsr	x18, x17, #32
	cbnz	x18, 9f
	msub	x7, x17, x6, x16
	add	x13, x17, x6, lsl #32
	lsl	x7, x7, #1
	lsr	x15, x7, #32                    /* the remainder: x7 * 2^32 - x17^2, in x15:x7 */
	mul	x16, x17, x17
	lsl	x7, x7, #32
	subs	x7, x7, x16
	sbcs	x15, x15, xzr
	b.hs	2f
	sub	x13, x13, #1
	adds	x7, x7, x13
	adc	x15, x15, xzr
	adds	x7, x7, x13
	adc	x15, x15, xzr
	adds	x7, x7, #1
	adc	x15, x15, xzr
2:	mov	w18, #0x100
	cbnz	x15, 3f
	cbz	x7, 7f
	cmp	x7, x13                         /* root + 1/2 is never exact */
	b.ls	4f
3:	mov	w18, #0x101
	adds	x13, x13, #1
	b.cs	9f
4:	strh	w18, [x28, #CPU_X87_C1]
	done
7:	strb	wzr, [x28, #CPU_X87_C1]
	done
9:	mov	x17, #1
	ret

/* -> x13: 0 if A < B, 1 if equal, 2 if A > B */
func x87_fast_com
	normal2
	eor	x15, x14, x12
	tbnz	x15, #15, 2f
	subs	x15, x13, x11
	sbcs	x16, x14, x12
	orr	x15, x15, x16
	cset	w13, cs
	ubfx	x16, x14, #15, #1
	cbz	x15, 3f
	eor	w13, w13, w16
	lsl	w13, w13, #1
	done
2:	ubfx	x13, x12, #15, #1               /* A is negative, or B */
	lsl	w13, w13, #1
	done
3:	mov	w13, #1
	done
9:	and	x15, x14, #0x7fff               /* zeros, of either sign */
	and	x16, x12, #0x7fff
	orr	x15, x15, x13
	orr	x16, x16, x11
	cbnz	x15, 4f
	cbz	x16, 3b
	add	x16, x12, #1
	tbz	x11, #63, 9f
	tst	x16, #0x7ffe
	b.ne	2b
9:	mov	x17, #1
	ret
4:	cbnz	x16, 9b
	normal1
	ubfx	x13, x14, #15, #1
	eor	w13, w13, #1
	lsl	w13, w13, #1
	done
9:	mov	x17, #1
	ret

/* A to a float: x6:x7 is rounded to x6, C1 in w16 */
	.macro	float bias1, bias2, limit, fraction, sign
	and	x15, x14, #0x7fff
	lsr	x14, x14, #15
	tbz	x13, #63, 8f
	sub	x15, x15, #\bias1, lsl #12
	sub	x15, x15, #\bias2
	sub	x16, x15, #1
	cmp	x16, #\limit
	b.hs	9f
	lsl	x7, x13, #(\fraction + 1)
	lsr	x6, x13, #(63 - \fraction)
	mov	x18, #0x7fffffffffffffff
	and	x16, x6, #1
	add	x16, x16, x18
	adds	xzr, x7, x16
	cset	w16, cs
	adc	x6, x6, xzr
	sub	x15, x15, #1                    /* the hidden bit counts one */
	add	x6, x6, x15, lsl #\fraction
	orr	x13, x6, x14, lsl #\sign
	cbz	x7, 1f
	orr	w16, w16, #0x100
1:	done
8:	orr	x15, x15, x13
	mov	w16, #0
	cbnz	x15, 9f
	lsl	x13, x14, #\sign
	done
9:	mov	x17, #1
	ret
	.endm

func x87_fast_st32
	float	3, 3968, 253, 23, 31
func x87_fast_st64
	float	3, 3072, 2045, 52, 63

/* A to an integer, rounded as the control word says or (t) towards zero; x17: how many bits it has less than 64. */
func x87_fast_istt16
	mov	x17, #48
	b	1f
func x87_fast_istt32
	mov	x17, #32
	b	1f
func x87_fast_istt64
	mov	x17, #0
1:	ldr	w18, [x28, #CPU_FCW]
	tbz	w18, #5, 9f
	mov	w18, #3
	b	2f
func x87_fast_ist16
	mov	x17, #48
	b	1f
func x87_fast_ist32
	mov	x17, #32
	b	1f
func x87_fast_ist64
	mov	x17, #0
1:	ldr	w18, [x28, #CPU_FCW]
	tbz	w18, #5, 9f
	ubfx	w18, w18, #10, #2
2:	and	x15, x14, #0x7fff
	tbz	x13, #63, 8f
	mov	w16, #0x403e
	sub	x15, x16, x15                   /* digits after the point, of 64 */
	sub	x16, x15, #1
	cmp	x16, #63
	b.hs	7f
	neg	x16, x15
	lsr	x6, x13, x15
	lsl	x7, x13, x16
3:	cbnz	w18, 5f
	mov	x18, #0x7fffffffffffffff
	and	x16, x6, #1
	add	x16, x16, x18
	adds	xzr, x7, x16
	cset	w16, cs
	adc	x6, x6, xzr
4:	tbnz	x6, #63, 9f
	neg	x13, x6
	tst	x14, #0x8000
	csel	x13, x13, x6, ne
	lsl	x15, x13, x17
	asr	x15, x15, x17
	cmp	x15, x13
	b.ne	9f
	cbz	x7, 1f
	orr	w16, w16, #0x100
1:	done
5:	mov	w16, #0                         /* RC: 1 down, 2 up, 3 to zero */
	cmp	w18, #3
	b.eq	4b
	cbz	x7, 4b
	ubfx	w15, w14, #15, #1
	and	w18, w18, #1
	cmp	w15, w18                        /* away from zero: down and negative, or up and positive */
	cset	w16, eq
	add	x6, x6, x16
	b	4b
7:	tbnz	x16, #63, 9f                    /* no digit before the point; or too large */
	mov	x6, #0
	cmp	x15, #64
	mov	x16, #1
	csel	x7, x13, x16, eq
	b	3b
8:	orr	x15, x15, x13
	mov	w16, #0
	cbnz	x15, 9f
	done
9:	mov	x17, #1
	ret

/* The integer x13 to A; never fails. */
func x87_fast_ild
	mov	x14, #0
	cbz	x13, 1f
	cmp	x13, #0
	lsr	x14, x13, #63
	cneg	x13, x13, mi
	mov	w15, #0x403e
	clz	x16, x13
	lsl	x14, x14, #15
	lsl	x13, x13, x16
	sub	w15, w15, w16
	orr	x14, x14, x15
1:	ret

/* The control word becomes x13, unless that unmasks an exception. */
func x87_fast_ldcw
	mov	w15, #0x1f3f
	ldrh	w16, [x28, #(CPU_X87_C1 + 2)]   /* the status word, and PE beside it */
	ldrb	w17, [x28, #(CPU_X87_C1 + 1)]
	and	w15, w13, w15
	orr	w16, w16, w17, lsl #5
	orr	w15, w15, #0x40
	bic	w16, w16, w15
	tst	w16, #0x3f
	b.ne	9f
	str	w15, [x28, #CPU_FCW]
	mov	w16, #0xf20                     /* as x87.c's mode() */
	adrp	x6, x87_fast_table
	and	w15, w15, w16
	add	x6, x6, :lo12:x87_fast_table
	cmp	w15, #0x320
	add	x7, x6, #(x87_slow_table - x87_fast_table)
	csel	x6, x6, x7, eq
	str	x6, [x28, #(CPU_X87_C1 + 4)]
	done
9:	mov	x17, #1
	ret

func x87_fast_no
	mov	x17, #1
	ret
x87_fast_end:

	/* In the order of enum x87_fast of tr/x87.h */
	.section .data.rel.ro, "aw", %progbits
	.p2align 3
	.globl	x87_fast_table, x87_slow_table
	.hidden	x87_fast_table, x87_slow_table
x87_fast_table:
	.quad	x87_fast_add, x87_fast_sub, x87_fast_mul, x87_fast_div, x87_fast_sqrt
	.quad	x87_fast_st32, x87_fast_st64
	.quad	x87_fast_com, x87_fast_ist16, x87_fast_ist32, x87_fast_ist64, x87_fast_istt16, x87_fast_istt32, x87_fast_istt64
	.quad	x87_fast_ild, x87_fast_ldcw
x87_slow_table:
	.quad	x87_fast_no, x87_fast_no, x87_fast_no, x87_fast_no, x87_fast_no
	.quad	x87_fast_no, x87_fast_no
	.quad	x87_fast_com, x87_fast_ist16, x87_fast_ist32, x87_fast_ist64, x87_fast_istt16, x87_fast_istt32, x87_fast_istt64
	.quad	x87_fast_ild, x87_fast_ldcw

	.section .note.GNU-stack, "", %progbits
