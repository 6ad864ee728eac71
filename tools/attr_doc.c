/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes docs/attributes.md from the attribute table, or checks that it is current:
 *
 *   attr_doc FILE           writes
 *   attr_doc --check FILE   0 when FILE is what it would write
 */
#include <stdio.h>
#include <string.h>

#include "attributes.h"

#include "base/mem.h"

static const char head[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Written by tools/attr_doc.c from src/object/attributes.def: edit those. -->\n"
    "# Attributes\n\n"
    "Every attribute that the token knows, for which objects, and what may be done with it. An\n"
    "attribute that an object's row is missing for does not exist for it:\n"
    "CKR_ATTRIBUTE_TYPE_INVALID.\n\n"
    "| Column | Meaning |\n"
    "|---|---|\n"
    "| Create, Generate, Unwrap | what the template says at C_CreateObject; at C_GenerateKey and "
    "C_GenerateKeyPair; at C_UnwrapKey, C_DeriveKey, C_EncapsulateKey and C_DecapsulateKey: **must** be there, may be there, or never "
    "(–: CKR_ATTRIBUTE_READ_ONLY) |\n"
    "| Change | afterwards: *set* by C_SetAttributeValue and C_CopyObject, *copy* by C_CopyObject "
    "alone, → true or → false: in that direction only |\n"
    "| Default | when the template is silent |\n\n"
    "Notes: **secret** values are kept in locked memory, and are readable only while "
    "CKA_SENSITIVE is false and CKA_EXTRACTABLE is true. **SO**: only the security officer makes "
    "it true. **agrees**: may be given although the token knows the value, and must then be "
    "right. **never**: a usage that such keys do not have, which may be said to be false alone. "
    "*usage*: true when the template grants no usage at all and the key type has this one. "
    "*usage, wrap*: the same, but false under key separation. *by origin*: created and "
    "generated keys are sensitive and not extractable; what is unwrapped, encapsulated, or derived by "
    "a private key is as the standard says (extractable; secret keys not sensitive), unless key separation "
    "is on; what is derived from a secret key follows that key.\n";

/* ---- words -------------------------------------------------------------------------------------- */

static const char *kind_text(const struct attr_row *row)
{
    static const char *const names[KIND_COUNT] = {
        [KIND_BOOL] = "boolean",   [KIND_ULONG] = "number",     [KIND_BYTES] = "bytes",
        [KIND_STRING] = "text",    [KIND_DATE] = "date",        [KIND_BIGINT] = "big integer",
        [KIND_POINT] = "EC point", [KIND_MECHS] = "mechanisms", [KIND_TEMPLATE] = "template",
    };
    return names[row->kind];
}

static const char *default_text(const struct attr_row *row)
{
    static const char *const names[DEF_COUNT] = {
        [DEF_NONE] = "none",
        [DEF_EMPTY] = "empty",
        [DEF_FALSE] = "false",
        [DEF_TRUE] = "true",
        [DEF_ZERO] = "0",
        [DEF_UNAVAILABLE] = "unknown",
        [DEF_MUST] = "by the token",
        [DEF_USE] = "*usage*",
        [DEF_USE_WRAP] = "*usage, wrap*",
        [DEF_SENSITIVE] = "*by origin*",
        [DEF_EXTRACTABLE] = "*by origin*",
        [DEF_LOCAL] = "by the token",
        [DEF_ALWAYS_SENSITIVE] = "by the token",
        [DEF_NEVER_EXTRACTABLE] = "by the token",
        [DEF_VALUE_LEN] = "computed",
        [DEF_MODULUS_BITS] = "computed",
        [DEF_PRIME_BITS] = "computed",
        [DEF_SUBPRIME_BITS] = "computed",
    };
    return names[row->def];
}

struct bit {
    unsigned bit;
    const char *name;
};

/* The names of all bits of V, with commas; ALL when V covers ALL_BITS. */
static void write_bits(FILE *out, unsigned v, unsigned all_bits, const char *all,
                       const struct bit *bits, size_t n)
{
    if ((v & all_bits) == all_bits) {
        (void)fputs(all, out);
        return;
    }
    const char *comma = "";
    for (size_t i = 0; i < n; i++) {
        if ((v & bits[i].bit) != 0) {
            (void)fprintf(out, "%s%s", comma, bits[i].name);
            comma = ", ";
        }
    }
}

static void write_objects(FILE *out, const struct attr_row *row)
{
    static const struct bit classes[] = {
        {C_DATA, "data"},           {C_CERT, "certificate"},  {C_PUBLIC, "public key"},
        {C_PRIVATE, "private key"}, {C_SECRET, "secret key"}, {C_DOMAIN, "domain parameters"},
    };
    static const struct bit keys[] = {
        {K_RSA, "RSA"},
        {K_EC, "EC"},
        {K_EDWARDS, "Edwards"},
        {K_MONTGOMERY, "Montgomery"},
        {K_AES, "AES"},
        {K_GENERIC, "generic"},
        {K_HMAC, "HMAC"},
        {K_HKDF, "HKDF"},
        {K_DSA, "DSA"},
        {K_DH, "DH"},
        {K_X942, "X9.42 DH"},
        {K_ML_KEM, "ML-KEM"},
        {K_ML_DSA, "ML-DSA"},
        {K_SLH_DSA, "SLH-DSA"},
        {K_COMP_SIG, "composite signatures"},
        {K_COMP_KEM, "composite KEMs"},
    };
    write_bits(out, row->classes, C_ALL, "all", classes, ARRAY_LEN(classes));
    if (row->keys != K_ANY) {
        (void)fputs(": ", out);
        write_bits(out, row->keys, K_ANY, "", keys, ARRAY_LEN(keys));
    }
}

/* Whether B, of the same attribute, holds for what A leaves. */
static bool overlap(const struct attr_row *a, const struct attr_row *b)
{
    return a->type == b->type && (a->classes & b->classes) != 0 && (a->keys & b->keys) != 0;
}

static const char *given(const struct attr_row *row, unsigned need, unsigned no, bool applies)
{
    if (!applies) {
        return "";
    }
    if ((row->flags & (F_TOKEN | no)) != 0) {
        return "–";
    }
    return (row->flags & need) != 0 ? "**must**" : "may";
}

static void write_change(FILE *out, const struct attr_row *row)
{
    const char *how = (row->flags & F_SET) != 0 ? "set" : (row->flags & F_COPY) != 0 ? "copy" : "";
    (void)fputs(how, out);
    (void)fputs((row->flags & F_STICKY_TRUE) != 0 ? " → true" : "", out);
    (void)fputs((row->flags & F_STICKY_FALSE) != 0 ? " → false" : "", out);
}

static void write_notes(FILE *out, const struct attr_row *row)
{
    (void)fputs((row->flags & F_SECRET) != 0 ? "secret" : "", out);
    (void)fputs((row->flags & F_SO) != 0 ? "SO" : "", out);
    (void)fputs((row->flags & F_AGREE) != 0 ? "agrees" : "", out);
    (void)fputs((row->flags & F_NEVER) != 0 ? "never" : "", out);
}

/* ---- the page ----------------------------------------------------------------------------------- */

static int write_page(FILE *out)
{
    size_t n;
    const struct attr_row *rows = attr_rows(&n);
    (void)fputs(head, out);
    (void)fputs("\n| Attribute | Number | Kind | Objects | Create | Generate | Unwrap | Change | "
                "Default | Notes |\n|---|---|---|---|---|---|---|---|---|---|\n",
                out);
    for (size_t i = 0; i < n; i++) {
        const struct attr_row *r = &rows[i];
        const bool keys = (r->classes & (C_KEYS | C_DOMAIN)) != 0;
        const bool unwraps = (r->classes & (C_PRIVATE | C_SECRET)) != 0;
        (void)fprintf(out, "| %s | 0x%03x | %s | ", attr_name(r), r->type, kind_text(r));
        write_objects(out, r);
        (void)fputs(i > 0 && overlap(&rows[i - 1], r) ? " (others)" : "", out);
        (void)fprintf(out, " | %s | %s | %s | ", given(r, F_NEED_CREATE, F_NO_CREATE, true),
                      given(r, F_NEED_GENERATE, F_NO_GENERATE, keys),
                      given(r, F_NEED_UNWRAP, F_NO_UNWRAP, unwraps));
        write_change(out, r);
        (void)fprintf(out, " | %s | ", default_text(r));
        write_notes(out, r);
        (void)fputs(" |\n", out);
    }
    return ferror(out) ? -1 : 0;
}

static int check(const char *path)
{
    static char is[1 << 17];
    static char should_be[1 << 17];
    FILE *out = fmemopen(should_be, sizeof should_be, "w");
    FILE *in = fopen(path, "r");
    if (out == NULL || write_page(out) != 0 || fclose(out) != 0) {
        (void)fprintf(stderr, "attr_doc: cannot make the page\n");
        return 1;
    }
    const size_t n = in != NULL ? fread(is, 1, sizeof is - 1, in) : 0;
    if (in == NULL || n != strlen(should_be) || memcmp(is, should_be, n) != 0) {
        (void)fprintf(stderr, "attr_doc: %s is not current: run attr_doc on it\n", path);
        return 1;
    }
    (void)fclose(in);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--check") == 0) {
        return check(argv[2]);
    }
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (out == NULL || write_page(out) != 0 || fclose(out) != 0) {
        (void)fprintf(stderr, "usage: attr_doc [--check] FILE\n");
        return 1;
    }
    return 0;
}
