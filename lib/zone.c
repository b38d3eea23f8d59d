/* zone.c - see zone.h. */
#include "lib/zone.h"

#include <time.h>

int hf_utc_offset(int64_t when)
{
    time_t seconds = (time_t)when;
    struct tm tm;

    return localtime_r(&seconds, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}
