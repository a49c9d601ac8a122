/* test_plugins.c - activations, losses and layers against PyTorch's results (tests/reference), at
 * every SIMD level: every case of the files, and every plugin that they must have.
 */
#include "plugin_help.h"

#define TOLERANCE 1e-5

Test(plugins, activations)
{
    static const char *const names[] = {
        "identity",    "relu",         "relu6",       "leaky_relu", "elu",         "celu",
        "selu",        "gelu",         "silu",        "mish",       "softplus",    "softsign",
        "sigmoid",     "hard_sigmoid", "hard_swish",  "hard_tanh",  "tanh",        "tanh_shrink",
        "soft_shrink", "hard_shrink",  "log_sigmoid", "softmax",    "log_softmax", NULL};

    check_cases("activations.json", 28, names, TOLERANCE);
}

Test(plugins, losses)
{
    static const char *const names[] = {
        "mse",           "mae",           "huber",         "smooth_l1",       "log_cosh",
        "cross_entropy", "nll",           "bce",           "bce_with_logits", "focal",
        "hinge",         "squared_hinge", "kl_divergence", "poisson_nll",     NULL};

    check_cases("losses.json", 20, names, TOLERANCE);
}

Test(plugins, layers)
{
    static const char *const names[] = {
        "dense",      "conv2d",     "max_pool2d", "avg_pool2d", "global_avg_pool2d",
        "batch_norm", "layer_norm", "prelu",      "rnn",        "gru",
        "lstm",       NULL};

    check_cases("layers.json", 18, names, TOLERANCE);
}

Test(plugins, kinks_ties_and_ends)
{
    check_cases("activation_edges.json", 34, NULL, TOLERANCE);
    check_cases("loss_edges.json", 26, NULL, TOLERANCE);
    check_cases("layer_edges.json", 13, NULL, TOLERANCE);
}
