/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * action_text: the actions that search and change texts. Thread rule: the call's.
 */
#ifndef VAPERF_NODE_SCENARIO_ACTION_TEXT_H
#define VAPERF_NODE_SCENARIO_ACTION_TEXT_H

#include "node/scenario/call_state.h"

enum action_result action_run_text(struct call *c, const struct action *a);
/* check_it and check_it_inverse: ends the call when the outcome is the wrong one. */
enum action_result action_check(struct call *c, const struct action *a, bool is_true,
                                enum call_cause when_false, enum call_cause when_true);

#endif
