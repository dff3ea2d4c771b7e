/* The reader of text copied from a page; see document.h. */
#include "document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return document_fuzz("text", data, size);
}
