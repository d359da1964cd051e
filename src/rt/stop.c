/* stop.c - stops the process's other threads for a moment: for a LOCK that ARM64 cannot do in one step. And nudges them out
 * of code that was dropped.
 *
 * A thread counts as stopped while it is inside a system call (in_syscall), since it looks at `stopping` before it
 * runs anything else; the others are sent a signal and wait in its handler, wherever it finds them. No real-time signal
 * is reserved for this: SIGTRAP is never blocked on the host anyway, and what a siginfo of ours looks like nobody else
 * knows. rt_threads_lock is held from stop to go, so none of the stopped holds it; other locks may be held by them, so
 * the one that runs alone takes none.
 */
#include "rt/stop.h"
#include "rt/host.h"
#include "rt/signal.h"
#include "rt/thread.h"
#include <asm/errno.h>
#include <linux/futex.h>

static struct lock one;                 /* one stopper at a time */
static u32 stopping;                    /* 0, or the number of this stop */
static u32 acks;
static const u8 token[2];               /* their addresses mark our signals: stop, nudge */

void stop_fork(enum fork_step s) { rt_fork_lock(&one, s); }

static void wait_on(u32 *word, u32 value, bool briefly)
{
	s64 ms[2] = { 0, 1000000 };

	host_call(__NR_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, briefly ? ms : 0);
}

static void wake(u32 *word)
{
	host_call(__NR_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 0x7fffffff);
}

void stop_wait(struct thread *t)
{
	u32 n;

	if (t->alone) return;                   /* a late signal of the stop before */
	while ((n = __atomic_load_n(&stopping, __ATOMIC_SEQ_CST))) {
		__atomic_store_n(&t->stopped, n, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&acks, 1, __ATOMIC_SEQ_CST);
		wake(&acks);
		wait_on(&stopping, n, false);
	}
}

void stop_leave_call(struct thread *t)
{
	__atomic_store_n(&t->in_syscall, false, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))) stop_wait(t);
}

bool stop_signal(struct thread *t, const struct siginfo *si, struct host_context *uc)
{
	if (si->code != -1 /* SI_QUEUE */ || si->from.value - (u64)token >= sizeof token) return false;
	if (si->from.value == (u64)token) stop_wait(t);
	sig_not_for_guest(t, uc);
	return true;
}

static bool send(const struct thread *o, const u8 *what)
{
	struct siginfo si = { .sig = SIGTRAP, .code = -1, .from = { .pid = o->pid, .value = (u64)what } };

	return host_call(__NR_rt_tgsigqueueinfo, (s64)o->pid, (s64)o->tid, SIGTRAP, &si) != -ESRCH;
}

static bool at_rest(const struct thread *o, u32 n)
{
	return __atomic_load_n(&o->stopped, __ATOMIC_SEQ_CST) == n || __atomic_load_n(&o->in_syscall, __ATOMIC_SEQ_CST);
}

void stop_others(struct thread *t)
{
	static u32 count;
	u32 n;

	rt_lock(&one);
	rt_lock(&rt_threads_lock);
	n = ++count ? count : ++count;
	t->alone = true;
	__atomic_store_n(&stopping, n, __ATOMIC_SEQ_CST);
	for (struct thread *o = rt_threads; o; o = o->next)
		while (o != t && !at_rest(o, n)) {
			u32 seen = __atomic_load_n(&acks, __ATOMIC_SEQ_CST);

			/* again and again: a signal that is pending already swallows ours */
			if (!send(o, token)) break;
			if (!at_rest(o, n)) wait_on(&acks, seen, true);
		}
}

void stop_end(struct thread *t)
{
	__atomic_store_n(&stopping, 0, __ATOMIC_SEQ_CST);
	t->alone = false;
	wake(&stopping);
	rt_unlock(&rt_threads_lock);
	rt_unlock(&one);
}

/* The signal may be swallowed by a SIGTRAP that is pending already: any SIGTRAP's handler looks at t->nudged. */
void stop_nudge(struct thread *t)
{
	sig_nudge(t);
	if (rt.nthreads == 1) return;
	rt_lock(&rt_threads_lock);
	for (struct thread *o = rt_threads; o; o = o->next) {
		if (o == t) continue;
		sig_nudge(o);
		if (!__atomic_load_n(&o->in_syscall, __ATOMIC_SEQ_CST)) send(o, token + 1);
	}
	rt_unlock(&rt_threads_lock);
}
