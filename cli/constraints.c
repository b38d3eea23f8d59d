/* constraints.c - see constraints.h. */
#include "cli/constraints.h"

#include <string.h>

#include "cli/crm/print.h"
#include "lib/xml.h"

/* A resource as a constraint names it; in an order also what is done to it. */
struct end {
    const char *resource, *action;
};

/* What the constraint is called in the crm language. */
static const char *word_of(const xmlNode *constraint)
{
    return hf_xml_is(constraint, "rsc_order")        ? "order"
           : hf_xml_is(constraint, "rsc_colocation") ? "colocation"
           : hf_xml_is(constraint, "rsc_ticket")     ? "rsc_ticket"
                                                     : "location";
}

static const xmlNode *container_of(const xmlNode *resource)
{
    return resource != NULL && crm_is_resource(resource->parent) ? resource->parent : NULL;
}

static bool is_clone(const xmlNode *resource)
{
    return hf_xml_is(resource, "clone") || hf_xml_is(resource, "master");
}

static struct hf_error *check_reference(const struct crm_edit *edit, const xmlNode *constraint,
                                        const char *id)
{
    const xmlNode *container = id == NULL ? NULL : container_of(crm_edit_find(edit, id));

    while (container != NULL && !is_clone(container))
        container = container_of(container);
    if (container == NULL)
        return NULL;
    return hf_error_new(HF_REFUSED, "%s %s: '%.60s' is in clone %s, expected '%s' in its place",
                        word_of(constraint), hf_xml_get_or(constraint, "id", ""), id,
                        hf_xml_get_or(container, "id", ""), hf_xml_get_or(container, "id", ""));
}

static bool is_within(const struct crm_edit *edit, const char *resource, const char *container)
{
    const xmlNode *at = container_of(crm_edit_find(edit, resource));

    while (at != NULL && strcmp(hf_xml_get_or(at, "id", ""), container) != 0)
        at = container_of(at);
    return at != NULL;
}

static struct hf_error *check_pair(const struct crm_edit *edit, const xmlNode *constraint,
                                   const struct end *one, const struct end *other)
{
    bool order = hf_xml_is(constraint, "rsc_order");
    const char *inner, *outer;

    if (one->resource == NULL || other->resource == NULL || strcmp(one->action, other->action) != 0)
        return NULL;
    if (strcmp(one->resource, other->resource) == 0)
        return hf_error_new(HF_REFUSED, "%s %s: '%.60s' is named twice%s%s, expected another resource",
                            word_of(constraint), hf_xml_get_or(constraint, "id", ""), one->resource,
                            order ? " with action " : "", order ? one->action : "");
    inner = is_within(edit, one->resource, other->resource) ? one->resource : other->resource;
    outer = inner == one->resource ? other->resource : one->resource;
    if (!is_within(edit, inner, outer))
        return NULL;
    return hf_error_new(HF_REFUSED, "%s %s: '%.60s' is in %.60s, expected a resource that is not",
                        word_of(constraint), hf_xml_get_or(constraint, "id", ""), inner, outer);
}

static struct end end_of(const xmlNode *constraint, const xmlNode *set, const xmlNode *reference)
{
    bool order = hf_xml_is(constraint, "rsc_order");

    return (struct end){hf_xml_get(reference, "id"), order ? hf_xml_get_or(set, "action", "start") : ""};
}

/* Compares one member of a set with all that follow it. */
static struct hf_error *check_member(const struct crm_edit *edit, const xmlNode *constraint,
                                     const xmlNode *set, const xmlNode *reference)
{
    struct end end = end_of(constraint, set, reference);
    struct hf_error *error = NULL;

    for (const xmlNode *in = set; in != NULL; in = hf_xml_next(in, "resource_set")) {
        const xmlNode *at =
            in == set ? hf_xml_next(reference, "resource_ref") : hf_xml_child(in, "resource_ref");

        for (; at != NULL && error == NULL; at = hf_xml_next(at, "resource_ref")) {
            struct end other = end_of(constraint, in, at);

            error = check_pair(edit, constraint, &end, &other);
        }
    }
    return error;
}

static struct hf_error *check_sets(const struct crm_edit *edit, const xmlNode *constraint, bool pairs)
{
    struct hf_error *error = NULL;

    HF_XML_EACH (set, constraint, "resource_set")
        HF_XML_EACH (reference, set, "resource_ref") {
            if (error == NULL)
                error = check_reference(edit, constraint, hf_xml_get(reference, "id"));
            if (error == NULL && pairs)
                error = check_member(edit, constraint, set, reference);
        }
    return error;
}

struct hf_error *constraint_check(const struct crm_edit *edit, const xmlNode *constraint)
{
    static const char *const names[] = {"rsc", "with-rsc", "first", "then"};
    bool order = hf_xml_is(constraint, "rsc_order");
    struct end first = {hf_xml_get(constraint, order ? "first" : "rsc"),
                        order ? hf_xml_get_or(constraint, "first-action", "start") : ""},
               then = {hf_xml_get(constraint, order ? "then" : "with-rsc"),
                       order ? hf_xml_get_or(constraint, "then-action", first.action) : ""};
    struct hf_error *error = NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names) && error == NULL; i++)
        error = check_reference(edit, constraint, hf_xml_get(constraint, names[i]));
    if (error == NULL)
        error = check_pair(edit, constraint, &first, &then);
    return error != NULL ? error
                         : check_sets(edit, constraint, order || hf_xml_is(constraint, "rsc_colocation"));
}

static struct hf_error *check_device(const struct crm_edit *edit, const char *id)
{
    const xmlNode *device = crm_edit_find(edit, id);
    const char *class;

    if (device != NULL && hf_xml_get(device, "template") != NULL)
        device = crm_edit_find(edit, hf_xml_get(device, "template"));
    class = device == NULL ? NULL : hf_xml_get(device, "class");
    return class == NULL || strcmp(class, "stonith") == 0
               ? NULL
               : hf_error_new(HF_REFUSED,
                              "fencing_topology: '%.60s' is of class %s, expected a fence device (stonith)",
                              id, class);
}

struct hf_error *topology_check(const struct crm_edit *edit, const xmlNode *topology)
{
    struct hf_error *error = NULL;

    HF_XML_EACH (level, topology, "fencing-level") {
        const char *at = hf_xml_get_or(level, "devices", "");

        while (*at != '\0' && error == NULL) {
            size_t length = strcspn(at, ", ");
            HF_CLEANUP(hf_freep) char *id = hf_strndup(at, length);

            error = *id == '\0' ? NULL : check_device(edit, id);
            at += length + (at[length] != '\0');
        }
    }
    return error;
}
