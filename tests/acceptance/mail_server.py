"""A mail server of aiosmtpd for tests: a line of JSON with its port, then one per mail it took.

--mode plain|starttls|tls, --cert FILE --key FILE, --user U --password P --mechanisms PLAIN,LOGIN,CRAM-MD5
"""
import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import sys
from email import message_from_bytes
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(**fields):
    print(json.dumps(fields), flush=True)


class Handler:
    def __init__(self, options):
        self.options = options

    async def handle_DATA(self, server, session, envelope):
        login = session.auth_data
        if isinstance(login, LoginPassword):
            login = login.login
        # What a mail program would show.
        mail = message_from_bytes(envelope.original_content, policy=default)
        shown = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        say(
            subject=mail["Subject"],
            shown=shown,
            defects=[str(d) for part in mail.walk() for d in part.defects],
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            data=envelope.content.decode("utf-8", "replace"),
            login=login.decode() if isinstance(login, bytes) else login,
            tls=session.ssl is not None or self.options.mode == "tls",
            hello=session.host_name,
        )
        return "250 taken"

    async def auth_CRAM__MD5(self, server, args):
        challenge = b"<1.2@test>"
        answer = await server.challenge_auth(challenge)
        user, _, digest = answer.partition(b" ")
        expected = hmac.new(self.options.password.encode(), challenge, hashlib.md5).hexdigest().encode()
        if user.decode() == self.options.user and hmac.compare_digest(digest, expected):
            return AuthResult(success=True, auth_data=user)
        return AuthResult(success=False, handled=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="plain")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--mechanisms", default="PLAIN,LOGIN")
    options = parser.parse_args()
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)

    def authenticate(server, session, envelope, mechanism, data):
        good = (
            isinstance(data, LoginPassword)
            and data.login.decode() == options.user
            and data.password.decode() == options.password
        )
        return AuthResult(success=good, handled=False, auth_data=data)

    known = ["PLAIN", "LOGIN", "CRAM-MD5"]
    allowed = options.mechanisms.split(",")

    def make():
        return SMTP(
            Handler(options),
            tls_context=context if options.mode == "starttls" else None,
            require_starttls=options.mode == "starttls",
            authenticator=authenticate if options.user else None,
            auth_required=bool(options.user),
            auth_require_tls=False,
            auth_exclude_mechanism=[m for m in known if m not in allowed],
            hostname="mail.test",
        )

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if options.mode == "tls" else None)
        say(port=server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    sys.exit(main())
