/* buf.h - a string that grows: for building messages, XML and reports. */
#ifndef HF_BUF_H
#define HF_BUF_H

#include <stdbool.h>

#include "lib/alloc.h"

/* Zero-initialised is empty; data is NUL-terminated whenever it is not NULL. */
struct hf_buf {
    char *data;
    size_t length; /* bytes, without the NUL */
    size_t capacity;
};

void hf_buf_add(struct hf_buf *buf, const void *bytes, size_t length);
void hf_buf_puts(struct hf_buf *buf, const char *text);
void hf_buf_putc(struct hf_buf *buf, char c);
void hf_buf_printf(struct hf_buf *buf, const char *format, ...) HF_PRINTF(2, 3);
/* Text with the five XML characters and control characters escaped, for content and attribute values. */
void hf_buf_xml(struct hf_buf *buf, const char *text);
/* Empties, keeping the memory. */
void hf_buf_reset(struct hf_buf *buf);
/* The text, never NULL, owned by the buffer. */
const char *hf_buf_text(const struct hf_buf *buf);
/* Hands the text to the caller, who frees it, and leaves the buffer empty; never NULL. */
char *hf_buf_take(struct hf_buf *buf) __attribute__((returns_nonnull));
/* Frees the contents; also for HF_CLEANUP. */
void hf_buf_free(struct hf_buf *buf);

#endif
