/* predict.c - `fell predict`: what a trained net says of new rows, or of a split's, by name and in their own
 * units.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/new_file.h"
#include "base/text.h"
#include "cli/predict_text.h"
#include "cli/predict_write.h"
#include "cli/query.h"
#include "cli/trained.h"
#include "host/settings.h"

/* What a command line asks for, with all that must outlive the answers. */
struct question {
    const struct call *call;
    struct trained net; /* whose spec's data.test are the new rows */
    char *rows;         /* temporary: standard input. Or NULL */
    struct data *data;
    size_t ntargets;
    const char **target; /* in cJSON */
    cJSON *json;         /* net.about.spec */
};

static void release(struct question *q)
{
    data_free(q->data);
    trained_release(&q->net);
    cJSON_Delete(q->json);
    free(q->target);
    free(q->rows);
}

/* ---- the rows ---------------------------------------------------------------------------- */

/* Standard input, whole, as a file that can be read twice. */
static status take_input(struct question *q, struct error *err)
{
    char buffer[1 << 16];
    FILE *to;
    size_t n;
    bool good;

    if (!(q->rows = scratch_file(&q->net.scratch, "standard-input", err)))
        return FAILED;
    to = fopen(q->rows, "wbx");
    good = to != NULL;
    while (good && (n = fread(buffer, 1, sizeof buffer, stdin)) > 0)
        good = fwrite(buffer, 1, n, to) == n;
    good = to && fclose(to) == 0 && good;
    if (!good || ferror(stdin))
        return error_set(err, "standard input cannot be kept in %s: %s", q->rows, strerror(errno));
    return OK;
}

/* The setting that names the file of inputs: the first path. */
static const fell_param *path_setting(const struct item *dataset)
{
    for (size_t i = 0; i < dataset->nparams; i++)
        if (dataset->params[i].flags & FELL_PATH)
            return &dataset->params[i];
    return NULL;
}

/* A source that is asked for new rows opens the first of its files alone. The others (labels, targets) are
 * set to it too, so that nothing is looked at which the net's file alone names. */
static void name_others(const struct item *dataset, cJSON *settings, const char *path)
{
    for (size_t i = 0; i < dataset->nparams; i++)
        if (dataset->params[i].flags & FELL_PATH && dataset->params[i].type == FELL_P_STRING)
            cJSON_ReplaceItemInObject(settings, dataset->params[i].name, cJSON_CreateString(path));
}

/* The source's settings, with PATH for its file, as data.test. */
static status name_rows(struct question *q, const char *path, struct error *err)
{
    const struct choice *source = &q->net.spec->data.source;
    const fell_param *setting = path_setting(source->item);
    cJSON *data = cJSON_GetObjectItem(q->json, "data"), *test, *settings, *value;
    char *absolute, *text;
    status st;

    if (!setting)
        return error_set(err,
                         "the rows of this net are made by '%s', which reads no file; --split takes those "
                         "of a split",
                         source->item->name);
    test = cJSON_Duplicate(cJSON_GetObjectItem(data, "source"), true);
    settings = cJSON_GetObjectItem(test, source->item->name);
    absolute = path_absolute(path);
    value = cJSON_CreateString(absolute);
    if (setting->type == FELL_P_STRINGS) {
        cJSON *list = cJSON_CreateArray();

        cJSON_AddItemToArray(list, value);
        value = list;
    }
    cJSON_ReplaceItemInObject(settings, setting->name, value);
    name_others(source->item, settings, absolute);
    if (cJSON_HasObjectItem(settings, "rows")) /* of the beginning */
        cJSON_ReplaceItemInObject(settings, "rows", cJSON_CreateNumber(0));
    cJSON_DeleteItemFromObject(settings, "part"); /* of a text: all of it, rows side by side */
    cJSON_DeleteItemFromObject(settings, "stride");
    cJSON_DeleteItemFromObject(data, "test");
    cJSON_AddItemToObject(data, "test", test);
    cJSON_ReplaceItemInObject(q->json, "seed", settings_json_int((int64_t)q->net.spec->seed));
    text = cJSON_PrintUnformatted(q->json);
    st = trained_read_spec(&q->net, text, 1, err);
    cJSON_free(text);
    free(absolute);
    return st;
}

static status new_rows(struct question *q, struct error *err)
{
    const char *path = q->call->args[1];
    struct problem p = {.index = 0};

    if (strcmp(path, "-") == 0) {
        if (take_input(q, err) != OK)
            return FAILED;
        path = q->rows;
    }
    if (trained_fit(&q->net, err) != OK || name_rows(q, path, err) != OK)
        return FAILED;
    return fitted_load(q->net.fitted, q->net.spec, &q->net.env, &q->data, &p) == OK
               ? OK
               : error_set(err, "%s", p.text);
}

static status split_rows(struct question *q, enum split *split, struct error *err)
{
    struct problem p = {.index = 0};

    for (*split = SPLIT_TRAIN; *split < SPLITS; ++*split)
        if (strcmp(q->call->split, split_name(*split)) == 0)
            break;
    if (*split == SPLITS)
        return error_set(err, "--split: train, validation or test is wanted here, not '%s'", q->call->split);
    if (trained_check_paths(&q->net, err) != OK)
        return FAILED;
    if (data_load(q->net.spec, &q->net.env, &q->data, &p) != OK)
        return error_set(err, "%s", p.text);
    if (q->data->split[*split].n == 0)
        return error_set(err, "--split: the net has no %s rows", split_name(*split));
    if (*split == SPLIT_TRAIN && q->data->nlate)
        return error_set(err,
                         "--split: a transform acts on the training rows in training only; name their file "
                         "in the place of --split");
    return OK;
}

/* Targets by name, as the source's setting `target` has them. */
static void find_targets(struct question *q)
{
    cJSON *source, *target;

    source = cJSON_GetObjectItem(cJSON_GetObjectItem(q->json, "data"), "source");
    target = cJSON_GetObjectItem(source ? source->child : NULL, "target");
    q->target = mem_array((size_t)cJSON_GetArraySize(target) + 1, sizeof *q->target);
    for (cJSON *one = cJSON_IsArray(target) ? target->child : target; one;
         one = cJSON_IsArray(target) ? one->next : NULL) {
        const char *text = cJSON_GetStringValue(one);
        int64_t index;

        if (text && !text_to_int(text, &index))
            q->target[q->ntargets++] = text;
    }
}

/* ---- the answers ------------------------------------------------------------------------------ */

static status write_answers(struct question *q, enum split split, FILE *to, struct error *err)
{
    struct answers a = {.to = to,
                        .json = q->call->json,
                        .data = q->data,
                        .row = q->data->split[split].source_row,
                        .name = split == SPLIT_TEST ? (const char *const *)q->data->row_name : NULL,
                        .target = q->target,
                        .ntargets = q->ntargets};
    struct problem p = {.index = 0};

    q->net.env.warn = NULL; /* of the net nothing is new */
    if (predict_rows(q->net.spec, q->data, split, &q->net.env, q->net.weights, answers_write, &a, &p) != OK)
        return error_set(err, "%s", p.text);
    return query_put_all(to, err);
}

static status answer(struct question *q, enum split split, struct error *err)
{
    struct new_file f;
    status st;

    if (!q->call->output)
        return write_answers(q, split, stdout, err);
    if (new_file_begin(&f, q->call->output, err) != OK)
        return FAILED;
    st = write_answers(q, split, f.to, err);
    if (st == OK)
        return new_file_end(&f, NEW_FILE_REPLACE, err);
    (void)new_file_end(&f, NEW_FILE_DROP, &(struct error){0});
    return FAILED;
}

static status prepare(struct question *q, enum split *split, struct error *err)
{
    if (trained_open(&q->net, q->call, err) != OK)
        return FAILED;
    q->json = cJSON_Parse(q->net.about.spec);
    *split = SPLIT_TEST;
    if ((q->call->split ? split_rows(q, split, err) : new_rows(q, err)) != OK)
        return FAILED;
    find_targets(q);
    return OK;
}

/* ---- texts ------------------------------------------------------------------------------------- */

static status write_text(struct question *q, struct error *err)
{
    struct new_file f;

    if (!q->call->output)
        return predict_text(&q->net, stdout, err);
    if (new_file_begin(&f, q->call->output, err) != OK)
        return FAILED;
    if (predict_text(&q->net, f.to, err) == OK)
        return new_file_end(&f, NEW_FILE_REPLACE, err);
    (void)new_file_end(&f, NEW_FILE_DROP, &(struct error){0});
    return FAILED;
}

static int run_generate(const struct call *c)
{
    struct question q = {.call = c};
    struct error err;
    int exit_status = EXIT_OK;

    if (c->nargs > 1 || c->split)
        return cli_error("--generate writes on from --prompt: rows are another question");
    if (!c->prompt)
        return cli_error("from where on? write: fell predict %s --generate %lld --prompt TEXT", c->args[0],
                         (long long)c->generate);
    if (trained_open(&q.net, c, &err) != OK || trained_fit(&q.net, &err) != OK || write_text(&q, &err) != OK)
        exit_status = cli_error("%s", err.text);
    release(&q);
    return exit_status;
}

static int run_predict(const struct call *c)
{
    struct question q = {.call = c};
    enum split split;
    struct error err;
    int exit_status = EXIT_OK;

    if (c->generate > 0)
        return run_generate(c);
    if (c->prompt || c->temperature >= 0.0 || c->top_k > 0 || c->draw_seed >= 0)
        return cli_error("--prompt, --temperature, --top-k and --seed are of --generate N");
    if ((c->nargs > 1) == (c->split != NULL))
        return cli_error(c->split ? "DATA and --split are two ways to name rows: choose one"
                                  : "of which rows? write: fell predict %s DATA, or --split test",
                         c->args[0]);
    if (prepare(&q, &split, &err) != OK) {
        cli_error("%s", err.text);
        exit_status = EXIT_INPUT;
    } else if (answer(&q, split, &err) != OK) {
        cli_error("%s", err.text);
        exit_status = EXIT_RUN;
    }
    release(&q);
    return exit_status;
}

const struct command command_predict = {
    .name = "predict",
    .task = "Use a trained net",
    .args = "RUN|FILE [DATA]",
    .least = 1,
    .most = 2,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_AT, OPTION_SPLIT, OPTION_GENERATE,
                OPTION_PROMPT, OPTION_TEMPERATURE, OPTION_TOP_K, OPTION_DRAW_SEED, OPTION_OUTPUT, OPTION_JSON,
                OPTION_QUIET},
    .brief = "Ask a trained net about new rows",
    .help =
        "The net is that of a run (of an experiment that is named, of its best) after its best epoch by the "
        "objective (without one, after its last), or "
        "after the one that --epoch says; or it comes from a FILE that 'fell export' wrote, which needs "
        "neither the database nor the training rows.\n\n"
        "DATA is a file of the kind that the source of the spec reads, with the same columns by name; '-' is "
        "standard input. The target need not be among them, nor columns that were dropped; what the net has "
        "never seen as input is passed over, and told. Transforms are those of the training, as they were "
        "fitted. --split takes the rows of the spec's own split instead; then the answers are those that the "
        "recorded losses and metrics were made from, to the bit.\n\n"
        "The answers are CSV, or with --json an object a line: the number of the row from 1, then of classes "
        "the most probable by name and the probability of each (p_NAME), of questions of yes and no the "
        "answer and its probability, and of values each target in its own units. Where inputs are learnt "
        "(data.target: input) they are those inputs as the transforms made them. Images have the name of "
        "their file.\n\n"
        "--generate: a net of a text writes on. Each unit (character, byte or word, as the net was trained) "
        "is "
        "drawn from what the net says of the last ones, as many as a row had, and goes in; the same seed "
        "gives "
        "the same text on any machine. With --json each is a line, with the probability that the net gave "
        "it.",
    .examples = "fell predict 12 new.csv\n"
                "fell predict 12 new.csv --epoch 5 -o answers.csv\n"
                "fell predict 12 --split test --json\n"
                "fell predict 12 --generate 200 --prompt 'We the ' --temperature 0.8\n"
                "fell export 12 --safetensors net.safetensors && fell predict net.safetensors - < new.csv",
    .run = run_predict,
};
