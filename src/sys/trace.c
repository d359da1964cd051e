/* trace.c - STELE_STRACE=1 (standard error) or a file: one line a system call, "PID name(arguments) = result".
 *
 * The words of syscall.def say how an argument is shown. A file is opened for each line, so that the guest never
 * finds a descriptor of ours; its name is taken as seen from where the process stands.
 */
#include "sys/abi.h"
#include "sys/word.h"

struct text { char s[1200]; u32 n; };

static void put(struct text *x, const char *s)
{
	while (*s && x->n < sizeof x->s - 1)
		x->s[x->n++] = *s++;
}

static void put_char(struct text *x, char c)
{
	put(x, (char[]){ c, 0 });
}

static void put_num(struct text *x, u64 v, u32 base)
{
	char d[24];
	int n = sizeof d;
	d[--n] = 0;
	do
		d[--n] = "0123456789abcdef"[v % base];
	while (v /= base);
	put(x, d + n);
}

static void put_int(struct text *x, s64 v)
{
	if (v < 0)
		put_char(x, '-');
	put_num(x, v < 0 ? -(u64)v : (u64)v, 10);
}

static void put_hex(struct text *x, u64 v)
{
	put(x, v > 9 ? "0x" : "");
	put_num(x, v, 16);
}

static void put_bytes(struct text *x, const u8 *s, size_t n, bool more)
{
	put_char(x, '"');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			put(x, "\\n");
		else if (s[i] == '"' || s[i] == '\\')
			put_char(x, '\\'), put_char(x, s[i]);
		else if (s[i] >= ' ' && s[i] < 127)
			put_char(x, s[i]);
		else
			put(x, "\\x"), put_num(x, s[i] >> 4, 16), put_num(x, s[i] & 15, 16);
	}
	put(x, more ? "\"..." : "\"");
}

static void put_str(struct text *x, gaddr a)
{
	u8 s[160];
	s64 n = rt_read_str((char *)s, a, sizeof s);
	if (n >= 0)
		put_bytes(x, s, n, false);
	else if (n == -ENAMETOOLONG && rt_read(s, a, sizeof s))
		put_bytes(x, s, sizeof s, true);
	else
		put_hex(x, a);
}

static void put_data(struct text *x, gaddr a, u64 n)
{
	u8 s[48];
	u64 m = n < sizeof s ? n : sizeof s;
	if (rt_read(s, a, m))
		put_bytes(x, s, m, m < n);
	else
		put_hex(x, a);
}

static void put_oflags(struct text *x, u32 f)
{
	static const struct { u32 bits; const char *name; } names[] = {
		{ 020000000 | G_O_DIRECTORY, "O_TMPFILE" }, { 04010000, "O_SYNC" }, { 0100, "O_CREAT" }, { 0200, "O_EXCL" },
		{ 0400, "O_NOCTTY" }, { 01000, "O_TRUNC" }, { 02000, "O_APPEND" }, { 04000, "O_NONBLOCK" },
		{ 010000, "O_DSYNC" }, { 020000, "O_ASYNC" }, { G_O_DIRECT, "O_DIRECT" },
		{ G_O_LARGEFILE, "O_LARGEFILE" }, { G_O_DIRECTORY, "O_DIRECTORY" }, { G_O_NOFOLLOW, "O_NOFOLLOW" },
		{ 01000000, "O_NOATIME" }, { 02000000, "O_CLOEXEC" }, { 010000000, "O_PATH" },
	};
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "3" };
	put(x, access[f & 3]);
	f &= ~3;
	for (size_t i = 0; i < countof(names); i++)
		if ((f & names[i].bits) == names[i].bits) {
			put_char(x, '|');
			put(x, names[i].name);
			f &= ~names[i].bits;
		}
	if (f)
		put_char(x, '|'), put_hex(x, f);
}

static void put_pair(struct text *x, gaddr a)
{
	s64 v[2];
	if (!a || !rt_get(&v, a)) {
		put_hex(x, a);
		return;
	}
	put_char(x, '{');
	put_int(x, v[0]);
	put_char(x, ' ');
	put_int(x, v[1]);
	put_char(x, '}');
}

/* An argument that is an address. `ok`: the call succeeded, so what it wrote is there. */
static void put_pointer(struct text *x, const struct sys_plan *p, const u64 *a, int i, s64 v)
{
	u32 w = 0;
	u64 q = 0;
	bool out = p->way[i] == WAY_OUT;
	if (!a[i])
		put(x, "NULL");
	else if (out && v < 0)
		put_hex(x, a[i]);
	else if (sys_words[p->word[i]].show == SHOW_DATA && i + 1 < p->n)
		put_data(x, a[i], out ? (u64)v : p->word[i + 1] == W_size ? a[i + 1] : (u32)a[i + 1]);
	else if (sys_words[p->word[i]].show == SHOW_TIME)
		put_pair(x, a[i]);
	else if ((p->word[i] == W_int || p->word[i] == W_uint || p->word[i] == W_socklen) && rt_get(&w, a[i]))
		put_char(x, '['), put_int(x, (s32)w), put_char(x, ']');
	else if (p->word[i] == W_long && rt_get(&q, a[i]))
		put_char(x, '['), put_int(x, q), put_char(x, ']');
	else if (p->word[i] == W_int2 && rt_get(&q, a[i]))
		put_char(x, '['), put_int(x, (s32)q), put_char(x, ' '), put_int(x, (s64)q >> 32), put_char(x, ']');
	else if (sys_words[p->word[i]].show == SHOW_SET && rt_get(&q, a[i]))
		put(x, q <= ~q ? "[" : "~["), put_hex(x, q <= ~q ? q : ~q), put_char(x, ']');
	else
		put_hex(x, a[i]);
}

static void put_value(struct text *x, const struct sys_plan *p, const u64 *a, int i)
{
	u64 v = a[i];
	switch (sys_words[p->word[i]].show) {
	case SHOW_INT:    put_int(x, (s32)v); break;
	case SHOW_SIG:    put_int(x, (s32)v); break;
	case SHOW_UINT:   put_num(x, (u32)v, 10); break;
	case SHOW_LONG:   put_int(x, v); break;
	case SHOW_ULONG:  put_num(x, v, 10); break;
	case SHOW_HEX32:  put_hex(x, (u32)v); break;
	case SHOW_OCT:    put_char(x, '0'); put_num(x, (u32)v, 8); break;
	case SHOW_OFLAGS: put_oflags(x, v); break;
	case SHOW_STR:    put_str(x, v); break;
	case SHOW_DIR:
		if ((s32)v == AT_FDCWD)
			put(x, "AT_FDCWD");
		else
			put_int(x, (s32)v);
		break;
	default:          put_hex(x, v); break;
	}
}

static void put_result(struct text *x, s64 v)
{
	static const char *const names[] = {
#define E(name, number) [number] = #name,
#include "sys/errno.def"
#undef E
	};
	put(x, " = ");
	if (v == RT_RESTART)
		put(x, "? (to be made again)");
	else if (v < 0 && v >= -4095) {
		put(x, "-1 ");
		if (-v < (s64)countof(names) && names[-v])
			put(x, names[-v]);
		else
			put_int(x, -v);
	} else if (v >= 0 && v < 1 << 24)
		put_int(x, v);
	else
		put_hex(x, v);
}

static void flush(struct text *x)
{
	bool file = strcmp(rt_opt.strace, "1") != 0;
	s64 fd = 2;
	x->s[x->n] = '\n';
	if (file)
		fd = host_call(__NR_openat, AT_FDCWD, rt_opt.strace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	host_call(__NR_write, fd, x->s, x->n + 1);
	if (file)
		host_call(__NR_close, fd);
}

static void start(struct text *x)
{
	x->n = 0;
	put_int(x, host_call(__NR_gettid));
	put_char(x, ' ');
}

void sys_trace(const struct sys_row *r, const struct sys_plan *p, const u64 a[6], s64 result, int flags)
{
	struct text x;
	start(&x);
	put(&x, r->name);
	put_char(&x, '(');
	for (int i = 0; i < p->n; i++) {
		if (i)
			put(&x, ", ");
		if (p->way[i])
			put_pointer(&x, p, a, i, result);
		else
			put_value(&x, p, a, i);
	}
	put_char(&x, ')');
	if (flags & SYS_TRACE_BEFORE)
		put(&x, " = ?");
	else
		put_result(&x, result);
	flush(&x);
}

void sys_trace_refused(const char *name, u32 nr)
{
	struct text x;
	start(&x);
	put(&x, "stele: system call ");
	put_num(&x, nr, 10);
	put(&x, " (");
	put(&x, name ? name : "unknown");
	put(&x, ") is not there: ENOSYS");
	flush(&x);
}
