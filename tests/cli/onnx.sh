#!/bin/sh
# fell export --onnx, without a program that reads it: every layer, activation and transform is tried, what ONNX
# cannot say is named, a file that stood there stays. onnx_runtime.sh compares the numbers.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what is exported"
. "$srcdir/tests/cli/onnx_lib.sh"

# ---- all of the bundled plugins ------------------------------------------------------------------------------

for kind in layer activation transform; do
    for file in "$srcdir"/plugins/"$kind"/*.c; do
        name=$(basename "$file" .c)
        grep -qE "(^|[^a-z0-9_])$name([^a-z0-9_]|\$)" tokens.yaml numbers.yaml vectors.yaml images.yaml sequences.yaml embedded.yaml ||
            fail "tests/onnx has no $kind $name"
    done
done
for net in vectors images sequences numbers tokens embedded; do
    export_net $net
    [ -s $net.onnx ] || fail "$net.onnx is empty"
done
grep -q LayerNormalization vectors.onnx || fail "no node in the file"

# ---- a net from a file, and another epoch ---------------------------------------------------------------------

expect_exit 0 "$FELL" export 1 --db tokens.db --safetensors tokens.safetensors
expect_exit 0 "$FELL" export tokens.safetensors --onnx again.onnx
expect_text out "again.onnx: the net of 'tokens' after epoch 2"
# The number of the run is all that the file does not know.
[ $(($(wc -c <tokens.onnx) - $(wc -c <again.onnx))) -lt 20 ] || fail "the same net is another model"
expect_exit 0 "$FELL" export 1 --db tokens.db --epoch 0 --onnx zero.onnx
expect_text out "after epoch 0"
cmp -s zero.onnx tokens.onnx && fail "epoch 0 is epoch 2"

# ---- what cannot be ------------------------------------------------------------------------------------------

cat >swish.c <<'END'
#include <fell/plugin.h>
static inline float swish(const void *s, float x)
{
    (void)s;
    return x * fell_sigmoid(x);
}
static inline float slope(const void *s, float x, float y)
{
    (void)s;
    (void)x;
    return y;
}
FELL_ELEMENTWISE(void, swish, slope)
static const fell_activation item = FELL_ACTIVATION("swish", "x sigmoid(x).", FELL_REAL, swish_forward, swish_backward);
FELL_PLUGIN("1.0", "", &item.item);
END
expect_exit 0 "$FELL" plugin build swish.c
write_spec own.yaml
expect_exit 0 "$FELL" run own.yaml --plugin ./swish.so --quiet --db own.db model.0.dense.activation=swish train.epochs=1
echo old >old.onnx
expect_exit 2 "$FELL" export 1 --db own.db --plugin ./swish.so --onnx old.onnx
expect_text err "layer 'swish1': ONNX cannot say 'swish'"
[ "$(cat old.onnx)" = old ] || fail "a file went for a net that cannot be exported"
# One's own plugin of a bundled name is one's own.
sed 's/swish/silu/g' swish.c >silu.c
expect_exit 0 "$FELL" plugin build silu.c
expect_exit 0 "$FELL" run own.yaml --plugin ./silu.so --quiet --db named.db model.0.dense.activation=silu train.epochs=1
expect_exit 2 "$FELL" export 1 --db named.db --plugin ./silu.so --onnx old.onnx
expect_text err "layer 'silu1': ONNX cannot say 'silu'"
# So many inputs that a fixed number of them would not do.
i=0 names='' wide='  - dense: {units: 4, name: d}'
while [ $i -lt 70 ]; do
    names="$names${names:+, }r$i" wide="$wide
  - relu: {from: [d], name: r$i}" i=$((i + 1))
done
{
    sed -n '1,/^model:/p' vectors.yaml
    printf '%s\n  - add: {from: [%s], name: all}\n  - dense: {units: 3}\n' "$wide" "$names"
    sed -n '/^loss:/,$p' vectors.yaml
} >many.yaml
export_net many
expect_exit 2 "$FELL" export 1 --db own.db
expect_text err "as what? write: fell export 1 --safetensors FILE, or --onnx FILE, --csv FILE, --tensorboard DIR"
expect_exit 2 "$FELL" export 1 --db own.db --onnx a --safetensors b
expect_exit 1 "$FELL" export 1 --db tokens.db --onnx none/a.onnx
expect_exit 2 "$FELL" export iris.csv --onnx a.onnx
expect_text err "not a safetensors file"
