#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The worked examples do what they say. The ML-DSA signature is verified by the openssl command where there
# is one of 3.5 or newer, else by the token.
source "$(dirname "$0")/lib.sh"
need openssl pkcs11-tool "${PQ_KEYS:?the program}"
dual=$(cd "$(dirname "$0")/../../examples/dual-sign" && pwd)/dual-sign
new_token
export TOKEN CRATON_PIN=$PIN MODULE PQ_KEYS
cd "$W"
head -c 100000 /dev/urandom >firmware.bin
if ! knows_pq openssl; then
    export OPENSSL_PQ=$SHELF/bin/openssl
    [[ -f $SHELF/version ]] || OPENSSL_PQ=''
fi

says "both keys are made" 'ML-DSA-65 key pair made' "$dual" keys
cp firmware-signer-v2.ecdsa.pem first.pem
says "  and found the second time" 'the ML-DSA-65 key firmware-signer-v2 is there' "$dual" keys
same "  the same" first.pem firmware-signer-v2.ecdsa.pem
says "they share label and id" '^2$' bash -c "pkcs11-tool --module '$MODULE' --token-label $TOKEN --login --pin $PIN -O --type privkey --id 02 | grep -c 'label: *firmware-signer-v2$'"
says "a file is signed twice" 'mldsa.sig: 3309 bytes' "$dual" sign firmware.bin
says "  the ECDSA signature is valid" 'ECDSA signature is valid' "$dual" verify firmware.bin classical
if [[ ${OPENSSL_PQ-openssl} != '' ]]; then
    says "  the ML-DSA signature is valid" 'ML-DSA-65 signature is valid' "$dual" verify firmware.bin pq
    says "  and both" 'ML-DSA-65 signature is valid' "$dual" verify firmware.bin
else
    echo "note: no openssl of 3.5 here: the token verifies"
fi
says "  the token verifies the ML-DSA signature" 'Signature is valid' "$PQ_KEYS" --module "$MODULE" --token "$TOKEN" \
    --label firmware-signer-v2 --verify --input firmware.bin --signature firmware.bin.mldsa.sig
printf x >>firmware.bin
refuses "a changed file is refused by ECDSA" 'NOT valid' "$dual" verify firmware.bin classical
[[ ${OPENSSL_PQ-openssl} == '' ]] || refuses "  and by ML-DSA" 'NOT valid' "$dual" verify firmware.bin pq
refuses "a policy that does not exist" 'dual-sign verify' "$dual" verify firmware.bin either

# A name of its own for the new key, beside the same classical one.
export PQ_LABEL=firmware-signer-pq PQ_ID=03
says "a key of another name" 'ML-DSA-65 key pair made' "$dual" keys
step "  signs" "$dual" sign firmware.bin
says "  the ECDSA signature is valid" 'ECDSA signature is valid' "$dual" verify firmware.bin classical
[[ ${OPENSSL_PQ-openssl} == '' ]] || says "  the ML-DSA signature is valid" 'ML-DSA-65 signature is valid' "$dual" verify firmware.bin pq

# The names that an operator looks for; pkcs11-tool has others, or none (docs/clients.md).
list() { "$PQ_KEYS" --module "$MODULE" --token "$TOKEN" --list-mechanisms; }
says "pq_keys lists mechanisms by name" '^  CKM_ML_DSA, .*sign, verify' list
for name in CKM_ML_KEM CKM_ML_KEM_KEYPAIR_GEN CKM_ML_KEM_ENCAPSULATE CKM_ML_DSA_SIGN CKM_SLH_DSA CKM_HASH_ML_DSA_SHA512 \
    CKM_HYBRID_X25519_ML_KEM_768_DERIVE CKM_HYBRID_ECDSA_ML_DSA_SIGN; do
    says "  $name" "$name\\b" list
done
