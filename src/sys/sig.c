/* sig.c - system calls about signals. The runtime's half is rt/signal.c and rt/frame.c.
 *
 * The guest's structures are the host's (kernel_sigaction, siginfo_t, stack_t, sigset_t of 8 bytes). The five
 * synchronous signals are never blocked on the host, so sets on their way to the kernel lose them, and the ones that
 * somebody sent are looked for in the thread's record first.
 */
#include "sys/abi.h"
#include "rt/signal.h"

SYS(rt_sigaction)
{
	struct sigact act, old;
	s64 r;

	if (d != 8) return -EINVAL;
	if (b && !rt_get(&act, b)) return -EFAULT;
	if (t->pending) return RT_RESTART;
	r = sig_set_action(t, (s32)a, b ? &act : 0, &old);
	if (!r && c && !rt_put(c, &old)) return -EFAULT;
	return r;
}

SYS(rt_sigprocmask)
{
	u64 set, old = t->sigmask;
	s64 r;

	if (d != 8) return -EINVAL;
	if (b) {
		if (!rt_get(&set, b)) return -EFAULT;
		switch ((s32)a) {
		case 0: set = old | set; break;
		case 1: set = old & ~set; break;
		case 2: break;
		default: return -EINVAL;
		}
		if ((r = sig_set_mask(t, set))) return r;
	}
	return c && !rt_put(c, &old) ? -EFAULT : 0;
}

SYS(rt_sigpending)
{
	u64 set = 0;
	s64 r;

	if (b > 8) return -EINVAL;
	r = host_call(__NR_rt_sigpending, &set, 8);
	set |= t->sent & t->sigmask;
	return r ? r : rt_write(a, &set, b) ? 0 : -EFAULT;
}

SYS(rt_sigsuspend)
{
	u64 set, host;
	s64 r = -EINTR;

	if (b != 8) return -EINVAL;
	if (!rt_get(&set, a)) return -EFAULT;
	host = set & ~SYNCHRONOUS;
	while (!(t->sent & ~set)) {
		r = host_call_blocking(t, __NR_rt_sigsuspend, (u64)&host, 8, 0, 0, 0, 0);
		if (r == RT_RESTART) return r;
		if (t->pending) break;          /* else one of the five came that `set` blocks */
	}
	sig_mask_for_call(t, set);
	return -EINTR;
}

SYS(pause)
{
	s64 r;

	do
		r = host_call_blocking(t, __NR_ppoll, 0, 0, 0, 0, 0, 0);
	while (r == -EINTR && !t->pending);
	return r;
}

SYS(rt_sigtimedwait)
{
	struct siginfo si;
	u64 set, host;
	s64 r;

	if (d != 8) return -EINVAL;
	if (!rt_get(&set, a)) return -EFAULT;
	host = set & ~SYNCHRONOUS;
	r = sig_take_sent(t, set, &si);
	if (!r) r = host_call_blocking(t, __NR_rt_sigtimedwait, (u64)&host, (u64)&si, c, 8, 0, 0);
	if (r == -EINTR && t->sent & set) r = sig_take_sent(t, set, &si);
	if (r > 0 && b && !rt_put(b, &si)) return -EFAULT;
	return r;
}

SYS(rt_sigqueueinfo)
{
	struct siginfo si;

	if (!rt_get(&si, c)) return -EFAULT;
	return host_call(__NR_rt_sigqueueinfo, (s64)(s32)a, (s64)(s32)b, &si);
}

SYS(rt_tgsigqueueinfo)
{
	struct siginfo si;

	if (!rt_get(&si, d)) return -EFAULT;
	return host_call(__NR_rt_tgsigqueueinfo, (s64)(s32)a, (s64)(s32)b, (s64)(s32)c, &si);
}

SYS(pidfd_send_signal)
{
	struct siginfo si;

	if (c && !rt_get(&si, c)) return -EFAULT;
	return host_call(__NR_pidfd_send_signal, (s64)(s32)a, (s64)(s32)b, c ? (u64)&si : 0, (u32)d);
}

SYS(kill)   { return host_call(__NR_kill, (s64)(s32)a, (s64)(s32)b); }
SYS(tkill)  { return host_call(__NR_tkill, (s64)(s32)a, (s64)(s32)b); }
SYS(tgkill) { return host_call(__NR_tgkill, (s64)(s32)a, (s64)(s32)b, (s64)(s32)c); }

SYS(sigaltstack)
{
	gaddr sp = t->cpu.r[4];
	struct stack new, old = { t->altstack, sig_altstack_flags(t, sp) | (t->altstack_flags & SS_AUTODISARM_), 0,
				  t->altstack_size };
	s64 r = 0;

	if (a) {
		if (!rt_get(&new, a)) return -EFAULT;
		r = sig_altstack(t, &new, sp);
	}
	return r ? r : b && !rt_put(b, &old) ? -EFAULT : 0;
}

SYS(rt_sigreturn)
{
	s64 r = t->pending ? RT_RESTART : frame_pop(t);

	if (r == RT_RESTART) return r;
	if (r) {
		struct siginfo si = { .sig = SIGSEGV, .code = SI_KERNEL_ };
		t->prot_err = 0;
		sig_force(t, SIGSEGV, &si);
	}
	return SYS_GO;
}

static s64 signal_fd(int fd, gaddr mask, u64 size, u32 flags)
{
	u64 set;

	if (size != 8) return -EINVAL;
	if (!rt_get(&set, mask)) return -EFAULT;
	set &= ~SYNCHRONOUS;
	return host_call(__NR_signalfd4, (s64)fd, &set, 8, flags);
}

SYS(signalfd)  { return signal_fd((s32)a, b, c, 0); }
SYS(signalfd4) { return signal_fd((s32)a, b, c, (u32)d); }
