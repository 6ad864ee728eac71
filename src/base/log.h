/* SPDX-License-Identifier: Apache-2.0
 *
 * The quiet log. A library speaks to syslog at level warning unless told otherwise.
 * Never pass a secret, a PIN or a label.
 */
#ifndef CRATON_BASE_LOG_H
#define CRATON_BASE_LOG_H

enum log_level {
    LOG_LEVEL_OFF = 0,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};
enum log_target { LOG_TO_NONE = 0, LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_FILE };

/* PATH is used with LOG_TO_FILE only (opened with O_APPEND|O_NOFOLLOW, mode 0600, at first use). */
void log_setup(enum log_level level, enum log_target target, const char *path);

/* Reads "level[,target]" (error, warn, info, debug, off; stderr, syslog, or a path that starts with
 * '/'). 0 when understood, -1 when not (nothing changes). */
int log_setup_text(const char *text);

/* The same without effect. *RET_TARGET and *RET_PATH (which points into TEXT, or is NULL) are set
 * when TEXT names a target, and untouched when it does not. "warning" is taken as "warn". */
int log_read_text(const char *text, enum log_level *ret_level, enum log_target *ret_target,
                  const char **ret_path);

void log_say(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_say(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_say(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_say(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_say(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Asked before work is done for a message. */
int log_wants(enum log_level level);

/* What makes C_Initialize fail: one line to stderr "craton-hsm: ..." and to the log. */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
