/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_keyword: one [keyword] of a message, with its parameters or its offset. What is the same in
 * all calls becomes text here. One thread.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "node/codec/sip_names.h"
#include "node/scenario/load_keyword.h"

static const struct {
    const char *name;
    enum piece_kind kind;
} plain_words[] = {
    {"remote_ip", PIECE_REMOTE_IP},
    {"remote_host", PIECE_REMOTE_HOST},
    {"remote_port", PIECE_REMOTE_PORT},
    {"transport", PIECE_TRANSPORT},
    {"local_ip", PIECE_LOCAL_IP},
    {"local_ip_type", PIECE_LOCAL_IP_TYPE},
    {"local_port", PIECE_LOCAL_PORT},
    {"server_ip", PIECE_SERVER_IP},
    {"media_ip", PIECE_MEDIA_IP},
    {"media_ip_type", PIECE_MEDIA_IP_TYPE},
    {"media_port", PIECE_MEDIA_PORT},
    {"auto_media_port", PIECE_AUTO_MEDIA_PORT},
    {"rtpstream_audio_port", PIECE_RTPSTREAM_AUDIO_PORT},
    {"rtpstream_video_port", PIECE_RTPSTREAM_VIDEO_PORT},
    {"call_number", PIECE_CALL_NUMBER},
    {"dynamic_id", PIECE_DYNAMIC_ID},
    {"call_id", PIECE_CALL_ID},
    {"cseq", PIECE_CSEQ},
    {"branch", PIECE_BRANCH},
    {"msg_index", PIECE_MSG_INDEX},
    {"next_url", PIECE_NEXT_URL},
    {"len", PIECE_LEN},
    {"peer_tag_param", PIECE_PEER_TAG_PARAM},
    {"last_Request_URI", PIECE_LAST_REQUEST_URI},
    {"last_cseq_number", PIECE_LAST_CSEQ_NUMBER},
    {"last_message", PIECE_LAST_MESSAGE},
    {"routes", PIECE_ROUTES},
    {"tdmmap", PIECE_TDMMAP},
    {"clock_tick", PIECE_CLOCK_TICK},
    {"users", PIECE_USERS},
    {"userid", PIECE_USERID},
    {"timestamp", PIECE_TIMESTAMP},
    {"date", PIECE_DATE},
};
enum { PLAIN_WORDS = sizeof(plain_words) / sizeof(plain_words[0]) };

/* These stand for one text, whatever the call. */
static const char *const fixed_words[] = {"service", "pid", "sipp_version", NULL};
static const char *const param_words[] = {"field0",
                                          "file",
                                          "fill",
                                          "$variable",
                                          "authentication",
                                          "last_Via:",
                                          "cryptotag1audio",
                                          "cryptokeyparams1audio",
                                          NULL};

int load_text_piece(struct loader *l, struct piece *ret, const char *text, size_t size)
{
    ret->kind = PIECE_TEXT;
    ret->text = arena_strndup(&l->s->arena, text, size);
    ret->size = (uint32_t)strlen(ret->text);
    return 0;
}

/* The words of SRTP: each with 1 or 2, and audio or video, at its end. */
static bool is_crypto(const char *name, size_t size)
{
    static const char *const stems[] = {"cryptotag",
                                        "cryptokeyparams",
                                        "cryptosuiteaescm128sha180",
                                        "cryptosuiteaescm128sha132",
                                        "cryptosuitenullsha180",
                                        "cryptosuitenullsha132",
                                        "ueaescm128sha180",
                                        "ueaescm128sha132"};

    for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++) {
        size_t n = strlen(stems[i]);

        if (size == n + 6 && memcmp(name, stems[i], n) == 0 && (name[n] == '1' || name[n] == '2') &&
            (memcmp(name + n + 1, "audio", 5) == 0 || memcmp(name + n + 1, "video", 5) == 0)) {
            return true;
        }
    }
    return false;
}

static int unknown_word(struct loader *l, const struct keyword *k)
{
    const char *words[PLAIN_WORDS + 16];
    char written[80];
    size_t n = 0;

    for (size_t i = 0; i < PLAIN_WORDS; i++) {
        words[n++] = plain_words[i].name;
    }
    for (size_t i = 0; fixed_words[i]; i++) {
        words[n++] = fixed_words[i];
    }
    for (size_t i = 0; param_words[i]; i++) {
        words[n++] = param_words[i];
    }
    words[n] = NULL;
    snprintf(written, sizeof(written), "%.*s", (int)(k->size < 70 ? k->size : 70), k->name);
    return load_fail(l, k->line, k->column,
                     "no keyword [%s]; the nearest is [%s] (a literal '[' is written \\x5b, a word "
                     "of your own is given by -key)",
                     written, load_nearest(written, words));
}

static bool is_word(const struct keyword *k, const char *name)
{
    return strlen(name) == k->size && memcmp(k->name, name, k->size) == 0;
}

static int fixed_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    const struct scenario_options *o = l->options;
    char pid[16];

    for (size_t i = 0; i < o->key_count; i++) {
        if (is_word(k, o->keys[i].name)) {
            const char *value = o->keys[i].value ? o->keys[i].value : "";

            return load_text_piece(l, ret, value, strlen(value));
        }
    }
    if (is_word(k, "service")) {
        return load_text_piece(l, ret, o->service, strlen(o->service));
    }
    if (is_word(k, "sipp_version")) {
        return load_text_piece(l, ret, o->version, strlen(o->version));
    }
    if (is_word(k, "pid")) {
        snprintf(pid, sizeof(pid), "%u", o->process_id);
        return load_text_piece(l, ret, pid, strlen(pid));
    }
    return -ENOENT;
}

static int word_with_rest(struct loader *l, const struct keyword *k, struct piece *ret)
{
    size_t digits = 5;

    while (digits < k->size && isdigit((unsigned char)k->name[digits])) {
        digits++;
    }
    if (k->size > 5 && digits == k->size && digits < 9 && memcmp(k->name, "field", 5) == 0) {
        return load_field_word(l, k, ret);
    }
    if (is_word(k, "file")) {
        return load_file_word(l, k, ret);
    }
    if (is_word(k, "fill")) {
        return load_fill_word(l, k, ret);
    }
    if (is_word(k, "authentication")) {
        return load_auth_word(l, k, ret);
    }
    return -ENOENT;
}

/* Words whose rest is nothing, or an offset. */
static int plain_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    char *end = NULL;
    long offset = k->rest < k->end ? strtol(k->rest, &end, 10) : 0;

    for (size_t i = 0; i < PLAIN_WORDS; i++) {
        if (!is_word(k, plain_words[i].name)) {
            continue;
        }
        if (k->rest < k->end && (end != k->end || labs(offset) > 1000000)) {
            return load_fail(l, k->line, k->column,
                             "[%.*s%.*s]: behind the word stands nothing, +n or -n", (int)k->size,
                             k->name, (int)(k->end - k->rest), k->rest);
        }
        ret->kind = plain_words[i].kind;
        ret->offset = (int32_t)offset;
        if (ret->kind == PIECE_MSG_INDEX) {
            char number[16];

            snprintf(number, sizeof(number), "%ld", l->step_index + offset);
            return load_text_piece(l, ret, number, strlen(number));
        }
        return 0;
    }
    return -ENOENT;
}

static int last_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    size_t size = (size_t)(k->end - k->name) - 5;

    if (size > 0 && k->end[-1] == ':') {
        size--;
    }
    if (size == 0 || memchr(k->name + 5, ' ', size)) {
        return unknown_word(l, k);
    }
    load_text_piece(l, ret, k->name + 5, size);
    ret->kind = PIECE_LAST_HEADER;
    ret->field = (int)sip_header_id_of((struct sip_text){k->name + 5, (uint32_t)size});
    return 0;
}

int load_keyword(struct loader *l, const char *words, size_t size, int line, int column,
                 struct piece *ret)
{
    struct keyword k = {.name = words, .end = words + size, .line = line, .column = column};
    int code;

    *ret = (struct piece){.variable = -1};
    if (size > 256) {
        return load_fail(l, line, column, "a keyword of %zu bytes; 256 are allowed", size);
    }
    if (size > 1 && words[0] == '$') {
        code = load_variable(l, words, size, line, column);
        ret->kind = PIECE_VARIABLE;
        ret->variable = code;
        return code < 0 ? code : 0;
    }
    k.size = strcspn(words, " \t+-=]");
    k.size = k.size < size ? k.size : size;
    k.rest = words + k.size;
    code = plain_word(l, &k, ret);
    if (code == -ENOENT) {
        code = word_with_rest(l, &k, ret);
    }
    if (code != -ENOENT) {
        return code;
    }
    k.size = size;
    k.rest = k.end;
    code = fixed_word(l, &k, ret);
    if (code != -ENOENT) {
        return code;
    }
    if (is_crypto(words, size)) {
        load_text_piece(l, ret, words, size);
        ret->kind = PIECE_CRYPTO;
        l->s->has_media = l->s->has_crypto = true;
        return 0;
    }
    return size > 5 && memcmp(words, "last_", 5) == 0 ? last_word(l, &k, ret) : unknown_word(l, &k);
}
