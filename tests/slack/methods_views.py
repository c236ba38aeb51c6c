"""The `views.*` methods: modals on a person's screen, and the Home tab."""

from __future__ import annotations

import copy
import hashlib
import json

from tests.slack.calling import Backend, Caller, need
from tests.slack.checks import check_view
from tests.slack.failures import SlackRefusal
from tests.slack.records import Json, View
from tests.slack.wire import view_json

MOST_PUSHED = 3


def new_view(
    backend: Backend, team_id: str, user_id: str, content: Json, below: View | None = None
) -> View:
    """Put a view that was checked on a person's screen, above another one or alone."""
    workspace = backend.workspace
    external_id = str(content.get("external_id") or "")
    taken = (view.external_id for view in workspace.views.values() if view.team_id == team_id)
    if external_id and external_id in taken:
        raise SlackRefusal("duplicate_external_id")
    id_ = workspace.new_id("V")
    view = View(
        id=id_,
        team_id=team_id,
        user_id=user_id,
        type=content["type"],
        content={},
        hash="",
        root_view_id=id_ if below is None else below.root_view_id,
        previous_view_id=None if below is None else below.id,
        external_id=external_id,
    )
    show(backend, view, content)
    workspace.views[id_] = view
    return view


def show(backend: Backend, view: View, content: Json) -> None:
    """Let a view show something else; what was entered in blocks that stay is kept."""
    workspace = backend.workspace
    shown = copy.deepcopy(content)
    shown["blocks"] = backend.posting.with_ids(content["blocks"])
    view.content = shown
    view.errors = {}
    digest = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:8]
    view.hash = f"{workspace.new_ts()}.{digest}"
    kept = {block["block_id"] for block in shown["blocks"]}
    state = workspace.states.get((view.id, view.user_id), {})
    workspace.states[view.id, view.user_id] = {k: v for k, v in state.items() if k in kept}


def stack_of(backend: Backend, view: View) -> list[View]:
    """Return the open modals that lie on one another with this one, lowest first."""
    root = view.root_view_id
    return [v for v in backend.workspace.views.values() if v.root_view_id == root and v.open]


def open_(backend: Backend, caller: Caller, args: Json) -> Json:
    """`views.open`: the trigger works once, for three seconds."""
    check_view(args.get("view"), "modal")
    trigger = backend.triggers.take(args.get("trigger_id"), caller.team_id)
    view = new_view(backend, caller.team_id, trigger.user_id, args["view"])
    return {"view": view_json(backend.workspace, view)}


def push(backend: Backend, caller: Caller, args: Json) -> Json:
    """`views.push`: above the modal from which the trigger came."""
    check_view(args.get("view"), "modal")
    trigger = backend.triggers.take(args.get("trigger_id"), caller.team_id)
    below = backend.workspace.views.get(trigger.view_id or "")
    if below is None or not below.open or below.type != "modal":
        raise SlackRefusal("not_found")
    if len(stack_of(backend, below)) >= MOST_PUSHED:
        raise SlackRefusal("push_limit_reached")
    view = new_view(backend, caller.team_id, trigger.user_id, args["view"], below)
    return {"view": view_json(backend.workspace, view)}


def update(backend: Backend, caller: Caller, args: Json) -> Json:
    """`views.update`, by `view_id` or `external_id`, guarded by `hash` if one is given."""
    wanted, external = args.get("view_id"), args.get("external_id")
    if not (wanted or external):
        raise SlackRefusal("invalid_arguments")
    found = (
        view
        for view in backend.workspace.views.values()
        if view.team_id == caller.team_id
        and view.open
        and (view.id == wanted if wanted else view.external_id == external)
    )
    view = next(found, None)
    if view is None:
        raise SlackRefusal("not_found")
    check_view(args.get("view"), view.type)
    if args.get("hash") and args["hash"] != view.hash:
        raise SlackRefusal("hash_conflict")
    show(backend, view, args["view"])
    return {"view": view_json(backend.workspace, view)}


def publish(backend: Backend, caller: Caller, args: Json) -> Json:
    """`views.publish`: a person's Home tab."""
    (user_id,) = need(args, "user_id")
    user = backend.workspace.users.get(user_id)
    if user is None or user.is_bot:
        raise SlackRefusal("user_not_found")
    if user.deleted:
        raise SlackRefusal("user_disabled")
    check_view(args.get("view"), "home")
    key = (caller.team_id, user_id)
    view = backend.workspace.homes.get(key)
    if view is None:
        view = new_view(backend, caller.team_id, user_id, args["view"])
        backend.workspace.homes[key] = view
    else:
        if args.get("hash") and args["hash"] != view.hash:
            raise SlackRefusal("hash_conflict")
        show(backend, view, args["view"])
    return {"view": view_json(backend.workspace, view)}


METHODS = {
    "views.open": open_,
    "views.push": push,
    "views.update": update,
    "views.publish": publish,
}
