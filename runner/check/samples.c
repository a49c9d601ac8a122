/* samples.c - see samples.h. */
#include "check/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { ROWS = 24, INPUTS = 3, CLASSES = 3 };

/* A number of row I and column J with two digits behind the point, the same in every file. */
static double number(int i, int j)
{
    return (double)((i * 37 + j * 53 + i * j * 11) % 199) / 100.0 - 0.75;
}

static void write_table(FILE *f)
{
    fprintf(f, "x1,x2,x3,y\n");
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "%.2f,%.2f,%.2f,%d\n", number(i, 0), number(i, 1), number(i, 2), i % CLASSES);
}

static void write_columns(FILE *f, const char *gap)
{
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "%.2f%s%.2f%s%.2f%s%d\n", number(i, 0), gap, number(i, 1), gap, number(i, 2), gap,
                i % CLASSES);
}

static void write_commas(FILE *f)
{
    write_columns(f, ",");
}

static void write_blanks(FILE *f)
{
    write_columns(f, " ");
}

static void write_label_first(FILE *f)
{
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "%d,%.2f,%.2f,%.2f\n", i % CLASSES, number(i, 0), number(i, 1), number(i, 2));
}

static void write_lines(FILE *f)
{
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "{\"x\": [%.2f, %.2f, %.2f], \"y\": %d}\n", number(i, 0), number(i, 1), number(i, 2),
                i % CLASSES);
}

static void write_floats(FILE *f)
{
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j <= INPUTS; j++) {
            const float x = j < INPUTS ? (float)number(i, j) : (float)(i % CLASSES);

            fwrite(&x, sizeof x, 1, f);
        }
}

static const struct sample {
    const char *name;
    void (*write)(FILE *f);
} samples[] = {
    {"table.csv", write_table},        {"numbers.csv", write_commas}, {"numbers.txt", write_blanks},
    {"labels.csv", write_label_first}, {"rows.jsonl", write_lines},   {"numbers.f32", write_floats},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

const char *known_value(const struct known *k, const char *name)
{
    const size_t n = strlen(name);

    for (size_t i = 0; k && i < k->ngiven; i++)
        if (strncmp(k->given[i], name, n) == 0 && k->given[i][n] == '=')
            return k->given[i] + n + 1;
    return NULL;
}

bool sample_is_path(const fell_param *p)
{
    return p->type == FELL_P_STRING &&
           (p->flags & FELL_PATH || strstr(p->name, "path") || strstr(p->name, "file"));
}

static status write_sample(const struct sample *sample, const char *folder, struct error *err)
{
    char *path = path_join(folder, sample->name);
    FILE *f = fopen(path, "w");
    bool good = f != NULL;

    if (f)
        sample->write(f);
    if (f && fclose(f) != 0)
        good = false;
    if (!good)
        error_set(err, "%s: cannot be written", path);
    free(path);
    return good ? OK : FAILED;
}

status samples_write(struct known *k, struct error *err)
{
    if (scratch_begin(&k->files, err) != OK)
        return FAILED;
    for (size_t i = 0; i < SAMPLES; i++)
        if (write_sample(&samples[i], k->files.folder, err) != OK)
            return FAILED;
    return OK;
}

void samples_remove(struct known *k)
{
    scratch_end(&k->files);
}

bool sample_add(struct strbuf *b, const fell_param *p, const struct known *k, int guess)
{
    static const char *const names[SAMPLES] = {"y", "target", "label", "x1", "x3", "x"};

    if (p->type == FELL_P_STRINGS)
        strbuf_addf(b, "[%s]", names[guess % SAMPLES]);
    else if (p->type == FELL_P_STRING && !sample_is_path(p))
        strbuf_addf(b, "%s", names[guess % SAMPLES]);
    else if (sample_is_path(p) && k && k->files.folder)
        strbuf_addf(b, "%s/%s", k->files.folder, samples[guess % SAMPLES].name);
    else
        return false;
    return true;
}
