/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness of the black-box tests.
 */
#include "harness.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

CK_FUNCTION_LIST_3_2 *p11;
CK_SLOT_ID slot;

static char dir[256];

/* CRATON_TEST=r014_* runs the tests of that name alone. */
__attribute__((constructor)) static void choose_tests(void)
{
    const char *filter = getenv("CRATON_TEST");
    if (filter != NULL) {
        cmocka_set_test_filter(filter);
    }
}

/* ---- answers ---- */

const char *rv_name(CK_RV rv)
{
    static const struct {
        CK_RV rv;
        const char *name;
    } names[] = {
        {CKR_OK, "OK"},
#define E(name, ckr, text) {ckr, #name},
#include "base/errors.def"
#undef E
    };
    for (size_t i = 0; i < LEN(names); i++) {
        if (names[i].rv == rv) {
            return names[i].name;
        }
    }
    return "no CKR_ of ours";
}

void rv_check(CK_RV got, CK_RV want, const char *call, const char *file, int line)
{
    if (got != want) {
        print_error("%s\n    answered 0x%lx %s, expected 0x%lx %s\n", call, got, rv_name(got), want,
                    rv_name(want));
        _fail(file, line);
    }
}

CK_RV rv_one_of(CK_RV got, const CK_RV *want, size_t n, const char *call, const char *file,
                int line)
{
    for (size_t i = 0; i < n; i++) {
        if (got == want[i]) {
            return got;
        }
    }
    print_error("%s\n    answered 0x%lx %s, expected 0x%lx %s or another\n", call, got,
                rv_name(got), want[0], rv_name(want[0]));
    _fail(file, line);
    return got;
}

CK_RV rv_refused(CK_RV got, const char *call, const char *file, int line)
{
    if (got == CKR_OK) {
        print_error("%s\n    answered OK\n", call);
        _fail(file, line);
    }
    return got;
}

CK_ULONG unhex(const char *hex, CK_BYTE *out)
{
    CK_ULONG n = 0;
    for (; hex[2 * n] != '\0'; n++) {
        unsigned v = 0;
        for (size_t j = 0; j < 2; j++) {
            const char c = hex[2 * n + j];
            v = v << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[n] = (CK_BYTE)v;
    }
    return n;
}

/* ---- worlds ---- */

static void load(void)
{
    if (p11 != NULL) {
        return;
    }
    const char *path = getenv("CRATON_MODULE");
    assert_non_null(path);
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (dl == NULL) {
        print_error("%s\n", dlerror());
    }
    assert_non_null(dl);
    CK_RV (*get)(CK_UTF8CHAR_PTR, CK_VERSION_PTR, CK_INTERFACE_PTR_PTR, CK_FLAGS);
    *(void **)&get = dlsym(dl, "C_GetInterface");
    assert_non_null(get);
    CK_INTERFACE *i = NULL;
    OK(get(NULL, NULL, &i, 0));
    p11 = i->pFunctionList;
}

const char *world_dir(void)
{
    return dir;
}

void world_write(const char *name, const char *text, unsigned mode)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

void world_make(const char *extra)
{
    load();
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/craton-test-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(dir));
    char text[2048];
    char library[128] = "";
    const char *chosen = getenv("CRATON_TEST_BACKEND"); /* one crypto library alone */
    if (chosen != NULL && extra == NULL) {
        snprintf(library, sizeof library, "[algorithms]\ncrypto_backend = \"%.20s\"\n", chosen);
    }
    snprintf(text, sizeof text,
             "[token]\nstorage_path = \"%s/store\"\nslot_count = 2\n"
             "[security]\npbkdf2_iterations = 100000\n"
             "[log]\nlevel = \"off\"\n%s%s",
             dir, library, extra != NULL ? extra : "");
    world_write("craton_hsm.toml", text, 0600);
    char path[512];
    snprintf(path, sizeof path, "%s/craton_hsm.toml", dir);
    assert_int_equal(setenv("CRATON_HSM_CONFIG", path, 1), 0);
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    if (d != NULL) {
        for (const struct dirent *e; (e = readdir(d)) != NULL;) {
            if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
                char inner[1024];
                snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
                remove_tree(inner);
            }
        }
        closedir(d);
    }
    (void)remove(path);
}

void world_remove(void)
{
    if (dir[0] != '\0' && getenv("CRATON_KEEP") == NULL) {
        remove_tree(dir);
    }
    dir[0] = '\0';
}

int setup_module(void **state)
{
    (void)state;
    world_make(NULL);
    OK(p11->C_Initialize(NULL));
    CK_SLOT_ID list[16];
    CK_ULONG n = LEN(list);
    OK(p11->C_GetSlotList(CK_FALSE, list, &n));
    assert_true(n >= 1);
    slot = list[0];
    return 0;
}

int setup_token(void **state)
{
    setup_module(state);
    token_init(slot);
    return 0;
}

int teardown_module(void **state)
{
    (void)state;
    (void)p11->C_Finalize(NULL);
    world_remove();
    return 0;
}

static void destroy_all(CK_SESSION_HANDLE s)
{
    CK_OBJECT_HANDLE list[64];
    for (;;) {
        CK_ULONG n =
            find(s, T(AB(CKA_TOKEN, CK_TRUE), AB(CKA_DESTROYABLE, CK_TRUE)), list, LEN(list));
        n = n < LEN(list) ? n : LEN(list);
        CK_ULONG gone = 0;
        for (CK_ULONG i = 0; i < n; i++) {
            gone += p11->C_DestroyObject(s, list[i]) == CKR_OK;
        }
        if (gone == 0) {
            break;
        }
    }
}

int teardown_sessions(void **state)
{
    (void)state;
    (void)p11->C_CloseAllSessions(slot);
    CK_TOKEN_INFO info;
    if (p11->C_GetTokenInfo(slot, &info) == CKR_OK &&
        (info.flags & CKF_USER_PIN_INITIALIZED) != 0 && (info.flags & CKF_USER_PIN_LOCKED) == 0) {
        CK_SESSION_HANDLE s = 0;
        if (p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) ==
            CKR_OK) {
            if (p11->C_Login(s, CKU_USER, PIN(USER_PIN)) == CKR_OK) {
                destroy_all(s);
            }
        }
        (void)p11->C_CloseAllSessions(slot);
    }
    return 0;
}

void token_init(CK_SLOT_ID id)
{
    CK_UTF8CHAR label[32];
    memset(label, ' ', sizeof label);
    memcpy(label, "test token", 10);
    OK(p11->C_InitToken(id, PIN(SO_PIN), label));
    CK_SESSION_HANDLE s = 0;
    OK(p11->C_OpenSession(id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
    OK(p11->C_Login(s, CKU_SO, PIN(SO_PIN)));
    OK(p11->C_InitPIN(s, PIN(USER_PIN)));
    OK(p11->C_Logout(s));
    OK(p11->C_CloseSession(s));
}

CK_SESSION_HANDLE open_session(bool rw)
{
    CK_SESSION_HANDLE s = 0;
    const CK_FLAGS flags = rw ? CKF_SERIAL_SESSION | CKF_RW_SESSION : CKF_SERIAL_SESSION;
    OK(p11->C_OpenSession(slot, flags, NULL, NULL, &s));
    assert_int_not_equal(s, CK_INVALID_HANDLE);
    return s;
}

CK_SESSION_HANDLE user_session(void)
{
    const CK_SESSION_HANDLE s = open_session(true);
    ONE_OF(p11->C_Login(s, CKU_USER, PIN(USER_PIN)), CKR_OK, CKR_USER_ALREADY_LOGGED_IN);
    return s;
}

CK_SESSION_HANDLE so_session(void)
{
    const CK_SESSION_HANDLE s = open_session(true);
    OK(p11->C_Login(s, CKU_SO, PIN(SO_PIN)));
    return s;
}

/* ---- children ---- */

struct errand {
    void (*fn)(void *);
    void *arg;
};

static struct errand errand;

static void run_errand(void **state)
{
    (void)state;
    errand.fn(errand.arg);
}

int child_start(void (*fn)(void *), void *arg)
{
    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        return pid;
    }
    alarm(120);
    errand = (struct errand){fn, arg};
    FILE *report = tmpfile(); /* shown when it failed */
    const int err = dup(STDERR_FILENO);
    if (report == NULL || err < 0) {
        _exit(2);
    }
    dup2(fileno(report), STDOUT_FILENO);
    dup2(fileno(report), STDERR_FILENO);
    const struct CMUnitTest tests[] = {{"child", run_errand, NULL, NULL, NULL}};
    cmocka_set_test_filter(NULL);
    const int failed = cmocka_run_group_tests_name("child", tests, NULL, NULL);
    fflush(NULL);
    char line[512];
    rewind(report);
    while (failed != 0 && fgets(line, sizeof line, report) != NULL) {
        if (line[0] != '[' || strstr(line, "LINE") != NULL) {
            (void)!write(err, line, strlen(line));
        }
    }
    _exit(failed == 0 ? 0 : 1);
}

bool child_wait(int pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
    }
    if (WIFSIGNALED(status)) {
        print_error("the child died of signal %d\n", WTERMSIG(status));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool in_child(void (*fn)(void *), void *arg)
{
    return child_wait(child_start(fn, arg));
}
