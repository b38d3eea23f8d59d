/* zone.h - the machine's time zone: rules in a CIB speak of local time, as Pacemaker's do. */
#ifndef HF_ZONE_H
#define HF_ZONE_H

#include <stdint.h>

/* Seconds east of UTC here at that time (epoch seconds); 0 if that is not known. */
int hf_utc_offset(int64_t when);

#endif
