#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Java's SunPKCS11: keytool, and the program Interop.java.
source "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
need java keytool pkcs11-tool openssl
new_token
# What Java leaves to the token must be said for it: secrets that a program wants to read are not
# sensitive ("compatibility"), and EC keys for key agreement derive.
cat >"$W/java.cfg" <<CFG
name = Craton
library = $MODULE
slotListIndex = 0
attributes = compatibility
attributes(*, CKO_PRIVATE_KEY, CKK_EC) = {
  CKA_SIGN = true
  CKA_DERIVE = true
}
CFG
kt() { keytool -J-XX:TieredStopAtLevel=1 -keystore NONE -storetype PKCS11 -providerClass sun.security.pkcs11.SunPKCS11 -providerArg "$W/java.cfg" -storepass "$PIN" "$@"; }
step "keytool makes an RSA key and certificate" kt -genkeypair -alias krsa -keyalg RSA -keysize 2048 -sigalg SHA256withRSA -dname CN=krsa -validity 2
step "keytool makes an EC key and certificate" kt -genkeypair -alias kec -keyalg EC -groupname secp256r1 -sigalg SHA256withECDSA -dname CN=kec -validity 2
says "keytool lists them" "kec, .*PrivateKeyEntry" kt -list
step "keytool writes a certificate request" kt -certreq -alias kec -sigalg SHA256withECDSA -file "$W/kec.csr"
step "  openssl verifies it" openssl req -in "$W/kec.csr" -verify -noout
step "java Interop" java -XX:TieredStopAtLevel=1 "$here/Interop.java" "$W/java.cfg" "$PIN" krsa
grep '^ok' "$W/said"
says "pkcs11-tool sees what Java stored" stored-aes user -O --type secrkey
