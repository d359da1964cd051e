/* proc.c - what a process asks about itself and its machine: uname, personality, prctl, and the calls that only an x86 has.
 *
 * prctl's options are a list of those that mean the same on ARM64; the rest is kept here or refused with the EINVAL of
 * an x86-64 kernel that does not know them. In particular ARM64's own (SVE, PAC, tagged addresses, memory model) never
 * reach the host: the runtime's code depends on them.
 */
#include "sys/abi.h"
#include <asm/unistd.h>
#include <linux/prctl.h>

enum { PER_MASK_ = 0xff, PER_LINUX32_ = 8 };

struct utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domain[65]; };

SYS(uname)
{
	struct utsname u;
	s64 r = host_call(__NR_uname, &u);
	if (r < 0)
		return r;
	memset(u.machine, 0, sizeof u.machine);
	memcpy(u.machine, (rt.personality & PER_MASK_) == PER_LINUX32_ ? "i686\0" : "x86_64", 7);
	return rt_put(a, &u) ? 0 : -EFAULT;
}

/* PER_LINUX32 is told to the host so that a new program inherits it, but a host without 32-bit mode refuses it. */
SYS(personality)
{
	u64 old = rt.personality;
	u32 p = a;
	if (p == 0xffffffff)
		return old;
	s64 r = host_call(__NR_personality, p);
	if (r < 0 && (p & PER_MASK_) == PER_LINUX32_)
		r = host_call(__NR_personality, p & ~(u32)PER_MASK_);
	if (r < 0)
		return r;
	rt.personality = p;
	return old;
}

/* --- prctl --------------------------------------------------------------------------------------------- */

u32 sys_mdwe;

static s64 set_mdwe(u64 bits, u64 c, u64 d, u64 e)
{
	if (c || d || e || bits & ~3ull || bits == 2)
		return -EINVAL;
	if (sys_mdwe && sys_mdwe != bits)
		return -EPERM;
	sys_mdwe = bits;
	return 0;
}

/* The host is told where arguments and environment lie, since others read them in /proc. Our break, text and data are not
 * its mm's, so those are taken note of by nobody: EINVAL, as for an address that is not mapped. */
static s64 set_mm(u64 what, u64 addr, u64 d, u64 e)
{
	gaddr *field = what == PR_SET_MM_ARG_START ? &rt.arg_start : what == PR_SET_MM_ARG_END ? &rt.arg_end :
		       what == PR_SET_MM_ENV_START ? &rt.env_start : what == PR_SET_MM_ENV_END ? &rt.env_end : 0;
	s64 r = host_call(__NR_prctl, PR_SET_MM, what, field ? addr : 0, d, e);
	if (field && r == 0)
		*field = addr;
	return field || r < 0 ? r : -EINVAL;
}

static s64 get_auxv(gaddr to, u64 size, u64 d, u64 e)
{
	u8 s[512];
	u64 n = rt.auxv_size < sizeof s ? rt.auxv_size : sizeof s;
	if (d || e)
		return -EINVAL;
	if (!rt_read(s, rt.auxv, n) || !rt_write(to, s, size < n ? size : n))
		return -EFAULT;
	return n;
}

static s64 pass_prctl(u64 a, u64 b, u64 c, u64 d, u64 e)
{
	s64 r = host_call(__NR_prctl, a, b, c, d, e);
	if (r == -EFAULT && rt_smc_unprotect(b, 64))
		r = host_call(__NR_prctl, a, b, c, d, e);
	return r;
}

SYS(prctl)
{
	u32 one = 1;
	switch ((u32)a) {
	case PR_GET_PDEATHSIG: case PR_SET_PDEATHSIG: case PR_GET_DUMPABLE: case PR_SET_DUMPABLE:
	case PR_GET_KEEPCAPS: case PR_SET_KEEPCAPS: case PR_GET_TIMING: case PR_SET_TIMING:
	case PR_SET_NAME: case PR_GET_NAME: case PR_CAPBSET_READ: case PR_CAPBSET_DROP:
	case PR_GET_SECUREBITS: case PR_SET_SECUREBITS: case PR_SET_TIMERSLACK: case PR_GET_TIMERSLACK:
	case PR_TASK_PERF_EVENTS_DISABLE: case PR_TASK_PERF_EVENTS_ENABLE: case PR_MCE_KILL: case PR_MCE_KILL_GET:
	case PR_SET_PTRACER: case PR_SET_CHILD_SUBREAPER: case PR_GET_CHILD_SUBREAPER:
	case PR_SET_NO_NEW_PRIVS: case PR_GET_NO_NEW_PRIVS: case PR_SET_THP_DISABLE: case PR_GET_THP_DISABLE:
	case PR_CAP_AMBIENT: case PR_GET_SPECULATION_CTRL: case PR_SET_SPECULATION_CTRL:
	case PR_SET_IO_FLUSHER: case PR_GET_IO_FLUSHER: case 62 /* SCHED_CORE */: case 67: case 68 /* MEMORY_MERGE */:
		return pass_prctl((u32)a, b, c, d, e);
	case PR_GET_TSC:
		return rt_put(b, &one) ? 0 : -EFAULT;
	case PR_SET_TSC:                /* RDTSC that faults is not there */
		return b == PR_TSC_ENABLE ? 0 : -EINVAL;
	case PR_GET_TID_ADDRESS:
		return rt_put(b, &t->clear_child_tid) ? 0 : -EFAULT;
	case PR_SET_MM:
		return set_mm(b, c, d, e);
	case 65:                        /* PR_SET_MDWE: mem.c enforces it */
		return set_mdwe(b, c, d, e);
	case 66:
		return b || c || d || e ? -EINVAL : (s64)sys_mdwe;
	case 0x41555856:                /* PR_GET_AUXV */
		return get_auxv(b, c, d, e);
	}
	return -EINVAL;
}

/* --- an x86's own --------------------------------------------------------------------------------------- */

/* Ports are nobody's here, so raising one's rights fails as it does without CAP_SYS_RAWIO. */
SYS(iopl)
{
	u32 level = a;
	return level > 3 ? -EINVAL : level ? -EPERM : 0;
}

SYS(ioperm)
{
	if (a + b <= a || a + b > 65536)
		return -EINVAL;
	return (s32)c ? -EPERM : 0;
}

SYS(getpgrp) { return host_call(__NR_getpgid, 0); }

/* Only the kernel's own return path from a stopped call means something by it, and that path is the host's. */
SYS(restart_syscall) { return -EINTR; }

/* Into our own memory it writes as everybody does: what was translated there must go first. */
SYS(process_vm_writev)
{
	if ((s32)a == host_call(__NR_getpid))
		sys_give_up_iov(d, e);
	return host_call_blocking(t, __NR_process_vm_writev, (s32)a, b, c, d, e, f);
}
