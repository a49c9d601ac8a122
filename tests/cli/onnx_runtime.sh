#!/bin/sh
# Exported nets give onnxruntime the answers of fell predict, to 1e-5, and pass onnx.checker: every layer,
# activation and transform, and every config. ./bootstrap --tests brings both from PyPI.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what is exported"
python=${FELL_VENV:-$srcdir/build/venv}/bin/python
"$python" -c 'import onnx, onnxruntime' 2>why || {
    cat why >&2
    echo "skipped: there is no $python with onnx and onnxruntime"
    exit 77
}
. "$srcdir/tests/cli/onnx_lib.sh"

# try NAME KIND ROWS TARGETS WORDS-OF-PREDICT...: NAME.onnx is to be compared.
: >list
try() {
    net=$1 kind=$2 rows=$3 targets=$4
    shift 4
    expect_exit 0 "$FELL" predict 1 "$@" --db "$net.db" --epoch last --quiet -o "$net.out"
    printf '%s\n' "$net.onnx" "$kind" "$rows" "$net.out" "$targets" >>list
}

for net in vectors images sequences numbers tokens embedded; do
    export_net $net
done
head -200 digits.csv >some.csv
try vectors csv iris.csv target iris.csv
try images csv some.csv target some.csv
try sequences csv some.csv target some.csv
try numbers csv numbers.csv 'y z' numbers.csv
try tokens csv tokens.csv y tokens.csv
try embedded csv numbers.csv 'y z =town' numbers.csv

# ---- the configs ----------------------------------------------------------------------------------------------

fashion=/usr/share/datasets/fashion-mnist
# Points of CLASSES classes, in the place of those that a dataset makes: the net is the same.
for classes in 2 3; do
    awk -v classes=$classes 'BEGIN { print "a,b,y"
        for (i = 0; i < 60; i++) printf "%.3f,%.3f,k%d\n", i % 7 / 4, i % 11 / 5, i % classes }' >points-$classes.csv
done
for config in "$srcdir"/configs/*.yaml; do
    name=$(basename "$config" .yaml)
    set -- train.epochs=1 repeats=1 checkpoint.keep=last checkpoint.every=1
    sed "s|path: data/|path: $srcdir/configs/data/|; s|source: xor .*|source: {csv: {path: $srcdir/configs/data/xor.csv, target: y}}|
        s|source: {moons: .*|source: {csv: {path: $PWD/points-2.csv, target: y}}|; /test: {moons/d
        s|source: {spiral: .*|source: {csv: {path: $PWD/points-3.csv, target: y}}|" "$config" >"$name.yaml"
    case $name in
    fashion-mnist-*)
        [ -r $fashion/t10k-images-idx3-ubyte.gz ] || continue
        for set in source test; do
            set -- "$@" data.$set.idx.rows=60 data.$set.idx.images=$fashion/t10k-images-idx3-ubyte.gz \
                data.$set.idx.labels=$fashion/t10k-labels-idx1-ubyte.gz
        done
        export_net "$name" "$@"
        try "$name" idx $fashion/t10k-images-idx3-ubyte.gz '' --split test
        ;;
    gpt)
        export_net "$name" "$@" train.steps_per_epoch=1
        try "$name" text "$srcdir/configs/data/constitution.txt" 64 --split validation
        ;;
    *)
        rows=$(sed -n 's|.*source: {csv: {path: \([^,]*\).*|\1|p' "$name.yaml")
        export_net "$name" "$@"
        head -200 "$rows" >"$name.csv"
        try "$name" csv "$name.csv" "$(head -1 "$rows" | sed 's/.*,//')" "$name.csv"
        ;;
    esac
done
[ "$(wc -l <list)" -ge 75 ] || fail "not all configs were tried: $(cat list)"
tr '\n' '\0' <list | xargs -0 "$python" "$srcdir/tests/onnx/compare.py" || fail "onnxruntime finds something else"
