/* test_transforms.c - flip, shift and jitter: what they do to a row, how often, and that they
 * do nothing in evaluation.
 */
#include "plugin_help.h"

enum { ROWS = 2000 };

/* Rows of shape S through a transform. X [rows,size], Y likewise. */
static void apply(const char *name, const char *settings, const fell_shape *s, int64_t rows, bool training,
                  uint64_t step, const float *x, float *y)
{
    const float *inputs[1] = {x};
    float *no_dx[1] = {NULL};
    struct plugin p;
    fell_plan plan;
    fell_layer_call c;

    plugin_open(&p, ROLE_TRANSFORM, name, settings, SIMD_PORTABLE);
    plan = (fell_plan){.ctx = &p.in.ctx, .settings = p.settings, .nin = 1, .max_batch = rows, .in = s};
    plugin_ok(&p, p.item->layer->plan(&plan));
    cr_assert(!memcmp(&plan.out, s, sizeof *s));
    p.in.stream = rng_stream(3, RNG_AUGMENT, 0, step);
    c = (fell_layer_call){.ctx = &p.in.ctx,
                          .settings = p.settings,
                          .plan = &plan,
                          .batch = rows,
                          .training = training,
                          .x = inputs,
                          .y = y,
                          .dx = no_dx};
    plugin_ok(&p, p.item->layer->forward(&c));
    cr_assert_eq(p.in.stream.position != 0, training, "%s draws numbers in evaluation, or none in training",
                 name);
    plugin_close(&p);
}

/* ROWS rows of 2 x 3 x 4 pixels, pixel j of row i is 100 i + j. */
static const fell_shape image = {3, {2, 3, 4}};

static float *numbered(void)
{
    float *x = floats_of(ROWS * 24, 0.0f);

    for (int64_t i = 0; i < ROWS * 24; i++)
        x[i] = (float)(i / 24 * 100 + i % 24);
    return x;
}

/* Whether row Y is row X with pixel (r,c) taken from (from_r,from_c), 0 outside. */
static bool row_is(const float *x, const float *y, bool across, bool over, int down, int right)
{
    for (int k = 0; k < 2; k++)
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++) {
                const int fr = over ? 2 - r : r - down, fc = across ? 3 - c : c - right;
                const bool inside = fr >= 0 && fr < 3 && fc >= 0 && fc < 4;

                if (y[k * 12 + r * 4 + c] != (inside ? x[k * 12 + fr * 4 + fc] : 0.0f))
                    return false;
            }
    return true;
}

Test(transforms, flip)
{
    static const struct {
        const char *settings;
        double across, over;
    } cases[] = {{"", 0.5, 0},
                 {"{horizontal: 0, vertical: 1}", 0, 1},
                 {"{horizontal: 0.2, vertical: 0.7}", 0.2, 0.7},
                 {"{horizontal: 1}", 1, 0},
                 {"{horizontal: 0}", 0, 0}};
    float *x = numbered(), *y = floats_of(ROWS * 24, NAN);

    for (size_t i = 0; i < COUNT(cases); i++) {
        int across = 0, over = 0;

        apply("flip", cases[i].settings, &image, ROWS, true, 1, x, y);
        for (int row = 0; row < ROWS; row++) {
            int found = -1;

            for (int k = 0; k < 4; k++)
                if (row_is(x + row * 24, y + row * 24, k & 1, k & 2, 0, 0))
                    found = k;
            cr_assert_geq(found, 0, "row %d is no mirror image", row);
            across += found & 1;
            over += found >> 1;
        }
        cr_assert_float_eq((double)across / ROWS, cases[i].across, 0.05);
        cr_assert_float_eq((double)over / ROWS, cases[i].over, 0.05);
        if (cases[i].across == 0 || cases[i].across == 1)
            cr_assert_eq(across, cases[i].across * ROWS);
        apply("flip", cases[i].settings, &image, ROWS, false, 1, x, y);
        cr_assert(!memcmp(x, y, ROWS * 24 * sizeof *x));
    }
    free(x), free(y);
}

Test(transforms, shift)
{
    float *x = numbered(), *y = floats_of(ROWS * 24, NAN);
    int seen[3][3] = {{0}};

    for (int64_t i = 0; i < ROWS * 24; i++)
        x[i] += 1.0f; /* 0 is what is left bare */
    apply("shift", "{pixels: 1}", &image, ROWS, true, 1, x, y);
    for (int row = 0; row < ROWS; row++) {
        bool found = false;

        for (int down = -1; down <= 1; down++)
            for (int right = -1; right <= 1; right++)
                if (row_is(x + row * 24, y + row * 24, false, false, down, right)) {
                    seen[down + 1][right + 1]++;
                    found = true;
                }
        cr_assert(found, "row %d is moved otherwise", row);
    }
    for (int i = 0; i < 9; i++)
        cr_assert(seen[i / 3][i % 3] > ROWS / 9 / 2 && seen[i / 3][i % 3] < ROWS / 9 * 2, "%d times",
                  seen[i / 3][i % 3]);
    apply("shift", "{pixels: 1}", &image, ROWS, false, 1, x, y);
    cr_assert(!memcmp(x, y, ROWS * 24 * sizeof *x));
    apply("shift", "{pixels: 0}", &image, ROWS, true, 1, x, y);
    cr_assert(!memcmp(x, y, ROWS * 24 * sizeof *x));
    /* Farther than the image is large: nothing but the fill, mostly. */
    apply("shift", "{pixels: 60000, fill: -7}", &image, ROWS, true, 1, x, y);
    for (int64_t i = 0, bare = 0; i < ROWS * 24; i++) {
        bare += y[i] == -7.0f;
        cr_assert(i < ROWS * 24 - 1 || bare > ROWS * 24 - 200);
    }
    free(x), free(y);
}

Test(transforms, jitter)
{
    const fell_shape vector = {1, {24}};
    float *x = numbered(), *y = floats_of(ROWS * 24, NAN), *z = floats_of(ROWS * 24, NAN);
    double sum = 0.0, squares = 0.0;

    apply("jitter", "{stddev: 0.25}", &vector, ROWS, true, 1, x, y);
    for (int64_t i = 0; i < 24 * 10; i++) { /* where x is small, y - x is exact enough */
        sum += (double)y[i] - (double)x[i];
        squares += pow((double)y[i] - (double)x[i], 2);
    }
    cr_assert_float_eq(sum / 240, 0.0, 0.07);
    cr_assert_float_eq(sqrt(squares / 240), 0.25, 0.05);
    apply("jitter", "{stddev: 0.25}", &vector, ROWS, true, 1, x, z);
    cr_assert(!memcmp(y, z, ROWS * 24 * sizeof *y), "the same step draws other numbers");
    apply("jitter", "{stddev: 0.25}", &vector, ROWS, true, 2, x, z);
    cr_assert(memcmp(y, z, 240 * sizeof *y) != 0, "the step has no say");
    apply("jitter", "{stddev: 0.25}", &vector, ROWS, false, 1, x, y);
    cr_assert(!memcmp(x, y, ROWS * 24 * sizeof *x));
    free(x), free(y), free(z);
}

Test(transforms, rows_that_are_no_images)
{
    static const char *const names[] = {"flip", "shift"};
    const fell_shape vector = {1, {24}};

    for (size_t i = 0; i < COUNT(names); i++) {
        struct plugin p;
        fell_plan plan;

        plugin_open(&p, ROLE_TRANSFORM, names[i], "", SIMD_PORTABLE);
        plan = (fell_plan){.ctx = &p.in.ctx, .settings = p.settings, .nin = 1, .max_batch = 4, .in = &vector};
        plugin_fails(&p, p.item->layer->plan(&plan), "rows must be images, [C,H,W] or [H,W]");
        plugin_close(&p);
    }
}
