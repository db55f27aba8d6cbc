#include <jansson.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo/paper_engine/live/control.h"

enum { CONNECTIONS = 16, IDLE_SECONDS = 10, REQUEST_MEMORY = 16 * 1024 };

struct control {
	struct faults *faults;
	struct MHD_Daemon *daemon;
};

/* What is answered. */
struct answer {
	unsigned status;
	json_t *body; /* owned; NULL: there was no memory */
};

static struct answer
say(unsigned status, const char *what)
{
	return (struct answer){ status, json_pack("{s:s}", status == MHD_HTTP_OK ? "done" : "error", what) };
}

static json_t *
describe(struct faults *faults, enum fault fault)
{
	const struct fault_kind *kind = &fault_kinds[fault];
	bool on = fault_is_on(faults, fault);
	json_t *said = json_pack("{s:b, s:s, s:s, s:s, s:s?}", "on", on, "happens", kind->happens, "seen",
	    kind->seen, "expression", kind->expression, "alert", kind->alert);

	if (kind->unit == NULL)
		return said;
	(void)json_object_set_new(said, "unit", json_string(kind->unit));
	(void)json_object_set_new(said, "default", json_real(kind->fallback));
	(void)json_object_set_new(said, "least", json_real(kind->least));
	(void)json_object_set_new(said, "most", json_real(kind->most));
	if (on)
		(void)json_object_set_new(said, "value", json_real(fault_value(faults, fault)));
	return said;
}

static struct answer
list_faults(struct faults *faults)
{
	struct answer answer = { MHD_HTTP_OK, json_object() };

	for (int i = 0; i < FAULTS; i++)
		(void)json_object_set_new(answer.body, fault_kinds[i].name, describe(faults, (enum fault)i));
	return answer;
}

static struct answer
no_such_fault(void)
{
	json_t *names = json_array();

	for (int i = 0; i < FAULTS; i++)
		(void)json_array_append_new(names, json_string(fault_kinds[i].name));
	return (struct answer){ MHD_HTTP_NOT_FOUND,
		json_pack("{s:s, s:o}", "error", "no such fault", "faults", names) };
}

/* All that may be behind the '?', once: "value=V". */
struct arguments {
	const char *value;
	bool wrong;
};

static enum MHD_Result
read_argument(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct arguments *arguments = context;

	(void)kind;
	arguments->wrong |= strcmp(name, "value") != 0 || value == NULL || arguments->value != NULL;
	arguments->value = value;
	return MHD_YES;
}

static struct answer
turn(struct faults *faults, struct MHD_Connection *connection, const char *name, bool on)
{
	struct arguments arguments = { 0 };
	struct failure why;
	enum fault fault;

	if (fault_find(name, &fault) != 0)
		return no_such_fault();
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, read_argument, &arguments);
	if (arguments.wrong || (!on && arguments.value != NULL))
		return say(MHD_HTTP_BAD_REQUEST,
		    on ? "only one value may be in the query: ?value=V" : "to turn it off takes no value");
	if (!on)
		fault_turn_off(faults, fault);
	else if (fault_turn_on(faults, fault, arguments.value, &why) != 0)
		return say(MHD_HTTP_BAD_REQUEST, why.text);
	return say(MHD_HTTP_OK, on ? "on" : "off");
}

static bool
from_loopback(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL && listen_address_is_loopback(info->client_addr);
}

/* Not for browsers: what a page may send carries an Origin. */
static struct answer
answer_request(struct faults *faults, struct MHD_Connection *connection, const char *method, const char *path)
{
	bool get = strcmp(method, "GET") == 0, post = strcmp(method, "POST") == 0,
	     remove = strcmp(method, "DELETE") == 0;
	bool all = strcmp(path, "/control") == 0, one = strncmp(path, "/control/", 9) == 0;

	if (!from_loopback(connection) ||
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin") != NULL)
		return say(MHD_HTTP_FORBIDDEN, "only from this machine, and not from a browser");
	if (!all && !one)
		return say(MHD_HTTP_NOT_FOUND, "no such path: /control or /control/FAULT");
	if (all && get)
		return list_faults(faults);
	if (all && remove) {
		faults_turn_off(faults);
		return say(MHD_HTTP_OK, "all off");
	}
	if (one && (post || remove))
		return turn(faults, connection, path + 9, post);
	return say(MHD_HTTP_METHOD_NOT_ALLOWED,
	    all ? "GET lists the faults, DELETE turns all off" : "POST turns it on, DELETE turns it off");
}

static enum MHD_Result
deliver(struct MHD_Connection *connection, struct answer answer)
{
	char *text =
	    answer.body != NULL ? json_dumps(answer.body, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) : NULL;
	struct MHD_Response *response =
	    text != NULL ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
	enum MHD_Result result;

	json_decref(answer.body);
	if (response == NULL) {
		free(text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	result = MHD_queue_response(connection, answer.status, response);
	MHD_destroy_response(response);
	return result;
}

/* Called by MHD with the headers, then with each piece of a body, then at its end. */
static enum MHD_Result
handle(void *context, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	static char begun, with_body;
	struct control *control = context;

	(void)version;
	(void)piece;
	if (*state == NULL) {
		*state = &begun;
		return MHD_YES;
	}
	if (*size > 0) {
		*state = &with_body;
		*size = 0;
		return MHD_YES;
	}
	if (*state == &with_body)
		return deliver(
		    connection, say(MHD_HTTP_BAD_REQUEST,
				    "a request has no body here: the value is in the query, ?value=V"));
	return deliver(connection, answer_request(control->faults, connection, method, path));
}

struct control *
control_start(const char *address, struct faults *faults, char name[LISTEN_NAME], struct failure *why)
{
	struct control *control = calloc(1, sizeof(*control));
	int fd = listen_on(address, "--control.listen-address", name, why);

	if (fd < 0)
		goto failed;
	if (!listen_is_loopback(fd)) {
		(void)failure_set(why, FAILURE_LOCAL,
		    "--control.listen-address: %s can be reached from other machines; choose 127.0.0.1",
		    name);
		goto failed;
	}
	if (control != NULL) {
		control->faults = faults;
		control->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL,
		    NULL, handle, control, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		    (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY,
		    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
	}
	if (control == NULL || control->daemon == NULL) {
		(void)failure_set(
		    why, FAILURE_LOCAL, "cannot start the control endpoint: no memory or thread");
		goto failed;
	}
	return control;
failed:
	if (fd >= 0)
		(void)close(fd);
	free(control);
	return NULL;
}

void
control_stop(struct control *control)
{
	if (control == NULL)
		return;
	MHD_stop_daemon(control->daemon);
	free(control);
}
