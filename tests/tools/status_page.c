/*
 * status_page page|json|policy DIRECTORY [NOW]: what the exporter says of a textfile directory,
 * without a server.  NOW is a Unix time, for pictures that are the same each time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exporter/page/page.h"

static const struct store_limits limits = { .file_bytes = 64 << 20, .all_bytes = 256 << 20, .files = 1000 };

static int
print(const char *what, const struct health_report *report)
{
	struct buffer out;
	int status;

	buffer_init(&out, SIZE_MAX);
	if (strcmp(what, "json") == 0)
		health_json(report, &out);
	else
		page_write(report, false, &out);
	(void)fwrite(out.text, 1, out.length, stdout);
	status = out.failed || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	buffer_release(&out);
	return status;
}

int
main(int argc, char **argv)
{
	struct health_settings settings = { .max_age = 900 };
	struct health_report report;
	struct store *store;
	struct failure why;
	int status = EXIT_FAILURE;

	if (argc > 1 && strcmp(argv[1], "policy") == 0)
		return puts(page_security_policy()) < 0;
	if (argc < 3 || (store = store_new(argv[2], &limits)) == NULL)
		return 2;
	if (store_refresh(store, &why) == -1)
		settings.directory = why.text;
	if (health_read(store, &settings, argc > 3 ? strtod(argv[3], NULL) : (double)time(NULL), &report) ==
	    0)
		status = print(argv[1], &report);
	health_release(&report);
	store_free(store);
	return status;
}
