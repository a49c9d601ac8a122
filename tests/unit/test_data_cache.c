/* test_data_cache.c - rows through the cache are the rows without it, bit by bit; an entry that was
 * damaged is none; and the folder keeps to its size. With the plugin tests/abi/wild_data.c.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "abi_help.h"
#include "data_job.h"
#include "engine/data_cache.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct registry *registry;
static struct host_env env;
static char *folder; /* of the cache */

static void setup(void)
{
    char *plugins;

    scratch_make();
    free(build_plugin("wild_data.c", "", "plugins/dataset/wild.so"));
    plugins = mem_format("%s/plugins:%s", scratch, getenv("FELL_PLUGIN_PATH"));
    setenv("FELL_PLUGIN_PATH", plugins, 1);
    free(plugins);
    folder = path_join(scratch, "cache/deep");
    setenv("FELL_CACHE", folder, 1);
    unsetenv("FELL_CACHE_MB");
    registry = registry_new();
    env = (struct host_env){.kernels = kernels_get(SIMD_PORTABLE), .registry = registry};
}

static void teardown(void)
{
    registry_free(registry);
    free(folder);
    scratch_remove();
}

TestSuite(data_cache, .init = setup, .fini = teardown);

/* ---- a spec and its data ------------------------------------------------------------------ */

static struct job parse(const char *data, const char *loss, int seed)
{
    char *yaml = mem_format("seed: %d\ndata: {%s}\nmodel: [flatten, {dense: {units: 3}}]\nloss: %s\n"
                            "optimizer: sgd\ntrain: {epochs: 1}\n",
                            seed, data, loss);
    struct job j = job_of(registry, scratch, yaml);

    return j;
}

static struct data_cache *cache(void)
{
    struct data_cache *c;
    struct error err;

    cr_assert_eq(data_cache_new(&c, &err), OK, "%s", err.text);
    return c;
}

/* Through the cache of the environment, or with CACHED false without one. */
static struct job load(const char *data, const char *loss, int seed, bool cached)
{
    struct job j = parse(data, loss, seed);
    struct data_cache *c = cached ? cache() : NULL;
    struct problem p;

    cr_assert_eq(data_cache_load(c, j.spec, &env, &j.data, &p), OK, "%s: %s", data, p.text);
    data_cache_free(c);
    return j;
}

/* ---- the folder ------------------------------------------------------------------------- */

static size_t files(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *found;
    size_t n = 0;

    while (dir && (found = readdir(dir)))
        n += found->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

/* The only file; free() it. */
static char *only_entry(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *found;
    char *path = NULL;

    cr_assert_eq(files(), 1);
    while ((found = readdir(dir)))
        if (found->d_name[0] != '.')
            path = path_join(folder, found->d_name);
    closedir(dir);
    return path;
}

/* ---- the same data -------------------------------------------------------------------------- */

static void expect_array(const void *a, const void *b, int64_t bytes)
{
    cr_assert_eq(!a, !b);
    if (!a)
        return;
    cr_expect_eq((uintptr_t)a % 64, 0);
    cr_expect_eq(memcmp(a, b, (size_t)bytes), 0);
}

static void expect_same(const struct data *a, const struct data *b)
{
    cr_expect_eq(memcmp(&a->x, &b->x, sizeof a->x) | memcmp(&a->target, &b->target, sizeof a->target), 0);
    cr_expect(a->x_size == b->x_size && a->target_size == b->target_size);
    cr_expect(a->classes == b->classes && a->nclasses == b->nclasses);
    cr_expect(a->source_rows == b->source_rows && a->test_rows == b->test_rows &&
              a->validation_rows == b->validation_rows);
    cr_assert_eq(!a->class_names, !b->class_names);
    for (int64_t k = 0; a->class_names && k < a->nclasses; k++)
        cr_expect_str_eq(a->class_names[k], b->class_names[k]);
    cr_assert_eq(a->nlate, b->nlate);
    for (size_t i = 0; i < a->nlate; i++) {
        const struct late *x = &a->late[i], *y = &b->late[i];

        cr_expect_eq(x->index, y->index);
        cr_expect_eq(memcmp(&x->in, &y->in, sizeof x->in) | memcmp(&x->out, &y->out, sizeof x->out), 0);
        cr_assert_eq(x->ntensors, y->ntensors);
        for (size_t k = 0; k < x->ntensors; k++) {
            cr_assert_eq(x->tensor_n[k], y->tensor_n[k]);
            expect_array(x->tensor[k], y->tensor[k], x->tensor_n[k] * 4);
        }
    }
    for (enum split s = 0; s < SPLITS; s++) {
        const struct rows *x = &a->split[s], *y = &b->split[s];

        cr_assert_eq(x->n, y->n);
        expect_array(x->x, y->x, x->n * data_row_size(a, s) * 4);
        expect_array(x->target, y->target, x->n * a->target_size * 4);
        expect_array(x->label, y->label, x->n * a->target_size * 4);
    }
}

/* Read without it, by the one who makes the entry, and by one who finds it. */
Test(data_cache, same_bits)
{
    static const struct {
        const char *data, *loss;
    } cases[] = {
        {"source: {wild: {rows: 3001, cols: 101, names: letters}}, validation: 0.3,"
         " test: {wild: {rows: 7, cols: 101, names: letters_backwards}}, transforms: [standardize, bend]",
         "cross_entropy"},
        {"source: {wild: {rows: 3001, cols: 101}}, validation: {wild: {rows: 1, cols: 101, how: random}}",
         "mse"},
        {"source: {wild: {rows: 3001, shape: [1, 10, 10], how: random}},"
         " test: {wild: {rows: 9, shape: [1, 10, 10]}}, transforms: [bend, flip, bend, "
         "standardize]",
         "cross_entropy"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct job off = load(cases[i].data, cases[i].loss, 5, false);
        struct job cold = load(cases[i].data, cases[i].loss, 5, true);
        struct job warm;

        cr_expect_eq(files(), i + 1, "case %zu", i);
        warm = load(cases[i].data, cases[i].loss, 5, true);
        cr_expect_eq(files(), i + 1);
        cr_expect_null(off.data->map);
        cr_expect_not_null(cold.data->map);
        cr_expect_not_null(warm.data->map);
        cr_expect_eq(off.data->nlate, i == 2 ? 3 : 0);
        expect_same(off.data, cold.data);
        expect_same(off.data, warm.data);
        release(&off);
        release(&cold);
        release(&warm);
    }
}

Test(data_cache, other_data_other_entry)
{
    static const char base[] = "source: {wild: {rows: 3000, cols: 100, how: random}}";
    struct job a = load(base, "mse", 1, true), b = load(base, "mse", 2, true), c, d;

    cr_expect_neq(memcmp(a.data->split[0].x, b.data->split[0].x, 1000), 0);
    c = load(base, "cross_entropy", 1, true);
    d = load("source: {wild: {rows: 3000, cols: 100, how: random}}, validation: 0.1", "mse", 1, true);
    cr_expect_eq(files(), 4);
    release(&a);
    release(&b);
    release(&c);
    release(&d);
}

/* The same path and name, other bytes. */
Test(data_cache, a_plugin_that_was_built_anew)
{
    static const char data[] = "source: {wild: {rows: 3000, cols: 100}}";
    struct job a = load(data, "mse", 1, true);

    release(&a);
    registry_free(registry);
    free(build_plugin("wild_data.c", "-DOTHER -g -Wl,--build-id=0x1234", "plugins/dataset/wild.so"));
    env.registry = registry = registry_new();
    a = load(data, "mse", 1, true);
    cr_expect_eq(files(), 2);
    release(&a);
}

/* ---- damage ------------------------------------------------------------------------------- */

Test(data_cache, damaged_entries_are_made_anew)
{
    static const char data[] = "source: {wild: {rows: 3000, cols: 100, names: letters}}, transforms: [bend]";
    struct job off = load(data, "cross_entropy", 1, false), on = load(data, "cross_entropy", 1, true);
    char *path = only_entry(), *whole, *now;
    size_t n, len;
    struct error err;
    off_t at[] = {0, 17, 90, 145, 153, 161, 200, 300, 0, 0};

    release(&on);
    cr_assert_eq(file_read(path, &whole, &n, &err), OK);
    at[8] = (off_t)n / 2;
    at[9] = (off_t)n - 1;
    for (size_t i = 0; i < 2 * COUNT(at); i++) {
        const off_t where = at[i / 2];
        const char bad = (char)(whole[where] ^ 4);
        int fd = open(path, O_WRONLY);

        if (i % 2)
            cr_assert_eq(ftruncate(fd, where), 0);
        else
            cr_assert_eq(pwrite(fd, &bad, 1, where), 1);
        close(fd);
        on = load(data, "cross_entropy", 1, true);
        expect_same(off.data, on.data);
        release(&on);
        cr_assert_eq(file_read(path, &now, &len, &err), OK);
        cr_expect(len == n && memcmp(now, whole, n) == 0, "damage %zu at %lld stays", i, (long long)where);
        cr_expect_eq(files(), 1);
        free(now);
    }
    release(&off);
    free(whole);
    free(path);
}

/* Not a file, or not to be read. */
Test(data_cache, what_else_may_be_in_its_place)
{
    static const char data[] = "source: {wild: {rows: 3000, cols: 100}}";
    struct job off = load(data, "mse", 1, false), on = load(data, "mse", 1, true);
    char *path = only_entry();

    release(&on);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("/dev/zero", path), 0);
    on = load(data, "mse", 1, true);
    expect_same(off.data, on.data);
    release(&on);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    on = load(data, "mse", 1, true);
    expect_same(off.data, on.data);
    release(&on);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0); /* no file can take its place */
    on = load(data, "mse", 1, true);
    expect_same(off.data, on.data);
    cr_expect_null(on.data->map);
    release(&on);
    cr_expect_eq(files(), 1, "a part was left behind");
    release(&off);
    free(path);
}

/* ---- the environment ------------------------------------------------------------------------ */

Test(data_cache, small_data_and_no_cache)
{
    static const char *const small = "source: {wild: {rows: 2500, cols: 100}}",
                             *const large = "source: {wild: {rows: 3000, cols: 100}}";
    struct data_cache *c;
    struct error err;
    struct job j = load(small, "mse", 1, true);

    cr_expect_eq(files(), 0);
    cr_expect_null(j.data->map);
    release(&j);
    setenv("FELL_CACHE_MB", "1", 1); /* 1.2 MB do not fit */
    j = load(large, "mse", 1, true);
    cr_expect_eq(files(), 0);
    cr_expect_null(j.data->map);
    release(&j);
    setenv("FELL_CACHE_MB", "0", 1);
    cr_expect_null(cache());
    setenv("FELL_CACHE_MB", "a lot", 1);
    cr_expect_eq(data_cache_new(&c, &err), FAILED);
    cr_expect_str_eq(err.text, "FELL_CACHE_MB is 'a lot'; it must be a whole number of MiB, 0 or more");
    unsetenv("FELL_CACHE_MB");
    setenv("FELL_CACHE", "off", 1);
    cr_expect_null(cache());
    setenv("FELL_CACHE", "/proc/no/such", 1);
    j = load(large, "mse", 1, true);
    cr_expect_null(j.data->map);
    release(&j);
}

static void use(int seed)
{
    struct job j = load("source: {wild: {rows: 3000, cols: 100}}", "mse", seed, true);

    cr_expect_not_null(j.data->map);
    release(&j);
    usleep(20000); /* so that times of use differ */
}

/* Room for two of 1.2 MB; other files there are nobody's to remove. */
Test(data_cache, what_was_not_used_for_longest_goes)
{
    char *first, *other = path_join(folder, "notes.rows");
    struct stat about;
    FILE *f;

    setenv("FELL_CACHE_MB", "3", 1);
    use(1);
    first = only_entry();
    f = fopen(other, "w");
    cr_assert(f && fclose(f) == 0);
    use(2);
    cr_expect_eq(files(), 3);
    use(1);
    use(3); /* in place of 2 */
    cr_expect_eq(files(), 3);
    cr_expect_eq(access(first, F_OK), 0);
    use(2);
    cr_expect_eq(files(), 3);
    cr_expect_neq(access(first, F_OK), 0);
    cr_expect_eq(stat(other, &about), 0);
    free(other);
    free(first);
}
