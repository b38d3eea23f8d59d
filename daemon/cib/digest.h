/* digest.h - the digest by which members of a cluster compare what they have.
 *
 * 128 bits over an XML tree, kept up to date per change instead of by serialising: each element has a
 * digest of its own (name and attributes) and of its children; the children's digest is a sum over
 * neighbouring pairs, so that inserting, removing or changing one child of a thousand costs two pairs.
 * The order of children counts, the order of attributes does not.  It guards against divergence and torn
 * files, not against forgery: who may multicast is corosync's to decide.  Pure. */
#ifndef CIB_DIGEST_H
#define CIB_DIGEST_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/wire.h"

struct cib_digest {
    uint64_t a, b;
};

enum { CIB_DIGEST_TEXT = 33 }; /* bytes of cib_digest_text()'s buffer */

bool cib_digest_equal(struct cib_digest one, struct cib_digest other);
struct cib_digest cib_digest_add(struct cib_digest one, struct cib_digest other);
struct cib_digest cib_digest_sub(struct cib_digest one, struct cib_digest other);
/* Of bytes. */
struct cib_digest cib_digest_bytes(const void *bytes, size_t length);
/* Of an ordered pair. */
struct cib_digest cib_digest_pair(struct cib_digest left, struct cib_digest right);
/* Of an element with all below it, computed from nothing. Zero for NULL. */
struct cib_digest cib_digest_tree(const xmlNode *element);
/* 32 hexadecimal digits into text, which is returned. */
const char *cib_digest_text(struct cib_digest digest, char text[CIB_DIGEST_TEXT]);
bool cib_digest_parse(const char *text, struct cib_digest *digest);

void cib_put_digest(struct hf_buf *buf, struct cib_digest digest);
struct cib_digest cib_get_digest(struct hf_reader *reader);

/* The parts that document.c maintains: an element's own digest from its name and the sum over its
 * attributes, and what one attribute adds to that sum. */
struct cib_digest cib_digest_attribute(const char *name, const char *value);
struct cib_digest cib_digest_element(const char *name, struct cib_digest attributes,
                                     struct cib_digest children);

#endif
