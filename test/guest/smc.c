/* cflags: -D_GNU_SOURCE -pthread */
/* smc.c - code that changes: the next instruction, a loop's body, code across pages, code on a page with data, system calls
 * that write code, mprotect flips, two mappings of one memfd, writes to a file and to /proc/self/mem, fresh maps over old
 * code, patches by another process and by another thread, also inside a loop, and very many changes. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

typedef int fn(int);
enum { RWX = PROT_READ | PROT_WRITE | PROT_EXEC };

static unsigned char *page(int n)
{
	unsigned char *p = mmap(0, n * 4096, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) exit(97);
	return p;
}

/* mov eax, imm32; ret */
static void put(unsigned char *p, int v)
{
	unsigned char c[6] = { 0xb8 };
	memcpy(c + 1, &v, 4);
	c[5] = 0xc3;
	memcpy(p, c, 6);
}
#define CALL(p) ((fn *)(p))(0)

static void rewrite(void)
{
	unsigned char *p = page(1);
	long sum = 0;
	for (int i = 0; i < 200; i++) {
		put(p, i);
		sum += CALL(p);
	}
	say("rewrite %ld\n", sum);
	expect(sum == 199 * 200 / 2);
}

/* mov byte [rip+1], 9 ; mov eax, 5 ; ret: the store changes the immediate of the very next instruction. */
static void next(void)
{
	unsigned char *p = page(1);
	memcpy(p, "\xc6\x05\x01\x00\x00\x00\x09\xb8\x05\x00\x00\x00\xc3", 13);
	int a = CALL(p);
	p[8] = 3;
	int b = CALL(p);
	say("next instruction %d %d\n", a, b);
	expect(a == 9 && b == 9);
}

/* A loop that counts in its own immediate:
 * xor eax,eax; L: add eax, 1; inc dword [rip-imm]; cmp eax, 100; jl L; ret */
static void loop(void)
{
	unsigned char *p = page(1);
	unsigned char c[] = { 0x31, 0xc0,                        /* 0  */
		0x05, 1, 0, 0, 0,                                /* 2  add eax, imm32 at 3 */
		0xff, 0x05, 0xf6, 0xff, 0xff, 0xff,              /* 7  inc dword [rip - 10]: 13 - 10 = 3 */
		0x83, 0xf8, 100, 0x7c, 0xf0, 0xc3 };             /* 13 cmp; 16 jl 2; 18 ret */
	memcpy(p, c, sizeof c);
	int r = CALL(p);
	say("loop %d\n", r);
	expect(r == 105);                                        /* 1 + 2 + ... + 14 */
}

/* An instruction across a page boundary, changed in its second half. */
static void straddle(void)
{
	unsigned char *p = page(2) + 4096 - 3;
	long sum = 0;
	for (int i = 0; i < 50; i++) {
		put(p, 7);
		p[3] = i;
		sum += CALL(p);
	}
	say("straddle %ld\n", sum);
	long want = 0;
	for (int i = 0; i < 50; i++)
		want += 7 | i << 16;
	expect(sum == want);
}

/* Code and data on one page, both busy. */
static void mixed(void)
{
	unsigned char *p = page(1);
	volatile long *data = (long *)(p + 2048);
	put(p, 1);
	long sum = 0;
	for (int i = 0; i < 2000; i++) {
		*data += CALL(p);
		sum += *data;
	}
	say("mixed %ld %ld\n", *data, sum);
	expect(*data == 2000);
}

/* read(2) into code. */
static void by_syscall(void)
{
	unsigned char *p = page(1), c[6];
	int fd[2];
	long sum = 0;
	if (pipe(fd)) exit(97);
	put(p, 1);
	sum += CALL(p);
	for (int i = 0; i < 20; i++) {
		put(c, 100 + i);
		if (write(fd[1], c, 6) != 6 || read(fd[0], p, 6) != 6) { expect(!"read into code"); break; }
		sum += CALL(p);
	}
	say("by system call %ld\n", sum);
	expect(sum == 1 + 20 * 100 + 190);
	close(fd[0]);
	close(fd[1]);
}

/* Code that has its stack on its own page: push rdi; inc qword [rsp]; pop rax; call L; ret; L: inc eax; ret */
static void on_its_stack(void)
{
	unsigned char *p = page(1);
	long sum = 0;
	memcpy(p, "\x57\x48\xff\x04\x24\x58\xe8\x01\x00\x00\x00\xc3\xff\xc0\xc3", 15);
	for (long i = 0; i < 20; i++) {
		long r;
		__asm__ volatile("mov %%rsp, %%rbx\n mov %2, %%rsp\n call *%3\n mov %%rbx, %%rsp\n"
			: "=a" (r) : "D" (i), "r" (p + 4096), "r" (p) : "rbx", "memory", "cc");
		sum += r;
	}
	say("on its own stack %ld\n", sum);
	expect(sum == 190 + 40);
}

static void flips(void)
{
	unsigned char *p = page(1);
	long sum = 0;
	for (int i = 0; i < 50; i++) {
		mprotect(p, 4096, PROT_READ | PROT_WRITE);
		put(p, i);
		mprotect(p, 4096, PROT_READ | PROT_EXEC);
		sum += CALL(p);
	}
	say("flips %ld\n", sum);
	expect(sum == 49 * 25);
}

/* The old map goes, another comes at the same place. */
static void remap(void)
{
	unsigned char *p = page(1);
	long sum = 0;
	for (int i = 0; i < 20; i++) {
		munmap(p, 4096);
		if (mmap(p, 4096, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p) exit(97);
		put(p, i);
		sum += CALL(p);
		put(p, 1000);
		madvise(p, 4096, MADV_DONTNEED);
		put(p, i + 1);
		sum += CALL(p);
	}
	say("remap %ld\n", sum);
	expect(sum == 190 + 210);
}

static void memfd(void)
{
	int fd = memfd_create("code", 0);
	long sum = 0;
	if (fd < 0 || ftruncate(fd, 8192)) exit(97);
	unsigned char *w = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned char *x = mmap(0, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (w == MAP_FAILED || x == MAP_FAILED) exit(97);
	for (int i = 0; i < 100; i++) {
		put(w + 64, i);
		sum += CALL(x + 64);
	}
	say("memfd %ld\n", sum);
	expect(sum == 99 * 50);
	/* a second writable view that comes later */
	unsigned char *late = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	put(late + 64, 5);
	sum = CALL(x + 64);
	put(late + 64, 6);
	sum = sum * 10 + CALL(x + 64);
	say("late view %ld\n", sum);
	expect(sum == 56);
	close(fd);
}

/* Code in shared maps, changed by writing to the file. */
static void by_file(void)
{
	int fd = memfd_create("code", 0), one[2];
	unsigned char c[6];
	long sum = 0;
	if (fd < 0 || ftruncate(fd, 8192) || pipe(one)) exit(97);
	unsigned char *x = mmap(0, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	for (int i = 0; i < 30; i++) {
		struct iovec v = { c, 6 };
		put(c, i);
		switch (i % 4) {
		case 0: if (pwrite(fd, c, 6, 128) != 6) exit(97); break;
		case 1: if (lseek(fd, 128, SEEK_SET) < 0 || write(fd, c, 6) != 6) exit(97); break;
		case 2: if (pwritev(fd, &v, 1, 128) != 6) exit(97); break;
		case 3:
			if (write(one[1], c, 6) != 6 || lseek(fd, 128, SEEK_SET) < 0 || splice(one[0], 0, fd, 0, 6, 0) != 6) exit(97);
			break;
		}
		sum += CALL(x + 128);
	}
	say("by its file %ld\n", sum);
	expect(sum == 29 * 15);
	close(fd);
}

/* Another process writes the code: in between calls, and inside a loop that ends only by that. */
static void by_other(const char *what, int fd)
{
	int go[2], done_[2];
	long sum = 0;
	char c;
	if (fd < 0 || ftruncate(fd, 8192) || pipe(go) || pipe(done_)) exit(97);
	unsigned char *x = mmap(0, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	unsigned char *w = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (x == MAP_FAILED || w == MAP_FAILED) exit(97);
	put(w, 1000);
	sum += CALL(x);
	munmap(w, 8192);
	pid_t pid = fork();
	if (!pid) {
		w = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		for (int i = 0; i < 50 && read(go[0], &c, 1) == 1; i++) {
			if (i == 49) memcpy(w + 64, "\x90\xeb\xfd\xc3", 4);          /* L: nop; jmp L */
			else put(w, i);
			if (write(done_[1], &c, 1) != 1) _exit(1);
		}
		usleep(50000);
		*(volatile unsigned char *)(w + 64) = 0xc3;
		_exit(0);
	}
	for (int i = 0; i < 50; i++) {
		if (write(go[1], "g", 1) != 1 || read(done_[0], &c, 1) != 1) exit(97);
		if (i < 49) sum += CALL(x);
		else CALL(x + 64);
	}
	int st;
	waitpid(pid, &st, 0);
	say("by another process, %s: %ld\n", what, sum);
	expect(sum == 1000 + 24 * 49 && !st);
	munmap(x, 8192);
	close(fd);
}

/* Past every protection: code in a page that may not be written. */
static void by_mem(void)
{
	unsigned char *p = page(1), c[6];
	int fd = open("/proc/self/mem", O_RDWR);
	long sum = 0;
	if (fd < 0) exit(97);
	put(p, 7);
	mprotect(p, 4096, PROT_READ | PROT_EXEC);
	sum += CALL(p);
	for (int i = 0; i < 20; i++) {
		put(c, i);
		if (i % 2 ? pwrite(fd, c, 6, (long)p) != 6 : lseek(fd, (long)p, SEEK_SET) < 0 || write(fd, c, 6) != 6)
			expect(!"write");
		sum += CALL(p);
	}
	say("by /proc/self/mem %ld\n", sum);
	expect(sum == 190 + 7);
	close(fd);
}

/* Another thread patches a function that this one calls all the time: old or new, never anything else, and new soon. */
static unsigned char *target;
static atomic_int seen_max, stop;
static void *caller(void *arg)
{
	long bad = 0;
	while (!stop) {
		int v = CALL(target);
		bad += v < 1 || v > 200;
		if (v > seen_max) seen_max = v;
	}
	return (void *)bad;
}
static void patched(void)
{
	pthread_t t;
	void *bad;
	target = page(1) + 15;          /* the immediate is aligned, so that a write to it is atomic */
	put(target, 1);
	pthread_create(&t, 0, caller, 0);
	for (int i = 2; i <= 200; i++) {
		__atomic_store_n((int *)(target + 1), i, __ATOMIC_SEQ_CST);
		if (i % 20 == 0)
			while (seen_max < i)
				sched_yield();
	}
	stop = 1;
	pthread_join(t, &bad);
	say("patched by another thread: %ld bad, %d\n", (long)bad, seen_max);
	expect(!bad && seen_max == 200);
}

/* The same for one that never leaves its loop: L: mov dword [rdi], imm32; cmp dword [rsi], 0; je L; ret */
static volatile int now, leave;
static void *looper(void *arg)
{
	((void (*)(volatile int *, volatile int *))target)(&now, &leave);
	return 0;
}
static void patched_loop(void)
{
	pthread_t t;
	target = page(1) + 14;          /* the immediate is aligned */
	memcpy(target, "\xc7\x07\x01\x00\x00\x00\x83\x3e\x00\x74\xf5\xc3", 12);
	pthread_create(&t, 0, looper, 0);
	for (int i = 2; i <= 20; i++) {
		while (now != i - 1)
			sched_yield();
		__atomic_store_n((int *)(target + 2), i, __ATOMIC_SEQ_CST);
	}
	while (now != 20)
		sched_yield();
	leave = 1;
	pthread_join(t, 0);
	say("patched inside a loop: %d\n", now);
}

/* Code is made, written and made again very often: nothing runs out, and it stays quick. */
static void churn(void)
{
	unsigned char *p = page(64);
	long sum = 0;
	for (int i = 0; i < 64 * 64; i++)
		put(p + i * 64, i);
	for (int i = 0; i < 64 * 64; i++)
		sum += CALL(p + i * 64);
	for (int i = 0; i < 4000; i++) {
		put(p + i % 4 * 64, i);
		sum += CALL(p + i % 4 * 64);
	}
	say("churn %ld\n", sum);
	expect(sum == 4096 * 4095l / 2 + 4000 * 3999l / 2);
}

int main(void)
{
	rewrite();
	next();
	loop();
	straddle();
	mixed();
	by_syscall();
	on_its_stack();
	flips();
	remap();
	memfd();
	by_file();
	by_mem();
	by_other("memfd", memfd_create("code", 0));
	char name[] = "/tmp/smcXXXXXX";
	int fd = mkstemp(name);
	unlink(name);
	by_other("a file", fd);
	patched();
	patched_loop();
	churn();
	return done();
}
