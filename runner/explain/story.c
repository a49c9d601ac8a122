#include "explain/lesson.h"
#include "explain/page.h"
struct page *story_new(const struct lesson *l)
{
    (void)l;
    return page_new();
}
