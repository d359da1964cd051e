/* map.c - the list of maps. A sorted array: real processes have tens to some thousands of maps, looked up far more
 * often than changed, and Linux itself stops at 65,530. */
#include "rt/map.h"
#include "rt/rt.h"
#include "rt/string.h"

u32 map_find(const struct maps *m, gaddr a)
{
	u32 lo = 0, hi = m->n;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		if (m->v[mid].hi > a) hi = mid;
		else lo = mid + 1;
	}
	return lo;
}

bool map_free(const struct maps *m, gaddr lo, gaddr hi)
{
	u32 i = map_find(m, lo);

	return i == m->n || m->v[i].lo >= hi;
}

bool map_room(struct maps *m, u32 more)
{
	struct map *v;
	u32 cap;

	if (m->n + more <= m->cap) return true;
	cap = m->cap ? m->cap * 2 : 64;
	v = rt_map(cap * sizeof *v);
	if (!v) return false;
	cap = align_up(cap * sizeof *v, (size_t)rt.page) / sizeof *v;
	memcpy(v, m->v, m->n * sizeof *v);
	if (m->v) rt_unmap(m->v, m->cap * sizeof *v);
	m->v = v;
	m->cap = cap;
	return true;
}

static void open_gap(struct maps *m, u32 i)
{
	memmove(m->v + i + 1, m->v + i, (m->n - i) * sizeof *m->v);
	m->n++;
}

static void close_gap(struct maps *m, u32 i, u32 n)
{
	memmove(m->v + i, m->v + i + n, (m->n - i - n) * sizeof *m->v);
	m->n -= n;
}

/* The map that holds a, but does not begin there, becomes two. */
static u32 split(struct maps *m, gaddr a)
{
	u32 i = map_find(m, a);
	struct map *x = m->v + i;

	if (i == m->n || x->lo >= a) return i;
	open_gap(m, i);
	x[0].hi = a;
	x[1].lo = a;
	x[1].off += x->file || x->key ? a - x[0].lo : 0;
	if (x->file) map_file_ref(x->file, 1);
	return i + 1;
}

u32 map_cut(struct maps *m, gaddr lo, gaddr hi)
{
	split(m, hi);
	return split(m, lo);
}

void map_remove(struct maps *m, gaddr lo, gaddr hi)
{
	u32 i = map_cut(m, lo, hi), j;

	for (j = i; j < m->n && m->v[j].lo < hi; j++)
		if (m->v[j].file) map_file_ref(m->v[j].file, -1);
	close_gap(m, i, j - i);
}

static bool same(const struct map *a, const struct map *b)
{
	return a->hi == b->lo && a->kind == b->kind && a->prot == b->prot && !((a->flags ^ b->flags) & ~MF_SELFCHECK) &&
	       a->file == b->file && a->key == b->key &&
	       ((!a->file && !a->key) || a->off + (a->hi - a->lo) == b->off);
}

void map_merge(struct maps *m, gaddr lo, gaddr hi)
{
	u32 i = map_find(m, lo);

	if (i) i--;
	while (i + 1 < m->n && m->v[i].lo <= hi) {
		if (!same(m->v + i, m->v + i + 1)) { i++; continue; }
		m->v[i].hi = m->v[i + 1].hi;
		m->v[i].flags |= m->v[i + 1].flags;
		if (m->v[i].file) map_file_ref(m->v[i].file, -1);
		close_gap(m, i + 1, 1);
	}
}

void map_add(struct maps *m, const struct map *x)
{
	u32 i = map_find(m, x->lo);

	open_gap(m, i);
	m->v[i] = *x;
	map_merge(m, x->lo, x->hi);
}

gaddr map_top(const struct maps *m, gaddr lo, gaddr hi, u64 size, u64 align)
{
	u32 i = map_find(m, hi);                /* the gap that ends at hi lies below map i */
	gaddr end = hi;

	if (i < m->n && m->v[i].lo < hi) end = m->v[i].lo;
	for (;;) {
		gaddr start = i && m->v[i - 1].hi > lo ? m->v[i - 1].hi : lo, a;

		if (end > start && end - start >= size) {
			a = align_down(end - size, align);
			if (a >= start) return a;
		}
		if (start == lo || !i) return 0;
		end = m->v[--i].lo;
	}
}

gaddr map_bottom(const struct maps *m, gaddr lo, gaddr hi, u64 size, u64 align)
{
	u32 i = map_find(m, lo);
	gaddr start = lo;

	for (;; i++) {
		gaddr end = i < m->n && m->v[i].lo < hi ? m->v[i].lo : hi, a = align_up(start, align);

		if (a >= start && a < end && end - a >= size) return a;
		if (end == hi) return 0;
		start = m->v[i].hi;
	}
}
