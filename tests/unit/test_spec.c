/* test_spec.c - the language of a spec on the bundled plugins: what it means, what is
 * refused and where.
 */
#include "host/settings.h"
#include "spec/spec_read.h"
#include "spec_help.h"

/* MESSAGES without "t.yaml:" in front of each line. */
static void expect(const char *yaml, bool parsed, const char *messages)
{
    struct spec_reading r = read_spec(yaml);
    struct strbuf expected = {0};

    for (const char *p = messages, *end; *p; p = end + 1) {
        end = strchr(p, '\n');
        strbuf_addf(&expected, "t.yaml:%.*s\n", (int)(end - p), p);
    }
    expect_messages(r.diag, expected.text ? expected.text : "", yaml);
    cr_expect_eq(r.spec != NULL, parsed, "%s", yaml);
    strbuf_release(&expected);
    spec_done(&r);
}

struct refusal {
    const char *yaml, *messages;
};

static void expect_refusals(size_t n, const struct refusal *cases)
{
    for (size_t i = 0; i < n; i++)
        expect(cases[i].yaml, false, cases[i].messages);
}
#define EXPECT_REFUSALS(cases) expect_refusals(sizeof(cases) / sizeof *(cases), cases)

/* ---- what a spec means ------------------------------------------------------------ */

Test(spec, smallest)
{
    struct spec_reading r = read_spec(DATA MODEL REST);
    const struct spec *s = r.spec;

    expect_messages(r.diag, "", "smallest");
    cr_assert_not_null(s);
    cr_expect_str_eq(s->name, "stem");
    cr_expect(s->seed_drawn && s->seed == 0);
    cr_expect_str_eq(s->data.source.item->name, "xor");
    cr_expect_null(s->data.test.item);
    cr_expect_eq(s->data.validation_share, 0);
    cr_assert_eq(s->nmodel, 1);
    cr_expect_str_eq(s->model[0].name, "dense1");
    cr_expect_str_eq(s->model[0].path, "model.0.dense");
    cr_expect(s->model[0].nfrom == 1 && !strcmp(s->model[0].from[0], "input"));
    cr_expect(s->model[0].trainable && s->model[0].lr_factor == 1);
    cr_expect(s->train.epochs == 1 && s->train.batch_size == 32 && s->train.shuffle && s->train.threads == 1);
    cr_expect_null(s->train.initial_weights);
    cr_expect_eq(s->train.clip_norm, 0);
    cr_expect_not(s->train.early_stopping.on);
    cr_expect_eq(s->record.gradients, RECORD_EPOCH);
    cr_expect_not(s->checkpoint.on);
    cr_expect_eq(s->repeats, 1);
    spec_done(&r);
}

Test(spec, everything)
{
    struct spec_reading r = read_spec(
        "name: full-1.0_x\nseed: 9223372036854775805\n"
        "data:\n  source: {csv: {path: a.csv, target: y}}\n  test: {csv: {path: b.csv, target: y}}\n"
        "  validation: {csv: {path: c.csv, target: y}}\n  transforms: [standardize, {scale: {factor: 2}}]\n"
        "model:\n  - dense: {units: 4, activation: {leaky_relu: {negative_slope: 0.2}}, init: {bias: "
        "{constant: {value: 1}}}}\n"
        "  - dropout: {rate: .5}\n  - dense: {units: 3, name: out, lr_factor: 0.1, trainable: no, init: "
        "he_normal}\n"
        "loss: cross_entropy\noptimizer: {adam: {lr: 1e-2}}\nschedule: [{cosine: {period: 10}}, "
        "constant]\nmetrics: accuracy\n"
        "train: {epochs: 1e1, batch_size: 0, shuffle: off, initial_weights: w.safetensors, clip_norm: 1, "
        "threads: 2,\n"
        "  early_stopping: {monitor: validation.accuracy, patience: 3, min_delta: 1e-4}}\n"
        "record: {gradients: {step: 100}}\ncheckpoint: {every: 2, keep: best}\nrepeats: 3\n");
    const struct spec *s = r.spec;
    double v;

    expect_messages(
        r.diag,
        "t.yaml:19:21: warning: checkpoint.every: the best of every 2 epochs is kept; a better one "
        "between them is not\n",
        "everything");
    cr_assert_not_null(s);
    cr_expect_str_eq(s->name, "full-1.0_x");
    cr_expect(s->seed == 9223372036854775805u && !s->seed_drawn);
    cr_expect(s->data.validation.item && s->data.validation_share == 0);
    cr_expect_eq(s->data.ntransforms, 2);
    cr_expect(settings_number(s->data.transforms[1].item, s->data.transforms[1].settings, "factor", &v) &&
              v == 2);
    cr_assert_eq(s->nmodel, 4);
    cr_expect_str_eq(s->model[1].path, "model.0.dense.activation");
    cr_expect(settings_number(s->model[1].plugin.item, s->model[1].plugin.settings, "negative_slope", &v) &&
              v == 0.2);
    cr_assert_eq(s->model[0].ninits, 1);
    cr_expect_str_eq(s->model[0].init_tensor[0], "bias");
    cr_expect_str_eq(s->model[0].init[0].item->name, "constant");
    cr_expect_str_eq(s->model[3].name, "out");
    cr_expect(s->model[3].lr_factor == 0.1 && !s->model[3].trainable);
    cr_assert_eq(s->model[3].ninits, 1, "a plain initialiser is for weights only");
    cr_expect_str_eq(s->model[3].init_tensor[0], "weight");
    cr_expect_eq(s->nschedules, 2);
    cr_expect_eq(s->nmetrics, 1);
    cr_expect(s->train.epochs == 10 && s->train.batch_size == 0 && !s->train.shuffle &&
              s->train.threads == 2);
    cr_expect_str_eq(s->train.initial_weights, "/data/w.safetensors");
    cr_expect_eq(s->train.initial_weights_at.line, 16);
    cr_expect_eq(s->train.clip_norm, 1);
    cr_expect(s->train.early_stopping.on && s->train.early_stopping.patience == 3);
    cr_expect_eq(s->train.early_stopping.min_delta, 1e-4);
    cr_expect_str_eq(s->train.early_stopping.monitor, "validation.accuracy");
    cr_expect(s->record.gradients == RECORD_STEP && s->record.every == 100);
    cr_expect(s->checkpoint.on && s->checkpoint.every == 2 && s->checkpoint.keep_best &&
              !s->checkpoint.keep_last);
    cr_expect_eq(s->repeats, 3);
    spec_done(&r);
}

Test(spec, names_count_entries_of_a_plugin_with_sugar)
{
    static const char *const names[] = {"dense1", "relu1", "b", "relu2", "relu3", "dense3"};
    struct spec_reading r = read_spec(
        DATA "model: [{dense: {units: 1, activation: relu}}, {dense: {units: 1, activation: relu, name: b}},"
             " relu, {dense: {units: 1}}]\n" REST);

    cr_assert_not_null(r.spec);
    cr_assert_eq(r.spec->nmodel, 6);
    for (size_t i = 0; i < 6; i++)
        cr_expect_str_eq(r.spec->model[i].name, names[i]);
    cr_expect_str_eq(r.spec->model[4].path, "model.2.relu");
    spec_done(&r);
}

/* The residual block of the language's description. */
Test(spec, from_means_the_output_after_the_activation)
{
    struct spec_reading r = read_spec(
        DATA
        "model: [{dense: {units: 64, name: a, activation: tanh}}, {dense: {units: 64, activation: relu, "
        "name: b}},"
        " {add: {from: [a, b]}}, {concat: {from: [input, add1, relu1]}}, {dense: {from: add1, units: 1}},"
        " {add: {from: [dense3, dense3]}}, {concat: {from: [concat1, add2]}}]\n" REST);
    const struct spec *s = r.spec;

    cr_assert_not_null(s);
    cr_expect_str_eq(s->model[1].from[0], "a", "the activation itself follows its layer");
    cr_expect_str_eq(s->model[2].from[0], "tanh1");
    cr_expect_str_eq(s->model[4].from[0], "tanh1");
    cr_expect_str_eq(s->model[4].from[1], "relu1");
    cr_expect(s->model[5].nfrom == 3 && !strcmp(s->model[5].from[0], "input") &&
              !strcmp(s->model[5].from[2], "relu1"));
    cr_expect_str_eq(s->model[6].from[0], "add1");
    expect_messages(r.diag, "", "from");
    spec_done(&r);
}

/* A branch that leads nowhere is one error, at its entry. */
Test(spec, every_output_is_taken)
{
    struct spec_reading r = read_spec(DATA "model: [{dense: {units: 3, name: a}}, {dense: {units: 2, from: "
                                           "input}}, {dense: {units: 1}}]\n" REST);

    cr_expect_null(r.spec);
    expect_messages(r.diag, "t.yaml:2:10: error: nothing takes the output of 'a'\n", "unused");
    spec_done(&r);
}

Test(spec, null_takes_a_key_back)
{
    struct spec_reading r = read_spec(
        "data: {source: xor, test: null, validation: ~, transforms: null}\nschedule: null\nmetrics:\n"
        "model: [{dense: {units: 1, activation: null, init: ~, name: null, from: null}}, {relu: }]\n" LOSS
            OPTIMIZER "checkpoint: null\nrecord:\ntrain: {epochs: 1, early_stopping: null}\n");

    expect_messages(r.diag, "", "null");
    cr_assert_not_null(r.spec);
    cr_expect_eq(r.spec->nmodel, 2);
    cr_expect_not(r.spec->checkpoint.on);
    cr_expect_not(r.spec->train.early_stopping.on);
    cr_expect_eq(r.spec->nschedules + r.spec->nmetrics, 0);
    spec_done(&r);
}

struct seen {
    char text[2000];
};

static void note_choice(void *arg, const char *section, int index, const struct choice *c)
{
    struct seen *seen = arg;
    size_t n = strlen(seen->text);

    snprintf(seen->text + n, sizeof seen->text - n, "%s %d %s at %d\n", section, index, c->item->name,
             c->at.line);
}

Test(spec, each_choice_has_its_section_index_and_place)
{
    struct spec_reading r =
        read_spec("data:\n  source: xor\n  test: xor\n  validation: xor\n  transforms:\n    - standardize\n  "
                  "  - min_max\n"
                  "model:\n  - dense:\n      units: 1\n      activation: relu\n      init: he_normal\n  - "
                  "dense:\n      units: 1\n" LOSS OPTIMIZER "schedule: constant\nmetrics: [mae]\n" TRAIN);
    struct seen seen = {""};

    cr_assert_not_null(r.spec);
    spec_each_choice(r.spec, note_choice, &seen);
    cr_expect_str_eq(
        seen.text,
        "data.source 0 xor at 2\ndata.test 0 xor at 3\ndata.validation 0 xor at 4\n"
        "data.transforms 0 standardize at 6\ndata.transforms 1 min_max at 7\n"
        "loss 0 mse at 15\noptimizer 0 sgd at 16\nschedule 0 constant at 17\nmetrics 0 mae at 18\n"
        "model 0 dense at 9\nmodel.init 0 he_normal at 12\nmodel 1 relu at 11\nmodel 2 dense at 13\n");
    spec_done(&r);
}

/* ---- what is refused --------------------------------------------------------------- */

Test(spec, sections)
{
    static const struct refusal cases[] = {
        {"{}", "1:1: error: data is required\n1:1: error: model is required\n1:1: error: loss is required\n"
               "1:1: error: optimizer is required\n1:1: error: train is required\n"},
        {DATA MODEL LOSS "optimiser: sgd\n" TRAIN, "1:1: error: optimizer is required\n4:1: error: a spec "
                                                   "has no setting 'optimiser'; did you mean 'optimizer'?\n"},
        {DATA MODEL LOSS "optimizer: null\n" TRAIN, "4:1: error: optimizer is required\n"},
        {"data: {sorce: xor}\n" MODEL REST, "1:1: error: data.source is required\n1:8: error: 'data' has no "
                                            "setting 'sorce'; did you mean 'source'?\n"},
        {"data: xor\n" MODEL REST, "1:7: error: data is a map of settings, not 'xor'\n"},
        {"data: [xor]\n" MODEL REST, "1:7: error: data is a map of settings, not a list\n"},
        {"[1]", "1:1: error: a spec is a map of settings, not a list\n"},
        {"name: 'a b'\n" DATA MODEL REST,
         "1:7: error: name: 'a b' has other characters than letters, digits, '.', '_' and '-'\n"},
        {"name: [a]\n" DATA MODEL REST, "1:7: error: name: a text is wanted here, not a list\n"},
        {"seed: -1\n" DATA MODEL REST, "1:7: error: seed: -1 is not in [0, inf)\n"},
        {"seed: 9223372036854775808\n" DATA MODEL REST,
         "1:7: error: seed: 9223372036854775808 is too large; numbers end at 9223372036854775807\n"},
        {"seed: 9223372036854775806\nrepeats: 3\n" DATA MODEL REST,
         "1:7: error: seed: 9223372036854775806 leaves no seeds for 3 repeats\n"},
        {"repeats: 0\n" DATA MODEL REST, "1:10: error: repeats: 0 is not in [1, inf)\n"},
        {"limits: {seconds: -1, memory_mb: inf}\nretries: 1.5\non_failure: stopp\n" DATA MODEL REST,
         "1:19: error: limits.seconds: -1 is not in [0, inf)\n"
         "1:34: error: limits.memory_mb: 'inf' is not a whole number\n"
         "2:10: error: retries: '1.5' is not a whole number\n"
         "3:13: error: on_failure: continue, stop or a number of failures is wanted here, not 'stopp'\n"},
        {"on_failure: -2\n" DATA MODEL REST, "1:13: error: on_failure: -2 is not in [0, inf)\n"},
        {"on_failure: [stop]\n" DATA MODEL REST,
         "1:13: error: on_failure: continue, stop or a number of failures is wanted here, not a list\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(spec, limits_and_failures)
{
    static const struct {
        const char *written;
        int64_t on_failure;
    } cases[] = {{"", ON_FAILURE_CONTINUE},
                 {"on_failure: continue\n", ON_FAILURE_CONTINUE},
                 {"on_failure: stop\n", ON_FAILURE_STOP},
                 {"on_failure: 0\n", ON_FAILURE_STOP},
                 {"on_failure: 1_0\n", 10}};
    struct spec_reading r =
        read_spec("limits: {seconds: 0.5, cpu_seconds: 1e1, memory_mb: 2_048}\nretries: 3\n" DATA MODEL REST);

    expect_messages(r.diag, "", "limits");
    cr_assert_not_null(r.spec);
    cr_expect(r.spec->limits.seconds == 0.5 && r.spec->limits.cpu_seconds == 10);
    cr_expect(r.spec->limits.memory_mb == 2048 && r.spec->retries == 3);
    spec_done(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *yaml = mem_format("%s" DATA MODEL REST, cases[i].written);

        r = read_spec(yaml);
        cr_assert_not_null(r.spec, "%s", yaml);
        cr_expect_eq(r.spec->on_failure, cases[i].on_failure, "%s", yaml);
        cr_expect(r.spec->limits.seconds == 0 && r.spec->limits.memory_mb == 0 && r.spec->retries == 0);
        free(yaml);
        spec_done(&r);
    }
}

Test(spec, choices)
{
    static const struct refusal cases[] = {
        {DATA MODEL "loss: {mse: {}, huber: {}}\n" OPTIMIZER TRAIN,
         "3:17: error: one plugin is wanted here, not 2 ('mse', 'huber')\n"},
        {DATA "model:\n  - dense:\n    units: 3\n" REST,
         "4:5: error: one plugin is wanted here, not 2 ('dense', 'units'); the settings of 'dense' are "
         "indented below it\n"},
        {DATA MODEL "loss: []\n" OPTIMIZER TRAIN,
         "3:7: error: the name of a plugin is wanted here (loss), not an empty list\n"},
        {DATA MODEL "loss: {}\n" OPTIMIZER TRAIN,
         "3:7: error: the name of a plugin is wanted here (loss), not an empty map\n"},
        {DATA MODEL "loss: msee\n" OPTIMIZER TRAIN, "3:7: error: no loss 'msee'; did you mean 'mse'?\n"},
        {DATA MODEL "loss: adam\n" OPTIMIZER TRAIN, "3:7: error: 'adam' is an optimizer, not a loss\n"},
        {"data: {source: xor, validation: 20%}\n" MODEL LOSS OPTIMIZER TRAIN,
         "1:33: error: data.validation: 20% is written as 0.2\n"},
        {DATA MODEL LOSS "optimizer: {sgd: 0.1}\n" TRAIN,
         "4:18: error: the settings of 'sgd' are a map, not one value: {lr: 0.1}\n"},
        {DATA MODEL LOSS "optimizer: {sgd: {lr: 0.1, momentun: 0.9}}\n" TRAIN,
         "4:28: error: 'sgd' has no setting 'momentun'; did you mean 'momentum'?\n"},
        {DATA MODEL LOSS "optimizer: {sgd: {lr: fast}}\n" TRAIN,
         "4:23: error: sgd.lr: 'fast' is not a number\n"},
        {"data: {source: csv}\n" MODEL REST,
         "1:16: error: csv.path is required\n1:16: error: csv.target is required\n"},
        {"data: {source: xor, transforms: [dense]}\n" MODEL REST,
         "1:34: error: 'dense' is a layer, not a transform\n"},
        {DATA "model: [standardize]\n" REST,
         "2:9: error: 'standardize' is a transform, not a layer or activation\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(spec, model)
{
    static const struct refusal cases[] = {
        {DATA "model: []\n" REST,
         "2:8: error: model is a list of layers and activations, not an empty list\n"},
        {DATA "model: relu\n" REST, "2:8: error: model is a list of layers and activations, not 'relu'\n"},
        {DATA "model: [rleu, {dense: {units: 1}}]\n" REST,
         "2:9: error: no layer or activation 'rleu'; did you mean 'relu'?\n"},
        {DATA "model: [{dropout: {rate: 1.5}}]\n" REST, "2:26: error: dropout.rate: 1.5 is not in [0, 1)\n"},
        {DATA "model: [{dense: {units: 1, activaton: relu}}]\n" REST,
         "2:28: error: 'dense' has no setting 'activaton'; did you mean 'activation'?\n"},
        {DATA "model: [{dense: {units: 1, activation: dense}}]\n" REST,
         "2:40: error: 'dense' is a layer, not an activation\n"},
        {DATA "model: [{dense: {units: 1, name: a.b}}]\n" REST,
         "2:34: error: dense.name: 'a.b' has other characters than letters, digits, '_' and '-'\n"},
        {DATA "model: [{dense: {units: 1, name: input}}]\n" REST,
         "2:34: error: dense.name: 'input' is the name of the model's own input\n"},
        {DATA "model: [{dense: {units: 1, name: a}}, {relu: {name: a}}]\n" REST,
         "2:53: error: relu.name: 'a' is already the name of model.0.dense\n"},
        {DATA "model: [{dense: {units: 1, name: dense2}}, {dense: {units: 1}}]\n" REST,
         "2:34: error: dense.name: 'dense2' is the default name of model.1.dense\n"},
        {DATA "model: [{dense: {units: 1, lr_factor: -1}}]\n" REST,
         "2:39: error: dense.lr_factor: -1 is not in [0, inf)\n"},
        {DATA "model: [{relu: {trainable: no}}, {dense: {units: 1}}]\n" REST,
         "2:17: error: relu.trainable: 'relu' has no parameters\n"},
        {DATA "model: [{dense: {units: 1, name: hidden}}, {dense: {units: 1, from: hiden}}]\n" REST,
         "2:69: error: dense.from: no earlier entry is named 'hiden'; did you mean 'hidden'?\n"},
        {DATA "model: [{dense: {units: 1, from: b}}, {dense: {units: 1, name: b}}]\n" REST,
         "2:34: error: dense.from: 'b' is a later entry; only earlier entries and input can be named\n"},
        {DATA "model: [{dense: {units: 1, name: a, from: a}}]\n" REST,
         "2:43: error: dense.from: 'a' is the entry itself; only earlier entries and input can be named\n"},
        {DATA "model: [{dense: {units: 1, from: {a: 1}}}]\n" REST,
         "2:34: error: dense.from: the name of an entry is wanted here, not a map\n"},
        {DATA "model: [{dense: {units: 1, name: a}}, {dense: {units: 1, from: [a, input]}}]\n" REST,
         "2:64: error: 'dense' takes 1 input, not 2\n"},
        {DATA "model: [{dense: {units: 1, from: []}}]\n" REST, "2:34: error: 'dense' takes 1 input, not 0\n"},
        {DATA "model: [{dense: {units: 1, init: zeross}}]\n" REST,
         "2:34: error: no initialiser 'zeross'; did you mean 'zeros'?\n"},
        {DATA "model: [{dense: {units: 1, init: {weigth: zeros}}}]\n" REST,
         "2:35: error: dense.init: 'dense' has no tensor 'weigth'; did you mean 'weight'?\n"},
        {DATA "model: [{dense: {units: 1, init: {weight: zeros, gamma: zeros}}}]\n" REST,
         "2:50: error: dense.init: 'dense' has no tensor 'gamma'\n"},
        {DATA "model: [{dense: {units: 1}}, {relu: {init: zeros}}]\n" REST,
         "2:44: error: relu.init: 'relu' has no weights\n"},
        {DATA "model: [{dense: {units: 1}}, {dropout: {init: zeros}}]\n" REST,
         "2:47: error: dropout.init: 'dropout' has no weights\n"},
    };

    EXPECT_REFUSALS(cases);
}

/* add says itself how many inputs it takes; one is too few. */
Test(spec, too_few_inputs)
{
    struct spec_reading r = read_spec(DATA "model: [{dense: {units: 1}}, add]\n" REST);
    char *found = messages_of(r.diag);

    cr_expect_null(r.spec);
    cr_expect_eq(diag_errors(r.diag), 1);
    cr_expect(strstr(found, "t.yaml:2:30: error: 'add' takes 2 ") &&
                  strstr(found, "not 1; name them with from: [a, b]"),
              "%s", found);
    free(found);
    spec_done(&r);
}

Test(spec, other_sections)
{
    static const struct refusal cases[] = {
        {"data: {source: xor, validation: 1}\n" MODEL REST,
         "1:33: error: data.validation: 1 is not in (0, 1)\n"},
        {"data: {source: xor, validation: 0}\n" MODEL REST,
         "1:33: error: data.validation: 0 is not in (0, 1)\n"},
        {"data: {source: xor, validation: xro}\n" MODEL REST,
         "1:33: error: no dataset 'xro'; did you mean 'xor'?\n"},
        {DATA MODEL LOSS OPTIMIZER "train: {}\n", "5:1: error: train.epochs is required\n"},
        {DATA MODEL LOSS OPTIMIZER "train: {epochs: 0}\n",
         "5:17: error: train.epochs: 0 is not in [1, inf)\n"},
        {DATA MODEL LOSS OPTIMIZER "train: {epochs: 1.5}\n",
         "5:17: error: train.epochs: '1.5' is not a whole number\n"},
        {DATA MODEL LOSS OPTIMIZER "train: {epochs: 1, batch_size: -1, clip_norm: 0, threads: 0}\n",
         "5:32: error: train.batch_size: -1 is not in [0, inf)\n5:47: error: train.clip_norm: 0 is not in "
         "(0, inf)\n"
         "5:59: error: train.threads: 0 is not in [1, inf)\n"},
        {DATA MODEL LOSS OPTIMIZER "train: {epoch: 1}\n",
         "5:1: error: train.epochs is required\n5:9: error: 'train' has no setting 'epoch'; did you mean "
         "'epochs'?\n"},
        {DATA MODEL REST "record: {gradients: {step: 0}}\n",
         "6:28: error: record.gradients.step: 0 is not in [1, inf)\n"},
        {DATA MODEL REST "record: {gradients: {}}\n", "6:21: error: record.gradients.step is required\n"},
        {DATA MODEL REST "record: {gradients: epochs}\n",
         "6:21: error: record.gradients: epoch, none or {step: K} is wanted here, not 'epochs'\n"},
        {DATA MODEL REST "checkpoint: {every: 0}\n", "6:21: error: checkpoint.every: 0 is not in [1, inf)\n"},
        {DATA MODEL REST "checkpoint: {keep: [last, worst]}\n",
         "6:27: error: checkpoint.keep: last, best, all and epochs from 0 on are known, not 'worst'\n"},
        {DATA MODEL REST "checkpoint: {keep: []}\n",
         "6:20: error: checkpoint.keep: last, best, all or numbers of epochs are wanted here\n"},
    };

    EXPECT_REFUSALS(cases);
}

#define STOPPING(monitor)                                                                                    \
    LOSS OPTIMIZER "metrics: [mae]\ntrain: {epochs: 1, early_stopping: {monitor: " monitor "}}\n"

Test(spec, monitors)
{
    static const struct refusal cases[] = {
        {DATA MODEL STOPPING("validation.loss"),
         "6:46: error: train.early_stopping.monitor: 'validation.loss' is not recorded: there is no "
         "data.validation\n"},
        {DATA MODEL STOPPING("test.mae"),
         "6:46: error: train.early_stopping.monitor: 'test.mae' is not recorded: there is no data.test\n"},
        {DATA MODEL STOPPING("train.los"), "6:46: error: train.early_stopping.monitor: 'train.los' is not "
                                           "recorded: 'los' is neither loss nor a metric of "
                                           "this spec; did you mean 'loss'?\n"},
        {DATA MODEL STOPPING("train.accuracy"), "6:46: error: train.early_stopping.monitor: 'train.accuracy' "
                                                "is not recorded: 'accuracy' is neither loss nor a "
                                                "metric of this spec\n"},
        {DATA MODEL STOPPING("train.mae.setosa"),
         "6:46: error: train.early_stopping.monitor: 'train.mae.setosa' is not recorded: 'mae.setosa' is "
         "neither loss nor "
         "a metric of this spec\n"},
        {DATA MODEL STOPPING("loss"), "6:46: error: train.early_stopping.monitor: 'loss' is not of the form "
                                      "SPLIT.NAME, with train, validation or test "
                                      "before the dot; did you mean 'train.loss'?\n"},
        {DATA MODEL LOSS OPTIMIZER "train: {epochs: 1, early_stopping: {patience: 0}}\n",
         "5:20: error: train.early_stopping.monitor is required\n"
         "5:47: error: train.early_stopping.patience: 0 is not in [1, inf)\n"},
    };

    EXPECT_REFUSALS(cases);
    expect(DATA MODEL STOPPING("train.mae"), true, "");
    expect("data: {source: xor, validation: 0.5}\n" MODEL STOPPING("validation.loss"), true, "");
}

/* No bundled plugin has such settings yet: a schedule that watches, a metric with a value a class. */
Test(spec, monitors_of_schedules_and_values_of_metrics)
{
    struct plateau {
        const char *watch;
    } watched = {"train.f1.setosa"};
    static const fell_param params[] = {
        {"watch", "Watched.", FELL_P_STRING, FELL_MONITOR, 0, 0, 0, 0, NULL, NULL}};
    static const fell_metric f1 = {.target = FELL_VALUES, .values = FELL_PER_CLASS};
    const struct item schedule = {
        .kind = FELL_KIND_SCHEDULE, .name = "plateau", .nparams = 1, .params = params};
    const struct item metric = {.kind = FELL_KIND_METRIC, .name = "f1", .metric = &f1};
    struct choice schedules[] = {{.item = &schedule, .settings = &watched}}, metrics[] = {{.item = &metric}};
    struct spec s = {.nschedules = 1, .schedules = schedules, .nmetrics = 1, .metrics = metrics};
    struct spec_reading r = {NULL, tree_new(), diag_new(), NULL};
    struct node *root = tree_parse_text(r.tree, "t.yaml", ".", "{}", 2, false, r.diag);
    struct spec_reader reader = {.diag = r.diag, .spec = &s, .result = OK};

    spec_check(&reader, root);
    expect_messages(r.diag, "", "train.f1.setosa");
    cr_expect_eq(reader.result, OK);
    watched.watch = "train.f2.setosa";
    schedules[0].at = root->place;
    spec_check(&reader, root);
    cr_expect_eq(reader.result, FAILED);
    expect_messages(
        r.diag,
        "t.yaml:1:1: error: plateau.watch: 'train.f2.setosa' is not recorded: 'f2.setosa' is neither loss "
        "nor a metric of this spec\n",
        "train.f2.setosa");
    diag_free(r.diag);
    tree_free(r.tree);
}

Test(spec, metrics_and_output_against_the_loss)
{
    static const struct refusal cases[] = {
        {DATA MODEL "loss: cross_entropy\n" OPTIMIZER TRAIN "metrics: [accuracy, mae]\n",
         "6:21: error: 'mae' is a metric of values, but the loss 'cross_entropy' learns classes\n"},
        {DATA MODEL REST "metrics: [mae, mae]\n", "6:16: error: duplicate metric 'mae'\n"},
    };

    EXPECT_REFUSALS(cases);
    expect(DATA "model: [{dense: {units: 2, activation: softmax}}]\nloss: cross_entropy\n" OPTIMIZER TRAIN,
           true,
           "2:40: warning: the loss 'cross_entropy' takes logits, but 'softmax' yields probabilities; the "
           "loss applies its "
           "own, so the net learns less: leave this one out\n");
    expect(DATA "model: [{dense: {units: 1, activation: sigmoid}}]\n" REST, true, "");
}

Test(spec, all_errors_in_one_pass_sorted)
{
    struct spec_reading r = read_spec("data: {source: xor}\n"
                                      "model:\n"
                                      "  - dense: {units: 0, activation: rleu}\n"
                                      "  - dropout: {rate: 1.5}\n"
                                      "loss: msee\n"
                                      "optimizer:\n"
                                      "  sgd: {lr: 0.1, momentun: 0.9}\n"
                                      "metrics: [accurcy]\n"
                                      "train: {epochs: many}\n");
    struct strbuf b = {0};

    diag_write(r.diag, &b, false);
    cr_expect_str_eq(b.text, "t.yaml:3:20: error: dense.units: 0 is not in [1, 16777216]\n"
                             "    3 |   - dense: {units: 0, activation: rleu}\n"
                             "      |                    ^\n"
                             "t.yaml:3:35: error: no activation 'rleu'; did you mean 'relu'?\n"
                             "    3 |   - dense: {units: 0, activation: rleu}\n"
                             "      |                                   ^~~~\n"
                             "t.yaml:4:21: error: dropout.rate: 1.5 is not in [0, 1)\n"
                             "    4 |   - dropout: {rate: 1.5}\n"
                             "      |                     ^~~\n"
                             "t.yaml:5:7: error: no loss 'msee'; did you mean 'mse'?\n"
                             "    5 | loss: msee\n"
                             "      |       ^~~~\n"
                             "t.yaml:7:18: error: 'sgd' has no setting 'momentun'; did you mean 'momentum'?\n"
                             "    7 |   sgd: {lr: 0.1, momentun: 0.9}\n"
                             "      |                  ^~~~~~~~\n"
                             "t.yaml:8:11: error: no metric 'accurcy'; did you mean 'accuracy'?\n"
                             "    8 | metrics: [accurcy]\n"
                             "      |           ^~~~~~~\n"
                             "t.yaml:9:17: error: train.epochs: 'many' is not a whole number\n"
                             "    9 | train: {epochs: many}\n"
                             "      |                 ^~~~\n");
    strbuf_release(&b);
    spec_done(&r);
}
