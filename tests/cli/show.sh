#!/bin/sh
# fell runs, show, best, compare and export: they show what the database holds.
. "${srcdir:-.}/tests/cli/lib.sh"
write_spec one.yaml
write_sweep sweep.yaml

# Before there is anything.
for c in runs "show 1" "best one" "compare 1 2" "export 1 --safetensors x"; do
    # shellcheck disable=SC2086
    expect_exit 2 "$FELL" $c --db none.db
    expect_text err "no results database 'none.db'"
    [ ! -e none.db ] || fail "'fell $c' made a database"
done
sqlite3 other.db "CREATE TABLE t (x)"
expect_exit 2 "$FELL" runs --db other.db
expect_text err "'other.db' is not a results database of fell"
sqlite3 newer.db "PRAGMA application_id = 0x46454c4c; PRAGMA user_version = 99"
expect_exit 2 "$FELL" runs --db newer.db
expect_text err "'newer.db' was written by a newer fell (schema 99"
echo "this is no database at all" >text.db
expect_exit 2 "$FELL" runs --db text.db
expect_text err "'text.db'" "is not a SQLite database"
expect_exit 2 "$FELL" runs --db "$scratch"
expect_text err "is a folder, not a results database"

expect_exit 0 "$FELL" run one.yaml --quiet
expect_exit 2 "$FELL" show 99
expect_text err "no run 99; the last is 1"
expect_exit 0 "$FELL" run sweep.yaml --quiet
expect_exit 1 "$FELL" run one.yaml name=wild optimizer.sgd.lr=1e38 model.1.dense.activation=identity --quiet
db=results/fell.db
question() { sqlite3 $db "$1"; }

# runs: newest first, filters, the end of a long list.
expect_exit 0 "$FELL" runs
expect_text out "best epoch" "diverged"
[ "$(sed -n '2s/^ *\([0-9]*\).*/\1/p' out)" = "$(question 'SELECT max(id) FROM runs')" ] || fail "the newest is not the first: $(cat out)"
[ "$(wc -l <out)" = 11 ] || fail "not ten runs: $(cat out)"
expect_exit 0 "$FELL" runs --limit 3
expect_text out "... and 7 more; --limit 0 shows all"
expect_exit 0 "$FELL" runs --status diverged
[ "$(wc -l <out)" = 2 ] || fail "not the one diverged run: $(cat out)"
expect_exit 0 "$FELL" runs --experiment sweep
expect_text out " lr " "activation" "relu"
[ "$(wc -l <out)" = 9 ] || fail "not the eight runs of the sweep: $(cat out)"
expect_exit 0 "$FELL" runs --experiment sweep --status crashed
expect_text out "no such runs"
expect_exit 2 "$FELL" runs --status divergd
expect_text err "no status 'divergd'; did you mean 'diverged'?"
expect_exit 2 "$FELL" runs --experiment swep
expect_text err "no experiment 'swep'; did you mean 'sweep'?"
expect_exit 0 "$FELL" runs --experiment sweep --json
expect_json out "8|finished|20|1" "json_array_length(j), j->>'\$[0].status', j->>'\$[0].epochs_done',
    j->>'\$[7].params.\"optimizer.sgd.lr\"' = 0.5"
expect_json out "$(question "SELECT printf('%.12g', best) FROM leaderboard WHERE run = 9")" "printf('%.12g', j->>'\$[0].best')"

# show: the facts, the last epochs, the norms by layer, how to make it again.
expect_exit 0 "$FELL" show 1
expect_text out "status         finished" "parameters     33" "train loss  " "last epochs" "gradient norms of the last epoch" \
    "started" "fell run one.yaml"
[ "$(grep -Ec '^ +(1[1-9]|20) ' out)" = 10 ] || fail "not the last ten epochs: $(cat out)"
expect_exit 0 "$FELL" show 1 --limit 0
[ "$(grep -Ec '^ +[0-9]+ +0\.' out)" = 20 ] || fail "not all epochs: $(cat out)"
sed -n '$s/^  //p' out | sed "s,fell run,\"$FELL\" run --db again.db --quiet," >again.sh
expect_exit 0 sh -eu again.sh
expect_sql again.db "$(question 'SELECT group_concat(train_loss) FROM (SELECT train_loss FROM epochs WHERE run_id = 1 ORDER BY epoch)')" \
    "SELECT group_concat(train_loss) FROM (SELECT train_loss FROM epochs ORDER BY epoch)"
expect_exit 0 "$FELL" show 1 --db again.db
expect_text out "fell run run1.yaml --db again.db"
# Validation stands beside training; where values are far apart, on a log scale.
sqlite3 -bail again.db "UPDATE epochs SET train_loss = exp(-epoch), validation_loss = 1 + 0.01 * epoch WHERE epoch > 1"
expect_exit 0 "$FELL" show 1 --db again.db
expect_text out 'train loss       ' ' to 2.061e-09, log' 'validation loss  ' '1.02 to 1.2'
[ "$(grep -c ', log$' out)" = 1 ] || fail "not one log scale: $(cat out)"
wild=$(question "SELECT id FROM runs WHERE status = 'diverged'")
expect_exit 0 "$FELL" show "$wild"
expect_text out "error          $(question "SELECT error FROM runs WHERE id = $wild")" "diverged"
expect_exit 0 "$FELL" show 1 --json
expect_json out "1|one|33|20|4|20" "j->>'run', j->>'experiment', j->>'parameters', json_array_length(j->'epochs'),
    json_array_length(j->'gradients'), j->>'$.epochs[19].epoch'"
expect_json out "$(question 'SELECT printf("%.12g", grad_norm_mean) FROM epochs WHERE run_id = 1 AND epoch = 7')" \
    "printf('%.12g', j->>'$.epochs[6].grad_norm_mean')"
expect_exit 2 "$FELL" show 99
expect_text err "no run 99; the last are 8, 9, 10"
expect_exit 2 "$FELL" show nobody
expect_text err "'nobody' is neither the number of a run nor an experiment"
# A name stands for the best run.
expect_exit 0 "$FELL" show sweep --json
best=$(sqlite3 results/fell.db "SELECT run FROM leaderboard WHERE name = 'sweep' LIMIT 1")
expect_json out "$best" "j->>'\$.run'"

# best: trials by their mean.
expect_exit 0 "$FELL" best sweep
expect_text out "sweep (experiment 2): train.loss at its best epoch, 4 trials, mean and deviation of 2 repeats" "± "
[ "$(sed -n '4s/^ *\([0-9]*\).*/\1/p' out)" = "$(question "SELECT trial FROM trials WHERE name = 'sweep' ORDER BY mean LIMIT 1")" ] ||
    fail "the best trial is not the first: $(cat out)"
expect_exit 0 "$FELL" best 2 --limit 1
expect_text out "... and 3 more"
expect_exit 0 "$FELL" best sweep --json
expect_json out "4|2|1" "json_array_length(j), j->>'\$[0].n', j->>'\$[0].mean' <= j->>'\$[1].mean'"
expect_json out "$(question "SELECT printf('%.12g', sd) FROM trials WHERE name = 'sweep' ORDER BY mean LIMIT 1")" \
    "printf('%.12g', j->>'\$[0].sd')"
expect_exit 2 "$FELL" best swep
expect_text err "no experiment 'swep'; did you mean 'sweep'?"

# Where the objective is to be maximized, or counts after the last epoch.
cp $db high.db
sqlite3 high.db "UPDATE experiments SET objective = 'train.accuracy', goal = 'maximize', objective_at = 'last'"
expect_exit 0 "$FELL" best sweep --db high.db
expect_text out "train.accuracy (maximized) after its last epoch"
expect_exit 0 "$FELL" best sweep --db high.db --json
expect_json out "1|1|1" "j->>'\$[0].mean' = (SELECT max(value->>'mean') FROM json_each(j)),
    j->>'\$[0].best' >= j->>'\$[0].mean', abs(j->>'\$[0].mean' - (j->>'\$[0].metrics.\"train.accuracy\"')) < 1e-12"
expect_exit 0 "$FELL" run sweep.yaml --db high.db
[ "$(sed -n '/^ *run/{n;s/^ *\([0-9]*\).*/\1/p}' out | head -n 1)" = "$(sqlite3 high.db "SELECT run FROM leaderboard WHERE name = 'sweep' LIMIT 1")" ] ||
    fail "the board does not begin with the best: $(cat out)"

# compare: differences only.
expect_exit 0 "$FELL" compare 2 3
expect_text out "run.seed" "run.repeat"
expect_no_text out "units"
expect_no_text out "optimizer.sgd.lr"
expect_exit 0 "$FELL" compare 1 2 "$wild"
expect_text out "optimizer.sgd.lr" "diverged" "train.accuracy"
expect_exit 0 "$FELL" compare 1 "$wild" --json
expect_json out "0.5|1|diverged" "(SELECT value->>'$.runs.\"1\"' FROM json_each(j->'differences') WHERE value->>'path' = 'optimizer.sgd.lr'),
    (SELECT value->>'$.runs.\"$wild\"' > 1e37 FROM json_each(j->'differences') WHERE value->>'path' = 'optimizer.sgd.lr'),
    (SELECT value->>'$.runs.\"$wild\"' FROM json_each(j->'results') WHERE value->>'result' = 'status')"
expect_exit 2 "$FELL" compare 1 99
expect_text err "no run 99"
expect_exit 2 "$FELL" compare 1 1
expect_text err "run 1 is named twice"

# export: from a checkpoint and by training again the same bytes, and they can be read back.
expect_exit 0 "$FELL" export 1 --safetensors trained.safetensors
expect_text out "trained.safetensors: weights of run 1 after epoch 20, trained again to the same bits"
sed 's/^seed: 3/seed: 3\nname: one\ncheckpoint: {every: 1, keep: [last]}/' one.yaml >kept.yaml
expect_exit 0 "$FELL" run kept.yaml --db kept.db --quiet
expect_exit 0 "$FELL" export 1 --db kept.db --safetensors kept.safetensors
expect_text out "from its checkpoint"
same_tensors trained.safetensors kept.safetensors || fail "a checkpoint and training again give different weights"
expect_exit 0 "$FELL" run one.yaml train.initial_weights=trained.safetensors train.epochs=1 name=next --quiet
expect_sql $db 1 "SELECT (SELECT train_loss FROM epochs JOIN runs ON runs.id = run_id JOIN experiments AS x ON x.id = experiment_id
    WHERE x.name = 'next' AND epoch = 1) < (SELECT train_loss FROM epochs WHERE run_id = 1 AND epoch = 20)"
expect_exit 2 "$FELL" export 1
expect_text err "fell export 1 --safetensors FILE"
expect_exit 2 "$FELL" export "$wild" --safetensors x
expect_text err "run $wild has the status 'diverged': only a run that finished has weights to export"
expect_exit 1 "$FELL" export 1 --safetensors no/such/folder/x
expect_text err "no/such/folder"

# Nothing of all that wrote to the database.
expect_sql $db "11" "SELECT count(*) FROM runs"

# A database where nothing may be written can be read (the superuser may always write).
mkdir locked
cp $db "locked/100% sure?.db"
chmod a-w locked locked/*
expect_exit 0 "$FELL" runs --limit 1 --db "locked/100% sure?.db"
expect_text out "... and 10 more"
chmod u+w locked

# A damaged database: a run of no experiment, an experiment whose number is none. What is missing is told in either form.
cp $db damaged.db
sqlite3 damaged.db "PRAGMA foreign_keys = OFF; DELETE FROM experiments WHERE id = (SELECT experiment_id FROM runs WHERE id = 1)"
for how in '' --json; do
    expect_exit 2 "$FELL" show 1 $how --db damaged.db
    expect_text err "run 1 belongs to no experiment of the database; it is damaged"
done

# A confusion is a matrix of the classes, not a column for each pair of them; a report draws its best run.
cat >classes.yaml <<END
seed: 1
data: {source: {csv: {path: $srcdir/configs/data/iris.csv, target: target}}, validation: 0.3}
model: [{dense: {units: 3}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.01}}
metrics: [accuracy, confusion]
train: {epochs: 3}
END
expect_exit 0 "$FELL" run classes.yaml --quiet --db classes.db
expect_exit 0 "$FELL" show 1 --db classes.db
expect_text out 'confusion of validation, last epoch' 'class       setosa  versicolor  virginica' '18 numbers of pairs'
expect_no_text out 'confusion.setosa'
sqlite3 -separator ' ' classes.db "SELECT 'setosa', max(value) FILTER (WHERE name LIKE '%.setosa.setosa'), max(value) FILTER (WHERE name LIKE '%.setosa.versicolor'),
    max(value) FILTER (WHERE name LIKE '%.setosa.virginica') FROM metrics WHERE epoch = 3 AND split = 'validation'" | sed 's/\.0//g' >wanted
tr -s ' ' ' ' <out | sed 's/^ //' | grep -qxF "$(cat wanted)" || fail "not $(cat wanted): $(cat out)"
# Few classes, taken for many: a list.
sqlite3 classes.db "INSERT INTO metrics SELECT run_id, epoch, split, 'confusion.setosa.other' || value, 1 FROM
    (SELECT run_id, epoch, split FROM metrics WHERE name = 'accuracy'), 
    (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 20) SELECT value FROM n)"
expect_exit 0 "$FELL" show 1 --db classes.db
expect_text out 'the classes that are taken for others most'
expect_exit 0 "$FELL" report --db classes.db
expect_text out 'best run: 1' 'train loss' 'validation loss'
