#!/bin/sh
# Every question of results/queries runs as its comment says, and has an answer.
. "${srcdir:-.}/tests/cli/lib.sh"
printf 'a,b,class\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n' >data.csv
cat >spec.yaml <<'END'
seed: 1
data: {source: {csv: {path: data.csv, target: class}}}
model:
  - dense: {units: 4, activation: tanh, name: first}
  - dense: {units: 2, name: last}
loss: cross_entropy
optimizer: {sgd: {lr: 0.5}}
metrics: [accuracy]
train: {epochs: 5}
repeats: 2
sweep:
  over:
    optimizer.sgd.lr: [0.5, 1e38]
    model.0.dense.activation: [tanh, sigmoid]
END
expect_exit 1 "$FELL" run spec.yaml --quiet
# What a pruner leaves of a run.
sqlite3 -bail results/fell.db "UPDATE runs SET status = 'pruned' WHERE id = 1;
    INSERT INTO events (run_id, at, kind, detail) VALUES (1, '2026-01-01T00:00:00.000Z', 'pruned', 'worse than the median')"

n=0
for file in "$srcdir"/results/queries/*.sql; do
    name=$(basename "$file")
    head -n 1 "$file" | grep -q '^-- .*?' || fail "$name does not begin with its question"
    expect_text "$file" "-- sqlite3 -box results/fell.db < results/queries/$name"
    expect_exit 0 sqlite3 -bail -json results/fell.db ".read '$file'"
    expect_empty err
    expect_json out 1 "json_array_length(j) > 0"
    cp out "$name.json"
    expect_exit 0 sqlite3 -bail -box results/fell.db ".read '$file'"
    n=$((n + 1))
done
[ $n = 12 ] || fail "$n questions"

# Some answers are known.
diverged=$(sqlite3 results/fell.db "SELECT count(*) FROM runs WHERE status = 'diverged'")
[ "$diverged" -gt 0 ] || fail "no run diverged"
expect_json failed-runs.sql.json "$diverged|diverged" "json_array_length(j), j->>'\$[0].status'"
expect_json learning-rate-effect.sql.json "2|0|$diverged" "json_array_length(j), j->>'\$[0].diverged', j->>'\$[1].diverged'"
expect_json best-run-per-activation.sql.json "2" "json_array_length(j)"
expect_json vanishing-gradients.sql.json "2|1" "json_array_length(j), j->>'\$[1].beside_output'"
expect_json parameters-and-data.sql.json "4|1" "(SELECT count(*) FROM json_each(j) WHERE value->>'what' = 'tensor'),
    (SELECT count(*) FROM json_each(j) WHERE value->>'what' = 'data')"
expect_json pruned-why.sql.json "1|1|worse than the median" "json_array_length(j), j->>'\$[0].run', j->>'\$[0].why'"
expect_json value-of-each-setting.sql.json "4|model.0.dense.activation|1" "json_array_length(j), j->>'\$[0].setting',
    j->>'\$[0].mean' <= j->>'\$[1].mean'"

# Where higher is better, the order turns around.
sqlite3 -bail results/fell.db "UPDATE experiments SET objective = 'train.accuracy', goal = 'maximize'"
for question in value-of-each-setting best-run-per-activation spread-over-repeats; do
    sqlite3 -bail -json results/fell.db ".read '$srcdir/results/queries/$question.sql'" >$question.json
done
expect_json value-of-each-setting.json "1|train.accuracy" "j->>'\$[0].mean' >= j->>'\$[1].mean', j->>'\$[0].objective'"
expect_json best-run-per-activation.json "1" "j->>'\$[0].best' = (SELECT max(value->>'best') FROM json_each(j))"
expect_json spread-over-repeats.json "1" "j->>'\$[0].mean' = (SELECT max(value->>'mean') FROM json_each(j))"
