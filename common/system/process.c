/* A limit on the size of core files would not do: the kernel passes it over where a program takes the dumps.
 */

#include <stdlib.h>
#include <sys/prctl.h>

#include "common/system/process.h"
#include "common/text/text.h"

void
process_forbid_dumps(void)
{
	const char *wanted = getenv("ARBWATCH_CORE_DUMPS");

	if (wanted == NULL || text_boolean(wanted) != 1)
		(void)prctl(PR_SET_DUMPABLE, 0);
}
