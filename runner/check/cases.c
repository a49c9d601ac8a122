/* cases.c - one case: see cases.h. Called by `fell plugin verify` and by the tests. */
#include "check/cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check/subject.h"
#include "host/settings.h"

enum { MOST_DIMENSIONS = 5, MOST_TENSORS = 16, MOST_SLOTS = 16 };

struct numbers {
    int64_t n, rank, dim[MOST_DIMENSIONS];
    double *d;
    float *f;
};

/* A case while it runs. */
struct run {
    struct subject s;
    const cJSON *json;
    struct case_result *out;
    struct error *err;
};

status cases_read(const char *path, cJSON **root, cJSON **cases, struct error *err)
{
    const char *end = NULL;
    char *text;
    size_t len;

    if (file_read(path, &text, &len, err) != OK)
        return FAILED;
    *root = cJSON_ParseWithLengthOpts(text, len + 1, &end, true);
    if (!*root) {
        int line = 1;

        for (const char *p = text; end && p < end; p++)
            line += *p == '\n';
        free(text);
        return error_set(err, "%s:%d: this is not JSON", path, line);
    }
    free(text);
    *cases = cJSON_IsArray(*root) ? *root : cJSON_GetObjectItemCaseSensitive(*root, "cases");
    if (cJSON_IsArray(*cases) && cJSON_GetArraySize(*cases) > 0)
        return OK;
    cJSON_Delete(*root);
    *root = NULL;
    return error_set(err, "%s: there is no list 'cases' with a case in it", path);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static bool fill(const cJSON *a, int64_t depth, struct numbers *t, int64_t *at)
{
    const cJSON *item;

    if (depth == t->rank) {
        if (!cJSON_IsNumber(a))
            return false;
        t->d[*at] = a->valuedouble;
        t->f[(*at)++] = (float)a->valuedouble;
        return true;
    }
    if (!cJSON_IsArray(a) || cJSON_GetArraySize(a) != t->dim[depth])
        return false;
    cJSON_ArrayForEach(item, a) if (!fill(item, depth + 1, t, at)) return false;
    return true;
}

/* The tensor under KEY of OBJECT; lists must be as long as their neighbours. */
static status read_numbers(struct run *r, const cJSON *object, const char *key, struct numbers *t)
{
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(object, key);
    int64_t at = 0;

    *t = (struct numbers){.n = 1};
    if (!a)
        return error_set(r->err, "it has no '%s'", key);
    for (const cJSON *level = a; cJSON_IsArray(level); level = level->child) {
        if (t->rank == MOST_DIMENSIONS)
            return error_set(r->err, "'%s' has too many dimensions", key);
        t->dim[t->rank] = cJSON_GetArraySize(level);
        t->n *= t->dim[t->rank++];
    }
    if (!t->n)
        return error_set(r->err, "'%s' is empty", key);
    t->d = subject_bytes(&r->s, t->n * (int64_t)sizeof *t->d);
    t->f = subject_floats(&r->s, t->n, 0.0f);
    if (!fill(a, 0, t, &at))
        return error_set(r->err, "'%s' is not a tensor of numbers, with lists of the same length", key);
    return OK;
}

static status read_matrix(struct run *r, const char *key, struct numbers *t)
{
    if (read_numbers(r, r->json, key, t) != OK)
        return FAILED;
    return t->rank == 2 ? OK : error_set(r->err, "'%s' is no list of rows, each a list of numbers", key);
}

static status expect_size(struct run *r, const char *key, int64_t n, int64_t wanted)
{
    if (n == wanted)
        return OK;
    return error_set(r->err, "'%s' has %lld numbers where the plugin has %lld", key, (long long)n,
                     (long long)wanted);
}

/* Note the largest error. A number that is none is as wrong as can be. */
static void compare(struct run *r, const char *where, const float *got, const double *single,
                    const double *wanted, int64_t n)
{
    double scale = 1e-30;

    for (int64_t i = 0; i < n; i++)
        scale = fabs(wanted[i]) > scale ? fabs(wanted[i]) : scale;
    for (int64_t i = 0; i < n; i++) {
        const double v = single ? single[i] : (double)got[i];
        double error = fabs(v - wanted[i]) / scale;

        if (isnan(error))
            error = INFINITY;
        if (error <= r->out->error && r->out->where[0])
            continue;
        r->out->error = error;
        snprintf(r->out->where, sizeof r->out->where, "%s", where);
        r->out->at = i;
        r->out->got = v;
        r->out->wanted = wanted[i];
    }
}

/* ---- activations --------------------------------------------------------------------------------- */

static status run_activation(struct run *r)
{
    const fell_activation *a = r->s.item->activation;
    struct numbers x, y, dy, dx;
    fell_activation_call call;
    float *out;

    if (read_numbers(r, r->json, "x", &x) != OK || read_numbers(r, r->json, "y", &y) != OK ||
        read_numbers(r, r->json, "dy", &dy) != OK || read_numbers(r, r->json, "dx", &dx) != OK)
        return FAILED;
    if (!x.rank)
        return error_set(r->err, "'x' is no list of numbers");
    if (expect_size(r, "y", y.n, x.n) || expect_size(r, "dy", dy.n, x.n) || expect_size(r, "dx", dx.n, x.n))
        return FAILED;
    out = subject_floats(&r->s, x.n, NAN);
    call = (fell_activation_call){.ctx = &r->s.in.ctx,
                                  .settings = r->s.settings,
                                  .rows = x.n / x.dim[x.rank - 1],
                                  .cols = x.dim[x.rank - 1],
                                  .x = x.f,
                                  .y = subject_floats(&r->s, x.n, NAN),
                                  .dy = dy.f,
                                  .dx = out};
    if (subject_call(&r->s, a->forward(&call), r->err) != OK)
        return FAILED;
    compare(r, "y", call.y, NULL, y.d, y.n);
    if (subject_call(&r->s, a->backward(&call), r->err) != OK)
        return FAILED;
    compare(r, "dx", out, NULL, dx.d, dx.n);
    call.dx = dy.f; /* in place, as is allowed */
    if (subject_call(&r->s, a->backward(&call), r->err) != OK)
        return FAILED;
    compare(r, "dx, in place", dy.f, NULL, dx.d, dx.n);
    return OK;
}

/* ---- losses ---------------------------------------------------------------------------------------- */

static status run_loss(struct run *r)
{
    const fell_loss *loss = r->s.item->loss;
    struct numbers pred, target, gradient, wanted;
    const bool classes = loss->target == FELL_CLASSES;
    fell_loss_call call;
    int32_t *label;
    double mean;

    if (read_matrix(r, "prediction", &pred) != OK || read_numbers(r, r->json, "target", &target) != OK ||
        read_numbers(r, r->json, "gradient", &gradient) != OK ||
        read_numbers(r, r->json, "loss", &wanted) != OK)
        return FAILED;
    if (expect_size(r, "target", target.n, classes ? pred.dim[0] : pred.n) ||
        expect_size(r, "gradient", gradient.n, pred.n) || expect_size(r, "loss", wanted.n, 1))
        return FAILED;
    label = subject_bytes(&r->s, target.n * (int64_t)sizeof *label);
    for (int64_t i = 0; classes && i < target.n; i++) {
        label[i] = (int32_t)target.d[i];
        if (label[i] != target.d[i] || label[i] < 0 || label[i] >= pred.dim[1])
            return error_set(r->err, "target %lld is %g, which is no class of %lld", (long long)i,
                             target.d[i], (long long)pred.dim[1]);
    }
    call = (fell_loss_call){.ctx = &r->s.in.ctx,
                            .settings = r->s.settings,
                            .rows = pred.dim[0],
                            .cols = pred.dim[1],
                            .pred = pred.f,
                            .target = classes ? NULL : target.f,
                            .label = classes ? label : NULL,
                            .weight = (double)pred.dim[0],
                            .dpred = subject_floats(&r->s, pred.n, NAN)};
    if (subject_call(&r->s, loss->eval(&call), r->err) != OK)
        return FAILED;
    mean = call.sum / call.weight;
    compare(r, "loss", NULL, &mean, wanted.d, 1);
    for (int64_t i = 0; i < pred.n; i++)
        call.dpred[i] = (float)((double)call.dpred[i] / call.weight);
    compare(r, "gradient", call.dpred, NULL, gradient.d, pred.n);
    return OK;
}

/* ---- layers ----------------------------------------------------------------------------------------- */

struct layer {
    fell_shape in, shape[MOST_TENSORS];
    fell_plan plan;
    float *tensor[MOST_TENSORS], *grad[MOST_TENSORS];
    struct numbers x, y, dy, dx;
};

static const cJSON *member(const struct run *r, const char *object)
{
    return cJSON_GetObjectItemCaseSensitive(r->json, object);
}

/* Are they whole numbers from 0 to N - 1? */
static status check_indices(struct run *r, const struct numbers *x, int64_t n)
{
    for (int64_t i = 0; i < x->n; i++)
        if (!(x->d[i] >= 0.0 && x->d[i] < (double)n && x->d[i] == floor(x->d[i])))
            return error_set(r->err, "x[%lld] is %g, which is no whole number from 0 to %lld", (long long)i,
                             x->d[i], (long long)n - 1);
    return OK;
}

static status plan_layer(struct run *r, struct layer *l)
{
    const fell_layer *layer = r->s.item->layer;

    if (read_numbers(r, r->json, "x", &l->x) != OK || read_numbers(r, r->json, "y", &l->y) != OK ||
        read_numbers(r, r->json, "dy", &l->dy) != OK)
        return FAILED;
    if (l->x.rank < 2)
        return error_set(r->err, "'x' is no list of rows");
    if (layer->min_inputs > 1)
        return error_set(r->err, "it takes %u inputs or more; a case has one", layer->min_inputs);
    if (layer->ntensors > MOST_TENSORS)
        return error_set(r->err, "it has more than %d tensors", MOST_TENSORS);
    l->in.rank = l->x.rank - 1;
    for (int64_t d = 0; d < l->in.rank; d++)
        l->in.dim[d] = l->x.dim[d + 1];
    l->plan = (fell_plan){.ctx = &r->s.in.ctx,
                          .settings = r->s.settings,
                          .nin = 1,
                          .max_batch = l->x.dim[0],
                          .in = &l->in,
                          .tensor = l->shape};
    if (subject_call(&r->s, layer->plan(&l->plan), r->err) != OK)
        return FAILED;
    if (expect_size(r, "y", l->y.n, fell_size(&l->plan.out) * l->x.dim[0]) ||
        expect_size(r, "dy", l->dy.n, l->y.n))
        return FAILED;
    if (l->plan.indices) /* they have no gradient */
        return check_indices(r, &l->x, l->plan.indices);
    return read_numbers(r, r->json, "dx", &l->dx) != OK ? FAILED : expect_size(r, "dx", l->dx.n, l->x.n);
}

/* Gradients begin at 0.5, so that a plugin which sets them instead of adding is found out. */
static status fill_tensors(struct run *r, struct layer *l)
{
    const fell_layer *layer = r->s.item->layer;

    for (uint64_t i = 0; i < layer->ntensors; i++) {
        const int64_t n = fell_size(&l->shape[i]);
        struct numbers before;

        if (n == 0)
            continue;
        if (read_numbers(r, member(r, "parameters_before"), layer->tensors[i].name, &before) != OK ||
            expect_size(r, layer->tensors[i].name, before.n, n) != OK)
            return FAILED;
        l->tensor[i] = before.f;
        if (layer->tensors[i].role != FELL_STATE)
            l->grad[i] = subject_floats(&r->s, n, 0.5f);
    }
    return OK;
}

static status compare_tensors(struct run *r, const struct layer *l)
{
    for (uint64_t i = 0; i < r->s.item->layer->ntensors; i++) {
        const char *name = r->s.item->layer->tensors[i].name;
        const int64_t n = fell_size(&l->shape[i]);
        struct numbers wanted;
        char where[64];

        if (l->grad[i]) {
            if (read_numbers(r, member(r, "gradients"), name, &wanted) != OK ||
                expect_size(r, name, wanted.n, n))
                return FAILED;
            for (int64_t j = 0; j < n; j++)
                l->grad[i][j] -= 0.5f;
            snprintf(where, sizeof where, "gradients.%s", name);
            compare(r, where, l->grad[i], NULL, wanted.d, n);
        } else if (n && cJSON_HasObjectItem(member(r, "state_after"), name)) {
            if (read_numbers(r, member(r, "state_after"), name, &wanted) != OK ||
                expect_size(r, name, wanted.n, n))
                return FAILED;
            snprintf(where, sizeof where, "state_after.%s", name);
            compare(r, where, l->tensor[i], NULL, wanted.d, n);
        }
    }
    return OK;
}

static status run_layer(struct run *r)
{
    const fell_layer *layer = r->s.item->layer;
    struct layer l = {0};
    const float *inputs[1];
    float *dx[1];
    fell_layer_call call;

    if (plan_layer(r, &l) != OK || fill_tensors(r, &l) != OK)
        return FAILED;
    inputs[0] = l.x.f;
    dx[0] = l.plan.indices ? NULL : subject_floats(&r->s, l.x.n, NAN);
    call = (fell_layer_call){.ctx = &r->s.in.ctx,
                             .settings = r->s.settings,
                             .plan = &l.plan,
                             .batch = l.x.dim[0],
                             .training = !cJSON_IsFalse(member(r, "training")),
                             .x = inputs,
                             .y = subject_floats(&r->s, l.y.n, NAN),
                             .dy = l.dy.f,
                             .dx = dx,
                             .tensor = l.tensor,
                             .grad = l.grad,
                             .saved = subject_bytes(&r->s, l.plan.saved_bytes)};
    if (subject_call(&r->s, layer->forward(&call), r->err) != OK)
        return FAILED;
    compare(r, "y", call.y, NULL, l.y.d, l.y.n);
    if (!layer->backward)
        return OK;
    if (subject_call(&r->s, layer->backward(&call), r->err) != OK)
        return FAILED;
    if (dx[0])
        compare(r, "dx", dx[0], NULL, l.dx.d, l.dx.n);
    return compare_tensors(r, &l);
}

/* ---- optimizers ------------------------------------------------------------------------------------ */

static status make_slots(struct run *r, int64_t n, float **slot)
{
    const fell_optimizer *o = r->s.item->optimizer;

    if (o->nslots > MOST_SLOTS)
        return error_set(r->err, "it has more than %d slots", MOST_SLOTS);
    for (uint64_t i = 0; i < o->nslots; i++) {
        double on = 1.0, times = 1.0;

        if ((o->slots[i].when && !settings_number(r->s.item, r->s.settings, o->slots[i].when, &on)) ||
            (o->slots[i].times && !settings_number(r->s.item, r->s.settings, o->slots[i].times, &times)))
            return error_set(r->err, "its slot '%s' names a setting that it has not", o->slots[i].name);
        if (on != 0.0)
            slot[i] = subject_floats(&r->s, (o->slots[i].scalar ? 1 : n) * (int64_t)times, 0.0f);
    }
    return OK;
}

static status run_optimizer(struct run *r)
{
    const fell_optimizer *o = r->s.item->optimizer;
    const bool whole = o->reach == FELL_WHOLE;
    struct numbers w, g, after;
    float *slot[MOST_SLOTS] = {NULL};
    fell_shape shape;
    double lr;

    if (read_numbers(r, r->json, "theta0", &w) != OK || read_numbers(r, r->json, "gradients", &g) != OK ||
        read_numbers(r, r->json, "theta", &after) != OK || make_slots(r, w.n, slot) != OK)
        return FAILED;
    if (after.rank < 1 || expect_size(r, "theta", after.n, after.dim[0] * w.n) ||
        expect_size(r, "gradients", g.n, after.n) || !settings_number(r->s.item, r->s.settings, "lr", &lr))
        return after.rank < 1 ? error_set(r->err, "'theta' has no steps") : FAILED;
    shape = fell_vec(w.n);
    for (int64_t t = 0; t < after.dim[0]; t++) {
        fell_optimizer_call call = {.ctx = &r->s.in.ctx,
                                    .settings = r->s.settings,
                                    .n = w.n,
                                    .t = t + 1,
                                    .lr = lr,
                                    .shape = whole ? NULL : &shape,
                                    .role = whole ? 0 : FELL_WEIGHT,
                                    .w = w.f,
                                    .g = g.f + t * w.n,
                                    .slot = slot};
        char where[64];

        if (subject_call(&r->s, o->step(&call), r->err) != OK)
            return FAILED;
        snprintf(where, sizeof where, "theta after step %lld", (long long)t + 1);
        compare(r, where, w.f, NULL, after.d + t * w.n, w.n);
    }
    return OK;
}

/* ---- schedules ------------------------------------------------------------------------------------- */

/* Does it look at a recorded value? */
static bool watches(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_MONITOR)
            return true;
    return false;
}

/* Each rate is asked for alone, the last first: nothing may be remembered. */
static status run_schedule(struct run *r)
{
    const char *every = cJSON_GetStringValue(member(r, "advances_every"));
    const bool by_step = every && strcmp(every, "step") == 0;
    struct numbers rate, base, history = {0};
    double *got;

    if (read_numbers(r, r->json, "lr", &rate) != OK || read_numbers(r, r->json, "base_lr", &base) != OK ||
        expect_size(r, "base_lr", base.n, 1) != OK)
        return FAILED;
    if (watches(r->s.item) && rate.n > 1) {
        if (read_numbers(r, r->json, "history", &history) != OK)
            return FAILED;
        if (history.n < rate.n - 1)
            return error_set(r->err, "'history' has %lld values; %lld rates take %lld", (long long)history.n,
                             (long long)rate.n, (long long)rate.n - 1);
    }
    got = subject_bytes(&r->s, rate.n * (int64_t)sizeof *got);
    for (int64_t i = rate.n - 1; i >= 0; i--) {
        fell_schedule_call call = {.ctx = &r->s.in.ctx,
                                   .settings = r->s.settings,
                                   .epoch = by_step ? 0 : i,
                                   .epochs = by_step ? 1 : rate.n,
                                   .step = by_step ? i : 3 * i,
                                   .steps = by_step ? rate.n : 3 * rate.n,
                                   .history = history.d,
                                   .lr = base.d[0]};

        if (subject_call(&r->s, r->s.item->schedule->rate(&call), r->err) != OK)
            return FAILED;
        got[i] = call.lr;
    }
    compare(r, "lr", NULL, got, rate.d, rate.n);
    return OK;
}

/* ---- a case ---------------------------------------------------------------------------------------- */

/* The first whose key a case has. */
static const struct kind {
    const char *key, *word;
    enum role role;
    status (*run)(struct run *r);
} kinds[] = {
    {"prediction", "loss", ROLE_LOSS, run_loss},
    {"theta0", "optimizer", ROLE_OPTIMIZER, run_optimizer},
    {"base_lr", "schedule", ROLE_SCHEDULE, run_schedule},
    {"parameters_before", "layer", ROLE_MODEL_ENTRY, run_layer},
    {"dx", "activation", ROLE_ACTIVATION, run_activation},
};

static const struct kind *kind_of(const cJSON *one)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (cJSON_HasObjectItem(one, kinds[i].key))
            return &kinds[i];
    return NULL;
}

/* The options, to free(). */
static char *name_case(const cJSON *one, struct case_result *out)
{
    const struct kind *kind = kind_of(one);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "name"));
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(one, "options");
    char *options = given ? cJSON_PrintUnformatted(given) : mem_string("");

    *out = (struct case_result){.kind = kind ? kind->word : ""};
    snprintf(out->name, sizeof out->name, "%s", name ? name : "");
    snprintf(out->options, sizeof out->options, "%s", strcmp(options, "{}") == 0 ? "" : options);
    return options;
}

void case_begin(const cJSON *one, struct case_result *out)
{
    free(name_case(one, out));
}

void case_run(struct registry *reg, const cJSON *one, enum simd_level level, struct case_result *out)
{
    const struct kind *kind = kind_of(one);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "name"));
    char *options = name_case(one, out);
    struct run r = {.json = one, .out = out, .err = &out->failure};

    if (!name || !kind)
        error_set(r.err, name ? "its keys tell no kind: there is none of prediction, theta0, base_lr, "
                                "parameters_before and dx"
                              : "it has no 'name'");
    else {
        if (subject_open(&r.s, reg, kind->role, name, options, level, r.err) == OK)
            kind->run(&r);
        subject_close(&r.s);
    }
    free(options);
}
