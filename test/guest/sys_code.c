/* cflags: -D_GNU_SOURCE */
/* System calls that write where code has been executed: they must succeed, and the new bytes must run. */
#include "sys_raw.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

static unsigned char *page;

/* mov $n, %eax; ret */
static void code(unsigned char *to, int n)
{
	memcpy(to, "\xb8", 1);
	memcpy(to + 1, &n, 4);
	to[5] = 0xc3;
}

static int run(void) { return ((int (*)(void))page)(); }

/* Translates what is in the page, so that it is watched. What a call writes goes to the page's second half. */
static unsigned char *armed(int n)
{
	code(page, n);
	if (run() != n)
		puts("the code is not what was written");
	return page + 2048;
}

static int pair[2];
static unsigned char *message(int n)
{
	static unsigned char m[6];
	code(m, n);
	return m;
}

static void feed(int n)
{
	if (write(pair[1], message(n), 6) != 6)
		puts("write failed");
}

/* Calls that replace the code itself. */
static void replaced(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct iovec v = { page, 6 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct mmsghdr mm = { .msg_hdr = m };
	armed(1);
	feed(2);
	show("read from a socket", raw(0, pair[0], page, 6));
	printf("  runs %d\n", run());
	feed(3);
	show("recvfrom", raw(45, pair[0], page, 6, 0, 0, 0));
	printf("  runs %d\n", run());
	feed(4);
	show("recvmsg", raw(47, pair[0], &m, 0));
	printf("  runs %d\n", run());
	feed(5);
	show("recvmmsg", raw(299, pair[0], &mm, 1, 0, 0));
	printf("  runs %d\n", run());
	feed(6);
	show("readv", raw(19, pair[0], &v, 1));
	printf("  runs %d\n", run());
	if (pwrite(fd, message(7), 6, 0) != 6 || pwrite(fd, message(8), 6, 6) != 6)
		return;
	show("pread64", raw(17, fd, page, 6, 0));
	printf("  runs %d\n", run());
	show("preadv", raw(295, fd, &v, 1, 6, 0));
	printf("  runs %d\n", run());
	lseek(fd, 0, SEEK_SET);
	show("read from a file", raw(0, fd, page, 6));
	printf("  runs %d\n", run());
	close(fd);
}

/* Calls that write beside it. */
static void beside(void)
{
	unsigned char *p;
	struct stat *st = (void *)(p = armed(20));
	int n, fd = open("/dev/null", O_RDWR), ep = epoll_create1(0), d = open("/proc/self", O_RDONLY | O_DIRECTORY);
	show("stat", raw(4, "/dev/null", st));
	printf("  rdev %lx\n", (long)st->st_rdev);
	p = armed(21);
	show("fstat", raw(5, fd, p));
	p = armed(22);
	check("getdents64", raw(217, d, p, 1024) > 0);
	p = armed(23);
	check("getdents", raw(78, open("/proc/self", O_RDONLY), p, 1024) > 0);
	p = armed(24);
	feed(1);
	show("ioctl", raw(16, pair[0], FIONREAD, p));
	memcpy(&n, p, 4);
	printf("  %d\n", n);
	p = armed(25);
	raw(16, 0, TIOCGWINSZ, p);
	p = armed(26);
	*(struct pollfd *)p = (struct pollfd){ pair[0], POLLIN, 0 };
	armed(26);
	show("poll", raw(7, p, 1, 0));
	printf("  revents %x\n", ((struct pollfd *)p)->revents);
	p = armed(27);
	struct epoll_event e = { EPOLLIN, { .u64 = 77 } };
	epoll_ctl(ep, EPOLL_CTL_ADD, pair[0], &e);
	show("epoll_wait", raw(232, ep, p, 4, 0));
	printf("  data %lu\n", ((struct epoll_event *)p)->data.u64);
	memset(p, 0, 128);
	*p = 1 << pair[0];
	armed(28);
	show("select", raw(23, pair[0] + 1, p, 0, 0, 0));
	p = armed(29);
	show("uname", raw(63, p));
	p = armed(30);
	show("clock_gettime", raw(228, CLOCK_MONOTONIC, p));
	p = armed(31);
	show("gettimeofday", raw(96, p, 0));
	p = armed(32);
	show("getrandom", raw(318, p, 100, 0));
	p = armed(33);
	check("getcwd", raw(79, p, 1000) > 0);
	p = armed(34);
	check("readlink", raw(89, "/proc/self/cwd", p, 1000) > 0);
	p = armed(35);
	show("pipe", raw(22, p));
	p = armed(36);
	socklen_t len = 4;
	show("getsockopt", raw(55, pair[0], SOL_SOCKET, SO_TYPE, p, &len));
	p = armed(37);
	show("prctl", raw(157, 16, p));
	p = armed(38);
	show("getrlimit", raw(97, 7, p));
	p = armed(39);
	show("sysinfo", raw(99, p));
	p = armed(40);
	show("statx", raw(332, AT_FDCWD, "/", 0, 0x7ff, p));
	p = armed(41);
	show("statfs", raw(137, "/proc", p));
	p = armed(42);
	check("sched_getaffinity", raw(204, 0, 128, p) > 0);
	p = armed(43);
	show("socketpair", raw(53, AF_UNIX, SOCK_STREAM, 0, p));
	p = armed(44);
	check("getxattr", raw(191, "/", "user.none", p, 100) < 0);
	p = armed(45);
	show("rt_sigprocmask", raw(14, 0, 0, p, 8));
	p = armed(46);
	show("getitimer", raw(36, 0, p));
	printf("the code is still there: %d\n", run());
}

int main(void)
{
	page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return 1;
	replaced();
	beside();
	return 0;
}
