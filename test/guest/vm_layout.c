/* cflags: -D_GNU_SOURCE */
/* The address space of an x86-64 process: 47 bits, its pieces where Linux puts them, nothing else in /proc/self/maps. */
#include "check.h"
#include <errno.h>
#include <sys/mman.h>

#define TOP 0x7ffffffff000ul

static void maps(void)
{
	unsigned long lo, hi, last = 0;
	char line[600], perm[8], *name;
	FILE *f = fopen("/proc/self/maps", "r");
	int own = 0, stack = 0, heap = 0, exec = 0;

	while (f && fgets(line, sizeof line, f)) {
		if (!expect(sscanf(line, "%lx-%lx %7s", &lo, &hi, perm) == 3)) break;
		expect(lo >= last && hi > lo && (hi <= TOP || strstr(line, "[vsyscall]")));
		last = hi;
		name = strchr(line, '/');
		own += name && strstr(name, "vm_layout");
		expect(!strstr(line, "stele"));
		stack += !!strstr(line, "[stack]");
		heap += !!strstr(line, "[heap]");
		exec += perm[2] == 'x' && perm[1] == 'w';
	}
	expect(own >= 4 && stack == 1 && heap == 1 && !exec);
	fclose(f);
}

int main(void)
{
	unsigned long stack = (unsigned long)&stack, code = (unsigned long)main, heap, lib = (unsigned long)&printf, m;
	void *p;

	free(malloc(1));
	heap = (unsigned long)sbrk(0);
	expect(stack < TOP && stack > 0x7ff000000000ul);
	expect(code > 0x550000000000ul && code < 0x570000000000ul);
	expect(heap > code && heap - code < 1ul << 36);
	expect(lib > 0x7e0000000000ul && lib < stack);
	m = (unsigned long)mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(m > 0x7e0000000000ul && m < TOP);
	p = mmap((void *)0x900000000000ul, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect((unsigned long)p < TOP);
	p = mmap((void *)0x900000000000ul, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect(p == MAP_FAILED && errno == ENOMEM);
	p = mmap((void *)0x10000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	expect(p == (void *)0x10000000);
	p = mmap((void *)0x10000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	expect(p == MAP_FAILED && errno == EEXIST);
	p = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	expect((unsigned long)p < 1ul << 31);
	p = mmap(0, 64ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	expect(p != MAP_FAILED);
	maps();
	return done();
}
