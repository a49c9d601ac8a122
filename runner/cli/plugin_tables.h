/* plugin_tables.h - what a plugin's own tables say, as tables to show: for `fell plugin show` and for
 * the reference pages.
 */
#ifndef CLI_PLUGIN_TABLES_H
#define CLI_PLUGIN_TABLES_H

#include "cli/table.h"
#include "host/registry.h"

/* One line for each setting: name, type, values, default, meaning. */
struct table *settings_table(size_t nparams, const fell_param *params);

/* Of a layer or transform: name, role, what it begins as, meaning; of others no rows. */
struct table *tensors_table(const struct item *item);

/* Of an optimizer: name, size, when it exists, meaning; of others no rows. */
struct table *slots_table(const struct item *item);

/* Of a probe: name, of what it is, meaning; of others no rows. */
struct table *numbers_table(const struct item *item);

/* What its kind's struct says besides, in one line of short sentences, or NULL: "Takes logits. Learns
 * classes." free() it. */
char *plugin_traits(const struct item *item);

#endif
