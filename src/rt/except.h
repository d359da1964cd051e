/* except.h - raising the guest's exceptions; cpu.rip is the instruction's. Each returns host code of the handler. */
#ifndef RT_EXCEPT_H
#define RT_EXCEPT_H

#include "rt/rt.h"
#include "x86/insn.h"

bool rt_insn_at(gaddr rip, struct insn *i);             /* for what only an exception's details need */
gaddr rt_address(const struct cpu *c, const struct insn *i);    /* of its memory operand, with the segment's base */
bool rt_canonical(gaddr a);
u64  rt_gp(struct thread *t);                           /* #GP; its error code is a selector that may not be loaded, or 0 */
u64  rt_not_canonical(struct thread *t, gaddr a);       /* an access at a: #GP or #SS */
/* A helper's access of n bytes at a did not succeed: the page fault that it is. */
u64  rt_page_fault(struct thread *t, gaddr a, size_t n, bool write);
/* x86's error code for a page fault at a; *code: si_code as the host has it, and as x86 has it. */
u32  rt_fault_error(gaddr a, bool write, int *code);
bool rt_writes_too(gaddr rip);                          /* what reads, changes and writes memory faults as a write on x86 */
u64  rt_bad_fetch(struct thread *t);                    /* there is nothing to execute at rip */
u64  rt_bad_jump(struct thread *t);                     /* rip, a near branch, is done but for its target, which is not canonical */
bool rt_is_gather(const struct insn *i);
u64  rt_gather(struct thread *t, const struct insn *i);        /* gather.c: the fault of i, which is at rip */
u64  rt_interrupt(struct thread *t);                    /* INT3, INT1, INT n: traps point behind them; few vectors are open */

#endif
