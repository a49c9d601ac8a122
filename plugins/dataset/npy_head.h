/* npy_head.h - the head of an .npy file: which elements, in which order, how many.
 *
 * Included by npy.c. After numpy.lib.format: six bytes of magic, two of version, the
 * length of the head (two bytes in version 1, else four; little-endian), and a Python
 * dictionary with the keys descr, fortran_order and shape.
 */
#ifndef DATASET_NPY_HEAD_H
#define DATASET_NPY_HEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "other_files.h"

enum { NPY_MOST_DIM = 5, NPY_MOST_HEAD = 1 << 16 };

struct npy_head {
    char kind;    /* f, i, u, b */
    int64_t size; /* bytes of an element */
    bool big;     /* byte order */
    bool fortran; /* the first index runs fastest */
    int64_t rank; /* may be 0, or more than NPY_MOST_DIM */
    int64_t dim[NPY_MOST_DIM];
    int64_t count; /* elements */
    int64_t bytes; /* of the head: where the elements begin */
};

struct npy_text {
    const char *at, *end;
    char *why; /* [192] */
};

static inline bool npy_wrong(struct npy_text *t, const char *what)
{
    if (!t->why[0])
        snprintf(t->why, 192, "has a head that cannot be read: %s", what);
    return false;
}

static inline void npy_blanks(struct npy_text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t'))
        t->at++;
}

/* The character C, if it comes next. */
static inline bool npy_next(struct npy_text *t, char c)
{
    npy_blanks(t);
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

/* 'WORD' or "WORD"; what does not fit into 64 bytes is an error. */
static inline bool npy_string(struct npy_text *t, char out[64])
{
    const char *end;
    char quote;

    npy_blanks(t);
    if (t->at == t->end || (*t->at != '\'' && *t->at != '"'))
        return npy_wrong(t, "a quoted word is missing");
    quote = *t->at++;
    end = memchr(t->at, quote, (size_t)(t->end - t->at));
    if (!end || end - t->at > 63)
        return npy_wrong(t, "a quote is not closed");
    memcpy(out, t->at, (size_t)(end - t->at));
    out[end - t->at] = '\0';
    t->at = end + 1;
    return true;
}

static inline bool npy_bool(struct npy_text *t, bool *out)
{
    npy_blanks(t);
    for (int i = 0; i < 2; i++) {
        const char *const word = i ? "True" : "False";
        const size_t n = strlen(word);

        if ((size_t)(t->end - t->at) >= n && !memcmp(t->at, word, n)) {
            *out = i == 1;
            t->at += n;
            return true;
        }
    }
    return npy_wrong(t, "fortran_order is neither True nor False");
}

/* A tuple of whole numbers. */
static inline bool npy_shape(struct npy_text *t, struct npy_head *h)
{
    if (!npy_next(t, '('))
        return npy_wrong(t, "shape is no tuple");
    h->rank = 0;
    h->count = 1;
    while (!npy_next(t, ')')) {
        int64_t n = 0;

        npy_blanks(t);
        if (t->at == t->end || *t->at < '0' || *t->at > '9')
            return npy_wrong(t, "a dimension of shape is not a whole number");
        for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
            if (n > INT64_MAX / 16 || (n = n * 10 + (*t->at - '0')) > (int64_t)1 << 46)
                return npy_wrong(t, "a dimension of shape is too large");
        t->at += t->at < t->end && *t->at == 'L'; /* as Python 2 wrote its long ones */
        if (n > 0 && h->count > ((int64_t)1 << 46) / n)
            return npy_wrong(t, "its dimensions are too large");
        h->count *= n;
        if (h->rank < NPY_MOST_DIM)
            h->dim[h->rank] = n;
        h->rank++;
        if (!npy_next(t, ',') && (t->at == t->end || *t->at != ')'))
            return npy_wrong(t, "shape is no tuple");
    }
    return true;
}

/* What elements of a KIND are that are no numbers. */
static inline const char *npy_others(char kind)
{
    switch (kind) {
    case 'U':
    case 'S':
        return " (text)";
    case 'O':
        return " (Python objects)";
    case 'c':
        return " (complex numbers)";
    case 'M':
    case 'm':
        return " (dates or times)";
    default:
        return "";
    }
}

/* "<f4" and the like. */
static inline bool npy_type(struct npy_text *t, struct npy_head *h, const char *descr)
{
    static const char *const readable[] = {"b1", "i1", "i2", "i4", "i8", "u1",
                                           "u2", "u4", "u8", "f2", "f4", "f8"};
    const bool marked = *descr && strchr("<>=|", *descr);

    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        if (marked && !strcmp(descr + 1, readable[i])) {
            h->kind = descr[1];
            h->size = descr[2] - '0';
            h->big = descr[0] == '>';
            return true;
        }
    snprintf(t->why, 192,
             "holds elements of type '%.32s'%s; booleans, whole numbers and floats of up to 64 bits are read",
             descr, npy_others(marked ? descr[1] : '\0'));
    return false;
}

static inline bool npy_dictionary(struct npy_text *t, struct npy_head *h)
{
    bool descr = false, order = false, shape = false;

    if (!npy_next(t, '{'))
        return npy_wrong(t, "it is no dictionary");
    while (!npy_next(t, '}')) {
        char key[64], word[64];

        if (!npy_string(t, key))
            return false;
        if (!npy_next(t, ':'))
            return npy_wrong(t, "a colon is missing");
        if (!strcmp(key, "descr") && !descr) {
            if (npy_next(t, '[')) {
                snprintf(t->why, 192, "holds records of several fields; plain numbers are read");
                return false;
            }
            if (!npy_string(t, word) || !npy_type(t, h, word))
                return false;
            descr = true;
        } else if (!strcmp(key, "fortran_order") && !order) {
            if (!npy_bool(t, &h->fortran))
                return false;
            order = true;
        } else if (!strcmp(key, "shape") && !shape) {
            if (!npy_shape(t, h))
                return false;
            shape = true;
        } else {
            return npy_wrong(t, "an unknown or repeated key");
        }
        npy_blanks(t);
        if (!npy_next(t, ',') && (t->at == t->end || *t->at != '}'))
            return npy_wrong(t, "a comma is missing");
    }
    npy_blanks(t);
    if (t->at != t->end)
        return npy_wrong(t, "there is text behind the dictionary");
    return (descr && order && shape) || npy_wrong(t, "one of descr, fortran_order and shape is missing");
}

/* Of the first HAVE bytes of a file (NPY_MOST_HEAD, if it has so many) the head. False with
 * WHY, which goes on after the file's name: "is not an .npy file". */
static inline bool npy_head_read(struct npy_head *h, const unsigned char *p, size_t have, char why[192])
{
    struct npy_text t = {.why = why};
    const char *like = file_likeness((const char *)p, have);
    size_t fixed, length;

    why[0] = '\0';
    *h = (struct npy_head){0};
    if (have == 0)
        return snprintf(why, 192, "is empty"), false;
    if (have >= 4 && !memcmp(p, "PK\3\4", 4))
        return snprintf(why, 192, "is an .npz archive; save each array with np.save"), false;
    if (have < 8 || memcmp(p, "\x93NUMPY", 6) != 0)
        return snprintf(why, 192, "is not an .npy file%s%s%s", like ? ", but " : " (wrong magic number",
                        like       ? like
                        : have < 8 ? "; it is cut short"
                                   : "",
                        like ? "" : ")"),
               false;
    if (p[6] < 1 || p[6] > 3)
        return snprintf(why, 192, "has version %d.%d of the format; 1.0 to 3.0 are read", p[6], p[7]), false;
    fixed = p[6] == 1 ? 10 : 12;
    length = have < fixed ? 0 : (size_t)p[8] | (size_t)p[9] << 8;
    if (have >= fixed && p[6] > 1)
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (fixed + length > NPY_MOST_HEAD)
        return snprintf(why, 192, "has a head of %zu bytes; at most %d are read", length, NPY_MOST_HEAD - 12),
               false;
    if (have < fixed + length || have < fixed)
        return snprintf(why, 192, "is cut short in its head"), false;
    t.at = (const char *)p + fixed;
    t.end = t.at + length;
    h->bytes = (int64_t)(fixed + length);
    return npy_dictionary(&t, h);
}

#endif
