/* The reader of HTML; see document.h. */
#include "document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return document_fuzz("html", data, size);
}
