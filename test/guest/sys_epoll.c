/* cflags: -D_GNU_SOURCE */
/* epoll: the event is packed, twelve bytes; masks and timeouts of its waiting calls; poll, select and their kin. */
#include "sys_raw.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

struct __attribute__((packed)) event { uint32_t events; uint64_t data; };
static unsigned char out[12 * 8 + 16];
static volatile sig_atomic_t caught;
static void on_alarm(int sig) { caught++; }

static void put(int ep, int op, int fd, uint32_t events, uint64_t data)
{
	struct event e = { events, data };
	show("epoll_ctl", raw(233, ep, op, fd, &e));
}

static void print(const char *what, long n)
{
	show(what, n);
	for (long i = 0; i < n; i++) {
		struct event *e = (void *)(out + 12 * i);
		printf("  events %x data %lx\n", e->events, e->data);
	}
	check("  nothing behind", out[12 * (n > 0 ? n : 0)] == 0xa5);
	memset(out, 0xa5, sizeof out);
}

static int later(void *unused) { struct itimerval v = { .it_value.tv_usec = 20000 }; return setitimer(ITIMER_REAL, &v, 0); }

/* Many at once: each told of once, none left for the next call. */
static void many(void)
{
	enum { N = 700 };
	static struct event all[N + 8];
	static char seen[N];
	int ep = raw(291, 0), once = 0;

	for (int i = 0; i < N; i++) {
		struct event e = { 4, i };
		int p[2];
		if (pipe(p) || raw(233, ep, 1, p[1], &e))
			return check("many pipes", 0);
	}
	show("epoll_wait, many", raw(232, ep, all, N + 8, 0));
	for (int i = 0; i < N; i++)
		once += all[i].data < N && !seen[all[i].data]++;
	show("  different ones", once);
}

int main(void)
{
	int a[2], b[2];
	memset(out, 0xa5, sizeof out);
	signal(SIGALRM, on_alarm);
	if (pipe(a) || pipe(b))
		return 1;
	int ep = ok("epoll_create", raw(213, 5));
	show("epoll_create 0", raw(213, 0));
	put(ep, 1, a[0], 1, 0x1122334455667788);
	put(ep, 1, b[0], 1, 0xfedcba9876543210);
	put(ep, 1, b[0], 1, 0);
	print("epoll_wait, none", raw(232, ep, out, 8, 0));
	if (write(a[1], "x", 1) != 1 || write(b[1], "y", 1) != 1)
		return 1;
	print("epoll_wait", raw(232, ep, out, 8, GARBAGE(-1)));
	print("epoll_wait, one", raw(232, GARBAGE(ep), out, GARBAGE(1), 0));
	put(ep, 3, a[0], 1u << 31 | 1, 0x8000000000000001);
	struct event e;
	show("epoll_ctl del, null", raw(233, ep, 2, b[0], 0));
	print("epoll_pwait", raw(281, ep, out, 8, 1000, 0, 8));
	print("epoll_pwait again, edge", raw(281, ep, out, 8, 0, 0, 8));
	show("epoll_wait, no room", raw(232, ep, out, 0, 0));
	show("epoll_wait, negative", raw(232, ep, out, -1, 0));
	show("epoll_wait, huge", raw(232, ep, out, 0x7fffffff, 0));
	show("epoll_ctl nowhere", raw(233, ep, 1, b[0], BAD));
	show("epoll_ctl bad op", raw(233, ep, 9, b[0], &e));
	sigset_t none, block;
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, 0);
	later(0);
	show("epoll_pwait, signal by mask", raw(281, ep, out, 8, 5000, &none, 8));
	printf("  caught %d\n", caught);
	later(0);
	show("epoll_pwait, blocked signal, timeout", raw(281, ep, out, 8, 60, 0, 8));
	printf("  caught %d\n", caught);
	struct timespec ts;
	show("epoll_pwait, bad set size", raw(281, ep, out, 8, 0, &none, 4));
	show("epoll_pwait, pending at once", raw(281, ep, out, 8, 5000, &none, 8));
	printf("  caught %d\n", caught);

	struct pollfd p[2] = { { a[0], POLLIN, 0 }, { b[1], POLLIN | POLLOUT, 0 } };
	show("poll", raw(7, p, 2, -1));
	printf("  revents %x %x\n", p[0].revents, p[1].revents);
	p[1].events = POLLIN;
	p[0].fd = -1;
	show("poll timeout", raw(7, p, GARBAGE(2), GARBAGE(10)));
	ts = (struct timespec){ 0, 10000000 };
	show("ppoll timeout", raw(271, p, 2, &ts, 0, 8));
	printf("  left %ld.%09ld\n", (long)ts.tv_sec, ts.tv_nsec);
	later(0);
	show("ppoll, signal", raw(271, p, 2, 0, &none, 8));
	printf("  caught %d\n", caught);
	show("poll nowhere", raw(7, BAD, 1, 0));

	fd_set r;
	FD_ZERO(&r);
	FD_SET(a[0], &r);
	FD_SET(b[0], &r);
	struct timeval tv = { 0, 1500000 };
	show("select", raw(23, b[1] + 1, &r, 0, 0, &tv));
	check("  set", FD_ISSET(a[0], &r) && FD_ISSET(b[0], &r));
	check("  time is counted down", tv.tv_sec == 1 && tv.tv_usec < 500000);
	char c;
	if (read(b[0], &c, 1) != 1 || read(a[0], &c, 1) != 1)
		return 1;
	tv = (struct timeval){ 0, 10000 };
	show("select timeout", raw(23, b[1] + 1, &r, 0, 0, &tv));
	printf("  left %ld.%06ld set %d\n", (long)tv.tv_sec, (long)tv.tv_usec, FD_ISSET(a[0], &r));
	tv.tv_usec = -1;
	show("select negative", raw(23, 0, 0, 0, 0, &tv));
	FD_SET(a[0], &r);
	struct { void *set; size_t size; } arg = { &none, 8 };
	later(0);
	show("pselect6, signal", raw(270, a[0] + 1, &r, 0, 0, 0, &arg));
	printf("  caught %d\n", caught);
	sigset_t now;
	sigprocmask(SIG_BLOCK, 0, &now);
	check("mask is back", sigismember(&now, SIGALRM));
	show("select nowhere", raw(23, 3, BAD, 0, 0, 0));
	struct rlimit lim = { 4096, 4096 };
	setrlimit(RLIMIT_NOFILE, &lim);
	many();
	return 0;
}
