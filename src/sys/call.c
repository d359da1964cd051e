/* call.c - a system call of the guest, from its registers to its result.
 *
 * SYSCALL leaves the return address in RCX and RFLAGS in R11 (SDM vol. 2, SYSCALL); the arguments stand in RDI RSI RDX
 * R10 R8 R9 and the number in EAX: the kernel ignores RAX's upper half. syscall.def says what each number is. Calls
 * that mean the same are passed to the host, with their paths redirected; every passed call may block, and goes
 * through host_call_blocking, which loses no signal.
 *
 * Pages with translated code are write-protected by us, so a passed call that writes there would fail with EFAULT although
 * the guest may write, and it might have had its effect by then (a datagram received and gone). So the code there is given
 * up before the call; and the call is made again after EFAULT, since another thread may have translated meanwhile.
 */
#include "sys/abi.h"
#include "rt/except.h"
#include "sys/word.h"
#include <asm/unistd.h>

static const struct sys_row rows[] = {
#define PASS(nr, name, words) [nr] = { #name, words, 0, __NR_##name, ROW_PASS },
#define SAME(nr, name, words) [nr] = { #name, words, 0, nr, ROW_PASS },
#define CALL(nr, name, words) [nr] = { #name, words, sys_##name, 0, ROW_CALL },
#define NONE(nr, name)        [nr] = { #name, "", 0, 0, ROW_NONE },
#include "sys/syscall.def"
#undef PASS
#undef SAME
#undef CALL
#undef NONE
};
static struct sys_plan plans[countof(rows)];
static u8 said[countof(rows)];

static const struct sys_plan *plan_of(u32 nr)
{
	struct sys_plan *p = &plans[nr];
	if (!__atomic_load_n(&p->ready, __ATOMIC_ACQUIRE) && !sys_plan(p, rows[nr].words))
		rt_die(125, "syscall.def: %s: bad words", rows[nr].name);
	return p;
}

/* --- the memory a call writes -------------------------------------------------------------------------- */

static bool give_up(gaddr a, u64 n)
{
	return a && n && rt_smc_unprotect(a, n);
}

bool sys_give_up_iov(gaddr iov, u64 n)
{
	bool any = false;
	struct g_iovec v;
	for (u64 i = 0; i < n && i < 1024 && rt_get(&v, iov + i * sizeof v); i++)
		any |= give_up(v.base, v.len);
	return any;
}

static bool give_up_msg(gaddr a)
{
	struct g_msghdr m;
	if (!rt_get(&m, a))
		return false;
	bool any = give_up(a, sizeof m);
	any |= give_up(m.name, m.namelen);
	any |= give_up(m.control, m.controllen);
	return sys_give_up_iov(m.iov, m.iovlen) || any;
}

static bool give_up_mmsg(gaddr a, u32 n)
{
	bool any = false;
	for (u32 i = 0; i < n && i < 1024; i++) {
		any |= give_up_msg(a + i * sizeof(struct g_mmsghdr));
		any |= give_up(a + i * sizeof(struct g_mmsghdr), sizeof(struct g_mmsghdr));
	}
	return any;
}

/* The length of a buffer stands in the next argument. */
static u64 buffer_size(const struct sys_plan *p, const u64 *a, int i)
{
	u32 n = 0;
	if (i + 1 >= p->n)
		return 0;
	switch (p->word[i + 1]) {
	case W_size:    return a[i + 1];
	case W_len:     return (u32)a[i + 1];
	case W_socklen: return rt_get(&n, a[i + 1]) ? n : 0;
	}
	return 0;
}

static bool give_up_out(const struct sys_plan *p, const u64 *a)
{
	bool any = false;
	for (int i = 0; i < p->n; i++) {
		if (!(p->out >> i & 1))
			continue;
		switch (p->word[i]) {
		case W_buf: case W_sockaddr: any |= give_up(a[i], buffer_size(p, a, i)); break;
		case W_before:  any |= give_up(a[i], (u32)a[i - 1]); break;
		case W_ints:    any |= give_up(a[i], 4ull * (u32)a[i - 1]); break;
		case W_msgbuf:  any |= give_up(a[i], a[i + 1] + 8); break;
		case W_iov:     any |= sys_give_up_iov(a[i], a[i + 1]); break;
		case W_msg:     any |= give_up_msg(a[i]); break;
		case W_mmsg:    any |= give_up_mmsg(a[i], a[i + 1]); break;
		default:        any |= give_up(a[i], sys_words[p->word[i]].size); break;
		}
	}
	return any;
}

/* --- passed calls -------------------------------------------------------------------------------------- */

static s64 issue(struct thread *t, const struct sys_row *r, const struct sys_plan *p, u64 *a)
{
	if (p->out)
		give_up_out(p, a);
	s64 v = host_call_blocking(t, r->host, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (v == -EFAULT && p->out && give_up_out(p, a))
		v = host_call_blocking(t, r->host, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (unlikely(rt_smc_files) && v >= 0)
		sys_written(t, r - rows, a, v);
	return v;
}

/* At most two arguments are paths. A frame of its own: most calls need none of its 8 KiB. */
static __attribute__((noinline)) s64 issue_paths(struct thread *t, const struct sys_row *r, const struct sys_plan *p, u64 *a)
{
	char buf[2][PATH_SIZE];
	int n = 0;
	for (int i = 0; i < p->n; i++) {
		if (!(p->path >> i & 1))
			continue;
		int dirfd = i && p->word[i - 1] == W_dir ? (s32)a[i - 1] : AT_FDCWD;
		bool follow = p->word[i] == W_path;
		for (int k = i + 1; k < p->n; k++)
			if (p->word[k] == W_atflags && a[k] & AT_SYMLINK_NOFOLLOW)
				follow = false;
		a[i] = sys_path(dirfd, a[i], follow, buf[n++]);
	}
	return issue(t, r, p, a);
}

static s64 pass(struct thread *t, const struct sys_row *r, const struct sys_plan *p, u64 *a)
{
	for (int i = 0; i < p->n; i++)
		if (p->s32 >> i & 1)
			a[i] = (s64)(s32)a[i];
		else if (p->u32 >> i & 1)
			a[i] = (u32)a[i];
	return p->path ? issue_paths(t, r, p, a) : issue(t, r, p, a);
}

/* --- the dispatcher ------------------------------------------------------------------------------------ */

static s64 refuse(u32 nr)
{
	const char *name = nr < countof(rows) ? rows[nr].name : 0;
	if (rt_opt.strace && !(name && __atomic_exchange_n(&said[nr], 1, __ATOMIC_RELAXED)))
		sys_trace_refused(name, nr);
	return -ENOSYS;
}

static s64 run(struct thread *t, const struct sys_row *r, u64 *a)
{
	return r->kind == ROW_CALL ? r->fn(t, a[0], a[1], a[2], a[3], a[4], a[5]) : pass(t, r, plan_of(r - rows), a);
}

/* Calls that may not come back are shown before, too. */
static bool may_leave(sys_fn *fn)
{
	return fn == sys_execve || fn == sys_execveat || fn == sys_exit || fn == sys_exit_group || fn == sys_rt_sigreturn;
}

static s64 traced(struct thread *t, const struct sys_row *r, u64 *a)
{
	const struct sys_plan *p = plan_of(r - rows);
	u64 b[6];                       /* pass() puts the host's paths into a */
	__builtin_memcpy(b, a, sizeof b);
	if (may_leave(r->fn))
		sys_trace(r, p, b, 0, SYS_TRACE_BEFORE);
	s64 v = run(t, r, a);
	if (v != SYS_GO)
		sys_trace(r, p, b, v, 0);
	return v;
}

static s64 dispatch(struct thread *t, u32 nr)
{
	const u64 *g = t->cpu.r;
	u64 a[6] = { g[7], g[6], g[2], g[10], g[8], g[9] };
	if (nr >= countof(rows) || rows[nr].kind == ROW_UNKNOWN || rows[nr].kind == ROW_NONE)
		return refuse(nr);
	const struct sys_row *r = &rows[nr];
	rt_stats.syscalls++;
	return unlikely(rt_opt.strace != 0) ? traced(t, r, a) : run(t, r, a);
}

/* Three calls at fixed addresses, 1 KiB apart; SIGSEGV where others are EFAULT, as in Linux. */
u64 rt_vsyscall(struct thread *t)
{
	static const u16 calls[] = { 96, 201, 309 };    /* gettimeofday, time, getcpu */
	struct cpu *c = &t->cpu;
	u64 nr = c->rip >> 10 & 3;
	gaddr back;
	s64 v;

	if (!rt_get(&back, c->r[4])) return rt_page_fault(t, c->r[4], 8, false);
	c->r[0] = calls[nr];
	v = dispatch(t, calls[nr]);
	if (v == -EFAULT) return rt_page_fault(t, c->r[7], 8, true);
	c->r[0] = v;
	c->r[4] += 8;
	c->rip = back;
	return rt_code(t, back);
}

u64 rt_syscall(struct thread *t, u64 host_ret)
{
	struct cpu *c = &t->cpu;
	u64 nr = c->r[0];
	gaddr next = c->rip;
	c->r[1] = next;
	c->r[11] = rt_get_rflags(c);
	s64 v = dispatch(t, (u32)nr);
	if (v == RT_RESTART) {
		c->rip = next - 2;      /* SYSCALL is two bytes */
		c->r[0] = nr;
	} else if (v != SYS_GO)
		c->r[0] = v;
	if (unlikely(t->pending))
		rt_deliver(t);
	if (likely(v != SYS_GO && c->rip == next))
		return host_ret;
	return rt_code(t, c->rip);
}
