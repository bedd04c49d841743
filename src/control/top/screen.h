/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * screen: the terminal, and the only home of ncurses. One thread; one screen a process.
 */
#ifndef VAPERF_CONTROL_TOP_SCREEN_H
#define VAPERF_CONTROL_TOP_SCREEN_H

#include "control/top/ui.h"

struct top_screen;

/* Takes the terminal of stdin and stdout; -ENOTSUP when it is not known. */
int top_screen_open(struct top_screen **ret, struct err *e);
void top_screen_close(struct top_screen *s); /* gives it back as it was; NULL is fine */

/* A character, an enum top_key, TOP_KEY_NONE when there is none. Does not wait. */
int top_screen_key(struct top_screen *s);
/* The window has another size. */
void top_screen_resize(struct top_screen *s);
/* view: NULL while there are no rates yet. */
void top_screen_draw(struct top_screen *s, struct top_ui *ui, const struct top_view *view,
                     const struct top_source *source);

#endif
