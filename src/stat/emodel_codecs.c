/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emodel_codecs: equipment impairment (Ie) and packet-loss robustness (Bpl) of codecs, as
 * published.
 */
#include "stat/emodel.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static const char g113[] = "ITU-T G.113 Appendix I";
static const char g113_loss[] = "ITU-T G.113 Appendix I, Table I.3";

const struct emodel_codec emodel_codecs[] = {
    {"g711", "G.711 64 kbit/s without concealment", 0, 4.3, false, g113_loss},
    {"g711-plc", "G.711 64 kbit/s with concealment", 0, 25.1, false, g113_loss},
    {"g726-32", "G.726 32 kbit/s", 7, NAN, false, g113},
    {"g728", "G.728 16 kbit/s", 7, 17.0, false, g113},
    {"g729", "G.729 8 kbit/s", 10, 19.0, false, g113},
    {"g729a-vad", "G.729A 8 kbit/s with VAD", 11, 19.0, false, g113},
    {"g723.1-6.3", "G.723.1 6.3 kbit/s with VAD", 15, 16.1, false, g113},
    {"g723.1-5.3", "G.723.1 5.3 kbit/s", 19, NAN, false, g113},
    {"gsm-fr", "GSM full rate 13 kbit/s", 20, NAN, false, g113},
    {"gsm-efr", "GSM enhanced full rate 12.2 kbit/s", 5, 10.0, false, g113},
    {"ilbc", "iLBC", 11, 32, true, "provisional: not in the first table of G.113 Appendix I"},
    {NULL, NULL, 0, 0, false, NULL},
};

const struct emodel_codec *emodel_codec_find(const char *name)
{
    for (const struct emodel_codec *c = emodel_codecs; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int emodel_set_codec(struct emodel_params *p, const struct emodel_codec *codec)
{
    if (isnan(codec->bpl) && p->ppl_pct > 0)
        return -ENODATA;
    p->ie = codec->ie;
    p->bpl = codec->bpl;
    return 0;
}
