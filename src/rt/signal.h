/* signal.h - signals inside the runtime: the guest's table of actions, siginfo, the host's context.
 *
 * siginfo_t and the numbers of signals and SA_ flags are the same on both architectures.
 */
#ifndef RT_SIGNAL_H
#define RT_SIGNAL_H

#include "rt/rt.h"
#include <asm/sigcontext.h>

enum { SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11, SIGCHLD = 17, SIGCONT = 18,
       SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGWINCH = 28, NSIG_ = 64 };
enum { SI_USER_ = 0, SI_KERNEL_ = 0x80, SEGV_MAPERR_ = 1, SEGV_ACCERR_ = 2, BUS_ADRALN_ = 1, BUS_ADRERR_ = 2,
       FPE_INTDIV_ = 1, FPE_FLTDIV_ = 3, FPE_FLTOVF_, FPE_FLTUND_, FPE_FLTRES_, FPE_FLTINV_,
       ILL_ILLOPN_ = 2, TRAP_BRKPT_ = 1, TRAP_TRACE_ = 2 };
enum { SIG_DFL_ = 0, SIG_IGN_ = 1 };
#define SA_NOCLDSTOP_ 0x00000001u
#define SA_NOCLDWAIT_ 0x00000002u
#define SA_SIGINFO_   0x00000004u
#define SA_EXPOSE_    0x00000800u       /* SA_EXPOSE_TAGBITS */
#define SA_RESTORER_  0x04000000u
#define SA_ONSTACK_   0x08000000u
#define SA_RESTART_   0x10000000u
#define SA_NODEFER_   0x40000000u
#define SA_RESETHAND_ 0x80000000u
enum { SS_ONSTACK_ = 1, SS_DISABLE_ = 2 };
#define SS_AUTODISARM_ (1u << 31)

#define SIGBIT(n)    (1ull << ((n) - 1))
/* Never blocked on the host, since the runtime lives by them; the guest's mask of them is virtual. */
#define SYNCHRONOUS  (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGFPE) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP))
#define UNBLOCKABLE  (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))

struct siginfo {
	s32 sig, err, code, pad;
	union {
		struct { s32 pid, uid; u64 value; } from;
		struct { u64 addr; } fault;
		u8 bytes[112];
	};
};
_Static_assert(sizeof(struct siginfo) == 128, "siginfo_t");

/* kernel_sigaction of x86-64; ARM64's is the same with its restorer. */
struct sigact { gaddr handler; u64 flags; gaddr restorer; u64 mask; };

struct sigstate {
	struct lock lock;
	u32 refs;
	struct sigact act[NSIG_];
};

struct stack { gaddr sp; u32 flags, pad; u64 size; };    /* stack_t */

struct host_context {
	u64 flags, link;
	struct stack stack;
	u64 sigmask;
	u8 pad[120];
	struct sigcontext mc;
};

enum { PENDING_HELD = 1,                /* one signal taken by the host's handler: pending_info; all else is masked */
       PENDING_SENT = 2 };              /* a synchronous one that somebody sent and that the guest does not block */

/* --- signal.c */
s64  sig_set_mask(struct thread *t, u64 mask);          /* the guest's mask and the host's; RT_RESTART: a signal is to be delivered first */
void sig_follow_mask(struct thread *t);                 /* the host's mask from the guest's, unless a signal is held */
void sig_mask_for_call(struct thread *t, u64 mask);     /* the mask that an interrupted call (sigsuspend, ppoll) ran with */
int  sig_take_sent(struct thread *t, u64 set, struct siginfo *si);
s64  sig_set_action(struct thread *t, int sig, const struct sigact *act, struct sigact *old);
void sig_sent(struct thread *t, int sig, const struct siginfo *si, struct host_context *uc);
void sig_interrupt(struct thread *t, struct host_context *uc);
void sig_not_for_guest(struct thread *t, struct host_context *uc);      /* a signal of ours: a system call that it broke off is made again */
void sig_nudge(struct thread *t);                       /* a safepoint at which nothing may wait; of any thread */
void sig_nudged(struct thread *t);                      /* it is reached */
void sig_force(struct thread *t, int sig, struct siginfo *si);  /* cannot be blocked or ignored */
_Noreturn void sig_die(int sig);
bool sig_host_action(int sig, u64 handler, u64 flags);
void sig_install_faults(void);
struct sigstate *sig_state_copy(struct sigstate *s);
void sig_state_put(struct sigstate *s);
void sig_state_clear(struct sigstate *s);               /* CLONE_CLEAR_SIGHAND */
u64  host_call_clone(const u64 *pending, long nr, u64 a, u64 b, u64 c, u64 d, u64 e, void (*fn)(void));

/* --- frame.c: the x86-64 rt_sigframe */
bool frame_push(struct thread *t, const struct siginfo *si, const struct sigact *act, u64 saved_mask);
s64  frame_pop(struct thread *t);                       /* 0, -EFAULT, RT_RESTART */
bool sig_on_altstack(const struct thread *t, gaddr sp);
u32  sig_altstack_flags(const struct thread *t, gaddr sp);
s64  sig_altstack(struct thread *t, const struct stack *new, gaddr sp);

/* --- fault.c */
void fault_handler(int sig, struct siginfo *si, struct host_context *uc);
bool fault_in_code(u64 pc);                             /* translated code: no lock needed to say so */
_Noreturn void rt_resume(struct thread *t);

/* --- xsave.c */
u64  rt_xsave(struct thread *t, u64 host_ret, u64 helper);
u64  rt_xrstor(struct thread *t, u64 host_ret);

/* --- dbg/crash.c: an own bug; prints what is known and dies of the signal */
_Noreturn void dbg_crash(int sig, const struct siginfo *si, const struct host_context *uc, struct thread *t);

/* --- helper.c: floating-point state as FXSAVE has it, from and to cpu.v and cpu.x87 */
void x86_fxsave(struct cpu *c, u8 img[416]);
bool x86_fxrstor(struct cpu *c, const u8 img[416]);      /* false: a reserved bit of MXCSR is set */
void x86_fpu_reset(struct cpu *c);              /* the upper halves of ymm registers too */
u32  x86_mxcsr(struct cpu *c);                          /* with what FPSR has gathered */
void x86_set_mxcsr(struct cpu *c, u32 v);
enum { MXCSR_MASK = 0xffff };

#endif
