/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock. Pure: bytes in, bytes out; core keeps them in the store.
 *
 *   device key (file, 0600) ── token state record (sealed)
 *        └─ public keys of a token: records and index of CKA_PRIVATE=false objects
 *   token master key (random, per generation), wrapped under the SO PIN and under the user PIN
 *        └─ private keys of a token: records and index of CKA_PRIVATE=true objects
 *
 * Public objects must be readable without a PIN, so their key hangs on the device key: someone who
 * has the store without that file reads nothing.
 */
#ifndef CRATON_SEAL_SEAL_H
#define CRATON_SEAL_SEAL_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/secret.h"

struct crypto;

#define SEAL_KEY_SIZE 32
#define SEAL_TOKEN_ID_SIZE 16
#define SEAL_BLIND_SIZE 16
#define SEAL_LABEL_SIZE 32

/* ---- the device key --------------------------------------------------------------------------- */

/* Reads DIR/device.key (32 bytes and a checksum). RC_NOT_FOUND; RC_STORE_ACCESS when it is a link,
 * not ours, or readable by others; RC_STORE_CORRUPT. Caller frees *RET. */
NODISCARD enum rc seal_device_key_read(const struct crypto *c, const char *dir,
                                       struct secret **ret);
/* Makes it when absent, durably and atomically (two processes at once: one wins, both get the same
 * key). RC_DEVICE_MEMORY when the disk is full. */
NODISCARD enum rc seal_device_key_make(const struct crypto *c, const char *dir,
                                       struct secret **ret);

/* ---- token state ------------------------------------------------------------------------------ */

enum seal_account { SEAL_SO, SEAL_USER, SEAL_ACCOUNTS };

struct seal_pin {
    bool set;
    uint32_t iterations; /* PBKDF2-HMAC-SHA256 */
    uint8_t salt[32];    /* fresh at each change */
    uint8_t
        wrapped[12 + 32 + 16]; /* nonce, master key, tag: AES-256-GCM, AAD = token id, account */
    uint32_t failed;           /* attempts since the last success, counted before comparing */
    uint64_t last_failed_ms;   /* when, milliseconds since 1970 */
};

struct seal_state {
    uint8_t token_id[SEAL_TOKEN_ID_SIZE]; /* random, new at each C_InitToken */
    uint32_t generation;                  /* of the master key */
    uint8_t label[SEAL_LABEL_SIZE];       /* blank padded */
    uint64_t created_ms;
    uint64_t change; /* counts each write of this state */
    struct seal_pin pin[SEAL_ACCOUNTS];
};

/* The sealed record of a state (AES-256-GCM under a key from the device key; AAD: slot). */
NODISCARD enum rc seal_state_write(const struct crypto *c, const struct secret *device,
                                   uint32_t slot, const struct seal_state *s, struct buf *ret);
/* RC_STORE_CORRUPT when it was altered or belongs to another slot or device; RC_STORE_FORMAT for an
 * unknown version. Never "uninitialised". */
NODISCARD enum rc seal_state_read(const struct crypto *c, const struct secret *device,
                                  uint32_t slot, struct bytes record, struct seal_state *ret);

/* ---- PINs --------------------------------------------------------------------------------------- */

/* A new token: id, master key, SO account. Caller frees *RET_MASTER. */
NODISCARD enum rc seal_token_new(const struct crypto *c, struct bytes label32, struct bytes so_pin,
                                 unsigned iterations, uint64_t now_ms, struct seal_state *ret,
                                 struct secret **ret_master);

/* Wraps the master key under PIN with a fresh salt; clears the account's failures. */
NODISCARD enum rc seal_pin_set(const struct crypto *c, struct seal_state *s, enum seal_account a,
                               struct bytes pin, unsigned iterations, const struct secret *master);

/* RC_PIN_INCORRECT, RC_USER_PIN_NOT_INITIALIZED. Compares by unwrapping only (AEAD). Does not look
 * at the counters. Caller frees *RET_MASTER. */
NODISCARD enum rc seal_pin_open(const struct crypto *c, const struct seal_state *s,
                                enum seal_account a, struct bytes pin, struct secret **ret_master);

/* Milliseconds that the next attempt has to wait: min(100 * 2^(failed-1), 5000) since the last
 * failure; 0 when none is due. Never more than 5000, whatever the clock did. */
unsigned seal_pin_wait_ms(const struct seal_pin *p, uint64_t now_ms);

/* ---- records ------------------------------------------------------------------------------------ */

enum seal_domain { SEAL_PUBLIC, SEAL_PRIVATE };
enum seal_part { SEAL_ATTRIBUTES, SEAL_SECRETS, SEAL_COUNTERS };

struct seal_keys; /* record and index keys of one domain of one token; immutable, any thread */

/* ROOT: device key for SEAL_PUBLIC, master key for SEAL_PRIVATE. Caller frees by seal_keys_free. */
NODISCARD enum rc seal_keys_new(const struct crypto *c, const struct secret *root,
                                const uint8_t token_id[SEAL_TOKEN_ID_SIZE], uint32_t generation,
                                enum seal_domain domain, struct seal_keys **ret);
void seal_keys_free(struct seal_keys *k); /* NULL allowed; wipes */

/* Seals one part of an object. The key is derived for (object, part); fresh random nonce; AAD is
 * format, token id, domain, object id, version, part. */
NODISCARD enum rc seal_record(const struct seal_keys *k, uint64_t object, uint64_t version,
                              enum seal_part part, struct bytes plain, struct buf *ret);

/* The version and domain that a record claims (not yet proved), for choosing the key.
 * RC_STORE_CORRUPT when too short, RC_STORE_FORMAT when of a newer format. */
NODISCARD enum rc seal_record_peek(struct bytes record, enum seal_domain *ret_domain,
                                   uint64_t *ret_version);

/* RC_STORE_CORRUPT when anything differs from what was sealed. One of RET_PUBLIC (replaces the
 * content) and RET_SECRET (caller frees) is given, the other NULL. */
NODISCARD enum rc seal_open_record(const struct seal_keys *k, uint64_t object, uint64_t version,
                                   enum seal_part part, struct bytes record, struct buf *ret_public,
                                   struct secret **ret_secret);

/* The blinded name of an index term: HMAC-SHA256(index key, term), first 16 bytes. */
NODISCARD enum rc seal_blind(const struct seal_keys *k, struct bytes term,
                             uint8_t ret[SEAL_BLIND_SIZE]);

#endif
