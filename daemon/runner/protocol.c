/* protocol.c - frames of the runner's socket; see protocol.h. */
#include "daemon/runner/protocol.h"

#include <string.h>

#include "lib/wire.h"

static void free_text(char **text)
{
    free(*text);
    *text = NULL;
}

void runner_call_clear(struct runner_call *call)
{
    free(call->resource);
    free(call->operation);
    free(call->class);
    free(call->provider);
    free(call->type);
    for (size_t i = 0; i < call->param_count; i++) {
        free(call->params[i].name);
        free(call->params[i].value);
    }
    free(call->params);
    free(call->userdata);
    *call = (struct runner_call){0};
}

void runner_result_clear(struct runner_result *result)
{
    free(result->resource);
    free(result->operation);
    free(result->class);
    free(result->provider);
    free(result->type);
    free(result->reason);
    free(result->output);
    free(result->userdata);
    *result = (struct runner_result){0};
}

void runner_frame_clear(struct runner_frame *frame)
{
    free_text(&frame->resource);
    free_text(&frame->operation);
    runner_call_clear(&frame->call);
    runner_result_clear(&frame->result);
    *frame = (struct runner_frame){0};
}

struct runner_result runner_call_result(const struct runner_call *call, int32_t rc, enum runner_status status,
                                        int64_t time)
{
    return (struct runner_result){
        .call_id = call->id,
        .resource = call->resource,
        .operation = call->operation,
        .interval_ms = call->interval_ms,
        .expected_rc = call->expected_rc,
        .class = call->class,
        .provider = call->provider,
        .type = call->type,
        .rc = rc,
        .status = status,
        .reason = "",
        .output = "",
        .start_time = time,
        .rc_change_time = time,
        .userdata = call->userdata,
        .userdata_length = call->userdata_length,
    };
}

void runner_call_param(struct runner_call *call, const char *name, const char *value)
{
    call->params = hf_realloc(call->params, call->param_count + 1, sizeof(*call->params));
    call->params[call->param_count++] =
        (struct runner_param){.name = hf_strdup(name), .value = hf_strdup(value)};
}

void runner_call_copy(struct runner_call *copy, const struct runner_call *call)
{
    *copy = *call;
    copy->resource = hf_strdup(call->resource);
    copy->operation = hf_strdup(call->operation);
    copy->class = hf_strdup(call->class);
    copy->provider = hf_strdup(call->provider);
    copy->type = hf_strdup(call->type);
    copy->params = NULL;
    if (call->param_count > 0)
        copy->params = hf_calloc(call->param_count, sizeof(*copy->params));
    for (size_t i = 0; i < call->param_count; i++) {
        copy->params[i].name = hf_strdup(call->params[i].name);
        copy->params[i].value = hf_strdup(call->params[i].value);
    }
    copy->userdata = call->userdata_length == 0 ? NULL : hf_memdup(call->userdata, call->userdata_length);
}

void runner_result_copy(struct runner_result *copy, const struct runner_result *result)
{
    *copy = *result;
    copy->resource = hf_strdup(result->resource);
    copy->operation = hf_strdup(result->operation);
    copy->class = hf_strdup(result->class);
    copy->provider = hf_strdup(result->provider);
    copy->type = hf_strdup(result->type);
    copy->reason = hf_strdup(result->reason);
    copy->output = hf_strdup(result->output);
    copy->userdata =
        result->userdata_length == 0 ? NULL : hf_memdup(result->userdata, result->userdata_length);
}

/* --- encoding --- */

static void put_call(struct hf_buf *buf, const struct runner_call *call)
{
    hf_put_u64(buf, call->id);
    hf_put_string(buf, call->resource);
    hf_put_string(buf, call->operation);
    hf_put_u32(buf, call->interval_ms);
    hf_put_u32(buf, call->timeout_ms);
    hf_put_u32(buf, call->start_delay_ms);
    hf_put_u32(buf, (uint32_t)call->expected_rc);
    hf_put_string(buf, call->class);
    hf_put_string(buf, call->provider);
    hf_put_string(buf, call->type);
    hf_put_u32(buf, (uint32_t)call->param_count);
    for (size_t i = 0; i < call->param_count; i++) {
        hf_put_string(buf, call->params[i].name);
        hf_put_string(buf, call->params[i].value);
    }
    hf_put_bytes(buf, call->userdata, call->userdata_length);
}

static void put_result(struct hf_buf *buf, const struct runner_result *result)
{
    hf_put_u64(buf, result->sequence);
    hf_put_u64(buf, result->call_id);
    hf_put_string(buf, result->resource);
    hf_put_string(buf, result->operation);
    hf_put_u32(buf, result->interval_ms);
    hf_put_u32(buf, (uint32_t)result->expected_rc);
    hf_put_string(buf, result->class);
    hf_put_string(buf, result->provider);
    hf_put_string(buf, result->type);
    hf_put_u32(buf, (uint32_t)result->rc);
    hf_put_u8(buf, (uint8_t)(int8_t)result->status);
    hf_put_u8(buf, (uint8_t)result->history);
    hf_put_string(buf, result->reason);
    hf_put_string(buf, result->output);
    hf_put_u64(buf, (uint64_t)result->start_time);
    hf_put_u64(buf, (uint64_t)result->rc_change_time);
    hf_put_u32(buf, result->exec_ms);
    hf_put_u32(buf, result->queue_ms);
    hf_put_bytes(buf, result->userdata, result->userdata_length);
}

static bool name_fits(const char *name, bool may_be_empty)
{
    size_t length = name == NULL ? 0 : strlen(name);

    return length <= RUNNER_NAME_MAX && (may_be_empty || length > 0);
}

/* What is wrong with a call, or NULL. The same rules for what is sent and what is received. */
static const char *call_fault(const struct runner_call *call)
{
    if (call->id == 0)
        return "its call id is 0";
    if (!name_fits(call->resource, false) || !name_fits(call->operation, false) ||
        !name_fits(call->class, false) || !name_fits(call->type, false) || !name_fits(call->provider, true))
        return "a resource id, operation, class or type is empty or longer than 1024 bytes";
    if (call->param_count > RUNNER_PARAMS_MAX)
        return "it has more than 1024 parameters";
    for (size_t i = 0; i < call->param_count; i++) {
        if (!name_fits(call->params[i].name, false) || strchr(call->params[i].name, '=') != NULL)
            return "a parameter's name is empty, longer than 1024 bytes or has a '=' inside";
        if (call->params[i].value == NULL)
            return "a parameter has no value";
    }
    if (call->userdata_length > RUNNER_USERDATA_MAX)
        return "its user data is longer than 16384 bytes";
    return NULL;
}

static const char *result_fault(const struct runner_result *result)
{
    if (!name_fits(result->resource, false) || !name_fits(result->operation, false) ||
        !name_fits(result->class, true) || !name_fits(result->type, true) ||
        !name_fits(result->provider, true))
        return "a resource id, operation, class or type is empty or longer than 1024 bytes";
    if (result->status < RUNNER_PENDING || result->status > RUNNER_INVALID)
        return "its status is none of -1 to 9";
    if ((unsigned)result->history > RUNNER_INFLIGHT)
        return "its history kind is none of 0 to 2";
    if (result->userdata_length > RUNNER_USERDATA_MAX)
        return "its user data is longer than 16384 bytes";
    return NULL;
}

static const char *frame_fault(const struct runner_frame *frame)
{
    switch (frame->type) {
    case RUNNER_RUN:
        return call_fault(&frame->call);
    case RUNNER_RESULT:
    case RUNNER_HISTORY:
        return result_fault(&frame->result);
    case RUNNER_CANCEL:
        if (!name_fits(frame->operation, false))
            return "the operation to cancel is empty or longer than 1024 bytes";
        /* fall through */
    case RUNNER_FORGET:
    case RUNNER_HURRY:
        return name_fits(frame->resource, false) ? NULL
                                                 : "the resource id is empty or longer than 1024 bytes";
    default:
        return NULL;
    }
}

static void put_body(struct hf_buf *buf, const struct runner_frame *frame)
{
    switch (frame->type) {
    case RUNNER_HELLO:
        hf_put_u64(buf, frame->instance);
        hf_put_u8(buf, frame->owner);
        hf_put_u32(buf, frame->pid);
        break;
    case RUNNER_RUN:
        put_call(buf, &frame->call);
        break;
    case RUNNER_CANCEL:
        hf_put_string(buf, frame->resource);
        hf_put_string(buf, frame->operation);
        hf_put_u32(buf, frame->interval_ms);
        break;
    case RUNNER_FORGET:
    case RUNNER_HURRY:
        hf_put_string(buf, frame->resource);
        break;
    case RUNNER_ACK:
        hf_put_u64(buf, frame->sequence);
        break;
    case RUNNER_RESULT:
    case RUNNER_HISTORY:
        put_result(buf, &frame->result);
        break;
    case RUNNER_LIST:
    case RUNNER_END:
        break;
    }
}

struct hf_error *runner_encode(const struct runner_frame *frame, struct hf_buf *buf)
{
    const char *fault = frame_fault(frame);
    size_t before = buf->length;

    if (fault != NULL)
        return hf_error_new(HF_REFUSED, "agent call not sent: %s", fault);
    hf_put_u8(buf, RUNNER_PROTOCOL_VERSION);
    hf_put_u8(buf, (uint8_t)frame->type);
    put_body(buf, frame);
    if (buf->length - before > RUNNER_FRAME_MAX) {
        size_t length = buf->length - before;

        buf->length = before;
        buf->data[before] = '\0';
        return hf_error_new(HF_REFUSED, "agent call not sent: it takes %zu bytes, the limit is %d", length,
                            RUNNER_FRAME_MAX);
    }
    return NULL;
}

/* --- decoding --- */

static void get_userdata(struct hf_reader *reader, void **userdata, size_t *length)
{
    const void *bytes = hf_get_bytes(reader, length);

    *userdata = *length == 0 ? NULL : hf_memdup(bytes, *length);
}

static void get_call(struct hf_reader *reader, struct runner_call *call)
{
    call->id = hf_get_u64(reader);
    call->resource = hf_get_string(reader);
    call->operation = hf_get_string(reader);
    call->interval_ms = hf_get_u32(reader);
    call->timeout_ms = hf_get_u32(reader);
    call->start_delay_ms = hf_get_u32(reader);
    call->expected_rc = (int32_t)hf_get_u32(reader);
    call->class = hf_get_string(reader);
    call->provider = hf_get_string(reader);
    call->type = hf_get_string(reader);

    uint32_t count = hf_get_u32(reader);

    if (count > RUNNER_PARAMS_MAX)
        reader->failed = true;
    if (!reader->failed && count > 0)
        call->params = hf_calloc(count, sizeof(*call->params));
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        call->params[i].name = hf_get_string(reader);
        call->params[i].value = hf_get_string(reader);
        call->param_count = i + 1;
    }
    get_userdata(reader, &call->userdata, &call->userdata_length);
}

static void get_result(struct hf_reader *reader, struct runner_result *result)
{
    result->sequence = hf_get_u64(reader);
    result->call_id = hf_get_u64(reader);
    result->resource = hf_get_string(reader);
    result->operation = hf_get_string(reader);
    result->interval_ms = hf_get_u32(reader);
    result->expected_rc = (int32_t)hf_get_u32(reader);
    result->class = hf_get_string(reader);
    result->provider = hf_get_string(reader);
    result->type = hf_get_string(reader);
    result->rc = (int32_t)hf_get_u32(reader);
    result->status = (enum runner_status)(int8_t)hf_get_u8(reader);
    result->history = (enum runner_history)hf_get_u8(reader);
    result->reason = hf_get_string(reader);
    result->output = hf_get_string(reader);
    result->start_time = (int64_t)hf_get_u64(reader);
    result->rc_change_time = (int64_t)hf_get_u64(reader);
    result->exec_ms = hf_get_u32(reader);
    result->queue_ms = hf_get_u32(reader);
    get_userdata(reader, &result->userdata, &result->userdata_length);
}

/* False if the type is unknown. */
static bool get_body(struct hf_reader *reader, struct runner_frame *frame)
{
    switch (frame->type) {
    case RUNNER_HELLO:
        frame->instance = hf_get_u64(reader);
        frame->owner = hf_get_u8(reader) != 0;
        frame->pid = hf_get_u32(reader);
        return true;
    case RUNNER_RUN:
        get_call(reader, &frame->call);
        return true;
    case RUNNER_CANCEL:
        frame->resource = hf_get_string(reader);
        frame->operation = hf_get_string(reader);
        frame->interval_ms = hf_get_u32(reader);
        return true;
    case RUNNER_FORGET:
    case RUNNER_HURRY:
        frame->resource = hf_get_string(reader);
        return true;
    case RUNNER_ACK:
        frame->sequence = hf_get_u64(reader);
        return true;
    case RUNNER_RESULT:
    case RUNNER_HISTORY:
        get_result(reader, &frame->result);
        return true;
    case RUNNER_LIST:
    case RUNNER_END:
        return true;
    }
    return false;
}

static struct hf_error *decode(const void *bytes, size_t length, struct runner_frame *frame)
{
    struct hf_reader reader = hf_reader(bytes, length);

    if (length > RUNNER_FRAME_MAX)
        return hf_error_new(HF_REFUSED, "runner frame of %zu bytes, the limit is %d", length,
                            RUNNER_FRAME_MAX);

    unsigned version = hf_get_u8(&reader);

    if (reader.failed || version != RUNNER_PROTOCOL_VERSION)
        return hf_error_new(HF_REFUSED, "runner frame of protocol version %u, expected %d", version,
                            RUNNER_PROTOCOL_VERSION);
    frame->type = (enum runner_frame_type)hf_get_u8(&reader);
    if (!get_body(&reader, frame))
        return hf_error_new(HF_REFUSED, "runner frame of unknown type %u", (unsigned)frame->type);
    if (!hf_reader_done(&reader))
        return hf_error_new(HF_REFUSED, "runner frame of type %u does not end where it should (%zu bytes)",
                            (unsigned)frame->type, length);

    const char *fault = frame_fault(frame);

    return fault == NULL ? NULL : hf_error_new(HF_REFUSED, "runner frame refused: %s", fault);
}

struct hf_error *runner_decode(const void *bytes, size_t length, struct runner_frame *frame)
{
    *frame = (struct runner_frame){0};

    struct hf_error *error = decode(bytes, length, frame);

    if (error != NULL)
        runner_frame_clear(frame);
    return error;
}

/* --- words --- */

const char *runner_status_text(enum runner_status status)
{
    switch (status) {
    case RUNNER_PENDING:
        return "pending";
    case RUNNER_DONE:
        return "done";
    case RUNNER_CANCELLED:
        return "cancelled";
    case RUNNER_TIMEOUT:
        return "timed out";
    case RUNNER_NOT_SUPPORTED:
        return "not supported";
    case RUNNER_ERROR:
    case RUNNER_ERROR_HARD:
    case RUNNER_ERROR_FATAL:
        return "error";
    case RUNNER_NOT_INSTALLED:
        return "not installed";
    case RUNNER_NOT_CONNECTED:
        return "runner lost";
    case RUNNER_INVALID:
        return "not possible now";
    }
    return "unknown status";
}

const char *runner_ocf_text(int rc)
{
    switch (rc) {
    case RUNNER_OCF_OK:
        return "ok";
    case RUNNER_OCF_ERROR:
        return "error";
    case RUNNER_OCF_INVALID_PARAM:
        return "invalid parameter";
    case RUNNER_OCF_UNIMPLEMENTED:
        return "unimplemented feature";
    case RUNNER_OCF_INSUFFICIENT_PRIV:
        return "insufficient privileges";
    case RUNNER_OCF_NOT_INSTALLED:
        return "not installed";
    case RUNNER_OCF_NOT_CONFIGURED:
        return "not configured";
    case RUNNER_OCF_NOT_RUNNING:
        return "not running";
    case RUNNER_OCF_RUNNING_PROMOTED:
        return "promoted";
    case RUNNER_OCF_FAILED_PROMOTED:
        return "promoted (failed)";
    case RUNNER_OCF_DEGRADED:
        return "degraded";
    case RUNNER_OCF_DEGRADED_PROMOTED:
        return "promoted (degraded)";
    case RUNNER_OCF_PENDING:
        return "pending";
    default:
        return "unknown exit code";
    }
}
