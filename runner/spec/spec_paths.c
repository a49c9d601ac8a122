/* spec_paths.c - see spec_paths.h. Called where experiments and runs are told apart. */
#include "spec/spec_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/named_paths.h"
#include "base/text.h"

/* ---- each ------------------------------------------------------------------------------- */

struct visit {
    spec_path_fn *fn;
    void *arg;
};

static void visit_choice(void *arg, const char *section, int index, const struct choice *c)
{
    const struct visit *v = arg;

    for (size_t i = 0; c->item && i < c->item->nparams; i++) {
        const fell_param *p = &c->item->params[i];
        const void *field = (const char *)c->settings + p->offset;
        const fell_strings *list = field;
        const char *path = p->type == FELL_P_STRING ? *(const char *const *)field : NULL;

        if (!(p->flags & FELL_PATH))
            continue;
        if (path && *path)
            v->fn(v->arg, section, index, p->name, -1, path);
        for (int64_t k = 0; p->type == FELL_P_STRINGS && k < list->n; k++)
            v->fn(v->arg, section, index, p->name, k, list->v[k]);
    }
}

void spec_each_path(const struct spec *s, spec_path_fn *fn, void *arg)
{
    struct visit v = {fn, arg};

    spec_each_choice(s, visit_choice, &v);
    if (s->train.initial_weights)
        fn(arg, "train", 0, "initial_weights", -1, s->train.initial_weights);
    if (s->train.masks)
        fn(arg, "train", 0, "masks", -1, s->train.masks);
}

struct path_visit {
    const char *from;
    struct error *err;
    status result;
};

static void check_path(void *arg, const char *section, int index, const char *setting, int64_t item,
                       const char *path)
{
    struct path_visit *c = arg;

    (void)section;
    (void)index;
    (void)setting;
    (void)item;
    if (c->result == OK)
        c->result = named_paths_check(path, c->from, c->err);
}

status spec_check_paths(const struct spec *s, const char *from, struct error *err)
{
    struct path_visit c = {.from = from, .err = err};

    spec_each_path(s, check_path, &c);
    return c.result;
}

/* ---- other names --------------------------------------------------------------------------- */

struct path_list {
    size_t n;
    struct renamed {
        const char *path;
        char *json; /* "\"...\"", as it is in the text */
    } * list;
};

static char *json_text(const char *text)
{
    cJSON *string = cJSON_CreateString(text);
    char *printed = cJSON_PrintUnformatted(string);

    cJSON_Delete(string);
    return printed;
}

static void add_path(void *arg, const char *section, int index, const char *setting, int64_t item,
                     const char *path)
{
    struct path_list *p = arg;

    (void)section;
    (void)index;
    (void)setting;
    (void)item;
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->list[i].path, path) == 0)
            return;
    p->list = mem_grow(p->list, p->n + 1, sizeof *p->list);
    p->list[p->n++] = (struct renamed){path, json_text(path)};
}

/* The length of the JSON text that begins at P, its quotes included. */
static size_t string_length(const char *p)
{
    size_t n = 1;

    while (p[n] && p[n] != '"')
        n += p[n] == '\\' && p[n + 1] ? 2 : 1;
    return n + (p[n] == '"');
}

char *spec_rename_paths(const struct spec *s, const char *resolved,
                        const char *(*name)(void *arg, const char *path), void *arg)
{
    struct path_list paths = {0};
    struct strbuf out = {0};

    spec_each_path(s, add_path, &paths);
    for (const char *p = resolved; paths.n && *p;) {
        const size_t n = *p == '"' ? string_length(p) : strcspn(p, "\"");
        size_t i = 0;

        while (i < paths.n &&
               (*p != '"' || strlen(paths.list[i].json) != n || memcmp(paths.list[i].json, p, n) != 0))
            i++;
        if (i < paths.n) {
            char *json = json_text(name(arg, paths.list[i].path));

            strbuf_add(&out, json);
            free(json);
        } else {
            strbuf_addn(&out, p, n);
        }
        p += n;
    }
    for (size_t i = 0; i < paths.n; i++)
        free(paths.list[i].json);
    free(paths.list);
    return out.text;
}
