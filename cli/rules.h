/* rules.h - rules that are in the language and can never hold, for what is written in them is no time or
 * number. */
#ifndef HF_CLI_RULES_H
#define HF_CLI_RULES_H

#include <libxml/tree.h>

#include "lib/error.h"

/* HF_REFUSED for a time, a part of a date or a pattern, anywhere in the element, that is none. */
struct hf_error *rule_check(const xmlNode *element) HF_MUST_CHECK;

#endif
