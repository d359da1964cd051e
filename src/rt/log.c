/* log.c - messages without stdio: one buffer on the stack, one write. */
#include "rt/host.h"
#include "rt/rt.h"
#include "rt/string.h"
#include <stdarg.h>

struct out { char *p, *end; size_t n; };       /* n: how long the whole text is, cut or not */

static void put(struct out *o, char c)
{
	if (o->p < o->end) *o->p++ = c;
	o->n++;
}

static void put_padded(struct out *o, const char *s, size_t len, int width, bool left)
{
	int pad = width > (int)len ? width - (int)len : 0;

	if (!left) for (; pad; pad--) put(o, ' ');
	for (size_t i = 0; i < len; i++) put(o, s[i]);
	for (; left && pad > 0; pad--) put(o, ' ');
}

static void put_number(struct out *o, u64 v, bool neg, unsigned base, int width, char fill, bool left)
{
	char buf[24], *p = buf + sizeof buf;

	do *--p = "0123456789abcdef"[v % base];
	while (v /= base);
	if (fill == '0')
		while (p > buf + 1 && buf + sizeof buf - p < width - neg) *--p = '0';
	if (neg) *--p = '-';
	put_padded(o, p, buf + sizeof buf - p, width, left);
}

static size_t format(char *out, size_t size, const char *f, va_list ap)
{
	struct out o = { out, out + (size ? size - 1 : 0), 0 };

	for (; *f; f++) {
		int width = 0, lng = 0;
		char fill = ' ';
		bool left = false;

		if (*f != '%') { put(&o, *f); continue; }
		f++;
		if (*f == '-') { left = true; f++; }
		if (*f == '0') { fill = '0'; f++; }
		if (*f == '*') { width = va_arg(ap, int); f++; }
		while (*f >= '0' && *f <= '9') width = width * 10 + *f++ - '0';
		while (*f == 'l') { lng++; f++; }
		switch (*f) {
		case 'd': {
			s64 v = lng ? va_arg(ap, s64) : va_arg(ap, s32);
			put_number(&o, v < 0 ? -(u64)v : (u64)v, v < 0, 10, width, fill, left);
			break;
		}
		case 'u': put_number(&o, lng ? va_arg(ap, u64) : va_arg(ap, u32), false, 10, width, fill, left); break;
		case 'x': put_number(&o, lng ? va_arg(ap, u64) : va_arg(ap, u32), false, 16, width, fill, left); break;
		case 'p': put(&o, '0'); put(&o, 'x'); put_number(&o, va_arg(ap, u64), false, 16, width, fill, left); break;
		case 'c': put(&o, va_arg(ap, int)); break;
		case 's': {
			const char *s = va_arg(ap, const char *);
			if (!s) s = "(null)";
			put_padded(&o, s, strlen(s), width, left);
			break;
		}
		case '%': put(&o, '%'); break;
		default: put(&o, '%'); f--; break;
		}
	}
	if (size) *o.p = 0;
	return o.n;
}

int rt_format(char *out, size_t size, const char *f, ...)
{
	va_list ap;
	int n;

	va_start(ap, f);
	n = format(out, size, f, ap);
	va_end(ap);
	return n;
}

static void vprint(int fd, const char *prefix, const char *f, va_list ap, const char *suffix)
{
	char buf[1536];
	size_t n = strlen(prefix), len, i;

	memcpy(buf, prefix, n);
	n += format(buf + n, sizeof buf - n - 1, f, ap);
	if (n > sizeof buf - 2) n = sizeof buf - 2;
	len = strlen(suffix);
	memcpy(buf + n, suffix, len);
	n += len;
	for (i = 0; i < n; ) {
		s64 r = host_call(__NR_write, fd, buf + i, n - i);
		if (r <= 0 && r != -4 /* EINTR */) return;
		if (r > 0) i += r;
	}
}

void rt_print(int fd, const char *f, ...)
{
	va_list ap;

	va_start(ap, f);
	vprint(fd, "", f, ap, "");
	va_end(ap);
}

void rt_die(int status, const char *f, ...)
{
	va_list ap;

	va_start(ap, f);
	vprint(2, "stele: ", f, ap, "\n");
	va_end(ap);
	for (;;) host_call(__NR_exit_group, status);
}
