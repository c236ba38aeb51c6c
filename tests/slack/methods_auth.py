"""The methods that deal with tokens and installs: `auth.*`, `apps.*`, `oauth.*`, `openid.*`."""

from __future__ import annotations

from tests.slack.calling import Backend, Caller, need, truthy
from tests.slack.failures import SlackRefusal
from tests.slack.identity import id_token
from tests.slack.records import Install, Json, Token
from tests.slack.tokens import LIFETIME

CODE_LIFE = 600.0
"""Seconds in which a code is exchanged."""


def api_test(backend: Backend, args: Json) -> Json:
    """`api.test`."""
    if args.get("error"):
        raise SlackRefusal(str(args["error"]), args=args)
    return {"args": args}


def auth_test(backend: Backend, caller: Caller, args: Json) -> Json:
    """`auth.test`."""
    workspace = backend.workspace
    if caller.token.kind == "app":
        return {"app_name": workspace.app.name, "app_id": workspace.app.id}
    team = workspace.teams[caller.team_id]
    shown: Json = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": caller.user.name,
        "team_id": team.id,
        "user_id": caller.user.id,
        "is_enterprise_install": False,
    }
    return shown | ({"bot_id": caller.user.bot_id} if caller.user.bot_id else {})


def revoke(backend: Backend, caller: Caller, args: Json) -> Json:
    """`auth.revoke`: the token that is used; `test` only says what would happen."""
    if truthy(args.get("test")):
        return {"revoked": False}
    caller.token.revoked = True
    announce_revoked(backend, [caller.token])
    return {"revoked": True}


def announce_revoked(backend: Backend, tokens: list[Token]) -> None:
    """Tell the app which users' tokens are no more."""
    for team_id in {token.team_id for token in tokens}:
        lost: dict[str, list[str]] = {"oauth": [], "bot": []}
        for token in tokens:
            if token.team_id == team_id:
                lost["bot" if token.kind == "bot" else "oauth"].append(token.user_id)
        event = {"type": "tokens_revoked", "tokens": lost}
        backend.outbox.put(event, team_id=team_id, needs_active=False)


def uninstall_from(backend: Backend, install: Install) -> None:
    """Take the app out of a team: its tokens die, and it is told."""
    revoked = backend.tokens.revoke_all(install.team_id)
    install.active = False
    backend.workspace.users[install.bot_user_id].deleted = True
    backend.outbox.put({"type": "app_uninstalled"}, team_id=install.team_id, needs_active=False)
    announce_revoked(backend, revoked)


def uninstall(backend: Backend, caller: Caller, args: Json) -> Json:
    """`apps.uninstall`."""
    check_client(backend, args)
    uninstall_from(backend, backend.workspace.installs[caller.team_id])
    return {}


def connections_open(backend: Backend, caller: Caller, args: Json) -> Json:
    """`apps.connections.open`."""
    if backend.workspace.app.socket_mode is False:
        raise SlackRefusal("forbidden_team")
    return {"url": backend.socket_url()}


def check_client(backend: Backend, args: Json) -> None:
    """Check the app's own credentials."""
    app = backend.workspace.app
    if args.get("client_id") != app.client_id:
        raise SlackRefusal("invalid_client_id")
    if args.get("client_secret") != app.client_secret:
        raise SlackRefusal("bad_client_secret")


def take_code(backend: Backend, args: Json, purpose: str) -> Json:
    """Use an OAuth code once."""
    code = backend.codes.get(str(args.get("code") or ""))
    if code is None or code["purpose"] != purpose:
        raise SlackRefusal("invalid_code")
    if code["used"]:
        raise SlackRefusal("code_already_used")
    if backend.workspace.clock.now() - code["issued"] > CODE_LIFE:
        raise SlackRefusal("invalid_code")
    if code["redirect_uri"] and (args.get("redirect_uri") or "") != code["redirect_uri"]:
        raise SlackRefusal("bad_redirect_uri")
    code["used"] = True
    return code


def _granted(backend: Backend, token: Token) -> Json:
    workspace = backend.workspace
    team = workspace.teams[token.team_id]
    shown: Json = {
        "access_token": token.value,
        "token_type": "bot",
        "scope": ",".join(sorted(token.scopes)),
        "bot_user_id": token.user_id,
        "app_id": workspace.app.id,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if token.refresh_token is not None:
        shown |= {"refresh_token": token.refresh_token, "expires_in": int(LIFETIME)}
    return shown


def oauth_access(backend: Backend, args: Json) -> Json:
    """`oauth.v2.access`: a code for a token, or a refresh token for the next pair."""
    check_client(backend, args)
    grant = args.get("grant_type") or "authorization_code"
    if grant == "refresh_token":
        return _granted(backend, backend.tokens.refresh(str(args.get("refresh_token") or "")))
    if grant != "authorization_code":
        raise SlackRefusal("invalid_grant_type")
    code = take_code(backend, args, "install")
    scopes = frozenset(code["scopes"])
    install = backend.workspace.install(code["team_id"], code["user_id"], scopes or None)
    token = backend.tokens.issue_bot(install)
    return _granted(backend, token) | {"authed_user": {"id": code["user_id"]}}


def oauth_exchange(backend: Backend, args: Json) -> Json:
    """`oauth.v2.exchange`: a token that lives for ever for a rotating one."""
    check_client(backend, args)
    (value,) = need(args, "token")
    return _granted(backend, backend.tokens.exchange(value))


def openid_token(backend: Backend, args: Json) -> Json:
    """`openid.connect.token`: a code for a token that says who signed in."""
    check_client(backend, args)
    code = take_code(backend, args, "openid")
    scopes = frozenset(code["scopes"])
    token = backend.tokens.issue_user(code["team_id"], code["user_id"], scopes)
    claims = user_claims(backend, token) | {"nonce": code["nonce"]}
    return {
        "access_token": token.value,
        "token_type": "Bearer",
        "id_token": id_token(backend.base_url, backend.workspace, claims),
        "state": code["state"],
    }


def user_claims(backend: Backend, token: Token) -> Json:
    """Say who a token's user is, as far as its scopes let it be said."""
    workspace = backend.workspace
    user, team = workspace.users[token.user_id], workspace.teams[token.team_id]
    claims: Json = {
        "sub": user.id,
        "https://slack.com/user_id": user.id,
        "https://slack.com/team_id": team.id,
    }
    if "email" in token.scopes:
        confirmed = user.is_email_confirmed and user.email is not None
        claims |= {"email": user.email, "email_verified": confirmed}
    if "profile" in token.scopes:
        claims |= {
            "name": user.real_name,
            "locale": user.locale,
            "https://slack.com/team_name": team.name,
            "https://slack.com/team_domain": team.domain,
        }
    return claims


def openid_user_info(backend: Backend, caller: Caller, args: Json) -> Json:
    """`openid.connect.userInfo`."""
    return user_claims(backend, caller.token)


METHODS = {
    "auth.test": auth_test,
    "auth.revoke": revoke,
    "apps.uninstall": uninstall,
    "apps.connections.open": connections_open,
    "openid.connect.userInfo": openid_user_info,
}
ANONYMOUS = {
    "api.test": api_test,
    "oauth.v2.access": oauth_access,
    "oauth.v2.exchange": oauth_exchange,
    "openid.connect.token": openid_token,
}
