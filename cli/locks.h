/* locks.h - what the guard of this machine knows of leases, gates and lock servers, as a part of the status.
 *
 * Asked of holdfast-guard itself (daemon/guard/report.h), which is alive also when holdfastd is not. */
#ifndef HF_CLI_LOCKS_H
#define HF_CLI_LOCKS_H

#include "daemon/guard/client.h"
#include "lib/writer.h"

/* Where the guard is configured on this machine: writes the section (in JSON: the object "guard"), also when
 * the guard does not answer: then the section says so.  Elsewhere it writes nothing. */
void locks_write(struct hf_writer *writer);

/* The section for what the guard said.  now: CLOCK_BOOTTIME, ns. */
void locks_write_status(struct hf_writer *writer, const struct guard_status *status, int64_t now);

#endif
