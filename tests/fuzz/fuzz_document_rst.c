/* The reader of reStructuredText; see document.h. */
#include "document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return document_fuzz("rst", data, size);
}
