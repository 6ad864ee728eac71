/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes docs/mechanisms.md from the mechanism table, or checks that it is current:
 *
 *   mech_doc FILE           writes
 *   mech_doc --check FILE   0 when FILE is what it would write
 */
#include <stdio.h>
#include <string.h>

#include "family.h"

#include "base/mem.h"

static const char head[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Written by tools/mech_doc.c from src/mech/mechanisms.def: edit those. -->\n"
    "# Mechanisms\n\n"
    "What the token can do. C_GetMechanismList names those that the linked libraries have and that\n"
    "policy offers: CKM_RSA_X_509 only with `algorithms.allow_raw_rsa`; rows that sign with SHA-1\n"
    "show CKF_SIGN only with `algorithms.allow_sha1_signing`; RSA keys below 2048 bits only with\n"
    "`algorithms.allow_weak_rsa`; what is post-quantum only with `algorithms.enable_pqc`, and numbers\n"
    "from 0x80000000 only with `algorithms.vendor_mechanisms`, although they work without it too.\n\n"
    "Sizes are in the unit that the standard gives the mechanism: bits for RSA, elliptic curves\n"
    "and CKM_GENERIC_SECRET_KEY_GEN, bytes for AES and HMAC, bytes of the public key for what is\n"
    "post-quantum. *Parts*: C_...Update works, not only the single call.\n\n"
    "| Mechanism | Number | Does | Sizes | Parts | Parameter |\n"
    "|---|---|---|---|---|---|\n";

static const char tail[] =
    "\n## Notes\n\n"
    "* **Curves**: P-224, P-256, P-384, P-521, secp256k1, brainpoolP224r1, P256r1, P320r1, P384r1\n"
    "  and P512r1; Ed25519, Ed448; X25519, X448. CKA_EC_PARAMS is an OID, or for the latter four a\n"
    "  printable curve name. Explicit parameters are CKR_CURVE_NOT_SUPPORTED. CKA_EC_POINT and\n"
    "  the other side's point in CKM_ECDH1_DERIVE may be a DER OCTET STRING or raw; points are\n"
    "  uncompressed; the token writes DER OCTET STRINGs.\n"
    "* **CKM_AES_GCM** without a parameter: the token makes the nonce (12 bytes, never twice under a\n"
    "  key) and gives nonce, ciphertext, tag (16 bytes) in one; decryption takes the same. Decryption\n"
    "  gives no byte before the tag was right, so C_DecryptUpdate gives none at all.\n"
    "* **CKM_AES_CCM** in parts collects and answers at the end. ulDataLen is the length of the\n"
    "  plaintext, also in decryption.\n"
    "* **CKM_AES_KEY_WRAP** is RFC 3394; **CKM_AES_KEY_WRAP_KWP** and the older **_PAD** are RFC 5649;\n"
    "  **_PKCS7** pads to 8 bytes as PKCS#7 does, then RFC 3394.\n"
    "* **CKM_EDDSA** without a parameter is Ed25519, or Ed448 with an empty context. With\n"
    "  CK_EDDSA_PARAMS: ph by its flag; a context makes Ed25519 Ed25519ctx.\n"
    "* **CKM_RSA_PKCS** decryption never says that a padding is wrong: it gives other bytes\n"
    "  (implicit rejection).\n"
    "* **CKM_ECDH1_DERIVE** with CKD_NULL and a CKA_VALUE_LEN below the field's size keeps the last\n"
    "  bytes, as the standard says.\n"
    "* A running digest can be saved (C_GetOperationState) until it has got 64 KiB.\n"
    "\n## Post-quantum\n\n"
    "* **Parameter sets** are CKA_PARAMETER_SET of the public template when a pair is made. The numbers\n"
    "  CKM_CRATON_... mean one set each, need no CKA_PARAMETER_SET, and serve to make keys and to use\n"
    "  them: a key does not know by which number it was made. The key types CKK_CRATON_... are taken\n"
    "  for the standard's.\n"
    "* **CKM_ML_DSA, CKM_SLH_DSA** sign the message itself (the pure forms). Without a parameter:\n"
    "  hedged, empty context. With CK_SIGN_ADDITIONAL_CONTEXT: a context of at most 255 bytes, which\n"
    "  verification must be given too; CKH_DETERMINISTIC_REQUIRED signs without fresh randomness.\n"
    "  CKM_SLH_DSA reads the message twice and so takes it in one piece.\n"
    "* **CKM_HASH_ML_DSA, CKM_HASH_SLH_DSA** take a digest made elsewhere, of the hash that the\n"
    "  parameter names. **CKM_HASH_ML_DSA_SHA256** and its likes hash themselves; SHAKE128 gives 32\n"
    "  bytes there, SHAKE256 64.\n"
    "* **External mu** (PKCS#11 3.3 draft): CKM_ML_DSA_EXTERNAL_MU_GEN digests a message to the 64 bytes\n"
    "  that ML-DSA signs of it; CKM_ML_DSA_EXTERNAL_MU signs them. Such a signature is one of\n"
    "  CKM_ML_DSA. The context is the digest's.\n"
    "* **CKM_ML_KEM, CKM_COMP_KEM** by C_EncapsulateKey and C_DecapsulateKey: the secret is the new key's\n"
    "  value; CKA_VALUE_LEN below its length takes its first bytes, above is\n"
    "  CKR_ATTRIBUTE_VALUE_INVALID. A ciphertext of a wrong length is CKR_ENCRYPTED_DATA_LEN_RANGE; a\n"
    "  wrong one of the right length gives another secret, as ML-KEM is made.\n"
    "* **C_WrapKey with a KEM** encapsulates, and wraps with AES-256 (RFC 5649) under a key that\n"
    "  HKDF-SHA256 makes of the secret. The result is a KEMRecipientInfo of CMS (RFC 9629). Its key\n"
    "  identifier helps to find the key and is not checked. Class and, of secret keys, key type of what\n"
    "  was wrapped are bound into it: a template that says otherwise is CKR_TEMPLATE_INCONSISTENT.\n"
    "* **C_DeriveKey with a KEM**: HKDF over the secret, 32 bytes unless CKA_VALUE_LEN says otherwise. A\n"
    "  private key takes the ciphertext, bare or in CK_CRATON_KEM_DERIVE_PARAMS; with a public one the\n"
    "  token makes the ciphertext and writes it where pCiphertext says.\n"
    "* **Composites** join a post-quantum and another algorithm in one key. CKM_COMP_SIG signs with\n"
    "  both halves, and both must verify (draft-ietf-lamps-pq-composite-sigs);\n"
    "  CKM_COMP_SIG_EXTERNAL_HASH takes the message's digest. CKM_COMP_KEM combines both secrets\n"
    "  (draft-ietf-lamps-pq-composite-kem, X-Wing, and the constructions of the TLS groups).\n"
    "  Numbers are in `include/craton/vendor.h` until the standard has some.\n";

static void write_verbs(FILE *out, CK_FLAGS flags, bool sha1)
{
    static const struct {
        CK_FLAGS flag;
        const char *name;
    } verbs[] = {
        {CKF_ENCRYPT, "encrypt"},         {CKF_DECRYPT, "decrypt"},
        {CKF_DIGEST, "digest"},           {CKF_SIGN, "sign"},
        {CKF_VERIFY, "verify"},           {CKF_WRAP, "wrap"},
        {CKF_UNWRAP, "unwrap"},           {CKF_DERIVE, "derive"},
        {CKF_GENERATE, "generate"},       {CKF_GENERATE_KEY_PAIR, "generate pair"},
        {CKF_ENCAPSULATE, "encapsulate"}, {CKF_DECAPSULATE, "decapsulate"},
    };
    const char *comma = "";
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if ((flags & verbs[i].flag) != 0) {
            const char *by = sha1 && verbs[i].flag == CKF_SIGN ? " (by policy)" : "";
            (void)fprintf(out, "%s%s%s", comma, verbs[i].name, by);
            comma = ", ";
        }
    }
}

static void write_row(FILE *out, const struct mech_row *row, bool sha1)
{
    (void)fprintf(out, "| %s | 0x%lx | ", row->name, row->type);
    write_verbs(out, row->flags, sha1);
    if (row->max == 0) {
        (void)fprintf(out, " | – |");
    } else if (row->min == row->max) {
        (void)fprintf(out, " | %lu |", row->max);
    } else {
        (void)fprintf(out, " | %lu–%lu |", row->min, row->max);
    }
    (void)fprintf(out, " %s | %s |\n", row->streams ? "yes" : "no", param_kind_name(row->param));
}

static void write_page(FILE *out)
{
    (void)fputs(head, out);
    for (size_t i = 0; i < mech_row_count(); i++) {
        const struct mech_row *row = mech_row_at(i, true);
        write_row(out, row, mech_row_at(i, false)->flags != row->flags);
    }
    (void)fputs(tail, out);
}

static int same(FILE *a, FILE *b)
{
    int x;
    int y;
    do {
        x = fgetc(a);
        y = fgetc(b);
    } while (x == y && x != EOF);
    return x == y;
}

static int check(const char *path)
{
    FILE *now = fopen(path, "r");
    FILE *wanted = tmpfile();
    int equal = 0;
    if (now != NULL && wanted != NULL) {
        write_page(wanted);
        rewind(wanted);
        equal = same(now, wanted);
    }
    if (now != NULL) {
        (void)fclose(now);
    }
    if (wanted != NULL) {
        (void)fclose(wanted);
    }
    if (!equal) {
        (void)fprintf(stderr, "mech_doc: %s is not what the table says: run mech_doc on it\n",
                      path);
    }
    return equal ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--check") == 0) {
        return check(argv[2]);
    }
    if (argc != 2) {
        (void)fprintf(stderr, "usage: mech_doc [--check] FILE\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    if (out == NULL) {
        (void)fprintf(stderr, "mech_doc: cannot write %s\n", argv[1]);
        return 1;
    }
    write_page(out);
    return fclose(out) == 0 ? 0 : 1;
}
