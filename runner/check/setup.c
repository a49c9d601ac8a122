/* setup.c - see setup.h. */
#include "check/setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "check/rig.h"
#include "check/setup_values.h"

static const double MOST_SAMPLED = 1e6; /* numbers of sample files are smaller */

enum { MOST_FLOATS = 20000 }; /* of what is larger than usual */
enum { RANDOM_COMBINATIONS = 8, MOST_SETUPS = 160 };

/* ---- combinations ------------------------------------------------------------------------------------ */

struct maker {
    const struct item *item;
    struct registry *registry;
    uint64_t seed;
    struct rng_stream draw;
    const struct known *known;
    struct setups *out;
    int64_t nin;  /* inputs of a layer */
    bool unlike;  /* which are not alike */
    bool table;   /* rows of a table */
    int64_t most; /* floats of all tensors of a layer; 0: any number */
    int choice;   /* for AT_CHOICE */
    int64_t cols; /* for AT_COLUMNS */
};

/* Settings that are as they are told and those that nobody can make up are not tried otherwise. */
static bool is_fixed(const struct maker *m, const fell_param *p)
{
    return known_value(m->known, p->name) || p->flags & (FELL_PATH | FELL_MONITOR);
}

/* A value for a required setting. */
static bool add_required(struct maker *m, struct strbuf *b, const fell_param *p, int guess)
{
    if (p->type == FELL_P_STRING || p->type == FELL_P_STRINGS)
        return sample_add(b, p, m->known, guess);
    return value_add(b, p, AT_GUESS, guess, &m->draw);
}

/* The map in which setting CHANGED is at AT, what is told is so, the required ones are as GUESS says (a
 * number with a digit of base GUESSES for each) and, with AT_RANDOM and CHANGED below 0, every setting is at
 * random. False where a required setting cannot be guessed. */
static bool combine(struct maker *m, int guess, int changed, enum at at, char out[512])
{
    struct strbuf b = {0};
    bool ok = true;

    for (size_t i = 0; i < m->item->nparams && ok; i++) {
        const fell_param *p = &m->item->params[i];
        const bool required = p->flags & FELL_REQUIRED, all = changed < 0 && at == AT_RANDOM;
        const char *told = known_value(m->known, p->name);
        const size_t before = b.len;
        bool given = false;

        if (!required && !told && ((int)i != changed && (!all || is_fixed(m, p))))
            continue;
        strbuf_addf(&b, "%s%s: ", b.len ? ", " : "", p->name);
        if (told) {
            given = true;
            strbuf_addf(&b, "%s", told);
        } else if ((int)i == changed || (all && !required)) {
            static const enum at anywhere[] = {AT_LOW, AT_HIGH, AT_RANDOM, AT_RANDOM};

            given = value_add(&b, p, all ? anywhere[rng_below(&m->draw, 4)] : at,
                              at == AT_COLUMNS ? (int)m->cols : m->choice, &m->draw);
        } else {
            given = add_required(m, &b, p, guess % GUESSES);
            guess /= GUESSES;
        }
        if (!given) {
            ok = !required;
            b.len = before;
            if (b.text)
                b.text[before] = 0;
        }
    }
    snprintf(out, 512, b.len ? "{%s}" : "%s", b.len ? b.text : "");
    strbuf_release(&b);
    return ok;
}

/* ---- shapes -------------------------------------------------------------------------------------------- */

struct shape_try {
    fell_shape shape;
    int64_t batch;
    bool joined;
    fell_shape second; /* of a layer's inputs; rank 0: as the first */
};

struct shapes {
    const struct shape_try *v;
    size_t n;
};

static const struct shape_try small[] = {
    {{1, {6}}, 4, false, {0}},       {{1, {1}}, 3, false, {0}},       {{1, {12}}, 5, false, {0}},
    {{2, {3, 4}}, 3, false, {0}},    {{2, {6, 2}}, 2, false, {0}},    {{3, {2, 6, 6}}, 2, false, {0}},
    {{3, {4, 5, 7}}, 2, false, {0}}, {{3, {6, 8, 8}}, 3, false, {0}}, {{3, {1, 12, 12}}, 2, false, {0}},
    {{2, {12, 12}}, 2, false, {0}},
};

/* Rows as long as lanes of SIMD and longer, and no multiple of them; tried with the defaults only. */
static const struct shape_try wide[] = {
    {{1, {7}}, 2, false, {0}},     {{1, {64}}, 3, false, {0}},     {{1, {300}}, 2, false, {0}},
    {{2, {4, 16}}, 2, false, {0}}, {{2, {25, 12}}, 2, false, {0}}, {{3, {3, 10, 10}}, 2, false, {0}},
};

/* More rows than a block of 64 or 128; tried with the defaults only. */
static const struct shape_try many[] = {
    {{1, {5}}, 131, false, {0}}, {{2, {3, 2}}, 131, false, {0}}, {{3, {2, 5, 5}}, 131, false, {0}}};

/* More numbers than a buffer of a round size holds; for those that need no more than that memory. */
static const struct shape_try large[] = {{{1, {1100}}, 2, false, {0}}, {{2, {25, 50}}, 2, false, {0}}};

/* As long as the columns are that the rig gives a table. */
static const struct shape_try tabled[] = {{{1, {RIG_TABLE_WIDTH}}, 6, false, {0}}};

/* Inputs that are not alike. */
static const struct shape_try unlike[] = {
    {{1, {6}}, 4, false, {1, {4}}},
    {{1, {3}}, 3, false, {1, {8}}},
    {{2, {3, 4}}, 3, false, {2, {5, 4}}},
    {{2, {3, 4}}, 3, false, {2, {3, 2}}},
    {{3, {2, 6, 6}}, 2, false, {3, {3, 6, 6}}},
    {{2, {3, 4}}, 3, false, {1, {3}}},
    {{3, {2, 6, 6}}, 2, false, {1, {2}}},
};

/* Of layers that take no inputs that are alike: a mask of steps, a gate of channels or a weight of rows. */
static const struct shape_try masked[] = {
    {{2, {3, 4}}, 3, false, {1, {3}}},       {{2, {6, 2}}, 2, false, {1, {6}}},
    {{2, {3, 4}}, 3, false, {2, {3, 1}}},    {{2, {3, 4}}, 2, false, {1, {4}}},
    {{3, {2, 6, 6}}, 2, false, {1, {2}}},    {{3, {4, 5, 7}}, 2, false, {1, {4}}},
    {{3, {2, 6, 6}}, 2, false, {2, {6, 6}}}, {{3, {2, 6, 6}}, 2, false, {3, {1, 6, 6}}},
    {{1, {6}}, 4, false, {1, {1}}},          {{1, {7}}, 3, false, {1, {1}}},
    {{1, {6}}, 4, false, {1, {3}}},          {{1, {6}}, 4, false, {1, {12}}},
    {{2, {25, 12}}, 2, false, {1, {25}}},
};

static const struct shape_try filled[] = {
    {{2, {12, 12}}, 1, false, {0}}, {{4, {4, 2, 3, 3}}, 1, false, {0}}, {{1, {12}}, 1, false, {0}},
    {{2, {7, 5}}, 1, false, {0}},   {{4, {5, 3, 3, 3}}, 1, false, {0}}, {{1, {1}}, 1, false, {0}},
    {{2, {1, 300}}, 1, false, {0}}, {{3, {3, 5, 2}}, 1, false, {0}},
};

static const struct shape_try stepped[] = {
    {{1, {19}}, 1, true, {0}},          {{2, {5, 4}}, 1, false, {0}},   {{1, {7}}, 1, false, {0}},
    {{4, {2, 3, 3, 3}}, 1, false, {0}}, {{2, {1, 6}}, 1, false, {0}},   {{1, {1}}, 1, false, {0}},
    {{2, {4, 5}}, 1, false, {0}},       {{2, {20, 15}}, 1, false, {0}}, {{1, {300}}, 1, true, {0}},
    {{2, {41, 130}}, 1, false, {0}},
};

static const struct shape_try rows[] = {
    {{1, {5}}, 7, false, {0}},   {{1, {1}}, 6, false, {0}},   {{1, {3}}, 1, false, {0}},
    {{1, {10}}, 33, false, {0}}, {{1, {300}}, 2, false, {0}}, {{1, {64}}, 3, false, {0}},
    {{1, {1}}, 1, false, {0}},   {{1, {2}}, 300, false, {0}}, {{1, {1100}}, 2, false, {0}},
};

/* Of losses between rows, whose cost grows with the square of their number. */
static const struct shape_try pairs[] = {
    {{1, {5}}, 7, false, {0}},   {{1, {1}}, 6, false, {0}},  {{1, {3}}, 1, false, {0}},
    {{1, {2}}, 40, false, {0}},  {{1, {64}}, 3, false, {0}}, {{1, {1}}, 1, false, {0}},
    {{1, {300}}, 2, false, {0}},
};

/* How many inputs a layer is tried with. */
static int64_t inputs_of(const struct item *item)
{
    if (item->kind != FELL_KIND_LAYER || item->layer->max_inputs < 2)
        return 1;
    return item->layer->max_inputs < SETUP_INPUTS ? item->layer->max_inputs : SETUP_INPUTS;
}

static void note_words(struct setups *s, const char *text)
{
    if (!s->first[0])
        snprintf(s->first, sizeof s->first, "%.500s", text);
    else if (strncmp(text, s->first, 500) != 0)
        snprintf(s->last, sizeof s->last, "%.500s", text);
}

/* Does the item take this setup? Its own words, if not, are noted. */
static bool accepts(struct maker *m, const struct setup *u)
{
    struct conditions how = usual_conditions(m->seed, SIMD_PORTABLE);
    struct rig *g = mem_alloc(sizeof *g);
    struct error err = {""};
    bool ok;

    how.most = m->most;
    ok = rig_open(g, m->item, m->registry, u, &how, &err) == OK;

    /* What it thinks of its settings and inputs may show only when it sees them. A file that was meant for
     * another dataset may be read as nonsense. */
    if (ok)
        ok = rig_step(g, &err) == OK;
    if (ok && m->known && m->known->files.folder && strstr(u->settings, m->known->files.folder))
        ok = !rig_not_finite(g, &err) && rig_largest(g) < MOST_SAMPLED;
    if (!ok) {
        char where[512];

        m->out->refused++;
        if (g->planned && !m->out->wrong[0])
            snprintf(m->out->wrong, sizeof m->out->wrong, "%.300s, %.200s", err.text, rig_where(g, where));
        if (g->s.settings && strstr(err.text, "without saying why") && !m->out->silent[0])
            snprintf(m->out->silent, sizeof m->out->silent, "%s", rig_where(g, where));
        if (err.text[0])
            note_words(m->out, err.text);
    }
    rig_close(g);
    free(g);
    return ok;
}

static bool is_transform(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER && !item->layer->backward;
}

/* Whether U's item is a loss that gives no numbers there: another form of targets may suit it better. */
static bool gives_nan(struct maker *m, const struct setup *u)
{
    const struct conditions how = usual_conditions(m->seed, SIMD_PORTABLE);
    struct rig *g = mem_alloc(sizeof *g);
    struct error err, what;
    const bool nan = rig_open(g, m->item, m->registry, u, &how, &err) == OK && rig_step(g, &err) == OK &&
                     rig_not_finite(g, &what);

    rig_close(g);
    free(g);
    return nan;
}

static void add(struct maker *m, const struct setup *u)
{
    struct setups *s = m->out;

    if (m->unlike && s->nunlike < MOST_UNLIKE) {
        s->unlike[s->nunlike++] = *u;
    } else if (!m->unlike) {
        s->v = mem_grow(s->v, s->n + 1, sizeof *u);
        s->v[s->n++] = *u;
    }
}

static int forms_of(const struct item *item)
{
    if (item->kind == FELL_KIND_LOSS || item->kind == FELL_KIND_METRIC)
        return TARGET_FORMS;
    return item->kind == FELL_KIND_DATASET || item->kind == FELL_KIND_PROBE || is_transform(item) ? 2 : 1;
}

/* Numbers, yes and no as 1 and 0, and as 1 and -1, are three things to a metric of values: on to the next. */
static bool next_form(const struct item *item, int *form)
{
    if (item->kind != FELL_KIND_METRIC || !(item->metric->target & FELL_VALUES) || *form >= TARGET_SIGN)
        return false;
    *form = *form < TARGET_BIT ? TARGET_BIT - 1 : TARGET_SIGN - 1;
    return true;
}

/* Every form that is tried beside the first one that is taken: classes and values of a dataset, and of a
 * probe with its defaults; numbers and answers of a metric. */
static bool goes_on(const struct item *item, const struct setup *u, int *form)
{
    return item->kind == FELL_KIND_DATASET || (item->kind == FELL_KIND_PROBE && u->defaults) ||
           next_form(item, form);
}

/* Every form of targets that a dataset takes, and those that are something else to a metric; else the first,
 * and of a loss the first that gives numbers: where none does, that is for the checks to find. */
static bool add_forms(struct maker *m, struct setup *u)
{
    const int first = (int)u->targets, forms = forms_of(m->item);
    const size_t before = m->out->n;
    struct setup without;
    bool found = false;

    for (int form = first; form < forms; form++) {
        u->targets = (enum targets)form;
        if (!accepts(m, u))
            continue;
        if (m->item->kind == FELL_KIND_LOSS && gives_nan(m, u)) {
            without = found ? without : *u;
            found = true;
            continue;
        }
        add(m, u);
        if (!goes_on(m->item, u, &form))
            return true;
    }
    if (found && m->out->n == before) {
        without.positive = true; /* some settings say that predictions are */
        without.positive = !without.defaults && !gives_nan(m, &without);
        add(m, &without);
    }
    return m->out->n > before;
}

static bool add_if_accepted(struct maker *m, const char *settings, const struct shape_try *shape,
                            bool defaults)
{
    struct setup u = {.defaults = defaults, .batch = shape ? shape->batch : 1};

    if (m->out->n == MOST_SETUPS)
        return false;
    snprintf(u.settings, sizeof u.settings, "%s", settings);
    u.table = m->table;
    if (shape) {
        u.nin = m->nin;
        u.joined = shape->joined && m->item->kind == FELL_KIND_OPTIMIZER &&
                   m->item->optimizer->reach == FELL_EACH_WEIGHT;
        for (int64_t i = 0; i < u.nin; i++)
            u.in[i] = i == 1 && shape->second.rank ? shape->second : shape->shape;
    }
    if (m->item->kind == FELL_KIND_LOSS && m->item->loss->expects != FELL_REAL)
        u.targets = TARGET_SHARE;
    return add_forms(m, &u);
}

#define SHAPES(v) ((struct shapes){v, sizeof(v) / sizeof *(v)})

/* The shapes that the item's kind is tried with; none, and one pass, where it has none. */
static struct shapes shapes_of(const struct item *item)
{
    switch (item->kind) {
    case FELL_KIND_LAYER:
        return SHAPES(small);
    case FELL_KIND_INITIALISER:
        return SHAPES(filled);
    case FELL_KIND_OPTIMIZER:
        return SHAPES(stepped);
    case FELL_KIND_LOSS:
        return item->loss->pairs ? SHAPES(pairs) : SHAPES(rows);
    case FELL_KIND_METRIC: /* a value for each pair of 1100 classes takes long */
        return (struct shapes){rows, sizeof rows / sizeof *rows - (item->metric->values == FELL_PER_PAIR)};
    case FELL_KIND_ACTIVATION:
        return SHAPES(rows);
    default:
        return (struct shapes){NULL, 1};
    }
}

/* Up to MOST of the shapes for which a combination is accepted; the first guess that fits each. */
static void add_shapes(struct maker *m, struct shapes of, int changed, enum at at, size_t most, int guesses)
{
    size_t found = 0;

    for (size_t i = 0; i < of.n && found < most; i++)
        for (int guess = 0; guess < guesses; guess++) {
            char settings[512];

            m->cols = of.v ? of.v[i].shape.dim[of.v[i].shape.rank - 1] : 0;
            if (!combine(m, guess, changed, at, settings))
                return;
            if (add_if_accepted(m, settings, of.v ? &of.v[i] : NULL, changed < 0 && at == AT_DEFAULT)) {
                found++;
                break;
            }
        }
}

/* Large inputs, inputs that are not alike, and no more inputs than a layer needs. */
static void add_rare_shapes(struct maker *m, int guesses)
{
    const int64_t nin = m->nin, least = m->item->layer->min_inputs;

    m->most = MOST_FLOATS;
    add_shapes(m, SHAPES(large), -1, AT_DEFAULT, 1, guesses);
    m->most = 0;
    add_shapes(m, SHAPES(many), -1, AT_DEFAULT, 1, guesses);
    m->unlike = true;
    add_shapes(m, SHAPES(unlike), -1, AT_DEFAULT, nin > 1 ? MOST_UNLIKE : 0, guesses);
    m->unlike = false;
    m->nin = least > 0 && least < nin ? least : nin;
    if (m->nin < nin)
        add_shapes(m, SHAPES(small), -1, AT_DEFAULT, 2, guesses);
    m->nin = nin;
}

void setups_make(const struct item *item, struct registry *r, uint64_t seed, const struct known *known,
                 struct setups *out)
{
    struct maker m = {
        .item = item, .registry = r, .seed = seed, .known = known, .out = out, .nin = inputs_of(item)};
    struct shapes of = shapes_of(item);
    const int randoms = item->kind == FELL_KIND_PROBE ? 2 : RANDOM_COMBINATIONS; /* each look takes long */
    int guesses = 1, choices;

    *out = (struct setups){0};
    m.draw = rng_stream(seed, RNG_SEED, 7, 0);
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_REQUIRED && guesses < 100)
            guesses *= GUESSES;
    add_shapes(&m, of, -1, AT_DEFAULT, item->kind == FELL_KIND_LAYER ? 5 : of.n, guesses);
    if (item->kind == FELL_KIND_LAYER)
        add_shapes(&m, SHAPES(wide), -1, AT_DEFAULT, 4, guesses);
    if (!out->n && m.nin > 1) {
        of = SHAPES(masked);
        add_shapes(&m, of, -1, AT_DEFAULT, 5, guesses);
    }
    if (!out->n)
        return;
    if (item->kind == FELL_KIND_LAYER)
        add_rare_shapes(&m, guesses);
    m.table = is_transform(item);
    if (m.table)
        add_shapes(&m, SHAPES(tabled), -1, AT_DEFAULT, 1, guesses);
    m.table = false;
    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];

        if (is_fixed(&m, p))
            continue;
        add_shapes(&m, of, (int)i, AT_LOW, 2, guesses);
        add_shapes(&m, of, (int)i, AT_HIGH, 2, guesses);
        if (item->kind != FELL_KIND_LAYER && of.v && (p->type == FELL_P_INTS || p->type == FELL_P_FLOATS))
            add_shapes(&m, of, (int)i, AT_COLUMNS, 2, guesses);
        m.most = MOST_FLOATS;
        if (value_goes_far(p) && item->kind != FELL_KIND_PROBE)
            add_shapes(&m, of, (int)i, AT_FAR, 1, guesses);
        m.most = 0;
        choices = p->type == FELL_P_ENUM ? value_choices(p) : 0;
        for (m.choice = 1; m.choice + 1 < choices; m.choice++)
            add_shapes(&m, of, (int)i, AT_CHOICE, 1, guesses);
    }
    for (int i = 0; i < randoms && item->nparams; i++)
        add_shapes(&m, of, -1, AT_RANDOM, 2, guesses);
}

void setups_release(struct setups *s)
{
    free(s->v);
    *s = (struct setups){0};
}

bool setup_large(const struct item *item, struct registry *r, uint64_t seed, const struct known *known,
                 struct setup *out)
{
    static const struct shape_try loss[] = {{{1, {2}}, 9001, false, {0}}},
                                  metric[] = {{{1, {2}}, 3001, false, {0}}}; /* some look at all pairs */
    struct setups found = {0};
    struct maker m = {.item = item, .registry = r, .seed = seed, .known = known, .out = &found, .nin = 1};

    m.draw = rng_stream(seed, RNG_SEED, 7, 0);
    if (item->kind == FELL_KIND_LOSS && !item->loss->pairs)
        add_shapes(&m, SHAPES(loss), -1, AT_DEFAULT, 1, GUESSES);
    if (item->kind == FELL_KIND_METRIC)
        add_shapes(&m, SHAPES(metric), -1, AT_DEFAULT, 1, GUESSES);
    *out = found.n ? found.v[0] : (struct setup){0};
    setups_release(&found);
    return out->batch > 0;
}
