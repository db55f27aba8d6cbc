/*
 * paper_chat behaves like Telegram's Bot API and Slack, shows on a page what they would show a person,
 * and goes wrong on demand.  See docs/paper_chat.md.  So the relay can be run and tested without an
 * account anywhere, with a client that believes it talks to the real services.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/config/options.h"
#include "common/system/process.h"
#include "common/version.h"
#include "demo/paper_chat/server.h"
#include "web/listen.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct option table[] = {
	{ .name = "listen",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:0",
	    .flag_only = true,
	    .help = "address to listen on; port 0 is any free port" },
	{ .name = "token",
	    .argument = "TOKEN",
	    .fallback = "110201543:paper-chat-token",
	    .flag_only = true,
	    .help = "the bot's token at Telegram" },
	{ .name = "slack-token",
	    .argument = "TOKEN",
	    .fallback = "xoxb-paper-chat-token",
	    .flag_only = true,
	    .help = "the bot's token at Slack" },
	{ .name = "chat",
	    .argument = "ID",
	    .repeatable = true,
	    .flag_only = true,
	    .help =
		"a chat that exists: a number of Telegram, or a channel of Slack; without one of a service, all do" },
	{ .name = "limit",
	    .argument = "NUMBER",
	    .fallback = "20",
	    .flag_only = true,
	    .help = "messages that a chat of Telegram takes in 60 s; 0 is any number" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

static void
print_help(const struct options *o)
{
	printf(
	    "usage: paper_chat [--FLAG VALUE]...\n\n"
	    "Answer requests as Telegram's Bot API does, under /botTOKEN, and as Slack does, under /services and\n"
	    "/api. The page / shows the messages. Requests under /control turn faults on and off.\n\n");
	options_print_help(o);
	printf("\nExit status: 0 ended by a signal, 1 could not listen, 2 wrong flags.\n");
}

static int
serve(const struct options *o, struct failure *why)
{
	struct server_settings settings = {
		.flags = o, .token = options_text(o, "token"), .slack_token = options_text(o, "slack-token")
	};
	struct server *server;
	char name[LISTEN_NAME];
	sigset_t ends;
	int signal_number, status = EXIT_FAILED;

	if (options_integer(o, "limit", 0, MOST_MESSAGES, &settings.limit, why) != 0)
		return EXIT_USAGE;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	/* Before the server's threads are made: they inherit it, and only sigwait() below gets the
	 * signals. */
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	/* A client that went away must not end the program; libmicrohttpd sees the error of its write. */
	(void)signal(SIGPIPE, SIG_IGN);
	settings.fd = listen_on(options_text(o, "listen"), "--listen", name, why);
	if (settings.fd < 0)
		return EXIT_FAILED;
	server = malloc(sizeof(*server));
	if (server == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return EXIT_FAILED;
	}
	if (server_start(server, &settings, why) == 0) {
		printf("listening on http://%s\n", name);
		/* A script that started us reads the port from this line, and would wait for it if it
		 * stayed in the buffer of a pipe. */
		(void)fflush(stdout);
		(void)sigwait(&ends, &signal_number);
		status = EXIT_ENDED;
	}
	server_stop(server);
	free(server);
	return status;
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { table };
	struct options *o = options_new("paper_chat", tables, 1);
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	/* Its tokens may be real ones by mistake. */
	process_forbid_dumps();
	if (o != NULL && options_read_flags(o, argc, argv, &why) == 0) {
		why = (struct failure){ 0 };
		status = EXIT_ENDED;
		if (options_switch(o, "help"))
			print_help(o);
		else if (options_switch(o, "version"))
			printf("paper_chat, version %s (revision %s)\n", version_number, version_revision);
		else
			status = serve(o, &why);
	}
	if (status != EXIT_ENDED)
		(void)fprintf(stderr, "paper_chat: %s\n", why.text);
	options_free(o);
	return status;
}
