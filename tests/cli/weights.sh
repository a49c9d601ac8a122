#!/bin/sh
# Columns that say something about rows: `weights` counts a row of weight 2 as two rows would, in the loss, in what
# is learnt and in every metric; `group` keeps rows together; and what cannot be is told with its line.
. "${srcdir:-.}/tests/cli/lib.sh"

# spec NAME FILE SETTINGS LOSS UNITS METRICS
spec() {
    cat >"$1.yaml" <<END
name: $1
seed: 2
data: {source: {csv: {path: $2, target: y$3}}, test: {csv: {path: $2, target: y$3}}}
model: [{dense: {units: 4, activation: tanh}}, {dense: {units: $5}}]
loss: $4
optimizer: {sgd: {lr: 0.2}}
metrics: $6
train: {epochs: 4, batch_size: 0}
END
    expect_exit 0 "$FELL" run "$1.yaml" --quiet --db w.db
}

# ---- a weight is so many rows ------------------------------------------------------------------------------------

for kind in classes yes_no numbers; do
    case $kind in
        classes) y='i % 3' loss=cross_entropy units=3 metrics='[accuracy, auc, f1, precision, recall, f1_per_class, confusion, {top_k: {k: 2}}]' ;;
        yes_no) y='i % 5 < 2' loss=bce_with_logits units=1 metrics='[accuracy, auc, f1, mae]' ;;
        numbers) y='sin(i) + i / 20' loss=huber units=1 metrics='[rmse, mae, r2]' ;;
    esac
    awk "BEGIN { srand(4); print \"a,b,y,w\" >\"weighted-$kind.csv\"; print \"a,b,y\" >\"repeated-$kind.csv\"
        for (i = 0; i < 40; i++) { row = sprintf(\"%.4f,%.4f,%.6g\", cos(i), cos(3 * i), $y); w = (i * 7) % 4
            print row \",\" w >\"weighted-$kind.csv\"; for (k = 0; k < w; k++) print row >\"repeated-$kind.csv\" } }"
    spec $kind-weighted weighted-$kind.csv ', weights: w' $loss $units "$metrics"
    spec $kind-repeated repeated-$kind.csv '' $loss $units "$metrics"
done
expect_sql w.db "12|1" "SELECT count(*), max(max(abs(a.train_loss - b.train_loss), abs(a.test_loss - b.test_loss))) < 1e-6 FROM curves AS a
    JOIN curves AS b ON a.epoch = b.epoch AND a.name = replace(b.name, 'repeated', 'weighted') AND b.name LIKE '%repeated'"
sqlite3 w.db "SELECT a.split, a.name, a.epoch, a.value, b.value FROM metrics AS a JOIN runs AS r ON r.id = a.run_id
    JOIN experiments AS x ON x.id = r.experiment_id
    JOIN experiments AS y ON x.name = replace(y.name, 'repeated', 'weighted') AND y.name LIKE '%repeated' JOIN runs AS s ON s.experiment_id = y.id
    JOIN metrics AS b ON b.run_id = s.id AND (b.epoch, b.split, b.name) = (a.epoch, a.split, a.name)" >both
# 7 + 3 + 9 of classes, 4 and 3 of the others, on 2 splits after 4 epochs.
[ "$(wc -l <both)" = $((8 * (6 + 3 + 9 + 4 + 3))) ] || fail "$(wc -l <both) values"
awk -F'|' '$4 - $5 > 1e-5 || $5 - $4 > 1e-5 || ($4 == "") != ($5 == "") { print; bad = 1 } END { exit bad }' both || fail "metrics differ"
expect_exit 0 "$FELL" verify 1 --db w.db
expect_exit 0 "$FELL" check classes-weighted.yaml
expect_text out "weights (w) from 0 to 3"

# The same in small batches that are shuffled: nothing of it depends on the number of threads.
for threads in 1 2; do
    expect_exit 0 "$FELL" run classes-weighted.yaml name=small train.batch_size=7 train.threads=$threads --new --quiet --db small$threads.db
done
[ "$(sqlite3 small1.db "SELECT format('%!.17g', train_loss) FROM epochs")" = "$(sqlite3 small2.db "SELECT format('%!.17g', train_loss) FROM epochs")" ] ||
    fail "threads change a bit"

# ---- what cannot be -----------------------------------------------------------------------------------------------------

printf 'a,y,w,g\n1,2,1,u\n2,3,x,u\n3,4,-1,\n4,5,,v\n' >bad.csv
refuses() {
    expect_exit 2 "$FELL" check numbers-repeated.yaml "data.test=null" "data.source={csv: {path: bad.csv, target: y, $1}}"
    expect_text err "$2"
}
refuses 'weights: w, drop: [g]' "csv.weights: bad.csv:5: column 3 (w): missing value (1 in all); bad.csv:3: column 3 (w): no number 'x' (1 in all)"
refuses 'weights: w, group: g' "csv.path: group: bad.csv:4: column 4 (g): missing value (1 in all); weights: bad.csv:5: column 3 (w): missing value (1 in all); weights: bad.csv:3"
sed 's/^1,2/1.2.3,2/' bad.csv >worse.csv
expect_exit 2 "$FELL" check numbers-repeated.yaml "data.test=null" "data.source={csv: {path: worse.csv, target: y, weights: w, drop: [g]}}"
expect_text err "worse.csv:2: column 1 (a): '1.2.3' is not a number" "; weights: worse.csv:5: column 3 (w): missing value (1 in all)"
sed -i 's/,,v/,1,v/' bad.csv
refuses 'weights: w, drop: [g]' "csv.weights: bad.csv:3: column 3 (w): no number 'x' (1 in all)"
sed -i 's/,x,/,1,/' bad.csv
refuses 'weights: w, drop: [g]' "csv.weights: column 3 (w) goes from -1 to 1; weights are 0 or more, and some are more"
refuses 'group: g, drop: [w]' "csv.group: bad.csv:4: column 4 (g): missing value (1 in all)"
refuses 'group: y' "csv.group: column 2 (y) is the target"
refuses 'group: g, weights: g' "csv.weights: column 4 (g) is the group"
refuses 'weights: ww' "weights: there is no column 'ww' (columns: a, y, w, g)"
refuses 'drop: [a, w], group: g' "group: no column is left as input"

# ---- sqlite has them as well -----------------------------------------------------------------------------------------------

sqlite3 rows.sqlite "CREATE TABLE t (a REAL, y INTEGER, w REAL, p TEXT);
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
    INSERT INTO t SELECT i * 0.1, i % 2, 1 + i % 3, 'p' || (i / 4) FROM n"
cat >groups.yaml <<'END'
name: groups
seed: 1
data: {source: {sqlite: {path: rows.sqlite, query: SELECT * FROM t ORDER BY rowid, target: y, weights: w, group: p}}, folds: 4}
model: [{dense: {units: 2}}]
loss: cross_entropy
optimizer: sgd
metrics: [accuracy]
train: {epochs: 1}
END
expect_exit 0 "$FELL" check groups.yaml
expect_text out "8 groups (p), weights (w) from 1 to 3"
for fold in 0 1 2 3; do "$FELL" plan groups.yaml data.fold=$fold --rows validation | awk -v f=$fold '{ print int($1 / 4), f }'; done |
    sort -u >held
[ "$(wc -l <held) $(cut -d' ' -f1 held | sort -u | wc -l)" = "8 8" ] || fail "a group is in two folds: $(cat held)"
expect_exit 2 "$FELL" check groups.yaml data.folds=9
expect_text err "data.folds: 9 folds of 8 groups"
for fold in 0 1 2 3; do "$FELL" plan groups.yaml data.stratify=true data.fold=$fold --rows validation | awk -v f=$fold '{ print int($1 / 4), f }'; done |
    sort -u >held
[ "$(wc -l <held) $(cut -d' ' -f1 held | sort -u | wc -l)" = "8 8" ] || fail "a group is in two stratified folds: $(cat held)"
