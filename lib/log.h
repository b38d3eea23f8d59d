/* log.h - what the daemons tell the administrator: libqb's log, to syslog and, when asked, standard error.
 *
 * Pure modules do not log: they return what happened, and the shell says it here. */
#ifndef HF_LOG_H
#define HF_LOG_H

#include <qb/qblog.h>
#include <stdbool.h>

/* name: the program's, for syslog.  foreground: to standard error instead of syslog.  verbose: debug messages
 * too. */
void hf_log_open(const char *name, bool foreground, bool verbose);
/* Additionally to a file; false (and errno) if it cannot be opened. */
bool hf_log_to_file(const char *path, bool verbose);
void hf_log_close(void);

#define hf_log(priority, format, ...) qb_log((priority), format, ##__VA_ARGS__)
#define hf_error_log(format, ...) hf_log(LOG_ERR, format, ##__VA_ARGS__)
#define hf_warn(format, ...) hf_log(LOG_WARNING, format, ##__VA_ARGS__)
#define hf_notice(format, ...) hf_log(LOG_NOTICE, format, ##__VA_ARGS__)
#define hf_info(format, ...) hf_log(LOG_INFO, format, ##__VA_ARGS__)
#define hf_debug(format, ...) hf_log(LOG_DEBUG, format, ##__VA_ARGS__)

#endif
