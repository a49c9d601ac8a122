#!/bin/bash
# Calls that fail: the disk is full or broken, no file can be opened, memory is out. At the nth write, sync, opening or
# allocation of the runner or of a worker, a sweep with checkpoints must neither crash nor hang; it says what
# failed; what it reported is there; and run again without the fault it has the rows of a sweep left alone.
#
#     FELL=build/fell FAULTS=all bash tests/cli/faults.sh     every n up to the last (hours)
#
# FAULTS_OF="disk read" tries these kinds alone, FAULTS_WHO=worker this process; FAULTS_FROM=100 begins with the 100th
# call, FAULTS_EVERY=7 takes every seventh. See fault_lib.sh.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/fault_lib.sh"
cat >sweep.yaml <<'END'
seed: 3
data: {source: xor}
model:
  - dense: {units: 4, activation: tanh}
  - dense: {units: 1, activation: sigmoid}
loss: mse
optimizer: {sgd: {lr: 0.5}}
train: {epochs: 6, batch_size: 0}
checkpoint: {every: 2, keep: [last]}
sweep: {over: {optimizer.sgd.lr: [0.5, 0.1]}}
END
run="$FELL run sweep.yaml --jobs 1 --quiet"
rows_of() {
    sqlite3 "$1" "SELECT trial, seed, uid, status, epochs_done, error FROM runs ORDER BY 1;
        SELECT run_id, epoch, hex(train_loss), hex(grad_norm_mean) FROM epochs ORDER BY 1, 2;
        SELECT run_id, epoch, position, hex(weight_norm) FROM gradients ORDER BY 1, 2, 3;
        SELECT run_id, epoch, sha256 FROM checkpoints ORDER BY 1, 2"
}
$run --db whole.db >out 2>err || fail "the undisturbed sweep: $(cat err)"
rows_of whole.db >whole

# one KIND ERRNO WHO AT [ON]
one() {
    what="$1 $2 in $3 at $4 ${5:+and on}"
    rm -rf f.db*
    faulted "$1" "$2" "$3" "$4" ${5:+env FAULT_ON=1} $run --db f.db
    if [ $got != 0 ]; then
        # A run that failed has its reason as a row.
        sqlite3 f.db 'SELECT error FROM runs' >>err 2>/dev/null
        case $2 in
        28) grep -qE 'the disk is full|No space left' err || fail "$what: nothing says that the disk is full: $(cat err)" ;;
        24) grep -qiE 'too many (open files|files (may be )?open)' err || fail "$what: nothing says that too many files are open: $(cat err)" ;;
        esac
    fi
    if [ -s f.db ]; then
        [ "$(sqlite3 f.db 'PRAGMA integrity_check')" = ok ] || fail "$what: the database is broken"
        if [ $got = 0 ]; then
            rows_of f.db >after
            cmp -s whole after || fail "$what: it ended well, with other rows: $(diff whole after | head -5)"
        fi
    fi
    # Where nothing was stored there is nothing to go on with.
    [ -e f.db ] || return 0
    # A run that failed is tried again, others go on.
    timeout 60 $run --db f.db >out 2>err
    sqlite3 f.db "SELECT count(*) FROM runs WHERE status = 'failed'" >failed
    [ "$(cat failed)" = 0 ] || timeout 60 "$FELL" retry sweep --quiet --db f.db --status failed,out_of_memory,crashed >out 2>err
    [ "$(sqlite3 f.db "SELECT count(*) FROM runs WHERE status <> 'finished'")" = 0 ] ||
        timeout 60 "$FELL" retry sweep --quiet --db f.db --status failed,out_of_memory,crashed >out 2>err
    rows_of f.db | grep -v '|last' >after
    cmp -s whole after || fail "$what: afterwards there are other rows: $(diff whole after | head -5) $(cat err)"
}
# kind KIND ERRNO WHO: for some n, or all.
kind() {
    case " ${FAULTS_OF:-$1} " in *" $1 "*) ;; *) return ;; esac
    [ "${FAULTS_WHO:-$3}" = "$3" ] || return 0
    calls "$1" "$3" $run --db n.db
    rm -rf n.db*
    [ "$last" -gt 0 ] || fail "$3 makes no call of the kind $1"
    for n in $(spread 3 "$last"); do
        one "$1" "$2" "$3" "$n"
        [ "$1" = memory ] || one "$1" "$2" "$3" "$n" on
    done
    echo "$1 ($2) in $3: $last calls"
}
kind disk 28 run
kind disk 5 run
kind sync 5 run
kind sync 28 run
kind disk 28 worker
kind sync 5 worker
kind read 5 run
kind read 5 worker
kind open 24 run
kind open 24 worker
kind memory 12 run
kind memory 12 worker
echo "$tried faults, none lost a row"
