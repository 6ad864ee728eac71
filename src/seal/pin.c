/* SPDX-License-Identifier: Apache-2.0
 *
 * PINs: the master key of a token, wrapped under a key from the PIN. There is no verifier beside
 * the wrapping: a PIN is right when the wrapped key opens.
 */
#include "aead.h"
#include "seal.h"

#define WAIT_FIRST_MS 100u
#define WAIT_MOST_MS 5000u

static enum rc pin_aad(const struct seal_state *s, enum seal_account a, struct buf *ret)
{
    TRY(buf_add_bytes(ret, BYTES_STR(LABEL_PIN)));
    TRY(buf_add(ret, s->token_id, sizeof(s->token_id)));
    TRY(buf_add_u32_be(ret, s->generation));
    return buf_add_u8(ret, (uint8_t)a);
}

enum rc seal_token_new(const struct crypto *c, struct bytes label32, struct bytes so_pin,
                       unsigned iterations, uint64_t now_ms, struct seal_state *ret,
                       struct secret **ret_master)
{
    REQUIRE(label32.n == SEAL_LABEL_SIZE, RC_ARGUMENTS_BAD);
    struct seal_state s = {.generation = 1, .created_ms = now_ms};
    TRY(rng_bytes(c->rng, s.token_id, sizeof(s.token_id)));
    mem_copy(s.label, label32.p, sizeof(s.label));
    AUTO_SECRET struct secret *master = secret_new(SEAL_KEY_SIZE);
    REQUIRE(master != NULL, RC_HOST_MEMORY);
    TRY(rng_bytes(c->rng, master->p, master->n));
    TRY(seal_pin_set(c, &s, SEAL_SO, so_pin, iterations, master));
    *ret = s;
    *ret_master = TAKE(master);
    return RC_OK;
}

enum rc seal_pin_set(const struct crypto *c, struct seal_state *s, enum seal_account a,
                     struct bytes pin, unsigned iterations, const struct secret *master)
{
    REQUIRE(a < SEAL_ACCOUNTS && iterations > 0 && master->n == SEAL_KEY_SIZE, RC_ARGUMENTS_BAD);
    struct seal_pin p = {.set = true, .iterations = iterations};
    AUTO_BUF struct buf aad = BUF_INIT;
    AUTO_SECRET struct secret *kek = NULL;
    TRY(rng_bytes(c->rng, p.salt, sizeof(p.salt)));
    TRY(crypto_pbkdf2(c, HASH_SHA256, pin, BYTES(p.salt, sizeof(p.salt)), iterations, SEAL_KEY_SIZE,
                      &kek));
    TRY(pin_aad(s, a, &aad));
    TRY(aead_seal(c, kek, buf_view(&aad), master->p, master->n, p.wrapped));
    s->pin[a] = p;
    return RC_OK;
}

enum rc seal_pin_open(const struct crypto *c, const struct seal_state *s, enum seal_account a,
                      struct bytes pin, struct secret **ret_master)
{
    REQUIRE(a < SEAL_ACCOUNTS, RC_ARGUMENTS_BAD);
    const struct seal_pin *p = &s->pin[a];
    REQUIRE(p->set, RC_USER_PIN_NOT_INITIALIZED);
    AUTO_BUF struct buf aad = BUF_INIT;
    AUTO_SECRET struct secret *kek = NULL;
    AUTO_SECRET struct secret *master = secret_new(SEAL_KEY_SIZE);
    REQUIRE(master != NULL, RC_HOST_MEMORY);
    TRY(crypto_pbkdf2(c, HASH_SHA256, pin, BYTES(p->salt, sizeof(p->salt)), p->iterations,
                      SEAL_KEY_SIZE, &kek));
    TRY(pin_aad(s, a, &aad));
    const enum rc rc =
        aead_open(c, kek, buf_view(&aad), BYTES(p->wrapped, sizeof(p->wrapped)), master->p);
    /* the state's own seal was proved before: what does not open is a wrong PIN */
    REQUIRE(rc != RC_STORE_CORRUPT, RC_PIN_INCORRECT);
    TRY(rc);
    *ret_master = TAKE(master);
    return RC_OK;
}

unsigned seal_pin_wait_ms(const struct seal_pin *p, uint64_t now_ms)
{
    if (p->failed == 0) {
        return 0;
    }
    unsigned wait = WAIT_MOST_MS;
    if (p->failed <= 6) { /* 100, 200, 400, 800, 1600, 3200 */
        wait = WAIT_FIRST_MS << (p->failed - 1);
    }
    if (now_ms < p->last_failed_ms) { /* the clock went back */
        return wait;
    }
    const uint64_t since = now_ms - p->last_failed_ms;
    return since >= wait ? 0 : wait - (unsigned)since;
}
