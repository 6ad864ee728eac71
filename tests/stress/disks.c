/* SPDX-License-Identifier: Apache-2.0
 *
 * A full disk, a read-only directory, flipped bytes: clear answers, no crash, no wrong key, no lost
 * acknowledged object.
 */
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { KEYS = 40, SKIPPED = 77 };

static CK_OBJECT_HANDLE handles[KEYS]; /* of the keys in the store to be damaged */

static void name_of(int i, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "key %d", i);
}

static const char *in_place(const char *tail)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", place, tail);
    return path;
}

/* ---- full and read-only --------------------------------------------------------------------------- */

/* A file system of our own under the scratch directory, with the store in it. */
static void own_disk(const char *size)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mkdir(in_place("disk"), 0700) != 0 ||
        mount("craton", in_place("disk"), "tmpfs", 0, size) != 0) {
        printf("skipped: a file system of our own needs root\n");
        _exit(SKIPPED);
    }
    place_configure(in_place("disk/store"));
}

static void ballast(void)
{
    static char block[4096];
    const int fd = open(in_place("disk/ballast"), O_WRONLY | O_CREAT, 0600);
    REQUIRE(fd >= 0, "ballast");
    while (write(fd, block, sizeof(block)) > 0) {
    }
    REQUIRE(errno == ENOSPC, "ballast");
    (void)close(fd);
}

/* Makes keys from number FIRST on; the number of the one that found no room. */
static int create_until_full(CK_SESSION_HANDLE s, int first)
{
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE key = 0;
    for (int i = first;; i++) {
        name_of(i, name);
        const CK_RV rv = key_create(s, name, true, &key);
        if (rv != CKR_OK) {
            REQUIRE(rv == CKR_DEVICE_MEMORY, "a full disk answered 0x%lx", rv);
            return i;
        }
        REQUIRE(i < 20000, "the disk never filled");
    }
}

static void all_there(CK_SESSION_HANDLE s, int n)
{
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE found[2];
    for (int i = 0; i < n; i++) {
        name_of(i, name);
        REQUIRE(find(s, CKO_SECRET_KEY, name, found, 2) == 1, "%s is lost", name);
        OK(key_check(s, found[0], name));
        OK(key_use(s, found[0]));
    }
    name_of(n, name);
    REQUIRE(find(s, CKO_SECRET_KEY, name, found, 2) == 0, "%s is half made", name);
}

/* item 53: what cannot be removed from the disk keeps its handle. */
static void destroy_when_full(CK_SESSION_HANDLE s, int *n)
{
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE found[2];
    name_of(*n - 1, name);
    REQUIRE(find(s, CKO_SECRET_KEY, name, found, 2) == 1, "%s", name);
    const CK_RV rv = p11->C_DestroyObject(s, found[0]);
    if (rv == CKR_OK) {
        REQUIRE(find(s, CKO_SECRET_KEY, name, found, 2) == 0, "%s was destroyed", name);
        --*n;
    } else {
        REQUIRE(rv == CKR_DEVICE_MEMORY, "destroying on a full disk answered 0x%lx", rv);
        OK(key_check(s, found[0], name));
        OK(key_use(s, found[0]));
    }
}

/* The pair that finds no room leaves no half behind. */
static void pairs_until_full(CK_SESSION_HANDLE s)
{
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE half = 0;
    CK_RV rv = CKR_OK;
    for (int i = 0; rv == CKR_OK && i < 1000; i++) {
        snprintf(name, NAME_SIZE, "early pair %d", i);
        rv = pair_generate(s, name);
    }
    REQUIRE(rv == CKR_DEVICE_MEMORY, "a pair on a full disk answered 0x%lx", rv);
    REQUIRE(find(s, CK_UNAVAILABLE_INFORMATION, name, &half, 1) == 0, "half a pair");
}

static void full(void *unused)
{
    (void)unused;
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE key = 0;
    own_disk("size=3m,mode=0700");
    token_make();
    token_start();
    const CK_SESSION_HANDLE s = token_login();
    for (int i = 0; i < 10; i++) {
        name_of(i, name);
        OK(key_create(s, name, true, &key));
    }
    ballast();
    int n = create_until_full(s, 10);
    all_there(s, n);
    destroy_when_full(s, &n);
    pairs_until_full(s);
    REQUIRE(unlink(in_place("disk/ballast")) == 0, "ballast");
    OK(pair_generate(s, "pair"));
    pair_use(s, "pair");
    all_there(s, n);
    OK(p11->C_Finalize(NULL));
    printf("full disk: CKR_DEVICE_MEMORY, nothing lost, and work goes on with room\n");
}

static void full_from_the_start(void *unused)
{
    (void)unused;
    CK_UTF8CHAR label[32];
    own_disk("size=400k,mode=0700");
    ballast();
    memset(label, ' ', sizeof(label));
    module_load();
    CK_RV rv = p11->C_Initialize(NULL);
    if (rv == CKR_OK) {
        rv = p11->C_InitToken(0, (CK_UTF8CHAR *)(uintptr_t) "stress officer", 14, label);
    }
    REQUIRE(rv == CKR_DEVICE_MEMORY, "a first start on a full disk answered 0x%lx", rv);
    printf("first start on a full disk: CKR_DEVICE_MEMORY\n");
}

static void read_only(void *unused)
{
    (void)unused;
    char name[NAME_SIZE];
    CK_OBJECT_HANDLE key = 0;
    own_disk("size=8m,mode=0700");
    token_make();
    token_start();
    CK_SESSION_HANDLE s = token_login();
    for (int i = 0; i < 5; i++) {
        name_of(i, name);
        OK(key_create(s, name, false, &key));
    }
    OK(p11->C_Finalize(NULL));
    REQUIRE(mount("craton", in_place("disk"), NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0, "remount");
    token_start();
    OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s));
    all_there(s, 5);
    OK(p11->C_CloseSession(s));
    CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
    if (rv == CKR_OK) {
        name_of(9, name);
        rv = key_create(s, name, false, &key);
        REQUIRE(rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_USER_NOT_LOGGED_IN,
                "creating on a read-only disk answered 0x%lx", rv);
        rv = p11->C_Login(s, CKU_USER, (CK_UTF8CHAR *)(uintptr_t) "stress user", 11);
    }
    REQUIRE(rv == CKR_OK || rv == CKR_TOKEN_WRITE_PROTECTED, "it answered 0x%lx", rv);
    OK(p11->C_Finalize(NULL));
    printf("read-only disk: public keys are found and used, writing is refused\n");
}

static int needs_root(void (*f)(void *))
{
    const int end = run_child(f, NULL);
    (void)rmdir(in_place("disk"));
    return end == 0 || end == SKIPPED ? 0 : 1;
}

/* ---- flipped bytes ---------------------------------------------------------------------------------- */

static void fill(void *arg)
{
    const int fd = *(const int *)arg;
    char name[NAME_SIZE];
    token_start();
    const CK_SESSION_HANDLE s = token_login();
    for (int i = 0; i < KEYS; i++) {
        CK_OBJECT_HANDLE key = 0;
        name_of(i, name);
        OK(key_create(s, name, i % 8 == 0, &key)); /* most are public: seen without a login */
        REQUIRE(write(fd, &key, sizeof(key)) == (ssize_t)sizeof(key), "pipe");
    }
    OK(p11->C_Finalize(NULL));
}

/* Answers that a damaged store may give. */
static void clear_error(CK_RV rv, const char *what)
{
    REQUIRE(rv == CKR_DEVICE_ERROR, "%s answered 0x%lx", what, rv);
}

/* Uses every key of the damaged store. Each is right, or an error that says so; never wrong, and
 * never as if it had not been made. */
static void use_damaged(void *arg)
{
    const bool with_login = *(const bool *)arg;
    char name[NAME_SIZE];
    CK_SESSION_HANDLE s = 0;
    module_load();
    CK_RV rv = p11->C_Initialize(NULL);
    if (rv == CKR_OK) {
        rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s);
    }
    if (rv == CKR_OK && with_login) {
        rv = p11->C_Login(s, CKU_USER, (CK_UTF8CHAR *)(uintptr_t) "stress user", 11);
    }
    if (rv != CKR_OK) {
        clear_error(rv, "opening");
        _exit(2); /* refused as a whole */
    }
    int damaged = 0;
    for (int i = 0; i < KEYS; i++) {
        if (i % 8 == 0 && !with_login) {
            continue;
        }
        name_of(i, name);
        rv = key_check(s, handles[i], name);
        if (rv == CKR_OK) {
            rv = key_use(s, handles[i]);
        }
        if (rv != CKR_OK) {
            clear_error(rv, name);
            damaged++;
        }
    }
    _exit(damaged == 0 ? 0 : 3);
}

struct sample {
    uint8_t *bytes;
    size_t n;
    int counts[4]; /* by the child's status: 0 no effect, 2 refused as a whole, 3 damaged objects */
};

static void load(const char *tail, struct sample *ret)
{
    struct stat st;
    const int fd = open(in_place(tail), O_RDONLY);
    REQUIRE(fd >= 0 && fstat(fd, &st) == 0, "%s", tail);
    ret->n = (size_t)st.st_size;
    ret->bytes = malloc(ret->n);
    REQUIRE(ret->bytes != NULL && read(fd, ret->bytes, ret->n) == st.st_size, "%s", tail);
    (void)close(fd);
}

static void store(const char *tail, const struct sample *s, size_t n)
{
    const int fd = open(in_place(tail), O_WRONLY | O_TRUNC);
    REQUIRE(fd >= 0 && write(fd, s->bytes, n) == (ssize_t)n, "%s", tail);
    (void)close(fd);
}

static int try_it(const char *tail, struct sample *s, size_t at, bool with_login)
{
    const int end = run_child(use_damaged, &with_login);
    if (end != 0 && end != 2 && end != 3) {
        fprintf(stderr, "%s damaged at %zu: ended with %d\n", tail, at, end);
        return 1;
    }
    s->counts[end]++;
    return 0;
}

static int flips(const char *tail, size_t step, int login_every)
{
    struct sample s = {0};
    int failed = 0;
    int round = 0;
    load(tail, &s);
    for (size_t at = 0; at < s.n; at += step, round++) {
        s.bytes[at] ^= (uint8_t)(1u << (at % 8));
        store(tail, &s, s.n);
        s.bytes[at] ^= (uint8_t)(1u << (at % 8));
        failed += try_it(tail, &s, at, round % login_every == 0);
    }
    for (size_t n = 0; n < s.n; n += s.n / 12 + 1) { /* and cut short */
        store(tail, &s, n);
        failed += try_it(tail, &s, n, false);
    }
    store(tail, &s, s.n);
    printf("%s, %d flips and cuts: %d without effect, %d refused as a whole, %d with objects that "
           "say so\n",
           tail, s.counts[0] + s.counts[2] + s.counts[3], s.counts[0], s.counts[2], s.counts[3]);
    free(s.bytes);
    return failed;
}

static int damage(void)
{
    int fd[2];
    place_configure(in_place("store"));
    token_make();
    REQUIRE(pipe(fd) == 0, "pipe");
    REQUIRE(run_child(fill, &fd[1]) == 0, "the keys cannot be made");
    for (int i = 0; i < KEYS; i++) {
        REQUIRE(read(fd[0], &handles[i], sizeof(handles[i])) == (ssize_t)sizeof(handles[i]),
                "pipe");
    }
    int failed = 0;
    bool with_login = true;
    REQUIRE(run_child(use_damaged, &with_login) == 0, "the sound store");
    failed += flips("store/data.mdb", 409, 25);
    failed += flips("store/device.key", 5, 4);
    REQUIRE(run_child(use_damaged, &with_login) == 0, "the sound store, put back");
    return failed;
}

int main(void)
{
    place_make();
    int failed = needs_root(full);
    failed += needs_root(full_from_the_start);
    failed += needs_root(read_only);
    failed += damage();
    place_remove();
    return failed != 0;
}
