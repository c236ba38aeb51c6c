"""The server as one thing: opened and closed with `async with`, on the running loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.gmail import control, gmail_routes, oauth_routes
from tests.gmail.acting import Acting
from tests.gmail.clock import Clock, SettableClock
from tests.gmail.consent import Consent
from tests.gmail.edge import Edge
from tests.gmail.gmail_api import MAX_MAIL_BYTES, GmailApi
from tests.gmail.mailbox import Change, Mailbox
from tests.gmail.oauth_routes import OAuthPages
from tests.gmail.post_office import PostOffice
from tests.gmail.pubsub import PubSub

CLIENT_ID = "409512345678-demo.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-demo-client-secret"
SCOPES = ("https://www.googleapis.com/auth/gmail.modify",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where each thing is that an app must be pointed at."""

    root: str
    """The Gmail API: `client_options={"api_endpoint": root}`; it ends with a slash."""
    auth: str
    token: str
    revoke: str
    userinfo: str
    certs: str
    """Certificates in PEM by key id, as google-auth fetches them."""
    keys: str
    """The same keys as a JWK set."""


class GmailServer(Acting):
    """Mailboxes, OAuth and Pub/Sub on one port of this machine."""

    def __init__(
        self,
        *mailboxes: str,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        redirect_uris: Iterable[str] = (),
    ) -> None:
        self.clock: Clock = clock or SettableClock()
        self.edge = Edge(self.clock)
        self.pubsub = PubSub(self.clock)
        self.post_office = PostOffice(self.clock, self._changed)
        self.consent = Consent(self.clock)
        self.client = self.consent.register(CLIENT_ID, CLIENT_SECRET, tuple(redirect_uris))
        self.pages = OAuthPages(self.edge, self.consent, self.post_office)
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        for address in mailboxes:
            self.add_mailbox(address)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2 * MAX_MAIL_BYTES)
        api = GmailApi(self.post_office, self.pubsub)
        app.add_routes(gmail_routes.routes(self.edge, api, self.consent, self.post_office))
        app.add_routes(self.pages.routes())
        app.add_routes(control.routes(self))
        # A client that waits for an answer that never comes must not hold up the end.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        await self.pubsub.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.edge.stopping.set()
        await self.pubsub.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The root without a slash at its end; the port is known once the server is open."""
        return f"http://{self._host}:{self._port}"

    @property
    def urls(self) -> Addresses:
        return Addresses(
            root=f"{self.url}/",
            auth=self.url + oauth_routes.AUTH,
            token=self.url + oauth_routes.TOKEN,
            revoke=self.url + oauth_routes.REVOKE,
            userinfo=self.url + oauth_routes.USERINFO,
            certs=self.url + oauth_routes.CERTS,
            keys=self.url + oauth_routes.KEYS,
        )

    def client_config(self, kind: str = "installed") -> dict[str, Any]:
        """Return the client in the shape of a downloaded client file, "installed" or "web"."""
        return {
            kind: {
                "client_id": self.client.id,
                "client_secret": self.client.secret,
                "auth_uri": self.urls.auth,
                "token_uri": self.urls.token,
                "auth_provider_x509_cert_url": self.urls.certs,
                "redirect_uris": list(self.client.redirect_uris) or ["http://localhost"],
            }
        }

    def environment(self, bot: str) -> dict[str, str]:
        """Return the app's settings that make `bot` its mailbox, consent given.

        Pushes are set up too once somebody has subscribed a topic.
        """
        found = {
            "GMAIL_ADDRESS": bot,
            "GMAIL_CLIENT_ID": self.client.id,
            "GMAIL_CLIENT_SECRET": self.client.secret,
            "GMAIL_REFRESH_TOKEN": self.grant(bot, self.client.id, SCOPES),
            "GMAIL_API_URL": self.url,
            "GOOGLE_AUTH_URL": self.urls.auth,
            "GOOGLE_TOKEN_URL": self.urls.token,
            "GOOGLE_CERTS_URL": self.urls.certs,
        }
        for subscription in self.pubsub.subscriptions[:1]:
            found |= {
                "GMAIL_PUBSUB_TOPIC": subscription.topic,
                "GMAIL_PUSH_AUDIENCE": subscription.audience,
                "GMAIL_PUSH_SERVICE_ACCOUNT": subscription.service_account,
            }
        return found

    def _changed(self, mailbox: Mailbox, change: Change) -> None:
        self.pubsub.changed(mailbox, change)
