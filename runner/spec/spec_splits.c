/* spec_splits.c - which splits a spec has, asked in this one place. See spec.h. */
#include "spec/spec.h"

bool spec_has_validation(const struct spec *s)
{
    return s->data.validation.item || s->data.validation_share > 0 || s->data.folds > 0;
}

bool spec_has_split(const struct spec *s, enum split split)
{
    return split == SPLIT_TRAIN || (split == SPLIT_TEST ? s->data.test.item != NULL : spec_has_validation(s));
}
