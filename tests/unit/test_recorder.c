/* test_recorder.c - the results database: its schema, the rows, the views (record/). What
 * happens when others hold it, or the disk is full, is in test_recorder_locks.c.
 */
#include <math.h>
#include <sys/wait.h>

#include "record/database.h"
#include "record/schema.h"
#include "recorder_help.h"

TestSuite(recorder, .init = make_folder, .fini = remove_folder);

/* ---- opening --------------------------------------------------------------------- */

static const char all_columns[] = "SELECT m.name || ': ' || (SELECT group_concat(name) FROM "
                                  "pragma_table_info(m.name)) FROM sqlite_schema AS m"
                                  " WHERE type = 'table' ORDER BY 1";

Test(recorder, schema_is_the_contract)
{
    close_recorder(open_recorder());
    expect_answer("PRAGMA application_id", "1178946636");
    expect_answer("PRAGMA user_version", "8");
    expect_answer("PRAGMA journal_mode", "wal");
    expect_answer(
        "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0"
        " AND name NOT LIKE 'sqlite%'",
        "0");
    expect_answer(
        "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY 1)",
        "curves,folds,gradient_norms,leaderboard,objectives,probe_values,sweep,trials");
    expect_answer(
        all_columns,
        "authors: run_id,user,host\n"
        "checkpoints: run_id,epoch,path,sha256,is_best\n"
        "data_files: experiment_id,role,path,sha256,rows\n"
        "epochs: "
        "run_id,epoch,train_loss,validation_loss,test_loss,grad_norm_mean,grad_norm_max,lr,samples,seconds\n"
        "events: id,run_id,at,kind,detail\n"
        "experiments: "
        "id,uid,identity,name,spec,spec_sha256,objective,goal,objective_at,strategy,created_at,command,"
        "version,runner_sha256,git_commit,git_dirty,"
        "host,cpu,kernels,user\n"
        "gradients: run_id,epoch,position,grad_norm_mean,grad_norm_max,weight_norm,update_norm,nonfinite\n"
        "metrics: run_id,epoch,split,name,value\n"
        "parameters: run_id,position,layer,plugin,name,shape,count\n"
        "plugins: run_id,kind,name,version,path,sha256,verdict\n"
        "probes: run_id,epoch,probe,name,layer,position,value\n"
        "run_params: run_id,path,value,json\n"
        "runs: "
        "id,uid,experiment_id,trial,repeat,seed,status,started_at,finished_at,seconds,epochs_done,resolved,"
        "error,signal,worker,host,user\n"
        "splits: run_id,split,rows,sha256\n"
        "step_gradients: run_id,step,position,grad_norm\n"
        "steps: run_id,step,loss,lr,grad_norm");
}

Test(recorder, opened_again_and_from_an_empty_file)
{
    char *first, *second;
    FILE *f;

    close_recorder(open_recorder());
    first = answer(db_path, "SELECT type, name, sql FROM sqlite_schema ORDER BY 2");
    close_recorder(open_recorder());
    remove(db_path);
    f = fopen(db_path, "w");
    cr_assert(f && fclose(f) == 0);
    close_recorder(open_recorder()); /* the way without link() */
    second = answer(db_path, "SELECT type, name, sql FROM sqlite_schema ORDER BY 2");
    cr_expect_str_eq(first, second);
    expect_answer("PRAGMA journal_mode", "wal");
    free(first);
    free(second);
}

Test(recorder, nothing_but_the_database_is_left)
{
    char command[400];

    close_recorder(open_recorder());
    snprintf(command, sizeof command, "test \"$(ls -A '%s')\" = fell.db", folder);
    cr_expect(system(command) == 0);
}

Test(recorder, makes_its_folder)
{
    snprintf(db_path, sizeof db_path, "%s/a/b/fell.db", folder);
    close_recorder(open_recorder());
    expect_answer("SELECT count(*) FROM runs", "0");
}

/* Many first starts at once: each opens, one makes it. */
Test(recorder, first_starts_race)
{
    enum { STARTS = 12 };
    int go[2], failures = 0;

    for (int way = 0; way < 2; way++) {
        snprintf(db_path, sizeof db_path, "%s/race%d.db", folder, way);
        if (way == 1) { /* there already, but empty */
            FILE *f = fopen(db_path, "w");

            cr_assert(f && fclose(f) == 0);
        }
        cr_assert(pipe(go) == 0);
        for (int i = 0; i < STARTS; i++)
            if (fork() == 0) {
                struct recorder *r = NULL;
                struct error err = {{0}};
                char byte;

                close(go[1]);
                if (read(go[0], &byte, 1) != 0 || recorder_open(db_path, &r, &err) != OK ||
                    recorder_close(r, &err) != OK)
                    fprintf(stderr, "%s\n", err.text);
                _exit(err.text[0] != 0);
            }
        close(go[0]);
        close(go[1]); /* all wait for this */
        for (int i = 0; i < STARTS; i++) {
            int how;

            cr_assert(wait(&how) > 0);
            failures += how != 0;
        }
        cr_expect(failures == 0, "%d of %d could not open it", failures, STARTS);
        expect_answer("PRAGMA integrity_check", "ok");
        expect_answer("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                      "16");
    }
}

static void expect_refused(const char *expected)
{
    struct recorder *r = NULL;
    struct error err = {{0}};

    cr_assert(recorder_open(db_path, &r, &err) == FAILED);
    cr_expect(strstr(err.text, expected), "'%s' is not in: %s", expected, err.text);
}

Test(recorder, refuses_what_is_not_its_own)
{
    sqlite3 *db;
    FILE *f = fopen(db_path, "w");

    cr_assert(f && fputs("this is a text of some length, and no database at all\n", f) >= 0 &&
              fclose(f) == 0);
    expect_refused("is not a SQLite database");

    remove(db_path);
    cr_assert(sqlite3_open(db_path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "CREATE TABLE mine (a)", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    expect_refused("is a database of another program");
    expect_answer("SELECT group_concat(name) FROM sqlite_schema", "mine");

    remove(db_path);
    close_recorder(open_recorder());
    free(answer(db_path, "PRAGMA user_version = 9"));
    expect_refused("was written by a newer fell (schema 9, this one knows 8)");

    snprintf(db_path, sizeof db_path, "%s", folder);
    expect_refused("is a folder, not a results database");
}

Test(recorder, refuses_network_file_systems)
{
    struct error err = {{0}};

    cr_expect(database_check_file_system("r/fell.db", 0x6969, &err) == FAILED);
    cr_expect_str_eq(err.text,
                     "'r/fell.db' is on a network file system (nfs), where SQLite's locks cannot be relied "
                     "on; give a local file with --db, and copy it there when the runs are over");
    cr_expect(database_check_file_system("x", (long)0xff534d42, &err) == FAILED &&
              strstr(err.text, "(cifs)"));
    cr_expect(database_check_file_system("x", (int)0xfe534d42, &err) == FAILED && strstr(err.text, "(smb2)"),
              "a magic number that became negative");
    cr_expect(database_check_file_system("x", 0x19830326, &err) == FAILED && strstr(err.text, "(beegfs)"));
    cr_expect(database_check_file_system("x", 0x20030528, &err) == FAILED && strstr(err.text, "(orangefs)"));
    cr_expect(database_check_file_system("x", 0x01161970, &err) == FAILED && strstr(err.text, "(gfs2)"));
    cr_expect(database_check_file_system("x", 0xef53, &err) == OK, "ext4");
    cr_expect(database_check_file_system("x", 0x01021994, &err) == OK, "tmpfs");
}

/* ---- rows --------------------------------------------------------------------------- */

Test(recorder, experiments_and_runs)
{
    struct recorder *r = open_recorder();
    int64_t first = add_experiment(r, "u1", "demo", 2, 2);

    cr_expect(first == 1);
    expect_answer("SELECT id, uid, trial, repeat, seed, status, epochs_done, started_at FROM runs",
                  "1|u1-0-0|0|0|7|queued|0|NULL\n2|u1-0-1|0|1|8|queued|0|NULL\n"
                  "3|u1-1-0|1|0|7|queued|0|NULL\n4|u1-1-1|1|1|8|queued|0|NULL");
    expect_answer(
        "SELECT path, value, typeof(value) FROM run_params WHERE run_id = 3",
        "model.0.dense.activation|relu|text\nmodel.0.dense.units|17|integer\noptimizer.sgd.lr|0.5|real");
    expect_answer("SELECT role, path, sha256, rows FROM data_files", "source.path|/d.csv|f|150");
    expect_answer("SELECT kind, name, verdict, count(*) FROM plugins", "loss|mse|unchecked|4");
    expect_answer("SELECT name, spec, git_dirty, created_at LIKE '20__-__-__T__:__:__.___Z' FROM experiments",
                  "demo|spec of it|NULL|1");
    close_recorder(r);
}

Test(recorder, what_is_not_committed_leaves_nothing)
{
    const struct experiment_row row = {.uid = "u", .name = "n", .spec = "s", .spec_sha256 = "5"};
    struct recorder *r = open_recorder();
    struct error err;
    int64_t id;

    cr_assert(recorder_add_experiment(r, &row, &id, &err) == OK);
    expect_answer("SELECT count(*) FROM experiments", "0");
    close_recorder(r);
    expect_answer("SELECT count(*) FROM experiments", "0");
}

Test(recorder, series)
{
    const struct metric_value metrics[] = {{SPLIT_TRAIN, "accuracy", 0.5}, {SPLIT_TEST, "accuracy", NAN}};
    const struct epoch_report diverged = {.epoch = 3,
                                          .loss = {INFINITY, -INFINITY, NAN},
                                          .grad_norm_mean = NAN,
                                          .grad_norm_max = INFINITY,
                                          .lr = 0.1,
                                          .samples = 5,
                                          .seconds = 0.5,
                                          .nmetrics = 2,
                                          .metrics = metrics,
                                          .partial = true};
    const double norms[] = {0.5, INFINITY};
    const struct step_report step = {
        .step = 10, .loss = 0.25, .lr = 0.1, .grad_norm = NAN, .npositions = 2, .tensor_grad_norm = norms};
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err;

    cr_assert(recorder_run_started(r, run, 3, &err) == OK);
    cr_assert(recorder_parameter(r, run, 0, "dense1", "dense", "weight", "[8,2]", 16, &err) == OK);
    add_epoch(r, run, 1, 0.5, 0.625);
    add_epoch(r, run, 2, 0.25, NAN);
    record_epoch(r, run, &diverged);
    record_step(r, run, &step);
    cr_assert(recorder_event(r, run, "diverged", "in dense1; it's \"quoted\"", &err) == OK);
    cr_assert(recorder_checkpoint(r, run, 1, "/c/last", "aa", false, &err) == OK);
    cr_assert(recorder_checkpoint(r, run, 1, "/c/best", "aa", true, &err) == OK);
    cr_assert(recorder_checkpoint(r, run, 2, "/c/last", "bb", false, &err) == OK);
    cr_assert(recorder_git_dirty(r, 1, true, &err) == OK);
    expect_answer("SELECT count(*) FROM epochs", "0"); /* all of it waits */
    cr_assert(recorder_run_ended(r, run, "diverged", 2, 1.5, "why", 0, &err) == OK);
    cr_assert(recorder_commit(r, &err) == OK, "%s", err.text);

    expect_answer("SELECT * FROM epochs", "1|1|0.5|0.625|NULL|0.25|0.75|0.125|150|0.5\n"
                                          "1|2|0.25|NULL|NULL|0.25|0.75|0.125|150|0.5\n"
                                          "1|3|NULL|NULL|NULL|NULL|NULL|0.1|5|0.5");
    expect_answer("SELECT * FROM gradients WHERE epoch = 2",
                  "1|2|0|1.5|1.5|1.5|1.5|0\n1|2|1|2.5|2.5|2.5|2.5|3");
    expect_answer("SELECT * FROM metrics", "1|3|test|accuracy|NULL\n1|3|train|accuracy|0.5");
    expect_answer("SELECT * FROM steps", "1|10|0.25|0.1|NULL");
    expect_answer("SELECT * FROM step_gradients", "1|10|0|0.5\n1|10|1|NULL");
    expect_answer("SELECT * FROM parameters", "1|0|dense1|dense|weight|[8,2]|16");
    expect_answer("SELECT kind, detail FROM events", "started|NULL\ndiverged|in dense1; it's \"quoted\"");
    expect_answer("SELECT epoch, path, sha256, is_best FROM checkpoints", "1|/c/best|aa|1\n2|/c/last|bb|0");
    expect_answer(
        "SELECT status, epochs_done, seconds, error, signal, worker, started_at <= finished_at FROM runs",
        "diverged|2|1.5|why|NULL|3|1");
    expect_answer("SELECT git_dirty FROM experiments", "1");
    expect_answer("PRAGMA foreign_key_check", "");
    close_recorder(r);
}

/* Metrics keep their names when runs report different ones in turn. */
Test(recorder, metrics_of_several_runs)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 2);

    for (int64_t epoch = 1; epoch <= 3; epoch++)
        for (int k = 0; k < 2; k++) {
            const struct metric_value metrics[] = {{SPLIT_TRAIN, k ? "mae" : "accuracy", (double)epoch},
                                                   {SPLIT_VALIDATION, "accuracy", 10.0 * k + (double)epoch}};
            const struct epoch_report e = {.epoch = epoch, .nmetrics = 2, .metrics = metrics};

            record_epoch(r, run + k, &e);
        }
    close_recorder(r);
    expect_answer("SELECT run_id, split, name, group_concat(value) FROM metrics GROUP BY 1, 2, 3",
                  "1|train|accuracy|1.0,2.0,3.0\n1|validation|accuracy|1.0,2.0,3.0\n"
                  "2|train|mae|1.0,2.0,3.0\n2|validation|accuracy|11.0,12.0,13.0");
}

Test(recorder, refuses_an_unknown_status)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err = {{0}};

    cr_expect(recorder_run_ended(r, run, "done", 1, 1, NULL, 0, &err) == FAILED);
    cr_expect_str_eq(err.text, "run 1 cannot end as 'done': there is no such status");
    recorder_close(r, &err);
    expect_answer("SELECT status FROM runs", "queued");
}

/* ---- finding and removing ------------------------------------------------------------- */

Test(recorder, finds_experiments)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 2);
    struct known_experiment k;
    struct error err;

    cr_assert(recorder_find_experiment(r, "u1", "demo", &k, &err) == OK);
    cr_expect(k.state == KNOWN_UNFINISHED && k.id == 1 && !k.other_unfinished);
    cr_assert(recorder_find_experiment(r, "u2", "demo", &k, &err) == OK);
    cr_expect(k.state == KNOWN_NEW && k.other_unfinished && k.other_id == 1);
    cr_expect_str_eq(k.other_text, "spec of it");
    free(k.other_text);
    cr_assert(recorder_find_experiment(r, "u2", "other name", &k, &err) == OK);
    cr_expect(k.state == KNOWN_NEW && !k.other_unfinished && !k.other_text);

    end_run(r, run, "finished");
    end_run(r, run + 1, "interrupted");
    cr_assert(recorder_find_experiment(r, "u1", "demo", &k, &err) == OK);
    cr_expect(k.state == KNOWN_UNFINISHED);
    end_run(r, run + 1, "crashed");
    cr_assert(recorder_find_experiment(r, "u1", "demo", &k, &err) == OK);
    cr_expect(k.state == KNOWN_FINISHED);
    cr_assert(recorder_find_experiment(r, "u2", "demo", &k, &err) == OK);
    cr_expect(!k.other_unfinished);
    close_recorder(r);
}

Test(recorder, removes_experiments_with_all_rows)
{
    static const char *const tables[] = {"experiments", "data_files", "runs",           "run_params",
                                         "splits",      "parameters", "epochs",         "gradients",
                                         "metrics",     "steps",      "step_gradients", "plugins",
                                         "checkpoints", "authors",    "events"};
    const struct metric_value metric = {SPLIT_TRAIN, "accuracy", 0.5};
    const struct epoch_report epoch = {.epoch = 2, .nmetrics = 1, .metrics = &metric};
    const double norm = 1;
    const struct step_report step = {.step = 1, .npositions = 1, .tensor_grad_norm = &norm};
    struct recorder *r = open_recorder();
    struct error err;

    for (int x = 0; x < 2; x++) {
        int64_t run = add_experiment(r, x ? "u2" : "u1", "demo", 1, 1);

        add_epoch(r, run, 1, 1, 1);
        record_epoch(r, run, &epoch);
        record_step(r, run, &step);
        cr_assert(recorder_event(r, run, "started", NULL, &err) == OK &&
                  recorder_checkpoint(r, run, 1, "/c", "s", true, &err) == OK &&
                  recorder_split(r, run, "train", 3, "ab", &err) == OK &&
                  recorder_parameter(r, run, 0, "l", "p", "n", "[]", 1, &err) == OK);
    }
    cr_assert(recorder_commit(r, &err) == OK);
    free(answer(db_path, "INSERT INTO authors SELECT id, 'ada', 'hill' FROM runs"));
    cr_assert(recorder_delete_experiment(r, 1, &err) == OK && recorder_commit(r, &err) == OK, "%s", err.text);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *key = strcmp(tables[i], "experiments") == 0 || strcmp(tables[i], "runs") == 0 ? "id"
                          : strcmp(tables[i], "data_files") == 0 ? "experiment_id"
                                                                 : "run_id";
        char *sql = mem_format("SELECT min(%s) || '-' || max(%s) FROM %s", key, key, tables[i]);

        expect_answer(sql, "2-2");
        free(sql);
    }
    close_recorder(r);
}

/* What was said cannot be stored, and the error names the key. */
static void refuses(struct recorder *r, const char *words)
{
    struct error err = {{0}};

    cr_expect(recorder_commit(r, &err) == FAILED);
    cr_expect(strstr(err.text, "has another row with the key of this one: INSERT INTO"), "%s", err.text);
    cr_expect(strstr(err.text, words), "%s", err.text);
    cr_expect(recorder_close(r, &err) == FAILED);
}

Test(recorder, no_row_replaces_another)
{
    const struct metric_value twice[] = {{SPLIT_TRAIN, "accuracy", 0.5}, {SPLIT_TRAIN, "accuracy", 0.25}};
    const struct epoch_report clash = {.epoch = 2, .nmetrics = 2, .metrics = twice};
    const struct step_report step = {.step = 1};
    struct recorder *r = open_recorder();
    const int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err;

    for (int i = 0; i < 2; i++) /* the same words once more */
        cr_assert(recorder_parameter(r, run, 0, "l", "p", "n", "[]", 1, &err) == OK);
    cr_assert(recorder_commit(r, &err) == OK, "%s", err.text);
    cr_assert(recorder_parameter(r, run, 0, "l", "p", "n", "[2]", 2, &err) == OK);
    refuses(r,
            "parameters (run_id, position, layer, plugin, name, shape, count) VALUES (1, 0, 'l', 'p', 'n', "
            "'[2]', 2)");
    r = open_recorder();
    record_epoch(r, run, &clash);
    refuses(r, "metrics (run_id, epoch, split, name, value) VALUES (1, 2, 'train', 'accuracy', 0.25)");
    expect_answer("SELECT count(*) FROM metrics", "0"); /* none of the transaction is there */
    r = open_recorder();
    record_step(r, run, &step);
    record_step(r, run, &step);
    refuses(r, "steps (run_id, step, loss, lr, grad_norm) VALUES (1, 1, ");
    r = open_recorder();
    add_epoch(r, run, 1, 0.5, 0.5);
    add_epoch(r, run, 1, 0.5, 0.5);
    refuses(r, "epochs (run_id, epoch, ");
}

Test(recorder, files_and_plugins_of_one_key)
{
    struct data_file_row files[] = {{.role = "source.path", .path = "/d.csv", .sha256 = "f", .rows = 150},
                                    {.role = "source.path", .path = "/d.csv", .sha256 = "f", .rows = 150}};
    struct plugin_row plugins[] = {{.kind = "loss", .name = "mse", .verdict = "passed"},
                                   {.kind = "loss", .name = "mse", .verdict = "passed"}};
    struct experiment_row row = {
        .uid = "u1", .name = "demo", .spec = "s", .spec_sha256 = "5", .nfiles = 2, .files = files};
    struct run_row of = {.uid = "r1", .resolved = "{}", .nplugins = 2, .plugins = plugins};
    struct recorder *r = open_recorder();
    struct error err;
    int64_t run;

    cr_assert(recorder_add_experiment(r, &row, &of.experiment_id, &err) == OK, "%s", err.text);
    cr_assert(recorder_add_run(r, &of, &run, &err) == OK, "%s", err.text);
    plugins[1].verdict = "failed";
    of.uid = "r2";
    of.trial = 1;
    cr_expect(recorder_add_run(r, &of, &run, &err) == FAILED);
    cr_expect(strstr(err.text, "plugins (run_id, kind, name, version"), "%s", err.text);
    files[1].rows = 149;
    row.uid = "u2";
    cr_expect(recorder_add_experiment(r, &row, &of.experiment_id, &err) == FAILED);
    cr_expect(strstr(err.text,
                     "data_files (experiment_id, role, path, sha256, rows) VALUES (2, 'source.path', "
                     "'/d.csv', 'f', 149)"),
              "%s", err.text);
    (void)recorder_close(r, &err);
}

/* A run that goes on from a checkpoint says the rest again. */
Test(recorder, a_resumed_run_says_later_rows_again)
{
    struct recorder *r = open_recorder();
    const int64_t run = add_experiment(r, "u1", "demo", 2, 1);
    struct step_report step = {.step = 0};
    struct error err;

    for (int64_t e = 1; e <= 3; e++) {
        add_epoch(r, run, e, 0.5, 0.5);
        add_epoch(r, run + 1, e, 0.5, 0.5);
        step.step = 2 * e;
        record_step(r, run, &step);
    }
    cr_assert(recorder_run_resumed(r, run, 1, 2, &err) == OK && recorder_commit(r, &err) == OK, "%s",
              err.text);
    expect_answer("SELECT (SELECT count(*) FROM epochs), (SELECT count(*) FROM gradients), (SELECT max(step) "
                  "FROM steps)",
                  "4|8|2");
    for (int64_t e = 2; e <= 3; e++) {
        add_epoch(r, run, e, 0.25, 0.5);
        step.step = 2 * e;
        record_step(r, run, &step);
    }
    cr_assert(recorder_commit(r, &err) == OK, "%s", err.text);
    expect_answer("SELECT count(*), sum(train_loss) FROM epochs WHERE run_id = 1", "3|1.0");
    close_recorder(r);
}
