/* grow.c - the two maps that grow: brk and the stack. Room for both is kept in the list of maps. */
#include "rt/mem_int.h"

/* --- brk */

void mem_brk_init(gaddr start)
{
	gaddr room = start + (64ull << 30), a = page_up(start);
	struct map m = { .kind = MAP_ROOM };

	if (split_pages()) start = a;                   /* brk goes by whole host pages */
	if (start < 0x40000000) room = 0x40000000;      /* MAP_32BIT's range begins there */
	if (room > rt.limit) room = rt.limit;
	rt_lock(&mem.lock);
	rt.brk_start = rt.brk = start;
	if (map_room(&mem.maps, 2)) {
		u32 i = map_find(&mem.maps, a);
		if (i < mem.maps.n && mem.maps.v[i].lo < room) room = mem.maps.v[i].lo;
		m.lo = a;
		m.hi = room;
		if (a < room) map_add(&mem.maps, &m);
	}
	mem.brk_room = room;
	rt_unlock(&mem.lock);
}

static bool brk_grow(gaddr lo, gaddr hi)
{
	u32 prot = PROT_READ | PROT_WRITE | (rt.personality & 0x0400000 ? PROT_EXEC : 0);

	if (hi > rt.limit) return false;
	/* one page more must be free, as Linux wants it */
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < hi + GUEST_PAGE; i++)
		if (mem.maps.v[i].kind == MAP_GUEST || mem.maps.v[i].kind == MAP_ARENA) return false;
	if (!map_room(&mem.maps, 4) ||
	    failed(mem_host_new(lo, hi - lo, host_prot(prot), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
		return false;
	mem_enter(lo, hi - lo, prot, MAP_PRIVATE, 0, 0, 0);
	return true;
}

static void brk_shrink(gaddr lo, gaddr hi)
{
	struct map m = { .lo = lo, .hi = hi < mem.brk_room ? hi : mem.brk_room, .kind = MAP_ROOM };

	mem_unmap_locked(lo, hi);
	if (m.lo < m.hi && map_free(&mem.maps, m.lo, m.hi) && map_room(&mem.maps, 2)) map_add(&mem.maps, &m);
}

s64 rt_brk(gaddr addr)
{
	gaddr old, new;
	s64 r;
	bool code = false;

	rt_lock(&mem.lock);
	old = page_up(rt.brk);
	new = page_up(addr);
	if (addr >= rt.brk_start && new >= addr) {
		if (new > old) {
			if (brk_grow(old, new)) rt.brk = addr;
		} else {
			if (new < old) {
				code = mem_any_exec(new, old);
				brk_shrink(new, old);
			}
			/* what stays mapped of a larger page is fresh when brk comes back */
			if (guest_up(addr) < new && guest_up(addr) < guest_up(rt.brk))
				split_zero(guest_up(addr), new);
			rt.brk = addr;
		}
	}
	r = rt.brk;
	rt_unlock(&mem.lock);
	if (code) rt_code_unmap(new, old);
	return r;
}

/* --- the stack */

/* 8 MiB or the limit, whichever is less, are mapped at once, not 132 KiB that grow by faults: a system call that
 * writes into an untouched part of the stack would fail here, where the kernel's own stacks grow. Growth beyond that,
 * up to RLIMIT_STACK as it then is, is by faults. */
int mem_stack(bool exec)
{
	u64 size = mem_stack_limit();
	u32 prot = PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0);
	gaddr top = rt.limit - mem_random_pages(STACK_RND_BITS);
	struct map room = { .kind = MAP_ROOM };
	s64 r = -ENOMEM;
	u32 below;

	if (size > 8u << 20) size = 8u << 20;
	size = page_down(size);
	if (size < 128u << 10) size = 128u << 10;
	rt_lock(&mem.lock);
	for (; map_room(&mem.maps, 6) && size >= 128u << 10; size = page_down(size / 2)) {
		struct want w = { .size = size, .align = rt.page, .lo = rt.limit / 4, .hi = top };

		r = mem_place(&w, size, host_prot(prot), MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (!failed(r)) break;
	}
	if (!failed(r)) {
		mem_enter(r, size, prot, MAP_PRIVATE, 0, 0, MF_STACK);
		rt.stack_lo = r;
		rt.stack_hi = r + size;
		room.lo = rt.stack_hi > mem.gap + mem.base ? rt.stack_hi - mem.gap : mem.base;
		room.hi = rt.stack_lo;
		below = map_find(&mem.maps, rt.stack_lo);
		if (below && mem.maps.v[below - 1].hi > room.lo) room.lo = mem.maps.v[below - 1].hi;
		if (room.lo < room.hi) map_add(&mem.maps, &room);
		mem.stack_room = room.lo;
		r = 0;
	}
	rt_unlock(&mem.lock);
	return r;
}

bool mem_stack_grow(gaddr a)
{
	gaddr lo;
	bool ok = false;
	u64 max = mem_stack_limit();

	rt_lock(&mem.lock);
	lo = page_down(a) > 128u << 10 ? page_down(a) - (128u << 10) : 0;       /* a little more than was asked for */
	if (lo < mem.stack_room) lo = mem.stack_room;
	if (a < rt.stack_lo && a >= lo && rt.stack_hi - page_down(a) <= max) {
		u32 i = map_find(&mem.maps, rt.stack_lo), prot = mem.maps.v[i].prot;

		if (rt.stack_hi - lo > max) lo = rt.stack_hi - page_down(max);
		/* the guest may have taken some of the room; a guard gap stays below, as on Linux */
		for (u32 j = map_find(&mem.maps, lo > GUARD_GAP ? lo - GUARD_GAP : 0); j < i; j++)
			if (mem.maps.v[j].kind != MAP_ROOM && mem.maps.v[j].hi + GUARD_GAP > lo)
				lo = mem.maps.v[j].hi + GUARD_GAP;
		if (lo <= page_down(a) && map_room(&mem.maps, 4) &&
		    !failed(mem_host_new(lo, rt.stack_lo - lo, host_prot(prot),
		                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
			mem_enter(lo, rt.stack_lo - lo, prot, MAP_PRIVATE, 0, 0, MF_STACK);
			rt.stack_lo = lo;
			ok = true;
		}
	} else if (a >= rt.stack_lo && a < rt.stack_hi) {
		u32 i = map_find(&mem.maps, a);                 /* another thread was faster */
		ok = i < mem.maps.n && mem.maps.v[i].lo <= a && mem.maps.v[i].flags & MF_STACK &&
		     mem.maps.v[i].prot & PROT_WRITE;
	}
	rt_unlock(&mem.lock);
	return ok;
}
