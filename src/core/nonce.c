/* SPDX-License-Identifier: Apache-2.0
 *
 * Nonces for AES-GCM without a parameter: 4 random bytes and an 8-byte counter. The counter of a
 * token key is reserved in the store in blocks before the first of a block is used, so that no
 * crash, restart or second process gives one twice; each block draws new random bytes, so that an
 * older copy of the store does not either.
 */
#include "hall.h"

#define NONCE_BLOCK 1024u
#define NONCE_LIMIT (1ull << 31) /* of one key */
#define NONCE_WARN (NONCE_LIMIT / 4 * 3)

struct nonce_block {
    uint8_t prefix[4];
    uint64_t next, end;
};

void nonces_free(struct token *t)
{
    uint64_t id = 0;
    void *value = NULL;
    for (size_t i = 0; map_next(&t->nonces, &i, &id, &value);) {
        mem_free(map_take(&t->nonces, id));
    }
}

/* The counter as stored: 8 bytes little endian, sealed as a part of the object. The version of the
 * record is the counter itself. */
static enum rc advance(struct token *t, struct store_txn *txn, const struct object *key,
                       uint64_t *ret_from)
{
    const struct store_engine *engine = t->hsm->engine;
    const enum seal_domain domain =
        (object_flags(key) & OBJECT_PRIVATE) != 0 ? SEAL_PRIVATE : SEAL_PUBLIC;
    AUTO_BUF struct buf plain = BUF_INIT;
    AUTO_BUF struct buf sealed = BUF_INIT;
    uint8_t place[VAULT_KEY_SIZE];
    struct bytes record = BYTES_NONE;
    vault_store_key(t, object_id(key), SEAL_ATTRIBUTES, place);
    enum rc rc = engine->get(txn, STORE_OBJECT, BYTES(place, sizeof place), &record);
    REQUIRE(rc != RC_NOT_FOUND, RC_KEY_HANDLE_INVALID); /* destroyed meanwhile */
    TRY(rc);
    REQUIRE(t->keys[domain] != NULL, RC_USER_NOT_LOGGED_IN);
    vault_store_key(t, object_id(key), SEAL_COUNTERS, place);
    uint64_t from = 0;
    rc = engine->get(txn, STORE_OBJECT, BYTES(place, sizeof place), &record);
    if (rc == RC_OK) {
        enum seal_domain claimed = SEAL_PUBLIC;
        uint64_t version = 0;
        TRY(seal_record_peek(record, &claimed, &version));
        TRY(seal_open_record(t->keys[domain], object_id(key), version, SEAL_COUNTERS, record,
                             &plain, NULL));
        REQUIRE(plain.n == 8, RC_STORE_CORRUPT);
        from = get_u64_le(plain.p);
    } else if (rc != RC_NOT_FOUND) {
        return rc;
    }
    REQUIRE(from + NONCE_BLOCK <= NONCE_LIMIT, RC_KEY_EXHAUSTED);
    uint8_t next[8];
    put_u64_le(next, from + NONCE_BLOCK);
    TRY(seal_record(t->keys[domain], object_id(key), from + NONCE_BLOCK, SEAL_COUNTERS,
                    BYTES(next, sizeof next), &sealed));
    TRY(engine->put(txn, STORE_OBJECT, BYTES(place, sizeof place), buf_view(&sealed)));
    *ret_from = from;
    return RC_OK;
}

static enum rc reserve(struct token *t, const struct object *key, struct nonce_block *block)
{
    struct hsm *h = t->hsm;
    uint64_t from = block->end;
    TRY(rng_bytes(h->crypto->rng, block->prefix, sizeof block->prefix));
    if ((object_flags(key) & OBJECT_TOKEN) != 0) {
        struct store *store = NULL;
        struct store_txn *txn = NULL;
        TRY(hall_store(h, &store));
        TRY(h->engine->begin(store, true, &txn));
        const enum rc rc = advance(t, txn, key, &from);
        if (rc != RC_OK) {
            h->engine->abort(txn);
            return rc;
        }
        TRY(h->engine->commit(txn));
    }
    REQUIRE(from + NONCE_BLOCK <= NONCE_LIMIT, RC_KEY_EXHAUSTED);
    if (from >= NONCE_WARN) {
        log_warn("a key of slot %u has used three quarters of its nonces", t->slot);
    }
    block->next = from;
    block->end = from + NONCE_BLOCK;
    return RC_OK;
}

static enum rc take(struct token *t, const struct object *key, uint8_t ret[12])
{
    struct nonce_block *block = map_get(&t->nonces, object_id(key));
    if (block == NULL) {
        AUTO_FREE struct nonce_block *fresh = mem_alloc(sizeof *fresh);
        REQUIRE(fresh != NULL, RC_HOST_MEMORY);
        TRY(map_put(&t->nonces, object_id(key), fresh));
        block = TAKE(fresh);
    }
    if (block->next == block->end) {
        TRY(reserve(t, key, block));
    }
    mem_copy(ret, block->prefix, 4);
    put_u64_be(ret + 4, block->next++);
    return RC_OK;
}

enum rc vault_next_nonce(void *ctx, const struct object *key, uint8_t ret[12])
{
    struct token *t = ctx;
    rwlock_write(&t->objects_lock);
    const enum rc rc = take(t, key, ret);
    rwlock_drop(&t->objects_lock);
    return rc;
}
