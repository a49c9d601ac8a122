/* glossary.h - the terms of an explanation, each with a sentence. */
#ifndef EXPLAIN_GLOSSARY_H
#define EXPLAIN_GLOSSARY_H

#include "base/mem.h"

/* Where TERM stands in the list, -1: nowhere. */
int glossary_find(const char *term);

/* Term I and its sentence, in the markup of page.h; NULL behind the last. At most 64. */
const char *glossary_term(int i);
const char *glossary_sentence(int i);

/* "term-learning-rate" */
const char *glossary_anchor(struct arena *arena, const char *term);

#endif
