/* export.c - `fell export`: a trained net in other programs' formats. Its weights as a safetensors file, with
 * PyTorch's names and layouts, from the run's last checkpoint where there is one; else a worker trains the
 * run again, to the same bits (stored_weights.h). Or the whole of it as an ONNX model. Writes nothing to the
 * results database.
 */
#include <stdlib.h>

#include "base/text.h"
#include "cli/export_records.h"
#include "cli/query.h"
#include "cli/stored_weights.h"
#include "cli/trained.h"
#include "export/onnx.h"

static int export_onnx(const struct call *c)
{
    struct trained t = {.call = NULL};
    struct onnx_about about;
    struct error err;
    const char *without;
    uint8_t *bytes = NULL;
    size_t size;
    int exit_status = EXIT_INPUT;

    if (trained_open(&t, c, &err) != OK || trained_fit(&t, &err) != OK)
        goto out;
    about = (struct onnx_about){.name = t.about.name, .run = t.run, .epoch = t.about.epoch};
    if (onnx_export(t.spec, t.fitted, &t.env, t.weights, &about, &bytes, &size, &without, &err) != OK)
        goto out;
    if (without)
        cli_error("ONNX cannot say the transform '%s': the input of the model is what the transforms of the "
                  "data make of a row",
                  without);
    exit_status = file_write(c->onnx, (const char *)bytes, size, &err) == OK ? EXIT_OK : EXIT_RUN;
out:
    if (exit_status != EXIT_OK)
        cli_error("%s", err.text);
    else if (!c->quiet)
        printf("%s: the net of '%s' after epoch %lld\n", c->onnx, about.name, (long long)about.epoch);
    trained_release(&t);
    free(bytes);
    return exit_status;
}

static int export_weights(const struct call *c)
{
    struct stored_weights x = {0};
    struct error err;
    sqlite3 *db = NULL;
    bool saved;
    int exit_status = EXIT_INPUT;

    if (results_open(c->db, &db, &err) || results_run(db, c->args[0], &x.run, &err) ||
        stored_weights_find(db, c->db, c->at, &x, &err)) {
        cli_error("%s", err.text);
        goto out;
    }
    if (stored_weights_write(&x, db, c->nplugins, c->plugins, c->safetensors, &saved, &err)) {
        cli_error("run %lld was not exported: %s", (long long)x.run, err.text);
        exit_status = EXIT_RUN;
        goto out;
    }
    if (!c->quiet)
        printf("%s: weights of run %lld after epoch %lld, %s\n", c->safetensors, (long long)x.run,
               (long long)x.epoch, stored_weights_origin(saved));
    exit_status = EXIT_OK;
out:
    sqlite3_close(db);
    stored_weights_release(&x);
    return exit_status;
}

static int export_records(const struct call *c)
{
    const char *to = c->csv ? c->csv : c->tensorboard;
    struct record_choice runs;
    struct error err;
    sqlite3 *db = NULL;
    int64_t n;
    int exit_status = EXIT_INPUT;

    if (results_open(c->db, &db, &err) == OK && record_choice_find(db, c->args[0], &runs, &err) == OK) {
        exit_status = EXIT_RUN;
        if ((c->csv ? export_csv : export_tensorboard)(db, &runs, to, &n, &err) == OK)
            exit_status = EXIT_OK;
    }
    if (exit_status != EXIT_OK)
        cli_error("%s", err.text);
    else if (!c->quiet)
        printf("%s: %lld %s\n", to, (long long)n, c->csv ? "rows" : n == 1 ? "run" : "runs");
    sqlite3_close(db);
    return exit_status;
}

static int run_export(const struct call *c)
{
    const int ways =
        (c->safetensors != NULL) + (c->onnx != NULL) + (c->csv != NULL) + (c->tensorboard != NULL);

    if (ways != 1)
        return cli_error(
            ways ? "one file at a time: write one after the other"
                 : "as what? write: fell export %s --safetensors FILE, or --onnx FILE, --csv FILE, "
                   "--tensorboard DIR",
            c->args[0]);
    if ((c->csv || c->tensorboard) && c->at)
        return cli_error("--epoch: what was recorded is written of all epochs");
    if ((c->csv || c->tensorboard) && (c->nplugins || c->ntrusted))
        return cli_error("%s: what was recorded needs neither plugins nor files: leave it out",
                         c->nplugins ? "--plugin" : "--trust");
    return c->safetensors ? export_weights(c) : c->onnx ? export_onnx(c) : export_records(c);
}

const struct command command_export = {
    .name = "export",
    .task = "Use a trained net",
    .args = "RUN|FILE|EXPERIMENT",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_SAFETENSORS, OPTION_ONNX, OPTION_CSV,
                OPTION_TENSORBOARD, OPTION_AT, OPTION_QUIET},
    .brief = "Write a trained net, or what was recorded, for other programs",
    .help =
        "--safetensors: the weights. The file has the safetensors format, with the names and layouts "
        "that PyTorch uses "
        "(LAYER.weight, LAYER.bias; a dense weight is [out, in]). The weights are those after the run's "
        "last epoch, or after the one that --epoch says: from its checkpoint where the spec asked for "
        "one, else by training the run again, "
        "which gives the same bits; that the last loss is the recorded one is checked. Epoch 0 is the "
        "net before "
        "its first step; 'best' is the run's best epoch by the objective.\n\n"
        "--onnx: the whole net, with its fitted transforms, as a model that onnxruntime and others run. "
        "Its input is a row as the source has it, its outputs are what the last layer gives ('output') "
        "and, where that is something else, what 'fell predict' says ('prediction'). Without --epoch it "
        "is the net of the run's best epoch, as 'fell predict' takes it; or it comes from a FILE that "
        "--safetensors has written. A layer that ONNX does not have is an error that names it.\n\n"
        "--csv and --tensorboard: what was recorded, of a run or of all runs of an EXPERIMENT. FILE.csv has "
        "a "
        "row an epoch, with swept settings and metrics as columns; a folder gets every table as a file, and "
        "columns.csv with their types. TensorBoard gets a folder for each run: losses, metrics, norms of "
        "every tensor, probes.",
    .examples = "fell export 12 --safetensors digits.safetensors\n"
                "fell export 12 --epoch best --safetensors best.safetensors\n"
                "fell export 12 --onnx digits.onnx\n"
                "fell export lr-activation --csv curves.csv\n"
                "fell export lr-activation --tensorboard logs\n"
                "fell run my.yaml train.initial_weights=digits.safetensors",
    .run = run_export,
};
