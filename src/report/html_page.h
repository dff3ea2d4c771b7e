/* The frame of an HTML report: one page that needs nothing else, with its style and its few lines of script. */
#ifndef PORTOLAN_REPORT_HTML_PAGE_H
#define PORTOLAN_REPORT_HTML_PAGE_H

#include "base/buf.h"

/* Everything up to the page's own content; the title is escaped here. */
void html_page_begin(struct buf *out, struct str title);
/* The script that filters tables of class `filter`, and the end. The page says all that it says without it, too. */
void html_page_end(struct buf *out);

#endif
