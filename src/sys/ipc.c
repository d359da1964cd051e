/* ipc.c - queues between processes and the kernel: semaphores, message queues, event and notification descriptors, aio.
 *
 * Of System V's structures only semid64_ds differs (asm/sembuf.h): x86-64 keeps the gaps of i386's times.
 */
#include "sys/abi.h"
#include "rt/signal.h"
#include <asm/unistd.h>

enum { IPC_SET = 1, IPC_STAT = 2, SEM_STAT = 18, SEM_STAT_ANY = 20 };

struct h_semid { u8 perm[48]; s64 otime, ctime; u64 nsems, unused[2]; };
struct g_semid { u8 perm[48]; s64 otime, unused1, ctime, unused2; u64 nsems, unused[2]; };
_Static_assert(sizeof(struct h_semid) == 88 && sizeof(struct g_semid) == 104, "asm/sembuf.h");

static s64 sem_stat(s32 id, s32 cmd, gaddr to)
{
	struct h_semid h;
	struct g_semid g = { 0 };
	s64 r = host_call(__NR_semctl, id, 0, cmd, &h);
	if (r < 0)
		return r;
	memcpy(g.perm, h.perm, sizeof g.perm);
	g.otime = h.otime;
	g.ctime = h.ctime;
	g.nsems = h.nsems;
	return rt_put(to, &g) ? r : -EFAULT;
}

static s64 sem_set(s32 id, gaddr from)
{
	struct g_semid g;
	struct h_semid h = { 0 };
	if (!rt_get(&g, from))
		return -EFAULT;
	memcpy(h.perm, g.perm, sizeof h.perm);
	return host_call(__NR_semctl, id, 0, IPC_SET, &h);
}

SYS(semctl)
{
	switch ((s32)c) {
	case IPC_STAT: case SEM_STAT: case SEM_STAT_ANY:
		return sem_stat(a, c, d);
	case IPC_SET:
		return sem_set(a, d);
	}
	s64 r = host_call(__NR_semctl, (s32)a, (s32)b, (s32)c, d);
	if (r == -EFAULT && rt_smc_unprotect(d, 65536))         /* GETALL: two bytes each of at most 32,000 */
		r = host_call(__NR_semctl, (s32)a, (s32)b, (s32)c, d);
	return r;
}

SYS(mq_open)      { return host_call(__NR_mq_open, a, sys_oflags_in((u32)b), (u32)c, d); }
SYS(eventfd)      { return host_call(__NR_eventfd2, (u32)a, 0); }
SYS(inotify_init) { return host_call(__NR_inotify_init1, 0); }

/* The kernel maps its ring into this address space and writes there: memory that others see change. */
SYS(io_setup)
{
	rt_go_shared();
	s64 r = host_call(__NR_io_setup, (u32)a, b);
	if (r == -EFAULT && rt_smc_unprotect(b, 8))
		r = host_call(__NR_io_setup, (u32)a, b);
	return r;
}

SYS(io_pgetevents)
{
	struct { gaddr set; u64 size; } arg = { 0, 8 };
	struct { u64 mask, size; } h = { 0, 8 };
	struct callmask m;
	if (f && !rt_get(&arg, f))
		return -EFAULT;
	s64 r = sys_mask_begin(t, &m, arg.set, arg.size);
	if (r < 0)
		return r;
	h.mask = (u64)&m.host;
	r = host_call_blocking(t, __NR_io_pgetevents, a, b, c, d, e, m.used ? (u64)&h : 0);
	return sys_mask_end(t, &m, r);
}
