#!/bin/sh
# An experiment is what its files hold, not where they are: from another folder, by another way to the same
# file and after the project was moved it is the same one, and goes on.
. "${srcdir:-.}/tests/cli/lib.sh"

mkdir -p a/data a/sub
awk 'BEGIN { print "x,y,class"; for (i = 0; i < 40; i++) print i % 7 "," (i * i) % 5 "," (i % 2 ? "odd" : "even") }' >a/data/d.csv
spec() {
    cat >"$1" <<END
name: placed
seed: 4
data: {source: {csv: {path: $2, target: class}}, validation: 0.25, transforms: [standardize]}
model:
  - dense: {units: 4, activation: tanh}
  - dense: {units: 2}
loss: cross_entropy
optimizer: sgd
train: {epochs: 3, batch_size: 8}
sweep: {over: {optimizer.sgd.lr: [0.1, 0.2, 0.4]}}
END
}
same() {
    expect_exit 0 "$FELL" run "$1" --quiet --db f.db
    expect_sql f.db "1|3|finished" "SELECT count(DISTINCT experiment_id), count(*), max(status) FROM runs"
}

spec a/spec.yaml data/d.csv
same a/spec.yaml
losses=$(sqlite3 f.db "SELECT run_id, epoch, train_loss, validation_loss FROM epochs")
expect_sql f.db "$PWD/a/data/d.csv" "SELECT path FROM data_files"
spec a/spec.yaml sub/../data/../data/d.csv
same a/spec.yaml
expect_sql f.db "$PWD/a/data/d.csv" "SELECT path FROM data_files"
(cd a && cp ../f.db g.db && "$FELL" run spec.yaml --quiet --db g.db)
expect_sql a/g.db "1|3" "SELECT count(DISTINCT experiment_id), count(*) FROM runs"
rm a/g.db*
ln -s ../data/d.csv a/sub/link.csv
spec a/spec.yaml sub/link.csv
same a/spec.yaml
ln -s data a/way
spec a/spec.yaml way/d.csv
same a/spec.yaml
mkdir -p elsewhere/deep
ln -s "$PWD/elsewhere/deep" a/out
cp a/data/d.csv elsewhere/d.csv
spec a/spec.yaml out/../d.csv # where the link leads, and not a/d.csv
same a/spec.yaml
expect_sql f.db "$PWD/a/out/../d.csv" "SELECT path FROM data_files"

# A copy of the project, and the project moved in the middle of it.
spec a/spec.yaml data/d.csv
cp -r a b
same b/spec.yaml
expect_sql f.db "$PWD/b/data/d.csv|3" \
    "SELECT path, (SELECT count(*) FROM runs WHERE json_extract(resolved, '\$.data.source.csv.path') = path) FROM data_files"
rm -r a
mv b c
sqlite3 f.db "DELETE FROM epochs WHERE run_id = 2; DELETE FROM gradients WHERE run_id = 2; UPDATE runs SET status = 'queued', epochs_done = 0 WHERE id = 2"
same c/spec.yaml
[ "$losses" = "$(sqlite3 f.db "SELECT run_id, epoch, train_loss, validation_loss FROM epochs")" ] ||
    fail "the run that went on elsewhere has other losses"
expect_exit 0 "$FELL" verify 2 --db f.db

# Moved again, its stored runs are verified and replayed at once: the same bytes are looked for below the
# database's folder and this one. Where they are nowhere, that is said.
mv c d
cp f.db d/g.db
(cd / && "$FELL" verify 2 --db "$OLDPWD/d/g.db") >out 2>err || fail "not verified: $(cat out err)"
expect_text err "note: '$PWD/d/data/d.csv' holds what '$PWD/c/data/d.csv' did, and is read in its place"
expect_text out 'all have the same bits'
(cd d && "$FELL" replay 2 --quiet --db ../f.db) 2>err || fail "not replayed: $(cat err)"
(cd d && "$FELL" export 2 --safetensors w.safetensors --db ../f.db) 2>err || fail "not exported: $(cat err)"
# a retry needs no `fell run` before it, and the rows name the new places
cp d/g.db d/h.db
sqlite3 d/h.db "UPDATE runs SET status = 'failed' WHERE id = 2"
(cd / && "$FELL" retry 1 --quiet --db "$OLDPWD/d/h.db") >out 2>err || fail "not retried: $(cat out err)"
expect_text err "note: '$PWD/d/data/d.csv' holds what '$PWD/c/data/d.csv' did, and is read in its place"
expect_sql d/h.db "$PWD/d/data/d.csv|3" \
    "SELECT path, (SELECT count(*) FROM runs WHERE json_extract(resolved, '\$.data.source.csv.path') = path) FROM data_files"
[ "$losses" = "$(sqlite3 d/h.db "SELECT run_id, epoch, train_loss, validation_loss FROM epochs")" ] ||
    fail "the run that was retried elsewhere has other losses"
rm d/h.db
cp d/data/d.csv right.csv
echo '1,1,odd' >>d/data/d.csv
expect_exit 2 "$FELL" verify 2 --db d/g.db
expect_text err "run 2 cannot be verified: " "c/data/d.csv': No such file or directory"
mv right.csv d/data/d.csv
rm d/g.db
mv d c

# The same content under two names is one trial; other content is another one, and another experiment.
cp c/data/d.csv c/data/copy.csv
sed 's/odd/off/' c/data/d.csv >c/data/other.csv
spec c/spec.yaml data/d.csv
sed -i 's|optimizer.sgd.lr.*|data.source.csv.path: [data/d.csv, data/copy.csv, data/other.csv]}}|' c/spec.yaml
expect_exit 0 "$FELL" run c/spec.yaml --quiet --db two.db
expect_sql two.db "2|2" "SELECT count(*), count(DISTINCT uid) FROM runs"
cp c/data/other.csv c/data/d.csv
spec c/spec.yaml data/d.csv
expect_exit 0 "$FELL" run c/spec.yaml --quiet --db f.db
expect_sql f.db "2|6" "SELECT count(DISTINCT experiment_id), count(*) FROM runs"
