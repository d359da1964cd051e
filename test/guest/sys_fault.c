/* cflags: -D_GNU_SOURCE */
/* Bad addresses, dirty upper halves, numbers that are no calls: errors, never a crash. */
#include "sys_raw.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

static void pointers(void)
{
	int fd = open("/dev/zero", O_RDWR), s[2];
	char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page + 4096, 4096, PROT_NONE);
	show("open", raw(2, 0, 0));
	show("open kernel", raw(2, -4096, 0));
	show("open non-canonical", raw(2, 0x8000000000001000, 0));
	memset(page + 4090, 'a', 6);
	show("open, a string up to a hole", raw(2, page + 4090, 0));
	show("read", raw(0, fd, BAD, 10));
	show("read-only page", (mprotect(page, 4096, PROT_READ), raw(0, fd, page, 10)));
	show("write", raw(1, 1, BAD, 10));
	show("pipe2", raw(293, BAD, 0));
	show("select", raw(23, 1, BAD, 0, 0, 0));
	show("select time", raw(23, 0, 0, 0, 0, BAD));
	show("pselect6 mask", raw(270, 0, 0, 0, 0, 0, BAD));
	show("ppoll time", raw(271, 0, 0, BAD, 0, 8));
	show("ppoll mask", raw(271, 0, 0, 0, BAD, 8));
	show("ppoll mask size", raw(271, 0, 0, 0, page, 9));
	show("uname", raw(63, BAD));
	show("stat", raw(4, "/", BAD));
	show("getcwd", raw(79, BAD, 100));
	show("getcwd short", raw(79, page, 1));
	show("epoll_ctl", raw(233, fd, 1, fd, BAD));
	show("clock_gettime", raw(228, 0, BAD));
	show("gettimeofday", raw(96, BAD, 0));
	show("times", raw(100, BAD));
	show("getrlimit", raw(97, 7, BAD));
	show("rt_sigaction", raw(13, SIGUSR1, BAD, 0, 8));
	show("rt_sigprocmask", raw(14, SIG_BLOCK, BAD, 0, 8));
	show("sigaltstack", raw(131, BAD, 0));
	show("utimensat", raw(280, AT_FDCWD, "/", BAD, 0));
	show("prctl name", raw(157, 16, BAD));
	show("getrandom", raw(318, BAD, 8, 0));
	show("futex", raw(202, BAD, 0, 0, 0));
	show("execve path", raw(59, BAD, 0, 0));
	show("execve words", raw(59, "/bin/true", BAD, 0));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return;
	struct iovec v = { BAD, 5 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	show("writev", raw(20, s[0], &v, 1));
	show("writev vector", raw(20, s[0], BAD, 1));
	show("sendmsg", raw(46, s[0], &m, 0));
	show("sendmsg header", raw(46, s[0], BAD, 0));
	show("send", raw(44, s[0], "x", 1, 0, 0, 0));
	show("recvmsg header", raw(47, s[1], BAD, MSG_DONTWAIT));
	show("getsockname", raw(51, s[0], BAD, BAD));
	show("getsockopt", raw(55, s[0], SOL_SOCKET, SO_TYPE, page, BAD));
	show("socketpair", raw(53, AF_UNIX, SOCK_STREAM, 0, BAD));
}

static void upper_halves(void)
{
	char s[8];
	int p[2];
	uint32_t len = 4, type = 0;
	if (pipe(p))
		return;
	show("write", raw(1, GARBAGE(p[1]), "hello", 5));
	show("read", raw(0, GARBAGE(p[0]), s, 5));
	show("lseek", raw(8, GARBAGE(p[0]), 0, GARBAGE(0)));
	show("fcntl", raw(72, GARBAGE(p[0]), GARBAGE(F_GETFD), 0));
	show("close", raw(3, GARBAGE(p[0])));
	long s1 = ok("socket", raw(41, GARBAGE(AF_UNIX), GARBAGE(SOCK_DGRAM), GARBAGE(0)));
	show("getsockopt", raw(55, GARBAGE(s1), GARBAGE(SOL_SOCKET), GARBAGE(SO_TYPE), &type, &len));
	printf("  type %u len %u\n", type, len);
	show("umask", raw(95, GARBAGE(077)));
	show("umask again", raw(95, GARBAGE(022)));
	show("mkdir", raw(83, "/tmp", GARBAGE(0700)));
	show("kill none", raw(62, GARBAGE(getpid()), GARBAGE(0)));
	show("getpgid", raw(121, GARBAGE(0)) == getpgrp());
	show("wait4", raw(61, GARBAGE(-1), 0, GARBAGE(1), 0));
	show("dup2", raw(33, GARBAGE(1), GARBAGE(50)));
	show("setpriority who", raw(140, GARBAGE(0), GARBAGE(0)));
	show("clock_getres", raw(229, GARBAGE(1), 0));
	ok("eventfd2 flags", raw(290, 0, GARBAGE(1)));
#ifdef __x86_64__
	long pid;
	__asm__ volatile("syscall" : "=a" (pid) : "a" (GARBAGE(39)) : "rcx", "r11", "memory");
	check("number", pid == getpid());
#endif
}

static void registers(void)
{
#ifdef __x86_64__
	unsigned long rcx, r11, flags, here;
	__asm__ volatile("stc\n\tpushfq\n\tpop %3\n\tstc\n\tmov $39, %%eax\n\tsyscall\n\t0: mov %%rcx, %0\n\tmov %%r11, %1\n\t"
			 "lea 0b(%%rip), %2" : "=&r" (rcx), "=&r" (r11), "=&r" (here), "=&r" (flags)
			 : : "rax", "rcx", "r11", "memory", "cc");
	check("rcx is the next instruction", rcx == here);
	check("r11 is the flags", r11 == flags);
	printf("  carry %lu interrupts %lu\n", r11 & 1, r11 >> 9 & 1);
#endif
}

int main(void)
{
	pointers();
	upper_halves();
	registers();
	static const long none[] = { 156, 174, 177, 178, 180, 181, 182, 183, 184, 185, 205, 211, 214, 215, 236, 400, 423, 1000, 0x7fffffff };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		char s[32];
		sprintf(s, "call %ld", none[i]);
		show(s, raw(none[i]));
	}
	show("call -1", raw(-1));
	show("x32's getpid", raw(0x40000000 | 39));
	return 0;
}
