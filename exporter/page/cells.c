/*
 * The smallest parts of the page.  Every text that comes from a file goes
 * through page_text(): a label could hold a tag, a quote, or characters that
 * turn the direction of a line and make it read differently.  Numbers and
 * times need no escaping, because they are formatted here.
 */

#include <math.h>

#include "common/text/utf8.h"
#include "exporter/health/text.h"
#include "exporter/page/parts.h"

/* The size of a picture, in its own units.  Bars have a
 * fixed width, so it grows with the number of buckets. */
enum { PICTURE_HEIGHT = 20, BAR_STEP = 5 };

/* A line break and a tab are harmless in HTML, although they do not show. */
static bool
is_treacherous(const char *character, size_t width)
{
	return *character != '\n' && *character != '\t' && utf8_unseen(character, width) != 0;
}

static const char *
entity_of(char byte)
{
	switch (byte) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

void
page_text(struct buffer *out, const char *text)
{
	size_t length = strlen(text), width;

	for (size_t i = 0; i<length; i += width> 0 ? width : 1) {
		const char *entity = entity_of(text[i]);

		width = utf8_character(text + i, length - i);
		if (width == 0 || is_treacherous(text + i, width))
			buffer_string(out, "\xEF\xBF\xBD");
		else if (entity != NULL)
			buffer_string(out, entity);
		else
			buffer_append(out, text + i, width);
	}
}

void
page_time(struct buffer *out, double time, double now, const char *unknown)
{
	char exact[WORDS_TIME], brief[WORDS_TIME];

	words_rfc3339(time, exact);
	words_clock(time, now, brief);
	if (exact[0] == '\0')
		buffer_format(out, "<td>%s</td>", unknown);
	else
		buffer_format(out, "<td><time datetime=\"%s\">%s</time></td>", exact, brief);
}

void
page_duration(struct buffer *out, double seconds)
{
	char text[WORDS_TIME];

	words_duration(seconds, text);
	buffer_format(out, "<td>%s</td>", text[0] != '\0' ? text : "&ndash;");
}

/* One bar per bucket.  A bucket that is not empty must be
 * visible, however few it holds: it may be the slow one. */
static void
picture(struct buffer *out, const struct health_check *check)
{
	double most = 0;

	for (size_t i = 0; i < check->buckets; i++)
		most = check->counts[i] > most ? check->counts[i] : most;
	buffer_string(out, "<path d=\"");
	for (size_t i = 0; i < check->buckets; i++) {
		double height = check->counts[i] / most * (PICTURE_HEIGHT - 2);

		if (check->counts[i] > 0)
			buffer_format(out, "M%zu %dv-%.3g", i * BAR_STEP + 2, PICTURE_HEIGHT - 1,
			    height < 1.5 ? 1.5 : height);
	}
	buffer_string(out, "\"/>");
}

void
page_picture(struct buffer *out, const struct health_check *check)
{
	char most[WORDS_TIME];
	double within = health_quantile(check, 0.95);

	if (isnan(within)) {
		buffer_string(out, "<td>&ndash;</td>");
		return;
	}
	words_duration(within, most);
	buffer_format(out,
	    "<td><svg viewBox=\"0 0 %zu %d\" role=\"img\" aria-label=\"Latencies, by bucket\">",
	    check->buckets * BAR_STEP, PICTURE_HEIGHT);
	picture(out, check);
	buffer_format(out, "</svg> <small>95&nbsp;%% &le; %s</small></td>", most);
}
