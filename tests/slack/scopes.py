"""Which scopes, tokens and rate tiers each method has, and which scopes each event needs."""

from __future__ import annotations

from dataclasses import dataclass

READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
OPEN = ("channels:manage", "groups:write", "im:write", "mpim:write")
BOTH = ("bot", "user")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """`any_of`: one of these scopes is enough; `tier`: calls a minute."""

    any_of: tuple[str, ...] = ()
    tokens: tuple[str, ...] = BOTH
    tier: int = 100


RULES: dict[str, Rule] = {
    "api.test": Rule(tokens=()),
    "apps.connections.open": Rule(any_of=("connections:write",), tokens=("app",), tier=1_000),
    "apps.uninstall": Rule(tier=1),
    "assistant.threads.setStatus": Rule(any_of=("chat:write", "assistant:write"), tier=600),
    "assistant.threads.setSuggestedPrompts": Rule(any_of=("assistant:write",)),
    "assistant.threads.setTitle": Rule(any_of=("assistant:write",)),
    "agents.sessions.rename": Rule(any_of=("chat:write",), tokens=("bot",), tier=50),
    "agents.sessions.setStatus": Rule(any_of=("chat:write",), tokens=("bot",), tier=50),
    "auth.revoke": Rule(tier=50),
    "auth.test": Rule(tokens=("bot", "user", "app"), tier=600),
    "bots.info": Rule(any_of=("users:read",), tier=50),
    "chat.appendStream": Rule(any_of=("chat:write",), tokens=("bot",), tier=100),
    "chat.delete": Rule(any_of=("chat:write",), tier=50),
    "chat.getPermalink": Rule(tier=600),
    "chat.postEphemeral": Rule(any_of=("chat:write",)),
    "chat.postMessage": Rule(any_of=("chat:write",), tier=600),
    "chat.startStream": Rule(any_of=("chat:write",), tokens=("bot",), tier=20),
    "chat.stopStream": Rule(any_of=("chat:write",), tokens=("bot",), tier=20),
    "chat.unfurl": Rule(any_of=("links:write",), tier=50),
    "chat.update": Rule(any_of=("chat:write",), tier=50),
    "conversations.history": Rule(any_of=HISTORY, tier=50),
    "conversations.info": Rule(any_of=READ, tier=50),
    "conversations.join": Rule(any_of=("channels:join",), tier=50),
    "conversations.members": Rule(any_of=READ, tier=100),
    "conversations.open": Rule(any_of=OPEN, tier=50),
    "conversations.replies": Rule(any_of=HISTORY, tier=50),
    "files.info": Rule(any_of=("files:read",), tier=100),
    "oauth.v2.access": Rule(tokens=(), tier=600),
    "oauth.v2.exchange": Rule(tokens=(), tier=600),
    "openid.connect.token": Rule(tokens=(), tier=600),
    "openid.connect.userInfo": Rule(any_of=("openid",), tokens=("user",), tier=50),
    "reactions.add": Rule(any_of=("reactions:write",), tier=50),
    "reactions.remove": Rule(any_of=("reactions:write",), tier=20),
    "team.info": Rule(any_of=("team:read",), tier=50),
    "users.info": Rule(any_of=("users:read",)),
    "users.list": Rule(any_of=("users:read",), tier=20),
    "users.lookupByEmail": Rule(any_of=("users:read.email",), tier=50),
    "views.open": Rule(),
    "views.publish": Rule(),
    "views.push": Rule(),
    "views.update": Rule(),
}

BY_KIND = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
"""How the kinds of conversation are named in scopes and in subscriptions."""

EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "assistant_thread_started": ("assistant:write",),
    "assistant_thread_context_changed": ("assistant:write",),
    "agent_session_stopped": ("chat:write",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "channel_archive": ("channels:read",),
    "group_archive": ("groups:read",),
    "user_change": ("users:read",),
    "reaction_added": ("reactions:read",),
    "link_shared": ("links:read",),
    "message_metadata_posted": ("metadata.message:read",),
}
"""Events that need one of these scopes; those that are not named need none."""

ALL_BOT_SCOPES = frozenset(
    {scope for rule in RULES.values() for scope in rule.any_of}
    | {scope for scopes in EVENT_SCOPES.values() for scope in scopes}
    | {"commands", "chat:write.customize"}
) - {"openid", "connections:write"}
"""What an app can be given that wants everything here; tests narrow it."""
