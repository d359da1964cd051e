/* signal.c - the guest's signals: actions, masks, what is held, and delivery at safepoints.
 *
 * The host's mask is the guest's without the five synchronous signals, except that it is everything but the five
 * while a signal is held (PENDING_HELD): the host's handler returns so, hence at most one is held, and the order in
 * which the others come stays the kernel's. A held signal waits for a safepoint: translated code loads through x29,
 * which then points at t->poison; C ends in rt_deliver. A system call that must not run while a signal is held goes
 * through host_call_blocking: between its check and its svc the handler moves the PC to where it gives up.
 */
#include "rt/signal.h"
#include "dbg/dbg.h"
#include "rt/host.h"
#include "rt/stop.h"
#include "rt/string.h"
#include "rt/thread.h"
#include <asm/errno.h>

/* What Linux keeps of sa_flags: a program that probes for others sees them gone. */
#define KNOWN_FLAGS (SA_NOCLDSTOP_ | SA_NOCLDWAIT_ | SA_SIGINFO_ | SA_EXPOSE_ | SA_RESTORER_ | SA_ONSTACK_ | SA_RESTART_ | \
		     SA_NODEFER_ | SA_RESETHAND_)

/* host_try(&pending, nr, a, b, c, d, e, f): RT_RESTART while *pending, else the system call. One svc, so that a PC
 * up to it says that the call has not begun, or that the kernel is about to restart it: the same thing to the guest.
 * host_call_clone: the same for a clone whose child runs fn on its new stack. */
__asm__(
".text\n"
"host_try:\n"
"	mov	x9, x0\n"
"	mov	x8, x1\n"
"	mov	x0, x2\n"
"	mov	x1, x3\n"
"	mov	x2, x4\n"
"	mov	x3, x5\n"
"	mov	x4, x6\n"
"	mov	x5, x7\n"
"host_try_lo:\n"
"	ldr	x9, [x9]\n"
"	cbnz	x9, host_try_stop\n"
"host_try_svc:\n"
"	svc	0\n"
"	ret\n"
"host_try_stop:\n"
"	mov	x0, #-513\n"
"	ret\n"
".globl host_call_clone\n"
".hidden host_call_clone\n"
"host_call_clone:\n"
"	mov	x9, x0\n"
"	mov	x8, x1\n"
"	mov	x0, x2\n"
"	mov	x1, x3\n"
"	mov	x2, x4\n"
"	mov	x3, x5\n"
"	mov	x4, x6\n"
"host_clone_lo:\n"
"	ldr	x9, [x9]\n"
"	cbnz	x9, host_try_stop\n"
"host_clone_svc:\n"
"	svc	0\n"
"	cbz	x0, 1f\n"
"	ret\n"
"1:	mov	x29, xzr\n"
"	mov	x30, xzr\n"
"	br	x7\n"
"host_restorer:\n"
"	mov	x8, #139\n"                     /* rt_sigreturn */
"	svc	0\n"
);
#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN extern const char host_try_lo[], host_try_svc[], host_try_stop[], host_clone_lo[], host_clone_svc[],
	host_restorer[];                /* hidden, each of them: a GOT entry for a local label loses its offset */
HIDDEN s64 host_try(const u64 *pending, long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);

s64 host_call_blocking(struct thread *t, long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	s64 r;

	__atomic_store_n(&t->in_syscall, true, __ATOMIC_RELAXED);
	r = host_try(&t->pending, nr, a, b, c, d, e, f);
	stop_leave_call(t);
	return r;
}

/* --- the vectors: live in their registers while C runs; FPCR and FPSR follow v[] in struct cpu */
#define PAIRS(op) \
	op " q0,q1,[x0]\n" op " q2,q3,[x0,#32]\n" op " q4,q5,[x0,#64]\n" op " q6,q7,[x0,#96]\n" \
	op " q8,q9,[x0,#128]\n" op " q10,q11,[x0,#160]\n" op " q12,q13,[x0,#192]\n" op " q14,q15,[x0,#224]\n" \
	op " q16,q17,[x0,#256]\n" op " q18,q19,[x0,#288]\n" op " q20,q21,[x0,#320]\n" op " q22,q23,[x0,#352]\n" \
	op " q24,q25,[x0,#384]\n" op " q26,q27,[x0,#416]\n" op " q28,q29,[x0,#448]\n" op " q30,q31,[x0,#480]\n"
__asm__(
".text\n"
"vectors_save:\n"
	PAIRS("stp")
"	mrs	x1, fpcr\n"
"	mrs	x2, fpsr\n"
"	add	x0, x0, #512\n"
"	stp	x1, x2, [x0]\n"
"	ret\n"
"vectors_load:\n"
	PAIRS("ldp")
"	add	x0, x0, #512\n"
"	ldp	x1, x2, [x0]\n"
"	msr	fpcr, x1\n"
"	msr	fpsr, x2\n"
"	ret\n"
);
HIDDEN void vectors_save(void *v);
HIDDEN void vectors_load(const void *v);
_Static_assert(offsetof(struct cpu, fpcr) == offsetof(struct cpu, v) + 512 &&
	       offsetof(struct cpu, fpsr) == offsetof(struct cpu, fpcr) + 8, "vectors_save");

void rt_vectors_save(struct cpu *c) { vectors_save(c->v); }
void rt_vectors_load(struct cpu *c) { vectors_load(c->v); }

/* --- pending ------------------------------------------------------------------------------------------- */

static void poll_set(struct thread *t)
{
	/* A handler may come between any two of these lines; the last look makes up for it. */
	__atomic_store_n(&t->cpu.poll, (u64)t, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);        /* sig_nudge is another thread's */
	if (__atomic_load_n(&t->pending, __ATOMIC_RELAXED) || __atomic_load_n(&t->nudged, __ATOMIC_RELAXED))
		__atomic_store_n(&t->cpu.poll, t->poison, __ATOMIC_RELAXED);
}

static void pending_clear(struct thread *t, u64 bits)
{
	__atomic_fetch_and(&t->pending, ~bits, __ATOMIC_RELAXED);
	poll_set(t);
}

static void pending_raise(struct thread *t, u64 bits)
{
	__atomic_fetch_or(&t->pending, bits, __ATOMIC_RELAXED);
	__atomic_store_n(&t->cpu.poll, t->poison, __ATOMIC_RELAXED);
}

/* The interrupted code learns that something is pending. */
void sig_interrupt(struct thread *t, struct host_context *uc)
{
	u64 pc = uc->mc.pc;

	if ((pc >= (u64)host_try_lo && pc <= (u64)host_try_svc) ||
	    (pc >= (u64)host_clone_lo && pc <= (u64)host_clone_svc))
		uc->mc.pc = (u64)host_try_stop;
	else if (fault_in_code(pc))
		uc->mc.regs[29] = t->poison;
}

void sig_nudge(struct thread *t)
{
	__atomic_store_n(&t->nudged, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&t->cpu.poll, t->poison, __ATOMIC_SEQ_CST);
}

void sig_nudged(struct thread *t)
{
	if (!__atomic_exchange_n(&t->nudged, false, __ATOMIC_SEQ_CST)) return;
	poll_set(t);
}

void sig_not_for_guest(struct thread *t, struct host_context *uc)
{
	bool after = uc->mc.pc == (u64)host_try_svc + 4;

	if (after && uc->mc.regs[0] == (u64)-EINTR && !t->pending) uc->mc.regs[0] = (u64)RT_RESTART;
}

static void on_async(int sig, struct siginfo *si, struct host_context *uc)
{
	struct thread *t = rt_self();

	memcpy(t->pending_info, si, sizeof *si);
	((struct siginfo *)t->pending_info)->sig = sig;
	pending_raise(t, PENDING_HELD);
	uc->sigmask = ~SYNCHRONOUS;
	sig_interrupt(t, uc);
}

static inline int sent_slot(int sig)
{
	return sig == SIGSEGV ? 0 : sig == SIGBUS ? 1 : sig == SIGFPE ? 2 : sig == SIGILL ? 3 : 4;
}

/* One of the five, from kill, a timer or the like: waits here if the guest blocks it. */
void sig_sent(struct thread *t, int sig, const struct siginfo *si, struct host_context *uc)
{
	if (!(t->sent & SIGBIT(sig)))           /* as with any signal that is no real-time one, the first is kept */
		memcpy(t->sent_info[sent_slot(sig)], si, sizeof *si);
	__atomic_fetch_or(&t->sent, SIGBIT(sig), __ATOMIC_RELAXED);
	if (t->sigmask & SIGBIT(sig)) return;
	pending_raise(t, PENDING_SENT);
	sig_interrupt(t, uc);
}

void sig_follow_mask(struct thread *t)
{
	u64 host = t->sigmask & ~SYNCHRONOUS;

	/* RT_RESTART: one is held; its delivery ends here again. */
	host_try(&t->pending, __NR_rt_sigprocmask, 2, (u64)&host, 0, 8, 0, 0);
}

s64 sig_set_mask(struct thread *t, u64 mask)
{
	u64 host = mask & ~SYNCHRONOUS;
	s64 r = host_try(&t->pending, __NR_rt_sigprocmask, 2, (u64)&host, 0, 8, 0, 0);

	if (r) return r;
	t->sigmask = mask & ~UNBLOCKABLE;
	if (t->sent & ~t->sigmask) pending_raise(t, PENDING_SENT);
	return 0;
}

void sig_mask_for_call(struct thread *t, u64 mask)
{
	t->saved_sigmask = t->sigmask;
	t->restore_sigmask = true;
	t->sigmask = mask & ~UNBLOCKABLE;
	if (t->sent & ~t->sigmask) pending_raise(t, PENDING_SENT);
}

/* --- actions ------------------------------------------------------------------------------------------- */

struct host_action { u64 handler, flags, restorer, mask; };

/* The first of the five in `set` that somebody sent; 0: none. */
int sig_take_sent(struct thread *t, u64 set, struct siginfo *si)
{
	u64 open = t->sent & set;
	int sig;

	if (!open) return 0;
	sig = __builtin_ctzll(open) + 1;
	memcpy(si, t->sent_info[sent_slot(sig)], sizeof *si);
	__atomic_fetch_and(&t->sent, ~SIGBIT(sig), __ATOMIC_RELAXED);
	return sig;
}

bool sig_host_action(int sig, u64 handler, u64 flags)
{
	struct host_action a = { handler, flags | SA_RESTORER_, (u64)host_restorer, ~SYNCHRONOUS };

	return !host_call(__NR_rt_sigaction, sig, &a, 0, 8);
}

static bool default_ignores(int sig)
{
	return sig == SIGCHLD || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH;
}

/* The host's action that goes with the guest's. SA_RESTART goes along, so that the kernel decides what restarts. */
static bool host_follow(int sig, const struct sigact *a)
{
	u64 flags = SA_SIGINFO_ | SA_ONSTACK_ | SA_EXPOSE_ | (a->flags & (SA_NOCLDSTOP_ | SA_NOCLDWAIT_));
	bool handled = a->handler != SIG_DFL_ && a->handler != SIG_IGN_;

	if (SIGBIT(sig) & SYNCHRONOUS) {
		/* the handler itself may fault (guest.c's accessors); but stops must not nest */
		if (sig == SIGSEGV || sig == SIGBUS) flags |= SA_NODEFER_;
		if (!handled || a->flags & SA_RESTART_) flags |= SA_RESTART_;
		return sig_host_action(sig, (u64)fault_handler, flags);
	}
	if (!handled) return sig_host_action(sig, a->handler, flags & (SA_NOCLDSTOP_ | SA_NOCLDWAIT_));
	return sig_host_action(sig, (u64)on_async, flags | (a->flags & SA_RESTART_));
}

void sig_install_faults(void)
{
	static const struct sigact none;

	for (int sig = 1; sig <= NSIG_; sig++)
		if (SIGBIT(sig) & SYNCHRONOUS)
			host_follow(sig, &none);
}

s64 sig_set_action(struct thread *t, int sig, const struct sigact *act, struct sigact *old)
{
	struct sigstate *s = t->sig;
	s64 r = 0;

	if (sig < 1 || sig > NSIG_ || (act && SIGBIT(sig) & UNBLOCKABLE)) return -EINVAL;
	rt_lock(&s->lock);
	if (old) *old = s->act[sig - 1];
	if (act) {
		struct sigact a = { act->handler, act->flags & KNOWN_FLAGS, act->restorer, act->mask & ~UNBLOCKABLE };
		if (host_follow(sig, &a)) s->act[sig - 1] = a;
		else r = -EINVAL;
	}
	rt_unlock(&s->lock);
	/* What is ignored from now on is no longer pending. */
	if (act && (act->handler == SIG_IGN_ || (act->handler == SIG_DFL_ && default_ignores(sig))))
		__atomic_fetch_and(&t->sent, ~SIGBIT(sig), __ATOMIC_RELAXED);
	return r;
}

struct sigstate *sig_state_copy(struct sigstate *s)
{
	struct sigstate *n = rt_alloc(sizeof *n);

	if (!n) return 0;
	if (s) {
		rt_lock(&s->lock);
		memcpy(n->act, s->act, sizeof n->act);
		rt_unlock(&s->lock);
	}
	n->refs = 1;
	return n;
}

void sig_state_put(struct sigstate *s)
{
	if (!__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		rt_free(s, sizeof *s);
}

void sig_state_clear(struct sigstate *s)
{
	for (int i = 0; i < NSIG_; i++)
		if (s->act[i].handler != SIG_IGN_)
			s->act[i] = (struct sigact){ 0 };
}

/* The action for a signal that is being delivered; SA_RESETHAND takes effect. */
static struct sigact action_for(struct thread *t, int sig)
{
	struct sigstate *s = t->sig;
	struct sigact a;

	rt_lock(&s->lock);
	a = s->act[sig - 1];
	if (a.flags & SA_RESETHAND_ && a.handler != SIG_IGN_ && a.handler != SIG_DFL_) {
		s->act[sig - 1].handler = SIG_DFL_;
		host_follow(sig, &s->act[sig - 1]);
	}
	rt_unlock(&s->lock);
	return a;
}

static void set_default(struct thread *t, int sig)
{
	rt_lock(&t->sig->lock);
	t->sig->act[sig - 1].handler = SIG_DFL_;
	rt_unlock(&t->sig->lock);
}

/* --- delivery ------------------------------------------------------------------------------------------ */

_Noreturn void sig_die(int sig)
{
	u64 mask = ~SIGBIT(sig);
	s64 pid = host_call(__NR_getpid);

	dbg_trace_print(2);
	sig_host_action(sig, SIG_DFL_, 0);
	host_call(__NR_tgkill, pid, host_call(__NR_gettid), sig);
	host_call(__NR_rt_sigprocmask, 2, &mask, 0, 8);
	rt_exit_group(128 + sig);
}

static void default_action(struct thread *t, int sig)
{
	if (default_ignores(sig)) return;
	if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
		host_call(__NR_tgkill, host_call(__NR_getpid), t->tid, SIGSTOP);
		return;
	}
	sig_die(sig);
}

/* force_sigsegv: the frame of `sig` could not be made. */
static void frame_failed(struct thread *t, int sig)
{
	struct siginfo si = { .sig = SIGSEGV, .code = SI_KERNEL_ };

	if (sig == SIGSEGV) set_default(t, SIGSEGV);
	sig_force(t, SIGSEGV, &si);
}

static void handle(struct thread *t, struct siginfo *si)
{
	int sig = si->sig;
	struct sigact a = action_for(t, sig);
	u64 saved = t->restore_sigmask ? t->saved_sigmask : t->sigmask;

	if (a.handler == SIG_IGN_) return;
	if (a.handler == SIG_DFL_) { default_action(t, sig); return; }
	if (!frame_push(t, si, &a, saved)) { frame_failed(t, sig); return; }
	t->restore_sigmask = false;
	t->sigmask |= a.mask | (a.flags & SA_NODEFER_ ? 0 : SIGBIT(sig));
	if (t->altstack_flags & SS_AUTODISARM_) {
		t->altstack = t->altstack_size = 0;
		t->altstack_flags = SS_DISABLE_;
	}
}

void sig_force(struct thread *t, int sig, struct siginfo *si)
{
	bool ignored;

	rt_lock(&t->sig->lock);
	ignored = t->sig->act[sig - 1].handler == SIG_IGN_;
	rt_unlock(&t->sig->lock);
	if (ignored || t->sigmask & SIGBIT(sig)) {
		set_default(t, sig);
		t->sigmask &= ~SIGBIT(sig);
	}
	handle(t, si);
	sig_follow_mask(t);
}

/* Takes one signal that waits: the five first, lowest number first, then the one held. */
static bool take(struct thread *t, struct siginfo *si)
{
	if (sig_take_sent(t, ~t->sigmask, si)) return true;
	pending_clear(t, PENDING_SENT);
	if (t->sent & ~t->sigmask) return take(t, si);
	if (!(t->pending & PENDING_HELD)) return false;
	memcpy(si, t->pending_info, sizeof *si);
	pending_clear(t, PENDING_HELD);
	return true;
}

void rt_deliver(struct thread *t)
{
	struct siginfo si;

	while (t->pending && take(t, &si)) {
		handle(t, &si);
		sig_follow_mask(t);             /* the next one, if there is any, comes in here */
	}
	if (t->restore_sigmask) {
		t->restore_sigmask = false;
		t->sigmask = t->saved_sigmask;
		if (t->sent & ~t->sigmask) pending_raise(t, PENDING_SENT);
		sig_follow_mask(t);
		if (t->pending) rt_deliver(t);
	}
}

u64 rt_raise_vector(struct thread *t, int vector, int sig, int code, gaddr addr)
{
	struct siginfo si = { .sig = sig, .code = code, .fault.addr = addr };

	rt_put_off_leave(t);
	t->trapno = vector;
	if (vector == VECTOR_PF) t->cr2 = addr;         /* prot_err is the caller's for #GP, #SS and #PF */
	else if (vector != VECTOR_GP && vector != VECTOR_SS) t->prot_err = 0;
	if (vector != VECTOR_DB && vector != VECTOR_BP && vector != VECTOR_OF) t->cpu.rflags |= RFLAGS_RF;     /* a fault */
	if (rt_opt.strace) rt_print(2, "%d --- signal %d code %d addr %lx rip %lx\n", t->tid, sig, code, addr, t->cpu.rip);
	sig_force(t, sig, &si);
	t->cpu.rflags &= ~(u64)RFLAGS_RF;
	return rt_code(t, t->cpu.rip);
}

u64 rt_raise(struct thread *t, int sig, int code, gaddr addr)
{
	int vector = VECTOR_DE;                 /* SIGFPE; those of x87 and SSE have numbers of their own */

	switch (sig) {
	case SIGSEGV: vector = code == SI_KERNEL_ ? VECTOR_GP : VECTOR_PF; break;
	case SIGBUS:  vector = code == BUS_ADRALN_ ? VECTOR_AC : code == SI_KERNEL_ ? VECTOR_SS : VECTOR_PF; break;
	case SIGILL:  vector = VECTOR_UD; break;
	case SIGTRAP: vector = code == SI_KERNEL_ ? VECTOR_BP : VECTOR_DB; break;
	}
	return rt_raise_vector(t, vector, sig, code, addr);
}

/* --- start, execve -------------------------------------------------------------------------------------- */

void rt_signals_init(struct thread *t)
{
	u64 none = 0;

	t->sig = sig_state_copy(0);
	if (!t->sig) rt_die(125, "out of memory");
	for (int sig = 1; sig <= NSIG_; sig++) {
		struct host_action a = { 0 };
		if (!host_call(__NR_rt_sigaction, sig, 0, &a, 8) && a.handler == SIG_IGN_)
			t->sig->act[sig - 1].handler = SIG_IGN_;
	}
	host_call(__NR_rt_sigprocmask, 0, &none, &t->sigmask, 8);
	thread_signal_stack(t);
	poll_set(t);
	sig_install_faults();
	sig_follow_mask(t);
}

/* The five: what the guest ignores or blocks has to show on the host now. */
void rt_signals_exec(struct thread *t)
{
	for (int sig = 1; sig <= NSIG_; sig++)
		if (SIGBIT(sig) & SYNCHRONOUS && t->sig->act[sig - 1].handler == SIG_IGN_)
			sig_host_action(sig, SIG_IGN_, 0);
	host_call(__NR_rt_sigprocmask, 2, &t->sigmask, 0, 8);
}

void rt_signals_exec_failed(struct thread *t)
{
	for (int sig = 1; sig <= NSIG_; sig++)
		if (SIGBIT(sig) & SYNCHRONOUS)
			host_follow(sig, &t->sig->act[sig - 1]);
	sig_follow_mask(t);
}
