/* history.c - fencing operations, past and under way; see request.h. */
#include "fence/state.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/xml.h"

static void free_record(struct fence_record *record)
{
    free(record->target);
    free(record->origin);
    free(record->device);
    free(record->node);
    free(record->reason);
    free(record);
}

static void drop(struct fencing *fencing, size_t index)
{
    size_t after = fencing->n_history - index - 1;

    free_record(fencing->history[index]);
    memmove(&fencing->history[index], &fencing->history[index + 1], after * sizeof *fencing->history);
    memmove(&fencing->ended[index], &fencing->ended[index + 1], after * sizeof *fencing->ended);
    fencing->n_history--;
}

struct fence_record *fencing_record(struct fencing *fencing, const char *target, enum fence_action action,
                                    const char *origin)
{
    struct fence_record *record = hf_calloc(1, sizeof *record);
    size_t count = fencing->n_history + 1;

    *record = (struct fence_record){.id = ++fencing->next_record,
                                    .target = hf_strdup(target),
                                    .action = action,
                                    .origin = hf_strdup(origin != NULL ? origin : fencing->node),
                                    .wall = fencing->wall,
                                    .outcome = FENCE_PENDING};
    fencing->history = hf_realloc(fencing->history, count, sizeof(struct fence_record *));
    fencing->ended = hf_realloc(fencing->ended, count, sizeof *fencing->ended);
    fencing->history[fencing->n_history] = record;
    fencing->ended[fencing->n_history++] = 0;
    return record;
}

void fencing_trim_history(struct fencing *fencing)
{
    size_t ended = 0;

    for (size_t i = 0; i < fencing->n_history; i++)
        ended += fencing->history[i]->outcome != FENCE_PENDING;
    for (size_t i = 0; i < fencing->n_history && ended > HISTORY_MAX;) {
        if (fencing->history[i]->outcome == FENCE_PENDING) {
            i++;
            continue;
        }
        drop(fencing, i);
        ended--;
    }
}

void fencing_close_record(struct fencing *fencing, struct fence_record *record, bool success,
                          const char *device, const char *node, const char *reason)
{
    record->outcome = success ? FENCE_SUCCESS : FENCE_FAILURE;
    record->device = hf_strdup(device);
    record->node = hf_strdup(node);
    record->reason = hf_strdup(reason);
    record->wall = fencing->wall;
    for (size_t i = 0; i < fencing->n_history; i++)
        if (fencing->history[i] == record)
            fencing->ended[i] = fencing->now;
    fencing_emit(fencing, FENCE_RECORD)->record = record;
}

bool fencing_done_lately(const struct fencing *fencing, const char *target, enum fence_action action,
                         int64_t tolerance_ms)
{
    for (size_t i = 0; i < fencing->n_history && tolerance_ms > 0; i++) {
        const struct fence_record *record = fencing->history[i];

        if (record->outcome == FENCE_SUCCESS && record->action == action &&
            strcasecmp(record->target, target) == 0 && fencing->ended[i] >= fencing->now - tolerance_ms)
            return true;
    }
    return false;
}

void fencing_free_history(struct fencing *fencing)
{
    while (fencing->n_history > 0)
        drop(fencing, fencing->n_history - 1);
    free(fencing->history);
    free(fencing->ended);
}

size_t fencing_history_count(const struct fencing *fencing)
{
    return fencing->n_history;
}

const struct fence_record *fencing_history(const struct fencing *fencing, size_t index)
{
    return fencing->history[fencing->n_history - 1 - index];
}

void fencing_history_clear(struct fencing *fencing, const char *target)
{
    for (size_t i = fencing->n_history; i-- > 0;) {
        const struct fence_record *record = fencing->history[i];

        if (record->outcome != FENCE_PENDING && (target == NULL || strcasecmp(record->target, target) == 0))
            drop(fencing, i);
    }
}

int fencing_failures(const struct fencing *fencing, const char *target)
{
    int failures = 0;

    for (size_t i = fencing->n_history; i-- > 0;) {
        const struct fence_record *record = fencing->history[i];

        if (record->action == FENCE_ON || strcasecmp(record->target, target) != 0)
            continue;
        if (record->outcome == FENCE_SUCCESS)
            break;
        failures += record->outcome == FENCE_FAILURE;
    }
    return failures;
}

xmlNode *fence_record_to_xml(const struct fence_record *record, const char *id)
{
    static const char *const outcomes[] = {
        [FENCE_PENDING] = "pending", [FENCE_SUCCESS] = "success", [FENCE_FAILURE] = "failed"};
    xmlNode *event = xmlNewNode(NULL, BAD_CAST "fence-event");
    HF_CLEANUP(hf_freep) char *when = hf_asprintf("%" PRId64, record->wall);
    const char *const attributes[][2] = {
        {"id", id},
        {"action", fence_action_name(record->action)},
        {"target", record->target},
        {"state", outcomes[record->outcome]},
        {"time", when},
        {"origin", record->origin},
        {"device", record->device},
        {"node", record->node},
        {"reason", record->reason},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(attributes); i++)
        if (attributes[i][1] != NULL)
            hf_xml_set(event, attributes[i][0], attributes[i][1]);
    return event;
}
