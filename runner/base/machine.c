/* machine.c - see machine.h. */
#include "base/machine.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"

char *machine_host(void)
{
    struct utsname u;

    return mem_string(uname(&u) == 0 ? u.nodename : "unknown");
}

/* What login(1) and its like say (environ(7)); a look into the system's lists of users would cost more
 * than the rest of a start. */
char *machine_user(void)
{
    const char *name = getenv("USER");

    if (!name || !*name)
        name = getenv("LOGNAME");
    return name && *name ? mem_string(name) : mem_format("%ld", (long)getuid());
}
