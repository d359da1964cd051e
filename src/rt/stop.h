/* stop.h - stopping the other threads. */
#ifndef RT_STOP_H
#define RT_STOP_H

#include "rt/alloc.h"
#include "rt/rt.h"

struct siginfo;
struct host_context;

/* All other threads rest, until stop_end. The caller is t and must take no lock meanwhile; t->alone says so. */
void stop_others(struct thread *t);
void stop_end(struct thread *t);
/* A thread that comes back from where it counted as stopped (t->in_syscall was set). */
void stop_leave_call(struct thread *t);
/* SIGTRAP's handler: is it one of ours? Does what it asks for. */
bool stop_signal(struct thread *t, const struct siginfo *si, struct host_context *uc);
void stop_wait(struct thread *t);
/* Every thread, this one too, looks its code up anew at its next safepoint. */
void stop_nudge(struct thread *t);
void stop_fork(enum fork_step s);

#endif
