/* test_data_points.c - the generators moons, circles, blobs, sine, copy, adding, parity and teacher: the
 * points without noise, the statistics of the noise, and who draws it.
 */
#include "data_help.h"

/* Rows of the generator, read backwards, are these points and classes; the points as
 * scikit-learn 1.9 makes them without shuffling, taken from one and the other class in turn. */
static void assert_points(const char *name, const char *settings, const double want[7][2])
{
    static const int32_t label[7] = {0, 1, 0, 1, 0, 1, 1};
    struct opened o;

    data_open(&o, name, settings, FELL_CLASSES);
    cr_assert_eq(o.info.rows, 7);
    cr_assert_eq(o.info.nclasses, 2);
    cr_assert_eq(o.info.x.dim[0], 2);
    for (int i = 0; i < 7; i++) {
        const int row = 6 - i;

        cr_assert_eq(o.label[i], label[row]);
        cr_assert_float_eq(o.x[2 * i], want[row][0], 1e-6, "%s row %d: %g", name, row, (double)o.x[2 * i]);
        cr_assert_float_eq(o.x[2 * i + 1], want[row][1], 1e-6, "%s row %d", name, row);
    }
    data_close(&o);
    data_open(&o, name, settings, FELL_VALUES);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(o.target[i], (float)label[6 - i]);
    data_close(&o);
}

Test(points, moons_and_circles)
{
    static const double moons[7][2] = {{1, 0},  {0, 0.5},          {0, 1},  {0.5, -0.3660254},
                                       {-1, 0}, {1.5, -0.3660254}, {2, 0.5}};
    static const double circles[7][2] = {{1, 0},    {0.5, 0}, {-0.5, 0.8660254}, {0, 0.5}, {-0.5, -0.8660254},
                                         {-0.5, 0}, {0, -0.5}};

    assert_points("moons", "{rows: 7}", moons);
    assert_points("circles", "{rows: 7, factor: 0.5}", circles);
}

/* Deviation and mean of the noise: the difference of the same rows with and without. */
static void assert_noise(const char *name, double stddev)
{
    char *noisy = mem_format("{rows: 4000, noise: %g}", stddev);
    double sum = 0.0, squares = 0.0;
    struct opened a, b;
    int64_t n;

    data_open(&a, name, "{rows: 4000}", FELL_VALUES);
    data_open(&b, name, noisy, FELL_VALUES);
    n = 4000 * (strcmp(name, "sine") ? 2 : 1);
    for (int64_t i = 0; i < n; i++) {
        const double d =
            n == 4000 ? (double)b.target[i] - (double)a.target[i] : (double)b.x[i] - (double)a.x[i];

        sum += d;
        squares += d * d;
    }
    cr_assert_float_eq(sum / (double)n, 0.0, 4 * stddev / sqrt((double)n), "%s: mean %g", name,
                       sum / (double)n);
    cr_assert_float_eq(sqrt(squares / (double)n), stddev, 0.05 * stddev, "%s", name);
    data_close(&a);
    data_close(&b);
    free(noisy);
}

Test(points, noise)
{
    assert_noise("moons", 0.1);
    assert_noise("circles", 0.05);
    assert_noise("sine", 0.3);
}

Test(points, sine)
{
    struct opened o;
    double sum = 0.0;

    data_open(&o, "sine", "{rows: 2000, periods: 3}", FELL_VALUES);
    for (int i = 0; i < 2000; i++) {
        cr_assert(o.x[i] >= -1.0f && o.x[i] < 1.0f);
        cr_assert_float_eq(o.target[i], sin(3 * M_PI * (double)o.x[i]), 1e-5);
        sum += (double)o.x[i];
    }
    cr_assert_float_eq(sum / 2000, 0.0, 0.05);
    data_close(&o);
}

/* The centre of class K and the deviation around it, from a set that was read backwards. */
static void cloud(const struct opened *o, int32_t k, int64_t features, double *centre, double *deviation)
{
    int64_t n = 0;
    double squares = 0.0;

    memset(centre, 0, (size_t)features * sizeof *centre);
    for (int64_t i = 0; i < o->info.rows; i++)
        for (int64_t j = 0; o->label[i] == k && j < features; j++, n++)
            centre[j] += (double)o->x[i * features + j];
    for (int64_t j = 0; j < features; j++)
        centre[j] /= (double)(n / features);
    for (int64_t i = 0; i < o->info.rows; i++)
        for (int64_t j = 0; o->label[i] == k && j < features; j++)
            squares += pow((double)o->x[i * features + j] - centre[j], 2);
    *deviation = sqrt(squares / (double)n);
}

Test(points, blobs)
{
    double centre[4][3], deviation;
    struct opened o, other;

    data_open(&o, "blobs",
              "{rows: 4001, features: 3, centers: 4, cluster_std: [0.5, 1, 2, 0], center_box: [-3, 5]}",
              FELL_CLASSES);
    cr_assert_eq(o.info.nclasses, 4);
    cr_assert_eq(o.info.x.dim[0], 3);
    cr_assert_eq(o.label[0], 0, "row 4000");
    cr_assert_eq(o.label[4000 - 7], 3);
    for (int k = 0; k < 4; k++) {
        static const double wanted[4] = {0.5, 1, 2, 0};

        cloud(&o, k, 3, centre[k], &deviation);
        cr_assert_float_eq(deviation, wanted[k], 0.05 * wanted[k] + 1e-6, "class %d: %g", k, deviation);
        for (int j = 0; j < 3; j++)
            cr_assert(centre[k][j] > -3.3 && centre[k][j] < 5.3);
        for (int i = 0; i < k; i++)
            cr_assert(fabs(centre[k][0] - centre[i][0]) > 0.01);
    }

    /* Another set, as a test set is: other points around the same centres. */
    cr_assert_eq(data_try(&other, "blobs", "{features: 3, centers: 4, cluster_std: 0, center_box: [-3, 5]}",
                          FELL_CLASSES),
                 FELL_OK);
    {
        const int64_t row[4] = {0, 1, 2, 3};
        float x[12];
        int32_t label[4];
        fell_read_call c = {.ctx = &other.p.in.ctx,
                            .settings = other.p.settings,
                            .self = other.info.self,
                            .n = 4,
                            .row = row,
                            .x = x,
                            .label = label};

        plugin_ok(&other.p, other.p.item->dataset->read(&c));
        for (int i = 0; i < 12; i++)
            cr_assert_float_eq(x[i], centre[i / 3][i % 3], 0.3);
    }
    data_close(&other);
    data_close(&o);
    data_open(&o, "blobs", "{rows: 4, centers: 4, cluster_std: 0, center_seed: 1}", FELL_CLASSES);
    data_open(&other, "blobs", "{rows: 4, centers: 4, cluster_std: 0, center_seed: 2}", FELL_CLASSES);
    cr_assert_neq(memcmp(o.x, other.x, 8 * sizeof *o.x), 0, "center_seed has no say");
    data_close(&other);
    data_close(&o);
}

Test(points, refusals)
{
    assert_refused("blobs", "{rows: 2}", FELL_CLASSES, "rows: 2 rows cannot show 3 centres");
    assert_refused("blobs", "{rows: 9}", FELL_VALUES,
                   "centers: 3, but the loss takes values, which fits 2 alone");
    assert_refused("blobs", "{cluster_std: [1, 2]}", FELL_CLASSES,
                   "cluster_std: 2 numbers for 3 centres; one for all, or one for each");
    assert_refused("blobs", "{center_box: [1]}", FELL_CLASSES,
                   "center_box: it must be two numbers, the lower one first");
    assert_refused("blobs", "{center_box: [5, -5]}", FELL_CLASSES,
                   "center_box: it must be two numbers, the lower one first");
    assert_refused("modular", "{modulus: 9, operation: divide}", FELL_CLASSES,
                   "modulus: 9 is no prime, so not every number can be divided by; choose a prime, as 97");
    assert_refused("parity", "{bits: 2}", FELL_CLASSES, "relevant: 3 of 2 bits cannot count");
    assert_refused("parity", "{rows: 0, bits: 25}", FELL_CLASSES,
                   "rows: all rows of 25 bits are too many; say how many are drawn, as 1000");
    assert_refused("copy", "{}", FELL_VALUES,
                   "its targets are classes, a symbol a step; the loss takes values");
    assert_refused("adding", "{}", FELL_CLASSES, "its targets are values; the loss takes classes");
}

/* What is said at the end of a row is what stood at its beginning; between are blanks and one sign. */
Test(points, copy)
{
    bool seen[3] = {false};
    struct opened o;

    data_open(&o, "copy", "{rows: 40, symbols: 3, length: 4, delay: 5}", FELL_CLASSES);
    cr_assert_eq(o.info.x.dim[0], 13);
    cr_assert_eq(o.info.target.dim[0], 13);
    cr_assert_eq(o.info.nclasses, 4);
    for (int64_t i = 0; i < 40; i++) {
        const float *x = o.x + 13 * i;
        const int32_t *label = o.label + 13 * i;

        for (int t = 0; t < 13; t++) {
            if (t < 4) {
                cr_assert(x[t] >= 0.0f && x[t] < 3.0f && x[t] == floorf(x[t]), "%g", (double)x[t]);
                seen[(int)x[t]] = true;
            } else {
                cr_assert_eq(x[t], t == 8 ? 4.0f : 3.0f);
            }
            cr_assert_eq(label[t], t < 9 ? 3 : (int32_t)x[t - 9]);
        }
    }
    cr_assert(seen[0] && seen[1] && seen[2]);
    data_close(&o);
}

/* One mark in each half, and the sum of the numbers there. */
Test(points, adding)
{
    struct opened o;

    data_open(&o, "adding", "{rows: 200, length: 7}", FELL_VALUES);
    for (int64_t i = 0; i < 200; i++) {
        const float *x = o.x + 14 * i;
        float sum = 0.0f, marks[2] = {0};

        for (int t = 0; t < 7; t++) {
            cr_assert(x[2 * t] >= 0.0f && x[2 * t] < 1.0f);
            marks[t >= 3] += x[2 * t + 1];
            sum += x[2 * t + 1] * x[2 * t];
        }
        cr_assert(marks[0] == 1.0f && marks[1] == 1.0f);
        cr_assert_eq(o.target[i], sum);
    }
    data_close(&o);
}

/* Drawn bits: the parity of the first two, and both halves of the classes. */
Test(points, parity)
{
    int64_t odd = 0;
    struct opened o;

    data_open(&o, "parity", "{rows: 2000, bits: 6, relevant: 2}", FELL_CLASSES);
    for (int64_t i = 0; i < 2000; i++) {
        cr_assert_eq(o.label[i], o.x[6 * i] * o.x[6 * i + 1] < 0.0f);
        odd += o.label[i];
    }
    cr_assert(odd > 900 && odd < 1100, "%lld", (long long)odd);
    data_close(&o);
}

/* A linear teacher of one input answers in proportion to it; another seed is another teacher. */
Test(points, teacher)
{
    struct opened a, b, c;

    data_open(&a, "teacher", "{rows: 2000, features: 1, units: 3, function: linear}", FELL_VALUES);
    for (int64_t i = 1; i < 2000; i++)
        cr_assert_float_eq(a.target[i] * a.x[0], a.target[0] * a.x[i], 1e-5);
    data_open(&b, "teacher", "{rows: 2000, features: 1, units: 3, function: linear, teacher_seed: 1}",
              FELL_VALUES);
    cr_assert_float_neq(b.target[0] / b.x[0], a.target[0] / a.x[0], 1e-3);
    data_open(&c, "teacher", "{rows: 2000, features: 1, units: 3, function: linear}", FELL_CLASSES);
    for (int64_t i = 0; i < 2000; i++)
        cr_assert_eq(c.label[i], a.target[i] > 0.0f);
    data_close(&a);
    data_close(&b);
    data_close(&c);
}
