/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client may ask about library, slots, token and mechanisms, and randomness.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

#define TEXT_MANUFACTURER "Craton HSM Project"
#define TEXT_LIBRARY "Craton HSM Software HSM"
#define TEXT_SLOT "Craton HSM Virtual Slot"
#define TEXT_MODEL "Craton HSM"

/* Blank padded, no NUL (PKCS#11 3.2, 3.1). */
static void put_text(CK_UTF8CHAR *out, size_t size, const char *text)
{
    const size_t n = strlen(text);
    memset(out, ' ', size);
    mem_copy(out, text, n < size ? n : size);
}

enum rc core_get_info(struct hsm *h, CK_INFO *ret)
{
    (void)h;
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    memset(ret, 0, sizeof *ret);
    ret->cryptokiVersion = (CK_VERSION){3, 2};
    ret->libraryVersion = (CK_VERSION){0, 1};
    put_text(ret->manufacturerID, sizeof ret->manufacturerID, TEXT_MANUFACTURER);
    put_text(ret->libraryDescription, sizeof ret->libraryDescription, TEXT_LIBRARY);
    return RC_OK;
}

enum rc core_get_slot_list(struct hsm *h, CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
    (void)present; /* every slot holds its token */
    REQUIRE(n != NULL, RC_ARGUMENTS_BAD);
    const CK_ULONG room = *n;
    *n = h->n_tokens;
    if (list == NULL) {
        return RC_OK;
    }
    REQUIRE(room >= h->n_tokens, RC_BUFFER_TOO_SMALL);
    for (size_t i = 0; i < h->n_tokens; i++) {
        list[i] = i;
    }
    return RC_OK;
}

enum rc core_get_slot_info(struct hsm *h, CK_SLOT_ID slot, CK_SLOT_INFO *ret)
{
    struct token *t = NULL;
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    TRY(hall_token(h, slot, &t));
    memset(ret, 0, sizeof *ret);
    put_text(ret->slotDescription, sizeof ret->slotDescription, TEXT_SLOT);
    put_text(ret->manufacturerID, sizeof ret->manufacturerID, TEXT_MANUFACTURER);
    ret->flags = CKF_TOKEN_PRESENT;
    ret->firmwareVersion = (CK_VERSION){0, 1};
    ret->hardwareVersion = (CK_VERSION){0, 1};
    return RC_OK;
}

static CK_FLAGS pin_flags(const struct hsm *h, const struct seal_pin *pin, CK_FLAGS low,
                          CK_FLAGS final, CK_FLAGS locked)
{
    const unsigned max = h->conf->max_failed_logins;
    CK_FLAGS flags = 0;
    if (pin->failed >= max) {
        return locked;
    }
    flags |= pin->failed > 0 ? low : 0;
    flags |= pin->failed + 1 == max ? final : 0;
    return flags;
}

/* The configured serial number; further slots count on from it in its last four characters, so
 * that no two tokens of a process share one. */
static void put_serial(const struct hsm *h, uint32_t slot, CK_CHAR out[16])
{
    char text[17];
    memset(text, 0, sizeof text);
    const size_t n = strlen(h->conf->serial_number);
    mem_copy(text, h->conf->serial_number, n < 16 ? n : 16);
    if (slot > 0) {
        const size_t at = n > 4 ? (n < 16 ? n : 16) - 4 : 0;
        const unsigned long base = strtoul(text + at, NULL, 16);
        (void)snprintf(text + at, sizeof text - at, "%04lx", (base + slot) & 0xffff);
    }
    put_text(out, 16, text);
}

static void put_token_flags(const struct hsm *h, const struct token *t, CK_TOKEN_INFO *ret)
{
    ret->flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_DUAL_CRYPTO_OPERATIONS;
    struct store *store = atomic_load(&t->hsm->store);
    if (store != NULL && h->engine->read_only(store)) {
        ret->flags |= CKF_WRITE_PROTECTED;
    }
    if (!t->initialized) {
        return;
    }
    const struct seal_pin *so = &t->state.pin[SEAL_SO];
    const struct seal_pin *user = &t->state.pin[SEAL_USER];
    ret->flags |= CKF_TOKEN_INITIALIZED;
    ret->flags |= pin_flags(h, so, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
    if (user->set) {
        ret->flags |= CKF_USER_PIN_INITIALIZED;
        ret->flags |=
            pin_flags(h, user, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
    }
}

enum rc core_get_token_info(struct hsm *h, CK_SLOT_ID slot, CK_TOKEN_INFO *ret)
{
    struct token *t = NULL;
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    TRY(hall_token(h, slot, &t));
    LOCKED(&t->lock);
    TRY(token_refresh_locked(t));
    memset(ret, 0, sizeof *ret);
    if (t->initialized) {
        mem_copy(ret->label, t->state.label, sizeof ret->label);
    } else {
        put_text(ret->label, sizeof ret->label, h->conf->label);
    }
    put_text(ret->manufacturerID, sizeof ret->manufacturerID, TEXT_MANUFACTURER);
    put_text(ret->model, sizeof ret->model, TEXT_MODEL);
    put_serial(h, t->slot, ret->serialNumber);
    put_token_flags(h, t, ret);
    ret->ulMaxSessionCount = h->conf->max_sessions;
    ret->ulSessionCount = t->sessions;
    ret->ulMaxRwSessionCount = h->conf->max_rw_sessions;
    ret->ulRwSessionCount = t->rw_sessions;
    ret->ulMaxPinLen = h->conf->pin_max_length;
    ret->ulMinPinLen = h->conf->pin_min_length;
    ret->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
    ret->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    ret->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
    ret->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    ret->hardwareVersion = (CK_VERSION){0, 1};
    ret->firmwareVersion = (CK_VERSION){0, 1};
    memset(ret->utcTime, '0', sizeof ret->utcTime);
    return RC_OK;
}

/* Slots never come or go: a question finds nothing, a wait ends with the library. */
enum rc core_wait_for_slot_event(struct hsm *h, CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
    REQUIRE(slot != NULL && reserved == NULL, RC_ARGUMENTS_BAD);
    if ((flags & CKF_DONT_BLOCK) != 0) {
        return RC_NO_EVENT;
    }
    pthread_mutex_lock(&h->wake_mutex);
    while (!h->waking) {
        pthread_cond_wait(&h->wake, &h->wake_mutex);
    }
    pthread_mutex_unlock(&h->wake_mutex);
    return RC_CRYPTOKI_NOT_INITIALIZED;
}

enum rc core_get_mechanism_list(struct hsm *h, CK_SLOT_ID slot, CK_MECHANISM_TYPE *list,
                                CK_ULONG *n)
{
    struct token *t = NULL;
    REQUIRE(n != NULL, RC_ARGUMENTS_BAD);
    TRY(hall_token(h, slot, &t));
    return mech_list(&t->mech, list, n);
}

enum rc core_get_mechanism_info(struct hsm *h, CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                                CK_MECHANISM_INFO *ret)
{
    struct token *t = NULL;
    REQUIRE(ret != NULL, RC_ARGUMENTS_BAD);
    TRY(hall_token(h, slot, &t));
    const struct mech_row *row = mech_find(&t->mech, type);
    REQUIRE(row != NULL, RC_MECHANISM_INVALID);
    mech_info(row, ret);
    return RC_OK;
}

enum rc core_seed_random(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *seed, CK_ULONG n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(seed != NULL || n == 0, RC_ARGUMENTS_BAD);
    REQUIRE(n <= CORE_DATA_MAX, RC_ARGUMENTS_BAD);
    return rng_mix(h->crypto->rng, BYTES(seed, n));
}

enum rc core_generate_random(struct hsm *h, CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG n)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(out != NULL || n == 0, RC_ARGUMENTS_BAD);
    REQUIRE(n <= CORE_DATA_MAX, RC_ARGUMENTS_BAD);
    return rng_bytes(h->crypto->rng, out, n);
}

enum rc core_get_session_validation_flags(struct hsm *h, CK_SESSION_HANDLE session,
                                          CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *ret)
{
    AUTO_SESSION *s = NULL;
    TRY(session_take(h, session, &s));
    REQUIRE(ret != NULL && type == CKS_LAST_VALIDATION_OK, RC_ARGUMENTS_BAD);
    *ret = 0; /* this module carries no validation object */
    return RC_OK;
}
