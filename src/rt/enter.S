/* enter.S - in and out of translated code.
 *
 * Out: a stub is reached by `bl` from an arena, x16 its argument, x30 the place in the code. It saves the guest's
 * general registers and flags into struct cpu (x28), takes the C stack and calls C, which returns the host address to
 * go on at. Vectors stay where they are: nothing here or in C touches them.
 * In: resume loads everything back. From rt_resume_begin on x29 holds the poll page, so the signal handler may treat
 * what is interrupted there as translated code: poisoning x29 is enough to stop it at the next safepoint.
 */
#include "asm.h"

	.macro	save
	stp	x8, x9, [x28, #CPU_R + 0]
	stp	x2, x19, [x28, #CPU_R + 16]
	stp	x21, x20, [x28, #CPU_R + 32]
	stp	x1, x0, [x28, #CPU_R + 48]
	stp	x4, x5, [x28, #CPU_R + 64]
	stp	x3, x10, [x28, #CPU_R + 80]
	stp	x22, x23, [x28, #CPU_R + 96]
	stp	x24, x25, [x28, #CPU_R + 112]
	mrs	x17, nzcv
	str	x17, [x28, #CPU_NZCV]
	stp	x26, x27, [x28, #CPU_PF]
	mov	x17, sp
	str	x17, [x28, #CPU_PAIR_SP]
	ldr	x17, [x28, #CPU_C_SP]
	mov	sp, x17
	mov	x29, xzr
	.endm

	.macro	func name
	.globl	\name
	.hidden	\name
	.type	\name, %function
	.p2align 4
\name:
	.endm

	.text

/* rt_enter(struct thread *t, u64 host) */
func rt_enter
	mov	x28, x0
	mov	x0, x1
	b	resume

func rt_stub_syscall
	save
	mov	x0, x28
	mov	x1, x30
	bl	rt_run_syscall
	b	resume

/* x16: enum tr_helper */
func rt_stub_helper
	save
	mov	x0, x28
	mov	x1, x16
	mov	x2, x30
	bl	rt_run_helper
	b	resume

/* x30: just after the bl that begins a link record */
func rt_stub_link
	save
	mov	x0, x28
	sub	x1, x30, #4
	bl	rt_run_link
	b	resume

/* x16: guest address; x30: host address of what jumps there */
func rt_stub_retmiss
	ldr	x17, [x28, #CPU_PAIR_BASE]
	mov	sp, x17
func rt_stub_lookup
	save
	str	x16, [x28, #CPU_RIP]
	mov	x0, x28
	mov	x1, x16
	mov	x2, x30
	bl	rt_run_lookup
	b	resume

/* x0: host address; x28 */
func resume
	mov	x17, x0
	ldr	x29, [x28, #CPU_POLL]
	.globl	rt_resume_begin
	.hidden	rt_resume_begin
rt_resume_begin:
	ldr	x16, [x28, #CPU_NZCV]
	msr	nzcv, x16
	ldr	x16, [x28, #CPU_PAIR_SP]
	mov	sp, x16
	ldp	x26, x27, [x28, #CPU_PF]
	ldp	x8, x9, [x28, #CPU_R + 0]
	ldp	x2, x19, [x28, #CPU_R + 16]
	ldp	x21, x20, [x28, #CPU_R + 32]
	ldp	x1, x0, [x28, #CPU_R + 48]
	ldp	x4, x5, [x28, #CPU_R + 64]
	ldp	x3, x10, [x28, #CPU_R + 80]
	ldp	x22, x23, [x28, #CPU_R + 96]
	ldp	x24, x25, [x28, #CPU_R + 112]
	br	x17
	.globl	rt_resume_end
	.hidden	rt_resume_end
rt_resume_end:

	.section .note.GNU-stack, "", %progbits
