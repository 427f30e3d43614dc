"""Every text of the plugin, in English and Norwegian. Nothing here needs QGIS."""

from __future__ import annotations

__all__ = ["LANGUAGES", "TEXTS", "language_of", "text"]

LANGUAGES = ("en", "nb")

TEXTS: dict[str, tuple[str, str]] = {
    "language_code": ("en", "nb"),
    # the provider
    "program": ("The geoaccess program (empty: the one on the PATH)", "Programmet geoaccess (tomt: det som er i PATH)"),
    "no_program": (
        (
            'geoaccess was not found{where}. Install it in a Python of its own (pip install "geoaccess[all]"), and say '
            "where it is: Settings > Options > Processing > Providers > geoaccess."
        ),
        (
            'Fant ikke geoaccess{where}. Installer det i en egen Python (pip install "geoaccess[all]"), og oppgi hvor det '
            "ligger: Innstillinger > Alternativer > Prosessering > Leverandører > geoaccess."
        ),
    ),
    "no_program_at": (" at {path}", " i {path}"),
    "canceled": ("Cancelled.", "Avbrutt."),
    "no_answer": ("{program} gave no readable answer", "{program} ga ikke noe lesbart svar"),
    "wrote": ("Wrote {path}", "Skrev {path}"),
    # groups
    "group_access": ("Travel time", "Reisetid"),
    "group_change": ("What if", "Hva skjer om"),
    # parameters of several algorithms
    "STUDY": ("Study file", "Studiefil"),
    "SERVICE": ("Service, by its key in the study", "Tjeneste, med nøkkelen i studien"),
    "LANGUAGE": ("Language of the answer", "Språk i svaret"),
    "language_study": ("That of the study", "Som i studien"),
    "language_en": ("English", "Engelsk"),
    "language_nb": ("Norwegian", "Norsk"),
    "FOLDER": ("Folder for the results (empty: that of the study)", "Mappe for resultatene (tom: den i studien)"),
    "OUTPUT_FOLDER": ("Folder with the results", "Mappe med resultatene"),
    "HTML": ("Page", "Side"),
    # run a study
    "run_study.name": ("Run a study", "Kjør en studie"),
    "run_study.help": (
        (
            "Computes a study and writes its tables, maps and report. All layers are added to the project as one group, "
            "with the classes and colours of the report: cells by travel time, hatched where no site is reached; sites, "
            "ferries, municipalities, main roads and names.\n\nStudy file: a TOML file. geoaccess new writes one to "
            "start from, geoaccess example iceland a sample with its data."
        ),
        (
            "Beregner en studie og skriver tabeller, kart og rapport. Alle lag legges til i prosjektet som én gruppe, med "
            "klassene og fargene fra rapporten: ruter etter reisetid, skravert der ikke noe tjenestested kan nås; "
            "tjenestesteder, ferjer, kommuner, hovedveier og stedsnavn.\n\nStudiefil: en TOML-fil. geoaccess new skriver "
            "en å begynne med, geoaccess example troms et eksempel med data."
        ),
    ),
    "LOAD": ("Add all layers to the project", "Legg alle lag til i prosjektet"),
    "QLR": ("Layer definition", "Lagdefinisjon"),
    "REPORT": ("Report", "Rapport"),
    # nearest service
    "nearest_service.name": ("Nearest service", "Nærmeste tjeneste"),
    "nearest_service.help": (
        (
            "How long people need, by road and car ferry, to reach the nearest site.\n\nPeople are points with a number "
            "of people each; they are counted in cells of a grid (in the UTM zone of the layer's middle). Roads come from "
            "an OpenStreetMap extract (.osm.pbf) that covers people and sites. The result has a row per cell: "
            "nearest_min is the travel time in minutes, empty where no site is reached; nearest_reason says why."
        ),
        (
            "Hvor lang tid innbyggerne trenger, langs vei og med bilferje, til det nærmeste tjenestestedet."
            "\n\nInnbyggere er punkter med et antall hver; de telles i ruter (i UTM-sonen for midten av laget). Veiene "
            "hentes fra et utdrag av OpenStreetMap (.osm.pbf) som dekker innbyggere og tjenestesteder. Resultatet har en "
            "rad per rute: nearest_min er reisetiden i minutter, tom der ikke noe tjenestested kan nås; "
            "nearest_reason sier hvorfor."
        ),
    ),
    "PEOPLE": ("People (points)", "Innbyggere (punkter)"),
    "PEOPLE_FIELD": ("Number of people", "Antall innbyggere"),
    "CELL_SIZE": ("Cell size (metres)", "Rutestørrelse (meter)"),
    "SITES": ("Sites (points)", "Tjenestesteder (punkter)"),
    "NAME_FIELD": ("Name of the site", "Navn på tjenestestedet"),
    "EXTRACT": ("OpenStreetMap extract", "Utdrag av OpenStreetMap"),
    "nearest_service.FOLDER": (
        "Folder for all results (empty: a temporary one)",
        "Mappe for alle resultatene (tom: en midlertidig)",
    ),
    "LABEL": ("What the sites are called", "Hva tjenestestedene kalles"),
    "label_default": ("Service", "Tjeneste"),
    "NORMS": ("Norms (minutes, separated by commas)", "Tidsgrenser (minutter, atskilt med komma)"),
    "DIRECTION": ("Who travels", "Hvem som reiser"),
    "to_sites": ("People to the site", "Innbyggerne til tjenestestedet"),
    "to_people": ("The service to people", "Tjenesten til innbyggerne"),
    "nearest_service.OUTPUT": ("Travel time", "Reisetid"),
    "bad_people": (
        "{field}: {value} is not a number of people; give numbers of 0 or more, and at least one person",
        "{field}: {value} er ikke et antall innbyggere; bruk tall fra 0 og oppover, og minst én innbygger",
    ),
    "no_place": (
        "Feature {n} has no geometry; give it a point, or leave it out",
        "Objekt {n} mangler geometri; gi det et punkt, eller utelat det",
    ),
    "no_sites": ("The layer of sites has no points", "Laget med tjenestesteder har ingen punkter"),
    "bad_minutes": (
        '"{given}" is not a list of minutes; write 30 or 30,60',
        '"{given}" er ikke en liste over minutter; skriv 30 eller 30,60',
    ),
    # compare scenario
    "compare_scenario.name": ("Compare scenario", "Sammenlign scenario"),
    "compare_scenario.help": (
        (
            "Compares a study with itself under scenarios: whose travel time changes, by how much, and who crosses a "
            "norm. A scenario is a small TOML file: sites added, removed or moved, roads and ferries closed or slowed. "
            "The cells are added to the project by minutes won and lost; the page opens from the results viewer."
        ),
        (
            "Sammenligner en studie med seg selv under scenarioer: hvem som får endret reisetid, hvor mye, og hvem som "
            "krysser en tidsgrense. Et scenario er en liten TOML-fil: tjenestesteder som legges til, legges ned eller "
            "flyttes, veier og ferjer som stenges eller går saktere. Rutene legges til i prosjektet etter spart og "
            "tapt tid; siden åpnes fra resultatvinduet."
        ),
    ),
    "SCENARIOS": ("Scenario files", "Scenariofiler"),
    "TOGETHER": ("All scenarios at once, as one", "Alle scenarioer samtidig, som ett"),
    # best place
    "best_place.name": ("Best place", "Beste plassering"),
    "best_place.help": (
        (
            "Finds the best places for more sites of a service, and says how sure that is: proved, or how far from the "
            "best at most. The answer is also written as a scenario (site_SERVICE.toml) to compare with.\n\nService: its "
            "key in the study file, such as gp in [services.gp]. Fewest sites chooses their number itself, whatever is "
            "given to add."
        ),
        (
            "Finner de beste plasseringene for flere tjenestesteder, og sier hvor sikkert det er: bevist optimalt, eller "
            "hvor langt fra det beste det høyst er. Svaret skrives også som et scenario (site_TJENESTE.toml) som kan "
            "sammenlignes.\n\nTjeneste: nøkkelen i studiefilen, for eksempel gp i [services.gp]. Målet om færrest "
            "tjenestesteder velger antallet selv, uansett hvor mange som er oppgitt."
        ),
    ),
    "ADD": ("How many sites to add", "Antall nye tjenestesteder"),
    "CLOSE": ("How many existing sites to close", "Antall tjenestesteder som legges ned"),
    "OBJECTIVE": ("What to aim at", "Hva som er målet"),
    "objective_minutes": ("Shortest travel time of all people together", "Kortest samlet reisetid for alle innbyggere"),
    "objective_norm": ("Most people within the norm", "Flest innbyggere innenfor tidsgrensen"),
    "objective_fair": ("Travel times as short and even as possible", "Så korte og like reisetider som mulig"),
    "objective_beyond": ("Least time beyond the norm", "Minst tid over tidsgrensen"),
    "objective_worst": ("Shortest longest travel time", "Kortest mulig lengste reisetid"),
    "objective_fewest": (
        "Fewest sites that bring 95% of people within the norm",
        "Færrest tjenestesteder som gir 95\u00a0% av innbyggerne en reisetid innenfor tidsgrensen",
    ),
    "CANDIDATES": ("Where a site may be placed", "Hvor et tjenestested kan ligge"),
    "candidates_cells": ("Every inhabited cell", "Alle bebodde ruter"),
    "candidates_settlements": ("Settlements", "Tettsteder og grender"),
    "NORM": ("Norm (minutes; empty: the first of the service)", "Tidsgrense (minutter; tom: den første for tjenesten)"),
    "SCENARIO": ("In this scenario", "I dette scenarioet"),
    "best_place.OUTPUT": ("Places", "Plasseringer"),
    "NEW_SCENARIO": ("The answer as a scenario", "Svaret som scenario"),
    # isochrones
    "isochrones.name": ("Isochrones", "Isokroner"),
    "isochrones.help": (
        (
            "The areas within some minutes of a service, one of its sites or a place, with the people in them. Give a "
            "service, or a point."
        ),
        (
            "Områdene innenfor et antall minutter fra en tjeneste, ett tjenestested eller et punkt, med innbyggerne i "
            "dem. Oppgi en tjeneste eller et punkt."
        ),
    ),
    "SITE": (
        "Only some sites (names or ids, separated by commas)",
        "Bare noen tjenestesteder (navn eller id, atskilt med komma)",
    ),
    "POINT": ("From a point instead", "Fra et punkt i stedet"),
    "MINUTES": ("Minutes, separated by commas", "Minutter, atskilt med komma"),
    "isochrones.SERVICE": ("Service, by its key in the study", "Tjeneste, med nøkkelen i studien"),
    "isochrones.OUTPUT": ("Areas", "Områder"),
    "no_origin": ("Give a service or a point", "Oppgi en tjeneste eller et punkt"),
    # closures
    "closures_ranked.name": ("Closures ranked", "Rangerte stengninger"),
    "closures_ranked.help": (
        (
            "Closes each ferry, bridge, tunnel and road in turn, computes exactly who is cut off from a service or "
            "delayed, and ranks them by the person-hours lost."
        ),
        (
            "Stenger hver ferje, bru, tunnel og vei etter tur, beregner nøyaktig hvem som mister forbindelsen til en "
            "tjeneste eller får lengre reisetid, og rangerer dem etter tapte persontimer."
        ),
    ),
    "CUT_OFF": (
        "Minutes to count for a person who is cut off",
        "Minutter som regnes for en innbygger uten forbindelse",
    ),
    "closures_ranked.OUTPUT": ("Closures", "Stengninger"),
}


def language_of(locale: str) -> str:
    """Return the language of the plugin for a locale of QGIS: Norwegian for all that are Norwegian, else English.

    >>> language_of("nb_NO"), language_of("nn"), language_of("no"), language_of("de"), language_of("")
    ('nb', 'nb', 'nb', 'en', 'en')
    """
    return "nb" if locale.replace("-", "_").split("_")[0] in {"nb", "nn", "no"} else "en"


def text(language: str, key: str, **values: object) -> str:
    """Return a text in a language, its blanks filled.

    >>> text("nb", "wrote", path="a.gpkg")
    'Skrev a.gpkg'
    """
    found = TEXTS[key][LANGUAGES.index(language)]
    return found.format(**values) if values else found
