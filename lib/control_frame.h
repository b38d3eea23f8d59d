/* control_frame.h - one part of a control message, as both ends of the control socket see it.
 *
 * Private to control_client.c and control_server.c.  Host byte order: both ends are on one machine. */
#ifndef HF_CONTROL_FRAME_H
#define HF_CONTROL_FRAME_H

#include <qb/qbipc_common.h>
#include <stdint.h>

#include "lib/control.h"

enum { CONTROL_PART = QB_IPC_MSG_USER_START };

/* The fixed part in front of the bytes; requests and replies share it. */
struct control_part {
    uint32_t call;   /* the client's number of this request */
    uint32_t total;  /* bytes of the whole message */
    uint32_t offset; /* where this part belongs; parts come in order */
    uint32_t length; /* bytes of this part */
};

struct control_request {
    struct qb_ipc_request_header qb;
    struct control_part part;
    char bytes[];
};

struct control_reply {
    struct qb_ipc_response_header qb;
    struct control_part part;
    char bytes[];
};

enum { CONTROL_PART_BYTES = HF_CONTROL_FRAME - 256 };

#endif
