/* options_test.c - the command line: plain, by binfmt_misc with each of its flags, and what stele starts itself with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "base.h"

#define RT_HOST_H
#define host_call(...) fake_call(__VA_ARGS__, 0, 0, 0, 0)
static s64 fake_call(long nr, ...);
static jmp_buf died;
static char said[300];

#include "../src/rt/options.c"

char **rt_host_envp;

/* What comes here from what is tested. */
static s64 fake_call(long nr, ...)
{
	va_list ap;
	int status;

	va_start(ap, nr);
	status = va_arg(ap, int);
	va_end(ap);
	if (nr == __NR_getcwd) return -1;
	assert_int_equal(nr, __NR_exit_group);
	longjmp(died, 1000 + status);
}
void rt_print(int fd, const char *f, ...)
{
	va_list ap;

	(void)fd;
	va_start(ap, f);
	vsnprintf(said + strlen(said), sizeof said - strlen(said), f, ap);
	va_end(ap);
}
int rt_format(char *out, size_t size, const char *f, ...)
{
	va_list ap;
	int n;

	va_start(ap, f);
	n = vsnprintf(out, size, f, ap);
	va_end(ap);
	return n;
}
void rt_die(int status, const char *f, ...) { (void)f; longjmp(died, status); }

static struct start s;
static char *words[40];

/* argv from words, the last one null. Returns 0, or the exit status. */
static int try_env(char **env, u64 at_flags, s64 execfd, bool secure, ...)
{
	va_list ap;
	volatile int n = 0;
	int e = 0;

	va_start(ap, secure);
	while ((words[n] = va_arg(ap, char *))) n++;
	va_end(ap);
	memset(&rt_opt, 0, sizeof rt_opt);
	opt_argv0 = opt_execfd = opt_execclose = opt_binfmt = 0;
	rt_host_envp = env;
	said[0] = 0;
	e = setjmp(died);
	if (!e) options_read(&s, n, words, "/bin/stele", at_flags, execfd, secure);
	return e;
}
static char *no_env[] = { 0 };
#define plain(...)  try_env(no_env, 0, -1, false, __VA_ARGS__, (char *)0)

static void test_plain(void **state)
{
	(void)state;
	assert_int_equal(plain("stele", "prog", "-x", "b"), 0);
	assert_string_equal(s.path, "prog");
	assert_string_equal(s.argv[0], "prog");
	assert_string_equal(s.argv[1], "-x");
	assert_int_equal(s.fd, -1);
	assert_false(s.binfmt);
	assert_null(rt_opt.hex);
	assert_int_equal(plain("stele", "-L", "/root", "--order=tso", "-0name", "--strace", "1", "--", "-prog", "a"), 0);
	assert_string_equal(rt_opt.root, "/root");
	assert_string_equal(rt_opt.order, "tso");
	assert_string_equal(rt_opt.strace, "1");
	assert_string_equal(s.path, "-prog");
	assert_string_equal(s.argv[0], "name");
	assert_string_equal(s.argv[1], "a");
	assert_int_equal(plain("stele", "-x", "48 01 c8"), 0);
	assert_string_equal(rt_opt.hex, "48 01 c8");
}

static void test_wrong(void **state)
{
	(void)state;
	assert_int_equal(plain("stele"), 125);
	assert_int_equal(plain("stele", "-L"), 125);
	assert_int_equal(plain("stele", "-L", "dir"), 125);
	assert_int_equal(plain("stele", "--rootx=3", "p"), 125);
	assert_int_equal(plain("stele", "-q", "p"), 125);
	assert_int_equal(plain("stele", "--help"), 1000);
	assert_non_null(strstr(said, "--root=DIR"));
	assert_null(strstr(said, "exec-fd"));
	assert_int_equal(plain("stele", "--version"), 1000);
	assert_non_null(strstr(said, STELE_VERSION));
}

static void test_binfmt(void **state)
{
	(void)state;
	/* P: path, then the program's argv[0] */
	assert_int_equal(try_env(no_env, 1, -1, false, "/usr/bin/stele", "/bin/-x", "-sh", "-c", "true", (char *)0), 0);
	assert_string_equal(s.path, "/bin/-x");
	assert_string_equal(s.argv[0], "-sh");
	assert_string_equal(s.argv[1], "-c");
	assert_true(s.binfmt && options_binfmt());
	/* P, and the program was started with no argv at all */
	assert_int_equal(try_env(no_env, 1, -1, false, "/usr/bin/stele", "/bin/x", (char *)0), 0);
	assert_null(s.argv[0]);
	/* O or C: the descriptor, and the path is argv[0] */
	assert_int_equal(try_env(no_env, 0, 5, false, "/usr/bin/stele", "-rel", "--help", (char *)0), 0);
	assert_string_equal(s.path, "-rel");
	assert_string_equal(s.argv[0], "-rel");
	assert_string_equal(s.argv[1], "--help");
	assert_int_equal(s.fd, 5);
	assert_true(s.close_fd);
	/* POC together */
	assert_int_equal(try_env(no_env, 1, 3, false, "/usr/bin/stele", "/bin/x", "x", (char *)0), 0);
	assert_int_equal(s.fd, 3);
	assert_string_equal(s.argv[0], "x");
	/* none of them, or F alone: AT_EXECFN is the program, and no word of it is ours */
	assert_int_equal(plain("/usr/bin/stele", "/bin/stele", "--help"), 0);
	assert_string_equal(s.argv[0], "/bin/stele");
	assert_string_equal(s.argv[1], "--help");
	assert_true(options_binfmt());
	/* as typed */
	assert_int_equal(plain("/usr/bin/stele", "/bin/x", "a"), 0);
	assert_string_equal(s.argv[0], "/bin/x");
	assert_false(options_binfmt());
}

static void test_environment(void **state)
{
	char *env[] = { "A=b", "STELE_ORDER=tso", "STELE_STATS=", "STELE_ROOT=/r", "STELE_CPU_VENDOR=GenuineIntel", 0 };

	(void)state;
	assert_int_equal(try_env(env, 0, -1, false, "stele", "--root=/other", "p", (char *)0), 0);
	assert_string_equal(rt_opt.order, "tso");
	assert_string_equal(rt_opt.root, "/other");
	assert_string_equal(rt_opt.vendor, "GenuineIntel");
	assert_null(rt_opt.stats);
	/* a set-id program's caller has nothing to say */
	assert_int_equal(try_env(env, 1, -1, true, "stele", "/bin/su", "su", (char *)0), 0);
	assert_null(rt_opt.order);
	assert_null(rt_opt.root);
}

/* What options_again says is what options_read understands. */
static void test_again(void **state)
{
	const char *v[40] = { "stele" };
	char buf[1000], long_name[5000], *w[40];
	int n;

	(void)state;
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = 0;
	assert_int_equal(plain("stele", "-L", "/root", "--fp=exact", "-0", "old", "prog"), 0);
	n = options_again(v + 1, 30, buf, sizeof buf, 7, true, long_name);
	assert_true(n > 0);
	assert_string_equal(v[n], "--");
	v[++n] = "-next";
	v[++n] = "arg";
	memcpy(w, v, sizeof w);
	memset(&rt_opt, 0, sizeof rt_opt);
	opt_argv0 = opt_execfd = opt_execclose = 0;
	options_read(&s, n + 1, w, "/bin/stele", 0, -1, false);
	assert_string_equal(s.path, "-next");
	assert_string_equal(s.argv[0], long_name);
	assert_string_equal(s.argv[1], "arg");
	assert_int_equal(s.fd, 7);
	assert_true(s.close_fd);
	assert_string_equal(rt_opt.root, "/root");
	assert_string_equal(rt_opt.fp, "exact");
	assert_int_equal(options_again(v, 30, buf, 10, 7, true, ""), -7);
	assert_int_equal(options_again(v, 3, buf, sizeof buf, 7, true, ""), -7);
	n = options_again(v, 30, buf, sizeof buf, -1, true, "");
	for (int i = 0; i < n; i++) assert_null(strstr(v[i], "exec"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_wrong), cmocka_unit_test(test_binfmt),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
