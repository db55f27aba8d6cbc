/*
 * The page of the chats, as a person at a phone would see them.  Messages are a client's text and may
 * hold anything: html_text() or a reader of markup is in front of each, and the policy allows no
 * script.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo/paper_chat/markup.h"
#include "demo/paper_chat/server.h"
#include "web/html.h"

/* The page for a person: every chat with its messages, the newest first.  No script; it loads itself
 * anew.  Of a chat that a test has filled, only the last messages are of interest; the page would be
 * megabytes. */
enum { SHOWN_CHATS = 32, SHOWN_MESSAGES = 50, REFRESH_SECONDS = 5 };

/* Who presses the buttons. */
static const struct {
	int64_t id;
	const char *name;
	/* The stranger is for trying what a bot does with a press that must not count. */
} people[] = { { 1001, "Mina" }, { 1002, "Jun" }, { 6666, "a stranger" } };
enum { PEOPLE = sizeof(people) / sizeof(people[0]) };

/* What the chats have beside the looks of all pages. */
static const char style[] =
    "h1{font-size:1.1rem;margin:0}a{color:var(--bar)}section{margin:0}"
    "small,.meta{font-size:.82rem;font-weight:400;color:var(--muted)}"
    ".people{margin:.6rem 0 1rem}.people a,.people b{display:inline-block;margin-right:.4rem;padding:.25rem .7rem;"
    "border:1px solid var(--line);border-radius:1rem;background:var(--card);text-decoration:none;color:inherit}"
    ".people b{border-color:var(--bar);color:var(--bar)}"
    ".warn{padding:.5rem .8rem;border-radius:.4rem;background:var(--warn-back);color:var(--warn)}"
    "main{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));align-items:start}"
    "article{margin:0 0 .8rem}article article{margin:.4rem 0 0 1.2rem}"
    ".bubble{display:inline-block;max-width:100%;padding:.5rem .8rem;background:var(--back);"
    "border:1px solid var(--line);border-radius:.2rem .8rem .8rem .8rem}"
    ".text{white-space:pre-wrap}.slack .bubble{background:none;padding:0 0 0 .7rem;border:0;"
    "border-left:3px solid var(--bar);border-radius:0}"
    "pre,code{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:.9em;background:var(--line)}"
    "pre{white-space:pre-wrap;margin:.3rem 0;padding:.4rem}blockquote{margin:.3rem 0;padding-left:.6rem;"
    "border-left:3px solid var(--line)}hr{border:0;border-top:1px solid var(--line)}"
    ".spoiler{background:var(--muted);color:transparent}.spoiler:hover{background:none;color:inherit}"
    ".buttons{display:flex;gap:.3rem;margin-top:.3rem}.buttons>*{flex:1;text-align:center}.buttons form{display:flex}"
    ".buttons button{flex:1}.buttons button,.buttons a{padding:.35rem .8rem;border:1px solid var(--line);"
    "border-radius:.4rem;background:var(--card);color:var(--bar);font:inherit;cursor:pointer;text-decoration:none}";

static const char *
name_of(int64_t user)
{
	for (size_t i = 0; i < PEOPLE; i++)
		if (people[i].id == user)
			return people[i].name;
	return "somebody";
}

static const char *
member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
show_time(struct buffer *out, const json_t *object)
{
	time_t seconds = json_integer_value(json_object_get(object, "received_ms")) / 1000;
	struct tm parts;
	char text[16];

	(void)localtime_r(&seconds, &parts);
	(void)strftime(text, sizeof(text), "%H:%M:%S", &parts);
	buffer_string(out, text);
}

/* Slack's text object.  "plain_text" knows no markup. */
static void
show_slack_text(struct buffer *out, const json_t *object)
{
	if (strcmp(member(object, "type"), "mrkdwn") == 0)
		markup_slack(out, SLICE(member(object, "text")));
	else
		html_text(out, member(object, "text"));
}

/* A link that is not of the web goes nowhere: "javascript:" would run here. */
static void
show_link(struct buffer *out, const char *url, const char *text)
{
	buffer_string(out, "<a rel=noreferrer target=_blank href=\"");
	html_text(out, strncmp(url, "http", 4) == 0 ? url : "#");
	buffer_string(out, "\">");
	html_text(out, text);
	buffer_string(out, "</a>");
}

static void
show_slack_list(struct buffer *out, const json_t *list, const char *between)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		buffer_string(out, i > 0 ? between : "");
		if (strcmp(member(item, "type"), "button") == 0)
			show_link(out, member(item, "url"), member(json_object_get(item, "text"), "text"));
		else
			show_slack_text(out, item);
	}
}

/* Text is text there, whatever it contains. */
static void
show_rich_text(struct buffer *out, const json_t *elements)
{
	json_t *element;
	size_t i;

	json_array_foreach(elements, i, element)
	{
		bool bold = json_is_true(json_object_get(json_object_get(element, "style"), "bold"));

		if (strcmp(member(element, "type"), "rich_text_section") == 0) {
			show_rich_text(out, json_object_get(element, "elements"));
		} else if (strcmp(member(element, "type"), "link") == 0) {
			show_link(out, member(element, "url"), member(element, "text"));
		} else {
			buffer_string(out, bold ? "<b>" : "");
			html_text(out, member(element, "text"));
			buffer_string(out, bold ? "</b>" : "");
		}
	}
}

static void
show_blocks(struct buffer *out, const json_t *blocks)
{
	json_t *block;
	size_t i;

	json_array_foreach(blocks, i, block)
	{
		const char *type = member(block, "type");

		if (strcmp(type, "divider") == 0) {
			buffer_string(out, "<hr>");
		} else if (strcmp(type, "header") == 0) {
			buffer_string(out, "<b>");
			show_slack_text(out, json_object_get(block, "text"));
			buffer_string(out, "</b>\n");
		} else if (strcmp(type, "rich_text") == 0) {
			show_rich_text(out, json_object_get(block, "elements"));
		} else if (strcmp(type, "context") == 0) {
			buffer_string(out, "<small>");
			show_slack_list(out, json_object_get(block, "elements"), " ");
			buffer_string(out, "</small>\n");
		} else if (strcmp(type, "actions") == 0) {
			buffer_string(out, "<span class=buttons>");
			show_slack_list(out, json_object_get(block, "elements"), "");
			buffer_string(out, "</span>");
		} else {
			show_slack_text(out, json_object_get(block, "text"));
			buffer_string(out, "\n");
			show_slack_list(out, json_object_get(block, "fields"), "\n");
		}
	}
}

static void
show_text(struct buffer *out, const json_t *message)
{
	json_t *blocks = json_object_get(message, "blocks");
	struct markup m;

	buffer_string(out, "<div class=text>");
	if (json_array_size(blocks) > 0) {
		show_blocks(out, blocks);
	} else if (strcmp(member(message, "service"), "slack") == 0) {
		markup_slack(out, SLICE(member(message, "sent")));
	} else if (*member(message, "parse_mode") != '\0') {
		/* It was read when it came, so it can be read again; the HTML is not kept, since only the
		 * page needs it. */
		if (markup_parse(&m, member(message, "sent")) == 0)
			buffer_append(out, m.html.text, m.html.length);
		markup_release(&m);
	} else {
		html_text(out, member(message, "sent"));
	}
	buffer_string(out, "</div>");
}

/* A button with data is a form: it needs no script. */
static void
show_button(struct buffer *out, const json_t *message, const json_t *button, int64_t user)
{
	if (json_object_get(button, "url") != NULL) {
		show_link(out, member(button, "url"), member(button, "text"));
		return;
	}
	buffer_format(out,
	    "<form method=post action=/press><input type=hidden name=message value=%s>"
	    "<input type=hidden name=user value=%lld><button name=data value=\"",
	    member(message, "id"), (long long)user);
	html_text(out, member(button, "callback_data"));
	buffer_string(out, "\">");
	html_text(out, member(button, "text"));
	buffer_string(out, "</button></form>");
}

/* The buttons, and what became of those that were pressed. */
static void
show_buttons(struct buffer *out, const json_t *message, int64_t user)
{
	json_t *row, *button, *answer;
	size_t i, j;

	json_array_foreach(json_object_get(message, "buttons"), i, row)
	{
		buffer_string(out, "<div class=buttons>");
		json_array_foreach(row, j, button) show_button(out, message, button, user);
		buffer_string(out, "</div>");
	}
	json_array_foreach(json_object_get(message, "answers"), i, answer)
	{
		buffer_string(out, "<p class=meta>");
		html_text(out, member(answer, "name"));
		buffer_string(out, " pressed a button");
		if (*member(answer, "text") != '\0') {
			buffer_string(out, ", and reads: ");
			html_text(out, member(answer, "text"));
		}
		buffer_string(out, "</p>");
	}
}

static void
show_message(struct buffer *out, struct server *server, const json_t *message, int64_t user)
{
	json_t *edits = json_object_get(message, "edits");
	/* Telegram shows the first line of the message that is replied to. */
	json_t *replied =
	    json_is_string(json_object_get(message, "reply_to"))
		? server_find(server, "telegram", member(message, "chat"), member(message, "reply_to"))
		: NULL;

	buffer_string(out, "<article><div class=meta>");
	show_time(out, message);
	if (json_array_size(edits) > 0) {
		buffer_string(out, ", edited ");
		show_time(out, json_array_get(edits, json_array_size(edits) - 1));
	}
	buffer_string(out, "</div><div class=bubble>");
	if (replied != NULL) {
		const char *text = member(replied, "text");

		buffer_string(out, "<blockquote class=meta>");
		markup_quote(out, (struct slice){ text, strcspn(text, "\n") });
		buffer_string(out, "</blockquote>");
	}
	show_text(out, message);
	show_buttons(out, message, user);
	buffer_string(out, "</div>");
}

static bool
is_of(const json_t *message, const json_t *chat)
{
	return strcmp(member(message, "service"), member(chat, "service")) == 0 &&
	       strcmp(member(message, "chat"), member(chat, "chat")) == 0;
}

/* The replies in a thread of Slack, as they came.  Slack shows replies below the first message and not
 * among the others. */
static void
show_thread(struct buffer *out, struct server *server, const json_t *first, int64_t user)
{
	json_t *message;
	size_t i;

	json_array_foreach(server->messages, i,
	    message) if (is_of(message, first) && strcmp(member(message, "thread"), member(first, "id")) == 0)
	{
		show_message(out, server, message, user);
		buffer_string(out, "</article>");
	}
}

/* The chat of this message. */
static void
show_chat(struct buffer *out, struct server *server, const json_t *chat, int64_t user)
{
	const char *service = member(chat, "service");
	bool telegram = strcmp(service, "telegram") == 0;
	size_t left = SHOWN_MESSAGES;

	buffer_format(out, "<section class=%s><h2>%s <small>", service, telegram ? "Telegram" : "Slack");
	html_text(out, member(chat, "chat"));
	buffer_string(out, "</small></h2>");
	for (size_t i = json_array_size(server->messages); i-- > 0 && left > 0;) {
		const json_t *message = json_array_get(server->messages, i);

		/* Replies are shown with their first message; one whose first message was dropped
		 * stands alone. */
		if (!is_of(message, chat) || (*member(message, "thread") != '\0' &&
						 server_find(server, service, member(message, "chat"),
						     member(message, "thread")) != NULL))
			continue;
		show_message(out, server, message, user);
		show_thread(out, server, message, user);
		buffer_string(out, "</article>");
		left--;
	}
	buffer_string(out, "</section>");
}

/* Chats in the order of their first messages, so that they stay where they are: Telegram's, then Slack's. */
static void
show_chats(struct buffer *out, struct server *server, int64_t user)
{
	static const char *const services[] = { "telegram", "slack" };
	const json_t *chats[SHOWN_CHATS], *message;
	size_t count = 0, known, i;

	buffer_string(out, "<main>");
	for (size_t s = 0; s < 2; s++)
		json_array_foreach(server->messages, i, message)
		{
			for (known = 0; known < count && !is_of(message, chats[known]);)
				known++;
			if (known < count || count == SHOWN_CHATS ||
			    strcmp(member(message, "service"), services[s]) != 0)
				continue;
			chats[count++] = message;
			show_chat(out, server, message, user);
		}
	buffer_string(
	    out, count == 0 ? "<section><p>No message has come yet.</p></section></main>" : "</main>");
}

/* It loads itself anew, with the person who was chosen in the address, since there is nothing else that
 * could remember it. */
static void
show_head(struct buffer *out, struct server *server, int64_t user)
{
	bool faults = false;

	buffer_format(out,
	    "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
	    "<meta name=viewport content=\"width=device-width, initial-scale=1\">"
	    "<meta http-equiv=refresh content=\"%d;url=/?user=%lld\"><meta name=color-scheme content=\"light dark\">"
	    "<title>Paper chat</title><link rel=icon href=\"data:,\"><link rel=stylesheet href=/style.css></head>"
	    "<body><h1>Paper chat <small>What Telegram and Slack would show. Nothing leaves this machine.</small></h1>"
	    "<p class=people>You press the buttons as ",
	    REFRESH_SECONDS, (long long)user);
	for (size_t i = 0; i < PEOPLE; i++)
		if (people[i].id == user)
			buffer_format(out, "<b>%s</b>", people[i].name);
		else
			buffer_format(
			    out, "<a href=\"/?user=%lld\">%s</a>", (long long)people[i].id, people[i].name);
	buffer_string(out, "</p>");
	for (int i = 0; i < FAULTS; i++)
		faults = faults || server->faults.settings[i].on;
	if (faults)
		buffer_string(out, "<p class=warn>Faults are on. DELETE /control turns them off.</p>");
}

/* 303, so that the reload that follows does not press again. */
static void
press(struct call *call, int64_t user)
{
	const char *message = call_text(call, "message");
	const char *wrong = telegram_press(
	    call->server, message != NULL ? message : "", user, name_of(user), call_text(call, "data"));

	call_answer_text(call, wrong == NULL ? 303 : 400, wrong == NULL ? "pressed" : wrong);
	if (wrong == NULL)
		(void)snprintf(
		    call->answer.location, sizeof(call->answer.location), "/?user=%lld", (long long)user);
}

void
page_answer(struct call *call)
{
	int64_t user = call_number(call, "user", people[0].id);
	bool pressed = strcmp(call->path, "/press") == 0;

	if (strcmp(call->method, pressed ? "POST" : "GET") != 0) {
		call_answer_text(call, 405, pressed ? "POST" : "GET");
		return;
	}
	call->answer.status = 200;
	if (pressed) {
		press(call, user);
	} else if (strcmp(call->path, "/style.css") == 0) {
		call->answer.type = "text/css";
		buffer_string(&call->answer.body, html_style_base);
		buffer_string(&call->answer.body, style);
	} else {
		call->answer.type = "text/html; charset=utf-8";
		show_head(&call->answer.body, call->server, user);
		show_chats(&call->answer.body, call->server, user);
		buffer_string(&call->answer.body, "</body></html>\n");
	}
}
