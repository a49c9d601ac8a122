/* settings_ask.c - questions about settings that were read: where one stands, its number. See settings.h. */
#include <string.h>

#include "host/settings.h"

const struct place *settings_place(const struct node *map, const char *name, const struct place *at)
{
    const struct node *node = tree_get(map, name);

    return node ? &node->place : at;
}

bool settings_number(const struct item *item, const void *settings, const char *name, double *out)
{
    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];
        const char *field = (const char *)settings + p->offset;

        if (strcmp(p->name, name))
            continue;
        switch ((fell_ptype)p->type) {
        case FELL_P_INT:
            *out = (double)*(const int64_t *)field;
            return true;
        case FELL_P_FLOAT:
            *out = *(const double *)field;
            return true;
        case FELL_P_BOOL:
            *out = *(const bool *)field;
            return true;
        case FELL_P_ENUM:
            *out = *(const int32_t *)field;
            return true;
        default:
            return false;
        }
    }
    return false;
}
