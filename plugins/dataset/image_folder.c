/* image_folder.c - a folder with a folder of PNG and JPEG images for each class.
 *
 * Lists the files at open, sorted by class and name, and decodes them when they are
 * read (image_png.h, image_jpeg.h), so that memory holds the floats alone. Used by
 * the host's loader of data.
 *
 * Longer than 500 lines: the list of files is known here alone, and what a picture holds in image*.h.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

#include "fell/plugin.h"
#include "image.h"
#include "image_jpeg.h"
#include "image_png.h"
#include "names.h"
#include "other_files.h"

enum { MOST_BYTES = 1 << 30 };

struct settings {
    const char *path;
    fell_strings missing;
    fell_ints shape;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH,
                "The folder that holds a folder for each class."),
    NAMES_MISSING_PARAM(struct settings, "Names that stand for nothing, and are no class."),
    FELL_INTS(struct settings, shape, "[]", 1, 1 << 16, 0,
              "Shape [C,H,W] to which images are converted, C 1 (grey) or 3 (colour); empty: the first "
              "image's, which all must have."),
};

struct picture {
    char *name; /* in its class's folder */
    int32_t class;
};

struct folder {
    const struct settings *s;
    fell_ctx *ctx;
    int64_t classes, pictures, room;
    char **class_name;
    struct picture *picture;
    char **row_name; /* [pictures] of new rows: FILE, or FOLDER/FILE */
    fell_shape x;
    bool told_turned;
    bool new_rows;       /* pictures beside the folders are taken too */
    int64_t passed_over; /* files that are no images */
    char first_passed_over[256];
};

static void close_folder(void *self)
{
    struct folder *d = self;

    for (int64_t k = 0; k < d->classes; k++)
        free(d->class_name[k]);
    for (int64_t i = 0; i < d->pictures; i++)
        free(d->picture[i].name);
    for (int64_t i = 0; d->row_name && i < d->pictures; i++)
        free(d->row_name[i]);
    free(d->row_name);
    free(d->class_name);
    free(d->picture);
    free(d);
}

static fell_status out_of_memory(const struct folder *d)
{
    return fell_fail(d->ctx, "path: there is not enough memory for %s", d->s->path);
}

/* ---- what there is ------------------------------------------------------------------- */

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static bool is_image_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (!strcasecmp(dot, ".png") || !strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg"));
}

static bool is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static void pass_over(struct folder *d, const char *class, const char *name)
{
    if (d->passed_over++ == 0)
        snprintf(d->first_passed_over, sizeof d->first_passed_over, "%s%s%s", class, *class ? "/" : "", name);
}

/* A copy of NAME as the last picture. */
static bool add_picture(struct folder *d, const char *name)
{
    char *copy = strdup(name);

    if (d->pictures == d->room) {
        const int64_t room = 2 * d->room + 256;
        struct picture *larger = realloc(d->picture, (size_t)room * sizeof *larger);

        d->picture = larger ? larger : d->picture;
        d->room = larger ? room : d->room;
    }
    if (!copy || d->pictures == d->room) {
        free(copy);
        return false;
    }
    d->picture[d->pictures++] = (struct picture){copy, (int32_t)(d->classes - 1)};
    return true;
}

/* Calls VISIT for each entry of the folder PATH that does not begin with a dot, in the
 * order of bytes, until it fails. */
static fell_status each_entry(struct folder *d, const char *path,
                              fell_status (*visit)(struct folder *, const char *path, const char *name))
{
    struct dirent **entry = NULL;
    fell_status result = FELL_OK;
    int n;

    errno = 0;
    n = scandir(path, &entry, is_shown, by_bytes);
    if (n < 0)
        return fell_fail(d->ctx, "path: cannot read the folder %s: %s", path,
                         strerror(errno ? errno : ENOMEM));
    for (int i = 0; i < n; i++) {
        if (result == FELL_OK)
            result = visit(d, path, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    return result;
}

/* PATH/NAME on the heap, or NULL. */
static char *join(const char *path, const char *name)
{
    const size_t n = strlen(path) + strlen(name) + 2;
    char *joined = malloc(n);

    if (joined)
        snprintf(joined, n, "%s/%s", path, name);
    return joined;
}

static fell_status visit_file(struct folder *d, const char *path, const char *name)
{
    char *full = join(path, name);
    bool folder;

    if (!full)
        return out_of_memory(d);
    folder = is_folder(full);
    free(full);
    if (folder && d->new_rows && d->classes == 1)
        return FELL_OK; /* of the folder itself; it is looked into later */
    if (folder || !is_image_name(name)) {
        pass_over(d, d->class_name[d->classes - 1], name);
        return FELL_OK;
    }
    return add_picture(d, name) ? FELL_OK : out_of_memory(d);
}

static fell_status add_class(struct folder *d, const char *name)
{
    char **larger = realloc(d->class_name, (size_t)(d->classes + 1) * sizeof *larger);

    if (!larger)
        return out_of_memory(d);
    d->class_name = larger;
    larger[d->classes] = strdup(name);
    return larger[d->classes++] ? FELL_OK : out_of_memory(d);
}

static fell_status visit_class(struct folder *d, const char *path, const char *name)
{
    const int64_t before = d->pictures;
    char *full = join(path, name);
    fell_status result;

    if (!full)
        return out_of_memory(d);
    if (!is_folder(full)) {
        if (!d->new_rows)
            pass_over(d, "", name);
        free(full);
        return FELL_OK;
    }
    result = add_class(d, name);
    if (result == FELL_OK)
        result = each_entry(d, full, visit_file);
    free(full);
    if (result == FELL_OK && d->pictures == before && !d->new_rows)
        return fell_fail(d->ctx, "path: the folder of class '%s' holds no .png, .jpg or .jpeg file", name);
    return result;
}

static fell_status list_pictures(struct folder *d)
{
    if (!is_folder(d->s->path)) {
        struct stat about;

        return stat(d->s->path, &about) != 0
                   ? fell_fail(d->ctx, "path: cannot open %s: %s", d->s->path, strerror(errno))
                   : fell_fail(d->ctx, "path: %s is not a folder", d->s->path);
    }
    if (d->new_rows && (add_class(d, ".") != FELL_OK || each_entry(d, d->s->path, visit_file) != FELL_OK))
        return FELL_ERROR;
    if (each_entry(d, d->s->path, visit_class) != FELL_OK)
        return FELL_ERROR;
    if (d->new_rows && d->pictures == 0)
        return fell_fail(d->ctx, "path: %s holds no .png, .jpg or .jpeg file", d->s->path);
    if (d->classes == 0) {
        const char *slash = strrchr(d->s->path, '/');

        return fell_fail(d->ctx, "path: the folder '%s' holds no folders; each class is a folder of images",
                         slash && slash[1] ? slash + 1 : d->s->path);
    }
    if (d->passed_over)
        fell_warn(d->ctx, "path: %lld file%s that %s no .png, .jpg or .jpeg %s passed over (%s)",
                  (long long)d->passed_over, d->passed_over == 1 ? "" : "s",
                  d->passed_over == 1 ? "is" : "are", d->passed_over == 1 ? "is" : "are",
                  d->first_passed_over);
    return FELL_OK;
}

/* Folders that tables without a class were sorted into, and classes that are nearly one. */
static fell_status doubt_classes(const struct folder *d)
{
    const char *const *name = (const char *const *)d->class_name;

    for (int64_t k = 0; k < d->classes; k++)
        if (name_is_missing(&d->s->missing, name[k]) ||
            name_may_be_missing(&d->s->missing, name[k], name, d->classes))
            return fell_fail(d->ctx,
                             "path: is the folder '%s' a class, or does it stand for nothing? Then move it "
                             "away; if it is a class, say which names stand for nothing: missing: []",
                             name[k]);
    names_doubt(d->ctx, "path", "classes", name, d->classes);
    return FELL_OK;
}

/* ---- one picture --------------------------------------------------------------------- */

/* The bytes of a file, or NULL with IM->why. */
static unsigned char *read_bytes(const char *path, struct image *im, size_t *n)
{
    /* Whoever opens a pipe for reading waits, unless he says that he does not. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");
    struct stat about;
    unsigned char *bytes = NULL;

    if (!f || fstat(fileno(f), &about) != 0) {
        snprintf(im->why, sizeof im->why, "cannot be opened: %s", strerror(errno));
    } else if (!S_ISREG(about.st_mode)) {
        snprintf(im->why, sizeof im->why, "is no regular file");
    } else if (about.st_size == 0) {
        snprintf(im->why, sizeof im->why, "is empty");
    } else if (about.st_size > MOST_BYTES) {
        snprintf(im->why, sizeof im->why, "is too large, %lld bytes", (long long)about.st_size);
    } else if (!(bytes = malloc((size_t)about.st_size))) {
        snprintf(im->why, sizeof im->why, "does not fit into memory");
    } else {
        *n = fread(bytes, 1, (size_t)about.st_size, f);
        if (ferror(f))
            snprintf(im->why, sizeof im->why, "cannot be read: %s", strerror(errno));
    }
    if (f)
        fclose(f);
    if (im->why[0]) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* Picture I; its pixels are to be released. The first bytes say what it is, not its name. */
static fell_status load_picture(const struct folder *d, int64_t i, bool head_only, struct image *im)
{
    const struct picture *p = &d->picture[i];
    char *folder = join(d->s->path, d->class_name[p->class]), *path = folder ? join(folder, p->name) : NULL;
    unsigned char *bytes;
    size_t n = 0;
    bool ok = false;

    *im = (struct image){0};
    free(folder);
    if (!path)
        return out_of_memory(d);
    bytes = read_bytes(path, im, &n);
    free(path);
    if (bytes && png_is(bytes, n))
        ok = png_read_bytes(bytes, n, head_only, im);
    else if (bytes && jpeg_is(bytes, n))
        ok = jpeg_read_bytes(bytes, n, head_only, im);
    else if (bytes)
        snprintf(im->why, sizeof im->why, "is neither PNG nor JPEG%s%s",
                 file_likeness((char *)bytes, n) ? ", but " : "",
                 file_likeness((char *)bytes, n) ? file_likeness((char *)bytes, n) : "");
    free(bytes);
    if (ok)
        return FELL_OK;
    image_release(im);
    return fell_fail(d->ctx, "path: %s/%s %s", d->class_name[p->class], p->name, im->why);
}

/* Without the setting `shape`, all images are as the first. */
static fell_status check_size(const struct folder *d, int64_t i, const struct image *im)
{
    const struct picture *p = &d->picture[i], *first = &d->picture[0];

    if (d->s->shape.n)
        return FELL_OK;
    if (im->height != d->x.dim[1] || im->width != d->x.dim[2])
        return fell_fail(d->ctx,
                         "path: %s/%s has %lld x %lld pixels, but %s/%s has %lld x %lld; the setting shape: "
                         "[C,H,W] makes them one size",
                         d->class_name[p->class], p->name, (long long)im->width, (long long)im->height,
                         d->class_name[first->class], first->name, (long long)d->x.dim[2],
                         (long long)d->x.dim[1]);
    if (im->channels > d->x.dim[0])
        return fell_fail(d->ctx,
                         "path: %s/%s is in colour, but %s/%s is grey; the setting shape: [C,H,W] makes them "
                         "one or the other",
                         d->class_name[p->class], p->name, d->class_name[first->class], first->name);
    return FELL_OK;
}

/* ---- the item -------------------------------------------------------------------------- */

static fell_status settle_shape(struct folder *d)
{
    const fell_ints *shape = &d->s->shape;
    struct image im;

    d->x.rank = 3;
    if (shape->n == 0) {
        if (load_picture(d, 0, true, &im) != FELL_OK)
            return FELL_ERROR;
        d->x.dim[0] = im.channels;
        d->x.dim[1] = im.height;
        d->x.dim[2] = im.width;
        return FELL_OK;
    }
    if (shape->n != 3 || (shape->v[0] != 1 && shape->v[0] != 3))
        return fell_fail(d->ctx, "shape: it must be [C,H,W] with C 1 (grey) or 3 (colour)");
    for (int64_t k = 0; k < 3; k++)
        d->x.dim[k] = shape->v[k];
    return FELL_OK;
}

static fell_status name_rows(struct folder *d)
{
    if (!d->new_rows)
        return FELL_OK;
    d->row_name = calloc((size_t)d->pictures, sizeof *d->row_name);
    for (int64_t i = 0; d->row_name && i < d->pictures; i++) {
        const struct picture *p = &d->picture[i];

        d->row_name[i] =
            strcmp(d->class_name[p->class], ".") ? join(d->class_name[p->class], p->name) : strdup(p->name);
        if (!d->row_name[i])
            return out_of_memory(d);
    }
    return d->row_name ? FELL_OK : out_of_memory(d);
}

static fell_status open_folder(fell_data_info *info)
{
    const struct settings *s = info->settings;
    struct folder *d = calloc(1, sizeof *d);

    if (!d)
        return fell_fail(info->ctx, "path: there is not enough memory for %s", s->path);
    d->s = s;
    d->ctx = info->ctx;
    d->new_rows = info->new_rows;
    if (list_pictures(d) != FELL_OK || (!d->new_rows && doubt_classes(d) != FELL_OK) ||
        settle_shape(d) != FELL_OK || name_rows(d) != FELL_OK)
        goto failed;
    if (info->wanted == FELL_VALUES && d->classes != 2 && !info->no_targets) {
        fell_fail(info->ctx, "path: there are %lld classes, but the loss takes values, which fits 2 alone",
                  (long long)d->classes);
        goto failed;
    }
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->rows = d->pictures;
    info->x = d->x;
    info->target = fell_vec(1);
    info->nclasses = d->classes;
    info->class_names = (const char *const *)d->class_name;
    info->row_names = (const char *const *)d->row_name;
    info->self = d;
    return FELL_OK;

failed:
    close_folder(d);
    return FELL_ERROR;
}

struct reading {
    struct folder *d;
    fell_read_call *c;
    _Atomic int64_t turned; /* the first of the rows that does not stand upright, [c->n]: none */
};

/* Row I of the call, whose camera was held another way. */
static void note_turned(struct reading *r, int64_t i)
{
    int64_t first = atomic_load(&r->turned);

    while (i < first && !atomic_compare_exchange_weak(&r->turned, &first, i))
        continue;
}

/* Pixels stay as they are stored, as in Pillow and torchvision; of the first picture that is to be turned it
 * is said. */
static void tell_turned(struct reading *r)
{
    const int64_t i = atomic_load(&r->turned);
    const struct picture *p;

    if (i == r->c->n || r->d->told_turned)
        return;
    p = &r->d->picture[r->c->row[i]];
    r->d->told_turned = true;
    fell_warn(r->c->ctx,
              "path: %s/%s is to be turned or mirrored for display (EXIF orientation); pixels are taken as "
              "they are stored, here and in others",
              r->d->class_name[p->class], p->name);
}

/* Rows BEGIN to END of a call. */
static fell_status read_some(void *arg, int64_t begin, int64_t end)
{
    struct reading *r = arg;
    const struct folder *d = r->d;
    fell_read_call *c = r->c;

    for (int64_t i = begin; i < end; i++) {
        const int64_t row = c->row[i];
        struct image im;
        bool ok;

        if (load_picture(d, row, false, &im) != FELL_OK)
            return FELL_ERROR;
        if (check_size(d, row, &im) != FELL_OK) {
            image_release(&im);
            return FELL_ERROR;
        }
        ok = image_to_floats(&im, d->x.dim[0], d->x.dim[1], d->x.dim[2], c->x + i * fell_size(&d->x));
        image_release(&im);
        if (!ok)
            return out_of_memory(d);
        if (im.orientation > 1)
            note_turned(r, i);
        if (c->target)
            c->target[i] = (float)d->picture[row].class;
        if (c->label)
            c->label[i] = d->picture[row].class;
    }
    return FELL_OK;
}

static fell_status read_folder(fell_read_call *c)
{
    struct reading reading = {c->self, c, c->n};
    const fell_status result = fell_parallel(c->ctx, c->n, 16, read_some, &reading);

    if (result == FELL_OK)
        tell_turned(&reading);
    return result;
}

static const fell_dataset image_folder = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "image_folder",
        "PNG and JPEG images, a folder for each class: PATH/CLASS/IMAGE.png.\n\n"
        "Rows are [C,H,W] with values 0 to 255. Classes are sorted by the bytes of their names; with\n"
        "two of them also values 0 and 1, for losses that take values. `shape` resizes with a triangle\n"
        "filter as wide as the pixels that shrink to one. Grey from colour is BT.601's luma,\n"
        "transparency is ignored, 16 bits become 8.",
        struct settings, params),
    open_folder, read_folder, close_folder};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &image_folder.item);
