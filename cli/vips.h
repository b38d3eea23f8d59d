/* vips.h - the statements behind `configure vip`. */
#ifndef HF_CLI_VIPS_H
#define HF_CLI_VIPS_H

#include <libxml/tree.h>

#include "cli/crm/parse.h"

/* The statements that make a VIP of words: ADDRESS[/PREFIX]... [id=NAME] [PARAMETER=VALUE]...; a primitive
 * and the promotable clone around it.  Without id= it is the first of vip, vip2, ... that configuration does
 * not have.  HF_USAGE, naming the word at fault, if that cannot be a VIP; HF_REFUSED if a resource of
 * configuration has the address already.  The statements are the caller's,
 * and empty on error. */
struct hf_error *vips_statements(const xmlNode *configuration, int count, char *const *words,
                                 struct crm_statements *statements) HF_MUST_CHECK;

#endif
