/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding, reading and parsing craton_hsm.toml.
 */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf_keys.h"
#include "wire/toml.h"

#define FILE_NAME "craton_hsm.toml"
#define SYSTEM_FILE "/etc/craton_hsm/" FILE_NAME
#define SIZE_MAX_OF_FILE (1024 * 1024)

/* ---------------------------------------------------------------- messages */

enum rc conf_refuse(struct conf_reading *r, unsigned line, const char *fmt, ...)
{
    char where[32] = "";
    char text[512];
    if (line != 0) {
        (void)snprintf(where, sizeof where, "%u: ", line);
    }
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)snprintf(r->reason, r->reason_n, "%s%s%s%s", r->name != NULL ? r->name : "",
                   r->name == NULL ? ""
                   : line != 0     ? ":"
                                   : ": ",
                   where, text);
    return RC_CONFIG;
}

enum rc conf_note(struct conf_reading *r, const char *fmt, ...)
{
    char text[900];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return buf_add(&r->notes, text, strlen(text) + 1);
}

static void say_notes(const struct conf_reading *r)
{
    for (size_t at = 0; at < r->notes.n;) {
        const char *line = (const char *)r->notes.p + at;
        log_warn("%s", line);
        at += strlen(line) + 1;
    }
}

/* ---------------------------------------------------------------- text to struct */

void conf_free(const struct conf *c)
{
    if (c != NULL) {
        mem_free(c->label);
        mem_free(c->storage_path);
        mem_free(c->serial_number);
        mem_free(c->log_file);
        mem_free(c->source);
        struct conf *whole = NULL;
        mem_copy(&whole, &c, sizeof whole);
        mem_free(whole);
    }
}

static void conf_free_at(struct conf **c)
{
    conf_free(*c);
}
#define AUTO_CONF __attribute__((cleanup(conf_free_at)))

static void toml_free_at(struct toml_value **v)
{
    toml_free(*v);
}
#define AUTO_TOML __attribute__((cleanup(toml_free_at)))

static enum rc take_file(struct conf_reading *r, struct bytes text)
{
    AUTO_TOML struct toml_value *root = NULL;
    struct toml_error error;
    const enum rc rc = toml_parse(text, &root, &error);
    if (rc == RC_MALFORMED) {
        return conf_refuse(r, error.line, "column %u: %s", error.column, error.text);
    }
    TRY(rc);
    const struct toml_value *algorithms = toml_get(root, "algorithms");
    const struct toml_value *backend = toml_get(algorithms, "crypto_backend");
    TRY(conf_take_tables(r, root));
    if (backend != NULL && strcmp(backend->u.string.p, "rustcrypto") == 0) {
        TRY(conf_note(r, "%s:%u: algorithms.crypto_backend \"rustcrypto\" is taken as \"auto\"",
                      r->name, backend->line));
    }
    return RC_OK;
}

/* R->name and TEXT may be none: defaults. */
static enum rc read_all(struct conf_reading *r, struct bytes text, struct conf **ret)
{
    AUTO_CONF struct conf *c = mem_alloc(sizeof *c);
    REQUIRE(c != NULL, RC_HOST_MEMORY);
    r->conf = c;
    TRY(conf_take_defaults(r));
    if (r->name != NULL) {
        TRY(take_file(r, text));
        c->source = conf_text(r->name, "", "");
        REQUIRE(c->source != NULL, RC_HOST_MEMORY);
    }
    TRY(conf_check(r));
    *ret = TAKE(c);
    return RC_OK;
}

/* RC_CONFIG always has a reason. */
static void start_reason(char *reason, size_t reason_n)
{
    (void)snprintf(reason, reason_n, "%s", rc_text(RC_CONFIG));
}

enum rc conf_parse(const char *name, const char *text, size_t n, const struct conf **ret,
                   char *reason, size_t reason_n)
{
    struct conf_reading r = {.name = name, .reason = reason, .reason_n = reason_n};
    struct conf *c = NULL;
    start_reason(reason, reason_n);
    const enum rc rc = read_all(&r, BYTES(text, n), &c);
    if (rc == RC_OK) {
        say_notes(&r);
        *ret = c;
    }
    buf_free(&r.notes);
    return rc;
}

/* ---------------------------------------------------------------- the file */

static void close_at(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}
#define AUTO_FD __attribute__((cleanup(close_at)))

/* What keeps an open file from being believed. OURS: it was found in the working directory, where
 * another user may have put it. */
static enum rc check_file(struct conf_reading *r, int fd, bool ours)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return conf_refuse(r, 0, "is not a regular file");
    }
    if ((st.st_mode & 022) != 0) {
        return conf_refuse(r, 0, "can be written by group or others (mode %04o): chmod go-w",
                           (unsigned)(st.st_mode & 07777));
    }
    if (ours && st.st_uid != geteuid() && st.st_uid != 0) {
        return conf_refuse(r, 0, "lies in the working directory and belongs to another user");
    }
    if (st.st_size > SIZE_MAX_OF_FILE) {
        return conf_refuse(r, 0, "is larger than 1 MiB");
    }
    return RC_OK;
}

static enum rc read_bytes(struct conf_reading *r, int fd, struct buf *out)
{
    while (out->n <= SIZE_MAX_OF_FILE) {
        TRY(buf_reserve(out, 8192));
        const ssize_t got = read(fd, out->p + out->n, 8192);
        if (got == 0) {
            return RC_OK;
        }
        if (got < 0 && errno != EINTR) {
            return conf_refuse(r, 0, "cannot be read: %s", strerrordesc_np(errno));
        }
        out->n += got > 0 ? (size_t)got : 0;
    }
    return conf_refuse(r, 0, "is larger than 1 MiB");
}

/* RC_NOT_FOUND when there is no such file, or a folder on the way to it cannot be entered. */
static enum rc open_file(struct conf_reading *r, int *ret_fd)
{
    const int fd = open(r->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
        *ret_fd = fd;
        return RC_OK;
    }
    const int why = errno;
    if (why == ENOENT || why == ENOTDIR) {
        return RC_NOT_FOUND;
    }
    if (why == EACCES && faccessat(AT_FDCWD, r->name, F_OK, AT_EACCESS) != 0) {
        return RC_NOT_FOUND;
    }
    if (why == ELOOP) {
        return conf_refuse(r, 0, "is a symbolic link");
    }
    return conf_refuse(r, 0, "cannot be opened: %s", strerrordesc_np(why));
}

static enum rc load_file(struct conf_reading *r, bool ours, struct conf **ret)
{
    AUTO_FD int fd = -1;
    AUTO_BUF struct buf text = BUF_INIT;
    TRY(open_file(r, &fd));
    TRY(check_file(r, fd, ours));
    TRY(read_bytes(r, fd, &text));
    return read_all(r, buf_view(&text), ret);
}

/* ---------------------------------------------------------------- the search */

static enum rc load_first(struct conf_reading *r, struct conf **ret)
{
    const char *named = secure_getenv("CRATON_HSM_CONFIG");
    if (named != NULL && named[0] != '\0') {
        r->name = named;
        const enum rc rc = load_file(r, false, ret);
        return rc != RC_NOT_FOUND
                   ? rc
                   : conf_refuse(r, 0, "does not exist, and CRATON_HSM_CONFIG names it");
    }
    AUTO_FREE char *of_user = NULL;
    TRY(conf_path_user("XDG_CONFIG_HOME", "/.config", "/craton-hsm/" FILE_NAME, &of_user));
    const char *const places[] = {"./" FILE_NAME, of_user, SYSTEM_FILE};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (places[i] != NULL) {
            r->name = places[i];
            const enum rc rc = load_file(r, i == 0, ret);
            if (rc != RC_NOT_FOUND) {
                r->name = NULL; /* of_user goes */
                return rc;
            }
        }
    }
    r->name = NULL;
    return read_all(r, BYTES_NONE, ret);
}

/* ---------------------------------------------------------------- the environment */

static enum rc check_environment(struct conf_reading *r)
{
    const char *fips = secure_getenv("CRATON_HSM_FIPS");
    if (fips == NULL || fips[0] == '\0' || strcmp(fips, "0") == 0) {
        return RC_OK;
    }
    r->name = NULL;
    if (strcmp(fips, "1") != 0) {
        return conf_refuse(r, 0, "CRATON_HSM_FIPS must be 0 or 1");
    }
    return conf_refuse(r, 0,
                       "CRATON_HSM_FIPS=1: the approved mode is not part of this version, so it "
                       "cannot be asked for");
}

static enum rc override_log(struct conf_reading *r, struct conf *c)
{
    const char *text = secure_getenv("CRATON_HSM_LOG");
    if (text == NULL || text[0] == '\0') {
        return RC_OK;
    }
    enum log_level level = LOG_LEVEL_OFF;
    enum log_target target = c->log_target;
    const char *path = c->log_file;
    if (log_read_text(text, &level, &target, &path) != 0) {
        return conf_note(r, "CRATON_HSM_LOG is not understood: level[,target] with level off, "
                            "error, warn, info or debug, target stderr, syslog or a path");
    }
    char *file = NULL;
    if (target == LOG_TO_FILE) {
        file = conf_text(path, "", "");
        REQUIRE(file != NULL, RC_HOST_MEMORY);
    }
    mem_free(c->log_file);
    c->log_file = file;
    c->log_level = level;
    c->log_target = target;
    return RC_OK;
}

static enum rc load_all(struct conf_reading *r, struct conf **ret)
{
    AUTO_CONF struct conf *c = NULL;
    TRY(check_environment(r));
    TRY(load_first(r, &c));
    TRY(override_log(r, c));
    log_setup(c->log_level, c->log_target, c->log_file);
    say_notes(r);
    *ret = TAKE(c);
    return RC_OK;
}

enum rc conf_load(const struct conf **ret, char *reason, size_t reason_n)
{
    struct conf_reading r = {.reason = reason, .reason_n = reason_n};
    struct conf *c = NULL;
    start_reason(reason, reason_n);
    const enum rc rc = load_all(&r, &c);
    if (rc == RC_OK) {
        *ret = c;
    }
    buf_free(&r.notes);
    return rc;
}
