/* predict_write.c - see predict_write.h.
 *
 * A row is `row` (its number in the file, from 1), its `file` where rows have names, and
 *   of classes   `step` where a row has several, `class` by name, and of each class its probability
 *   of yes / no  for each target the answer, and its probability or, where the loss knows none, its score
 *   of values    each target in its own units; outputs that are no targets by number
 * Numbers have as many digits as it takes to read back the same float.
 */
#include "cli/predict_write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "cli/query.h"

/* ---- names and numbers ---------------------------------------------------------------- */

static void add_float(struct strbuf *b, bool json, double v)
{
    char text[32];

    if (json && !isfinite(v)) {
        strbuf_add(b, "null");
        return;
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtof(text, NULL) == (float)v)
            break;
    }
    strbuf_add(b, text);
}

/* A field of a CSV, in quotes where RFC 4180 wants them. */
static void add_field(struct strbuf *b, const char *text)
{
    if (!strpbrk(text, ",\"\r\n") && text[0] != ' ' && text[0] != '\0') {
        strbuf_add(b, text);
        return;
    }
    strbuf_add(b, "\"");
    for (; *text; text++)
        strbuf_addf(b, *text == '"' ? "\"%c" : "%c", *text);
    strbuf_add(b, "\"");
}

/* A JSON string. */
static void add_string(struct strbuf *b, const char *text)
{
    cJSON *json = cJSON_CreateString(text);
    char *printed = cJSON_PrintUnformatted(json);

    safe_json(b, printed ? printed : "\"\"");
    cJSON_free(printed);
    cJSON_Delete(json);
}

/* Class K: its name, or its number. */
static const char *class_name(const struct answers *a, int64_t k, char number[32])
{
    if (a->data->class_names && k < a->data->nclasses)
        return a->data->class_names[k];
    snprintf(number, 32, "%lld", (long long)k);
    return number;
}

/* Target or output K of SIZE. */
static void target_name(const struct answers *a, int64_t size, int64_t k, struct strbuf *out)
{
    out->len = 0;
    if (size != a->data->target_size)
        strbuf_addf(out, "output_%lld", (long long)k + 1);
    else if ((size_t)k < a->ntargets && (int64_t)a->ntargets == size)
        strbuf_add(out, a->target[k]);
    else if (size == 1)
        strbuf_add(out, "target");
    else
        strbuf_addf(out, "target_%lld", (long long)k + 1);
}

/* ---- what an output says ---------------------------------------------------------------- */

static bool asks(const struct answer_form *f)
{
    return f->high > f->low;
}

/* One output alone: a probability, or a value that the loss takes the logarithm of. */
static double meant(const struct answer_form *f, double y)
{
    switch (f->is) {
    case FELL_LOGIT:
        return y >= 0 ? 1.0 / (1.0 + exp(-y)) : exp(y) / (1.0 + exp(y));
    case FELL_LOGPROB:
    case FELL_LOG:
        return exp(y);
    default:
        return y;
    }
}

/* Outputs of one question of classes: the largest, and the probability of each in P [cols]. */
static int64_t judge(const struct answer_form *f, const float *y, double *p)
{
    int64_t best = 0;
    double sum = 0.0;

    for (int64_t k = 1; k < f->cols; k++)
        best = y[k] > y[best] ? k : best;
    for (int64_t k = 0; k < f->cols; k++) {
        const double v = (double)y[k];

        p[k] = f->is == FELL_LOGIT ? exp(v - (double)y[best]) : f->is == FELL_LOGPROB ? exp(v) : v;
        sum += p[k];
    }
    for (int64_t k = 0; k < f->cols && f->is == FELL_LOGIT; k++)
        p[k] /= sum;
    return best;
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* The name of a column that tells more of NAME: p_NAME, score_NAME. */
static void add_name(const struct answers *a, struct strbuf *b, const char *before, const char *name)
{
    char *whole = mem_format("%s%s", before, name);

    if (a->json) {
        add_string(b, whole);
        strbuf_add(b, ":");
    } else {
        add_field(b, whole);
    }
    free(whole);
}

static const char *score_word(const struct answer_form *f)
{
    return f->is == FELL_REAL ? "score_" : "p_";
}

static void add_header(const struct answers *a, const struct answer_form *f, struct strbuf *b)
{
    struct strbuf name = {0};
    char number[32];

    strbuf_add(b, a->name ? "row,file" : "row");
    if (f->classes) {
        strbuf_add(b, f->rows_each > 1 ? ",step,class" : ",class");
        for (int64_t k = 0; k < f->cols; k++) {
            strbuf_add(b, ",");
            add_name(a, b, f->is == FELL_REAL ? "score_" : "p_", class_name(a, k, number));
        }
    }
    for (int64_t k = 0; k < f->size && !f->classes; k++) {
        target_name(a, f->size, k, &name);
        strbuf_add(b, ",");
        add_name(a, b, "", name.text);
        if (asks(f)) {
            strbuf_add(b, ",");
            add_name(a, b, score_word(f), name.text);
        }
    }
    strbuf_add(b, "\n");
    strbuf_release(&name);
}

static void add_classes(const struct answers *a, const struct answer_form *f, int64_t step, const float *y,
                        double *p, struct strbuf *b)
{
    const int64_t best = judge(f, y, p);
    char number[32];

    if (f->rows_each > 1)
        strbuf_addf(b, a->json ? ",\"step\":%lld" : ",%lld", (long long)step + 1);
    if (a->json) {
        strbuf_add(b, ",\"class\":");
        add_string(b, class_name(a, best, number));
        strbuf_add(b, f->is == FELL_REAL ? ",\"score\":{" : ",\"probability\":{");
    } else {
        strbuf_add(b, ",");
        add_field(b, class_name(a, best, number));
    }
    for (int64_t k = 0; k < f->cols; k++) {
        if (k || !a->json)
            strbuf_add(b, ",");
        if (a->json)
            add_name(a, b, "", class_name(a, k, number));
        add_float(b, a->json, p[k]);
    }
    if (a->json)
        strbuf_add(b, "}");
}

static void add_values(const struct answers *a, const struct answer_form *f, const float *y, double *p,
                       struct strbuf *b)
{
    struct strbuf name = {0};

    for (int64_t k = 0; k < f->size; k++) {
        double v;
        const double cut = isnan(f->cut) ? 0.5 : f->cut;

        if (f->shares && k % f->cols == 0)
            (void)judge(f, y + k, p);
        v = f->shares ? p[k % f->cols] : meant(f, (double)y[k]);
        strbuf_add(b, ",");
        target_name(a, f->size, k, &name);
        if (a->json)
            add_name(a, b, "", name.text);
        add_float(b, a->json, asks(f) ? (v > cut ? f->high : f->low) : v);
        if (!asks(f))
            continue;
        strbuf_add(b, ",");
        if (a->json)
            add_name(a, b, score_word(f), name.text);
        add_float(b, a->json, v);
    }
    strbuf_release(&name);
}

status answers_write(void *arg, const struct answer_form *form, int64_t first, int64_t n, const float *y,
                     struct error *err)
{
    struct answers *a = arg;
    const int64_t lines = form->classes ? form->rows_each : 1;
    double *p = mem_array((size_t)form->cols + 1, sizeof *p);
    struct strbuf b = {0};
    bool good = true;

    if (a->written == 0 && !form->classes && a->data->target_mean && !form->own_units)
        fprintf(
            stderr,
            "fell: data.scale_target: a row has %lld outputs for %lld targets, so they are as the targets "
            "were scaled, not in their own units\n",
            (long long)form->size, (long long)a->data->target_size);
    if (a->written == 0 && !a->json)
        add_header(a, form, &b);
    for (int64_t i = 0; i < n && good; i++) {
        const long long row = (long long)(a->row ? a->row[first + i] : first + i) + 1;

        for (int64_t t = 0; t < lines; t++) {
            strbuf_addf(&b, a->json ? "{\"row\":%lld" : "%lld", row);
            if (a->name) {
                strbuf_add(&b, a->json ? ",\"file\":" : ",");
                (a->json ? add_string : add_field)(&b, a->name[row - 1]);
            }
            if (form->classes)
                add_classes(a, form, t, y + i * form->size + t * form->cols, p, &b);
            else
                add_values(a, form, y + i * form->size, p, &b);
            strbuf_add(&b, a->json ? "}\n" : "\n");
        }
        good = fwrite(b.text, 1, b.len, a->to) == b.len;
        b.len = 0;
        a->written++;
    }
    strbuf_release(&b);
    free(p);
    return good ? OK : query_put_all(a->to, err);
}
