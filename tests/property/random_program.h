// Random programs: Python text over every operation of op_table, with loops, branches, lists and calls.
//
// Operands are squeezed into the interval of their operation's row, so every program has a finite value and moderate
// derivatives at every point. The same seed gives the same text.
#ifndef BAUER_TESTS_RANDOM_PROGRAM_H
#define BAUER_TESTS_RANDOM_PROGRAM_H

#include "base/text.h"

enum { RANDOM_PROGRAM_INPUTS_MAX = 4 };

struct random_program {
    struct buffer text; // definitions, the last of them f
    struct buffer call; // "f(0.25, [-0.5, 0.75])"
    double point[RANDOM_PROGRAM_INPUTS_MAX];
    uint32_t input_count;
    uint64_t state; // of the generator, also for the test's own choices
};

void random_program_init(struct random_program *program, uint64_t seed);
void random_program_free(struct random_program *program);
uint32_t random_below(struct random_program *program, uint32_t bound); // 0 ... bound - 1
double random_between(struct random_program *program, double low, double high);

#endif
