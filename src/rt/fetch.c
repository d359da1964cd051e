/* fetch.c - the guest's code bytes for the translator, and which pages it has looked at.
 *
 * A page is marked before its bytes are read (smc.c), and is known from then on until fetch_forget. At a translation's end
 * fetch_disturbed says whether somebody wrote to one meanwhile: then what was made of it is not to be published.
 */
#include "rt/fetch.h"
#include "rt/mem.h"
#include "tr/tr.h"
#include <linux/mman.h>

/* used: pages that the translation under way has looked at; there is room for those of its region and one for each way out. */
static struct page { gaddr at; bool exec, stable, others; u32 turn; } pages[64];
static gaddr used[64 + 2 * TR_MAX_BLOCKS];
static u32 nused, turn = 1;

static struct page *look(gaddr pc)
{
	gaddr at = align_down(pc, GUEST_PAGE);
	struct page *p = &pages[at / GUEST_PAGE % countof(pages)];
	struct vma v;

	if (p->at != at || !p->exec) {
		*p = (struct page){ .at = at };
		if (!rt_vma(pc, &v) || v.lo > pc || !(v.prot & PROT_EXEC))
			return p;
		p->exec = true;
		p->others = v.flags & MAP_SHARED && rt_smc_others(at);
		p->stable = !(v.prot & PROT_WRITE) && !p->others;
		rt_smc_track(at, at + GUEST_PAGE);
	}
	if (p->turn != turn) {
		p->turn = turn;
		if (nused == countof(used))
			return 0;
		used[nused++] = at;
	}
	return p;
}

static bool executable(gaddr pc)
{
	struct page *p = look(pc);

	return p && p->exec;
}

bool fetch_stable(void *ctx, gaddr pc)
{
	struct page *p = look(pc);

	(void)ctx;
	return p && p->exec && p->stable;
}

bool fetch_others(gaddr pc)
{
	struct page *p = look(pc);

	return p && p->others;
}

bool fetch_was_stable(gaddr page)
{
	struct page *p = &pages[page / GUEST_PAGE % countof(pages)];

	return p->at == page && p->exec && p->stable;
}

void fetch_forget(void)
{
	for (u32 k = 0; k < countof(pages); k++)
		pages[k].exec = false;
}

gaddr fetch_disturbed(void)
{
	gaddr page = 0;

	while (nused) {
		gaddr at = used[--nused];

		if (!rt_smc_valid(at, at + GUEST_PAGE))
			page = at;
	}
	turn++;
	return page;
}

/* An instruction may straddle pages of different maps. */
size_t fetch_marked(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	size_t first = GUEST_PAGE - pc % GUEST_PAGE;

	(void)ctx;
	if (pc >= rt.limit || !executable(pc))
		return 0;
	if (first >= n)
		return rt_read(buf, pc, n) ? n : 0;
	if (!rt_read(buf, pc, first))
		return 0;
	return executable(pc + first) && rt_read(buf + first, pc + first, n - first) ? n : first;
}

size_t rt_fetch(gaddr pc, u8 *buf, size_t n)
{
	size_t got = 0, part;

	for (; got < n; got += part) {
		gaddr at = pc + got;
		struct vma v;

		part = GUEST_PAGE - at % GUEST_PAGE;
		if (part > n - got)
			part = n - got;
		if (at >= rt.limit || !rt_vma(at, &v) || v.lo > at || !(v.prot & PROT_EXEC) || !rt_read(buf + got, at, part))
			break;
	}
	return got;
}

size_t fetch_unmarked(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	(void)ctx;
	return rt_fetch(pc, buf, n);
}

/* --- a copy, for a region that checks itself: its bytes must not change between being decoded and being compared with */

static struct { gaddr lo; u32 n; u8 bytes[256]; } copy;

void fetch_take_copy(gaddr pc)
{
	copy.lo = pc;
	copy.n = fetch_marked(0, pc, copy.bytes, sizeof copy.bytes);
}

size_t fetch_copy(void *ctx, gaddr pc, u8 *buf, size_t n)
{
	(void)ctx;
	if (pc - copy.lo >= copy.n)
		return 0;
	if (n > copy.n - (pc - copy.lo))
		n = copy.n - (pc - copy.lo);
	__builtin_memcpy(buf, copy.bytes + (pc - copy.lo), n);
	return n;
}

bool fetch_never_stable(void *ctx, gaddr pc)
{
	(void)ctx;
	(void)pc;
	return false;
}
