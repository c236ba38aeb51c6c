"""Taking out of others' sessions what the agent repeated there of a person who is erased.

What it says in other words (a paraphrase) nobody can find: it stays, and summaries are made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import itemgetter

from bot.domain.feedback import FeedbackRequest, FeedbackResponse
from bot.domain.heard import Heard
from bot.domain.planning import Role
from bot.domain.session import Message
from bot.service.ports.personal import ERASED
from bot.service.ports.store import Transaction

PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Unquoting:
    """Knows whom to take out: all ids of one person, and all names."""

    ids: Collection[str]
    names: Collection[str]

    def in_session(self, tx: Transaction, session_id: str) -> int:
        """Take the person's words out of what the agent said and asked; return what was read.

        Before their own words go: by those the quotations are known.
        """
        heard, asked = Heard(), list(tx.requests.of_session(session_id))
        answered = [each for request in asked for each in tx.requests.responses(request.id)]
        happened = [
            *((each.created_at, 0, each) for each in answered),
            *((each.at, 1, each) for each in _messages(tx, session_id)),
            *((each.asked_at, 2, each) for each in asked),
        ]
        for _, _, each in sorted(happened, key=itemgetter(0, 1)):
            match each:
                case FeedbackResponse():
                    self._answered(heard, each)
                case Message():
                    self._said(tx, heard, each)
                case FeedbackRequest():
                    self._asked(tx, heard, each)
        return len(happened)

    def _answered(self, heard: Heard, response: FeedbackResponse) -> None:
        said = [response.raw_text]
        if response.answer is not None:
            said += [response.answer.text, *(value for _, value in response.answer.values)]
        for words in said:
            if response.person_id in self.ids:
                heard.by_them(words)
            else:
                heard.by_others(words)

    def _said(self, tx: Transaction, heard: Heard, message: Message) -> None:
        if message.person_id in self.ids:
            if message.role is Role.USER:
                heard.by_them(message.text)
        elif message.person_id is None:
            left = heard.without(message.text, self.names, ERASED)
            if left != message.text:
                tx.personal.retell(message.session_id, message.seq, left)
            heard.by_others(left)
        else:
            heard.by_others(message.text)

    def _asked(self, tx: Transaction, heard: Heard, request: FeedbackRequest) -> None:
        question = heard.without(request.question, (), ERASED)
        context = heard.without(request.context, (), ERASED)
        if (question, context) != (request.question, request.context):
            tx.personal.ask_otherwise(request.id, question, context)
        heard.by_others(question)
        heard.by_others(context)


def _messages(tx: Transaction, session_id: str) -> Iterator[Message]:
    seq = 0
    while page := tx.messages.after(session_id, seq, PAGE):
        yield from page
        seq = page[-1].seq
