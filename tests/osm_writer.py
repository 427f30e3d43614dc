"""Small .osm files from plain tuples, for tests that draw their own roads."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

KINDS = {"n": "node", "w": "way", "r": "relation"}


def tags_of(tags):
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def attributes(more):
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in more.items())


def xml(nodes, ways, relations=(), *, attributes_of=None):
    """Return the text of a file.

    nodes are (id, lon, lat) or (id, lon, lat, tags), ways (id, refs, tags), relations (id, members, tags) with members
    (type, ref, role); `attributes_of` are further attributes, such as version and visible, by (type, id).
    """
    more = attributes_of or {}
    lines = ['<osm version="0.6" generator="test">']
    for i, lon, lat, *tags in nodes:
        about = attributes(more.get(("n", i), {}))
        lines.append(f'<node id="{i}" lon="{lon}" lat="{lat}"{about}>{tags_of(*tags) if tags else ""}</node>')
    for i, refs, tags in ways:
        about = attributes(more.get(("w", i), {}))
        points = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{i}"{about}>{points}{tags_of(tags)}</way>')
    for i, members, tags in relations:
        about = attributes(more.get(("r", i), {}))
        listed = "".join(f'<member type="{KINDS[kind]}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        lines.append(f'<relation id="{i}"{about}>{listed}{tags_of(tags)}</relation>')
    return "\n".join([*lines, "</osm>"])


def write_osm(path, nodes, ways, relations=(), *, attributes_of=None):
    path.write_text(xml(nodes, ways, relations, attributes_of=attributes_of), encoding="utf-8")
    return path
