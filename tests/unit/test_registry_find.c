/* test_registry_find.c - plugins found by their names: in which folders, and what is said where there are
 * none. The plugins are those of tests/abi, compiled here.
 */
#include <sys/stat.h>

#include "abi_help.h"
#include "host/registry.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

TestSuite(registry_find, .init = scratch_make, .fini = scratch_remove);

/* The scratch folder as the home of a program whose own plugins are in plugins/; what is
 * found there is not probed. */
static void settle_in_scratch(void)
{
    char *program = path_join(scratch, "fell");

    setenv("FELL_PROGRAM", program, 1);
    setenv("XDG_DATA_HOME", scratch, 1);
    unsetenv("FELL_PLUGIN_PATH");
    free(program);
}

static void expect_unknown(struct registry *r, enum role role, const char *name, const char *message)
{
    struct error err = {""};

    cr_expect_null(registry_find(r, role, name, &err));
    cr_expect_str_eq(err.text, message);
}

static void expect_found(struct registry *r, enum role role, const char *name, const char *path)
{
    struct error err = {""};
    const struct item *item = registry_find(r, role, name, &err);

    cr_assert_not_null(item, "%s", err.text);
    cr_expect_str_eq(item->name, name);
    cr_expect_str_eq(item->file->path, path);
}

Test(registry_find, names_are_found_by_file_then_by_looking)
{
    char *file = build_plugin("table.c", "-DNAME='\"huber\"' -DSECOND='\"mse\"'", "plugins/loss/huber.so");
    char *later = build_plugin("table.c", "-DNAME='\"mse\"' -DSECOND='\"mae\"'", "plugins/loss/mse.so");
    char *kinds = build_plugin("kinds.c", "", "plugins/optimizer/kinds.so");
    struct registry *r;

    settle_in_scratch();
    r = registry_new();
    expect_found(r, ROLE_LOSS, "huber", file);
    expect_found(r, ROLE_LOSS, "mse", later); /* although huber.so, which is open, has one too */
    expect_found(r, ROLE_LOSS, "mae", later);
    expect_found(r, ROLE_OPTIMIZER, "plain_optimizer", kinds);
    expect_found(r, ROLE_METRIC, "plain_metric", kinds); /* in another kind's folder */
    expect_found(r, ROLE_TRANSFORM, "plain_transform", kinds);
    expect_found(r, ROLE_MODEL_ENTRY, "plain_layer", kinds);
    expect_found(r, ROLE_MODEL_ENTRY, "plain_activation", kinds);
    expect_found(r, ROLE_ACTIVATION, "plain_activation", kinds);
    registry_free(r);
    free(file);
    free(later);
    free(kinds);
}

Test(registry_find, names_that_are_not_there)
{
    char *huber = build_plugin("table.c", "-DNAME='\"huber\"'", "plugins/loss/huber.so");
    char *kinds = build_plugin("kinds.c", "", "plugins/layer/kinds.so");
    char *both = build_plugin("kinds.c", "", "plugins/metric/second.so");
    struct registry *r;

    settle_in_scratch();
    r = registry_new();
    expect_unknown(r, ROLE_LOSS, "huberr", "no loss 'huberr'; did you mean 'huber'?");
    expect_unknown(r, ROLE_LOSS, "zz", "no loss 'zz'; there are huber, second");
    expect_unknown(r, ROLE_LOSS, "", "no loss ''; there are huber, second");
    expect_unknown(r, ROLE_LOSS, "../../etc/passwd", "no loss '../../etc/passwd'; there are huber, second");
    expect_unknown(r, ROLE_LOSS, "plain_activation", "'plain_activation' is an activation, not a loss");
    expect_unknown(r, ROLE_METRIC, "huber", "'huber' is a loss, not a metric");
    expect_unknown(r, ROLE_OPTIMIZER, "plain_metric", "'plain_metric' is a metric, not an optimizer");
    expect_unknown(r, ROLE_TRANSFORM, "plain_layer", "'plain_layer' is a layer, not a transform");
    expect_unknown(r, ROLE_MODEL_ENTRY, "plain_transform",
                   "'plain_transform' is a transform, not a layer or activation");
    expect_unknown(r, ROLE_ACTIVATION, "plain_layer", "'plain_layer' is a layer, not an activation");
    expect_unknown(r, ROLE_MODEL_ENTRY, "plain_laier",
                   "no layer or activation 'plain_laier'; did you mean 'plain_layer'?");
    cr_expect_str_eq(registry_notes(r), "");
    registry_free(r);
    free(huber);
    free(kinds);
    free(both);
}

Test(registry_find, broken_files_are_said_and_harm_no_others)
{
    char *bad = build_plugin("table.c", "-DTARGET=0 -DNAME='\"bad\"'", "plugins/loss/bad.so");
    char *good = build_plugin("table.c", "-DNAME='\"good\"'", "plugins/loss/other.so");
    char *later = build_plugin("later_minor.c", "", "plugins/layer/later.so"), *message, *notes;
    struct registry *r;
    size_t n;

    settle_in_scratch();
    r = registry_new();
    message = mem_format(
        "loss 'bad': %s: the loss 'bad': does not say whether its target is values or classes", bad);
    expect_unknown(r, ROLE_LOSS, "bad", message);
    expect_unknown(r, ROLE_LOSS, "bad", message);
    expect_found(r, ROLE_LOSS, "good", good);
    free(message);
    message = mem_format(
        "no loss 'xx'; there are good, second (could not be used: %s: the loss 'bad': does not say "
        "whether its target is values or classes)",
        bad);
    expect_unknown(r, ROLE_LOSS, "xx", message);
    registry_list(r, &n);
    cr_expect_eq(n, 4);
    notes = mem_format("%s: the loss 'bad': does not say whether its target is values or classes\n"
                       "%s: 'mystery' is of a kind (77) that this program does not know; skipped\n",
                       bad, later);
    cr_expect_str_eq(registry_notes(r), notes);
    registry_free(r);
    free(notes);
    free(message);
    free(bad);
    free(good);
    free(later);
}

Test(registry_find, no_plugins_at_all)
{
    struct registry *r;
    size_t n = 1;

    settle_in_scratch();
    setenv("FELL_PROGRAM", "/nowhere/fell", 1);
    setenv("FELL_PLUGIN_PATH", "/nowhere/plugins:", 1);
    r = registry_new();
    registry_list(r, &n);
    if (n)
        skip_test("plugins are installed on this machine");
    cr_expect_str_eq(registry_notes(r), "FELL_PLUGIN_PATH: there is no folder '/nowhere/plugins'\n");
    expect_unknown(r, ROLE_LOSS, "mse",
                   "no loss 'mse'; no plugin folder has a loss (could not be used: "
                   "FELL_PLUGIN_PATH: there is no folder '/nowhere/plugins')");
    registry_free(r);
}

/* Installed: bin/fell and lib/fell/plugins. The same folder under two names is one. */
Test(registry_find, an_installed_tree_finds_its_plugins)
{
    char *loss = build_plugin("table.c", "", "usr/lib/fell/plugins/loss/first.so");
    char *program = path_join(scratch, "usr/bin/fell"), *link = path_join(scratch, "link");
    char *target = path_join(scratch, "usr/lib/fell/plugins"), *bin = path_join(scratch, "usr/bin");
    struct registry *r;
    struct error err;
    size_t n;

    settle_in_scratch();
    cr_assert_eq(mkdir(bin, 0700), 0);
    cr_assert_eq(symlink(target, link), 0);
    setenv("FELL_PROGRAM", program, 1);
    setenv("FELL_PLUGIN_PATH", link, 1);
    r = registry_new();
    expect_found(r, ROLE_LOSS, "first", loss);
    cr_expect(registry_find(r, ROLE_LOSS, "first", &err)->file->bundled);
    registry_list(r, &n);
    cr_expect_eq(n, 2);
    registry_free(r);
    free(loss);
    free(program);
    free(link);
    free(target);
    free(bin);
}

/* --plugin, FELL_PLUGIN_PATH, the user's folder, the program's own, in this order. */
Test(registry_find, the_first_folder_wins)
{
    static const struct {
        const char *name, *version;
    } plugins[] = {
        {"home/plugins/loss/first.so", "-DVERSION='\"1\"' -DSECOND='\"third\"'"},
        {"fell/plugins/loss/first.so", "-DVERSION='\"2\"'"},
        {"b/loss/first.so", "-DVERSION='\"3\"'"},
        {"a/loss/first.so", "-DVERSION='\"4\"'"},
        {"mine.so", "-DVERSION='\"5\"'"},
    };
    char *program, *list = mem_format("%s/a::%s/b", scratch, scratch);
    struct error err;
    size_t n;

    if (!have_program())
        skip_test("FELL_PROGRAM does not name the program");
    free(build_plugin("table.c", plugins[0].version, plugins[0].name));
    program = path_join(scratch, "home/fell"); /* the program under another name */
    cr_assert_eq(symlink(getenv("FELL_PROGRAM"), program), 0);
    settle_in_scratch();
    setenv("FELL_PROGRAM", program, 1);
    setenv("FELL_PLUGIN_PATH", list, 1);
    for (size_t i = 0; i < COUNT(plugins); i++) {
        char *path = build_plugin("table.c", plugins[i].version, plugins[i].name);
        struct registry *r = registry_new();
        const struct item *const *items;

        if (i + 1 == COUNT(plugins))
            cr_assert_eq(registry_add_file(r, path, &err), OK, "%s", err.text);
        expect_found(r, ROLE_LOSS, "first", path);
        cr_expect_eq(registry_find(r, ROLE_LOSS, "first", &err)->file->bundled, i == 0);
        items = registry_list(r, &n);
        cr_expect_eq(n, i ? 3 : 2, "%zu items: what is hidden must not be listed", n);
        for (size_t k = 1; k < n; k++)
            cr_expect_lt(strcmp(items[k - 1]->name, items[k]->name), 0);
        registry_free(r);
        free(path);
    }
    free(list);
    free(program);
}
