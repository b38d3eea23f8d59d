/* shadow.h - shadow CIBs: copies to try changes on, and to bring back into the cluster as one change.
 *
 * A shadow is two files in a folder of the user's (CIB_shadow_dir, or ~/.holdfast/shadow): NAME.xml, and
 * NAME.base, the CIB that it was made of, by which a commit knows what was changed and what others changed
 * meanwhile. */
#ifndef HF_CLI_SHADOW_H
#define HF_CLI_SHADOW_H

#include "cli/session.h"

/* From now on the session works on this shadow ("live", or NULL: on what it began with).  HF_REFUSED if there
 * is none or changes wait to be committed. */
struct hf_error *shadow_use(struct session *session, const char *name) HF_MUST_CHECK;
/* Makes a shadow of cib, replacing one of the same name if force. */
struct hf_error *shadow_make(const char *name, const xmlDoc *cib, const xmlDoc *base,
                             bool force) HF_MUST_CHECK;
/* A shadow and what it was made of, the caller's. */
struct hf_error *shadow_read(const char *name, xmlDoc **cib, xmlDoc **base) HF_MUST_CHECK;
struct hf_error *shadow_delete(const char *name) HF_MUST_CHECK;
/* Names, sorted; free each and the array. */
struct hf_error *shadow_list(char ***names, size_t *count) HF_MUST_CHECK;

#endif
