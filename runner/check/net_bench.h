/* net_bench.h - a small net of the engine's own with rows in memory and its probes planned, outside any run:
 * what `fell plugin check` and `fell plugin verify` try probes on.
 */
#ifndef CHECK_NET_BENCH_H
#define CHECK_NET_BENCH_H

#include "engine/data.h"
#include "engine/look.h"
#include "engine/net_run.h"
#include "spec/spec.h"

/* Not to be copied or moved. All but env begin as zero. */
struct net_bench {
    struct host_env env;
    struct tree *tree;
    struct spec *spec;
    struct data data; /* the split of training alone; its arrays belong to the bench */
    int64_t batch;    /* rows of one forward; 0: as the spec says */
    struct learner learner;
    struct looks *looks;
};

/* The spec, from TEXT, which has all keys but `data` and `seed`. In any case end with net_bench_close(). */
status net_bench_read(struct net_bench *b, const char *text, struct error *err);

/* N rows of shape X for training, with CLASSES classes, or with 0 TARGETS values a row; all are 0. */
status net_bench_rows(struct net_bench *b, int64_t n, fell_shape x, int64_t classes, int64_t targets,
                      struct error *err);

/* The net, its weights as the seed 1 fills them. */
status net_bench_net(struct net_bench *b, struct error *err);

/* The floats of "LAYER.TENSOR", and how many in *N; NULL: there is none. */
float *net_bench_tensor(struct net_bench *b, const char *name, int64_t *n);

/* The gradient of the mean loss over all rows, as in evaluation, in every trained tensor: into SUM, as long
 * as net_trained() says. */
status net_bench_gradient(struct net_bench *b, double *sum, struct error *err);

/* Plan the probes: the weights as they are now are the first ones. */
status net_bench_looks(struct net_bench *b, struct error *err);

void net_bench_close(struct net_bench *b);

#endif
