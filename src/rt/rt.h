/* rt.h - the runtime's shared view of a guest process and its threads.
 *
 * No libc: raw system calls (host.h), memory from the runtime's own maps, futex locks. Any function may run inside a
 * signal handler unless it says otherwise. Host pointers and guest addresses are numerically the same.
 */
#ifndef RT_RT_H
#define RT_RT_H

#include "base.h"
#include "tr/cpu.h"

struct sigstate;                        /* signal.c */

struct thread {
	struct cpu cpu;                 /* first: x28 */
	s32 tid;
	struct thread *next, *prev;     /* the process's threads, under rt_threads_lock */
	/* signals (signal.c): the guest's mask is virtual for SEGV BUS FPE ILL TRAP */
	u64 sigmask, saved_sigmask;
	bool restore_sigmask;
	u64 pending;                    /* nonzero: a signal was taken and waits for the next safepoint (PENDING_...) */
	u8 pending_info[128];           /* its siginfo_t */
	struct sigstate *sig;           /* the table of actions, shared by CLONE_SIGHAND */
	u64 sent;                       /* of the five synchronous signals: sent by somebody and not delivered yet */
	u8 sent_info[5][128];
	gaddr poison;                   /* x29's value when a signal waits: an address that faults */
	u32 trapno; gaddr cr2;          /* of the last exception, as sigcontext shows them; err is prot_err */
	struct { int what, sig, code; gaddr addr; } fault;      /* from the host's handler to rt_resume */
	gaddr altstack; u64 altstack_size; u32 altstack_flags;
	/* thread (thread.c) */
	gaddr clear_child_tid, robust_list; u64 robust_len;
	void *host_stack; size_t host_stack_size;
	void *lent; size_t lent_size;   /* what an execve of a vfork child leaves behind: freed with the record */
	bool in_syscall, exiting, vfork_child;
	bool own_process;               /* a process of its own in this address space (CLONE_VM without CLONE_THREAD) */
	bool fresh_actions;             /* CLONE_CLEAR_SIGHAND: our own handlers are to be installed again */
	bool linked;                    /* in rt_threads */
	bool alone;                     /* the others are stopped for this one (stop.c) */
	bool nudged;                    /* leave the code for a moment at the next safepoint (stop.c) */
	u32 stopped;                    /* number of the stop that this thread waits for the end of */
	s32 pid;
	u64 drop_epoch;                 /* the arena epoch this thread's pairs belong to */
	u32 prot_err;
	/* run.c */
	u64 back;                       /* a helper is at work, and this is its way back        */
	bool storing;                   /* it has a page to itself for a store (smc.c) */
	bool stepping;                  /* it runs one instruction under TF: SIGTRAP is next */
	u64 single; gaddr single_rip;   /* where rt_code_single put its code, and for which instruction */
	struct { u32 at, cs; } sense[8];        /* how the flags stand in it from there on (TR_SENSE); unused: at = ~0 */
};

/* The process. One per address space. */
struct process {
	/* how it was started */
	const char *exe;                /* path of the guest program as /proc/self/exe shows it */
	const char *root;               /* -L, or null */
	gaddr entry, interp_base, phdr; u16 phent, phnum;
	gaddr brk_start, brk;
	gaddr stack_lo, stack_hi, vdso, auxv; u32 auxv_size;
	gaddr arg_start, arg_end, env_start, env_end;
	gaddr limit;                    /* first address a guest map may not reach */
	u64 personality;
	u64 host;                       /* HOST_... features */
	u64 x86;                        /* announced features */
	u32 fp_unmasked;                /* exceptions of SSE's that some MXCSR here has not masked */
	bool x87_double;                /* STELE_X87=double */
	int vendor;                     /* enum x86_vendor of x86/cpuid.h */
	u32 page;                       /* host page size */
	int nthreads;
	bool forked;                    /* other processes may have our memory files */
	bool shared;                    /* somebody else may see our memory: ordered code */
	int order;                      /* enum tr_order of the code that is made now */
	bool scalar_order;              /* STELE_ORDER=...-scalar */
};
extern struct process rt;
extern char **rt_host_envp;

/* The calling thread: translated code's x28, kept in tpidr_el0 while C runs. */
static inline struct thread *rt_self(void)
{
#ifdef __aarch64__
	struct thread *t;
	__asm__("mrs %0, tpidr_el0" : "=r" (t));
	return t;
#else
	return 0;
#endif
}

/* --- log.c: messages without stdio. %s %d %u %x %lx %ld %lu %c %p with width and 0; nothing else. */
void rt_print(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int  rt_format(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "stele: ..." on stderr, and exit with that status. */
_Noreturn void rt_die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- options.c: --name=value, -x and STELE_NAME; one table. Null when not given. */
struct options {
	const char *root, *dump, *trace, *stop, *perf, *strace, *stats, *order, *host, *fp, *align, *x87, *vendor,
		*hot, *entries, *hex;
};
extern struct options rt_opt;

/* --- alloc.c: the runtime's own memory, from anonymous maps outside what the guest uses. */
void *rt_alloc(size_t n);               /* zeroed, 16-aligned; null when out of memory */
void  rt_free(void *p, size_t n);
void *rt_map(size_t n);                 /* whole pages, page-aligned, zeroed; null on failure */
void  rt_unmap(void *p, size_t n);

/* --- lock.h-like: futex locks, never held over guest code */
struct lock { u32 word; };
void rt_lock(struct lock *l);
void rt_unlock(struct lock *l);

/* --- guest.c: the only way for C to touch guest memory. False / negative errno when the guest's page is not there. */
bool rt_read (void *dst, gaddr src, size_t n);
bool rt_write(gaddr dst, const void *src, size_t n);
s64  rt_read_str(char *dst, gaddr src, size_t size);    /* length, -EFAULT, -ENAMETOOLONG */
/* The same as parts of an instruction: ordered as its loads and stores. */
bool rt_load_bytes (void *dst, gaddr src, size_t n);
bool rt_store_bytes(gaddr dst, const void *src, size_t n);      /* of a page at most: all of them or none */
bool rt_writable(gaddr a);                              /* may the byte at a be written? */
#define rt_get(p, ga)  rt_read((p), (ga), sizeof *(p))
#define rt_put(ga, p)  rt_write((ga), (p), sizeof *(p))

/* --- mem.c: the guest's address space; every guest-visible map goes through here. Linux semantics and errnos. */
s64  rt_mmap(gaddr addr, u64 len, u32 prot, u32 flags, int fd, u64 off);    /* guest's MAP_ values */
s64  rt_munmap(gaddr addr, u64 len);
s64  rt_mprotect(gaddr addr, u64 len, u32 prot);
s64  rt_mremap(gaddr old, u64 old_len, u64 new_len, u32 flags, gaddr new_addr);
s64  rt_madvise(gaddr addr, u64 len, int advice);
s64  rt_brk(gaddr addr);
struct vma { gaddr lo, hi; u32 prot, flags; u64 off; u64 dev, ino; const char *path; bool tracked; };
bool rt_vma(gaddr a, struct vma *out);          /* the map that holds a, or the first one above it (out->lo > a); path: valid for a while */
/* Adrp's reach, less room for what an image has around its code: between any two bytes of an image and its arenas. */
#define ARENA_REACH 0xf0000000ull
/* A slot of `size` bytes for an arena: in reach of all of [lo,hi), or anywhere. Address or 0. */
u64  rt_arena_slot(gaddr lo, gaddr hi, u64 size);
u64  rt_arena_slot_far(u64 size);

/* --- loader.c, stack.c */
int  rt_load(const char *path, int fd, char **argv, char **envp, u64 at_flags, struct thread *t);  /* maps program and interpreter, builds the stack, sets rip and rsp; negative errno or fatal with a message */

/* --- enter.S and run.c: translated code */
_Noreturn void rt_enter(struct thread *t, u64 host);    /* load the guest state from t->cpu and go to host code */
u64  rt_code(struct thread *t, gaddr pc);       /* host address of pc's code, translating if need be */
size_t rt_fetch(gaddr pc, u8 *buf, size_t n);   /* fetch.c: as many of n bytes of code as there are */
void rt_code_changed(gaddr lo, gaddr hi);       /* guest bytes there changed or went away: drop their code */
void rt_code_drop_all(void);                    /* another order mode, for example */
void rt_code_unmap(gaddr lo, gaddr hi);         /* the map went away: its arenas too */
/* side.c: for a host pc in translated code, the guest rip of the instruction it belongs to. False: not translated code. */
bool rt_code_rip(u64 host, gaddr *rip);
/* The same, and of the flags: how they stand in NZCV there (enum csense of tr.h), and the instruction that set those that
 * are put off there (putoff.c), or 0. */
struct code_state { gaddr rip, put_off; int sense; };
bool rt_code_state(u64 host, struct code_state *s);
bool rt_code_is_single(const struct thread *t, u64 host);       /* does host lie in such code? */
u64  rt_code_alone(struct thread *t, gaddr pc);         /* the same as TR_PLAIN code, for a thread that is alone */
u64  rt_code_single(struct thread *t, gaddr pc);        /* host address of code for the one instruction at pc, unlinked, which protects nothing */
bool rt_misaligned(struct thread *t, u64 host); /* ordered code at host cannot do this alignment: retranslated. False: not such code. */
void rt_code_fork(int step);                    /* enum fork_step of alloc.h, for run.c's locks */
void rt_go_shared(void);                        /* before memory becomes visible to others: plain code -> ordered code */

/* --- putoff.c: flags that were to be made by a return (tr/defer.c) */
void rt_put_off(struct cpu *c, const struct code_state *s);     /* made as they are at s */
void rt_put_off_leave(struct thread *t);        /* the same, if a helper is at work, which will not go back to where it was called */

extern u64 rt_vdso_lo, rt_vdso_hi;              /* the host's vDSO, set by who calls it: no translated code, though outside our image */

extern u32 rt_counts[];                         /* cpu.counts */

/* Counters for STELE_STATS. */
extern struct stats { u64 regions, hot, insns, syscalls, signals, links, lookups; } rt_stats;
void rt_stats_print(void);                      /* at the end, if asked for */
u64  rt_helper(struct thread *t, u64 nr, u64 host_ret);         /* helper.c: nr is enum tr_helper of tr/tr.h */

/* --- signal.c */
void rt_signals_init(struct thread *t);
void rt_vectors_save(struct cpu *c);
void rt_vectors_load(struct cpu *c);
/* The guest's RFLAGS from and into cpu's pieces. */
enum { RFLAGS_TF = 1 << 8, RFLAGS_NT = 1 << 14, RFLAGS_RF = 1 << 16 };
u64  rt_get_rflags(const struct cpu *c);
void rt_set_rflags(struct cpu *c, u64 f);
/* Raises a synchronous signal in this thread as a CPU exception would: frame at cpu.rip; returns host code to go on at. */
u64  rt_raise(struct thread *t, int sig, int code, gaddr addr);
/* The same by the exception's number, where the signal does not say it (SDM vol. 3, 6.3.1). */
enum { VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_UD = 6, VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_PF = 14,
       VECTOR_MF = 16, VECTOR_AC = 17, VECTOR_XM = 19 };
u64  rt_raise_vector(struct thread *t, int vector, int sig, int code, gaddr addr);
/* Delivers what waits; called with guest state in t->cpu on the way back from a system call. `ret`: its result (for restarting). */
void rt_deliver(struct thread *t);
/* A host system call that may block, or that must not run while a signal waits: RT_RESTART instead of running it then.
 * The system call is to be made again after rt_deliver: rip at the instruction, rax the number. -EINTR stays -EINTR. */
enum { RT_RESTART = -513 };
s64  host_call_blocking(struct thread *t, long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
/* Around the host's execve: the actions and the mask that the new program inherits; and back when it failed. */
void rt_signals_exec(struct thread *t);
void rt_signals_exec_failed(struct thread *t);

/* --- thread.c */
void rt_thread_init(struct thread *t);          /* the first thread */
_Noreturn void rt_exit_thread(struct thread *t, int status);
_Noreturn void rt_exit_group(int status);
extern struct lock rt_threads_lock;
extern struct thread *rt_threads;               /* the list, under that lock */

/* --- smc.c: pages that code was made from and that the guest may write. Track first, then read. */
bool rt_smc_track(gaddr lo, gaddr hi);          /* before bytes are read for translation: write-protects */
bool rt_smc_valid(gaddr lo, gaddr hi);          /* under run.c's lock, before code is published: nothing was written since */
void rt_smc_mapped(gaddr lo, gaddr hi);         /* a shared map came into being there */
bool rt_smc_unprotect(gaddr lo, u64 len);       /* a system call is to write there: true if something was tracked */
bool rt_smc_others(gaddr a);                    /* may another process write there, unseen? */
void rt_smc_forking(void);                      /* before memory files come to be another process's */
void rt_smc_changed(gaddr lo, gaddr hi);        /* the kernel wrote there, whatever the protection */
void rt_smc_file_changed(u64 dev, u64 ino);     /* a file that shared maps may show was written to */
extern bool rt_smc_files;                       /* writing to a file may change code: /proc/self/mem, or code in a shared map */

/* --- sys/call.c: a system call of the guest; state in t->cpu. Returns the host address to go on at. */
u64  rt_syscall(struct thread *t, u64 host_ret);
#define VSYSCALL(n)  (0xffffffffff600000ull + 1024 * (n))
u64  rt_vsyscall(struct thread *t);             /* rip is one of these, which old static programs call */

#endif
