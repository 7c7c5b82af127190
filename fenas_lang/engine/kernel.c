/* The native engine: runs the program of any recurrent cell over a whole sequence, one way.

   Plain C11 with GNU vector extensions; knows nothing of Python or torch.  `kernel_tiles.h` is the
   engine proper, compiled here once for each element type and instruction set; this file holds the
   data that a caller fills in, the threads, and the choice of instruction set at run time. */

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

/* Values with one row for each row of the batch, `row` elements apart.  Without `ring`, a row for
   each row of each time step, one step behind the other as `starts` says.  With `ring`, what
   belongs to index i (a step plus `shift`) begins (i mod ring) * batch rows behind base.  Where
   `first` is given it holds what a sequence begins with, and base what its steps make of it.
   `column` is 0 where all columns are the same number. */
struct array {
    void *base, *first;
    int64_t row, column, shift, ring;
};

/* result = base + matrix . source for one tile of columns; base is -1 where there is none.
   Operands below the number of arrays are arrays, the others slots of the tile. */
struct product { int32_t matrix, source, base, result; };
struct instruction { int32_t op, result, a, b; };
struct access { int32_t array, mode; };
enum { READ = 1, WRITTEN = 2 };

struct stage {
    int32_t first_product, end_product, first_instruction, end_instruction;
    int32_t first_access, end_access;
};

/* A weight, `size` by `size`, row by row; `transposed` multiplies with its transpose. */
struct matrix {
    const void *values;
    int64_t transposed;
};

/* GOMP_parallel of whichever OpenMP the process runs already, so that its threads are used. */
typedef void parallel_function(void (*run)(void *), void *data, unsigned threads, unsigned flags);
/* Its omp_get_num_threads: how many threads came, which may be fewer than were asked for. */
typedef int team_size_function(void);

/* Step t of memory has rows starts[t] to starts[t + 1], never more than the step before it; a call
   runs the steps in that order, or with `reverse` the last one first, and `backward` turns round
   whatever order it is. */
struct call {
    const struct array *arrays;
    const struct matrix *matrices;
    const struct product *products;
    const struct instruction *instructions;
    const struct access *accesses;
    const struct stage *stages;
    const int64_t *starts;
    void *packed;
    parallel_function *parallel;
    team_size_function *team_size;
    int64_t array_count, matrix_count, stage_count, slot_count, access_count;
    int64_t time, batch, size, backward, reverse, threads, poison;
};

/* Memory in words of four bytes. */
struct block {
    const void *at;
    int64_t words;
};
enum { SUMS = 64 };

enum op { COPY, ADD, SUB, MUL, NEG, TANH, SIGMOID, RELU, STEP, EXP, LOG, RECIPROCAL, SIN, COS, ERF,
          GATE };

/* Work in parts that threads take one by one, however many come; or, without `part`, that a known
   number of threads does together, waiting for each other. */
struct work {
    const struct call *call;
    void (*part)(struct work *, int64_t);
    void (*member)(struct work *, int64_t rank);
    int64_t parts, next, members, failed;
    _Alignas(64) int64_t arrived;
    _Alignas(64) int64_t phase;
};

static void take_parts(struct work *work) {
    int64_t part;
    while ((part = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED)) < work->parts)
        work->part(work, part);
}

static void be_idle(int64_t *rounds) {
    if (++*rounds > 1024) sched_yield();
#if defined(__x86_64__) && defined(__GNUC__)
    else __builtin_ia32_pause();
#endif
}

/* Returns when all members have come here. */
static void wait_for_all(struct work *work) {
    int64_t phase = __atomic_load_n(&work->phase, __ATOMIC_ACQUIRE), rounds = 0;
    if (__atomic_add_fetch(&work->arrived, 1, __ATOMIC_ACQ_REL) == work->members) {
        __atomic_store_n(&work->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&work->phase, phase + 1, __ATOMIC_RELEASE);
        return;
    }
    while (__atomic_load_n(&work->phase, __ATOMIC_ACQUIRE) == phase) be_idle(&rounds);
}

static void join(struct work *work) {
    if (work->part) take_parts(work);
    else work->member(work, __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED));
}

static void join_team(void *data) {
    struct work *work = data;
    if (!work->part) __atomic_store_n(&work->members, work->call->team_size(), __ATOMIC_RELAXED);
    join(work);
}

/* The number of members is known when all threads are started. */
static void *thread_main(void *data) {
    struct work *work = data;
    int64_t rounds = 0;
    while (!__atomic_load_n(&work->members, __ATOMIC_ACQUIRE)) be_idle(&rounds);
    join(work);
    return NULL;
}

enum { MOST_THREADS = 256 };

/* A thread that cannot be had is no error: the others do its work. */
static void run_on_own_threads(struct work *work, int64_t threads) {
    pthread_t started[MOST_THREADS];
    int64_t count = 0;
    while (count < threads - 1 && count < MOST_THREADS
           && !pthread_create(&started[count], NULL, thread_main, work))
        count++;
    __atomic_store_n(&work->members, count + 1, __ATOMIC_RELEASE);
    join(work);
    while (count > 0) pthread_join(started[--count], NULL);
}

static int run_work(struct work *work, int64_t threads) {
    if (threads <= 1) {
        work->members = 1;
        join(work);
    } else if (work->call->parallel) {
        work->call->parallel(join_team, work, (unsigned)threads, 0);
    } else {
        run_on_own_threads(work, threads);
    }
    return work->failed ? -1 : 0;
}

static int run_parts(const struct call *call, void (*part)(struct work *, int64_t), int64_t parts) {
    struct work work = {.call = call, .part = part, .parts = parts};
    return run_work(&work, call->threads < parts ? call->threads : parts);
}

static int run_together(const struct call *call, void (*member)(struct work *, int64_t)) {
    struct work work = {.call = call, .member = member};
    return run_work(&work, call->threads);
}

/* Memory for vectors of any instruction set; a test fills it with NaN to show what is not set. */
static void *workspace(size_t bytes, int64_t poison) {
    size_t whole = (bytes + 63) / 64 * 64;
    void *found = aligned_alloc(64, whole ? whole : 64);
    if (found && poison) memset(found, 0xff, whole);
    return found;
}

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c) JOIN_(a, b, c)
#define NAME(base) JOIN(base, TYPE_SUFFIX, ISA_SUFFIX)

#define ISA_SUFFIX _baseline
#define VECTOR_BYTES 16
#include "kernel_types.h"
#undef ISA_SUFFIX
#undef VECTOR_BYTES

#if defined(__x86_64__) && defined(__GNUC__)
#define CHOICE 1

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define ISA_SUFFIX _avx2
#define VECTOR_BYTES 32
#include "kernel_types.h"
#undef ISA_SUFFIX
#undef VECTOR_BYTES
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx2,fma")
#endif
#define ISA_SUFFIX _avx512
#define VECTOR_BYTES 64
#include "kernel_types.h"
#undef ISA_SUFFIX
#undef VECTOR_BYTES
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

/* The best instruction set here: 0 baseline, 1 AVX2 with FMA, 2 AVX-512. */
int fenas_best(void) {
#ifdef CHOICE
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

#ifdef CHOICE
#define CHOOSE(name, ...)                                                            \
    if (isa > fenas_best()) isa = fenas_best();                                      \
    if (isa == 2) return wide ? name##_double_avx512(__VA_ARGS__) : name##_float_avx512(__VA_ARGS__); \
    if (isa == 1) return wide ? name##_double_avx2(__VA_ARGS__) : name##_float_avx2(__VA_ARGS__); \
    return wide ? name##_double_baseline(__VA_ARGS__) : name##_float_baseline(__VA_ARGS__)
#else
#define CHOOSE(name, ...)                                                            \
    (void)isa;                                                                       \
    return wide ? name##_double_baseline(__VA_ARGS__) : name##_float_baseline(__VA_ARGS__)
#endif

/* How many elements the packed matrices of a call take, float (`wide` 0) or double. */
int64_t fenas_packed(int64_t matrices, int64_t size, int wide, int isa) {
    CHOOSE(packed, matrices, size);
}

/* Packs the matrices of a call into its `packed`, which begins at a multiple of 64 bytes. */
int fenas_pack(const struct call *call, int wide, int isa) { CHOOSE(pack, call); }

/* Runs a call, whose matrices are packed; 0, or -1 where there was no memory. */
int fenas_run(const struct call *call, int wide, int isa) { CHOOSE(run, call); }

/* Folds memory of `count` words into `sums`: words that differ give sums that differ, surely for
   one word in each place modulo SUMS, and but for one time in 2^32 otherwise. */
int fenas_sign(const struct block *blocks, int64_t count, uint32_t *sums, int isa) {
    const int wide = 0;
    CHOOSE(sign, blocks, count, sums);
}

/* Asks for large pages for memory that is about to be written: a page costs as much time to get
   as the numbers in it take to compute.  Nothing depends on the answer. */
void fenas_advise(void *memory, int64_t bytes) {
#ifdef MADV_HUGEPAGE
    enum { PAGE = 4096 };
    uintptr_t from = ((uintptr_t)memory + PAGE - 1) / PAGE * PAGE;
    uintptr_t to = ((uintptr_t)memory + (uintptr_t)bytes) / PAGE * PAGE;
    if (from < to) madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}
