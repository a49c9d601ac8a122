/* diag.h - the errors of a spec: collected in one pass, shown sorted by place,
 * each with its source line, a caret and the nearest valid name.
 *
 *     fashion.yaml:14:18: error: 'sgd' has no setting 'momentun'; did you mean 'momentum'?
 *        14 |   sgd: {lr: 0.1, momentun: 0.9}
 *           |                  ^~~~~~~~
 */
#ifndef YAML_DIAG_H
#define YAML_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "yaml/tree.h"

struct diag;

struct diag *diag_new(void);
void diag_free(struct diag *d);

/* AT may be NULL: an error of no place ("fell: error: ..."). The same message at
 * the same place is kept once. Returns FAILED. */
__attribute__((format(printf, 3, 4))) status diag_error(struct diag *d, const struct place *at,
                                                        const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void diag_warn(struct diag *d, const struct place *at, const char *fmt,
                                                     ...);

/* No further error that points to AT is kept: one that is there already says what is wrong. */
void diag_mute(struct diag *d, const struct place *at);

size_t diag_errors(const struct diag *d);
size_t diag_warnings(const struct diag *d);
/* Whether a warning in D, wherever it points, has this text. */
bool diag_has_warned(struct diag *d, const char *text);

/* All, sorted by file, line, column; with COLOR for terminals. */
void diag_print(const struct diag *d, FILE *to, bool color);
void diag_write(const struct diag *d, struct strbuf *out, bool color);

#endif
