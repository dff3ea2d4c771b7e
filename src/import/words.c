/* The vocabulary, and text as it is compared; see words.h. Signs beyond ASCII are those of Unicode's General
 * Punctuation block that vendors' pages use between words. */
#include "import/words.h"

#include "base/buf.h"
#include "net/proto.h"

#define NAME_DEFAULT "unnamed"

static const struct service_word services[] = {
#define SERVICE(word, name, transports, peer) {word, sizeof word - 1, name, transports, peer},
#include "import/words.def"
#undef SERVICE
};

#define SERVICE_N (sizeof services / sizeof *services)

int words_transport(unsigned bit)
{
    switch (bit) {
    case WORDS_TCP: return PROTO_TCP;
    case WORDS_UDP: return PROTO_UDP;
    case WORDS_SCTP: return PROTO_SCTP;
    default: return PROTO_DCCP;
    }
}

static const struct {
    const char *bytes;
    enum words_sign sign;
} signs[] = {
    {"\xc2\xa0", SIGN_BLANK},          {"\xe2\x80\xaf", SIGN_BLANK},      {"\xe2\x80\x8b", SIGN_BLANK},
    {"\xe2\x80\x89", SIGN_BLANK},      {"\xef\xbb\xbf", SIGN_BLANK},      {"\xe2\x80\x90", SIGN_DASH},
    {"\xe2\x80\x91", SIGN_DASH},       {"\xe2\x80\x92", SIGN_DASH},       {"\xe2\x80\x93", SIGN_DASH},
    {"\xe2\x80\x94", SIGN_DASH},       {"\xe2\x88\x92", SIGN_DASH},       {"\xe2\x80\x98", SIGN_QUOTE},
    {"\xe2\x80\x99", SIGN_QUOTE},      {"\xe2\x80\x9c", SIGN_QUOTE},      {"\xe2\x80\x9d", SIGN_QUOTE},
    {"\xe2\x86\x92", SIGN_ARROW},      {"\xe2\x9e\x9c", SIGN_ARROW},      {"\xe2\x87\x92", SIGN_ARROW},
    {"\xe2\x86\x94", SIGN_BOTH_ARROW}, {"\xe2\x87\x94", SIGN_BOTH_ARROW}, {"\xe2\x80\xa2", SIGN_BULLET},
    {"\xc2\xb7", SIGN_BULLET},         {"\xc2\xb9", SIGN_MARK},           {"\xc2\xb2", SIGN_MARK},
    {"\xc2\xb3", SIGN_MARK},           {"\xe2\x80\xa0", SIGN_MARK},       {"\xe2\x80\xa1", SIGN_MARK},
    {"\xe2\x81\xb4", SIGN_MARK},       {"\xe2\x81\xb5", SIGN_MARK},       {"\xe2\x80\xa6", SIGN_BLANK},
};

enum words_sign words_sign_beyond(struct str s, size_t at, size_t *bytes)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (str_starts(str_from(s, at), signs[i].bytes)) {
            *bytes = strlen(signs[i].bytes);
            return signs[i].sign;
        }
    }
    *bytes = 1;
    return SIGN_NONE;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

struct str words_normal(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    bool gap = false;

    for (size_t i = 0, bytes; i < text.n; i += bytes) {
        enum words_sign sign = words_sign(text, i, &bytes);

        if (sign == SIGN_QUOTE || text.p[i] == '\'')
            continue; /* don't and don’t are one word */
        if (sign != SIGN_NONE || !is_word_byte(text.p[i])) {
            gap = n > 0;
            continue;
        }
        if (gap)
            out[n++] = ' ';
        gap = false;
        out[n++] = lower(text.p[i]);
    }
    return (struct str){out, n};
}

/* Whether the words of the phrase begin at `at`, which begins a word. */
static bool begins_at(struct str normal, size_t at, const char *phrase)
{
    size_t n = strlen(phrase);

    return normal.p[at] == phrase[0] && at + n <= normal.n && (at + n == normal.n || normal.p[at + n] == ' ') &&
           memcmp(normal.p + at, phrase, n) == 0;
}

static size_t next_word(struct str normal, size_t at)
{
    const char *gap = at < normal.n ? memchr(normal.p + at, ' ', normal.n - at) : NULL;

    return gap == NULL ? normal.n : (size_t)(gap - normal.p) + 1;
}

ptrdiff_t words_at(struct str normal, const char *phrase)
{
    const char *end = normal.p + normal.n;
    const char *found = normal.p;

    while (normal.n > 0 && (found = memchr(found, phrase[0], (size_t)(end - found))) != NULL) {
        if ((found == normal.p || found[-1] == ' ') && begins_at(normal, (size_t)(found - normal.p), phrase))
            return found - normal.p;
        found++;
    }
    return -1;
}

bool words_have(struct str normal, const char *phrase)
{
    return words_at(normal, phrase) >= 0;
}

size_t words_count(struct str normal)
{
    size_t n = normal.n > 0;

    for (size_t i = 0; i < normal.n; i++)
        n += normal.p[i] == ' ';
    return n;
}

const struct service_word *words_service(struct str normal)
{
    for (size_t i = 0; normal.n > 0 && i < SERVICE_N; i++) {
        if (normal.n == services[i].word_n && normal.p[0] == services[i].word[0] &&
            memcmp(normal.p, services[i].word, normal.n) == 0)
            return &services[i];
    }
    return NULL;
}

const struct service_word *words_service_in(struct str normal)
{
    for (size_t i = 0; i < normal.n; i = next_word(normal, i)) {
        const struct service_word *best = NULL;

        for (size_t k = 0; k < SERVICE_N; k++) {
            if (services[k].word[0] == normal.p[i] && begins_at(normal, i, services[k].word) &&
                (best == NULL || services[k].word_n > best->word_n))
                best = &services[k];
        }
        if (best != NULL)
            return best;
    }
    return NULL;
}

static bool is_line(struct str text)
{
    for (size_t i = 0, bytes; i < text.n; i += bytes) {
        if (words_sign(text, i, &bytes) == SIGN_BLANK || (unsigned char)text.p[i] < ' ' ||
            (text.p[i] == ' ' && i + 1 < text.n && text.p[i + 1] == ' '))
            return false;
    }
    return true;
}

struct str words_line(struct arena *arena, struct str text, size_t most)
{
    char *out;
    size_t n = 0;
    size_t last_gap = 0;

    text = str_trim(text);
    if ((most == 0 || text.n <= most) && is_line(text))
        return text;
    out = arena_alloc(arena, text.n + 4);
    for (size_t i = 0, bytes; i < text.n; i += bytes) {
        enum words_sign sign = words_sign(text, i, &bytes);

        if (sign == SIGN_BLANK || (unsigned char)text.p[i] <= ' ') {
            if (n > 0 && out[n - 1] != ' ')
                out[last_gap = n++] = ' ';
            continue;
        }
        if (most > 0 && n + bytes > most) {
            while (last_gap == 0 && n > 0 && ((unsigned char)text.p[i] & 0xc0) == 0x80 &&
                   ((unsigned char)out[n - 1] & 0xc0) == 0x80)
                n--; /* no half characters */
            n = last_gap > 0 ? last_gap : n;
            n -= last_gap == 0 && n > 0 && (unsigned char)out[n - 1] >= 0xc0;
            memcpy(out + n, "\xe2\x80\xa6", 3);
            return (struct str){out, n + 3};
        }
        memcpy(out + n, text.p + i, bytes);
        n += bytes;
    }
    return str_trim((struct str){out, n});
}

struct str words_name(struct arena *arena, struct str text, size_t most)
{
    struct str normal = words_normal(arena, text);
    char *out = arena_alloc(arena, normal.n + 1);
    size_t n = 0;
    size_t word = 0; /* where the word that is written begins */

    for (size_t i = 0; i < normal.n; i++) {
        char c = normal.p[i];

        if ((unsigned char)c >= 0x80)
            continue;
        if (n == most) {
            n = word > 0 && c != ' ' ? word - 1 : n; /* no half words, unless there is but one */
            break;
        }
        if (c == ' ' && n > 0 && out[n - 1] != '-') {
            out[n++] = '-';
            word = n;
        } else if (c != ' ') {
            out[n++] = c;
        }
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    return n == 0 ? STR(NAME_DEFAULT) : (struct str){out, n};
}
