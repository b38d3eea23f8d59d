/* config.c - see config.h. */
#include "arbiter/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

enum kind { TEXT, DURATION, NUMBER };

/* The options of [server]. */
static const struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t least, most;
} options[] = {
    {"state", TEXT, offsetof(struct arbiter_config, state_dir), 0, 0},
    {"keys", TEXT, offsetof(struct arbiter_config, key_dir), 0, 0},
    {"certificate", TEXT, offsetof(struct arbiter_config, certificate), 0, 0},
    {"private-key", TEXT, offsetof(struct arbiter_config, private_key), 0, 0},
    {"ca", TEXT, offsetof(struct arbiter_config, ca), 0, 0},
    {"status-socket", TEXT, offsetof(struct arbiter_config, status_socket), 0, 0},
    {"max-hold", DURATION, offsetof(struct arbiter_config, max_hold_ms), 100, 3600000},
    {"min-lease", DURATION, offsetof(struct arbiter_config, min_lease_ms), 10, 60000},
    {"handshake-timeout", DURATION, offsetof(struct arbiter_config, handshake_ms), 50, 60000},
    {"frame-timeout", DURATION, offsetof(struct arbiter_config, frame_ms), 10, 60000},
    {"idle-timeout", DURATION, offsetof(struct arbiter_config, idle_ms), 1000, 3600000},
    {"connections", NUMBER, offsetof(struct arbiter_config, connections), 1, 1000000},
    {"connections-per-address", NUMBER, offsetof(struct arbiter_config, connections_per_address), 1, 1000000},
    {"connections-per-cluster", NUMBER, offsetof(struct arbiter_config, connections_per_cluster), 1, 1000000},
    {"half-open", NUMBER, offsetof(struct arbiter_config, half_open), 1, 1000000},
    {"locks-per-cluster", NUMBER, offsetof(struct arbiter_config, locks_per_cluster), 1, 100000},
};

void arbiter_config_init(struct arbiter_config *config)
{
    *config = (struct arbiter_config){
        .state_dir = hf_strdup("/var/lib/holdfast-arbiter"),
        .key_dir = hf_strdup("/etc/holdfast/lock-keys"),
        .status_socket = hf_strdup("/run/holdfast-arbiter/status"),
        .max_hold_ms = 60000,
        .min_lease_ms = 50,
        .handshake_ms = 2000,
        .frame_ms = 250,
        .idle_ms = 30000,
        .connections = 20000,
        .connections_per_address = 64,
        .connections_per_cluster = 64,
        .half_open = 512,
        .locks_per_cluster = 256,
    };
}

void arbiter_config_free(struct arbiter_config *config)
{
    for (unsigned i = 0; i < config->listen_count; i++)
        free(config->listen[i]);
    free(config->state_dir);
    free(config->key_dir);
    free(config->certificate);
    free(config->private_key);
    free(config->ca);
    free(config->status_socket);
    free(config->clusters);
    *config = (struct arbiter_config){0};
}

/* A whole number with an optional unit ms, s, min (for a duration; ms without one), within bounds. */
static bool parse_number(const char *text, bool duration, uint32_t least, uint32_t most, uint32_t *value)
{
    unsigned long long number;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || number > UINT32_MAX)
        return false;
    if (duration && strcmp(end, "s") == 0)
        number *= 1000;
    else if (duration && strcmp(end, "min") == 0)
        number *= 60000;
    else if (*end != '\0' && !(duration && strcmp(end, "ms") == 0))
        return false;
    if (number < least || number > most)
        return false;
    *value = (uint32_t)number;
    return true;
}

bool arbiter_address_parse(const char *text, char host[256], char port[8])
{
    const char *colon = strrchr(text, ':'), *end = colon;
    uint32_t number;
    size_t length;

    if (text[0] == '[') {
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        colon = end[1] == ':' ? end + 1 : NULL;
        text++;
    } else if (colon != NULL && strchr(text, ':') != colon) {
        colon = NULL; /* an IPv6 address without a port */
        end = NULL;
    }
    length = end != NULL ? (size_t)(end - text) : strlen(text);
    if (length == 0 || length > 255)
        return false;
    if (!parse_number(colon != NULL ? colon + 1 : "7433", false, 1, 65535, &number))
        return false;
    snprintf(port, 8, "%u", number);
    memcpy(host, text, length);
    host[length] = '\0';
    if (strcmp(host, "*") == 0)
        host[0] = '\0';
    return true;
}

static struct hf_error *set_listen(struct arbiter_config *config, const char *value)
{
    char host[256], port[8];

    if (config->listen_count == ARBITER_LISTEN_MAX)
        return hf_error_new(HF_REFUSED, "more than %d listen lines", ARBITER_LISTEN_MAX);
    if (!arbiter_address_parse(value, host, port))
        return hf_error_new(
            HF_REFUSED, "listen: expected ADDRESS, ADDRESS:PORT, [IPV6]:PORT or *:PORT, found `%s'", value);
    config->listen[config->listen_count++] = hf_strdup(value);
    return NULL;
}

static struct hf_error *set_server(struct arbiter_config *config, const char *name, const char *value)
{
    if (strcmp(name, "listen") == 0)
        return set_listen(config, value);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options); i++) {
        const struct option *option = &options[i];
        char *at = (char *)config + option->offset;

        if (strcmp(option->name, name) != 0)
            continue;
        if (option->kind == TEXT) {
            free(*(char **)at);
            *(char **)at = hf_strdup(value);
            return NULL;
        }
        if (!parse_number(value, option->kind == DURATION, option->least, option->most, (uint32_t *)at))
            return hf_error_new(HF_REFUSED, "%s: expected a %s from %u to %u%s, found `%s'", name,
                                option->kind == DURATION ? "duration" : "number", option->least, option->most,
                                option->kind == DURATION ? " ms (units: ms, s, min)" : "", value);
        return NULL;
    }
    return hf_error_new(HF_REFUSED, "[server] has no option `%s'", name);
}

static struct hf_error *set_cluster(struct arbiter_cluster_config *cluster, const char *name,
                                    const char *value)
{
    if (strcmp(name, "max-hold") != 0)
        return hf_error_new(HF_REFUSED, "[cluster %s] has no option `%s'; expected max-hold", cluster->name,
                            name);
    if (!parse_number(value, true, 100, 3600000, &cluster->max_hold_ms))
        return hf_error_new(
            HF_REFUSED,
            "max-hold: expected a duration from 100 to 3600000 ms (units: ms, s, min), found `%s'", value);
    return NULL;
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

enum section { NONE, SERVER, CLUSTER };

static struct hf_error *begin_section(struct arbiter_config *config, char *line, enum section *section)
{
    char *end = strchr(line, ']'), *name;

    if (end == NULL || end[1] != '\0')
        return hf_error_new(HF_REFUSED, "expected [server] or [cluster NAME]");
    *end = '\0';
    name = trim(line + 1);
    if (strcmp(name, "server") == 0) {
        *section = SERVER;
        return NULL;
    }
    if (strncmp(name, "cluster", 7) != 0 || !isspace((unsigned char)name[7]))
        return hf_error_new(HF_REFUSED, "expected [server] or [cluster NAME], found [%s]", name);
    name = trim(name + 7);
    if (!frame_name_ok(name))
        return hf_error_new(HF_REFUSED, "cluster name `%s': expected 1 to %d letters, digits or ._-:@/", name,
                            FRAME_NAME_MAX);
    for (size_t i = 0; i < config->cluster_count; i++)
        if (strcmp(config->clusters[i].name, name) == 0)
            return hf_error_new(HF_REFUSED, "[cluster %s] is there twice", name);
    config->clusters = hf_realloc(config->clusters, config->cluster_count + 1, sizeof(*config->clusters));
    memset(&config->clusters[config->cluster_count], 0, sizeof(*config->clusters));
    strcpy(config->clusters[config->cluster_count++].name, name);
    *section = CLUSTER;
    return NULL;
}

static struct hf_error *read_line(struct arbiter_config *config, char *line, enum section *section)
{
    char *equals;

    line[strcspn(line, "#")] = '\0';
    line = trim(line);
    if (line[0] == '\0')
        return NULL;
    if (line[0] == '[')
        return begin_section(config, line, section);
    equals = strchr(line, '=');
    if (equals == NULL)
        return hf_error_new(HF_REFUSED, "expected OPTION = VALUE or a [section], found `%s'", line);
    if (*section == NONE)
        return hf_error_new(HF_REFUSED, "expected [server] or [cluster NAME] before the first option");
    *equals = '\0';
    line = trim(line);
    equals = trim(equals + 1);
    if (equals[0] == '\0')
        return hf_error_new(HF_REFUSED, "%s has no value", line);
    if (*section == SERVER)
        return set_server(config, line, equals);
    return set_cluster(&config->clusters[config->cluster_count - 1], line, equals);
}

static struct hf_error *check_whole(const struct arbiter_config *config, const char *source)
{
    if ((config->certificate == NULL) != (config->private_key == NULL))
        return hf_error_new(HF_REFUSED, "%s: certificate and private-key go together", source);
    if (config->ca != NULL && config->certificate == NULL)
        return hf_error_new(HF_REFUSED, "%s: ca needs certificate and private-key, too", source);
    return NULL;
}

struct hf_error *arbiter_config_parse(const char *text, const char *source, struct arbiter_config *config)
{
    char *copy HF_CLEANUP(hf_freep) = hf_strdup(text), *rest = copy, *line;
    enum section section = NONE;

    for (int number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        struct hf_error *error = read_line(config, line, &section);

        if (error != NULL)
            return hf_error_wrap(error, "%s:%d", source, number);
    }
    return check_whole(config, source);
}

struct hf_error *arbiter_config_read(const char *path, struct arbiter_config *config)
{
    struct hf_buf text HF_CLEANUP(hf_buf_free) = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char block[4096];
    ssize_t got;

    if (fd < 0)
        return hf_error_errno(errno, "cannot read %s", path);
    while ((got = read(fd, block, sizeof(block))) > 0 && text.length <= FILE_MAX)
        hf_buf_add(&text, block, (size_t)got);
    close(fd);
    if (got < 0)
        return hf_error_errno(errno, "cannot read %s", path);
    if (text.length > FILE_MAX)
        return hf_error_new(HF_REFUSED, "%s is longer than %d bytes", path, FILE_MAX);
    if (strlen(hf_buf_text(&text)) != text.length)
        return hf_error_new(HF_REFUSED, "%s has a NUL byte: not a configuration file", path);
    return arbiter_config_parse(hf_buf_text(&text), path, config);
}

uint32_t arbiter_config_max_hold(const struct arbiter_config *config, const char *cluster)
{
    for (size_t i = 0; i < config->cluster_count; i++)
        if (strcmp(config->clusters[i].name, cluster) == 0 && config->clusters[i].max_hold_ms > 0)
            return config->clusters[i].max_hold_ms;
    return config->max_hold_ms;
}
