/* hand_states.c - see hand_states.h. Reads no state and writes none: the worker does.
 */
#include "work/hand_states.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/new_file.h"
#include "base/text.h"
#include "work/resume.h"

char *hand_pause_path(const char *db, int64_t run)
{
    char *folder = resume_folder(db, run), *path = path_join(folder, resume_files[0]);

    free(folder);
    return path;
}

status hand_make_folder(const struct hand *h, const struct hand_env *env, char **out, struct error *err)
{
    *out = NULL;
    if (!h->task.stored.spec->checkpoint.on)
        return OK;
    *out = resume_folder(env->db, h->task.run);
    return path_make_folder(*out, err);
}

status hand_forget_states(int64_t run, const struct hand_env *env, size_t n, struct error *err)
{
    char *folder = resume_folder(env->db, run);
    status result = OK;
    size_t gone = 0;

    for (size_t i = 0; i < n && access(folder, F_OK) == 0 && result == OK; i++) {
        char *path = path_join(folder, resume_files[i]), *stored;

        gone += new_file_sweep(path) > 0;
        if (unlink(path) == 0) {
            gone++;
            stored = resume_stored_path(run, resume_files[i]);
            result = recorder_checkpoint_removed(env->recorder, run, stored, err);
            free(stored);
        }
        free(path);
    }
    if (gone)
        rmdir(folder); /* others may be there */
    free(folder);
    return result;
}

status hand_forget_pause(const struct hand_env *env, int64_t run, struct error *err)
{
    return hand_forget_states(run, env, RESUME_FILES_OF_A_RUN_AT_WORK, err);
}

status hand_forget_after_commit(int64_t run, const struct hand_env *env, struct error *err)
{
    char *folder = resume_folder(env->db, run);
    bool any = false;

    for (size_t i = 0; i < RESUME_FILES_OF_A_RUN_AT_WORK && access(folder, F_OK) == 0; i++) {
        char *path = path_join(folder, resume_files[i]);

        any = any || access(path, F_OK) == 0;
        free(path);
    }
    free(folder);
    if (!any)
        return OK;
    if (recorder_commit(env->recorder, err) != OK)
        return FAILED;
    return hand_forget_states(run, env, RESUME_FILES_OF_A_RUN_AT_WORK, err);
}
