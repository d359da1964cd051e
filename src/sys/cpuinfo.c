/* cpuinfo.c - /proc/cpuinfo as an x86-64 kernel prints it, one stanza per CPU that is online.
 *
 * It says what CPUID says: the flags are those of feature.def that are announced, the rest comes from cpuid.h, and so
 * does the topology: one package, a core for each CPU. Layout: arch/x86/kernel/cpu/proc.c.
 */
#include "sys/procfs.h"
#include "x86/cpuid.h"
#include "x86/feature.h"
#include <asm/unistd.h>

static bool read_file(const char *path, char *s, size_t size)
{
	s64 fd = host_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	s64 n = host_call(__NR_read, fd, s, size - 1);
	host_call(__NR_close, fd);
	if (n <= 0)
		return false;
	s[n] = 0;
	return true;
}

static u32 number(const char **s)
{
	u32 v = 0;
	for (; **s >= '0' && **s <= '9'; ++*s)
		v = v * 10 + **s - '0';
	return v;
}

/* Calls fn for each CPU of a list like "0-3,8". */
static void each_cpu(const char *s, void (*fn)(void *ctx, u32 cpu), void *ctx)
{
	while (*s >= '0' && *s <= '9') {
		u32 lo = number(&s), hi = lo;
		if (*s == '-') {
			s++;
			hi = number(&s);
		}
		for (; lo <= hi; lo++)
			fn(ctx, lo);
		if (*s == ',')
			s++;
	}
}

static void count(void *ctx, u32 cpu)
{
	++*(u32 *)ctx;
}

static void affinity_list(char *s, size_t size)
{
	u64 set[128];
	s64 bytes = host_call(__NR_sched_getaffinity, 0, sizeof set, set);
	size_t n = 0;
	*s = 0;
	for (u32 i = 0; (s64)i < bytes * 8 && n + 12 < size; i++)
		if (set[i / 64] >> i % 64 & 1)
			n += rt_format(s + n, size - n, n ? ",%u" : "%u", i);
}

static void field(struct proc_out *o, const char *name, s64 value)
{
	char s[32];
	proc_puts(o, name);
	proc_puts(o, ": ");
	proc_write(o, s, rt_format(s, sizeof s, "%ld\n", value));
}

static void put_flags(struct proc_out *o, u32 cpus)
{
	static const struct { u64 bit; const char *name; } flags[] = {
#define F(NAME, leaf, subleaf, reg, bit, text) { X86_BIT(NAME), text },
#include "x86/feature.def"
#undef F
	};
	proc_puts(o, "flags\t\t:");
	for (size_t i = 0; i < countof(flags); i++)
		if (rt.x86 & flags[i].bit && flags[i].name[0]) {
			proc_puts(o, " ");
			proc_puts(o, flags[i].name);
		}
	/* What every 64-bit kernel and CPU of this kind has, and CPUID says elsewhere or not at all. */
	proc_puts(o, cpus > 1 ? " ht" : "");
	proc_puts(o, " lm nx constant_tsc nonstop_tsc cpuid hypervisor\n");
}

static void put_identity(struct proc_out *o)
{
	const struct x86_id *id = &x86_ids[rt.vendor];
	proc_puts(o, "vendor_id\t: ");
	proc_puts(o, id->vendor);
	proc_puts(o, "\n");
	field(o, "cpu family\t", id->family);
	field(o, "model\t\t", id->model);
	proc_puts(o, "model name\t: " X86_BRAND "\n");
	field(o, "stepping\t", id->stepping);
}

struct list { struct proc_out *o; u32 cpus, core; };

static void stanza(void *ctx, u32 cpu)
{
	struct list *l = ctx;
	struct proc_out *o = l->o;
	field(o, "processor\t", cpu);
	put_identity(o);
	proc_puts(o, "cpu MHz\t\t: 2500.000\ncache size\t: 16384 KB\n");
	field(o, "physical id\t", 0);
	field(o, "siblings\t", l->cpus);
	field(o, "core id\t\t", l->core++);
	field(o, "cpu cores\t", l->cpus);
	field(o, "apicid\t\t", cpu);
	field(o, "initial apicid\t", cpu);
	proc_puts(o, "fpu\t\t: yes\nfpu_exception\t: yes\n");
	field(o, "cpuid level\t", X86_CPUID_MAX);
	proc_puts(o, "wp\t\t: yes\n");
	put_flags(o, l->cpus);
	proc_puts(o, "bugs\t\t:\nbogomips\t: 5000.00\nclflush size\t: 64\ncache_alignment\t: 64\n"
		     "address sizes\t: 48 bits physical, 48 bits virtual\npower management:\n\n");
}

void proc_cpuinfo(struct proc_out *o)
{
	char online[512];
	u32 n = 0;
	if (!read_file("/sys/devices/system/cpu/online", online, sizeof online))
		affinity_list(online, sizeof online);   /* no sysfs: those that this process may run on */
	each_cpu(online, count, &n);
	each_cpu(online, stanza, &(struct list){ o, n, 0 });
}
