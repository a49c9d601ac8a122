/* options.h - the options of all commands, one row each, and what they said. The fields of struct
 * call, the help, the man page and the reading are all made from the rows.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/database.h"

/* X(NAME, TYPE, field, short, name, ARG, default, low, high, doc), in the order in which they are listed.
 *
 * A command that has OPTION_NAME in its list takes --name and, where SHORT is not 0, -short. FIELD of
 * struct call is a bool (FLAG), a text (TEXT), texts with their number n-FIELD (TEXTS), or a number (WHOLE
 * from LOW to HIGH, REAL from LOW up); DEFAULT is its value before. Below LOW: not given, and the command
 * has its own. */
#define OPTIONS(X)                                                                                           \
    X(DB, TEXT, db, 0, "db", "FILE", DEFAULT_DB, 0, 0, "The results database (default: " DEFAULT_DB ")")     \
    X(JOBS, WHOLE, jobs, 'j', "jobs", "N", 0, 1, 1024,                                                       \
      "Train N runs at a time (default: as there are processor cores, fewer while "                          \
      "other runs share the machine)")                                                                       \
    X(NEW, FLAG, restart, 0, "new", NULL, 0, 0, 0,                                                           \
      "Begin the experiment anew; its rows in the database are replaced")                                    \
    X(UNTIL, TEXT, until, 0, "until", "TIME", NULL, 0, 0,                                                    \
      "Begin no run that cannot end by then (20:30, 2026-01-31T20:30, 90m), and pause what is under way "    \
      "(default: the end of the Slurm job)")                                                                 \
    X(SHARD, TEXT, shard, 0, "shard", "K/N", NULL, 0, 0,                                                     \
      "Train every N-th trial from trial K on, 0 to N - 1, and publish them in --share")                     \
    X(SHARE_FOLDER, TEXT, share_folder, 0, "share", "DIR", NULL, 0, 0,                                       \
      "The folder that all tasks of the sweep see; `fell collect` makes a database of it")                   \
    X(FOLLOW_SHARDS, FLAG, follow_shards, 0, "follow", NULL, 0, 0, 0, "Go on until all shards are finished") \
    X(TASKS, WHOLE, tasks, 0, "tasks", "N", 0, 1, 10000, "Cut the sweep into N shards, a task for each")     \
    X(CPUS, WHOLE, cpus, 0, "cpus", "N", 1, 1, 1024,                                                         \
      "Processors of a task, which trains as many runs at a time")                                           \
    X(TIME, TEXT, time, 0, "time", "TIME", NULL, 0, 0, "Of a task: 4h, 90m, or as Slurm writes it, 4:00:00") \
    X(AGAIN, TEXT, again, 0, "again", "DIR", NULL, 0, 0,                                                     \
      "Submit what is neither finished nor in the queue of the sweep with this share")                       \
    X(DRY_RUN, FLAG, dry_run, 0, "dry-run", NULL, 0, 0, 0, "Show the script, and submit nothing")            \
    X(EXTEND, FLAG, extend, 0, "extend", NULL, 0, 0, 0,                                                      \
      "Add the trials and repeats that the experiment of this name does not have yet")                       \
    X(PLUGIN, TEXTS, plugins, 0, "plugin", "FILE", 0, 0, 0,                                                  \
      "Use the plugins in this shared object too (may be repeated)")                                         \
    X(TRUST, TEXTS, trusted, 0, "trust", "PATH", NULL, 0, 0,                                                 \
      "Read this file, or what is below this folder, though only the database names it (may be repeated)")   \
    X(EXPERIMENT, TEXT, experiment, 0, "experiment", "NAME", NULL, 0, 0,                                     \
      "Only the runs of this experiment (name or number)")                                                   \
    X(STATUS, TEXT, status, 0, "status", "WORD", NULL, 0, 0,                                                 \
      "Only runs of this status: failed, diverged, crashed ...")                                             \
    X(USER, TEXT, user, 0, "user", "USER", NULL, 0, 0, "Only runs that this user trained")                   \
    X(LIMIT, WHOLE, limit, 0, "limit", "N", -1, 0, 1000000000, "Show at most N rows; 0 shows all")           \
    X(OUTPUT, TEXT, output, 'o', "output", "FILE", NULL, 0, 0, "Write to this file")                         \
    X(REFERENCE, TEXT, reference, 0, "reference", "FILE", NULL, 0, 0, "The file of cases")                   \
    X(TOLERANCE, REAL, tolerance, 0, "tolerance", "X", -1, 0, 0,                                             \
      "The largest error that is right (default: 1e-5)")                                                     \
    X(SEED, WHOLE, seed, 0, "seed", "N", -1, 0, INT64_MAX,                                                   \
      "Of the inputs that checks are made with (default: 1)")                                                \
    X(SAMPLE, WHOLE, sample, 0, "sample", "ROW", -1, 0, INT64_MAX,                                           \
      "The row of the data to explain, from 0 (default: the first that moves the weight)")                   \
    X(WEIGHT, TEXT, weight, 0, "weight", "NAME", NULL, 0, 0,                                                 \
      "The weight to follow: LAYER.weight[i,j] (default: the first of the first layer)")                     \
    X(EPOCH, WHOLE, epoch, 0, "epoch", "N", -1, 0, INT64_MAX, "Train for N epochs first")                    \
    X(AT, TEXT, at, 0, "epoch", "N|best", NULL, 0, 0,                                                        \
      "The weights after epoch N (0: before the first step), or after the best one")                         \
    X(RUN, TEXT, run, 0, "run", "RUN", NULL, 0, 0, "Take the net from this run's last checkpoint")           \
    X(CONTOUR, TEXT, contour, 0, "contour", "WHAT", NULL, 0, 0,                                              \
      "Add a map of the loss of all training rows: over a second weight, LAYER.weight[i,j], or 'random' "    \
      "directions")                                                                                          \
    X(ROWS, TEXT, rows, 0, "rows", "SPLIT", NULL, 0, 0,                                                      \
      "Print the numbers of the rows of train, validation, test, or noised, from 0, and nothing else")       \
    X(SPLIT, TEXT, split, 0, "split", "SPLIT", NULL, 0, 0,                                                   \
      "The rows of train, validation or test, as the spec splits them")                                      \
    X(HTML, FLAG, html, 0, "html", NULL, 0, 0, 0, "Write one HTML page that needs no network")               \
    X(INTERACTIVE, FLAG, interactive, 0, "interactive", NULL, 0, 0, 0,                                       \
      "Write an HTML page in which weights can be moved (small nets)")                                       \
    X(SVG, TEXT, svg, 0, "svg", "DIR", NULL, 0, 0, "Write each picture to this folder, as a slide")          \
    X(SAFETENSORS, TEXT, safetensors, 0, "safetensors", "FILE", NULL, 0, 0,                                  \
      "Write the weights to this file")                                                                      \
    X(ONNX, TEXT, onnx, 0, "onnx", "FILE", NULL, 0, 0, "Write the net to this file, as an ONNX model")       \
    X(CSV, TEXT, csv, 0, "csv", "FILE|DIR", NULL, 0, 0,                                                      \
      "Write what was recorded: a row an epoch to FILE.csv, or every table to a folder")                     \
    X(TENSORBOARD, TEXT, tensorboard, 0, "tensorboard", "DIR", NULL, 0, 0,                                   \
      "Write what was recorded as event files of TensorBoard")                                               \
    X(FROM_CSV, TEXT, from_csv, 0, "csv", "FILE", NULL, 0, 0, "The table that the spec is for")              \
    X(TARGET, TEXT, target, 0, "target", "COLUMN", NULL, 0, 0,                                               \
      "The column that is to be learnt, by name, or by number from 0")                                       \
    X(LIST, FLAG, list, 0, "list", NULL, 0, 0, 0, "List the templates")                                      \
    X(GENERATE, WHOLE, generate, 0, "generate", "N", -1, 1, 1000000000,                                      \
      "Write on: N characters, bytes or words behind the prompt")                                            \
    X(PROMPT, TEXT, prompt, 0, "prompt", "TEXT", NULL, 0, 0, "What the net writes on from")                  \
    X(TEMPERATURE, REAL, temperature, 0, "temperature", "T", -1, 0, 0,                                       \
      "Below 1 draws nearer to the most probable, 0 takes it (default: 1)")                                  \
    X(TOP_K, WHOLE, top_k, 0, "top-k", "K", -1, 1, 1000000000, "Draw from the K most probable alone")        \
    X(DRAW_SEED, WHOLE, draw_seed, 0, "seed", "S", -1, 0, INT64_MAX, "Of what is drawn (default: 1)")        \
    X(SHARE, REAL, share, 0, "share", "X", -1, 0, 0,                                                         \
      "The share that goes, in [0, 1), of the weights that are still there")                                 \
    X(PER_LAYER, FLAG, per_layer, 0, "per-layer", NULL, 0, 0, 0,                                             \
      "That share of each weight tensor, not of all together")                                               \
    X(FOLLOW, FLAG, follow, 0, "follow", NULL, 0, 0, 0,                                                      \
      "Write the page anew while runs go on; the page looks for it")                                         \
    X(ONCE, FLAG, once, 0, "once", NULL, 0, 0, 0, "Show how it stands now, and end")                         \
    X(JSON, FLAG, json, 0, "json", NULL, 0, 0, 0, "Print JSON instead of text")                              \
    X(QUIET, FLAG, quiet, 'q', "quiet", NULL, 0, 0, 0, "Print errors only")

#define OPTION_NUMBER(NAME, ...) OPTION_##NAME,
enum option_number { OPTION_NONE, OPTIONS(OPTION_NUMBER) OPTION_END };
#undef OPTION_NUMBER

#define FIELD_FLAG(field) bool field;
#define FIELD_TEXT(field) const char *field;
#define FIELD_TEXTS(field)                                                                                   \
    size_t n##field;                                                                                         \
    const char **field;
#define FIELD_WHOLE(field)            int64_t field;
#define FIELD_REAL(field)             double field;
#define FIELD(NAME, TYPE, field, ...) FIELD_##TYPE(field)

struct command;

/* What a command line said. */
struct call {
    const struct command *command;
    const char *typed; /* the whole of it, quoted for a shell */
    size_t nargs;      /* without the options */
    size_t quoted;     /* of these, the first that stands behind `--`; nargs without it */
    const char **args;
    OPTIONS(FIELD)
};
#undef FIELD
#undef FIELD_FLAG
#undef FIELD_TEXT
#undef FIELD_TEXTS
#undef FIELD_WHOLE
#undef FIELD_REAL

/* An option as help shows it. */
struct option_text {
    const char *name, *arg, *doc; /* arg NULL: none is taken */
    int key;                      /* the short option, or 0 */
};
/* The I-th option that COMMAND has, in the order of the rows; NULL after the last. */
const struct option_text *options_of(const struct command *command, size_t i);

/* Fill C, with its command, from ARGV (argv[0] is the command's name). True when the command
 * is to run; false when all is said (--help, an error), with *EXIT_STATUS. */
bool options_read(struct call *c, int argc, char **argv, int *exit_status);
void options_release(struct call *c);

#endif
