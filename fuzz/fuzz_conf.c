/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration: a struct within its limits, or a reason in one line.
 */
#include <string.h>

#include "fuzz.h"

#include "conf/conf.h"

const struct fuzz_seed fuzz_seeds[] = {
    SEED(
        "[token]\nlabel='x'\nstorage_path='a/b'\nmax_sessions=5\nmax_rw_sessions=5\nslot_count=2\n"),
    SEED("[security]\npin_min_length=4\npin_max_length=9\npbkdf2_iterations=100000\n"),
    SEED("[algorithms]\ncrypto_backend='awslc'\nfips_approved_only=false\nallow_raw_rsa=true\n"),
    SEED("[log]\nlevel='debug'\nfile='/nowhere/log'\n[audit]\nlog_level='auth'\n"),
    SEED("[daemon]\nbind='[::1]:5696'\ntls_key='k.pem'\nmax_connections=9\n[tokne]\nlabl=1\n"),
    {NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char reason[200] = "";
    const struct conf *c = NULL;
    log_setup(LOG_LEVEL_OFF, LOG_TO_NONE, NULL);
    const enum rc rc = conf_parse("f", (const char *)data, n, &c, reason, sizeof reason);
    if (rc == RC_OK) {
        MUST(c->slot_count >= 1 && c->slot_count <= 256);
        MUST(c->max_rw_sessions <= c->max_sessions);
        MUST(c->pin_min_length >= 4 && c->pin_min_length <= c->pin_max_length);
        MUST(c->pin_max_length <= 256 && !c->fips_approved_only);
        MUST(c->storage_path[0] == '/' && strstr(c->storage_path, "/../") == NULL);
        MUST(c->label[0] != '\0' && strlen(c->label) <= 32);
        MUST((c->log_target == LOG_TO_FILE) == (c->log_file != NULL));
        conf_free(c);
    } else {
        MUST(rc == RC_CONFIG && c == NULL);
        MUST(reason[0] != '\0' && strlen(reason) < sizeof reason);
        MUST(strcspn(reason, "\r\n\x1b") == strlen(reason));
    }
    return 0;
}
