/* report.h - the guard's state, for people and for programs. */
#ifndef GUARD_REPORT_H
#define GUARD_REPORT_H

#include "daemon/guard/client.h"

/* Asks the guard at socket (NULL: GUARD_SOCKET) for its state, as an observer, and waits at most timeout_ms.
 * *status is the caller's, for guard_status_clear().  HF_FAILED, with what to do, if there is no guard. */
struct hf_error *guard_ask(const char *socket, int timeout_ms, struct guard_status *status) HF_MUST_CHECK;
void guard_status_clear(struct guard_status *status);

/* Appends some lines of text; now: CLOCK_BOOTTIME, ns. */
void guard_report_text(struct hf_buf *buf, const struct guard_status *status, int64_t now);
/* Appends one JSON object and a newline. */
void guard_report_json(struct hf_buf *buf, const struct guard_status *status, int64_t now);
/* Either of them, as of now. */
void guard_report(struct hf_buf *buf, const struct guard_status *status, bool json);

#endif
