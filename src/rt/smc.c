/* smc.c - guest code that the guest writes.
 *
 * track.c marks the pages that code was made from and keeps those write-protected which the guest may write. Here the
 * marks come off: by a write that faulted, or for a system call. The order is: the mark goes, then the code, then
 * the protection, unless somebody marked the page anew meanwhile. rt_code looks at the marks once more under its lock before it publishes what it made of a page's
 * bytes (rt_smc_valid), so that code is never published after a write to its bytes.
 */
#include "rt/smc.h"
#include "rt/mem.h"

enum { PROT_WRITE_ = 2 };

/* May the guest write there? Where its map ends, if so. */
static bool writable(gaddr a, gaddr *hi)
{
	struct vma v;

	if (!rt_vma(a, &v) || v.lo > a || !(v.prot & PROT_WRITE_)) return false;
	*hi = v.hi;
	return true;
}

static void give_up(gaddr lo, gaddr hi)
{
	mem_marks_clear(lo, hi);
	rt_code_changed(lo, hi);
	mem_settle(lo, hi);
}

bool smc_write(gaddr a)
{
	gaddr page = align_down(a, (u64)rt.page), hi;

	if (a >= rt.limit || !writable(a, &hi)) return false;
	/* Not marked, yet it faulted: another thread was quicker. */
	if (mem_tracked_any(page, page + rt.page)) give_up(page, page + rt.page);
	return true;
}

bool rt_smc_track(gaddr lo, gaddr hi) { return mem_track(lo, hi); }

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
		if (!mem_tracked_any(a, a + rt.page) || !writable(a, &end)) continue;
		give_up(a, a + rt.page);
		any = true;
	}
	return any;
}
