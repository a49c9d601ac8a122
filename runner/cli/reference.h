/* reference.h - between the files that write the reference pages.
 */
#ifndef CLI_REFERENCE_H
#define CLI_REFERENCE_H

#include <stdio.h>

#include "base/error.h"
#include "base/mem.h"

/* A page of FOLDER, with its heading; NULL and an error where it cannot be written. */
FILE *reference_begin(const char *folder, const char *file, const char *title, struct error *err);
status reference_finish(FILE *to, struct error *err);

/* A whole, short spec that uses the bundled plugin NAME of KIND ("layer"), appended to OUT as YAML. */
void reference_example(const char *kind, const char *name, struct strbuf *out);

/* spec.md: every section with its keys. */
status reference_spec_page(const char *folder, struct error *err);

#endif
