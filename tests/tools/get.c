/*
 * get [FLAG...] URL...: what http_ask() makes of these URLs, one line for each:
 *
 *	run=1 url=0 status=200 kind=none body=12 seconds=0.051 resolve=... connect=... tls=... first_byte=...
 *	transfer=... sent=... received=... expiry=... date="..." NAME="..." text="..."
 *
 * and one for the run, with the wall clock and CPU time it took, the CPU time since the program's start, and
 *the resident memory then:
 *
 *	run=1 took=0.052 slowest=0.051 cpu=0.0031 all_cpu=0.0120 resident_kb=11000
 *
 *	--timeout MS, --ca-file FILE, --limit BYTES, --connections N, --header 'Name: value', --want NAME
 *	--times N     each URL so many times in one run
 *	--repeat N    so many runs with the same client
 *	--step FILE   each run but the first waits for a line from it (a FIFO)
 *	--quiet       no lines for the URLs
 *	--save FILE   the last URL's body
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "probes/http/http.h"

struct plan {
	struct http_settings settings;
	long timeout_ms, repeat, times;
	bool quiet;
	const char *save;
	FILE *step;
	const char *headers[16], *wanted[HTTP_HEADERS + 1];
	size_t header_count, wanted_count;
	struct http_request *requests;
	struct http_response *responses;
	size_t count;
};

static double
cpu_seconds(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static long
resident_kb(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kb = -1;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (status != NULL)
		(void)fclose(status);
	return kb;
}

static void
print_response(const struct plan *plan, long run, size_t index)
{
	const struct http_response *r = &plan->responses[index];

	printf("run=%ld url=%zu status=%d kind=%s body=%zu seconds=%.6f", run, index, r->status,
	    failure_kind_name(r->failure.kind), r->body.length, r->seconds);
	for (int phase = 0; phase < HTTP_PHASES; phase++)
		printf(" %s=%.6f", http_phase_name((enum http_phase)phase), r->phase_seconds[phase]);
	printf(" sent=%" PRId64 " received=%" PRId64 " expiry=%.0f date=\"%s\"", r->sent_unix_ns,
	    r->received_unix_ns, r->certificate_expiry, r->date);
	for (size_t i = 0; i < plan->wanted_count; i++)
		printf(" %s=\"%s\"", plan->wanted[i], r->wanted[i]);
	printf(" text=\"%s\"\n", r->failure.kind == FAILURE_NONE ? "" : r->failure.text);
}

static int
save(const struct plan *plan)
{
	struct slice body = plan->responses[plan->count - 1].body;
	FILE *file = fopen(plan->save, "w");

	if (file == NULL)
		return -1;
	if (body.length > 0 && fwrite(body.at, 1, body.length, file) != body.length) {
		(void)fclose(file);
		return -1;
	}
	return fclose(file);
}

static void
do_run(const struct plan *plan, struct http_client *client, long run)
{
	double cpu = cpu_seconds(), slowest = 0;
	int64_t began = clock_now_ns();
	double took;

	http_ask(client, plan->requests, plan->count, NULL, deadline_in(plan->timeout_ms * 1000000),
	    plan->responses);
	took = (double)(clock_now_ns() - began) / 1e9;
	cpu = cpu_seconds() - cpu;
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->responses[i].seconds > slowest)
			slowest = plan->responses[i].seconds;
		if (!plan->quiet)
			print_response(plan, run, i);
	}
	printf("run=%ld took=%.6f slowest=%.6f cpu=%.6f all_cpu=%.6f resident_kb=%ld\n", run, took, slowest,
	    cpu, cpu_seconds(), resident_kb());
	(void)fflush(stdout);
}

static bool
take_number(const char *text, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *number > 0;
}

static bool
take_flag(struct plan *plan, int flag)
{
	long number = 0;

	if (strchr("tlnrx", flag) != NULL && !take_number(optarg, &number))
		return false;
	switch (flag) {
	case 't': plan->timeout_ms = number; return true;
	case 'l': plan->settings.body_limit = (size_t)number; return true;
	case 'n': plan->settings.connections = (size_t)number; return true;
	case 'r': plan->repeat = number; return true;
	case 'x': plan->times = number; return true;
	case 'c': plan->settings.ca_file = optarg; return true;
	case 'o': plan->save = optarg; return true;
	case 's': plan->step = fopen(optarg, "r"); return plan->step != NULL;
	case 'q': return plan->quiet = true;
	case 'H':
		if (plan->header_count < sizeof(plan->headers) / sizeof(plan->headers[0]) - 1)
			plan->headers[plan->header_count++] = optarg;
		return true;
	case 'w':
		if (plan->wanted_count < HTTP_HEADERS)
			plan->wanted[plan->wanted_count++] = optarg;
		return true;
	default: return false;
	}
}

static bool
take_arguments(struct plan *plan, int argc, char *argv[])
{
	static const struct option flags[] = { { "timeout", required_argument, NULL, 't' },
		{ "ca-file", required_argument, NULL, 'c' }, { "limit", required_argument, NULL, 'l' },
		{ "connections", required_argument, NULL, 'n' }, { "header", required_argument, NULL, 'H' },
		{ "want", required_argument, NULL, 'w' }, { "times", required_argument, NULL, 'x' },
		{ "repeat", required_argument, NULL, 'r' }, { "step", required_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' }, { "save", required_argument, NULL, 'o' }, { 0 } };
	int flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		if (!take_flag(plan, flag))
			return false;
	plan->count = (size_t)(argc - optind) * (size_t)plan->times;
	plan->requests = calloc(plan->count + 1, sizeof(*plan->requests));
	plan->responses = calloc(plan->count + 1, sizeof(*plan->responses));
	if (plan->count == 0 || plan->requests == NULL || plan->responses == NULL)
		return false;
	for (size_t i = 0; i < plan->count; i++)
		plan->requests[i] =
		    (struct http_request){ .url = argv[optind + (int)(i / (size_t)plan->times)],
			    .headers = plan->headers,
			    .wanted = plan->wanted };
	return true;
}

int
main(int argc, char *argv[])
{
	static struct plan plan = {
		.settings = { .user_agent = "get/1", .body_limit = 1048576, .connections = 32 },
		.timeout_ms = 20000,
		.repeat = 1,
		.times = 1
	};
	struct http_client *client;
	struct failure why = { 0 };
	char line[16];
	int status = EXIT_SUCCESS;

	if (!take_arguments(&plan, argc, argv)) {
		fprintf(stderr, "usage: get [FLAG...] URL...\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	client = http_client_new(&plan.settings, &why);
	if (client == NULL) {
		fprintf(stderr, "get: %s\n", why.text);
		return EXIT_FAILURE;
	}
	for (long run = 1; run <= plan.repeat; run++) {
		if (run > 1 && plan.step != NULL && fgets(line, sizeof(line), plan.step) == NULL)
			break;
		do_run(&plan, client, run);
	}
	if (plan.save != NULL && save(&plan) != 0) {
		perror(plan.save);
		status = EXIT_FAILURE;
	}
	if (plan.step != NULL)
		(void)fclose(plan.step);
	http_client_free(client);
	free(plan.requests);
	free(plan.responses);
	return status;
}
