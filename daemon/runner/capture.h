/* capture.h - what an agent prints, kept within bounds as it comes.
 *
 * Pure. Agents may print without end: only the tail is kept.  The exit reason is looked for on the way, so
 * that it is not lost however much is printed after it.  As in Pacemaker, the last one counts, wherever in
 * a line it begins. */
#ifndef HF_RUNNER_CAPTURE_H
#define HF_RUNNER_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#define RUNNER_REASON_PREFIX "ocf-exit-reason:"

struct runner_capture {
    size_t limit; /* bytes of the tail to keep */
    char *tail;   /* a ring of up to limit bytes, grown as needed */
    size_t capacity, length, start;
    size_t matched; /* bytes of the prefix just seen */
    bool in_reason;
    char *reason; /* NULL until one was seen */
    size_t reason_length;
};

/* Everything that an agent printed to one stream so far; limit in bytes. */
void runner_capture_init(struct runner_capture *capture, size_t limit);
void runner_capture_add(struct runner_capture *capture, const char *bytes, size_t length);
/* The tail as clean text (valid UTF-8; other control characters than tab and newline are '?'), beginning at a
 * line's start if something was cut. The caller frees. */
char *runner_capture_text(const struct runner_capture *capture);
/* The last exit reason, cleaned the same way, "" if there is none. The caller frees. */
char *runner_capture_reason(const struct runner_capture *capture);
bool runner_capture_empty(const struct runner_capture *capture);
void runner_capture_clear(struct runner_capture *capture);

#endif
