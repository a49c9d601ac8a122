#!/bin/sh
# Ctrl-C, and kill -9 of the runner and of a worker: what was recorded stays, each run says what
# became of it, no process is left, and the experiment can be begun anew.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec slow.yaml dawdle 'train: {epochs: 1000, batch_size: 0}' 'repeats: 3'

# start DATABASE ARGUMENT...: a run in the background that has recorded three epochs.
start() {
    db=$1
    shift
    "$FELL" run slow.yaml --plugin ./crasher.so --db "$db" --jobs 1 "$@" >out 2>err &
    runner=$!
    wait_until "$db" "SELECT count(*) >= 3 FROM epochs JOIN runs ON id = run_id WHERE status = 'running'"
    workers=$(children $runner)
    [ -n "$workers" ] || fail "no worker is a child of the runner"
}

# finish STATUS: the runner ends with it, and its workers are gone.
finish() {
    got=0
    wait $runner || got=$?
    [ $got = "$1" ] || fail "the runner ended with $got, not $1: $(cat err)"
    for worker in $workers; do
        for _ in $(seq 100); do
            [ -d /proc/$worker ] && ! grep -q '^State:.Z' /proc/$worker/status 2>/dev/null || continue 2
            sleep 0.05
        done
        fail "worker $worker lives on"
    done
}

# Ctrl-C: the run that was trained is interrupted, the others are still queued.
start int.db
kill -INT $runner
finish 130
expect_sql int.db "interrupted|1|0
queued|0|1
queued|0|1" "SELECT status, started_at IS NOT NULL, finished_at IS NULL FROM runs ORDER BY id"
expect_sql int.db "1|1" "SELECT epochs_done = (SELECT max(epoch) FROM epochs), epochs_done >= 3 FROM runs WHERE id = 1"
expect_sql int.db ok "PRAGMA integrity_check"
[ ! -e int.db-wal ] || [ ! -s int.db-wal ] || fail "the database was not closed"

# Run again, it goes on: the run that was cut short from where it was.
start int.db
expect_sql int.db "1|3" "SELECT count(DISTINCT experiment_id), count(*) FROM runs"
expect_sql int.db "started,started,resumed" "SELECT group_concat(kind) FROM events WHERE run_id = 1"

# Meanwhile nobody else may run it.
expect_exit 2 "$FELL" run slow.yaml --plugin ./crasher.so --db int.db --new
expect_text err "another fell process is running this very experiment now"

# The runner is killed: nothing is lost but the end.
kill -9 $runner
finish 137
expect_sql int.db ok "PRAGMA integrity_check"
expect_sql int.db "running,queued,queued|1|1" "SELECT (SELECT group_concat(status) FROM runs),
    (SELECT count(*) >= 3 AND count(*) = max(epoch) FROM epochs), (SELECT count(*) FROM gradients) = 4 * count(*) FROM epochs"

# Another experiment of the name, while this one is unfinished: the difference is shown.
expect_exit 2 "$FELL" run slow.yaml --plugin ./crasher.so --db int.db train.epochs=2 repeats=1
expect_text err "another experiment 'slow' (number 1) is not finished; --extend adds the new trials to it, --new starts this one beside it." \
    "-   epochs: 1000" "+   epochs: 2" "- repeats: 3" "+ repeats: 1"
expect_no_text err "units: 4"
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --db int.db --new train.epochs=2 repeats=1
expect_sql int.db "slow|3
slow|1" "SELECT name, count(*) FROM experiments AS x JOIN runs AS r ON r.experiment_id = x.id GROUP BY x.id"

# A worker is killed: its run has crashed, the next ones are trained by another.
start worker.db train.epochs=100
kill -9 $workers
finish 1
expect_sql worker.db "crashed|9|1
finished||1
finished||1" "SELECT status, signal, epochs_done = (SELECT count(*) FROM epochs WHERE run_id = id) FROM runs"
expect_text err "crashed after" "SIGKILL (Killed); the system does that when memory is out"

# SIGTERM ends it like Ctrl-C, and says that it is to go on later.
start term.db
kill -TERM $runner
finish 75
expect_sql term.db "interrupted,queued,queued" "SELECT group_concat(status) FROM runs"

# The end of its terminal, and a signal to it and to its group at once (timeout does that), are one request to stop;
# so are the warnings that Slurm sends to all processes of a job.
for sig in HUP TERM INT USR1 USR2; do
    wanted=130
    case $sig in
    TERM | USR?) wanted=75 ;;
    esac
    rm -rf group.db*
    setsid "$FELL" run slow.yaml --plugin ./crasher.so --db group.db --jobs 1 >out 2>err &
    runner=$!
    wait_until group.db "SELECT count(*) >= 3 FROM epochs"
    kill -$sig $runner -$runner
    got=0
    wait $runner || got=$?
    [ $got = $wanted ] || fail "$sig: the runner ended with $got: $(cat err)"
    expect_sql group.db "interrupted,queued,queued" "SELECT group_concat(status) FROM runs"
    [ -s group.db.checkpoints/1/pause.safetensors ] || fail "$sig: no state was kept"
done

# A warning before SIGTERM is not the second request: the epoch comes to its end.
start both.db
kill -USR1 $runner
kill -TERM $runner 2>/dev/null || : # it may be done
finish 75
[ -s both.db.checkpoints/1/pause.safetensors ] || fail "no state was kept"

# nohup lets it live when its terminal goes.
(trap '' HUP && exec "$FELL" run slow.yaml --plugin ./crasher.so --db hup.db train.epochs=60 repeats=1 >out 2>err) &
runner=$!
wait_until hup.db "SELECT count(*) >= 3 FROM epochs"
kill -HUP $runner
wait $runner || fail "a signal that was ignored ended it: $(cat err)"
expect_sql hup.db "finished|60" "SELECT status, epochs_done FROM runs"
