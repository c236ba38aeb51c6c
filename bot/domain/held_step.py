"""A question that waits for the owner to allow whom it goes to: canonical JSON, there and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from bot.domain.feedback import FeedbackRequest, Field, FieldKind, Kind, Risk
from bot.domain.planning import AskHuman, Escalation, ProposedAction

CONTACT = "contact"
"""The name of the internal action: no toolbox knows it, so that no plan can propose it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldStep:
    """A proposed question, and the people in it whom the owner has not named, by name and id."""

    step: AskHuman
    people: Mapping[str, str]


def asks_for_contact(request: FeedbackRequest) -> bool:
    """Tell whether a request asks the owner themselves whom the agent may write to."""
    return request.action is not None and request.action.tool == CONTACT


def arguments_of(held: HeldStep) -> dict[str, object]:
    """Return what the action of a contact question holds; what is as usual is left out."""
    usual = {
        field.name: field.default
        for field in fields(AskHuman)
        if field.default is not MISSING and field.name != "kind"
    }
    step = {
        name: value for name, value in asdict(held.step).items() if value != usual.get(name, ...)
    }
    return {"people": dict(held.people), "step": step}


def read_held(arguments: str) -> HeldStep:
    """Return the step of a contact question; ValueError when it is not what we wrote."""
    try:
        content = json.loads(arguments)
        return HeldStep(step=_step(content["step"]), people=dict(content["people"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a held step") from error


def _step(content: Mapping[str, Any]) -> AskHuman:
    values: dict[str, Any] = dict(content)
    for name in ("people", "options", "notify", "remind_at"):
        if values.get(name) is not None:
            values[name] = tuple(values[name])
    values["kind"] = Kind(values["kind"])
    if "risk" in values:
        values["risk"] = Risk(values["risk"])
    if "fields" in values:
        values["fields"] = tuple(_field(field) for field in values["fields"])
    if "escalations" in values:
        values["escalations"] = tuple(
            Escalation(**{**each, "people": tuple(each["people"])})
            for each in values["escalations"]
        )
    if values.get("action") is not None:
        values["action"] = ProposedAction(**values["action"])
    return AskHuman(**values)


def _field(content: Mapping[str, Any]) -> Field:
    return Field(
        **{
            **content,
            "kind": FieldKind(content["kind"]),
            "options": tuple(content.get("options", ())),
        }
    )
