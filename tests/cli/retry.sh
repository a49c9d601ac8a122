#!/bin/sh
# fell retry: runs that failed are trained again from what is stored, the others are left alone; the rows are
# those of an experiment in which nothing failed.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

rows_of() {
    sqlite3 "$1" "SELECT r.id, r.trial, r.repeat, r.seed, r.status, r.epochs_done, r.error, r.signal FROM runs AS r ORDER BY r.id;
        SELECT run_id, epoch, hex(train_loss), hex(grad_norm_mean) FROM epochs ORDER BY 1, 2;
        SELECT run_id, epoch, position, hex(weight_norm) FROM gradients ORDER BY 1, 2, 3;
        SELECT run_id, path, value FROM run_params ORDER BY 1, 2"
}

# Where the file `died` is not there, the first run that looks dies, and makes it.
crasher_spec once.yaml once 'train: {epochs: 4, batch_size: 0}' 'repeats: 2' \
    'sweep: {over: {optimizer.sgd.lr: [0.1, 0.01]}}'
expect_exit 1 "$FELL" run once.yaml --plugin ./crasher.so --jobs 1 --quiet --db once.db
expect_sql once.db "crashed,finished,finished,finished" "SELECT group_concat(status) FROM runs"
cp once.db again.db
mv once.yaml gone.yaml
others="SELECT group_concat(started_at || finished_at || worker) FROM runs WHERE id > 1"
before=$(sqlite3 once.db "$others")

# Not those of another status.
expect_exit 0 "$FELL" retry once --db once.db --status failed,timed_out --plugin ./crasher.so
expect_text out "nothing to do: no run of once is failed,timed_out"
expect_sql once.db 4 "SELECT count(*) FROM events WHERE kind = 'started'"

expect_exit 0 "$FELL" retry once --db once.db --jobs 1 --plugin ./crasher.so
expect_text out "once: 4 runs, 4 finished, 0 failed" "fell best once --db once.db"
expect_sql once.db "started,crashed,requeued,started" \
    "SELECT group_concat(kind) FROM events WHERE run_id = 1 AND kind IN ('started', 'crashed', 'requeued')"
expect_sql once.db 1 "SELECT detail LIKE 'crashed: SIGABRT%boom%' FROM events WHERE kind = 'requeued'"
expect_sql once.db "$before" "$others"
expect_sql once.db ok "PRAGMA integrity_check"
rows_of once.db >retried
expect_exit 0 "$FELL" run gone.yaml name=once --plugin ./crasher.so --quiet --db whole.db
rows_of whole.db >whole
cmp whole retried || fail "a retried run has other rows"
expect_exit 0 "$FELL" verify 1 --db once.db --plugin ./crasher.so
expect_exit 0 "$FELL" retry once --db once.db --plugin ./crasher.so
expect_text out "nothing to do: no run of once has failed"

# It is the same experiment for `fell run`.
expect_exit 0 "$FELL" run gone.yaml name=once --plugin ./crasher.so --db once.db
expect_text out "finished already (experiment 1)"

# By number, in JSON, with runs that wait as well.
sqlite3 again.db "UPDATE runs SET status = 'queued', epochs_done = 0 WHERE id = 3; DELETE FROM epochs WHERE run_id = 3;
    DELETE FROM gradients WHERE run_id = 3; DELETE FROM metrics WHERE run_id = 3"
expect_exit 0 "$FELL" retry 1 --db again.db --status crashed --json --plugin ./crasher.so
tail -n 1 out >last
expect_json last "summary|4|4|0" "j ->> 'event' || '|' || (j ->> 'runs') || '|' || (j ->> 'finished') || '|' || (j ->> 'failed')"
rows_of again.db >retried
cmp whole retried || fail "with runs that waited there are other rows"

# What fails again has failed again; `retries` begin anew.
crasher_spec fails.yaml fail 'train: {epochs: 2, batch_size: 0}' 'retries: 1'
expect_exit 1 "$FELL" run fails.yaml --plugin ./crasher.so --quiet --db fails.db
expect_exit 1 "$FELL" retry fails --quiet --db fails.db --plugin ./crasher.so
expect_text err "it is enough"
expect_sql fails.db "failed|1|4|2" "SELECT status, error LIKE '%it is enough%', (SELECT count(*) FROM events WHERE kind = 'started'),
    (SELECT count(*) FROM events WHERE kind = 'retried') FROM runs"

# Interrupted, it goes on.
crasher_spec slow.yaml dawdle 'train: {epochs: 60, batch_size: 0}' 'limits: {seconds: 0.2}'
expect_exit 1 "$FELL" run slow.yaml --plugin ./crasher.so --quiet --db slow.db
expect_sql slow.db timed_out "SELECT status FROM runs"
sqlite3 slow.db "UPDATE runs SET resolved = json_remove(resolved, '\$.limits')"
"$FELL" retry slow --db slow.db --plugin ./crasher.so >out 2>err &
runner=$!
wait_until slow.db "SELECT count(*) >= 3 FROM epochs JOIN runs AS r ON r.id = run_id WHERE r.status = 'running'"
kill -STOP $runner
expect_exit 2 "$FELL" retry slow --db slow.db --quiet --plugin ./crasher.so
expect_text err "another fell process is running this very experiment now"
kill -INT $runner
kill -CONT $runner
got=0
wait $runner || got=$?
[ $got = 130 ] || fail "an interrupted retry ended with $got"
expect_exit 0 "$FELL" retry slow --db slow.db --plugin ./crasher.so
expect_sql slow.db "finished|60|60" "SELECT status, epochs_done, (SELECT count(*) FROM epochs) FROM runs"

# What cannot be.
expect_exit 2 "$FELL" retry onec --db once.db
expect_text err "onec" "once"
expect_exit 2 "$FELL" retry once --db once.db --status crasht --plugin ./crasher.so
expect_text err "'once' cannot be retried: no run can be retried for its status 'crasht'; did you mean 'crashed'?"
expect_exit 2 "$FELL" retry once --db once.db --status crashed,finished --plugin ./crasher.so
expect_text err "no run can be retried for its status 'finished'"
expect_exit 2 "$FELL" retry once --db none.db
[ ! -e none.db ] || fail "a database was made"
write_sweep pruned.yaml
sed -i 's/^sweep:/sweep:\n  pruner: {median: {startup: 1, interval: 3, lag: 0}}/' pruned.yaml
expect_exit 0 "$FELL" run pruned.yaml --quiet --db pruned.db
sqlite3 pruned.db "UPDATE runs SET status = iif(id = 8, 'queued', 'crashed') WHERE id >= 7"
expect_exit 2 "$FELL" retry pruned --db pruned.db
expect_text err "1 run waits for what its strategy or pruner decides"
sqlite3 pruned.db "UPDATE runs SET status = 'crashed' WHERE id >= 7"
expect_exit 0 "$FELL" retry pruned --quiet --db pruned.db
expect_sql pruned.db "finished|20,finished|20" "SELECT group_concat(status || '|' || epochs_done) FROM runs WHERE id >= 7"

# On other data or with another plugin it would be another experiment.
printf 'a,b,y\n1,2,0\n2,1,1\n3,2,0\n2,3,1\n' >rows.csv
sed 's/source: xor/source: {csv: {path: rows.csv, target: y}}/' fails.yaml >csv.yaml
expect_exit 1 "$FELL" run csv.yaml --plugin ./crasher.so --quiet --db csv.db
echo '5,5,1' >>rows.csv
expect_exit 2 "$FELL" retry csv --db csv.db --plugin ./crasher.so
expect_text err "'csv' cannot be retried: " "rows.csv"
${CC:-cc} -std=c17 -D_GNU_SOURCE -O0 -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/crasher.c" -o crasher.so
expect_exit 2 "$FELL" retry fails --db fails.db --plugin ./crasher.so
expect_text err "'fails' cannot be retried: the activation 'crasher'" "has changed since; fell run with its spec trains all of it anew"
expect_sql fails.db "failed|4" "SELECT status, (SELECT count(*) FROM events WHERE kind = 'started') FROM runs"
