/* test_net_gradients.c - the gradients of nets that branch, against differences. */
#include "engine_fixture.h"

#define VALUES  "loss: mse\noptimizer: sgd\ntrain: {epochs: 1, batch_size: 4, shuffle: false}\n"
#define CLASSES "loss: cross_entropy\noptimizer: sgd\ntrain: {epochs: 1, batch_size: 4, shuffle: false}\n"

/* A spec with the model (a flow list without its brackets) and the rest. */
static void init(struct fixture *f, const char *model, const char *rest)
{
    char *text = mem_format("model: [%s]\n%s", model, rest);

    fixture_init(f, text);
    free(text);
}

static double loss_of(struct net *n)
{
    double sum, weight;
    struct error err;

    cr_assert_eq(net_forward(n, MODE_TRAIN, 1, &err), OK);
    cr_assert_eq(net_loss(n, &sum, &weight, &err), OK);
    return sum / weight;
}

/* Every gradient against central differences of the loss; it is summed in double. */
static void check_gradients(const char *model, fell_shape x, int64_t targets)
{
    const struct net_tensor *tensors;
    struct fixture f;
    struct batches batches;
    struct batch b;
    struct error err;
    struct net *n;
    double sum, weight, squares, total = 0.0;
    float *grads;
    int64_t floats;

    init(&f, model, VALUES);
    fixture_data(&f, 4, x, 0, targets);
    n = fixture_net(&f);
    cr_assert_not_null(n, "%s", f.problem.text);
    cr_assert_eq(batches_init(&batches, &f.data, SPLIT_TRAIN, 4, false, 0, &err), OK);
    batches_begin(&batches, 1, 1);
    cr_assert(batches_next(&batches, &b));
    net_feed(n, MODE_TRAIN, &b);
    net_trained(n, &grads, &floats);
    for (int64_t i = 0; i < floats; i++) /* what was there does not count */
        grads[i] = 5.0f;
    cr_assert_eq(net_forward(n, MODE_TRAIN, 1, &err), OK);
    cr_assert_eq(net_loss(n, &sum, &weight, &err), OK);
    cr_assert_eq(net_backward(n, weight, NULL, NULL, &squares, &err), OK);
    for (size_t t = 0; t < net_tensors(n, &tensors); t++) {
        const struct net_tensor *tensor = &tensors[t];
        double scale = 0.0, tensor_squares = 0.0;

        for (int64_t i = 0; i < tensor->n; i++) {
            const double g = (double)grads[tensor->offset + i];

            scale = fabs(g) > scale ? fabs(g) : scale;
            tensor_squares += g * g;
        }
        cr_expect_float_eq(net_squares(n)[tensor->position], tensor_squares, 1e-9 * tensor_squares);
        total += tensor_squares;
        for (int64_t i = 0; i < tensor->n; i++) {
            float *w = net_weights(n, tensor) + i;
            const float kept = *w, h = 1.0f / 128;
            double up, down;

            *w = kept + h;
            up = loss_of(n);
            *w = kept - h;
            down = loss_of(n);
            *w = kept;
            cr_expect_float_eq((up - down) / (2.0 * (double)h), (double)grads[tensor->offset + i],
                               2e-3 * scale + 1e-5, "%s %s.%s[%d]: %g, differences %g", model,
                               net_entry_name(n, tensor->entry), tensor->name, (int)i,
                               (double)grads[tensor->offset + i], (up - down) / (2.0 * (double)h));
        }
    }
    cr_expect_float_eq(squares, total, 1e-9 * total);
    batches_release(&batches);
    fixture_release(&f);
}

Test(net_gradients, gradients_of_a_chain)
{
    check_gradients("{dense: {units: 5, activation: tanh}}, {dense: {units: 2, activation: sigmoid}}",
                    fell_vec(3), 2);
}

Test(net_gradients, gradients_of_a_residual_block)
{
    check_gradients("{dense: {units: 4, name: a}}, {dense: {units: 4, activation: tanh, name: b}}, "
                    "{add: {from: [a, b]}}, {dense: {units: 2}}",
                    fell_vec(3), 2);
}

Test(net_gradients, gradients_of_concat_and_of_three_consumers)
{
    check_gradients(
        "{dense: {units: 4, name: a, activation: tanh}}, {dense: {units: 3, name: b, from: a}}, "
        "{dense: {units: 2, name: c, from: [a], activation: sigmoid}}, {concat: {from: [c, a, b]}}, "
        "{dense: {units: 2}}",
        fell_vec(3), 2);
}

Test(net_gradients, gradients_of_an_entry_used_twice)
{
    check_gradients("{dense: {units: 4, name: a}}, {add: {from: [a, a]}}, tanh, {add: {from: [tanh1, a]}}, "
                    "{dense: {units: 1}}",
                    fell_vec(3), 1);
}

Test(net_gradients, gradients_of_activations_that_share_an_input)
{
    check_gradients(
        "{dense: {units: 4, name: a}}, {tanh: {from: a, name: t}}, {sigmoid: {from: a, name: s}}, "
        "{concat: {from: [t, s]}}, {dense: {units: 1}}",
        fell_vec(3), 1);
}

Test(net_gradients, gradients_with_the_input_used_twice)
{
    check_gradients(
        "{dense: {units: 3, name: a}}, {tanh: {from: input, name: t}}, {add: {from: [a, t, input]}}, "
        "{dense: {units: 1}}",
        fell_vec(3), 1);
}

Test(net_gradients, gradients_of_a_sequence)
{
    check_gradients("{dense: {units: 3, activation: tanh}}, {dense: {units: 2}}", fell_mat(4, 2), 8);
}
