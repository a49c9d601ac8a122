#!/bin/sh
# fell verify: stored runs, however they ended, give the same bits again; a number, an end or a row that
# was changed is found and named; changed data and plugins are refused. fell replay shows a run again.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

# verified RUN DATABASE EPOCHS: all the same.
verified() {
    expect_exit 0 "$FELL" verify "$1" --db "$2" --json ${plugin:+--plugin $plugin}
    expect_json out "$1|$3|0|[]" "j ->> 'run' || '|' || (j ->> 'epochs') || '|' || (j ->> 'ndifferences') || '|' || (j -> 'differences')"
}

# Everything there is to record: files, validation, dropout, metrics, steps; resumed from a checkpoint.
cat >rows.csv <<'END'
a,b,y
END
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "$i,$((i * i % 7)),$((i % 3))" >>rows.csv; done
cat >all.yaml <<'END'
seed: 5
data: {source: {csv: {path: rows.csv, target: y}}, validation: 0.25}
model:
  - dense: {units: 6, activation: tanh}
  - dropout: {rate: 0.2}
  - dense: {units: 3}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
metrics: [accuracy]
train: {epochs: 6, batch_size: 4}
record: {gradients: {step: 2}}
repeats: 2
END
expect_exit 0 "$FELL" run all.yaml --quiet --db all.db
verified 1 all.db 6
verified 2 all.db 6
# Every number of every table was compared: so many columns in so many rows.
expect_sql all.db 1 "SELECT json_extract(CAST(readfile('out') AS TEXT), '\$.numbers') =
    7 * (SELECT count(*) FROM epochs WHERE run_id = 2) + 5 * (SELECT count(*) FROM gradients WHERE run_id = 2)
    + (SELECT count(*) FROM metrics WHERE run_id = 2) + 3 * (SELECT count(*) FROM steps WHERE run_id = 2)
    + (SELECT count(*) FROM step_gradients WHERE run_id = 2) AND (SELECT count(*) > 0 FROM steps WHERE run_id = 2)"
expect_exit 0 "$FELL" verify 1 --db all.db
expect_text out "run 1 (finished): 6 epochs, " " numbers compared, all have the same bits"
expect_exit 0 "$FELL" verify 1 --db all.db --quiet
expect_empty out

# differs WHAT SQL: after that change of a copy, WHAT is said.
differs() {
    what=$1
    cp all.db changed.db
    sqlite3 -bail changed.db "$2"
    expect_exit 1 "$FELL" verify 1 --db changed.db
    expect_text out "$what"
}
differs "epoch 3: train_loss is " "UPDATE epochs SET train_loss = train_loss * 1.0000000000000003 WHERE run_id = 1 AND epoch = 3"
expect_text out ", 1 difference"
differs ", nothing finite is recorded" "UPDATE epochs SET validation_loss = NULL WHERE run_id = 1 AND epoch = 2"
differs "epoch 6, tensor 1: weight_norm is " "UPDATE gradients SET weight_norm = weight_norm + 1 WHERE run_id = 1 AND epoch = 6 AND position = 1"
differs "epoch 1, validation.accuracy: value is " "UPDATE metrics SET value = 0.123 WHERE run_id = 1 AND epoch = 1 AND split = 'validation'"
differs "epoch 4: not recorded" "DELETE FROM epochs WHERE run_id = 1 AND epoch = 4"
differs "steps: " "INSERT INTO steps SELECT run_id, step + 1, loss, lr, grad_norm FROM steps WHERE run_id = 1 AND step = 2"
differs "it has 6 epochs, recorded are 7" "INSERT INTO epochs SELECT * FROM epochs WHERE run_id = 1 AND epoch = 6 ON CONFLICT DO NOTHING;
    UPDATE epochs SET epoch = 7 WHERE run_id = 1 AND epoch = 6"
differs "and 4" "UPDATE gradients SET weight_norm = 0 WHERE run_id = 1"
differs "it finished after epoch 6, recorded is stopped after epoch 6" "UPDATE runs SET status = 'stopped' WHERE id = 1"

# What cannot be verified.
expect_exit 2 "$FELL" verify 9 --db all.db
expect_text err "9"
expect_exit 2 "$FELL" verify 1 --db none.db
cp all.db empty.db
sqlite3 empty.db "UPDATE runs SET status = 'queued', epochs_done = 0 WHERE id = 1; DELETE FROM epochs WHERE run_id = 1"
expect_exit 2 "$FELL" verify 1 --db empty.db
expect_text err "run 1 cannot be verified: it is queued and has no recorded epoch"
cp rows.csv rows.bak
echo '3,3,1' >>rows.csv
expect_exit 2 "$FELL" verify 1 --db all.db
expect_text err "cannot be verified" "rows.csv"
expect_empty out
expect_exit 0 "$FELL" replay 1 --db all.db
expect_text err "note: " "rows.csv"
mv rows.csv gone.csv
expect_exit 2 "$FELL" verify 1 --db all.db
expect_text err "rows.csv"
expect_exit 1 "$FELL" replay 1 --db all.db
expect_text err "rows.csv" "run 1 failed after 0 epochs"
mv rows.bak rows.csv

# However a run ended.
write_spec stopped.yaml
expect_exit 0 "$FELL" run stopped.yaml --quiet --db ends.db \
    'train={epochs: 50, batch_size: 0, early_stopping: {monitor: train.loss, patience: 2, min_delta: 1.0}}' name=stopped
crasher_spec diverged.yaml live 'train: {epochs: 50, batch_size: 0}'
expect_exit 1 "$FELL" run diverged.yaml --plugin ./crasher.so --quiet --db ends.db optimizer.sgd.lr=100
crasher_spec slow.yaml dawdle 'train: {epochs: 90, batch_size: 0}' 'checkpoint: {every: 1}'
"$FELL" run slow.yaml --plugin ./crasher.so --quiet --db ends.db >out 2>err &
runner=$!
wait_until ends.db "SELECT count(*) >= 3 FROM epochs JOIN runs AS r ON r.id = run_id WHERE r.status = 'running'"
kill -INT $runner
wait $runner || true
expect_sql ends.db "stopped,diverged,interrupted" "SELECT group_concat(status) FROM runs"
verified 1 ends.db "$(sqlite3 ends.db 'SELECT count(*) FROM epochs WHERE run_id = 1')"
plugin=./crasher.so
verified 2 ends.db "$(sqlite3 ends.db 'SELECT count(*) FROM epochs WHERE run_id = 2')"
# A database loads no code by itself: a plugin that it names is told, and not opened.
cat >evil.c <<'END'
#include <fcntl.h>
__attribute__((constructor)) static void run(void)
{
    open("loaded", O_CREAT | O_WRONLY, 0600);
}
END
${CC:-cc} -shared -fPIC evil.c -o evil.so
cp all.db evil.db
sqlite3 evil.db "UPDATE plugins SET path = '$PWD/evil.so', sha256 = '$(sha256sum <evil.so | cut -c 1-64)'"
verified 1 all.db 6
for command in verify replay "export --safetensors never.safetensors" retry; do
    sqlite3 evil.db "UPDATE plugins SET name = 'evil' WHERE kind = 'layer' AND name = 'dropout'"
    [ "$command" != retry ] || sqlite3 evil.db "UPDATE runs SET status = 'failed'"
    expect_exit "$([ "${command#export}" = "$command" ] && echo 2 || echo 1)" "$FELL" $command 1 --db evil.db
    expect_text err "the layer 'evil' is in no plugin folder; it was '$PWD/evil.so'" "name the file with --plugin"
    [ ! -e loaded ] || fail "$command ran code that the database names"
done
[ ! -e never.safetensors ] || fail "weights came from nowhere"
expect_exit 2 "$FELL" verify 3 --db ends.db
expect_text err "'$PWD/crasher.so': a database loads no code by itself"
verified 3 ends.db "$(sqlite3 ends.db 'SELECT count(*) FROM epochs WHERE run_id = 3')"
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db ends.db
expect_sql ends.db 1 "SELECT count(*) FROM events WHERE run_id = 3 AND kind = 'resumed'"
verified 3 ends.db 90
plugin=
write_sweep pruned.yaml
sed -i 's/^sweep:/sweep:\n  pruner: {median: {startup: 1, interval: 3, lag: 0}}/' pruned.yaml
expect_exit 0 "$FELL" run pruned.yaml --quiet --db pruned.db --jobs 1
pruned=$(sqlite3 pruned.db "SELECT max(id) FROM runs WHERE status = 'pruned'")
verified "$pruned" pruned.db "$(sqlite3 pruned.db "SELECT epochs_done FROM runs WHERE id = $pruned")"

# A plugin that was changed, and one that is gone.
cp crasher.so crasher.bak
${CC:-cc} -std=c17 -D_GNU_SOURCE -O0 -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/crasher.c" -o crasher.so
expect_exit 2 "$FELL" verify 3 --db ends.db --plugin ./crasher.so
expect_text err "run 3 cannot be verified: the activation 'crasher'" "crasher.so) has changed since"
expect_exit 0 "$FELL" replay 3 --db ends.db --plugin ./crasher.so
expect_text err "note: the activation 'crasher'" "has changed since"
expect_text out "run 3 finished after 90 epochs"
mkdir elsewhere
cp crasher.bak elsewhere/crasher.so
rm crasher.so
expect_exit 2 "$FELL" verify 3 --db ends.db
expect_text err "crasher.so': a database loads no code by itself"
expect_exit 0 "$FELL" verify 3 --db ends.db --plugin elsewhere/crasher.so

# A run that crashed crashes again; with a plugin that does not, it ends well.
cp crasher.bak crasher.so
crasher_spec crash.yaml segfault 'train: {epochs: 4, batch_size: 0}'
expect_exit 1 "$FELL" run crash.yaml --plugin ./crasher.so --db crash.db
expect_text err "to see it again: fell replay 1 --db crash.db --plugin ./crasher.so"
expect_exit 1 "$FELL" replay 1 --db crash.db --plugin ./crasher.so
expect_text err "run 1 crashed after 0 epochs: SIGSEGV (Segmentation fault) in layer 'boom' (backward)"
expect_sql crash.db "crashed|0" "SELECT status, epochs_done FROM runs"
sed 's/\*(volatile int \*)16 = 1;/(void)0;/' "$srcdir/tests/cli/crasher.c" >mended.c
${CC:-cc} -std=c17 -D_GNU_SOURCE -I"$srcdir/include" -shared -fPIC mended.c -o mended.so
expect_exit 0 "$FELL" replay 1 --db crash.db --plugin ./mended.so
expect_text err "note: the activation 'crasher'" "has changed since"
expect_text out "epoch 4 of 4" "run 1 finished after 4 epochs"

# The epochs of a replay are those recorded.
expect_exit 0 "$FELL" replay 2 --db all.db --json
tail -n 1 out >last
expect_json last "2|finished|6" "j ->> 'run' || '|' || (j ->> 'status') || '|' || (j ->> 'epochs')"
sed -n 3p out >third
expect_sql all.db 1 "SELECT train_loss = json_extract(CAST(readfile('third') AS TEXT), '\$.train_loss') FROM epochs WHERE run_id = 2 AND epoch = 3"
