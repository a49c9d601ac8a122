/* crash.c - a null pointer before anyone has called it. */
static int *volatile nowhere;

__attribute__((constructor)) static void start(void)
{
    *nowhere = 1;
}
