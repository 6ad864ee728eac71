#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A token that holds post-quantum keys, some with the label and id of classical ones, beside clients that
# know nothing of them: each goes on listing and using its classical keys.
source "$(dirname "$0")/lib.sh"
need pkcs11-tool openssl "${PQ_KEYS:?the program}"
new_token
pq() { "$PQ_KEYS" --module "$MODULE" --token "$TOKEN" --pin "$PIN" "$@"; } # a later --token wins
tried=0
head -c 32 /dev/urandom >"$W/hash"

step "RSA-2048 key pair" user -k --key-type rsa:2048 --label rsa --id 01
step "EC P-256 key pair" user -k --key-type EC:secp256r1 --label ec --id 02 --usage-sign --usage-derive
for key in rsa:01 ec:02; do # before it has a twin
    user -r --type pubkey --id "${key#*:}" 2>/dev/null | openssl pkey -pubin -inform DER -out "$W/${key%:*}.pem"
done
configuration() { # section, lines
    printf 'openssl_conf = init\n[init]\n%s\n[req]\ndistinguished_name = dn\n[dn]\n' "$1" >"$W/openssl.cnf"
}
# ---- a token of their own: for OpenSSL's engine -------------------------------------------------
# libp11 until 0.4.12 gives up when it meets a private key of a type that it does not know (Ed25519 too),
# later ones when that has the label and id of the key that is looked for.
engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null | head -1 || true)
if [[ -n $engine && ${CRATON_PEER:-0} != 1 ]]; then
    tried=$((tried + 1))
    sed -i '/^.token.$/a slot_count = 2' "$CRATON_HSM_CONFIG"
    step "a second token" p11 --slot-index 1 --init-token --label pq --so-pin $SO_PIN
    step "its user PIN" p11 --token-label pq --login --login-type so --so-pin $SO_PIN --init-pin --new-pin $PIN
    step "an ML-DSA-65 key there, of the EC key's label and id" pq --token pq --generate ML-DSA-65 --label ec --id 02
    configuration "engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = $engine
MODULE_PATH = $MODULE
PIN = $PIN
init = 0"
    for k in rsa ec; do
        step "OpenSSL's engine: request with the $k key" env OPENSSL_CONF="$W/openssl.cnf" openssl req -new -engine pkcs11 -keyform engine \
            -key "$URI;object=$k;type=private;pin-value=$PIN" -subj "/CN=$k" -out "$W/csr"
        step "  verifies" openssl req -in "$W/csr" -verify -noout
        says "  and is the $k key's" . bash -c "openssl req -in '$W/csr' -pubkey -noout | cmp - '$W/$k.pem' && echo same"
    done
fi

# ---- the same token -----------------------------------------------------------------------------
step "an ML-DSA-65 key of the RSA key's label and id" pq --generate ML-DSA-65 --label rsa --id 01
step "an ML-DSA-65 key of the EC key's label and id" pq --generate ML-DSA-65 --label ec --id 02
step "an ML-KEM-768 key pair" pq --generate ML-KEM-768 --label kem --id 03
step "an SLH-DSA key pair" pq --generate SLH-DSA-SHA2-128f --label slh --id 04
for hybrid in HYBRID-ML-DSA-ECDSA HYBRID-X25519-ML-KEM-768; do
    if pq --list-mechanisms | grep -q "CKM_CRATON_${hybrid//-/_},\|CKM_CRATON_${hybrid//-/_} ="; then
        step "a $hybrid key pair" pq --generate $hybrid --label ec --id 02
    fi
done

says "pkcs11-tool lists every private key" 'label: *slh' user -O --type privkey
says "pkcs11-tool signs with the RSA key" . user -s -m SHA256-RSA-PKCS --id 01 -i "$W/hash" -o "$W/sig"
step "  openssl verifies" openssl dgst -sha256 -verify "$W/rsa.pem" -signature "$W/sig" "$W/hash"
says "pkcs11-tool signs with the EC key" . user -s -m ECDSA --id 02 -i "$W/hash" -f openssl -o "$W/sig"
step "  openssl verifies" openssl pkeyutl -verify -pubin -inkey "$W/ec.pem" -in "$W/hash" -sigfile "$W/sig"
says "pkcs11-tool --test finds no error" '^No errors$' user --test

if [[ -n $PROVIDER ]]; then
    tried=$((tried + 1))
    configuration "providers = providers
[providers]
default = default_section
pkcs11 = pkcs11_section
[default_section]
activate = 1
[pkcs11_section]
module = $PROVIDER
pkcs11-module-path = $MODULE
pkcs11-module-token-pin = $PIN
activate = 1"
    for k in rsa ec; do
        step "pkcs11-provider: request with the $k key" env OPENSSL_CONF="$W/openssl.cnf" openssl req -new -key "$URI;object=$k;type=private" -subj "/CN=$k" -out "$W/csr"
        step "  verifies" openssl req -in "$W/csr" -verify -noout
        says "  and is the $k key's" . bash -c "openssl req -in '$W/csr' -pubkey -noout | cmp - '$W/$k.pem' && echo same"
    done
fi
if command -v ssh-keygen >/dev/null; then
    tried=$((tried + 1))
    says "ssh-keygen -D reads the RSA key" '^ssh-rsa' ssh-keygen -D "$MODULE"
    says "ssh-keygen -D reads the EC key" '^ecdsa-sha2-nistp256' ssh-keygen -D "$MODULE"
    grep -h '^ecdsa' "$W/said" >"$W/ec.pub"
    STEP="ssh-agent"
    eval "$(ssh-agent -s -a "$W/agent" -P "$(dirname "$MODULE")/*,/usr/lib/*")" >/dev/null
    BACKGROUND+=("$SSH_AGENT_PID")
    printf '#!/bin/sh\necho %s\n' "$PIN" >"$W/askpass"
    chmod 700 "$W/askpass"
    step "ssh-add -s loads the token" env SSH_ASKPASS="$W/askpass" SSH_ASKPASS_REQUIRE=force ssh-add -s "$MODULE"
    step "ssh-keygen -Y signs by the agent" ssh-keygen -Y sign -f "$W/ec.pub" -n file "$W/hash"
    printf 'me %s\n' "$(cat "$W/ec.pub")" >"$W/allowed"
    step "  verifies" bash -c "ssh-keygen -Y verify -f '$W/allowed' -I me -n file -s '$W/hash.sig' <'$W/hash'"
fi
if command -v p11tool >/dev/null && command -v certtool >/dev/null; then
    tried=$((tried + 1))
    export GNUTLS_PIN=$PIN
    says "p11tool lists the token" 'Label: ec' p11tool --provider "$MODULE" --login --list-all "$URI"
    for k in rsa ec; do
        printf 'cn = "%s"\nserial = 7\nexpiration_days = 2\nsigning_key\n' $k >"$W/template"
        step "certtool signs a certificate with the $k key" certtool --provider "$MODULE" --generate-self-signed \
            --load-privkey "$URI;object=$k;type=private" --load-pubkey "$W/$k.pem" --template "$W/template" --outfile "$W/$k.crt"
        step "  openssl verifies it" openssl verify -CAfile "$W/$k.crt" -check_ss_sig "$W/$k.crt"
    done
fi
if command -v certutil >/dev/null && command -v modutil >/dev/null; then
    tried=$((tried + 1))
    mkdir -p "$W/nss"
    printf '%s\n' "$PIN" >"$W/pin"
    step "an NSS data base" certutil -N -d "sql:$W/nss" --empty-password
    step "modutil adds the module" modutil -dbdir "sql:$W/nss" -force -add craton -libfile "$MODULE"
    says "certutil -K lists the token's keys" . certutil -K -d "sql:$W/nss" -h "$TOKEN" -f "$W/pin"
    step "certutil makes a certificate with a new key" bash -c "head -c 64 /dev/urandom >'$W/noise' &&
        certutil -S -d 'sql:$W/nss' -h $TOKEN -f '$W/pin' -z '$W/noise' -n nss -s CN=nss -x -t ,, -k ec -q nistp256 -Z SHA256"
fi
echo "note: $tried other clients were there"
