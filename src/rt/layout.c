/* layout.c - where in the address space things go: its limit, what is random, what is kept for the stack. As Linux does it
 * on x86-64 (arch/x86/mm/mmap.c), scaled down where the host has fewer address bits.
 */
#include "rt/mem_int.h"

bool mem_randomized(void) { return !(rt.personality & 0x0040000 /* ADDR_NO_RANDOMIZE */); }

u64 mem_random(void)
{
	static u64 pool[32];
	static u32 left;
	static struct lock lock;
	u64 v;

	rt_lock(&lock);
	if (!left) {
		if (host_call(__NR_getrandom, pool, sizeof pool, 1 /* GRND_NONBLOCK */) == sizeof pool)
			left = countof(pool);
		else for (; left < countof(pool); left++)       /* early in boot: better than nothing */
			host_call(__NR_clock_gettime, 1, pool), pool[left] = pool[1] * 0x9e3779b97f4a7c15ull ^ (u64)&v;
	}
	v = pool[--left];
	pool[left] = 0;
	rt_unlock(&lock);
	return v;
}

static void find_limit(void)
{
	static const u8 bits[] = { 47, 42, 39 };
	u64 here = (u64)__builtin_frame_address(0);

	rt.limit = GUEST_LIMIT;
	if (here >> 47) return;
	for (u32 i = 0; i < countof(bits); i++)         /* a spot in the upper half that is likely to be free */
		for (u64 k = 9; k < 16; k++) {
			rt.limit = (1ull << bits[i]) - GUEST_PAGE;
			if (mem_probe(k << (bits[i] - 4), rt.page)) return;
		}
}

u64 mem_random_pages(unsigned bits)
{
	unsigned lost = __builtin_clzll(rt.limit) - 17;  /* a smaller address space, less randomness */

	if (!mem_randomized() || bits <= lost) return 0;
	return (mem_random() & ((1ull << (bits - lost)) - 1)) * rt.page;
}

#define MMAP_RND_BITS   28

u64 mem_stack_limit(void)
{
	struct { u64 cur, max; } r;

	if (host_call(__NR_prlimit64, 0, 3 /* RLIMIT_STACK */, 0, &r)) return 8u << 20;
	return r.cur;
}

/* Linux: arch/x86 mmap_base(): a gap for the stack between 128 MiB and five sixths, plus what the stack is moved by. */
void mem_init(void)
{
	u64 gap = mem_stack_limit(), pad = GUARD_GAP;

	rt.personality = host_call(__NR_personality, 0xffffffff);
	find_limit();
	if (mem_randomized()) pad += ((u64)GUEST_PAGE << STACK_RND_BITS) >> (__builtin_clzll(rt.limit) - 17);
	gap = gap + pad < gap ? gap : gap + pad;
	if (gap < 128ull << 20) gap = 128ull << 20;
	if (gap > rt.limit / 6 * 5) gap = rt.limit / 6 * 5;
	mem.gap = gap;
	mem.base = page_down(rt.limit - gap - mem_random_pages(MMAP_RND_BITS));
	mem.bottom = page_up(rt.limit / 3) + mem_random_pages(MMAP_RND_BITS);
	mem.legacy = rt.personality & 0x0200000;        /* ADDR_COMPAT_LAYOUT */
}
