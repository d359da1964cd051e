/* string.c - the functions that gcc may call in freestanding code, with general registers only.
 *
 * Unaligned accesses are fine on ARM64 normal memory; the bulk loops move 32 bytes a turn, which gcc makes ldp/stp.
 */
#include "rt/string.h"

typedef u64 word __attribute__((aligned(1), may_alias));
typedef u32 half __attribute__((aligned(1), may_alias));
typedef u16 quarter __attribute__((aligned(1), may_alias));

/* Up to 16 bytes: read all of it before writing any, so that it serves memmove too. */
static inline void small(u8 *d, const u8 *s, size_t n)
{
	if (n >= 8) {
		u64 a = *(word *)s, b = *(word *)(s + n - 8);
		*(word *)d = a; *(word *)(d + n - 8) = b;
	} else if (n >= 4) {
		u32 a = *(half *)s, b = *(half *)(s + n - 4);
		*(half *)d = a; *(half *)(d + n - 4) = b;
	} else if (n >= 2) {
		u16 a = *(quarter *)s, b = *(quarter *)(s + n - 2);
		*(quarter *)d = a; *(quarter *)(d + n - 2) = b;
	} else if (n) {
		*d = *s;
	}
}

static void forward(u8 *d, const u8 *s, size_t n)
{
	for (; n > 32; n -= 32, d += 32, s += 32) {
		u64 a = ((word *)s)[0], b = ((word *)s)[1], e = ((word *)s)[2], f = ((word *)s)[3];
		((word *)d)[0] = a; ((word *)d)[1] = b; ((word *)d)[2] = e; ((word *)d)[3] = f;
	}
	if (n > 16) {
		u64 a = ((word *)s)[0], b = ((word *)s)[1];
		((word *)d)[0] = a; ((word *)d)[1] = b;
		d += 16; s += 16; n -= 16;
	}
	small(d, s, n);
}

static void backward(u8 *d, const u8 *s, size_t n)
{
	for (; n > 16; n -= 16) {
		u64 a = ((word *)(s + n - 16))[0], b = ((word *)(s + n - 16))[1];
		((word *)(d + n - 16))[0] = a; ((word *)(d + n - 16))[1] = b;
	}
	small(d, s, n);
}

void *memcpy(void *restrict d, const void *restrict s, size_t n)
{
	forward(d, s, n);
	return d;
}

void *memmove(void *d, const void *s, size_t n)
{
	if ((u64)d - (u64)s >= n) forward(d, s, n);
	else backward(d, s, n);
	return d;
}

void *memset(void *d, int value, size_t n)
{
	u64 v = (u8)value * 0x0101010101010101ull;
	u8 *p = d;

	for (; n >= 32; n -= 32, p += 32)
		((word *)p)[0] = ((word *)p)[1] = ((word *)p)[2] = ((word *)p)[3] = v;
	for (; n >= 8; n -= 8, p += 8)
		*(word *)p = v;
	for (; n; n--)
		*p++ = v;
	return d;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n >= 8 && *(word *)p == *(word *)q; n -= 8) { p += 8; q += 8; }
	for (; n; n--, p++, q++)
		if (*p != *q) return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++)
		if (*p == (u8)c) return (void *)p;
	return 0;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p) p++;
	return p - s;
}

size_t strnlen(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i]) i++;
	return i;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) { a++; b++; }
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--) { a++; b++; }
	return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c) return (char *)s;
		if (!*s) return 0;
	}
}

char *strrchr(const char *s, int c)
{
	char *found = 0;

	do if (*s == (char)c) found = (char *)s;
	while (*s++);
	return found;
}

char *strstr(const char *s, const char *t)
{
	size_t n = strlen(t);

	for (; *s; s++)
		if (!strncmp(s, t, n)) return (char *)s;
	return n ? 0 : (char *)s;
}

/* libgcc's: without vector registers there is no instruction for them. */
int __popcountdi2(s64 v);
int __paritydi2(s64 v);

int __popcountdi2(s64 v)
{
	u64 x = v;

	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return x * 0x0101010101010101ull >> 56;
}

int __paritydi2(s64 v)
{
	u64 x = v ^ v >> 32;

	x ^= x >> 16;
	x ^= x >> 8;
	x ^= x >> 4;
	return 0x6996 >> (x & 15) & 1;
}
