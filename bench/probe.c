/* SPDX-License-Identifier: Apache-2.0
 *
 * What it costs to start on a token, and what its objects cost in memory: in a fresh process each
 * time, which prints its figures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <craton/pkcs11.h>

#include "base/mem.h"
#include "bench.h"

/* A line of /proc/self/status, in bytes. */
static double status_bytes(const char *name)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = strtod(line + strlen(name), NULL);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return kib * 1024;
}

/* Every object found and its label read. */
static size_t touch_all(const CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE *all = mem_array(2 * MANY, sizeof(*all));
    CK_ULONG n = 0;
    size_t labels = 0;
    if (all == NULL || p11->C_FindObjectsInit(session, NULL, 0) != CKR_OK) {
        return 0;
    }
    const CK_RV rv = p11->C_FindObjects(session, all, 2 * MANY, &n);
    p11->C_FindObjectsFinal(session);
    for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
        char label[64];
        CK_ATTRIBUTE t = {CKA_LABEL, label, sizeof(label)};
        labels += p11->C_GetAttributeValue(session, all[i], &t, 1) == CKR_OK;
    }
    mem_free(all);
    return labels;
}

int probe_main(enum place place)
{
    char say[160];
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_UTF8CHAR pin[] = USER_PIN;
    CK_SESSION_HANDLE session = 0;
    CK_SLOT_ID slot = 0;
    const int out = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    const CK_FUNCTION_LIST *p11 = store_select(place) == 0 ? module_load(say, sizeof(say)) : NULL;
    if (p11 == NULL) {
        return 1;
    }
    const double rss = status_bytes("VmRSS:");
    const double anon = status_bytes("RssAnon:");
    double t = now_seconds();
    if (p11->C_Initialize(&args) != CKR_OK) {
        return 1;
    }
    double spent = now_seconds() - t;
    if (token_find(p11, false, &slot) != 0) {
        return 1;
    }
    t = now_seconds();
    if (p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) !=
        CKR_OK) {
        return 1;
    }
    spent += now_seconds() - t;
    if (p11->C_Login(session, CKU_USER, pin, sizeof(pin) - 1) != CKR_OK) {
        return 1;
    }
    const size_t objects = touch_all(p11, session);
    dprintf(out, "%.6f %.0f %.0f %zu\n", spent * 1000, status_bytes("VmRSS:") - rss,
            status_bytes("RssAnon:") - anon, objects);
    p11->C_Finalize(NULL);
    return 0;
}

int probe_run(enum place place, const struct module_place *p, struct probe *ret)
{
    int from[2];
    char text[256] = {0};
    size_t n = 0;
    if (pipe(from) != 0) {
        return -1;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        char place_text[8];
        snprintf(place_text, sizeof(place_text), "%d", (int)place);
        dup2(from[1], STDOUT_FILENO);
        close(from[0]);
        close(from[1]);
        execl("/proc/self/exe", "craton-hsm-bench", "--probe", p->softhsm ? "1" : "0", place_text,
              p->path, p->scratch, p->memory, (char *)NULL);
        _exit(127);
    }
    close(from[1]);
    for (ssize_t got = 1; got > 0 && n + 1 < sizeof(text); n += got > 0 ? (size_t)got : 0) {
        got = read(from[0], text + n, sizeof(text) - 1 - n);
    }
    close(from[0]);
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
    return sscanf(text, "%lf %lf %lf %zu", &ret->start_ms, &ret->rss_bytes, &ret->anon_bytes,
                  &ret->objects) == 4
               ? 0
               : -1;
}
