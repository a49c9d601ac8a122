/* new_table.c - `fell new --csv`: looks at a table through specs that a worker checks, as `fell check` does,
 * and writes one that suits.
 *
 * The first look has no target and so shows every column; columns that the reader refuses as inputs are
 * dropped and told, but for the target. The second takes the target as classes: that these are few, and that
 * there are rows of each, decides whether it is one. No number here is more than a beginning.
 */
#include "cli/new.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/safe.h"
#include "base/text.h"
#include "cli/new_look.h"
#include "spec/spec_read.h"

enum {
    MOST_CLASSES = 30, /* of numbers; more are amounts */
    CLASS_ROWS = 5     /* rows that each of them has at the least, on average */
};

/* ---- what it is ---------------------------------------------------------------------------- */

static double number(const cJSON *object, const char *key)
{
    const cJSON *v = cJSON_GetObjectItem(object, key);

    return cJSON_IsNumber(v) ? v->valuedouble : 0.0;
}

/* What the net will be. */
struct plan {
    char *target; /* quoted */
    bool words;   /* its values are */
    double low, high;
    char *refused; /* why the reader does not take it as an input, or NULL */
    bool classes;
    int nclasses;
    double least, most; /* rows of a class */
    double rows, missing;
    int inputs;
    struct strbuf notes; /* of classes or range */
};

/* The column that the user means: one of the last look, or one that was dropped. */
struct wanted {
    const cJSON *column; /* or NULL */
    size_t dropped;      /* in l->dropped, where COLUMN is NULL */
    const char *name;    /* by which it was found, or NULL */
};

/* Columns of the table, dropped ones too. */
static int64_t count_columns(const struct look *l)
{
    int64_t n = l->ndropped ? l->dropped[l->ndropped - 1].number + 1 : 0;
    const cJSON *c;

    cJSON_ArrayForEach(c, cJSON_GetObjectItem(l->set, "columns"))
    {
        const int64_t own = (int64_t)number(c, "number") + 1;

        n = own > n ? own : n;
    }
    return n;
}

/* Whether the reader speaks of D as NAME: it shows the first bytes of a name. */
static bool is_called(const struct dropped *d, const char *name)
{
    enum { SHOWN = 100 };
    char *label = mem_format("column %lld (%.*s) ", (long long)d->number + 1, SHOWN, name);
    struct strbuf shown = {0};
    bool result;

    safe_add(&shown, label, strlen(label), "?");
    result = strncmp(d->why, shown.text, shown.len) == 0;
    strbuf_release(&shown);
    free(label);
    return result;
}

/* By NAME, or by WANTED, a number from 0, where that is NULL. */
static bool find_column(const struct look *l, const char *name, int64_t wanted, struct wanted *out)
{
    const cJSON *c;

    out->name = name;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(l->set, "columns"))
    {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(c, "name"));

        out->column = c;
        if (name ? own && *own && strcmp(own, name) == 0 : (int64_t)number(c, "number") == wanted)
            return true;
    }
    out->column = NULL;
    for (out->dropped = 0; out->dropped < l->ndropped; out->dropped++) {
        const struct dropped *d = &l->dropped[out->dropped];

        if (name ? is_called(d, name) : d->number == wanted)
            return true;
    }
    return false;
}

/* There is none called NAME; NUMBER: nor one of that number. */
static status no_target(const struct look *l, const char *name, const int64_t *wanted, struct error *err)
{
    const int64_t n = count_columns(l);
    struct strbuf names = {0};
    const cJSON *c;
    status result;

    if (wanted && (*wanted < 0 ? *wanted + n : *wanted) >= n)
        return error_set(err, "--target: there is no column %s; the table has 0 to %lld", name,
                         (long long)n - 1);
    if (wanted && *wanted + n >= 0)
        return error_set(err, "--target: column %s is left out by the reader, so it cannot be learnt", name);
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(l->set, "columns"))
    {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(c, "name"));

        if (own && *own && names.len < 400)
            strbuf_addf(&names, "%s'%s'", names.len ? ", " : "", own);
    }
    for (size_t i = 0; i < l->ndropped && names.len < 400; i++)
        if (*l->dropped[i].name)
            strbuf_addf(&names, "%s'%s'", names.len ? ", " : "", l->dropped[i].name);
    result = error_set(err, "--target: there is no column '%s'%s%s", name, names.len ? "; there are " : "",
                       names.len ? names.text : ", and no header that names them: say its number, from 0");
    strbuf_release(&names);
    return result;
}

/* By name, else by number from 0, or from the end with -1, -2, as the reader takes it. */
static status find_target(const struct look *l, const char *name, struct wanted *out, struct error *err)
{
    int64_t wanted;
    const bool is_number = text_to_int(name, &wanted);

    if (look_is_twice(l, name))
        return error_set(err, "--target: several columns are called '%s': say its number, from 0", name);
    if (find_column(l, name, 0, out) ||
        (is_number && find_column(l, NULL, wanted < 0 ? wanted + count_columns(l) : wanted, out)))
        return OK;
    return no_target(l, name, is_number ? &wanted : NULL, err);
}

/* Numbers that count the rows tell nothing of them: 1, 2, 3 ... under a name that says so. */
static void drop_counters(struct look *l, const cJSON *target)
{
    static const char *const names[] = {"id", "index", "row", "nr", "no", "number", "#", "key"};
    const cJSON *c;

    cJSON_ArrayForEach(c, cJSON_GetObjectItem(l->set, "columns"))
    {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(c, "name"));
        const double rows = number(l->set, "rows");
        bool named = false;

        for (size_t i = 0; own && i < sizeof names / sizeof *names; i++)
            named |= strcasecmp(own, names[i]) == 0;
        if (c != target && named && !cJSON_GetObjectItem(c, "words") &&
            number(c, "max") - number(c, "min") == rows - 1.0) {
            char *why =
                mem_format("column %lld (%s) counts the rows", (long long)number(c, "number") + 1, own);

            look_drop(l, (int64_t)number(c, "number"), own, why, strlen(why));
            free(why);
        }
    }
}

static void take_classes(const cJSON *classes, struct plan *p)
{
    const cJSON *c;

    cJSON_ArrayForEach(c, classes)
    {
        const cJSON *name = cJSON_GetObjectItem(c, "name");
        const double rows = number(c, "rows");

        p->least = p->nclasses && p->least < rows ? p->least : rows;
        p->most = p->most > rows ? p->most : rows;
        if (p->nclasses++ < 8 && cJSON_IsString(name))
            strbuf_addf(&p->notes, "%s%s %.0f", p->notes.len ? ", " : "", name->valuestring, rows);
        else if (p->nclasses <= 8)
            strbuf_addf(&p->notes, "%s%.0f %.0f", p->notes.len ? ", " : "", number(c, "name"), rows);
    }
    if (p->nclasses > 8)
        strbuf_add(&p->notes, " ...");
}

/* One class is none, and words that most rows have for themselves cannot be learnt. */
static status check_classes(const struct plan *p, struct error *err)
{
    if (p->nclasses == 1)
        return error_set(err, "--target: all %.0f rows have the same value: there is nothing to learn",
                         p->rows);
    if (!p->refused || 2 * p->nclasses <= p->rows)
        return OK;
    return error_set(err, "--target: %s, so most rows have a class of their own: it cannot be learnt",
                     p->refused);
}

/* Classes or amounts; a second look at the table with its target. */
static status settle_target(struct look *l, struct plan *p, struct error *err)
{
    static const char classes[] =
        "  transforms: [impute]\nmodel: [{dense: {units: classes}}]\nloss: cross_entropy\n"
        "optimizer: sgd\ntrain: {epochs: 1}\n";
    static const char amounts[] = "  transforms: [impute]\nmodel: [{dense: {units: 1}}]\nloss: mse\n"
                                  "optimizer: sgd\ntrain: {epochs: 1}\n";
    status result;

    p->rows = number(l->set, "rows");
    /* Whole numbers below the number of rows may be classes; the reader knows whether they are whole. */
    if (p->words || (p->low >= 0.0 && p->high - p->low < MOST_CLASSES)) {
        result = look_once(l, p->target, classes, err);
        if (result == OK)
            take_classes(cJSON_GetObjectItem(l->set, "classes"), p);
        p->classes = result == OK &&
                     (p->words || (p->nclasses <= MOST_CLASSES && p->nclasses * CLASS_ROWS <= p->rows));
        if (p->classes || p->words)
            return result == OK ? check_classes(p, err) : result;
    }
    p->notes.len = 0;
    result = look_once(l, p->target, amounts, err);
    strbuf_addf(&p->notes, "%g to %g", p->low, p->high);
    if (result == OK && p->low == p->high)
        return error_set(err, "--target: all %.0f rows have the same value, %g: there is nothing to learn",
                         p->rows, p->low);
    return result;
}

/* ---- the spec -------------------------------------------------------------------------------- */

/* TEXT for a comment, which ends with its line, and YAML knows more ends of lines than one. */
static void add_comment(struct strbuf *b, const char *text)
{
    const char *end = text + strlen(text);
    uint32_t c;

    for (size_t n; text < end; text += n) {
        n = safe_character(text, end, &c);
        strbuf_addn(b, c == '?' && *text != '?' ? " " : text, c == '?' ? 1 : n);
    }
}

static void assume(struct strbuf *told, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void assume(struct strbuf *told, const char *format, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    strbuf_add(told, "  ");
    add_comment(told, text);
    strbuf_add(told, "\n");
}

static void write_source(const struct look *l, const struct plan *p, const char *shown, struct strbuf *b,
                         struct strbuf *told)
{
    strbuf_add(b, "  source:\n    csv:\n      path: ");
    look_add_word(b, shown);
    strbuf_addf(b, "\n      target: %s      # ", p->target);
    add_comment(b, p->notes.len ? p->notes.text : "");
    strbuf_add(b, "\n");
    if (*l->decimal) {
        strbuf_addf(b, "      %s      # what stands before the fraction\n", l->decimal + 2);
        assume(told, "numbers have decimal commas");
    }
    if (*l->encoding) {
        strbuf_addf(b, "      %s      # the file is not UTF-8\n", l->encoding + 2);
        assume(told, "the file is in Windows' encoding (cp1252), since it is not UTF-8");
    }
    if (l->nothing.len) {
        strbuf_add(b, "      ");
        look_add_missing(l, b);
        strbuf_add(b, "      # what stands for nothing; the last of them were found among numbers\n");
        assume(told, "among numbers, these stand for nothing: %s", l->nothing.text + 2);
    }
    if (!l->ndropped)
        return;
    strbuf_add(b, "      drop:      # columns that are no inputs\n");
    for (size_t i = 0; i < l->ndropped; i++) {
        strbuf_add(b, "        - ");
        look_add_drop(l, b, &l->dropped[i]);
        strbuf_add(b, "      # ");
        add_comment(b, l->dropped[i].why);
        strbuf_add(b, "\n");
        assume(told, "left out: %s", l->dropped[i].why);
    }
}

static void write_data(const struct look *l, const struct plan *p, const char *shown, struct strbuf *b,
                       struct strbuf *told)
{
    enum { FEW = 20 };

    strbuf_add(b, "data:\n");
    write_source(l, p, shown, b, told);
    if (p->rows >= FEW) {
        strbuf_add(b, "  validation: 0.2      # a fifth of the rows is never trained on\n");
        if (p->classes && p->least >= 5)
            strbuf_add(b, "  stratify: true       # and each class has its share of them\n");
    } else {
        assume(told, "%.0f rows are too few to hold some out", p->rows);
    }
    if (!p->classes)
        strbuf_add(
            b, "  scale_target: standardize      # errors are told in the target's own units all the same\n");
    strbuf_add(b, "  transforms:\n");
    if (p->missing > 0) {
        strbuf_add(b, "    - impute: {indicator: true}      # what is missing: the median, and that it was; "
                      "or a word of its own\n");
        assume(told, "%.0f values are missing, and are filled: numbers by their median", p->missing);
    }
    strbuf_add(b, "    - standardize      # every column to mean 0 and deviation 1\n");
}

static void write_rest(const struct plan *p, struct strbuf *b)
{
    const int units = p->inputs < 16 ? 32 : 64, batch = p->rows < 500 ? 16 : p->rows < 20000 ? 32 : 128;
    const double steps = ceil(p->rows / batch), epochs = fmin(100.0, fmax(10.0, ceil(6000.0 / steps)));

    strbuf_addf(b,
                "\nmodel:      # each entry feeds the next\n"
                "  - dense: {units: %d, activation: relu, name: hidden1}\n"
                "  - dense: {units: %d, activation: relu, name: hidden2}\n",
                units, units / 2);
    strbuf_addf(b, "  - dense: {units: %s, name: output}\n\n", p->classes ? "classes" : "1");
    strbuf_addf(b, "loss: %s\noptimizer: {adam: {lr: 0.003}}\nmetrics: %s\n\n",
                p->classes ? "cross_entropy" : "mse",
                !p->classes              ? "[mae, r2]"
                : p->most > 3 * p->least ? "[accuracy, f1]      # of rare classes f1 tells more"
                                         : "[accuracy]");
    strbuf_addf(b, "train:\n  epochs: %.0f\n  batch_size: %d\n", epochs, batch);
    if (p->rows >= 20)
        strbuf_add(b, "  early_stopping: {monitor: validation.loss, patience: 20}\n");
    strbuf_add(b, "checkpoint: {keep: [best, last]}      # for fell predict\n");
}

/* A name as a spec takes it. */
static char *spec_name(const char *path)
{
    const char *base = path_base(path);
    char *name = mem_format("%.*s", (int)strcspn(base, "."), base);

    for (char *p = name; *p; p++)
        if (!strchr(SPEC_NAME_LETTERS "-", *p))
            *p = '_';
    if (!*name) {
        free(name);
        name = mem_string("table");
    }
    return name;
}

static char *write_spec(const struct look *l, const struct plan *p, const char *to, struct strbuf *told)
{
    const char *given = l->call->from_csv;
    const bool here = !strchr(to, '/') && *given != '/'; /* the spec's folder is this one */
    struct strbuf b = {0}, head = {0};
    char *name = spec_name(to);
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItem(l->set, "found"));

    strbuf_addf(&head, "%s: %.0f rows, %d columns go in; column ", path_base(given), p->rows, p->inputs);
    strbuf_addf(&head, "%s is learnt as %s (%s)", p->target, p->classes ? "classes" : "an amount",
                p->notes.len ? p->notes.text : "");
    strbuf_add(&b, "# ");
    add_comment(&b, head.text);
    strbuf_add(&b, ".\n# Written by `fell new`, which looked at the table (");
    add_comment(&b, found ? found : "");
    strbuf_add(&b, "); change what it assumed wrongly.\nname: ");
    look_add_word(&b, name);
    strbuf_add(&b, "\nseed: 1      # root of every random number; the same seed gives the same bits\n\n");
    assume(told, "%s", head.text);
    write_data(l, p, here ? given : l->path, &b, told);
    write_rest(p, &b);
    strbuf_release(&head);
    free(name);
    return b.text;
}

static void count_inputs(const struct look *l, const cJSON *target, struct plan *p)
{
    const cJSON *c;

    cJSON_ArrayForEach(c, cJSON_GetObjectItem(l->set, "columns"))
    {
        bool dropped = c == target;

        for (size_t i = 0; i < l->ndropped; i++)
            dropped |= l->dropped[i].number == (int64_t)number(c, "number");
        p->inputs += !dropped;
        p->missing += dropped ? 0.0 : number(c, "missing");
    }
}

/* The target's name or number, and what it holds. */
static void take_target(struct look *l, const struct wanted *wanted, struct plan *p, struct strbuf *quoted)
{
    const struct dropped *d = wanted->column ? NULL : &l->dropped[wanted->dropped];
    const char *name = wanted->name ? wanted->name
                       : d          ? d->name
                                    : cJSON_GetStringValue(cJSON_GetObjectItem(wanted->column, "name"));

    if (name && *name && !look_is_twice(l, name))
        look_add_word(quoted, name);
    else
        strbuf_addf(quoted, "%lld", (long long)(d ? d->number : (int64_t)number(wanted->column, "number")));
    p->target = quoted->text;
    p->words = d || cJSON_GetObjectItem(wanted->column, "words");
    p->low = number(wanted->column, "min");
    p->high = number(wanted->column, "max");
    if (d)
        p->refused = look_take_back(l, wanted->dropped);
}

status new_table_spec(const struct call *c, const char *to, char **text, struct strbuf *told,
                      struct error *err)
{
    struct look l = {.call = c, .path = path_absolute(c->from_csv), .decimal = "", .encoding = ""};
    struct plan p = {.nclasses = 0};
    struct strbuf quoted = {0};
    struct wanted target;
    status result = look_at_columns(&l, err);

    if (result == OK)
        result = find_target(&l, c->target, &target, err);
    if (result == OK) {
        take_target(&l, &target, &p, &quoted);
        drop_counters(&l, target.column);
        count_inputs(&l, target.column, &p);
        if (p.inputs == 0)
            result = error_set(err, "no column is left but the target: there is nothing to learn it from");
    }
    if (result == OK)
        result = settle_target(&l, &p, err);
    if (result != OK && strstr(err->text, "missing value") && strstr(err->text, " in the target"))
        error_prepend(err, "rows without a target cannot be learnt from, take them out of the file");
    if (result == OK)
        *text = write_spec(&l, &p, to, told);
    look_release(&l);
    strbuf_release(&p.notes);
    strbuf_release(&quoted);
    free(p.refused);
    return result;
}
