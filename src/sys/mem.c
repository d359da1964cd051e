/* mem.c - the system calls about memory: the guest's argument rules; the address space itself is rt/mem.c's.
 *
 * There are no protection keys, as on a CPU without PKU.
 */
#include "sys/abi.h"
#include "rt/mem.h"
#include <linux/mman.h>

#define MDWE_REFUSE_EXEC_GAIN_ 1

SYS(mmap)
{
	u32 prot = c, flags = d, type = flags & MAP_TYPE;
	if (sys_mdwe & MDWE_REFUSE_EXEC_GAIN_ && prot & PROT_WRITE && prot & PROT_EXEC)
		return -EACCES;
	if (f & (GUEST_PAGE - 1))
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS) && type != MAP_PRIVATE && type != MAP_SHARED && host_call(__NR_fcntl, (s32)e, F_GETFD) < 0)
		return -EBADF;
	if (type != MAP_SHARED && type != MAP_PRIVATE && (type != MAP_SHARED_VALIDATE || flags & MAP_ANONYMOUS))
		return -EINVAL;
	s64 r = rt_mmap(a, b, prot, flags, (s32)e, f);
	if (r >= 0 && type != MAP_PRIVATE)
		rt_smc_mapped(r, r + b);
	return r;
}

/* Would this make something executable that was not? */
static bool gains_exec(gaddr lo, gaddr hi, u32 prot)
{
	struct vma v;
	if (!(sys_mdwe & MDWE_REFUSE_EXEC_GAIN_) || !(prot & PROT_EXEC))
		return false;
	if (prot & PROT_WRITE)
		return true;
	for (gaddr x = lo; x < hi && rt_vma(x, &v) && v.lo <= x; x = v.hi)
		if (!(v.prot & PROT_EXEC))
			return true;
	return false;
}

SYS(mprotect)
{
	if (!(a & (GUEST_PAGE - 1)) && gains_exec(a, a + b, c))
		return -EACCES;
	return rt_mprotect(a, b, c);
}

SYS(munmap)           { return rt_munmap(a, b); }
SYS(mremap)           { return rt_mremap(a, b, c, d, e); }
SYS(brk)              { return rt_brk(a); }
SYS(madvise)          { return rt_madvise(a, b, (s32)c); }
SYS(shmat)            { return mem_shmat((s32)a, b, (u32)c); }
SYS(shmdt)            { return mem_shmdt(a); }
SYS(remap_file_pages) { return c ? -EINVAL : mem_remap_file_pages(a, b, d); }

SYS(msync)
{
	u64 in = a & (GUEST_PAGE - 1) ? 0 : a & (rt.page - 1);
	return host_call_blocking(t, __NR_msync, a - in, b + in, (u32)c, 0, 0, 0);
}

/* One byte for each page of the guest's. */
static s64 in_core(gaddr a, u64 len, gaddr vec)
{
	u8 byte;
	s64 r = 0;
	if (rt.page == GUEST_PAGE || a & (GUEST_PAGE - 1) || len > GUEST_LIMIT)
		return host_call(__NR_mincore, a, len, vec);
	for (u64 at = 0; at < len && !r; at += GUEST_PAGE) {
		r = host_call(__NR_mincore, align_down(a + at, (u64)rt.page), 1, &byte);
		if (!r && !rt_write(vec + at / GUEST_PAGE, &byte, 1))
			r = -EFAULT;
	}
	return r;
}

SYS(mincore)
{
	u64 pages = (b + GUEST_PAGE - 1) / GUEST_PAGE;
	s64 r = in_core(a, b, c);
	if (r == -EFAULT && rt_smc_unprotect(c, pages))
		r = in_core(a, b, c);
	struct vma v;
	for (gaddr x = a; !r && x < a + b; x = v.hi)            /* what is mapped there may be ours */
		if (!rt_vma(x, &v) || v.lo > x)
			return -ENOMEM;
	return r;
}

SYS(pkey_mprotect)
{
	return (s32)d == -1 ? sys_mprotect(t, a, b, c, 0, 0, 0) : -EINVAL;
}

SYS(pkey_alloc)
{
	return a || b & ~3ull ? -EINVAL : -ENOSPC;
}

SYS(pkey_free) { return -EINVAL; }
