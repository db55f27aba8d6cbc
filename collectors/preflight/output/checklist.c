/*
 * Checks end in any order, but the list shows them in their own: a line that waits
 * for an earlier check is kept until that one is done. On a terminal the awaited
 * check is rewritten in place; a log gets whole lines only.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/preflight/output/checklist.h"

static const char *const colours[STATUSES] = { "\033[32m", "\033[33m", "\033[31m", "\033[2m" };
static const char *const words[STATUSES] = { "ok", "WARN", "FAIL", "skip" };

static bool
wants_colour(bool is_terminal)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return is_terminal && (no == NULL || *no == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

static const char *
colour(const struct checklist *c, enum check_status status)
{
	return c->coloured ? colours[status] : "";
}

static const char *
plain(const struct checklist *c)
{
	return c->coloured ? "\033[0m" : "";
}

static void
show_name(struct checklist *c)
{
	buffer_format(
	    &c->out.text, "[%zu/%zu] %s ...", c->number, c->total, check_name((enum preflight_check)c->next));
}

/* What is awaited; only where it can be seen coming. */
static void
show_awaited(struct checklist *c)
{
	while (c->next < CHECKS && !c->listed[c->next])
		c->next++;
	if (c->next >= CHECKS)
		return;
	c->number++;
	if (c->is_terminal)
		show_name(c);
}

/* What the check found to be well is no news, but for how long it took. */
static void
show_result(struct checklist *c)
{
	const struct check_result *result = &c->results[c->next];
	struct buffer *out = &c->out.text;
	double seconds = result->latency_seconds >= 0 ? result->latency_seconds : result->seconds;

	if (!c->is_terminal)
		show_name(c);
	buffer_format(out, " %s%s%s", colour(c, result->status), words[result->status], plain(c));
	if (result->status != STATUS_SKIP)
		buffer_format(out, seconds < 1e-4 ? " %.2f ms" : " %.1f ms", seconds * 1e3);
	if (result->status != STATUS_PASS) {
		buffer_string(out, ": ");
		buffer_string(out, result->reason);
	}
	buffer_string(out, "\n");
}

void
checklist_open(
    struct checklist *c, int fd, const struct check_result results[CHECKS], const bool listed[CHECKS])
{
	*c = (struct checklist){ .shown = fd >= 0, .results = results, .listed = listed };
	if (!c->shown)
		return;
	outlet_begin(&c->out, fd);
	c->is_terminal = isatty(fd) == 1;
	c->coloured = wants_colour(c->is_terminal);
	for (int check = 0; check < CHECKS; check++)
		c->total += listed[check];
	show_awaited(c);
	outlet_push(&c->out);
}

void
checklist_add(struct checklist *c, enum preflight_check check)
{
	c->done[check] = true;
	if (!c->shown)
		return;
	while (c->next < CHECKS && c->done[c->next]) {
		show_result(c);
		c->next++;
		show_awaited(c);
	}
	outlet_push(&c->out);
}

static void
show_hints(struct checklist *c, enum check_status status)
{
	for (int check = 0; check < CHECKS; check++)
		if (c->listed[check] && c->results[check].status == status &&
		    c->results[check].hint[0] != '\0')
			buffer_format(&c->out.text, "  %s: %s\n", check_name((enum preflight_check)check),
			    c->results[check].hint);
}

void
checklist_write_verdict(struct checklist *c, const struct verdict *verdict)
{
	bool warned = verdict->counts[STATUS_WARN] > 0;
	enum check_status status = !verdict->passed ? STATUS_FAIL : warned ? STATUS_WARN : STATUS_PASS;

	if (!c->shown)
		return;
	buffer_format(&c->out.text, "%s%s%s\n", colour(c, status), verdict->line, plain(c));
	show_hints(c, STATUS_FAIL);
	show_hints(c, STATUS_WARN);
	outlet_push(&c->out);
}

bool
checklist_close(struct checklist *c, struct deadline deadline)
{
	return !c->shown || outlet_end(&c->out, deadline);
}
