/* The engine for both element types, with the instruction set that is in force. */

#define TYPE_SUFFIX _float
#define REAL float
#define INTEGER int32_t
#define MANTISSA 23
#define BIAS 127
#define MAGIC 12582912.0f /* 1.5 * 2^23: adding it rounds to a whole number in the low bits */
#define LEAST (-104.0f)   /* exp is 0 below, infinite above */
#define MOST 89.0f
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)
#define LIBM(name) name##f
#include "kernel_tiles.h"
#undef TYPE_SUFFIX
#undef REAL
#undef INTEGER
#undef MANTISSA
#undef BIAS
#undef MAGIC
#undef LEAST
#undef MOST
#undef LN2_HIGH
#undef LN2_LOW
#undef LIBM

#define WIDE
#define TYPE_SUFFIX _double
#define REAL double
#define INTEGER int64_t
#define MANTISSA 52
#define BIAS 1023
#define MAGIC 6755399441055744.0
#define LEAST (-746.0)
#define MOST 710.0
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define LIBM(name) name
#include "kernel_tiles.h"
#undef TYPE_SUFFIX
#undef REAL
#undef INTEGER
#undef MANTISSA
#undef BIAS
#undef MAGIC
#undef LEAST
#undef MOST
#undef LN2_HIGH
#undef LN2_LOW
#undef LIBM
#undef WIDE
