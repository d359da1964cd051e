/* ioctl.c - ioctl requests: the same numbers and structures on both architectures, with few exceptions.
 *
 * asm/ioctl.h, ioctls.h, termbits.h, socket.h and sockios.h are the generic ones on both. Requests that speak of the
 * CPU (KVM and what virtualisation brings along) would reach an ARM64 machine: ENOTTY, as for a device that is none.
 * loop_info's two device numbers are of 64 bits on x86-64 (asm/posix_types_64.h) and of 32 here.
 */
#include "sys/abi.h"
#include <asm/unistd.h>

enum { LOOP_SET_STATUS = 0x4c02, LOOP_GET_STATUS = 0x4c03, KVM_TYPE = 0xae };

struct loop_same { s32 offset, crypt, key_size, flags; char name[64]; u8 key[32]; };
struct h_loop_info { s32 number; u32 device; u64 inode; u32 rdevice; struct loop_same same; u64 init[2]; u8 reserved[4]; };
struct g_loop_info { s32 number; u64 device; u64 inode; u64 rdevice; struct loop_same same; u64 init[2]; u8 reserved[4]; };
_Static_assert(sizeof(struct h_loop_info) == 160 && sizeof(struct g_loop_info) == 168, "linux/loop.h");

static s64 loop_status(s32 fd, u32 request, gaddr p)
{
	struct h_loop_info h = { 0 };
	struct g_loop_info g = { 0 };
	if (request == LOOP_SET_STATUS) {
		if (!rt_get(&g, p))
			return -EFAULT;
		h = (struct h_loop_info){ g.number, g.device, g.inode, g.rdevice, g.same, { g.init[0], g.init[1] }, { 0 } };
		return host_call(__NR_ioctl, fd, request, &h);
	}
	s64 r = host_call(__NR_ioctl, fd, request, &h);
	if (r < 0)
		return r;
	g = (struct g_loop_info){ h.number, h.device, h.inode, h.rdevice, h.same, { h.init[0], h.init[1] }, { 0 } };
	return rt_put(p, &g) ? r : -EFAULT;
}

/* How much a request may write: its own number says (asm-generic/ioctl.h), or it is one of the old ones. */
static u64 request_size(u32 request)
{
	u32 size = request >> 16 & 0x3fff;
	return size ? size : 4096;
}

SYS(ioctl)
{
	u32 request = b;
	if (request == LOOP_SET_STATUS || request == LOOP_GET_STATUS)
		return loop_status(a, request, c);
	if ((request >> 8 & 0xff) == KVM_TYPE)
		return host_call(__NR_fcntl, (s32)a, F_GETFD, 0) < 0 ? -EBADF : -ENOTTY;
	s64 r = host_call_blocking(t, __NR_ioctl, (s32)a, request, c, 0, 0, 0);
	if (r == -EFAULT && rt_smc_unprotect(c, request_size(request)))
		r = host_call_blocking(t, __NR_ioctl, (s32)a, request, c, 0, 0, 0);
	return r;
}
