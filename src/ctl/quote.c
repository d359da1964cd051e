/* quote.c - a string as a word of the languages that configurations are written in. */
#include "ctl/ctl.h"
#include <string.h>

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((u8)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* bash's and zsh's $'...': one line whatever is in it, since a line of it may stand in a comment. */
static void quote_control(FILE *f, const char *s)
{
	fputs("$'", f);
	for (; *s; s++)
		if ((u8)*s < 0x20 || *s == 0x7f || *s == '\'' || *s == '\\')
			fprintf(f, "\\%03o", (u8)*s);
		else
			fputc(*s, f);
	fputc('\'', f);
}

void quote_shell(FILE *f, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

	if (*s && !s[strspn(s, plain)]) {
		fputs(s, f);
		return;
	}
	if (has_control(s)) {
		quote_control(f, s);
		return;
	}
	fputc('\'', f);
	for (; *s; s++)
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	fputc('\'', f);
}

/* Within an attribute's quotes. Whoever calls it has refused control characters. */
void quote_xml(FILE *f, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':  fputs("&amp;", f); break;
		case '<':  fputs("&lt;", f); break;
		case '>':  fputs("&gt;", f); break;
		case '\'': fputs("&apos;", f); break;
		case '"':  fputs("&quot;", f); break;
		default:   fputc(*s, f);
		}
}

void quote_qemu(char *out, const char *s)
{
	for (; *s; s++) {
		*out++ = *s;
		if (*s == ',')
			*out++ = ',';
	}
	*out = 0;
}

bool quote_is_text(const char *s)
{
	if (has_control(s))
		return false;
	for (size_t n = strlen(s), len; n; s += len, n -= len)          /* U+FFFE and U+FFFF are no characters of XML */
		if (!(len = ctl_utf8(s, n)) || !strncmp(s, "\xef\xbf\xbe", 3) || !strncmp(s, "\xef\xbf\xbf", 3))
			return false;
	return true;
}
