/*
 * The only file that is compiled with version and commit: a new commit
 * compiles this one again, and nothing else.  The texts are for --version,
 * ..._build_info, and the evidence of preflight.
 */

#include "common/version.h"

const char version_number[] = VERSION;
const char version_revision[] = REVISION;
