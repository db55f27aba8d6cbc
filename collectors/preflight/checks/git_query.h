#ifndef COLLECTORS_PREFLIGHT_CHECKS_GIT_QUERY_H
#define COLLECTORS_PREFLIGHT_CHECKS_GIT_QUERY_H

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/buffer.h"

/*
 * What git says of a working tree.
 *
 * Nothing that the repository names is run: not its filters, its fsmonitor, its
 * hooks, nor what fetches for a partial clone, since git can start no process
 * here.  Nor do its settings say what counts as a change.
 */
enum git_question {
	ASK_TOP,     /* where the working tree begins, and a newline */
	ASK_CHANGES, /* git status --porcelain=v2 --branch -z, of what is tracked */
	ASK_OTHERS,  /* what is not tracked, nor named by a .gitignore; each ends with NUL */
	ASK_FILES,   /* what is tracked, as git ls-files -v -s -z */
	ASK_REFS,    /* one of the refs that hold the commit; in the bot's own tree alone */
};
enum { QUESTIONS = ASK_REFS + 1 };

struct git_query {
	struct buffer output[QUESTIONS], errors[QUESTIONS];
	int status[QUESTIONS]; /* git's; -1: with `why` it gave none */
	struct failure why[QUESTIONS];
};

/*
 * The directory, or the nearest one above it, with a ".git" of any kind: its
 * path without symbolic links, for the caller to free.  NULL: there is none, or
 * with `why` (its kind is set) nobody can tell.
 */
char *git_query_find_root(const char *directory, struct failure *why);

/* Ask all at once, of a zeroed one; `refs` is a pattern, or NULL.  git_query_release() frees what came. */
void git_query_run(struct git_query *query, const char *root, const char *refs, struct deadline deadline);
void git_query_release(struct git_query *query);

/* Whether it was answered in full: 0, or -1 with `why`. */
int git_query_check(const struct git_query *query, enum git_question question, struct failure *why);

/* The members of a list that end with NUL, one after another; NULL: that was the last one. */
const char *git_query_next(const struct buffer *list, const char *text);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_GIT_QUERY_H */
