/* SPDX-License-Identifier: Apache-2.0
 *
 * The hall: slots, tokens, sessions, logins, objects, and the one operation engine. Every door ends
 * here. The functions take the arguments of the C_ function of that name (PKCS#11 3.2, section 5),
 * check all of them, and give the error that section names; outputs are untouched on error except
 * where the standard says otherwise. All are safe to call from many threads at once.
 */
#ifndef CRATON_CORE_CORE_H
#define CRATON_CORE_CORE_H

#include "base/rc.h"
#include "craton/pkcs11.h"

struct env;
struct conf;
struct crypto;
struct store_engine;
struct hsm; /* the whole; one in a process at a time */

struct hsm_parts {
    const struct env *env;             /* outlives the hsm */
    const struct conf *conf;           /* outlives the hsm */
    const struct crypto *crypto;       /* outlives the hsm */
    const struct store_engine *disk;   /* persist_objects = true */
    const struct store_engine *memory; /* persist_objects = false */
};

/* Creates nothing on disk. A store that cannot be read is no error here: the slot answers with it.
 * Caller closes. */
NODISCARD enum rc hsm_open(const struct hsm_parts *parts, struct hsm **ret);
/* Ends all sessions and operations; wakes C_WaitForSlotEvent. No other thread is inside. */
void hsm_close(struct hsm *h);
/* In a forked child: forgets what the parent holds without touching it. */
void hsm_abandon(struct hsm *h);
/* Wakes threads that wait inside (C_WaitForSlotEvent) so that hsm_close can come. */
void hsm_wake(struct hsm *h);

#define H struct hsm *h
#define S CK_SESSION_HANDLE session

NODISCARD enum rc core_get_info(H, CK_INFO *ret);
NODISCARD enum rc core_get_slot_list(H, CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n);
NODISCARD enum rc core_get_slot_info(H, CK_SLOT_ID slot, CK_SLOT_INFO *ret);
NODISCARD enum rc core_get_token_info(H, CK_SLOT_ID slot, CK_TOKEN_INFO *ret);
NODISCARD enum rc core_wait_for_slot_event(H, CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved);
NODISCARD enum rc core_get_mechanism_list(H, CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *n);
NODISCARD enum rc core_get_mechanism_info(H, CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                                          CK_MECHANISM_INFO *ret);
/* LABEL: 32 bytes, blank padded. */
NODISCARD enum rc core_init_token(H, CK_SLOT_ID slot, CK_BYTE *pin, CK_ULONG pin_n, CK_BYTE *label);
NODISCARD enum rc core_init_pin(H, S, CK_BYTE *pin, CK_ULONG pin_n);
NODISCARD enum rc core_set_pin(H, S, CK_BYTE *old, CK_ULONG old_n, CK_BYTE *pin, CK_ULONG pin_n);

NODISCARD enum rc core_open_session(H, CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *ret);
NODISCARD enum rc core_close_session(H, S);
NODISCARD enum rc core_close_all_sessions(H, CK_SLOT_ID slot);
NODISCARD enum rc core_get_session_info(H, S, CK_SESSION_INFO *ret);
NODISCARD enum rc core_get_operation_state(H, S, CK_BYTE *state, CK_ULONG *n);
NODISCARD enum rc core_set_operation_state(H, S, CK_BYTE *state, CK_ULONG n, CK_OBJECT_HANDLE ekey,
                                           CK_OBJECT_HANDLE akey);
NODISCARD enum rc core_login(H, S, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_n);
NODISCARD enum rc core_login_user(H, S, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_n,
                                  CK_BYTE *name, CK_ULONG name_n);
NODISCARD enum rc core_logout(H, S);
NODISCARD enum rc core_session_cancel(H, S, CK_FLAGS flags);

NODISCARD enum rc core_create_object(H, S, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_copy_object(H, S, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *t, CK_ULONG n,
                                   CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_destroy_object(H, S, CK_OBJECT_HANDLE object);
NODISCARD enum rc core_get_object_size(H, S, CK_OBJECT_HANDLE object, CK_ULONG *ret);
NODISCARD enum rc core_get_attribute_value(H, S, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *t,
                                           CK_ULONG n);
NODISCARD enum rc core_set_attribute_value(H, S, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *t,
                                           CK_ULONG n);
NODISCARD enum rc core_find_objects_init(H, S, CK_ATTRIBUTE *t, CK_ULONG n);
NODISCARD enum rc core_find_objects(H, S, CK_OBJECT_HANDLE *list, CK_ULONG max, CK_ULONG *ret_n);
NODISCARD enum rc core_find_objects_final(H, S);

NODISCARD enum rc core_encrypt_init(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key);
NODISCARD enum rc core_encrypt(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_encrypt_update(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                                      CK_ULONG *out_n);
NODISCARD enum rc core_encrypt_final(H, S, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_decrypt_init(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key);
NODISCARD enum rc core_decrypt(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_decrypt_update(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                                      CK_ULONG *out_n);
NODISCARD enum rc core_decrypt_final(H, S, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_digest_init(H, S, CK_MECHANISM *m);
NODISCARD enum rc core_digest(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_digest_update(H, S, CK_BYTE *in, CK_ULONG in_n);
NODISCARD enum rc core_digest_key(H, S, CK_OBJECT_HANDLE key);
NODISCARD enum rc core_digest_final(H, S, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_sign_init(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key);
NODISCARD enum rc core_sign(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_sign_update(H, S, CK_BYTE *in, CK_ULONG in_n);
NODISCARD enum rc core_sign_final(H, S, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_verify_init(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key);
NODISCARD enum rc core_verify(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *sig, CK_ULONG sig_n);
NODISCARD enum rc core_verify_update(H, S, CK_BYTE *in, CK_ULONG in_n);
NODISCARD enum rc core_verify_final(H, S, CK_BYTE *sig, CK_ULONG sig_n);
NODISCARD enum rc core_verify_signature_init(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key,
                                             CK_BYTE *sig, CK_ULONG sig_n);
NODISCARD enum rc core_verify_signature(H, S, CK_BYTE *in, CK_ULONG in_n);
NODISCARD enum rc core_verify_signature_update(H, S, CK_BYTE *in, CK_ULONG in_n);
NODISCARD enum rc core_verify_signature_final(H, S);
/* Dual functions: the one operation's output is the other's input. */
NODISCARD enum rc core_digest_encrypt_update(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                                             CK_ULONG *out_n);
NODISCARD enum rc core_decrypt_digest_update(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                                             CK_ULONG *out_n);
NODISCARD enum rc core_sign_encrypt_update(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                                           CK_ULONG *out_n);
NODISCARD enum rc core_decrypt_verify_update(H, S, CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out,
                                             CK_ULONG *out_n);

NODISCARD enum rc core_generate_key(H, S, CK_MECHANISM *m, CK_ATTRIBUTE *t, CK_ULONG n,
                                    CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_generate_key_pair(H, S, CK_MECHANISM *m, CK_ATTRIBUTE *pub_t, CK_ULONG pub_n,
                                         CK_ATTRIBUTE *priv_t, CK_ULONG priv_n,
                                         CK_OBJECT_HANDLE *ret_pub, CK_OBJECT_HANDLE *ret_priv);
NODISCARD enum rc core_wrap_key(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
                                CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *out_n);
NODISCARD enum rc core_unwrap_key(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping, CK_BYTE *in,
                                  CK_ULONG in_n, CK_ATTRIBUTE *t, CK_ULONG n,
                                  CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_derive_key(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t,
                                  CK_ULONG n, CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_encapsulate_key(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *t,
                                       CK_ULONG n, CK_BYTE *out, CK_ULONG *out_n,
                                       CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_decapsulate_key(H, S, CK_MECHANISM *m, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *t,
                                       CK_ULONG n, CK_BYTE *in, CK_ULONG in_n,
                                       CK_OBJECT_HANDLE *ret);
NODISCARD enum rc core_seed_random(H, S, CK_BYTE *seed, CK_ULONG n);
NODISCARD enum rc core_generate_random(H, S, CK_BYTE *out, CK_ULONG n);
NODISCARD enum rc core_get_session_validation_flags(H, S, CK_SESSION_VALIDATION_FLAGS_TYPE type,
                                                    CK_FLAGS *ret);

#undef H
#undef S

#endif
