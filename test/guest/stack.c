/* The first thread's stack: it grows as far as RLIMIT_STACK allows, and the kernel may write into its untouched part. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static int depth(int n)
{
	volatile char page[4096];

	page[0] = n;
	page[4095] = 1;
	return n ? depth(n - 1) + page[4095] : 0;
}

static int into_untouched(void)
{
	char buf[2 << 20];
	int n = read(open("/dev/zero", O_RDONLY), buf, sizeof buf);

	return n == sizeof buf && !buf[0] && !buf[sizeof buf - 1];
}

int main(void)
{
	struct rlimit r;
	long pages;

	getrlimit(RLIMIT_STACK, &r);
	printf("limit %ld\n", (long)r.rlim_cur);
	if (r.rlim_cur >= 4 << 20) printf("read into it: %d\n", into_untouched());
	pages = r.rlim_cur / 4096 * 3 / 4;
	if (r.rlim_cur == RLIM_INFINITY) pages = (200 << 20) / 4096;
	printf("%ld deep: %d\n", pages, depth(pages));
	fflush(stdout);
	printf("too deep: %d\n", r.rlim_cur == RLIM_INFINITY ? 0 : depth(pages * 2));
	return 0;
}
