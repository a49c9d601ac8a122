#!/bin/sh
# Which rows a run had: listed by fell plan --rows, recorded with their hash, the same with the cache of rows and
# without it, the same when a run is verified; and a sweep over data.fold.
. "${srcdir:-.}/tests/cli/lib.sh"

write_iris() {
    cat >"$1" <<END
name: $2
seed: 1
data:
  source: {csv: {path: $srcdir/configs/data/iris.csv, target: target}}
$3
model: [{dense: {units: 8, activation: relu}}, {dense: {units: 3}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
train: {epochs: 2}
END
}

# ---- lists and hashes -----------------------------------------------------------------------------------------

write_iris iris.yaml iris '  folds: 5
  fold: 2
  stratify: true
  rows: 0.5
  label_noise: 0.1'
for split in train validation noised; do
    "$FELL" plan iris.yaml --rows "$split" >"rows.$split" && mv "rows.$split" "$split"
done
[ "$(wc -l <train) $(wc -l <validation) $(wc -l <noised)" = "60 30 6" ] || fail "$(wc -l train validation noised)"
sort -n -c train
[ "$(cat train validation | sort -u | wc -l)" = 90 ] || fail "a row is on both sides"
[ "$(cat train noised | sort -u | wc -l)" = 60 ] || fail "label noise is not in the training rows"
# Of 3 classes with 50 rows each has 10 in a fold, and 20 in half of the others.
tail -n +2 "$srcdir/configs/data/iris.csv" | sed 's/.*,//' >classes
for split in validation:10 train:20; do
    while read -r row; do sed -n "$((row + 1))p" classes; done <"${split%:*}" | sort | uniq -c |
        awk -v n="${split#*:}" '$1 != n { exit 1 } END { exit NR != 3 }' || fail "${split%:*} is not stratified"
done
expect_exit 0 "$FELL" plan iris.yaml
expect_text out "60 train rows, 30 validation rows" "6 of the training rows have another class (label_noise)"
expect_exit 0 "$FELL" run iris.yaml --quiet --db iris.db
for split in train validation noised; do
    expect_sql iris.db "$(wc -l <$split)|$(sha256sum <$split | cut -d' ' -f1)" \
        "SELECT rows, sha256 FROM splits WHERE split = '$split'"
done
expect_sql iris.db "3|150" "SELECT (SELECT count(*) FROM splits), rows FROM data_files"
expect_exit 0 "$FELL" verify 1 --db iris.db
# What is stored of a run lists its rows again.
sqlite3 iris.db "SELECT resolved FROM runs" >again.yaml
"$FELL" plan again.yaml --rows validation | cmp - validation || fail "a stored run lists other rows"

# The first row that is in some split is explained; one that is left out is told.
expect_exit 0 "$FELL" explain iris.yaml -o iris.md
expect_exit 2 "$FELL" explain iris.yaml --sample "$(seq 0 149 | grep -vxF -f train -f validation | head -n 1)"
expect_text err "is in no split: data.rows leaves it out"

expect_exit 2 "$FELL" plan iris.yaml --rows test
expect_text err "there is no data.test"
expect_exit 2 "$FELL" plan iris.yaml --rows validaton
expect_text err "--rows: 'validaton' is none of train, validation, test and noised; did you mean 'validation'?"

# ---- the cache of prepared rows --------------------------------------------------------------------------------

awk 'BEGIN { print "a,b,c,d,e,f,g,h,y"; for (i = 0; i < 40000; i++) print i ",2,3,4,5,6,7,8," i % 3 }' >large.csv
touch -d '1 minute ago' large.csv
sleep 3.1 # a file that was just changed is not kept
for cache in off "$PWD/cache" "$PWD/cache"; do
    FELL_CACHE=$cache "$FELL" plan iris.yaml data.source.csv.path="$PWD/large.csv" data.source.csv.target=y --rows train |
        sha256sum >>hashes
    FELL_CACHE=$cache "$FELL" plan iris.yaml data.source.csv.path="$PWD/large.csv" data.source.csv.target=y --rows noised |
        sha256sum >>noise
done
[ "$(ls cache)" ] || fail "nothing was kept"
[ "$(sort -u hashes | wc -l) $(sort -u noise | wc -l)" = "1 1" ] || fail "rows from the cache are others"

# ---- an experiment without the keys is what it was --------------------------------------------------------------

write_iris plain.yaml plain '  validation: 0.2'
expect_exit 0 "$FELL" run plain.yaml --quiet --db plain.db
expect_sql plain.db '{"source":{"csv":1},"validation":0.2,"transforms":[]}' \
    "SELECT json_replace(resolved->'data', '\$.source.csv', 1) FROM runs"

# ---- what stratify and label_noise say ---------------------------------------------------------------------------

{ echo a,y; for i in 1 2 3 4 5 6 7 8; do printf '%s,u\n%s,v\n' $i $i; done; echo 9,w; } >rare.csv
cat >rare.yaml <<'END'
name: rare
seed: 1
data: {source: {csv: {path: rare.csv, target: y}}, folds: 4, stratify: true}
model: [{dense: {units: 3}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 1}
END
expect_exit 0 "$FELL" check rare.yaml
[ "$(cat err)" = "fell: warning: data.stratify: 1 class has fewer rows than there are folds: the rarest has 1 row" ] || fail "$(cat err)"
sed 's/folds: 4/validation: 0.25/' rare.yaml >share.yaml
expect_exit 0 "$FELL" check share.yaml
[ "$(cat err)" = "fell: warning: data.stratify: 1 class is not both trained on and held out: the rarest has 1 row" ] || fail "$(cat err)"
# Inputs that no float holds, and that a transform takes as doubles, are no matter of stratify.
awk 'BEGIN { print "t,y"; for (i = 0; i < 40; i++) print 1700000000 + i "," i % 2 }' >wide.csv
expect_exit 0 "$FELL" check rare.yaml data.source.csv.path=wide.csv 'data.transforms=[standardize]' 'model=[{dense: {units: 1}}]' loss=mse
expect_empty err
# Rows without a class keep none, and are not counted.
npy() {
    { printf '\223NUMPY\1\0v\0' && printf "%-117s\n" "{'descr': '$2', 'fortran_order': False, 'shape': (10,), }"; } >"$1"
}
npy x.npy '|u1' && printf '\0\1\2\3\4\5\6\7\10\11' >>x.npy
npy y.npy '|i1' && printf '\0\377\1\377\0\1\377\377\1\0' >>y.npy
cat >none.yaml <<'END'
name: none
seed: 1
data: {source: {npy: {inputs: x.npy, targets: y.npy}}, label_noise: 1}
model: [{dense: {units: 2}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 1}
END
expect_exit 0 "$FELL" plan none.yaml --rows noised
[ "$(tr '\n' ' ' <out)" = "0 2 4 5 8 9 " ] || fail "other rows got another class: $(cat out)"
expect_exit 0 "$FELL" plan none.yaml
expect_text out "6 of the training rows have another class (label_noise)" "2 classes: 0 3, 1 3 rows"
expect_text err "4 of 10 targets are -1, of no class: they count for nothing"
expect_exit 2 "$FELL" check none.yaml 'model=[{dense: {units: 7}}]'
expect_text err "the last layer gives 7 outputs" "4 of 10 targets are -1, of no class: they count for nothing"

# ---- an autoencoder ------------------------------------------------------------------------------------------------

cat >auto.yaml <<END
name: auto
seed: 1
data:
  source: {csv: {path: $srcdir/configs/data/iris.csv, target: [], drop: [target]}}
  target: input
  validation: 0.2
  transforms: [standardize]
model: [{dense: {units: 2}}, {dense: {units: 4}}]
loss: mse
optimizer: {adam: {lr: 0.05}}
metrics: [r2]
train: {epochs: 60}
END
expect_exit 0 "$FELL" run auto.yaml --quiet --db auto.db
# Two principal components of iris hold 96 % of its variance.
expect_sql auto.db 1 "SELECT value > 0.94 AND value < 0.97 FROM metrics WHERE split = 'train' ORDER BY epoch DESC LIMIT 1"

# ---- folds in the report ------------------------------------------------------------------------------------------

write_iris cv.yaml cv '  folds: 3
  stratify: true'
cat >>cv.yaml <<'END'
metrics: [accuracy]
repeats: 2
sweep: {over: {optimizer.adam.lr: [0.01, 0.1], data.fold: [0, 1, 2]}, objective: {maximize: validation.accuracy}}
END
expect_exit 0 "$FELL" run cv.yaml --quiet --db cv.db
expect_exit 0 "$FELL" report --db cv.db
expect_text out "mean and deviation over the folds of data.fold" "folds"
expect_exit 0 "$FELL" report --json --db cv.db
# The same from the runs by hand: the mean over repeats of each fold, then mean and deviation of the folds.
sqlite3 cv.db "WITH fold AS (SELECT l.value AS lr, f.value AS fold, avg(b.value) AS v FROM leaderboard AS b
        JOIN run_params AS l ON l.run_id = b.run AND l.path = 'optimizer.adam.lr'
        JOIN run_params AS f ON f.run_id = b.run AND f.path = 'data.fold' GROUP BY 1, 2),
    m AS (SELECT lr, avg(v) AS mean FROM fold GROUP BY 1)
    SELECT format('%.9g|%.9g|%d', m.mean, sqrt(sum((v - m.mean) * (v - m.mean)) / 2), count(*)) FROM fold JOIN m USING (lr)
    GROUP BY m.lr ORDER BY m.mean DESC" >wanted
[ "$(wc -l <wanted)" = 2 ] || fail "$(cat wanted)"
expect_json out "$(cat wanted)" "(SELECT group_concat(format('%.9g|%.9g|%d', value->>'mean', value->>'sd', value->>'folds'), char(10))
    FROM json_each(j->'folds'))"
expect_json out 0.1 "(SELECT max(value->>'\$.params.\"optimizer.adam.lr\"') FROM json_each(j->'folds'))"
expect_sql iris.db 0 "SELECT count(*) FROM folds"

# ---- scaled targets ----------------------------------------------------------------------------------------------------

# The same rows with targets that were scaled by hand: the same loss; a metric with units is so many times larger.
awk 'BEGIN { print "x,y"; for (i = 0; i < 80; i++) printf "%d,%.9g\n", i, 250000 + 40 * i + 700 * ((i * 37) % 11) }' >prices.csv
awk -F, 'NR > 1 { x[NR] = $1; y[NR] = $2; s += $2 } END { m = s / 80; for (i = 2; i <= 81; i++) q += (y[i] - m) ^ 2
    d = sqrt(q / 80); print "x,y"; for (i = 2; i <= 81; i++) printf "%d,%.12g\n", x[i], (y[i] - m) / d; print d >"deviation" }' prices.csv >scaled.csv
for name in prices scaled; do
    [ $name = prices ] && scale='scale_target: standardize, ' || scale=''
    for shuffle in true false; do
        cat >$name-$shuffle.yaml <<END
name: $name-$shuffle
seed: 1
data: {source: {csv: {path: $name.csv, target: y}}, test: {csv: {path: $name.csv, target: y}}, ${scale}transforms: [standardize]}
model: [{dense: {units: 8, activation: tanh}}, {dense: {units: 1}}]
loss: mse
optimizer: {adam: {lr: 0.05}}
metrics: [rmse, mae, r2]
train: {epochs: 5, batch_size: 16, shuffle: $shuffle}
END
        expect_exit 0 "$FELL" run $name-$shuffle.yaml --quiet --db scale.db
    done
done
expect_sql scale.db "20|1" "SELECT count(*), max(abs(a.train_loss - b.train_loss)) < 1e-5 AND max(abs(a.test_loss - b.test_loss)) < 1e-5
    FROM curves AS a JOIN curves AS b ON a.epoch = b.epoch AND a.name = 'prices' || substr(b.name, 7) AND b.name LIKE 'scaled%'
    CROSS JOIN (SELECT 1 UNION ALL SELECT 2)"
expect_sql scale.db "60|1" "SELECT count(*), max(abs(a.value / (b.value * iif(a.name = 'r2', 1, $(cat deviation))) - 1)) < 1e-4
    FROM metrics AS a JOIN runs AS r ON r.id = a.run_id JOIN experiments AS x ON x.id = r.experiment_id
    JOIN experiments AS y ON x.name = 'prices' || substr(y.name, 7) AND y.name LIKE 'scaled%' JOIN runs AS s ON s.experiment_id = y.id
    JOIN metrics AS b ON b.run_id = s.id AND (b.epoch, b.split, b.name) = (a.epoch, a.split, a.name)"
expect_exit 0 "$FELL" verify 1 --db scale.db
