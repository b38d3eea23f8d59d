/* session.c - see session.h. */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/changes.h"
#include "cli/merge.h"
#include "daemon/cib/document.h"
#include "daemon/cib/schema.h"
#include "lib/xml.h"

struct remembered {
    session_replayer *replayer;
    int count;
    char **words;
};

struct session_pending {
    xmlDoc *base;    /* the CIB the edits were made on; NULL: not yet read */
    xmlDoc *working; /* with the edits */
    struct remembered *edit;
    size_t count, capacity;
    bool replaying;
};

void session_init(struct session *session)
{
    *session = (struct session){.wait_ms = -1};
}

void session_free(struct session *session)
{
    session_stop_collecting(session);
    hf_control_close(session->control);
    cib_schema_free(session->schema);
    hf_writer_free(session->writer);
    free(session->shadow);
    free(session->shadow_file);
    session_init(session);
}

/* --- files --- */

struct hf_error *session_read_text(const char *path, size_t limit, char **text, size_t *length)
{
    bool input = strcmp(path, "-") == 0;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct hf_error *error = NULL;
    struct hf_buf read_text = {0};
    char chunk[65536];
    ssize_t got = 0;

    *text = NULL;
    if (*path == '\0')
        return hf_error_new(HF_USAGE,
                            "the name of the file is empty, expected a path, or - for standard input");
    if (fd < 0)
        return hf_error_errno(errno, "cannot open %s", path);
    while (read_text.length <= limit && (got = read(fd, chunk, sizeof(chunk))) > 0)
        hf_buf_add(&read_text, chunk, (size_t)got);
    if (got < 0)
        error = hf_error_errno(errno, "cannot read %s", path);
    else if (read_text.length > limit)
        error = hf_error_new(HF_REFUSED, "%s: larger than the limit of %zu bytes",
                             input ? "standard input" : path, limit);
    if (!input)
        close(fd);
    *length = read_text.length;
    if (error == NULL)
        *text = hf_buf_take(&read_text);
    hf_buf_free(&read_text);
    return error;
}

static struct hf_error *write_all(int fd, const char *text, const char *path)
{
    size_t length = strlen(text);

    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return hf_error_errno(errno, "cannot write %s", path);
        text += written;
        length -= (size_t)written;
    }
    return NULL;
}

struct hf_error *session_write_text(const char *path, const char *text)
{
    HF_CLEANUP(hf_freep) char *temporary = hf_asprintf("%s.XXXXXX", path);
    struct hf_error *error;
    struct stat old;
    int fd;

    if (*path == '\0')
        return hf_error_new(HF_USAGE,
                            "the name of the file is empty, expected a path, or - for standard output");
    if (strcmp(path, "-") == 0)
        return write_all(STDOUT_FILENO, text, "standard output");
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC);
        error = fd < 0 ? hf_error_errno(errno, "cannot open %s", path) : write_all(fd, text, path);
        if (fd >= 0)
            close(fd);
        return error;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return hf_error_errno(errno, "cannot write beside %s", path);
    error = write_all(fd, text, temporary);
    if (error == NULL && fchmod(fd, stat(path, &old) == 0 ? old.st_mode & 07777 : 0640) != 0)
        error = hf_error_errno(errno, "cannot set the mode of %s", temporary);
    if (error == NULL && fsync(fd) != 0)
        error = hf_error_errno(errno, "cannot write %s to disk", temporary);
    close(fd);
    if (error == NULL && rename(temporary, path) != 0)
        error = hf_error_errno(errno, "cannot replace %s", path);
    if (error != NULL)
        unlink(temporary);
    return error;
}

const struct cib_schema *session_schema(struct session *session)
{
    if (session->schema == NULL)
        session->schema = cib_schema_new();
    return session->schema;
}

/* The file's CIB as the daemon would hold it. */
static struct hf_error *read_document(struct session *session, struct cib_document **document)
{
    HF_CLEANUP(hf_freep) char *text = NULL;
    size_t length;
    struct hf_error *error = session_read_text(session->file, SESSION_FILE_LIMIT, &text, &length);

    *document = NULL;
    if (error == NULL)
        error = cib_document_parse(session_schema(session), text, length, session->file, false, document);
    return error;
}

/* --- the daemon --- */

struct hf_error *session_call(struct session *session, const char *request, int64_t timeout_ms,
                              xmlDoc **reply)
{
    *reply = NULL;
    if (session->file != NULL)
        return hf_error_new(HF_USAGE, "this needs a running cluster, but --file (or CIB_file) names %s",
                            session->file);
    if (session->control == NULL) {
        const char *name = session->socket != NULL ? session->socket : HF_CONTROL_NAME;
        struct hf_error *error = hf_control_connect_to(name, &session->control);

        if (error != NULL)
            return error;
    }

    struct hf_error *error = hf_control_call(session->control, request, (int)timeout_ms, reply);

    if (hf_error_kind(error) == HF_FAILED || hf_error_kind(error) == HF_TIMED_OUT) {
        hf_control_close(session->control); /* the next call finds a daemon that was started again */
        session->control = NULL;
    }
    return error;
}

/* A reply's payload becomes a document of its own. */
static struct hf_error *query_cib(struct session *session, xmlDoc **cib)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_error *error = session_call(session, "<query what=\"cib\"/>", SESSION_CALL_MS, &reply);
    xmlNode *payload;

    *cib = NULL;
    if (error != NULL)
        return error;
    payload = hf_xml_child(xmlDocGetRootElement(reply), "cib");
    if (payload == NULL)
        return hf_error_new(HF_FAILED, "holdfastd's answer has no <cib>");
    *cib = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(*cib, xmlDocCopyNode(payload, *cib, 1));
    return NULL;
}

struct hf_error *session_fresh(struct session *session, xmlDoc **cib)
{
    struct cib_document *document;
    struct hf_error *error;

    *cib = NULL;
    if (session->file == NULL)
        return query_cib(session, cib);
    error = read_document(session, &document);
    if (error != NULL)
        return error;
    *cib = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(*cib, xmlDocCopyNode((xmlNode *)cib_document_root(document), *cib, 1));
    cib_document_free(document);
    return NULL;
}

struct hf_error *session_cib(struct session *session, xmlDoc **cib)
{
    if (session->pending != NULL && session->pending->working != NULL) {
        *cib = xmlCopyDoc(session->pending->working, 1);
        return NULL;
    }
    return session_fresh(session, cib);
}

struct hf_error *session_base(struct session *session, xmlDoc **cib)
{
    if (session->pending != NULL && session->pending->base != NULL) {
        *cib = xmlCopyDoc(session->pending->base, 1);
        return NULL;
    }
    return session_fresh(session, cib);
}

static xmlNode *configuration_of(xmlDoc *cib)
{
    return hf_xml_child(xmlDocGetRootElement(cib), "configuration");
}

/* --- changes --- */

static struct hf_error *run_editor(xmlDoc *cib, const struct session_edit *edit)
{
    xmlNode *configuration = configuration_of(cib);
    struct crm_edit work;
    struct hf_error *error;

    if (configuration == NULL)
        return hf_error_new(HF_REFUSED, "the CIB has no <configuration>");
    if (edit->anew)
        crm_edit_begin_anew(&work, configuration);
    else
        crm_edit_begin(&work, configuration);
    error = edit->editor(&work, edit->context);
    if (error == NULL)
        error = crm_edit_finish(&work);
    crm_edit_end(&work);
    return error;
}

/* Lets the editor work on cib, or on what the user saw and brings the result into cib. */
static struct hf_error *edit_copy(xmlDoc *cib, const struct session_edit *edit)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *after = NULL;
    struct hf_error *error;

    if (edit->seen == NULL)
        return run_editor(cib, edit);
    after = xmlCopyDoc((xmlDoc *)edit->seen, 1);
    error = run_editor(after, edit);
    if (error != NULL)
        return error;
    if (configuration_of(cib) == NULL)
        return hf_error_new(HF_REFUSED, "the CIB has no <configuration>");
    return merge_configuration(configuration_of((xmlDoc *)edit->seen), configuration_of(after),
                               configuration_of(cib));
}

/* The <change> from one CIB to another, NULL if they are the same; the caller's. */
static char *change_text(const struct session *session, xmlDoc *before, xmlDoc *after)
{
    const xmlNode *root = xmlDocGetRootElement(before);
    struct hf_buf text = {0};

    hf_buf_printf(&text, "<change expect=\"%s.%s\"", hf_xml_get_or(root, "admin_epoch", "0"),
                  hf_xml_get_or(root, "epoch", "0"));
    if (session->origin != NULL) {
        HF_CLEANUP(hf_freep) char *origin = hf_strndup(session->origin, 400);

        hf_buf_puts(&text, " origin=\"");
        hf_buf_xml(&text, origin);
        hf_buf_putc(&text, '"');
    }
    hf_buf_putc(&text, '>');
    if (!changes_between(configuration_of(before), configuration_of(after), &text)) {
        hf_buf_free(&text);
        return NULL;
    }
    hf_buf_puts(&text, "</change>");
    return hf_buf_take(&text);
}

static struct hf_error *change_file(struct session *session, const char *change)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *request = NULL;
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct cib_document *document = NULL;
    struct hf_error *error = hf_xml_parse(change, strlen(change), "change", &request);

    if (error == NULL)
        error = read_document(session, &document);
    if (error == NULL)
        error = cib_document_change(document, xmlDocGetRootElement(request));
    if (error == NULL) {
        text = hf_xml_text(cib_document_root(document), true);
        error = session_write_text(session->file, text);
    }
    cib_document_free(document);
    return error;
}

/* The change is one line of ours that nobody sees: its number in a message would only mislead. */
static struct hf_error *without_line(struct hf_error *error)
{
    static const char *const places[] = {"line 1: ", "request:1: "};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(places); i++) {
        size_t length = strlen(places[i]);

        if (error != NULL && strncmp(hf_error_text(error), places[i], length) == 0) {
            struct hf_error *plain = hf_error_new(hf_error_kind(error), "%s", hf_error_text(error) + length);

            hf_error_free(error);
            return plain;
        }
    }
    return error;
}

static struct hf_error *send_change(struct session *session, const char *change)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;

    if (session->file != NULL)
        return without_line(change_file(session, change));
    return without_line(session_call(session, change, SESSION_CALL_MS, &reply));
}

/* Reads, edits and sends once. *again: somebody was faster, and the next try may succeed. */
static struct hf_error *change_once(struct session *session, const struct session_edit *edit, bool *changed,
                                    bool *again)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *before = NULL, *after = NULL;
    HF_CLEANUP(hf_freep) char *change = NULL;
    struct hf_error *error = session_fresh(session, &before);

    *again = false;
    if (error != NULL)
        return error;
    after = xmlCopyDoc(before, 1);
    error = edit_copy(after, edit);
    if (error != NULL)
        return error;
    change = change_text(session, before, after);
    *changed = change != NULL;
    error = change != NULL ? send_change(session, change) : NULL;
    *again = hf_error_kind(error) == HF_CONFLICT;
    return error;
}

/* From one <configuration> to another, for the memory of a change that was made by hand. */
struct step {
    const xmlNode *before, *after;
};

static struct hf_error *step_editor(struct crm_edit *edit, void *context)
{
    const struct step *step = context;
    xmlNode *configuration = edit->configuration;
    struct hf_error *error = merge_configuration(step->before, step->after, configuration);

    crm_edit_end(edit);
    crm_edit_begin(edit, configuration);
    return error;
}

struct hf_error *session_change_step(struct session *session, const xmlNode *before, const xmlNode *after,
                                     bool *changed)
{
    struct step step = {before, after};
    struct session_edit edit = {.editor = step_editor, .context = &step};

    return session_change(session, &edit, changed);
}

/* words: what it was, and both configurations as XML. */
static struct hf_error *replay_step(struct session *session, int count, char **words)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *before = NULL, *after = NULL;
    struct hf_error *error = hf_xml_parse(words[1], strlen(words[1]), "before", &before);

    if (error == NULL)
        error = hf_xml_parse(words[2], strlen(words[2]), "after", &after);
    return error != NULL ? error
                         : session_change_step(session, xmlDocGetRootElement(before),
                                               xmlDocGetRootElement(after), NULL);
}

static void remember_step(struct session *session, xmlDoc *before, xmlDoc *after)
{
    HF_CLEANUP(hf_freep)
    char *old = hf_xml_text(configuration_of(before), false),
         *new = hf_xml_text(configuration_of(after), false);

    session_remember(session, replay_step, 3, (char *[]){(char *)"edit", old, new});
}

static struct hf_error *collect(struct session *session, const struct session_edit *edit, bool *changed)
{
    struct session_pending *pending = session->pending;
    struct hf_error *error;
    xmlDoc *after;

    if (pending->base == NULL) {
        error = session_fresh(session, &pending->base);
        if (error != NULL)
            return error;
        pending->working = xmlCopyDoc(pending->base, 1);
    }
    after = xmlCopyDoc(pending->working, 1);
    error = edit_copy(after, edit);
    if (error != NULL) {
        xmlFreeDoc(after);
        return error;
    }
    *changed = !crm_same(configuration_of(pending->working), configuration_of(after), true, NULL);
    if (edit->seen != NULL && *changed)
        remember_step(session, pending->working, after);
    xmlFreeDoc(pending->working);
    pending->working = after;
    return NULL;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

struct hf_error *session_change(struct session *session, const struct session_edit *edit, bool *changed)
{
    bool unused, again = true;
    struct hf_error *error = NULL;

    changed = changed != NULL ? changed : &unused;
    *changed = false;
    if (session->pending != NULL)
        return collect(session, edit, changed);
    for (int attempt = 0; again && attempt < SESSION_RETRIES; attempt++) {
        if (attempt > 0)
            pause_ms(5L << (attempt < 7 ? attempt - 1 : 6));
        hf_error_free(error);
        error = change_once(session, edit, changed, &again);
    }
    if (error == NULL && *changed && session->wait_ms >= 0)
        error = session_settle(session, session->wait_ms);
    return error;
}

struct hf_error *session_plan(struct session *session, const struct session_edit *edit, char **operations)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *before = NULL, *after = NULL;
    struct hf_buf text = {0};
    struct hf_error *error = session_cib(session, &before);

    *operations = NULL;
    if (error != NULL)
        return error;
    after = xmlCopyDoc(before, 1);
    error = edit_copy(after, edit);
    if (error == NULL && changes_between(configuration_of(before), configuration_of(after), &text))
        *operations = hf_buf_take(&text);
    hf_buf_free(&text);
    return error;
}

struct hf_error *session_settle(struct session *session, int64_t wait_ms)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_freep) char *request = hf_asprintf("<settle timeout=\"%" PRId64 "\"/>", wait_ms);
    struct hf_error *error;

    if (session->file != NULL)
        return NULL;
    error = session_call(session, request, wait_ms + SESSION_CALL_MS, &reply);
    return hf_error_wrap(error, "the change was made, but the cluster has not settled");
}

/* --- collecting --- */

void session_collect(struct session *session)
{
    if (session->pending == NULL)
        session->pending = hf_calloc(1, sizeof(*session->pending));
}

bool session_is_collecting(const struct session *session)
{
    return session->pending != NULL;
}

size_t session_pending_count(const struct session *session)
{
    return session->pending != NULL ? session->pending->count : 0;
}

void session_remember(struct session *session, session_replayer *replayer, int count, char **words)
{
    struct session_pending *pending = session->pending;
    struct remembered *edit;

    if (pending == NULL || pending->replaying)
        return;
    hf_grow(&pending->edit, &pending->capacity, pending->count + 1, sizeof(*pending->edit));
    edit = &pending->edit[pending->count++];
    *edit = (struct remembered){.replayer = replayer, .count = count};
    edit->words = hf_calloc((size_t)count + 1, sizeof(*edit->words));
    for (int i = 0; i < count; i++)
        edit->words[i] = hf_strdup(words[i]);
}

static void forget_documents(struct session_pending *pending)
{
    xmlFreeDoc(pending->base);
    xmlFreeDoc(pending->working);
    pending->base = pending->working = NULL;
}

void session_discard(struct session *session)
{
    struct session_pending *pending = session->pending;

    if (pending == NULL)
        return;
    forget_documents(pending);
    for (size_t i = 0; i < pending->count; i++) {
        for (int j = 0; j < pending->edit[i].count; j++)
            free(pending->edit[i].words[j]);
        free(pending->edit[i].words);
    }
    free(pending->edit);
    *pending = (struct session_pending){0};
}

void session_stop_collecting(struct session *session)
{
    session_discard(session);
    free(session->pending);
    session->pending = NULL;
}

/* Makes every edit again on the newest configuration. */
static struct hf_error *replay(struct session *session)
{
    struct session_pending *pending = session->pending;
    struct hf_error *error = NULL;

    forget_documents(pending);
    pending->replaying = true;
    for (size_t i = 0; i < pending->count && error == NULL; i++) {
        const struct remembered *edit = &pending->edit[i];

        error = edit->replayer(session, edit->count, edit->words);
        if (error != NULL) {
            struct hf_error *why = hf_error_new(HF_CONFLICT,
                                                "somebody else changed the configuration, and now '%s ...' "
                                                "cannot be done: %s",
                                                edit->count > 0 ? edit->words[0] : "", hf_error_text(error));

            hf_error_free(error);
            error = why;
        }
    }
    pending->replaying = false;
    return error;
}

struct hf_error *session_commit(struct session *session, bool *changed)
{
    struct session_pending *pending = session->pending;
    struct hf_error *error = NULL;

    *changed = false;
    for (int attempt = 0; pending != NULL && pending->base != NULL && attempt < SESSION_RETRIES; attempt++) {
        HF_CLEANUP(hf_freep) char *change = change_text(session, pending->base, pending->working);

        hf_error_free(error);
        error = change != NULL ? send_change(session, change) : NULL;
        *changed = change != NULL && error == NULL;
        if (hf_error_kind(error) != HF_CONFLICT)
            break;
        pause_ms(5L << (attempt < 6 ? attempt : 6));
        hf_error_free(error);
        error = replay(session);
        if (error != NULL)
            break;
    }
    if (error != NULL)
        return error;
    session_discard(session);
    if (*changed && session->wait_ms >= 0)
        return session_settle(session, session->wait_ms);
    return NULL;
}
