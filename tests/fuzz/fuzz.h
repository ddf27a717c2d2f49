// What the fuzzers share. Each is a function that takes bytes: libFuzzer calls it (./run fuzz), and replay.c calls it
// with the files of its corpus in every run of the tests.
//
// They work in a folder of their own, which is empty before each input, and what would run for long is interrupted as
// Ctrl-C would: an input that hangs in spite of that is a finding.
#ifndef BAUER_TESTS_FUZZ_H
#define BAUER_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "app/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Called first for each input: the folder is made, or emptied, and the time of the input begins.
void fuzz_begin(void);
const char *fuzz_folder(void);
// Writes a file of the folder; returns its path, valid until the next call.
const char *fuzz_file(const char *name, const void *data, size_t size);
// A session with small limits and no window, whose answers go nowhere. NULL: out of memory.
struct session *fuzz_session(void);
// A copy of the text in which no word names a file outside the folder. mem_free.
char *fuzz_stay_inside(const char *text, size_t size);
// Stops the program, as an assertion that stays in release builds.
void fuzz_must(bool holds, const char *what);

#endif
