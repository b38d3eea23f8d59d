/* cmd_objects.c - commands of `holdfast configure` that work on what is there already: single values, the
 * text through a filter, the agent's own check, what the scheduler would do, the grammar's version. */
#include <string.h>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/constraints.h"
#include "cli/crm/print.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/simulate.h"
#include "cli/statements.h"
#include "lib/xml.h"

/* What a CIB is checked against that does not say; cib-schema/cib.rng. */
#define CIB_SCHEMA "pacemaker-3.9"

enum { FILTER_MS = 60000 };

/* --- set --- */

struct value_edit {
    const char *path, *value;
    bool force;
};

/* Sets the attribute of this name where the element has it; false if it has it nowhere. */
static bool set_existing(xmlNode *element, const char *name, const char *value)
{
    static const char *const sets[] = {"instance_attributes", "meta_attributes", "utilization"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(sets); i++)
        HF_XML_EACH (set, element, sets[i])
            HF_XML_EACH (pair, set, "nvpair")
                if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0 && hf_xml_get(pair, "value") != NULL) {
                    hf_xml_set(pair, "value", value);
                    return true;
                }
    HF_XML_EACH (pair, element, "nvpair")
        if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0) {
            hf_xml_set(pair, "value", value);
            return true;
        }
    if (hf_xml_get(element, name) == NULL || strcmp(name, "id") == 0 || strcmp(name, "name") == 0)
        return false;
    hf_xml_set(element, name, value);
    return true;
}

/* rest: OPERATION.[INTERVAL.]NAME. *found: an operation that is meant has it; *several: more than one is
 * meant. */
static void set_operation(xmlNode *object, const char *rest, const char *value, bool *found, bool *several)
{
    const char *first = strchr(rest, '.'), *last = strrchr(rest, '.');
    HF_CLEANUP(hf_freep) char *name = hf_strndup(rest, first != NULL ? (size_t)(first - rest) : 0);
    HF_CLEANUP(hf_freep)
    char *interval = first != NULL && last > first ? hf_strndup(first + 1, (size_t)(last - first - 1)) : NULL;
    xmlNode *meant = NULL;

    *found = *several = false;
    if (first == NULL)
        return;
    HF_XML_EACH (op, hf_xml_child(object, "operations"), "op") {
        if (strcmp(hf_xml_get_or(op, "name", ""), name) != 0 ||
            (interval != NULL && strcmp(hf_xml_get_or(op, "interval", "0"), interval) != 0))
            continue;
        *several = meant != NULL;
        meant = op;
        if (*several)
            return;
    }
    *found = meant != NULL && set_existing(meant, last + 1, value);
}

/* The object whose id is the longest beginning of the path, and what is behind it. */
static xmlNode *object_of_path(const struct crm_edit *edit, const char *path, const char **rest)
{
    for (const char *dot = path + strlen(path); dot > path; dot--) {
        HF_CLEANUP(hf_freep) char *id = *dot == '.' ? hf_strndup(path, (size_t)(dot - path)) : NULL;
        xmlNode *found = id != NULL ? crm_edit_find(edit, id) : NULL;

        if (found == NULL)
            continue;
        *rest = dot + 1;
        return found;
    }
    return NULL;
}

static struct hf_error *check_changed(const struct crm_edit *edit, const xmlNode *object)
{
    const char *section = object == NULL ? NULL : crm_section_of((const char *)object->name);
    struct hf_error *error;

    if (section == NULL)
        return NULL;
    error = strcmp(section, "constraints") == 0 ? constraint_check(edit, object)
                                                : option_check_element(object, section);
    return error != NULL ? hf_error_wrap(error, "refused (--force overrides)") : NULL;
}

static struct hf_error *value_editor(struct crm_edit *edit, void *context)
{
    const struct value_edit *wanted = context;
    const char *rest = NULL;
    xmlNode *object = object_of_path(edit, wanted->path, &rest);
    bool found, several = false;

    if (object == NULL)
        return hf_error_new(HF_REFUSED,
                            "'%s' does not begin with the id of an object, expected ID.NAME or "
                            "ID.OPERATION.[INTERVAL.]NAME",
                            wanted->path);
    found = strchr(rest, '.') == NULL && set_existing(object, rest, wanted->value);
    if (!found)
        set_operation(object, rest, wanted->value, &found, &several);
    if (several)
        return hf_error_new(HF_REFUSED,
                            "'%s' has several such operations, expected ID.OPERATION.INTERVAL.NAME",
                            hf_xml_get_or(object, "id", ""));
    if (!found)
        return hf_error_new(HF_REFUSED, "'%s' has no '%s' that could be set ('configure show %s')",
                            hf_xml_get_or(object, "id", ""), rest, hf_xml_get_or(object, "id", ""));
    return wanted->force ? NULL : check_changed(edit, crm_object_of(object));
}

struct hf_error *run_set_value(struct session *session, int argc, char **argv)
{
    struct value_edit wanted = {argv[1], argv[2], session->force};
    struct session_edit edit = {.editor = value_editor, .context = &wanted};

    return session_change(session, &edit, NULL);
}

/* --- filter --- */

/* Statements as one line each, as filters want them. */
static char *unfolded(const char *text)
{
    struct hf_buf flat = {0};

    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] != '\\' || at[1] != '\n') {
            hf_buf_putc(&flat, *at);
            continue;
        }
        at++;
        while (at[1] == ' ' || at[1] == '\t')
            at++;
    }
    return hf_buf_take(&flat);
}

struct hf_error *run_filter(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *text = NULL, *flat = NULL;
    char *command[] = {(char *)"sh", (char *)"-c", argv[1], NULL};
    struct hf_child_spec spec = {.path = "/bin/sh", .argv = command};
    struct program_result result = {0};
    struct hf_error *error = session_cib(session, &cib);

    if (error == NULL)
        error = configure_text(session, cib, argv + 2, (size_t)argc - 2, &text);
    if (error != NULL)
        return error;
    flat = unfolded(text);
    spec.input = flat;
    error = program_run(&spec, FILTER_MS, SESSION_TEXT_LIMIT, &result);
    if (error == NULL && result.code != 0)
        error = hf_error_new(HF_FAILED, "ended with exit code %d: nothing was changed%s%s", result.code,
                             result.errors.length > 0 ? ": " : "", hf_buf_text(&result.errors));
    error = hf_error_wrap(error, "the filter '%s'", argv[1]);
    if (error == NULL && strcmp(hf_buf_text(&result.output), flat) != 0)
        error = hf_error_wrap(configure_apply_text(session, cib, hf_buf_text(&result.output),
                                                   result.output.length, argv + 2, (size_t)argc - 2),
                              "what the filter printed");
    program_result_free(&result);
    return error;
}

/* --- validate-all --- */

/* The parameters of a primitive and of its template: NAME=VALUE, as many as fit. */
static size_t parameters_of(const struct crm_edit *look, const xmlNode *resource, char **pairs, size_t room)
{
    const char *template = hf_xml_get(resource, "template");
    size_t count = 0;

    HF_XML_EACH (set, resource, "instance_attributes")
        HF_XML_EACH (pair, set, "nvpair")
            if (hf_xml_child(set, "rule") == NULL && hf_xml_get(pair, "value") != NULL && count < room)
                pairs[count++] =
                    hf_asprintf("%s=%s", hf_xml_get_or(pair, "name", ""), hf_xml_get(pair, "value"));
    if (template != NULL && crm_edit_find(look, template) != NULL)
        count += parameters_of(look, crm_edit_find(look, template), pairs + count, room - count);
    return count;
}

struct hf_error *run_validate_all(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *resource, *owner;
    struct crm_edit look;
    char *pairs[256];
    size_t count = 0;

    if (error != NULL)
        return error;
    crm_edit_begin(&look, hf_xml_child(xmlDocGetRootElement(cib), "configuration"));
    resource = crm_edit_find(&look, argv[1]);
    if (resource == NULL || !hf_xml_is(resource, "primitive")) {
        error = hf_error_new(HF_REFUSED, "'%s' does not exist, expected the id of a primitive", argv[1]);
    } else {
        owner = hf_xml_get(resource, "template") != NULL
                    ? crm_edit_find(&look, hf_xml_get(resource, "template"))
                    : resource;
        struct agent_name name = {hf_xml_get(owner, "class"), hf_xml_get(owner, "provider"),
                                  hf_xml_get(owner, "type")};

        count = parameters_of(&look, resource, pairs, HF_ARRAY_LENGTH(pairs));
        error = agent_validate(&name, argv[1], pairs, count);
    }
    crm_edit_end(&look);
    for (size_t i = 0; i < count; i++)
        free(pairs[i]);
    if (error == NULL)
        hf_write_line(session->writer, "The agent accepts the parameters of '%s' on this machine.", argv[1]);
    return error;
}

/* --- ptest --- */

struct hf_error *run_ptest(struct session *session, int argc, char **argv)
{
    char *words[16] = {(char *)"simulate", (char *)"-L", (char *)"-R"};
    int count = 3;

    if (argc > 1 && argv[1][0] == '-')
        return command_named(&area_main, "simulate")->run(session, argc, argv);
    for (int i = 1; i < argc && count < 15; i++) {
        if (strcmp(argv[i], "scores") == 0)
            words[count++] = (char *)"-s";
        else if (strcmp(argv[i], "utilization") == 0)
            words[count++] = (char *)"-U";
        else if (strcmp(argv[i], "nograph") != 0 && strcmp(argv[i], "actions") != 0 &&
                 strspn(argv[i], "v") != strlen(argv[i]))
            return hf_error_new(HF_USAGE, "found '%s', expected one of nograph, scores, actions, utilization",
                                argv[i]);
    }
    words[count] = NULL;
    return command_named(&area_main, "simulate")->run(session, count, words);
}

/* --- schema, upgrade --- */

struct hf_error *run_schema(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const char *version =
        error == NULL ? hf_xml_get_or(xmlDocGetRootElement(cib), "validate-with", CIB_SCHEMA) : "";

    if (error != NULL)
        return error;
    if (argc > 1 && strcmp(argv[1], version) != 0)
        return hf_error_new(HF_REFUSED,
                            "the CIB is always checked against %s; older ones are taken over when loaded",
                            version);
    hf_write_string(session->writer, "schema", NULL, version);
    hf_write_line(session->writer, "%s", version);
    return NULL;
}

struct hf_error *run_upgrade(struct session *session, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "force") != 0)
        return hf_error_new(HF_USAGE, "found '%s', expected force or nothing", argv[1]);
    hf_write_line(session->writer,
                  "Nothing to do: a CIB of an older version is taken over when it is loaded.");
    return NULL;
}
