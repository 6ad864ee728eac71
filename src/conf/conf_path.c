/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths in the configuration: what is refused, how a relative one is resolved, and the places that
 * depend on the user.
 */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf_keys.h"

#define SYSTEM_STORE "/var/lib/craton-hsm/store"
#define SYSTEM_FOLDER "/var/lib/craton-hsm"

/* The next component of *PATH, which moves behind it; n is 0 at the end. */
static struct bytes next_component(const char **path)
{
    while (**path == '/') {
        (*path)++;
    }
    const size_t n = strcspn(*path, "/");
    const struct bytes component = BYTES(*path, n);
    *path += n;
    return component;
}

static bool has_parent_component(const char *path)
{
    for (struct bytes c = next_component(&path); c.n != 0; c = next_component(&path)) {
        if (bytes_equal(c, BYTES_STR(".."))) {
            return true;
        }
    }
    return false;
}

/* A relative path must not begin in a place where other programs keep what is theirs. */
static bool begins_in_hidden_place(const char *path)
{
    static const char *const names[] = {".git", ".ssh", ".gnupg", ".aws", ".config", ".env"};
    if (path[0] == '/') {
        return false;
    }
    struct bytes first = next_component(&path);
    while (bytes_equal(first, BYTES_STR("."))) {
        first = next_component(&path);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (bytes_equal(first, BYTES(names[i], strlen(names[i])))) {
            return true;
        }
    }
    return false;
}

/* Whether a component that exists is a symbolic link. What cannot be looked at is not held against
 * the path: opening it will say so. */
static bool goes_through_link(const char *path)
{
    char part[PATH_MAX];
    const size_t n = strlen(path);
    mem_copy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if ((part[i] != '/' && part[i] != '\0') || part[i - 1] == '/') {
            continue;
        }
        const char kept = part[i];
        struct stat st;
        part[i] = '\0';
        if (lstat(part, &st) != 0) {
            return false;
        }
        if (S_ISLNK(st.st_mode)) {
            return true;
        }
        part[i] = kept;
    }
    return false;
}

static const char *fault_of(const char *path, size_t n)
{
    if (n == 0) {
        return "must not be empty";
    }
    if (n >= PATH_MAX) {
        return "is too long for a path";
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f) {
            return "must not hold NUL or control characters";
        }
    }
    if (strncmp(path, "//", 2) == 0 || strncmp(path, "\\\\", 2) == 0) {
        return "must not be a network (UNC) path";
    }
    if (has_parent_component(path)) {
        return "must not hold \"..\"";
    }
    if (begins_in_hidden_place(path)) {
        return "must not begin in .git, .ssh, .gnupg, .aws, .config or .env";
    }
    return goes_through_link(path) ? "must not go through a symbolic link" : NULL;
}

enum rc conf_path_check(const char *path, size_t n, const char **ret_why)
{
    const char *why = fault_of(path, n);
    if (why == NULL) {
        return RC_OK;
    }
    *ret_why = why;
    return RC_CONFIG;
}

char *conf_text(const char *a, const char *b, const char *c)
{
    AUTO_BUF struct buf text = BUF_INIT;
    if (buf_add(&text, a, strlen(a)) != RC_OK || buf_add(&text, b, strlen(b)) != RC_OK ||
        buf_add(&text, c, strlen(c)) != RC_OK || buf_add_u8(&text, 0) != RC_OK) {
        return NULL;
    }
    char *copy = mem_alloc(text.n);
    if (copy != NULL) {
        mem_copy(copy, text.p, text.n);
    }
    return copy;
}

enum rc conf_path_resolve(const char *path, char **ret)
{
    AUTO_BUF struct buf out = BUF_INIT;
    if (path[0] != '/') {
        char here[PATH_MAX];
        REQUIRE(getcwd(here, sizeof here) != NULL && here[0] == '/', RC_CONFIG);
        TRY(buf_add(&out, here, here[1] == '\0' ? 0 : strlen(here)));
    }
    for (struct bytes c = next_component(&path); c.n != 0; c = next_component(&path)) {
        if (!bytes_equal(c, BYTES_STR("."))) {
            TRY(buf_add_u8(&out, '/'));
            TRY(buf_add_bytes(&out, c));
        }
    }
    if (out.n == 0) {
        TRY(buf_add_u8(&out, '/'));
    }
    char *copy = mem_alloc(out.n + 1);
    REQUIRE(copy != NULL, RC_HOST_MEMORY);
    mem_copy(copy, out.p, out.n);
    *ret = copy;
    return RC_OK;
}

static enum rc join(const char *a, const char *b, const char *c, char **ret)
{
    *ret = conf_text(a, b, c);
    return *ret != NULL ? RC_OK : RC_HOST_MEMORY;
}

enum rc conf_path_user(const char *variable, const char *home_tail, const char *tail, char **ret)
{
    *ret = NULL;
    const char *place = secure_getenv(variable);
    if (place != NULL && place[0] == '/') {
        return join(place, "", tail, ret);
    }
    const char *home = secure_getenv("HOME");
    if (home != NULL && home[0] == '/') {
        return join(home, home_tail, tail, ret);
    }
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) != 0 || found == NULL ||
        found->pw_dir == NULL || found->pw_dir[0] != '/') {
        return RC_OK;
    }
    return join(found->pw_dir, home_tail, tail, ret);
}

static bool is_our_folder(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

enum rc conf_path_store(char **ret)
{
    /* The package makes the folder, C_InitToken the store in it. */
    struct stat st;
    const bool to_be_made = lstat(SYSTEM_STORE, &st) != 0 && errno == ENOENT;
    *ret = NULL;
    if (!is_our_folder(SYSTEM_STORE) && !(to_be_made && is_our_folder(SYSTEM_FOLDER))) {
        TRY(conf_path_user("XDG_DATA_HOME", "/.local/share", "/craton-hsm/store", ret));
    }
    return *ret != NULL ? RC_OK : join(SYSTEM_STORE, "", "", ret);
}
