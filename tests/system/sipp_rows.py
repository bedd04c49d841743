# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of tests/scenarios and who is on the other side: what sipp_test.py runs."""

USERS = ["-inf", "users.csv", "-infindex", "users.csv", "0"]
MAP = ["-tdmmap", "{0-3}{99}{5-8}{1-31}"]

# caller, called, options of the caller, what stands in the caller's or called side's log.
ROWS = [
    ("plain", "plain_called", [], ""),
    ("keywords_address", "plain_called", [], ""),
    ("keywords_call", "plain_called", [], ""),
    ("keywords_time", "plain_called", [], ""),
    ("plain", "keywords_last", [], ""),
    ("media_ports", "plain_called", [], ""),
    ("fill", "plain_called", [], ""),
    ("escapes", "plain_called", [], "t is a <b> & \"c\""),
    ("arithmetic", "plain_called", [], "true false true true false true"),
    ("test_fails", "plain_called", [], ""),
    ("strings", "plain_called", [], "number 3.250000"),
    ("urlencode", "plain_called", [], "decoded a b/c"),
    ("trim", "plain_called", [], "contact is <sip:"),
    ("scopes", "plain_called", [], "g is from init, total 1.000000"),
    ("ereg_message", "plain_called", [], "1 INVITE"),
    ("ereg_header", "plain_called", [], "UDP INVITE SIP/2.0/UDP"),
    ("ereg_body", "plain_called", [], "m=audio"),
    ("ereg_variable", "plain_called", [], "tag="),
    ("ereg_fails", "plain_called", [], ""),
    ("optional_next", "plain_called", [], ""),
    ("optional_next", "busy_called", [], ""),
    ("global_optional", "unexpected_called", [], ""),
    ("loop", "loop_called", [], "round 3.000000"),
    ("chance", "plain_called", [], "first\nsecond"),
    ("condexec", "plain_called", [], "runs\nruns too"),
    ("pauses", "plain_called", [], ""),
    ("samples", "plain_called", [], "5.000000 "),
    ("response_times", "plain_called", [], ""),
    ("timeout_label", "timeout_called", [], "late"),
    ("transactions", "plain_called", [], ""),
    ("cancel", "cancel_called", [], ""),
    ("redirect", "redirect_called", [], ""),
    ("authentication", "authentication_called", [], "valid true"),
    ("authentication_field", "proxy_challenge_called", USERS, "valid true"),
    ("fields", "plain_called", USERS, ""),
    ("lookup", "plain_called", USERS, "berta at 1.000000, carl at 2.000000"),
    ("file", "plain_called", [], ""),
    ("routes", "routes_called", [], ""),
    ("plain", "regexp_match", [], ""),
    ("plain", "timewait", [], ""),
    ("exec", "plain_called", [], ""),
    ("stop", "plain_called", [], ""),
    ("setdest", "plain_called", [], ""),
    ("closecon", "plain_called", [], ""),
    ("jump", "plain_called", [], "here"),
    ("unexpected", "unexpected_called", [], "back to 6."),
    ("reinvite", "reinvite_called", [], ""),
    ("prack", "prack_called", [], ""),
    ("subscribe", "subscribe_called", [], ""),
    ("lost", "lost_called", ["-max_invite_retrans", "7"], ""),
    ("tdmmap", "plain_called", MAP, ""),
    ("default_message", "plain_called", [], ""),
]

# The caller's exit code and the columns that count, where the call is to fail.
FAILS = {
    "test_fails": "FailedTestDoesntMatch(C)",
    "ereg_fails": "FailedRegexpHdrNotFound(C)",
    "exec": "FailedCall(C)",
    "default_message": "FailedCall(C)",
}

# What Debian's SIPp 3.6.1 does differently, so that it is no measure: our side runs alone.
BEYOND = {
    "test_fails": "it has no check_it of <test>",
    "urlencode": "it has no <urlencode>",
    "exec": "a call that stops itself behind its last message is a good one",
    "unexpected": "it answers with the CSeq of another message",
}
# What is drawn by chance is compared in its outcome alone.
BY_CHANCE = {"lost", "samples", "keywords_time", "chance", "tdmmap"}
# Texts that differ: by chance, in the value of <strcmp>, and because its <verifyauth> does not know
# Proxy-Authorization.
OTHER_LOGS = {"samples", "strings", "authentication_field"}
