# SPDX-License-Identifier: GPL-3.0-or-later
"""A SIP user agent for tests: it sends what it is told, and keeps what comes."""

import hashlib
import re
import select
import socket
import time
import uuid

PATIENCE_S = 30


class Message:
    def __init__(self, data):
        self.data = data
        head, _, self.body = data.decode("latin-1").partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.start = lines[0]
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        self.status = int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0
        self.method = "" if self.status else self.start.split()[0]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name):
        return self.all(name)[0]


class Peer:
    """One UDP socket; calls are told apart by nobody: a test has one at a time."""

    def __init__(self, server=None, host="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.host, self.port = self.socket.getsockname()
        self.server = server

    def close(self):
        self.socket.close()

    def send(self, text, to=None):
        self.socket.sendto(text.encode("latin-1"), to or self.server)
        return text

    def request(self, method, uri, call, extra="", body="", branch=None, to_tag="", cseq=1):
        branch = branch or "z9hG4bK" + uuid.uuid4().hex
        return self.send(
            "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=%s\r\nMax-Forwards: 70\r\n"
            "From: <sip:alice@example.com>;tag=a%s\r\nTo: <%s>%s\r\nCall-ID: %s\r\n"
            "CSeq: %d %s\r\nContact: <sip:alice@%s:%d>\r\n%sContent-Length: %d\r\n\r\n%s"
            % (method, uri, self.host, self.port, branch, call[:6], uri, to_tag, call, cseq,
               method, self.host, self.port, extra, len(body), body))

    def answer(self, request, status, reason="x", extra="", to_tag=";tag=b"):
        """To a request that came, back to where it came from."""
        to = request.get("To")
        self.send("SIP/2.0 %d %s\r\n%sFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
                  "Contact: <sip:bob@%s:%d>\r\n%sContent-Length: 0\r\n\r\n"
                  % (status, reason, "".join("Via: %s\r\n" % v for v in request.all("Via")),
                     request.get("From"), to, "" if "tag=" in to else to_tag,
                     request.get("Call-ID"), request.get("CSeq"), self.host, self.port, extra),
                  to=self.came_from)

    def hear(self, seconds=PATIENCE_S):
        """The next message, None: there was none."""
        ready, _, _ = select.select([self.socket], [], [], seconds)
        if not ready:
            return None
        data, self.came_from = self.socket.recvfrom(65536)
        return Message(data)

    def expect(self, what):
        """The next one with this status or method; others before it are passed over."""
        end = time.monotonic() + PATIENCE_S
        while True:
            m = self.hear(max(0.01, end - time.monotonic()))
            if m is None:
                raise AssertionError("%s did not come" % what)
            if what in (m.status, m.method):
                return m


def digest(challenge, method, uri, user, password):
    """Credentials for a Digest challenge with qop=auth (RFC 7616), made without our code."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    hasher = hashlib.sha256 if fields.get("algorithm") == "SHA-256" else hashlib.md5

    def h(text):
        return hasher(text.encode()).hexdigest()
    response = h(":".join([h("%s:%s:%s" % (user, fields["realm"], password)), fields["nonce"],
                           "00000001", "c", "auth", h("%s:%s" % (method, uri))]))
    return ('Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", '
            'algorithm=%s, qop=auth, nc=00000001, cnonce="c"'
            % (user, fields["realm"], fields["nonce"], uri, response,
               fields.get("algorithm", "MD5")))
