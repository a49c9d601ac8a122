/* spec_schema.h - the language of a spec as JSON Schema, for editors.
 *
 * Made from the tables of spec_keys.h and of every plugin that can be found, so that it
 * says what the reader reads. It is draft 7: every version of yaml-language-server (and so
 * VS Code, Neovim, Emacs and others) completes and checks by it, where 2020-12 came late and
 * is not known to all; nothing here needs more than draft 7 has.
 *
 * What a schema cannot say is left to `fell check`: names of earlier entries, shapes, data,
 * numbers in quotes that are out of range. What `fell check` accepts the schema accepts.
 */
#ifndef SPEC_SCHEMA_H
#define SPEC_SCHEMA_H

#include <cjson/cJSON.h>

#include "host/registry.h"

/* The whole schema; the caller deletes it. */
cJSON *spec_schema(struct registry *r);

#endif
