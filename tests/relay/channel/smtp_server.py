"""An SMTP server for one scenario: smtp_server.py MODE CERTIFICATE KEY FILE

MODE is plain, starttls or tls, with "-login" behind it when it wants the user ann and the password open5esame.
Each mail it takes is a line of JSON in FILE.  Addresses that begin with full, gone and slow get 452, 550 and no answer.
"""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key, path = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full"):
            return "452 4.2.2 mailbox full"
        if address.startswith("gone"):
            return "550 5.1.1 no such user"
        if address.startswith("slow"):
            await asyncio.sleep(600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with open(path, "a") as file:
            print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None or mode.startswith("tls"),
                              "user": getattr(session.auth_data, "login", b"").decode(), "data": envelope.content.decode()}), file=file)
        return "250 OK"


def login(server, session, envelope, mechanism, data):
    if not hasattr(data, "login"):
        return AuthResult(success=False, handled=False)
    return AuthResult(success=data.login == b"ann" and data.password == b"open5esame", handled=False, auth_data=data)


def protocol():
    return SMTP(Handler(), hostname="mail.example", require_starttls=mode.startswith("starttls"), authenticator=login,
                auth_required="login" in mode, auth_require_tls=False, tls_context=context if mode.startswith("starttls") else None)


async def main():
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context if mode.startswith("tls") else None)
    await server.serve_forever()


asyncio.run(main())
