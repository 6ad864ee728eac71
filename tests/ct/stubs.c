/* SPDX-License-Identifier: Apache-2.0
 *
 * The marks, and stand-ins for a library's hashes: the real ones are not under test here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct.h"
#include "hmac.h"
#ifdef CT_WATCHED
#include <valgrind/memcheck.h>
#endif

/* ---- marks ---------------------------------------------------------------------------------------- */

bool ct_running(void)
{
#ifdef CT_WATCHED
    uint8_t probe = 0;

    ct_hide(&probe, 1);
    return ct_is_hidden(&probe, 1);
#else
    return false;
#endif
}

void ct_hide(const void *p, size_t n)
{
#ifdef CT_WATCHED
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
#else
    (void)p, (void)n;
#endif
}

void ct_reveal(const void *p, size_t n)
{
#ifdef CT_WATCHED
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
#else
    (void)p, (void)n;
#endif
}

/* How many of N bytes have a bit that is marked. */
static size_t hidden_bytes(const void *p, size_t n)
{
    size_t count = 0;
#ifdef CT_WATCHED
    for (size_t i = 0; i < n; i++) {
        uint8_t marks = 0;

        count += VALGRIND_GET_VBITS((const uint8_t *)p + i, &marks, 1) == 1 && marks != 0;
    }
#else
    (void)p, (void)n;
#endif
    return count;
}

bool ct_is_hidden(const void *p, size_t n)
{
    return hidden_bytes(p, n) == n;
}

bool ct_is_clear(const void *p, size_t n)
{
    return hidden_bytes(p, n) == 0;
}

void ct_check(bool right, const char *what, const char *file, int line)
{
    if (!right) {
        fprintf(stderr, "%s:%d: %s: does not hold\n", file, line, what);
        exit(1);
    }
}

/* The verdict of a comparison is meant to be seen; its operands are not. The linker sends the calls
 * of the rooms here (--wrap). */
int __wrap_mem_equal_ct(const void *a, const void *b, size_t n);
int __real_mem_equal_ct(const void *a, const void *b, size_t n);

int __wrap_mem_equal_ct(const void *a, const void *b, size_t n)
{
    const int equal = __real_mem_equal_ct(a, b, n);

    ct_reveal(&equal, sizeof(equal));
    return equal;
}

/* ---- the hash ------------------------------------------------------------------------------------- */

struct mixer {
    uint8_t s[64];
    size_t at; /* bytes taken */
};

static void stir(struct mixer *m)
{
    for (size_t i = 0; i < 2 * sizeof(m->s); i++) {
        const uint8_t x = m->s[i % 64], y = m->s[(i + 1) % 64];

        m->s[(i + 1) % 64] = (uint8_t)((uint8_t)(y << 3 | y >> 5) + (x ^ (uint8_t)(x << 1 | i)));
    }
}

static struct mixer *mixer_of(struct digest_ctx *c)
{
    return (struct mixer *)(void *)c->state;
}

static enum rc stub_begin(struct digest_ctx *c, enum hash_alg alg)
{
    memset(c->state, 0, sizeof(c->state));
    c->ops = &ct_digest;
    c->alg = alg;
    mixer_of(c)->s[0] = (uint8_t)alg;
    return RC_OK;
}

static enum rc stub_update(struct digest_ctx *c, const void *p, size_t n)
{
    struct mixer *m = mixer_of(c);

    for (size_t i = 0; i < n; i++) {
        m->s[m->at++ % 64] ^= ((const uint8_t *)p)[i];
        if (m->at % 64 == 0) {
            stir(m);
        }
    }
    return RC_OK;
}

static void squeeze(struct mixer *m, uint8_t *out, size_t n)
{
    m->s[m->at % 64] ^= 0x80;
    for (size_t done = 0; done < n; done++) {
        if (done % 64 == 0) {
            stir(m);
        }
        out[done] = m->s[done % 64];
    }
}

static enum rc stub_finish(struct digest_ctx *c, uint8_t *out)
{
    squeeze(mixer_of(c), out, hash_size(c->alg));
    return RC_OK;
}

static enum rc stub_copy(struct digest_ctx *to, const struct digest_ctx *from)
{
    *to = *from;
    return RC_OK;
}

static void stub_clear(struct digest_ctx *c)
{
    mem_wipe(c, sizeof(*c));
}

static enum rc stub_xof(enum hash_alg alg, const void *p, size_t n, uint8_t *out, size_t out_n)
{
    struct digest_ctx c = {0};

    TRY(stub_begin(&c, alg));
    TRY(stub_update(&c, p, n));
    squeeze(mixer_of(&c), out, out_n);
    return RC_OK;
}

static enum rc stub_once(enum hash_alg alg, const void *p, size_t n, uint8_t *out)
{
    return stub_xof(alg, p, n, out, hash_size(alg));
}

static void stub_sha256_blocks(uint32_t h[8], const uint8_t *p, size_t n)
{
    for (; n > 0; n--, p += 64) {
        struct mixer m = {0};

        memcpy(m.s, h, 32);
        stir(&m);
        for (size_t i = 0; i < sizeof(m.s); i++) {
            m.s[i] ^= p[i];
        }
        stir(&m);
        memcpy(h, m.s, 32);
    }
}

const struct digest_ops ct_digest = {
    .begin = stub_begin,
    .update = stub_update,
    .finish = stub_finish,
    .copy = stub_copy,
    .clear = stub_clear,
    .once = stub_once,
    .xof = stub_xof,
    .sha256_blocks = stub_sha256_blocks,
};

/* ---- HMAC over it ---------------------------------------------------------------------------------- */

struct mac_key {
    struct hmac_key k;
};

_Static_assert(sizeof(struct digest_ctx) <= sizeof(((struct mac_ctx *)0)->state), "too small");

static struct digest_ctx *run_of(struct mac_ctx *c)
{
    return (struct digest_ctx *)(void *)c->state;
}

static enum rc mac_key_new(enum mac_kind kind, enum hash_alg hash, const struct secret *key,
                           struct mac_key **ret)
{
    struct mac_key *k = secret_alloc(sizeof(*k));

    (void)kind;
    REQUIRE(k != NULL, RC_HOST_MEMORY);
    *ret = k;
    return hmac_key_init(&k->k, &ct_digest, hash, secret_view(key));
}

static void mac_key_free(struct mac_key *k)
{
    secret_release(k);
}

static size_t mac_size(const struct mac_key *k)
{
    return hash_size(k->k.alg);
}

static enum rc mac_begin(struct mac_ctx *c, const struct mac_key *k, struct bytes iv)
{
    (void)iv;
    c->ops = &ct_mac;
    c->key = k;
    return hmac_begin(&k->k, run_of(c));
}

static enum rc mac_update(struct mac_ctx *c, const void *p, size_t n)
{
    return hmac_update(run_of(c), p, n);
}

static enum rc mac_finish(struct mac_ctx *c, uint8_t *out)
{
    return hmac_finish(&c->key->k, run_of(c), out);
}

static void mac_clear(struct mac_ctx *c)
{
    mem_wipe(c, sizeof(*c));
}

const struct mac_ops ct_mac = {
    .key_new = mac_key_new,
    .key_free = mac_key_free,
    .size = mac_size,
    .begin = mac_begin,
    .update = mac_update,
    .finish = mac_finish,
    .clear = mac_clear,
};
