#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/secrets.h"

enum { LARGEST_FILE = 64 * 1024 };

void
secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* Takes over `copy`.  Out of memory leaves the set as it was: the caller's next allocation will tell. */
static void
add(struct secrets *secrets, char *copy)
{
	char **values = NULL;
	bool known = copy == NULL;

	for (size_t i = 0; i < secrets->count && !known; i++)
		known = strcmp(secrets->values[i], copy) == 0;
	if (!known)
		values = realloc(secrets->values, (secrets->count + 1) * sizeof(*values));
	if (values == NULL) {
		secret_free(copy);
		return;
	}
	secrets->values = values;
	secrets->values[secrets->count++] = copy;
}

/* As RFC 3986 has it: everything but letters, digits and "-._~" becomes %XX. */
static char *
percent_encode(const char *text)
{
	static const char hexadecimal[] = "0123456789ABCDEF";
	char *encoded = malloc(strlen(text) * 3 + 1), *at = encoded;

	if (encoded == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (isalnum(byte) || strchr("-._~", byte) != NULL) {
			*at++ = (char)byte;
			continue;
		}
		*at++ = '%';
		*at++ = hexadecimal[byte >> 4];
		*at++ = hexadecimal[byte & 15];
	}
	*at = '\0';
	return encoded;
}

/* As failure_set() leaves it. */
static char *
replace_control_characters(const char *text)
{
	char *replaced = strdup(text);

	for (char *c = replaced; c != NULL && *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	return replaced;
}

void
secrets_add(struct secrets *secrets, const char *secret)
{
	if (*secret == '\0')
		return;
	add(secrets, strdup(secret));
	add(secrets, percent_encode(secret));
	add(secrets, replace_control_characters(secret));
}

/* A text that was cut in the middle of a secret ends with its first bytes; four of them are told from chance.
 */
static void
mask_cut_off(const char *secret, size_t length, char *text)
{
	size_t size = strlen(text), part = length < size ? length : size;

	for (; part >= 4; part--)
		if (memcmp(text + size - part, secret, part) == 0)
			memset(text + size - part, '*', part);
}

/* "hunter2" becomes "***": no longer than it was, and its length does not show. */
static void
mask_one(const char *secret, char *text)
{
	size_t length = strlen(secret), stars = length < 3 ? length : 3;
	char *found;

	while ((found = strstr(text, secret)) != NULL) {
		memset(found, '*', stars);
		memmove(found + stars, found + length, strlen(found + length) + 1);
		text = found + stars;
	}
	mask_cut_off(secret, length, text);
}

/* The longest first: a secret may be a part of another. */
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

/* What makes a file's content no secret, or NULL. */
static const char *
secret_fault(const char *text, ssize_t length)
{
	if (length > LARGEST_FILE)
		return "is larger than 64 KiB";
	if (memchr(text, '\0', (size_t)length) != NULL)
		return "holds a NUL byte";
	return text[strspn(text, "\r\n")] == '\0' ? "is empty" : NULL;
}

/* O_NONBLOCK: opening a FIFO would wait for a writer. */
char *
secret_read_file(const char *path, struct failure *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = calloc(1, LARGEST_FILE + 2);
	const char *fault;
	struct stat info;
	ssize_t length = 0;

	if (fd < 0 || text == NULL || fstat(fd, &info) != 0 ||
	    (S_ISREG(info.st_mode) && (length = read_all(fd, text, LARGEST_FILE + 1)) < 0)) {
		(void)failure_set(why, FAILURE_LOCAL, "cannot read '%s': %s", path, strerror(errno));
		goto fail;
	}
	fault = S_ISREG(info.st_mode) ? secret_fault(text, length) : "is no regular file";
	if (fault != NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "secret file '%s' %s", path, fault);
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
