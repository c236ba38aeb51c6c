"""How the server itself is asked: its health, its readiness, its metrics and its front door."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

import web as package
from web.api.endpoint import Call, answer_json, endpoint
from web.keys import AGENT, CLOCK, METRICS, STORE
from web.metrics import CONTENT_TYPE, render
from web.negotiation import prefers_html
from web.readiness import READINESS
from web.served import answer_page

TAG = "service"


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadyChannel(BaseModel):
    """How a channel outside the web does on this server."""

    name: str
    state: Literal["ready", "degraded", "closed"]
    watch_age_seconds: int | None = Field(
        default=None, description="How old Gmail's watch is; it ends after seven days."
    )


class Ready(BaseModel):
    """The server can serve; `degraded` says that a channel outside the web does not do well."""

    status: Literal["ready", "degraded"] = "ready"
    channels: list[ReadyChannel] = []


class About(BaseModel):
    """What this server is."""

    name: str
    version: str


@endpoint(
    "GET",
    "/health",
    summary="Whether the process answers",
    tag=TAG,
    answer=Health,
    signed_in=False,
    needs_store=False,
)
async def health(call: Call) -> Health:  # noqa: ARG001 - every handler takes a call
    """Tell that the process is alive; a failing database is no reason to restart it."""
    return Health()


@endpoint("GET", "/ready", summary="Whether it can serve", tag=TAG, answer=Ready, signed_in=False)
async def ready(call: Call) -> Ready:
    """Tell whether the database answers and can be written.

    A channel that is degraded or closed is told and refuses nothing: what it brings waits, the web
    goes on, and another server would do no better.
    """
    await call.app[READINESS].check(call.app[STORE], call.app[CLOCK].now())
    channels = []
    for name, opened in call.app[AGENT].outlets.items():
        health = opened.health()
        age = health.details.get("watch_age_seconds")
        channels.append(
            ReadyChannel.model_validate(
                {"name": name, "state": health.state, "watch_age_seconds": age}
            )
        )
    well = all(each.state == "ready" for each in channels)
    return Ready(status="ready" if well else "degraded", channels=channels)


@endpoint(
    "GET",
    "/metrics",
    summary="Metrics for Prometheus",
    tag=TAG,
    media="text/plain",
    signed_in=False,
    needs_store=False,
)
async def metrics(call: Call) -> web.Response:
    """Write the metrics in Prometheus' text format."""
    told = call.app[METRICS]
    for name, opened in call.app[AGENT].outlets.items():
        age = opened.health().details.get("watch_age_seconds")
        if age is not None:
            told.watch_age_seconds.labels(channel=name).set(int(age))
    return web.Response(body=render(told.registry), headers={"Content-Type": CONTENT_TYPE})


@endpoint(
    "GET",
    "/",
    summary="The companion page, or what this server is",
    tag=TAG,
    answer=About,
    signed_in=False,
    needs_store=False,
)
async def front(call: Call) -> web.StreamResponse:
    """Serve the page to browsers, and a short JSON object to everything else."""
    response: web.StreamResponse
    if prefers_html(call.request.headers.get("Accept", "")):
        response = await answer_page(call.request)
    else:
        response = answer_json(About(name="Handraise", version=package.__version__))
    response.headers.add("Vary", "Accept")
    return response


ENDPOINTS = (front, health, ready, metrics)
