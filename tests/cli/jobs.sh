#!/bin/sh
# Workers: how many there are, who trains what, and what a row says of where it came from.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"
write_sweep sweep.yaml
write_spec one.yaml

# No more workers than jobs, or than runs.
expect_exit 0 "$FELL" run sweep.yaml --jobs 3 --db three.db
expect_text out "sweep: 8 runs, 3 workers"
expect_sql three.db 1 "SELECT max(worker) <= 2 FROM runs"
expect_exit 0 "$FELL" run one.yaml --jobs 8 --db one.db
expect_sql one.db 0 "SELECT group_concat(worker) FROM runs"

# Runs are numbered trial by trial, and started in that order; a repeat has the next seed.
expect_sql three.db "0 0 3,0 1 4,1 0 3,1 1 4,2 0 3,2 1 4,3 0 3,3 1 4" \
    "SELECT group_concat(trial || ' ' || repeat || ' ' || seed) FROM (SELECT * FROM runs ORDER BY id)"
expect_sql three.db 1 "SELECT group_concat(run_id) = '1,2,3,4,5,6,7,8' FROM events WHERE kind = 'started'"

# Everything is stored as it is, whoever trained it.
expect_exit 0 "$FELL" run sweep.yaml --jobs 1 --db alone.db
for question in \
    "SELECT * FROM run_params ORDER BY 1, 2" \
    "SELECT * FROM parameters" \
    "SELECT run_id, epoch, train_loss, grad_norm_mean, grad_norm_max, lr, samples FROM epochs" \
    "SELECT * FROM gradients" \
    "SELECT * FROM metrics" \
    "SELECT id, uid, trial, repeat, seed, status, epochs_done, resolved FROM runs" \
    "SELECT uid, name, spec, spec_sha256 FROM experiments" \
    "SELECT * FROM plugins"; do
    sqlite3 alone.db "$question" >alone
    sqlite3 three.db "$question" >three
    [ -s alone ] || fail "no rows: $question"
    cmp -s alone three || fail "--jobs 1 and --jobs 3 differ: $question"
done

# Where it came from: every column is filled in, and is true.
mkdir tree
cp one.yaml tree
printf 'x,y\n0,1\n1,2\n2,3\n3,5\n4,8\n' >tree/d.csv
cat >tree/csv.yaml <<'END'
data:
  source: {csv: {path: d.csv, target: y}}
  validation: 0.4
model: [{dense: {units: 1}}]
loss: mse
optimizer: {sgd: {lr: 0.01}}
train: {epochs: 2}
END
if git --version >/dev/null 2>&1; then
    (cd tree && git init -q . && git add . && git -c user.name=n -c user.email=e commit -q -m m)
    commit=$(git -C tree rev-parse HEAD)
else
    commit=
fi
expect_exit 0 "$FELL" run tree/csv.yaml --db tree/results/fell.db
expect_sql tree/results/fell.db \
    "csv|$("$FELL" --version | sed 's/fell //')|fell run tree/csv.yaml --db tree/results/fell.db|$(sha256sum <"$FELL" | cut -d' ' -f1)|$commit|$(uname -n)" \
    "SELECT name, version, command, runner_sha256, git_commit, host FROM experiments"
expect_sql tree/results/fell.db 1 "SELECT cpu <> '' AND kernels IN ('avx512', 'avx2', 'neon', 'portable') FROM experiments"
expect_sql tree/results/fell.db "source.path|$(pwd)/tree/d.csv|$(sha256sum <tree/d.csv | cut -d' ' -f1)|5" \
    "SELECT role, path, sha256, rows FROM data_files"
expect_sql tree/results/fell.db "dataset csv
initialiser he_uniform
layer dense
loss mse
optimizer sgd" "SELECT kind || ' ' || name FROM plugins ORDER BY 1"
sqlite3 -separator ' ' tree/results/fell.db "SELECT sha256, '', path FROM plugins" | sed 's/  */  /' >sums
sha256sum -c --quiet sums || fail "the plugins' hashes are not those of their files"
if [ -n "$commit" ]; then
    expect_sql tree/results/fell.db 0 "SELECT git_dirty FROM experiments"
    echo '# changed' >>tree/one.yaml
    expect_exit 0 "$FELL" run tree/one.yaml --db tree/results/fell.db
    expect_sql tree/results/fell.db 1 "SELECT git_dirty FROM experiments WHERE name = 'one'"
fi

# Changed data make another experiment; of an unchanged one is said that it is finished.
expect_exit 0 "$FELL" run tree/csv.yaml --db tree/results/fell.db
expect_text out "csv is finished already (experiment 1)"
expect_exit 0 "$FELL" export 1 --safetensors w.safetensors --db tree/results/fell.db
echo 5,13 >>tree/d.csv
expect_exit 1 "$FELL" export 1 --safetensors w.safetensors --db tree/results/fell.db
expect_text err "run 1 was not exported: '$(pwd)/tree/d.csv' has changed since run 1 was trained on it"
expect_exit 0 "$FELL" run tree/csv.yaml --db tree/results/fell.db
expect_sql tree/results/fell.db "5,6" \
    "SELECT group_concat(rows) FROM (SELECT rows FROM data_files ORDER BY experiment_id)"

# Without --jobs, other runs of the machine get their share; it is told where it lasts, and changes no row.
if [ "$(nproc)" -ge 2 ]; then
    sed 's/units: 8/units: 256/; s/epochs: 20/epochs: 2000/; s/source: xor/source: {xor: {rows: 100}}/' sweep.yaml >busy.yaml
    "$FELL" run busy.yaml train.epochs=10000000 data.source.xor.rows=4000 --jobs "$(nproc)" --quiet --db others.db >others.out 2>&1 &
    others=$!
    trap 'kill -9 $others 2>>err || :; clean_up' EXIT
    wait_until others.db "SELECT count(DISTINCT run_id) > 1 FROM epochs"
    expect_exit 0 "$FELL" run busy.yaml --json --db shared.db
    kill -9 $others
    wait $others 2>>err || :
    grep '"event":"workers"' out >told || fail "nothing is told of the other run: $(head -c 500 out)"
    expect_json told "1" "(j->>'busy') < (j->>'workers')"
    expect_exit 0 "$FELL" run busy.yaml --quiet --jobs 1 --db one-job.db
    for db in shared one-job; do
        sqlite3 $db.db "SELECT run_id, epoch, train_loss, grad_norm_max FROM epochs" >$db.rows
    done
    cmp shared.rows one-job.rows || fail "another share, other rows"
fi
