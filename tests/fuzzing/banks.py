"""Tables of statistics banks and timetables in GTFS: valid ones, and changes that know what they mean."""

from __future__ import annotations

import io
import json
import zipfile

from fuzzing import mutations
from fuzzing.values import NUMBERS, WORDS


def statbank():
    stat = {
        "version": "2.0", "class": "dataset", "id": ["Region", "Kjonn", "Alder", "ContentsCode", "Tid"], "size": [2, 2, 2, 1, 2],
        "dimension": {
            "Region": {"label": "region", "category": {"index": {"K-0301": 0, "K-4601": 1}, "label": {"K-0301": "Oslo", "K-4601": "Bergen"}}},
            "Kjonn": {"label": "kjønn", "category": {"index": {"1": 0, "2": 1}, "label": {"1": "Menn", "2": "Kvinner"}}},
            "Alder": {"label": "alder", "category": {"index": {"000": 0, "105+": 1}, "label": {"000": "0 år", "105+": "105 år eller eldre"}}},
            "ContentsCode": {"label": "statistikkvariabel", "category": {"label": {"Personer": "Personer"}}},
            "Tid": {"label": "år", "category": {"index": ["2023", "2024"]}},
        },
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]}, "value": [*range(16)], "status": {"3": ":"},
    }  # fmt: skip
    sparse = stat | {"value": {"0": 1, "5": 2}, "status": "e"}
    times = {
        "id": ["Region", "Tid", "ContentsCode"], "size": [1, 1, 2], "value": [12.5, 30],
        "dimension": {
            "Region": {"label": "region", "category": {"index": ["0301"], "label": {"0301": "Oslo"}}},
            "Tid": {"label": "år", "category": {"index": ["2024"]}},
            "ContentsCode": {"category": {"index": ["P50", "P90"], "label": {"P50": "Kjøretid P50", "P90": "Kjøretid P90"}, "unit": {"P50": {"base": "minutter"}}}},
        },
    }  # fmt: skip
    codes = [str(code) for code in range(3000)]
    large = {
        "id": ["Region", "Alder"], "size": [3000, 3000], "value": {},
        "dimension": {name: {"label": name.lower(), "category": {"index": codes}} for name in ("Region", "Alder")},
    }  # fmt: skip
    texts = (
        '"07459: Population"\n\n"region";"sex";"age";"Persons 2023";"Persons 2024"\n"K-5501 Tromsø";"Males";"80 years";10;11\n',
        '"12764: Kjøretid"\n\n"region";"år";"Kjøretid (minutter) P50";"Kjøretid (minutter) P90"\n"0301 Oslo";"2024";12,5;30\n',
    )
    long = '"title"\n\n"region";"alder";"år";"07459: Befolkning"\n"0301 Oslo";"105 år eller eldre";"2024";12\n'
    return [
        *(json.dumps(one).encode() for one in (stat, sparse, times, large)),
        *(text.encode() for text in texts),
        long.encode("latin-1"),
    ]


def change_statbank(rng, data):
    """Change a table of a bank; one in JSON-stat often in what its parts say of each other."""
    if data[:1] != b"{":
        return mutations.change_text(rng, data)
    if rng.random() < 0.6:
        return mutations.change_json(rng, data)
    try:
        stat = json.loads(data)
        names, at = stat["id"], rng.randrange(len(stat["id"]))
        category = stat["dimension"][names[at]]["category"]
        kind = rng.randrange(7)
        if kind == 0:
            stat["size"][at] = rng.choice((0, -1, 1, 2**31, 2**63, 1.0, "2", None, stat["size"][at] + 1))
        elif kind == 1:
            index = category.get("index", {})
            index = dict(zip(index, range(len(index)), strict=True)) if isinstance(index, list) else index
            index[rng.choice([*index, "new"])] = rng.choice((-1, 0, 1, 7, 10**9, True, 0.5, "0"))
            category["index"] = index
        elif kind == 2:
            category["index"] = [*category.get("index", []), rng.choice(("2023", "K-0301", "", 7))]
            stat["size"][at] += 1
        elif kind == 3:
            values = stat["value"]
            values = {str(place): value for place, value in enumerate(values)} if isinstance(values, list) else values
            values[rng.choice(("-1", "99", "0", "00", "1.0", "\uff11", "9" * 50, ""))] = rng.choice(
                (7, "7", None, [7], True)
            )
            stat["value"] = values
        elif kind == 4 and stat["value"]:
            values = stat["value"]
            values[rng.choice([*(values if isinstance(values, dict) else range(len(values)))])] = rng.choice(
                NUMBERS + WORDS[:-1]
            )
        elif kind == 5:
            names[at] = rng.choice(names)
        else:
            stat["role"] = {rng.choice(("time", "metric", "geo")): rng.choice((names, names[:1] * 3, ["none"], "Tid"))}
        return json.dumps(stat).encode("utf-8", "surrogatepass")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return mutations.change_json(rng, data)


def feeds():
    members = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nx,Test,http://127.0.0.1,Europe/Oslo\n",
        "stops": "stop_id,stop_name,stop_lat,stop_lon,parent_station\nH,Hansnes,69.97,19.62,\nS,Skaningsbukt,70.04,19.6,\n"
        "Q,Quay,,,S\nP,P,,,P\n",
        "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\nF,x,,Hansnes - Vannoya,1004\nB,x,,Bus,3\n"
        "G,x,G,,4\n",
        "trips": "route_id,service_id,trip_id,cars_allowed\nF,D,t,1\nF,W,u,\nB,D,b,\nG,D,round,\nG,N,night,2\n",
        "stop_times": "trip_id,stop_id,stop_sequence,arrival_time,departure_time,pickup_type,drop_off_type\n"
        "t,H,0,08:00:00,08:00:00,,\nt,S,1,08:30:00,08:30:00,,\nu,S,0,24:10:00,24:10:00,0,0\nu,H,1,25:00:00,25:00:00,2,3\n"
        "round,H,1,09:00:00,09:00:00,,\nround,Q,2,,,,\nround,S,3,09:30:00,09:40:00,,\nround,H,4,10:10:00,10:10:00,,\n"
        "night,H,1,47:59:59,48:00:00,,\nnight,S,2,49:00:00,,,\n",
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "D,1,1,1,1,1,1,1,20260101,20261231\nN,0,0,0,0,0,0,0,20260101,20261231\n",
        "calendar_dates": "service_id,date,exception_type\nW,20260113,1\nD,20260114,2\nN,20260113,1\nN,20260113,2\n",
        "frequencies": "trip_id,start_time,end_time,headway_secs,exact_times\nt,08:00:00,20:00:00,3600,1\nround,23:00:00,27:00:00,1800,0\n",
    }  # fmt: skip
    bare = {name: text for name, text in members.items() if name not in ("calendar", "frequencies", "agency")}
    calls = "".join(f"t,{'HS'[n % 2]},{n},{8 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02},,,\n" for n in range(60))
    long = members | {"stop_times": members["stop_times"].partition("\n")[0] + "\n" + calls}
    return [zipped(one) for one in (members, bare, long)]


def zipped(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.txt"), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


_CLOCKS = ("24:00:00", "47:59:59", "999:59:59", "999:99:99", "-1:00:00", "8:0:0", "08:00", "", "00:00:00", "23:59:60")
_DATES = (
    "20260113",
    "20261231",
    "20250101",
    "20240229",
    "20230229",
    "19000101",
    "22001231",
    "99991231",
    "2026-01-13",
    "",
)
_FIELDS = {
    **dict.fromkeys(("arrival_time", "departure_time", "start_time", "end_time"), _CLOCKS),
    **dict.fromkeys(("start_date", "end_date", "date"), _DATES),
    "headway_secs": ("0", "1", "-60", "60.5", "99999999", "9" * 30, ""),
    "stop_sequence": ("0", "-1", "1", "1e300", "nan", "inf", "2.5", "9" * 30, ""),
    "route_type": ("4", "1000", "1004", "1099", "1200", "4.0", "1004.5", "nan", "1e300", "-4"),
    "cars_allowed": ("0", "1", "2", "3", "1.0", "nan", ""),
    "exception_type": ("1", "2", "3", "0", "nan", "", "1.5"),
    "stop_lat": ("90", "-90", "90.0001", "nan", "inf", "1e308", "", "69,97"),
    "stop_lon": ("180", "-180", "361", "nan", "inf", "", "19,62"),
    "parent_station": ("H", "S", "Q", "P", "none"),
    **dict.fromkeys(("pickup_type", "drop_off_type"), ("0", "1", "2", "3", "4", "-1", "x")),
    **dict.fromkeys(("stop_name", "route_long_name", "route_short_name"), WORDS[:-1]),
}


def change_rows(rng, data):
    """Change a value of a table of a feed to one of those that its column may have, or nearly."""
    lines = data.split(b"\n")
    header = lines[0].decode("utf-8", "replace").split(",")
    columns = [n for n, name in enumerate(header) if name in _FIELDS]
    if rng.random() < 0.4 or not columns or len(lines) < 2:
        return mutations.change_text(rng, data)
    at, column = rng.randrange(1, len(lines)), rng.choice(columns)
    words = lines[at].split(b",")
    if column >= len(words):
        return mutations.change_text(rng, data)
    words[column] = rng.choice(_FIELDS[header[column]]).encode("utf-8", "surrogatepass")
    lines[at] = b",".join(words)
    return b"\n".join(lines)
