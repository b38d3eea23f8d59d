/* vip_status.h - what status says of VIPs. */
#ifndef HF_CLI_VIP_STATUS_H
#define HF_CLI_VIP_STATUS_H

#include <libxml/tree.h>

#include "lib/writer.h"

/* Each VIP that is configured: where it is, by which right, and how each node stands.  Nothing is written if
 * there is none. */
void vip_status_write(struct hf_writer *writer, const xmlDoc *cib);

#endif
