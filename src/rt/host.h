/* host.h - raw system calls of the ARM64 kernel. Results are negative errnos, as the kernel gives them. */
#ifndef RT_HOST_H
#define RT_HOST_H

#include <asm/unistd.h>
#include "base.h"

static inline s64 host_call6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
		     x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r" (x0) : "r" (x8), "r" (x1), "r" (x2), "r" (x3), "r" (x4), "r" (x5) : "memory");
	return x0;
}
#define HOST_PICK(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define host_call(...) HOST_PICK(__VA_ARGS__, host_c6, host_c5, host_c4, host_c3, host_c2, host_c1, host_c0)(__VA_ARGS__)
#define host_c0(n)                   host_call6(n, 0, 0, 0, 0, 0, 0)
#define host_c1(n, a)                host_call6(n, (u64)(a), 0, 0, 0, 0, 0)
#define host_c2(n, a, b)             host_call6(n, (u64)(a), (u64)(b), 0, 0, 0, 0)
#define host_c3(n, a, b, c)          host_call6(n, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)
#define host_c4(n, a, b, c, d)       host_call6(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), 0, 0)
#define host_c5(n, a, b, c, d, e)    host_call6(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), 0)
#define host_c6(n, a, b, c, d, e, f) host_call6(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))

#endif
