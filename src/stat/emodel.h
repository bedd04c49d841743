/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emodel: the E-model of ITU-T G.107 (narrow band): from loss and delay to the rating factor R
 * (0..100) and an estimated mean opinion score (1..4.5). Pure; any thread.
 *
 * Reports say which delays were given: with T = Ta and Tr = 2 Ta (emodel_set_delay) echo is
 * judged too; with Ta alone (T = Tr = 0) only the delay itself, up to 7 R points more.
 */
#ifndef VAPERF_STAT_EMODEL_H
#define VAPERF_STAT_EMODEL_H

#include <stdbool.h>

/* G.107 Table 2, in its order. dB unless said; LSTR follows from STMR + Dr. */
struct emodel_params {
    double slr, rlr;     /* send and receive loudness rating */
    double stmr;         /* sidetone masking rating */
    double ds, dr;       /* D-value of the telephone, send and receive side */
    double telr;         /* talker echo loudness rating */
    double wepl;         /* weighted echo path loss */
    double t_ms;         /* mean one-way delay of the echo path */
    double tr_ms;        /* round-trip delay in a 4-wire loop */
    double ta_ms;        /* absolute one-way delay in echo-free connections */
    double qdu;          /* quantization distortion units */
    double ie;           /* equipment impairment factor of the codec */
    double bpl;          /* packet-loss robustness factor */
    double ppl_pct;      /* packet loss, percent, with what the jitter buffer discards */
    double burst_r;      /* burst ratio, 1: loss is random */
    double nc_dbm0p;     /* circuit noise referred to the 0 dBr point */
    double nfor_dbmp;    /* noise floor at the receive side */
    double ps_db, pr_db; /* room noise at the send and receive side, dB(A) */
    double a;         /* advantage factor: 0 wired, 5 in a building, 10 in a vehicle, 20 far off */
    double st, mt_ms; /* delay sensitivity class: default 1 and 100 ms */
};

/* The parts of R. */
struct emodel_rating {
    double ro, is, id, ie_eff;
    double r;   /* clamped to 0..100 */
    double mos; /* estimated conversational quality, MOS-CQE */
};

void emodel_defaults(struct emodel_params *p);
/* T = Ta = one_way_ms, Tr = 2 Ta: the echo goes the way the voice goes. */
void emodel_set_delay(struct emodel_params *p, double one_way_ms);
void emodel_rate(struct emodel_rating *ret, const struct emodel_params *p);
double emodel_r(const struct emodel_params *p);
double emodel_mos(double r);
/* Effective equipment impairment: codec and loss. */
double emodel_ie_eff(const struct emodel_params *p);
/* "very satisfied" ... of G.107 Annex B. */
const char *emodel_band(double r);

/* Burst ratio of a 2-state Markov chain: p good to lost, q lost to good. */
double emodel_burst_ratio_markov(double p, double q);
/* Mean observed length of a loss burst over that under random loss of the same ratio. */
double emodel_burst_ratio(double mean_burst, double ppl_pct);

struct emodel_codec {
    const char *name, *text;
    double ie;
    double bpl;       /* NAN: none is published, so no R with loss can be given */
    bool provisional; /* the value is not from the standard's table */
    const char *source;
};
/* Ended by a NULL name. */
extern const struct emodel_codec emodel_codecs[];
const struct emodel_codec *emodel_codec_find(const char *name); /* NULL if none */
/* Ie and Bpl of the codec. -ENODATA where there is loss and no Bpl. */
int emodel_set_codec(struct emodel_params *p, const struct emodel_codec *codec);

#endif
