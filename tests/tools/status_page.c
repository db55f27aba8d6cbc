/*
 * status_page page|json|policy DIRECTORY [NOW [ALERTS]]: what the exporter says of a textfile directory,
 * without a server.  NOW is a Unix time, for pictures that are the same each time.  ALERTS is a file with
 * what an Alertmanager would answer; of one that is no list it says why not.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exporter/page/page.h"

static const struct store_limits limits = { .file_bytes = 64 << 20, .all_bytes = 256 << 20, .files = 1000 };

static int
print(const char *what, const struct health_report *report, const struct open_alerts *alerts)
{
	struct buffer out;
	int status;

	buffer_init(&out, SIZE_MAX);
	if (strcmp(what, "json") == 0)
		health_json(report, alerts, &out);
	else
		page_write(report, alerts, false, &out);
	(void)fwrite(out.text, 1, out.length, stdout);
	status = out.failed || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	buffer_release(&out);
	return status;
}

static void
read_alerts(struct open_alerts *alerts, const char *path, double now)
{
	struct failure why = { 0 };
	struct buffer text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buffer_init(&text, 64 << 20);
	*alerts = (struct open_alerts){ .asked = true, .read_at = now };
	if (fd < 0 || buffer_fill(&text, fd, 0) != 0) {
		(void)fprintf(stderr, "status_page: %s cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	if (open_alerts_read(alerts, buffer_slice(&text), &why) != 0)
		(void)snprintf(alerts->why, sizeof(alerts->why), "%.250s", why.text);
	buffer_release(&text);
	(void)close(fd);
}

int
main(int argc, char **argv)
{
	struct health_settings settings = { .max_age = 900 };
	struct open_alerts alerts = { 0 };
	struct health_report report;
	struct store *store;
	struct failure why;
	int status = EXIT_FAILURE;

	if (argc > 1 && strcmp(argv[1], "policy") == 0)
		return puts(page_security_policy()) < 0;
	if (argc < 3 || (store = store_new(argv[2], &limits)) == NULL)
		return 2;
	if (argc > 4)
		read_alerts(&alerts, argv[4], strtod(argv[3], NULL));
	if (store_refresh(store, &why) == -1)
		settings.directory = why.text;
	if (health_read(store, &settings, argc > 3 ? strtod(argv[3], NULL) : (double)time(NULL), &report) ==
	    0)
		status = print(argv[1], &report, &alerts);
	health_release(&report);
	store_free(store);
	return status;
}
