/* Between the files of this format: html.c, write.c. */
#ifndef PORTOLAN_DOCUMENT_HTML_H
#define PORTOLAN_DOCUMENT_HTML_H

#include "document/format.h"

void html_write(struct buf *out, const struct page *page);

#endif
