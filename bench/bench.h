/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the benchmark share. A subject (a PKCS#11 module or a bare library) runs in a
 * process of its own, the worker; the main process asks the workers in turn, so that what disturbs
 * the machine disturbs all of them alike.
 */
#ifndef CRATON_BENCH_BENCH_H
#define CRATON_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- rows ------------------------------------------------------------------------------------ */

enum op {
    OP_SIGN,
    OP_VERIFY,
    OP_AGREE,
    OP_ENCAPSULATE,
    OP_DECAPSULATE,
    OP_ENCRYPT,
    OP_DIGEST,
    OP_GENERATE,
    OP_WRAP,
    OP_RANDOM,
    OP_FIND,
    OP_CREATE,
    OP_LOGIN,
    OP_START, /* not a loop: milliseconds, measured in fresh processes */
    OP_MEMORY /* not a loop: bytes an object */
};

enum alg {
    ALG_NONE,
    ALG_RSA2048,
    ALG_RSA3072,
    ALG_RSA4096,
    ALG_P256,
    ALG_P384,
    ALG_P521,
    ALG_ED25519,
    ALG_X25519,
    ALG_AES_GCM,
    ALG_AES_CBC,
    ALG_AES_CTR,
    ALG_SHA256,
    ALG_SHA512,
    ALG_HMAC_SHA256,
    ALG_CMAC,
    ALG_AES,
    ALG_ML_DSA_44, /* from here on post-quantum */
    ALG_ML_DSA_65,
    ALG_ML_DSA_87,
    ALG_SLH_DSA_SHA2_128S,
    ALG_SLH_DSA_SHA2_128F,
    ALG_SLH_DSA_SHAKE_128F,
    ALG_ML_KEM_512,
    ALG_ML_KEM_768,
    ALG_ML_KEM_1024,
    ALG_X25519_ML_KEM_768, /* as the TLS group X25519MLKEM768 */
    ALG_ML_DSA_65_P256,    /* composite ML-DSA */
    ALG_ML_DSA_44_ED25519
};

#define SIGNATURE_MAX 17088 /* SLH-DSA of the fast sort, 128 bits */

/* Which store a row wants: the one with the keys, or one with that many objects. */
enum place { PLACE_KEYS, PLACE_TEN, PLACE_MANY, PLACE_COUNT };

#define PARTS_MAX 3

struct part {
    enum op op;
    enum alg alg;
};

struct row {
    const char *name;
    enum op op;
    enum alg alg;
    size_t n; /* bytes of data */
    /* What a bare library does instead, one after the other; none: the operation itself. */
    struct part parts[PARTS_MAX];
    enum place place;
    bool threads;    /* has a two-thread figure */
    double aim_bare; /* ratio to the bare library; 0: none */
    /* Ratio to the sum of the parts; 0: none. Of a hybrid KEM: the post-quantum part as its own row has
     * it here, the rest as the bare library does it. */
    double aim_sum;
    bool own_parts;  /* the sum is what the parts take here, one after the other */
    double aim_time; /* microseconds (loops), milliseconds (start) or bytes (memory); 0: none */
    bool may_lose;   /* to SoftHSM2, as specified */
    double longer;   /* times the usual duration of a run */
    const char *why; /* what a figure beside its aim comes from; NULL: not known beforehand */
};

extern const struct row rows[];
extern const size_t rows_n;

/* ---- subjects ------------------------------------------------------------------------------------ */

struct subject {
    const char *name;
    /* 0 when it is there. SAY (cap bytes) takes its version or the reason. */
    int (*open)(enum place place, char *say, size_t cap);
    void (*close)(void);
    /* What one thread needs for a row; NULL when the subject lacks it. */
    void *(*prepare)(const struct row *row, unsigned thread);
    int (*once)(void *state); /* one operation; 0 when it worked */
    void (*release)(void *state);
};

/* S, doing rows by their parts. One S in a process. */
const struct subject *subject_in_parts(const struct subject *s);

extern const struct subject subject_module;
extern const struct subject subject_openssl;
#ifdef CRATON_BENCH_AWSLC
extern const struct subject subject_awslc;
#endif

/* WHO_PARTS: this module again, doing a composite's row by its parts. Not in the table. */
enum who { WHO_OURS, WHO_SOFTHSM, WHO_OPENSSL, WHO_AWSLC, WHO_PARTS, WHO_COUNT };
enum { WHO_LISTED = WHO_PARTS };
extern const char *const who_names[WHO_COUNT];

/* ---- modules and their stores --------------------------------------------------------------------- */

#define TOKEN_LABEL "bench"
#define SO_PIN "bench-so-pin-1"
#define USER_PIN "bench-user-pin-1"
#define MANY 10000

/* Where the module is and where its stores go; set before anything else in each process. */
struct module_place {
    const char *path;    /* the shared object */
    const char *scratch; /* a folder for the store of the keys: on a disk, writes are durable */
    const char *memory;  /* one for the stores that are filled and then only read */
    bool softhsm;
};
void module_place_set(const struct module_place *p);

/* Makes the store's folder and configuration and points the environment at it. */
int store_select(enum place place);
const char *place_name(enum place place);
size_t place_objects(enum place place);

struct CK_FUNCTION_LIST;
struct CK_FUNCTION_LIST_3_2;
/* Loads the module; NULL with the reason in SAY. */
const struct CK_FUNCTION_LIST *module_load(char *say, size_t cap);
/* Of the module loaded; NULL when it has none. */
const struct CK_FUNCTION_LIST_3_2 *module_list_3_2(void);
/* C_Initialize done: the slot of our token; made when MAKE and not there. 0 when found. */
int token_find(const struct CK_FUNCTION_LIST *p11, bool make, unsigned long *ret_slot);
/* Objects with labels from object_label, up to N in all. */
int token_fill(const struct CK_FUNCTION_LIST *p11, unsigned long session, size_t n);
void object_label(char out[24], size_t i);

/* ---- workers -------------------------------------------------------------------------------------- */

struct worker; /* the main process' side */

struct worker *worker_start(enum who who, enum place place, const struct module_place *p);
const char *worker_version(const struct worker *w); /* "" when it could not start */
bool worker_alive(const struct worker *w);
const char *worker_trouble(const struct worker *w);
/* Operations a second (CPU: a second of processor time) of ROW with THREADS, over about SECONDS.
 * Below zero: the subject lacks it or failed. */
double worker_run(struct worker *w, size_t row, unsigned threads, double seconds, bool cpu);
void worker_row_done(struct worker *w); /* what was prepared is released */
void worker_stop(struct worker *w);

int worker_main(enum who who, enum place place); /* the worker's side: the process' exit code */

/* Start and memory, in a fresh process each. */
struct probe {
    double start_ms;  /* C_Initialize and C_OpenSession */
    double rss_bytes; /* grown by start, login, finding all objects and reading each one's label */
    double anon_bytes;
    size_t objects;
};
int probe_run(enum place place, const struct module_place *p, struct probe *ret);
int probe_main(enum place place);

/* ---- results ---------------------------------------------------------------------------------------- */

#define ROUNDS_MAX 25

struct result {
    const struct row *row;
    double samples[WHO_COUNT][2][ROUNDS_MAX]; /* [subject][threads - 1][round]; below zero: none */
    size_t rounds;
};

struct machine {
    char cpu[96];
    long cores;
    double load;   /* of the last minute, before the run */
    bool cpu_time; /* rates are by processor time */
    const char *versions[WHO_COUNT];
};

double median(const double *v, size_t n); /* of those not below zero; -1: none */
void report_text(const struct machine *m, const struct result *r, size_t n);
int report_json(const char *path, const struct machine *m, const struct result *r, size_t n);

double now_seconds(void);

#endif
