/* socket.h - Unix sockets of the daemons and of who speaks with them. */
#ifndef HF_SOCKET_H
#define HF_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/error.h"

/* Makes the folder of a path if it is missing; whether it could is seen by who opens the path. */
void hf_make_folder_of(const char *path);

/* Makes PATH.lock and locks it for as long as *fd (the caller's) is open: also a process that is stopped has
 * it.  Who has it may take the place of a socket that was left at path.  *taken, and *fd -1: another process
 * has it. */
struct hf_error *hf_socket_claim(const char *path, int *fd, bool *taken) HF_MUST_CHECK;

/* Listens at path, in place of what is there.  type: SOCK_STREAM or SOCK_SEQPACKET.  mode: whoever may write
 * may connect.  *fd is the caller's, does not block, and is -1 after an error.  HF_USAGE: the path is too
 * long. */
struct hf_error *hf_socket_listen(const char *path, int type, mode_t mode, int backlog,
                                  int *fd) HF_MUST_CHECK;

/* Connects to path.  type: as above, maybe with SOCK_NONBLOCK.  send_buffer: bytes that may wait to be sent,
 * 0 for the usual.  *fd is the caller's, and -1 after an error. */
struct hf_error *hf_socket_connect(const char *path, int type, int send_buffer, int *fd) HF_MUST_CHECK;

/* As many bytes as may be: more than the limit if this process has the right to. */
void hf_socket_send_buffer(int fd, int bytes);

#endif
