/* log.c - see log.h. */
#include "lib/log.h"

#include <errno.h>
#include <syslog.h>

static void select_all(int target, bool verbose)
{
    qb_log_filter_ctl(target, QB_LOG_FILTER_CLEAR_ALL, QB_LOG_FILTER_FILE, "*", LOG_TRACE);
    qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", verbose ? LOG_DEBUG : LOG_INFO);
}

void hf_log_open(const char *name, bool foreground, bool verbose)
{
    qb_log_init(name, LOG_DAEMON, LOG_INFO);
    select_all(QB_LOG_SYSLOG, verbose);
    qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, !foreground);
    select_all(QB_LOG_STDERR, verbose);
    qb_log_format_set(QB_LOG_STDERR, "%T %N[%P] %p: %b");
    qb_log_ctl(QB_LOG_STDERR, QB_LOG_CONF_ENABLED, foreground);
}

bool hf_log_to_file(const char *path, bool verbose)
{
    int target = qb_log_file_open(path);

    if (target < 0) {
        errno = -target;
        return false;
    }
    select_all(target, verbose);
    qb_log_format_set(target, "%T %N[%P] %p: %b");
    qb_log_ctl(target, QB_LOG_CONF_ENABLED, QB_TRUE);
    return true;
}

void hf_log_close(void)
{
    qb_log_fini();
}
