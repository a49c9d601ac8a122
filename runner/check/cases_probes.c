/* cases_probes.c - cases of probes: a net with its weights, and what probes say of it. See cases.h.
 *
 * A case has what it expects either under the names of quantities (expected), which the tables below find
 * in bundled probes, or probe by probe (records). Each probe gets a net of its own and looks once, and once
 * more at each of the weights under `then`; what it says in the last look is compared. A number may be off
 * by a thousandth of itself, or a thousandth of a thousandth where it is small; what is found step by step,
 * eigenvalues, by a hundredth of the largest.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check/cases_parts.h"
#include "check/net_bench.h"

static const double NEAR = 1e-3, SMALL = 1e-3, NEAR_LARGEST = 1e-2;

enum scale {
    BY_ITSELF,
    BY_LARGEST, /* of hessian_top */
};

/* Where a quantity stands under `expected`, and which probe records it as what. */
static const struct quantity {
    const char *group, *key, *probe, *number;
    enum scale scale;
} quantities[] = {
    {NULL, "loss", "gradient_noise", "loss", BY_ITSELF},
    {NULL, "loss", "path", "loss", BY_ITSELF},
    {NULL, "loss", "samples", "mean_loss", BY_ITSELF},
    {NULL, "gradient_norm", "gradient_noise", "gradient_norm", BY_ITSELF},
    {NULL, "gradient_variance_trace", "gradient_noise", "gradient_variance_trace", BY_ITSELF},
    {NULL, "noise_scale_simple", "gradient_noise", "noise_scale_simple", BY_ITSELF},
    {NULL, "gsnr_mean", "gradient_noise", "gsnr_mean", BY_ITSELF},
    {NULL, "gradient_diversity", "gradient_noise", "gradient_diversity", BY_ITSELF},
    {NULL, "norm_test", "gradient_noise", "norm_test", BY_ITSELF},
    {NULL, "inner_product_test", "gradient_noise", "inner_product_test", BY_ITSELF},
    {NULL, "orthogonality_test", "gradient_noise", "orthogonality_test", BY_ITSELF},
    {NULL, "cabs_batch", "gradient_noise", "cabs_batch", BY_ITSELF},
    {NULL, "hessian_top", "sharpness", "eigenvalues", BY_LARGEST},
    {NULL, "hessian_bottom", "sharpness", "lowest", BY_LARGEST},
    {NULL, "hessian_trace", "sharpness", "trace", BY_LARGEST},
    {NULL, "row_loss", "samples", "loss", BY_ITSELF},
    {NULL, "el2n", "samples", "el2n", BY_ITSELF},
    {NULL, "margin", "samples", "margin", BY_ITSELF},
    {"parameters", "grad_norm", "gradient_noise", "tensor_gradient_norm", BY_ITSELF},
    {"parameters", "grad_norm", "gradients", "norm", BY_ITSELF},
    {"parameters", "weight_mean", "weights", "mean", BY_ITSELF},
    {"parameters", "weight_sd", "weights", "sd", BY_ITSELF},
    {"parameters", "weight_max_abs", "weights", "max_abs", BY_ITSELF},
    {"parameters", "spectral_norm", "weights", "spectral_norm", BY_ITSELF},
    {"activations", "mean", "activations", "mean", BY_ITSELF},
    {"activations", "sd", "activations", "sd", BY_ITSELF},
    {"activations", "zero_share", "activations", "zero_share", BY_ITSELF},
    {"activations", "dead_units", "activations", "dead_units", BY_ITSELF},
    {"activations", "effective_rank", "activations", "effective_rank", BY_ITSELF},
    {"activations", "participation_ratio", "activations", "participation_ratio", BY_ITSELF},
};
enum { NQUANTITIES = sizeof quantities / sizeof *quantities };

/* A probe at its net. */
struct looking {
    struct run *r;
    struct net_bench bench;
    const char *probe;
    struct probe_report said;
};

/* ---- the net ---------------------------------------------------------------------------------------- */

static status read_spec(struct looking *l, const cJSON *options)
{
    const cJSON *model = case_member(l->r, "model"), *lr = case_member(l->r, "lr"), *entry;
    const char *loss = cJSON_GetStringValue(case_member(l->r, "loss"));
    char *set = options ? cJSON_PrintUnformatted(options) : mem_string("{}");
    struct strbuf text = {0};
    status result = OK;

    strbuf_addf(&text, "loss: %s\noptimizer: {sgd: {lr: %.17g}}\ntrain: {epochs: 1, batch_size: 5}\nmodel:\n",
                loss ? loss : "", cJSON_IsNumber(lr) ? lr->valuedouble : 0.1);
    cJSON_ArrayForEach(entry, model)
    {
        if (!cJSON_IsString(entry))
            result = error_set(l->r->err, "'model' is a list of texts, each an entry as a spec has it");
        else
            strbuf_addf(&text, "  - %s\n", entry->valuestring);
    }
    strbuf_addf(&text, "probes:\n  - %s: %s\n", l->probe, set);
    if (result == OK && !loss)
        result = error_set(l->r->err, "it has no 'loss', a text");
    if (result == OK)
        result = net_bench_read(&l->bench, text.text, l->r->err);
    strbuf_release(&text);
    free(set);
    return result;
}

static status read_rows(struct looking *l)
{
    struct run *r = l->r;
    struct numbers x, target;
    fell_shape shape = {0};
    int32_t *label = NULL;
    int64_t classes = 0;
    struct rows *rows = &l->bench.data.split[SPLIT_TRAIN];

    if (case_read_numbers(r, r->json, "x", &x) != OK ||
        case_read_numbers(r, r->json, "target", &target) != OK)
        return FAILED;
    if (x.rank < 2 || target.rank < 1 || target.rank > 2 || target.dim[0] != x.dim[0])
        return error_set(r->err, "'x' is a list of rows, 'target' a class or a list of values for each");
    for (int64_t d = 1; d < x.rank; d++)
        shape.dim[shape.rank++] = x.dim[d];
    if (target.rank == 1 && case_labels(r, &target, 0.0, 1 << 20, &label) != OK)
        return FAILED;
    for (int64_t i = 0; label && i < target.n; i++)
        classes = label[i] >= classes ? label[i] + 1 : classes;
    if (net_bench_rows(&l->bench, x.dim[0], shape, classes, classes ? 0 : target.dim[1], r->err) != OK)
        return FAILED;
    memcpy(rows->x, x.f, (size_t)x.n * sizeof *x.f);
    if (label)
        memcpy(rows->label, label, (size_t)target.n * sizeof *label);
    else
        memcpy(rows->target, target.f, (size_t)target.n * sizeof *target.f);
    return OK;
}

/* The weights of the map WEIGHTS. */
static status set_weights(struct looking *l, const cJSON *weights)
{
    struct run *r = l->r;
    const cJSON *one;
    struct numbers w;

    cJSON_ArrayForEach(one, weights)
    {
        int64_t n;
        float *to = net_bench_tensor(&l->bench, one->string, &n);

        if (!to)
            return error_set(r->err, "its net has no tensor '%.64s'", one->string);
        if (case_read_numbers(r, weights, one->string, &w) != OK ||
            case_expect_size(r, one->string, w.n, n) != OK)
            return FAILED;
        memcpy(to, w.f, (size_t)n * sizeof *to);
    }
    return OK;
}

static status look(struct looking *l, int64_t epoch)
{
    const cJSON *lr = case_member(l->r, "lr");
    const struct look_time t = {epoch, epoch, cJSON_IsNumber(lr) ? lr->valuedouble : 0.1};
    size_t next = 0;
    status result;

    if (looks_next(l->bench.looks, &t, true, &next, &l->said, &result, l->r->err))
        return OK;
    return result == OK ? error_set(l->r->err, "%s does not look", l->probe) : FAILED;
}

/* All looks of PROBE; net_bench_close() in any case. */
static status look_all(struct looking *l, struct run *r, const char *probe, const cJSON *options)
{
    const cJSON *then = case_member(r, "then"), *weights;
    int64_t epoch = 0;

    *l = (struct looking){.r = r, .bench.env = r->s.env, .probe = probe};
    if (read_spec(l, options) != OK || read_rows(l) != OK || net_bench_net(&l->bench, r->err) != OK ||
        set_weights(l, case_member(r, "parameters")) != OK || net_bench_looks(&l->bench, r->err) != OK ||
        look(l, 0) != OK)
        return FAILED;
    cJSON_ArrayForEach(weights, then)
    {
        looks_begin_epoch(l->bench.looks);
        if (set_weights(l, weights) != OK || look(l, ++epoch) != OK)
            return FAILED;
    }
    return OK;
}

/* ---- what it said ------------------------------------------------------------------------------------- */

/* Note how far GOT is off if it is the worst, by what may be. Both may be undefined. */
static void note(struct looking *l, const char *number, const char *layer, int64_t position, double got,
                 double wanted, double scale, double allowed)
{
    struct case_result *out = l->r->out;
    double error = fabs(got - wanted) / scale;

    if (!isfinite(got) || !isfinite(wanted))
        error = isfinite(got) || isfinite(wanted) ? INFINITY : 0.0;
    if (out->where[0] && error / allowed <= out->error / out->allowed)
        return;
    snprintf(out->where, sizeof out->where, "%s.%s%s%s", l->probe, number, layer[0] ? " of " : "", layer);
    out->error = error;
    out->allowed = allowed;
    out->at = position;
    out->got = got;
    out->wanted = wanted;
}

static double value_at(const struct looking *l, const char *number, const char *layer, int64_t position)
{
    for (size_t i = 0; i < l->said.n; i++) {
        const struct probe_value *v = &l->said.value[i];

        if (v->position == position &&
            strcmp(looks_number(l->bench.looks, l->said.probe, v->number), number) == 0 &&
            strcmp(looks_layer(l->bench.looks, l->said.probe, v->number, v->at), layer) == 0)
            return v->value;
    }
    return NAN; /* what is not recorded is undefined */
}

/* NUMBER against WANTED: a number, null, or a list by position. LARGEST: by what errors are measured, 0: by
 * the number itself. */
static status compare(struct looking *l, const char *number, const char *layer, const cJSON *wanted,
                      double largest)
{
    const cJSON *list = cJSON_IsArray(wanted) ? wanted->child : wanted;
    int64_t position = 0;

    for (; list; list = cJSON_IsArray(wanted) ? list->next : NULL, position++) {
        const double v = cJSON_IsNumber(list) ? list->valuedouble : NAN;

        if (!cJSON_IsNumber(list) && !cJSON_IsNull(list))
            return error_set(l->r->err, "what is expected of '%s' is no number, null or list of them",
                             number);
        note(l, number, layer, position, value_at(l, number, layer, position), v,
             largest > 0.0 ? largest : fmax(fabs(v), SMALL), largest > 0.0 ? NEAR_LARGEST : NEAR);
    }
    return OK;
}

/* ---- by quantities ------------------------------------------------------------------------------------ */

/* Settings with which all that is expected is recorded. */
static cJSON *options_of(const char *probe, const cJSON *expected)
{
    const int top = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(expected, "hessian_top"));
    cJSON *options = cJSON_CreateObject();

    if (strcmp(probe, "sharpness") != 0)
        return options;
    cJSON_AddNumberToObject(options, "top", top > 1 ? top : 1);
    cJSON_AddNumberToObject(options, "tolerance", NEAR);
    return options;
}

static bool is_wanted(const cJSON *expected, const struct quantity *q)
{
    return cJSON_HasObjectItem(expected, q->group ? q->group : q->key);
}

static status compare_quantity(struct looking *l, const cJSON *expected, const struct quantity *q)
{
    const cJSON *top = cJSON_GetObjectItemCaseSensitive(expected, "hessian_top"), *layer;
    const double largest =
        q->scale == BY_LARGEST && cJSON_IsNumber(cJSON_GetArrayItem(top, 0)) ? top->child->valuedouble : 0.0;

    if (!q->group)
        return compare(l, q->number, "", cJSON_GetObjectItemCaseSensitive(expected, q->key), largest);
    cJSON_ArrayForEach(layer, cJSON_GetObjectItemCaseSensitive(expected, q->group))
    {
        const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(layer, q->key);

        if (wanted && compare(l, q->number, layer->string, wanted, 0.0) != OK)
            return FAILED;
    }
    return OK;
}

/* All that PROBE records of what is expected. */
static status compare_probe(struct run *r, const cJSON *expected, const char *probe)
{
    cJSON *options = options_of(probe, expected);
    struct looking l;
    status result = look_all(&l, r, probe, options);

    for (size_t i = 0; result == OK && i < NQUANTITIES; i++)
        if (strcmp(quantities[i].probe, probe) == 0 && is_wanted(expected, &quantities[i]))
            result = compare_quantity(&l, expected, &quantities[i]);
    net_bench_close(&l.bench);
    cJSON_Delete(options);
    return result;
}

/* ---- gradients, number by number ------------------------------------------------------------------------
 */

static const struct net_tensor *tensor_named(const struct looking *l, const char *name)
{
    const struct net_tensor *t;
    const size_t n = net_tensors(l->bench.learner.net, &t);
    char full[256];

    for (size_t i = 0; i < n; i++) {
        snprintf(full, sizeof full, "%s.%s", net_entry_name(l->bench.learner.net, t[i].entry), t[i].name);
        if (t[i].position >= 0 && !t[i].frozen && strcmp(full, name) == 0)
            return &t[i];
    }
    return NULL;
}

/* A tensor's numbers are off by no more than a share of the largest of them. */
static status compare_tensor(struct looking *l, const cJSON *gradients, const char *name, const double *got)
{
    const struct net_tensor *t = tensor_named(l, name);
    struct numbers wanted;
    double largest = SMALL;

    if (!t)
        return error_set(l->r->err, "its net trains no tensor '%.64s', of which 'gradient' has numbers",
                         name);
    if (case_read_numbers(l->r, gradients, name, &wanted) != OK ||
        case_expect_size(l->r, name, wanted.n, t->n) != OK)
        return FAILED;
    for (int64_t i = 0; i < t->n; i++)
        largest = fmax(largest, fabs(wanted.d[i]));
    for (int64_t i = 0; i < t->n; i++)
        note(l, "gradient", name, i, got[t->offset + i], wanted.d[i], largest, NEAR);
    return OK;
}

/* The gradients of the mean loss at the last weights. */
static status compare_gradients(struct run *r, const cJSON *gradients)
{
    struct looking l;
    double *sum = NULL;
    int64_t floats;
    float *grads;
    const cJSON *one;
    status result = look_all(&l, r, "gradient_noise", NULL);

    l.probe = "loss";
    if (result == OK) {
        net_trained(l.bench.learner.net, &grads, &floats);
        sum = mem_array((size_t)floats, sizeof *sum);
        result = net_bench_gradient(&l.bench, sum, r->err);
    }
    cJSON_ArrayForEach(one, gradients) if (result == OK) result =
        compare_tensor(&l, gradients, one->string, sum);
    net_bench_close(&l.bench);
    free(sum);
    return result;
}

/* ---- all that is expected ---------------------------------------------------------------------------------
 */

/* Every key of EXPECTED is compared with something; GROUP: NULL, or a map in it whose maps are looked at. */
static status check_keys(struct run *r, const cJSON *expected, const char *group)
{
    const char *known[NQUANTITIES + 1];
    const cJSON *layer;
    size_t n = 0;
    status result = OK;

    if (!group)
        known[n++] = "gradient";
    for (size_t i = 0; i < NQUANTITIES; i++) {
        const struct quantity *q = &quantities[i];

        if (!group)
            known[n++] = q->group ? q->group : q->key;
        else if (q->group && strcmp(q->group, group) == 0)
            known[n++] = q->key;
    }
    if (!group)
        return case_check_names(r, "expected", "key", expected, known, n);
    cJSON_ArrayForEach(layer, cJSON_GetObjectItemCaseSensitive(expected, group)) if (result == OK) result =
        case_check_names(r, layer->string, "key", layer, known, n);
    return result;
}

static status compare_expected(struct run *r, const cJSON *expected)
{
    const cJSON *gradients = cJSON_GetObjectItemCaseSensitive(expected, "gradient");

    if (check_keys(r, expected, NULL) != OK || check_keys(r, expected, "parameters") != OK ||
        check_keys(r, expected, "activations") != OK)
        return FAILED;
    if (gradients && compare_gradients(r, gradients) != OK)
        return FAILED;
    for (size_t i = 0; i < NQUANTITIES; i++) {
        bool done = !is_wanted(expected, &quantities[i]);

        for (size_t k = 0; k < i; k++)
            done = done ||
                   (is_wanted(expected, &quantities[k]) && !strcmp(quantities[k].probe, quantities[i].probe));
        if (!done && compare_probe(r, expected, quantities[i].probe) != OK)
            return FAILED;
    }
    return OK;
}

/* ---- by probes ---------------------------------------------------------------------------------------- */

/* What the net has that numbers can be of: its entries, and their tensors as LAYER.TENSOR. To free(). */
static const char **places_of(const struct looking *l, struct arena *arena, size_t *n)
{
    const struct net_tensor *t;
    const size_t ntensors = net_tensors(l->bench.learner.net, &t), nentries = l->bench.spec->nmodel;
    const char **places = mem_array(ntensors + nentries, sizeof *places);

    *n = 0;
    for (size_t i = 0; i < nentries; i++)
        places[(*n)++] = l->bench.spec->model[i].name;
    for (size_t i = 0; i < ntensors; i++)
        places[(*n)++] =
            arena_format(arena, "%s.%s", net_entry_name(l->bench.learner.net, t[i].entry), t[i].name);
    return places;
}

/* The probe and its net have all that the record names: null would pass for a number that nobody gives. */
static status check_record(struct looking *l, const cJSON *record, const cJSON *numbers)
{
    static const char *const keys[] = {"options", "numbers"};
    const fell_probe *probe = l->bench.spec->probes[0].plugin.item->probe;
    const char **known = mem_array(probe->nnumbers, sizeof *known), **places;
    struct arena *arena = arena_new();
    const cJSON *number;
    size_t nplaces;
    status result;

    for (uint64_t i = 0; i < probe->nnumbers; i++)
        known[i] = probe->numbers[i].name;
    places = places_of(l, arena, &nplaces);
    result = case_check_names(l->r, record->string, "key", record, keys, 2);
    if (result == OK && (!cJSON_IsObject(numbers) || !numbers->child))
        result = error_set(l->r->err, "what 'records' has of %s has no map 'numbers'", record->string);
    if (result == OK)
        result = case_check_names(l->r, record->string, "number", numbers, known, probe->nnumbers);
    cJSON_ArrayForEach(number, numbers) if (result == OK && cJSON_IsObject(number)) result =
        case_check_names(l->r, number->string, "entry or tensor", number, places, nplaces);
    arena_free(arena);
    free(known);
    free(places);
    return result;
}

static status compare_record(struct run *r, const cJSON *record)
{
    const cJSON *numbers = cJSON_GetObjectItemCaseSensitive(record, "numbers"), *number, *layer;
    struct looking l;
    status result = look_all(&l, r, record->string, cJSON_GetObjectItemCaseSensitive(record, "options"));

    if (result == OK)
        result = check_record(&l, record, numbers);
    cJSON_ArrayForEach(number, numbers)
    {
        if (result == OK && !cJSON_IsObject(number))
            result = compare(&l, number->string, "", number, 0.0);
        for (layer = cJSON_IsObject(number) ? number->child : NULL; result == OK && layer;
             layer = layer->next)
            result = compare(&l, number->string, layer->string, layer, 0.0);
    }
    net_bench_close(&l.bench);
    return result;
}

status case_probes(struct run *r)
{
    const cJSON *expected = case_member(r, "expected"), *records = case_member(r, "records"), *record;

    if (cJSON_IsObject(expected) && compare_expected(r, expected) != OK)
        return FAILED;
    cJSON_ArrayForEach(record, records) if (compare_record(r, record) != OK) return FAILED;
    return r->out->where[0] ? OK
                            : error_set(r->err, "it has no 'expected' or 'records' with a number that a "
                                                "probe gives");
}
