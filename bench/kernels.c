/* kernels.c - times a plugin's own callbacks on whole tensors, and the plain loops that
 * bound them. bench/run builds it with the runner's library and calls
 *
 *     kernels copy ROWS COLS
 *     kernels activation NAME SETTINGS ROWS COLS
 *     kernels conv2d SETTINGS BATCH CHANNELS HEIGHT WIDTH DX
 *
 * for a line of JSON each: seconds of a call of the forward and of the backward
 * function, median over many calls. `copy` reads one tensor and writes one (what a forward
 * call moves at least), and reads two and writes one (a backward call). DX is 1 where the
 * gradient of the input is wanted. Plugins are found as in a run, from FELL_PLUGIN_PATH.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "host/instance.h"
#include "host/settings.h"
#include "kernels/kernels.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

enum { SAMPLES = 15, MAX_TENSORS = 2 };
static const double sample_seconds = 0.004;

/* An instance of a plugin; it lives as long as the program. */
struct plugin {
    const struct item *item;
    struct host_env env;
    struct instance in;
    void *settings;
};

static void stop(const char *why)
{
    fprintf(stderr, "kernels: %s\n", why);
    exit(1);
}

static void plugin_find(struct plugin *p, const char *name, const char *settings)
{
    struct diag *d = diag_new();
    struct tree *tree = tree_new();
    static const struct place nowhere;
    enum simd_level level;
    struct node *map = NULL;
    struct error err;

    *p = (struct plugin){0};
    if (simd_choose(getenv("FELL_SIMD"), &level, &err) != OK)
        stop(err.text);
    p->env.kernels = kernels_get(level);
    if (name) {
        p->item = registry_find(registry_new(), ROLE_MODEL_ENTRY, name, &err);
        if (!p->item)
            stop(err.text);
        if (settings[0])
            map = tree_parse_text(tree, name, "", settings, strlen(settings), false, d);
        p->settings = settings_parse(tree_arena(tree), p->item, map, NULL, map ? &map->place : &nowhere, d);
        if (!p->settings) {
            diag_print(d, stderr, false);
            exit(1);
        }
    }
    instance_init(&p->in, p->item, name, &p->env);
    p->in.stream = rng_stream(1, RNG_LAYER, 1, 1);
}

/* ---- the clock ------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A callback and its call struct, of whichever kind. */
typedef fell_status callback(struct instance *in, void *call);

/* Seconds of one call: the median of samples of so many calls that the clock is exact. */
static double seconds_of(struct instance *in, callback *f, void *call)
{
    double samples[SAMPLES];
    long calls = 1;

    for (int i = -1; i < SAMPLES; i++) {
        double start = now(), took;

        for (long k = 0; k < calls; k++) {
            if (f(in, call) != FELL_OK)
                stop(in->error.text);
            instance_reset(in);
        }
        took = now() - start;
        if (i < 0) { /* the first sample is not kept, and tells how many calls there are to one */
            if (took >= sample_seconds)
                continue;
            calls *= took < 0.5 * sample_seconds ? 2 : 1 + (long)(sample_seconds / took);
            i = -2;
            continue;
        }
        samples[i] = took / (double)calls;
    }
    qsort(samples, SAMPLES, sizeof samples[0], by_size);
    return samples[SAMPLES / 2];
}

/* N floats, normal with mean 0 and deviation 1; they live as long as the program. */
static float *floats(int64_t n)
{
    struct rng_stream s = rng_stream(2, RNG_DATA, 0, (uint64_t)n);
    float *x = mem_try_aligned((size_t)n, sizeof *x);

    if (!x)
        stop("out of memory");
    rng_normal(&s, x, n);
    return x;
}

static void print_times(double forward, double backward)
{
    printf("{\"forward\": %.4g, \"backward\": %.4g}\n", forward, backward);
}

/* ---- what bounds them: plain loops over the same tensors ---------------------------------- */

FELL_KERNEL(copy_loop, fell_activation_call)
{
    const int64_t n = c->rows * c->cols;
    const float *x = c->x;
    float *y = c->y;

    FELL_EACH for (int64_t i = 0; i < n; i++) y[i] = x[i];
    __asm__ volatile("" ::: "memory");
    return FELL_OK;
}

FELL_KERNEL(triad_loop, fell_activation_call)
{
    const int64_t n = c->rows * c->cols;
    const float *x = c->x, *dy = c->dy;
    float *dx = c->dx;

    FELL_EACH for (int64_t i = 0; i < n; i++) dx[i] = dy[i] + 3.0f * x[i];
    __asm__ volatile("" ::: "memory");
    return FELL_OK;
}

static fell_status copy(struct instance *in, void *call)
{
    (void)in;
    return copy_loop(call);
}

static fell_status triad(struct instance *in, void *call)
{
    (void)in;
    return triad_loop(call);
}

/* ---- activations ------------------------------------------------------------------------------ */

static fell_status activation_forward(struct instance *in, void *call)
{
    return in->item->activation->forward(call);
}

static fell_status activation_backward(struct instance *in, void *call)
{
    return in->item->activation->backward(call);
}

static void time_elements(struct plugin *p, callback *forward, callback *backward, int64_t rows, int64_t cols)
{
    const int64_t n = rows * cols;
    fell_activation_call c = {&p->in.ctx, p->settings, rows,      cols,
                              floats(n),  floats(n),   floats(n), floats(n)};
    double first = seconds_of(&p->in, forward, &c);

    print_times(first, seconds_of(&p->in, backward, &c));
}

/* ---- layers -------------------------------------------------------------------------------------- */

static fell_status layer_forward(struct instance *in, void *call)
{
    return in->item->layer->forward(call);
}

static fell_status layer_backward(struct instance *in, void *call)
{
    return in->item->layer->backward(call);
}

static void time_layer(struct plugin *p, fell_shape in, int64_t batch, bool want_dx)
{
    const int64_t n = batch * fell_size(&in);
    float *tensor[MAX_TENSORS] = {NULL}, *grad[MAX_TENSORS] = {NULL}, *dx = want_dx ? floats(n) : NULL;
    const float *x = floats(n);
    fell_shape shape[MAX_TENSORS] = {{0}};
    fell_plan plan = {
        .ctx = &p->in.ctx, .settings = p->settings, .nin = 1, .max_batch = batch, .in = &in, .tensor = shape};
    fell_layer_call c = {&p->in.ctx, p->settings, &plan, batch, 1, &x, NULL, NULL, &dx, tensor, grad, NULL};
    double first;

    if (p->item->layer->plan(&plan) != FELL_OK)
        stop(p->in.error.text);
    for (int i = 0; i < MAX_TENSORS; i++) {
        tensor[i] = floats(fell_size(&shape[i]));
        grad[i] = floats(fell_size(&shape[i]));
    }
    c.y = floats(batch * fell_size(&plan.out));
    c.dy = floats(batch * fell_size(&plan.out));
    c.saved = mem_try_aligned((size_t)plan.saved_bytes + 1, 1);
    first = seconds_of(&p->in, layer_forward, &c);
    print_times(first, seconds_of(&p->in, layer_backward, &c));
}

int main(int argc, char **argv)
{
    static struct plugin p;
    int64_t number[8] = {0};

    for (int i = 2; i < argc && i < 8; i++)
        number[i] = strtoll(argv[i], NULL, 10);
    if (argc == 4 && strcmp(argv[1], "copy") == 0) {
        plugin_find(&p, NULL, "");
        time_elements(&p, copy, triad, number[2], number[3]);
    } else if (argc == 6 && strcmp(argv[1], "activation") == 0) {
        plugin_find(&p, argv[2], argv[3]);
        time_elements(&p, activation_forward, activation_backward, number[4], number[5]);
    } else if (argc == 8 && strcmp(argv[1], "conv2d") == 0) {
        plugin_find(&p, "conv2d", argv[2]);
        time_layer(&p, (fell_shape){3, {number[4], number[5], number[6], 0}}, number[3], number[7] != 0);
    } else {
        stop("see the head of kernels.c for how it is called");
    }
    return 0;
}
