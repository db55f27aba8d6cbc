#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/git_query.h"
#include "collectors/preflight/checks/secret_file_names.h"

enum { NAMED_MOST = 3, NAMES_SIZE = 400, SUBMODULES_MAX = 64 };

/* The bot's tree, and its submodules, and theirs. */
struct tree {
	char *root;
	const char *path; /* below the bot's, in `root`; "" is that itself */
};

struct git_check {
	const struct preflight *preflight;
	struct deadline deadline;
	struct check_result *result;
	struct tree trees[1 + SUBMODULES_MAX];
	size_t count;
	bool too_many;
	char commit[16]; /* of the bot's */
};

/* Texts -------------------------------------------------------------- */

/* "in the submodule 'lib': ", or nothing. */
static const char *
place(const struct tree *tree, char text[NAMES_SIZE])
{
	(void)snprintf(
	    text, NAMES_SIZE, *tree->path != '\0' ? "in the submodule '%.200s': " : "%s", tree->path);
	return text;
}

static void
name(const char *path, size_t count, char names[NAMES_SIZE])
{
	size_t length = strlen(names), left = NAMES_SIZE - length;

	if (count <= NAMED_MOST)
		(void)snprintf(names + length, left, "%s%.120s", length > 0 ? ", " : "", path);
	else if (count == NAMED_MOST + 1)
		(void)snprintf(names + length, left, ", ...");
}

/* What cannot be looked at is not known to be clean. */
static void
add_failure(struct git_check *check, const struct tree *tree, const struct failure *why)
{
	static const char start[] = "cannot start";
	bool unstarted = strncmp(why->text, start, strlen(start)) == 0;
	char where[NAMES_SIZE + PATH_MAX];

	(void)snprintf(where, sizeof(where), "%.200s", tree->root);
	if (*tree->path != '\0')
		(void)snprintf(where, sizeof(where), "in the submodule '%.200s'", tree->path);
	check_result_add_failure(check->result, preflight_severity(check->preflight),
	    unstarted
		? "install git, or leave the check out (--skip git_safety)"
		: "as the user whose working tree it is, see that git status works there, and run preflight",
	    where, why);
}

/* What is committed -------------------------------------------------- */

/* So many fields are before the path. */
static const char *
changed_path(const char *entry)
{
	int fields = *entry == 'u' ? 10 : 8;

	for (const char *blank; fields > 0 && (blank = strchr(entry, ' ')) != NULL; fields--)
		entry = blank + 1;
	return entry;
}

static void
judge_changes(struct git_check *check, const struct tree *tree, const struct git_query *query)
{
	const struct buffer *list = &query->output[ASK_CHANGES], *others = &query->output[ASK_OTHERS];
	char names[NAMES_SIZE] = "", where[NAMES_SIZE];
	size_t changed = 0;

	for (const char *text = git_query_next(list, NULL); text != NULL; text = git_query_next(list, text)) {
		if (*tree->path == '\0' && strncmp(text, "# branch.oid ", 13) == 0)
			(void)snprintf(check->commit, sizeof(check->commit), "%.12s", text + 13);
		if (*text != '#')
			name(changed_path(text), ++changed, names);
	}
	for (const char *path = git_query_next(others, NULL); path != NULL;
	     path = git_query_next(others, path))
		name(path, ++changed, names);
	if (changed > 0)
		check_result_add(check->result, preflight_severity(check->preflight),
		    "commit it, or put it away with git stash -u", "%s%zu paths are not as committed: %s",
		    place(tree, where), changed, names);
}

/* The root is realpath()'s: without symbolic links, as git tells it. */
static bool
is_top(const struct tree *tree, const struct git_query *query)
{
	const struct buffer *top = &query->output[ASK_TOP];
	size_t length = strlen(tree->root);

	return top->length == length + 1 && memcmp(top->text, tree->root, length) == 0;
}

static void
judge_commit(struct git_check *check, const struct tree *tree, const struct git_query *query)
{
	enum check_status severity = preflight_severity(check->preflight);
	struct failure why;

	if (check->commit[0] == '(' || check->commit[0] == '\0')
		check_result_add(check->result, severity, "commit what is to run", "there is no commit yet");
	else if (git_query_check(query, ASK_REFS, &why) != 0)
		add_failure(check, tree, &why);
	else if (query->output[ASK_REFS].length == 0)
		check_result_add(check->result, severity, "check out a branch or a tag, or push the commit",
		    "commit %s is in none of %s", check->commit, check->preflight->git_refs);
}

/* What is tracked ---------------------------------------------------- */

static void
add_tree(struct git_check *check, const struct tree *above, const char *path)
{
	struct tree *tree = &check->trees[check->count];

	if (check->count == sizeof(check->trees) / sizeof(*check->trees) ||
	    asprintf(&tree->root, "%s/%s", above->root, path) < 0) {
		check->too_many = true;
		return;
	}
	tree->path = tree->root + strlen(check->trees[0].root) + 1;
	check->count++;
}

/* "<tag> <mode> <object> <stage>\t<path>"; a small tag is assume-unchanged, S skip-worktree. */
static void
judge_files(struct git_check *check, const struct tree *tree, const struct git_query *query)
{
	const struct buffer *list = &query->output[ASK_FILES];
	char secrets[NAMES_SIZE] = "", unseen[NAMES_SIZE] = "", where[NAMES_SIZE];
	size_t secret = 0, hidden = 0;

	for (const char *text = git_query_next(list, NULL); text != NULL; text = git_query_next(list, text)) {
		const char *tab = strchr(text, '\t'), *path = tab != NULL ? tab + 1 : text;

		if (secret_file_names_match(path))
			name(path, ++secret, secrets);
		if (islower((unsigned char)*text) || *text == 'S')
			name(path, ++hidden, unseen);
		if (strncmp(text + 1, " 160000 ", 8) == 0)
			add_tree(check, tree, path);
	}
	if (secret > 0)
		check_result_add(check->result, STATUS_FAIL,
		    "git rm --cached it, put it into .gitignore, and change the secret: it is in the history",
		    "%s%zu files that hold secrets are tracked: %s", place(tree, where), secret, secrets);
	if (hidden > 0)
		check_result_add(check->result, preflight_severity(check->preflight),
		    "git update-index --no-assume-unchanged --no-skip-worktree it, or end the sparse checkout",
		    "%s%zu paths are not compared with what is committed: %s", place(tree, where), hidden,
		    unseen);
}

/* A tree ------------------------------------------------------------- */

/* Where the file system does not answer, we hang here, in a process that is kept count of, and no git does.
 */
static void
touch(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_DIRECTORY);

	if (fd >= 0)
		(void)close(fd);
}

static void
check_tree(struct git_check *check, const struct tree *tree)
{
	bool is_bot = *tree->path == '\0';
	struct git_query query = { 0 };
	struct failure why;
	int question = ASK_TOP;

	git_query_run(&query, tree->root, is_bot ? check->preflight->git_refs : NULL, check->deadline);
	while (question < ASK_REFS && git_query_check(&query, (enum git_question)question, &why) == 0)
		question++;
	if (question == ASK_REFS && !is_top(tree, &query)) {
		(void)failure_set(&why, FAILURE_LOCAL,
		    "git takes another directory for its working tree: %.*s",
		    (int)query.output[ASK_TOP].length, query.output[ASK_TOP].text);
		question = ASK_TOP;
	}
	if (question < ASK_REFS) {
		add_failure(check, tree, &why);
	} else {
		judge_changes(check, tree, &query);
		judge_files(check, tree, &query);
		if (is_bot)
			judge_commit(check, tree, &query);
	}
	git_query_release(&query);
}

/* One that is not checked out: an empty directory, or none. */
static void
check_empty(struct git_check *check, const struct tree *tree)
{
	DIR *directory = opendir(tree->root);
	struct failure why;
	size_t files = 0;

	if (directory == NULL && errno != ENOENT) {
		(void)failure_set(&why, FAILURE_LOCAL, "%s", strerror(errno));
		add_failure(check, tree, &why);
	}
	for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
		files += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (files > 0)
		check_result_add(check->result, preflight_severity(check->preflight),
		    "git submodule update --init",
		    "the submodule '%.200s' is not checked out, and files are in it", tree->path);
	if (directory != NULL)
		(void)closedir(directory);
}

static void
check_submodule(struct git_check *check, const struct tree *tree)
{
	struct stat found;
	char *entry;

	if (asprintf(&entry, "%s/.git", tree->root) < 0) {
		check->too_many = true;
		return;
	}
	if (lstat(entry, &found) != 0 && errno == ENOENT)
		check_empty(check, tree);
	else
		check_tree(check, tree);
	free(entry);
}

static void
check_trees(struct git_check *check)
{
	touch(check->trees[0].root);
	check_tree(check, &check->trees[0]);
	/* Those of a submodule are added meanwhile. */
	for (size_t i = 1; i < check->count; i++)
		check_submodule(check, &check->trees[i]);
	if (check->too_many)
		check_result_add(check->result, preflight_severity(check->preflight),
		    "leave the check out (--skip git_safety)",
		    "more than %d submodules, and not all were looked at", SUBMODULES_MAX);
	check_result_pass(check->result, "clean, at commit %s, no secret files tracked", check->commit);
	for (size_t i = 0; i < check->count; i++)
		free(check->trees[i].root);
}

void
check_git_safety(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	static const char hint[] = "name the bot's working tree in git.directory";
	struct git_check check = {
		.preflight = preflight, .deadline = deadline, .result = result, .count = 1
	};
	struct failure why;

	check.trees[0] = (struct tree){ git_query_find_root(preflight->git_directory, &why), "" };
	if (check.trees[0].root != NULL)
		check_trees(&check);
	else if (why.kind != FAILURE_NONE)
		check_result_add_failure(
		    result, preflight_severity(preflight), hint, preflight->git_directory, &why);
	else if (preflight->live && preflight->git_given)
		check_result_add(result, STATUS_FAIL, hint, "no repository in '%.300s' or above",
		    preflight->git_directory);
	else
		check_result_skip(result, "no repository in '%.300s' or above", preflight->git_directory);
}
