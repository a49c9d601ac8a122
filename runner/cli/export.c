/* export.c - `fell export`: the weights of a run as a safetensors file, with PyTorch's names
 * and layouts. From the run's last checkpoint where there is one; else a worker trains
 * the run again, to the same bits (stored_weights.h). Writes nothing to the results database.
 */
#include "cli/query.h"
#include "cli/stored_weights.h"

static int run_export(const struct call *c)
{
    struct stored_weights x = {0};
    struct error err;
    sqlite3 *db = NULL;
    bool saved;
    int exit_status = EXIT_INPUT;

    if (!c->safetensors)
        return cli_error("where to? write: fell export %s --safetensors FILE", c->args[0]);
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
               (long long)x.epoch, saved ? "from its checkpoint" : "trained again to the same bits");
    exit_status = EXIT_OK;
out:
    sqlite3_close(db);
    stored_weights_release(&x);
    return exit_status;
}

const struct command command_export = {
    .name = "export",
    .task = "Use a trained net",
    .args = "RUN --safetensors FILE",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_SAFETENSORS, OPTION_AT, OPTION_QUIET},
    .brief = "Write the weights of a run to a file",
    .help = "The file has the safetensors format, with the names and layouts that PyTorch uses "
            "(LAYER.weight, LAYER.bias; a dense weight is [out, in]). The weights are those after the run's "
            "last epoch, or after the one that --epoch says: from its checkpoint where the spec asked for "
            "one, else by training the run again, "
            "which gives the same bits; that the last loss is the recorded one is checked. Epoch 0 is the "
            "net before "
            "its first step; 'best' is the run's best epoch by the objective.",
    .examples = "fell export 12 --safetensors digits.safetensors\n"
                "fell export 12 --epoch best --safetensors best.safetensors\n"
                "fell run my.yaml train.initial_weights=digits.safetensors",
    .run = run_export,
};
