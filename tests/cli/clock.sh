#!/bin/sh
# A time of day that jumps by years while a sweep runs: no row but its times is another, nothing waits for it.
. "${srcdir:-.}/tests/cli/lib.sh"
build_shim clock_shim.c
write_sweep sweep.yaml
echo 'checkpoint: {every: 5, keep: [last, best]}' >>sweep.yaml
rows_of() {
    sqlite3 "$1" "SELECT trial, repeat, seed, uid, status, epochs_done, error FROM runs ORDER BY 1, 2;
        SELECT run_id, epoch, hex(train_loss), hex(grad_norm_mean) FROM epochs ORDER BY 1, 2;
        SELECT run_id, epoch, sha256 FROM checkpoints ORDER BY 1, 2;
        SELECT count(*) FROM runs WHERE seconds < 0 OR seconds > 1000"
}
expect_exit 0 "$FELL" run sweep.yaml --quiet --db calm.db
rows_of calm.db >calm
LD_PRELOAD=$PWD/shim.so CLOCK_SEED=3 timeout 60 "$FELL" run sweep.yaml --quiet --db jumps.db >out 2>err || fail "$(cat out err)"
rows_of jumps.db >jumps
cmp calm jumps || fail "the clock changed rows: $(diff calm jumps | head -5)"
# The clock did jump.
expect_sql jumps.db 1 "SELECT max(julianday(at)) - min(julianday(at)) > 300 FROM events"
LD_PRELOAD=$PWD/shim.so CLOCK_SEED=4 timeout 60 "$FELL" report --db jumps.db >out 2>err || fail "report: $(cat err)"
LD_PRELOAD=$PWD/shim.so CLOCK_SEED=5 timeout 60 "$FELL" runs --db jumps.db >out 2>err || fail "runs: $(cat err)"
