/* Targets of the command line, and of standard input, as subjects; see probing.h. */
#include "cli/probing.h"

#include "net/proto.h"
#include "system/file.h"

/* Each address of --source is one to ask from, for targets of its family. */
static bool read_sources(struct probing *probing, struct addr_range **sources, size_t *n)
{
    struct VEC(struct addr_range) made = {0};
    struct cli *cli = probing->cli;

    vec_each (const struct str *, text, &probing->options->sources) {
        struct addr_range range;

        if (addr_range_parse(*text, &range) == ADDR_OK && range.range.lo == range.range.hi)
            *vec_push(cli->arena, &made) = range;
        else
            diag_error(&cli->diags, SPAN_NONE, "--source %.*s: one address was expected", STR_ARG(*text));
    }
    *sources = made.v;
    *n = made.n;
    return cli->diags.errors == 0;
}

static void read_operands(struct probing *probing, struct targets *targets)
{
    struct cli *cli = probing->cli;

    vec_each (const struct str *, text, &cli->operands) {
        struct target target;

        if (str_is(*text, "-")) {
            const struct source *source = file_read(cli->arena, *text, FILE_LIMIT_RULESET, &cli->diags);

            if (source != NULL)
                targets_read(cli->arena, source, &cli->diags, targets);
        } else if (target_parse(cli->arena, *text, SPAN_NONE, &cli->diags, &target)) {
            *vec_push(cli->arena, targets) = target;
        }
    }
}

static struct probing_subject *subject_of(struct probing *probing, const struct target *target)
{
    struct probing_subject *subject = arena_new_object(probing->cli->arena, struct probing_subject);

    *subject = (struct probing_subject){.service = target->service,
                                        .proto_n = target->proto_n,
                                        .ports = target->ports,
                                        .host = target->host,
                                        .families = FAMILY_BOTH,
                                        .denied = probing->options->expected.n > 0,
                                        .bare = probing->options->expected.n > 0};
    memcpy(subject->protos, target->protos, sizeof subject->protos);
    subject->sought = target->ports == NULL && (target->service->via != NULL || probing_names_ports(target->service));
    return subject;
}

static bool has_family(const struct addr_range *sources, size_t n, enum family family)
{
    for (size_t i = 0; i < n; i++) {
        if (sources[i].family == family)
            return true;
    }
    return n == 0;
}

static void add_target(struct probing *probing, const struct target *target, size_t order,
                       const struct addr_range *sources, size_t source_n)
{
    struct arena *arena = probing->cli->arena;
    struct probing_subject *subject = subject_of(probing, target);
    const struct addr_range *range = &target->addresses;

    subject->order = order;
    subject->sources = sources;
    subject->source_n = source_n;
    for (enum family family = 0; family < FAMILY_N; family++) {
        if (!has_family(sources, source_n, family))
            subject->families &= ~FAMILY_BIT(family);
    }
    if (target->kind == TARGET_NAME) {
        subject->name = subject->host;
        probing_add_name(probing, subject);
        return;
    }
    if (!(subject->families & FAMILY_BIT(range->family))) {
        diag_error(&probing->cli->diags, target->span, "%.*s: no --source is an %s address", STR_ARG(target->host),
                   range->family == FAMILY_V4 ? "IPv4" : "IPv6");
        return;
    }
    for (u128 address = range->range.lo; !probing->too_many; address++) {
        struct probing_subject *one = arena_copy(arena, subject, sizeof *subject);

        one->host = addr_text(arena, range->family, address);
        probing_add_address(probing, one, range->family, address, 0);
        if (address == range->range.hi)
            break;
    }
}

/* A proxy that is not used is said: who gave it may count on it. */
static void note_straight(struct probing *probing)
{
    size_t straight = probing->names.n;

    vec_each (struct probing_item **, item, &probing->items)
        straight += !(*item)->proxied;
    if (probing->has_proxy && straight > 0)
        diag_note(&probing->cli->diags, SPAN_NONE, "%zu of %zu probes go straight: names over TCP go through the proxy",
                  straight, probing->items.n + probing->names.n);
}

bool probing_targets(struct probing *probing)
{
    struct cli *cli = probing->cli;
    struct targets targets = {0};
    struct addr_range *sources;
    size_t source_n;

    read_operands(probing, &targets);
    if (!read_sources(probing, &sources, &source_n))
        return false;
    if (targets.n == 0) {
        diag_error(&cli->diags, SPAN_NONE, "there is no target on standard input");
        return false;
    }
    for (size_t i = 0; i < targets.n; i++)
        add_target(probing, &targets.v[i], i, sources, source_n);
    note_straight(probing);
    probing->title = targets.n == 1 ? targets.v[0].host : str_printf(cli->arena, "%zu targets", targets.n);
    return cli->diags.errors == 0;
}
