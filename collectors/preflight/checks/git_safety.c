/*
 * Is the bot's working tree exactly a known commit, and does git track no secrets?
 *
 * git itself answers, and a repository's settings could have it start programs:
 * filters, hooks, a file system monitor, a transport.  All of these are switched
 * off by settings of our own, which win because git takes them from the
 * environment (GIT_CONFIG_COUNT).  Filters have names, so they are listed first.
 * The settings also keep a repository from hiding changes.
 */

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/command.h"
#include "collectors/preflight/checks/git_safety.h"

enum {
	NAMED_MOST = 3,
	NAMES_SIZE = 400,
	LIST_LIMIT = 32 * 1024 * 1024,
	LINES_LIMIT = 64 * 1024,
	VARIABLES_MAX = 128,
	VARIABLES_SIZE = 16 * 1024,
	WORDS_MAX = 24,
};

const struct option git_safety_options[] = {
	{ .name = "git.directory", .argument = "DIR", .fallback = ".", .help = "the bot's working tree" },
	{ .name = "git.refs",
	    .argument = "PATTERN",
	    .fallback = "refs",
	    .help = "one of these refs must contain the bot's commit, as in refs/remotes/origin/main" },
	{ 0 },
};

/* Names of secret files ----------------------------------------------- */

static bool
matches(const char *const patterns[], const char *name)
{
	for (size_t i = 0; patterns[i] != NULL; i++)
		if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

bool
git_safety_is_secret(const char *path)
{
	static const char *const backups[] = { ".bak", ".backup", ".old", ".orig", ".save", ".swp", "~" };
	static const char *const examples[] = { "*.example", "*.sample", "*.template", "*.tmpl", "*.dist",
		"*.md", "*.pub", "*.example.*", "*.sample.*", "*.template.*", NULL };
	static const char *const secrets[] = { ".env", ".env.*", "*.env", "*.pem", "*.key", "*.secret",
		"*.passphrase", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa", "id_dsa",
		"id_ecdsa", "id_ed25519", ".pgpass", ".netrc", ".htpasswd", ".git-credentials", "credentials",
		"credentials.json", "credentials.y*ml", "secrets.json", "secrets.y*ml", "secrets.toml",
		"secrets.env", "wallet.json", "wallet.dat", "*api_key*.txt", "*api_secret*.txt", NULL };
	const char *slash = strrchr(path, '/');
	char name[256];
	size_t length;

	(void)snprintf(name, sizeof(name), "%s", slash != NULL ? slash + 1 : path);
	length = strlen(name);
	/* The copy of a secret is a secret: "id_rsa.bak", "server.key~". */
	for (size_t i = 0; i < sizeof(backups) / sizeof(*backups); i++) {
		size_t size = strlen(backups[i]);

		if (length > size && strcasecmp(name + length - size, backups[i]) == 0) {
			name[length - size] = '\0';
			break;
		}
	}
	return matches(secrets, name) && !matches(examples, name);
}

/* Asking git ---------------------------------------------------------- */

struct git {
	char program[PATH_MAX];
	const char *root;
	struct deadline deadline;
	char text[VARIABLES_SIZE]; /* of all variables */
	size_t used;
	char *variables[VARIABLES_MAX + 1]; /* git's environment */
	size_t variable_count, setting_count;
};

/* Returns false if there is no more room. */
static bool __attribute__((format(printf, 2, 3))) add_variable(struct git *git, const char *format, ...)
{
	char *text = git->text + git->used;
	size_t left = sizeof(git->text) - git->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, left, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= left || git->variable_count == VARIABLES_MAX)
		return false;
	git->used += (size_t)length + 1;
	git->variables[git->variable_count++] = text;
	return true;
}

/* A setting that wins over those of all files. */
static bool
add_setting(struct git *git, const char *key, const char *value)
{
	size_t number = git->setting_count++;

	return add_variable(git, "GIT_CONFIG_KEY_%zu=%s", number, key) &&
	       add_variable(git, "GIT_CONFIG_VALUE_%zu=%s", number, value) &&
	       /* The first variable is rewritten in place: its number has room for three digits. */
	       snprintf(git->variables[0], sizeof("GIT_CONFIG_COUNT=000"), "GIT_CONFIG_COUNT=%zu",
		   git->setting_count) > 0;
}

/* git asks nobody, writes and fetches nothing, and does not take one object for another. */
static int
prepare(struct git *git, struct failure *why)
{
	static const char *const variables[] = { "GIT_CONFIG_COUNT=000", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_PAGER=cat" };
	static const char *const settings[][2] = { { "core.fsmonitor", "false" },
		{ "core.hooksPath", "/dev/null" }, { "core.untrackedCache", "false" },
		{ "core.fileMode", "true" }, { "core.symlinks", "true" }, { "core.ignoreCase", "false" },
		{ "core.trustctime", "true" }, { "core.checkStat", "default" } };
	const char *path = getenv("PATH"), *home = getenv("HOME");

	if (command_find("git", git->program, why) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		(void)add_variable(git, "%s", variables[i]);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		(void)add_setting(git, settings[i][0], settings[i][1]);
	/* In the user's own settings a repository may be marked as safe. */
	if (add_variable(git, "HOME=%s", home != NULL && *home != '\0' ? home : "/") &&
	    add_variable(git, "PATH=%s", path != NULL && *path != '\0' ? path : "/usr/bin:/bin"))
		return 0;
	return failure_set(why, FAILURE_LOCAL, "PATH and HOME are too long");
}

/*
 * Asks one question.  The answer is complete, or it is a failure with git's first line: the others
 * are advice, such as to trust the repository of somebody else.  `may_fail`: exit status 1 only
 * means that the answer is empty.  `may_warn`: warnings do not matter.
 */
struct question {
	const char *words[10];
	bool may_fail, may_warn;
};

static int
ask(const struct git *git, const struct question *question, const char *last, struct buffer *output,
    struct failure *why)
{
	const char *words[WORDS_MAX] = { "git", "-C", git->root };
	struct buffer errors;
	int status;
	size_t count = 3;

	for (size_t i = 0; question->words[i] != NULL; i++)
		words[count++] = question->words[i];
	words[count] = last;
	buffer_init(output, LIST_LIMIT);
	buffer_init(&errors, LINES_LIMIT);
	status = command_run(
	    git->program, (char *const *)words, git->variables, git->deadline, output, &errors, why);
	if (status > (question->may_fail ? 1 : 0) ||
	    (status >= 0 && errors.length > 0 && !question->may_warn)) {
		const char *end = errors.length > 0 ? memchr(errors.text, '\n', errors.length) : NULL;
		size_t length = end != NULL ? (size_t)(end - errors.text) : errors.length;

		status = failure_set(why, FAILURE_LOCAL, "git %s: %.*s", question->words[0],
		    (int)(length < 300 ? length : 300), errors.length > 0 ? errors.text : "");
	}
	buffer_release(&errors);
	return status < 0 ? -1 : 0;
}

/* The members of a list end with NUL.  Returns the one after `text`, the first one for NULL, or NULL. */
static const char *
next(const struct buffer *list, const char *text)
{
	const char *following = text == NULL ? list->text : text + strlen(text) + 1;

	if (list->length == 0 || list->text[list->length - 1] != '\0')
		return NULL;
	return following < list->text + list->length ? following : NULL;
}

/* Filters would be run for files that git has to read again. */
static int
disable_filters(struct git *git, struct failure *why)
{
	static const struct question question = {
		{ "config", "-z", "--name-only", "--get-regexp", "^filter\\.", NULL }, .may_fail = true
	};
	struct buffer list;
	int result = ask(git, &question, NULL, &list, why);

	for (const char *key = NULL; result == 0 && (key = next(&list, key)) != NULL;) {
		const char *dot = strrchr(key, '.');

		if (!add_setting(git, key, strcasecmp(dot, ".required") == 0 ? "false" : ""))
			result = failure_set(why, FAILURE_LOCAL, "it has too many filters to switch off");
	}
	buffer_release(&list);
	return result;
}

/* The check ----------------------------------------------------------- */

struct git_safety {
	char *directory, *refs;
	bool live, given; /* the directory: then there must be a repository in live */
};

struct git_check {
	const struct git_safety *settings;
	enum check_status severity; /* of all but secret files */
	struct check_result *result;
	struct git git;
	char commit[16];
};

static void
add_name(const char *path, size_t count, char names[NAMES_SIZE])
{
	size_t length = strlen(names), left = NAMES_SIZE - length;

	if (count <= NAMED_MOST)
		(void)snprintf(names + length, left, "%s%.120s", length > 0 ? ", " : "", path);
	else if (count == NAMED_MOST + 1)
		(void)snprintf(names + length, left, ", ...");
}

/*
 * The nearest directory with a ".git" of any kind, from `directory` upwards, without symbolic links,
 * for the caller to free.  NULL: no directory has one, or, with a kind in `why`, it cannot be read.
 */
static char *
find_root(const char *directory, struct failure *why)
{
	char *path = realpath(directory, NULL), entry[PATH_MAX + 8], *slash = path;
	struct stat found;

	if (path == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "%s", strerror(errno));
	while (slash != NULL) {
		(void)snprintf(entry, sizeof(entry), "%s/.git", path);
		if (lstat(entry, &found) == 0) {
			if (*path == '\0')
				(void)memcpy(path, "/", 2);
			return path;
		}
		if (errno != ENOENT) {
			(void)failure_set(why, FAILURE_LOCAL, "%s: %s", entry, strerror(errno));
			break;
		}
		slash = strrchr(path, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	free(path);
	return NULL;
}

/* git must mean the tree that we do: core.worktree could name another one. */
static int
check_top(const struct git *git, struct failure *why)
{
	static const struct question question = { .words = { "rev-parse", "--show-toplevel", NULL } };
	struct buffer top;
	int result = ask(git, &question, NULL, &top, why);
	size_t length = strlen(git->root);

	if (result == 0 && (top.length != length + 1 || memcmp(top.text, git->root, length) != 0))
		result =
		    failure_set(why, FAILURE_LOCAL, "git takes another directory for its working tree: %.*s",
			(int)top.length, top.length > 0 ? top.text : "");
	buffer_release(&top);
	return result;
}

static int
check_changes(struct git_check *check, struct failure *why)
{
	/* "dirty" leaves a submodule's files out, for which git would start itself there; its commit counts.
	 */
	static const struct question changes = {
		.words = { "status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames",
		    "--untracked-files=no", "--ignore-submodules=dirty", NULL }
	};
	/* Neither .git/info/exclude nor core.excludesFile counts. */
	static const struct question others = { .words = { "ls-files", "-z", "--others",
						    "--exclude-per-directory=.gitignore", NULL } };
	struct buffer list, more = { 0 };
	int result = ask(&check->git, &changes, NULL, &list, why);
	char names[NAMES_SIZE] = "";
	size_t count = 0;

	if (result == 0)
		result = ask(&check->git, &others, NULL, &more, why);
	for (const char *text = NULL; result == 0 && (text = next(&list, text)) != NULL;) {
		const char *path = text;

		if (strncmp(text, "# branch.oid ", 13) == 0)
			(void)snprintf(check->commit, sizeof(check->commit), "%.12s", text + 13);
		if (*text == '#')
			continue;
		/* So many fields stand before the path. */
		for (int fields = *text == 'u' ? 10 : 8; fields > 0 && strchr(path, ' ') != NULL; fields--)
			path = strchr(path, ' ') + 1;
		add_name(path, ++count, names);
	}
	for (const char *path = NULL; result == 0 && (path = next(&more, path)) != NULL;)
		add_name(path, ++count, names);
	if (count > 0)
		check_result_add(check->result, check->severity,
		    "commit it, or put it away with git stash -u", "%zu paths are not as committed: %s",
		    count, names);
	buffer_release(&list);
	buffer_release(&more);
	return result;
}

/* A line is "<tag> <path>": a small tag is assume-unchanged, S is skip-worktree. */
static int
check_tracked(struct git_check *check, struct failure *why)
{
	static const struct question question = { .words = { "ls-files", "-z", "-v", NULL } };
	struct buffer list;
	int result = ask(&check->git, &question, NULL, &list, why);
	char secrets[NAMES_SIZE] = "", hidden[NAMES_SIZE] = "";
	size_t secret_count = 0, hidden_count = 0;

	for (const char *text = NULL; result == 0 && (text = next(&list, text)) != NULL;) {
		const char *path = strlen(text) > 2 ? text + 2 : text;

		if (git_safety_is_secret(path))
			add_name(path, ++secret_count, secrets);
		if (islower((unsigned char)*text) || *text == 'S')
			add_name(path, ++hidden_count, hidden);
	}
	if (secret_count > 0)
		check_result_add(check->result, STATUS_FAIL,
		    "git rm --cached it, put it into .gitignore, and change the secret: it is in the history",
		    "%zu files that hold secrets are tracked: %s", secret_count, secrets);
	if (hidden_count > 0)
		check_result_add(check->result, check->severity,
		    "git update-index --no-assume-unchanged --no-skip-worktree it, or end the sparse checkout",
		    "%zu paths are not compared with what is committed: %s", hidden_count, hidden);
	buffer_release(&list);
	return result;
}

static int
check_commit(struct git_check *check, struct failure *why)
{
	/* One ref is enough, even if git warns of others. */
	static const struct question question = { .words = { "for-each-ref", "--contains", "HEAD",
						      "--count=1", "--format=%(refname)", "--", NULL },
		.may_warn = true };
	const char *refs = check->settings->refs;
	struct buffer list;
	int result;

	if (check->commit[0] == '(' || check->commit[0] == '\0') {
		check_result_add(
		    check->result, check->severity, "commit what is to run", "there is no commit yet");
		return 0;
	}
	result = ask(&check->git, &question, refs, &list, why);
	if (result == 0 && list.length == 0)
		check_result_add(check->result, check->severity,
		    "check out a branch or a tag, or push the commit", "commit %s is in none of %s",
		    check->commit, refs);
	buffer_release(&list);
	return result;
}

static void
check_tree(struct git_check *check)
{
	struct failure why = { 0 };

	if (prepare(&check->git, &why) != 0)
		check_result_add_failure(check->result, check->severity,
		    "install git, or leave the check out (--skip git_safety)", check->git.root, &why);
	/* What git cannot read is not known to be clean. */
	else if (check_top(&check->git, &why) != 0 || disable_filters(&check->git, &why) != 0 ||
		 check_changes(check, &why) != 0 || check_tracked(check, &why) != 0 ||
		 check_commit(check, &why) != 0)
		check_result_add_failure(check->result, check->severity,
		    "as the user whose working tree it is, see that git status works there, and run preflight",
		    check->git.root, &why);
	check_result_conclude(
	    check->result, STATUS_PASS, "clean, at commit %s, no secret files tracked", check->commit);
}

static void
git_safety_run(void *state, struct deadline deadline, struct check_result *result)
{
	static const char hint[] = "name the bot's working tree in git.directory";
	const struct git_safety *settings = state;
	struct git_check check = { .settings = settings,
		.severity = settings->live ? STATUS_FAIL : STATUS_WARN,
		.result = result,
		.git = { .deadline = deadline } };
	struct failure why = { 0 };
	char *root = find_root(settings->directory, &why);

	check.git.root = root;
	if (root != NULL)
		check_tree(&check);
	else if (why.kind != FAILURE_NONE)
		check_result_add_failure(result, check.severity, hint, settings->directory, &why);
	else if (settings->live && settings->given)
		check_result_add(
		    result, STATUS_FAIL, hint, "no repository in '%.300s' or above", settings->directory);
	else
		check_result_conclude(
		    result, STATUS_SKIP, "no repository in '%.300s' or above", settings->directory);
	free(root);
}

static int
git_safety_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct git_safety *settings = state;

	settings->live = setup->live;
	settings->given = options_given(setup->given, "git.directory");
	if (copy_option(&settings->directory, setup->given, "git.directory", why) != 0)
		return -1;
	return copy_option(&settings->refs, setup->given, "git.refs", why);
}

static void
git_safety_close(void *state)
{
	struct git_safety *settings = state;

	free(settings->directory);
	free(settings->refs);
}

const struct check git_safety_check = { sizeof(struct git_safety), git_safety_open, git_safety_run,
	git_safety_close };
