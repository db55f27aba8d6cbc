#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collectors/preflight/checks/command.h"
#include "collectors/preflight/checks/git_query.h"
#include "common/system/parallel.h"

enum { LIST_LIMIT = 1024 * 1024, FILES_LIMIT = 32 * 1024 * 1024, LINES_LIMIT = 64 * 1024, WORDS_MAX = 48 };

/* Where it is ------------------------------------------------------- */

char *
git_query_find_root(const char *directory, struct failure *why)
{
	char *path = realpath(directory, NULL), entry[PATH_MAX + 8], *slash = path;
	struct stat found;

	*why = (struct failure){ 0 };
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

/* What is asked ----------------------------------------------------- */

/* What a repository's settings could have git overlook, or ask a program for. */
static const char *const common[] = { "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c",
	"core.fileMode=true", "-c", "core.symlinks=true", "-c", "core.ignoreCase=false", "-c",
	"core.trustctime=true", "-c", "core.checkStat=default", NULL };

static const char *const questions[QUESTIONS][10] = {
	[ASK_TOP] = { "rev-parse", "--show-toplevel", NULL },
	/* Submodules are asked for themselves: git would start a process for each. */
	[ASK_CHANGES] = { "status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames",
	    "--untracked-files=no", "--ignore-submodules=dirty", NULL },
	/* Neither .git/info/exclude nor core.excludesFile counts. */
	[ASK_OTHERS] = { "ls-files", "-z", "--others", "--exclude-per-directory=.gitignore", NULL },
	[ASK_FILES] = { "ls-files", "-z", "-v", "-s", NULL },
	[ASK_REFS] = { "for-each-ref", "--contains", "HEAD", "--count=1", "--format=%(refname)", "--", NULL },
};

/* It neither asks anybody, nor writes, nor fetches, nor takes one object for another. */
static const char *const environment[] = { "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
	"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_REPLACE_OBJECTS=1", NULL };

struct asking {
	struct git_query *query;
	const char *root, *refs;
	struct deadline deadline;
};

static size_t
add_words(const char *words[WORDS_MAX], size_t count, const char *const more[])
{
	for (size_t i = 0; more[i] != NULL && count < WORDS_MAX - 1; i++)
		words[count++] = more[i];
	words[count] = NULL;
	return count;
}

static void
ask(void *context, size_t index)
{
	struct asking *asking = context;
	struct git_query *query = asking->query;
	const char *words[WORDS_MAX], *const first[] = { "git", "-C", asking->root, NULL };
	const char *const last[] = { index == ASK_REFS ? asking->refs : NULL, NULL };
	size_t count = add_words(words, 0, first);

	count = add_words(words, count, common);
	count = add_words(words, count, questions[index]);
	(void)add_words(words, count, last);
	query->status[index] = command_run(words, environment, asking->deadline, &query->output[index],
	    &query->errors[index], &query->why[index]);
}

void
git_query_run(struct git_query *query, const char *root, const char *refs, struct deadline deadline)
{
	static const size_t limits[QUESTIONS] = { LINES_LIMIT, LIST_LIMIT, LIST_LIMIT, FILES_LIMIT,
		LINES_LIMIT };
	struct asking asking = { query, root, refs, deadline };

	for (int q = 0; q < QUESTIONS; q++) {
		buffer_init(&query->output[q], limits[q]);
		buffer_init(&query->errors[q], LINES_LIMIT);
	}
	parallel_each(refs != NULL ? QUESTIONS : ASK_REFS, ask, &asking);
}

void
git_query_release(struct git_query *query)
{
	for (int q = 0; q < QUESTIONS; q++) {
		buffer_release(&query->output[q]);
		buffer_release(&query->errors[q]);
	}
}

/* What came --------------------------------------------------------- */

int
git_query_check(const struct git_query *query, enum git_question question, struct failure *why)
{
	static const char fork[] = "cannot fork";
	const struct buffer *output = &query->output[question], *errors = &query->errors[question];
	const char *text = errors->length > 0 ? errors->text : "";
	/* The first line: the others are advice, as to trust a repository of somebody else. */
	const char *end = memchr(text, '\n', errors->length);
	int length = end != NULL && end - text < 300 ? (int)(end - text) : (int)errors->length;

	length = length < 300 ? length : 300;
	*why = query->why[question];
	if (query->status[question] < 0)
		return -1;
	if (memmem(text, errors->length, fork, strlen(fork)) != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "git asked for a program that is not run here, such as a filter: %.*s", length, text);
	/* After a warning it goes on without what it could not read; one ref that it found is enough. */
	if (query->status[question] > 0 || (errors->length > 0 && question != ASK_REFS))
		return failure_set(why, FAILURE_LOCAL, "git %s: %.*s", questions[question][0], length, text);
	if (question != ASK_TOP && question != ASK_REFS && output->length > 0 &&
	    output->text[output->length - 1] != '\0')
		return failure_set(
		    why, FAILURE_PROTOCOL, "git %s: a list without an end", questions[question][0]);
	return 0;
}

const char *
git_query_next(const struct buffer *list, const char *text)
{
	const char *end = list->text + list->length;
	const char *next = text == NULL ? list->text : text + strlen(text) + 1;

	return list->length == 0 || next >= end ? NULL : next;
}
