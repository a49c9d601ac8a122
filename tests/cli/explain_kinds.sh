#!/bin/sh
# fell explain works for every layer, activation, loss and optimizer that there is, and for a user's
# own. For each kind: the sum over paths and the engine's gradient agree, the finite difference is where it
# should be, and the document comes out whole. A plugin that is new needs its line here.
. "${srcdir:-.}/tests/cli/lib.sh"
# Pixels from 1 to 17: none is 0, which would silence its weight.
awk -F, -v OFS=, 'NR > 41 {exit} NR > 1 {for (i = 1; i <= 64; i++) $i++} {print}' "$srcdir/configs/data/digits.csv" >digits.csv
printf 'a,b,p,q\n0.5,-1,0.9,0.1\n-0.25,0.75,0.3,0.7\n' >shares.csv
printf 'a,b,target\n0.5,-1,1\n-0.25,0.75,-1\n1,2,1\n' >signs.csv

# begin NAME LOSS OPTIMIZER SOURCE: a spec up to its model, whose entries are then added.
begin() {
    cat >"$1.yaml" <<END
name: $1
seed: 4
data:
  source: {$4}
  transforms: [$5]
loss: $2
optimizer: $3
train: {epochs: 2, batch_size: 4}
model:
END
}

# explain NAME [OPTION...]: both forms of it.
explain() {
    name=$1
    shift
    expect_exit 0 "$FELL" explain "$name.yaml" --json -o "$name.json" "$@"
    expect_exit 0 "$FELL" explain "$name.yaml" -o "$name.md" "$@"
    expect_empty err
    # shellcheck disable=SC2016
    expect_json "$name.json" '1|1|1|1' "(j->>'$.paths.agrees') || '|' || (j->>'$.difference.within' OR j->>'$.difference.kink' OR j->>'$.difference.bent')
        || '|' || (abs((j->>'$.gradient') - (j->>'$.chain_rule')) <= 1e-5 * max(1, abs(j->>'$.gradient')))
        || '|' || (j->>'$.gradient' <> 0)"
    tail -n 3 "$name.md" | grep -q '^- <a id="term-' || fail "$name.md has no end"
    ! grep -nwiE 'nan|inf|null' "$name.md" || fail "$name.md has a number that is none"
}

digits="csv: {path: digits.csv, target: target}" sixteenth='{scale: {factor: 0.0625}}'

# ---- layers
layers="
adaptive_avg_pool2d | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | adaptive_avg_pool2d: {output: 2} | flatten
add           | dense: {units: 5, name: a} | dense: {units: 5, from: input, name: b} | add: {from: [a, b]}
attention     | reshape: {shape: [8, 8]} | attention: {heads: 2, causal: true} | flatten
avg_pool1d    | reshape: {shape: [8, 8]} | conv1d: {filters: 3, kernel: 1} | avg_pool1d: {kernel: 2} | flatten
avg_pool2d    | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | avg_pool2d: {kernel: 2} | flatten
batch_norm    | dense: {units: 5} | batch_norm
concat        | dense: {units: 2, name: a} | dense: {units: 3, from: input, name: b} | concat: {from: [a, b]}
conv1d        | reshape: {shape: [8, 8]} | conv1d: {filters: 2, kernel: 3} | flatten
conv2d        | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3, stride: 2} | flatten
conv_transpose2d | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | conv_transpose2d: {filters: 2, kernel: 2} | flatten
dense         | dense: {units: 4, bias: false}
dropout       | dense: {units: 4} | dropout: {rate: 0.5}
embed_column  | embed_column: {column: 1, num_embeddings: 18, embedding_dim: 2}
embedding     | embedding: {num_embeddings: 18, embedding_dim: 2} | flatten
flatten       | dense: {units: 8} | reshape: {shape: [2, 2, 2]} | flatten
global_avg_pool2d | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 3, kernel: 3} | global_avg_pool2d
glu           | dense: {units: 8} | glu
group_norm    | dense: {units: 6} | group_norm: {num_groups: 2}
gru           | reshape: {shape: [8, 8]} | gru: {units: 3}
instance_norm | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | instance_norm | flatten
layer_norm    | dense: {units: 5} | layer_norm
local_response_norm | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | local_response_norm: {size: 3} | flatten
lstm          | reshape: {shape: [8, 8]} | lstm: {units: 3}
max_pool1d    | reshape: {shape: [8, 8]} | conv1d: {filters: 3, kernel: 1} | max_pool1d: {kernel: 2} | flatten
max_pool2d    | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | max_pool2d: {kernel: 2} | flatten
multiply      | dense: {units: 5, name: a} | dense: {units: 5, from: input, name: b, activation: sigmoid} | multiply: {from: [a, b]}
noise         | dense: {units: 4} | noise
pad           | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | pad: {size: 1} | flatten
permute       | reshape: {shape: [8, 8]} | dense: {units: 3} | permute | flatten
positional    | reshape: {shape: [8, 8]} | positional | flatten
prelu         | dense: {units: 4} | prelu: {shared: false}
reshape       | dense: {units: 8} | reshape: {shape: [4, 2]} | rnn: {units: 2, return_sequences: true} | flatten
rms_norm      | dense: {units: 5} | rms_norm
rnn           | reshape: {shape: [8, 8]} | rnn: {units: 3}
sequence_pool | reshape: {shape: [8, 8]} | dense: {units: 3} | sequence_pool
softmax_over  | reshape: {shape: [8, 8]} | dense: {units: 3} | softmax_over: {axis: 0} | flatten
upsample      | reshape: {shape: [1, 8, 8]} | conv2d: {filters: 2, kernel: 3} | upsample | flatten
"

# known KIND LINES: LINES has each plugin of KIND once.
known() {
    "$FELL" plugin list | awk -v kind="$1" '$1 == kind {print $2}' | sort >there
    printf '%s\n' "$2" | sed '/^$/d; s/ *|.*//' | sort >here
    diff there here || fail "the ${1}s of this test"
}

known layer "$layers"
printf '%s\n' "$layers" | sed '/^$/d' >lines
while read -r line; do
    name=$(printf '%s' "$line" | sed 's/ *|.*//')
    transform=$sixteenth
    case $name in embed*) transform= ;; esac
    begin "$name" cross_entropy '{sgd: {lr: 0.05}}' "$digits" "$transform"
    printf '%s\n' "$line" | sed 's/^[^|]*| //; s/ | /\n/g' | sed 's/^/  - /' >>"$name.yaml"
    echo '  - dense: {units: 10, name: output}' >>"$name.yaml"
    case $name in
    embed*) explain "$name" --weight "${name}1.weight[1,0]" ;;
    *) explain "$name" ;;
    esac
done <lines

# ---- worked with their numbers
grep -q 'Its first number: the 5 numbers that belong together have the mean' layer_norm.md || fail 'layer_norm is not worked'
grep -q 'Its first number: the 5 numbers that belong together have the mean square' rms_norm.md || fail 'rms_norm is not worked'
grep -q 'the first head of the last step, 7, takes' attention.md || fail 'attention is not worked'
grep -q 'it becomes row .* of `embedding1.weight`, 2 numbers' embedding.md || fail 'embedding is not worked'
grep -q 'What goes past the layers between' add.md || fail 'add is not worked'

# ---- activations
activations=$("$FELL" plugin list | awk '$1 == "activation" {print $2}')
for name in $activations; do
    case $name in # those that are flat around 0 get larger numbers
    *_shrink) transform='{scale: {factor: 1}}' ;;
    *) transform=$sixteenth ;;
    esac
    begin "$name" cross_entropy '{sgd: {lr: 0.05}}' "$digits" "$transform"
    printf '  - dense: {units: 4, activation: %s, name: hidden}\n  - dense: {units: 10, name: output}\n' "$name" >>"$name.yaml"
    explain "$name"
done

# ---- losses
losses="
bce           | xor | sigmoid
bce_with_logits | xor |
cross_entropy | digits |
focal         | xor |
gaussian_nll  | signs |
hinge         | signs |
huber         | signs |
kl_divergence | shares | log_softmax
log_cosh      | signs |
mae           | signs |
mse           | signs |
multi_margin  | digits |
nll           | digits | log_softmax
poisson_nll   | xor |
quantile      | signs |
smooth_l1     | signs |
soft_cross_entropy | shares |
soft_margin   | signs |
squared_hinge | signs |
"
known loss "$losses"
printf '%s\n' "$losses" | sed '/^$/d' >lines
while IFS='| ' read -r name data activation; do
    outputs=1 transform=
    case $data in
    digits) outputs=10 source=$digits transform=$sixteenth ;;
    shares) outputs=2 source='csv: {path: shares.csv, target: [p, q]}' ;;
    signs) source='csv: {path: signs.csv, target: target}' ;;
    xor) source='xor: {}' ;;
    esac
    [ "$name" != gaussian_nll ] || outputs=2
    begin "$name" "$name" '{sgd: {lr: 0.05}}' "$source" "$transform"
    printf '  - dense: {units: 4, activation: tanh}\n  - dense: {units: %s%s}\n' "$outputs" "${activation:+, activation: $activation}" >>"$name.yaml"
    explain "$name"
done <lines

# ---- optimizers: the step that the page shows is the one that training takes, when the row is all there is
printf 'a,b,target\n0.5,-1,0.7\n' >row.csv
for name in $("$FELL" plugin list | awk '$1 == "optimizer" {print $2}'); do
    begin "$name" mse "$name" 'csv: {path: row.csv, target: target}' ''
    [ "$name" != sgd ] || sed -i 's/^optimizer: .*/optimizer: {sgd: {lr: 0.1, momentum: 0.9, nesterov: true}}/' sgd.yaml
    printf '  - dense: {units: 3, activation: tanh}\n  - dense: {units: 1}\n' >>"$name.yaml"
    explain "$name" --epoch 1
    mv "$name.json" before.json
    explain "$name" --epoch 2
    expect_json "$name.json" 1 "(j->>'$.weight.value') = (CAST(readfile('before.json') AS TEXT)->>'$.step_taken.w_new')"
done

# ---- a plugin of the user's: its name stands where no formula is known
cat >steep.c <<'END'
#include "fell/plugin.h"

static inline float grow(const void *s, float x)
{
    (void)s;
    return x + x * x * x;
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return 1.0f + 3.0f * x * x;
}

FELL_ELEMENTWISE(void, grow, slope)

static const fell_activation steep = FELL_ACTIVATION("steep", "Steeper on both sides.\n\ny = x + x^3.", FELL_REAL,
                                                     grow_forward, grow_backward);

FELL_PLUGIN("1.0", "Test, MIT", &steep.item);
END
flags="-std=c17 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -fPIC -fvisibility=hidden -shared"
# shellcheck disable=SC2086
${CC:-cc} $flags -I"$srcdir/include" -o steep.so steep.c
begin steep cross_entropy '{sgd: {lr: 0.05}}' "$digits" "$sixteenth"
printf '  - dense: {units: 4, activation: steep, name: hidden}\n  - dense: {units: 10, name: output}\n' >>steep.yaml
explain steep --plugin ./steep.so
for text in '`steep`: Steeper on both sides. By its doc: `y = x + x^3`.' '= \mathrm{steep}(' 'the slope of `steep` there.'; do
    grep -qF -e "$text" steep.md || fail "steep.md does not say $text"
done
! grep -F 'the slope of `steep` there, $' steep.md || fail 'a formula that nobody gave'

[ -d "${FELL_NODE-}/mermaid" ] && command -v node >/dev/null || exit 0 # explain_documents.sh says that it is skipped
node "$srcdir/tests/browser/documents.js" --math ./*.md >log 2>&1 || fail "$(cat log)"
