/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain_stats: libvirt's figures of a domain as JSON, with those that it asks of its QEMU
 * (query-stats: KVM's exits and halts). Thread rule in virt.h.
 */
#include <errno.h>

#include "control/virt/virt_private.h"

static json_t *value_of(const virTypedParameter *p)
{
    switch (p->type) {
    case VIR_TYPED_PARAM_INT:
        return json_integer(p->value.i);
    case VIR_TYPED_PARAM_UINT:
        return json_integer(p->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return json_integer(p->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return json_integer((json_int_t)p->value.ul);
    case VIR_TYPED_PARAM_DOUBLE:
        return json_real(p->value.d);
    case VIR_TYPED_PARAM_BOOLEAN:
        return json_boolean(p->value.b);
    default:
        return json_string(p->value.s);
    }
}

json_t *virt_record_to_json(const virDomainStatsRecord *record)
{
    json_t *all = json_object();
    for (int i = 0; i < record->nparams; i++)
        json_object_set_new(all, record->params[i].field, value_of(&record->params[i]));
    return all;
}

int domain_get_stats(struct domain *d, json_t **ret, struct err *e)
{
    virDomainPtr one[] = {d->domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    int n = virDomainListGetStats(one, 0, &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (n < 0)
        return virt_fail(e);
    if (n > 0)
        *ret = virt_record_to_json(records[0]);
    virDomainStatsRecordListFree(records);
    return n > 0 ? 0 : err_set(e, -ENOENT, "libvirt has no figures of the domain");
}
