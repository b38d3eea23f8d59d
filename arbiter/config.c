/* config.c - see config.h. */
#include "arbiter/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/ini.h"

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
    if (!hf_ini_number(colon != NULL ? colon + 1 : "7433", false, 1, 65535, &number))
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
        if (!hf_ini_number(value, option->kind == DURATION, option->least, option->most, (uint32_t *)at))
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
    if (!hf_ini_number(value, true, 100, 3600000, &cluster->max_hold_ms))
        return hf_error_new(
            HF_REFUSED,
            "max-hold: expected a duration from 100 to 3600000 ms (units: ms, s, min), found `%s'", value);
    return NULL;
}

enum section { NONE, SERVER, CLUSTER };

static struct hf_error *begin_section(struct arbiter_config *config, char *name, enum section *section)
{
    if (strcmp(name, "server") == 0) {
        *section = SERVER;
        return NULL;
    }
    if (strncmp(name, "cluster", 7) != 0 || !isspace((unsigned char)name[7]))
        return hf_error_new(HF_REFUSED, "expected [server] or [cluster NAME], found [%s]", name);
    name += 7 + strspn(name + 7, " \t");
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

struct parser {
    struct arbiter_config *config;
    enum section section;
};

static struct hf_error *take_line(void *context, const struct hf_ini_line *line)
{
    struct parser *parser = context;
    struct arbiter_config *config = parser->config;

    if (line->section != NULL)
        return begin_section(config, line->section, &parser->section);
    if (parser->section == NONE)
        return hf_error_new(HF_REFUSED, "expected [server] or [cluster NAME] before the first option");
    if (parser->section == SERVER)
        return set_server(config, line->name, line->value);
    return set_cluster(&config->clusters[config->cluster_count - 1], line->name, line->value);
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
    struct parser parser = {.config = config};
    struct hf_error *error =
        hf_ini_parse(text, source, "OPTION = VALUE, [server] or [cluster NAME]", take_line, &parser);

    return error != NULL ? error : check_whole(config, source);
}

struct hf_error *arbiter_config_read(const char *path, struct arbiter_config *config)
{
    char *text HF_CLEANUP(hf_freep) = NULL;
    struct hf_error *error = hf_ini_read(path, FILE_MAX, &text);

    return error != NULL ? error : arbiter_config_parse(text, path, config);
}

uint32_t arbiter_config_max_hold(const struct arbiter_config *config, const char *cluster)
{
    for (size_t i = 0; i < config->cluster_count; i++)
        if (strcmp(config->clusters[i].name, cluster) == 0 && config->clusters[i].max_hold_ms > 0)
            return config->clusters[i].max_hold_ms;
    return config->max_hold_ms;
}
