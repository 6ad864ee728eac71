#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Post-quantum keys beside classical ones, and clients that know nothing of the former: each goes on listing
# and using the classical keys. How close to each other they may be depends on the client (docs/clients.md):
# in a token of their own, in the same token, with the same label and id; and in the same token, but hidden
# from the client by a configuration of its own.
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
pq_keys_of() { # label and id for each type
    local type
    for type in ML-DSA-65 ML-KEM-768 SLH-DSA-SHA2-128f HYBRID-ML-DSA-ECDSA HYBRID-X25519-ML-KEM-768; do
        case $type in
        HYBRID*) pq --list-mechanisms | grep -q "CKM_CRATON_${type//-/_}\\b" || continue ;;
        esac
        step "a $type key, label $1, id $2" pq --generate $type --label "$1" --id "$2"
    done
}

# ---- in a token of their own ---------------------------------------------------------------------
# OpenSSL's engine: libp11 until 0.4.12 gives up when it meets a private key of a type that it does not know
# (Ed25519 too), later ones when that has the label and id of the key that is looked for.
engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null | head -1 || true)
engine_requests() {
    local k
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
}
if [[ -n $engine && ${CRATON_PEER:-0} != 1 ]]; then
    tried=$((tried + 1))
    sed -i '/^.token.$/a slot_count = 2' "$CRATON_HSM_CONFIG"
    step "a second token" p11 --slot-index 1 --init-token --label pq --so-pin $SO_PIN
    step "its user PIN" p11 --token-label pq --login --login-type so --so-pin $SO_PIN --init-pin --new-pin $PIN
    step "an ML-DSA-65 key there, of the EC key's label and id" pq --token pq --generate ML-DSA-65 --label ec --id 02
    engine_requests
fi

# ---- in the same token, with names of their own --------------------------------------------------
pq_keys_of post-quantum 0a
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
if command -v keytool >/dev/null && command -v java >/dev/null; then
    tried=$((tried + 1))
    printf 'name = Craton\nlibrary = %s\nslotListIndex = 0\nattributes = compatibility\n' "$MODULE" >"$W/java.cfg"
    kt() {
        keytool -J-XX:TieredStopAtLevel=1 -keystore NONE -storetype PKCS11 -providerClass sun.security.pkcs11.SunPKCS11 \
            -providerArg "$W/java.cfg" -storepass "$PIN" "$@"
    }
    step "keytool makes a key and certificate" kt -genkeypair -alias java -keyalg EC -groupname secp256r1 -sigalg SHA256withECDSA -dname CN=java -validity 2
    says "keytool lists it" 'java, .*PrivateKeyEntry' kt -list
    step "keytool signs a request with it" kt -certreq -alias java -sigalg SHA256withECDSA -file "$W/csr"
    step "  openssl verifies" openssl req -in "$W/csr" -verify -noout
fi

# ---- with the label and id of the classical keys ----------------------------------------------------
pq_keys_of rsa 01
pq_keys_of ec 02
says "pkcs11-tool lists every private key" 'label: *post-quantum' user -O --type privkey
says "pkcs11-tool signs with the RSA key" . user -s -m SHA256-RSA-PKCS --id 01 -i "$W/hash" -o "$W/sig"
step "  openssl verifies" openssl dgst -sha256 -verify "$W/rsa.pem" -signature "$W/sig" "$W/hash"
says "pkcs11-tool signs with the EC key" . user -s -m ECDSA --id 02 -i "$W/hash" -f openssl -o "$W/sig"
step "  openssl verifies" openssl pkeyutl -verify -pubin -inkey "$W/ec.pem" -in "$W/hash" -sigfile "$W/sig"
says "pkcs11-tool --test finds no error" '^No errors$' user --test

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

# ---- hidden from one client ------------------------------------------------------------------------
# The same token and store; this process's configuration says enable_pqc = false.
if [[ ${CRATON_PEER:-0} != 1 ]]; then
    cp "$CRATON_HSM_CONFIG" "$W/classic.toml"
    printf '[algorithms]\nenable_pqc = false\n' >>"$W/classic.toml"
    export CRATON_HSM_CONFIG=$W/classic.toml
    says "pkcs11-tool lists the classical keys" 'label: *rsa' user -O --type privkey
    if grep -q 'post-quantum' "$W/said"; then
        STEP="  and no post-quantum ones"
        exit 1
    fi
    if [[ -n $engine ]]; then
        engine_requests
    fi
fi
echo "note: $tried other clients were there"
