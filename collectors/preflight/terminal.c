#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/preflight/terminal.h"

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

/* What is awaited; only where it can be seen coming. */
static void
show_awaited(struct terminal *t)
{
	while (t->next < CHECKS && !t->listed[t->next])
		t->next++;
	if (t->next == CHECKS)
		return;
	t->number++;
	if (t->is_terminal) {
		fprintf(t->out, "[%zu/%zu] %s ...", t->number, t->total, check_name((enum check)t->next));
		(void)fflush(t->out);
	}
}

/* What the check found to be well is no news, but for how long it took. */
static void
show_result(struct terminal *t)
{
	const struct check_result *result = &t->results[t->next];
	double seconds = result->latency_seconds >= 0 ? result->latency_seconds : result->seconds;

	if (!t->is_terminal)
		fprintf(t->out, "[%zu/%zu] %s ...", t->number, t->total, check_name((enum check)t->next));
	fprintf(t->out, " %s%s%s", colour(t, result->status), words[result->status], plain(t));
	if (result->status != STATUS_SKIP)
		fprintf(t->out, seconds < 1e-4 ? " %.2f ms" : " %.1f ms", seconds * 1e3);
	if (result->status != STATUS_PASS)
		fprintf(t->out, ": %s", result->reason);
	fputc('\n', t->out);
	(void)fflush(t->out);
}

void
terminal_begin(
    struct terminal *t, FILE *out, const struct check_result results[CHECKS], const bool listed[CHECKS])
{
	*t = (struct terminal){ .out = out, .results = results, .listed = listed };
	if (out == NULL)
		return;
	t->is_terminal = isatty(fileno(out)) == 1;
	t->coloured = wants_colour(t->is_terminal);
	for (int check = 0; check < CHECKS; check++)
		t->total += listed[check];
	show_awaited(t);
}

void
terminal_done(struct terminal *t, enum check check)
{
	t->done[check] = true;
	while (t->out != NULL && t->next < CHECKS && t->done[t->next]) {
		show_result(t);
		t->next++;
		show_awaited(t);
	}
}

static void
show_hints(const struct terminal *t, enum check_status status)
{
	for (int check = 0; check < CHECKS; check++)
		if (t->listed[check] && t->results[check].status == status &&
		    t->results[check].hint[0] != '\0')
			fprintf(t->out, "  %s: %s\n", check_name((enum check)check), t->results[check].hint);
}

void
terminal_end(struct terminal *t, const struct verdict *verdict, const char *env, bool strict)
{
	bool warned = verdict->counts[STATUS_WARN] > 0;
	enum check_status status = !verdict->ready ? STATUS_FAIL : warned ? STATUS_WARN : STATUS_PASS;

	if (t->out != NULL) {
		fprintf(t->out, "%s%s%s for %s: %s%s\n", colour(t, status),
		    verdict->ready ? "READY" : "NOT READY", plain(t), env, verdict->text,
		    strict && warned ? " (strict: warnings count)" : "");
		show_hints(t, STATUS_FAIL);
		show_hints(t, STATUS_WARN);
		(void)fflush(t->out);
	}
}
