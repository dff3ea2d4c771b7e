/*
 * Answers; see answer.h. Text is copied into the answer itself, so that no slice in it points to bytes of the far end,
 * which are gone when the answer is read.
 */
#include "service/answer.h"

#include <stdarg.h>

#define VALUE_MAX 160
/* Evidence leaves room for the reason, which comes last. */
#define EVIDENCE_LIMIT (ANSWER_TEXT_MAX - VALUE_MAX)

void answer_init(struct answer *answer)
{
    answer->outcome = OUTCOME_ERROR;
    answer->answered = NULL;
    answer->reason = STR_EMPTY;
    answer->evidence_n = 0;
    answer->next_n = 0;
    answer->cut = false;
    answer->text_n = 0;
}

/* Whatever cannot be shown as it is, and the backslash that marks it, is written \xNN. */
static struct str keep(struct answer *answer, struct str text, size_t limit)
{
    static const char hex[] = "0123456789abcdef";
    struct str kept = {answer->text + answer->text_n, 0};
    size_t room = limit > answer->text_n ? limit - answer->text_n : 0;

    if (room > VALUE_MAX)
        room = VALUE_MAX;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = c >= 0x20 && c < 0x7f && c != '\\';

        if (kept.n + (plain ? 1 : 4) > room) {
            answer->cut = true;
            break;
        }
        if (plain) {
            answer->text[answer->text_n + kept.n++] = (char)c;
        } else {
            const char escape[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

            memcpy(answer->text + answer->text_n + kept.n, escape, 4);
            kept.n += 4;
        }
    }
    answer->text_n += kept.n;
    return kept;
}

static struct str keep_format(struct answer *answer, const char *format, va_list args, size_t limit)
{
    char line[VALUE_MAX + 1];
    int n = vsnprintf(line, sizeof line, format, args);

    if (n < 0)
        n = 0;
    if ((size_t)n >= sizeof line) {
        answer->cut = true;
        n = sizeof line - 1;
    }
    return keep(answer, (struct str){line, (size_t)n}, limit);
}

void answer_is(struct answer *answer, enum outcome outcome, const char *format, ...)
{
    va_list args;

    answer->outcome = outcome;
    va_start(args, format);
    answer->reason = keep_format(answer, format, args, ANSWER_TEXT_MAX);
    va_end(args);
}

struct str answer_value(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->evidence_n; i++) {
        if (strcmp(answer->evidence[i].name, name) == 0)
            return answer->evidence[i].value;
    }
    return (struct str){NULL, 0};
}

static struct evidence *evidence_new(struct answer *answer, const char *name)
{
    if (answer->evidence_n == ANSWER_EVIDENCE_MAX || answer_value(answer, name).p != NULL) {
        answer->cut = true;
        return NULL;
    }
    answer->evidence[answer->evidence_n].name = name;
    return &answer->evidence[answer->evidence_n++];
}

void answer_add(struct answer *answer, const char *name, const char *format, ...)
{
    struct evidence *evidence = evidence_new(answer, name);
    va_list args;

    if (evidence == NULL)
        return;
    va_start(args, format);
    evidence->value = keep_format(answer, format, args, EVIDENCE_LIMIT);
    va_end(args);
}

void answer_add_text(struct answer *answer, const char *name, struct str text)
{
    struct evidence *evidence = evidence_new(answer, name);

    if (evidence != NULL)
        evidence->value = keep(answer, text, EVIDENCE_LIMIT);
}

void answer_add_hex(struct answer *answer, const char *name, struct str bytes)
{
    char line[VALUE_MAX];
    size_t n = 0;

    for (size_t i = 0; i < bytes.n && n + 3 < sizeof line; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%02x", (unsigned)(unsigned char)bytes.p[i]);
    answer_add_text(answer, name, (struct str){line, n});
}

void answer_next(struct answer *answer, const char *service, unsigned proto, uint16_t port)
{
    for (size_t i = 0; i < answer->next_n; i++) {
        const struct next *next = &answer->next[i];

        if (next->proto == proto && next->port == port && strcmp(next->service, service) == 0)
            return;
    }
    if (answer->next_n == ANSWER_NEXT_MAX)
        answer->cut = true;
    else
        answer->next[answer->next_n++] = (struct next){service, proto, port};
}
