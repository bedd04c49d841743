/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * commands: the table of commands, in the order of the help. Constant.
 */
#include "node/cli/command.h"

#include <string.h>

const struct command *const command_table[] = {
    &cmd_load,  &cmd_sip,      &cmd_appliance, &cmd_bench,  &cmd_clock, &cmd_far,
    &cmd_probe, &cmd_describe, &cmd_facts,     &cmd_serve,  &cmd_hold,  &cmd_rooted,
    &cmd_agent, &cmd_guest,    &cmd_bridge,    &cmd_manual, NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; command_table[i] != NULL; i++)
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    return NULL;
}

json_t *command_list_to_json(void)
{
    json_t *list = json_array();
    for (size_t i = 0; command_table[i] != NULL; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", command_table[i]->name,
                                              "summary", command_table[i]->summary));
    return list;
}
