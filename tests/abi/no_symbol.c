/* no_symbol.c - somebody's library. */
int answer(void);

int answer(void)
{
    return 42;
}
