/* loader.c - finds a program as execve does, and maps it and its interpreter.
 *
 * Two halves with a border that the kernel has, too: what loader_find refuses, execve returns as an errno; what fails
 * while mapping comes too late for that and is fatal, with the SIGSEGV that Linux sends then.
 */
#include "rt/loader.h"
#include "rt/host.h"
#include "rt/mem.h"
#include "rt/string.h"
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#define PATH_MAX 4096

/* --- finding */

static int may_execute(int fd, const char *path)
{
	struct { u64 dev, ino; u32 mode, rest[27]; } st;
	s64 r = host_call(__NR_fstat, fd, &st);

	if (r) return r;
	if ((st.mode & S_IFMT) != S_IFREG) return -EACCES;
	r = host_call(__NR_faccessat2, fd, "", 1 /* X_OK */, AT_EACCESS | AT_EMPTY_PATH);
	if (r == -ENOSYS || r == -EINVAL) r = path ? host_call(__NR_faccessat, AT_FDCWD, path, 1) : 0;
	return r;
}

static int open_exec(const char *path)
{
	s64 fd = host_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	int r;

	if (fd < 0) return fd == -ENXIO ? -EACCES : fd;         /* a socket or such */
	r = may_execute(fd, path);
	if (!r) return fd;
	host_call(__NR_close, fd);
	return r;
}

/* Reads up to n bytes at off: how many, or negative errno. */
static s64 read_at(int fd, void *buf, size_t n, u64 off)
{
	size_t got = 0;

	while (got < n) {
		s64 r = host_call(__NR_pread64, fd, (u8 *)buf + got, n - got, off + got);
		if (r == -EINTR) continue;
		if (r < 0) return r;
		if (!r) break;
		got += r;
	}
	return got;
}

static int fail(struct program *p, int e, const char *why, const char *what)
{
	p->why = why;
	if (what && what != p->name) rt_format(p->name, sizeof p->name, "%s", what);
	p->what = p->name;
	return e;
}

/* Headers of an x86-64 ELF file; first: its first 256 bytes. */
static int read_elf(int fd, struct elf *e, const void *first, size_t got, const char **why, bool *native)
{
	size_t n;
	int r;

	memcpy(&e->h, first, sizeof e->h);
	r = elf_check_header(&e->h, got, why, native);
	if (r) return r;
	n = e->h.phnum * sizeof *e->ph;
	*why = "the program headers are cut off";
	if (e->h.phoff > INT64_MAX || read_at(fd, e->ph, n, e->h.phoff) != (s64)n) return -ENOEXEC;
	e->interp = 0;
	for (u32 i = 0; i < e->h.phnum && !e->interp; i++)
		if (e->ph[i].type == PT_INTERP) e->interp = e->ph + i;
	return 0;
}

static int find_interp(struct program *p)
{
	const struct phdr *ph = p->elf.interp;
	char first[SCRIPT_SIZE] = { 0 }, buf[PATH_MAX];
	const char *path, *why;
	bool native;
	s64 n;

	if (ph->filesz > PATH_MAX || ph->filesz < 2 || ph->offset > INT64_MAX)
		return fail(p, -ENOEXEC, "the interpreter's name has an impossible length", p->path);
	n = read_at(p->fd, p->name, ph->filesz, ph->offset);
	if (n < 0) return fail(p, n, "cannot read the interpreter's name", p->path);
	if (n != (s64)ph->filesz) return fail(p, -EIO, "the interpreter's name is cut off", p->path);
	if (p->name[n - 1]) return fail(p, -ENOEXEC, "the interpreter's name has no end", p->path);
	path = sys_host_path(AT_FDCWD, p->name, true, buf);
	p->interp_fd = path[0] ? open_exec(path) : -EACCES;     /* the kernel takes an empty name for a directory */
	if (p->interp_fd < 0)
		return fail(p, p->interp_fd, p->interp_fd == -ENOENT ? "the program's interpreter (PT_INTERP) does not exist" :
		            "the program's interpreter (PT_INTERP) cannot be executed", path);
	n = read_at(p->interp_fd, first, sizeof first, 0);
	if (n < (s64)sizeof(struct ehdr)) return fail(p, n < 0 ? n : -EIO, "the interpreter is cut off", path);
	n = read_elf(p->interp_fd, &p->interp, first, n, &why, &native);
	return n ? fail(p, -ELIBBAD, why, path) : 0;
}

/* A script: argv's beginning is rewritten, and the interpreter opened. */
static int follow(struct program *p, int depth, const char *path)
{
	char *interp, *arg, *line = p->script[depth], buf[PATH_MAX];
	const char *host;
	int add, r;

	r = script_parse(line, &interp, &arg);
	if (r) return fail(p, r, "its \"#!\" line names no interpreter", path);
	add = 2 + (arg ? 1 : 0);
	memmove(p->head + add, p->head + 1, (p->nhead - 1) * sizeof *p->head);
	p->nhead += add - 1;
	p->head[0] = interp;
	if (arg) p->head[1] = arg;
	p->head[add - 1] = path;
	host = sys_host_path(AT_FDCWD, interp, true, buf);
	if (p->own_fd) host_call(__NR_close, p->fd);
	p->fd = open_exec(host);
	p->own_fd = true;
	if (p->fd < 0) return fail(p, p->fd, "the script's interpreter cannot be executed", interp);
	rt_format(p->path, sizeof p->path, "%s", host);
	return 0;
}

int loader_find(struct program *p, const char *path, int fd, const char *argv0)
{
	const char *script = path, *why, *host;
	char buf[PATH_MAX];
	s64 n;
	int r;

	p->fd = fd;
	p->own_fd = fd < 0;
	p->interp_fd = -1;
	p->native = false;
	p->nhead = 1;
	p->head[0] = argv0;
	if (strlen(path) >= PATH_MAX) return fail(p, -ENAMETOOLONG, "the path is too long", "");
	host = fd < 0 ? sys_host_path(AT_FDCWD, path, true, buf) : path;
	rt_format(p->path, sizeof p->path, "%s", host);
	if (fd < 0) {
		p->fd = open_exec(host);
		if (p->fd < 0) return fail(p, p->fd, p->fd == -ENOENT ? "no such file" : "cannot be executed", path);
	} else if ((r = may_execute(fd, 0))) {
		return fail(p, r, "cannot be executed", path);
	}
	for (int depth = 0; ; depth++) {
		char first[SCRIPT_SIZE] = { 0 };

		n = read_at(p->fd, first, sizeof first, 0);
		if (n < 0) return fail(p, n, "cannot be read", p->path);
		if (first[0] != '#' || first[1] != '!') {
			r = read_elf(p->fd, &p->elf, first, n, &why, &p->native);
			if (p->native) return 0;
			if (r) return fail(p, r, why, p->path);
			break;
		}
		if (depth == 5) return fail(p, -ELOOP, "too many scripts interpret scripts", path);
		memcpy(p->script[depth], first, sizeof first);
		r = follow(p, depth, script);
		if (r) return r;
		script = p->head[0];
	}
	return p->elf.interp ? find_interp(p) : 0;
}

void loader_close(struct program *p)
{
	if (p->fd >= 0 && p->own_fd) host_call(__NR_close, p->fd);
	if (p->interp_fd >= 0) host_call(__NR_close, p->interp_fd);
	p->fd = p->interp_fd = -1;
}

/* --- mapping: errors are fatal from here on */

static _Noreturn void fatal(const char *path, const char *why, s64 err)
{
	u64 act[4] = { 0 }, mask = 0;

	if (err) rt_print(2, "stele: %s: %s (error %d)\n", path, why, (int)-err);
	else rt_print(2, "stele: %s: %s\n", path, why);
	host_call(__NR_rt_sigaction, 11 /* SIGSEGV */, act, 0, 8);
	host_call(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &mask, 0, 8);
	host_call(__NR_kill, host_call(__NR_getpid), 11);
	for (;;) host_call(__NR_exit_group, 139);
}

static u32 prot_of(const struct phdr *p)
{
	return (p->flags & PF_R ? PROT_READ : 0) | (p->flags & PF_W ? PROT_WRITE : 0) | (p->flags & PF_X ? PROT_EXEC : 0);
}

static void zero(const char *path, gaddr lo, gaddr hi, bool must)
{
	static const u8 zeros[GUEST_PAGE];

	if (lo < hi && !rt_write(lo, zeros, hi - lo) && must)
		fatal(path, "the end of a writable segment lies beyond the end of the file", 0);
}

static void map_anon(const char *path, gaddr lo, gaddr hi, u32 prot)
{
	s64 r = lo < hi ? rt_mmap(lo, hi - lo, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) : (s64)lo;

	if (r != (s64)lo) fatal(path, "no memory for a segment", r);
}

static void map_segment(const char *path, const struct phdr *p, int fd, gaddr bias)
{
	gaddr a = p->vaddr + bias, lo = align_down(a, GUEST_PAGE), file_end = a + p->filesz, end = a + p->memsz;
	u32 prot = prot_of(p);
	s64 r;

	if (!p->filesz) {
		if (p->memsz) map_anon(path, lo, align_up(end, GUEST_PAGE), prot);
		return;
	}
	r = rt_mmap(lo, file_end - lo, prot, MAP_PRIVATE | MAP_FIXED, fd, p->offset - (a - lo));
	if (r != (s64)lo) fatal(path, "a segment cannot be mapped", r);
	if (p->memsz > p->filesz) {
		gaddr page_end = align_up(file_end, GUEST_PAGE);

		zero(path, file_end, page_end, prot & PROT_WRITE);
		map_anon(path, page_end, align_up(end, GUEST_PAGE), prot);
	}
}

/* The reserved bytes that no segment covers are free again. */
static void free_gaps(const struct elf *e, gaddr bias)
{
	for (gaddr a = e->lo, next; a < e->hi; a = next) {
		bool covered = false;

		next = e->hi;
		for (u32 i = 0; i < e->h.phnum; i++) {
			const struct phdr *p = e->ph + i;
			u64 lo = align_down(p->vaddr, GUEST_PAGE), hi = align_up(p->vaddr + p->memsz, GUEST_PAGE);

			if (p->type != PT_LOAD || lo == hi) continue;
			if (lo <= a && a < hi) { covered = true; next = hi; break; }
			if (lo > a && lo < next) next = lo;
		}
		if (!covered) mem_unreserve(a + bias, next + bias);
	}
}

#define DYN_BASE  (align_down(rt.limit / 3 * 2, GUEST_PAGE))

/* Where a position-independent image goes; its span plus room for its arena is free there. */
static s64 reserve_dyn(const struct elf *e, bool program)
{
	u64 span = e->hi - e->lo, room = mem_slot_size(e->text) + (1u << 16);
	s64 r = -ENOMEM;

	if (program) {
		u64 rnd = mem_randomized() ? mem_random() % (rt.limit >> 7) : 0;
		r = mem_reserve_in(align_down(DYN_BASE + rnd, e->align), rt.limit, span + room, e->align);
	}
	if (r < 0) r = mem_reserve_top(span + room, e->align);
	if (r < 0) return mem_reserve_top(span, e->align);
	mem_unreserve(r + span, r + span + room);
	return r;
}

/* Maps all of e. Returns the bias: what to add to the file's addresses. */
static gaddr map_image(const char *path, struct elf *e, int fd, bool program)
{
	const char *why;
	gaddr bias = 0;
	s64 r;

	if (elf_check_segments(e, rt.limit, &why)) fatal(path, why, 0);
	if (e->lo == e->hi) fatal(path, "there is nothing to load in it", 0);
	if (e->h.type == ET_DYN) {
		r = reserve_dyn(e, program);
		bias = r - e->lo;
	} else {
		r = rt_mmap(e->lo, e->hi - e->lo, PROT_NONE,
		            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	}
	if (r < 0) fatal(path, "its address range cannot be had", r);
	for (u32 i = 0; i < e->h.phnum; i++)
		if (e->ph[i].type == PT_LOAD) map_segment(path, e->ph + i, fd, bias);
	free_gaps(e, bias);
	mem_slot_leave(e->lo + bias, e->hi + bias, e->text);
	return bias;
}

/* The address of the program headers in memory: in the segment that holds their place in the file. */
static gaddr phdr_addr(const struct elf *e, gaddr bias)
{
	for (u32 i = 0; i < e->h.phnum; i++) {
		const struct phdr *p = e->ph + i;

		if (p->type == PT_LOAD && p->offset <= e->h.phoff && e->h.phoff < p->offset + p->filesz)
			return e->h.phoff - p->offset + p->vaddr + bias;
	}
	return 0;
}

static void place_brk(const struct elf *e, gaddr bias, bool interp)
{
	gaddr a = e->hi + bias;
	struct map m;

	if (e->h.type == ET_DYN && !interp) a = DYN_BASE;       /* a static-PIE lies among the libraries */
	else if (mem_any(a, &m) && m.kind == MAP_SLOT && m.lo - a < 1u << 16) a = m.hi;
	if (mem_randomized()) a += mem_random() % 8192 * GUEST_PAGE;
	mem_brk_init(a);
}

static void set_exe(const struct program *p)
{
	static char path[PATH_MAX];
	char link[32];
	s64 n;

	rt_format(link, sizeof link, "/proc/self/fd/%d", p->fd);
	n = host_call(__NR_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
	if (n > 0) {
		path[n] = 0;
	} else if (p->path[0] == '/' || (n = host_call(__NR_getcwd, path, sizeof path)) <= 0) {
		rt_format(path, sizeof path, "%s", p->path);
	} else {
		rt_format(path + n - 1, sizeof path - n + 1, "/%s", p->path);
	}
	rt.exe = path;
}

static void map_program(struct program *p, struct thread *t)
{
	gaddr bias = map_image(p->path, &p->elf, p->fd, p->elf.interp || p->elf.h.type == ET_EXEC), ibias;

	rt.entry = p->elf.h.entry + bias;
	rt.phdr = phdr_addr(&p->elf, bias);
	rt.phent = sizeof(struct phdr);
	rt.phnum = p->elf.h.phnum;
	rt.interp_base = 0;
	t->cpu.rip = rt.entry;
	place_brk(&p->elf, bias, p->elf.interp);
	if (p->interp_fd >= 0) {
		ibias = map_image(p->name, &p->interp, p->interp_fd, false);
		rt.interp_base = ibias + (p->interp.h.type == ET_DYN ? p->interp.lo : 0);
		t->cpu.rip = p->interp.h.entry + ibias;
	}
	if (t->cpu.rip >= rt.limit) fatal(p->path, "its entry point lies outside the address space", 0);
}

/* argv with its new beginning. */
static char **new_argv(const struct program *p, char **argv)
{
	size_t n = 0;
	char **v;

	while (argv[n]) n++;
	v = rt_alloc((n + p->nhead + 1) * sizeof *v);
	if (!v) fatal(p->path, "out of memory", 0);
	memcpy(v, p->head, p->nhead * sizeof *v);
	for (size_t i = 1; i < n; i++) v[p->nhead + i - 1] = argv[i];
	return v;
}

static const char *reason;
static char reason_file[PATH_MAX];
const char *rt_load_why(const char **file) { *file = reason_file; return reason; }

int rt_load(const char *path, int fd, char **argv, char **envp, u64 at_flags, struct thread *t)
{
	struct program *p = rt_map(sizeof *p);
	char **nargv;
	const char *exe;
	int r;

	if (!p) return -ENOMEM;
	r = loader_find(p, path, fd, argv[0] ? argv[0] : "");
	if (!r && p->native) r = fail(p, -ENOEXEC, "an ARM64 program", p->path);
	if (r) {
		reason = p->why;
		rt_format(reason_file, sizeof reason_file, "%s", p->what);
		loader_close(p);
		rt_unmap(p, sizeof *p);
		return r;
	}
	map_program(p, t);
	set_exe(p);
	r = mem_stack(p->elf.exec_stack);
	if (r) fatal(p->path, "no memory for the stack", r);
	nargv = new_argv(p, argv);
	r = stack_build(t, p, nargv, envp, path, at_flags);
	if (r) fatal(p->path, "the arguments do not fit on the stack", r);
	exe = strrchr(path, '/');
	host_call(__NR_prctl, 15 /* PR_SET_NAME */, exe ? exe + 1 : path);
	loader_close(p);
	rt_unmap(p, sizeof *p);
	return 0;
}
