"""The page around a folium map: all of its code and style inside, and a policy that lets nothing else run or load."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Final

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from geoaccess.errors import InputError
from geoaccess.maps.assets import asset_text, palette_script, palette_style
from geoaccess.maps.packing import safe_json

__all__ = ["page"]

SCRIPTS: Final = (
    *("shared/format.js", "shared/names.js", "shared/paint.js", "shared/search.js", "shared/address.js"),
    *("map/tiles.js", "map/panel.js"),
)
STYLES: Final = ("leaflet/leaflet.css", "shared/shared.css", "map/map.css")


class _Page(Figure):
    """A document whose parts are in this file, with the hash of each script and style in its policy."""

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ this.policy() }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>geoaccess</title>
{% for style in this.styles %}<style>{{ style }}</style>
{% endfor %}</head>
<body>
<header><h1 id="title"></h1><p id="subtitle" hidden></p><p id="disclaimer" role="note" hidden></p></header>
<main>{{ this.html.render() }}<div id="finder"><input type="search" id="search"><ul id="found" hidden></ul></div>
<div id="card" hidden></div><p id="spoken" class="spoken" role="status"></p></main>
<aside id="panel">
<noscript>{{ this.need_script }}</noscript>
<fieldset id="layers"></fieldset>
<fieldset id="look"></fieldset>
<section id="legend"></section>
<hr>
<fieldset id="overlays"></fieldset>
<p id="hint"></p>
</aside>
<footer id="attribution"></footer>
<script type="application/json" id="geoaccess-data">{{ this.data }}</script>
{% for script in this.scripts() %}<script>{{ script }}</script>
{% endfor %}</body>
</html>
"""
    )

    def __init__(self, *, language: str, need_script: str) -> None:
        super().__init__()
        self.language = language
        self.need_script = need_script
        self.data = "{}"
        self.styles = [palette_style(), *(asset_text(name) for name in STYLES)]

    def scripts(self) -> list[str]:
        first = [asset_text("leaflet/leaflet.js"), asset_text("shared/decode.js"), palette_script()]
        call = re.sub(r"\s+", " ", self.script.render()).strip()
        return [*first, *(asset_text(name) for name in SCRIPTS), call]

    def policy(self) -> str:
        scripts = " ".join(_hash(script) for script in self.scripts())
        styles = " ".join(_hash(style) for style in self.styles)
        rest = "img-src data:; base-uri 'none'; form-action 'none'"
        return f"default-src 'none'; script-src {scripts}; style-src {styles}; {rest}"


class _Map(folium.Map):
    """A folium map that links to nothing: Leaflet is in the page."""

    default_js = []  # folium's own shape
    default_css = []
    _template = Template(
        """
        {% macro html(this, kwargs) %}<div class="folium-map" id={{ this.get_name()|tojson }}></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = L.map(
                {{ this.get_name()|tojson }}, {center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }}}
            );
        {% endmacro %}
        """
    )


class _Results(MacroElement):
    """The results on the map.

    The data go straight to the page: what a macro returns is read as a template once more, and names may hold anything.
    """

    _template = Template("{% macro script(this, kwargs) %}geoaccess.show({{ this._parent.get_name() }});{% endmacro %}")

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Results"
        self.data = data

    def render(self, **kwargs: Any) -> str:
        root = self.get_root()
        if not isinstance(root, _Page):
            raise InputError("this map cannot be put on another page than its own")
        root.data = safe_json(self.data)
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        return ""


def page(data: dict[str, Any], *, language: str, need_script: str) -> str:
    """Return the whole page as text; equal data give equal text."""
    (south, west), (north, east) = data["bounds"]
    document = _Page(language=language, need_script=need_script)
    drawn = _Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_start=5,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
    )
    # folium names things at random; the number of the thing on the page is as good and always the same.
    drawn._id = "1"  # noqa: SLF001
    document.add_child(drawn)
    drawn.add_child(_Results(data))
    return str(document.render())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
