#!/bin/sh
# Losses that take more outputs than there are targets, and rows without a class.
. "$srcdir/tests/cli/lib.sh"
once "what losses take"

# ---- means and variances, quantiles: the first outputs are those that metrics look at
spec() { # NAME UNITS LOSS
    cat >"$1.yaml" <<END
name: $1
seed: 1
data: {source: {sine: {rows: 40, noise: 0.1}}}
model: [{dense: {units: 12, activation: tanh}}, {dense: {units: $2}}]
loss: $3
metrics: [mae]
optimizer: {adam: {lr: 0.02}}
train: {epochs: 100, batch_size: 10}
END
}
spec sure 2 gaussian_nll
spec bands 3 '{quantile: {quantile: [0.5, 0.1, 0.9]}}'
for name in sure bands; do
    expect_exit 0 "$FELL" run $name.yaml --db r.db
done
[ "$(sqlite3 r.db "SELECT count(*) FROM metrics WHERE name = 'mae' AND epoch = 100 AND split = 'train' AND value < 0.2")" = 2 ] ||
    fail "the first outputs do not come close: $(sqlite3 r.db "SELECT * FROM metrics WHERE epoch = 100")"
spec sure 3 gaussian_nll
expect_exit 2 "$FELL" check sure.yaml
expect_text err "sure.yaml:4:50: error: the last layer gives 3 outputs, but gaussian_nll takes 2 for 1 target value"

# ---- factors of outputs that are none as 32-bit floats
spec nothing 1 '{mse: {weight: [1e-60]}}'
expect_exit 2 "$FELL" run nothing.yaml --db r.db --quiet
expect_text err "mse.weight: all outputs have the weight 0 as 32-bit floats"
spec beyond 1 '{mse: {weight: [1e60]}}'
expect_exit 2 "$FELL" run beyond.yaml --db r.db --quiet
expect_text err "mse.weight: a factor is too large for a 32-bit float"

# ---- a target of -1 counts for nothing, in the loss, the gradient and the metrics
npy() { # FILE TYPE SHAPE, numbers as \0NNN
    { printf '\223NUMPY\1\0v\0' && printf "%-117s\n" "{'descr': '$2', 'fortran_order': False, 'shape': $3, }" && printf "%b" "$4"; } >"$1"
}
x='\0000\0000\0000\0000\0001\0000\0000\0000\0002\0000\0000\0000\0003\0000\0000\0000'
npy x.npy '<i4' '(4, 1)' "$x"
npy y.npy '|i1' '(4,)' '\0000\0001\0001\0000'
npy x6.npy '<i4' '(6, 1)' "$x\0007\0000\0000\0000\0005\0000\0000\0000"
npy y6.npy '|i1' '(6,)' '\0000\0001\0001\0000\0377\0377'
classes() { # NAME X Y
    cat >"$1.yaml" <<END
name: $1
seed: 1
data: {source: {npy: {inputs: $2, targets: $3}}}
model: [{dense: {units: 8, activation: tanh}}, {dense: {units: 2}}]
loss: cross_entropy
metrics: [accuracy, f1]
optimizer: {sgd: {lr: 0.5}}
train: {epochs: 20, batch_size: 0, shuffle: false}
END
    expect_exit 0 "$FELL" run "$1.yaml" --db c.db
}
classes all x.npy y.npy
expect_no_text err "no class"
classes some x6.npy y6.npy
expect_text err "2 of 6 targets are -1, of no class: they count for nothing"
cat >same.sql <<'END'
SELECT count(*), max(abs(a.train_loss - b.train_loss)) < 1e-6 FROM epochs a JOIN epochs b USING (epoch)
 WHERE a.run_id = 1 AND b.run_id = 2;
SELECT count(*), max(abs(a.value - b.value)) FROM metrics a JOIN metrics b USING (epoch, split, name)
 WHERE a.run_id = 1 AND b.run_id = 2;
END
[ "$(sqlite3 c.db <same.sql | tr '\n' ' ')" = "20|1 40|0.0 " ] || fail "rows without a class count: $(sqlite3 c.db <same.sql)"
