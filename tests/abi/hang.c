/* hang.c - never ready. */
static volatile int forever = 1;

__attribute__((constructor)) static void start(void)
{
    while (forever)
        ;
}
