/*
 * On a terminal the awaited check is shown before it ends; a log gets whole lines
 * only.  Nothing waits for the reader but the end, and that has a deadline.
 *
 * A pipe or terminal is opened a second time to be written without waiting,
 * because O_NONBLOCK on the descriptor itself would be seen by all that share it,
 * such as a shell.  A file is not: it would be written from its beginning.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/output/checklist.h"

enum { LONGEST = 128 * 1024, AT_ONCE = 1024 };

static const char *const colours[STATUSES] = { "\033[32m", "\033[33m", "\033[31m", "\033[2m" };
static const char *const words[STATUSES] = { "ok", "WARN", "FAIL", "skip" };

/* Writes what the reader takes at once.  Where writing fails, the rest is dropped: there is no reader. */
static void
push(struct checklist *c)
{
	while (c->written < c->text.length) {
		size_t left = c->text.length - c->written;
		struct pollfd ready = { .fd = c->fd, .events = POLLOUT };
		ssize_t wrote;

		if (!c->is_own && poll(&ready, 1, 0) <= 0)
			return;
		wrote = write(c->fd, c->text.text + c->written, left < AT_ONCE ? left : AT_ONCE);
		if (wrote < 0 && errno == EAGAIN)
			return;
		if (wrote > 0)
			c->written += (size_t)wrote;
		else if (wrote == 0 || errno != EINTR)
			c->written = c->text.length;
	}
}

static void
set_colour(struct checklist *c, const char *colour)
{
	buffer_string(&c->text, c->is_coloured ? colour : "");
}

void
checklist_open(struct checklist *c, int fd, size_t total)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	char path[40];
	struct stat info;
	int own = -1;

	*c = (struct checklist){ .shown = fd >= 0, .fd = fd, .total = total };
	buffer_init(&c->text, LONGEST);
	if (!c->shown)
		return;
	c->is_terminal = isatty(fd) == 1;
	c->is_coloured =
	    c->is_terminal && (no == NULL || *no == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
	if (fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	c->is_own = own >= 0;
	if (c->is_own)
		c->fd = own;
}

void
checklist_await(struct checklist *c, enum preflight_check check)
{
	c->number++;
	if (!c->shown)
		return;
	buffer_format(&c->text, "[%zu/%zu] %s ...", c->number, c->total, check_name(check));
	if (c->is_terminal)
		push(c);
}

/* The reason of a check that passed would only be noise. */
void
checklist_add(struct checklist *c, const struct check_result *result)
{
	double seconds = result->latency_seconds >= 0 ? result->latency_seconds : result->seconds;

	if (!c->shown)
		return;
	buffer_string(&c->text, " ");
	set_colour(c, colours[result->status]);
	buffer_string(&c->text, words[result->status]);
	set_colour(c, "\033[0m");
	if (result->status != STATUS_SKIP)
		buffer_format(&c->text, seconds < 1e-4 ? " %.2f ms" : " %.1f ms", seconds * 1e3);
	if (result->status != STATUS_PASS) {
		buffer_string(&c->text, ": ");
		buffer_string(&c->text, result->reason);
	}
	buffer_string(&c->text, "\n");
	push(c);
}

void
checklist_write_verdict(struct checklist *c, const struct report *report)
{
	static const enum check_status hinted[] = { STATUS_FAIL, STATUS_WARN };
	const struct verdict *verdict = report->verdict;
	bool warned = verdict->counts[STATUS_WARN] > 0;

	if (!c->shown)
		return;
	set_colour(c, colours[!verdict->passed ? STATUS_FAIL : warned ? STATUS_WARN : STATUS_PASS]);
	buffer_string(&c->text, verdict->line);
	set_colour(c, "\033[0m");
	buffer_string(&c->text, "\n");
	for (size_t i = 0; i < sizeof(hinted) / sizeof(*hinted); i++)
		for (int check = 0; check < CHECKS; check++) {
			const struct check_result *result = &report->results[check];

			if (report->listed[check] && result->status == hinted[i] && result->hint[0] != '\0')
				buffer_format(&c->text, "  %s: %s\n", check_name((enum preflight_check)check),
				    result->hint);
		}
	push(c);
}

bool
checklist_close(struct checklist *c, struct deadline deadline)
{
	bool whole;

	if (!c->shown)
		return true;
	push(c);
	while (c->written < c->text.length && deadline_poll(deadline, c->fd, POLLOUT) > 0)
		push(c);
	whole = c->written == c->text.length;
	if (c->is_own)
		(void)close(c->fd);
	buffer_release(&c->text);
	return whole;
}
