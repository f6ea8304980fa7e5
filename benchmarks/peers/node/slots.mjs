// Free starts by slot-calculator. It has one length for visit and step, so it is asked for free pieces as long as the
// step; a visit fits where enough pieces follow one another. That joining is timed, as its user would have to do it.
import slotCalculator from "slot-calculator";
import { columns, measure } from "./measured.mjs";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const iso = (us) => new Date(us / 1000).toISOString();
const clock = (us) => {
  const minutes = us / 60_000_000;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
};

measure({
  "slot-calculator": {
    prepare: ({ zone, weekly, bookings, within, step_us, duration_us }) => ({
      config: {
        from: iso(within[0]),
        to: iso(within[1]),
        availability: weekly.flatMap((ranges, day) =>
          ranges.map(([from, to]) => ({ day: DAYS[day], from: clock(from), to: clock(to), timezone: zone })),
        ),
        unavailability: bookings.map(([from, to]) => ({ from: iso(from), to: iso(to) })),
        duration: step_us / 60_000_000,
        outputTimezone: "utc",
      },
      pieces: duration_us / step_us,
      step: step_us / 1000,
    }),
    run: ({ config, pieces, step }) => {
      const free = slotCalculator.getSlots(config).availableSlots.map(({ from }) => Date.parse(from));
      return free.filter((at, i) => pieces === 1 || free[i + pieces - 1] === at + (pieces - 1) * step);
    },
    common: (starts) => columns([starts]),
  },
});
