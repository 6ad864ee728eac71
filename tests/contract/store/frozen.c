/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's format is frozen: what the first version wrote opens and is complete. The file was
 * made by "contract_store_frozen FILE" when the format was settled; it is never made again.
 */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ITEMS = 60, MANY = 2500 };

static const struct store_engine *e;
static char path[64];

static void copy(const char *from, const char *to)
{
    static uint8_t block[1 << 20];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    const size_t n = fread(block, 1, sizeof(block), in);
    assert_true(n > 4096 && n < sizeof(block));
    assert_int_equal(fwrite(block, 1, n, out), n);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, 0600), 0);
}

static void make(struct store *s)
{
    static const uint8_t big[10000] = "a value of several pages";
    for (uint64_t i = 1; i <= ITEMS; i++) {
        assert_ok(item_put(e, s, i));
    }
    struct store_txn *t = NULL;
    assert_ok(e->begin(s, true, &t));
    for (uint64_t i = 1; i <= MANY; i++) {
        assert_ok(e->index_add(t, BYTES_STR("many"), i * 3));
    }
    assert_ok(e->put(t, STORE_META, BYTES_STR("name"), BYTES_STR("value")));
    assert_ok(e->put(t, STORE_OBJECT, BYTES_STR("big"), BYTES(big, sizeof(big))));
    assert_ok(e->commit(t));
}

static void it_is_complete(struct store *s)
{
    static uint64_t ids[MANY + 1];
    size_t n = 0;
    struct bytes v = BYTES_NONE;
    for (uint64_t i = 1; i <= ITEMS; i++) {
        item_assert(e, s, i, true);
    }
    struct store_txn *t = NULL;
    assert_ok(e->begin(s, false, &t));
    assert_ok(e->index_read(t, BYTES_STR("many"), 0, ids, MANY + 1, &n));
    assert_int_equal(n, MANY);
    assert_int_equal(ids[MANY - 1], MANY * 3);
    assert_ok(e->get(t, STORE_META, BYTES_STR("name"), &v));
    assert_true(bytes_equal(v, BYTES_STR("value")));
    assert_ok(e->get(t, STORE_OBJECT, BYTES_STR("big"), &v));
    assert_int_equal(v.n, 10000);
    assert_memory_equal(v.p, "a value of several pages", 25);
    e->abort(t);
}

static void r118_version_1_opens(void **state)
{
    (void)state;
    struct store *s = NULL;
    char inner[96];
    (void)snprintf(inner, sizeof(inner), "%s/s", path);
    assert_int_equal(mkdir(inner, 0700), 0);
    (void)snprintf(inner, sizeof(inner), "%s/s/data.mdb", path);
    copy(CRATON_VECTORS "/store-v1.mdb", inner);
    assert_ok(scratch_open(path, &s));
    it_is_complete(s);
    assert_ok(item_put(e, s, ITEMS + 1));
    e->close(s);
    assert_ok(scratch_open(path, &s));
    it_is_complete(s);
    item_assert(e, s, ITEMS + 1, true);
    e->close(s);
}

int main(int argc, char **argv)
{
    e = store_engine_lmdb();
    scratch_make(path);
    if (argc == 2) {
        struct store *s = NULL;
        char inner[96];
        assert_ok(scratch_open(path, &s));
        make(s);
        e->close(s);
        (void)snprintf(inner, sizeof(inner), "%s/s/data.mdb", path);
        copy(inner, argv[1]);
        scratch_remove(path);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(r118_version_1_opens)};
    const int failed = cmocka_run_group_tests_name("store: frozen format", tests, NULL, NULL);
    scratch_remove(path);
    return failed;
}
