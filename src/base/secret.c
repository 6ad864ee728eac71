/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena of secrets.
 *
 * A region is a piece of address space that begins at a multiple of REGION bytes:
 *
 *     guard page | header page(s) | guard page | data ... | guard page
 *
 * so the region of any block is found by rounding its address down. The header keeps all
 * bookkeeping; data pages hold secrets and nothing else. Data is cut into cells of 4096 bytes. A
 * cell serves blocks of one size class, or is part of a run of cells that serves one larger block.
 * Blocks too large for a run get a region of their own. A block is always zero when it is free.
 */
#include "secret.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "lock.h"
#include "log.h"

#define CELL 4096U
#define CELLS_MAX 64U
#define RUN_MAX 16U /* cells of the largest block that shares a region */
#define CLASSES 16U
#define ARENAS 8U
#define CLASS_FREE 0xffU
#define CLASS_RUN 0xfeU

static const uint16_t class_size[CLASSES] = {16,  32,  48,  64,  96,   128,  192,  256,
                                             320, 384, 512, 768, 1024, 1360, 2048, 4096};

struct cell {
    struct cell *prev; /* in the list of cells of this class that have a free block */
    struct cell *next;
    uint64_t free_map[4]; /* bit set: block is free */
    uint16_t free_blocks;
    uint16_t blocks;
    uint8_t class_no; /* or CLASS_FREE, CLASS_RUN */
    uint8_t run;      /* of a run's first cell: how many */
    bool locked;      /* mlock was asked for */
};

struct region {
    struct arena *home;
    struct region *prev;
    struct region *next;
    size_t map_size; /* the whole, guards included */
    uint8_t *data;   /* first data byte */
    size_t data_size;
    size_t large;        /* bytes of the one block, or 0 for a region of cells */
    size_t large_locked; /* pages that are locked */
    bool empty_in_child; /* the kernel promised */
    unsigned epoch;      /* of the process that made it: see secret_after_fork */
    unsigned cells;
    uint64_t free_cells; /* bit set: cell is free */
    struct cell cell[CELLS_MAX];
};

/* Each thread takes from the arena that it was dealt, so that threads seldom wait for each other; a
 * block goes back to where it came from, whoever releases it. */
struct arena {
    _Alignas(64) struct lock lock;
    struct region *regions;
    unsigned idle_regions;
    struct cell *partial[CLASSES];
    size_t used;
    size_t pages;
    size_t pages_locked;
};

static struct arena arenas[ARENAS];

/* Set once. */
static struct {
    size_t page;
    size_t region_size; /* also the alignment */
    size_t header_size;
} layout;

static unsigned epoch_now; /* counts forks: changes in a child that has one thread */
static atomic_uint arenas_dealt;
static atomic_bool lock_failed; /* mlock has failed: it is not tried again */

static pthread_once_t arena_once = PTHREAD_ONCE_INIT;

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static void arena_start(void)
{
    for (unsigned i = 0; i < ARENAS; i++) {
        lock_init(&arenas[i].lock, LOCK_MEMORY);
    }
    layout.page = (size_t)sysconf(_SC_PAGESIZE);
    layout.header_size = round_up(sizeof(struct region), layout.page);
    layout.region_size = 64 * (size_t)CELL;
    while (layout.region_size < 8 * layout.page) {
        layout.region_size *= 2;
    }
}

/* A double or foreign release is a damaged heap: going on would spread it. */
static _Noreturn void damaged(const char *what)
{
    fprintf(stderr, "craton-hsm: secret memory: %s\n", what);
    abort();
}

/* ---------------------------------------------------------------- address space */

/* SIZE bytes without access, at a multiple of the region size; NULL when there are none. */
static uint8_t *reserve(size_t size)
{
    size_t roomy = 0;
    if (__builtin_add_overflow(size, layout.region_size, &roomy)) {
        return NULL;
    }
    uint8_t *p = mmap(NULL, roomy, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        return NULL;
    }
    const size_t before = round_up((uintptr_t)p, layout.region_size) - (uintptr_t)p;
    if (before != 0) {
        (void)munmap(p, before);
    }
    if (roomy - before > size) {
        (void)munmap(p + before + size, roomy - before - size);
    }
    return p + before;
}

/* A region with DATA_SIZE bytes (whole pages) of data, in no list yet. */
static struct region *region_new(struct arena *arena, size_t data_size)
{
    const size_t page = layout.page;
    const size_t data_at = 2 * page + layout.header_size;
    size_t size = 0;
    if (__builtin_add_overflow(data_size, data_at + page, &size)) {
        return NULL;
    }
    uint8_t *base = reserve(size);
    if (base == NULL) {
        return NULL;
    }
    if (mprotect(base + page, layout.header_size, PROT_READ | PROT_WRITE) != 0 ||
        mprotect(base + data_at, data_size, PROT_READ | PROT_WRITE) != 0) {
        (void)munmap(base, size);
        return NULL;
    }
    (void)madvise(base + data_at, data_size, MADV_DONTDUMP);
    struct region *r = (struct region *)(void *)(base + page);
#ifdef MADV_WIPEONFORK
    r->empty_in_child = madvise(base + data_at, data_size, MADV_WIPEONFORK) == 0;
#endif
    r->map_size = size;
    r->data = base + data_at;
    r->data_size = data_size;
    r->epoch = epoch_now;
    r->home = arena;
    arena->pages += data_size / page;
    r->next = arena->regions;
    if (r->next != NULL) {
        r->next->prev = r;
    }
    arena->regions = r;
    return r;
}

static void region_drop(struct region *r)
{
    struct arena *arena = r->home;
    if (r->prev != NULL) {
        r->prev->next = r->next;
    } else {
        arena->regions = r->next;
    }
    if (r->next != NULL) {
        r->next->prev = r->prev;
    }
    arena->pages -= r->data_size / layout.page;
    arena->pages_locked -= r->large_locked;
    for (unsigned i = 0; i < r->cells; i++) {
        arena->pages_locked -= r->cell[i].locked && i % (layout.page / CELL) == 0;
    }
    const size_t size = r->map_size;
    (void)munmap((uint8_t *)(void *)r - layout.page, size);
}

static struct region *region_of(const void *p)
{
    const uintptr_t at = (uintptr_t)p;
    const uintptr_t base = at - at % layout.region_size;
    return (struct region *)(base + layout.page);
}

static bool lock_pages(uint8_t *p, size_t n)
{
    if (atomic_load_explicit(&lock_failed, memory_order_relaxed)) {
        return false;
    }
    const bool locked = mlock(p, n) == 0;
    if (!locked) {
        atomic_store(&lock_failed, true);
    }
    return locked;
}

/* ---------------------------------------------------------------- cells */

static uint8_t *cell_data(const struct region *r, const struct cell *c)
{
    return r->data + (size_t)(c - r->cell) * CELL;
}

static void partial_add(struct arena *arena, struct cell *c)
{
    struct cell **head = &arena->partial[c->class_no];
    c->prev = NULL;
    c->next = *head;
    if (c->next != NULL) {
        c->next->prev = c;
    }
    *head = c;
}

static void partial_drop(struct arena *arena, struct cell *c)
{
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        arena->partial[c->class_no] = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    c->prev = NULL;
    c->next = NULL;
}

/* The first of COUNT free cells in a row, or -1. */
static int cells_find(uint64_t free_cells, unsigned count)
{
    uint64_t starts = free_cells;
    for (unsigned i = 1; i < count; i++) {
        starts &= free_cells >> i;
    }
    return starts != 0 ? __builtin_ctzll(starts) : -1;
}

static uint64_t cells_mask(unsigned first, unsigned count)
{
    return ((1ULL << count) - 1) << first;
}

static struct region *region_of_cells(struct arena *arena)
{
    const size_t data_at = 2 * layout.page + layout.header_size;
    size_t room = layout.region_size - data_at - layout.page;
    room = room > (size_t)CELLS_MAX * CELL ? (size_t)CELLS_MAX * CELL : room;
    room -= room % layout.page;
    struct region *r = region_new(arena, room);
    if (r == NULL) {
        return NULL;
    }
    r->cells = (unsigned)(room / CELL);
    r->free_cells = r->cells == 64 ? UINT64_MAX : (1ULL << r->cells) - 1;
    for (unsigned i = 0; i < r->cells; i++) {
        r->cell[i].class_no = CLASS_FREE;
    }
    arena->idle_regions++;
    return r;
}

static bool region_idle(const struct region *r)
{
    return r->free_cells == (r->cells == 64 ? UINT64_MAX : (1ULL << r->cells) - 1);
}

/* Locks the pages of COUNT cells from C on that were not locked yet. */
static void cells_lock(struct region *r, struct cell *c, unsigned count)
{
    const unsigned per_page = (unsigned)(layout.page / CELL);
    const unsigned first = (unsigned)(c - r->cell) / per_page * per_page;
    const unsigned end = (unsigned)(c - r->cell) + count;
    for (unsigned i = first; i < end; i += per_page) {
        if (!r->cell[i].locked && lock_pages(r->data + (size_t)i * CELL, layout.page)) {
            r->cell[i].locked = true;
            r->home->pages_locked++;
        }
    }
}

/* COUNT cells in a row, taken; NULL when memory is short. */
static struct cell *cells_take(struct arena *arena, unsigned count)
{
    struct region *r = arena->regions;
    int first = -1;
    for (; r != NULL; r = r->next) {
        first = cells_find(r->free_cells, count);
        if (first >= 0) {
            break;
        }
    }
    if (r == NULL) {
        r = region_of_cells(arena);
        if (r == NULL) {
            return NULL;
        }
        first = cells_find(r->free_cells, count);
        if (first < 0) {
            return NULL;
        }
    }
    arena->idle_regions -= region_idle(r);
    r->free_cells &= ~cells_mask((unsigned)first, count);
    cells_lock(r, &r->cell[first], count);
    return &r->cell[first];
}

static void cells_give(struct region *r, struct cell *c, unsigned count)
{
    struct arena *arena = r->home;
    for (unsigned i = 0; i < count; i++) {
        c[i].class_no = CLASS_FREE;
    }
    r->free_cells |= cells_mask((unsigned)(c - r->cell), count);
    if (region_idle(r)) {
        if (arena->idle_regions != 0) {
            region_drop(r); /* one idle region is kept for the next to come */
        } else {
            arena->idle_regions++;
        }
    }
}

/* ---------------------------------------------------------------- blocks */

static unsigned class_of(size_t n)
{
    unsigned c = 0;
    while (class_size[c] < n) {
        c++;
    }
    return c;
}

static void *block_take(struct arena *arena, unsigned class_no)
{
    struct cell *c = arena->partial[class_no];
    if (c == NULL) {
        c = cells_take(arena, 1);
        if (c == NULL) {
            return NULL;
        }
        c->class_no = (uint8_t)class_no;
        c->blocks = (uint16_t)(CELL / class_size[class_no]);
        c->free_blocks = c->blocks;
        for (unsigned i = 0; i < 4; i++) {
            const unsigned left = c->blocks > i * 64 ? c->blocks - i * 64 : 0;
            c->free_map[i] = left >= 64 ? UINT64_MAX : (1ULL << left) - 1;
        }
        partial_add(arena, c);
    }
    unsigned word = 0;
    while (c->free_map[word] == 0) {
        word++;
    }
    const unsigned block = word * 64 + (unsigned)__builtin_ctzll(c->free_map[word]);
    c->free_map[word] &= c->free_map[word] - 1;
    if (--c->free_blocks == 0) {
        partial_drop(arena, c);
    }
    return cell_data(region_of(c), c) + (size_t)block * class_size[class_no];
}

static void block_give(struct region *r, struct cell *c, uint8_t *p)
{
    struct arena *arena = r->home;
    const unsigned size = class_size[c->class_no];
    const unsigned at = (unsigned)(p - cell_data(r, c)); /* within a cell */
    const unsigned block = at / size;
    const uint64_t bit = 1ULL << (block & 63);
    if (at % size != 0 || block >= c->blocks || (c->free_map[block / 64] & bit) != 0) {
        damaged("a block was released twice, or never given");
    }
    mem_wipe(p, size);
    arena->used -= size;
    c->free_map[block / 64] |= bit;
    if (c->free_blocks++ == 0) {
        partial_add(arena, c);
    }
    if (c->free_blocks == c->blocks) {
        /* The last cell of a class stays, so that taking and giving one block is cheap. */
        if (c->prev != NULL || c->next != NULL) {
            partial_drop(arena, c);
            cells_give(r, c, 1);
        }
    }
}

static void *run_take(struct arena *arena, size_t n)
{
    const unsigned count = (unsigned)(round_up(n, CELL) / CELL);
    struct cell *c = cells_take(arena, count);
    if (c == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        c[i].class_no = CLASS_RUN;
        c[i].run = 0;
    }
    c->run = (uint8_t)count;
    arena->used += (size_t)count * CELL;
    return cell_data(region_of(c), c);
}

static void run_give(struct region *r, struct cell *c, uint8_t *p)
{
    const unsigned count = c->run;
    if (count == 0 || p != cell_data(r, c)) {
        damaged("a block was released twice, or never given");
    }
    mem_wipe(p, (size_t)count * CELL);
    r->home->used -= (size_t)count * CELL;
    c->run = 0;
    cells_give(r, c, count);
}

static void *large_take(struct arena *arena, size_t n)
{
    if (n > PTRDIFF_MAX - CELL * 64U) {
        return NULL;
    }
    struct region *r = region_new(arena, round_up(n, layout.page));
    if (r == NULL) {
        return NULL;
    }
    r->large = r->data_size;
    if (lock_pages(r->data, r->data_size)) {
        r->large_locked = r->data_size / layout.page;
        arena->pages_locked += r->large_locked;
    }
    arena->used += r->large;
    return r->data;
}

static void large_give(struct region *r, uint8_t *p)
{
    if (p != r->data) {
        damaged("a block was released twice, or never given");
    }
    mem_wipe(p, r->large);
    r->home->used -= r->large;
    region_drop(r);
}

/* ---------------------------------------------------------------- the door */

static void *take(struct arena *arena, size_t n)
{
    if (n <= CELL) {
        const unsigned class_no = class_of(n);
        void *p = block_take(arena, class_no);
        if (p != NULL) {
            arena->used += class_size[class_no];
        }
        return p;
    }
    return n <= (size_t)RUN_MAX * CELL ? run_take(arena, n) : large_take(arena, n);
}

static void warn_unlocked(void)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&warned)) {
        log_warn("secrets cannot all be locked in memory: raise RLIMIT_MEMLOCK");
    }
}

static struct arena *arena_of_thread(void)
{
    static _Thread_local struct arena *mine;
    if (mine == NULL) {
        mine = &arenas[atomic_fetch_add(&arenas_dealt, 1) % ARENAS];
    }
    return mine;
}

void *secret_alloc(size_t n)
{
    if (mem_fault_due()) {
        return NULL;
    }
    (void)pthread_once(&arena_once, arena_start);
    struct arena *arena = arena_of_thread();
    lock_take(&arena->lock);
    void *p = take(arena, n);
    lock_drop(&arena->lock);
    if (atomic_load_explicit(&lock_failed, memory_order_relaxed)) {
        warn_unlocked();
    }
    return p;
}

void secret_release(void *p)
{
    if (p == NULL) {
        return;
    }
    struct region *r = region_of(p);
    uint8_t *at = p;
    if (r->epoch != epoch_now) {
        return; /* the parent's: its content is not in this process */
    }
    LOCKED(&r->home->lock);
    if (r->large != 0) {
        large_give(r, at);
        return;
    }
    const size_t index = (size_t)(at - r->data) / CELL;
    if (at < r->data || index >= r->cells || r->cell[index].class_no == CLASS_FREE) {
        damaged("a block was released twice, or never given");
    }
    struct cell *c = &r->cell[index];
    if (c->class_no == CLASS_RUN) {
        run_give(r, c, at);
    } else {
        block_give(r, c, at);
    }
}

bool secret_empty_in_child(const void *p)
{
    return region_of(p)->empty_in_child;
}

struct secret *secret_new(size_t n)
{
    size_t size = 0;
    if (__builtin_add_overflow(n, sizeof(struct secret), &size)) {
        return NULL;
    }
    struct secret *s = secret_alloc(size);
    if (s != NULL) {
        s->p = (uint8_t *)(s + 1);
        s->n = n;
    }
    return s;
}

struct secret *secret_from(const void *p, size_t n)
{
    struct secret *s = secret_new(n);
    if (s != NULL) {
        mem_copy(s->p, p, n);
    }
    return s;
}

struct secret *secret_copy(const struct secret *s)
{
    return secret_from(s->p, s->n);
}

struct secret *secret_head(const struct secret *s, size_t n)
{
    return n <= s->n ? secret_from(s->p, n) : NULL;
}

void secret_free(struct secret *s)
{
    secret_release(s);
}

void secret_free_at(struct secret **s)
{
    secret_free(*s);
}

int secret_equal(const struct secret *a, const struct secret *b)
{
    return a->n == b->n && mem_equal_ct(a->p, b->p, a->n) != 0;
}

void secret_after_fork(void)
{
    log_after_fork();
    env_after_fork();
    (void)pthread_once(&arena_once, arena_start);
    for (unsigned i = 0; i < ARENAS; i++) {
        memset(&arenas[i], 0, sizeof arenas[i]);
        lock_init(&arenas[i].lock, LOCK_MEMORY); /* a thread of the parent may have held it */
    }
    epoch_now++;
    atomic_store(&lock_failed, false);
}

void secret_stats(size_t *ret_used, size_t *ret_locked_pages, size_t *ret_pages)
{
    (void)pthread_once(&arena_once, arena_start);
    size_t used = 0;
    size_t locked = 0;
    size_t pages = 0;
    for (unsigned i = 0; i < ARENAS; i++) {
        LOCKED(&arenas[i].lock);
        used += arenas[i].used;
        locked += arenas[i].pages_locked;
        pages += arenas[i].pages;
    }
    *ret_used = used;
    *ret_locked_pages = locked;
    *ret_pages = pages;
}
