/* SPDX-License-Identifier: Apache-2.0
 *
 * The device key's file.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    fixture_dir(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_dir_remove(dir);
    return 0;
}

static const char *file(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void refused(enum rc want)
{
    AUTO_SECRET struct secret *k = NULL;
    assert_rc(seal_device_key_read(crypto, dir, &k), want);
    assert_rc(seal_device_key_make(crypto, dir, &k), want); /* never replaced */
    assert_null(k);
}

static void made_once_and_read(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *a = NULL;
    AUTO_SECRET struct secret *b = NULL;
    AUTO_SECRET struct secret *c = NULL;
    assert_rc(seal_device_key_read(crypto, dir, &a), RC_NOT_FOUND);
    const mode_t mask = umask(0777);
    const enum rc rc = seal_device_key_make(crypto, dir, &a);
    (void)umask(mask);
    assert_ok(rc);
    assert_int_equal(a->n, SEAL_KEY_SIZE);
    assert_ok(seal_device_key_make(crypto, dir, &b));
    assert_ok(seal_device_key_read(crypto, dir, &c));
    assert_true(secret_equal(a, b) && secret_equal(a, c));
    struct stat st;
    assert_int_equal(stat(file("device.key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 56);
    assert_rc(seal_device_key_make(crypto, "/nonexistent/place", &b), RC_NOT_FOUND);
}

static void a_flipped_byte_is_seen(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *a = NULL;
    assert_ok(seal_device_key_make(crypto, dir, &a));
    const int fd = open(file("device.key"), O_RDWR);
    assert_true(fd >= 0);
    for (off_t i = 0; i < 56; i++) {
        uint8_t c = 0;
        assert_int_equal(pread(fd, &c, 1, i), 1);
        c ^= 0x20;
        assert_int_equal(pwrite(fd, &c, 1, i), 1);
        refused(RC_STORE_CORRUPT);
        c ^= 0x20;
        assert_int_equal(pwrite(fd, &c, 1, i), 1);
    }
    assert_int_equal(ftruncate(fd, 55), 0);
    refused(RC_STORE_CORRUPT);
    assert_int_equal(ftruncate(fd, 0), 0);
    refused(RC_STORE_CORRUPT);
    (void)close(fd);
}

static void modes_and_links(void **state)
{
    (void)state;
    AUTO_SECRET struct secret *a = NULL;
    assert_ok(seal_device_key_make(crypto, dir, &a));
    assert_int_equal(chmod(file("device.key"), 0640), 0);
    refused(RC_STORE_ACCESS);
    assert_int_equal(chmod(file("device.key"), 0600), 0);
    char real[128];
    (void)snprintf(real, sizeof(real), "%s/real", dir);
    assert_int_equal(rename(file("device.key"), real), 0);
    assert_int_equal(symlink("real", file("device.key")), 0);
    refused(RC_STORE_ACCESS);
    assert_int_equal(unlink(file("device.key")), 0);
    assert_int_equal(mkfifo(file("device.key"), 0600), 0);
    refused(RC_STORE_ACCESS);
    assert_int_equal(chmod(dir, 0770), 0);
    refused(RC_STORE_ACCESS);
    if (geteuid() == 0) {
        assert_int_equal(chmod(dir, 0700), 0);
        assert_int_equal(unlink(file("device.key")), 0);
        assert_int_equal(rename(real, file("device.key")), 0);
        assert_int_equal(chown(file("device.key"), 12345, 12345), 0);
        refused(RC_STORE_ACCESS);
    }
}

static void *make(void *arg)
{
    struct secret **ret = arg;
    assert_int_equal(seal_device_key_make(crypto, dir, ret), RC_OK);
    return NULL;
}

static void many_at_once_agree(void **state)
{
    (void)state;
    pthread_t t[8];
    struct secret *k[8] = {NULL};
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_int_equal(pthread_create(&t[i], NULL, make, &k[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_true(secret_equal(k[0], k[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        secret_free(k[i]);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(made_once_and_read),
        T(a_flipped_byte_is_seen),
        T(modes_and_links),
        T(many_at_once_agree),
    };
    return cmocka_run_group_tests_name("seal: device key", tests, fixture_open, fixture_close);
}
