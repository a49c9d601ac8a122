/* check_steps.c - what holds for a step of any kind. See check.h. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "check/check.h"
#include "check/hooks.h"

/* ---- settings ------------------------------------------------------------------------------------ */

/* The first required setting of texts, which may be what no guess fits; NULL if there is none, or all are
 * told. */
static const char *not_guessed(const struct checked *c)
{
    for (size_t i = 0; i < c->item->nparams; i++) {
        const fell_param *p = &c->item->params[i];

        if (p->flags & FELL_REQUIRED && (p->type == FELL_P_STRING || p->type == FELL_P_STRINGS) &&
            !known_value(&c->known, p->name))
            return p->name;
    }
    return NULL;
}

void check_settings(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);

    if (!c->setups.n && not_guessed(c)) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(
            &f->text,
            "not tried: no guess fits its '%s', say what it is: fell plugin check FILE %s=VALUE; its words: "
            "%.300s",
            not_guessed(c), not_guessed(c), c->setups.last[0] ? c->setups.last : c->setups.first);
        return;
    }
    if (!c->setups.n)
        finding_fail(f, "nothing is accepted; it says: %s%s%s", c->setups.first,
                     c->setups.last[0] ? "; then: " : "", c->setups.last);
    if (c->setups.wrong[0])
        finding_fail(f, "a look fails; what does not fit a net is for plan() to refuse: %s", c->setups.wrong);
    if (c->setups.silent[0])
        finding_fail(f, "it refuses a call without saying why, %s", c->setups.silent);
    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = mem_alloc(sizeof *g);
        struct error err = {""};
        char where[512];

        if (rig_open(g, c->item, c->registry, &c->setups.v[i], &how, &err) != OK || rig_step(g, &err) != OK)
            finding_fail(f, "%.900s, %s", err.text, rig_where(g, where));
        checked_done(g);
    }
}

/* ---- evaluation ------------------------------------------------------------------------------------ */

/* A layer is looked at in training (0) and in evaluation (1), where nothing follows its forward pass. */
static int modes_of(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER ? 2 : 1;
}

static struct conditions in_mode(struct conditions how, int mode)
{
    if (mode) {
        how.evaluate = how.no_saved = true;
        how.no_dx = how.no_grads = UINT32_MAX;
    }
    return how;
}

/* Every setup in training, and in evaluation those with the defaults. */
static void agree_in_all(struct checked *c, const struct conditions *a, const struct conditions *b,
                         const char *what, struct finding *f)
{
    for (int mode = 0; mode < modes_of(c->item); mode++)
        for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
            const struct conditions x = in_mode(*a, mode), y = in_mode(*b, mode);

            if (!mode || c->setups.v[i].defaults)
                checked_agree(c, &c->setups.v[i], &x, &y, what, f);
        }
}

/* ---- memory ---------------------------------------------------------------------------------------- */

void check_bounds(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < 2 * c->setups.n; i++) {
        struct rig *g;
        struct error err;

        how.evaluate = i >= c->setups.n;
        how.reading = i >= c->setups.n ? READ_MIXED : READ_EACH;
        g = checked_rig(c, &c->setups.v[i % c->setups.n], &how);
        if (g && rig_step(g, &err) == OK && g->trespass[0])
            finding_fail(f, "%s, %s", g->trespass, rig_where(g, where));
        checked_done(g);
    }
}

static const uint32_t ONE_HALF = 0x3f000000, THREE = 0x40400000; /* the bits of 0.5f and 3.0f */

/* What a dataset allocates and does not set, INSIDE, or what lies behind it: its rows do not change with
 * that. */
static void check_heap(struct checked *c, bool inside, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    if (!hooks_set(c->item->file->handle))
        return;
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &how), *b = checked_rig(c, &c->setups.v[i], &how);
        struct error err, difference;
        bool ok = a && b;

        hooks_fill(ONE_HALF, ONE_HALF);
        ok = ok && rig_step(a, &err) == OK;
        hooks_fill(inside ? THREE : ONE_HALF, inside ? ONE_HALF : THREE);
        if (ok && rig_step(b, &err) != OK)
            finding_fail(f, "%s: %.300s, %s",
                         inside ? "it reads allocated memory that is not set"
                                : "it reads behind allocated memory",
                         err.text, rig_where(b, where));
        else if (ok && rigs_differ(a, b, &difference))
            finding_fail(f, "it reads %s: %.300s, %s",
                         inside ? "allocated memory that it has not set"
                                : "behind memory that it has allocated",
                         difference.text, rig_where(a, where));
        hooks_fill(0, 0);
        f->sure = f->outcome == OUTCOME_FAILED;
        checked_done(a);
        checked_done(b);
    }
}

/* An output that keeps the pattern is told first: it is the simpler mistake. */
static void check_never_set(struct checked *c, const struct conditions *how, struct finding *f)
{
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], how);
        struct error err, what;

        if (g && rig_step(g, &err) == OK && rig_never_set(g, &what))
            finding_fail(f, "%.300s, %s", what.text, rig_where(g, where));
        checked_done(g);
    }
}

void check_unset(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions other = usual;

    if (c->item->kind == FELL_KIND_DATASET)
        check_heap(c, true, f);
    for (int mode = 0; mode < modes_of(c->item); mode++) {
        const struct conditions how = in_mode(usual, mode);

        check_never_set(c, &how, f);
    }
    other.gone = ONE_HALF;
    agree_in_all(c, &usual, &other, "it reads working memory of a call that is over (fell_scratch)", f);
    other = usual;
    other.unset = other.scratch = ONE_HALF;
    agree_in_all(c, &usual, &other, "with other unset memory", f);
}

/* What it reads behind a buffer may make no difference, and end the process elsewhere. Who writes there is
 * told by check_bounds(). */
static void check_fenced(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);

    for (size_t i = 0; f->outcome == OUTCOME_PASSED && i < c->setups.n * (size_t)modes_of(c->item); i++) {
        const struct conditions how = in_mode(usual, i >= c->setups.n);
        struct conditions fenced = how;
        const struct setup *u = &c->setups.v[i % c->setups.n];
        struct rig *g = NULL, *strict = NULL;
        struct error err;

        if (c->item->kind == FELL_KIND_LAYER && !u->defaults) /* each step of a layer takes long */
            continue;
        g = checked_rig(c, u, &how);
        fenced.fence = true;
        if (g && rig_step(g, &err) == OK && !g->trespass[0])
            strict = checked_rig(c, u, &fenced);
        if (strict)
            rig_step(strict, &err);
        checked_done(g);
        checked_done(strict);
    }
}

/* Large numbers of either sign, small ones, and such as are none: a maximum shows some, a sum others. */
void check_outside(struct checked *c, struct finding *f)
{
    static const uint32_t patterns[] = {0x461c4000, 0xc61c4000, 0x3f800000,
                                        0x7fc0cafe}; /* 1e4, -1e4, 1, NaN */
    struct conditions usual = usual_conditions(c->seed, c->level), other = usual;

    if (c->item->kind == FELL_KIND_DATASET)
        check_heap(c, false, f);
    for (size_t k = 0; k < sizeof patterns / sizeof *patterns; k++) {
        usual.reading = other.reading = k % 2 ? READ_MIXED : READ_EACH;
        other.guard = patterns[k];
        agree_in_all(c, &usual, &other, OTHER_MEMORY, f);
    }
    if (c->item->kind != FELL_KIND_DATASET) /* which fills its buffers */
        check_fenced(c, f);
}

/* What it writes goes to a file of its own instead of nowhere. */
void check_output(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    const int file = memfd_create("output", MFD_CLOEXEC);
    char text[64] = "", where[512];
    ssize_t n;

    if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it cannot be seen here");
        return;
    }
    for (size_t i = 0; i < c->setups.n * (size_t)modes_of(c->item) && f->outcome == OUTCOME_PASSED; i++) {
        const struct conditions how = in_mode(usual, i >= c->setups.n);
        struct rig *g = checked_rig(c, &c->setups.v[i % c->setups.n], &how);
        struct error err;

        if (g)
            rig_step(g, &err);
        fflush(NULL);
        n = pread(file, text, sizeof text - 1, 0);
        text[strcspn(text, "\n")] = 0;
        if (n > 0 && g)
            finding_fail(f, "it writes \"%s\" to the terminal, %s; use fell_warn() to tell something", text,
                         rig_where(g, where));
        checked_done(g);
    }
    close(file);
}

void check_inputs(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], &how);
        struct error err, what;
        const int y = g ? rig_find(g, "y") : -1;
        void *kept;

        if (g && rig_forward(g, &err) == OK) {
            if (y >= 0 && rig_goes_back(c->item->kind)) {
                kept = mem_alloc((size_t)(g->buffer[y].n * g->buffer[y].size));
                memcpy(kept, g->buffer[y].v, (size_t)(g->buffer[y].n * g->buffer[y].size));
                if (rig_backward(g, &err) == OK &&
                    memcmp(kept, g->buffer[y].v, (size_t)(g->buffer[y].n * g->buffer[y].size)) != 0)
                    finding_fail(f, "backward changes y, %s", rig_where(g, where));
                free(kept);
            }
            if (rig_changed(g, &what))
                finding_fail(f, "%.300s, %s", what.text, rig_where(g, where));
        }
        checked_done(g);
    }
}

void check_allocation(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    char where[512], name[64];

    if (!hooks_set(c->item->file->handle)) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "calls cannot be counted on this machine");
        return;
    }
    for (size_t i = 0; i < c->setups.n * (size_t)modes_of(c->item); i++) {
        const struct conditions how = in_mode(usual, i >= c->setups.n);
        struct rig *g = checked_rig(c, &c->setups.v[i % c->setups.n], &how);
        struct error err;

        hooks_begin();
        if (g)
            rig_step(g, &err);
        if (hooks_end(name) && g)
            finding_fail(f, "it calls %s in a step, %s", name, rig_where(g, where));
        checked_done(g);
    }
}

/* ---- the same bits ---------------------------------------------------------------------------------- */

void check_repeat(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);

    agree_in_all(c, &how, &how, "a second time", f);
}

/* Of the usual inputs, and with the defaults of large ones: a shortcut for these may be in one copy only. */
void check_levels(struct checked *c, struct finding *f)
{
    const struct conditions portable = usual_conditions(c->seed, SIMD_PORTABLE);
    const bool takes_numbers = c->item->kind != FELL_KIND_PROBE && c->item->kind != FELL_KIND_DATASET;
    struct conditions how, large = portable;
    struct setup many;
    char what[64];

    large.fill = FILL_EVEN;
    large.reach = 100.0f;
    for (enum simd_level level = SIMD_PORTABLE + 1; level < SIMD_LEVELS; level++) {
        if (!simd_available(level))
            continue;
        how = usual_conditions(c->seed, level);
        snprintf(what, sizeof what, "portable and %s", simd_name(level));
        agree_in_all(c, &portable, &how, what, f);
        how = large;
        how.level = level;
        for (size_t i = 0; i < c->setups.n && takes_numbers; i++)
            if (c->setups.v[i].defaults)
                checked_agree(c, &c->setups.v[i], &large, &how, what, f);
        how = usual_conditions(c->seed, level);
        if (f->outcome == OUTCOME_PASSED && setup_large(c->item, c->registry, c->seed, &c->known, &many))
            checked_agree(c, &many, &portable, &how, what, f);
    }
}

/* Sums of blocks that are added in the order in which blocks end are often the same by chance. */
static void check_block_sums(struct checked *c, const struct setup *u, struct finding *f)
{
    enum { TRIES = 5 };
    struct conditions one = usual_conditions(c->seed, c->level), how = one;

    how.backwards = true;
    for (int k = 0; k < TRIES; k++) {
        how.seed = ++one.seed;
        checked_agree(c, u, &one, &how, OTHER_ORDER, f);
    }
}

void check_threads(struct checked *c, struct finding *f)
{
    struct setup many;
    const struct conditions one = usual_conditions(c->seed, c->level);
    static const int threads[] = {2, 7};
    struct conditions how = one;
    char what[64];

    how.backwards = c->item->kind != FELL_KIND_SCHEDULE; /* check_order() has those */
    agree_in_all(c, &one, &how, OTHER_ORDER, f);
    how.backwards = false;
    for (int k = 0; k < 2; k++) {
        how.threads = threads[k];
        snprintf(what, sizeof what, "with 1 and %d threads", threads[k]);
        agree_in_all(c, &one, &how, what, f);
    }
    if (f->outcome == OUTCOME_PASSED && setup_large(c->item, c->registry, c->seed, &c->known, &many))
        check_block_sums(c, &many, f);
}

/* ---- two instances ------------------------------------------------------------------------------------ */

/* A stepped while B is between its own calls: forward A, forward B, backward A, backward B. */
static void check_interleaved(struct checked *c, const struct setup *u, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level),
                            other = usual_conditions(c->seed + 1, c->level);
    const bool backward = rig_goes_back(c->item->kind);
    struct rig *alone = checked_rig(c, u, &how), *a = checked_rig(c, u, &how), *b = checked_rig(c, u, &other);
    struct error err, difference;
    char where[512];

    if (alone && a && b && rig_step(alone, &err) == OK && rig_forward(a, &err) == OK &&
        rig_forward(b, &err) == OK && (!backward || rig_backward(a, &err) == OK) &&
        rigs_differ(alone, a, &difference))
        finding_fail(f, "alone and beside another instance: %.300s, %s", difference.text,
                     rig_where(a, where));
    checked_done(alone);
    checked_done(a);
    checked_done(b);
}

struct runner_thread {
    struct rig *g;
    pthread_barrier_t *start;
    bool ok;
};

static void *run_thread(void *arg)
{
    struct runner_thread *t = arg;
    struct error err;

    pthread_barrier_wait(t->start);
    t->ok = rig_step(t->g, &err) == OK;
    return NULL;
}

static void check_side_by_side(struct checked *c, const struct setup *u, struct finding *f)
{
    const struct conditions how[2] = {usual_conditions(c->seed, c->level),
                                      usual_conditions(c->seed + 1, c->level)};
    struct rig *alone = checked_rig(c, u, &how[0]);
    struct runner_thread t[2] = {{checked_rig(c, u, &how[0]), NULL, false},
                                 {checked_rig(c, u, &how[1]), NULL, false}};
    struct error err, difference;
    pthread_barrier_t start;
    pthread_t other;
    char where[512];

    if (alone && t[0].g && t[1].g && rig_step(alone, &err) == OK) {
        pthread_barrier_init(&start, NULL, 2);
        t[0].start = t[1].start = &start;
        if (pthread_create(&other, NULL, run_thread, &t[1]) == 0) {
            run_thread(&t[0]);
            pthread_join(other, NULL);
            if (t[0].ok && rigs_differ(alone, t[0].g, &difference))
                finding_fail(f, "alone and with another instance on a second thread: %.300s, %s",
                             difference.text, rig_where(alone, where));
        }
        pthread_barrier_destroy(&start);
    }
    checked_done(alone);
    checked_done(t[0].g);
    checked_done(t[1].g);
}

void check_instances(struct checked *c, struct finding *f)
{
    enum { ROUNDS = 5 };

    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        check_interleaved(c, &c->setups.v[i], f);
        for (int k = 0; k < ROUNDS; k++)
            check_side_by_side(c, &c->setups.v[i], f);
    }
}
