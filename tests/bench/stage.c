/*
 * A site on the stage and off it again: what `make bench` measures from the start of this process to its end.
 *
 *     stage SITE
 *
 * The firewalls run what `render` prints for them. Exit status: 0, 1 with what is wrong, 77 with the reason.
 */
#include "scene.h"

int main(int argc, char **argv)
{
    struct scene scene;
    struct scene_wishes wishes = {.site = argc > 1 ? argv[1] : "-", .unread = true};
    int status = scene_open(&scene, &wishes);

    if (status == 0)
        scene_close(&scene);
    return status;
}
