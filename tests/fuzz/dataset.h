/* dataset.h - a dataset plugin's open, read and close, as the engine calls them. Included behind the
 * plugin's own file, which is a part of the harness.
 */
#include "host/instance.h"
#include "host/settings.h"

#include "fuzz.h"

enum { MOST_NUMBERS = 1 << 20 };

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
    call.x = mem_array(3 * (size_t)x, sizeof *call.x);
    if (info->is == FELL_CLASSES)
        call.label = mem_array(3 * (size_t)target, sizeof *call.label);
    else
        call.target = mem_array(3 * (size_t)target, sizeof *call.target);
    plugin->read(&call);
    instance_reset(in);
    for (int64_t k = 0; info->is == FELL_CLASSES && info->class_names && k < info->nclasses; k++)
        if (!info->class_names[k])
            abort();
    free(call.x);
    free(call.label);
    free(call.target);
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
