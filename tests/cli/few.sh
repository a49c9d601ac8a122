#!/bin/sh
# More workers than the system lets start: those that can be go on, and the others are told of.
. "${srcdir:-.}/tests/cli/lib.sh"
write_spec few.yaml
cat >>few.yaml <<'END'
sweep: {strategy: {random: {trials: 60}}, over: {optimizer.sgd.lr: {range: [0.01, 1]}}}
checkpoint: {every: 10, keep: [last]}
END
expect_exit 0 "$FELL" run few.yaml --quiet --db whole.db --jobs 2
rows="SELECT trial, status, epochs_done, hex(final) FROM (SELECT r.trial, r.status, r.epochs_done, (SELECT train_loss FROM
    epochs WHERE run_id = r.id ORDER BY epoch DESC LIMIT 1) AS final FROM runs AS r) ORDER BY 1"

# few DATABASE LIMIT [AS...]: with so many workers, under that limit.
few() {
    db=$1 limit=$2
    shift 2
    expect_exit 0 "$@" prlimit "$limit" "$FELL" run few.yaml --db "$db" --jobs 100
    cat out err >said
    expect_text said "cannot start a worker process" "; the sweep goes on with " "of 60 workers"
    sqlite3 whole.db "$rows" >wanted
    sqlite3 "$db" "$rows" >got
    cmp wanted got || fail "under $limit there are other rows"
}
few files.db --nofile=64 env

# No file at all is left for a worker.
expect_exit 2 prlimit --nofile=12 "$FELL" run few.yaml --db none.db
cat out err >said
expect_text said "Too many open files"

# Processes are counted for other users than root alone.
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --clear-groups "$FELL" --version >/dev/null 2>&1; then
    chmod 777 .
    few processes.db --nproc=4 setpriv --reuid 65534 --clear-groups env FELL_CACHE=off
fi
