#!/bin/sh
# The last runs that are open had reached rungs of a pruner when the runner was stopped: they go on, and what follows
# them does too. (All are put aside at first, since what is decided is found again, and nobody else wakes them.)
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec sweep.yaml dawdle 'train: {epochs: 30, batch_size: 0}' 'checkpoint: {every: 5, keep: [last]}' \
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
expect_sql r.db "finished|30
finished|30" "SELECT status, (SELECT count(*) FROM epochs WHERE run_id = id) FROM runs ORDER BY id"
# From its checkpoint.
expect_sql r.db 0 "SELECT count(*) FROM events WHERE detail = 'from its beginning'"
