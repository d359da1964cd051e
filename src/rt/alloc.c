/* alloc.c - the runtime's own memory: lists of free blocks by size over whole maps.
 *
 * Sizes are rounded up to 16 bytes times 4..7 times a power of two, so at most a quarter is lost; what is larger than
 * BIG goes to the kernel. The caller says the size when it frees. The maps carry no address hint: on a host with 48
 * address bits the kernel puts them above 2^47, out of the guest's reach.
 */
#include "rt/alloc.h"
#include "rt/host.h"
#include "rt/string.h"
#include <linux/mman.h>

#define BIG     (16u << 10)
#define CHUNK   (64u << 10)
#define CLASSES 40

struct free { struct free *next; };

static struct lock lock;
static struct free *lists[CLASSES];
static u8 *fresh, *fresh_end;                   /* the rest of the newest chunk */
static u64 mapped;

void *rt_map(size_t n)
{
	s64 r;

	n = align_up(n, (size_t)rt.page);
	r = host_call(__NR_mmap, 0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r < 0 && r >= -4095) return 0;
	__atomic_add_fetch(&mapped, n, __ATOMIC_RELAXED);
	return (void *)r;
}

void rt_unmap(void *p, size_t n)
{
	n = align_up(n, (size_t)rt.page);
	if (!host_call(__NR_munmap, p, n))
		__atomic_sub_fetch(&mapped, n, __ATOMIC_RELAXED);
}

u64 rt_alloc_mapped(void) { return __atomic_load_n(&mapped, __ATOMIC_RELAXED); }

/* Sizes in 16-byte units: 1 2 3 4 5 6 7 8 10 12 14 16 20 ... */
static unsigned size_class(size_t n, size_t *rounded)
{
	size_t units = (n + 15) / 16;
	unsigned shift, step;

	if (units <= 4) {
		*rounded = units * 16;
		return units - 1;
	}
	shift = 61 - __builtin_clzll(units - 1);
	step = (units + (1ull << shift) - 1) >> shift;  /* 4..8 */
	*rounded = (size_t)step << shift << 4;
	return step - 1 + 4 * shift;
}

void *rt_alloc(size_t n)
{
	size_t size;
	unsigned c;
	void *p = 0;

	if (!n) n = 1;
	if (n > BIG) return rt_map(n);
	c = size_class(n, &size);
	rt_lock(&lock);
	if (lists[c]) {
		p = lists[c];
		lists[c] = lists[c]->next;
	} else {
		if ((size_t)(fresh_end - fresh) < size) {
			u8 *m = rt_map(CHUNK);          /* the old chunk's rest, less than BIG, is lost */
			if (m) { fresh = m; fresh_end = m + CHUNK; }
		}
		if ((size_t)(fresh_end - fresh) >= size) {
			p = fresh;
			fresh += size;
			rt_unlock(&lock);
			return p;                       /* the kernel's zeros */
		}
	}
	rt_unlock(&lock);
	return p ? memset(p, 0, size) : 0;
}

void rt_free(void *p, size_t n)
{
	size_t size;
	struct free *f = p;
	unsigned c;

	if (!p) return;
	if (!n) n = 1;
	if (n > BIG) { rt_unmap(p, n); return; }
	c = size_class(n, &size);
	rt_lock(&lock);
	f->next = lists[c];
	lists[c] = f;
	rt_unlock(&lock);
}

void rt_alloc_fork(enum fork_step s) { rt_fork_lock(&lock, s); }
