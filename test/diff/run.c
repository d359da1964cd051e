/* run.c - has the oracle execute a batch, here or under a command. */
#include "diff.h"
#include "x86/feature.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *oracle = "build/guest/oracle", *scratch = "/tmp";
bool run_quietly;

static void write_batch(const char *path, const struct batch *b, bool careful)
{
	struct tbatch h = { .magic = DIFF_MAGIC, .ncases = b->n, .code_off = 4096, .code_size = align_up(b->size, 4096u), .careful = careful,
			    .avx = !!(announced & X86_BIT(AVX)) };
	u8 *code = calloc(1, h.code_size);
	FILE *f = fopen(path, "w");

	memset(code, 0xcc, h.code_size);
	for (u32 k = 0; k < b->ncode; k++)
		memcpy(code + b->code[k].rip - DIFF_CODE, b->code[k].b, b->code[k].len + 7);
	h.case_off = h.code_off + h.code_size;
	if (!f || fwrite(&h, sizeof h, 1, f) != 1 || fseek(f, h.code_off, SEEK_SET) || fwrite(code, h.code_size, 1, f) != 1 ||
	    fwrite(b->t, sizeof *b->t, b->n, f) != b->n || fclose(f)) {
		perror(path);
		exit(2);
	}
	free(code);
}

static bool load(struct answers *a, const char *path, u32 n)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	size_t k = 0;

	*a = (struct answers){ .r = calloc(n, sizeof *a->r) };
	if (fd < 0 || fstat(fd, &st)) return false;
	a->p = malloc(st.st_size + 1);
	if (read(fd, a->p, st.st_size) != st.st_size) st.st_size = 0;
	close(fd);
	while (a->n < n && k + sizeof(struct tresult) <= (size_t)st.st_size) {
		const struct tresult *r = (void *)(a->p + k);

		k += sizeof *r + r->nmem * sizeof(struct tword);
		if (k > (size_t)st.st_size) break;
		a->r[a->n++] = r;
	}
	return a->n == n;
}

void answers_free(struct answers *a)
{
	free(a->p);
	free(a->r);
}

bool run_batch(struct answers *a, const struct batch *b, const char *command, const char *env, bool careful)
{
	char in[256], out[256], line[1024];
	int status;

	snprintf(in, sizeof in, "%s/mktest-%d.batch", scratch, getpid());
	snprintf(out, sizeof out, "%s/mktest-%d.results", scratch, getpid());
	write_batch(in, b, careful);
	unlink(out);
	snprintf(line, sizeof line, "ulimit -t %d; exec env %s timeout -s KILL 900 %s %s %s %s%s", careful || run_quietly ? 20 : 120, env, command,
		 oracle, in, out, run_quietly ? " 2>/dev/null" : "");
	status = system(line);
	if (status && !careful && !run_quietly) fprintf(stderr, "mktest: \"%s\" ended with status %x\n", line, status);
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM)) exit(2);
	status = load(a, out, b->n) && !status;
	if (!getenv("KEEP")) unlink(in);
	unlink(out);
	return status;
}

u64 features_of(const char *command, const char *env)
{
	char out[256], line[1024];
	u64 m = 0;
	FILE *f;

	snprintf(out, sizeof out, "%s/mktest-%d.features", scratch, getpid());
	snprintf(line, sizeof line, "exec env %s timeout -s KILL 120 %s %s features %s", env, command, oracle, out);
	if (system(line) || !(f = fopen(out, "r")) || fread(&m, sizeof m, 1, f) != 1) {
		fprintf(stderr, "mktest: \"%s\" does not tell its features\n", line);
		exit(2);
	}
	fclose(f);
	unlink(out);
	return m;
}
