/* vips.c - see vips.h. */
#include "cli/vips.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "cli/crm/edit.h"
#include "lib/buf.h"
#include "lib/xml.h"

#define VIP_AGENT "ocf:holdfast:VIP"

static struct hf_error *check_address(const char *word)
{
    HF_CLEANUP(hf_freep) char *address = hf_strndup(word, strcspn(word, "/"));
    const char *slash = strchr(word, '/');
    unsigned char bytes[16];
    bool six = inet_pton(AF_INET6, address, bytes) == 1;
    int64_t prefix = 0;

    if (!six && inet_pton(AF_INET, address, bytes) != 1)
        return hf_error_new(
            HF_USAGE,
            "found '%s', expected an address such as 192.0.2.10/24 or 2001:db8::10/64, id=NAME "
            "or PARAMETER=VALUE",
            word);
    if (slash != NULL && (!hf_parse_int64(slash + 1, &prefix) || prefix < 1 || prefix > (six ? 128 : 32)))
        return hf_error_new(HF_USAGE, "found '%s', expected a prefix length from 1 to %d behind the address",
                            word, six ? 128 : 32);
    return NULL;
}

/* The bytes of the address that a word of length bytes begins with ("192.0.2.10/24"); false if there is none.
 */
static bool read_address(const char *word, size_t length, unsigned char bytes[16], int *family)
{
    HF_CLEANUP(hf_freep) char *address = hf_strndup(word, length);

    address[strcspn(address, "/")] = '\0';
    memset(bytes, 0, 16);
    *family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(*family, address, bytes) == 1;
}

static bool has_address(const char *list, const char *word)
{
    unsigned char wanted[16], found[16];
    int wanted_family, family;

    if (!read_address(word, strlen(word), wanted, &wanted_family))
        return false;
    for (list += strspn(list, " \t\n,"); *list != '\0'; list += strspn(list, " \t\n,")) {
        size_t length = strcspn(list, " \t\n,");

        if (read_address(list, length, found, &family) && family == wanted_family &&
            memcmp(found, wanted, sizeof(found)) == 0)
            return true;
        list += length;
    }
    return false;
}

static bool is_at(const xmlNode *primitive, const char *word)
{
    HF_XML_EACH (set, primitive, "instance_attributes")
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), "ip") == 0 &&
                has_address(hf_xml_get_or(pair, "value", ""), word))
                return true;
    return false;
}

/* The primitive under element whose parameter `ip' has the address of word, or NULL. */
static const xmlNode *find_address(const xmlNode *element, const char *word)
{
    HF_XML_EACH_ANY (child, element) {
        const xmlNode *found =
            hf_xml_is(child, "primitive") ? (is_at(child, word) ? child : NULL) : find_address(child, word);

        if (found != NULL)
            return found;
    }
    return NULL;
}

static struct hf_error *check_free(const xmlNode *configuration, const char *word)
{
    const xmlNode *resources = hf_xml_child(configuration, "resources");
    const xmlNode *owner = resources == NULL ? NULL : find_address(resources, word);

    if (owner == NULL)
        return NULL;
    return hf_error_new(HF_REFUSED,
                        "%.*s is the address of resource %s already, expected one that no resource has",
                        (int)strcspn(word, "/"), word, hf_xml_get_or(owner, "id", "?"));
}

static bool is_taken(const xmlNode *configuration, const char *id)
{
    struct crm_edit edit;
    bool taken;
    HF_CLEANUP(hf_freep) char *clone = hf_asprintf("%s-clone", id);

    crm_edit_begin(&edit, (xmlNode *)configuration);
    taken = crm_edit_find(&edit, id) != NULL || crm_edit_find(&edit, clone) != NULL;
    crm_edit_end(&edit);
    return taken;
}

static char *free_id(const xmlNode *configuration)
{
    char *id = hf_strdup("vip");

    for (unsigned i = 2; is_taken(configuration, id); i++) {
        free(id);
        id = hf_asprintf("vip%u", i);
    }
    return id;
}

/* The words of a statement: what is fixed, and what the user gave between. */
struct sentence {
    char **word;
    size_t count, capacity;
};

static void say(struct sentence *sentence, const char *word)
{
    hf_grow(&sentence->word, &sentence->capacity, sentence->count + 1, sizeof(*sentence->word));
    sentence->word[sentence->count++] = hf_strdup(word);
}

static void say_all(struct sentence *sentence, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        say(sentence, words[i]);
}

/* Reads the sentence as a statement and empties it. */
static struct hf_error *end_sentence(struct sentence *sentence, struct crm_statements *statements)
{
    struct crm_words words = {0};
    struct crm_statement statement = {0};
    struct hf_error *error;

    crm_words_from_arguments(&words, (int)sentence->count, sentence->word);
    error = crm_parse_words(&words, &statement);
    crm_words_free(&words);
    for (size_t i = 0; i < sentence->count; i++)
        free(sentence->word[i]);
    free(sentence->word);
    *sentence = (struct sentence){0};
    if (error != NULL)
        return error;
    hf_grow(&statements->statement, &statements->capacity, statements->count + 1,
            sizeof(*statements->statement));
    statements->statement[statements->count++] = statement;
    return NULL;
}

/* One address with its prefix length in the parameters that IPaddr2 has, several in one list. */
static void say_addresses(struct sentence *sentence, int count, char *const *words)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    const char *slash = strchr(words[0], '/');

    if (count == 1 && slash != NULL) {
        HF_CLEANUP(hf_freep) char *netmask = hf_asprintf("cidr_netmask=%s", slash + 1);

        hf_buf_printf(&list, "ip=%.*s", (int)(slash - words[0]), words[0]);
        say(sentence, hf_buf_text(&list));
        say(sentence, netmask);
        return;
    }
    hf_buf_puts(&list, "ip=");
    for (int i = 0; i < count; i++)
        hf_buf_printf(&list, "%s%s", i > 0 ? " " : "", words[i]);
    say(sentence, hf_buf_text(&list));
}

/* Two monitors of one resource must differ in their intervals. A promotion takes as long as the lock of a
 * dead owner holds, and the time of its drain. */
static const char *const operations[] = {
    "op",
    "start",
    "interval=0s",
    "timeout=20s",
    "op",
    "stop",
    "interval=0s",
    "timeout=20s",
    "op",
    "promote",
    "interval=0s",
    "timeout=30s",
    "op",
    "demote",
    "interval=0s",
    "timeout=20s",
    "op",
    "monitor",
    "interval=10s",
    "timeout=20s",
    "role=Promoted",
    "op",
    "monitor",
    "interval=11s",
    "timeout=20s",
    "role=Unpromoted",
};

static const char *const clone_meta[] = {
    "meta",           "promotable=true", "promoted-max=1", "promoted-node-max=1", "clone-node-max=1",
    "interleave=true"};

static struct hf_error *make_statements(const char *id, int addresses, int count, char *const *words,
                                        struct crm_statements *statements)
{
    struct sentence sentence = {0};
    HF_CLEANUP(hf_freep) char *clone = hf_asprintf("%s-clone", id);
    const char *const primitive[] = {"primitive", id, VIP_AGENT, "params"};
    const char *const around[] = {"clone", clone, id};
    struct hf_error *error;

    say_all(&sentence, primitive, HF_ARRAY_LENGTH(primitive));
    say_addresses(&sentence, addresses, words);
    for (int i = addresses; i < count; i++)
        if (strncmp(words[i], "id=", 3) != 0)
            say(&sentence, words[i]);
    say_all(&sentence, operations, HF_ARRAY_LENGTH(operations));
    error = end_sentence(&sentence, statements);
    say_all(&sentence, around, HF_ARRAY_LENGTH(around));
    say_all(&sentence, clone_meta, HF_ARRAY_LENGTH(clone_meta));
    return error != NULL ? error : end_sentence(&sentence, statements);
}

struct hf_error *vips_statements(const xmlNode *configuration, int count, char *const *words,
                                 struct crm_statements *statements)
{
    HF_CLEANUP(hf_freep) char *id = NULL;
    struct hf_error *error = NULL;
    int addresses = 0;

    *statements = (struct crm_statements){0};
    while (error == NULL && addresses < count && strchr(words[addresses], '=') == NULL) {
        error = check_address(words[addresses]);
        if (error == NULL)
            error = check_free(configuration, words[addresses]);
        addresses++;
    }
    if (error == NULL && addresses == 0)
        error = hf_error_new(HF_USAGE, "found '%s', expected an address such as 192.0.2.10/24",
                             count > 0 ? words[0] : "");
    for (int i = addresses; error == NULL && i < count; i++) {
        const char *equals = strchr(words[i], '=');

        if (equals == NULL || equals == words[i])
            error = hf_error_new(
                HF_USAGE, "found '%s', expected id=NAME or PARAMETER=VALUE behind the addresses", words[i]);
        else if (strncmp(words[i], "ip=", 3) == 0)
            error =
                hf_error_new(HF_USAGE, "found '%s', but the addresses are given without a name", words[i]);
        else if (strncmp(words[i], "id=", 3) == 0) {
            free(id);
            id = hf_strdup(equals + 1);
        }
    }
    if (error != NULL)
        return error;
    if (id == NULL)
        id = free_id(configuration);
    error = make_statements(id, addresses, count, words, statements);
    if (error != NULL)
        crm_statements_free(statements);
    return error;
}
