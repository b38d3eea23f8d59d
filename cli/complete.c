/* complete.c - see complete.h. */
#include "cli/complete.h"

#include <dirent.h>
#include <string.h>

#include "cli/agents.h"
#include "cli/crm/print.h"
#include "cli/options.h"
#include "cli/shadow.h"
#include "lib/xml.h"

static void offer(struct completion *found, const char *word, const char *candidate)
{
    if (strncmp(candidate, word, strlen(word)) != 0)
        return;
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->candidate[i], candidate) == 0)
            return;
    hf_grow(&found->candidate, &found->capacity, found->count + 1, sizeof(*found->candidate));
    found->candidate[found->count++] = hf_strdup(candidate);
}

static void offer_area(struct completion *found, const char *word, const struct command_area *area)
{
    for (size_t i = 0; i < area->count; i++)
        if (strcmp(area->command[i].name, "statement") != 0)
            offer(found, word, area->command[i].name);
}

static void offer_resources(struct completion *found, const char *word, const xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent)
        if (crm_is_resource(child)) {
            offer(found, word, hf_xml_get_or(child, "id", ""));
            offer_resources(found, word, child);
        }
}

static void offer_names(struct completion *found, struct session *session, const char *word,
                        enum command_completion kind)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *configuration = hf_xml_child(xmlDocGetRootElement(cib), "configuration");

    hf_error_free(error); /* nothing to offer then */
    if (cib == NULL)
        return;
    if (kind == COMPLETE_NODES || kind == COMPLETE_OBJECTS)
        HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node")
            offer(found, word, hf_xml_get_or(node, "uname", ""));
    if (kind == COMPLETE_RESOURCES || kind == COMPLETE_OBJECTS)
        offer_resources(found, word, hf_xml_child(configuration, "resources"));
    if (kind != COMPLETE_OBJECTS)
        return;
    HF_XML_EACH_ANY (section, configuration)
        HF_XML_EACH_ANY (object, section)
            if (!hf_xml_is(object, "node"))
                offer(found, word, hf_xml_get_or(object, "id", ""));
}

static void offer_files(struct completion *found, const char *word)
{
    const char *slash = strrchr(word, '/');
    HF_CLEANUP(hf_freep)
    char *folder = slash != NULL ? hf_strndup(word, (size_t)(slash - word) + 1) : hf_strdup("");
    DIR *directory = opendir(*folder != '\0' ? folder : ".");

    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        HF_CLEANUP(hf_freep)
        char *path = hf_asprintf("%s%s%s", folder, entry->d_name, entry->d_type == DT_DIR ? "/" : "");

        if (entry->d_name[0] != '.')
            offer(found, word, path);
    }
    if (directory != NULL)
        closedir(directory);
}

static void offer_agents(struct completion *found, const char *word)
{
    static const char *const classes[] = {"ocf:", "stonith:", "systemd:", "service:", "lsb:"};
    HF_CLEANUP(hf_freep) char *class = hf_strndup(word, strcspn(word, ":"));
    char **types, **providers;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(classes); i++)
        offer(found, word, classes[i]);
    if (strchr(word, ':') == NULL)
        return;
    providers = strcmp(class, "ocf") == 0 ? agent_providers() : hf_calloc(2, sizeof(*providers));
    if (strcmp(class, "ocf") != 0)
        providers[0] = hf_strdup("");
    for (char **provider = providers; *provider != NULL; provider++) {
        types = agent_types(class, **provider != '\0' ? *provider : NULL);
        for (char **type = types; *type != NULL; type++) {
            struct agent_name name = {class, **provider != '\0' ? *provider : NULL, *type};
            HF_CLEANUP(hf_freep) char *text = agent_text(&name);

            offer(found, word, text);
        }
        agent_list_free(types);
    }
    agent_list_free(providers);
}

/* NAME= of each option that a statement can set. */
static void offer_options(struct completion *found, const char *statement, const char *word)
{
    static const struct {
        const char *statement;
        enum option_kind kind;
    } kinds[] = {
        {"property", OPTION_CLUSTER}, {"rsc_defaults", OPTION_META}, {"op_defaults", OPTION_OPERATION}};
    const char *option;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(kinds); i++) {
        if (strcmp(kinds[i].statement, statement) != 0)
            continue;
        for (size_t n = 0; (option = option_name(kinds[i].kind, n)) != NULL; n++) {
            HF_CLEANUP(hf_freep) char *text = hf_asprintf("%s=", option);

            offer(found, word, text);
        }
    }
}

/* Within a statement: its keywords, agents behind a primitive's id, and names of what there is. */
static void offer_statement(struct completion *found, struct session *session, const char *name, size_t at,
                            const char *word)
{
    const char *const *keyword = crm_statement_keywords(name);
    bool agent = at == 2 && (strcmp(name, "primitive") == 0 || strcmp(name, "rsc_template") == 0);

    offer_options(found, name, word);
    if (at < 2)
        return;
    if (agent) {
        offer_agents(found, word);
        return;
    }
    for (; keyword != NULL && *keyword != NULL; keyword++)
        offer(found, word, *keyword);
    if (strcmp(name, "primitive") != 0 && strcmp(name, "property") != 0)
        offer_names(found, session, word,
                    strcmp(name, "location") == 0 ? COMPLETE_OBJECTS : COMPLETE_RESOURCES);
}

/* The parameters of the agent, as it describes them. */
static void offer_vip(struct completion *found, const char *word)
{
    static const struct agent_name agent = {"ocf", "holdfast", "VIP"};
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *metadata = NULL;
    struct hf_error *error = agent_metadata(&agent, &metadata);

    hf_error_free(error); /* nothing more to offer then */
    offer(found, word, "id=");
    HF_XML_EACH (parameter, hf_xml_child(xmlDocGetRootElement(metadata), "parameters"), "parameter") {
        HF_CLEANUP(hf_freep) char *name = hf_asprintf("%s=", hf_xml_get_or(parameter, "name", ""));

        if (strcmp(name, "ip=") != 0 && strcmp(name, "cidr_netmask=") != 0)
            offer(found, word, name);
    }
}

static void offer_shadows(struct completion *found, const char *word)
{
    char **names;
    size_t count;
    struct hf_error *error = shadow_list(&names, &count);

    hf_error_free(error); /* nothing to offer then */
    for (size_t i = 0; i < count; i++) {
        offer(found, word, names[i]);
        free(names[i]);
    }
    free(names);
}

static void offer_arguments(struct completion *found, struct session *session, const struct command *command,
                            const char *name, size_t at, const char *word)
{
    switch (command->completion) {
    case COMPLETE_RESOURCES:
        offer_names(found, session, word, at > 1 ? COMPLETE_NODES : COMPLETE_RESOURCES);
        break;
    case COMPLETE_NODES:
    case COMPLETE_OBJECTS:
        offer_names(found, session, word, command->completion);
        break;
    case COMPLETE_FILES:
        offer_files(found, word);
        break;
    case COMPLETE_STATEMENT:
        offer_statement(found, session, name, at, word);
        break;
    case COMPLETE_VIP:
        offer_vip(found, word);
        break;
    case COMPLETE_SHADOWS:
        offer_shadows(found, word);
        break;
    case COMPLETE_NOTHING:
        break;
    }
}

/* What all candidates have in common beyond the word. */
static char *common(const struct completion *found, const char *word)
{
    size_t length = found->count > 0 ? strlen(found->candidate[0]) : 0, typed = strlen(word);
    const char *first = found->count > 0 ? found->candidate[0] : "";
    bool whole;

    for (size_t i = 1; i < found->count; i++)
        while (strncmp(found->candidate[i], first, length) != 0)
            length--;
    if (found->count == 0)
        return NULL;
    whole = found->count == 1 && strchr(":=/", first[strlen(first) - 1]) == NULL;
    return hf_asprintf("%.*s%s", (int)(length - typed), first + typed, whole ? " " : "");
}

struct completion complete_line(struct session *session, const struct command_area *level, const char *before)
{
    struct completion found = {0};
    const char *last = strrchr(before, ' ');
    const char *word = last != NULL ? last + 1 : before;
    HF_CLEANUP(hf_freep) char *line = hf_strndup(before, (size_t)(word - before));
    const struct command *command = NULL;
    const struct command_area *area = level;
    char *words[64], *rest = line, *each;
    size_t count = 0;

    while (count < HF_ARRAY_LENGTH(words) && (each = strsep(&rest, " \t")) != NULL)
        if (*each != '\0')
            words[count++] = each;
    if (count > 0 && (command = command_named(area, words[0])) == NULL) {
        command = command_named(&area_main, words[0]);
        /* An area, or two: "configure ra info". */
        for (int depth = 0; depth < 2 && command == NULL && count > 0 && area != NULL; depth++) {
            area = command_area_named(words[0]);
            memmove(words, words + 1, --count * sizeof(*words));
            command = count > 0 && area != NULL ? command_named(area, words[0]) : NULL;
        }
    }
    if (count == 0 && area != NULL) {
        size_t areas;
        const struct command_area *const *other = command_areas(&areas);

        offer_area(&found, word, area);
        for (size_t i = 1; i < areas && area == &area_main; i++)
            offer(&found, word, other[i]->name);
    } else if (command != NULL) {
        offer_arguments(&found, session, command, words[0], count, word);
    }
    found.insert = common(&found, word);
    return found;
}

void completion_free(struct completion *completion)
{
    for (size_t i = 0; i < completion->count; i++)
        free(completion->candidate[i]);
    free(completion->candidate);
    free(completion->insert);
    *completion = (struct completion){0};
}
