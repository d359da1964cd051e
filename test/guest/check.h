/* check.h - for test programs that judge themselves: one finding a line, the same on every machine; the exit status
 * says whether all were as expected. Output is by write(2), so that handlers may print too.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;

__attribute__((format(printf, 1, 2), unused)) static void say(const char *fmt, ...)
{
	char line[400];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (write(1, line, n) != n)
		_exit(98);
}

#define expect(cond) expect_(!!(cond), #cond, __LINE__)
__attribute__((unused)) static int expect_(int good, const char *what, int line)
{
	if (!good) {
		failures++;
		say("line %d: FAILED: %s\n", line, what);
	}
	return good;
}

__attribute__((unused)) static int under_stele(void)
{
	unsigned a = 0x40000000, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b == 0x6c657453 && c == 0x72695665;      /* "SteleVir" */
}

__attribute__((unused)) static int done(void)
{
	say(failures ? "%d failed\n" : "all as expected\n", failures);
	return failures != 0;
}

#endif
