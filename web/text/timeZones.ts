/** Clock times in a time zone, and back: what Temporal will do once browsers have it. */

export interface ClockTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  weekday: number;
}

/** The date and time shown by a clock in that zone; months from 1, Sunday is 0. */
export function clockTimeAt(at: Date, zone?: string): ClockTime {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone || undefined,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const [year, month, day] = [part.year!, part.month!, part.day!];
  return {
    year,
    month,
    day,
    hour: part.hour!,
    minute: part.minute!,
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
  };
}

const asUtc = (wall: Omit<ClockTime, "weekday">): number =>
  Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);

/** The instant at which a clock in that zone shows this; days beyond the month roll over. */
export function instantOf(wall: Omit<ClockTime, "weekday">, zone?: string): Date {
  const wanted = asUtc(wall);
  let at = wanted;
  for (let round = 0; round < 2; round += 1) at += wanted - asUtc(clockTimeAt(new Date(at), zone));
  return new Date(at);
}
