import { expect, test } from "vitest";
import { parseSnooze, presets } from "../text/snooze";
import { instantOf, clockTimeAt } from "../text/timeZones";

const zone = "Europe/Madrid";
const now = new Date("2026-11-18T09:30:00Z"); // a Wednesday, 10:30 in Madrid

test.each([
  ["2h", "2026-11-18T11:30:00.000Z"],
  ["in 2 hours", "2026-11-18T11:30:00.000Z"],
  ["en 2 horas", "2026-11-18T11:30:00.000Z"],
  ["1h 30m", "2026-11-18T11:00:00.000Z"],
  ["45 min", "2026-11-18T10:15:00.000Z"],
  ["3d", "2026-11-21T09:30:00.000Z"],
  ["1 semana", "2026-11-25T09:30:00.000Z"],
  ["tomorrow", "2026-11-19T08:00:00.000Z"],
  ["mañana", "2026-11-19T08:00:00.000Z"],
  ["manana 14:30", "2026-11-19T13:30:00.000Z"],
  ["tomorrow at 5pm", "2026-11-19T16:00:00.000Z"],
  ["fri 9", "2026-11-20T08:00:00.000Z"],
  ["viernes 9", "2026-11-20T08:00:00.000Z"],
  ["el viernes a las 9:15", "2026-11-20T08:15:00.000Z"],
  ["Miércoles", "2026-11-25T08:00:00.000Z"],
  ["next week", "2026-11-23T08:00:00.000Z"],
  ["la próxima semana", "2026-11-23T08:00:00.000Z"],
  ["tonight", "2026-11-18T17:00:00.000Z"],
  ["esta noche", "2026-11-18T17:00:00.000Z"],
  ["noon", "2026-11-18T11:00:00.000Z"],
  ["17:00", "2026-11-18T16:00:00.000Z"],
  ["9", "2026-11-19T08:00:00.000Z"],
  ["14:30", "2026-11-18T13:30:00.000Z"],
  ["24 dec", "2026-12-24T08:00:00.000Z"],
  ["24 de diciembre", "2026-12-24T08:00:00.000Z"],
  ["dec 24", "2026-12-24T08:00:00.000Z"],
  ["3 ene 10", "2027-01-03T09:00:00.000Z"],
  ["24/12", "2026-12-24T08:00:00.000Z"],
  ["2026-12-01 8:00", "2026-12-01T07:00:00.000Z"],
])("«%s» is understood", (text, at) => {
  expect(parseSnooze(text, now, zone)?.toISOString()).toBe(at);
});

test.each(["", "someday", "0h", "99:99", "2020-01-01", "fri banana", "h", "today 9"])(
  "«%s» is not a time to come",
  (text) => {
    expect(parseSnooze(text, now, zone)).toBeNull();
  },
);

test("nine o'clock stays nine o'clock over the change of the hour", () => {
  const before = new Date("2026-03-28T12:00:00Z");
  expect(parseSnooze("tomorrow 9", before, zone)?.toISOString()).toBe("2026-03-29T07:00:00.000Z");
});

test("presets lie ahead, and there is a later today only before evening", () => {
  const morning = presets(now, zone);
  expect(morning.map((one) => one.name)).toEqual(["laterToday", "thisEvening", "tomorrow", "nextWeek", "nextMonth"]);
  expect(morning.every((one) => one.at > now)).toBe(true);
  expect(presets(new Date("2026-11-18T20:00:00Z"), zone).map((one) => one.name)).toEqual([
    "tomorrow",
    "nextWeek",
    "nextMonth",
  ]);
});

test("a clock on the wall tells its instant and back, in any zone", () => {
  for (const name of ["Europe/Madrid", "America/Santiago", "Asia/Kathmandu", "UTC"]) {
    const at = new Date("2026-06-15T12:34:00Z");
    expect(instantOf(clockTimeAt(at, name), name)).toEqual(at);
  }
});
