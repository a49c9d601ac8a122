/* onnx_text.c - see onnx_text.h. A reader by recursive descent; it makes nodes while it reads. */
#include "export/onnx_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { MOST_ARGUMENTS = 8, MOST_NAMES = 16, MOST_NUMBERS = 16, MOST_ATTRIBUTES = 8, NAME_SIZE = 64 };

struct reader {
    const struct onnx_scope *s;
    const char *at;
    bool good;
    size_t nnames;
    char name[MOST_NAMES][NAME_SIZE];
    const char *value[MOST_NAMES];
};

static void skip(struct reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static bool take(struct reader *r, const char *word)
{
    skip(r);
    if (strncmp(r->at, word, strlen(word)) != 0)
        return false;
    r->at += strlen(word);
    return true;
}

static void expect(struct reader *r, const char *word)
{
    r->good = r->good && take(r, word);
}

/* Letters, digits and what is in MORE. */
static void read_name(struct reader *r, const char *more, char name[NAME_SIZE])
{
    size_t n = 0;

    skip(r);
    while (n + 1 < NAME_SIZE &&
           (isalnum((unsigned char)r->at[n]) || r->at[n] == '_' || (r->at[n] && strchr(more, r->at[n]))))
        n++;
    memcpy(name, r->at, n);
    name[n] = '\0';
    r->good = r->good && n > 0;
    r->at += n;
}

static double read_number(struct reader *r, bool *point)
{
    char *end;
    double v;

    skip(r);
    v = strtod(r->at, &end);
    r->good = r->good && end > r->at;
    *point = memchr(r->at, '.', (size_t)(end - r->at)) || memchr(r->at, 'e', (size_t)(end - r->at));
    r->at = end;
    return v;
}

static size_t read_list(struct reader *r, double *v, int64_t *whole)
{
    size_t n = 0;
    bool point;

    while (r->good && n < MOST_NUMBERS && !take(r, "]")) {
        v[n] = read_number(r, &point);
        whole[n] = (int64_t)v[n];
        n++;
        (void)take(r, ",");
    }
    r->good = r->good && r->at[-1] == ']';
    return n;
}

static const char *scalar(struct reader *r, double v)
{
    const float narrow = (float)v;

    return onnx_tensor(r->s->graph, "", r->s->type, 0, NULL,
                       r->s->type == ONNX_FLOAT ? (const void *)&narrow : &v);
}

/* ---- settings and attributes --------------------------------------------------------------- */

static const fell_param *setting(struct reader *r)
{
    char name[NAME_SIZE];

    read_name(r, "", name);
    for (size_t i = 0; r->s->item && i < r->s->item->nparams; i++)
        if (strcmp(r->s->item->params[i].name, name) == 0)
            return &r->s->item->params[i];
    r->good = false;
    return NULL;
}

/* The numbers of setting P, up to MOST_NUMBERS. */
static size_t setting_numbers(const struct reader *r, const fell_param *p, double *v)
{
    const char *at = (const char *)r->s->settings + p->offset;

    switch (p->type) {
    case FELL_P_INT:
        v[0] = (double)*(const int64_t *)(const void *)at;
        return 1;
    case FELL_P_FLOAT:
        v[0] = *(const double *)(const void *)at;
        return 1;
    case FELL_P_BOOL:
        v[0] = *(const bool *)(const void *)at;
        return 1;
    case FELL_P_ENUM:
        v[0] = *(const int32_t *)(const void *)at;
        return 1;
    case FELL_P_INTS: {
        const fell_ints *list = (const fell_ints *)(const void *)at;
        size_t n = 0;

        for (; n < MOST_NUMBERS && (int64_t)n < list->n; n++)
            v[n] = (double)list->v[n];
        return n;
    }
    default:
        return 0;
    }
}

/* $NAME of an attribute. */
static void read_setting(struct reader *r, struct onnx_attribute *a, int64_t *ints)
{
    double v[MOST_NUMBERS] = {0};
    const fell_param *p = setting(r), *other;
    size_t n = p ? setting_numbers(r, p, v) : 0;
    bool point;

    if (take(r, "|")) {
        other = setting(r);
        if (other && (n == 0 || v[0] == 0.0))
            n = setting_numbers(r, other, v);
    }
    r->good = r->good && n > 0;
    if (!r->good)
        return;
    a->number = v[0];
    a->type = p->type == FELL_P_FLOAT ? ONNX_A_FLOAT : ONNX_A_INT;
    if (take(r, ":")) {
        a->type = ONNX_A_INTS;
        a->n = (size_t)read_number(r, &point);
        for (size_t i = 0; i < a->n && i < MOST_NUMBERS; i++)
            ints[i] = (int64_t)v[i % n];
    }
}

/* KEY=VALUE */
static void read_attribute(struct reader *r, struct onnx_attribute *a, int64_t *ints)
{
    struct arena *arena = onnx_arena(r->s->graph);
    double v[MOST_NUMBERS];
    char name[NAME_SIZE];
    bool point;

    read_name(r, "", name);
    *a = (struct onnx_attribute){.name = arena_string(arena, name, strlen(name)), .ints = ints};
    expect(r, "=");
    if (take(r, "$")) {
        read_setting(r, a, ints);
    } else if (take(r, "[")) {
        a->type = ONNX_A_INTS;
        a->n = read_list(r, v, ints);
    } else if (take(r, "'")) {
        const size_t n = strcspn(r->at, "'");

        a->type = ONNX_A_STRINGS;
        a->text = arena_string(arena, r->at, n);
        r->at += n;
        expect(r, "'");
    } else if (isalpha((unsigned char)*r->at)) {
        read_name(r, "", name);
        a->type = strcmp(name, "type") ? ONNX_A_STRING : ONNX_A_INT;
        a->text = arena_string(arena, name, strlen(name));
        a->number = r->s->type;
    } else {
        a->number = read_number(r, &point);
        a->type = point ? ONNX_A_FLOAT : ONNX_A_INT;
    }
}

/* ---- values --------------------------------------------------------------------------------- */

static const char *read_value(struct reader *r);

/* INPUT: room for MOST_ARGUMENTS beside the entry's inputs. */
static size_t read_arguments(struct reader *r, const char **input)
{
    const size_t most = MOST_ARGUMENTS + r->s->ninputs;
    size_t n = 0;

    while (r->good && n < most && !take(r, ")")) {
        if (take(r, "..."))
            for (size_t i = 0; i < r->s->ninputs && n < most; i++)
                input[n++] = r->s->input[i];
        else
            input[n++] = read_value(r);
        (void)take(r, ",");
    }
    r->good = r->good && r->at[-1] == ')';
    return n;
}

/* NAME(...), whose parenthesis was read. Longer than it would be in two: arrays of attributes live here. */
static const char *read_node(struct reader *r, const char *op)
{
    const char **input =
        arena_alloc(onnx_arena(r->s->graph), (MOST_ARGUMENTS + r->s->ninputs) * sizeof *input);
    struct onnx_attribute attribute[MOST_ATTRIBUTES];
    int64_t ints[MOST_ATTRIBUTES][MOST_NUMBERS];
    size_t n = read_arguments(r, input), attributes = 0, number = 0;
    bool point;

    if (*r->at == '.') {
        r->at++;
        number = (size_t)read_number(r, &point);
    }
    if (take(r, "{"))
        while (r->good && attributes < MOST_ATTRIBUTES && !take(r, "}")) {
            read_attribute(r, &attribute[attributes], ints[attributes]);
            attributes++;
            (void)take(r, ",");
        }
    if (!r->good)
        return "";
    if (n == 2 && (!strcmp(op, "Add") || !strcmp(op, "Mul")) && (!*input[0] || !*input[1]))
        return *input[0] ? input[0] : input[1];
    while (n > 0 && !*input[n - 1])
        n--;
    return onnx_node(r->s->graph, r->s->where, op, n, input, number, attributes, attribute);
}

static const char *named(struct reader *r, const char *name)
{
    int64_t i = 0;

    for (size_t k = r->nnames; k-- > 0;)
        if (strcmp(r->name[k], name) == 0)
            return r->value[k];
    if (name[0] == 'x' && (name[1] == '\0' || text_to_int(name + 1, &i)) && i >= 0 &&
        (size_t)i < r->s->ninputs)
        return r->s->input[i];
    r->good = false;
    return "";
}

static const char *read_vector(struct reader *r, bool whole)
{
    double v[MOST_NUMBERS];
    int64_t ints[MOST_NUMBERS];
    float floats[MOST_NUMBERS];
    const int64_t n = (int64_t)read_list(r, v, ints);
    const void *values = whole ? (const void *)ints : r->s->type == ONNX_FLOAT ? (const void *)floats : v;

    for (int64_t i = 0; i < n; i++)
        floats[i] = (float)v[i];
    return onnx_tensor(r->s->graph, "", whole ? ONNX_INT64 : r->s->type, 1, &n, values);
}

static const char *read_value(struct reader *r)
{
    char name[NAME_SIZE];
    const char *value;
    double v[MOST_NUMBERS];
    int64_t whole;
    bool point;

    if (take(r, "@")) {
        read_name(r, ".", name);
        value = r->s->tensor(r->s->arg, name);
        r->good = r->good && value;
        return value ? value : "";
    }
    if (take(r, "$")) {
        const fell_param *p = setting(r);

        r->good = r->good && setting_numbers(r, p, v) == 1;
        return r->good ? scalar(r, v[0]) : "";
    }
    if (take(r, "#")) {
        whole = (int64_t)read_number(r, &point);
        return onnx_tensor(r->s->graph, "", ONNX_INT64, 0, NULL, &whole);
    }
    if (take(r, "["))
        return read_vector(r, true);
    if (take(r, "f["))
        return read_vector(r, false);
    if (isdigit((unsigned char)*r->at) || *r->at == '-')
        return scalar(r, read_number(r, &point));
    read_name(r, "", name);
    if (take(r, "("))
        return read_node(r, name);
    return !r->good || strcmp(name, "_") == 0 ? "" : named(r, name);
}

/* NAME = VALUE; the name is that of an assignment where "=" follows. */
static bool read_assignment(struct reader *r)
{
    const char *before = r->at;
    char name[NAME_SIZE];
    bool good = r->good;

    read_name(r, "", name);
    if (!r->good || !take(r, "=")) {
        r->at = before;
        r->good = good;
        return false;
    }
    if (r->nnames == MOST_NAMES) {
        r->good = false;
        return false;
    }
    r->value[r->nnames] = read_value(r);
    memcpy(r->name[r->nnames++], name, NAME_SIZE);
    expect(r, ";");
    return true;
}

status onnx_text(const struct onnx_scope *s, const char *text, const char **out, struct error *err)
{
    struct reader r = {.s = s, .at = text, .good = true};
    const char *value = "";

    while (r.good && read_assignment(&r))
        ;
    if (r.good)
        value = read_value(&r);
    skip(&r);
    *out = value; /* not before: it may be an input */
    if (r.good && !*r.at && *value)
        return OK;
    return error_set(err, "%s: the table of ONNX operators is wrong at '%.40s'", s->where, r.at);
}
