/* written.c - guest code that is changed by way of a file: /proc/self/mem, which writes past every protection (Julia's
 * compiler does), and files whose shared maps hold code.
 *
 * The code is dropped after the call. What is being translated meanwhile is not published: the mark of its page is gone.
 * What io_uring, another process, or a write to the file of a private map changes is not seen.
 */
#include "sys/abi.h"
#include <asm/stat.h>

enum { S_WRITE = 1, S_PWRITE = 18, S_WRITEV = 20, S_SENDFILE = 40, S_FTRUNCATE = 77, S_SPLICE = 275, S_FALLOCATE = 285,
       S_PWRITEV = 296, S_COPY_FILE_RANGE = 326, S_PWRITEV2 = 328 };        /* x86-64's numbers */

static const char *number(const char *s)
{
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

/* Its own memory, or a thread's of it? A stranger's costs a little time, nothing else. */
static bool is_mem(const char *path)
{
	const char *s = sys_after(path, "/proc/");
	if (!s)
		return false;
	s = number(s);
	const char *task = sys_after(s, "/task/");
	s = sys_after(task ? number(task) : s, "/mem");
	return s && !*s;
}

void sys_opened(const char *path, u64 oflags)
{
	size_t n = strlen(path);
	if (oflags & O_ACCMODE && n >= 3 && !strcmp(path + n - 3, "mem"))
		rt_smc_files = true;
}

/* n bytes were written to fd; at: where, or -1: they end at its position. */
static void written(int fd, s64 at, s64 n)
{
	char name[32], path[64];
	struct stat st;
	rt_format(name, sizeof name, "/proc/self/fd/%d", fd);
	s64 len = host_call(__NR_readlinkat, AT_FDCWD, name, path, sizeof path - 1);
	if (len > 0) {
		path[len] = 0;
		if (is_mem(path)) {
			s64 lo = at >= 0 ? at : host_call(__NR_lseek, fd, 0, 1 /* SEEK_CUR */) - n;
			rt_smc_changed(lo, lo + n);
			return;
		}
	}
	if (!host_call(__NR_fstat, fd, &st))
		rt_smc_file_changed(st.st_dev, st.st_ino);
}

void sys_written(struct thread *t, u32 nr, const u64 a[6], s64 n)
{
	switch (nr) {
	case S_WRITE: case S_WRITEV: case S_SENDFILE: written(a[0], -1, n); break;
	case S_PWRITE: case S_PWRITEV: case S_PWRITEV2: written(a[0], a[3], n); break;
	case S_FTRUNCATE: case S_FALLOCATE: written(a[0], 0, 0); break;
	case S_SPLICE: case S_COPY_FILE_RANGE: written(a[2], -1, n); break;
	}
}
