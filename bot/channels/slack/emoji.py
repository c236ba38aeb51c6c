"""The emoji that people answer with, by the short names that Slack sends for them."""

from __future__ import annotations

import re

_SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,60}):(?::skin-tone-[2-6]:)?")
_CODE = re.compile(r"(`[^`]*`)")

BY_NAME = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎",
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "ballot_box_with_check": "☑️",
    "x": "❌", "negative_squared_cross_mark": "❎", "heavy_multiplication_x": "✖️",
    "no_entry": "⛔", "no_entry_sign": "🚫", "octagonal_sign": "🛑", "warning": "⚠️",
    "ok": "🆗", "ok_hand": "👌", "raised_hand": "✋", "raised_hands": "🙌", "hand": "✋",
    "clap": "👏", "pray": "🙏", "muscle": "💪", "wave": "👋", "handshake": "🤝",
    "point_up": "☝️", "point_right": "👉", "point_left": "👈", "point_down": "👇",
    "eyes": "👀", "thinking_face": "🤔", "shrug": "🤷", "man-shrugging": "🤷‍♂️",
    "woman-shrugging": "🤷‍♀️", "facepalm": "🤦", "heart": "❤️", "fire": "🔥", "tada": "🎉",
    "rocket": "🚀", "ship": "🚢", "100": "💯", "question": "❓", "grey_question": "❔",
    "exclamation": "❗", "heavy_exclamation_mark": "❗", "bangbang": "‼️",
    "smile": "😄", "slightly_smiling_face": "🙂", "grinning": "😀", "grin": "😁", "blush": "😊",
    "joy": "😂", "laughing": "😆", "wink": "😉", "sweat_smile": "😅", "sob": "😭", "cry": "😢",
    "disappointed": "😞", "slightly_frowning_face": "🙁", "white_frowning_face": "☹️",
    "angry": "😠", "rage": "😡", "scream": "😱", "neutral_face": "😐", "sunglasses": "😎",
    "saluting_face": "🫡", "heart_eyes": "😍", "hourglass": "⌛", "alarm_clock": "⏰",
    "memo": "📝", "bug": "🐛", "star": "⭐", "sparkles": "✨", "bulb": "💡", "lock": "🔒",
    "red_circle": "🔴", "large_green_circle": "🟢", "large_yellow_circle": "🟡",
    "large_blue_circle": "🔵", "one": "1️⃣", "two": "2️⃣", "three": "3️⃣", "four": "4️⃣",
    "five": "5️⃣", "arrow_up": "⬆️", "arrow_down": "⬇️", "arrow_right": "➡️", "arrow_left": "⬅️",
}  # fmt: skip


def with_emoji(text: str) -> str:
    """Return text with known short names made emoji; a skin's tone goes, code stays as it is."""
    parts = _CODE.split(text)
    return "".join(
        part if n % 2 else _SHORTCODE.sub(lambda m: BY_NAME.get(m[1], m[0]), part)
        for n, part in enumerate(parts)
    )
