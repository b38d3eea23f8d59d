/* cmd_ra.c - `holdfast ra`: the agents installed on this machine. */
#include <string.h>

#include "cli/agents.h"
#include "cli/command.h"
#include "lib/xml.h"

static const char *const classes[] = {"ocf", "stonith", "systemd", "service", "lsb"};

static struct hf_error *run_classes(struct session *session, int argc, char **argv)
{
    hf_write_list(session->writer, "classes");
    for (size_t i = 0; i < HF_ARRAY_LENGTH(classes); i++) {
        char **providers = strcmp(classes[i], "ocf") == 0 ? agent_providers() : NULL;
        struct hf_buf line = {0};

        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "class", NULL, classes[i]);
        hf_write_list(session->writer, "providers");
        hf_buf_puts(&line, classes[i]);
        for (char **each = providers; each != NULL && *each != NULL; each++) {
            hf_write_string(session->writer, NULL, NULL, *each);
            hf_buf_printf(&line, "%s%s", each == providers ? " / " : " ", *each);
        }
        hf_write_end(session->writer);
        hf_write_end(session->writer);
        hf_write_line(session->writer, "%s", hf_buf_text(&line));
        hf_buf_free(&line);
        agent_list_free(providers);
    }
    hf_write_end(session->writer);
    return NULL;
}

static bool is_class(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(classes); i++)
        if (strcmp(classes[i], name) == 0)
            return true;
    return false;
}

static void write_types(struct hf_writer *writer, const char *class, const char *provider)
{
    char **types = agent_types(class, provider);

    for (char **type = types; *type != NULL; type++) {
        struct agent_name name = {.class = class, .provider = provider, .type = *type};
        HF_CLEANUP(hf_freep) char *text = agent_text(&name);

        hf_write_string(writer, NULL, NULL, text);
        hf_write_line(writer, "%s", text);
    }
    agent_list_free(types);
}

static struct hf_error *run_list(struct session *session, int argc, char **argv)
{
    char *class = argv[1], *provider = strchr(class, ':');

    if (provider != NULL)
        *provider++ = '\0';
    else if (argc > 2)
        provider = argv[2];
    if (!is_class(class))
        return hf_error_new(HF_USAGE, "found class '%s', expected one of ocf, stonith, systemd, service, lsb",
                            class);
    hf_write_list(session->writer, "agents");
    if (strcmp(class, "ocf") == 0 && provider == NULL) {
        char **providers = agent_providers();

        for (char **each = providers; *each != NULL; each++)
            write_types(session->writer, class, *each);
        agent_list_free(providers);
    } else {
        write_types(session->writer, class, strcmp(class, "ocf") == 0 ? provider : NULL);
    }
    hf_write_end(session->writer);
    return NULL;
}

static struct hf_error *run_providers(struct session *session, int argc, char **argv)
{
    char **providers = agent_providers();
    bool found = false;

    hf_write_list(session->writer, "providers");
    for (char **each = providers; *each != NULL; each++) {
        char **types = agent_types("ocf", *each);

        for (char **type = types; *type != NULL; type++) {
            if (strcmp(*type, argv[1]) != 0)
                continue;
            hf_write_string(session->writer, NULL, NULL, *each);
            hf_write_line(session->writer, "%s", *each);
            found = true;
        }
        agent_list_free(types);
    }
    hf_write_end(session->writer);
    agent_list_free(providers);
    return found ? NULL
                 : hf_error_new(HF_REFUSED, "no provider has an agent '%s' on this machine ('ra list ocf')",
                                argv[1]);
}

/* The text of a child element, with line ends and indents made single blanks; the caller's. */
static char *flowing(const xmlNode *parent, const char *name)
{
    xmlChar *content =
        hf_xml_child(parent, name) != NULL ? xmlNodeGetContent(hf_xml_child(parent, name)) : NULL;
    struct hf_buf text = {0};
    bool blank = false;

    for (const char *c = (const char *)content; c != NULL && *c != '\0'; c++) {
        if (*c == ' ' || *c == '\t' || *c == '\n' || *c == '\r') {
            blank = text.length > 0;
            continue;
        }
        if (blank)
            hf_buf_putc(&text, ' ');
        blank = false;
        hf_buf_putc(&text, *c);
    }
    xmlFree(content);
    return hf_buf_take(&text);
}

static void write_parameter(struct hf_writer *writer, const xmlNode *parameter)
{
    HF_CLEANUP(hf_freep)
    char *summary = flowing(parameter, "shortdesc"), *text = flowing(parameter, "longdesc");
    const xmlNode *content = hf_xml_child(parameter, "content");
    bool required = false;

    hf_parse_bool(hf_xml_get(parameter, "required"), &required);
    hf_write_object(writer, NULL);
    hf_write_string(writer, "name", NULL, hf_xml_get(parameter, "name"));
    hf_write_bool(writer, "required", NULL, required);
    hf_write_string(writer, "type", NULL, hf_xml_get_or(content, "type", "string"));
    hf_write_string(writer, "default", NULL, hf_xml_get(content, "default"));
    hf_write_string(writer, "summary", NULL, summary);
    hf_write_string(writer, "description", NULL, text);
    hf_write_end(writer);
    hf_write_line(writer, "%s%s (%s%s%s%s): %s", hf_xml_get_or(parameter, "name", ""), required ? "*" : "",
                  hf_xml_get_or(content, "type", "string"),
                  hf_xml_get(content, "default") != NULL ? ", [" : "", hf_xml_get_or(content, "default", ""),
                  hf_xml_get(content, "default") != NULL ? "]" : "", summary);
    if (*text != '\0' && strcmp(text, summary) != 0)
        hf_write_line(writer, "    %s", text);
}

static void write_action(struct hf_writer *writer, const xmlNode *action)
{
    struct hf_buf line = {0};

    hf_write_object(writer, NULL);
    hf_buf_printf(&line, "    %-14s", hf_xml_get_or(action, "name", ""));
    for (const xmlAttr *attribute = action->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        hf_write_string(writer, name, NULL, hf_xml_get(action, name));
        if (strcmp(name, "name") != 0)
            hf_buf_printf(&line, " %s=%s", name, hf_xml_get(action, name));
    }
    hf_write_end(writer);
    hf_write_line(writer, "%s", hf_buf_text(&line));
    hf_buf_free(&line);
}

static struct hf_error *run_info(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *metadata = NULL;
    struct agent_name name = agent_split(argv[1]);
    HF_CLEANUP(hf_freep) char *agent = agent_text(&name), *summary = NULL, *text = NULL;
    struct hf_error *error = agent_metadata(&name, &metadata);
    const xmlNode *root = xmlDocGetRootElement(metadata);

    if (error != NULL)
        return error;
    if (metadata == NULL)
        return hf_error_new(HF_REFUSED, "agents of class '%s' have no meta-data", name.class);
    summary = flowing(root, "shortdesc");
    text = flowing(root, "longdesc");
    hf_write_string(session->writer, "agent", NULL, agent);
    hf_write_string(session->writer, "summary", NULL, summary);
    hf_write_string(session->writer, "description", NULL, text);
    hf_write_line(session->writer, "%s (%s)\n\n%s\n\nParameters (* required, [] default):\n", summary, agent,
                  text);
    hf_write_list(session->writer, "parameters");
    HF_XML_EACH (parameter, hf_xml_child(root, "parameters"), "parameter")
        write_parameter(session->writer, parameter);
    hf_write_end(session->writer);
    hf_write_line(session->writer, "\nOperations:\n");
    hf_write_list(session->writer, "actions");
    HF_XML_EACH (action, hf_xml_child(root, "actions"), "action")
        write_action(session->writer, action);
    hf_write_end(session->writer);
    return NULL;
}

static struct hf_error *run_validate(struct session *session, int argc, char **argv)
{
    struct agent_name name = agent_split(argv[1]);
    struct hf_error *error;

    for (int i = 2; i < argc; i++)
        if (strchr(argv[i], '=') == NULL || argv[i][0] == '=')
            return hf_error_new(HF_USAGE, "found '%s', expected NAME=VALUE", argv[i]);
    error = agent_validate(&name, "validate", argv + 2, (size_t)argc - 2);
    if (error == NULL)
        hf_write_line(session->writer, "The agent accepts these parameters on this machine.");
    return error;
}

static const struct command commands[] = {
    {"classes", "", "List the classes of agents and ocf's providers", run_classes, 0, 0, 0, COMPLETE_NOTHING},
    {"list", "CLASS[:PROVIDER]", "List the agents of a class", run_list, 1, 2, 0, COMPLETE_NOTHING},
    {"providers", "TYPE", "List the ocf providers that have an agent", run_providers, 1, 1, 0,
     COMPLETE_NOTHING},
    {"meta", "[CLASS:[PROVIDER:]]TYPE", "The older word for info", run_info, 1, 1, 0, COMPLETE_NOTHING},
    {"validate", "[CLASS:[PROVIDER:]]TYPE [NAME=VALUE...]", "Have an agent check parameters on this machine",
     run_validate, 1, -1, 0, COMPLETE_NOTHING},
    {"info", "[CLASS:[PROVIDER:]]TYPE", "Print what an agent says of itself", run_info, 1, 1, 0,
     COMPLETE_NOTHING},
};

const struct command_area area_ra = {"ra", "The agents installed on this machine", commands,
                                     HF_ARRAY_LENGTH(commands), NULL};
