#!/bin/bash
# A sweep whose runner and workers are killed and stopped at random instants, under a clock that jumps, again and
# again, and continued each time: its rows are those of the same sweep left alone. At random instants, too, all files of
# its database are copied, as a loss of power would leave them: each copy is whole and has rows of that sweep alone.
#
#     FELL=build/fell bash tests/soak.sh [KILLS [TRIALS [STRATEGY]]]      (make soak: 1,000 kills, tpe)
#
# The instants are drawn from SOAK_SEED, printed at the start. cli/soak.sh is the short form.
export srcdir="${srcdir:-$(dirname "$0")/..}"
. "$srcdir/tests/cli/lib.sh"
set +e
kills=${1:-1000} trials=${2:-2000} strategy=${3:-tpe}
RANDOM=${SOAK_SEED:-$$}
echo "soak: $kills kills, $trials trials of $strategy, SOAK_SEED=${SOAK_SEED:-$$}"

cat >soak.yaml <<END
seed: 11
data: {source: {moons: {rows: 240}}, validation: 0.3}
model:
  - dense: {units: 6, activation: tanh}
  - dropout: {rate: 0.1}
  - dense: {units: 2}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
metrics: [accuracy]
train: {epochs: 48, batch_size: 8}
checkpoint: {every: 10, keep: [last]}
retries: 1000
sweep:
  strategy: {$strategy: {trials: $trials}}
  over:
    optimizer.adam.lr: {range: [1e-4, 1], log: true}
    model.0.dense.units: {range: [2, 8], type: int}
  objective: {maximize: validation.accuracy}
  pruner: {asha: {minimum: 2, reduction: 2, lag: 6}}
END

# Everything that is recorded but times, workers and what disturbed it.
rows_of() {
    sqlite3 "$1" "SELECT trial, repeat, seed, uid, status, epochs_done, error FROM runs ORDER BY 1, 2;
        SELECT r.trial, e.epoch, hex(train_loss), hex(validation_loss), hex(grad_norm_mean), hex(grad_norm_max), hex(lr),
            samples FROM epochs AS e JOIN runs AS r ON r.id = run_id ORDER BY 1, 2;
        SELECT r.trial, g.epoch, position, hex(grad_norm_mean), hex(weight_norm), hex(update_norm) FROM gradients AS g
            JOIN runs AS r ON r.id = run_id ORDER BY 1, 2, 3;
        SELECT r.trial, m.epoch, split, name, hex(value) FROM metrics AS m JOIN runs AS r ON r.id = run_id
            ORDER BY 1, 2, 3, 4;
        SELECT r.trial, path, value FROM run_params JOIN runs AS r ON r.id = run_id ORDER BY 1, 2;
        SELECT r.trial, detail FROM events JOIN runs AS r ON r.id = run_id WHERE kind = 'pruned' ORDER BY 1" | sha256sum
}

# Sanitizers want to be loaded first.
clock=
case $(ldd "$FELL") in
*libasan* | *libtsan*) echo "the clock does not jump: the program is built with a sanitizer" ;;
*) ${CC:-cc} -std=gnu17 -O1 -shared -fPIC "$srcdir/tests/cli/clock_shim.c" -o clock.so && clock=$PWD/clock.so ;;
esac

# Only the runner writes: while it stands still its files are as a loss of power would leave them.
copies=0
power_cut() {
    local more
    kill -STOP "$1" 2>/dev/null || return
    rm -rf power && mkdir power
    for more in '' -wal -shm; do
        [ ! -e "killed.db$more" ] || cp "killed.db$more" "power/copy.db$more"
    done
    sleep "$(printf '0.%03d' $((RANDOM % 100)))"
    kill -CONT "$1" 2>/dev/null
    [ -s power/copy.db ] || return
    copies=$((copies + 1))
    [ "$(sqlite3 power/copy.db 'PRAGMA integrity_check' 2>&1)" = ok ] || { echo "FAILED: the copy $copies is broken"; exit 1; }
    more=$(sqlite3 power/copy.db "ATTACH 'whole.db' AS w;
        SELECT count(*) FROM (SELECT trial, repeat, epoch, hex(train_loss), hex(grad_norm_mean) FROM main.epochs AS e
            JOIN main.runs AS r ON r.id = run_id EXCEPT SELECT trial, repeat, epoch, hex(train_loss), hex(grad_norm_mean)
            FROM w.epochs AS e JOIN w.runs AS r ON r.id = run_id);
        SELECT count(*) FROM (SELECT 1 FROM main.epochs GROUP BY run_id HAVING max(epoch) <> count(*))" 2>&1)
    [ "$more" = "0
0" ] || { echo "FAILED: the copy $copies has rows that the sweep has not, or holes: $more"; exit 1; }
}

begun=$(date +%s%N)
"$FELL" run soak.yaml --quiet --db whole.db --jobs 2 || { echo "the undisturbed sweep failed"; exit 1; }
# The kills are spread over less than the time that the sweep takes; in every other round they are rare enough for rows
# to be stored.
most=$((($(date +%s%N) - begun) / 3000000 / kills + 1)) # ms from one to the next
# One sweep that is disturbed, with most ms from kill to kill; how many there were is left in done_kills.
disturb() {
    begun=$(date +%s%N)
    done_kills=0 rounds=0 last=
    while [ $done_kills -lt "$kills" ]; do
        preload=
        [ $((rounds % 3)) != 1 ] || preload=$clock
        LD_PRELOAD=$preload CLOCK_SEED=$RANDOM "$FELL" run soak.yaml --quiet --db killed.db --jobs $((1 + RANDOM % 4)) >out 2>err &
        runner=$!
        # In three rounds of four not before something new is stored: starting takes a while, too.
        for _ in $(seq $((rounds % 4 ? 200 : 0))); do
            [ "$(sqlite3 killed.db 'SELECT max(id) FROM events' 2>/dev/null)" = "$last" ] || break
            sleep 0.02
        done
        # A few workers, then the runner.
        for _ in $(seq $((1 + RANDOM % 4))); do
            pause=$((most * (1 + rounds % 2 * 3)))
            sleep "$(printf '0.%03d' $((RANDOM % (pause < 999 ? pause : 999))))"
            worker=$(children $runner | shuf -n 1 --random-source=<(yes $RANDOM))
            case $((RANDOM % 4)) in
            0) power_cut $runner ;;
            1) [ -z "$worker" ] || { kill -STOP "$worker" && sleep 0.05 && kill -CONT "$worker"; } 2>/dev/null ;;
            esac
            [ -z "$worker" ] || ! kill -9 "$worker" 2>/dev/null || done_kills=$((done_kills + 1))
        done
        case $((RANDOM % 4)) in
        0) kill -TERM $runner 2>/dev/null && done_kills=$((done_kills + 1)) ;;
        *) kill -9 $runner 2>/dev/null && done_kills=$((done_kills + 1)) ;;
        esac
        wait $runner 2>/dev/null
        rounds=$((rounds + 1))
        [ ! -s killed.db ] || [ "$(sqlite3 killed.db 'PRAGMA integrity_check')" = ok ] || { echo "the database is broken"; exit 1; }
        last=$(sqlite3 killed.db 'SELECT max(id) FROM events' 2>/dev/null)
        over=$(sqlite3 killed.db "SELECT count(*) > 0 AND sum(status IN ('queued', 'running', 'interrupted')) = 0 FROM runs" 2>/dev/null)
        [ "${over:-0}" = 0 ] || break
    done
    "$FELL" run soak.yaml --quiet --db killed.db --jobs 2 >out 2>err || { echo "the last run failed: $(tail -n 3 err)"; exit 1; }
    [ "$(sqlite3 killed.db 'PRAGMA integrity_check')" = ok ] || { echo "the database is broken"; exit 1; }
    echo "$done_kills kills in $rounds rounds, $copies copies, $((($(date +%s%N) - begun) / 1000000)) ms; $(sqlite3 killed.db \
        "SELECT group_concat(n, ', ') FROM (SELECT count(*) || ' ' || status AS n FROM runs GROUP BY status)"); $(sqlite3 \
        killed.db "SELECT count(*) FILTER (WHERE kind = 'retried') || ' tried again, ' || count(*) FILTER (WHERE kind = 'resumed') || ' resumed' FROM events")"
    if [ "$(rows_of whole.db)" != "$(rows_of killed.db)" ]; then
        echo "FAILED: other rows than those of a sweep left alone"
        [ -z "${SOAK_KEEP-}" ] || cp -r "$scratch" "$SOAK_KEEP"
        exit 1
    fi
}

# How many kills a sweep takes depends on what else the machine does; then there is another, with less time between them.
total=0
for sweeps in 1 2 3 4 5 6; do
    rm -rf killed.db*
    disturb
    total=$((total + done_kills))
    [ $total -lt "$kills" ] || break
    echo "the sweep ended after $done_kills kills; once more"
    most=$((most / 2 + 1))
done
[ $total -ge "$kills" ] || { echo "FAILED: $sweeps sweeps ended after $total kills; give them more trials"; exit 1; }
echo "$total kills in $sweeps sweeps, $copies copies: the rows are those of a sweep left alone"
