/* base.h - the integer types and the few macros that every file uses. */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t  u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t   s8;
typedef int16_t  s16;
typedef int32_t  s32;
typedef int64_t  s64;

typedef u64 gaddr;                      /* an address as the guest knows it */

#define countof(a)        (sizeof (a) / sizeof *(a))
#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
#define align_down(x, n)  ((x) & ~((__typeof__(x))(n) - 1))
#define align_up(x, n)    align_down((x) + (n) - 1, n)

#endif
