/* explain.c - `fell explain`: an introduction to backpropagation with a spec's own numbers. Finds
 * what is asked for (spec, run, checkpoint) and writes what explain/ makes of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "base/text.h"
#include "cli/experiment_call.h"
#include "cli/query.h"
#include "explain/interactive.h"
#include "explain/lesson.h"
#include "explain/page.h"
#include "explain/slides.h"
#include "kernels/pool.h"
#include "spec/spec_paths.h"
#include "yaml/tree.h"
#include "record/database.h"
#include "work/scout.h"
#include "work/resume.h"

/* What a command line asks for, with all that must outlive the lesson. */
struct question {
    struct experiment_call x;
    struct lesson_request request;
    struct host_env env;
    struct data *data, *plain; /* plain: without transforms that act in training only; NULL: there are none */
    struct tree *tree;         /* of the run's resolved spec */
    struct spec *run_spec;     /* or NULL */
    char *checkpoint;
    double *train, *validation;
};

static void question_release(struct question *q)
{
    data_free(q->data);
    data_free(q->plain);
    if (q->run_spec)
        spec_free(q->run_spec);
    tree_free(q->tree);
    free(q->checkpoint);
    free(q->train);
    free(q->validation);
    experiment_call_release(&q->x);
}

/* ---- a recorded run --------------------------------------------------------------------- */

/* The parts of a spec that a run must share with the one on the command line. */
static const char *const shared[] = {"model", "loss", "optimizer"};

static bool same_parts(const char *a, const char *b, const char **differs)
{
    cJSON *x = cJSON_Parse(a), *y = cJSON_Parse(b);
    bool same = true;

    for (size_t i = 0; i < sizeof shared / sizeof *shared && same; i++) {
        same = cJSON_Compare(cJSON_GetObjectItem(x, shared[i]), cJSON_GetObjectItem(y, shared[i]), true);
        if (!same)
            *differs = shared[i];
    }
    cJSON_Delete(x);
    cJSON_Delete(y);
    return same;
}

/* Whether a trial on the command line is like the run's. Trials that depend on results are not
 * known before: of those the experiment's name must be the run's. */
static bool belongs(const struct question *q, const char *resolved, const char *name, const char **differs)
{
    const struct experiment *e = q->x.experiment;
    bool found = e->adaptive && strcmp(e->name, name) == 0;

    *differs = "name";
    for (int64_t i = 0; i < e->ntrials && !e->adaptive && !found; i++) {
        struct arena *arena = arena_new();
        struct trial trial;

        found = experiment_trial(e, i, arena, &trial, q->x.diag) == OK &&
                same_parts(trial.resolved, resolved, differs);
        arena_free(arena);
    }
    return found;
}

/* The run's own resolved spec. */
static status use_run_spec(struct question *q, const char *resolved, const char *name, const char *db,
                           struct error *err)
{
    const struct experiment *e = q->x.experiment;
    const char *differs;
    struct error why;

    if (!belongs(q, resolved, name, &differs))
        return error_set(err, "run %lld is not of this spec: it has another %s", (long long)q->request.run,
                         differs);
    q->tree = tree_new();
    q->run_spec = spec_from_text(q->x.registry, NULL, q->tree, e->name, resolved, &why);
    if (!q->run_spec)
        return error_set(err, "the recorded spec of run %lld cannot be used: %s", (long long)q->request.run,
                         why.text);
    q->request.spec = q->run_spec;
    return spec_check_paths(q->run_spec, db, err);
}

static status read_run(struct question *q, sqlite3 *db, struct error *err)
{
    sqlite3_stmt *s;
    status st = FAILED;

    if (results_query(db,
                      "SELECT r.resolved, r.seed, e.name FROM runs r JOIN experiments e ON e.id = "
                      "r.experiment_id\nWHERE r.id = ?1",
                      1, &q->request.run, &s, err))
        return FAILED;
    if (sqlite3_step(s) == SQLITE_ROW) {
        q->request.seed = (uint64_t)sqlite3_column_int64(s, 1);
        st = use_run_spec(q, database_text(s, 0), database_text(s, 2), sqlite3_db_filename(db, "main"), err);
    } else {
        results_no_experiment_of(q->request.run, err);
    }
    return results_end(db, s, err) == OK ? st : FAILED;
}

static double real(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

/* The losses of its epochs, and the rate of the last step before the checkpoint's. */
static status read_epochs(struct question *q, sqlite3 *db, int64_t until, struct error *err)
{
    struct lesson_request *r = &q->request;
    bool validation = false;
    sqlite3_stmt *s;

    if (results_query(
            db, "SELECT epoch, train_loss, validation_loss, lr FROM epochs WHERE run_id = ?1 ORDER BY epoch",
            1, &r->run, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const size_t n = (size_t)r->nlosses++;

        q->train = mem_grow(q->train, n + 1, sizeof *q->train);
        q->validation = mem_grow(q->validation, n + 1, sizeof *q->validation);
        q->train[n] = real(s, 1);
        q->validation[n] = real(s, 2);
        validation = validation || isfinite(q->validation[n]);
        if (sqlite3_column_int64(s, 0) == until)
            r->rate = real(s, 3);
    }
    if (results_end(db, s, err) != OK)
        return FAILED;
    r->train = q->train;
    r->validation = validation ? q->validation : NULL;
    return OK;
}

static status read_checkpoint(struct question *q, sqlite3 *db, const char *path, int64_t *epoch,
                              struct error *err)
{
    char sha256[65], *recorded = NULL;
    sqlite3_stmt *s;
    status st = OK;

    if (results_query(db,
                      "SELECT path, sha256, epoch FROM checkpoints WHERE run_id = ?1\n"
                      "ORDER BY epoch DESC, is_best LIMIT 1",
                      1, &q->request.run, &s, err))
        return FAILED;
    if (sqlite3_step(s) == SQLITE_ROW) {
        q->checkpoint = resume_file(path, q->request.run, database_text(s, 0));
        recorded = mem_string(database_text(s, 1));
        *epoch = sqlite3_column_int64(s, 2);
    }
    st = results_end(db, s, err);
    if (st == OK && !q->checkpoint)
        st = error_set(err,
                       "run %lld has no checkpoint: ask for some in the spec (checkpoint: {every: 10, keep: "
                       "[last]}), or write --epoch N, which trains to the same bits",
                       (long long)q->request.run);
    else if (st == OK && sha256_file(q->checkpoint, sha256, err) != OK)
        st = error_prepend(err, "the checkpoint of run %lld", (long long)q->request.run);
    else if (st == OK && strcmp(sha256, recorded) != 0)
        st = results_changed_state(q->checkpoint, q->request.run, err);
    q->request.checkpoint = q->checkpoint;
    free(recorded);
    return st;
}

static status find_run(struct question *q, const struct call *c, struct error *err)
{
    sqlite3 *db = NULL;
    int64_t epoch = 0;
    status st = FAILED;

    if (results_open(c->db, &db, err) == OK && results_run(db, c->run, &q->request.run, err) == OK &&
        read_run(q, db, err) == OK && read_checkpoint(q, db, c->db, &epoch, err) == OK)
        st = read_epochs(q, db, epoch, err);
    sqlite3_close(db);
    return st;
}

/* ---- the question -------------------------------------------------------------------------- */

static status check_epoch(const struct question *q, struct error *err)
{
    const int64_t epochs = q->request.spec->train.epochs;

    if (q->request.epoch <= epochs)
        return OK;
    return error_set(err,
                     "--epoch: the spec trains for %lld epochs, so there is no epoch %lld; write "
                     "train.epochs=%lld to train longer",
                     (long long)epochs, (long long)q->request.epoch, (long long)q->request.epoch);
}

static void read_contour(struct lesson_request *r, const char *what)
{
    if (!what)
        return;
    r->contour = strcmp(what, "random") == 0 ? CONTOUR_RANDOM : CONTOUR_WEIGHTS;
    r->contour_weight = what;
}

/* The rows as evaluation has them, the training rows included. The first transform that is left for
 * training is one that acts there only; those after it may act always. */
static status load_plain(struct question *q, struct problem *p)
{
    struct spec spec = *q->request.spec;
    size_t at = q->data->late[0].index;
    status result = OK;

    spec.data.transforms = mem_array(spec.data.ntransforms, sizeof *spec.data.transforms);
    memcpy(spec.data.transforms, q->request.spec->data.transforms,
           spec.data.ntransforms * sizeof *spec.data.transforms);
    do {
        struct choice *left_out = &spec.data.transforms[at];

        memmove(left_out, left_out + 1, (--spec.data.ntransforms - at) * sizeof *left_out);
        data_free(q->plain);
        q->plain = NULL;
        result = data_load(&spec, &q->env, &q->plain, p);
    } while (result == OK && q->plain->nlate && (at = q->plain->late[0].index, true));
    free(spec.data.transforms);
    return result;
}

static status prepare(struct question *q, const struct call *c, struct error *err)
{
    const struct experiment *e = q->x.experiment;
    enum simd_level level;
    struct problem p = {.index = 0};

    q->request = (struct lesson_request){.spec = e->first,
                                         .about = e->first->data.about,
                                         .seed = e->seed,
                                         .env = &q->env,
                                         .sample = c->sample,
                                         .weight = c->weight,
                                         .epoch = c->epoch < 0 ? 0 : c->epoch};
    read_contour(&q->request, c->contour);
    if (c->run && find_run(q, c, err) != OK)
        return FAILED;
    if (check_epoch(q, err) != OK || simd_choose(getenv("FELL_SIMD"), &level, err) != OK)
        return FAILED;
    q->env = (struct host_env){.kernels = kernels_get(level), .registry = q->x.registry};
    if (data_load(q->request.spec, &q->env, &q->data, &p) != OK)
        return error_set(err, "%s", p.text);
    if (q->data->nlate && load_plain(q, &p) != OK)
        return error_set(err, "%s", p.text);
    q->request.data = q->data;
    q->request.shown = q->plain ? q->plain : q->data;
    return OK;
}

/* ---- the answer ------------------------------------------------------------------------------- */

static status make_text(const struct call *c, const struct lesson *l, struct strbuf *out, struct error *err)
{
    if (c->interactive) {
        const status st = interactive_write(l, out, err);

        safe_document(out);
        return st;
    }
    if (c->json) {
        cJSON *json = lesson_json(l);
        char *text = cJSON_Print(json);

        safe_json(out, text ? text : "");
        strbuf_add(out, "\n");
        cJSON_free(text);
        cJSON_Delete(json);
    } else {
        struct page *page = story_new(l);

        if (c->html)
            page_write_html(page, out);
        else
            page_write_markdown(page, out);
        page_free(page);
        safe_document(out);
    }
    return OK;
}

static status write_slides(const struct lesson *l, const char *folder, struct error *err)
{
    struct page *page = story_new(l);
    size_t n = 0;
    const status st = slides_write(page, folder, &n, err);

    page_free(page);
    if (st == OK)
        printf("%zu slides are in '%s'\n", n, folder);
    return st;
}

static int answer(struct question *q, const struct call *c)
{
    struct lesson *l = NULL;
    struct strbuf text = {0};
    struct error err;
    int exit_status = EXIT_INPUT;

    if (prepare(q, c, &err) != OK || lesson_new(&q->request, &l, &err) != OK) {
        experiment_call_report(&q->x);
        cli_error("%s", err.text);
        goto out;
    }
    experiment_call_report(&q->x);
    if (c->svg) {
        exit_status = write_slides(l, c->svg, &err) == OK ? EXIT_OK : EXIT_RUN;
        if (exit_status != EXIT_OK)
            cli_error("%s", err.text);
        goto out;
    }
    if (make_text(c, l, &text, &err) != OK) {
        cli_error("%s", err.text);
        goto out;
    }
    exit_status = EXIT_RUN;
    if (query_put_page(&text, c->output, &err) != OK)
        cli_error("%s", err.text);
    else
        exit_status = EXIT_OK;
out:
    strbuf_release(&text);
    lesson_free(l);
    return exit_status;
}

static int run_explain(const struct call *c)
{
    struct question q = {0};
    int exit_status = EXIT_INPUT;

    if (c->html + c->interactive + c->json + (c->svg != NULL) > 1)
        return cli_error("--html, --interactive, --svg and --json are different forms: choose one");
    if (c->svg && c->output)
        return cli_error("--svg names the folder itself; --output is for the other forms");
    if (c->interactive && c->contour)
        return cli_error("--contour is not for --interactive: the map is in --html, Markdown and --json");
    if (c->run && c->epoch >= 0)
        return cli_error(
            "--run and --epoch do not go together: a run is explained as its checkpoint left it");
    if (experiment_call_open(&q.x, c) == OK) {
        if (scout_all(q.x.experiment, &q.x.options, NULL, q.x.diag) == OK)
            exit_status = answer(&q, c);
        else
            experiment_call_report(&q.x);
    }
    question_release(&q);
    return exit_status;
}

const struct command command_explain = {
    .name = "explain",
    .task = "Understand a net",
    .args = "SPEC [PATH=VALUE...]",
    .least = 1,
    .most = ANY_NUMBER,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_OUTPUT, OPTION_SAMPLE, OPTION_WEIGHT,
                OPTION_EPOCH, OPTION_RUN, OPTION_CONTOUR, OPTION_HTML, OPTION_INTERACTIVE, OPTION_SVG,
                OPTION_JSON},
    .brief = "Explain backpropagation with the numbers of a net",
    .help = "Writes an introduction to backpropagation for one row of the spec's data and one weight of "
            "its net, with every number real: forward pass, loss, backpropagation, partial derivative, "
            "chain rule, landscape, a step of the optimizer, and how training goes on. The net is as it "
            "begins, as it is after --epoch N (it is trained, to the same bits as by 'fell run'), or as "
            "the last checkpoint of --run RUN has it. Of a sweep the first trial is taken. Dropout and the "
            "like are off, batch_norm uses its running averages.\n\n"
            "Rows and indices count from 0. The document is Markdown with Mermaid diagrams and LaTeX, as "
            "GitHub shows it; --json gives all numbers, --svg each picture as a slide.",
    .examples = "fell explain configs/xor.yaml -o xor.md\n"
                "fell explain configs/iris.yaml --sample 70 --weight hidden.weight[15,2] --epoch 1\n"
                "fell explain configs/spiral.yaml --run 1 --contour random\n"
                "fell explain configs/xor.yaml --svg slides\n"
                "fell explain configs/xor.yaml --json | jq '.gradient, .chain_rule, .finite_difference'",
    .run = run_explain,
};
