/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_exec: the action <exec>: one attribute says what, of media, commands and the run's end. One
 * thread.
 */
#include <stdlib.h>
#include <string.h>

#include "node/scenario/call.h"
#include "node/scenario/load.h"

static int check_type(struct loader *l, const struct xml_attr *attr, const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    return end == text || (*end && *end != ',') || number < 0 || number > 127
               ? load_fail_at(l, attr, "rtp_stream=\"%s\": a payload type is 0 to 127", attr->value)
               : 0;
}

/* The pattern's number, then the payload type and its name. */
static int check_pattern(struct loader *l, const struct xml_attr *attr, const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || (*end && *end != ',') || number < 1 || number > 6) {
        return load_fail_at(l, attr, "rtp_stream=\"%s\": a pattern is a number of 1 to 6",
                            attr->value);
    }
    return *end == ',' && !strchr(end, '[') ? check_type(l, attr, end + 1) : 0;
}

/* What follows the file's name: how often, then the payload type. */
static int check_numbers(struct loader *l, const struct xml_attr *attr, const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || (*end && *end != ',') || number < -1 || number == 0) {
        return load_fail_at(l, attr, "rtp_stream=\"%s\": how often is a number, -1 for ever",
                            attr->value);
    }
    return *end == ',' ? check_type(l, attr, end + 1) : 0;
}

/* See SIPp's rtp_stream. Numbers with a keyword in them are read when the call plays. */
static int check_stream(struct loader *l, const struct xml_attr *attr)
{
    static const char *const verbs[] = {
        "pause",          "resume", "pauseapattern", "resumeapattern", "pausevpattern",
        "resumevpattern", NULL};
    const char *comma = strchr(attr->value, ',');

    for (int i = 0; verbs[i]; i++) {
        if (strcmp(attr->value, verbs[i]) == 0) {
            return 0;
        }
    }
    if (strncmp(attr->value, "apattern,", 9) == 0 || strncmp(attr->value, "vpattern,", 9) == 0) {
        return check_pattern(l, attr, comma + 1);
    }
    if (attr->value[0] == 0 || comma == attr->value) {
        return load_fail_at(l, attr, "rtp_stream names no file");
    }
    return !comma || strchr(comma, '[') ? 0 : check_numbers(l, attr, comma + 1);
}

static int check_echo(struct loader *l, const struct xml_attr *attr)
{
    static const char *const verbs[] = {
        "start,audio", "start,video", "update,audio", "update,video", "stop,audio", "stop,video",
        "startaudio",  "startvideo",  "updateaudio",  "updatevideo",  "stopaudio",  "stopvideo",
        NULL};

    for (int i = 0; verbs[i]; i++) {
        if (strncmp(attr->value, verbs[i], strlen(verbs[i])) == 0) {
            return 0;
        }
    }
    return load_fail_at(l, attr,
                        "rtp_echo=\"%s\": write start, update or stop, then audio or "
                        "video, as in startaudio,0,PCMU/8000",
                        attr->value);
}

static int read_int_cmd(struct loader *l, const struct xml_attr *attr, struct action *a)
{
    static const char *const words[] = {"stop_now", "stop_gracefully", "stop_call", NULL};
    static const enum action_kind kinds[] = {ACTION_EXEC_STOP_NOW, ACTION_EXEC_STOP_GRACEFULLY,
                                             ACTION_EXEC_STOP_CALL};

    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], attr->value) == 0) {
            a->kind = kinds[i];
            return 0;
        }
    }
    return load_fail_at(l, attr, "int_cmd=\"%s\"; the nearest is \"%s\"", attr->value,
                        load_nearest(attr->value, words));
}

int load_exec(struct loader *l, const struct xml_node *n, struct action *a)
{
    static const struct {
        const char *name;
        enum call_media media;
        int (*check)(struct loader *l, const struct xml_attr *attr);
    } media[] = {
        {"play_pcap_audio", CALL_PLAY_PCAP_AUDIO, NULL},
        {"play_pcap_video", CALL_PLAY_PCAP_VIDEO, NULL},
        {"play_pcap_image", CALL_PLAY_PCAP_IMAGE, NULL},
        {"play_dtmf", CALL_PLAY_DTMF, NULL},
        {"rtp_stream", CALL_RTP_STREAM, check_stream},
        {"rtp_echo", CALL_RTP_ECHO, check_echo},
    };
    const struct xml_attr *attr = n->attrs;
    int code;

    if (n->attr_count != 1) {
        return load_fail_node(l, n,
                              "give exactly one of command, int_cmd, play_pcap_audio, "
                              "play_pcap_video, play_pcap_image, play_dtmf, rtp_stream, rtp_echo");
    }
    if (strcmp(attr->name, "int_cmd") == 0) {
        return read_int_cmd(l, attr, a);
    }
    code = load_template_attr(l, attr, &a->texts[0]);
    for (size_t i = 0; code == 0 && i < sizeof(media) / sizeof(media[0]); i++) {
        if (strcmp(media[i].name, attr->name) == 0) {
            a->kind = ACTION_EXEC_MEDIA;
            a->media = media[i].media;
            l->s->has_media = true;
            return media[i].check ? media[i].check(l, attr) : 0;
        }
    }
    return code;
}
