// How much memory there is to be had.
#ifndef BAUER_BASE_MEMORY_H
#define BAUER_BASE_MEMORY_H

// Bytes that could still be allocated without swapping: what the system has available, and what is left of this
// process's and its group's limits. Infinity where nothing is known.
double memory_available(void);

#endif
