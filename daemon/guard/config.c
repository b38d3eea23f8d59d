/* config.c - see config.h. */
#include "daemon/guard/config.h"

#include <string.h>
#include <unistd.h>

#include "arbiter/frame.h"
#include "lib/ini.h"

enum { CONFIG_FILE_MAX = 64 * 1024 };

enum kind { NAME, PATH, DURATION, NUMBER, SERVER };

/* One option: where its value goes, and what is acceptable. */
struct option {
    const char *name;
    enum kind kind;
    size_t offset; /* of a char * or uint32_t in struct guard_config */
    uint32_t least, most;
};

#define AT(member) offsetof(struct guard_config, member)

static const struct option options[] = {
    {"cluster", NAME, AT(cluster), 0, 0},
    {"node", NAME, AT(node), 0, 0},
    {"server", SERVER, 0, 0, 0},
    {"key", PATH, AT(key), 0, 0},
    {"certificate", PATH, AT(certificate), 0, 0},
    {"private-key", PATH, AT(private_key), 0, 0},
    {"ca", PATH, AT(ca), 0, 0},
    {"lease", DURATION, AT(lease_ms), 100, 60000},
    {"drain", DURATION, AT(drain_ms), 0, 600000},
    {"watchdog", PATH, AT(watchdog), 0, 0},
    {"watchdog-timeout", DURATION, AT(watchdog_ms), 1000, 600000},
    {"priority", NUMBER, AT(priority), 0, 99},
    {"socket", PATH, AT(socket), 0, 0},
    {"orders", PATH, AT(orders), 0, 0},
    {"pins", PATH, AT(pins), 0, 0},
};

void guard_config_init(struct guard_config *config)
{
    char host[256] = "";

    *config = (struct guard_config){.lease_ms = 1000, .watchdog_ms = 5000, .priority = 20};
    if (gethostname(host, sizeof(host) - 1) == 0 && frame_name_ok(host))
        config->node = hf_strdup(host);
    config->socket = hf_strdup(GUARD_SOCKET);
    config->orders = hf_strdup(HF_RUNDIR "/guard.orders");
}

void guard_config_free(struct guard_config *config)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options); i++)
        if (options[i].kind == NAME || options[i].kind == PATH)
            free(*(char **)((char *)config + options[i].offset));
    for (unsigned i = 0; i < config->server_count; i++) {
        free(config->servers[i].address);
        free(config->servers[i].name);
    }
    *config = (struct guard_config){0};
}

/* --- values --- */

static void set_text(char **member, const char *value)
{
    free(*member);
    *member = hf_strdup(value);
}

static struct hf_error *take_server(const char *value, struct guard_config *config)
{
    size_t length = strcspn(value, " \t");
    const char *name = value + length + strspn(value + length, " \t");

    if (config->server_count == GUARD_SERVERS_MAX)
        return hf_error_new(HF_REFUSED, "server: there are more than %d", GUARD_SERVERS_MAX);
    if (strpbrk(name, " \t") != NULL)
        return hf_error_new(HF_REFUSED, "server: expected ADDRESS[:PORT] [NAME], found '%s'", value);

    char *address HF_CLEANUP(hf_freep) = hf_strndup(value, length);

    for (unsigned i = 0; i < config->server_count; i++)
        if (strcmp(config->servers[i].address, address) == 0)
            return hf_error_new(HF_REFUSED, "server: %s is there twice", address);
    config->servers[config->server_count].address = HF_STEAL(address);
    config->servers[config->server_count++].name = *name == '\0' ? NULL : hf_strdup(name);
    return NULL;
}

static struct hf_error *take_value(const struct option *option, const char *value,
                                   struct guard_config *config)
{
    void *member = (char *)config + option->offset;
    uint32_t number = 0;

    switch (option->kind) {
    case SERVER:
        return take_server(value, config);
    case NAME:
        if (!frame_name_ok(value))
            return hf_error_new(HF_REFUSED,
                                "%s: expected 1 to 63 letters, digits and . _ - : @ /, found '%s'",
                                option->name, value);
        set_text(member, value);
        return NULL;
    case PATH:
        if (value[0] != '/')
            return hf_error_new(HF_REFUSED, "%s: expected an absolute path, found '%s'", option->name, value);
        set_text(member, value);
        return NULL;
    case DURATION:
        if (!hf_ini_number(value, true, option->least, option->most, &number))
            return hf_error_new(HF_REFUSED,
                                "%s: expected a duration from %u to %u ms (units: ms, s, min), found '%s'",
                                option->name, option->least, option->most, value);
        break;
    case NUMBER:
        if (!hf_ini_number(value, false, option->least, option->most, &number))
            return hf_error_new(HF_REFUSED, "%s: expected a number from %u to %u, found '%s'", option->name,
                                option->least, option->most, value);
        break;
    }
    *(uint32_t *)member = number;
    return NULL;
}

/* --- lines --- */

struct parser {
    struct guard_config *config;
    bool in_section;
    uint32_t seen; /* options, a bit each */
};

static struct hf_error *take_option(struct parser *parser, const char *name, const char *value)
{
    if (!parser->in_section)
        return hf_error_new(HF_REFUSED, "expected '[guard]' before the option %s", name);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options); i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        if ((parser->seen & 1U << i) != 0 && options[i].kind != SERVER)
            return hf_error_new(HF_REFUSED, "%s: it was set before", name);
        parser->seen |= 1U << i;
        return take_value(&options[i], value, parser->config);
    }
    return hf_error_new(
        HF_REFUSED,
        "unknown option '%s'; expected one of cluster, node, server, key, certificate, "
        "private-key, ca, lease, drain, watchdog, watchdog-timeout, priority, socket, orders, pins",
        name);
}

static struct hf_error *take_line(void *context, const struct hf_ini_line *line)
{
    struct parser *parser = context;

    if (line->section == NULL)
        return take_option(parser, line->name, line->value);
    if (strcmp(line->section, "guard") != 0)
        return hf_error_new(HF_REFUSED, "unknown section '[%s]'; expected [guard]", line->section);
    parser->in_section = true;
    return NULL;
}

/* What no single line can tell. */
static struct hf_error *check_whole(const struct guard_config *config)
{
    bool certificate = config->certificate != NULL || config->private_key != NULL || config->ca != NULL;

    if (config->cluster == NULL)
        return hf_error_new(HF_REFUSED, "cluster is missing: the name that the lock servers know");
    if (config->node == NULL)
        return hf_error_new(HF_REFUSED, "node is missing, and this host's name cannot be one");
    if (config->server_count % 2 == 0 && config->server_count > 0)
        return hf_error_new(HF_REFUSED,
                            "there are %u lock servers; expected an odd number, so that there are majorities "
                            "without ties",
                            config->server_count);
    if (config->server_count > 0 && config->key == NULL && !certificate)
        return hf_error_new(HF_REFUSED, "key is missing: the cluster's lock key (or certificate, private-key "
                                        "and ca)");
    if (config->key != NULL && certificate)
        return hf_error_new(HF_REFUSED, "key and certificate exclude each other");
    if (certificate && (config->certificate == NULL || config->private_key == NULL || config->ca == NULL))
        return hf_error_new(HF_REFUSED, "certificate, private-key and ca go together, and one is missing");
    return NULL;
}

struct hf_error *guard_config_parse(const char *text, const char *source, struct guard_config *config)
{
    struct parser parser = {.config = config};
    struct hf_error *error = hf_ini_parse(text, source, "'option = value' or '[guard]'", take_line, &parser);

    return error != NULL ? error : hf_error_wrap(check_whole(config), "%s", source);
}

struct hf_error *guard_config_read(const char *path, struct guard_config *config)
{
    char *text HF_CLEANUP(hf_freep) = NULL;
    struct hf_error *error = hf_ini_read(path, CONFIG_FILE_MAX, &text);

    return error != NULL ? hf_error_wrap(error, "the guard's configuration")
                         : guard_config_parse(text, path, config);
}
