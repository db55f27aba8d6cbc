/*
 * A peer's error text may spell a secret in another way than we know it:
 * percent-encoded, or with control characters replaced.  So spelling()
 * compares a secret with all its spellings at once.  Masking works in place and
 * never makes a text longer: it needs no memory, and so it cannot fail.
 *
 * Only whole secrets are masked.  A target "main" must stay readable beside a
 * password "main_secret1".
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/secrets.h"
#include "common/text/text.h"

enum {
	LARGEST_FILE = 64 * 1024,
	WORD = 12, /* letters, the most that a word has which our texts may hold for another reason */
	SHORT = 4, /* bytes; what is shorter than that is a part of half the words */
};

void
secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

const char *
secret_shown(const char *text)
{
	const char *password = strcasestr(text, "password");

	if (password != NULL) {
		password += strlen("password");
		password += strspn(password, " \t");
	}
	/* A URL, or "password=..." as libpq has it. */
	if (strstr(text, "://") != NULL || (password != NULL && *password == '='))
		return "(not shown: it may hold a secret)";
	return text;
}

/* Out of memory leaves the set as it was: the caller's next allocation
 * will report it.  realloc() moves pointers alone, no secrets. */
void
secrets_add(struct secrets *secrets, const char *secret)
{
	char **values, *copy;

	/* An empty secret would match everywhere. */
	if (*secret == '\0')
		return;
	for (size_t i = 0; i < secrets->count; i++)
		if (strcmp(secrets->values[i], secret) == 0)
			return;
	values = realloc(secrets->values, (secrets->count + 1) * sizeof(*values));
	if (values == NULL)
		return;
	secrets->values = values;
	copy = strdup(secret);
	if (copy != NULL)
		values[secrets->count++] = copy;
}

/*
 * How many bytes of `text` spell `secret`, 0: it does not begin there.  Its
 * control characters may have become '?', as failure_set() does it; where
 * `encoded`, any of its bytes may be an escape.
 */
static size_t
spelling(const char *secret, const char *text, bool encoded)
{
	size_t length = 0;

	for (; *secret != '\0'; secret++) {
		unsigned char wanted = (unsigned char)*secret;
		int byte = encoded ? text_escaped_byte(text + length) : -1;

		if (byte >= 0
			? byte != wanted
			: (unsigned char)text[length] != wanted && (text[length] != '?' || !iscntrl(wanted)))
			return 0;
		length += byte >= 0 ? 3 : 1;
	}
	return length;
}

/* Whether a byte beside a secret makes one word with it. */
static bool
joins(char byte)
{
	return byte != '\0' && (isalnum((unsigned char)byte) || byte < '\0' || strchr("_-/", byte) != NULL);
}

/*
 * A password "redis" is also a part of our own name, of paths and of hosts, and a password "to" is in every
 * sentence.  Masked there, they would garble the log and show what they are.  So a word is masked where it
 * stands by itself, and a short one where it stands as a value: "password=to", "'to'", "user:to@".
 */
static bool
stands_as_secret(const char *secret, char before, const char *after)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t length = strlen(secret);
	bool is_short = length < SHORT;

	if (!is_short && (length > WORD || strspn(secret, letters) != length))
		return true;
	if (joins(before) || joins(*after) || ((*after == ':' || *after == '.') && joins(after[1])))
		return false;
	return !is_short || (before != '\0' && strchr("'\"`=:", before) != NULL);
}

/* "hunter2" becomes "***": no longer than it was, and its length does not show. */
static void
mask_one(const char *secret, char *text)
{
	/* A spelling begins with one of these. */
	const char first[] = { *secret, '%', iscntrl((unsigned char)*secret) ? '?' : '%', '\0' },
		   *begin = text;

	for (text += strcspn(text, first); *text != '\0'; text += strcspn(text, first)) {
		size_t literal = spelling(secret, text, false), encoded = spelling(secret, text, true);
		size_t length = literal > encoded ? literal : encoded, stars;

		if (length > 0 && !stands_as_secret(secret, text > begin ? text[-1] : '\0', text + length))
			length = 0;
		stars = length < 3 ? length : 3;
		memset(text, '*', stars);
		memmove(text + stars, text + length, strlen(text + length) + 1);
		text += length > 0 ? stars : 1;
	}
}

/* The longest first: masking a part of a secret would leave the rest
 * to be read.  `bound` steps down through the lengths that occur. */
void
secrets_mask(const struct secrets *secrets, char *text)
{
	size_t bound = (size_t)-1, longest;

	do {
		longest = 0;
		for (size_t i = 0; i < secrets->count; i++) {
			size_t length = strlen(secrets->values[i]);

			if (length < bound && length > longest)
				longest = length;
		}
		for (size_t i = 0; i < secrets->count; i++)
			if (strlen(secrets->values[i]) == longest)
				mask_one(secrets->values[i], text);
		bound = longest;
	} while (longest > 0);
}

void
secrets_release(struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		secret_free(secrets->values[i]);
	free(secrets->values);
	*secrets = (struct secrets){ 0 };
}

/* Read all of `fd` into `text`, which has room for `size`.  The length, or -1 with errno. */
static ssize_t
read_all(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, text + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -1 : (ssize_t)length;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

/* Why a file's content cannot be a secret, or NULL.  After a
 * NUL the rest would be lost: a shorter password. */
static const char *
secret_fault(const char *text, ssize_t length)
{
	if (length > LARGEST_FILE)
		return "is larger than 64 KiB";
	/* It does not show, and would be taken for the password's first letter. */
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return "begins with a byte order mark (BOM): save it as UTF-8 without BOM";
	if (memchr(text, '\0', (size_t)length) != NULL)
		return "holds a NUL byte";
	return text[strspn(text, "\r\n")] == '\0' ? "is empty" : NULL;
}

/* O_NONBLOCK: opening a FIFO would wait for a writer.  Links
 * are followed: orchestrators mount secrets as links. */
char *
secret_read_file(const char *path, struct failure *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* One byte more tells that a file is too large, and one is for the NUL. */
	char *text = calloc(1, LARGEST_FILE + 2);
	const char *fault;
	struct stat info;
	ssize_t length = 0;

	if (fd < 0 || text == NULL || fstat(fd, &info) != 0 ||
	    (S_ISREG(info.st_mode) && (length = read_all(fd, text, LARGEST_FILE + 1)) < 0)) {
		(void)failure_set(
		    why, FAILURE_LOCAL, "cannot read '%s': %s", secret_shown(path), strerror(errno));
		goto fail;
	}
	fault = S_ISREG(info.st_mode) ? secret_fault(text, length) : "is no regular file";
	if (fault != NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "secret file '%s' %s", secret_shown(path), fault);
		goto fail;
	}
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		text[--length] = '\0';
	(void)close(fd);
	return text;

fail:
	if (fd >= 0)
		(void)close(fd);
	if (text != NULL)
		explicit_bzero(text, LARGEST_FILE + 2);
	free(text);
	return NULL;
}
