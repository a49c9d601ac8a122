/* test_frames.c - frames of record/frames.h: written, packed, and read from pieces. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/packed.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

Test(frames, written_and_read)
{
    struct strbuf buf = {0};
    struct frame head;
    struct error err;
    char body[20];
    int ends[2];

    cr_assert(pipe(ends) == 0);
    for (size_t n = 0; n < sizeof body; n++) {
        memset(body, 'a' + (int)n, n);
        cr_assert(frame_write(ends[1], FRAME_EVENT, 1000 + n, body, n, &err) == OK, "%s", err.text);
    }
    for (size_t n = 0; n < sizeof body; n++) {
        memset(body, 'a' + (int)n, n);
        cr_assert(frame_read(ends[0], &head, &buf, &err) == OK, "%s", err.text);
        cr_expect(head.type == FRAME_EVENT && head.run == 1000 + n && head.size == n && buf.len == n);
        cr_expect(memcmp(buf.text, body, n) == 0 && buf.text[n] == 0, "body of %zu bytes", n);
    }
    close(ends[1]);
    strcpy(err.text, "old");
    cr_expect(frame_read(ends[0], &head, &buf, &err) == FAILED);
    cr_expect_str_eq(err.text, "", "the end of the pipe is no error to speak of");
    close(ends[0]);
    strbuf_release(&buf);
}

Test(frames, cut_short)
{
    struct strbuf whole = {0}, buf = {0};
    struct frame head;
    struct error err;

    frame_append(&whole, FRAME_END, 1, "0123456789", 10);
    for (size_t n = 1; n < whole.len; n++) {
        int ends[2];

        cr_assert(pipe(ends) == 0 && write(ends[1], whole.text, n) == (ssize_t)n);
        close(ends[1]);
        cr_expect(frame_read(ends[0], &head, &buf, &err) == FAILED);
        cr_expect_str_eq(err.text, "the pipe ended inside a message");
        close(ends[0]);
    }
    strbuf_release(&whole);
    strbuf_release(&buf);
}

/* A report with arrays that belong to the test. Each number has another value. */
static struct epoch_report make_epoch(int64_t epoch, size_t np, struct tensor_numbers *tensors)
{
    struct epoch_report e = {.epoch = epoch, .npositions = np, .tensors = tensors};

    for (size_t i = 0; i < np; i++)
        for (int k = 0; k < NTENSOR_NUMBERS; k++)
            number_set(&tensor_numbers[k], &tensors[i], (double)epoch * 10 + (double)i + k / 8.0);
    for (int k = 0; k < NEPOCH_NUMBERS; k++)
        number_set(&epoch_numbers[k], &e, (double)epoch + k / 8.0);
    e.loss[SPLIT_TEST] = INFINITY;
    e.grad_norm_max = 1e300;
    return e;
}

static void expect_same_epoch(const struct epoch_report *a, const struct epoch_report *b)
{
    cr_expect(a->epoch == b->epoch && a->partial == b->partial);
    for (int k = 0; k < NEPOCH_NUMBERS; k++)
        cr_expect(number_value(&epoch_numbers[k], a) == number_value(&epoch_numbers[k], b), "%s",
                  epoch_numbers[k].name);
    cr_assert(a->npositions == b->npositions && a->nmetrics == b->nmetrics);
    cr_expect(memcmp(a->tensors, b->tensors, a->npositions * sizeof *a->tensors) == 0);
    for (size_t i = 0; i < a->nmetrics; i++)
        cr_expect(a->metrics[i].value == b->metrics[i].value);
}

Test(frames, epochs_packed)
{
    const struct metric_value metrics[] = {{SPLIT_TRAIN, "accuracy", 0.5}, {SPLIT_TEST, "mae", 2.0 / 3.0}};
    struct metric_value names[] = {{SPLIT_TRAIN, "accuracy", 0}, {SPLIT_TEST, "mae", 0}};

    for (size_t np = 0; np < 6; np++) {
        struct tensor_numbers tensors[6];
        struct epoch_report in = make_epoch(3, np, tensors), out;
        struct strbuf b = {0};
        const struct frame *head;
        const char *body;

        in.metrics = metrics;
        in.nmetrics = np % 3;
        in.partial = np == 4;
        packed_add_epoch(&b, 42, &in);
        head = (const struct frame *)(const void *)b.text;
        body = b.text + sizeof *head;
        cr_expect(head->type == FRAME_EPOCH && head->run == 42 &&
                  b.len == sizeof *head + frame_padded(head->size));
        cr_assert(packed_epoch(body, head->size, names, np % 3, &out));
        expect_same_epoch(&in, &out);

        cr_expect_not(packed_epoch(body, head->size - 8, names, np % 3, &out), "too short");
        cr_expect_not(packed_epoch(body, head->size + 8, names, np % 3, &out), "too long");
        if (np % 3)
            cr_expect_not(packed_epoch(body, head->size, names, 5, &out), "other metrics than announced");
        strbuf_release(&b);
    }
}

Test(frames, lies_about_sizes)
{
    struct epoch_report e = {.epoch = 1}, out;
    struct step_report s = {.step = 1}, step;
    struct strbuf b = {0};
    uint64_t many = (uint64_t)1 << 61; /* times eight it is 0 */

    packed_add_epoch(&b, 1, &e);
    memcpy(b.text + 16 + offsetof(struct epoch_report, npositions), &many, sizeof many);
    cr_expect_not(packed_epoch(b.text + 16, b.len - 16, NULL, 0, &out));
    b.len = 0;
    packed_add_epoch(&b, 1, &e);
    memcpy(b.text + 16 + offsetof(struct epoch_report, nmetrics), &many, sizeof many);
    cr_expect_not(packed_epoch(b.text + 16, b.len - 16, NULL, many, &out));
    cr_expect_not(packed_epoch(b.text + 16, 3, NULL, 0, &out));
    b.len = 0;
    packed_add_step(&b, 1, &s);
    memcpy(b.text + 16 + offsetof(struct step_report, npositions), &many, sizeof many);
    cr_expect_not(packed_step(b.text + 16, b.len - 16, &step));
    cr_expect_not(packed_step(b.text + 16, 3, &step));
    strbuf_release(&b);
}

/* A look of one row, as packed.c lays it out, in which one number is another. */
struct raw_look {
    int64_t epoch;
    uint64_t n, text;
    double value;
    int64_t position;
    uint32_t name, layer;
    char texts[8];
};

/* RAW at the end of what may be read. */
static bool takes_look(const struct raw_look *raw)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct packed_look out;
    bool takes;

    cr_assert(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    memcpy(pages + page - sizeof *raw, raw, sizeof *raw);
    takes = packed_look(pages + page - sizeof *raw, sizeof *raw, &out);
    munmap(pages, 2 * page);
    return takes;
}

Test(frames, lies_of_looks_and_epochs)
{
    const struct raw_look good = {3, 1, 8, 0.5, 0, 2, 4, "p\0n\0l\0\0"};
    struct raw_look raw = good;
    struct epoch_report e = {.epoch = 1}, out;
    struct strbuf b = {0};

    cr_assert(takes_look(&raw));
    raw.epoch = -1;
    cr_expect_not(takes_look(&raw));
    raw = good;
    raw.n = ((uint64_t)1 << 61) + 1; /* times 24 it is 24 */
    cr_expect_not(takes_look(&raw));
    raw = good;
    raw.n = 0;
    raw.text = 8 + 24 + 8; /* too much */
    cr_expect_not(takes_look(&raw));
    raw = good;
    raw.texts[7] = 'x'; /* the last text has no end */
    cr_expect_not(takes_look(&raw));
    raw = good;
    raw.name = 8;
    cr_expect_not(takes_look(&raw));
    raw = good;
    raw.layer = 8;
    cr_expect_not(takes_look(&raw));
    raw = good;
    raw.position = -1;
    cr_expect_not(takes_look(&raw));

    for (int i = 0; i < 2; i++) {
        e = (struct epoch_report){.epoch = i, .samples = -i};
        b.len = 0;
        packed_add_epoch(&b, 1, &e);
        cr_expect_not(packed_epoch(b.text + 16, b.len - 16, NULL, 0, &out));
    }
    strbuf_release(&b);
}

Test(frames, steps_packed)
{
    const double norms[] = {0.1, NAN, 3};
    const struct step_report in = {
        .step = 77, .loss = 0.5, .lr = 0.1, .grad_norm = 9, .npositions = 3, .tensor_grad_norm = norms};
    struct step_report out;
    struct strbuf b = {0};

    packed_add_step(&b, 5, &in);
    cr_assert(packed_step(b.text + sizeof(struct frame), b.len - sizeof(struct frame), &out));
    cr_expect(out.step == 77 && out.loss == 0.5 && out.lr == 0.1 && out.grad_norm == 9 &&
              out.npositions == 3);
    cr_expect(memcmp(out.tensor_grad_norm, norms, sizeof norms) == 0);
    strbuf_release(&b);
}

/* A stream in pieces of every size, down to single bytes. */
Test(frames, read_in_pieces)
{
    static const size_t pieces[] = {1, 3, 8, 16, 17, 100, 4096};
    struct strbuf stream = {0};
    enum { FRAMES = 60 };

    for (size_t i = 0; i < FRAMES; i++) {
        struct tensor_numbers tensors[2];
        char text[64];

        if (i % 2) {
            struct epoch_report e = make_epoch((int64_t)i, 2, tensors);

            packed_add_epoch(&stream, i, &e);
        } else {
            memset(text, 'x', sizeof text);
            frame_append(&stream, FRAME_EVENT, i, text, i);
        }
    }
    for (size_t k = 0; k < COUNT(pieces); k++) {
        struct frame_reader r = {0};
        size_t at = 0, seen = 0;
        int ends[2];

        cr_assert(pipe(ends) == 0);
        for (;;) {
            size_t n = stream.len - at < pieces[k] ? stream.len - at : pieces[k];
            const struct frame *f;
            const char *body;
            bool broken;

            if (n == 0) {
                close(ends[1]);
                cr_expect(frame_reader_fill(&r, ends[0]) == FILL_END);
                break;
            }
            cr_assert(write(ends[1], stream.text + at, n) == (ssize_t)n);
            at += n;
            cr_assert(frame_reader_fill(&r, ends[0]) == FILL_MORE);
            while ((f = frame_reader_next(&r, &body, &broken))) {
                struct epoch_report e;

                cr_expect(f->run == seen && (uintptr_t)body % 8 == 0);
                if (seen % 2) {
                    cr_assert(packed_epoch(body, f->size, NULL, 0, &e));
                    cr_expect(e.epoch == (int64_t)seen &&
                              e.tensors[1].update_norm == (double)seen * 10 + 1 + 3 / 8.0);
                } else {
                    cr_expect(f->size == seen && (seen == 0 || body[seen - 1] == 'x'));
                }
                seen++;
            }
            cr_expect_not(broken);
        }
        cr_expect(seen == FRAMES, "%zu frames in pieces of %zu", seen, pieces[k]);
        frame_reader_release(&r);
        close(ends[0]);
    }
    strbuf_release(&stream);
}

Test(frames, nonsense_is_noticed)
{
    struct frame_reader r = {0};
    const char *body;
    bool broken;
    int ends[2];

    cr_assert(pipe(ends) == 0 && write(ends[1], "printf into descriptor 3, at least 16 bytes", 43) == 43);
    cr_assert(frame_reader_fill(&r, ends[0]) == FILL_MORE);
    cr_expect_null(frame_reader_next(&r, &body, &broken));
    cr_expect(broken);
    frame_reader_release(&r);
    /* Nobody makes room for what a frame says of its size. */
    r = (struct frame_reader){0};
    cr_assert(write(ends[1], &(struct frame){.type = FRAME_EPOCH, .size = UINT32_MAX},
                    sizeof(struct frame)) == sizeof(struct frame));
    cr_assert(frame_reader_fill(&r, ends[0]) == FILL_MORE);
    cr_expect_null(frame_reader_next(&r, &body, &broken));
    cr_expect(broken);
    frame_reader_release(&r);
    close(ends[0]);
    close(ends[1]);
}

/* What a plugin could write into its worker's pipe. */
Test(frames, json_that_makes_no_sense)
{
    static const struct {
        enum frame_type type;
        const char *json;
        bool sound;
    } cases[] = {
        {FRAME_METRICS, "[[0, \"accuracy\"], [2, \"x\"]]", true},
        {FRAME_METRICS, "[]", true},
        {FRAME_METRICS, "[[99, \"x\"]]", false},
        {FRAME_METRICS, "[[-1, \"x\"]]", false},
        {FRAME_METRICS, "[[0.5, \"x\"]]", false},
        {FRAME_METRICS, "[[0, 1]]", false},
        {FRAME_METRICS, "[0]", false},
        {FRAME_METRICS, "{}", false},
        {FRAME_METRICS, "", false},
        {FRAME_PARAMETERS, "[{\"position\":0,\"layer\":\"a\",\"plugin\":\"b\",\"name\":\"c\",\"count\":1}]",
         true},
        {FRAME_PARAMETERS, "[{\"position\":-1,\"layer\":\"a\",\"plugin\":\"b\",\"name\":\"c\"}]", false},
        {FRAME_PARAMETERS, "[{\"position\":0,\"plugin\":\"b\",\"name\":\"c\"}]", false},
        {FRAME_PARAMETERS, "[{\"position\":1e300,\"layer\":\"a\",\"plugin\":\"b\",\"name\":\"c\"}]", false},
        {FRAME_SPLITS, "[{\"split\":\"train\",\"rows\":3,\"sha256\":\"ab\"}]", true},
        {FRAME_SPLITS, "[{\"split\":\"train\",\"rows\":-3,\"sha256\":\"ab\"}]", false},
        {FRAME_SPLITS, "[{\"split\":\"train\",\"rows\":3}]", false},
        {FRAME_SPLITS, "{}", false},
        {FRAME_END, "{\"status\":\"finished\",\"epochs_done\":3}", true},
        {FRAME_END, "{\"status\":\"finished\",\"epochs_done\":-3}", false},
        {FRAME_END, "{\"status\":\"famous\"}", false},
        {FRAME_END, "{}", false},
        {FRAME_EVENT, "{\"kind\":\"warning\",\"detail\":null}", true},
        {FRAME_EVENT, "{\"kind\":7}", false},
        {FRAME_CHECKPOINT, "{\"epoch\":1e99,\"path\":\"a\",\"sha256\":\"b\"}", false},
        {FRAME_RESUMED, "{\"epoch\":\"x\"}", false},
        {FRAME_RESUMED, "{\"epoch\":2,\"step\":0.5}", false},
        {FRAME_ASK, "null", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct frame f = {.type = cases[i].type, .size = (uint32_t)strlen(cases[i].json) + 1};

        cr_expect(frame_is_sound(&f, cases[i].json) == cases[i].sound, "%s", cases[i].json);
        f.size--; /* without its NUL */
        cr_expect(!frame_is_sound(&f, cases[i].json), "%s", cases[i].json);
    }
}
