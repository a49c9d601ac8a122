/* experiment_help.h - what the tests of experiments share: a spec as a file in a folder of its
 * own, loaded; its trials as text. Included once by each of them.
 */
#ifndef TESTS_EXPERIMENT_HELP_H
#define TESTS_EXPERIMENT_HELP_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "trials/experiment.h"
#include "spec_help.h"

#define BASE                                                                                                 \
    "data: {source: xor}\n"                                                                                  \
    "model: [{dense: {units: 2}}, {dense: {units: 1}}]\n"                                                    \
    "loss: mse\n"                                                                                            \
    "optimizer: sgd\n"                                                                                       \
    "train: {epochs: 1}\n"

struct loaded {
    struct registry *registry;
    struct diag *diag;
    struct experiment *e;
    struct arena *arena; /* of trials that are looked at */
    char folder[64];
};

/* In the folder of the experiment, where the test is until done(). */
static inline void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static inline struct loaded load_begin(void)
{
    struct loaded l = {registry_new(), diag_new(), NULL, arena_new(), "/tmp/fell-experiment-XXXXXX"};

    cr_assert_not_null(mkdtemp(l.folder));
    cr_assert_eq(chdir(l.folder), 0);
    return l;
}

static inline void load_end(struct loaded *l, const char *yaml, size_t noverrides,
                            const char *const *overrides)
{
    write_file("t.yaml", yaml);
    l->e = experiment_load(l->registry, "t.yaml", noverrides, overrides, l->diag);
}

/* YAML as FOLDER/t.yaml, loaded from within that folder so that messages say "t.yaml". */
static inline struct loaded load(const char *yaml, size_t noverrides, const char *const *overrides)
{
    struct loaded l = load_begin();

    load_end(&l, yaml, noverrides, overrides);
    return l;
}

static inline void done(struct loaded *l)
{
    char *command = mem_format("rm -rf '%s'", l->folder);

    experiment_free(l->e);
    diag_free(l->diag);
    registry_free(l->registry);
    arena_free(l->arena);
    cr_expect_eq(chdir("/"), 0);
    cr_expect_eq(system(command), 0);
    free(command);
}

static inline struct trial trial_of(struct loaded *l, int64_t number)
{
    struct trial t = {0};

    cr_assert_eq(experiment_trial(l->e, number, l->arena, &t, l->diag), OK);
    cr_assert_eq(t.number, number);
    return t;
}

/* "lr=0.1 units=4": the last step of each path, and the text. */
static inline void add_values(struct strbuf *b, const struct trial *t)
{
    for (size_t i = 0; i < t->nvalues; i++)
        strbuf_addf(b, "%s%s=%s", i ? " " : "",
                    strrchr(t->values[i].path, '.') ? strrchr(t->values[i].path, '.') + 1 : t->values[i].path,
                    t->values[i].text);
}

/* All trials, a line each. free() it. */
static inline char *trials_text(struct loaded *l)
{
    struct strbuf b = {0};

    for (int64_t i = 0; i < l->e->ntrials; i++) {
        struct trial t = trial_of(l, i);

        add_values(&b, &t);
        strbuf_add(&b, "\n");
    }
    return b.text ? b.text : mem_string("");
}

/* The trials of BASE with `sweep: {over: OVER}`. */
static inline void expect_trials(const char *over, const char *expected)
{
    char *yaml = mem_format("%ssweep:\n  over: %s\n", BASE, over), *found;
    struct loaded l = load(yaml, 0, NULL);

    expect_messages(l.diag, "", over);
    cr_assert_not_null(l.e, "%s", over);
    found = trials_text(&l);
    cr_expect_str_eq(found, expected, "%s\n-- found:\n%s-- expected:\n%s", over, found, expected);
    free(found);
    free(yaml);
    done(&l);
}

static inline void expect_refusal(const char *yaml, const char *messages)
{
    struct loaded l = load(yaml, 0, NULL);

    cr_expect_null(l.e, "%s", yaml);
    expect_messages(l.diag, messages, yaml);
    done(&l);
}

#endif
