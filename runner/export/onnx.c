/* onnx.c - see onnx.h: transforms, entries and outputs of a net, one after the other. */
#include "export/onnx.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/net_view.h"
#include "engine/predict.h"
#include "export/onnx_rows.h"

enum { MOST_BYTES = INT32_MAX }; /* of a message of protobuf */

/* A net on its way. */
struct writing {
    struct onnx_graph *graph;
    const struct spec *spec;
    const struct fitted *f;
    struct data *data; /* no rows to speak of */
    struct net *net;
    const char **value; /* [entries] what each gives */
    const char *input;  /* what goes into the model */
    bool widened;       /* a transform made rows longer or shorter, so that columns are not the source's */
    size_t nshared;     /* tensors of entries that are in the graph, by their address */
    const float **at;
    const char **shared;
};

/* ---- the data -------------------------------------------------------------------------------- */

static const char *column_words(struct onnx_graph *g, const fell_data_info *info)
{
    struct strbuf b = {0};
    const char *text;

    for (int64_t k = 0; k < info->ncolumns; k++) {
        const fell_column *c = &info->column[k];

        for (int64_t j = 0; j < c->width; j++) {
            strbuf_addf(&b, "%s%s", b.len ? ", " : "", c->name ? c->name : "column");
            if (c->is == FELL_CATEGORY && c->nwords == c->width)
                strbuf_addf(&b, "=%s", c->word[j]);
            if (c->is == FELL_INDEX)
                strbuf_add(&b, " (the place of its word in `words`, from 0; -1: none of them)");
        }
    }
    text = arena_format(onnx_arena(g), "%s", b.len ? b.text : "a row as the source has it");
    strbuf_release(&b);
    return text;
}

/* The row of ITEM. One of the user's own may have the name of a bundled one, and be something else. */
static const struct onnx_row *row_of(const struct onnx_row *rows, const struct item *item)
{
    return item->file->bundled ? onnx_find(rows, item->name) : NULL;
}

/* The first transform that ONNX cannot say; NULL: it can say all. */
static const char *unsayable(const struct spec *spec)
{
    for (size_t i = 0; i < spec->data.ntransforms; i++)
        if (!row_of(onnx_transforms, spec->data.transforms[i].item))
            return spec->data.transforms[i].item->name;
    return NULL;
}

/* A number of type FROM as a float. */
static const char *as_floats(struct onnx_graph *g, const char *value, enum onnx_type from)
{
    const struct onnx_attribute to = {.name = "to", .type = ONNX_A_INT, .number = ONNX_FLOAT};

    return from == ONNX_FLOAT ? value : onnx_node(g, "/data", "Cast", 1, &value, 0, 1, &to);
}

/* The numbers FROM .. TO - 1 of each row. */
static const char *part_of(struct onnx_graph *g, const char *value, int64_t from, int64_t to)
{
    const int64_t axis = 1, one = 1;
    const char *input[4] = {value, onnx_tensor(g, "", ONNX_INT64, 1, &one, &from),
                            onnx_tensor(g, "", ONNX_INT64, 1, &one, &to),
                            onnx_tensor(g, "", ONNX_INT64, 1, &one, &axis)};

    return onnx_node(g, "/data", "Slice", 4, input, 0, 0, NULL);
}

static status write_transform(struct writing *w, size_t i, const fell_shape *in, const fell_shape *out,
                              enum onnx_type type, struct error *err)
{
    const struct fitted_transform *t = &w->f->transform[i];
    const struct item *item = w->spec->data.transforms[i].item;
    struct onnx_held *held = arena_alloc(onnx_arena(w->graph), (t->ntensors + 1) * sizeof *held);
    struct onnx_entry e = {.graph = w->graph,
                           .name = arena_format(onnx_arena(w->graph), "data.%s_%zu", item->name, i + 1),
                           .item = item,
                           .settings = w->spec->data.transforms[i].settings,
                           .type = type,
                           .ninputs = 1,
                           .input = &w->input,
                           .in = in,
                           .out = *out,
                           .column = w->widened ? NULL : w->f->source.column,
                           .ncolumns = w->widened ? 0 : w->f->source.ncolumns,
                           .tensor = held};
    bool can;

    if (w->widened && w->f->source.ncolumns && item->layer->gaps)
        return error_set(err,
                         "data.transforms: ONNX cannot say '%s' behind a transform that adds numbers to a "
                         "row; put it before",
                         item->name);
    for (size_t k = 0; k < t->ntensors; k++)
        if (t->n[k])
            held[e.ntensors++] =
                (struct onnx_held){.name = item->layer->tensors[k].name,
                                   /* all that is fitted is a number for each of a row's */
                                   .shape = t->n[k] == fell_size(in) ? *in : fell_vec(t->n[k]),
                                   .doubles = t->tensor[k]};
    return onnx_say(&e, onnx_find(onnx_transforms, item->name), &w->input, &can, err);
}

/* A transform beside columns that are embedded: it sees them only where gaps in them are to be filled. They
 * end a row. */
static status write_beside(struct writing *w, size_t i, const fell_shape *in, const fell_shape *out,
                           enum onnx_type type, struct error *err)
{
    const struct onnx_attribute across = {.name = "axis", .type = ONNX_A_INT, .number = 1};
    const int64_t n = w->spec->data.transforms[i].item->layer->gaps ? 0 : w->data->nembedded;
    const fell_shape some = fell_vec(fell_size(in) - n), made = fell_vec(fell_size(out) - n);
    const char *part[2] = {NULL, NULL};

    if (!n)
        return write_transform(w, i, in, out, type, err);
    part[1] = part_of(w->graph, w->input, some.dim[0], fell_size(in));
    w->input = part_of(w->graph, w->input, 0, some.dim[0]);
    if (write_transform(w, i, &some, &made, type, err) != OK)
        return FAILED;
    part[0] = w->input;
    w->input = onnx_node(w->graph, "/data", "Concat", 2, part, 0, 1, &across);
    return OK;
}

/* The rows, and the transforms where all can be said. */
static status write_data(struct writing *w, const fell_shape *shape, struct error *err)
{
    const fell_data_info *source = &w->f->source;
    const bool bare = unsayable(w->spec) != NULL;
    const fell_shape *x = bare ? &w->data->x : &source->x;
    enum onnx_type type = !bare && w->f->ntransforms && w->f->transform[0].wide ? ONNX_DOUBLE : ONNX_FLOAT;

    w->input = "input";
    onnx_input(w->graph, "input", type, x->rank, x->dim,
               bare ? "a row as the transforms of the data make it" : column_words(w->graph, source));
    for (size_t i = 0; !bare && i < w->f->ntransforms; i++) {
        if (!w->f->transform[i].wide) {
            w->input = as_floats(w->graph, w->input, type);
            type = ONNX_FLOAT;
        }
        if (write_beside(w, i, &shape[i], &shape[i + 1], type, err) != OK)
            return FAILED;
        w->widened |= fell_size(&shape[i]) != fell_size(&shape[i + 1]);
    }
    w->input = as_floats(w->graph, w->input, type);
    return OK;
}

/* ---- the entries ------------------------------------------------------------------------------- */

/* Tensors that entries share are in the graph once. */
static void take_shared(struct writing *w, struct onnx_held *h)
{
    for (size_t i = 0; i < w->nshared; i++)
        if (w->at[i] == h->floats)
            h->value = w->shared[i];
}

static void keep_shared(struct writing *w, const struct onnx_held *h)
{
    if (!h->value)
        return;
    w->at[w->nshared] = h->floats;
    w->shared[w->nshared++] = h->value;
}

static status write_entry(struct writing *w, size_t i, struct error *err)
{
    struct arena *arena = onnx_arena(w->graph);
    const struct net_entry n = net_entry(w->net, i);
    const struct item *item = n.spec->plugin.item;
    const size_t tensors = n.layer ? n.layer->ntensors : 0;
    const char **input = arena_alloc(arena, (size_t)n.nin * sizeof *input);
    fell_shape *in = arena_alloc(arena, (size_t)n.nin * sizeof *in);
    struct onnx_entry e = {.graph = w->graph,
                           .name = n.name,
                           .item = item,
                           .settings = n.spec->plugin.settings,
                           .type = ONNX_FLOAT,
                           .ninputs = (size_t)n.nin,
                           .input = input,
                           .in = in,
                           .out = n.out,
                           .tensor = arena_alloc(arena, (tensors + 1) * sizeof *e.tensor)};
    const struct onnx_row *row = row_of(n.layer ? onnx_layers : onnx_activations, item);
    bool can = false;

    if (!row && n.layer)
        row = row_of(onnx_sequence_layers, item);
    for (int k = 0; k < n.nin; k++) {
        input[k] = n.from[k] == FROM_INPUT ? w->input : w->value[n.from[k]];
        in[k] = n.from[k] == FROM_INPUT ? w->data->x : net_entry(w->net, (size_t)n.from[k]).out;
    }
    for (size_t k = 0; k < tensors; k++) {
        struct onnx_held *h = &e.tensor[e.ntensors];

        h->name = n.layer->tensors[k].name;
        h->floats = net_entry_tensor(w->net, i, k, &h->shape);
        e.ntensors += h->floats != NULL;
        take_shared(w, h);
    }
    if (row && onnx_say(&e, row, &w->value[i], &can, err) != OK)
        return FAILED;
    if (!can)
        return error_set(err, "layer '%s': ONNX cannot say '%s'%s%s", n.name, item->name, *e.why ? ": " : "",
                         e.why);
    for (size_t k = 0; k < e.ntensors; k++)
        keep_shared(w, &e.tensor[k]);
    return OK;
}

/* ---- what comes out ------------------------------------------------------------------------------ */

/* Outputs VALUE of shape OUT in the units of the targets. */
static const char *own_units(struct writing *w, const char *value, const fell_shape *out)
{
    struct onnx_graph *g = w->graph;
    float *numbers = arena_alloc(onnx_arena(g), (size_t)fell_size(out) * sizeof *numbers);

    for (int part = 0; part < 2; part++) {
        const double *from = part ? w->data->target_mean : w->data->target_deviation;
        const char *input[2] = {value, NULL};

        for (int64_t i = 0; i < fell_size(out); i++)
            numbers[i] = (float)from[i];
        input[1] = onnx_tensor(g, part ? "target_mean" : "target_deviation", ONNX_FLOAT, out->rank, out->dim,
                               numbers);
        value = onnx_node(g, "", part ? "Add" : "Mul", 2, input, 0, 0, NULL);
    }
    return value;
}

/* What `fell predict` makes of the outputs VALUE, or NULL: nothing. */
static const char *prediction(struct writing *w, const struct answer_form *form, const char *value,
                              const fell_shape *out)
{
    const struct onnx_attribute last = {.name = "axis", .type = ONNX_A_INT, .number = -1};
    const bool one = form->classes || form->shares;
    const char *said = form->own_units && w->data->target_mean ? own_units(w, value, out) : value;

    if (one && form->is == FELL_LOGIT)
        said = onnx_node(w->graph, "", "Softmax", 1, &said, 0, 1, &last);
    else if (form->is == FELL_LOGIT)
        said = onnx_node(w->graph, "", "Sigmoid", 1, &said, 0, 0, NULL);
    else if (form->is == FELL_LOGPROB || form->is == FELL_LOG)
        said = onnx_node(w->graph, "", "Exp", 1, &said, 0, 0, NULL);
    return said == value ? NULL : said;
}

static void write_outputs(struct writing *w)
{
    const size_t last = net_entries(w->net) - 1;
    const fell_shape out = net_entry(w->net, last).out;
    const struct answer_form form = predict_form(w->net);
    const char *said = prediction(w, &form, w->value[last], &out);

    onnx_output(w->graph, "output", w->value[last], out.rank, out.dim, "what the last layer gives");
    if (said)
        onnx_output(w->graph, "prediction", said, out.rank, out.dim,
                    form.classes ? "the probability of each class" : "what `fell predict` says");
}

/* WORDS [n] as a list in JSON; NULL entries do not occur. */
static cJSON *word_list(const char *const *words, int64_t n)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t k = 0; k < n; k++)
        cJSON_AddItemToArray(list, cJSON_CreateString(words[k]));
    return list;
}

static void add_json(struct onnx_graph *g, const char *key, cJSON *json)
{
    char *printed = cJSON_PrintUnformatted(json);

    if (printed)
        onnx_metadata(g, key, printed);
    cJSON_free(printed);
    cJSON_Delete(json);
}

static void write_metadata(struct writing *w, const struct onnx_about *about)
{
    const fell_data_info *source = &w->f->source;
    char number[32];

    snprintf(number, sizeof number, "%lld", (long long)about->epoch);
    onnx_metadata(w->graph, "experiment", about->name);
    onnx_metadata(w->graph, "epoch", number);
    if (about->run) {
        snprintf(number, sizeof number, "%lld", (long long)about->run);
        onnx_metadata(w->graph, "run", number);
    }
    if (source->class_names)
        add_json(w->graph, "classes", word_list(source->class_names, source->nclasses));
    if (w->data->nembedded) {
        cJSON *words = cJSON_CreateObject();

        for (int64_t k = 0; k < source->ncolumns; k++)
            if (source->column[k].is == FELL_INDEX)
                cJSON_AddItemToObject(words, source->column[k].name,
                                      word_list(source->column[k].word, source->column[k].nwords));
        add_json(w->graph, "words", words);
    }
}

static status write_net(struct writing *w, const fell_shape *shape, const struct onnx_about *about,
                        struct error *err)
{
    const size_t n = net_entries(w->net);
    size_t tensors = 0;

    for (size_t i = 0; i < n; i++)
        tensors += net_entry(w->net, i).layer ? net_entry(w->net, i).layer->ntensors : 0;
    w->value = arena_alloc(onnx_arena(w->graph), (n + 1) * sizeof *w->value);
    w->at = arena_alloc(onnx_arena(w->graph), (tensors + 1) * sizeof *w->at);
    w->shared = arena_alloc(onnx_arena(w->graph), (tensors + 1) * sizeof *w->shared);
    if (write_data(w, shape, err) != OK)
        return FAILED;
    for (size_t i = 0; i < n; i++)
        if (write_entry(w, i, err) != OK)
            return FAILED;
    write_outputs(w);
    write_metadata(w, about);
    return OK;
}

/* The net, with its weights. */
static status open_net(struct writing *w, struct spec *with, struct host_env *env, fell_shape *shape,
                       struct error *err)
{
    struct problem p = {.index = 0};

    if (fitted_blank(w->f, with, env, 1, shape, &w->data, &p) == OK &&
        net_new(with, w->data, env, 1, &w->net, &p) == OK && net_initialise(w->net, with, 0, &p) == OK)
        return OK;
    return error_set(err, "%.2000s", p.text);
}

status onnx_export(const struct spec *spec, const struct fitted *f, struct host_env *env, const char *weights,
                   const struct onnx_about *about, uint8_t **out, size_t *size, const char **without,
                   struct error *err)
{
    struct spec with = *spec;
    struct writing w = {.graph = onnx_new(), .spec = spec, .f = f};
    fell_shape *shape = mem_array(f->ntransforms + 1, sizeof *shape);
    status result;

    with.train.initial_weights = weights;
    with.train.masks = NULL; /* the weights are as they hold them */
    *out = NULL;
    *without = unsayable(spec);
    result = open_net(&w, &with, env, shape, err);
    if (result == OK)
        result = write_net(&w, shape, about, err);
    if (result == OK) {
        *out = onnx_bytes(w.graph, about->name, "Made by Fellrunner.", size);
        if (*size > MOST_BYTES)
            result = error_set(err, "the net takes %zu bytes; a file of ONNX has at most 2 GB", *size);
    }
    if (result != OK) {
        free(*out);
        *out = NULL;
    }
    net_free(w.net);
    data_free(w.data);
    onnx_free(w.graph);
    free(shape);
    return result;
}
