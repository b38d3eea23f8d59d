/* wire.h - numbers and strings in network byte order, bounded on both sides.
 *
 * A writer appends to an hf_buf.  A reader never reads beyond its bytes: after the first short read it is
 * failed, every later read gives zero, and one check at the end says whether the frame was whole. */
#ifndef HF_WIRE_H
#define HF_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

void hf_put_u8(struct hf_buf *buf, uint8_t value);
void hf_put_u16(struct hf_buf *buf, uint16_t value);
void hf_put_u32(struct hf_buf *buf, uint32_t value);
void hf_put_u64(struct hf_buf *buf, uint64_t value);
/* A u32 length and the bytes. */
void hf_put_bytes(struct hf_buf *buf, const void *bytes, size_t length);
/* The same for a string without its NUL; NULL is written as "". */
void hf_put_string(struct hf_buf *buf, const char *text);

struct hf_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct hf_reader hf_reader(const void *bytes, size_t length);
uint8_t hf_get_u8(struct hf_reader *reader);
uint16_t hf_get_u16(struct hf_reader *reader);
uint32_t hf_get_u32(struct hf_reader *reader);
uint64_t hf_get_u64(struct hf_reader *reader);
/* Bytes borrowed from the frame; *length is 0 and the result NULL if it failed. */
const void *hf_get_bytes(struct hf_reader *reader, size_t *length);
/* A copy with a NUL, the caller's; NULL if it failed or has a NUL inside. */
char *hf_get_string(struct hf_reader *reader);
/* Everything was read and nothing is left over. */
bool hf_reader_done(const struct hf_reader *reader);

#endif
