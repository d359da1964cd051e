/* template.c - the files that register x86-64 programs, as guest/ has them: the package's and those of stelectl are the same. */
#include "ctl/ctl.h"
#include "guest.h"
#include <stdlib.h>
#include <string.h>

/* The value of the @WORD@ at s, its length in *len; null if there is none. */
static const char *value_at(const char *s, const struct value *v, size_t *len)
{
	for (; *s == '@' && v->word; v++) {
		*len = strlen(v->word) + 2;
		if (!strncmp(s + 1, v->word, *len - 2) && s[*len - 1] == '@')
			return v->text;
	}
	return NULL;
}

void template_fill(char *out, size_t size, const char *text, const struct value *values)
{
	size_t n = 0, len;

	while (*text && n < size) {
		const char *value = value_at(text, values, &len);

		n += value ? snprintf(out + n, size - n, "%s", value) : snprintf(out + n, size - n, "%c", *text);
		text += value ? len : 1;
	}
	if (n >= size) {
		ctl_refuse("a text is longer than %zu bytes", size);
		exit(CTL_FAILED);
	}
}
