/* Places in a text of JSON; see json_place.h. Every step checks the end of the text, whatever stands there. */
#include "plan/json_place.h"

#include <string.h>

static size_t skip(struct str text, size_t at, const char *characters)
{
    while (at < text.n && text.p[at] != '\0' && strchr(characters, text.p[at]) != NULL)
        at++;
    return at;
}

static size_t string_end(struct str text, size_t at)
{
    for (at++; at < text.n && text.p[at] != '"'; at++)
        at += text.p[at] == '\\';
    return at < text.n ? at + 1 : text.n;
}

size_t json_place_value(struct str text, size_t at)
{
    return skip(text, at, " \t\r\n,:");
}

size_t json_place_end(struct str text, size_t at)
{
    size_t depth = 0;

    while (at < text.n) {
        char c = text.p[at];

        if (c == '"') {
            at = string_end(text, at);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
            continue;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            at++;
        } else if (strchr(" \t\r\n,:", c) != NULL) {
            at++;
            continue;
        } else {
            while (at < text.n && strchr(" \t\r\n,:[]{}\"", text.p[at]) == NULL)
                at++;
        }
        if (depth == 0)
            return at;
    }
    return text.n;
}

size_t json_place_member(struct str text, size_t at, const char *key)
{
    size_t n = strlen(key);
    size_t here = json_place_value(text, at + 1);

    while (at < text.n && text.p[at] == '{' && here < text.n && text.p[here] == '"') {
        size_t end = string_end(text, here);
        size_t value = json_place_value(text, end);

        if (end - here == n + 2 && memcmp(text.p + here + 1, key, n) == 0)
            return value;
        here = json_place_value(text, json_place_end(text, value));
    }
    return at;
}

size_t json_place_first(struct str text, size_t at)
{
    return json_place_value(text, at + 1);
}

size_t json_place_next(struct str text, size_t item)
{
    return json_place_value(text, json_place_end(text, item));
}
