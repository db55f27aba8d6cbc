/*
 * paper_exchange behaves like six crypto exchanges.  One HTTP(S) server
 * that answers as the real ones do, verifies signatures as they do, and goes
 * wrong on demand.  See docs/paper_exchange.md.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/config/options.h"
#include "common/system/process.h"
#include "common/version.h"
#include "demo/paper_exchange/server.h"
#include "web/listen.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct option table[] = {
	{ .name = "listen",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:9180",
	    .flag_only = true,
	    .help = "address to listen on; port 0 is any free port" },
	{ .name = "tls.cert-file",
	    .argument = "FILE",
	    .flag_only = true,
	    .help = "serve HTTPS with this certificate, in PEM, followed by its chain" },
	{ .name = "tls.key-file",
	    .argument = "FILE",
	    .flag_only = true,
	    .help = "key of the certificate, in PEM" },
	{ .name = "seed",
	    .argument = "NUMBER",
	    .fallback = "1",
	    .flag_only = true,
	    .help = "seed of the prices; the time decides them, too" },
	{ .name = "symbols",
	    .argument = "NUMBER",
	    .fallback = "200",
	    .flag_only = true,
	    .help = "coins at Binance and at Upbit, from 3 to 500" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

static void
print_help(const struct options *o)
{
	printf(
	    "usage: paper_exchange [--FLAG VALUE]...\n\n"
	    "Answer requests as Binance, Binance USD-M futures, Upbit, Bybit, OKX and Kraken do, under /binance,\n"
	    "/binanceusdm, /upbit, /bybit, /okx and /kraken. Requests under /control turn faults on and off.\n\n");
	options_print_help(o);
	printf("\nExit status: 0 ended by a signal, 1 could not listen, 2 wrong flags.\n");
}

static int
read_settings(const struct options *o, struct server_settings *settings, struct failure *why)
{
	int64_t seed, symbols;

	if (options_integer(o, "seed", 0, INT64_MAX, &seed, why) != 0 ||
	    options_integer(o, "symbols", LISTINGS, MARKET_ASSETS, &symbols, why) != 0)
		return -1;
	settings->seed = (uint64_t)seed;
	settings->symbols = (size_t)symbols;
	settings->certificate = options_text(o, "tls.cert-file");
	settings->key = options_text(o, "tls.key-file");
	if ((settings->certificate == NULL) != (settings->key == NULL))
		return failure_set(why, FAILURE_LOCAL, "--tls.cert-file and --tls.key-file belong together");
	return 0;
}

static int
serve(const struct options *o, struct failure *why)
{
	struct server_settings settings = { 0 };
	struct server *server = NULL;
	char name[LISTEN_NAME];
	sigset_t ends;
	int signal_number, status = EXIT_FAILED;

	if (read_settings(o, &settings, why) != 0)
		return EXIT_USAGE;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	settings.fd = listen_on(options_text(o, "listen"), "--listen", name, why);
	if (settings.fd < 0)
		return EXIT_FAILED;
	server = malloc(sizeof(*server));
	if (server != NULL && server_start(server, &settings, why) == 0) {
		printf("listening on %s://%s\n", settings.certificate != NULL ? "https" : "http", name);
		(void)fflush(stdout);
		(void)sigwait(&ends, &signal_number);
		status = EXIT_ENDED;
	}
	if (server != NULL)
		server_stop(server);
	else
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	free(server);
	return status;
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { table };
	struct options *o = options_new("paper_exchange", tables, 1);
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	process_forbid_dumps();
	if (o != NULL && options_read_flags(o, argc, argv, &why) == 0) {
		why = (struct failure){ 0 };
		status = EXIT_ENDED;
		if (options_switch(o, "help"))
			print_help(o);
		else if (options_switch(o, "version"))
			printf(
			    "paper_exchange, version %s (revision %s)\n", version_number, version_revision);
		else
			status = serve(o, &why);
	}
	if (status != EXIT_ENDED)
		(void)fprintf(stderr, "paper_exchange: %s\n", why.text);
	options_free(o);
	return status;
}
