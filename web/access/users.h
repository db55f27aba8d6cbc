#ifndef WEB_ACCESS_USERS_H
#define WEB_ACCESS_USERS_H

#include <stdbool.h>

#include "web/access/config.h"

/*
 * Which users may ask.  A bcrypt check takes a good part of a second by intention, so
 * checks have a thread of their own, one at a time and few waiting, and what
 * was good is remembered (as a keyed digest, never the password): a client that
 * guesses passwords cannot keep out those who know theirs.
 */
struct auth;

enum auth_answer { AUTH_NO, AUTH_YES, AUTH_PENDING, AUTH_BUSY };

struct auth *auth_new(void); /* NULL: out of memory, or no thread */
void auth_free(struct auth *auth);

/* There is at least one user. */
struct auth_question {
	const struct web_user *users;
	size_t user_count;
	const char *name;
	const char *password;
};

/*
 * Whether name and password are those of a user.  AUTH_YES at once: the same was found good before.
 * AUTH_PENDING: it is checked; `*answer` will be AUTH_YES or AUTH_NO, and then
 * `done` is called with `context`, from another thread (maybe before this
 * returns).  AUTH_BUSY: too many checks wait.  A refusal takes as long as a check
 * of the costliest hash, whether the name exists or not.
 */
typedef void auth_done(void *context);
enum auth_answer auth_check(struct auth *auth, const struct auth_question *question, enum auth_answer *answer,
    auth_done *done, void *context);

/* Answer all that wait with AUTH_NO, and take no more: before the server that they belong to is stopped. */
void auth_end(struct auth *auth);

#endif /* WEB_ACCESS_USERS_H */
