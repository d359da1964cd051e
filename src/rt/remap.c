/* remap.c - mremap, madvise, remap_file_pages and System V shared memory.
 *
 * The host must see one map where the guest has one, or its mremap refuses: so code pages in what moves lose their
 * protection, and their code, first.
 */
#include "rt/mem_int.h"

#define MREMAP_DONTUNMAP_ 4
#define SHM_RDONLY_  010000
#define SHM_RND_     020000
#define SHM_REMAP_   040000
#define SHM_EXEC_   0100000

/* Translations in [lo,hi) are out of date: marks, code, protection, in smc.c's order. */
static void code_gone(gaddr lo, gaddr hi)
{
	if (!mem_tracked_any(lo, hi)) return;
	mem_marks_clear(lo, hi);
	rt_code_changed(lo, hi);
	mem_settle(lo, hi);
}

/* --- mremap */

struct move { gaddr old, new; u64 old_len, new_len; u32 flags; };

static s64 check_move(const struct move *v)
{
	u32 f = v->flags;

	if (f & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP_)) return -EINVAL;
	if (f & (MREMAP_FIXED | MREMAP_DONTUNMAP_) && !(f & MREMAP_MAYMOVE)) return -EINVAL;
	if (f & MREMAP_DONTUNMAP_ && v->old_len != v->new_len) return -EINVAL;
	if (v->old & (GUEST_PAGE - 1) || !v->new_len) return -EINVAL;
	if (!(f & MREMAP_FIXED)) return v->new_len > rt.limit ? -ENOMEM : 0;
	if (v->new & (GUEST_PAGE - 1) || v->new_len > rt.limit || v->new > rt.limit - v->new_len) return -EINVAL;
	if (v->old + v->old_len > v->new && v->new + v->new_len > v->old) return -EINVAL;
	return 0;
}

/* In place, where nothing follows. 0 when it cannot be. */
static s64 extend(const struct map *m, const struct move *v)
{
	struct map x = *m;
	gaddr lo = v->old + v->old_len, hi = v->old + v->new_len;

	if (!v->old_len || lo != m->hi || hi > rt.limit || hi < lo) return 0;
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < hi; i++)
		if (mem.maps.v[i].kind == MAP_GUEST || mem.maps.v[i].kind == MAP_ARENA) return 0;
	if (split_pages()) {
		/* the file is not known any more; what is shared cannot be extended by a copy */
		if (m->file || m->flags & MF_SHARED) return 0;
		if (failed(split_map(lo, hi - lo, host_prot(m->prot), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) return 0;
	} else if (host_call(__NR_mremap, v->old, v->old_len, v->new_len, 0, 0) != (s64)v->old) {
		return 0;
	}
	mem_marks_clear(lo, hi);
	x.lo = lo;
	x.hi = hi;
	x.off += lo - m->lo;
	if (x.file) map_file_ref(x.file, 1);
	map_remove(&mem.maps, lo, hi);
	map_add(&mem.maps, &x);
	if (split_pages()) split_settle(lo, hi);
	return v->old;
}

/* The host may still have in pieces what was split by protecting code pages. A page is in one piece. */
static s64 move_pages(const struct move *v, gaddr to)
{
	u64 keep = v->new_len < v->old_len ? v->new_len : v->old_len;

	for (u64 at = 0; at < keep; at += rt.page) {
		u64 len = at + rt.page == keep ? v->new_len - at : rt.page;
		s64 r = host_call(__NR_mremap, v->old + at, (u64)rt.page, len, v->flags | MREMAP_MAYMOVE | MREMAP_FIXED, to + at);

		if (failed(r)) return r;
	}
	return to;
}

/* Some kernels clear the target before they find out that they cannot move. */
static bool target_intact(gaddr lo, gaddr hi)
{
	u8 in_core;

	for (gaddr a = lo; a < hi; a += rt.page)
		if (host_call(__NR_mincore, a, (u64)rt.page, &in_core) == -ENOMEM) return false;
	return true;
}

/* The list's entry moves; the host has moved its memory. */
static s64 moved(const struct map *m, const struct move *v, gaddr to)
{
	struct map x = *m;

	x.off += x.file || x.key ? v->old - m->lo : 0;
	x.lo = to;
	x.hi = to + v->new_len;
	if (x.file) map_file_ref(x.file, 1);
	if (v->old_len && !(v->flags & MREMAP_DONTUNMAP_)) map_remove(&mem.maps, v->old, v->old + v->old_len);
	mem_marks_clear(x.lo, x.hi);
	map_remove(&mem.maps, x.lo, x.hi);
	map_add(&mem.maps, &x);
	return to;
}

/* In the host's own pages, if no other map has a part of them. -EFAULT: that cannot be. */
static s64 move_whole(const struct map *m, const struct move *v)
{
	bool fixed = v->flags & MREMAP_FIXED;
	u64 in = v->old & (rt.page - 1), old_len = page_up(in + v->old_len), new_len = page_up(in + v->new_len);
	gaddr old = v->old - in;
	s64 to, r;

	if (!split_alone(v->old, v->old + v->old_len)) return -EFAULT;
	if (fixed && (v->new & (rt.page - 1)) == in && split_alone(v->new, v->new + v->new_len)) {
		to = v->new - in;
		r = mem_claim(to, to + new_len);
		if (r) return r;
	} else if (!fixed) {
		to = mem_choose(new_len, rt.page);
		if (failed(to)) return to;
	} else {
		return -EFAULT;
	}
	r = host_call(__NR_mremap, old, old_len, new_len, v->flags | MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (!failed(r)) return moved(m, v, to + in);
	if (fixed) mem_unclaim(to, to + new_len);
	else host_call(__NR_munmap, to, new_len);
	return r;
}

/* On larger host pages; what they share with others, or have in pieces, is copied if it is private. */
static s64 move_split(const struct map *m, const struct move *v)
{
	bool more = v->new_len > v->old_len;
	s64 r, to = v->new;

	/* a copy cannot show more of its file */
	if (!v->old_len || (m->file && more && (v->old ^ (m->off + (v->old - m->lo))) & (rt.page - 1))) return -ENOMEM;
	r = move_whole(m, v);
	if (r != -EFAULT) return r;
	if (v->flags & MREMAP_DONTUNMAP_ || (m->file && more)) return -ENOMEM;
	if (!(v->flags & MREMAP_FIXED)) {
		to = mem_choose(page_up(v->new_len), rt.page);
		if (failed(to)) return to;
		host_call(__NR_munmap, to, page_up(v->new_len));
	}
	r = split_copy(m, v->old, v->old_len, to, v->new_len);
	if (r) return r;
	r = moved(m, v, to);
	split_settle(to, to + v->new_len);
	split_drop(v->old, v->old + v->old_len);
	return r;
}

static s64 move(const struct map *m, const struct move *v)
{
	bool fixed = v->flags & MREMAP_FIXED;
	s64 to, r;

	if (split_pages()) return move_split(m, v);
	if (fixed) {
		to = mem_claim(v->new, v->new + v->new_len);
		if (to) return to;
		to = v->new;
	} else {
		to = mem_choose(v->new_len, v->new_len >= 2u << 20 && !(v->old & ((2u << 20) - 1)) ? 2u << 20 : rt.page);
		if (failed(to)) return to;
	}
	r = host_call(__NR_mremap, v->old, v->old_len, v->new_len, v->flags | MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (r == -EFAULT && v->old_len) r = move_pages(v, to);
	if (failed(r)) {
		if (fixed && target_intact(to, to + v->new_len)) mem_unclaim(to, to + v->new_len);
		else {
			host_call(__NR_munmap, to, v->new_len);
			map_remove(&mem.maps, to, to + v->new_len);
		}
		return r;
	}
	return moved(m, v, to);
}

static s64 remap_locked(struct move *v)
{
	u32 i = map_find(&mem.maps, v->old);
	struct map m;
	s64 r;

	if (i == mem.maps.n || mem.maps.v[i].lo > v->old || mem.maps.v[i].kind != MAP_GUEST) return -EFAULT;
	if (!map_room(&mem.maps, 6)) return -ENOMEM;
	m = mem.maps.v[i];
	if (v->old_len >= v->new_len && !(v->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP_))) {
		if (v->old_len > v->new_len) mem_unmap_locked(v->old + v->new_len, v->old + v->old_len);
		return v->old;
	}
	if (v->old_len > v->new_len) {
		mem_unmap_locked(v->old + v->new_len, v->old + v->old_len);
		v->old_len = v->new_len;
		m = mem.maps.v[map_find(&mem.maps, v->old)];
	}
	if (!v->old_len && !(m.flags & MF_SHARED)) return -EINVAL;
	if (v->old_len > m.hi - v->old) return -EFAULT;
	if (!(v->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP_)) && (r = extend(&m, v))) return r;
	return v->flags & MREMAP_MAYMOVE ? move(&m, v) : -ENOMEM;
}

s64 rt_mremap(gaddr old, u64 old_len, u64 new_len, u32 flags, gaddr new)
{
	struct move v = { old, new, guest_up(old_len), guest_up(new_len), flags };
	bool code;
	s64 r = check_move(&v);

	if (r) return r;
	if (old > rt.limit || v.old_len > rt.limit - old) return -EFAULT;
	if (flags & MREMAP_FIXED && !mem_evict(new, new + v.new_len)) return -ENOMEM;
	code_gone(old, old + (v.old_len ? v.old_len : v.new_len < rt.limit - old ? v.new_len : 0));
	rt_lock(&mem.lock);
	code = flags & MREMAP_FIXED && mem_any_exec(new, new + v.new_len);
	r = remap_locked(&v);
	rt_unlock(&mem.lock);
	if (failed(r)) return r;
	if (code) rt_code_changed(new, new + v.new_len);
	if ((gaddr)r != old || v.new_len < guest_up(old_len)) rt_code_unmap(old, old + guest_up(old_len));
	return r;
}

s64 mem_remap_file_pages(gaddr addr, u64 size, u64 pgoff)
{
	gaddr hi;
	s64 r = -EINVAL;
	u32 i;

	addr = page_down(addr);
	size = page_down(size);
	hi = addr + size;
	if (hi <= addr || hi > rt.limit || pgoff + size / GUEST_PAGE < pgoff) return -EINVAL;
	rt_lock(&mem.lock);
	i = map_find(&mem.maps, addr);
	if (i < mem.maps.n && mem.maps.v[i].lo <= addr && mem.maps.v[i].kind == MAP_GUEST && mem.maps.v[i].file &&
	    mem.maps.v[i].flags & MF_SHARED && mem_covered(addr, hi) == hi && map_room(&mem.maps, 2)) {
		r = host_call(__NR_remap_file_pages, addr, size, 0, pgoff, 0);
		if (!r) {
			for (i = map_cut(&mem.maps, addr, hi); i < mem.maps.n && mem.maps.v[i].lo < hi; i++)
				mem.maps.v[i].off = pgoff * GUEST_PAGE + (mem.maps.v[i].lo - addr);
			map_merge(&mem.maps, addr, hi);
		}
	}
	rt_unlock(&mem.lock);
	if (!r) code_gone(addr, hi);
	return r;
}

/* --- madvise */

static bool changes_contents(int advice)
{
	switch (advice) {
	case MADV_DONTNEED: case MADV_FREE: case MADV_REMOVE: case MADV_DONTNEED_LOCKED:
	case MADV_POPULATE_WRITE:               /* not that, but it has to be able to write */
		return true;
	}
	return false;
}

static void note_fork(gaddr lo, gaddr hi, int advice)
{
	if ((advice != MADV_DONTFORK && advice != MADV_DOFORK) || !map_room(&mem.maps, 2)) return;
	for (u32 i = map_cut(&mem.maps, lo, hi); i < mem.maps.n && mem.maps.v[i].lo < hi; i++) {
		if (advice == MADV_DONTFORK) mem.maps.v[i].flags |= MF_DONTFORK;
		else mem.maps.v[i].flags &= ~MF_DONTFORK;
	}
	map_merge(&mem.maps, lo, hi);
}

/* On larger host pages: those that nobody else has a part of, as the host does it. In the others, what is thrown away is
 * zeroed. What may be a copy of a file's stays as it is. */
static s64 advise_split(const struct map *m, gaddr lo, gaddr hi, int advice)
{
	gaddr a = page_up(lo), b = page_down(hi);
	s64 r = 0;

	if (advice == MADV_FREE && (m->file || m->flags & MF_SHARED)) return -EINVAL;
	if (advice == MADV_DONTNEED && m->file && !(m->flags & MF_SHARED)) return 0;
	rt_lock(&mem.lock);
	if (!split_taken(page_down(lo), lo)) a = page_down(lo);
	if (!split_taken(hi, page_up(hi))) b = page_up(hi);
	if (advice == MADV_DONTNEED && !m->file && !(m->flags & MF_SHARED)) {
		if (lo < a) r = split_zero(lo, a < hi ? a : hi);
		if (!r && b < hi) r = split_zero(b > lo ? b : lo, hi);
	}
	rt_unlock(&mem.lock);
	return r ? r : a < b ? host_call(__NR_madvise, a, b - a, advice) : host_call(__NR_madvise, page_down(lo), 0, advice);
}

s64 rt_madvise(gaddr addr, u64 len, int advice)
{
	gaddr hi, a, b;
	bool hole = false;
	s64 r = 0;

	if (addr & (GUEST_PAGE - 1)) return -EINVAL;
	hi = addr + guest_up(len);
	if (hi < addr || guest_up(len) < len) return -EINVAL;
	if (hi == addr) return host_call(__NR_madvise, page_down(addr), 0, advice);
	if (changes_contents(advice)) code_gone(addr, hi);
	for (a = addr; a < hi && !r; a = b) {           /* the lock is not held over what may take long */
		struct map m;

		b = mem_any(a, &m) && m.lo < hi ? (m.hi < hi ? m.hi : hi) : hi;
		if (b == hi && (!mem_any(a, &m) || m.lo >= hi)) { hole = true; break; }
		if (m.lo > a || m.kind != MAP_GUEST) hole = true;
		if (m.kind != MAP_GUEST) continue;
		if (m.lo > a) a = m.lo;
		r = split_pages() ? advise_split(&m, a, b, advice) : host_call(__NR_madvise, a, b - a, advice);
		if (!r) {
			rt_lock(&mem.lock);
			note_fork(a, b, advice);
			rt_unlock(&mem.lock);
		}
	}
	if (changes_contents(advice)) code_gone(addr, hi);
	if (!r && hole) r = host_call(__NR_madvise, 0, 0, advice);      /* is there such an advice? */
	return r ? r : hole ? -ENOMEM : 0;
}

/* --- System V shared memory: struct shmid_ds of ARM64 begins with 48 bytes of permissions, then the size. */

static s64 segment_size(int id)
{
	u64 ds[16];
	s64 r = host_call(__NR_shmctl, id, 2 /* IPC_STAT */, ds);

	return r < 0 ? r : (s64)ds[6];
}

s64 mem_shmat(int id, gaddr addr, u32 flags)
{
	struct map m = { .kind = MAP_GUEST, .flags = MF_SHARED | MF_SELFCHECK, .key = (u32)id + 1 };
	u64 size;
	bool code = false;
	s64 r = segment_size(id), to;

	if (r < 0) return r;
	size = page_up(r);
	if (addr & (rt.page - 1)) {
		if (!(flags & SHM_RND_)) return -EINVAL;
		addr = page_down(addr);
		if (!addr && flags & SHM_REMAP_) return -EINVAL;
	} else if (!addr && flags & SHM_REMAP_) {
		return -EINVAL;
	}
	if (addr && (addr > rt.limit || size > rt.limit - addr)) return -EINVAL;
	if (addr && flags & SHM_REMAP_ && !mem_evict(addr, addr + size)) return -EINVAL;
	rt_go_shared();
	m.prot = PROT_READ | (flags & SHM_RDONLY_ ? 0 : PROT_WRITE) | (flags & SHM_EXEC_ ? PROT_EXEC : 0);
	rt_lock(&mem.lock);
	to = !map_room(&mem.maps, 4) ? -ENOMEM : !addr ? mem_choose(size, rt.page) : 0;
	if (addr && !to) {
		bool taken = false;

		for (u32 i = map_find(&mem.maps, addr); i < mem.maps.n && mem.maps.v[i].lo < addr + size; i++)
			taken |= mem.maps.v[i].kind == MAP_GUEST || mem.maps.v[i].kind == MAP_ARENA;
		code = mem_any_exec(addr, addr + size);
		to = taken && !(flags & SHM_REMAP_) ? -EINVAL : mem_claim(addr, addr + size);
		if (!to) to = addr;
	}
	r = to;
	if (!failed(to)) {
		r = host_call(__NR_shmat, id, to, (flags & SHM_RDONLY_) | SHM_REMAP_);
		if (failed(r)) {
			if (addr) mem_unclaim(to, to + size);
			else host_call(__NR_munmap, to, size);
		} else {
			m.lo = r;
			m.hi = r + size;
			mem_marks_clear(m.lo, m.hi);
			map_remove(&mem.maps, m.lo, m.hi);
			map_add(&mem.maps, &m);
		}
	}
	rt_unlock(&mem.lock);
	if (code && !failed(r)) rt_code_changed(addr, addr + size);
	return r;
}

s64 mem_shmdt(gaddr addr)
{
	u32 i, key;
	gaddr end = addr;
	bool code = false;
	s64 r = -EINVAL;

	rt_lock(&mem.lock);
	i = map_find(&mem.maps, addr);
	/* pieces of one attachment may have been unmapped, its beginning too */
	while (i < mem.maps.n && mem.maps.v[i].key && !(mem.maps.v[i].key & KEY_ANON) && mem.maps.v[i].lo - mem.maps.v[i].off != addr) i++;
	if (i < mem.maps.n && (key = mem.maps.v[i].key) && !(key & KEY_ANON) && mem.maps.v[i].lo - mem.maps.v[i].off == addr && map_room(&mem.maps, 2)) {
		r = host_call(__NR_shmdt, addr);
		while (!r && i < mem.maps.n) {
			struct map m = mem.maps.v[i];

			if (m.key != key || m.lo - m.off != addr) break;
			end = m.hi;
			code |= mem_any_exec(m.lo, m.hi);
			mem_marks_clear(m.lo, m.hi);
			map_remove(&mem.maps, m.lo, m.hi);
		}
	}
	rt_unlock(&mem.lock);
	if (code) rt_code_unmap(addr, end);
	return r;
}
