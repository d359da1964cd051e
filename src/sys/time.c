/* time.c - the calls about time that ARM64 has only in their newer form, and those that the host's vDSO answers. */
#include "sys/abi.h"
#include <asm/unistd.h>

enum { ITIMER_REAL_ = 0, CLOCK_REALTIME_ = 0, CLOCK_REALTIME_COARSE_ = 5 };

SYS(clock_gettime)
{
	struct timespec64 ts;
	s64 r = sys_clock(a, &ts);
	return r < 0 ? r : rt_put(b, &ts) ? 0 : -EFAULT;
}

SYS(gettimeofday)
{
	struct timespec64 ts;
	s32 zone[2];
	if (a) {
		sys_clock(CLOCK_REALTIME_, &ts);
		if (!rt_put(a, &((struct timeval64){ ts.sec, ts.nsec / 1000 })))
			return -EFAULT;
	}
	if (!b)
		return 0;
	host_call(__NR_gettimeofday, 0, zone);
	return rt_put(b, &zone) ? 0 : -EFAULT;
}

SYS(time)
{
	struct timespec64 ts;
	sys_clock(CLOCK_REALTIME_COARSE_, &ts);
	return a && !rt_put(a, &ts.sec) ? -EFAULT : ts.sec;
}

/* What was left of the old one, rounded to the nearest second but never to none: alarm(2). */
SYS(alarm)
{
	struct { struct timeval64 interval, value; } new = { .value.sec = (u32)a }, old;
	host_call(__NR_setitimer, ITIMER_REAL_, &new, &old);
	return old.value.sec + ((!old.value.sec && old.value.usec) || old.value.usec >= 500000);
}

static s64 set_times(int dirfd, gaddr path, const struct timespec64 *ts)
{
	char buf[PATH_SIZE];
	return host_call(__NR_utimensat, dirfd, sys_path(dirfd, path, true, buf), ts, 0);
}

SYS(utime)
{
	s64 times[2];
	struct timespec64 ts[2] = { 0 };
	if (!b)
		return set_times(AT_FDCWD, a, 0);
	if (!rt_get(&times, b))
		return -EFAULT;
	ts[0].sec = times[0];
	ts[1].sec = times[1];
	return set_times(AT_FDCWD, a, ts);
}

static s64 times_at(int dirfd, gaddr path, gaddr times)
{
	struct timeval64 tv[2];
	struct timespec64 ts[2];
	if (!times)
		return set_times(dirfd, path, 0);
	if (!rt_get(&tv, times))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].usec < 0 || tv[i].usec >= 1000000)
			return -EINVAL;
		ts[i] = (struct timespec64){ tv[i].sec, tv[i].usec * 1000 };
	}
	return set_times(dirfd, path, ts);
}

SYS(utimes)    { return times_at(AT_FDCWD, a, b); }
SYS(futimesat) { return times_at((s32)a, b, c); }
