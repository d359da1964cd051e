/* syscall_test.c - syscall.def against the kernel's own headers: each number of unistd_64.h has its row and each row
 * its number, what is passed exists on ARM64, and the words of every row say how much memory a call writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "../src/sys/word.c"

enum { PASSED, SAME_NR, CALLED, NOT_THERE };
static const struct row { int nr, kind; const char *name, *words; } rows[] = {
#define PASS(nr, name, words) { nr, PASSED, #name, words },
#define SAME(nr, name, words) { nr, SAME_NR, #name, words },
#define CALL(nr, name, words) { nr, CALLED, #name, words },
#define NONE(nr, name)        { nr, NOT_THERE, #name, "" },
#include "sys/syscall.def"
};

/* The headers that tool/setup unpacks; without them the machine's own, which may be older. */
#define HEADERS "build/linux-headers/usr/include/"
struct table { int n; bool newest; struct { int nr; char name[40]; } v[1000]; };

static bool read_header(struct table *t, const char *path, bool newest)
{
	char line[200];
	FILE *f = fopen(path, "r");
	if (!f)
		return false;
	t->newest = newest;
	while (t->n < 1000 && fgets(line, sizeof line, f))
		t->n += sscanf(line, "#define __NR_%39s %d", t->v[t->n].name, &t->v[t->n].nr) == 2;
	fclose(f);
	return t->n > 300;
}

static const struct row *row_of(int nr)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (rows[i].nr == nr)
			return &rows[i];
	return 0;
}

static int number_of(const struct table *t, const char *name)
{
	for (int i = 0; i < t->n; i++)
		if (!strcmp(t->v[i].name, name))
			return t->v[i].nr;
	return -1;
}

static void numbers(void **state)
{
	static struct table t;
	if (!read_header(&t, HEADERS "x86_64-linux-gnu/asm/unistd_64.h", true) &&
	    !read_header(&t, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", false) &&
	    !read_header(&t, "/usr/x86_64-linux-gnu/include/asm/unistd_64.h", false))
		fail_msg("no unistd_64.h of x86-64: run tool/setup");
	for (int i = 0; i < t.n; i++) {
		const struct row *r = row_of(t.v[i].nr);
		if (!r)
			fail_msg("%s, %d: no row", t.v[i].name, t.v[i].nr);
		assert_string_equal(r->name, t.v[i].name);
	}
	for (size_t i = 0; i < countof(rows); i++)
		if (t.newest || number_of(&t, rows[i].name) >= 0)
			assert_int_equal(number_of(&t, rows[i].name), rows[i].nr);
}

static void on_arm64(void **state)
{
	static struct table t;
	if (!read_header(&t, HEADERS "aarch64-linux-gnu/asm/unistd_64.h", true)) {
		print_message("no unistd_64.h of ARM64 under " HEADERS ": run tool/setup\n");
		skip();
	}
	for (size_t i = 0; i < countof(rows); i++) {
		const struct row *r = &rows[i];
		if (r->kind == PASSED && (r->nr >= 424 || number_of(&t, r->name) < 0))
			fail_msg("%s: not to be passed by its name", r->name);
		if (r->kind == SAME_NR)
			assert_int_equal(number_of(&t, r->name), r->nr);
	}
}

static void once(void **state)
{
	for (size_t i = 1; i < countof(rows); i++)
		if (rows[i].nr <= rows[i - 1].nr)
			fail_msg("%s: out of order", rows[i].name);
}

/* What follows a buffer, or comes before it, says how long it is. */
static bool sized(const struct sys_plan *p, int i)
{
	int next = i + 1 < p->n ? p->word[i + 1] : W_NONE;
	switch (p->word[i]) {
	case W_buf:      return next == W_size || next == W_len;
	case W_sockaddr: return next == W_len || (next == W_socklen && p->way[i + 1] == WAY_INOUT);
	case W_before:   return i > 0 && p->word[i - 1] == W_len;
	case W_ints:     return i > 0 && p->word[i - 1] == W_int;
	case W_iov: case W_mmsg: case W_pollfd: return next == W_ulong || next == W_uint;
	case W_msgbuf:   return next == W_size;
	default:         return sys_words[p->word[i]].size > 0;
	}
}

static void words(void **state)
{
	for (size_t i = 0; i < countof(rows); i++) {
		struct sys_plan p;
		if (!sys_plan(&p, rows[i].words))
			fail_msg("%s: \"%s\" has a word that word.def has not, or too many", rows[i].name, rows[i].words);
		assert_in_range(__builtin_popcount(p.path), 0, 2);      /* call.c has room for two */
		for (int k = 0; k < p.n; k++)
			if (p.way[k] && !sized(&p, k))
				fail_msg("%s: argument %d has no size", rows[i].name, k + 1);
		for (int k = 0; k < p.n; k++)
			if (p.word[k] == W_dir && (k + 1 == p.n || !(p.path >> (k + 1) & 1)))
				fail_msg("%s: a dir without its path", rows[i].name);
	}
}

static void plans(void **state)
{
	struct sys_plan p;
	assert_true(sys_plan(&p, "fd >buf size"));
	assert_int_equal(p.n, 3);
	assert_int_equal(p.s32, 1);
	assert_int_equal(p.out, 2);
	assert_true(sys_plan(&p, "dir lpath mode atflags +int"));
	assert_int_equal(p.s32, 1);
	assert_int_equal(p.u32, 4 | 8);
	assert_int_equal(p.path, 2);
	assert_int_equal(p.out, 16);
	assert_true(sys_plan(&p, ""));
	assert_int_equal(p.n, 0);
	assert_false(sys_plan(&p, "fd nonsense"));
	assert_false(sys_plan(&p, "fd fd fd fd fd fd fd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(on_arm64), cmocka_unit_test(once), cmocka_unit_test(words),
		cmocka_unit_test(plans),
	};
	return cmocka_run_group_tests_name("syscall.def", tests, 0, 0);
}
