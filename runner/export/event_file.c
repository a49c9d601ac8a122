/* event_file.c - see event_file.h. */
#include "export/event_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "export/tensorboard.pb-c.h"

uint32_t event_crc(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1)));
    }
    return ~crc;
}

static uint32_t masked(const void *bytes, size_t n)
{
    const uint32_t crc = event_crc(bytes, n);

    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static status write_record(FILE *to, const Tensorboard__Event *event, struct error *err)
{
    const uint64_t size = tensorboard__event__get_packed_size(event);
    uint8_t *bytes = mem_alloc(size + 1);
    uint32_t head, tail;
    bool good;

    tensorboard__event__pack(event, bytes);
    head = masked(&size, sizeof size);
    tail = masked(bytes, size);
    good = fwrite(&size, sizeof size, 1, to) == 1 && fwrite(&head, sizeof head, 1, to) == 1 &&
           fwrite(bytes, 1, size, to) == size && fwrite(&tail, sizeof tail, 1, to) == 1;
    free(bytes);
    return good ? OK : error_set(err, "the event file cannot be written: %s", strerror(errno));
}

status event_file_begin(FILE *to, double wall_time, struct error *err)
{
    static char version[] = "brain.Event:2";
    Tensorboard__Event event;

    tensorboard__event__init(&event);
    event.has_wall_time = true;
    event.wall_time = wall_time;
    event.file_version = version;
    return write_record(to, &event, err);
}

status event_file_add(FILE *to, double wall_time, int64_t step, size_t n, const struct event_scalar *scalar,
                      struct error *err)
{
    Tensorboard__Summary__Value *value = mem_array(n + 1, sizeof *value);
    Tensorboard__Summary__Value **values = mem_array(n + 1, sizeof(Tensorboard__Summary__Value *));
    Tensorboard__Summary summary;
    Tensorboard__Event event;
    status result;

    tensorboard__event__init(&event);
    tensorboard__summary__init(&summary);
    for (size_t i = 0; i < n; i++) {
        tensorboard__summary__value__init(&value[i]);
        value[i].tag = (char *)(uintptr_t)scalar[i].tag;
        value[i].has_simple_value = true;
        value[i].simple_value = (float)scalar[i].value;
        values[i] = &value[i];
    }
    summary.n_value = n;
    summary.value = values;
    event.has_wall_time = true;
    event.wall_time = wall_time;
    event.has_step = true;
    event.step = step;
    event.summary = &summary;
    result = write_record(to, &event, err);
    free(values);
    free(value);
    return result;
}
