/* procfs.c - the files of /proc that would speak of the host program and its machine.
 *
 * They are recognised by name, made when they are opened (procmake.c, cpuinfo.c), and given as a read-only descriptor of a
 * memfd: the kernel's own file is opened first, so that existence and permission are judged by the kernel. /proc/PID is
 * ours if PID is what /proc/self says, or a thread of this process. Of another process that runs here like us only the exe is
 * known, from its maps. Everything else in /proc is true as it stands.
 */
#include "sys/procfs.h"
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/auxvec.h>

#define PROC_MAGIC 0x9fa0

/* --- names -------------------------------------------------------------------------------------------- */

static bool own_pid(u64 pid)
{
	char s[64];
	u64 self;
	s64 n = host_call(__NR_readlinkat, AT_FDCWD, "/proc/self", s, sizeof s - 1);
	if (n <= 0)
		return false;
	s[n] = 0;
	const char *p = s;
	if (proc_number(&p, &self) && self == pid)
		return true;
	rt_format(s, sizeof s, "/proc/self/task/%lu", pid);
	return host_call(__NR_faccessat, AT_FDCWD, s, 0) == 0;
}

static enum proc_file own_file(const char *name)
{
	static const struct { const char *name; u8 file; } files[] = {
		{ "exe", PROC_EXE }, { "maps", PROC_MAPS }, { "smaps", PROC_SMAPS }, { "cmdline", PROC_CMDLINE },
		{ "environ", PROC_ENVIRON }, { "auxv", PROC_AUXV }, { "stat", PROC_STAT },
	};
	for (size_t i = 0; i < countof(files); i++)
		if (!strcmp(name, files[i].name))
			return files[i].file;
	return PROC_NOT;
}

/* What follows "/proc/" in a path without "//" and "/./". */
static enum proc_file below_proc(const char *s)
{
	const char *r;
	u64 pid;
	if (!strcmp(s, "cpuinfo"))
		return PROC_CPUINFO;
	if (!strcmp(s, "sys/kernel/arch"))
		return PROC_ARCH;
	if ((r = sys_after(s, "self/")) || (r = sys_after(s, "thread-self/"))) {
		s = r;
	} else {
		if (!proc_number(&s, &pid) || *s++ != '/' || !own_file(strrchr(s - 1, '/') + 1))
			return PROC_NOT;
		if (!own_pid(pid))
			return strcmp(s, "exe") ? PROC_NOT : PROC_OTHER;
	}
	if ((r = sys_after(s, "task/"))) {
		s = r;
		if (!proc_number(&s, &pid) || *s++ != '/')
			return PROC_NOT;
	}
	return own_file(s);
}

/* Without "//" and "/./"; the result is no longer than the path. */
static void tidy(char *d, const char *s)
{
	while (*s) {
		if (s[0] == '/' && (s[1] == '/' || (s[1] == '.' && s[2] == '/')))
			s += s[1] == '/' ? 1 : 2;
		else
			*d++ = *s++;
	}
	*d = 0;
}

static bool on_proc(int dirfd)
{
	u64 st[15];
	s64 r = dirfd == AT_FDCWD ? host_call(__NR_statfs, ".", st) : host_call(__NR_fstatfs, dirfd, st);
	return r == 0 && st[0] == PROC_MAGIC;
}

static s64 dir_name(int dirfd, char *s, size_t size)
{
	char link[40];
	rt_format(link, sizeof link, dirfd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dirfd);
	return host_call(__NR_readlinkat, AT_FDCWD, link, s, size);
}

/* A path's name from the root on, if it may be one of ours. Cheap for what is not in /proc: almost every path. The longest
 * name of interest has some 50 characters. */
static bool full_name(int dirfd, const char *path, char name[256])
{
	s64 n = 0;
	const char *last = strrchr(path, '/');
	last = last ? last + 1 : path;
	if (!(own_file(last) || !strcmp(last, "cpuinfo") || !strcmp(last, "arch")) || strlen(path) > 100)
		return false;
	if (path[0] != '/') {
		if (!on_proc(dirfd) || (n = dir_name(dirfd, name, 150)) <= 0)
			return false;
		name[n++] = '/';
	}
	tidy(name + n, path);
	return true;
}

enum proc_file sys_proc_file(int dirfd, const char *path)
{
	char name[256];
	const char *r = full_name(dirfd, path, name) ? sys_after(name, "/proc/") : 0;
	return r ? below_proc(r) : PROC_NOT;
}

/* Is what this descriptor stands for, a link opened by O_PATH and O_NOFOLLOW, our exe? */
bool sys_proc_exe_fd(int fd)
{
	char name[256];
	s64 n = on_proc(fd) ? dir_name(fd, name, sizeof name - 1) : 0;
	if (n <= 0)
		return false;
	name[n] = 0;
	return sys_proc_file(AT_FDCWD, name) == PROC_EXE;
}

static bool same_file(const char *path, const struct vma *v)
{
	struct stat s;
	return host_call(__NR_newfstatat, AT_FDCWD, path, &s, 0) == 0 && s.st_dev == v->dev && s.st_ino == v->ino;
}

/* The program's name may lead elsewhere by now: it was deleted, or we are in a chroot. The kernel's link to the file that
 * is mapped still leads there, for those who may follow it. */
const char *sys_proc_exe(char buf[PATH_SIZE])
{
	struct vma v;
	if (!rt_vma(rt.phdr, &v) || !v.path || same_file(rt.exe, &v))
		return rt.exe;
	rt_format(buf, PATH_SIZE, "/proc/self/map_files/%lx-%lx", v.lo, v.hi);
	return same_file(buf, &v) ? buf : rt.exe;
}

/* --- others ------------------------------------------------------------------------------------------- */

static bool is_stele(u64 pid)
{
	char path[40];
	struct stat a, b;
	rt_format(path, sizeof path, "/proc/%lu/exe", pid);
	return host_call(__NR_newfstatat, AT_FDCWD, "/proc/self/exe", &a, 0) == 0 &&
	       host_call(__NR_newfstatat, AT_FDCWD, path, &b, 0) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static s64 open_of(u64 pid, const char *file)
{
	char path[40];
	rt_format(path, sizeof path, "/proc/%lu/%s", pid, file);
	return host_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

/* Where its program begins: the kernel has been told its auxv (rt/stack.c). */
static gaddr entry_of(u64 pid)
{
	struct { u64 type, value; } v[64];
	s64 fd = open_of(pid, "auxv"), n;
	if (fd < 0)
		return 0;
	n = host_call(__NR_read, fd, v, sizeof v);
	host_call(__NR_close, fd);
	for (s64 i = 0; i < n / (s64)sizeof *v; i++)
		if (v[i].type == AT_ENTRY)
			return v[i].value;
	return 0;
}

const char *sys_proc_other_exe(int dirfd, const char *path, char buf[PATH_SIZE])
{
	char name[256];
	u64 pid, lo, hi;
	const char *s = full_name(dirfd, path, name) ? sys_after(name, "/proc/") : 0, *p, *found = 0;
	if (!s || !proc_number(&s, &pid) || !is_stele(pid))
		return 0;
	gaddr entry = entry_of(pid);
	struct proc_lines l = { .fd = entry ? open_of(pid, "maps") : -1 };
	while (l.fd >= 0 && !found && proc_line(&l, buf, PATH_SIZE)) {
		p = buf;
		if (proc_hex(&p, &lo) && *p++ == '-' && proc_hex(&p, &hi) && lo <= entry && entry < hi)
			found = strchr(p, '/');
	}
	if (l.fd >= 0)
		host_call(__NR_close, l.fd);
	if (found)
		buf[strlen(buf) - 1] = 0;       /* the line's end */
	return found;
}

/* --- opening ------------------------------------------------------------------------------------------ */

/* A read-only description of the same file: a memfd's own is read-write. */
static s64 read_only(int fd, u64 oflags)
{
	char s[40];
	rt_format(s, sizeof s, "/proc/self/fd/%d", fd);
	host_call(__NR_fchmod, fd, 0444);
	s64 r = host_call(__NR_openat, AT_FDCWD, s, O_RDONLY | (oflags & (O_CLOEXEC | O_NONBLOCK)), 0);
	host_call(__NR_close, fd);
	return r;
}

s64 sys_proc_open(enum proc_file p, int dirfd, const char *path, u64 oflags)
{
	s64 host = host_call(__NR_openat, dirfd, path, oflags, 0);
	if (host < 0 || (oflags & (O_PATH | O_ACCMODE)) != O_RDONLY)
		return host;
	struct proc_out o = { .fd = host_call(__NR_memfd_create, path, 1 /* MFD_CLOEXEC */) };
	if (o.fd >= 0) {
		proc_make(&o, p, host);
		proc_flush(&o);
	}
	host_call(__NR_close, host);
	if (o.fd < 0)
		return o.fd;
	if (o.failed) {
		host_call(__NR_close, o.fd);
		return -ENOMEM;
	}
	return read_only(o.fd, oflags);
}
