/* a64_test.c - the assembler and its text, with the GNU assembler as the oracle.
 *
 * Every function of a64.h is called with many operands, each call beside the assembler text it stands for; the text goes
 * through as, and the words must be the same. Then every word's own text (text.c) goes the same way, and so do random
 * words. For a64.def a shape here writes the texts of all its rows: a new row is tested by being there.
 */
#define A64_CHECK
#include "a64/a64.h"
#include "a64/text.h"
#include "a64/host.h"

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
	fprintf(src, ".arch armv9.3-a+crypto+sha3+crc+rng+mops+cssc+i8mm+fp16+flagm\n.text\n.global _start\n_start:\n");
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
	static char buf[32][96];
	static int n;
	va_list ap;

	n = (n + 1) & 31;
	va_start(ap, f);
	vsnprintf(buf[n], sizeof buf[n], f, ap);
	va_end(ap);
	return buf[n];
}

static char *R(int w, int r) { return r == 31 ? w == 8 ? "xzr" : "wzr" : fmt("%c%d", w == 8 ? 'x' : 'w', r); }
static char *S(int w, int r) { return r == 31 ? w == 8 ? "sp" : "wsp" : R(w, r); }
static char *F(int w, int r) { return fmt("%c%d", w == 16 ? 'q' : w == 8 ? 'd' : w == 4 ? 's' : w == 2 ? 'h' : 'b', r); }
static char *V(int T, int r)
{
	static const char *const names[] = { "8b", "16b", "4h", "8h", "2s", "4s", "1d", "2d", "", "1q" };

	return T & 16 ? F(a_width(T), r) : fmt("v%d.%s", r, names[T]);
}
static char *L(int w, int r, int i) { return fmt("v%d.%c[%d]", r, w == 8 ? 'd' : w == 4 ? 's' : w == 2 ? 'h' : 'b', i); }
static const char *sz(int w) { return w == 1 ? "b" : w == 2 ? "h" : ""; }       /* in a mnemonic */
static const char *szs(int w) { return w == 4 ? "w" : sz(w); }

static const char *const cc_name[] = { "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le",
                                       "al" };
static const char *const shift_name[] = { "lsl", "lsr", "asr", "ror" };
static const char *const ext_name[] = { "uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx" };

/* One call and its text; a mnemonic of two words (dc_cvau) has a blank for the underscore */
#define SAY(call, ...)   do { call; say(__VA_ARGS__); } while (0)
#define WIDTHS(lo, hi)   for (int w = lo; w <= hi; w *= 2)
#define EACH_T(set)      for (int T = 0; T < 32; T++) if ((u32)(set) >> T & 1)

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

/* ---- the rows of a64.def */

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
	WIDTHS(4, 8) SAY(a_##name(c, w, d, n, m, a), #name " %s, %s, %s, %s", R(w, d), R(w, n), R(w, m), R(w, a));
#define XWWX(name, op) SAY(a_##name(c, d, n, m, a), #name " %s, %s, %s, %s", R(8, d), R(4, n), R(4, m), R(8, a));
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
	WIDTHS(4, 8) SAY(a_##name(c, w, d, n, m, cc), #name " %s, %s, %s, %s", R(w, d), R(w, n), R(w, m), cc_name[cc]);
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
		SAY(a_##name##_ext(c, w, d, n, m, e, k), #name " %s, %s, %s, %s #%d", D, S(w, n), R(x, m), ext_name[e], k); \
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
	WIDTHS(4, 8) SAY(a_##name(c, w, m, d, a, n), #name " %s, %s, %s, [%s]", R(4, m), R(w, d), R(w, a), S(8, n));
#define CAS(name, op) \
	WIDTHS(1, 8) SAY(a_##name(c, w, m, d, n), #name "%s %s, %s, [%s]", sz(w), R(w, m), R(w, d), S(8, n));
#define ATOMIC(name, op)  CAS(name, op)
#define CASP(name, op) \
	WIDTHS(4, 8) { \
		int s = m & 30, t = d & 30; \
		SAY(a_##name(c, w, s, t, n), #name " %s, %s, %s, %s, [%s]", R(w, s), R(w, s + 1), R(w, t), R(w, t + 1), S(8, n)); \
	}
#define MOPS(name, op)    SAY(a_##name(c, 3, 5, 7), #name " [x3]!, [x5]!, x7!");
#define MOPS_SET(name, op) SAY(a_##name(c, 3, 5, m), #name " [x3]!, x5!, %s", R(8, m == 3 || m == 5 ? m = 9 : m));

#define FFF(name, op)  WIDTHS(2, 8) SAY(a_##name(c, w, d, n, m), #name " %s, %s, %s", F(w, d), F(w, n), F(w, m));
#define FF(name, op)   WIDTHS(2, 8) SAY(a_##name(c, w, d, n), #name " %s, %s", F(w, d), F(w, n));
#define FF_SD(name, op) WIDTHS(4, 8) SAY(a_##name(c, w, d, n), #name " %s, %s", F(w, d), F(w, n));
#define FFFF(name, op) \
	WIDTHS(2, 8) SAY(a_##name(c, w, d, n, m, a), #name " %s, %s, %s, %s", F(w, d), F(w, n), F(w, m), F(w, a));
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

#define V3(name, op, set)  EACH_T(set) SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(T, d), V(T, n), V(T, m));
#define V3Q(name, op)      EACH_T(T_BHSD) SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(T & 1, d), V(T & 1, n), \
                                              V(T & 1, m));
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
#define VACROSS(name, op)  EACH_T(ACROSS) SAY(a_v##name(c, T, d, n), #name " %s, %s", F(a_width(T), d), V(T, n));
#define VACROSSLONG(name, op) EACH_T(ACROSS) SAY(a_v##name(c, T, d, n), #name " %s, %s", F(2 * a_width(T), d), V(T, n));
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
		EACH_T(T_B) SAY(a_v##name(c, T, d, n, k, m), #name " %s, %s, %s", V(T, d), list(V16B, n, k), V(T, m));
#define VDOT(name, op)  EACH_T(T_S) SAY(a_v##name(c, T, d, n, m), #name " %s, %s, %s", V(T, d), V(T & 1, n), V(T & 1, m));
#define VBYELEM_SET(name, set) \
	EACH_T(set) { \
		int w = a_width(T), k = below(16 / w), e = w == 2 ? m & 15 : m; \
		SAY(a_v##name##_e(c, T, d, n, e, k), #name " %s, %s, %s", V(T, d), V(T, n), L(w, e, k)); \
	}
#define VBYELEM(name, op)  VBYELEM_SET(name, T_H | T_S)
#define VBYELEMF(name, op) VBYELEM_SET(name, T_FP | T_VFP)
#define CRYPTO2(name, op, td, tn) SAY(a_##name(c, d, n), #name " %s, %s", V(td, d), V(tn, n));
#define CRYPTO3(name, op, td, tn, tm) SAY(a_##name(c, d, n, m), #name " %s, %s, %s", V(td, d), V(tn, n), V(tm, m));
#define CRYPTO4(name, op) \
	SAY(a_##name(c, d, n, m, a), #name " %s, %s, %s, %s", V(V16B, d), V(V16B, n), V(V16B, m), V(V16B, a));

static char *list(int T, int first, int count)
{
	char *s = fmt("{%s", V(T, first));

	for (int i = 1; i < count; i++)
		s = fmt("%s, %s", s, V(T, (first + i) & 31));
	return fmt("%s}", s);
}

static void rows(void)
{
#include "a64/a64.def"
}

/* ---- what is not in a64.def */

static void aliases(void)
{
	WIDTHS(4, 8) {
		int k = below(8 * w), i = below(3), e = below(8), z = below(5), lsb = below(8 * w), len = 1 + below(8 * w - lsb);
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
	SAY(a_msr(c, SR_FPSR, d),   "msr fpsr, %s", R(8, d));
	SAY(a_msr(c, SR_TPIDR_EL0, d), "msr tpidr_el0, %s", R(8, d));
}

static char *index_text(int ext, int scaled, int w)
{
	const char *name = ext == UXTX ? "lsl" : ext_name[ext], *base = fmt("[%s, %s", S(8, n), R(ext & 1 ? 8 : 4, m));

	return scaled ? fmt("%s, %s #%d]", base, name, __builtin_ctz(w)) :
	       ext == UXTX ? fmt("%s]", base) : fmt("%s, %s]", base, name);
}

/* All addressing modes of one load or store: call is the function and its width arguments, t the register's number. */
#define MODES(name, mnemonic, unscaled, t, REG, w, ...) \
	do { \
		int ext = 2 + below(2) + 4 * below(2), scaled = below(2), big = below(4096) * (w), small = below(512) - 256; \
		int either = small >= 0 && small % (w) == 0; \
		SAY(name##_i(c, __VA_ARGS__, t, n, big),    mnemonic " %s, [%s, #%d]", REG, S(8, n), big); \
		SAY(name##_i(c, __VA_ARGS__, t, n, small),  "%s %s, [%s, #%d]", either ? mnemonic : unscaled, REG, S(8, n), small); \
		SAY(name##_r(c, __VA_ARGS__, t, n, m, ext, scaled), mnemonic " %s, %s", REG, index_text(ext, scaled, w)); \
		SAY(name##_pre(c, __VA_ARGS__, t, n, small),  mnemonic " %s, [%s, #%d]!", REG, S(8, n), small); \
		SAY(name##_post(c, __VA_ARGS__, t, n, small), mnemonic " %s, [%s], #%d", REG, S(8, n), small); \
	} while (0)
