#!/bin/sh
# share: entries with one weight. The gradient is the sum of both places', as a formula gives it; the tensor is there
# once, in results, checkpoints and files; a file with both names is taken if they agree; what does not fit is told.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what shared tensors do"

awk 'BEGIN { print "x,y"; for (i = 0; i < 20; i++) printf "%.4f,%.4f\n", cos(i), 0.8 * cos(i) + 0.1 * sin(i) }' >rows.csv
cat >k.yaml <<'END'
name: tied
seed: 1
data: {source: {csv: {path: rows.csv, target: y}}}
model:
  - dense: {units: 1, bias: no, init: {constant: {value: 0.5}}, name: a}
  - dense: {units: 1, bias: no, share: a, name: b}
loss: mse
optimizer: {sgd: {lr: 0.2}}
train: {epochs: 6, batch_size: 0}
checkpoint: {keep: [0, last]}
probes: [{gradient_noise: {rows: 20}}, weights]
END
expect_exit 0 "$FELL" run k.yaml --quiet --db k.db
# y = w w x: dL/dw = mean of 2 (w w x - t) 2 w x.
awk -F, 'NR > 1 { x[NR] = $1; t[NR] = $2; n++ } END { w = 0.5; for (e = 1; e <= 6; e++) { l = g = 0
    for (i in x) { d = w * w * x[i] - t[i]; l += d * d; g += 4 * d * w * x[i] } l /= n; g /= n
    print e "," l "," (g < 0 ? -g : g); w -= 0.2 * g } }' OFMT=%.9g CONVFMT=%.9g rows.csv >formula.csv
sqlite3 k.db "CREATE TABLE formula(e INTEGER, l REAL, g REAL)" ".mode csv" ".import formula.csv formula"
expect_sql k.db "6|1|1" "SELECT count(*), max(abs(train_loss - l)) < 1e-6, max(abs(grad_norm_mean - g)) < 1e-6 FROM epochs JOIN formula ON e = epoch"
sqlite3 k.db "DROP TABLE formula"
expect_sql k.db "a.weight|1" "SELECT layer || '.' || name, count FROM parameters"
expect_sql k.db "6" "SELECT count(*) FROM gradients"
expect_exit 0 "$FELL" verify 1 --db k.db
expect_exit 0 "$FELL" export 1 --safetensors w.safetensors --db k.db
grep -q '"a.weight"' w.safetensors || fail "no a.weight"
! grep -q '"b.weight"' w.safetensors || fail "the shared weight is there twice"
# In parts, and with masks, as whole and without.
expect_exit 0 "$FELL" run k.yaml name=parts train.micro_batch=3 --quiet --db k.db
expect_sql k.db 1 "SELECT max(abs(a.train_loss - b.train_loss)) < 1e-6 FROM epochs AS a JOIN epochs AS b ON a.epoch = b.epoch AND a.run_id = 1 AND b.run_id = 2"

# ---- an embedding and the way back to words; in repeats ---------------------------------------------------------------

awk 'BEGIN { print "a,b,y"; for (i = 0; i < 100; i++) print i % 5 "," int(i / 5) % 5 "," (i + int(i / 5)) % 5 }' >words.csv
cat >words.yaml <<'END'
name: words
seed: 1
data: {source: {csv: {path: words.csv, target: y}}}
model:
  - embedding: {num_embeddings: 5, embedding_dim: 6, name: in}
  - flatten
  - dense: {units: 6, activation: tanh}
  - dense: {units: 5, share: in, name: out}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
train: {epochs: 3, batch_size: 20}
END
expect_exit 0 "$FELL" run words.yaml --quiet --db w.db
expect_sql w.db "in.weight dense1.weight dense1.bias out.bias" "SELECT group_concat(layer || '.' || name, ' ') FROM (SELECT * FROM parameters ORDER BY position)"
expect_sql w.db 1 "SELECT max(train_loss) FILTER (WHERE epoch = 3) < max(train_loss) FILTER (WHERE epoch = 1) FROM epochs"

# ---- PyTorch's numbers: nn.Embedding(5, 3) from eye_, whose weight is also that of nn.Linear(3, 5), whose bias is from 0;
# SGD with lr 0.5 over all rows; by PyTorch 2.15 in float64: loss, norm of the weight's and of the bias's gradient
printf 'a,b,c,x,y,z\n0,1,2,1,2,3\n3,4,0,4,0,1\n2,2,1,2,1,0\n4,3,1,3,1,2\n' >tied.csv
cat >torch.yaml <<'END'
name: torch
seed: 1
data: {source: {csv: {path: tied.csv, target: [x, y, z], shape: [3]}}}
model:
  - embedding: {num_embeddings: 5, embedding_dim: 3, init: eye, name: in}
  - dense: {units: classes, share: in, init: {bias: zeros}, name: out}
loss: cross_entropy
optimizer: {sgd: {lr: 0.5}}
train: {epochs: 3, batch_size: 0}
END
expect_exit 0 "$FELL" run torch.yaml --quiet --db torch.db
sqlite3 torch.db "CREATE TABLE torch(e, l, w, b)" "INSERT INTO torch VALUES (1, 1.72303427, 0.463360131, 0.140311429),
    (2, 1.62094019, 0.342129119, 0.128150748), (3, 1.56101916, 0.270712842, 0.113182417)"
expect_sql torch.db "3|1|1" "SELECT count(*), max(abs(train_loss - l)) < 1e-6, max(abs(grad_norm_mean * grad_norm_mean - w * w - b * b)) < 1e-6
    FROM epochs JOIN torch ON e = epoch"

# ---- files ----------------------------------------------------------------------------------------------------------------

# file NAME... : each a [1,1] tensor; VALUES, 4 bytes of hex each.
file() {
    header='{' at=0
    for name; do
        header="$header\"$name\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[$at,$((at + 4))]},"
        at=$((at + 4))
    done
    header="${header%,}}"
    while [ $((${#header} % 8)) != 0 ]; do header="$header "; done
    sqlite3 :memory: "SELECT writefile('t.safetensors', CAST(x'$(printf '%02x' ${#header})00000000000000' || CAST('$header' AS BLOB) || x'$values' AS BLOB))" >made
}
loss() {
    expect_exit 0 "$FELL" run k.yaml "name=$1" train.initial_weights=t.safetensors train.epochs=1 --quiet --db f.db
    sqlite3 f.db "SELECT hex(train_loss) FROM epochs WHERE run_id = (SELECT max(id) FROM runs)"
}
values=0000803e
file a.weight
first=$(loss own)
file b.weight
[ "$(loss other)" = "$first" ] || fail "the other name of a shared weight"
values=0000803e0000803e
file a.weight b.weight
[ "$(loss both)" = "$first" ] || fail "both names of a shared weight"
values=0000803e0000803f
file a.weight b.weight
expect_exit 2 "$FELL" check k.yaml train.initial_weights=t.safetensors
expect_text err "'b.weight' and 'a.weight' are one tensor (share), and differ in the file"

# ---- what does not fit --------------------------------------------------------------------------------------------------------

# wrong PATH=VALUE TEXT
wrong() {
    expect_exit 2 "$FELL" check k.yaml "$1"
    expect_text err "$2"
}
wrong model.b.share=c "dense.share: no earlier entry is named 'c'"
wrong model.b.share=b "dense.share: 'b' is the entry itself; only earlier entries can be named"
wrong 'model=[{dense: {units: 2, bias: no, name: a}}, {dense: {units: 1, bias: no, share: a}}]' \
    "share: the weight of 'a' is [2, 1], that of 'dense2' would be [1, 2]"
wrong 'model=[{dense: {units: 1, name: a}}, {relu: {share: a}}, {dense: {units: 1}}]' "share"
wrong 'model=[{dense: {units: 1, name: a}}, {relu: {name: r}}, {dense: {units: 1, share: r}}]' "dense.share: 'r' has no tensors"
wrong model.b.lr_factor=2 "share: 'a' and 'b' have one weight, so they need one lr_factor and one trainable"
wrong model.b.init=zeros "share: the weight of 'b' is that of 'a', so it has no init of its own"
expect_exit 2 "$FELL" explain k.yaml -o x.md
expect_text err "'a.weight' is used in several places ('b' has share: a)" 'choose another --weight'
# Of weights that one entry uses the story is told, and what backpropagation says is what moving them shows.
sed 's/^model:/&\n  - dense: {units: 1, name: first}/; s/epochs: 6/epochs: 2/' k.yaml >first.yaml
expect_exit 0 "$FELL" explain first.yaml -o first.md
expect_text first.md 'those of `a`, to whose gradients it adds' 'weight to follow is `first.weight[0,0]`' 'backpropagated slope agree'
expect_exit 2 "$FELL" explain first.yaml --weight 'a.weight[0,0]' -o x.md
expect_text err "'a.weight' is used in several places"
# Of two pairs, the one that it is of is named.
printf 'seed: 1\ndata: {source: xor}\nmodel: [{dense: {units: 2, name: a}}, {dense: {units: 2, name: b, share: a}}, {dense: {units: 2, name: c}},
  {dense: {units: 2, name: d, share: c}}, {dense: {units: 1}}]\nloss: mse\noptimizer: sgd\ntrain: {epochs: 1}\n' >pairs.yaml
expect_exit 2 "$FELL" explain pairs.yaml --weight 'c.weight[0,0]' -o x.md
expect_text err "'c.weight' is used in several places ('d' has share: c)"
expect_exit 2 "$FELL" explain first.yaml --interactive -o x.html
expect_text err "layer 'b': the interactive page has no tensors of several entries (without share: a, or --html)"
