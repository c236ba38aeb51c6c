"""Administration of people over REST: accounts, invitations, and two who are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, Field

from bot.domain.commands import MergePeople
from bot.domain.errors import Conflict, NotAllowed, NotFound, RateLimited
from bot.domain.instants import Micros, iso
from bot.service.ports.accounts import Account, Purpose, Ticket
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import Done, Limit, actor_of, submit
from web.auth import administering, attempts, registration, tickets
from web.auth.letters import letters_of
from web.auth.passwords_of import send_reset_to
from web.auth.proving import proving_of
from web.keys import CLOCK, SETTINGS, STORE

TAG = "administration"
_INVITES = 200


class AccountsQuery(Input):
    """Which page; `before` is the `next` of an earlier one."""

    before: Annotated[str, Field(max_length=64)] | None = None
    limit: Limit = 50


class ShownAccount(BaseModel):
    """An account as administrators see it."""

    id: str
    person: models.Named
    username: str
    email: str
    verified: bool
    is_admin: bool
    disabled: bool
    has_password: bool
    created_at: models.Instant


class Accounts(BaseModel):
    """A page of accounts, newest first; `next` is null on the last page."""

    accounts: list[ShownAccount]
    next: str | None


class Rights(Input):
    """Whether an account is an administrator's."""

    is_admin: bool


class Invitation(Input):
    """Whom to invite; with an address, only that one can register by the link."""

    email: str | None = Field(default=None, max_length=254, json_schema_extra={"format": "email"})


class Invited(BaseModel):
    """An invitation; `url` is told once, when it is made."""

    id: str
    email: str | None
    invited_by: str | None
    url: str | None
    created_at: models.Instant
    expires_at: models.Instant


class Invites(BaseModel):
    """Invitations that are good and not used yet, newest first."""

    invites: list[Invited]


class Merge(Input):
    """Two people who are one human, who is called as `into` is from then on."""

    person: str = Field(max_length=64)
    into: str = Field(max_length=64)
    proof: str = Field(default="", max_length=1024, description="How it was found, in words.")


@endpoint(
    "GET",
    "/api/admin/accounts",
    summary="List accounts",
    tag=TAG,
    query=AccountsQuery,
    answer=Accounts,
    admin_only=True,
)
async def list_accounts(call: Call) -> Accounts:
    """Return a page of accounts."""
    query: AccountsQuery = call.query
    page: Accounts = await call.app[STORE].read(_page, query.before, query.limit)
    return page


@endpoint(
    "POST",
    "/api/admin/accounts/{id}/disable",
    summary="Disable an account",
    tag=TAG,
    answer=ShownAccount,
    admin_only=True,
    errors=(Conflict, NotFound),
)
async def disable_account(call: Call) -> ShownAccount:
    """Shut an account out: its tokens and live sockets die at once, and nobody is asked by it."""
    return await _change(call, administering.disable)


@endpoint(
    "POST",
    "/api/admin/accounts/{id}/enable",
    summary="Enable an account again",
    tag=TAG,
    answer=ShownAccount,
    admin_only=True,
    errors=(NotFound,),
)
async def enable_account(call: Call) -> ShownAccount:
    """Let an account in again; its former sign-ins stay ended."""
    return await _change(call, administering.enable)


@endpoint(
    "POST",
    "/api/admin/accounts/{id}/sign-out",
    summary="End every sign-in of an account",
    tag=TAG,
    answer=ShownAccount,
    admin_only=True,
    errors=(NotFound,),
)
async def sign_out_account(call: Call) -> ShownAccount:
    """End them at once, live sockets included."""
    return await _change(call, administering.sign_out)


@endpoint(
    "POST",
    "/api/admin/accounts/{id}/confirm",
    summary="Vouch for an account's address",
    tag=TAG,
    answer=ShownAccount,
    admin_only=True,
    errors=(Conflict, NotFound),
)
async def confirm_account(call: Call) -> ShownAccount:
    """Confirm an address where no code could; who vouched for it is journalled."""
    proving = proving_of(call.app[SETTINGS])

    def confirm(tx: Transaction, account_id: str, by: str, now: Micros) -> Account:
        return administering.confirm(tx, account_id, by, proving, now)

    return await _change(call, confirm)


@endpoint(
    "PUT",
    "/api/admin/accounts/{id}/rights",
    summary="Make an account an administrator's, or not any more",
    tag=TAG,
    body=Rights,
    answer=ShownAccount,
    admin_only=True,
    errors=(Conflict, NotFound),
)
async def set_rights(call: Call) -> ShownAccount:
    """Give or take the right to administrate; the last administrator keeps it."""
    wanted: bool = call.body.is_admin

    def change(tx: Transaction, account_id: str, by: str, now: Micros) -> Account:
        return administering.set_admin(tx, account_id, wanted, by, now)

    return await _change(call, change)


@endpoint(
    "POST",
    "/api/admin/accounts/{id}/reset",
    summary="Send an account's owner a link to set a password",
    tag=TAG,
    status=202,
    admin_only=True,
    errors=(Conflict, NotFound, RateLimited),
)
async def reset_account(call: Call) -> None:
    """Send the link to the confirmed address; the administrator does not see it."""
    app, now, token = call.app, call.app[CLOCK].now(), tickets.new_token()
    letters = letters_of(app)
    url = tickets.link(app[SETTINGS].public_url, Purpose.RESET, token)
    left: Account | None = await app[STORE].run(
        send_reset_to, call.path["id"], tickets.hash_of(token), url, letters, now
    )
    if left is not None:
        letters.bring(left, url)


@endpoint(
    "POST",
    "/api/admin/invites",
    summary="Invite somebody",
    tag=TAG,
    body=Invitation,
    answer=Invited,
    status=201,
    admin_only=True,
    errors=(RateLimited,),
)
async def invite(call: Call) -> Invited:
    """Return a link by which one person can register once, within 7 days."""
    app, now, token = call.app, call.app[CLOCK].now(), tickets.new_token()
    await attempts.allow(call.request, "invite", call.principal.username)
    email = call.body.email
    if email is not None:
        email = registration.checked_email(email, development=app[SETTINGS].debug)

    def keep(tx: Transaction) -> Ticket:
        return tickets.issue(
            tx,
            Purpose.INVITE,
            tickets.hash_of(token),
            now,
            email=email,
            made_by=call.principal.person_id,
        )

    made: Ticket = await app[STORE].run(keep)
    return _invited(made, tickets.link(app[SETTINGS].public_url, Purpose.INVITE, token))


@endpoint(
    "GET",
    "/api/admin/invites",
    summary="List invitations",
    tag=TAG,
    answer=Invites,
    admin_only=True,
)
async def list_invites(call: Call) -> Invites:
    """Return the invitations that can still be used; their links are not told again."""
    now = call.app[CLOCK].now()
    found: list[Ticket] = await call.app[STORE].read(
        lambda tx: tx.tickets.of(Purpose.INVITE, _INVITES)
    )
    return Invites(invites=[_invited(each, None) for each in found if now < each.expires_at])


@endpoint(
    "DELETE",
    "/api/admin/invites/{id}",
    summary="Take an invitation back",
    tag=TAG,
    status=204,
    admin_only=True,
    errors=(NotFound,),
)
async def take_back_invite(call: Call) -> None:
    """Let nobody use it any more."""

    def drop(tx: Transaction) -> None:
        ticket = tx.tickets.get(call.path["id"])
        if ticket is None or ticket.purpose is not Purpose.INVITE:
            raise NotFound("There is no such invitation.")
        tx.tickets.take(ticket.token_hash)

    await call.app[STORE].run(drop)


@endpoint(
    "POST",
    "/api/admin/people/merge",
    summary="Say that two people are one",
    tag=TAG,
    body=Merge,
    answer=Done,
    admin_only=True,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def merge_people(call: Call) -> Done:
    """Make one person an alias of the other; what waits for their answers is judged again."""
    command = MergePeople(
        external_key=call.external_key,
        actor=actor_of(call),
        person_id=call.body.person,
        into=call.body.into,
        proof=call.body.proof,
    )
    return Done(outcome=await submit(call, command))


ENDPOINTS = (
    list_accounts,
    disable_account,
    enable_account,
    sign_out_account,
    confirm_account,
    set_rights,
    reset_account,
    invite,
    list_invites,
    take_back_invite,
    merge_people,
)


async def _change(
    call: Call, change: Callable[[Transaction, str, str, Micros], Account]
) -> ShownAccount:
    by, now = call.principal.person_id, call.app[CLOCK].now()

    def run(tx: Transaction) -> ShownAccount:
        return shown_account(tx, change(tx, call.path["id"], by, now))

    shown: ShownAccount = await call.app[STORE].run(run)
    return shown


def _page(tx: Transaction, before: str | None, limit: int) -> Accounts:
    # One more than asked for tells whether there is a next page.
    found = tx.accounts.listed(before, limit + 1)
    shown = [shown_account(tx, account) for account in found[:limit]]
    return Accounts(accounts=shown, next=shown[-1].id if len(found) > limit else None)


def shown_account(tx: Transaction, account: Account) -> ShownAccount:
    """Return an account as administrators see it."""
    person = tx.people.get(account.person_id)
    if person is not None and person.merged_into is not None:
        person = tx.people.get(person.merged_into)
    return ShownAccount(
        id=account.id,
        person=models.Named(
            id=person.id if person else account.person_id,
            name=person.name if person else account.username,
        ),
        username=account.username,
        email=account.email,
        verified=account.verified_at is not None,
        is_admin=account.is_admin,
        disabled=account.disabled_at is not None,
        has_password=bool(account.password_hash),
        created_at=iso(account.created_at),
    )


def _invited(ticket: Ticket, url: str | None) -> Invited:
    return Invited(
        id=ticket.token_hash,
        email=ticket.email,
        invited_by=ticket.made_by,
        url=url,
        created_at=iso(ticket.created_at),
        expires_at=iso(ticket.expires_at),
    )
