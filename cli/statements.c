/* statements.c - see statements.h. */
#include "cli/statements.h"

#include <ctype.h>
#include <string.h>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/constraints.h"
#include "cli/options.h"
#include "cli/rules.h"
#include "daemon/cib/schema.h"
#include "daemon/sched/sched.h"
#include "lib/xml.h"

enum { LONGEST_ID = 200 };

/* --- checks of agents --- */

/* Meta-data already asked for in this edit, by "class:provider:type"; the value is the xmlDoc. */
typedef xmlHashTable agent_cache;

static void free_metadata(void *payload, const xmlChar *name)
{
    xmlFreeDoc(payload);
}

static struct hf_error *cached_metadata(agent_cache *cache, const struct agent_name *name,
                                        const xmlNode **root)
{
    HF_CLEANUP(hf_freep) char *key = agent_text(name);
    xmlDoc *metadata = xmlHashLookup(cache, (const xmlChar *)key);

    *root = NULL;
    if (metadata == NULL) {
        struct hf_error *error = agent_metadata(name, &metadata);

        if (error != NULL || metadata == NULL)
            return error;
        xmlHashAddEntry(cache, (const xmlChar *)key, metadata);
    }
    *root = xmlDocGetRootElement(metadata);
    return NULL;
}

/* A primitive (or template) with where to look for what it refers to. */
struct parameters {
    const struct crm_edit *edit;
    const xmlNode *resource;
};

/* Sees every nvpair among an element's parameters; stops at the first for which visit says so. */
typedef bool pair_visitor(const char *name, void *context);

static bool visit_pairs(const struct crm_edit *edit, const xmlNode *resource, pair_visitor *visit,
                        void *context)
{
    HF_XML_EACH (set, resource, "instance_attributes") {
        const char *reference = hf_xml_get(set, "id-ref");
        const xmlNode *actual = reference != NULL ? crm_edit_find(edit, reference) : set;

        if (actual != NULL && !hf_xml_is(actual, "instance_attributes"))
            actual = hf_xml_child(actual, "instance_attributes");
        HF_XML_EACH (pair, actual, "nvpair") {
            const char *name = hf_xml_get(pair, "name"), *other = hf_xml_get(pair, "id-ref");

            if (name == NULL && other != NULL && crm_edit_find(edit, other) != NULL)
                name = hf_xml_get(crm_edit_find(edit, other), "name");
            if (name != NULL && visit(name, context))
                return true;
        }
    }
    return false;
}

static const xmlNode *template_of(const struct crm_edit *edit, const xmlNode *resource)
{
    const char *template = hf_xml_get(resource, "template");

    return template != NULL ? crm_edit_find(edit, template) : NULL;
}

static bool is_named(const char *name, void *wanted)
{
    return strcmp(name, wanted) == 0;
}

static bool is_set(const void *context, const char *parameter)
{
    const struct parameters *parameters = context;
    const xmlNode *template = template_of(parameters->edit, parameters->resource);

    return visit_pairs(parameters->edit, parameters->resource, is_named, (void *)parameter) ||
           visit_pairs(parameters->edit, template, is_named, (void *)parameter);
}

struct known_check {
    const xmlNode *metadata;
    const struct agent_name *name;
    struct hf_error *error;
};

static bool check_known(const char *parameter, void *context)
{
    struct known_check *check = context;

    check->error = agent_check_known(check->metadata, check->name, parameter);
    return check->error != NULL;
}

static struct hf_error *check_agent(agent_cache *cache, const struct crm_edit *edit, const xmlNode *resource)
{
    const xmlNode *template = template_of(edit, resource), *owner = template != NULL ? template : resource,
                  *metadata;
    struct agent_name name = {.class = hf_xml_get(owner, "class"),
                              .provider = hf_xml_get(owner, "provider"),
                              .type = hf_xml_get(owner, "type")};
    struct parameters parameters = {.edit = edit, .resource = resource};
    struct known_check known = {.name = &name};
    struct hf_error *error;

    if (name.class == NULL || name.type == NULL || (strcmp(name.class, "ocf") == 0 && name.provider == NULL))
        return NULL; /* the grammar has something to say to that */
    error = cached_metadata(cache, &name, &metadata);
    known.metadata = metadata;
    if (error == NULL && metadata != NULL) {
        visit_pairs(edit, resource, check_known, &known);
        error = known.error;
        if (error == NULL && hf_xml_is(resource, "primitive"))
            error = agent_check_required(metadata, &name, is_set, &parameters);
    }
    return hf_error_wrap(error, "%s %s", (const char *)resource->name, hf_xml_get_or(resource, "id", ""));
}

static struct hf_error *check_agents_below(agent_cache *cache, const struct crm_edit *edit,
                                           const xmlNode *element)
{
    struct hf_error *error = NULL;

    if (hf_xml_is(element, "primitive") || hf_xml_is(element, "template"))
        return check_agent(cache, edit, element);
    HF_XML_EACH_ANY (child, element) {
        if (error == NULL && crm_section_of((const char *)child->name) != NULL)
            error = check_agents_below(cache, edit, child);
    }
    return error;
}

static struct hf_error *check_agents(const struct statements_edit *wanted, const struct crm_edit *edit)
{
    agent_cache *cache = xmlHashCreate(16);
    struct hf_error *error = NULL;

    for (size_t i = 0; i < wanted->statements->count && error == NULL; i++) {
        const struct crm_statement *statement = &wanted->statements->statement[i];
        const char *id = statement->merge == CRM_OBJECT ? hf_xml_get(statement->element, "id") : NULL;

        if (id == NULL || strcmp(statement->section, "resources") != 0)
            continue;
        if (hf_xml_is(statement->element, "primitive") || hf_xml_is(statement->element, "template") ||
            hf_xml_child(statement->element, "member") == NULL)
            error = check_agents_below(cache, edit, crm_edit_find(edit, id));
        if (error != NULL && statement->line > 0 && wanted->statements->count > 1)
            error = hf_error_wrap(error, "line %d", statement->line);
    }
    xmlHashFree(cache, free_metadata);
    return error != NULL ? hf_error_wrap(error, "refused (--force overrides)") : NULL;
}

static struct hf_error *check_parts(const xmlNode *element);

/* Agents make names of files of it. */
static struct hf_error *check_id(const struct crm_statement *statement)
{
    const char *id = statement->merge == CRM_OBJECT ? hf_xml_get_or(statement->element, "id", "") : "";

    if (strlen(id) <= LONGEST_ID)
        return NULL;
    return hf_error_new(HF_REFUSED, "the id '%.20s...' has %zu characters, expected at most %d", id,
                        strlen(id), LONGEST_ID);
}

/* What a person writes is refused; what comes as XML has worked elsewhere: it is only told.
 * error: taken over; NULL is fine.  Returns it as a refusal, or NULL. */
static struct hf_error *refuse_or_tell(struct hf_error *error, bool refused)
{
    if (error != NULL && refused)
        return hf_error_wrap(error, "refused (--force overrides)");
    if (error != NULL)
        fprintf(stderr, "holdfast: warning: %s\n", hf_error_text(error));
    hf_error_free(error);
    return NULL;
}

/* Options that cannot be meant. */
static struct hf_error *check_options(const struct statements_edit *wanted)
{
    for (size_t i = 0; i < wanted->statements->count; i++) {
        const struct crm_statement *statement = &wanted->statements->statement[i];
        struct hf_error *error = option_check_element(statement->element, statement->section);

        if (error == NULL)
            error = check_parts(statement->element);
        if (error == NULL)
            error = rule_check(statement->element);
        if (error == NULL)
            error = check_id(statement);
        if (error == NULL && !wanted->foreign)
            option_tell_unknown(statement->element, statement->section);
        if (error != NULL && statement->line > 0 && wanted->statements->count > 1)
            error = hf_error_wrap(error, "line %d", statement->line);
        error = refuse_or_tell(error, !wanted->foreign);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* --- what is said twice --- */

/* However it is written: 10s and 10000ms are one interval. */
static bool same_interval(const xmlNode *one, const xmlNode *other)
{
    const char *left = hf_xml_get_or(one, "interval", "0"), *right = hf_xml_get_or(other, "interval", "0");
    int64_t first, second;

    return strcmp(left, right) == 0 ||
           (sched_parse_interval(left, &first) && sched_parse_interval(right, &second) && first == second);
}

/* Of two values of one name the cluster would take one, and of two operations of one name and interval, too.
 */
static bool are_the_same(const xmlNode *one, const xmlNode *other)
{
    const char *name = hf_xml_get(one, "name");
    bool op = hf_xml_is(one, "op");

    return name != NULL && (op || hf_xml_is(one, "nvpair")) && xmlStrEqual(one->name, other->name) &&
           strcmp(name, hf_xml_get_or(other, "name", "")) == 0 && (!op || same_interval(one, other));
}

static struct hf_error *check_parts(const xmlNode *element)
{
    struct hf_error *error = NULL;

    HF_XML_EACH_ANY (child, element) {
        for (const xmlNode *other = hf_xml_next(child, NULL); other != NULL && error == NULL;
             other = hf_xml_next(other, NULL))
            if (are_the_same(child, other))
                error =
                    hf_error_new(HF_REFUSED, "'%s' is said twice, expected one %s", hf_xml_get(child, "name"),
                                 hf_xml_is(child, "op") ? "operation of that name and interval" : "value");
        if (error == NULL)
            error = check_parts(child);
    }
    return hf_xml_is(element, "primitive") || hf_xml_is(element, "template")
               ? hf_error_wrap(error, "primitive %s", hf_xml_get_or(element, "id", ""))
               : error;
}

/* An object that a text has twice would be lost: the later one would take the place of the first. */
static struct hf_error *check_twice(const struct crm_statements *statements)
{
    xmlHashTable *lines = xmlHashCreate(64);
    struct hf_error *error = NULL;

    for (size_t i = 0; i < statements->count && error == NULL; i++) {
        const struct crm_statement *statement = &statements->statement[i];
        const xmlNode *element = statement->element;
        const char *id = statement->merge != CRM_OBJECT ? NULL
                         : hf_xml_is(element, "node")   ? hf_xml_get(element, "uname")
                                                        : hf_xml_get(element, "id");
        HF_CLEANUP(hf_freep)
        char *key = id != NULL ? hf_asprintf("%s %s", hf_xml_is(element, "node") ? "node" : "", id) : NULL;
        const struct crm_statement *first = key != NULL ? xmlHashLookup(lines, (const xmlChar *)key) : NULL;

        if (first != NULL)
            error =
                hf_error_new(HF_REFUSED, "line %d: '%s' is there already, in line %d, expected another id",
                             statement->line, id, first->line);
        else if (key != NULL)
            xmlHashAddEntry(lines, (const xmlChar *)key, (void *)statement);
    }
    xmlHashFree(lines, NULL);
    return error;
}

/* --- constraints that cannot work --- */

static bool is_stated(const struct crm_statements *statements, const xmlNode *constraint)
{
    for (size_t i = 0; i < statements->count; i++)
        if (strcmp(statements->statement[i].section, "constraints") == 0 &&
            strcmp(hf_xml_get_or(statements->statement[i].element, "id", ""),
                   hf_xml_get_or(constraint, "id", "")) == 0)
            return true;
    return false;
}

static bool mentions(const struct crm_statements *statements, const char *section)
{
    for (size_t i = 0; i < statements->count; i++)
        if (strcmp(statements->statement[i].section, section) == 0)
            return true;
    return false;
}

/* The ids of constraints that have no meaning as it is. */
static xmlHashTable *meaningless_constraints(const struct crm_edit *edit)
{
    xmlHashTable *ids = xmlHashCreate(16);

    HF_XML_EACH_ANY (constraint, hf_xml_child(edit->configuration, "constraints")) {
        struct hf_error *error = constraint_check(edit, constraint);

        if (error != NULL)
            xmlHashAddEntry(ids, (const xmlChar *)hf_xml_get_or(constraint, "id", ""), constraint);
        hf_error_free(error);
    }
    return ids;
}

/* What is written here is refused; what has lost its meaning by it is told. before: what had none already. */
static struct hf_error *check_constraints(const struct statements_edit *wanted, const struct crm_edit *edit,
                                          xmlHashTable *before)
{
    HF_XML_EACH_ANY (constraint, hf_xml_child(edit->configuration, "constraints")) {
        bool stated = is_stated(wanted->statements, constraint);
        bool known = xmlHashLookup(before, (const xmlChar *)hf_xml_get_or(constraint, "id", "")) != NULL;
        struct hf_error *error = NULL;

        if (stated || !known)
            error = refuse_or_tell(constraint_check(edit, constraint), stated && !wanted->foreign);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* --- the edit --- */

static struct crm_statement copy_statement(const struct crm_statement *statement)
{
    struct crm_statement copy = *statement;

    copy.element = xmlDocCopyNode(statement->element, NULL, 1);
    copy.target = hf_strdup(statement->target);
    return copy;
}

static struct hf_error *check_topology(const struct statements_edit *wanted, const struct crm_edit *edit)
{
    struct hf_error *error = NULL;

    if (mentions(wanted->statements, "fencing-topology"))
        error = topology_check(edit, hf_xml_child(edit->configuration, "fencing-topology"));
    return refuse_or_tell(error, !wanted->foreign);
}

static void copy_statements(const struct crm_statements *statements, struct crm_statements *copies)
{
    *copies =
        (struct crm_statements){.statement = hf_calloc(statements->count + 1, sizeof(*copies->statement)),
                                .count = statements->count};
    for (size_t i = 0; i < statements->count; i++) {
        copies->statement[i] = copy_statement(&statements->statement[i]);
        if (statements->count == 1)
            copies->statement[i].line = 0; /* there is only one it could be */
    }
}

static struct hf_error *statements_editor(struct crm_edit *edit, void *context)
{
    const struct statements_edit *wanted = context;
    bool ties = mentions(wanted->statements, "constraints") || mentions(wanted->statements, "resources");
    xmlHashTable *before = ties && !wanted->session->force ? meaningless_constraints(edit) : NULL;
    struct crm_statements copies;
    struct hf_error *error = NULL;

    edit->force = wanted->session->force;
    if (wanted->scope == STATEMENTS_REPLACE && !mentions(wanted->statements, "nodes"))
        crm_edit_keep_section(edit, "nodes");
    if (wanted->n_gone > 0)
        error = crm_edit_delete(edit, wanted->gone, wanted->n_gone);
    copy_statements(wanted->statements, &copies);
    if (error == NULL)
        error =
            crm_edit_apply_all(edit, &copies, wanted->scope == STATEMENTS_UPDATE ? CRM_UPDATE : CRM_CREATE);
    crm_statements_free(&copies);
    if (error == NULL && before != NULL)
        error = check_constraints(wanted, edit, before);
    if (error == NULL && !wanted->session->force)
        error = check_topology(wanted, edit);
    xmlHashFree(before, NULL);
    if (error == NULL && !wanted->session->force)
        error = check_agents(wanted, edit);
    return error;
}

struct hf_error *statements_change(const struct statements_edit *wanted, bool *changed)
{
    struct session_edit edit = {.editor = statements_editor,
                                .context = (void *)wanted,
                                .anew = wanted->scope == STATEMENTS_REPLACE,
                                .seen = wanted->seen};
    struct hf_error *error = wanted->session->force ? NULL : check_options(wanted);

    if (error == NULL)
        error = check_twice(wanted->statements);
    return error != NULL ? error : session_change(wanted->session, &edit, changed);
}

/* --- reading --- */

static void add_element(struct crm_statements *statements, const xmlNode *element, enum crm_merge merge,
                        const char *section)
{
    struct crm_statement *statement;

    hf_grow(&statements->statement, &statements->capacity, statements->count + 1, sizeof(*statement));
    statement = &statements->statement[statements->count++];
    *statement = (struct crm_statement){
        .merge = merge, .section = section, .line = (int)xmlGetLineNo((xmlNode *)element)};
    statement->element = xmlDocCopyNode((xmlNode *)element, NULL, 1);
}

/* The sections' own names, as string constants that outlive the document. */
static const char *known_section(const char *name)
{
    static const char *const sections[] = {"crm_config",   "nodes",       "resources",        "constraints",
                                           "rsc_defaults", "op_defaults", "fencing-topology", "tags",
                                           "alerts",       "acls"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(sections); i++)
        if (strcmp(sections[i], name) == 0)
            return sections[i];
    return NULL;
}

static struct hf_error *add_section(struct crm_statements *statements, const xmlNode *element,
                                    const char *source)
{
    const char *section = known_section((const char *)element->name);
    bool sets;

    if (section == NULL)
        return hf_error_new(
            HF_REFUSED,
            "%s: line %ld: <configuration> contains <%s>, expected one of crm_config, nodes, "
            "resources, constraints, rsc_defaults, op_defaults, fencing-topology, tags, alerts, acls",
            source, xmlGetLineNo((xmlNode *)element), (const char *)element->name);
    if (strcmp(section, "fencing-topology") == 0) {
        add_element(statements, element, CRM_WHOLE, section);
        return NULL;
    }
    sets = strcmp(section, "crm_config") == 0 || strcmp(section, "rsc_defaults") == 0 ||
           strcmp(section, "op_defaults") == 0;
    HF_XML_EACH_ANY (child, element) {
        if (!sets && (crm_section_of((const char *)child->name) == NULL ||
                      strcmp(crm_section_of((const char *)child->name), section) != 0))
            return hf_error_new(HF_REFUSED, "%s: line %ld: <%s> contains <%s>, which does not belong there",
                                source, xmlGetLineNo(child), section, (const char *)child->name);
        if (hf_xml_get(child, "id") == NULL)
            return hf_error_new(HF_REFUSED, "%s: line %ld: <%s> has no id", source, xmlGetLineNo(child),
                                (const char *)child->name);
        add_element(statements, child, sets ? CRM_SET : CRM_OBJECT, section);
    }
    return NULL;
}

static struct hf_error *read_xml(const char *text, size_t length, const char *source,
                                 struct crm_statements *statements)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    struct hf_error *error = hf_xml_parse(text, length, source, &document);
    const xmlNode *root = xmlDocGetRootElement(document), *configuration;
    const char *section;

    if (error != NULL)
        return error;
    configuration = hf_xml_is(root, "cib") ? hf_xml_child(root, "configuration") : root;
    if (hf_xml_is(configuration, "configuration")) {
        HF_XML_EACH_ANY (child, configuration)
            if (error == NULL)
                error = add_section(statements, child, source);
        return error;
    }
    section = crm_section_of((const char *)root->name);
    if (section == NULL || strcmp(section, (const char *)root->name) == 0
            ? known_section((const char *)root->name) == NULL
            : hf_xml_get(root, "id") == NULL)
        return hf_error_new(HF_REFUSED,
                            "%s: found <%s>, expected <cib>, <configuration>, one of its sections, or one "
                            "object with an id",
                            source, (const char *)root->name);
    if (known_section((const char *)root->name) != NULL)
        return add_section(statements, root, source);
    add_element(statements, root, hf_xml_is(root, "cluster_property_set") ? CRM_SET : CRM_OBJECT, section);
    return NULL;
}

bool statements_are_xml(const char *text, size_t length)
{
    size_t at = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a byte order mark */

    while (at < length && isspace((unsigned char)text[at]))
        at++;
    return at < length && text[at] == '<';
}

struct hf_error *statements_read(const char *text, size_t length, const char *source,
                                 struct crm_statements *statements)
{
    struct hf_error *error;

    *statements = (struct crm_statements){0};
    if (!statements_are_xml(text, length))
        return hf_error_wrap(crm_parse(text, length, statements), "%s", source);
    error = read_xml(text, length, source, statements);
    if (error != NULL)
        crm_statements_free(statements);
    return error;
}

/* What the grammar has against element or something in it, if it is what error says; else NULL. */
static struct hf_error *same_refusal(const struct cib_schema *schema, const xmlNode *element,
                                     const char *source, const struct hf_error *error)
{
    struct hf_error *placed = cib_schema_check(schema, element, source), *below = NULL;
    const char *said = placed != NULL ? strstr(hf_error_text(placed), hf_error_text(error)) : NULL;

    if (said != NULL && strcmp(said, hf_error_text(error)) == 0)
        return placed;
    HF_XML_EACH_ANY (child, element)
        if (placed != NULL && below == NULL)
            below = same_refusal(schema, child, source, error);
    hf_error_free(placed);
    return below;
}

struct hf_error *statements_place_error(struct session *session, const char *text, size_t length,
                                        const char *source, struct hf_error *error)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    struct hf_error *placed = NULL;
    const xmlNode *root;

    if (hf_error_kind(error) != HF_REFUSED)
        return hf_error_wrap(error, "%s", source);
    hf_error_free(hf_xml_parse(text, length, source, &document)); /* it was read before */
    root = xmlDocGetRootElement(document);
    if (hf_xml_is(root, "cib"))
        root = hf_xml_child(root, "configuration");
    if (root != NULL)
        placed = same_refusal(session_schema(session), root, source, error);
    if (placed == NULL)
        return hf_error_wrap(error, "%s", source);
    hf_error_free(error);
    return placed;
}

/* --- one statement --- */

static bool take_force(struct crm_words *words)
{
    bool found = false;
    size_t kept = 0;

    for (size_t i = 0; i < words->count; i++) {
        if (i > 0 && !words->word[i].quoted && strcmp(words->word[i].text, "--force") == 0) {
            free(words->word[i].text);
            found = true;
        } else {
            words->word[kept++] = words->word[i];
        }
    }
    words->count = kept;
    return found;
}

struct hf_error *statements_change_words(struct session *session, struct crm_words *words, const char *raw)
{
    struct crm_statement statement = {0};
    struct crm_statements one = {.statement = &statement, .count = 1};
    struct statements_edit edit = {.session = session, .statements = &one, .scope = STATEMENTS_CREATE};
    bool forced = session->force;
    struct hf_error *error;

    session->force = take_force(words) || forced;
    error = crm_parse_words(words, &statement);
    if (error == NULL)
        error = statements_change(&edit, NULL);
    session->force = forced;
    crm_statement_free(&statement);
    return error;
}
