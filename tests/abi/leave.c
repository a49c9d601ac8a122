/* leave.c - prints what the host's own child prints, and ends the process. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void start(void)
{
    printf("loaded\n");
    exit(0);
}
