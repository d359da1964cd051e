/* tag_test.c - the rules of tags, with bytes that no command line can carry. virtio 1.2, 5.11.4; RFC 3629. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "ctl/json.c"
#include "ctl/tag.c"

int ctl_refuse(const char *format, ...)
{
	return CTL_FAILED;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

static const struct { const char *tag; size_t n; const char *why; } cases[] = {
	{ "a", 1, NULL },
	{ "", 0, "this one has none" },
	{ LETTERS, 36, NULL },
	{ LETTERS "-", 37, "byte 37 of the tag, 0x2d, is one too many: a tag has 1 to 36, this one has 37" },
	{ "ab\0c", 4, "byte 3 of the tag, 0x00, is NUL" },
	{ "\0", 1, "byte 1 of the tag, 0x00, is NUL" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x97\xbf", 9, NULL },
	{ "a\xff", 2, "byte 2 of the tag, 0xff, is not UTF-8" },
	{ "\x80", 1, "byte 1 of the tag, 0x80, is not UTF-8" },
	{ "\xc0\xaf", 2, "byte 1 of the tag, 0xc0, is not UTF-8" },             /* overlong */
	{ "\xe0\x9f\xbf", 3, "byte 1 of the tag, 0xe0, is not UTF-8" },
	{ "\xf0\x8f\xbf\xbf", 4, "byte 1 of the tag, 0xf0, is not UTF-8" },
	{ "\xed\xa0\x80", 3, "byte 1 of the tag, 0xed, is not UTF-8" },         /* surrogate */
	{ "\xf4\x90\x80\x80", 4, "byte 1 of the tag, 0xf4, is not UTF-8" },     /* above U+10FFFF */
	{ "a\xe2\x82", 3, "byte 2 of the tag, 0xe2, is not UTF-8" },            /* cut */
	{ "abcdefghijklmnopqrstuvwxyz012345678\xc3\xa4", 37, "byte 37 of the tag, 0xa4, is one too many" },
	{ LETTERS "\xff", 37, "byte 37 of the tag, 0xff, is one too many" },
};

static void rules(void **state)
{
	for (size_t i = 0; i < countof(cases); i++) {
		const char *wrong = tag_wrong(cases[i].tag, cases[i].n);

		if (!cases[i].why)
			assert_null(wrong);
		else if (!wrong || !strstr(wrong, cases[i].why))
			fail_msg("case %zu: \"%s\", not \"%s\"", i, wrong ? wrong : "accepted", cases[i].why);
	}
}

static void warned(void **state)
{
	assert_null(tag_warning(35));
	assert_non_null(tag_warning(36));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rules), cmocka_unit_test(warned) };

	return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
