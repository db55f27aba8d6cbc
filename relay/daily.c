/*
 * The daily summary comes from PostgreSQL and goes out by mail, and either can be away for a while. It is a
 * convenience, not an alert: it is tried for an hour and then left out, it is never written to the outbox,
 * and a relay that is down at that minute sends none that day.
 *
 * The thread holds nothing while it waits for the database or the mail server.
 */

#include "relay/daily.h"

#include <pthread.h>
#include <stdlib.h>

#include "relay/pause.h"
#include "relay/store/store.h"
#include "relay/summary.h"

enum { ATTEMPTS = 12, CSV_BYTES = 8 * 1024 * 1024 };

static const int64_t second_ns = 1000 * 1000 * 1000;
static const int64_t day_ms = INT64_C(86400) * 1000;
static const int64_t send_ns = INT64_C(30) * 1000 * 1000 * 1000;

struct daily {
	struct daily_settings settings;
	struct pause pause;
	pthread_t thread;
	bool running;
};

static enum channel_outcome
send(struct daily *d, const struct summary_mail *mail, struct slice csv, struct failure *why)
{
	struct channel_line *line = channel_open(d->settings.channel, why);
	struct channel_result result;

	if (line == NULL)
		return CHANNEL_RETRY;
	summary_send(line, mail, csv, deadline_in(send_ns), &result);
	channel_close(line);
	*why = result.failure;
	return result.outcome;
}

static enum channel_outcome
summarize(struct daily *d, int64_t to_ms, struct failure *why)
{
	struct history_summary *summary = calloc(1, sizeof(*summary));
	enum channel_outcome outcome = CHANNEL_RETRY;
	struct summary_mail mail = { 0 };
	struct buffer csv;

	/* Many mail servers take no mail that is larger than 10 MB, and base64 makes 8 MiB almost that. */
	buffer_init(&csv, CSV_BYTES);
	if (summary == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (history_summarize(d->settings.history, to_ms - day_ms, to_ms, summary, &csv, why) == 0 &&
		 summary_compose(d->settings.templates, summary, to_ms - day_ms, to_ms, &mail, why) == 0)
		outcome = send(d, &mail, buffer_slice(&csv), why);
	buffer_release(&mail.text);
	buffer_release(&mail.html);
	buffer_release(&csv);
	free(summary);
	return outcome;
}

/* For an hour, every five minutes. */
static void
summarize_with_patience(struct daily *d, int64_t to_ms)
{
	struct failure why = { 0 };

	for (int i = 0; i < ATTEMPTS && (i == 0 || pause_for(&d->pause, 300 * second_ns)); i++) {
		enum channel_outcome outcome = summarize(d, to_ms, &why);

		if (outcome == CHANNEL_SENT) {
			d->settings.notice(d->settings.context, false, "the daily summary was sent", NULL);
			return;
		}
		/* The server said no for good: eleven more attempts would hear the same. */
		if (outcome == CHANNEL_REFUSED)
			break;
		if (i == 0)
			d->settings.notice(d->settings.context, true,
			    "the daily summary could not be sent, and is tried again", why.text);
	}
	d->settings.notice(d->settings.context, true, "there is no daily summary today", why.text);
}

/* It looks at the clock every now and then, because somebody may set it. */
static void *
summarize_daily(void *context)
{
	struct daily *d = context;
	int64_t next_ms = summary_next_ms(d->settings.minute, store_now_ms());

	while (pause_for(&d->pause, 5 * second_ns)) {
		int64_t now_ms = store_now_ms();

		if (now_ms >= next_ms)
			summarize_with_patience(d, next_ms);
		/* More than 26 hours ahead: the clock was set back since.
		 * A local day has 25 hours at most, when summer time ends. */
		if (now_ms >= next_ms || next_ms - now_ms > day_ms + day_ms / 12)
			next_ms = summary_next_ms(d->settings.minute, now_ms);
	}
	return NULL;
}

int
daily_start(struct daily **daily, const struct daily_settings *settings, struct failure *why)
{
	struct daily *d = calloc(1, sizeof(*d));

	*daily = d;
	if (d == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	d->settings = *settings;
	pause_init(&d->pause);
	if (pthread_create(&d->thread, NULL, summarize_daily, d) != 0)
		return failure_set(why, FAILURE_LOCAL, "cannot start the thread for the daily summary");
	d->running = true;
	return 0;
}

void
daily_free(struct daily *d)
{
	if (d == NULL)
		return;
	pause_end(&d->pause);
	if (d->running)
		(void)pthread_join(d->thread, NULL);
	pause_release(&d->pause);
	free(d);
}
