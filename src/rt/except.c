/* except.c - the guest's exceptions, from what is known of an access or an instruction to signal, si_code and address.
 *
 * As Linux tells them on x86-64: a page fault has its address; an address that is not canonical, a misaligned operand
 * and what only the kernel may do are #GP, without one, and SIGBUS where the stack's segment was used (#SS).
 * SDM vol. 3 6.15; vol. 1 3.3.7.1 (canonical addresses), 3.4.2.1 (the stack's segment).
 */
#include "rt/except.h"
#include "gen/decode.h"
#include "rt/mem.h"
#include "rt/signal.h"

enum { ERR_PRESENT = 1, ERR_WRITE = 2, ERR_USER = 4, ERR_FETCH = 16 };

bool rt_insn_at(gaddr rip, struct insn *i)
{
	u8 b[15];
	size_t n = sizeof b;

	while (n && !rt_read(b, rip, n))
		n--;
	return x86_decode(i, b, n, rip, rt.x86) == X86_OK;
}

gaddr rt_address(const struct cpu *c, const struct insn *i)
{
	gaddr a = (s64)i->disp;

	if (i->base == RIP) a += insn_next(i);
	else if (i->base < 16) a += c->r[i->base];
	if (i->index < 16) a += c->r[i->index] << i->shift;
	if (i->aw == 4) a = (u32)a;
	return a + (i->seg == SEG_FS ? c->fs_base : i->seg == SEG_GS ? c->gs_base : 0);
}

/* The selector that i is to load, and into which segment; false if there is none. */
static bool selector(const struct cpu *c, const struct insn *i, u16 *sel, int *seg)
{
	*seg = SEG_CS;
	switch (i->mn) {
	case MN_MOV: case MN_POP:
		if (i->o[0].kind != OP_SEG) return false;
		*seg = i->o[0].reg;
		if (i->mn == MN_POP) return rt_get(sel, c->r[RSP]);
		if (i->o[1].kind == OP_MEM) return rt_get(sel, rt_address(c, i));
		*sel = c->r[i->o[1].reg];
		return true;
	case MN_LSS: case MN_LFS: case MN_LGS:
		*seg = i->mn == MN_LSS ? SEG_SS : i->mn == MN_LFS ? SEG_FS : SEG_GS;
		return rt_get(sel, rt_address(c, i) + i->w);
	case MN_JMPF: case MN_CALLF:
		return rt_get(sel, rt_address(c, i) + i->o[0].w - 2);
	case MN_RETF:
		return rt_get(sel, c->r[RSP] + i->w);
	case MN_IRET:
		if (!rt_get(sel, c->r[RSP] + i->w)) return false;
		if (*sel != 0x33) return true;
		*seg = SEG_SS;
		return rt_get(sel, c->r[RSP] + 4 * i->w);
	}
	return false;
}

/* SDM vol. 3, 6.13. What tr/emit_seg.c lets pass is not at fault. */
static u32 selector_error(const struct cpu *c)
{
	struct insn i;
	u16 sel;
	int seg;

	if (!rt_insn_at(c->rip, &i) || !selector(c, &i, &sel, &seg)) return 0;
	return sel == (seg == SEG_SS ? 0x2b : 0x33) || (i.mn == MN_IRET && c->rflags & RFLAGS_NT) ? 0 : sel & 0xfffc;
}

u64 rt_gp(struct thread *t)
{
	t->prot_err = selector_error(&t->cpu);
	return rt_raise(t, SIGSEGV, SI_KERNEL_, 0);
}

/* --- addresses */

bool rt_canonical(gaddr a) { return a >> 47 == 0 || a >> 47 == 0x1ffff; }

/* The last page below 2^47 counts to the kernel; nothing is told of what is there. */
static bool kernel(gaddr a) { return a >= GUEST_LIMIT; }

static bool pushes(u16 mn)
{
	switch (mn) {
	case MN_PUSH: case MN_POP: case MN_PUSHF: case MN_POPF: case MN_CALL: case MN_CALLF: case MN_RET: case MN_RETF:
	case MN_IRET: case MN_ENTER: case MN_LEAVE:
		return true;
	}
	return false;
}

/* Does i's access at a go by SS? By its base register, or because it pushes or pops. */
static bool by_stack(struct thread *t, const struct insn *i, gaddr a)
{
	bool memory = false;

	for (int n = 0; n < 4; n++)
		memory |= i->o[n].kind == OP_MEM;
	if (pushes(x86_rows[i->row].mn) && (!memory || a - t->cpu.r[RSP] + 64 < 128)) return true;
	return memory && (i->base == RSP || i->base == RBP) && i->seg != SEG_FS && i->seg != SEG_GS;
}

u64 rt_not_canonical(struct thread *t, gaddr a)
{
	struct insn i;

	t->prot_err = 0;
	if (rt_insn_at(t->cpu.rip, &i) && by_stack(t, &i, a)) return rt_raise(t, SIGBUS, SI_KERNEL_, 0);
	return rt_raise(t, SIGSEGV, SI_KERNEL_, 0);
}

/* "Present": x86 has no page table entry for PROT_NONE. */
u32 rt_fault_error(gaddr a, bool write, int *code)
{
	struct vma v;
	u32 err = ERR_USER | (write ? ERR_WRITE : 0);

	if (kernel(a)) {
		*code = SEGV_MAPERR_;
		return err | ERR_PRESENT;
	}
	return err | (*code == SEGV_ACCERR_ && rt_vma(a, &v) && v.lo <= a && v.prot ? ERR_PRESENT : 0);
}

u64 rt_page_fault(struct thread *t, gaddr a, size_t n, bool write)
{
	gaddr end = a + n;
	struct vma v;
	u8 byte;
	int code;

	for (;; a = align_down(a, GUEST_PAGE) + GUEST_PAGE) {   /* the first page that it cannot have */
		if (!rt_canonical(a)) return rt_not_canonical(t, a);
		code = rt_vma(a, &v) && v.lo <= a ? SEGV_ACCERR_ : SEGV_MAPERR_;
		if (code == SEGV_MAPERR_ || !(v.prot & (write ? 2 : 7))) break;
		if (!rt_read(&byte, a, 1)) {
			t->prot_err = ERR_USER | (write ? ERR_WRITE : 0);
			return rt_raise(t, SIGBUS, BUS_ADRERR_, a);
		}
		if (a >= end) break;
	}
	t->prot_err = rt_fault_error(a, write, &code);
	return rt_raise(t, SIGSEGV, code, a);
}

bool rt_writes_too(gaddr rip)
{
	struct insn i;

	if (!rt_insn_at(rip, &i)) return false;
	if (x86_rows[i.row].mn == MN_ENTER) return i.imm2 % 32 < 2;     /* its probe */
	if (x86_rows[i.row].mn == MN_MASKMOVDQU || x86_rows[i.row].mn == MN_VMASKMOVDQU) return true;
	for (int k = 0; k < 4; k++)
		if (i.o[k].kind == OP_MEM && i.o[k].access & OP_READ && i.o[k].access & OP_WRITE) return true;
	return false;
}

/* --- instructions */

/* What was missing may have come since the code was made: only pages with code are marked, so nobody was told. */
u64 rt_bad_fetch(struct thread *t)
{
	gaddr a = t->cpu.rip;
	struct insn i;
	struct vma v;
	u8 b[15];
	size_t n;
	bool there;

	if (!rt_canonical(a)) return rt_gp(t);
	if (a == VSYSCALL(0) || a == VSYSCALL(1) || a == VSYSCALL(2)) return rt_vsyscall(t);
	n = rt_fetch(a, b, sizeof b);
	if (x86_decode(&i, b, n, a, rt.x86) != X86_SHORT) {
		rt_code_changed(a, a + 1);
		return rt_code(t, a);
	}
	a += n;
	there = rt_vma(a, &v) && v.lo <= a;
	if (there && v.prot & 4) return rt_raise(t, SIGBUS, BUS_ADRERR_, a);    /* behind the file's end */
	t->prot_err = ERR_FETCH | ERR_USER | ((there && v.prot) || kernel(a) ? ERR_PRESENT : 0);
	return rt_raise(t, SIGSEGV, there ? SEGV_ACCERR_ : SEGV_MAPERR_, a);
}

/* #GP is the branch's own: it has not popped, nor pushed. */
u64 rt_bad_jump(struct thread *t)
{
	struct insn i;

	if (rt_insn_at(t->cpu.rip, &i)) {
		if (i.mn == MN_RET) t->cpu.r[RSP] -= 8 + (i.o[0].kind == OP_IMM ? (u16)i.imm : 0);
		if (i.mn == MN_CALL) t->cpu.r[RSP] += 8;
	}
	return rt_gp(t);
}

static bool prefix(u8 b)
{
	return b >> 4 == 4 || b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || (b & 0xe7) == 0x26 || (b & 0xfe) == 0x64;
}

u64 rt_interrupt(struct thread *t)
{
	gaddr pc = t->cpu.rip;
	u8 b[2] = { 0 };

	for (rt_read(b, pc, 2); prefix(b[0]); rt_read(b, ++pc, 2))
		;
	if (b[0] == 0xf1) {
		t->cpu.rip = pc + 1;
		return rt_raise(t, SIGTRAP, TRAP_BRKPT_, pc + 1);
	}
	if (b[0] == 0xcc || (b[0] == 0xcd && b[1] == 3)) {
		t->cpu.rip = pc + (b[0] == 0xcc ? 1 : 2);
		return rt_raise(t, SIGTRAP, SI_KERNEL_, 0);
	}
	if (b[1] == 4) {                        /* a trap: it comes after the instruction */
		t->cpu.rip = pc + 2;
		return rt_raise_vector(t, VECTOR_OF, SIGSEGV, SI_KERNEL_, 0);
	}
	t->prot_err = b[1] << 3 | 2;
	return rt_raise(t, SIGSEGV, SI_KERNEL_, 0);
}
