/*
 * The channels that the settings name.  A kind has one account (a bot, a mail server) and several places to
 * write to, each with a name of its own; where the account is missing, its places are mistakes that are
 * said at the start rather than with the first alert.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/settings_parts.h"

/* "[NAME=]VALUE": the name, which is "main" when it is left out. */
static int
split(const struct options *o, const char *option, size_t index, char name[CHANNEL_NAME], const char **value,
    struct failure *why)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	const char *text = options_item(o, option, index);
	size_t length = strspn(text, characters);

	(void)snprintf(name, CHANNEL_NAME, "main");
	*value = text;
	/* The name must be of plain characters up to the first '=': the '='
	 * in a URL's query comes after "://", so such a URL is no NAME=VALUE. */
	if (length > 0 && text[length] == '=') {
		if (length > 32)
			return options_failure(
			    o, option, index, why, "the channel's name is longer than 32 characters");
		(void)snprintf(name, CHANNEL_NAME, "%.*s", (int)length, text);
		*value = text + length + 1;
	}
	return **value != '\0' ? 0 : options_failure(o, option, index, why, "is empty");
}

/* One more channel, with what its kind's account has already. */
static int
add(struct relay_settings *s, const struct options *o, const char *option, size_t index,
    const struct channel *account, const char *name, const char *value, struct failure *why)
{
	struct channel *channel = &s->channels[s->channel_count];
	struct failure reason = { 0 };
	char full[CHANNEL_NAME];
	const char *kept;

	(void)snprintf(full, sizeof(full), "%s:%.48s", channel_kind_name(account->kind), name);
	if (relay_settings_channel(s, full) != NULL)
		return options_failure(o, option, index, why,
		    "there are two channels %s: give each a NAME of its own, as in NAME=VALUE", full);
	if (s->channel_count == RELAY_CHANNELS)
		return options_failure(
		    o, option, index, why, "there are more than %d channels", RELAY_CHANNELS);
	*channel = *account;
	channel->secrets = &s->secrets;
	channel->name = settings_keep(s, full, why);
	kept = settings_keep(s, value, why);
	if (channel->name == NULL || kept == NULL)
		return -1;
	/* Kinds without an account's URL (incoming webhooks)
	 * are reached by a URL that is itself the secret. */
	if (channel->url == NULL) {
		channel->url = kept;
		secrets_add(&s->secrets, kept);
	} else
		channel->to = kept;
	if (channel_check(channel, &reason) != 0)
		return options_failure(o, option, index, why, "%s", reason.text);
	s->channel_count++;
	return 0;
}

static int
add_all(struct relay_settings *s, const struct options *o, const char *option, const struct channel *account,
    struct failure *why)
{
	for (size_t i = 0; i < options_count(o, option); i++) {
		char name[CHANNEL_NAME];
		const char *value;

		if (split(o, option, i, name, &value, why) != 0 ||
		    add(s, o, option, i, account, name, value, why) != 0)
			return -1;
	}
	return 0;
}

/* The places of an account need it, and it needs a place. */
static int
check_pair(const struct options *o, const char *account, const char *place, struct failure *why)
{
	const char *given = options_text(o, account);
	bool has_account = given != NULL && *given != '\0';

	if (options_count(o, place) > 0 && !has_account)
		return options_failure(o, place, 0, why, "--%s is not given, and it needs one", account);
	/* A token without a chat is a forgotten line, and would
	 * be noticed with the first alert that nobody gets. */
	if (has_account && options_count(o, place) == 0)
		return options_failure(
		    o, account, 0, why, "nothing can be sent with it: --%s is not given", place);
	return 0;
}

/* A secret text of the account, remembered as one; NULL: not given. */
static int
keep_secret(struct relay_settings *s, const struct options *o, const char *name, const char **text,
    struct failure *why)
{
	if (settings_keep_option(s, o, name, text, why) != 0)
		return -1;
	if (*text != NULL)
		secrets_add(&s->secrets, *text);
	return 0;
}

static int
read_users(struct relay_settings *s, const struct options *o, struct failure *why)
{
	size_t count = options_count(o, "telegram.user");

	for (size_t i = 0; i < count; i++) {
		const char *text = options_item(o, "telegram.user", i);
		char *end;

		if (i == RELAY_USERS)
			return options_failure(
			    o, "telegram.user", i, why, "there are more than %d users", RELAY_USERS);
		/* strtoll() takes blanks and signs; the first
		 * character must be a digit, so they are refused. */
		errno = 0;
		s->users[i] = strtoll(text, &end, 10);
		if (errno != 0 || !isdigit((unsigned char)*text) || *end != '\0' || s->users[i] <= 0)
			return options_failure(o, "telegram.user", i, why,
			    "'%s' is not a user's number, as in 123456789; @userinfobot tells yours",
			    secret_shown(text));
		s->user_count = i + 1;
	}
	return 0;
}

static int
read_telegram(struct relay_settings *s, const struct options *o, struct failure *why)
{
	struct channel account = { .kind = CHANNEL_TELEGRAM };

	if (check_pair(o, "telegram.token", "telegram.chat", why) != 0 ||
	    keep_secret(s, o, "telegram.token", &account.token, why) != 0 ||
	    settings_read_url(s, o, "telegram.url", &account.url, why) != 0 || read_users(s, o, why) != 0)
		return -1;
	return add_all(s, o, "telegram.chat", &account, why);
}

static int
read_slack(struct relay_settings *s, const struct options *o, struct failure *why)
{
	struct channel account = { .kind = CHANNEL_SLACK };

	if (add_all(s, o, "slack.webhook", &account, why) != 0 ||
	    check_pair(o, "slack.token", "slack.channel", why) != 0 ||
	    keep_secret(s, o, "slack.token", &account.token, why) != 0 ||
	    settings_read_url(s, o, "slack.url", &account.url, why) != 0)
		return -1;
	return add_all(s, o, "slack.channel", &account, why);
}

/* "07:30". */
static int
read_summary(struct relay_settings *s, const struct options *o, struct failure *why)
{
	const char *t = options_text(o, "mail.summary");
	int hour, minute;

	if (t == NULL || *t == '\0')
		return 0;
	if (strlen(t) != 5 || strspn(t, "0123456789") != 2 || t[2] != ':' ||
	    strspn(t + 3, "0123456789") != 2 || (hour = (t[0] - '0') * 10 + t[1] - '0') > 23 ||
	    (minute = (t[3] - '0') * 10 + t[4] - '0') > 59)
		return options_failure(
		    o, "mail.summary", 0, why, "'%s' is not a time of the day, as in 07:30", secret_shown(t));
	if (relay_settings_channel(s, "mail:main") == NULL)
		return options_failure(
		    o, "mail.summary", 0, why, "there is no channel mail:main that would get it");
	if (s->postgres == NULL)
		return options_failure(
		    o, "mail.summary", 0, why, "--history.postgres is not given: it sums up the history");
	s->summary_minute = hour * 60 + minute;
	return 0;
}

static int
read_mail(struct relay_settings *s, const struct options *o, struct failure *why)
{
	struct channel account = { .kind = CHANNEL_MAIL };

	if (check_pair(o, "mail.server", "mail.to", why) != 0 ||
	    settings_keep_option(s, o, "mail.server", &account.url, why) != 0 ||
	    settings_keep_option(s, o, "mail.from", &account.from, why) != 0 ||
	    settings_keep_option(s, o, "mail.user", &account.user, why) != 0 ||
	    settings_keep_option(s, o, "mail.ca-file", &account.ca_file, why) != 0 ||
	    keep_secret(s, o, "mail.password", &account.password, why) != 0)
		return -1;
	if (account.url != NULL && account.from == NULL)
		return options_failure(
		    o, "mail.server", 0, why, "--mail.from is not given: a mail needs a sender");
	/* A server that is used without a log-in by mistake refuses each mail, hours later. */
	if ((account.user == NULL) != (account.password == NULL))
		return options_failure(o, account.user == NULL ? "mail.password" : "mail.user", 0, why,
		    "--mail.user and --mail.password are given together, or not at all");
	return add_all(s, o, "mail.to", &account, why) != 0 ? -1 : read_summary(s, o, why);
}

int
settings_read_channels(struct relay_settings *s, const struct options *o, struct failure *why)
{
	const struct channel webhook = { .kind = CHANNEL_WEBHOOK };

	if (read_telegram(s, o, why) != 0 || read_slack(s, o, why) != 0 || read_mail(s, o, why) != 0)
		return -1;
	return add_all(s, o, "webhook.url", &webhook, why);
}
