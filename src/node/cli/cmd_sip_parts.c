/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_parts: what a run of SIPp's mode may have beside its scenario: one for calls that come,
 * one for requests of no call, twins of third party call control, media. One thread.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/cli/cmd_sip.h"

#define JITTER_BUFFER_NS (60 * NS_PER_MS)
#define LINGER_NS (500 * NS_PER_MS)

int cmd_sip_load(const char *file, const char *builtin, const struct scenario_options *o,
                 struct scenario **ret, struct err *e)
{
    size_t size;
    if (file != NULL) {
        if (access(file, R_OK) < 0)
            return err_set(e, -errno, "scenario %.100s: %s", file, strerror(errno));
        return scenario_load(file, o, ret, e);
    }
    if (scenario_builtin_text(builtin, &size) == NULL)
        return err_set(
            e, -EINVAL,
            "scenario %.60s: no built-in one has that name; the nearest is %s (-h lists them)",
            builtin, scenario_builtin_nearest(builtin));
    return scenario_load(builtin, o, ret, e);
}

/* Another scenario, which answers. */
static int add_part(struct sip_run *r, const char *option, struct scenario *s, enum calls_use use,
                    struct err *e)
{
    if (scenario_role(s) != SCENARIO_SERVER)
        return err_set(e, -EINVAL, "%s: scenario %.80s does not begin with a recv", option,
                       scenario_name(s));
    r->parts[r->part_count++] = (struct calls_part){.scenario = s, .use = use};
    return 0;
}

/* -rxsf, -rxsn */
static int add_receiver(struct sip_run *r, const struct scenario_options *so, struct err *e)
{
    const struct sipp_options *o = &r->options;
    if (o->receiver_file == NULL && o->receiver_builtin == NULL)
        return 0;
    if (scenario_role(r->scenario) != SCENARIO_CLIENT)
        return err_set(e, -EINVAL, "-rxsf: scenario %.80s answers the calls that come itself",
                       scenario_name(r->scenario));
    const int result = cmd_sip_load(o->receiver_file, o->receiver_builtin, so, &r->receiver, e);
    return result < 0 ? result : add_part(r, "-rxsf", r->receiver, CALLS_ANSWERS, e);
}

/* -oocsf, -oocsn */
static int add_outside(struct sip_run *r, const struct scenario_options *so, struct err *e)
{
    const struct sipp_options *o = &r->options;
    if (o->outside_file == NULL && o->outside_builtin == NULL)
        return 0;
    const int result = cmd_sip_load(o->outside_file, o->outside_builtin, so, &r->outside, e);
    return result < 0 ? result : add_part(r, "-oocsf", r->outside, CALLS_STRAYS, e);
}

static int add_scenarios(struct sip_run *r, const struct scenario_options *so,
                         struct calls_options *c, struct err *e)
{
    r->parts[0] = (struct calls_part){.scenario = r->scenario, .weight = 1};
    r->part_count = 1;
    int result = add_receiver(r, so, e);
    if (result == 0)
        result = add_outside(r, so, e);
    if (r->part_count > 1) {
        c->parts = r->parts;
        c->part_count = r->part_count;
    }
    return result;
}

/* Who sends the first command connects to the other. */
static bool sends_first(const struct scenario *s)
{
    struct scenario_step_info step;
    for (unsigned i = 0; i < scenario_step_count(s); i++) {
        scenario_get_step(s, i, &step);
        if (step.kind == SCENARIO_SEND_CMD || step.kind == SCENARIO_RECV_CMD)
            return step.kind == SCENARIO_SEND_CMD;
    }
    return false;
}

static int add_twin(struct sip_run *r, struct calls_options *c, struct err *e)
{
    const struct sipp_options *o = &r->options;
    int result = 0;
    if (o->twin == NULL && o->slave_file == NULL)
        return 0;
    if (!scenario_has_twin(r->scenario))
        return err_set(e, -EINVAL, "scenario %.80s has no sendCmd or recvCmd for %s",
                       scenario_name(r->scenario), o->twin != NULL ? "-3pcc" : "-slave_cfg");
    r->twin.connects = sends_first(r->scenario);
    if (o->slave_file != NULL) {
        r->twin.name = o->master != NULL ? o->master : o->slave;
        result = twin_read_peers(&r->twin, o->slave_file, e);
    } else if (addr_parse(&r->twin.address, o->twin) < 0 || addr_port(&r->twin.address) == 0) {
        result = err_set(e, -EINVAL, "-3pcc %.60s: ADDRESS:PORT is wanted", o->twin);
    }
    c->twin = &r->twin;
    return result;
}

/* Which call, and what was wrong with it. */
static void note_check(void *context, const struct callmedia_verdict *v)
{
    struct sip_run *r = context;
    if (!v->failed && !r->options.notes_checks)
        return;
    const char *medium = v->is_video ? "video" : "audio";
    const uint32_t missing = v->sent > v->right + v->wrong ? v->sent - v->right - v->wrong : 0;
    cmd_sip_notes_say(r,
                      "call %llu: RTP check of %s %s: of %u packets sent %u came back right, %u "
                      "wrong, %u not (-%stolerance %g)",
                      (unsigned long long)v->call, medium, v->failed ? "failed" : "passed", v->sent,
                      v->right, v->wrong, missing, medium, v->tolerance);
}

uint64_t cmd_sip_failed_checks(const struct sip_run *r)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->shard_count; i++)
        if (r->shards[i].media != NULL)
            sum +=
                atomic_load(&callmedia_get_figures(r->shards[i].media)->count[MEDIA_CHECK_FAILED]);
    return sum;
}

static int add_media(struct sip_run *r, struct err *e)
{
    const struct sipp_options *o = &r->options;
    const struct scenario *all[sizeof r->parts / sizeof r->parts[0]];
    for (uint32_t i = 0; i < r->part_count; i++) {
        all[i] = r->parts[i].scenario;
        if (o->has_rtp_echo && scenario_has_media(all[i]))
            return err_set(e, -EINVAL,
                           "-rtp_echo: scenario %.80s says itself what media does; rtp_echo is "
                           "an action too",
                           scenario_name(all[i]));
    }
    const struct media_codec *codec =
        o->rtp_payload < UINT_MAX ? media_codec_of_type(o->rtp_payload) : NULL;
    if (o->rtp_payload < UINT_MAX && codec == NULL)
        return err_set(e, -EINVAL,
                       "-rtp_payload %u: 0 (PCMU), 8 (PCMA), 9 (G722), 18 (G729) and 98 (iLBC) are "
                       "sent",
                       o->rtp_payload);
    r->check = (struct callmedia_check){o->audio_tolerance, o->video_tolerance, note_check, r};
    r->media_options =
        (struct callmedia_options){.mode = o->has_rtp_echo ? CALLMEDIA_ECHO : CALLMEDIA_SCENARIO,
                                   .check = &r->check,
                                   .ports = o->last_media_port - o->media_port + 1,
                                   .jitter_buffer_ns = JITTER_BUFFER_NS,
                                   .linger_ns = LINGER_NS,
                                   .stream_codec = codec};
    return callmedia_setup_open(&r->media_setup, &r->media_options, all, r->part_count, e);
}

int cmd_sip_add_media(struct sip_shard *s, struct calls_options *c, struct err *e)
{
    return callmedia_open(&s->media, &s->run->media_setup, c, s->number, s->run->shard_count, e);
}

int cmd_sip_add_parts(struct sip_run *r, const struct scenario_options *so, struct calls_options *c,
                      struct err *e)
{
    int result = add_scenarios(r, so, c, e);
    if (result == 0)
        result = add_twin(r, c, e);
    return result < 0 ? result : add_media(r, e);
}

void cmd_sip_finish_parts(struct sip_run *r)
{
    callmedia_setup_close(&r->media_setup);
    scenario_destroy(r->receiver);
    scenario_destroy(r->outside);
}
