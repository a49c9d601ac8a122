#!/bin/sh
# Swept values with names: tables, progress, report, JSON and SQL show the names, `json` of run_params what they
# stand for; a model without one is cut; a database of the version before is read, and goes on.
. "$srcdir/tests/cli/lib.sh"

cat >n.yaml <<'END'
name: n
seed: 1
data: {source: {spiral: {rows: 40, classes: 3}}, validation: 0.2}
model: [{dense: {units: 3}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.1}}
train: {epochs: 2}
sweep:
  over:
    model:
      plain: [{dense: {units: 4, activation: relu}}, {dense: {units: 3}}]
      normed: [{dense: {units: 4}}, batch_norm, relu, {dense: {units: 3}}]
    optimizer.adam.lr: {slow: 1e-2, fast: 0.1}
    loss: [cross_entropy, {cross_entropy: {label_smoothing: 0.1, class_weights: [1, 2, 1]}}]
  where: "model = 'plain' or \"optimizer.adam.lr\" = 'fast'"
END
expect_exit 0 "$FELL" plan n.yaml
expect_text out "where excludes 2" "    4  normed  fast  cross_entropy" '1  plain   slow  {cross_entropy:{label_smoothing:0.1,cla'
expect_exit 0 "$FELL" run n.yaml --json --db n.db
grep -q '"model":"normed","optimizer.adam.lr":"fast"' out || fail "progress has no names"
expect_sql n.db 'cross_entropy||text
plain|[{"dense":{"units":4,"activation":"relu"}},{"dense":{"units":3}}]|text
slow|1e-2|text' "SELECT value, json, typeof(value) FROM run_params WHERE run_id = 1 ORDER BY path"
expect_sql n.db '3|0.1' "SELECT json_array_length(value, '\$.cross_entropy.class_weights'), value->>'\$.cross_entropy.label_smoothing'
    FROM run_params WHERE run_id = 2 AND path = 'loss'"
expect_sql n.db '2|0.01' "SELECT json_array_length(m.json), l.json + 0 FROM run_params AS m JOIN run_params AS l USING (run_id)
    WHERE run_id = 1 AND m.path = 'model' AND l.path LIKE '%lr'"
expect_exit 0 "$FELL" report n --db n.db
expect_text out "  model              normed  " "  optimizer.adam.lr  fast  "
awk '/importance/ { exit } length($0) > 110 { print; exit 1 }' out || fail "a table prints a model"
expect_exit 0 "$FELL" show 1 --db n.db
expect_text out "model          plain" "lr             slow"
expect_exit 0 "$FELL" best n --json --db n.db
expect_json out "true" "CASE WHEN j->>'\$[0].params.model' IN ('plain', 'normed') THEN 'true' END"
expect_exit 0 "$FELL" watch n --once --db n.db
expect_text out "model="

# Version 4 has no column for what a name stands for.
cp n.db old.db
sqlite3 old.db "SELECT format('DROP VIEW %s;', name) FROM sqlite_schema WHERE type = 'view'" >drop.sql
sqlite3 old.db ".read drop.sql" "ALTER TABLE run_params DROP COLUMN json" "DELETE FROM events WHERE run_id = 6" \
    "UPDATE runs SET status = 'queued', epochs_done = 0 WHERE id = 6" "DELETE FROM epochs WHERE run_id = 6" \
    "DELETE FROM gradients WHERE run_id = 6" "DELETE FROM parameters WHERE run_id = 6" "PRAGMA user_version = 4"
cp old.db before.db
expect_exit 0 "$FELL" show 2 --db old.db
expect_text out "model          plain"
cmp old.db before.db || fail "a command that reads changed a database of version 4"
expect_exit 0 "$FELL" run n.yaml --quiet --db old.db
expect_sql old.db "8|6|1" "SELECT user_version, (SELECT count(*) FROM runs WHERE status = 'finished'), (SELECT count(DISTINCT experiment_id) FROM runs)
    FROM pragma_user_version"
expect_sql old.db "" "SELECT json FROM run_params WHERE run_id = 1 AND path = 'model'"
expect_sql old.db "$(sqlite3 n.db 'SELECT hex(train_loss) FROM epochs ORDER BY run_id, epoch')" \
    "SELECT hex(train_loss) FROM epochs ORDER BY run_id, epoch"
