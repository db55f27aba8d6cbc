#ifndef RELAY_SETTINGS_H
#define RELAY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/options.h"
#include "common/config/secrets.h"
#include "probes/postgres/postgres.h"
#include "relay/channel/channel.h"
#include "web/settings.h"

/* The flags, and what they say. */
extern const struct option relay_options[];

void relay_print_help(const struct options *options);

/*
 * What SIGHUP may not change (struct web_settings has the rest).  All texts are copies, owned by `kept`; NULL
 * where nothing was given and there is no default.  Zeroed, it may be released.
 */
enum { RELAY_CHANNELS = 64, RELAY_ROUTES = 100, RELAY_USERS = 100 };
struct relay_settings {
	struct web_limits limits;
	const char *names;                /* of this host, one per line: for web_site.names */
	const char *directory;            /* --relay.directory */
	const char *external_url;         /* without a '/' at its end */
	struct postgres_target *postgres; /* of the history; NULL: none */
	const char *reader;
	int64_t retention_ms;
	const char *alertmanager, *alertmanager_ca;
	int64_t alertmanager_interval_ns;
	struct channel channels[RELAY_CHANNELS]; /* each passes channel_check(), and has the secrets below */
	size_t channel_count;
	int64_t users[RELAY_USERS]; /* who may press Telegram's buttons; none: everybody in the chats */
	size_t user_count;
	const char *routes[RELAY_ROUTES];
	size_t route_count;
	const char *language, *templates, *time_zone;
	int summary_minute; /* of the local day, for the summary by mail; -1: none */
	int64_t escalate_ms, retry_slow_ms;
	struct secrets secrets; /* all that no text may show */
	char *fingerprint;      /* of everything that a reload may not change */
	char **kept;
	size_t kept_count, kept_room;
};

/*
 * 0, or -1 with `why` (local); it is for relay_settings_release() in every case, and must not be moved: its
 * channels point into it.  What the settings name is not opened here.
 */
int relay_settings_read(struct relay_settings *settings, const struct options *options, struct failure *why);
void relay_settings_release(struct relay_settings *settings);

/* Whether a reload may take these options: 0, or -1 with `why`, which names what takes a restart. */
int relay_settings_unchanged(
    const struct relay_settings *settings, const struct options *options, struct failure *why);

/* Of "telegram:ops"; NULL: not configured. */
const struct channel *relay_settings_channel(const struct relay_settings *settings, const char *name);

#endif /* RELAY_SETTINGS_H */
