/* guest.c - the runtime's accesses to guest memory, which may fault.
 *
 * The loops that touch guest memory lie between rt_touch_lo and rt_touch_hi; they use no stack and no callee-saved
 * register, so a fault inside them can simply return to their caller with "failed". The fault handler asks
 * rt_guest_fixup; a write to a page that is protected only for self-modifying code is its business before that.
 */
#include "rt/guest.h"
#include "rt/mem.h"
#include "rt/string.h"
#include "tr/tr.h"
#include <asm/errno.h>

/* touch_copy(dst, src, n): 1, or 0 after a fault. Up to n bytes may have been written then, in ascending order.
 * touch_writable(p): 1 if a byte there can be written, which it is with what it is; else 0.
 * touch_str(dst, src, n): bytes copied before the NUL; n when there was none; -EFAULT. */
__asm__(
".text\n"
"	.p2align 4\n"
"rt_touch_lo:\n"
"touch_copy:\n"
"	subs	x2, x2, #16\n"
"	b.lo	2f\n"
"1:	ldp	x3, x4, [x1], #16\n"
"	stp	x3, x4, [x0], #16\n"
"	subs	x2, x2, #16\n"
"	b.hs	1b\n"
"2:	tbz	x2, #3, 3f\n"
"	ldr	x3, [x1], #8\n"
"	str	x3, [x0], #8\n"
"3:	tbz	x2, #2, 4f\n"
"	ldr	w3, [x1], #4\n"
"	str	w3, [x0], #4\n"
"4:	tbz	x2, #1, 5f\n"
"	ldrh	w3, [x1], #2\n"
"	strh	w3, [x0], #2\n"
"5:	tbz	x2, #0, 6f\n"
"	ldrb	w3, [x1]\n"
"	strb	w3, [x0]\n"
"6:	mov	x0, #1\n"
"	ret\n"
"touch_writable:\n"
"	ldxrb	w1, [x0]\n"
"	stxrb	w2, w1, [x0]\n"
"	cbnz	w2, touch_writable\n"
"	mov	x0, #1\n"
"	ret\n"
"touch_str:\n"
"	mov	x3, #0\n"
"1:	cmp	x3, x2\n"
"	b.eq	2f\n"
"	ldrb	w4, [x1, x3]\n"
"	strb	w4, [x0, x3]\n"
"	cbz	w4, 2f\n"
"	add	x3, x3, #1\n"
"	b	1b\n"
"2:	mov	x0, x3\n"
"	ret\n"
"rt_touch_hi:\n"
"touch_copy_failed:\n"
"	mov	x0, #0\n"
"	ret\n"
"touch_str_failed:\n"
"	mov	x0, #-14\n"                             /* EFAULT */
"	ret\n"
);
extern __attribute__((visibility("hidden"))) const char rt_touch_lo[], rt_touch_hi[], touch_copy_failed[],
	touch_str_failed[];             /* hidden, each of them: a GOT entry for a local label loses its offset */
u64 touch_copy(void *dst, const void *src, size_t n) __attribute__((visibility("hidden")));
u64 touch_writable(void *p) __attribute__((visibility("hidden")));
s64 touch_str(char *dst, const char *src, size_t n) __attribute__((visibility("hidden")));

bool rt_guest_fixup(u64 *pc)
{
	if (*pc < (u64)rt_touch_lo || *pc >= (u64)rt_touch_hi) return false;
	*pc = *pc < (u64)touch_str ? (u64)touch_copy_failed : (u64)touch_str_failed;
	return true;
}

/* As access_ok: nothing of it lies past the guest's end, where the runtime's own memory may be. */
static inline bool inside(gaddr a, size_t n) { return a <= rt.limit && n <= rt.limit - a; }

bool rt_read(void *dst, gaddr src, size_t n)
{
	return inside(src, n) && touch_copy(dst, (const void *)src, n);
}

bool rt_write(gaddr dst, const void *src, size_t n)
{
	return inside(dst, n) && touch_copy((void *)dst, src, n);
}

bool rt_load_bytes(void *dst, gaddr src, size_t n)
{
	bool ok = rt_read(dst, src, n);

	if (rt.order == TR_TSO) __asm__ volatile("dmb ishld" : : : "memory");
	return ok;
}

bool rt_writable(gaddr a)
{
	return inside(a, 1) && touch_writable((void *)a);
}

bool rt_store_bytes(gaddr dst, const void *src, size_t n)
{
	if (rt.order == TR_TSO) __asm__ volatile("dmb ish" : : : "memory");
	if ((dst ^ (dst + n - 1)) & -GUEST_PAGE && !rt_writable(dst + n - 1)) return false;
	return rt_write(dst, src, n);
}

s64 rt_read_str(char *dst, gaddr src, size_t size)
{
	size_t room = src < rt.limit ? rt.limit - src : 0;
	s64 n;

	if (!room) return -EFAULT;
	n = touch_str(dst, (const char *)src, size < room ? size : room);
	if (n < 0) return n;
	if ((size_t)n == size) return -ENAMETOOLONG;
	return (size_t)n == room ? -EFAULT : n;
}
