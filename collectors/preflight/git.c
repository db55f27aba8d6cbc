#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/command.h"
#include "collectors/preflight/tracked.h"
#include "common/parallel.h"

enum { STATUS_LIMIT = 1024 * 1024, FILES_LIMIT = 16 * 1024 * 1024, ERRORS_LIMIT = 64 * 1024, NAMED_MOST = 3 };

/* What is asked of git, all at once. */
enum question { ASK_STATUS, ASK_FILES, ASK_REFS };
enum { QUESTIONS = ASK_REFS + 1 };

struct asking {
	const struct gate *gate;
	struct deadline deadline;
	struct buffer output[QUESTIONS], errors[QUESTIONS];
	int status[QUESTIONS];
	struct failure why[QUESTIONS];
};

static void
ask(void *context, size_t index)
{
	struct asking *asking = context;
	const char *directory = asking->gate->git_directory, *refs = asking->gate->git_refs;
	/* A repository's own settings may name a program that watches its files: it is not run. */
	const char *const commands[QUESTIONS][16] = {
		[ASK_STATUS] = { "git", "-C", directory, "-c", "core.fsmonitor=false", "status",
		    "--porcelain=v2", "--branch", "-z", NULL },
		[ASK_FILES] = { "git", "-C", directory, "ls-files", "-z", "--full-name", NULL },
		[ASK_REFS] = { "git", "-C", directory, "for-each-ref", "--contains", "HEAD", "--count=1",
		    "--format=%(refname)", refs, NULL },
	};

	asking->status[index] = command_run(commands[index], asking->deadline, &asking->output[index],
	    &asking->errors[index], &asking->why[index]);
}

/* A list whose members end with NUL bytes, one after another; NULL: that was the last one. */
static const char *
next_text(const struct buffer *list, const char *text)
{
	const char *end = list->text + list->length;
	const char *next = text == NULL ? list->text : text + strlen(text) + 1;

	return list->length == 0 || next >= end ? NULL : next;
}

static void
name(const char *path, size_t count, char *names, size_t size)
{
	size_t length = strlen(names), left = size - length;

	if (count <= NAMED_MOST)
		(void)snprintf(names + length, left, "%s%s", length > 0 ? ", " : "", path);
	else if (count == NAMED_MOST + 1)
		(void)snprintf(names + length, left, ", ...");
}

/* "# branch.oid <commit>" and one line for each path that is not as committed. */
static void
judge_status(const struct asking *asking, struct check_result *result, char commit[16])
{
	const struct buffer *list = &asking->output[ASK_STATUS];
	char names[512] = "";
	size_t changed = 0;

	for (const char *text = next_text(list, NULL); text != NULL; text = next_text(list, text)) {
		if (strncmp(text, "# branch.oid ", 13) == 0)
			(void)snprintf(commit, 16, "%.12s", text + 13);
		if (*text == '#')
			continue;
		changed++;
		name(strrchr(text, ' ') != NULL ? strrchr(text, ' ') + 1 : text, changed, names,
		    sizeof(names));
		/* A renamed path has its old name behind it. */
		if (*text == '2' && (text = next_text(list, text)) == NULL)
			break;
	}
	if (changed > 0)
		check_find(result, gate_severity(asking->gate), "commit it, or put it away with git stash -u",
		    "%zu paths are not as committed: %s", changed, names);
	if (strcmp(commit, "(initial)") == 0 || commit[0] == '\0')
		check_find(
		    result, gate_severity(asking->gate), "commit what is to run", "there is no commit yet");
}

static void
judge_files(const struct asking *asking, struct check_result *result)
{
	const struct buffer *list = &asking->output[ASK_FILES];
	char names[512] = "";
	size_t count = 0;

	for (const char *path = next_text(list, NULL); path != NULL; path = next_text(list, path))
		if (tracked_is_secret(path))
			name(path, ++count, names, sizeof(names));
	if (count > 0)
		check_find(result, STATUS_FAIL,
		    "git rm --cached it, put it into .gitignore, and change the secret: it is in the history",
		    "%zu files that hold secrets are tracked: %s", count, names);
}

static void
judge_commit(const struct asking *asking, struct check_result *result, const char *commit)
{
	bool initial = *commit == '(' || *commit == '\0';

	if (!initial && asking->status[ASK_REFS] == 0 && asking->output[ASK_REFS].length == 0)
		check_find(result, gate_severity(asking->gate),
		    "check out a branch or a tag, or push the commit", "commit %s is in none of %s", commit,
		    asking->gate->git_refs);
}

static bool
is_no_repository(const struct buffer *errors)
{
	static const char text[] = "not a git repository";

	return errors->length > 0 && memmem(errors->text, errors->length, text, strlen(text)) != NULL;
}

/* For where git cannot be asked: whether there is a repository, in the directory or above it. */
static bool
is_in_repository(const char *directory)
{
	char *path = realpath(directory, NULL), entry[PATH_MAX + 8], *slash = path;
	bool found = path == NULL; /* nobody knows */

	while (!found && slash != NULL) {
		(void)snprintf(entry, sizeof(entry), "%s/.git", path);
		found = access(entry, F_OK) == 0;
		slash = strrchr(path, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	free(path);
	return found;
}

static bool
is_absent(const struct asking *asking, size_t question)
{
	if (asking->status[question] < 0)
		return !is_in_repository(asking->gate->git_directory);
	return asking->status[question] > 0 && is_no_repository(&asking->errors[question]);
}

static void
judge_all(struct asking *asking, struct check_result *result)
{
	static const char hint[] = "let this user run git in git.directory (git config safe.directory)";
	const struct buffer *errors = &asking->errors[ASK_STATUS];
	char commit[16] = "";

	/* In a repository without a commit there is no HEAD to ask for. */
	for (int q = ASK_STATUS; q <= ASK_FILES; q++) {
		struct failure *why = &asking->why[q];

		if (is_absent(asking, (size_t)q)) {
			check_skip(result, "no repository at '%s'", asking->gate->git_directory);
			return;
		}
		if (asking->status[q] > 0)
			(void)failure_set(why, FAILURE_LOCAL, "git: %.*s",
			    (int)(errors->length < 300 ? errors->length : 300), errors->text);
		if (asking->status[q] != 0) {
			check_find_failure(
			    result, gate_severity(asking->gate), hint, asking->gate->git_directory, why);
			return;
		}
	}
	judge_status(asking, result, commit);
	judge_files(asking, result);
	if (asking->status[ASK_REFS] < 0)
		check_find_failure(result, gate_severity(asking->gate), hint, asking->gate->git_directory,
		    &asking->why[ASK_REFS]);
	judge_commit(asking, result, commit);
	check_pass(result, "clean, at commit %s, no secret files tracked", commit);
}

/* Where the file system does not answer, we hang here, in a process that is kept count of, and no git does.
 */
static void
touch(const char *directory)
{
	char path[4200];
	int fd;

	(void)snprintf(path, sizeof(path), "%.4096s/.git", directory);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
}

void
check_git_safety(struct gate *gate, struct deadline deadline, struct check_result *result)
{
	static const size_t limits[QUESTIONS] = { STATUS_LIMIT, FILES_LIMIT, ERRORS_LIMIT };
	struct asking asking = { .gate = gate, .deadline = deadline };

	touch(gate->git_directory);
	for (int q = 0; q < QUESTIONS; q++) {
		buffer_init(&asking.output[q], limits[q]);
		buffer_init(&asking.errors[q], ERRORS_LIMIT);
	}
	parallel_each(QUESTIONS, ask, &asking);
	judge_all(&asking, result);
	for (int q = 0; q < QUESTIONS; q++) {
		buffer_release(&asking.output[q]);
		buffer_release(&asking.errors[q]);
	}
}
