/* identity.c - see identity.h. Reads files, writes nothing. */
#include "work/identity.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "check/verdict.h"
#include "engine/checkpoint.h"
#include "engine/data.h"
#include "engine/init.h"
#include "host/registry.h"
#include "spec/spec_paths.h"
#include "work/trial_now.h"
#include "record/database.h"

/* ---- files ------------------------------------------------------------------------ */

/* What is below PATH, which was checked. */
static status hash_below(const char *path, char out[65], struct error *err)
{
    struct strbuf list = {0};
    struct dirent **names = NULL;
    struct stat about;
    status result = OK;
    int n;

    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return sha256_file(path, out, err);
    n = scandir(path, &names, NULL, alphasort); /* strcoll: the C locale, main() sets no other */
    if (n < 0)
        return path_folder_unread(path, err);
    for (int i = 0; i < n; i++) {
        char *below = path_join(path, names[i]->d_name), hash[65];

        if (result == OK && strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0) {
            result = hash_below(below, hash, err);
            if (result == OK)
                strbuf_addf(&list, "%s %s\n", hash, names[i]->d_name);
        }
        free(below);
        free(names[i]);
    }
    free(names);
    if (result == OK)
        sha256_text(list.text ? list.text : "", list.len, out);
    strbuf_release(&list);
    return result;
}

status identity_hash_path(const char *path, char out[65], struct error *err)
{
    const char *ending = strrchr(path, '.');
    struct stat about;

    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode) && path_check_folder(path, err) != OK)
        return FAILED;
    if (ending && strcmp(ending, ".safetensors") == 0 && checkpoint_hash_weights(path, out))
        return OK;
    return hash_below(path, out, err);
}

struct collect {
    struct identity *id;
    const cJSON *sets; /* of a plan's data, when counting; else NULL */
    struct error *err;
    status result;
};

static struct data_file_row *find_file(struct identity *id, const char *role, const char *path)
{
    for (size_t i = 0; i < id->nfiles; i++)
        if (strcmp(id->files[i].role, role) == 0 && strcmp(id->files[i].path, path) == 0)
            return &id->files[i];
    return NULL;
}

/* Row count of the dataset that SECTION names; -1 for what is not a dataset. */
static int64_t count_of(const struct collect *c, const char *section)
{
    const cJSON *set;

    cJSON_ArrayForEach(set, c->sets)
    {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(set, "section"));
        const cJSON *rows = cJSON_GetObjectItem(set, "rows");

        if (own && rows && strcmp(section, own) == 0)
            return (int64_t)rows->valuedouble;
    }
    return -1;
}

static void add_file(struct collect *c, const char *section, const char *role, const char *path)
{
    struct identity *id = c->id;
    struct data_file_row *f = find_file(id, role, path), *files;
    char *facts;
    int64_t changed;

    if (f && c->sets)
        f->rows = count_of(c, section);
    if (f || c->sets || c->result != OK)
        return;
    files = arena_alloc(id->arena, (id->nfiles + 1) * sizeof *files);
    if (id->nfiles)
        memcpy(files, id->files, id->nfiles * sizeof *files);
    f = &files[id->nfiles];
    f->role = arena_string(id->arena, role, strlen(role));
    f->path = arena_string(id->arena, path, strlen(path));
    f->rows = -1;
    facts = data_file_facts(path, &changed);
    f->facts =
        file_is_settled(changed, (int64_t)time(NULL)) ? arena_string(id->arena, facts, strlen(facts)) : NULL;
    free(facts);
    c->result = identity_hash_path(path, f->sha256, c->err);
    id->files = files;
    id->nfiles++;
}

static void visit_file(void *arg, const char *section, int index, const char *setting, int64_t item,
                       const char *path)
{
    const char *short_section = strncmp(section, "data.", 5) == 0 ? section + 5 : section;
    char *base = strcmp(section, "model") == 0 ? mem_format("model.%d.%s", index, setting)
                                               : mem_format("%s.%s", short_section, setting);
    char *role = item < 0 ? mem_string(base) : mem_format("%s[%lld]", base, (long long)item);

    add_file(arg, section, role, path);
    free(role);
    free(base);
}

static void collect_spec(struct collect *c, const struct spec *spec)
{
    spec_each_path(spec, visit_file, c);
}

void identity_count_rows(struct identity *id, const struct spec *spec, const cJSON *plan)
{
    struct collect c = {.id = id, .sets = cJSON_GetObjectItem(plan, "data")};

    if (c.sets)
        collect_spec(&c, spec);
}

/* ---- plugins ------------------------------------------------------------------------ */

struct plugins {
    struct registry *registry;
    struct arena *arena;
    struct plugin_row *rows;
    size_t n, room;
    struct error *err;
    status result;
};

static void add_plugin(struct plugins *p, const struct item *item)
{
    const char *kind = kind_word(item->kind);
    struct verdict_note note;

    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->rows[i].kind, kind) == 0 && strcmp(p->rows[i].name, item->name) == 0)
            return;
    if (plugin_file_hash(item->file, p->err) != OK)
        p->result = FAILED;
    if (!item->file->verdict) {
        verdict_read(item->file, &note);
        item->file->verdict = note.word;
    }
    if (p->n == p->room) {
        struct plugin_row *more = arena_alloc(p->arena, (p->room += 16) * sizeof *more);

        if (p->n)
            memcpy(more, p->rows, p->n * sizeof *more);
        p->rows = more;
    }
    p->rows[p->n++] = (struct plugin_row){.kind = kind,
                                          .name = item->name,
                                          .version = item->file->version,
                                          .path = item->file->path,
                                          .sha256 = item->file->sha256,
                                          .facts = item->file->facts,
                                          .verdict = item->file->verdict};
}

static void visit_plugins(void *arg, const char *section, int index, const struct choice *choice)
{
    (void)section;
    (void)index;
    if (choice->item)
        add_plugin(arg, choice->item);
}

static bool has_own_init(const struct spec_entry *e, const char *tensor)
{
    for (size_t i = 0; i < e->ninits; i++)
        if (strcmp(e->init_tensor[i], tensor) == 0)
            return true;
    return false;
}

/* The initialisers that a layer's tensors have by default, named in its own tables. */
static void add_default_inits(struct plugins *p, const struct spec_entry *e)
{
    const struct item *item = e->plugin.item;

    for (size_t i = 0; i < item_ntensors(item); i++) {
        const fell_tensor *t = &item->layer->tensors[i];
        const struct item *init;
        struct error why;

        if (has_own_init(e, t->name))
            continue;
        init = init_default_item(t->init ? t->init : "zeros", p->registry, &why);
        if (init)
            add_plugin(p, init);
        else if (p->result == OK)
            p->result = error_set(p->err, "%s.%s: its default initialiser: %s", e->name, t->name, why.text);
    }
}

status identity_plugins(struct registry *reg, struct arena *arena, const struct spec *spec, size_t *n,
                        struct plugin_row **rows, struct error *err)
{
    struct plugins p = {.registry = reg, .arena = arena, .err = err};

    spec_each_choice(spec, visit_plugins, &p);
    for (size_t i = 0; i < spec->nmodel; i++)
        add_default_inits(&p, &spec->model[i]);
    *n = p.n;
    *rows = p.rows;
    return p.result;
}

/* ---- uids --------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_unproven(struct strbuf *b, const struct plugin_row *p)
{
    const bool failed = strcmp(p->verdict, "failed") == 0;

    if (strcmp(p->verdict, "passed") != 0)
        strbuf_addf(b, "the %s '%s' %s; 'fell plugin check %s' %s\n", p->kind, p->name,
                    failed ? "failed its check" : "is unchecked", p->path,
                    failed ? "shows why" : "tries it out");
}

/* The plugins of all trials, each once, and in ID as lines, in order; in UNPROVEN those that have not
 * passed their check. */
static status collect_plugins(struct identity *id, struct registry *reg, const struct experiment *e,
                              struct strbuf *unproven, struct error *err)
{
    struct plugin_row *all = NULL;
    struct strbuf text = {0};
    char **lines = NULL;
    size_t n = 0;
    status result = OK;

    for (size_t t = 0; t < e->nscouts && result == OK; t++) {
        struct arena *mine = arena_new();
        struct plugin_row *rows;
        size_t nrows;

        result = identity_plugins(reg, mine, scout_now(e, t, mine).spec, &nrows, &rows, err);
        for (size_t i = 0; i < nrows && result == OK; i++) {
            char *line = mem_format("plugin %s %s %s\n", rows[i].kind, rows[i].name, rows[i].sha256);
            size_t k = 0;

            while (k < n && strcmp(lines[k], line) != 0)
                k++;
            if (k == n) {
                lines = mem_grow(lines, n + 1, sizeof *lines);
                all = mem_grow(all, n + 1, sizeof *all);
                all[n] = rows[i];
                lines[n++] = arena_string(id->arena, line, strlen(line));
                add_unproven(unproven, &rows[i]);
            }
            free(line);
        }
        arena_free(mine);
    }
    if (n) {
        qsort(lines, n, sizeof *lines, by_text);
        id->nplugins = n;
        id->plugin_rows = memcpy(arena_alloc(id->arena, n * sizeof *all), all, n * sizeof *all);
    }
    for (size_t i = 0; i < n; i++)
        strbuf_add(&text, lines[i]);
    id->plugins = arena_string(id->arena, text.text ? text.text : "", text.len);
    strbuf_release(&text);
    free(lines);
    free(all);
    return result;
}

/* Those that the sweep itself names, hashed when it was read. */
static void add_sweep_files(struct identity *id, const struct experiment *e)
{
    struct data_file_row *files = arena_alloc(id->arena, (id->nfiles + e->nfiles) * sizeof *files);

    if (id->nfiles)
        memcpy(files, id->files, id->nfiles * sizeof *files);
    for (size_t i = 0; i < e->nfiles; i++) {
        struct data_file_row *f = &files[id->nfiles++];

        f->role = e->files[i].role;
        f->path = e->files[i].path;
        f->rows = e->files[i].rows;
        f->facts = NULL;
        memcpy(f->sha256, e->files[i].sha256, sizeof f->sha256);
    }
    id->files = files;
}

/* Before 0.2 the files of a list had no say. */
static void hash_all(const struct identity *id, const struct experiment *e, const char *spec_sha256,
                     bool lists, char out[65])
{
    struct strbuf text = {0};

    strbuf_addf(&text, "name %s\nspec %s\n", e->name, spec_sha256);
    for (size_t i = 0; i < id->nfiles; i++)
        if (lists || !strchr(id->files[i].role, '['))
            strbuf_addf(&text, "file %s %s\n", id->files[i].role, id->files[i].sha256);
    strbuf_add(&text, id->plugins);
    sha256_text(text.text, text.len, out);
    strbuf_release(&text);
}

/* The number of repeats is left out: more of them are more runs, and the same ones again. */
static void run_uid(const char *experiment_uid, const char *resolved, uint64_t seed, char out[65])
{
    char *rest = resolved_without_repeats(resolved);
    char *text = mem_format("run %s\nseed %llu\n%s\n", experiment_uid, (unsigned long long)seed, rest);

    sha256_text(text, strlen(text), out);
    free(rest);
    free(text);
}

status identity_new(struct registry *reg, const struct experiment *e, struct identity **out,
                    struct error *err)
{
    struct arena *arena = arena_new();
    struct identity *id = arena_alloc(arena, sizeof *id);
    struct collect c = {.id = id, .err = err};
    struct strbuf unproven = {0};
    status result;

    id->arena = arena;
    for (size_t t = 0; t < e->nscouts; t++) {
        struct arena *mine = arena_new();

        collect_spec(&c, scout_now(e, t, mine).spec);
        arena_free(mine);
    }
    add_sweep_files(id, e);
    result = c.result == OK ? collect_plugins(id, reg, e, &unproven, err) : FAILED;
    if (result == OK) {
        id->unproven = arena_string(arena, unproven.text ? unproven.text : "", unproven.len);
        hash_all(id, e, e->spec_sha256, true, id->uid);
        hash_all(id, e, e->before_sha256, false, id->uid_before);
        *out = id;
    } else {
        arena_free(arena);
    }
    strbuf_release(&unproven);
    return result;
}

static const char *content_of(void *arg, const char *path)
{
    const struct identity *id = arg;

    for (size_t i = 0; i < id->nfiles; i++)
        if (strcmp(id->files[i].path, path) == 0)
            return id->files[i].sha256;
    return path;
}

void identity_run_uid(const struct identity *id, const char *experiment_uid, const struct trial *t,
                      uint64_t seed, char out[65])
{
    char *text = spec_rename_paths(t->spec, t->resolved, content_of, (void *)(uintptr_t)id);

    run_uid(experiment_uid, text ? text : t->resolved, seed, out);
    free(text);
}

void identity_run_uid_before(const char *experiment_uid, const struct trial *t, uint64_t seed, char out[65])
{
    run_uid(experiment_uid, t->before ? t->before : t->resolved, seed, out);
}

bool identity_plugin_changed(const struct identity *id, const char *kind, const char *name,
                             const char *sha256)
{
    char *begin = mem_format("plugin %s %s ", kind, name);
    const char *line = strstr(id->plugins, begin);
    const bool changed = line && strncmp(line + strlen(begin), sha256, 64) != 0;

    free(begin);
    return changed;
}

void identity_free(struct identity *id)
{
    if (id)
        arena_free(id->arena);
}

/* ---- difference ---------------------------------------------------------------------- */

struct lines {
    char *text;
    size_t n;
    char **line;
};

static struct lines split_lines(const char *text)
{
    struct lines l = {.text = mem_string(text)};
    char *rest = l.text, *line;

    while (rest && *rest && (line = strsep(&rest, "\n"))) {
        l.line = mem_grow(l.line, l.n + 1, sizeof *l.line);
        l.line[l.n++] = line;
    }
    return l;
}

/* By the longest common subsequence of lines. Specs are short; of very long ones the
 * lines are only shown once as a whole. */
char *identity_difference(const char *old, const char *new)
{
    struct lines a = split_lines(old), b = split_lines(new);
    struct strbuf out = {0};
    size_t cells, i = 0, j = 0;
    uint32_t *common = NULL; /* [a.n + 1][b.n + 1]: length of what is common to the rests */

    if (mem_mul(a.n + 1, b.n + 1, &cells) && cells < (1 << 24)) {
        common = mem_array(cells, sizeof *common);
        for (size_t y = a.n; y-- > 0;)
            for (size_t x = b.n; x-- > 0;) {
                uint32_t *at = common + y * (b.n + 1) + x, down = at[b.n + 1], right = at[1];

                *at = strcmp(a.line[y], b.line[x]) == 0 ? at[b.n + 2] + 1 : down >= right ? down : right;
            }
    }
    while (i < a.n || j < b.n) {
        const uint32_t *at = common ? common + i * (b.n + 1) + j : NULL;

        if (at && i < a.n && j < b.n && strcmp(a.line[i], b.line[j]) == 0) {
            i++;
            j++;
        } else if (i < a.n && (!at || j == b.n || at[b.n + 1] >= at[1])) {
            strbuf_addf(&out, "- %s\n", a.line[i++]);
        } else {
            strbuf_addf(&out, "+ %s\n", b.line[j++]);
        }
    }
    free(common);
    free(a.line);
    free(a.text);
    free(b.line);
    free(b.text);
    return out.text ? out.text : mem_string("");
}
