/* split.c - 4 KiB pages of the guest on a host whose pages are larger.
 *
 * The list of maps goes by the guest's pages. A host page that lies in one map is mapped as the guest asked for it. One
 * that several maps share, or whose rest is free, is *split*: it is private memory with the union of its parts'
 * permissions, into which what would be mapped there is copied. New maps that the guest leaves to us get whole host
 * pages, at an address that goes with their offset, so that none of them is split from the beginning; MAP_FIXED and
 * mprotect do it. On a host of 4 KiB pages nothing here is ever called. mem.lock is held.
 */
#include "rt/mem_int.h"

static gaddr max(gaddr a, gaddr b) { return a > b ? a : b; }
static gaddr min(gaddr a, gaddr b) { return a < b ? a : b; }

bool split_taken(gaddr lo, gaddr hi)
{
	for (u32 i = map_find(&mem.maps, lo); lo < hi && i < mem.maps.n && mem.maps.v[i].lo < hi; i++)
		if (mem.maps.v[i].kind == MAP_GUEST) return true;
	return false;
}

/* The union for a host page. A code page that the guest may write is protected, as in track.c; the marks of read-only
 * code beside data do not count, since nobody may write it. */
static u32 union_prot(gaddr page)
{
	u32 prot = 0;
	bool code = false;

	for (u32 i = map_find(&mem.maps, page); i < mem.maps.n && mem.maps.v[i].lo < page + rt.page; i++) {
		struct map *m = mem.maps.v + i;

		if (m->kind != MAP_GUEST) continue;
		prot |= host_prot(m->prot);
		code |= m->prot & PROT_WRITE && mem_tracked_any(max(m->lo, page), min(m->hi, page + rt.page));
	}
	return code ? prot & ~PROT_WRITE : prot;
}

/* Where the pages from `page` on, that lie whole in one map and have no code that the guest may write, end. */
static gaddr plain_run(gaddr page, gaddr end)
{
	struct map *m = mem.maps.v + map_find(&mem.maps, page);
	gaddr hi = page_down(min(m->hi, end));

	if (m->lo > page || hi <= page || (m->prot & PROT_WRITE && mem_tracked_any(page, hi))) return page + rt.page;
	return hi;
}

s64 split_settle(gaddr lo, gaddr hi)
{
	gaddr end = page_up(hi), next;

	for (gaddr a = page_down(lo); a < end; a = next) {
		s64 r;

		next = a + rt.page;
		if (!split_taken(a, next)) continue;
		next = plain_run(a, end);
		r = host_call(__NR_mprotect, a, next - a, union_prot(a));
		if (r) return r;
	}
	return 0;
}

void split_drop(gaddr lo, gaddr hi)
{
	gaddr a = page_down(lo), b = page_up(hi);

	if (split_taken(a, a + rt.page)) {
		split_settle(a, a + rt.page);
		a += rt.page;
	}
	if (a < b && split_taken(b - rt.page, b)) {
		b -= rt.page;
		split_settle(b, b + rt.page);
	}
	if (a < b) host_call(__NR_munmap, a, b - a);
}

/* --- contents */

/* A private copy in place of a page of a file. A thread that writes there meanwhile may lose what it writes: the page is one
 * map's, which the guest is about to cut. */
static bool replace_page(gaddr page)
{
	s64 copy = host_call(__NR_mmap, 0, (u64)rt.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (failed(copy)) return false;
	for (u64 at = 0; at < (u64)rt.page; at += GUEST_PAGE)
		rt_read((u8 *)copy + at, page + at, GUEST_PAGE);        /* what is behind the end stays zero */
	if (!failed(host_call(__NR_mremap, copy, (u64)rt.page, (u64)rt.page, MREMAP_MAYMOVE | MREMAP_FIXED, page))) return true;
	host_call(__NR_munmap, copy, (u64)rt.page);
	return false;
}

/* Makes a host page private and writable, so that a part of it can be filled. It is not the file's any more then, or
 * madvise would bring back the file. Shared memory that somebody may write cannot be copied. */
static s64 own_page(gaddr page)
{
	bool file = false;

	for (u32 i = map_find(&mem.maps, page); i < mem.maps.n && mem.maps.v[i].lo < page + rt.page; i++) {
		struct map *m = mem.maps.v + i;

		if (m->kind != MAP_GUEST) continue;
		if (m->flags & MF_SHARED && (!m->file || !(m->flags & MF_MAYNOTWRITE))) return -EINVAL;
		file |= m->file != 0;
	}
	if (host_call(__NR_mprotect, page, (u64)rt.page, file ? PROT_READ : PROT_READ | PROT_WRITE)) return -ENOMEM;
	return !file || replace_page(page) ? 0 : -ENOMEM;
}

static bool zero(gaddr lo, gaddr hi)
{
	static const u8 zeros[GUEST_PAGE];

	for (; lo < hi; lo += GUEST_PAGE)
		if (!rt_write(lo, zeros, min(hi - lo, GUEST_PAGE))) return false;
	return true;
}

/* What a new map shows in [lo,hi): zeros, or the file's bytes, and zeros behind its end. The host lets us write. */
static s64 fill(gaddr lo, gaddr hi, int fd, u64 off)
{
	s64 r = 0;

	if (!zero(lo, hi)) return -ENOMEM;
	while (fd >= 0 && lo < hi) {
		r = host_call(__NR_pread64, fd, lo, hi - lo, off);
		if (r == -EINTR) continue;
		if (r <= 0) break;
		lo += r;
		off += r;
	}
	return r < 0 ? r : 0;
}

static s64 fill_edge(gaddr page, gaddr lo, gaddr hi, int fd, u64 off)
{
	gaddr a = max(lo, page), b = min(hi, page + rt.page);
	s64 r = own_page(page);

	return r ? r : fill(a, b, fd, off + (a - lo));
}

s64 split_zero(gaddr lo, gaddr hi)
{
	s64 r = 0;

	for (gaddr page = page_down(lo); page < hi && !r; page += rt.page)
		r = fill_edge(page, lo, hi, -1, 0);
	split_settle(lo, hi);
	return r;
}

bool split_alone(gaddr lo, gaddr hi)
{
	return !split_taken(page_down(lo), lo) && !split_taken(hi, page_up(hi));
}

/* --- mmap */

s64 split_map(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	gaddr end = a + len, lo = page_down(a), hi = page_up(end);
	bool anon = flags & MAP_ANONYMOUS, direct = anon || !((a ^ off) & (rt.page - 1));
	bool head = split_taken(lo, a), tail = split_taken(end, hi);
	s64 r;

	if (anon) fd = -1;
	/* shared memory that cannot be the host's own is a copy, which nobody would write to */
	if ((flags & MAP_TYPE) != MAP_PRIVATE && (!direct || head || tail)) {
		if (anon || prot & PROT_WRITE) return -EINVAL;
		flags = (flags & ~MAP_TYPE) | MAP_PRIVATE;
	}
	r = mem_claim(lo, hi);
	if (r) return r;
	if (head) {
		r = fill_edge(lo, a, end, fd, off);
		lo += rt.page;
	}
	if (!r && tail && lo < hi) {
		hi -= rt.page;
		r = fill_edge(hi, a, end, fd, off);
	}
	if (!r && lo < hi) {
		if (direct)
			r = host_call(__NR_mmap, lo, hi - lo, prot, flags | MAP_FIXED, fd, anon ? 0 : off + (lo - a));
		else
			r = host_call(__NR_mmap, lo, hi - lo, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (!failed(r)) r = direct ? 0 : fill(max(lo, a), min(hi, end), fd, off + (max(lo, a) - a));
	}
	if (!r) return a;
	split_settle(a, end);
	mem_unclaim(page_down(a), page_up(end));
	return r;
}

/* --- mremap */

/* Private memory is copied. 0 or errno; the new place holds the bytes then, and nothing is in the list yet. */
s64 split_copy(const struct map *m, gaddr old, u64 old_len, gaddr to, u64 new_len)
{
	u64 keep = min(old_len, new_len);
	u8 buf[GUEST_PAGE];
	s64 r;

	if (m->flags & MF_SHARED) return -ENOMEM;
	r = split_map(to, new_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (failed(r)) return r;
	for (gaddr a = page_down(old); a < old + old_len; a += rt.page)
		host_call(__NR_mprotect, a, (u64)rt.page, union_prot(a) | PROT_READ);
	for (u64 at = 0; at < keep; at += GUEST_PAGE)
		if (rt_read(buf, old + at, GUEST_PAGE)) rt_write(to + at, buf, GUEST_PAGE);
	split_settle(old, old + old_len);
	return 0;
}
