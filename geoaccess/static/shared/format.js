"use strict";
// How numbers, shares and times are written, in the language of the page.
(function () {
  const NOTHING = "–";

  // `language()` gives the language of the moment, `say(key)` its words for "min" and "hour".
  function formats(language, say) {
    const number = (value, digits = 0) =>
      new Intl.NumberFormat(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

    const share = (part) => (Number.isFinite(part) ? `${number(100 * part, 1)} %` : NOTHING);

    // Seconds as minutes; from two hours as hours and minutes; a dash for what is not reached.
    function time(seconds, digits = 0) {
      if (seconds === null || !Number.isFinite(seconds)) return NOTHING;
      const minutes = seconds / 60;
      if (Math.abs(minutes) < 119.5) return `${number(minutes, digits)} ${say("min")}`;
      const whole = Math.round(Math.abs(minutes));
      const sign = minutes < 0 ? "−" : "";
      return `${sign}${Math.floor(whole / 60)} ${say("hour")} ${String(whole % 60).padStart(2, "0")} ${say("min")}`;
    }

    function signed(value, digits, unit = "") {
      const text = number(Math.abs(value), digits);
      if (Number(Math.abs(value).toFixed(digits)) === 0) return `±0${unit}`;
      return `${value < 0 ? "−" : "+"}${text}${unit}`;
    }

    return { number, share, time, signed };
  }

  geoaccess.formats = formats;
})();
