/* vm_qmp.c - QMP: JSON, a line each way, over the Unix socket of a machine. docs/interop/qmp-spec.rst of QEMU.
 *
 * Not trusted: a line has a bound, so has the number of lines before an answer, every wait ends, and each value is looked at
 * for its kind. The socket serves one client; a second waits until its time is over.
 */
#include "ctl/vm.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINES = 10000, GREETING_S = 10 };

static json_t *fail(struct qmp *q, const char *why)
{
	snprintf(q->why, sizeof q->why, "%s", why);
	return NULL;
}

/* More bytes into the buffer: 1, or 0 at the end of the stream, -1 with q->why. */
static int more(struct qmp *q, s64 until)
{
	struct pollfd p = { q->fd, POLLIN };
	s64 left = until - vm_now();
	ssize_t n;

	if (q->have == sizeof q->text)
		return fail(q, "QEMU's answer is a line without an end"), -1;
	if (left <= 0 || poll(&p, 1, left) == 0)
		return fail(q, "QEMU does not answer (is another stelectl at it?)"), -1;
	n = recv(q->fd, q->text + q->have, sizeof q->text - q->have, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return fail(q, n ? strerror(errno) : "QEMU hung up"), n < 0 && errno != ECONNRESET ? -1 : 0;
	q->have += n;
	return 1;
}

static json_t *next(struct qmp *q, s64 until)
{
	char *end;
	json_t *o;
	size_t n;

	while (!(end = memchr(q->text, '\n', q->have)))
		if (more(q, until) <= 0)
			return NULL;
	n = end - q->text + 1;
	o = json_loadb(q->text, n, JSON_REJECT_DUPLICATES, NULL);
	memmove(q->text, q->text + n, q->have -= n);
	if (json_is_object(o))
		return o;
	json_decref(o);
	return fail(q, "QEMU's answer is not QMP");
}

static bool put(struct qmp *q, const char *text)
{
	for (size_t n = strlen(text); n; ) {
		ssize_t k = send(q->fd, text, n, MSG_NOSIGNAL);

		if (k < 0 && errno != EINTR)
			return fail(q, strerror(errno)) != NULL;
		text += k > 0 ? k : 0;
		n -= k > 0 ? k : 0;
	}
	return true;
}

json_t *qmp_ask(struct qmp *q, const char *command, json_t *arguments, int seconds)
{
	s64 until = vm_now() + seconds * 1000LL, id = ++q->id;
	json_t *o = json_pack("{s:s, s:I}", "execute", command, "id", (json_int_t)id), *back, *error;
	bool sent;
	char *line;

	if (arguments)
		json_object_set_new(o, "arguments", arguments);
	line = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!line)
		return fail(q, "a name is not UTF-8, which QEMU needs");
	sent = put(q, line) && put(q, "\n");
	free(line);
	if (!sent)
		return NULL;
	for (int i = 0; i < LINES; i++) {
		if (!(o = next(q, until)))
			return NULL;
		if (json_integer_value(json_object_get(o, "id")) != id) {       /* an event */
			json_decref(o);
			continue;
		}
		if (!(back = json_object_get(o, "return"))) {
			error = json_object_get(json_object_get(o, "error"), "desc");
			fail(q, json_is_string(error) ? json_string_value(error) : "QEMU's answer is not QMP");
		}
		json_incref(back);
		json_decref(o);
		return back;
	}
	return fail(q, "QEMU talks on without an answer");
}

bool qmp_open(struct qmp *q, const char *path)
{
	json_t *o;

	q->have = q->id = 0;
	if ((q->fd = vm_connect(path)) < 0)
		return fail(q, strerror(errno)) != NULL;
	o = next(q, vm_now() + GREETING_S * 1000);
	if (o && !json_object_get(o, "QMP"))
		fail(q, "what listens there is not QEMU");
	else if (o && (json_decref(o), o = qmp_ask(q, "qmp_capabilities", NULL, GREETING_S))) {
		json_decref(o);
		return true;
	}
	json_decref(o);
	qmp_close(q);
	return false;
}

bool qmp_ended(struct qmp *q, int milliseconds)
{
	for (s64 until = vm_now() + milliseconds; ; ) {
		int r = more(q, until);
		char *end = memrchr(q->text, '\n', q->have);    /* what it says meanwhile are events */
		size_t n = end ? end - q->text + 1 : 0;

		if (r <= 0)
			return r == 0;
		memmove(q->text, q->text + n, q->have -= n);
	}
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
}
