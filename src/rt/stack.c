/* stack.c - the program's first stack: strings, argv, envp, the auxiliary vector.
 *
 * The order of everything is Linux' (psABI figure 3.9; fs/binfmt_elf.c): programs overwrite their argv strings to
 * rename themselves and count on environment following them. There is no vDSO, so no AT_SYSINFO_EHDR.
 */
#include "rt/host.h"
#include "rt/loader.h"
#include "rt/mem.h"
#include "rt/string.h"
#include "x86/feature.h"
#include <asm/errno.h>
#include <linux/auxvec.h>

#undef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51

static bool push(gaddr *sp, const void *data, size_t n)
{
	if (*sp - rt.stack_lo < n + 4096) return false;
	*sp -= n;
	return rt_write(*sp, data, n);
}

static bool push_str(gaddr *sp, const char *s) { return push(sp, s, strlen(s) + 1); }

static size_t count(char **v)
{
	size_t n = 0;

	while (v[n]) n++;
	return n;
}

/* Pushes the strings of v, the last one highest. */
static bool push_strings(gaddr *sp, char **v, size_t n)
{
	while (n)
		if (!push_str(sp, v[--n])) return false;
	return true;
}

/* CPUID.1:EDX of what is announced. */
static u64 hwcap(void)
{
	u64 bits = 0;
	enum { A, B, C, D };
#define F(name, leaf, sub, reg, bit, text) \
	if (leaf == 1 && reg == D && bit >= 0 && rt.x86 & X86_BIT(name)) bits |= 1ull << (bit & 31);
#include "x86/feature.def"
#undef F
	return bits;
}

/* What a signal handler's stack needs at least: the frame (ucontext, siginfo, return address: 440 bytes), alignment,
 * and the state of the vectors (512 bytes of FXSAVE, XSAVE's header, the upper halves). */
static u64 min_sigstack(void)
{
	u64 state = rt.x86 & X86_BIT(XSAVE) ? 512 + 64 + (rt.x86 & X86_BIT(AVX) ? 256 : 0) + 4 : 512;

	return align_up(440 + 16 + 15 + state + 63, 16);
}

u64 rt_host_aux(u64 type, u64 missing)
{
	char **e = rt_host_envp;

	while (*e) e++;
	for (u64 *a = (u64 *)(e + 1); a[0]; a += 2)
		if (a[0] == type) return a[1];
	return missing;
}

struct aux { u64 v[48]; u32 n; };
static void aux(struct aux *a, u64 type, u64 value) { a->v[a->n++] = type; a->v[a->n++] = value; }

static void auxv(struct aux *a, u64 at_flags, gaddr random, gaddr execfn, gaddr platform)
{
	aux(a, AT_MINSIGSTKSZ, min_sigstack());
	aux(a, AT_HWCAP, hwcap());
	aux(a, AT_PAGESZ, GUEST_PAGE);
	aux(a, AT_CLKTCK, 100);
	aux(a, AT_PHDR, rt.phdr);
	aux(a, AT_PHENT, rt.phent);
	aux(a, AT_PHNUM, rt.phnum);
	aux(a, AT_BASE, rt.interp_base);
	aux(a, AT_FLAGS, at_flags);
	aux(a, AT_ENTRY, rt.entry);
	aux(a, AT_UID, rt_host_aux(AT_UID, 0));
	aux(a, AT_EUID, rt_host_aux(AT_EUID, 0));
	aux(a, AT_GID, rt_host_aux(AT_GID, 0));
	aux(a, AT_EGID, rt_host_aux(AT_EGID, 0));
	aux(a, AT_SECURE, rt_host_aux(AT_SECURE, 0));
	aux(a, AT_RANDOM, random);
	aux(a, AT_HWCAP2, rt.x86 & X86_BIT(FSGSBASE) ? 2 : 0);
	aux(a, AT_EXECFN, execfn);
	aux(a, AT_PLATFORM, platform);
	aux(a, AT_NULL, 0);
}

/* Writes the pointers of n strings that lie one after the other from a on. Returns where the list ends. */
static gaddr put_pointers(gaddr at, char **v, size_t n, gaddr a)
{
	for (size_t i = 0; i < n; i++, at += 8) {
		rt_put(at, &a);
		a += strlen(v[i]) + 1;
	}
	a = 0;
	rt_put(at, &a);
	return at + 8;
}

/* What others see of this process in /proc: the guest's own words, auxv and places. Refused by kernels without
 * CONFIG_CHECKPOINT_RESTORE, which is no loss to the guest itself. */
static void tell_kernel(const struct aux *a)
{
	struct {
		u64 start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end,
		    env_start, env_end;
		const u64 *auxv; u32 auxv_size; s32 exe_fd;
	} m = {
		rt.entry, rt.entry + 1, rt.entry, rt.entry, rt.brk_start, rt.brk, rt.stack_hi - 1, rt.arg_start, rt.arg_end,
		rt.env_start, rt.env_end, a->v, a->n * 8, -1,
	};

	host_call(__NR_prctl, 35 /* PR_SET_MM */, 14 /* PR_SET_MM_MAP */, &m, sizeof m, 0);
}

int stack_build(struct thread *t, const struct program *p, char **argv, char **envp, const char *execfn, u64 at_flags)
{
	u64 zero = 0, rnd[2] = { mem_random(), mem_random() }, argc = count(argv), envc = count(envp);
	gaddr sp = rt.stack_hi, fn, platform, at;
	struct aux a = { .n = 0 };

	(void)p;
	if (!push(&sp, &zero, 8) || !push_str(&sp, execfn)) return -E2BIG;
	fn = rt.env_end = sp;
	if (!push_strings(&sp, envp, envc)) return -E2BIG;
	rt.env_start = rt.arg_end = sp;
	if (!push_strings(&sp, argv, argc)) return -E2BIG;
	rt.arg_start = sp;
	if (mem_randomized()) sp -= mem_random() % 8192;
	sp = align_down(sp, 16);
	if (!push_str(&sp, "x86_64")) return -E2BIG;
	platform = sp;
	if (!push(&sp, rnd, sizeof rnd)) return -E2BIG;
	auxv(&a, at_flags, sp, fn, platform);
	sp = align_down(sp - (1 + argc + 1 + envc + 1) * 8 - a.n * 8, 16);
	if (sp < rt.stack_lo + 4096 || sp > rt.stack_hi) return -E2BIG;
	rt_put(sp, &argc);
	at = put_pointers(sp + 8, argv, argc, rt.arg_start);
	at = put_pointers(at, envp, envc, rt.env_start);
	rt.auxv = at;
	rt.auxv_size = a.n * 8;
	if (!rt_write(at, a.v, a.n * 8)) return -E2BIG;
	t->cpu.r[4] = sp;
	tell_kernel(&a);
	return 0;
}
