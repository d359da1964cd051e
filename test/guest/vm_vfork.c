/* cflags: -D_GNU_SOURCE */
/* vm_vfork.c - a vfork child that makes shared memory: its parent, which sleeps in calls within calls and has called through
 * pointers, goes on where it was. User-mode emulators make a vfork a fork; this is for a real ARM64 kernel. */
#include "check.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int *shared;
static long calls;

static __attribute__((noinline)) long leaf(long x) { calls++; return x + 1; }
static __attribute__((noinline)) long other(long x) { calls += 2; return x + 2; }
static long (*volatile by_pointer[2])(long) = { leaf, other };

static __attribute__((noinline)) long deep(int n, int when)
{
	if (n == 0) {
		if (when) {
			pid_t p = vfork();
			int status;
			if (!p) {
				shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
				*shared = 42;
				_exit(by_pointer[0](4));
			}
			expect(waitpid(p, &status, 0) == p && WEXITSTATUS(status) == 5);
		}
		return by_pointer[1](0);
	}
	return by_pointer[n % 2](deep(n - 1, when));
}

int main(void)
{
	long a = 0, b;

	for (int i = 0; i < 1000; i++)
		a = deep(30, 0);
	b = deep(30, 1);
	say("%ld %ld shared %d calls %ld\n", a, b, *shared, calls);
	expect(a == b && *shared == 42);
	for (int i = 0; i < 1000; i++)
		a = deep(30, 0);
	expect(a == b);
	return done();
}
