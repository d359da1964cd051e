/* arena.c - see arena.h. Everything here is called under rt_code_lock. */
#include "rt/arena.h"
#include "rt/host.h"
#include "rt/mem.h"
#include <linux/mman.h>

#define ARENA_FIRST (4ull << 20)
#define ARENA_MOST  (64ull << 20)
#define ARENA_LEAST (1ull << 20)

struct arena *rt_arenas;

/* DminLine and IminLine, DIC and IDC of CTR_EL0 (Arm ARM B2.4.4, "Data-to-instruction cache coherency"). */
void arena_sync(u64 lo, u64 hi)
{
	static u64 ctr;
	u64 dline, iline;

	if (!ctr)
		__asm__("mrs %0, ctr_el0" : "=r" (ctr));
	dline = 4ull << (ctr >> 16 & 15);
	iline = 4ull << (ctr & 15);
	if (!(ctr >> 28 & 1))
		for (u64 a = align_down(lo, dline); a < hi; a += dline)
			__asm__ volatile("dc cvau, %0" : : "r" (a) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	if (!(ctr >> 29 & 1)) {
		for (u64 a = align_down(lo, iline); a < hi; a += iline)
			__asm__ volatile("ic ivau, %0" : : "r" (a) : "memory");
		__asm__ volatile("dsb ish" : : : "memory");
	}
	__asm__ volatile("isb" : : : "memory");
}

static void stubs(struct arena *a)
{
	static const u16 field[] = {
		offsetof(struct cpu, stub_link), offsetof(struct cpu, stub_lookup), offsetof(struct cpu, stub_syscall),
		offsetof(struct cpu, stub_helper), offsetof(struct cpu, stub_retmiss),
	};
	struct code c = { (u32 *)a->base, (u32 *)(a->base + TR_STUBS_SIZE), 0 };

	for (u32 k = 0; k < countof(field); k++) {
		a_ldr_i(&c, 8, X17, R_CPU, field[k]);
		a_br(&c, X17);
	}
	tr_routines((u32 *)a->base);
	arena_sync(a->base, a->base + TR_STUBS_SIZE);
	a->used = TR_STUBS_SIZE;
}

void arena_reset(struct arena *a)
{
	a->nregions = 0;
	a->used = TR_STUBS_SIZE;
}

static bool reaches(const struct arena *a, gaddr pc)
{
	return pc < a->base ? a->base + a->size - pc <= ARENA_REACH : pc - a->base <= ARENA_REACH;
}

/* The first one small, since all of it counts under `ulimit -v`; those that follow it larger. */
static u64 size_for(gaddr pc, bool near)
{
	u64 size = ARENA_FIRST;

	for (struct arena *a = rt_arenas; a; a = a->next)
		if ((near ? reaches(a, pc) : !a->near) && size < ARENA_MOST)
			size *= 4;
	return size;
}

static struct arena *make(gaddr pc, bool near)
{
	struct arena *a = rt_alloc(sizeof *a);
	struct vma v;
	gaddr lo = pc, hi = pc + 1;

	if (!a)
		return 0;
	if (rt_vma(pc, &v) && v.lo <= pc)
		lo = v.lo, hi = v.hi;
	a->near = near;
	for (a->size = size_for(pc, near); a->size >= ARENA_LEAST; a->size /= 4) {
		a->base = near ? rt_arena_slot(lo, hi, a->size) : rt_arena_slot_far(a->size);
		if (!a->base)
			continue;
		if (host_call(__NR_mmap, a->base, a->size, PROT_READ | PROT_WRITE | PROT_EXEC,
		              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == (s64)a->base)
			break;
		mem_arena_free(a->base, a->size);
	}
	if (a->size < ARENA_LEAST) {
		rt_free(a, sizeof *a);
		return 0;
	}
	stubs(a);
	a->next = rt_arenas;
	rt_arenas = a;
	return a;
}

static u64 room(const struct arena *a)
{
	return a->size - a->used - 4 * (a->nregions + 1);
}

bool arena_near(const struct arena *a, gaddr pc)
{
	return a->near && reaches(a, pc);
}

static struct arena *with_room(gaddr pc, u64 n, bool near)
{
	struct arena *a = rt_arenas;

	while (a && ((near && !reaches(a, pc)) || room(a) < n))
		a = a->next;
	return a;
}

struct arena *arena_for(gaddr pc, u64 n)
{
	struct arena *a = with_room(pc, n, true);

	if (!a) a = make(pc, true);
	if (!a) a = with_room(pc, n, false);
	if (!a) a = make(pc, false);
	return a;
}

struct arena *arena_of(u64 host)
{
	struct arena *a = rt_arenas;

	while (a && host - a->base >= a->size)
		a = a->next;
	return a;
}

struct region *arena_find(struct arena *a, u64 host)
{
	u32 lo = 0, hi = a->nregions, off = host - a->base;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (arena_region(a, mid)->code <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return 0;
	{
		struct region *r = arena_region(a, lo - 1);

		return off < r->code + r->ncode ? r : 0;
	}
}

struct region *arena_add(struct arena *a, struct tr *c)
{
	struct region *r = (struct region *)align_up((u64)c->code.p, 8);
	struct rentry *e;
	struct side *s;

	*r = (struct region){ .code = (u64)c->start - a->base, .ncode = (u8 *)c->code.p - (u8 *)c->start,
	                      .lo = c->lo, .hi = c->hi, .nside = c->nmap, .nentry = c->nentry, .loops = c->loops };
	e = region_entries(r);
	s = region_side(r);
	for (u32 k = 0; k < c->nentry; k++)
		e[k] = (struct rentry){ c->entry[k].pc - c->lo, c->entry[k].host };
	for (u32 k = 0; k < c->nmap; k++)
		s[k] = (struct side){ c->map[k].host / 4, c->map[k].guest };
	a->used = align_up((u64)(s + c->nmap), 16) - a->base;
	arena_index(a)[-1 - (s64)a->nregions++] = (u8 *)r - (u8 *)a->base;
	arena_sync((u64)c->start, (u64)c->code.p);
	return r;
}
