/* registry.h - the plugins: found, checked, opened, and their items by name.
 *
 * Nothing is opened before it is asked for: registry_find() tries KIND/NAME.so in
 * each folder (FELL_PLUGIN_PATH, the user's folder, the folder beside an
 * uninstalled program or the installed one), and opens other files only when
 * that is absent. The first of a kind and name wins. Plugins of `--plugin` come
 * before all folders. Opened plugins stay open until the process ends. Files that did
 * not come with the program are opened in a child process first. One thread only.
 */
#ifndef HOST_REGISTRY_H
#define HOST_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/facts.h"
#include "host/kinds.h"

/* One opened shared object. */
struct plugin_file {
    const char *path; /* absolute */
    const char *version, *credit;
    bool bundled;    /* from the program's own folder */
    char sha256[65]; /* of the bytes that were loaded; "" until plugin_file_hash() */
    /* file_facts() before and after its bytes were read, and it was settled; "": somebody may be at it */
    char facts[FILE_FACTS];
    int copy;            /* the loaded bytes as an open file, until they are hashed; 0: there is none */
    void *handle;        /* of dlopen() */
    const char *verdict; /* of its check, "passed"; NULL until somebody asked (work/identity.c) */
};

/* One thing a plugin offers. The kind's struct is the host's own full-size,
 * zero-filled copy; arrays (params, tensors, slots) are copies with the host's
 * stride. Lives as long as the process. */
#define ITEM_MEMBER(KIND, kind, field) const fell_##kind *kind;
struct item {
    enum fell_kind kind;
    const char *name, *doc;
    size_t nparams;
    const fell_param *params;
    size_t settings_size;
    struct plugin_file *file;
    union { /* by kind */
        const void *any;
        KINDS(ITEM_MEMBER)
    };
};
#undef ITEM_MEMBER

/* Where the program's own plugins are once it is installed. */
#ifndef FELL_PLUGINDIR
#define FELL_PLUGINDIR "/usr/local/lib/fell/plugins"
#endif

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *r); /* frees tables; never unloads code */

/* --plugin FILE.so: probed in a child process first, then opened. */
status registry_add_file(struct registry *r, const char *path, struct error *err);

/* PATH opened in this process, without a child before: for who is in one already. What it has is not
 * added anywhere. */
status registry_try_file(const char *path, struct error *err);

/* The role of an item: ROLE_MODEL_ENTRY of a layer, ROLE_TRANSFORM of one without backward, else
 * its kind's. Its word, "transform", "loss", ..., is the folder that it belongs into. */
enum role item_role(const struct item *item);
const char *item_word(const struct item *item);

/* Can it stand where ROLE is asked for? Activations are model entries, too. */
bool item_plays(const struct item *item, enum role role);

/* The item, or NULL with a message: "no loss 'huberr'; did you mean 'huber'?"
 * (or why the file that should hold it could not be used). */
const struct item *registry_find(struct registry *r, enum role role, const char *name, struct error *err);

/* Every item that can be found, in order of kind and name (opens everything).
 * The array is the registry's. */
const struct item *const *registry_list(struct registry *r, size_t *n);

/* Tensors of a layer; 0 of everything else. */
uint64_t item_ntensors(const struct item *item);

/* The items of the same kind and name that ITEM, which registry_find() gave, hides. free()
 * the array; NULL where *n is 0. */
const struct item **registry_shadowed(struct registry *r, const struct item *item, size_t *n);

/* A line for every file and item that was passed over so far, with the reason; "" if
 * there is none. */
const char *registry_notes(const struct registry *r);

/* Fill file->sha256 if it is empty: most commands never ask for it. A file of which somebody said by
 * plugin_hash_known() that its bytes have SHA256 while the file system says FACTS is not hashed again. */
void plugin_hash_known(const char *facts, const char *sha256);
status plugin_file_hash(struct plugin_file *file, struct error *err);

/* The program itself: FELL_PROGRAM if it is set, else what /proc/self/exe says.
 * free() it. */
char *program_path(void);

/* The child's part of probing: dlopen PATH and check it; 0 and the word "loaded", or 1
 * and a message, on standard output. Run as `fell probe-plugin PATH`. The program is
 * /proc/self/exe, or what FELL_PROGRAM in the environment names (the tests, which are
 * other programs, set it; the bundled plugins are looked for beside it, too). A probe
 * ends after 10 seconds, or FELL_PROBE_SECONDS. */
int registry_probe_main(const char *path);

#endif
