/* abi.h - the guest's system-call interface: x86-64 numbers, structures and constants where they differ from ARM64's.
 *
 * Generic layouts (most of them) are shared; what differs is converted field by field in one place: struct stat,
 * epoll_event (packed), flags of open(2), signal frames, termios is the same, ipc structures ...
 */
#ifndef SYS_ABI_H
#define SYS_ABI_H

#include "rt/rt.h"

/* A handler gets the six arguments as the guest put them into rdi rsi rdx r10 r8 r9 (upper halves unchecked: the
 * handler truncates what the kernel declares as int) and returns the result or a negative errno. */
typedef s64 sys_fn(struct thread *t, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
#define SYS(name) s64 sys_##name(__attribute__((unused)) struct thread *t, __attribute__((unused)) u64 a, \
	__attribute__((unused)) u64 b, __attribute__((unused)) u64 c, __attribute__((unused)) u64 d, \
	__attribute__((unused)) u64 e, __attribute__((unused)) u64 f)

/* Special results of handlers. */
#define SYS_GO   (-4097)                /* the handler set all of t->cpu, rip and rax included (sigreturn, execve failed half-way ...) */

#endif
