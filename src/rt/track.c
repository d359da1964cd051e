/* track.c - which guest pages have translations: one bit a page, found without a lock.
 *
 * A bit says "code was made from these bytes". mem.c derives the host's protection from it, so that mprotect, mremap
 * and the rest keep a writable code page write-protected whatever the guest does around it.
 */
#include "rt/mem_int.h"

#define PAGES_PER_LEAF  (1u << 18)              /* 1 GiB */
static u64 *leaves[GUEST_LIMIT / (PAGES_PER_LEAF * GUEST_PAGE) + 1];

static u64 *leaf_of(gaddr page) { return __atomic_load_n(&leaves[page / PAGES_PER_LEAF], __ATOMIC_ACQUIRE); }

bool mem_tracked(gaddr a)
{
	gaddr page = a / GUEST_PAGE;
	u64 *leaf;

	if (a >= GUEST_LIMIT || !(leaf = leaf_of(page))) return false;
	return __atomic_load_n(&leaf[page % PAGES_PER_LEAF / 64], __ATOMIC_RELAXED) >> page % 64 & 1;
}

/* The first page from `page` on, before `end`, whose mark is `want`; or end. */
static gaddr next_page(gaddr page, gaddr end, bool want)
{
	while (page < end) {
		u64 *leaf = leaf_of(page), w;
		gaddr skip;

		if (!leaf) {
			if (!want) return page;
			page = align_down(page, PAGES_PER_LEAF) + PAGES_PER_LEAF;
			continue;
		}
		w = __atomic_load_n(&leaf[page % PAGES_PER_LEAF / 64], __ATOMIC_RELAXED);
		w = (want ? w : ~w) >> page % 64;
		skip = w ? (gaddr)__builtin_ctzll(w) : 64 - page % 64;
		page += skip;
		if (w) return page < end ? page : end;
	}
	return end;
}

bool mem_tracked_any(gaddr lo, gaddr hi)
{
	gaddr end = (hi + GUEST_PAGE - 1) / GUEST_PAGE;

	return next_page(lo / GUEST_PAGE, end, true) < end;
}

static bool mark(gaddr page)
{
	u64 **slot = &leaves[page / PAGES_PER_LEAF], *leaf = leaf_of(page);

	if (!leaf) {
		u64 *none = 0;

		leaf = rt_map(PAGES_PER_LEAF / 8);
		if (!leaf) return false;
		if (!__atomic_compare_exchange_n(slot, &none, leaf, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
			rt_unmap(leaf, PAGES_PER_LEAF / 8);
			leaf = none;
		}
	}
	__atomic_or_fetch(&leaf[page % PAGES_PER_LEAF / 64], 1ull << page % 64, __ATOMIC_RELAXED);
	return true;
}

void mem_marks_clear(gaddr lo, gaddr hi)
{
	gaddr end = (hi + GUEST_PAGE - 1) / GUEST_PAGE, p = lo / GUEST_PAGE;

	while ((p = next_page(p, end, true)) < end) {
		__atomic_and_fetch(&leaf_of(p)[p % PAGES_PER_LEAF / 64], ~(1ull << p % 64), __ATOMIC_RELAXED);
		p++;
	}
}

s64 mem_protect_pages(gaddr lo, gaddr hi, u32 prot)
{
	u32 host = host_prot(prot);

	if (!(host & PROT_WRITE) || !mem_tracked_any(lo, hi))
		return host_call(__NR_mprotect, lo, hi - lo, host);
	while (lo < hi) {
		bool code = mem_tracked(lo);
		gaddr end = next_page(lo / GUEST_PAGE, hi / GUEST_PAGE, !code) * GUEST_PAGE;
		s64 r;

		if (end > hi) end = hi;
		r = host_call(__NR_mprotect, lo, end - lo, code ? host & ~PROT_WRITE : host);
		if (r) return r;
		lo = end;
	}
	return 0;
}

/* Applies fn's idea of protection to every guest map in [lo,hi). The lock is held. */
static void reprotect(gaddr lo, gaddr hi)
{
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < hi; i++) {
		struct map *m = mem.maps.v + i;
		gaddr a = m->lo > lo ? m->lo : lo, b = m->hi < hi ? m->hi : hi;

		if (m->kind != MAP_GUEST || !(m->prot & PROT_WRITE)) continue;
		if (split_pages()) split_settle(a, b);
		else mem_protect_pages(a, b, m->prot);
	}
}

bool mem_track(gaddr lo, gaddr hi)
{
	bool fresh = false, sure = true;

	lo = align_down(lo, GUEST_PAGE);
	hi = align_up(hi, GUEST_PAGE);
	if (hi > rt.limit) return false;
	for (gaddr a = lo; a < hi; a += GUEST_PAGE)
		fresh |= !mem_tracked(a);
	rt_lock(&mem.lock);
	for (gaddr a = lo; fresh && a < hi; a += GUEST_PAGE)
		sure &= mark(a / GUEST_PAGE);
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < hi; i++) {
		struct map *m = mem.maps.v + i;

		/* another mapping, or another process, may write shared memory whatever this page's protection */
		if (m->kind == MAP_GUEST && m->flags & MF_SHARED && m->flags & MF_SELFCHECK) sure = false;
	}
	if (fresh) reprotect(page_down(lo), page_up(hi));
	rt_unlock(&mem.lock);
	return sure;
}

bool mem_others(gaddr a)
{
	static const char memfd[] = "/memfd:";
	bool others = false;
	u32 k;

	rt_lock(&mem.lock);
	k = map_find(&mem.maps, a);
	if (k < mem.maps.n && mem.maps.v[k].lo <= a) {
		struct map *m = mem.maps.v + k;
		/* nobody else has it before the first fork */
		bool own = m->file ? !strncmp(m->file->path, memfd, sizeof memfd - 1) : m->key & KEY_ANON;

		others = m->kind == MAP_GUEST && m->flags & MF_SHARED && m->flags & MF_SELFCHECK && (rt.forked || !own);
	}
	rt_unlock(&mem.lock);
	return others;
}

void mem_untrack(gaddr lo, gaddr hi)
{
	lo = align_down(lo, GUEST_PAGE);
	hi = align_up(hi, GUEST_PAGE);
	rt_lock(&mem.lock);
	mem_marks_clear(lo, hi);
	reprotect(page_down(lo), page_up(hi));
	rt_unlock(&mem.lock);
}

void mem_settle(gaddr lo, gaddr hi)
{
	rt_lock(&mem.lock);
	reprotect(page_down(lo), page_up(hi));
	rt_unlock(&mem.lock);
}

int mem_host_protect(gaddr lo, gaddr hi, u32 prot)
{
	return host_call(__NR_mprotect, lo, hi - lo, prot);
}
