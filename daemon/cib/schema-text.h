/* schema-text.h - the grammar of the CIB as text: all of cib-schema/, joined at build time by embed.awk.
 *
 * One <grammar> without a <start>: whoever compiles it says where to start. */
#ifndef CIB_SCHEMA_TEXT_H
#define CIB_SCHEMA_TEXT_H

extern const char cib_schema_text[];
/* Bytes, without the NUL. */
extern const unsigned long cib_schema_text_length;

#endif
