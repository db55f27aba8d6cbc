#include <string.h>

#include "demo/paper_exchange/control.h"

static void
say(struct answer *answer, int status, const char *what)
{
	answer->status = status;
	answer->body = json_pack("{s:s}", status == 200 ? "done" : "error", what);
}

static void
list_faults(struct server *server, struct answer *answer)
{
	answer->body = json_object();
	for (size_t i = 0; venue_at(i) != NULL; i++)
		(void)json_object_set_new(
		    answer->body, venue_at(i)->name, faults_list(&server->floor.faults, i));
}

/* Best prices by exchange and symbol, without going through the venue's own format. */
static void
list_books(struct server *server, struct answer *answer)
{
	struct call call = { .floor = &server->floor, .wall_ms = wall_clock_ms() };
	struct listings all;

	answer->body = json_object();
	for (size_t i = 0; (call.venue = venue_at(i)) != NULL; i++) {
		json_t *books = json_object();

		faults_of(&server->floor.faults, i, "", call.faults);
		call.now_ms = call.wall_ms;
		all = call_listings(&call);
		for (size_t s = 0; s < all.count; s++) {
			const struct listing *l = all.list + s;
			char bid[UNITS_TEXT], ask[UNITS_TEXT];
			struct book book;

			call_book(&call, l, &book, 1);
			units_text(bid, book.bids[0].price, l->price_decimals);
			units_text(ask, book.asks[0].price, l->price_decimals);
			(void)json_object_set_new(books, l->native,
			    json_pack("{s:s, s:s, s:I, s:I}", "bid", bid, "ask", ask, "sequence",
				(json_int_t)book.sequence, "time", (json_int_t)book.time_ms));
		}
		(void)json_object_set_new(answer->body, call.venue->name, books);
	}
}

/* "/<exchange>/<fault>". */
static void
turn(struct server *server, bool on, const char *path, const struct arguments *arguments,
    struct answer *answer)
{
	const char *name = path + 1, *slash = strchr(name, '/'), *wrong;
	struct fault_setting setting = { 0 };
	enum fault fault;
	int venue;

	venue = slash != NULL ? venue_find((struct slice){ name, (size_t)(slash - name) }) : -1;
	if (venue < 0 || fault_find(slash + 1, &fault) != 0) {
		say(answer, 404, venue < 0 ? "no such exchange" : "no such fault");
		return;
	}
	if (on && !venue_can_play(venue_at((size_t)venue), fault)) {
		say(answer, 400, "this exchange has nothing that would show this fault");
		return;
	}
	wrong = on ? fault_setting_make(fault, arguments_find(arguments, "value"),
			 arguments_find(arguments, "path"), wall_clock_ms(), &setting)
		   : NULL;
	if (wrong != NULL) {
		say(answer, 400, wrong);
		return;
	}
	faults_set(&server->floor.faults, (size_t)venue, fault, &setting);
	say(answer, 200, on ? "on" : "off");
}

void
control_answer(struct server *server, const char *method, const char *path, const struct arguments *arguments,
    struct answer *answer)
{
	bool get = strcmp(method, "GET") == 0, remove = strcmp(method, "DELETE") == 0;

	path += strlen("/control");
	if (get && *path == '\0') {
		list_faults(server, answer);
	} else if (get && strcmp(path, "/requests") == 0) {
		answer->body = records_list(&server->records);
	} else if (get && strcmp(path, "/books") == 0) {
		list_books(server, answer);
	} else if (remove && *path == '\0') {
		faults_clear(&server->floor.faults);
		records_clear(&server->records);
		ledger_clear(&server->floor.ledger);
		say(answer, 200, "reset");
	} else if (*path != '/') {
		say(answer, 404, "no such path");
	} else if (remove || strcmp(method, "POST") == 0) {
		turn(server, !remove, path, arguments, answer);
	} else {
		say(answer, 405, "GET, POST or DELETE");
	}
}
