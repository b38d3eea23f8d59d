/* options.h - what values the cluster's, resources' and operations' options can have.
 *
 * The CIB takes any name and value there (programs keep data of their own in it), so a slip would be
 * accepted and have no effect.  The command line knows the options and refuses what is nearly one. */
#ifndef HF_CLI_OPTIONS_H
#define HF_CLI_OPTIONS_H

#include <libxml/tree.h>

#include "lib/error.h"

enum option_kind { OPTION_CLUSTER, OPTION_META, OPTION_OPERATION };

/* HF_REFUSED for a value that a known option cannot have, or an unknown name near a known one. */
struct hf_error *option_check(enum option_kind kind, const char *name, const char *value) HF_MUST_CHECK;
/* The same for every option written in an element of a statement (a property set, a resource, ...). */
struct hf_error *option_check_element(const xmlNode *element, const char *section) HF_MUST_CHECK;
/* HF_REFUSED for what is not a whole number. */
struct hf_error *option_check_utilization(const char *name, const char *value) HF_MUST_CHECK;
/* Tells of what none of the options is: it is kept, but nothing here will read it. */
void option_tell_unknown(const xmlNode *element, const char *section);
void option_tell_name(enum option_kind kind, const char *name);
/* What the values of a known option look like ("true or false", "stop|freeze"), NULL for an unknown one. */
const char *option_values(enum option_kind kind, const char *name);
/* The name of the nth known option, NULL behind the last. */
const char *option_name(enum option_kind kind, size_t n);

struct option_help {
    const char *name, *other_name; /* Pacemaker has two words for some */
    const char *missing;           /* the value if nobody sets it, NULL if there is none */
    const char *text;
};

/* What a cluster option means, NULL for an unknown one. */
const struct option_help *option_help(const char *name);

#endif
