/* cmd_resource.c - `holdfast resource`: what operators do with resources day by day. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/crm/print.h"
#include "cli/explain.h"
#include "cli/options.h"
#include "cli/status.h"
#include "lib/xml.h"

/* --- meta attributes of one or more resources --- */

struct meta_edit {
    char **ids;
    int count;
    const char *name, *value;
};

static xmlNode *find_resource(const struct crm_edit *edit, const char *id)
{
    xmlNode *found = crm_edit_find(edit, id);

    return found != NULL && crm_is_resource(found) ? found : NULL;
}

static struct hf_error *no_resource(const struct crm_edit *edit, const char *id)
{
    const char *candidate[512], *near;
    size_t count = 0;

    HF_XML_EACH_ANY (resource, hf_xml_child(edit->configuration, "resources"))
        if (count < HF_ARRAY_LENGTH(candidate))
            candidate[count++] = hf_xml_get_or(resource, "id", "");
    near = crm_near_miss(id, candidate, count);
    return hf_error_new(HF_REFUSED, "resource '%s' does not exist%s%s%s", id,
                        near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                        near != NULL ? "'?" : ", expected the id of a resource");
}

static struct hf_error *meta_editor(struct crm_edit *edit, void *context)
{
    const struct meta_edit *wanted = context;

    for (int i = 0; i < wanted->count; i++) {
        xmlNode *found = crm_edit_find(edit, wanted->ids[i]);
        bool any = false;

        if (found != NULL && crm_is_resource(found)) {
            crm_edit_set_attribute(edit, found, "meta_attributes", wanted->name, wanted->value);
            continue;
        }
        /* A tag stands for the resources that it names. */
        HF_XML_EACH (reference, hf_xml_is(found, "tag") ? found : NULL, "obj_ref") {
            xmlNode *tagged = find_resource(edit, hf_xml_get_or(reference, "id", ""));

            if (tagged != NULL)
                crm_edit_set_attribute(edit, tagged, "meta_attributes", wanted->name, wanted->value);
            any = any || tagged != NULL;
        }
        if (!any)
            return no_resource(edit, wanted->ids[i]);
    }
    return NULL;
}

static struct hf_error *set_meta(struct session *session, char **ids, int count, const char *name,
                                 const char *value)
{
    struct meta_edit wanted = {.ids = ids, .count = count, .name = name, .value = value};
    struct session_edit edit = {.editor = meta_editor, .context = &wanted};

    return session_change(session, &edit, NULL);
}

static struct hf_error *run_start(struct session *session, int argc, char **argv)
{
    return set_meta(session, argv + 1, argc - 1, "target-role", "Started");
}

static struct hf_error *run_stop(struct session *session, int argc, char **argv)
{
    return set_meta(session, argv + 1, argc - 1, "target-role", "Stopped");
}

static struct hf_error *run_manage(struct session *session, int argc, char **argv)
{
    return set_meta(session, argv + 1, argc - 1, "is-managed", "true");
}

static struct hf_error *run_unmanage(struct session *session, int argc, char **argv)
{
    return set_meta(session, argv + 1, argc - 1, "is-managed", "false");
}

static struct hf_error *run_maintenance(struct session *session, int argc, char **argv)
{
    bool on = true;

    if (argc > 2 && !hf_parse_bool(argv[2], &on))
        return hf_error_new(HF_USAGE, "found '%s', expected on or off", argv[2]);
    return set_meta(session, argv + 1, 1, "maintenance", on ? "true" : "false");
}

/* --- promote, demote --- */

static bool is_promotable(const xmlNode *resource)
{
    bool promotable = hf_xml_is(resource, "master");

    hf_parse_bool(crm_attribute(resource, "meta_attributes", "promotable"), &promotable);
    return promotable;
}

static struct hf_error *role_editor(struct crm_edit *edit, void *context)
{
    const struct meta_edit *wanted = context;
    xmlNode *resource = find_resource(edit, wanted->ids[0]);

    if (resource == NULL)
        return no_resource(edit, wanted->ids[0]);
    for (; resource != NULL && crm_is_resource(resource); resource = resource->parent)
        if (is_promotable(resource)) {
            crm_edit_set_attribute(edit, resource, "meta_attributes", "target-role", wanted->value);
            return NULL;
        }
    return hf_error_new(HF_REFUSED, "'%s' is not a promotable clone (meta promotable=true)", wanted->ids[0]);
}

static struct hf_error *set_role(struct session *session, char **argv, const char *role)
{
    struct meta_edit wanted = {.ids = argv + 1, .count = 1, .value = role};
    struct session_edit edit = {.editor = role_editor, .context = &wanted};

    return session_change(session, &edit, NULL);
}

static struct hf_error *run_promote(struct session *session, int argc, char **argv)
{
    return set_role(session, argv, "Promoted");
}

static struct hf_error *run_demote(struct session *session, int argc, char **argv)
{
    return set_role(session, argv, "Unpromoted");
}

/* --- restart --- */

/* Stops, waits, and puts back what was said before. */
static struct hf_error *restart_one(struct session *session, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *before = NULL;
    struct hf_error *error = session_cib(session, &cib), *back;
    int64_t wait_ms = session->wait_ms >= 0 ? session->wait_ms : 120000;
    struct crm_edit look;
    xmlNode *resource;

    if (error != NULL)
        return error;
    crm_edit_begin(&look, hf_xml_child(xmlDocGetRootElement(cib), "configuration"));
    resource = find_resource(&look, argv[1]);
    if (resource == NULL)
        error = no_resource(&look, argv[1]);
    else
        before = hf_strdup(crm_attribute(resource, "meta_attributes", "target-role"));
    crm_edit_end(&look);
    if (error == NULL && before != NULL && strcasecmp(before, "Stopped") == 0)
        error =
            hf_error_new(HF_REFUSED, "'%s' is stopped (target-role=Stopped), expected 'resource start %s'",
                         argv[1], argv[1]);
    if (error != NULL)
        return error;
    session->wait_ms = wait_ms;
    error = set_meta(session, argv + 1, 1, "target-role", "Stopped");
    back = set_meta(session, argv + 1, 1, "target-role", before);
    if (error == NULL)
        return hf_error_wrap(back, "'%s' was stopped, but did not start again", argv[1]);
    hf_error_free(back);
    return hf_error_wrap(error, "'%s' did not stop; it was told to run again", argv[1]);
}

static struct hf_error *run_restart(struct session *session, int argc, char **argv)
{
    struct hf_error *error = NULL;

    for (int i = 1; i < argc && error == NULL; i++)
        error = restart_one(session, argv + i - 1);
    return error;
}

/* --- move, ban, clear --- */

/* Reads an ISO 8601 duration (P1DT2H, PT30M): seconds. */
static bool parse_lifetime(const char *text, int64_t *seconds)
{
    static const struct {
        char unit;
        bool time;
        int64_t seconds;
    } units[] = {
        {'W', false, 604800}, {'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
    bool time = false, any = false;

    *seconds = 0;
    if (*text++ != 'P')
        return false;
    while (*text != '\0') {
        char *end;
        long number;
        bool found = false;

        if (*text == 'T' && !time) {
            time = true;
            text++;
            continue;
        }
        if (!isdigit((unsigned char)*text))
            return false;
        number = strtol(text, &end, 10);
        for (size_t i = 0; i < HF_ARRAY_LENGTH(units); i++)
            if (*end == units[i].unit && units[i].time == time && number <= 100000) {
                *seconds += number * units[i].seconds;
                found = true;
            }
        if (!found)
            return false;
        any = true;
        text = end + 1;
    }
    return any;
}

struct move_edit {
    const char *id, *node;
    char until[64]; /* "" for ever */
    bool ban;
};

static bool node_exists(const xmlNode *configuration, const char *name)
{
    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node")
        if (strcmp(hf_xml_get_or(node, "uname", ""), name) == 0)
            return true;
    /* Remote and guest nodes need not be in <nodes>. */
    HF_XML_EACH_ANY (resource, hf_xml_child(configuration, "resources"))
        if (strcmp(hf_xml_get_or(resource, "id", ""), name) == 0)
            return true;
    return false;
}

/* The promotable clone that the resource is, or is in; NULL if it is none. What moves then is the
 * promotion. */
static const xmlNode *promotable_clone(const xmlNode *resource)
{
    for (; resource != NULL && crm_is_resource(resource); resource = resource->parent) {
        HF_XML_EACH (set, resource, "meta_attributes") {
            HF_XML_EACH (pair, set, "nvpair") {
                bool promotable = false;

                if (hf_xml_is(resource, "clone") &&
                    strcmp(hf_xml_get_or(pair, "name", ""), "promotable") == 0 &&
                    hf_parse_bool(hf_xml_get(pair, "value"), &promotable) && promotable)
                    return resource;
            }
        }
    }
    return NULL;
}

static const xmlNode *first_member(const xmlNode *resource)
{
    HF_XML_EACH_ANY (child, resource)
        if (crm_is_resource(child))
            return child;
    return NULL;
}

static const xmlNode *find_in(const xmlDoc *cib, const char *id)
{
    struct crm_edit edit;
    const xmlNode *found;

    crm_edit_begin(&edit, hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "configuration"));
    found = crm_edit_find(&edit, id);
    crm_edit_end(&edit);
    return found;
}

static struct hf_error *move_editor(struct crm_edit *edit, void *context)
{
    const struct move_edit *wanted = context;
    const xmlNode *clone = promotable_clone(find_resource(edit, wanted->id));
    struct crm_statements statements;
    struct hf_buf text = {0};
    struct hf_error *error;
    xmlNode *old;
    HF_CLEANUP(hf_freep)
    char *id = wanted->ban ? hf_asprintf("cli-ban-%s-on-%s", wanted->id, wanted->node)
                           : hf_asprintf("cli-prefer-%s", wanted->id);
    HF_CLEANUP(hf_freep)
    char *opposite = wanted->ban ? hf_asprintf("cli-prefer-%s", wanted->id)
                                 : hf_asprintf("cli-ban-%s-on-%s", wanted->id, wanted->node);
    const char *score = wanted->ban ? "-inf:" : "inf:";

    if (find_resource(edit, wanted->id) == NULL)
        return no_resource(edit, wanted->id);
    if (!node_exists(edit->configuration, wanted->node))
        return hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node",
                            wanted->node);
    old = crm_edit_find(edit, opposite);
    if (old != NULL && (!wanted->ban || strcmp(hf_xml_get_or(old, "node", ""), wanted->node) == 0) &&
        (error = crm_edit_delete(edit, &opposite, 1)) != NULL)
        return error;
    hf_buf_printf(&text, "location %s ", id);
    crm_print_word(&text, clone != NULL ? hf_xml_get_or(clone, "id", "") : wanted->id);
    if (clone != NULL && wanted->until[0] == '\0')
        hf_buf_puts(&text, " role=Promoted");
    if (wanted->until[0] == '\0')
        hf_buf_printf(&text, " %s ", score);
    else
        hf_buf_printf(&text, " rule %s%s #uname eq ", clone != NULL ? "$role=Promoted " : "", score);
    crm_print_word(&text, wanted->node);
    if (wanted->until[0] != '\0')
        hf_buf_printf(&text, " and date lt \"%s\"", wanted->until);
    error = crm_parse(text.data, text.length, &statements);
    hf_buf_free(&text);
    if (error == NULL)
        error = crm_edit_apply_all(edit, &statements, CRM_UPDATE);
    crm_statements_free(&statements);
    return error;
}

/* Where the resource is now (of a promotable clone: is promoted), as the scheduler reads the status;
 * HF_REFUSED unless it is in one place. */
static struct hf_error *current_node(struct session *session, const char *id, char **node)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    HF_CLEANUP(hf_freep) char **nodes = NULL;
    int count = 0;

    *node = NULL;
    if (error == NULL)
        error = status_locate(cib, id, promotable_clone(find_in(cib, id)) != NULL, &nodes, &count);
    if (error != NULL)
        return error;
    if (count == 1)
        *node = hf_strdup(nodes[0]);
    else
        error = hf_error_new(HF_REFUSED, "'%s' runs on %d nodes, expected the node to be named", id, count);
    for (int i = 0; i < count; i++)
        free(nodes[i]);
    return error;
}

/* A move is an infinite score, and that is not more than another one. */
static struct hf_error *say_if_held(struct session *session, const struct move_edit *wanted)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_is_collecting(session) ? NULL : session_cib(session, &cib);
    const xmlNode *resource;
    bool promoted;

    if (error != NULL || cib == NULL)
        return error;
    resource = find_in(cib, wanted->id);
    promoted = promotable_clone(resource) != NULL;
    while (resource != NULL && !hf_xml_is(resource, "primitive"))
        resource = first_member(resource);
    return resource == NULL ? NULL
                            : explain_if_held(session->writer, cib, hf_xml_get_or(resource, "id", ""),
                                              wanted->node, promoted);
}

/* Takes "force" off the end: what it asks for elsewhere is done here in any case. */
static int without_force(int argc, char **argv)
{
    return argc > 2 && strcmp(argv[argc - 1], "force") == 0 ? argc - 1 : argc;
}

static struct hf_error *move_or_ban(struct session *session, int argc, char **argv, bool ban)
{
    struct move_edit wanted = {.id = argv[1], .ban = ban};
    struct session_edit edit = {.editor = move_editor, .context = &wanted};
    HF_CLEANUP(hf_freep) char *here = NULL;
    int64_t seconds;
    const char *lifetime = argc == 4                                                             ? argv[3]
                           : argc == 3 && argv[2][0] == 'P' && parse_lifetime(argv[2], &seconds) ? argv[2]
                                                                                                 : NULL;

    wanted.node = argc > 2 && argv[2] != lifetime ? argv[2] : NULL;
    if (lifetime != NULL) {
        time_t until;
        struct tm parts;

        if (!parse_lifetime(lifetime, &seconds))
            return hf_error_new(HF_USAGE, "found '%s', expected a duration such as PT30M or P1DT12H",
                                lifetime);
        until = time(NULL) + (time_t)seconds;
        gmtime_r(&until, &parts);
        strftime(wanted.until, sizeof(wanted.until), "%Y-%m-%d %H:%M:%SZ", &parts);
    }
    if (wanted.node == NULL) {
        struct hf_error *error = current_node(session, argv[1], &here);

        if (error != NULL)
            return error;
        wanted.node = here;
        wanted.ban = true;
        hf_write_line(session->writer, "Keeping '%s' away from %s; 'resource clear %s' ends that.", argv[1],
                      here, argv[1]);
    }

    struct hf_error *error = session_change(session, &edit, NULL);

    return error != NULL || wanted.ban ? error : say_if_held(session, &wanted);
}

static struct hf_error *run_move(struct session *session, int argc, char **argv)
{
    return move_or_ban(session, without_force(argc, argv), argv, false);
}

static struct hf_error *run_ban(struct session *session, int argc, char **argv)
{
    return move_or_ban(session, without_force(argc, argv), argv, true);
}

struct clear_edit {
    const char *id;
    int cleared;
};

static struct hf_error *clear_editor(struct crm_edit *edit, void *context)
{
    struct clear_edit *wanted = context;
    HF_CLEANUP(hf_freep) char *prefer = hf_asprintf("cli-prefer-%s", wanted->id);
    HF_CLEANUP(hf_freep) char *ban = hf_asprintf("cli-ban-%s-on-", wanted->id);
    const xmlNode *clone = promotable_clone(find_resource(edit, wanted->id));
    HF_CLEANUP(hf_freep) char *about = hf_strdup(clone != NULL ? hf_xml_get_or(clone, "id", "") : wanted->id);
    xmlNode *next;

    wanted->cleared = 0;
    if (find_resource(edit, wanted->id) == NULL)
        return no_resource(edit, wanted->id);
    for (xmlNode *each = hf_xml_child(hf_xml_child(edit->configuration, "constraints"), "rsc_location");
         each != NULL; each = next) {
        char *id = (char *)hf_xml_get_or(each, "id", "");
        HF_CLEANUP(hf_freep) char *copy = hf_strdup(id);
        struct hf_error *error;

        next = hf_xml_next(each, "rsc_location");
        if ((strcmp(id, prefer) != 0 && strncmp(id, ban, strlen(ban)) != 0) ||
            (strcmp(hf_xml_get_or(each, "rsc", ""), wanted->id) != 0 &&
             strcmp(hf_xml_get_or(each, "rsc", ""), about) != 0))
            continue;
        error = crm_edit_delete(edit, &copy, 1);
        if (error != NULL)
            return error;
        wanted->cleared++;
    }
    return NULL;
}

static struct hf_error *run_clear(struct session *session, int argc, char **argv)
{
    struct clear_edit wanted = {.id = argv[1]};
    struct session_edit edit = {.editor = clear_editor, .context = &wanted};
    struct hf_error *error = session_change(session, &edit, NULL);

    if (error == NULL && wanted.cleared == 0)
        hf_write_line(session->writer, "'%s' was neither moved nor banned.", argv[1]);
    return error;
}

/* --- cleanup, refresh, failcount --- */

static struct hf_error *clean(struct session *session, const char *resource, const char *node, bool refresh)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_buf request = {0};
    struct hf_error *error;

    hf_buf_puts(&request, "<cleanup");
    if (resource != NULL) {
        hf_buf_puts(&request, " resource=\"");
        hf_buf_xml(&request, resource);
        hf_buf_putc(&request, '"');
    }
    if (node != NULL) {
        hf_buf_puts(&request, " node=\"");
        hf_buf_xml(&request, node);
        hf_buf_putc(&request, '"');
    }
    hf_buf_printf(&request, "%s/>", refresh ? " refresh=\"true\"" : "");
    error = session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
    hf_buf_free(&request);
    if (error == NULL && session->wait_ms >= 0)
        error = session_settle(session, session->wait_ms);
    return error;
}

static bool has_history(const xmlNode *status, const char *resource)
{
    HF_XML_EACH (state, status, "node_state")
        HF_XML_EACH (lrm, state, "lrm")
            HF_XML_EACH (each, hf_xml_child(lrm, "lrm_resources"), "lrm_resource")
                if (strcmp(hf_xml_get_or(each, "id", ""), resource) == 0)
                    return true;
    return false;
}

/* A resource that is configured, or was, so that something may be known of it; and a node that is known. */
static struct hf_error *check_cleanup(struct session *session, const char *id, const char *node)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *root = xmlDocGetRootElement(cib);
    struct crm_edit look;

    if (error != NULL)
        return error;
    crm_edit_begin(&look, hf_xml_child(root, "configuration"));
    if (find_resource(&look, id) == NULL && !has_history(hf_xml_child(root, "status"), id))
        error = no_resource(&look, id);
    else if (node != NULL && !node_exists(look.configuration, node))
        error = hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node", node);
    crm_edit_end(&look);
    return error;
}

static struct hf_error *run_cleanup(struct session *session, int argc, char **argv)
{
    struct hf_error *error;

    argc = without_force(argc, argv);
    error = argc > 1 ? check_cleanup(session, argv[1], argc > 2 ? argv[2] : NULL) : NULL;

    return error != NULL ? error
                         : clean(session, argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL,
                                 strcmp(argv[0], "refresh") == 0);
}

/* Sums fail-count-RESOURCE#... of a node_state's transient attributes; -1 for infinity. */
static int64_t fail_count(const xmlNode *state, const char *resource)
{
    HF_CLEANUP(hf_freep) char *prefix = hf_asprintf("fail-count-%s", resource);
    int64_t sum = 0, number;

    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes")
        HF_XML_EACH (pair, set, "nvpair") {
            const char *name = hf_xml_get_or(pair, "name", ""), *value = hf_xml_get_or(pair, "value", "");
            size_t length = strlen(prefix);

            if (strncmp(name, prefix, length) != 0 || (name[length] != '\0' && name[length] != '#'))
                continue;
            if (strcmp(value, "INFINITY") == 0 || sum < 0)
                sum = -1;
            else if (hf_parse_int64(value, &number))
                sum += number;
        }
    return sum;
}

/* The count of all operations becomes this one; what was counted by operation goes. */
static struct hf_error *set_failcount(struct session *session, const char *resource, const char *node,
                                      const char *count)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf request = {0};
    struct hf_error *error;
    int64_t number;

    if (strcmp(count, "INFINITY") != 0 && (!hf_parse_int64(count, &number) || number < 0))
        return hf_error_new(HF_USAGE, "found '%s', expected a number, or INFINITY", count);
    error = check_cleanup(session, resource, node);
    if (error == NULL)
        error = clean(session, resource, node, false);
    if (error != NULL)
        return error;
    hf_buf_puts(&request, "<attribute node=\"");
    hf_buf_xml(&request, node);
    hf_buf_puts(&request, "\" name=\"fail-count-");
    hf_buf_xml(&request, resource);
    hf_buf_puts(&request, "#monitor_0\" value=\"");
    hf_buf_xml(&request, count);
    hf_buf_puts(&request, "\" lifetime=\"reboot\"/>");
    error = session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
    return error == NULL && session->wait_ms >= 0 ? session_settle(session, session->wait_ms) : error;
}

/* Every count that is not 0. */
struct hf_error *run_all_failcounts(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    hf_write_list(session->writer, "failcounts");
    HF_XML_EACH (state, hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state")
        HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes")
            HF_XML_EACH (pair, set, "nvpair") {
                const char *name = hf_xml_get_or(pair, "name", ""), *value = hf_xml_get_or(pair, "value", "");

                if (strncmp(name, "fail-count-", 11) != 0 || strcmp(value, "0") == 0)
                    continue;
                hf_write_object(session->writer, NULL);
                hf_write_string(session->writer, "node", NULL, hf_xml_get_or(state, "uname", ""));
                hf_write_string(session->writer, "operation", NULL, name + 11);
                hf_write_string(session->writer, "failcount", NULL, value);
                hf_write_end(session->writer);
                hf_write_line(session->writer, "%s failed on %s: %s", name + 11,
                              hf_xml_get_or(state, "uname", "?"), value);
            }
    hf_write_end(session->writer);
    return NULL;
}

static struct hf_error *run_failcount(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    const char *node = argc > 3 ? argv[3] : NULL;
    struct hf_error *error;
    bool found = node == NULL;

    if (argc > 2 && strcmp(argv[2], "delete") == 0)
        return clean(session, argv[1], node, false);
    if (argc == 5 && strcmp(argv[2], "set") == 0)
        return set_failcount(session, argv[1], argv[3], argv[4]);
    if (argc == 5 || (argc > 2 && strcmp(argv[2], "show") != 0))
        return hf_error_new(HF_USAGE, "found '%s', expected show, delete or set NODE COUNT", argv[2]);
    error = session_cib(session, &cib);
    if (error != NULL)
        return error;
    hf_write_list(session->writer, "failcounts");
    HF_XML_EACH (state, hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state") {
        const char *name = hf_xml_get_or(state, "uname", hf_xml_get_or(state, "id", ""));
        int64_t count;

        if (node != NULL && strcmp(node, name) != 0)
            continue;
        found = true;
        count = fail_count(state, argv[1]);
        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "node", NULL, name);
        hf_write_int(session->writer, "failcount", NULL, count < 0 ? 1000000 : count);
        hf_write_end(session->writer);
        if (count < 0)
            hf_write_line(session->writer, "%s: INFINITY", name);
        else
            hf_write_line(session->writer, "%s: %" PRId64, name, count);
    }
    hf_write_end(session->writer);
    return found ? NULL : hf_error_new(HF_REFUSED, "node '%s' has no status", node);
}

/* --- param, meta, utilization --- */

static struct hf_error *show_attribute(struct session *session, const char *id, const char *set,
                                       const char *name)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    struct crm_edit look;
    const xmlNode *resource;
    const char *value;

    if (error != NULL)
        return error;
    crm_edit_begin(&look, hf_xml_child(xmlDocGetRootElement(cib), "configuration"));
    resource = find_resource(&look, id);
    if (resource == NULL) {
        error = no_resource(&look, id);
    } else if (name == NULL) {
        hf_write_answer(session->writer);
        HF_XML_EACH (each, resource, set)
            HF_XML_EACH (pair, each, "nvpair") {
                hf_write_string(session->writer, hf_xml_get_or(pair, "name", ""), NULL,
                                hf_xml_get(pair, "value"));
                hf_write_line(session->writer, "%s=%s", hf_xml_get_or(pair, "name", ""),
                              hf_xml_get_or(pair, "value", ""));
            }
    } else if ((value = crm_attribute(resource, set, name)) == NULL) {
        error = hf_error_new(HF_REFUSED, "'%s' has no '%s'", id, name);
    } else {
        hf_write_string(session->writer, "value", NULL, value);
        hf_write_line(session->writer, "%s", value);
    }
    crm_edit_end(&look);
    return error;
}

/* Whether the agent knows this parameter, as far as it can be asked on this machine. */
static struct hf_error *check_parameter(struct session *session, const char *id, const char *parameter)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL, *metadata = NULL;
    struct hf_error *error = session_cib(session, &cib);
    struct crm_edit look;
    const xmlNode *owner;

    if (error != NULL)
        return error;
    crm_edit_begin(&look, hf_xml_child(xmlDocGetRootElement(cib), "configuration"));
    owner = crm_edit_find(&look, id);
    if (owner != NULL && hf_xml_get(owner, "template") != NULL)
        owner = crm_edit_find(&look, hf_xml_get(owner, "template"));
    if (owner != NULL && hf_xml_get(owner, "class") != NULL) {
        struct agent_name name = {.class = hf_xml_get(owner, "class"),
                                  .provider = hf_xml_get(owner, "provider"),
                                  .type = hf_xml_get(owner, "type")};

        hf_error_free(agent_metadata(&name, &metadata));
        if (metadata != NULL)
            error = agent_check_known(xmlDocGetRootElement(metadata), &name, parameter);
    }
    crm_edit_end(&look);
    return error;
}

/* COMMAND RESOURCE set NAME VALUE */
static struct hf_error *check_attribute(struct session *session, char **argv)
{
    struct hf_error *error;

    if (strcmp(argv[0], "param") == 0)
        return check_parameter(session, argv[1], argv[3]);
    if (strcmp(argv[0], "meta") != 0)
        return option_check_utilization(argv[3], argv[4]);
    error = option_check(OPTION_META, argv[3], argv[4]);
    if (error == NULL)
        option_tell_name(OPTION_META, argv[3]);
    return error;
}

static struct hf_error *run_attribute(struct session *session, int argc, char **argv)
{
    const char *set = strcmp(argv[0], "param") == 0  ? "instance_attributes"
                      : strcmp(argv[0], "meta") == 0 ? "meta_attributes"
                                                     : "utilization";

    if (argc == 2 || (argc <= 4 && strcmp(argv[2], "show") == 0))
        return show_attribute(session, argv[1], set, argc == 4 ? argv[3] : NULL);
    if (argc == 5 && strcmp(argv[2], "set") == 0) {
        struct hf_error *error = session->force ? NULL : check_attribute(session, argv);

        return error != NULL ? hf_error_wrap(error, "refused (--force overrides)")
                             : change_attribute(session, argv[1], false, set, argv[3], argv[4]);
    }
    if (argc == 4 && strcmp(argv[2], "delete") == 0)
        return remove_attribute(session, argv[1], false, set, argv[3]);
    return command_wrong_action(argc, argv, "RESOURCE show [NAME] | set NAME VALUE | delete NAME");
}

/* --- locate, status, list --- */

static struct hf_error *locate(struct session *session, const xmlDoc *cib, const char *id)
{
    HF_CLEANUP(hf_freep) char **nodes = NULL;
    int count = 0;
    struct hf_error *error = status_locate(cib, id, false, &nodes, &count);

    if (error != NULL)
        return error;
    hf_write_string(session->writer, "resource", NULL, id);
    hf_write_list(session->writer, "nodes");
    for (int i = 0; i < count; i++) {
        hf_write_string(session->writer, NULL, NULL, nodes[i]);
        hf_write_line(session->writer, "%s", nodes[i]);
        free(nodes[i]);
    }
    hf_write_end(session->writer);
    if (count == 0)
        hf_write_line(session->writer, "'%s' runs nowhere.", id);
    return NULL;
}

static struct hf_error *run_locate(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL || argc == 2)
        return error != NULL ? error : locate(session, cib, argv[1]);
    hf_write_list(session->writer, "resources");
    for (int i = 1; i < argc && error == NULL; i++) {
        hf_write_object(session->writer, NULL);
        hf_write_line(session->writer, "%s:", argv[i]);
        error = locate(session, cib, argv[i]);
        hf_write_end(session->writer);
    }
    hf_write_end(session->writer);
    return error;
}

static struct hf_error *run_status(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL || argc <= 2)
        return error != NULL ? error
                             : status_write_resources(session->writer, cib, argc > 1 ? argv[1] : NULL);
    hf_write_list(session->writer, "status");
    for (int i = 1; i < argc && error == NULL; i++) {
        hf_write_object(session->writer, NULL);
        error = status_write_resources(session->writer, cib, argv[i]);
        hf_write_end(session->writer);
    }
    hf_write_end(session->writer);
    return error;
}

static void list_resources(struct hf_writer *writer, const xmlNode *parent, int depth)
{
    HF_XML_EACH_ANY (resource, parent) {
        const char *provider = hf_xml_get(resource, "provider");

        if (!crm_is_resource(resource))
            continue;
        hf_write_object(writer, NULL);
        hf_write_string(writer, "id", NULL, hf_xml_get(resource, "id"));
        hf_write_string(writer, "kind", NULL, (const char *)resource->name);
        if (hf_xml_is(resource, "primitive") && hf_xml_get(resource, "template") == NULL)
            hf_write_line(writer, "%*s%s (%s:%s%s%s)", depth * 2, "", hf_xml_get_or(resource, "id", ""),
                          hf_xml_get_or(resource, "class", ""), provider != NULL ? provider : "",
                          provider != NULL ? ":" : "", hf_xml_get_or(resource, "type", ""));
        else
            hf_write_line(writer, "%*s%s (%s)", depth * 2, "", hf_xml_get_or(resource, "id", ""),
                          (const char *)resource->name);
        hf_write_list(writer, "members");
        list_resources(writer, resource, depth + 1);
        hf_write_end(writer);
        hf_write_end(writer);
    }
}

static struct hf_error *run_list(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    hf_write_list(session->writer, "resources");
    list_resources(session->writer,
                   hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "configuration"), "resources"), 0);
    hf_write_end(session->writer);
    return NULL;
}

static const struct command commands[] = {
    {"start", "RESOURCE...", "Let resources run", run_start, 1, -1, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"stop", "RESOURCE...", "Stop resources and keep them stopped", run_stop, 1, -1, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"restart", "RESOURCE...", "Stop resources, then let them run again, one after the other", run_restart, 1,
     -1, COMMAND_CLUSTER, COMPLETE_RESOURCES},
    {"promote", "RESOURCE", "Let a promotable clone be promoted", run_promote, 1, 1, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"demote", "RESOURCE", "Keep a promotable clone unpromoted", run_demote, 1, 1, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"move", "RESOURCE [NODE] [LIFETIME]", "Move a resource to a node, or away from where it is", run_move, 1,
     4, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"ban", "RESOURCE [NODE] [LIFETIME]", "Keep a resource away from a node", run_ban, 1, 4, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"clear", "RESOURCE", "Undo move and ban", run_clear, 1, 1, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"unban", "RESOURCE", "The older word for clear", run_clear, 1, 1, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"migrate", "RESOURCE [NODE] [LIFETIME]", "The older word for move", run_move, 1, 4, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"unmove", "RESOURCE", "The older word for clear", run_clear, 1, 1, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"unmigrate", "RESOURCE", "The older word for clear", run_clear, 1, 1, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"cleanup", "[RESOURCE [NODE]]", "Forget failures and look again", run_cleanup, 0, 3, COMMAND_CLUSTER,
     COMPLETE_RESOURCES},
    {"refresh", "[RESOURCE [NODE]]", "Forget the whole history and look again", run_cleanup, 0, 3,
     COMMAND_CLUSTER, COMPLETE_RESOURCES},
    {"manage", "RESOURCE...", "Let the cluster start and stop resources", run_manage, 1, -1, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
    {"unmanage", "RESOURCE...", "Leave resources as they are, but watch them", run_unmanage, 1, -1,
     COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"maintenance", "RESOURCE [on|off]", "Leave a resource alone, without monitoring", run_maintenance, 1, 2,
     COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"locate", "RESOURCE...", "Print the nodes that resources run on", run_locate, 1, -1, 0,
     COMPLETE_RESOURCES},
    {"status", "[RESOURCE...]", "Print the state of resources", run_status, 0, -1, 0, COMPLETE_RESOURCES},
    {"show", "[RESOURCE...]", "The older word for status", run_status, 0, -1, 0, COMPLETE_RESOURCES},
    {"list", "", "List the resources that are configured", run_list, 0, 0, 0, COMPLETE_NOTHING},
    {"param", "RESOURCE [show [NAME] | set NAME VALUE | delete NAME]", "A resource's parameters",
     run_attribute, 1, 4, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"meta", "RESOURCE [show [NAME] | set NAME VALUE | delete NAME]", "A resource's meta attributes",
     run_attribute, 1, 4, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"utilization", "RESOURCE [show [NAME] | set NAME VALUE | delete NAME]",
     "What a resource needs of a node", run_attribute, 1, 4, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"failcount", "RESOURCE [show|delete [NODE] | set NODE COUNT]", "How often a resource failed",
     run_failcount, 1, 4, 0, COMPLETE_RESOURCES},
    {"constraints", "RESOURCE", "Print the constraints on a resource", run_constraints, 1, 1, 0,
     COMPLETE_RESOURCES},
    {"operations", "[RESOURCE [NODE]]", "Print what was done to resources, and how it ended", run_operations,
     0, 2, 0, COMPLETE_RESOURCES},
    {"scores", "[RESOURCE]", "Print the scores of resources on nodes", run_scores, 0, 1, 0,
     COMPLETE_RESOURCES},
    {"trace", "RESOURCE [OPERATION [INTERVAL]]", "Have a resource's agent trace what it does", run_trace, 1,
     3, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"untrace", "RESOURCE [OPERATION [INTERVAL]]", "End that", run_trace, 1, 3, COMMAND_COLLECTS,
     COMPLETE_RESOURCES},
};

const struct command_area area_resource = {"resource", "Start, stop, move and inspect resources", commands,
                                           HF_ARRAY_LENGTH(commands), NULL};
