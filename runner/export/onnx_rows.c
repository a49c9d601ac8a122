/* onnx_rows.c - see onnx_rows.h: how a row of the tables becomes nodes. */
#include "export/onnx_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"

const struct onnx_row *onnx_find(const struct onnx_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

double onnx_setting(const struct onnx_entry *e, const char *name)
{
    double v = 0.0;

    (void)settings_number(e->item, e->settings, name, &v);
    return v;
}

fell_ints onnx_ints(const struct onnx_entry *e, const char *name)
{
    for (size_t i = 0; i < e->item->nparams; i++)
        if (strcmp(e->item->params[i].name, name) == 0 && e->item->params[i].type == FELL_P_INTS)
            return *(const fell_ints *)(const void *)((const char *)e->settings + e->item->params[i].offset);
    return (fell_ints){NULL, 0};
}

int64_t onnx_number(const struct onnx_entry *e, const char *name, int64_t a)
{
    const fell_ints list = onnx_ints(e, name);

    if (list.n)
        return list.v[list.n > 1 ? a : 0];
    return (int64_t)onnx_setting(e, name);
}

static struct onnx_held *find_held(struct onnx_held *held, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(held[i].name, name) == 0)
            return &held[i];
    return NULL;
}

const struct onnx_held *onnx_held(const struct onnx_entry *e, const char *name)
{
    return find_held(e->tensor, e->ntensors, name);
}

/* Another one, whose values are to be filled in. */
static struct onnx_held *make(struct onnx_entry *e, const char *name, fell_shape shape)
{
    struct onnx_held *h = &e->made[e->nmade];

    e->nmade += e->nmade + 1 < ONNX_MADE;
    *h = (struct onnx_held){.name = name, .shape = shape};
    return h;
}

float *onnx_make(struct onnx_entry *e, const char *name, fell_shape shape)
{
    float *values = arena_alloc(onnx_arena(e->graph), (size_t)fell_size(&shape) * sizeof *values);

    make(e, name, shape)->floats = values;
    return values;
}

double *onnx_make_doubles(struct onnx_entry *e, const char *name, fell_shape shape)
{
    double *values = arena_alloc(onnx_arena(e->graph), (size_t)fell_size(&shape) * sizeof *values);

    make(e, name, shape)->doubles = values;
    return values;
}

int64_t *onnx_make_ints(struct onnx_entry *e, const char *name, int64_t n)
{
    int64_t *values = arena_alloc(onnx_arena(e->graph), (size_t)n * sizeof *values);

    make(e, name, fell_vec(n))->ints = values;
    return values;
}

void onnx_make_unless(struct onnx_entry *e, const char *name, int64_t n, float value)
{
    float *values;

    if (onnx_held(e, name))
        return;
    values = onnx_make(e, name, fell_vec(n));
    for (int64_t i = 0; i < n; i++)
        values[i] = value;
}

const char *onnx_dims(struct onnx_entry *e, const fell_shape *s)
{
    struct strbuf b = {0};
    const char *text;

    for (int64_t i = 0; i < s->rank; i++)
        strbuf_addf(&b, "%s%lld", i ? "," : "", (long long)s->dim[i]);
    text = onnx_format(e, "%s", b.text);
    strbuf_release(&b);
    return text;
}

const char *onnx_cannot(struct onnx_entry *e, const char *why)
{
    snprintf(e->why, sizeof e->why, "%s", why);
    return NULL;
}

/* The value @NAME, into the graph the first time; in the type of the entry's numbers. */
static const char *value_of(void *arg, const char *name)
{
    struct onnx_entry *e = arg;
    struct onnx_held *h = find_held(e->made, e->nmade, name);
    const fell_shape *s;
    const void *values;
    enum onnx_type type;
    float *narrow;

    if (!h)
        h = find_held(e->tensor, e->ntensors, name);
    if (!h)
        return ""; /* not in use */
    if (h->value)
        return h->value;
    type = h->ints ? ONNX_INT64 : h->doubles ? e->type : ONNX_FLOAT;
    s = &h->shape;
    values = h->ints ? (const void *)h->ints : h->doubles ? (const void *)h->doubles : h->floats;
    if (h->doubles && type == ONNX_FLOAT) {
        narrow = arena_alloc(onnx_arena(e->graph), (size_t)fell_size(s) * sizeof *narrow);
        for (int64_t i = 0; i < fell_size(s); i++)
            narrow[i] = (float)h->doubles[i];
        values = narrow;
    }
    h->value = onnx_tensor(e->graph, onnx_format(e, "%s.%s", e->name, name), type, s->rank, s->dim, values);
    return h->value;
}

status onnx_say(struct onnx_entry *e, const struct onnx_row *row, const char **out, bool *can,
                struct error *err)
{
    const struct onnx_scope scope = {.graph = e->graph,
                                     .where = onnx_format(e, "/%s", e->name),
                                     .type = e->type,
                                     .ninputs = e->ninputs,
                                     .input = e->input,
                                     .item = e->item,
                                     .settings = e->settings,
                                     .tensor = value_of,
                                     .arg = e};
    const char *text = row->text ? row->text : row->choose(e);

    *can = text != NULL;
    return text ? onnx_text(&scope, text, out, err) : OK;
}
