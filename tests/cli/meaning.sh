#!/bin/sh
# What is told where there is little to say: no value, no weight, one text in many runs. Values of metrics and
# best checkpoints are in tests/field.
. "$srcdir/tests/cli/lib.sh"

# told DB WORDS: a warning of some run is recorded
told() {
    expect_sql "$1" 1 "SELECT count(*) > 0 FROM events WHERE kind = 'warning' AND detail LIKE '%$2%'"
}

# ---- an objective that never has a value: a warning at once, an error at the end
cp "$srcdir/tests/field/metric-without-a-value/data.csv" .
sed 's/, early_stopping.*/}/' "$srcdir/tests/field/metric-without-a-value/spec.yaml" >ranked.yaml
echo 'sweep: {over: {optimizer.adam.lr: [0.1, 0.01]}, objective: {maximize: validation.auc}}' >>ranked.yaml
expect_exit 1 "$FELL" run ranked.yaml --jobs 1 --quiet --db rare.db
told rare.db 'validation.auc, the objective, has no value after the first epoch'
expect_text err "validation.auc has had no value in any epoch of any run: there is nothing to rank the trials by"
# the warning of both runs is told once
test "$(grep -c 'warning: run .*the objective, has no value' err)" = 1 || fail "$(cat err)"
expect_sql rare.db 2 "SELECT count(DISTINCT run_id) FROM events WHERE detail LIKE '%the objective, has no value%'"
# and so is what the check told before
test "$(grep -c 'of one class only' err)" = 1 || fail "$(cat err)"
expect_exit 1 "$FELL" run ranked.yaml --jobs 2 --new --json --db rare.db
test "$(grep -c '"event":"warning"' out)" = 1 || fail "$(cat out)"

# a schedule's monitor and early stopping's
sed 's/^metrics:/schedule: {plateau: {monitor: validation.auc, mode: max}}\nmetrics:/' "$srcdir/tests/field/metric-without-a-value/spec.yaml" >falls.yaml
expect_exit 0 "$FELL" run falls.yaml --jobs 1 --quiet --db falls.db
expect_text err "validation.auc, which early stopping watches, has no value after the first epoch" \
    "validation.auc, which plateau watches, has no value after the first epoch"

# ---- a plugin that always has something new to say: a run keeps twenty, and the last line says where
cat >talker.c <<'END'
#include <fell/plugin.h>
static fell_status eval(fell_metric_call *c)
{
    static int times;
    if (c->rows)
        fell_warn(c->ctx, "this is warning %d", ++times);
    *c->value = 1;
    return FELL_OK;
}
static const fell_metric talker = {.item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "talker", "Talks."),
                                   .target = FELL_CLASSES | FELL_VALUES,
                                   .eval = eval,
                                   .values = FELL_ONE};
FELL_PLUGIN("1.0", "A test, MIT", &talker.item);
END
expect_exit 0 "$FELL" plugin build talker.c
expect_exit 0 "$FELL" run "$srcdir/configs/xor.yaml" 'metrics=[talker]' train.epochs=60 --plugin ./talker.so --jobs 1 --quiet --db talk.db
test "$(grep -c 'warning: run 1: talker: this is warning' err)" = 19 || fail "$(cat err)"
expect_text err "warning: run 1: there are other warnings: SELECT * FROM events WHERE kind = 'warning'"
expect_sql talk.db 20 "SELECT count(*) FROM events WHERE kind = 'warning'"

# ---- metrics of numbers say that raw outputs are compared raw, over all columns; values of numpy
printf 'x,a,b\n1,0,1\n2,1,0\n3,1,1\n4,0,0\n' >raw.csv
cat >raw.yaml <<'END'
seed: 1
data: {source: {csv: {path: raw.csv, target: [a, b]}}}
model: [{dense: {units: 2, init: {weight: zeros, bias: zeros}}}]
loss: bce_with_logits
optimizer: {sgd: {lr: 1e-30}}
metrics: [mae, rmse, r2]
train: {epochs: 1, batch_size: 0}
END
expect_exit 0 "$FELL" run raw.yaml --jobs 1 --quiet --db raw.db
for metric in mae rmse r2; do
    expect_text err "warning: $metric: the outputs are raw (logits) and are compared with the targets as they are"
done
expect_sql raw.db 'mae 0.5,r2 -1.0,rmse 0.7071' "SELECT group_concat(name || ' ' || round(value, 4)) FROM (SELECT * FROM metrics ORDER BY name)"
sed 's/bce_with_logits/mse/' raw.yaml >numbers.yaml
expect_exit 0 "$FELL" run numbers.yaml --jobs 1 --quiet --db raw.db
expect_empty err

# under poisson_nll outputs are logarithms of counts, under hinge margins around 0
sed 's/bce_with_logits/poisson_nll/' raw.yaml >logs.yaml
expect_exit 0 "$FELL" run logs.yaml --jobs 1 --quiet --db raw.db
expect_text err "warning: mae: the outputs are logarithms and are compared with the targets as they are"
sed 's/bce_with_logits/{poisson_nll: {log_input: false}}/' raw.yaml >counts.yaml
expect_exit 0 "$FELL" run counts.yaml --jobs 1 --quiet --db raw.db
expect_empty err
sed 's/bce_with_logits/hinge/' raw.yaml >sides.yaml
expect_exit 0 "$FELL" run sides.yaml --jobs 1 --quiet --db raw.db
expect_text err "warning: r2: the outputs are margins around 0 and are compared with the targets as they are"

# ---- which way is better, many numbers, and what a loss of probabilities takes: told before the first step
cat >way.yaml <<END
seed: 1
data: {source: {csv: {path: "$srcdir/configs/data/iris.csv", target: target}}, validation: 0.2}
model: [{dense: {units: 3}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.1}}
metrics: [accuracy, f1_per_class]
train: {epochs: 1}
END
# way WARNING MORE...: fell check with these settings warns of it, or of nothing
way() {
    told=$1
    shift
    expect_exit 0 "$FELL" check way.yaml "$@"
    if [ -n "$told" ]; then expect_text err "$told"; else expect_empty err; fi
}
way "mode: min: 'validation.accuracy' is better when it is higher" 'schedule={plateau: {monitor: validation.accuracy}}'
way '' 'schedule={plateau: {monitor: validation.accuracy, mode: max}}'
way "mode: max: 'validation.loss' is better when it is lower" 'schedule={plateau: {mode: max}}'
over='sweep.over={optimizer.adam.lr: [0.1, 0.2]}'
way "minimize: 'validation.accuracy' is better when it is higher" "$over" 'sweep.objective={minimize: validation.accuracy}'
way "maximize: 'train.loss' is better when it is lower" "$over" 'sweep.objective={maximize: train.loss}'
way '' "$over" 'sweep.objective={maximize: validation.f1_per_class.setosa}'
expect_exit 2 "$FELL" check way.yaml "$over" 'sweep.objective={maximize: validation.f1_per_class}'
expect_text err "objective.maximize: 'validation.f1_per_class' is many numbers, not one: say which, as in validation.f1_per_class.CLASS"
way "the loss 'nll' takes log-probabilities, but 'dense' yields numbers of any size; end with log_softmax" loss=nll
way '' loss=nll 'model=[{dense: {units: 3}}, log_softmax]'

# ---- shares that are not 1 in all: PyTorch takes them in silence
printf 'x,a,b\n1,0.5,0.5\n2,0.5,0.9\n3,1,0\n4,0.2,0.7\n' >shares.csv
printf 'x,a,b\n1,-0.6931472,-0.6931472\n2,-0.1,-0.1\n' >logs.csv
cat >shares.yaml <<'END'
seed: 1
data: {source: {csv: {path: shares.csv, target: [a, b]}}}
model: [{dense: {units: 2}}, log_softmax]
loss: kl_divergence
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 1}
END
expect_exit 0 "$FELL" check shares.yaml
expect_text err "kl_divergence: a row's targets are to be 1 in all; those of row 2 of data.source are 1.4 (nor is it 1 in 1 other rows)"
expect_exit 0 "$FELL" check shares.yaml data.source.csv.path=logs.csv 'loss={kl_divergence: {log_target: true}}'
expect_text err "a row's targets are to be 1 in all (their exponentials); those of row 2 of data.source are 1.80967"
printf 'x,a,b\n1,0.333,0.666\n2,0.3,0.7\n' >shares.csv
expect_exit 0 "$FELL" check shares.yaml
expect_empty err

# ---- rows that weigh nothing: sums and weights are added over a split, and a batch of weight 0 takes no step
awk 'BEGIN {
    print "x,y" >"zeros.csv"; print "x,y" >"ones.csv"; print "x,y" >"mixed.csv"
    for (i = 0; i < 200; i++) print i % 7 - 3 ",a" >"zeros.csv"
    for (i = 0; i < 10; i++) print i % 4 ",b" >"zeros.csv"
    for (i = 0; i < 10; i++) print i % 4 ",b" >"ones.csv"
    for (i = 0; i < 4; i++) print i / 2 ",a" >"mixed.csv"
    for (i = 0; i < 4; i++) print i ",b" >"mixed.csv"
}'
# weigh NAME SOURCE BATCH VALIDATION
weigh() {
    cat >"$1.yaml" <<END
name: $1
seed: 1
data: {source: {csv: {path: $2.csv, target: y}}, validation: {csv: {path: $4.csv, target: y}}}
model: [{dense: {units: 2}}]
loss: {cross_entropy: {class_weights: [0, 2]}}
optimizer: {adam: {lr: 0.1}}
train: {epochs: 5, batch_size: $3, shuffle: false}
END
    expect_exit 0 "$FELL" run "$1.yaml" --jobs 1 --quiet --db weights.db
}
weigh apart mixed 4 zeros
told weights.db 'the rows of a batch weigh 0 in all (epoch 1, batch 1): it takes no step'
expect_text err 'warning: run 1: cross_entropy: the rows of a batch weigh 0 in all (epoch 1, batch 1): it takes no step' \
    'warning: run 1: cross_entropy: 5 of 10 batches weighed 0 and took no step'
told weights.db '5 of 10 batches weighed 0 and took no step'
weigh together mixed 8 ones
expect_empty err
expect_sql weights.db 5 "SELECT count(*) FROM epochs AS a JOIN epochs AS b USING (epoch) WHERE a.run_id = 1 AND b.run_id = 2
    AND abs(a.train_loss - b.train_loss) < 1e-6 AND abs(a.validation_loss - b.validation_loss) < 1e-6"

# an optimizer that moves the weights before a step does not before one that there is not: the batch of weight 0 comes
# first, last, or in one batch with the other, and the weights that are evaluated are the same
awk 'BEGIN {
    print "x,y" >"first.csv"; print "x,y" >"last.csv"; print "x,y" >"held.csv"
    for (i = 0; i < 8; i++) { print i % 4 / (i < 4 ? 2 : 1) "," (i < 4 ? "a" : "b") >"first.csv"; print i % 4 / (i < 4 ? 1 : 2) "," (i < 4 ? "b" : "a") >"last.csv" }
    for (i = 1; i < 4; i++) print i ",b" >"held.csv"
}'
for optimizer in 'schedule_free: {lr: 0.1}' 'asgd: {lr: 0.1, t0: 0}'; do
    rm -f weights.db
    for order in 'first 4' 'last 4' 'last 8' 'last 4, micro_batch: 3'; do
        sed "s/adam: {lr: 0.1}/$optimizer/" apart.yaml >"${order%% *}.yaml"
        expect_exit 0 "$FELL" run "${order%% *}.yaml" "name=$(echo "$order" | tr -c 'a-z0-9\n' -)" "data={source: {csv: {path: ${order%% *}.csv, target: y}}, validation: {csv: {path: held.csv, target: y}}}" \
            "train={epochs: 4, batch_size: ${order#* }, shuffle: false}" --jobs 1 --quiet --db weights.db
    done
    expect_sql weights.db '12|1' "SELECT count(*), max(abs(a.validation_loss - b.validation_loss)) < 1e-6
        FROM epochs AS a JOIN epochs AS b USING (epoch) WHERE a.run_id = 1 AND b.run_id > 1"
done

# ---- shares of classes: metrics take the largest of outputs and of targets; values of scikit-learn 1.9 and numpy 2.4
cat >soft.csv <<'END'
p,q,r,a,b,c
-2,-1.5,-0.5,0.1,0.5,0.4
1.75,-0.25,1,0.9,0,0.1
1.5,-1.75,-1.25,0,0.2,0.8
0.5,0.75,-1,0.2,0.5,0.3
-1,1.75,1.25,0.6,0.1,0.3
1.75,1.25,-1.75,0,0.3,0.7
1.5,1.75,0.25,0.3,0.1,0.6
-0.75,-0.5,1,0,0.8,0.2
-0.75,0.25,0.5,0.1,0.5,0.4
0.25,-2,0.5,0,0.7,0.3
-1.5,1.25,0.75,0.3,0.5,0.2
-1.75,-1.25,1.5,0.5,0.1,0.4
-0.25,0.5,1.75,0.1,0.2,0.7
0.25,-1.75,-0.25,0.1,0.2,0.7
END
cat >soft.yaml <<'END'
name: soft
seed: 1
data: {source: {csv: {path: soft.csv, target: [a, b, c]}}}
model: [{dense: {units: 3, bias: false, init: eye}}]
loss: soft_cross_entropy
optimizer: {sgd: {lr: 0.1}}
metrics: [accuracy, f1, precision, recall]
train: {epochs: 1, batch_size: 0}
END
expect_exit 0 "$FELL" run soft.yaml --jobs 1 --quiet --db soft.db
expect_empty err
expect_sql soft.db 'accuracy 0.285714,f1 0.289177,precision 0.305556,recall 0.288889' \
    "SELECT group_concat(name || ' ' || round(value, 6)) FROM (SELECT * FROM metrics ORDER BY name)"
expect_sql soft.db 1 "SELECT abs(train_loss - 1.668168302) < 1e-6 FROM epochs"

# ---- a loss of targets from 10 to 20 is checked with such: others have no value
cat >tens.c <<'END'
#include <fell/plugin.h>
static const fell_targets from_ten[] = {{.min = 10, .max = 20}};
static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float t = c->target[i], d = t < 10 || t > 20 ? NAN : c->pred[i] - t / 10;
        c->sum += 0.5 * (double)d * (double)d;
        c->dpred[i] = d;
    }
    c->weight = (double)(c->rows * c->cols);
    return FELL_OK;
}
static const fell_loss tens = {.item = FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "tens", "Half the squared distance to a tenth."),
                               .target = FELL_VALUES,
                               .expects = FELL_REAL,
                               .eval = eval,
                               .targets = from_ten,
                               .ntargets = 1};
FELL_PLUGIN("1.0", "A test, MIT", &tens.item);
END
expect_exit 0 "$FELL" plugin build tens.c
XDG_STATE_HOME=$PWD/state expect_exit 0 "$FELL" plugin check ./tens.so
expect_no_text out FAILED
