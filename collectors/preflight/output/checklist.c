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
colour(const struct terminal *t, enum check_status status)
{
	return t->coloured ? colours[status] : "";
}

static const char *
plain(const struct terminal *t)
{
	return t->coloured ? "\033[0m" : "";
}

static void
show_name(struct terminal *t)
{
	buffer_format(
	    &t->out.text, "[%zu/%zu] %s ...", t->number, t->total, check_name((enum preflight_check)t->next));
}

/* What is awaited; only where it can be seen coming. */
static void
show_awaited(struct terminal *t)
{
	while (t->next < CHECKS && !t->listed[t->next])
		t->next++;
	if (t->next >= CHECKS)
		return;
	t->number++;
	if (t->is_terminal)
		show_name(t);
}

/* What the check found to be well is no news, but for how long it took. */
static void
show_result(struct terminal *t)
{
	const struct check_result *result = &t->results[t->next];
	struct buffer *out = &t->out.text;
	double seconds = result->latency_seconds >= 0 ? result->latency_seconds : result->seconds;

	if (!t->is_terminal)
		show_name(t);
	buffer_format(out, " %s%s%s", colour(t, result->status), words[result->status], plain(t));
	if (result->status != STATUS_SKIP)
		buffer_format(out, seconds < 1e-4 ? " %.2f ms" : " %.1f ms", seconds * 1e3);
	if (result->status != STATUS_PASS) {
		buffer_string(out, ": ");
		buffer_string(out, result->reason);
	}
	buffer_string(out, "\n");
}

void
terminal_begin(
    struct terminal *t, int fd, const struct check_result results[CHECKS], const bool listed[CHECKS])
{
	*t = (struct terminal){ .shown = fd >= 0, .results = results, .listed = listed };
	if (!t->shown)
		return;
	outlet_begin(&t->out, fd);
	t->is_terminal = isatty(fd) == 1;
	t->coloured = wants_colour(t->is_terminal);
	for (int check = 0; check < CHECKS; check++)
		t->total += listed[check];
	show_awaited(t);
	outlet_push(&t->out);
}

void
terminal_done(struct terminal *t, enum preflight_check check)
{
	t->done[check] = true;
	if (!t->shown)
		return;
	while (t->next < CHECKS && t->done[t->next]) {
		show_result(t);
		t->next++;
		show_awaited(t);
	}
	outlet_push(&t->out);
}

static void
show_hints(struct terminal *t, enum check_status status)
{
	for (int check = 0; check < CHECKS; check++)
		if (t->listed[check] && t->results[check].status == status &&
		    t->results[check].hint[0] != '\0')
			buffer_format(&t->out.text, "  %s: %s\n", check_name((enum preflight_check)check),
			    t->results[check].hint);
}

void
terminal_end(struct terminal *t, const struct verdict *verdict)
{
	bool warned = verdict->counts[STATUS_WARN] > 0;
	enum check_status status = !verdict->passed ? STATUS_FAIL : warned ? STATUS_WARN : STATUS_PASS;

	if (!t->shown)
		return;
	buffer_format(&t->out.text, "%s%s%s\n", colour(t, status), verdict->line, plain(t));
	show_hints(t, STATUS_FAIL);
	show_hints(t, STATUS_WARN);
	outlet_push(&t->out);
}

bool
terminal_close(struct terminal *t, struct deadline deadline)
{
	return !t->shown || outlet_end(&t->out, deadline);
}
