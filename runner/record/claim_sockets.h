/* claim_sockets.h - the sockets of the abstract name space, and whose they are, as the kernel tells it. */
#ifndef RECORD_CLAIM_SOCKETS_H
#define RECORD_CLAIM_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

enum claim_answer {
    CLAIM_NO,
    CLAIM_YES,
    CLAIM_UNKNOWN /* the kernel does not say whose sockets are: no sock_diag, or one before Linux 5.3 */
};

/* Whether a socket is bound to the abstract name NAME, or to one that begins with it and ":", whose user
 * COUNTS. Not looked at is the name EXCEPT, or NULL. */
enum claim_answer claim_sockets_any(const char *name, const char *except,
                                    bool (*counts)(void *arg, uid_t user), void *arg);

#endif
