/* test_layout.c - the layout of the public header on x86-64, as version 1.0 has it.
 *
 * Plugins that are out rely on every number here. A field that a later minor version
 * appends needs no line, nor does the struct's new size; a test that fails otherwise means
 * that existing plugins would break.
 */
#include <criterion/criterion.h>
#include <stddef.h>

#include "fell/plugin.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

#if defined(__x86_64__) && defined(__LP64__)

/* A type (no field), or a field of the type before it. */
static const struct line {
    const char *type, *field;
    size_t offset, size, offset_in_1_0, size_in_1_0;
    bool grows; /* a type that may get longer in later minor versions */
} layout[] = {
/* clang-format off */
#define TYPE(type, size, grows) {#type, NULL, 0, sizeof(type), 0, size, grows}
#define FROZEN(type, size)      TYPE(type, size, false)
#define GROWS(type, size)       TYPE(type, size, true)
#define FIELD(type, field, offset, size) \
    {#type, #field, offsetof(type, field), sizeof(((type *)0)->field), offset, size, false}
    GROWS(fell_ctx, 16),
    FIELD(fell_ctx, host, 0, 8), FIELD(fell_ctx, simd, 8, 8),
    GROWS(fell_host, 72),
    FIELD(fell_host, minor, 0, 8), FIELD(fell_host, fail, 8, 8), FIELD(fell_host, warn, 16, 8),
    FIELD(fell_host, scratch, 24, 8), FIELD(fell_host, gemm, 32, 8),
    FIELD(fell_host, parallel_for, 40, 8), FIELD(fell_host, uniform, 48, 8),
    FIELD(fell_host, normal, 56, 8), FIELD(fell_host, gemm_gather, 64, 8),
    FROZEN(fell_ints, 16),
    FIELD(fell_ints, v, 0, 8), FIELD(fell_ints, n, 8, 8),
    FROZEN(fell_floats, 16),
    FIELD(fell_floats, v, 0, 8), FIELD(fell_floats, n, 8, 8),
    FROZEN(fell_strings, 16),
    FIELD(fell_strings, v, 0, 8), FIELD(fell_strings, n, 8, 8),
    GROWS(fell_param, 72),
    FIELD(fell_param, name, 0, 8), FIELD(fell_param, doc, 8, 8), FIELD(fell_param, type, 16, 4),
    FIELD(fell_param, flags, 20, 4), FIELD(fell_param, offset, 24, 8), FIELD(fell_param, def, 32, 8),
    FIELD(fell_param, min, 40, 8), FIELD(fell_param, max, 48, 8), FIELD(fell_param, def_text, 56, 8),
    FIELD(fell_param, choices, 64, 8),
    FROZEN(fell_item, 48),
    FIELD(fell_item, struct_size, 0, 8), FIELD(fell_item, kind, 8, 4), FIELD(fell_item, nparams, 12, 4),
    FIELD(fell_item, name, 16, 8), FIELD(fell_item, doc, 24, 8), FIELD(fell_item, params, 32, 8),
    FIELD(fell_item, settings_size, 40, 8),
    GROWS(fell_activation_call, 64),
    FIELD(fell_activation_call, ctx, 0, 8), FIELD(fell_activation_call, settings, 8, 8),
    FIELD(fell_activation_call, rows, 16, 8), FIELD(fell_activation_call, cols, 24, 8),
    FIELD(fell_activation_call, x, 32, 8), FIELD(fell_activation_call, y, 40, 8),
    FIELD(fell_activation_call, dy, 48, 8), FIELD(fell_activation_call, dx, 56, 8),
    GROWS(fell_activation, 72),
    FIELD(fell_activation, item, 0, 48), FIELD(fell_activation, flags, 48, 4),
    FIELD(fell_activation, yields, 52, 4), FIELD(fell_activation, forward, 56, 8),
    FIELD(fell_activation, backward, 64, 8),
    GROWS(fell_loss_call, 80),
    FIELD(fell_loss_call, ctx, 0, 8), FIELD(fell_loss_call, settings, 8, 8),
    FIELD(fell_loss_call, rows, 16, 8), FIELD(fell_loss_call, cols, 24, 8),
    FIELD(fell_loss_call, pred, 32, 8), FIELD(fell_loss_call, target, 40, 8),
    FIELD(fell_loss_call, label, 48, 8), FIELD(fell_loss_call, sum, 56, 8),
    FIELD(fell_loss_call, weight, 64, 8), FIELD(fell_loss_call, dpred, 72, 8),
    GROWS(fell_loss, 72),
    FIELD(fell_loss, item, 0, 48), FIELD(fell_loss, target, 48, 4), FIELD(fell_loss, expects, 52, 4),
    FIELD(fell_loss, eval, 56, 8), FIELD(fell_loss, pairs, 64, 8),
    GROWS(fell_metric_call, 72),
    FIELD(fell_metric_call, ctx, 0, 8), FIELD(fell_metric_call, settings, 8, 8),
    FIELD(fell_metric_call, rows, 16, 8), FIELD(fell_metric_call, cols, 24, 8),
    FIELD(fell_metric_call, pred, 32, 8), FIELD(fell_metric_call, target, 40, 8),
    FIELD(fell_metric_call, label, 48, 8), FIELD(fell_metric_call, value, 56, 8),
    FIELD(fell_metric_call, pred_is, 64, 8),
    GROWS(fell_metric, 72),
    FIELD(fell_metric, item, 0, 48), FIELD(fell_metric, target, 48, 4),
    FIELD(fell_metric, higher_is_better, 52, 4), FIELD(fell_metric, eval, 56, 8),
    FIELD(fell_metric, values, 64, 8),
    GROWS(fell_schedule_call, 64),
    FIELD(fell_schedule_call, ctx, 0, 8), FIELD(fell_schedule_call, settings, 8, 8),
    FIELD(fell_schedule_call, epoch, 16, 8), FIELD(fell_schedule_call, epochs, 24, 8),
    FIELD(fell_schedule_call, step, 32, 8), FIELD(fell_schedule_call, steps, 40, 8),
    FIELD(fell_schedule_call, history, 48, 8), FIELD(fell_schedule_call, lr, 56, 8),
    GROWS(fell_schedule, 56),
    FIELD(fell_schedule, item, 0, 48), FIELD(fell_schedule, rate, 48, 8),
    FROZEN(fell_shape, 40),
    FIELD(fell_shape, rank, 0, 8), FIELD(fell_shape, dim, 8, 32),
    GROWS(fell_init_call, 56),
    FIELD(fell_init_call, ctx, 0, 8), FIELD(fell_init_call, settings, 8, 8),
    FIELD(fell_init_call, shape, 16, 8), FIELD(fell_init_call, n, 24, 8),
    FIELD(fell_init_call, fan_in, 32, 8), FIELD(fell_init_call, fan_out, 40, 8),
    FIELD(fell_init_call, w, 48, 8),
    GROWS(fell_initialiser, 56),
    FIELD(fell_initialiser, item, 0, 48), FIELD(fell_initialiser, fill, 48, 8),
    GROWS(fell_slot, 40),
    FIELD(fell_slot, name, 0, 8), FIELD(fell_slot, doc, 8, 8), FIELD(fell_slot, when, 16, 8),
    FIELD(fell_slot, scalar, 24, 8), FIELD(fell_slot, times, 32, 8),
    GROWS(fell_optimizer_call, 88),
    FIELD(fell_optimizer_call, ctx, 0, 8), FIELD(fell_optimizer_call, settings, 8, 8),
    FIELD(fell_optimizer_call, n, 16, 8), FIELD(fell_optimizer_call, t, 24, 8),
    FIELD(fell_optimizer_call, lr, 32, 8), FIELD(fell_optimizer_call, loss, 40, 8),
    FIELD(fell_optimizer_call, shape, 48, 8), FIELD(fell_optimizer_call, role, 56, 8),
    FIELD(fell_optimizer_call, w, 64, 8), FIELD(fell_optimizer_call, g, 72, 8),
    FIELD(fell_optimizer_call, slot, 80, 8),
    GROWS(fell_optimizer, 80),
    FIELD(fell_optimizer, item, 0, 48), FIELD(fell_optimizer, slots, 48, 8),
    FIELD(fell_optimizer, nslots, 56, 8), FIELD(fell_optimizer, step, 64, 8),
    FIELD(fell_optimizer, reach, 72, 8),
    GROWS(fell_tensor, 32),
    FIELD(fell_tensor, name, 0, 8), FIELD(fell_tensor, doc, 8, 8), FIELD(fell_tensor, init, 16, 8),
    FIELD(fell_tensor, role, 24, 8),
    GROWS(fell_plan, 104),
    FIELD(fell_plan, ctx, 0, 8), FIELD(fell_plan, settings, 8, 8), FIELD(fell_plan, nin, 16, 8),
    FIELD(fell_plan, max_batch, 24, 8), FIELD(fell_plan, in, 32, 8), FIELD(fell_plan, out, 40, 40),
    FIELD(fell_plan, tensor, 80, 8), FIELD(fell_plan, saved_bytes, 88, 8),
    FIELD(fell_plan, indices, 96, 8),
    GROWS(fell_layer_call, 96),
    FIELD(fell_layer_call, ctx, 0, 8), FIELD(fell_layer_call, settings, 8, 8),
    FIELD(fell_layer_call, plan, 16, 8), FIELD(fell_layer_call, batch, 24, 8),
    FIELD(fell_layer_call, training, 32, 8), FIELD(fell_layer_call, x, 40, 8),
    FIELD(fell_layer_call, y, 48, 8), FIELD(fell_layer_call, dy, 56, 8),
    FIELD(fell_layer_call, dx, 64, 8), FIELD(fell_layer_call, tensor, 72, 8),
    FIELD(fell_layer_call, grad, 80, 8), FIELD(fell_layer_call, saved, 88, 8),
    GROWS(fell_layer, 104),
    FIELD(fell_layer, item, 0, 48), FIELD(fell_layer, min_inputs, 48, 4),
    FIELD(fell_layer, max_inputs, 52, 4), FIELD(fell_layer, tensors, 56, 8),
    FIELD(fell_layer, ntensors, 64, 8), FIELD(fell_layer, plan, 72, 8),
    FIELD(fell_layer, forward, 80, 8), FIELD(fell_layer, backward, 88, 8),
    FIELD(fell_layer, fit, 96, 8),
    GROWS(fell_data_info, 144),
    FIELD(fell_data_info, ctx, 0, 8), FIELD(fell_data_info, settings, 8, 8),
    FIELD(fell_data_info, self, 16, 8), FIELD(fell_data_info, wanted, 24, 8),
    FIELD(fell_data_info, rows, 32, 8), FIELD(fell_data_info, x, 40, 40),
    FIELD(fell_data_info, target, 80, 40), FIELD(fell_data_info, is, 120, 8),
    FIELD(fell_data_info, nclasses, 128, 8), FIELD(fell_data_info, class_names, 136, 8),
    GROWS(fell_read_call, 64),
    FIELD(fell_read_call, ctx, 0, 8), FIELD(fell_read_call, settings, 8, 8),
    FIELD(fell_read_call, self, 16, 8), FIELD(fell_read_call, n, 24, 8),
    FIELD(fell_read_call, row, 32, 8), FIELD(fell_read_call, x, 40, 8),
    FIELD(fell_read_call, target, 48, 8), FIELD(fell_read_call, label, 56, 8),
    GROWS(fell_dataset, 72),
    FIELD(fell_dataset, item, 0, 48), FIELD(fell_dataset, open, 48, 8),
    FIELD(fell_dataset, read, 56, 8), FIELD(fell_dataset, close, 64, 8),
    GROWS(fell_plugin, 56),
    FIELD(fell_plugin, struct_size, 0, 4), FIELD(fell_plugin, minor, 4, 4),
    FIELD(fell_plugin, needs_minor, 8, 4), FIELD(fell_plugin, sizeof_param, 12, 4),
    FIELD(fell_plugin, sizeof_tensor, 16, 4), FIELD(fell_plugin, sizeof_slot, 20, 4),
    FIELD(fell_plugin, version, 24, 8), FIELD(fell_plugin, credit, 32, 8),
    FIELD(fell_plugin, items, 40, 8), FIELD(fell_plugin, multiply_add, 48, 8),
    /* clang-format on */
};

Test(layout, fields_stay_where_they_are)
{
    for (size_t i = 0; i < COUNT(layout); i++) {
        const struct line *l = &layout[i];

        if (!l->field)
            continue;
        cr_expect_eq(l->offset, l->offset_in_1_0, "%s.%s lies at %zu; in 1.0 at %zu", l->type, l->field,
                     l->offset, l->offset_in_1_0);
        cr_expect_eq(l->size, l->size_in_1_0, "%s.%s has %zu bytes; in 1.0 it has %zu", l->type, l->field,
                     l->size, l->size_in_1_0);
    }
}

Test(layout, structs_grow_with_the_minor_version_alone)
{
    for (size_t i = 0; i < COUNT(layout); i++) {
        const struct line *l = &layout[i];

        if (l->field)
            continue;
        if (l->grows && FELL_MINOR > 0)
            cr_expect_geq(l->size, l->size_in_1_0, "%s has %zu bytes; in 1.0 it has %zu", l->type, l->size,
                          l->size_in_1_0);
        else
            cr_expect_eq(l->size, l->size_in_1_0, "%s has %zu bytes; in 1.0 it has %zu", l->type, l->size,
                         l->size_in_1_0);
    }
}

/* Padding in which a later field could lie: an older plugin would leave it undefined. */
Test(layout, no_struct_of_1_0_ends_in_padding)
{
    for (size_t i = 0; i < COUNT(layout); i++) {
        const struct line *last = &layout[i], *type = last;

        if (i + 1 < COUNT(layout) && layout[i + 1].field)
            continue;
        while (type->field)
            type--;
        cr_expect_eq(last->offset_in_1_0 + last->size_in_1_0, type->size_in_1_0,
                     "%s ends %zu bytes behind its last field", type->type,
                     type->size_in_1_0 - last->offset_in_1_0 - last->size_in_1_0);
    }
}

#endif

Test(layout, numbers_keep_their_meaning)
{
    static const struct {
        const char *name;
        long value, in_1_0;
    } numbers[] = {
#define NUMBER(name, value) {#name, (long)(name), value}
        /* clang-format off */
        NUMBER(FELL_OK, 0), NUMBER(FELL_ERROR, 1), NUMBER(FELL_P_INT, 1),
        NUMBER(FELL_P_FLOAT, 2), NUMBER(FELL_P_BOOL, 3), NUMBER(FELL_P_STRING, 4),
        NUMBER(FELL_P_ENUM, 5), NUMBER(FELL_P_INTS, 6), NUMBER(FELL_P_FLOATS, 7),
        NUMBER(FELL_P_STRINGS, 8), NUMBER(FELL_REQUIRED, 1), NUMBER(FELL_MIN_OPEN, 2),
        NUMBER(FELL_MAX_OPEN, 4), NUMBER(FELL_PATH, 8), NUMBER(FELL_MONITOR, 16),
        NUMBER(FELL_KIND_LAYER, 1), NUMBER(FELL_KIND_ACTIVATION, 2), NUMBER(FELL_KIND_LOSS, 3),
        NUMBER(FELL_KIND_OPTIMIZER, 4), NUMBER(FELL_KIND_INITIALISER, 5), NUMBER(FELL_KIND_SCHEDULE, 6),
        NUMBER(FELL_KIND_METRIC, 7), NUMBER(FELL_KIND_DATASET, 8), NUMBER(FELL_REAL, 0),
        NUMBER(FELL_PROB, 1), NUMBER(FELL_LOGIT, 2), NUMBER(FELL_LOGPROB, 3),
        NUMBER(FELL_ROWWISE, 1), NUMBER(FELL_VALUES, 1), NUMBER(FELL_CLASSES, 2),
        NUMBER(FELL_ONE, 0), NUMBER(FELL_PER_CLASS, 1), NUMBER(FELL_PER_PAIR, 2),
        NUMBER(FELL_WEIGHT, 1), NUMBER(FELL_BIAS, 2), NUMBER(FELL_STATE, 3),
        NUMBER(FELL_TENSOR, 0), NUMBER(FELL_EACH_WEIGHT, 1), NUMBER(FELL_WHOLE, 2),
        NUMBER(FELL_SIMD_PORTABLE, 0), NUMBER(FELL_SIMD_AVX2, 1), NUMBER(FELL_SIMD_AVX512, 2), NUMBER(FELL_SIMD_NEON, 3),
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(numbers); i++)
        cr_expect_eq(numbers[i].value, numbers[i].in_1_0, "%s is %ld; in 1.0 it is %ld", numbers[i].name,
                     numbers[i].value, numbers[i].in_1_0);
}
