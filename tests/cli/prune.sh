#!/bin/sh
# Masks: weights at exactly 0 from the first to the last step under every optimizer, after a kill and a resume too;
# fell prune, again and again; what is no mask is told with its place.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what masks do"

# Without biases a file of weights and one of masks have the same layout.
cat >k.yaml <<'END'
name: dense
seed: 1
data: {source: {spiral: {rows: 60, classes: 3}}, validation: 0.3}
model: [{dense: {units: 8, activation: tanh, bias: no}}, {dense: {units: 3, bias: no}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
train: {epochs: 3, batch_size: 0}
checkpoint: {keep: [0, last]}
END
# numbers FILE: as a table of one 4-byte hex number a line.
numbers() {
    tail -c "+$(($(od -An -tu8 -N8 "$1") + 9))" "$1" | od -An -v -tx1 -w4 | tr -d ' '
}
# held MASKS WEIGHTS: each weight is 0 where the mask is, and only there.
held() {
    numbers "$1" >is-0
    numbers "$2" >weights-0
    [ "$(wc -l <is-0)" = "$(wc -l <weights-0)" ] || fail "$1 and $2 have other sizes"
    paste is-0 weights-0 | awk '($1 == "00000000") != ($2 == "00000000") { print; bad = 1 } END { exit bad }' || fail "$2 is not held by $1"
}
expect_exit 0 "$FELL" run k.yaml --quiet --db r.db
expect_exit 0 "$FELL" prune 1 --share 0.5 -o half.safetensors --db r.db
expect_text out "half.safetensors: of run 1 after epoch 3, 20 of 40 weights go; 20 of 40 stay, 50 %" "dense1.weight"

# ---- every optimizer, weight decay, clipping; probes see the masked net ----------------------------------------------

optimizers=
for file in "$srcdir"/plugins/optimizer/*.c; do
    optimizers="$optimizers${optimizers:+, }$(basename "$file" .c)"
done
{
    sed 's/dense$/held/' k.yaml
    echo "probes: [weights, {gradient_noise: {rows: 5}}, {sharpness: {rows: 5}}]"
    echo "sweep: {over: {optimizer: [$optimizers, {sgd: {lr: 0.1, momentum: 0.9, weight_decay: 0.1}}]}}"
} >held.yaml
expect_exit 0 "$FELL" run held.yaml train.masks=half.safetensors train.clip_norm=0.5 --quiet --db h.db
runs=$(sqlite3 h.db "SELECT count(*) FROM runs WHERE status = 'finished'")
[ "$runs" -gt 10 ] || fail "only $runs optimizers were tried"
for run in h.db.checkpoints/*; do
    expect_exit 0 "$FELL" export "${run##*/}" --epoch 0 --safetensors w0 --db h.db
    held half.safetensors w0
    expect_exit 0 "$FELL" export "${run##*/}" --safetensors w --db h.db
    held half.safetensors w
done
expect_sql h.db 0 "SELECT count(*) FROM data_files WHERE role = 'train.masks' AND sha256 <> '$(sha256sum half.safetensors | cut -c1-64)'"
# The recorded norm is that of the gradient that is left: at a rate of 1 it is how far a step goes.
expect_exit 0 "$FELL" run k.yaml name=norm train.masks=half.safetensors optimizer=sgd optimizer.sgd.lr=1 train.epochs=1 \
    'probes=[weights]' --quiet --db n.db
expect_sql n.db 1 "SELECT abs(sqrt(sum(value * value)) / (SELECT grad_norm_mean FROM epochs) - 1) < 1e-5 FROM probes
    WHERE name = 'distance' AND epoch = 1"

# ---- killed and gone on --------------------------------------------------------------------------------------------

series() { sqlite3 "$1" "SELECT epoch, hex(train_loss), hex(grad_norm_mean) FROM epochs ORDER BY epoch"; }
. "$srcdir/tests/cli/crash_lib.sh" # a layer that takes its time
sed -e 's/keep: \[0, last\]/every: 5, keep: [last]/; s/model: \[/&{crasher: {how: dawdle, rows: 42}}, /' \
    -e 's/epochs: 3, batch_size: 0/epochs: 150, batch_size: 0, masks: half.safetensors/' k.yaml >long.yaml
"$FELL" run long.yaml --plugin ./crasher.so --quiet --db killed.db 2>err &
pid=$!
wait_until killed.db "SELECT count(*) > 0 FROM checkpoints"
kill -9 $pid
wait $pid || :
[ "$(sqlite3 killed.db "SELECT status FROM runs")" != finished ] || fail "it was too late to kill it"
expect_exit 0 "$FELL" run long.yaml --plugin ./crasher.so --quiet --db killed.db
expect_exit 0 "$FELL" run long.yaml --plugin ./crasher.so --quiet --db whole.db
series killed.db >as
series whole.db >is
cmp as is || fail "a run with masks that was killed goes on otherwise"
expect_exit 0 "$FELL" export 1 --safetensors w --plugin ./crasher.so --db killed.db
held half.safetensors w

# ---- again and again; rewound ----------------------------------------------------------------------------------------

expect_exit 0 "$FELL" run k.yaml name=ticket train.masks=half.safetensors 'train.initial_weights={run: 1, epoch: 0}' --quiet --db r.db
expect_exit 0 "$FELL" prune 2 --share 0.5 -o quarter.safetensors --db r.db
expect_text out "10 of 20 weights go; 10 of 40 stay, 25 %"
numbers half.safetensors >a
numbers quarter.safetensors >b
[ "$(paste a b | awk '$1 == "00000000" && $2 != "00000000"' | wc -l)" = 0 ] || fail "what was pruned came back"
expect_exit 0 "$FELL" prune 2 --share 0 -o same.safetensors --quiet --db r.db
expect_empty out
cmp half.safetensors same.safetensors || fail "a share of 0 changes masks"
expect_exit 0 "$FELL" prune 2 --share 0.5 --per-layer -o layers.safetensors --db r.db
expect_exit 0 "$FELL" verify 2 --db r.db
# Without a checkpoint it is trained again; epoch 0 has other weights.
expect_exit 0 "$FELL" prune 1 --share 0.5 --epoch 0 -o first.safetensors --db r.db
! cmp -s first.safetensors half.safetensors || fail "epoch 0 has the last weights"
expect_exit 0 "$FELL" run k.yaml checkpoint=null --quiet --db again.db
expect_exit 0 "$FELL" prune 1 --share 0.5 -o again.safetensors --quiet --db again.db
cmp half.safetensors again.safetensors || fail "other masks from weights that are trained again"
[ "$(echo again.safetensors*)" = again.safetensors ] || fail "left behind: $(echo again.safetensors*)"

# ---- masks are what an experiment is; swept ---------------------------------------------------------------------------

expect_exit 0 "$FELL" run k.yaml name=both 'sweep={over: {train.masks: [half.safetensors, quarter.safetensors, null]}}' --quiet --db r.db
expect_sql r.db 3 "SELECT count(DISTINCT train_loss) FROM epochs AS o JOIN runs AS r ON r.id = run_id JOIN experiments AS e ON e.id = experiment_id
    WHERE e.name = 'both' AND epoch = 3"
cp half.safetensors moving.safetensors
expect_exit 0 "$FELL" run k.yaml name=moving train.masks=moving.safetensors --quiet --db r.db
cp quarter.safetensors moving.safetensors
expect_exit 0 "$FELL" run k.yaml name=moving train.masks=moving.safetensors --quiet --db r.db
expect_sql r.db 2 "SELECT count(*) FROM experiments WHERE name = 'moving'"
id=$(sqlite3 r.db "SELECT min(r.id) FROM runs AS r JOIN experiments AS e ON e.id = experiment_id WHERE e.name = 'moving'")
expect_exit 1 "$FELL" prune "$id" --share 0.5 -o x.safetensors --db r.db
expect_text err "moving.safetensors' has changed since run $id was trained on it"
expect_exit 0 "$FELL" explain k.yaml train.masks=quarter.safetensors -o x.md
expect_exit 2 "$FELL" explain k.yaml train.masks=quarter.safetensors --interactive -o x.html
expect_text err "the interactive page knows no masks"

# ---- what is none ------------------------------------------------------------------------------------------------------

# made HEADER HEX
made() {
    header=$1
    while [ $((${#header} % 8)) != 0 ]; do header="$header "; done
    sqlite3 :memory: "SELECT writefile('bad.safetensors', CAST(x'$(printf '%02x%02x' $((${#header} % 256)) $((${#header} / 256)))000000000000' ||
        CAST('$header' AS BLOB) || x'$2' AS BLOB))" >made
}
wrong() {
    expect_exit 2 "$FELL" check k.yaml train.masks=bad.safetensors
    expect_text err "command line:1:" "bad.safetensors: $1"
}
two=0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f
made '{"dense1.weight":{"dtype":"F32","shape":[8,2],"data_offsets":[0,64]}}' "${two}0000803f0000803f0000803f0000003f0000803f0000803f0000803f0000803f"
wrong "'dense1.weight' holds 0.5 at [5, 1]; a mask is of 0 and 1"
made '{"dense1.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}}' $two
wrong "'dense1.weight' has the shape [2, 4], the model's [8, 2]"
made '{"dens1.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}}' $two
wrong "'dens1.weight' is no weight of the model; did you mean 'dense1.weight'?"
made '{"dense1.weight":{"dtype":"I64","shape":[2,2],"data_offsets":[0,32]}}' $two
wrong "'dense1.weight' is of dtype I64; masks are F32, F64, F16, BF16, BOOL, U8 or I8"
made '{}' ''
wrong "it has no tensors"
made '{"dense1.weight":{"dtype":"BOOL","shape":[8,2],"data_offsets":[0,16]}}' 00010101010101010001010101010101
expect_exit 0 "$FELL" run k.yaml name=bools train.masks=bad.safetensors 'probes=[weights]' --quiet --db b.db
expect_sql b.db "0.125 0.125" "SELECT group_concat(value, ' ') FROM probes WHERE name = 'zero_share' AND layer = 'dense1.weight' AND epoch IN (0, 3)"
expect_exit 2 "$FELL" prune 1 -o x --db r.db
expect_text err "fell prune 1 --share 0.2 -o masks.safetensors, where 0.2 is the share that goes"
expect_exit 2 "$FELL" prune 1 --share 1 -o x --db r.db
expect_text err "--share: the share that goes is in [0, 1), and something stays of '1'"
expect_exit 2 "$FELL" prune 1 --share 0.2 --db r.db
expect_text err "where to? write: fell prune 1 --share 0.2 -o masks.safetensors"
expect_exit 2 "$FELL" prune 77 --share 0.2 -o x --db r.db
expect_text err "no run 77"
