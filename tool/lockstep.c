/* lockstep.c - runs a program under stele and, instruction by instruction, on this machine's x86-64 CPU; says where the
 * registers first differ.
 *
 *   lockstep [-r RUNNER] [-n ENTRIES] PROGRAM ARGS...
 *
 * RUNNER starts stele (build/qemu10/qemu-aarch64 -cpu max build/stele). It writes down its guest's memory before the first
 * instruction, then each region it enters, each system call, each CPUID and RDTSC (src/dbg/entries.h). The CPU's side is an
 * empty process that gets the same memory at the same addresses, so that all pointers are equal, and is single-stepped
 * by ptrace from entry to entry. Its standard output is thrown away, its input empty; files are really opened and
 * written a second time. What cannot be the same twice (time, process ids, random bytes, CPUID, the place of new memory) and what
 * is read it gets from stele. General registers and xmm are compared, not flags: they may be dead at an entry.
 *
 * STELE_HOT=0 compares hot code: fewer entries, larger regions. Programs that start threads or other programs, or take
 * signals, are followed up to there. Exit status: 0 no difference; 1 there is one; 2 it could not be told.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dbg/entries.h"
#include "x86/feature.h"

#ifndef __x86_64__
int main(void)
{
	fprintf(stderr, "lockstep: needs an x86-64 CPU\n");
	return 2;
}
#else

enum { STUB = 0x10000, PATIENCE = 3000000, RING = 48 };
static const char *runner = "build/qemu10/qemu-aarch64 -cpu max build/stele";
static pid_t pid, stele;
static FILE *in;
static int mem;
static struct user_regs_struct regs;
static u64 ring[RING], steps, entries, limit = ~0ull, brk_at;
static char fifo[64];

static _Noreturn void leave(int status, const char *why)
{
	if (why) fprintf(stderr, "lockstep: %s (%llu entries, %llu instructions)\n", why, (unsigned long long)entries, (unsigned long long)steps);
	if (pid > 0) kill(pid, SIGKILL);
	if (stele > 0) kill(stele, SIGKILL);
	unlink(fifo);
	exit(status);
}

/* ---- the CPU's side ---------------------------------------------------------------------------------------- */

static bool stopped(void)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) return false;
	return WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP;
}

static void get(void) { if (ptrace(PTRACE_GETREGS, pid, 0, &regs)) leave(2, "the CPU's process is gone"); }
static void set(void) { if (ptrace(PTRACE_SETREGS, pid, 0, &regs)) leave(2, "the CPU's process is gone"); }

static bool step(void)
{
	ring[steps++ % RING] = regs.rip;
	if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || !stopped()) return false;
	get();
	return true;
}

/* A system call of the CPU's process, its registers kept. */
static s64 call(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	struct user_regs_struct keep = regs;
	s64 r;

	regs.rip = STUB;
	regs.rax = nr;
	regs.orig_rax = -1;
	regs.rdi = a, regs.rsi = b, regs.rdx = c, regs.r10 = d, regs.r8 = e, regs.r9 = f;
	set();
	if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || !stopped()) leave(2, "the CPU's process is gone");
	get();
	r = regs.rax;
	keep.fs_base = regs.fs_base;
	keep.gs_base = regs.gs_base;
	regs = keep;
	set();
	return r;
}

static void empty_process(void)
{
	int null = open("/dev/null", O_RDWR);
	u8 *p;

	/* the C library's, in memory that is about to go; the kernel would write there */
	syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, 1 /* RSEQ_FLAG_UNREGISTER */, RSEQ_SIG);
	dup2(null, 0);
	dup2(null, 1);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	p = mmap((void *)STUB, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(p, "\x0f\x05\xcc", 3);
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	_exit(2);
}

static void start_cpu(void)
{
	char path[32];

	pid = fork();
	if (!pid) empty_process();
	if (pid < 0 || !stopped()) leave(2, "no process for the CPU's side");
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
	get();
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	mem = open(path, O_RDWR);
	if (mem < 0 || call(SYS_munmap, STUB + 4096, 0x7ffffffff000 - STUB - 4096, 0, 0, 0, 0)) leave(2, "its memory cannot be emptied");
}

/* ---- stele's side ------------------------------------------------------------------------------------------ */

static void start_stele(char **argv)
{
	char line[1024], **v = calloc(1024, sizeof *v);
	int n = 0, fd;

	snprintf(fifo, sizeof fifo, "/tmp/lockstep-%d", getpid());
	if (mkfifo(fifo, 0600)) leave(2, "no pipe");
	snprintf(line, sizeof line, "exec %s \"$@\" < /dev/null", runner);
	v[n++] = "sh", v[n++] = "-c", v[n++] = line, v[n++] = "sh";
	for (; *argv && n < 1000; argv++)
		v[n++] = *argv;
	stele = fork();
	if (!stele) {
		setenv("STELE_ENTRIES", fifo, 1);
		execv("/bin/sh", v);
		_exit(127);
	}
	fd = open(fifo, O_RDONLY | O_NONBLOCK);        /* it may never be opened at the other end */
	for (int k = 0; poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 100) == 0; k++)
		if (waitpid(stele, 0, WNOHANG) == stele || k == 300) leave(2, "stele did not start");
	fcntl(fd, F_SETFL, 0);
	in = fdopen(fd, "r");
}

static bool need(void *p, size_t n) { return fread(p, 1, n, in) == n; }

/* n bytes of stele's become the CPU's at a. */
static void copy(u64 a, u64 size)
{
	static u8 buf[1 << 16];

	for (u64 k = 0; k < size; ) {
		size_t n = size - k < sizeof buf ? size - k : sizeof buf;

		if (!need(buf, n) || pwrite(mem, buf, n, a + k) != (s64)n) leave(2, "its memory cannot be filled");
		k += n;
	}
}

static void same_memory(void)
{
	struct entry_map m;

	while (need(&m, sizeof m) && m.size) {
		s64 r = call(SYS_mmap, m.at, m.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (r != (s64)m.at) leave(2, "an address that stele gave its guest cannot be had here");
		copy(m.at, m.bytes);
		if (m.prot != 3) call(SYS_mprotect, m.at, m.size, m.prot, 0, 0, 0);
	}
}

static u64 *gpr(int k)
{
	unsigned long long *r[] = { &regs.rax, &regs.rcx, &regs.rdx, &regs.rbx, &regs.rsp, &regs.rbp, &regs.rsi, &regs.rdi,
				    &regs.r8, &regs.r9, &regs.r10, &regs.r11, &regs.r12, &regs.r13, &regs.r14, &regs.r15 };

	return (u64 *)r[k];
}

/* ---- comparing --------------------------------------------------------------------------------------------- */

static void disassemble(void)
{
	u64 from = steps > RING ? steps - RING : 0;

	for (u64 k = from; k < steps; k++) {
		struct insn i;
		u8 b[16] = { 0 };
		char text[128] = "?";
		ssize_t n = pread(mem, b, 15, ring[k % RING]);

		if (n > 0 && x86_decode(&i, b, n, ring[k % RING], ~0ull) == X86_OK) x86_text(text, sizeof text, &i);
		printf("  %llx  %s\n", (unsigned long long)ring[k % RING], text);
	}
}

static bool same_gprs(const struct entry *e)
{
	for (int k = 0; k < 16; k++)
		if (*gpr(k) != e->r[k]) return false;
	return true;
}

static bool same_vectors(const struct entry *e)
{
	struct user_fpregs_struct fp;

	ptrace(PTRACE_GETFPREGS, pid, 0, &fp);
	return !memcmp(fp.xmm_space, e->xmm, sizeof e->xmm);
}

/* fp: the CPU's vectors, if not those of now. */
static _Noreturn void differ_then(const struct entry *e, const char *what, const struct user_fpregs_struct *then)
{
	static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
	struct user_fpregs_struct fp;
	u64 v[16][2];

	printf("DIFFERENCE at entry %llu, %s, stele at %llx, the CPU at %llx after %llu instructions; the last of them:\n", (unsigned long long)entries,
	       what, (unsigned long long)e->rip, (unsigned long long)regs.rip, (unsigned long long)steps);
	disassemble();
	for (int k = 0; k < 16; k++)
		if (*gpr(k) != e->r[k])
			printf("  %-5s CPU %016llx stele %016llx\n", names[k], (unsigned long long)*gpr(k), (unsigned long long)e->r[k]);
	ptrace(PTRACE_GETFPREGS, pid, 0, &fp);
	memcpy(v, then ? then->xmm_space : fp.xmm_space, sizeof v);
	for (int k = 0; k < 16; k++)
		if (memcmp(v[k], e->xmm[k], 16))
			printf("  xmm%-2d CPU %016llx:%016llx stele %016llx:%016llx\n", k, (unsigned long long)v[k][1], (unsigned long long)v[k][0],
			       (unsigned long long)e->xmm[k][1], (unsigned long long)e->xmm[k][0]);
	leave(1, 0);
}

static _Noreturn void differ(const struct entry *e, const char *what) { differ_then(e, what, 0); }

/* Does the CPU stand before these bytes? */
static bool before(const char *bytes, int n)
{
	char b[4];

	return pread(mem, b, n, regs.rip) == n && !memcmp(b, bytes, n);
}

/* Steps to e, where the registers must be e's; a region that loops may pass there before. */
static void to_region(const struct entry *e)
{
	struct user_regs_struct first;
	struct user_fpregs_struct fp;
	u64 then = 0, trail[RING];

	for (u64 k = 0; k < (then ? 100000 : PATIENCE); k++) {
		if (regs.rip == e->rip) {
			if (same_gprs(e) && same_vectors(e)) return;
			if (!then) first = regs, then = steps, ptrace(PTRACE_GETFPREGS, pid, 0, &fp), memcpy(trail, ring, sizeof trail);
		}
		if (before("\x0f\x05", 2) || before("\x0f\xa2", 2) || before("\x0f\x31", 2) || before("\x0f\x01\xd0", 3)) break;
		if (!step()) break;
	}
	if (!then) differ(e, "the CPU does not come there");
	regs = first;                           /* as it was when it came by first */
	steps = then;
	memcpy(ring, trail, sizeof ring);
	differ_then(e, "the registers differ", &fp);
}

static void to_special(const struct entry *e, u64 rip, const char *bytes)
{
	for (u64 k = 0; !before(bytes, 2); k++) {
		if (k == PATIENCE || before("\x0f\x05", 2)) differ(e, "the CPU does not come there");
		if (!step()) differ(e, "the CPU's side took a signal");
	}
	if (regs.rip != rip) differ(e, "another one comes first on the CPU");
}

/* CPUID, RDTSC, RDTSCP, XGETBV: as stele answered. */
static void same_answer(const struct entry *e)
{
	char b[3];

	for (u64 k = 0; !before("\x0f\xa2", 2) && !before("\x0f\x31", 2) && !before("\x0f\x01\xf9", 3) && !before("\x0f\x01\xd0", 3); k++)
		if (k == PATIENCE || before("\x0f\x05", 2) || !step()) differ(e, "the CPU does not come there");
	if (regs.rip != e->rip) differ(e, "another one comes first on the CPU");
	pread(mem, b, 3, regs.rip);
	ring[steps++ % RING] = regs.rip;
	for (int k = 0; k < 4; k++)
		if (b[1] == '\xa2' || k < (b[1] == 1 ? 3 : 1) || k == RDX) *gpr(k) = e->r[k];
	regs.rip += b[1] == 1 ? 3 : 2;
	set();
}

/* ---- system calls ------------------------------------------------------------------------------------------ */

/* Those that need not be made twice, or must not: the answer is stele's, with what it put into memory. */
static bool only_asked(const struct entry_syscall *s)
{
	static const u16 nrs[] = { SYS_getpid, SYS_gettid, SYS_getppid, SYS_time, SYS_gettimeofday, SYS_clock_gettime, SYS_clock_getres, SYS_times,
		SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_getrandom, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq, SYS_sched_getaffinity,
		SYS_prlimit64, SYS_getrlimit, SYS_readlink, SYS_readlinkat, SYS_prctl, SYS_getcpu, SYS_futex, SYS_sched_yield, SYS_nanosleep,
		SYS_clock_nanosleep, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_sigaltstack, SYS_statfs, SYS_fstatfs, SYS_getpgrp, SYS_poll,
		SYS_ioctl, SYS_getcwd, SYS_kill, SYS_tgkill, SYS_read, SYS_pread64, SYS_lseek };

	for (size_t k = 0; k < countof(nrs); k++)
		if (s->nr == nrs[k]) return true;
	if (s->arg[0] <= 2 && (s->nr == SYS_write || s->nr == SYS_fstat || s->nr == SYS_writev || s->nr == SYS_newfstatat))
		return true;                    /* the standard descriptors are stele's */
	if (s->nr == SYS_fcntl && s->arg[1] == F_GETFL) return true;   /* user-mode QEMU gives O_LARGEFILE away */
	return s->nr == SYS_arch_prctl && s->arg[0] != 0x1001 && s->arg[0] != 0x1002;
}

static bool bad_result(u64 r) { return r > -4096ull; }

/* Memory calls, made so that their result is stele's. */
static bool memory_call(const struct entry_syscall *s, u64 r)
{
	u64 lo, hi;

	switch (s->nr) {
	case SYS_mmap:
		if (bad_result(r)) return true;
		if (call(SYS_mmap, r, s->arg[1], s->arg[2], (s->arg[3] & ~0x100040ull) | MAP_FIXED, s->arg[4], s->arg[5]) != (s64)r)
			leave(2, "memory cannot be had where stele has it");
		return true;
	case SYS_mremap:
		if (!bad_result(r) && call(SYS_mremap, s->arg[0], s->arg[1], s->arg[2], r == s->arg[0] ? s->arg[3] : s->arg[3] | 3, r, 0) != (s64)r)
			leave(2, "memory cannot be had where stele has it");
		return true;
	case SYS_brk:
		lo = align_up(brk_at, 4096);
		hi = align_up(r, 4096);
		if (brk_at && hi > lo) call(SYS_mmap, lo, hi - lo, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (brk_at && hi < lo) call(SYS_munmap, hi, lo - hi, 0, 0, 0, 0);
		brk_at = r;
		return true;
	}
	return false;
}

static void same_call(const struct entry *e, const struct entry_syscall *s)
{
	s64 r;

	to_special(e, e->rip - 2, "\x0f\x05");
	if (regs.rax != s->nr) differ(e, "the system call's number");
	switch (s->nr) {
	case SYS_clone: case SYS_fork: case SYS_vfork: case SYS_execve: case SYS_execveat: case SYS_rt_sigreturn: case 435 /* clone3 */:
		leave(0, "no difference up to its second thread or process, or its first signal");
	}
	ring[steps++ % RING] = regs.rip;
	if (only_asked(s)) {
		for (int k = 0; k < 6; k++)
			if (s->there >> k & 1 && pwrite(mem, s->b[k], sizeof s->b[k], s->arg[k]) < 0) errno = 0;
	} else if (!memory_call(s, e->r[RAX])) {
		r = call(s->nr, s->arg[0], s->arg[1], s->arg[2], s->arg[3], s->arg[4], s->arg[5]);
		regs.rax = r;
		if ((u64)r != e->r[RAX]) differ(e, "the system call's result");
	}
	regs.rax = e->r[RAX];
	regs.rcx = e->r[RCX];
	regs.r11 = e->r[R11];                           /* RFLAGS, of which some may be dead */
	regs.rip += 2;
	set();
	if (!same_gprs(e)) differ(e, "behind a system call");
}

/* Stele's words end: at the end of the program, or did it die? */
static _Noreturn void to_end(void)
{
	for (u64 k = 0; k < PATIENCE; k++) {
		if (before("\x0f\x05", 2)) break;
		if (!step()) leave(1, "stele ended; on the CPU a signal comes");
	}
	if (regs.rax != SYS_exit && regs.rax != SYS_exit_group) {
		disassemble();
		leave(1, "stele ended, the CPU goes on");
	}
	leave(0, "no difference");
}

int main(int argc, char **argv)
{
	static struct user_fpregs_struct fresh = { .cwd = 0x37f, .mxcsr = 0x1f80 };
	static struct entry_syscall s;
	struct entry e;
	int opt;

	while ((opt = getopt(argc, argv, "+r:n:")) != -1)
		switch (opt) {
		case 'r': runner = optarg; break;
		case 'n': limit = strtoull(optarg, 0, 0); break;
		default: return 2;
		}
	if (optind == argc) {
		fprintf(stderr, "usage: lockstep [-r RUNNER] [-n ENTRIES] PROGRAM ARGS...\n");
		return 2;
	}
	setvbuf(stdout, 0, _IOLBF, 0);
	start_stele(argv + optind);
	start_cpu();
	if (!need(&e, sizeof e) || e.kind != ENTRY_START) leave(2, "stele says nothing");
	same_memory();
	for (int k = 0; k < 16; k++)
		*gpr(k) = e.r[k];
	regs.rip = e.rip;
	regs.eflags = 0x202;
	regs.orig_rax = -1;
	set();
	ptrace(PTRACE_SETFPREGS, pid, 0, &fresh);
	while (entries++ < limit && need(&e, sizeof e))
		switch (e.kind) {
		case ENTRY_REGION:  to_region(&e); break;
		case ENTRY_INSN:    same_answer(&e); break;
		case ENTRY_SYSCALL:
			if (!need(&s, sizeof s)) leave(2, "stele's words break off");
			same_call(&e, &s);
			copy(s.arg[1], s.read);
			break;
		default: leave(2, "stele's words are not understood");
		}
	if (entries > limit) leave(0, "no difference so far");
	to_end();
}
#endif
