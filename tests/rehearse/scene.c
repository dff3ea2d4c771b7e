/* See scene.h. */
#include "scene.h"

#include <errno.h>

#include "catalog/builtin.h"
#include "dialect/dialect.h"
#include "site/site.h"
#include "system/file.h"
#include "system/nft.h"

static bool open_beside(void *context, struct str path, const struct source **source, int *error)
{
    struct scene *scene = context;

    *source = file_read_if_there(scene->arena, path, FILE_LIMIT_TEXT, &scene->diags);
    *error = *source == NULL ? ENOENT : 0;
    return *source != NULL;
}

void scene_say(struct scene *scene)
{
    struct buf out = BUF_EMPTY;

    diags_print(&out, &scene->diags, false);
    fprintf(stderr, "%.*s", STR_ARG(buf_str(&out)));
    buf_free(&out);
}

static int fail(struct scene *scene)
{
    scene_say(scene);
    return 1;
}

static int skip(struct scene *scene)
{
    const struct diag *last = &scene->diags.v[scene->diags.n - 1];

    scene_say(scene);
    printf("SKIP: %.*s\n", STR_ARG(last->message));
    return 77;
}

static bool read_site(struct scene *scene, const char *path)
{
    struct site_files files = {.open = open_beside, .context = scene};
    struct catalogs *catalogs = catalogs_load(scene->arena, NULL, 0, &scene->diags);
    const struct source *source = file_read(scene->arena, str_of(path), FILE_LIMIT_TEXT, &scene->diags);
    struct site *site = source == NULL ? NULL : site_read(scene->arena, source, catalogs, &files, &scene->diags);

    scene->plan = site == NULL ? NULL : plan_make(scene->arena, site, SCENE_TODAY, &scene->diags);
    return scene->plan != NULL && scene->diags.errors == 0;
}

/* Texts, as `render` prints them or as they were given, and the ruleset that they are. */
static int read_back(struct scene *scene, size_t at, const struct dialect *dialect, struct str *texts,
                     const char *const *names, size_t n, bool unread)
{
    struct dialect_input *inputs = arena_new_array(scene->arena, struct dialect_input, n);
    const struct source **sources = arena_new_array(scene->arena, const struct source *, n);

    for (size_t i = 0; i < n; i++) {
        struct source *listing = NULL;
        int error = 0;

        sources[i] = source_new(scene->arena, str_of(names[i]), texts[i]);
        inputs[i] = (struct dialect_input){.text = sources[i], .family = FAMILY_N};
        if (!unread && dialect->needs_listing(texts[i]))
            error = nft_list(scene->arena, sources[i], ".", false, &listing, &scene->diags);
        if (error < 0)
            return error == -EINVAL ? fail(scene) : skip(scene);
        inputs[i].listing = listing;
    }
    scene->texts[at] = (struct stage_ruleset){.texts = sources, .n = n, .dialect = dialect, .directory = "."};
    if (unread)
        return 0;
    scene->rulesets[at] = dialect->read(scene->arena, inputs, n, &scene->diags);
    return scene->rulesets[at] == NULL || scene->diags.errors > 0 ? fail(scene) : 0;
}

static int given(struct scene *scene, const char *path)
{
    const struct source *source = file_read(scene->arena, str_of(path), FILE_LIMIT_RULESET, &scene->diags);
    const struct dialect *dialect = source == NULL ? NULL : dialect_recognise(source->text);
    struct str text;

    if (dialect == NULL)
        return fail(scene);
    text = source->text;
    return read_back(scene, 0, dialect, &text, &path, 1, false);
}

static int print(struct scene *scene, size_t at, const struct dialect *dialect, bool unread)
{
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct str texts[DIALECT_OUTPUTS_MAX];
    const char *names[DIALECT_OUTPUTS_MAX];
    size_t n;

    if (!dialect->print(scene->policies[at], outputs, &n, &scene->diags))
        return fail(scene);
    for (size_t i = 0; i < n; i++) {
        texts[i] = str_dup(scene->arena, buf_str(&outputs[i].text));
        names[i] = str_cstr(scene->arena, str_printf(scene->arena, "%.*s.%.*s", STR_ARG(scene->policies[at]->firewall),
                                                     STR_ARG(outputs[i].suffix)));
        buf_free(&outputs[i].text);
    }
    return read_back(scene, at, dialect, texts, names, n, unread);
}

static int make_rulesets(struct scene *scene, const struct scene_wishes *wishes)
{
    const struct site *site = scene->plan->site;
    int status = 0;

    scene->policies = arena_new_array(scene->arena, struct policy *, site->firewall_n);
    scene->rulesets = arena_new_array(scene->arena, struct ruleset *, site->firewall_n);
    scene->texts = arena_new_array(scene->arena, struct stage_ruleset, site->firewall_n);
    for (size_t i = 0; i < site->firewall_n && status == 0; i++) {
        struct str name = wishes->dialect != NULL ? str_of(wishes->dialect) : site->firewalls[i].dialect;

        scene->policies[i] = plan_policy(scene->arena, scene->plan, &site->firewalls[i], SCENE_TODAY, &scene->diags);
        status = i == 0 && wishes->ruleset != NULL ? given(scene, wishes->ruleset)
                                                   : print(scene, i, dialect_find(name), wishes->unread);
    }
    return status;
}

int scene_open(struct scene *scene, const struct scene_wishes *wishes)
{
    int status = 1;
    int error;

    *scene = (struct scene){.arena = arena_new()};
    diags_init(&scene->diags, scene->arena);
    if (!read_site(scene, wishes->site))
        fail(scene);
    else
        status = make_rulesets(scene, wishes);
    if (status == 0) {
        struct cast_wishes cast = {.plan = scene->plan, .rulesets = (const struct ruleset *const *)scene->rulesets};
        struct stage_wishes stage = {.site = scene->plan->site};

        scene->cast = cast_make(scene->arena, &cast, &scene->diags);
        stage.cast = scene->cast;
        stage.rulesets = wishes->open ? NULL : scene->texts;
        error = stage_open(scene->arena, &stage, &scene->diags, &scene->stage);
        status = error < 0 ? skip(scene) : scene->diags.errors > 0 ? fail(scene) : 0;
    }
    if (status != 0)
        scene_close(scene);
    return status;
}

void scene_close(struct scene *scene)
{
    stage_close(scene->stage);
    arena_free(scene->arena);
    *scene = (struct scene){0};
}
