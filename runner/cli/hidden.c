/* hidden.c - the commands that the program calls itself by, in processes of its own; no
 * list shows them.
 */
#include "cli/command.h"
#include "host/registry.h"
#include "work/worker.h"

const struct command command_worker = {
    .name = "worker",
    .args = "",
    .brief = "Train what the runner sends",
    .help = "",
    .examples = "",
    .raw = worker_main,
};

static int probe_plugin(int argc, char **argv)
{
    return argc == 2 ? registry_probe_main(argv[1]) : cli_error("probe-plugin takes one file");
}

const struct command command_probe_plugin = {
    .name = "probe-plugin",
    .args = "FILE",
    .brief = "Open a plugin and see whether that goes well",
    .help = "",
    .examples = "",
    .raw = probe_plugin,
};
