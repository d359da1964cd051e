/* cflags: -D_GNU_SOURCE */
/* What a process reads about itself: /proc's files, by every kind of path, and uname. Only what is the same on every
 * x86-64 machine is printed.
 */
#include "sys_raw.h"
#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

extern char **environ;
static char buf[1 << 20];

static long slurp_at(int dir, const char *path)
{
	long n = 0, r;
	int fd = openat(dir, path, O_RDONLY);
	if (fd < 0)
		return -errno;
	while ((r = read(fd, buf + n, sizeof buf - 1 - n)) > 0)
		n += r;
	close(fd);
	buf[n] = 0;
	return n;
}

static long slurp(const char *path) { return slurp_at(AT_FDCWD, path); }

static void exe(const char *self)
{
	char s[4096], path[64];
	struct stat a, b;
	long n = raw(89, "/proc/self/exe", s, sizeof s);
	check("readlink /proc/self/exe", n == (long)strlen(self) && !memcmp(s, self, n));
	sprintf(path, "/proc/%d/exe", getpid());
	check("readlink /proc/PID/exe", raw(89, path, s, sizeof s) == n && !memcmp(s, self, n));
	check("readlink //proc/./self//exe", raw(89, "//proc/./self//exe", s, sizeof s) == n);
	check("readlink thread-self", raw(89, "/proc/thread-self/exe", s, sizeof s) == n && !memcmp(s, self, n));
	sprintf(path, "/proc/self/task/%d/exe", getpid());
	check("readlink task", raw(89, path, s, sizeof s) == n && !memcmp(s, self, n));
	show("readlink cut", raw(89, "/proc/self/exe", s, 4));
	show("readlink nowhere", raw(89, "/proc/self/exe", BAD, 100));
	int d = open("/proc/self", O_RDONLY | O_DIRECTORY), p = open("/proc", O_PATH);
	check("readlinkat dirfd", raw(267, d, "exe", s, sizeof s) == n && !memcmp(s, self, n));
	check("readlinkat /proc's descriptor", raw(267, p, "self/exe", s, sizeof s) == n);
	check("realpath", realpath("/proc/self/exe", s) && !strcmp(s, self));
	stat(self, &a);
	check("stat", !stat("/proc/self/exe", &b) && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	check("lstat", !lstat("/proc/self/exe", &b) && S_ISLNK(b.st_mode));
	check("access", !access("/proc/self/exe", X_OK));
	int fd = open("/proc/self/exe", O_RDONLY);
	Elf64_Ehdr h;
	check("open", fd >= 0 && read(fd, &h, sizeof h) == sizeof h && h.e_machine == EM_X86_64);
	close(fd);
	fd = openat(d, "exe", O_RDONLY);
	check("openat", fd >= 0 && !fstat(fd, &b) && a.st_ino == b.st_ino);
	close(fd);
	close(d);
	close(p);
}

static void maps(const char *self)
{
	int mine = 0, stack = 0, heap = 0, other = 0, sorted = 1, bad = 0, named = 1;
	unsigned long last = 0, lo, hi, off, ino;
	char perm[8], name[300];
	free(malloc(10));
	slurp("/proc/self/maps");
	for (char *l = strtok(buf, "\n"); l; l = strtok(0, "\n")) {
		name[0] = 0;
		if (sscanf(l, "%lx-%lx %4s %lx %*x:%*x %lu %299s", &lo, &hi, perm, &off, &ino, name) < 5)
			bad++;
		if (name[0])
			named &= strchr(l, name[0] == '/' ? '/' : '[') == l + 73;
		sorted &= lo >= last && hi > lo;
		last = hi;
		mine += !strcmp(name, self);
		if ((unsigned long)&bad >= lo && (unsigned long)&bad < hi)
			stack += !strcmp(name, "[stack]") && !strcmp(perm, "rw-p");
		heap += !strcmp(name, "[heap]");
		other += strstr(l, "stele") && !strstr(l, self);
		other += strstr(l, "aarch64") || strstr(l, "memfd:");
		if ((unsigned long)exe >= lo && (unsigned long)exe < hi)
			check("maps: code", !strcmp(perm, "r-xp") && !strcmp(name, self));
	}
	printf("maps: bad lines %d own file several times %d stack %d heap %d not ours %d\n", bad, mine > 2, stack, heap, other);
	check("maps: sorted", sorted);
	check("maps: names in their column", named);
}

static void smaps(void)
{
	long n = slurp("/proc/self/smaps");
	int heads = 0, sizes = 0, rss = 0;
	check("smaps", n > 0);
	for (char *l = strtok(buf, "\n"); l; l = strtok(0, "\n")) {
		heads += !isupper(*l);
		sizes += !strncmp(l, "Size:", 5);
		rss += !strncmp(l, "Rss:", 4);
	}
	check("smaps: a size each", heads == sizes && rss > 3);
}

static void words(int argc, char **argv)
{
	long n = slurp("/proc/self/cmdline");
	char *p = buf;
	int same = 1;
	for (int i = 0; i < argc; i++, p += strlen(p) + 1)
		same &= !strcmp(p, argv[i]);
	check("cmdline", same && p == buf + n);
	n = slurp("/proc/self/environ");
	p = buf;
	same = 1;
	for (char **e = environ; *e; e++, p += strlen(p) + 1)
		same &= !strcmp(p, *e);
	check("environ", same && p == buf + n);
	n = slurp("/proc/self/auxv");
	Elf64_auxv_t *a = (void *)buf;
	same = n >= (long)sizeof *a;
	for (; (char *)a < buf + n && a->a_type; a++)
		same &= a->a_type == AT_HWCAP ||        /* glibc's own idea of it */
			 getauxval(a->a_type) == a->a_un.a_val;
	check("auxv", same);
	check("AT_PLATFORM", !strcmp((char *)getauxval(AT_PLATFORM), "x86_64"));
	check("AT_EXECFN", strlen((char *)getauxval(AT_EXECFN)) > 0);
}

static void stat_file(void)
{
	static const char name[] = "a name) 7 (x";
	unsigned long v[60] = { 0 };
	int n = 2;
	prctl(PR_SET_NAME, name);
	slurp("/proc/self/comm");
	printf("comm: %s", buf);
	slurp("/proc/self/stat");
	printf("stat: starts with its pid %d\n", atoi(buf) == getpid());
	for (char *p = strtok(strrchr(buf, ')') + 2, " \n"); p; p = strtok(0, " \n"))
		v[++n] = strtoul(p, 0, 10);
	check("stat: code", v[26] <= (unsigned long)exe && (unsigned long)exe < v[27]);
	check("stat: stack", v[28] > (unsigned long)&n && v[28] < (unsigned long)environ);
	slurp("/proc/thread-self/stat");
	check("thread-self", atoi(buf) == getpid());
}

static void cpus(void)
{
	int n = 0, flags = 0, sse2 = 0;
	check("cpuinfo", slurp("/proc/cpuinfo") > 0);
	for (char *l = strtok(buf, "\n"); l; l = strtok(0, "\n")) {
		n += !strncmp(l, "processor\t:", 11);
		if (!strncmp(l, "flags\t\t:", 8)) {
			flags++;
			sse2 += strstr(l, " sse2 ") && strstr(l, " lm ");
		}
	}
	check("cpuinfo: as many as online", n == sysconf(_SC_NPROCESSORS_ONLN));
	check("cpuinfo: flags", flags == n && sse2 == n);
}

static void *in_thread(void *self)
{
	char s[4096], path[64];
	long n = raw(89, "/proc/thread-self/exe", s, sizeof s);
	check("thread: exe", n == (long)strlen(self) && !memcmp(s, self, n));
	sprintf(path, "/proc/%ld/exe", syscall(SYS_gettid));
	check("thread: by its id", raw(89, path, s, sizeof s) == n);
	slurp("/proc/thread-self/stat");
	check("thread: stat", atoi(buf) == syscall(SYS_gettid));
	return 0;
}

int main(int argc, char **argv)
{
	static char self[4096];
	struct utsname u;
	pthread_t t;
	int first = dup(0);
	close(first);
	if (!realpath(argv[0], self))
		return 1;
	exe(self);
	maps(self);
	smaps();
	words(argc, argv);
	stat_file();
	cpus();
	show("uname", raw(63, &u));
	printf("  %s %s\n", u.sysname, u.machine);
	show("uname nowhere", raw(63, BAD));
	show("personality", raw(135, GARBAGE(0xffffffff)));
	if (slurp("/proc/sys/kernel/arch") > 0)
		check("arch", !strcmp(buf, "x86_64\n"));
	else
		puts("arch: yes");      /* a kernel before 6.1 */
	if (chdir("/proc/self"))
		return 1;
	check("cwd: exe", raw(89, "exe", buf, sizeof buf) == (long)strlen(self) && !memcmp(buf, self, strlen(self)));
	check("cwd: cmdline", slurp("cmdline") > 0 && !strcmp(buf, argv[0]));
	check("cwd: ./stat", slurp("./stat") > 0 && atoi(buf) == getpid());
	show("open for writing", raw(2, "/proc/self/maps", O_WRONLY) < 0 ? -1 : 0);
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	check("a read-only descriptor", (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	show("write to it", raw(1, fd, "x", 1));
	close(fd);
	fd = open("/proc/self/cmdline", O_RDONLY);
	check("no descriptor of anybody else's", fd == first);
	fflush(stdout);
	pthread_create(&t, 0, in_thread, self);
	pthread_join(t, 0);
	return 0;
}
