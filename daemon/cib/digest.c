/* digest.c - see digest.h. */
#include "daemon/cib/digest.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/xml.h"

/* Odd constants: the fraction bits of the square roots of 2, 3, 5 and 7, made odd. */
static const uint64_t root2 = 0x6a09e667f3bcc909, root3 = 0xbb67ae8584caa73b, root5 = 0x3c6ef372fe94f82b,
                      root7 = 0xa54ff53a5f1d36f1;

/* Both halves of the 128-bit product, folded: every input bit reaches every output bit. */
static uint64_t fold(uint64_t x, uint64_t y)
{
    unsigned __int128 product = (unsigned __int128)x * y;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static struct cib_digest mix(struct cib_digest state, uint64_t word)
{
    return (struct cib_digest){
        .a = fold(state.a ^ word ^ root2, (state.b ^ root3) | 1) + root5,
        .b = fold(state.b ^ (word << 32 | word >> 32) ^ root5, (state.a ^ root7) | 1) + root2,
    };
}

static uint64_t little_endian(const unsigned char *bytes, size_t length)
{
    uint64_t word = 0;

    memcpy(&word, bytes, length);
    return le64toh(word);
}

static struct cib_digest mix_bytes(struct cib_digest state, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    state = mix(state, length);
    for (; length >= 8; at += 8, length -= 8)
        state = mix(state, little_endian(at, 8));
    return length == 0 ? state : mix(state, little_endian(at, length));
}

bool cib_digest_equal(struct cib_digest one, struct cib_digest other)
{
    return one.a == other.a && one.b == other.b;
}

struct cib_digest cib_digest_add(struct cib_digest one, struct cib_digest other)
{
    return (struct cib_digest){one.a + other.a, one.b + other.b};
}

struct cib_digest cib_digest_sub(struct cib_digest one, struct cib_digest other)
{
    return (struct cib_digest){one.a - other.a, one.b - other.b};
}

struct cib_digest cib_digest_bytes(const void *bytes, size_t length)
{
    struct cib_digest state = mix_bytes((struct cib_digest){root2, root3}, bytes, length);

    return mix(state, root7);
}

struct cib_digest cib_digest_pair(struct cib_digest left, struct cib_digest right)
{
    struct cib_digest state = mix((struct cib_digest){left.a ^ root5, left.b}, right.a);

    return mix(mix(state, right.b), root3);
}

struct cib_digest cib_digest_attribute(const char *name, const char *value)
{
    struct cib_digest state = mix_bytes((struct cib_digest){root3, root5}, name, strlen(name));

    return mix(mix_bytes(state, value, strlen(value)), root2);
}

struct cib_digest cib_digest_element(const char *name, struct cib_digest attributes,
                                     struct cib_digest children)
{
    struct cib_digest state = mix_bytes((struct cib_digest){root5, root7}, name, strlen(name));

    state = mix(mix(state, attributes.a), attributes.b);
    return mix(mix(state, children.a), children.b);
}

struct cib_digest cib_digest_tree(const xmlNode *element)
{
    struct cib_digest attributes = {0}, children = {0}, left = {0};
    bool any = false;

    if (element == NULL)
        return attributes;
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        attributes = cib_digest_add(attributes, cib_digest_attribute(name, hf_xml_get_or(element, name, "")));
    }
    HF_XML_EACH_ANY (child, element) {
        struct cib_digest right = cib_digest_tree(child);

        children = cib_digest_add(children, cib_digest_pair(left, right));
        left = right;
        any = true;
    }
    if (any)
        children = cib_digest_add(children, cib_digest_pair(left, (struct cib_digest){0}));
    return cib_digest_element((const char *)element->name, attributes, children);
}

const char *cib_digest_text(struct cib_digest digest, char text[CIB_DIGEST_TEXT])
{
    snprintf(text, CIB_DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, digest.a, digest.b);
    return text;
}

bool cib_digest_parse(const char *text, struct cib_digest *digest)
{
    char again[CIB_DIGEST_TEXT];

    if (text == NULL || strlen(text) != CIB_DIGEST_TEXT - 1 ||
        sscanf(text, "%16" SCNx64 "%16" SCNx64, &digest->a, &digest->b) != 2)
        return false;
    return strcmp(cib_digest_text(*digest, again), text) == 0;
}

void cib_put_digest(struct hf_buf *buf, struct cib_digest digest)
{
    hf_put_u64(buf, digest.a);
    hf_put_u64(buf, digest.b);
}

struct cib_digest cib_get_digest(struct hf_reader *reader)
{
    struct cib_digest digest;

    digest.a = hf_get_u64(reader);
    digest.b = hf_get_u64(reader);
    return digest;
}
