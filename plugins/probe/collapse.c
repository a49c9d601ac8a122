/* collapse.c - neural collapse: how the last hidden entry's outputs gather at their classes' means, and these
 * at the corners of a simplex. */
#include "linear.h"

enum { NC1, NC2_NORMS, NC2_ANGLES, NC2_EQUAL, NC3, NC4 };

static const fell_number numbers[] = {
    [NC1] = {"nc1", "tr(S_W S_B^+) / C: variance within classes over that between them (eq. 5).",
             FELL_PER_NET, 0},
    [NC2_NORMS] = {"nc2_norms", "Standard deviation of the class means' norms over their mean.", FELL_PER_NET,
                   0},
    [NC2_ANGLES] = {"nc2_angles", "Standard deviation of the cosines between class means.", FELL_PER_NET, 0},
    [NC2_EQUAL] = {"nc2_max_angle",
                   "Mean of |cosine + 1 / (C - 1)|: 0 at the largest angles that C directions can have.",
                   FELL_PER_NET, 0},
    [NC3] = {"nc3", "Distance of the last layer's weights from the class means, both of norm 1.",
             FELL_PER_NET, 0},
    [NC4] = {"nc4", "Share of rows whose nearest class mean is not what the net says.", FELL_PER_NET, 0},
};

/* The last layer with weights, and the entry before it. */
static int64_t last_tensor(const fell_probe_plan *p)
{
    for (int64_t t = p->ntensors - 1; t >= 0; t--)
        if (p->tensor[t].role == FELL_WEIGHT && p->tensor[t].shape.rank == 2)
            return t;
    return -1;
}

static fell_status plan(fell_probe_plan *p)
{
    const int64_t t = last_tensor(p);

    if (p->target != FELL_CLASSES || p->steps != 1 || p->cols < 2)
        return fell_fail(p->ctx, "wants one class a row, of two or more");
    if (t < 0 || p->tensor[t].entry < 1 || p->tensor[t].shape.dim[0] != p->cols ||
        p->entry[p->tensor[t].entry - 1].size != p->tensor[t].shape.dim[1])
        return fell_fail(p->ctx,
                         "wants a last layer with one row of weights for each class, and an entry before it");
    return FELL_OK;
}

/* What the look finds. */
struct found {
    int64_t d, classes, rows; /* numbers of a row, classes */
    float *h;                 /* [rows,d] */
    float *z;                 /* [rows,classes] what the net says */
    double *mean;             /* [classes,d] less the mean of all */
    double *all;              /* [d] */
    double *count;            /* [classes] */
};

static fell_status gather(fell_probe_call *c, struct found *f, int64_t entry)
{
    const int64_t last = c->plan->nentries - 1;

    f->h = fell_scratch(c->ctx, f->rows * f->d, sizeof *f->h);
    f->z = fell_scratch(c->ctx, f->rows * f->classes, sizeof *f->z);
    if (!f->h || !f->z)
        return FELL_ERROR;
    for (int64_t at = 0; at < f->rows; at += c->most) {
        const int64_t n = f->rows - at < c->most ? f->rows - at : c->most;

        if (fell_probe_forward(c, at, n) != FELL_OK)
            return FELL_ERROR;
        memcpy(f->h + at * f->d, c->y[entry], (size_t)(n * f->d) * sizeof *f->h);
        memcpy(f->z + at * f->classes, c->y[last], (size_t)(n * f->classes) * sizeof *f->z);
    }
    return FELL_OK;
}

/* Means of the classes, less the mean of these. */
static fell_status find_means(fell_probe_call *c, struct found *f)
{
    f->mean = fell_scratch(c->ctx, f->classes * f->d, sizeof *f->mean);
    f->all = fell_scratch(c->ctx, f->d, sizeof *f->all);
    f->count = fell_scratch(c->ctx, f->classes, sizeof *f->count);
    if (!f->mean || !f->all || !f->count)
        return FELL_ERROR;
    for (int64_t i = 0; i < f->classes * f->d; i++)
        f->mean[i] = 0.0;
    for (int64_t k = 0; k < f->classes; k++)
        f->count[k] = 0.0;
    for (int64_t i = 0; i < f->rows; i++) {
        double *m;

        if (c->label[i] < 0)
            return fell_fail(c->ctx, "row %lld has no class", (long long)i + 1);
        m = f->mean + c->label[i] * f->d;
        f->count[c->label[i]] += 1.0;
        for (int64_t j = 0; j < f->d; j++)
            m[j] += (double)f->h[i * f->d + j];
    }
    for (int64_t j = 0; j < f->d; j++) {
        f->all[j] = 0.0;
        for (int64_t k = 0; k < f->classes; k++) {
            f->mean[k * f->d + j] /= f->count[k];
            f->all[j] += f->mean[k * f->d + j] / (double)f->classes;
        }
        for (int64_t k = 0; k < f->classes; k++)
            f->mean[k * f->d + j] -= f->all[j];
    }
    return FELL_OK;
}

/* tr(S_W S_B^+) / C by products of classes alone: with M the means [C,d] and G = M M', S_B = M' M / C and
 * S_B^+ = C M' G^+ G^+ M. */
static fell_status within(fell_probe_call *c, const struct found *f, double *nc1)
{
    const int64_t n = f->classes;
    double *g = fell_scratch(c->ctx, 3 * n * n + 2 * n, sizeof *g), sum = 0.0;
    double *z, *w, *d, *r, largest = 0.0;

    if (!g)
        return FELL_ERROR;
    z = g + n * n;
    w = z + n * n;
    d = w + n * n;
    r = d + n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            g[i * n + j] = linear_dot(f->mean + i * f->d, f->mean + j * f->d, f->d);
            w[i * n + j] = 0.0;
        }
    for (int64_t i = 0; i < f->rows; i++) {
        const double *m = f->mean + c->label[i] * f->d;

        for (int64_t k = 0; k < n; k++) {
            r[k] = 0.0;
            for (int64_t j = 0; j < f->d; j++)
                r[k] += ((double)f->h[i * f->d + j] - f->all[j] - m[j]) * f->mean[k * f->d + j];
        }
        for (int64_t k = 0; k < n * n; k++)
            w[k] += r[k / n] * r[k % n] / (double)f->rows;
    }
    linear_jacobi(g, n, d, z);
    for (int64_t k = 0; k < n; k++)
        largest = d[k] > largest ? d[k] : largest;
    for (int64_t k = 0; k < n; k++) { /* z' W z over the squares of the eigenvalues that are there */
        double part = 0.0;

        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                part += z[i * n + k] * w[i * n + j] * z[j * n + k];
        sum += d[k] > 1e-9 * largest ? part / (d[k] * d[k]) : 0.0;
    }
    *nc1 = sum; /* times C of S_B^+, over C */
    return FELL_OK;
}

static void spread(const double *x, int64_t n, double *mean, double *sd)
{
    *mean = *sd = 0.0;
    for (int64_t i = 0; i < n; i++)
        *mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        *sd += (x[i] - *mean) * (x[i] - *mean) / (double)n;
    *sd = sqrt(*sd);
}

static fell_status record_simplex(fell_probe_call *c, const struct found *f)
{
    const int64_t n = f->classes, pairs = n * (n - 1) / 2;
    double *norm = fell_scratch(c->ctx, n, sizeof *norm),
           *cosine = fell_scratch(c->ctx, pairs, sizeof *cosine);
    double mean, sd, angles, off = 0.0;
    int64_t at = 0;

    if (!norm || !cosine)
        return FELL_ERROR;
    for (int64_t k = 0; k < n; k++)
        norm[k] = sqrt(linear_dot(f->mean + k * f->d, f->mean + k * f->d, f->d));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            cosine[at++] = linear_dot(f->mean + i * f->d, f->mean + j * f->d, f->d) / (norm[i] * norm[j]);
    for (int64_t i = 0; i < pairs; i++)
        off += fabs(cosine[i] + 1.0 / (double)(n - 1)) / (double)pairs;
    spread(norm, n, &mean, &sd);
    if (fell_record(c, NC2_NORMS, 0, 0, sd / mean) != FELL_OK)
        return FELL_ERROR;
    spread(cosine, pairs, &mean, &angles);
    return fell_record(c, NC2_ANGLES, 0, 0, angles) || fell_record(c, NC2_EQUAL, 0, 0, off) ? FELL_ERROR
                                                                                            : FELL_OK;
}

static double self_duality(const struct found *f, const float *w)
{
    const double a = sqrt(linear_dot32(w, w, f->classes * f->d));
    const double b = sqrt(linear_dot(f->mean, f->mean, f->classes * f->d));
    double sum = 0.0;

    for (int64_t i = 0; i < f->classes * f->d; i++) {
        const double x = (double)w[i] / a - f->mean[i] / b;

        sum += x * x;
    }
    return sqrt(sum);
}

static double disagreement(const struct found *f)
{
    double differ = 0.0;

    for (int64_t i = 0; i < f->rows; i++) {
        int64_t near = 0, said = 0;
        double least = (double)INFINITY;

        for (int64_t k = 0; k < f->classes; k++) {
            double way = 0.0;

            for (int64_t j = 0; j < f->d; j++) {
                const double x = (double)f->h[i * f->d + j] - f->all[j] - f->mean[k * f->d + j];

                way += x * x;
            }
            near = way < least ? k : near;
            least = way < least ? way : least;
            said = f->z[i * f->classes + k] > f->z[i * f->classes + said] ? k : said;
        }
        differ += near != said;
    }
    return differ / (double)f->rows;
}

static fell_status look(fell_probe_call *c)
{
    const fell_tensor_view *t = &c->plan->tensor[last_tensor(c->plan)];
    struct found f = {.d = t->shape.dim[1], .classes = c->plan->cols, .rows = c->plan->rows};
    double nc1;

    if (gather(c, &f, t->entry - 1) != FELL_OK || find_means(c, &f) != FELL_OK)
        return FELL_ERROR;
    for (int64_t k = 0; k < f.classes; k++)
        if (!(f.count[k] > 0.0)) {
            fell_warn(c->ctx, "no row of the %lld that it looks at is of class %lld: more rows",
                      (long long)f.rows, (long long)k);
            return FELL_OK;
        }
    return within(c, &f, &nc1) || fell_record(c, NC1, 0, 0, nc1) || record_simplex(c, &f) ||
                   fell_record(c, NC3, 0, 0, self_duality(&f, c->w + t->at)) ||
                   fell_record(c, NC4, 0, 0, disagreement(&f))
               ? FELL_ERROR
               : FELL_OK;
}

static const fell_probe collapse = {
    FELL_ITEM0(
        FELL_KIND_PROBE, fell_probe, "collapse",
        "Neural collapse, NC1 to NC4, of the entry before the last layer.\n\n"
        "V. Papyan, X. Han and D. Donoho, \"Prevalence of neural collapse during the terminal phase of deep\n"
        "learning training\", PNAS 2020. S_W is the covariance of the outputs around their class means, S_B\n"
        "that of the class means around theirs. All six fall towards 0 when training goes on after every "
        "row\n"
        "is right."),
    FELL_PROBE_TABLES(numbers, NULL, 0), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &collapse.item);
