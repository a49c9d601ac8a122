/* data_cache_file.c - one entry of the cache: written, and mapped. See data_cache_parts.h.
 *
 * The file: a head, a JSON text that describes the data, and from the next multiple of 64 bytes on the
 * arrays in the order of visit_arrays(), each at such a multiple with at least 64 zeros behind it. The head
 * has the SHA-256 of the whole file (itself left out): one that was cut off or never finished is none.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/data_cache_parts.h"
#include "host/settings.h"

enum { LINE = 64 };

struct head {
    char magic[16]; /* with the format's number; other endings of a number differ in `size` */
    char key[64];
    char sha256[64];    /* hex, of all bytes behind the head */
    uint64_t size;      /* of the file */
    uint64_t described; /* bytes of the JSON text */
    char zeros[32];
};

static const char MAGIC[16] = "fell rows 4\n";

_Static_assert(sizeof(struct head) % LINE == 0, "what follows begins at a multiple of 64");

/* ---- warnings ------------------------------------------------------------------------- */

void cache_warnings_add(struct cache_warnings *w, const char *who, const char *text)
{
    w->list = mem_grow(w->list, w->n + 1, sizeof *w->list);
    w->list[w->n++] = (struct cache_warning){.who = mem_string(who), .text = mem_string(text)};
}

void cache_warnings_release(struct cache_warnings *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->list[i].who);
        free(w->list[i].text);
    }
    free(w->list);
    *w = (struct cache_warnings){0};
}

/* ---- the arrays ----------------------------------------------------------------------- */

static size_t padded(size_t bytes)
{
    return (bytes + 2 * LINE - 1) / LINE * LINE;
}

/* FN for each array of D that there is, until it says false: where the pointer to it is, and its
 * size. What D says of itself is all that the order and the sizes depend on. */
static bool visit_arrays(struct data *d, bool (*fn)(void *arg, void **array, size_t bytes), void *arg)
{
    bool good = true;

    for (enum split s = 0; s < SPLITS && good; s++) {
        struct rows *r = &d->split[s];
        void **targets = d->classes ? (void **)&r->label : (void **)&r->target;

        if (r->n)
            good = fn(arg, (void **)&r->x, (size_t)rows_numbers(r, data_row_size(d, s)) * sizeof *r->x) &&
                   fn(arg, targets, (size_t)rows_numbers(r, d->target_size) * 4);
        if (r->weight && good)
            good = fn(arg, (void **)&r->weight, (size_t)r->n * sizeof *r->weight);
        if (r->source_row && good)
            good = fn(arg, (void **)&r->source_row, (size_t)r->n * sizeof *r->source_row);
    }
    if (d->noised && good)
        good = fn(arg, (void **)&d->noised_row, (size_t)d->noised * sizeof *d->noised_row);
    for (size_t i = 0; i < d->nlate; i++)
        for (size_t k = 0; k < d->late[i].ntensors && good; k++)
            if (d->late[i].tensor_n[k])
                good =
                    fn(arg, (void **)&d->late[i].tensor[k], (size_t)d->late[i].tensor_n[k] * sizeof(float));
    return good;
}

static bool add_size(void *arg, void **array, size_t bytes)
{
    (void)array;
    *(size_t *)arg += padded(bytes);
    return true;
}

static size_t arrays_size(const struct data *d)
{
    size_t bytes = 0;

    visit_arrays((struct data *)(uintptr_t)d, add_size, &bytes);
    return bytes;
}

int64_t cache_entry_size(const struct data *d)
{
    return (int64_t)(sizeof(struct head) + arrays_size(d));
}

/* ---- the description ------------------------------------------------------------------ */

static cJSON *integers(size_t n, const int64_t *v)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, settings_json_int(v[i]));
    return list;
}

static cJSON *numbers(int64_t n, const double *v)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, settings_json_number(v[i]));
    return list;
}

static cJSON *shape_json(const fell_shape *shape)
{
    return integers((size_t)shape->rank, shape->dim);
}

/* What arrays the splits have. */
static void describe_splits(const struct data *d, cJSON *json)
{
    cJSON *drawn = cJSON_AddArrayToObject(json, "drawn"),
          *weighted = cJSON_AddArrayToObject(json, "weighted"),
          *windows = cJSON_AddArrayToObject(json, "windows");

    for (enum split s = 0; s < SPLITS; s++) {
        const struct rows *r = &d->split[s];

        cJSON_AddItemToArray(drawn, cJSON_CreateBool(r->source_row != NULL));
        cJSON_AddItemToArray(weighted, cJSON_CreateBool(r->weight != NULL));
        cJSON_AddItemToArray(windows, integers(2, (const int64_t[]){r->step, r->series}));
    }
}

/* The text that stands for all of D but the arrays. free() it. */
static char *describe(const struct data *d, const struct cache_warnings *warnings)
{
    const int64_t rows[] = {d->split[SPLIT_TRAIN].n, d->split[SPLIT_VALIDATION].n, d->split[SPLIT_TEST].n,
                            d->source_rows,          d->validation_rows,           d->test_rows};
    cJSON *json = cJSON_CreateObject(), *list;
    char *printed, *text;

    cJSON_AddItemToObject(json, "rows", integers(6, rows));
    cJSON_AddItemToObject(json, "x", shape_json(&d->x));
    cJSON_AddItemToObject(json, "target", shape_json(&d->target));
    cJSON_AddBoolToObject(json, "classes", d->classes);
    cJSON_AddItemToObject(json, "nclasses", settings_json_int(d->nclasses));
    cJSON_AddItemToObject(json, "vocabulary", settings_json_int(d->vocabulary));
    cJSON_AddItemToObject(json, "embedded", embedded_json(d));
    list = d->class_names ? cJSON_AddArrayToObject(json, "class_names") : NULL;
    for (int64_t k = 0; list && k < d->nclasses; k++)
        cJSON_AddItemToArray(list, cJSON_CreateString(d->class_names[k]));
    if (d->nclasses)
        cJSON_AddItemToObject(json, "class_rows", integers((size_t)d->nclasses, d->class_rows));
    cJSON_AddStringToObject(json, "found", d->found ? d->found : "[]");
    cJSON_AddStringToObject(json, "fitted", d->fitted ? d->fitted : "");
    if (d->target_mean) {
        cJSON_AddItemToObject(json, "target_mean", numbers(d->target_size, d->target_mean));
        cJSON_AddItemToObject(json, "target_deviation", numbers(d->target_size, d->target_deviation));
    }
    cJSON_AddItemToObject(json, "noised", settings_json_int(d->noised));
    list = cJSON_AddArrayToObject(json, "lists");
    for (int k = 0; k < DATA_LISTS; k++)
        cJSON_AddItemToArray(list, cJSON_CreateString(d->list_sha256[k]));
    describe_splits(d, json);
    list = cJSON_AddArrayToObject(json, "late");
    for (size_t i = 0; i < d->nlate; i++) {
        cJSON *one = cJSON_CreateObject();

        cJSON_AddItemToArray(list, one);
        cJSON_AddItemToObject(one, "index", settings_json_int((int64_t)d->late[i].index));
        cJSON_AddItemToObject(one, "in", shape_json(&d->late[i].in));
        cJSON_AddItemToObject(one, "out", shape_json(&d->late[i].out));
        cJSON_AddItemToObject(one, "tensors", integers(d->late[i].ntensors, d->late[i].tensor_n));
    }
    list = cJSON_AddArrayToObject(json, "warnings");
    for (size_t i = 0; i < warnings->n; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(warnings->list[i].who));
        cJSON_AddItemToArray(list, cJSON_CreateString(warnings->list[i].text));
    }
    printed = cJSON_PrintUnformatted(json);
    text = mem_string(printed ? printed : "");
    cJSON_free(printed);
    cJSON_Delete(json);
    return text;
}

static int64_t integer_at(const cJSON *list, int i)
{
    const cJSON *v = cJSON_GetArrayItem(list, i);

    return v ? (int64_t)v->valuedouble : 0;
}

static fell_shape read_shape(const cJSON *object, const char *name)
{
    const cJSON *list = cJSON_GetObjectItem(object, name);
    fell_shape shape = {.rank = cJSON_GetArraySize(list)};

    for (int i = 0; i < shape.rank && i < 4; i++)
        shape.dim[i] = integer_at(list, i);
    return shape;
}

static const char *json_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

    return text ? text : "";
}

static void read_late(struct data *d, const cJSON *list)
{
    const cJSON *one;

    d->late = mem_array((size_t)cJSON_GetArraySize(list), sizeof *d->late);
    cJSON_ArrayForEach(one, list)
    {
        const cJSON *tensors = cJSON_GetObjectItem(one, "tensors");
        const size_t n = (size_t)cJSON_GetArraySize(tensors);
        struct late *late = &d->late[d->nlate++];

        *late = (struct late){.index = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItem(one, "index")),
                              .in = read_shape(one, "in"),
                              .out = read_shape(one, "out"),
                              .ntensors = n,
                              .tensor = mem_array(n, sizeof *late->tensor),
                              .tensor_n = mem_array(n, sizeof *late->tensor_n)};
        for (size_t k = 0; k < n; k++)
            late->tensor_n[k] = integer_at(tensors, (int)k);
    }
}

/* NULL: there are none. */
static double *read_numbers(const cJSON *list)
{
    const int n = cJSON_GetArraySize(list);
    double *v = list ? mem_array((size_t)n, sizeof *v) : NULL;

    for (int i = 0; i < n; i++)
        v[i] = cJSON_GetNumberValue(cJSON_GetArrayItem(list, i));
    return v;
}

/* Of splits that were drawn or weighted, source_row and weight are set to what is only known of them: that
 * they are there. The arrays follow with the others. */
static void read_lists(struct data *d, const cJSON *json)
{
    static int64_t there;
    static float some;
    const cJSON *sha256 = cJSON_GetObjectItem(json, "lists"), *drawn = cJSON_GetObjectItem(json, "drawn"),
                *weighted = cJSON_GetObjectItem(json, "weighted"),
                *windows = cJSON_GetObjectItem(json, "windows");

    d->noised = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "noised"));
    for (int k = 0; k < DATA_LISTS; k++) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(sha256, k));

        snprintf(d->list_sha256[k], sizeof d->list_sha256[k], "%s", text ? text : "");
    }
    for (int s = 0; s < SPLITS; s++) {
        const cJSON *of_split = cJSON_GetArrayItem(windows, s);

        if (cJSON_IsTrue(cJSON_GetArrayItem(drawn, s)))
            d->split[s].source_row = &there;
        if (cJSON_IsTrue(cJSON_GetArrayItem(weighted, s)))
            d->split[s].weight = &some;
        d->split[s].step = integer_at(of_split, 0);
        d->split[s].series = integer_at(of_split, 1);
    }
}

/* The reverse of describe(). Its hash was found right, so it is what describe() made. */
static struct data *read_description(const cJSON *json, struct cache_warnings *warnings)
{
    const cJSON *rows = cJSON_GetObjectItem(json, "rows"), *names = cJSON_GetObjectItem(json, "class_names"),
                *list = cJSON_GetObjectItem(json, "warnings");
    struct data *d = mem_alloc(sizeof *d);
    size_t at = 0;

    for (enum split s = 0; s < SPLITS; s++)
        d->split[s].n = integer_at(rows, (int)s);
    d->source_rows = integer_at(rows, 3);
    d->validation_rows = integer_at(rows, 4);
    d->test_rows = integer_at(rows, 5);
    d->x = read_shape(json, "x");
    d->target = read_shape(json, "target");
    d->x_size = fell_size(&d->x);
    d->target_size = fell_size(&d->target);
    d->classes = cJSON_IsTrue(cJSON_GetObjectItem(json, "classes"));
    d->nclasses = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "nclasses"));
    d->vocabulary = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "vocabulary"));
    embedded_read(d, cJSON_GetObjectItem(json, "embedded"));
    d->class_names = names ? mem_array((size_t)d->nclasses, sizeof *d->class_names) : NULL;
    for (const cJSON *name = names ? names->child : NULL; name; name = name->next)
        d->class_names[at++] = mem_string(name->valuestring);
    d->class_rows = mem_array((size_t)d->nclasses + 1, sizeof *d->class_rows);
    for (int64_t k = 0; k < d->nclasses; k++)
        d->class_rows[k] = integer_at(cJSON_GetObjectItem(json, "class_rows"), (int)k);
    d->found = mem_string(json_text(json, "found"));
    d->fitted = mem_string(json_text(json, "fitted"));
    read_lists(d, json);
    d->target_mean = read_numbers(cJSON_GetObjectItem(json, "target_mean"));
    d->target_deviation = read_numbers(cJSON_GetObjectItem(json, "target_deviation"));
    read_late(d, cJSON_GetObjectItem(json, "late"));
    for (const cJSON *who = list ? list->child : NULL; who && who->next; who = who->next->next)
        cache_warnings_add(warnings, who->valuestring, who->next->valuestring);
    return d;
}

/* ---- mapping ---------------------------------------------------------------------------- */

struct cursor {
    char *at, *end;
};

static bool point_to(void *arg, void **array, size_t bytes)
{
    struct cursor *c = arg;

    if ((size_t)(c->end - c->at) < padded(bytes))
        return false;
    *array = c->at;
    c->at += padded(bytes);
    return true;
}

/* The hash of a file begins with its head, without the hash. */
static struct sha256 *hash_head(const struct head *head)
{
    struct head without = *head;
    struct sha256 *hash = sha256_new();

    memset(without.sha256, 0, sizeof without.sha256);
    sha256_add(hash, &without, sizeof without);
    return hash;
}

static bool hash_fits(const struct head *head, const char *file, size_t size)
{
    struct sha256 *hash = hash_head(head);
    char sha256[65];

    sha256_add(hash, file + sizeof *head, size - sizeof *head);
    sha256_end(hash, sha256);
    return memcmp(sha256, head->sha256, sizeof head->sha256) == 0;
}

/* FD is of this user's own file of the right size. */
static struct data *map_file(int fd, const struct head *head, bool check, struct cache_warnings *warnings)
{
    const size_t size = head->size;
    char *file = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    struct data *d = NULL;
    struct cursor c;
    cJSON *json;

    if (file == MAP_FAILED)
        return NULL;
    if (check && !hash_fits(head, file, size)) {
        munmap(file, size);
        return NULL;
    }
    json = cJSON_ParseWithLength(file + sizeof *head, head->described);
    if (json) {
        d = read_description(json, warnings);
        d->map = file;
        d->map_size = size;
        c = (struct cursor){.at = file + padded(sizeof *head + head->described), .end = file + size};
        if (!visit_arrays(d, point_to, &c)) {
            data_free(d);
            d = NULL;
        }
    } else {
        munmap(file, size);
    }
    cJSON_Delete(json);
    return d;
}

struct data *cache_entry_map(const char *folder, const char *key, struct cache_warnings *warnings)
{
    char *path = mem_format("%s/%s.rows", folder, key);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct data *d = NULL;
    struct stat about;
    struct head head;

    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
        read(fd, &head, sizeof head) == sizeof head && memcmp(head.magic, MAGIC, sizeof MAGIC) == 0 &&
        memcmp(head.key, key, sizeof head.key) == 0 && head.size == (uint64_t)about.st_size &&
        head.size > sizeof head && head.described < head.size - sizeof head)
        d = map_file(fd, &head, true, warnings);
    if (d)
        futimens(fd, NULL); /* when it was used last */
    if (fd >= 0)
        close(fd);
    free(path);
    return d;
}

/* ---- writing ---------------------------------------------------------------------------- */

struct output {
    int fd;
    struct sha256 *hash;
};

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);

        if (done <= 0 && !(done < 0 && errno == EINTR))
            return false;
        bytes += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

static bool put(struct output *out, const void *bytes, size_t n)
{
    sha256_add(out->hash, bytes, n);
    return write_all(out->fd, bytes, n);
}

static bool put_array(void *arg, void **array, size_t bytes)
{
    static const char zeros[2 * LINE];

    return put(arg, *array, bytes) && put(arg, zeros, padded(bytes) - bytes);
}

/* The head goes last: a file without it is none. */
static bool write_file(int fd, struct head *head, const char *description, const struct data *d)
{
    const size_t n = strlen(description), before = padded(sizeof *head + n);
    static const char zeros[2 * LINE];
    const struct head empty = {.size = 0};
    struct output out = {.fd = fd};
    char sha256[65];
    bool good;

    head->described = n;
    head->size = before + arrays_size(d);
    out.hash = hash_head(head);
    good = write_all(fd, (const char *)&empty, sizeof empty) && put(&out, description, n) &&
           put(&out, zeros, before - n - sizeof *head) &&
           visit_arrays((struct data *)(uintptr_t)d, put_array, &out);
    sha256_end(out.hash, sha256);
    memcpy(head->sha256, sha256, sizeof head->sha256);
    return good && pwrite(fd, head, sizeof *head, 0) == sizeof *head;
}

struct data *cache_entry_write(const char *folder, const char *key, const struct data *d,
                               const struct cache_warnings *warnings)
{
    char *part = mem_format("%s/%s.part", folder, key), *path = mem_format("%s/%s.rows", folder, key);
    char *description = describe(d, warnings);
    struct cache_warnings again = {0};
    struct data *mapped = NULL;
    struct head head = {.size = 0};
    int fd;

    memcpy(head.magic, MAGIC, sizeof MAGIC);
    memcpy(head.key, key, sizeof head.key);
    unlink(part); /* of a writer that died */
    fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write_file(fd, &head, description, d))
        mapped = map_file(fd, &head, false, &again);
    if (mapped && rename(part, path) != 0) {
        data_free(mapped);
        mapped = NULL;
    }
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !mapped)
        unlink(part);
    cache_warnings_release(&again);
    free(description);
    free(path);
    free(part);
    return mapped;
}
