/* tag.c - the tag of a share: what virtio allows, for every command that takes or writes one.
 *
 * The device's configuration holds 36 bytes, padded with NUL, not ended by one (virtio 1.2, 5.11.4).
 */
#include "ctl/ctl.h"
#include <string.h>

static char why[256];

static const char *byte_is(const char *tag, size_t i, const char *what)
{
	u8 c = tag[i];

	snprintf(why, sizeof why, "byte %zu of the tag, 0x%02x, %s", i + 1, c, what);
	return why;
}

const char *tag_wrong(const char *tag, size_t n)
{
	char many[96];

	if (n == 0)
		return "a tag has 1 to 36 bytes, this one has none";
	snprintf(many, sizeof many, "is one too many: a tag has 1 to 36, this one has %zu", n);
	for (size_t i = 0, len; i < n; i += len) {
		len = ctl_utf8(tag + i, n - i);
		if (i + (len ? len : 1) > TAG_MAX)
			return byte_is(tag, TAG_MAX, many);
		if (!len)
			return byte_is(tag, i, "is not UTF-8");
		if (!tag[i])
			return byte_is(tag, i, "is NUL");
	}
	return NULL;
}

const char *tag_warning(size_t n)
{
	return n == TAG_MAX ? "Apple's Virtualization framework refuses a tag of 36 bytes" : NULL;
}

int tag_accept(const char *option, const char *tag)
{
	const char *wrong = tag_wrong(tag, strlen(tag)), *warning = tag_warning(strlen(tag));

	if (wrong)
		return ctl_refuse("%s: %s", option, wrong);
	if (warning)
		fprintf(stderr, "stelectl: warning: %s\n", warning);
	return CTL_OK;
}

void tag_plain(char *out, const char *tag)
{
	for (; *tag; tag++)
		*out++ = ((*tag | 0x20) >= 'a' && (*tag | 0x20) <= 'z') || (*tag >= '0' && *tag <= '9') || strchr("-.", *tag) ? *tag : '_';
	*out = 0;
}
