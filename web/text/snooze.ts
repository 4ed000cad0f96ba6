/** Reads when to wake a conversation: "2h", "fri 9", "mañana 14:30", "24 dic"; English and Spanish alike. Pure. */
import { instantOf, clockTimeAt, type ClockTime } from "./timeZones";

const DAYS: Record<string, number> = {
  su: 0,
  do: 0,
  mo: 1,
  lu: 1,
  tu: 2,
  ma: 2,
  we: 3,
  mi: 3,
  th: 4,
  ju: 4,
  fr: 5,
  vi: 5,
  sa: 6,
};
const DAY =
  /^(sun|mon|tue|tues|wed|thu|thur|thurs|fri|sat)(day|nesday|rsday|urday|sday)?$|^(dom|lun|mar|mie|jue|vie|sab)(ingo|es|tes|rcoles|ves|rnes|ado)?$/;
const MONTHS = ["jan|ene", "feb", "mar", "apr|abr", "may", "jun", "jul", "aug|ago", "sep|set", "oct", "nov", "dec|dic"];
const UNITS: [RegExp, number][] = [
  [/^(m|min|mins|minutes?|minutos?)$/, 1],
  [/^(h|hr|hrs|hours?|horas?)$/, 60],
  [/^(d|days?|dias?)$/, 1440],
  [/^(w|weeks?|sem|semanas?)$/, 10_080],
];
const MORNING = 9;
const EVENING = 18;

/** Lower case, without accents and small words. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/\b(at|on|in|en|el|la|las|los|a|the|next|proximo|proxima|este|esta|this|de|of)\b/g, " ")
    .replace(/[,]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function readTime(text: string): { hour: number; minute: number } | null {
  if (/^(noon|midday|mediodia)$/.test(text)) return { hour: 12, minute: 0 };
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|h|hs)?$/.exec(text);
  if (!match) return null;
  const [, hours = "", minutes = "0", half] = match;
  const hour =
    half === "pm" && Number(hours) < 12 ? Number(hours) + 12 : half === "am" && hours === "12" ? 0 : Number(hours);
  return hour < 24 && Number(minutes) < 60 ? { hour, minute: Number(minutes) } : null;
}

function readLength(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:[.,]\d+)?)\s*([a-z]+)/g)];
  if (
    parts.length === 0 ||
    parts
      .map((part) => part[0])
      .join("")
      .replace(/\s/g, "") !== text.replace(/\s|\by\b|\band\b/g, "")
  )
    return null;
  let minutes = 0;
  for (const [, amount = "", unit = ""] of parts) {
    const found = UNITS.find(([name]) => name.test(unit));
    if (!found) return null;
    minutes += Number(amount.replace(",", ".")) * found[1];
  }
  return minutes;
}

type Day = Pick<ClockTime, "year" | "month" | "day">;

function readDate(text: string, today: ClockTime): Day | null {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso) return { year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) };
  const numbers = /^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}))?$/.exec(text);
  const words = /^(?:(\d{1,2}) ([a-z]{3,})|([a-z]{3,}) (\d{1,2}))$/.exec(text);
  const name = words?.[2] ?? words?.[3];
  const month = numbers
    ? Number(numbers[2])
    : name
      ? MONTHS.findIndex((one) => new RegExp(`^(${one})`).test(name)) + 1
      : 0;
  const day = Number(numbers?.[1] ?? words?.[1] ?? words?.[4]);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return null;
  const passed = month < today.month || (month === today.month && day < today.day);
  return { year: numbers?.[3] ? Number(numbers[3]) : today.year + (passed ? 1 : 0), month, day };
}

/** How many days ahead a word means: 0 for today, 1–7 for a weekday; null when it is no such word. */
function readDay(word: string, today: ClockTime): number | null {
  if (/^(today|hoy)$/.test(word)) return 0;
  if (/^(tomorrow|tom|tmr|manana)$/.test(word)) return 1;
  if (word === "pasado manana") return 2;
  if (/^(week|semana)$/.test(word)) return (8 - today.weekday) % 7 || 7;
  if (!DAY.test(word)) return null;
  return (DAYS[word.slice(0, 2)]! - today.weekday + 7) % 7 || 7;
}

function split(text: string): [string, { hour: number; minute: number } | null] {
  const whole = readTime(text);
  if (whole) return ["", whole];
  if (/^(tonight|noche)$/.test(text)) return ["", { hour: EVENING, minute: 0 }];
  const match = /^(.+?) (\d{1,2}(?:[:.h]\d{2})?\s?(?:am|pm|h|hs)?|noon|midday|mediodia)$/.exec(text);
  const time = match ? readTime(match[2]!) : null;
  return match && time ? [match[1]!, time] : [text, null];
}

function dayNamed(text: string, today: ClockTime): Day | null {
  const ahead = readDay(text, today);
  return ahead === null ? readDate(text, today) : { ...today, day: today.day + ahead };
}

/** The instant meant by `text`, or null when it is not understood or already past. */
export function parseSnooze(text: string, now: Date, zone?: string): Date | null {
  const words = plain(text);
  if (!words) return null;
  const minutes = readLength(words);
  if (minutes !== null) return minutes > 0 ? new Date(now.getTime() + minutes * 60_000) : null;
  const today = clockTimeAt(now, zone);
  const whole = dayNamed(words, today); // "24 dec", before "24" is read as a time
  const [dayText, time] = whole ? [words, null] : split(words);
  const day = whole ?? (dayText ? dayNamed(dayText, today) : today);
  if (!day) return null;
  const clock = time ?? { hour: MORNING, minute: 0 };
  const at = instantOf({ ...day, ...clock }, zone);
  if (at > now) return at;
  return dayText ? null : instantOf({ ...day, day: day.day + 1, ...clock }, zone);
}

export interface Preset {
  name: "laterToday" | "thisEvening" | "tomorrow" | "nextWeek" | "nextMonth";
  at: Date;
}

/** The usual choices at this hour. */
export function presets(now: Date, zone?: string): Preset[] {
  const today = clockTimeAt(now, zone);
  const on = (ahead: number, hour: number): Date =>
    instantOf({ ...today, day: today.day + ahead, hour, minute: 0 }, zone);
  const monday = (8 - today.weekday) % 7 || 7;
  const all: Preset[] = [
    { name: "laterToday", at: new Date(Math.ceil((now.getTime() + 3 * 3_600_000) / 900_000) * 900_000) },
    { name: "thisEvening", at: on(0, EVENING) },
    { name: "tomorrow", at: on(1, MORNING) },
    { name: "nextWeek", at: on(monday, MORNING) },
    { name: "nextMonth", at: instantOf({ ...today, month: today.month + 1, day: 1, hour: MORNING, minute: 0 }, zone) },
  ];
  return all.filter((one) => one.at > now && (one.name !== "laterToday" || today.hour < 14));
}
