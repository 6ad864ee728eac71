/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#8, curve names and points as they come out of unwrapping and templates. What is read can be
 * written, and reads back as the same key.
 */
#include "fuzz.h"

#include "family.h"

const struct fuzz_seed fuzz_seeds[] = {
    SEED("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20\xd4\xee\x72\xdb\xf9\x13"
         "\x58\x4a\xd5\xb6\xd8\xf1\xf7\x69\xf8\xad\x3a\xfe\x7c\x28\xcb\xf1\xd4\xfb\xe0\x97\xa8\x8f"
         "\x44\x75\x58\x42"),
    SEED("\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce"
         "\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00"
         "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
         "\x01"),
    /* a key of small numbers: what PKCS#8 says of them is all that counts here */
    SEED("\x30\x30\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x1c"
         "\x30\x1a\x02\x01\x00\x02\x01\x21\x02\x01\x03\x02\x01\x07\x02\x01\x0b\x02\x01\x03\x02\x01"
         "\x07\x02\x01\x01\x02\x01\x04"),
    /* ML-DSA-44 of a seed; ML-KEM-512 of a value, and of both; SLH-DSA-SHA2-128f; ML-DSA with Ed25519;
     * X-Wing. Short ones: whether a length is right is not this reader's to say */
    SEED("\x30\x1c\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11\x04\x0a\x80\x08"
         "\x00\x01\x02\x03\x04\x05\x06\x07"),
    SEED("\x30\x1c\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01\x04\x0a\x04\x08"
         "\x00\x01\x02\x03\x04\x05\x06\x07"),
    SEED("\x30\x20\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01\x04\x0e\x30\x0c"
         "\x04\x04\x00\x01\x02\x03\x04\x04\x04\x05\x06\x07"),
    SEED("\x30\x1a\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x15\x04\x08\x00\x01"
         "\x02\x03\x04\x05\x06\x07"),
    SEED(
        "\x30\x19\x02\x01\x00\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x06\x27\x04\x08\x00\x01\x02\x03"
        "\x04\x05\x06\x07"),
    SEED(
        "\x30\x1c\x02\x01\x01\x30\x0d\x06\x0b\x2b\x06\x01\x04\x01\x83\xe6\x2d\x81\xc8\x7a\x04\x04\x00"
        "\x01\x02\x03\x81\x02\x00\x05"),
    SEED("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
    SEED("\x13\x0c"
         "edwards25519"),
    {NULL, 0},
};

static bool same(const struct secret *a, const struct secret *b)
{
    return a == NULL || b == NULL ? a == b : secret_equal(a, b) != 0;
}

static void again(const struct pkey_spec *spec, const struct key_parts *parts)
{
    AUTO_SECRET struct secret *written = NULL;
    AUTO_KEY_PARTS struct key_parts back = {0};
    struct pkey_spec spec2;
    MUST(pkcs8_write(spec, parts, &written) == RC_OK);
    MUST(pkcs8_read(written, &spec2, &back) == RC_OK);
    MUST(spec2.kind == spec->kind && spec2.curve == spec->curve && spec2.set == spec->set);
    MUST(bytes_equal(buf_view(&parts->n), buf_view(&back.n)));
    MUST(same(parts->d, back.d) && same(parts->qi, back.qi) && same(parts->seed, back.seed));
    /* a seed goes alone */
    MUST(parts->seed != NULL ? back.priv == NULL : same(parts->priv, back.priv));
}

/* What belongs together: a set has its name and number both ways. */
static void sets(const struct pkey_spec *spec)
{
    struct pkey_spec again;
    if (pkey_is_pq(spec->kind)) {
        MUST(set_read(set_key_type(spec), set_number(spec), &again) == RC_OK);
        MUST(again.kind == spec->kind && again.set == spec->set);
        MUST(set_of_oid(set_oid(spec), &again) && again.set == spec->set);
    }
}

static void names(struct bytes v)
{
    static const CK_KEY_TYPE types[] = {CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};
    for (size_t i = 0; i < 3; i++) {
        struct pkey_spec spec;
        struct bytes point;
        if (curve_read(types[i], v, &spec) == RC_OK) {
            MUST(curve_oid(&spec).n > 0 && spec_key_type(&spec) == types[i]);
        }
        spec = (struct pkey_spec){.kind = i == 0 ? PKEY_EC : PKEY_ED25519,
                                  .curve = i == 0 ? CURVE_P256 : CURVE_NONE};
        MUST(point_read(&spec, v, &point) != RC_OK || point.n == spec_public_size(&spec));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO_SECRET struct secret *v = secret_from(data, n);
    AUTO_KEY_PARTS struct key_parts parts = {0};
    struct pkey_spec spec;
    MUST(v != NULL);
    names(secret_view(v));
    if (pkcs8_read(v, &spec, &parts) == RC_OK) {
        sets(&spec);
        again(&spec, &parts);
    }
    return 0;
}
