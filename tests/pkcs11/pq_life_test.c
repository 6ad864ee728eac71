/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of post-quantum keys: on the disk, in other processes, after a restart, with threads, through
 * a fork, until log-out or destruction.
 */
#include "pq.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static CK_SESSION_HANDLE S;
static CK_BYTE text[100] = "a message";

static int open_sessions(void **state)
{
    (void)state;
    S = user_session();
    return 0;
}

static const struct kept {
    const char *label;
    CK_MECHANISM_TYPE generator, use;
    CK_ULONG set;
    bool kem;
} kept[] = {
    {"ml-dsa", CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, CKP_ML_DSA_65, false},
    {"slh-dsa", CKM_SLH_DSA_KEY_PAIR_GEN, CKM_HASH_SLH_DSA_SHA256, CKP_SLH_DSA_SHA2_128F, false},
    {"composite", CKM_COMP_SIG_KEY_PAIR_GEN, CKM_COMP_SIG, CKP_COMP_SIG_MLDSA44_ED25519_SHA512,
     false},
    {"ml-kem", CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, CKP_ML_KEM_768, true},
    {"hybrid", CKM_COMP_KEM_KEY_PAIR_GEN, CKM_COMP_KEM, CKP_COMP_KEM_X25519_MLKEM768, true},
};

/* A pair on the token, both halves with the same label and id. */
static struct pair keep(const struct kept *k, bool readable)
{
    struct pair p = {0, 0};
    OK(p11->C_GenerateKeyPair(S, MECH(k->generator),
                              T(AU(CKA_PARAMETER_SET, k->set), AB(CKA_TOKEN, CK_TRUE),
                                AX(CKA_LABEL, k->label, strlen(k->label)), AX(CKA_ID, k->label, 5)),
                              T(AB(CKA_TOKEN, CK_TRUE), AX(CKA_LABEL, k->label, strlen(k->label)),
                                AX(CKA_ID, k->label, 5), AB(CKA_SENSITIVE, !readable),
                                AB(CKA_EXTRACTABLE, readable)),
                              &p.pub, &p.priv));
    return p;
}

static struct pair found(CK_SESSION_HANDLE s, const struct kept *k)
{
    struct pair p = {0, 0};
    assert_int_equal(
        find(s, T(AU(CKA_CLASS, CKO_PUBLIC_KEY), AX(CKA_LABEL, k->label, strlen(k->label))), &p.pub,
             1),
        1);
    assert_int_equal(
        find(s, T(AU(CKA_CLASS, CKO_PRIVATE_KEY), AX(CKA_ID, k->label, 5)), &p.priv, 1), 1);
    return p;
}

/* Both halves do their work together. */
static void works(CK_SESSION_HANDLE s, const struct kept *k, struct pair p)
{
    CK_BYTE *out = malloc(PQ_SIG_MAX);
    CK_OBJECT_HANDLE key = 0;
    assert_non_null(out);
    if (k->kem) {
        const CK_ULONG n = pq_encapsulate(s, k->use, p.pub, out, &key);
        assert_true(pq_same(s, key, pq_decapsulate(s, k->use, p.priv, out, n)));
    } else {
        const CK_ULONG n = pq_sign(s, MECH(k->use), p.priv, text, sizeof text, out);
        OK(pq_verify(s, MECH(k->use), p.pub, text, sizeof text, out, n));
    }
    free(out);
}

/* ---- on the disk ---- */

struct needle {
    CK_BYTE p[PQ_VALUE_MAX];
    CK_ULONG n;
};

/* No 16 bytes of it lie in the file. */
static void absent(const unsigned char *file, size_t n, const struct needle *v)
{
    for (CK_ULONG at = 0; at + 16 <= v->n; at += 16) {
        assert_null(memmem(file, n, v->p + at, 16));
    }
}

static size_t search(const char *path, const struct needle *list, size_t count)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unsigned char *all = malloc((size_t)st.st_size + 1);
    assert_non_null(all);
    assert_int_equal(fread(all, 1, (size_t)st.st_size, f), st.st_size);
    fclose(f);
    for (size_t i = 0; i < count; i++) {
        absent(all, (size_t)st.st_size, &list[i]);
    }
    free(all);
    return (size_t)st.st_size;
}

static void r112_nothing_of_a_key_is_readable_on_disk(void **state)
{
    static struct needle list[3 * LEN(kept)];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < LEN(kept); i++) {
        const struct pair p = keep(&kept[i], true);
        list[n].n = attr_bytes(S, p.priv, CKA_VALUE, list[n].p, PQ_VALUE_MAX);
        n++;
        list[n].n = attr_bytes(S, p.pub, CKA_VALUE, list[n].p, PQ_VALUE_MAX);
        n++;
        CK_ATTRIBUTE seed = AX(CKA_SEED, list[n].p, PQ_VALUE_MAX);
        if (p11->C_GetAttributeValue(S, p.priv, &seed, 1) == CKR_OK) {
            list[n++].n = seed.ulValueLen;
        }
    }
    assert_int_equal(n, 2 * LEN(kept) + 2);
    char path[1024];
    size_t bytes = 0;
    snprintf(path, sizeof path, "%s/store", world_dir());
    DIR *d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        struct stat st;
        snprintf(path, sizeof path, "%s/store/%s", world_dir(), e->d_name);
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            bytes += search(path, list, n);
        }
    }
    closedir(d);
    assert_true(bytes > 10000);
}

/* ---- in other processes ---- */

static void use_all(void *unused)
{
    (void)unused;
    OK(p11->C_Initialize(NULL));
    const CK_SESSION_HANDLE s = user_session();
    for (size_t i = 0; i < LEN(kept); i++) {
        works(s, &kept[i], found(s, &kept[i]));
    }
    OK(p11->C_Finalize(NULL));
}

static void r122_another_process_uses_them(void **state)
{
    struct pair before[LEN(kept)];
    (void)state;
    for (size_t i = 0; i < LEN(kept); i++) {
        before[i] = keep(&kept[i], false);
    }
    assert_true(in_child(use_all, NULL));
    OK(p11->C_Finalize(NULL)); /* and this one, after a restart (item 123) */
    OK(p11->C_Initialize(NULL));
    S = user_session();
    for (size_t i = 0; i < LEN(kept); i++) {
        const struct pair p = found(S, &kept[i]);
        assert_int_equal(p.pub, before[i].pub);
        assert_int_equal(p.priv, before[i].priv);
        works(S, &kept[i], p);
        assert_int_equal(attr_ulong(S, p.priv, CKA_PARAMETER_SET), kept[i].set);
        assert_true(attr_bool(S, p.priv, CKA_ALWAYS_SENSITIVE) && attr_bool(S, p.pub, CKA_LOCAL));
    }
}

/* Found by everything that describes them. */
static void found_by_their_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kept); i++) {
        keep(&kept[i], false);
    }
    assert_int_equal(find(S, T(AU(CKA_KEY_TYPE, CKK_ML_DSA)), NULL, 0), 2);
    assert_int_equal(find(S, T(AU(CKA_KEY_TYPE, CKK_CRATON_ML_KEM)), NULL, 0), 2);
    assert_int_equal(
        find(S, T(AU(CKA_KEY_TYPE, CKK_COMP_SIG), AU(CKA_CLASS, CKO_PUBLIC_KEY)), NULL, 0), 1);
    assert_int_equal(
        find(S, T(AU(CKA_PARAMETER_SET, CKP_ML_KEM_768), AU(CKA_KEY_TYPE, CKK_ML_KEM)), NULL, 0),
        2);
    assert_int_equal(find(S, T(AB(CKA_SIGN, CK_TRUE)), NULL, 0), 3);
    assert_int_equal(find(S, T(AB(CKA_DECAPSULATE, CK_TRUE)), NULL, 0), 2);
    assert_int_equal(find(S, T(AU(CKA_KEY_GEN_MECHANISM, CKM_SLH_DSA_KEY_PAIR_GEN)), NULL, 0), 2);
    /* a public value is found, a secret one tells nobody that it was guessed */
    static CK_BYTE value[PQ_VALUE_MAX];
    const struct pair p = found(S, &kept[0]);
    const CK_ULONG n = attr_bytes(S, p.pub, CKA_VALUE, value, sizeof value);
    assert_int_equal(find(S, T(AX(CKA_VALUE, value, n)), NULL, 0), 1);
    const struct pair open = keep(&kept[0], true);
    const CK_ULONG m = attr_bytes(S, open.priv, CKA_SEED, value, sizeof value);
    OK(p11->C_SetAttributeValue(S, open.priv, T(AB(CKA_SENSITIVE, CK_TRUE))));
    assert_int_equal(find(S, T(AX(CKA_SEED, value, m)), NULL, 0), 0);
}

static void r083_secrets_stay_hidden(void **state)
{
    CK_BYTE b[PQ_VALUE_MAX];
    (void)state;
    for (size_t i = 0; i < LEN(kept); i++) {
        keep(&kept[i], false);
    }
    OK(p11->C_Finalize(NULL));
    OK(p11->C_Initialize(NULL));
    S = user_session();
    for (size_t i = 0; i < LEN(kept); i++) {
        const struct pair p = found(S, &kept[i]);
        CK_ATTRIBUTE t[] = {AX(CKA_VALUE, b, sizeof b), AX(CKA_SEED, b, sizeof b),
                            AX(CKA_LABEL, b, sizeof b)};
        memset(b, 0xa5, sizeof b);
        /* all are looked at, whatever the first one says (item 15) */
        ONE_OF(p11->C_GetAttributeValue(S, p.priv, t, 3), CKR_ATTRIBUTE_SENSITIVE,
               CKR_ATTRIBUTE_TYPE_INVALID);
        assert_int_equal(t[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
        assert_int_equal(t[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
        assert_int_equal(t[2].ulValueLen, strlen(kept[i].label));
        assert_int_equal(b[200], 0xa5);
    }
}

static CK_OBJECT_HANDLE victim;

static void destroy_victim(void *unused)
{
    (void)unused;
    OK(p11->C_Initialize(NULL));
    OK(p11->C_DestroyObject(user_session(), victim));
}

static void forbid_victim(void *unused)
{
    (void)unused;
    OK(p11->C_Initialize(NULL));
    OK(p11->C_SetAttributeValue(user_session(), victim, T(AB(CKA_SIGN, CK_FALSE))));
}

/* What another process changed or destroyed counts at the next use, also in the midst of a message. */
static void r043_changed_and_destroyed_elsewhere(void **state)
{
    CK_BYTE sig[4000];
    CK_ULONG n = sizeof sig;
    (void)state;
    struct pair p = keep(&kept[0], false);
    works(S, &kept[0], p);
    victim = p.priv;
    assert_true(in_child(forbid_victim, NULL));
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv));
    const struct pair q = keep(&kept[0], false);
    OK(p11->C_SignInit(S, MECH(CKM_ML_DSA), q.priv));
    OK(p11->C_SignUpdate(S, text, 10));
    victim = q.priv;
    assert_true(in_child(destroy_victim, NULL));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_SignFinal(S, sig, &n));
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(S, sig, &n));
    RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(S, MECH(CKM_ML_DSA), q.priv));
    OK(p11->C_VerifyInit(S, MECH(CKM_ML_DSA), q.pub)); /* the other half is there still */
}

/* ---- log-out ---- */

static void r044_log_out_ends_operations(void **state)
{
    static CK_BYTE out[PQ_SIG_MAX];
    (void)state;
    for (size_t i = 0; i < LEN(kept); i++) {
        const struct pair p = keep(&kept[i], false);
        const struct pair session = pq_pair(S, kept[i].generator, kept[i].set);
        const CK_SESSION_HANDLE other = open_session(true);
        CK_OBJECT_HANDLE key = 0;
        CK_ULONG n = sizeof out;
        if (kept[i].kem) {
            n = pq_encapsulate(S, kept[i].use, p.pub, out, &key);
            OK(p11->C_Logout(S));
            RV(CKR_KEY_HANDLE_INVALID,
               p11->C_DecapsulateKey(S, MECH(kept[i].use), p.priv, NULL, 0, out, n, &key));
            RV(CKR_KEY_HANDLE_INVALID,
               p11->C_DeriveKey(S, MECHX(kept[i].use, out, n), p.priv, NULL, 0, &key));
        } else {
            const CK_ULONG sig_n = pq_sign(S, MECH(kept[i].use), p.priv, text, 10, out);
            OK(p11->C_SignInit(S, MECH(kept[i].use), p.priv));
            OK(p11->C_SignUpdate(S, text, 10));
            OK(p11->C_SignInit(other, MECH(kept[i].use), session.priv));
            OK(p11->C_VerifyInit(other, MECH(kept[i].use), p.pub));
            OK(p11->C_Logout(S));
            RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(S, out, &n));
            n = sizeof out;
            RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(other, text, 10, out, &n));
            OK(p11->C_Verify(other, text, 10, out, sig_n)); /* a public key is everybody's */
            RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(S, MECH(kept[i].use), p.priv));
        }
        assert_false(object_exists(S, p.priv) || object_exists(S, session.priv));
        OK(p11->C_CloseSession(other));
        OK(p11->C_Login(S, CKU_USER, PIN(USER_PIN)));
        works(S, &kept[i], p);
        assert_false(object_exists(S, session.priv)); /* what was private in the session is gone */
    }
}

static void r098_a_login_for_each_signature(void **state)
{
    static CK_BYTE sig[PQ_SIG_MAX];
    CK_ULONG n = sizeof sig;
    struct pair p = {0, 0};
    (void)state;
    OK(p11->C_GenerateKeyPair(S, MECH(CKM_CRATON_ML_DSA_44), NULL, 0,
                              T(AB(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)), &p.pub, &p.priv));
    for (int i = 0; i < 2; i++) {
        OK(p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv));
        n = sizeof sig;
        RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(S, text, 10, sig, &n));
        OK(p11->C_Login(S, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
        OK(p11->C_Sign(S, text, 10, sig, &n));
        OK(pq_verify(S, MECH(CKM_ML_DSA), p.pub, text, 10, sig, n));
    }
    RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Login(S, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
}

static void r094_session_keys_end_with_their_session(void **state)
{
    (void)state;
    const CK_SESSION_HANDLE other = open_session(true);
    const struct pair p = pq_pair(other, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    const struct pair k = pq_pair(other, CKM_CRATON_ML_KEM_512, SET_OF_MECHANISM);
    OK(p11->C_SignInit(S, MECH(CKM_ML_DSA), p.priv)); /* seen by the application's other sessions */
    OK(p11->C_CloseSession(other));
    CK_BYTE sig[4000];
    CK_ULONG n = sizeof sig;
    RV(CKR_KEY_HANDLE_INVALID, p11->C_Sign(S, text, 10, sig, &n));
    assert_false(object_exists(S, p.pub) || object_exists(S, k.priv));
}

/* ---- threads ---- */

enum { THREADS = 6 };
static atomic_bool stop;
static atomic_ulong rounds;
static struct pair shared[LEN(kept)];

/* Nothing here asserts: only the main thread may. */
static bool use_once(CK_SESSION_HANDLE s, const struct kept *k, struct pair p, CK_BYTE *out)
{
    CK_ULONG n = PQ_SIG_MAX;
    CK_OBJECT_HANDLE a = 0;
    CK_OBJECT_HANDLE b = 0;
    CK_MECHANISM m = {k->use, NULL, 0};
    if (!k->kem) {
        return p11->C_SignInit(s, &m, p.priv) == CKR_OK &&
               p11->C_Sign(s, text, sizeof text, out, &n) == CKR_OK &&
               p11->C_VerifyInit(s, &m, p.pub) == CKR_OK &&
               p11->C_Verify(s, text, sizeof text, out, n) == CKR_OK;
    }
    CK_BBOOL no = CK_FALSE;
    CK_BYTE x[64];
    CK_BYTE y[64];
    CK_ATTRIBUTE t = {CKA_SENSITIVE, &no, 1};
    CK_ATTRIBUTE av = {CKA_VALUE, x, sizeof x};
    CK_ATTRIBUTE bv = {CKA_VALUE, y, sizeof y};
    return p11->C_EncapsulateKey(s, &m, p.pub, &t, 1, out, &n, &a) == CKR_OK &&
           p11->C_DecapsulateKey(s, &m, p.priv, &t, 1, out, n, &b) == CKR_OK &&
           p11->C_GetAttributeValue(s, a, &av, 1) == CKR_OK &&
           p11->C_GetAttributeValue(s, b, &bv, 1) == CKR_OK && av.ulValueLen == bv.ulValueLen &&
           memcmp(x, y, av.ulValueLen) == 0 && p11->C_DestroyObject(s, a) == CKR_OK &&
           p11->C_DestroyObject(s, b) == CKR_OK;
}

static bool make_and_use(CK_SESSION_HANDLE s, const struct kept *k, CK_BYTE *out)
{
    CK_ULONG set = k->set;
    CK_ATTRIBUTE t = {CKA_PARAMETER_SET, &set, sizeof set};
    CK_MECHANISM m = {k->generator, NULL, 0};
    struct pair p = {0, 0};
    return p11->C_GenerateKeyPair(s, &m, &t, 1, NULL, 0, &p.pub, &p.priv) == CKR_OK &&
           use_once(s, k, p, out) && p11->C_DestroyObject(s, p.pub) == CKR_OK &&
           p11->C_DestroyObject(s, p.priv) == CKR_OK;
}

static void *thread_of_many(void *arg)
{
    size_t i = *(const size_t *)arg;
    CK_SESSION_HANDLE s = 0;
    CK_BYTE *out = malloc(PQ_SIG_MAX);
    if (out == NULL ||
        p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) != CKR_OK) {
        free(out);
        return (void *)1;
    }
    bool good = true;
    for (; good && !atomic_load(&stop); i++) {
        const struct kept *k = &kept[i % LEN(kept)];
        good = use_once(s, k, shared[i % LEN(kept)], out);
        if (good && i % 7 == 0) {
            good = make_and_use(s, k, out);
        }
        atomic_fetch_add(&rounds, 1);
    }
    free(out);
    (void)p11->C_CloseSession(s);
    return good ? NULL : (void *)2;
}

static void r107_many_threads_with_one_key(void **state)
{
    pthread_t t[THREADS];
    size_t start[THREADS];
    (void)state;
    for (size_t i = 0; i < LEN(kept); i++) {
        shared[i] = keep(&kept[i], false);
    }
    atomic_store(&stop, false);
    atomic_store(&rounds, 0);
    for (size_t i = 0; i < THREADS; i++) {
        start[i] = i;
        assert_int_equal(pthread_create(&t[i], NULL, thread_of_many, &start[i]), 0);
    }
    for (int i = 0; i < 400 && (i < 20 || atomic_load(&rounds) < 30 * LEN(kept)); i++) {
        usleep(50000);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < THREADS; i++) {
        void *answer = NULL;
        pthread_join(t[i], &answer);
        assert_ptr_equal(answer, NULL);
    }
    assert_true(atomic_load(&rounds) >= LEN(kept));
}

/* ---- fork ---- */

static int ends[2];
static struct pair parents;

static void encapsulate_and_tell(void *unused)
{
    static CK_BYTE ct[PQ_SIG_MAX];
    static CK_BYTE value[PQ_VALUE_MAX];
    CK_OBJECT_HANDLE key = 0;
    (void)unused;
    RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), parents.pub, NULL,
                                                           0, NULL, &(CK_ULONG){0}, &key));
    OK(p11->C_Initialize(NULL));
    const CK_SESSION_HANDLE s = user_session();
    RV(CKR_SESSION_HANDLE_INVALID, p11->C_EncapsulateKey(S, MECH(CKM_ML_KEM), parents.pub, NULL, 0,
                                                         NULL, &(CK_ULONG){0}, &key));
    assert_int_equal(pq_encapsulate(s, CKM_ML_KEM, parents.pub, ct, &key), 1088);
    assert_int_equal(write(ends[1], ct, 64), 64);
    /* a pair, and a hedged signature */
    const struct pair p = pq_pair(s, CKM_CRATON_ML_DSA_44, SET_OF_MECHANISM);
    attr_bytes(s, p.pub, CKA_VALUE, value, sizeof value);
    assert_int_equal(write(ends[1], value, 64), 64);
    const struct pair dsa = found(s, &kept[0]);
    pq_sign(s, MECH(CKM_ML_DSA), dsa.priv, text, sizeof text, ct);
    assert_int_equal(write(ends[1], ct, 64), 64);
    OK(p11->C_Finalize(NULL));
}

/* Children of one parent draw their own randomness: no ciphertext, key or signature comes twice; the
 * parent goes on (item 103). */
static void r075_children_draw_other_randomness(void **state)
{
    CK_BYTE told[3][192];
    static CK_BYTE ct[PQ_SIG_MAX];
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG n = sizeof ct;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    const struct pair dsa = keep(&kept[0], false);
    parents = keep(&kept[3], false);
    works(S, &kept[3], parents); /* generators and contexts are warm */
    works(S, &kept[0], dsa);
    OK(p11->C_SignInit(S, MECH(CKM_ML_DSA), dsa.priv));
    OK(p11->C_SignUpdate(S, text, 50));
    for (int i = 0; i < 2; i++) {
        assert_true(in_child(encapsulate_and_tell, NULL));
        assert_int_equal(read(ends[0], told[i], 192), 192);
    }
    pq_encapsulate(S, CKM_ML_KEM, parents.pub, ct, &key);
    memcpy(told[2], ct, 64);
    assert_memory_not_equal(told[0], told[2], 64);
    assert_memory_not_equal(told[1], told[2], 64);
    for (size_t part = 0; part < 192; part += 64) {
        assert_memory_not_equal(told[0] + part, told[1] + part, 64);
    }
    OK(p11->C_SignUpdate(S, text + 50, 50));
    OK(p11->C_SignFinal(S, ct, &n));
    OK(pq_verify(S, MECH(CKM_ML_DSA), dsa.pub, text, sizeof text, ct, n));
    assert_memory_not_equal(ct, told[0] + 128, 64);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_sessions, teardown_sessions)
    const struct CMUnitTest tests[] = {
        TEST(r112_nothing_of_a_key_is_readable_on_disk),
        TEST(r122_another_process_uses_them),
        TEST(found_by_their_attributes),
        TEST(r083_secrets_stay_hidden),
        TEST(r043_changed_and_destroyed_elsewhere),
        TEST(r044_log_out_ends_operations),
        TEST(r098_a_login_for_each_signature),
        TEST(r094_session_keys_end_with_their_session),
        TEST(r107_many_threads_with_one_key),
        TEST(r075_children_draw_other_randomness),
    };
    return cmocka_run_group_tests(tests, setup_token, teardown_module);
}
