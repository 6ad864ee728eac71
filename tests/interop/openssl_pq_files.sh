#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The openssl command (3.5 or newer) with keys in files and the token with keys of its own: each verifies
# what the other signs and decapsulates what the other encapsulates. Our side is the program pq_keys.
source "$(dirname "$0")/lib.sh"
need openssl pkcs11-tool "${PQ_KEYS:?the program}"
need_pq openssl
new_token
export OPENSSL_CONF=/dev/null
pq() { "$PQ_KEYS" --module "$MODULE" --token "$TOKEN" --pin "$PIN" "$@"; }
head -c 5000 /dev/urandom >"$W/doc"
cp "$W/doc" "$W/other"
printf x >>"$W/other"

verify() { openssl pkeyutl -verify -pubin -inkey "$W/ours.pem" -rawin -in "$1" -sigfile "$W/sig" "${@:2}"; }
id=10
for type in ML-DSA-44 ML-DSA-65 ML-DSA-87 SLH-DSA-SHA2-128f SLH-DSA-SHA2-128s SLH-DSA-SHAKE-256f; do
    id=$((id + 1))
    context=$(printf '%*s' $((id * 10 - 100)) '' | tr ' ' c) # 10, 20, ... bytes
    [[ $type != ML-DSA-87 ]] || context=$(printf '%*s' 255 '' | tr ' ' c)
    step "$type: key pair in the token" pq --generate $type --label $type --id $id
    step "$type: its public key" pq --public --label $type --output "$W/ours.pem"
    says "$type:   openssl reads it" "${type^^} Public" bash -c "openssl pkey -pubin -in '$W/ours.pem' -text -noout | tr a-z A-Z | sed 's/PUBLIC/Public/'"
    step "$type: signs" pq --sign --label $type --input "$W/doc" --signature "$W/sig"
    step "$type:   openssl verifies" verify "$W/doc"
    refuses "$type:   and refuses another document" 'Verification Failure' verify "$W/other"
    step "$type: signs with a context of ${#context} bytes" pq --sign --label $type --input "$W/doc" --signature "$W/sig" --context "$context"
    step "$type:   openssl verifies" verify "$W/doc" -pkeyopt "context-string:$context"
    refuses "$type:   and refuses it without the context" 'Verification Failure' verify "$W/doc"
    refuses "$type: a context of 256 bytes is refused" MECHANISM_PARAM_INVALID pq --sign --label $type --input "$W/doc" \
        --signature "$W/x" --context "$(printf '%*s' 256 '' | tr ' ' c)"

    step "$type: openssl makes a key" openssl genpkey -algorithm $type -out "$W/theirs.key"
    step "$type:   whose public key the token takes" bash -c "openssl pkey -in '$W/theirs.key' -pubout -out '$W/theirs.pem' &&
        '$PQ_KEYS' --module '$MODULE' --token $TOKEN --pin $PIN --import '$W/theirs.pem' --label their-$type --id $id"
    step "$type:   and gives back" pq --public --label their-$type --output "$W/back.pem"
    same "$type:   unchanged" "$W/theirs.pem" "$W/back.pem"
    step "$type: openssl signs" openssl pkeyutl -sign -inkey "$W/theirs.key" -rawin -in "$W/doc" -out "$W/sig"
    step "$type:   the token verifies" pq --verify --label their-$type --input "$W/doc" --signature "$W/sig"
    refuses "$type:   and refuses another document" CKR_SIGNATURE_INVALID pq --verify --label their-$type --input "$W/other" --signature "$W/sig"
    step "$type: openssl signs with the context" openssl pkeyutl -sign -inkey "$W/theirs.key" -rawin -in "$W/doc" -out "$W/sig" -pkeyopt "context-string:$context"
    step "$type:   the token verifies" pq --verify --label their-$type --input "$W/doc" --signature "$W/sig" --context "$context"
    refuses "$type:   and refuses it without the context" CKR_SIGNATURE_INVALID pq --verify --label their-$type --input "$W/doc" --signature "$W/sig"
done

for type in ML-KEM-512 ML-KEM-768 ML-KEM-1024; do
    id=$((id + 1))
    step "$type: key pair in the token" pq --generate $type --label $type --id $id
    step "$type: its public key" pq --public --label $type --output "$W/ours.pem"
    step "$type: openssl encapsulates" openssl pkeyutl -encap -pubin -inkey "$W/ours.pem" -out "$W/ct" -secret "$W/theirs"
    step "$type:   the token decapsulates" pq --decapsulate --label $type --ciphertext "$W/ct" --secret "$W/ours"
    same "$type:   the same secret" "$W/theirs" "$W/ours"
    says "$type:   of 32 bytes" '^32$' stat -c %s "$W/ours"

    step "$type: openssl makes a key" openssl genpkey -algorithm $type -out "$W/theirs.key"
    step "$type:   whose public key the token takes" bash -c "openssl pkey -in '$W/theirs.key' -pubout -out '$W/theirs.pem' &&
        '$PQ_KEYS' --module '$MODULE' --token $TOKEN --pin $PIN --import '$W/theirs.pem' --label their-$type --id $id"
    step "$type: the token encapsulates" pq --encapsulate --label their-$type --ciphertext "$W/ct" --secret "$W/ours"
    step "$type:   openssl decapsulates" openssl pkeyutl -decap -inkey "$W/theirs.key" -in "$W/ct" -secret "$W/theirs"
    same "$type:   the same secret" "$W/theirs" "$W/ours"
    # A ciphertext that was changed gives another secret, not an error (FIPS 203, implicit rejection).
    step "$type: a changed ciphertext" openssl pkeyutl -encap -pubin -inkey "$W/ours.pem" -out "$W/ct" -secret "$W/theirs"
    printf '\0\0\0\0' | dd of="$W/ct" bs=1 seek=100 conv=notrunc 2>/dev/null
    step "$type:   decapsulates" pq --decapsulate --label $type --ciphertext "$W/ct" --secret "$W/ours"
    step "$type:   to another secret" bash -c "! cmp -s '$W/theirs' '$W/ours'"
    head -c 100 "$W/ct" >"$W/short"
    refuses "$type: a short ciphertext is refused" CKR_ pq --decapsulate --label $type --ciphertext "$W/short" --secret "$W/ours"
done

# Hybrids: no other client has them yet, so each side is the token.
for hybrid in HYBRID-ML-DSA-ECDSA HYBRID-X25519-ML-KEM-768 HYBRID-X25519-ML-KEM-1024; do
    id=$((id + 1))
    step "$hybrid: key pair" pq --generate $hybrid --label $hybrid --id $id
    if [[ $hybrid == *DSA* ]]; then
        step "$hybrid:   signs" pq --sign --label $hybrid --input "$W/doc" --signature "$W/sig" --context firmware
        step "$hybrid:   verifies" pq --verify --label $hybrid --input "$W/doc" --signature "$W/sig" --context firmware
        refuses "$hybrid:   and refuses another document" CKR_SIGNATURE_INVALID pq --verify --label $hybrid --input "$W/other" --signature "$W/sig" --context firmware
    else
        step "$hybrid:   encapsulates" pq --encapsulate --label $hybrid --ciphertext "$W/ct" --secret "$W/theirs"
        step "$hybrid:   decapsulates" pq --decapsulate --label $hybrid --ciphertext "$W/ct" --secret "$W/ours"
        same "$hybrid:   the same secret" "$W/theirs" "$W/ours"
    fi
done
