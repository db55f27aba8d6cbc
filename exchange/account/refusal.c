/*
 * An answer that is an error, as a failure with advice.
 *
 * "Invalid key, IP, or permissions" is one code at Binance; other exchanges tell these apart, and then the
 * user need not guess.  The profile's lists (errors.ip, errors.permission and others) choose the advice;
 * errors.auth and status 401 decide the kind.
 */

#include <stdio.h>
#include <string.h>

#include "exchange/account/rows.h"
#include "exchange/public/read.h"
#include "exchange/public/value.h"

enum { LARGEST_COMPLAINT = 64 * 1024 };

static const char generic_advice[] =
    "check the key and its secret, what the key may do, and from which addresses";

/* The same as exchange_is_of_class(). */
static bool
is_of_class(const struct profile_list *class, const struct complaint *complaint)
{
	for (size_t i = 0; i < class->count; i++)
		if (strcmp(class->items[i], complaint->code) == 0 ||
		    strncmp(class->items[i], complaint->message, strlen(class->items[i])) == 0)
			return true;
	return false;
}

/* Kraken answers "invalid nonce" both to a clock that is behind and to a key that two programs share. */
static bool
has_nonce(const struct profile *profile)
{
	return profile->auth.prehash != NULL && strstr(profile->auth.prehash, "nonce") != NULL;
}

/* What to do about it, NULL: nothing that we know of. */
static const char *
advice(const struct profile *profile, const struct complaint *complaint, enum failure_kind kind)
{
	if (is_of_class(&profile->clock, complaint))
		return has_nonce(profile)
			   ? "give this program a key that nothing else uses, and check the clock of this "
			     "machine"
			   : "check the clock of this machine";
	if (is_of_class(&profile->auth_ip, complaint))
		return "allow the key this machine's IP address";
	if (is_of_class(&profile->auth_permission, complaint))
		return "allow the key to read this";
	if (is_of_class(&profile->auth_expired, complaint))
		return "the key has expired: make a new one";
	if (is_of_class(&profile->auth_signature, complaint))
		return "the signature is wrong: check the secret and how it is encoded";
	return kind == FAILURE_AUTH ? generic_advice : NULL;
}

int
account_fail_refused(const struct profile *profile, const struct http_response *response, struct failure *why)
{
	struct exchange_answer answer = { .failure = { .kind = FAILURE_NONE } };
	struct complaint complaint;
	struct failure ignored;
	json_t *root = NULL;
	const char *what;

	/* A complaint is short: a longer answer is not worth a tree in memory. */
	if (response->body.length <= LARGEST_COMPLAINT)
		root = value_document(response->body, &ignored);
	exchange_read_complaint(profile, root, response->body, &complaint);
	json_decref(root);
	/* For the words "banned" and "asked too much" only; account.c reads the times. */
	exchange_read_signals(profile, response, &complaint, 0, &answer);
	(void)exchange_fail_rejected(profile, response, &complaint, &answer);
	*why = answer.failure;
	/* A wrong clock is no fault of the key, also where the answer is a 401. */
	if (is_of_class(&profile->clock, &complaint))
		why->kind = FAILURE_REJECTED;
	what = advice(profile, &complaint, why->kind);
	return what == NULL ? -1 : failure_set(why, why->kind, "%s; %s", answer.failure.text, what);
}
