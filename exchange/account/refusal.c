#include <stdio.h>
#include <string.h>

#include "exchange/account/rows.h"
#include "exchange/public/read.h"
#include "exchange/public/value.h"

enum { LARGEST_COMPLAINT = 64 * 1024 };

static const char generic_advice[] =
    "check the key and its secret, what the key may do, and from which addresses";

/* The code itself, or how the message begins. */
static bool
is_of_class(const struct profile_list *class, const struct complaint *complaint)
{
	for (size_t i = 0; i < class->count; i++)
		if (strcmp(class->items[i], complaint->code) == 0 ||
		    strncmp(class->items[i], complaint->message, strlen(class->items[i])) == 0)
			return true;
	return false;
}

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

	/* A complaint is short; what is long is no document that is worth its memory. */
	if (response->body.length <= LARGEST_COMPLAINT)
		root = value_document(response->body, &ignored);
	exchange_read_complaint(profile, root, response->body, &complaint);
	json_decref(root);
	exchange_read_signals(profile, response, &complaint, 0, &answer);
	(void)exchange_fail_rejected(profile, response, &complaint, &answer);
	*why = answer.failure;
	/* A clock that is wrong says nothing of who we are. */
	if (is_of_class(&profile->clock, &complaint))
		why->kind = FAILURE_REJECTED;
	what = advice(profile, &complaint, why->kind);
	return what == NULL ? -1 : failure_set(why, why->kind, "%s; %s", answer.failure.text, what);
}
