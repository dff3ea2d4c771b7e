/* Numbers out of text; see num.h. */
#include "base/num.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

static bool in_base(struct str s, unsigned base, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)digit_of(s.p[i]);

        if (digit >= base || digit > max || sum > (max - digit) / base)
            return false;
        sum = sum * base + digit;
    }
    *value = sum;
    return true;
}

bool num_decimal(struct str s, uint64_t max, uint64_t *value)
{
    return in_base(s, 10, max, value);
}

bool num_any(struct str s, uint64_t max, uint64_t *value)
{
    if (str_starts(s, "0x") || str_starts(s, "0X"))
        return in_base(str_from(s, 2), 16, max, value);
    return in_base(s, 10, max, value);
}

bool num_date(struct str s, uint32_t *yyyymmdd)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t year;
    uint64_t month;
    uint64_t day;
    uint64_t last;

    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !num_decimal(str_head(s, 4), 9999, &year) ||
        !num_decimal((struct str){s.p + 5, 2}, 12, &month) || !num_decimal((struct str){s.p + 8, 2}, 31, &day))
        return false;
    if (month == 0 || day == 0)
        return false;
    last = days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 1u : 0u);
    if (day > last)
        return false;
    *yyyymmdd = (uint32_t)(year * 10000 + month * 100 + day);
    return true;
}
