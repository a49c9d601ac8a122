#!/bin/sh
# fell explain as a command: what it refuses and how, --json, -o, --epoch and --run; that its
# numbers are those which a run records, to the last bit. The documents: explain_documents.sh.
. "${srcdir:-.}/tests/cli/lib.sh"
configs=$srcdir/configs

# refused STATUS TEXT COMMAND...: nothing is printed or written but the reason.
refused() {
    status=$1 text=$2
    shift 2
    expect_exit "$status" "$FELL" explain "$@"
    expect_empty out
    expect_text err "$text"
}

# ---- bad input
refused 2 'SPEC is missing'
refused 2 "cannot read 'none.yaml'" none.yaml
refused 2 'there is no row 4; the data has rows 0 to 3' "$configs/xor.yaml" --sample 4
refused 2 "--sample: '-2' is not a whole number" "$configs/xor.yaml" --sample=-2
refused 2 "--epoch: 'two' is not a whole number" "$configs/xor.yaml" --epoch two
refused 2 'write train.epochs=2001 to train longer' "$configs/xor.yaml" --epoch 2001
refused 2 "did you mean 'hidden.weight'?" "$configs/xor.yaml" --weight 'hiden.weight[0,0]'
refused 2 'index 8 is not from 0 to 7; the shape is [8,2]' "$configs/xor.yaml" --weight 'hidden.weight[8,0]'
refused 2 'has too few indices: the shape is [8,2]' "$configs/xor.yaml" --weight 'hidden.weight[0]'
refused 2 'index 99999999999999999999 is not from 0 to 7' "$configs/xor.yaml" --weight 'hidden.weight[99999999999999999999,0]'
refused 2 "nothing may stand behind the brackets, but 'x' does" "$configs/xor.yaml" --weight 'hidden.weight[0,0]x'
refused 2 "'[a,b]' is no list of whole numbers in brackets" "$configs/xor.yaml" --weight 'hidden.weight[a,b]'
refused 2 'write for example hidden.weight[0,0]' "$configs/xor.yaml" --weight hidden.weight
refused 2 "no weight 'tanh1.weight'" "$configs/xor.yaml" --weight 'tanh1.weight[0]'
refused 2 "no weight 'sideways'" "$configs/xor.yaml" --contour sideways
refused 2 'after epoch 0 of the training it diverged' "$configs/iris.yaml" --epoch 1 optimizer.adam.lr=1e30
refused 2 '--contour is not for --interactive' "$configs/xor.yaml" --contour random --interactive
refused 2 '--run and --epoch do not go together' "$configs/xor.yaml" --run 1 --epoch 1
refused 2 'no results database' "$configs/xor.yaml" --run 1
refused 2 "did you mean 'lr'?" "$configs/xor.yaml" optimizer.sgd.lrr=1
refused 1 "cannot write 'none/page.md'" "$configs/xor.yaml" -o none/page.md
[ ! -e results ] || fail 'explaining makes no database'

# ---- standard output and -o FILE are the same, and again the same
expect_exit 0 "$FELL" explain "$configs/xor.yaml"
mv out page.md
expect_exit 0 "$FELL" explain "$configs/xor.yaml" --output again.md
expect_empty out
cmp page.md again.md || fail 'two documents of one net differ'
FELL_SIMD=portable "$FELL" explain "$configs/xor.yaml" >portable.md
cmp page.md portable.md || fail 'a document depends on the processor'

# ---- the numbers that scripts read
expect_exit 0 "$FELL" explain "$configs/iris.yaml" --sample 70 --weight 'hidden.weight[15,2]' --epoch 1 --json
expect_json out 'hidden.weight[15,2]|hidden|weight|[15,2]' "(j->>'$.weight.name') || '|' || (j->>'$.weight.layer') || '|' || (j->>'$.weight.tensor') || '|' || (j->>'$.weight.indices')"
expect_json out 'real|real|real|70|1' "json_type(j, '$.gradient') || '|' || json_type(j, '$.chain_rule') || '|' || json_type(j, '$.finite_difference') || '|' || (j->>'$.sample.row') || '|' || (j->>'$.epoch')"
expect_json out 1 "abs((j->>'$.gradient') - (j->>'$.chain_rule')) <= 1e-5 AND abs((j->>'$.gradient') - (j->>'$.finite_difference')) <= (j->>'$.difference.expected_difference')"
expect_json out 1 "(j->>'$.gradient') = (j->>'$.parameters[0].gradient[62]') AND (j->>'$.weight.value') = (j->>'$.parameters[0].value[62]')"

# Many ways: the ten largest, the rest, and all.
cp -r "$srcdir/tests/reference/trajectories" nets
expect_exit 0 "$FELL" explain nets/digits-cnn.yaml --json train.epochs=1
expect_json out '10|1|1|1' "json_array_length(j, '$.paths.largest') || '|' || ((j->>'$.paths.count') = (j->>'$.paths.rest_count') + 10) || '|' ||
    (abs((SELECT sum(value->>'product') FROM json_each(j, '$.paths.largest')) + (j->>'$.paths.rest_sum') - (j->>'$.chain_rule')) <= 1e-9) || '|' ||
    (SELECT min(abs(p.value->>'product') >= abs(n.value->>'product')) FROM json_each(j, '$.paths.largest') p JOIN json_each(j, '$.paths.largest') n ON n.key = p.key + 1)"

# ---- the gradient of a row is what a run records when its batch is this row
printf 'a,b,target\n0.5,-1,0.7\n' >row.csv
cat >row.yaml <<'END'
seed: 4
data: {source: {csv: {path: row.csv, target: target}}}
model: [{dense: {units: 3, activation: tanh}}, {dense: {units: 1}}]
loss: mse
optimizer: adam
train: {epochs: 3, batch_size: 4}
record: {gradients: {step: 1}}
END
expect_exit 0 "$FELL" run row.yaml --quiet --db fell.db
for epoch in 0 1 2; do
    expect_exit 0 "$FELL" explain row.yaml --epoch $epoch --json -o "$epoch.json"
    expect_sql fell.db '4|1|1|1' "SELECT count(*), min(g.grad_norm = (j->>('$.parameters[' || g.position || '].grad_norm'))),
        s.loss = (j->>'$.loss'), s.grad_norm = (j->>'$.grad_norm')
        FROM (SELECT CAST(readfile('$epoch.json') AS TEXT) AS j), step_gradients g JOIN steps s USING (run_id, step) WHERE step = $epoch + 1"
done

# ---- a run's checkpoint holds the net that --epoch trains to
expect_exit 0 "$FELL" run "$configs/iris.yaml" --quiet --db fell.db repeats=1 train.epochs=4 'checkpoint={every: 2, keep: [last]}'
expect_exit 0 "$FELL" explain "$configs/iris.yaml" --db fell.db --run 2 --sample 70 --json -o run.json
expect_exit 0 "$FELL" explain "$configs/iris.yaml" train.epochs=4 --epoch 4 --sample 70 --json -o trained.json
expect_sql :memory: '2||1|4' "SELECT a->>'$.run', b->>'$.run', (a->>'$.parameters') = (b->>'$.parameters') AND (a->>'$.layers') = (b->>'$.layers') AND (a->>'$.step_taken') = (b->>'$.step_taken'), a->>'$.epoch'
    FROM (SELECT CAST(readfile('run.json') AS TEXT) AS a, CAST(readfile('trained.json') AS TEXT) AS b)"
expect_exit 0 "$FELL" explain "$configs/iris.yaml" --db fell.db --run 2
expect_text out 'as the checkpoint of run 2 has it, after epoch 4'
refused 2 'run 2 is not of this spec: it has another model' "$configs/xor.yaml" --db fell.db --run 2
refused 2 'no run 9' "$configs/iris.yaml" --db fell.db --run 9
saved=fell.db.checkpoints/$(sqlite3 fell.db "SELECT path FROM checkpoints WHERE run_id = 2")
printf x >>"$saved"
refused 2 'the file changed or is gone' "$configs/iris.yaml" --db fell.db --run 2
rm "$saved"
refused 2 'the checkpoint of run 2: cannot read' "$configs/iris.yaml" --db fell.db --run 2
expect_exit 0 "$FELL" run "$configs/xor.yaml" --quiet --db fell.db train.epochs=2
refused 2 'run 3 has no checkpoint' "$configs/xor.yaml" --db fell.db --run 3

# ---- the map over two weights, and over two random directions
expect_exit 0 "$FELL" explain "$configs/xor.yaml" --contour 'output.weight[0,3]' --json
expect_json out 'weights|output.weight[0,3]|1' "(j->>'$.contour.kind') || '|' || (j->>'$.contour.other.name') || '|' ||
    (json_array_length(j, '$.contour.loss') = json_array_length(j, '$.contour.x') * json_array_length(j, '$.contour.y'))"
expect_exit 0 "$FELL" explain "$configs/xor.yaml" --contour random --json
expect_json out 'random|4|4|625' "(j->>'$.contour.kind') || '|' || (j->>'$.contour.rows') || '|' ||
    (j->>'$.contour.training_rows') || '|' || json_array_length(j, '$.contour.loss')"

# It is of all training rows: each point is computed anew here, of a net that is one sum.
cat >line.csv <<'END'
a,b,t
1,2,3
-1,0.5,0
0.25,-2,1
3,1,-1
END
cat >line.yaml <<'END'
seed: 5
data: {source: {csv: {path: line.csv, target: t}}}
model:
  - dense: {units: 1, bias: false, name: out}
loss: mse
optimizer: sgd
train: {epochs: 1}
END
expect_exit 0 "$FELL" explain line.yaml --sample 2 --weight 'out.weight[0,0]' --contour 'out.weight[0,1]' --json
expect_json out '625|1|1' "(SELECT count(*) || '|' || (max(abs(l.value - m.mean)) < 1e-5) || '|' || (max(m.mean) > 10)
    FROM json_each(j, '$.contour.loss') AS l JOIN (SELECT x.key + 25 * y.key AS point,
        ((1 * x.value + 2 * y.value - 3) * (1 * x.value + 2 * y.value - 3) +
         (-1 * x.value + 0.5 * y.value) * (-1 * x.value + 0.5 * y.value) +
         (0.25 * x.value - 2 * y.value - 1) * (0.25 * x.value - 2 * y.value - 1) +
         (3 * x.value + 1 * y.value + 1) * (3 * x.value + 1 * y.value + 1)) / 4 AS mean
        FROM json_each(j, '$.contour.x') AS x, json_each(j, '$.contour.y') AS y) AS m ON m.point = l.key)"
expect_exit 0 "$FELL" explain line.yaml --contour random
expect_text out "The loss is the mean over all 4 training rows, not that of the sample." \
    "Loss of all 4 training rows over two random directions"

# Where the data comes from is told in the spec's words, of a recorded run too; it is no part of what an
# experiment is, and no axis of a sweep.
sed 's#^data: {#data: {about: "rows  of\\n <b>no</b> `kind` | made up", #' row.yaml >told.yaml
expect_exit 0 "$FELL" explain told.yaml
# shellcheck disable=SC2016
expect_text out 'words: rows of \<b\>no\</b\> \`kind\` \| made up.'
expect_exit 0 "$FELL" explain told.yaml --html
# shellcheck disable=SC2016
expect_text out 'rows of &lt;b&gt;no&lt;/b&gt; `kind` | made up.'
expect_exit 0 "$FELL" explain told.yaml --json
# shellcheck disable=SC2016
expect_json out 'rows of <b>no</b> `kind` | made up' "j->>'$.about'"
expect_exit 0 "$FELL" explain told.yaml --interactive -o told.html
# shellcheck disable=SC2016
expect_text told.html 'rows of \u003cb>no\u003c/b> `kind` | made up'
expect_exit 0 "$FELL" run row.yaml --quiet --db about.db name=told
expect_exit 0 "$FELL" run told.yaml --db about.db
expect_sql about.db '1|1' 'SELECT count(*), (SELECT count(*) FROM runs) FROM experiments'
expect_exit 2 "$FELL" check told.yaml 'sweep={over: {data.about: [a, b]}}'
expect_text err "'data.about' is the experiment's, and cannot be swept"

# Transforms that act in training only are left out of what is shown: the sample is what evaluation sees.
cat >plain.yaml <<'END'
seed: 2
data: {source: {moons: {rows: 60}}, transforms: [standardize]}
model:
  - dense: {units: 4, activation: tanh, name: hidden}
  - dense: {units: 2, name: output}
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 3, batch_size: 8}
END
sed 's/\[standardize\]/[{jitter: {stddev: 0.3}}, standardize]/' plain.yaml >drawn.yaml
for spec in plain drawn; do
    expect_exit 0 "$FELL" explain $spec.yaml --sample 3 --json
    cp out $spec.json
done
for number in '$.sample.input' '$.gradient' '$.chain_rule' '$.finite_difference'; do
    expect_json plain.json "$(sqlite3 :memory: "SELECT readfile('drawn.json') ->> '$number'")" "j ->> '$number'"
done
expect_exit 0 "$FELL" explain drawn.yaml --sample 3
expect_text out 'without what `jitter` draws anew in every step of the training'
expect_exit 2 "$FELL" explain drawn.yaml --interactive -o page.html
expect_text err "transform 'jitter' draws anew in every step"

# ---- a text is told as text, and its places are counted
cat >text.yaml <<END
name: text
seed: 1
data: {source: {text: {path: $srcdir/configs/data/constitution.txt, length: 12}}}
model: [{embedding: {num_embeddings: 71, embedding_dim: 4}}, {dense: {units: 71}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 1, steps_per_epoch: 3}
END
expect_exit 0 "$FELL" explain text.yaml --sample 1 -o text.md
expect_text text.md 'Row 1 of the data is “tion of the ”, and it has a' " at each of its 12 places, what follows there." \
    "is the right one at **" " of 12** places. The first, told of below, is labelled **i**: **"
