/* data_windows.c - rows that overlap, as the windows of a text do: the series that they are windows of is
 * kept once. See data_parts.h.
 *
 * A dataset says so (fell_data_info.step) and gives rows like any other; which of them cover the series is
 * found here. What reads rows asks rows_at() where they begin.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/data_parts.h"

bool dataset_has_windows(const struct dataset *d, const struct spec *spec)
{
    const struct spec_data *s = &spec->data;

    return d->info.step > 0 && d->info.step < d->x_size && !d->x_from && s->ntransforms == 0 &&
           s->target == SPEC_TARGET_DATASET && s->scale_target == SPEC_SCALE_NONE && !(s->label_noise > 0);
}

/* Row ROW of D, which is row I of SOME, to its place in the series. */
static void place_row(const struct dataset *d, const struct rows *some, int64_t i, int64_t row,
                      struct rows *out)
{
    const int64_t at = row * d->info.step, size = d->x_size;

    memcpy(out->x + at, some->x + i * size, (size_t)size * sizeof *out->x);
    if (out->label)
        memcpy(out->label + at, some->label + i * size, (size_t)size * sizeof *out->label);
    else
        memcpy(out->target + at, some->target + i * size, (size_t)size * sizeof *out->target);
}

/* Rows that lie side by side or overlap by less than a step cover the series; the last row ends it. */
static status read_covering(struct dataset *d, struct rows *out, struct problem *p)
{
    const int64_t apart = d->x_size / d->info.step, last = d->info.rows - 1;
    const int64_t covering = last / apart + 1 + (last % apart != 0);
    int64_t row[DATA_CHUNK];
    status result = OK;

    for (int64_t done = 0; done < covering && result == OK; done += DATA_CHUNK) {
        const int64_t n = covering - done < DATA_CHUNK ? covering - done : DATA_CHUNK;
        struct rows some = {0};

        for (int64_t i = 0; i < n; i++)
            row[i] = (done + i) * apart < last ? (done + i) * apart : last;
        result = dataset_read(d, row, n, true, &some, p);
        for (int64_t i = 0; i < n && result == OK; i++)
            place_row(d, &some, i, row[i], out);
        rows_free(&some);
    }
    return result;
}

status dataset_read_series(struct dataset *d, int64_t n, struct rows *out, struct problem *p)
{
    const bool classes = d->info.is == FELL_CLASSES;

    out->n = n;
    out->step = d->info.step;
    if (__builtin_mul_overflow(d->info.rows - 1, out->step, &out->series) ||
        __builtin_add_overflow(out->series, d->x_size, &out->series))
        out->series = INT64_MAX;
    out->x = mem_try_aligned((size_t)out->series, sizeof *out->x);
    if (classes)
        out->label = mem_try_aligned((size_t)out->series, sizeof *out->label);
    else
        out->target = mem_try_aligned((size_t)out->series, sizeof *out->target);
    if (!out->x || !(classes ? (void *)out->label : (void *)out->target))
        return problem_no_memory(p, d->section, 0, d->in.name, "a series of %lld numbers",
                                 (long long)out->series);
    return read_covering(d, out, p);
}
