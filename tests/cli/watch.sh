#!/bin/sh
# fell watch: an experiment that another process runs, on a terminal, as lines and as JSON; it ends
# with the experiment, and writes nothing.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
write_sweep sweep.yaml
db=results/fell.db
number=0
runner=
terminal() { timeout 20 tmux -f /dev/null -S "$scratch/tmux$number" "$@"; }
trap 'terminal kill-server 2>err || :; clean_up' EXIT

# Before there is anything, and what has ended.
expect_exit 2 "$FELL" watch
expect_text err "no results database"
expect_exit 0 "$FELL" run sweep.yaml --quiet
cp $db before.db
expect_exit 0 "$FELL" watch
expect_text out "sweep: 8 of 8 runs done, best train.loss $(sqlite3 $db "SELECT printf('%.4g', min(best)) FROM leaderboard"), run \
$(sqlite3 $db "SELECT run FROM leaderboard LIMIT 1") (activation=" "it has ended; 'fell report sweep' shows what came of it"
[ "$(wc -l <out)" = 2 ] || fail "not a line and the end: $(cat out)"
expect_exit 0 "$FELL" watch sweep --once
[ "$(wc -l <out)" = 1 ] || fail "not one line: $(cat out)"
expect_exit 0 "$FELL" watch 1 --json
expect_json out "sweep|1|0|8|8|8|0|minimize" "j->>'experiment', j->>'experiment_id', j->>'running_now', j->>'runs', j->>'done',
    j->>'\$.status.finished', json_array_length(j->'running'), j->>'\$.best.goal'"
expect_json out "$(sqlite3 $db "SELECT run, printf('%.9g', value) FROM leaderboard LIMIT 1")" \
    "j->>'\$.best.run', printf('%.9g', j->>'\$.best.value')"
cmp $db before.db || fail "watching changed the database"
expect_exit 2 "$FELL" watch swep
expect_text err "no experiment 'swep'; did you mean 'sweep'?"

# The best by another objective.
cp $db high.db
sqlite3 high.db "UPDATE experiments SET objective = 'train.accuracy', goal = 'maximize'"
expect_exit 0 "$FELL" watch --once --json --db high.db
expect_json out "maximize|$(sqlite3 high.db "SELECT max(value) FROM metrics")" "j->>'\$.best.goal', j->>'\$.best.value'"

# start ARGUMENT...: a sweep in the background that takes its time.
crasher_spec long.yaml dawdle 'train: {epochs: 100000, batch_size: 0}' 'repeats: 4' 'sweep: {over: {optimizer.sgd.lr: [0.5, 0.1]}}' \
    'probes: [path]'
start() {
    "$FELL" run long.yaml --plugin ./crasher.so --jobs 2 --quiet "$@" >run.out 2>&1 &
    runner=$!
    wait_until $db "SELECT count(DISTINCT run_id) = 2 FROM epochs JOIN runs AS r ON r.id = run_id
        JOIN experiments AS x ON x.id = experiment_id WHERE x.name = 'long'"
}
start

# The one that is run is shown, without a name too, and where its runs are.
expect_exit 0 "$FELL" watch --once
grep -Eq '^long: 0 of 8 runs done, 2 running(, .* left)?, best train.loss .*, run [0-9]+ \(' out || fail "no line of the whole: $(cat out)"
[ "$(grep -Ec '^run [0-9]+ \(.*lr=0.5.*\) epoch [0-9]+/100000, train loss [0-9.e-]+$' out)" = 2 ] || fail "not two runs: $(cat out)"
[ "$(grep -Ec '^  path.cosine [0-9.]+  path.distance .*  path.loss [0-9.e-]+' out)" = 2 ] || fail "not what probes said: $(cat out)"
expect_exit 0 "$FELL" watch --once --json
expect_json out "1|1" "j->>'\$.running[0].probes.epoch' >= j->>'\$.running[0].epoch', j->>'\$.running[1].probes.\"path.loss\"' > 0"
expect_json out "1|2|6|2|100000|1" "j->>'running_now', j->>'\$.status.running', j->>'\$.status.queued', json_array_length(j->'running'),
    j->>'\$.running[1].epochs', j->>'\$.running[0].epoch' > 0"

# A page is written anew while it runs, by another process.
"$FELL" report long --html --follow -o page.html --db $db >follow.out 2>&1 &
follow=$!
for tries in $(seq 200); do
    grep -q '"follow":2' page.html 2>err && break
    sleep 0.1
done
[ "$tries" -lt 200 ] || fail "no page that is followed: $(cat follow.out)"
expect_exit 2 "$FELL" report long --html --follow
expect_text err "give --html and -o FILE"

if command -v tmux >tmux.path; then
    # What the terminal shows, in the file screen; waits until TEXT stands in it.
    wait_for() {
        i=0
        until terminal capture-pane -p >screen && grep -q -e "$1" screen; do
            i=$((i + 1))
            [ $i -lt 600 ] || fail "the terminal never showed '$1': $(cat screen)"
            sleep 0.1
        done
    }
    number=1
    terminal -u new-session -d -x 110 -y 20 "$FELL watch long; read answer"
    wait_for '^run .*epoch .*/100000  train [0-9]'
    grep -q '^long: 0 of 8 runs done, 2 running' screen || fail "no line for the whole: $(cat screen)"
    grep -q '^run .* path.cos' screen || fail "nothing of the probes: $(cat screen)"
    grep -q '^best train.loss .*, run [0-9]* (' screen || fail "not the best so far: $(cat screen)"
    first=$(sed -n 's/^run .*epoch *\([0-9]*\).*/\1/p' screen | head -n 1)
    i=0
    while terminal capture-pane -p >screen && grep -q "epoch *$first/" screen; do # it is drawn anew
        i=$((i + 1))
        [ $i -lt 300 ] || fail "always the same: $(cat screen)"
        sleep 0.1
    done
    [ "$(grep -c '^long: ' screen)" = 1 ] || fail "lines were left behind: $(cat screen)"
fi

# A watcher that sleeps while the experiment is begun anew goes on with what took its place.
"$FELL" watch long >lines 2>err &
watcher=$!
i=0
until [ -s lines ] || [ $i = 200 ]; do
    i=$((i + 1))
    sleep 0.05
done
kill -STOP $watcher
kill -9 $runner
wait $runner 2>>err || :
start --new
count=$(wc -l <lines)
kill -CONT $watcher
i=0
until [ "$(wc -l <lines)" -gt $((count + 1)) ] || [ $i = 200 ]; do
    i=$((i + 1))
    sleep 0.05
done
[ "$(sort -u lines | grep -c '^long: 0 of 8 runs done, 2 running')" -ge 2 ] || fail "it did not go on: $(cat lines err)"

# The process is gone: the watchers say so and end.
kill -9 $runner
wait $runner 2>>err || :
runner=
wait $watcher || fail "the watcher failed: $(cat err)"
wait $follow || fail "the page's writer failed: $(cat follow.out)"
expect_text follow.out "it has ended; 'page.html' is its last page"
expect_no_text page.html '"follow":2'
expect_text lines "no process of this machine runs it now; 8 runs are to do, and the same 'fell run' goes on"
if [ -s tmux.path ]; then
    wait_for 'no process of this machine runs it now'
    [ "$(grep -c '^long: ' screen)" = 1 ] && ! grep -q '^run ' screen || fail "lines were left behind: $(cat screen)"
fi
expect_sql $db ok "PRAGMA integrity_check"
