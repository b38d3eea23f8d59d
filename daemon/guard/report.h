/* report.h - the guard's state, for people and for programs. */
#ifndef GUARD_REPORT_H
#define GUARD_REPORT_H

#include "daemon/guard/client.h"

/* Asks the guard at socket (NULL: GUARD_SOCKET) for its state, as an observer, and waits at most timeout_ms.
 * *status is the caller's, for guard_status_clear().  HF_FAILED, with what to do, if there is no guard. */
struct hf_error *guard_ask(const char *socket, int timeout_ms, struct guard_status *status) HF_MUST_CHECK;
/* Frees what is in it. */
void guard_status_clear(struct guard_status *status);

/* Lines of text, or one JSON object; the caller's. Times in it are as of now. */
char *guard_report(const struct guard_status *status, bool json) __attribute__((returns_nonnull));

#endif
