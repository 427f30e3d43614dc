"""Every verb with its arguments and options, as the command line itself has them."""

from __future__ import annotations

from typing import Any

import typer.main

from geoaccess.cli.app import app


def commands() -> dict[str, Any]:
    """Return the commands of geoaccess by name, in the order of the help."""
    import geoaccess.cli  # noqa: F401 - each file of it adds its commands

    return dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def verbs_page() -> str:
    """Return the page of verbs, in Markdown."""
    lines = [
        "# Verbs",
        "",
        "Written from the command line itself; `geoaccess VERB --help` says the same.",
        "",
        *(f"- [`{name}`](verb-{name}): {_first(command.help)}" for name, command in commands().items()),
    ]
    for name, command in commands().items():
        usage = " ".join(
            ["geoaccess", name, *(_usage(one) for one in command.params if one.param_type_name == "argument")]
        )
        lines += ["", f"(verb-{name})=", f"## {name}", "", "```text", f"{usage} [OPTIONS]", "```", ""]
        lines += _paragraphs(command.help)
        lines += ["", "| | |", "|---|---|"]
        for one in command.params:
            if one.param_type_name == "argument":
                lines.append(f"| `{_usage(one)}` | {_cell(one.help or '')} |")
            elif "--help" not in one.opts:
                words = ", ".join(f"`{word}`" for word in (*one.opts, *one.secondary_opts))
                value = "" if one.is_flag else f" `{one.metavar or _kind(one)}`"
                many = " May be given several times." if one.multiple else ""
                default = _default(one)
                lines.append(f"| {words}{value} | {_cell(one.help or '')}{many}{default} |")
    return "\n".join(lines) + "\n"


def _kind(option: Any) -> str:
    annotation = getattr(getattr(option, "type_descriptor", None), "annotation", None)
    kind = annotation if annotation is not None else getattr(option, "type", str)
    return str(getattr(kind, "__name__", getattr(kind, "name", "value"))).replace("Path", "FILE").upper()


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = name.strip("{}[]")
    name = f"{name}..." if argument.nargs != 1 and not name.endswith("...") else name
    return name if argument.required else f"[{name}]"


def _default(option: Any) -> str:
    value = option.default
    if option.is_flag or value is None or callable(value) or value in ("", (), []) or "efault" in (option.help or ""):
        return ""
    if type(value).__module__ == "enum" or "Sentinel" in type(value).__name__:
        return ""
    return f" Default: `{getattr(value, 'value', value)}`."


def _paragraphs(text: str | None) -> list[str]:
    """Return a help text as Markdown: paragraphs that begin with a backspace keep their lines."""
    lines: list[str] = []
    for part in (text or "").replace("\f", "").strip().split("\n\n"):
        if part.startswith("\b"):
            lines += ["```text", *part.removeprefix("\b").strip("\n").splitlines(), "```", ""]
        else:
            lines += [_cell(part), ""]
    return lines


def _first(text: str | None) -> str:
    return _cell(" ".join((text or "").split("\n\n")[0].split()))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
