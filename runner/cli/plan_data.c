/* plan_data.c - see plan_data.h. */
#include "cli/plan_data.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/real.h"
#include "base/text.h"
#include "cli/display.h"

enum { COLUMNS_SHOWN = 20, WORDS_SHOWN = 12 };

static double number(const cJSON *object, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);

    return v ? v->valuedouble : 0;
}

static void add_words(struct strbuf *b, const cJSON *words)
{
    const int n = cJSON_GetArraySize(words);
    int k = 0;

    strbuf_addf(b, "category of %d: ", n);
    for (const cJSON *w = words->child; w && k < WORDS_SHOWN; w = w->next, k++) {
        strbuf_add(b, k ? ", " : "");
        display_add(b, cJSON_GetStringValue(w), -1);
    }
    if (n > k)
        strbuf_addf(b, ", and %d more", n - k);
}

static void print_column(const cJSON *column)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(column, "name"));
    const cJSON *words = cJSON_GetObjectItem(column, "words");
    const double missing = number(column, "missing");
    struct strbuf b = {0};
    char min[32], max[32];

    if (words) {
        add_words(&b, words);
    } else {
        text_from_double(number(column, "min"), min);
        text_from_double(number(column, "max"), max);
        strbuf_addf(&b, "number, %s to %s", min, max);
    }
    if (cJSON_HasObjectItem(column, "embed"))
        strbuf_addf(&b, "; a vector of %.0f for each", number(column, "embed"));
    if (missing > 0)
        strbuf_addf(&b, "; %.0f missing", missing);
    if (name && *name) {
        struct strbuf shown = {0};

        display_add(&shown, name, -1);
        printf("    %s: %s\n", shown.text, b.text);
        strbuf_release(&shown);
    } else {
        printf("    column %.0f: %s\n", number(column, "number") + 1, b.text);
    }
    strbuf_release(&b);
}

static void print_classes(const cJSON *classes)
{
    const int n = cJSON_GetArraySize(classes);
    struct strbuf b = {0};
    int k = 0;

    for (const cJSON *c = classes->child; c && k < COLUMNS_SHOWN; c = c->next, k++) {
        const cJSON *name = cJSON_GetObjectItem(c, "name");

        strbuf_add(&b, k ? ", " : "");
        if (cJSON_IsString(name))
            display_add(&b, name->valuestring, -1);
        else
            strbuf_addf(&b, "%.0f", name ? name->valuedouble : 0);
        strbuf_addf(&b, " %.0f", number(c, "rows"));
    }
    if (n > k)
        strbuf_addf(&b, ", and %d more", n - k);
    printf("    %d class%s: %s rows\n", n, n == 1 ? "" : "es", b.text);
    strbuf_release(&b);
}

static void print_targets(const cJSON *targets)
{
    const int n = cJSON_GetArraySize(targets);
    struct strbuf b = {0};
    char min[32], max[32];

    for (const cJSON *t = targets->child; t; t = t->next) {
        text_from_float((float)number(t, "min"), min);
        text_from_float((float)number(t, "max"), max);
        strbuf_addf(&b, "%s%s to %s", t == targets->child ? "" : ", ", min, max);
    }
    printf("    target%s: %s\n", n == 1 ? "" : "s", b.text);
    strbuf_release(&b);
}

void plan_data_print(const cJSON *data)
{
    const cJSON *set;

    cJSON_ArrayForEach(set, data)
    {
        const char *found = cJSON_GetStringValue(cJSON_GetObjectItem(set, "found"));
        const cJSON *columns = cJSON_GetObjectItem(set, "columns"),
                    *classes = cJSON_GetObjectItem(set, "classes"),
                    *targets = cJSON_GetObjectItem(set, "targets");
        const int n = cJSON_GetArraySize(columns);
        int k = 0;

        if (!n && !classes && !targets)
            continue;
        printf("  %s: %s, %.0f rows%s%s\n", cJSON_GetStringValue(cJSON_GetObjectItem(set, "set")),
               cJSON_GetStringValue(cJSON_GetObjectItem(set, "dataset")), number(set, "rows"),
               found ? ", " : "", found ? found : "");
        for (const cJSON *c = columns ? columns->child : NULL; c && k < COLUMNS_SHOWN; c = c->next, k++)
            print_column(c);
        if (n > k)
            printf("    and %d more columns\n", n - k);
        if (classes)
            print_classes(classes);
        else if (targets)
            print_targets(targets);
    }
}
