/* version.c - the program's version, as configure.ac has it. */
#include "base/version.h"

const char program_version[] = PACKAGE_VERSION;
