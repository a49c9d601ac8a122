/* plan.c - `fell check` and `fell plan`: what a spec would do. A worker loads the data and
 * plans the net; nothing is trained and nothing is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/display.h"
#include "cli/experiment_call.h"
#include "cli/plan_data.h"
#include "cli/query.h"
#include "yaml/tree.h"
#include "work/scout.h"
#include "work/trial_now.h"

enum { TRIALS_SHOWN = 10 };

/* Open, then have a worker check all trials; *PLAN is free()d by the caller. */
static status check(struct experiment_call *x, const struct call *c, cJSON **plan)
{
    char *text = NULL;
    status st;

    if (experiment_call_open(x, c))
        return FAILED;
    x->options.rows = c->rows;
    st = scout_all(x->experiment, &x->options, &text, x->diag);
    if (st == OK)
        *plan = cJSON_Parse(text);
    free(text);
    experiment_call_report(x);
    return st;
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);

    return v ? v->valuedouble : 0;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- fell check ------------------------------------------------------------------- */

static int run_check(const struct call *c)
{
    struct experiment_call x;
    cJSON *plan = NULL;
    int exit_status = EXIT_INPUT;

    if (check(&x, c, &plan) == OK) {
        const struct experiment *e = x.experiment;
        size_t trials = (size_t)e->ntrials, runs = trials * (size_t)e->repeats;
        double epochs = (double)e->first->train.epochs;

        exit_status = EXIT_OK;
        if (c->json) {
            cJSON *o = cJSON_CreateObject();

            cJSON_AddStringToObject(o, "name", e->name);
            cJSON_AddNumberToObject(o, "trials", (double)e->ntrials);
            cJSON_AddNumberToObject(o, "runs", (double)runs);
            cJSON_AddNumberToObject(o, "epochs", epochs);
            cJSON_AddNumberToObject(o, "parameters", number(plan, "parameters"));
            cJSON_AddNumberToObject(o, "training_rows", number(cJSON_GetObjectItem(plan, "rows"), "train"));
            cJSON_AddItemToObject(o, "data", cJSON_DetachItemFromObject(plan, "data"));
            query_print_json(o);
        } else if (!c->quiet) {
            printf("%s is valid: %zu trial%s, %zu run%s, %.0f epochs, %.0f parameters, %.0f training rows\n",
                   c->args[0], trials, plural(trials), runs, plural(runs), epochs, number(plan, "parameters"),
                   number(cJSON_GetObjectItem(plan, "rows"), "train"));
            plan_data_print(cJSON_GetObjectItem(plan, "data"));
        }
    }
    cJSON_Delete(plan);
    experiment_call_release(&x);
    return exit_status;
}

const struct command command_check = {
    .name = "check",
    .task = "Run experiments",
    .args = "SPEC [PATH=VALUE...]",
    .least = 1,
    .most = ANY_NUMBER,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_QUIET, OPTION_JSON},
    .brief = "Find all errors of a spec, without training",
    .help = "Reads the spec, the plugins and the data it names, and plans the net of every trial. All "
            "errors are shown at once, each with its file, line and column, and the nearest valid name "
            "where a name is wrong. Of each table it prints what was found out: header, delimiter, columns, "
            "classes. The exit status is 0 when there are none, else 2.",
    .examples = "fell check configs/digits.yaml\n"
                "fell check my.yaml loss=cross_entropy",
    .run = run_check,
};

/* ---- fell plan -------------------------------------------------------------------- */

/* JSON quotes every text; YAML is easier on the eyes without. What could be taken for
 * something else than a text keeps its quotes. */
static void unquote(struct node *n)
{
    static const char *const special[] = {"null", "true", "false", "yes", "no", "on", "off"};
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";

    for (size_t i = 0; i < n->n; i++) {
        if (n->kind == NODE_MAP)
            unquote(n->key[i]);
        unquote(n->item[i]);
    }
    if (n->kind != NODE_SCALAR || n->plain || !*n->text || n->text[strspn(n->text, word)] ||
        strchr("0123456789.-", *n->text))
        return;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (strcasecmp(n->text, special[i]) == 0)
            return;
    }
    n->plain = true;
}

/* Trial I; of an adaptive strategy, whose trials are not known yet, a scout. */
static struct trial shown_trial(const struct experiment *e, size_t i, struct arena *arena)
{
    return e->adaptive ? scout_now(e, i, arena) : trial_now(e, i, arena);
}

static size_t shown_trials(const struct experiment *e)
{
    return e->adaptive ? e->nscouts : (size_t)e->ntrials;
}

/* The spec of the first trial with every default, as YAML. */
static void print_spec(const struct experiment *e)
{
    struct tree *t = tree_new();
    struct diag *d = diag_new();
    struct strbuf b = {0};
    struct arena *arena = arena_new();
    const char *json = shown_trial(e, 0, arena).resolved;
    struct node *root = tree_parse_text(t, "resolved", ".", json, strlen(json), false, d);

    if (root) {
        unquote(root);
        tree_write(root, &b);
        printf("%s", b.text);
    }
    strbuf_release(&b);
    diag_free(d);
    tree_free(t);
    arena_free(arena);
}

/* [1,28,28] as "1x28x28". */
static char *shape_text(const cJSON *shape)
{
    struct strbuf b = {0};

    strbuf_add(&b, "");
    for (const cJSON *d = shape ? shape->child : NULL; d; d = d->next)
        strbuf_addf(&b, "%s%.0f", b.len ? "x" : "", d->valuedouble);
    return b.text;
}

static char *from_text(const cJSON *from)
{
    struct strbuf b = {0};

    strbuf_add(&b, "");
    for (const cJSON *f = from ? from->child : NULL; f; f = f->next)
        strbuf_addf(&b, "%s%s", b.len ? ", " : "", cJSON_GetStringValue(f));
    return b.text;
}

static const char *text_of(const cJSON *o, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));

    return text ? text : "";
}

static void print_layers(const cJSON *plan)
{
    struct table *t = table_new();
    const cJSON *layer;
    char memory[32];

    table_column(t, (struct table_column){.name = "layer"});
    table_column(t, (struct table_column){.name = "plugin"});
    table_column(t, (struct table_column){.name = "from"});
    table_column(t, (struct table_column){.name = "shape"});
    table_column(t, (struct table_column){.name = "parameters"});
    table_column(t, (struct table_column){.name = "memory", .format = TABLE_BYTES});
    cJSON_ArrayForEach(layer, cJSON_GetObjectItem(plan, "layers"))
    {
        char *from = from_text(cJSON_GetObjectItem(layer, "from"));
        char *shape = shape_text(cJSON_GetObjectItem(layer, "shape"));

        table_text(t, cJSON_GetStringValue(cJSON_GetObjectItem(layer, "name")));
        table_text(t, cJSON_GetStringValue(cJSON_GetObjectItem(layer, "plugin")));
        table_text(t, from);
        table_text(t, shape);
        table_integer(t, (int64_t)number(layer, "parameters"));
        table_integer(t, (int64_t)number(layer, "memory"));
        free(from);
        free(shape);
    }
    table_print(t, stdout, 0);
    table_free(t);
    cJSON_ArrayForEach(layer, cJSON_GetObjectItem(plan, "layers"))
    {
        if (cJSON_GetObjectItem(layer, "filled"))
            printf("%s: %s\n", text_of(layer, "name"), text_of(layer, "filled"));
        if (cJSON_GetObjectItem(layer, "share"))
            printf("%s: has tensors of %s\n", text_of(layer, "name"), text_of(layer, "share"));
    }
    display_bytes(number(plan, "memory"), memory);
    printf("%.0f parameters, %s for one run\n", number(plan, "parameters"), memory);
}

static void print_data(const cJSON *plan)
{
    char *input = shape_text(cJSON_GetObjectItem(plan, "input"));
    const cJSON *rows;
    size_t classes = (size_t)cJSON_GetArraySize(cJSON_GetObjectItem(plan, "classes"));

    printf("data: input %s", input);
    if (classes)
        printf(", %zu classes", classes);
    cJSON_ArrayForEach(rows, cJSON_GetObjectItem(plan, "rows"))
        printf(", %.0f %s rows", rows->valuedouble, rows->string);
    printf(", %.0f steps an epoch\n", number(plan, "steps_per_epoch"));
    cJSON_ArrayForEach(rows, cJSON_GetObjectItem(plan, "splits"))
    {
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(rows, "split")), "noised") == 0)
            printf("%.0f of the training rows have another class (label_noise)\n", number(rows, "rows"));
    }
    free(input);
}

static void value_cell(struct table *t, const struct trial *trial, const char *path)
{
    for (size_t i = 0; i < trial->nvalues; i++) {
        const struct axis_value *v = &trial->values[i];

        if (strcmp(v->path, path) != 0)
            continue;
        if (v->type == VALUE_INT)
            table_integer(t, v->i);
        else if (v->type == VALUE_REAL)
            table_real(t, v->x);
        else
            table_text(t, v->text);
        return;
    }
    table_empty(t); /* the setting does not exist in this trial */
}

/* The swept values of the first N trials. */
static struct table *trials_table(const struct experiment *e, size_t n)
{
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "trial"});
    for (size_t i = 0; i < e->npaths; i++)
        table_column(t, (struct table_column){.name = e->paths[i],
                                              .group = "params",
                                              .title = display_short_path(e->paths, e->npaths, i)});
    for (size_t k = 0; k < n; k++) {
        struct arena *arena = arena_new();
        const struct trial trial = shown_trial(e, k, arena);

        table_integer(t, (int64_t)k);
        for (size_t i = 0; i < e->npaths; i++)
            value_cell(t, &trial, e->paths[i]);
        arena_free(arena);
    }
    return t;
}

static void print_text(const struct experiment *e, const cJSON *plan)
{
    size_t trials = shown_trials(e), shown = trials < TRIALS_SHOWN ? trials : TRIALS_SHOWN;
    struct table *t;

    print_spec(e);
    putchar('\n');
    print_layers(plan);
    print_data(plan);
    plan_data_print(cJSON_GetObjectItem(plan, "data"));
    printf("%lld trial%s x %lld repeat%s, %lld epochs each", (long long)e->ntrials,
           plural((size_t)e->ntrials), (long long)e->repeats, plural((size_t)e->repeats),
           (long long)e->first->train.epochs);
    if (e->nequal && !e->sampled)
        printf("; %lld equal trials are run once", (long long)e->nequal);
    if (e->nexcluded && !e->sampled)
        printf("; where excludes %lld", (long long)e->nexcluded);
    putchar('\n');
    if (e->npaths == 0)
        return;
    if (e->adaptive)
        printf("\nEach trial depends on results of earlier ones; these show every value:\n");
    putchar('\n');
    t = trials_table(e, shown);
    table_print(t, stdout, 0);
    results_more(t, (int64_t)trials, "--json lists all");
    table_free(t);
}

static void print_json(const struct experiment *e, cJSON *plan)
{
    cJSON *o = cJSON_CreateObject();
    struct table *t = trials_table(e, shown_trials(e));
    struct arena *arena = arena_new();

    cJSON_AddStringToObject(o, "name", e->name);
    cJSON_AddItemToObject(o, "spec", cJSON_Parse(shown_trial(e, 0, arena).resolved));
    cJSON_AddItemToObject(o, "plan", plan);
    cJSON_AddNumberToObject(o, "repeats", (double)e->repeats);
    cJSON_AddItemToObject(o, e->adaptive ? "probes" : "trials", table_to_json(t));
    query_print_json(o);
    table_free(t);
    arena_free(arena);
}

/* The numbers of the rows of WORD, which `check()` has asked for. */
static int print_rows(const char *word, const cJSON *plan)
{
    const char *listed = cJSON_GetStringValue(cJSON_GetObjectItem(plan, "listed"));

    if (!listed || !*listed) {
        cli_error(SPLIT_MISSING, word);
        return EXIT_INPUT;
    }
    fputs(listed, stdout);
    return EXIT_OK;
}

/* A list that there can be. */
static bool is_list(const char *word)
{
    static const char *const words[] = {"train", "validation", "test", "noised"};
    const char *near;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    near = text_nearest(word, words, sizeof words / sizeof *words);
    cli_error("--rows: '%s' is none of train, validation, test and noised%s%s%s", word,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return false;
}

static int run_plan(const struct call *c)
{
    struct experiment_call x;
    cJSON *plan = NULL;
    int exit_status = EXIT_INPUT;

    if (c->rows && !is_list(c->rows))
        return EXIT_INPUT;
    if (check(&x, c, &plan) == OK) {
        exit_status = EXIT_OK;
        if (c->rows) {
            exit_status = print_rows(c->rows, plan);
        } else if (c->json) {
            print_json(x.experiment, plan);
            plan = NULL;
        } else {
            print_text(x.experiment, plan);
        }
    }
    cJSON_Delete(plan);
    experiment_call_release(&x);
    return exit_status;
}

const struct command command_plan = {
    .name = "plan",
    .task = "Run experiments",
    .args = "SPEC [PATH=VALUE...]",
    .least = 1,
    .most = ANY_NUMBER,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_ROWS, OPTION_JSON},
    .brief = "Show what a spec would do: spec, layers, data, trials",
    .help = "Prints the spec of the first trial with every default filled in; each layer with its shape, "
            "its number of parameters and its memory; the rows of each split; and the trials of the sweep. "
            "Trains nothing and writes nothing.\n\n"
            "With --rows it prints which rows of the dataset a split has (of a sweep: in its first trial), "
            "one number a line: those that the recorded hash in the table `splits` is of.",
    .examples = "fell plan configs/fashion-mnist-mlp.yaml\n"
                "fell plan configs/digits.yaml --rows validation | sha256sum\n"
                "fell plan configs/digits.yaml --json | jq .plan.parameters",
    .run = run_plan,
};
