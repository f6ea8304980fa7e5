// Recurrence rules by rrule.js and rrule-rust. Rules are parsed beforehand, and caches that would answer the second
// call from memory are off. rrule.js knows no zones by itself, so it is asked in UTC only.
import rrule from "rrule";
import { DateTime, RRuleSet } from "rrule-rust";
import { columns, measure } from "./measured.mjs";

function utc(us) {
  const at = new Date(us / 1000);
  const day = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
  return DateTime.utc(...day, at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds());
}

measure({
  rrule: {
    prepare: ({ cases, within }) => ({
      rules: cases.map(({ rule, start_us }) => {
        const parts = rrule.RRule.parseString(rule);
        return new rrule.RRule({ ...parts, dtstart: new Date(start_us / 1000) }, true);
      }),
      from: new Date(within[0] / 1000),
      to: new Date(within[1] / 1000 - 1),
    }),
    run: ({ rules, from, to }) => rules.map((rule) => rule.between(from, to, true)),
    common: (rows) => columns(rows.map((row) => row.map((at) => at.getTime()))),
  },
  "rrule-rust": {
    prepare: ({ cases, within }) => ({
      rules: cases.map(({ rule, start, zone }) => {
        const begin = zone === "UTC" ? `DTSTART:${start}Z` : `DTSTART;TZID=${zone}:${start}`;
        const set = RRuleSet.fromString(`${begin}\nRRULE:${rule}`);
        set.cache.disable();
        return set;
      }),
      from: utc(within[0]),
      to: utc(within[1] - 1_000_000),
    }),
    run: ({ rules, from, to }) => rules.map((rule) => rule.between(from, to, true)),
    common: (rows) => columns(rows.map((row) => row.map((at) => at.toTimestamp()))),
  },
});
