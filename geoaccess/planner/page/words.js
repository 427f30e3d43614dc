"use strict";
// Every phrase of the page, in English and Norwegian, and how numbers and times are written.
(function () {
  const phrases = {
    add_here: ["Add an office here", "Legg til et kontor her"],
    add_tool: ["Add office", "Nytt kontor"],
    added: ["Office added", "Kontor lagt til"],
    all: ["Everybody", "Alle"],
    attribution: ["Sources", "Kilder"],
    back: ["The planner answers again; your changes are kept.", "Planleggeren svarer igjen; endringene dine er beholdt."],
    before: ["Before", "Før"],
    block: ["Drawn in blocks of {k} × {k} cells; people are counted by cell.", "Tegnet i blokker på {k} × {k} ruter; innbyggere telles per rute."],
    by_change: ["by change", "etter endring"],
    by_name: ["by name", "etter navn"],
    by_time: ["by time", "etter tid"],
    cancel: ["Cancel", "Avbryt"],
    cells_to: ["from the site to people", "fra tjenestestedet til innbyggerne"],
    change: ["Change", "Endring"],
    change_of: ["Change in travel time: {s}", "Endring i reisetid: {s}"],
    changes: ["Changes", "Endringer"],
    class: ["Class", "Klasse"],
    classes: ["Centrality classes", "Sentralitetsklasser"],
    close: ["Close", "Legg ned"],
    close_ferry: ["Close the ferry", "Steng ferja"],
    close_office: ["Close the office", "Legg ned kontoret"],
    close_road: ["Close the road", "Steng veien"],
    closed: ["closed", "lagt ned"],
    closed_office: ["Office closed", "Kontor lagt ned"],
    closed_way: ["Closed to traffic", "Stengt for trafikk"],
    crossing: ["Crossing {t}", "Overfart {t}"],
    csv: ["Tables (CSV)", "Tabeller (CSV)"],
    days_changed: ["Weekdays changed", "Ukedager endret"],
    days_open: ["Open on", "Åpningsdager"],
    days_n: ["{n} days a week", "{n} dager i uka"],
    day_n: ["{n} day a week", "{n} dag i uka"],
    each_day: ["each working day", "hver arbeidsdag"],
    effect: ["What the changes bring", "Hva endringene gir"],
    equity: ["Equity", "Ulikhet"],
    expected: [
      "Times are the mean over Monday to Friday of the way to the nearest office that is open that day.",
      "Tidene er gjennomsnittet over mandag til fredag av veien til nærmeste kontor som er åpent den dagen.",
    ],
    export: ["Export", "Eksport"],
    ferries: ["Ferries, roads", "Ferjer, veier"],
    ferry: ["Car ferry", "Bilferje"],
    filter: ["Filter by name", "Søk på navn"],
    figures: ["Figures", "Tall"],
    gap: ["Mean of class {far} above that of {near}", "Snittet i klasse {far} over det i {near}"],
    gap_ratio: ["… so many times as long", "… så mange ganger så langt"],
    geopackage: ["Map data (GeoPackage)", "Kartdata (GeoPackage)"],
    gini: ["Gini of travel time", "Gini for reisetid"],
    gone: [
      "No contact with the planner. If it was stopped, start it again with the same command; this page keeps your changes and goes on by itself.",
      "Ingen kontakt med planleggeren. Er den stoppet, start den igjen med samme kommando; siden beholder endringene og fortsetter av seg selv.",
    ],
    hint: [
      "Arrow keys move the map, + and − zoom, Enter acts at the cross in the middle. Tab leads to the lists, from which everything can be done.",
      "Piltaster flytter kartet, + og − zoomer, Enter virker ved krysset i midten. Tabulator går til listene, der alt kan gjøres.",
    ],
    hour: ["h", "t"],
    in_folder: ["Plans are files in {folder}.", "Planene er filer i {folder}."],
    in_norm: ["Within {n} min", "Innen {n} min"],
    into_norm: ["{n} more within {m} min", "{n} flere innen {m} min"],
    language: ["Language", "Språk"],
    left_out: ["The planner does not show these parts of the plan: {what}", "Planleggeren viser ikke disse delene av planen: {what}"],
    longer: ["longer", "lengre"],
    lost: ["{n} no longer reached", "{n} nås ikke lenger"],
    map: ["Map of travel times", "Kart over reisetider"],
    mean: ["Mean", "Snitt"],
    means_reached: [
      "Means and inequality are over those who are reached. When others are reached before than after, they compare different people.",
      "Snitt og ulikhet gjelder dem som nås. Når det ikke er de samme som nås før og etter, sammenlignes ulike innbyggere.",
    ],
    median: ["Median", "Median"],
    min: ["min", "min"],
    mode_add: ["Click where the new office is to be (Esc cancels).", "Klikk der det nye kontoret skal ligge (Esc avbryter)."],
    mode_move: ["Click where {s} is to be (Esc cancels).", "Klikk der {s} skal ligge (Esc avbryter)."],
    mode_road: ["Click the road that is to be closed (Esc ends).", "Klikk på veien som skal stenges (Esc avslutter)."],
    move: ["Move", "Flytt"],
    moved: ["Office moved", "Kontor flyttet"],
    moved_mark: ["moved", "flyttet"],
    municipalities: ["Municipalities", "Kommuner"],
    municipality: ["Municipality", "Kommune"],
    name: ["Name", "Navn"],
    never_reached: ["Not reached, before or after", "Ikke nådd, verken før eller etter"],
    newly_lost: ["No longer reached", "Nås ikke lenger"],
    newly_reached: ["Newly reached", "Nås nå"],
    new_mark: ["new", "nytt"],
    new_office: ["New office {n}", "Nytt kontor {n}"],
    no_change: [
      "No change yet. Drag an office to move it; click it to close it or to set its weekdays. Click a place to see its route. “Add office” and “Close road” wait for a click on the map.",
      "Ingen endring ennå. Dra et kontor for å flytte det; klikk på det for å legge det ned eller velge ukedager. Klikk på et sted for å se ruten derfra. «Nytt kontor» og «Steng vei» venter på et klikk i kartet.",
    ],
    no_effect: ["No change for anybody.", "Ingen endring for noen."],
    no_gain: ["no place would bring anything", "ingen steder ville gi noe"],
    no_plans: ["No plans are saved in {folder}.", "Ingen planer er lagret i {folder}."],
    norm: ["norm", "norm"],
    not_reached: ["Not reached", "Ikke nådd"],
    now: ["After", "Etter"],
    objective: ["What counts", "Hva som teller"],
    off_road: ["{m} m from the nearest road, on foot", "{m} m fra nærmeste vei, til fots"],
    off_network: ["off the road", "utenfor vei"],
    open: ["Open", "Åpne"],
    open_again: ["Open again", "Åpne igjen"],
    open_plan: ["Open a plan", "Åpne en plan"],
    opened: ["Plan opened: {t}", "Plan åpnet: {t}"],
    opened_way: ["Open to traffic again", "Åpen for trafikk igjen"],
    out_of_norm: ["{n} fewer within {m} min", "{n} færre innen {m} min"],
    over: ["over {m} min", "over {m} min"],
    p90: ["90 % within", "90 % innen"],
    people: ["People", "Innbyggere"],
    people_n: ["{n} people", "{n} innbyggere"],
    picture: ["Picture (PNG)", "Bilde (PNG)"],
    plan_exists: ["There is a plan of that name. Save again to replace it.", "Det finnes en plan med det navnet. Lagre igjen for å erstatte den."],
    plans: ["Plans", "Planer"],
    person_hours: ["{n} hours less on the road if everybody goes once", "{n} timer mindre på veien om alle drar én gang"],
    person_hours_lost: ["{n} hours more on the road if everybody goes once", "{n} timer mer på veien om alle drar én gang"],
    proxy: ["stands in for a real site", "står i stedet for et virkelig tjenestested"],
    quicker: ["Shorter for {n} people", "Kortere for {n} innbyggere"],
    reached: ["{n} newly reached", "{n} nås nå"],
    redo: ["Redo", "Gjør om"],
    redone: ["Done again", "Gjort om"],
    remove_office: ["Remove", "Fjern"],
    report: ["Report (HTML)", "Rapport (HTML)"],
    restored: ["Office open again", "Kontor åpnet igjen"],
    road_main: ["Main road", "Hovedvei"],
    road_other: ["Road", "Vei"],
    road_of: ["{c}, {km} km (OSM way {w})", "{c}, {km} km (OSM-vei {w})"],
    road_tool: ["Close road", "Steng vei"],
    route: ["Route", "Rute"],
    same: ["less than {m} min", "under {m} min"],
    save: ["Save", "Lagre"],
    save_plan: ["Save the plan", "Lagre planen"],
    saved: ["Plan saved: {t}", "Plan lagret: {t}"],
    service: ["Service", "Tjeneste"],
    shorter: ["shorter", "kortere"],
    show: ["Show", "Vis"],
    sites: ["Offices", "Kontorer"],
    sites_to: ["from people to the site", "fra innbyggerne til tjenestestedet"],
    skip: ["To figures and lists", "Til tall og lister"],
    slide: ["Compare", "Sammenlign"],
    slide_label: ["Before on the left, after on the right", "Før til venstre, etter til høyre"],
    slower: ["Longer for {n} people", "Lengre for {n} innbyggere"],
    sort: ["Sort", "Sorter"],
    suggest: ["Suggest place", "Foreslå sted"],
    suggest_title: ["Where would one more office bring most?", "Hvor ville ett kontor til gi mest?"],
    suggest_all: ["All {n} cells were tried, so no other is better. Places less than {km} km from a better one are not listed.", "Alle {n} ruter er prøvd, så ingen andre er bedre. Steder under {km} km fra et bedre sted er ikke tatt med."],
    suggest_some: [
      "{n} of {all} cells were tried: those from which most minutes are travelled. A place not tried may be better.",
      "{n} av {all} ruter er prøvd: de det reises flest minutter fra. Et sted som ikke er prøvd, kan være bedre.",
    ],
    suggest_unreached: [
      "Somebody who is not reached counts as travelling for a day, so places that reach such people come first.",
      "Den som ikke nås, teller som et døgns reise; steder som når flere, kommer derfor først.",
    ],
    suggest_gain: ["{h} hours less on the road", "{h} timer mindre på veien"],
    suggest_norm: ["{n} more within {m} min", "{n} flere innen {m} min"],
    objective_minutes: ["Least travel time for all together", "Minst samlet reisetid for alle"],
    objective_districts: ["Least travel time for classes 4–6 (districts)", "Minst samlet reisetid for klasse 4–6 (distriktene)"],
    objective_norm: ["Most people within {m} min", "Flest innbyggere innen {m} min"],
    theil: ["Theil of travel time", "Theil for reisetid"],
    theil_between: ["… between classes", "… mellom klassene"],
    theil_within: ["… within classes", "… innad i klassene"],
    title_of_plan: ["Name of the plan", "Navn på planen"],
    token: [
      "The planner was started anew. Open the address it printed, in this browser; then this page goes on by itself and keeps your changes.",
      "Planleggeren er startet på nytt. Åpne adressen den skrev, i denne nettleseren; da fortsetter denne siden av seg selv og beholder endringene.",
    ],
    tools: ["Tools", "Verktøy"],
    travel_time: ["Travel time: {s}", "Reisetid: {s}"],
    try_place: ["Look", "Se"],
    unclassified: ["No class", "Uten klasse"],
    undo: ["Undo", "Angre"],
    undone: ["Undone", "Angret"],
    up_to: ["up to {m} min", "inntil {m} min"],
    wait: ["wait {t}", "venting {t}"],
    waiting: ["Calculating …", "Beregner …"],
    zoom_in: ["Zoom in", "Zoom inn"],
    zoom_out: ["Zoom out", "Zoom ut"],
    // what the server refuses
    busy: ["The planner is busy; try again in a moment.", "Planleggeren er opptatt; prøv igjen om litt."],
    closed_already: ["That is closed already.", "Det er stengt allerede."],
    no_road: ["There is no road near that place.", "Det er ingen vei i nærheten av det stedet."],
    no_road_here: ["There is no road near that place.", "Det er ingen vei i nærheten av det stedet."],
    no_way: ["No car drives there on this network.", "Ingen bil kjører der i dette nettet."],
  };
  const days = { en: ["Mon", "Tue", "Wed", "Thu", "Fri"], nb: ["man.", "tirs.", "ons.", "tors.", "fre."] };
  const daysLong = {
    en: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    nb: ["mandag", "tirsdag", "onsdag", "torsdag", "fredag"],
  };
  const talk = { language: "en" };

  talk.languages = { en: "English", nb: "Norsk" };
  const MAIN = /^(motorway|trunk|primary|secondary)(_link)?$/;
  talk.road = (name) => talk.say(MAIN.test(name) ? "road_main" : "road_other");
  // Phrases that lack one of the languages; there are none.
  talk.missing = () => Object.keys(phrases).filter((key) => phrases[key].length !== 2 || !phrases[key].every(Boolean));
  talk.has = (key) => Object.hasOwn(phrases, key);
  talk.say = (key, values) =>
    Object.entries(values || {}).reduce(
      (text, [name, value]) => text.replaceAll(`{${name}}`, () => value),
      phrases[key][talk.language === "nb" ? 1 : 0]
    );
  talk.number = (value, digits = 0) =>
    new Intl.NumberFormat(talk.language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  talk.share = (part) => (Number.isFinite(part) ? `${talk.number(100 * part, 1)} %` : "–");
  talk.day = (day) => days[talk.language][day];
  talk.dayLong = (day) => daysLong[talk.language][day];
  talk.dayList = (some) => (some.length === 5 ? talk.say("each_day") : some.map(talk.day).join(", "));
  talk.dayCount = (n) => talk.say(n === 1 ? "day_n" : "days_n", { n });

  // Seconds as minutes; over two hours as hours and minutes; nothing for what is not reached.
  talk.time = function (seconds, digits = 0) {
    if (seconds === null || !Number.isFinite(seconds)) return "–";
    const minutes = seconds / 60;
    if (Math.abs(minutes) < 119.5) return `${talk.number(minutes, digits)} ${talk.say("min")}`;
    const whole = Math.round(Math.abs(minutes));
    const sign = minutes < 0 ? "−" : "";
    return `${sign}${Math.floor(whole / 60)} ${talk.say("hour")} ${String(whole % 60).padStart(2, "0")} ${talk.say("min")}`;
  };
  talk.signed = function (value, digits, unit = "") {
    const text = talk.number(Math.abs(value), digits);
    if (Number(Math.abs(value).toFixed(digits)) === 0) return `±0${unit}`;
    return `${value < 0 ? "−" : "+"}${text}${unit}`;
  };
  geoaccess.talk = talk;
})();
