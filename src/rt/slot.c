/* slot.c - places for arenas: behind an image, in reach of adrp, else anywhere.
 *
 * A slot is a note in the list of maps that keeps other maps away; nothing is mapped there until an arena takes it.
 * Far arenas lie where the kernel puts an unhinted map: above 2^47 on hosts that have it.
 */
#include "rt/mem_int.h"

#define ALIGN  0x10000ull
#define LOW    0x88000000ull            /* below lie non-PIE programs, their brk and MAP_32BIT's maps; and what is got
                                         * by failed conversions to int, 2^31, shall not be ours */
#define SLOT_MIN  (64ull << 20)         /* address space only: an arena is mapped as large as it is asked for */
#define SLOT_MAX  (512ull << 20)

static bool in_reach(u64 a, u64 size, gaddr lo, gaddr hi)
{
	return a >= lo ? a + size - lo <= ARENA_REACH : hi - a <= ARENA_REACH;
}

u64 mem_slot_size(u64 text)
{
	u64 n = align_up(text * 4, ALIGN);

	return n < SLOT_MIN ? SLOT_MIN : n > SLOT_MAX ? SLOT_MAX : n;
}

void mem_slot_leave(gaddr lo, gaddr hi, u64 text)
{
	struct map m = { .kind = MAP_SLOT };
	u64 size = mem_slot_size(text);

	rt_lock(&mem.lock);
	m.lo = align_up(hi, ALIGN);
	if (lo < LOW)
		m.lo = map_bottom(&mem.maps, LOW, lo + ARENA_REACH, size, ALIGN);
	if (m.lo && map_free(&mem.maps, m.lo, m.lo + size) && map_room(&mem.maps, 2)) {
		m.hi = m.lo + size;
		map_add(&mem.maps, &m);
	}
	rt_unlock(&mem.lock);
}

/* A slot that belongs to the image around lo: the first one in reach. */
static u64 take_slot(gaddr lo, gaddr hi, u64 size)
{
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < lo + ARENA_REACH; i++) {
		struct map *m = mem.maps.v + i;

		if (m->kind == MAP_SLOT && m->hi - align_up(m->lo, ALIGN) >= size && m->hi > align_up(m->lo, ALIGN) &&
		    in_reach(align_up(m->lo, ALIGN), size, lo, hi))
			return align_up(m->lo, ALIGN);
	}
	return 0;
}

static bool take(u64 a, u64 size)
{
	struct map m = { .lo = a, .hi = a + size, .kind = MAP_ARENA };

	if (!map_room(&mem.maps, 4) || failed(mem_host_reserve(a, size))) return false;
	map_remove(&mem.maps, a, a + size);
	map_add(&mem.maps, &m);
	return true;
}

u64 rt_arena_slot(gaddr lo, gaddr hi, u64 size)
{
	u64 a = 0;

	size = page_up(size);
	rt_lock(&mem.lock);
	if ((a = take_slot(lo, hi, size)) && !take(a, size)) a = 0;
	if (!a && (a = map_bottom(&mem.maps, hi < LOW ? LOW : hi, lo + ARENA_REACH, size, ALIGN)) && !take(a, size)) a = 0;
	if (!a && lo > LOW && (a = map_top(&mem.maps, hi > ARENA_REACH + LOW ? hi - ARENA_REACH : LOW, lo, size, ALIGN)) &&
	    !take(a, size))
		a = 0;
	rt_unlock(&mem.lock);
	return a;
}

u64 rt_arena_slot_far(u64 size)
{
	s64 r = host_call(__NR_mmap, 0, page_up(size), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return failed(r) ? 0 : r;
}

bool mem_arena_grow(u64 arena, u64 old_size, u64 new_size)
{
	u64 a = arena + page_up(old_size), end = arena + page_up(new_size);
	bool ok = true;

	if (a >= rt.limit) return mem_host_reserve(a, end - a) == (s64)a;
	rt_lock(&mem.lock);
	for (u32 i = map_find(&mem.maps, a); i < mem.maps.n && mem.maps.v[i].lo < end; i++)
		ok &= mem.maps.v[i].kind == MAP_SLOT;
	ok = ok && take(a, end - a);
	rt_unlock(&mem.lock);
	return ok;
}

void mem_arena_free(u64 arena, u64 size)
{
	size = page_up(size);
	host_call(__NR_munmap, arena, size);
	if (arena >= rt.limit) return;
	rt_lock(&mem.lock);
	if (map_room(&mem.maps, 2)) {
		map_remove(&mem.maps, arena, arena + size);
		mem_slot_orphans(arena, arena + size);
	}
	rt_unlock(&mem.lock);
}

void mem_slot_orphans(gaddr lo, gaddr hi)
{
	u32 i = map_find(&mem.maps, hi);

	/* the slot right behind what went away, if no arena holds on to it; the main program's far one stays */
	if (i < mem.maps.n && mem.maps.v[i].kind == MAP_SLOT && mem.maps.v[i].lo <= align_up(hi, ALIGN) &&
	    mem.maps.v[i].lo >= hi && !(i && mem.maps.v[i - 1].hi > lo))
		map_remove(&mem.maps, mem.maps.v[i].lo, mem.maps.v[i].hi);
}
