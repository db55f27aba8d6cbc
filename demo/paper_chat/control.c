/*
 * What a test or a person tells the server to do: turn faults on and off, press a button, forget what
 * came.  The server listens on a loopback address only (server.c): anybody who reaches this could make
 * alerts look delivered.
 */

#include <stdlib.h>
#include <string.h>

#include "demo/paper_chat/server.h"

static void
say(struct call *call, int status, const char *what)
{
	call_answer(call, status, json_pack("{s:s}", status == 200 ? "done" : "error", what));
}

/* Forget what came; who waits for a button goes on waiting. */
static void
forget(struct server *server)
{
	(void)json_array_clear(server->messages);
	(void)json_array_clear(server->updates);
	(void)json_array_clear(server->requests);
	server->requests_total = 0;
}

static void
turn(struct call *call, const char *name, bool on)
{
	struct faults *faults = &call->server->faults;
	const char *wrong = NULL;
	enum fault fault;

	if (fault_find(name, &fault) != 0) {
		say(call, 404, "no such path or fault");
		return;
	}
	if (on)
		wrong = fault_turn_on(faults, fault, call->arguments);
	else
		faults->settings[fault].on = false;
	/* Requests that hang see that something changed, and go on. */
	faults->turns++;
	(void)pthread_cond_broadcast(&call->server->changed);
	say(call, wrong != NULL ? 400 : 200, wrong != NULL ? wrong : on ? "on" : "off");
}

/* 1001 is the first of the people that the page offers. */
static void
press(struct call *call)
{
	const char *message = call_text(call, "message"), *name = call_text(call, "name"), *wrong;

	wrong = message == NULL ? "message is missing"
				: telegram_press(call->server, message, call_number(call, "user", 1001),
				      name != NULL ? name : "Mina", call_text(call, "data"));
	say(call, wrong != NULL ? 400 : 200, wrong != NULL ? wrong : "pressed");
}

/* "total" counts those that were dropped for want of room, too, so a test sees that it did not get all. */
static void
list(struct call *call, const char *name, const json_t *items, int64_t total)
{
	call_answer(call, 200, json_pack("{s:I, s:O}", "total", (json_int_t)total, name, items));
}

void
control_answer(struct call *call)
{
	const char *path = call->path + strlen("/control"), *name = *path == '/' ? path + 1 : path;
	bool get = strcmp(call->method, "GET") == 0, post = strcmp(call->method, "POST") == 0;
	struct server *server = call->server;

	if (call->arguments == NULL || (!get && !post && strcmp(call->method, "DELETE") != 0)) {
		say(call, call->arguments == NULL ? 400 : 405, "GET, POST or DELETE, with a query or a form");
	} else if (get && *name == '\0') {
		call_answer(call, 200, faults_list(&server->faults));
	} else if (get && strcmp(name, "messages") == 0) {
		list(call, name, server->messages, server->messages_total);
	} else if (get && strcmp(name, "requests") == 0) {
		list(call, name, server->requests, server->requests_total);
	} else if (post && strcmp(name, "press") == 0) {
		press(call);
	} else if (!get && !post && strcmp(name, "messages") == 0) {
		forget(server);
		say(call, 200, "forgotten");
	} else if (!get && !post && *name == '\0') {
		memset(server->faults.settings, 0, sizeof(server->faults.settings));
		server->faults.turns++;
		(void)pthread_cond_broadcast(&server->changed);
		say(call, 200, "no faults");
	} else if (get) {
		say(call, 404, "no such path");
	} else {
		turn(call, name, post);
	}
}
