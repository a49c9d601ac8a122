#!/bin/sh
# The last runs that are open had reached rungs of a pruner when the runner was stopped: they go on, and what follows
# them does too. (All are put aside at first, since what is decided is found again, and nobody else wakes them.) Runs that
# are left at the end though nothing stopped them are an error.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec sweep.yaml dawdle 'train: {epochs: 100, batch_size: 0}' 'checkpoint: {every: 5, keep: [last]}' \
    'sweep: {over: {optimizer.sgd.lr: [0.1, 0.5]}, objective: {minimize: train.loss}, pruner: {asha: {minimum: 2, reduction: 2, lag: 1}}}'
sed -i 's/^optimizer: sgd/optimizer: {sgd: {lr: 0.1}}/' sweep.yaml
"$FELL" run sweep.yaml --plugin ./crasher.so --quiet --jobs 1 --db r.db >out 2>err &
runner=$!
wait_until r.db "SELECT count(*) >= 7 FROM epochs WHERE run_id = 2"
kill -TERM $runner
wait $runner || :
expect_sql r.db "finished
interrupted" "SELECT status FROM runs ORDER BY id"
expect_exit 0 timeout 60 "$FELL" run sweep.yaml --plugin ./crasher.so --quiet --jobs 1 --db r.db
expect_sql r.db "finished|100
finished|100" "SELECT status, (SELECT count(*) FROM epochs WHERE run_id = id) FROM runs ORDER BY id"
# From its checkpoint.
expect_sql r.db 0 "SELECT count(*) FROM events WHERE detail = 'from its beginning'"

# Another program says of a run that ended that it is to be run, too late for the runner to see: that is told, and is no
# success. Run again, it is made.
crasher_spec left.yaml dawdle 'train: {epochs: 150, batch_size: 0}' 'sweep: {over: {optimizer.sgd.lr: [0.1, 0.5]}}'
sed -i 's/^optimizer: sgd/optimizer: {sgd: {lr: 0.1}}/' left.yaml
"$FELL" run left.yaml --plugin ./crasher.so --quiet --jobs 1 --db l.db >out 2>err &
runner=$!
wait_until l.db "SELECT count(*) >= 1 FROM epochs WHERE run_id = 2"
sqlite3 -cmd '.timeout 5000' l.db "UPDATE runs SET status = 'queued' WHERE id = 1"
got=0
wait $runner || got=$?
[ "$got" = 1 ] || fail "the runner ended with $got"
expect_text err "1 runs are left, though nothing stopped them; run it again"
expect_exit 0 "$FELL" run left.yaml --plugin ./crasher.so --quiet --jobs 1 --db l.db
expect_sql l.db 2 "SELECT count(*) FROM runs WHERE status = 'finished'"
