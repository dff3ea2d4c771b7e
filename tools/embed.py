#!/usr/bin/env python3
"""Turns files into one C table: embed.py OUTPUT.c TABLE FILE...

The tables (builtin_catalog, builtin_schema) are declared in src/catalog/builtin.h:
    struct builtin_file { const char *name; const char *text; size_t size; };
    extern const struct builtin_file TABLE[];
    extern const size_t TABLE_n;
`name` is the file's name without its folder, `text` its bytes with a NUL behind them, `size` their number
without that NUL. Rows are sorted by name; a row of NULLs ends the table.
"""
import os
import sys


def literal(line):
    """One line of bytes as a C string literal: printable ASCII as it is, all else as three octal digits."""
    out = []
    for byte in line:
        char = chr(byte)
        if char in '"\\?':
            out.append('\\' + char)
        elif char == '\n':
            out.append('\\n')
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append('\\%03o' % byte)
    return '"' + ''.join(out) + '"'


def main(output, table, paths):
    files = []
    for path in sorted(paths, key=os.path.basename):
        with open(path, 'rb') as stream:
            files.append((os.path.basename(path), stream.read()))
    with open(output, 'w', encoding='ascii') as out:
        out.write('/* Made by tools/embed.py; change the files that it was made from, not this one. */\n')
        out.write('#include "catalog/builtin.h"\n\n')
        out.write('const struct builtin_file %s[] = {\n' % table)
        for name, text in files:
            out.write('    {%s,\n' % literal(name.encode()))
            for line in text.splitlines(keepends=True) or [b'']:
                out.write('     %s\n' % literal(line))
            out.write('     , %d},\n' % len(text))
        out.write('    {NULL, NULL, 0},\n};\n')
        out.write('const size_t %s_n = %d;\n' % (table, len(files)))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
