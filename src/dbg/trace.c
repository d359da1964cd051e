/* trace.c - STELE_TRACE=N: the last N regions that were entered, by any thread, shown when the program or stele dies by
 * a signal.
 *
 * It is a true trace: under this option regions are not linked, so that every way from one to the next passes through
 * rt_run_lookup. What loops inside a region shows once. Written without a lock: a slot is its writer's alone.
 */
#include "dbg/dbg.h"

enum { MOST = 4096 };
static struct step { gaddr pc, rsp; s32 tid; } ring[MOST];
static u64 steps;

static u64 wanted(void)
{
	u64 n = 0;

	for (const char *s = rt_opt.trace; s && *s >= '0' && *s <= '9' && n <= MOST; s++) n = n * 10 + (u64)(*s - '0');
	return n < MOST ? n : MOST;
}

void dbg_entered(const struct thread *t, gaddr pc)
{
	u64 n = __atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);

	ring[n % MOST] = (struct step){ pc, t->cpu.r[4], t->tid };
}

void dbg_trace_print(int fd)
{
	u64 n = wanted(), from = steps > n ? steps - n : 0;

	if (!rt_opt.trace) return;
	rt_print(fd, "stele: the last %lu of %lu entries into regions, newest last:\n", steps - from, steps);
	for (u64 k = from; k < steps; k++) {
		const struct step *s = ring + k % MOST;
		char place[128];

		dbg_place(place, sizeof place, s->pc);
		rt_print(fd, "%s %d  %012lx  rsp %012lx  %s\n", k + 1 == steps ? ">" : " ", s->tid, s->pc, s->rsp, place);
	}
}
