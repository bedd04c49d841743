/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options: see the header. The table says what an option is; only a few are told apart here.
 */
#include "node/sipp/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/sipp/options_table.h"

enum { RING_FILES_MAX = 10000 };

struct reading {
    struct sipp_options *options;
    struct scenario_pair *keys, *sets, *indexes;
    const char **injections, **received; /* of -inf, of -rxinf */
    size_t received_count;
    struct arena *arena;
    char *const *words;
    int count, at;
    struct err *e;
};

static void set_defaults(struct sipp_options *o)
{
    memset(o, 0, sizeof *o);
    scenario_options_default(&o->scenario);
    o->remote_port = 5060;
    o->max_sockets = 50000;
    o->max_reconnect = 3;
    o->reconnect_sleep_ns = NS_PER_S;
    o->buffer_bytes = 65535;
    o->rate = 10;
    o->rate_scale = 1;
    o->rate_period_ns = NS_PER_S;
    o->has_rate_quit = true;
    o->dead_call_wait_ns = 33 * NS_PER_S;
    o->media_port = 6000;
    o->last_media_port = 65535;
    o->audio_tolerance = o->video_tolerance = 1;
    o->rtp_payload = UINT_MAX;
    o->gather_ns = 200 * NS_PER_US;
    o->threads = 1;
    o->watchdog_interval_ns = 400 * NS_PER_MS;
    o->watchdog_reset_ns = 600 * NS_PER_S;
    o->watchdog_minor_ns = 500 * NS_PER_MS;
    o->watchdog_minor_most = 120;
    o->watchdog_major_ns = 3000 * NS_PER_MS;
    o->watchdog_major_most = 10;
    o->stat_period_ns = 60 * NS_PER_S;
    o->screen_period_ns = NS_PER_S;
    o->rtt_every = 200;
    o->stat_delimiter = ';';
    for (int i = 0; i < SIPP_TRACE_COUNT; i++)
        o->trace[i].overwrite = true;
}

/* ---- words to values ---- */

/* "1:02:03", "02:03". 0 or -EINVAL. */
static int parse_clock(const char *text, uint64_t *ret_ns)
{
    uint64_t seconds = 0;
    char *end;
    for (int parts = 0;; parts++) {
        if (*text < '0' || *text > '9' || parts == 3)
            return -EINVAL;
        const unsigned long part = strtoul(text, &end, 10);
        if (part > UINT_MAX)
            return -EINVAL;
        seconds = seconds * 60 + part;
        if (*end == '\0')
            break;
        if (*end != ':')
            return -EINVAL;
        text = end + 1;
    }
    *ret_ns = seconds * NS_PER_S;
    return 0;
}

int sipp_parse_time(const char *text, uint64_t unit_ns, uint64_t *ret_ns)
{
    char *end;
    if (strchr(text, ':') != NULL)
        return parse_clock(text, ret_ns);
    if (*text < '0' || *text > '9')
        return -EINVAL;
    const double number = strtod(text, &end);
    if (*end == '\0') {
        if (!isfinite(number) || number * (double)unit_ns >= 1e18)
            return -EINVAL;
        *ret_ns = (uint64_t)(number * (double)unit_ns + 0.5);
        return 0;
    }
    return str_parse_duration(text, ret_ns) < 0 ? -EINVAL : 0;
}

static int parse_whole(const char *text, uint64_t most, uint64_t *ret)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0 || n > most)
        return -EINVAL;
    *ret = n;
    return 0;
}

static int parse_real(const char *text, double *ret)
{
    char *end;
    const double n = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(n) || n < 0)
        return -EINVAL;
    *ret = n;
    return 0;
}

static int wrong(struct reading *r, const char *name, const char *word, const char *right)
{
    return err_set(r->e, -EINVAL, "-%s %.80s: %s", name, word, right);
}

/* The next word, which an option has behind it. */
static const char *take(struct reading *r, const char *name, const char *words)
{
    if (r->at < r->count)
        return r->words[r->at++];
    err_set(r->e, -EINVAL, "-%s wants %s behind it", name, words);
    return NULL;
}

/* ---- options that are no plain value ---- */

static int set_transport(struct reading *r, const char *word)
{
    static const char letters[] = "utl", modes[] = "1ni";
    const char *letter = word[0] != '\0' ? strchr(letters, word[0]) : NULL;
    const char *mode = letter != NULL && word[1] != '\0' ? strchr(modes, word[1]) : NULL;
    if (word[0] == 's')
        return wrong(r, "t", word, "SCTP is not among the transports: u1 un ui t1 tn l1 ln are");
    if (mode == NULL || word[2] != '\0' || (*mode == 'i' && *letter != 'u'))
        return wrong(r, "t", word, "u1 un ui t1 tn l1 ln are the transports");
    r->options->transport = (enum sipp_transport)(letter - letters);
    r->options->sockets = (enum sipp_sockets)(mode - modes);
    return 0;
}

static int set_behaviours(struct reading *r, const char *list)
{
    static const struct {
        const char *name;
        unsigned bits;
    } known[] = {{"all", SCENARIO_BEHAVIOURS_ALL},
                 {"none", 0},
                 {"bye", SCENARIO_BYE},
                 {"abortunexp", SCENARIO_ABORT_UNEXP},
                 {"pingreply", SCENARIO_PING_REPLY},
                 {"cseq", SCENARIO_CSEQ_CHECK}};
    char *copy = arena_strdup(r->arena, list), *rest = NULL;
    unsigned bits = 0;
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        const bool is_minus = *word == '-';
        size_t i = 0;
        while (i < sizeof known / sizeof known[0] && strcmp(word + is_minus, known[i].name) != 0)
            i++;
        if (i == sizeof known / sizeof known[0])
            return wrong(r, "default_behaviors", word,
                         "all none bye abortunexp pingreply cseq are known");
        bits = is_minus ? bits & ~known[i].bits : i == 1 ? 0 : bits | known[i].bits;
    }
    r->options->scenario.behaviours = bits;
    return 0;
}

static int set_max_retrans(struct reading *r, const char *word)
{
    uint64_t n;
    if (parse_whole(word, UINT_MAX, &n) < 0)
        return wrong(r, "max_retrans", word, "a whole number is wanted");
    r->options->scenario.max_invite_retrans = (unsigned)n;
    r->options->scenario.max_non_invite_retrans = (unsigned)n;
    return 0;
}

static int add_pair(struct reading *r, const struct sipp_option *o, const char *name,
                    struct scenario_pair *list, size_t *count)
{
    const char *value = take(r, o->name, o->words);
    if (value == NULL)
        return -EINVAL;
    if (*count == SIPP_LIST_MAX)
        return err_set(r->e, -EINVAL, "-%s: %d are the most", o->name, SIPP_LIST_MAX);
    list[(*count)++] = (struct scenario_pair){name, value};
    return 0;
}

static int add_injection(struct reading *r, bool is_received, const char *path)
{
    size_t *count = &r->options->scenario.injection_count;
    if (*count + r->received_count == SIPP_LIST_MAX)
        return err_set(r->e, -EINVAL, "-inf: %d files are the most", SIPP_LIST_MAX);
    if (is_received)
        r->received[r->received_count++] = path;
    else
        r->injections[(*count)++] = path;
    return 0;
}

static int set_delimiter(struct reading *r, const char *word)
{
    if (word[0] == '\0' || word[1] != '\0')
        return wrong(r, "stat_delimiter", word, "one character is wanted");
    r->options->stat_delimiter = word[0];
    return 0;
}

static int set_own(struct reading *r, const struct sipp_option *o)
{
    struct scenario_options *s = &r->options->scenario;
    if (strcmp(o->name, "nd") == 0) {
        s->behaviours = 0;
        return 0;
    }
    const char *word = take(r, o->name, o->words);
    if (word == NULL)
        return -EINVAL;
    if (strcmp(o->name, "t") == 0)
        return set_transport(r, word);
    if (strcmp(o->name, "key") == 0)
        return add_pair(r, o, word, r->keys, &s->key_count);
    if (strcmp(o->name, "set") == 0)
        return add_pair(r, o, word, r->sets, &s->set_count);
    if (strcmp(o->name, "infindex") == 0)
        return add_pair(r, o, word, r->indexes, &s->index_count);
    if (strcmp(o->name, "default_behaviors") == 0)
        return set_behaviours(r, word);
    if (strcmp(o->name, "reconnect_close") == 0)
        return strcmp(word, "true") == 0
                   ? 0
                   : wrong(r, o->name, word, "a lost connection ends its calls: true is known");
    if (strcmp(o->name, "max_retrans") == 0)
        return set_max_retrans(r, word);
    if (strcmp(o->name, "inf") == 0 || strcmp(o->name, "rxinf") == 0)
        return add_injection(r, *o->name == 'r', word);
    if (strcmp(o->name, "stat_delimiter") == 0)
        return set_delimiter(r, word);
    if (strcmp(word, "loose") != 0 && strcmp(word, "full") != 0) /* rtcheck */
        return wrong(r, o->name, word, "full or loose are known");
    s->flags = (s->flags & ~(unsigned)SCENARIO_RTCHECK_LOOSE) |
               (*word == 'l' ? SCENARIO_RTCHECK_LOOSE : 0);
    return 0;
}

/* ---- one option ---- */

static int set_value(struct reading *r, const struct sipp_option *o, const char *word, void *place)
{
    uint64_t n;
    switch (o->kind) {
    case SIPP_TEXT:
        *(const char **)place = word;
        return 0;
    case SIPP_COUNT:
        return parse_whole(word, UINT64_MAX, place) < 0
                   ? wrong(r, o->name, word, "a whole number is wanted")
                   : 0;
    case SIPP_SMALL:
    case SIPP_PORT:
        if (parse_whole(word, o->kind == SIPP_PORT ? 65535 : UINT_MAX, &n) < 0 ||
            (o->kind == SIPP_PORT && n == 0))
            return wrong(r, o->name, word,
                         o->kind == SIPP_PORT ? "a port from 1 to 65535 is wanted"
                                              : "a whole number is wanted");
        *(unsigned *)place = (unsigned)n;
        return 0;
    case SIPP_REAL:
        return parse_real(word, place) < 0 ? wrong(r, o->name, word, "a number is wanted") : 0;
    case SIPP_TIME:
        return sipp_parse_time(word, o->unit, place) < 0
                   ? wrong(r, o->name, word,
                           o->unit == NS_PER_S
                               ? "a time is wanted: 5 (seconds), 500ms, 2m, 1:30"
                               : "a time is wanted: 500 (milliseconds), 5s, 2m, 1:30")
                   : 0;
    default: /* SIPP_YES_NO */
        return str_parse_bool(word, place) < 0 ? wrong(r, o->name, word, "true or false is wanted")
                                               : 0;
    }
}

static int remark(struct reading *r, const struct sipp_option *o)
{
    struct sipp_options *to = r->options;
    if (take(r, o->name, o->words) == NULL)
        return -EINVAL;
    if (to->remark_count < SIPP_REMARKS_MAX)
        to->remarks[to->remark_count++] = (struct sipp_remark){o->name, o->text};
    return 0;
}

static int set_option(struct reading *r, const struct sipp_option *o)
{
    void *place = (char *)r->options + o->offset;
    switch (o->kind) {
    case SIPP_FLAG:
    case SIPP_FLAG_OFF:
        *(bool *)place = o->kind == SIPP_FLAG;
        return 0;
    case SIPP_BIT:
        *(unsigned *)place |= (unsigned)o->unit;
        return 0;
    case SIPP_OWN:
        return set_own(r, o);
    case SIPP_IGNORED:
        return 0;
    case SIPP_REMARKED:
        return remark(r, o);
    case SIPP_REFUSED:
        return err_set(r->e, -EINVAL, "-%s: %s", o->name, o->text);
    default: {
        const char *word = take(r, o->name, o->words);
        return word != NULL ? set_value(r, o, word, place) : -EINVAL;
    }
    }
}

static const struct sipp_option *find(const char *name)
{
    for (const struct sipp_option *o = sipp_option_table; o->name != NULL; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static int unknown(struct reading *r, const char *word)
{
    const struct sipp_option *near = NULL;
    unsigned best = 3;
    for (const struct sipp_option *o = sipp_option_table; o->name != NULL; o++) {
        const unsigned d = str_edit_distance(word + 1, o->name);
        if (d < best) {
            best = d;
            near = o;
        }
    }
    if (near != NULL)
        return err_set(r->e, -EINVAL, "there is no option %.80s (did you mean -%s?)", word,
                       near->name);
    return err_set(r->e, -EINVAL, "there is no option %.80s (-h lists them)", word);
}

/* HOST, HOST:PORT, [IPv6], [IPv6]:PORT, IPv6. */
static int set_remote(struct reading *r, const char *word)
{
    struct sipp_options *o = r->options;
    const char *colon = strrchr(word, ':'), *end = word + strlen(word);
    uint64_t port;
    if (o->remote_host != NULL)
        return err_set(r->e, -EINVAL, "%.80s: there is a remote host already, %.80s", word,
                       o->remote_host);
    const bool is_bare_ipv6 = *word != '[' && colon != NULL && strchr(word, ':') != colon;
    if (colon != NULL && !is_bare_ipv6 && (*word != '[' || colon[-1] == ']')) {
        if (parse_whole(colon + 1, 65535, &port) < 0 || port == 0)
            return err_set(r->e, -EINVAL, "%.80s: a port from 1 to 65535 is wanted", word);
        o->remote_port = (unsigned)port;
        end = colon;
    }
    if (*word == '[' && end > word && end[-1] == ']') {
        word++;
        end--;
    }
    if (end == word)
        return err_set(r->e, -EINVAL, "a remote host is HOST or HOST:PORT");
    o->remote_host = arena_strndup(r->arena, word, (size_t)(end - word));
    return 0;
}

/* What only one thread can do. */
static int check_threads(const struct sipp_options *o, struct err *e)
{
    if (o->threads < 1 || o->threads > SIPP_THREADS_MAX)
        return err_set(e, -EINVAL, "-threads %u: 1 to %d", o->threads, SIPP_THREADS_MAX);
    if (o->threads == 1)
        return 0;
    if (o->twin != NULL || o->slave_file != NULL)
        return err_set(e, -EINVAL, "-threads %u: a twin of 3PCC talks with one thread", o->threads);
    if (o->sockets == SIPP_PER_IP)
        return err_set(e, -EINVAL,
                       "-threads %u: with -t ui an address has one socket, of one thread",
                       o->threads);
    if (o->call_limit > 0 && o->call_limit < o->threads)
        return err_set(e, -EINVAL, "-threads %u wants -l of as many calls at least, not %llu",
                       o->threads, (unsigned long long)o->call_limit);
    if (o->users > 0 && o->users < o->threads)
        return err_set(e, -EINVAL, "-threads %u wants as many -users at least, not %u", o->threads,
                       o->users);
    return 0;
}

static int check_together(const struct sipp_options *o, struct err *e)
{
    if (o->scenario_file != NULL && o->builtin != NULL)
        return err_set(e, -EINVAL, "-sf and -sn: one of the two");
    if (o->sockets == SIPP_PER_IP && (o->ip_field == NULL || o->scenario.injection_count == 0))
        return err_set(e, -EINVAL, "-t ui wants -inf and -ip_field, which name the addresses");
    if (o->rate_period_ns == 0)
        return err_set(e, -EINVAL, "-rp 0: a period has a length");
    if (o->outside_file != NULL && o->outside_builtin != NULL)
        return err_set(e, -EINVAL, "-oocsf and -oocsn: one of the two");
    if (o->receiver_file != NULL && o->receiver_builtin != NULL)
        return err_set(e, -EINVAL, "-rxsf and -rxsn: one of the two");
    if (o->last_media_port < o->media_port + 3)
        return err_set(e, -EINVAL, "-max_rtp_port %u: a call has four ports from %u on",
                       o->last_media_port, o->media_port);
    if ((o->master != NULL) + (o->slave != NULL) + (o->twin != NULL) > 1)
        return err_set(e, -EINVAL, "-3pcc, -master and -slave: one of the three");
    if ((o->master != NULL || o->slave != NULL) != (o->slave_file != NULL))
        return err_set(e, -EINVAL, "-master or -slave and -slave_cfg belong together");
    if (o->ring_files > RING_FILES_MAX)
        return err_set(e, -EINVAL, "-ringbuffer_files %u: %d are the most", o->ring_files,
                       RING_FILES_MAX);
    return check_threads(o, e);
}

int sipp_options_parse(int argc, char *const argv[], struct arena *a, struct sipp_options *ret,
                       struct err *e)
{
    struct reading r = {.options = ret, .arena = a, .words = argv, .count = argc, .e = e};
    r.keys = ARENA_ARRAY(a, struct scenario_pair, SIPP_LIST_MAX);
    r.sets = ARENA_ARRAY(a, struct scenario_pair, SIPP_LIST_MAX);
    r.indexes = ARENA_ARRAY(a, struct scenario_pair, SIPP_LIST_MAX);
    r.injections = ARENA_ARRAY(a, const char *, SIPP_LIST_MAX);
    r.received = ARENA_ARRAY(a, const char *, SIPP_LIST_MAX);
    set_defaults(ret);
    while (r.at < argc) {
        const char *word = argv[r.at++];
        int result;
        if (word[0] != '-' || word[1] == '\0')
            result = set_remote(&r, word);
        else {
            const struct sipp_option *o = find(word + 1);
            result = o != NULL ? set_option(&r, o) : unknown(&r, word);
        }
        if (result < 0)
            return result;
    }
    for (size_t i = 0; i < r.received_count; i++)
        r.injections[ret->scenario.injection_count++] = r.received[i];
    ret->scenario.keys = r.keys;
    ret->scenario.sets = r.sets;
    ret->scenario.indexes = r.indexes;
    ret->scenario.users = ret->users;
    ret->scenario.injections = r.injections;
    return check_together(ret, e);
}

int sipp_options_help(unsigned i, struct sipp_option_help *ret)
{
    unsigned count = 0;
    while (sipp_option_table[count].name != NULL)
        count++;
    if (i >= count)
        return -ENOENT;
    const struct sipp_option *o = &sipp_option_table[i];
    *ret = (struct sipp_option_help){o->name, o->words, o->text, o->kind != SIPP_REFUSED,
                                     o->kind != SIPP_REMARKED};
    return 0;
}
