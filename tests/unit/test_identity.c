/* test_identity.c - what makes an experiment the same one, and where it ran (work/identity.h,
 * work/provenance.h).
 */
#include <sys/stat.h>

#include "base/text.h"
#include "recorder_help.h"
#include "yaml/diag.h"
#include "work/identity.h"
#include "work/provenance.h"

TestSuite(identity, .init = make_folder, .fini = remove_folder);

static void write_file(const char *name, const char *text)
{
    char *path = path_join(folder, name), *in = path_folder(path);
    struct error err;
    FILE *f;

    cr_assert(path_make_folder(in, &err) == OK);
    f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
    free(in);
    free(path);
}

/* ---- uids -------------------------------------------------------------------------- */

static const char spec_text[] =
    "name: demo\n"
    "seed: 1\n"
    "data: {source: {csv: {path: d.csv, target: y}}, test: {csv: {path: t.csv, target: y}},"
    " validation: 0.5}\n"
    "model:\n"
    "  - dense: {units: 2, activation: tanh}\n"
    "  - dense: {units: 1}\n"
    "loss: mse\n"
    "optimizer: {sgd: {lr: 0.1}}\n"
    "train: {epochs: 2}\n";

/* The identity of the spec in the file with one override, or none. */
static struct identity *identify(struct registry *reg, const char *override, struct experiment **e)
{
    struct diag *d = diag_new();
    char *path = path_join(folder, "demo.yaml");
    struct identity *id = NULL;
    struct error err;

    *e = experiment_load(reg, path, override ? 1 : 0, &override, d);
    if (!*e)
        diag_print(d, stderr, false);
    cr_assert_not_null(*e);
    cr_assert(identity_new(reg, *e, &id, &err) == OK, "%s", err.text);
    free(path);
    diag_free(d);
    return id;
}

static void uid_of(const char *override, char uid[65])
{
    struct registry *reg = registry_new();
    struct experiment *e;
    struct identity *id = identify(reg, override, &e);

    memcpy(uid, id->uid, 65);
    identity_free(id);
    experiment_free(e);
    registry_free(reg);
}

Test(identity, what_changes_it)
{
    char first[65], uid[65];
    char *commented = mem_format("# a comment\n%s\n", spec_text);

    write_file("demo.yaml", spec_text);
    write_file("d.csv", "x,y\n1,2\n3,4\n5,6\n7,8\n");
    write_file("t.csv", "x,y\n1,2\n");
    uid_of(NULL, first);
    cr_expect(strlen(first) == 64);
    uid_of(NULL, uid);
    cr_expect_str_eq(uid, first, "nothing changed");
    uid_of("optimizer.sgd.lr=1e-1", uid);
    cr_expect_str_eq(uid, first, "the same value written in another way");
    uid_of("optimizer.sgd.momentum=0", uid);
    cr_expect_str_eq(uid, first, "a default written out");
    write_file("demo.yaml", commented);
    uid_of(NULL, uid);
    cr_expect_str_eq(uid, first, "a comment");

    uid_of("optimizer.sgd.lr=0.2", uid);
    cr_expect_str_neq(uid, first, "another rate");
    uid_of("name=other", uid);
    cr_expect_str_neq(uid, first, "another name");
    uid_of("seed=2", uid);
    cr_expect_str_neq(uid, first, "another seed");
    write_file("t.csv", "x,y\n1,3\n");
    uid_of(NULL, uid);
    cr_expect_str_neq(uid, first, "other test data");
    free(commented);
}

Test(identity, a_drawn_seed_does_not)
{
    char a[65], b[65];
    char *no_seed = mem_string(spec_text);

    memcpy(strstr(no_seed, "seed: 1"), "#eed: 1", 7);
    write_file("demo.yaml", no_seed);
    write_file("d.csv", "x,y\n1,2\n3,4\n5,6\n7,8\n");
    write_file("t.csv", "x,y\n1,2\n");
    uid_of(NULL, a);
    uid_of(NULL, b);
    cr_expect_str_eq(a, b);
    free(no_seed);
}

Test(identity, files_and_plugins)
{
    struct registry *reg = registry_new();
    struct experiment *e;
    struct identity *id;
    struct plugin_row *plugins;
    struct strbuf names = {0};
    struct error err;
    cJSON *plan = cJSON_Parse("{\"data\": [{\"section\": \"data.source\", \"rows\": 4},"
                              " {\"section\": \"data.test\", \"rows\": 2}]}");
    size_t n;

    write_file("demo.yaml", spec_text);
    write_file("d.csv", "x,y\n1,2\n3,4\n5,6\n7,8\n");
    write_file("t.csv", "x,y\n1,2\n");
    id = identify(reg, NULL, &e);
    identity_count_rows(id, e->first, plan);
    cr_assert(id->nfiles == 2);
    cr_expect_str_eq(id->files[0].role, "source.path");
    cr_expect(id->files[0].path[0] == '/' && strstr(id->files[0].path, "/d.csv"));
    cr_expect_str_eq(id->files[0].sha256, "0adf59c54d3680e516f41920e32a1bdfbc8f3baf38a3ea69ca16af53d457c8e3");
    cr_expect(id->files[0].rows == 4);
    cr_expect_str_eq(id->files[1].role, "test.path");
    cr_expect(id->files[1].rows == 2);

    cr_assert(identity_plugins(reg, e->arena, e->first, &n, &plugins, &err) == OK);
    for (size_t i = 0; i < n; i++) {
        strbuf_addf(&names, "%s %s %s, ", plugins[i].kind, plugins[i].name, plugins[i].verdict);
        cr_expect(strlen(plugins[i].sha256) == 64 && plugins[i].path[0] == '/');
    }
    cr_expect(strstr(names.text, "dataset csv passed, ") && strstr(names.text, "layer dense passed, ") &&
                  strstr(names.text, "activation tanh passed, ") && strstr(names.text, "loss mse passed, ") &&
                  strstr(names.text, "optimizer sgd passed, ") &&
                  strstr(names.text, "initialiser he_uniform passed, "),
              "%s", names.text);
    cr_expect_null(strstr(strstr(names.text, "layer dense") + 1, "layer dense"), "each once");
    strbuf_release(&names);
    cJSON_Delete(plan);
    identity_free(id);
    experiment_free(e);
    registry_free(reg);
}

static void run_uid(const char *experiment, const char *resolved, uint64_t seed, char uid[65])
{
    struct spec nothing = {0};
    const struct identity id = {.nfiles = 0};
    const struct trial trial = {.spec = &nothing, .resolved = resolved};
    char before[65];

    identity_run_uid(&id, experiment, &trial, seed, uid);
    identity_run_uid_before(experiment, &trial, seed, before);
    cr_expect_str_eq(uid, before, "without files nothing is new");
}

Test(identity, runs)
{
    char a[65], b[65];

    run_uid("u", "{}", 1, a);
    cr_expect_str_eq(a, "bde651134bd5bb7c8adea05495dc0e6bd44b1cdab03acbffde9f04d8f630b39e");
    run_uid("u", "{}", 1, b);
    cr_expect_str_eq(a, b);
    run_uid("u", "{}", 2, b);
    cr_expect_str_neq(a, b);
    run_uid("v", "{}", 1, b);
    cr_expect_str_neq(a, b);
    run_uid("u", "{ }", 1, b);
    cr_expect_str_neq(a, b);
}

Test(identity, where_files_are_has_no_say)
{
    struct registry *reg = registry_new();
    struct experiment *e, *f;
    struct identity *id, *elsewhere;
    char uid[65], other[65], *path;

    write_file("demo.yaml", spec_text);
    write_file("d.csv", "x,y\n1,2\n3,4\n5,6\n7,8\n");
    write_file("t.csv", "x,y\n1,2\n");
    write_file("below/d.csv", "x,y\n1,2\n3,4\n5,6\n7,8\n");
    id = identify(reg, NULL, &e);
    path = mem_format("data.source.csv.path=%s/below/../below/d.csv", folder);
    elsewhere = identify(reg, path, &f);
    free(path);
    cr_expect_str_eq(id->uid, elsewhere->uid);
    cr_expect_str_neq(id->uid, id->uid_before);
    cr_expect_str_neq(id->uid_before, elsewhere->uid_before);
    cr_expect(strstr(elsewhere->files[0].path, "/below/d.csv") && !strstr(elsewhere->files[0].path, ".."));
    for (int i = 0; i < 2; i++) {
        struct arena *arena = arena_new();
        struct diag *d = diag_new();
        struct trial t;

        cr_assert(experiment_trial(i ? f : e, 0, arena, &t, d) == OK);
        identity_run_uid(i ? elsewhere : id, "u", &t, 1, i ? other : uid);
        cr_expect_eq(strstr(t.known_by, ".csv"), NULL, "%s", t.known_by);
        cr_expect_eq(!strstr(t.before, "below/../below"), !i, "%s", t.before);
        diag_free(d);
        arena_free(arena);
    }
    cr_expect_str_eq(uid, other);
    identity_free(id);
    identity_free(elsewhere);
    experiment_free(e);
    experiment_free(f);
    registry_free(reg);
}

Test(identity, folders_are_hashed_by_what_is_in_them)
{
    char first[65], second[65];
    struct error err;
    char *data = path_join(folder, "data"), *missing = path_join(folder, "missing");

    write_file("data/cats/1.png", "a");
    write_file("data/dogs/1.png", "b");
    cr_assert(identity_hash_path(data, first, &err) == OK, "%s", err.text);
    cr_assert(identity_hash_path(data, second, &err) == OK);
    cr_expect_str_eq(first, second);
    write_file("data/dogs/1.png", "c");
    cr_assert(identity_hash_path(data, second, &err) == OK);
    cr_expect_str_neq(first, second, "another content");
    write_file("data/dogs/1.png", "b");
    write_file("data/dogs/2.png", "");
    cr_assert(identity_hash_path(data, second, &err) == OK);
    cr_expect_str_neq(first, second, "one file more");
    cr_expect(identity_hash_path(missing, second, &err) == FAILED && strstr(err.text, "missing"));
    free(data);
    free(missing);
}

Test(identity, differences)
{
    static const struct {
        const char *old, *new, *expected;
    } cases[] = {
        {"a\nb\nc\n", "a\nb\nc\n", ""},
        {"a\nb\nc\n", "a\nx\nc\n", "- b\n+ x\n"},
        {"a\nb\n", "a\nb\nc\n", "+ c\n"},
        {"a\nb\nc\n", "b\n", "- a\n- c\n"},
        {"", "a\n", "+ a\n"},
        {"a\n", "", "- a\n"},
        {"a", "a\n", ""},
        {"lr: 1\nepochs: 2\nseed: 3\n", "epochs: 2\nseed: 4\nname: x\n",
         "- lr: 1\n- seed: 3\n+ seed: 4\n+ name: x\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *found = identity_difference(cases[i].old, cases[i].new);

        cr_expect_str_eq(found, cases[i].expected, "case %zu: %s", i, found);
        free(found);
    }
}

/* ---- provenance ---------------------------------------------------------------------- */

#define HASH "0123456789abcdef0123456789abcdef01234567"

static void expect_commit(const char *in, const char *commit)
{
    struct provenance p;
    struct error err;
    char *path = path_join(folder, in);

    cr_assert(provenance_collect(path, &p, &err) == OK, "%s", err.text);
    if (commit)
        cr_expect(p.git_commit && strcmp(p.git_commit, commit) == 0, "%s: %s", in, p.git_commit);
    else
        cr_expect_null(p.git_commit, "%s: %s", in, p.git_commit);
    cr_expect(strlen(p.runner_sha256) == 64 && p.host[0] && p.cpu[0] && p.kernels[0] && p.version[0]);
    provenance_release(&p);
    free(path);
}

Test(identity, commits)
{
    write_file("detached/.git/HEAD", HASH "\n");
    write_file("detached/sub/x", "");
    expect_commit("detached/sub", HASH);

    write_file("branch/.git/HEAD", "ref: refs/heads/a/b\n");
    expect_commit("branch", NULL); /* before the first commit */
    write_file("branch/.git/packed-refs", "# pack-refs with: peeled\n" HASH " refs/heads/a/bc\n"
                                          "1111111111111111111111111111111111111111 refs/heads/a/b\n");
    expect_commit("branch", "1111111111111111111111111111111111111111");
    write_file("branch/.git/refs/heads/a/b", HASH "\n");
    expect_commit("branch", HASH);

    /* A linked work tree: its own HEAD, the branches in the common folder. */
    write_file("linked/.git", "gitdir: ../branch/.git/worktrees/linked\n");
    write_file("branch/.git/worktrees/linked/HEAD", "ref: refs/heads/a/b\n");
    write_file("branch/.git/worktrees/linked/commondir", "../..\n");
    expect_commit("linked", HASH);

    write_file("broken/.git/HEAD", "what is this?\n");
    expect_commit("broken", NULL);
}

Test(identity, dirty_or_not)
{
    char *script = mem_format("cd '%s' && git init -q . && echo a >a && git add a &&"
                              " git -c user.name=n -c user.email=e commit -q -m m >/dev/null 2>&1",
                              folder);
    char *db = path_join(folder, "results/fell.db");
    struct git_status g;
    bool dirty = true;

    if (system("git --version >/dev/null 2>&1") != 0)
        cr_skip_test("git is not installed");
    cr_assert(system(script) == 0);
    git_status_start(&g, folder, db);
    cr_assert(git_status_answer(&g, 20, &dirty));
    cr_expect_not(dirty, "just committed");

    write_file("results/fell.db", "");
    write_file("results/fell.db-wal", "");
    git_status_start(&g, folder, db);
    cr_assert(git_status_answer(&g, 20, &dirty));
    cr_expect_not(dirty, "the database itself does not count");

    write_file("a", "b");
    git_status_start(&g, folder, db);
    cr_assert(git_status_answer(&g, 20, &dirty));
    cr_expect(dirty);

    git_status_start(&g, "/", db); /* not a work tree */
    cr_expect_not(git_status_answer(&g, 20, &dirty));
    free(script);
    free(db);
}
