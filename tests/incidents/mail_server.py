#!/usr/bin/python3
"""The mail server of a stack, in the test's own process: SMTP with STARTTLS, on a free port of 127.0.0.1.

    mailbox = Mailbox(certificate, key)     # files in PEM; a third argument is the port to listen on again
    mailbox.mails                           # [{"received_ms", "from", "to", "subject", "text", "raw"}], the oldest first
    mailbox.close()

Not called mailbox.py, because aiosmtpd wants the library's module of that name.
"""
import asyncio
import email
import email.policy
import ssl
import threading
import time

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, mails):
        self.mails = mails

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        body = mail.get_body(("plain", "html"))
        self.mails.append({"received_ms": int(time.time() * 1000), "from": envelope.mail_from, "to": envelope.rcpt_tos,
                           "subject": str(mail["subject"]), "text": body.get_content() if body else "", "raw": raw.decode(errors="replace")})
        return "250 OK"


class Mailbox:
    def __init__(self, certificate, key, port=0):
        self.mails = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(self.loop.create_server(
            lambda: SMTP(Handler(self.mails), hostname="localhost", require_starttls=True, tls_context=context, loop=self.loop),
            "127.0.0.1", port))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
