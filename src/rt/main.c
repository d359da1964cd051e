/* main.c - where stele starts: relocates itself, reads its options, loads the program, enters it.
 *
 * A static-PIE without a C library: until relocate() is done no address from initialised data may be used, which
 * PC-relative code (-fPIE, hidden symbols) never does. Of relocations there are only RELATIVE ones, as the Makefile
 * checks. System V ABI for AArch64, chapters on processes and dynamic linking.
 */
#include "rt/arena.h"
#include "dbg/dbg.h"
#include "rt/host.h"
#include "rt/mem.h"
#include "rt/options.h"
#include "rt/signal.h"
#include "rt/string.h"
#include "rt/x87.h"
#include "a64/host.h"
#include "x86/cpuid.h"
#include "x86/feature.h"
#include <asm/errno.h>
#include <linux/auxvec.h>

#ifndef AT_HWCAP2
#define AT_HWCAP2 26
#endif

__asm__(
".text\n"
"	.globl	_start\n"
"	.type	_start, %function\n"
"_start:\n"
"	mov	x29, xzr\n"
"	mov	x30, xzr\n"
"	mov	x0, sp\n"
"	b	start_here\n"
);

struct dyn { s64 tag; u64 value; };
struct rela { u64 offset, info; s64 addend; };
enum { DT_NULL_ = 0, DT_RELA_ = 7, DT_RELASZ_ = 8, R_AARCH64_RELATIVE = 1027 };
extern const struct dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char rt_stub_link[], rt_stub_lookup[], rt_stub_syscall[], rt_stub_helper[], rt_stub_retmiss[]
	__attribute__((visibility("hidden")));

struct process rt;
char **rt_host_envp;

const char *rt_load_why(const char **file);
u64 rt_host_aux(u64 type, u64 missing);

static void relocate(void)
{
	u64 base = (u64)__ehdr_start, size = 0;
	const struct rela *r = 0;

	for (const struct dyn *d = _DYNAMIC; d->tag != DT_NULL_; d++) {
		if (d->tag == DT_RELA_) r = (const struct rela *)(base + d->value);
		if (d->tag == DT_RELASZ_) size = d->value;
	}
	for (; size; size -= sizeof *r, r++)
		if ((u32)r->info == R_AARCH64_RELATIVE) *(u64 *)(base + r->offset) = base + r->addend;
}

/* The host CPU, as STELE_HOST and the kernel let us use it. */
static void find_host(void)
{
	struct host_id id;

	host_read(&id, rt_host_aux(AT_HWCAP, 0), rt_host_aux(AT_HWCAP2, 0));
	rt.host = host_features(&id);
	if (rt_opt.host && !host_mask(&rt.host, rt_opt.host))
		rt_die(125, "STELE_HOST: unknown CPU feature in \"%s\"", rt_opt.host);
	rt.x86 = tr_announced(rt.host);
}

/* glibc before 2.37 reads CPUID's feature leaf only of vendors it knows, and then refuses to start on an unknown one
 * ("CPU ISA level is lower than required"): so the default is one that it knows. Leaf 0x40000000 and the brand string
 * say who we are. */
static void find_vendor(void)
{
	rt.vendor = X86_VENDOR_INTEL;
	if (!rt_opt.vendor) return;
	for (rt.vendor = X86_VENDOR_STELE; strcmp(rt_opt.vendor, x86_ids[rt.vendor].vendor); rt.vendor++)
		if (rt.vendor == X86_VENDOR_AMD) rt_die(125, "STELE_CPU_VENDOR: \"%s\" is none of GenuineIntel, AuthenticAMD, SteleVirtual", rt_opt.vendor);
}

#define PR_SET_MEM_MODEL      0x4d4d444c
#define PR_SET_MEM_MODEL_TSO  1

static void find_order(void)
{
	static const char *const words[] = { "auto", "tso", "auto-scalar", "tso-scalar" };
	unsigned k = 0;

	while (rt_opt.order && k < countof(words) && strcmp(rt_opt.order, words[k]))
		k++;
	if (k == countof(words)) rt_die(125, "STELE_ORDER: \"%s\" is none of auto, tso, auto-scalar, tso-scalar", rt_opt.order);
	rt.order = k & 1 ? TR_TSO : TR_PLAIN;
	rt.scalar_order = k & 2;
}

/* Does the CPU keep the order by itself? */
static void ask_for_tso(void)
{
	if (rt.order == TR_PLAIN && !host_call(__NR_prctl, PR_SET_MEM_MODEL, PR_SET_MEM_MODEL_TSO, 0, 0, 0)) rt.order = TR_HWTSO;
}

/* A directory's name that stays right when the guest changes its own; without slashes at its end. */
static const char *absolute(const char *dir)
{
	static char path[4096];
	size_t n = 0;

	if (!dir) return 0;
	if (dir[0] != '/') {
		s64 r = host_call(__NR_getcwd, path, sizeof path);
		n = r > 0 ? r - 1 : 0;
	}
	if ((size_t)rt_format(path + n, sizeof path - n, n ? "/%s" : "%s", dir) >= sizeof path - n)
		rt_die(125, "-L: the name is too long");
	for (n = strlen(path); n && path[n - 1] == '/'; n--) path[n - 1] = 0;
	return n ? path : 0;
}

/* An x86-64 process' registers after execve. */
static void first_state(struct cpu *c)
{
	c->df = 1;
	c->mxcsr = 0x1f80;
	c->fcw = 0x37f;
	rt.x87_double = rt_opt.x87 && !strcmp(rt_opt.x87, "double");
	if (rt_opt.x87 && !rt.x87_double) rt_die(125, "STELE_X87: \"%s\" is not double", rt_opt.x87);
	c->x87.pending = rt.x87_double ? X87_WIDE : 0;
	x87_mode(c);
	rt_set_rflags(c, 0x202);
	c->counts = rt_counts;
	c->stub_link = (u64)rt_stub_link;
	c->stub_lookup = (u64)rt_stub_lookup;
	c->stub_syscall = (u64)rt_stub_syscall;
	c->stub_helper = (u64)rt_stub_helper;
	c->stub_retmiss = (u64)rt_stub_retmiss;
}

static _Noreturn void cannot_load(const char *path, int e)
{
	const char *file, *why = rt_load_why(&file);

	/* as a shell says it: 127 there is no such program, 126 it cannot be run */
	rt_die(e == -ENOENT ? 127 : 126, "%s: %s", file[0] ? file : path, why ? why : "out of memory");
}

static _Noreturn void start(int argc, char **argv)
{
	struct thread *t;
	struct start s;
	u64 vdso;
	int e;

	rt_host_envp = argv + argc + 1;
	rt.page = rt_host_aux(AT_PAGESZ, 4096);
	vdso = rt_host_aux(AT_SYSINFO_EHDR, 0);
	rt_vdso_lo = vdso;
	rt_vdso_hi = vdso ? vdso + 4 * rt.page : 0;
	options_read(&s, argc, argv, (char *)rt_host_aux(AT_EXECFN, 0), rt_host_aux(AT_FLAGS, 0),
	             rt_host_aux(AT_EXECFD, -1), rt_host_aux(AT_SECURE, 0));
	find_host();
	find_vendor();
	find_order();
	if (rt_opt.hex) {
		dbg_show_hex(rt_opt.hex);
		rt_exit_group(0);
	}
	rt.root = rt_opt.root = absolute(rt_opt.root);
	rt.exe = s.path;
	ask_for_tso();
	mem_init();
	t = rt_map(sizeof *t);
	if (!t) rt_die(125, "out of memory");
	rt_thread_init(t);
	rt_signals_init(t);
	first_state(&t->cpu);
	x86_fpu_reset(&t->cpu);
	rt_vectors_load(&t->cpu);
	e = rt_load(s.path, s.fd, s.argv, rt_host_envp, 0, t);
	if (e) cannot_load(s.path, e);
	if (s.fd >= 0 && s.close_fd) host_call(__NR_close, s.fd);
	dbg_entries_start(t);
	rt_enter(t, rt_code(t, t->cpu.rip));
}

__attribute__((used)) _Noreturn void start_here(u64 *sp);
void start_here(u64 *sp)
{
	relocate();
	start(sp[0], (char **)(sp + 1));
}
