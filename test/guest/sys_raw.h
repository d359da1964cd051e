/* sys_raw.h - system calls made by hand, as x86-64 numbers them, and what their tests print: one finding a line, the
 * same on every machine. Nothing of libc's wrappers stands between.
 */
#ifndef SYS_RAW_H
#define SYS_RAW_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define raw(...) RAW_PICK(__VA_ARGS__, raw6, raw5, raw4, raw3, raw2, raw1, raw0)(__VA_ARGS__)
#define RAW_PICK(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define raw0(n)                raw_call(n, 0, 0, 0, 0, 0, 0)
#define raw1(n, a)             raw_call(n, (long)(a), 0, 0, 0, 0, 0)
#define raw2(n, a, b)          raw_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define raw3(n, a, b, c)       raw_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define raw4(n, a, b, c, d)    raw_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define raw5(n, a, b, c, d, e) raw_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define raw6(n, a, b, c, d, e, f) raw_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#ifdef __x86_64__
static inline long raw_call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "+a" (n) : "D" (a), "S" (b), "d" (c), "r" (r10), "r" (r8), "r" (r9) : "rcx", "r11", "memory");
	return n;
}
#else
long raw_call(long n, long a, long b, long c, long d, long e, long f);
#endif

#define GARBAGE(x) ((long)((uint32_t)(x) | 0x5a5aa5a500000000ull))     /* a 32-bit argument, the upper half dirty */
#define BAD        ((void *)16)                                         /* an address where nothing is */

/* Prints what a call gave: a number, or an errno's name. */
static inline long show(const char *what, long r)
{
	if (r < 0 && r >= -4095)
		printf("%s: %s\n", what, strerrorname_np(-r));
	else
		printf("%s: %ld\n", what, r);
	return r;
}

/* The same for calls whose good result differs from run to run: descriptors, identifiers. */
static inline long ok(const char *what, long r)
{
	if (r < 0 && r >= -4095)
		printf("%s: %s\n", what, strerrorname_np(-r));
	else
		printf("%s: ok\n", what);
	return r;
}

static inline void check(const char *what, int good)
{
	printf("%s: %s\n", what, good ? "yes" : "no");
}

/* A fresh directory, and the way into it. */
static char work_dir[64];
static inline void work(void)
{
	strcpy(work_dir, "/tmp/stele-sys-XXXXXX");
	if (!mkdtemp(work_dir) || chdir(work_dir)) {
		perror("work directory");
		exit(99);
	}
}
static inline void leave(void)
{
	if (chdir("/") || rmdir(work_dir))
		perror("work directory");
}

#endif
