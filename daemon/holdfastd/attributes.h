/* attributes.h - this node's transient attributes, kept for the next incarnation of the daemon.
 *
 * Shell.  They end with the machine or with an orderly end of the daemon, not with a crash: the file is in
 * /run, beside what the agent runner and the guard have there. */
#ifndef HF_HOLDFASTD_ATTRIBUTES_H
#define HF_HOLDFASTD_ATTRIBUTES_H

#include "lib/xml.h"

/* What was kept, to be freed with xmlFreeDoc(); NULL if there is nothing or it cannot be read, which is
 * logged. */
xmlDoc *attributes_load(void);
/* text is <transient_attributes>, or "" for none. What fails is logged: it costs the attributes at the next
 * crash, and nothing now. */
void attributes_keep(const char *text);

#endif
