/* thread.c - guest threads: raw clones, each with one map of the host that holds all it needs.
 *
 *   guard | pairs | guard | C stack | guard | signal stack | struct thread
 *
 * The lower guard is also where x29 points when a signal waits. tpidr_el0 holds the record from the clone on
 * (CLONE_SETTLS). An exiting thread cannot free the stack it stands on: it blocks every signal and unmaps in the same
 * few instructions that end it. The first thread's record is its caller's and stays.
 */
#include "rt/thread.h"
#include "rt/host.h"
#include "rt/mem.h"
#include "rt/signal.h"
#include "rt/smc.h"
#include "rt/stop.h"
#include "rt/string.h"
#include <linux/mman.h>

enum { GUARD = 64 << 10, PAIRS = 64 << 10, C_STACK = 128 << 10, SIGNALS = 64 << 10 };
enum { AT_PAIRS = GUARD, AT_GUARD = AT_PAIRS + PAIRS, AT_C = AT_GUARD + GUARD, AT_GUARD2 = AT_C + C_STACK,
       AT_SIGNALS = AT_GUARD2 + GUARD, AT_THREAD = AT_SIGNALS + SIGNALS };

struct lock rt_threads_lock;
struct thread *rt_threads;

/* Every signal is blocked when this is called. p, n, status, __NR_exit or __NR_exit_group. */
__asm__(
".text\n"
"host_unmap_exit:\n"
"	mov	x19, x2\n"
"	mov	x20, x3\n"
"	mov	x8, #215\n"                     /* munmap */
"	svc	0\n"
"	mov	x0, x19\n"
"	mov	x8, x20\n"
"	svc	0\n"
"	udf	#0\n"
);
_Noreturn __attribute__((visibility("hidden"))) void host_unmap_exit(void *p, size_t n, int status, long nr);

/* Memory for stacks, and a record behind them if `record` says so. */
static u8 *stacks_new(bool record, size_t *size)
{
	size_t n = AT_THREAD + (record ? align_up(sizeof(struct thread), (size_t)GUARD) : 0);
	u8 *p = (u8 *)host_call(__NR_mmap, 0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if ((u64)p >= (u64)-4095) return 0;
	if (host_call(__NR_mprotect, p, GUARD, PROT_NONE) || host_call(__NR_mprotect, p + AT_GUARD, GUARD, PROT_NONE) ||
	    host_call(__NR_mprotect, p + AT_GUARD2, GUARD, PROT_NONE)) {
		host_call(__NR_munmap, p, n);
		return 0;
	}
	*size = n;
	return p;
}

extern const char rt_stub_retmiss[] __attribute__((visibility("hidden")));

static void stacks_use(struct thread *t, u8 *p, size_t size)
{
	u64 *sentinel = (u64 *)(p + AT_GUARD) - 2;

	t->host_stack = p;
	t->host_stack_size = size;
	t->poison = (gaddr)p + 64;
	t->cpu.poll = (u64)t;
	t->cpu.c_sp = (u64)p + AT_GUARD2;
	sentinel[0] = 1ull << 63;               /* not canonical; who returns there all the same does not find it here either */
	sentinel[1] = (u64)rt_stub_retmiss;
	t->cpu.pair_base = t->cpu.pair_sp = (u64)sentinel;
	t->cpu.jtab[0].guest = 1;               /* not 0, which would be found */
}

bool thread_in_guard(const struct thread *t, u64 a)
{
	return a - (u64)t->host_stack < GUARD;
}

void thread_signal_stack(struct thread *t)
{
	struct stack s = { (gaddr)t->host_stack + AT_SIGNALS, 0, 0, SIGNALS };

	host_call(__NR_sigaltstack, &s, 0);
}

struct thread *thread_new(const struct thread *parent)
{
	size_t size;
	u8 *p = stacks_new(true, &size);
	struct thread *t = (struct thread *)(p + AT_THREAD);
	u64 *own;

	if (!p) return 0;
	/* The rest of the record stays zero; the jump table is empty (stacks_use). */
	memcpy(&t->cpu, &parent->cpu, offsetof(struct cpu, jtab));
	own = (u64 *)&t->cpu.ymmh;
	memcpy(own, parent->cpu.ymmh, sizeof(struct cpu) - offsetof(struct cpu, ymmh));
	t->sigmask = parent->sigmask;
	t->altstack_flags = SS_DISABLE_;
	stacks_use(t, p, size);
	t->in_syscall = true;                   /* until it runs */
	return t;
}

void thread_free(struct thread *t)
{
	if (t->lent) rt_unmap(t->lent, t->lent_size);
	host_call(__NR_munmap, t->host_stack, t->host_stack_size);
}

void thread_link(struct thread *t)
{
	rt_lock(&rt_threads_lock);
	t->prev = 0;
	t->next = rt_threads;
	if (rt_threads) rt_threads->prev = t;
	rt_threads = t;
	rt.nthreads++;
	t->linked = true;
	rt_unlock(&rt_threads_lock);
}

void thread_unlink(struct thread *t)
{
	rt_lock(&rt_threads_lock);
	if (t->next) t->next->prev = t->prev;
	if (t->prev) t->prev->next = t->next;
	else rt_threads = t->next;
	rt.nthreads--;
	t->linked = false;
	rt_unlock(&rt_threads_lock);
}

void rt_thread_init(struct thread *t)
{
	size_t size;
	u8 *p = stacks_new(false, &size);

	if (!p) rt_die(125, "out of memory");
	t->tid = host_call(__NR_gettid);
	t->pid = host_call(__NR_getpid);
	stacks_use(t, p, size);
	thread_link(t);
	x86_fpu_reset(&t->cpu);
	rt_vectors_load(&t->cpu);
	__asm__ volatile("msr tpidr_el0, %0" : : "r" (t));
}

/* On the new thread's C stack; its record is filled in, and the guest's registers are the clone's. */
void thread_start(void)
{
	struct thread *t = rt_self();

	thread_signal_stack(t);
	if (t->fresh_actions) sig_install_faults();
	t->tid = host_call(__NR_gettid);
	t->pid = host_call(__NR_getpid);
	stop_leave_call(t);
	rt_enter(t, rt_code(t, t->cpu.rip));
}

static _Noreturn void leave(struct thread *t, int status, long nr)
{
	u64 all = ~0ull;
	bool own = t->host_stack && (u64)t - (u64)t->host_stack < t->host_stack_size;

	t->in_syscall = true;                   /* from here on it touches nothing of the guest's, and gets no signal */
	host_call(__NR_rt_sigprocmask, 2, &all, 0, 8);
	thread_unlink(t);
	if (!t->vfork_child) sig_state_put(t->sig);
	if (own && !t->vfork_child)
		host_unmap_exit(t->host_stack, t->host_stack_size, status, nr);
	for (;;)
		host_call(nr, status);
}

/* A vfork child's record is its parent's to free. */
void rt_exit_thread(struct thread *t, int status)
{
	leave(t, status, __NR_exit);
}

void rt_exit_group(int status)
{
	rt_stats_print();
	struct thread *t = rt_self();

	/* Memory shared with a process that lives on is left tidy. */
	if (t && t->own_process) leave(t, status, __NR_exit_group);
	for (;;)
		host_call(__NR_exit_group, status);
}

/* --- fork: no other thread may be inside the runtime while memory is copied -------------------------------- */

static void locks(enum fork_step s)
{
	struct sigstate *g = rt_self()->sig;

	if (s == FORK_BEFORE) {
		stop_fork(s);
		rt_lock(&g->lock);
		rt_code_fork(s);
		mem_fork(s);
		rt_fork_lock(&rt_threads_lock, s);
		rt_alloc_fork(s);
	} else {
		rt_alloc_fork(s);
		rt_fork_lock(&rt_threads_lock, s);
		mem_fork(s);
		rt_code_fork(s);
		rt_fork_lock(&g->lock, s);
		stop_fork(s);
	}
}

void thread_fork_prepare(void) { locks(FORK_BEFORE); }
void thread_fork_parent(void)  { locks(FORK_PARENT); }

void thread_fork_child(struct thread *t)
{
	struct thread *o, *next;

	locks(FORK_CHILD);
	for (o = rt_threads; o; o = next) {
		next = o->next;
		if (o != t && (u64)o - (u64)o->host_stack < o->host_stack_size) thread_free(o);
	}
	t->next = t->prev = 0;
	rt_threads = t;
	rt.nthreads = 1;
	t->tid = host_call(__NR_gettid);
	t->pid = host_call(__NR_getpid);
	t->sig->refs = 1;
	t->robust_list = 0;
	t->sent = 0;
	smc_fork_child();
	t->vfork_child = t->own_process = false;
}
