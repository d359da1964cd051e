/* cflags: -D_GNU_SOURCE */
/* Under a small RLIMIT_AS: what fits works, what does not fails with ENOMEM, and memory comes back. */
#include "check.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void under(unsigned long mib)
{
	struct rlimit r = { mib << 20, mib << 20 };
	char *p;

	expect(!setrlimit(RLIMIT_AS, &r));
	p = mmap(0, 2 * mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(p == MAP_FAILED && errno == ENOMEM);
	errno = 0;
	expect(!malloc(2 * mib << 20) && errno == ENOMEM);
	for (int k = 0; k < 50; k++) {
		p = malloc(mib << 16);
		expect(p != 0);
		if (p) memset(p, k, mib << 16);
		free(p);
	}
}

int main(void)
{
	static const int mib[] = { 400, 250, 160 };

	for (int k = 0; k < 3; k++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			under(mib[k]);
			exit(failures != 0);
		}
		expect(waitpid(pid, &status, 0) == pid && !status);
	}
	return done();
}
