/* schema_views.c - the views of the results database: the usual questions. See schema.h.
 *
 * They are made for 100,000 runs: a question about one run or one experiment looks up
 * only that (which is why `trials` has windows where one would expect groups), and the
 * best epoch of a run is looked for once. What ranks is the experiment's objective.
 */
#include "record/schema.h"

#include "base/run_status.h"
#include "engine/numbers.h"

/* The value of the objective in a row E of epochs, or in the metric M of that epoch. */
#define OBJECTIVE(e, m)                                                                                      \
    "CASE x.objective WHEN 'validation.loss' THEN " e ".validation_loss WHEN 'train.loss' THEN " e           \
    ".train_loss\n"                                                                                          \
    "         WHEN 'test.loss' THEN " e ".test_loss ELSE coalesce(" m ".value, " m "p.value) END"
#define METRIC_OF(e, m)                                                                                      \
    "LEFT JOIN metrics AS " m " ON " m ".run_id = r.id AND " m ".epoch = " e ".epoch\n"                      \
    "       AND " m ".split = substr(x.objective, 1, instr(x.objective, '.') - 1)\n"                         \
    "       AND " m ".name = substr(x.objective, instr(x.objective, '.') + 1)\n"                             \
    "     LEFT JOIN probes AS " m "p ON x.objective LIKE 'probe.%' AND " m "p.run_id = r.id\n"               \
    "       AND " m "p.epoch = " e ".epoch AND " m "p.position = 0 AND x.objective = 'probe.' || " m         \
    "p.probe\n"                                                                                              \
    "       || '.' || " m "p.name || iif(" m "p.layer = '', '', '.' || " m "p.layer)\n"
#define EPOCH_VALUE  OBJECTIVE("e", "m")
#define EPOCH_METRIC METRIC_OF("e", "m")
#define BEST_VALUE   OBJECTIVE("b", "bm")
#define BEST_METRIC  METRIC_OF("b", "bm")
#define LAST_VALUE   OBJECTIVE("l", "lm")
#define LAST_METRIC  METRIC_OF("l", "lm")

static const struct view {
    const char *name, *about, *sql;
} views[] = {
    {"curves", "every epoch's losses and metrics",
     "SELECT r.id AS run, x.name, r.trial, r.repeat, e.epoch" EPOCH_LOSSES(
         NUMBER_SQL_OF_E) ",\n"
                          "       (SELECT json_group_object(m.split || '.' || m.name, m.value) FROM metrics "
                          "AS m\n"
                          "        WHERE m.run_id = e.run_id AND m.epoch = e.epoch) AS metrics\n"
                          "FROM epochs AS e JOIN runs AS r ON r.id = e.run_id JOIN experiments AS x ON x.id "
                          "= r.experiment_id"},

    {"gradient_norms", "every epoch's norms, by layer and tensor",
     "SELECT r.id AS run, x.name, r.trial, r.repeat, g.epoch, g.position, p.layer, p.plugin,\n"
     "       p.name AS parameter" TENSOR_NUMBERS(
         NUMBER_SQL_OF_G) "\n"
                          "FROM gradients AS g JOIN runs AS r ON r.id = g.run_id JOIN experiments AS x ON "
                          "x.id = r.experiment_id\n"
                          "     LEFT JOIN parameters AS p ON p.run_id = g.run_id AND p.position = "
                          "g.position"},

    {"probe_values", "every number of a probe, by run",
     "SELECT r.id AS run, x.name AS experiment, r.trial, r.repeat, p.epoch, p.probe, p.name, p.layer,\n"
     "       p.position, p.value\n"
     "FROM probes AS p JOIN runs AS r ON r.id = p.run_id JOIN experiments AS x ON x.id = r.experiment_id"},

    {"objectives", "the experiment's objective after every epoch",
     "SELECT r.id AS run, e.epoch, x.objective, x.goal,\n"
     "       " EPOCH_VALUE " AS value\n"
     "FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id JOIN epochs AS e ON e.run_id = r.id\n"
     "     " EPOCH_METRIC},

    {"leaderboard", "the best and the last value of the objective of every run; value is what ranks",
     "SELECT run, name, trial, repeat, status, objective, best, best_epoch, last, last_epoch, seconds,\n"
     "       goal, CASE WHEN status IN " RUN_STATUSES_FAILURES " THEN NULL\n"
     "                  WHEN objective_at = 'last' THEN last ELSE best END AS value, experiment\n"
     "FROM (SELECT r.id AS run, r.experiment_id AS experiment, x.name, r.trial, r.repeat, r.status,\n"
     "       x.objective, x.goal, x.objective_at,\n"
     "       b.epoch AS best_epoch, " BEST_VALUE " AS best,\n"
     "       l.epoch AS last_epoch, " LAST_VALUE " AS last, r.seconds\n"
     "     FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id\n"
     "     LEFT JOIN epochs AS b ON b.run_id = r.id AND b.epoch =\n"
     "       (SELECT o.epoch FROM objectives AS o WHERE o.run = r.id AND o.value IS NOT NULL\n"
     "        ORDER BY iif(o.goal = 'maximize', -1, 1) * o.value, o.epoch LIMIT 1)\n"
     "     " BEST_METRIC "     LEFT JOIN epochs AS l ON l.run_id = r.id AND l.epoch =\n"
     "       (SELECT max(epoch) FROM epochs WHERE run_id = r.id)\n"
     "     " LAST_METRIC "     )\n"
     "ORDER BY name, " SCHEMA_VALUE_RANK ", run"},

    {"trials", "the value of a trial over its repeats",
     "SELECT experiment, name, trial,\n"
     "       (SELECT json_group_object(path, value) FROM run_params WHERE run_id = run) AS params,\n"
     "       objective, mean, sqrt(squares / nullif(n - 1, 0)) AS sd, -- of the sample\n"
     "       n, lowest, highest, goal\n"
     "FROM (SELECT *, sum((value - mean) * (value - mean)) OVER (PARTITION BY experiment, trial) AS squares\n"
     "      FROM (SELECT *, avg(value) OVER t AS mean, count(value) OVER t AS n, min(value) OVER t AS "
     "lowest,\n"
     "                   max(value) OVER t AS highest, min(run) OVER t AS first\n"
     "            FROM leaderboard WINDOW t AS (PARTITION BY experiment, trial)))\n"
     "WHERE run = first\n"
     "ORDER BY experiment, " SCHEMA_MEAN_RANK ", trial"},

    {"folds", "the value of a setting over the folds of data.fold: the mean of its trials",
     "SELECT experiment, name, params, -- without data.fold\n"
     "       objective, mean, sqrt(squares / nullif(n - 1, 0)) AS sd, -- of the sample\n"
     "       n, lowest, highest, goal\n"
     "FROM (SELECT *, sum((value - mean) * (value - mean)) OVER (PARTITION BY experiment, params) AS "
     "squares\n"
     "      FROM (SELECT *, avg(value) OVER f AS mean, count(value) OVER f AS n, min(value) OVER f AS "
     "lowest,\n"
     "                   max(value) OVER f AS highest, min(trial) OVER f AS first\n"
     "            FROM (SELECT experiment, name, trial, json_remove(params, '$.\"data.fold\"') AS params, "
     "objective,\n"
     "                         goal, mean AS value\n"
     "                  FROM trials WHERE json_type(params, '$.\"data.fold\"') IS NOT NULL)\n"
     "            WINDOW f AS (PARTITION BY experiment, params)))\n"
     "WHERE trial = first\n"
     "ORDER BY experiment, " SCHEMA_MEAN_RANK ", trial"},

    {"sweep", "the swept values beside the value of every run",
     "SELECT l.run, l.name, l.trial, l.repeat, l.status,\n"
     "       (SELECT json_group_object(path, value) FROM run_params WHERE run_id = l.run) AS params,\n"
     "       l.objective, l.best, l.best_epoch, l.goal, l.value,\n"
     "       l.experiment\n"
     "FROM leaderboard AS l\n"
     "ORDER BY name, " SCHEMA_VALUE_RANK ", run"},
};

void schema_add_views(struct strbuf *out, const char *where)
{
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        strbuf_addf(out, "CREATE %sVIEW IF NOT EXISTS %s AS -- %s\n%s;\n", where, views[i].name,
                    views[i].about, views[i].sql);
}

void schema_drop_views(struct strbuf *out)
{
    for (size_t i = sizeof views / sizeof *views; i-- > 0;)
        strbuf_addf(out, "DROP VIEW IF EXISTS %s;\n", views[i].name);
}
