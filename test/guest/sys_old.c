/* cflags: -D_GNU_SOURCE */
/* Calls that newer architectures do not have any more: those on paths, on time, and makers of descriptors. */
#include "sys_raw.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

static void mode(const char *path)
{
	struct stat s;
	if (lstat(path, &s))
		printf("  %s: %s\n", path, strerrorname_np(errno));
	else
		printf("  %s: mode %o nlink %lu mtime %ld.%09ld\n", path, s.st_mode, S_ISDIR(s.st_mode) ? 0 : (long)s.st_nlink,
		       s.st_mtim.tv_sec < 2000000000 && s.st_mtim.tv_sec > 1500000000 ? 0 : s.st_mtim.tv_sec,
		       s.st_mtim.tv_sec < 2000000000 && s.st_mtim.tv_sec > 1500000000 ? 0 : s.st_mtim.tv_nsec);
}

static void paths(void)
{
	char s[64];
	show("mkdir", raw(83, "dir", GARBAGE(0751)));
	mode("dir");
	show("mkdir again", raw(83, "dir", 0700));
	show("mknod fifo", raw(133, "fifo", GARBAGE(S_IFIFO | 0644), 0));
	mode("fifo");
	show("mknod file", raw(133, "file", S_IFREG | 0600, 0));
	mode("file");
	show("chmod", raw(90, "file", GARBAGE(0604)));
	show("link", raw(86, "file", "second"));
	mode("file");
	show("symlink", raw(88, "file", "link"));
	show("symlink again", raw(88, "file", "link"));
	show("link to a link", raw(86, "link", "third"));
	mode("third");
	memset(s, 'x', sizeof s);
	long n = show("readlink", raw(89, "link", s, 64));
	printf("  %.*s then %c\n", (int)n, s, s[n]);
	show("readlink short", raw(89, "link", s, 2));
	show("readlink none", raw(89, "link", s, 0));
	show("readlink negative", raw(89, "link", s, -1));
	show("readlink of a file", raw(89, "file", s, 64));
	show("readlink nowhere", raw(89, "link", BAD, 64));
	show("chown", raw(92, "link", geteuid(), GARBAGE(getegid())));
	show("chown nobody", raw(92, "file", -1, -1));
	show("lchown", raw(94, "link", geteuid(), getegid()));
	show("access", raw(21, "file", R_OK | W_OK));
	show("access bad mode", raw(21, "file", 8));
	show("access missing", raw(21, "missing", GARBAGE(0)));
	show("rename", raw(82, "second", "dir/moved"));
	show("rename missing", raw(82, "second", "dir/moved"));
	show("rename onto a directory", raw(82, "file", "dir"));
	show("rmdir not empty", raw(84, "dir"));
	show("unlink a directory", raw(87, "dir"));
	show("rmdir a file", raw(84, "file"));
}

static void times(void)
{
	long now, t2[2] = { 1111111111, -3 };
	struct timeval tv[2] = { { 5, 6 }, { 1000000000, 999999 } };
	show("utime", raw(132, "file", t2));
	mode("file");
	show("utimes", raw(235, "link", tv));
	mode("file");
	tv[1].tv_usec = 1000000;
	show("utimes bad", raw(235, "file", tv));
	tv[1].tv_usec = 7;
	show("futimesat", raw(261, AT_FDCWD, "file", tv));
	mode("file");
	int fd = open("file", O_RDONLY);
	tv[1].tv_sec = 99;
	show("futimesat by descriptor", raw(261, fd, 0, tv));
	mode("file");
	show("utimes null path", raw(235, 0, tv));
	show("utimes nowhere", raw(235, "file", BAD));
	show("utime now", raw(132, "file", 0));
	mode("file");
	close(fd);
	time_t t = time(0);
	long r = raw(201, &now);
	check("time", r == now && r >= t - 1 && r <= t + 1);
	check("time null", raw(201, 0) >= t - 1);
	show("time nowhere", raw(201, BAD));
	show("alarm", raw(37, GARBAGE(100)));
	show("alarm again", raw(37, 0));
	show("alarm off", raw(37, 0));
	struct itimerval v = { .it_value = { 0, 900000 } };
	setitimer(ITIMER_REAL, &v, 0);
	show("alarm, less than a second left", raw(37, 0));
}

static void descriptors(void)
{
	int p[2];
	uint64_t v;
	show("pipe", raw(22, p));
	check("  two descriptors", p[1] == p[0] + 1 && !(fcntl(p[0], F_GETFD) & FD_CLOEXEC));
	show("pipe nowhere", raw(22, BAD));
	check("  none lost", dup(0) == p[1] + 1);
	show("dup2", raw(33, p[0], 77));
	show("dup2 itself", raw(33, GARBAGE(77), GARBAGE(77)));
	show("dup2 closed itself", raw(33, 78, 78));
	show("dup2 closed", raw(33, 78, 79));
	show("dup2 negative", raw(33, 77, -1));
	show("dup3 itself", raw(292, 77, 77, 0));
	show("close_range", raw(436, 77, 77, 0));
	long e = ok("eventfd", raw(284, GARBAGE(3)));
	show("read", raw(0, e, &v, 8));
	printf("  %lu\n", v);
	long i = ok("inotify_init", raw(253));
	ok("inotify_add_watch", raw(254, i, ".", 2));
	check("getpgrp", raw(111) == getpgid(0));
}

struct old_dirent { unsigned long ino, off; unsigned short reclen; char name[]; };
static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *what, int nr)
{
	static char buf[4096], lines[64][80], *sorted[64];
	int n = 0, fd = open(".", O_RDONLY | O_DIRECTORY);
	long got;
	while ((got = raw(nr, GARBAGE(fd), buf, GARBAGE(300))) > 0)
		for (long at = 0; at < got; n++) {
			struct old_dirent *d = (void *)(buf + at);
			int old = nr == 78;
			char *name = d->name + !old;
			int type = old ? buf[at + d->reclen - 1] : d->name[0];
			sprintf(lines[n], "  %s type %d reclen %d ino %s", name, type, d->reclen, d->ino ? "set" : "0");
			sorted[n] = lines[n];
			at += d->reclen;
		}
	show(what, got);
	qsort(sorted, n, sizeof *sorted, by_name);
	for (int k = 0; k < n; k++)
		puts(sorted[k]);
	lseek(fd, 0, SEEK_SET);
	show("  too small", raw(nr, fd, buf, 8));
	show("  nowhere", raw(nr, fd, BAD, 4096));
	show("  a file", raw(nr, 0, buf, 4096));
	close(fd);
}

/* The page at a fixed address that old static programs call. Some kernels are without it. */
static void vsyscalls(void)
{
	long (*time_)(long *) = (void *)0xffffffffff600400, (*getcpu_)(unsigned *, unsigned *, void *) = (void *)0xffffffffff600800,
	     (*gettimeofday_)(struct timeval *, void *) = (void *)0xffffffffff600000;
	struct timeval tv = { 0, -1 };
	unsigned cpu = -1;
	int there = !system("grep -q 'x.*\\[vsyscall\\]' /proc/self/maps");
	long now = time(0), then = there ? time_(0) : now;

	if (there && gettimeofday_(&tv, 0)) then = 0;
	if (there && getcpu_(&cpu, 0, 0)) then = 0;
	printf("vsyscalls: %s\n", then - now < 2 && (!there || (tv.tv_sec - now < 2 && tv.tv_usec >= 0 && cpu < 4096)) ? "right" : "wrong");
	fflush(stdout);
}

int main(void)
{
	vsyscalls();
	work();
	umask(0);
	paths();
	times();
	descriptors();
	int null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	mkdir("a-directory-with-a-longer-name", 0700);
	list("getdents", 78);
	list("getdents64", 217);
	rmdir("a-directory-with-a-longer-name");
	show("unlink", raw(87, "dir/moved"));
	show("rmdir", raw(84, "dir"));
	unlink("fifo");
	unlink("file");
	unlink("link");
	unlink("third");
	leave();
	return 0;
}
