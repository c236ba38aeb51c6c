"""Channels over REST: how they do, what could not be delivered, and trying that again."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from bot.domain.commands import RedriveSurface
from bot.domain.errors import Conflict, NotFound, RateLimited
from bot.domain.instants import iso
from bot.service.ports.store import Transaction
from bot.service.ports.surfaces import Tally
from bot.service.redriving import given_up
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import Done, Limit, actor_of, submit
from web.keys import AGENT, SETTINGS, STORE
from web.views.people import People

TAG = "channels"


class Lane(BaseModel):
    """A lane of a channel that has failed since it last worked; the others are not listed."""

    lane: str
    breaker: Literal["closed", "open", "half-open"]
    failures: int


class Channel(BaseModel):
    """A channel as this server knows it; one that is not connected is `closed`."""

    name: str
    state: Literal["ready", "degraded", "closed"]
    reason: str
    """Why it is not ready, and what to do; empty when it is."""
    lanes: list[Lane]
    waiting: int
    failed: int


class Channels(BaseModel):
    """The deployment's channels, in its order of preference."""

    channels: list[Channel]


class SurfacesQuery(Input):
    """Which deliveries of my questions; `failed` are those that were given up."""

    state: Literal["failed"] = "failed"
    limit: Limit = 50


class FailedSurface(BaseModel):
    """A place where a question could not be shown."""

    id: str
    question_id: str
    question: str
    person: models.Named
    channel: str
    error: str | None
    attempts: int
    asked_at: models.Instant


class FailedSurfaces(BaseModel):
    """What was given up, newest first."""

    surfaces: list[FailedSurface]


@endpoint("GET", "/api/channels", summary="How the channels do", tag=TAG, answer=Channels)
async def list_channels(call: Call) -> Channels:
    """Return each channel with its failing lanes, what waits in it and what was given up."""
    return Channels(channels=await channels_of(call))


async def channels_of(call: Call) -> list[Channel]:
    """Return the channels as this server knows them."""
    tallies: dict[str, Tally] = await call.app[STORE].read(_tallies)
    agent = call.app[AGENT]
    health = {each.name: each for each in agent.courier.health()}
    outlets = {name: opened.health() for name, opened in agent.outlets.items()}
    none = Tally(channel="", waiting=0, failed=0)
    channels = []
    for name in dict.fromkeys((*call.app[SETTINGS].channel_order, *health)):
        known = health.get(name)
        tally = tallies.get(name, none)
        outlet = outlets.get(name)
        state, reason = "closed", "It is not configured."
        if known is not None:
            state, reason = known.state, "Some deliveries fail." if known.state != "ready" else ""
        if outlet is not None and outlet.state != "ready":
            state, reason = outlet.state, outlet.reason
        channels.append(
            Channel.model_validate(
                {
                    "name": name,
                    "state": state,
                    "reason": reason,
                    "lanes": []
                    if known is None
                    else [
                        {"lane": lane.lane, "breaker": lane.breaker, "failures": lane.failures}
                        for lane in known.lanes
                    ],
                    "waiting": tally.waiting,
                    "failed": tally.failed,
                }
            )
        )
    return channels


@endpoint(
    "GET",
    "/api/surfaces",
    summary="List what could not be delivered",
    tag=TAG,
    query=SurfacesQuery,
    answer=FailedSurfaces,
)
async def list_surfaces(call: Call) -> FailedSurfaces:
    """Return the deliveries of the caller's questions that were given up."""
    found: FailedSurfaces = await call.app[STORE].read(
        _given_up, call.principal.person_id, call.query.limit
    )
    return found


@endpoint(
    "POST",
    "/api/surfaces/{id}/redrive",
    summary="Try a delivery again",
    tag=TAG,
    answer=Done,
    idempotent=True,
    errors=(Conflict, NotFound, RateLimited),
)
async def redrive(call: Call) -> Done:
    """Try again to show a question of the caller where that was given up."""
    command = RedriveSurface(
        external_key=call.external_key, actor=actor_of(call), surface_id=call.path["id"]
    )
    return Done(outcome=await submit(call, command))


def _tallies(tx: Transaction) -> dict[str, Tally]:
    return {tally.channel: tally for tally in tx.surfaces.tally()}


def _given_up(tx: Transaction, asker_id: str, limit: int) -> FailedSurfaces:
    people = People(tx)
    return FailedSurfaces(
        surfaces=[
            FailedSurface(
                id=surface.id,
                question_id=request.id,
                question=request.question,
                person=people.named(surface.person_id),
                channel=surface.channel,
                error=surface.last_error,
                attempts=surface.attempts,
                asked_at=iso(request.asked_at),
            )
            for surface, request in given_up(tx, asker_id, limit)
        ]
    )


ENDPOINTS = (list_channels, list_surfaces, redrive)
