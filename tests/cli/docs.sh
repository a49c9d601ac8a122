#!/bin/sh
# The examples of docs/spec.md are specs that run, and the commands of docs/results.md work.
. "$srcdir/tests/cli/lib.sh"
once "a page"

mkdir docs
ln -s "$srcdir/configs" configs
cd docs
awk '/^ *```yaml$/ { inside = 1; n++; next } /^ *```/ { inside = 0; next } inside { print > ("example" n ".yaml") }' \
    "$srcdir/docs/spec.md"
test -s example1.yaml && test -s example2.yaml
for spec in example*.yaml; do
    expect_exit 0 "$FELL" run "$spec" --quiet --db docs.db
done
expect_sql docs.db '45|finished' "SELECT count(*), max(status) FROM runs"
expect_sql docs.db '9|validation.accuracy' "SELECT count(*), max(objective) FROM trials WHERE name = 'widths'"

# The commands, on a small sweep of the name that they ask for.
cd ..
write_sweep sweep.yaml
expect_exit 0 "$FELL" run sweep.yaml name=lr-activation --quiet
cp results/fell.db monday.db
cp results/fell.db tuesday.db
ln -s "$srcdir/results/queries" results/queries
mkdir bin
ln -s "$FELL" bin/fell
sed -n 's/^    \([a-z]\)/\1/p' "$srcdir/docs/results.md" "$srcdir/docs/pages.md" >commands.sh
[ "$(wc -l <commands.sh)" -ge 5 ] || fail "no commands in docs/results.md"
PATH=$PWD/bin:$PATH sh -eux commands.sh >log 2>&1 || fail "a command of docs/results.md: $(cat log)"
expect_sql all.db 8 "SELECT count(*) FROM runs"

# The commands of docs/cluster.md.
sed -n 's/^    \([a-z]\)/\1/p' "$srcdir/docs/cluster.md" >commands.sh
[ "$(wc -l <commands.sh)" -ge 4 ] || fail "no commands in docs/cluster.md"
(mkdir cluster && cd cluster && ln -s ../configs configs && PATH=$PWD/../bin:$PATH sh -eux ../commands.sh) >log 2>&1 ||
    fail "a command of docs/cluster.md: $(cat log)"
expect_exit 0 "$FELL" run configs/sweeps/lr-activation.yaml --db cluster/one.db --quiet
for db in all one; do
    sqlite3 cluster/$db.db "SELECT run_id, epoch, train_loss, grad_norm_mean FROM epochs; SELECT id, uid, status FROM runs" >rows.$db
done
cmp rows.all rows.one || fail "shards have other rows than one machine"

# The commands of docs/predict.md, on run 2.
expect_exit 0 "$FELL" run configs/iris.yaml train.epochs=5 sweep=null --quiet --db predict/results/fell.db
sed -n 's/^    \([a-z]\)/\1/p' "$srcdir/docs/predict.md" >commands.sh
[ "$(wc -l <commands.sh)" -ge 6 ] || fail "no commands in docs/predict.md"
(cd predict && ln -s ../configs configs && PATH=$PWD/../bin:$PATH sh -eux ../commands.sh) >log 2>&1 || fail "a command of docs/predict.md: $(cat log)"

# docs/results.md names every table and view, every number of an epoch and of a tensor, and every status.
page=$srcdir/docs/results.md
sqlite3 all.db "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')" >names
awk '/^## / { inside = /^## What the numbers mean/ } inside' "$page" >meanings
sqlite3 all.db "SELECT name FROM pragma_table_info('epochs') WHERE pk = 0 UNION SELECT name FROM pragma_table_info('gradients') WHERE pk = 0" >numbers
"$FELL" runs --status zzzzzzzz --db all.db 2>&1 | sed -n 's/.*; there are //p' | grep -o '[a-z_]*' >statuses
sed -n '/^`status` is one of/,/^$/p' "$page" >words
[ "$(wc -l <names)" -ge 19 ] && [ "$(wc -l <numbers)" -ge 11 ] && [ "$(wc -l <statuses)" -ge 11 ] || fail "nothing to look for"
while read -r name; do grep -qF "\`$name\`" "$page" || fail "docs/results.md does not say what $name is"; done <names
while read -r name; do grep -qF "\`$name\`" meanings || fail "docs/results.md does not say what the number $name means"; done <numbers
while read -r word; do grep -qw "$word" words || fail "docs/results.md does not have the status $word"; done <statuses
