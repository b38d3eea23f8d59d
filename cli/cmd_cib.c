/* cmd_cib.c - `holdfast cib`: shadow CIBs. */
#include <string.h>

#include "cli/command.h"
#include "cli/shadow.h"
#include "lib/xml.h"

static xmlNode *configuration_of(const xmlDoc *cib)
{
    return hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "configuration");
}

/* The CIB of the cluster, or of the file that the program was started with: whatever shadow is in use. */
static struct hf_error *live_cib(struct session *session, xmlDoc **cib)
{
    const char *file = session->file;
    struct hf_error *error;

    session->file = session->live;
    error = session_fresh(session, cib);
    session->file = file;
    return error;
}

/* The shadow that is meant: the one named, or the one in use. */
static struct hf_error *named(const struct session *session, int argc, char **argv, const char **name)
{
    *name = argc > 1 ? argv[1] : session->shadow;
    return *name != NULL ? NULL
                         : hf_error_new(HF_USAGE,
                                        "no shadow CIB is in use, expected the name of one: 'cib %s NAME', "
                                        "or 'holdfast --cib NAME cib %s'",
                                        argv[0], argv[0]);
}

static struct hf_error *run_new(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *base = NULL, *cib = NULL;
    const char *name = NULL;
    bool empty = false, force = session->force;
    struct hf_error *error;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "empty") == 0)
            empty = true;
        else if (strcmp(argv[i], "force") == 0)
            force = true;
        else if (name == NULL && strcmp(argv[i], "withstatus") != 0)
            name = argv[i];
        else if (strcmp(argv[i], "withstatus") != 0)
            return hf_error_new(HF_USAGE, "found '%s', expected one of empty, force, withstatus", argv[i]);
    }
    if (name == NULL)
        return hf_error_new(HF_USAGE, "the shadow CIB has no name, expected: cib new NAME [empty] [force]");
    error = live_cib(session, &base);
    if (error != NULL)
        return error;
    cib = xmlCopyDoc(base, 1);
    if (empty)
        HF_XML_EACH_ANY (section, configuration_of(cib))
            for (xmlNode *child; (child = hf_xml_child(section, NULL)) != NULL;)
                hf_xml_remove(child);
    error = shadow_make(name, cib, base, force);
    return error != NULL ? error : shadow_use(session, name);
}

static struct hf_error *run_use(struct session *session, int argc, char **argv)
{
    return shadow_use(session, argc > 1 ? argv[1] : NULL);
}

static struct hf_error *run_reset(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL, *old = NULL, *base = NULL;
    const char *name;
    struct hf_error *error = named(session, argc, argv, &name);

    if (error == NULL)
        error = shadow_read(name, &old, &base);
    if (error == NULL)
        error = live_cib(session, &cib);
    return error != NULL ? error : shadow_make(name, cib, cib, true);
}

static struct hf_error *run_import(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL, *base = NULL;
    const char *file = session->file, *slash = strrchr(argv[1], '/');
    HF_CLEANUP(hf_freep) char *name = hf_strdup(argc > 2 ? argv[2] : slash != NULL ? slash + 1 : argv[1]);
    struct hf_error *error;

    if (argc == 2 && strchr(name, '.') != NULL)
        *strchr(name, '.') = '\0';
    session->file = argv[1];
    error = session_fresh(session, &cib);
    session->file = file;
    if (error == NULL)
        error = live_cib(session, &base);
    if (error == NULL)
        error = shadow_make(name, cib, base, session->force);
    return error != NULL ? error : shadow_use(session, name);
}

static struct hf_error *run_diff(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL, *base = NULL, *live = NULL;
    const char *name;
    struct hf_error *error = named(session, argc, argv, &name);

    if (error == NULL)
        error = shadow_read(name, &cib, &base);
    if (error == NULL)
        error = live_cib(session, &live);
    if (error == NULL)
        configure_write_differences(session->writer, configuration_of(live), configuration_of(cib));
    return error;
}

/* What was changed in the shadow is changed in the cluster, as one change; the shadow goes on from there. */
static struct hf_error *run_commit(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL, *base = NULL, *live = NULL;
    const char *name, *file = session->file;
    bool changed = false, collecting = session_is_collecting(session);
    struct hf_error *error = named(session, argc, argv, &name);

    if (error == NULL && session_pending_count(session) > 0)
        error = hf_error_new(HF_REFUSED,
                             "changes are not committed to the shadow CIB yet, expected commit first");
    if (error == NULL)
        error = shadow_read(name, &cib, &base);
    if (error != NULL)
        return error;
    session_stop_collecting(session);
    session->file = session->live;
    error = session_change_step(session, configuration_of(base), configuration_of(cib), &changed);
    session->file = file;
    if (collecting)
        session_collect(session);
    if (error == NULL)
        error = live_cib(session, &live);
    if (error == NULL)
        error = shadow_make(name, live, live, true);
    if (error == NULL && !changed)
        hf_write_line(session->writer, "'%s' has no change.", name);
    return error;
}

static struct hf_error *run_delete(struct session *session, int argc, char **argv)
{
    struct hf_error *error =
        session->shadow != NULL && strcmp(session->shadow, argv[1]) == 0 ? shadow_use(session, NULL) : NULL;

    return error != NULL ? error : shadow_delete(argv[1]);
}

static struct hf_error *run_list(struct session *session, int argc, char **argv)
{
    char **names;
    size_t count;
    struct hf_error *error = shadow_list(&names, &count);

    if (error != NULL)
        return error;
    hf_write_string(session->writer, "in-use", NULL, session->shadow != NULL ? session->shadow : "live");
    hf_write_list(session->writer, "shadows");
    for (size_t i = 0; i < count; i++) {
        hf_write_string(session->writer, NULL, NULL, names[i]);
        hf_write_line(session->writer, "%s", names[i]);
        free(names[i]);
    }
    hf_write_end(session->writer);
    free(names);
    return NULL;
}

static const struct command commands[] = {
    {"new", "NAME [empty] [force]",
     "Make a shadow CIB, a copy of the cluster's to try changes on, and use it", run_new, 1, 4, 0,
     COMPLETE_NOTHING},
    {"use", "[NAME|live]", "Work on a shadow CIB from now on, or on the cluster again", run_use, 0, 1, 0,
     COMPLETE_SHADOWS},
    {"reset", "[NAME]", "Make a shadow CIB what the cluster's is now", run_reset, 0, 1, 0, COMPLETE_SHADOWS},
    {"diff", "[NAME]", "Show what differs between the cluster's CIB and a shadow", run_diff, 0, 1, 0,
     COMPLETE_SHADOWS},
    {"commit", "[NAME]", "Make the changes of a shadow CIB in the cluster, as one", run_commit, 0, 1, 0,
     COMPLETE_SHADOWS},
    {"import", "FILE [NAME]", "Make a shadow CIB of a file, and use it", run_import, 1, 2, 0, COMPLETE_FILES},
    {"list", "", "List the shadow CIBs", run_list, 0, 0, 0, COMPLETE_NOTHING},
    {"delete", "NAME", "Delete a shadow CIB", run_delete, 1, 1, 0, COMPLETE_SHADOWS},
};

const struct command_area area_cib = {"cib", "Shadow CIBs: copies to try changes on", commands,
                                      HF_ARRAY_LENGTH(commands), NULL};
