/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ui: keys to wishes. Pure.
 */
#include "control/top/ui.h"

#include "base/clock.h"

static const uint64_t intervals_ns[] = {
    100 * NS_PER_MS, 200 * NS_PER_MS, 500 * NS_PER_MS, NS_PER_S,      2 * NS_PER_S,
    5 * NS_PER_S,    10 * NS_PER_S,   30 * NS_PER_S,   60 * NS_PER_S,
};
enum { INTERVALS = sizeof intervals_ns / sizeof intervals_ns[0] };

static void sort_by(struct top_ui *ui, unsigned sort)
{
    ui->sort = sort % TOP_SORT_COUNT;
    ui->order = TOP_LARGEST_FIRST;
}

static void longer(struct top_ui *ui)
{
    for (size_t i = 0; i < INTERVALS; i++) {
        if (intervals_ns[i] > ui->interval_ns) {
            ui->interval_ns = intervals_ns[i];
            return;
        }
    }
}

static void shorter(struct top_ui *ui)
{
    for (size_t i = INTERVALS; i-- > 0;) {
        if (intervals_ns[i] < ui->interval_ns) {
            ui->interval_ns = intervals_ns[i];
            return;
        }
    }
}

static void scroll_up(struct top_ui *ui, size_t rows)
{
    ui->scroll = ui->scroll > rows ? ui->scroll - rows : 0;
}

static void column_key(struct top_ui *ui, int key)
{
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++)
        if (top_columns[i].key == key)
            sort_by(ui, i + 1);
}

static void scroll_key(struct top_ui *ui, int key)
{
    switch (key) {
    case TOP_KEY_UP:
        scroll_up(ui, 1);
        break;
    case TOP_KEY_DOWN:
        ui->scroll++;
        break;
    case TOP_KEY_PAGE_UP:
        scroll_up(ui, ui->visible);
        break;
    case TOP_KEY_PAGE_DOWN:
        ui->scroll += ui->visible;
        break;
    case TOP_KEY_HOME:
        ui->scroll = 0;
        break;
    case TOP_KEY_END:
        ui->scroll = SIZE_MAX / 2;
        break;
    default:
        column_key(ui, key);
    }
}

static void wish_key(struct top_ui *ui, int key)
{
    switch (key) {
    case 'p':
    case ' ':
        ui->paused = !ui->paused;
        break;
    case 'v':
        ui->rows = ui->rows == TOP_GUESTS ? TOP_GUESTS_AND_VCPUS : TOP_GUESTS;
        break;
    case 's':
    case '>':
    case TOP_KEY_RIGHT:
        sort_by(ui, ui->sort + 1);
        break;
    case 'S':
    case '<':
    case TOP_KEY_LEFT:
        sort_by(ui, ui->sort + TOP_SORT_COUNT - 1);
        break;
    case 'a':
        sort_by(ui, TOP_SORT_NAME);
        break;
    case 'r':
        ui->order = ui->order == TOP_LARGEST_FIRST ? TOP_SMALLEST_FIRST : TOP_LARGEST_FIRST;
        break;
    case '+':
    case '=':
        longer(ui);
        break;
    case '-':
        shorter(ui);
        break;
    default:
        scroll_key(ui, key);
    }
}

void top_ui_key(struct top_ui *ui, int key)
{
    if (key == 'q')
        ui->quit = true;
    else if (ui->help)
        ui->help = key == TOP_KEY_NONE;
    else if (key == '?' || key == 'h')
        ui->help = true;
    else if (key != TOP_KEY_NONE)
        wish_key(ui, key);
}

void top_ui_fit(struct top_ui *ui, size_t rows, size_t visible)
{
    const size_t most = rows > visible ? rows - visible : 0;
    ui->visible = visible;
    ui->scroll = ui->scroll < most ? ui->scroll : most;
}

size_t top_ui_first_column(const struct top_ui *ui, size_t fit)
{
    return ui->sort > fit && fit > 0 ? ui->sort - fit : 0;
}
