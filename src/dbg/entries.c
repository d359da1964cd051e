/* entries.c - STELE_ENTRIES=FILE: each region entered by the first thread, with the guest's registers, for tool/lockstep
 * (entries.h says the form). FILE is a pipe, mostly.
 *
 * Under it regions are not linked, as under STELE_TRACE. The descriptor lies high, where no guest's first ones are.
 */
#include "dbg/dbg.h"
#include "dbg/entries.h"
#include "rt/host.h"
#include "rt/string.h"

enum { HIGH_FD = 900, F_DUPFD_CLOEXEC_ = 1030 };
static int out = -1;
static s32 first;

static void put(const void *p, u64 n)
{
	while (n) {
		s64 k = host_call(__NR_write, (s64)out, p, n);

		if (k <= 0) rt_die(125, "entries: cannot write");
		p = (const u8 *)p + k;
		n -= k;
	}
}

static void record(struct thread *t, enum entry_kind kind, gaddr rip)
{
	struct entry e = { .kind = kind, .rip = rip };

	rt_vectors_save(&t->cpu);
	for (int k = 0; k < 16; k++) {
		e.r[k] = t->cpu.r[k];
		e.xmm[k][0] = t->cpu.v[k][0];
		e.xmm[k][1] = t->cpu.v[k][1];
	}
	put(&e, sizeof e);
}

void dbg_entries_start(struct thread *t)
{
	struct entry_map m = { 0 };
	struct vma v;
	int fd;

	if (!rt_opt.entries) return;
	fd = (int)host_call(__NR_openat, -100 /* AT_FDCWD */, rt_opt.entries, 1 | 0100 | 01000 /* O_WRONLY | O_CREAT | O_TRUNC */, 0600);
	out = fd < 0 ? fd : (int)host_call(__NR_fcntl, (s64)fd, F_DUPFD_CLOEXEC_, HIGH_FD);
	if (out < 0) rt_die(125, "cannot open %s", rt_opt.entries);
	host_call(__NR_close, (s64)fd);
	first = t->tid;
	record(t, ENTRY_START, t->cpu.rip);
	for (gaddr a = 0; rt_vma(a, &v) && v.hi > a; a = v.hi) {
		m = (struct entry_map){ v.lo, v.hi - v.lo, v.prot, v.prot & 1 ? v.hi - v.lo : 0 };
		put(&m, sizeof m);
		put((void *)v.lo, m.bytes);
	}
	m = (struct entry_map){ 0 };
	put(&m, sizeof m);
}

static bool on(const struct thread *t) { return out >= 0 && t->tid == first; }

void dbg_entries_region(struct thread *t, gaddr pc)
{
	if (on(t)) record(t, ENTRY_REGION, pc);
}

void dbg_entries_insn(struct thread *t)
{
	if (on(t)) record(t, ENTRY_INSN, t->cpu.rip);
}

void dbg_entries_syscall(struct thread *t, const u64 before[16])
{
	static const u8 arg[6] = { 7, 6, 2, 10, 8, 9 };
	static struct entry_syscall s;

	if (!on(t)) return;
	s = (struct entry_syscall){ .nr = before[0] };
	for (int k = 0; k < 6; k++) {
		s.arg[k] = before[arg[k]];
		if (rt_read(s.b[k], s.arg[k], sizeof s.b[k])) s.there |= 1 << k;
	}
	if ((s.nr == 0 || s.nr == 17 /* read, pread64 */) && (s64)t->cpu.r[0] > 0) s.read = t->cpu.r[0];
	record(t, ENTRY_SYSCALL, t->cpu.rip);
	put(&s, sizeof s);
	put((void *)s.arg[1], s.read);
}
