/* split_test.c - the guest's 4 KiB pages on a host with pages of 16 KiB: mem_test.c's comparison with the kernel, on a kernel made
 * to refuse what one with such pages refuses; and what cannot be had there.
 */
#define HOST_PAGE 16384
#include "mem_test.c"

static s64 anon(gaddr a, u64 len, u32 flags) { return rt_mmap(a, len, 3, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0); }

/* Maps that we place have host pages of their own, at an address that goes with the offset: none is a copy. */
static void test_placed(void **state)
{
	s64 a = anon(0, 4096, 0), b = anon(0, 4096, 0), f = rt_mmap(0, P(2), 3, MAP_SHARED, file_rw, P(3));

	(void)state;
	assert_true(a > 0 && b > 0 && !(a & (HOST_PAGE - 1)) && a - b >= HOST_PAGE);
	assert_int_equal(f & (HOST_PAGE - 1), P(3));
	*(volatile u32 *)(f + 8) = 0x57e1e;
	u32 got = 0;
	assert_int_equal(pread(file_rw, &got, 4, P(3) + 8), 4);
	assert_int_equal(got, 0x57e1e);
	rt_munmap(a, 4096);
	rt_munmap(b, 4096);
	rt_munmap(f, P(2));
}

/* An ELF file's segments: the second begins in the middle of a host page, at an offset that does not go with it. */
static void test_segments(void **state)
{
	u8 bytes[3] = { 1, 2, 3 };
	gaddr a = 0x123450000000;

	(void)state;
	for (int i = 0; i < 3; i++) assert_int_equal(pwrite(file_rw, bytes + i, 1, P(i)), 1);
	assert_int_equal(rt_mmap(a, P(5), 5, MAP_PRIVATE | MAP_FIXED, file_ro, 0), (s64)a);
	assert_int_equal(rt_mmap(a + P(2), P(3), 3, MAP_PRIVATE | MAP_FIXED, file_ro, P(1)), (s64)(a + P(2)));
	assert_int_equal(*(volatile u8 *)a, 1);
	assert_int_equal(*(volatile u8 *)(a + P(1)), 2);
	assert_int_equal(*(volatile u8 *)(a + P(2)), 2);
	assert_int_equal(*(volatile u8 *)(a + P(3)), 3);
	/* text beside data that is written: no code of it is dropped for that */
	mem_track(a, a + P(1));
	*(volatile u8 *)(a + P(2)) = 7;
	assert_true(mem_tracked(a));
	mem_untrack(a, a + P(1));
	/* what is thrown away comes back as zeros, also in a part of a page */
	assert_int_equal(anon(a + P(1), 4096, MAP_FIXED), (s64)(a + P(1)));
	*(volatile u8 *)(a + P(1)) = 9;
	assert_int_equal(rt_madvise(a + P(1), 4096, MADV_DONTNEED), 0);
	assert_int_equal(*(volatile u8 *)(a + P(1)), 0);
	assert_int_equal(*(volatile u8 *)(a + P(2)), 7);
	assert_int_equal(rt_munmap(a, P(5)), 0);
}

/* Memory that others may write cannot be a copy: refused, and what was there is as it was. */
static void test_shared(void **state)
{
	gaddr a = 0x123460000000;

	(void)state;
	assert_int_equal(anon(a, P(8), MAP_FIXED), (s64)a);
	*(volatile u32 *)(a + P(1)) = 5;
	assert_int_equal(rt_mmap(a + P(1), P(1), 3, MAP_SHARED | MAP_FIXED, file_rw, P(1)), -EINVAL);
	assert_int_equal(rt_mmap(a + P(4), P(4), 3, MAP_SHARED | MAP_FIXED, file_rw, P(1)), -EINVAL);
	assert_int_equal(*(volatile u32 *)(a + P(1)), 5);
	assert_int_equal(rt_mmap(a + P(4), P(4), 3, MAP_SHARED | MAP_FIXED, file_rw, P(4)), (s64)(a + P(4)));
	assert_int_equal(anon(a + P(5), P(1), MAP_FIXED), -EINVAL);
	/* for reading only, as programs map their data files, a copy will do */
	assert_int_equal(rt_mmap(a + P(1), P(1), 1, MAP_SHARED | MAP_FIXED, file_ro, P(1)), (s64)(a + P(1)));
	assert_int_equal(rt_munmap(a, P(8)), 0);
}

static void test_brk_parts(void **state)
{
	gaddr a;

	(void)state;
	mem_brk_init(0x200000001000);
	a = rt_brk(0);
	assert_int_equal(a & (HOST_PAGE - 1), 0);
	assert_int_equal(rt_brk(a + P(3)), a + P(3));
	*(volatile int *)(a + P(2)) = 1;
	assert_int_equal(rt_brk(a + P(1)), a + P(1));
	assert_int_equal(rt_brk(a + P(3)), a + P(3));
	assert_int_equal(*(volatile int *)(a + P(2)), 0);
	assert_int_equal(rt_brk(a), a);
}

int main(int argc, char **argv)
{
	if (argc > 1) seed = strtoul(argv[1], 0, 0);
	if (argc > 2) steps = atoi(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_placed), cmocka_unit_test(test_segments), cmocka_unit_test(test_shared),
		cmocka_unit_test(test_brk_parts), cmocka_unit_test(test_random), cmocka_unit_test(test_stack),
	};

	return cmocka_run_group_tests(tests, setup, 0);
}
