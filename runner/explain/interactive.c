/* interactive.c - see interactive.h.
 *
 * What the page is given, as one JSON object:
 *
 *     name, run, epoch            texts and numbers for its head
 *     input_size, input_shape, inputs, classes      the last two: names, or null
 *     layers     [{name, plugin, from: [layer, -1 the sample], size, settings, lr_factor,
 *                trainable, weight: [size * inputs], bias: [size]}...]  the last two if there
 *     loss, optimizer             {name, settings}
 *     rate                        the learning rate of the next step
 *     clip_norm, batch            of train; batch 0: all rows
 *     rows       {names, x: [n * input_size], label: [n] or target: [n * targets]}
 *     training   so many of the rows, from the first, are trained on
 *     training_rows               so many there are; those that did not fit were left out
 *     orders     the rows of each epoch as the run shuffles them; null: in order
 *     sample, weight              what is shown first: a row; {layer, tensor, index}
 *     notes      what the page leaves out, in words
 *
 * Numbers are float32, in the fewest digits that say which. Knows no HTML but the frame.
 */
#include "explain/interactive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/batches.h"
#include "engine/net.h"
#include "explain/assets.h"
#include "explain/html.h"
#include "host/settings.h"

/* What net.js knows under the same names. */
static const char *const known_layers[] = {"add",     "concat",   "dense", "dropout",
                                           "flatten", "multiply", "noise", "reshape"};
static const char *const known_elementwise[] = {
    "celu",      "elu",      "gelu",       "hard_shrink", "hard_sigmoid", "hard_swish",
    "hard_tanh", "identity", "leaky_relu", "log_sigmoid", "mish",         "relu",
    "relu6",     "selu",     "sigmoid",    "silu",        "sine",         "soft_shrink",
    "softplus",  "softsign", "tanh",       "tanh_shrink"};
static const char *const known_rowwise[] = {"log_softmax", "softmax"};
static const char *const known_losses[] = {"bce",   "bce_with_logits", "cross_entropy", "hinge",
                                           "huber", "log_cosh",        "mae",           "mse",
                                           "nll",   "smooth_l1",       "squared_hinge"};
static const char *const known_optimizers[] = {"adam", "adamw", "sgd"};

#define KNOWN(list, name) is_one_of(list, sizeof(list) / sizeof *(list), name)

static bool is_one_of(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* ---- what the page can compute ------------------------------------------------------------- */

/* KIND and NAME: "layer", "hidden1". */
static status refuse(const char *kind, const char *name, const struct item *item, struct error *err)
{
    if (!item->file->bundled)
        return error_set(
            err, "%s '%s': the interactive page knows the '%s' that comes with fell, not the one in %s", kind,
            name, item->name, item->file->path);
    return error_set(err,
                     "%s '%s': the interactive page cannot compute '%s'; without --interactive, the net is "
                     "explained as it is",
                     kind, name, item->name);
}

static status check_input(const struct lesson_entry *e, const fell_shape *in, bool needs_vector,
                          struct error *err)
{
    if (in->rank == 2 && strcmp(e->plugin, "dense") == 0)
        return error_set(
            err, "layer '%s': the interactive page has no dense layer over the steps of a sequence", e->name);
    if (in->rank > 1 && needs_vector)
        return error_set(err,
                         "layer '%s': in the interactive page, '%s' takes rows of one dimension, not %lld",
                         e->name, e->plugin, (long long)in->rank);
    return OK;
}

static status check_entry(const struct lesson *l, const struct lesson_entry *e, struct error *err)
{
    const bool rowwise = e->activation && KNOWN(known_rowwise, e->plugin);
    const bool known =
        e->activation ? rowwise || KNOWN(known_elementwise, e->plugin) : KNOWN(known_layers, e->plugin);
    const bool needs_vector = rowwise || strcmp(e->plugin, "concat") == 0;

    if (!known || !e->bundled)
        return refuse("layer", e->name, e->item, err);
    for (int k = 0; k < e->nin; k++)
        if (check_input(e, e->from[k] < 0 ? &l->data->x : &l->entry[e->from[k]].out, needs_vector, err) != OK)
            return FAILED;
    return OK;
}

static status check(const struct lesson *l, struct error *err)
{
    for (int i = 0; i < l->nentries; i++)
        if (check_entry(l, &l->entry[i], err) != OK)
            return FAILED;
    if (!l->loss_item->file->bundled || !KNOWN(known_losses, l->loss_item->name))
        return refuse("loss", l->loss_item->name, l->loss_item, err);
    if (!l->spec->optimizer.item->file->bundled || !KNOWN(known_optimizers, l->spec->optimizer.item->name))
        return refuse("optimizer", l->spec->optimizer.item->name, l->spec->optimizer.item, err);
    for (size_t i = 0; i < l->spec->nmodel; i++)
        if (l->spec->model[i].share)
            return error_set(
                err,
                "layer '%s': the interactive page has no tensors of several entries (without share: "
                "%s, or --html)",
                l->spec->model[i].name, l->spec->model[i].share);
    if (l->spec->train.masks)
        return error_set(err, "the interactive page knows no masks (without train.masks, or --html)");
    if (l->spec->train.steps_per_epoch)
        return error_set(err, "the interactive page trains in whole passes over the rows (without "
                              "train.steps_per_epoch, or --html)");
    if (l->augments)
        return error_set(err,
                         "transform '%s' draws anew in every step; the interactive page does not (without "
                         "it, or --html)",
                         l->augments);
    if (l->rows != 1)
        return error_set(err, "the interactive page takes one answer a row, not the %lld of a sequence",
                         (long long)l->rows);
    if (l->parameters > MOST_PARAMETERS)
        return error_set(err,
                         "the net has %lld parameters; the interactive page takes nets of up to %d (fewer "
                         "units, or --html)",
                         (long long)l->parameters, MOST_PARAMETERS);
    if (l->data->x_size > MOST_ROW_NUMBERS / 20)
        return error_set(err, "a row has %lld numbers; the interactive page takes rows of up to %d",
                         (long long)l->data->x_size, MOST_ROW_NUMBERS / 20);
    return OK;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static void add_float(struct strbuf *b, float v)
{
    char text[32];

    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v)
            break;
    }
    strbuf_add(b, text);
}

/* A list of N numbers as raw JSON: cJSON's own nodes would be sixteen times as large. */
static void add_numbers(cJSON *o, const char *key, const double *wide, const float *narrow, int64_t n)
{
    struct strbuf b = {0};

    strbuf_add(&b, "[");
    for (int64_t i = 0; i < n; i++) {
        if (i)
            strbuf_add(&b, ",");
        add_float(&b, wide ? (float)wide[i] : narrow[i]);
    }
    strbuf_add(&b, "]");
    cJSON_AddItemToObject(o, key, cJSON_CreateRaw(b.text));
    strbuf_release(&b);
}

static void add_names(cJSON *o, const char *key, char *const *name, int64_t n)
{
    cJSON *list;

    if (!name) {
        cJSON_AddNullToObject(o, key);
        return;
    }
    list = cJSON_AddArrayToObject(o, key);
    for (int64_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(name[i]));
}

/* ---- the net ------------------------------------------------------------------------------------ */

static void add_item(cJSON *o, const char *key, const struct item *item, const void *settings)
{
    cJSON *one = cJSON_AddObjectToObject(o, key);

    cJSON_AddStringToObject(one, "name", item->name);
    settings_to_json(item, settings, cJSON_AddObjectToObject(one, "settings"));
}

static void add_layers(cJSON *o, const struct lesson *l)
{
    cJSON *list = cJSON_AddArrayToObject(o, "layers");

    for (int i = 0; i < l->nentries; i++) {
        const struct lesson_entry *e = &l->entry[i];
        cJSON *one = cJSON_CreateObject(), *from;

        cJSON_AddItemToArray(list, one);
        cJSON_AddStringToObject(one, "name", e->name);
        cJSON_AddStringToObject(one, "plugin", e->plugin);
        from = cJSON_AddArrayToObject(one, "from");
        for (int k = 0; k < e->nin; k++)
            cJSON_AddItemToArray(from, cJSON_CreateNumber(e->from[k]));
        cJSON_AddNumberToObject(one, "size", (double)e->size);
        settings_to_json(e->item, e->settings, cJSON_AddObjectToObject(one, "settings"));
        cJSON_AddItemToObject(one, "lr_factor", settings_json_number(l->spec->model[i].lr_factor));
        cJSON_AddBoolToObject(one, "trainable", l->spec->model[i].trainable);
        for (int t = e->first; t < e->first + e->ntensors; t++)
            add_numbers(one, l->tensor[t].name, l->tensor[t].w, NULL, l->tensor[t].n);
    }
}

static void add_weight(cJSON *o, const struct lesson *l)
{
    const struct lesson_tensor *t = &l->tensor[l->weight.tensor];
    cJSON *one = cJSON_AddObjectToObject(o, "weight");

    cJSON_AddNumberToObject(one, "layer", t->entry);
    cJSON_AddStringToObject(one, "tensor", t->name);
    cJSON_AddNumberToObject(one, "index", (double)l->weight.flat);
}

/* ---- the rows ------------------------------------------------------------------------------------- */

/* Of the data as it was read. */
static int64_t source_row(const struct rows *rows, int64_t i)
{
    return rows->source_row ? rows->source_row[i] : i;
}

/* N training rows, and the sample where it is not one of them. */
static void add_rows(cJSON *o, const struct lesson *l, int64_t n)
{
    const struct data *d = l->data;
    const struct rows *train = &d->split[SPLIT_TRAIN], *own = &d->split[l->split];
    const bool apart = l->split != SPLIT_TRAIN || l->split_row >= n;
    const int64_t all = n + apart, xs = d->x_size, ts = d->target_size;
    float *x = mem_array((size_t)(all * xs), sizeof *x),
          *target = mem_array((size_t)(all * ts), sizeof *target);
    cJSON *rows = cJSON_AddObjectToObject(o, "rows"), *names, *labels;

    for (int64_t i = 0; i < all; i++) {
        const struct rows *r = i == n ? own : train;
        const int64_t row = i == n ? l->split_row : i;

        memcpy(x + i * xs, r->x + rows_at(r, row, xs), (size_t)xs * sizeof *x);
        if (r->target)
            memcpy(target + i * ts, r->target + rows_at(r, row, ts), (size_t)ts * sizeof *target);
    }
    names = cJSON_AddArrayToObject(rows, "names");
    for (int64_t i = 0; i < all; i++) {
        const bool outside = i == n && l->split != SPLIT_TRAIN;
        char *text = mem_format("row %lld%s%s%s", (long long)(i == n ? l->row : source_row(train, i)),
                                outside ? " (" : "", outside ? split_name(l->split) : "", outside ? ")" : "");

        cJSON_AddItemToArray(names, cJSON_CreateString(text));
        free(text);
    }
    add_numbers(rows, "x", NULL, x, all * xs);
    if (d->classes) {
        labels = cJSON_AddArrayToObject(rows, "label");
        for (int64_t i = 0; i < all; i++)
            cJSON_AddItemToArray(labels,
                                 cJSON_CreateNumber(i == n ? own->label[l->split_row] : train->label[i]));
    } else {
        add_numbers(rows, "target", NULL, target, all * ts);
    }
    cJSON_AddNumberToObject(o, "sample", (double)(apart ? n : l->split_row));
    free(x);
    free(target);
}

/* The rows of the epochs to come, as batches.c shuffles them. */
static status add_orders(cJSON *o, const struct lesson *l, int64_t n, struct error *err)
{
    const int64_t rows = l->data->split[SPLIT_TRAIN].n, size = net_step_rows(l->spec, l->data);
    struct batches b = {0};
    cJSON *list;

    if (batches_init(&b, l->data, SPLIT_TRAIN, size, l->spec->train.shuffle, 0, err) != OK)
        return FAILED;
    cJSON_AddNumberToObject(o, "batch", (double)(size < rows ? size : 0));
    if (!b.order || n < rows) {
        cJSON_AddNullToObject(o, "orders");
    } else {
        list = cJSON_AddArrayToObject(o, "orders");
        for (int64_t k = 0; k == 0 || (k + 1) * rows <= MOST_ORDER_NUMBERS; k++) {
            cJSON *order = cJSON_CreateArray();

            batches_begin(&b, l->seed, l->epoch + 1 + k);
            for (int64_t i = 0; i < rows; i++)
                cJSON_AddItemToArray(order, cJSON_CreateNumber((double)b.order[i]));
            cJSON_AddItemToArray(list, order);
        }
    }
    batches_release(&b);
    return OK;
}

/* ---- the page ---------------------------------------------------------------------------------------- */

static void add_note(cJSON *notes, const char *fmt, const char *name)
{
    char *text = mem_format("%s%s", name, fmt);

    cJSON_AddItemToArray(notes, cJSON_CreateString(text));
    free(text);
}

static void add_notes(cJSON *o, const struct lesson *l, int64_t n)
{
    cJSON *notes = cJSON_AddArrayToObject(o, "notes");

    for (int i = 0; i < l->nentries; i++)
        if (strcmp(l->entry[i].plugin, "dropout") == 0 || strcmp(l->entry[i].plugin, "noise") == 0)
            add_note(notes, " lets everything through: nothing is drawn at random in this page.",
                     l->entry[i].name);
    for (size_t i = 0; i < l->spec->nschedules; i++)
        add_note(notes, " does not change the learning rate here: its slider does.",
                 l->spec->schedules[i].item->name);
    if (n < l->data->split[SPLIT_TRAIN].n) {
        char text[128];

        snprintf(text, sizeof text, " of the %lld training rows are in this page.",
                 (long long)l->data->split[SPLIT_TRAIN].n);
        char *count = mem_format("The first %lld", (long long)n);
        add_note(notes, text, count);
        free(count);
    }
    if (l->epoch > 0)
        add_note(notes, " begins afresh here: its state in the run is not taken over.",
                 l->spec->optimizer.item->name);
}

static status make_json(const struct lesson *l, char **text, struct error *err)
{
    const struct data *d = l->data;
    const int64_t fit = MOST_ROW_NUMBERS / d->x_size, rows = d->split[SPLIT_TRAIN].n,
                  n = rows < fit ? rows : fit;
    cJSON *o = cJSON_CreateObject(), *shape;
    status st;

    cJSON_AddStringToObject(o, "name", l->spec->name);
    cJSON_AddStringToObject(o, "about", l->about ? l->about : "");
    cJSON_AddNumberToObject(o, "run", (double)l->run);
    cJSON_AddNumberToObject(o, "epoch", (double)l->epoch);
    cJSON_AddNumberToObject(o, "input_size", (double)d->x_size);
    shape = cJSON_AddArrayToObject(o, "input_shape");
    for (int64_t i = 0; i < d->x.rank; i++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)d->x.dim[i]));
    add_names(o, "inputs", l->input_name, d->x_size);
    add_names(o, "classes", d->class_names, d->nclasses);
    add_layers(o, l);
    add_item(o, "loss", l->loss_item, l->spec->loss.settings);
    add_item(o, "optimizer", l->spec->optimizer.item, l->spec->optimizer.settings);
    cJSON_AddItemToObject(o, "rate", settings_json_number(l->update.rate));
    cJSON_AddItemToObject(o, "clip_norm", settings_json_number(l->spec->train.clip_norm));
    cJSON_AddNumberToObject(o, "training", (double)n);
    cJSON_AddNumberToObject(o, "training_rows", (double)rows);
    add_rows(o, l, n);
    add_weight(o, l);
    add_notes(o, l, n);
    st = add_orders(o, l, n, err);
    *text = st == OK ? cJSON_PrintUnformatted(o) : NULL;
    cJSON_Delete(o);
    return st;
}

status interactive_write(const struct lesson *l, struct strbuf *out, struct error *err)
{
    struct strbuf title = {0}, data = {0};
    char *json;

    if (check(l, err) != OK || make_json(l, &json, err) != OK)
        return FAILED;
    html_add(&title, l->spec->name);
    html_add_json(&data, json);
    html_fill(out, asset_interactive_html,
              (const struct html_mark[]){{"title", title.text},
                                         {"page.css", asset_page_css},
                                         {"interactive.css", asset_interactive_css},
                                         {"data", data.text},
                                         {"net.js", asset_net_js},
                                         {"draw.js", asset_draw_js},
                                         {"interactive.js", asset_interactive_js}},
              7);
    cJSON_free(json);
    strbuf_release(&title);
    strbuf_release(&data);
    return OK;
}
