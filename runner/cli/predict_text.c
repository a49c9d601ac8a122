/* predict_text.c - see predict_text.h.
 *
 * The vocabulary has each unit as the dataset `text` tells it: what does not print is written as in C. Here
 * the units get their own bytes again, and a prompt is cut into units as that dataset cuts a text.
 */
#include "cli/predict_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/query.h"
#include "engine/generate.h"
#include "host/settings.h"

/* ---- units --------------------------------------------------------------------------------- */

enum unit_kind { UNIT_CHAR, UNIT_BYTE, UNIT_WORD };
static const char *const kind_words[] = {"char", "byte", "word"};

struct units {
    enum unit_kind kind;
    int64_t n;
    struct unit {
        char *bytes; /* [len], a NUL behind */
        size_t len;
        int64_t number;
    } * unit;           /* [n] by number */
    struct unit *order; /* [n] by their bytes */
};

/* \n \t \r \\ \xHH of a name as bytes. */
static struct unit unit_of(const char *name, int64_t number)
{
    static const char letter[] = "ntr\\", special[] = "\n\t\r\\";
    struct unit u = {.bytes = mem_alloc(strlen(name) + 1), .number = number};
    const char *known;
    unsigned code;

    for (const char *p = name; *p; p++) {
        if (*p == '\\' && p[1] && (known = strchr(letter, p[1]))) {
            u.bytes[u.len++] = special[known - letter];
            p++;
        } else if (*p == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &code) == 1) {
            u.bytes[u.len++] = (char)code;
            p += 3;
        } else {
            u.bytes[u.len++] = *p;
        }
    }
    return u;
}

static int by_bytes(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;
    const int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static status units_read(const struct trained *t, struct units *u, struct error *err)
{
    const fell_data_info *info = &t->fitted->source;
    const struct choice *source = &t->spec->data.source;
    double kind = 0.0;

    *u = (struct units){.n = 0};
    if (!info->vocabulary || info->nclasses != info->vocabulary || !info->class_names)
        return error_set(err, "--generate: the net reads no text; only one of the dataset 'text' writes on");
    (void)settings_number(source->item, source->settings, "unit", &kind);
    u->kind = (enum unit_kind)kind;
    u->n = info->nclasses;
    u->unit = mem_array((size_t)u->n, sizeof *u->unit);
    u->order = mem_array((size_t)u->n, sizeof *u->order);
    for (int64_t i = 0; i < u->n; i++)
        u->order[i] = u->unit[i] = unit_of(info->class_names[i], i);
    qsort(u->order, (size_t)u->n, sizeof *u->order, by_bytes);
    return OK;
}

static void units_release(struct units *u)
{
    for (int64_t i = 0; i < u->n; i++)
        free(u->unit[i].bytes);
    free(u->unit);
    free(u->order);
}

/* The bytes of the unit at *P, which moves over blanks before words; 0: there is none. */
static size_t next_unit(const struct units *u, const char **p)
{
    const char *end = *p + strlen(*p);
    uint32_t code;
    size_t n;

    if (u->kind == UNIT_WORD) {
        *p += strspn(*p, " \t\n\r\v\f");
        return strcspn(*p, " \t\n\r\v\f");
    }
    if (!**p)
        return 0;
    n = u->kind == UNIT_BYTE ? 1 : text_character(*p, end, &code);
    return n ? n : 1;
}

/* The numbers of PROMPT in *OUT (free() it). Errors: it is empty; a unit that the net does not know. */
static status encode(const struct units *u, const char *prompt, int64_t **out, int64_t *n, struct error *err)
{
    *out = mem_array(strlen(prompt) + 1, sizeof **out);
    *n = 0;
    for (size_t len; (len = next_unit(u, &prompt)) > 0; prompt += len) {
        const struct unit key = {.bytes = (char *)(uintptr_t)prompt, .len = len};
        const struct unit *found = bsearch(&key, u->order, (size_t)u->n, sizeof key, by_bytes);

        if (!found)
            return error_set(err, "--prompt: the net does not know the %s '%.*s'; its text had %lld others",
                             u->kind == UNIT_WORD   ? "word"
                             : u->kind == UNIT_BYTE ? "byte"
                                                    : "character",
                             (int)(len < 64 ? len : 64), prompt, (long long)u->n);
        (*out)[(*n)++] = found->number;
    }
    return *n ? OK
              : error_set(err, "--prompt: the net begins behind a text: name at least one %s",
                          u->kind == UNIT_WORD ? "word" : kind_words[u->kind]);
}

/* ---- writing -------------------------------------------------------------------------------- */

struct text_out {
    const struct units *u;
    const fell_data_info *info;
    FILE *to;
    bool json;
    int64_t n;
};

static status put_unit(void *arg, int64_t number, double p, struct error *err)
{
    struct text_out *o = arg;
    const struct unit *u = &o->u->unit[number];

    o->n++;
    if (o->json) {
        cJSON *line = cJSON_CreateObject();
        char *printed;

        cJSON_AddNumberToObject(line, "step", (double)o->n);
        cJSON_AddStringToObject(line, "unit", o->info->class_names[number]);
        cJSON_AddNumberToObject(line, "probability", p);
        printed = cJSON_PrintUnformatted(line);
        fprintf(o->to, "%s\n", printed ? printed : "{}");
        cJSON_free(printed);
        cJSON_Delete(line);
    } else {
        if (o->u->kind == UNIT_WORD)
            fputc(' ', o->to);
        fwrite(u->bytes, 1, u->len, o->to);
    }
    return ferror(o->to) ? query_put_all(o->to, err) : OK;
}

status predict_text(struct trained *t, FILE *to, struct error *err)
{
    const struct call *c = t->call;
    struct generation g = {.n = c->generate,
                           .temperature = c->temperature >= 0.0 ? c->temperature : 1.0,
                           .top_k = c->top_k > 0 ? c->top_k : 0,
                           .seed = c->draw_seed >= 0 ? (uint64_t)c->draw_seed : 1};
    struct units u;
    struct text_out out = {.u = &u, .info = &t->fitted->source, .to = to, .json = c->json};
    struct problem p = {.index = 0};
    struct data *data = NULL;
    int64_t *prompt = NULL;
    status result = units_read(t, &u, err);

    if (result == OK)
        result = encode(&u, c->prompt, &prompt, &g.nprompt, err);
    g.prompt = prompt;
    if (result == OK && fitted_blank(t->fitted, t->spec, &t->env, 1, NULL, &data, &p) != OK)
        result = error_set(err, "%.2000s", p.text);
    if (result == OK && !c->json)
        fputs(c->prompt, to);
    if (result == OK && generate(t->spec, data, &t->env, t->weights, &g, put_unit, &out, &p) != OK)
        result = error_set(err, "%.2000s", p.text);
    if (result == OK && !c->json)
        fputc('\n', to);
    if (result == OK)
        result = query_put_all(to, err);
    data_free(data);
    free(prompt);
    units_release(&u);
    return result;
}
