#!/bin/sh
# What a change costs: in a copy of the source, a kind of plugin, a key of a model entry, a number of a
# tensor, a status of a run, a strategy and an option of a command are added by the edits that CONTRIBUTING.md names, and
# no others; the program built from it has them in its database, JSON, JSON Schema, reference and man page.
. "$srcdir/tests/cli/lib.sh"
once "what a change costs"

command -v automake >/dev/null 2>&1 || {
    echo "automake is missing" >&2
    exit 77
}
plugins=$(dirname "$FELL")/plugins
write_spec before.yaml
expect_exit 0 "$FELL" run before.yaml --db old.db -q
version=$(sqlite3 old.db 'PRAGMA user_version')

mkdir copy
(cd "$srcdir" && tar cf - --exclude=./build --exclude=./.git --exclude=./autom4te.cache --exclude=./config.status \
    --exclude='*.o' --exclude='*.so' --exclude='*.db*' --exclude=./tests .) | tar xf - -C copy
mkdir copy/tests
cp "$srcdir"/tests/*.am copy/tests

# ---- edits -------------------------------------------------------------------------------------------

# section TITLE: the edits that follow are those of this section of CONTRIBUTING.md.
section() {
    awk -v title="### $1" '/^#/ { inside = $0 == title; next } inside' "$srcdir/CONTRIBUTING.md" >named
    [ -s named ] || fail "CONTRIBUTING.md has no '$1'"
    kind=gauge
}
# Is FILE, its name alone, or a folder that it is in, named there?
is_named() {
    path=$1
    grep -qF "$(basename "$path")\`" named && return
    sed "s/KIND/$kind/g" named >of_kind
    while [ "$path" != . ]; do
        grep -qF -e "\`$path\`" -e "\`$path/\`" of_kind && return
        path=$(dirname "$path")
    done
    return 1
}
# edit FILE COMMAND...: COMMAND makes the new text from the old one.
edit() {
    changed=$1
    shift
    is_named "$changed" || fail "CONTRIBUTING.md does not name $changed"
    [ -f "copy/$changed" ] || : >"copy/$changed"
    "$@" <"copy/$changed" >text
    ! cmp -s text "copy/$changed" || fail "nothing to change in $changed: $*"
    cp text "copy/$changed"
}
# after FILE LINE: what stands on standard input is put after the first line that begins with LINE.
after() {
    cat >text_after
    edit "$1" awk -v line="$2" '{ print }
        !done && index($0, line) == 1 { while ((getline more <"text_after") > 0) print more; done = 1 }'
}
# row FILE LIST ROW: the last row of a #define LIST(X).
row() {
    edit "$1" awk -v head="#define $2(X)" -v row="$3" '
        index($0, head) == 1 { inside = 1 }
        inside && !/\\$/ { print $0, "\\"; $0 = "    " row; inside = 0 }
        { print }'
}

# ---- an option ---------------------------------------------------------------------------------------

section "An option of a command"
row runner/cli/options.h OPTIONS 'X(OLDEST, FLAG, oldest, 0, "oldest", NULL, 0, 0, 0, "The oldest first")'
edit runner/cli/runs.c sed 's/\.options = {OPTION_DB, OPTION_EXPERIMENT,/& OPTION_OLDEST,/
    s/ORDER BY r.id DESC LIMIT/ORDER BY r.id * %d LIMIT/
    s/^        where);$/        where, c->oldest ? 1 : -1);/'

# ---- a number ----------------------------------------------------------------------------------------

section "A number of an epoch, or of a tensor"
row runner/engine/numbers.h TENSOR_NUMBERS "X(REAL, weight_max, $((version + 1)), SAME_SHOWN, \"the largest |w|\")"
after runner/engine/train_report.c '    n->weight_norm = ' <<'EOF'
    n->weight_max = 0.0;
    for (int64_t k = 0; k < tensor->n; k++)
        n->weight_max = fmax(n->weight_max, fabs((double)w[k]));
EOF
row runner/engine/numbers.h EPOCH_MEASURES "X(INTEGER, updates, $((version + 1)), SAME_SHOWN, \"steps that were taken\")"
after runner/engine/train_report.c '    r->samples = t->samples;' <<'EOF'
    r->updates = t->norms;
EOF
edit runner/record/schema_versions.c awk '/^const int schema_version/ { print "    {.about = \"the largest weight\"}," }
    NR > 1 { print last }
    { last = $0 }
    END { print last }'

# ---- a status ----------------------------------------------------------------------------------------

section "A status of a run"
row runner/base/run_status.h RUN_STATUS 'X(BORED, bored, YES, YES, YES, NO, "had nothing more to learn")'
edit runner/engine/report.c sed 's/\[RUN_STOPPED\] = STATUS_STOPPED/[RUN_STOPPED] = STATUS_BORED/'

# ---- a key of a model entry --------------------------------------------------------------------------

section "A key of a spec, or of a model entry"
edit runner/spec/spec.h sed 's/^    double lr_factor;/    double lr_factor, lr_share;/'
after runner/spec/spec_keys.c 'static const fell_param entry_params[] = {' <<'EOF'
    FELL_FLOAT(struct spec_entry, lr_share, 1, 0, 1, SPEC_OF_TENSORS, "The share of the learning rate."),
EOF
edit runner/host/kinds.c sed 's/host_keys\[\] = {/&"lr_share", /'
edit runner/engine/net_plan.c sed 's/\.lr_factor = e->spec->lr_factor/& * e->spec->lr_share/'

# ---- a key of a section ------------------------------------------------------------------------------

edit runner/spec/spec.h sed 's/^        double clip_norm;/        double clip_share;\n&/'
edit runner/spec/spec_keys.c awk '/FELL_FLOAT\(struct spec_train, clip_norm,/ {
        print "    FELL_FLOAT(struct spec_train, clip_share, 1, 0, 1, SPEC_IF_SET, \"The share of clip_norm.\"),"
    }
    { print }'
edit runner/engine/train.c sed 's/r->spec->train.clip_norm, norm/r->spec->train.clip_share * &/'

# ---- a kind of plugin -----------------------------------------------------

section "A kind of plugin"
edit include/fell/plugin.h awk '/^} fell_kind;/ { print "    , FELL_KIND_GAUGE" } { print }'
after include/fell/plugin.h '} fell_schedule;' <<'EOF'

typedef struct fell_gauge_call {
    fell_ctx *ctx;
    const void *settings;
    const float *w; /* [n] */
    int64_t n;
    double value; /* out */
} fell_gauge_call;

typedef struct fell_gauge {
    fell_item item;
    fell_status (*measure)(fell_gauge_call *c);
} fell_gauge;
EOF
row runner/host/kinds.h KINDS 'X(GAUGE, gauge, measure)'
row runner/host/kinds.h ROLES 'X(GAUGE, GAUGE, gauge)'
after runner/host/kinds.c 'static const struct role_texts texts[] = {' <<'EOF'
    [ROLE_GAUGE] = {"gauge", "gauge", {"gauge"}, "Gauges", "gauges.md", "`gauge:`, what is said of the weights."},
EOF
after runner/host/registry_items.c '} callbacks[] = {' <<'EOF'
    MUST(GAUGE, gauge, measure),
EOF
after runner/check/rig_runs.c 'const struct kind_work schedule_work = ' <<'EOF'

static status gauge_prepare(struct rig *g, struct error *err)
{
    (void)err;
    rig_input(g, 7, "w");
    rig_buffer(g, USE_OUTPUT, 1, sizeof(double), "value");
    return OK;
}

static status gauge_forward(struct rig *g, struct error *err)
{
    fell_gauge_call c = {
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .w = g->buffer[rig_find(g, "w")].v, .n = 7};
    const status result = rig_call(g, g->s.item->gauge->measure(&c), err);

    *(double *)g->buffer[rig_find(g, "value")].v = c.value;
    return result;
}

const struct kind_work gauge_work = {gauge_prepare, gauge_forward, NULL};
EOF
edit runner/cli/templates/gauge.c cat - /dev/fd/3 3<<'EOF'
/* @.c - a gauge: say what it measures. */
#include <fell/plugin.h>

static fell_status measure(fell_gauge_call *c)
{
    c->value = 0.0;
    for (int64_t i = 0; i < c->n; i++)
        c->value += fabs((double)c->w[i]);
    return FELL_OK;
}

static const fell_gauge item = {
    FELL_ITEM0(FELL_KIND_GAUGE, fell_gauge, "@", "One sentence: what it measures."), measure};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
EOF
after runner/sources.am 'runner_templates = ' <<'EOF'
    runner/cli/templates/gauge.c \
EOF
edit runner/cli/reference_examples.c sed 's/^    const char \*source, .*;/&\n    const char *gauge;/
    s/^    {"metric", \.metrics = "\[@\]"},/&\n    {"gauge", .gauge = "@"},/
    s/^    add_key(out, "metrics", .*/&\n    add_key(out, "gauge", first(own->gauge, rest->gauge, NULL), name);/'
mkdir copy/plugins/gauge
edit plugins/gauge/l1.c cat - /dev/fd/3 3<copy/runner/cli/templates/gauge.c
edit plugins/gauge/l1.c sed 's/@/l1/; s/One sentence: what it measures/The sum of |w|/; s/say what it measures/the sum of |w|/'
after runner/engine/train.c '        r->result->epochs_done = r->epoch;' <<'EOF'
        if (r->spec->gauge.item) {
            fell_gauge_call c = {.settings = r->spec->gauge.settings};
            char text[64];
            float *grads;

            c.w = net_trained(r->learner.net, &grads, &c.n);
            r->spec->gauge.item->gauge->measure(&c);
            snprintf(text, sizeof text, "%.9g", c.value);
            tell(r, "gauge", text);
        }
EOF

# ---- a strategy that learns ----------------------------------------------------------------------------

section "A strategy of a sweep"
edit runner/sweep/strategies.c awk '/^const struct strategy strategies/ {
        print "static void stride(const void *settings, uint64_t seed, int64_t number, int64_t attempt, size_t ndims,"
        print "                   const struct sweep_dim *dims, size_t n, const struct sweep_result *r, double *u)\n{"
        print "    (void)settings, (void)seed, (void)dims;"
        print "    for (size_t d = 0; d < ndims; d++)"
        print "        u[d] = n && !r[0].pending ? r[0].u[d] / (double)(number + attempt) : 0.5;\n}\n"
    }
    { print }'
after runner/sweep/strategies.c 'const struct strategy strategies' <<'EOF'
    {.name = "stride", .doc = "Ever smaller parts of the first trial.", .suggest = stride,
     .nparams = COUNT(sampler_params), .params = sampler_params, .settings_size = sizeof(struct sweep_settings)},
EOF

# ---- the key that chooses the kind of plugin -------------------------------------------------------------

section "A key of a spec, or of a model entry"
edit runner/spec/spec.h sed 's/^    struct choice loss, optimizer;/    struct choice loss, optimizer, gauge;/'
after runner/spec/spec_keys.c 'static const struct spec_key top_keys[] = {' <<'EOF'
    {.name = "gauge",
     .form = KEY_CHOICE,
     .role = ROLE_GAUGE,
     .offset = IN_SPEC(gauge),
     .doc = "What is said of the weights after every epoch."},
EOF

# ---- it is built -------------------------------------------------------------------------------------

mkdir copy/build
cd copy/build
../configure --quiet CC="${CC:-cc}" CFLAGS=-O0 >../../log 2>&1 || fail "configure: $(tail -n 20 ../../log)"
make --silent -j2 fell plugins/gauge/l1.so >../../log 2>&1 || fail "make: $(tail -n 30 ../../log)"
cp -r "$plugins"/* plugins/
cd ../..
new=$PWD/copy/build/fell
FELL_PROGRAM=$new
export FELL_PROGRAM

# ---- and they are there ------------------------------------------------------------------------------

write_spec after.yaml
sed -i 's/units: 1,/units: 1, lr_share: 0,/' after.yaml
echo 'gauge: l1' >>after.yaml
sed -i 's/epochs: 20/&, clip_norm: 1, clip_share: 0.0001/' after.yaml
sed 's/epochs: 20/epochs: 20, early_stopping: {monitor: train.loss, patience: 1, min_delta: 9}/' after.yaml >bored.yaml
expect_exit 0 "$new" run after.yaml --db old.db -q # a database of the version before goes on
expect_exit 0 "$new" run bored.yaml --db new.db -q
gunzip -c "$srcdir/tests/reference/results-version-2.sqlite.gz" >version-2.db
expect_exit 0 "$new" run bored.yaml name=bored --db version-2.db -q # its tables listed the statuses of their time
expect_sql version-2.db bored "SELECT status FROM leaderboard WHERE name = 'bored'"

write_spec stride.yaml
cat >>stride.yaml <<'EOF'
sweep:
  strategy: {stride: {trials: 3}}
  over: {optimizer.sgd.lr: {uniform: [0, 1]}}
EOF
expect_exit 0 "$new" run stride.yaml --db new.db -q

# In SQL.
expect_sql old.db $((version + 1)) 'PRAGMA user_version'
expect_sql old.db '1|0
2|80' 'SELECT run_id, count(weight_max) FROM gradients GROUP BY 1'
expect_sql old.db '1|0|0
2|20|20' 'SELECT run_id, count(updates), coalesce(sum(updates), 0) FROM epochs GROUP BY 1'
expect_sql old.db '0.0001|1' "SELECT json_extract(resolved, '$.train.clip_share'),
    (SELECT max(update_norm) < 0.001 FROM gradients WHERE run_id = 2) FROM runs WHERE id = 2"
expect_sql old.db 0 'SELECT count(*) FROM gradients WHERE run_id = 2 AND weight_max > 1.001 * weight_norm'
expect_sql old.db '1|1|0|0' "SELECT max(position = 1 AND update_norm > 0), max(position = 0 AND update_norm > 0),
    max(position = 2 AND update_norm > 0), max(position = 3 AND update_norm > 0) FROM gradients WHERE run_id = 2"
expect_sql old.db 20 "SELECT count(*) FROM events WHERE run_id = 2 AND kind = 'gauge' AND detail > 0"
expect_sql old.db '0|{"l1":{}}' "SELECT json_extract(resolved, '$.model[2].dense.lr_share'),
    json_extract(resolved, '$.gauge') FROM runs WHERE id = 2"
expect_sql new.db bored 'SELECT status FROM runs WHERE id = 1'
expect_sql new.db '{"stride":{"trials":3}}|0.5 0.25 0.167' "SELECT strategy, (SELECT group_concat(round(value, 3), ' ')
    FROM run_params JOIN runs AS r ON r.id = run_id WHERE experiment_id = x.id) FROM experiments AS x WHERE name = 'stride'"
# In JSON.
expect_exit 0 "$new" runs --db old.db --oldest --json
expect_json out '1 2' "(SELECT group_concat(value->>'run', ' ') FROM json_each(j))"
expect_exit 0 "$new" runs --db new.db --status bored --json
expect_json out bored "j->>'\$[0].status'"
expect_exit 0 "$new" plugin list --json
expect_json out l1 "(SELECT value->>'name' FROM json_each(j) WHERE value->>'kind' = 'gauge')"
expect_exit 0 "$new" show 2 --db old.db
expect_text out 'weight max' updates
expect_exit 0 "$new" verify 2 --db old.db
# In the JSON Schema.
expect_exit 0 "$new" schema
expect_json out 1 "j->>'\$.definitions.\"entry.dense\".properties.lr_share.description' LIKE 'The share of the %'"
expect_json out 1 "EXISTS (SELECT 1 FROM json_tree(j) WHERE key = 'description' AND value LIKE 'The sum of |w|.%')"
expect_json out 1 "EXISTS (SELECT 1 FROM json_tree(j) WHERE key = 'description' AND value LIKE 'The share of clip_norm.%')"
expect_json out 1 "EXISTS (SELECT 1 FROM json_tree(j) WHERE key = 'description' AND value LIKE 'Ever smaller parts%')"
# In the reference and the man page.
expect_exit 0 "$new" reference pages
expect_text pages/spec.md 'The share of clip_norm.' lr_share 'The share of the learning rate.' '[gauge](gauges.md)'
expect_text pages/spec.md stride 'Ever smaller parts of the first trial.'
expect_text pages/gauges.md l1 'The sum of |w|'
expect_exit 0 "$new" --man
expect_text out oldest 'The oldest first'
# And the plugin is tried.
expect_exit 0 "$new" plugin check l1
expect_exit 0 "$new" plugin new gauge mine
expect_text mine.c fell_gauge
