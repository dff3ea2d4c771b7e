/* The reader of Markdown; see document.h. */
#include "document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return document_fuzz("markdown", data, size);
}
