/*
 * Packets die by the rule that stops them, and it is named: a ruleset whose comments are packets.
 *
 *     named SITE RULESET
 *
 * Each rule with a comment must be the one that stops the packet of its comment; a packet that no rule is about dies of
 * the policy of `forward`, one that a rule accepts is stopped by none. Exit status: 0, 1, 77 as play.c.
 */
#include <poll.h>

#include "net/proto.h"
#include "rehearse/fate.h"
#include "scene.h"
#include "sender.h"

#define QUIET_MS 50

struct wanted {
    const struct rule *rule; /* NULL: of `text` by none, or a policy */
    struct packet packet;
    struct str text;
    bool stopped;
};

struct wants VEC(struct wanted);

static void want(struct scene *scene, struct wants *wants, const struct rule *rule, struct str text, bool stopped)
{
    struct wanted *wanted = vec_push(scene->arena, wants);

    *wanted = (struct wanted){.rule = rule, .text = text, .stopped = stopped};
    if (!packet_parse(source_new(scene->arena, STR("comment"), text), &scene->diags, &wanted->packet))
        scene_say(scene);
}

static bool is_right(const struct wanted *wanted, const struct fate *fate)
{
    if (fate->stopped != wanted->stopped)
        return false;
    if (!wanted->stopped)
        return true;
    if (wanted->rule == NULL)
        return fate->rule.index == 0 && (str_is(fate->rule.chain, "forward") || str_is(fate->rule.chain, "FORWARD"));
    return fate->rule.index == wanted->rule->index && str_eq(fate->rule.chain, wanted->rule->chain->name) &&
           str_eq(fate->rule.table, wanted->rule->chain->table) && str_eq(fate->rule.text, wanted->rule->text);
}

static bool send_all(struct scene *scene, const struct wants *wants)
{
    bool sent = true;

    vec_each (const struct wanted *, wanted, wants) {
        const struct actor *from = cast_find(scene->cast, wanted->packet.family, wanted->packet.source);

        if (from != NULL && send_opener(scene->stage, from, &wanted->packet) != SENT_NOTHING)
            continue;
        printf("cannot be sent: %.*s\n", STR_ARG(wanted->text));
        sent = false;
    }
    return sent;
}

static size_t judge(struct fates *fates, const struct wants *wants)
{
    size_t failed = 0;

    vec_each (const struct wanted *, wanted, wants) {
        struct fate fate = {0};
        bool seen = fates_find(fates, &wanted->packet, &fate);

        if (seen && is_right(wanted, &fate))
            continue;
        failed++;
        printf("%.*s: %s, %s by %.*s %.*s rule %u: %.*s\n", STR_ARG(wanted->text), seen ? "seen" : "not seen",
               fate.stopped ? "stopped" : "not stopped", STR_ARG(fate.rule.table), STR_ARG(fate.rule.chain),
               fate.rule.index, STR_ARG(fate.rule.text));
    }
    return failed;
}

static size_t run(struct scene *scene)
{
    struct pollfd one = {.events = POLLIN};
    struct fates *fates;
    struct wants wants = {0};
    size_t failed;

    for (size_t i = 0; i < scene->rulesets[0]->chain_n; i++) {
        const struct chain *chain = scene->rulesets[0]->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            if (chain->rules[k].comment.n > 0)
                want(scene, &wants, &chain->rules[k], chain->rules[k].comment, true);
        }
    }
    failed = wants.n < 5; /* a ruleset without comments says nothing */
    want(scene, &wants, NULL, STR("tcp 10.1.0.5:40000 > 10.2.0.9:81"), true);
    want(scene, &wants, NULL, STR("tcp 10.1.0.5:40000 > 10.2.0.9:80"), false);
    if (fates_open(scene->arena, scene->stage, (const struct ruleset *const *)scene->rulesets, &scene->diags, &fates) <
        0) {
        scene_say(scene);
        return 1;
    }
    failed += !send_all(scene, &wants);
    one.fd = fates_fd(fates);
    while (poll(&one, 1, QUIET_MS) > 0)
        failed += !fates_read(fates);
    failed += judge(fates, &wants) + (scene->diags.errors > 0);
    fates_close(fates);
    printf("%zu passed, %zu failed\n", wants.n - (failed < wants.n ? failed : wants.n), failed);
    return failed;
}

int main(int argc, char **argv)
{
    struct scene_wishes wishes = {.site = argc > 1 ? argv[1] : NULL, .ruleset = argc > 2 ? argv[2] : NULL};
    struct scene scene;
    int status;

    if (argc != 3)
        return 2;
    status = scene_open(&scene, &wishes);
    if (status != 0)
        return status;
    status = run(&scene) > 0;
    scene_close(&scene);
    return status;
}
