#!/bin/sh
# Weights over time: `keep` of epochs and of all, epoch 0 among them, `fell export --epoch`, from the checkpoint
# and by training again; `record.evaluate.every`. What else is recorded does not change by a bit.
. "$srcdir/tests/cli/lib.sh"

cat >k.yaml <<'END'
name: k
seed: 1
data: {source: {spiral: {rows: 60, classes: 3}}, validation: 0.3}
model: [{dense: {units: 4, activation: tanh}}, {dense: {units: 3}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
metrics: [accuracy]
train: {epochs: 7, batch_size: 8}
END
numbers() {
    sqlite3 "$1" "SELECT epoch, hex(train_loss), hex(grad_norm_mean), hex(lr) FROM epochs ORDER BY run_id, epoch;
        SELECT epoch, position, hex(weight_norm) FROM gradients ORDER BY run_id, 1, 2;
        SELECT epoch, hex(validation_loss) FROM epochs WHERE $2 ORDER BY run_id, epoch;
        SELECT epoch, split, hex(value) FROM metrics WHERE $2 OR split = 'train' ORDER BY run_id, epoch, split"
}
expect_exit 0 "$FELL" run k.yaml --quiet --db plain.db
{ cat k.yaml; echo "checkpoint: {every: 3, keep: [10, 1, 0, 1, best]}"; } >some.yaml
expect_exit 0 "$FELL" run some.yaml --db some.db
expect_text err "some.yaml:9:31: warning: checkpoint.keep: epoch 10 never comes: training has 7"
{ cat k.yaml; echo "checkpoint: {every: 2, keep: all}"; } >all.yaml
expect_exit 0 "$FELL" run all.yaml --quiet --db all.db
for db in some all; do
    numbers plain.db 1 >plain
    numbers $db.db 1 >with
    cmp plain with || fail "checkpoints change what is recorded"
done
expect_sql some.db "1/epoch-0.safetensors 0
1/epoch-1.safetensors 1" "SELECT path || ' ' || epoch FROM checkpoints WHERE path LIKE '%/epoch-%' ORDER BY epoch"
expect_sql all.db "0,2,4,6,7|7" "SELECT group_concat(epoch) FILTER (WHERE path LIKE '%/epoch-%'), max(epoch) FILTER (WHERE path LIKE '%/last%')
    FROM (SELECT * FROM checkpoints ORDER BY epoch)"
[ "$(cd all.db.checkpoints/1 && echo *)" = "epoch-0.safetensors epoch-2.safetensors epoch-4.safetensors epoch-6.safetensors epoch-7.safetensors last.safetensors" ] ||
    fail "other files: $(ls all.db.checkpoints/1)"
expect_exit 0 "$FELL" show 1 --db all.db
expect_text out "epoch" "epoch-2.safetensors"

# Each epoch's weights, kept or trained again, are the same bytes, behind a head that tells of its own spec.
for n in 0 2 7; do
    expect_exit 0 "$FELL" export 1 --epoch $n --safetensors kept-$n.st --db all.db
    expect_text out "kept-$n.st: weights of run 1 after epoch $n, from its checkpoint"
    expect_exit 0 "$FELL" export 1 --epoch $n --safetensors again-$n.st --db plain.db
    expect_text out "again-$n.st: weights of run 1 after epoch $n, trained again to the same bits"
    same_tensors kept-$n.st again-$n.st || fail "epoch $n has two kinds of weights"
done
! same_tensors kept-0.st kept-2.st || fail "epoch 0 is epoch 2"
best=$(sqlite3 plain.db "SELECT best_epoch FROM leaderboard")
expect_exit 0 "$FELL" export 1 --epoch best --safetensors best.st --db plain.db
expect_text out "after epoch $best"
expect_exit 2 "$FELL" export 1 --epoch 8 --safetensors x.st --db plain.db
expect_text err "run 1 has 7 epochs: there is no epoch 8"
expect_exit 2 "$FELL" export 1 --epoch frist --safetensors x.st --db plain.db
expect_text err "the number of an epoch, or best, is wanted here, not 'frist'"
# The first weights of a run are where another begins.
expect_exit 0 "$FELL" run k.yaml name=again train.initial_weights=kept-0.st --quiet --db again.db
expect_sql again.db "$(sqlite3 plain.db 'SELECT hex(train_loss) FROM epochs WHERE epoch = 1')" "SELECT hex(train_loss) FROM epochs WHERE epoch = 1"

# A probe's own state is no weight.
expect_exit 0 "$FELL" run all.yaml name=probed "probes=[activations, sharpness]" --quiet --db probed.db
expect_exit 0 "$FELL" export 1 --epoch 2 --safetensors probed.st --db probed.db
same_tensors probed.st kept-2.st || fail "the weights of a run with probes are other ones"

# States that wait for the disk are written together; a run that is killed goes on from one that the database
# tells of, and every kept epoch is there in the end, with its row, the bytes of a run that was left alone.
. "$srcdir/tests/cli/crash_lib.sh"
# A layer that takes its time: on any machine there is enough of it to kill the run.
{ sed 's/{dense: {units: 3}}/{crasher: {how: dawdle, rows: 60}}, &/; s/epochs: 7, batch_size: 8/epochs: 200, batch_size: 0/; s/, validation: 0.3//' k.yaml
    echo 'checkpoint: {every: 4, keep: all}'; } >long.yaml
kept() {
    sqlite3 "$1" "SELECT epoch, path, sha256, is_best FROM checkpoints ORDER BY 2"
    (cd "$1.checkpoints/1" && sha256sum ./*)
}
expect_exit 0 "$FELL" run long.yaml --plugin ./crasher.so record.gradients=none metrics=[] --quiet --db long.db
"$FELL" run long.yaml --plugin ./crasher.so record.gradients=none metrics=[] --quiet --db cut.db >out 2>err &
runner=$!
wait_until cut.db "SELECT count(*) > 8 FROM checkpoints"
kill -9 $runner
wait $runner || true
expect_exit 0 "$FELL" run long.yaml --plugin ./crasher.so record.gradients=none metrics=[] --quiet --db cut.db
expect_sql cut.db 1 "SELECT count(*) FROM events WHERE kind = 'resumed'"
kept long.db >long
kept cut.db >killed
cmp long killed || fail "a run that was killed has kept other states"
[ "$(wc -l <long)" = 104 ] || fail "not every epoch is kept: $(cat long)"

for bad in "keep: [-1]" "keep: first" "keep: []"; do
    { cat k.yaml; echo "checkpoint: {$bad}"; } >bad.yaml
    expect_exit 2 "$FELL" check bad.yaml
    expect_text err "checkpoint.keep: last, best, all"
done

# ---- evaluation every N epochs, and after the last --------------------------------------------------

{ cat k.yaml; echo "record: {evaluate: {every: 3}}"; } >every.yaml
expect_exit 0 "$FELL" run every.yaml --quiet --db every.db
expect_sql every.db "3,6,7" "SELECT group_concat(epoch) FROM epochs WHERE validation_loss IS NOT NULL"
expect_sql every.db "3,6,7|7" "SELECT group_concat(epoch) FILTER (WHERE split = 'validation'), count(*) FILTER (WHERE split = 'train') FROM metrics WHERE value IS NOT NULL"
numbers plain.db "epoch IN (3, 6, 7)" >plain
numbers every.db "epoch IN (3, 6, 7)" >with
cmp plain with || fail "rarer evaluation changes what is recorded"
expect_exit 0 "$FELL" verify 1 --db every.db
expect_exit 0 "$FELL" run k.yaml name=k1 "record={evaluate: {every: 1}}" --quiet --db one.db
expect_exit 0 "$FELL" run k.yaml name=k1 --db one.db
expect_text out "finished already"
# Patience counts epochs, and only one that was evaluated decides; a run that stops between is evaluated.
expect_exit 0 "$FELL" run every.yaml name=stop train.epochs=40 optimizer.adam.lr=2 \
    "train.early_stopping={monitor: validation.loss, patience: 2}" --quiet --db stop.db
expect_sql stop.db "stopped|0|1" "SELECT status, epochs_done % 3, validation_loss IS NOT NULL FROM runs JOIN epochs ON run_id = runs.id AND epoch = epochs_done"
expect_exit 0 "$FELL" run every.yaml name=stop2 train.epochs=40 optimizer.adam.lr=2 \
    "train.early_stopping={monitor: train.loss, patience: 1}" --quiet --db stop.db
expect_sql stop.db "stopped|1" "SELECT status, validation_loss IS NOT NULL FROM runs JOIN epochs ON run_id = runs.id AND epoch = epochs_done WHERE runs.id = 2"
expect_exit 0 "$FELL" check every.yaml "schedule={plateau: {monitor: validation.loss}}"
expect_text err "plateau.monitor: 'validation.loss' has a value in every 3rd epoch only; the others count as not better"
expect_exit 0 "$FELL" check every.yaml "probes=[{weights: {every: 4}}]" \
    "train.early_stopping={monitor: probe.weights.l1.dense1.weight, patience: 2}"
expect_text err "train.early_stopping.monitor: 'probe.weights.l1.dense1.weight' has a value in every 4th epoch only; the others count as not better"
