#!/bin/bash
# Much of everything: workers, users and readers of one database, epochs, layers, tensors, columns, bytes of a file.
# Each line tells the seconds, and the megabytes of the largest process, that it took; what is wrong ends it.
#
#     FELL=build/fell bash tests/load.sh [SHARE]      (make soak: 1; 0.01 is a hundredth of the large things)
#     make load                                       the same with a CSV of 10 GB, in TMPDIR
#
# The table in docs/results.md ("How much it bears") was made by it.
export srcdir="${srcdir:-$(dirname "$0")/..}"
. "$srcdir/tests/cli/lib.sh"
share=${1:-1}
FELL_CACHE=off
export FELL_CACHE
of() {
    awk -v n="$1" -v share="$share" 'BEGIN { n = int(n * share); print n < 1 ? 1 : n }'
}
# measured WHAT COMMAND...: its seconds, and the largest resident set of it and its children; the 14 MB of this
# Python itself hide what is less.
measured() {
    python3 - "$@" <<'END' || fail "$1: $(tail -n 3 err)"
import resource, subprocess, sys, time
begun = time.monotonic()
code = subprocess.call(sys.argv[2:], stdout=open("out", "w"), stderr=open("err", "w"))
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%-62s %8.1f s %8.0f MB" % (sys.argv[1], time.monotonic() - begun, used.ru_maxrss / 1024), flush=True)
sys.exit(code != 0)
END
}

cat >small.yaml <<'END'
seed: 3
data: {source: xor}
model:
  - dense: {units: 4, activation: tanh}
  - dense: {units: 1, activation: sigmoid}
loss: mse
optimizer: {sgd: {lr: 0.5}}
train: {epochs: 20, batch_size: 0}
END

n=$(of 1000000)
measured "$n epochs of one run" "$FELL" run small.yaml train.epochs="$n" --quiet --db epochs.db
expect_sql epochs.db 1 "SELECT count(*) = $n AND max(epoch) = $n FROM epochs"
measured "... fell show of it" "$FELL" show 1 --db epochs.db
measured "... fell watch and report of it" "$FELL" report --db epochs.db
rm -f epochs.db*

{ cat small.yaml; echo "sweep: {strategy: {random: {trials: $(of 2000)}}, over: {optimizer.sgd.lr: {range: [0.1, 1.0]}}}"; } >sweep.yaml
measured "$(of 2000) runs by 64 workers" "$FELL" run sweep.yaml --jobs 64 --quiet --db workers.db
expect_sql workers.db 1 "SELECT count(*) = $(of 2000) AND sum(status <> 'finished') = 0 FROM runs"

# 30 users, each with an experiment of their own, in one database; 20 readers ask all the time.
cat >users.sh <<'END'
for i in $(seq 30); do
    "$FELL" run small.yaml seed=$i name=user-$i train.epochs=2000 --quiet --db users.db >user.$i 2>&1 || touch failed &
    users="${users-} $!"
done
for i in $(seq 20); do
    while [ ! -e over ]; do
        [ ! -e users.db ] || "$FELL" runs --db users.db >reader.$i 2>&1 || { cp reader.$i reader.failed; touch failed; }
        sleep 0.1
    done &
    readers="${readers-} $!"
done
wait $users
touch over
wait $readers
[ ! -e failed ] || { cat user.* reader.failed >&2; exit 1; }
END
export FELL
measured "30 users of one database, 20 readers that poll" bash users.sh
expect_sql users.db "30 30 60000" "SELECT count(*) || ' ' || sum(status = 'finished') || ' ' || (SELECT count(*) FROM epochs) FROM runs"
expect_sql users.db ok "PRAGMA integrity_check"

# deep LAYERS: a chain of so many.
deep() {
    echo "data: {source: xor}"
    echo "model:"
    echo "  - dense: {units: 2, activation: tanh, name: first}"
    for i in $(seq 2 $(($1 - 1))); do
        echo "  - dense: {units: 2, activation: tanh, name: layer$i}"
    done
    echo "  - dense: {units: 1, activation: sigmoid, name: last}"
    printf 'loss: mse\nseed: 1\noptimizer: {sgd: {lr: 0.1}}\ntrain: {epochs: 2, batch_size: 0}\n'
}
n=$(of 3000)
deep "$n" >layers.yaml
measured "plan of $n layers" "$FELL" plan layers.yaml
measured "2 epochs of $n layers" "$FELL" run layers.yaml --quiet --db layers.db
n=$(of 5000)
deep "$n" >tensors.yaml
measured "2 epochs of $((2 * n)) tensors" "$FELL" run tensors.yaml 'checkpoint={every: 1, keep: [last]}' --quiet --db tensors.db
expect_sql tensors.db $((4 * n)) "SELECT count(*) FROM gradients"
measured "... begun with the weights of another run" "$FELL" run tensors.yaml name=again \
    train.initial_weights=tensors.db.checkpoints/1/last.safetensors --quiet --db tensors.db

n=$(of 100000)
awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) printf "c%d,", i; print "target"
    for (r = 0; r < 20; r++) { for (i = 0; i < n; i++) printf "%d,", (i * 7 + r * 13) % 10; print r % 2 } }' >wide.csv
cat >wide.yaml <<'END'
seed: 1
data: {source: {csv: {path: wide.csv, target: target}}}
model: [dense: {units: 2}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.01}}
train: {epochs: 2, batch_size: 0}
END
measured "a CSV of $n columns, 2 epochs" "$FELL" run wide.yaml --quiet --db wide.db

# Rows of 85 bytes of which a sixth are numbers that are kept; LOAD_ROWS=120000000 makes 10 GB of them.
n=${LOAD_ROWS:-$(of 10000000)}
awk -v n="$n" 'BEGIN { print "a,b,target"; for (r = 0; r < n; r++)
    printf "%d.%06d000000000000000000000000,%d.%06d00000000000000000000000000000000000000000,%d\n", r % 10, r % 999983, r % 7, r % 99991, r % 2 }' >long.csv
sed 's/wide.csv/long.csv/' wide.yaml >long.yaml
measured "a CSV of $(($(stat -c %s long.csv) / 1000000)) MB, $n rows, 1 epoch" "$FELL" run long.yaml train.epochs=1 train.batch_size=4096 --quiet --db long.db
expect_sql long.db finished "SELECT status FROM runs"
