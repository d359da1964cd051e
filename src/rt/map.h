/* map.h - the list of maps: what lies where below the guest's limit.
 *
 * A pure data structure, one array sorted by address, without overlaps; neighbours that say the same are one entry.
 * Its user holds mem.c's lock.
 */
#ifndef RT_MAP_H
#define RT_MAP_H

#include "base.h"

enum map_kind {
	MAP_GUEST,                      /* the guest sees it in /proc/self/maps */
	MAP_SLOT,                       /* kept free for an image's arena; nothing is mapped */
	MAP_ARENA,                      /* an arena of translated code */
	MAP_ROOM,                       /* kept free for the stack to grow into */
	MAP_FOREIGN,                    /* somebody else is there: seen by a probe that failed */
};

enum map_flag {
	MF_SHARED     = 1,
	MF_GROWSDOWN  = 2,
	MF_DONTFORK   = 4,
	MF_NORESERVE  = 8,
	MF_MAYNOTEXEC = 32,             /* of a file on a noexec mount */
	MF_MAYNOTWRITE = 256,           /* shared, of a file that was opened for reading only */
	MF_STACK      = 64,
	MF_SELFCHECK  = 128,            /* code here checks its own bytes: others may write them */
};

/* A file that is mapped somewhere. */
struct mfile {
	struct mfile *next;
	u64 dev, ino;
	u32 refs;                       /* maps that name it */
	u8 flags;                       /* mem.c's */
	u16 size;                       /* of this structure with its path */
	char path[];
};

struct map {
	gaddr lo, hi;
	u64 off;                        /* of lo, when there is a file or a key */
	struct mfile *file;
	u8 kind, prot;
	u16 flags;
	u32 key;                        /* of shared memory without a file: KEY_ANON and a number, or a segment's id + 1 */
};

#define KEY_ANON  0x80000000u

struct maps { struct map *v; u32 n, cap; };

/* Index of the first map that ends above a: it holds a, or is the next one, or is n. */
u32  map_find(const struct maps *m, gaddr a);
/* Is [lo,hi) without any map? */
bool map_free(const struct maps *m, gaddr lo, gaddr hi);
/* Room for `more` further entries. Every change below needs at most two more than it found; false: no memory. */
bool map_room(struct maps *m, u32 more);
/* Splits so that lo and hi are boundaries; returns the index of the first map at or above lo. */
u32  map_cut(struct maps *m, gaddr lo, gaddr hi);
/* Removes what lies in [lo,hi), splitting at its ends. */
void map_remove(struct maps *m, gaddr lo, gaddr hi);
/* Adds a map into free space; takes over its reference to the file. Merges with neighbours. */
void map_add(struct maps *m, const struct map *x);
/* Merges entries around [lo,hi) after their contents were changed. */
void map_merge(struct maps *m, gaddr lo, gaddr hi);

/* The highest, or the lowest, address of `size` free bytes inside [lo,hi), aligned to `align` (a power of two); 0: none. */
gaddr map_top   (const struct maps *m, gaddr lo, gaddr hi, u64 size, u64 align);
gaddr map_bottom(const struct maps *m, gaddr lo, gaddr hi, u64 size, u64 align);

/* The user's: a map that names f came or went. */
void map_file_ref(struct mfile *f, int by);

#endif
