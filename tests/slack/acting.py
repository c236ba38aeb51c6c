"""What people do with the app's surfaces: click, choose, fill in, submit."""

from __future__ import annotations

from typing import Any

from tests.slack.checks import view_faults
from tests.slack.clock import Clock
from tests.slack.commanding import Commanding
from tests.slack.delivery import Delivery
from tests.slack.element_checks import check_options
from tests.slack.failures import NotOnScreen, SlackRefusal
from tests.slack.methods_views import new_view, show, stack_of
from tests.slack.outbox import Parcel
from tests.slack.payloads import find
from tests.slack.records import Channel, Json, SlackApp, User, View
from tests.slack.widgets import chosen, is_empty


class Acting(Commanding):
    """Interactions; each returns the delivery with the app's answer."""

    def __init__(self, *, clock: Clock | None = None, app: SlackApp | None = None) -> None:
        super().__init__(clock=clock, app=app)
        self._loaded: dict[tuple[str, str], list[Json]] = {}

    # --- buttons and menus ---------------------------------------------------------------

    async def click(
        self,
        who: User | str,
        where: Channel | str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
    ) -> Delivery:
        """Use a button, menu or picker that stands in the message now; `NotOnScreen` otherwise."""
        user = self.user(who)
        message = self.message(self.place(where, user), ts)
        self._sees(user, message)
        blocks = [*message.blocks, *(b for a in message.attachments for b in a.get("blocks", []))]
        block, element = find(blocks, action_id, block_id)
        action = self._action(message.ts, user, block, element, value)
        payload = self.payloads.on_message("block_actions", user, message, self.backend.base_url)
        payload["actions"] = [action]
        return await self._interact(payload)

    async def click_in_view(
        self, who: User | str, view_id: str, action_id: str, value: Any = None
    ) -> Delivery:
        """Use an element of an open modal or of the Home tab."""
        user, view = self._view(who, view_id)
        block, element = find(view.content["blocks"], action_id)
        action = self._action(view.id, user, block, element, value)
        payload = self.payloads.on_view("block_actions", user, view)
        payload["actions"] = [action]
        return await self._interact(payload)

    async def click_in_home(self, who: User | str, action_id: str, value: Any = None) -> Delivery:
        """Use an element of the Home tab."""
        user = self.user(who)
        view = self.home_of(user)
        if view is None:
            raise NotOnScreen(f"{user.name} has no Home tab yet")
        return await self.click_in_view(user, view.id, action_id, value)

    async def forge_click(
        self, who: User | str, where: Channel | str, ts: str, action: Json, **changes: Any
    ) -> Delivery:
        """Send a click that no screen shows; `changes` replace parts of the payload."""
        user = self.user(who)
        message = self.message(self.place(where, user), ts)
        payload = self.payloads.on_message("block_actions", user, message, self.backend.base_url)
        stamped = {"type": "button", "block_id": "forged", "action_ts": self.workspace.new_ts()}
        payload["actions"] = [stamped | action]
        return await self._interact(payload | changes)

    async def forge(self, payload: Json, kind: str = "interaction") -> Delivery:
        """Send any payload as an event, interaction, options request or command."""
        team_id = str(payload.get("team_id", ""))
        return await self.post.send(Parcel(kind=kind, body=payload, team_id=team_id))

    def _action(self, surface: str, user: User, block: Json, element: Json, value: Any) -> Json:
        loaded = self._loaded.get((surface, element["action_id"]), [])
        picked = chosen(element, value, loaded)
        if element["type"] not in {"button", "overflow", "feedback_buttons", "icon_button"}:
            state = self.workspace.states.setdefault((surface, user.id), {})
            state.setdefault(block["block_id"], {})[element["action_id"]] = picked
        where = {"action_id": element["action_id"], "block_id": block["block_id"]}
        return where | picked | {"action_ts": self.workspace.new_ts()}

    # --- modals --------------------------------------------------------------------------

    def _view(self, who: User | str, view_id: str) -> tuple[User, View]:
        user = self.user(who)
        view = self.workspace.views.get(view_id)
        if view is None or not view.open or view.user_id != user.id:
            raise NotOnScreen(f"{user.name} has no view {view_id} open")
        return user, view

    def modal_of(self, who: User | str) -> View | None:
        """Return the modal on top of a person's screen."""
        id_ = self.user(who).id
        found = [
            view
            for view in self.workspace.views.values()
            if view.user_id == id_ and view.open and view.type == "modal"
        ]
        return found[-1] if found else None

    def home_of(self, who: User | str) -> View | None:
        """Return a person's Home tab, if the app published one."""
        user = self.user(who)
        return self.workspace.homes.get((user.team_id, user.id))

    def fill(self, who: User | str, view_id: str, values: Json) -> None:
        """Enter values by action id, or by block id and action id, without sending anything."""
        user, view = self._view(who, view_id)
        flat: list[tuple[str | None, str, Any]] = []
        blocks = {block["block_id"] for block in view.content["blocks"]}
        for key, value in values.items():
            if isinstance(value, dict) and key in blocks:
                flat += [(key, action_id, inner) for action_id, inner in value.items()]
            else:
                flat.append((None, key, value))
        for block_id, action_id, value in flat:
            block, element = find(view.content["blocks"], action_id, block_id)
            self._action(view.id, user, block, element, value)

    async def submit(
        self, who: User | str, view_id: str, values: Json | None = None, *, force: bool = False
    ) -> Delivery:
        """Fill in and submit a modal; a client lets no required field be empty, but `force` does.

        The app's answer is carried out: the modal closes, shows errors, changes, or is covered.
        """
        user, view = self._view(who, view_id)
        if view.content.get("submit") is None and not force:
            raise NotOnScreen("this modal has no button to submit it")
        self.fill(user, view_id, values or {})
        entered = self.payloads.entered(view)
        for block in view.content["blocks"]:
            required = block["type"] == "input" and not block.get("optional")
            state = entered.get(block["block_id"], {})
            if required and not force and all(is_empty(value) for value in state.values()):
                raise NotOnScreen(f"{block['block_id']} must be filled in")
        self.workspace.states[view.id, user.id] = entered
        payload = self.payloads.on_view("view_submission", user, view)
        payload["response_urls"] = []
        delivery = await self._interact(payload)
        if delivery.ok:
            self._obey(view, delivery)
        return delivery

    def _obey(self, view: View, delivery: Delivery) -> None:
        """Carry out the app's answer to a submission."""
        answer = delivery.json
        action = answer.get("response_action")
        if action is None:
            view.open = False
        elif action == "clear":
            for each in stack_of(self.backend, view):
                each.open = False
        elif action == "errors":
            inputs = {b["block_id"] for b in view.content["blocks"] if b["type"] == "input"}
            wrong = set(answer.get("errors") or {}) - inputs
            if wrong or not answer.get("errors"):
                delivery.faults.append(f"errors must name input blocks: {sorted(wrong)}")
            view.errors = dict(answer.get("errors") or {})
        elif action in {"update", "push"}:
            delivery.faults += view_faults(answer.get("view") or {}, "modal")
            if action == "push" and len(stack_of(self.backend, view)) >= 3:
                delivery.faults.append("push_limit_reached")
            if delivery.faults:
                return
            if action == "update":
                show(self.backend, view, answer["view"])
            else:
                self._push(view, delivery)
        else:
            delivery.faults.append(f"unknown response_action: {action}")

    def _push(self, view: View, delivery: Delivery) -> None:
        try:
            new_view(self.backend, view.team_id, view.user_id, delivery.json["view"], view)
        except SlackRefusal as refusal:
            delivery.faults.append(refusal.code)

    async def close_view(self, who: User | str, view_id: str) -> Delivery | None:
        """Let somebody close a modal; the app is told if it wished to be."""
        user, view = self._view(who, view_id)
        closing = stack_of(self.backend, view) if view.content.get("clear_on_close") else [view]
        for each in closing:
            each.open = False
        if not view.content.get("notify_on_close"):
            return None
        payload = self.payloads.on_view("view_closed", user, view)
        return await self._interact(payload | {"is_cleared": len(closing) > 1})

    # --- external menus ---------------------------------------------

    async def suggest(
        self, who: User | str, view_id: str, action_id: str, query: str
    ) -> tuple[list[Json], Delivery]:
        """Type into an external menu of a modal; return the options that the app gives."""
        user, view = self._view(who, view_id)
        block, element = find(view.content["blocks"], action_id)
        if not element["type"].endswith("external_select"):
            raise NotOnScreen(f"{action_id} does not load its options")
        payload = self.payloads.on_view("block_suggestion", user, view)
        payload |= {"action_id": action_id, "block_id": block["block_id"], "value": query}
        delivery = await self.post.send(Parcel(kind="options", body=payload, team_id=view.team_id))
        answer = delivery.json
        delivery.faults += check_options(answer, "", least=0)
        options = list(answer.get("options") or [])
        for group in answer.get("option_groups") or []:
            options += group.get("options") or []
        self._loaded[view.id, action_id] = options
        return options, delivery
