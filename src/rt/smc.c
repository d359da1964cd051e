/* smc.c - guest code that the guest writes.
 *
 * track.c marks the pages that code was made from and keeps those write-protected which the guest may write. Here the
 * marks come off: by a write that faulted, or for a system call. The order is: the mark goes, then the code, then the
 * protection, unless somebody marked the page anew meanwhile. rt_code looks at the marks once more under its lock
 * before it publishes what it made of a page's bytes (rt_smc_valid), so that code is never published after a write to
 * its bytes. The bytes of a shared map may be written through another map of the same file (W^X of Erlang and .NET: one
 * writable view, one executable), so all of this process's maps of them are marked alike.
 */
#include "rt/smc.h"
#include "rt/host.h"
#include "rt/mem.h"
#include <linux/futex.h>

enum { PROT_WRITE_ = 2, MAP_SHARED_ = 1 };

/* May the guest write there? Where its map ends, if so. */
static bool writable(gaddr a, gaddr *hi)
{
	struct vma v;

	if (!rt_vma(a, &v) || v.lo > a || !(v.prot & PROT_WRITE_)) return false;
	*hi = v.hi;
	return true;
}

static void give_up_here(gaddr lo, gaddr hi)
{
	if (!mem_tracked_any(lo, hi)) return;
	mem_marks_clear(lo, hi);
	rt_code_changed(lo, hi);
	mem_settle(lo, hi);
}

static void mark(gaddr lo, gaddr hi) { mem_track(lo, hi); }

/* Where else this process sees the bytes of [lo,hi), which lies in one map: fn for each part of a shared map of the
 * same file. */
static void aliases(gaddr lo, gaddr hi, void (*fn)(gaddr lo, gaddr hi))
{
	struct vma v, w;

	if (!rt_vma(lo, &v) || v.lo > lo || !(v.flags & MAP_SHARED_) || !v.ino) return;
	rt_smc_files = true;
	for (gaddr a = 0; rt_vma(a, &w); a = w.hi) {
		u64 shift = lo - v.lo + v.off - w.off;          /* of lo's byte from w.lo, modulo 2^64 */
		gaddr from = w.lo + shift, to = w.lo + shift + (hi - lo);

		if (!(w.flags & MAP_SHARED_) || w.ino != v.ino || w.dev != v.dev || from == lo) continue;
		if ((s64)shift < 0) from = w.lo;
		if (to > w.hi) to = w.hi;
		if ((s64)(to - from) > 0 && from < w.hi) fn(from, to);
	}
}

bool rt_smc_files;

bool rt_smc_others(gaddr a) { return mem_others(a); }

void rt_smc_forking(void)
{
	struct vma v;

	if (rt.forked) return;
	rt.forked = true;
	for (gaddr a = 0; rt_vma(a, &v); a = v.hi)
		if (v.flags & MAP_SHARED_) give_up_here(v.lo, v.hi);
}

void rt_smc_changed(gaddr lo, gaddr hi)
{
	if (lo < rt.limit) give_up_here(align_down(lo, (u64)rt.page), align_up(hi < rt.limit ? hi : rt.limit, (u64)rt.page));
}

void rt_smc_file_changed(u64 dev, u64 ino)
{
	struct vma v;

	for (gaddr a = 0; rt_vma(a, &v); a = v.hi)
		if (v.flags & MAP_SHARED_ && v.ino == ino && v.dev == dev) give_up_here(v.lo, v.hi);
}

static void give_up(gaddr page)
{
	aliases(page, page + rt.page, give_up_here);
	give_up_here(page, page + rt.page);
}

/* A page that was given up for a store that has still to run: nobody marks it meanwhile, or two threads, one that
 * stores and one that runs what is stored, would take it from each other for ever. Who wants to translate the page sleeps
 * until the store is done, and not under a lock, since the store's thread needs some; but for at most TRIES
 * milliseconds: that thread may be stopped. */
enum { CLAIMS = 8, TRIES = 1000 };

static struct claim { gaddr page; struct thread *by; u32 tries; } claims[CLAIMS];
static u32 done;                        /* counts stores that were waited for */

static void claim(struct thread *t, gaddr page)
{
	for (u32 k = 0; k < CLAIMS; k++) {      /* there are enough for all but a strange program, which is slow then */
		struct thread *by = __atomic_load_n(&claims[k].by, __ATOMIC_RELAXED), *none = 0;

		if (by != t && (by || !__atomic_compare_exchange_n(&claims[k].by, &none, t, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
			continue;
		claims[k].tries = 0;
		__atomic_store_n(&claims[k].page, page, __ATOMIC_RELEASE);
		t->storing = true;
		return;
	}
}

void smc_stored(struct thread *t)
{
	t->storing = false;
	for (u32 k = 0; k < CLAIMS; k++) {
		if (__atomic_load_n(&claims[k].by, __ATOMIC_RELAXED) != t) continue;
		__atomic_store_n(&claims[k].page, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&claims[k].by, 0, __ATOMIC_RELEASE);
		__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
		host_call(__NR_futex, &done, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 0x7fffffff);
	}
}

void smc_fork_child(void)
{
	rt_self()->storing = false;
	for (u32 k = 0; k < CLAIMS; k++)
		claims[k] = (struct claim){ 0 };
}

static struct claim *refused(gaddr lo, gaddr hi)
{
	for (u32 k = 0; k < CLAIMS; k++) {
		gaddr page = __atomic_load_n(&claims[k].page, __ATOMIC_ACQUIRE);

		if (page && page < hi && page + rt.page > lo && claims[k].by != rt_self() && claims[k].tries < TRIES)
			return &claims[k];
	}
	return 0;
}

void smc_wait(gaddr page)
{
	s64 ms[2] = { 0, 1000000 };
	u32 seen = __atomic_load_n(&done, __ATOMIC_SEQ_CST);
	struct claim *c = refused(page, page + GUEST_PAGE);

	if (!c) {
		host_call(__NR_sched_yield);
		return;
	}
	c->tries++;
	host_call(__NR_futex, &done, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, seen, ms);
}

bool smc_write(gaddr a, bool later)
{
	gaddr page = align_down(a, (u64)rt.page), hi;

	if (a >= rt.limit || !writable(a, &hi)) return false;
	if (later) claim(rt_self(), page);
	/* Not marked, yet it faulted: another thread was quicker. */
	if (mem_tracked_any(page, page + rt.page)) give_up(page);
	return true;
}

bool rt_smc_track(gaddr lo, gaddr hi)
{
	bool sure;

	if (refused(lo, hi)) return false;
	sure = mem_track(lo, hi);
	aliases(align_down(lo, (u64)rt.page), align_up(hi, (u64)rt.page), mark);
	return sure;
}

/* Code of these bytes may have been made before this map of them was there, which is not marked. */
void rt_smc_mapped(gaddr lo, gaddr hi)
{
	aliases(lo, hi, give_up_here);
}

bool rt_smc_valid(gaddr lo, gaddr hi)
{
	for (gaddr a = align_down(lo, GUEST_PAGE); a < hi; a += GUEST_PAGE)
		if (!mem_tracked(a)) return false;
	return true;
}

bool rt_smc_unprotect(gaddr lo, u64 len)
{
	gaddr hi = lo + len, a = align_down(lo, (u64)rt.page), end;
	bool any = false;

	if (!len || lo >= rt.limit || len > rt.limit - lo || !mem_tracked_any(lo, hi)) return false;
	for (; a < hi; a += rt.page) {
		if (!mem_tracked_any(a, a + rt.page) || !writable(a < lo ? lo : a, &end)) continue;
		give_up(a);
		any = true;
	}
	return any;
}
