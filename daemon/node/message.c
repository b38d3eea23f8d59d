/* message.c - see message.h. */
#include "daemon/node/message.h"

#include <stdio.h>
#include <string.h>

enum { FORMAT = 2, PARAMS_MAX = 4096 };

void node_pairs_put(struct hf_buf *out, const struct node_pair *pairs, uint32_t count)
{
    hf_put_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        hf_put_string(out, pairs[i].name);
        hf_put_string(out, pairs[i].value);
    }
}

struct node_pair *node_pairs_get(struct hf_reader *in, uint32_t *count)
{
    struct node_pair *pairs;
    uint32_t found = hf_get_u32(in);

    *count = 0;
    /* Each pair takes at least its two lengths. */
    if (found > PARAMS_MAX || found > in->left / 8)
        in->failed = true;
    if (in->failed || found == 0)
        return NULL;
    pairs = hf_calloc(found, sizeof(*pairs));
    for (; *count < found; ++*count) {
        pairs[*count].name = hf_get_string(in);
        pairs[*count].value = hf_get_string(in);
    }
    return pairs;
}

struct node_pair *node_pairs_copy(const struct node_pair *pairs, uint32_t count)
{
    struct node_pair *copy = count == 0 ? NULL : hf_calloc(count, sizeof(*copy));

    for (uint32_t i = 0; i < count; i++)
        copy[i] = (struct node_pair){hf_strdup(pairs[i].name), hf_strdup(pairs[i].value)};
    return copy;
}

void node_pairs_free(struct node_pair *pairs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

static void put_action(struct hf_buf *out, const struct node_action *action)
{
    hf_put_string(out, action->key);
    hf_put_string(out, action->task);
    hf_put_string(out, action->operation);
    hf_put_string(out, action->resource);
    hf_put_string(out, action->class_);
    hf_put_string(out, action->provider);
    hf_put_string(out, action->type);
    hf_put_u32(out, action->interval_ms);
    hf_put_u32(out, action->timeout_ms);
    hf_put_u32(out, action->start_delay_ms);
    hf_put_u32(out, (uint32_t)action->target_rc);
    hf_put_u8(out, action->no_record);
    node_pairs_put(out, action->params, action->n_params);
}

static void get_action(struct hf_reader *in, struct node_action *action)
{
    action->key = hf_get_string(in);
    action->task = hf_get_string(in);
    action->operation = hf_get_string(in);
    action->resource = hf_get_string(in);
    action->class_ = hf_get_string(in);
    action->provider = hf_get_string(in);
    action->type = hf_get_string(in);
    action->interval_ms = hf_get_u32(in);
    action->timeout_ms = hf_get_u32(in);
    action->start_delay_ms = hf_get_u32(in);
    action->target_rc = (int32_t)hf_get_u32(in);
    action->no_record = hf_get_u8(in) != 0;
    action->params = node_pairs_get(in, &action->n_params);
}

static void put_fencing(struct hf_buf *out, const struct node_fencing *fencing)
{
    hf_put_u8(out, fencing->forget);
    hf_put_string(out, fencing->device);
    hf_put_u8(out, fencing->action);
    hf_put_string(out, fencing->target);
    hf_put_string(out, fencing->parameter);
    hf_put_u8(out, fencing->decides);
    hf_put_u32(out, fencing->timeout_ms);
}

static void get_fencing(struct hf_reader *in, struct node_fencing *fencing)
{
    fencing->forget = hf_get_u8(in) != 0;
    fencing->device = hf_get_string(in);
    fencing->action = hf_get_u8(in);
    fencing->target = hf_get_string(in);
    fencing->parameter = hf_get_string(in);
    fencing->decides = hf_get_u8(in) != 0;
    fencing->timeout_ms = hf_get_u32(in);
}

static void put_head(struct hf_buf *out, enum node_message_kind kind)
{
    hf_put_u8(out, FORMAT);
    hf_put_u8(out, (uint8_t)kind);
}

void node_message_replica_head(struct hf_buf *out)
{
    put_head(out, NODE_MESSAGE_REPLICA);
}

void node_message_encode(const struct node_message *message, struct hf_buf *out)
{
    put_head(out, message->kind);
    if (message->kind == NODE_MESSAGE_REPLICA) {
        hf_buf_add(out, message->bytes, message->length);
        return;
    }
    hf_put_u32(out, message->to);
    switch (message->kind) {
    case NODE_MESSAGE_ACTION:
        put_action(out, &message->action);
        break;
    case NODE_MESSAGE_FENCE:
        hf_put_u64(out, message->ticket);
        put_fencing(out, &message->fencing);
        break;
    case NODE_MESSAGE_SHOOT:
        hf_put_u64(out, message->ticket);
        hf_put_u32(out, (uint32_t)message->rc);
        hf_put_string(out, message->text);
        break;
    case NODE_MESSAGE_DONE:
    case NODE_MESSAGE_FENCED:
        hf_put_u64(out, message->ticket);
        hf_put_string(out, message->key);
        hf_put_u32(out, (uint32_t)message->rc);
        hf_put_u32(out, (uint32_t)message->status);
        hf_put_string(out, message->text);
        break;
    case NODE_MESSAGE_LOCK:
    case NODE_MESSAGE_CAUGHT_UP:
        hf_put_u64(out, message->ticket);
        hf_put_u32(out, (uint32_t)message->rc);
        hf_put_u32(out, (uint32_t)message->status);
        break;
    case NODE_MESSAGE_PRIORITY:
    case NODE_MESSAGE_HINT:
        hf_put_string(out, message->text);
        hf_put_u32(out, (uint32_t)message->rc);
        hf_put_u32(out, (uint32_t)message->status);
        break;
    case NODE_MESSAGE_CONFIRM:
        hf_put_u64(out, message->ticket);
        hf_put_string(out, message->text);
        break;
    case NODE_MESSAGE_CLEANUP:
        hf_put_string(out, message->text);
        hf_put_u8(out, message->refresh);
        break;
    case NODE_MESSAGE_SETTLE:
        hf_put_u64(out, message->ticket);
        break;
    case NODE_MESSAGE_SETTLED:
        hf_put_u64(out, message->ticket);
        hf_put_u32(out, (uint32_t)message->rc);
        hf_put_string(out, message->text);
        break;
    case NODE_MESSAGE_REPLICA:
    case NODE_MESSAGE_EXIT:
    case NODE_MESSAGE_DRAINED:
        break;
    }
}

static struct hf_error *get_body(struct hf_reader *in, struct node_message *message)
{
    message->to = hf_get_u32(in);
    switch (message->kind) {
    case NODE_MESSAGE_ACTION:
        get_action(in, &message->action);
        break;
    case NODE_MESSAGE_FENCE:
        message->ticket = hf_get_u64(in);
        get_fencing(in, &message->fencing);
        break;
    case NODE_MESSAGE_SHOOT:
        message->ticket = hf_get_u64(in);
        message->rc = (int32_t)hf_get_u32(in);
        message->text = hf_get_string(in);
        break;
    case NODE_MESSAGE_DONE:
    case NODE_MESSAGE_FENCED:
        message->ticket = hf_get_u64(in);
        message->key = hf_get_string(in);
        message->rc = (int32_t)hf_get_u32(in);
        message->status = (int32_t)hf_get_u32(in);
        message->text = hf_get_string(in);
        break;
    case NODE_MESSAGE_LOCK:
    case NODE_MESSAGE_CAUGHT_UP:
        message->ticket = hf_get_u64(in);
        message->rc = (int32_t)hf_get_u32(in);
        message->status = (int32_t)hf_get_u32(in);
        break;
    case NODE_MESSAGE_PRIORITY:
    case NODE_MESSAGE_HINT:
        message->text = hf_get_string(in);
        message->rc = (int32_t)hf_get_u32(in);
        message->status = (int32_t)hf_get_u32(in);
        break;
    case NODE_MESSAGE_CONFIRM:
        message->ticket = hf_get_u64(in);
        message->text = hf_get_string(in);
        break;
    case NODE_MESSAGE_CLEANUP:
        message->text = hf_get_string(in);
        message->refresh = hf_get_u8(in) != 0;
        break;
    case NODE_MESSAGE_SETTLE:
        message->ticket = hf_get_u64(in);
        break;
    case NODE_MESSAGE_SETTLED:
        message->ticket = hf_get_u64(in);
        message->rc = (int32_t)hf_get_u32(in);
        message->text = hf_get_string(in);
        break;
    case NODE_MESSAGE_EXIT:
    case NODE_MESSAGE_DRAINED:
        break;
    default:
        return hf_error_new(HF_REFUSED, "a group message of unknown kind %d", (int)message->kind);
    }
    if (!hf_reader_done(in))
        return hf_error_new(HF_REFUSED, "a group message of kind %d that is cut short or too long",
                            (int)message->kind);
    return NULL;
}

struct hf_error *node_message_decode(const void *bytes, size_t length, struct node_message *message)
{
    struct hf_reader in = hf_reader(bytes, length);
    uint8_t version = hf_get_u8(&in);

    *message = (struct node_message){.kind = (enum node_message_kind)hf_get_u8(&in)};
    if (in.failed || version != FORMAT)
        return hf_error_new(HF_REFUSED, "a group message of version %u, expected %d", version, FORMAT);
    if (message->kind == NODE_MESSAGE_REPLICA) {
        message->bytes = in.at;
        message->length = in.left;
        return NULL;
    }

    struct hf_error *error = get_body(&in, message);

    if (error != NULL)
        node_message_clear(message);
    return error;
}

void node_action_clear(struct node_action *action)
{
    free(action->key);
    free(action->task);
    free(action->operation);
    free(action->resource);
    free(action->class_);
    free(action->provider);
    free(action->type);
    node_pairs_free(action->params, action->n_params);
    *action = (struct node_action){0};
}

void node_message_clear(struct node_message *message)
{
    node_action_clear(&message->action);
    free(message->fencing.device);
    free(message->fencing.target);
    free(message->fencing.parameter);
    free(message->key);
    free(message->text);
    *message = (struct node_message){0};
}

const char *node_action_param(const struct node_action *action, const char *name)
{
    for (uint32_t i = 0; i < action->n_params; i++)
        if (strcmp(action->params[i].name, name) == 0)
            return action->params[i].value;
    return NULL;
}

bool node_key_parse(const char *text, struct node_key *key)
{
    int end = 0;

    return text != NULL &&
           sscanf(text, "%d:%d:%d:%36[0-9a-fA-F-]%n", &key->action, &key->transition, &key->target_rc,
                  key->uuid, &end) == 4 &&
           text[end] == '\0';
}

char *node_key_make(const struct node_key *key)
{
    return hf_asprintf("%d:%d:%d:%s", key->action, key->transition, key->target_rc, key->uuid);
}
