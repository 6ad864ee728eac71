/* SPDX-License-Identifier: Apache-2.0
 *
 * The quiet log. A line is one write: to stderr, to a file that is opened for each line (so that a
 * rotated file is left alone), or one datagram to the system log's socket. The C library's syslog()
 * is not used, because its identity and its lock belong to the host program.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "lock.h"
#include "mem.h"

#define LINE_MAX_BYTES 1024
#define PATH_BYTES 4096

static atomic_int level_now = LOG_LEVEL_WARN;
static atomic_int target_now = LOG_TO_SYSLOG;
static char file_path[PATH_BYTES]; /* under path_lock */
static struct lock path_lock = {PTHREAD_MUTEX_INITIALIZER, LOCK_LOG};

void log_after_fork(void)
{
    lock_init(&path_lock, LOCK_LOG);
}

void log_setup(enum log_level level, enum log_target target, const char *path)
{
    lock_take(&path_lock);
    (void)snprintf(file_path, sizeof file_path, "%s", path != NULL ? path : "");
    lock_drop(&path_lock);
    atomic_store(&target_now, (int)target);
    atomic_store(&level_now, (int)level);
}

static int level_from(const char *text, size_t n, enum log_level *ret)
{
    static const struct {
        const char *name;
        enum log_level level;
    } names[] = {
        {"off", LOG_LEVEL_OFF},      {"error", LOG_LEVEL_ERROR}, {"warn", LOG_LEVEL_WARN},
        {"warning", LOG_LEVEL_WARN}, {"info", LOG_LEVEL_INFO},   {"debug", LOG_LEVEL_DEBUG},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i].name) == n && memcmp(names[i].name, text, n) == 0) {
            *ret = names[i].level;
            return 0;
        }
    }
    return -1;
}

int log_read_text(const char *text, enum log_level *ret_level, enum log_target *ret_target,
                  const char **ret_path)
{
    const char *comma = strchr(text, ',');
    const size_t n = comma != NULL ? (size_t)(comma - text) : strlen(text);
    enum log_level level = LOG_LEVEL_OFF;
    if (level_from(text, n, &level) != 0) {
        return -1;
    }
    if (comma != NULL) {
        const char *target = comma + 1;
        if (strcmp(target, "stderr") == 0) {
            *ret_target = LOG_TO_STDERR;
        } else if (strcmp(target, "syslog") == 0) {
            *ret_target = LOG_TO_SYSLOG;
        } else if (target[0] == '/' && strlen(target) < PATH_BYTES) {
            *ret_target = LOG_TO_FILE;
        } else {
            return -1;
        }
        *ret_path = *ret_target == LOG_TO_FILE ? target : NULL;
    }
    *ret_level = level;
    return 0;
}

int log_setup_text(const char *text)
{
    enum log_level level = LOG_LEVEL_OFF;
    enum log_target target = LOG_TO_NONE; /* none: TEXT names no target */
    const char *path = NULL;
    if (log_read_text(text, &level, &target, &path) != 0) {
        return -1;
    }
    if (target == LOG_TO_NONE) {
        atomic_store(&level_now, (int)level);
    } else {
        log_setup(level, target, path);
    }
    return 0;
}

int log_wants(enum log_level level)
{
    return level != LOG_LEVEL_OFF &&
           (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"off", "error", "warning", "info", "debug"};
    return names[level];
}

/* "2026-11-21T08:46:12Z"; by arithmetic, because gmtime takes a lock that fork may leave taken. */
static void time_text(char out[64])
{
    struct timespec ts = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    const long long days = ts.tv_sec / 86400;
    const long long second = ts.tv_sec % 86400;
    /* Days counted from 0000-03-01, so that the leap day is a year's last. */
    const long long z = days + 719468;
    const long long era = z / 146097;
    const long long of_era = z % 146097;
    const long long year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const long long of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const long long shifted = (5 * of_year + 2) / 153;
    const long long month = shifted < 10 ? shifted + 3 : shifted - 9;
    (void)snprintf(out, 64, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ",
                   year_of_era + era * 400 + (month <= 2), month,
                   of_year - (153 * shifted + 2) / 5 + 1, second / 3600, second / 60 % 60,
                   second % 60);
}

static void to_fd(int fd, const char *line, size_t n)
{
    while (write(fd, line, n) < 0 && errno == EINTR) {
    }
}

static void to_file(const char *line, size_t n)
{
    char path[PATH_BYTES];
    lock_take(&path_lock);
    memcpy(path, file_path, sizeof path);
    lock_drop(&path_lock);
    const int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd >= 0) {
        to_fd(fd, line, n);
        (void)close(fd);
    }
}

static void to_syslog(enum log_level level, const char *text)
{
    static const int severity[] = {3, 3, 4, 6, 7};
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    char line[LINE_MAX_BYTES + 64];
    const int n = snprintf(line, sizeof line, "<%d>craton-hsm[%ld]: %s", 8 + severity[level],
                           (long)getpid(), text);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        (void)sendto(fd, line, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&address,
                     sizeof address);
        (void)close(fd);
    }
}

/* One line, whatever was in the arguments. */
static void make_plain(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

static void emit(enum log_level level, const char *text)
{
    const int target = atomic_load(&target_now);
    if (target == LOG_TO_SYSLOG) {
        to_syslog(level, text);
        return;
    }
    char when[64];
    time_text(when);
    char line[LINE_MAX_BYTES + 256];
    const int n = snprintf(line, sizeof line, "%s craton-hsm[%ld] %s: %s\n", when, (long)getpid(),
                           level_name(level), text);
    if (target == LOG_TO_STDERR) {
        to_fd(STDERR_FILENO, line, (size_t)n);
    } else if (target == LOG_TO_FILE) {
        to_file(line, (size_t)n);
    }
}

void log_say(enum log_level level, const char *fmt, ...)
{
    if (!log_wants(level) || atomic_load(&target_now) == LOG_TO_NONE) {
        return;
    }
    const int saved = errno;
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    make_plain(text);
    emit(level, text);
    errno = saved;
}

void log_fatal(const char *fmt, ...)
{
    const int saved = errno;
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    make_plain(text);
    char line[LINE_MAX_BYTES + 32];
    const int n = snprintf(line, sizeof line, "craton-hsm: %s\n", text);
    to_fd(STDERR_FILENO, line, (size_t)n);
    if (log_wants(LOG_LEVEL_ERROR) && atomic_load(&target_now) != LOG_TO_STDERR) {
        emit(LOG_LEVEL_ERROR, text);
    }
    errno = saved;
}
