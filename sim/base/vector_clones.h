// FL_VECTOR_CLONES: before a function: it is compiled for AVX2 as well, and which one runs is
// chosen when the program starts. For loops over vectors of 32 bytes, which are two of 16
// elsewhere.
#pragma once

#if defined(__x86_64__)
#define FL_VECTOR_CLONES [[gnu::target_clones("avx2", "default")]]
#else
#define FL_VECTOR_CLONES
#endif
