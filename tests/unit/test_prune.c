/* test_prune.c - magnitude pruning beside torch.nn.utils.prune (tests/reference/prune), and what torch leaves
 * open: equal magnitudes, nothing to prune, all of it.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/prune.h"
#include "engine/safetensors.h"

static struct tensor_file *open_reference(const char *name)
{
    char *path = mem_format("%s/tests/reference/prune/%s.safetensors", getenv("srcdir"), name);
    struct tensor_file *f;
    struct error err;

    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    free(path);
    return f;
}

/* Pruned by 0.3, then by 0.45 of the rest: FIRST and SECOND. */
static void expect_masks(bool per_tensor, const char *first, const char *second)
{
    struct tensor_file *weights = open_reference("weights"),
                       *stages[2] = {open_reference(first), open_reference(second)};
    const double shares[2] = {0.3, 0.45};
    const size_t n = tensor_file_count(weights);
    struct prune_tensor t[3];

    cr_assert_eq(n, 3);
    for (size_t i = 0; i < n; i++) {
        const struct tensor_file_entry *e = tensor_file_at(weights, i);

        t[i] = (struct prune_tensor){e->name, e->n, e->values, mem_array((size_t)e->n, sizeof(float))};
        for (int64_t k = 0; k < e->n; k++)
            t[i].mask[k] = 1.0f;
    }
    for (int s = 0; s < 2; s++) {
        cr_expect_gt(prune_by_magnitude(t, n, shares[s], per_tensor), 0);
        for (size_t i = 0; i < n; i++) {
            const struct tensor_file_entry *e = tensor_file_find(stages[s], t[i].name);

            cr_assert(e && e->n == t[i].n);
            cr_expect_arr_eq(t[i].mask, e->values, (size_t)e->n * sizeof(float), "%s of stage %d", t[i].name,
                             s);
        }
        tensor_file_close(stages[s]);
    }
    for (size_t i = 0; i < n; i++)
        free(t[i].mask);
    tensor_file_close(weights);
}

Test(prune, all_together_as_torch_does)
{
    expect_masks(false, "all", "all2");
}

Test(prune, each_tensor_as_torch_does)
{
    expect_masks(true, "each", "each2");
}

Test(prune, equal_magnitudes_go_in_order_and_halves_round_to_even)
{
    const float a[4] = {1, -1, 2, 1}, b[3] = {-1, 1, 0.5f};
    float ma[4] = {1, 1, 1, 1}, mb[3] = {1, 1, 0}; /* the least is gone already */
    struct prune_tensor t[2] = {{"a", 4, a, ma}, {"b", 3, b, mb}};

    cr_expect_eq(prune_by_magnitude(t, 2, 0.75, false), 4); /* 4.5 of 6 */
    cr_expect_arr_eq(ma, ((const float[]){0, 0, 1, 0}), sizeof ma);
    cr_expect_arr_eq(mb, ((const float[]){0, 1, 0}), sizeof mb);
    cr_expect_eq(prune_by_magnitude(t, 2, 0.0, false), 0);
    cr_expect_eq(prune_by_magnitude(t, 2, 1.0, true), 2);
    cr_expect_eq(prune_by_magnitude(t, 2, 1.0, false), 0);
}
