/* plugin_new.c - `fell plugin new`: a plugin of each kind to start from. Each is short, whole,
 * and shows every part that its author edits; '@' stands for the name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plugin.h"
#include "host/registry_open.h"

/* clang-format off */
static const char new_activation[] =
    "/* @.c - an activation: say what it does. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. */\n"
    "struct settings {\n"
    "    double slope;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, slope, 0.1, 0, INFINITY, FELL_MAX_OPEN,\n"
    "               \"Slope for negative inputs, from 0 up.\"),\n"
    "};\n"
    "\n"
    "/* y of one number. Take exp, tanh and the like from fell/math.h: fell_exp, fell_tanh. */\n"
    "static inline float value(const struct settings *s, float x)\n"
    "{\n"
    "    return x > 0.0f ? x : (float)s->slope * x;\n"
    "}\n"
    "\n"
    "/* dy/dx there; y is what value() gave. */\n"
    "static inline float derivative(const struct settings *s, float x, float y)\n"
    "{\n"
    "    (void)y;\n"
    "    return x > 0.0f ? 1.0f : (float)s->slope;\n"
    "}\n"
    "\n"
    "/* Makes value_forward and value_backward: loops for every SIMD level. */\n"
    "FELL_ELEMENTWISE(struct settings, value, derivative)\n"
    "\n"
    "static const fell_activation item = {\n"
    "    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, \"@\",\n"
    "              \"One sentence: what it does.\\n\\n\"\n"
    "              \"y = x for x > 0, else slope x. Say where the formula comes from.\",\n"
    "              struct settings, params),\n"
    "    0, FELL_REAL, value_forward, value_backward};\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_loss[] =
    "/* @.c - a loss: say what it measures. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. */\n"
    "struct settings {\n"
    "    double scale;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, scale, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN, \"Factor, above 0.\"),\n"
    "};\n"
    "\n"
    "/* The loss of a batch is sum / weight; dpred is the derivative of sum by each prediction\n"
    " * (the host divides it by weight). For classes: FELL_CLASSES below, and c->label. */\n"
    "FELL_KERNEL(eval, fell_loss_call)\n"
    "{\n"
    "    const struct settings *s = c->settings;\n"
    "    const float scale = (float)s->scale;\n"
    "    const int64_t n = c->rows * c->cols;\n"
    "\n"
    "    for (int64_t i = 0; i < n; i++) {\n"
    "        const float d = c->pred[i] - c->target[i];\n"
    "\n"
    "        c->sum += (double)(scale * d * d);\n"
    "        c->dpred[i] = 2.0f * scale * d;\n"
    "    }\n"
    "    c->weight = (double)n;\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static const fell_loss item = {\n"
    "    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, \"@\",\n"
    "                      \"One sentence: what it measures.\\n\\n\"\n"
    "                      \"loss = mean of scale (prediction - target)^2. Say where the formula comes from.\",\n"
    "                      struct settings, params),\n"
    "    .target = FELL_VALUES, /* or FELL_CLASSES */\n"
    "    .expects = FELL_REAL,  /* or FELL_PROB, FELL_LOGIT, FELL_LOGPROB */\n"
    "    .eval = eval};\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_layer[] =
    "/* @.c - a layer: say what it does. */\n"
    "#include <fell/plugin.h>\n"
    "struct settings { /* what a spec can set; the fields' names are the keys in YAML */\n"
    "    double gain;\n"
    "};\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, gain, 1, -1e6, 1e6, 0, \"Factor of all outputs, from -1e6 to 1e6.\"),\n"
    "};\n"
    "\n"
    "/* What it learns: name, doc, how it begins, role. */\n"
    "static const fell_tensor tensors[] = {{\"weight\", \"Factor of each input: [inputs].\", \"ones\", FELL_WEIGHT}};\n"
    "\n"
    "static fell_status plan(fell_plan *p) /* shapes of an output row and of the tensors */\n"
    "{\n"
    "    p->out = p->in[0];\n"
    "    p->tensor[0] = fell_vec(fell_size(&p->in[0]));\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "FELL_KERNEL(forward, fell_layer_call)\n"
    "{\n"
    "    const float gain = (float)((const struct settings *)c->settings)->gain;\n"
    "    const int64_t n = fell_size(&c->plan->in[0]);\n"
    "\n"
    "    for (int64_t i = 0; i < c->batch * n; i++)\n"
    "        c->y[i] = gain * c->tensor[0][i % n] * c->x[0][i];\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "/* grad is added to, dx is set; either may be NULL: not wanted. */\n"
    "FELL_KERNEL(backward, fell_layer_call)\n"
    "{\n"
    "    const float gain = (float)((const struct settings *)c->settings)->gain;\n"
    "    const int64_t n = fell_size(&c->plan->in[0]);\n"
    "\n"
    "    for (int64_t i = 0; c->grad[0] && i < c->batch * n; i++)\n"
    "        c->grad[0][i % n] += gain * c->dy[i] * c->x[0][i];\n"
    "    for (int64_t i = 0; c->dx[0] && i < c->batch * n; i++)\n"
    "        c->dx[0][i] = gain * c->tensor[0][i % n] * c->dy[i];\n"
    "    return FELL_OK;\n"
    "}\n"
    "static const fell_layer item = {\n"
    "    FELL_ITEM(FELL_KIND_LAYER, fell_layer, \"@\", \"One sentence: what it does.\", struct settings, params),\n"
    "    1, 1, tensors, 1, plan, forward, backward, NULL};\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_transform[] =
    "/* @.c - a transform of the data: say what it does. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. */\n"
    "struct settings {\n"
    "    double factor;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, factor, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,\n"
    "               \"Factor, any number.\"),\n"
    "};\n"
    "\n"
    "/* From the shape of a row to that of a transformed row. */\n"
    "static fell_status plan(fell_plan *p)\n"
    "{\n"
    "    p->out = p->in[0];\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "FELL_KERNEL(forward, fell_layer_call)\n"
    "{\n"
    "    const float factor = (float)((const struct settings *)c->settings)->factor;\n"
    "    const int64_t n = c->batch * fell_size(&c->plan->in[0]);\n"
    "\n"
    "    for (int64_t i = 0; i < n; i++)\n"
    "        c->y[i] = factor * c->x[0][i];\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "/* A transform is a layer without backward. One that learns from the training rows has\n"
    " * tensors of role FELL_STATE and a function fit: see fell/plugin.h, section 10. */\n"
    "static const fell_layer item = {.item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, \"@\",\n"
    "                                                  \"One sentence: what it does.\\n\\ny = factor x.\",\n"
    "                                                  struct settings, params),\n"
    "                                .plan = plan,\n"
    "                                .forward = forward};\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_optimizer[] =
    "/* @.c - an optimizer: say what it does. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. lr must be there. */\n"
    "struct settings {\n"
    "    double lr, momentum;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, lr, 1e-2, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,\n"
    "               \"Learning rate, above 0.\"),\n"
    "    FELL_FLOAT(struct settings, momentum, 0.9, 0, 1, FELL_MAX_OPEN,\n"
    "               \"Share of the last step kept, in [0, 1).\"),\n"
    "};\n"
    "\n"
    "/* What it remembers of each weight; zero before the first step. */\n"
    "static const fell_slot slots[] = {{.name = \"velocity\", .doc = \"The last step, but for the rate.\"}};\n"
    "\n"
    "/* One step of n weights. The rate is c->lr, after the schedule, and not settings->lr. */\n"
    "FELL_KERNEL(step, fell_optimizer_call)\n"
    "{\n"
    "    const float lr = (float)c->lr, momentum = (float)((const struct settings *)c->settings)->momentum;\n"
    "    float *v = c->slot[0];\n"
    "\n"
    "    for (int64_t i = 0; i < c->n; i++) {\n"
    "        v[i] = momentum * v[i] + c->g[i];\n"
    "        c->w[i] -= lr * v[i];\n"
    "    }\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static const fell_optimizer item = {\n"
    "    .item = FELL_ITEM(\n"
    "        FELL_KIND_OPTIMIZER, fell_optimizer, \"@\",\n"
    "        \"One sentence: what it does.\\n\\nv = momentum v + g; w = w - lr v. Say where the rule is from.\",\n"
    "        struct settings, params),\n"
    "    .slots = slots,\n"
    "    .nslots = 1,\n"
    "    .step = step,\n"
    "    .reach = FELL_EACH_WEIGHT}; /* the rule sees each weight alone; else FELL_TENSOR */\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_schedule[] =
    "/* @.c - a schedule of the learning rate: say what it does. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. */\n"
    "struct settings {\n"
    "    double decay;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, decay, 0.1, 0, INFINITY, FELL_MAX_OPEN,\n"
    "               \"How fast the rate falls, from 0 up.\"),\n"
    "};\n"
    "\n"
    "/* Asked before every step: c->lr is the optimizer's rate, or that of the schedule before\n"
    " * in a list; leave there the rate of this step. A pure function of c: see fell/plugin.h,\n"
    " * section 7, for epoch, epochs, step, steps and history. */\n"
    "static fell_status rate(fell_schedule_call *c)\n"
    "{\n"
    "    const struct settings *s = c->settings;\n"
    "\n"
    "    c->lr /= 1.0 + s->decay * (double)c->epoch;\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static const fell_schedule item = {FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, \"@\",\n"
    "                                             \"One sentence: what it does.\\n\\n\"\n"
    "                                             \"lr = lr / (1 + decay epoch), with epochs from 0.\",\n"
    "                                             struct settings, params),\n"
    "                                   rate};\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_initialiser[] =
    "/* @.c - an initialiser: say how weights begin. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. */\n"
    "struct settings {\n"
    "    double gain;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, gain, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,\n"
    "               \"Factor of all numbers, above 0.\"),\n"
    "};\n"
    "\n"
    "/* Fill w[n]. Random numbers are the host's: fell_uniform in [0, 1), fell_normal. The\n"
    " * tensor's shape is c->shape, as PyTorch has it. */\n"
    "static fell_status fill(fell_init_call *c)\n"
    "{\n"
    "    const struct settings *s = c->settings;\n"
    "    const float bound = (float)(s->gain / sqrt((double)c->fan_in));\n"
    "\n"
    "    fell_uniform(c->ctx, c->w, c->n);\n"
    "    for (int64_t i = 0; i < c->n; i++)\n"
    "        c->w[i] = bound * (2.0f * c->w[i] - 1.0f);\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static const fell_initialiser item = {\n"
    "    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, \"@\",\n"
    "              \"One sentence: how weights begin.\\n\\n\"\n"
    "              \"w uniform between -b and b, b = gain / sqrt(fan_in). Say where it comes from.\",\n"
    "              struct settings, params),\n"
    "    fill};\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_metric[] =
    "/* @.c - a metric: say what it measures. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "/* What a spec can set; the fields' names are the keys in YAML. */\n"
    "struct settings {\n"
    "    double tolerance;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_FLOAT(struct settings, tolerance, 0.1, 0, INFINITY, FELL_MAX_OPEN,\n"
    "               \"Error that is still right, from 0 up.\"),\n"
    "};\n"
    "\n"
    "/* One call with all rows of a split. Where no value can be given, it is NAN. */\n"
    "static fell_status eval(fell_metric_call *c)\n"
    "{\n"
    "    const struct settings *s = c->settings;\n"
    "    const int64_t n = c->rows * c->cols;\n"
    "    int64_t right = 0;\n"
    "\n"
    "    for (int64_t i = 0; i < n; i++)\n"
    "        right += fabsf(c->pred[i] - c->target[i]) <= (float)s->tolerance;\n"
    "    *c->value = n ? (double)right / (double)n : (double)NAN;\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static const fell_metric item = {.item =\n"
    "                                     FELL_ITEM(FELL_KIND_METRIC, fell_metric, \"@\",\n"
    "                                               \"One sentence: what it measures.\\n\\n\"\n"
    "                                               \"The share of outputs within the tolerance of their target.\",\n"
    "                                               struct settings, params),\n"
    "                                 .target = FELL_VALUES, /* FELL_CLASSES: c->label; both with | */\n"
    "                                 .higher_is_better = 1,\n"
    "                                 .eval = eval,\n"
    "                                 .values = FELL_ONE}; /* or FELL_PER_CLASS, FELL_PER_PAIR */\n"
    "\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

static const char new_dataset[] =
    "/* @.c - a dataset: say what its rows are. */\n"
    "#include <fell/plugin.h>\n"
    "\n"
    "struct settings { /* what a spec can set; the fields' names are the keys in YAML */\n"
    "    int64_t rows;\n"
    "};\n"
    "\n"
    "static const fell_param params[] = {\n"
    "    FELL_INT(struct settings, rows, 100, 1, 1 << 24, 0, \"Number of rows, at least 1.\"),\n"
    "};\n"
    "\n"
    "/* Says what there is. Files may be opened and memory taken here: put it into info->self\n"
    " * and give it back in close. A file's path is a FELL_STRING with FELL_PATH. */\n"
    "static fell_status open(fell_data_info *info)\n"
    "{\n"
    "    info->rows = ((const struct settings *)info->settings)->rows;\n"
    "    info->x = fell_vec(1);\n"
    "    info->target = fell_vec(1);\n"
    "    info->is = FELL_VALUES; /* or FELL_CLASSES, with nclasses */\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static fell_status read(fell_read_call *c) /* the rows that are asked for, in their order */\n"
    "{\n"
    "    const int64_t rows = ((const struct settings *)c->settings)->rows;\n"
    "\n"
    "    for (int64_t i = 0; i < c->n; i++) {\n"
    "        c->x[i] = 2.0f * (float)c->row[i] / (float)rows - 1.0f;\n"
    "        if (c->target)\n"
    "            c->target[i] = c->x[i] * c->x[i];\n"
    "    }\n"
    "    return FELL_OK;\n"
    "}\n"
    "\n"
    "static void close(void *self)\n"
    "{\n"
    "    (void)self;\n"
    "}\n"
    "\n"
    "static const fell_dataset item = {FELL_ITEM(FELL_KIND_DATASET, fell_dataset, \"@\",\n"
    "                                            \"One sentence: what its rows are.\", struct settings, params),\n"
    "                                  open, read, close};\n"
    "FELL_PLUGIN(\"1.0\", \"Your name, your licence\", &item.item);\n";

/* clang-format on */

static const struct {
    const char *kind, *text;
} starts[] = {
    {"activation", new_activation},   {"loss", new_loss},           {"layer", new_layer},
    {"transform", new_transform},     {"optimizer", new_optimizer}, {"schedule", new_schedule},
    {"initialiser", new_initialiser}, {"metric", new_metric},       {"dataset", new_dataset},
};

static const char *start_of(const char *kind)
{
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strcmp(starts[i].kind, kind) == 0)
            return starts[i].text;
    return NULL;
}

/* TEXT with every '@' replaced. */
static status write_start(const char *path, const char *text, const char *name, struct error *err)
{
    FILE *f = fopen(path, "wx");
    bool bad = false;

    if (!f)
        return error_set(err, "%s: %s", path,
                         errno == EEXIST ? "is there already; it is not replaced" : strerror(errno));
    for (; *text; text++)
        bad |= (*text == '@' ? fputs(name, f) : fputc(*text, f)) < 0;
    bad |= ferror(f) != 0;
    if (fclose(f) != 0 || bad) {
        error_set(err, "%s: %s", path, strerror(errno));
        remove(path);
        return FAILED;
    }
    return OK;
}

int plugin_new(const struct call *c)
{
    const char *kind = c->args[1], *name = c->args[2], *text = start_of(kind);
    char *path;
    struct error err;
    int result = EXIT_INPUT;

    if (!text)
        return plugin_unknown_kind(kind);
    if (!plugin_name_ok(name))
        return cli_error("'%s' cannot be a name: a small letter, then small letters, digits and _", name);
    if (plugin_name_taken(name, false))
        return cli_error("'%s' cannot be a name: a spec has another use for it", name);
    path = c->output ? mem_string(c->output) : mem_format("%s.c", name);
    if (write_start(path, text, name, &err) != OK) {
        cli_error("%s", err.text);
    } else {
        printf("%s: %s '%s'. Next: edit it, then  fell plugin build %s\n", path, kind, name, path);
        result = EXIT_OK;
    }
    free(path);
    return result;
}
