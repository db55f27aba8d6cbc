#ifndef EXPORTER_SETTINGS_H
#define EXPORTER_SETTINGS_H

#include <stdbool.h>

#include "web/settings.h"

/* The flags, and what they say. */
extern const struct option settings_options[];

void settings_print_help(const struct options *options);

/* What SIGHUP may change. */
struct settings {
	double textfile_max_age; /* seconds; 0: none */
	double health_max_age;
	struct web_settings served;
};

/* 0, or -1 with `why` (local), and then there is nothing to release. */
int exporter_settings_read(struct settings *settings, const struct options *options, struct failure *why);
void settings_release(struct settings *settings);

/* What it may not. */
struct fixed {
	struct web_limits limits;
	char *directory;
	char *addresses;  /* one per line */
	char *names;      /* of this host, likewise: for web_site.names */
	char *expected;   /* names of collectors, a comma after each; "": none */
	char *alerts_url; /* NULL: nobody is asked for alerts */
	char *alerts_ca;  /* "": the system's CAs */
	bool serve;
};

/* The same. */
int fixed_read(struct fixed *fixed, const struct options *options, struct failure *why);
void fixed_release(struct fixed *fixed);
bool fixed_equal(const struct fixed *a, const struct fixed *b);

#endif /* EXPORTER_SETTINGS_H */
