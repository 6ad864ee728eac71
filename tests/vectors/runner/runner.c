/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors [--part NAME] [FILE.json ...]
 *
 * Runs the vectors of C2SP/wycheproof through the module's C functions and says, for each file, how
 * many cases passed, failed and were left out, and why. Exits 1 when a case failed: a valid one was
 * refused or came out wrong, or an invalid one was taken.
 *
 * The module is CRATON_MODULE, CRATON_BACKEND the algorithms.crypto_backend of its configuration
 * (auto when unset). Files come from the folder CRATON_WYCHEPROOF, else
 * $CRATON_SOURCE/../shared/vectors/wycheproof, else $CRATON_SOURCE/tests/vectors/wycheproof.
 */
#include "runner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- bytes ---------------------------------------------------------------------------------------- */

enum { ARENA_MOST = 256 };
static void *arena[ARENA_MOST];
static size_t arena_n;

struct data data_new(CK_ULONG n)
{
    if (arena_n == ARENA_MOST) {
        (void)fprintf(stderr, "craton-vectors: a case takes too many buffers\n");
        exit(2);
    }
    void *p = calloc(n + 1, 1);
    if (p == NULL) {
        (void)fprintf(stderr, "craton-vectors: out of memory\n");
        exit(2);
    }
    arena[arena_n++] = p;
    return (struct data){p, n};
}

void arena_clear(void)
{
    while (arena_n > 0) {
        free(arena[--arena_n]);
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

struct data data_hex(const char *hex)
{
    const size_t n = strlen(hex) / 2;
    struct data d = data_new(n);
    for (size_t i = 0; i < n; i++) {
        d.p[i] = (CK_BYTE)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
    return d;
}

struct data data_join(struct data a, struct data b)
{
    struct data d = data_new(a.n + b.n);
    memcpy(d.p, a.p, a.n);
    memcpy(d.p + a.n, b.p, b.n);
    return d;
}

bool data_same(struct data a, struct data b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

struct data data_strip(struct data v)
{
    while (v.n > 1 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    return v;
}

const char *text_of(json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s != NULL ? s : "";
}

struct data hex_of(json_t *o, const char *name)
{
    return data_hex(text_of(o, name));
}

CK_ULONG number_of(json_t *o, const char *name)
{
    return (CK_ULONG)json_integer_value(json_object_get(o, name));
}

bool flagged(json_t *test, const char *flag)
{
    size_t i;
    json_t *f;
    json_array_foreach(json_object_get(test, "flags"), i, f)
    {
        if (strcmp(json_string_value(f), flag) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- counting ------------------------------------------------------------------------------------- */

struct reason {
    const char *why;
    unsigned n;
};

static struct {
    unsigned cases, passed, failed, skipped;
    struct reason reasons[8];
} file_count, total;

static CK_RV last_rv;

enum outcome skip(const char *why)
{
    for (size_t i = 0; i < sizeof file_count.reasons / sizeof file_count.reasons[0]; i++) {
        struct reason *r = &file_count.reasons[i];
        if (r->why == NULL || strcmp(r->why, why) == 0) {
            r->why = why;
            r->n++;
            break;
        }
    }
    return SKIPPED;
}

enum outcome rejected(CK_RV rv)
{
    const char *pinned = getenv("CRATON_BACKEND");
    if (rv == CKR_CURVE_NOT_SUPPORTED && pinned != NULL && strcmp(pinned, "auto") != 0) {
        return skip("on a curve that this library does not have");
    }
    last_rv = rv;
    return REJECTED;
}

static void judge(const char *file, json_t *test, enum outcome outcome)
{
    const char *result = text_of(test, "result");
    const bool valid = strcmp(result, "valid") == 0;
    const bool invalid = strcmp(result, "invalid") == 0;
    file_count.cases++;
    if (outcome == SKIPPED) {
        file_count.skipped++;
        return;
    }
    const bool right = outcome == ACCEPTED ? !invalid : outcome == REJECTED && !valid;
    if (right) {
        file_count.passed++;
        return;
    }
    file_count.failed++;
    (void)printf("  FAILED %s tcId %lu (%s): %s, 0x%lx; %s\n", file, number_of(test, "tcId"),
                 result,
                 outcome == ACCEPTED   ? "taken"
                 : outcome == REJECTED ? "refused"
                                       : "came out wrong",
                 last_rv, text_of(test, "comment"));
}

/* ---- files ---------------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    runner run;
} runners[] = {
    {"IndCpaTest", run_cbc},
    {"AeadTest", run_aead},
    {"MacTest", run_mac},
    {"MacWithIvTest", run_gmac},
    {"KeywrapTest", run_wrap},
    {"HkdfTest", run_hkdf},
    {"EcdsaVerify", run_ecdsa},
    {"EcdsaP1363Verify", run_ecdsa},
    {"EddsaVerify", run_eddsa},
    {"EcdhTest", run_ecdh},
    {"EcdhEcpointTest", run_ecdh},
    {"XdhComp", run_xdh},
    {"RsassaPkcs1Verify", run_rsa_verify},
    {"RsassaPkcs1Generate", run_rsa_sign},
    {"RsassaPssVerify", run_pss},
    {"RsassaPssWithParametersVerify", run_pss},
    {"RsaesOaepDecrypt", run_oaep},
    {"RsaesPkcs1Decrypt", run_pkcs1_decrypt},
};

/* Files of mechanisms that the token does not have. */
static const char *const others[] = {"aes_gcm_siv", "aes_xts", "chacha20", "kmac",
                                     "mldsa",       "mlkem",   "pbkdf2",   "ec_prime_order"};

/* How ctest cuts the set; each file belongs to the first part that names its beginning. */
static const struct {
    const char *part, *begins;
} parts[] = {
    {"ecdsa_brainpool", "ecdsa_brainpool"},
    {"ecdsa_secp2", "ecdsa_secp2"},
    {"ecdsa_secp35", "ecdsa_"},
    {"ecdh_x", "ecdh_"},
    {"ecdh_x", "x25519"},
    {"ecdh_x", "x448"},
    {"ed", "ed"},
    {"aes", "aes"},
    {"hmac_hkdf", "h"},
    {"rsa", "rsa"},
};

static bool in_part(const char *part, const char *file)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strncmp(file, parts[i].begins, strlen(parts[i].begins)) == 0) {
            return strcmp(parts[i].part, part) == 0;
        }
    }
    return false;
}

static runner runner_of(const char *type)
{
    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++) {
        if (strcmp(runners[i].type, type) == 0) {
            return runners[i].run;
        }
    }
    return NULL;
}

static void run_group(const char *file, json_t *group)
{
    const runner run = runner_of(text_of(group, "type"));
    size_t i;
    json_t *test;
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        last_rv = CKR_OK;
        judge(file, test,
              run != NULL ? run(file, group, test) : skip("kind of test not in the table"));
        arena_clear();
    }
}

static void report(const char *file)
{
    (void)printf("%-46s %6u cases %6u passed %4u failed %5u left out", file, file_count.cases,
                 file_count.passed, file_count.failed, file_count.skipped);
    for (size_t i = 0; i < 8 && file_count.reasons[i].why != NULL; i++) {
        (void)printf("%s %u %s", i == 0 ? ":" : ",", file_count.reasons[i].n,
                     file_count.reasons[i].why);
    }
    (void)printf("\n");
    total.cases += file_count.cases;
    total.passed += file_count.passed;
    total.failed += file_count.failed;
    total.skipped += file_count.skipped;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool run_file(const char *path)
{
    json_error_t error;
    const char *file = base_name(path);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(file, others[i], strlen(others[i])) == 0) {
            (void)printf("%-46s left out: the token has no such mechanism\n", file);
            return true;
        }
    }
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        (void)fprintf(stderr, "craton-vectors: %s: %s\n", path, error.text);
        return false;
    }
    memset(&file_count, 0, sizeof file_count);
    size_t i;
    json_t *group;
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        if (json_object_get(group, "algorithm") == NULL) {
            (void)json_object_set(group, "algorithm", json_object_get(root, "algorithm"));
        }
        run_group(file, group);
    }
    report(file);
    json_decref(root);
    return true;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *vectors_folder(char *space, size_t n)
{
    const char *given = getenv("CRATON_WYCHEPROOF");
    const char *source = getenv("CRATON_SOURCE");
    if (given != NULL) {
        return given;
    }
    (void)snprintf(space, n, "%s/../shared/vectors/wycheproof", source != NULL ? source : ".");
    if (!is_folder(space)) {
        (void)snprintf(space, n, "%s/tests/vectors/wycheproof", source != NULL ? source : ".");
    }
    return space;
}

static bool run_folder(const char *folder, const char *part)
{
    struct dirent **names = NULL;
    const int n = scandir(folder, &names, NULL, alphasort);
    bool good = n > 0;
    unsigned files = 0;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        const size_t len = strlen(name);
        if (len > 5 && strcmp(name + len - 5, ".json") == 0 &&
            (part == NULL || in_part(part, name))) {
            char path[8192];
            (void)snprintf(path, sizeof path, "%.4000s/%.255s", folder, name);
            good = run_file(path) && good;
            files++;
        }
        free(names[i]);
    }
    free(names);
    if (files == 0) {
        (void)fprintf(stderr, "craton-vectors: no vectors in %s\n", folder);
    }
    return good && files > 0;
}

int main(int argc, char **argv)
{
    const char *module = getenv("CRATON_MODULE");
    char space[4096];
    bool good = true;
    int first = 1;
    const char *part = NULL;
    if (argc > 2 && strcmp(argv[1], "--part") == 0) {
        part = argv[2];
        first = 3;
    }
    if (module == NULL || !module_open(module)) {
        (void)fprintf(stderr, "craton-vectors: CRATON_MODULE must name a module that opens\n");
        return 2;
    }
    for (int i = first; i < argc; i++) {
        good = run_file(argv[i]) && good;
    }
    if (first == argc) {
        good = run_folder(vectors_folder(space, sizeof space), part);
    }
    (void)printf("%u cases: %u passed, %u failed, %u left out\n", total.cases, total.passed,
                 total.failed, total.skipped);
    module_close();
    return good && total.failed == 0 && total.passed > 0 ? 0 : 1;
}
