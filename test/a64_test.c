/* a64_test.c - the assembler and its text, with the GNU assembler as the oracle.
 *
 * Every function of a64.h is called with many operands, each call beside the assembler text it stands for; the text
 * goes through as, and the words must be the same. Then every word's own text (text.c) goes the same way, and so do
 * random words. For a64_*.def a shape here writes the texts of all its rows: a new row is tested by being there.
 */
#define A64_CHECK
#include "a64/a64.h"
#include "a64/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { MAX = 1 << 20, ROUNDS = 6 };
static u32 word[MAX];                   /* what the functions made */
static struct code code = { word, word + MAX, 0 };
static struct code *const c = &code;
static FILE *src;                       /* what they stand for */

static u64 random_state = 0x9e3779b97f4a7c15;

static u64 rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1d >> 16 | random_state << 48;
}

static int below(int n) { return (int)(rnd() % (unsigned)n); }

/* ---- the assembler */

static char dir[] = "/tmp/a64_test.XXXXXX";

static char *path(const char *name)
{
	static char buf[4][64];
	static int n;

	snprintf(buf[n = (n + 1) & 3], sizeof buf[0], "%s/%s", dir, name);
	return buf[n];
}

static void open_source(void)
{
	src = fopen(path("t.s"), "w");
	assert_non_null(src);
	fprintf(src, ".arch armv9.3-a+crypto+sha3+crc+rng+mops+cssc+i8mm+fp16+flagm\n.text\n"
	             ".global _start\n_start:\n");
}

static const char *tool(void)
{
	return system("command -v aarch64-linux-gnu-as >/dev/null") ? "" : "aarch64-linux-gnu-";
}

/* Assembles the source and compares; tells the lines that differ. */
static void check_source(const u32 *want, size_t n)
{
	char cmd[512], line[128];
	size_t bad = 0, got = 0;
	FILE *f, *s;
	u32 x;

	fclose(src);
	snprintf(cmd, sizeof cmd, "cd %s && %sas --no-warn -o t.o t.s && %sld -Ttext=0x10000 -o t.elf t.o && "
	         "%sobjcopy -O binary -j .text t.elf t.bin", dir, tool(), tool(), tool());
	assert_int_equal(system(cmd), 0);
	f = fopen(path("t.bin"), "r");
	s = fopen(path("t.s"), "r");
	assert_true(f && s);
	for (int i = 0; i < 4; i++)
		assert_non_null(fgets(line, sizeof line, s));
	for (; got < n && fread(&x, 4, 1, f) == 1; got++) {
		assert_non_null(fgets(line, sizeof line, s));
		if (x != want[got] && bad++ < 20)
			print_error("ours %08x, as %08x: %s", want[got], x, line);
	}
	assert_int_equal(bad, 0);
	assert_int_equal(got, n);
	assert_int_equal(fread(&x, 1, 1, f), 0);
	fclose(f);
	fclose(s);
}

/* ---- operands as text */

static char *fmt(const char *f, ...)
{
	static char buf[64][96];
	static int n;
	va_list ap;

	n = (n + 1) & 63;
	va_start(ap, f);
	vsnprintf(buf[n], sizeof buf[n], f, ap);
	va_end(ap);
	return buf[n];
}

static char *R(int w, int r) { return r == 31 ? w == 8 ? "xzr" : "wzr" : fmt("%c%d", w == 8 ? 'x' : 'w', r); }
static char *S(int w, int r) { return r == 31 ? w == 8 ? "sp" : "wsp" : R(w, r); }
static char letter(int w)    { return "bhsdq"[__builtin_ctz(w)]; }
static char *F(int w, int r) { return fmt("%c%d", letter(w), r); }
static char *V(int T, int r)
{
	static const char *const names[] = { "8b", "16b", "4h", "8h", "2s", "4s", "1d", "2d", "", "1q" };

	return T & 16 ? F(a_width(T), r) : fmt("v%d.%s", r, names[T]);
}
static char *L(int w, int r, int i) { return fmt("v%d.%c[%d]", r, letter(w), i); }
static const char *sz(int w) { return w == 1 ? "b" : w == 2 ? "h" : ""; }       /* in a mnemonic */
static const char *szs(int w) { return w == 4 ? "w" : sz(w); }

static const char *const cc_name[] = { "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                       "hi", "ls", "ge", "lt", "gt", "le", "al" };
static const char *const shift_name[] = { "lsl", "lsr", "asr", "ror" };
static const char *const ext_name[] = { "uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx" };

/* One call and its text; a mnemonic of two words (dc_cvau) has a blank for the underscore */
#define SAY(call, ...)   do { call; say(__VA_ARGS__); } while (0)
#define WIDTHS(lo, hi)   for (int w = lo; w <= hi; w *= 2)
#define EACH_T(set) \
	for (int T = 0; T < 32; T++) for (bool in = (u32)(set) >> T & 1; in; in = false)

static int d, n, m, a, cc;              /* operands of this round */

static void say(const char *f, ...)
{
	char line[128];
	va_list ap;

	va_start(ap, f);
	vsnprintf(line, sizeof line, f, ap);
	va_end(ap);
	fprintf(src, "%s\n", line);
}

static char *blank(const char *name)
{
	char *s = fmt("%s", name);

	*strchr(s, '_') = ' ';
	return s;
}

static void draw(int round)
{
	d = round == 1 ? 31 : below(31);
	n = round == 2 ? 31 : below(31);
	m = round == 3 ? 31 : below(31);
	a = round == 4 ? 31 : below(31);
	cc = below(14);
}

/* ---- the rows of a64_*.def */

static u64 some_logic(int w)            /* a random logical immediate */
{
	u64 x;

	while (!a_decode_logic(w, (u32)rnd(), &x))
		;
	return x;
}

static u64 some_arith(void)             { return (u64)below(4096) << (below(2) ? 12 : 0); }
static int ext_width(int w, int ext)    { return w == 8 && (ext & 3) == 3 ? 8 : 4; }
static int wide(int T)                  { return (T | 1) + 2; }         /* V8B, V16B -> V8H */

#define WORD(name, op)      SAY(a_##name(c), #name);
#define EXCEPTION(name, op) { int k = below(65536); SAY(a_##name(c, k), #name " #%d", k); }
#define SYSOP(name, op)     SAY(a_##name(c, d), "%s, %s", blank(#name), R(8, d));
#define SYSREG(name, ...)   SAY(a_mrs(c, d, SR_##name), "mrs %s, " #name, R(8, d));
#define RR(name, op)        WIDTHS(4, 8) SAY(a_##name(c, w, d, n), #name " %s, %s", R(w, d), R(w, n));
#define RRR(name, op) \
	WIDTHS(4, 8) SAY(a_##name(c, w, d, n, m), #name " %s, %s, %s", R(w, d), R(w, n), R(w, m));
#define RRRR(name, op) \
	WIDTHS(4, 8) \
		SAY(a_##name(c, w, d, n, m, a), #name " %s, %s, %s, %s", R(w, d), R(w, n), R(w, m), R(w, a));
#define XWWX(name, op) \
	SAY(a_##name(c, d, n, m, a), #name " %s, %s, %s, %s", R(8, d), R(4, n), R(4, m), R(8, a));
#define XXX(name, op)  SAY(a_##name(c, d, n, m), #name " %s, %s, %s", R(8, d), R(8, n), R(8, m));
#define CRC(name, op, mw) \
	SAY(a_##name(c, d, n, m), #name " %s, %s, %s", R(4, d), R(4, n), R(*#mw == 'X' ? 8 : 4, m));
#define CSSC(name, op, opi, lo, hi) \
	RRR(name, op) \
	WIDTHS(4, 8) { \
		int k = (lo) + below((hi) - (lo) + 1); \
		SAY(a_##name##_i(c, w, d, n, k), #name " %s, %s, #%d", R(w, d), R(w, n), k); \
	}
#define SELECT(name, op) \
	WIDTHS(4, 8) \
		SAY(a_##name(c, w, d, n, m, cc), #name " %s, %s, %s, %s", R(w, d), R(w, n), R(w, m), cc_name[cc]);
#define CCOMPARE(name, op) \
	WIDTHS(4, 8) { \
		int k = below(16), i = below(32); \
		SAY(a_##name(c, w, n, m, k, cc), #name " %s, %s, #%d, %s", R(w, n), R(w, m), k, cc_name[cc]); \
		SAY(a_##name##_i(c, w, n, i, k, cc), #name " %s, #%d, #%d, %s", R(w, n), i, k, cc_name[cc]); \
	}
#define BITFIELD(name, op) \
	WIDTHS(4, 8) { \
		int i = below(8 * w), k = below(8 * w); \
		SAY(a_##name(c, w, d, n, i, k), #name " %s, %s, #%d, #%d", R(w, d), R(w, n), i, k); \
	}
#define MOVEW(name, op) \
	WIDTHS(4, 8) { \
		int i = below(65536), k = 16 * below(w / 2); \
		SAY(a_##name(c, w, d, i, k), #name " %s, #%d, lsl #%d", R(w, d), i, k); \
	}
#define SHIFTED(name, kinds) \
	WIDTHS(4, 8) { \
		int i = below(kinds), k = below(8 * w); \
		SAY(a_##name(c, w, d, n, m), #name " %s, %s, %s", R(w, d), R(w, n), R(w, m)); \
		SAY(a_##name##_sh(c, w, d, n, m, i, k), #name " %s, %s, %s, %s #%d", R(w, d), R(w, n), R(w, m), \
		    shift_name[i], k); \
	}
#define ARITH(name, op) \
	SHIFTED(name, 3) \
	WIDTHS(4, 8) { \
		int e = below(8), k = below(5), x = ext_width(w, e); \
		u64 imm = some_arith(); \
		const char *D = (op) & 0x20000000 ? R(w, d) : S(w, d); \
		SAY(a_##name##_ext(c, w, d, n, m, e, k), #name " %s, %s, %s, %s #%d", D, S(w, n), R(x, m), \
		    ext_name[e], k); \
		SAY(a_##name##_i(c, w, d, n, imm), #name " %s, %s, #%llu", D, S(w, n), (unsigned long long)imm); \
	}
#define LOGIC_N(name, op) SHIFTED(name, 4)
#define LOGIC(name, op) \
	SHIFTED(name, 4) \
	WIDTHS(4, 8) { \
		u64 imm = some_logic(w); \
		const char *D = (op) == 0x60000000 ? R(w, d) : S(w, d); \
		SAY(a_##name##_i(c, w, d, n, imm), #name " %s, %s, #0x%llx", D, R(w, n), (unsigned long long)imm); \
	}
#define MEM_TN(name, op)  WIDTHS(1, 8) SAY(a_##name(c, w, d, n), #name "%s %s, [%s]", sz(w), R(w, d), S(8, n));
#define MEM_STN(name, op) \
	WIDTHS(1, 8) SAY(a_##name(c, w, m, d, n), #name "%s %s, %s, [%s]", sz(w), R(4, m), R(w, d), S(8, n));
#define MEM_TTN(name, op) \
	WIDTHS(4, 8) SAY(a_##name(c, w, d, a, n), #name " %s, %s, [%s]", R(w, d), R(w, a), S(8, n));
#define MEM_STTN(name, op) \
	WIDTHS(4, 8) \
		SAY(a_##name(c, w, m, d, a, n), #name " %s, %s, %s, [%s]", R(4, m), R(w, d), R(w, a), S(8, n));
#define CAS(name, op) \
	WIDTHS(1, 8) SAY(a_##name(c, w, m, d, n), #name "%s %s, %s, [%s]", sz(w), R(w, m), R(w, d), S(8, n));
#define ATOMIC(name, op)  CAS(name, op)
#define CASP(name, op) \
	WIDTHS(4, 8) { \
		int s = m & 30, t = d & 30; \
		SAY(a_##name(c, w, s, t, n), #name " %s, %s, %s, %s, [%s]", R(w, s), R(w, s + 1), R(w, t), \
		    R(w, t + 1), S(8, n)); \
	}
#define MOPS(name, op)    SAY(a_##name(c, 3, 5, 7), #name " [x3]!, [x5]!, x7!");
#define MOPS_SET(name, op) \
	{ \
		int s = m == 3 || m == 5 ? 7 : m; \
		SAY(a_##name(c, 3, 5, s), #name " [x3]!, x5!, %s", R(8, s)); \
	}

#define FFF(name, op) \
	WIDTHS(2, 8) SAY(a_##name(c, w, d, n, m), #name " %s, %s, %s", F(w, d), F(w, n), F(w, m));
#define FF(name, op)   WIDTHS(2, 8) SAY(a_##name(c, w, d, n), #name " %s, %s", F(w, d), F(w, n));
#define FF_SD(name, op) WIDTHS(4, 8) SAY(a_##name(c, w, d, n), #name " %s, %s", F(w, d), F(w, n));
#define FFFF(name, op) \
	WIDTHS(2, 8) \
		SAY(a_##name(c, w, d, n, m, a), #name " %s, %s, %s, %s", F(w, d), F(w, n), F(w, m), F(w, a));
#define FCOMPARE(name, op) \
	WIDTHS(2, 8) { \
		SAY(a_##name(c, w, n, m), #name " %s, %s", F(w, n), F(w, m)); \
		SAY(a_##name##_z(c, w, n), #name " %s, #0.0", F(w, n)); \
	}
#define FCCOMPARE(name, op) \
	WIDTHS(2, 8) { \
		int k = below(16); \
		SAY(a_##name(c, w, n, m, k, cc), #name " %s, %s, #%d, %s", F(w, n), F(w, m), k, cc_name[cc]); \
	}
#define F_TO_INT(name, op) \
	WIDTHS(2, 8) for (int dw = 4; dw <= 8; dw += 4) \
		SAY(a_##name(c, dw, w, d, n), #name " %s, %s", R(dw, d), F(w, n));
#define INT_TO_F(name, op) \
	WIDTHS(4, 8) for (int dw = 2; dw <= 8; dw *= 2) \
		SAY(a_##name(c, dw, w, d, n), #name " %s, %s", F(dw, d), R(w, n));

#define V3(name, op, set) \
	EACH_T(set) SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(T, d), V(T, n), V(T, m));
#define V3Q(name, op) \
	EACH_T(T_BHSD) \
		SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(T & 1, d), V(T & 1, n), V(T & 1, m));
#define V3F(name, op, set) V3(name, op, set)
#define V2(name, op, set)  EACH_T(set) SAY(a_v##name(c, T, d, n), #name " %s, %s", V(T, d), V(T, n));
#define V2Q(name, op)      EACH_T(T_BHSD) SAY(a_v##name(c, T, d, n), #name " %s, %s", V(T & 1, d), V(T & 1, n));
#define V2F(name, op, set) V2(name, op, set)
#define V2Z(name, op, set)  EACH_T(set) SAY(a_v##name##_z(c, T, d, n), #name " %s, %s, #0", V(T, d), V(T, n));
#define V2FZ(name, op, set) EACH_T(set) SAY(a_v##name##_z(c, T, d, n), #name " %s, %s, #0.0", V(T, d), V(T, n));
#define HALVES(name, set, D, N, M) \
	EACH_T(set) \
		if (a_q(T)) \
			SAY(a_v##name##2(c, T, d, n, m), #name "2 %s, %s, %s", V(D, d), V(N, n), V(M, m)); \
		else \
			SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(D, d), V(N, n), V(M, m));
#define VLONG(name, op, set) HALVES(name, set, wide(T), T, T)
#define VWIDE(name, op)    HALVES(name, T_BHS, wide(T), wide(T), T)
#define VHIGH(name, op)    HALVES(name, T_BHS, T, wide(T), wide(T))
#define HALVES2(name, set, D, N) \
	EACH_T(set) \
		if (a_q(T)) \
			SAY(a_v##name##2(c, T, d, n), #name "2 %s, %s", V(D, d), V(N, n)); \
		else \
			SAY(a_v##name(c, T, d, n), #name " %s, %s", V(D, d), V(N, n));
#define VNARROW(name, op)  HALVES2(name, T_BHS, T, wide(T))
#define VPAIRLONG(name, op) EACH_T(T_BHS) SAY(a_v##name(c, T, d, n), #name " %s, %s", V(T + 2, d), V(T, n));
#define ACROSS (T_B | T_H | 1 << V4S)
#define VACROSS(name, op) \
	EACH_T(ACROSS) SAY(a_v##name(c, T, d, n), #name " %s, %s", F(a_width(T), d), V(T, n));
#define VACROSSLONG(name, op) \
	EACH_T(ACROSS) SAY(a_v##name(c, T, d, n), #name " %s, %s", F(2 * a_width(T), d), V(T, n));
#define VACROSSF(name, op) SAY(a_v##name(c, d, n), #name " %s, %s", F(4, d), V(V4S, n));
#define VPAIRF(name, op) \
	WIDTHS(4, 8) SAY(a_v##name##_s(c, w, d, n), #name " %s, %s", F(w, d), V(w == 8 ? V2D : V2S, n));
#define VSHIFTL(name, op, set) \
	EACH_T(set) { \
		int k = below(8 * a_width(T)); \
		SAY(a_v##name##_i(c, T, d, n, k), #name " %s, %s, #%d", V(T, d), V(T, n), k); \
	}
#define VSHIFTR(name, op, set) \
	EACH_T(set) { \
		int k = 1 + below(8 * a_width(T)); \
		SAY(a_v##name##_i(c, T, d, n, k), #name " %s, %s, #%d", V(T, d), V(T, n), k); \
	}
#define HALVES_I(name, k, D, N) \
	EACH_T(T_BHS) { \
		int i = k; \
		if (a_q(T)) \
			SAY(a_v##name##2_i(c, T, d, n, i), #name "2 %s, %s, #%d", V(D, d), V(N, n), i); \
		else \
			SAY(a_v##name##_i(c, T, d, n, i), #name " %s, %s, #%d", V(D, d), V(N, n), i); \
	}
#define VSHIFTN(name, op)    HALVES_I(name, 1 + below(8 * a_width(T)), T, wide(T))
#define VSHIFTLONG(name, op) HALVES_I(name, below(8 * a_width(T)), wide(T), T)
#define VTABLE(name, op) \
	for (int k = 1; k <= 4; k++) \
		EACH_T(T_B) \
			SAY(a_v##name(c, T, d, n, k, m), #name " %s, %s, %s", V(T, d), list(V16B, n, k), V(T, m));
#define VDOT(name, op) \
	EACH_T(T_S) SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(T, d), V(T & 1, n), V(T & 1, m));
#define VCADD(name, op) \
	EACH_T(T_FP) { \
		int rot = below(2) ? 90 : 270; \
		SAY(a_v##name(c, T, d, n, m, rot), #name " %s, %s, %s, #%d", V(T, d), V(T, n), V(T, m), rot); \
	}
#define VBYELEM_SET(name, set) \
	EACH_T(set) { \
		int w = a_width(T), k = below(16 / w), e = w == 2 ? m & 15 : m; \
		SAY(a_v##name##_e(c, T, d, n, e, k), #name " %s, %s, %s", V(T, d), V(T, n), L(w, e, k)); \
	}
#define VBYELEM(name, op)  VBYELEM_SET(name, T_H | T_S)
#define VBYELEMF(name, op) VBYELEM_SET(name, T_FP | T_VFP)
#define CRYPTO2(name, op, td, tn) SAY(a_##name(c, d, n), #name " %s, %s", V(td, d), V(tn, n));
#define CRYPTO3(name, op, td, tn, tm) \
	SAY(a_##name(c, d, n, m), #name " %s, %s, %s", V(td, d), V(tn, n), V(tm, m));
#define CRYPTO4(name, op) \
	SAY(a_##name(c, d, n, m, a), #name " %s, %s, %s, %s", V(V16B, d), V(V16B, n), V(V16B, m), V(V16B, a));

static char *list(int T, int first, int count)
{
	char *s = fmt("{%s", V(T, first));

	for (int i = 1; i < count; i++)
		s = fmt("%s, %s", s, V(T, (first + i) & 31));
	return fmt("%s}", s);
}

static void int_rows(void)
{
#include "a64/a64_int.def"
#include "a64/a64_sys.def"
}

static void mem_rows(void)
{
#include "a64/a64_mem.def"
}

static void vec_rows(void)
{
#include "a64/a64_vec.def"
}

/* ---- what is not in a64_*.def */

static void aliases(void)
{
	WIDTHS(4, 8) {
		int k = below(8 * w), i = below(3), e = below(8), z = below(5);
		int lsb = below(8 * w), len = 1 + below(8 * w - lsb);
		const char *D = R(w, d), *N = R(w, n), *M = R(w, m), *X = R(ext_width(w, e), m);
		u64 imm = some_arith(), logic = some_logic(w);

		SAY(a_cmp(c, w, n, m),              "cmp %s, %s", N, M);
		SAY(a_cmp_i(c, w, n, imm),          "cmp %s, #%llu", S(w, n), (unsigned long long)imm);
		SAY(a_cmp_sh(c, w, n, m, i, k),     "cmp %s, %s, %s #%d", N, M, shift_name[i], k);
		SAY(a_cmp_ext(c, w, n, m, e, z),    "cmp %s, %s, %s #%d", S(w, n), X, ext_name[e], z);
		SAY(a_cmn(c, w, n, m),              "cmn %s, %s", N, M);
		SAY(a_cmn_i(c, w, n, imm),          "cmn %s, #%llu", S(w, n), (unsigned long long)imm);
		SAY(a_cmn_sh(c, w, n, m, i, k),     "cmn %s, %s, %s #%d", N, M, shift_name[i], k);
		SAY(a_cmn_ext(c, w, n, m, e, z),    "cmn %s, %s, %s #%d", S(w, n), X, ext_name[e], z);
		SAY(a_neg(c, w, d, m),              "neg %s, %s", D, M);
		SAY(a_neg_sh(c, w, d, m, i, k),     "neg %s, %s, %s #%d", D, M, shift_name[i], k);
		SAY(a_negs(c, w, d, m),             "negs %s, %s", D, M);
		SAY(a_negs_sh(c, w, d, m, i, k),    "negs %s, %s, %s #%d", D, M, shift_name[i], k);
		SAY(a_ngc(c, w, d, m),              "ngc %s, %s", D, M);
		SAY(a_ngcs(c, w, d, m),             "ngcs %s, %s", D, M);
		SAY(a_tst(c, w, n, m),              "tst %s, %s", N, M);
		SAY(a_tst_i(c, w, n, logic),        "tst %s, #0x%llx", N, (unsigned long long)logic);
		SAY(a_tst_sh(c, w, n, m, ROR, k),   "tst %s, %s, ror #%d", N, M, k);
		SAY(a_mvn(c, w, d, m),              "mvn %s, %s", D, M);
		SAY(a_mvn_sh(c, w, d, m, ROR, k),   "mvn %s, %s, ror #%d", D, M, k);
		SAY(a_mov(c, w, d, m),              "mov %s, %s", D, M);
		SAY(a_lsl(c, w, d, n, m),           "lsl %s, %s, %s", D, N, M);
		SAY(a_lsr(c, w, d, n, m),           "lsr %s, %s, %s", D, N, M);
		SAY(a_asr(c, w, d, n, m),           "asr %s, %s, %s", D, N, M);
		SAY(a_ror(c, w, d, n, m),           "ror %s, %s, %s", D, N, M);
		SAY(a_lsl_i(c, w, d, n, k),         "lsl %s, %s, #%d", D, N, k);
		SAY(a_lsr_i(c, w, d, n, k),         "lsr %s, %s, #%d", D, N, k);
		SAY(a_asr_i(c, w, d, n, k),         "asr %s, %s, #%d", D, N, k);
		SAY(a_ror_i(c, w, d, n, k),         "ror %s, %s, #%d", D, N, k);
		SAY(a_extr(c, w, d, n, m, k),       "extr %s, %s, %s, #%d", D, N, M, k);
		SAY(a_ubfx(c, w, d, n, lsb, len),   "ubfx %s, %s, #%d, #%d", D, N, lsb, len);
		SAY(a_sbfx(c, w, d, n, lsb, len),   "sbfx %s, %s, #%d, #%d", D, N, lsb, len);
		SAY(a_bfxil(c, w, d, n, lsb, len),  "bfxil %s, %s, #%d, #%d", D, N, lsb, len);
		SAY(a_ubfiz(c, w, d, n, lsb, len),  "ubfiz %s, %s, #%d, #%d", D, N, lsb, len);
		SAY(a_sbfiz(c, w, d, n, lsb, len),  "sbfiz %s, %s, #%d, #%d", D, N, lsb, len);
		SAY(a_bfi(c, w, d, n, lsb, len),    "bfi %s, %s, #%d, #%d", D, N, lsb, len);
		SAY(a_bfc(c, w, d, lsb, len),       "bfc %s, #%d, #%d", D, lsb, len);
		SAY(a_sxtb(c, w, d, n),             "sxtb %s, %s", D, R(4, n));
		SAY(a_sxth(c, w, d, n),             "sxth %s, %s", D, R(4, n));
		SAY(a_rev(c, w, d, n),              "rev %s, %s", D, N);
		SAY(a_mul(c, w, d, n, m),           "mul %s, %s, %s", D, N, M);
		SAY(a_mneg(c, w, d, n, m),          "mneg %s, %s, %s", D, N, M);
		SAY(a_cset(c, w, d, cc),            "cset %s, %s", D, cc_name[cc]);
		SAY(a_csetm(c, w, d, cc),           "csetm %s, %s", D, cc_name[cc]);
		SAY(a_cinc(c, w, d, n, cc),         "cinc %s, %s, %s", D, N, cc_name[cc]);
		SAY(a_cinv(c, w, d, n, cc),         "cinv %s, %s, %s", D, N, cc_name[cc]);
		SAY(a_cneg(c, w, d, n, cc),         "cneg %s, %s, %s", D, N, cc_name[cc]);
	}
	SAY(a_mov_sp(c, SP, n),     "mov sp, %s", S(8, n));
	SAY(a_mov_sp(c, d, SP),     "mov %s, sp", S(8, d));
	SAY(a_uxtb(c, d, n),        "uxtb %s, %s", R(4, d), R(4, n));
	SAY(a_uxth(c, d, n),        "uxth %s, %s", R(4, d), R(4, n));
	SAY(a_sxtw(c, d, n),        "sxtw %s, %s", R(8, d), R(4, n));
	SAY(a_rev32(c, d, n),       "rev32 %s, %s", R(8, d), R(8, n));
	SAY(a_smull(c, d, n, m),    "smull %s, %s, %s", R(8, d), R(4, n), R(4, m));
	SAY(a_umull(c, d, n, m),    "umull %s, %s, %s", R(8, d), R(4, n), R(4, m));
}

static s64 some_offset(int bits)        /* a word offset that fits, the ends among them */
{
	s64 end = 2ll << bits;

	return below(4) == 0 ? -end : below(4) == 0 ? end - 4 : ((s64)rnd() >> (62 - bits)) & ~3ll;
}

static void system_and_branches(void)
{
	int k = below(64), mask = below(16), imm = below(65536), bit = below(64);
	static const char *const domain[] = { "oshld", "oshst", "osh", "ishld", "ishst", "ish", "ld", "st", "sy" };
	static const int domains[] = { A_OSHLD, A_OSHST, A_OSH, A_ISHLD, A_ISHST, A_ISH, A_LD, A_ST, A_SY };
	s64 o14 = some_offset(14), o19 = some_offset(19), o26 = some_offset(26), o21 = (s64)rnd() >> 43;
	s64 page = ((s64)rnd() >> 32) & ~0xfffll;

	SAY(a_setf8(c, n),          "setf8 %s", R(4, n));
	SAY(a_setf16(c, n),         "setf16 %s", R(4, n));
	SAY(a_rmif(c, n, k, mask),  "rmif %s, #%d, #%d", R(8, n), k, mask);
	SAY(a_b(c, o26),            "b .%+lld", (long long)o26);
	SAY(a_bl(c, o26),           "bl .%+lld", (long long)o26);
	SAY(a_bcond(c, cc, o19),    "b.%s .%+lld", cc_name[cc], (long long)o19);
	WIDTHS(4, 8) {
		SAY(a_cbz(c, w, d, o19),    "cbz %s, .%+lld", R(w, d), (long long)o19);
		SAY(a_cbnz(c, w, d, o19),   "cbnz %s, .%+lld", R(w, d), (long long)o19);
		SAY(a_ldr_lit(c, w, d, o19), "ldr %s, .%+lld", R(w, d), (long long)o19);
	}
	WIDTHS(4, 16)
		SAY(a_ldrv_lit(c, w, d, o19), "ldr %s, .%+lld", F(w, d), (long long)o19);
	SAY(a_ldrsw_lit(c, d, o19), "ldrsw %s, .%+lld", R(8, d), (long long)o19);
	SAY(a_tbz(c, d, bit, o14),  "tbz %s, #%d, .%+lld", R(bit < 32 ? 4 : 8, d), bit, (long long)o14);
	SAY(a_tbnz(c, d, bit, o14), "tbnz %s, #%d, .%+lld", R(bit < 32 ? 4 : 8, d), bit, (long long)o14);
	SAY(a_adr(c, d, o21),       "adr %s, .%+lld", R(8, d), (long long)o21);
	SAY(a_adrp(c, d, page),     "adrp %s, .%+lld", R(8, d), (long long)page);
	SAY(a_br(c, n),             "br %s", R(8, n));
	SAY(a_blr(c, n),            "blr %s", R(8, n));
	SAY(a_ret(c, n),            "ret %s", R(8, n));
	SAY(a_udf(c, imm),          "udf #%d", imm);
	for (size_t i = 0; i < countof(domains); i++) {
		SAY(a_dmb(c, domains[i]), "dmb %s", domain[i]);
		SAY(a_dsb(c, domains[i]), "dsb %s", domain[i]);
	}
	SAY(a_msr(c, SR_NZCV, d),   "msr nzcv, %s", R(8, d));
	SAY(a_msr(c, SR_FPCR, d),   "msr fpcr, %s", R(8, d));
	SAY(a_mrs(c, d, SR_FPSR),   "mrs %s, fpsr", R(8, d));
	SAY(a_msr(c, SR_FPSR, d),   "msr fpsr, %s", R(8, d));
	SAY(a_msr(c, SR_TPIDR_EL0, d), "msr tpidr_el0, %s", R(8, d));
}

static char *index_text(int ext, int scaled, int w)
{
	const char *name = ext == UXTX ? "lsl" : ext_name[ext];
	const char *base = fmt("[%s, %s", S(8, n), R(ext & 1 ? 8 : 4, m));

	return scaled ? fmt("%s, %s #%d]", base, name, __builtin_ctz(w)) :
	       ext == UXTX ? fmt("%s]", base) : fmt("%s, %s]", base, name);
}

/* All addressing modes of one load or store, whose functions are name_i and so on with the given widths */
#define MODES(name, mnemonic, unscaled, t, REG, w, ...) \
	do { \
		int ext = 2 + below(2) + 4 * below(2), k = below(2); \
		int big = below(4096) * (w), off = below(512) - 256; \
		const char *plain = mnemonic, *near = off >= 0 && off % (w) == 0 ? plain : unscaled; \
		SAY(name##_i(c, __VA_ARGS__, t, n, big),      "%s %s, [%s, #%d]", plain, REG, S(8, n), big); \
		SAY(name##_i(c, __VA_ARGS__, t, n, off),      "%s %s, [%s, #%d]", near, REG, S(8, n), off); \
		SAY(name##_r(c, __VA_ARGS__, t, n, m, ext, k), "%s %s, %s", plain, REG, index_text(ext, k, w)); \
		SAY(name##_pre(c, __VA_ARGS__, t, n, off),    "%s %s, [%s, #%d]!", plain, REG, S(8, n), off); \
		SAY(name##_post(c, __VA_ARGS__, t, n, off),   "%s %s, [%s], #%d", plain, REG, S(8, n), off); \
	} while (0)

static void loads_and_stores(void)
{
	int off = below(512) - 256;

	WIDTHS(1, 8) {
		MODES(a_ldr, fmt("ldr%s", sz(w)), fmt("ldur%s", sz(w)), d, R(w, d), w, w);
		MODES(a_str, fmt("str%s", sz(w)), fmt("stur%s", sz(w)), d, R(w, d), w, w);
		SAY(a_ldr_u(c, w, d, n, off),   "ldur%s %s, [%s, #%d]", sz(w), R(w, d), S(8, n), off);
		SAY(a_str_u(c, w, d, n, off),   "stur%s %s, [%s, #%d]", sz(w), R(w, d), S(8, n), off);
		SAY(a_stlur(c, w, d, n, off),   "stlur%s %s, [%s, #%d]", sz(w), R(w, d), S(8, n), off);
		SAY(a_ldapur(c, w, d, n, off),  "ldapur%s %s, [%s, #%d]", sz(w), R(w, d), S(8, n), off);
	}
	WIDTHS(1, 4) {
		for (int dw = w == 4 ? 8 : 4; dw <= 8; dw += 4) {
			MODES(a_ldrs, fmt("ldrs%s", szs(w)), fmt("ldurs%s", szs(w)), d, R(dw, d), w, w, dw);
			SAY(a_ldapurs(c, w, dw, d, n, off), "ldapurs%s %s, [%s, #%d]", szs(w), R(dw, d), S(8, n),
			    off);
		}
	}
	WIDTHS(1, 16) {
		MODES(a_ldrv, "ldr", "ldur", d, F(w, d), w, w);
		MODES(a_strv, "str", "stur", d, F(w, d), w, w);
		SAY(a_ldrv_u(c, w, d, n, off),  "ldur %s, [%s, #%d]", F(w, d), S(8, n), off);
		SAY(a_strv_u(c, w, d, n, off),  "stur %s, [%s, #%d]", F(w, d), S(8, n), off);
	}
}

#define PAIRS(name, mnemonic, w, REG) \
	do { \
		int k = (below(128) - 64) * (w); \
		const char *t = REG(w, d), *t2 = REG(w, a), *base = S(8, n); \
		SAY(name##_i(c, w, d, a, n, k),    mnemonic " %s, %s, [%s, #%d]", t, t2, base, k); \
		SAY(name##_pre(c, w, d, a, n, k),  mnemonic " %s, %s, [%s, #%d]!", t, t2, base, k); \
		SAY(name##_post(c, w, d, a, n, k), mnemonic " %s, %s, [%s], #%d", t, t2, base, k); \
	} while (0)

static void pairs_and_vectors(void)
{
	int k4 = (below(128) - 64) * 4, k = (below(32) - 16) * 16;
	int hint = below(2) ? below(6) : 16 + below(3), off = below(256) - 256;

	WIDTHS(4, 8) {
		PAIRS(a_ldp, "ldp", w, R);
		PAIRS(a_stp, "stp", w, R);
		SAY(a_stnp_i(c, w, d, a, n, k), "stnp %s, %s, [%s, #%d]", R(w, d), R(w, a), S(8, n), k);
	}
	WIDTHS(4, 16) {
		PAIRS(a_ldpv, "ldp", w, F);
		PAIRS(a_stpv, "stp", w, F);
		SAY(a_stnpv_i(c, w, d, a, n, k), "stnp %s, %s, [%s, #%d]", F(w, d), F(w, a), S(8, n), k);
	}
	SAY(a_ldpsw_i(c, d, a, n, k4), "ldpsw %s, %s, [%s, #%d]", R(8, d), R(8, a), S(8, n), k4);
	SAY(a_prfm_i(c, hint, n, 8 * hint), "prfm #%d, [%s, #%d]", hint, S(8, n), 8 * hint);
	SAY(a_prfm_i(c, hint, n, off), "prfum #%d, [%s, #%d]", hint, S(8, n), off);
	SAY(a_prfm_r(c, hint, n, m, SXTW, 1), "prfm #%d, %s", hint, index_text(SXTW, 1, 8));

	EACH_T(T_BHSD | T_V1D) {
		for (int k = 1; k <= 4; k++) {
			int bytes = k * (a_q(T) ? 16 : 8);

			SAY(a_vld1(c, T, k, d, n),      "ld1 %s, [%s]", list(T, d, k), S(8, n));
			SAY(a_vst1(c, T, k, d, n),      "st1 %s, [%s]", list(T, d, k), S(8, n));
			SAY(a_vld1_post(c, T, k, d, n), "ld1 %s, [%s], #%d", list(T, d, k), S(8, n), bytes);
			SAY(a_vst1_post(c, T, k, d, n), "st1 %s, [%s], #%d", list(T, d, k), S(8, n), bytes);
		}
		SAY(a_vld1r(c, T, d, n), "ld1r %s, [%s]", list(T, d, 1), S(8, n));
	}
	WIDTHS(1, 8) {
		int k = below(16 / w);

		SAY(a_vld1_e(c, w, d, k, n), "ld1 {v%d.%c}[%d], [%s]", d, letter(w), k, S(8, n));
		SAY(a_vst1_e(c, w, d, k, n), "st1 {v%d.%c}[%d], [%s]", d, letter(w), k, S(8, n));
	}
}

static void floats(void)
{
	WIDTHS(2, 8) {
		int imm8 = below(256), exp = (imm8 & 0x40 ? -4 : 0) + (imm8 >> 4 & 3) + 1;
		double sign = imm8 & 0x80 ? -1 : 1, power = exp < 0 ? 1.0 / (1 << -exp) : 1 << exp;
		double x = sign * (16 + (imm8 & 15)) / 16 * power;

		SAY(a_fcsel(c, w, d, n, m, cc), "fcsel %s, %s, %s, %s", F(w, d), F(w, n), F(w, m), cc_name[cc]);
		SAY(a_fmov_i(c, w, d, a_decode_fp(w, imm8)), "fmov %s, #%.10f", F(w, d), x);
		assert_int_equal(a_encode_fp(w, a_decode_fp(w, imm8)), imm8);
		for (int dw = 2; dw <= 8; dw *= 2)
			if (dw != w)
				SAY(a_fcvt(c, dw, w, d, n), "fcvt %s, %s", F(dw, d), F(w, n));
	}
	WIDTHS(4, 8) {
		SAY(a_fmov_xv(c, w, d, n), "fmov %s, %s", R(w, d), F(w, n));
		SAY(a_fmov_vx(c, w, d, n), "fmov %s, %s", F(w, d), R(w, n));
	}
	SAY(a_fmov_xv1(c, d, n),        "fmov %s, v%d.d[1]", R(8, d), n);
	SAY(a_fmov_vx1(c, d, n),        "fmov v%d.d[1], %s", d, R(8, n));
	SAY(a_fjcvtzs(c, d, n),         "fjcvtzs %s, %s", R(4, d), F(8, n));
	SAY(a_vfcvtl(c, V4H, d, n),     "fcvtl %s, %s", V(V4S, d), V(V4H, n));
	SAY(a_vfcvtl2(c, V8H, d, n),    "fcvtl2 %s, %s", V(V4S, d), V(V8H, n));
	SAY(a_vfcvtl(c, V2S, d, n),     "fcvtl %s, %s", V(V2D, d), V(V2S, n));
	SAY(a_vfcvtl2(c, V4S, d, n),    "fcvtl2 %s, %s", V(V2D, d), V(V4S, n));
	SAY(a_vfcvtn(c, V4H, d, n),     "fcvtn %s, %s", V(V4H, d), V(V4S, n));
	SAY(a_vfcvtn2(c, V8H, d, n),    "fcvtn2 %s, %s", V(V8H, d), V(V4S, n));
	SAY(a_vfcvtn(c, V2S, d, n),     "fcvtn %s, %s", V(V2S, d), V(V2D, n));
	SAY(a_vfcvtn2(c, V4S, d, n),    "fcvtn2 %s, %s", V(V4S, d), V(V2D, n));
	SAY(a_vfcvtxn(c, V2S, d, n),    "fcvtxn %s, %s", V(V2S, d), V(V2D, n));
	SAY(a_vfcvtxn2(c, V4S, d, n),   "fcvtxn2 %s, %s", V(V4S, d), V(V2D, n));
}

static void vectors(void)
{
	int k = below(64);

	EACH_T(T_BHSD) {
		int w = a_width(T), i = below(16 / w), x = w == 8 ? 8 : 4;

		SAY(a_vmov(c, T, d, n),     "mov %s, %s", V(T & 1, d), V(T & 1, n));
		SAY(a_vmvn(c, T, d, n),     "mvn %s, %s", V(T & 1, d), V(T & 1, n));
		SAY(a_vdup(c, T, d, n),     "dup %s, %s", V(T, d), R(x, n));
		SAY(a_vdup_e(c, T, d, n, i), "dup %s, %s", V(T, d), L(w, n, i));
	}
	WIDTHS(1, 8) {
		int i = below(16 / w), j = below(16 / w), x = w == 8 ? 8 : 4, T = a_vscalar(w);

		SAY(a_vdup_e(c, T, d, n, i), "mov %s, %s", F(w, d), L(w, n, i));
		SAY(a_vins(c, w, d, i, n),  "mov %s, %s", L(w, d, i), R(x, n));
		SAY(a_vins_e(c, w, d, i, n, j), "mov %s, %s", L(w, d, i), L(w, n, j));
		SAY(a_vumov(c, w, d, n, i), "umov %s, %s", R(x, d), L(w, n, i));
		for (int dw = 4; dw <= 8; dw += 4)
			if (w < dw)
				SAY(a_vsmov(c, w, dw, d, n, i), "smov %s, %s", R(dw, d), L(w, n, i));
	}
	EACH_T(T_B) {
		int i = below(a_q(T) ? 16 : 8);

		SAY(a_vext(c, T, d, n, m, i), "ext %s, %s, %s, #%d", V(T, d), V(T, n), V(T, m), i);
	}
	EACH_T(T_BHS) {
		if (a_q(T)) {
			SAY(a_vsxtl2(c, T, d, n), "sxtl2 %s, %s", V(wide(T), d), V(T, n));
			SAY(a_vuxtl2(c, T, d, n), "uxtl2 %s, %s", V(wide(T), d), V(T, n));
		} else {
			SAY(a_vsxtl(c, T, d, n), "sxtl %s, %s", V(wide(T), d), V(T, n));
			SAY(a_vuxtl(c, T, d, n), "uxtl %s, %s", V(wide(T), d), V(T, n));
		}
	}
	SAY(a_vaddp_s(c, d, n), "addp d%d, v%d.2d", d, n);
	SAY(a_xar(c, d, n, m, k), "xar %s, %s, %s, #%d", V(V2D, d), V(V2D, n), V(V2D, m), k);
}

static void vector_immediates(void)
{
	static const struct { int T; u64 x; const char *text; } consts[] = {
		{ V4S, 0x80000000, "movi v%d.4s, #0x80, lsl #24" },
		{ V2S, 0x12, "movi v%d.2s, #0x12" },
		{ V8H, 0x8000, "movi v%d.8h, #0x80, lsl #8" },
		{ V4H, 0x0042, "movi v%d.4h, #0x42" },
		{ V16B, 0x5a, "movi v%d.16b, #0x5a" },
		{ V8B, 0x5a, "movi v%d.8b, #0x5a" },
		{ V4S, 0x7fffffff, "mvni v%d.4s, #0x80, lsl #24" },
		{ V8H, 0x7fff, "mvni v%d.8h, #0x80, lsl #8" },
		{ V4S, 0x0042ffff, "movi v%d.4s, #0x42, msl #16" },
		{ V4S, 0xffffbd00, "mvni v%d.4s, #0x42, msl #8" },
		{ V2D, 0xff0000ff00ff00ff, "movi v%d.2d, #0xff0000ff00ff00ff" },
		{ V2S, 0xff0000ff, "movi d%d, #0xff0000ffff0000ff" },
		{ V4S, 0x3f800000, "fmov v%d.4s, #1.0" },
		{ V2D, 0xbff8000000000000, "fmov v%d.2d, #-1.5" },
		{ V1D, 0x3ff0000000000000, "fmov d%d, #1.0" },
		{ V2D, 0, "movi v%d.4s, #0" },
		{ V16B, 0, "movi v%d.4s, #0" },
		{ V2D, ~0ull, "movi v%d.16b, #0xff" },
		{ V4S, 0x01010101, "movi v%d.16b, #1" },
	};

	for (size_t i = 0; i < countof(consts); i++)
		SAY(assert_true(a_vmov_const(c, consts[i].T, d, consts[i].x)), consts[i].text, d);
	assert_false(a_vmov_const(c, V4S, d, 0x12345678));
	assert_false(a_vmov_const(c, V2D, d, 0x8000000000000000));
	SAY(a_vzero(c, d), "movi v%d.2d, #0", d);
	EACH_T(T_BHS) {
		int imm = below(256), shift = 8 * below(a_width(T));

		SAY(a_vmovi(c, T, d, imm, shift), "movi %s, #%d, lsl #%d", V(T, d), imm, shift);
		if (a_width(T) == 1)
			continue;
		SAY(a_vmvni(c, T, d, imm, shift), "mvni %s, #%d, lsl #%d", V(T, d), imm, shift);
		SAY(a_vorr_i(c, T, d, imm, shift), "orr %s, #%d, lsl #%d", V(T, d), imm, shift);
		SAY(a_vbic_i(c, T, d, imm, shift), "bic %s, #%d, lsl #%d", V(T, d), imm, shift);
	}
}

static void emit_all(void)
{
	code.p = word;
	for (int round = 0; round < ROUNDS; round++) {
		static void (*const groups[])(void) = {
			int_rows, mem_rows, vec_rows, aliases, system_and_branches, loads_and_stores, pairs_and_vectors,
			floats, vectors, vector_immediates,
		};

		for (size_t i = 0; i < countof(groups); i++) {
			draw(round);
			groups[i]();
		}
	}
	assert_true(code.p < code.end);
}

/* ---- the tests */

static void test_words(void **state)
{
	(void)state;
	open_source();
	emit_all();
	check_source(word, (size_t)(code.p - word));
	print_message("%d instructions\n", (int)(code.p - word));
}

/* A word's own text, a PC-relative address rewritten as an offset: as takes it as one */
static void put_text(u32 insn)
{
	enum { PC = 0x10000000 };
	char line[128], *target;
	s64 off;

	assert_in_range(a_text(line, sizeof line, insn, PC), 1, sizeof line - 1);
	target = strstr(line, "0x");
	if (a_offset(insn, &off) || (insn & 0x9f000000) == 0x90000000) {
		assert_non_null(target);
		off = (s64)(strtoull(target, NULL, 16) - PC);
		sprintf(target, ".%+lld", (long long)off);
	}
	fprintf(src, "%s\n", line);
}

static void test_text(void **state)
{
	FILE *null = fopen("/dev/null", "w");
	char line[128];

	(void)state;
	src = null;
	emit_all();
	fclose(null);
	open_source();
	for (u32 *p = word; p < code.p; p++) {
		a_text(line, sizeof line, *p, 0);
		if (!strncmp(line, ".inst", 5))
			fail_msg("no text for %08x", *p);
		put_text(*p);
	}
	check_source(word, (size_t)(code.p - word));
}

/* A logical immediate in a spelling that the encoder does not choose: immr counts modulo the element's size. */
static bool is_odd_logic(u32 insn)
{
	int w = insn >> 31 ? 8 : 4;
	u32 field;
	u64 x;

	return (insn & 0x1f800000) == 0x12000000 && a_decode_logic(w, insn, &x) && a_encode_logic(w, x, &field) &&
	       field != (insn & 0x7ffc00);
}

/* Whatever word has a text, that text makes that word: nothing reserved is taken for an instruction. */
static void test_random_words(void **state)
{
	size_t n = 0;
	char line[128];

	(void)state;
	open_source();
	for (int i = 0; i < 400000; i++) {
		u32 insn = (u32)rnd() ^ (u32)(rnd() >> 32);

		a_text(line, sizeof line, insn, 0);
		if (!strncmp(line, ".inst", 5) || is_odd_logic(insn))
			continue;
		word[n++] = insn;
		put_text(insn);
	}
	check_source(word, n);
	print_message("%zu of 400000 random words have a text\n", n);
}

static void test_cut_text(void **state)
{
	char line[16] = "xxxxxxxxxxxxxxx";

	(void)state;
	assert_int_equal(a_text(line, 5, 0x8b020020, 0), 14);
	assert_string_equal(line, "add ");
	assert_int_equal(line[5], 'x');
	a_text(line, sizeof line, 0x8b020020, 0);
	assert_string_equal(line, "add x0, x1, x2");
	a_text(line, sizeof line, 0xffffffff, 0);
	assert_string_equal(line, ".inst 0xfffffff");
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "t.s", "t.o", "t.elf", "t.bin" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++)
		unlink(path(names[i]));
	return rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_text), cmocka_unit_test(test_random_words),
		cmocka_unit_test(test_cut_text),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
