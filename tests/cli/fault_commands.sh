#!/bin/bash
# Calls that fail in the commands beside run: at the nth write, sync, reading, opening or allocation none crashes or
# hangs; what fails is named; one that ends well has the answer that it has without the fault; databases that are
# only read stay as they are; what merge, export and retry were to make is made by calling them again.
#
#     FELL=build/fell FAULTS=all bash tests/cli/fault_commands.sh     every n up to the last
#
# FAULTS_IN="merge retry" tries these commands alone. See fault_lib.sh.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/fault_lib.sh"

# ---- two databases, one with a run that failed -------------------------------------------------
cat >a.yaml <<'END'
seed: 3
data: {source: xor}
model: [{dense: {units: 3, activation: tanh}}, {dense: {units: 1, activation: sigmoid}}]
loss: mse
optimizer: {sgd: {lr: 0.5}}
train: {epochs: 3, batch_size: 0}
checkpoint: {every: 1, keep: [last, best]}
sweep: {over: {optimizer.sgd.lr: [0.5, 0.1]}}
END
"$FELL" run a.yaml --quiet --db a.db || fail "the first sweep"
"$FELL" run a.yaml seed=4 checkpoint=null --quiet --db b.db || fail "the second sweep"
cp -r a.db failed.db && cp -r a.db.checkpoints failed.db.checkpoints
sqlite3 failed.db "UPDATE runs SET status = 'failed', error = 'it was to be' WHERE id = 2"

rows_of() {
    sqlite3 "$1" "SELECT trial, seed, uid, status, epochs_done FROM runs ORDER BY uid;
        SELECT uid, epoch, hex(train_loss), hex(grad_norm_mean) FROM epochs JOIN runs ON runs.id = run_id ORDER BY 1, 2;
        SELECT uid, epoch, c.sha256 FROM checkpoints AS c JOIN runs ON runs.id = run_id ORDER BY 1, 2, 3" 2>&1
}
# What a command has made, as text: the answer that it is held against.
merged() { rows_of m.db; }
exported() { sha256sum <e.safetensors; }
retried() { rows_of r.db; }
answered() { cat out; }
made_of() {
    case $1 in
    merge) merged ;;
    export) exported ;;
    retry) retried ;;
    *) answered ;;
    esac
}
begin_anew() {
    rm -rf m.db* r.db* e.safetensors
    if [ "$1" = retry ]; then
        cp failed.db r.db
        cp -r failed.db.checkpoints r.db.checkpoints
    fi
}
sources() { find a.db* b.db* failed.db* -type f ! -name '*-shm' ! -name '*-wal' -print0 | sort -z | xargs -0 sha256sum; }

# one KIND ERRNO AT COMMAND...
one() {
    what="$1 $2 at $3 in: fell ${*:4}"
    begin_anew "$4"
    faulted "$1" "$2" "$4" "$3" "$FELL" "${@:4}"
    if [ $got = 0 ]; then
        made_of "$4" >now
        cmp -s good now || fail "$what: it ended well, with another answer: $(diff good now | head -5)"
    fi
    sources >after
    cmp -s before after || fail "$what: what was only read is changed: $(diff before after | head -5)"
    case $4 in
    merge | export | retry)
        "$FELL" "${@:4}" >out 2>err
        # A run that failed by the fault is tried again.
        [ "$4" != retry ] || [ "$(sqlite3 r.db "SELECT count(*) FROM runs WHERE status <> 'finished'")" = 0 ] ||
            timeout 60 "$FELL" retry a --db r.db --quiet --status failed,out_of_memory,crashed >out 2>err
        made_of "$4" >now
        cmp -s good now || fail "$what: called again, it makes something else: $(diff good now | head -5) $(cat err)"
        left=$(find . -maxdepth 1 \( -name 'm.db.*' -o -name '*.tmp*' -o -name '*.new*' -o -name '*.part*' -o -name '.fell*' \) \
            ! -name m.db.checkpoints | head -3)
        [ -z "$left" ] || fail "$what: it leaves $left"
        ;;
    esac
}
# command NAME...: with each kind of fault, at some n or all.
command() {
    case " ${FAULTS_IN:-$1} " in *" $1 "*) ;; *) return ;; esac
    begin_anew "$1"
    timeout 60 "$FELL" "$@" >out 2>err || fail "without a fault: fell $*: $(cat err)"
    made_of "$1" >good
    # Opened once, a database has the files beside it that it keeps.
    sources >before
    told=
    for fault in disk:28 disk:5 sync:5 read:5 open:24 memory:12; do
        begin_anew "$1"
        calls "${fault%:*}" "$1" "$FELL" "$@"
        told="$told ${fault%:*} $last"
        for n in $(spread 2 "$last"); do
            one "${fault%:*}" "${fault#*:}" "$n" "$@"
        done
    done
    echo "fell $*:$told calls"
}
command merge a.db b.db -o m.db
command export 1 --safetensors e.safetensors --db a.db
command export 2 --safetensors e.safetensors --db b.db
command retry a --db r.db --quiet
command verify 1 --db b.db --json
command show 1 --db a.db --json
command show 2 --db a.db
command report --db a.db --json
command runs --db a.db --json
command best a --db a.db --json
command compare 1 2 --db a.db --json
command check a.yaml
command plan a.yaml --json
echo "$tried faults; none crashed, hung, or gave another answer"
