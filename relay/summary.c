/*
 * The mail of each day.  People read it on a phone or paste it into a document, so it is text and a
 * table of HTML, with the incidents as a file.  Names of alerts come from outside and are cleaned and
 * escaped; the words are those of the templates, which the operator may change.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "relay/channel/mail.h"
#include "relay/channel/markup.h"
#include "relay/message/fields.h"
#include "relay/message/local_time.h"
#include "relay/summary.h"

/* Bytes of each form: four severities and ten alerts need a few thousand. */
enum { SUMMARY_LARGEST = 256 * 1024, COLUMNS = 5 };

/* What a line of the table says behind its name. */
static const char *const columns[COLUMNS] = { "summary_count", "summary_open", "summary_acknowledged",
	"summary_to_acknowledge", "summary_to_resolve" };

struct writer {
	const struct templates *templates;
	struct buffer *text, *html;
	struct values values; /* to clean a name in */
};

static const char *
word(const struct writer *writer, const char *name)
{
	return templates_word(writer->templates, name);
}

/* SMTP ends lines with CRLF, and libcurl does not change them. */
static void
write_both(struct writer *writer, const char *before, struct slice text, const char *after)
{
	buffer_append(writer->text, text.at, text.length);
	buffer_string(writer->text, "\r\n");
	buffer_string(writer->html, before);
	markup_escape(writer->html, text);
	buffer_string(writer->html, after);
}

/* A median that is negative is one that does not exist: its cell stays empty. */
static const char *
cell(const struct writer *writer, const struct history_figures *figures, size_t column, char text[LOCAL_TIME])
{
	const double seconds = column == 3 ? figures->acknowledge_seconds : figures->resolve_seconds;
	const unsigned numbers[] = { figures->began, figures->open, figures->acknowledged };

	if (column < 3)
		(void)snprintf(text, LOCAL_TIME, "%u", numbers[column]);
	else if (seconds < 0)
		text[0] = '\0';
	else
		(void)local_time_span(writer->templates, (int64_t)(seconds * 1000), text);
	return text;
}

/* In the text one line, without what is empty; in the HTML a row.  Mail readers know little CSS, so the
 * alignment is an attribute as in old HTML. */
static void
write_row(struct writer *writer, struct slice name, const struct history_figures *figures)
{
	char text[LOCAL_TIME];

	buffer_string(writer->html, "<tr><td>");
	markup_escape(writer->html, name);
	buffer_append(writer->text, name.at, name.length);
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *value = cell(writer, figures, i, text);

		buffer_format(writer->html, "</td><td align=right>%s", value);
		if (*value != '\0')
			buffer_format(
			    writer->text, "%s %s: %s", i > 0 ? "," : ":", word(writer, columns[i]), value);
	}
	buffer_string(writer->text, "\r\n");
	buffer_string(writer->html, "</td></tr>\r\n");
}

static void
begin_table(struct writer *writer, const char *first)
{
	buffer_format(writer->html,
	    "<table border=1 cellpadding=4 style=\"border-collapse:collapse\"><tr><th>%s", first);
	for (size_t i = 0; i < COLUMNS; i++)
		buffer_format(writer->html, "</th><th>%s", word(writer, columns[i]));
	buffer_string(writer->html, "</th></tr>\r\n");
}

static void
write_severities(struct writer *writer, const struct history_summary *summary)
{
	begin_table(writer, word(writer, "summary_severity"));
	for (size_t i = 0; i < HISTORY_SEVERITIES; i++) {
		const struct history_figures *figures = &summary->severities[i];
		char name[256];

		(void)snprintf(
		    name, sizeof(name), "%s %s", figures->severity, word(writer, figures->severity));
		write_row(writer, SLICE(name), figures);
	}
	buffer_string(writer->html, "</table>\r\n");
}

static void
write_noisiest(struct writer *writer, const struct history_summary *summary)
{
	buffer_string(writer->text, "\r\n");
	write_both(writer, "<h3>", SLICE(word(writer, "summary_noisiest")), "</h3>\r\n");
	begin_table(writer, word(writer, "summary_alert"));
	for (size_t i = 0; i < summary->noisiest_count; i++) {
		const struct history_figures *figures = &summary->noisiest[i];
		char name[HISTORY_NAME + 16];

		(void)snprintf(name, sizeof(name), "%s %s", figures->severity, figures->name);
		/* Prometheus takes any UTF-8 in alertname.  Cleaning it keeps a line break from making
		 * a line of its own in the text. */
		values_clear(&writer->values);
		values_set(&writer->values, FIELD_ALERTNAME, SLICE(name));
		write_row(writer, values_get(&writer->values, FIELD_ALERTNAME), figures);
	}
	buffer_string(writer->html, "</table>\r\n");
}

/* Severities without an incident are left out, so that "P0" in a list of mails means one. */
static void
write_subject(const struct writer *writer, const struct history_summary *summary, char subject[256])
{
	size_t used = 0;

	(void)snprintf(subject, 256, "%s", word(writer, "summary_title"));
	for (size_t i = 0; i < HISTORY_SEVERITIES; i++) {
		size_t length = strlen(subject);

		if (summary->severities[i].began > 0)
			(void)snprintf(subject + length, 256 - length, "%s %u P%zu", used++ > 0 ? "," : ":",
			    summary->severities[i].began, i);
	}
}

int
summary_compose(const struct templates *templates, const struct history_summary *summary, int64_t from_ms,
    int64_t to_ms, struct summary_mail *mail, struct failure *why)
{
	struct writer writer = { .templates = templates, .text = &mail->text, .html = &mail->html };
	char from[LOCAL_TIME], to[LOCAL_TIME], line[512];

	buffer_init(&mail->text, SUMMARY_LARGEST);
	buffer_init(&mail->html, SUMMARY_LARGEST);
	values_init(&writer.values);
	write_subject(&writer, summary, mail->subject);
	buffer_string(&mail->html, "<!doctype html>\r\n<html><body style=\"font-family:sans-serif\">\r\n");
	write_both(&writer, "<h2>", SLICE(word(&writer, "summary_title")), "</h2>\r\n");
	(void)snprintf(
	    line, sizeof(line), "%s – %s", local_time_text(from_ms, from), local_time_text(to_ms, to));
	write_both(&writer, "<p>", SLICE(line), "</p>\r\n");
	buffer_string(&mail->text, "\r\n");
	if (summary->noisiest_count > 0) {
		write_severities(&writer, summary);
		write_noisiest(&writer, summary);
	} else {
		write_both(&writer, "<p>", SLICE(word(&writer, "summary_nothing")), "</p>\r\n");
	}
	buffer_string(&mail->text, "\r\n");
	(void)snprintf(line, sizeof(line), "%s: %u. %s: %u.", word(&writer, "summary_sent"), summary->sent,
	    word(&writer, "summary_failed"), summary->failed);
	write_both(&writer, "<p>", SLICE(line), "</p>\r\n</body></html>\r\n");
	values_release(&writer.values);
	return mail->text.failed || mail->html.failed ? failure_set(why, FAILURE_LOCAL, "out of memory") : 0;
}

/* The type says the character set, or a spreadsheet would take Korean for Latin letters. */
void
summary_send(struct channel_line *line, const struct summary_mail *mail, struct slice csv,
    struct deadline deadline, struct channel_result *result)
{
	mail_deliver(line,
	    &(struct mail){ .subject = mail->subject,
		.text = buffer_slice(&mail->text),
		.html = buffer_slice(&mail->html),
		.file_name = "alerts.csv",
		.file_type = "text/csv; charset=utf-8",
		.file = csv },
	    deadline, result);
}

int64_t
summary_next_ms(int minute_of_day, int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000), next;
	struct tm local;

	(void)localtime_r(&now, &local);
	local.tm_hour = minute_of_day / 60;
	local.tm_min = minute_of_day % 60;
	local.tm_sec = 0;
	/* mktime() is to find out whether that minute has summer time: on two days a year it is not
	 * what it is now. */
	local.tm_isdst = -1;
	next = mktime(&local);
	if (next <= now) {
		/* The first mktime() may have moved hour and minute, where the clock jumps over them:
		 * they are set again.  To add 86,400 s instead would be an hour off on those days. */
		local.tm_mday++;
		local.tm_hour = minute_of_day / 60;
		local.tm_min = minute_of_day % 60;
		local.tm_isdst = -1;
		next = mktime(&local);
	}
	return (int64_t)next * 1000;
}
