/*
 * Who a mail is from and to, and its headers.  Nothing from outside gets into a header as it is: the
 * subject is encoded always, and addresses are checked at the start.  A line break in a header would
 * let an alert add recipients or a body of its own.  Addresses are ASCII without quotes, which leaves
 * out some that RFC 5321 allows and that hardly anyone has, and needs no parser of the whole grammar.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/text/utf8.h"
#include "relay/channel/line.h"
#include "relay/channel/mail_headers.h"

/* Servers take 100 recipients at least (RFC 5321, 4.5.3.1.8); more people than this need a mailing
 * list.  42 bytes become 56 of base64, which is 68 with the frame of an encoded word.  42 is also a
 * multiple of 3, so that no word but the last one is padded. */
enum { ADDRESSES = 50, ENCODED_BYTES = 42 };

/* Addresses */

/* The letters and marks of an atom (RFC 5322, 3.2.3) before the '@', a host name behind it.  A '<', a
 * comma or a blank would make two addresses of one. */
static bool
is_address(struct slice text)
{
	const char *at = memchr(text.at, '@', text.length);

	if (at == NULL || at == text.at || text.length >= MAIL_ADDRESS || at + 1 == text.at + text.length)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		const char *c = &text.at[i];

		if (!isalnum((unsigned char)*c) && (*c == '\0' || strchr(".-", *c) == NULL) &&
		    (c > at || *c == '\0' || strchr("@!#$%&'*+/=?^_`{|}~", *c) == NULL))
			return false;
	}
	return memchr(at + 1, '@', (size_t)(text.at + text.length - at - 1)) == NULL;
}

static struct slice
trimmed(struct slice text)
{
	while (text.length > 0 && text.at[0] == ' ') {
		text.at++;
		text.length--;
	}
	while (text.length > 0 && text.at[text.length - 1] == ' ')
		text.length--;
	return text;
}

/* "address" or "Name <address>".  The name is encoded later, so it may hold anything; only the address
 * is checked. */
static struct slice
sender_address(const char *from, struct slice *name)
{
	const char *open = strrchr(from, '<');
	size_t length = strlen(from);

	*name = (struct slice){ from, 0 };
	if (open == NULL || from[length - 1] != '>')
		return trimmed(SLICE(from));
	*name = trimmed((struct slice){ from, (size_t)(open - from) });
	return (struct slice){ open + 1, length - (size_t)(open - from) - 2 };
}

/* The next of the addresses between commas; at == NULL: there are no more. */
static struct slice
next_address(const char **rest)
{
	size_t length = *rest != NULL ? strcspn(*rest, ",") : 0;
	struct slice address = { *rest, length };

	if (*rest != NULL)
		*rest = (*rest)[length] == ',' ? *rest + length + 1 : NULL;
	return address.at != NULL ? trimmed(address) : address;
}

int
mail_check(const struct channel *channel, struct failure *why)
{
	const char *rest = channel->to;
	struct slice address, name;
	size_t count = 0;

	if (channel->from == NULL || !is_address(sender_address(channel->from, &name)) || !utf8_valid(name) ||
	    name.length >= MAIL_ADDRESS)
		return failure_set(why, FAILURE_LOCAL,
		    "%s: mail.from is not an address, such as alerts@example.org", channel->name);
	while ((address = next_address(&rest)).at != NULL)
		if (!is_address(address) || ++count > ADDRESSES)
			return failure_set(why, FAILURE_LOCAL,
			    "%s: '%.80s' are not at most %d addresses, separated by commas", channel->name,
			    channel->to, ADDRESSES);
	if (count == 0)
		return failure_set(why, FAILURE_LOCAL, "%s: it has no address", channel->name);
	if ((channel->user == NULL) != (channel->password == NULL))
		return failure_set(why, FAILURE_LOCAL,
		    "%s: mail.user and mail.password go together: one is missing", channel->name);
	return 0;
}

void
mail_sender(const struct channel *channel, char address[MAIL_ADDRESS])
{
	struct slice name, found = sender_address(channel->from, &name);

	(void)snprintf(address, MAIL_ADDRESS, "%.*s", SLICE_ARGS(found));
}

/* For the envelope (RCPT TO).  The header "To" is for the reader and does not decide who gets the mail. */
struct curl_slist *
mail_recipients(const struct channel *channel)
{
	const char *rest = channel->to;
	struct curl_slist *list = NULL, *longer;
	struct slice address;
	char text[MAIL_ADDRESS];

	while ((address = next_address(&rest)).at != NULL) {
		(void)snprintf(text, sizeof(text), "%.*s", SLICE_ARGS(address));
		longer = curl_slist_append(list, text);
		if (longer == NULL) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

/* Headers */

/* RFC 2047: words of base64 of at most 75 characters, each of whole characters.  A character that is
 * cut in two by the end of a word would show as two broken ones. */
static void
append_encoded(struct buffer *out, struct slice text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *separator = "";

	while (text.length > 0) {
		size_t length = 0, width = 0;

		while (length < text.length &&
		       length + (width = utf8_character(text.at + length, text.length - length)) <=
			   ENCODED_BYTES)
			length += width != 0 ? width : 1;
		buffer_format(out, "%s=?UTF-8?B?", separator);
		for (size_t i = 0; i < length; i += 3) {
			unsigned bits = 0;

			for (size_t j = 0; j < 3; j++)
				bits = bits << 8 | (i + j < length ? (unsigned char)text.at[i + j] : 0);
			for (size_t j = 0; j < 4; j++)
				buffer_append(
				    out, i + j <= length ? &digits[bits >> (18 - 6 * j) & 63] : "=", 1);
		}
		buffer_string(out, "?=");
		/* A header's next line begins with a blank. */
		separator = "\r\n ";
		text.at += length;
		text.length -= length;
	}
}

static bool
add_header(struct curl_slist **headers, struct buffer *line)
{
	struct curl_slist *longer = NULL;

	buffer_append(line, "", 1);
	if (!line->failed)
		longer = curl_slist_append(*headers, line->text);
	if (longer != NULL)
		*headers = longer;
	buffer_release(line);
	return longer != NULL;
}

/* "<32 hexadecimal digits@the sender's host>".  The id is what a reply to this alert is threaded under,
 * and two of the same would make a reader hide one mail.  The host is cut so that the whole stays
 * within CHANNEL_MESSAGE_ID. */
static bool
make_id(const char *from, char id[CHANNEL_MESSAGE_ID])
{
	struct slice name, address = sender_address(from, &name);
	const char *host = (const char *)memchr(address.at, '@', address.length) + 1;
	int length = (int)(address.at + address.length - host);
	unsigned char random[16];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	id[0] = '<';
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(id + 1 + 2 * i, 3, "%02x", random[i]);
	(void)snprintf(id + 33, CHANNEL_MESSAGE_ID - 33, "@%.*s>", length > 80 ? 80 : length, host);
	return true;
}

/* It comes back from the store.  What is not an id of ours must not end the header and begin another
 * one. */
static bool
is_id(const char *id)
{
	for (const char *c = id; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return id[0] == '<' && strlen(id) < CHANNEL_MESSAGE_ID;
}

bool
mail_headers(const struct channel *channel, const struct mail *mail, char id[CHANNEL_MESSAGE_ID],
    struct curl_slist **headers)
{
	struct slice name, address = sender_address(channel->from, &name);
	struct buffer line;
	time_t now = time(NULL);
	struct tm local;
	char date[64];
	bool ok;

	buffer_init(&line, 64 * 1024);
	/* English names of days and months are what mail wants, and the program sets no other locale. */
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z", localtime_r(&now, &local));
	buffer_format(&line, "Date: %s", date);
	ok = make_id(channel->from, id) && add_header(headers, &line);
	buffer_string(&line, "From: ");
	append_encoded(&line, name);
	buffer_format(&line, " <%.*s>", SLICE_ARGS(address));
	ok = ok && add_header(headers, &line);
	buffer_string(&line, "To: ");
	for (const char *rest = channel->to, *next = rest; (address = next_address(&rest)).at != NULL;
	     next = NULL)
		buffer_format(&line, "%s%.*s", next != NULL ? "" : ",\r\n ", SLICE_ARGS(address));
	ok = ok && add_header(headers, &line);
	buffer_string(&line, "Subject: ");
	append_encoded(&line, SLICE(mail->subject));
	ok = ok && add_header(headers, &line);
	buffer_format(&line, "Message-ID: %s", id);
	ok = ok && add_header(headers, &line);
	/* Readers look at one or the other to put "resolved" below the alert that it ends. */
	if (mail->reply_to != NULL && is_id(mail->reply_to)) {
		buffer_format(&line, "In-Reply-To: %s\r\nReferences: %s", mail->reply_to, mail->reply_to);
		ok = ok && add_header(headers, &line);
	}
	/* So that no holiday notice answers (RFC 3834). */
	buffer_string(&line, "Auto-Submitted: auto-generated");
	return ok && add_header(headers, &line);
}
