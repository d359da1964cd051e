/* mem_int.h - what the files of the address space share: mem.c layout.c grow.c remap.c slot.c track.c file.c. */
#ifndef RT_MEM_INT_H
#define RT_MEM_INT_H

#include "rt/host.h"
#include "rt/mem.h"
#include "rt/string.h"
#include <asm/errno.h>
#include <linux/mman.h>

#define X86_MAP_32BIT      0x40
#define X86_MAP_ABOVE4G    0x80
#define PROT_ALL           (PROT_READ | PROT_WRITE | PROT_EXEC)

extern struct mem {
	struct lock lock;
	struct maps maps;
	gaddr base;                     /* new maps go below it */
	gaddr bottom;                   /* or, in the legacy layout, above this */
	bool legacy;
	u64 gap;                        /* room kept for the stack */
	gaddr stack_room;               /* the stack may grow down to here */
	gaddr brk_room;                 /* brk may grow up to here */
} mem;

/* The list of maps goes by the guest's pages, what the host is asked for by its own, which may be larger (split.c). */
static inline gaddr page_down(gaddr a) { return align_down(a, (u64)rt.page); }
static inline gaddr page_up(gaddr a)   { return align_up(a, (u64)rt.page); }
static inline gaddr guest_up(gaddr a)  { return align_up(a, GUEST_PAGE); }
static inline bool split_pages(void)   { return rt.page > (s64)GUEST_PAGE; }

static inline bool failed(s64 r) { return (u64)r >= (u64)-4095; }

/* What the host gets for a guest's protection. x86 page tables have no write-only and no execute-only pages, and guest
 * code is only ever read. */
static inline u32 host_prot(u32 prot)
{
	return (prot & PROT_WRITE ? PROT_READ | PROT_WRITE : prot & (PROT_READ | PROT_EXEC) ? PROT_READ : 0);
}

/* mmap exactly there, over nothing: -EEXIST when something is there. QEMU before 8 takes MAP_FIXED_NOREPLACE as a
 * hint, so the address has to be checked. */
s64 mem_host_new(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off);
static inline s64 mem_host_reserve(gaddr a, u64 len)
{
	return mem_host_new(a, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

bool mem_probe(gaddr a, u64 len);       /* is all of it free on the host? */

/* Where a new map may go: size may be more than is mapped, to keep room behind it. low: from below. */
struct want { u64 size, align; gaddr lo, hi; bool low; };
/* Maps at the best place for w. Address or errno. */
s64 mem_place(const struct want *w, u64 len, u32 prot, u32 flags, int fd, u64 off);
/* The list's entry for a new map, instead of what the list had there. flags: the guest's; mf: MF_ flags besides. */
void mem_enter(gaddr a, u64 len, u32 prot, u32 flags, struct mfile *f, u64 off, u16 mf);

/* split.c, for hosts with larger pages only */
/* mmap at a fixed address that the guest's list holds free or for replacing: a or errno. The new map has yet to be entered, and
 * the protection to be settled then. */
s64  split_map(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off);
/* Gives host pages in [lo,hi) with guest maps the protection that follows from the list and the marks. */
s64  split_settle(gaddr lo, gaddr hi);
/* After [lo,hi) left the list: unmaps the host pages of which nothing is left. */
void split_drop(gaddr lo, gaddr hi);
/* Fills parts of split pages with zeros. */
s64  split_zero(gaddr lo, gaddr hi);
/* Does a guest map lie in [lo,hi)? Has no other map a part of [lo,hi)'s host pages? */
bool split_taken(gaddr lo, gaddr hi);
bool split_alone(gaddr lo, gaddr hi);
/* For mremap: a copy of private memory at a fixed place. 0 or errno; the list is the caller's. */
s64  split_copy(const struct map *m, gaddr old, u64 old_len, gaddr to, u64 new_len);

/* layout.c */
#define STACK_RND_BITS  22
#define GUARD_GAP       (256 * GUEST_PAGE)
u64 mem_random_pages(unsigned bits);    /* bytes, whole pages; bits is for a 47-bit address space */
u64 mem_stack_limit(void);              /* RLIMIT_STACK */

/* A probe at [a,a+len) failed: notes where, so that the next choice avoids it. */
void mem_note_foreign(gaddr a, u64 len, u64 grain);
/* Reserves the parts of [lo,hi) that are not the guest's. 0, or -ENOMEM when somebody else is there. */
int  mem_claim(gaddr lo, gaddr hi);
void mem_unclaim(gaddr lo, gaddr hi);

/* Where [lo,hi) stops being guest maps without a hole. */
gaddr mem_covered(gaddr lo, gaddr hi);
bool mem_any_exec(gaddr lo, gaddr hi);
/* Sets the host's protection of guest maps in [lo,hi): prot, but no writing to code pages. */
s64  mem_protect_pages(gaddr lo, gaddr hi, u32 prot);
void mem_unmap_locked(gaddr lo, gaddr hi);
/* Reserves where a new map would go: PROT_NONE on the host, nothing in the list yet. */
s64  mem_choose(u64 size, u64 align);
/* Without the lock: arenas in [lo,hi) give way. False: one cannot. */
bool mem_evict(gaddr lo, gaddr hi);
void mem_slot_orphans(gaddr lo, gaddr hi);      /* the image below a slot went away */

#endif
