/* templates.h - the plugins to start from as texts in the program: templates/WORD.c is template_WORD_c.
 * templates.c is made of them by embed.awk when the program is built.
 */
#ifndef CLI_TEMPLATES_H
#define CLI_TEMPLATES_H

#include "host/kinds.h"

#define TEMPLATE(ROLE, KIND, word) extern const char template_##word##_c[];
ROLES(TEMPLATE)
#undef TEMPLATE

#endif
