/* frames.c - what a worker sends, as the runner hears it. */
#include <fcntl.h>

#include "fuzz.h"
#include "record/packed.h"
#include "work/process.h"

/* Every number that the runner would index or count with is touched. */
static void take(const struct process *p, const struct frame *f, const char *body)
{
    struct epoch_report e;
    struct step_report s;
    double sum = 0;

    if (f->type == FRAME_EPOCH && packed_epoch(body, f->size, p->metrics, p->nmetrics, &e)) {
        for (size_t i = 0; i < e.npositions; i++)
            sum += e.tensors[i].grad_norm_mean;
        for (size_t i = 0; i < e.nmetrics; i++) {
            if ((unsigned)e.metrics[i].split >= SPLITS)
                abort();
            sum += e.metrics[i].value + (double)strlen(e.metrics[i].name) + e.loss[e.metrics[i].split];
        }
    }
    if (f->type == FRAME_STEP && packed_step(body, f->size, &s))
        for (size_t i = 0; i < s.npositions; i++)
            sum += s.tensor_grad_norm[i];
    (void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct process p = {.frame_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), .job_fd = -1};
    const struct frame *f;
    const char *body;
    bool broken = false;

    p.reader.room = p.reader.end = n;
    p.reader.buf = malloc(n + 1);
    if (n)
        memcpy(p.reader.buf, bytes, n);
    while (!broken && (f = process_next_frame(&p, &body, &broken)))
        take(&p, f, body);
    p.pid = 0;
    frame_reader_release(&p.reader);
    free(p.metrics);
    free(p.metric_names);
    close(p.frame_fd);
    return 0;
}
