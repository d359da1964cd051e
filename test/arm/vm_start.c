/* vm_start A B RUNS MOST: starts A and B in turn, each RUNS times; prints both medians and their ratio. The status is 1 if the
 * ratio is above MOST, or a program fails. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define MOST_RUNS 1000

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double run(char *path)
{
	char *argv[] = { path, NULL }, *envp[] = { NULL };
	double start = now();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, path, NULL, NULL, argv, envp) || waitpid(pid, &status, 0) != pid || status) {
		printf("%s does not run\n", path);
		exit(1);
	}
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static double a[MOST_RUNS], b[MOST_RUNS];
	int n = argc == 5 ? atoi(argv[3]) : 0;
	double ratio;

	if (n < 1 || n > MOST_RUNS)
		return 2;
	for (int i = 0; i < n; i++) {
		a[i] = run(argv[1]);
		b[i] = run(argv[2]);
	}
	qsort(a, n, sizeof *a, compare);
	qsort(b, n, sizeof *b, compare);
	ratio = a[n / 2] / b[n / 2];
	printf("%.2f ms over %.2f ms: %.1f\n", a[n / 2], b[n / 2], ratio);
	return ratio > atof(argv[4]);
}
