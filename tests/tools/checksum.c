/* checksum <TEXT: print the text with the checksum line that our files end with. */

#include <stdio.h>
#include <stdlib.h>

#include "textfile/state.h"

enum { LARGEST = 16 * 1024 * 1024 };

int
main(void)
{
	struct buffer text;
	int byte;

	buffer_init(&text, LARGEST);
	while ((byte = getchar()) != EOF)
		buffer_append(&text, &(char){ (char)byte }, 1);
	checksum_append(&text);
	if (!text.failed)
		(void)fwrite(text.text, 1, text.length, stdout);
	buffer_release(&text);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
