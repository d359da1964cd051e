/* poll.c - waiting for descriptors: poll, select and epoll, with or without a signal mask of their own.
 *
 * ARM64 has ppoll, pselect6 and epoll_pwait only, and its epoll_event is not packed. A timeout given in milliseconds or
 * as a timeval becomes a timespec of ours; what select(2) leaves of it goes back to the guest.
 *
 * The mask of such a call holds while it waits. If a signal ended it, the guest's handler runs under that mask and the
 * frame restores the old one (rt_deliver, by restore_sigmask); else the old one is back when the call returns.
 */
#include "sys/abi.h"
#include "rt/signal.h"
#include <asm/unistd.h>

s64 sys_mask_begin(struct thread *t, struct callmask *m, gaddr set, u64 size)
{
	m->used = set != 0;
	if (!set)
		return 0;
	if (size != 8)
		return -EINVAL;
	if (!rt_get(&m->mask, set))
		return -EFAULT;
	m->host = m->mask & ~SYNCHRONOUS;
	if (t->sent & ~m->mask) {       /* it unblocks one that waits here, of those that the host never blocks */
		sig_mask_for_call(t, m->mask);
		return -EINTR;
	}
	return 0;
}

s64 sys_mask_end(struct thread *t, struct callmask *m, s64 r)
{
	if (m->used && r == -EINTR && t->pending)
		sig_mask_for_call(t, m->mask);
	return r;
}

/* poll and select never tell of a signal that the guest blocks or ignores; the host's call may have been ended by one of the
 * five that are blocked for the guest only. It has counted the time down. */
static bool nothing_for_guest(struct thread *t, s64 r)
{
	return r == -EINTR && !t->pending;
}

/* --- poll ---------------------------------------------------------------------------------------------- */

/* A negative number of milliseconds is for ever. */
static struct timespec64 *from_ms(struct timespec64 *ts, s32 ms)
{
	ts->sec = ms / 1000;
	ts->nsec = ms % 1000 * 1000000ll;
	return ms < 0 ? 0 : ts;
}

/* ppoll writes revents into the guest's array, which may lie on a page with translated code. */
static s64 do_poll(struct thread *t, gaddr fds, u32 n, struct timespec64 *ts, u64 *mask)
{
	s64 r;
	do
		r = host_call_blocking(t, __NR_ppoll, fds, n, (u64)ts, (u64)mask, 8, 0);
	while (nothing_for_guest(t, r) || (r == -EFAULT && rt_smc_unprotect(fds, n * 8ull)));
	return r;
}

SYS(poll)
{
	struct timespec64 ts;
	return do_poll(t, a, b, from_ms(&ts, c), 0);
}

SYS(ppoll)
{
	struct timespec64 ts;
	struct callmask m;
	if (c && !rt_get(&ts, c))
		return -EFAULT;
	s64 r = sys_mask_begin(t, &m, d, e);
	if (r < 0)
		return r;
	r = sys_mask_end(t, &m, do_poll(t, a, b, c ? &ts : 0, m.used ? &m.host : 0));
	if (c && r != RT_RESTART)
		rt_put(c, &ts);         /* the kernel ignores a timeout that it cannot write back */
	return r;
}

/* --- select -------------------------------------------------------------------------------------------- */

static bool give_up_sets(const gaddr set[3], u64 bytes)
{
	bool any = false;
	for (int i = 0; i < 3; i++)
		any |= set[i] && rt_smc_unprotect(set[i], bytes);
	return any;
}

static s64 do_select(struct thread *t, s32 n, const gaddr set[3], struct timespec64 *ts, u64 *mask)
{
	struct { u64 mask, size; } m = { (u64)mask, 8 };
	u64 bytes = n > 0 ? ((u64)n + 63) / 64 * 8 : 0;
	s64 r;
	do
		r = host_call_blocking(t, __NR_pselect6, n, set[0], set[1], set[2], (u64)ts, mask ? (u64)&m : 0);
	while (nothing_for_guest(t, r) || (r == -EFAULT && give_up_sets(set, bytes)));
	return r;
}

/* select's timeval may hold a second and more of microseconds. */
SYS(select)
{
	struct timeval64 tv;
	struct timespec64 ts;
	if (e) {
		if (!rt_get(&tv, e))
			return -EFAULT;
		if (tv.sec < 0 || tv.usec < 0)
			return -EINVAL;
		ts = (struct timespec64){ tv.sec + tv.usec / 1000000, tv.usec % 1000000 * 1000 };
	}
	s64 r = do_select(t, a, (gaddr[]){ b, c, d }, e ? &ts : 0, 0);
	if (e && r != RT_RESTART) {
		tv = (struct timeval64){ ts.sec, ts.nsec / 1000 };
		rt_put(e, &tv);
	}
	return r;
}

SYS(pselect6)
{
	struct { gaddr set; u64 size; } arg = { 0, 8 };
	struct timespec64 ts;
	struct callmask m;
	if ((f && !rt_get(&arg, f)) || (e && !rt_get(&ts, e)))
		return -EFAULT;
	s64 r = sys_mask_begin(t, &m, arg.set, arg.size);
	if (r < 0)
		return r;
	r = sys_mask_end(t, &m, do_select(t, a, (gaddr[]){ b, c, d }, e ? &ts : 0, m.used ? &m.host : 0));
	if (e && r != RT_RESTART)
		rt_put(e, &ts);
	return r;
}

/* --- epoll --------------------------------------------------------------------------------------------- */

struct h_epoll_event { u32 events, pad; u64 data; };

enum { EPOLL_DEL = 2, BATCH = 256, MOST = 1 << 20 };    /* on the stack; at once: more descriptors than a process may have */

SYS(epoll_create)
{
	return (s32)a <= 0 ? -EINVAL : host_call(__NR_epoll_create1, 0);
}

SYS(epoll_ctl)
{
	struct g_epoll_event g;
	struct h_epoll_event h = { 0 };
	if ((s32)b != EPOLL_DEL) {
		if (!rt_get(&g, d))
			return -EFAULT;
		h.events = g.events;
		h.data = g.data;
	}
	return host_call(__NR_epoll_ctl, (s32)a, (s32)b, (s32)c, &h);
}

static s64 put_events(gaddr to, const struct h_epoll_event *h, s64 n)
{
	for (s64 i = 0; i < n; i++) {
		struct g_epoll_event g = { h[i].events, h[i].data };
		if (!rt_put(to + i * sizeof g, &g))
			return i ? i : -EFAULT;
	}
	return n;
}

/* With a timeout in milliseconds (nr = epoll_pwait) or a timespec (epoll_pwait2). */
static s64 wait_events(struct thread *t, long nr, s32 fd, gaddr to, s32 max, u64 timeout, gaddr set, u64 size)
{
	struct h_epoll_event few[BATCH], *ev = few;
	struct callmask m;
	size_t many = 0;
	s64 r = sys_mask_begin(t, &m, set, size);
	if (r < 0)
		return r;
	if (max > (s64)(0x7fffffff / sizeof(struct g_epoll_event)))
		max = -1;               /* the kernel's limit for the guest's structure: EINVAL */
	if (max > MOST)
		max = MOST;
	if (max > BATCH) {              /* not in parts: the kernel would tell of the first ones again */
		many = (max * sizeof *ev + 0xffff) & ~0xfffful;
		ev = rt_map(many);
		if (!ev)
			return -ENOMEM;
	}
	r = host_call_blocking(t, nr, fd, (u64)ev, max, timeout, m.used ? (u64)&m.host : 0, 8);
	r = sys_mask_end(t, &m, r);
	if (r > 0)
		r = put_events(to, ev, r);
	if (many)
		rt_unmap(ev, many);
	return r;
}

SYS(epoll_wait)  { return wait_events(t, __NR_epoll_pwait, a, b, c, (s64)(s32)d, 0, 0); }
SYS(epoll_pwait) { return wait_events(t, __NR_epoll_pwait, a, b, c, (s64)(s32)d, e, f); }

SYS(epoll_pwait2)
{
	struct timespec64 ts;
	if (d && !rt_get(&ts, d))
		return -EFAULT;
	return wait_events(t, 441, a, b, c, d ? (u64)&ts : 0, e, f);
}
