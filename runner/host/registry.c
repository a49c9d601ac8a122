/* registry.c - where plugins are looked for, and which one a name means. See registry.h.
 *
 * A name is looked for in the files of --plugin, then as KIND/NAME.so in each folder,
 * then in the other files of that kind's folders, and at last, before it is given up,
 * in every file there is. The order never depends on what was opened before. How
 * a file is opened is registry_open.c. One thread at a time.
 */
#include "host/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/synonym.h"
#include "base/text.h"
#include "host/registry_open.h"

enum { FEW = 16 }; /* names that a message lists */

struct registry {
    size_t nfolders, nadded, nfound, nlist;
    struct plugin_folder *folders;
    struct opened **added; /* --plugin, in order */
    struct found {
        enum role role;
        const struct item *item;
    } * found;                /* what was asked for before */
    const struct item **list; /* NULL until it is asked for */
    struct strbuf notes;
};

static bool is_transform(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER && !item->layer->backward;
}

enum role item_role(const struct item *item)
{
    enum role role = 0;

    while (role + 1 < ROLE_COUNT && role_kind(role) != item->kind)
        role++;
    return is_transform(item) ? ROLE_TRANSFORM : role;
}

bool item_plays(const struct item *item, enum role role)
{
    const enum role own = item_role(item);

    return own == role || (role == ROLE_MODEL_ENTRY && own == ROLE_ACTIVATION);
}

const char *item_word(const struct item *item)
{
    return role_word(item_role(item));
}

uint64_t item_ntensors(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER ? item->layer->ntensors : 0;
}

struct registry *registry_new(void)
{
    struct registry *r = mem_alloc(sizeof *r);

    r->nfolders = plugin_folders(&r->folders, &r->notes);
    return r;
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->nfolders; i++)
        free(r->folders[i].path);
    free(r->folders);
    free(r->added);
    free(r->found);
    free(r->list);
    strbuf_release(&r->notes);
    free(r);
}

/* ---- files --------------------------------------------------------------------- */

static void note(struct registry *r, const char *text)
{
    if (r->notes.text && strstr(r->notes.text, text))
        return;
    strbuf_addf(&r->notes, "%s\n", text);
}

/* What O has that was passed over, if anything. */
static void note_skipped(struct registry *r, const char *path, const struct opened *o)
{
    char *text;

    if (!o->note)
        return;
    text = mem_format("%s: %s", path, o->note);
    note(r, text);
    free(text);
}

/* A folder of plugins that cannot be read; one that is not there has none. */
static void note_unread(struct registry *r, const char *folder)
{
    struct error why;

    if (errno == ENOMEM)
        mem_failed();
    if (errno == ENOENT || errno == ENOTDIR)
        return;
    path_folder_unread(folder, &why);
    note(r, why.text);
}

/* Opens a file of a folder; what cannot be opened is noted. */
static struct opened *open_noted(struct registry *r, const char *path, bool bundled, struct error *err)
{
    struct opened *o;

    if (plugin_open(path, bundled, &o, err) != OK) {
        note(r, err->text);
        return NULL;
    }
    note_skipped(r, path, o);
    return o;
}

static const struct item *item_in(const struct opened *o, enum role role, const char *name)
{
    for (size_t i = 0; i < o->nitems; i++)
        if (item_plays(&o->items[i], role) && strcmp(o->items[i].name, name) == 0)
            return &o->items[i];
    return NULL;
}

static int is_object(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 3, ".so") == 0;
}

/* FN for every plugin file of FOLDER/SUBFOLDER that can be opened, by name, until it
 * returns true. */
static bool each_file(struct registry *r, const struct plugin_folder *folder, const char *subfolder,
                      bool (*fn)(void *arg, const struct opened *o), void *arg)
{
    char *where = path_join(folder->path, subfolder);
    struct dirent **entries = NULL;
    int n = scandir(where, &entries, is_object, alphasort);
    bool done = false;

    if (n < 0)
        note_unread(r, where);
    for (int i = 0; i < n; i++) {
        char *path = path_join(where, entries[i]->d_name);
        struct opened *o;
        struct error err;

        if (!done && (o = open_noted(r, path, folder->bundled, &err)))
            done = fn(arg, o);
        free(path);
        free(entries[i]);
    }
    free(entries);
    free(where);
    return done;
}

static bool each_file_everywhere(struct registry *r, bool (*fn)(void *arg, const struct opened *o), void *arg)
{
    for (size_t i = 0; i < r->nadded; i++)
        if (fn(arg, r->added[i]))
            return true;
    for (size_t i = 0; i < r->nfolders; i++)
        for (enum role role = 0; role < ROLE_COUNT; role++)
            if (each_file(r, &r->folders[i], role_word(role), fn, arg))
                return true;
    return false;
}

/* ---- a name ---------------------------------------------------------------------- */

struct query {
    enum role role;
    const char *name;
    const struct item *item;
};

static bool answer(void *arg, const struct opened *o)
{
    struct query *q = arg;

    q->item = item_in(o, q->role, q->name);
    return q->item != NULL;
}

/* KIND/NAME.so in each folder. FAILED: there is one and it cannot be used. */
static status find_by_file(struct registry *r, struct query *q, struct error *err)
{
    const struct role_texts *texts = role_texts(q->role);

    for (size_t i = 0; i < r->nfolders; i++) {
        for (size_t k = 0; k < ROLE_FOLDERS && texts->folders[k]; k++) {
            char *path = mem_format("%s/%s/%s.so", r->folders[i].path, texts->folders[k], q->name);
            bool there = access(path, F_OK) == 0;
            struct opened *o = there ? open_noted(r, path, r->folders[i].bundled, err) : NULL;

            free(path);
            if (there && !o)
                return error_prepend(err, "%s '%s'", texts->asked, q->name);
            if (o && answer(q, o))
                return OK;
        }
    }
    return OK;
}

static status find(struct registry *r, struct query *q, struct error *err)
{
    const struct role_texts *texts = role_texts(q->role);

    for (size_t i = 0; i < r->nadded; i++)
        if (answer(q, r->added[i]))
            return OK;
    if (!plugin_name_ok(q->name))
        return OK;
    if (find_by_file(r, q, err) != OK || q->item)
        return q->item ? OK : FAILED;
    for (size_t i = 0; i < r->nfolders; i++)
        for (size_t k = 0; k < ROLE_FOLDERS && texts->folders[k]; k++)
            if (each_file(r, &r->folders[i], texts->folders[k], answer, q))
                return OK;
    each_file_everywhere(r, answer, q);
    return OK;
}

/* ---- a name that is not there ------------------------------------------------------ */

/* Names of a role, and the words for what else has the name that was asked for. */
struct hints {
    enum role role;
    const char *name;
    size_t n;
    const char **names;
    struct strbuf others;
};

static bool gather(void *arg, const struct opened *o)
{
    struct hints *h = arg;

    for (size_t i = 0; i < o->nitems; i++) {
        const struct item *item = &o->items[i];

        if (item_plays(item, h->role)) {
            h->names = mem_grow(h->names, h->n + 1, sizeof *h->names);
            h->names[h->n++] = item->name;
        } else if (strcmp(item->name, h->name) == 0) {
            const char *word = item_word(item);

            if (!h->others.text || !strstr(h->others.text, word))
                strbuf_addf(&h->others, "%s%s %s", h->others.len ? " and " : "", text_article(word), word);
        }
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void keep_unique(struct hints *h)
{
    size_t kept = 0;

    if (h->n)
        qsort(h->names, h->n, sizeof *h->names, by_text);
    for (size_t i = 0; i < h->n; i++)
        if (!kept || strcmp(h->names[kept - 1], h->names[i]) != 0)
            h->names[kept++] = h->names[i];
    h->n = kept;
}

static void say_unknown(struct registry *r, const struct query *q, struct error *err)
{
    struct hints h = {.role = q->role, .name = q->name};
    const char *word = role_texts(q->role)->asked, *near;
    struct strbuf text = {0};

    each_file_everywhere(r, gather, &h);
    keep_unique(&h);
    near = text_nearest(q->name, h.names, h.n);
    if (h.others.len) {
        strbuf_addf(&text, "'%s' is %s, not %s %s", q->name, h.others.text, text_article(word), word);
        near = synonym_of(q->name, h.names, h.n);
        if (near)
            strbuf_addf(&text, "; did you mean '%s'?", near);
    } else {
        strbuf_addf(&text, "no %s '%s'", word, q->name);
        if (near) {
            strbuf_addf(&text, "; did you mean '%s'?", near);
        } else if (h.n && h.n <= FEW) {
            strbuf_add(&text, "; there are ");
            for (size_t i = 0; i < h.n; i++)
                strbuf_addf(&text, "%s%s", i ? ", " : "", h.names[i]);
        }
        if (!h.n)
            strbuf_addf(&text, "; no plugin folder has %s %s", text_article(word), word);
    }
    if (r->notes.len && !h.others.len)
        strbuf_addf(&text, " (could not be used: %.*s)", (int)strcspn(r->notes.text, "\n"), r->notes.text);
    error_set(err, "%s", text.text);
    strbuf_release(&text);
    strbuf_release(&h.others);
    free(h.names);
}

/* ---- what others call ---------------------------------------------------------------- */

const struct item *registry_find(struct registry *r, enum role role, const char *name, struct error *err)
{
    struct query q = {.role = role, .name = name, .item = NULL};

    for (size_t i = 0; i < r->nfound; i++)
        if (r->found[i].role == role && strcmp(r->found[i].item->name, name) == 0)
            return r->found[i].item;
    if (find(r, &q, err) != OK)
        return NULL;
    if (!q.item) {
        say_unknown(r, &q, err);
        return NULL;
    }
    r->found = mem_grow(r->found, r->nfound + 1, sizeof *r->found);
    r->found[r->nfound++] = (struct found){role, q.item};
    return q.item;
}

status registry_add_file(struct registry *r, const char *path, struct error *err)
{
    char *absolute = path_absolute(path);
    struct opened *o;
    status result = plugin_open(absolute, false, &o, err);

    if (result == OK)
        note_skipped(r, absolute, o);
    free(absolute);
    if (result != OK)
        return FAILED;
    r->added = mem_grow(r->added, r->nadded + 1, sizeof *r->added);
    r->added[r->nadded++] = o;
    r->nfound = 0; /* it may hide what was found */
    free(r->list);
    r->list = NULL;
    return OK;
}

status registry_try_file(const char *path, struct error *err)
{
    struct opened *o;

    return plugin_open(path, true, &o, err);
}

/* Everything in a file that is not hidden by another of its kind and name. */
static bool enlist(void *arg, const struct opened *o)
{
    struct registry *r = arg;

    for (size_t i = 0; i < o->nitems; i++) {
        const struct item *item = &o->items[i];
        size_t k = 0;
        struct error err;

        while (k < r->nlist && r->list[k] != item)
            k++;
        if (k < r->nlist || registry_find(r, item_role(item), item->name, &err) != item)
            continue;
        r->list = mem_grow(r->list, r->nlist + 1, sizeof *r->list);
        r->list[r->nlist++] = item;
    }
    return false;
}

static int by_kind_and_name(const void *a, const void *b)
{
    const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

const struct item *const *registry_list(struct registry *r, size_t *n)
{
    if (!r->list) {
        r->nlist = 0;
        each_file_everywhere(r, enlist, r);
        if (r->nlist)
            qsort(r->list, r->nlist, sizeof *r->list, by_kind_and_name);
    }
    *n = r->nlist;
    return r->list;
}

/* What has an item's kind and name and is not it. */
struct shadows {
    const struct item *of;
    size_t n;
    const struct item **items;
};

static bool gather_shadows(void *arg, const struct opened *o)
{
    struct shadows *s = arg;
    const struct item *item = item_in(o, item_role(s->of), s->of->name);

    if (!item || item == s->of)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i] == item)
            return false;
    s->items = mem_grow(s->items, s->n + 1, sizeof *s->items);
    s->items[s->n++] = item;
    return false;
}

const struct item **registry_shadowed(struct registry *r, const struct item *item, size_t *n)
{
    struct shadows s = {.of = item};

    each_file_everywhere(r, gather_shadows, &s);
    *n = s.n;
    return s.items;
}

const char *registry_notes(const struct registry *r)
{
    return r->notes.text ? r->notes.text : "";
}
