/* arena.h - where translated code lies, and what is known of it.
 *
 * An arena is one map near the guest code it serves: stubs, then regions one after another, then room, then (growing
 * down from the end) the offsets of its regions in ascending order. A region is its code followed by a struct region,
 * its entries and its side table. Nothing is freed alone: dropping a region makes its entries lead to the linker, so
 * that every branch, table entry and return pair that still leads there finds its way; the memory comes back when the
 * arena is reset as a whole.
 */
#ifndef RT_ARENA_H
#define RT_ARENA_H

#include "rt/rt.h"
#include "tr/tr.h"

struct arena {
	struct arena *next;
	u64 base, size;
	u64 used;                       /* bytes from base: stubs and regions */
	u32 nregions;
	bool near;
};

struct side { u16 host, guest; };       /* words from code, bytes from lo */
struct rentry { u32 guest, host; };     /* bytes from lo, bytes from code */
struct region {
	u32 code, ncode;                /* bytes from the arena's base; bytes */
	gaddr lo, hi;
	u16 nside, nentry;
	bool dead, loops;               /* loops: may be run for ever without being left */
};

static inline u32 *arena_index(struct arena *a) { return (u32 *)(a->base + a->size); }
static inline struct region *arena_region(struct arena *a, u32 n)
{
	return (struct region *)(a->base + arena_index(a)[-1 - (s64)n]);
}
static inline struct rentry *region_entries(struct region *r) { return (struct rentry *)(r + 1); }
static inline struct side *region_side(struct region *r) { return (struct side *)(region_entries(r) + r->nentry); }

extern struct arena *rt_arenas;         /* under rt_code_lock */

/* An arena that serves code at pc and has room for n bytes more; makes one if need be. Null: out of memory. */
struct arena *arena_for(gaddr pc, u64 n);
/* Does it move with the image that holds pc, in reach of adrp? */
bool arena_near(const struct arena *a, gaddr pc);
/* The arena and the live or dead region that hold a host address. */
struct arena *arena_of(u64 host);
struct region *arena_find(struct arena *a, u64 host);
/* Publishes what tr_translate left in c at the arena's end; c->code.p is moved behind the tables. */
struct region *arena_add(struct arena *a, struct tr *c);
/* After words were written: makes them visible to instruction fetch. */
void arena_sync(u64 lo, u64 hi);
/* Forgets all regions of the arena. */
void arena_reset(struct arena *a);

#endif
