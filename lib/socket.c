/* socket.c - see socket.h. */
#include "lib/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void hf_make_folder_of(const char *path)
{
    char *folder HF_CLEANUP(hf_freep) = hf_strdup(path);
    char *slash = strrchr(folder, '/');

    if (slash == NULL || slash == folder)
        return;
    *slash = '\0';
    mkdir(folder, 0755);
}

static struct hf_error *address_of(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path))
        return hf_error_new(HF_USAGE, "the socket's path %s is longer than %zu bytes", path,
                            sizeof(address->sun_path) - 1);
    strcpy(address->sun_path, path);
    return NULL;
}

/* Closes it, and says why in the words of the errno that was there before. */
static struct hf_error *give_up(int *fd, const char *what, const char *path)
{
    int number = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return hf_error_errno(number, "cannot %s %s", what, path);
}

struct hf_error *hf_socket_claim(const char *path, int *fd, bool *taken)
{
    char *lock HF_CLEANUP(hf_freep) = hf_asprintf("%s.lock", path);

    *taken = false;
    *fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return give_up(fd, "open", lock);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return NULL;
    if (errno != EWOULDBLOCK)
        return give_up(fd, "lock", lock);
    close(*fd);
    *fd = -1;
    *taken = true;
    return NULL;
}

struct hf_error *hf_socket_listen(const char *path, int type, mode_t mode, int backlog, int *fd)
{
    struct sockaddr_un address;
    struct hf_error *error = address_of(path, &address);

    *fd = -1;
    if (error != NULL)
        return error;
    unlink(path);
    *fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    mode_t before = umask(0777 & ~mode);
    bool bound = *fd >= 0 && bind(*fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    umask(before);
    return bound && listen(*fd, backlog) == 0 ? NULL : give_up(fd, "listen at", path);
}

void hf_socket_send_buffer(int fd, int bytes)
{
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

struct hf_error *hf_socket_connect(const char *path, int type, int send_buffer, int *fd)
{
    struct sockaddr_un address;
    struct hf_error *error = address_of(path, &address);

    *fd = -1;
    if (error != NULL)
        return error;
    *fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && send_buffer > 0)
        hf_socket_send_buffer(*fd, send_buffer);
    if (*fd < 0 || connect(*fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return give_up(fd, "connect to", path);
    return NULL;
}
