"""Text of `format=flowed` (RFC 3676): lines that a writer's program broke are made whole."""

from __future__ import annotations


def unflowed(text: str, *, delsp: bool = False) -> str:
    """Return `text` with its soft line ends taken out; quoted lines keep their marks.

    A line that ends in a space goes on in the next one of the same depth; "-- " never does. With
    `delsp` that space was not the writer's.
    """
    lines: list[str] = []
    depth_before, open_before = 0, False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature = content == "-- "
        if open_before and depth == depth_before and not signature:
            lines[-1] += content
        else:
            mark = ">" * depth
            lines.append(f"{mark} {content}" if mark else content)
        flows = content.endswith(" ") and not signature
        if flows and delsp:
            lines[-1] = lines[-1][:-1]
        depth_before, open_before = depth, flows
    return "\n".join(lines)
