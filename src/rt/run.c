/* run.c - from a guest address to its translated code: look up, translate, link, drop.
 *
 * Code is first translated cold: little is taken in beyond what is run at once, and the entry counts. When it has
 * been entered TR_HOT_AFTER times it is translated anew as a large region, and the branches that lead to it are moved.
 *
 * The table of entries is the process's: guest address -> host address, with the bits below. rt_code_lock guards it,
 * the arenas and the translator's buffers.
 */
#include "rt/arena.h"
#include "rt/sse.h"
#include "dbg/dbg.h"
#include "gen/decode.h"
#include "rt/asm.h"
#include "rt/except.h"
#include "rt/fetch.h"
#include "rt/host.h"
#include "rt/mem.h"
#include "rt/pageidx.h"
#include "rt/rt.h"
#include "rt/signal.h"
#include "rt/smc.h"
#include "rt/stop.h"
#include "rt/string.h"

_Static_assert(offsetof(struct cpu, r) == CPU_R && offsetof(struct cpu, rip) == CPU_RIP, "asm.h");
_Static_assert(offsetof(struct cpu, nzcv) == CPU_NZCV && offsetof(struct cpu, pf) == CPU_PF, "asm.h");
_Static_assert(offsetof(struct cpu, c_sp) == CPU_C_SP && offsetof(struct cpu, pair_base) == CPU_PAIR_BASE, "asm.h");
_Static_assert(offsetof(struct cpu, pair_sp) == CPU_PAIR_SP && offsetof(struct cpu, poll) == CPU_POLL, "asm.h");

#define REGION_ROOM  (256u << 10)       /* bytes an arena must have left before a region is made in it */

#define LONGER  3                       /* see hot() */

enum { CALLABLE = 1,                    /* the word before the entry pushes the pair: a call may enter */
       HOT = 2, BITS = 3 };

struct lock rt_code_lock;
static struct tr tr;                    /* under rt_code_lock */
struct stats rt_stats;
static bool dropped;                    /* there are dead regions */
static u32 epoch;                       /* counts drops: a host address kept over one may be stale */

/* --- the table of entries */

/* key: see key_of; 0: empty; links: branches to cold code; count, head: when it gets hot. See hot() */
static struct slot { u64 key, host; u32 links, count : 30, head : 1, waited : 1; } *table;
_Static_assert(TR_COUNTS < 1 << 30, "slot.count");
static u64 slots, filled;

/* Only an address that is not canonical has none, and is not put in. Its own inverse. */
static u64 key_of(gaddr pc) { return pc ^ 1ull << 63; }

static u64 slot(gaddr pc)
{
	u64 h = pc * 0x9e3779b97f4a7c15ull >> 20 & (slots - 1);

	while (table[h].key && table[h].key != key_of(pc))
		h = (h + 1) & (slots - 1);
	return h;
}

static u64 entry(gaddr pc)
{
	return slots ? table[slot(pc)].host : 0;
}

static bool grow(void)
{
	u64 n = slots, size = n ? n * 2 : 4096;
	struct slot *old = table, *new = rt_map(size * sizeof *table);

	if (!new)
		return false;
	table = new;
	slots = size;
	filled = 0;
	for (u64 k = 0; k < n; k++)
		if (old[k].host) {
			table[slot(key_of(old[k].key))] = old[k];
			filled++;
		}
	if (old)
		rt_unmap(old, n * sizeof *old);
	return true;
}

/* The slot of pc, made if it is not there; null: no memory, or no key. Valid until the next call. */
static struct slot *add(gaddr pc)
{
	struct slot *s;

	if (!key_of(pc) || (filled * 2 >= slots && !grow()))
		return 0;
	s = &table[slot(pc)];
	filled += !s->key;
	s->key = key_of(pc);
	return s;
}

/* What the translator has seen of the guest's bytes does not hold any more. */
static void forget(void)
{
	fetch_forget();
	tr_forget(&tr);
}

/* --- what the translator asks */

/* Hot code counts too: an inner loop is better where its surroundings are known. */
static bool known(void *ctx, gaddr pc)
{
	(void)ctx;
	return entry(pc);
}

/* The entry of pc's code, or the word before it, for a branch from new code. */
static u64 linkable(void *ctx, gaddr pc, bool call)
{
	u64 h = entry(pc);

	(void)ctx;
	if (!h || (call && !(h & CALLABLE)))
		return 0;
	return ((h & ~(u64)BITS) - (call ? 4 : 0)) | !(h & HOT);
}

/* --- translating */

static bool crosses(void *ctx, gaddr pc);

/* What the next translation depends on; under rt_code_lock. */
static struct tr_env env = { .fetch = fetch_marked, .known = known, .code = linkable, .stable = fetch_stable, .crosses = crosses };

static void set_env(struct arena *a, gaddr pc)
{
	env.host = rt.host;
	env.x86 = rt.x86;
	env.order = rt.order;
	env.scalar_order = rt.scalar_order;
	env.x87_top = rt_self()->cpu.x87.top;
	env.near = arena_near(a, pc);
	env.unlinked = rt_opt.trace || rt_opt.entries;
	env.fp_exact = rt_opt.fp && !strcmp(rt_opt.fp, "exact");
	env.fp_traps = rt.fp_unmasked;
	env.fp_inexact = rt.fp_unmasked & X87_PE;
	env.fp_check = env.fp_traps || (env.fp_exact && !(rt.host & HOST_AFP));
	env.x87_double = rt.x87_double;
	env.align = rt_opt.align && !strcmp(rt_opt.align, "exact");
	env.stubs = a->base;
	env.max_insns = 0;
	env.plain = env.cold = env.general = false;
	tr.env = &env;
}

static u64 number(const char *s)
{
	u64 n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (u64)(*s++ - '0');
	return n;
}

/* Branches that were linked to cold code, so that they can be moved when it gets hot. */
static struct { u64 site; u32 next; bool call; } *links;
static u32 nlinks, room;

static void remember(struct slot *s, u64 site, bool call)
{
	if (nlinks + 1 >= room) {
		u32 n = room ? room * 2 : 4096;
		typeof(links) new = rt_map(n * sizeof *links);

		if (!new)
			return;
		if (links) {
			__builtin_memcpy(new, links, room * sizeof *links);
			rt_unmap(links, room * sizeof *links);
		}
		links = new;
		room = n;
	}
	links[++nlinks].site = site;
	links[nlinks].call = call;
	links[nlinks].next = s->links;
	s->links = nlinks;
}

static u32 hot_after(void) { return rt_opt.hot ? number(rt_opt.hot) : TR_HOT_AFTER; }

enum kind { COLD_CODE, HOT_CODE, GENERAL_CODE };      /* GENERAL: hot, without assumptions; not in the table */

u32 rt_counts[TR_COUNTS];

/* What the region depends on: its own pages, and those of its ways out if the translator could look ahead there. */
static void enter_pages(struct arena *a, struct region *r)
{
	gaddr lo = align_down(r->lo, GUEST_PAGE), last = 0;
	bool ok = true;

	for (gaddr p = lo; p - lo < r->hi - lo; p += GUEST_PAGE)        /* hi may be the end of all addresses */
		ok &= pageidx_add(p, a, r);
	for (u32 k = 0; k < 2 * tr.nblk; k++) {
		struct edge *e = k & 1 ? &tr.blk[k / 2].taken : &tr.blk[k / 2].next;
		gaddr page = align_down(e->pc, GUEST_PAGE);

		if (!e->pc || e->block >= 0 || page == last || (page >= lo && page < r->hi))
			continue;
		if (!fetch_was_stable(page))
			continue;
		ok &= pageidx_add(page, a, r);
		last = page;
	}
	if (!ok)
		rt_die(134, "out of memory for translated code");
}

/* As tr_translate, for code that others may write. */
static int translate_checked(gaddr pc)
{
	struct tr_env keep = env;
	int r;

	tr_forget(&tr);
	fetch_take_copy(pc);
	env.selfcheck = true;
	env.max_insns = 8;
	env.fetch = fetch_copy;
	env.stable = fetch_never_stable;
	r = tr_translate(&tr, pc);
	tr_forget(&tr);
	env = keep;
	return r;
}

static u64 translate(gaddr pc, enum kind kind)
{
	struct arena *a;
	struct region *r;
	bool others;
	gaddr page;

	for (;;) {
		a = arena_for(pc, REGION_ROOM);
		if (!a)
			rt_die(134, "out of memory for translated code");
		set_env(a, pc);
		env.plain = rt_opt.stop && rt_stats.regions >= number(rt_opt.stop);
		env.cold = kind == COLD_CODE && !env.plain;
		env.general = kind == GENERAL_CODE;
		env.count = rt_stats.regions % TR_COUNTS;
		others = fetch_others(pc);
		for (;;) {
			tr.code = (struct code){ (u32 *)(a->base + a->used), (u32 *)(a->base + a->used + REGION_ROOM / 2), 0 };
			if ((others ? translate_checked(pc) : tr_translate(&tr, pc)) == 0)
				break;
			env.max_insns = env.max_insns ? env.max_insns / 2 : 32;
		}
		page = fetch_disturbed();
		if (!page)
			break;
		forget();
		rt_unlock(&rt_code_lock);
		smc_wait(page);
		rt_lock(&rt_code_lock);
	}
	rt_counts[env.count] = hot_after();
	r = arena_add(a, &tr);
	enter_pages(a, r);
	dbg_region(&tr, rt_stats.regions, env.plain ? "plain" : env.cold ? "cold" : env.general ? "general" : "hot");
	rt_stats.regions++;
	rt_stats.hot += !env.cold;
	rt_stats.insns += tr.nins;
	for (u32 k = 0; k < tr.nlink; k++) {
		struct tr_link *l = &tr.link[k];
		struct slot *to = &table[slot(l->pc)];

		remember(to, (u64)l->site, l->call);
		to->head |= l->call || l->pc < tr.hi;
	}
	for (u32 k = kind == GENERAL_CODE; k < r->nentry; k++) {
		struct rentry *n = &region_entries(r)[k];
		struct slot *at = add(r->lo + n->guest);

		if (!at || (k && at->host))
			continue;
		at->host = (a->base + r->code + n->host) | (k == 0 ? CALLABLE : 0) | (kind ? HOT : 0);
		if (k == 0)
			at->count = env.count;
	}
	return (a->base + r->code + region_entries(r)[0].host) | CALLABLE | (kind ? HOT : 0);
}

/* Host code of pc, under the lock, with its bits. */
static u64 code(gaddr pc, bool callable)
{
	u64 h = entry(pc);

	if (!h || (callable && !(h & CALLABLE)))
		h = translate(pc, h & HOT || !hot_after() ? HOT_CODE : COLD_CODE);
	return h;
}

u64 rt_code(struct thread *t, gaddr pc)
{
	u64 h;

	rt_put_off_leave(t);
	t->stepping = t->cpu.rflags & RFLAGS_TF;
	if (unlikely(t->stepping))
		return rt_code_single(t, pc);
	rt_lock(&rt_code_lock);
	h = code(pc, false) & ~(u64)BITS;
	table[slot(pc)].head = true;            /* a function, or a case of a switch */
	rt_unlock(&rt_code_lock);
	return h;
}

/* One instruction, unlinked, in a place of the thread's own that the next one overwrites. It protects nothing: a store
 * into its own page would otherwise never get done. */
#define SINGLE_ROOM  4096

static void note_senses(struct thread *t)
{
	u32 n = 0;

	for (u32 k = 0; k < tr.nmap && n < countof(t->sense); k++)
		if (tr.map[k].guest >= TR_SENSE) {
			t->sense[n].at = tr.map[k].host;
			t->sense[n++].cs = tr.map[k].guest - TR_SENSE;
		}
	for (; n < countof(t->sense); n++)
		t->sense[n].at = ~0u;
}

static u64 single(struct thread *t, gaddr pc, enum tr_order order)
{
	struct tr_env keep;
	struct arena *a;

	rt_put_off_leave(t);
	rt_lock(&rt_code_lock);
	keep = env;
	if (!t->single) {
		a = arena_for(pc, REGION_ROOM);
		if (!a)
			rt_die(134, "out of memory for translated code");
		t->single = align_up(a->base + a->used, 16);
		a->used = t->single + SINGLE_ROOM - a->base;
	}
	a = arena_of(t->single);
	set_env(a, pc);
	env.near = false;
	env.single = true;
	env.order = order;
	env.known = env.stable = 0;
	env.code = 0;
	env.fetch = fetch_unmarked;
	tr.code = (struct code){ (u32 *)t->single, (u32 *)(t->single + SINGLE_ROOM), 0 };
	if (tr_translate(&tr, pc) < 0)
		rt_die(134, "an instruction at %lx does not fit", pc);
	env = keep;
	t->single_rip = pc;
	note_senses(t);
	arena_sync((u64)tr.start, (u64)tr.code.p);
	rt_unlock(&rt_code_lock);
	return t->single + tr.entry[0].host;
}

u64 rt_code_single(struct thread *t, gaddr pc) { return single(t, pc, rt.order); }
u64 rt_code_alone(struct thread *t, gaddr pc)  { return single(t, pc, TR_PLAIN); }

bool rt_code_is_single(const struct thread *t, u64 host)
{
	return t->single && host - t->single < SINGLE_ROOM;
}

struct change { gaddr lo, hi; bool loops; };    /* loops: one of the regions that were dropped may loop */
static void drop_range(struct change *x);

/* Guest addresses of accesses that crossed what ldapr and stlr can do, in ordered code: a hash table that forgets. */
static gaddr crossing[4096];

static gaddr *crossing_slot(gaddr pc)
{
	gaddr *p = 0;

	for (u32 k = 0; k < 16; k++) {
		p = &crossing[(pc + k) % countof(crossing)];
		if (*p == pc || !*p)
			return p;
	}
	return p;
}

static bool crosses(void *ctx, gaddr pc)
{
	(void)ctx;
	return *crossing_slot(pc) == pc;
}

/* Another thread may have been here and dropped the region that this one is still in; one that lives was made to do it. */
bool rt_misaligned(struct thread *t, u64 host)
{
	gaddr rip;
	bool mended;

	if (rt.order != TR_TSO || !rt_code_rip(host, &rip))
		return false;
	rt_lock(&rt_code_lock);
	mended = crosses(0, rip) && !rt_code_is_single(t, host) && !arena_find(arena_of(host), host)->dead;
	*crossing_slot(rip) = rip;
	drop_range(&(struct change){ rip, rip + 1, false });
	rt_unlock(&rt_code_lock);
	return !mended;
}

void rt_code_fork(int step)
{
	rt_fork_lock(&rt_code_lock, step);
}

/* --- what the stubs of enter.S call */

u64 rt_run_syscall(struct thread *t, u64 back)
{
	u32 e = epoch;
	u64 before[16], h;

	if (unlikely(rt_opt.entries != 0))
		__builtin_memcpy(before, t->cpu.r, sizeof before);
	h = rt_syscall(t, back);
	if (unlikely(rt_opt.entries != 0))
		dbg_entries_syscall(t, before);
	/* single-stepped, there is no trap behind the system call itself: Linux returns by IRET */
	return h == back && (e != epoch || t->stepping) ? rt_code(t, t->cpu.rip) : h;
}

u64 rt_run_helper(struct thread *t, u64 nr, u64 back)
{
	u64 h;

	t->back = back;
	h = rt_helper(t, nr, back);
	t->back = 0;
	if (unlikely(rt_opt.entries != 0) && (nr == TR_H_CPUID || nr == TR_H_RDTSC || nr == TR_H_RDTSCP || nr == TR_H_XGETBV))
		dbg_entries_insn(t);
	return h;
}

/* MOV to SS lets no trap in behind it (SDM vol. 3, 6.8.3). */
static bool shadows(gaddr pc)
{
	struct insn i;

	return rt_insn_at(pc, &i) && i.mn == MN_MOV && i.o[0].kind == OP_SEG && i.o[0].reg == SEG_SS;
}

/* An indirect branch that the thread's table did not know. */
u64 rt_run_lookup(struct thread *t, gaddr pc, u64 from)
{
	u64 h;

	if (unlikely(t->alone)) stop_end(t);
	if (unlikely(t->storing)) smc_stored(t);
	if (unlikely(!rt_canonical(pc)) && rt_code_rip(from, &t->cpu.rip)) return rt_bad_jump(t);
	if (unlikely(t->stepping) && !shadows(t->single_rip)) return rt_raise(t, SIGTRAP, TRAP_TRACE_, pc);
	h = rt_code(t, pc);
	rt_stats.lookups++;
	if (rt_opt.trace)
		dbg_entered(t, pc);
	if (rt_opt.entries)
		dbg_entries_region(t, pc);
	t->cpu.jtab[pc & ((1 << JTAB_BITS) - 1)] = (struct jtab){ pc, h };
	return h;
}

/* A word that reaches any host address, for branches whose range is too small: ldr x17; br x17; the address. */
static u64 veneer(struct arena *a, u64 host)
{
	u64 at = align_up(a->base + a->used, 8);
	struct code c = { (u32 *)at, 0, 0 };

	if (a->size - a->used < 256 + 4 * a->nregions)
		return 0;
	a_ldr_lit(&c, 8, X17, 8);
	a_br(&c, X17);
	*(u64 *)(at + 8) = host;
	arena_sync(at, at + 16);
	a->used = at + 16 - a->base;
	return at;
}

/* Replaces the instruction at site, b or bl as call says, in one store. */
static void patch(u64 site, u64 to, bool call)
{
	struct arena *a = arena_of(site);
	struct code c;
	u32 word;

	if (to - site + (128ull << 20) >= 256ull << 20)
		to = veneer(a, to);
	if (!to)
		return;
	c = (struct code){ &word, 0, 0 };
	if (call)
		a_bl(&c, to - site);
	else
		a_b(&c, to - site);
	__atomic_store_n((u32 *)site, word, __ATOMIC_RELAXED);
	arena_sync(site, site + 4);
}

static void link_to(u64 site, u64 h, struct slot *to, bool call)
{
	patch(site, (h & ~(u64)BITS) - (call ? 4 : 0), call);
	if (!(h & HOT))
		remember(to, site, call);
}

/* Is the word at site a b or bl to host? A site may be the entry of a region that was dropped since. */
static bool leads_to(u64 site, u64 host)
{
	u32 w = *(u32 *)site;

	return (w & 0x7c000000) == 0x14000000 && site + (s64)((s32)(w << 6) >> 4) == host;
}

/* pc's cold code has counted down: a hot region takes its place. A region is best when it begins where a loop or a function
 * does, so other places wait longer: until then such a region has most often taken them in. */
static u64 hot(struct thread *t, gaddr pc)
{
	struct slot *s = &table[slot(pc)];
	u64 cold = s->host, h;
	struct jtab *j = &t->cpu.jtab[pc & ((1 << JTAB_BITS) - 1)];

	if (cold & HOT)
		return cold;
	if (cold && !s->head && !s->waited) {
		s->waited = true;
		rt_counts[s->count] = LONGER * hot_after();
		return cold;
	}
	h = translate(pc, HOT_CODE);
	s = &table[slot(pc)];
	for (u32 k = s->links; k; k = links[k].next)
		if (leads_to(links[k].site, (cold & ~(u64)BITS) - (links[k].call ? 4 : 0)))
			patch(links[k].site, (h & ~(u64)BITS) - (links[k].call ? 4 : 0), links[k].call);
	s->links = 0;
	if (cold)
		patch(cold & ~(u64)BITS, h & ~(u64)BITS, false);
	if (j->guest == pc)
		j->host = h & ~(u64)BITS;
	return h;
}

/* Is there an entry of a dropped region, which drop has made lead here? Of which guest address? */
static bool dead_entry(u64 host, gaddr *pc)
{
	struct arena *a = arena_of(host);
	struct region *r = a ? arena_find(a, host) : 0;

	if (!r || !r->dead)
		return false;
	for (u32 k = 0; k < r->nentry; k++)
		if (a->base + r->code + region_entries(r)[k].host == host) {
			*pc = r->lo + region_entries(r)[k].guest;
			return true;
		}
	return false;
}

/* A link record was reached (emit_jump.c): finds the target's code, links, goes there. */
u64 rt_run_link(struct thread *t, u64 record)
{
	u32 back = ((u32 *)record)[1];
	gaddr pc = record + (((u32 *)record)[2] | (u64)((u32 *)record)[3] << 32);
	u64 h;

	if (unlikely(t->alone)) stop_end(t);
	rt_lock(&rt_code_lock);
	rt_stats.links++;
	if (dropped && dead_entry(record, &pc)) {
		h = code(pc, false);
		link_to(record, h, &table[slot(pc)], false);
	} else if (back == TR_LINK_HOT) {
		h = hot(t, pc);
	} else if (back == TR_LINK_GENERAL) {
		h = translate(pc, GENERAL_CODE);
		patch(record, h & ~(u64)BITS, false);
	} else {
		bool call = back != 0 && back != TR_LINK_BACK;
		struct slot *to;

		h = code(pc, call);
		to = &table[slot(pc)];
		to->head |= back != 0;
		link_to(record - (call ? back : 0), h, to, call);
	}
	rt_unlock(&rt_code_lock);
	return h & ~(u64)BITS;
}

/* --- dropping */

/* Every entry's first word becomes a call of the linker, which knows such places (dead_entry): whatever still leads there
 * goes on to the new code. */
static void drop(struct arena *a, struct region *r)
{
	r->dead = dropped = true;
	for (u32 k = 0; k < r->nentry; k++) {
		struct rentry *n = &region_entries(r)[k];
		gaddr pc = r->lo + n->guest;
		u64 host = a->base + r->code + n->host;

		if ((entry(pc) & ~(u64)BITS) == host)
			table[slot(pc)].host = 0;
		patch(host, a->base + TR_STUB_LINK, true);
	}
}

static void changed(struct arena *a, struct region *r, gaddr page, void *ctx)
{
	struct change *x = ctx;

	/* found by a page that it only looked at, or by its own bytes */
	if (page + GUEST_PAGE > r->lo && page < r->hi && (r->lo >= x->hi || r->hi <= x->lo))
		return;
	drop(a, r);
	x->loops |= r->loops;
	epoch++;
}

static void drop_range(struct change *x)
{
	u32 before = epoch;

	forget();
	pageidx_each(x->lo, x->hi, changed, x);
	if (rt_self() && epoch != before)       /* its pairs say what return sites read that may be gone */
		rt_self()->cpu.pair_sp = rt_self()->cpu.pair_base;
}

void rt_code_changed(gaddr lo, gaddr hi)
{
	struct change x = { lo, hi, false };

	rt_lock(&rt_code_lock);
	drop_range(&x);
	rt_unlock(&rt_code_lock);
	if (x.loops && rt_self())
		stop_nudge(rt_self());
}

void rt_code_unmap(gaddr lo, gaddr hi)
{
	rt_code_changed(lo, hi);
}

/* Nothing that a thread keeps leads to translated code any more. */
static void clear(struct thread *t)
{
	for (u32 k = 0; k < countof(t->cpu.jtab); k++)
		t->cpu.jtab[k].guest = !k;      /* an address that never stands there */
	t->cpu.pair_sp = t->cpu.pair_base;
	t->single = 0;
}

/* Empties the table and all arenas. Only while no other thread can be in translated code: there are none, or those that
 * wait for their vfork child. */
static void drop_all(void)
{
	forget();
	epoch++;
	pageidx_clear();
	for (struct arena *a = rt_arenas; a; a = a->next)
		arena_reset(a);
	for (u64 k = 0; k < slots; k++)
		table[k] = (struct slot){ 0 };
	filled = nlinks = 0;
	dropped = false;
	rt_lock(&rt_threads_lock);
	for (struct thread *t = rt_threads; t; t = t->next)
		clear(t);
	rt_unlock(&rt_threads_lock);
}

void rt_code_drop_all(void)
{
	rt_lock(&rt_code_lock);
	drop_all();
	rt_unlock(&rt_code_lock);
}

void rt_go_shared(void)
{
	if (rt.shared)
		return;
	rt.shared = true;
	if (rt.order == TR_PLAIN) {
		rt.order = TR_TSO;
		rt_code_drop_all();
	}
}

/* With other threads about, one of them may be in the arena: it stays. */
bool rt_arena_evict(u64 lo, u64 hi)
{
	struct arena **at = &rt_arenas, *a;

	if (rt.nthreads > 1)
		return false;
	rt_lock(&rt_code_lock);
	drop_all();
	while ((a = *at)) {
		if (a->base < hi && a->base + a->size > lo) {
			*at = a->next;
			rt_free(a, sizeof *a);
		} else {
			at = &a->next;
		}
	}
	rt_unlock(&rt_code_lock);
	return true;
}
