/* pageidx.c - see pageidx.h: a hash table of pages, a chain of regions each.
 *
 * A region is entered under every page whose bytes it depends on. One that is dead stays in the chains of its other
 * pages until somebody walks them. Nodes are numbered from 1; 0 ends a chain.
 */
#include "rt/pageidx.h"
#include "rt/mem.h"

struct node { gaddr page; struct arena *a; struct region *r; u32 next; };

static struct node *nodes;
static u32 room, used, spare;           /* spare: a chain of nodes given back */
static u32 *heads;
static u32 nheads;                      /* a power of two, or 0 */

static u32 *head(gaddr page)
{
	return &heads[(page / GUEST_PAGE * 0x9e3779b97f4a7c15ull >> 32) & (nheads - 1)];
}

static bool grow(void)
{
	u32 n = room ? room * 2 : 4096;
	struct node *new = rt_map(n * sizeof *new);
	u32 *h = rt_map(n * sizeof *h);

	if (!new || !h) {
		if (new) rt_unmap(new, n * sizeof *new);
		if (h) rt_unmap(h, n * sizeof *h);
		return false;
	}
	if (room) {
		__builtin_memcpy(new, nodes, room * sizeof *nodes);
		rt_unmap(nodes, room * sizeof *nodes);
		rt_unmap(heads, nheads * sizeof *heads);
	}
	nodes = new;
	heads = h;
	room = nheads = n;
	for (u32 k = 1; k <= used; k++) {       /* none is spare: grow is called when there is none */
		nodes[k].next = *head(nodes[k].page);
		*head(nodes[k].page) = k;
	}
	return true;
}

bool pageidx_add(gaddr page, struct arena *a, struct region *r)
{
	u32 k = spare;

	if (k) {
		spare = nodes[k].next;
	} else {
		if (used + 1 >= room && !grow()) return false;
		k = ++used;
	}
	nodes[k] = (struct node){ page, a, r, *head(page) };
	*head(page) = k;
	return true;
}

/* One chain: fn for what lies in [lo,hi), and the dead ones leave. */
static void walk(u32 *link, gaddr lo, gaddr hi, void (*fn)(struct arena *, struct region *, gaddr, void *), void *ctx)
{
	u32 k;

	while ((k = *link)) {
		struct node *n = &nodes[k];

		if (!n->r->dead && n->page < hi && n->page + GUEST_PAGE > lo) fn(n->a, n->r, n->page, ctx);
		if (n->r->dead) {
			*link = n->next;
			n->next = spare;
			spare = k;
		} else {
			link = &n->next;
		}
	}
}

void pageidx_each(gaddr lo, gaddr hi, void (*fn)(struct arena *a, struct region *r, gaddr page, void *ctx), void *ctx)
{
	if (!nheads || hi <= lo) return;
	if ((hi - lo) / GUEST_PAGE >= nheads) {
		for (u32 h = 0; h < nheads; h++)
			walk(&heads[h], lo, hi, fn, ctx);
		return;
	}
	for (gaddr p = align_down(lo, GUEST_PAGE); p < hi; p += GUEST_PAGE)
		walk(head(p), p, p + GUEST_PAGE < hi ? p + GUEST_PAGE : hi, fn, ctx);
}

void pageidx_clear(void)
{
	for (u32 h = 0; h < nheads; h++)
		heads[h] = 0;
	used = spare = 0;
}
