/* cflags: -D_GNU_SOURCE */
/* Calls that user-mode QEMU lacks or answers otherwise, whoever makes them: to be run where the kernel is an ARM64 one. */
#include "sys_raw.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

struct __attribute__((packed)) event { uint32_t events; uint64_t data; };

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
	return 0;
}
