/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_keyword: what the words alone (load_keyword.c) and those with parameters (load_params.c)
 * share. Each returns 0, or a negative errno with the position in l->err. Only for these two.
 */
#ifndef VAPERF_NODE_SCENARIO_LOAD_KEYWORD_H
#define VAPERF_NODE_SCENARIO_LOAD_KEYWORD_H

#include "node/scenario/load.h"

struct keyword {
    const char *name, *rest, *end; /* the name ends where the rest begins */
    size_t size;
    int line, column;
};

/* A piece that is text; a copy, the scenario's. */
int load_text_piece(struct loader *l, struct piece *ret, const char *text, size_t size);

int load_field_word(struct loader *l, const struct keyword *k, struct piece *ret);
int load_file_word(struct loader *l, const struct keyword *k, struct piece *ret);
int load_fill_word(struct loader *l, const struct keyword *k, struct piece *ret);
int load_auth_word(struct loader *l, const struct keyword *k, struct piece *ret);

#endif
