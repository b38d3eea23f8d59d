/* command.c - see command.h. */
#include "arbiter/command.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "arbiter/key.h"
#include "lib/buf.h"

enum { ANSWER_SECONDS = 10 };

static const char usual_socket[] = "/run/holdfast-arbiter/status";

static struct hf_error *open_socket(const char *path, int *result)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    int fd;

    if (strlen(path) >= sizeof(address.sun_path))
        return hf_error_new(HF_USAGE, "`%s' is too long for a socket's name", path);
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return hf_error_errno(errno, "cannot make a socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        struct hf_error *error =
            hf_error_errno(errno, "no lock server answers at %s: is holdfast-arbiterd running", path);

        close(fd);
        return error;
    }
    *result = fd;
    return NULL;
}

/* Asks the lock server; *answer is what follows the line `ok'. */
static struct hf_error *ask(const char *path, const char *request, struct hf_buf *answer)
{
    char block[65536], *end;
    ssize_t got;
    int fd;
    struct hf_error *error = open_socket(path != NULL ? path : usual_socket, &fd);

    if (error != NULL)
        return error;
    if (write(fd, request, strlen(request)) < 0) {
        close(fd);
        return hf_error_errno(errno, "cannot ask the lock server");
    }
    while ((got = read(fd, block, sizeof(block))) > 0)
        hf_buf_add(answer, block, (size_t)got);
    close(fd);
    if (got < 0)
        return hf_error_new(HF_TIMED_OUT, "the lock server did not answer within %d s", ANSWER_SECONDS);
    if (strncmp(hf_buf_text(answer), "error ", 6) == 0) {
        end = strchr(answer->data, '\n');
        return hf_error_new(HF_REFUSED, "%.*s", (int)(end != NULL ? end - answer->data - 6 : 200),
                            answer->data + 6);
    }
    if (strncmp(hf_buf_text(answer), "ok\n", 3) != 0)
        return hf_error_new(HF_FAILED, "the lock server's answer is not understood");
    return NULL;
}

struct hf_error *arbiter_status(const char *socket_path, bool json, FILE *out)
{
    struct hf_buf answer HF_CLEANUP(hf_buf_free) = {0};
    struct hf_error *error = ask(socket_path, json ? "status json\n" : "status text\n", &answer);

    if (error == NULL)
        fputs(answer.data + 3, out);
    return error;
}

static struct hf_error *check_name(const char *cluster)
{
    return frame_name_ok(cluster) ? NULL
                                  : hf_error_new(HF_USAGE,
                                                 "`%s' is no name of a cluster: expected at most %d "
                                                 "letters, digits and . _ - : @ /",
                                                 cluster, FRAME_NAME_MAX);
}

struct hf_error *arbiter_teach(const char *socket_path, const char *cluster, const char *term)
{
    struct hf_buf answer HF_CLEANUP(hf_buf_free) = {0};
    char *request HF_CLEANUP(hf_freep) = hf_asprintf("teach %s %s\n", cluster, term);
    struct hf_error *error = check_name(cluster);

    if (error == NULL && (strspn(term, "0123456789") != strlen(term) || *term == '\0' || strlen(term) > 20))
        error = hf_error_new(HF_USAGE, "`%s' is no term: expected a number", term);
    return error != NULL ? error : ask(socket_path, request, &answer);
}

struct hf_error *arbiter_new_cluster(const char *socket_path, const char *cluster)
{
    struct hf_buf answer HF_CLEANUP(hf_buf_free) = {0};
    char *request HF_CLEANUP(hf_freep) = hf_asprintf("new %s\n", cluster);
    struct hf_error *error = check_name(cluster);

    return error != NULL ? error : ask(socket_path, request, &answer);
}

static int finish(struct hf_error *error)
{
    int status = (int)hf_error_kind(error);

    if (error != NULL)
        fprintf(stderr, "%s\n", hf_error_text(error));
    hf_error_free(error);
    return status;
}

static int usage(const char *text)
{
    fprintf(stderr, "usage: %s\n", text);
    return HF_USAGE;
}

static int status_command(int argc, char **argv)
{
    const char *path = NULL;
    bool json = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
            path = argv[++i];
        else
            return usage("status [--json] [--socket PATH]");
    }
    return finish(arbiter_status(path, json, stdout));
}

int arbiter_command(int argc, char **argv)
{
    const char *path = NULL;

    if (argc >= 1 && strcmp(argv[0], "status") == 0)
        return status_command(argc, argv);
    if (argc >= 3 && strcmp(argv[argc - 2], "--socket") == 0) {
        path = argv[argc - 1];
        argc -= 2;
    }
    if (argc == 3 && strcmp(argv[0], "teach") == 0)
        return finish(arbiter_teach(path, argv[1], argv[2]));
    if (argc == 2 && strcmp(argv[0], "new") == 0)
        return finish(arbiter_new_cluster(path, argv[1]));
    return usage("status [--json] | teach CLUSTER TERM | new CLUSTER; each with [--socket PATH]");
}

int lock_key_command(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[0], "new") == 0)
        return finish(lock_key_new(argv[2], argv[1]));
    if (argc == 2 && strcmp(argv[0], "add") == 0)
        return finish(lock_key_add(argv[1]));
    if (argc == 2 && strcmp(argv[0], "use") == 0)
        return finish(lock_key_use(argv[1]));
    if (argc == 2 && strcmp(argv[0], "prune") == 0)
        return finish(lock_key_prune(argv[1]));
    return usage("lock-key new CLUSTER FILE | add FILE | use FILE | prune FILE");
}
