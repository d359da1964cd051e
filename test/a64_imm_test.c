/* a64_imm_test.c - constants, branch offsets and host features, each against a definition of its own. */
#define A64_CHECK
#include "a64/a64.h"
#include "a64/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static u64 random_state = 0x9e3779b97f4a7c15;

static u64 rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1d >> 16 | random_state << 48;
}

static int below(int n) { return (int)(rnd() % (unsigned)n); }

static int compare(const void *x, const void *y)
{
	return *(const u64 *)x < *(const u64 *)y ? -1 : *(const u64 *)x > *(const u64 *)y;
}

/* All 5334 patterns, made from their definition: a run of ones, turned, in an element, repeated. */
static void test_logic(void **state)
{
	static u64 all[6000];
	size_t count = 0;

	(void)state;
	for (int size = 2; size <= 64; size *= 2) {
		for (int ones = 1; ones < size; ones++) {
			for (int turn = 0; turn < size; turn++) {
				u64 x = 0;

				for (int bit = 0; bit < 64; bit++)
					x |= (u64)((bit + turn) % size < ones) << bit;
				all[count++] = x;
			}
		}
	}
	qsort(all, count, sizeof *all, compare);
	assert_int_equal(count, 5334);
	for (size_t i = 0; i < count; i++) {
		for (int bit = -1; bit < 64; bit++) {           /* and its neighbours, which mostly are none */
			u64 x = bit < 0 ? all[i] : all[i] ^ 1ull << bit, y = 0;
			bool is = bsearch(&x, all, count, sizeof x, compare);
			u32 field = 0;

			assert_int_equal(a_encode_logic(8, x, &field), is);
			if (is)
				assert_true(a_decode_logic(8, field, &y) && x == y);
			if ((u32)x == x >> 32) {
				assert_int_equal(a_encode_logic(4, x & 0xffffffff, &field), is);
				if (is)
					assert_true(a_decode_logic(4, field, &y) && (u32)x == y);
			}
		}
	}
}

static u64 interpret(const u32 *p, int count)
{
	u64 x = 0xdeadbeefdeadbeef;             /* nothing may depend on what was there */

	for (int i = 0; i < count; i++) {
		int shift = 16 * (p[i] >> 21 & 3);
		u64 imm = (u64)(p[i] >> 5 & 0xffff) << shift;

		switch (p[i] >> 23 & 0xff) {
		case 0xa5: x = imm; break;
		case 0x25: x = ~imm; break;
		case 0xe5: x = (x & ~(0xffffull << shift)) | imm; break;
		case 0x64:
			assert_int_equal(p[i] >> 5 & 31, 31);
			assert_true(a_decode_logic(p[i] >> 31 ? 8 : 4, p[i], &x));
			break;
		default: fail_msg("%08x", p[i]);
		}
		if (!(p[i] >> 31))
			x &= 0xffffffff;
	}
	return x;
}

static void test_mov(void **state)
{
	static const u16 halves[] = { 0, 0xffff, 1, 0x8000, 0x5555, 0x1234, 0xff00, 0x7fff };
	static const struct { u64 x; int words; } counts[] = {
		{ 0, 1 },                  { ~0ull, 1 },              { 0xffffffff, 1 },
		{ 0xffffffff00000000, 1 }, { 0x1234, 1 },             { 0x12340000, 1 },
		{ 0xffff1234, 1 },         { 0xfffffffffffffffe, 1 }, { 0x5555555555555555, 1 },
		{ 0x0000800000000000, 1 }, { 0x7ffffffffffff000, 1 }, { 0x12345678, 2 },
		{ 0x5555555555551234, 2 }, { 0xffff12345678ffff, 2 }, { 0x5555123455555678, 3 },
		{ 0x00ff00ff12340000, 3 }, { 0x123456789abcdef0, 4 },
	};
	u32 p[4];
	struct code code = { p, p + 4, 0 };

	(void)state;
	for (size_t i = 0; i < countof(counts); i++)
		assert_int_equal(a_mov_plan(8, counts[i].x, p), counts[i].words);
	for (int i = 0; i < 300000; i++) {
		u64 x = 0;
		int k;

		for (int h = 0; h < 4; h++)
			x = x << 16 | (below(4) ? halves[below(8)] : rnd() & 0xffff);
		k = a_mov_plan(8, x, p);
		assert_in_range(k, 1, 4);
		if (interpret(p, k) != x)
			fail_msg("mov %llx", (unsigned long long)x);
		k = a_mov_plan(4, x, p);
		assert_in_range(k, 1, 2);
		if (interpret(p, k) != (u32)x)
			fail_msg("mov w %llx", (unsigned long long)x);
		code.p = p;
		a_mov_i(&code, 8, 17, x);
		assert_int_equal(p[0] & 31, 17);
	}
}

static void test_branches(void **state)
{
	static u32 buf[1 << 20];
	struct code local = { buf, buf + countof(buf), 0 };
	u32 *site;
	s64 off = 0;

	(void)state;
#define BIND(call) \
	do { \
		local.p = site = buf + 3; \
		call; \
		assert_ptr_equal(local.p, site + 1); \
		local.p = buf + 1003; \
		assert_true(a_bind(&local, site) && a_offset(*site, &off) && off == 4000); \
		assert_true(a_patch(site, buf) && a_offset(*site, &off) && off == -12); \
	} while (0)
	BIND(a_b(&local, 0));
	BIND(a_bl(&local, 0));
	BIND(a_bcond(&local, CC_GT, 0));
	BIND(a_cbz(&local, 8, 3, 0));
	BIND(a_cbnz(&local, 4, 3, 0));
	BIND(a_tbz(&local, 3, 63, 0));
	BIND(a_tbnz(&local, 3, 0, 0));
	BIND(a_adr(&local, 3, 0));
	BIND(a_ldr_lit(&local, 8, 3, 0));

	local.p = site = buf;
	a_tbz(&local, 3, 5, 0);
	assert_true(a_patch(site, site + 8191));
	assert_false(a_patch(site, site + 8192));
	assert_true(a_offset(*site, &off) && off == 4 * 8191);
	*site = 0xd503201f;                     /* nop has no target */
	assert_false(a_patch(site, site + 1));
	assert_int_equal(*site, 0xd503201f);
	assert_int_equal(a_invert(CC_HI), CC_LS);
}

static void test_fits(void **state)
{
	(void)state;
	assert_true(a_fits_arith(4095) && a_fits_arith(0xfff000) && a_fits_arith(0));
	assert_false(a_fits_arith(4097) || a_fits_arith(0x1000000) || a_fits_arith(-1ull));
	assert_true(a_fits_mem(8, 32760) && a_fits_mem(8, -256) && a_fits_mem(8, 255) && a_fits_mem(16, 65520));
	assert_false(a_fits_mem(8, 32768) || a_fits_mem(8, -257) || a_fits_mem(8, 257) || a_fits_mem(1, 4096));
	assert_true(a_fits_pair(8, -512) && a_fits_pair(8, 504) && !a_fits_pair(8, 512) && !a_fits_pair(8, 4));
	assert_int_equal(a_encode_fp(8, 0x3ff0000000000000), 0x70);
	assert_true(a_encode_fp(4, 0x3dcccccd) < 0 && a_encode_fp(8, 0) < 0);
}

static void test_host(void **state)
{
	struct host_id id = { .has_cpuid = true, .ctr = 0x8444c004, .dczid = 4, .hwcap = -1ull };
	char names[256];
	u64 f;

	(void)state;
	id.reg[ID_ISAR0] = 0x0000100010211120;  /* DP, RDM, LSE, CRC32, SHA2, SHA1, AES + PMULL: a Neoverse N1 */
	id.reg[ID_ISAR1] = 0x0000000000100001;  /* LRCPC */
	id.reg[ID_PFR0] = 0x0000000000110000;   /* FP16 */
	f = host_features(&id);
	assert_int_equal(f, HOST_LSE | HOST_CRC32 | HOST_AES | HOST_PMULL | HOST_SHA1 | HOST_SHA2 | HOST_RDM |
	                    HOST_DOTPROD | HOST_LRCPC | HOST_FP16);
	id.reg[ID_PFR0] = 0x0000000000ff0000;   /* no FP at all */
	assert_false(host_features(&id) & HOST_FP16);
	id.reg[ID_ISAR1] = 0x0000001100210000;
	id.reg[ID_ISAR2] = 0x0010000000010000;
	id.reg[ID_MMFR1] = 1ull << 44;
	f = host_features(&id);
	assert_int_equal(f & (HOST_FCMA | HOST_LRCPC2 | HOST_FRINTTS | HOST_SB | HOST_MOPS | HOST_CSSC | HOST_AFP),
	                 HOST_FCMA | HOST_LRCPC2 | HOST_FRINTTS | HOST_SB | HOST_MOPS | HOST_CSSC | HOST_AFP);

	id.has_cpuid = false;                   /* then only AT_HWCAP counts */
	id.hwcap = 1 << 8 | 1 << 15;
	id.hwcap2 = 1 << 20 | 1ull << 43 | 1 << 7;
	assert_int_equal(host_features(&id), HOST_LSE | HOST_LRCPC | HOST_AFP | HOST_MOPS);     /* no flagm, no flagm2 */

	f = HOST_LSE | HOST_LRCPC | HOST_LRCPC2 | HOST_AFP;
	assert_true(host_mask(&f, "-lrcpc, -afp"));
	assert_int_equal(f, HOST_LSE);
	assert_false(host_mask(&f, "-lse,-nonesuch"));
	assert_int_equal(f, HOST_LSE);
	assert_true(host_mask(&f, "-all,+aes,sb"));
	assert_int_equal(f, HOST_AES | HOST_SB);
	assert_int_equal(host_names(names, sizeof names, f), 6);
	assert_string_equal(names, "aes,sb");
	assert_true(host_mask(&f, "all") && f == (HOST_ALL & ~HOST_TSO));
	assert_true(host_mask(&f, ""));

	assert_int_equal(host_dline(&id), 64);
	assert_int_equal(host_iline(&id), 64);
	assert_true(host_must_clean(&id) && host_must_discard(&id));
	assert_int_equal(host_zva(&id), 64);
	id.dczid = 0x14;
	assert_int_equal(host_zva(&id), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logic), cmocka_unit_test(test_mov), cmocka_unit_test(test_branches),
		cmocka_unit_test(test_fits), cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
