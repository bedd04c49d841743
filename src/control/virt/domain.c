/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain: from started to ended. Thread rule in virt.h.
 */
#include "control/virt/domain.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/virt/domain_xml.h"
#include "control/virt/virt_private.h"

static int wrap(virDomainPtr domain, struct domain **ret, struct err *e)
{
    if (domain == NULL)
        return virt_fail(e);
    struct domain *d = calloc(1, sizeof *d);
    if (d == NULL) {
        virDomainFree(domain);
        return err_set(e, -ENOMEM, "libvirt: out of memory");
    }
    d->domain = domain;
    *ret = d;
    return 0;
}

int domain_start(struct virt *v, const char *xml, struct domain **ret, struct err *e)
{
    return wrap(virDomainCreateXML(v->connection, xml, VIR_DOMAIN_START_VALIDATE), ret, e);
}

int domain_find(struct virt *v, const char *name, struct domain **ret, struct err *e)
{
    return wrap(virDomainLookupByName(v->connection, name), ret, e);
}

void domain_free(struct domain *d)
{
    if (d == NULL)
        return;
    virDomainFree(d->domain);
    free(d);
}

/* Did it fail only because there is nothing to do any more? */
static int unless_gone(int r, struct err *e)
{
    if (r >= 0)
        return 0;
    int code = virGetLastErrorCode();
    return code == VIR_ERR_OPERATION_INVALID || code == VIR_ERR_NO_DOMAIN ? 0 : virt_fail(e);
}

int domain_destroy(struct domain *d, struct err *e)
{
    return unless_gone(virDomainDestroy(d->domain), e);
}

int domain_check_running(struct domain *d, struct err *e)
{
    int state = VIR_DOMAIN_NOSTATE;
    if (virDomainGetState(d->domain, &state, NULL, 0) < 0)
        return unless_gone(-EIO, e);
    return state == VIR_DOMAIN_RUNNING;
}

/* libvirt's own XML of a live channel: <target type='virtio' name='PORT' state='connected'/>. */
bool domain_has_port_open(struct domain *d, const char *port)
{
    char wanted[160];
    char *xml = virDomainGetXMLDesc(d->domain, 0);
    str_printf(wanted, sizeof wanted, "name='%s' state='connected'", port);
    bool open = xml != NULL && strstr(xml, wanted) != NULL;
    free(xml);
    return open;
}

int domain_get_mark(struct domain *d, char *buffer, size_t size, struct err *e)
{
    char *text =
        virDomainGetMetadata(d->domain, VIR_DOMAIN_METADATA_ELEMENT, DOMAIN_XML_NAMESPACE, 0);
    const char *from = text != NULL ? strchr(text, '>') : NULL;
    const char *to = from != NULL ? strchr(from, '<') : NULL;
    int r = 0;
    if (to == NULL)
        r = err_set(e, -ENOENT, "domain %s is not of vaperf", virDomainGetName(d->domain));
    else
        str_printf(buffer, size, "%.*s", (int)(to - from - 1), from + 1);
    free(text);
    return r;
}

int domain_each(struct virt *v, void (*each)(void *arg, const char *name, const char *mark),
                void *arg, struct err *e)
{
    virDomainPtr *all = NULL;
    int n = virConnectListAllDomains(v->connection, &all, 0);
    if (n < 0)
        return virt_fail(e);
    for (int i = 0; i < n; i++) {
        struct domain d = {.domain = all[i]};
        char mark[64];
        if (domain_get_mark(&d, mark, sizeof mark, NULL) < 0)
            mark[0] = '\0';
        each(arg, virDomainGetName(all[i]), mark);
        virDomainFree(all[i]);
    }
    free(all);
    return n;
}
