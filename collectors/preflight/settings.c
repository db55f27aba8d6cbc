#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/options.h"
#include "collectors/preflight/settings.h"
#include "common/system/child.h"

enum check_status
gate_severity(const struct gate *gate)
{
	return gate->live ? STATUS_FAIL : STATUS_WARN;
}

bool
gate_makes(const struct gate *gate, enum preflight_check check)
{
	return gate->listed[check] && !gate->skipped[check] && gate->left_behind[check] == 0;
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
read_choice(struct gate *gate, const struct options *given, struct failure *why)
{
	gate->partial = options_count(given, "check") > 0;
	for (int check = 0; check < CHECKS; check++)
		gate->listed[check] = !gate->partial;
	if (mark_checks(gate->listed, given, "check", why) != 0)
		return -1;
	return mark_checks(gate->skipped, given, "skip", why);
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
read_mode(struct gate *gate, const struct options *given, struct failure *why)
{
	(void)snprintf(gate->env, sizeof(gate->env), "%s", options_text(given, "env"));
	gate->live = strcmp(gate->env, "live") == 0;
	gate->env_given = options_given(given, "env");
	gate->git_given = options_given(given, "git.directory");
	gate->strict = options_switch(given, "strict");
	gate->no_metrics = options_switch(given, "no-metrics");
	gate->no_alerts = options_switch(given, "no-alerts");
	if (read_yes(&gate->armed, given, "live.armed", why) != 0 ||
	    read_yes(&gate->looks_at_processes, given, "secrets.processes", why) != 0 ||
	    options_duration(given, "check.timeout", &gate->check_timeout_ns, why) != 0)
		return -1;
	return gate->check_timeout_ns > 0
		   ? 0
		   : options_failure(given, "check.timeout", 0, why, "must be above 0");
}

static int
read_texts(struct gate *gate, const struct options *given, struct failure *why)
{
	if (copy_text(&gate->config_file, given, "config.file", why) != 0 ||
	    copy_text(&gate->keys_directory, given, "keys", why) != 0 ||
	    copy_text(&gate->output, given, "output", why) != 0 ||
	    copy_text(&gate->git_directory, given, "git.directory", why) != 0 ||
	    copy_text(&gate->git_refs, given, "git.refs", why) != 0 ||
	    texts_read(&gate->variables, given, "environment.variable", why) != 0 ||
	    texts_read(&gate->files, given, "environment.file", why) != 0 ||
	    texts_read(&gate->secret_variables, given, "secrets.variable", why) != 0 ||
	    texts_read(&gate->secret_files, given, "secrets.file", why) != 0 ||
	    texts_read(&gate->live_variables, given, "live.variable", why) != 0 ||
	    texts_read(&gate->paper_hosts, given, "paper.host", why) != 0)
		return -1;
	return texts_read(&gate->verified, given, "live.verified", why);
}

/* The files that variables like REDIS_PASSWORD_FILE name. */
static int
add_secret_file(struct texts *files, const char *prefix, const char *name, struct failure *why)
{
	char variable[160];
	size_t length = (size_t)snprintf(variable, sizeof(variable), "%s%s_FILE", prefix, name);
	const char *path;

	for (size_t i = 0; i < length && i < sizeof(variable) - 1; i++)
		variable[i] =
		    isalnum((unsigned char)variable[i]) ? (char)toupper((unsigned char)variable[i]) : '_';
	path = getenv(variable);
	return path != NULL && *path != '\0' ? texts_add(files, path, why) : 0;
}

static int
find_secret_files(struct texts *files, const struct option *row, struct failure *why)
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
find_all_secret_files(struct texts *files, struct failure *why)
{
	for (size_t i = 0; preflight_shared_options[i] != NULL; i++)
		if (find_secret_files(files, preflight_shared_options[i], why) != 0)
			return -1;
	return find_secret_files(files, preflight_options, why);
}

struct gate *
gate_new(const struct options *given, struct secrets *secrets, struct failure *why)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	gate->secrets = secrets;
	books_init(&gate->books);
	gate->shared = child_share(sizeof(*gate->shared));
	if (gate->shared == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (read_choice(gate, given, why) == 0 && read_mode(gate, given, why) == 0 &&
		 read_texts(gate, given, why) == 0 &&
		 find_all_secret_files(&gate->own_secret_files, why) == 0 &&
		 gate_open_servers(&gate->servers, given, secrets, why) == 0 &&
		 gate_open_exchanges(gate, given, secrets, why) == 0 &&
		 gate_open_alerts(gate, given, why) == 0)
		return gate;
	gate_free(gate);
	return NULL;
}

void
gate_free(struct gate *gate)
{
	if (gate == NULL)
		return;
	gate_release_alerts(gate);
	gate_release_exchanges(gate);
	gate_release_servers(&gate->servers);
	child_unshare(gate->shared, sizeof(*gate->shared));
	books_release(&gate->books);
	secrets_release(&gate->known);
	texts_release(&gate->variables);
	texts_release(&gate->files);
	texts_release(&gate->secret_variables);
	texts_release(&gate->secret_files);
	texts_release(&gate->own_secret_files);
	texts_release(&gate->live_variables);
	texts_release(&gate->paper_hosts);
	texts_release(&gate->verified);
	free(gate->config_file);
	free(gate->keys_directory);
	free(gate->output);
	free(gate->git_directory);
	free(gate->git_refs);
	free(gate);
}
