"""What must hold once everything has settled, whatever was killed in between."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from tests.faults.records import Records, Row, turns_of
from tests.faults.talker import Act, Talker

DECIDED = {"approved", "rejected", "answered"}
Said = Sequence[tuple[Talker, Act]]


def violations(records: Records, said: Said, interrupted: Iterable[str] = ()) -> list[str]:
    """Return every broken promise as a sentence; none is what is wanted."""
    return [
        *(f"the file is damaged: {line}" for line in records.damage),
        *_words(records, said),
        *_reactions(records, said, set(interrupted)),
        *_turns(records, set(interrupted)),
        *_answers(records, said),
        *_decisions(records),
        *_surfaces(records),
        *_posts(records),
        *_feeds(records),
        *_receipts(records, said),
    ]


def seen_by(records: Records, talkers: Sequence[Talker]) -> list[str]:
    """Return where what clients received differs from what is stored."""
    broken: list[str] = []
    stored: dict[str, dict[int, str]] = defaultdict(dict)
    for message in records.messages:
        stored[message["session_id"]][message["seq"]] = message["text"]
    requests = {r["id"]: r for r in records.requests}
    shown_to = defaultdict(set)
    for recipient in records.recipients:
        shown_to[recipient["person_id"]].add(recipient["request_id"])
    for request in records.requests:
        shown_to[request["asker_id"]].add(request["id"])
    for talker in talkers:
        for session_id, messages in talker.messages.items():
            heard = {seq: message["text"] for seq, message in messages.items()}
            if heard != stored[session_id]:
                broken.append(
                    f"{talker.name} has {len(heard)} of {len(stored[session_id])} messages "
                    f"of {session_id}, or other ones"
                )
        missing = shown_to[talker.person_id] - set(talker.questions)
        broken += [f"{talker.name} was never told of question {id_}" for id_ in missing]
        for id_, question in talker.questions.items():
            if question["state"] != requests[id_]["state"]:
                broken.append(
                    f"{talker.name} thinks that {id_} is {question['state']} "
                    f"and not {requests[id_]['state']}"
                )
    return broken


def _words(records: Records, said: Said) -> Iterable[str]:
    """Every acknowledged message is there once, where it belongs; nothing refused is."""
    places = {(m["session_id"], m["seq"]): m for m in records.messages}
    spoken = Counter(m["text"] for m in records.messages if m["role"] == "user")
    for talker, act in said:
        if act.frame["type"] not in ("start", "message"):
            continue
        text = act.frame["text"]
        if act.outcome is None:
            if spoken[text]:
                yield f"{act.client_id} was never acknowledged, but is stored {spoken[text]} times"
            continue
        session_id = act.frame.get("session_id", act.outcome["session_id"])
        message = places.get((session_id, act.outcome["seq"]))
        if spoken[text] != 1:
            yield f"{act.client_id} was acknowledged and is stored {spoken[text]} times"
        elif message is None or message["text"] != text:
            yield f"{act.client_id} is not where its acknowledgement says"
        elif message["person_id"] != talker.person_id:
            yield f"{act.client_id} is stored as somebody else's"


def _reactions(records: Records, said: Said, interrupted: set[str]) -> Iterable[str]:
    """Every message was reacted to, and every `ask` became one question."""
    sessions = {s["id"]: s for s in records.sessions}
    for session in sessions.values():
        if session["state"] == "active" and session["wake_seq"] > session["planned_seq"]:
            yield f"session {session['id']} is stuck with input"
    asked: dict[str, list[str]] = defaultdict(list)
    for request in records.requests:
        for word in request["question"].replace("?", " ").split():
            asked[word].append(request["session_id"])
    for _, act in said:
        if act.outcome is None or act.frame["type"] not in ("start", "message"):
            continue
        session_id = act.frame.get("session_id", act.outcome["session_id"])
        if act.outcome["seq"] > sessions[session_id]["planned_seq"]:
            yield f"no turn has reacted to {act.client_id}"
        if not act.frame["text"].startswith("ask "):
            continue
        count = asked[act.client_id].count(session_id)
        if count > 1 or count != len(asked[act.client_id]):
            yield f"{act.client_id} was asked {len(asked[act.client_id])} times"
        elif count == 0 and session_id not in interrupted:
            yield f"{act.client_id} was acknowledged and never asked"


def _turns(records: Records, interrupted: set[str]) -> Iterable[str]:
    """Turns committed in order, each under its own claim, and each with one step a message."""
    by_session: dict[str, list[Row]] = defaultdict(list)
    for message in records.messages:
        by_session[message["session_id"]].append(message)
    for session_id, turns in turns_of(records).items():
        claims = [turn["claim"] for turn in turns]
        if len(set(claims)) != len(claims):
            yield f"session {session_id}: two turns committed under one claim"
        broke = [turn for turn in turns if turn["kind"] != "turn.planned"]
        if session_id in interrupted:
            continue
        before = 0
        for turn in turns:
            if turn in broke:
                continue
            if turn["upto"] <= before:
                yield f"session {session_id}: a turn reacted again to what was planned"
            heard = [
                m
                for m in by_session[session_id]
                if before < m["seq"] <= turn["upto"] and m["role"] != "agent"
            ]
            # The rules planner's way: one step for each message, one for facts in a row.
            expected = sum(
                1 if role == "system" else len(list(group))
                for role, group in groupby(heard, key=lambda m: m["role"])
            )
            said = [m for m in by_session[session_id] if m["turn_id"] == turn["turn"]]
            if len(said) != expected:
                yield (
                    f"session {session_id}: {len(said)} reactions to {expected} inputs "
                    f"in messages {before + 1} to {turn['upto']}"
                )
            before = turn["upto"]


def _answers(records: Records, said: Said) -> Iterable[str]:
    """Every acknowledged answer is stored once, with the standing that was acknowledged."""
    stored: dict[str, list[Row]] = defaultdict(list)
    for response in records.responses:
        stored[response["raw_text"]].append(response)
    for talker, act in said:
        if act.frame["type"] != "answer":
            continue
        found = stored.pop(act.frame["text"], [])
        if act.outcome is None:
            if found:
                yield f"{act.client_id} was never acknowledged, but its answer is stored"
        elif len(found) != 1:
            yield f"{act.client_id} was acknowledged and its answer is stored {len(found)} times"
        elif (found[0]["request_id"], found[0]["person_id"], found[0]["standing"]) != (
            act.frame["request_id"],
            talker.person_id,
            act.outcome["status"],
        ):
            yield f"{act.client_id}'s answer is stored as something else"
    for text in stored:
        yield f"an answer that nobody gave is stored: {text}"


def _decisions(records: Records) -> Iterable[str]:
    """One response decides, at most; sessions count their open questions rightly."""
    decided: dict[str, list[Row]] = defaultdict(list)
    for response in records.responses:
        if response["standing"] == "decided":
            decided[response["request_id"]].append(response)
    open_ = Counter(r["session_id"] for r in records.requests if r["state"] == "pending")
    for request in records.requests:
        who = [response["person_id"] for response in decided[request["id"]]]
        expected = [request["decided_by"]] if request["state"] in DECIDED else []
        if who != expected:
            yield f"request {request['id']} is {request['state']} and was decided by {who}"
    for session in records.sessions:
        if session["open_questions"] != open_[session["id"]]:
            yield (
                f"session {session['id']} counts {session['open_questions']} open questions "
                f"and has {open_[session['id']]}"
            )
    settled = Counter(
        e["request_id"]
        for e in records.journal
        if e["kind"].removeprefix("request.") in DECIDED | {"cancelled", "expired"}
    )
    for id_, count in settled.items():
        if count > 1:
            yield f"request {id_} was settled {count} times"


def _surfaces(records: Records) -> Iterable[str]:
    """Every card is wanted in its question's newest version, and everybody asked has one."""
    versions = {r["id"]: r["version"] for r in records.requests}
    cards = set()
    for surface in records.surfaces:
        cards.add((surface["request_id"], surface["person_id"]))
        if surface["wanted_version"] != versions[surface["request_id"]]:
            yield f"surface {surface['id']} wants an old version of {surface['request_id']}"
    for recipient in records.recipients:
        if (recipient["request_id"], recipient["person_id"]) not in cards:
            yield f"somebody was asked {recipient['request_id']} and has no card"


def _posts(records: Records) -> Iterable[str]:
    """What the agent says at a place has one post, no other has, and each was sent."""
    due = Counter(
        (message["session_id"], message["seq"])
        for message in records.messages
        if message["place"] is not None and message["role"] != "user"
    )
    posted = Counter((p["session_id"], p["seq"]) for p in records.posts if p["kind"] == "message")
    for session_id, seq in due.keys() | posted.keys():
        if (count := posted[session_id, seq]) != 1 or not due[session_id, seq]:
            yield f"message {seq} of {session_id} has {count} posts"
    for post in records.posts:
        if post["state"] != "sent":
            yield f"post {post['id']} is {post['state']}: {post['last_error']}"


def _feeds(records: Records) -> Iterable[str]:
    """Feeds are numbered without a gap, and say each thing as often as it happened."""
    last = {row["id"]: row["feed_seq"] for row in (*records.persons, *records.sessions)}
    told = Counter()
    for feed_id, entries in groupby(records.feed, key=lambda e: e["feed_id"]):
        listed = list(entries)
        if [e["number"] for e in listed] != list(range(1, last[feed_id] + 1)):
            yield f"feed {feed_id} has gaps, or not {last[feed_id]} entries"
        told.update((feed_id, e["ref"]) for e in listed if e["kind"] == "message")
    for message in records.messages:
        if told[message["session_id"], str(message["seq"])] != 1:
            yield f"message {message['seq']} of {message['session_id']} is not in its feed once"
    for session_id, messages in groupby(records.messages, key=lambda m: m["session_id"]):
        numbers = [m["seq"] for m in messages]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"messages of {session_id} are not numbered in a row"


def _receipts(records: Records, said: Said) -> Iterable[str]:
    """What was acknowledged has one receipt; what was refused has none."""
    kept = Counter(r["external_key"].rpartition(":")[2] for r in records.receipts)
    for _, act in said:
        if kept[act.client_id] != (act.outcome is not None):
            what = "refused" if act.outcome is None else "acknowledged"
            yield f"{act.client_id} was {what} and has {kept[act.client_id]} receipts"
