#include "common/version.h"

const char version_number[] = VERSION;
const char version_revision[] = REVISION;
