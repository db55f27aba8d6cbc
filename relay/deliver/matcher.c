/*
 * Matchers of the routing table. People copy them from Alertmanager's configuration, so what looks the same
 * must mean the same; a pattern that POSIX and Go's RE2 are known to read differently is refused at the
 * start with a reason. A route that quietly matches something else could send a P0 to nobody.
 *
 * All is compiled at the start. Matching takes no memory of ours and no lock, so all threads may do it at
 * once.
 */

#include <stdlib.h>
#include <string.h>

#include "relay/alert/alert.h"
#include "relay/deliver/matcher.h"

enum { VALUE_LIMIT = 1024, PATTERN_LIMIT = 4096 };

static const char blanks[] = " \t";
static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

/* The words for each severity. */
static const char *const severity_words[SEVERITIES][2] = { { "P0", "critical" }, { "P1", "P1" },
	{ "P2", "warning" }, { "P3", "info" } };

/* The last character of the set that begins with the '[' at `c`; NULL: it does not end. */
static const char *
set_end(const char *c)
{
	c += c[1] == '^' ? 2 : 1;
	if (*c == ']') /* the first one is a character like others */
		c++;
	for (; *c != ']'; c++) {
		/* A class like [:digit:] has a ']' of its own. */
		if (strncmp(c, "[:", 2) == 0) {
			c = strstr(c + 2, ":]");
			if (c == NULL)
				return NULL;
			c++;
		}
		if (*c == '\0')
			return NULL;
	}
	return c;
}

/* One part of RE2's pattern at `*c` as POSIX has it; `*c` is then behind it. */
static int
translate_part(struct buffer *posix, const char **c, struct failure *why)
{
	const char *from = *c, *end;

	if (*from == '[') {
		end = set_end(from);
		/* In RE2 a backslash in a set is an escape, in POSIX
		 * it is a character: no translation would be safe. */
		if (end == NULL || memchr(from, '\\', (size_t)(end - from)) != NULL)
			return failure_set(
			    why, FAILURE_LOCAL, "a pattern's [...] must end, and cannot have a backslash");
		buffer_append(posix, from, (size_t)(end + 1 - from));
		*c = end + 1;
	} else if (strncmp(from, "(?", 2) == 0) {
		/* (?i) and the like change what follows; POSIX has nothing for them. Only the
		 * group that captures nothing is translated, since captures are not used. */
		if (from[2] != ':')
			return failure_set(why, FAILURE_LOCAL, "a pattern cannot have '(?' but in '(?:'");
		buffer_string(posix, "(");
		*c = from + 3;
	} else if (*from == '\\') {
		/* Signs stand for themselves in both; of the letters both know these. */
		if (from[1] == '\0' || strchr("wWsSbBd", from[1]) == NULL) {
			if (from[1] == '\0' || strchr(name_letters, from[1]) != NULL)
				return failure_set(
				    why, FAILURE_LOCAL, "a pattern cannot have '\\%.1s'", from + 1);
		}
		if (from[1] == 'd')
			buffer_string(posix, "[0-9]");
		else if (strchr("<>`'", from[1]) != NULL)
			/* With a backslash glibc takes these for the ends of words and of the text. */
			buffer_append(posix, from + 1, 1);
		else
			buffer_append(posix, from, 2);
		*c = from + 2;
	} else {
		buffer_append(posix, from, 1);
		*c = from + 1;
	}
	return 0;
}

static int
compile(struct matcher *m, struct failure *why)
{
	struct buffer posix;
	const char *c = m->value;
	char text[128];
	int error = 0, status = 0;

	buffer_init(&posix, PATTERN_LIMIT);
	buffer_string(&posix, "^(");
	while (*c != '\0' && status == 0)
		status = translate_part(&posix, &c, why);
	/* sizeof counts the NUL, which ends the pattern for regcomp(). */
	buffer_append(&posix, ")$", sizeof(")$"));
	if (status == 0 && posix.failed)
		status = failure_set(why, FAILURE_LOCAL, "the pattern is too long");
	/* "()" would be a mistake to some libraries: an empty pattern is compared as text. */
	if (status == 0 && *m->value != '\0') {
		error = regcomp(&m->compiled, posix.text, REG_EXTENDED | REG_NOSUB);
		m->pattern = error == 0;
		if (error != 0) {
			(void)regerror(error, &m->compiled, text, sizeof(text));
			status =
			    failure_set(why, FAILURE_LOCAL, "'%.200s' is not a pattern: %s", m->value, text);
		}
	}
	buffer_release(&posix);
	return status;
}

/* "..." with the escapes \" \\ \n, or a word without signs. */
static int
read_value(const char **at, char *value, struct failure *why)
{
	const char *c = *at;
	size_t length = 0;
	bool quoted = *c == '"';

	/* A word without quotes ends at a sign that Alertmanager
	 * reserves, and before "->", which is ours. */
	for (c += quoted ? 1 : 0; length < VALUE_LIMIT; c++) {
		if (*c == '\0' && quoted)
			return failure_set(why, FAILURE_LOCAL, "the closing '\"' is missing");
		if (quoted ? *c == '"'
			   : *c == '\0' || strchr(" \t,{}!=~\"'`", *c) != NULL || strncmp(c, "->", 2) == 0)
			break;
		value[length] = *c;
		if (quoted && *c == '\\') {
			c++;
			if (*c == '\0' || strchr("\"\\n", *c) == NULL)
				return failure_set(why, FAILURE_LOCAL,
				    "within quotes a backslash is written '\\\\' and a quote '\\\"'");
			value[length] = *c == 'n' ? '\n' : *c;
		}
		length++;
	}
	if (length == VALUE_LIMIT)
		return failure_set(why, FAILURE_LOCAL, "the value is too long");
	if (!quoted && length == 0)
		return failure_set(why, FAILURE_LOCAL, "a value is missing; the empty one is written \"\"");
	value[length] = '\0';
	*at = c + (quoted ? 1 : 0);
	return 0;
}

static int
read_matcher(struct matcher *m, const char **at, struct failure *why)
{
	static const char *const signs[] = { "=~", "!~", "!=", "=" };
	char value[VALUE_LIMIT + 1];
	size_t length = strspn(*at, name_letters), sign = 0;
	bool pattern;

	if (length == 0 || (**at >= '0' && **at <= '9'))
		return failure_set(why, FAILURE_LOCAL, "a label's name is missing");
	m->label = strndup(*at, length);
	*at += length;
	*at += strspn(*at, blanks);
	/* The longer signs come first in the table: "=" would match the begin of "=~". */
	while (sign < 4 && strncmp(*at, signs[sign], strlen(signs[sign])) != 0)
		sign++;
	if (sign == 4)
		return failure_set(why, FAILURE_LOCAL, "one of = != =~ !~ is missing");
	*at += strlen(signs[sign]);
	*at += strspn(*at, blanks);
	if (read_value(at, value, why) != 0)
		return -1;
	m->value = strdup(value);
	if (m->label == NULL || m->value == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	m->negative = signs[sign][0] == '!';
	pattern = strchr(signs[sign], '~') != NULL;
	return pattern ? compile(m, why) : 0;
}

int
matchers_read(struct matchers *matchers, const char **at, struct failure *why)
{
	bool braces;

	*at += strspn(*at, blanks);
	braces = **at == '{';
	*at += braces ? 1 : 0;
	for (;;) {
		*at += strspn(*at, blanks);
		if (**at == '\0' || **at == '}' || strncmp(*at, "->", 2) == 0)
			break;
		if (matchers->count == MATCHERS_MOST)
			return failure_set(why, FAILURE_LOCAL, "more than %d matchers", MATCHERS_MOST);
		if (read_matcher(&matchers->rows[matchers->count++], at, why) != 0)
			return -1;
		*at += strspn(*at, blanks);
		if (**at != ',')
			break;
		(*at)++;
	}
	if (!braces)
		return 0;
	if (**at != '}')
		return failure_set(why, FAILURE_LOCAL, "the closing '}' is missing");
	(*at)++;
	*at += strspn(*at, blanks);
	return 0;
}

void
matchers_release(struct matchers *matchers)
{
	for (size_t i = 0; i < matchers->count; i++) {
		free(matchers->rows[i].label);
		free(matchers->rows[i].value);
		if (matchers->rows[i].pattern)
			regfree(&matchers->rows[i].compiled);
	}
	matchers->count = 0;
}

static bool
fits(const struct matcher *m, const char *value)
{
	if (m->pattern)
		return regexec(&m->compiled, value, 0, NULL, 0) == 0;
	return strcmp(m->value, value) == 0;
}

bool
matchers_hold(const struct matchers *matchers, const json_t *labels)
{
	enum alert_severity severity = alert_severity(labels);

	for (size_t i = 0; i < matchers->count; i++) {
		const struct matcher *m = &matchers->rows[i];
		bool holds = fits(m, alert_text(labels, m->label));

		/* severity="P0" must hold for an alert that says "critical", and a route for
		 * P2 must get what has an unknown severity. A heartbeat has no such words. */
		if (strcmp(m->label, "severity") == 0 && severity != SEVERITY_HEARTBEAT)
			holds |= fits(m, severity_words[severity][0]) || fits(m, severity_words[severity][1]);
		if (holds == m->negative)
			return false;
	}
	return true;
}

/* "P0|P1" as "P0 or P1"; false: the pattern is more than a list of words. */
static bool
describe_words(const char *pattern, struct buffer *text)
{
	if (strspn(pattern, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-|") !=
	    strlen(pattern))
		return false;
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '|')
			buffer_string(text, " or ");
		else
			buffer_append(text, pattern, 1);
	}
	return true;
}

void
matchers_describe(const struct matchers *matchers, struct buffer *text)
{
	for (size_t i = 0; i < matchers->count; i++) {
		const struct matcher *m = &matchers->rows[i];
		size_t before;

		buffer_string(text, i == 0 ? "" : " and ");
		buffer_string(text, m->label);
		before = text->length;
		buffer_string(text, m->negative ? " is not " : " is ");
		if (*m->value == '\0') {
			buffer_string(text, "empty");
		} else if (!m->pattern) {
			buffer_string(text, m->value);
		} else if (!describe_words(m->value, text)) {
			text->length = before;
			buffer_string(text, m->negative ? " does not match " : " matches ");
			buffer_string(text, m->value);
		}
	}
}
