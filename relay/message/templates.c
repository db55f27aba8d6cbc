/*
 * The texts of one language: those that are compiled in, each replaced by the operator's file of the
 * same name.  A directory may hold some of them only.  All is read and checked at the start and never
 * again, so a file that is edited badly later cannot stop alerts; a change of one takes a restart.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/system/regular.h"
#include "common/text/buffer.h"
#include "common/text/utf8.h"
#include "relay/message/draft.h"
#include "relay/message/shipped.h"
#include "relay/message/templates.h"

/* Bytes.  A template of more than 64 KiB is some other file; a word is a part of a line. */
enum { TEMPLATE_LARGEST = 64 * 1024, WORD_LONGEST = 200 };

static const char *const file_names[TEMPLATES] = { "firing.txt", "resolved.txt", "acknowledged.txt",
	"subject.txt", "list.txt", "list_group.txt", "list_alert.txt", "list_subject.txt" };
static const char words_name[] = "words.txt";

struct word {
	char *name, *text;
};

struct templates {
	char *texts[TEMPLATES];
	struct word *words;
	size_t word_count;
};

/* Nothing is installed for them: a program that cannot find its texts could not say what is wrong
 * either. */
static const char *
shipped(const char *language, const char *name)
{
	size_t length = strlen(language);

	for (const struct shipped_file *file = shipped_files; file->name != NULL; file++)
		if (strncmp(file->name, language, length) == 0 && file->name[length] == '/' &&
		    strcmp(file->name + length + 1, name) == 0)
			return file->text;
	return NULL;
}

/* The file's text, for the caller to free; NULL without a kind in `why`: there is no such file.  A
 * missing file is no error, since what is shipped takes its place.  A device or a pipe is: reading it
 * might never end. */
static char *
read_template(const char *path, struct failure *why)
{
	struct buffer text;
	const char *fault;
	int fd;

	why->kind = FAILURE_NONE;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return NULL;
	/* Room for more than is allowed, so that too much is seen and not just cut. */
	buffer_init(&text, TEMPLATE_LARGEST + BUFFER_STEP);
	fault = regular_fault(path);
	fd = fault == NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fault == NULL && (fd < 0 || buffer_fill(&text, fd, 0) != 0))
		fault = strerror(errno);
	if (fd >= 0)
		(void)close(fd);
	if (fault == NULL && (text.length > TEMPLATE_LARGEST || !utf8_valid(buffer_slice(&text)) ||
				 (text.length > 0 && memchr(text.text, '\0', text.length) != NULL)))
		fault = "is not a UTF-8 text of at most 64 KiB";
	buffer_append(&text, "", 1);
	if (fault == NULL && !text.failed)
		return text.text;
	(void)failure_set(
	    why, FAILURE_LOCAL, "template '%s': %s", path, fault != NULL ? fault : "out of memory");
	buffer_release(&text);
	return NULL;
}

/* The file of the directory, or a copy of what is shipped.  NULL with `why`.  Words have no fields, so
 * they are not checked as a template is. */
static char *
load(const char *language, const char *directory, const char *name, struct failure *why)
{
	char path[4096], fault[256];
	char *text;

	if (directory != NULL) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path)) {
			(void)failure_set(why, FAILURE_LOCAL, "the templates' directory has too long a name");
			return NULL;
		}
		text = read_template(path, why);
		if (text == NULL && why->kind != FAILURE_NONE)
			return NULL;
		if (text != NULL && strcmp(name, words_name) != 0 &&
		    draft_template_fault(text, fault) != NULL) {
			(void)failure_set(why, FAILURE_LOCAL, "template '%s', %s", path, fault);
			free(text);
			return NULL;
		}
		if (text != NULL)
			return text;
	}
	text = strdup(shipped(language, name));
	if (text == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	return text;
}

static struct word *
find_word(const struct templates *templates, const char *name)
{
	for (size_t i = 0; i < templates->word_count; i++)
		if (strcmp(templates->words[i].name, name) == 0)
			return &templates->words[i];
	return NULL;
}

/* "" for a word that is missing: a message without a word is better than none. */
const char *
templates_word(const struct templates *templates, const char *name)
{
	const struct word *word = find_word(templates, name);

	return word != NULL ? word->text : "";
}

/* A word that is shipped is new; one of a file takes the place of it. */
static int
set_word(struct templates *templates, const char *name, const char *text, bool new)
{
	struct word *word = find_word(templates, name), *more;
	char *copy = strdup(text);

	if (word == NULL && new &&copy != NULL) {
		more = realloc(templates->words, (templates->word_count + 1) * sizeof(*more));
		if (more != NULL) {
			templates->words = more;
			word = &more[templates->word_count];
			*word = (struct word){ .name = strdup(name) };
			templates->word_count += word->name != NULL;
		}
	}
	if (word == NULL || copy == NULL || word->name == NULL) {
		free(copy);
		return -1;
	}
	free(word->text);
	word->text = copy;
	return 0;
}

/* Lines "name: text".  A name that is not among the shipped words is most likely misspelt.  It would be
 * passed over in silence, and the reader would see the shipped word. */
static int
read_words(struct templates *templates, char *text, bool new, struct failure *why)
{
	char *rest = text, *line;

	for (size_t number = 1; (line = strsep(&rest, "\r\n")) != NULL; number++) {
		char *colon = strstr(line, ": ");

		if (line[0] == '\0')
			continue;
		if (colon != NULL)
			*colon = '\0';
		if (colon == NULL || strlen(colon + 2) > WORD_LONGEST ||
		    (!new &&find_word(templates, line) == NULL))
			return failure_set(why, FAILURE_LOCAL,
			    "template '%s', line %zu: '%.40s' is not one of its words, or its text is longer than %d bytes",
			    words_name, number, line, WORD_LONGEST);
		if (set_word(templates, line, colon + 2, new) != 0)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	return 0;
}

static int
load_words(struct templates *templates, const char *language, const char *directory, struct failure *why)
{
	/* Both are read, the shipped ones first: a file that has one word of its own keeps the others. */
	char *text = load(language, NULL, words_name, why), *own;
	int result = text != NULL ? read_words(templates, text, true, why) : -1;

	free(text);
	if (result != 0 || directory == NULL)
		return result;
	own = load(language, directory, words_name, why);
	result = own != NULL ? read_words(templates, own, false, why) : -1;
	free(own);
	return result;
}

struct templates *
templates_new(const char *language, const char *directory, struct failure *why)
{
	struct templates *templates;

	if (shipped(language, words_name) == NULL) {
		(void)failure_set(why, FAILURE_LOCAL,
		    "there are no templates in the language '%.20s': use en or ko", language);
		return NULL;
	}
	if (directory != NULL && access(directory, R_OK | X_OK) != 0) {
		(void)failure_set(
		    why, FAILURE_LOCAL, "the templates' directory '%s': %s", directory, strerror(errno));
		return NULL;
	}
	templates = calloc(1, sizeof(*templates));
	if (templates == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < TEMPLATES; i++) {
		templates->texts[i] = load(language, directory, file_names[i], why);
		if (templates->texts[i] == NULL) {
			templates_free(templates);
			return NULL;
		}
	}
	if (load_words(templates, language, directory, why) == 0)
		return templates;
	templates_free(templates);
	return NULL;
}

void
templates_free(struct templates *templates)
{
	if (templates == NULL)
		return;
	for (size_t i = 0; i < TEMPLATES; i++)
		free(templates->texts[i]);
	for (size_t i = 0; i < templates->word_count; i++) {
		free(templates->words[i].name);
		free(templates->words[i].text);
	}
	free(templates->words);
	free(templates);
}

const char *
templates_text(const struct templates *templates, enum template which)
{
	return templates->texts[which];
}
