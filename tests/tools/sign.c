/*
 * sign PROFILE KEY-FILE SECRET-FILE PASSPHRASE-FILE|- METHOD PATH QUERY MS NONCE UUID: what would be sent to
 *read that path at that time, one line for each:
 *
 *	url https://api.binance.com/api/v3/account?timestamp=...
 *	body nonce=...
 *	header X-MBX-APIKEY: ...
 *
 * Nothing is sent.  PROFILE is a file, METHOD GET or POST.  Status 1, and why, when it cannot be signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/account/key.h"

enum { ARGUMENTS = 11 };

struct inputs {
	struct profile *profile;
	char *name, *secret, *passphrase;
	struct secrets secrets;
};

static int
read_inputs(struct inputs *in, char *argv[], struct failure *why)
{
	in->profile = profile_load(argv[1], why);
	in->name = in->profile != NULL ? secret_read_file(argv[2], why) : NULL;
	in->secret = in->name != NULL ? secret_read_file(argv[3], why) : NULL;
	if (in->secret == NULL)
		return -1;
	if (strcmp(argv[4], "-") != 0)
		in->passphrase = secret_read_file(argv[4], why);
	return strcmp(argv[4], "-") == 0 || in->passphrase != NULL ? 0 : -1;
}

static void
release(struct inputs *in)
{
	profile_free(in->profile);
	secret_free(in->name);
	secret_free(in->secret);
	secret_free(in->passphrase);
	secrets_release(&in->secrets);
}

static int
sign(const struct inputs *in, struct secrets *secrets, const struct account_call *call, struct failure *why)
{
	struct account_key *key =
	    account_key_new(in->profile, in->name, in->secret, in->passphrase, secrets, why);
	struct account_signed sent = { 0 };
	int result = key != NULL ? account_sign(in->profile, key, call, &sent, why) : -1;

	if (result == 0) {
		printf("url %s\n", sent.url);
		if (sent.body != NULL)
			printf("body %s\n", sent.body);
		for (size_t i = 0; sent.headers[i] != NULL; i++)
			printf("header %s\n", sent.headers[i]);
	}
	account_signed_release(&sent);
	account_key_free(key);
	return result;
}

int
main(int argc, char *argv[])
{
	struct inputs in = { 0 };
	struct failure why = { 0 };
	struct account_call call = { 0 };
	int result;

	if (argc != ARGUMENTS) {
		fprintf(stderr, "usage: sign PROFILE KEY-FILE SECRET-FILE PASSPHRASE-FILE|- GET|POST PATH "
				"QUERY MS NONCE UUID\n");
		return 2;
	}
	result = read_inputs(&in, argv, &why);
	if (result == 0) {
		call = (struct account_call){ .base_url = in.profile->base_url,
			.path = argv[6],
			.query = argv[7],
			.post = strcmp(argv[5], "POST") == 0,
			.now_ms = strtoll(argv[8], NULL, 10),
			.nonce = strtoull(argv[9], NULL, 10),
			.uuid = argv[10] };
		result = sign(&in, &in.secrets, &call, &why);
	}
	if (result != 0)
		fprintf(stderr, "sign: %s\n", why.text);
	release(&in);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
