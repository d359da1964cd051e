/* cflags: -D_GNU_SOURCE */
/* prctl, personality, limits, clocks: what an x86-64 kernel answers. */
#include "sys_raw.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <time.h>
#include <signal.h>

int main(void)
{
	char name[16];
	int v = -1;
	show("set name", raw(157, GARBAGE(PR_SET_NAME), "a-name-that-is-too-long"));
	show("get name", raw(157, PR_GET_NAME, name));
	printf("  %s\n", name);
	show("get dumpable", raw(157, PR_GET_DUMPABLE));
	show("set dumpable bad", raw(157, PR_SET_DUMPABLE, 7));
	show("set pdeathsig", raw(157, PR_SET_PDEATHSIG, 10));
	show("get pdeathsig", raw(157, PR_GET_PDEATHSIG, &v));
	printf("  %d\n", v);
	show("pdeathsig bad", raw(157, PR_SET_PDEATHSIG, 99));
	show("get tsc", raw(157, PR_GET_TSC, &v));
	printf("  %d\n", v);
	show("set tsc", raw(157, PR_SET_TSC, PR_TSC_ENABLE));
	show("set tsc bad", raw(157, PR_SET_TSC, 7));
	show("no_new_privs", raw(157, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	show("no_new_privs set", raw(157, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	show("no_new_privs", raw(157, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	show("no_new_privs unset", raw(157, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	show("subreaper", raw(157, PR_SET_CHILD_SUBREAPER, 1));
	show("get subreaper", raw(157, PR_GET_CHILD_SUBREAPER, &v));
	printf("  %d\n", v);
	show("timer slack", raw(157, PR_SET_TIMERSLACK, 12345));
	show("get timer slack", raw(157, PR_GET_TIMERSLACK));
	show("capability bounding", raw(157, PR_CAPBSET_READ, 999));
	static const int foreign[] = { 5, 6, 9, 10, 11, 12, 19, 20, 43, 44, 45, 46, 50, 51, 54, 55, 60, 61, 63, 64, 69, 999, 0x4d4d444c, 0x6d4d444c };
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		sprintf(name, "option %d", foreign[i]);
		show(name, raw(157, foreign[i], 1, 0, 0, 0));
	}
	show("personality", raw(135, 0xffffffff));
	show("personality set", raw(135, GARBAGE(0x0040000)));
	show("personality", raw(135, 0xffffffff));
	show("personality reset", raw(135, 0));

	struct rlimit r;
	show("getrlimit", raw(97, RLIMIT_NOFILE, &r));
	r.rlim_cur = 100;
	show("setrlimit", raw(160, GARBAGE(RLIMIT_NOFILE), &r));
	show("prlimit64", raw(302, 0, RLIMIT_NOFILE, 0, &r));
	printf("  %lu\n", (unsigned long)r.rlim_cur);
	show("getrlimit bad", raw(97, 16, &r));
	struct tms tm;
	check("times", raw(100, &tm) > 0 && tm.tms_cutime == 0);
	struct sysinfo si;
	show("sysinfo", raw(99, &si));
	check("  sane", si.totalram > 0 && si.mem_unit > 0 && si.procs > 0 && si.uptime > 0);
	struct rusage u;
	show("getrusage", raw(98, GARBAGE(0), &u));
	check("  sane", u.ru_maxrss > 0);
	cpu_set_t set;
	long n = raw(204, 0, GARBAGE(sizeof set), &set);
	check("sched_getaffinity", n > 0 && n % 8 == 0);
	show("sched_getaffinity short", raw(204, 0, 3, &set));
	unsigned cpu = ~0u, node = ~0u;
	show("getcpu", raw(309, &cpu, &node, 0));
	check("  sane", cpu < 4096 && node < 64);
	struct sched_param sp;
	show("sched_getparam", raw(143, 0, &sp));
	show("sched_getscheduler", raw(145, 0));
	show("sched_get_priority_max", raw(146, SCHED_FIFO));
	struct timespec ts = { 0, 1000 };
	show("nanosleep", raw(35, &ts, 0));
	show("clock_nanosleep", raw(230, GARBAGE(CLOCK_MONOTONIC), GARBAGE(0), &ts, 0));
	ts.tv_nsec = 1000000000;
	show("nanosleep bad", raw(35, &ts, 0));
	timer_t timer;
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	show("timer_create", raw(222, CLOCK_MONOTONIC, &ev, &timer));
	struct itimerspec it = { { 0, 0 }, { 100, 0 } };
	show("timer_settime", raw(223, timer, 0, &it, 0));
	show("timer_gettime", raw(224, timer, &it));
	check("  sane", it.it_value.tv_sec == 99);
	show("timer_delete", raw(226, timer));
	char bytes[16];
	show("getrandom", raw(318, bytes, 16, GARBAGE(0)));
	show("getrandom bad", raw(318, bytes, 16, 99));
	check("memfd_create", raw(319, "x", GARBAGE(1)) > 0);
	show("memfd_create bad", raw(319, "x", 0x4000));
	show("membarrier", raw(324, 99, 0, 0));
	show("sched_yield", raw(24));
	show("vhangup, mount: bad", raw(165, 0, 0, 0, 0, 0));
	return 0;
}
