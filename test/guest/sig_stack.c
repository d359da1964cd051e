/* cflags: -D_GNU_SOURCE */
/* sig_stack.c - alternate stacks, nesting, order of delivery, real-time queues, one-shot and inherited actions, default
 * actions, and synchronous signals that somebody sends. */
#include "check.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static char stack[65536];
static char order[200];
static int depth;

static int on_stack(void)
{
	char c;
	return (uintptr_t)&c - (uintptr_t)stack < sizeof stack;
}

/* --- the alternate stack */

static stack_t inside;
static void on_alt(int sig, siginfo_t *si, void *ctx)
{
	expect(on_stack());
	sigaltstack(0, &inside);
	stack_t other = { .ss_sp = stack, .ss_size = sizeof stack / 2 };
	expect(sigaltstack(&other, 0) == -1 && errno == EPERM);
	expect(((ucontext_t *)ctx)->uc_stack.ss_size == sizeof stack);
	if (sig == SIGUSR1 && depth++ < 3)
		raise(SIGUSR1);                 /* SA_NODEFER: goes on down the same stack */
}

static void plain(int sig) { expect(!on_stack()); }

static void autodisarm(int sig)
{
	expect(on_stack());
	sigaltstack(0, &inside);
}

static sigjmp_buf back;
static void overflow(int sig, siginfo_t *si, void *ctx)
{
	expect(on_stack());
	siglongjmp(back, 1);
}
static int deep(int n) { volatile char a[4096]; a[n & 4095] = n; return n <= 0 ? 0 : deep(n + 1) + a[0]; }

static void alternate(void)
{
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack }, old;
	struct sigaction sa = { .sa_sigaction = on_alt, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	expect(!sigaltstack(&ss, 0));
	sigaction(SIGUSR1, &sa, 0);
	raise(SIGUSR1);
	say("nested %d, inside: flags %d\n", depth, inside.ss_flags);
	sa = (struct sigaction){ .sa_handler = plain };
	sigaction(SIGUSR2, &sa, 0);
	raise(SIGUSR2);
	sigaltstack(0, &old);
	say("outside: flags %d\n", old.ss_flags);
	ss.ss_size = 1000;
	expect(sigaltstack(&ss, 0) == -1 && errno == ENOMEM);
	ss.ss_flags = 77;
	expect(sigaltstack(&ss, 0) == -1 && errno == EINVAL);

	ss = (stack_t){ .ss_sp = stack, .ss_size = sizeof stack, .ss_flags = (int)(1u << 31) };
	expect(!sigaltstack(&ss, 0));
	sa = (struct sigaction){ .sa_handler = autodisarm, .sa_flags = SA_ONSTACK };
	sigaction(SIGUSR1, &sa, 0);
	raise(SIGUSR1);
	sigaltstack(0, &old);
	say("autodisarm: inside %x after %x\n", inside.ss_flags, old.ss_flags);

	ss.ss_flags = 0;
	expect(!sigaltstack(&ss, 0));
	sa = (struct sigaction){ .sa_sigaction = overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigaction(SIGSEGV, &sa, 0);
	for (int i = 0; i < 2; i++) {
		volatile int returned = 0;
		if (!sigsetjmp(back, 1)) {
			deep(1);
			returned = 1;
		}
		say("stack overflow %d: %s\n", i, returned ? "missed" : "caught");
	}
	ss.ss_flags = SS_DISABLE;
	expect(!sigaltstack(&ss, 0));
	signal(SIGSEGV, SIG_DFL);
}

/* --- order */

static void note(int sig, siginfo_t *si, void *ctx)
{
	char item[24];
	int n = snprintf(item, sizeof item, si->si_code == SI_QUEUE ? " %d:%d" : " %d", sig, si->si_value.sival_int);
	strncat(order, item, n);
}

static void handlers(int flags)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };
	for (int s = 1; s < 63; s++)
		if (s != SIGKILL && s != SIGSTOP && s != 32 && s != 33)
			sigaction(s, &sa, 0);
}

static void queues(void)
{
	sigset_t all, old, pend;
	union sigval v;
	handlers(0);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	for (int i = 0; i < 3; i++)
		for (int s = 60; s >= 40; s -= 10) {
			v.sival_int = i;
			expect(!sigqueue(getpid(), s, v));
		}
	raise(SIGUSR2);
	raise(SIGUSR2);
	raise(SIGHUP);
	raise(SIGSEGV);
	raise(SIGTRAP);
	sigpending(&pend);
	say("pending:");
	for (int s = 1; s < 65; s++)
		if (sigismember(&pend, s) == 1)
			say(" %d", s);
	order[0] = 0;
	sigprocmask(SIG_SETMASK, &old, 0);
	/* handlers that do not block each other start at once, so the last begun is the first to run */
	say("\nstacked:%s\n", order);

	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	sigfillset(&sa.sa_mask);
	for (int s = 40; s <= 60; s += 10)
		sigaction(s, &sa, 0);
	sigprocmask(SIG_SETMASK, &all, 0);
	for (int i = 0; i < 4; i++) {
		v.sival_int = i;
		sigqueue(getpid(), 60 - i % 2 * 10, v);
	}
	order[0] = 0;
	sigprocmask(SIG_SETMASK, &old, 0);
	say("in a row:%s\n", order);

	sigprocmask(SIG_SETMASK, &all, 0);
	raise(SIGTRAP);
	v.sival_int = 5;
	sigqueue(getpid(), 45, v);
	siginfo_t si;
	struct timespec none = { 0, 0 };
	sigset_t two;
	sigemptyset(&two);
	sigaddset(&two, SIGTRAP);
	sigaddset(&two, 45);
	int a = sigtimedwait(&two, &si, &none), b = sigtimedwait(&two, &si, &none), bv = si.si_value.sival_int;
	int c = sigtimedwait(&two, &si, &none);
	say("sigtimedwait: %d %d value %d then %d %s\n", a, b, bv, c, strerrorname_np(errno));
	int fd = signalfd(-1, &two, SFD_NONBLOCK);
	struct signalfd_siginfo si2;
	sigqueue(getpid(), 45, v);
	expect(read(fd, &si2, sizeof si2) == sizeof si2 && si2.ssi_signo == 45 && si2.ssi_int == 5);
	close(fd);
	order[0] = 0;
	sigprocmask(SIG_SETMASK, &old, 0);
	expect(!order[0]);
}

/* --- actions */

static void actions(void)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESETHAND }, old;
	sigaddset(&sa.sa_mask, SIGKILL);
	sigaddset(&sa.sa_mask, SIGUSR2);
	expect(!sigaction(SIGUSR1, &sa, 0));
	expect(!sigaction(SIGUSR1, 0, &old));
	expect(!sigismember(&old.sa_mask, SIGKILL) && sigismember(&old.sa_mask, SIGUSR2));
	order[0] = 0;
	raise(SIGUSR1);
	sigaction(SIGUSR1, 0, &old);
	say("one shot:%s then %s\n", order, old.sa_handler == SIG_DFL ? "default" : "not");
	errno = 0;
	expect(sigaction(SIGKILL, &sa, 0) == -1 && errno == EINVAL);
	expect(sigaction(SIGSTOP, 0, &old) == 0);
	expect(kill(getpid(), 65) == -1 && errno == EINVAL);
	signal(SIGSEGV, SIG_IGN);
	raise(SIGSEGV);
	signal(SIGTRAP, SIG_IGN);
	raise(SIGTRAP);
	say("ignored\n");
}

/* How a child dies. */
static void dies(const char *what, void (*fn)(void))
{
	int st;
	pid_t p = fork();
	if (!p) { fn(); _exit(33); }
	waitpid(p, &st, 0);
	if (WIFSIGNALED(st)) say("%s: killed by %d\n", what, WTERMSIG(st));
	else say("%s: exit %d\n", what, WEXITSTATUS(st));
}
static void defaults(int sig) { signal(sig, SIG_DFL); raise(sig); }
static void die_segv(void) { signal(SIGSEGV, SIG_DFL); *(volatile int *)8 = 1; }
static void die_segv_ignored(void) { signal(SIGSEGV, SIG_IGN); *(volatile int *)8 = 1; }
static void die_segv_blocked(void)
{
	sigset_t s;
	handlers(0);
	sigfillset(&s);
	sigprocmask(SIG_BLOCK, &s, 0);
	*(volatile int *)8 = 1;
}
static void die_no_stack(void)
{
	handlers(0);
	__asm__ volatile("xor %%esp, %%esp\n push %%rax" : : : "memory");
}
static void die_abort(void) { signal(SIGABRT, SIG_DFL); abort(); }
static void die_term(void) { defaults(SIGTERM); }
static void die_rt(void) { defaults(50); }
static void die_kill(void) { raise(SIGKILL); }
static void live_chld(void) { defaults(SIGCHLD); }
static void die_sent_segv(void) { defaults(SIGSEGV); }
static void die_ill(void) { signal(SIGILL, SIG_DFL); __asm__ volatile("ud2"); }
static void die_fpe(void) { signal(SIGFPE, SIG_DFL); __asm__ volatile("xor %%ecx, %%ecx\n div %%ecx" : : : "eax", "ecx", "edx"); }

int main(void)
{
	alternate();
	queues();
	actions();
	dies("segv", die_segv);
	dies("segv, ignored", die_segv_ignored);
	dies("segv, blocked", die_segv_blocked);
	dies("no stack for the handler", die_no_stack);
	dies("abort", die_abort);
	dies("term", die_term);
	dies("real-time", die_rt);
	dies("kill", die_kill);
	dies("chld", live_chld);
	dies("segv, sent", die_sent_segv);
	dies("ill", die_ill);
	dies("fpe", die_fpe);
	return done();
}
