/* cmd_main.c - the commands that stand alone: status, verify, simulate, explain, help, version. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/explain.h"
#include "cli/command.h"
#include "cli/constraints.h"
#include "cli/locks.h"
#include "cli/options.h"
#include "cli/rules.h"
#include "cli/simulate.h"
#include "cli/statements.h"
#include "cli/status.h"
#include "daemon/cib/document.h"
#include "daemon/sched/sched.h"
#include "lib/xml.h"

/* --- status --- */

/* What a word of crm_mon adds: NULL for what is printed anyway. */
static struct hf_error *status_part(const char *word, command_function **part)
{
    static const struct {
        const char *word;
        command_function *part;
    } parts[] = {{"-1", NULL},
                 {"inactive", NULL},
                 {"full", run_operations},
                 {"detail", run_operations},
                 {"verbose", run_operations},
                 {"ops", run_operations},
                 {"timing", run_operations},
                 {"failcounts", run_all_failcounts},
                 {"tickets", run_tickets}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++)
        if (strcmp(word, parts[i].word) == 0) {
            *part = parts[i].part;
            return NULL;
        }
    return hf_error_new(
        HF_USAGE,
        "found '%s', expected one of inactive, full, detail, ops, timing, failcounts, tickets "
        "(--json for programs, 'node show' and 'resource status' for parts)",
        word);
}

static struct hf_error *run_status(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    command_function *parts[3] = {NULL};
    struct hf_error *error = NULL;

    for (int i = 1; i < argc && error == NULL; i++)
        error = status_part(argv[i], &parts[i - 1]);
    if (error == NULL)
        error = session_cib(session, &cib);
    if (error == NULL)
        error = status_write(session->writer, cib);
    if (error == NULL && session->file == NULL)
        locks_write(session->writer);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts) && error == NULL; i++)
        if (parts[i] != NULL) {
            hf_write_line(session->writer, "%s", "");
            error = parts[i](session, 1, (char *[]){(char *)"status", NULL});
        }
    return error;
}

/* --- verify --- */

static void write_warning(struct hf_writer *writer, const char *text)
{
    hf_write_string(writer, NULL, NULL, text);
    hf_write_line(writer, "warning: %s", text);
}

static void write_doubt(struct hf_writer *writer, struct hf_error *error)
{
    if (error != NULL)
        write_warning(writer, hf_error_text(error));
    hf_error_free(error);
}

/* Only an instance of a promotable clone can be promoted. */
static struct hf_error *role_check(const xmlNode *resource, bool promotable)
{
    const char *role = crm_attribute(resource, "meta_attributes", "target-role"),
               *says = crm_attribute(resource, "meta_attributes", "promotable");
    struct hf_error *error = NULL;

    if (hf_xml_is(resource, "master"))
        promotable = true;
    else if (hf_xml_is(resource, "clone") && says != NULL)
        hf_parse_bool(says, &promotable);
    if (role != NULL && !promotable && (strcasecmp(role, "Promoted") == 0 || strcasecmp(role, "Master") == 0))
        return hf_error_new(HF_REFUSED,
                            "%s %s: target-role=%s has no effect: it is not in a promotable clone",
                            (const char *)resource->name, hf_xml_get_or(resource, "id", ""), role);
    HF_XML_EACH_ANY (child, resource)
        if (error == NULL && crm_section_of((const char *)child->name) != NULL)
            error = role_check(child, promotable);
    return error;
}

/* What the command line would refuse, were it written here. */
static void write_doubts(struct hf_writer *writer, const xmlNode *configuration)
{
    struct crm_edit edit;

    crm_edit_begin(&edit, (xmlNode *)configuration);
    HF_XML_EACH_ANY (section, configuration) {
        HF_XML_EACH_ANY (element, section) {
            const char *name = (const char *)section->name;
            struct hf_error *error = strcmp(name, "constraints") == 0 ? constraint_check(&edit, element)
                                                                      : option_check_element(element, name);

            if (error == NULL)
                error = rule_check(element);
            if (error == NULL && strcmp(name, "resources") == 0)
                error = role_check(element, false);
            write_doubt(writer, error);
        }
    }
    write_doubt(writer, topology_check(&edit, hf_xml_child(configuration, "fencing-topology")));
    crm_edit_end(&edit);
}

struct hf_error *write_warnings(struct hf_writer *writer, const xmlDoc *cib)
{
    struct sched_input input = {.now = (int64_t)time(NULL)};
    struct sched_output *output;
    struct hf_error *error = sched_run(cib, &input, &output);
    const char *const *warning;
    int count;

    if (error != NULL)
        return error;
    warning = sched_warnings(output, &count);
    hf_write_list(writer, "warnings");
    write_doubts(writer, hf_xml_child(xmlDocGetRootElement(cib), "configuration"));
    for (int i = 0; i < count; i++)
        write_warning(writer, warning[i]);
    hf_write_end(writer);
    sched_output_free(output);
    return NULL;
}

static struct hf_error *verify_text(struct session *session, const char *text, size_t length,
                                    const char *source)
{
    struct cib_document *document = NULL;
    xmlDoc *cib;
    struct hf_error *error;

    error = cib_document_parse(session_schema(session), text, length, source, true, &document);
    if (error != NULL) /* not every message begins with the file */
        return strncmp(hf_error_text(error), source, strlen(source)) == 0
                   ? error
                   : hf_error_wrap(error, "%s", source);
    cib = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(cib, xmlDocCopyNode((xmlNode *)cib_document_root(document), cib, 1));
    cib_document_free(document);
    hf_write_bool(session->writer, "valid", NULL, true);
    error = write_warnings(session->writer, cib);
    if (error == NULL)
        hf_write_line(session->writer, "%s is valid.", source);
    xmlFreeDoc(cib);
    return error;
}

static struct hf_error *run_verify(struct session *session, int argc, char **argv)
{
    const char *file = argc > 1 ? argv[1] : session->file;
    HF_CLEANUP(hf_freep) char *text = NULL;
    size_t length;
    struct hf_error *error;

    if (file == NULL) {
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;

        error = session_cib(session, &cib);
        if (error != NULL)
            return error;
        text = hf_xml_text(xmlDocGetRootElement(cib), true);
        return verify_text(session, text, strlen(text), "the cluster's configuration");
    }
    error = session_read_text(file, SESSION_FILE_LIMIT, &text, &length);
    return error != NULL
               ? error
               : verify_text(session, text, length, strcmp(file, "-") == 0 ? "standard input" : file);
}

/* --- simulate --- */

static struct hf_error *live_cib(void *context, xmlDoc **cib)
{
    return session_cib(context, cib);
}

/* Lines "delete ID..." are taken out of a text of statements; what they name is the caller's. */
static char **cut_deletions(char *text, size_t *count)
{
    char **ids = NULL, *save = NULL;
    size_t capacity = 0;

    *count = 0;
    for (char *line = text; line != NULL && *line != '\0'; line = *line == '\0' ? line : line + 1) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, "delete ", 7) == 0) {
            HF_CLEANUP(hf_freep) char *words = hf_strndup(line + 7, length - 7);
            for (char *id = strtok_r(words, " \t\r", &save); id != NULL;
                 id = strtok_r(NULL, " \t\r", &save)) {
                hf_grow(&ids, &capacity, *count + 1, sizeof(*ids));
                ids[(*count)++] = hf_strdup(id);
            }
            memset(line, ' ', length);
        }
        line += length;
    }
    return ids;
}

/* For simulate --change: the statements as an update of the CIB's configuration, then the deletions. */
static struct hf_error *change_cib(xmlDoc *cib, const char *path)
{
    struct crm_statements statements = {0};
    struct crm_edit edit;
    HF_CLEANUP(hf_freep) char *text = NULL;
    size_t length, n_ids;
    struct hf_error *error = session_read_text(path, SESSION_TEXT_LIMIT, &text, &length);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;

    if (error != NULL)
        return error;
    char **ids = statements_are_xml(text, length) ? (n_ids = 0, NULL) : cut_deletions(text, &n_ids);
    error = statements_read(text, length, name, &statements);
    crm_edit_begin(&edit, hf_xml_ensure(xmlDocGetRootElement(cib), "configuration"));
    edit.force = true;
    if (error == NULL)
        error = hf_error_wrap(crm_edit_apply_all(&edit, &statements, CRM_UPDATE), "%s", name);
    if (error == NULL && n_ids > 0)
        error = hf_error_wrap(crm_edit_delete(&edit, ids, n_ids), "%s", name);
    if (error == NULL)
        error = hf_error_wrap(crm_edit_finish(&edit), "%s", name);
    crm_edit_end(&edit);
    crm_statements_free(&statements);
    for (size_t i = 0; i < n_ids; i++)
        free(ids[i]);
    free(ids);
    return error;
}

static struct hf_error *run_simulate(struct session *session, int argc, char **argv)
{
    struct simulate_host host = {.live = live_cib,
                                 .context = session,
                                 .change = change_cib,
                                 .json = session->json,
                                 .once = session->once};
    int code = cmd_simulate(argc, argv, &host);

    /* It has said what there was to say. */
    return code == 0 ? NULL : hf_error_new((enum hf_error_kind)code, "simulate failed");
}

/* --- explain --- */

static struct hf_error *run_explain(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    return error != NULL ? error : explain_write(session->writer, cib, argv[1]);
}

/* --- version, help --- */

static struct hf_error *run_version(struct session *session, int argc, char **argv)
{
    hf_write_string(session->writer, "version", NULL, HF_VERSION);
    hf_write_line(session->writer, "holdfast %s", HF_VERSION);
    return NULL;
}

static void write_command(struct hf_writer *writer, const struct command_area *area,
                          const struct command *command)
{
    hf_write_object(writer, NULL);
    hf_write_string(writer, "area", NULL, area->name);
    hf_write_string(writer, "name", NULL, command->name);
    hf_write_string(writer, "arguments", NULL, command->arguments);
    hf_write_string(writer, "summary", NULL, command->summary);
    hf_write_end(writer);
    if (strncmp(command->summary, "The older word", 14) == 0)
        return;
    hf_write_line(writer, "  %s%s%s %s\n      %s", area->name, area->name[0] != '\0' ? " " : "",
                  command->name, command->arguments, command->summary);
}

static void write_area(struct hf_writer *writer, const struct command_area *area)
{
    hf_write_line(writer, "%s:", area->summary);
    for (size_t i = 0; i < area->count; i++)
        write_command(writer, area, &area->command[i]);
}

static struct hf_error *run_help(struct session *session, int argc, char **argv)
{
    size_t count, found = 0;
    const struct command_area *const *area = command_areas(&count);
    const struct command_area *asked = argc > 1 ? command_area_named(argv[1]) : NULL;

    hf_write_list(session->writer, "commands");
    if (argc == 1) {
        hf_write_line(session->writer,
                      "Usage: holdfast [--json] [--force] [--wait[=SECONDS]] [--file CIB] COMMAND\n"
                      "       holdfast                   (a shell, or commands from standard input)\n");
        write_area(session->writer, area[0]);
        hf_write_line(session->writer,
                      "\nCommands may be abbreviated. Exit codes: 0 done, 1 failed, 2 usage, 3 refused, "
                      "4 no quorum,\n5 timed out or outcome unknown, 6 conflict (somebody else changed the "
                      "same first).");
        hf_write_line(session->writer, "\nMore, listed by 'holdfast help AREA':");
        for (size_t i = 1; i < count; i++)
            hf_write_line(session->writer, "  %-10s %s", area[i]->name, area[i]->summary);
        hf_write_end(session->writer);
        return NULL;
    }
    if (asked != NULL && argc == 2)
        write_area(session->writer, asked);
    for (size_t i = 0; i < count && (asked == NULL || argc > 2); i++) {
        const struct command *command = command_named(asked != NULL ? asked : area[i], argv[argc - 1]);

        if (command == NULL)
            continue;
        write_command(session->writer, asked != NULL ? asked : area[i], command);
        found++;
        if (asked != NULL)
            break;
    }
    hf_write_end(session->writer);
    if (found == 0 && (asked == NULL || argc > 2))
        return command_unknown(asked != NULL ? asked : &area_main, argv[argc - 1]);
    return NULL;
}

static const struct command commands[] = {
    {"status", "[full|inactive|ops|failcounts|tickets ...]", "Print the state of the cluster", run_status, 0,
     3, 0, COMPLETE_NOTHING},
    {"verify", "[FILE]", "Check a CIB: grammar, references, and what the scheduler doubts", run_verify, 0, 1,
     0, COMPLETE_FILES},
    {"simulate", "[-x FILE|-L] [-S] [-t TIME] ...", "Print what the scheduler would do", run_simulate, 0, -1,
     COMMAND_RAW, COMPLETE_FILES},
    {"explain", "RESOURCE[@NODE]", "Say why a resource is, or is not, where it is", run_explain, 1, 1, 0,
     COMPLETE_RESOURCES},
    {"report", "FILE",
     "Write what is known of this cluster and machine into a .tar.gz, for whoever is to help", run_report, 1,
     1, 0, COMPLETE_FILES},
    {"version", "", "Print the version of this program", run_version, 0, 0, 0, COMPLETE_NOTHING},
    {"help", "[AREA] [COMMAND]", "Print what commands there are", run_help, 0, 2, 0, COMPLETE_NOTHING},
};

const struct command_area area_main = {"", "Commands", commands, HF_ARRAY_LENGTH(commands), NULL};
