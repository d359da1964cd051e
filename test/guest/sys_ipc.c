/* cflags: -D_GNU_SOURCE */
/* System V's and POSIX's queues: the layouts of their control structures. */
#include "sys_raw.h"
#include <fcntl.h>
#include <sys/ipc.h>
#include <time.h>

struct x_perm { int32_t key; uint32_t uid, gid, cuid, cgid, mode; uint16_t seq, pad; uint64_t unused[2]; };
struct x_semid { struct x_perm perm; int64_t otime, unused1, ctime, unused2; uint64_t nsems, unused[2]; };
struct x_msqid { struct x_perm perm; int64_t stime, rtime, ctime; uint64_t cbytes, qnum, qbytes; int32_t lspid, lrpid; uint64_t unused[2]; };
struct x_shmid { struct x_perm perm; uint64_t size; int64_t atime, dtime, ctime; int32_t cpid, lpid; uint64_t nattch, unused[2]; };
struct sembuf { uint16_t num; int16_t op, flags; };

static struct { union { struct x_semid sem; struct x_msqid msg; struct x_shmid shm; } u; char guard[8]; } buf;
static unsigned char *const bytes = (void *)&buf;

static int recent(int64_t t) { return t > time(0) - 100 && t <= time(0) + 1; }

/* User-mode QEMU writes the mode's lower half only. */
static void perm(const struct x_perm *p)
{
	printf("  key %d uid %d gid %d mode %o\n", p->key, p->uid == geteuid(), p->cgid == getegid(), p->mode & 0xffff);
}

static void semaphores(void)
{
	uint16_t all[5] = { 1, 2, 3, 4, 5 };
	long id = ok("semget", raw(64, IPC_PRIVATE, 5, GARBAGE(IPC_CREAT | 0640)));
	memset(&buf, 0xa5, sizeof buf);
	show("semctl stat", raw(66, GARBAGE(id), 0, GARBAGE(IPC_STAT), &buf));
	perm(&buf.u.sem.perm);
	printf("  nsems %lu otime %ld ctime %d guard %x\n", buf.u.sem.nsems, buf.u.sem.otime, recent(buf.u.sem.ctime), bytes[104]);
	show("semctl setall", raw(66, id, 0, 17, all));
	memset(all, 0, sizeof all);
	show("semctl getall", raw(66, id, 0, 13, all));
	printf("  %d %d %d %d %d\n", all[0], all[1], all[2], all[3], all[4]);
	show("semctl setval", raw(66, id, 2, 16, GARBAGE(33)));
	show("semctl getval", raw(66, id, GARBAGE(2), GARBAGE(12), 0));
	struct sembuf op = { 2, -3, IPC_NOWAIT };
	show("semop", raw(65, id, &op, 1));
	struct timespec ts = { 0, 1000000 };
	op = (struct sembuf){ 1, -9, 0 };
	show("semtimedop", raw(220, id, &op, 1, &ts));
	show("semctl stat", raw(66, id, 0, IPC_STAT, &buf));
	printf("  otime %d\n", recent(buf.u.sem.otime));
	buf.u.sem.perm.mode = 0600;
	show("semctl set", raw(66, id, 0, IPC_SET, &buf));
	show("semctl stat", raw(66, id, 0, IPC_STAT, &buf));
	printf("  mode %o\n", buf.u.sem.perm.mode);
	show("semctl stat nowhere", raw(66, id, 0, IPC_STAT, BAD));
	show("semctl getall nowhere", raw(66, id, 0, 13, BAD));
	show("semctl bad command", raw(66, id, 0, 99, 0));
	show("semctl remove", raw(66, id, 0, IPC_RMID, 0));
	show("semctl removed", raw(66, id, 0, IPC_STAT, &buf));
}

static void messages(void)
{
	struct { long type; char text[16]; } m = { 7, "a message" };
	long id = ok("msgget", raw(68, IPC_PRIVATE, IPC_CREAT | 0600));
	show("msgsnd", raw(69, GARBAGE(id), &m, 10, GARBAGE(IPC_NOWAIT)));
	memset(&buf, 0xa5, sizeof buf);
	show("msgctl stat", raw(71, id, IPC_STAT, &buf));
	perm(&buf.u.msg.perm);
	printf("  cbytes %lu qnum %lu lspid %d guard %x\n", buf.u.msg.cbytes, buf.u.msg.qnum, buf.u.msg.lspid == getpid(), bytes[120]);
	memset(&m, 0, sizeof m);
	show("msgrcv", raw(70, id, &m, 16, 0, GARBAGE(0)));
	printf("  %ld %s\n", m.type, m.text);
	show("msgrcv none", raw(70, id, &m, 16, 0, IPC_NOWAIT));
	show("msgctl remove", raw(71, id, IPC_RMID, 0));
}

static void shared_memory(void)
{
	long id = ok("shmget", raw(29, IPC_PRIVATE, 10000, IPC_CREAT | 0600));
	memset(&buf, 0xa5, sizeof buf);
	show("shmctl stat", raw(31, id, IPC_STAT, &buf));
	perm(&buf.u.shm.perm);
	printf("  size %lu nattch %lu cpid %d guard %x\n", buf.u.shm.size, buf.u.shm.nattch, buf.u.shm.cpid == getpid(), bytes[112]);
	show("shmctl remove", raw(31, id, IPC_RMID, 0));
}

static void posix_queue(void)
{
	struct { long flags, maxmsg, msgsize, curmsgs, unused[4]; } attr = { 0, 4, 32, 0 };
	char name[40], text[32] = "";
	unsigned prio = 0;
	sprintf(name, "/stele-sys-%d", getpid());
	long q = ok("mq_open", raw(240, name + 1, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr));
	show("mq_timedsend", raw(242, q, "hello", 5, GARBAGE(3), 0));
	memset(&attr, 0, sizeof attr);
	show("mq_getsetattr", raw(245, q, 0, &attr));
	printf("  flags %lo maxmsg %ld msgsize %ld curmsgs %ld\n", attr.flags, attr.maxmsg, attr.msgsize, attr.curmsgs);
	show("mq_timedreceive", raw(243, q, text, 32, &prio, 0));
	printf("  %s %u\n", text, prio);
	show("mq_timedreceive none", raw(243, q, text, 32, &prio, 0));
	show("mq_unlink", raw(241, name + 1));
}

int main(void)
{
	semaphores();
	messages();
	shared_memory();
	posix_queue();
	return 0;
}
