/*
 * Mail by SMTP.  Each has a connection of its own: servers end idle ones, and mails are rare.  All
 * addresses of a channel are recipients of one mail.  Nothing goes out without TLS except to this
 * machine: alerts tell a listener what breaks and where, and the log-in would be readable as well.  It
 * fails as SMTP does: 4yz is tried again, 5yz is not.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/address.h"
#include "common/net/url.h"
#include "relay/channel/line.h"
#include "relay/channel/mail_headers.h"
#include "relay/channel/markup.h"

/* Bytes of each form of the text: 60,000 units with every one escaped, and links. */
enum { MAIL_LARGEST = 1024 * 1024 };

/* Parts */

/* SMTP allows no line longer than 998 bytes (RFC 5322, 2.1.1), and an alert's description may be one.
 * Both encodings break lines, and neither needs a server that takes 8-bit text. */
static bool
add_part(curl_mime *mime, const char *type, const char *encoder, struct slice data, const char *file_name)
{
	curl_mimepart *part = curl_mime_addpart(mime);

	return part != NULL &&
	       curl_mime_data(part, data.at != NULL ? data.at : "", data.length) == CURLE_OK &&
	       curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, encoder) == CURLE_OK &&
	       (file_name == NULL || curl_mime_filename(part, file_name) == CURLE_OK);
}

/* The HTML comes last, since readers show the last form that they know (RFC 2046, 5.1.4). */
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

/* The server's last refusal, without its line break. */
struct reply {
	char text[512];
};

/* libcurl hands each line of the server to this function.  Only refusals are kept, since the line
 * before the log-in may hold a challenge, and the last one is what ended the mail. */
static size_t
keep_reply(char *data, size_t size, size_t count, void *context)
{
	struct reply *reply = context;
	size_t length = size * count;

	while (length > 0 && isspace((unsigned char)data[length - 1]))
		length--;
	if (length > 0 && (*data == '4' || *data == '5'))
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
	/* To libcurl 0 means no limit. */
	long ms = (long)deadline_left_ms(deadline) + 1;
	bool ok = true;

	/* Without it, libcurl ends a slow DNS lookup by SIGALRM, which is for the whole process. */
	ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
	/* Otherwise the environment's all_proxy, meant for HTTP, would take the mails. */
	ok &= curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_URL, channel->url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK;
	/* With smtp:// it decides whether STARTTLS has to work.  A man in the middle could take the
	 * offer of it away. */
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
	/* A server without STARTTLS will not have it a second later.  That is a wrong port or an
	 * attack, and both are for the operator to see. */
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

void
mail_deliver(struct channel_line *line, const struct mail *mail, struct deadline deadline,
    struct channel_result *result)
{
	struct curl_slist *headers = NULL, *to = mail_recipients(line->channel);
	curl_mime *parts = make_parts(line->smtp, mail);
	char error[CURL_ERROR_SIZE] = "", id[CHANNEL_MESSAGE_ID], from[MAIL_ADDRESS];
	struct reply reply = { "" };

	memset(result, 0, sizeof(*result));
	mail_sender(line->channel, from);
	if (to != NULL && parts != NULL && mail_headers(line->channel, mail, id, &headers) &&
	    set_up(line, headers, to, parts, from, &reply, deadline, error)) {
		judge(line, curl_easy_perform(line->smtp), &reply, error, result);
		if (result->outcome == CHANNEL_SENT)
			(void)snprintf(result->message_id, sizeof(result->message_id), "%s", id);
	} else {
		line_fail(line, CHANNEL_RETRY, FAILURE_LOCAL, "out of memory", result);
	}
	/* The options point to what is freed next, and to buffers of this call. */
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
	markup_plain(message, "\r\n", &text);
	buffer_string(&text, "\r\n");
	buffer_string(&html, "<!doctype html>\r\n<html><body style=\"font-family:sans-serif\">\r\n");
	markup_html(message, "<br>\r\n", &html);
	buffer_string(&html, "\r\n</body></html>\r\n");
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
