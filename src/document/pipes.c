/* Cells between pipes; see pipes.h. An empty row has a rest of NULL, so that an empty last cell still counts. */
#include "document/pipes.h"

static struct str trim_blanks(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_from(s, 1);
    while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
        s.n--;
    return s;
}

static bool is_escaped(struct str s, size_t at)
{
    size_t n = 0;

    while (n < at && s.p[at - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

bool pipes_is_row(struct str line)
{
    line = trim_blanks(line);
    return line.n > 1 && line.p[0] == '|' && memchr(line.p + 1, '|', line.n - 1) != NULL;
}

bool pipes_is_rule(struct str line)
{
    bool dashes = false;

    line = trim_blanks(line);
    for (size_t i = 0; i < line.n; i++) {
        if (strchr("|+-=: \t", line.p[i]) == NULL)
            return false;
        dashes |= line.p[i] == '-' || line.p[i] == '=';
    }
    return dashes;
}

struct str pipes_begin(struct str line)
{
    line = trim_blanks(line);
    if (line.n > 0 && line.p[0] == '|')
        line = str_from(line, 1);
    if (line.n > 0 && line.p[line.n - 1] == '|' && !is_escaped(line, line.n - 1))
        line.n--;
    return line;
}

bool pipes_next(struct str *rest, struct str *cell)
{
    struct str row = *rest;

    if (row.p == NULL)
        return false;
    for (size_t i = 0; i < row.n; i++) {
        if (row.p[i] == '\\') {
            i++;
        } else if (row.p[i] == '|') {
            *cell = trim_blanks(str_head(row, i));
            *rest = (struct str){row.p + i + 1, row.n - i - 1};
            return true;
        }
    }
    *cell = trim_blanks(row);
    *rest = (struct str){NULL, 0};
    return true;
}

size_t pipes_count(struct str line)
{
    struct str rest = pipes_begin(line);
    struct str cell;
    size_t n = 0;

    while (pipes_next(&rest, &cell))
        n++;
    return n;
}
