/* dataset.h - a dataset plugin's open, read and close, as the engine calls them. Included behind the
 * plugin's own file, which is a part of the harness. What an input of them begins with is taken by
 * fuzz_table(): one byte for the target, three for the other settings of tables.
 */
#include "host/instance.h"
#include "host/settings.h"

#include "fuzz.h"

enum { MOST_NUMBERS = 1 << 20 };

/* What the plugin says of its columns is what the host counts with: they lie in a row of WIDTH, and words are
 * texts. */
static void fuzz_columns(const fell_data_info *info, int64_t width)
{
    for (int64_t j = 0; info->column && j < info->ncolumns; j++) {
        const fell_column *c = &info->column[j];

        if (c->at < 0 || c->width < 1 || c->at + c->width > width ||
            (c->is == FELL_CATEGORY && c->width != c->nwords))
            abort();
        for (int64_t k = 0; c->is == FELL_CATEGORY && k < c->nwords; k++)
            if (!c->word[k])
                abort();
    }
}

/* Rows that are not in the file's order, and one twice. */
static void fuzz_read(const fell_dataset *plugin, struct instance *in, const fell_data_info *info)
{
    int64_t row[3] = {info->rows - 1, 0, info->rows / 2}, x = 1, target = 1;
    fell_read_call call = {
        .ctx = &in->ctx, .settings = info->settings, .self = info->self, .n = 3, .row = row};

    for (int64_t i = 0; i < info->x.rank; i++)
        x = x > 0 && x < MOST_NUMBERS ? x * info->x.dim[i] : 0;
    for (int64_t i = 0; i < info->target.rank; i++)
        target = target > 0 && target < MOST_NUMBERS ? target * info->target.dim[i] : 0;
    if (info->rows < 1 || x < 1 || target < 1 || x > MOST_NUMBERS || target > MOST_NUMBERS)
        return;
    if (info->doubles)
        call.x64 = mem_array(3 * (size_t)x, sizeof *call.x64);
    else
        call.x = mem_array(3 * (size_t)x, sizeof *call.x);
    if (info->is == FELL_CLASSES)
        call.label = mem_array(3 * (size_t)target, sizeof *call.label);
    else
        call.target = mem_array(3 * (size_t)target, sizeof *call.target);
    plugin->read(&call);
    instance_reset(in);
    fuzz_columns(info, x);
    for (int64_t k = 0; info->is == FELL_CLASSES && info->class_names && k < info->nclasses; k++)
        if (!info->class_names[k])
            abort();
    free(call.x);
    free(call.x64);
    free(call.label);
    free(call.target);
}

static bool has_param(const fell_item *item, const char *name)
{
    for (int64_t i = 0; i < item->nparams; i++)
        if (!strcmp(item->params[i].name, name))
            return true;
    return false;
}

/* Appends to the YAML map in TO what the bits of CHOICE say of the settings that the plugin has: 0 keeps all
 * as they are by themselves. */
static void fuzz_table_settings(const fell_item *item, uint32_t choice, char *to, size_t room)
{
    static const struct {
        const char *name;
        unsigned bits;
        const char *value[8];
    } settings[] = {
        {"header", 2, {NULL, "\"yes\"", "\"no\"", "auto"}},
        {"delimiter", 3, {NULL, "','", "';'", "tab", "'|'", "' '", "'x'", "auto"}},
        {"decimal", 1, {NULL, "','"}},
        {"encoding", 2, {NULL, "latin1", "cp1252", "utf8"}},
        {"unknown", 1, {NULL, "zeros"}},
        {"missing", 2, {NULL, "[]", "[x, '-1', '']", "['NA', '?']"}},
        {"drop", 2, {NULL, "[0]", "[-1]", "[a, b]"}},
        {"columns",
         3,
         {NULL, "{a: category}", "{a: number}", "{b: drop}", "{class: category}",
          "{a: category, b: category}", "{0: category}", "{}"}},
        {"shape", 2, {NULL, "[1]", "[2, 1]", "[1, 2, 2]"}},
    };

    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *value = settings[i].value[choice & ((1U << settings[i].bits) - 1)];
        const size_t used = strlen(to);

        choice >>= settings[i].bits;
        if (value && has_param(item, settings[i].name))
            snprintf(to + used, room - used, ", %s: %s", settings[i].name, value);
    }
}

/* PLUGIN with SETTINGS, YAML; WANTED by the loss. */
static void fuzz_dataset(const fell_dataset *plugin, const char *settings, uint64_t wanted)
{
    struct item item = {.kind = FELL_KIND_DATASET,
                        .name = plugin->item.name,
                        .doc = plugin->item.doc,
                        .nparams = plugin->item.nparams,
                        .params = plugin->item.params,
                        .settings_size = plugin->item.settings_size,
                        .dataset = plugin};
    struct arena *arena = arena_new();
    struct tree *tree = tree_new();
    struct diag *diag = diag_new();
    struct host_env env = {.kernels = kernels_get(SIMD_PORTABLE)};
    struct instance in;
    fell_data_info info = {.ctx = &in.ctx, .wanted = wanted};
    const struct place at = {0};
    const struct node *map = tree_parse_text(tree, "settings", "/", settings, strlen(settings), false, diag);

    info.settings = settings_parse(arena, &item, map, NULL, &at, diag);
    instance_init(&in, &item, item.name, &env);
    if (!info.settings)
        abort(); /* the harness is wrong */
    if (plugin->open(&info) == FELL_OK) {
        instance_reset(&in);
        fuzz_read(plugin, &in, &info);
        plugin->close(info.self);
    }
    instance_release(&in);
    diag_free(diag);
    tree_free(tree);
    arena_free(arena);
}

/* PLUGIN with SETTINGS, an open YAML map without its target, and what the four bytes at P choose. */
static inline void fuzz_table(const fell_dataset *plugin, const char *settings, const uint8_t *p)
{
    static const char *const target[] = {"0", "-1", "class", "[0, 1]"};
    char all[640];

    snprintf(all, sizeof all, "%s, target: %s", settings, target[p[0] % 4]);
    fuzz_table_settings(&plugin->item, (uint32_t)p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16, all,
                        sizeof all - 1);
    strcat(all, "}");
    fuzz_dataset(plugin, all, p[0] & 4 ? FELL_VALUES : FELL_CLASSES);
}

/* Two files of N BYTES: the first byte says where the second begins. False: too few. */
static inline bool fuzz_pair(const uint8_t *bytes, size_t n, const char **a, const char **b)
{
    const size_t first = n < 2 ? 0 : (n - 1) * bytes[0] / 255;

    if (n < 2)
        return false;
    *a = fuzz_file("a", bytes + 1, first);
    *b = fuzz_file("b", bytes + 1 + first, n - 1 - first);
    return true;
}
