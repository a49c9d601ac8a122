#!/bin/sh
# docs/reference is what the tables say today; each plugin has its place there, with an example that
# runs as it stands.
. "$srcdir/tests/cli/lib.sh"
once "what the tables say"

expect_exit 0 "$FELL" reference pages
expect_empty err
diff -ru "$srcdir/docs/reference" pages || fail "docs/reference is stale: fell reference docs/reference"
expect_exit 2 "$FELL" reference
expect_text err "takes one folder"
touch file
expect_exit 2 "$FELL" reference file/pages
expect_text err "a file is in its place"

# The files that examples speak of.
ln -s "$srcdir/configs" configs
awk -F, 'NR > 1 { print int((NR - 2) / 50), "1:" $1, "2:" $2, "3:" $3, "4:" $4 }' configs/data/iris.csv >iris.svm
sqlite3 flowers.db '.mode csv' '.import configs/data/iris.csv iris'
cp -r "$srcdir/tests/reference/images" photos
cp "$srcdir/tests/bad/three.npy" x.npy
cp "$srcdir/tests/bad/three-ids.npy" y.npy

yaml_blocks pages/*.md
expect_exit 0 "$FELL" plugin list --json
sqlite3 :memory: "SELECT value->>'kind' || ' ' || (value->>'name') FROM json_each(CAST(readfile('out') AS TEXT))" >names
while read -r kind name; do
    case $kind in
    loss) page=losses ;;
    *) page=${kind}s ;;
    esac
    example=$page-$name.yaml
    [ -s "$example" ] || fail "$kind $name has no example in $page.md"
    grep -qw "$name" "$example" || fail "the example of $kind $name does not name it"
    if [ "$name" = idx ] && [ ! -r /usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz ]; then
        continue
    fi
    expect_exit 0 "$FELL" run "$example" train.epochs=1 seed=1
    ! grep -q "warning" err || fail "$(cat err)"
done <names
