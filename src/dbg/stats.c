/* stats.c - STELE_STATS: counters at a process's end, to a file (appended) or, for "1", stderr.
 *
 * Own memory is what is resident of the maps that are neither the guest's nor arenas: stele's own text, data, stacks and
 * tables. Residency comes from mincore, since user-mode QEMU answers nothing in smaps; of stele's file it is the page
 * cache's view, so the figure is never too small.
 */
#include "dbg/dbg.h"
#include "rt/arena.h"
#include "rt/host.h"
#include "rt/string.h"

struct memory { u64 own, arenas; };

static u64 resident(u64 lo, u64 hi)
{
	u8 vec[256];
	u64 n = 0;

	while (lo < hi) {
		u64 part = hi - lo < sizeof vec * rt.page ? hi - lo : sizeof vec * rt.page;

		if (host_call(__NR_mincore, lo, part, vec) == 0)
			for (u64 k = 0; k < (part + rt.page - 1) / rt.page; k++) n += (vec[k] & 1) * rt.page;
		lo += part;
	}
	return n;
}

/* Counts [lo, hi) of the host's maps, in pieces that belong to one owner each. */
static void count(struct memory *m, u64 lo, u64 hi)
{
	while (lo < hi) {
		struct arena *a = arena_of(lo);
		struct vma v;
		u64 end = hi;

		if (rt_vma(lo, &v) && v.lo <= lo) {
			lo = v.hi;
			continue;
		}
		if (a) {
			end = a->base + a->size < hi ? a->base + a->size : hi;
			m->arenas += resident(lo, end);
		} else {
			if (rt_vma(lo, &v) && v.lo < end) end = v.lo;
			for (a = rt_arenas; a; a = a->next)
				if (a->base > lo && a->base < end) end = a->base;
			m->own += resident(lo, end);
		}
		lo = end;
	}
}

static int hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* "lo-hi perms ..." lines of /proc/self/maps; a line may come in two reads. */
static struct memory memory(void)
{
	struct memory m = { 0 };
	s64 fd = host_call(__NR_openat, -100, "/proc/self/maps", 02000000), n;
	u64 v[2] = { 0 };
	u32 field = 0;
	char buf[2048];

	while (fd >= 0 && (n = host_call(__NR_read, fd, buf, sizeof buf)) > 0)
		for (s64 k = 0; k < n; k++) {
			if (buf[k] == '\n') {
				v[0] = v[1] = field = 0;
			} else if (field < 2 && hex(buf[k]) >= 0) {
				v[field] = v[field] << 4 | (u32)hex(buf[k]);
			} else if (field < 2 && ++field == 2 && v[1] >> 63 == 0) {
				count(&m, v[0], v[1]);
			}
		}
	if (fd >= 0) host_call(__NR_close, fd);
	return m;
}

void rt_stats_print(void)
{
	u64 code = 0, narenas = 0, dead = 0, regions = 0;
	struct memory m;
	int fd;

	if (!rt_opt.stats || (fd = dbg_open(rt_opt.stats)) < 0) return;
	for (struct arena *a = rt_arenas; a; a = a->next, narenas++) {
		code += a->used;
		for (u32 k = 0; k < a->nregions; k++, regions++) dead += arena_region(a, k)->dead;
	}
	m = memory();
	rt_print(fd,
	         "stele: process %ld, %s\n"
	         "stele: %lu regions translated, %lu of them hot; %lu x86 instructions; %lu there now, %lu of them dropped\n"
	         "stele: %lu KiB of code and tables in %lu arenas (%lu KiB resident)\n"
	         "stele: %lu links, %lu lookups, %lu system calls\n"
	         "stele: %lu KiB of own memory resident\n",
	         host_call(__NR_getpid), rt.exe ? rt.exe : "?", rt_stats.regions, rt_stats.hot, rt_stats.insns, regions, dead,
	         code >> 10, narenas, m.arenas >> 10, rt_stats.links, rt_stats.lookups, rt_stats.syscalls, m.own >> 10);
	dbg_close(fd);
}
