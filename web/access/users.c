/*
 * A good login is found again by a digest: an HMAC under a random key of this
 * process, over name, hash and password.  It stands for all three, so a
 * changed hash in the configuration makes it worthless, and memory that leaks
 * does not show a password.  Only logins that are not remembered reach bcrypt,
 * in one thread with a short queue.  An attacker can fill that queue; users with
 * a known login do not need it.
 *
 * The time of an answer must not tell which names exist, although each hash has
 * a cost of its own: a password is refused only after the work of the costliest
 * hash of all users, and so is an unknown name.  No comparison of secrets stops
 * at the first difference.
 */

#include <crypt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/config/secrets.h"
#include "common/text/buffer.h"
#include "web/access/users.h"

enum { REMEMBERED = 100, WAITING = 16, DIGEST = 32, LONGEST = 4096 };

struct check {
	char *password;
	char *hash;
	bool exists;    /* the user; else the hash is another user's */
	int cost, most; /* of this hash, and of the costliest */
	unsigned char digest[DIGEST];
	enum auth_answer *answer;
	auth_done *done;
	void *context;
};

struct auth {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool ending;
	unsigned char key[DIGEST];
	unsigned char good[REMEMBERED][DIGEST];
	size_t good_count, good_next;
	struct check waiting[WAITING];
	size_t first, count;
};

/* Whether the password has this hash.  If not, it takes as long as the costliest hash would. */
static bool
crypt_agrees(const struct check *check)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char *hash = check->hash;
	size_t length = strlen(hash);
	const char *result;
	unsigned char difference = 1;

	if (data == NULL)
		return false;
	result = crypt_r(check->password, hash, data);
	if (result != NULL && strlen(result) == length) {
		difference = 0;
		for (size_t i = 0; i < length; i++)
			difference |= (unsigned char)(result[i] ^ hash[i]);
	}
	/* Cost n takes as long as all below it and the first one once more: 2^n = 2^c + 2^c + ... + 2^(n-1).
	 */
	for (int cost = check->cost; difference != 0 && cost < check->most; cost++) {
		hash[4] = (char)('0' + cost / 10);
		hash[5] = (char)('0' + cost % 10);
		(void)crypt_r(check->password, hash, data);
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return difference == 0;
}

static bool
is_good(const struct auth *a, const unsigned char *digest)
{
	for (size_t i = 0; i < a->good_count; i++)
		if (gnutls_memcmp(a->good[i], digest, DIGEST) == 0)
			return true;
	return false;
}

static void
remember(struct auth *a, const unsigned char *digest)
{
	if (is_good(a, digest))
		return;
	memcpy(a->good[a->good_next], digest, DIGEST);
	a->good_next = (a->good_next + 1) % REMEMBERED;
	if (a->good_count < REMEMBERED)
		a->good_count++;
}

/* Give the answer and release the check.  `done` may wake a thread
 * that frees `answer`: nothing of the request is touched after it. */
static void
finish(struct check *check, bool yes)
{
	secret_free(check->password);
	secret_free(check->hash);
	*check->answer = yes ? AUTH_YES : AUTH_NO;
	check->done(check->context);
}

static void *
work(void *context)
{
	struct auth *a = context;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->ending) {
		struct check check;
		bool yes;

		if (a->count == 0) {
			(void)pthread_cond_wait(&a->changed, &a->lock);
			continue;
		}
		check = a->waiting[a->first];
		a->first = (a->first + 1) % WAITING;
		a->count--;
		/* Ten requests of one client may wait with the same password: only the first one pays. */
		yes = check.exists && is_good(a, check.digest);
		if (!yes) {
			/* bcrypt takes long: without the lock, so that
			 * other requests can be judged meanwhile. */
			(void)pthread_mutex_unlock(&a->lock);
			yes = crypt_agrees(&check) && check.exists;
			(void)pthread_mutex_lock(&a->lock);
		}
		if (yes)
			remember(a, check.digest);
		finish(&check, yes);
	}
	(void)pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct auth *
auth_new(void)
{
	struct auth *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	if (gnutls_rnd(GNUTLS_RND_KEY, a->key, sizeof(a->key)) == 0 &&
	    pthread_create(&a->thread, NULL, work, a) == 0)
		return a;
	free(a);
	return NULL;
}

void
auth_end(struct auth *a)
{
	bool ended;

	(void)pthread_mutex_lock(&a->lock);
	ended = a->ending;
	a->ending = true;
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
	if (ended)
		return;
	(void)pthread_join(a->thread, NULL);
	for (; a->count > 0; a->count--) {
		finish(&a->waiting[a->first], false);
		a->first = (a->first + 1) % WAITING;
	}
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	auth_end(a);
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

/* Of name, hash and password, under a key of this process.  0 or -1. */
static int
digest_of(const struct auth *a, const struct auth_question *q, const char *hash, unsigned char *digest)
{
	struct buffer text;
	int result = -1;

	/* A limit on what is copied and hashed: longer than this, nothing is a login. */
	if (strlen(q->name) > LONGEST || strlen(q->password) > LONGEST)
		return -1;
	buffer_init(&text, 4 * (size_t)LONGEST);
	/* In one piece: a buffer that grows would leave copies of the password in freed memory. */
	if (buffer_reserve(&text, strlen(q->name) + strlen(hash) + strlen(q->password) + 2) != NULL) {
		/* With their NULs, so that "ab" and "c" differ from "a" and "bc". */
		buffer_append(&text, q->name, strlen(q->name) + 1);
		buffer_append(&text, hash, strlen(hash) + 1);
		buffer_string(&text, q->password);
		if (gnutls_hmac_fast(
			GNUTLS_MAC_SHA256, a->key, sizeof(a->key), text.text, text.length, digest) == 0)
			result = 0;
		explicit_bzero(text.text, text.length);
	}
	buffer_release(&text);
	return result;
}

enum auth_answer
auth_check(
    struct auth *a, const struct auth_question *q, enum auth_answer *answer, auth_done *done, void *context)
{
	const struct web_user *costliest = &q->users[0], *user = NULL;
	struct check check = { .answer = answer, .done = done, .context = context };
	enum auth_answer result = AUTH_BUSY;

	for (size_t i = 0; i < q->user_count; i++) {
		if (strcmp(q->users[i].name, q->name) == 0)
			user = &q->users[i];
		if (q->users[i].cost > costliest->cost)
			costliest = &q->users[i];
	}
	check.exists = user != NULL;
	if (user == NULL)
		user = costliest;
	if (digest_of(a, q, user->hash, check.digest) != 0)
		return AUTH_NO;
	check.cost = user->cost;
	check.most = costliest->cost;
	/* The question's texts are gone when the thread gets to it: so the check has copies. */
	check.password = strdup(q->password);
	check.hash = strdup(user->hash);
	(void)pthread_mutex_lock(&a->lock);
	if (check.exists && is_good(a, check.digest)) {
		result = AUTH_YES;
	} else if (check.password != NULL && check.hash != NULL && !a->ending && a->count < WAITING) {
		a->waiting[(a->first + a->count++) % WAITING] = check;
		(void)pthread_cond_signal(&a->changed);
		result = AUTH_PENDING;
	}
	(void)pthread_mutex_unlock(&a->lock);
	if (result != AUTH_PENDING) {
		secret_free(check.password);
		secret_free(check.hash);
	}
	return result;
}
