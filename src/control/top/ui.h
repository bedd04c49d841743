/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ui: what the live view was told by keys. Pure: it knows no terminal. One thread.
 */
#ifndef VAPERF_CONTROL_TOP_UI_H
#define VAPERF_CONTROL_TOP_UI_H

#include "control/top/batch.h"

/* Keys that are no characters. */
enum top_key {
    TOP_KEY_NONE = 0x1000,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_UP,
    TOP_KEY_DOWN,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
    TOP_KEY_END,
    TOP_KEY_OTHER
};

struct top_ui {
    unsigned sort; /* as of top_view_sort */
    enum top_order order;
    enum top_rows rows;
    bool paused, help, quit;
    uint64_t interval_ns;
    size_t scroll;  /* rows above the screen */
    size_t visible; /* rows that fit on it */
};

/* Any other key ends the help. Unknown keys do nothing. */
void top_ui_key(struct top_ui *ui, int key);
/* Keeps the scrolling within `rows`. */
void top_ui_fit(struct top_ui *ui, size_t rows, size_t visible);
/* The first column to show so that the one sorted by is among the `fit` that fit. */
size_t top_ui_first_column(const struct top_ui *ui, size_t fit);

#endif
