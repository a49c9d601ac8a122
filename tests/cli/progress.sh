#!/bin/sh
# fell run on a real terminal: a line for each worker while it trains, and the table at the end.
. "${srcdir:-.}/tests/cli/lib.sh"
command -v tmux >tmux.path || exit 77
write_sweep sweep.yaml
number=0    # a server of its own for each terminal
terminal() { timeout 20 tmux -f /dev/null -S "$scratch/tmux$number" "$@"; }
trap 'terminal kill-server 2>err || :; clean_up' EXIT

# What the terminal shows, in the file screen; waits until TEXT stands in it.
wait_for() {
    i=0
    until terminal capture-pane -p >screen && grep -q -e "$1" screen; do
        i=$((i + 1))
        [ $i -lt 600 ] || fail "the terminal never showed '$1': $(cat screen)"
        sleep 0.1
    done
}
# start WIDTH HEIGHT COMMAND
start() {
    terminal kill-server 2>err || :
    number=$((number + 1))
    terminal -u new-session -d -x "$1" -y "$2" "$3; read answer"
}

# Long enough to be looked at, ended by Ctrl-C.
start 100 30 "$FELL run sweep.yaml train.epochs=1000000000 record.gradients=none --jobs 2"
wait_for 'run 2 .*epoch .*/1000000000  train [0-9].* left'
grep -q '^sweep: 0 of 8 runs done, 2 running' screen || fail "no line for the whole: $(cat screen)"
grep -q '^best train.loss [0-9.e-]*, run [12] (.*lr=0.5' screen || fail "not the best so far: $(cat screen)"
[ "$(grep -c '^run ' screen)" = 2 ] || fail "not a line for each worker: $(cat screen)"
# In a narrower window the lines are shorter, not wrapped.
terminal resize-window -x 56 -y 30
wait_for '^run 2 .*train [0-9][-.0-9e]* *$'
terminal resize-window -x 100 -y 30
wait_for 'run 2 .* left'
[ "$(grep -c '^run 1 ' screen)" = 1 ] || fail "lines were left behind: $(cat screen)"
terminal send-keys C-c
wait_for 'interrupted'
wait_for '^next$'
! grep -q 'of 8 runs done' screen || fail "the progress lines were left behind: $(cat screen)"

# It goes on: what ended earlier counts as done, and the best of that is the best so far.
sqlite3 -bail results/fell.db "UPDATE runs SET status = iif(id = 3, 'diverged', 'finished') WHERE id IN (3, 4, 5);
    INSERT INTO epochs (run_id, epoch, train_loss) VALUES (4, 1, 1.25e-30)"
start 100 30 "$FELL run sweep.yaml train.epochs=1000000000 record.gradients=none --jobs 2"
wait_for '^sweep: 3 of 8 runs done, 1 diverged, 2 running'
wait_for '^best train.loss 1.25e-30, run 4 (.*lr=0.5'
terminal send-keys C-c
wait_for '^next$'

# To the end, with runs that fail: they stand above the table.
start 100 40 "$FELL run sweep.yaml name=wild model.1.dense.activation=identity 'sweep.over.optimizer.sgd.lr=[0.1, 1e38]'"
wait_for 'fell best wild'
grep -q 'diverged after .* epochs*: ' screen || fail "no word of the failures: $(cat screen)"
grep -q 'wild: 8 runs, 4 finished, 4 failed' screen || fail "no summary: $(cat screen)"
grep -Eq '^ *[0-9]+ +[01] .*finished' screen || fail "no table: $(cat screen)"

# TERM=dumb and NO_COLOR.
start 100 40 "TERM=dumb $FELL run sweep.yaml name=dumb"
wait_for 'fell best dumb'
grep -q 'dumb: 8 runs, .* workers*$' screen || fail "no plain lines with TERM=dumb: $(cat screen)"
start 100 40 "NO_COLOR=1 $FELL run sweep.yaml name=grey; printf 'end %s\n' here"
wait_for 'end here'
terminal capture-pane -p -e >screen
! grep -q "$(printf '\033')\[[0-9;]*[1-9]m" screen || fail "colours in spite of NO_COLOR: $(cat screen)"
terminal kill-server
