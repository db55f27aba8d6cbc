/*
 * Reads what belongs to preflight as a whole: which checks run, in which mode, and
 * where the bot's secrets are. The settings of a single subject (servers, exchanges,
 * alerts) are read where that subject is.
 *
 * --check asks for some checks alone. Such a run is partial: it has no verdict, so
 * that nobody goes live on a part of the checks.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/options.h"
#include "collectors/preflight/output/alerts.h"
#include "collectors/preflight/settings.h"
#include "common/system/child.h"

enum check_status
preflight_severity(const struct preflight *preflight)
{
	return preflight->live ? STATUS_FAIL : STATUS_WARN;
}

bool
preflight_includes(const struct preflight *preflight, enum preflight_check check)
{
	return preflight->listed[check] && !preflight->skipped[check] && preflight->left_behind[check] == 0;
}

static int
copy_text(char **copy, const struct options *given, const char *option, struct failure *why)
{
	const char *text = options_text(given, option);

	if (text == NULL)
		return 0;
	*copy = strdup(text);
	return *copy != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

static int
mark_checks(bool marks[CHECKS], const struct options *given, const char *option, struct failure *why)
{
	for (size_t i = 0; i < options_count(given, option); i++) {
		const char *text = options_item(given, option, i);
		int check = 0;

		while (check < CHECKS && strcmp(check_name((enum preflight_check)check), text) != 0)
			check++;
		if (check == CHECKS)
			return options_failure(given, option, i, why,
			    "'%s' is no check: environment, secrets, live_guard, redis, postgres, "
			    "exchange_health, open_positions or git_safety",
			    secret_shown(text));
		marks[check] = true;
	}
	return 0;
}

static int
read_choice(struct preflight *preflight, const struct options *given, struct failure *why)
{
	preflight->partial = options_count(given, "check") > 0;
	for (int check = 0; check < CHECKS; check++)
		preflight->listed[check] = !preflight->partial;
	if (mark_checks(preflight->listed, given, "check", why) != 0)
		return -1;
	return mark_checks(preflight->skipped, given, "skip", why);
}

static int
read_yes(bool *yes, const struct options *given, const char *option, struct failure *why)
{
	const char *text = options_text(given, option);

	*yes = strcmp(text, "yes") == 0;
	if (!*yes && strcmp(text, "no") != 0)
		return options_failure(
		    given, option, 0, why, "'%s' is neither yes nor no", secret_shown(text));
	return 0;
}

static int
read_mode(struct preflight *preflight, const struct options *given, struct failure *why)
{
	(void)snprintf(preflight->env, sizeof(preflight->env), "%s", options_text(given, "env"));
	preflight->live = strcmp(preflight->env, "live") == 0;
	preflight->env_given = options_given(given, "env");
	preflight->git_given = options_given(given, "git.directory");
	preflight->strict = options_switch(given, "strict");
	preflight->no_metrics = options_switch(given, "no-metrics");
	preflight->no_alerts = options_switch(given, "no-alerts");
	if (read_yes(&preflight->armed, given, "live.armed", why) != 0 ||
	    read_yes(&preflight->looks_at_processes, given, "secrets.processes", why) != 0 ||
	    options_duration(given, "check.timeout", &preflight->check_timeout_ns, why) != 0)
		return -1;
	return preflight->check_timeout_ns > 0
		   ? 0
		   : options_failure(given, "check.timeout", 0, why, "must be above 0");
}

static int
read_texts(struct preflight *preflight, const struct options *given, struct failure *why)
{
	if (copy_text(&preflight->config_file, given, "config.file", why) != 0 ||
	    copy_text(&preflight->keys_directory, given, "keys", why) != 0 ||
	    copy_text(&preflight->output, given, "output", why) != 0 ||
	    copy_text(&preflight->git_directory, given, "git.directory", why) != 0 ||
	    copy_text(&preflight->git_refs, given, "git.refs", why) != 0 ||
	    string_list_read(&preflight->variables, given, "environment.variable", why) != 0 ||
	    string_list_read(&preflight->files, given, "environment.file", why) != 0 ||
	    string_list_read(&preflight->secret_variables, given, "secrets.variable", why) != 0 ||
	    string_list_read(&preflight->secret_files, given, "secrets.file", why) != 0 ||
	    string_list_read(&preflight->live_variables, given, "live.variable", why) != 0 ||
	    string_list_read(&preflight->paper_hosts, given, "paper.host", why) != 0)
		return -1;
	return string_list_read(&preflight->verified, given, "live.verified", why);
}

/* The files that variables like REDIS_PASSWORD_FILE name. */
static int
add_secret_file(struct string_list *files, const char *prefix, const char *name, struct failure *why)
{
	char variable[160];
	size_t length = (size_t)snprintf(variable, sizeof(variable), "%s%s_FILE", prefix, name);
	const char *path;

	for (size_t i = 0; i < length && i < sizeof(variable) - 1; i++)
		variable[i] =
		    isalnum((unsigned char)variable[i]) ? (char)toupper((unsigned char)variable[i]) : '_';
	path = getenv(variable);
	return path != NULL && *path != '\0' ? string_list_add(files, path, why) : 0;
}

static int
find_secret_files(struct string_list *files, const struct option *row, struct failure *why)
{
	for (; row->name != NULL; row++) {
		if (!row->secret)
			continue;
		if (add_secret_file(files, "ARBWATCH_", row->name, why) != 0 ||
		    (row->variable != NULL && add_secret_file(files, "", row->variable, why) != 0))
			return -1;
	}
	return 0;
}

static int
find_all_secret_files(struct string_list *files, struct failure *why)
{
	for (size_t i = 0; preflight_shared_options[i] != NULL; i++)
		if (find_secret_files(files, preflight_shared_options[i], why) != 0)
			return -1;
	return find_secret_files(files, preflight_options, why);
}

struct preflight *
preflight_new(const struct options *given, struct secrets *secrets, struct failure *why)
{
	struct preflight *preflight = calloc(1, sizeof(*preflight));

	if (preflight == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	preflight->secrets = secrets;
	order_books_ready_init(&preflight->order_books_ready);
	preflight->shared = child_share(sizeof(*preflight->shared));
	if (preflight->shared == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (read_choice(preflight, given, why) == 0 && read_mode(preflight, given, why) == 0 &&
		 read_texts(preflight, given, why) == 0 &&
		 find_all_secret_files(&preflight->own_secret_files, why) == 0 &&
		 redis_postgres_open(&preflight->servers, given, secrets, why) == 0 &&
		 preflight_open_exchanges(preflight, given, secrets, why) == 0 &&
		 alerts_open(preflight, given, why) == 0)
		return preflight;
	preflight_free(preflight);
	return NULL;
}

void
preflight_free(struct preflight *preflight)
{
	if (preflight == NULL)
		return;
	alerts_release(preflight);
	preflight_release_exchanges(preflight);
	redis_postgres_release(&preflight->servers);
	child_unshare(preflight->shared, sizeof(*preflight->shared));
	order_books_ready_release(&preflight->order_books_ready);
	secrets_release(&preflight->known);
	string_list_release(&preflight->variables);
	string_list_release(&preflight->files);
	string_list_release(&preflight->secret_variables);
	string_list_release(&preflight->secret_files);
	string_list_release(&preflight->own_secret_files);
	string_list_release(&preflight->live_variables);
	string_list_release(&preflight->paper_hosts);
	string_list_release(&preflight->verified);
	free(preflight->config_file);
	free(preflight->keys_directory);
	free(preflight->output);
	free(preflight->git_directory);
	free(preflight->git_refs);
	free(preflight);
}
