/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load: what the parts of the loader share. Each returns 0, or a negative errno with the position
 * of the mistake in l->err. One thread.
 */
#ifndef VAPERF_NODE_SCENARIO_LOAD_H
#define VAPERF_NODE_SCENARIO_LOAD_H

#include "node/scenario/compiled.h"
#include "node/scenario/xml.h"

struct loader {
    struct scenario *s;
    const struct scenario_options *options; /* the caller's, with its lists */
    struct err *err;
    unsigned step_max, variable_max;
    struct label *labels;
    unsigned label_count, label_max;
    /* The attributes next and ontimeout of each step, until all labels are known. */
    const struct xml_attr **nexts, **ontimeouts;

    struct step *step; /* being read */
    int step_index;    /* -1 outside of any */
    bool is_hidden;    /* hiderest */
};

/* What is wrong at a place of the file. Returns -EINVAL. */
int load_fail(struct loader *l, int line, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int load_fail_at(struct loader *l, const struct xml_attr *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int load_fail_node(struct loader *l, const struct xml_node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The word of the NULL-ended list that is nearest to what was written. */
const char *load_nearest(const char *written, const char *const *words);

/* Every attribute is in one of the two lists (the second may be NULL). */
int load_check_attrs(struct loader *l, const struct xml_node *n, const char *const *words,
                     const char *const *more);
/* Attributes as values; absent ones leave *ret alone. */
int load_bool(struct loader *l, const struct xml_node *n, const char *name, bool *ret);
int load_flag(struct loader *l, const struct xml_node *n, const char *name, unsigned flag,
              unsigned *flags);
int load_double(struct loader *l, const struct xml_node *n, const char *name, double *ret);
int load_ms(struct loader *l, const struct xml_node *n, const char *name, uint64_t *ret_ns);
/* A regular expression (POSIX, extended), freed with the scenario. */
int load_regex(struct loader *l, const struct xml_attr *a, const char *text, int cflags,
               regex_t **ret);

/* The number of a variable, made when it is new; counts a use. A leading '$' is no part of it. */
int load_variable(struct loader *l, const char *name, size_t size, int line, int column);
int load_variable_attr(struct loader *l, const struct xml_node *n, const char *name, int *ret);
int load_targets(struct loader *l, const struct xml_node *n, const char *name, struct action *a);

/* load_template.c: a text with keywords. */
enum load_text_kind { LOAD_PLAIN, LOAD_MESSAGE, LOAD_COMMAND };
int load_template(struct loader *l, const char *text, size_t size, int line, int column,
                  enum load_text_kind kind, struct template **ret);
int load_template_attr(struct loader *l, const struct xml_attr *a, struct template **ret);
/* load_keyword.c: [words] of `size` bytes without the brackets, as one piece. */
int load_keyword(struct loader *l, const char *words, size_t size, int line, int column,
                 struct piece *ret);
/* load_params.c: the words between the quotes or up to the next blank; moves *p behind them. */
int load_keyword_param(const char **p, const char *end, const char **ret_name,
                       size_t *ret_name_size, const char **ret_value, size_t *ret_value_size);

/* load_step.c, load_pause.c, load_action.c, load_exec.c */
int load_step(struct loader *l, const struct xml_node *n);
int load_pause(struct loader *l, const struct xml_node *n, struct step *step);
int load_distribution(struct loader *l, const struct xml_node *n, struct distribution *ret);
int load_actions(struct loader *l, const struct xml_node *n, struct step *step);
int load_exec(struct loader *l, const struct xml_node *n, struct action *a);
extern const char *const load_pause_words[];

/* load_declare.c: elements that are no steps; load_check.c: what only the whole shows. */
int load_declarations(struct loader *l, const struct xml_node *root);
int load_declaration(struct loader *l, const struct xml_node *n);
int load_check(struct loader *l);
/* Numbers of names, made when they are new. */
unsigned load_name(struct loader *l, const char ***names, unsigned *count, const char *name);

#endif
