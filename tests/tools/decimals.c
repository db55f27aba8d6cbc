/*
 * decimals: one answer to each line of the standard input, by common/text/decimal.h.
 *
 *	parse A      "12.5", or "-" if it is none
 *	value A      the double, as printf's %a
 *	add A B, subtract A B, multiply A B
 *	             the result, or "-" if it does not fit
 *	compare A B  -1, 0 or 1
 */
#include <stdio.h>
#include <string.h>

#include "common/text/decimal.h"

enum { WORDS = 3 };

static size_t
split(char *line, char *words[WORDS])
{
	size_t count = 0;
	char *rest = line;

	while (count < WORDS && (words[count] = strsep(&rest, " \n")) != NULL && words[count][0] != '\0')
		count++;
	return count;
}

static bool
calculate(const char *what, struct decimal a, struct decimal b, struct decimal *result)
{
	if (strcmp(what, "add") == 0)
		return decimal_add(a, b, result);
	if (strcmp(what, "subtract") == 0)
		return decimal_subtract(a, b, result);
	if (strcmp(what, "multiply") == 0)
		return decimal_multiply(a, b, result);
	*result = a;
	return true;
}

/* What to print. */
static const char *
answer(char *words[WORDS], size_t count, char text[DECIMAL_TEXT])
{
	struct decimal a, b = { 0, 0 }, result;

	if (count < 2 || !decimal_parse(SLICE(words[1]), &a) ||
	    (count > 2 && !decimal_parse(SLICE(words[2]), &b)))
		return "-";
	if (strcmp(words[0], "value") == 0)
		(void)snprintf(text, DECIMAL_TEXT, "%a", decimal_value(a));
	else if (strcmp(words[0], "compare") == 0)
		(void)snprintf(text, DECIMAL_TEXT, "%d", decimal_compare(a, b));
	else if (calculate(words[0], a, b, &result))
		(void)decimal_text(result, text);
	else
		return "-";
	return text;
}

int
main(void)
{
	char line[512], text[DECIMAL_TEXT], *words[WORDS];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t count = split(line, words);

		(void)puts(answer(words, count, text));
	}
	return ferror(stdin) || fflush(stdout) != 0;
}
