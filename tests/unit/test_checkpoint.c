/* test_checkpoint.c - saved states: what is in them, when they are written, and that weights come back
 * with the same bits. */
#include "engine_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "engine/safetensors.h"

#define MODEL                                                                                                \
    "model: [{dense: {units: 6, activation: tanh, name: a}}, {dense: {units: 2, name: b, trainable: "        \
    "false}}]\n"

static char parent[256], folder[280];

/* The folder of checkpoints is one of its own in a fresh one, since who trains makes it. */
static void make_folder(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(parent, sizeof parent, "%s/fell-checkpoint-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    cr_assert_not_null(mkdtemp(parent));
    snprintf(folder, sizeof folder, "%s/saved", parent);
}

static char *in_folder(const char *name)
{
    return path_join(folder, name);
}

static void remove_folder(void)
{
    char *command = mem_format("rm -rf '%s'", parent);

    cr_expect_eq(system(command), 0);
    free(command);
}

TestSuite(checkpoint, .init = make_folder, .fini = remove_folder);

static void init(struct fixture *f, const char *rest)
{
    char *text = mem_format(MODEL "%s", rest);

    fixture_init(f, text);
    fixture_data(f, 40, fell_vec(5), 2, 0);
    free(text);
}

static struct tensor_file *open_file(const char *name)
{
    char *path = in_folder(name);
    struct tensor_file *f;
    struct error err;

    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    free(path);
    return f;
}

Test(checkpoint, holds_weights_slots_and_place)
{
    static const char *const names[] = {"a.weight",
                                        "a.bias",
                                        "b.weight",
                                        "b.bias",
                                        "optimizer/m/a.weight",
                                        "optimizer/m/a.bias",
                                        "optimizer/v/a.weight",
                                        "optimizer/v/a.bias"};
    const struct run_options options = {.seed = 77, .checkpoint_folder = folder};
    struct fixture f;
    struct heard h = {0};
    struct tensor_file *file;
    struct error err;
    char sha256[65];

    init(&f, "loss: cross_entropy\noptimizer: adam\ncheckpoint: {every: 1, keep: [last]}\n"
             "train: {epochs: 3, batch_size: 8}\n");
    cr_assert_eq(fixture_train(&f, &options, &h), OK, "%s", f.problem.text);
    cr_assert_eq(h.result.end, RUN_FINISHED, "%s", h.result.error);
    cr_expect_geq(h.ncheckpoints, 2); /* the first and the last at least: others may be written over unseen */
    cr_expect_leq(h.ncheckpoints, 3);
    cr_expect_eq(h.nbest, 0);
    cr_assert_eq(sha256_file(h.path, sha256, &err), OK);
    cr_expect_str_eq(h.sha256, sha256);
    file = open_file("last.safetensors");
    cr_expect_eq(tensor_file_count(file), 8);
    for (int i = 0; i < 8; i++) {
        const struct tensor_file_entry *t = tensor_file_find(file, names[i]);
        double squares = 0.0;

        cr_assert_not_null(t, "%s", names[i]);
        for (int64_t k = 0; k < t->n; k++)
            squares += (double)t->values[k] * (double)t->values[k];
        if (i < 4)
            cr_expect_float_eq(sqrt(squares), h.epoch[2].weight[i], 1e-9);
        cr_expect_gt(squares, 0.0, "%s", names[i]);
    }
    cr_expect_str_eq(tensor_file_metadata(file, "epoch"), "3");
    cr_expect_str_eq(tensor_file_metadata(file, "step"), "15");
    cr_expect_str_eq(tensor_file_metadata(file, "seed"), "77");
    cr_expect_float_eq(atof(tensor_file_metadata(file, "best")), h.epoch[2].report.loss[SPLIT_TRAIN], 1e-9);
    tensor_file_close(file);
    heard_release(&h);
    fixture_release(&f);
}

static const struct tensor_file_entry *slot_in(const struct tensor_file *file, const char *slot, int k,
                                               const char *tensor)
{
    char name[128];
    const struct tensor_file_entry *t;

    snprintf(name, sizeof name, "optimizer/%s/%d/%s", slot, k, tensor);
    t = tensor_file_find(file, name);
    cr_assert_not_null(t, "%s", name);
    return t;
}

/* A slot that is there several times is stored so: the product of each of lbfgs's moves with its
 * change of gradient, put together from the tensors, is the one that it keeps. */
Test(checkpoint, slots_that_are_there_several_times)
{
    static const char *const tensors[] = {"a.weight", "a.bias"};
    const struct run_options options = {.seed = 77, .checkpoint_folder = folder};
    struct fixture f;
    struct heard h = {0};
    struct tensor_file *file;

    init(&f, "loss: cross_entropy\noptimizer: {lbfgs: {lr: 0.5, history_size: 3}}\n"
             "checkpoint: {every: 1, keep: [last]}\ntrain: {epochs: 6, batch_size: 0}\n");
    cr_assert_eq(fixture_train(&f, &options, &h), OK, "%s", f.problem.text);
    cr_assert_eq(h.result.end, RUN_FINISHED, "%s", h.result.error);
    file = open_file("last.safetensors");
    for (int k = 0; k < 3; k++) {
        const double product = (double)slot_in(file, "products", k, "a.weight")->values[0];
        double sum = 0.0;

        for (int i = 0; i < 2; i++) {
            const struct tensor_file_entry *s = slot_in(file, "moves", k, tensors[i]),
                                           *y = slot_in(file, "changes", k, tensors[i]);

            cr_assert_eq(s->n, i == 0 ? 30 : 6);
            for (int64_t j = 0; j < s->n; j++)
                sum += (double)s->values[j] * (double)y->values[j];
        }
        cr_expect_gt(product, 0.0);
        cr_expect_float_eq(sum, product, 1e-6 * product, "pair %d: %g, not %g", k, sum, product);
    }
    cr_expect_null(tensor_file_find(file, "optimizer/moves/3/a.weight"));
    tensor_file_close(file);
    heard_release(&h);
    fixture_release(&f);
}

/* The rate is so large that the loss gets worse at once: the best stays the first. */
Test(checkpoint, best_stays_when_it_gets_worse)
{
    const struct run_options options = {.seed = 1, .checkpoint_folder = folder};
    struct fixture f;
    struct heard h = {0};
    struct tensor_file *file;
    double best = INFINITY;
    char epoch[24] = "";
    size_t improved = 0;

    init(&f, "loss: cross_entropy\noptimizer: {sgd: {lr: 30}}\ncheckpoint: {every: 1, keep: [last, best]}\n"
             "train: {epochs: 6, batch_size: 8}\n");
    fixture_split(&f, SPLIT_VALIDATION, 20);
    cr_assert_eq(fixture_train(&f, &options, &h), OK, "%s", f.problem.text);
    for (size_t i = 0; i < h.nepochs; i++) {
        if (h.epoch[i].report.loss[SPLIT_VALIDATION] < best) {
            best = h.epoch[i].report.loss[SPLIT_VALIDATION];
            snprintf(epoch, sizeof epoch, "%zu", i + 1);
            improved++;
        }
    }
    cr_expect_lt(improved, 6);
    cr_expect(h.nbest >= 1 && h.nbest <= improved);
    cr_expect(h.ncheckpoints >= 3 && h.ncheckpoints <= improved + 6);
    file = open_file("best.safetensors");
    cr_expect_str_eq(tensor_file_metadata(file, "epoch"), epoch);
    cr_expect_float_eq(atof(tensor_file_metadata(file, "best")), best, 1e-9);
    tensor_file_close(file);
    file = open_file("last.safetensors");
    cr_expect_str_eq(tensor_file_metadata(file, "epoch"), "6");
    tensor_file_close(file);
    heard_release(&h);
    fixture_release(&f);
}

Test(checkpoint, every_second_epoch_and_the_last)
{
    const struct run_options options = {.seed = 1, .checkpoint_folder = folder};
    struct fixture f;
    struct heard h = {0};

    init(&f, "loss: cross_entropy\noptimizer: sgd\ncheckpoint: {every: 2, keep: [last]}\n"
             "train: {epochs: 5, batch_size: 8}\n");
    cr_assert_eq(fixture_train(&f, &options, &h), OK, "%s", f.problem.text);
    cr_expect(h.ncheckpoints >= 2 && h.ncheckpoints <= 3); /* 2, 4, 5 */
    heard_release(&h);
    fixture_release(&f);
}

/* The disk is not waited for in each of many short epochs. */
Test(checkpoint, states_are_written_together)
{
    const struct run_options options = {.seed = 1, .checkpoint_folder = folder};
    struct fixture f;
    struct heard h = {0};

    init(&f, "loss: cross_entropy\noptimizer: sgd\ncheckpoint: {every: 1, keep: [last, best]}\n"
             "train: {epochs: 400, batch_size: 0}\n");
    cr_assert_eq(fixture_train(&f, &options, &h), OK, "%s", f.problem.text);
    cr_expect_lt(h.ncheckpoints, 100, "%zu were written", h.ncheckpoints);
    cr_expect_str_eq(strrchr(h.path, '/'), "/last.safetensors");
    heard_release(&h);
    fixture_release(&f);
}

Test(checkpoint, none_without_a_folder)
{
    struct fixture f;
    struct heard h = {0};

    init(&f, "loss: cross_entropy\noptimizer: sgd\ncheckpoint: {every: 1, keep: [last, best]}\n"
             "train: {epochs: 2, batch_size: 8}\n");
    cr_assert_eq(fixture_train(&f, NULL, &h), OK, "%s", f.problem.text);
    cr_expect_eq(h.ncheckpoints, 0);
    cr_expect_neq(access(folder, F_OK), 0);
    heard_release(&h);
    fixture_release(&f);
}

/* Exported after two of four epochs and used as first weights: plain descent goes on where
 * it was, with the same bits. */
Test(checkpoint, exported_weights_come_back)
{
    struct run_options options = {.seed = 1, .export_epoch = 2};
    struct fixture f;
    struct heard whole = {0}, half = {0}, rest = {0};
    struct tensor_file *file;

    cr_assert_eq(mkdir(folder, 0700), 0);
    options.export_path = in_folder("w.safetensors");
    init(&f, "loss: cross_entropy\noptimizer: {sgd: {lr: 0.1}}\ntrain: {epochs: 4, batch_size: 8, shuffle: "
             "false}\n");
    cr_assert_eq(fixture_train(&f, NULL, &whole), OK);
    cr_assert_eq(fixture_train(&f, &options, &half), OK);
    cr_expect_eq(half.nepochs, 2);
    cr_expect_eq(half.result.end, RUN_FINISHED, "%s", half.result.error);
    f.spec->train.initial_weights = options.export_path;
    cr_assert_eq(fixture_train(&f, NULL, &rest), OK, "%s", f.problem.text);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(rest.epoch[i].report.loss[SPLIT_TRAIN], whole.epoch[i + 2].report.loss[SPLIT_TRAIN]);
        cr_expect_arr_eq(rest.epoch[i].weight, whole.epoch[i + 2].weight, sizeof rest.epoch[i].weight);
    }
    file = open_file("w.safetensors");
    cr_expect_eq(tensor_file_count(file), 4);
    tensor_file_close(file);
    free((char *)options.export_path);
    heard_release(&whole);
    heard_release(&half);
    heard_release(&rest);
    fixture_release(&f);
}

Test(checkpoint, a_folder_that_cannot_be_made)
{
    const struct run_options options = {.seed = 1, .checkpoint_folder = "/proc/none/here"};
    struct fixture f;
    struct heard h = {0};

    init(&f,
         "loss: cross_entropy\noptimizer: sgd\ncheckpoint: {every: 1, keep: [last]}\ntrain: {epochs: 2}\n");
    cr_expect_eq(fixture_train(&f, &options, &h), FAILED);
    cr_expect(strstr(f.problem.text, "/proc/none") != NULL, "%s", f.problem.text);
    fixture_release(&f);
}
