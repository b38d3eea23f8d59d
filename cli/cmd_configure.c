/* cmd_configure.c - `holdfast configure`: the configuration in the crm language. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/crm/print.h"
#include "cli/options.h"
#include "cli/statements.h"
#include "cli/vips.h"
#include "daemon/cib/document.h"
#include "lib/xml.h"

static xmlNode *configuration_of(xmlDoc *cib)
{
    return hf_xml_child(xmlDocGetRootElement(cib), "configuration");
}

/* --- statements --- */

static struct hf_error *list_options(struct session *session)
{
    const char *name;

    hf_write_list(session->writer, "options");
    for (size_t i = 0; (name = option_name(OPTION_CLUSTER, i)) != NULL; i++) {
        hf_write_string(session->writer, NULL, NULL, name);
        hf_write_line(session->writer, "%s", name);
    }
    hf_write_end(session->writer);
    return NULL;
}

static struct hf_error *run_statement(struct session *session, int argc, char **argv)
{
    struct crm_words words = {0};
    struct hf_error *error;

    crm_words_from_arguments(&words, argc, argv);
    error = statements_change_words(session, &words, NULL);
    crm_words_free(&words);
    return error;
}

static void write_values(struct hf_writer *writer, const char *values)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    for (; *values != '\0'; values++)
        hf_buf_puts(&text, *values == '|' ? ", " : (const char[]){*values, '\0'});
    hf_write_string(writer, "values", NULL, hf_buf_text(&text));
    hf_write_line(writer, "    Values: %s", hf_buf_text(&text));
}

/* property NAME... --help */
static struct hf_error *describe_options(struct session *session, int count, char **names)
{
    struct hf_writer *writer = session->writer;

    hf_write_list(writer, "options");
    for (int i = 0; i < count; i++) {
        HF_CLEANUP(hf_freep) char *name = hf_strndup(names[i], strcspn(names[i], "="));
        const struct option_help *help = option_help(name);
        struct hf_error *error = help == NULL ? option_check(OPTION_CLUSTER, name, NULL) : NULL;

        if (error != NULL)
            return error;
        if (help == NULL)
            return hf_error_new(HF_REFUSED,
                                "there is no cluster option '%s', expected one of those that 'configure "
                                "property' lists",
                                name);
        hf_write_object(writer, NULL);
        hf_write_string(writer, "name", NULL, name);
        hf_write_string(writer, "summary", NULL, help->text);
        hf_write_line(writer, "%s\n    %s.", name, help->text);
        write_values(writer, option_values(OPTION_CLUSTER, name));
        hf_write_string(writer, "default", NULL, help->missing);
        if (help->missing != NULL)
            hf_write_line(writer, "    Default: %s", help->missing);
        hf_write_end(writer);
    }
    hf_write_end(writer);
    return NULL;
}

/* Without a name: the names that there are. */
static struct hf_error *run_property(struct session *session, int argc, char **argv)
{
    if (session->help)
        return describe_options(session, argc - 1, argv + 1);
    return argc == 1 ? list_options(session) : run_statement(session, argc, argv);
}

/* A statement as one text: what the shell remembers of a line. */
static struct hf_error *run_statement_text(struct session *session, int argc, char **argv)
{
    struct crm_words words = {0};
    struct crm_lexer lexer;
    struct hf_error *error;
    bool more;

    crm_lexer_init(&lexer, argv[1], strlen(argv[1]));
    error = crm_lex(&lexer, &words, &more);
    if (error == NULL && !more)
        error = hf_error_new(HF_USAGE, "found nothing, expected a statement");
    if (error == NULL && !words.word[0].quoted) {
        const char *whole = command_expand(&area_configure, words.word[0].text, &error);
        char *kept = words.word[0].text;

        if (whole != NULL && whole != kept) {
            words.word[0].text = hf_strdup(whole);
            free(kept);
        }
    }
    if (error == NULL)
        error = statements_change_words(session, &words, argv[1]);
    crm_words_free(&words);
    return error;
}

/* --- vip --- */

static struct hf_error *run_vip(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct crm_statements statements;
    struct statements_edit edit = {.session = session, .statements = &statements, .scope = STATEMENTS_CREATE};
    struct hf_error *error = session_cib(session, &cib);

    if (error == NULL)
        error = vips_statements(configuration_of(cib), argc - 1, argv + 1, &statements);
    if (error != NULL)
        return error;
    error = statements_change(&edit, NULL);
    if (error == NULL) {
        const char *id = hf_xml_get_or(statements.statement[0].element, "id", "");

        hf_write_string(session->writer, "id", NULL, id);
        hf_write_string(session->writer, "clone", NULL, hf_xml_get(statements.statement[1].element, "id"));
        hf_write_line(session->writer, "%s, in the promotable clone %s-clone.", id, id);
    }
    crm_statements_free(&statements);
    return error;
}

/* --- show --- */

static void write_element(struct hf_writer *writer, const xmlNode *element)
{
    hf_write_object(writer, NULL);
    hf_write_string(writer, "element", NULL, (const char *)element->name);
    if (element->properties != NULL) {
        hf_write_object(writer, "attributes");
        for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next)
            hf_write_string(writer, (const char *)attribute->name, NULL,
                            hf_xml_get(element, (const char *)attribute->name));
        hf_write_end(writer);
    }
    if (hf_xml_child(element, NULL) != NULL) {
        hf_write_list(writer, "children");
        HF_XML_EACH_ANY (child, element)
            write_element(writer, child);
        hf_write_end(writer);
    }
    hf_write_end(writer);
}

/* Objects by what names them: their id, and for nodes their name. */
static const xmlNode *object_in(const xmlNode *configuration, const xmlNode *object)
{
    const char *key = hf_xml_is(object, "node") ? "uname" : "id";

    HF_XML_EACH (other, hf_xml_child(configuration, (const char *)object->parent->name), NULL)
        if (strcmp((const char *)other->name, (const char *)object->name) == 0 &&
            strcmp(hf_xml_get_or(other, key, ""), hf_xml_get_or(object, key, "")) == 0)
            return other;
    return NULL;
}

/* What a person asks for: ids, names of nodes, patterns of them, "property", "type:NAME", "tag:ID",
 * "related:WORD", "changed"; any of these, or those between which "and" stands together. "obscure:PATTERN"
 * only hides values. */
struct selection {
    char *const *word;
    size_t count;
    const xmlNode *configuration;
    const struct crm_edit *base; /* before the changes that are not yet committed */
};

static bool has_prefix(const char *word, const char *prefix)
{
    return strncmp(word, prefix, strlen(prefix)) == 0;
}

/* Whether a word stands for one object, which must then be there. */
static bool names_one(const char *word)
{
    static const char *const others[] = {"property", "fencing_topology", "changed", "and", "or"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++)
        if (strcmp(word, others[i]) == 0)
            return false;
    return !has_prefix(word, "type:") && !has_prefix(word, "tag:") && !has_prefix(word, "related:") &&
           !has_prefix(word, "obscure:") && strstr(word, "_defaults") == NULL && strpbrk(word, "*?[") == NULL;
}

/* What `ms` makes. */
static bool is_promotable(const xmlNode *object)
{
    const char *value = crm_attribute(object, "meta_attributes", "promotable");
    bool promotable = false;

    return hf_xml_is(object, "master") ||
           (hf_xml_is(object, "clone") && value != NULL && hf_parse_bool(value, &promotable) && promotable);
}

static bool is_of_kind(const xmlNode *object, const char *word, bool type)
{
    static const struct {
        const char *word, *element;
    } types[] = {{"rsc_template", "template"},
                 {"location", "rsc_location"},
                 {"colocation", "rsc_colocation"},
                 {"order", "rsc_order"},
                 {"property", "cluster_property_set"},
                 {"fencing_topology", "fencing-topology"},
                 {"user", "acl_target"},
                 {"role", "acl_role"}};

    const xmlNode *section = object->parent;

    if (type && hf_xml_is(object, word))
        return true;
    if (type && (strcmp(word, "ms") == 0 || strcmp(word, "master") == 0))
        return is_promotable(object);
    if (section != NULL && hf_xml_is(section->parent, "configuration") && hf_xml_is(section, word) &&
        (type || strstr(word, "_defaults") != NULL))
        return true;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(types); i++)
        if (strcmp(word, types[i].word) == 0 && hf_xml_is(object, types[i].element) &&
            (type || strcmp(word, "property") == 0 || strcmp(word, "fencing_topology") == 0))
            return true;
    return false;
}

static bool is_tagged(const struct selection *selection, const xmlNode *object, const char *tag)
{
    HF_XML_EACH (each, hf_xml_child(selection->configuration, "tags"), "tag")
        if (strcmp(hf_xml_get_or(each, "id", ""), tag) == 0)
            return hf_xml_child_by_id(each, "obj_ref", hf_xml_get_or(object, "id", "")) != NULL;
    return false;
}

/* A resource and the constraints on it, or the resources of an agent whose name has these letters. */
static bool is_related(const xmlNode *object, const char *word)
{
    const char *class = hf_xml_get(object, "class"), *provider = hf_xml_get(object, "provider");
    HF_CLEANUP(hf_freep)
    char *agent = hf_asprintf("%s%s%s:%s", class != NULL ? class : "", provider != NULL ? ":" : "",
                              provider != NULL ? provider : "", hf_xml_get_or(object, "type", ""));

    return strcmp(hf_xml_get_or(object, "id", ""), word) == 0 ||
           (class != NULL && strcasestr(agent, word) != NULL) ||
           (crm_section_of((const char *)object->name) != NULL &&
            strcmp(crm_section_of((const char *)object->name), "constraints") == 0 &&
            constraint_names(object, word));
}

static bool matches_name(const xmlNode *object, const char *word)
{
    const char *id = hf_xml_get(object, "id"),
               *name = hf_xml_is(object, "node") ? hf_xml_get(object, "uname") : NULL;
    bool pattern = strpbrk(word, "*?[") != NULL;

    return (id != NULL && (pattern ? fnmatch(word, id, 0) : strcmp(word, id)) == 0) ||
           (name != NULL && (pattern ? fnmatch(word, name, 0) : strcmp(word, name)) == 0);
}

static bool is_changed(const struct selection *selection, const xmlNode *object)
{
    const char *key = hf_xml_is(object, "node") ? "uname" : "id";
    const xmlNode *before = crm_edit_find(selection->base, hf_xml_get_or(object, key, ""));

    return before == NULL || !crm_same(before, object, true, NULL);
}

static bool matches(const struct selection *selection, const xmlNode *object, const char *word)
{
    if (has_prefix(word, "type:"))
        return is_of_kind(object, word + 5, true);
    if (hf_xml_get(object, "id") == NULL)
        return is_of_kind(object, word, false);
    if (has_prefix(word, "tag:"))
        return is_tagged(selection, object, word + 4);
    if (has_prefix(word, "related:"))
        return is_related(object, word + 8);
    if (strcmp(word, "changed") == 0)
        return is_changed(selection, object);
    return matches_name(object, word) || is_of_kind(object, word, false);
}

static bool is_asked_for(const struct selection *selection, const xmlNode *object)
{
    bool all = false, any = false, joined = false;

    for (size_t i = 0; i < selection->count; i++) {
        const char *word = selection->word[i];

        if (strcmp(word, "or") == 0 || has_prefix(word, "obscure:"))
            continue;
        if (strcmp(word, "and") == 0) {
            joined = true;
            continue;
        }
        if (!joined) {
            any = any || all;
            all = matches(selection, object, word);
        } else {
            all = all && matches(selection, object, word);
        }
        joined = false;
    }
    return any || all;
}

static bool selects(char *const *asked, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!has_prefix(asked[i], "obscure:"))
            return true;
    return false;
}

/* Puts stars in the place of values whose names match. */
static void obscure(xmlNode *element, const char *pattern)
{
    if (hf_xml_is(element, "nvpair") && hf_xml_get(element, "value") != NULL &&
        fnmatch(pattern, hf_xml_get_or(element, "name", ""), 0) == 0)
        hf_xml_set(element, "value", "******");
    HF_XML_EACH_ANY (child, element)
        obscure(child, pattern);
}

struct shown {
    struct session *session;
    struct selection selection;
    bool xml;
    const crm_id_set *significant;
    size_t found;
};

static void show_object(struct shown *shown, const xmlNode *object)
{
    struct hf_buf text = {0};

    shown->found++;
    if (hf_writer_is_json(shown->session->writer)) {
        write_element(shown->session->writer, object);
        return;
    }
    if (shown->xml) {
        HF_CLEANUP(hf_freep) char *xml = hf_xml_text(object, true);

        hf_write_line(shown->session->writer, "%.*s",
                      (int)strcspn(xml, "\0") - (xml[strlen(xml) - 1] == '\n'), xml);
        return;
    }
    crm_print(&text, object, shown->significant);
    hf_write_raw(shown->session->writer, hf_buf_text(&text));
    hf_buf_free(&text);
}

static void show_asked(struct shown *shown, const xmlNode *parent)
{
    HF_XML_EACH_ANY (object, parent) {
        if (crm_is_resource(parent) && !crm_is_resource(object))
            continue; /* a part of it, and no object */
        if (is_asked_for(&shown->selection, object))
            show_object(shown, object);
        if (crm_is_resource(object))
            show_asked(shown, object);
    }
}

static bool is_type(const char *word)
{
    static const char *const others[] = {
        "template",    "rsc_location", "rsc_colocation",       "rsc_order",
        "acl_role",    "user",         "cluster_property_set", "resources",
        "constraints", "nodes",        "crm_config",           "tags",
        "acls",        "alerts",       "fencing-topology",     "collocation"};
    const char *const *name = crm_statement_names();

    for (; *name != NULL; name++)
        if (strcmp(*name, word) == 0)
            return true;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++)
        if (strcmp(others[i], word) == 0)
            return true;
    return false;
}

/* Each word must stand for something that is there. */
static struct hf_error *check_asked(const xmlNode *configuration, char *const *asked, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct crm_edit edit;
        bool found;

        if (has_prefix(asked[i], "type:") && !is_type(asked[i] + 5))
            return hf_error_new(HF_USAGE,
                                "found '%s', expected type: and the first word of a statement, such as "
                                "type:primitive",
                                asked[i]);
        if (!names_one(asked[i]))
            continue;
        crm_edit_begin(&edit, (xmlNode *)configuration);
        found = crm_edit_find(&edit, asked[i]) != NULL;
        crm_edit_end(&edit);
        if (!found)
            return hf_error_new(HF_REFUSED, "'%s' does not exist, expected the id of an object", asked[i]);
    }
    return NULL;
}

static struct hf_error *show_some(struct session *session, const xmlNode *configuration, char *const *asked,
                                  size_t count, bool xml)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *base = NULL;
    struct shown shown = {.session = session, .selection = {asked, count, configuration, NULL}, .xml = xml};
    crm_id_set *significant = crm_id_set_new();
    struct hf_error *error = check_asked(configuration, asked, count);
    struct crm_edit before;

    if (error == NULL)
        error = session_base(session, &base);
    if (error != NULL) {
        crm_id_set_free(significant);
        return error;
    }
    crm_edit_begin(&before, configuration_of(base));
    shown.selection.base = &before;
    crm_id_set_references(significant, configuration);
    shown.significant = significant;
    hf_write_list(session->writer, "objects");
    HF_XML_EACH_ANY (section, configuration) {
        if (is_asked_for(&shown.selection, section))
            show_object(&shown, section);
        else
            show_asked(&shown, section);
    }
    hf_write_end(session->writer);
    crm_id_set_free(significant);
    crm_edit_end(&before);
    return NULL;
}

static void show_all(struct session *session, const xmlNode *configuration, bool xml)
{
    struct hf_buf text = {0};

    if (hf_writer_is_json(session->writer)) {
        hf_write_list(session->writer, "configuration");
        HF_XML_EACH_ANY (section, configuration)
            write_element(session->writer, section);
        hf_write_end(session->writer);
        return;
    }
    if (xml) {
        HF_CLEANUP(hf_freep) char *all = hf_xml_text(configuration, true);

        hf_buf_puts(&text, all);
        if (text.length > 0 && text.data[text.length - 1] != '\n')
            hf_buf_putc(&text, '\n');
    } else {
        crm_print_configuration(&text, configuration);
    }
    hf_write_raw(session->writer, hf_buf_text(&text));
    hf_buf_free(&text);
}

/* asked: as struct selection has it; none is all. cib loses the values that are to be hidden. */
static struct hf_error *show(struct session *session, xmlDoc *cib, char *const *asked, size_t count, bool xml)
{
    for (size_t i = 0; i < count; i++)
        if (has_prefix(asked[i], "obscure:"))
            obscure(configuration_of(cib), asked[i] + 8);
    if (selects(asked, count))
        return show_some(session, configuration_of(cib), asked, count, xml);
    show_all(session, configuration_of(cib), xml);
    return NULL;
}

/* What show prints, as a text; the caller's. */
static struct hf_error *shown_text(struct session *session, const xmlDoc *cib, char *const *asked,
                                   size_t count, bool xml, char **text)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *copy = xmlCopyDoc((xmlDoc *)cib, 1);
    struct hf_writer *kept = session->writer;
    struct hf_error *error;

    session->writer = hf_writer_new(HF_WRITER_TEXT);
    error = show(session, copy, asked, count, xml);
    *text = hf_writer_finish(session->writer);
    hf_writer_free(session->writer);
    session->writer = kept;
    return error;
}

struct hf_error *configure_text(struct session *session, const xmlDoc *cib, char *const *asked, size_t count,
                                char **text)
{
    for (size_t i = 0; i < count; i++)
        if (has_prefix(asked[i], "obscure:"))
            return hf_error_new(HF_USAGE, "what is hidden cannot be written back: leave '%s' out", asked[i]);
    return shown_text(session, cib, asked, count, false, text);
}

/* Takes the word "xml" out of the arguments. */
static bool take_xml(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "xml") != 0)
            continue;
        memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof(*argv));
        (*argc)--;
        return true;
    }
    return false;
}

static struct hf_error *run_show(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    bool xml = take_xml(&argc, argv);
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    return show(session, cib, argv + 1, (size_t)argc - 1, xml);
}

static struct hf_error *run_save(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *text = NULL;
    bool xml = take_xml(&argc, argv);
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    if (argc < 2)
        return hf_error_new(HF_USAGE,
                            "'configure save' has no file, expected: configure save [xml] [ID...] FILE");
    error = shown_text(session, cib, argv + 1, (size_t)argc - 2, xml, &text);
    return error != NULL ? error : session_write_text(argv[argc - 1], text);
}

/* --- load, edit --- */

static struct hf_error *run_load(struct session *session, int argc, char **argv)
{
    struct crm_statements statements;
    struct statements_edit edit = {.session = session, .statements = &statements, .scope = STATEMENTS_UPDATE};
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct hf_error *error;
    const char *file, *source;
    size_t length;

    take_xml(&argc, argv); /* whether it is XML is seen */
    if (argc < 2)
        return hf_error_new(HF_USAGE, "no file, expected: configure load [xml] [replace|update|push] FILE");
    file = argv[argc - 1];
    if (argc == 3 && (strcmp(argv[1], "replace") == 0 || strcmp(argv[1], "push") == 0))
        edit.scope = STATEMENTS_REPLACE;
    else if (argc == 3 && strcmp(argv[1], "update") != 0)
        return hf_error_new(HF_USAGE, "found '%s', expected one of replace, update, push", argv[1]);
    source = strcmp(file, "-") == 0 ? "standard input" : file;
    error = session_read_text(file, SESSION_TEXT_LIMIT, &text, &length);
    if (error == NULL)
        error = statements_read(text, length, source, &statements);
    if (error != NULL)
        return error;
    edit.foreign = statements_are_xml(text, length);
    if (statements.count > 0)
        error = statements_change(&edit, NULL);
    else
        error = hf_error_new(HF_REFUSED,
                             "has no statement, expected at least one ('configure erase' deletes all)");
    crm_statements_free(&statements);
    return edit.foreign && error != NULL ? statements_place_error(session, text, length, source, error)
                                         : hf_error_wrap(error, "%s", source);
}

/* What of the objects asked for the edited text no longer has. */
static size_t find_gone(const struct crm_statements *statements, char *const *asked, size_t count,
                        char **gone)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        bool there = false;

        for (size_t j = 0; j < statements->count && !there; j++) {
            const xmlNode *element = statements->statement[j].element;

            there =
                strcmp(hf_xml_get_or(element, "id", ""), asked[i]) == 0 ||
                (hf_xml_is(element, "node") && strcmp(hf_xml_get_or(element, "uname", ""), asked[i]) == 0);
        }
        if (!there && names_one(asked[i]))
            gone[n++] = asked[i];
    }
    return n;
}

struct hf_error *configure_apply_text(struct session *session, const xmlDoc *seen, const char *text,
                                      size_t length, char *const *asked, size_t count)
{
    struct crm_statements statements;
    struct hf_error *error = crm_parse(text, length, &statements);
    char **gone = hf_calloc(count + 1, sizeof(*gone));
    struct statements_edit edit = {.session = session,
                                   .statements = &statements,
                                   .scope = count > 0 ? STATEMENTS_UPDATE : STATEMENTS_REPLACE,
                                   .gone = gone,
                                   .seen = seen};

    if (error == NULL && count == 0 && statements.count == 0 && !session->force)
        error = hf_error_new(HF_REFUSED,
                             "the text has no statement, which would delete all, expected at least one, or "
                             "--force");
    if (error == NULL) {
        edit.n_gone = find_gone(&statements, asked, count, gone);
        error = statements_change(&edit, NULL);
        crm_statements_free(&statements);
    }
    free(gone);
    return error;
}

static struct hf_error *run_edit(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct hf_error *error = edit_possible(session);

    if (error != NULL)
        return error;
    error = session_cib(session, &cib);
    if (error != NULL)
        return error;
    error = configure_text(session, cib, argv + 1, (size_t)argc - 1, &text);
    while (error == NULL) {
        HF_CLEANUP(hf_freep) char *edited = NULL;
        size_t length = 0;

        error = edit_text(session, text, &edited, &length);
        if (error != NULL || (length == strlen(text) && memcmp(text, edited, length) == 0))
            return error;
        error = configure_apply_text(session, cib, edited, length, argv + 1, (size_t)argc - 1);
        if (error == NULL || !session->interactive)
            return error;
        fprintf(stderr, "holdfast: %s\n", hf_error_text(error));
        if (!ask_yes(session, "edit again?"))
            return error;
        hf_error_free(error);
        error = NULL;
        free(text);
        text = HF_STEAL(edited);
    }
    return error;
}

/* --- delete, rename, modgroup, unset, erase --- */

struct names_edit {
    struct session *session;
    int count;
    char **names;
};

static struct hf_error *delete_editor(struct crm_edit *edit, void *context)
{
    const struct names_edit *wanted = context;

    edit->force = wanted->session->force;
    return crm_edit_delete(edit, wanted->names, (size_t)wanted->count);
}

static struct hf_error *rename_editor(struct crm_edit *edit, void *context)
{
    const struct names_edit *wanted = context;

    return crm_edit_rename(edit, wanted->names[0], wanted->names[1]);
}

static struct hf_error *change_by(struct session *session, session_editor *editor, int argc, char **argv)
{
    struct names_edit wanted = {.session = session, .count = argc - 1, .names = argv + 1};
    struct session_edit edit = {.editor = editor, .context = &wanted};

    return session_change(session, &edit, NULL);
}

static struct hf_error *run_delete(struct session *session, int argc, char **argv)
{
    return change_by(session, delete_editor, argc, argv);
}

static struct hf_error *run_rename(struct session *session, int argc, char **argv)
{
    return change_by(session, rename_editor, argc, argv);
}

static struct hf_error *find_of_kind(const struct crm_edit *edit, const char *id, const char *kind,
                                     xmlNode **found)
{
    *found = crm_edit_find(edit, id);
    return *found != NULL && hf_xml_is(*found, kind)
               ? NULL
               : hf_error_new(HF_REFUSED, "'%s' does not exist, expected the id of a %s", id, kind);
}

static struct hf_error *add_to_group(const struct crm_edit *edit, xmlNode *group,
                                     const struct names_edit *wanted)
{
    xmlNode *member, *beside = NULL;
    struct hf_error *error = find_of_kind(edit, wanted->names[2], "primitive", &member);

    if (error == NULL && wanted->count == 5)
        error = find_of_kind(edit, wanted->names[4], "primitive", &beside);
    if (error != NULL)
        return error;
    if (wanted->count == 4 || (wanted->count == 5 && strcmp(wanted->names[3], "before") != 0 &&
                               strcmp(wanted->names[3], "after") != 0))
        return hf_error_new(HF_USAGE, "found '%s', expected before ID or after ID", wanted->names[3]);
    if (beside != NULL && beside->parent != group)
        return hf_error_new(HF_REFUSED, "'%s' is not in group %s", wanted->names[4], wanted->names[0]);
    if (crm_is_resource(member->parent) && member->parent != group)
        return hf_error_new(HF_REFUSED, "'%s' is already in %s %s", wanted->names[2],
                            (const char *)member->parent->name, hf_xml_get_or(member->parent, "id", ""));
    if (member == beside)
        return NULL;
    xmlUnlinkNode(member);
    if (beside == NULL)
        xmlAddChild(group, member);
    else if (strcmp(wanted->names[3], "before") == 0)
        xmlAddPrevSibling(beside, member);
    else
        xmlAddNextSibling(beside, member);
    return NULL;
}

static struct hf_error *modgroup_editor(struct crm_edit *edit, void *context)
{
    const struct names_edit *wanted = context;
    xmlNode *group, *member;
    struct hf_error *error = find_of_kind(edit, wanted->names[0], "group", &group);
    size_t members = 0;

    if (error != NULL)
        return error;
    if (strcmp(wanted->names[1], "add") == 0)
        return add_to_group(edit, group, wanted);
    if (strcmp(wanted->names[1], "remove") != 0 || wanted->count != 3)
        return hf_error_new(HF_USAGE, "found '%s', expected add ID [before|after ID] or remove ID",
                            wanted->names[1]);
    error = find_of_kind(edit, wanted->names[2], "primitive", &member);
    if (error != NULL)
        return error;
    if (member->parent != group)
        return hf_error_new(HF_REFUSED, "'%s' is not in group %s", wanted->names[2], wanted->names[0]);
    HF_XML_EACH (each, group, "primitive")
        members++;
    if (members == 1)
        return hf_error_new(HF_REFUSED, "'%s' is the only member of group %s, expected 'configure delete %s'",
                            wanted->names[2], wanted->names[0], wanted->names[0]);
    xmlUnlinkNode(member);
    xmlAddNextSibling(hf_xml_is(group->parent, "clone") ? group->parent : group, member);
    return NULL;
}

static struct hf_error *run_modgroup(struct session *session, int argc, char **argv)
{
    return change_by(session, modgroup_editor, argc, argv);
}

static struct hf_error *unset_editor(struct crm_edit *edit, void *context)
{
    const struct names_edit *wanted = context;
    static const struct {
        const char *word, *section, *set;
    } kinds[] = {{"property", "crm_config", "cluster_property_set"},
                 {"rsc_defaults", "rsc_defaults", "meta_attributes"},
                 {"op_defaults", "op_defaults", "meta_attributes"}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(kinds); i++) {
        if (strcmp(wanted->names[0], kinds[i].word) != 0)
            continue;
        for (int j = 1; j < wanted->count; j++) {
            xmlNode *section = hf_xml_child(edit->configuration, kinds[i].section);

            if (section == NULL ||
                !crm_edit_set_attribute(edit, section, kinds[i].set, wanted->names[j], NULL))
                return hf_error_new(HF_REFUSED, "%s '%s' is not set", kinds[i].word, wanted->names[j]);
        }
        return NULL;
    }
    return hf_error_new(HF_USAGE, "found '%s', expected one of property, rsc_defaults, op_defaults",
                        wanted->names[0]);
}

static const char *property_value(const xmlNode *configuration, const char *name)
{
    HF_XML_EACH (set, hf_xml_child(configuration, "crm_config"), "cluster_property_set") {
        if (hf_xml_child(set, "rule") != NULL)
            continue;
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                return hf_xml_get(pair, "value");
    }
    return NULL;
}

static struct hf_error *run_get_property(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    bool truth = argc > 1 && (strcmp(argv[1], "-t") == 0 || strcmp(argv[1], "--true") == 0);

    if (error == NULL && argc == (truth ? 2 : 1))
        return list_options(session);
    for (int i = truth ? 2 : 1; error == NULL && i < argc; i++) {
        const char *value = property_value(configuration_of(cib), argv[i]);
        const struct option_help *help = option_help(argv[i]);
        bool is_true = false;

        if (value == NULL && help != NULL)
            value = help->missing;

        if (truth) {
            hf_parse_bool(value, &is_true);
            value = is_true ? "true" : "false";
        }
        if (value == NULL)
            error = hf_error_new(HF_REFUSED, "cluster option '%s' is not set and has no default", argv[i]);
        hf_write_string(session->writer, argv[i], NULL, value);
        if (value != NULL)
            hf_write_line(session->writer, "%s", value);
    }
    return error;
}

static struct hf_error *run_unset(struct session *session, int argc, char **argv)
{
    return change_by(session, unset_editor, argc, argv);
}

static struct hf_error *run_erase(struct session *session, int argc, char **argv)
{
    struct crm_statements none = {0};
    struct statements_edit edit = {.session = session, .statements = &none, .scope = STATEMENTS_REPLACE};

    if (argc > 1)
        return hf_error_new(HF_USAGE,
                            "found '%s', expected nothing: nodes are members that come back by themselves; "
                            "'node delete NODE' takes one out that is gone for good",
                            argv[1]);
    if (!session->force && !ask_yes(session, "delete the whole configuration?"))
        return hf_error_new(HF_REFUSED, "'configure erase' deletes everything, expected --force");
    return statements_change(&edit, NULL);
}

/* --- verify --- */

static struct hf_error *run_verify_pending(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct cib_document *document = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    text = hf_xml_text(xmlDocGetRootElement(cib), true);
    error = cib_document_parse(session_schema(session), text, strlen(text), "configuration", true, &document);
    cib_document_free(document);
    if (error == NULL) {
        hf_write_bool(session->writer, "valid", NULL, true);
        error = write_warnings(session->writer, cib);
    }
    if (error == NULL)
        hf_write_line(session->writer, "The configuration is valid.");
    return error;
}

/* --- history, diff, rollback --- */

static struct hf_error *fetch_revision(struct session *session, const char *number, xmlDoc **cib)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_buf request = {0};
    struct hf_error *error;
    int64_t value;
    xmlNode *configuration;

    *cib = NULL;
    if (!hf_parse_int64(number, &value) || value < 0)
        return hf_error_new(HF_USAGE,
                            "found '%s', expected the number of a revision ('configure history' lists them)",
                            number);
    hf_buf_printf(&request, "<query what=\"revision\" number=\"%" PRId64 "\"/>", value);
    error = session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
    hf_buf_free(&request);
    if (error != NULL)
        return error;
    configuration = hf_xml_child(xmlDocGetRootElement(reply), "configuration");
    if (configuration == NULL)
        return hf_error_new(HF_FAILED, "holdfastd's answer has no <configuration>");
    *cib = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(*cib, xmlNewDocNode(*cib, NULL, (const xmlChar *)"cib", NULL));
    xmlAddChild(xmlDocGetRootElement(*cib), xmlDocCopyNode(configuration, *cib, 1));
    return NULL;
}

static void write_time(struct hf_writer *writer, const char *key, const char *seconds, char text[64])
{
    int64_t number = 0;
    time_t when;
    struct tm parts;

    hf_parse_int64(seconds, &number);
    when = (time_t)number;
    if (number == 0 || localtime_r(&when, &parts) == NULL || strftime(text, 64, "%F %T", &parts) == 0)
        snprintf(text, 64, "-");
    hf_write_int(writer, key, NULL, number);
}

static struct hf_error *run_history(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_error *error = session_call(session, "<query what=\"revisions\"/>", SESSION_CALL_MS, &reply);

    if (error != NULL)
        return error;
    hf_write_line(session->writer, "%-8s %-12s %-20s %-12s %8s  %s", "Revision", "Version", "Time", "User",
                  "Size", "Change");
    hf_write_list(session->writer, "revisions");
    HF_XML_EACH (revision, xmlDocGetRootElement(reply), "revision") {
        char when[64];

        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "number", NULL, hf_xml_get(revision, "number"));
        hf_write_string(session->writer, "version", NULL, hf_xml_get(revision, "version"));
        write_time(session->writer, "time", hf_xml_get(revision, "time"), when);
        hf_write_string(session->writer, "user", NULL, hf_xml_get(revision, "user"));
        hf_write_string(session->writer, "size", NULL, hf_xml_get(revision, "size"));
        hf_write_string(session->writer, "origin", NULL, hf_xml_get(revision, "origin"));
        hf_write_end(session->writer);
        hf_write_line(session->writer, "%-8s %-12s %-20s %-12s %8s  %s",
                      hf_xml_get_or(revision, "number", "-"), hf_xml_get_or(revision, "version", "-"), when,
                      hf_xml_get_or(revision, "user", "-"), hf_xml_get_or(revision, "size", "-"),
                      hf_xml_get_or(revision, "origin", "-"));
    }
    hf_write_end(session->writer);
    return NULL;
}

static void put_lines(struct hf_writer *writer, const char *key, char sign, const char *text)
{
    hf_write_string(writer, key, NULL, text);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        hf_write_line(writer, "%c%.*s", sign, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static char *object_text(const xmlNode *object, const crm_id_set *significant)
{
    struct hf_buf text = {0};

    if (object == NULL)
        return hf_strdup("");
    if (crm_is_resource(object))
        crm_print_resource(&text, object, significant);
    else
        crm_print(&text, object, significant);
    return hf_buf_take(&text);
}

static void write_difference(struct hf_writer *writer, const xmlNode *before, const xmlNode *after,
                             const crm_id_set *significant)
{
    HF_CLEANUP(hf_freep) char *old = object_text(before, significant), *now = object_text(after, significant);

    if (strcmp(old, now) == 0)
        return;
    hf_write_object(writer, NULL);
    put_lines(writer, "before", '-', old);
    put_lines(writer, "after", '+', now);
    hf_write_end(writer);
}

void configure_write_differences(struct hf_writer *writer, const xmlNode *before, const xmlNode *after)
{
    crm_id_set *significant = crm_id_set_new();

    crm_id_set_references(significant, before);
    crm_id_set_references(significant, after);
    hf_write_list(writer, "differences");
    HF_XML_EACH_ANY (section, before)
        HF_XML_EACH_ANY (object, section)
            if (!hf_xml_is(object, "fencing-level"))
                write_difference(writer, object, object_in(after, object), significant);
    HF_XML_EACH_ANY (section, after)
        HF_XML_EACH_ANY (object, section)
            if (!hf_xml_is(object, "fencing-level") && object_in(before, object) == NULL)
                write_difference(writer, NULL, object, significant);
    write_difference(writer, hf_xml_child(before, "fencing-topology"),
                     hf_xml_child(after, "fencing-topology"), significant);
    hf_write_end(writer);
    crm_id_set_free(significant);
}

static struct hf_error *run_diff(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *before = NULL, *after = NULL;
    struct hf_error *error =
        argc > 1 ? fetch_revision(session, argv[1], &before) : session_base(session, &before);

    if (error == NULL)
        error = argc > 2 ? fetch_revision(session, argv[2], &after) : session_cib(session, &after);
    if (error == NULL)
        configure_write_differences(session->writer, configuration_of(before), configuration_of(after));
    return error;
}

struct rollback {
    const xmlNode *configuration;
};

static struct hf_error *rollback_editor(struct crm_edit *edit, void *context)
{
    const struct rollback *wanted = context;
    xmlNode *child, *configuration = edit->configuration;

    while ((child = configuration->children) != NULL) {
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
    for (const xmlNode *each = wanted->configuration->children; each != NULL; each = each->next)
        xmlAddChild(configuration, xmlDocCopyNode((xmlNode *)each, configuration->doc, 1));
    crm_edit_end(edit);
    crm_edit_begin(edit, configuration);
    return NULL;
}

static struct hf_error *run_rollback(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *revision = NULL;
    struct rollback wanted;
    struct session_edit edit = {.editor = rollback_editor, .context = &wanted};
    struct hf_error *error = fetch_revision(session, argv[1], &revision);
    bool changed = false;

    if (error != NULL)
        return error;
    wanted.configuration = configuration_of(revision);
    error = session_change(session, &edit, &changed);
    if (error == NULL && !changed)
        hf_write_line(session->writer, "The configuration is that of revision %s already.", argv[1]);
    return error;
}

#define STATEMENT(name_, arguments_, summary_)                                                               \
    {                                                                                                        \
        name_, arguments_, summary_, run_statement, 0, -1, COMMAND_COLLECTS, COMPLETE_STATEMENT              \
    }

static const struct command commands[] = {
    STATEMENT("primitive",
              "ID [CLASS:[PROVIDER:]]TYPE|@TEMPLATE [params ...] [meta ...] [utilization ...] [op NAME ...]",
              "Define a resource"),
    {"vip", "ADDRESS[/PREFIX]... [id=NAME] [PARAMETER=VALUE...]",
     "Make an address that moves by VRRP: a primitive and its promotable clone", run_vip, 1, -1,
     COMMAND_COLLECTS, COMPLETE_VIP},
    STATEMENT("group", "ID PRIMITIVE... [meta ...]", "Run primitives together, in order, on one node"),
    STATEMENT("clone", "ID RESOURCE [meta ...]", "Run a primitive or group on several nodes"),
    STATEMENT("ms", "ID RESOURCE [meta ...]", "Define a promotable clone"),
    STATEMENT("master", "ID RESOURCE [meta ...]", "The older word for ms"),
    STATEMENT("bundle", "ID docker|podman ... [network ...] [storage ...] [primitive ID]",
              "Run a resource in containers"),
    STATEMENT("rsc_template", "ID [CLASS:[PROVIDER:]]TYPE [params ...] [meta ...] [op NAME ...]",
              "Define what several primitives share"),
    STATEMENT("location", "ID RESOURCE SCORE: NODE | rule SCORE: EXPRESSION...",
              "Say where a resource prefers to run"),
    STATEMENT("colocation", "ID SCORE: RESOURCE[:ROLE] RESOURCE[:ROLE]", "Keep resources together or apart"),
    STATEMENT("collocation", "ID SCORE: RESOURCE[:ROLE] RESOURCE[:ROLE]", "The older word for colocation"),
    STATEMENT("order", "ID [KIND:] FIRST[:ACTION] THEN[:ACTION]", "Start resources in order"),
    STATEMENT("rsc_ticket", "ID TICKET: RESOURCE[:ROLE]... [loss-policy=POLICY]",
              "Bind resources to a ticket"),
    {"property", "[SET-ID:] NAME=VALUE...",
     "Set cluster options; without one, list those that there are; NAME --help describes one", run_property,
     0, -1, COMMAND_COLLECTS | COMMAND_HELPS, COMPLETE_STATEMENT},
    STATEMENT("rsc_defaults", "[SET-ID:] NAME=VALUE...", "Set what holds for every resource"),
    STATEMENT("op_defaults", "[SET-ID:] NAME=VALUE...", "Set what holds for every operation"),
    STATEMENT("node", "[ID:] NAME[:TYPE] [attributes ...] [utilization ...]", "Describe a node"),
    STATEMENT("tag", "ID: OBJECT...", "Name a set of objects"),
    STATEMENT("fencing_topology", "[NODE:|attr:NAME=VALUE|pattern:REGEX] DEVICE[,DEVICE...]...",
              "Say which fence devices are tried in which order"),
    STATEMENT("alert", "ID PATH [attributes ...] [meta ...] [select ...] [to RECIPIENT]",
              "Run a program on events"),
    STATEMENT("role", "ID read|write|deny SPECIFICATION...", "Define access rights"),
    STATEMENT("acl_target", "USER ROLE...", "Give a user roles"),
    STATEMENT("acl_group", "GROUP ROLE...", "Give a group of users roles"),
    STATEMENT("user", "USER role:ROLE...", "The older word for acl_target"),
    STATEMENT("monitor", "RESOURCE[:ROLE] INTERVAL[:TIMEOUT]", "Add a monitor operation"),
    STATEMENT("xml", "ELEMENT", "Give an object as XML"),
    {"statement", "TEXT", "One statement as one argument", run_statement_text, 1, 1, COMMAND_COLLECTS,
     COMPLETE_NOTHING},
    {"show", "[xml] [ID|PATTERN|type:TYPE|tag:ID|related:WORD|changed|obscure:PATTERN ... [and|or] ...]",
     "Print the configuration, or some objects", run_show, 0, -1, 0, COMPLETE_OBJECTS},
    {"edit", "[ID...]", "Change the configuration in an editor", run_edit, 0, -1, 0, COMPLETE_OBJECTS},
    {"load", "[xml] [replace|update|push] FILE", "Read statements or XML from a file (- is standard input)",
     run_load, 1, 3, COMMAND_COLLECTS, COMPLETE_FILES},
    {"save", "[xml] [ID|type:TYPE...] FILE", "Write the configuration, or some objects, into a file",
     run_save, 1, -1, 0, COMPLETE_FILES},
    {"delete", "ID...", "Delete objects", run_delete, 1, -1, COMMAND_COLLECTS, COMPLETE_OBJECTS},
    {"rename", "ID NEW-ID", "Give an object another id, also where it is referred to", run_rename, 2, 2,
     COMMAND_COLLECTS, COMPLETE_OBJECTS},
    {"modgroup", "GROUP add ID [before|after ID] | GROUP remove ID", "Change what a group contains",
     run_modgroup, 3, 5, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"unset", "property|rsc_defaults|op_defaults NAME...", "Remove options", run_unset, 2, -1,
     COMMAND_COLLECTS, COMPLETE_NOTHING},
    {"get_property", "[-t] [NAME...]", "The older word for get-property", run_get_property, 0, -1, 0,
     COMPLETE_NOTHING},
    {"get-property", "[-t] [NAME...]", "Print the values of cluster options, or their defaults",
     run_get_property, 0, -1, 0, COMPLETE_NOTHING},
    {"set", "ID.[OPERATION.[INTERVAL.]]NAME VALUE", "Set a value that is configured already", run_set_value,
     2, 2, COMMAND_COLLECTS, COMPLETE_NOTHING},
    {"filter", "COMMAND [ID...]",
     "Change the configuration by a program that reads and prints it, a statement a line", run_filter, 1, -1,
     0, COMPLETE_NOTHING},
    {"validate-all", "RESOURCE", "Have a resource's agent check its parameters on this machine",
     run_validate_all, 1, 1, 0, COMPLETE_RESOURCES},
    {"ptest", "[scores] [utilization]", "Print what the cluster would do with what is not yet committed",
     run_ptest, 0, -1, 0, COMPLETE_NOTHING},
    {"simulate", "[scores] [utilization] | OPTION...", "The same, or with the options of simulate", run_ptest,
     0, -1, 0, COMPLETE_NOTHING},
    {"schema", "[VERSION]", "Print the version of the grammar that the CIB is checked against", run_schema, 0,
     1, 0, COMPLETE_NOTHING},
    {"upgrade", "[force]", "Say that a CIB needs no upgrade here", run_upgrade, 0, 1, 0, COMPLETE_NOTHING},
    {"erase", "", "Delete everything but the nodes", run_erase, 0, 1, COMMAND_COLLECTS, COMPLETE_NOTHING},
    {"verify", "", "Check the configuration against grammar and references", run_verify_pending, 0, 0, 0,
     COMPLETE_NOTHING},
    {"diff", "[REVISION [REVISION]]", "Show what differs from a revision, or what is not yet committed",
     run_diff, 0, 2, 0, COMPLETE_NOTHING},
    {"history", "", "List the revisions of the configuration", run_history, 0, 0, COMMAND_CLUSTER,
     COMPLETE_NOTHING},
    {"rollback", "REVISION", "Make the configuration that of a revision", run_rollback, 1, 1, COMMAND_CLUSTER,
     COMPLETE_NOTHING},
};

const struct command_area area_configure = {"configure", "The configuration, in the crm shell's language",
                                            commands, HF_ARRAY_LENGTH(commands), NULL};
