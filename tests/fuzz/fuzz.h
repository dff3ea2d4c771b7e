/*
 * What every fuzz target defines. It gets `size` bytes that may be anything, returns 0, keeps nothing between two
 * calls and frees what it allocates: a leak is a finding like a crash.
 */
#ifndef PORTOLAN_TESTS_FUZZ_H
#define PORTOLAN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
