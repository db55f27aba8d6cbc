/*
 * textfile_lint: what node_exporter would not serve as it is written.
 * docs/textfile_lint.md has the rules, and textfile/ makes the checks, as for
 * the exporter and the collectors; this file finds the files, reads them, and
 * prints.
 *
 * Each file is checked alone, and then all that node_exporter would take
 * together: only then do contradictions between files show.  The files are
 * anybody's.  Nothing is opened before stat() says that it is a regular file:
 * a named pipe would hang us as it hangs node_exporter.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/system/process.h"
#include "common/text/array.h"
#include "common/text/buffer.h"
#include "common/text/utf8.h"
#include "common/version.h"
#include "textfile/merge.h"
#include "textfile/names.h"
#include "textfile/parse.h"
#include "textfile/validate.h"

enum { STATUS_CLEAN, STATUS_FINDINGS, STATUS_TROUBLE };
enum { SHOWN_PER_RULE = 20, MOST_FILES = 100000 };

/* The group of "-". */
static const size_t standard_input = SIZE_MAX;

/* Parsing may take ten times the size of a text. */
static const size_t largest_file = 64 << 20;
static const size_t largest_sum = (size_t)1 << 30;

/* How often a rule was broken.  One mistake in a script breaks every line of a
 * large file: the first few faults are shown, and the rest is counted. */
struct tally {
	const char *rule;
	enum fault_class class;
	long count;
};

struct source {
	char *path;
	size_t group;       /* each DIR is one; all FILEs together are another */
	bool joins;         /* node_exporter would take it, alone */
	bool refused;       /* it has a fault for which node_exporter does not */
	struct buffer text; /* the document points into it */
	struct document document;
	struct fault *faults; /* those to be shown */
	size_t fault_count, fault_room;
	struct tally *tallies;
	size_t tally_count, tally_room;
	long total;
	bool out_of_memory;
};

struct lint {
	struct source *sources;
	size_t count, room;
	size_t bytes; /* read so far */
	long total;
	size_t bad_files;
	bool trouble;
};

static const char usage[] =
    "usage: textfile_lint [--help] [--version] FILE|DIR|-...\n"
    "\n"
    "Report what node_exporter's textfile collector would reject, drop, misread or crash\n"
    "on, in each file and in all of them together. In a DIR, the files that end in .prom\n"
    "are read; - is standard input.\n"
    "\n"
    "  file:line: reject:  node_exporter rejects the whole file\n"
    "  file:line: drop:    a series or family is missing in what node_exporter serves\n"
    "  file:line: misread: node_exporter serves something else than the file says\n"
    "  file:line: crash:   node_exporter ends, or its metrics cannot be scraped\n"
    "\n"
    "Exit status: 0 clean, 1 findings, 2 wrong arguments, or something could not be read.\n";

/* File names may hold anything: one finding must stay one line, and do nothing to the terminal. */
static void
print_clean(FILE *out, const char *text)
{
	size_t length = strlen(text), size;

	for (size_t i = 0; i < length; i += size) {
		size = utf8_character(text + i, length - i);
		if (size == 0 || utf8_unseen(text + i, size) != 0)
			(void)putc('?', out);
		else
			(void)fwrite(text + i, 1, size, out);
		size = size == 0 ? 1 : size;
	}
}

/* Something could not be checked: that is neither clean nor a finding, and the exit status must say so. */
static void
complain(struct lint *lint, const char *path, const char *reason)
{
	lint->trouble = true;
	(void)fputs("textfile_lint: cannot read '", stderr);
	print_clean(stderr, path);
	(void)fprintf(stderr, "': %s\n", reason);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The tally of the fault's rule, made if it is not there.  Rules are few and their
 * texts static: a list that is searched through is enough, and keeps the pointer. */
static struct tally *
find_tally(struct source *source, const struct fault *fault)
{
	struct tally *tallies;

	for (size_t i = 0; i < source->tally_count; i++)
		if (strcmp(source->tallies[i].rule, fault->rule) == 0 &&
		    source->tallies[i].class == fault->class)
			return &source->tallies[i];
	tallies =
	    array_reserve(source->tallies, &source->tally_room, source->tally_count + 1, sizeof(*tallies));
	if (tallies == NULL)
		return NULL;
	source->tallies = tallies;
	tallies[source->tally_count] = (struct tally){ fault->rule, fault->class, 0 };
	return &tallies[source->tally_count++];
}

static void
keep(void *context, const struct fault *fault)
{
	struct source *source = context;
	struct tally *tally = find_tally(source, fault);
	struct fault *faults = NULL;

	/* Counted in any case: the total and the exit status are about all of them. */
	source->total++;
	if (fault->class == FAULT_REJECT || fault->class == FAULT_CRASH)
		source->refused = true;
	if (tally != NULL && tally->count++ >= SHOWN_PER_RULE)
		return;
	if (tally != NULL)
		faults = array_reserve(
		    source->faults, &source->fault_room, source->fault_count + 1, sizeof(*faults));
	if (faults == NULL) {
		source->out_of_memory = true;
		return;
	}
	source->faults = faults;
	faults[source->fault_count++] = *fault;
}

/* A finding about the file itself, without a line. */
static void
keep_of_file(struct source *source, enum fault_class class, const char *rule, const char *text)
{
	struct fault_sink faults = { keep, source, 0 };

	fault_report(&faults, class, 0, rule, "%s", text);
}

static int
compare_faults(const void *a, const void *b)
{
	const struct fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	/* qsort() keeps no order of its own: the rule decides between faults of one line. */
	return strcmp(x->rule, y->rule);
}

/* "file:line: ..." as compilers write it, so that editors can jump there. */
static void
print_one(const char *path, uint32_t line, enum fault_class class, const char *text, const char *rule)
{
	print_clean(stdout, path);
	if (line > 0)
		(void)printf(":%u", line);
	(void)printf(": %s: %s (%s)\n", fault_class_name(class), text, rule);
}

static void
print_findings(struct lint *lint, struct source *source)
{
	char text[64];

	/* The faults come from several passes, over lines, series and files: sorted, they read like the file.
	 */
	if (source->fault_count > 0)
		qsort(source->faults, source->fault_count, sizeof(*source->faults), compare_faults);
	for (size_t i = 0; i < source->fault_count; i++)
		print_one(source->path, source->faults[i].line, source->faults[i].class,
		    source->faults[i].text, source->faults[i].rule);
	for (size_t i = 0; i < source->tally_count; i++) {
		if (source->tallies[i].count <= SHOWN_PER_RULE)
			continue;
		(void)snprintf(text, sizeof(text), "and %ld more", source->tallies[i].count - SHOWN_PER_RULE);
		print_one(source->path, 0, source->tallies[i].class, text, source->tallies[i].rule);
	}
	lint->total += source->total;
	lint->bad_files += source->total > 0;
	/* What was printed is true, but it is not all. */
	if (source->out_of_memory)
		complain(lint, source->path, "out of memory");
}

/* Room for the reads that find the end.  A file that grows past that fails with EFBIG. */
static void
read_text(struct lint *lint, struct source *source, int fd, size_t expected)
{
	buffer_init(&source->text, largest_file + 2 * BUFFER_STEP);
	source->joins = buffer_fill(&source->text, fd, expected) == 0;
	if (!source->joins)
		complain(lint, source->path, strerror(errno));
	/* All texts are in memory at once, until files have been compared: so their sum has a limit. */
	lint->bytes += source->text.length;
}

static void
read_source(struct lint *lint, struct source *source)
{
	struct stat status;
	/* O_NONBLOCK and O_NOCTTY for the case that the file was exchanged after stat(). */
	int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		complain(lint, source->path, strerror(errno));
		return;
	}
	/* What was a file when stat() looked may be something else by now. */
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		complain(lint, source->path, "not a regular file any more");
	} else if ((uint64_t)status.st_size > largest_file ||
		   (uint64_t)status.st_size > largest_sum - lint->bytes) {
		keep_of_file(source, FAULT_REJECT, "too_large",
		    (uint64_t)status.st_size > largest_file ? "larger than 64 MiB: not checked"
							    : "more than 1 GiB in all: not checked");
	} else {
		read_text(lint, source, fd, (size_t)status.st_size);
	}
	(void)close(fd);
}

/* Report what the kind of a file says without reading it.  False: it must not be read.  A mode
 * is only a hint, as a group or an ACL may give the right: such a file is read all the same. */
static bool
check_kind(struct source *source, mode_t mode)
{
	if (S_ISFIFO(mode))
		keep_of_file(source, FAULT_CRASH, "fifo", "named pipe: hangs every scrape of node_exporter");
	else if (S_ISDIR(mode))
		keep_of_file(source, FAULT_REJECT, "directory",
		    "directory: an error for node_exporter 1.11, an empty file for older ones");
	else if (!S_ISREG(mode))
		keep_of_file(source, FAULT_REJECT, "not_regular", "not a regular file");
	else if ((mode & S_IROTH) == 0)
		keep_of_file(source, FAULT_REJECT, "mode",
		    "not readable by others, and node_exporter runs as a user of its own");
	return S_ISREG(mode);
}

/* Prometheus adds its own labels to both, so that they become one series: the file's is stored. */
static void
check_series_of_prometheus(struct source *source)
{
	const struct document *d = &source->document;
	struct fault_sink faults = { keep, source, 0 };

	for (size_t i = 0; i < d->sample_count; i++) {
		const struct sample *sample = &d->samples[i];
		struct slice name = d->families[sample->family].name;
		size_t labels = 0;

		/* A label with an empty value counts as absent. */
		for (size_t l = 0; l < sample->label_count; l++)
			labels += d->labels[sample->labels + l].value.length > 0;
		if (labels == 0 && name_written_by_prometheus(name))
			fault_report(&faults, FAULT_MISREAD, sample->line, "of_prometheus",
			    "'%.*s' without labels: it takes the place of the series that Prometheus writes of "
			    "node_exporter",
			    FAULT_ARGS(name));
	}
}

/* What its name and kind say of a file.  False: it is not to be read. */
static bool
check_file(struct lint *lint, struct source *source)
{
	struct stat status;

	/* A FILE may have any name; a DIR is searched for this ending only. */
	if (!slice_ends_with(SLICE(source->path), ".prom"))
		keep_of_file(source, FAULT_DROP, "file_name", "name does not end in .prom: never read");
	else if (!utf8_valid(SLICE(source->path)))
		keep_of_file(source, FAULT_CRASH, "file_name_utf8",
		    "name is not UTF-8, and node_exporter writes it into a label: it panics");
	if (stat(source->path, &status) != 0) {
		/* The name is there (see add_operand()): so it is a link, and its target is missing. */
		if (errno == ENOENT)
			keep_of_file(source, FAULT_REJECT, "dangling", "symbolic link to nothing");
		else
			complain(lint, source->path, strerror(errno));
		return false;
	}
	return check_kind(source, status.st_mode);
}

static void
check_source(struct lint *lint, struct source *source)
{
	bool is_input = source->group == standard_input;

	if (is_input)
		read_text(lint, source, STDIN_FILENO, 0);
	else if (check_file(lint, source))
		read_source(lint, source);
	if (!source->joins)
		return;
	/* Checked in full although lines are bad: one run should find all faults. */
	if (parse(&source->document, buffer_slice(&source->text), keep, source) < 0 ||
	    validate_document(&source->document, keep, source) < 0)
		source->out_of_memory = true;
	check_series_of_prometheus(source);
	/* A file that node_exporter refuses, or never reads, takes no part in contradictions with others. */
	source->joins = !source->refused && (is_input || slice_ends_with(SLICE(source->path), ".prom"));
}

static void
keep_joined(void *context, size_t file, const struct fault *fault)
{
	struct source **joined = context;

	keep(joined[file], fault);
}

/* Join all files that node_exporter takes.  merge() writes nothing here, and only reports. */
static void
check_together(struct lint *lint)
{
	/* merge() numbers the files: this table leads back from a number to its file. */
	struct source **joined = calloc(lint->count + 1, sizeof(struct source *));
	const struct document **documents = calloc(lint->count + 1, sizeof(*documents));
	size_t count = 0;

	for (size_t i = 0; i < lint->count && joined != NULL && documents != NULL; i++)
		if (lint->sources[i].joins) {
			joined[count] = &lint->sources[i];
			documents[count++] = &lint->sources[i].document;
		}
	if (joined == NULL || documents == NULL ||
	    merge(documents, count, NULL, NULL, keep_joined, joined) < 0) {
		lint->trouble = true;
		(void)fputs("textfile_lint: out of memory\n", stderr);
	}
	free(joined);
	free(documents);
}

static int
add_source(struct lint *lint, const char *directory, const char *name, size_t group)
{
	struct source *sources = array_reserve(lint->sources, &lint->room, lint->count + 1, sizeof(*sources));
	char *path;

	if (sources == NULL)
		return -1;
	lint->sources = sources;
	if (directory == NULL)
		path = strdup(name);
	else if (asprintf(&path, "%s%s%s", directory, directory[strlen(directory) - 1] == '/' ? "" : "/",
		     name) < 0)
		path = NULL;
	if (path == NULL)
		return -1;
	sources[lint->count++] = (struct source){ .path = path, .group = group };
	return 0;
}

/* As with a file's mode, a group or an ACL may give the right: it is searched all the same. */
static void
check_directory_mode(struct lint *lint, const char *path, mode_t mode)
{
	char text[128];

	if ((mode & (S_IROTH | S_IXOTH)) == (S_IROTH | S_IXOTH))
		return;
	(void)snprintf(text, sizeof(text),
	    "others may not list it and read in it (mode %04o), and node_exporter runs as a user of its own",
	    (unsigned)(mode & 07777));
	print_one(path, 0, FAULT_REJECT, text, "directory_mode");
	lint->total++;
}

static void
add_directory(struct lint *lint, const char *path, size_t group)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	if (directory == NULL) {
		complain(lint, path, strerror(errno));
		return;
	}
	errno = 0;
	while ((entry = readdir(directory)) != NULL) {
		if (!slice_ends_with(SLICE(entry->d_name), ".prom"))
			continue;
		/* A full directory must not exhaust memory. */
		if (lint->count >= MOST_FILES) {
			complain(lint, path, "more than 100000 files");
			break;
		}
		if (add_source(lint, path, entry->d_name, group) != 0) {
			complain(lint, path, "out of memory");
			break;
		}
		/* readdir() tells an error from the end by errno alone, and memory was asked for since. */
		errno = 0;
	}
	/* An end without errno is the end of the directory; otherwise the rest was not seen. */
	if (entry == NULL && errno != 0)
		complain(lint, path, strerror(errno));
	(void)closedir(directory);
}

static void
add_operand(struct lint *lint, const char *path, size_t group)
{
	struct stat status;

	/* lstat(): a link to nothing is a finding about a file, and not a name that was mistyped.
	 * All FILEs are one group: they are checked as if they were in one directory. */
	if (strcmp(path, "-") == 0) {
		if (add_source(lint, NULL, "stdin", standard_input) != 0)
			complain(lint, path, "out of memory");
	} else if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		check_directory_mode(lint, path, status.st_mode);
		add_directory(lint, path, group);
	} else if (*path == '\0' || lstat(path, &status) != 0) {
		complain(lint, path, *path == '\0' ? "no name" : strerror(errno));
	} else if (add_source(lint, NULL, path, 0) != 0) {
		complain(lint, path, "out of memory");
	}
}

/* In the order in which node_exporter comes across them, since the
 * first file wins: directory by directory, in each by name. */
static int
compare_sources(const void *a, const void *b)
{
	const struct source *x = a, *y = b;
	int order;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	order = strcmp(base_name(x->path), base_name(y->path));
	return order != 0 ? order : strcmp(x->path, y->path);
}

static void
check_all(struct lint *lint)
{
	if (lint->count > 0)
		qsort(lint->sources, lint->count, sizeof(*lint->sources), compare_sources);
	for (size_t i = 0; i < lint->count; i++)
		check_source(lint, &lint->sources[i]);
	/* All texts stay in memory until here: the documents point into them. */
	check_together(lint);
	for (size_t i = 0; i < lint->count; i++)
		print_findings(lint, &lint->sources[i]);
	if (lint->total > 0)
		(void)fprintf(stderr, "textfile_lint: %ld finding%s in %zu of %zu file%s\n", lint->total,
		    lint->total == 1 ? "" : "s", lint->bad_files, lint->count, lint->count == 1 ? "" : "s");
}

static void
lint_release(struct lint *lint)
{
	for (size_t i = 0; i < lint->count; i++) {
		struct source *source = &lint->sources[i];

		document_release(&source->document);
		buffer_release(&source->text);
		free(source->faults);
		free(source->tallies);
		free(source->path);
	}
	free(lint->sources);
}

/* What was asked for must have been written: a full disk is no clean result. */
static int
finish(const struct lint *lint)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "textfile_lint: cannot write the findings: %s\n", strerror(errno));
		return STATUS_TROUBLE;
	}
	if (lint->trouble)
		return STATUS_TROUBLE;
	return lint->total > 0 ? STATUS_FINDINGS : STATUS_CLEAN;
}

int
main(int argc, char *argv[])
{
	static const struct option flags[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct lint lint = { 0 };
	int flag, status;

	process_forbid_dumps();
	while ((flag = getopt_long(argc, argv, "h", flags, NULL)) != -1) {
		if (flag == '?')
			return STATUS_TROUBLE;
		if (flag == 'h')
			(void)fputs(usage, stdout);
		else
			(void)printf(
			    "textfile_lint, version %s (revision %s)\n", version_number, version_revision);
		return finish(&lint);
	}
	if (optind == argc) {
		(void)fputs(usage, stderr);
		return STATUS_TROUBLE;
	}
	for (int i = optind; i < argc; i++)
		add_operand(&lint, argv[i], (size_t)i);
	check_all(&lint);
	status = finish(&lint);
	lint_release(&lint);
	return status;
}
