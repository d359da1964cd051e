/* mem.c - the guest's address space: placing maps, mmap, munmap, mprotect, by Linux' rules for x86-64.
 *
 * stele chooses every address that the guest does not fix, from its own list of maps: top-down below the stack, as
 * Linux does. What else lives below the guest's limit (small hosts, user-mode QEMU) is met by probing: a new map never
 * replaces what is not in the list. PROT_EXEC never reaches the host, since guest code is only read.
 *
 * mem.lock is the innermost lock: it is never held over a call of rt_code_..., rt_go_shared or an access to guest
 * memory. Code is dropped after a map went away: whoever runs it meanwhile would have run it on a real CPU, too.
 */
#include "rt/mem_int.h"
#include "rt/file.h"

struct mem mem;

/* --- the host side */

s64 mem_host_new(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	s64 r = host_call(__NR_mmap, a, len, prot, (flags & ~MAP_FIXED) | MAP_FIXED_NOREPLACE, fd, off);

	if (failed(r) || (gaddr)r == a) return r;
	host_call(__NR_munmap, r, len);
	return -EEXIST;
}

bool mem_probe(gaddr a, u64 len)
{
	if (mem_host_reserve(a, len) != (s64)a) return false;
	host_call(__NR_munmap, a, len);
	return true;
}

void mem_note_foreign(gaddr a, u64 len, u64 grain)
{
	gaddr lo = a, hi = a + len, end;

	while (hi - lo > grain) {               /* the highest piece that is taken */
		gaddr mid = page_down(lo + (hi - lo) / 2);

		if (mem_probe(mid, hi - mid)) hi = mid;
		else lo = mid;
	}
	lo = align_down(lo, grain);
	if (lo < (gaddr)rt.page) lo = rt.page;
	for (; lo < hi; lo = end) {             /* only what is free in the list */
		u32 i = map_find(&mem.maps, lo);
		struct map m = { .lo = lo, .hi = hi, .kind = MAP_FOREIGN };

		end = hi;
		if (i < mem.maps.n && mem.maps.v[i].lo <= lo) { end = mem.maps.v[i].hi; continue; }
		if (i < mem.maps.n && mem.maps.v[i].lo < hi) m.hi = end = mem.maps.v[i].lo;
		if (!map_room(&mem.maps, 2)) return;
		map_add(&mem.maps, &m);
	}
}

static void forget_foreign(void)
{
	u32 n = 0;

	for (u32 i = 0; i < mem.maps.n; i++)
		if (mem.maps.v[i].kind != MAP_FOREIGN) mem.maps.v[n++] = mem.maps.v[i];
	mem.maps.n = n;
}

/* --- choosing addresses */

static gaddr pick(const struct want *w)
{
	return w->low ? map_bottom(&mem.maps, w->lo, w->hi, w->size, w->align)
	              : map_top(&mem.maps, w->lo, w->hi, w->size, w->align);
}

s64 mem_place(const struct want *w, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	u64 grain = 16u << 20;
	bool again = false;

	for (;;) {
		gaddr a = pick(w);
		s64 r;

		if (!a) {
			if (again) return -ENOMEM;
			forget_foreign();
			again = true;
			continue;
		}
		r = mem_host_new(a, len, prot, flags, fd, off);
		if (r != -EEXIST) return r;
		if (again) return -ENOMEM;
		mem_note_foreign(a, len, grain);
		if (grain < 1ull << 30) grain *= 2;
	}
}

static s64 place_anywhere(struct want *w, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	s64 r;

	w->lo = mem.legacy ? mem.bottom : 64u << 10;
	w->hi = mem.legacy ? rt.limit : mem.base;
	w->low = mem.legacy;
	r = mem_place(w, len, prot, flags, fd, off);
	if (r != -ENOMEM) return r;
	w->lo = 64u << 10;                              /* as Linux: the other way round when that is full */
	w->hi = rt.limit;
	w->low = true;
	return mem_place(w, len, prot, flags, fd, off);
}

static s64 reserve(struct want *w, u64 size, bool anywhere)
{
	struct map m = { .kind = MAP_GUEST };
	s64 r;

	size = guest_up(size);
	w->size = page_up(size);
	if (w->align < (u64)rt.page) w->align = rt.page;
	rt_lock(&mem.lock);
	r = !map_room(&mem.maps, 2) ? -ENOMEM :
	    anywhere ? place_anywhere(w, w->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
	             : mem_place(w, w->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!failed(r)) {
		m.lo = r;
		m.hi = r + size;
		map_add(&mem.maps, &m);
	}
	rt_unlock(&mem.lock);
	return r;
}

s64 mem_choose(u64 size, u64 align)
{
	struct want w = { .size = size, .align = align };

	return place_anywhere(&w, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

s64 mem_reserve_top(u64 size, u64 align)
{
	return reserve(&(struct want){ .align = align }, size, true);
}

s64 mem_reserve_in(gaddr lo, gaddr hi, u64 size, u64 align)
{
	return reserve(&(struct want){ 0, align, lo, hi, true }, size, false);
}

void mem_unreserve(gaddr lo, gaddr hi)
{
	rt_lock(&mem.lock);
	mem_unmap_locked(lo, hi);
	rt_unlock(&mem.lock);
}

/* --- what lies in a range */

gaddr mem_covered(gaddr lo, gaddr hi)
{
	u32 i = map_find(&mem.maps, lo);

	for (; i < mem.maps.n && lo < hi; lo = mem.maps.v[i++].hi)
		if (mem.maps.v[i].lo > lo || mem.maps.v[i].kind != MAP_GUEST) break;
	return lo < hi ? lo : hi;
}

bool mem_any_exec(gaddr lo, gaddr hi)
{
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < hi; i++)
		if (mem.maps.v[i].kind == MAP_GUEST && mem.maps.v[i].prot & PROT_EXEC) return true;
	return mem_tracked_any(lo, hi);
}

int mem_claim(gaddr lo, gaddr hi)
{
	gaddr a = lo;

	while (a < hi) {
		u32 i = map_find(&mem.maps, a);
		struct map *m = i < mem.maps.n && mem.maps.v[i].lo < hi ? mem.maps.v + i : 0;
		gaddr end = m ? (m->lo > a ? m->lo : m->hi < hi ? m->hi : hi) : hi;

		if (!m || m->lo > a || (m->kind != MAP_GUEST && m->kind != MAP_ARENA)) {
			/* a host page of which a map has a part is ours already */
			gaddr first = page_up(a), last = page_down(end);
			s64 r = first < last ? mem_host_reserve(first, last - first) : 0;
			if (failed(r)) {
				mem_unclaim(lo, a);
				return r == -EEXIST ? -ENOMEM : r;
			}
		}
		a = end;
	}
	return 0;
}

void mem_unclaim(gaddr lo, gaddr hi)
{
	for (gaddr end; lo < hi; lo = end) {
		u32 i = map_find(&mem.maps, lo);
		struct map *m = i < mem.maps.n && mem.maps.v[i].lo < hi ? mem.maps.v + i : 0;

		end = m ? (m->lo > lo ? m->lo : m->hi < hi ? m->hi : hi) : hi;
		if ((!m || m->lo > lo || (m->kind != MAP_GUEST && m->kind != MAP_ARENA)) && page_up(lo) < page_down(end))
			host_call(__NR_munmap, page_up(lo), page_down(end) - page_up(lo));
	}
}

/* --- mmap */

/* The guest's flags that ARM64 has under the same number: all but x86's two. */
static u32 host_flags(u32 flags) { return flags & ~(X86_MAP_32BIT | X86_MAP_ABOVE4G | MAP_EXECUTABLE); }

static u64 huge_size(u32 flags)
{
	unsigned shift = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	return !(flags & MAP_HUGETLB) ? rt.page : shift ? 1ull << shift : 2u << 20;
}

static void want_of(struct want *w, u64 len, u32 flags)
{
	w->size = len;
	w->align = huge_size(flags);
	/* whole huge pages want to be able to be some (Linux 6.7 does so, too) */
	if (flags & MAP_ANONYMOUS && len >= 2u << 20 && !(len & ((2u << 20) - 1)) && w->align < 2u << 20)
		w->align = 2u << 20;
}

/* Room behind what looks like an x86-64 library's first map, where its arena will go. */
static u64 slot_wanted(u32 flags, int fd, u64 off, u64 len)
{
	u8 e[20];

	if (flags & MAP_ANONYMOUS || (flags & MAP_TYPE) != MAP_PRIVATE || off || len < 2 * GUEST_PAGE) return 0;
	if (host_call(__NR_pread64, fd, e, sizeof e, 0) != sizeof e || memcmp(e, "\177ELF\2\1", 6) || e[18] != 62) return 0;
	return mem_slot_size(len);
}

/* In whole host pages: on larger ones the caller goes on some 4 KiB behind what this returns, as the offset does. */
static s64 map_whole(gaddr hint, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	struct want w;
	u64 slot;
	s64 r;

	want_of(&w, len, flags);
	if (hint && hint >= 64u << 10 && hint + len <= rt.limit && hint + len > hint) {
		u32 i = map_find(&mem.maps, hint);

		while (i < mem.maps.n && mem.maps.v[i].kind == MAP_FOREIGN && mem.maps.v[i].lo < hint + len) i++;
		if (i == mem.maps.n || mem.maps.v[i].lo >= hint + len) {
			r = mem_host_new(hint, len, prot, flags, fd, off);
			if (r != -EEXIST && r != -EPERM) return r;
		}
	}
	if (flags & X86_MAP_32BIT) {
		w.lo = 0x40000000;
		w.hi = 0x80000000;
		w.low = true;
		return mem_place(&w, len, prot, flags & ~X86_MAP_32BIT, fd, off);
	}
	slot = slot_wanted(flags, fd, off, len);
	w.size += slot;
	if (slot) w.align = 1ull << 16;
	r = place_anywhere(&w, len, prot, flags & ~X86_MAP_ABOVE4G, fd, off);
	if (slot && failed(r)) {
		w.size = len;
		w.align = rt.page;
		return place_anywhere(&w, len, prot, flags & ~X86_MAP_ABOVE4G, fd, off);
	}
	if (slot) {
		struct map m = { .lo = page_up(r + len), .hi = r + len + slot, .kind = MAP_SLOT };
		if (map_room(&mem.maps, 3)) map_add(&mem.maps, &m);
	}
	return r;
}

static s64 map_free_choice(gaddr hint, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	u64 in = flags & MAP_ANONYMOUS ? 0 : off & (rt.page - 1);
	s64 r;

	if (split_pages() && !map_free(&mem.maps, page_down(hint), page_up(page_down(hint) + in + len))) hint = 0;
	r = map_whole(page_down(hint), page_up(in + len), prot, flags, fd, off - in);
	return failed(r) ? r : r + (s64)in;
}

static s64 map_fixed(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	s64 r;
	int e;

	if (split_pages()) return split_map(a, len, prot, flags, fd, off);
	e = mem_claim(a, a + len);
	if (e) return e;
	r = host_call(__NR_mmap, a, len, prot, flags | MAP_FIXED, fd, off);
	if (failed(r)) mem_unclaim(a, a + len);
	return r;
}

void mem_enter(gaddr a, u64 len, u32 prot, u32 flags, struct mfile *f, u64 off, u16 mf)
{
	struct map m = { .lo = a, .hi = a + len, .off = off, .file = f, .kind = MAP_GUEST, .prot = prot & PROT_ALL };
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	static u32 anon;                        /* shared anonymous maps so far */

	m.flags = mf | (shared ? MF_SHARED : 0) | (flags & MAP_GROWSDOWN ? MF_GROWSDOWN : 0) |
	          (flags & MAP_NORESERVE ? MF_NORESERVE : 0) | (shared && !f ? MF_SELFCHECK : 0);
	if (shared && !f) m.key = KEY_ANON | ++anon;
	mem_marks_clear(m.lo, m.hi);
	map_remove(&mem.maps, m.lo, m.hi);
	map_add(&mem.maps, &m);
}

/* Arenas that the guest insists on: their code goes, then they are plain claimed memory. */
bool mem_evict(gaddr lo, gaddr hi)
{
	struct map m;

	for (gaddr a = lo; a < hi; a = m.hi) {
		if (!mem_any(a, &m) || m.lo >= hi) break;
		if (m.kind != MAP_ARENA) continue;
		if (!rt_arena_evict(m.lo, m.hi)) return false;
		mem_arena_free(m.lo, m.hi - m.lo);
	}
	return true;
}

static s64 check_fixed(gaddr addr, u64 len, u32 flags)
{
	if (addr & (GUEST_PAGE - 1)) return -EINVAL;
	if (addr > rt.limit - len) return -ENOMEM;
	if (!(flags & MAP_FIXED_NOREPLACE) && !mem_evict(addr, addr + len)) return -ENOMEM;
	return 0;
}

/* The errno for bad numbers; a bad descriptor comes first. */
static s64 refuse(u32 flags, int fd, s64 e)
{
	return flags & MAP_ANONYMOUS || host_call(__NR_fcntl, fd, 1 /* F_GETFD */, 0) >= 0 ? e : -EBADF;
}

s64 rt_mmap(gaddr addr, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	bool anon = flags & MAP_ANONYMOUS, fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE), had_code = false;
	u32 host = host_flags(flags);
	struct mfile *f = 0;
	u16 mf = 0;
	s64 r;

	if (off & (GUEST_PAGE - 1)) return -EINVAL;
	if (!len) return refuse(flags, fd, -EINVAL);
	if (len > rt.limit) return refuse(flags, fd, -ENOMEM);
	len = align_up(len, huge_size(flags) > rt.page ? huge_size(flags) : GUEST_PAGE);
	if (off + len < off) return refuse(flags, fd, -EOVERFLOW);
	if (fixed && (r = check_fixed(addr, len, flags))) return refuse(flags, fd, r);
	if (rt.personality & 0x0400000 /* READ_IMPLIES_EXEC */ && prot & PROT_READ) prot |= PROT_EXEC;
	if (!anon) {
		r = mem_file_get(fd, prot, flags, &f, &mf);
		if (r) return r;
	}
	if ((flags & MAP_TYPE) != MAP_PRIVATE && !rt.shared && (anon || mf & MF_SELFCHECK)) rt_go_shared();

	rt_lock(&mem.lock);
	if (!map_room(&mem.maps, 4)) r = -ENOMEM;
	else if (flags & MAP_FIXED_NOREPLACE) {
		bool taken = false;

		for (u32 i = map_find(&mem.maps, addr); i < mem.maps.n && mem.maps.v[i].lo < addr + len; i++)
			taken |= mem.maps.v[i].kind == MAP_GUEST || mem.maps.v[i].kind == MAP_ARENA;
		if (taken) r = -EEXIST;
		else if (!split_pages()) r = mem_host_new(addr, len, host_prot(prot), host, fd, off);
		else {
			r = split_map(addr, len, host_prot(prot), host & ~MAP_FIXED_NOREPLACE, fd, off);
			if (r == -ENOMEM) r = -EEXIST;
		}
	} else if (fixed) {
		had_code = mem_any_exec(addr, addr + len);
		r = map_fixed(addr, len, host_prot(prot), host, fd, off);
	} else {
		r = map_free_choice(addr, len, host_prot(prot), flags & ~MAP_EXECUTABLE, fd, off);
	}
	if (failed(r)) mem_file_put(f);
	else mem_enter(r, len, prot, flags, f, off, mf);
	if (!failed(r) && fixed && split_pages()) split_settle(r, r + len);
	rt_unlock(&mem.lock);
	if (had_code && !failed(r)) rt_code_changed(addr, addr + len);
	return r;
}

/* --- munmap, mprotect */

void mem_unmap_locked(gaddr lo, gaddr hi)
{
	for (u32 i = map_find(&mem.maps, lo); i < mem.maps.n && mem.maps.v[i].lo < hi; i++) {
		struct map *m = mem.maps.v + i;
		gaddr a = m->lo > lo ? m->lo : lo, b = m->hi < hi ? m->hi : hi;

		if (m->kind != MAP_GUEST) continue;
		if (!split_pages()) host_call(__NR_munmap, a, b - a);
		mem_marks_clear(a, b);
		if (!map_room(&mem.maps, 2)) continue;  /* the entry stays: its addresses are lost, nothing else */
		map_remove(&mem.maps, a, b);
		if (split_pages()) split_drop(a, b);
		i = map_find(&mem.maps, lo) - 1;
	}
	mem_slot_orphans(lo, hi);
}

s64 rt_munmap(gaddr addr, u64 len)
{
	bool code;

	if (addr & (GUEST_PAGE - 1) || !len || addr > rt.limit || len > rt.limit - addr) return -EINVAL;
	len = guest_up(len);
	rt_lock(&mem.lock);
	code = mem_any_exec(addr, addr + len);
	mem_unmap_locked(addr, addr + len);
	rt_unlock(&mem.lock);
	if (code) rt_code_unmap(addr, addr + len);
	return 0;
}

/* Applies prot to one map's part; the list is cut at its ends. */
static s64 protect_one(struct map *m, u32 prot)
{
	s64 r;

	if (prot & PROT_EXEC && m->flags & MF_MAYNOTEXEC) return -EACCES;
	if (prot & PROT_WRITE && m->flags & MF_MAYNOTWRITE) return -EACCES;     /* the host may see no PROT_WRITE */
	if (host_prot(m->prot) != host_prot(prot) && !split_pages()) {
		r = mem_protect_pages(m->lo, m->hi, prot);
		if (r) return r;
	}
	m->prot = prot & PROT_ALL;
	return 0;
}

s64 rt_mprotect(gaddr addr, u64 len, u32 prot)
{
	u32 grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	bool drop = false;
	gaddr hi, end;
	s64 r = 0;

	prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & (GUEST_PAGE - 1)) return -EINVAL;
	if (!len) return 0;
	len = guest_up(len);
	hi = addr + len;
	if (hi <= addr) return -ENOMEM;
	if (prot & ~(PROT_ALL | PROT_SEM)) return -EINVAL;
	if (rt.personality & 0x0400000 && prot & PROT_READ) prot |= PROT_EXEC;
	if (hi > rt.limit) hi = rt.limit;

	rt_lock(&mem.lock);
	if (grows) {
		u32 i = map_find(&mem.maps, addr);
		struct map *m = i < mem.maps.n && mem.maps.v[i].lo < hi ? mem.maps.v + i : 0;

		if (!m) r = -ENOMEM;
		else if (grows == PROT_GROWSUP || !(m->flags & (MF_STACK | MF_GROWSDOWN))) r = -EINVAL;
		else addr = m->lo;
	}
	end = mem_covered(addr, hi);
	if (!r && end > addr && !map_room(&mem.maps, 2)) r = -ENOMEM;
	if (!r && end > addr) {
		for (u32 i = map_cut(&mem.maps, addr, end); !r && i < mem.maps.n && mem.maps.v[i].lo < end; i++) {
			drop |= mem.maps.v[i].prot & PROT_EXEC && !(prot & PROT_EXEC);
			r = protect_one(mem.maps.v + i, prot);
		}
		map_merge(&mem.maps, addr, end);
		if (split_pages() && failed(split_settle(addr, end))) r = -ENOMEM;
	}
	if (!r && end < addr + len) r = -ENOMEM;
	rt_unlock(&mem.lock);
	if (drop) rt_code_changed(addr, end);
	return r;
}

/* --- looking */

bool mem_any(gaddr a, struct map *out)
{
	u32 i;
	bool found;

	rt_lock(&mem.lock);
	i = map_find(&mem.maps, a);
	found = i < mem.maps.n;
	if (found) *out = mem.maps.v[i];
	rt_unlock(&mem.lock);
	return found;
}

bool rt_vma(gaddr a, struct vma *out)
{
	bool found = false;

	rt_lock(&mem.lock);
	for (u32 i = map_find(&mem.maps, a); i < mem.maps.n; i++) {
		struct map *m = mem.maps.v + i;

		if (m->kind != MAP_GUEST) continue;
		*out = (struct vma){ .lo = m->lo, .hi = m->hi, .prot = m->prot, .off = m->off,
			.flags = m->flags & MF_SHARED ? MAP_SHARED : MAP_PRIVATE, .tracked = mem_tracked(a) };
		if (m->flags & MF_GROWSDOWN) out->flags |= MAP_GROWSDOWN;
		if (m->flags & MF_NORESERVE) out->flags |= MAP_NORESERVE;
		if (m->file) {
			out->dev = m->file->dev;
			out->ino = m->file->ino;
			out->path = m->file->path;
		} else if (m->flags & MF_STACK) {
			out->path = "[stack]";
		} else if (m->lo < rt.brk && m->hi > rt.brk_start) {
			out->path = "[heap]";
		}
		found = true;
		break;
	}
	rt_unlock(&mem.lock);
	return found;
}

void mem_fork(enum fork_step s)
{
	rt_fork_lock(&mem.lock, s);
	if (s != FORK_CHILD) return;
	for (u32 i = 0; i < mem.maps.n; i++) {          /* what the guest kept from its children */
		struct map *m = mem.maps.v + i;

		if (m->kind != MAP_GUEST || !(m->flags & MF_DONTFORK)) continue;
		mem_marks_clear(m->lo, m->hi);
		map_remove(&mem.maps, m->lo, m->hi);
		i--;
	}
}
