/* cflags: -D_GNU_SOURCE */
/* Calls that user-mode QEMU lacks or answers otherwise, whoever makes them: to be run where the kernel is an ARM64 one. */
#include "sys_raw.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/uio.h>

struct __attribute__((packed)) event { uint32_t events; uint64_t data; };

/* Into one's own code. */
static void write_code(void)
{
	static const unsigned char one[] = { 0xb8, 1, 0, 0, 0, 0xc3 }, two[] = { 0xb8, 2, 0, 0, 0, 0xc3 };
	unsigned char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec from = { (void *)two, 6 }, to = { p, 6 };
	memcpy(p, one, 6);
	printf("runs %d\n", ((int (*)(void))p)());
	show("process_vm_writev", raw(311, getpid(), &from, 1, &to, 1, 0));
	printf("runs %d\n", ((int (*)(void))p)());
}

/* QEMU makes this file itself, shorter and with its own idea of the name. */
static void stat_file(void)
{
	char buf[2000];
	unsigned long v[60] = { 0 };
	int n = 2, fd;
	prctl(PR_SET_NAME, "a name) 7 (x");
	fd = open("/proc/self/stat", O_RDONLY);
	ssize_t len = read(fd, buf, sizeof buf - 1);
	buf[len < 0 ? 0 : len] = 0;
	char *lo = strchr(buf, '('), *hi = strrchr(buf, ')');
	printf("stat: %.*s\n", (int)(hi - lo + 1), lo);
	for (char *p = strtok(hi + 2, " \n"); p; p = strtok(0, " \n"))
		v[++n] = strtoul(p, 0, 10);
	printf("stat: %d fields\n", n);
	check("stat: code", v[26] <= (unsigned long)stat_file && (unsigned long)stat_file < v[27]);
	check("stat: stack", v[28] > (unsigned long)&n && v[28] < (unsigned long)environ);
	check("stat: break", v[47] && v[47] <= (unsigned long)sbrk(0));
	check("stat: arguments", v[48] && v[49] > v[48] && v[50] >= v[49] && v[51] > v[50]);
	show("open as a directory", raw(2, "/proc/self/maps", 0200000));
}

int main(void)
{
	int fd = open("/dev/zero", O_RDWR), p[2];
	char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page + 4096, 4096, PROT_NONE);
	memset(page, 'a', 4096);
	show("open, a string without end", raw(2, page, 0));
	show("read across a hole", raw(0, fd, page + 4000, 200));
	show("write closed", raw(1, 999, BAD, 10));
	show("nanosleep", raw(35, BAD, 0));

	uint64_t how[3] = { 1ull << 40 };
	show("openat2 unknown flag", raw(437, AT_FDCWD, "/", how, 24));
	fd = open("/", O_RDONLY);
	show("F_GETFL", raw(72, fd, F_GETFL));
	fd = open("/", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	show("F_GETFL", raw(72, fd, F_GETFL));

	show("open /proc/self/exe nofollow", raw(2, "/proc/self/exe", 0400000));

	unsigned char out[12 * 4 + 1];
	memset(out, 0xa5, sizeof out);
	int ep = raw(291, 0);
	if (pipe(p) || write(p[1], "x", 1) != 1)
		return 1;
	struct event e = { 1, 0x0123456789abcdef }, *o = (void *)out;
	show("epoll_ctl", raw(233, ep, 1, p[0], &e));
	struct timespec ts = { 1, 0 };
	show("epoll_pwait2", raw(441, ep, out, 4, &ts, 0, 8));
	printf("  events %x data %lx guard %x\n", o->events, o->data, out[12]);
	show("epoll_pwait2 nowhere", raw(441, ep, out, 4, BAD, 0, 8));
	show("openat2 nowhere", raw(437, AT_FDCWD, "/", BAD, 24));
	uint32_t futex = 0;
	struct { uint64_t val, uaddr; uint32_t flags, reserved; } w = { 1, (uint64_t)&futex, 2, 0 };
	show("futex_waitv, other value", raw(449, &w, 1, 0, 0, 0));
	show("memfd_secret bad", raw(447, GARBAGE(99)));
	write_code();
	stat_file();
	return 0;
}
