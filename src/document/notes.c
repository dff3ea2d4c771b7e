/*
 * What a page says in words: paragraphs that begin with "Note:", the items behind a lone "Important:", and footnotes,
 * which stand somewhere below as "[1] …" or "* …" and are pointed to by marks behind the text of a cell.
 */
#include "base/map.h"
#include "document/builder.h"

#include <ctype.h>
#include <strings.h>

static const struct {
    const char *word; /* as documents write it, in lower case */
    const char *kind;
} kinds[] = {
    {"note", "note"},         {"notes", "note"},          {"info", "note"},       {"information", "note"},
    {"remark", "note"},       {"important", "important"}, {"warning", "warning"}, {"caution", "caution"},
    {"attention", "caution"}, {"danger", "danger"},       {"error", "danger"},    {"tip", "tip"},
    {"hint", "tip"},
};

struct str builder_note_kind(struct str word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (word.n == strlen(kinds[i].word) && strncasecmp(word.p, kinds[i].word, word.n) == 0)
            return str_of(kinds[i].kind);
    }
    return STR_EMPTY;
}

struct str builder_note_class(struct str classes)
{
    static const char *const starts[] = {"admonition", "alert",           "aui-message", "confluence-information-macro",
                                         "bs-callout", "callout",         "message",     "notice",
                                         "note",       "theme-admonition"};

    while (classes.n > 0) {
        struct str name = str_cut(classes, ' ', &classes);
        struct str kind = builder_note_kind(name);
        struct str last = name;

        if (kind.n > 0)
            return kind;
        for (size_t i = 0; i < name.n; i++)
            last = name.p[i] == '-' ? str_from(name, i + 1) : last;
        kind = last.n < name.n ? builder_note_kind(last) : STR_EMPTY;
        for (size_t i = 0; kind.n > 0 && i < sizeof starts / sizeof *starts; i++) {
            if (str_starts(name, starts[i]))
                return kind;
        }
    }
    return STR_EMPTY;
}

/* "Note: text": the kind of note, and *rest is the text; empty where it begins with no such word. */
static struct str note_start(struct str text, struct str *rest)
{
    size_t n = 0;

    while (n < text.n && n < 16 && isalpha((unsigned char)text.p[n]))
        n++;
    if (n == 0 || n >= text.n || text.p[n] != ':' || !isupper((unsigned char)text.p[0]))
        return STR_EMPTY;
    *rest = str_trim(str_from(text, n + 1));
    return builder_note_kind(str_head(text, n));
}

static bool is_sentence(const struct block *block)
{
    return block->kind == BLOCK_PARAGRAPH || block->kind == BLOCK_ITEM;
}

static void become_note(struct block *block, struct str kind)
{
    block->kind = BLOCK_NOTE;
    block->level = 0;
    block->mark = kind;
}

/* A lone "Note:" gives its kind to the items behind it, or to the one paragraph, and goes. */
static void find_notes(struct builder *builder)
{
    size_t kept = 0;
    struct str open = STR_EMPTY;
    bool items = false;

    vec_each (struct block *, block, &builder->blocks) {
        struct str rest = STR_EMPTY;
        bool sentence = is_sentence(block) || block->kind == BLOCK_NOTE;
        struct str kind = sentence ? note_start(block->text, &rest) : STR_EMPTY;

        if (kind.n > 0 && rest.n > 0) {
            block->text = rest;
            become_note(block, kind);
            open = STR_EMPTY;
        } else if (kind.n > 0 && block + 1 < builder->blocks.v + builder->blocks.n && is_sentence(block + 1)) {
            open = kind;
            items = block[1].kind == BLOCK_ITEM;
            continue;
        } else if (open.n > 0 && is_sentence(block) && (block->kind == BLOCK_ITEM) == items) {
            become_note(block, open);
            open = items ? open : STR_EMPTY;
        } else {
            open = STR_EMPTY;
        }
        builder->blocks.v[kept++] = *block;
    }
    builder->blocks.n = kept;
}

#define DAGGER "\xe2\x80\xa0"
#define DOUBLE_DAGGER "\xe2\x80\xa1"

static size_t ends_with(struct str s, const char *what)
{
    return str_ends(s, what) ? strlen(what) : 0;
}

/* "[12]", "[a]" at the end of s: its length. */
static size_t bracketed_at_end(struct str s, char open, char close)
{
    size_t n = 1;

    if (s.n < 4 || s.p[s.n - 1] != close) /* something stands before it */
        return 0;
    while (n < 3 && n + 1 < s.n && isalnum((unsigned char)s.p[s.n - 1 - n]))
        n++;
    if (n == 1 || s.p[s.n - 1 - n] != open || (n > 2 && !isdigit((unsigned char)s.p[s.n - 2])))
        return 0;
    return n + 1;
}

/* One of the letters that are a raised digit: its value. */
static size_t raised_digit(struct str s, char *digit)
{
    static const char *const raised[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
                                         "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
                                         "\xe2\x81\xb8", "\xe2\x81\xb9"};

    for (size_t i = 0; i < 10; i++) {
        if (str_ends(s, raised[i])) {
            *digit = (char)('0' + i);
            return strlen(raised[i]);
        }
    }
    return 0;
}

static size_t stars_at_end(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[s.n - 1 - n] == '*')
        n++;
    if (n == 0 || n == s.n || n > 4)
        return 0;
    return isdigit((unsigned char)s.p[s.n - 1 - n]) || s.p[s.n - 1 - n] == ')' ? n : 0;
}

/* A mark at the end of a line of a cell: its length there, and the mark. `named` holds the marks in round brackets and
 * the stars behind words that a footnote explains. */
static size_t mark_at_end(struct arena *arena, const struct map *named, struct str s, struct str *mark)
{
    size_t n = bracketed_at_end(s, '[', ']');
    char digit = 0;

    if (n > 0) {
        *mark = str_head(str_from(s, s.n - n + 1), n - 2);
        return n;
    }
    n = raised_digit(s, &digit);
    if (n > 0) {
        *mark = str_dup(arena, (struct str){&digit, 1});
        return n;
    }
    n = ends_with(s, DAGGER) + ends_with(s, DOUBLE_DAGGER) + stars_at_end(s);
    if (n == 0) {
        n = bracketed_at_end(s, '(', ')');
        *mark = n > 0 ? str_head(str_from(s, s.n - n + 1), n - 2) : STR_EMPTY;
        if (n > 0 && map_get(named, *mark) != NULL)
            return n;
        n = s.n > 1 && s.p[s.n - 1] == '*' && isalpha((unsigned char)s.p[s.n - 2]) ? 1 : 0;
        if (n > 0 && map_get(named, STR("*")) == NULL)
            n = 0;
    }
    *mark = str_from(s, s.n - n);
    return n < s.n ? n : 0;
}

static bool may_end_in_mark(struct str line)
{
    char c = line.n == 0 ? 0 : line.p[line.n - 1];

    return c == ']' || c == ')' || c == '*' || (unsigned char)c >= 0x80;
}

static void add_mark(struct arena *arena, struct cell *cell, struct str mark)
{
    struct str *marks = arena_new_array(arena, struct str, cell->mark_n + 1);

    for (size_t i = 0; i < cell->mark_n; i++)
        marks[i] = cell->marks[i];
    marks[cell->mark_n++] = mark;
    cell->marks = marks;
}

/* Tells the marks at the ends of a cell's lines from its text. */
static void split_marks(struct arena *arena, const struct map *named, struct cell *cell)
{
    struct words left;
    struct str rest = cell->text;
    struct str all[8];
    size_t found = 0;

    words_begin(&left, arena);
    while (rest.n > 0) {
        struct str line = str_cut(rest, '\n', &rest);
        struct str mark;
        size_t before = found;

        for (size_t n; found < 8 && may_end_in_mark(line) && (n = mark_at_end(arena, named, line, &mark)) > 0;) {
            line = str_trim(str_head(line, line.n - n));
            all[found++] = mark;
        }
        for (size_t i = before, k = found; i + 1 < k; i++, k--) { /* they were met from the end */
            mark = all[i];
            all[i] = all[k - 1];
            all[k - 1] = mark;
        }
        words_add(&left, line, 0);
        words_break(&left);
    }
    if (found > 0)
        cell->text = words_end(&left, 0).text;
    else
        buf_free(&left.out);
    for (size_t i = 0; i < found; i++)
        add_mark(arena, cell, all[i]);
}

static bool has_mark(const struct cell *cell)
{
    struct str rest = cell->text;

    while (rest.n > 0) {
        if (may_end_in_mark(str_cut(rest, '\n', &rest)))
            return true;
    }
    return false;
}

/* Goes over the cells of all grids; *used gets the marks that point somewhere. */
static void find_marks(struct builder *builder, const struct map *named, struct map *used)
{
    vec_each (struct grid **, grid, &builder->grids) {
        for (size_t i = 0; i < (*grid)->row_n * (*grid)->column_n; i++) {
            struct cell *cell = (struct cell *)(*grid)->at[i];

            if (cell == NULL || (size_t)cell->row * (*grid)->column_n + cell->column != i)
                continue;
            if (has_mark(cell))
                split_marks(builder->arena, named, cell);
            for (size_t k = 0; k < cell->mark_n; k++)
                map_set(builder->arena, used, cell->marks[k], builder);
        }
    }
}

/* "[1] text", "(a) text", "** text", "† text": the mark that a line begins with. */
static bool mark_at_start(struct arena *arena, struct str line, struct str *mark, struct str *rest)
{
    size_t n = 0;
    char close = line.n > 0 && line.p[0] == '[' ? ']' : line.n > 0 && line.p[0] == '(' ? ')' : 0;
    char digit;

    if (close != 0) {
        while (n + 1 < line.n && n < 4 && isalnum((unsigned char)line.p[n + 1]))
            n++;
        if (n == 0 || n > 3 || n + 1 >= line.n || line.p[n + 1] != close)
            return false;
        *mark = str_head(str_from(line, 1), n);
        n += 2;
        n += n < line.n && line.p[n] == ':';
    } else if (str_starts(line, DAGGER) || str_starts(line, DOUBLE_DAGGER)) {
        n = strlen(DAGGER);
        *mark = str_head(line, n);
    } else if (line.n > 3 &&
               (raised_digit(str_head(line, 2), &digit) == 2 || raised_digit(str_head(line, 3), &digit) == 3)) {
        n = raised_digit(str_head(line, 2), &digit) == 2 ? 2 : 3;
        *mark = str_dup(arena, (struct str){&digit, 1});
    } else {
        while (n < line.n && n < 5 && line.p[n] == '*')
            n++;
        if (n == 0 || n == 5)
            return false;
        *mark = str_head(line, n);
    }
    *rest = str_trim(str_from(line, n));
    return rest->n > 0;
}

/* What footnotes there may be, by their marks. */
static void find_named(struct builder *builder, struct map *named)
{
    vec_each (struct block *, block, &builder->blocks) {
        struct str lines = is_sentence(block) || block->kind == BLOCK_NOTE ? block->text : STR_EMPTY;
        struct str mark;
        struct str rest;

        while (lines.n > 0) {
            if (mark_at_start(builder->arena, str_cut(lines, '\n', &lines), &mark, &rest))
                map_set(builder->arena, named, mark, block);
        }
    }
}

static bool is_footnote(const struct map *used, struct str line, struct str mark)
{
    return map_get(used, mark) != NULL || (line.p[0] == '[' && isdigit((unsigned char)mark.p[0]));
}

/* Adds the footnotes that the lines of a sentence are; a line without a mark goes on with the one before. */
static void add_footnotes(struct builder *builder, const struct map *used, const struct block *block)
{
    struct str lines = block->text;
    struct block *last = NULL;

    while (lines.n > 0) {
        struct str line = str_cut(lines, '\n', &lines);
        struct str mark = STR_EMPTY;
        struct str rest = line;

        if (mark_at_start(builder->arena, line, &mark, &rest) && is_footnote(used, line, mark)) {
            last = vec_push(builder->arena, &builder->blocks);
            *last = (struct block){.kind = BLOCK_FOOTNOTE, .text = rest, .mark = mark, .span = block->span};
        } else if (last == NULL) {
            *vec_push(builder->arena, &builder->blocks) = *block;
            return;
        } else {
            last->text.n = (size_t)(line.p + line.n - last->text.p); /* lines of one text */
        }
    }
}

static void find_footnotes(struct builder *builder, const struct map *used)
{
    struct block *blocks = builder->blocks.v;
    size_t n = builder->blocks.n;

    builder->blocks.v = NULL;
    builder->blocks.n = builder->blocks.capacity = 0;
    for (size_t i = 0; i < n; i++) {
        struct str mark;
        struct str rest;

        if ((is_sentence(&blocks[i]) || blocks[i].kind == BLOCK_NOTE) &&
            mark_at_start(builder->arena, blocks[i].text, &mark, &rest))
            add_footnotes(builder, used, &blocks[i]);
        else
            *vec_push(builder->arena, &builder->blocks) = blocks[i];
    }
}

struct page *builder_end(struct builder *builder)
{
    struct page *page = arena_new_object(builder->arena, struct page);
    struct map named = {0};
    struct map used = {0};

    find_notes(builder);
    find_named(builder, &named);
    find_marks(builder, &named, &used);
    find_footnotes(builder, &used);
    page->source = builder->source;
    page->title = builder->title;
    page->blocks = builder->blocks.v;
    page->block_n = builder->blocks.n;
    return page;
}
