/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * builtin: the scenarios of builtin/, embedded. Constant; any thread.
 */
#include <string.h>

#include "base/str.h"
#include "node/scenario/scenario.h"

/* Made by tools/embed. */
extern const char scenario_uac[], scenario_uas[], scenario_register[], scenario_uac_media[],
    scenario_options_xml[], scenario_regexp[], scenario_branchc[], scenario_branchs[],
    scenario_3pcc_c_a[], scenario_3pcc_c_b[], scenario_3pcc_a[], scenario_3pcc_b[],
    scenario_uac_auth[], scenario_ooc_default[], scenario_ooc_dummy[], scenario_ooc_answer[];

static const struct {
    const char *name, *text;
} builtins[] = {
    {"uac", scenario_uac},
    {"uas", scenario_uas},
    {"register", scenario_register},
    {"options", scenario_options_xml},
    {"uac_media", scenario_uac_media},
    {"uac_pcap", scenario_uac_media}, /* SIPp's name for a caller with media */
    {"regexp", scenario_regexp},
    {"branchc", scenario_branchc},
    {"branchs", scenario_branchs},
    {"3pcc-C-A", scenario_3pcc_c_a},
    {"3pcc-C-B", scenario_3pcc_c_b},
    {"3pcc-A", scenario_3pcc_a},
    {"3pcc-B", scenario_3pcc_b},
    {"uac_auth", scenario_uac_auth}, /* ours */
    {"ooc_default", scenario_ooc_default},
    {"ooc_dummy", scenario_ooc_dummy},
    {"ooc_answer", scenario_ooc_answer}, /* ours */
};
enum { BUILTINS = sizeof(builtins) / sizeof(builtins[0]) };

const char *scenario_builtin_name(unsigned i)
{
    return i < BUILTINS ? builtins[i].name : NULL;
}

const char *scenario_builtin_nearest(const char *name)
{
    unsigned least = 0, best = 0;

    for (unsigned i = 0; i < BUILTINS; i++) {
        unsigned distance = str_edit_distance(name, builtins[i].name);

        if (i == 0 || distance < least) {
            least = distance;
            best = i;
        }
    }
    return builtins[best].name;
}

const char *scenario_builtin_text(const char *name, size_t *ret_size)
{
    for (unsigned i = 0; i < BUILTINS; i++) {
        if (strcmp(builtins[i].name, name) == 0) {
            *ret_size = strlen(builtins[i].text);
            return builtins[i].text;
        }
    }
    return NULL;
}
