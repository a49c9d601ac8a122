/* frames_json.c - whether the JSON of a frame is what its type says. See frames.h.
 *
 * A plugin is code in the worker's process and can write anything into its pipe. The numbers that the
 * runner counts with, indexes with or stores are looked at here, all of them and nowhere else; packed.c
 * does it for the bodies that are no JSON.
 */
#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "engine/train.h"
#include "record/frames.h"

/* Whole numbers are exact in JSON up to here, and a time in seconds is less. */
#define MOST 9007199254740992.0

/* KEY of each object of a frame, if it is there and not null: a number from LEAST to MOST (WHOLE: without
 * a fraction). */
static const struct {
    enum frame_type type;
    const char *key;
    bool whole;
    double least, most;
} numbers[] = {
    {FRAME_SPLITS, "rows", true, 0, MOST},
    {FRAME_PARAMETERS, "position", true, 0, INT_MAX},
    {FRAME_PARAMETERS, "count", true, 0, MOST},
    {FRAME_CHECKPOINT, "epoch", true, 0, MOST},
    {FRAME_RESUMED, "epoch", true, 0, MOST},
    {FRAME_RESUMED, "step", true, 0, MOST},
    {FRAME_RESUMED, "seconds", false, -MOST, MOST},
    {FRAME_RESUMED, "cpu_seconds", false, -MOST, MOST},
    {FRAME_ASK, "epoch", true, 0, MOST},
    {FRAME_END, "epochs_done", true, 0, MOST},
    {FRAME_END, "seconds", false, -MOST, MOST},
    {FRAME_PROBLEM, "index", true, -1, INT_MAX},
};

/* KEY of each object of a frame has to be there: a text. */
static const struct {
    enum frame_type type;
    const char *key;
} texts[] = {
    {FRAME_SPLITS, "split"},      {FRAME_SPLITS, "sha256"},     {FRAME_PARAMETERS, "layer"},
    {FRAME_PARAMETERS, "plugin"}, {FRAME_PARAMETERS, "name"},   {FRAME_EVENT, "kind"},
    {FRAME_CHECKPOINT, "path"},   {FRAME_CHECKPOINT, "sha256"}, {FRAME_END, "status"},
    {FRAME_PROBLEM, "text"},
};

static bool is_number(const cJSON *v, bool whole, double least, double most)
{
    return cJSON_IsNumber(v) && v->valuedouble >= least && v->valuedouble <= most &&
           (!whole || v->valuedouble == floor(v->valuedouble));
}

static bool is_end(const char *word)
{
    for (int e = 0; e <= RUN_PAUSED; e++)
        if (strcmp(word, run_end_word((enum run_end)e)) == 0)
            return true;
    return false;
}

static bool is_object(uint32_t type, const cJSON *object)
{
    if (!cJSON_IsObject(object))
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const cJSON *v = numbers[i].type == type ? cJSON_GetObjectItem(object, numbers[i].key) : NULL;

        if (v && !cJSON_IsNull(v) && !is_number(v, numbers[i].whole, numbers[i].least, numbers[i].most))
            return false;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].type == type && !cJSON_IsString(cJSON_GetObjectItem(object, texts[i].key)))
            return false;
    return type != FRAME_END || is_end(cJSON_GetStringValue(cJSON_GetObjectItem(object, "status")));
}

/* [split, name] */
static bool is_metric(const cJSON *pair)
{
    return cJSON_IsArray(pair) && cJSON_GetArraySize(pair) == 2 &&
           is_number(cJSON_GetArrayItem(pair, 0), true, 0, SPLITS - 1) &&
           cJSON_IsString(cJSON_GetArrayItem(pair, 1));
}

static bool is_list(uint32_t type, const cJSON *list)
{
    const cJSON *one;

    if (!cJSON_IsArray(list))
        return false;
    cJSON_ArrayForEach(one, list)
    {
        if (type == FRAME_METRICS ? !is_metric(one) : !is_object(type, one))
            return false;
    }
    return true;
}

bool frame_is_sound(const struct frame *f, const char *body)
{
    cJSON *json;
    bool sound;

    if (f->type == FRAME_EPOCH || f->type == FRAME_STEP || f->type == FRAME_PROBE || f->type == FRAME_CRASH)
        return true; /* no JSON: whoever reads them looks at them */
    if (f->type < FRAME_PLAN || f->size == 0 || body[f->size - 1] != 0)
        return false;
    json = cJSON_Parse(body);
    sound = f->type == FRAME_METRICS || f->type == FRAME_PARAMETERS || f->type == FRAME_SPLITS
                ? is_list(f->type, json)
                : is_object(f->type, json);
    cJSON_Delete(json);
    return sound;
}
