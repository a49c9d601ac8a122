/* test_net.c - planning a net: shapes, tensors, checks, first values. */
#include "engine_fixture.h"

#include <cjson/cJSON.h>
#include <unistd.h>

#include "engine/safetensors.h"

#define VALUES  "loss: mse\noptimizer: sgd\ntrain: {epochs: 1, batch_size: 4, shuffle: false}\n"
#define CLASSES "loss: cross_entropy\noptimizer: sgd\ntrain: {epochs: 1, batch_size: 4, shuffle: false}\n"

/* A spec with the model (a flow list without its brackets) and the rest. */
static void init(struct fixture *f, const char *model, const char *rest)
{
    char *text = mem_format("model: [%s]\n%s", model, rest);

    fixture_init(f, text);
    free(text);
}

/* ---- the plan ---------------------------------------------------------------------- */

Test(net, tensors_lie_in_order_on_cache_lines)
{
    static const struct {
        const char *layer, *name;
        int64_t rank, dim0, dim1, n;
    } expected[] = {
        {"a", "weight", 2, 5, 3, 15},      {"a", "bias", 1, 5, 0, 5},      {"dense2", "weight", 2, 7, 5, 35},
        {"dense3", "weight", 2, 2, 7, 14}, {"dense3", "bias", 1, 2, 0, 2},
    };
    const struct net_tensor *t;
    struct fixture f;
    struct net *n;

    init(&f,
         "{dense: {units: 5, name: a, activation: tanh}}, {dense: {units: 7, bias: false}}, {dense: {units: "
         "2}}",
         VALUES);
    fixture_data(&f, 4, fell_vec(3), 0, 2);
    n = fixture_net(&f);
    cr_assert_not_null(n, "%s", f.problem.text);
    cr_assert_eq(net_tensors(n, &t), 5);
    cr_assert_eq(net_positions(n), 5);
    for (int i = 0; i < 5; i++) {
        cr_expect_str_eq(net_entry_name(n, t[i].entry), expected[i].layer);
        cr_expect_str_eq(t[i].name, expected[i].name);
        cr_expect_eq(t[i].shape.rank, expected[i].rank);
        cr_expect_eq(t[i].shape.dim[0], expected[i].dim0);
        cr_expect(expected[i].rank == 1 || t[i].shape.dim[1] == expected[i].dim1);
        cr_expect_eq(t[i].n, expected[i].n);
        cr_expect_eq(t[i].position, i);
        cr_expect_eq((uintptr_t)net_weights(n, &t[i]) % 64, 0);
        cr_expect(i == 0 || t[i].offset >= t[i - 1].offset + t[i - 1].n);
    }
    fixture_release(&f);
}

Test(net, layer_table)
{
    struct fixture f;
    struct net *n;
    cJSON *o, *layer;

    init(&f,
         "{dense: {units: 5, name: a, activation: relu}}, {dense: {units: 5, from: a}}, {add: {from: [a, "
         "dense2]}},"
         "{dense: {units: 2}}",
         CLASSES);
    fixture_data(&f, 10, fell_vec(3), 2, 0);
    fixture_split(&f, SPLIT_TEST, 3);
    n = fixture_net(&f);
    cr_assert_not_null(n, "%s", f.problem.text);
    o = learner_to_json(&f.learner);
    cr_expect_eq(cJSON_GetObjectItem(o, "parameters")->valueint, 5 * 3 + 5 + 5 * 5 + 5 + 2 * 5 + 2);
    cr_expect_eq(cJSON_GetObjectItem(o, "steps_per_epoch")->valueint, 3);
    cr_expect_eq(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "rows"), "train")->valueint, 10);
    cr_expect_eq(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "rows"), "test")->valueint, 3);
    cr_expect_null(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "rows"), "validation"));
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(o, "classes")), 2);
    cr_expect_gt(cJSON_GetObjectItem(o, "memory")->valueint, 4 * 2 * (15 + 5 + 25 + 5 + 10 + 2));
    layer = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "layers"), 3);
    cr_expect_str_eq(cJSON_GetObjectItem(layer, "name")->valuestring, "add1");
    cr_expect_str_eq(cJSON_GetObjectItem(layer, "plugin")->valuestring, "add");
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(layer, "from")), 2);
    cr_expect_eq(cJSON_GetArrayItem(cJSON_GetObjectItem(layer, "shape"), 0)->valueint, 5);
    cJSON_Delete(o);
    fixture_release(&f);
}

Test(net, batch_is_the_largest_of_any_call)
{
    struct fixture f;

    init(&f, "{dense: {units: 2}}", CLASSES);
    fixture_data(&f, 100, fell_vec(3), 2, 0);
    cr_expect_eq(net_batch(f.spec, &f.data), 4);
    f.data.split[SPLIT_TEST].n = 30;
    cr_expect_eq(net_batch(f.spec, &f.data), 30);
    f.data.split[SPLIT_TEST].n = 3000;
    cr_expect_eq(net_batch(f.spec, &f.data), 64);
    f.spec->train.batch_size = 0;
    cr_expect_eq(net_batch(f.spec, &f.data), 100);
    f.data.split[SPLIT_TEST].n = 0;
    fixture_release(&f);
}

/* ---- checks ---------------------------------------------------------------------------- */

Test(net, problems)
{
    static const struct {
        const char *model, *rest;
        int64_t classes, targets;
        const char *section;
        int index;
        const char *setting, *text;
    } cases[] = {
        {"{dense: {units: 5}}, {dense: {units: 4}}", CLASSES, 3, 0, "model", 1, "",
         "the last layer gives 4 outputs, but the data has 3 classes (setosa, versicolor, virginica)"},
        {"{dense: {units: 5}}", VALUES, 0, 2, "model", 0, "",
         "the last layer gives 5 outputs, but the data has 2 target values a row"},
        {"{dense: {units: 3}}", VALUES, 3, 0, "loss", 0, "",
         "mse takes values, but the data's targets are classes"},
        {"{dense: {units: 3}}", CLASSES, 0, 3, "loss", 0, "",
         "cross_entropy takes classes, but the data's targets are values"},
        {"relu", VALUES, 0, 3, "model", 0, "", "the model has no weights to train"},
        {"{dense: {units: 2, trainable: false}}", VALUES, 0, 2, "model", 0, "",
         "the model has no weights to train"},
        {"{dense: {units: 2}}", "loss: mse\noptimizer: {sgd: {lr: 0.1, nesterov: true}}\ntrain: {epochs: 1}",
         0, 2, "optimizer", 0, "nesterov", "sgd.nesterov: needs a momentum above 0 and a dampening of 0"},
    };
    static char *names[] = {"setosa", "versicolor", "virginica"};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        init(&f, cases[i].model, cases[i].rest);
        fixture_data(&f, 6, fell_vec(3), cases[i].classes, cases[i].targets);
        f.data.class_names = cases[i].classes ? names : NULL;
        cr_assert_null(fixture_net(&f), "case %zu", i);
        cr_expect_str_eq(f.problem.text, cases[i].text);
        cr_expect_str_eq(f.problem.section, cases[i].section, "case %zu", i);
        cr_expect_eq(f.problem.index, cases[i].index, "case %zu", i);
        cr_expect_str_eq(f.problem.setting, cases[i].setting, "case %zu", i);
        fixture_release(&f);
    }
}

Test(net, what_is_watched_must_be_recorded)
{
    static const struct {
        const char *monitor, *text;
    } cases[] = {
        {"validation.loss", "monitor: 'validation.loss' is not recorded: there is no data.validation"},
        {"train.mea", "monitor: 'train.mea' is not recorded; did you mean 'train.mae'?"},
        {"x", "monitor: 'x' is not recorded; recorded are: train.loss, test.loss, train.mae, test.mae"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        init(&f, "{dense: {units: 2}}", "metrics: [mae]\n" VALUES);
        fixture_data(&f, 6, fell_vec(3), 0, 2);
        fixture_split(&f, SPLIT_TEST, 2);
        f.spec->train.early_stopping.on = true;
        f.spec->train.early_stopping.monitor = cases[i].monitor;
        cr_assert_null(fixture_net(&f), "case %zu", i);
        cr_expect_str_eq(f.problem.text, cases[i].text);
        cr_expect_str_eq(f.problem.section, "train.early_stopping");
        cr_expect_str_eq(f.problem.setting, "monitor");
        fixture_release(&f);
    }
}

Test(net, many_classes_are_not_all_listed)
{
    static char *names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
    struct fixture f;

    init(&f, "{dense: {units: 4}}", CLASSES);
    fixture_data(&f, 6, fell_vec(3), 12, 0);
    f.data.class_names = names;
    cr_assert_null(fixture_net(&f));
    cr_expect_str_eq(f.problem.text,
                     "the last layer gives 4 outputs, but the data has 12 classes (a, b, c, d, e, "
                     "f, g, h, i, j, ...)");
    fixture_release(&f);
}

Test(net, probabilities_for_logits_are_warned_of)
{
    struct fixture f;
    struct net *n;

    init(&f, "{dense: {units: 2}}, softmax", CLASSES);
    fixture_data(&f, 6, fell_vec(3), 2, 0);
    n = fixture_net(&f);
    cr_assert_not_null(n);
    cr_expect_str_eq(
        f.warning,
        "cross_entropy: the loss 'cross_entropy' takes logits, but 'softmax' yields probabilities; "
        "the loss applies its own, so the net learns less: leave this one out");
    fixture_release(&f);
}

/* An embedding's outside: whole numbers below 3. */
static fell_status plan_indices(fell_plan *p)
{
    p->out = p->in[0];
    p->indices = 3;
    return FELL_OK;
}

static fell_status copy_forward(fell_layer_call *c)
{
    memcpy(c->y, c->x[0], (size_t)(c->batch * fell_size(&c->plan->out)) * sizeof *c->y);
    return FELL_OK;
}

static fell_status no_backward(fell_layer_call *c)
{
    return fell_fail(c->ctx, "nobody asked for this");
}

static const fell_layer indices_layer = {.item =
                                             FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "indices", "A test."),
                                         .plan = plan_indices,
                                         .forward = copy_forward,
                                         .backward = no_backward};
static const struct item indices_item = {.kind = FELL_KIND_LAYER, .name = "indices", .layer = &indices_layer};

Test(net, whole_numbers_are_checked)
{
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        {2.0f, NULL},
        {3.0f, "flatten1: row 2 of the train rows holds 3, which is not a whole number from 0 to 2"},
        {-1.0f, "flatten1: row 2 of the train rows holds -1, which is not a whole number from 0 to 2"},
        {1.5f, "flatten1: row 2 of the train rows holds 1.5, which is not a whole number from 0 to 2"},
    };

    for (size_t i = 0; i < 4; i++) {
        struct fixture f;
        struct net *n;

        init(&f, "flatten, {dense: {units: 1}}", VALUES);
        f.spec->model[0].plugin.item = &indices_item;
        fixture_data(&f, 3, fell_vec(2), 0, 1);
        for (int k = 0; k < 6; k++)
            f.data.split[SPLIT_TRAIN].x[k] = k == 3 ? cases[i].value : 1.0f;
        n = fixture_net(&f);
        cr_expect_eq(n != NULL, cases[i].text == NULL);
        cr_expect(!cases[i].text || strcmp(f.problem.text, cases[i].text) == 0, "%s", f.problem.text);
        fixture_release(&f);
    }
}

/* What lies before the first trained tensor gets no backward call. */
Test(net, frozen_prefix_has_no_backward)
{
    struct fixture f;
    struct batches batches;
    struct batch b;
    struct error err;
    struct net *n;
    double sum, weight, squares;

    init(&f, "{dense: {units: 3, trainable: false, name: a}}, flatten, {dense: {units: 1, name: c}}", VALUES);
    f.spec->model[1].plugin.item = &indices_item;
    fixture_data(&f, 4, fell_vec(3), 0, 1);
    cr_assert_null(fixture_net(&f)); /* indices must come from the data */
    cr_expect_str_eq(f.problem.text,
                     "flatten1: takes whole numbers from the data, so its input is 'input', not 'a'");
    fixture_release(&f);

    init(&f,
         "{flatten: {name: a}}, {dense: {units: 3, trainable: false, name: b}}, {dense: {units: 1, name: c}}",
         VALUES);
    f.spec->model[0].plugin.item = &indices_item;
    fixture_data(&f, 4, fell_vec(3), 0, 1);
    for (int i = 0; i < 12; i++)
        f.data.split[SPLIT_TRAIN].x[i] = (float)(i % 3);
    n = fixture_net(&f);
    cr_assert_not_null(n, "%s", f.problem.text);
    cr_expect_eq(net_positions(n), 4);
    cr_expect(fixture_tensor(n, "b", "weight")->frozen);
    cr_expect_eq(fixture_tensor(n, "b", "bias")->position, 1);
    cr_expect_eq(fixture_tensor(n, "c", "weight")->offset, 0); /* what is trained lies together */
    cr_assert_eq(batches_init(&batches, &f.data, SPLIT_TRAIN, 4, false, 0, &err), OK);
    batches_begin(&batches, 1, 1);
    cr_assert(batches_next(&batches, &b));
    net_feed(n, MODE_TRAIN, &b);
    cr_assert_eq(net_forward(n, MODE_TRAIN, 1, &err), OK);
    cr_assert_eq(net_loss(n, &sum, &weight, &err), OK);
    cr_expect_eq(net_backward(n, weight, NULL, NULL, &squares, &err), OK, "%s", err.text);
    cr_expect_eq(net_squares(n)[0], 0.0);
    cr_expect_gt(net_squares(n)[2], 0.0);
    batches_release(&batches);
    fixture_release(&f);
}

/* ---- first values -------------------------------------------------------------------------- */

Test(net, initial_values)
{
    struct fixture f;
    struct net *n;
    float largest[2] = {0}, first[2][3];

    for (int run = 0; run < 2; run++) {
        const struct net_tensor *t;

        init(&f,
             "{dense: {units: 200, name: a}}, {dense: {units: 30, name: b, init: zeros}}, "
             "{dense: {units: 1, name: c, init: {bias: {constant: {value: 2.5}}}}}",
             VALUES);
        fixture_data(&f, 4, fell_vec(16), 0, 1);
        n = fixture_net(&f);
        cr_assert_not_null(n, "%s", f.problem.text);
        for (int k = 0; k < 2; k++) { /* PyTorch's default: uniform within 1/sqrt(16), bias alike */
            t = fixture_tensor(n, "a", k ? "bias" : "weight");
            largest[k] = 0;
            for (int64_t i = 0; i < t->n; i++)
                largest[k] = fmaxf(largest[k], fabsf(net_weights(n, t)[i]));
            cr_expect(largest[k] <= 0.25f && largest[k] > 0.24f, "%g", (double)largest[k]);
        }
        memcpy(first[run], net_weights(n, fixture_tensor(n, "a", "weight")), sizeof first[run]);
        cr_expect_neq(first[run][0], net_weights(n, fixture_tensor(n, "a", "bias"))[0]);
        t = fixture_tensor(n, "b", "weight");
        for (int64_t i = 0; i < t->n; i++)
            cr_expect_eq(net_weights(n, t)[i], 0.0f);
        cr_expect_neq(net_weights(n, fixture_tensor(n, "b", "bias"))[0], 0.0f);
        cr_expect_eq(net_weights(n, fixture_tensor(n, "c", "bias"))[0], 2.5f);
        fixture_release(&f);
    }
    cr_expect_arr_eq(first[0], first[1], sizeof first[0]);
}

/* ---- train.initial_weights ------------------------------------------------------------------- */

struct given {
    const char *name;
    fell_shape shape;
};

/* The path of an empty file that nobody else has; unlink() and free() it. */
static char *scratch_file(void)
{
    const char *tmp = getenv("TMPDIR");
    char *path = mem_format("%s/fell-test-net-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    const int fd = mkstemp(path);

    cr_assert(fd >= 0);
    close(fd);
    return path;
}

/* The problem of planning a 3-2-1 net with a file of these tensors; "" if there is none. */
static const char *load(struct fixture *f, const struct given *given, size_t count)
{
    static char text[2112];
    float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct tensor_out tensors[8];
    char *path = scratch_file();
    struct error err;
    struct net *n;

    init(f, "{dense: {units: 2, name: a}}, {dense: {units: 1, name: b}}", VALUES);
    fixture_data(f, 4, fell_vec(3), 0, 1);
    for (size_t i = 0; i < count; i++)
        tensors[i] = (struct tensor_out){given[i].name, given[i].shape, values};
    cr_assert_eq(tensor_file_write(path, tensors, count, NULL, &err), OK, "%s", err.text);
    f->spec->train.initial_weights = path;
    n = fixture_net(f);
    text[0] = 0;
    if (n) {
        cr_expect_eq(net_weights(n, fixture_tensor(n, "a", "weight"))[5], 6.0f);
        cr_expect_eq(net_weights(n, fixture_tensor(n, "b", "bias"))[0], 1.0f);
    } else {
        const char *colon = strstr(f->problem.text, ": ");

        cr_expect_str_eq(f->problem.section, "train.initial_weights");
        snprintf(text, sizeof text, "%s", colon ? colon + 2 : f->problem.text);
    }
    unlink(path);
    free(path);
    fixture_release(f);
    return text;
}

Test(net, initial_weights)
{
    const struct given all[] = {{"a.weight", fell_mat(2, 3)},        {"a.bias", fell_vec(2)},
                                {"b.weight", fell_mat(1, 2)},        {"b.bias", fell_vec(1)},
                                {"optimizer/m/a.bias", fell_vec(2)}, {"a.scale", fell_vec(2)}};
    const struct given transposed[] = {{"a.weight", fell_mat(3, 2)}, all[1], all[2], all[3]};
    struct fixture f;

    cr_expect_str_eq(load(&f, all, 4), "");
    cr_expect_str_eq(load(&f, all, 5), ""); /* a checkpoint's optimizer is not meant */
    cr_expect_str_eq(load(&f, all, 3), "'b.bias' [1] is missing");
    cr_expect_str_eq(load(&f, all, 6), "'a.scale' [2] belongs to no layer of the model");
    cr_expect_str_eq(load(&f, transposed, 4), "'a.weight' has the shape [3, 2], the model needs [2, 3]");
}

Test(net, initial_weights_file_must_exist)
{
    struct fixture f;

    init(&f, "{dense: {units: 1, name: a}}", VALUES);
    fixture_data(&f, 4, fell_vec(3), 0, 1);
    f.spec->train.initial_weights = "/nowhere/w.safetensors";
    cr_assert_null(fixture_net(&f));
    cr_expect_str_eq(f.problem.section, "train.initial_weights");
    cr_expect(strstr(f.problem.text, "/nowhere/w.safetensors") != NULL, "%s", f.problem.text);
    fixture_release(&f);
}

/* State tensors (running means) may be missing from the file. */
static fell_status plan_state(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = p->in[0];
    p->tensor[1] = p->in[0];
    return FELL_OK;
}

static const fell_tensor state_tensors[] = {
    {"weight", "A weight.", "{constant: {value: 0.25}}", FELL_WEIGHT},
    {"mean", "A state.", "{constant: {value: 7}}", FELL_STATE},
};
static const fell_layer state_layer = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "state", "A test."),
                                       .tensors = state_tensors,
                                       .ntensors = 2,
                                       .plan = plan_state,
                                       .forward = copy_forward,
                                       .backward = no_backward};
static const struct item state_item = {.kind = FELL_KIND_LAYER, .name = "state", .layer = &state_layer};

Test(net, state_has_no_position_and_may_be_missing)
{
    const struct tensor_out tensor = {"s.weight", fell_vec(3), (const float[]){1, 2, 3}};
    char *path = scratch_file();
    struct fixture f;
    struct error err;
    struct net *n;

    cr_assert_eq(tensor_file_write(path, &tensor, 1, NULL, &err), OK, "%s", err.text);
    for (int run = 0; run < 2; run++) {
        init(&f, "{flatten: {name: s}}", VALUES);
        f.spec->model[0].plugin.item = &state_item;
        f.spec->train.initial_weights = run ? path : NULL;
        fixture_data(&f, 4, fell_vec(3), 0, 3);
        n = fixture_net(&f);
        cr_assert_not_null(n, "%s", f.problem.text);
        cr_expect_eq(net_positions(n), 1);
        cr_expect_eq(fixture_tensor(n, "s", "mean")->position, -1);
        cr_expect_eq(net_weights(n, fixture_tensor(n, "s", "mean"))[2], 7.0f);
        cr_expect_eq(net_weights(n, fixture_tensor(n, "s", "weight"))[2], run ? 3.0f : 0.25f);
        fixture_release(&f);
    }
    unlink(path);
    free(path);
}
