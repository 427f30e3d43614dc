"use strict";
// The phrases of the page in the language of the moment; they stand in geoaccess/phrases, a file for each language.
(function () {
  const { phrases, languages } = geoaccess;
  const MAIN = /^(motorway|trunk|primary|secondary)(_link)?$/;
  const NEAR = { no: "nb", nn: "nb" }; // read by those whose own language has no phrases
  const MONDAY = Date.UTC(2024, 0, 1);
  const first = globalThis.document ? document.documentElement.lang : "en"; // as the server chose, by the same rule
  const talk = { language: first in languages ? first : "en", languages };

  // The language of the page: that of the browser where it has phrases and is not English, else `otherwise`.
  talk.choose = (wanted, otherwise) => {
    const known = wanted.map((one) => one.split("-")[0]).map((one) => (one in languages ? one : NEAR[one]));
    return known.find((one) => one in languages && one !== "en") || otherwise;
  };
  talk.has = (key) => Object.hasOwn(phrases[talk.language], key);
  talk.say = (key, values) => geoaccess.fill(phrases[talk.language][key], values || {});
  Object.assign(talk, geoaccess.formats(() => talk.language, talk.say));
  // A norm in minutes: "12", or "12/25" where each cell is held against one of the two.
  talk.norm = (limits) => limits.map((seconds) => talk.number(seconds / 60, seconds % 60 ? 1 : 0)).join("/");
  talk.road = (name) => talk.say(MAIN.test(name) ? "road_main" : "road_other");
  const weekday = (day, style) =>
    new Intl.DateTimeFormat(talk.language, { weekday: style, timeZone: "UTC" }).format(new Date(MONDAY + day * 86_400_000));
  talk.day = (day) => weekday(day, "short");
  talk.dayLong = (day) => weekday(day, "long");
  talk.dayList = (some) => (some.length === 5 ? talk.say("each_day") : some.map(talk.day).join(", "));
  talk.dayCount = (n) => talk.say("days_n", { n });
  geoaccess.talk = talk;
})();
