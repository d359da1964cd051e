/* perf.c - STELE_PERF=map: /tmp/perf-PID.map, by which `perf report` names translated code (perf's jit-interface.txt):
 * a line "start size name" for each region; the name is the guest's file and offset, or its address.
 *
 * A child made by fork starts a file of its own: it has the code that its parent had.
 */
#include "dbg/dbg.h"
#include "rt/arena.h"
#include "rt/host.h"

static s64 file_of;                     /* the process whose file was begun */

static void line(int fd, u64 at, u64 size, gaddr pc)
{
	char place[128];

	dbg_place(place, sizeof place, pc);
	if (*place) rt_print(fd, "%lx %lx x86:%s\n", at, size, place);
	else rt_print(fd, "%lx %lx x86:%lx\n", at, size, pc);
}

static int open_map(s64 pid, bool fresh)
{
	char name[40];

	rt_format(name, sizeof name, "/tmp/perf-%ld.map", pid);
	return (int)host_call(__NR_openat, -100 /* AT_FDCWD */, name,
	                      02000001 | 0100 | 0100000 | (fresh ? 01000 : 02000) /* O_WRONLY O_CLOEXEC O_CREAT O_NOFOLLOW, O_TRUNC or O_APPEND */, 0600);
}

void dbg_perf(const struct tr *c)
{
	s64 pid = host_call(__NR_getpid);
	int fd = open_map(pid, pid != file_of);

	if (fd < 0) return;
	if (pid != file_of) {           /* c's region is among them */
		for (struct arena *a = rt_arenas; a; a = a->next)
			for (u32 k = 0; k < a->nregions; k++) {
				struct region *r = arena_region(a, k);

				if (!r->dead) line(fd, a->base + r->code, r->ncode, r->lo + region_entries(r)[0].guest);
			}
		file_of = pid;
	} else {
		line(fd, (u64)c->start + c->code.exec, (c->code.p - c->start) * 4, c->entry[0].pc);
	}
	dbg_close(fd);
}
