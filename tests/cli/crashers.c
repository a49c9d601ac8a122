/* crashers.c - a plugin of every kind that works, and dies in the callback that is asked for: for
 * crash_kinds.sh, which looks at whom the runner blames.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fell/probe.h"

enum { SEGFAULT, ABORT, EXIT };
enum { NOWHERE, PLAN, FIT, INIT, OPEN, READ, CLOSE, FORWARD, BACKWARD, EVAL, STEP, RATE, LOOK };

struct crasher {
    int32_t at, how;
    int64_t rows, call;
    double lr;
};

#define ANYWHERE                                                                                             \
    FELL_ENUM(struct crasher, at, "nowhere",                                                                 \
              "nowhere|plan|fit|init|open|read|close|forward|backward|eval|step|rate|look",                  \
              "Where to die."),                                                                              \
        FELL_ENUM(struct crasher, how, "segfault", "segfault|abort|exit", "How to die."),                    \
        FELL_INT(struct crasher, call, 1, 1, 1000, 0, "The first such call that dies, over all processes.")
#define PARAMS                                                                                               \
    ANYWHERE, FELL_INT(struct crasher, rows, 0, 0, 1000, 0, "Only calls with so many rows die; 0: all.")

static const fell_param probe_params[] = {ANYWHERE};
static const fell_param params[] = {PARAMS};
static const fell_param optimizer_params[] = {
    PARAMS, FELL_FLOAT(struct crasher, lr, 0.1, 0, INFINITY, 0, "Learning rate.")};

/* The calls that could die of each way are counted in a file, which outlives the processes. */
static void die(const void *settings, int32_t at, int64_t rows)
{
    static const char *const files[] = {"calls-segfault", "calls-abort", "calls-exit"};
    const struct crasher *s = settings;
    struct stat file;
    int fd;

    if (s->at != at || (s->rows && s->rows != rows))
        return;
    fd = open(files[s->how], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, ".", 1) != 1 || fstat(fd, &file) != 0 || close(fd) != 0)
        return;
    if (file.st_size != s->call)
        return;
    if (s->how == SEGFAULT)
        *(volatile int *)16 = 1;
    if (s->how == ABORT)
        abort();
    exit(3);
}

/* ---- layer, activation, transform ------------------------------------------------------------ */

/* A weight, so that a probe asks for the rows' own gradients of it. */
static const fell_tensor tensors[] = {{"weight", "Has no effect.", "zeros", FELL_WEIGHT}};

static fell_status plan(fell_plan *p)
{
    die(p->settings, PLAN, 0);
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status plan_weight(fell_plan *p)
{
    p->tensor[0] = fell_vec(1);
    return plan(p);
}

static fell_status forward(fell_layer_call *c)
{
    die(c->settings, FORWARD, c->batch);
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->out); i++)
        c->y[i] = c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    die(c->settings, BACKWARD, c->batch);
    for (int64_t i = 0; c->dx[0] && i < c->batch * fell_size(&c->plan->out); i++)
        c->dx[0][i] = c->dy[i];
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    die(c->settings, FIT, c->batch);
    return FELL_OK;
}

/* Random in training only, so that it acts on every training batch. */
static fell_status jitter(fell_layer_call *c)
{
    float number;

    if (c->training)
        fell_uniform(c->ctx, &number, 1);
    return forward(c);
}

static fell_status activate(fell_activation_call *c)
{
    die(c->settings, FORWARD, c->rows);
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = c->x[i];
    return FELL_OK;
}

static fell_status activate_backward(fell_activation_call *c)
{
    die(c->settings, BACKWARD, c->rows);
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = c->dy[i];
    return FELL_OK;
}

/* ---- loss, metric, optimizer, schedule, initialiser -------------------------------------------- */

static fell_status loss(fell_loss_call *c)
{
    die(c->settings, c->rows ? EVAL : PLAN, c->rows);
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        c->dpred[i] = c->pred[i] - c->target[i];
        c->sum += 0.5 * (double)c->dpred[i] * (double)c->dpred[i];
    }
    return FELL_OK;
}

static fell_status metric(fell_metric_call *c)
{
    die(c->settings, c->rows ? EVAL : PLAN, c->rows);
    c->value[0] = (double)c->rows;
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    die(c->settings, c->n ? STEP : PLAN, 0);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)c->lr * c->g[i];
    return FELL_OK;
}

static fell_status rate(fell_schedule_call *c)
{
    die(c->settings, RATE, 0);
    return FELL_OK;
}

static fell_status fill(fell_init_call *c)
{
    die(c->settings, INIT, 0);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = 0.5f;
    return FELL_OK;
}

/* ---- dataset -------------------------------------------------------------------------------------- */

static fell_status open_rows(fell_data_info *info)
{
    die(info->settings, OPEN, 0);
    info->self = (void *)(uintptr_t)info->settings;
    info->rows = 40;
    info->x = fell_vec(2);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_rows(fell_read_call *c)
{
    die(c->settings, READ, c->n);
    for (int64_t i = 0; i < c->n; i++) {
        c->x[2 * i] = (float)c->row[i];
        c->x[2 * i + 1] = 1.0f;
        c->target[i] = (float)(c->row[i] % 2);
    }
    return FELL_OK;
}

static void close_rows(void *self)
{
    die(self, CLOSE, 0);
}

/* ---- probe ------------------------------------------------------------------------------------------ */

static const fell_number numbers[] = {{"loss", "Mean loss of the rows.", FELL_PER_NET, 0}};

static fell_status plan_look(fell_probe_plan *p)
{
    die(p->settings, PLAN, 0);
    return FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    double value;

    if (fell_probe_gradient(c, 0, c->plan->rows, &value, NULL) != FELL_OK)
        return FELL_ERROR;
    die(c->settings, LOOK, 0);
    return fell_record(c, 0, 0, 0, value);
}

#define ITEM(KIND, type, name, params)                                                                       \
    FELL_ITEM(FELL_KIND_##KIND, type, name, "Works, or dies.", struct crasher, params)

static const fell_layer layer_item = {.item = ITEM(LAYER, fell_layer, "bad_layer", params),
                                      .tensors = tensors,
                                      .ntensors = 1,
                                      .plan = plan_weight,
                                      .forward = forward,
                                      .backward = backward};
static const fell_layer transform_item = {
    .item = ITEM(LAYER, fell_layer, "bad_transform", params), .plan = plan, .forward = forward, .fit = fit};
static const fell_layer jitter_item = {
    .item = ITEM(LAYER, fell_layer, "bad_jitter", params), .plan = plan, .forward = jitter};
static const fell_activation activation_item = {
    .item = ITEM(ACTIVATION, fell_activation, "bad_activation", params),
    .forward = activate,
    .backward = activate_backward};
static const fell_loss loss_item = {
    .item = ITEM(LOSS, fell_loss, "bad_loss", params), .target = FELL_VALUES, .eval = loss};
static const fell_metric metric_item = {
    .item = ITEM(METRIC, fell_metric, "bad_metric", params), .target = FELL_VALUES, .eval = metric};
static const fell_optimizer optimizer_item = {
    .item = ITEM(OPTIMIZER, fell_optimizer, "bad_optimizer", optimizer_params), .step = step};
static const fell_schedule schedule_item = {.item = ITEM(SCHEDULE, fell_schedule, "bad_schedule", params),
                                            .rate = rate};
static const fell_initialiser initialiser_item = {
    .item = ITEM(INITIALISER, fell_initialiser, "bad_initialiser", params), .fill = fill};
static const fell_dataset dataset_item = {.item = ITEM(DATASET, fell_dataset, "bad_dataset", params),
                                          .open = open_rows,
                                          .read = read_rows,
                                          .close = close_rows};
static const fell_probe probe_item = {ITEM(PROBE, fell_probe, "bad_probe", probe_params),
                                      FELL_PROBE_TABLES(numbers, NULL, 0), .plan = plan_look, .look = look};

FELL_PLUGIN("1.0", "tests, MIT", &layer_item.item, &transform_item.item, &jitter_item.item,
            &activation_item.item, &loss_item.item, &metric_item.item, &optimizer_item.item,
            &schedule_item.item, &initialiser_item.item, &dataset_item.item, &probe_item.item);
