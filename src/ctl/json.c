/* json.c - JSON as it goes. RFC 8259. What is not UTF-8 becomes U+FFFD: a path may hold any bytes, a JSON text not. */
#include "ctl/ctl.h"
#include <string.h>

size_t ctl_utf8(const char *s, size_t n)
{
	const u8 *p = (const u8 *)s;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (!n || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

void json_quote(FILE *f, const char *s)
{
	fputc('"', f);
	for (size_t n = strlen(s); n; ) {
		size_t len = ctl_utf8(s, n);

		if (!len)
			fputs("\\ufffd", f);
		else if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((u8)*s < 0x20 || *s == 0x7f)
			fprintf(f, "\\u%04x", (u8)*s);
		else
			fwrite(s, 1, len, f);
		s += len ? len : 1;
		n -= len ? len : 1;
	}
	fputc('"', f);
}

static void begin(struct json *j, const char *name)
{
	if (j->follows)
		fputc(',', j->f);
	if (j->depth)
		fprintf(j->f, "\n%*s", j->depth * 2, "");
	if (name) {
		json_quote(j->f, name);
		fputs(": ", j->f);
	}
	j->follows = true;
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	fputc(bracket, j->f);
	j->depth++;
	j->follows = false;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (j->follows)
		fprintf(j->f, "\n%*s", j->depth * 2, "");
	fputc(bracket, j->f);
	j->follows = true;
	if (!j->depth)
		fputc('\n', j->f);
}

void json_text(struct json *j, const char *name, const char *value)
{
	begin(j, name);
	if (value)
		json_quote(j->f, value);
	else
		fputs("null", j->f);
}

void json_number(struct json *j, const char *name, long long value)
{
	begin(j, name);
	fprintf(j->f, "%lld", value);
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	fputs(value ? "true" : "false", j->f);
}
