/* reference_examples.c - a short spec for each plugin, which the reference pages show and the tests run.
 *
 * A plugin without a line of its own is put into the spec of its kind; what it requires must be named here,
 * as tables have no sample values. '@' stands for the plugin's name.
 */
#include "cli/reference.h"

#include <stdlib.h>
#include <string.h>

#define IRIS      "{csv: {path: configs/data/iris.csv, target: target}}"
#define ROWS      "{csv: {path: configs/data/digits.csv, target: target}}"
#define IMAGES    "{csv: {path: configs/data/digits.csv, target: target, shape: [1, 8, 8]}}"
#define SEQUENCES "{csv: {path: configs/data/digits.csv, target: target, shape: [8, 8]}}"

/* What differs from the spec of its kind; NULL: nothing. Model entries stand on lines of their own. */
struct example {
    const char *kind, *name; /* name NULL: the rest of the kind */
    const char *source, *transforms, *model, *loss, *optimizer, *schedule, *metrics, *train, *probes;
};

/* Of one kind and name, before that of the kind. */
static const struct example examples[] = {
    {"layer", "adaptive_avg_pool2d", .source = IMAGES,
     .model =
         "conv2d: {filters: 8, kernel: 3}\nadaptive_avg_pool2d: {output: 2}\nflatten\ndense: {units: 10}"},
    {"layer", "add",
     .model = "dense: {units: 16, name: a}\n"
              "dense: {units: 16, activation: relu, name: b}\n"
              "add: {from: [a, b]}\n"
              "dense: {units: 3}"},
    {"layer", "attention", .source = SEQUENCES,
     .model = "attention: {heads: 2}\nsequence_pool\ndense: {units: 10}"},
    {"layer", "avg_pool1d", .source = SEQUENCES,
     .model = "avg_pool1d: {kernel: 2}\nflatten\ndense: {units: 10}"},
    {"layer", "avg_pool2d", .source = IMAGES,
     .model = "avg_pool2d: {kernel: 2}\nflatten\ndense: {units: 10}"},
    {"layer", "concat",
     .model = "dense: {units: 8, activation: relu, name: a}\n"
              "dense: {units: 8, activation: tanh, name: b, from: input}\n"
              "concat: {from: [a, b]}\n"
              "dense: {units: 3}"},
    {"layer", "conv1d", .source = SEQUENCES,
     .model = "conv1d: {filters: 8, kernel: 3, activation: relu}\nflatten\ndense: {units: 10}"},
    {"layer", "conv2d", .source = IMAGES,
     .model = "conv2d: {filters: 8, kernel: 3, padding: 1, activation: relu}\nflatten\ndense: {units: 10}"},
    {"layer", "conv_transpose2d", .source = IMAGES,
     .model = "conv2d: {filters: 4, kernel: 3, stride: 2, activation: relu}\n"
              "conv_transpose2d: {filters: 2, kernel: 3, stride: 2}\n"
              "flatten\n"
              "dense: {units: 10}"},
    {"layer", "dense", .model = "dense: {units: 16, activation: relu}\ndense: {units: 3}"},
    {"layer", "embed_column", .source = "xor",
     .model = "embed_column: {column: 0, num_embeddings: 2, embedding_dim: 4}\n"
              "dense: {units: 8, activation: tanh}\n"
              "dense: {units: 2}"},
    {"layer", "embedding", .source = "xor",
     .model = "embedding: {num_embeddings: 2, embedding_dim: 4}\n"
              "flatten\n"
              "dense: {units: 2}"},
    {"layer", "flatten", .source = IMAGES, .model = "flatten\ndense: {units: 10}"},
    {"layer", "global_avg_pool2d", .source = IMAGES,
     .model = "conv2d: {filters: 8, kernel: 3, activation: relu}\nglobal_avg_pool2d\ndense: {units: 10}"},
    {"layer", "glu", .model = "dense: {units: 32}\nglu: {gate: silu}\ndense: {units: 3}"},
    {"layer", "group_norm",
     .model = "dense: {units: 16, activation: relu}\n"
              "group_norm: {num_groups: 4}\n"
              "dense: {units: 3}"},
    {"layer", "gru", .source = SEQUENCES, .model = "gru: {units: 16}\ndense: {units: 10}"},
    {"layer", "instance_norm", .source = IMAGES,
     .model = "conv2d: {filters: 4, kernel: 3}\ninstance_norm\nflatten\ndense: {units: 10}"},
    {"layer", "local_response_norm", .source = IMAGES,
     .model = "conv2d: {filters: 4, kernel: 3}\nlocal_response_norm: {size: 3}\nflatten\ndense: {units: 10}"},
    {"layer", "lstm", .source = SEQUENCES, .model = "lstm: {units: 16}\ndense: {units: 10}"},
    {"layer", "max_pool1d", .source = SEQUENCES,
     .model = "max_pool1d: {kernel: 2}\nflatten\ndense: {units: 10}"},
    {"layer", "max_pool2d", .source = IMAGES,
     .model = "max_pool2d: {kernel: 2}\nflatten\ndense: {units: 10}"},
    {"layer", "multiply",
     .model = "dense: {units: 8, name: a}\n"
              "dense: {units: 8, activation: sigmoid, name: gate, from: input}\n"
              "multiply: {from: [a, gate]}\n"
              "dense: {units: 3}"},
    {"layer", "pad", .source = IMAGES,
     .model = "pad: {size: 1, mode: reflect}\nconv2d: {filters: 4, kernel: 3}\nflatten\ndense: {units: 10}"},
    {"layer", "permute", .source = SEQUENCES,
     .model = "permute: {axes: [1, 0]}\nconv1d: {filters: 8, kernel: 3}\nflatten\ndense: {units: 10}"},
    {"layer", "positional", .source = SEQUENCES,
     .model = "positional\nattention: {heads: 2}\nsequence_pool\ndense: {units: 10}"},
    {"layer", "reshape", .source = ROWS,
     .model = "reshape: {shape: [8, 8]}\nlstm: {units: 16}\ndense: {units: 10}"},
    {"layer", "rnn", .source = SEQUENCES, .model = "rnn: {units: 16}\ndense: {units: 10}"},
    {"layer", "sequence_pool", .source = SEQUENCES,
     .model = "gru: {units: 16, return_sequences: true}\nsequence_pool\ndense: {units: 10}"},
    {"layer", "softmax_over", .source = SEQUENCES,
     .model = "dense: {units: 8}\nsoftmax_over: {axis: 0}\nflatten\ndense: {units: 10}"},
    {"layer", "upsample", .source = IMAGES,
     .model = "conv2d: {filters: 2, kernel: 3}\nupsample\nflatten\ndense: {units: 10}"},
    {"loss", "bce", .source = "xor",
     .model = "dense: {units: 8, activation: tanh}\ndense: {units: 1, activation: sigmoid}"},
    {"loss", "kl_divergence", /* the word of a category is a distribution: all of it lies on one */
     .source = "{csv: {path: configs/data/iris.csv, target: [], drop: [0, 1, 2, 3]}}, target: input",
     .model = "dense: {units: 2, activation: tanh}\ndense: {units: 3, activation: log_softmax}"},
    {"loss", "soft_cross_entropy",
     .source = "{csv: {path: configs/data/iris.csv, target: [], drop: [0, 1, 2, 3]}}, target: input",
     .model = "dense: {units: 2, activation: tanh}\ndense: {units: 3}"},
    {"loss", "cross_entropy", .source = IRIS},
    {"loss", "gaussian_nll", .source = "sine",
     .model = "dense: {units: 16, activation: tanh}\ndense: {units: 2}"},
    {"loss", "multi_margin", .source = IRIS},
    {"loss", "nll",
     .model = "dense: {units: 16, activation: relu}\ndense: {units: 3, activation: log_softmax}"},
    {"loss", "quantile", .source = "sine", .loss = "{quantile: {quantile: [0.5, 0.1, 0.9]}}",
     .model = "dense: {units: 16, activation: tanh}\ndense: {units: 3}"},
    {"loss", NULL, .source = "xor", .model = "dense: {units: 8, activation: tanh}\ndense: {units: 1}"},
    {"optimizer", "lbfgs", .train = "{epochs: 5, batch_size: 0}"},
    {"optimizer", "rprop", .train = "{epochs: 5, batch_size: 0}"},
    {"schedule", "cyclic", .schedule = "{cyclic: {minimum: 1e-3, up: 20}}"},
    {"schedule", "inverse_sqrt", .schedule = "{inverse_sqrt: {warmup: 20}}"},
    {"schedule", "cosine", .schedule = "{cosine: {period: 5}}"},
    {"schedule", "cosine_restarts", .schedule = "{cosine_restarts: {period: 2}}"},
    {"schedule", "exponential", .schedule = "{exponential: {gamma: 0.9}}"},
    {"schedule", "multi_step", .schedule = "{multi_step: {milestones: [2, 4]}}"},
    {"schedule", "plateau", .schedule = "{plateau: {monitor: train.loss}}"},
    {"schedule", "step", .schedule = "{step: {every: 2}}"},
    {"schedule", "warmup", .schedule = "[{cosine: {period: 5}}, {warmup: {steps: 20}}]"},
    {"initialiser", "constant",
     .model =
         "dense: {units: 16, activation: relu, init: {bias: {constant: {value: 0.1}}}}\ndense: {units: 3}"},
    {"initialiser", "dirac", .source = IMAGES,
     .model = "conv2d: {filters: 8, kernel: 3, activation: relu, init: dirac}\nflatten\ndense: {units: 10}"},
    {"initialiser", "eye", .model = "dense: {units: 4, activation: relu, init: eye}\ndense: {units: 3}"},
    {"initialiser", "ones",
     .model = "dense: {units: 16, activation: relu, init: {bias: ones}}\ndense: {units: 3}"},
    {"initialiser", "sparse",
     .model = "dense: {units: 16, activation: relu, init: {sparse: {sparsity: 0.5}}}\ndense: {units: 3}"},
    {"initialiser", "zeros",
     .model = "dense: {units: 16, activation: relu, init: {bias: zeros}}\ndense: {units: 3}"},
    {"metric", "mae", .source = "xor", .model = "dense: {units: 8, activation: tanh}\ndense: {units: 1}",
     .loss = "mse"},
    {"metric", "r2", .source = "xor", .model = "dense: {units: 8, activation: tanh}\ndense: {units: 1}",
     .loss = "mse"},
    {"metric", "rmse", .source = "xor", .model = "dense: {units: 8, activation: tanh}\ndense: {units: 1}",
     .loss = "mse"},
    {"metric", "top_k", .metrics = "[{top_k: {k: 2}}]"},
    {"dataset", "csv", .source = IRIS},
    {"dataset", "idx",
     .source = "\n    idx:\n"
               "      images: /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz\n"
               "      labels: /usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz",
     .transforms = "[{scale: {factor: 0.00392156862745098}}]", .model = "flatten\ndense: {units: 10}",
     .train = "{epochs: 1, batch_size: 64}"},
    {"dataset", "image_folder", .source = "{image_folder: {path: photos, shape: [3, 32, 32]}}",
     .transforms = "[{scale: {factor: 0.00392156862745098}}]", .model = "flatten\ndense: {units: 2}"},
    {"dataset", "libsvm", .source = "{libsvm: {path: iris.svm, features: 4}}"},
    {"dataset", "moons", .model = "dense: {units: 16, activation: relu}\ndense: {units: 2}"},
    {"dataset", "circles", .source = "{circles: {noise: 0.05, factor: 0.5}}",
     .model = "dense: {units: 16, activation: relu}\ndense: {units: 2}"},
    {"dataset", "adding", .source = "{adding: {rows: 200, length: 10}}",
     .model = "gru: {units: 8}\ndense: {units: 1}", .loss = "mse"},
    {"dataset", "copy", .source = "{copy: {rows: 200, length: 3, delay: 5, one_hot: true}}",
     .model = "gru: {units: 16, return_sequences: true}\ndense: {units: 9}"},
    {"dataset", "modular", .source = "{modular: {modulus: 11}}",
     .model = "embedding: {num_embeddings: 11, embedding_dim: 16}\n"
              "flatten\n"
              "dense: {units: 32, activation: relu}\n"
              "dense: {units: 11}"},
    {"dataset", "parity", .source = "{parity: {bits: 10, relevant: 2}}",
     .model = "dense: {units: 32, activation: relu}\ndense: {units: 2}"},
    {"dataset", "text", .source = "{text: {path: configs/data/constitution.txt, length: 32}}",
     .model = "embedding: {num_embeddings: 71, embedding_dim: 16}\n"
              "gru: {units: 32, return_sequences: true}\n"
              "dense: {units: 71}"},
    {"dataset", "teacher", .source = "{teacher: {rows: 200}}",
     .model = "dense: {units: 8, activation: relu}\ndense: {units: 1}", .loss = "mse"},
    {"dataset", "npy", .source = "{npy: {inputs: x.npy, targets: y.npy}}"},
    {"dataset", "sine", .model = "dense: {units: 16, activation: tanh}\ndense: {units: 1}", .loss = "mse"},
    {"dataset", "sqlite",
     .source = "\n    sqlite:\n"
               "      path: flowers.db\n"
               "      query: SELECT * FROM iris ORDER BY rowid\n"
               "      target: target",
     .transforms = "[standardize]"},
    {"dataset", "xor", .model = "dense: {units: 8, activation: tanh}\ndense: {units: 1}", .loss = "mse"},
    {"transform", "flip", .source = IMAGES, .transforms = "[flip]", .model = "flatten\ndense: {units: 10}"},
    {"transform", "impute", .transforms = "[impute, standardize]"},
    {"transform", "one_hot", .source = "xor", .transforms = "[{one_hot: {classes: 2}}]",
     .model = "dense: {units: 2}"},
    {"transform", "scale", .transforms = "[{scale: {factor: 0.1}}]"},
    {"transform", "shift", .source = IMAGES, .transforms = "[{shift: {pixels: 1}}]",
     .model = "flatten\ndense: {units: 10}"},
};

/* Of a kind. */
static const struct example kinds[] = {
    {"layer", .model = "dense: {units: 16, activation: relu}\n@\ndense: {units: 3}"},
    {"activation", .model = "dense: {units: 16, activation: @}\ndense: {units: 3}"},
    {"loss", .loss = "@"},
    {"optimizer", .source = "xor", .model = "dense: {units: 8, activation: tanh}\ndense: {units: 2}",
     .optimizer = "@"},
    {"schedule", .schedule = "@"},
    {"initialiser", .model = "dense: {units: 16, activation: relu, init: @}\ndense: {units: 3}"},
    {"metric", .metrics = "[@]"},
    {"probe", .model = "dense: {units: 8, activation: tanh, name: hidden}\ndense: {units: 3, name: output}",
     .probes = "[@]"},
    {"dataset", .source = "@"},
    {"transform", .transforms = "[@]"},
};

/* ---- writing one --------------------------------------------------------------------------- */

static const struct example nothing;

static const struct example *find(const char *kind, const char *name)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        if (!strcmp(examples[i].kind, kind) && (!examples[i].name || !strcmp(examples[i].name, name)))
            return &examples[i];
    return &nothing;
}

static const struct example *of_kind(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].kind, kind))
            return &kinds[i];
    return &nothing;
}

static const char *first(const char *a, const char *b, const char *otherwise)
{
    return a ? a : b ? b : otherwise;
}

/* TEXT with the name for '@'. */
static void add_named(struct strbuf *out, const char *text, const char *name)
{
    for (; *text; text++)
        if (*text == '@')
            strbuf_add(out, name);
        else
            strbuf_addn(out, text, 1);
}

static void add_data(struct strbuf *out, const char *source, const char *transforms, const char *name)
{
    bool block = *source == '\n';

    strbuf_add(out, block ? "data:\n  source:" : "data: {source: ");
    add_named(out, source, name);
    if (transforms)
        strbuf_add(out, block ? "\n  transforms: " : ", transforms: ");
    add_named(out, transforms ? transforms : "", name);
    strbuf_add(out, block ? "\n" : "}\n");
}

static void add_model(struct strbuf *out, const char *entries, const char *name)
{
    strbuf_add(out, "model:\n");
    for (size_t n; *entries; entries += n + (entries[n] == '\n')) {
        char *one;

        n = strcspn(entries, "\n");
        one = mem_format("  - %.*s\n", (int)n, entries);
        add_named(out, one, name);
        free(one);
    }
}

static void add_key(struct strbuf *out, const char *key, const char *value, const char *name)
{
    if (!value)
        return;
    strbuf_addf(out, "%s: ", key);
    add_named(out, value, name);
    strbuf_add(out, "\n");
}

void reference_example(const char *kind, const char *name, struct strbuf *out)
{
    const struct example *own = find(kind, name), *rest = of_kind(kind);

    add_data(out, first(own->source, rest->source, IRIS), first(own->transforms, rest->transforms, NULL),
             name);
    add_model(out, first(own->model, rest->model, "dense: {units: 3}"), name);
    add_key(out, "loss", first(own->loss, rest->loss, "cross_entropy"), name);
    add_key(out, "optimizer", first(own->optimizer, rest->optimizer, "{adam: {lr: 0.01}}"), name);
    add_key(out, "schedule", first(own->schedule, rest->schedule, NULL), name);
    add_key(out, "metrics", first(own->metrics, rest->metrics, NULL), name);
    add_key(out, "probes", first(own->probes, rest->probes, NULL), name);
    add_key(out, "train", first(own->train, rest->train, "{epochs: 5}"), name);
}
