/* mem.h - the guest's address space, beyond rt.h: for the loader, self-modifying code, arenas, fork and exec. */
#ifndef RT_MEM_H
#define RT_MEM_H

#include "rt/alloc.h"
#include "rt/map.h"
#include "rt/rt.h"

#define GUEST_PAGE   4096ull
#define GUEST_LIMIT  0x7ffffffff000ull  /* x86-64's TASK_SIZE with four-level tables */
#define GUEST_TASK_SIZE  (rt.limit)

/* --- start */
void mem_init(void);                    /* rt.limit, rt.page and rt.personality; where maps and the stack go */
u64  mem_random(void);                  /* 64 bits that nobody can guess; a new value each time */
bool mem_randomized(void);              /* ASLR, as personality says */

/* --- placing: address or negative errno. A new map where the kernel would put one, or inside [lo,hi) from below. */
s64  mem_reserve_top(u64 size, u64 align);
s64  mem_reserve_in(gaddr lo, gaddr hi, u64 size, u64 align);
/* Gives the reserved bytes of [lo,hi) back. */
void mem_unreserve(gaddr lo, gaddr hi);

/* The program's stack: map of the size that RLIMIT_STACK asks for. Sets rt.stack_lo and rt.stack_hi. */
int  mem_stack(bool exec);
/* A fault at a: if the stack may grow down to it, grows it. Called by the fault handler. */
bool mem_stack_grow(gaddr a);
void mem_brk_init(gaddr start);

/* --- arenas (slot.c). Those of rt.h are mapped PROT_NONE; the arena's owner gives it memory with mprotect or
 * MAP_FIXED. */
u64  mem_slot_size(u64 text);           /* for an image with that much code */
void mem_slot_leave(gaddr lo, gaddr hi, u64 text);      /* keep room for an arena behind an image of that span */
bool mem_arena_grow(u64 arena, u64 old_size, u64 new_size);     /* in place, PROT_NONE; false: no room */
void mem_arena_free(u64 arena, u64 size);
/* The guest maps something at a fixed address over [lo,hi), where an arena lies: its code must be gone, and nobody in
 * it, when this returns true; mem_arena_free is called for it after that. False: it cannot go now. Run.c's. */
bool rt_arena_evict(u64 lo, u64 hi);

/* --- code pages (track.c). A page is marked while translations of its bytes exist. What the guest may write there is
 * write-protected on the host until the mark goes. */
/* Marks, and protects; call before the bytes are read. False: someone else may write there unseen (writable shared
 * memory), so the code must check its own bytes. */
bool mem_track(gaddr lo, gaddr hi);
bool mem_others(gaddr a);                       /* may another process write there? */
/* Unmarks, and lets the guest write again; the translations must be gone. */
void mem_untrack(gaddr lo, gaddr hi);
/* The same in two steps, for smc.c: the code goes between them. Settling gives the host's pages the protection that follows from the marks. */
void mem_marks_clear(gaddr lo, gaddr hi);
void mem_settle(gaddr lo, gaddr hi);
bool mem_tracked(gaddr a);
bool mem_tracked_any(gaddr lo, gaddr hi);
/* The host's protection alone; the guest's stays as it is. */
int  mem_host_protect(gaddr lo, gaddr hi, u32 prot);

/* --- fork; and maps that exist without the guest seeing them are found by their kind */
void mem_fork(enum fork_step s);
/* The map that holds a or the next one, of any kind; false: none. A copy. */
bool mem_any(gaddr a, struct map *out);

/* --- System V shared memory, remap_file_pages (remap.c) */
s64  mem_shmat(int id, gaddr addr, u32 flags);
s64  mem_shmdt(gaddr addr);
s64  mem_remap_file_pages(gaddr addr, u64 size, u64 pgoff);

#endif
