/* Audits and differences against the oracle; see oracle.h. */
#include "oracle.h"

#include "prove/audit.h"
#include "prove/diff.h"

static struct packet any_packet(void)
{
    struct face face = {.hook = HOOK_FORWARD};
    struct packet packet = random_packet(&face);

    packet.state = (enum state)pick(STATE_N);
    return packet;
}

struct met {
    const struct rule *rule;
    bool matched;
};

static void note_met(void *context, const struct naive_step *step)
{
    struct met *met = context;

    if (step->rule == met->rule && step->matched == TERNARY_YES)
        met->matched = true;
}

#define UNKNOWNS 6u /* both sides of a difference may have their own */

static unsigned outcome(const struct ruleset *ruleset, const struct packet *packet, unsigned bits, struct met *met)
{
    enum ternary literals[UNKNOWNS];
    struct naive_question question = {.ruleset = ruleset, .hook = HOOK_FORWARD, .packet = packet, .literals = literals};

    for (unsigned i = 0; i < UNKNOWNS; i++)
        literals[i] = (bits & 1u << i) != 0 ? TERNARY_YES : TERNARY_NO;
    if (met != NULL) {
        question.step = note_met;
        question.context = met;
    }
    return naive_ask(&question);
}

struct rule *rule_of_finding(const struct ruleset *ruleset, const struct finding *finding)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        if (str_eq(ruleset->chains[i]->name, finding->rule.chain) && finding->rule.index > 0)
            return &ruleset->chains[i]->rules[finding->rule.index - 1];
    }
    return NULL;
}

static bool is_cited(const struct finding *finding, const struct rule *rule)
{
    for (size_t i = 0; i < finding->by_n; i++) {
        if (finding->by[i].index == rule->index && str_eq(finding->by[i].chain, rule->chain->name))
            return true;
    }
    return false;
}

/* The rules that are said to hide another do so alone: it matches nothing when no other decides anything. */
static void compare_hiders(const struct ruleset *ruleset, const struct finding *finding, const struct rule *hidden,
                           unsigned long number)
{
    struct silenced {
        struct rule *rule;
        unsigned families;
    } silenced[64];
    struct met met = {.rule = hidden};
    size_t n = 0;

    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n && n < COUNT(silenced); k++) {
            struct rule *rule = &ruleset->chains[i]->rules[k];
            bool decides =
                rule->action == ACTION_ACCEPT || rule->action == ACTION_DROP || rule->action == ACTION_REJECT;

            if (!decides || rule == hidden || is_cited(finding, rule))
                continue;
            silenced[n++] = (struct silenced){rule, rule->families};
            rule->families = 0;
        }
    }
    for (unsigned i = 0; i < 100 && !met.matched; i++) {
        struct packet packet = any_packet();

        outcome(ruleset, &packet, pick(1u << LITERALS), &met);
        if (met.matched)
            complain("the rules that are cited do not hide it", number, &packet);
    }
    for (size_t i = 0; i < n; i++)
        silenced[i].rule->families = silenced[i].families;
}

/* Where the kernel chooses, the naive evaluation may leave open what the prover knows: it asks each rule by itself. */
static bool contradict(unsigned a, unsigned b)
{
    return choosing ? (a & b) == 0 : a != b;
}

/* A rule that is said never to match must not; one said to be redundant must change nothing when it is gone. */
void compare_audit(struct arena *arena, const struct prover *prover, unsigned long number)
{
    const struct ruleset *ruleset = prover->ruleset;
    struct findings findings = {0};
    struct undecided undecided;

    audit_find(arena, prover, &findings, &undecided);
    /* An audit may run out of its budget, and says so; it must stay the exception (main looks at it). */
    audits_open += undecided.n > 0 && !writes(ruleset);
    vec_each (const struct finding *, finding, &findings) {
        struct rule *rule = rule_of_finding(ruleset, finding);

        if (finding->kind == FINDING_SHADOWED && !writes(ruleset))
            compare_hiders(ruleset, finding, rule, number);
        for (unsigned i = 0; rule != NULL && i < 60; i++) {
            unsigned bits = pick(1u << LITERALS);
            struct packet packet = any_packet();
            struct met met = {.rule = rule};
            unsigned with = outcome(ruleset, &packet, bits, &met);
            unsigned families = rule->families;

            if (finding->kind == FINDING_SHADOWED && met.matched && !choosing)
                complain("a rule matches that is said never to", number, &packet);
            rule->families = 0;
            if ((finding->kind == FINDING_SHADOWED || finding->kind == FINDING_REDUNDANT) &&
                contradict(outcome(ruleset, &packet, bits, NULL), with))
                complain("a rule matters that is said not to", number, &packet);
            rule->families = families;
        }
    }
}

static void mutate(struct ruleset *ruleset)
{
    struct chain *chain = ruleset->chains[pick((unsigned)ruleset->chain_n)];
    struct rule *rule = chain->rule_n == 0 ? NULL : &chain->rules[pick((unsigned)chain->rule_n)];

    if (rule == NULL)
        chain->policy = chain->policy == ACTION_DROP ? ACTION_ACCEPT : ACTION_DROP;
    else if (rule->target == NULL && pick(2) == 0)
        rule->action = rule->action == ACTION_ACCEPT ? ACTION_DROP : ACTION_ACCEPT;
    else
        rule->families = FAMILY_BIT(pick(2));
}

/* A ruleset and a copy with a change or two, or two of their own: differences are found where there are some. */
void compare_diff(struct arena *arena, unsigned long number)
{
    uint64_t here = random_state;
    struct diff_question question = {.left = random_ruleset(arena), .hooks = 1u << HOOK_FORWARD};
    struct differences differences = {0};
    unsigned one_sided;
    bool writing;

    if (pick(4) != 0) {
        random_state = here;
        question.right = random_ruleset(arena);
        for (unsigned i = pick(3); i > 0; i--)
            mutate(question.right);
    } else {
        question.right = random_ruleset(arena);
    }
    /* Where a translation goes counts there too, and the kernel's choices of the two are not the same. */
    if (((question.left->rewrites | question.right->rewrites) & (1u << FIELD_SOURCE | 1u << FIELD_DESTINATION)) != 0)
        return;
    writing = writes(question.left) || writes(question.right);
    if (!diff_find(arena, &question, &differences, &one_sided, &(struct rule_ref){0}))
        complain("gave up on a difference", number, NULL);
    for (unsigned i = 0; i < 60; i++) {
        struct packet packet = any_packet();
        bool differ = false;
        bool found = false;
        bool claimed = false;

        for (unsigned bits = 0; bits < 1u << UNKNOWNS; bits++)
            differ = differ || (outcome(question.left, &packet, bits, NULL) == NAIVE_ACCEPT) !=
                                   (outcome(question.right, &packet, bits, NULL) == NAIVE_ACCEPT);
        vec_each (const struct difference *, difference, &differences)
            if (difference->box.family == family && in_box(&difference->box, &packet)) {
                found = true;
                /* A write that is not followed may do anything: it is no claim. */
                claimed = claimed ||
                          (difference->left != VERDICT_UNDETERMINED && difference->right != VERDICT_UNDETERMINED) ||
                          !writing;
            }
        if (found != differ && (differ || claimed))
            complain(differ ? "a difference is not found" : "this is no difference", number, &packet);
    }
}
