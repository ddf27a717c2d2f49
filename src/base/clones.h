// A function for the processor at hand: compiled for several, chosen when the program starts.
#ifndef BAUER_BASE_CLONES_H
#define BAUER_BASE_CLONES_H

// The choice is made before a sanitizer is there to watch it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__)
#define CPU_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CPU_CLONES
#endif

#endif
