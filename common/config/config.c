/*
 * libyaml parses; this file decides what of YAML a config file may use.
 * Aliases make small files large: 400 bytes can stand for billions of values,
 * so every visit of a node counts.  libyaml's loader is slow with deep files
 * and with many anchors, so a first pass over the events refuses those before
 * it sees them.  A key may be a secret that lost its place ("password:
 * {hunter2}"): so errors here give the line, never the key.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#include "common/config/config.h"
#include "common/config/secrets.h"
#include "common/text/buffer.h"

enum {
	LARGEST_FILE = 1024 * 1024,
	MOST_NODES = 10000,
	DEEPEST = 8,
	LONGEST_KEY = 256,
};

struct config_reading {
	const char *path; /* as errors show it */
	yaml_document_t document;
	config_handler *handler;
	void *context;
	struct failure *why;
	int nodes; /* visited so far: aliases can make a small file large */
};

/* Keys are not repeated here: only a reader that knows the
 * settings can tell one from a secret in its place. */
static int
fail_at(const struct config_reading *r, size_t line, const char *text)
{
	return failure_set(r->why, FAILURE_LOCAL, "%s:%zu: %s", r->path, line + 1, text);
}

static const char *
scalar_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* A plain scalar that is empty, "~" or "null" has no value; a quoted one is a text. */
static int
is_null(const yaml_node_t *node)
{
	const char *text = scalar_text(node);

	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

/* C strings end at a NUL: what follows it would be lost without a word. */
static int
holds_nul(const yaml_node_t *node)
{
	return strlen(scalar_text(node)) != node->data.scalar.length;
}

static int
hand_over(struct config_reading *r, const yaml_node_t *node, const char *key, const char *text, int in_list)
{
	struct config_value value = {
		.key = key, .text = text, .line = (unsigned)node->start_mark.line + 1, .in_list = in_list
	};

	return r->handler(r->context, &value, r->why);
}

static int
hand_over_scalar(struct config_reading *r, const yaml_node_t *node, const char *key, int in_list)
{
	if (holds_nul(node))
		return fail_at(r, node->start_mark.line, "a NUL byte in the value");
	return hand_over(r, node, key, is_null(node) ? NULL : scalar_text(node), in_list);
}

static int
read_list(struct config_reading *r, const yaml_node_t *list, const char *key)
{
	for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&r->document, *i);

		/* Counted per visit: an alias leads here again and again. */
		if (++r->nodes > MOST_NODES)
			return fail_at(r, item->start_mark.line, "the file has more than 10000 values");
		if (item->type != YAML_SCALAR_NODE)
			return fail_at(r, item->start_mark.line,
			    "a list here holds plain values, not lists or mappings");
		if (hand_over_scalar(r, item, key, 1) != 0)
			return -1;
	}
	return 0;
}

static int
is_repeated(struct config_reading *r, const yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
	const char *key = scalar_text(yaml_document_get_node(&r->document, pair->key));

	/* YAML forbids a key twice, but libyaml does not look. */
	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++)
		if (strcmp(scalar_text(yaml_document_get_node(&r->document, p->key)), key) == 0)
			return 1;
	return 0;
}

static int read_node(struct config_reading *r, const yaml_node_t *node, const char *key, int depth);

static int
read_mapping(struct config_reading *r, const yaml_node_t *mapping, const char *prefix, int depth)
{
	char key[LONGEST_KEY];

	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < mapping->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *name = yaml_document_get_node(&r->document, p->key);
		int length;

		if (name->type != YAML_SCALAR_NODE || holds_nul(name))
			return fail_at(r, name->start_mark.line, "a key must be a plain word");
		length = snprintf(
		    key, sizeof(key), "%s%s%s", prefix, *prefix != '\0' ? "." : "", scalar_text(name));
		if (length >= LONGEST_KEY)
			return fail_at(r, name->start_mark.line, "the key is too long");
		if (is_repeated(r, mapping, p))
			return fail_at(r, name->start_mark.line, "the key is there twice");
		if (read_node(r, yaml_document_get_node(&r->document, p->value), key, depth + 1) != 0)
			return -1;
	}
	return 0;
}

/* "[]" and "{}": handed over as a key without a value, so that an option that got one is reported. */
static int
is_empty(const yaml_node_t *node)
{
	if (node->type == YAML_MAPPING_NODE)
		return node->data.mapping.pairs.start == node->data.mapping.pairs.top;
	return node->type == YAML_SEQUENCE_NODE &&
	       node->data.sequence.items.start == node->data.sequence.items.top;
}

static int
read_node(struct config_reading *r, const yaml_node_t *node, const char *key, int depth)
{
	/* The depth ends an alias that contains itself, too. */
	if (depth > DEEPEST)
		return fail_at(r, node->start_mark.line, "nested too deeply");
	if (++r->nodes > MOST_NODES)
		return fail_at(r, node->start_mark.line, "the file has more than 10000 values");
	if (depth > 0 && is_empty(node))
		return hand_over(r, node, key, NULL, 0);
	if (node->type == YAML_MAPPING_NODE)
		return read_mapping(r, node, key, depth);
	if (depth == 0)
		return fail_at(r, node->start_mark.line, "'key: value' lines are expected");
	if (node->type == YAML_SEQUENCE_NODE)
		return read_list(r, node, key);
	return hand_over_scalar(r, node, key, 0);
}

static int
fail_syntax(const struct config_reading *r, const yaml_parser_t *parser)
{
	const char *problem = parser->problem != NULL ? parser->problem : "out of memory";

	if (parser->error == YAML_READER_ERROR) /* which knows no line */
		return failure_set(r->why, FAILURE_LOCAL, "%s: not valid YAML at byte %zu: %s", r->path,
		    parser->problem_offset, problem);
	return failure_set(r->why, FAILURE_LOCAL, "%s:%zu: not valid YAML: %s", r->path,
	    parser->problem_mark.line + 1, problem);
}

/* Whether the event becomes a node, or stands for one. */
static int
is_node(yaml_event_type_t type)
{
	return type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT || type == YAML_SEQUENCE_START_EVENT ||
	       type == YAML_MAPPING_START_EVENT;
}

/* Check what the loader cannot: it takes the first document alone, and its
 * time grows with the square of the depth, and of the number of anchors. */
static int
check_events(struct config_reading *r, yaml_parser_t *parser)
{
	int documents = 0, depth = 0, nodes = 0;
	yaml_event_type_t type;

	do {
		yaml_event_t event;
		size_t line;

		if (!yaml_parser_parse(parser, &event))
			return fail_syntax(r, parser);
		type = event.type;
		line = event.start_mark.line;
		yaml_event_delete(&event);
		documents += type == YAML_DOCUMENT_START_EVENT;
		depth += type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
		depth -= type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
		nodes += is_node(type);
		if (documents > 1)
			return fail_at(r, line, "a second document begins: a config file is one");
		/* The mapping of the whole file is a level here. */
		if (depth > DEEPEST + 1)
			return fail_at(r, line, "nested too deeply");
		/* Each value may have a key, which is a node too. */
		if (nodes > 2 * MOST_NODES)
			return fail_at(r, line, "the file has more than 10000 values");
	} while (type != YAML_STREAM_END_EVENT);
	return 0;
}

static int
read_document(struct config_reading *r, yaml_parser_t *parser)
{
	const yaml_node_t *root;
	int result = 0;

	if (!yaml_parser_load(parser, &r->document))
		return fail_syntax(r, parser);
	root = yaml_document_get_root_node(&r->document);
	if (root != NULL && (root->type != YAML_SCALAR_NODE || !is_null(root)))
		result = read_node(r, root, "", 0);
	yaml_document_delete(&r->document);
	return result;
}

static int
parse(
    struct config_reading *r, struct slice text, int (*pass)(struct config_reading *r, yaml_parser_t *parser))
{
	yaml_parser_t parser;
	int result;

	if (!yaml_parser_initialize(&parser))
		return failure_set(r->why, FAILURE_LOCAL, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.at, text.length);
	result = pass(r, &parser);
	yaml_parser_delete(&parser);
	return result;
}

/* Append the file to `text`.  0, or -1 with errno.  O_NONBLOCK: opening a FIFO would wait for a writer. */
static int
read_file(const char *path, struct buffer *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result = -1, error = EFBIG;
	struct stat info;

	if (fd < 0)
		return -1;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= LARGEST_FILE) {
		result = buffer_fill(text, fd, (size_t)info.st_size);
		error = errno;
	}
	(void)close(fd);
	errno = error;
	return result;
}

int
config_read(const char *path, config_handler *handler, void *context, struct failure *why)
{
	struct config_reading r = {
		.path = secret_shown(path), .handler = handler, .context = context, .why = why
	};
	struct buffer text;
	int result;

	/* A file that is as large as allowed needs room for one more read, which finds its end. */
	buffer_init(&text, LARGEST_FILE + BUFFER_STEP);
	result = read_file(path, &text);
	if (result != 0)
		(void)failure_set(why, FAILURE_LOCAL, "cannot read config file '%s': %s", r.path,
		    errno == EFBIG ? "not a regular file of at most 1 MiB" : strerror(errno));
	if (result == 0)
		result = parse(&r, buffer_slice(&text), check_events);
	if (result == 0)
		result = parse(&r, buffer_slice(&text), read_document);
	buffer_release(&text);
	return result;
}
