/*
 * Ports that stand in sentences and items nobody could read as a requirement: "the console listens on TCP 9090". Each
 * that no requirement of the document has is a warning at its place, so that none is lost without a word.
 */
#include "import/importer.h"

enum { MENTION_TEXT_MOST = 4000, MENTIONS_MOST = 1000, PORT_LEAST = 20, ITEM_WORDS_MOST = 12 };

static bool is_port_word(struct str word)
{
    static const char *const words[] = {"port", "ports", "tcp", "udp", NULL};

    return word_is_one_of(word, words);
}

static bool is_year(uint16_t number)
{
    return number >= 1990 && number <= 2039;
}

/* 1 to 65535; 0: no number, or none that can be a port. */
static uint16_t port_of(struct str word)
{
    unsigned number = 0;

    if (word.n == 0 || word.n > 5)
        return 0;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9')
            return 0;
        number = number * 10 + (unsigned)(word.p[i] - '0');
    }
    return number <= UINT16_MAX ? (uint16_t)number : 0;
}

static void keep(struct importer *importer, uint16_t port, struct span span)
{
    vec_each (const struct mention *, known, &importer->mentions) {
        if (known->port == port)
            return;
    }
    if (importer->mentions.n < MENTIONS_MOST)
        *vec_push(importer->arena, &importer->mentions) = (struct mention){port, span};
}

/* Without addresses and versions: 10.0.0.1, 2.4. */
static struct str without_dotted(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.n + 1);

    memcpy(out, text.p, text.n);
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        bool dotted = false;

        while (i < text.n &&
               ((text.p[i] >= '0' && text.p[i] <= '9') ||
                (text.p[i] == '.' && i > from && i + 1 < text.n && text.p[i + 1] >= '0' && text.p[i + 1] <= '9')))
            dotted = text.p[i++] == '.' || dotted;
        if (dotted)
            memset(out + from, ' ', i - from);
        i += i == from;
    }
    return (struct str){out, text.n};
}

void mention_keep(struct importer *importer, const struct block *block)
{
    struct str rest =
        words_normal(importer->arena, without_dotted(importer->arena, str_head(block->text, MENTION_TEXT_MOST)));
    uint16_t found[64];
    size_t n = 0;
    struct scope scope;
    bool open; /* "ports 80 and 443": what follows a port may be another */
    uint16_t last = 0;
    bool item = block->kind == BLOCK_ITEM;
    bool listed; /* below words about ports */

    if (item)
        scope_find(importer, &scope);
    listed = item && scope.hints.ports;
    item = listed && words_count(rest) <= ITEM_WORDS_MOST;
    open = item;
    for (struct str word = str_word(&rest); word.n > 0 && n < 64; word = str_word(&rest)) {
        uint16_t port = port_of(word);

        if (port != 0 && open && (!item || (port >= PORT_LEAST && !is_year(port))))
            found[n++] = port;
        else if (last != 0 && (str_is(word, "tcp") || str_is(word, "udp")))
            found[n++] = last;
        open = is_port_word(word) || (listed && str_is(word, "default")) || item ||
               (open && (port != 0 || str_is(word, "and") || str_is(word, "or")));
        last = port;
    }
    for (size_t i = 0; i < n; i++)
        keep(importer, found[i], block->span);
}

static bool is_stated(const struct importer *importer, uint16_t port)
{
    vec_each (const struct fact *, fact, &importer->facts) {
        for (size_t i = 0; fact->document == importer->document && i < fact->port_n; i++) {
            if (fact->ports[i].kind == PORT_RANGE && fact->ports[i].lo <= port && port <= fact->ports[i].hi)
                return true;
        }
    }
    return false;
}

void mentions_report(struct importer *importer)
{
    vec_each (const struct mention *, mention, &importer->mentions) {
        if (!is_stated(importer, mention->port))
            diag_warning(importer->diags, mention->span, "port %u is named here and in no requirement", mention->port);
    }
    importer->mentions.n = 0;
}
