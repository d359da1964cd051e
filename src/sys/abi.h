/* abi.h - the guest's system-call interface: x86-64 numbers, structures and constants where they differ from ARM64's.
 *
 * Generic layouts (most of them) are shared; what differs is converted field by field in one place: struct stat,
 * epoll_event (packed), flags of open(2), signal frames, semid64_ds, loop_info, old getdents.
 */
#ifndef SYS_ABI_H
#define SYS_ABI_H

#include "rt/rt.h"
#include "rt/host.h"
#include "rt/string.h"
#include <asm/errno.h>
#include <linux/fcntl.h>

/* A handler gets the six arguments as the guest put them into rdi rsi rdx r10 r8 r9 (upper halves unchecked: the
 * handler truncates what the kernel declares as int) and returns the result or a negative errno. */
typedef s64 sys_fn(struct thread *t, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
#define SYS(name) s64 sys_##name(__attribute__((unused)) struct thread *t, __attribute__((unused)) u64 a, \
	__attribute__((unused)) u64 b, __attribute__((unused)) u64 c, __attribute__((unused)) u64 d, \
	__attribute__((unused)) u64 e, __attribute__((unused)) u64 f)

/* Special results of handlers. */
#define SYS_GO   (-4097)                /* the handler set all of t->cpu, rip and rax included (sigreturn) */

/* Every handler, declared from the table. */
#define PASS(nr, name, words)
#define SAME(nr, name, words)
#define NONE(nr, name)
#define CALL(nr, name, words) sys_fn sys_##name;
#include "sys/syscall.def"
#undef PASS
#undef SAME
#undef NONE
#undef CALL

/* --- constants that differ (asm/fcntl.h): G_ the guest's; those without are the host's */
enum { G_O_DIRECT = 00040000, G_O_LARGEFILE = 00100000, G_O_DIRECTORY = 00200000, G_O_NOFOLLOW = 00400000 };
#define PATH_SIZE 4096                  /* PATH_MAX, the final null included */

u64 sys_oflags_in(u64 guest);           /* open(2)'s flags, guest to host */
u64 sys_oflags_out(u64 host);           /* and back */

/* --- structures of the guest */
struct g_stat {
	u64 dev, ino, nlink;
	u32 mode, uid, gid, pad0;
	u64 rdev;
	s64 size, blksize, blocks;
	u64 atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	s64 unused[3];
};
_Static_assert(sizeof(struct g_stat) == 144, "struct stat of x86-64");

struct __attribute__((packed)) g_epoll_event { u32 events; u64 data; };
_Static_assert(sizeof(struct g_epoll_event) == 12, "packed on x86-64");

struct timespec64 { s64 sec, nsec; };
struct timeval64  { s64 sec, usec; };
struct g_iovec    { gaddr base; u64 len; };
struct g_msghdr   { gaddr name; u32 namelen, pad0; gaddr iov; u64 iovlen; gaddr control; u64 controllen; s32 flags, pad1; };
struct g_mmsghdr  { struct g_msghdr hdr; u32 len, pad; };

extern u32 sys_mdwe;                    /* proc.c: the guest's PR_SET_MDWE bits; mmap and mprotect obey them */
bool sys_give_up_iov(gaddr iov, u64 n); /* call.c: no translated code in these buffers from now on */

/* --- written.c: code that is changed by way of a file, while rt_smc_files */
void sys_opened(const char *path, u64 oflags);          /* sets it when that may be so */
void sys_written(struct thread *t, u32 nr, const u64 a[6], s64 n);      /* the guest's call nr returned n */

/* --- path.c. A path as the host is to see it: -L's prefix, the guest's own /proc/self/exe. dirfd counts when the path is
 * relative. The result goes to the host: the guest's own string (a bad one too: the kernel finds its errno), or buf. */
u64 sys_path(int dirfd, gaddr path, bool follow, char buf[PATH_SIZE]);
/* The same for a string of ours; returns path itself or buf. */
const char *sys_host_path(int dirfd, const char *path, bool follow, char buf[PATH_SIZE]);

const char *sys_outside_root(const char *path);         /* a host's path as the guest knows it: without -L's directory */

/* --- procfs.c. Which of the files that must speak of the guest a path names; 0: none of them. */
enum proc_file { PROC_NOT, PROC_EXE, PROC_OTHER,        /* another process's exe; the rest are made */
		 PROC_MAPS, PROC_SMAPS, PROC_CMDLINE, PROC_ENVIRON, PROC_AUXV, PROC_STAT, PROC_CPUINFO, PROC_ARCH };
enum proc_file sys_proc_file(int dirfd, const char *path);
bool sys_proc_exe_fd(int fd);
const char *sys_proc_exe(char buf[PATH_SIZE]);          /* a host path of the program's file */
const char *sys_proc_other_exe(int dirfd, const char *path, char buf[PATH_SIZE]);       /* null: the kernel's is right */
/* Opens it (host open flags); `path` is what the guest gave, so that the kernel judges existence and permission. */
s64 sys_proc_open(enum proc_file p, int dirfd, const char *path, u64 oflags);

/* --- vdso.c: clock_gettime into our own memory, without the kernel where that can be. */
s64 sys_clock(s32 id, struct timespec64 *ts);

/* --- poll.c: a call with a signal mask of its own (ppoll, pselect6, epoll_pwait ...). Begin fills *host with what to hand
 * to the kernel; end takes the call's result. A null set changes nothing. */
struct callmask { u64 mask, host; bool used; };
s64  sys_mask_begin(struct thread *t, struct callmask *m, gaddr set, u64 size);
s64  sys_mask_end(struct thread *t, struct callmask *m, s64 r);

/* --- the table (call.c) and its trace (trace.c), a line a call under STELE_STRACE */
struct sys_row { const char *name, *words; sys_fn *fn; u16 host; u8 kind; };
enum { ROW_UNKNOWN, ROW_PASS, ROW_CALL, ROW_NONE };
struct sys_plan;
enum { SYS_TRACE_BEFORE = 1 };          /* the call may not come back: its result is not known yet */
void sys_trace(const struct sys_row *r, const struct sys_plan *p, const u64 a[6], s64 result, int flags);
void sys_trace_refused(const char *name, u32 nr);     /* name may be null */

/* What follows prefix in s, or null when s does not begin with it. */
static inline const char *sys_after(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return 0;
	return s;
}

#endif
