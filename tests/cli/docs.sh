#!/bin/sh
# The examples of docs/spec.md are specs that run.
. "$srcdir/tests/cli/lib.sh"

mkdir docs
ln -s "$srcdir/configs" configs
cd docs
awk '/^ *```yaml$/ { inside = 1; n++; next } /^ *```/ { inside = 0; next } inside { print > ("example" n ".yaml") }' \
    "$srcdir/docs/spec.md"
test -s example1.yaml && test -s example2.yaml
for spec in example*.yaml; do
    expect_exit 0 "$FELL" run "$spec" --quiet --db docs.db
done
expect_sql docs.db '10|finished' "SELECT count(*), max(status) FROM runs"
