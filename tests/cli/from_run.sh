#!/bin/sh
# First weights from a recorded run, train.initial_weights: {run: 1, epoch: 0}: the same bits as from the file; the
# identity is that of the weights; what is not there is told at its place.
. "${srcdir:-.}/tests/cli/lib.sh"
once "where first weights come from"

cat >k.yaml <<'END'
name: dense
seed: 1
data: {source: {spiral: {rows: 60, classes: 3}}, validation: 0.3}
model: [{dense: {units: 4, activation: tanh}}, {dense: {units: 3}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
train: {epochs: 7, batch_size: 8}
checkpoint: {keep: [0, 3, best, last]}
probes: [weights]
END
sed -e 's/dense$/from/' -e '/checkpoint/d' -e '/probes/d' k.yaml >plain.yaml
expect_exit 0 "$FELL" run k.yaml --quiet --db r.db
best=$(sqlite3 r.db "SELECT best_epoch FROM leaderboard")
losses() {
    sqlite3 r.db "SELECT epoch, hex(train_loss), hex(validation_loss), hex(grad_norm_mean) FROM epochs
        WHERE run_id = (SELECT r.id FROM runs AS r JOIN experiments AS e ON e.id = experiment_id WHERE e.name = '$1' LIMIT 1)"
}

# ---- the same bits as from a file; the words for epochs ------------------------------------------------------------

expect_exit 0 "$FELL" run plain.yaml name=zero 'train.initial_weights={run: 1, epoch: 0}' --quiet --db r.db
losses dense >as
losses zero >is
cmp as is || fail "epoch 0 is not where run 1 began"
# same EPOCH WORD: the state of run 1 that WORD means is that of EPOCH.
same() {
    expect_exit 0 "$FELL" export 1 --epoch "$1" --safetensors "$1.safetensors" --db r.db
    expect_exit 0 "$FELL" run plain.yaml "name=run-$2" "train.initial_weights={run: 1, epoch: $2}" --quiet --db r.db
    expect_exit 0 "$FELL" run plain.yaml "name=file-$2" "train.initial_weights=$1.safetensors" --quiet --db r.db
    losses "file-$2" >as
    losses "run-$2" >is
    cmp as is || fail "epoch $2 of a run is not that of its file"
}
same 3 3
same 7 last
same "$best" best
expect_exit 0 "$FELL" run plain.yaml name=run-last 'train.initial_weights={run: 1}' --db r.db # last is the default
expect_text out "finished already"

# ---- stored, trained again, moved -----------------------------------------------------------------------------------

id=$(sqlite3 r.db "SELECT r.id FROM runs AS r JOIN experiments AS e ON e.id = experiment_id WHERE e.name = 'run-3'")
expect_exit 0 "$FELL" verify "$id" --db r.db
expect_exit 0 "$FELL" replay "$id" --quiet --db r.db
mkdir moved
cp -r r.db r.db.checkpoints moved/
mv r.db.checkpoints away
expect_exit 0 "$FELL" verify "$id" --db moved/r.db
rm -r moved
mv away r.db.checkpoints

# What counts is the weights: run 1 trained anew took another time, and its file is another one.
file_of() {
    sqlite3 r.db "SELECT sha256 FROM data_files JOIN experiments AS e ON e.id = experiment_id WHERE e.name = '$1' AND role = 'train.initial_weights'"
}
expect_exit 0 "$FELL" run k.yaml name=dense2 --quiet --db r.db
id=$(sqlite3 r.db "SELECT max(id) FROM runs")
expect_exit 0 "$FELL" run plain.yaml name=run-3 "train.initial_weights={run: $id, epoch: 3}" --db r.db
expect_text out "finished already"
[ "$(file_of run-3)" != "$(file_of run-last)" ] || fail "two states have one hash"

# ---- swept ---------------------------------------------------------------------------------------------------------

cat plain.yaml - >sweep.yaml <<'END'
sweep:
  over:
    train.initial_weights: {begin: {run: 1, epoch: 0}, later: {run: 1, epoch: 3}, none: null}
END
expect_exit 0 "$FELL" run sweep.yaml name=named --quiet --db r.db
expect_sql r.db "begin later none" "SELECT group_concat(value, ' ') FROM (SELECT p.value FROM run_params AS p JOIN runs AS r ON r.id = run_id
    JOIN experiments AS e ON e.id = experiment_id WHERE e.name = 'named' ORDER BY r.id)"
expect_exit 0 "$FELL" run plain.yaml name=epochs 'train.initial_weights={run: 1, epoch: 0}' \
    'sweep={over: {train.initial_weights.epoch: [0, 3, last]}}' --quiet --db r.db
expect_sql r.db "3" "SELECT count(DISTINCT train_loss) FROM epochs AS o JOIN runs AS r ON r.id = run_id
    JOIN experiments AS e ON e.id = experiment_id WHERE e.name = 'epochs' AND epoch = 1"

# ---- what is not there ---------------------------------------------------------------------------------------------

# wrong COLUMN VALUE TEXT...
wrong() {
    at=$1
    sed "s/^train: {/train: {initial_weights: $2, /" plain.yaml >bad.yaml
    shift 2
    for command in check run; do
        expect_exit 2 "$FELL" $command bad.yaml --db r.db
        expect_text err "bad.yaml:7:$at: error: " "$@"
    done
}
wrong 26 '{run: 99, epoch: 0}' "train.initial_weights: no run 99"
wrong 26 '{run: 1, epoch: 9}' "run 1 has 7 epochs: there is no epoch 9"
wrong 26 '{run: 1, epoch: 2}' "run 1 keeps no state of epoch 2: 'checkpoint: {keep: [2]}'" "fell export 1 --epoch 2"
wrong 26 '{epoch: 2}' "train.initial_weights.run is required"
wrong 42 '{run: 1, epoch: first}' "train.initial_weights.epoch: the number of an epoch, best or last is wanted here, not 'first'"
wrong 32 '{run: 0}' "train.initial_weights.run: 0 is not in [1, inf)"
wrong 27 '{runs: 1, run: 1}' "'train.initial_weights' has no setting 'runs'; did you mean 'run'?"
sed -i 's/units: 4/units: 5/' plain.yaml
wrong 26 '{run: 1, epoch: 0}' "'dense1.weight' has the shape [4, 2], the model needs [5, 2]"
sed -i 's/units: 5/units: 4/' plain.yaml
expect_exit 2 "$FELL" check plain.yaml 'train.initial_weights={run: 1}' --db none.db
expect_text err "no results database 'none.db'"
echo >>r.db.checkpoints/1/epoch-0.safetensors
wrong 26 '{run: 1, epoch: 0}' "is not what run 1 saved: the file changed or is gone"
