/* corosync_conf.h - values in the text of a corosync.conf, found by paths such as "totem.cluster_name".
 *
 * Pure.  Only sections, keys and comments are known here; what they mean is corosync's. */
#ifndef HF_CLI_COROSYNC_CONF_H
#define HF_CLI_COROSYNC_CONF_H

#include "lib/error.h"

/* HF_REFUSED with the line of what is neither a section, a key, a comment nor the end of a section. */
struct hf_error *corosync_conf_check(const char *text) HF_MUST_CHECK;
/* The index-th (from 0) value of this path, the caller's; NULL if there is none. */
char *corosync_conf_get(const char *text, const char *path, int index);
/* The text with the index-th value of this path set, the caller's: in its line, or as a new line at the end
 * of the index-th section of that path.  HF_REFUSED if there is no such section. */
struct hf_error *corosync_conf_set(const char *text, const char *path, const char *value, int index,
                                   char **result) HF_MUST_CHECK;

#endif
