#!/bin/sh
# fell predict: answers about new rows are those of the evaluation that was recorded, whatever the order of columns,
# with and without the target, from a run's checkpoint, its training again, or an exported file alone.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what a net answers"
TMPDIR=$scratch/temporary
export TMPDIR
mkdir "$TMPDIR"

# ---- a table with all that has to be fitted: gaps, words, seconds that no float holds, a column of no use ---------

awk 'BEGIN { srand(7); print "id,when,town,size,price,kind"
    for (i = 0; i < 80; i++) {
        town = i % 3 == 0 ? "Ulm" : i % 3 == 1 ? "Bern" : "\"Aa, am See\""
        size = i % 7 == 0 ? "" : (i * 37 % 50) / 4
        printf "%d,%d,%s,%s,%.2f,%s\n", i, 1700000000 + i * 3607, town, size, i % 11 + size * 3, i % 4 < 2 ? "\"yes, sure\"" : "no"
    } }' >all.csv
cat >kinds.yaml <<'END'
name: kinds
seed: 3
data:
  source: {csv: {path: all.csv, target: kind, drop: [id, price]}}
  validation: 0.3
  transforms: [{impute: {number: median, indicator: true}}, standardize]
model: [{dense: {units: 6, activation: tanh}}, {dense: {units: 2}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
metrics: [accuracy]
train: {epochs: 6, batch_size: 16}
checkpoint: {keep: [2, best, last]}
END
expect_exit 0 "$FELL" run kinds.yaml --quiet
db=results/fell.db
# recorded RUN EPOCH METRIC: the validation loss and a metric.
recorded() {
    sqlite3 "$db" "SELECT validation_loss || ',' || json_extract(metrics, '\$.\"validation.$3\"') FROM curves WHERE run = $1 AND epoch = $2"
}
expect_exit 0 "$FELL" predict 1 --split validation --epoch 6
cp out held.csv
expect_text err "the net of run 1 after epoch 6, from its checkpoint"
expect_exit 0 "$FELL" predict 1 all.csv --epoch 6
cp out whole.csv
[ "$(wc -l <whole.csv)" = 81 ] || fail "not an answer for each row"
head -1 whole.csv | grep -qx 'row,class,p_no,"p_yes, sure"' || fail "another header: $(head -1 whole.csv)"
[ "$(wc -l <held.csv)" = 25 ] || fail "not an answer for each row that was held out"
grep -vxFf whole.csv held.csv >other && fail "rows of the split have other answers as new rows: $(cat other)"
recorded 1 6 accuracy >as_recorded
awk -F, '
    FILENAME == "all.csv" { yes[FNR - 1] = /yes, sure/; next }
    FILENAME == "as_recorded" { loss = $1; right = $2; next }
    FNR > 1 { sum -= log(yes[$1] ? $NF : $(NF - 1)); hits += /yes/ == yes[$1]; n++ }
    END { d = sum / n - loss; e = hits / n - right; exit !(n == 24 && d * d < 1e-13 && e * e < 1e-13) }
' all.csv as_recorded held.csv || fail "loss or accuracy of the answers is not what was recorded: $(cat as_recorded)"

# The name of an experiment may look like a file's, or be that of a folder.
mkdir kinds kinds1.5
expect_exit 0 "$FELL" run kinds.yaml name=kinds1.5 train.epochs=1 --quiet --db dot.db
expect_exit 0 "$FELL" predict kinds1.5 all.csv --db dot.db --quiet
expect_exit 0 "$FELL" predict kinds all.csv --quiet
expect_exit 2 "$FELL" predict kinds3.5 all.csv --db dot.db
expect_text err kinds3.5

# ---- columns in another order, missing ones, new ones; the target or not ------------------------------------------------

sqlite3 :memory: ".import --csv all.csv t" ".headers on" ".mode csv" "SELECT town, 'x' AS note, \"when\", size FROM t" >other.csv
expect_exit 0 "$FELL" predict 1 other.csv --epoch 6 --quiet
cmp out whole.csv || fail "the order of the columns changes the answers"
expect_text err "passed over, since the net has no such input: 'note'"
expect_exit 0 "$FELL" predict 1 - --epoch 6 --quiet <other.csv
cmp out whole.csv || fail "standard input gives other answers"
# One row alone: what is missing is filled as in training.
head -2 other.csv >one.csv
expect_exit 0 "$FELL" predict 1 one.csv --epoch 6 --quiet
[ "$(sed -n 2p out | cut -d, -f2-)" = "$(sed -n 2p whole.csv | cut -d, -f2-)" ] || fail "a row alone has another answer: $(cat out)"
# What a run is predicted with: each case, the status and what is said.
while IFS='|' read -r text words; do
    # shellcheck disable=SC2086 # the words of a command
    expect_exit 2 "$FELL" predict $words
    expect_text err "$text"
done <<END
there are no columns 'when', 'town', 'size', which the net has as inputs|1 $srcdir/configs/data/iris.csv
cannot open|1 none.csv
of which rows?|1
choose one|1 all.csv --split test
the net has no test rows|1 --split test
there is no epoch 7|1 all.csv --epoch 7
no run 9|9 all.csv
not a safetensors file|all.csv all.csv
END
# A number stays one where all new rows write it as a code.
awk 'BEGIN { print "a,y"; for (i = 0; i < 30; i++) print i % 9 "," i % 9 * 2 }' >numbers.csv
printf 'a\n5\n' >five.csv
printf 'a\n005\n' >code.csv
cat >line.yaml <<'END'
name: line
seed: 1
data: {source: {csv: {path: numbers.csv, target: y}}}
model: [{dense: {units: 1}}]
loss: mse
optimizer: sgd
train: {epochs: 2}
END
expect_exit 0 "$FELL" run line.yaml --quiet --db line.db
expect_exit 0 "$FELL" predict 1 five.csv --db line.db --quiet
cp out five
expect_exit 0 "$FELL" predict 1 code.csv --db line.db --quiet
cmp out five || fail "005 is another number than 5 to a net of numbers"
sed '3s/Bern/Rom/' other.csv >town.csv
expect_exit 2 "$FELL" predict 1 town.csv
expect_text err "'Rom' is not among the 3 words"

# ---- the file alone: no database, no training rows; JSON ----------------------------------------------------------------

expect_exit 0 "$FELL" export 1 --safetensors net.safetensors
expect_exit 0 "$FELL" export 1 --epoch 4 --safetensors four.safetensors # trained again
# Weights that are not those of the run take no file's place.
cp "$db" wrong.db
sqlite3 wrong.db "UPDATE epochs SET train_loss = 9 WHERE run_id = 1 AND epoch = 4"
echo old >old.safetensors
expect_exit 1 "$FELL" export 1 --epoch 4 --safetensors old.safetensors --db wrong.db
expect_text err "training again did not give what is recorded"
[ "$(cat old.safetensors)" = old ] || fail "a file went for weights that are wrong"
mkdir away
mv net.safetensors four.safetensors other.csv away
cd away
expect_exit 0 "$FELL" predict net.safetensors other.csv -o answers.csv
cmp answers.csv ../whole.csv || fail "the exported net answers otherwise"
expect_exit 0 "$FELL" predict net.safetensors - --quiet <other.csv
cmp out ../whole.csv || fail "the exported net answers standard input otherwise"
expect_exit 0 "$FELL" predict four.safetensors other.csv --json
head -1 out | grep -qE '^\{"row":1,"class":"(no|yes, sure)","probability":\{"no":0\.[0-9]+,"yes, sure":0\.[0-9]+\}\}$' ||
    fail "no such JSON: $(head -1 out)"
expect_exit 1 "$FELL" predict net.safetensors other.csv -o none/answers.csv
expect_exit 2 "$FELL" predict net.safetensors other.csv --epoch 3
expect_text err "a file has the weights of one epoch"
[ -f net.safetensors ] || fail "the net is gone"
cd ..

# ---- values in their own units; yes and no -------------------------------------------------------------------------------

cat >values.yaml <<'END'
name: values
seed: 3
data:
  source: {csv: {path: all.csv, target: [price, id], drop: [kind, town, size]}}
  validation: 0.3
  scale_target: standardize
  transforms: [standardize]
model: [{dense: {units: 6, activation: tanh}}, {dense: {units: 2}}]
loss: mse
optimizer: {adam: {lr: 0.05}}
metrics: [mae]
train: {epochs: 5, batch_size: 16}
END
expect_exit 0 "$FELL" run values.yaml --quiet
expect_exit 0 "$FELL" predict 2 --split validation --epoch 5 --quiet
cp out held.csv
head -1 held.csv | grep -qx 'row,price,id' || fail "another header: $(head -1 held.csv)"
recorded 2 5 mae >as_recorded
awk -F, '
    FILENAME == "all.csv" { sub(/"Aa, am See"/, "Aa"); price[FNR - 1] = $5; next }
    FILENAME == "as_recorded" { mae = $2; next }
    FNR > 1 { a = $2 - price[$1]; b = $3 - ($1 - 1); sum += (a < 0 ? -a : a) + (b < 0 ? -b : b); n += 2 }
    END { d = (sum / n - mae) / mae; exit !(n == 48 && d * d < 1e-10) }
' all.csv as_recorded held.csv || fail "the mean absolute error of the answers is not what was recorded: $(cat as_recorded)"
cut -d, -f2 all.csv >when.csv
expect_exit 0 "$FELL" predict 2 when.csv --epoch 5 --quiet
grep -vxFf out held.csv >other && fail "rows of the split have other values as new rows: $(cat other)"

cat >sides.yaml <<'END'
name: sides
seed: 1
data: {source: {xor: {}}}
model: [{dense: {units: 4, activation: tanh}}, {dense: {units: 1}}]
loss: bce_with_logits
optimizer: {adam: {lr: 0.1}}
train: {epochs: 200, batch_size: 4}
END
expect_exit 0 "$FELL" run sides.yaml --quiet
expect_exit 0 "$FELL" predict 3 --split train --quiet
head -1 out | grep -qx 'row,target,p_target' || fail "another header: $(head -1 out)"
awk -F, 'FNR > 1 { exit !($2 == ($3 > 0.5)) }' out || fail "an answer is not its probability's: $(cat out)"
[ "$(sed 1d out | cut -d, -f2 | sort | tr '\n' ' ')" = "0 0 1 1 " ] || fail "not exclusive or: $(cat out)"
expect_exit 2 "$FELL" predict 3 all.csv
expect_text err "the rows of this net are made by 'xor', which reads no file; --split takes those of a split"

# ---- shares of classes, pruned nets, a spec without a seed -----------------------------------------------------------

# Softmax of the inputs themselves: values of numpy 2.4.
printf 'u,v,a,b\n1,2,0.25,0.75\n3,-1,0.5,0.5\n' >shares.csv
cat >shares.yaml <<'END'
name: shares
seed: 1
data: {source: {csv: {path: shares.csv, target: [a, b]}}}
model: [{dense: {units: 2, bias: false, init: eye}}]
loss: soft_cross_entropy
optimizer: {sgd: {lr: 0}}
train: {epochs: 1}
END
expect_exit 0 "$FELL" run shares.yaml --quiet --db shares.db
expect_exit 0 "$FELL" predict 1 shares.csv --db shares.db --quiet
[ "$(tr '\n' ' ' <out)" = "row,a,b 1,0.26894142,0.7310586 2,0.98201379,0.01798621 " ] || fail "no such shares: $(cat out)"
expect_exit 0 "$FELL" run sides.yaml name=full 'checkpoint={keep: [last]}' --quiet --db pruned.db
expect_exit 0 "$FELL" prune 1 --share 0.5 -o masks.safetensors --db pruned.db
expect_exit 0 "$FELL" run sides.yaml name=pruned train.masks=masks.safetensors 'checkpoint={keep: [last]}' train.epochs=3 --quiet --db pruned.db
expect_exit 0 "$FELL" predict 2 --split train --db pruned.db --quiet
cp out kept
expect_exit 0 "$FELL" export 2 --safetensors pruned.safetensors --db pruned.db
expect_exit 0 "$FELL" run sides.yaml name=again train.masks=masks.safetensors train.epochs=3 --quiet --db pruned.db
expect_exit 0 "$FELL" predict 3 --split train --db pruned.db --quiet # trained again, with the masks
cmp out kept || fail "a pruned net answers otherwise when it is trained again"
sed '/^seed/d' kinds.yaml >drawn.yaml
expect_exit 0 "$FELL" run drawn.yaml name=drawn checkpoint=null --quiet --db drawn.db
expect_exit 0 "$FELL" predict 1 --split validation --epoch 3 --db drawn.db --quiet
cp out held.csv
expect_exit 0 "$FELL" predict 1 all.csv --epoch 3 --db drawn.db --quiet
grep -vxFf out held.csv >other && fail "without a seed in the spec, rows of the split have other answers: $(cat other)"

rmdir "$TMPDIR" || fail "temporary files are left"
