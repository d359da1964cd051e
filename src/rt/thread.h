/* thread.h - the threads' records and host stacks. */
#ifndef RT_THREAD_H
#define RT_THREAD_H

#include "rt/rt.h"

/* A record with stacks of its own, a copy of the parent's state, not in the list yet. Null: no memory. */
struct thread *thread_new(const struct thread *parent);
void thread_free(struct thread *t);             /* it is gone, or was never started */
void thread_link(struct thread *t);
void thread_unlink(struct thread *t);
void thread_signal_stack(struct thread *t);     /* tells the kernel of this thread's stack for signal handlers */
bool thread_in_guard(const struct thread *t, u64 a);    /* below its pair stack */
/* Around a clone without CLONE_VM. */
void thread_fork_prepare(void);
void thread_fork_parent(void);
void thread_fork_child(struct thread *t);
_Noreturn void thread_start(void);              /* a new thread's first C code */

#endif
