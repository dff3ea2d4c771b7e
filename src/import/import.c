/* Pages block by block: what stands around is kept as it goes by, tables and lists are read in it; see import.h. */
#include "import/importer.h"

static void clear_below(struct surroundings *around, unsigned level)
{
    for (unsigned i = level; i <= HEADINGS_MOST; i++)
        around->headings[i] = STR_EMPTY;
    around->lead = around->last_lead = STR_EMPTY;
}

static void take_heading(struct importer *importer, struct str text, unsigned level)
{
    struct surroundings *around = &importer->around;

    importer->section_table = 0;
    level = level == 0 ? 1 : level > HEADINGS_MOST ? HEADINGS_MOST : level;
    clear_below(around, level);
    around->headings[level] = text;
    if (level < HEADINGS_MOST)
        around->tab = STR_EMPTY;
}

/* A short line without an end: what stands over a section where the format has no headings. */
static bool is_title(struct importer *importer, struct str text)
{
    size_t words = words_count(words_normal(importer->arena, text));
    char last = text.n == 0 ? '.' : text.p[text.n - 1];

    return words > 0 && words <= 9 && text.n < 100 && strchr(".:;,!?", last) == NULL && text.p[0] != '{' &&
           memchr(text.p, '\n', text.n) == NULL;
}

static bool says_ports(struct importer *importer, struct str text)
{
    static const char *const words[] = {"port", "ports", "tcp",  "udp",    "firewall", "proxy",  "fqdn",
                                        "dns",  "ipv4",  "ipv6", "domain", "domains",  "subnet", "traffic"};
    struct str normal = words_normal(importer->arena, text);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words_have(normal, words[i]))
            return true;
    }
    return false;
}

static void keep_note(struct importer *importer, const struct block *block, struct str text, struct str mark)
{
    struct scope scope;

    scope_find(importer, &scope);
    *vec_push(importer->arena, &importer->notes) = (struct pending_note){
        .text = text,
        .mark = mark,
        .span = block->span,
        .table = importer->section_table,
        .place = fact_place(importer, &scope, STR_EMPTY, block->span),
        .document = importer->document,
    };
}

/* "[1] …", "* …", "¹ …" at the start of a paragraph. */
static struct str footnote_mark(struct str *text)
{
    size_t bytes;
    struct str mark = STR_EMPTY;

    if (text->n > 3 && text->p[0] == '[') {
        size_t n = 1;

        while (n < text->n && n < 4 && text->p[n] >= '0' && text->p[n] <= '9')
            n++;
        if (n > 1 && n < text->n && text->p[n] == ']') {
            mark = (struct str){text->p + 1, n - 1};
            *text = str_trim(str_from(*text, n + 1));
        }
    } else if (text->n > 1 && (text->p[0] == '*' || words_sign(*text, 0, &bytes) == SIGN_MARK)) {
        bytes = text->p[0] == '*' ? 1 : bytes;
        mark = str_head(*text, bytes);
        *text = str_trim(str_from(*text, bytes));
    }
    return mark;
}

/* "If you use X, open the following ports for A to reach B": said of each row that follows, and nothing else. */
static bool leads_in(struct importer *importer, struct str text)
{
    struct hints hints;

    sentence_read(importer->arena, text, false, &hints);
    return words_have(words_normal(importer->arena, text), "following") && hints.from.n > 0;
}

/* Sentences of a paragraph that are requirements by themselves; whether there is one. */
static bool take_facts(struct importer *importer, const struct block *block)
{
    struct block sentence = *block;
    bool found = false;
    size_t from = 0;

    for (size_t i = 1; i <= block->text.n; i++) {
        if (i < block->text.n && (block->text.p[i - 1] != '.' || (block->text.p[i] != ' ' && block->text.p[i] != '\n')))
            continue;
        sentence.text = str_trim((struct str){block->text.p + from, i - from});
        found = sentence_fact(importer, &sentence) || found;
        from = i;
    }
    return found;
}

/* "The agent communicates outbound over TCP port 443": of all that it speaks to. */
static bool says_https(struct importer *importer, struct str text)
{
    struct str normal = words_normal(importer->arena, text);

    return words_have(normal, "outbound") && (words_have(normal, "port 443") || words_have(normal, "tcp 443")) &&
           !words_have(normal, "port 80") && !words_have(normal, "ports 80");
}

static void take_paragraph(struct importer *importer, const struct block *block)
{
    struct surroundings *around = &importer->around;
    struct str text = str_trim(block->text);
    struct str mark = footnote_mark(&text);

    if (mark.n > 0) {
        keep_note(importer, block, text, mark);
        return;
    }
    if (is_title(importer, text)) {
        mention_keep(importer, block); /* or a row of a table that nobody could read */
        take_heading(importer, text, HEADINGS_MOST);
        return;
    }
    if (take_facts(importer, block) && memchr(text.p, '.', text.n - 1) == NULL)
        return;
    mention_keep(importer, block);
    importer->https_said = importer->https_said || says_https(importer, text);
    around->lead = around->last_lead;
    around->last_lead = text;
    if (text.n > 0 && text.p[text.n - 1] != ':' && says_ports(importer, text) && !leads_in(importer, text))
        keep_note(importer, block, text, STR_EMPTY);
}

/* "Inbound" with items below it: what these are about. */
static bool take_label(struct importer *importer, const struct block *block, const struct block *next)
{
    struct str text = str_trim(block->text);
    struct port_text ports;

    if (block->level <= importer->label_level) {
        importer->around.section = STR_EMPTY;
        importer->label_level = 0;
    }
    if (next != NULL && next->kind == BLOCK_ITEM && next->level > block->level &&
        (words_have(words_normal(importer->arena, text), "following ports") ||
         words_have(words_normal(importer->arena, text), "following endpoints") ||
         words_have(words_normal(importer->arena, text), "following domains") ||
         words_have(words_normal(importer->arena, text), "following urls") ||
         words_have(words_normal(importer->arena, text), "following hosts"))) {
        importer->around.lead = importer->around.last_lead;
        importer->around.last_lead = text; /* a sentence over the items below it */
        return true;
    }
    ports_read(importer->arena, text, &ports);
    if (next == NULL || next->kind != BLOCK_ITEM || next->level <= block->level || text.n == 0 ||
        ports_shape(&ports) == SHAPE_BOTH || words_count(words_normal(importer->arena, text)) > 8)
        return false;
    importer->around.section = text;
    importer->label_level = block->level;
    return true;
}

static void take_item(struct importer *importer, const struct block *block, const struct block *next, bool first)
{
    if (first) {
        importer->section_first = importer->section_table == 0;
        importer->section_table = ++importer->table;
        importer->label_level = 0;
    }
    if (take_label(importer, block, next))
        return;
    mention_keep(importer, block);
    if (item_read(importer, block))
        return;
    if (says_ports(importer, block->text))
        keep_note(importer, block, str_trim(block->text), STR_EMPTY);
}

static bool is_rule(struct str text)
{
    size_t bytes;

    for (size_t i = 0; i < text.n; i += bytes) {
        if (words_sign(text, i, &bytes) != SIGN_DASH && strchr("-=_+ ", text.p[i]) == NULL)
            return false;
    }
    return true;
}

/* A table without heads below a line that could be its heads, with a drawn line between or not. */
static const struct grid *with_heads(struct importer *importer, const struct block *block, size_t before)
{
    for (size_t i = 1; i <= before && i <= 2; i++) {
        const struct block *above = block - i;

        if (above->kind != BLOCK_PARAGRAPH)
            break;
        if (!is_rule(above->text))
            return text_heads(importer, above, block->grid);
    }
    return block->grid;
}

/* "Click to expand": what opens a part of a page, not what it is about. */
static bool is_handle(struct importer *importer, struct str label)
{
    static const char *const starts[] = {"click", "expand", "show", "view", "details", "more ", "see "};
    struct str normal = words_normal(importer->arena, label);

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(normal, starts[i]))
            return true;
    }
    return false;
}

/* Reads one block, or several that are a table of copied text; how many. */
static size_t take_block(struct importer *importer, const struct block *blocks, size_t n, size_t before,
                         bool after_item)
{
    const struct block *block = &blocks[0];
    const struct grid *grid;
    size_t used = 1;

    if (block->kind != BLOCK_ITEM)
        importer->around.section = STR_EMPTY;

    switch (block->kind) {
    case BLOCK_HEADING:
        if (heading_fact(importer, block, n > 1 ? block + 1 : NULL))
            used = 2;
        else
            take_heading(importer, block->text, block->level);
        break;
    case BLOCK_PARAGRAPH:
        grid = text_table(importer, blocks, n, &used);
        if (grid == NULL)
            grid = stacked_table(importer, blocks, n, &used);
        if (grid != NULL)
            table_read(importer, grid);
        else
            take_paragraph(importer, block);
        break;
    case BLOCK_ITEM: take_item(importer, block, n > 1 ? block + 1 : NULL, !after_item); break;
    case BLOCK_TAB: importer->around.tab = is_handle(importer, block->text) ? STR_EMPTY : block->text; break;
    case BLOCK_TAB_END: importer->around.tab = STR_EMPTY; break;
    case BLOCK_NOTE:
        mention_keep(importer, block);
        if (importer->section_table > 0 || says_ports(importer, block->text))
            keep_note(importer, block, str_trim(block->text), STR_EMPTY);
        break;
    case BLOCK_FOOTNOTE: keep_note(importer, block, str_trim(block->text), block->mark); break;
    case BLOCK_TABLE:
        if (block->grid != NULL)
            table_read(importer, with_heads(importer, block, before));
        break;
    case BLOCK_CODE: command_keep(importer, block); break;
    case BLOCK_KIND_N: break;
    }
    return used;
}

/* "Ports | Acme documentation": what stands before the bar is the page's own. */
static struct str before_bar(struct str title)
{
    for (size_t i = 0; i + 3 < title.n; i++) {
        size_t bytes;

        if (title.p[i] == ' ' && (str_starts(str_from(title, i), " | ") || str_starts(str_from(title, i), " - ") ||
                                  words_sign(title, i + 1, &bytes) == SIGN_DASH))
            return str_head(title, i);
    }
    return title;
}

/* "clients and mail in Acme" is Acme. */
static struct str last_of(struct str subject)
{
    static const char *const words[] = {" in ", " for ", " of ", ": "};

    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        for (size_t i = subject.n; i > strlen(words[k]); i--) {
            struct str rest = str_from(subject, i);

            if (memcmp(subject.p + i - strlen(words[k]), words[k], strlen(words[k])) == 0 && rest.n > 2)
                return str_trim(rest);
        }
    }
    return subject;
}

/* "Set up backups of Acme" says what one does; "Troubleshoot Acme" is Acme. Empty: no name is left. */
static struct str named_by(struct importer *importer, struct str subject)
{
    static const char *const verbs[] = {
        "set",          "configure",       "configuring", "deploy",    "deploying", "install",    "installing",
        "troubleshoot", "troubleshooting", "enable",      "enabling",  "allow",     "allowing",   "prepare",
        "preparing",    "create",          "creating",    "manage",    "managing",  "understand", "understanding",
        "secure",       "securing",        "setup",       "setting",   "plan",      "connect",    "connecting",
        "run",          "running",         "upgrade",     "upgrading", "migrate",   "migrating",  "verify",
        "check",        "self hosting",    NULL};
    struct sentence sentence;
    struct str rest;

    sentence_split(importer->arena, subject, &sentence);
    if (sentence.n > 1 && word_is_one_of(sentence.words[0].normal, verbs)) {
        size_t from = str_is(sentence.words[1].normal, "up") ? 2 : 1;

        rest = heading_subject(importer->arena, sentence_cut(&sentence, from, sentence.n));
        if (words_count(words_normal(importer->arena, rest)) > 4)
            return STR_EMPTY;
        subject = rest;
    }
    subject = last_of(subject);
    return party_is_clause(importer->arena, subject) ? STR_EMPTY : subject;
}

/* What the page is about: the words of its title, of its first heading, or of its file's name, that are not "ports".
 */
static struct str subject_of(struct importer *importer, const struct page *page)
{
    struct str subject = heading_subject(importer->arena, before_bar(page->title));
    struct str name = page->source->name;

    for (size_t i = 0; i < page->block_n && subject.n == 0; i++) {
        const struct block *block = &page->blocks[i];

        if (page->title.n > 0 && (block->kind != BLOCK_HEADING || block->level > 1))
            continue; /* the title said what it is about, or nothing does */
        if (block->kind == BLOCK_HEADING ||
            (block->kind == BLOCK_PARAGRAPH && is_title(importer, str_trim(block->text)))) {
            subject = heading_subject(importer->arena, block->text);
            break;
        }
    }
    subject = subject.n == 0 ? subject : named_by(importer, subject);
    if (subject.n > 0)
        return subject;
    for (size_t i = name.n; i > 0; i--) {
        if (name.p[i - 1] == '/') {
            name = str_from(name, i);
            break;
        }
    }
    for (size_t i = name.n; i > 1; i--) {
        if (name.p[i - 1] == '.') {
            name = str_head(name, i - 1);
            break;
        }
    }
    subject = heading_subject(importer->arena, words_normal(importer->arena, name));
    return subject.n > 0 ? subject : name;
}

struct catalog *import_pages(struct arena *arena, const struct page *const *pages, size_t n,
                             const struct import_options *options, struct diags *diags)
{
    struct importer importer = {.arena = arena,
                                .diags = diags,
                                .fact_arena = arena_new(),
                                .documents = facts_documents(arena, pages, n, options->retrieved)};
    struct str title = options->title.n > 0 ? options->title : options->product;
    struct catalog *catalog;

    for (size_t i = 0; i < n; i++) {
        bool item = false;

        importer.page = pages[i];
        importer.document = i;
        importer.around = (struct surroundings){0};
        importer.https_said = false;
        if (importer.product == NULL)
            importer.product = party_actor(&importer, title.n > 0 ? title : subject_of(&importer, pages[i]), SPAN_NONE);
        if (importer.product == NULL)
            importer.product = party_actor(&importer, STR("product"), SPAN_NONE);
        for (size_t k = 0; k < pages[i]->block_n;) {
            bool after = item;

            item = pages[i]->blocks[k].kind == BLOCK_ITEM;
            k += take_block(&importer, &pages[i]->blocks[k], pages[i]->block_n - k, k, after);
        }
        commands_read(&importer);
        mentions_report(&importer);
    }
    notes_attach(&importer);
    if (importer.facts.n == 0)
        diag_warning(diags, SPAN_NONE, "no requirement was found in \"%.*s\"%s", STR_ARG(pages[0]->source->name),
                     n > 1 ? " and the other documents" : "");
    catalog = facts_catalog(&importer, n, options);
    arena_free(importer.fact_arena);
    return catalog;
}
