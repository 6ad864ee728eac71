#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets the two tokens up for the program softhsm_migration.
source "$(dirname "$0")/lib.sh"
need "${SOFTHSM:-/softhsm2-module}" "${CRATON_MIGRATION:?the program}"
mkdir -p "$W/old"
printf 'directories.tokendir = %s/old\nobjectstore.backend = file\nlog.level = ERROR\n' "$W" >"$W/softhsm2.conf"
export SOFTHSM2_CONF=$W/softhsm2.conf
printf '[token]\nstorage_path = "%s/store"\n[security]\npbkdf2_iterations = 100000\n' "$W" >"$W/craton_hsm.toml"
export CRATON_HSM_CONFIG=$W/craton_hsm.toml
"$CRATON_MIGRATION" "$MODULE" "$SOFTHSM"
says "the keys are there in a new process" my-ec-key pkcs11-tool --module "$MODULE" --token-label moving --login --pin user-pin-12345 -O
