/* mem_test.c - the guest's address space against the kernel's: the same calls on two windows, one through the
 * runtime's mem.c, one straight to the kernel, and the same errors, protections, offsets and contents are asked for.
 *
 * The runtime's files are compiled in, with this machine's system calls underneath; it has no effect that it is not
 * ARM64's. split_test.c does the same with a host whose pages are larger: what such a kernel refuses is refused here.
 */
#ifndef HOST_PAGE
#define HOST_PAGE 4096
#endif
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "base.h"

#define RT_HOST_H
#define HOST_N(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define host_call(...) HOST_N(__VA_ARGS__, h6, h5, h4, h3, h2, h1, h0)(__VA_ARGS__)
#define h1(n, a)                call(n, (u64)(a), 0, 0, 0, 0, 0)
#define h2(n, a, b)             call(n, (u64)(a), (u64)(b), 0, 0, 0, 0)
#define h3(n, a, b, c)          call(n, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)
#define h4(n, a, b, c, d)       call(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), 0, 0)
#define h5(n, a, b, c, d, e)    call(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), 0)
#define h6(n, a, b, c, d, e, f) call(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))

static s64 kernel(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	s64 r = syscall(nr, a, b, c, d, e, f);

	return r == -1 ? -errno : r;
}

/* A kernel with pages of HOST_PAGE: addresses and offsets are multiples of it, and lengths become some. */
static s64 large(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	u64 in = HOST_PAGE - 1;
	s64 r;

	switch (nr) {
	case SYS_mmap:
		b = (b + in) & ~in;
		if (d & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
			if (a & in) return -EINVAL;
		} else {
			r = kernel(nr, 0, b + HOST_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
			if (r < 0) return r;
			munmap((void *)r, b + HOST_PAGE);
			a = (r + in) & ~in;
			d |= MAP_FIXED_NOREPLACE;
		}
		if (!(d & MAP_ANONYMOUS) && f & in) return -EINVAL;
		break;
	case SYS_mremap:
		if (d & MREMAP_FIXED && e & in) return -EINVAL;
		c = (c + in) & ~in;
		/* fall through */
	case SYS_munmap: case SYS_mprotect: case SYS_madvise:
		if (a & in) return -EINVAL;
		b = (b + in) & ~in;
	}
	return kernel(nr, a, b, c, d, e, f);
}

/* The runtime knows ARM64's struct stat only. */
struct arm_stat { u64 dev, ino; u32 mode, nlink, uid, gid; u64 rdev; };
static s64 call(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	if (nr == SYS_fstat) {
		struct stat st;
		s64 r = kernel(nr, a, (u64)&st, 0, 0, 0, 0);

		*(struct arm_stat *)b = (struct arm_stat){ st.st_dev, st.st_ino, st.st_mode, st.st_nlink, st.st_uid, st.st_gid, st.st_rdev };
		return r;
	}
	if (HOST_PAGE > 4096) return large(nr, a, b, c, d, e, f);
	return kernel(nr, a, b, c, d, e, f);
}

#include "../src/rt/map.c"
#include "../src/rt/layout.c"
#include "../src/rt/mem.c"
#include "../src/rt/grow.c"
#include "../src/rt/remap.c"
#include "../src/rt/slot.c"
#include "../src/rt/split.c"
#include "../src/rt/track.c"
#include "../src/rt/file.c"

struct process rt = { .page = HOST_PAGE };
void rt_lock(struct lock *l)   { assert_int_equal(l->word, 0); l->word = 1; }
void rt_unlock(struct lock *l) { assert_int_equal(l->word, 1); l->word = 0; }
void *rt_map(size_t n)         { void *p = mmap(0, n, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return p == MAP_FAILED ? 0 : p; }
void rt_unmap(void *p, size_t n) { munmap(p, n); }
void *rt_alloc(size_t n)       { return calloc(1, n); }
void rt_free(void *p, size_t n) { (void)n; free(p); }
bool rt_read(void *d, gaddr s, size_t n) { memcpy(d, (void *)s, n); return true; }
bool rt_write(gaddr d, const void *s, size_t n) { memcpy((void *)d, s, n); return true; }
int rt_format(char *out, size_t size, const char *f, ...)
{
	va_list ap;
	int n;

	va_start(ap, f);
	n = vsnprintf(out, size, f, ap);
	va_end(ap);
	return n;
}

static int changed;
static bool unlocked(void) { return mem.lock.word == 0; }
void rt_code_changed(gaddr lo, gaddr hi) { (void)lo; (void)hi; assert_true(unlocked()); changed++; }
void rt_code_unmap(gaddr lo, gaddr hi)   { (void)lo; (void)hi; assert_true(unlocked()); changed++; }
void rt_go_shared(void)                  { assert_true(unlocked()); rt.shared = true; }
static int evictions; static bool evict_ok;
bool rt_arena_evict(u64 lo, u64 hi)      { (void)lo; (void)hi; assert_true(unlocked()); evictions++; return evict_ok; }

/* --- two windows */

#define PAGES  64
#define WIN_A  0x100000000000ull        /* ours */
#define WIN_B  0x180000000000ull        /* the kernel's */
#define OTHER  (0x20000000000ull)       /* a second part of each, to move to */
#define P(n)   ((u64)(n) * 4096)

static u64 seed = 1;                    /* or the first argument; the second: how many steps */
static int steps = 6000;
static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

struct page { int mapped, prot, shared; u64 off, ino; };

static void kernel_pages(u64 base, struct page *p)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[4500], perm[8];
	unsigned long lo, hi, off, ino;

	memset(p, 0, PAGES * sizeof *p);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu", &lo, &hi, perm, &off, &ino) != 5) continue;
		for (u64 a = lo > base ? lo : base; a < hi && a < base + P(PAGES); a += 4096)
			p[(a - base) / 4096] = (struct page){ 1, (perm[0] == 'r' ? 1 : 0) | (perm[1] == 'w' ? 2 : 0) | (perm[2] == 'x' ? 4 : 0),
				perm[3] == 's', ino ? off + (a - lo) : 0, ino };
	}
	fclose(f);
}

static void our_pages(u64 base, struct page *p)
{
	struct vma v;

	memset(p, 0, PAGES * sizeof *p);
	for (u64 a = base; a < base + P(PAGES) && rt_vma(a, &v) && v.lo < base + P(PAGES); a = v.hi)
		for (u64 x = v.lo > base ? v.lo : base; x < v.hi && x < base + P(PAGES); x += 4096)
			p[(x - base) / 4096] = (struct page){ 1, v.prot, v.flags == MAP_SHARED, v.ino ? v.off + (x - v.lo) : 0, v.ino };
}

/* A host page allows what any of its parts allows, but no writing to code that the guest may write. */
static void compare_large(u64 off, int i, const struct page *ours, const struct page *host, const struct page *native, const char *what)
{
	int each = HOST_PAGE / 4096, first = i / each * each;
	u32 want = 0;
	bool any = false, code = false;

	for (int k = first; k < first + each; k++) {
		if (!native[k].mapped) continue;
		any = true;
		want |= host_prot(native[k].prot);
		code |= native[k].prot & PROT_WRITE && mem_tracked(WIN_A + off + P(k));
	}
	if (code) want &= ~PROT_WRITE;
	if (ours[i].mapped != native[i].mapped || host[i].mapped != any || (any && host[i].prot != (int)want) ||
	    (native[i].mapped && (ours[i].prot != native[i].prot || (ours[i].ino && ours[i].off != native[i].off))))
		fail_msg("%s: page %d: ours %d/%d/%lx host %d/%d native %d/%d/%lx want %d", what, i, ours[i].mapped, ours[i].prot,
		         ours[i].off, host[i].mapped, host[i].prot, native[i].mapped, native[i].prot, native[i].off, want);
}

static void compare(u64 off, const char *what)
{
	struct page ours[PAGES], host[PAGES], native[PAGES];

	our_pages(WIN_A + off, ours);
	kernel_pages(WIN_A + off, host);
	kernel_pages(WIN_B + off, native);
	for (int i = 0; i < PAGES && HOST_PAGE > 4096; i++)
		compare_large(off, i, ours, host, native, what);
	for (int i = 0; i < PAGES && HOST_PAGE == 4096; i++) {
		u32 want = native[i].mapped ? host_prot(native[i].prot) : 0;

		if (native[i].mapped && mem_tracked(WIN_A + off + P(i))) want &= ~PROT_WRITE;
		if (ours[i].mapped != native[i].mapped || host[i].mapped != native[i].mapped || (native[i].mapped &&
		    (ours[i].prot != native[i].prot || host[i].prot != (int)want || ours[i].shared != native[i].shared ||
		     host[i].off != native[i].off || (ours[i].ino && ours[i].off != native[i].off))))
			fail_msg("%s: page %d: ours %d/%d/%lx host %d/%d/%lx native %d/%d/%lx want %d", what, i, ours[i].mapped, ours[i].prot,
			         ours[i].off, host[i].mapped, host[i].prot, host[i].off, native[i].mapped, native[i].prot, native[i].off, want);
	}
}

static void check_list(void)
{
	for (u32 i = 0; i < mem.maps.n; i++) {
		struct map *m = mem.maps.v + i;

		assert_true(m->lo < m->hi);
		if (i) assert_true(m[-1].hi <= m->lo);
		if (i) assert_false(same(m - 1, m));
	}
}

static void both(s64 ours, s64 native, const char *what)
{
	if (native >= 0 && ours >= 0) native -= native >= (s64)WIN_B && native < (s64)(WIN_B + 2 * OTHER) ? WIN_B - WIN_A : 0;
	if (ours != native) fail_msg("%s: ours %ld (%s) native %ld (%s)", what, ours, ours < 0 ? strerror(-ours) : "", native, native < 0 ? strerror(-native) : "");
}

static int file_rw, file_ro;

static int setup(void **state)
{
	char name[] = "/tmp/mem_test.XXXXXX";

	(void)state;
	mem_init();
	file_rw = mkstemp(name);
	file_ro = open(name, O_RDONLY);
	unlink(name);
	return ftruncate(file_rw, P(256)) ? -1 : 0;
}

static u32 some_prot(void)
{
	static const u32 p[] = { 0, 1, 3, 5, 7, 2, 4, 6 };

	return p[rnd(8)];
}

static void op_mmap(char *what)
{
	u64 off = P(rnd(PAGES)) + (rnd(16) ? 0 : 7), len = rnd(20) ? P(1 + rnd(8)) - rnd(2) * 100 : 0, fo = P(rnd(16)), hint = rnd(2) ? OTHER : 0;
	u32 prot = some_prot(), flags = rnd(4) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	int fd = -1;

	if (off + len > P(PAGES)) len = P(1);
	flags |= rnd(3) || HOST_PAGE > 4096 ? MAP_PRIVATE : MAP_SHARED;         /* larger pages share whole pages only */
	if (rnd(2)) flags |= MAP_ANONYMOUS;
	else fd = rnd(8) ? (rnd(2) ? file_rw : file_ro) : 999;
	if (fd < 0) fo = 0;
	sprintf(what, "mmap(%lx, %lx, %x, %x, %d, %lx)", hint + off, len, prot, flags, fd, fo);
	both(rt_mmap(WIN_A + hint + off, len, prot, flags, fd, fo), kernel(SYS_mmap, WIN_B + hint + off, len, prot, flags, fd, fo), what);
}

static void op_munmap(char *what)
{
	u64 off = P(rnd(PAGES)), len = rnd(30) ? P(1 + rnd(12)) : 0;

	if (off + len > P(PAGES)) len = P(1);
	sprintf(what, "munmap(%lx, %lx)", off, len);
	both(rt_munmap(WIN_A + off, len), kernel(SYS_munmap, WIN_B + off, len, 0, 0, 0, 0), what);
}

static void op_mprotect(char *what)
{
	u64 off = P(rnd(PAGES)) + (rnd(30) ? 0 : 1), len = P(rnd(12));
	u32 prot = some_prot() | (rnd(40) ? 0 : 0x10000);

	if (off + len > P(PAGES)) len = P(1);
	sprintf(what, "mprotect(%lx, %lx, %x)", off, len, prot);
	both(rt_mprotect(WIN_A + off, len, prot), kernel(SYS_mprotect, WIN_B + off, len, prot, 0, 0, 0), what);
}

/* Does one map of the kernel's hold all of [lo,hi), or none of it? */
static bool one_map(u64 lo, u64 hi)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[4500];
	unsigned long a, b;
	bool whole = false, any = false;

	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx", &a, &b) != 2) continue;
		whole |= a <= lo && b >= hi;
		any |= a < hi && b > lo;
	}
	fclose(f);
	return whole || !any;
}

static void op_mremap(char *what)
{
	u64 off = P(rnd(PAGES)), old = P(rnd(6)), new = P(1 + rnd(8)), to = OTHER + P(rnd(PAGES - 8));
	static const u32 flags[] = { 0, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED | 4, 8 };
	u32 fl = flags[rnd(5)];

	if (off + old > P(PAGES) || off + new > P(PAGES)) off = 0;
	/* Several maps: moving them in one call came with Linux 6.17, and whether the kernel has made one of two that could
	 * be one is its own affair. */
	if (!one_map(WIN_B + off, WIN_B + off + (old ? old : 4096))) fl = 8;
	if (HOST_PAGE > 4096) {                 /* what a copy cannot do */
		struct page n[PAGES];

		kernel_pages(WIN_B, n);
		if (n[off / 4096].ino && new > old) new = old ? old : 4096;
		fl &= ~4u;
	}
	sprintf(what, "mremap(%lx, %lx, %lx, %x, %lx)", off, old, new, fl, to);
	both(rt_mremap(WIN_A + off, old, new, fl, WIN_A + to), kernel(SYS_mremap, WIN_B + off, old, new, fl, WIN_B + to, 0), what);
}

static void op_madvise(char *what)
{
	static const int advice[] = { MADV_DONTNEED, MADV_WILLNEED, MADV_NORMAL, MADV_RANDOM, 77, MADV_DONTFORK, MADV_DOFORK, MADV_FREE };
	u64 off = P(rnd(PAGES)), len = P(rnd(12));
	int adv = advice[rnd(8)];

	if (off + len > P(PAGES)) len = P(1);
	if (HOST_PAGE > 4096) {                 /* a copy of a file's part stays as it was written */
		struct page n[PAGES];

		kernel_pages(WIN_B, n);
		for (u64 a = off; a < off + len; a += 4096)
			if (n[a / 4096].ino) adv = MADV_NORMAL;
	}
	sprintf(what, "madvise(%lx, %lx, %d)", off, len, adv);
	both(rt_madvise(WIN_A + off, len, adv), kernel(SYS_madvise, WIN_B + off, len, adv, 0, 0, 0), what);
}

static void op_track(char *what)
{
	u64 off = P(rnd(PAGES));

	sprintf(what, "track(%lx)", off);
	if (rnd(3)) mem_track(WIN_A + off, WIN_A + off + P(1 + rnd(3)));
	else mem_untrack(WIN_A + off, WIN_A + off + P(4));
}

/* Every page that both may write gets a value, every page that both may read has it. */
static void touch(int step)
{
	struct page n[PAGES];

	kernel_pages(WIN_B, n);
	for (int i = 0; i < PAGES; i++) {
		volatile u32 *a = (u32 *)(WIN_A + P(i)), *b = (u32 *)(WIN_B + P(i));

		if (!n[i].mapped || !(n[i].prot & 3) || n[i].off >= P(256)) continue;
		if (n[i].prot & 1 && !n[i].shared) assert_int_equal(*a, *b);
		if (n[i].prot & 2 && !n[i].shared && !mem_tracked_any(page_down((gaddr)a), page_up((gaddr)a + 1))) *a = *b = step * 64 + i;
	}
}

static void test_random(void **state)
{
	char what[200];

	(void)state;
	for (int step = 0; step < steps; step++) {
		switch (rnd(8)) {
		case 0: case 1: op_mmap(what); break;
		case 2: op_munmap(what); break;
		case 3: op_mprotect(what); break;
		case 4: op_mremap(what); break;
		case 5: op_madvise(what); break;
		case 6: op_track(what); break;
		case 7: touch(step); strcpy(what, "touch"); break;
		}
		assert_true(unlocked());
		check_list();
		compare(0, what);
		if (step % 4 == 0) compare(OTHER, what);
	}
	rt_munmap(WIN_A, P(PAGES));
	rt_munmap(WIN_A + OTHER, P(PAGES));
}

/* --- single rules */

static void test_stack(void **state)
{
	struct vma v;

	(void)state;
	assert_int_equal(mem_stack(false), 0);
	assert_true(rt_vma(rt.stack_lo, &v) && v.lo == rt.stack_lo && v.hi == rt.stack_hi && !strcmp(v.path, "[stack]"));
	assert_int_equal(v.prot, 3);
	assert_false(mem_stack_grow(rt.stack_lo - (64ull << 30)));
	assert_int_equal(rt_mprotect(rt.stack_lo + P(1), 4096, 7 | PROT_GROWSDOWN), 0);
	assert_true(rt_vma(rt.stack_lo, &v) && v.prot == 7);
}

#if HOST_PAGE == 4096

static void test_top_down(void **state)
{
	s64 a = rt_mmap(0, 5000, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), b = rt_mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(a > 0 && a + P(2) <= mem.base);
	assert_int_equal(b, a - 4096);
	assert_int_equal(rt_munmap(a, P(2)), 0);
	assert_int_equal(rt_mmap(0, P(2), 1, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), a);
	assert_int_equal(rt_munmap(b, P(3)), 0);
}

static void test_hint(void **state)
{
	gaddr h = 0x123450000000;

	(void)state;
	assert_int_equal(rt_mmap(h + 123, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), h);
	assert_int_not_equal(rt_mmap(h, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), h);
	assert_int_equal(rt_munmap(h, 4096), 0);
}

static void test_32bit(void **state)
{
	s64 a = rt_mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | 0x40, -1, 0);

	(void)state;
	assert_in_range(a, 0x40000000, 0x7fffffff);
	rt_munmap(a, 4096);
}

/* What is there without being in the list, as other people's maps are in a small address space, is never replaced. */
static void test_foreign(void **state)
{
	s64 a = rt_mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), b;
	void *other = mmap((void *)(a - P(1)), 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	(void)state;
	*(int *)other = 77;
	b = rt_mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(b > 0 && (void *)b != other);
	assert_int_equal(rt_mmap((gaddr)other, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM);
	assert_int_equal(rt_mmap((gaddr)other - 4096, P(3), 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM);
	assert_int_equal(rt_munmap((gaddr)other, 4096), 0);
	assert_int_equal(*(int *)other, 77);
	munmap(other, 4096);
	assert_int_equal(rt_mmap((gaddr)other, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), (s64)other);
	rt_munmap((gaddr)other, P(2));
	rt_munmap(b, 4096);
}

static void test_brk(void **state)
{
	gaddr start = 0x200000000000 + 123;

	(void)state;
	mem_brk_init(start);
	assert_int_equal(rt_brk(0), start);
	assert_int_equal(rt_brk(start + 10000), start + 10000);
	*(volatile int *)(start + 9000) = 1;
	assert_int_equal(rt_brk(start + 100), start + 100);
	assert_int_equal(rt_brk(start - 1), start + 100);
	assert_int_equal(rt_brk(start + P(3)), start + P(3));
	assert_int_equal(*(volatile int *)(start + 9000), 0);
	/* something in the way, with a page between */
	assert_int_equal(rt_mmap(page_up(start) + P(5), 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), page_up(start) + P(5));
	assert_int_equal(rt_brk(page_up(start) + P(5)), start + P(3));
	assert_int_equal(rt_brk(page_up(start) + P(4)), page_up(start) + P(4));
	assert_int_equal(rt_brk(start), start);
	rt_munmap(page_up(start) + P(5), 4096);
}

static void test_arena(void **state)
{
	s64 img = rt_mmap(0x300000000000, P(16), 5, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	u64 a, hi = img + P(16);

	(void)state;
	mem_slot_leave(img, hi, P(8));
	a = rt_arena_slot(img, hi, 1 << 20);
	assert_int_equal(a, align_up(hi, 0x10000ull));
	assert_true(mem_arena_grow(a, 1 << 20, 2 << 20));
	/* the guest does not get it without a fight */
	evict_ok = false;
	assert_int_equal(rt_mmap(a, P(1), 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM);
	assert_int_equal(rt_mmap(a, P(1), 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
	evict_ok = true;
	assert_int_equal(rt_mmap(a, P(1), 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), a);
	assert_true(evictions > 0);
	assert_int_equal(rt_munmap(img, a + P(1) - img), 0);
	/* beyond reach */
	assert_int_equal(rt_mprotect(a, P(1), 1), -ENOMEM);
}

/* All that adrp reaches on both sides of an image may become arenas, and nothing else. */
static void test_arena_reach(void **state)
{
	enum { SIZE = 256 << 20 };
	s64 img = rt_mmap(0x300000000000, P(16), 5, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	u64 taken[64], a, n = 0;

	(void)state;
	while (n < countof(taken) && (a = rt_arena_slot(img, img + P(16), SIZE)))
		taken[n++] = a;
	assert_in_range(n, 2 * (ARENA_REACH / SIZE) - 2, 2 * (ARENA_REACH / SIZE));
	for (u64 k = 0; k < n; k++) {
		assert_true(taken[k] + SIZE - img <= ARENA_REACH || img + P(16) - taken[k] <= ARENA_REACH);
		mem_arena_free(taken[k], SIZE);
	}
	assert_int_equal(rt_munmap(img, P(16)), 0);
}

static void test_shm(void **state)
{
	int id = shmget(IPC_PRIVATE, 10000, 0600);
	s64 a = mem_shmat(id, 0, 0), b = mem_shmat(id, WIN_A + 100, 020000 | SHM_RDONLY);

	(void)state;
	assert_true(id >= 0 && a > 0 && rt.shared);
	assert_int_equal(b, WIN_A);
	*(volatile int *)(a + 8192) = 5;
	assert_int_equal(*(volatile int *)(b + 8192), 5);
	assert_int_equal(mem_shmat(id, WIN_A, 0), -EINVAL);
	assert_int_equal(mem_shmat(id, WIN_A, 040000), WIN_A);
	assert_int_equal(rt_mprotect(a + 4096, 4096, 1), 0);
	assert_int_equal(rt_munmap(a, 4096), 0);
	assert_int_equal(mem_shmdt(a + 4096), -EINVAL);
	assert_int_equal(mem_shmdt(a), 0);
	assert_int_equal(mem_shmdt(a), -EINVAL);
	assert_int_equal(mem_shmdt(WIN_A), 0);
	assert_int_equal(mem_covered(a, a + P(3)), a);
	shmctl(id, IPC_RMID, 0);
}

/* Read-only shared maps of plain files leave the process alone; what can be written by somebody does not. */
static void test_order(void **state)
{
	int memfd = memfd_create("x", 0);
	s64 a;

	(void)state;
	assert_int_equal(ftruncate(memfd, 8192), 0);
	struct { int fd; u32 flags; bool shared; } t[] = {
		{ file_ro, MAP_SHARED, false }, { file_rw, MAP_PRIVATE, false }, { file_rw, MAP_SHARED, true },
		{ -1, MAP_SHARED | MAP_ANONYMOUS, true }, { -1, MAP_PRIVATE | MAP_ANONYMOUS, false }, { memfd, MAP_SHARED, true },
	};
	for (u32 i = 0; i < countof(t); i++) {
		struct stat st;
		/* on tmpfs even a read-only map may change */
		bool tmpfs = t[i].fd >= 0 && ({ struct host_statfs fs; kernel(SYS_fstatfs, t[i].fd, (u64)&fs, 0, 0, 0, 0); fs.type == TMPFS_MAGIC; });

		(void)st;
		rt.shared = false;
		a = rt_mmap(0, 4096, 1, t[i].flags, t[i].fd, 0);
		assert_true(a > 0);
		assert_int_equal(rt.shared, t[i].shared || (tmpfs && t[i].flags & MAP_SHARED));
		rt_munmap(a, 4096);
	}
	close(memfd);
}

static void test_code_dropped(void **state)
{
	s64 a = rt_mmap(0, P(4), 5, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	mem_track(a, a + 1);
	changed = 0;
	assert_int_equal(rt_mprotect(a, P(4), 3), 0);
	assert_int_equal(changed, 1);
	assert_true(mem_tracked(a));
	assert_int_equal(rt_madvise(a, P(4), MADV_DONTNEED), 0);
	assert_false(mem_tracked(a));
	*(volatile int *)a = 1;
	mem_track(a, a + 1);
	assert_true(rt_mremap(a, P(4), P(64), MREMAP_MAYMOVE, 0) > 0);
	assert_false(mem_tracked_any(a, a + P(4)));
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(rt_mmap(0, 0, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -EINVAL);
	assert_int_equal(rt_mmap(0, ~0ull, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -ENOMEM);
	assert_int_equal(rt_mmap(0, 1ull << 46, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 1), -EINVAL);
	assert_int_equal(rt_mmap(rt.limit, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM);
	assert_int_equal(rt_munmap(rt.limit, 4096), -EINVAL);
	assert_int_equal(rt_munmap(0, ~0ull), -EINVAL);
	assert_int_equal(rt_mprotect(0x1000, ~0ull - 0x2000, 1), -ENOMEM);
	assert_int_equal(rt_mremap(0x1001, 4096, 4096, 0, 0), -EINVAL);
	assert_int_equal(rt_mremap(0x7000, 4096, 4096, 0, 0), -EFAULT);
}

int main(int argc, char **argv)
{
	if (argc > 1) seed = strtoul(argv[1], 0, 0);
	if (argc > 2) steps = atoi(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_down), cmocka_unit_test(test_hint), cmocka_unit_test(test_32bit),
		cmocka_unit_test(test_foreign), cmocka_unit_test(test_brk), cmocka_unit_test(test_arena), cmocka_unit_test(test_arena_reach),
		cmocka_unit_test(test_shm), cmocka_unit_test(test_order), cmocka_unit_test(test_code_dropped),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_random), cmocka_unit_test(test_stack),
	};

	return cmocka_run_group_tests(tests, setup, 0);
}
#endif
