/* test_views.c - the views of the results database (record/schema_views.c), and files of the
 * schema before this one.
 */
#include "cli/results.h"
#include "record/database.h"
#include "record/schema.h"
#include "recorder_help.h"

TestSuite(views, .init = make_folder, .fini = remove_folder);

Test(views, of_a_loss)
{
    const struct metric_value metrics[] = {{SPLIT_TRAIN, "accuracy", 0.5}, {SPLIT_TEST, "accuracy", 0.25}};
    const struct epoch_report with_metrics = {
        .epoch = 1, .loss = {4, NAN, NAN}, .nmetrics = 2, .metrics = metrics};
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 2, 2), alone;
    struct error err;

    /* Trial 0: best values 2 and 4; trial 1: 1, and a run without an epoch. */
    add_epoch(r, run, 1, 9, 3);
    add_epoch(r, run, 2, 8, 2);
    add_epoch(r, run, 3, 7, 2);
    add_epoch(r, run, 4, 6, 5);
    add_epoch(r, run + 1, 1, 1, 4);
    add_epoch(r, run + 2, 1, 1, NAN);
    add_epoch(r, run + 2, 2, 1, 1);
    cr_assert(recorder_parameter(r, run, 1, "dense1", "dense", "bias", "[8]", 8, &err) == OK);
    alone = add_experiment_like(
        r, (struct experiment_row){.uid = "u2", .name = "no validation", .objective = "train.loss"}, 1, 1);
    record_epoch(r, alone, &with_metrics);
    add_epoch(r, alone, 2, 3, NAN);
    add_epoch(r, alone, 3, INFINITY, NAN);
    end_run(r, alone, "diverged");

    expect_answer("SELECT run, name, trial, repeat, status, objective, best, best_epoch, last, last_epoch,"
                  " value, experiment FROM leaderboard",
                  "3|demo|1|0|queued|validation.loss|1.0|2|1.0|2|1.0|1\n"
                  "1|demo|0|0|queued|validation.loss|2.0|2|5.0|4|2.0|1\n"
                  "2|demo|0|1|queued|validation.loss|4.0|1|4.0|1|4.0|1\n"
                  "4|demo|1|1|queued|validation.loss|NULL|NULL|NULL|NULL|NULL|1\n"
                  "5|no validation|0|0|diverged|train.loss|3.0|2|NULL|3|NULL|2");
    expect_answer("SELECT experiment, name, trial, json_extract(params, '$.\"model.0.dense.units\"'), mean,"
                  " sd * sd, n, lowest, highest, goal FROM trials",
                  "1|demo|1|17|1.0|NULL|1|1.0|1.0|minimize\n1|demo|0|16|3.0|2.0|2|2.0|4.0|minimize\n"
                  "2|no validation|0|16|NULL|NULL|0|NULL|NULL|minimize");
    expect_answer(
        "SELECT run, params, best FROM sweep WHERE run = 3",
        "3|{\"model.0.dense.activation\":\"relu\",\"model.0.dense.units\":17,\"optimizer.sgd.lr\":0.5}|1.0");
    expect_answer("SELECT * FROM objectives WHERE run IN (2, 3)",
                  "2|1|validation.loss|minimize|4.0\n3|1|validation.loss|minimize|NULL\n"
                  "3|2|validation.loss|minimize|1.0");
    expect_answer("SELECT * FROM curves WHERE run = 5 AND epoch < 3",
                  "5|no validation|0|0|1|4.0|NULL|NULL|{\"test.accuracy\":0.25,\"train.accuracy\":0.5}\n"
                  "5|no validation|0|0|2|3.0|NULL|NULL|{}");
    expect_answer("SELECT * FROM gradient_norms WHERE run = 1 AND epoch = 4",
                  "1|demo|0|0|4|0|NULL|NULL|NULL|1.5|1.5|1.5|1.5|0\n"
                  "1|demo|0|0|4|1|dense1|dense|bias|2.5|2.5|2.5|2.5|3");
    close_recorder(r);
}

/* An epoch with these accuracies. */
static void add_accuracy(struct recorder *r, int64_t run, int64_t epoch, double validation, double test)
{
    const struct metric_value metrics[] = {{SPLIT_VALIDATION, "accuracy", validation},
                                           {SPLIT_TEST, "accuracy", test}};
    const struct epoch_report e = {
        .epoch = epoch, .loss = {1, 1, (double)epoch}, .nmetrics = 2, .metrics = metrics};

    record_epoch(r, run, &e);
}

/* Two trials of two runs: in their best epochs trial 0 is better, in their last trial 1 is. */
static void add_accuracies(struct recorder *r, int64_t run)
{
    add_accuracy(r, run, 1, 0.5, 0.125);
    add_accuracy(r, run, 2, 0.75, 0.25);
    add_accuracy(r, run, 3, 0.25, 0.5);
    add_accuracy(r, run + 1, 1, 1.0, 0.25);
    add_accuracy(r, run + 1, 2, 0.25, 0.125);
    add_accuracy(r, run + 2, 1, 0.5, 0);
    add_accuracy(r, run + 2, 2, 0.5, 0);
    add_accuracy(r, run + 3, 1, 0.5, 0.75);
    add_accuracy(r, run + 3, 2, NAN, 0.75); /* nothing counts as its last */
}

static const char ranks[] = "SELECT run, best, best_epoch, last, last_epoch, value FROM leaderboard";
static const char means[] = "SELECT trial, mean, sd * sd, n, lowest, highest, objective, goal FROM trials";

Test(views, of_a_metric_to_be_maximized)
{
    struct recorder *r = open_recorder();

    add_accuracies(r, add_experiment_like(r,
                                          (struct experiment_row){.uid = "u",
                                                                  .name = "high",
                                                                  .objective = "validation.accuracy",
                                                                  .maximize = true},
                                          2, 2));
    close_recorder(r);
    expect_answer(ranks, "2|1.0|1|0.25|2|1.0\n1|0.75|2|0.25|3|0.75\n3|0.5|1|0.5|2|0.5\n4|0.5|1|NULL|2|0.5");
    expect_answer(means, "0|0.875|0.03125|2|0.75|1.0|validation.accuracy|maximize\n"
                         "1|0.5|0.0|2|0.5|0.5|validation.accuracy|maximize");
    expect_answer("SELECT group_concat(run) FROM sweep", "2,1,3,4");
    expect_answer("SELECT goal, objective_at, identity, strategy FROM experiments",
                  "maximize|best|u|{\"grid\":{}}");
}

Test(views, of_the_last_epoch)
{
    struct recorder *r = open_recorder();

    add_accuracies(r, add_experiment_like(r,
                                          (struct experiment_row){.uid = "u",
                                                                  .name = "late",
                                                                  .objective = "validation.accuracy",
                                                                  .maximize = true,
                                                                  .at_last = true,
                                                                  .identity = "i",
                                                                  .strategy = "{\"random\":{\"trials\":2}}"},
                                          2, 2));
    close_recorder(r);
    expect_answer(ranks, "3|0.5|1|0.5|2|0.5\n1|0.75|2|0.25|3|0.25\n2|1.0|1|0.25|2|0.25\n4|0.5|1|NULL|2|NULL");
    expect_answer(means, "1|0.5|NULL|1|0.5|0.5|validation.accuracy|maximize\n"
                         "0|0.25|0.0|2|0.25|0.25|validation.accuracy|maximize");
    expect_answer("SELECT goal, objective_at, identity, strategy FROM experiments",
                  "maximize|last|i|{\"random\":{\"trials\":2}}");
}

/* A run that failed does not rank, however good it once was. */
Test(views, of_failures)
{
    static const char *const words[] = {"diverged", "timed_out", "pruned", "finished"};
    struct recorder *r = open_recorder();

    add_accuracies(r, add_experiment_like(r,
                                          (struct experiment_row){.uid = "u",
                                                                  .name = "wild",
                                                                  .objective = "validation.accuracy",
                                                                  .maximize = true},
                                          2, 2));
    for (int64_t run = 1; run <= 4; run++)
        end_run(r, run, words[run - 1]);
    close_recorder(r);
    expect_answer(ranks, "3|0.5|1|0.5|2|0.5\n4|0.5|1|NULL|2|0.5\n1|0.75|2|0.25|3|NULL\n2|1.0|1|0.25|2|NULL");
    expect_answer(means, "1|0.5|0.0|2|0.5|0.5|validation.accuracy|maximize\n"
                         "0|NULL|NULL|0|NULL|NULL|validation.accuracy|maximize");
}

/* The test split: a metric to be minimized, and a loss to be maximized. */
Test(views, of_the_test_split)
{
    struct recorder *r = open_recorder();

    add_accuracies(
        r, add_experiment_like(
               r, (struct experiment_row){.uid = "u1", .name = "a", .objective = "test.accuracy"}, 2, 2));
    add_accuracies(
        r,
        add_experiment_like(
            r, (struct experiment_row){.uid = "u2", .name = "b", .objective = "test.loss", .maximize = true},
            2, 2));
    add_accuracies(
        r, add_experiment_like(
               r, (struct experiment_row){.uid = "u3", .name = "c", .objective = "test.nothing"}, 2, 2));
    close_recorder(r);
    expect_answer("SELECT name, run, value, best_epoch FROM leaderboard",
                  "a|3|0.0|1\na|1|0.125|1\na|2|0.125|2\na|4|0.75|1\n"
                  "b|5|3.0|3\nb|6|2.0|2\nb|7|2.0|2\nb|8|2.0|2\n"
                  "c|9|NULL|NULL\nc|10|NULL|NULL\nc|11|NULL|NULL\nc|12|NULL|NULL");
    expect_answer("SELECT name, trial, mean FROM trials",
                  "a|0|0.125\na|1|0.375\nb|0|2.5\nb|1|2.0\nc|0|NULL\nc|1|NULL");
}

Test(views, refuse_another_goal)
{
    struct recorder *r = open_recorder();
    char *message = NULL;

    cr_expect(
        sqlite3_exec(recorder_handle(r),
                     "INSERT INTO experiments (uid, identity, name, spec, spec_sha256, objective, goal,"
                     " objective_at, strategy, created_at) VALUES ('u', 'u', 'n', 's', 's', 'train.loss',"
                     " 'least', 'best', '{}', '')",
                     NULL, NULL, &message) == SQLITE_CONSTRAINT);
    cr_expect(strstr(message, "CHECK constraint failed"), "%s", message);
    sqlite3_free(message);
    close_recorder(r);
}

/* A question about one run or one experiment reads the rows of that alone. */
Test(views, look_up_what_is_asked_for)
{
    static const char *const questions[] = {
        "SELECT * FROM leaderboard WHERE run = 1",
        "SELECT * FROM leaderboard WHERE experiment = 1",
        "SELECT * FROM trials WHERE experiment = 1",
        "SELECT * FROM sweep WHERE experiment = 1",
        "SELECT * FROM objectives WHERE run = 1",
        "SELECT * FROM runs AS r JOIN leaderboard AS l ON l.run = r.id WHERE r.experiment_id = 1",
    };

    close_recorder(open_recorder());
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        char *sql = mem_format("EXPLAIN QUERY PLAN %s", questions[i]), *plan = answer(db_path, sql);

        for (const char *table = "r\0e\0epochs\0m\0"; *table; table += strlen(table) + 1) {
            char scan[24];

            snprintf(scan, sizeof scan, "SCAN %s\n", table);
            cr_expect(!strstr(plan, scan), "%s:\n%s", questions[i], plan);
            snprintf(scan, sizeof scan, "SCAN %s ", table);
            cr_expect(!strstr(plan, scan), "%s:\n%s", questions[i], plan);
        }
        free(plan);
        free(sql);
    }
}

/* ---- the schemas before this one -------------------------------------------------------- */

/* Databases that the program of the time made: of schema 1, with three experiments in ten runs; of schema 2,
 * with a random search in two trials of two repeats, and a run that was interrupted; of schemas 3 to 7 with
 * these, a wild run, the probe `weights` (from 4 on) and values with names instead of the search (from 6 on).
 */
static void unpack_version(int version)
{
    const char *srcdir = getenv("srcdir");
    char command[800];

    snprintf(command, sizeof command, "gunzip -c '%s/tests/reference/results-version-%d.sqlite.gz' >'%s'",
             srcdir ? srcdir : ".", version, db_path);
    cr_assert(system(command) == 0);
}

/* Everything in the tables but `experiments`, in the columns that the file has now, which AS names. */
static char *rows_of(const char *path, char **as)
{
    static const char *const tables[] = {"runs", "data_files", NULL};
    const char *const *lists[] = {tables, schema_run_tables};
    struct strbuf all = {0};

    for (size_t k = 0, n = 0; k < 2; k++)
        for (const char *const *t = lists[k]; *t; t++, n++) {
            char *ask = mem_format("SELECT group_concat(name) FROM pragma_table_info('%s')", *t), *sql, *rows;

            if (!as[n])
                as[n] = answer(path, ask);
            if (!strcmp(as[n], "NULL")) { /* the file had no such table */
                free(ask);
                continue;
            }
            sql = mem_format("SELECT '%s', %s FROM %s ORDER BY 2, 3", *t, as[n], *t);
            rows = answer(path, sql);
            strbuf_addf(&all, "%s\n", rows);
            free(rows);
            free(sql);
            free(ask);
        }
    return all.text;
}

/* The tables' columns and the other objects of a file. */
static const char shape_sql[] =
    "SELECT s.type, s.name, c.cid, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_schema AS s"
    " LEFT JOIN pragma_table_xinfo(s.name) AS c WHERE s.name NOT LIKE 'sqlite%' ORDER BY 2, 3";

static const char upgraded[] = "1|1|old|validation.loss|minimize|best|{\"grid\":{}}\n"
                               "2|1|bare|train.loss|minimize|best|{\"grid\":{}}\n"
                               "3|1|wild|train.loss|minimize|best|{\"grid\":{}}";
static const char experiments_sql[] =
    "SELECT id, uid = identity, name, objective, goal, objective_at, strategy FROM experiments ORDER BY id";

/* The file has the rows it had, today's shape, and is opened again as any other. */
static void expect_climb(int version)
{
    char *columns[16] = {NULL}, *before, *after, *shape, *shape_of_new, number[4];

    snprintf(number, sizeof number, "%d", version);
    expect_answer("PRAGMA user_version", number);
    before = rows_of(db_path, columns);
    close_recorder(open_recorder());
    snprintf(number, sizeof number, "%d", schema_version);
    expect_answer("PRAGMA user_version", number);
    expect_answer("PRAGMA integrity_check", "ok");
    expect_answer("PRAGMA foreign_key_check", "");
    after = rows_of(db_path, columns);
    cr_expect_str_eq(after, before);
    shape = answer(db_path, shape_sql);
    close_recorder(open_recorder());
    rename(db_path, "climbed.db");
    close_recorder(open_recorder());
    shape_of_new = answer(db_path, shape_sql);
    cr_expect_str_eq(shape, shape_of_new);
    rename("climbed.db", db_path);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        free(columns[i]);
    free(before);
    free(after);
    free(shape);
    free(shape_of_new);
}

Test(views, version_1_is_brought_to_today)
{
    char *old_board, *board;

    unpack_version(1);
    old_board = answer(db_path, "SELECT run, best, best_epoch, last FROM leaderboard WHERE objective ="
                                " iif(name = 'old', 'validation.loss', 'train.loss') AND best IS NOT NULL"
                                " AND status <> 'diverged'");
    expect_climb(1);
    expect_answer(experiments_sql, upgraded);
    expect_answer("SELECT name, length(spec) > 100, length(spec_sha256), command, host, kernels, git_commit,"
                  " user FROM experiments WHERE id = 1",
                  "old|1|64|fell run old.yaml --db v1.db --quiet|hill|avx2|NULL|NULL");
    board = answer(db_path, "SELECT run, best, best_epoch, last FROM leaderboard WHERE value IS NOT NULL");
    cr_expect_str_eq(board, old_board);
    free(old_board);
    free(board);
}

static const char experiments_of_2[] = "1|1|old|train.loss|minimize|best|{\"random\":{\"trials\":2}}\n"
                                       "2|1|bare|validation.loss|minimize|best|{\"grid\":{}}";

Test(views, version_2_is_brought_to_today)
{
    char *old_board, *board;

    unpack_version(2);
    old_board = answer(db_path, "SELECT * FROM leaderboard");
    expect_climb(2);
    expect_answer(experiments_sql, experiments_of_2);
    expect_answer("SELECT count(host), count(user), count(worker) FROM runs", "0|0|5");
    board = answer(db_path, "SELECT * FROM leaderboard");
    cr_expect_str_eq(board, old_board);
    free(old_board);
    free(board);
}

static void expect_later(int version)
{
    static const char board_sql[] =
        "SELECT run, name, status, value, best, best_epoch, last FROM leaderboard ORDER BY run";
    char *old_board, *board;

    unpack_version(version);
    old_board = answer(db_path, board_sql);
    expect_climb(version);
    expect_answer("SELECT name, trial, status, r.host, r.user FROM runs AS r JOIN experiments AS x ON x.id ="
                  " experiment_id WHERE repeat = 0 AND trial = 0 ORDER BY r.id",
                  "old|0|finished|hill|ada\nwild|0|finished|hill|ada\nbare|0|interrupted|hill|ada");
    expect_answer("SELECT count(*) > 0, count(DISTINCT run_id) FROM probes",
                  version < 4 ? "0|0" : "1|5"); /* all but the one without probes */
    expect_answer("SELECT count(json), min(json) FROM run_params",
                  version < 6 ? "0|NULL" : "4|{\"units\":3,\"name\":\"hidden\"}");
    expect_answer("SELECT count(*) > 0 FROM splits", version < 7 ? "0" : "1");
    board = answer(db_path, board_sql);
    cr_expect_str_eq(board, old_board);
    free(old_board);
    free(board);
}

Test(views, version_3_is_brought_to_today)
{
    expect_later(3);
}

Test(views, version_4_is_brought_to_today)
{
    expect_later(4);
}

Test(views, version_5_is_brought_to_today)
{
    expect_later(5);
}

Test(views, version_6_is_brought_to_today)
{
    expect_later(6);
}

Test(views, version_7_is_brought_to_today)
{
    expect_later(7);
}

/* A look at a file of schema 2 through the ladder: the columns that it lacks are NULL, and nothing is
 * copied. */
Test(views, version_2_is_read)
{
    char *shape;
    struct error err;
    sqlite3 *db;
    struct table *t = NULL;

    unpack_version(2);
    shape = answer(db_path, shape_sql);
    cr_assert(results_open(db_path, &db, &err) == OK, "%s", err.text);
    cr_assert(results_table_of(db, "SELECT run, value FROM leaderboard WHERE value IS NOT NULL", 0, NULL, &t,
                               &err) == OK,
              "%s", err.text);
    cr_expect(table_rows(t) == 5);
    table_free(t);
    cr_assert(results_table_of(db, "SELECT id FROM runs WHERE user IS NULL AND host IS NULL", 0, NULL, &t,
                               &err) == OK,
              "%s", err.text);
    cr_expect(table_rows(t) == 5);
    table_free(t);
    cr_assert(results_table_of(db,
                               "SELECT name FROM temp.sqlite_schema WHERE type = 'table' AND name NOT IN "
                               "('authors', 'probes', 'splits')",
                               0, NULL, &t, &err) == OK,
              "%s", err.text);
    cr_expect(table_rows(t) == 0);
    table_free(t);
    sqlite3_close(db);
    expect_answer(shape_sql, shape);
    free(shape);
}

/* Read as one of today's, and not changed. */
Test(views, version_1_is_read)
{
    char *schema, *now;
    struct table *t = NULL;
    struct error err;
    cJSON *rows;
    char *text;
    sqlite3 *db;

    unpack_version(1);
    schema = answer(db_path, "SELECT type, name, sql FROM sqlite_schema ORDER BY 2");
    cr_assert(results_open(db_path, &db, &err) == OK, "%s", err.text);
    cr_assert(results_table_of(db,
                               "SELECT trial, printf('%.4f', mean) AS m, n FROM trials WHERE experiment = 1",
                               0, NULL, &t, &err) == OK,
              "%s", err.text);
    rows = table_to_json(t);
    text = cJSON_PrintUnformatted(rows);
    cr_expect_str_eq(text, "[{\"trial\":0,\"m\":\"0.8505\",\"n\":2},{\"trial\":1,\"m\":\"0.8527\",\"n\":2},"
                           "{\"trial\":2,\"m\":\"0.0000\",\"n\":0},{\"trial\":3,\"m\":\"0.0000\",\"n\":0}]");
    cJSON_Delete(rows);
    free(text);
    table_free(t);
    cr_assert(results_table_of(db, experiments_sql, 0, NULL, &t, &err) == OK, "%s", err.text);
    cr_expect(table_rows(t) == 3);
    table_free(t);
    cr_expect(sqlite3_exec(db, "DELETE FROM main.runs", NULL, NULL, NULL) == SQLITE_READONLY);
    cr_expect(sqlite3_exec(db, "DELETE FROM runs", NULL, NULL, NULL) == SQLITE_ERROR); /* a view */
    sqlite3_close(db);
    expect_answer("PRAGMA user_version", "1");
    now = answer(db_path, "SELECT type, name, sql FROM sqlite_schema ORDER BY 2");
    cr_expect_str_eq(now, schema);
    free(schema);
    free(now);
}
