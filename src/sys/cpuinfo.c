/* cpuinfo.c - /proc/cpuinfo as an x86-64 kernel prints it, one stanza per CPU that is online.
 *
 * It says what CPUID says: the flags are those of feature.def that are announced, and the numbers come from the same
 * leaves. The topology is the host's, from sysfs, as far as it is there. Layout: arch/x86/kernel/cpu/proc.c.
 */
#include "sys/procfs.h"
#include "x86/cpuid.h"
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

static s32 topology(u32 cpu, const char *file)
{
	char path[96], s[32];
	const char *p = s;
	rt_format(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/%s", cpu, file);
	if (!read_file(path, s, sizeof s) || *s < '0' || *s > '9')
		return -1;
	return number(&p);
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

/* CPUs of the same package, and the cores among them: those whose list of siblings they lead. */
struct package { s32 id; u32 siblings, cores; };

static void count_package(void *ctx, u32 cpu)
{
	struct package *p = ctx;
	char path[96], s[64];
	const char *q = s;
	if (topology(cpu, "physical_package_id") != p->id)
		return;
	p->siblings++;
	rt_format(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
	if (!read_file(path, s, sizeof s) || number(&q) == cpu)
		p->cores++;
}

static void field(struct proc_out *o, const char *name, s64 value)
{
	char s[32];
	proc_puts(o, name);
	proc_puts(o, "\t: ");
	proc_write(o, s, rt_format(s, sizeof s, "%ld\n", value));
}

static void put_flags(struct proc_out *o)
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
	proc_puts(o, " lm nx constant_tsc nonstop_tsc cpuid hypervisor\n");
}

struct list { struct proc_out *o; const char *online; };

static void stanza(void *ctx, u32 cpu)
{
	struct proc_out *o = ((struct list *)ctx)->o;
	struct package p = { .id = topology(cpu, "physical_package_id") };
	s32 core = topology(cpu, "core_id");
	each_cpu(((struct list *)ctx)->online, count_package, &p);
	field(o, "processor\t", cpu);
	proc_puts(o, "vendor_id\t: ");
	proc_puts(o, x86_vendor());
	proc_puts(o, "\n");
	field(o, "cpu family\t", x86_family());
	field(o, "model\t\t", x86_model());
	proc_puts(o, "model name\t: ");
	proc_puts(o, x86_brand());
	proc_puts(o, "\n");
	field(o, "stepping\t", x86_stepping());
	proc_puts(o, "cpu MHz\t\t: 2500.000\n");
	field(o, "physical id\t", p.id < 0 ? 0 : p.id);
	field(o, "siblings\t", p.siblings);
	field(o, "core id\t\t", core < 0 ? (s32)cpu : core);
	field(o, "cpu cores\t", p.cores);
	field(o, "apicid\t\t", cpu);
	field(o, "initial apicid\t", cpu);
	proc_puts(o, "fpu\t\t: yes\nfpu_exception\t: yes\n");
	field(o, "cpuid level\t", x86_max_leaf());
	proc_puts(o, "wp\t\t: yes\n");
	put_flags(o);
	proc_puts(o, "bugs\t\t:\nbogomips\t: 5000.00\nclflush size\t: 64\ncache_alignment\t: 64\n"
		     "address sizes\t: 48 bits physical, 48 bits virtual\npower management:\n\n");
}

void proc_cpuinfo(struct proc_out *o)
{
	char online[512];
	u32 n = 0;
	if (read_file("/sys/devices/system/cpu/online", online, sizeof online))
		each_cpu(online, count, &n);
	if (!n)                         /* no sysfs: those that this process may run on */
		affinity_list(online, sizeof online);
	each_cpu(online, stanza, &(struct list){ o, online });
}
