#include <stdarg.h>

#include "common/text/array.h"
#include "textfile/parser.h"

static void
add_class(uint8_t classes[256], const char *characters, uint8_t class)
{
	for (; *characters != '\0'; characters++)
		classes[(unsigned char)*characters] |= class;
}

/* As name_valid_metric() and name_valid_label() have it, but for what a name begins with. */
static void
set_classes(uint8_t classes[256])
{
	memset(classes, 0, 128);
	memset(classes + 128, CLASS_VALUE_STOP, 128);
	add_class(
	    classes, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", CLASS_NAME | CLASS_LABEL_NAME);
	add_class(classes, "0123456789", CLASS_NAME | CLASS_LABEL_NAME | CLASS_DIGIT);
	add_class(classes, ":", CLASS_NAME);
	add_class(classes, " \t", CLASS_BLANK | CLASS_WORD_END);
	add_class(classes, "\n", CLASS_WORD_END | CLASS_VALUE_STOP);
	add_class(classes, "\"\\", CLASS_VALUE_STOP);
}

void
parser_init(struct parser *p, struct document *document, struct slice text)
{
	*document = (struct document){ 0 };
	*p = (struct parser){ .document = document, .text = text.at, .length = text.length };
	set_classes(p->classes);
	names_init(&p->names);
}

int
parser_refuse(struct parser *p, const char *rule, const char *format, ...)
{
	va_list arguments;

	/* Whatever the parser stumbled over, it is the CR at the latest. */
	if (p->line_end > p->text && p->line_end[-1] == '\r') {
		fault_report(&p->faults, FAULT_REJECT, p->line, "crlf", "line ends in CR LF");
		return -1;
	}
	va_start(arguments, format);
	fault_report_list(&p->faults, FAULT_REJECT, p->line, rule, format, arguments);
	va_end(arguments);
	return -1;
}

int
parser_no_memory(struct parser *p)
{
	p->out_of_memory = true;
	return -1;
}

/* How many there will be in all of the text, if it goes on as it did up to `at`; and a few more. */
static size_t
expected(const struct parser *p, const char *at, size_t count)
{
	double seen = (double)(at - p->text) + 1, all = (double)p->length;

	return (size_t)((double)count * (all / seen) * 1.05);
}

int
parser_make_room_for_sample(struct parser *p, const char *at, size_t count)
{
	struct sample *samples;

	if (count <= p->samples_room)
		return 0;
	samples = array_reserve(
	    p->document->samples, &p->samples_room, count, expected(p, at, count), sizeof(*samples));
	if (samples == NULL)
		return parser_no_memory(p);
	p->document->samples = samples;
	return 0;
}

int
parser_make_room_for_label(struct parser *p, const char *at, size_t count)
{
	struct label *labels;

	if (count <= p->labels_room)
		return 0;
	labels = array_reserve(
	    p->document->labels, &p->labels_room, count, expected(p, at, count), sizeof(*labels));
	if (labels == NULL)
		return parser_no_memory(p);
	p->document->labels = labels;
	return 0;
}
