/* blobs.c - clouds of points around centres, for lessons. */
#include "draw.h"
#include "fell/plugin.h"
#include "points.h"

struct settings {
    int64_t rows, features, centers, center_seed;
    fell_floats cluster_std, center_box;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 100, 1, 1LL << 31, 0,
             "Number of rows, shared evenly by the centres; at least as many as these."),
    FELL_INT(struct settings, features, 2, 1, 1 << 24, 0, "Number of inputs; at least 1."),
    FELL_INT(struct settings, centers, 3, 1, 1 << 24, 0, "Number of centres, each a class; at least 1."),
    FELL_FLOATS(struct settings, cluster_std, "[1]", 0, INFINITY, FELL_MAX_OPEN,
                "Standard deviation of the points around their centre, for all or one for each; 0 or more."),
    FELL_FLOATS(struct settings, center_box, "[-10, 10]", -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
                "Lowest and highest coordinate that a centre may have."),
    FELL_INT(struct settings, center_seed, 0, 0, INT32_MAX, 0,
             "Which centres are drawn: the same number gives the same ones to source and test set, whatever "
             "the experiment's seed."),
};

/* Row I belongs to centre I mod centers. */
static fell_status open_blobs(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const fell_floats *spread = &s->cluster_std, *box = &s->center_box;
    struct points *p;
    double *place;

    if (s->rows < s->centers)
        return fell_fail(info->ctx, "rows: %lld rows cannot show %lld centres", (long long)s->rows,
                         (long long)s->centers);
    if (info->wanted == FELL_VALUES && s->centers != 2 && !info->no_targets)
        return fell_fail(info->ctx, "centers: %lld, but the loss takes values, which fits 2 alone",
                         (long long)s->centers);
    if (spread->n != 1 && spread->n != s->centers)
        return fell_fail(info->ctx,
                         "cluster_std: %lld numbers for %lld centres; one for all, or one for each",
                         (long long)spread->n, (long long)s->centers);
    if (box->n != 2 || !(box->v[0] <= box->v[1]))
        return fell_fail(info->ctx, "center_box: it must be two numbers, the lower one first");
    p = points_open(info, s->rows, s->features, s->centers);
    place = p ? malloc((size_t)s->features * sizeof *place) : NULL;
    if (!place) {
        if (p)
            points_close(p);
        return p ? fell_fail(info->ctx, "features: there is not enough memory") : FELL_ERROR;
    }
    for (int64_t i = 0; i < s->rows; i++) {
        const int64_t centre = i % s->centers;

        for (int64_t j = 0; j < s->features; j++)
            place[j] =
                box->v[0] + (box->v[1] - box->v[0]) *
                                draw_uniform((uint64_t)s->center_seed, (uint64_t)(centre * s->features + j));
        points_set(p, i, (int32_t)centre, place, spread->v[spread->n > 1 ? centre : 0]);
    }
    free(place);
    return FELL_OK;
}

static const fell_dataset blobs = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "blobs",
        "Clouds of points around centres, one class a centre, drawn from the seed.\n\n"
        "x = centre + cluster_std z, with z normal and the centres uniform in a box. Two clouds also as\n"
        "values 0 and 1, for losses that take values. Called make_blobs in scikit-learn; here the\n"
        "centres come from center_seed alone, so that a test set has the centres of the source.",
        struct settings, params),
    open_blobs, points_read, points_close};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &blobs.item);
