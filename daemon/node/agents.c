/* agents.c - see agents.h. */
#include "daemon/node/agents.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/xml.h"

struct agent_info *agents_get(struct agents *agents, const char *class_, const char *provider,
                              const char *type, bool *asked)
{
    for (size_t i = 0; i < agents->count; i++) {
        struct agent_info *info = &agents->list[i];

        if (strcmp(info->class_, class_) == 0 && strcmp(info->provider, provider) == 0 &&
            strcmp(info->type, type) == 0) {
            *asked = true;
            return info;
        }
    }
    *asked = false;
    hf_grow(&agents->list, &agents->capacity, agents->count + 1, sizeof(*agents->list));

    struct agent_info *info = &agents->list[agents->count++];

    *info = (struct agent_info){
        .class_ = hf_strdup(class_), .provider = hf_strdup(provider), .type = hf_strdup(type)};
    return info;
}

static bool flag(const xmlNode *element, const char *name)
{
    bool value = false;

    hf_parse_bool(hf_xml_get(element, name), &value);
    return value;
}

static bool has_action(const xmlNode *root, const char *wanted)
{
    HF_XML_EACH (action, hf_xml_child(root, "actions"), "action")
        if (strcmp(hf_xml_get_or(action, "name", ""), wanted) == 0)
            return true;
    return false;
}

static bool needs_restart(const xmlNode *parameter, bool modern)
{
    return modern ? !flag(parameter, "reloadable") : flag(parameter, "unique");
}

static bool is_secret(const xmlNode *parameter)
{
    const char *name = hf_xml_get_or(parameter, "name", "");

    return flag(parameter, "private") || strcmp(name, "passwd") == 0 || strcmp(name, "password") == 0;
}

bool agent_info_read(struct agent_info *info, const char *text, size_t length)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_error_freep)
    struct hf_error *error = hf_xml_parse_metadata(text, length, "meta-data", &document);
    const xmlNode *root = document == NULL ? NULL : xmlDocGetRootElement(document);
    struct hf_buf restart = {0}, secure = {0};

    info->known = true;
    if (!hf_xml_is(root, "resource-agent"))
        return false;

    bool modern = has_action(root, "reload-agent");
    bool reloads = modern || has_action(root, "reload");

    hf_buf_puts(&restart, " ");
    HF_XML_EACH (parameter, hf_xml_child(root, "parameters"), "parameter") {
        const char *name = hf_xml_get_or(parameter, "name", "");

        if (needs_restart(parameter, modern))
            hf_buf_printf(&restart, "%s ", name);
        if (is_secret(parameter))
            hf_buf_printf(&secure, "%s%s ", secure.length == 0 ? " " : "", name);
    }
    if (reloads)
        info->restart_list = hf_buf_take(&restart);
    if (secure.length > 0)
        info->secure_list = hf_buf_take(&secure);
    hf_buf_free(&restart);
    hf_buf_free(&secure);
    return true;
}

void agents_free(struct agents *agents)
{
    for (size_t i = 0; i < agents->count; i++) {
        free(agents->list[i].class_);
        free(agents->list[i].provider);
        free(agents->list[i].type);
        free(agents->list[i].restart_list);
        free(agents->list[i].secure_list);
    }
    free(agents->list);
    *agents = (struct agents){0};
}
