/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * screen: drawing with ncurses. No colours: what stands out is bold or reversed, on every terminal.
 * Thread rule in screen.h.
 */
#include "control/top/screen.h"

#include <errno.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/str.h"

enum { NAME_WIDTH = 20, STATE_WIDTH = 9, FIRST_COLUMN = NAME_WIDTH + 1 + STATE_WIDTH };

struct top_screen {
    SCREEN *terminal;
};

int top_screen_open(struct top_screen **ret, struct err *e)
{
    const char *name = getenv("TERM");
    struct top_screen *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, -ENOMEM, "top: out of memory");
    setlocale(LC_CTYPE, ""); /* names of guests may be of any script */
    s->terminal = newterm(NULL, stdout, stdin);
    if (s->terminal == NULL) {
        free(s);
        return err_set(e, -ENOTSUP,
                       "the terminal (TERM=%s) is not known here: --csv and --json "
                       "need none",
                       name != NULL ? name : "");
    }
    cbreak();
    noecho();
    nonl();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    *ret = s;
    return 0;
}

void top_screen_close(struct top_screen *s)
{
    if (s == NULL)
        return;
    endwin();
    delscreen(s->terminal);
    free(s);
}

int top_screen_key(struct top_screen *s)
{
    static const int keys[][2] = {
        {KEY_LEFT, TOP_KEY_LEFT}, {KEY_RIGHT, TOP_KEY_RIGHT},   {KEY_UP, TOP_KEY_UP},
        {KEY_DOWN, TOP_KEY_DOWN}, {KEY_PPAGE, TOP_KEY_PAGE_UP}, {KEY_NPAGE, TOP_KEY_PAGE_DOWN},
        {KEY_HOME, TOP_KEY_HOME}, {KEY_END, TOP_KEY_END},       {KEY_F(1), '?'},
    };
    (void)s;
    int key;
    do
        key = getch();
    while (key == KEY_RESIZE); /* our own doing */
    if (key == ERR)
        return TOP_KEY_NONE;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i][0] == key)
            return keys[i][1];
    return key < 0x80 ? key : TOP_KEY_OTHER;
}

void top_screen_resize(struct top_screen *s)
{
    struct winsize size;
    (void)s;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    clearok(stdscr, TRUE);
}

/* How many bytes of the text fit into `width` columns of the terminal. */
static int bytes_that_fit(const char *text, int width)
{
    mbstate_t state = {0};
    int used = 0;
    while (text[used] != '\0') {
        wchar_t c;
        const size_t n = mbrtowc(&c, text + used, strlen(text + used), &state);
        const int columns = n < (size_t)-2 ? wcwidth(c) : 1;
        width -= columns > 0 ? columns : 1;
        if (width < 0)
            break;
        used += n < (size_t)-2 ? (int)n : 1;
    }
    return used;
}

static void put_text(int y, int x, int width, const char *text)
{
    if (y < LINES && x < COLS && width > 0)
        mvaddnstr(y, x, text, bytes_that_fit(text, width < COLS - x ? width : COLS - x));
}

static void put_right(int y, int x, int width, const char *text)
{
    const int length = (int)strlen(text);
    put_text(y, x + (length < width ? width - length : 0), width, text);
}

/* How many columns fit behind guest and state. */
static size_t columns_that_fit(size_t first)
{
    int x = FIRST_COLUMN;
    size_t n = 0;
    while (first + n < TOP_COLUMN_COUNT && x + 1 + top_columns[first + n].width <= COLS) {
        x += 1 + top_columns[first + n].width;
        n++;
    }
    return n;
}

static void draw_heading(int y, const struct top_ui *ui, size_t first, size_t fit)
{
    int x = FIRST_COLUMN;
    attron(A_REVERSE);
    mvhline(y, 0, ' ', COLS);
    attr_t mark = ui->sort == TOP_SORT_NAME ? A_BOLD | A_UNDERLINE : A_NORMAL;
    attron(mark);
    put_text(y, 0, NAME_WIDTH, "GUEST");
    attroff(mark);
    put_text(y, NAME_WIDTH + 1, STATE_WIDTH, "STATE");
    for (size_t i = first; i < first + fit; i++) {
        mark = ui->sort == i + 1 ? A_BOLD | A_UNDERLINE : A_NORMAL;
        attron(mark);
        put_right(y, x + 1, top_columns[i].width, top_columns[i].heading);
        attroff(mark);
        x += 1 + top_columns[i].width;
    }
    attroff(A_REVERSE);
}

static void draw_row(int y, const struct top_row *row, size_t first, size_t fit)
{
    char text[TOP_TEXT_MAX], vcpu[24];
    int x = FIRST_COLUMN;
    str_printf(vcpu, sizeof vcpu, "  vcpu %u", row->vcpu);
    put_text(y, 0, NAME_WIDTH, row->is_vcpu ? vcpu : row->name);
    put_text(y, NAME_WIDTH + 1, STATE_WIDTH, row->state != NULL ? row->state : "-");
    for (size_t i = first; i < first + fit; i++) {
        put_right(y, x + 1, top_columns[i].width,
                  top_format(top_columns[i].form, row->values[i], text));
        x += 1 + top_columns[i].width;
    }
}

static size_t count_rows(const struct top_view *v, enum top_rows rows)
{
    size_t n = v->guest_count;
    for (size_t i = 0; rows == TOP_GUESTS_AND_VCPUS && i < v->guest_count; i++)
        n += v->guests[i].vcpu_count;
    return n;
}

/* From row `ui->scroll` on, between the lines `y` and `end`. */
static void draw_rows(int y, int end, struct top_ui *ui, const struct top_view *v, size_t first,
                      size_t fit)
{
    size_t at = 0;
    const int top = y;
    top_ui_fit(ui, count_rows(v, ui->rows), end > top ? (size_t)(end - top) : 0);
    for (size_t i = 0; i < v->guest_count && y < end; i++) {
        const struct top_row *guest = &v->guests[i];
        const size_t vcpus = ui->rows == TOP_GUESTS_AND_VCPUS ? guest->vcpu_count : 0;
        for (size_t n = 0; n <= vcpus && y < end; n++)
            if (at++ >= ui->scroll)
                draw_row(y++, n == 0 ? guest : &guest->vcpus[n - 1], first, fit);
    }
    if (v->guest_count == 0)
        put_text(top, 0, COLS, "no guest runs here");
}

/* Returns the line behind them. The CPUs of a large host get a quarter of the window. */
static int draw_head(const struct top_view *v, const struct top_source *source)
{
    char line[BATCH_LINE_MAX];
    size_t next = 0;
    int y = 0;
    batch_line_host(line, v, source);
    put_text(y++, 0, COLS, line);
    do {
        batch_line_cpus(line, v, (size_t)COLS, &next);
        put_text(y++, 0, COLS, line);
    } while (next < v->cpu_count && y < 1 + LINES / 4);
    if (next < v->cpu_count) {
        str_printf(line, sizeof line, "(%zu more CPUs: --json has all)", v->cpu_count - next);
        put_text(y++, 0, COLS, line);
    }
    batch_line_cost(line, v);
    put_text(y++, 0, COLS, line);
    return y;
}

static void draw_foot(const struct top_ui *ui, bool more)
{
    char line[BATCH_LINE_MAX], interval[40];
    str_printf(line, sizeof line, "by %s%s  every %s%s%s  ? help  q quit", top_sort_words[ui->sort],
               ui->order == TOP_SMALLEST_FIRST ? " (reversed)" : "",
               str_format_duration(ui->interval_ns, interval, sizeof interval),
               ui->paused ? "  PAUSED" : "", more ? "  more columns: > <" : "");
    attron(A_BOLD);
    put_text(LINES - 1, 0, COLS, line);
    attroff(A_BOLD);
}

static void draw_view(struct top_ui *ui, const struct top_view *v, const struct top_source *source)
{
    char line[BATCH_LINE_MAX];
    int y = draw_head(v, source);
    const bool missing = batch_line_missing(line, v, source);
    const size_t first = top_ui_first_column(ui, columns_that_fit(0));
    const size_t fit = columns_that_fit(first);
    draw_heading(y++, ui, first, fit);
    draw_rows(y, LINES - 1 - (missing ? 1 : 0), ui, v, first, fit);
    if (missing)
        put_text(LINES - 2, 0, COLS, line);
    draw_foot(ui, fit < TOP_COLUMN_COUNT);
}

static void draw_help(void)
{
    static const char *const keys[] = {
        "q        quit",
        "p, space stop and go on",
        "v        a row for each VCPU, or not",
        "s S > <  sort by the next, the previous column (also the arrows)",
        "r        the other way round",
        "+ -      longer, shorter interval",
        "arrows, page up and down, home, end: more rows",
        "a        sort by the guest's name; and by",
    };
    char line[BATCH_LINE_MAX];
    int y = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put_text(y++, 0, COLS, keys[i]);
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++) {
        str_printf(line, sizeof line, "%c %-6s  %s", top_columns[i].key, top_columns[i].heading,
                   top_columns[i].about);
        put_text(y++, 0, COLS, line);
    }
    put_text(LINES - 1, 0, COLS, "any key: back");
}

void top_screen_draw(struct top_screen *s, struct top_ui *ui, const struct top_view *view,
                     const struct top_source *source)
{
    (void)s;
    erase();
    if (ui->help) {
        draw_help();
    } else if (view != NULL) {
        draw_view(ui, view, source);
    } else {
        put_text(0, 0, COLS, source->uri);
        put_text(1, 0, COLS, "rates need a second reading, after one interval");
        draw_foot(ui, false);
    }
    refresh();
}
