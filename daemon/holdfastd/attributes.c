/* attributes.c - see attributes.h. */
#include "daemon/holdfastd/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#define ATTRIBUTES_PATH HF_RUNDIR "/attributes"

enum { ATTRIBUTES_LIMIT = 4 << 20 };

xmlDoc *attributes_load(void)
{
    xmlDoc *document = NULL;
    struct hf_error *error;

    if (access(ATTRIBUTES_PATH, F_OK) != 0)
        return NULL;
    error = hf_xml_parse_file(ATTRIBUTES_PATH, ATTRIBUTES_LIMIT, &document);
    if (error != NULL)
        hf_warn("this node's transient attributes are lost: %s", hf_error_text(error));
    hf_error_free(error);
    return document;
}

static bool write_whole(const char *path, const char *text, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text, length) == (ssize_t)length;

    if (fd >= 0 && close(fd) != 0)
        written = false;
    return written;
}

void attributes_keep(const char *text)
{
    static const char beside[] = ATTRIBUTES_PATH ".new";

    if (*text == '\0') {
        unlink(ATTRIBUTES_PATH);
        return;
    }
    if (write_whole(beside, text, strlen(text)) && rename(beside, ATTRIBUTES_PATH) == 0)
        return;
    hf_warn("cannot keep this node's transient attributes in %s: %s", ATTRIBUTES_PATH, strerror(errno));
    unlink(beside);
    unlink(ATTRIBUTES_PATH); /* old ones would be worse than none */
}
