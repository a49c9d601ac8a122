/* frames.h - what a worker and the runner say to each other over pipes.
 *
 * A frame is a 16-byte header and a body. Bodies of `epoch` and `step` are numbers as
 * they are in memory (packed.h; a run of a tiny net writes a million of them a second), all
 * others are JSON. Both ends are the same program, so there is no version. In
 * the stream a body is followed by zeros up to a multiple of 8 bytes, so that
 * what it packs can be read in place.
 */
#ifndef RECORD_FRAMES_H
#define RECORD_FRAMES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

enum frame_type {
    /* runner to worker; one at a time */
    FRAME_CHECK = 1, /* job: load the data, plan the net; answered by PLAN or PROBLEM */
    FRAME_TRAIN,     /* job: a run; answered by SPLITS, PARAMETERS, METRICS, EPOCH ..., END or PROBLEM */
    FRAME_QUIT,
    FRAME_ANSWER, /* to ASK; JSON: verdict (enum verdict), next */
    /* worker to runner */
    FRAME_PLAN = 16,  /* JSON of learner_to_json() */
    FRAME_PROBLEM,    /* JSON: section, index, setting, text */
    FRAME_SPLITS,     /* JSON: [{split, rows, sha256}] */
    FRAME_PARAMETERS, /* JSON: [{position, layer, plugin, name, shape, count}] */
    FRAME_METRICS,    /* JSON: [[split, name], ...], what the values of the EPOCH frames after it are */
    FRAME_EPOCH,
    FRAME_STEP,
    FRAME_PROBE,      /* what one look said (packed.h) */
    FRAME_EVENT,      /* JSON: kind, detail */
    FRAME_CHECKPOINT, /* JSON: epoch, path, sha256, best */
    FRAME_RESUMED,    /* JSON: epoch, step, seconds, cpu_seconds; what the run has behind it */
    FRAME_ASK,        /* JSON: epoch; the worker waits for ANSWER */
    FRAME_END,        /* JSON: status (or "paused"), error, epochs_done, seconds, out_of_memory */
    FRAME_CRASH       /* by the signal handler: struct crash_head, "WHAT\0NAME\0PHASE\0PROBE\0" of net_at.h */
};

struct frame {
    uint32_t type;
    uint32_t size; /* of the body */
    uint64_t run;  /* the job's number */
    /* body follows */
};

/* The body of a job: a JSON object (struct job without what follows), a NUL, the JSON of the
 * resolved spec. */

/* With it the runner ends a worker in the middle of a job; a CRASH frame says where it was. */
enum { STOP_SIGNAL = SIGPWR };

/* With it a worker pauses its run after the step that it is in. */
enum { HURRY_SIGNAL = SIGURG };

/* Why a worker ends in the middle of a job. */
struct crash_head {
    int32_t signal; /* 0: it ended itself */
    int32_t memory_is_out;
    int64_t memory_bytes; /* its own pages (RssAnon) then; 0: not known */
};

/* Bytes that a body of SIZE takes in the stream. */
size_t frame_padded(size_t size);

/* Blocking write of a whole frame; read of a whole one into BUF (body in buf->text).
 * end of file: FAILED with err->text "". */
status frame_write(int fd, uint32_t type, uint64_t run, const void *body, size_t size, struct error *err);
status frame_read(int fd, struct frame *head, struct strbuf *buf, struct error *err);

/* Whether a frame from a worker, BODY with its NUL, has what its type says: JSON with texts and with numbers
 * that can be counted with. Bodies that are no JSON are looked at where they are read. */
bool frame_is_sound(const struct frame *f, const char *body);

/* The same appended to a buffer. frame_begin() leaves the body, which is a multiple of 8 bytes, to the
 * caller: where it goes, valid until the buffer grows. */
void frame_append(struct strbuf *out, uint32_t type, uint64_t run, const void *body, size_t size);
char *frame_begin(struct strbuf *out, uint32_t type, uint64_t run, size_t size);

/* Reading what comes in pieces: fill once per readable pipe, then take every whole
 * frame. Start from zeros. */
struct frame_reader {
    char *buf;
    size_t room, begin, end;
};
enum frame_fill { FILL_MORE, FILL_NOTHING, FILL_END, FILL_ERROR }; /* nothing: would block; error: errno */
enum frame_fill frame_reader_fill(struct frame_reader *r, int fd);
/* The next whole frame, its body valid until the next fill; NULL when there is none
 * yet. *BROKEN is set when the stream makes no sense. */
const struct frame *frame_reader_next(struct frame_reader *r, const char **body, bool *broken);
void frame_reader_release(struct frame_reader *r);

#endif
