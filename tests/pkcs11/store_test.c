/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies on the disk: nothing readable, nothing editable, and clear answers when the disk is
 * full, closed or damaged. How the module leaves a process.
 */
#include "harness.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char needle[] = "a needle in the hay stack of bytes";

static void store_path(char out[512])
{
    snprintf(out, 512, "%s/store", world_dir());
}

/* Calls FN for each regular file of the store. */
static void each_file(void (*fn)(const char *path, void *arg), void *arg)
{
    char dir[512], path[1024];
    store_path(dir);
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            fn(path, arg);
        }
    }
    closedir(d);
}

static unsigned char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    unsigned char *p = malloc(*n + 1);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, *n, f), *n);
    fclose(f);
    return p;
}

static void no_needle(const char *path, void *bytes)
{
    size_t n;
    unsigned char *p = slurp(path, &n);
    assert_null(memmem(p, n, needle, sizeof needle - 1));
    assert_null(memmem(p, n, USER_PIN, sizeof USER_PIN - 1));
    assert_null(memmem(p, n, SO_PIN, sizeof SO_PIN - 1));
    *(size_t *)bytes += n;
    free(p);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600); /* item 113 */
}

static CK_OBJECT_HANDLE hay(CK_SESSION_HANDLE s, bool private)
{
    CK_OBJECT_HANDLE o = 0;
    OK(p11->C_CreateObject(s,
                           T(AU(CKA_CLASS, CKO_DATA), AB(CKA_TOKEN, CK_TRUE),
                             AB(CKA_PRIVATE, private), AS(CKA_LABEL, needle),
                             AS(CKA_APPLICATION, needle), AS(CKA_VALUE, needle)),
                           &o));
    return o;
}

static void r112_nothing_on_disk_is_readable(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    hay(s, true);
    hay(s, false);
    size_t bytes = 0;
    each_file(no_needle, &bytes);
    assert_true(bytes > 0);
}

/* ---- damage ---- */

struct flip {
    size_t at;
    bool done;
};

static void flip_byte(const char *path, void *arg)
{
    struct flip *f = arg;
    size_t n;
    if (strstr(path, "lock") != NULL || f->done) {
        return;
    }
    unsigned char *p = slurp(path, &n);
    if (f->at < n) {
        const int fd = open(path, O_WRONLY);
        assert_true(fd >= 0);
        const unsigned char changed = p[f->at] ^ 0x40;
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)f->at), 1);
        close(fd);
        f->done = true;
    } else {
        f->at -= n;
    }
    free(p);
}

/* In a process of its own: every object that can be read is what it was. */
static void reads_truth_or_errors(void *unused)
{
    (void)unused;
    if (p11->C_Initialize(NULL) != CKR_OK) {
        return;
    }
    CK_SESSION_HANDLE s = 0;
    if (p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) == CKR_OK) {
        (void)p11->C_Login(s, CKU_USER, PIN(USER_PIN));
        if (p11->C_FindObjectsInit(s, NULL, 0) == CKR_OK) {
            CK_OBJECT_HANDLE list[16];
            CK_ULONG n = 0;
            (void)p11->C_FindObjects(s, list, LEN(list), &n);
            for (CK_ULONG i = 0; i < n; i++) {
                char v[64];
                CK_ATTRIBUTE a = AX(CKA_VALUE, v, sizeof v);
                if (p11->C_GetAttributeValue(s, list[i], &a, 1) == CKR_OK) {
                    assert_int_equal(a.ulValueLen, sizeof needle - 1);
                    assert_memory_equal(v, needle, sizeof needle - 1);
                }
            }
        }
    }
    (void)p11->C_Finalize(NULL);
}

static void add_size(const char *path, void *total)
{
    struct stat st;
    if (strstr(path, "lock") == NULL && stat(path, &st) == 0) {
        *(size_t *)total += (size_t)st.st_size;
    }
}

static void r112_a_flipped_byte_is_never_believed(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    hay(s, true);
    hay(s, false);
    OK(p11->C_Finalize(NULL));
    size_t total = 0;
    each_file(add_size, &total);
    assert_true(total > 4096);
    for (size_t at = 3; at < total; at += total / 60 + 1) {
        struct flip f = {at, false};
        each_file(flip_byte, &f);
        assert_true(f.done);
        assert_true(in_child(reads_truth_or_errors, NULL));
        f = (struct flip){at, false};
        each_file(flip_byte, &f); /* and back */
    }
    OK(p11->C_Initialize(NULL));
    CK_OBJECT_HANDLE list[2];
    assert_int_equal(find(user_session(), T(AS(CKA_LABEL, needle)), list, 2), 2);
}

/* ---- a disk that takes no more ---- */

static void fills_the_disk(void *unused)
{
    (void)unused;
    signal(SIGXFSZ, SIG_IGN);
    OK(p11->C_Initialize(NULL));
    const CK_SESSION_HANDLE s = user_session();
    size_t total = 0;
    each_file(add_size, &total);
    const struct rlimit limit = {total + 65536, total + 65536}; /* for each file */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    static CK_BYTE big[20000];
    CK_RV rv = CKR_OK;
    CK_ULONG made = 0;
    for (int i = 0; i < 100 && rv == CKR_OK; i++) {
        CK_OBJECT_HANDLE o = 0;
        rv = p11->C_CreateObject(s,
                                 T(AU(CKA_CLASS, CKO_DATA), AB(CKA_TOKEN, CK_TRUE),
                                   AS(CKA_LABEL, "bulk"), AX(CKA_VALUE, big, sizeof big)),
                                 &o);
        made += rv == CKR_OK;
    }
    ONE_OF(rv, CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR);
    assert_int_equal(find(s, T(AS(CKA_LABEL, "bulk")), NULL, 0), made);
    CK_OBJECT_HANDLE list[1];
    assert_int_equal(find(s, T(AS(CKA_LABEL, needle)), list, 1), 1);
    char v[64];
    assert_int_equal(attr_bytes(s, list[0], CKA_VALUE, v, sizeof v), sizeof needle - 1);
    OK(p11->C_Finalize(NULL));
}

static void r111_a_full_disk(void **state)
{
    (void)state;
    CK_SESSION_HANDLE s = user_session();
    hay(s, false);
    OK(p11->C_Finalize(NULL));
    assert_true(in_child(fills_the_disk, NULL));
    OK(p11->C_Initialize(NULL));
    s = user_session();
    assert_int_equal(find(s, T(AS(CKA_LABEL, needle)), NULL, 0), 1);
    data_object(s, true, "room again");
}

static void may_not_write(void *unused)
{
    (void)unused;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
        return;
    }
    OK(p11->C_Initialize(NULL)); /* p11-kit loads us into every program: no error here */
    CK_ULONG n = 4;
    CK_SLOT_ID list[4];
    OK(p11->C_GetSlotList(CK_FALSE, list, &n));
    CK_TOKEN_INFO info;
    const CK_RV rv = p11->C_GetTokenInfo(list[0], &info);
    CK_SESSION_HANDLE s = 0;
    if (rv == CKR_OK) {
        REFUSED(p11->C_OpenSession(list[0], CKF_SERIAL_SESSION, NULL, NULL, &s));
    }
    OK(p11->C_Finalize(NULL));
}

static void r109_a_process_without_the_right_to_the_store(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    OK(p11->C_Finalize(NULL));
    assert_int_equal(chmod(world_dir(), 0755), 0);
    char path[512];
    snprintf(path, sizeof path, "%s/craton_hsm.toml", world_dir());
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(in_child(may_not_write, NULL));
    OK(p11->C_Initialize(NULL));
}

/* ---- how we leave ---- */

static void leaves_without_goodbye(void *unused)
{
    (void)unused;
    OK(p11->C_Initialize(NULL));
    const CK_SESSION_HANDLE s = user_session();
    aes_key(s, 16);
    if (fork() == 0) { /* and exit handlers run, in a grandchild as well */
        exit(0);
    }
    exit(0);
}

static void r104_exit_without_finalize(void **state)
{
    (void)state;
    OK(p11->C_Finalize(NULL));
    for (int i = 0; i < 3; i++) {
        assert_true(in_child(leaves_without_goodbye, NULL));
    }
    OK(p11->C_Initialize(NULL));
}

static void unloads(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        void *dl = dlopen(getenv("CRATON_MODULE"), RTLD_NOW | RTLD_LOCAL);
        assert_non_null(dl);
        OK(p11->C_Initialize(NULL));
        aes_key(user_session(), 16);
        OK(p11->C_Finalize(NULL));
        assert_int_equal(dlclose(dl), 0);
    }
    exit(0);
}

static void r104_unloading(void **state)
{
    (void)state;
    OK(p11->C_Finalize(NULL));
    assert_true(in_child(unloads, NULL));
    OK(p11->C_Initialize(NULL));
}

static void r101_secrets_do_not_reach_a_core_file(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    aes_key(s, 16);
    /* the pages of secrets are marked "dd" (do not dump) in the map of the process */
    FILE *f = fopen("/proc/self/smaps", "r");
    if (f == NULL) {
        skip();
    }
    char line[512];
    bool marked = false;
    while (fgets(line, sizeof line, f) != NULL) {
        marked = marked || (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dd") != NULL);
    }
    fclose(f);
    assert_true(marked);
}

static void r120_dates_are_kept(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE s = user_session();
    CK_OBJECT_HANDLE k = 0;
    CK_DATE from = {"2020", "01", "02"}, to = {"2099", "12", "31"}, back;
    OK(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
                          T(AU(CKA_VALUE_LEN, 16), AB(CKA_ENCRYPT, CK_TRUE),
                            AX(CKA_START_DATE, &from, sizeof from),
                            AX(CKA_END_DATE, &to, sizeof to)),
                          &k));
    assert_int_equal(attr_bytes(s, k, CKA_START_DATE, &back, sizeof back), 8);
    assert_memory_equal(&back, &from, sizeof from);
    assert_int_equal(attr_bytes(s, k, CKA_END_DATE, &back, sizeof back), 8);
    assert_memory_equal(&back, &to, sizeof to);
    OK(p11->C_EncryptInit(s, MECH(CKM_AES_ECB), k));
    CK_TOKEN_INFO info;
    OK(p11->C_GetTokenInfo(slot, &info));
    assert_false(info.flags & CKF_CLOCK_ON_TOKEN);
    CK_DATE none = {"20xx", "13", "99"};
    REFUSED(p11->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
                               T(AU(CKA_VALUE_LEN, 16), AX(CKA_START_DATE, &none, sizeof none)),
                               &k));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r112_nothing_on_disk_is_readable),
        TEST(r112_a_flipped_byte_is_never_believed),
        TEST(r111_a_full_disk),
        TEST(r109_a_process_without_the_right_to_the_store),
        TEST(r104_exit_without_finalize),
        TEST(r104_unloading),
        TEST(r101_secrets_do_not_reach_a_core_file),
        TEST(r120_dates_are_kept),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
