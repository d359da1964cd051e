/* thread.c - system calls that start and end threads and processes, and the few about the calling thread.
 *
 * The host's kernel gets the guest's own flags and pointers, so what it does with them (CHILD_CLEARTID, PARENT_SETTID,
 * PIDFD, namespaces, robust lists) it does for the guest. Only the stack and, where the address space is shared, the
 * TLS register are ours.
 */
#include "sys/abi.h"
#include "rt/signal.h"
#include "rt/stop.h"
#include "rt/string.h"
#include "rt/thread.h"
#include "x86/insn.h"
#include <linux/sched.h>

enum { C_STACK_ROOM = 64 << 10 };       /* clone3 wants a size; any part of the C stack will do */

struct spawn {
	struct clone_args a;
	size_t size;                    /* of clone3's structure; 0: clone */
};

static s64 issue(struct thread *t, struct spawn *s, u64 sp, void (*start)(void))
{
	struct clone_args *a = &s->a;

	if (s->size) {
		a->stack = sp ? sp - C_STACK_ROOM : 0;
		a->stack_size = sp ? C_STACK_ROOM : 0;
		if (start) return host_call_clone(&t->pending, __NR_clone3, (u64)a, s->size, 0, 0, 0, start);
		return host_call_blocking(t, __NR_clone3, (u64)a, s->size, 0, 0, 0, 0);
	}
	if (start)
		return host_call_clone(&t->pending, __NR_clone, a->flags | a->exit_signal, sp, a->parent_tid, a->tls,
				       a->child_tid, start);
	return host_call_blocking(t, __NR_clone, a->flags | a->exit_signal, sp, a->parent_tid, a->tls, a->child_tid, 0);
}

/* The child's signal actions, as the kernel makes them. */
static struct sigstate *child_actions(struct thread *t, u64 flags)
{
	struct sigstate *s;

	if (flags & CLONE_SIGHAND) {
		__atomic_add_fetch(&t->sig->refs, 1, __ATOMIC_RELAXED);
		return t->sig;
	}
	s = sig_state_copy(t->sig);
	if (s && flags & CLONE_CLEAR_SIGHAND) sig_state_clear(s);
	return s;
}

/* As ARCH_SET_FS and ARCH_SET_GS: the selector becomes null. */
static void set_base(struct cpu *c, int seg, gaddr base)
{
	*(seg == SEG_FS ? &c->fs_base : &c->gs_base) = base;
	c->sel[cpu_sel(seg)] = 0;
}

/* A new address space: the child goes on right here. */
static s64 spawn_fork(struct thread *t, struct spawn *s, gaddr sp)
{
	u64 flags = s->a.flags;
	gaddr fs = s->a.tls;
	s64 r;

	s->a.flags &= ~(u64)CLONE_SETTLS;
	rt_smc_forking();
	thread_fork_prepare();
	r = issue(t, s, 0, 0);
	if (r) { thread_fork_parent(); return r; }
	thread_fork_child(t);
	if (flags & CLONE_CLEAR_SIGHAND) {
		sig_state_clear(t->sig);
		sig_install_faults();
	}
	if (sp) t->cpu.r[4] = sp;
	if (flags & CLONE_SETTLS) set_base(&t->cpu, SEG_FS, fs);
	return 0;
}

static void discard(struct thread *n)
{
	if (n->linked) thread_unlink(n);
	if (n->sig) sig_state_put(n->sig);
	thread_free(n);
}

/* This address space: a record of its own for the child. After a vfork the child is gone from here (or in another
 * program) when the call returns. */
static s64 spawn_share(struct thread *t, struct spawn *s, gaddr sp)
{
	u64 flags = s->a.flags;
	bool vfork = flags & CLONE_VFORK, was_shared = rt.shared;
	struct thread *n;
	s64 r;

	if (!vfork) rt_go_shared();
	n = thread_new(t);
	if (!n) return -ENOMEM;
	n->sig = child_actions(t, flags);
	if (!n->sig) { thread_free(n); return -ENOMEM; }
	n->cpu.r[0] = 0;
	if (sp) n->cpu.r[4] = sp;
	if (flags & CLONE_SETTLS) set_base(&n->cpu, SEG_FS, s->a.tls);
	n->vfork_child = vfork;
	n->own_process = !(flags & CLONE_THREAD);
	n->fresh_actions = flags & CLONE_CLEAR_SIGHAND;
	if (vfork) {
		n->altstack = t->altstack;
		n->altstack_size = t->altstack_size;
		n->altstack_flags = t->altstack_flags;
	}
	thread_link(n);
	s->a.flags |= CLONE_SETTLS;
	s->a.tls = (u64)n;
	t->in_syscall = true;
	r = issue(t, s, n->cpu.c_sp, thread_start);
	stop_leave_call(t);
	if (r < 0 || vfork) discard(n);
	if (r == RT_RESTART || was_shared == rt.shared) return r;
	t->cpu.r[0] = r;
	return SYS_GO;                  /* the code that called is gone */
}

static s64 spawn(struct thread *t, struct spawn *s, gaddr sp)
{
	if (s->a.flags & CLONE_SETTLS && s->a.tls >= rt.limit) return -EPERM;
	return s->a.flags & CLONE_VM ? spawn_share(t, s, sp) : spawn_fork(t, s, sp);
}

static s64 clone(struct thread *t, u64 flags, gaddr sp, gaddr parent, gaddr child, gaddr tls)
{
	struct spawn s = { .a = { .flags = flags & 0xffffff00, .exit_signal = flags & 0xff, .parent_tid = parent,
				  .child_tid = child, .tls = tls } };

	return spawn(t, &s, sp);
}

SYS(clone) { return clone(t, a, b, c, d, e); }
SYS(fork)  { return clone(t, SIGCHLD, 0, 0, 0, 0); }
SYS(vfork) { return clone(t, CLONE_VFORK | CLONE_VM | SIGCHLD, 0, 0, 0, 0); }

SYS(clone3)
{
	struct { struct clone_args a; u8 more[512]; } in;
	struct spawn s = { .size = b };
	gaddr sp = 0;

	if (b > 4096) return -E2BIG;
	if (b < CLONE_ARGS_SIZE_VER0) return -EINVAL;
	memset(&in, 0, sizeof in);
	if (b > sizeof in) return -E2BIG;
	if (!rt_read(&in, a, b)) return -EFAULT;
	for (size_t i = 0; i < sizeof in.more; i++)     /* from a newer kernel's structure */
		if (in.more[i]) return -E2BIG;
	s.a = in.a;
	if (s.size > sizeof s.a) s.size = sizeof s.a;
	if (!in.a.stack != !in.a.stack_size) return -EINVAL;
	if (in.a.stack) sp = in.a.stack + in.a.stack_size;
	return spawn(t, &s, sp);
}

/* A signal that this thread took is delivered first: nobody else would get it. */
SYS(exit)
{
	u64 all = ~0ull;
	s64 r = host_call_blocking(t, __NR_rt_sigprocmask, 2, (u64)&all, 0, 8, 0, 0);

	if (r) return r;
	rt_exit_thread(t, (s32)a);
}

SYS(exit_group)      { rt_exit_group((s32)a); }
SYS(gettid)          { return host_call(__NR_gettid); }
SYS(set_tid_address) { t->clear_child_tid = a; return host_call(__NR_set_tid_address, a); }

SYS(set_robust_list)
{
	s64 r = host_call(__NR_set_robust_list, a, b);

	if (!r) { t->robust_list = a; t->robust_len = b; }
	return r;
}

SYS(get_robust_list) { return host_call(__NR_get_robust_list, (s64)(s32)a, b, c); }

SYS(futex)
{
	return host_call_blocking(t, __NR_futex, a, (u64)(s64)(s32)b, (u32)c, d, e, (u32)f);
}

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS, ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID };

SYS(arch_prctl)
{
	switch ((u32)a) {
	case ARCH_SET_FS: case ARCH_SET_GS:
		if (b >= rt.limit) return -EPERM;
		set_base(&t->cpu, (u32)a == ARCH_SET_FS ? SEG_FS : SEG_GS, b);
		return 0;
	case ARCH_GET_FS: return rt_put(b, &t->cpu.fs_base) ? 0 : -EFAULT;
	case ARCH_GET_GS: return rt_put(b, &t->cpu.gs_base) ? 0 : -EFAULT;
	case ARCH_GET_CPUID: return 1;
	case ARCH_SET_CPUID: return -ENODEV;    /* no CPUID faulting */
	}
	return -EINVAL;
}
