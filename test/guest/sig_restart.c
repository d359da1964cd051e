/* cflags: -D_GNU_SOURCE */
/* sig_restart.c - interrupted system calls: which restart under SA_RESTART, which never do, what masks do, and that
 * no signal is lost between a check and a wait. */
#include "check.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static volatile int count;
static void handler(int sig) { count++; }

static void install(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };
	expect(!sigaction(sig, &sa, 0));
}

/* A child that sends SIGUSR1 ten times a second, so that a slow machine's parent is waiting by then; the last time
 * (n > 0) it writes a byte to fd. */
static pid_t tormentor(int fd, int n)
{
	pid_t parent = getpid(), p = fork();
	if (p) return p;
	for (int i = 0; i != n && getppid() == parent; i++) {
		usleep(100000);
		kill(parent, SIGUSR1);
	}
	if (fd >= 0 && write(fd, "x", 1) != 1)
		_exit(1);
	_exit(0);
}

static void calm(pid_t p)
{
	kill(p, SIGKILL);
	while (waitpid(p, 0, 0) < 0 && errno == EINTR)
		;
}

static void pipe_read(int flags)
{
	int p[2];
	char c = 0;
	expect(!pipe(p));
	install(SIGUSR1, flags);
	count = 0;
	pid_t pid = tormentor(p[1], flags ? 3 : -1);
	long r = read(p[0], &c, 1);
	say("read, %s: %ld %s, handled %s\n", flags ? "SA_RESTART" : "plain", r, r < 0 ? strerrorname_np(errno) : "-",
	    count > 0 ? "yes" : "no");
	calm(pid);
	close(p[0]);
	close(p[1]);
}

static void waits(int flags)
{
	struct timespec ten = { 10, 0 }, left = { 99, 9 };
	int p[2], ep = epoll_create1(0);
	struct epoll_event ev;
	fd_set set;
	const char *how = flags ? "SA_RESTART" : "plain";
	expect(!pipe(p));
	install(SIGUSR1, flags);
#define TRY(what, call) do { \
		pid_t pid = tormentor(-1, -1); \
		long r = call; \
		say("%s, %s: %ld %s\n", what, how, r, r < 0 ? strerrorname_np(errno) : "-"); \
		calm(pid); \
	} while (0)
	TRY("nanosleep", nanosleep(&ten, &left));
	expect(left.tv_sec < 10);
	TRY("poll", poll(&(struct pollfd){ p[0], POLLIN, 0 }, 1, 10000));
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	TRY("select", select(p[0] + 1, &set, 0, 0, &(struct timeval){ 10, 0 }));
	TRY("epoll_wait", epoll_wait(ep, &ev, 1, 10000));
	TRY("pause", pause());
	TRY("sigtimedwait", sigtimedwait(&(sigset_t){ { 0 } }, 0, &ten));
	close(p[0]);
	close(p[1]);
	close(ep);
}

/* Blocked, looked at, then waited for: the wait must see each one, whatever the timing. */
static void no_loss(void)
{
	sigset_t block, old;
	int st, rounds = 300;
	install(SIGUSR1, 0);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &old);
	count = 0;
	pid_t parent = getpid(), pid = fork();
	if (!pid) {
		sigset_t reply;
		sigemptyset(&reply);
		sigaddset(&reply, SIGUSR1);
		for (int i = 0; i < rounds; i++) {
			kill(parent, SIGUSR1);
			sigwaitinfo(&reply, 0);
		}
		_exit(0);
	}
	for (int i = 0; i < rounds; i++) {
		while (count == i)
			sigsuspend(&old);
		kill(pid, SIGUSR1);
	}
	expect(waitpid(pid, &st, 0) == pid && st == 0);
	say("ping-pong: %d\n", count);
	sigprocmask(SIG_SETMASK, &old, 0);
}

/* An interval timer against system calls that never block: nothing may be interrupted, nothing lost. */
static void storm(void)
{
	struct itimerval it = { { 0, 500 }, { 0, 500 } };
	install(SIGALRM, SA_RESTART);
	count = 0;
	setitimer(ITIMER_REAL, &it, 0);
	long bad = 0;
	while (count < 200) {
		sigset_t s;
		bad += getppid() <= 0;
		bad += sigprocmask(SIG_BLOCK, 0, &s) != 0;
	}
	memset(&it, 0, sizeof it);
	setitimer(ITIMER_REAL, &it, 0);
	say("storm: %ld bad\n", bad);
	expect(!bad);
}

/* ppoll's own mask holds while it waits, the handler runs under it, and the frame brings the old one back. */
static sigset_t in_handler;
static void peek(int sig) { sigprocmask(SIG_BLOCK, 0, &in_handler); count++; }
static void masked_wait(void)
{
	struct sigaction sa = { .sa_handler = peek };
	sigset_t blocked, during, after;
	sigaction(SIGUSR1, &sa, 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, 0);
	sigemptyset(&during);
	sigaddset(&during, SIGHUP);
	count = 0;
	raise(SIGUSR1);
	expect(count == 0);
	int r = ppoll(0, 0, &(struct timespec){ 5, 0 }, &during);
	say("ppoll: %d %s, handled %d\n", r, strerrorname_np(errno), count);
	expect(sigismember(&in_handler, SIGUSR1) && sigismember(&in_handler, SIGHUP));
	sigprocmask(SIG_BLOCK, 0, &after);
	expect(sigismember(&after, SIGUSR1) && !sigismember(&after, SIGHUP));
	sigprocmask(SIG_UNBLOCK, &blocked, 0);
}

int main(void)
{
	pipe_read(0);
	pipe_read(SA_RESTART);
	waits(0);
	waits(SA_RESTART);
	no_loss();
	storm();
	masked_wait();
	return done();
}
