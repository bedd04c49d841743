/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * columns: the table, and numbers for people.
 */
#include "control/top/columns.h"

#include <math.h>

#include "base/str.h"

#define PCT 100.0
#define PER_S 1e9
#define BITS_PER_S 8e9

const struct top_column top_columns[TOP_COLUMN_COUNT] = {
    {"vcpus", "vcpus", "VCPU", "virtual CPUs", 'n', 5, TOP_FORM_PLAIN, TOP_RAW_VCPUS, 0},
    {"cpu_pct", "cpu", "CPU%", "CPU time in % of one physical CPU", 'c', 6, TOP_FORM_PCT,
     TOP_RAW_CPU_NS, PCT},
    {"run_queue_wait_pct", "wait", "WAIT%",
     "VCPUs that wanted a CPU and had to wait, in % of one: the guest's steal", 'w', 6,
     TOP_FORM_PCT, TOP_RAW_WAIT_NS, PCT},
    {"user_pct", "user", "USER%", "of CPU%, outside the host's kernel: guest and QEMU", 'u', 6,
     TOP_FORM_PCT, TOP_RAW_USER_NS, PCT},
    {"system_pct", "system", "SYS%", "of CPU%, in the host's kernel", 'y', 6, TOP_FORM_PCT,
     TOP_RAW_SYSTEM_NS, PCT},
    {"memory_bytes", "memory", "MEM", "memory the guest was given", 'm', 6, TOP_FORM_BYTES,
     TOP_RAW_MEMORY, 0},
    {"resident_bytes", "resident", "RES", "memory of the host that it holds", 'e', 6,
     TOP_FORM_BYTES, TOP_RAW_RESIDENT, 0},
    {"rx_packets_per_s", "rx-packets", "RXPKT", "packets/s into the guest", 'i', 6, TOP_FORM_METRIC,
     TOP_RAW_RX_PACKETS, PER_S},
    {"tx_packets_per_s", "tx-packets", "TXPKT", "packets/s out of the guest", 'o', 6,
     TOP_FORM_METRIC, TOP_RAW_TX_PACKETS, PER_S},
    {"rx_bits_per_s", "rx-bits", "RXBIT", "bit/s into the guest", 'I', 6, TOP_FORM_METRIC,
     TOP_RAW_RX_BYTES, BITS_PER_S},
    {"tx_bits_per_s", "tx-bits", "TXBIT", "bit/s out of the guest", 'O', 6, TOP_FORM_METRIC,
     TOP_RAW_TX_BYTES, BITS_PER_S},
    {"drops_per_s", "drops", "DROP", "packets/s dropped, both ways", 'd', 6, TOP_FORM_METRIC,
     TOP_RAW_DROPS, PER_S},
    {"disk_requests_per_s", "disk", "DISK", "reads, writes and flushes/s of all disks", 'b', 6,
     TOP_FORM_METRIC, TOP_RAW_DISK_REQUESTS, PER_S},
    {"exits_per_s", "exits", "EXIT", "exits/s to the hypervisor, as KVM counts", 'x', 6,
     TOP_FORM_METRIC, TOP_RAW_EXITS, PER_S},
    {"halts_per_s", "halts", "HALT", "of them, VCPUs that had nothing to do", 't', 6,
     TOP_FORM_METRIC, TOP_RAW_HALTS, PER_S},
};

const char *const top_sort_words[] = {"name",    "vcpus",   "cpu",      "wait",       "user",
                                      "system",  "memory",  "resident", "rx-packets", "tx-packets",
                                      "rx-bits", "tx-bits", "drops",    "disk",       "exits",
                                      "halts",   NULL};

/* Three digits and a letter when it would be more than four digits. */
static void format_scaled(double value, double step, const char *letters, char *buffer)
{
    size_t power = 0;
    while (fabs(value) >= (power == 0 ? 9999.5 : 999.5) && letters[power + 1] != '\0') {
        value /= step;
        power++;
    }
    if (power == 0)
        str_printf(buffer, TOP_TEXT_MAX, "%.0f", value);
    else
        str_printf(buffer, TOP_TEXT_MAX, "%.*f%c", fabs(value) < 99.95 ? 1 : 0, value,
                   letters[power]);
}

const char *top_format(enum top_form form, double value, char buffer[TOP_TEXT_MAX])
{
    if (isnan(value))
        str_printf(buffer, TOP_TEXT_MAX, "-");
    else if (form == TOP_FORM_PLAIN)
        str_printf(buffer, TOP_TEXT_MAX, "%.0f", value);
    else if (form == TOP_FORM_PCT)
        str_printf(buffer, TOP_TEXT_MAX, "%.*f", value < 999.95 ? 1 : 0, value);
    else if (form == TOP_FORM_BYTES)
        format_scaled(value, 1024, " KMGTP", buffer);
    else
        format_scaled(value, 1000, " kMGTP", buffer);
    return buffer;
}
