/*
 * Functions that this project does not use, made compile errors. Each has a bounded or checked counterpart here:
 * str and buf for text, num for numbers, system/process for child processes.
 */
#ifndef PORTOLAN_BASE_BANNED_H
#define PORTOLAN_BASE_BANNED_H

/* The headers that declare them come first, or their own declarations would be errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok strncpy strncat atoi atol atoll gets system popen

#endif
