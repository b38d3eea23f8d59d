/* clock.c - see clock.h. */
#include "daemon/guard/clock.h"

/* Less than anybody would call a jump, and more than lies between two looks at two clocks. */
#define JUMP (INT64_C(500) * 1000000)

int64_t clock_watch_look(struct clock_watch *watch, int64_t boot, int64_t wall)
{
    int64_t before = watch->offset, step;
    bool known = watch->known;

    watch->known = true;
    watch->offset = wall - boot;
    step = watch->offset - before;
    return known && (step >= JUMP || step <= -JUMP) ? step : 0;
}
