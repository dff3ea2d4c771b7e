/* The reader of CSV; see document.h. */
#include "document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return document_fuzz("csv", data, size);
}
