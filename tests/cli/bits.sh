#!/bin/sh
# Same spec, same bits: every recorded number but times and workers is the same with one
# worker and four, twice, at every SIMD level that this processor has, with one thread and two.
. "$srcdir/tests/cli/lib.sh"
. "$srcdir/tests/cli/numbers_lib.sh"

cat >spec.yaml <<EOF
name: bits
seed: 11
data:
  source: {csv: {path: $srcdir/configs/data/digits.csv, target: target}}
  validation: 0.2
  transforms: [standardize]
model:
  - dense: {units: 50, activation: tanh, name: a}
  - dropout: {rate: 0.1}
  - dense: {units: 50, activation: sigmoid, name: b}
  - add: {from: [a, b]}
  - dense: {units: 10, name: output}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
metrics: [accuracy]
train: {epochs: 3, batch_size: 200, clip_norm: 1.0}
record: {gradients: {step: 3}}
repeats: 2
sweep:
  over:
    optimizer.adam.lr: [0.01, 0.003]
    model.0.dense.activation: [tanh, leaky_relu, softmax]
EOF

"$FELL" run spec.yaml --quiet --db first.db --jobs 1
numbers first.db >first
test "$(wc -l <first)" -gt 500 || fail "too few numbers were recorded: $(wc -l <first)"

same() {
    name=$1
    shift
    "$@"
    numbers "$name.db" >"$name"
    cmp first "$name" || fail "$name: other bits than with one worker"
}
same again "$FELL" run spec.yaml --quiet --db again.db --jobs 1
same four "$FELL" run spec.yaml --quiet --db four.db --jobs 4
same threads "$FELL" run spec.yaml --quiet --db threads.db --jobs 1 train.threads=2
for level in portable avx2 avx512 neon; do
    if FELL_SIMD=$level "$FELL" run spec.yaml --quiet --db "probe-$level.db" train.epochs=1 repeats=1 2>err; then
        same "$level" env FELL_SIMD="$level" "$FELL" run spec.yaml --quiet --db "$level.db" --jobs 2
    else
        grep -q "$level" err || fail "a level that the processor lacks is named: $(cat err)"
    fi
done
test "$(sqlite3 portable.db 'SELECT kernels FROM experiments')" = portable || fail "portable was not in use"

# A seed of its own gives other numbers, so the comparison can fail.
"$FELL" run spec.yaml --quiet --db other.db seed=12
numbers other.db >other
! cmp -s first other || fail "another seed gave the same bits"
expect_exit 2 env FELL_SIMD=mmx "$FELL" run spec.yaml --db mmx.db
