/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-vectors [--quick] [--part NAME] [FILE ...]
 *
 * Runs the vectors of C2SP/wycheproof (FILE.json) and of OpenSSL (FILE.txt) through the module's C
 * functions and says, for each file, how many cases passed, failed and were left out, and why. Exits
 * 1 when a case failed: a valid one was refused or came out wrong, or an invalid one was taken.
 *
 * The module is CRATON_MODULE, CRATON_BACKEND the algorithms.crypto_backend of its configuration
 * (auto when unset). Files come from two folders: CRATON_WYCHEPROOF, else
 * $CRATON_SOURCE/../shared/vectors/wycheproof, else $CRATON_SOURCE/tests/vectors/wycheproof; and
 * CRATON_OPENSSL_VECTORS, else the folders openssl beside those.
 */
#include "runner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- counting ------------------------------------------------------------------------------------- */

struct reason {
    const char *why;
    unsigned n;
};

enum { REASONS_MOST = 8 };

static struct {
    unsigned cases, passed, failed, skipped;
    struct reason reasons[REASONS_MOST]; /* of those left out */
    struct reason limits[REASONS_MOST];  /* of those that count */
} file_count, total;

static CK_RV last_rv;
bool quick;

static void count_reason(struct reason *reasons, const char *why)
{
    for (size_t i = 0; i < REASONS_MOST; i++) {
        if (reasons[i].why == NULL || strcmp(reasons[i].why, why) == 0) {
            reasons[i].why = why;
            reasons[i].n++;
            return;
        }
    }
}

enum outcome skip(const char *why)
{
    count_reason(file_count.reasons, why);
    return SKIPPED;
}

void partly(const char *what)
{
    count_reason(file_count.limits, what);
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
    const bool numbered = json_object_get(test, "tcId") != NULL;
    (void)printf("  FAILED %s %s %lu (%s): %s, 0x%lx; %s\n", file, numbered ? "tcId" : "line",
                 number_of(test, numbered ? "tcId" : "line"), result,
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
    {"MLKEMKeyGen", run_kem_keygen},
    {"MLKEMEncapsTest", run_kem_encaps},
    {"MLKEMTest", run_kem_decaps},
    {"MLKEMDecapsValidationTest", run_kem_decaps},
    {"MlDsaSign", run_ml_dsa_sign},
    {"MlDsaVerify", run_ml_dsa_verify},
    {"Stanza", run_stanza},
};

/* Files of mechanisms that the token does not have. */
static const char *const others[] = {"aes_gcm_siv", "aes_xts", "chacha20",
                                     "kmac",        "pbkdf2",  "ec_prime_order"};

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
    {"ml_kem", "mlkem_"},
    {"ml_kem", "evppkey_ml_kem_"},
    {"ml_dsa", "mldsa_"},
    {"ml_dsa", "evppkey_ml_dsa_"},
    {"slh_dsa", "evppkey_slh_dsa_"},
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
        keys_clear();
        arena_clear();
    }
}

static void print_reasons(const char *head, const struct reason *reasons)
{
    for (size_t i = 0; i < REASONS_MOST && reasons[i].why != NULL; i++) {
        (void)printf("%s %u %s", i == 0 ? head : ",", reasons[i].n, reasons[i].why);
    }
}

static void report(const char *file)
{
    (void)printf("%-46s %6u cases %6u passed %4u failed %5u left out", file, file_count.cases,
                 file_count.passed, file_count.failed, file_count.skipped);
    print_reasons(":", file_count.reasons);
    print_reasons("; of those that count,", file_count.limits);
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

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name);
    return n > strlen(end) && strcmp(name + n - strlen(end), end) == 0;
}

static json_t *load(const char *path)
{
    json_error_t error;
    if (ends_with(path, ".txt")) {
        return stanzas_load(path);
    }
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        (void)fprintf(stderr, "craton-vectors: %s: %s\n", path, error.text);
    }
    return root;
}

static bool run_file(const char *path)
{
    const char *file = base_name(path);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(file, others[i], strlen(others[i])) == 0) {
            (void)printf("%-46s left out: the token has no such mechanism\n", file);
            return true;
        }
    }
    json_t *root = load(path);
    if (root == NULL) {
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

/* The variable's, else the folder NAME of the whole set, else that of this tree. */
static const char *vectors_folder(const char *variable, const char *name, char *space, size_t n)
{
    const char *given = getenv(variable);
    const char *source = getenv("CRATON_SOURCE");
    if (given != NULL) {
        return given;
    }
    (void)snprintf(space, n, "%s/../shared/vectors/%s", source != NULL ? source : ".", name);
    if (!is_folder(space)) {
        (void)snprintf(space, n, "%s/tests/vectors/%s", source != NULL ? source : ".", name);
    }
    return space;
}

static bool run_folder(const char *folder, const char *ending, const char *part, unsigned *files)
{
    struct dirent **names = NULL;
    const int n = scandir(folder, &names, NULL, alphasort);
    bool good = n > 0;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (ends_with(name, ending) && (part == NULL || in_part(part, name))) {
            char path[8192];
            (void)snprintf(path, sizeof path, "%.4000s/%.255s", folder, name);
            good = run_file(path) && good;
            ++*files;
        }
        free(names[i]);
    }
    free(names);
    if (n <= 0) {
        (void)fprintf(stderr, "craton-vectors: no vectors in %s\n", folder);
    }
    return good;
}

static bool run_folders(const char *part)
{
    char space[4096];
    unsigned files = 0;
    bool good = run_folder(vectors_folder("CRATON_WYCHEPROOF", "wycheproof", space, sizeof space),
                           ".json", part, &files);
    good = run_folder(vectors_folder("CRATON_OPENSSL_VECTORS", "openssl", space, sizeof space),
                      ".txt", part, &files) &&
           good;
    if (files == 0) {
        (void)fprintf(stderr, "craton-vectors: no such part: %s\n", part != NULL ? part : "all");
    }
    return good && files > 0;
}

int main(int argc, char **argv)
{
    const char *module = getenv("CRATON_MODULE");
    bool good = true;
    int first = 1;
    const char *part = NULL;
    if (first < argc && strcmp(argv[first], "--quick") == 0) {
        quick = true;
        first++;
    }
    if (first + 1 < argc && strcmp(argv[first], "--part") == 0) {
        part = argv[first + 1];
        first += 2;
    }
    if (module == NULL || !module_open(module)) {
        (void)fprintf(stderr, "craton-vectors: CRATON_MODULE must name a module that opens\n");
        return 2;
    }
    for (int i = first; i < argc; i++) {
        good = run_file(argv[i]) && good;
    }
    if (first == argc) {
        good = run_folders(part);
    }
    (void)printf("%u cases: %u passed, %u failed, %u left out\n", total.cases, total.passed,
                 total.failed, total.skipped);
    module_close();
    return good && total.failed == 0 && total.passed > 0 ? 0 : 1;
}
