/*
 * Pasted texts of nftables; see loadable.h. Only lines outside all braces are looked at for prompts and programs: there
 * nft has no word that ends in `$` or holds an `@`. What a shell would do to a command is undone as far as nft's own
 * commands need it: quotes around arguments, `\;` and `\{`.
 */
#include "dialect/loadable.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_prompt(struct str word)
{
    if (word.n == 0 || word.p[0] == '#' || word.p[0] == '"')
        return false;
    return memchr(word.p, '@', word.n) != NULL || str_ends(word, "#") || str_ends(word, "$") || str_ends(word, ">") ||
           str_ends(word, "%");
}

static bool is_nft(struct str word)
{
    return str_is(word, "nft") || str_ends(word, "/nft") || str_is(word, "$NFT") || str_is(word, "$nft") ||
           str_is(word, "${NFT}") || str_is(word, "\"$NFT\"");
}

/* What is behind the prompt; the line itself where it has none. `[root@fw ~]# ` is two words. */
static struct str behind_prompt(struct str line)
{
    struct str rest = line;
    struct str word = str_word(&rest);

    if (str_starts(word, "[") && memchr(word.p, '@', word.n) != NULL && !str_ends(word, "]#") && !str_ends(word, "]$"))
        str_word(&rest);
    else if (!is_prompt(word))
        return line;
    return str_trim(rest);
}

/* What is behind `nft` and its options; `program` says whether there is one. */
static struct str behind_program(struct str line, bool *program)
{
    struct str rest = line;
    struct str word = str_word(&rest);

    while (str_is(word, "sudo") || str_is(word, "doas"))
        word = str_word(&rest);
    *program = is_nft(word);
    if (!*program)
        return line;
    for (line = rest; str_starts(word = str_word(&rest), "-"); line = rest)
        ;
    return str_trim(line);
}

/* The words of nft that change a ruleset, and begin a command of a script. */
static bool is_command(struct str line)
{
    static const char *const verbs[] = {"add",   "create",  "insert", "replace", "delete",
                                        "flush", "destroy", "table",  "define",  "include"};
    struct str word;

    while (line.n > 0 && (line.p[0] == '\'' || line.p[0] == '"'))
        line = str_from(line, 1);
    word = str_word(&line);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (str_is(word, verbs[i]))
            return true;
    }
    return false;
}

/* The `> ` or the number before a line; 0: none. */
static size_t margin_of(struct str line, bool number)
{
    size_t n = 0;
    size_t from;

    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
        n++;
    from = n;
    while (n < line.n && (number ? is_digit(line.p[n]) : line.p[n] == '>'))
        n++;
    if (n == from)
        return 0;
    if (number && n < line.n && (line.p[n] == ':' || line.p[n] == '|' || line.p[n] == ')'))
        n++;
    return n == line.n || line.p[n] == ' ' || line.p[n] == '\t' || line.p[n] == '\r' ? n : 0;
}

struct str loadable_line(struct str line)
{
    bool program;

    line = str_from(line, margin_of(line, false));
    line = behind_prompt(str_trim(str_from(line, margin_of(line, true))));
    line = behind_program(line, &program);
    while (program && line.n > 0 && (line.p[0] == '\'' || line.p[0] == '"'))
        line = str_from(line, 1);
    return line;
}

/* Blank, a comment, a fence, or what was typed at a prompt. */
static bool is_around(struct str line)
{
    bool program;

    line = str_trim(line);
    behind_program(line, &program);
    return line.n == 0 || line.p[0] == '#' || str_starts(line, "```") || str_is(line, "exit") || program ||
           behind_prompt(line).p != line.p;
}

struct str loadable_json(struct str text)
{
    struct str rest = text;
    struct str behind;
    const char *end;

    for (;;) {
        struct str line = str_cut(rest, '\n', &rest);

        if (str_starts(str_trim(line), "{")) {
            text = str_from(text, (size_t)(str_trim(line).p - text.p));
            break;
        }
        if (rest.n == 0 || !is_around(line))
            return STR_EMPTY;
    }
    end = memrchr(text.p, '}', text.n);
    behind = end == NULL ? STR_EMPTY : str_from(text, (size_t)(end - text.p) + 1);
    while (behind.n > 0) {
        if (!is_around(str_cut(behind, '\n', &behind)))
            return text;
    }
    return end == NULL ? text : str_head(text, (size_t)(end - text.p) + 1);
}

/* Whether every line has such a margin. */
static bool has_margin(struct str text, bool number)
{
    bool any = false;

    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text);

        if (str_trim(line).n == 0)
            continue;
        if (margin_of(line, number) == 0)
            return false;
        any = true;
    }
    return any;
}

static void blank(char *p, size_t n)
{
    memset(p, ' ', n);
}

/* The arguments of a command of a shell: what was escaped for it, and the quotes around more than one word. */
static void undo_shell(char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (p[i] == '\\' && strchr(";{}\"'!<>&()*", p[i + 1]) != NULL)
            p[i++] = ' ';
    }
    for (size_t i = 0; i < n; i++) {
        char *end = p[i] == '\'' || p[i] == '"' ? memchr(p + i + 1, p[i], n - i - 1) : NULL;
        struct str inside;

        if (end == NULL)
            continue;
        inside = (struct str){p + i + 1, (size_t)(end - p) - i - 1};
        if (p[i] == '\'' || memchr(inside.p, '{', inside.n) != NULL || memchr(inside.p, ';', inside.n) != NULL ||
            is_command(inside)) {
            p[i] = ' ';
            *end = ' ';
        }
        i = (size_t)(end - p);
    }
}

/* One line outside of braces, in place. */
static void clean_line(char *p, struct str line, bool *script)
{
    struct str trimmed = str_trim(line);
    struct str behind = behind_prompt(trimmed);
    bool prompt = behind.p != trimmed.p;
    bool program;
    struct str command = behind_program(behind, &program);

    if (str_starts(trimmed, "#"))
        return;
    if (str_starts(trimmed, "```") || str_starts(trimmed, "~~~") || str_is(trimmed, "exit") ||
        str_is(trimmed, "logout")) {
        blank(p, line.n);
    } else if (program && is_command(command)) {
        blank(p, (size_t)(command.p - line.p));
        undo_shell(p + (command.p - line.p), command.n);
        *script = true;
    } else if (program || (prompt && !is_command(behind))) {
        blank(p, line.n);
    } else if (prompt) {
        blank(p, (size_t)(behind.p - line.p));
    } else if (*script && trimmed.n > 0 && trimmed.p[0] != '#' && !is_command(trimmed)) {
        static const char *const harmless[] = {"set ", "export ", "modprobe ", "echo ", "sysctl ", "PATH="};

        for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
            if (str_starts(trimmed, harmless[i]))
                blank(p, line.n);
        }
    }
}

/* Whether the text has these words, outside of comments. */
static bool has_words(struct str text, struct str words)
{
    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text);
        const char *at = memmem(line.p, line.n, words.p, words.n);
        const char *end = at == NULL ? NULL : at + words.n;

        if (at != NULL && memchr(line.p, '#', (size_t)(at - line.p)) == NULL &&
            (end == line.p + line.n || strchr(" \t\r{;", *end) != NULL))
            return true;
    }
    return false;
}

/*
 * `destroy table` is of nft 1.0.7, and means `delete` where the table is: where the text before has none of the name
 * there is nothing to do.
 */
static void plain_destroy(char *text, struct str line)
{
    struct str rest = str_trim(line);
    struct str verb = str_word(&rest);
    struct str what = rest;

    if (!str_is(verb, "destroy") || !str_is(str_word(&rest), "table"))
        return;
    for (size_t i = 0; i < what.n; i++) {
        if (what.p[i] == ';' || what.p[i] == '#')
            what.n = i;
    }
    if (has_words((struct str){text, (size_t)(verb.p - text)}, str_trim(what)))
        memcpy(text + (verb.p - text), "delete ", strlen("destroy"));
    else
        blank(text + (verb.p - text), (size_t)(what.p - verb.p) + what.n);
}

/* How deep in braces the text is behind a line. */
static size_t depth_behind(struct str line, size_t depth)
{
    bool quoted = false;

    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '"')
            quoted = !quoted;
        else if (!quoted && line.p[i] == '#')
            break;
        else if (!quoted && line.p[i] == '{')
            depth++;
        else if (!quoted && line.p[i] == '}' && depth > 0)
            depth--;
    }
    return depth;
}

struct str loadable_text(struct arena *arena, struct str text)
{
    char *copy = arena_new_array(arena, char, text.n + 1);
    bool quoted = has_margin(text, false);
    bool numbered = has_margin(text, true);
    bool script = str_contains(text, "nft ");
    size_t depth = 0;
    bool goes_on = false;

    memcpy(copy, text.p, text.n);
    if (str_starts(text, BYTE_ORDER_MARK))
        blank(copy, strlen(BYTE_ORDER_MARK));
    for (size_t at = 0; at < text.n;) {
        const char *newline = memchr(copy + at, '\n', text.n - at);
        struct str line = {copy + at, newline == NULL ? text.n - at : (size_t)(newline - copy) - at};

        if (str_ends(line, "\r") && newline != NULL) { /* nft knows no CRLF */
            copy[at + line.n - 1] = line.n > 1 && line.p[line.n - 2] == '\\' ? '\\' : ' ';
            if (line.n > 1 && line.p[line.n - 2] == '\\')
                copy[at + line.n - 2] = ' ';
        }
        if (quoted || numbered)
            blank(copy + at, margin_of(line, numbered));
        if (depth == 0 && !goes_on) {
            clean_line(copy + at, line, &script);
            plain_destroy(copy, line);
        }
        goes_on = str_ends(line, "\\");
        depth = depth_behind(line, depth);
        at += line.n + 1;
    }
    return (struct str){copy, text.n};
}
