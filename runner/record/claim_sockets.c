/* claim_sockets.c - see claim_sockets.h.
 *
 * Asks the kernel for all Unix sockets by sock_diag(7), with their names and users: one request, and an
 * answer in parts of which each holds some. The user of a socket is whoever made it; nobody can choose it.
 */
#include "record/claim_sockets.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    PART = 32768,     /* bytes; the kernel sends no larger ones */
    SECONDS = 5,      /* to wait for one */
    UDIAG_USER = 0x40 /* UDIAG_SHOW_UID, which headers before Linux 5.3 lack, as they do UNIX_DIAG_UID */
};
enum { ATTRIBUTE_USER = 7 };

struct look {
    const char *name, *except;
    bool (*counts)(void *arg, uid_t user);
    void *arg;
    enum claim_answer found;
};

static bool is_name(const char *bytes, size_t n, const char *name)
{
    return n == strlen(name) && memcmp(bytes, name, n) == 0;
}

/* The socket called BYTES, without the 0 in front; USER: whose it is, or NULL. */
static void look_at(struct look *l, const char *bytes, size_t n, const uid_t *user)
{
    const size_t size = strlen(l->name);

    if (n < size || memcmp(bytes, l->name, size) != 0 || (n > size && bytes[size] != ':') ||
        (l->except && is_name(bytes, n, l->except)))
        return;
    if (user && l->counts(l->arg, *user))
        l->found = CLAIM_YES;
    else if (!user && l->found == CLAIM_NO)
        l->found = CLAIM_UNKNOWN;
}

static void read_socket(struct look *l, const struct nlmsghdr *h)
{
    const char *at = (const char *)h + NLMSG_LENGTH(sizeof(struct unix_diag_msg)), *name = NULL;
    const char *const end = (const char *)h + h->nlmsg_len;
    size_t n = 0;
    uid_t user = 0;
    bool known = false;

    while (end - at >= (ptrdiff_t)sizeof(struct rtattr)) {
        struct rtattr a;

        memcpy(&a, at, sizeof a);
        if (a.rta_len < RTA_LENGTH(0) || a.rta_len > end - at)
            break;
        if (a.rta_type == UNIX_DIAG_NAME) {
            name = at + RTA_LENGTH(0);
            n = a.rta_len - RTA_LENGTH(0);
        } else if (a.rta_type == ATTRIBUTE_USER && a.rta_len >= RTA_LENGTH(sizeof user)) {
            memcpy(&user, at + RTA_LENGTH(0), sizeof user);
            known = true;
        }
        if (RTA_ALIGN(a.rta_len) > (size_t)(end - at))
            break;
        at += RTA_ALIGN(a.rta_len);
    }
    if (n > 1 && name[0] == 0)
        look_at(l, name + 1, n - 1, known ? &user : NULL);
}

/* The answer to the end. Returns false when it is an error. */
static bool read_answer(int fd, struct look *l)
{
    _Alignas(struct nlmsghdr) char part[PART];

    for (;;) {
        ssize_t n = recv(fd, part, sizeof part, 0);

        if (n <= 0)
            return false;
        for (struct nlmsghdr *h = (struct nlmsghdr *)part; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
            if (h->nlmsg_type == NLMSG_DONE)
                return true;
            if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
                h->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
                return false;
            read_socket(l, h);
        }
    }
}

enum claim_answer claim_sockets_any(const char *name, const char *except,
                                    bool (*counts)(void *arg, uid_t user), void *arg)
{
    struct {
        struct nlmsghdr head;
        struct unix_diag_req ask;
    } request = {
        .head = {.nlmsg_len = sizeof request,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .ask = {.sdiag_family = AF_UNIX, .udiag_states = ~0U, .udiag_show = UDIAG_SHOW_NAME | UDIAG_USER}};
    const struct timeval patience = {.tv_sec = SECONDS};
    struct look l = {.name = name, .except = except, .counts = counts, .arg = arg, .found = CLAIM_NO};
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return CLAIM_UNKNOWN;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        send(fd, &request, sizeof request, 0) != (ssize_t)sizeof request || !read_answer(fd, &l))
        l.found = l.found == CLAIM_YES ? CLAIM_YES : CLAIM_UNKNOWN;
    close(fd);
    return l.found;
}
