/* facts.h - what the file system says of a file, by which one knows that it holds the same bytes. Apart from
 * text.h, whose names of functions are also those of plugins' own.
 */
#ifndef BASE_FACTS_H
#define BASE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

struct stat;

/* What the file system says of a file (its size, times, device and number), as text. As long as it says the
 * same, the bytes are the same, if the file was settled when it said so. */
enum { FILE_FACTS = 160 };
void file_facts(const struct stat *about, char facts[FILE_FACTS]);
/* Whether a file that was changed last at CHANGED gets another time when it is changed after NOW; both in
 * seconds since 1970. */
bool file_is_settled(int64_t changed, int64_t now);

#endif
