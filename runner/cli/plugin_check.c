/* plugin_check.c - `fell plugin check`: every check that a plugin's kind has, in a process
 * each, and the verdict kept. The checks are in check/.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "check/check.h"
#include "check/verdict.h"
#include "cli/plugin.h"
#include "cli/query.h"
#include "cli/table.h"
#include "host/registry.h"

static const double FILE_SECONDS = 28.0; /* for all checks of a file */
static const double CHECK_SECONDS = 10.0;
static const double LEAST_SECONDS = 0.5;
static const uint64_t SEED = 1;

static const char *const outcome_words[] = {[OUTCOME_PASSED] = "ok",
                                            [OUTCOME_FAILED] = "FAILED",
                                            [OUTCOME_WARNED] = "warning",
                                            [OUTCOME_SKIPPED] = "-"};

struct session {
    struct checked checked;
    struct table *table;
    double begin, begin_cpu; /* seconds on the clock, and of the processor */
    struct strbuf failed;    /* names */
    bool loads;              /* at all: the first check passed */
    char death[96];          /* how it ended the process of a check, told already; "" if it has not */
    int64_t counts[OUTCOME_SKIPPED + 1];
    struct strbuf untried; /* items whose settings nobody could guess */
};

static void add_row(struct session *s, const struct check *check, const struct finding *f)
{
    table_text(s->table, s->checked.item ? s->checked.item->name : NULL);
    table_text(s->table, check->name);
    table_text(s->table, outcome_words[f->outcome]);
    table_text(s->table, f->text.text[0] ? f->text.text : check->what);
    s->counts[f->outcome]++;
    if (f->outcome == OUTCOME_SKIPPED && check->trying == TRIES_SETTINGS && !f->ended[0])
        strbuf_addf(&s->untried, "%s%s", s->untried.len ? ", " : "", s->checked.item->name);
    if (f->outcome == OUTCOME_FAILED && (!s->failed.len || !strstr(s->failed.text, check->name)))
        strbuf_addf(&s->failed, "%s%s", s->failed.len ? ", " : "", check->name);
}

/* Seconds of processor time that ended children have had. */
static double children_cpu(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_CHILDREN, &u) != 0)
        return 0.0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Seconds that are left for the file. Where a busy machine kept the checks waiting for more than half of the
 * time, what they waited beyond that does not count, up to as long again. */
static double seconds_left(const struct session *s)
{
    const double wall = time_monotonic() - s->begin, cpu = children_cpu() - s->begin_cpu;

    return FILE_SECONDS - fmax(0.5 * wall, fmin(wall, 2.0 * cpu));
}

/* False where the time was over: what hangs once hangs again. */
static bool run_check(struct session *s, const struct check *check)
{
    const double left = seconds_left(s);
    struct finding f = {.outcome = OUTCOME_FAILED, .timed_out = true};

    if (left < LEAST_SECONDS)
        error_set(&f.text,
                  "the checks before it took %.0f seconds; this one and those after it were not tried",
                  FILE_SECONDS - left);
    else
        check_run(check, &s->checked,
                  &(struct check_limits){left < CHECK_SECONDS ? left : CHECK_SECONDS, left}, &f);
    if (f.ended[0] && strcmp(f.ended, s->death) == 0) { /* one mistake, however many checks run into it */
        f.outcome = OUTCOME_SKIPPED;
        error_set(&f.text, "%s, as above", f.ended);
    }
    snprintf(s->death, sizeof s->death, "%s", f.ended[0] ? f.ended : s->death);
    add_row(s, check, &f);
    return !f.timed_out;
}

/* ---- a file ------------------------------------------------------------------------------------ */

static void check_loading(struct session *s, status loads, const struct error *why)
{
    static const struct check loading = {"loading", "The registry takes it.", 0, TRIES_NOTHING, NULL};
    struct finding f = {.outcome = OUTCOME_PASSED};

    if (loads != OK && s->failed.len) {
        f.outcome = OUTCOME_SKIPPED;
        error_set(&f.text, "it is refused for the reason above");
    } else if (loads != OK) {
        finding_fail(&f, "%s", why->text);
    }
    add_row(s, &loading, &f);
}

/* Does ITEM need a file that is not told? */
static bool needs_file(const struct session *s, const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_REQUIRED && sample_is_path(&item->params[i]) &&
            !known_value(&s->checked.known, item->params[i].name))
            return true;
    return false;
}

static void check_item(struct session *s, const struct item *item)
{
    struct error err;

    if (needs_file(s, item) && !s->checked.known.files.folder && samples_write(&s->checked.known, &err) != OK)
        fprintf(stderr, "fell: note: %s\n", err.text);
    s->checked.item = item;
    s->death[0] = 0;
    for (const struct check *check = item_checks; check->name; check++)
        if (check->kinds & 1u << item->kind && !run_check(s, check))
            break;
    s->checked.item = NULL;
}

static bool is_in(const struct item *item, const char *path)
{
    return strcmp(item->file->path, path) == 0;
}

/* The settings that are told, SETTING=VALUE; false, and it is said, where a word is none. */
static bool take_settings(struct session *s, const struct call *c)
{
    for (size_t i = 2; i < c->nargs; i++)
        if (!strchr(c->args[i], '=') || c->args[i][0] == '=')
            return cli_error("'%s' is no setting; write SETTING=VALUE, such as path=rows.csv", c->args[i]) ==
                   EXIT_OK;
    s->checked.known.given = c->args + 2;
    s->checked.known.ngiven = c->nargs > 2 ? c->nargs - 2 : 0;
    return true;
}

/* A setting that is told, and no item of FILE has; NULL if all are of some. */
static const char *strange_setting(const struct session *s, struct registry *r, const char *path)
{
    size_t n;
    const struct item *const *all = registry_list(r, &n);

    for (size_t k = 0; k < s->checked.known.ngiven; k++) {
        const char *given = s->checked.known.given[k];
        bool found = false;

        for (size_t i = 0; i < n; i++)
            for (size_t p = 0; is_in(all[i], path) && p < all[i]->nparams; p++) {
                const size_t len = strlen(all[i]->params[p].name);

                found |= strncmp(given, all[i]->params[p].name, len) == 0 && given[len] == '=';
            }
        if (!found)
            return given;
    }
    return NULL;
}

/* Everything about the file at PATH; its items once it is loaded. False, and it is said, where a setting is
 * told that none has. */
static bool check_file(struct session *s, struct registry *r, const char *path)
{
    const struct item *const *all;
    const char *strange;
    struct error why = {""};
    struct plugin_file file = {.path = path};
    status loads;
    size_t n;

    s->checked.path = path;
    s->begin = time_monotonic();
    s->begin_cpu = children_cpu();
    run_check(s, file_checks);
    s->loads = !s->failed.len;
    for (const struct check *check = file_checks + 1; check->name && s->loads; check++)
        run_check(s, check);
    loads = s->loads ? registry_add_file(r, path, &why) : FAILED;
    if (s->loads)
        check_loading(s, loads, &why);
    if (loads == OK) {
        all = registry_list(r, &n);
        strange = strange_setting(s, r, path);
        if (strange)
            return cli_error("'%s': no plugin of the file has such a setting", strange) == EXIT_OK;
        for (size_t i = 0; i < n; i++)
            if (is_in(all[i], path))
                check_item(s, all[i]);
    }
    if (plugin_file_hash(&file, &why) != OK ||
        verdict_store(file.sha256, s->failed.text ? s->failed.text : "", &why))
        fprintf(stderr, "fell: note: %s\n", why.text);
    return true;
}

/* ---- what to check --------------------------------------------------------------------------------- */

/* The file that a word names: a path, or the name of a plugin. free() it; NULL, and all is
 * said, otherwise. */
static char *file_of(struct registry *r, const char *word)
{
    const struct item *const *all;
    const char *found = NULL;
    char *absolute, *real;
    struct stat about;
    struct error err;
    int fd = -1;
    size_t n;

    if (strchr(word, '/') || strchr(word, '.')) {
        absolute = path_absolute(word);
        real = path_real(absolute);
        free(absolute);
        if (!real)
            cli_error("%s: %s", word, errno == ENOENT ? "no such file" : strerror(errno));
        else if ((fd = file_open(real, &about, &err)) >= 0) /* a device would be waited for */
            close(fd);
        else
            cli_error("%s", err.text);
        if (real && fd >= 0)
            return real;
        free(real);
        return NULL;
    }
    all = registry_list(r, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i]->name, word) == 0 && (!found || strcmp(found, all[i]->file->path) != 0)) {
            if (found) {
                cli_error("'%s' is the name of several plugins; write the path of one: %s", word, found);
                return NULL;
            }
            found = all[i]->file->path;
        }
    if (!found)
        cli_error(
            "no plugin '%s'; 'fell plugin list' shows all, and a file is written with its path: ./%s.so",
            word, word);
    return found ? mem_string(found) : NULL;
}

static void print_result(const struct session *s, const char *path)
{
    printf("%s\n\n", path);
    table_print(s->table, stdout, 0);
    printf("\n%s: %lld passed, %lld failed, %lld skipped", s->failed.len ? "failed" : "passed",
           (long long)(s->counts[OUTCOME_PASSED] + s->counts[OUTCOME_WARNED]),
           (long long)s->counts[OUTCOME_FAILED], (long long)s->counts[OUTCOME_SKIPPED]);
    if (s->untried.len)
        printf(", not tried: %s", s->untried.text);
    if (s->counts[OUTCOME_WARNED])
        printf(", %lld with a warning", (long long)s->counts[OUTCOME_WARNED]);
    printf(" (seed %llu, %s)\n", (unsigned long long)s->checked.seed, simd_name(s->checked.level));
}

int plugin_check(const struct call *c)
{
    struct registry *r = plugin_registry(c), *own;
    struct session s = {.checked = {.seed = c->seed >= 0 ? (uint64_t)c->seed : SEED}};
    static const char *const columns[] = {"plugin", "check", "result", "what"};
    struct error err;
    char *path;
    int result;

    if (!r)
        return EXIT_INPUT;
    if (simd_choose(getenv("FELL_SIMD"), &s.checked.level, &err) != OK) {
        registry_free(r);
        return cli_error("%s", err.text);
    }
    path = take_settings(&s, c) ? file_of(r, c->args[1]) : NULL;
    registry_free(r);
    if (!path)
        return EXIT_INPUT;
    own = s.checked.registry = registry_new();
    s.table = table_new();
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(s.table, (struct table_column){.name = columns[i]});
    if (!check_file(&s, own, path)) {
        result = EXIT_INPUT;
    } else {
        if (c->json)
            query_print_json(table_to_json(s.table));
        else
            print_result(&s, path);
        result = s.failed.len ? EXIT_RUN : EXIT_OK;
    }
    samples_remove(&s.checked.known);
    table_free(s.table);
    strbuf_release(&s.failed);
    strbuf_release(&s.untried);
    registry_free(own);
    free(path);
    return result;
}
