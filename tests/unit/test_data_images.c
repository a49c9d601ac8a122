/* test_data_images.c - image_folder: every form of PNG and JPEG against what Pillow reads
 * and resizes, and the sentence for each kind of bad folder and image.
 *
 * tests/reference/images/ holds the images; images_CxHxW.txt has a line for each, as
 * Pillow 13.0 has them after Image.resize((W, H), BILINEAR) of float channels ("F").
 */
#include <sys/stat.h>

#include "data_help.h"

static char *reference(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char *path = mem_format("%s/tests/reference/%s", srcdir ? srcdir : ".", name),
         *full = path_absolute(path);

    free(path);
    return full;
}

/* The images as SHAPE are what the reference file says, within 0.001 of 255. */
static void assert_images(const char *shape, int64_t c, int64_t h, int64_t w)
{
    char *folder_path = reference("images"),
         *name = mem_format("images_%lldx%lldx%lld.txt", (long long)c, (long long)h, (long long)w);
    char *path = reference(name), *settings = mem_format("{path: %s, shape: %s}", folder_path, shape);
    char *text, *at;
    struct error err;
    struct opened o;
    size_t len;

    cr_assert_eq(file_read(path, &text, &len, &err), OK, "%s", err.text);
    at = text;
    data_open(&o, "image_folder", settings, FELL_CLASSES);
    cr_assert_eq(o.info.rows, 9);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){3, {c, h, w}}, sizeof o.info.x));
    for (int64_t i = 0; i < 9; i++) {
        const float *x = o.x + (8 - i) * c * h * w;

        for (int64_t k = 0; k < c * h * w; k++) {
            const double want = strtod(at, &at);

            cr_assert(fabs((double)x[k] - want) < 1e-3, "%s: image %lld, number %lld: %g, expected %g", name,
                      (long long)i, (long long)k, (double)x[k], want);
        }
        cr_assert_eq(o.label[8 - i], i < 6 ? 0 : 1);
    }
    cr_assert_eq(at[strspn(at, "\n ")], '\0');
    cr_assert_eq(o.info.nclasses, 2);
    cr_assert_str_eq(o.info.class_names[0], "cat");
    cr_assert_str_eq(o.info.class_names[1], "dog");
    data_close(&o);
    free(folder_path), free(name), free(path), free(settings), free(text);
}

Test(image_folder, forms_and_sizes)
{
    assert_images("[1, 7, 9]", 1, 7, 9);
    assert_images("[3, 5, 4]", 3, 5, 4);
    assert_images("[1, 30, 11]", 1, 30, 11);
}

/* ---- folders made for a test ------------------------------------------------------------- */

/* Image FROM of the reference, its first N bytes (0: all), as TO below the scratch folder;
 * with AT >= 0 that byte is changed. */
static void copy_image(const char *from, const char *to, size_t n, int at)
{
    char *name = mem_format("images/%s", from), *path = reference(name), *bytes;
    struct error err;
    size_t len;

    cr_assert_eq(file_read(path, &bytes, &len, &err), OK, "%s", err.text);
    if (at >= 0)
        bytes[at] ^= 0x55;
    write_file(to, bytes, n ? n : len);
    free(bytes), free(path), free(name);
}

static void make_class(const char *name)
{
    cr_assert_eq(mkdir(in_folder(name), 0777), 0);
}

static void remove_all(void)
{
    char *command = mem_format("rm -rf '%s'", folder());

    cr_assert_eq(system(command), 0);
    free(command);
}

Test(image_folder, as_the_first_image)
{
    struct opened o;

    make_class("b");
    make_class("a");
    copy_image("cat/colour.png", "a/1.png", 0, -1);
    copy_image("cat/grey.PNG", "b/0.jpg", 0, -1); /* its bytes tell what it is */
    write_text("a/notes.txt", "no image");
    write_text("b/.hidden", "no image");
    write_text("readme", "no image");
    data_open(&o, "image_folder", "{path: %s}", FELL_VALUES);
    cr_assert_eq(o.info.rows, 2);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){3, {3, 7, 9}}, sizeof o.info.x));
    cr_assert_eq(o.target[1], 0.0f);
    cr_assert_eq(o.target[0], 1.0f);
    cr_assert(!memcmp(o.x, o.x + 63, 63 * sizeof *o.x), "grey is not the same in every channel");
    cr_assert(memcmp(o.x + 189, o.x + 189 + 63, 63 * sizeof *o.x) != 0, "colour is grey");
    data_close(&o);
    remove_all();
}

/* ---- what is refused --------------------------------------------------------------------- */

/* Opened without complaint, and refused when ROW is read. */
static void assert_unreadable(const char *settings, int64_t row, const char *message)
{
    struct opened o;
    const fell_status result = data_try(&o, "image_folder", settings, FELL_CLASSES);
    fell_read_call c = {
        .ctx = &o.p.in.ctx, .settings = o.p.settings, .self = o.info.self, .n = 1, .row = &row};
    float x[3 * 20 * 16];
    int32_t label;

    cr_assert_eq(result, FELL_OK, "%s", o.p.in.error.text);
    c.x = x;
    c.label = &label;
    plugin_fails(&o.p, o.p.item->dataset->read(&c), message);
    data_close(&o);
}

Test(image_folder, damaged_images)
{
    static const struct {
        const char *from, *name;
        size_t n;
        int at;
        const char *message;
    } cases[] = {
        {"cat/colour.png", "a/x.png", 100, -1, "path: a/x.png is a damaged PNG: the file is cut short"},
        {"cat/colour.png", "a/x.png", 8, -1, "path: a/x.png is a damaged PNG: the file is cut short"},
        {"cat/colour.png", "a/x.png", 5, -1, "path: a/x.png is neither PNG nor JPEG"},
        {"cat/colour.png", "a/x.png", 0, 18, "path: a/x.png is a damaged PNG: IHDR: CRC error"},
        {"cat/colour.png", "a/x.png", 0, 60,
         "path: a/x.png is a damaged PNG: IDAT: invalid code -- missing end-of-block"},
        {"dog/colour.jpg", "a/x.jpg", 700, -1, "path: a/x.jpg is a damaged JPEG: Premature end of JPEG file"},
        {"dog/colour.jpg", "a/x.jpg", 20, -1, "path: a/x.jpg is a damaged JPEG: Premature end of JPEG file"},
        {"dog/colour.jpg", "a/x.jpg", 0, 0, "path: a/x.jpg is neither PNG nor JPEG"},
    };

    make_class("a");
    for (size_t i = 0; i < COUNT(cases); i++) {
        copy_image(cases[i].from, cases[i].name, cases[i].n, cases[i].at);
        assert_unreadable("{path: %s, shape: [1, 4, 4]}", 0, cases[i].message);
        unlink(in_folder(cases[i].name));
    }
    write_text("a/x.png", "");
    assert_unreadable("{path: %s, shape: [1, 4, 4]}", 0, "path: a/x.png is empty");
    remove_all();
}

/* A head that declares more pixels than there can be, with the right sum. */
Test(image_folder, huge_images)
{
    unsigned char png[41] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\x01\x86\xa0\0\x01\x86\xa0\x08\x02";
    const uLong sum = crc32(0, png + 12, 17);
    static const char jpeg[] = "\xff\xd8\xff\xc0\x00\x0b\x08\xff\x00\xff\x00\x01\x01\x11\x00"
                               "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00";

    for (int i = 0; i < 4; i++)
        png[29 + i] = (unsigned char)(sum >> (24 - 8 * i));
    make_class("a");
    memcpy(png + 33, "\0\0\0\0IDAT", 8);
    write_file("a/x.png", png, sizeof png);
    assert_unreadable("{path: %s, shape: [1, 4, 4]}", 0,
                      "path: a/x.png declares 100000 x 100000 pixels; at most 67108864 are read");
    unlink(in_folder("a/x.png"));
    write_file("a/x.jpg", jpeg, sizeof jpeg - 1);
    assert_unreadable("{path: %s, shape: [1, 4, 4]}", 0,
                      "path: a/x.jpg declares 65280 x 65280 pixels; at most 67108864 are read");
    remove_all();
}

Test(image_folder, images_that_differ)
{
    make_class("a");
    make_class("b");
    copy_image("cat/grey.PNG", "a/1.png", 0, -1);
    copy_image("dog/grey.jpeg", "b/1.jpeg", 0, -1);
    copy_image("cat/colour.png", "b/2.png", 0, -1);
    assert_unreadable("{path: %s}", 1,
                      "path: b/1.jpeg has 16 x 20 pixels, but a/1.png has 9 x 7; the setting shape: [C,H,W] "
                      "makes them one size");
    assert_unreadable(
        "{path: %s}", 2,
        "path: b/2.png is in colour, but a/1.png is grey; the setting shape: [C,H,W] makes them "
        "one or the other");
    assert_refused("image_folder", "{path: %s, shape: [4, 4]}", FELL_CLASSES,
                   "shape: it must be [C,H,W] with C 1 (grey) or 3 (colour)");
    assert_refused("image_folder", "{path: %s, shape: [2, 4, 4]}", FELL_CLASSES,
                   "shape: it must be [C,H,W] with C 1 (grey) or 3 (colour)");
    make_class("c");
    write_text("c/readme.txt", "no image");
    assert_refused("image_folder", "{path: %s}", FELL_CLASSES,
                   "path: the folder of class 'c' holds no .png, .jpg or .jpeg file");
    copy_image("cat/grey.PNG", "c/1.png", 0, -1);
    assert_refused("image_folder", "{path: %s}", FELL_VALUES,
                   "path: there are 3 classes, but the loss takes values, which fits 2 alone");
    remove_all();
}

Test(image_folder, bad_folders)
{
    make_class("a");
    assert_refused("image_folder", "{path: %s/a}", FELL_CLASSES,
                   "path: the folder 'a' holds no folders; each class is a folder of images");
    assert_refused("image_folder", "{path: %s/none}", FELL_CLASSES,
                   "path: cannot open %s/none: No such file or directory");
    write_text("file", "text");
    assert_refused("image_folder", "{path: %s/file}", FELL_CLASSES, "path: %s/file is not a folder");
    write_text("a/x.png", "text");
    assert_refused("image_folder", "{path: %s}", FELL_CLASSES, "path: a/x.png is neither PNG nor JPEG");
    remove_all();
}
