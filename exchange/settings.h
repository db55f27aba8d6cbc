#ifndef EXCHANGE_SETTINGS_H
#define EXCHANGE_SETTINGS_H

#include <stddef.h>

#include "common/config/options.h"
#include "common/failure.h"
#include "common/text/slice.h"
#include "contract/limits.h"
#include "exchange/profile/profile.h"

/*
 * Which exchanges are asked, and for which order books: settings that several
 * collectors share.  Their options have "exchange" (repeatable), "exchange.profiles" and
 * "symbol" (repeatable).
 */
struct exchange_setting {
	char *name;     /* the label, and the profile's file: small letters, digits and '_' */
	char *base_url; /* NULL: the profile's */
	struct profile *profile;
	char **symbols; /* "BTC/USDT"; ended by NULL */
	size_t symbol_count;
};

struct exchange_settings {
	struct exchange_setting *items;
	size_t count;
};

/*
 * At least one exchange; each one's profile is loaded.  A symbol that names its
 * exchange ("upbit:BTC/KRW") is for it alone, and instead of those for all.
 * 0, or -1 with `why` that names the setting.  In both cases for
 * exchange_settings_release().
 */
int exchange_settings_read(
    struct exchange_settings *settings, const struct options *given, struct failure *why);
void exchange_settings_release(struct exchange_settings *settings);

/* NULL: --exchange does not name it. */
struct exchange_setting *exchange_settings_find(const struct exchange_settings *settings, struct slice name);

#endif /* EXCHANGE_SETTINGS_H */
