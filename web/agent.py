"""Wires the agent into the application: one way in, one brain, one way out, and time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Protocol

from aiohttp import web

from bot.adapters.planner import PlannerConfig, make_planner, make_reader
from bot.adapters.scheduler import Ticker
from bot.channels.http.hosts import read_hosts
from bot.channels.http.tool import HttpTool
from bot.domain.commands import CHAT
from bot.domain.feedback import Risk
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND
from bot.domain.routing import Routing
from bot.service.actions import Runner
from bot.service.asking import Terms
from bot.service.backlog import Backlog, Deal
from bot.service.budgets import AskBudget
from bot.service.cards import Cards
from bot.service.chores import Chores
from bot.service.courier import Courier
from bot.service.deliveries import Deliveries
from bot.service.desk import Desk
from bot.service.handoff import Handoff
from bot.service.identifiers import new_id
from bot.service.intake import Intake
from bot.service.interpreting import Interpreter
from bot.service.joining import MERGE, Joining
from bot.service.limits import RateLimits
from bot.service.links import Links
from bot.service.orchestrator import Orchestrator
from bot.service.outlet import Opened, Parts
from bot.service.ports.channel import Channel
from bot.service.ports.planner import Planner
from bot.service.ports.tools import Toolbox
from bot.service.posting import Posting
from bot.service.retention import Retention
from bot.service.sweeper import Sweeper
from bot.service.turns import Turns
from bot.service.unread import READ
from bot.service.worker import Worker
from bot.settings import Settings
from web.chat.channel import ChatChannel
from web.chat.hub import Hub
from web.keys import (
    AGENT,
    CLOCK,
    HUB,
    INTAKE,
    METRICS,
    OUTLETS,
    PLANNER,
    READER,
    SEALER,
    SETTINGS,
    STORE,
    TOKENS,
    Agent,
)
from web.observer import MetricsObserver

RULES = "rules"
"""The name of the reader that reads no more than Intake itself does."""


class Part(Protocol):
    """Something that runs by itself."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


async def run_agent(app: web.Application) -> AsyncIterator[None]:
    """Run the hub, the courier, the worker and the sweeper for as long as the application runs."""
    settings, store, clock = app[SETTINGS], app[STORE], app[CLOCK]
    observer = MetricsObserver(app[METRICS])
    name = new_id()  # of this process, in its claims
    async with AsyncExitStack() as running:
        planner = app.get(PLANNER) or make_planner(planner_config(settings))
        running.push_async_callback(planner.aclose)
        reader = app.get(READER) or make_reader(planner_config(settings))
        running.push_async_callback(reader.aclose)
        hub = app[HUB] = Hub(store=store, clock=clock, metrics=app[METRICS])
        await hub.start()
        running.push_async_callback(hub.close)
        handoff = Handoff(store)
        names = (CHAT, *(outlet.name for outlet in app[OUTLETS]))
        routing = Routing(
            order=tuple(name for name in settings.channel_order if name in names) or (CHAT,),
            next_after=settings.feedback_next_channel_minutes * MINUTE,
        )
        toolbox = _toolbox(settings)
        terms = _terms(settings, toolbox, routing)
        intake = app[INTAKE] = _intake(
            app, handoff, observer, terms, has_reader=reader.name != RULES
        )
        links = Links(key=app[TOKENS].keyed("links"))
        cards = Cards(public_url=settings.public_url, links=links)
        parts = Parts(
            name=name,
            store=store,
            clock=clock,
            intake=intake,
            sealer=app[SEALER],
            cards=cards,
            links=links,
            public_url=settings.public_url,
            session_timeout=settings.session_timeout_hours * HOUR,
        )
        opened: dict[str, Opened] = {}
        for outlet in app[OUTLETS]:
            opened[outlet.name] = await outlet.open(parts)
            running.push_async_callback(opened[outlet.name].close)
        courier = _courier(app, name, handoff, observer, routing, cards, opened)
        worker = _worker(app, name, planner, handoff, observer, terms, opened)
        runner = Runner(
            name=name,
            store=store,
            clock=clock,
            toolbox=toolbox,
            session_timeout=settings.session_timeout_hours * HOUR,
            max_age=settings.action_max_age_hours * HOUR,
            observer=observer,
        )
        interpreter = Interpreter(
            store=store, clock=clock, intake=intake, reader=reader, public_url=settings.public_url
        )
        deals: dict[str, Deal] = {READ: interpreter.deal, MERGE: Joining(intake).deal}
        for each in opened.values():
            deals.update(each.deals)
        backlog = Backlog(name=name, store=store, clock=clock, deals=deals)
        chores = Chores(
            owner=name,
            store=store,
            clock=clock,
            chores=[chore for each in opened.values() for chore in each.chores],
        )
        sweeper = Sweeper(
            store=store,
            clock=clock,
            intake=intake,
            observer=observer,
            retention=Retention(
                sessions=settings.retention_sessions_days * DAY,
                mail=settings.retention_mail_days * DAY,
                journal=settings.retention_journal_days * DAY,
            ),
        )
        app[AGENT] = Agent(
            worker=worker,
            courier=courier,
            sweeper=sweeper,
            runner=runner,
            backlog=backlog,
            chores=chores,
            outlets=opened,
        )
        parts_at_work: list[Part] = [courier, worker, runner]
        if opened:  # nothing else keeps anything in the inbox, or has chores
            parts_at_work += [backlog, Ticker(chores.tick, settings.sweep_seconds)]
        parts_at_work.append(Ticker(sweeper.sweep, settings.sweep_seconds))
        for part in parts_at_work:
            await part.start()
            running.push_async_callback(part.close)
        yield


async def leave_sockets(app: web.Application) -> None:
    """Tell every socket to come back later, while the rest still runs."""
    await app[HUB].close()


def planner_config(settings: Settings) -> PlannerConfig:
    """Return the planner's plain values, the fallback's inside them."""
    fallback = None
    if settings.model_fallback_provider != "none":
        fallback = PlannerConfig(
            provider=settings.model_fallback_provider,
            model=settings.model_fallback_name,
            api_key=settings.model_fallback_api_key.get_secret_value(),
            base_url=settings.model_fallback_base_url or None,
            timeout_seconds=settings.model_timeout_seconds,
            retries=settings.model_retries,
            json_schema=settings.model_structured_output,
        )
    return PlannerConfig(
        provider=settings.model_provider,
        model=settings.model_name,
        api_key=settings.model_api_key.get_secret_value(),
        base_url=settings.model_base_url or None,
        timeout_seconds=settings.model_timeout_seconds,
        retries=settings.model_retries,
        json_schema=settings.model_structured_output,
        fallback=fallback,
    )


def _intake(
    app: web.Application,
    handoff: Handoff,
    observer: MetricsObserver,
    terms: Terms,
    *,
    has_reader: bool,
) -> Intake:
    settings = app[SETTINGS]
    return Intake(
        store=app[STORE],
        clock=app[CLOCK],
        handoff=handoff,
        observer=observer,
        limits=RateLimits(
            per_user=settings.rate_limit_per_user,
            per_session=settings.rate_limit_per_session,
            per_person_channel=settings.rate_limit_per_person_channel,
        ),
        max_concurrent=settings.max_concurrent_sessions,
        session_timeout=settings.session_timeout_hours * HOUR,
        feedback_timeout=settings.feedback_timeout_hours * HOUR,
        self_approval=settings.self_approval,
        has_reader=has_reader,
        channels=terms.routing.order,
        routing=terms.routing,
        terms=terms,
        is_administrator=lambda tx, person_id: tx.accounts.is_administrator(person_id),
    )


def _courier(
    app: web.Application,
    name: str,
    handoff: Handoff,
    observer: MetricsObserver,
    routing: Routing,
    cards: Cards,
    opened: Mapping[str, Opened],
) -> Courier:
    settings = app[SETTINGS]
    timeout = settings.session_timeout_hours * HOUR
    channels: dict[str, Channel] = {CHAT: ChatChannel(app[HUB])}
    channels |= {name: each.channel for name, each in opened.items()}
    desks: list[Desk] = [
        Deliveries(
            routing=routing,
            session_timeout=timeout,
            channels=channels,
            cards=cards if opened else None,
        )
    ]
    if opened:
        desks.append(
            Posting(
                speakers={name: each.speaker for name, each in opened.items()},
                public_url=settings.public_url,
                session_timeout=timeout,
            )
        )
    return Courier(
        name=name,
        store=app[STORE],
        clock=app[CLOCK],
        channels=tuple(channels),
        desks=desks,
        handoff=handoff,
        observer=observer,
    )


def _toolbox(settings: Settings) -> Toolbox | None:
    """Return what may run after an approval; None where the operator listed no host."""
    hosts = read_hosts(settings.action_hosts)
    return HttpTool(hosts) if hosts else None


def _terms(settings: Settings, toolbox: Toolbox | None, routing: Routing) -> Terms:
    policy = (entry.partition("=") for entry in settings.risk_policy)
    return Terms(
        feedback_timeout=settings.feedback_timeout_hours * HOUR,
        self_approval=settings.self_approval,
        risks={name.strip(): Risk(risk.strip()) for name, _, risk in policy},
        toolbox=toolbox,
        routing=routing,
        budget=AskBudget(
            per_session=settings.asks_per_session_day,
            per_recipient=settings.asks_per_recipient_day,
        ),
    )


def _worker(
    app: web.Application,
    name: str,
    planner: Planner,
    handoff: Handoff,
    observer: MetricsObserver,
    terms: Terms,
    opened: Mapping[str, Opened],
) -> Worker:
    settings, store, clock = app[SETTINGS], app[STORE], app[CLOCK]
    turns = Turns(
        lease=settings.turn_lease_seconds * SECOND,
        session_timeout=settings.session_timeout_hours * HOUR,
        terms=terms,
    )
    return Worker(
        name=name,
        store=store,
        clock=clock,
        orchestrator=Orchestrator(
            store=store,
            clock=clock,
            planner=planner,
            turns=turns,
            handoff=handoff,
            observer=observer,
            stages={name: each.stage for name, each in opened.items() if each.stage is not None},
        ),
        turns=turns,
        handoff=handoff,
        at_once=settings.worker_turns,
    )
