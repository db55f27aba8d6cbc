/*
 * Mail by SMTP.  Nothing from outside gets into a header as it is: the subject is encoded always, addresses
 * are checked at the start.
 *
 * Each mail has a connection of its own: servers end idle ones, and mails are rare.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/net/address.h"
#include "common/net/url.h"
#include "common/text/utf8.h"
#include "relay/channel/line.h"
#include "relay/channel/mail.h"
#include "relay/channel/markup.h"

enum { ADDRESS_LONGEST = 254, ADDRESSES = 50, MAIL_LARGEST = 1024 * 1024, ENCODED_BYTES = 42 };

/* Addresses */

static bool
is_address(struct slice text)
{
	const char *at = memchr(text.at, '@', text.length);

	if (at == NULL || at == text.at || text.length > ADDRESS_LONGEST || at + 1 == text.at + text.length)
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

/* "address" or "Name <address>". */
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
	    name.length > ADDRESS_LONGEST)
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

/* Headers */

/* RFC 2047: words of base64 of at most 75 characters, each of whole characters. */
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

/* "<32 hexadecimal digits@the sender's host>" */
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

static bool
is_id(const char *id)
{
	for (const char *c = id; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return id[0] == '<' && strlen(id) < CHANNEL_MESSAGE_ID;
}

static bool
add_headers(
    struct curl_slist **headers, const struct channel *channel, const struct mail *mail, const char *id)
{
	struct slice name, address = sender_address(channel->from, &name);
	struct buffer line;
	time_t now = time(NULL);
	struct tm local;
	char date[64];
	bool ok;

	buffer_init(&line, 64 * 1024);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z", localtime_r(&now, &local));
	buffer_format(&line, "Date: %s", date);
	ok = add_header(headers, &line);
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
	if (mail->reply_to != NULL && is_id(mail->reply_to)) {
		buffer_format(&line, "In-Reply-To: %s\r\nReferences: %s", mail->reply_to, mail->reply_to);
		ok = ok && add_header(headers, &line);
	}
	/* So that no holiday notice answers. */
	buffer_string(&line, "Auto-Submitted: auto-generated");
	return ok && add_header(headers, &line);
}

/* Parts */

static bool
add_part(curl_mime *mime, const char *type, const char *encoder, struct slice data, const char *file_name)
{
	curl_mimepart *part = curl_mime_addpart(mime);

	return part != NULL &&
	       curl_mime_data(part, data.at != NULL ? data.at : "", data.length) == CURLE_OK &&
	       curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, encoder) == CURLE_OK &&
	       (file_name == NULL || curl_mime_filename(part, file_name) == CURLE_OK);
}

static curl_mime *
make_parts(CURL *easy, const struct mail *mail)
{
	curl_mime *whole = curl_mime_init(easy), *both = curl_mime_init(easy);
	bool ok = whole != NULL && both != NULL &&
		  add_part(both, "text/plain; charset=utf-8", "quoted-printable", mail->text, NULL) &&
		  add_part(both, "text/html; charset=utf-8", "quoted-printable", mail->html, NULL);
	curl_mimepart *part = ok ? curl_mime_addpart(whole) : NULL;

	ok = part != NULL && curl_mime_subparts(part, both) == CURLE_OK;
	if (ok)
		both = NULL; /* the part has it now */
	ok = ok && curl_mime_type(part, "multipart/alternative") == CURLE_OK &&
	     (mail->file_name == NULL ||
		 add_part(whole, mail->file_type, "base64", mail->file, mail->file_name));
	if (ok)
		return whole;
	curl_mime_free(both);
	curl_mime_free(whole);
	return NULL;
}

/* Sending */

/* The server's last line, without its line break: what it says of a refusal. */
struct reply {
	char text[512];
};

static size_t
keep_reply(char *data, size_t size, size_t count, void *context)
{
	struct reply *reply = context;
	size_t length = size * count;

	while (length > 0 && isspace((unsigned char)data[length - 1]))
		length--;
	(void)snprintf(reply->text, sizeof(reply->text), "%.*s", (int)length, data);
	return size * count;
}

/* A server of this machine may do without TLS, unless a CA file says that it has some. */
static long
tls_of(const struct channel *channel)
{
	struct failure unused;
	struct url url;
	bool here = false;

	if (url_parse(&url, channel->url, &unused) == 0) {
		here = address_is_loopback(url.host) && channel->ca_file == NULL;
		url_release(&url);
	}
	return here ? CURLUSESSL_NONE : CURLUSESSL_ALL;
}

static bool
set_up(struct channel_line *line, struct curl_slist *headers, struct curl_slist *to, curl_mime *parts,
    const char *from, struct reply *reply, struct deadline deadline, char error[CURL_ERROR_SIZE])
{
	const struct channel *channel = line->channel;
	CURL *easy = line->smtp;
	long ms = (long)deadline_left_ms(deadline) + 1;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_URL, channel->url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(channel)) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	if (channel->ca_file != NULL)
		ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, channel->ca_file) == CURLE_OK;
	if (channel->user != NULL) {
		ok &= curl_easy_setopt(easy, CURLOPT_USERNAME, channel->user) == CURLE_OK;
		ok &= curl_easy_setopt(easy, CURLOPT_PASSWORD, channel->password) == CURLE_OK;
	}
	ok &= curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to) == CURLE_OK;
	/* One mailbox that is full or gone keeps no alert from the others. */
	ok &= curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_MIMEPOST, parts) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_reply) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, reply) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error) == CURLE_OK;
	return ok;
}

static enum failure_kind
kind_of(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST: return FAILURE_RESOLVE;
	case CURLE_COULDNT_CONNECT: return FAILURE_CONNECT;
	case CURLE_OPERATION_TIMEDOUT: return FAILURE_TIMEOUT;
	case CURLE_LOGIN_DENIED: return FAILURE_AUTH;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_USE_SSL_FAILED: return FAILURE_TLS;
	default: return FAILURE_REJECTED;
	}
}

/* 4yz passes, 5yz does not; without either it is the network, or a server that does not know STARTTLS. */
static void
judge(const struct channel_line *line, CURLcode code, const struct reply *reply, const char *error,
    struct channel_result *result)
{
	long status = 0;
	bool refused, final;
	char text[1024];

	(void)curl_easy_getinfo(line->smtp, CURLINFO_RESPONSE_CODE, &status);
	refused = status >= 400 && status < 600;
	final = status >= 500 || code == CURLE_USE_SSL_FAILED;
	result->status = (int)status;
	if (code == CURLE_OK) {
		result->outcome = CHANNEL_SENT;
		return;
	}
	if (code == CURLE_USE_SSL_FAILED)
		(void)snprintf(text, sizeof(text),
		    "the server offers no STARTTLS, and nothing is sent without: is it the right port?");
	else if (refused)
		(void)snprintf(text, sizeof(text), "the server refused: %s", reply->text);
	else
		(void)snprintf(text, sizeof(text), "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
	line_fail(line, final ? CHANNEL_REFUSED : CHANNEL_RETRY, kind_of(code), text, result);
}

static struct curl_slist *
recipients(const char *rest)
{
	struct curl_slist *list = NULL, *longer;
	struct slice address;
	char text[ADDRESS_LONGEST + 1];

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

void
mail_deliver(struct channel_line *line, const struct mail *mail, struct deadline deadline,
    struct channel_result *result)
{
	struct curl_slist *headers = NULL, *to = recipients(line->channel->to);
	curl_mime *parts = make_parts(line->smtp, mail);
	char error[CURL_ERROR_SIZE] = "", id[CHANNEL_MESSAGE_ID], from[ADDRESS_LONGEST + 1];
	struct reply reply = { "" };
	struct slice name, address = sender_address(line->channel->from, &name);

	memset(result, 0, sizeof(*result));
	(void)snprintf(from, sizeof(from), "%.*s", SLICE_ARGS(address));
	if (to != NULL && parts != NULL && make_id(line->channel->from, id) &&
	    add_headers(&headers, line->channel, mail, id) &&
	    set_up(line, headers, to, parts, from, &reply, deadline, error)) {
		judge(line, curl_easy_perform(line->smtp), &reply, error, result);
		if (result->outcome == CHANNEL_SENT)
			(void)snprintf(result->message_id, sizeof(result->message_id), "%s", id);
	} else {
		line_fail(line, CHANNEL_RETRY, FAILURE_LOCAL, "out of memory", result);
	}
	curl_easy_reset(line->smtp);
	curl_mime_free(parts);
	curl_slist_free_all(headers);
	curl_slist_free_all(to);
}

void
mail_send(struct channel_line *line, const struct message *message, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	struct buffer text, html;

	buffer_init(&text, MAIL_LARGEST);
	buffer_init(&html, MAIL_LARGEST);
	markup_plain(message, &text);
	buffer_string(&text, "\n");
	buffer_string(&html, "<!doctype html><html><body style=\"font-family:sans-serif\">");
	markup_html(message, "<br>\n", &html);
	buffer_string(&html, "</body></html>\n");
	if (text.failed || html.failed)
		line_fail(line, CHANNEL_RETRY, FAILURE_LOCAL, "out of memory", result);
	else
		mail_deliver(line,
		    &(struct mail){ .subject = message->subject,
			.text = buffer_slice(&text),
			.html = buffer_slice(&html),
			.reply_to = options->reply_to },
		    deadline, result);
	buffer_release(&text);
	buffer_release(&html);
}
