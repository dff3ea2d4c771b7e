/* Records and fields of CSV; see records.h. A quote that never ends takes the rest of its record's line and no more. */
#include "document/records.h"

#define SAMPLE_LINES 100u
#define SAMPLE_BYTES 65536u

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

bool csv_record(struct csv_records *records, bool *blank)
{
    size_t n = 0;

    if (records->at >= records->text.n)
        return false;
    while (records->at + n < records->text.n && (records->text.p[records->at + n] == ' '))
        n++;
    *blank = records->at + n == records->text.n || is_end(records->text.p[records->at + n]);
    records->ended = false;
    return true;
}

/* Over the end of a line; CRLF is one, and so is what remains of CRCRLF. */
static void end_line(struct csv_records *records)
{
    while (records->at < records->text.n && records->text.p[records->at] == '\r')
        records->at++;
    if (records->at < records->text.n && records->text.p[records->at] == '\n')
        records->at++;
    records->ended = true;
}

/* The closing quote of a field that begins behind `at`; the end of the text: there is none. */
static size_t closing_quote(struct str text, size_t at, bool *escaped)
{
    while (at < text.n) {
        const char *quote = memchr(text.p + at, '"', text.n - at);

        if (quote == NULL)
            return text.n;
        at = (size_t)(quote - text.p);
        if (at + 1 == text.n || text.p[at + 1] != '"')
            return at;
        *escaped = true;
        at += 2;
    }
    return text.n;
}

static struct str trim_blanks(struct str s, char delimiter)
{
    while (s.n > 0 && (s.p[0] == ' ' || (s.p[0] == '\t' && delimiter != '\t')))
        s = str_from(s, 1);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || (s.p[s.n - 1] == '\t' && delimiter != '\t')))
        s.n--;
    return s;
}

bool csv_field(struct csv_records *records, struct csv_field *field)
{
    struct str text = records->text;
    size_t at = records->at;
    size_t start;

    if (records->ended)
        return false;
    *field = (struct csv_field){0};
    while (at < text.n && text.p[at] == ' ')
        at++;
    start = records->at;
    if (at < text.n && text.p[at] == '"') {
        bool escaped = false;
        size_t end = closing_quote(text, at + 1, &escaped);

        if (end < text.n) {
            *field = (struct csv_field){{text.p + at + 1, end - at - 1}, escaped, true};
            start = at = end + 1;
        }
    }
    while (at < text.n && text.p[at] != records->delimiter && !is_end(text.p[at]))
        at++;
    if (!field->quoted)
        field->raw = trim_blanks((struct str){text.p + start, at - start}, records->delimiter);
    records->at = at;
    if (at < text.n && text.p[at] == records->delimiter)
        records->at++;
    else
        end_line(records);
    return true;
}

/* The share of a sample's records that have several fields; of equals, how many have the number that most have. */
static size_t judge(struct str text, char delimiter)
{
    struct csv_records records = {.text = text, .delimiter = delimiter};
    size_t counts[64] = {0};
    size_t parted = 0;
    size_t all = 0;
    size_t best = 0;
    bool blank;

    for (size_t n = 0; n < SAMPLE_LINES && csv_record(&records, &blank); n++) {
        struct csv_field field;
        size_t fields = 0;

        while (csv_field(&records, &field))
            fields++;
        all += !blank;
        parted += fields > 1;
        if (fields > 1)
            counts[fields < 64 ? fields : 63]++;
    }
    for (size_t fields = 2; fields < 64; fields++)
        best = counts[fields] * 64 + fields > best && counts[fields] > 0 ? counts[fields] * 64 + fields : best;
    return all == 0 ? 0 : parted * 1000 / all * SAMPLE_LINES * 64 + best;
}

char csv_delimiter(struct str text)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    size_t score = 0;

    text = str_head(text, SAMPLE_BYTES);
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t own = judge(text, candidates[i]);

        if (own > score) {
            score = own;
            best = candidates[i];
        }
    }
    return best;
}

/* Shows as it stands: no runs of blanks, nothing beyond ASCII. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] == 0x7f || (s.p[i] == ' ' && (i == 0 || i + 1 == s.n || s.p[i + 1] == ' ')))
            return false;
    }
    return true;
}

struct str csv_text(struct arena *arena, const struct csv_field *field)
{
    struct words words;
    struct str raw = field->raw;

    if (!field->escaped && is_plain(raw))
        return raw.n == 0 ? STR_EMPTY : raw;
    words_begin(&words, arena);
    while (raw.n > 0) {
        const char *quote = field->escaped ? memmem(raw.p, raw.n, "\"\"", 2) : NULL;
        size_t n = quote == NULL ? raw.n : (size_t)(quote - raw.p) + 1;

        words_lines(&words, str_head(raw, n), 0);
        raw = str_from(raw, quote == NULL ? n : n + 1);
    }
    return words_end(&words, 0).text;
}
