/* vdso.c - the host's vDSO: the time without entering the kernel.
 *
 * The guest has no vDSO of its own, so each of its looks at the clock is a system call; answered here, it costs some tens
 * of instructions. Only __kernel_clock_gettime is called: compiled for general registers alone, as the kernel is, it
 * leaves the guest's vectors in peace. Where it cannot answer it makes the system call itself. vdso(7); gABI, chapter 5.
 */
#include "sys/abi.h"
#include <asm/unistd.h>
#include <linux/elf.h>

typedef s64 clock_fn(s32 id, struct timespec64 *ts);

struct image { u64 bias; const Elf64_Sym *sym; const char *str; const u32 *hash, *gnu; };

static bool open_image(struct image *v, u64 base)
{
	const Elf64_Ehdr *h = (void *)base;
	const Elf64_Phdr *p = (void *)(base + h->e_phoff);
	const Elf64_Dyn *d = 0;
	for (int i = 0; i < h->e_phnum; i++)
		if (p[i].p_type == PT_LOAD)
			v->bias = base + p[i].p_offset - p[i].p_vaddr;
		else if (p[i].p_type == PT_DYNAMIC)
			d = (void *)(base + p[i].p_offset);
	for (; d && d->d_tag != DT_NULL; d++)
		switch (d->d_tag) {
		case DT_SYMTAB:  v->sym  = (void *)(v->bias + d->d_un.d_ptr); break;
		case DT_STRTAB:  v->str  = (void *)(v->bias + d->d_un.d_ptr); break;
		case DT_HASH:    v->hash = (void *)(v->bias + d->d_un.d_ptr); break;
		case 0x6ffffef5: v->gnu  = (void *)(v->bias + d->d_un.d_ptr); break;     /* DT_GNU_HASH */
		}
	return v->sym && v->str;
}

/* A GNU hash table does not say how many symbols there are: the last chain's end does. */
static u32 symbols(const struct image *v)
{
	if (v->hash)
		return v->hash[1];
	if (!v->gnu)
		return 0;
	u32 nbuckets = v->gnu[0], first = v->gnu[1], last = 0;
	const u32 *buckets = v->gnu + 4 + 2 * v->gnu[2], *chain = buckets + nbuckets;
	for (u32 i = 0; i < nbuckets; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < first)
		return 0;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

static clock_fn *find_clock(void)
{
	struct image v = { 0 };
	if (!rt_vdso_lo || !open_image(&v, rt_vdso_lo))
		return 0;
	for (u32 i = 0, n = symbols(&v); i < n; i++)
		if (v.sym[i].st_shndx && !strcmp(v.str + v.sym[i].st_name, "__kernel_clock_gettime"))
			return (clock_fn *)(v.bias + v.sym[i].st_value);
	return 0;
}

s64 sys_clock(s32 id, struct timespec64 *ts)
{
	static clock_fn *fn;
	static bool looked;             /* a race looks twice and finds the same */
	if (!__atomic_load_n(&looked, __ATOMIC_ACQUIRE)) {
		fn = find_clock();
		__atomic_store_n(&looked, true, __ATOMIC_RELEASE);
	}
	return fn ? fn(id, ts) : host_call(__NR_clock_gettime, id, ts);
}
