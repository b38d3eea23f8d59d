/* fake_systemd.c - a systemd manager of one unit at the other end of holdfast-systemd, for tests.
 *
 *   fake_systemd SOCKET INITIAL-STATE JOB-RESULT     serves one connection, then ends
 *
 * Speaks D-Bus as peer (no bus daemon): answers the calls that the helper makes, takes 200 ms for a job, and
 * prints each method called. Unit names that contain "missing" do not exist. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

struct fake {
    sd_bus *bus;
    const char *state, *job_result;
    const char *next_state; /* once the job has ended */
    uint64_t job_end;       /* CLOCK_MONOTONIC, us; 0: no job */
    char unit[256];
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int begin_job(struct fake *fake, sd_bus_message *call, const char *transient, const char *final)
{
    const char *unit, *mode;

    if (sd_bus_message_read(call, "ss", &unit, &mode) < 0)
        return -1;
    if (strstr(unit, "missing") != NULL)
        return sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not found.",
                                          unit);
    snprintf(fake->unit, sizeof(fake->unit), "%s", unit);
    fake->state = transient;
    fake->next_state = strcmp(fake->job_result, "done") == 0 ? final : "failed";
    fake->job_end = now_us() + 200000;
    return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/7");
}

static void emit_removed(struct fake *fake, uint32_t id, const char *path, const char *unit,
                         const char *result)
{
    sd_bus_message *signal = NULL;

    if (sd_bus_message_new_signal(fake->bus, &signal, "/org/freedesktop/systemd1",
                                  "org.freedesktop.systemd1.Manager", "JobRemoved") >= 0 &&
        sd_bus_message_append(signal, "uoss", id, path, unit, result) >= 0 &&
        sd_bus_message_set_sender(signal, ":1.0") >= 0)
        sd_bus_send(fake->bus, signal, NULL);
    sd_bus_message_unref(signal);
}

static void end_job(struct fake *fake)
{
    fake->job_end = 0;
    fake->state = fake->next_state;
    emit_removed(fake, 6, "/org/freedesktop/systemd1/job/6", "other.service", "failed");
    emit_removed(fake, 7, "/org/freedesktop/systemd1/job/7", fake->unit, fake->job_result);
}

static int on_message(sd_bus_message *call, void *data, sd_bus_error *error)
{
    struct fake *fake = data;
    const char *member = sd_bus_message_get_member(call);

    if (!sd_bus_message_is_method_call(call, NULL, NULL) || member == NULL)
        return 0;
    if (strcmp(member, "Hello") == 0) {
        sd_bus_reply_method_return(call, "s", ":1.1");
        return 1;
    }
    printf("%s\n", member);
    fflush(stdout);
    if (strcmp(member, "LoadUnit") == 0)
        sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/unit/x");
    else if (strcmp(member, "Get") == 0)
        sd_bus_reply_method_return(call, "v", "s", fake->state);
    else if (strcmp(member, "StartUnit") == 0)
        begin_job(fake, call, "activating", "active");
    else if (strcmp(member, "StopUnit") == 0)
        begin_job(fake, call, "deactivating", "inactive");
    else
        sd_bus_reply_method_return(call, "");
    return 1;
}

static int serve(struct fake *fake, int fd)
{
    sd_id128_t id = SD_ID128_MAKE(01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c, 0d, 0e, 0f, 10);

    if (sd_bus_new(&fake->bus) < 0 || sd_bus_set_fd(fake->bus, fd, fd) < 0 ||
        sd_bus_set_server(fake->bus, 1, id) < 0 || sd_bus_set_anonymous(fake->bus, 1) < 0 ||
        sd_bus_add_filter(fake->bus, NULL, on_message, fake) < 0 || sd_bus_start(fake->bus) < 0)
        return 1;
    while (true) {
        int done = sd_bus_process(fake->bus, NULL);

        if (done < 0)
            return 0;
        if (fake->job_end != 0 && now_us() >= fake->job_end)
            end_job(fake);
        else if (done == 0)
            sd_bus_wait(fake->bus, 50000);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    if (argc != 4)
        return 2;
    /* It has its name once it listens: who waits for the name may connect. */
    snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", argv[1]);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 1) != 0 ||
        rename(address.sun_path, argv[1]) != 0)
        return 1;

    struct fake fake = {.state = argv[2], .job_result = argv[3]};

    alarm(20);

    int code = serve(&fake, accept(listener, NULL, NULL));

    sd_bus_unref(fake.bus);
    return code;
}
