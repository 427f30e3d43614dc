"use strict";
// How numbers, shares and times are written, in the language of the page: the rules of geoaccess/phrases/numbers.py.
(function () {
  const NOTHING = "–";
  const MINUS = "−";

  // Fill the blanks of a phrase, and choose words by number: "{n} {n:person|people}" (geoaccess/phrases/filling.py).
  const BLANK = /\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}/g;
  function fill(phrase, values) {
    return phrase.replace(BLANK, (blank, name, one, others) => {
      if (!Object.hasOwn(values, name)) return blank;
      if (one === undefined) return values[name];
      return String(values[name]) === "1" ? one : others;
    });
  }

  // `language()` gives the language of the moment, `say(key)` its words for "min" and "hour".
  function formats(language, say) {
    const intl = (value, digits, style) =>
      new Intl.NumberFormat(language(), { style, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
    const written = (value, digits, style = "decimal") => {
      const text = intl(Math.abs(value), digits, style);
      return value < 0 && text !== intl(0, digits, style) ? `${MINUS}${text}` : text;
    };

    // A number with so many decimals, always.
    function number(value, digits = 0) {
      if (value === null || Number.isNaN(value)) return NOTHING;
      return Number.isFinite(value) ? written(value, digits) : `${value < 0 ? MINUS : ""}∞`;
    }

    // Per cent; nothing and all have no decimals, and a share above nothing is never "0".
    function share(part, digits = 1) {
      if (part === null || !Number.isFinite(part)) return NOTHING;
      const least = 10 ** -digits;
      if (part > 0 && 100 * part < least / 2) return `<${written(least / 100, digits, "percent")}`;
      return written(part, part === 0 || part === 1 ? 0 : digits, "percent");
    }

    // Seconds as minutes; from two hours as hours and minutes; a dash for what is not reached.
    function time(seconds, digits = 0) {
      if (seconds === null || !Number.isFinite(seconds)) return NOTHING;
      const minutes = seconds / 60;
      if (Math.abs(minutes) < 119.5) return `${number(minutes, digits)} ${say("min")}`;
      const whole = Math.round(Math.abs(minutes));
      const sign = minutes < 0 ? MINUS : "";
      return `${sign}${Math.floor(whole / 60)} ${say("hour")} ${String(whole % 60).padStart(2, "0")} ${say("min")}`;
    }

    // A change with its sign; one that is written as nothing has none.
    function signed(value, digits, unit = "") {
      if (value === null || Number.isNaN(value)) return NOTHING;
      const text = number(Math.abs(value), digits);
      if (text === number(0, digits)) return `±0${unit}`;
      return `${value < 0 ? MINUS : "+"}${text}${unit}`;
    }

    // People of a cell: below the least number that is shown, as a band (geoaccess/demand/masking.py); of a block with
    // such cells about how many.
    function people(value, below = 0, about = false) {
      if (value > 0 && value < below) return say("people_band", { band: `1–${below - 1}` });
      if (about) return say("people_about", { n: number(value) });
      return say("people_n", { n: number(value) });
    }

    return { number, share, time, signed, people };
  }

  Object.assign(geoaccess, { fill, formats });
})();
