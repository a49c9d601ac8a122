/* test_registry.c - plugins found, refused, probed and copied. The plugins are those of
 * tests/abi, compiled here.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "abi_help.h"
#include "host/registry.h"
#include "host/registry_open.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

TestSuite(registry, .init = scratch_make, .fini = scratch_remove);

/* Loading PATH in this process fails with MESSAGE behind the path. */
static void expect_refused(const char *path, const char *message)
{
    struct opened *o = NULL;
    struct error err = {""};
    char *expected = mem_format("%s: %s", path, message);

    cr_expect_eq(plugin_open(path, true, &o, &err), FAILED, "accepted, though: %s", message);
    cr_expect_null(o);
    cr_expect_str_eq(err.text, expected);
    free(expected);
}

/* ---- what a plugin says ------------------------------------------------------------ */

struct defect {
    const char *defines, *message;
};

static void expect_defects(const char *source, const struct defect *defects, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *name = mem_format("defect%zu.so", i), *path = build_plugin(source, defects[i].defines, name);

        expect_refused(path, defects[i].message);
        free(path);
        free(name);
    }
}

Test(registry, broken_tables)
{
    static const struct defect defects[] = {
        {"-DNAME='\"First\"'", "a loss is named 'First'; a name is [a-z][a-z0-9_]*"},
        {"-DNAME='\"\"'", "a loss is named ''; a name is [a-z][a-z0-9_]*"},
        {"-DNAME=NULL", "a loss is named ''; a name is [a-z][a-z0-9_]*"},
        {"-DNAME='\"../x\"'", "a loss is named '../x'; a name is [a-z][a-z0-9_]*"},
        {"-DSECOND='\"first\"'", "duplicate loss 'first'"},
        {"-DSIZE=8", "the loss 'first' says that its struct has 8 bytes; version 1.0 has 72"},
        {"-DSIZE='(offsetof(fell_loss,pairs)+7)'",
         "the loss 'first' says that its struct has 71 bytes; version 1.0 has 72"},
        {"-DSIZE='((uint64_t)1<<40)'",
         "the loss 'first' says that its struct has 1099511627776 bytes; version 1.0 has 72"},
        {"-DSETTING='\"name\"'",
         "the loss 'first': the setting 'name' has a name that is reserved for the host"},
        {"-DSETTING='\"lr_factor\"'",
         "the loss 'first': the setting 'lr_factor' has a name that is reserved for the host"},
        {"-DSETTING='\"Gain\"'", "the loss 'first': setting 1 is named 'Gain'; a name is [a-z][a-z0-9_]*"},
        {"-DOTHER_SETTING='\"gain\"'", "the loss 'first': duplicate setting 'gain'"},
        {"-DTYPE=99", "the loss 'first': the setting 'gain' has a type (99) that this program does not know"},
        {"-DTYPE=0", "the loss 'first': the setting 'gain' has a type (0) that this program does not know"},
        {"-DOFFSET=16", "the loss 'first': the setting 'gain' lies outside its struct of 16 bytes"},
        {"-DOFFSET=12", "the loss 'first': the setting 'gain' lies outside its struct of 16 bytes"},
        {"-DOFFSET=4", "the loss 'first': the setting 'gain' lies outside its struct of 16 bytes"},
        {"-DOFFSET=UINT64_MAX", "the loss 'first': the setting 'gain' lies outside its struct of 16 bytes"},
        {"-DSETTINGS_SIZE=0", "the loss 'first': the setting 'gain' lies outside its struct of 0 bytes"},
        {"-DSETTINGS_SIZE=UINT64_MAX",
         "the loss 'first': has a settings struct of 18446744073709551615 bytes"},
        {"-DNPARAMS=100000", "the loss 'first': says that it has 100000 settings"},
        {"-DCHOICES=NULL", "the loss 'first': the setting 'mode' lacks choices or a default"},
        {"-DTARGET=0", "the loss 'first': does not say whether its target is values or classes"},
        {"-DTARGET=3", "the loss 'first': does not say whether its target is values or classes"},
        {"-DEVAL=NULL", "the loss 'first': lacks its function 'eval'"},
        {"-DROOT_SIZE=16", "says that fell_plugin has 16 bytes; version 1.0 has 48"},
        {"-DROOT_SIZE=0x7fffffff", "says that fell_plugin has 2147483647 bytes; version 1.0 has 48"},
        {"-DNEEDS=3", "needs version 1.3 of the plugin contract; this program has 1.1"},
        {"-DSTRIDE=8", "says that a fell_param has 8 bytes; version 1.0 has 72"},
        {"-DSTRIDE=73", "says that a fell_param has 73 bytes; version 1.0 has 72"},
        {"-DSTRIDE=0x40000000", "says that a fell_param has 1073741824 bytes; version 1.0 has 72"},
        {"-DITEMS=NULL", "it has no items"},
        {"-DITEMS=no_items", "it has no items"},
    };

    expect_defects("table.c", defects, COUNT(defects));
}

Test(registry, broken_kinds)
{
    static const struct defect defects[] = {
        {"'-DLAYER=.forward=NULL'", "the layer 'plain_layer': lacks its function 'forward'"},
        {"'-DLAYER=.plan=NULL'", "the layer 'plain_layer': lacks its function 'plan'"},
        {"'-DLAYER=.min_inputs=3'", "the layer 'plain_layer': takes at least 3 and at most 0 inputs"},
        {"'-DLAYER=.tensors=NULL'", "the layer 'plain_layer': says that it has 2 tensors and points to none"},
        {"-DTENSOR='\"bias\"'", "the layer 'plain_layer': duplicate tensor 'bias'"},
        {"-DTENSOR='\"w.1\"'", "the layer 'plain_layer': tensor 1 is named 'w.1'; a name is [a-z][a-z0-9_]*"},
        {"-DROLE=4", "the layer 'plain_layer': the tensor 'weight' is neither weight, bias nor state"},
        {"-DBACKWARD=NULL", "the activation 'plain_activation': lacks its function 'backward'"},
        {"-DACTIVATION_NAME='\"plain_layer\"'", "duplicate activation 'plain_layer'"},
        {"'-DWATCHED=FELL_STRING(struct watching, second, NULL, FELL_MONITOR, \"\")'",
         "the schedule 'plain_schedule': the settings 'first' and 'second' both name a recorded value "
         "(FELL_MONITOR)"},
        {"'-DWATCHED=FELL_INT(struct watching, number, 0, 0, 9, FELL_MONITOR, \"\")'",
         "the schedule 'plain_schedule': the setting 'number' names a recorded value (FELL_MONITOR), and is "
         "no "
         "string"},
        {"'-DLR={\"rate\", \"\", FELL_P_FLOAT, 0, 0, 0, 0, 0, NULL, NULL}'",
         "the optimizer 'plain_optimizer': lacks a setting 'lr' (FELL_FLOAT), which every optimizer must "
         "have"},
        {"'-DLR={\"lr\", \"\", FELL_P_INT, 0, 0, 0, 0, 0, NULL, NULL}'",
         "the optimizer 'plain_optimizer': lacks a setting 'lr' (FELL_FLOAT), which every optimizer must "
         "have"},
        {"-DWHEN='\"nesterov\"'",
         "the optimizer 'plain_optimizer': the slot 'velocity' depends on 'nesterov', which is no setting"},
        {"-DTIMES='\"momentum\"'", "the optimizer 'plain_optimizer': the slot 'velocity' is there 'momentum' "
                                   "times, which is no whole number above 0"},
        {"-DFILL=NULL", "the initialiser 'plain_initialiser': lacks its function 'fill'"},
        {"-DRATE=NULL", "the schedule 'plain_schedule': lacks its function 'rate'"},
        {"-DMEASURE=NULL", "the metric 'plain_metric': lacks its function 'eval'"},
        {"-DMETRIC_VALUES=3",
         "the metric 'plain_metric': gives a number of values that this program does not know"},
        {"-DCLOSE=NULL", "the dataset 'plain_dataset': lacks its function 'close'"},
    };

    expect_defects("kinds.c", defects, COUNT(defects));
}

Test(registry, good_tables_are_copied)
{
    char sha256[65];
    char *path = build_plugin("table.c", "-DVERSION='\"2.5\"'", "good.so");
    struct opened *o, *again;
    struct error err;
    const struct item *first;

    cr_assert_eq(plugin_open(path, true, &o, &err), OK, "%s", err.text);
    cr_assert_eq(o->nitems, 2);
    first = &o->items[0];
    cr_expect_eq(first->kind, FELL_KIND_LOSS);
    cr_expect_str_eq(first->name, "first");
    cr_expect_str_eq(first->doc, "The first.");
    cr_expect_str_eq(first->file->path, path);
    cr_expect_str_eq(first->file->version, "2.5");
    cr_expect_str_eq(first->file->credit, "the tests");
    cr_expect(first->file->bundled);
    cr_expect_eq(first->settings_size, 16);
    cr_assert_eq(first->nparams, 2);
    cr_expect_str_eq(first->params[0].name, "gain");
    cr_expect_eq(first->params[0].max, 10);
    cr_expect_str_eq(first->params[1].choices, "mean|sum");
    cr_expect_eq(first->loss->item.params, first->params, "the copy points into the plugin");
    cr_expect_eq(first->loss->target, FELL_VALUES);
    cr_expect_eq(first->loss->pairs, 1);
    cr_expect_eq(o->items[1].nparams, 0);
    cr_expect_eq(o->items[1].loss->expects, FELL_LOGIT);
    cr_expect_null(o->note);
    cr_expect_eq(plugin_open(path, true, &again, &err), OK);
    cr_expect_eq(again, o, "opened twice");

    /* The hash is that of what was loaded, whatever the file is by now. */
    cr_expect_eq(sha256_file(path, sha256, &err), OK);
    cr_expect_str_eq(first->file->sha256, "", "hashed though nobody asked");
    cr_expect_eq(file_write(path, "other", 5, &err), OK);
    cr_expect_eq(plugin_file_hash(first->file, &err), OK);
    cr_expect_str_eq(first->file->sha256, sha256);
    free(path);
}

/* Opens PATH, of which it is said that it has the hash TOLD, and hashes it. */
static const struct plugin_file *hashed_though_told(const char *path, const char *told)
{
    struct opened *o;
    struct error err;

    cr_assert_eq(plugin_open(path, true, &o, &err), OK, "%s", err.text);
    plugin_hash_known(o->file.facts, told);
    cr_expect_eq(plugin_file_hash(&o->file, &err), OK);
    return &o->file;
}

/* Whoever hashed a file that nobody is at spares others from it; one that was changed a moment ago is hashed
 * whatever was said of it, and so is another. */
Test(registry, a_known_hash_is_taken_for_the_same_file_alone)
{
    static const char told[] = "0123456789012345678901234567890123456789012345678901234567890123";
    const char *folder = getenv("FELL_PLUGIN_PATH");
    char *built = build_plugin("table.c", "", "new.so"), *old, *other, sha256[65];
    const struct plugin_file *file;
    struct error err;
    struct stat about;

    cr_assert_not_null(folder, "FELL_PLUGIN_PATH does not name the built plugins");
    old = path_join(folder, "loss/mse.so");
    other = path_join(folder, "loss/mae.so");
    for (int i = 0; i < 40 && stat(old, &about) == 0 && !file_is_settled(about.st_ctim.tv_sec, time(NULL));
         i++)
        usleep(100000);

    file = hashed_though_told(built, told);
    cr_expect_str_eq(file->facts, "");
    cr_expect_eq(sha256_file(built, sha256, &err), OK);
    cr_expect_str_eq(file->sha256, sha256);

    file = hashed_though_told(old, told);
    cr_expect_neq(file->facts[0], 0);
    cr_expect_str_eq(file->sha256, told);

    file = hashed_though_told(other, "not a hash");
    cr_expect_eq(sha256_file(other, sha256, &err), OK);
    cr_expect_str_eq(file->sha256, sha256);
    free(other);
    free(old);
    free(built);
}

Test(registry, every_kind_loads)
{
    static const enum role roles[] = {ROLE_MODEL_ENTRY, ROLE_TRANSFORM, ROLE_ACTIVATION, ROLE_OPTIMIZER,
                                      ROLE_INITIALISER, ROLE_SCHEDULE,  ROLE_METRIC,     ROLE_DATASET};
    char *path = build_plugin("kinds.c", "", "kinds.so");
    struct opened *o;
    struct error err;

    cr_assert_eq(plugin_open(path, true, &o, &err), OK, "%s", err.text);
    cr_expect_eq(o->nitems, COUNT(roles));
    free(path);
}

/* Longer structs and strides are cut, what is not known is passed over. */
Test(registry, a_later_minor_version_loads)
{
    char *path = build_plugin("later_minor.c", "", "later.so");
    struct opened *o;
    struct error err;
    const struct item *layer, *optimizer;

    cr_assert_eq(plugin_open(path, true, &o, &err), OK, "%s", err.text);
    cr_assert_eq(o->nitems, 2);
    layer = &o->items[0];
    optimizer = &o->items[1];
    cr_expect_str_eq(o->note, "'mystery' is of a kind (77) that this program does not know; skipped");
    cr_expect_str_eq(layer->name, "later_layer");
    cr_assert_eq(layer->layer->ntensors, 2);
    cr_expect_str_eq(layer->layer->tensors[1].name, "mean");
    cr_expect_eq(layer->layer->tensors[1].role, FELL_STATE);
    cr_expect_str_eq(layer->params[1].name, "fast");
    cr_expect_eq(layer->params[1].type, FELL_P_BOOL);
    cr_expect_eq(optimizer->params[0].def, 0.25);
    cr_expect_str_eq(optimizer->optimizer->slots[1].when, "fast");
    cr_expect_eq(optimizer->optimizer->slots[1].scalar, 1);
    free(path);
}

/* ---- files that are no plugins ------------------------------------------------------ */

Test(registry, other_versions_and_other_libraries)
{
    char *v2 = build_plugin("only_v2.c", "", "v2.so"), *none = build_plugin("no_symbol.c", "", "none.so");
    char *undefined = build_plugin("undefined.c", "", "undefined.so");

    expect_refused(v2, "made for version 2 of the plugin contract; this program has version 1");
    expect_refused(none, "not a plugin: it does not export fell_plugin_v1");
    expect_refused(undefined, "undefined symbol: function_that_is_nowhere");
    free(v2);
    free(none);
    free(undefined);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    cr_assert(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

Test(registry, files_that_are_no_objects)
{
    char *good = build_plugin("table.c", "", "good.so"), *path = path_join(scratch, "x.so");
    char *source = path_join(scratch, "mine.c"), *fifo = path_join(scratch, "fifo.so"), *bytes;
    struct error err;
    size_t len;

    cr_assert_eq(file_read(good, &bytes, &len, &err), OK);
    expect_refused(path, "no such file");
    write_file(path, "", 0);
    expect_refused(path, "the file is empty");
    write_file(path, "loss: mse\n", 10);
    expect_refused(path, "not a shared object but text");
    write_file(path, "\177EL\0\1\2\3", 7);
    expect_refused(path, "not a shared object");
    write_file(source, "int x;\n", 7);
    expect_refused(source, "C source, not a plugin; build it first");
    expect_refused(scratch, "a folder, not a plugin");
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    expect_refused(fifo, "not a regular file");

    write_file(path, bytes, 30);
    expect_refused(path, "the file is truncated");
    write_file(path, bytes, len / 4);
    expect_refused(path, "the file is truncated");
    bytes[4] = 3;
    write_file(path, bytes, len);
    expect_refused(path, "an ELF file of no known class");
    bytes[4] = 1; /* ELFCLASS32 */
    write_file(path, bytes, len);
    expect_refused(path, "a 32-bit object; this program has 64 bits");
    bytes[4] = 2;
    bytes[18] = (char)(bytes[18] ^ 0x55); /* e_machine */
    write_file(path, bytes, len);
    expect_refused(path, "built for another processor");
    bytes[18] = (char)(bytes[18] ^ 0x55);
    bytes[16] = 1; /* ET_REL */
    write_file(path, bytes, len);
    expect_refused(path, "an object file that is not linked yet; link it with -shared");
    bytes[16] = 2; /* ET_EXEC */
    write_file(path, bytes, len);
    expect_refused(path, "a program, not a shared object");
    free(bytes);
    free(fifo);
    free(source);
    free(path);
    free(good);
}

Test(registry, a_file_that_cannot_be_read)
{
    char *path = build_plugin("table.c", "", "secret.so");

    if (geteuid() == 0)
        skip_test("root reads everything");
    cr_assert_eq(chmod(path, 0), 0);
    expect_refused(path, "cannot be read: Permission denied");
    free(path);
}

#if defined(__x86_64__)
Test(registry, the_float_environment_is_kept)
{
    char *path = build_plugin("flush.c", "", "flush.so");
    volatile float small = 0x1p-130f;

    expect_refused(
        path, "loading it makes the whole program flush small numbers to zero; build it without -ffast-math");
    cr_expect_eq(small * 0.5f, 0x1p-131f, "small numbers are flushed to zero");
    free(path);
}
#endif

/* ---- probing --------------------------------------------------------------------------- */

static void expect_not_added(const char *path, const char *message)
{
    struct registry *r = registry_new();
    struct error err = {""};
    char *expected = mem_format("%s: %s", path, message);

    cr_expect_eq(registry_add_file(r, path, &err), FAILED, "accepted, though: %s", message);
    cr_expect_str_eq(err.text, expected);
    free(expected);
    registry_free(r);
}

Test(registry, bad_constructors_are_found_out_in_a_child)
{
    char *crash = build_plugin("crash.c", "", "crash.so"), *leave = build_plugin("leave.c", "", "leave.so");
    char *hang = build_plugin("hang.c", "", "hang.so"), *v2 = build_plugin("only_v2.c", "", "v2.so");

    if (!have_program())
        skip_test("FELL_PROGRAM does not name the program");
    expect_not_added(crash, "crashes while it is loaded (SIGSEGV)");
    expect_not_added(leave, "ends the process while it is loaded (exit status 0)");
    setenv("FELL_PROBE_SECONDS", "0.3", 1);
    expect_not_added(hang, "loading it takes more than 0.3 seconds");
    expect_not_added(hang, "loading it takes more than 0.3 seconds");
    unsetenv("FELL_PROBE_SECONDS");
    expect_not_added(v2, "made for version 2 of the plugin contract; this program has version 1");
    free(crash);
    free(leave);
    free(hang);
    free(v2);
}

Test(registry, a_probe_does_not_probe)
{
    char *path = build_plugin("table.c", "", "good.so");

    setenv("FELL_PROBING", "1", 1);
    expect_not_added(path, "a probe inside a probe: FELL_PROGRAM does not name the program fell");
    free(path);
}

/* registry_probe_main() in a fork: its exit code, or minus its signal; its words in ANSWER. */
static int probe_in_fork(const char *path, char answer[512])
{
    int ends[2], code;
    ssize_t n;
    pid_t pid;

    cr_assert_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        _exit(registry_probe_main(path));
    }
    close(ends[1]);
    n = read(ends[0], answer, 511);
    answer[n > 0 ? n : 0] = 0;
    close(ends[0]);
    cr_assert_eq(waitpid(pid, &code, 0), pid);
    return WIFSIGNALED(code) ? -WTERMSIG(code) : WEXITSTATUS(code);
}

Test(registry, the_child_answers)
{
    char *good = build_plugin("table.c", "", "good.so"), *crash = build_plugin("crash.c", "", "crash.so");
    char *bad = build_plugin("table.c", "-DTARGET=0", "bad.so"), *expected;
    char answer[512];

    cr_expect_eq(probe_in_fork(good, answer), 0);
    cr_expect_str_eq(answer, "loaded\n");
    cr_expect_eq(probe_in_fork(bad, answer), 1);
    expected = mem_format("%s: the loss 'first': does not say whether its target is values or classes", bad);
    cr_expect_str_eq(answer, expected);
    cr_expect_eq(probe_in_fork(crash, answer), -SIGSEGV);
    cr_expect_str_eq(answer, "");
    free(expected);
    free(good);
    free(crash);
    free(bad);
}
