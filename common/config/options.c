/*
 * Each source of settings is a layer, which has a list of values per option.
 * The first layer that has any wins, and its list counts as a whole: lists are
 * not joined, or a target in the file could not be overridden.
 *
 * Flags are read once, because argv is wiped.  The other layers are read anew
 * for SIGHUP, and replace the old ones only if all is good.  Users put secrets
 * in wrong places: is_plain() and secret_shown() judge whether an error may
 * quote a text.  All programs share the config file; PROGRAMS (from the
 * Makefile) tells a section of another one from a typing error.
 */

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/config.h"
#include "common/config/options.h"
#include "common/config/secrets.h"
#include "common/text/duration.h"
#include "common/text/text.h"

/* What wins comes first. */
enum layer { LAYER_FLAGS, LAYER_VARIABLES, LAYER_INSTANCE, LAYER_PROGRAM, LAYER_FILE, LAYERS };

enum { LONGEST_VARIABLE = 128, LONGEST_PLACE = 300 };

struct value {
	char *text;
	char *place; /* where it came from: "--timeout", "ARBWATCH_TIMEOUT", "arbwatch.yml:3: timeout" */
};

struct values {
	struct value *items;
	size_t count;
};

struct options {
	const char *program;
	const struct option **rows; /* of all tables */
	size_t count;
	struct values *layers[LAYERS]; /* one `struct values` per row each */
	bool rest_read;                /* once; else what could be read of it stays, also after a mistake */
};

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

static void
values_release(struct values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		secret_free(values->items[i].text);
		free(values->items[i].place);
	}
	free(values->items);
	*values = (struct values){ 0 };
}

static void
layer_free(struct values *layer, size_t count)
{
	for (size_t i = 0; layer != NULL && i < count; i++)
		values_release(&layer[i]);
	free(layer);
}

static int
values_add(struct values *values, const char *text, const char *place, struct failure *why)
{
	struct value *items = realloc(values->items, (values->count + 1) * sizeof(*items));

	if (items == NULL)
		return out_of_memory(why);
	values->items = items;
	items[values->count] = (struct value){ strdup(text), strdup(place) };
	/* Counted even if one of the two is missing: values_release() frees the other. */
	values->count++;
	return items[values->count - 1].text != NULL && items[values->count - 1].place != NULL
		   ? 0
		   : out_of_memory(why);
}

static size_t
row_index(const struct options *o, const char *name, size_t length)
{
	for (size_t i = 0; i < o->count; i++)
		if (strlen(o->rows[i]->name) == length && memcmp(o->rows[i]->name, name, length) == 0)
			return i;
	return o->count;
}

static size_t
known_row(const struct options *o, const char *name)
{
	size_t row = row_index(o, name, strlen(name));

	assert(row < o->count);
	return row;
}

/* Whether a text looks like an option's name.  What does not is not shown: it may be a connection string. */
static bool
is_plain(struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!isalnum((unsigned char)text.at[i]) && strchr("._-", text.at[i]) == NULL)
			return false;
	return text.length > 0;
}

/* What is in force for a row; empty when only the default is. */
static const struct values *
given_values(const struct options *o, size_t row)
{
	static const struct values none;

	for (int layer = 0; layer < LAYERS; layer++)
		if (o->layers[layer] != NULL && o->layers[layer][row].count > 0)
			return &o->layers[layer][row];
	return &none;
}

struct options *
options_new(const char *program, const struct option *const tables[], size_t table_count)
{
	struct options *o = calloc(1, sizeof(*o));
	size_t count = 0;

	for (size_t t = 0; t < table_count; t++)
		for (const struct option *row = tables[t]; row->name != NULL; row++)
			count++;
	/* The other layers are NULL until options_read_rest(): given_values() passes over them. */
	if (o == NULL || (o->rows = calloc(count + 1, sizeof(*o->rows))) == NULL ||
	    (o->layers[LAYER_FLAGS] = calloc(count + 1, sizeof(*o->layers[0]))) == NULL) {
		options_free(o);
		return NULL;
	}
	o->program = program;
	for (size_t t = 0; t < table_count; t++)
		for (const struct option *row = tables[t]; row->name != NULL; row++)
			o->rows[o->count++] = row;
	return o;
}

void
options_free(struct options *o)
{
	if (o == NULL)
		return;
	for (int layer = 0; layer < LAYERS; layer++)
		layer_free(o->layers[layer], o->count);
	free(o->rows);
	free(o);
}

/* Flags -------------------------------------------------------------- */

/* Not quoted: it may be a connection string that lost its flag. */
static int
fail_no_flag(int position, struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "argument %d is not a flag (see --help)", position);
}

/* What a switch is kept as, or NULL: the text is no boolean. */
static const char *
switch_text(const char *text)
{
	int value = text_boolean(text);

	return value < 0 ? NULL : value == 1 ? "true" : "false";
}

/* Take the value of a flag; a switch without one is "true". */
static int
add_flag_value(struct options *o, size_t row, char *text, struct failure *why)
{
	const struct option *option = o->rows[row];
	char place[LONGEST_PLACE];

	(void)snprintf(place, sizeof(place), "--%s", option->name);
	if (option->argument == NULL && text != NULL && switch_text(text) == NULL)
		return failure_set(why, FAILURE_LOCAL, "%s: takes no value but true or false", place);
	if (option->argument != NULL && text == NULL)
		return failure_set(why, FAILURE_LOCAL, "%s: needs a value: %s", place, option->argument);
	/* The last one wins: a flag can be appended to a command line that has it already. */
	if (!option->repeatable)
		values_release(&o->layers[LAYER_FLAGS][row]);
	if (values_add(&o->layers[LAYER_FLAGS][row],
		option->argument != NULL ? text
		: text != NULL           ? switch_text(text)
					 : "true",
		place, why) != 0)
		return -1;
	/* Every user of the machine can read argv (ps, /proc/PID/cmdline). */
	if (option->secret && text != NULL)
		memset(text, '*', strlen(text));
	return 0;
}

/* The flag at argv[i], which begins with "--".  Returns the index of the last argument that it took. */
static int
read_flag(struct options *o, int argc, char *argv[], int i, struct failure *why)
{
	struct slice name = { argv[i] + 2, strcspn(argv[i] + 2, "=") };
	char *attached = name.at[name.length] == '=' ? argv[i] + 2 + name.length + 1 : NULL;
	size_t row = row_index(o, name.at, name.length);

	if (row == o->count) {
		if (is_plain(name))
			(void)failure_set(
			    why, FAILURE_LOCAL, "--%.*s: unknown flag (see --help)", SLICE_ARGS(name));
		else
			(void)fail_no_flag(i, why);
		return i;
	}
	if (attached != NULL || o->rows[row]->argument == NULL) {
		(void)add_flag_value(o, row, attached, why);
		return i;
	}
	(void)add_flag_value(o, row, i + 1 < argc ? argv[i + 1] : NULL, why);
	return i + 1;
}

/* Reading goes on after a fault, so that every secret in argv is wiped; the first fault is reported. */
int
options_read_flags(struct options *o, int argc, char *argv[], struct failure *why)
{
	size_t help = row_index(o, "help", strlen("help"));
	struct failure first = { 0 };

	for (int i = 1; i < argc; i++) {
		struct failure fault = { 0 };

		if (strcmp(argv[i], "-h") == 0 && help < o->count)
			(void)add_flag_value(o, help, NULL, &fault);
		else if (strncmp(argv[i], "--", 2) != 0)
			(void)fail_no_flag(i, &fault);
		else
			i = read_flag(o, argc, argv, i, &fault);
		if (fault.kind != FAILURE_NONE && first.kind == FAILURE_NONE)
			first = fault;
	}
	if (first.kind == FAILURE_NONE)
		return 0;
	*why = first;
	return -1;
}

/* Environment -------------------------------------------------------- */

/* A variable that is set to nothing counts as not set: Compose files pass on such ones. */
static const char *
variable(const char *name)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? text : NULL;
}

/* One value a line for repeatable options, else the whole file. */
static int
add_from_file(const struct option *option, struct values *values, const char *name, const char *path,
    struct failure *why)
{
	char *content = secret_read_file(path, why), *line, *rest = content;
	size_t length;
	int result = 0;

	if (content == NULL)
		return failure_prefix(why, "%s", name);
	length = strlen(content);
	if (!option->repeatable)
		result = values_add(values, content, name, why);
	else
		while (result == 0 && (line = strsep(&rest, "\r\n")) != NULL)
			if (*line != '\0')
				result = values_add(values, line, name, why);
	explicit_bzero(content, length);
	free(content);
	return result;
}

/* `name` itself, and for secrets `name`_FILE. */
static int
add_variable(const struct option *option, struct values *values, const char *name, struct failure *why)
{
	char file[LONGEST_VARIABLE + 8];
	const char *text = variable(name), *path;

	(void)snprintf(file, sizeof(file), "%s_FILE", name);
	path = option->secret ? variable(file) : NULL;
	/* Which of the two was meant?  A guess could log in with an old password. */
	if (text != NULL && path != NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "%s and %s are both set: unset one of them", name, file);
	if (path != NULL)
		return add_from_file(option, values, file, path, why);
	if (text != NULL && option->argument == NULL && switch_text(text) == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: '%s' must be true or false", name, secret_shown(text));
	if (text == NULL)
		return 0;
	return values_add(values, option->argument != NULL ? text : switch_text(text), name, why);
}

static int
read_variables(const struct options *o, struct values *layer, struct failure *why)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct option *option = o->rows[i];
		char name[LONGEST_VARIABLE] = "ARBWATCH_";
		size_t length = strlen(name);

		if (option->flag_only)
			continue;
		for (const char *c = option->name; *c != '\0' && length < sizeof(name) - 1; c++)
			name[length++] = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
		if (add_variable(option, &layer[i], name, why) != 0)
			return -1;
		if (layer[i].count == 0 && option->variable != NULL &&
		    add_variable(option, &layer[i], option->variable, why) != 0)
			return -1;
	}
	return 0;
}

/* Config file -------------------------------------------------------- */

struct file_reading {
	const struct options *o;
	const char *path;
	const char *instance; /* --name, or NULL */
	struct values **layers;
};

/* Whether `section` is a program of ours, or an instance of one: "redis_latency", "redis_latency_eu". */
static bool
is_program(struct slice section)
{
	static const char programs[] = PROGRAMS;

	for (const char *name = programs; *name != '\0'; name += strspn(name, " ")) {
		size_t length = strcspn(name, " ");

		if (section.length >= length && memcmp(section.at, name, length) == 0 &&
		    (section.length == length || strchr("_-", section.at[length]) != NULL))
			return true;
		name += length;
	}
	return false;
}

/* Whether `key` is `section` or in it; then `*name` is what comes behind. */
static bool
is_in_section(const char *key, const char *section, const char **name)
{
	size_t length = strlen(section);

	if (strncmp(key, section, length) != 0 || (key[length] != '.' && key[length] != '\0'))
		return false;
	*name = key + length + (key[length] == '.');
	return true;
}

/* The layer a key belongs to, and the option's name in it; LAYERS: another program's section. */
static enum layer
layer_of(const struct file_reading *f, const char *key, const char **name)
{
	*name = key;
	/* Options at the top go first: "log.level" means the
	 * same everywhere, even for an instance called "log". */
	if (row_index(f->o, key, strlen(key)) < f->o->count)
		return LAYER_FILE;
	if (f->instance != NULL && is_in_section(key, f->instance, name))
		return LAYER_INSTANCE;
	if (is_in_section(key, f->o->program, name))
		return LAYER_PROGRAM;
	return is_program((struct slice){ key, strcspn(key, ".") }) ? LAYERS : LAYER_FILE;
}

/* Whether `name` is a section of options, like "log", or the section of a program, whose rest is "". */
static bool
is_section(const struct options *o, struct slice name)
{
	for (size_t i = 0; i < o->count; i++) {
		const char *full = o->rows[i]->name;

		if (strlen(full) > name.length && memcmp(full, name.at, name.length) == 0 &&
		    full[name.length] == '.')
			return true;
	}
	return name.length == 0;
}

/*
 * Say what is wrong with the key `name` in its layer.  The error shows the key
 * up to its first unknown part and no further: what follows may be a secret
 * that slipped to where keys are, as in "password: {hunter2}".
 */
static int
fail_unknown_key(const struct file_reading *f, const struct config_value *value, const char *name,
    enum layer layer, struct failure *why)
{
	size_t before = (size_t)(name - value->key), length = strcspn(name, "."), row;
	const char *what = "unknown key";

	while (name[length] != '\0' && is_section(f->o, (struct slice){ name, length }))
		length += 1 + strcspn(name + length + 1, ".");
	if (!is_plain((struct slice){ value->key, before + length }))
		return failure_set(why, FAILURE_LOCAL, "%s:%u: unknown key (not shown: it may hold a secret)",
		    f->path, value->line);
	row = row_index(f->o, name, length);
	if (name[length] != '\0' && row < f->o->count && !f->o->rows[row]->flag_only)
		what = "takes a value, not a mapping";
	else if (name[length] != '\0' && layer == LAYER_FILE && memchr(name, '.', length) == NULL)
		what = "unknown section (those of instances begin with the program's name, as in "
		       "redis_latency_eu)";
	return failure_set(why, FAILURE_LOCAL, "%s:%u: %.*s: %s", f->path, value->line,
	    (int)(before + length), value->key, what);
}

static int
add_config_value(const struct file_reading *f, const struct config_value *value, size_t row,
    struct values *values, const char *place, struct failure *why)
{
	const struct option *option = f->o->rows[row];

	if (value->text == NULL)
		return failure_set(why, FAILURE_LOCAL, "%s: has no value", place);
	if (value->in_list && !option->repeatable)
		return failure_set(why, FAILURE_LOCAL, "%s: takes one value, not a list", place);
	/* libyaml saw no key twice, but "log.level" and "log: {level: ...}" are the same one. */
	if (!value->in_list && values->count > 0)
		return failure_set(why, FAILURE_LOCAL, "%s: the key is there twice", place);
	if (option->argument != NULL)
		return values_add(values, value->text, place, why);
	if (switch_text(value->text) == NULL)
		return failure_set(why, FAILURE_LOCAL, "%s: must be true or false", place);
	return values_add(values, switch_text(value->text), place, why);
}

static int
read_config_value(void *context, const struct config_value *value, struct failure *why)
{
	struct file_reading *f = context;
	char place[LONGEST_PLACE];
	const char *name;
	enum layer layer = layer_of(f, value->key, &name);
	size_t row;

	/* Not ours, or a section of ours that is empty or has only comments: no mistake. */
	if (layer == LAYERS || (value->text == NULL && is_section(f->o, SLICE(name))))
		return 0;
	(void)snprintf(place, sizeof(place), "%s:%u: %s", f->path, value->line, value->key);
	/* All programs would publish to the same file. */
	if (layer == LAYER_FILE && strcmp(name, "name") == 0)
		return failure_set(why, FAILURE_LOCAL,
		    "%s: belongs in a program's section: two programs cannot share a file", place);
	row = row_index(f->o, name, strlen(name));
	if (row < f->o->count && !f->o->rows[row]->flag_only && strcmp(name, "config.file") != 0)
		return add_config_value(f, value, row, &f->layers[layer][row], place, why);
	return fail_unknown_key(f, value, name, layer, why);
}

/* Flags and variables name the config file and the instance, and are read by now. */
static const char *
early_text(const struct options *o, struct values *const layers[], const char *name)
{
	size_t row = row_index(o, name, strlen(name));

	for (int layer = LAYER_FLAGS; row < o->count && layer <= LAYER_VARIABLES; layer++)
		if (layers[layer][row].count > 0)
			return layers[layer][row].items[0].text;
	return NULL;
}

static int
read_layers(const struct options *o, struct values *layers[], struct failure *why)
{
	struct file_reading f = { .o = o, .layers = layers };

	if (read_variables(o, layers[LAYER_VARIABLES], why) != 0)
		return -1;
	f.path = early_text(o, layers, "config.file");
	f.instance = early_text(o, layers, "name");
	return f.path != NULL ? config_read(f.path, read_config_value, &f, why) : 0;
}

int
options_read_rest(struct options *o, struct failure *why)
{
	struct values *layers[LAYERS] = { o->layers[LAYER_FLAGS] }, *swap;
	int result = 0;

	for (int layer = LAYER_FLAGS + 1; layer < LAYERS; layer++)
		if ((layers[layer] = calloc(o->count + 1, sizeof(*layers[layer]))) == NULL)
			result = out_of_memory(why);
	if (result == 0)
		result = read_layers(o, layers, why);
	for (int layer = LAYER_FLAGS + 1; layer < LAYERS; layer++) {
		if (result == 0 || !o->rest_read) {
			/* All or nothing: half of a new configuration could be worse than the old one. */
			swap = o->layers[layer];
			o->layers[layer] = layers[layer];
			layers[layer] = swap;
		}
		layer_free(layers[layer], o->count);
	}
	o->rest_read = true;
	return result;
}

/* Values ------------------------------------------------------------- */

bool
options_given(const struct options *o, const char *name)
{
	return given_values(o, known_row(o, name))->count > 0;
}

size_t
options_count(const struct options *o, const char *name)
{
	size_t row = known_row(o, name), count = given_values(o, row)->count;

	return count > 0 ? count : o->rows[row]->fallback != NULL;
}

const char *
options_item(const struct options *o, const char *name, size_t index)
{
	size_t row = known_row(o, name);
	const struct values *values = given_values(o, row);

	if (values->count == 0)
		return o->rows[row]->fallback;
	assert(index < values->count);
	return values->items[index].text;
}

const char *
options_text(const struct options *o, const char *name)
{
	return options_item(o, name, 0);
}

bool
options_switch(const struct options *o, const char *name)
{
	const char *text = options_text(o, name);

	return text != NULL && strcmp(text, "true") == 0;
}

int
options_failure(
    const struct options *o, const char *name, size_t index, struct failure *why, const char *format, ...)
{
	const struct values *values = given_values(o, known_row(o, name));
	char text[sizeof(why->text)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (index < values->count)
		return failure_set(why, FAILURE_LOCAL, "%s: %s", values->items[index].place, text);
	return failure_set(why, FAILURE_LOCAL, "--%s: %s", name, text);
}

int
options_duration(const struct options *o, const char *name, int64_t *ns, struct failure *why)
{
	const char *text = options_text(o, name);
	int64_t value = 0;

	if (text != NULL && duration_parse(text, &value) != 0)
		return options_failure(
		    o, name, 0, why, "'%s' is not a duration like 250ms, 15s or 5m", secret_shown(text));
	*ns = value;
	return 0;
}

int
options_integer(const struct options *o, const char *name, int64_t least, int64_t most, int64_t *value,
    struct failure *why)
{
	const char *text = options_text(o, name);
	char *end;
	long long number;

	if (text == NULL) {
		*value = 0;
		return 0;
	}
	errno = 0;
	number = strtoll(text, &end, 10);
	/* strtoll() alone would take leading blanks and a sign. */
	if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 || number < least || number > most)
		return options_failure(o, name, 0, why,
		    "'%s' is not a whole number from %" PRId64 " to %" PRId64, secret_shown(text), least,
		    most);
	*value = number;
	return 0;
}

/* Digits and one point: strtod() alone would take "nan", "0x1" and, by the locale, a comma. */
int
options_ratio(const struct options *o, const char *name, double *ratio, struct failure *why)
{
	const char *text = options_text(o, name);
	size_t whole, fraction = 0;
	double value;

	if (text == NULL) {
		*ratio = 0;
		return 0;
	}
	whole = strspn(text, "0123456789");
	if (text[whole] == '.')
		fraction = 1 + strspn(text + whole + 1, "0123456789");
	value = strtod(text, NULL);
	if (whole == 0 || fraction == 1 || text[whole + fraction] != '\0' || !(value <= 1))
		return options_failure(o, name, 0, why,
		    "'%s' is not a decimal fraction from 0 to 1, like 0.05", secret_shown(text));
	*ratio = value;
	return 0;
}

void
options_print_help(const struct options *o)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct option *row = o->rows[i];
		char flag[80];

		(void)snprintf(flag, sizeof(flag), "--%s%s%s", row->name, row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
		printf("  %-32s %s", flag, row->help);
		if (row->repeatable)
			printf("; may be given several times");
		if (row->fallback != NULL)
			printf(" (default: %s)", row->fallback);
		printf("\n");
	}
}
