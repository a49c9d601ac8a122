# shellcheck shell=sh disable=SC2154 # srcdir is lib.sh's
# onnx_lib.sh - nets to export, for onnx.sh and onnx_runtime.sh: tests/onnx/*.yaml with their rows, and how one of
# them is trained, exported and asked.
cp "$srcdir"/configs/data/*.csv "$srcdir"/tests/onnx/*.yaml .
awk 'BEGIN { print "k,a,town,y,z"
    for (i = 0; i < 60; i++)
        printf "%d,%s,%s,%.3f,%d\n", i % 3, i % 5 ? (i * 37 % 50) / 4 : "", i % 7 ? (i % 2 ? "Ulm" : "Bern") : "", 100 + i * 1.5, i % 9
    }' >numbers.csv
awk 'BEGIN { print "a,b,c,y"; for (i = 0; i < 60; i++) printf "%d,%d,%d,%d\n", i % 5, i * 3 % 5, (i * 7 + 1) % 5, i % 2 }' >tokens.csv

# export_net NAME: NAME.yaml trained and written to NAME.onnx; the rest of the words are the run's.
export_net() {
    net=$1
    shift
    expect_exit 0 "$FELL" run "$net.yaml" --quiet --db "$net.db" "$@"
    expect_exit 0 "$FELL" export 1 --db "$net.db" --epoch last --onnx "$net.onnx" --quiet
    expect_empty err
}
