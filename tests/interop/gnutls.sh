#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# GnuTLS p11tool and certtool, and p11-kit itself.
source "$(dirname "$0")/lib.sh"
need p11tool certtool p11-kit pkcs11-tool openssl
new_token
export GNUTLS_PIN=$PIN
p11t() { p11tool --provider "$MODULE" --login "$@"; }
says "p11tool sees the token" "$TOKEN" p11tool --provider "$MODULE" --list-tokens
step "p11tool makes an RSA key" p11t --generate-privkey=rsa --bits 2048 --label grsa --id 0b01 --outfile "$W/grsa.pub" "$URI"
step "p11tool makes an EC key" p11t --generate-privkey=ecdsa --curve secp256r1 --label gec --id 0b02 --outfile "$W/gec.pub" "$URI"
for k in grsa gec; do
    says "p11tool tests $k by signing" 'ok\|OK\|passed' p11t --test-sign "$URI;object=$k;type=private"
    printf 'cn = "%s"\nserial = 7\nexpiration_days = 2\nsigning_key\n' $k >"$W/template"
    step "certtool signs a certificate with $k" certtool --provider "$MODULE" --generate-self-signed \
        --load-privkey "$URI;object=$k;type=private" --load-pubkey "$W/$k.pub" --template "$W/template" --outfile "$W/$k.crt"
    step "  openssl verifies it" openssl verify -CAfile "$W/$k.crt" "$W/$k.crt"
    step "p11tool writes it to the token" p11t --write --load-certificate "$W/$k.crt" --label $k --id "0b0$([[ $k == grsa ]] && echo 1 || echo 2)" "$URI"
    step "  and exports it" p11t --export "$URI;object=$k;type=cert" --outfile "$W/out"
    openssl x509 -in "$W/out" -outform DER -out "$W/a"
    openssl x509 -in "$W/$k.crt" -outform DER -out "$W/b"
    same "  the same" "$W/a" "$W/b"
done
says "p11tool lists the keys" grsa p11t --list-all "$URI"
step "p11tool deletes a certificate" p11t --batch --delete "$URI;object=gec;type=cert"
mkdir -p "$W/modules"
printf 'module: %s\n' "$MODULE" >"$W/modules/craton.module"
export P11_KIT_TEST_MODULES=$W/modules
