#include <stdio.h>

#include "common/text/utf8.h"
#include "textfile/fault.h"

static void
make_printable(char *text)
{
	size_t length = strlen(text), size;

	for (size_t i = 0; i < length; i += size) {
		size = utf8_character(text + i, length - i);
		if (size > 1)
			continue;
		if (size == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
		size = 1;
	}
}

void
fault_report_list(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, va_list arguments)
{
	struct fault fault = { .class = class, .line = line, .rule = rule };

	faults->count++;
	if (faults->report == NULL)
		return;
	(void)vsnprintf(fault.text, sizeof(fault.text), format, arguments);
	make_printable(fault.text);
	faults->report(faults->context, &fault);
}

void
fault_report(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fault_report_list(faults, class, line, rule, format, arguments);
	va_end(arguments);
}

const char *fault_class_name(enum fault_class class)
{
	static const char *const names[] = {
		[FAULT_REJECT] = "reject",
		[FAULT_DROP] = "drop",
		[FAULT_MISREAD] = "misread",
		[FAULT_CRASH] = "crash",
	};

	return names[class];
}
