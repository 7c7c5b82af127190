/* The engine for one element type and one instruction set: functions, products, programs, rows.

   A tile is TILE columns (two vectors) by up to BLOCK rows.  All work on a tile, products and
   instructions, is done while it is in the first cache. */

#define vec NAME(vec)
#define ivec NAME(ivec)
#define uvec NAME(uvec)
#define LANES ((int64_t)(VECTOR_BYTES / sizeof(REAL)))
#define TILE (2 * LANES)
#define BLOCK 48
#define FEW_ROWS 24
#define LEAST_WORK 100000
#define INLINE static inline __attribute__((always_inline))

typedef REAL vec __attribute__((vector_size(VECTOR_BYTES)));
typedef INTEGER ivec __attribute__((vector_size(VECTOR_BYTES)));
/* As it lies in memory: at any address, over any type. */
typedef REAL uvec __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));

/* ---- Functions -------------------------------------------------------------------------- */

/* Less zero, as only that leaves -0 what it is (and costs nothing). */
INLINE vec NAME(all)(REAL value) { return value - (vec){0}; }

/* `mask` is all ones or all zeros in each lane. */
INLINE vec NAME(either)(ivec mask, vec yes, vec no) {
    return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

INLINE vec NAME(clamped)(vec x, REAL least, REAL most) { /* NaN stays */
    x = NAME(either)(x < NAME(all)(least), NAME(all)(least), x);
    return NAME(either)(x > NAME(all)(most), NAME(all)(most), x);
}

INLINE vec NAME(absolute)(vec x) {
    return (vec)((ivec)x & ~(ivec)NAME(all)((REAL)-0.0));
}

/* exp(r) - 1 within half of ln 2, by its series: the terms left out are below rounding. */
INLINE vec NAME(series)(vec r) {
#ifdef WIDE
    vec q = NAME(all)(1.0 / 6227020800.0);
    q = q * r + 1.0 / 479001600.0;
    q = q * r + 1.0 / 39916800.0;
    q = q * r + 1.0 / 3628800.0;
    q = q * r + 1.0 / 362880.0;
    q = q * r + 1.0 / 40320.0;
    q = q * r + 1.0 / 5040.0;
#else
    vec q = NAME(all)(1.0f / 5040.0f);
#endif
    q = q * r + (REAL)(1.0 / 720.0);
    q = q * r + (REAL)(1.0 / 120.0);
    q = q * r + (REAL)(1.0 / 24.0);
    q = q * r + (REAL)(1.0 / 6.0);
    q = q * r + (REAL)0.5;
    return q * (r * r) + r;
}

/* x = n ln 2 + r: gives exp(r) - 1, and n in the low bits of `whole`. */
INLINE vec NAME(reduced)(vec x, ivec *whole) {
    vec shifted = x * (REAL)1.44269504088896340736 + MAGIC;
    vec n = shifted - MAGIC;
    vec r = (x - n * LN2_HIGH) - n * LN2_LOW;
    *whole = (ivec)shifted - (ivec)NAME(all)(MAGIC);
    return NAME(series)(r);
}

INLINE vec NAME(power_of_two)(ivec n) { return (vec)((n + BIAS) << MANTISSA); }

INLINE vec NAME(vexp)(vec x) {
    ivec n;
    vec p = NAME(reduced)(NAME(clamped)(x, LEAST, MOST), &n);
    ivec half = n >> 1; /* in two factors, so that results near either end of the range are right */
    return (p + (REAL)1) * NAME(power_of_two)(half) * NAME(power_of_two)(n - half);
}

/* For x from -2 LEAST / 3 up to 0, without a result near the ends of the range. */
INLINE vec NAME(negative_expm1)(vec x) {
    ivec n;
    vec p = NAME(reduced)(x, &n), scale = NAME(power_of_two)(n);
    return p * scale + (scale - (REAL)1);
}

INLINE vec NAME(vtanh)(vec x) {
    vec e = NAME(negative_expm1)(NAME(clamped)((REAL)-2 * NAME(absolute)(x), (REAL)-42, 0));
    vec size = -e / (e + (REAL)2);
    ivec sign = (ivec)x & (ivec)NAME(all)((REAL)-0.0);
    return (vec)((ivec)size | sign);
}

/* Far below 0 the power of two is 0, and so is the result, as at minus infinity it must be. */
INLINE vec NAME(vsigmoid)(vec x) {
    ivec n;
    vec p = NAME(reduced)(NAME(clamped)(-NAME(absolute)(x), BIAS * (REAL)-0.6932, 0), &n);
    vec scale = NAME(power_of_two)(n), e = p * scale + scale, one = NAME(all)((REAL)1);
    return NAME(either)(x < NAME(all)(0), e, one) / (e + one);
}

INLINE vec NAME(vrelu)(vec x) { return (vec)((ivec)x & ~(x <= NAME(all)(0))); }

INLINE vec NAME(vstep)(vec x) {
    vec found = (vec)((ivec)NAME(all)((REAL)1) & (ivec)(x > NAME(all)(0)));
    return NAME(either)(x != x, x, found);
}

#define BY_LIBM(name, f)                                                        \
    static vec NAME(name)(vec x) {                                              \
        for (int k = 0; k < LANES; k++) x[k] = LIBM(f)(x[k]);                   \
        return x;                                                               \
    }
BY_LIBM(vlog, log)
BY_LIBM(vsin, sin)
BY_LIBM(vcos, cos)
BY_LIBM(verf, erf)
#undef BY_LIBM

/* ---- Matrix products --------------------------------------------------------------------- */

/* A panel holds TILE columns of the product: element (k, c) multiplies the source's column k. */
static void NAME(pack_panel)(const struct matrix *matrix, int64_t size, int64_t at, REAL *panel) {
    const REAL *values = matrix->values;
    int64_t width = size - at < TILE ? size - at : TILE;
    for (int64_t k = 0; k < size; k++) {
        REAL *row = panel + k * TILE;
        if (matrix->transposed) memcpy(row, values + k * size + at, (size_t)width * sizeof(REAL));
        else for (int64_t c = 0; c < width; c++) row[c] = values[(at + c) * size + k];
        for (int64_t c = width; c < TILE; c++) row[c] = 0;
    }
}

struct NAME(place) {
    REAL *at;
    int64_t row;
};

/* `rows` of a tile; a constant at each call, so that all accumulators stay in registers. */
INLINE void NAME(multiply)(const int rows, int64_t size, const REAL *panel, struct NAME(place) source,
                           const struct NAME(place) *base, struct NAME(place) result) {
    vec sum[6][2];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < 2; v++)
            sum[r][v] = base ? (vec)((const uvec *)(base->at + r * base->row))[v] : (vec){0};
    for (int64_t k = 0; k < size; k++) {
        vec left = ((const uvec *)(panel + k * TILE))[0];
        vec right = ((const uvec *)(panel + k * TILE))[1];
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec factor = NAME(all)(source.at[r * source.row + k]);
            sum[r][0] += factor * left;
            sum[r][1] += factor * right;
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < 2; v++) ((uvec *)(result.at + r * result.row))[v] = sum[r][v];
}

/* A single row has too few sums to keep the machine busy, so each is taken in four parts. */
static void NAME(multiply_one)(int64_t size, const REAL *panel, struct NAME(place) source,
                               const struct NAME(place) *base, struct NAME(place) result) {
    vec sum[4][2] = {{{0}}};
    int64_t k = 0;
    for (int v = 0; base && v < 2; v++) sum[0][v] = ((const uvec *)base->at)[v];
    for (; k + 4 <= size; k += 4)
#pragma GCC unroll 4
        for (int part = 0; part < 4; part++) {
            vec factor = NAME(all)(source.at[k + part]);
            sum[part][0] += factor * ((const uvec *)(panel + (k + part) * TILE))[0];
            sum[part][1] += factor * ((const uvec *)(panel + (k + part) * TILE))[1];
        }
    for (; k < size; k++)
        for (int v = 0; v < 2; v++)
            sum[0][v] += NAME(all)(source.at[k]) * ((const uvec *)(panel + k * TILE))[v];
    for (int v = 0; v < 2; v++)
        ((uvec *)result.at)[v] = (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]);
}

static void NAME(product)(int64_t rows, int64_t size, const REAL *panel, struct NAME(place) source,
                          const struct NAME(place) *base, struct NAME(place) result) {
    struct NAME(place) below = base ? *base : result;
    int64_t blocks = (rows + 5) / 6;
    for (int64_t block = 0; block < blocks; block++) {
        int64_t count = rows * (block + 1) / blocks - rows * block / blocks;
        const struct NAME(place) *start = base ? &below : NULL;
        switch (count) {
            case 1: NAME(multiply_one)(size, panel, source, start, result); break;
            case 2: NAME(multiply)(2, size, panel, source, start, result); break;
            case 3: NAME(multiply)(3, size, panel, source, start, result); break;
            case 4: NAME(multiply)(4, size, panel, source, start, result); break;
            case 5: NAME(multiply)(5, size, panel, source, start, result); break;
            default: NAME(multiply)(6, size, panel, source, start, result);
        }
        source.at += count * source.row;
        below.at += count * below.row;
        result.at += count * result.row;
    }
}

/* ---- Instructions ------------------------------------------------------------------------- */

#define ON_TILE(value)                                                                       \
    for (int64_t r = 0; r < rows; r++) {                                                     \
        const uvec *pa = (const uvec *)(a.at + r * a.row), *pb = (const uvec *)(b.at + r * b.row); \
        uvec *pd = (uvec *)(d.at + r * d.row);                                               \
        for (int v = 0; v < 2; v++) {                                                        \
            vec x = pa[v], y = pb[v];                                                        \
            (void)y;                                                                         \
            pd[v] = value;                                                                   \
        }                                                                                    \
    }                                                                                        \
    break

static void NAME(instruct)(int op, int64_t rows, struct NAME(place) d, struct NAME(place) a,
                           struct NAME(place) b) {
    switch ((enum op)op) {
        case COPY: ON_TILE(x);
        case ADD: ON_TILE(x + y);
        case SUB: ON_TILE(x - y);
        case MUL: ON_TILE(x * y);
        case NEG: ON_TILE(-x);
        case TANH: ON_TILE(NAME(vtanh)(x));
        case SIGMOID: ON_TILE(NAME(vsigmoid)(x));
        case RELU: ON_TILE(NAME(vrelu)(x));
        case STEP: ON_TILE(NAME(vstep)(x));
        case EXP: ON_TILE(NAME(vexp)(x));
        case LOG: ON_TILE(NAME(vlog)(x));
        case RECIPROCAL: ON_TILE((REAL)1 / x);
        case SIN: ON_TILE(NAME(vsin)(x));
        case COS: ON_TILE(NAME(vcos)(x));
        case ERF: ON_TILE(NAME(verf)(x));
        case GATE: ON_TILE((vec)((ivec)x & ~(y <= NAME(all)(0))));
    }
}
#undef ON_TILE

/* ---- Programs over tiles -------------------------------------------------------------------- */

/* What a thread has: where each array is in the step at hand, where each operand of the tile at
   hand is, and room for slots.  In the last tile, which may be narrower than TILE, arrays are worked on in copies with room for all of it.
   Threads that share rows have columns each, and wait for each other behind each stage. */
struct NAME(worker) {
    const struct call *call;
    struct work *shared;
    int64_t first_column, end_column;
    struct NAME(place) *operands;
    REAL **now, *slots, *copies;
};

static struct NAME(place) NAME(locate)(const struct NAME(worker) *self, int32_t k, int64_t row,
                                       int64_t column) {
    const struct array *array = &self->call->arrays[k];
    return (struct NAME(place)){self->now[k] + row * array->row + column * array->column,
                                array->row};
}

static void NAME(widen)(struct NAME(place) *place, REAL *copy, int read, int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++) {
        REAL *to = copy + r * TILE;
        if (read) memcpy(to, place->at + r * place->row, (size_t)width * sizeof(REAL));
        for (int64_t c = read ? width : 0; c < TILE; c++) to[c] = 0;
    }
    *place = (struct NAME(place)){copy, TILE};
}

static void NAME(narrow)(struct NAME(place) to, const REAL *copy, int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++)
        memcpy(to.at + r * to.row, copy + r * TILE, (size_t)width * sizeof(REAL));
}

static void NAME(run_tile)(struct NAME(worker) *self, const struct stage *stage, int64_t row,
                           int64_t rows, int64_t column) {
    const struct call *call = self->call;
    const struct access *accesses = call->accesses;
    struct NAME(place) *operands = self->operands;
    int64_t size = call->size, tiles = (size + TILE - 1) / TILE;
    int64_t width = size - column < TILE ? size - column : TILE;
    for (int32_t k = stage->first_access; k < stage->end_access; k++) {
        const struct array *array = &call->arrays[accesses[k].array];
        struct NAME(place) *place = &operands[accesses[k].array];
        *place = NAME(locate)(self, accesses[k].array, row, column);
        if (width < TILE && array->column)
            NAME(widen)(place, self->copies + (k - stage->first_access) * BLOCK * TILE,
                        accesses[k].mode & READ, rows, width);
    }
    for (int32_t k = stage->first_product; k < stage->end_product; k++) {
        const struct product *p = &call->products[k];
        const REAL *panel = (const REAL *)call->packed
                            + (p->matrix * tiles + column / TILE) * size * TILE;
        NAME(product)(rows, size, panel, NAME(locate)(self, p->source, row, 0),
                      p->base < 0 ? NULL : &operands[p->base], operands[p->result]);
    }
    for (int32_t k = stage->first_instruction; k < stage->end_instruction; k++) {
        const struct instruction *i = &call->instructions[k];
        NAME(instruct)(i->op, rows, operands[i->result], operands[i->a], operands[i->b]);
    }
    for (int32_t k = stage->first_access; width < TILE && k < stage->end_access; k++)
        if (accesses[k].mode & WRITTEN)
            NAME(narrow)(NAME(locate)(self, accesses[k].array, row, column),
                         operands[accesses[k].array].at, rows, width);
}

/* Where the arrays are in step n, for rows whose sequence begins there or for the others. */
static void NAME(enter)(struct NAME(worker) *self, int64_t n, int begins) {
    const struct call *call = self->call;
    for (int64_t k = 0; k < call->array_count; k++) {
        const struct array *array = &call->arrays[k];
        int64_t index = n + array->shift, step = index - (array->first != NULL);
        if (array->first && begins && !array->shift)
            self->now[k] = array->first;
        else if (array->ring)
            self->now[k] = (REAL *)array->base + index % array->ring * call->batch * array->row;
        else
            self->now[k] = (REAL *)array->base
                           + call->starts[call->reverse ? call->time - 1 - step : step] * array->row;
    }
}

static int64_t NAME(rows_of)(const struct call *call, int64_t n) {
    if (n < 0) return 0;
    int64_t step = call->reverse ? call->time - 1 - n : n;
    return call->starts[step + 1] - call->starts[step];
}

static void NAME(run_step)(struct NAME(worker) *self, int64_t from, int64_t to) {
    const struct call *call = self->call;
    int64_t blocks = (to - from + BLOCK - 1) / BLOCK;
    for (int64_t s = 0; s < call->stage_count; s++) {
        for (int64_t column = self->first_column; column < self->end_column; column += TILE)
            for (int64_t b = 0; b < blocks; b++) {
                int64_t row = from + (to - from) * b / blocks;
                int64_t end = from + (to - from) * (b + 1) / blocks;
                NAME(run_tile)(self, &call->stages[s], row, end - row, column);
            }
        if (self->shared) wait_for_all(self->shared);
    }
}

/* All time steps for some rows. */
static void NAME(run_rows)(struct NAME(worker) *self, int64_t from, int64_t to) {
    const struct call *call = self->call;
    for (int64_t k = 0; k < call->time; k++) {
        int64_t n = call->backward ? call->time - 1 - k : k;
        int64_t old = NAME(rows_of)(call, n - 1), end = NAME(rows_of)(call, n);
        if (end > to) end = to;
        if (old < from) old = from;
        if (old > end) old = end;
        if (from < old) {
            NAME(enter)(self, n, 0);
            NAME(run_step)(self, from, old);
        }
        if (old < end) {
            NAME(enter)(self, n, 1);
            NAME(run_step)(self, old, end);
        }
    }
}

/* The first row of a part, so that all parts have as many steps to do. */
static int64_t NAME(first_row)(const struct call *call, int64_t part, int64_t parts) {
    int64_t low = 0, high = call->batch, all = call->starts[call->time];
    while (low < high) {
        int64_t middle = (low + high) / 2, before = 0;
        for (int64_t n = 0; n < call->time; n++) {
            int64_t rows = NAME(rows_of)(call, n);
            before += rows < middle ? rows : middle;
        }
        if (before * parts < all * part) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int NAME(begin)(struct NAME(worker) *self, const struct call *call) {
    int64_t tile = BLOCK * TILE, operands = call->array_count + call->slot_count;
    *self = (struct NAME(worker)){.call = call, .end_column = call->size};
    self->operands = malloc((size_t)operands * sizeof *self->operands);
    self->now = malloc((size_t)call->array_count * sizeof *self->now);
    self->slots = workspace((size_t)(call->slot_count * tile) * sizeof(REAL), call->poison);
    self->copies = workspace((size_t)(call->access_count * tile) * sizeof(REAL), call->poison);
    if (!self->operands || !self->now || !self->slots || !self->copies) return 0;
    for (int64_t k = 0; k < call->slot_count; k++)
        self->operands[call->array_count + k] = (struct NAME(place)){self->slots + k * tile, TILE};
    return 1;
}

static void NAME(end)(struct NAME(worker) *self) {
    free(self->operands);
    free(self->now);
    free(self->slots);
    free(self->copies);
}

/* Rows need nothing of each other, so threads that have rows each need not wait. */
static void NAME(rows_part)(struct work *work, int64_t part) {
    const struct call *call = work->call;
    struct NAME(worker) self;
    if (NAME(begin)(&self, call))
        NAME(run_rows)(&self, NAME(first_row)(call, part, work->parts),
                       NAME(first_row)(call, part + 1, work->parts));
    else
        __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
    NAME(end)(&self);
}

/* Threads that have columns each read their part of the weights only, for all rows at once. */
static void NAME(columns_member)(struct work *work, int64_t rank) {
    const struct call *call = work->call;
    struct NAME(worker) self;
    int64_t tiles = (call->size + TILE - 1) / TILE;
    if (!NAME(begin)(&self, call)) __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
    self.shared = work;
    self.first_column = tiles * rank / work->members * TILE;
    self.end_column = tiles * (rank + 1) / work->members * TILE;
    if (self.end_column > call->size) self.end_column = call->size;
    wait_for_all(work);
    if (!work->failed) NAME(run_rows)(&self, 0, call->batch);
    NAME(end)(&self);
}

/* By columns where a thread's own rows would be too few to fill registers, or to make up for
   reading all weights, and where a stage is long against waiting for each other. */
static int NAME(by_columns)(const struct call *call) {
    int64_t products = call->stages[call->stage_count - 1].end_product;
    int64_t work = call->batch * call->size * call->size * products / call->stage_count;
    return call->threads > 1 && call->size >= call->threads * TILE
           && call->batch < call->threads * FEW_ROWS && work >= LEAST_WORK;
}

static int NAME(run)(const struct call *call) {
    if (NAME(by_columns)(call)) return run_together(call, NAME(columns_member));
    return run_parts(call, NAME(rows_part), call->threads < call->batch ? call->threads : call->batch);
}

/* ---- Packing -------------------------------------------------------------------------------- */

static int64_t NAME(packed)(int64_t matrices, int64_t size) {
    return matrices * ((size + TILE - 1) / TILE) * size * TILE;
}

static void NAME(pack_part)(struct work *work, int64_t part) {
    int64_t size = work->call->size, tiles = (size + TILE - 1) / TILE;
    NAME(pack_panel)(&work->call->matrices[part / tiles], size, part % tiles * TILE,
                     (REAL *)work->call->packed + part * size * TILE);
}

static int NAME(pack)(const struct call *call) {
    return run_parts(call, NAME(pack_part), call->matrix_count * ((call->size + TILE - 1) / TILE));
}

/* Each word goes through a one-to-one change of its sum. */
static int NAME(sign)(const struct block *blocks, int64_t count, uint32_t *sums) {
    typedef uint32_t words __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));
    enum { PER = VECTOR_BYTES / 4, PARTS = SUMS / PER };
    words part[PARTS];
    for (int k = 0; k < PARTS; k++) part[k] = ((const words *)sums)[k];
    for (int64_t b = 0; b < count; b++) {
        const uint32_t *at = blocks[b].at, *end = at + blocks[b].words;
        for (; end - at >= SUMS; at += SUMS)
#pragma GCC unroll 16
            for (int k = 0; k < PARTS; k++)
                part[k] = (part[k] ^ ((const words *)at)[k]) * 2654435769u + 1;
        for (int k = 0; at < end; k++, at++)
            part[k / PER][k % PER] = (part[k / PER][k % PER] ^ *at) * 2654435769u + 1;
    }
    for (int k = 0; k < PARTS; k++) ((words *)sums)[k] = part[k];
    return 0;
}

#undef vec
#undef ivec
#undef uvec
#undef LANES
#undef TILE
#undef BLOCK
#undef FEW_ROWS
#undef LEAST_WORK
#undef INLINE
