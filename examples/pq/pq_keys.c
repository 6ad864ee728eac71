/* SPDX-License-Identifier: Apache-2.0
 *
 * Post-quantum keys in a PKCS#11 3.2 token, from the command line: for clients that do not know them
 * yet, and as an example of the calls. It needs nothing but a C library and a module.
 *
 *   pq_keys --module FILE [--token LABEL] [--pin PIN] COMMAND [OPTION...]
 *
 * Commands
 *   --list-mechanisms       the mechanisms of the token by name
 *   --list-types            what --generate can make
 *   --generate TYPE         a key pair in the token, with --label and --id
 *   --import FILE           a PEM public key (ML-KEM, ML-DSA, SLH-DSA) into the token
 *   --public                the public key as PEM (SubjectPublicKeyInfo)
 *   --sign, --verify        the bytes of --input; --signature names the signature's file
 *   --encapsulate           makes a shared secret: --secret, and its --ciphertext
 *   --decapsulate           the shared secret of --ciphertext
 * Options
 *   --label TEXT, --id HEX  which key, or the new key's
 *   --input, --output, --signature, --ciphertext, --secret FILE
 *   --context TEXT          of a signature: at most 255 bytes
 *   --mechanism NAME        instead of the key type's own; "HASH_ML_DSA_SHA512", "0x1d"
 *
 * The PIN may also be in the environment, as CRATON_PIN: there other users do not see it.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <craton/vendor.h>

#include "pq_session.h"
#include "pq_types.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *wanted(const char *value, const char *option)
{
    if (value == NULL) {
        fail("--%s is missing", option);
    }
    return value;
}

static void list_mechanisms(struct session *s, const struct options *o)
{
    (void)o;
    static const struct {
        CK_FLAGS flag;
        const char *word;
    } words[] = {
        {CKF_ENCRYPT, "encrypt"},
        {CKF_DECRYPT, "decrypt"},
        {CKF_DIGEST, "digest"},
        {CKF_SIGN, "sign"},
        {CKF_VERIFY, "verify"},
        {CKF_GENERATE, "generate"},
        {CKF_WRAP, "wrap"},
        {CKF_GENERATE_KEY_PAIR, "generate_key_pair"},
        {CKF_UNWRAP, "unwrap"},
        {CKF_DERIVE, "derive"},
        {CKF_ENCAPSULATE, "encapsulate"},
        {CKF_DECAPSULATE, "decapsulate"},
    };
    CK_ULONG n = 0;
    MUST(s, C_GetMechanismList, s->slot, NULL, &n);
    CK_MECHANISM_TYPE *list = calloc(n + 1, sizeof *list);
    if (list == NULL) {
        fail("out of memory");
    }
    MUST(s, C_GetMechanismList, s->slot, list, &n);
    puts("Supported mechanisms:");
    for (CK_ULONG i = 0; i < n; i++) {
        CK_MECHANISM_INFO info;
        MUST(s, C_GetMechanismInfo, s->slot, list[i], &info);
        printf("  %s", mechanism_names(list[i]));
        if (info.ulMaxKeySize != 0) {
            printf(", keySize={%lu,%lu}", info.ulMinKeySize, info.ulMaxKeySize);
        }
        for (unsigned w = 0; w < COUNT(words); w++) {
            printf("%s%s", info.flags & words[w].flag ? ", " : "",
                   info.flags & words[w].flag ? words[w].word : "");
        }
        putchar('\n');
    }
    free(list);
}

static void generate(struct session *s, const struct options *o)
{
    const struct pq_type *type = pq_type_named(o->argument);
    if (type == NULL) {
        fail("there is no type '%s' (--list-types)", o->argument);
    }
    const bool kem = type->key_type == CKK_ML_KEM || type->key_type == CKK_COMP_KEM;
    CK_ULONG set = type->set;
    struct template pub = {.n = 0}, priv = {.n = 0};
    put(&pub, CKA_TOKEN, &yes, sizeof yes);
    put(&pub, kem ? CKA_ENCAPSULATE : CKA_VERIFY, &yes, sizeof yes);
    if (set != 0) {
        put(&pub, CKA_PARAMETER_SET, &set, sizeof set);
    }
    put_names(&pub, o);
    put(&priv, CKA_TOKEN, &yes, sizeof yes);
    put(&priv, CKA_PRIVATE, &yes, sizeof yes);
    put(&priv, CKA_SENSITIVE, &yes, sizeof yes);
    put(&priv, kem ? CKA_DECAPSULATE : CKA_SIGN, &yes, sizeof yes);
    put_names(&priv, o);
    CK_MECHANISM m = {type->generate, NULL, 0};
    CK_OBJECT_HANDLE hpub = 0, hpriv = 0;
    MUST(s, C_GenerateKeyPair, s->h, &m, pub.a, pub.n, priv.a, priv.n, &hpub, &hpriv);
    printf("%s key pair made, public key of %zu bytes\n", type->name,
           attribute(s, hpub, CKA_VALUE).len);
}

static void import(struct session *s, const struct options *o)
{
    const struct bytes der = read_public_pem(o->argument);
    struct bytes oid, value;
    split_public(&der, &oid, &value);
    const struct pq_type *type = pq_type_of_oid(oid.data, oid.len);
    if (type == NULL) {
        fail("%s holds no ML-KEM, ML-DSA or SLH-DSA key", o->argument);
    }
    CK_OBJECT_CLASS cls = CKO_PUBLIC_KEY;
    CK_KEY_TYPE key_type = type->key_type;
    CK_ULONG set = type->set;
    struct template t = {.n = 0};
    put(&t, CKA_CLASS, &cls, sizeof cls);
    put(&t, CKA_KEY_TYPE, &key_type, sizeof key_type);
    put(&t, CKA_PARAMETER_SET, &set, sizeof set);
    put(&t, CKA_VALUE, value.data, value.len);
    put(&t, CKA_TOKEN, &yes, sizeof yes);
    put(&t, key_type == CKK_ML_KEM ? CKA_ENCAPSULATE : CKA_VERIFY, &yes, sizeof yes);
    put_names(&t, o);
    CK_OBJECT_HANDLE h = 0;
    MUST(s, C_CreateObject, s->h, t.a, t.n, &h);
    printf("%s public key imported\n", type->name);
}

static void print_public(struct session *s, const struct options *o)
{
    const struct bytes der = attribute(s, find_key(s, o, CKO_PUBLIC_KEY), CKA_PUBLIC_KEY_INFO);
    write_public_pem(o->output, der.data, der.len);
}

/* A mechanism's parameter is needed for a context alone. */
static CK_MECHANISM signing(CK_MECHANISM_TYPE type, const char *text,
                            CK_SIGN_ADDITIONAL_CONTEXT *parameter)
{
    CK_MECHANISM m = {type, NULL, 0};
    if (text != NULL) {
        *parameter = (CK_SIGN_ADDITIONAL_CONTEXT){CKH_HEDGE_PREFERRED, (CK_BYTE *)strdup(text),
                                                  strlen(text)};
        m.pParameter = parameter;
        m.ulParameterLen = sizeof *parameter;
    }
    return m;
}

static void sign(struct session *s, const struct options *o)
{
    const CK_OBJECT_HANDLE key = find_key(s, o, CKO_PRIVATE_KEY);
    const struct bytes data = read_file(wanted(o->input, "input"));
    CK_SIGN_ADDITIONAL_CONTEXT parameter;
    CK_MECHANISM m = signing(mechanism_of(s, key, o), o->context, &parameter);
    CK_ULONG len = 0;
    MUST(s, C_SignInit, s->h, &m, key);
    MUST(s, C_Sign, s->h, data.data, data.len, NULL, &len);
    const struct bytes signature = new_bytes(len);
    MUST(s, C_Sign, s->h, data.data, data.len, signature.data, &len);
    write_file(wanted(o->signature, "signature"), signature.data, len);
}

static void verify(struct session *s, const struct options *o)
{
    const CK_OBJECT_HANDLE key = find_key(s, o, CKO_PUBLIC_KEY);
    const struct bytes data = read_file(wanted(o->input, "input"));
    const struct bytes signature = read_file(wanted(o->signature, "signature"));
    CK_SIGN_ADDITIONAL_CONTEXT parameter;
    CK_MECHANISM m = signing(mechanism_of(s, key, o), o->context, &parameter);
    MUST(s, C_VerifyInit, s->h, &m, key);
    MUST(s, C_Verify, s->h, data.data, data.len, signature.data, signature.len);
    puts("Signature is valid");
}

/* The new secret leaves the token, since a file is wanted: other programs would keep it inside. */
static void put_secret(struct template *t)
{
    static CK_OBJECT_CLASS cls = CKO_SECRET_KEY;
    static CK_KEY_TYPE key_type = CKK_GENERIC_SECRET;
    put(t, CKA_CLASS, &cls, sizeof cls);
    put(t, CKA_KEY_TYPE, &key_type, sizeof key_type);
    put(t, CKA_TOKEN, &no, sizeof no);
    put(t, CKA_SENSITIVE, &no, sizeof no);
    put(t, CKA_EXTRACTABLE, &yes, sizeof yes);
}

static void write_secret(struct session *s, const struct options *o, CK_OBJECT_HANDLE secret)
{
    const struct bytes value = attribute(s, secret, CKA_VALUE);
    write_file(wanted(o->secret, "secret"), value.data, value.len);
    explicit_bzero(value.data, value.len);
}

static void encapsulate(struct session *s, const struct options *o)
{
    const CK_OBJECT_HANDLE key = find_key(s, o, CKO_PUBLIC_KEY);
    CK_MECHANISM m = {mechanism_of(s, key, o), NULL, 0};
    CK_OBJECT_HANDLE secret = 0;
    CK_ULONG len = 0;
    struct template t = {.n = 0};
    put_secret(&t);
    MUST(s, C_EncapsulateKey, s->h, &m, key, t.a, t.n, NULL, &len, &secret);
    const struct bytes ciphertext = new_bytes(len);
    MUST(s, C_EncapsulateKey, s->h, &m, key, t.a, t.n, ciphertext.data, &len, &secret);
    write_file(wanted(o->ciphertext, "ciphertext"), ciphertext.data, len);
    write_secret(s, o, secret);
}

static void decapsulate(struct session *s, const struct options *o)
{
    const CK_OBJECT_HANDLE key = find_key(s, o, CKO_PRIVATE_KEY);
    const struct bytes ciphertext = read_file(wanted(o->ciphertext, "ciphertext"));
    CK_MECHANISM m = {mechanism_of(s, key, o), NULL, 0};
    CK_OBJECT_HANDLE secret = 0;
    struct template t = {.n = 0};
    put_secret(&t);
    MUST(s, C_DecapsulateKey, s->h, &m, key, t.a, t.n, ciphertext.data, ciphertext.len, &secret);
    write_secret(s, o, secret);
}

/* ---- the command line ------------------------------------------------------------------------- */

static void usage(void)
{
    puts(
        "pq_keys --module FILE [--token LABEL] [--pin PIN] COMMAND [OPTION...]\n"
        "  --list-mechanisms, --list-types\n"
        "  --generate TYPE | --import FILE.pem     --label TEXT --id HEX\n"
        "  --public                                --label TEXT | --id HEX, --output FILE\n"
        "  --sign | --verify                       --input FILE --signature FILE [--context TEXT]\n"
        "  --encapsulate | --decapsulate           --ciphertext FILE --secret FILE\n"
        "  [--mechanism NAME]                      another mechanism than the key type's own\n"
        "The PIN may be in the environment, as CRATON_PIN.");
}

static void list_types(void)
{
    for (unsigned i = 0; pq_type_at(i) != NULL; i++) {
        puts(pq_type_at(i)->name);
    }
}

static const struct command {
    const char *name;
    void (*run)(struct session *s, const struct options *o);
    bool login;
} commands[] = {
    {"list-mechanisms", list_mechanisms, false},
    {"generate", generate, true},
    {"import", import, true},
    {"public", print_public, true},
    {"sign", sign, true},
    {"verify", verify, true},
    {"encapsulate", encapsulate, true},
    {"decapsulate", decapsulate, true},
};

static void run(const struct options *o)
{
    struct session s = {NULL, 0, 0};
    if (o->command == NULL) {
        fail("say what to do (--help)");
    }
    if (strcmp(o->command, "help") == 0) {
        usage();
    } else if (strcmp(o->command, "list-types") == 0) {
        list_types();
    }
    for (unsigned i = 0; i < COUNT(commands); i++) {
        if (strcmp(o->command, commands[i].name) == 0) {
            (void)wanted(o->module, "module");
            open_session(&s, o, commands[i].login);
            commands[i].run(&s, o);
            MUST(&s, C_Finalize, NULL);
        }
    }
}

int main(int argc, char **argv)
{
    struct options o = {NULL};
    /* Options with a place keep their value there; the others are commands. */
    const struct {
        const char *name;
        const char **place;
        int has_value;
    } words[] = {
        {"module", &o.module, 1},
        {"token", &o.token, 1},
        {"token-label", &o.token, 1},
        {"pin", &o.pin, 1},
        {"label", &o.label, 1},
        {"id", &o.id, 1},
        {"input", &o.input, 1},
        {"output", &o.output, 1},
        {"signature", &o.signature, 1},
        {"ciphertext", &o.ciphertext, 1},
        {"secret", &o.secret, 1},
        {"context", &o.context, 1},
        {"mechanism", &o.mechanism, 1},
        {"list-mechanisms", NULL, 0},
        {"list-types", NULL, 0},
        {"generate", NULL, 1},
        {"import", NULL, 1},
        {"public", NULL, 0},
        {"sign", NULL, 0},
        {"verify", NULL, 0},
        {"encapsulate", NULL, 0},
        {"decapsulate", NULL, 0},
        {"help", NULL, 0},
    };
    struct option table[COUNT(words) + 1] = {{NULL, 0, NULL, 0}};
    for (unsigned i = 0; i < COUNT(words); i++) {
        table[i] = (struct option){words[i].name, words[i].has_value, NULL, 0};
    }
    int at = 0, found;
    while ((found = getopt_long(argc, argv, "", table, &at)) == 0) {
        if (words[at].place != NULL) {
            *words[at].place = optarg;
        } else if (o.command == NULL) {
            o.command = words[at].name;
            o.argument = optarg;
        } else {
            fail("one command at a time: --%s or --%s", o.command, words[at].name);
        }
    }
    if (found != -1) {
        return 2; /* getopt said why */
    }
    if (optind != argc) {
        fail("'%s' is no option", argv[optind]);
    }
    run(&o);
    return 0;
}
