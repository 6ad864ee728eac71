/* SPDX-License-Identifier: Apache-2.0
 *
 * craton-hsm-bench: this module, SoftHSM2 and the bare libraries in one table.
 * docs/benchmarks.md says how to read it.
 */
#include <fnmatch.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"

#define DEFAULT_SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

struct options {
    const char *module, *softhsm, *json, *only, *scratch;
    size_t rounds;
    double seconds;
    bool quiet;
    bool cpu;
};

static const char usage[] =
    "usage: craton-hsm-bench [--module FILE] [--softhsm FILE] [--only PATTERN] [--quick] [--cpu]\n"
    "                        [--rounds N] [--seconds S] [--json FILE] [--scratch FOLDER] [--list]\n"
    "  --module   the PKCS#11 module measured (build/libcraton_hsm.so)\n"
    "  --softhsm  the one compared with (" DEFAULT_SOFTHSM "); its columns are\n"
    "             empty when it is not there\n"
    "  --only     rows whose name holds PATTERN, or matches it (* and ?); case does not count\n"
    "  --quick    three short rounds\n"
    "  --rounds   how many (9), --seconds how long each run (0.1)\n"
    "  --cpu      rates by processor time: for a machine that has other things to do\n"
    "  --json     the figures as JSON, - for stdout\n"
    "  --scratch  where the store of the keys goes (/var/tmp); removed at the end\n";

struct bench {
    const struct options *o;
    struct module_place ours, softhsm;
    struct worker *workers[WHO_COUNT][PLACE_COUNT];
    char versions[WHO_COUNT][160];
};

static void say(const struct options *o, const char *what, const char *name)
{
    if (!o->quiet) {
        fprintf(stderr, "\r\033[K%s%s", what, name);
        fflush(stderr);
    }
}

/* ---- workers -------------------------------------------------------------------------------------- */

static const struct module_place *place_of(const struct bench *b, enum who who)
{
    return who == WHO_SOFTHSM ? &b->softhsm : &b->ours;
}

static bool is_bare(enum who who)
{
    return who == WHO_OPENSSL || who == WHO_AWSLC;
}

/* Whether SUBJECT can be asked at all. */
static bool is_there(const struct bench *b, enum who who, enum place place)
{
#ifndef CRATON_BENCH_AWSLC
    if (who == WHO_AWSLC) {
        return false;
    }
#endif
    if (is_bare(who)) {
        return place == PLACE_KEYS;
    }
    return access(place_of(b, who)->path, R_OK) == 0;
}

static struct worker *worker_of(struct bench *b, enum who who, enum place place)
{
    if (b->workers[who][place] == NULL && is_there(b, who, place)) {
        if (place == PLACE_MANY) {
            say(b->o, "filling a store with 10 000 objects: ", who_names[who]);
        }
        struct worker *w = worker_start(who, place, place_of(b, who));
        b->workers[who][place] = w;
        if (!worker_alive(w)) {
            fprintf(stderr, "\nbench: %s: %s\n", who_names[who], worker_trouble(w));
        } else if (b->versions[who][0] == 0) {
            snprintf(b->versions[who], sizeof(b->versions[who]), "%s", worker_version(w));
        }
    }
    return b->workers[who][place];
}

/* ---- rows ------------------------------------------------------------------------------------------- */

static void run_loop(struct bench *b, struct result *r, size_t row)
{
    const double longer = r->row->longer > 0 ? r->row->longer : 1;
    const bool by_cpu = b->o->cpu && r->row->op != OP_CREATE; /* a disk is waited for */
    for (size_t round = 0; round < r->rounds; round++) {
        for (unsigned threads = 1; threads <= (r->row->threads ? 2U : 1U); threads++) {
            for (size_t who = 0; who < WHO_COUNT; who++) {
                struct worker *w = who == WHO_PARTS && !r->row->own_parts
                                       ? NULL
                                       : worker_of(b, (enum who)who, r->row->place);
                if (w == NULL || (round > 0 && r->samples[who][threads - 1][0] < 0) ||
                    (who == WHO_PARTS && threads > 1)) {
                    continue;
                }
                r->samples[who][threads - 1][round] =
                    worker_run(w, row, threads, b->o->seconds * longer, by_cpu);
            }
        }
    }
    for (size_t who = 0; who < WHO_COUNT; who++) {
        if (b->workers[who][r->row->place] != NULL) {
            worker_row_done(b->workers[who][r->row->place]);
        }
    }
}

static void run_probe(struct bench *b, struct result *r)
{
    for (size_t round = 0; round < r->rounds; round++) {
        for (size_t who = WHO_OURS; who <= WHO_SOFTHSM; who++) {
            const struct module_place *p = place_of(b, (enum who)who);
            struct worker *w = worker_of(b, (enum who)who, r->row->place);
            struct probe few;
            struct probe many;
            if (w == NULL || !worker_alive(w) || probe_run(r->row->place, p, &many) != 0) {
                continue;
            }
            if (r->row->op == OP_START) {
                r->samples[who][0][round] = many.start_ms;
            } else if (worker_of(b, (enum who)who, PLACE_TEN) != NULL &&
                       probe_run(PLACE_TEN, p, &few) == 0 && many.objects > few.objects) {
                const double objects = (double)(many.objects - few.objects);
                r->samples[who][0][round] = (many.rss_bytes - few.rss_bytes) / objects;
                r->samples[who][1][round] = (many.anon_bytes - few.anon_bytes) / objects;
            }
        }
    }
}

static void run_row(struct bench *b, struct result *r, size_t row)
{
    r->row = &rows[row];
    r->rounds = b->o->rounds;
    for (size_t who = 0; who < WHO_COUNT; who++) {
        for (size_t i = 0; i < ROUNDS_MAX; i++) {
            r->samples[who][0][i] = -1;
            r->samples[who][1][i] = -1;
        }
    }
    if (r->row->op == OP_START || r->row->op == OP_MEMORY) {
        run_probe(b, r);
    } else {
        run_loop(b, r, row);
    }
}

static bool chosen(const char *pattern, const char *name)
{
    return pattern == NULL || strcasestr(name, pattern) != NULL ||
           fnmatch(pattern, name, FNM_CASEFOLD) == 0;
}

/* ---- the machine ------------------------------------------------------------------------------------- */

static void machine_read(struct machine *m)
{
    char line[256];
    snprintf(m->cpu, sizeof(m->cpu), "unknown processor");
    m->cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&m->load, 1) != 1) {
        m->load = -1;
    }
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            line[strcspn(line, "\n")] = 0;
            snprintf(m->cpu, sizeof(m->cpu), "%.90s", colon + 2);
            break;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static int folder_make(char *out, size_t cap, const char *in)
{
    snprintf(out, cap, "%s/craton-bench-XXXXXX", in);
    return mkdtemp(out) != NULL ? 0 : -1;
}

/* ---- options ------------------------------------------------------------------------------------------- */

static int options_read(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        const char **text = strcmp(a, "--module") == 0    ? &o->module
                            : strcmp(a, "--softhsm") == 0 ? &o->softhsm
                            : strcmp(a, "--only") == 0    ? &o->only
                            : strcmp(a, "--json") == 0    ? &o->json
                            : strcmp(a, "--scratch") == 0 ? &o->scratch
                                                          : NULL;
        if (strcmp(a, "--cpu") == 0) {
            o->cpu = true;
        } else if (strcmp(a, "--quick") == 0) {
            o->rounds = 3;
            o->seconds = 0.03;
        } else if (text != NULL && value != NULL) {
            *text = value;
            i++;
        } else if (strcmp(a, "--rounds") == 0 && value != NULL) {
            o->rounds = (size_t)strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(a, "--seconds") == 0 && value != NULL) {
            o->seconds = strtod(value, NULL);
            i++;
        } else {
            return -1;
        }
    }
    return o->rounds >= 1 && o->rounds <= ROUNDS_MAX && o->seconds > 0 ? 0 : -1;
}

static int run_all(struct bench *b, const struct options *o)
{
    struct result *results = mem_array(rows_n, sizeof(*results));
    struct machine m = {.cores = 0};
    size_t n = 0;
    if (results == NULL) {
        return 1;
    }
    machine_read(&m);
    m.cpu_time = o->cpu;
    for (size_t i = 0; i < rows_n; i++) {
        if (chosen(o->only, rows[i].name)) {
            say(o, "measuring ", rows[i].name);
            run_row(b, &results[n++], i);
        }
    }
    say(o, "", "");
    for (size_t who = 0; who < WHO_COUNT; who++) {
        if (who < WHO_LISTED) {
            m.versions[who] = b->versions[who][0] != 0 ? b->versions[who] : "not there";
        }
        for (size_t place = 0; place < PLACE_COUNT; place++) {
            worker_stop(b->workers[who][place]);
        }
    }
    if (o->json == NULL || strcmp(o->json, "-") != 0) {
        report_text(&m, results, n);
    }
    const int bad = o->json != NULL && report_json(o->json, &m, results, n) != 0;
    if (bad) {
        fprintf(stderr, "bench: %s cannot be written\n", o->json);
    }
    mem_free(results);
    return n == 0 || bad;
}

/* The program calls itself: --worker WHO PLACE MODULE SCRATCH MEMORY,
 * --probe SOFTHSM PLACE MODULE SCRATCH MEMORY. */
static int inner_main(char **argv)
{
    const enum place place = (enum place)strtoul(argv[3], NULL, 10);
    const unsigned long which = strtoul(argv[2], NULL, 10);
    const bool worker = strcmp(argv[1], "--worker") == 0;
    const struct module_place p = {.path = argv[4],
                                   .scratch = argv[5],
                                   .memory = argv[6],
                                   .softhsm = worker ? which == WHO_SOFTHSM : which == 1};
    module_place_set(&p);
    return worker ? worker_main((enum who)which, place) : probe_main(place);
}

int main(int argc, char **argv)
{
    const char *softhsm = secure_getenv("SOFTHSM2_LIB");
    struct options o = {.module = "build/libcraton_hsm.so",
                        .softhsm = softhsm != NULL ? softhsm : DEFAULT_SOFTHSM,
                        .scratch = "/var/tmp",
                        .rounds = 9,
                        .seconds = 0.1,
                        .quiet = !isatty(STDERR_FILENO)};
    if (argc == 7 && (strcmp(argv[1], "--worker") == 0 || strcmp(argv[1], "--probe") == 0)) {
        return inner_main(argv);
    }
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < rows_n; i++) {
            printf("%s\n", rows[i].name);
        }
        return 0;
    }
    if (options_read(&o, argc, argv) != 0) {
        fputs(usage, stderr);
        return 2;
    }
    char scratch[512];
    char memory[512];
    if (folder_make(scratch, sizeof(scratch), o.scratch) != 0) {
        fprintf(stderr, "bench: no folder can be made in %s\n", o.scratch);
        return 1;
    }
    if (folder_make(memory, sizeof(memory), "/dev/shm") != 0) {
        mem_copy(memory, scratch, sizeof(memory));
    }
    signal(SIGPIPE, SIG_IGN);
    struct bench b = {.o = &o,
                      .ours = {o.module, scratch, memory, false},
                      .softhsm = {o.softhsm, scratch, memory, true}};
    const int rc = run_all(&b, &o);
    nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    nftw(memory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return rc;
}
