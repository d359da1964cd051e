/* procmake.c - what the made files of /proc hold. proc(5) has the formats. */
#include "sys/procfs.h"
#include <asm/unistd.h>

#define MAP_SHARED_ 1

/* --- output ------------------------------------------------------------------------------------------- */

void proc_write(struct proc_out *o, const void *s, size_t n)
{
	while (n) {
		size_t k = sizeof o->buf - o->n;
		if (k > n)
			k = n;
		memcpy(o->buf + o->n, s, k);
		o->n += k;
		s = (const char *)s + k;
		n -= k;
		if (o->n == sizeof o->buf)
			proc_flush(o);
	}
}

void proc_flush(struct proc_out *o)
{
	if (o->n && host_call(__NR_write, o->fd, o->buf, o->n) != (s64)o->n)
		o->failed = true;
	o->n = 0;
}

void proc_puts(struct proc_out *o, const char *s)
{
	proc_write(o, s, strlen(s));
}

static void put_dec(struct proc_out *o, u64 v)
{
	char s[24];
	proc_write(o, s, rt_format(s, sizeof s, "%lu", v));
}

/* --- input -------------------------------------------------------------------------------------------- */

bool proc_number(const char **s, u64 *v)
{
	const char *p = *s;
	for (*v = 0; *p >= '0' && *p <= '9'; p++)
		*v = *v * 10 + *p - '0';
	bool any = p > *s;
	*s = p;
	return any;
}

bool proc_hex(const char **s, u64 *v)
{
	const char *p = *s;
	for (*v = 0;; p++) {
		u32 d = *p >= '0' && *p <= '9' ? *p - '0' : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10 : 99;
		if (d == 99)
			break;
		*v = *v << 4 | d;
	}
	bool any = p > *s;
	*s = p;
	return any;
}

bool proc_line(struct proc_lines *l, char *s, size_t size)
{
	size_t k = 0;
	for (;;) {
		if (l->at == l->n) {
			s64 n = host_call(__NR_read, l->fd, l->buf, sizeof l->buf);
			if (n <= 0)
				return k > 0;
			l->at = 0, l->n = n;
		}
		char c = l->buf[l->at++];
		if (k < size - 1)
			s[k++] = c;
		s[k] = 0;
		if (c == '\n')
			return true;
	}
}

/* --- contents ----------------------------------------------------------------------------------------- */

static void put_memory(struct proc_out *o, gaddr lo, gaddr hi)
{
	char s[256];
	while (lo < hi) {
		size_t n = hi - lo < sizeof s ? hi - lo : sizeof s;
		if (!rt_read(s, lo, n))
			return;
		proc_write(o, s, n);
		lo += n;
	}
}

/* A title that grew over the arguments (setproctitle) goes on into the environment: fs/proc/base.c's rule. */
static void make_cmdline(struct proc_out *o)
{
	char last = 0;
	gaddr end = rt.arg_end;
	if (rt.arg_end > rt.arg_start && rt_read(&last, rt.arg_end - 1, 1) && last) {
		char c = 1;
		for (end = rt.arg_start; end < rt.env_end && rt_read(&c, end, 1) && c; end++)
			;
	}
	put_memory(o, rt.arg_start, end);
}

static const char *map_name(const struct vma *v)
{
	if (v->path)
		return sys_outside_root(v->path);
	if (v->lo < rt.stack_hi && v->hi > rt.stack_lo && v->hi >= rt.stack_hi)
		return "[stack]";
	if (v->lo < rt.brk && v->hi > rt.brk_start)
		return "[heap]";
	if (rt.vdso && v->lo <= rt.vdso && rt.vdso < v->hi)
		return "[vdso]";
	return 0;
}

static void put_map(struct proc_out *o, const struct vma *v)
{
	char s[128];
	u32 major = (v->dev >> 8 & 0xfff) | (v->dev >> 32 & ~0xfffu), minor = (v->dev & 0xff) | (v->dev >> 12 & ~0xffu);
	int n = rt_format(s, sizeof s, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", v->lo, v->hi, v->prot & 1 ? 'r' : '-',
		v->prot & 2 ? 'w' : '-', v->prot & 4 ? 'x' : '-', v->flags & MAP_SHARED_ ? 's' : 'p',
		v->path ? v->off : 0, major, minor, v->ino);
	const char *name = map_name(v);
	proc_write(o, s, n);
	for (; name && n < 73; n++)
		proc_puts(o, " ");
	if (name)
		proc_puts(o, name);
	proc_puts(o, "\n");
}

static void make_maps(struct proc_out *o)
{
	struct vma v;
	for (gaddr a = 0; rt_vma(a, &v); a = v.hi)
		put_map(o, &v);
	proc_puts(o, "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n");
}

/* One entry of the kernel's list, as the guest's maps that it covers: the kernel may merge or split where we do not. Its
 * figures go to the first. */
static void put_smap(struct proc_out *o, gaddr lo, gaddr hi, const char *fields)
{
	struct vma v;
	char s[60];
	for (gaddr a = lo; a < hi && rt_vma(a, &v) && v.lo < hi; a = v.hi) {
		if (v.lo < lo) {
			v.off += lo - v.lo;
			v.lo = lo;
		}
		if (v.hi > hi)
			v.hi = hi;
		put_map(o, &v);
		proc_write(o, s, rt_format(s, sizeof s, "Size:           %8lu kB\n", (v.hi - v.lo) >> 10));
		proc_puts(o, fields);
		fields = "";
	}
}

static void make_smaps(struct proc_out *o)
{
	struct proc_lines l = { .fd = host_call(__NR_openat, AT_FDCWD, "/proc/self/smaps", O_RDONLY | O_CLOEXEC, 0) };
	char line[400], fields[1600];
	size_t n = 0;
	u64 lo = 0, hi = 0, a, b;
	if (l.fd < 0)
		return;
	for (bool more = true; more;) {
		more = proc_line(&l, line, sizeof line);
		const char *p = line;
		bool head = more && proc_hex(&p, &a) && *p++ == '-' && proc_hex(&p, &b) && *p == ' ';
		if (more && !head && !sys_after(line, "Size:") && n + strlen(line) < sizeof fields) {
			memcpy(fields + n, line, strlen(line) + 1);
			n += strlen(line);
		}
		if ((head || !more) && n)
			put_smap(o, lo, hi, fields);
		if (head)
			lo = a, hi = b, n = 0;
	}
	host_call(__NR_close, l.fd);
}

/* Where argc lies: below the auxiliary vector are envp, a null, argv, a null (psABI 3.4.1). */
static gaddr start_stack(void)
{
	u64 v = 1, n = 0;
	gaddr a = rt.auxv - 16;
	while (rt_get(&v, a) && v)
		a -= 8;
	for (a -= 8; rt_get(&v, a) && v != n; a -= 8)
		n++;
	return a;
}

/* The k-th field's value (proc(5) counts from 1) of ours, or false: the kernel's is right. */
static bool stat_field(int k, u64 *v)
{
	struct vma m, d;
	switch (k) {
	case 26: case 27: case 45: case 46:
		if (!rt_vma(rt.entry, &m) || m.lo > rt.entry)
			return false;
		if (k == 26 || k == 27) {
			*v = k == 26 ? m.lo : m.hi;
			return true;
		}
		for (d = m; rt_vma(d.hi, &d) && d.path && m.path && !strcmp(d.path, m.path);)
			if (d.prot & 2) {
				*v = k == 45 ? d.lo : d.hi;
				return true;
			}
		return false;
	case 28: *v = start_stack(); return true;
	case 29: case 30: *v = 0; return true;
	case 47: *v = rt.brk_start; return true;
	case 48: *v = rt.arg_start; return true;
	case 49: *v = rt.arg_end; return true;
	case 50: *v = rt.env_start; return true;
	case 51: *v = rt.env_end; return true;
	}
	return false;
}

static void make_stat(struct proc_out *o, int host)
{
	char s[1200];
	u64 v;
	s64 n = host_call(__NR_read, host, s, sizeof s - 1);
	if (n <= 0)
		return;
	s[n] = 0;
	const char *p = strrchr(s, ')');
	if (!p)
		return;
	proc_write(o, s, p + 1 - s);
	p++;
	for (int k = 3; *p == ' '; k++) {
		const char *e = ++p;
		while (*e && *e != ' ' && *e != '\n')
			e++;
		proc_puts(o, " ");
		if (stat_field(k, &v))
			put_dec(o, v);
		else
			proc_write(o, p, e - p);
		p = e;
	}
	proc_puts(o, "\n");
}

void proc_make(struct proc_out *o, enum proc_file p, int host)
{
	switch (p) {
	case PROC_MAPS:    make_maps(o); break;
	case PROC_SMAPS:   make_smaps(o); break;
	case PROC_CMDLINE: make_cmdline(o); break;
	case PROC_ENVIRON: put_memory(o, rt.env_start, rt.env_end); break;
	case PROC_AUXV:    put_memory(o, rt.auxv, rt.auxv + rt.auxv_size); break;
	case PROC_STAT:    make_stat(o, host); break;
	case PROC_CPUINFO: proc_cpuinfo(o); break;
	case PROC_ARCH:    proc_puts(o, "x86_64\n"); break;
	case PROC_EXE: case PROC_OTHER: case PROC_NOT: break;
	}
}
